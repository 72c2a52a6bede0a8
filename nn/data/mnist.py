"""MNIST, from files that the user has."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path

import numpy as np

from nn.data.digits import Arrays

VARIABLE = "FORKGRAD_DATA"
FILES = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


def load_mnist() -> tuple[Arrays, Arrays]:
    """Return MNIST's 60,000 training and 10,000 test images of handwritten digits.

    The four files are read from the folder that the environment variable FORKGRAD_DATA names, or its subfolder
    `mnist`: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and
    t10k-labels-idx1-ubyte.gz.

    Source: LeCun et al., Gradient-based learning applied to document recognition (1998).

    Returns:
        (x_train, y_train), (x_test, y_test): images, float32 (N, 1, 28, 28) from 0 to 1; digits, int64 (N,).

    Raises:
        FileNotFoundError: when the variable is not set, or the files are not there.
        ValueError: when a file is not what its name says.
    """
    folder = _folder()
    arrays = [read_idx(folder / name) for name in FILES]
    for images, labels in (arrays[:2], arrays[2:]):
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(f"images {images.shape} and labels {labels.shape} in {folder} do not belong together")
    x_train, y_train, x_test, y_test = arrays
    return (_images(x_train), y_train.astype(np.int64)), (_images(x_test), y_test.astype(np.int64))


def _images(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, None].astype(np.float32) / 255  # (N, 1, H, W)


def _folder() -> Path:
    """Return the folder that has the four files."""
    wanted = f"MNIST needs the files {', '.join(FILES)}"
    given = os.environ.get(VARIABLE)
    if not given:
        raise FileNotFoundError(f"{wanted}: set the environment variable {VARIABLE} to the folder that has them")
    for folder in (Path(given), Path(given) / "mnist"):
        if all((folder / name).is_file() for name in FILES):
            return folder
    raise FileNotFoundError(f"{wanted}, but neither {given!r}, which {VARIABLE} names, nor its 'mnist' has all of them")


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Return the uint8 array in a gzipped IDX file.

    The format: two zero bytes, 8 for unsigned bytes, the number of axes, the size of each as a big-endian 32-bit
    integer, then the elements (described at the end of the MNIST page of Y. LeCun, C. Cortes and C. Burges).

    Raises:
        ValueError: when the file is not gzipped, has another type, or more or fewer elements than it says.
    """
    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (gzip.BadGzipFile, EOFError) as error:
        raise ValueError(f"{path} is not a whole gzip file: {error}") from error
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes: it begins with {content[:4]!r}")
    axes = content[3]
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} says that it has shape {shape}, but it has {len(content) - start} elements")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
