"""How each operation is written as ONNX nodes; importing the modules fills the table `TRANSLATIONS`."""

from nn.onnx.translations import attention, elementwise, layers, products, reductions, sequences, shaping, windows

__all__ = ["attention", "elementwise", "layers", "products", "reductions", "sequences", "shaping", "windows"]
