"""Batches of a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.data.dataset import Dataset
from nn.module import check_size


def default_collate(batch: Sequence[Any]) -> Any:
    """Return a list of examples as one batch: Tensors, arrays and numbers stacked along a new first axis.

    Args:
        batch: examples: Tensors, arrays, numbers, or tuples or lists of these.

    Raises:
        ValueError: when the examples have different shapes or lengths.
        TypeError: when they are something else.

    >>> default_collate([(Tensor([1.0]), 3), (Tensor([2.0]), 4)])
    (Tensor([[1.],
            [2.]]), Tensor([3, 4]))
    """
    first = batch[0]
    if isinstance(first, tuple | list):
        return tuple(default_collate(column) for column in zip(*batch, strict=True))
    if isinstance(first, Tensor):
        return autograd.stack(batch)
    if isinstance(first, np.ndarray | np.generic | int | float):
        return Tensor(np.stack(batch) if isinstance(first, np.ndarray | np.generic) else list(batch))
    raise TypeError(f"cannot make a batch of {type(first).__name__}; examples are Tensors, arrays, numbers, or tuples")


class DataLoader:
    """The batches of a data set, in order or shuffled anew each time it is iterated over.

    Args:
        dataset: the examples; anything with `__getitem__` and `__len__`.
        batch_size: how many examples a batch has.
        shuffle: whether to shuffle.
        drop_last: leave out the last batch if it is not full.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        TypeError, ValueError: when `batch_size` is not an integer of at least 1.

    >>> from nn.data import TensorDataset
    >>> [batch[0].tolist() for batch in DataLoader(TensorDataset(np.arange(5)), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, dataset: Dataset, batch_size: int = 1, shuffle: bool = False, *, drop_last: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.dataset = dataset
        self.batch_size = check_size(batch_size, "batch_size")
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        size = len(self.dataset)
        order = (self.generator or autograd.default_generator()).permutation(size) if self.shuffle else np.arange(size)
        for i in range(len(self)):
            batch = order[i * self.batch_size : (i + 1) * self.batch_size]
            yield default_collate([self.dataset[int(number)] for number in batch])

    def __len__(self) -> int:
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + bool(rest and not self.drop_last)
