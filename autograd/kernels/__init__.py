"""Array code without any automatic differentiation: NumPy's, and compiled with the extra `fast`."""

from autograd.kernels import updating

__all__ = ["updating"]
