"""Parts of data sets: for training, validation and testing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import autograd
from nn.data.datasets import Subset
from nn.module import check_size


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: np.random.Generator | None = None
) -> list[Subset]:
    """Return parts of a data set, drawn at random, that have no example in common.

    Args:
        dataset: N examples.
        lengths: how many examples the parts have, in all N; or fractions that add up to 1. Of fractions, what is left
            over by rounding down goes to the first parts, one example to each.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the lengths do not add up.

    >>> from nn.data import TensorDataset
    >>> [len(part) for part in random_split(TensorDataset(np.arange(10)), [0.75, 0.25])]
    [8, 2]
    """
    sizes = _sizes(lengths, len(dataset))
    order = (generator or autograd.default_generator()).permutation(len(dataset))
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _sizes(lengths: Sequence[int | float], total: int) -> list[int]:
    if any(length < 0 for length in lengths):
        raise ValueError(f"random_split's lengths are at least 0, not {list(lengths)}")
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(total * fraction + 1e-9) for fraction in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
        return sizes
    if sum(lengths) != total or any(length != int(length) for length in lengths):
        raise ValueError(
            f"random_split's lengths {list(lengths)} add up to {sum(lengths)}; they must be integers that add up to "
            f"the {total} examples, or fractions that add up to 1"
        )
    return [int(length) for length in lengths]


def k_fold(
    dataset: Any, k: int = 5, shuffle: bool = True, generator: np.random.Generator | None = None
) -> Iterator[tuple[Subset, Subset]]:
    """Yield k ways to split a data set in two, so that each example is in the second part once.

    Args:
        dataset: N examples, N at least k.
        k: how many folds; their sizes differ by 1 at most.
        shuffle: whether examples go to folds at random, instead of in order.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Yields:
        (training, validation): of (k - 1) / k and of 1 / k of the examples.

    Raises:
        TypeError, ValueError: when k is not an integer from 2 to N.

    >>> from nn.data import TensorDataset
    >>> for training, validation in k_fold(TensorDataset(np.arange(5)), 2, shuffle=False):
    ...     print(training.indices, validation.indices)
    [3 4] [0 1 2]
    [0 1 2] [3 4]
    """
    if check_size(k, "k", least=2) > len(dataset):
        raise ValueError(f"{len(dataset)} examples cannot be split into {k} folds")
    order = np.arange(len(dataset))
    if shuffle:
        order = (generator or autograd.default_generator()).permutation(len(dataset))
    return _folds(dataset, np.array_split(order, k))


def _folds(dataset: Any, folds: list[np.ndarray]) -> Iterator[tuple[Subset, Subset]]:
    for i, fold in enumerate(folds):
        yield Subset(dataset, np.concatenate(folds[:i] + folds[i + 1 :])), Subset(dataset, fold)
