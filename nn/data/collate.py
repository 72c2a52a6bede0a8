"""Examples put together as batches of Tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor

_NUMBERS = np.ndarray | np.generic | int | float | complex


def default_collate(batch: Sequence[Any]) -> Any:
    """Return a list of examples as one batch: Tensors, arrays and numbers stacked along a new first axis.

    Args:
        batch: examples: Tensors, arrays, numbers, or tuples, lists or dicts of these.

    Raises:
        ValueError: when there are none, or they have different shapes, lengths or keys.
        TypeError: when they are something else.

    >>> default_collate([(Tensor([1.0]), 3), (Tensor([2.0]), 4)])
    (Tensor([[1.],
            [2.]]), Tensor([3, 4]))
    """
    if not len(batch):
        raise ValueError("a batch needs at least one example")
    first = batch[0]
    if isinstance(first, Mapping):
        if any(example.keys() != first.keys() for example in batch):
            raise ValueError(f"examples that are dicts need the same keys, not {[sorted(e) for e in batch[:5]]}")
        return {key: default_collate([example[key] for example in batch]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(example) != len(first) for example in batch):
            raise ValueError(f"examples of a batch need equally many parts, not {sorted({len(e) for e in batch})}")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else tuple(columns)
    if isinstance(first, Tensor | np.ndarray):
        _check_shapes(batch)
    if isinstance(first, Tensor):
        return autograd.stack(batch)
    if isinstance(first, _NUMBERS):
        return Tensor(np.stack(batch) if isinstance(first, np.ndarray | np.generic) else list(batch))
    raise TypeError(
        f"cannot make a batch of {type(first).__name__}; examples are Tensors, arrays, numbers, or tuples, lists or "
        "dicts of these; for others give the DataLoader a collate_fn"
    )


def _check_shapes(batch: Sequence[Any]) -> None:
    shapes = dict.fromkeys(np.shape(example) for example in batch)
    if len(shapes) > 1:
        raise ValueError(
            f"examples of a batch need the same shape, not {', '.join(map(str, list(shapes)[:5]))}: bring them to one "
            "size by a transform, or give the DataLoader a collate_fn that pads them"
        )


def default_convert(batch: Any) -> Any:
    """Return a batch with its arrays and numbers as Tensors; everything else stays as it is.

    >>> default_convert((np.zeros(2), "name"))
    (Tensor([0., 0.], dtype=float64), 'name')
    """
    if isinstance(batch, Tensor):
        return batch
    if isinstance(batch, Mapping):
        return {key: default_convert(value) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [default_convert(part) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return Tensor(batch) if isinstance(batch, _NUMBERS) else batch


class Fetching(NamedTuple):
    """How the examples of some indices become a batch."""

    dataset: Any
    collate_fn: Callable[[list[Any]], Any] | None

    def __call__(self, indices: list[int]) -> Any:
        """Return the batch; a data set that takes index arrays is asked once."""
        if self.collate_fn is None and getattr(self.dataset, "takes_index_arrays", False):
            return default_convert(self.dataset[np.array(indices, np.int64)])
        if hasattr(self.dataset, "__getitems__"):  # PyTorch's name for asking for several examples
            examples = self.dataset.__getitems__(indices)
        else:
            examples = [self.dataset[index] for index in indices]
        return (self.collate_fn or default_collate)(examples)
