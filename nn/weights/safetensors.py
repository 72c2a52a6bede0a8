"""The format safetensors, by the library of that name: a JSON header, then the arrays; nothing in it can be run."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nn.extras import require
from nn.torch_tensors import bfloat16_as_float32
from nn.weights.files import Array, check_bools, check_name, check_shape

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
_WRITTEN = {np.dtype(dtype) for dtype in _DTYPES.values()}
_CHECKSUM = "forkgrad.crc32"  # in the metadata of the files that are written here: the format itself has none


def write(file: BinaryIO, arrays: Mapping[str, Array], metadata: dict[str, str]) -> None:
    """Write arrays by name.

    Raises:
        ImportError: without the extra `weights`.
        TypeError: for a dtype that the format does not have.
    """
    library = require("safetensors.numpy", "weights")
    for name, array in arrays.items():
        if array.dtype.newbyteorder("<") not in _WRITTEN:
            raise TypeError(f"{name!r} is {array.dtype}, which safetensors does not have: convert it first")
    ordered = {name: _ordered(array) for name, array in arrays.items()}
    file.write(library.save(ordered, metadata | {_CHECKSUM: _checksum(ordered, metadata)}))


def read(file: BinaryIO, path: Path, max_bytes: int | None) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays by name, and the metadata.

    Raises:
        ImportError: without the extra `weights`.
        ValueError: when the file is damaged or not of this format, or larger than allowed.
    """
    library = require("safetensors", "weights")
    try:
        size = os.fstat(file.fileno()).st_size
        if max_bytes is not None and size > max_bytes:
            raise ValueError(f"it has {size} bytes, more than the {max_bytes} that max_bytes allows")
        content = file.read()
        arrays = {check_name(name): _array(name, said) for name, said in library.deserialize(content)}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])  # the library found it valid
        notes = header.get("__metadata__", {})
        if notes.pop(_CHECKSUM, None) not in (None, _checksum(arrays, notes)):
            raise ValueError("its content does not fit its checksum: it was changed after it was written")
    except (ValueError, MemoryError, library.SafetensorError) as error:
        raise ValueError(f"{path} is no intact safetensors file: {error}") from error
    return arrays, notes


def read_metadata(file: BinaryIO, path: Path) -> dict[str, str]:
    """Return the metadata without the checksum.

    Raises:
        ImportError: without the extra `weights`.
        ValueError: when the header is damaged.
    """
    library = require("safetensors", "weights")
    try:
        with library.safe_open(path, framework="numpy") as opened:
            notes: dict[str, str] = opened.metadata() or {}
    except library.SafetensorError as error:
        raise ValueError(f"{path} is no intact safetensors file: {error}") from error
    return {name: note for name, note in notes.items() if name != _CHECKSUM}


def _array(name: str, said: Mapping[str, Any]) -> Array:
    """Return an array from its dtype, shape and bytes, whose numbers the library found to fit."""
    code, shape, data = said["dtype"], check_shape(said["shape"], name[:60]), said["data"]
    if code == "BF16":
        return bfloat16_as_float32(np.frombuffer(data, "<u2")).reshape(shape)
    if code not in _DTYPES:
        raise ValueError(f"{name[:60]!r} has dtype {code}; NumPy has {', '.join(_DTYPES)} (and BF16 as float32)")
    return check_bools(np.frombuffer(data, _DTYPES[code]).reshape(shape), name)


def _checksum(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> str:
    """Return the checksum of all that was given to write."""
    said = {name: [array.dtype.name, array.shape] for name, array in arrays.items()}
    checksum = zlib.crc32(json.dumps([said, dict(metadata)], sort_keys=True).encode())
    for _, array in sorted(arrays.items()):
        checksum = zlib.crc32(_ordered(array).reshape(-1).view(np.uint8).data, checksum)
    return f"{checksum:08x}"


def _ordered(array: Array) -> Array:
    """Return an array in the order of C, little-endian."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
