"""Weights in files, without pickle: safetensors (extra `weights`) and NumPy's npz; and exchanged with PyTorch.

>>> import nn, tempfile, pathlib
>>> path = pathlib.Path(tempfile.mkdtemp()) / "net.npz"
>>> net = nn.Linear(2, 1)
>>> save(net, path, metadata={"epoch": "3"})
>>> net.load_state_dict(load(path))
IncompatibleKeys(missing_keys=[], unexpected_keys=[])
>>> load_metadata(path)
{'epoch': '3'}
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograd import Tensor
from nn.module import Module
from nn.torch_tensors import from_torch, is_torch, tensor_from_torch, to_torch
from nn.weights import npz, safetensors
from nn.weights.files import Array, check_metadata, check_name, written_aside

__all__ = ["from_torch", "load", "load_metadata", "save", "to_torch"]

_FORMATS: dict[str, ModuleType] = {".safetensors": safetensors, ".npz": npz}
_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".tar")


def save(
    state: Module | Mapping[str, Any], path: str | os.PathLike[str], *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write the state of a module, or Tensors by name, to a file.

    The file is written under another name in the same folder and renamed when all of it is on the disk: there is the
    old file or the new one, whatever happens. Arrays are stored in the order of C; what shares memory is stored twice.

    Args:
        state: a module, or Tensors, arrays or PyTorch's tensors by name.
        path: ends in ".safetensors" or ".npz".
        metadata: strings by name, which `load_metadata` returns.

    Raises:
        ValueError: for another suffix, or a name that is empty or looks like a path out of the folder.
        TypeError: for names or metadata that are no strings, or a dtype that the format does not have; names it.
        ImportError: for safetensors without the extra `weights`.
        OSError: when the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    form = _format(target)
    members = state.state_dict() if isinstance(state, Module) else state
    if not isinstance(members, Mapping):
        raise TypeError(f"save takes a module or a dict of Tensors by name, not {type(state).__name__}")
    arrays = {check_name(name): _array(name, value) for name, value in members.items()}
    notes = check_metadata(metadata)
    with written_aside(target) as file:
        form.write(file, arrays, notes)


def load(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> dict[str, Tensor]:
    """Read Tensors by name from a file, for `module.load_state_dict`, which takes all of them or nothing.

    bfloat16, which NumPy does not have, becomes float32, with the same numbers; other dtypes stay.

    Args:
        path: ends in ".safetensors" or ".npz".
        max_bytes: how large all arrays may be together (for safetensors: the file); by default for compressed files
            1 GiB, or 100 times the size of the file where that is more.

    Raises:
        ValueError: when it is no such file, is damaged, or holds something else than arrays of numbers; names the file
            and what is wrong. Nothing is unpickled, and no more memory used than the file accounts for.
        ImportError: for safetensors without the extra `weights`.
        OSError: when the file cannot be read.
    """
    return {name: Tensor(array) for name, array in _read(path, max_bytes)[0].items()}


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read what `save` was given as `metadata`.

    Raises:
        ValueError, ImportError, OSError: as `load`.
    """
    source = Path(path)
    with source.open("rb") as file:
        return _format(source).read_metadata(file, source)  # type: ignore[no-any-return]


def _read(path: str | os.PathLike[str], max_bytes: int | None) -> tuple[dict[str, Array], dict[str, str]]:
    source = Path(path)
    form = _format(source)
    with source.open("rb") as file:
        return form.read(file, source, max_bytes)  # type: ignore[no-any-return]


def _format(path: Path) -> ModuleType:
    """Return what reads and writes files of a suffix."""
    suffix = path.suffix.lower()
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    hint = ""
    if suffix in _PICKLED:
        hint = (
            ". Such files are pickles, which can run any program when they are read. In PyTorch, convert it: "
            'safetensors.torch.save_file(torch.load(path, weights_only=True), "weights.safetensors")'
        )
    raise ValueError(f"{path}: the suffix must be one of {', '.join(_FORMATS)}, not {suffix!r}{hint}")


def _array(name: Any, value: Any) -> Array:
    if is_torch(value):
        value = tensor_from_torch(value)
    return np.asarray(value.detach() if isinstance(value, Tensor) else value)
