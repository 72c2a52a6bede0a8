"""Parametrizations: a module's tensor computed from others, which are trained in its place."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import autograd
from autograd import Tensor
from nn.containers import ModuleDict
from nn.module import Module, Parameter

_cache: dict[tuple[int, str], Tensor] | None = None  # in `cached()`: by module and name


@contextmanager
def cached() -> Iterator[None]:
    """Compute every parametrization at most once inside, where a tensor is used several times.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    >>> with cached():
    ...     layer.weight is layer.weight
    True
    """
    global _cache
    before = _cache
    _cache = {} if before is None else before
    try:
        yield
    finally:
        _cache = before


class ParametrizationList(Module):
    """The parametrizations of one tensor, "0", "1", ..., and what it is computed from.

    That is `original`, or where the first one's `right_inverse` returns several, `original0`, `original1`, ...

    Args:
        modules: the parametrizations, in the order in which they are applied.
        original: the tensor before; where one is enough, it stays the same Parameter, with new values.
        unsafe: do not check that shape and dtype stay the same.

    Raises:
        ValueError: when a parametrization changes shape or dtype, or returns something else than Tensors.
    """

    original: Tensor
    unsafe: bool
    is_tensor: bool
    ntensors: int

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("a ParametrizationList needs at least one parametrization")
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with autograd.no_grad():
            for module in reversed(modules):
                new = _inverted(module, new)
        self.is_tensor = isinstance(new, Tensor)
        parts = [new] if isinstance(new, Tensor) else list(new) if isinstance(new, Sequence) else None
        if parts is None or not all(isinstance(part, Tensor) for part in parts):
            raise ValueError(f"right_inverse must return a Tensor or a sequence of Tensors, not {type(new).__name__}")
        self.ntensors = len(parts)
        if self.is_tensor:
            _require_like(new, new.shape, dtype, "right_inverse")
            _write(original, new)
            _place(self, "original", original)
        else:
            for i, part in enumerate(parts):
                trained = isinstance(original, Parameter)
                value = part.copy().detach()
                _place(self, f"original{i}", Parameter(value, original.requires_grad) if trained else value)
        self.extend(modules)
        if not unsafe:
            with autograd.no_grad():
                _require_like(self(), shape, dtype, "a parametrization")

    def extend(self, modules: Iterable[Module]) -> None:
        """Apply further parametrizations after those that there are."""
        for module in modules:
            self.add_module(str(len(self)), module)

    def __len__(self) -> int:
        return len(list(self.named_children()))

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]

    def originals(self) -> list[Tensor]:
        """Return what the tensor is computed from."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Tensor:
        """Return the tensor."""
        first, *others = self
        x = first(*self.originals())
        for module in others:
            x = module(x)
        return x  # type: ignore[no-any-return]

    def right_inverse(self, value: Tensor) -> None:
        """Change what the tensor is computed from, in place, so that it becomes `value`.

        Raises:
            RuntimeError: when a parametrization has no `right_inverse`.
            ValueError: when what one returns does not fit.
        """
        new: Any = value
        with autograd.no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse")
                new = module.right_inverse(new)
        parts = [new] if isinstance(new, Tensor) else list(new)
        originals = self.originals()
        if len(parts) != len(originals):
            raise ValueError(f"right_inverse must return {len(originals)} Tensors, not {len(parts)}")
        for original, part in zip(originals, parts, strict=True):
            _require_like(part, part.shape, original.dtype, "right_inverse")
        for original, part in zip(originals, parts, strict=True):
            _write(original, part)


def _inverted(module: Module, value: Any) -> Any:
    """Return what a parametrization needs to give `value`; where it does not say, that is `value`."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


def _require_like(value: Any, shape: tuple[int, ...], dtype: Any, what: str) -> None:
    """Raise a ValueError unless `value` is a Tensor of a shape and dtype."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{what} must return a Tensor, not {type(value).__name__}")
    if value.dtype != dtype:
        raise ValueError(f"{what} must not change the dtype {dtype} to {value.dtype}, unless unsafe=True")
    if value.shape != shape:
        raise ValueError(f"{what} must not change the shape {shape} to {value.shape}, unless unsafe=True")


def _write(tensor: Tensor, value: Tensor) -> None:
    """Give a Tensor new values, which may have another shape; it stays the same object."""
    with autograd.no_grad():
        if value.shape == tensor.shape:
            tensor[...] = value
        else:
            tensor.grad = None
            tensor.data = value.data.copy()


def _place(module: Module, name: str, tensor: Tensor) -> None:
    """Make a Tensor a parameter or a buffer of a module."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


# --- the module's class -----------------------------------------------------------------------------------------------


@functools.cache
def _parametrized(cls: type[Module], names: frozenset[str]) -> type[Module]:
    """Return a subclass whose attributes of some names are computed when they are read, in a call of it only once."""
    attributes: dict[str, Any] = {name: _computed(name) for name in names}

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        before, self._computed = self._computed, {}
        try:
            return cls.__call__(self, *args, **kwargs)
        finally:
            self._computed = before

    attributes |= {"_is_parametrized": True, "_computed": None, "__call__": call}
    return type(f"Parametrized{cls.__name__}", (cls,), attributes)


def _computed(name: str) -> property:
    """Return an attribute that is computed by its parametrizations when it is read."""

    def read(self: Any) -> Tensor:
        cache = self._computed if _cache is None else _cache
        if cache is None:
            return self.parametrizations[name]()  # type: ignore[no-any-return]
        if (id(self), name) not in cache:
            cache[id(self), name] = self.parametrizations[name]()
        return cache[id(self), name]  # type: ignore[no-any-return]

    def write(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)
        for cache in (self._computed, _cache):
            if cache is not None:
                cache.pop((id(self), name), None)

    return property(read, write)


def _update_class(module: Module) -> None:
    """Give a module the class that computes what is parametrized, or its own one where nothing is."""
    cls = type_before_parametrizations(module)
    names = frozenset(name for name, _ in _lists(module).named_children())
    module.__class__ = _parametrized(cls, names) if names else cls  # type: ignore[arg-type]


def _lists(module: Module) -> ModuleDict:
    """Return the parametrizations of a module by the name of the tensor; none where it has none."""
    found = vars(module).get("parametrizations")
    return found if isinstance(found, ModuleDict) else ModuleDict()


def _list(module: Module, tensor_name: str) -> ParametrizationList:
    return _lists(module)[tensor_name]  # type: ignore[return-value]


def type_before_parametrizations(module: Module) -> type[Module]:
    """Return the class that a module had before it was parametrized.

    >>> import nn
    >>> type_before_parametrizations(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))).__name__
    'Linear'
    """
    cls = type(module)
    return cls.__bases__[0] if cls.__dict__.get("_is_parametrized") else cls


# --- registering and removing -----------------------------------------------------------------------------------------


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Return whether a tensor of a module, or any, is parametrized.

    >>> import nn
    >>> is_parametrized(nn.Linear(2, 2))
    False
    """
    lists = _lists(module)
    return len(lists) > 0 if tensor_name is None else tensor_name in lists


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of a module by another module, from something that takes its place.

    From now on `module.<tensor_name>` is `parametrization(original)`, computed when it is read (unlike in PyTorch only
    once in a call of the module), where `original` is `module.parametrizations.<tensor_name>.original`. Further
    parametrizations apply to the result of those before. Writing to the attribute needs their `right_inverse`, which
    also gives the first value of `original`; where it returns several Tensors, these are `original0`, `original1`, ...,
    which have to be given to the optimizer anew.

    Args:
        module: what has the tensor.
        tensor_name: the name of a parameter or buffer.
        parametrization: computes the tensor; has a `right_inverse`, or else its inverse counts as the identity.
        unsafe: do not check that shape and dtype stay the same.

    Returns:
        The module, of a class that derives from its own.

    Raises:
        ValueError: when the module has no such tensor, or shape or dtype do not stay the same.

    >>> import nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return autograd.triu(x) + autograd.triu(x, 1).T
    >>> layer = register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original']
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        _append(_list(module, tensor_name), parametrization, unsafe)
        return module
    original = vars(module).get(tensor_name)
    if not (isinstance(original, Parameter) or (isinstance(original, Tensor) and tensor_name in module._buffers)):
        raise ValueError(f"{type(module).__name__} has no parameter or buffer {tensor_name!r} to parametrize")
    computed = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    lists = _lists(module)
    lists.add_module(tensor_name, computed)
    module.parametrizations = lists  # type: ignore[attr-defined]
    _update_class(module)
    return module


def _append(computed: ParametrizationList, parametrization: Module, unsafe: bool) -> None:
    """Add one more parametrization, after checking that it fits those before."""
    if not unsafe:
        with autograd.no_grad():
            before = computed()
            _require_like(parametrization(before), before.shape, before.dtype, "a parametrization")
            _require_like(_inverted(parametrization, before), before.shape, before.dtype, "right_inverse")
    computed.extend([parametrization])
    computed.unsafe = computed.unsafe or unsafe


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary one again.

    Args:
        module: what has the tensor.
        tensor_name: its name.
        leave_parametrized: with the value that it has; else with that of `original`, if there is one only.

    Returns:
        The module.

    Raises:
        ValueError: when the tensor is not parametrized, or is to become one of several originals.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    >>> remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{type(module).__name__} has no parametrization of {tensor_name!r}")
    lists = _lists(module)
    computed = _list(module, tensor_name)
    if not computed.is_tensor and not leave_parametrized:
        raise ValueError(
            f"{tensor_name!r} is computed from {computed.ntensors} Tensors and cannot become one of them: "
            "leave_parametrized must be True"
        )
    originals = computed.originals()
    tensor = originals[0]
    if leave_parametrized:
        with autograd.no_grad():
            value = computed()
        if computed.is_tensor:
            _write(tensor, value)
        else:
            trained = isinstance(tensor, Parameter)
            tensor = Parameter(value, any(t.requires_grad for t in originals)) if trained else value.detach()
    delattr(lists, tensor_name)
    if not len(lists):
        delattr(module, "parametrizations")
    _update_class(module)
    _place(module, tensor_name, tensor)
    return module
