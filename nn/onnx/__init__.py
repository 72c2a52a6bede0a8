"""Models as ONNX files."""

from nn.onnx.exporting import export

__all__ = ["export"]
