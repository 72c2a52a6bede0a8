"""Modules in a row: a list of them, and a network in which each takes the output of the one before."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from nn.module import Module


class ModuleSequence(Module):
    """What `Sequential` and `ModuleList` share: their modules by number."""

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self._own(Module))

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return self._slice(index)
        return self._item(index)[1]

    def _slice(self, index: slice) -> Self:
        return type(self)(list(self)[index])

    def _item(self, index: int) -> tuple[str, Module]:
        """Return the name and the module of a number, negative ones from the end."""
        items = list(self._own(Module))
        number = operator.index(index)
        if not -len(items) <= number < len(items):
            raise IndexError(f"index {number} is out of range: this {type(self).__name__} has {len(items)} modules")
        return items[number]

    def __setitem__(self, index: int, module: Module) -> None:
        self._check(module)
        setattr(self, self._item(index)[0], module)

    def __delitem__(self, index: int | slice) -> None:
        items = list(self._own(Module))
        gone = items[index] if isinstance(index, slice) else [self._item(index)]
        names = {name for name, _ in gone}
        self._renumber([module for name, module in items if name not in names])

    def append(self, module: Module) -> Self:
        """Put a module at the end; return self.

        Raises:
            TypeError: when it is not a module.
        """
        self._check(module)
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Put modules at the end; return self.

        Raises:
            TypeError: when `modules` is not iterable, or something in it is not a module.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(f"{type(self).__name__}.extend() takes modules in an iterable, not {modules!r:.60}")
        for module in list(modules):  # a list, for a container may be extended by itself
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`; return self.

        Raises:
            TypeError: when it is not a module.
            IndexError: when there is no such place.
            KeyError: when modules have names other than "0", "1", ..., which would be lost.
        """
        self._check(module)
        items = dict(self._own(Module))
        if not -len(items) <= index <= len(items):
            raise IndexError(f"index {index} is out of range: this {type(self).__name__} has {len(items)} modules")
        if list(items) != [str(i) for i in range(len(items))]:
            raise KeyError(f"insert() numbers the modules, but these have names: {list(items)}")
        modules = list(items.values())
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int | slice) -> Module:
        """Take out a module, or those of a slice, and return it; those that stay are numbered anew.

        Raises:
            IndexError: when there is none.
        """
        module = self[index]
        del self[index]
        return module

    def _check(self, module: Any) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__} takes modules, not {type(module).__name__} {module!r:.60}")

    def _renumber(self, modules: list[Module]) -> None:
        """Have these modules, called "0", "1", ..., in place of those that there are."""
        for name, _ in list(self._own(Module)):
            delattr(self, name)
        for i, module in enumerate(modules):
            setattr(self, str(i), module)


class Sequential(ModuleSequence):
    """Modules one after the other: each takes the output of the one before.

    Lists' methods change it: `append`, `extend`, `insert`, `pop`, `net[i] = module`, `del net[i]`, and `net1 + net2`,
    `net * 3` make new ones, which share the modules. What deletes or inserts numbers the modules anew, as in PyTorch.

    Args:
        *modules: the modules, called "0", "1", ...; or one dict of modules by name.

    Raises:
        TypeError: when something is not a module.

    >>> import nn
    >>> net = Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> net
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    >>> list(net.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> net[1:]
    Sequential(
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def forward(self, input: Any) -> Any:
        """Return the output of the last module; without modules, the input."""
        for module in list(vars(self).values()):
            if isinstance(module, Module):
                input = module(input)
        return input

    def _slice(self, index: slice) -> Self:
        return type(self)(dict(list(self._own(Module))[index]))

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_sequential(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(_sequential(other))

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*list(self) * _factor(times))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (_factor(times) - 1))


def _sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"a Sequential can be joined with another one, not with {type(other).__name__}; use extend()")
    return other


def _factor(times: Any) -> int:
    if not isinstance(times, int):
        raise TypeError(f"a Sequential can be multiplied with an int, not with {type(times).__name__}")
    if times < 1:
        raise ValueError(f"a Sequential can be multiplied with 1 or more, not {times}")
    return times


class ModuleList(ModuleSequence):
    """A list whose modules belong to the module that it is an attribute of.

    It is not called itself: the module's `forward` says what is done with the modules. Python's list methods `append`,
    `extend`, `insert`, `pop`, `+`, indexing and slicing are there.

    Args:
        modules: the modules, called "0", "1", ...

    Raises:
        TypeError: when something is not a module.

    >>> import nn
    >>> class Deep(nn.Module):
    ...     def __init__(self, layers):
    ...         self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(layers))
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = x + nn.functional.relu(layer(x))
    ...         return x
    >>> Deep(6)
    Deep(
      (layers): ModuleList(
        (0-5): 6 x Linear(in_features=8, out_features=8, bias=True)
      )
    )
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(() if modules is None else modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(itertools.chain(self, other))

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def _children_lines(self) -> list[str]:
        """Return the lines of `repr`: equal modules in a row as one."""
        lines, first = [], 0
        for shown, equal in itertools.groupby(map(repr, self)):
            count = sum(1 for _ in equal)
            lines.append(f"({first}): {shown}" if count == 1 else f"({first}-{first + count - 1}): {count} x {shown}")
            first += count
        return lines
