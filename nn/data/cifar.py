"""CIFAR-10."""

from __future__ import annotations

import io
import tarfile

import numpy as np

from nn.data.downloads import DataFile, Root, Source
from nn.data.images import Arrays, ImageDataset, load

_RECORD = 1 + 3 * 32 * 32  # a label, then the red, the green and the blue plane, all bytes
_PARTS = (
    tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
    ("cifar-10-batches-bin/test_batch.bin",),
)


class CIFAR10(ImageDataset):
    """50,000 colour images (3, 32, 32) of ten kinds of things to train with, and 10,000 to test with.

    Source: A. Krizhevsky, Learning multiple layers of features from tiny images (2009), the binary version. No licence
    is given; the authors ask that this report is cited.

    Arguments, attributes and errors as for `ImageDataset`.
    """

    source = Source(
        "CIFAR-10",
        "cifar10",
        (DataFile("cifar-10-binary.tar.gz", "md5:c32a1d4ab5d03f1284b67883e8d87530", None, 170_052_171),),
        (
            "https://www.cs.toronto.edu/~kriz/",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
        ),
    )
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    @classmethod
    def read(cls, root: Root, download: bool) -> tuple[Arrays, Arrays]:
        """Return (images, labels) of the training part and of the test part."""
        (content,) = cls.source.read(root, download)
        try:
            with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
                train, test = (np.concatenate([_records(archive, name) for name in names]) for names in _PARTS)
        except (tarfile.TarError, EOFError, OSError, KeyError, ValueError) as error:
            raise ValueError(f"{cls.source.files[0].name} is not CIFAR-10's archive: {error}") from error
        return _split(train), _split(test)


def _records(archive: tarfile.TarFile, name: str) -> np.ndarray:
    """Return the records (N, 3073) of a file in the archive; nothing is written to disk."""
    file = archive.extractfile(name)
    content = b"" if file is None else file.read()
    if not content or len(content) % _RECORD:
        raise ValueError(f"{name} has {len(content)} bytes, which are not whole records of {_RECORD}")
    return np.frombuffer(content, np.uint8).reshape(-1, _RECORD)


def _split(records: np.ndarray) -> Arrays:
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


def load_cifar10(root: Root = None, download: bool = False) -> tuple[Arrays, Arrays]:
    """Return CIFAR-10's 50,000 training and 10,000 test images.

    Source as for `CIFAR10`; arguments and errors as for `ImageDataset`.

    Returns:
        (x_train, y_train), (x_test, y_test): images, float32 (N, 3, 32, 32) from 0 to 1; classes, int64 (N,).
    """
    return load(CIFAR10, root, download)
