"""Modules by name."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from nn.module import Module


class ModuleDict(Module):
    """A dict whose modules belong to the module that it is an attribute of, in the order in which they were put in.

    Args:
        modules: modules by name: a dict, another ModuleDict, or pairs (name, module).

    Raises:
        TypeError: when something is not a module, or a name not a string.
        KeyError: when a name is empty, has a dot, or is that of an attribute, as "keys" or "training".

    >>> import nn
    >>> paths = ModuleDict({"direct": nn.Identity(), "relu": nn.ReLU()})
    >>> paths
    ModuleDict(
      (direct): Identity()
      (relu): ReLU()
    )
    >>> list(paths), "relu" in paths, paths["relu"]
    (['direct', 'relu'], True, ReLU())
    """

    def __init__(self, modules: Mapping[str, Module] | ModuleDict | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(() if modules is None else modules)

    def __getitem__(self, name: str) -> Module:
        module = vars(self).get(name)
        if not isinstance(module, Module):
            raise KeyError(name)
        return module

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict takes modules, not {type(module).__name__} {module!r:.60} as {name!r}")
        if name in self:
            setattr(self, name, module)
        else:
            self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        delattr(self, name)

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return isinstance(vars(self).get(name), Module)  # type: ignore[call-overload]

    def clear(self) -> None:
        """Take out all modules."""
        for name in list(self):
            del self[name]

    def pop(self, name: str) -> Module:
        """Take out the module of a name and return it.

        Raises:
            KeyError: when there is none.
        """
        module = self[name]
        del self[name]
        return module

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return dict(self._own(Module)).keys()

    def items(self) -> ItemsView[str, Module]:
        """Return pairs (name, module)."""
        return dict(self._own(Module)).items()

    def values(self) -> ValuesView[Module]:
        """Return the modules."""
        return dict(self._own(Module)).values()

    def update(self, modules: Mapping[str, Module] | ModuleDict | Iterable[tuple[str, Module]]) -> None:
        """Put in modules by name, in place of those that have the same names.

        Raises:
            TypeError, ValueError: when `modules` is neither a mapping nor pairs.
        """
        for name, module in pairs_of(modules, "ModuleDict"):
            self[name] = module


def pairs_of(entries: Any, who: str) -> list[tuple[str, Any]]:
    """Return the pairs (name, value) of a mapping, or of an iterable of such pairs.

    Raises:
        TypeError: when it, or something in it, is not iterable.
        ValueError: when something in it has not two elements.

    >>> pairs_of({"a": 1}, "ModuleDict")
    [('a', 1)]
    """
    if hasattr(entries, "items") and hasattr(entries, "keys"):
        return list(entries.items())
    if not isinstance(entries, Iterable):
        raise TypeError(f"{who}.update() takes a dict or pairs (name, value), not {type(entries).__name__}")
    pairs = []
    for i, pair in enumerate(entries):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{who}.update(): element {i} must be a pair (name, value), not {type(pair).__name__}")
        members = tuple(pair)
        if len(members) != 2:
            raise ValueError(f"{who}.update(): element {i} must be a pair (name, value), but has length {len(members)}")
        pairs.append(members)
    return pairs
