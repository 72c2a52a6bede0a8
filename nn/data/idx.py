"""The IDX format of MNIST's files: arrays of unsigned bytes."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from nn.data.downloads import gunzip

_GZIP = b"\x1f\x8b"


def read_idx(path: str | os.PathLike[str], max_bytes: int = 2**31) -> np.ndarray:
    """Return the uint8 array in an IDX file, gzipped or not.

    Args:
        path: the file.
        max_bytes: the most that a gzipped file may have in it; what is more is not decompressed.

    Raises:
        ValueError: when the file is damaged, has another type, or more or fewer elements than it says.
    """
    content = Path(path).read_bytes()
    try:
        return parse_idx(gunzip(content, max_bytes) if content[:2] == _GZIP else content)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def parse_idx(content: bytes) -> np.ndarray:
    """Return the uint8 array in the content of an IDX file.

    The format: two zero bytes, 8 for unsigned bytes, the number of axes, the size of each as a big-endian 32-bit
    integer, then the elements (described at the end of the MNIST page of Y. LeCun, C. Cortes and C. Burges).

    Raises:
        ValueError: when it has another type, or more or fewer elements than it says.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
    array([7, 9], dtype=uint8)
    """
    if content[:3] != b"\0\0\x08" or len(content) < 4:
        raise ValueError(f"it is not an IDX file of unsigned bytes: it begins with {content[:4]!r}")
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"its header is {start} bytes long, but it has only {len(content)}")
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    if len(content) - start != math.prod(shape):
        raise ValueError(f"it says that it has shape {shape}, but it has {len(content) - start} elements")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
