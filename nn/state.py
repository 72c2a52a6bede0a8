"""The state of a module: its parameters and buffers by dotted name, given out and taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

import autograd
from autograd import Tensor
from nn.hooks import RemovableHandle
from nn.parameter import Parameter
from nn.torch_tensors import is_torch, tensor_from_torch

if TYPE_CHECKING:
    from nn.module import Module

State = dict[str, Tensor]


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` did not find, and what it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Place(NamedTuple):
    """Where a Tensor of the state is: an attribute of a module."""

    module: Module
    attribute: str

    @property
    def tensor(self) -> Tensor:
        """The Tensor that is there."""
        return vars(self.module)[self.attribute]  # type: ignore[no-any-return]


class ModuleState:
    """The part of `Module` that gives out and takes in its state."""

    _state_hooks: dict[str, dict[object, Callable[..., Any]]]

    def state_dict(self, *, destination: State | None = None, prefix: str = "", keep_vars: bool = False) -> State:
        """Return the parameters and persistent buffers by dotted name, detached; they share the module's memory.

        Args:
            destination: a dict to put them in, and return.
            prefix: put before every name.
            keep_vars: the parameters themselves, not detached.

        >>> import nn
        >>> list(nn.Linear(3, 2).state_dict())
        ['weight', 'bias']
        """
        state: State = {} if destination is None else destination
        _collect(cast("Module", self), state, prefix, keep_vars)
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into the parameters and persistent buffers; each keeps its dtype. All of it, or nothing.

        Args:
            state_dict: Tensors, arrays or PyTorch's tensors by dotted name, as from `state_dict()`.
            strict: refuse missing and unexpected names.
            assign: have the given Tensors, with their dtype and memory, in place of the module's own; optimizers that
                know the old parameters have to be made anew.

        Returns:
            `missing_keys` and `unexpected_keys`.

        Raises:
            TypeError: when `state_dict` is no dict.
            RuntimeError: when names do not match, or shapes or dtypes do not fit; lists every one.

        >>> import nn
        >>> layer = nn.Linear(2, 1)
        >>> layer.load_state_dict({"weight": [[1.0, 2.0]], "bias": [3.0]})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> layer(Tensor([1.0, 1.0]))
        Tensor([6.], op=linear)
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict takes a dict of Tensors by name, not {type(state_dict).__name__}; "
                "files are read by nn.weights.load(path)"
            )
        return _load(cast("Module", self), dict(state_dict), strict, assign)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` looks at this module; return a handle."""
        return self._register_state_hook("save_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` after this module's part is in the `state_dict`.

        Args:
            hook: takes the module, the dict, which it may change, the prefix of the module's names, and an empty dict.

        Returns:
            A handle whose `remove()` takes the hook away.

        >>> import nn
        >>> layer = nn.Linear(2, 1)
        >>> _ = layer.register_state_dict_post_hook(lambda module, state, prefix, _: state.pop(prefix + "bias"))
        >>> list(nn.Sequential(layer).state_dict())
        ['0.weight']
        """
        return self._register_state_hook("save", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before `load_state_dict` looks at this module, to adapt an old state for example.

        Args:
            hook: called as `hook(module, state_dict, prefix, metadata, strict, missing_keys, unexpected_keys,
                error_messages)`: a copy of the dict and lists, all of which it may change.

        Returns:
            A handle whose `remove()` takes the hook away.

        >>> import nn
        >>> layer = nn.Linear(1, 1, bias=False)
        >>> def rename(module, state, prefix, *_):
        ...     state[prefix + "weight"] = state.pop(prefix + "kernel")
        >>> _ = layer.register_load_state_dict_pre_hook(rename)
        >>> layer.load_state_dict({"kernel": [[1.0]]})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        """
        return self._register_state_hook("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after `load_state_dict`; it may change the lists of keys.

        With `strict`, what is left in these lists is an error; then everything is as before.
        """
        return self._register_state_hook("load", hook)

    def _register_state_hook(self, kind: str, hook: Callable[..., Any]) -> RemovableHandle:
        return RemovableHandle(self._state_hooks.setdefault(kind, {}), hook)


def _hooks(module: Module, kind: str) -> list[Callable[..., Any]]:
    return list(module._state_hooks.get(kind, {}).values())


# --- out --------------------------------------------------------------------------------------------------------------


def _own_places(module: Module) -> Iterator[str]:
    """Yield the attributes of a module that belong to the state: parameters, then buffers."""
    yield from (name for name, _ in module._own(Parameter))
    yield from (name for name, _ in module._own_buffers() if module._buffers[name])


def _children(module: Module) -> Iterator[tuple[str, Module]]:
    """Yield the modules directly inside one; a module that stands in two places twice."""
    return ((name, cast("Module", child)) for name, child in vars(module).items() if isinstance(child, ModuleState))


def _collect(module: Module, state: State, prefix: str, keep_vars: bool) -> None:
    """Put the state of a module into a dict, in PyTorch's order."""
    for hook in _hooks(module, "save_pre"):
        hook(module, prefix, keep_vars)
    for name in _own_places(module):
        tensor = vars(module)[name]
        state[prefix + name] = tensor if keep_vars else tensor.detach()
    for name, child in _children(module):
        _collect(child, state, f"{prefix}{name}.", keep_vars)
    for hook in _hooks(module, "save"):
        hook(module, state, prefix, {})


def _places(module: Module, prefix: str = "") -> Iterator[tuple[str, Place]]:
    """Yield where the Tensors of the state are, with their dotted names."""
    for name in _own_places(module):
        yield prefix + name, Place(module, name)
    for name, child in _children(module):
        yield from _places(child, f"{prefix}{name}.")


# --- in ---------------------------------------------------------------------------------------------------------------


def _load(module: Module, state: dict[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Load a state, or raise an error that lists everything that is wrong; see `Module.load_state_dict`."""
    keys = IncompatibleKeys([], [])
    problems: list[str] = []
    modules = list(module.named_modules(remove_duplicate=False))
    for path, inner in modules:
        for hook in _hooks(inner, "load_pre"):
            hook(inner, state, f"{path}." if path else "", {}, strict, *keys, problems)
    places = dict(_places(module))
    keys.missing_keys.extend(key for key in places if key not in state)
    keys.unexpected_keys.extend(key for key in state if key not in places)
    values: State = {}
    for name in (name for name in places if name in state):
        try:
            values[name] = _fitting(state[name], places[name].tensor)
        except (TypeError, ValueError) as error:
            problems.append(f"{name}: {error}")
    after = [(inner, hook) for _, inner in reversed(modules) for hook in _hooks(inner, "load")]
    if problems or not after:
        _refuse(module, problems + (_name_problems(keys, places) if strict else []))
    chosen = {name: places[name] for name in values}
    held = {name: place.tensor for name, place in chosen.items()}
    before = {name: tensor.detach().copy() for name, tensor in held.items()} if after and not assign else {}
    _put(chosen, values, assign)
    try:
        for inner, hook in after:
            hook(inner, keys)
        _refuse(module, _name_problems(keys, places) if strict and after else [])
    except BaseException:
        for name, (inner, attribute) in chosen.items():
            setattr(inner, attribute, held[name])
        _put({name: chosen[name] for name in before}, before, assign=False)
        raise
    return keys


def _name_problems(keys: IncompatibleKeys, places: Mapping[str, Place]) -> list[str]:
    shapes = {key: f", of shape {places[key].tensor.shape}" if key in places else "" for key in keys.missing_keys}
    return [f"missing: {key}{shapes[key]}" for key in keys.missing_keys] + [
        f"unexpected: {key}" for key in keys.unexpected_keys
    ]


def _refuse(module: Module, problems: list[str]) -> None:
    """Raise a RuntimeError that lists the problems, if there are any."""
    if problems:
        raise RuntimeError(f"cannot load the state of {type(module).__name__}:\n  " + "\n  ".join(sorted(problems)))


def _fitting(value: Any, own: Tensor) -> Tensor:
    """Return a value from a state dict as a Tensor, if it can be copied into `own`."""
    if is_torch(value):
        tensor = tensor_from_torch(value)
    elif isinstance(value, Tensor):
        tensor = value
    else:
        tensor = Tensor(value if hasattr(value, "dtype") else np.asarray(value))
    if tensor.shape != own.shape:
        raise ValueError(f"has shape {tensor.shape}, but the module's has {own.shape}")
    if not np.can_cast(tensor.dtype, own.dtype, "same_kind"):
        raise TypeError(f"is {tensor.dtype}, which cannot become the module's {own.dtype}")
    return tensor.detach()


def _put(places: Mapping[str, Place], values: State, assign: bool) -> None:
    """Copy values into the Tensors at some places, or have them there themselves."""
    with autograd.no_grad():
        for name, (module, attribute) in places.items():
            own = vars(module)[attribute]
            if not assign:
                own[...] = values[name]
            elif isinstance(own, Parameter):
                setattr(module, attribute, Parameter(values[name], own.requires_grad))
            else:
                setattr(module, attribute, values[name])
