"""Fourier transforms under NumPy's names: `autograd.fft.fft` is to Tensors what `np.fft.fft` is to arrays."""

from __future__ import annotations

import numpy as np

from autograd.ops.fourier import (
    fft,
    fft2,
    fftn,
    fftshift,
    hfft,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)
from autograd.tensor import Tensor


def fftfreq(n: int, d: float = 1.0) -> Tensor:
    """Return the frequencies that `fft` of n samples at distance d gives, in cycles per unit of d; float64 as NumPy's.

    >>> fftfreq(4).tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    return Tensor(np.fft.fftfreq(n, d))


def rfftfreq(n: int, d: float = 1.0) -> Tensor:
    """Return the frequencies that `rfft` of n samples at distance d gives, in cycles per unit of d; float64 as NumPy's.

    >>> rfftfreq(4).tolist()
    [0.0, 0.25, 0.5]
    """
    return Tensor(np.fft.rfftfreq(n, d))


__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
