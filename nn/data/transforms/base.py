"""What transforms of images have in common, and several of them in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import Tensor
from nn.data.randomness import batch_generator

Generator = np.random.Generator | None


class Augmentation:
    """The base of random transforms: called with images, it gives changed copies; a subclass defines `apply`.

    Images are (N, C, H, W), each changed in its own way, or one is (C, H, W); arrays give arrays, Tensors give Tensors
    that need no gradient. Random numbers come from `generator=`, by default from `nn.data.batch_generator()`: of the
    batch inside a `DataLoader`, else `autograd.default_generator()`.

    Attributes:
        floating: whether images must be floating.

    >>> class Negative(Augmentation):
    ...     def apply(self, images, generator):
    ...         return np.where(generator.random((len(images), 1, 1, 1)) < 0.5, images, -images)
    >>> Negative()(np.ones((3, 1, 2, 2)), generator=np.random.default_rng(0))[:, 0, 0, 0]
    array([-1.,  1.,  1.])
    """

    floating = True

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return changed copies of images (N, C, H, W)."""
        raise NotImplementedError(f"{type(self).__name__} has no apply()")

    def __call__(self, images: Any, generator: Generator = None) -> Any:
        """Return changed copies of images (N, C, H, W), or of one (C, H, W).

        Raises:
            ValueError: when they have other axes.
            TypeError: when they must be floating, and are not.
        """
        values = np.asarray(images.data if isinstance(images, Tensor) else images)
        self._check(values)
        batch = values if values.ndim == 4 else values[None]
        result = self.apply(batch, generator or batch_generator())
        result = result if values.ndim == 4 else result[0]
        return Tensor(result) if isinstance(images, Tensor) else result

    def _check(self, values: np.ndarray) -> None:
        if values.ndim not in (3, 4):
            raise ValueError(
                f"{type(self).__name__} takes images (N, C, H, W) or (C, H, W), not of shape {values.shape}"
            )
        if self.floating and values.dtype.kind != "f":
            raise TypeError(
                f"{type(self).__name__} takes floating images, not {values.dtype}: divide by 255 first, for example"
            )


class Compose:
    """Transforms, one after the other.

    Args:
        transforms: functions of images; those that take `generator=` here get the one that is given.

    >>> Compose([lambda x: x * 3, lambda x: x + 1])(np.ones(2))
    array([4., 4.])
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        self.transforms = list(transforms)

    def __call__(self, images: Any, generator: Generator = None) -> Any:
        """Return what the last transform gives."""
        for transform in self.transforms:
            takes = generator is not None and isinstance(transform, Augmentation | Compose)
            images = transform(images, generator=generator) if takes else transform(images)
        return images


def between(low: float, high: float, count: int, generator: np.random.Generator, dtype: Any) -> np.ndarray:
    """Return uniform random numbers, one for each image: (N, 1, 1, 1)."""
    return generator.uniform(low, high, (count, 1, 1, 1)).astype(dtype)


def check_chance(p: float) -> float:
    """Return a probability.

    Raises:
        ValueError: when it is none.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is a probability, from 0 to 1, not {p}")
    return p


def pair(value: Any, name: str) -> tuple[int, int]:
    """Return a size or two of them as (H, W).

    Raises:
        ValueError: when it is not one or two integers of at least 0.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or any(not isinstance(v, int | np.integer) or v < 0 for v in both):
        raise ValueError(f"{name} is an integer of at least 0, or two of them (H, W), not {value!r}")
    return int(both[0]), int(both[1])
