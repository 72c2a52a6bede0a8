"""Objects as bytes on their way from one process of a program to another. Files are never read this way."""

from __future__ import annotations

import io
import pickle
import traceback
from typing import Any

import numpy as np

from autograd import Tensor


class _Pickler(pickle.Pickler):
    """Takes Tensors, too, which otherwise refuse: between processes that belong together, their values are enough."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return NotImplemented
        if value.requires_grad:
            raise TypeError(
                f"a Tensor of shape {value.shape} that requires a gradient cannot go to another process, its graph "
                "stays here; detach() it"
            )
        return _tensor, (type(value), np.asarray(value.data), value.name)


def _tensor(kind: type[Tensor], data: np.ndarray, name: str | None) -> Tensor:
    return kind(data, name=name)


def pack(value: Any) -> bytes:
    """Return an object as bytes.

    Raises:
        TypeError, AttributeError, pickle.PicklingError: when it cannot be; a lambda for example.
    """
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def unpack(content: bytes) -> Any:
    """Return the object that `pack` made bytes of."""
    return pickle.loads(content)


class WorkerError(Exception):
    """Where in a worker process an exception was raised, as text: the cause of the exception that is raised here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Failure:
    """An exception, on its way to another process."""

    def __init__(self, error: BaseException) -> None:
        self.text = "".join(traceback.format_exception(error))
        self.summary = "".join(traceback.format_exception_only(error)).strip()
        self.packed = _packed(error)

    def raised(self, where: str) -> BaseException:
        """Return the exception, with its traceback as the cause; a RuntimeError if it could not travel."""
        error = unpack(self.packed) if self.packed else RuntimeError(f"{where} raised {self.summary}")
        error.__cause__ = WorkerError(f"in {where}:\n{self.text}")
        return error  # type: ignore[no-any-return]


def _packed(error: BaseException) -> bytes | None:
    """Return an exception as bytes, or None if it does not come out of them as it went in."""
    try:
        content = pack(error)
        return content if type(unpack(content)) is type(error) else None
    except Exception:  # whatever its own methods raise
        return None
