"""Images flipped, shifted and cropped: pixels move, but keep their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Tensor
from nn.data.datasets import Dataset
from nn.data.transforms.base import Augmentation, check_chance, pair


class _RandomFlip(Augmentation):
    floating = False
    axis: int

    def __init__(self, p: float = 0.5) -> None:
        self.p = check_chance(p)

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W), some of them flipped."""
        flipped = generator.random((len(images), 1, 1, 1)) < self.p
        return np.where(flipped, np.flip(images, self.axis), images)


class RandomHorizontalFlip(_RandomFlip):
    """Exchange left and right, with a probability.

    Args:
        p: the probability, for each image.

    Raises:
        ValueError: when it is not from 0 to 1.

    >>> RandomHorizontalFlip(p=1.0)(np.arange(4).reshape(1, 2, 2))
    array([[[1, 0],
            [3, 2]]])
    """

    axis = 3


class RandomVerticalFlip(_RandomFlip):
    """Exchange top and bottom, with a probability.

    Args and errors as for `RandomHorizontalFlip`.

    >>> RandomVerticalFlip(p=1.0)(np.arange(4).reshape(1, 2, 2))
    array([[[2, 3],
            [0, 1]]])
    """

    axis = 2


def windows(images: np.ndarray, top: np.ndarray, left: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return from each of the images (N, C, H, W) the window whose first pixel is (top, left): (N, C, *size)."""
    views = np.lib.stride_tricks.sliding_window_view(images, size, axis=(2, 3))  # (N, C, tops, lefts, *size)
    return views[np.arange(len(images)), :, top, left]  # type: ignore[no-any-return]


def padded(images: np.ndarray, amount: tuple[int, int], mode: str, fill: float) -> np.ndarray:
    """Return images (N, C, H, W) with rows above and below and columns left and right."""
    widths = [(0, 0), (0, 0), (amount[0], amount[0]), (amount[1], amount[1])]
    more: dict[str, Any] = {"constant_values": fill} if mode == "constant" else {}
    return np.pad(images, widths, mode, **more)  # type: ignore[call-overload,no-any-return]


def shift_images(images: np.ndarray, down: np.ndarray, right: np.ndarray, fill: float = 0) -> np.ndarray:
    """Return images moved by whole pixels.

    Args:
        images: (N, C, H, W).
        down: by how many pixels each is moved down, integers (N,); negative ones move up.
        right: and to the right.
        fill: the value of pixels that come in.

    >>> shift_images(np.arange(1, 5).reshape(1, 1, 2, 2), np.array([1]), np.array([0]))[0, 0]
    array([[0, 0],
           [1, 2]])
    """
    height, width = images.shape[2:]
    down, right = np.clip(down, -height, height), np.clip(right, -width, width)  # further, nothing is left to see
    amount = int(np.abs(down).max(initial=0)), int(np.abs(right).max(initial=0))
    return windows(padded(images, amount, "constant", fill), amount[0] - down, amount[1] - right, (height, width))


class RandomShift(Augmentation):
    """Move by whole pixels, in each direction by a random number of them.

    Args:
        max_shift: the largest number, or (vertically, horizontally).
        fill: the value of pixels that come in.

    Raises:
        ValueError: when `max_shift` is not one or two integers of at least 0.

    >>> RandomShift(1)(np.ones((5, 1, 3, 3))).shape
    (5, 1, 3, 3)
    """

    floating = False

    def __init__(self, max_shift: int | tuple[int, int], fill: float = 0) -> None:
        self.max_shift = pair(max_shift, "max_shift")
        self.fill = fill

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W), moved."""
        down, right = (generator.integers(-most, most + 1, len(images)) for most in self.max_shift)
        return shift_images(images, down, right, self.fill)


_MODES = ("constant", "edge", "reflect", "symmetric")


class RandomCrop(Augmentation):
    """Cut out a window at a random place, if wished after padding.

    Args:
        size: of the window, or (H, W).
        padding: how many pixels to add on all sides before, or (above and below, left and right).
        fill: their value.
        padding_mode: "constant", or "edge", "reflect" or "symmetric" to fill in what is in the image.

    Raises:
        ValueError: when an argument is not as it should be, or, when called, the images are smaller than the window.

    >>> RandomCrop(32, padding=4)(np.ones((5, 3, 32, 32))).shape
    (5, 3, 32, 32)
    """

    floating = False

    def __init__(
        self, size: int | tuple[int, int], padding: int | tuple[int, int] = 0, fill: float = 0,
        padding_mode: str = "constant",
    ) -> None:  # fmt: skip
        self.size = pair(size, "size")
        self.padding = pair(padding, "padding")
        self.fill = fill
        self.padding_mode = padding_mode
        if padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {', '.join(map(repr, _MODES))}, not {padding_mode!r}")

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return windows (N, C, *size) of images (N, C, H, W)."""
        whole = padded(images, self.padding, self.padding_mode, self.fill)
        room = [have - want for have, want in zip(whole.shape[2:], self.size, strict=True)]
        if min(room) < 0:
            raise ValueError(
                f"windows of {self.size} cannot be cut out of images of {images.shape[2:]} padded by {self.padding}"
            )
        top, left = (generator.integers(0, most + 1, len(images)) for most in room)
        return windows(whole, top, left, self.size)


class ShiftedDataset(Dataset):
    """A data set of images, several times: as they are, and moved. Nothing of it is stored.

    By default five times, with each image moved by one pixel up, down, left and right, as Nielsen enlarged MNIST
    (Neural networks and deep learning, chapter 6). Takes index arrays if the data set does.

    Args:
        dataset: its examples are tuples, an image (C, H, W) first.
        shifts: by how many pixels to move (down, to the right), for each of the copies.
        fill: the value of pixels that come in.

    >>> from nn.data import TensorDataset
    >>> moved = ShiftedDataset(TensorDataset(np.eye(2)[None, None], [7]))
    >>> len(moved), moved[1][0].tolist(), moved[1][1].item()
    (5, [[[0.0, 1.0], [0.0, 0.0]]], 7)
    """

    def __init__(
        self, dataset: Any, shifts: Sequence[tuple[int, int]] = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)),
        fill: float = 0,
    ) -> None:  # fmt: skip
        self.dataset = dataset
        self.shifts = np.array(shifts, np.int64).reshape(-1, 2)
        self.fill = fill

    @property
    def takes_index_arrays(self) -> bool:  # type: ignore[override]
        """Whether the data set does."""
        return getattr(self.dataset, "takes_index_arrays", False)

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        if np.ndim(index) == 0 and not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} examples, so none has the number {index}")
        which, within = np.divmod(np.asarray(index) % len(self), len(self.dataset))
        image, *others = self.dataset[within if np.ndim(index) else int(within)]
        values = image.data if isinstance(image, Tensor) else np.asarray(image)
        down, right = self.shifts[np.atleast_1d(which)].T
        moved = shift_images(values if np.ndim(index) else values[None], down, right, self.fill)
        moved = moved if np.ndim(index) else moved[0]
        return (Tensor(moved) if isinstance(image, Tensor) else moved, *others)

    def __len__(self) -> int:
        return len(self.shifts) * len(self.dataset)

    def extra_repr(self) -> str:
        """Return how often, and of what."""
        return f"{len(self.shifts)} times {self.dataset!r}"
