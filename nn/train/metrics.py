"""What a training reports besides its loss: functions of a batch's output and target, averaged over examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd import Tensor

Array = np.ndarray[Any, Any]
Metric = Callable[[Any, Any], float]


def accuracy(output: Any, target: Any) -> float:
    """Return the share of examples whose largest score is that of their class.

    Args:
        output: scores (N, C), or (N, C, ...) for a class at each place.
        target: classes (N,) or (N, ...), integers.

    Raises:
        ValueError: when the shapes do not fit.

    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    return top_k_accuracy(output, target, 1)


def top_k_accuracy(output: Any, target: Any, k: int = 5) -> float:
    """Return the share of examples whose class is among those of the k largest scores.

    Args:
        output: scores (N, C), or (N, C, ...).
        target: classes (N,) or (N, ...), integers.
        k: how many.

    Raises:
        ValueError: when the shapes do not fit, or there are fewer than k classes.

    >>> top_k_accuracy(np.array([[0.1, 0.7, 0.2], [0.8, 0.2, 0.0]]), np.array([2, 2]), k=2)
    0.5
    """
    scores, classes = _array(output), _array(target)
    if scores.ndim < 2 or classes.shape != scores.shape[:1] + scores.shape[2:]:
        raise ValueError(f"scores (N, C, ...) need classes (N, ...); got {scores.shape} and {classes.shape}")
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k must be between 1 and the {scores.shape[1]} classes, not {k}")
    if k == 1:
        return float(np.mean(scores.argmax(axis=1) == classes))
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return float(np.mean((best == classes[:, np.newaxis]).any(axis=1)))


def binary_accuracy(output: Any, target: Any) -> float:
    """Return the share of elements whose logit is above 0 where the target is above one half.

    Args:
        output: logits, any shape.
        target: 0 to 1, the same shape.

    Raises:
        ValueError: when the shapes differ.

    >>> binary_accuracy(np.array([2.0, -1.0]), np.array([1, 1]))
    0.5
    """
    logits, wanted = _same(output, target)
    return float(np.mean((logits > 0) == (wanted > 0.5)))


def mean_absolute_error(output: Any, target: Any) -> float:
    """Return the mean of the absolute differences of output and target, of one shape.

    Raises:
        ValueError: when the shapes differ.

    >>> mean_absolute_error(np.array([2.0, -1.0]), np.array([1.0, 1.0]))
    1.5
    """
    values, wanted = _same(output, target)
    return float(np.mean(np.abs(values - wanted)))


def confusion_matrix(predicted: Any, target: Any, classes: int) -> Array:
    """Return how often examples of each class (row) were taken for each class (column).

    Args:
        predicted: classes (N,), integers, as from `trainer.predict(x).argmax(axis=1)`.
        target: the true classes (N,).
        classes: C.

    Returns:
        Counts (C, C), int64. Its diagonal over its row sums is the recall of each class.

    Raises:
        ValueError: when the shapes differ, or a number is no class.

    >>> confusion_matrix([0, 1, 1], [0, 0, 1], classes=2)
    array([[1, 1],
           [0, 1]])
    """
    found, wanted = _same(predicted, target)
    if found.size and not (min(found.min(), wanted.min()) >= 0 and max(found.max(), wanted.max()) < classes):
        raise ValueError(f"classes must be between 0 and {classes - 1}")
    pairs = wanted.astype(np.int64).reshape(-1) * classes + found.reshape(-1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _same(one: Any, other: Any) -> tuple[Array, Array]:
    first, second = _array(one), _array(other)
    if first.shape != second.shape:
        raise ValueError(f"output {first.shape} and target {second.shape} must have one shape")
    return first, second


def _array(value: Any) -> Array:
    return np.asarray(value.detach() if isinstance(value, Tensor) else value)


def named_metrics(metrics: Mapping[str, Metric] | Sequence[Metric]) -> dict[str, Metric]:
    """Return metrics by name; functions that are not in a dict go by their own.

    Raises:
        TypeError: when one cannot be called, or it is one that is not in a list.
        ValueError: for two of one name, one without a name, or one called "loss".

    >>> list(named_metrics([accuracy, binary_accuracy]))
    ['accuracy', 'binary_accuracy']
    """
    if callable(metrics) or isinstance(metrics, str):
        raise TypeError(f"metrics are a list of functions, or a dict of them by name, not {metrics!r:.60} alone")
    pairs = (
        list(metrics.items()) if isinstance(metrics, Mapping) else [(getattr(m, "__name__", ""), m) for m in metrics]
    )
    for name, metric in pairs:
        if not callable(metric):
            raise TypeError(f"a metric is a function of output and target, not {metric!r:.60}; see nn.train.accuracy")
        if not name.isidentifier() or name == "loss":
            raise ValueError(f"a metric needs a name of its own, not {name!r}: give a dict {{'name': function}}")
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"two metrics have one name: {[name for name, _ in pairs]}")
    return dict(pairs)


class Totals:
    """Sums over the examples of an epoch, of the loss and the metrics.

    >>> totals = Totals()
    >>> totals.add(3, {"loss": 1.0})
    >>> totals.add(1, {"loss": 3.0})
    >>> totals.means()
    {'loss': 1.5}
    """

    def __init__(self) -> None:
        self.count = 0
        self.sums: dict[str, float] = {}

    def add(self, count: int, means: Mapping[str, float]) -> None:
        """Add the means of a batch of `count` examples."""
        self.count += count
        for name, mean in means.items():
            self.sums[name] = self.sums.get(name, 0.0) + mean * count

    def means(self) -> dict[str, float]:
        """Return the means over all examples so far."""
        return {name: total / self.count for name, total in self.sums.items()}
