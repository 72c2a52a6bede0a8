"""PyTorch's tensors as Tensors and back, without a copy where the dtype allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import Tensor
from nn.extras import require


def is_torch(value: Any) -> bool:
    """Return whether something is one of PyTorch's tensors; PyTorch is not imported for that.

    >>> is_torch(np.ones(2))
    False
    """
    return any(cls.__module__.partition(".")[0] == "torch" and cls.__name__ == "Tensor" for cls in type(value).__mro__)


def tensor_from_torch(value: Any, copy: bool = False) -> Tensor:
    """Return one of PyTorch's tensors as a Tensor, of any shape.

    It shares its memory, unless it is bfloat16, which NumPy does not know: that becomes float32, a copy with the same
    numbers.

    Args:
        value: the tensor; in the computer's own memory, dense.
        copy: return a copy in any case.

    Raises:
        TypeError: for dtypes that NumPy does not have, and memory that it cannot reach.
    """
    tensor = value.detach()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.device.type != "cpu" or str(tensor.layout) != "torch.strided":
        raise TypeError(
            f"a PyTorch tensor on {tensor.device} with layout {tensor.layout} shares no memory with NumPy: "
            "convert it with .cpu().to_dense() first"
        )
    tensor = tensor.resolve_conj().resolve_neg()
    if dtype == "bfloat16":
        return Tensor(bfloat16_as_float32(tensor.view(_torch().uint16).numpy()))
    try:
        array = tensor.numpy()
    except TypeError as error:
        raise TypeError(f"NumPy has no dtype for {dtype}: convert the PyTorch tensor first, with .float()") from error
    return Tensor(array.copy() if copy else array)


def bfloat16_as_float32(halves: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return bfloat16 numbers, given by their bits as uint16, as float32, of which they are the upper half.

    >>> bfloat16_as_float32(np.array([0x3F80, 0xC000], np.uint16))
    array([ 1., -2.], dtype=float32)
    """
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


def from_torch(state_dict: Mapping[str, Any], copy: bool = False) -> dict[str, Tensor]:
    """Return PyTorch's state as Tensors by name, for `load_state_dict` or `nn.weights.save`.

    Args:
        state_dict: PyTorch's tensors by name, as from its `state_dict()`.
        copy: copy everything; otherwise the Tensors share PyTorch's memory, except bfloat16, which becomes float32.

    Raises:
        TypeError: for what is no dict of tensors, or a dtype or memory that NumPy cannot share; names it.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"from_torch takes a dict of PyTorch's tensors, such as a state_dict(), not {type(state_dict).__name__}"
        )
    state = {}
    for name, value in state_dict.items():
        if not is_torch(value):
            raise TypeError(f"{name!r} is no PyTorch tensor, but {type(value).__name__}")
        try:
            state[name] = tensor_from_torch(value, copy)
        except TypeError as error:
            raise TypeError(f"{name!r}: {error}") from error
    return state


def to_torch(state_dict: Mapping[str, Any], copy: bool = False) -> dict[str, Any]:
    """Return Tensors or arrays by name as PyTorch's tensors, for its `load_state_dict`.

    Args:
        state_dict: Tensors or arrays by name, as from `state_dict()`.
        copy: copy everything; otherwise PyTorch's tensors share the memory, where the layout and dtype allow it.

    Raises:
        ImportError: when PyTorch is not installed.
        TypeError: for a dtype that PyTorch does not have; names it.
    """
    torch = _torch()
    state = {}
    for name, value in state_dict.items():
        tensor = value.detach() if isinstance(value, Tensor) else Tensor(np.asarray(value))
        array = np.asarray(tensor)
        fit = array.flags.writeable and min(array.strides, default=0) >= 0 and array.dtype.isnative
        array = array if fit and not copy else array.astype(array.dtype.newbyteorder("="))  # always a copy
        try:
            state[name] = torch.from_numpy(array)
        except TypeError as error:
            raise TypeError(f"{name!r}: PyTorch has no dtype for {array.dtype}: convert it first") from error
    return state


def _torch() -> Any:
    return require("torch", "oracle")
