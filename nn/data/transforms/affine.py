"""Images turned, scaled and sheared: one resampler with bilinear interpolation, and the transforms that use it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.data.transforms.base import Augmentation, pair

Range = float | tuple[float, float]


def affine_resample(
    images: np.ndarray, matrices: np.ndarray, size: tuple[int, int] | None = None, fill: float = 0.0, edge: bool = False
) -> np.ndarray:
    """Return images whose pixels come from elsewhere in the given ones, between pixels by bilinear interpolation.

    Args:
        images: floating (N, C, H, W).
        matrices: (N, 2, 3), which take a point (x, y, 1) of a result to a point (x, y) of its image; x goes to the
            right and y down, in pixels from the centre.
        size: (H, W) of the results; that of the images by default.
        fill: the value of everything outside an image.
        edge: outside, take the nearest pixel instead.

    >>> half = np.array([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    >>> affine_resample(np.array([[[[0.0, 2.0, 4.0]]]]), half, edge=True)
    array([[[[1., 3., 4.]]]])
    """
    n, c, height, width = images.shape
    out_height, out_width = size or (height, width)
    y, x = np.mgrid[:out_height, :out_width].reshape(2, -1)
    points = np.stack([x - (out_width - 1) / 2, y - (out_height - 1) / 2, np.ones(x.size)])  # (3, P)
    places = matrices @ points  # (N, 2, P)
    x_in, y_in = places[:, 0] + (width - 1) / 2, places[:, 1] + (height - 1) / 2
    return _bilinear(images, y_in, x_in, fill, edge).reshape(n, c, out_height, out_width)


def _bilinear(images: np.ndarray, y: np.ndarray, x: np.ndarray, fill: float, edge: bool) -> np.ndarray:
    """Return values (N, C, P) of images (N, C, H, W) at places (N, P)."""
    n, c, height, width = images.shape
    row, down = _cell(y, height, edge, images.dtype)
    column, right = _cell(x, width, edge, images.dtype)
    # With a border of one pixel, every place lies between four pixels.
    framed = np.pad(images, [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=fill)
    framed = framed.reshape(n, c, (height + 2) * (width + 2))
    first = (row * (width + 2) + column)[:, None]  # (N, 1, P)
    corners = [np.take_along_axis(framed, first + step, axis=2) for step in (0, 1, width + 2, width + 3)]
    top = corners[0] + (corners[1] - corners[0]) * right
    bottom = corners[2] + (corners[3] - corners[2]) * right
    return top + (bottom - top) * down  # type: ignore[no-any-return]


def _cell(at: np.ndarray, size: int, edge: bool, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixel of the framed image is before a coordinate (N, P), and how far from it that is: (N, 1, P)."""
    at = np.clip(at, 0 if edge else -1, size - 1 if edge else size)
    before = np.minimum(np.floor(at), size - 1).astype(np.int64)
    return before + 1, (at - before)[:, None].astype(dtype)


class RandomAffine(Augmentation):
    """Turn, move, scale and shear, about the centre.

    Args:
        degrees: by what angles to turn, counter-clockwise: (lowest, highest), or a number d for (-d, d).
        translate: how far to move at most, (horizontally, vertically), as parts of width and height; or None.
        scale: (smallest, largest) factor, or None.
        shear: angles in degrees to shear by along x: a range, or a number s for (-s, s), or None.
        fill: the value of pixels that come in.

    Raises:
        ValueError: when a range is none, a part is not from 0 to 1, or a factor is not positive.

    >>> RandomAffine(15, translate=(0.1, 0.1), scale=(0.9, 1.1), shear=5)(np.ones((5, 3, 8, 8))).shape
    (5, 3, 8, 8)
    """

    def __init__(
        self, degrees: Range, translate: tuple[float, float] | None = None, scale: tuple[float, float] | None = None,
        shear: Range | None = None, fill: float = 0.0,
    ) -> None:  # fmt: skip
        self.degrees = _range(degrees, "degrees")
        self.translate = (0.0, 0.0) if translate is None else translate
        self.scale = _range((1.0, 1.0) if scale is None else scale, "scale")
        self.shear = _range(0.0 if shear is None else shear, "shear")
        self.fill = fill
        if not all(0 <= part <= 1 for part in self.translate):
            raise ValueError(f"translate has parts of width and height, from 0 to 1, not {translate}")
        if self.scale[0] <= 0:
            raise ValueError(f"scale has factors above 0, not {scale}")

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W), each with a transform of its own."""
        n, _, height, width = images.shape
        angle = np.deg2rad(generator.uniform(*self.degrees, n))
        slope = np.tan(np.deg2rad(generator.uniform(*self.shear, n)))
        factor = np.asarray(generator.uniform(*self.scale, n))
        moves = generator.uniform(-1, 1, (n, 2)) * self.translate * [width, height]
        return affine_resample(images, _inverse(angle, slope, factor, moves), fill=self.fill)


def _inverse(angle: np.ndarray, slope: np.ndarray, factor: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return matrices (N, 2, 3) that undo: shear, scale, turn, then move."""
    cos, sin, one, zero = np.cos(angle), np.sin(angle), np.ones_like(angle), np.zeros_like(angle)
    turn = np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1)  # counter-clockwise where y goes down
    shear = np.array([[one, slope], [zero, one]]).transpose(2, 0, 1)
    back = np.linalg.inv(factor[:, None, None] * (turn @ shear))
    return np.concatenate([back, -back @ moves[:, :, None]], axis=2)


def _range(value: Any, name: str) -> tuple[float, float]:
    low, high = (-value, value) if isinstance(value, int | float) else value
    if not low <= high:
        raise ValueError(f"{name} is a range (lowest, highest), or a number of at least 0, not {value}")
    return low, high


class RandomRotation(RandomAffine):
    """Turn about the centre.

    Args:
        degrees: by what angles, counter-clockwise: (lowest, highest), or a number d for (-d, d).
        fill: the value of pixels that come in.

    Raises:
        ValueError: when the range is none.

    >>> RandomRotation((90, 90))(np.array([[[1.0, 2.0], [3.0, 4.0]]])).round(3)
    array([[[2., 4.],
            [1., 3.]]])
    """

    def __init__(self, degrees: Range, fill: float = 0.0) -> None:
        super().__init__(degrees, fill=fill)


class RandomResizedCrop(Augmentation):
    """Cut out a window of random size and shape at a random place, and resize it.

    Source: Szegedy et al., Going deeper with convolutions (2014), section 6. Resizing is bilinear without smoothing.

    Args:
        size: of the results, or (H, W).
        scale: the part of the area that the window has, (smallest, largest).
        ratio: its width / height, (smallest, largest), uniform in its logarithm.

    Raises:
        ValueError: when a size is not an integer of at least 1, or a range is none.

    >>> RandomResizedCrop(4)(np.ones((5, 3, 9, 9))).shape
    (5, 3, 4, 4)
    """

    def __init__(
        self, size: int | tuple[int, int], scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
    ) -> None:  # fmt: skip
        self.size = pair(size, "size")
        self.scale = _range(scale, "scale")
        self.ratio = _range(ratio, "ratio")
        if not 0 < self.scale[0] <= self.scale[1] <= 1 or self.ratio[0] <= 0 or min(self.size) < 1:
            raise ValueError(f"size and ratio must be above 0, and scale from above 0 to 1, not {size, ratio, scale}")

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return windows (N, C, *size) of images (N, C, H, W)."""
        n, _, height, width = images.shape
        high, wide = self._window(n, height, width, generator)
        x = (generator.random(n) - 0.5) * (width - wide)  # of the window's centre
        y = (generator.random(n) - 0.5) * (height - high)
        zero = np.zeros(n)
        matrices = np.array([[wide / self.size[1], zero, x], [zero, high / self.size[0], y]])
        return affine_resample(images, matrices.transpose(2, 0, 1), self.size, edge=True)

    def _window(self, n: int, height: int, width: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return height and width (N,) of windows: the first of ten that fit, else the largest with a fitting ratio."""
        area = generator.uniform(*self.scale, (n, 10)) * height * width
        ratio = np.exp(generator.uniform(math.log(self.ratio[0]), math.log(self.ratio[1]), (n, 10)))
        wide, high = np.sqrt(area * ratio), np.sqrt(area / ratio)
        fits = (wide <= width) & (high <= height)
        first = fits.argmax(axis=1)[:, None]
        near = min(max(width / height, self.ratio[0]), self.ratio[1])
        largest = min(height, width / near)
        some = fits.any(axis=1)
        return (
            np.where(some, np.take_along_axis(high, first, 1)[:, 0], largest),
            np.where(some, np.take_along_axis(wide, first, 1)[:, 0], largest * near),
        )
