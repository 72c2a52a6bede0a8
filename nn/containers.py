"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from nn.module import Module


class Sequential(Module):
    """Modules one after the other: each takes the output of the one before.

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
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def forward(self, input: Any) -> Any:
        """Return the output of the last module; without modules, the input."""
        for module in self:
            input = module(input)
        return input

    def append(self, module: Module) -> Self:
        """Put a module at the end; return self.

        Raises:
            TypeError: when it is not a module.
        """
        if not isinstance(module, Module):
            raise TypeError(f"Sequential takes modules, not {type(module).__name__} {module!r:.60}")
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Put modules at the end; return self."""
        for module in modules:
            self.append(module)
        return self

    def __len__(self) -> int:
        return len(list(self._own(Module)))

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self._own(Module))

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        modules = dict(self._own(Module))
        if isinstance(index, slice):
            return Sequential(dict(list(modules.items())[index]))
        return list(modules.values())[index]
