"""Sharing memory with other libraries."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

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
