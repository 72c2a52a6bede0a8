"""Files with the whole state of a training: safetensors with JSON in its metadata, never pickle.

A file is written under another name, flushed to the disk and renamed, so whatever happens, every file that is there is
whole. One bit changed in it later shows in its checksum.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from nn.extras import require
from nn.train.trees import pack, unpack
from nn.weights import safetensors
from nn.weights.files import written_aside

_MARK, _STATE = "forkgrad.checkpoint", "state"
_VERSION = "1"
_NAME = re.compile(r"checkpoint-(\d+)\.safetensors")
_NAMES = r"(checkpoint-\d+|best)\.safetensors"


def write_checkpoint(path: str | os.PathLike[str], state: Any) -> None:
    """Write a state to a file, which it replaces when all of it is on the disk.

    Args:
        path: ends in ".safetensors".
        state: dicts, lists, tuples, strings, numbers, None, arrays and Tensors.

    Raises:
        TypeError: for anything else in the state; says where it is.
        ImportError: without the extra `weights`.
        OSError: when the file cannot be written.

    >>> import numpy as np
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_checkpoint(folder + "/a.safetensors", {"epoch": 3, "weights": [np.zeros(2), 0.5]})
    ...     read_checkpoint(folder + "/a.safetensors")
    {'epoch': 3, 'weights': [array([0., 0.]), 0.5]}
    """
    packed, arrays = pack(state)
    notes = {_MARK: _VERSION, _STATE: json.dumps(packed, allow_nan=False)}
    with written_aside(Path(path)) as file:
        safetensors.write(file, arrays, notes)


def read_checkpoint(path: str | os.PathLike[str]) -> Any:
    """Return the state that was written to a file.

    Raises:
        ValueError: when it is no checkpoint, or damaged; names the file.
        ImportError: without the extra `weights`.
        OSError: when it cannot be read.
    """
    source = Path(path)
    with source.open("rb") as file:
        arrays, notes = safetensors.read(file, source, None)
    try:
        if notes.keys() != {_MARK, _STATE}:
            raise ValueError(f"its metadata are {sorted(notes)[:5]}, not {sorted((_MARK, _STATE))}")
        if notes[_MARK] != _VERSION:
            raise ValueError(f"it has version {notes[_MARK]!r:.20}, this forkgrad reads version {_VERSION}")
        return unpack(json.loads(notes[_STATE], parse_constant=_refuse), arrays)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source} is no intact checkpoint: {error}") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"its state has {constant}, which JSON does not")


def checkpoint_path(folder: str | os.PathLike[str], step: int) -> Path:
    """Return the name of the checkpoint of a step.

    >>> checkpoint_path("run", 25).name
    'checkpoint-0000000025.safetensors'
    """
    return Path(folder) / f"checkpoint-{step:010d}.safetensors"


def list_checkpoints(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the checkpoints in a folder, the newest last; none where there is no such folder."""
    place = Path(folder)
    found = [(int(match[1]), path) for path in _files(place) if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def remove_leftovers(folder: str | os.PathLike[str], names: str = _NAMES) -> None:
    """Remove what was left in a folder when writing files was interrupted; by default of checkpoints.

    Args:
        folder: where.
        names: a regular expression for the names of the files.
    """
    for path in _files(Path(folder)):
        if re.fullmatch(rf"\.{names}\.[0-9a-f]+\.part", path.name):
            path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def check_library() -> None:
    """Raise an ImportError, before hours of work, when the library that writes checkpoints is missing."""
    require("safetensors", "weights")
