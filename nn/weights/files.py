"""What the formats share: writing aside, and what names, metadata and sizes may be."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

Array = np.ndarray[Any, Any]
MAX_AXES = 64  # of a NumPy array


@contextlib.contextmanager
def written_aside(target: Path) -> Iterator[BinaryIO]:
    """Open a new file in the folder of `target`, which it replaces when all of it is on the disk."""
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} to")
    aside = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):  # where folders can be opened, the new name is to last, too
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def check_name(name: Any) -> str:
    """Return the name of a Tensor, if it may be one.

    Raises:
        TypeError: when it is no string.
        ValueError: when it is empty, reserved, has control characters, or looks like a path to somewhere else.

    >>> check_name("layers.0.weight")
    'layers.0.weight'
    >>> check_name("../weight")
    Traceback (most recent call last):
        ...
    ValueError: '../weight' is no name for a Tensor
    """
    if not isinstance(name, str):
        raise TypeError(f"the names of Tensors must be strings, not {name!r:.60}")
    parts = name.replace("\\", "/").split("/")
    bad = (
        not name or name == "__metadata__" or any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in name)
    )
    if bad or parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        raise ValueError(f"{name[:60]!r} is no name for a Tensor")
    return name


def check_metadata(metadata: Any) -> dict[str, str]:
    """Return metadata as a dict of strings.

    Raises:
        TypeError: when it is something else.
    """
    notes = {} if metadata is None else metadata
    if not isinstance(notes, Mapping) or not all(isinstance(x, str) for pair in notes.items() for x in pair):
        raise TypeError(f"metadata must be strings by name, not {metadata!r:.80}")
    return dict(notes)


def check_shape(shape: Any, name: str) -> tuple[int, ...]:
    """Return a shape that stands in a file.

    Raises:
        ValueError: when it is no shape that an array can have.
    """
    if not isinstance(shape, list | tuple) or len(shape) > MAX_AXES:
        raise ValueError(f"{name!r} has shape {shape!r:.80}, which no array has")
    whole = all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 for size in shape)
    if not whole or math.prod(max(size, 1) for size in shape) >= 2**60:
        raise ValueError(f"{name!r} has shape {shape!r:.80}, which no array has")
    return tuple(shape)


def read_array(file: Any, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> Array:
    """Read an array, in the order of C, whose size was found to be what the file has.

    Raises:
        ValueError: when the file ends before.
    """
    array = np.empty(shape, dtype)
    left = array.reshape(-1).view(np.uint8).data
    while left:
        count = file.readinto(left)
        if not count:
            raise ValueError(f"{name!r} is cut off")
        left = left[count:]
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def check_bools(array: Array, name: str) -> Array:
    """Return an array that was read; NumPy counts on the bytes of bools being 0 or 1.

    Raises:
        ValueError: when they are not.
    """
    if array.dtype == bool and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"{name[:60]!r} has bools that are neither 0 nor 1")
    return array
