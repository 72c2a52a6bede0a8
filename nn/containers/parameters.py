"""Parameters in a list, and by name."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, NoReturn, Self, overload

from autograd import Tensor
from nn.containers.mappings import pairs_of
from nn.module import Module, Parameter


class ParameterList(Module):
    """A list whose parameters belong to the module that it is an attribute of.

    Tensors that are put in become Parameters; anything else stays what it is and is no part of the state.

    Args:
        values: what is in it.

    Raises:
        TypeError: when `values` is not iterable or is one Tensor, or a Tensor is put in that is not floating.

    >>> weights = ParameterList([Tensor([1.0, 2.0]), Tensor([[3.0]])])
    >>> weights
    ParameterList(
        (0): Parameter containing: [float32 of size 2]
        (1): Parameter containing: [float32 of size 1x1]
    )
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._size = 0
        self.extend(() if values is None else values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return vars(self)[self._name(index)]

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _trained(value))

    def _name(self, index: int) -> str:
        """Return the attribute of a number, negative ones from the end."""
        number = operator.index(index)
        if not -len(self) <= number < len(self):
            raise IndexError(f"index {number} is out of range: this {type(self).__name__} has {len(self)} elements")
        return str(number % len(self))

    def append(self, value: Any) -> Self:
        """Put a value at the end, a Tensor as a Parameter; return self."""
        setattr(self, str(self._size), _trained(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Put values at the end; return self.

        Raises:
            TypeError: when `values` is not iterable, or is one Tensor.
        """
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(f"{type(self).__name__}.extend() takes an iterable of values, not {type(values).__name__}")
        for value in list(values):  # a list, for it may be extended by itself
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def extra_repr(self) -> str:
        """Return a line for each element."""
        return _described(enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"{type(self).__name__} is not to be called: it holds parameters and computes nothing")


class ParameterDict(Module):
    """A dict whose parameters belong to the module that it is an attribute of.

    Tensors that are put in become Parameters; anything else stays what it is and is no part of the state. As in
    PyTorch, what comes from a plain dict is put in sorted by name; from pairs, an OrderedDict or a ParameterDict in
    their order.

    Args:
        parameters: values by name: a dict, another ParameterDict, or pairs (name, value).

    Raises:
        TypeError: when a name is not a string, or a Tensor is put in that is not floating.
        KeyError: when a name is empty, has a dot, or is that of an attribute, as "keys" or "training".

    >>> weights = ParameterDict({"scale": Tensor([1.0]), "offset": Tensor(0.0)})
    >>> weights
    ParameterDict(
        (offset): Parameter containing: [float32 of size ]
        (scale): Parameter containing: [float32 of size 1]
    )
    >>> weights["scale"]
    Parameter([1.], requires_grad=True)
    """

    def __init__(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]] = ()) -> None:
        self._keys: dict[str, None] = {}
        self.update(() if parameters is None else parameters)

    def __getitem__(self, name: str) -> Any:
        if name not in self._keys:
            raise KeyError(name)
        return vars(self)[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self:
            self._check_name(name)
        setattr(self, name, _trained(value))
        self._keys[name] = None

    def __delitem__(self, name: str) -> None:
        del self._keys[name]
        delattr(self, name)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def copy(self) -> ParameterDict:
        """Return another dict of the same parameters."""
        return ParameterDict(self.items())

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, which where there is none is put in, as `default`."""
        if name not in self:
            self[name] = default
        return self[name]

    def clear(self) -> None:
        """Take out everything."""
        for name in list(self):
            del self[name]

    def pop(self, name: str) -> Any:
        """Take out the value of a name and return it.

        Raises:
            KeyError: when there is none.
        """
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take out the pair (name, value) that was put in last, and return it.

        Raises:
            KeyError: when there is none.
        """
        if not self._keys:
            raise KeyError("this ParameterDict is empty")
        name = next(reversed(self._keys))
        return name, self.pop(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, or `default` where there is none."""
        return vars(self)[name] if name in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a new dict in which every name has the value `default`."""
        return ParameterDict((name, default) for name in keys)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return pairs (name, value)."""
        return ((name, self[name]) for name in self._keys)

    def values(self) -> Iterable[Any]:
        """Return the values."""
        return (self[name] for name in self._keys)

    def update(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]]) -> None:
        """Put in values by name, in place of those that have the same names.

        Raises:
            TypeError, ValueError: when `parameters` is neither a mapping nor pairs.
        """
        pairs = pairs_of(parameters, "ParameterDict")
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            pairs.sort(key=operator.itemgetter(0))
        for name, value in pairs:
            self[name] = value

    def __or__(self, other: ParameterDict) -> ParameterDict:
        copy = self.copy()
        copy.update(other)
        return copy

    def __ror__(self, other: Mapping[str, Any]) -> ParameterDict:
        return ParameterDict(other) | self

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self

    def extra_repr(self) -> str:
        """Return a line for each element."""
        return _described(self.items())

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"{type(self).__name__} is not to be called: it holds parameters and computes nothing")


def _trained(value: Any) -> Any:
    """Return a Tensor as a Parameter, anything else as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _described(items: Iterable[tuple[Any, Any]]) -> str:
    """Return the lines of `repr`: the dtype and shape of a parameter, the type of anything else."""
    lines = []
    for name, value in items:
        kind = f"Object of type: {type(value).__name__}"
        if isinstance(value, Tensor):
            kind = f"Parameter containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
        lines.append(f"  ({name}): {kind}")
    return "\n".join(lines)
