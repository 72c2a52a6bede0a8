"""The batches of an epoch: from loaders or arrays, and from the middle of an epoch on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd import Tensor
from nn.data import DataLoader, Dataset, TensorDataset
from nn.train.generators import Generators

_ARRAYS = (np.ndarray, Tensor)


def as_batches(data: Any, batch_size: int, shuffle: bool) -> Iterable[Any]:
    """Return what yields batches: a loader as it is; for a data set, an array or a tuple of arrays a new one.

    Args:
        data: a loader or a list of batches, a `Dataset`, an array (N, ...), or a tuple of arrays (N, ...).
        batch_size: of a new loader.
        shuffle: whether a new loader shuffles.

    Raises:
        TypeError: for something else, and for an iterator, which would be used up after one epoch.

    >>> [len(x) for x, y in as_batches((np.zeros((5, 2)), np.arange(5)), batch_size=2, shuffle=False)]
    [2, 2, 1]
    """
    if isinstance(data, Dataset):
        return DataLoader(data, batch_size, shuffle)
    if isinstance(data, _ARRAYS):
        return DataLoader(TensorDataset(data), batch_size, shuffle)
    if isinstance(data, tuple) and data and all(isinstance(part, _ARRAYS) for part in data):
        return DataLoader(TensorDataset(*data), batch_size, shuffle)
    if isinstance(data, tuple) and any(isinstance(part, list | int | float) for part in data):
        kinds = ", ".join(type(part).__name__ for part in data[:5])
        raise TypeError(
            f"a tuple of data has arrays (N, ...), not {kinds}: make arrays of them, by np.array for example"
        )
    if isinstance(data, Iterator) or not isinstance(data, Iterable):
        raise TypeError(
            f"data are a loader, a list of batches, a Dataset, an array or a tuple of arrays, not {type(data).__name__}"
        )
    return data


def split_batch(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """Return the inputs and the target of a batch: the last of a tuple or list is the target.

    >>> split_batch((1, 2, 3))
    ((1, 2), 3)
    >>> split_batch(1)
    ((1,), None)
    """
    if not isinstance(batch, tuple | list):
        return (batch,), None
    return (tuple(batch[:-1]), batch[-1]) if len(batch) > 1 else (tuple(batch), None)


def batch_length(inputs: tuple[Any, ...]) -> int:
    """Return how many examples a batch has."""
    return len(inputs[0]) if hasattr(inputs[0], "__len__") else 1


def count_batches(loader: Any) -> int | None:
    """Return how many batches a loader has, None if it does not say."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):
        return None


class Feed:
    """The batches of epoch after epoch, which can go on in the middle of one.

    A loader that has `state_dict` and `load_state_dict` goes on by itself. With any other, the random generators are
    set back to the beginning of the epoch, and the batches that were used are asked for again and passed over.

    Args:
        loader: yields batches.
        generators: all that it draws from.

    >>> feed = Feed([1, 2, 3], Generators())
    >>> batches = feed.epoch()
    >>> next(batches)
    1
    >>> again = Feed([1, 2, 3], Generators())
    >>> again.load_state_dict(feed.state_dict())
    >>> list(again.epoch(done=1))
    [2, 3]
    """

    def __init__(self, loader: Any, generators: Generators) -> None:
        self.loader, self._generators = loader, generators
        self._own = hasattr(loader, "state_dict") and hasattr(loader, "load_state_dict")
        self._start: Any = None  # the random states at the beginning of the epoch

    def epoch(self, done: int = 0) -> Iterator[Any]:
        """Return the batches of an epoch after those that are done."""
        if self._own:
            own: Iterator[Any] = iter(self.loader)
            return own
        if not done:
            self._start = self._generators.state()
            batches: Iterator[Any] = iter(self.loader)
            return batches
        now = self._generators.state()
        self._generators.set_state(self._start)
        batches = iter(self.loader)
        for _ in itertools.islice(batches, done):
            pass
        self._generators.set_state(now)
        return batches

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on, besides the present states of the random generators."""
        return {"loader": self.loader.state_dict()} if self._own else {"start": self._start}

    def load_state_dict(self, state: Any) -> None:
        """Take over a state."""
        if self._own:
            self.loader.load_state_dict(state["loader"])
        else:
            self._start = state["start"]
