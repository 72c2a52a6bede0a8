"""Data sets of images that come as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from nn.data.datasets import Dataset
from nn.data.downloads import Root, Source

Arrays = tuple[np.ndarray, np.ndarray]


class ImageDataset(Dataset):
    """Images with labels, kept as bytes. Takes index arrays; the base of `MNIST`, `FashionMNIST` and `CIFAR10`.

    Args:
        root: the folder that has the files; by default the one that the environment variable FORKGRAD_DATA names, or
            its subfolder for this data set, else a cache folder of the user.
        train: the training part, else the test part.
        transform: a function of images, float32 (N, C, H, W) from 0 to 1, or (C, H, W) where one is asked for.
        target_transform: a function of labels, int64 (N,), or an int.
        download: get files that are missing or damaged, which needs the extra `data`; not where FORKGRAD_DATA is
            followed.

    Attributes:
        data: all images, uint8 (N, C, H, W).
        targets: their labels, int64 (N,).
        classes: the names of the labels.

    Raises:
        FileNotFoundError: when a file is missing, and is not to be downloaded.
        ValueError: when a file is damaged.
        OSError: when none of the mirrors has it.
    """

    takes_index_arrays = True
    source: ClassVar[Source]
    classes: ClassVar[tuple[str, ...]]

    def __init__(
        self, root: Root = None, train: bool = True, transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None, download: bool = False,
    ) -> None:  # fmt: skip
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        self.data, self.targets = self.parts(root, download)[0 if train else 1]

    @classmethod
    def parts(cls, root: Root, download: bool) -> tuple[Arrays, Arrays]:
        """Return (images, labels) of the training part and of the test part, once they are known to fit."""
        parts = cls.read(root, download)
        for images, targets in parts:
            if len(images) != len(targets) or targets.max(initial=0) >= len(cls.classes):
                raise ValueError(
                    f"{cls.source.name} has images {images.shape} with labels {targets.shape} up to "
                    f"{targets.max(initial=0)}, which do not belong together"
                )
        return parts

    @classmethod
    def read(cls, root: Root, download: bool) -> tuple[Arrays, Arrays]:
        """Return (images, labels) of the training part and of the test part."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        images, targets = scaled(self.data[index]), self.targets[index]
        if self.transform is not None:
            images = self.transform(images)
        if self.target_transform is not None:
            targets = self.target_transform(targets)
        return images, targets

    def __len__(self) -> int:
        return len(self.targets)

    def extra_repr(self) -> str:
        """Return which part it is, and the shape of an image."""
        return f"{'training' if self.train else 'test'} images {self.data.shape[1:]}, {len(self.classes)} classes"


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Return bytes as float32 numbers from 0 to 1."""
    return np.asarray(np.divide(pixels, 255, dtype=np.float32))


def load(dataset: type[ImageDataset], root: Root, download: bool) -> tuple[Arrays, Arrays]:
    """Return images, float32 (N, C, H, W) from 0 to 1, and labels, int64 (N,), to train with and to test with."""
    (x_train, y_train), (x_test, y_test) = dataset.parts(root, download)
    return (scaled(x_train), y_train), (scaled(x_test), y_test)
