"""Data sets: numbered examples."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor


class Dataset:
    """The base of data sets; a subclass defines `__getitem__`, which returns one example, and `__len__`."""

    def __getitem__(self, index: int) -> Any:
        """Return the example of a number."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__()")

    def __len__(self) -> int:
        """Return the number of examples."""
        raise NotImplementedError(f"{type(self).__name__} has no __len__()")


class TensorDataset(Dataset):
    """Examples that are rows of Tensors or arrays.

    Args:
        *tensors: Tensors or arrays (N, ...), of the same N.

    Raises:
        ValueError: when there is none, one has no rows, or they have different numbers of them.

    >>> dataset = TensorDataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> len(dataset), dataset[1]
    (2, (Tensor([3., 4.]), Tensor(1)))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(autograd.asarray(tensor) for tensor in tensors)
        lengths = {tensor.shape[:1] for tensor in self.tensors}
        if len(lengths) != 1 or () in lengths:
            raise ValueError(
                "TensorDataset needs one or more Tensors with equally many rows, not those of shapes "
                f"{[tensor.shape for tensor in self.tensors]}"
            )

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])
