"""Sharing memory with other libraries."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from autograd.modes import clock
from autograd.tensor import Tensor


def from_dlpack(x: Any, /, *, device: Literal["cpu"] | None = None, copy: bool | None = None) -> Tensor:
    """Return another library's array, such as a PyTorch tensor, as a Tensor that shares its memory.

    Args:
        x: an array with DLPack's methods, in the computer's own memory.
        device: None or "cpu".
        copy: True for a copy, False to share the memory or raise; by default whichever is possible.

    Raises:
        TypeError: for anything else.
        BufferError: for memory or a dtype that NumPy cannot share.

    >>> from_dlpack(np.arange(3.0)).tolist()
    [0.0, 1.0, 2.0]
    """
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"from_dlpack takes arrays of libraries that speak DLPack, not {type(x).__name__}")
    try:
        return Tensor(np.from_dlpack(x, device=device, copy=copy))
    except RuntimeError as error:
        if "Unsupported dtype" not in str(error):
            raise
        raise BufferError(f"NumPy has no dtype for this {type(x).__name__}: convert it, to float32 perhaps") from error


def mark_dirty(*tensors: Tensor) -> None:
    """Let the engine know that other code has written to the memory of Tensors.

    It notices what is written through a Tensor by itself, but not what is written to `x.data`. A backward pass that
    needs the values from before then raises, instead of computing with the new ones.

    Raises:
        TypeError: when something is no Tensor.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = x * x
    >>> x.data += 1
    >>> mark_dirty(x)
    >>> y.backward(np.ones(2))
    Traceback (most recent call last):
    RuntimeError: ...
    """
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"mark_dirty takes Tensors, not {type(tensor).__name__}")
    clock.mark_all([tensor.data for tensor in tensors])
