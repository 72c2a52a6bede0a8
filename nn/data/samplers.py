"""The order in which the examples of a data set are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autograd
from nn.data.datasets import integers
from nn.data.randomness import generator_state, set_generator_state
from nn.module import check_size

Generator = np.random.Generator | None


class Sampler:
    """The base of samplers: iterating over one gives the indices of an epoch; a subclass defines `__iter__`.

    Attributes:
        generator: the source of randomness, or None for `autograd.default_generator()`.

    >>> class Backwards(Sampler):
    ...     def __iter__(self):
    ...         return iter([2, 1, 0])
    >>> list(Backwards())
    [2, 1, 0]
    """

    generator: Generator = None

    def __iter__(self) -> Iterator[Any]:
        """Return the indices of an epoch."""
        raise NotImplementedError(f"{type(self).__name__} has no __iter__()")

    def state_dict(self) -> dict[str, Any]:
        """Return what the orders of later epochs depend on, as JSON can hold it: the state of the own generator.

        The order of an epoch that has begun is in the `state_dict` of the `DataLoader`. The state of
        `autograd.default_generator()` is not here.
        """
        return {} if self.generator is None else {"generator": generator_state(self.generator)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            ValueError: when it is that of another kind of sampler.
        """
        if (self.generator is not None) != ("generator" in state_dict):
            own, given = ("a generator of its own" if has else "none" for has in (self.generator, state_dict))
            raise ValueError(f"this {type(self).__name__} has {own}, but the sampler whose state this is had {given}")
        if self.generator is not None:
            set_generator_state(self.generator, state_dict["generator"])

    def _random(self) -> np.random.Generator:
        return self.generator or autograd.default_generator()


class SequentialSampler(Sampler):
    """All examples in order.

    Args:
        data_source: anything that has a length.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Examples in random order.

    Args:
        data_source: anything that has a length.
        replacement: whether each example is drawn from all, instead of from those not drawn yet.
        num_samples: how many are drawn, as many as there are by default. Where there is no replacement and they are
            more, every example comes once before any comes twice.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        TypeError, ValueError: when `num_samples` is not an integer of at least 1.

    >>> sorted(RandomSampler("abc", num_samples=6))
    [0, 0, 1, 1, 2, 2]
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None, generator: Generator = None
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self.num_samples = None if num_samples is None else check_size(num_samples, "num_samples")
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        size, random = len(self.data_source), self._random()
        if self.replacement:
            return iter(random.integers(size, size=len(self)).tolist())
        return iter(_shuffled(np.arange(size), len(self), random).tolist())

    def __len__(self) -> int:
        return len(self.data_source) if self.num_samples is None else self.num_samples


def _shuffled(indices: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return `count` of the indices (M,) in random order; each comes once before any comes again."""
    if not len(indices):
        return indices
    rounds = -(-count // len(indices))
    return np.concatenate([random.permutation(indices) for _ in range(rounds)] or [indices])[:count]


class SubsetRandomSampler(Sampler):
    """Some examples, in random order.

    Args:
        indices: which ones, integers (M,).
        generator: the source of randomness; `autograd.default_generator()` by default.

    >>> sorted(SubsetRandomSampler([4, 9, 2]))
    [2, 4, 9]
    """

    def __init__(self, indices: Sequence[int] | np.ndarray, generator: Generator = None) -> None:
        self.indices = integers(indices, "SubsetRandomSampler")
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        return iter(self._random().permutation(self.indices).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Examples drawn at random, with probabilities in proportion to weights.

    Args:
        weights: numbers (N,) of at least 0, one for each example; they need not add up to 1.
        num_samples: how many are drawn.
        replacement: whether each example is drawn from all, instead of from those not drawn yet.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when a weight is negative or not finite, or fewer than are needed are above 0.

    >>> list(WeightedRandomSampler([0.0, 3.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self, weights: Sequence[float] | np.ndarray, num_samples: int, replacement: bool = True,
        generator: Generator = None,
    ) -> None:  # fmt: skip
        self.weights = np.asarray(weights, np.float64)
        self.num_samples = check_size(num_samples, "num_samples")
        self.replacement = replacement
        self.generator = generator
        if self.weights.ndim != 1 or not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError(
                f"weights must be finite numbers (N,) of at least 0, one for each example, not {self.weights!r}"
            )
        possible = np.count_nonzero(self.weights)
        if possible < (1 if replacement else num_samples):
            raise ValueError(f"only {possible} weights are above 0: {num_samples} examples cannot be drawn")

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        return iter(self._random().choice(len(chances), self.num_samples, self.replacement, chances).tolist())

    def __len__(self) -> int:
        return self.num_samples


class ClassBalancedSampler(Sampler):
    """Equally many examples of each class, in random order: those of rare classes several times.

    In each epoch all examples of a class come equally often, give or take one. Where `num_samples` is no multiple of
    the number of classes, some classes, at random, have one example more.

    Args:
        labels: the class of each example (N,), integers or strings.
        num_samples: how many examples an epoch has, N by default.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when there are no labels, or they have more axes.
        TypeError, ValueError: when `num_samples` is not an integer of at least 1.

    >>> labels = np.array([0, 0, 0, 0, 0, 1])
    >>> sorted(labels[list(ClassBalancedSampler(labels))].tolist())
    [0, 0, 0, 1, 1, 1]
    """

    def __init__(self, labels: Any, num_samples: int | None = None, generator: Generator = None) -> None:
        labels = np.asarray(labels)
        if labels.ndim != 1 or not labels.size:
            raise ValueError(f"labels are the classes of the examples (N,), N at least 1, not of shape {labels.shape}")
        self.num_samples = len(labels) if num_samples is None else check_size(num_samples, "num_samples")
        self.generator = generator
        _, classes = np.unique(labels, return_inverse=True)
        self._members = [np.flatnonzero(classes == i) for i in range(classes.max() + 1)]

    def __iter__(self) -> Iterator[int]:
        random = self._random()
        whole, rest = divmod(self.num_samples, len(self._members))
        more = random.permutation(len(self._members)) < rest
        chosen = [
            _shuffled(members, whole + bool(one), random) for members, one in zip(self._members, more, strict=True)
        ]
        return iter(random.permutation(np.concatenate(chosen)).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The indices of a sampler, in batches.

    Args:
        sampler: gives indices.
        batch_size: how many make a batch.
        drop_last: leave out the last batch if it is not full.

    Raises:
        TypeError, ValueError: when `batch_size` is not an integer of at least 1.

    >>> list(BatchSampler(SequentialSampler("abcde"), 2))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool = False) -> None:
        self.sampler = sampler
        self.batch_size = check_size(batch_size, "batch_size")
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + bool(rest and not self.drop_last)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the sampler, if that has one."""
        return self.sampler.state_dict() if hasattr(self.sampler, "state_dict") else {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave."""
        if hasattr(self.sampler, "load_state_dict"):
            self.sampler.load_state_dict(state_dict)
