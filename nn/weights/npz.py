"""NumPy's format npz: a zip archive with an npy file for each array; read without pickle."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nn.weights.files import Array, check_bools, check_metadata, check_name, check_shape, read_array

_METADATA = "__metadata__"
_FREE = 2**30  # bytes that a file of any size may have unpacked
_RATIO = 100  # how many times its size a file may have unpacked
# What zipfile and NumPy raise for damaged archives and headers.
_DAMAGE = (
    ValueError, zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError,
    OverflowError, MemoryError, TypeError, SyntaxError, KeyError, IndexError, Warning,
)  # fmt: skip


def write(file: BinaryIO, arrays: Mapping[str, Array], metadata: dict[str, str]) -> None:
    """Write arrays by name, not compressed.

    Raises:
        TypeError: when something is no array of numbers.
    """
    for name, array in arrays.items():
        if not _is_number(array.dtype):
            raise TypeError(f"{name!r} is {array.dtype}, which is no dtype of numbers: convert it first")
    members = dict(arrays)
    if metadata:
        members[_METADATA] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def read(file: BinaryIO, path: Path, max_bytes: int | None) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays by name, and the metadata.

    Raises:
        ValueError: when the file is damaged or not of this format, or the arrays are larger than allowed.
    """
    with _damage_named(path), zipfile.ZipFile(file) as archive:
        _check_count(file, archive)
        members = _members(archive)
        _check_sizes(archive, path, max_bytes)
        arrays = {name: _array(archive, member, name) for name, member in members.items()}
        notes = _metadata(arrays.pop(_METADATA, None))
    return arrays, notes


def read_metadata(file: BinaryIO, path: Path) -> dict[str, str]:
    """Return the metadata.

    Raises:
        ValueError: when the file is damaged.
    """
    with _damage_named(path), zipfile.ZipFile(file) as archive:
        _check_count(file, archive)
        members = _members(archive)
        _check_sizes(archive, path, None)
        return _metadata(_array(archive, members[_METADATA], _METADATA) if _METADATA in members else None)


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Have whatever a damaged file makes zipfile and NumPy raise be a ValueError that names the file."""
    try:
        yield
    except _DAMAGE as error:
        raise ValueError(f"{path} is no intact npz file: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is what looking for a place before the beginning gives
            raise
        raise ValueError(f"{path} is no intact npz file: it speaks of places that it does not have") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members of the archive by the names of the arrays."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if member.filename.endswith("data.pkl"):
            raise ValueError(
                "it is a file of PyTorch's, with a pickle, which can run any program when it is read; in PyTorch, "
                'convert it: safetensors.torch.save_file(torch.load(path, weights_only=True), "weights.safetensors")'
            )
        name = member.filename.removesuffix(".npy")
        if name == member.filename:
            raise ValueError(f"its member {name[:60]!r} is no npy file")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise ValueError(f"its member {name[:60]!r} is encrypted, or not compressed in the way of zip")
        if name in members:
            raise ValueError(f"the name {name[:60]!r} is there twice")
        members[name if name == _METADATA else check_name(name)] = member
    return members


def _check_count(file: BinaryIO, archive: zipfile.ZipFile) -> None:
    """Raise a ValueError when the archive ends with another number of members than zipfile, which does not look, found.

    Its end record, without a comment, has the last 22 bytes; see section 4.3.16 of PKWARE's APPNOTE.TXT.
    """
    file.seek(-22, os.SEEK_END)
    end = file.read(22)
    count = int.from_bytes(end[10:12], "little")
    if end[:4] != b"PK\5\6" or count != min(len(archive.infolist()), 0xFFFF):
        raise ValueError("its list of members is damaged")


def _check_sizes(archive: zipfile.ZipFile, path: Path, max_bytes: int | None) -> None:
    """Raise a ValueError when the archive is too large unpacked; zipfile unpacks no more than a member's size."""
    size = path.stat().st_size
    total = sum(member.file_size for member in archive.infolist())
    most = max(_FREE, _RATIO * size) if max_bytes is None else max_bytes
    if total > most:
        raise ValueError(
            f"its {size} bytes would unpack to {total}, more than {most}; if you trust it, pass max_bytes={total}"
        )


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Array:
    """Read one array, whose header must fit the size of the member: memory is taken for no more."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{name[:60]!r} is npy {version}; 1.0 and 2.0 can be read")
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what NumPy would have to guess
            said, fortran, dtype = header(member)
        if not _is_number(dtype):
            kind = "Python objects, that is a pickle" if dtype.hasobject else str(dtype)
            raise ValueError(f"{name[:60]!r} holds {kind}, not numbers")
        shape = check_shape(said, name[:60])
        needed, there = math.prod(shape) * dtype.itemsize, info.file_size - member.tell()
        if needed != there:
            raise ValueError(f"{name[:60]!r}, {dtype} of shape {shape}, has {needed} bytes, but {there} are there")
        array = read_array(member, dtype, shape[::-1] if fortran else shape, name)
        if member.read(1):  # also has zipfile compare the checksum where there is nothing to read
            raise ValueError(f"{name[:60]!r} is longer than it says")
    array = check_bools(array, name)
    return array.T if fortran else array


def _is_number(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biufc" and dtype.itemsize <= (16 if dtype.kind == "c" else 8)


def _metadata(array: Array | None) -> dict[str, str]:
    if array is None:
        return {}
    if array.dtype != np.uint8:
        raise ValueError(f"its metadata are {array.dtype}, not text")
    return check_metadata(json.loads(array.tobytes()))
