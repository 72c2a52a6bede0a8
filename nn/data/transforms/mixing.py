"""Images partly covered, mixed with others, or with noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nn.data.randomness import batch_generator
from nn.data.transforms.base import Augmentation, Generator
from nn.module import check_size


class Cutout(Augmentation):
    """Cover a square at a random place; its centre is in the image, so part of it may be outside.

    Source: DeVries and Taylor, Improved regularization of convolutional neural networks with cutout (2017).

    Args:
        size: of the square, in pixels.
        fill: the value that covers.

    Raises:
        TypeError, ValueError: when the size is not an integer of at least 1.

    >>> int((Cutout(3)(np.ones((1, 9, 9))) == 0).sum()) in (4, 6, 9)
    True
    """

    floating = False

    def __init__(self, size: int, fill: float = 0) -> None:
        self.size = check_size(size, "size")
        self.fill = fill

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W) with a square in each covered."""
        rows, columns = (self._covered(len(images), length, generator) for length in images.shape[2:])
        covered = (rows[:, :, None] & columns[:, None, :])[:, None]  # (N, 1, H, W)
        return np.asarray(np.where(covered, images.dtype.type(self.fill), images))

    def _covered(self, n: int, length: int, generator: np.random.Generator) -> np.ndarray:
        """Return which rows, or columns, are covered: (N, length)."""
        first = generator.integers(0, length, n)[:, None] - self.size // 2
        at = np.arange(length)
        return np.asarray((first <= at) & (at < first + self.size))


class GaussianNoise(Augmentation):
    """Add normally distributed noise to every value.

    Args:
        mean: of the noise.
        sigma: its standard deviation.
        clip: clip the results to 0 to 1.

    Raises:
        ValueError: when sigma is negative.

    >>> GaussianNoise(sigma=0.0)(np.ones((1, 1, 2)))
    array([[[1., 1.]]])
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        if sigma < 0:
            raise ValueError(f"sigma is a standard deviation, of at least 0, not {sigma}")
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W) with noise."""
        noise = generator.normal(self.mean, self.sigma, images.shape).astype(images.dtype)
        return np.asarray((images + noise).clip(0, 1) if self.clip else images + noise)


class MixUp:
    """Mix each image of a batch with another one of it, and their labels in the same proportion.

    With lambda from a Beta(alpha, alpha) distribution, one for each batch: lambda x_i + (1 - lambda) x_j, and the same
    of labels as probabilities; j is i's place in a random order of the batch.

    Source: Zhang et al., mixup: beyond empirical risk minimization (2017).

    Args:
        alpha: above 0; the larger, the closer lambda is to 1/2.
        num_classes: how many there are, where labels are integers.

    Raises:
        ValueError: when alpha is not above 0.

    >>> x, y = MixUp(num_classes=2)(np.ones((2, 1, 3, 3)), np.array([0, 1]))
    >>> x.shape, y.sum(axis=1).tolist()
    ((2, 1, 3, 3), [1.0, 1.0])
    """

    def __init__(self, alpha: float = 1.0, num_classes: int | None = None) -> None:
        if not alpha > 0:
            raise ValueError(f"alpha must be above 0, not {alpha}")
        self.alpha = alpha
        self.num_classes = None if num_classes is None else check_size(num_classes, "num_classes")

    def __call__(self, images: Any, targets: Any, generator: Generator = None) -> tuple[Any, Any]:
        """Return a batch, mixed.

        Args:
            images: floating (N, ...).
            targets: integers (N,) below `num_classes`, or probabilities (N, classes).
            generator: the source of randomness; `nn.data.batch_generator()` by default.

        Returns:
            images (N, ...) and probabilities (N, classes) of their dtype; arrays for arrays, Tensors for Tensors.

        Raises:
            ValueError: when this is no batch, or labels are not below `num_classes`.
        """
        random = generator or batch_generator()
        values = np.asarray(images.data if isinstance(images, Tensor) else images)
        labels = np.asarray(targets.data if isinstance(targets, Tensor) else targets)
        if labels.ndim not in (1, 2) or len(labels) != len(values) or values.dtype.kind != "f":
            raise ValueError(
                f"MixUp takes a batch: floating images (N, ...) with labels (N,) or (N, classes), not {values.dtype} "
                f"images {values.shape} with labels {labels.shape}"
            )
        chances = labels if labels.ndim == 2 else self._one_hot(labels)
        part, order = random.beta(self.alpha, self.alpha), random.permutation(len(values))
        mixed = [
            (part * a + (1 - part) * a[order]).astype(values.dtype) for a in (values, chances.astype(values.dtype))
        ]
        x, y = (Tensor(m) for m in mixed) if isinstance(images, Tensor) else mixed
        return x, y

    def _one_hot(self, labels: np.ndarray) -> np.ndarray:
        if self.num_classes is None or labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(
                f"labels from {labels.min()} to {labels.max()} need num_classes above these, not {self.num_classes}"
            )
        return np.asarray(labels[:, None] == np.arange(self.num_classes))
