"""Random numbers in a function that is run several times: every run gets the same ones."""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.modes import default_generator
from autograd.tensor import Tensor

_Source = tuple[Callable[[], Any], Callable[[Any], None]]  # how to get and how to set a generator's state

_KINDS = (np.random.Generator, np.random.RandomState, random.Random)
_PLAIN = frozenset([type(None), bool, int, float, complex, str, np.ndarray, Tensor])  # which hold no generators


class Randomness:
    """The random generators that a function may draw from, and where they stood: each run gets the same numbers.

    They are the library's default one, NumPy's global one, Python's, and those in the function and its arguments: in
    closures, defaults, globals that it names, containers, and attributes of what can be called, such as layers.

    Attributes:
        drawn: whether the function has drawn from any; known after `look`.
    """

    def __init__(self, around: Any) -> None:
        found = {id(g): g for g in (default_generator(), *_generators(around))}
        self._sources: list[_Source] = [
            (np.random.get_state, np.random.set_state),
            (random.getstate, random.setstate),
            *map(_source, found.values()),
        ]
        self._states = [get() for get, _ in self._sources]
        self.drawn = False

    def look(self) -> None:
        """Find out which generators the function has drawn from; the others need not be set back."""
        pairs = list(zip(self._sources, self._states, strict=True))
        used = [(source, state) for source, state in pairs if not _equal(source[0](), state)]
        self._sources, self._states = [source for source, _ in used], [state for _, state in used]
        self.drawn = bool(used)

    def rewind(self) -> None:
        """Set the generators back."""
        self._set(self._states)

    def _set(self, states: list[Any]) -> None:
        for (_, put), state in zip(self._sources, states, strict=True):
            put(state)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Set the generators back in the end."""
        try:
            yield
        finally:
            self.rewind()

    @contextmanager
    def replayed(self) -> Iterator[None]:
        """Set the generators back, and in the end to where they are now."""
        now = [get() for get, _ in self._sources]
        self.rewind()
        try:
            yield
        finally:
            self._set(now)


def _source(generator: Any) -> _Source:
    if isinstance(generator, random.Random):
        return generator.getstate, generator.setstate
    if isinstance(generator, np.random.RandomState):
        return generator.get_state, generator.set_state
    bits = generator.bit_generator
    return lambda: bits.state, lambda state: setattr(bits, "state", state)


def _generators(around: Any) -> list[Any]:
    """Return the generators in functions, containers and callable objects."""
    found: list[Any] = []
    seen: set[int] = set()
    stack = [around]
    while stack:
        x = stack.pop()
        if x.__class__ in _PLAIN or id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, _KINDS):
            found.append(x)
        else:
            stack += _inside(x)
    return found


def _inside(x: Any) -> Iterable[Any]:
    """Return what may hold a generator in a function, a container or a callable object; nothing for anything else."""
    if isinstance(x, list | tuple):
        return x
    if isinstance(x, dict):
        return x.values()
    if inspect.isfunction(x):
        return (*_named(x), *(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values())
    if inspect.ismethod(x):
        return (x.__self__, x.__func__)
    if isinstance(x, functools.partial):
        return (x.func, x.args, x.keywords)
    return getattr(x, "__dict__", {}).values() if callable(x) and not isinstance(x, type) else ()


def _named(function: Any) -> Iterator[Any]:
    """Yield the values of a function's closure, and the generators among the globals that it names."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a variable that has no value yet
            continue
    named = (function.__globals__.get(name) for name in function.__code__.co_names)
    yield from (x for x in named if isinstance(x, _KINDS))


def _equal(one: Any, other: Any) -> bool:
    """Return whether two states of a generator are the same."""
    if isinstance(one, dict):
        return all(_equal(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple) and any(isinstance(item, np.ndarray) for item in one):
        return all(map(_equal, one, other))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)
