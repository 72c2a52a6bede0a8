"""What a whole thread or program agrees on: whether to record, the default dtype, the default random generator."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

F = TypeVar("F", bound=Callable[..., Any])

# Threads that have recording switched off. An op asks `if unrecorded and get_ident() in unrecorded`, so while no
# thread is inside no_grad() the question costs one truth test.
unrecorded: set[int] = set()
get_ident = threading.get_ident


def is_grad_enabled() -> bool:
    """Return whether the current thread records operations.

    >>> with no_grad():
    ...     is_grad_enabled()
    False
    """
    return get_ident() not in unrecorded


class _GradMode:
    """Context manager and decorator that switches recording in the current thread, and switches it back."""

    recording: bool

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(is_grad_enabled())
        _set_recording(self.recording)

    def __exit__(self, *_: object) -> None:
        _set_recording(self._before.pop())

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(
                f"{type(self).__name__} cannot decorate the generator or coroutine {function.__name__!r}, whose body "
                f"runs between other code; use 'with {type(self).__name__}():' inside it"
            )

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


def _set_recording(on: bool) -> None:
    if on:
        unrecorded.discard(get_ident())
    else:
        unrecorded.add(get_ident())


class no_grad(_GradMode):
    """Record nothing in this thread: results need no gradient. A context manager and a decorator.

    >>> from autograd import Tensor
    >>> x = Tensor(3.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    recording = False


class enable_grad(_GradMode):
    """Record again, inside `no_grad()`, in this thread. A context manager and a decorator.

    >>> from autograd import Tensor
    >>> x = Tensor(3.0, requires_grad=True)
    >>> with no_grad(), enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True
    """

    recording = True


_default_dtype: np.dtype[Any] = np.dtype(np.float32)


def get_default_dtype() -> np.dtype[Any]:
    """Return the dtype that Python floats and lists of them become: float32 unless set otherwise.

    >>> get_default_dtype()
    dtype('float32')
    """
    return _default_dtype


def set_default_dtype(dtype: DTypeLike) -> None:
    """Set the floating dtype (float16, float32 or float64) that Python floats, lists and new parameters get.

    Raises:
        TypeError: when `dtype` is not a real floating dtype.

    >>> set_default_dtype(np.float64)
    >>> from autograd import Tensor
    >>> Tensor([1.0, 2.0]).dtype
    dtype('float64')
    >>> set_default_dtype(np.float32)
    """
    global _default_dtype
    new: np.dtype[Any] = np.dtype(dtype)
    if new.kind != "f":
        raise TypeError(f"the default dtype must be a floating dtype such as float32 or float64, not {new}")
    _default_dtype = new


_generator: np.random.Generator | None = None


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the generator that random layers and initialisers use when given none, and return it.

    >>> a = manual_seed(0).random()
    >>> a == manual_seed(0).random()
    True
    """
    global _generator
    _generator = np.random.default_rng(seed)
    return _generator


def default_generator() -> np.random.Generator:
    """Return the random generator that `manual_seed` seeds; it starts from fresh entropy.

    >>> _ = manual_seed(0)
    >>> default_generator() is default_generator()
    True
    """
    global _generator
    if _generator is None:
        _generator = np.random.default_rng()
    return _generator


class InplaceClock:
    """When memory was last changed in place through a Tensor.

    `now` counts such changes. A node is stamped with `now` when it saves values; as long as the clock still shows
    that time when its rules run, nothing can have changed, and backward compares just those two numbers. Otherwise it
    asks here about each saved array, which is known by the buffer at the root of its views.
    """

    __slots__ = ("_changes", "now")

    def __init__(self) -> None:
        self.now = 0
        self._changes: dict[int, tuple[int, tuple[CodeType, int], weakref.ref[Any]]] = {}

    def mark(self, array: Any) -> None:
        """Note that `array` (an ndarray, or a view of one) has just been written to, in the user's current line."""
        self.mark_all((array,))

    def mark_all(self, arrays: Iterable[Any]) -> None:
        """Note that arrays have just been written to, all by the same caller."""
        self.now += 1
        now, line, changes = self.now, _user_line(), self._changes
        for array in arrays:
            root = _root(array)
            known = changes.get(id(root))
            changes[id(root)] = (now, line, known[2] if known else self._forgetting(root))

    def _forgetting(self, root: Any) -> weakref.ref[Any]:
        """Return a reference to an array that forgets what is known of it once the array is gone."""
        changes, key = self._changes, id(root)
        return weakref.ref(root, lambda _: changes.pop(key, None))

    def changed_since(self, array: Any, stamp: int) -> str | None:
        """Return the source line that wrote to `array` after `stamp`, or None if nothing did."""
        if not hasattr(array, "base"):  # numbers cannot change
            return None
        when, (code, line), _ = self._changes.get(id(_root(array)), _NEVER)
        return f"{code.co_filename}:{line}" if when > stamp else None


def _root(array: Any) -> Any:
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def _user_line() -> tuple[CodeType, int]:
    """Return the code and the line of the innermost caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "autograd":
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


_NEVER: Any = (-1, (_user_line.__code__, 0), None)
clock = InplaceClock()
