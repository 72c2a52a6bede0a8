"""Small data sets made in code, for trying things out; all take `generator=`, and give float32 points.

`make_moons`, `make_circles`, `make_blobs` and `make_regression` have scikit-learn's names and main arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import autograd
from nn.data.images import Arrays
from nn.module import check_size

Generator = np.random.Generator | None


def make_moons(
    n_samples: int = 100, shuffle: bool = True, noise: float | None = None, generator: Generator = None
) -> Arrays:
    """Return two half circles in the plane that reach into each other.

    Args:
        n_samples: how many points, half of them on each.
        shuffle: whether the points come in random order.
        noise: the standard deviation of normal noise on the points.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Returns:
        Points, float32 (N, 2), and which half circle each is on, int64 (N,).

    Raises:
        TypeError, ValueError: when n_samples is not an integer of at least 2, or the noise is negative.

    >>> x, y = make_moons(4, shuffle=False)
    >>> x.round(1).tolist(), y.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [0, 0, 1, 1])
    """
    first, second = _halves(n_samples)
    outer, inner = (np.linspace(0, np.pi, size) for size in (first, second))
    x = np.concatenate([_polar(outer), [1, 0.5] - _polar(inner)])
    return _finished(x, np.repeat([0, 1], [first, second]), shuffle, noise, generator)


def make_circles(
    n_samples: int = 100, shuffle: bool = True, noise: float | None = None, factor: float = 0.8,
    generator: Generator = None,
) -> Arrays:  # fmt: skip
    """Return a circle of radius 1 in the plane, and one inside it of radius `factor`.

    Args and errors as for `make_moons`.

    Returns:
        Points, float32 (N, 2), and whether each is on the inner circle, int64 (N,).

    Raises:
        ValueError: when the factor is not from 0 to 1, without 1.

    >>> x, y = make_circles(4, shuffle=False, factor=0.5)
    >>> abs(x).round(1).tolist(), y.tolist()
    ([[1.0, 0.0], [1.0, 0.0], [0.5, 0.0], [0.5, 0.0]], [0, 0, 1, 1])
    """
    if not 0 <= factor < 1:
        raise ValueError(f"factor, the radius of the inner circle, must be from 0 to below 1, not {factor}")
    first, second = _halves(n_samples)
    outer, inner = (np.linspace(0, 2 * np.pi, size, endpoint=False) for size in (first, second))
    x = np.concatenate([_polar(outer), factor * _polar(inner)])
    return _finished(x, np.repeat([0, 1], [first, second]), shuffle, noise, generator)


def make_spirals(
    n_samples: int = 300, classes: int = 3, shuffle: bool = True, noise: float | None = 0.2,
    generator: Generator = None,
) -> Arrays:  # fmt: skip
    """Return spiral arms in the plane that start at the origin, one for each class.

    Args:
        n_samples: how many points.
        classes: how many arms.
        shuffle: whether the points come in random order.
        noise: the standard deviation of normal noise on the angle, in radians.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Source: the case study of the CS231n course notes: radius from 0 to 1, angle from 4 j to 4 (j + 1) for arm j; here
    the arms start at equal angles for other numbers of classes, too.

    Returns:
        Points, float32 (N, 2), and which arm each is on, int64 (N,).

    Raises:
        TypeError, ValueError: when numbers are not integers of at least 1, or the noise is negative.

    >>> x, y = make_spirals(6, classes=2, shuffle=False, noise=None)
    >>> np.linalg.norm(x, axis=1).round(3).tolist(), y.tolist()
    ([0.0, 0.5, 1.0, 0.0, 0.5, 1.0], [0, 0, 0, 1, 1, 1])
    """
    random = generator or autograd.default_generator()
    sizes = _equal_parts(n_samples, classes)
    radius = np.concatenate([np.linspace(0, 1, size) for size in sizes])
    y = np.repeat(np.arange(classes), sizes)
    step = 4 if classes == 3 else 2 * np.pi / classes
    angle = step * y + 4 * radius + random.normal(0, _spread(noise), n_samples)
    return _finished(radius[:, None] * _polar(angle), y, shuffle, None, random)


def make_blobs(
    n_samples: int = 100, n_features: int = 2, centers: int | Sequence[Sequence[float]] = 3, cluster_std: float = 1.0,
    shuffle: bool = True, generator: Generator = None,
) -> Arrays:  # fmt: skip
    """Return normally distributed clouds of points.

    Args:
        n_samples: how many points, equally many of each cloud.
        n_features: how many coordinates they have, D.
        centers: how many clouds, with centres drawn between -10 and 10, or the centres (K, D) themselves.
        cluster_std: the standard deviation of each coordinate in a cloud.
        shuffle: whether the points come in random order.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Returns:
        Points, float32 (N, D), and which cloud each is of, int64 (N,).

    Raises:
        TypeError, ValueError: when numbers are not integers of at least 1, or the deviation is negative.

    >>> make_blobs(4, centers=[[0.0, 5.0], [8.0, 9.0]], cluster_std=0, shuffle=False)[0].tolist()
    [[0.0, 5.0], [0.0, 5.0], [8.0, 9.0], [8.0, 9.0]]
    """
    random = generator or autograd.default_generator()
    if isinstance(centers, int):
        places = random.uniform(-10, 10, (check_size(centers, "centers"), check_size(n_features, "n_features")))
    else:
        places = np.asarray(centers, np.float64)
    sizes = _equal_parts(n_samples, len(places))
    x = np.repeat(places, sizes, axis=0)
    return _finished(x, np.repeat(np.arange(len(places)), sizes), shuffle, cluster_std, random)


def make_regression(
    n_samples: int = 100, n_features: int = 1, noise: float = 0.0, bias: float = 0.0,
    coef: Sequence[float] | None = None, generator: Generator = None,
) -> Arrays:  # fmt: skip
    """Return points on a line, or plane, y = x @ coef + bias, with noise on y.

    Args:
        n_samples: how many points.
        n_features: how many inputs, D.
        noise: the standard deviation of normal noise on y.
        bias: y at x = 0.
        coef: the slopes (D,); drawn from 0 to 100 by default.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Returns:
        x, float32 (N, D), normally distributed; y, float32 (N,).

    Raises:
        TypeError, ValueError: when numbers are not integers of at least 1, or the noise is negative.

    >>> x, y = make_regression(5, bias=1.0, coef=[2.0])
    >>> np.allclose(y, 2 * x[:, 0] + 1)
    True
    """
    random = generator or autograd.default_generator()
    slopes = random.uniform(0, 100, check_size(n_features, "n_features")) if coef is None else np.asarray(coef)
    x = random.normal(size=(check_size(n_samples, "n_samples"), len(slopes)))
    y = x @ slopes + bias + random.normal(0, _spread(noise), n_samples)
    return x.astype(np.float32), y.astype(np.float32)


def _polar(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (N, 2)


def _halves(n_samples: int) -> tuple[int, int]:
    first = check_size(n_samples, "n_samples", least=2) // 2
    return first, n_samples - first


def _equal_parts(n_samples: int, parts: int) -> list[int]:
    whole, rest = divmod(check_size(n_samples, "n_samples"), check_size(parts, "classes"))
    return [whole + (i < rest) for i in range(parts)]


def _spread(noise: float | None) -> float:
    if noise is not None and noise < 0:
        raise ValueError(f"noise is a standard deviation, of at least 0, not {noise}")
    return noise or 0.0


def _finished(x: np.ndarray, y: np.ndarray, shuffle: bool, noise: float | None, generator: Generator) -> Arrays:
    """Return points (N, D) with noise, and labels (N,), in random order."""
    random = generator or autograd.default_generator()
    x = x + random.normal(0, _spread(noise), x.shape)
    order = random.permutation(len(x)) if shuffle else np.arange(len(x))
    return x[order].astype(np.float32), y[order].astype(np.int64)
