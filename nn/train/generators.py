"""The random generators of a training: found, and their states taken and put back."""

from __future__ import annotations

import contextlib
import functools
import inspect
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

_KINDS = (np.random.Generator, np.random.RandomState, random.Random)
_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.ndarray, np.generic, Tensor, type)


class Generators:
    """The random generators that a training may draw from.

    They are the library's default one, NumPy's global one, Python's, and all that can be reached from some objects:
    through attributes, containers, closures and defaults of functions. Each is known by the first way that leads to it.

    Args:
        **roots: the objects, by name.

    >>> import nn
    >>> layer = nn.Dropout(generator=np.random.default_rng(0))
    >>> generators = Generators(model=layer)
    >>> before = generators.state()
    >>> list(before)
    ['default', 'numpy', 'python', 'model.generator']
    >>> x = layer(np.ones(9))
    >>> generators.set_state(before)
    >>> bool((layer(np.ones(9)) == x).all())
    True
    """

    def __init__(self, **roots: Any) -> None:
        self._roots = roots
        self._found = _reachable(roots)

    def state(self) -> dict[str, Any]:
        """Return the states by name, as a tree that a checkpoint can hold."""
        states = {
            "default": autograd.default_generator().bit_generator.state,
            "numpy": np.random.get_state(legacy=False),  # noqa: NPY002 - users' code may draw from it
            "python": _python_state(random.getstate()),
        }
        return states | {name: _state(generator) for name, generator in self._found.items()}

    def set_state(self, states: Any) -> None:
        """Put the generators into states that `state` returned.

        Raises:
            ValueError: when they are those of other generators.
        """
        own = {"default", "numpy", "python", *self._found}
        if not isinstance(states, dict) or states.keys() != own:
            other = own ^ set(states)
            raise ValueError(f"random generators {sorted(map(str, other))[:5]} are there or in the checkpoint only")
        for name, state in states.items():
            try:
                self._set(name, state)
            except (TypeError, ValueError, KeyError, OverflowError, IndexError, AttributeError) as error:
                raise ValueError(f"the random generator {name!r} cannot take on its saved state: {error}") from error

    def _set(self, name: str, state: Any) -> None:
        generator = self._found.get(name)
        if name == "numpy":
            np.random.set_state(state)  # noqa: NPY002
        elif name == "python" or isinstance(generator, random.Random):
            (random if generator is None else generator).setstate(_python_state(state))
        elif isinstance(generator, np.random.RandomState):
            generator.set_state(state)
        else:
            (generator or autograd.default_generator()).bit_generator.state = state


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return _python_state(generator.getstate())
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def _python_state(state: Any) -> tuple[Any, Any, Any]:
    """Return the state of Python's generator with its numbers in an array, or the other way round."""
    version, numbers, gauss = state
    other = tuple(map(int, numbers)) if isinstance(numbers, np.ndarray) else np.array(numbers, np.uint32)
    return version, other, gauss


def _reachable(roots: dict[str, Any]) -> dict[str, Any]:
    """Return the generators by the way to them, shorter ways first; the default one and Python's are left out."""
    found: dict[str, Any] = {}
    # What is looked at is kept alive, so that no two things have one identity.
    seen: dict[int, Any] = {id(x): x for x in (autograd.default_generator(), getattr(random, "_inst", None))}
    ways = list(roots.items())
    while ways:
        further: list[tuple[str, Any]] = []
        for way, thing in ways:
            if isinstance(thing, _PLAIN) or id(thing) in seen:
                continue
            seen[id(thing)] = thing
            if isinstance(thing, _KINDS):
                found[way] = thing
            else:
                further += ((f"{way}.{name}", inner) for name, inner in _inside(thing))
        ways = further
    return found


def _inside(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield what may hold a generator in a thing, with its name."""
    if isinstance(thing, dict):
        yield from ((str(key), value) for key, value in thing.items() if isinstance(key, str | int))
    elif isinstance(thing, list | tuple):
        yield from ((str(i), value) for i, value in enumerate(thing))
    elif isinstance(thing, functools.partial):
        yield from (("func", thing.func), ("args", thing.args), ("keywords", thing.keywords))
    elif inspect.ismethod(thing):
        yield "self", thing.__self__
    elif inspect.isfunction(thing):
        yield from (("defaults", thing.__defaults__), ("kwdefaults", thing.__kwdefaults__))
        for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or ()):
            with contextlib.suppress(ValueError):  # a variable that has no value yet
                yield name, cell.cell_contents
        for name in thing.__code__.co_names:
            if isinstance(value := thing.__globals__.get(name), _KINDS):
                yield name, value
    elif not inspect.ismodule(thing):
        yield from getattr(thing, "__dict__", {}).items()
        for kind in type(thing).__mro__:
            names = vars(kind).get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                if hasattr(thing, name) and not name.startswith("__"):
                    yield name, getattr(thing, name)
