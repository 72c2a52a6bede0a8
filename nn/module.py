"""Parameters and modules: the named, nested, trainable state of a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor

T = TypeVar("T")
State = dict[str, Tensor]


class Parameter(Tensor):
    """A Tensor that a module trains: assigned to an attribute of a `Module`, it is one of its parameters.

    Args:
        data: numbers, an array or a Tensor, whose memory it shares and whose history it forgets.
        requires_grad: whether `backward()` shall compute a gradient for it.

    Raises:
        TypeError: when a gradient is asked of integers or bools.

    >>> Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad=requires_grad)


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` did not find, and what it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class RemovableHandle:
    """Takes a hook away again."""

    def __init__(self, hooks: dict[object, Any], hook: Any) -> None:
        self._hooks = hooks
        hooks[self] = hook

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        self._hooks.pop(self, None)


class Module:
    """The base of all layers and networks: a callable with named parameters, buffers and inner modules.

    A subclass assigns `Parameter`s and other modules to attributes and defines `forward`. Calling the module runs
    `forward`, then the forward hooks, and notes the call in the graph so that drawings can frame it. Unlike in
    PyTorch, `super().__init__()` may be left out.

    Attributes:
        training: True after `train()`, the initial state, False after `eval()`; Dropout is among those who care.

    >>> import nn
    >>> class Affine(nn.Module):
    ...     def __init__(self):
    ...         self.scale = nn.Parameter([2.0])
    ...         self.shift = nn.Parameter([1.0])
    ...     def forward(self, x):
    ...         return x * self.scale + self.shift
    >>> affine = Affine()
    >>> affine(Tensor([3.0])).item()
    7.0
    >>> [name for name, _ in affine.named_parameters()]
    ['scale', 'shift']
    """

    training: bool
    _buffers: dict[str, bool]  # the attributes that are buffers -> whether they belong to the state_dict
    _forward_hooks: dict[object, Callable[..., Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the module's own records, so that a subclass need not call `super().__init__()`."""
        module = super().__new__(cls)
        vars(module).update(training=True, _buffers={}, _forward_hooks={})
        return module

    # --- calling ----------------------------------------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines this.

        Raises:
            NotImplementedError: when the subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define what calling it computes")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, then the forward hooks, and note the call in the graph."""
        output = self.forward(*args, **kwargs)
        for hook in list(self._forward_hooks.values()):
            result = hook(self, args, output)
            if result is not None:
                output = result
        autograd.annotate(self, (args, kwargs), output)
        return output

    def register_forward_hook(self, hook: Callable[[Any, tuple[Any, ...], Any], Any]) -> RemovableHandle:
        """Call `hook(module, args, output)` after every `forward`; what it returns, unless None, is the output instead.

        Returns:
            A handle whose `remove()` takes the hook away.

        >>> import nn
        >>> relu = nn.ReLU()
        >>> handle = relu.register_forward_hook(lambda module, args, output: output + 1)
        >>> relu(Tensor(-3.0)).item()
        1.0
        >>> handle.remove()
        """
        return RemovableHandle(self._forward_hooks, hook)

    # --- registration -----------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        held = vars(self).get(name)
        for kind in (Parameter, Module, Tensor if name in self._buffers else Parameter):
            if isinstance(held, kind) and not (value is None or isinstance(value, kind)):
                raise TypeError(
                    f"{type(self).__name__}.{name} is a {kind.__name__} and can only become another one or None, "
                    f"not {type(value).__name__}; to overwrite its values, write {name}[...] = values in no_grad()"
                )
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._buffers.pop(name, None)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the attribute `name`, as assigning it does; for names that are only known at run time.

        Raises:
            TypeError: when `param` is neither a Parameter nor None.
            KeyError: when the name is taken, empty, or has a dot.
        """
        self._register(name, param, Parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` the attribute `name` and a buffer: state that is saved and converted, but not trained.

        Args:
            name: the attribute.
            tensor: a Tensor, or None.
            persistent: whether it belongs to the `state_dict`.

        Raises:
            TypeError: when `tensor` is neither a Tensor nor None.
            KeyError: when the name is taken, empty, or has a dot.

        >>> module = Module()
        >>> module.register_buffer("steps", Tensor(0))
        >>> module.state_dict()
        {'steps': Tensor(0)}
        """
        self._register(name, tensor, Tensor)
        self._buffers[name] = persistent

    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the attribute `name`, as assigning it does; for names that are only known at run time.

        Raises:
            TypeError: when `module` is neither a Module nor None.
            KeyError: when the name is taken, empty, or has a dot.
        """
        self._register(name, module, Module)

    register_module = add_module

    def _register(self, name: str, value: Any, kind: type) -> None:
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name!r} must be a {kind.__name__} or None, not {type(value).__name__}")
        if not name or "." in name:
            raise KeyError(f"{name!r} is no name for an attribute: it must not be empty or have a dot")
        if hasattr(self, name):
            raise KeyError(f"{type(self).__name__} already has an attribute {name!r}")
        setattr(self, name, value)

    # --- what is in it ----------------------------------------------------------------------------------------------

    def _own(self, kind: type[T]) -> Iterator[tuple[str, T]]:
        """Yield the attributes that are of a kind."""
        return ((name, value) for name, value in vars(self).items() if isinstance(value, kind))

    def _own_buffers(self) -> Iterator[tuple[str, Tensor]]:
        return ((name, vars(self)[name]) for name in self._buffers if vars(self)[name] is not None)

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """Yield this module and all inside it, outer ones first, with their dotted names; its own is `prefix`.

        >>> import nn
        >>> [name for name, _ in nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())).named_modules()]
        ['', '0', '1', '1.0']
        """
        return _unique(self._walk(prefix), remove_duplicate)

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, child in self._own(Module):
            yield from child._walk(_joined(prefix, name))

    def modules(self) -> Iterator[Module]:
        """Yield this module and all inside it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules directly inside this one with their names."""
        return _unique(self._own(Module), True)

    def children(self) -> Iterator[Module]:
        """Yield the modules directly inside this one."""
        return (child for _, child in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters with their dotted names.

        Args:
            prefix: put before every name, with a dot.
            recurse: also those of the modules inside.
            remove_duplicate: a parameter that stands in two places only once, under its first name.

        >>> import nn
        >>> [(name, p.shape) for name, p in nn.Sequential(nn.Linear(3, 2)).named_parameters()]
        [('0.weight', (2, 3)), ('0.bias', (2,))]
        """
        return self._named(lambda module: module._own(Parameter), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the buffers with their dotted names; arguments as for `named_parameters`."""
        return self._named(Module._own_buffers, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(
        self, members: Callable[[Module], Iterator[tuple[str, T]]], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, T]]:
        modules = self.named_modules(prefix, remove_duplicate) if recurse else [(prefix, self)]
        everything = ((_joined(path, name), value) for path, module in modules for name, value in members(module))
        return _unique(everything, remove_duplicate)

    def get_submodule(self, target: str) -> Module:
        """Return the module of a dotted name; that of "" is this one.

        Raises:
            AttributeError: when there is none; says how far the name leads.

        >>> import nn
        >>> nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())).get_submodule("1.0")
        Tanh()
        """
        module = self
        for name in target.split(".") if target else ():
            inner = vars(module).get(name)
            if not isinstance(inner, Module):
                raise AttributeError(f"no module {target!r}: {type(module).__name__} has no module {name!r}")
            module = inner
        return module

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "") -> State:
        """Return the parameters and persistent buffers by dotted name, detached; they share the module's memory.

        >>> import nn
        >>> list(nn.Linear(3, 2).state_dict())
        ['weight', 'bias']
        """
        return {prefix + name: tensor.detach() for name, tensor in self._state()}

    def _state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Yield what belongs to the state, in PyTorch's order: parameters, buffers, then the modules inside."""
        yield from ((prefix + name, parameter) for name, parameter in self._own(Parameter))
        yield from ((prefix + name, buffer) for name, buffer in self._own_buffers() if self._buffers[name])
        for name, child in self._own(Module):
            yield from child._state(f"{prefix}{name}.")

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy values into the parameters and persistent buffers; each keeps its dtype. All of it, or nothing.

        Args:
            state_dict: Tensors or arrays by dotted name, as from `state_dict()`.
            strict: refuse missing and unexpected names.

        Returns:
            `missing_keys` and `unexpected_keys`.

        Raises:
            RuntimeError: when names do not match, or shapes or dtypes do not fit; lists every one.

        >>> import nn
        >>> layer = nn.Linear(2, 1)
        >>> layer.load_state_dict({"weight": [[1.0, 2.0]], "bias": [3.0]})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        >>> layer(Tensor([1.0, 1.0]))
        Tensor([6.], op=add)
        """
        own = dict(self._state())
        keys = IncompatibleKeys([k for k in own if k not in state_dict], [k for k in state_dict if k not in own])
        problems = [f"missing: {key}, of shape {own[key].shape}" for key in keys.missing_keys if strict]
        problems += [f"unexpected: {key}" for key in keys.unexpected_keys if strict]
        values = {}
        for name in own.keys() & state_dict.keys():
            try:
                values[name] = _fitting(state_dict[name], own[name])
            except (TypeError, ValueError) as error:
                problems.append(f"{name}: {error}")
        if problems:
            raise RuntimeError(f"cannot load the state of {type(self).__name__}:\n  " + "\n  ".join(sorted(problems)))
        with autograd.no_grad():
            for name, value in values.items():
                own[name][...] = value
        return keys

    # --- changing all of it -----------------------------------------------------------------------------------------

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module inside, then on this one; return self.

        >>> import nn
        >>> _ = nn.Sequential(nn.ReLU(), nn.Tanh()).apply(lambda module: print(type(module).__name__))
        ReLU
        Tanh
        Sequential
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training` on this module and all inside it; return self.

        Raises:
            ValueError: when `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"train() takes True or False, not {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False on this module and all inside it; return self."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            forget_gradient(parameter, set_to_none)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` on all parameters; return self."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def to(self, dtype: DTypeLike) -> Self:
        """Convert all floating parameters, their gradients, and floating buffers, in place; return self.

        Raises:
            TypeError: when `dtype` is not floating.

        >>> import nn
        >>> nn.Linear(3, 2).to(np.float64).weight.dtype
        dtype('float64')
        """
        new = np.dtype(dtype)
        if new.kind != "f":
            raise TypeError(f"modules are converted to floating dtypes such as np.float32, not to {new}")
        for tensor in (*self.parameters(), *self.buffers()):
            if tensor.dtype.kind == "f" and tensor.dtype != new:
                gradient, tensor.grad = tensor.grad, None
                tensor.data = tensor.data.astype(new)
                tensor.grad = None if gradient is None else gradient.astype(new)
        return self

    def half(self) -> Self:
        """Convert to float16, as `to` does."""
        return self.to(np.float16)

    def float(self) -> Self:
        """Convert to float32, as `to` does."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Convert to float64, as `to` does."""
        return self.to(np.float64)

    # --- printing ---------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what `repr` shows between the parentheses; subclasses define it."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {module!r}" for name, module in self._own(Module)]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        if self.extra_repr():
            lines.insert(0, self.extra_repr())
        return f"{type(self).__name__}(\n  " + "\n".join(lines).replace("\n", "\n  ") + "\n)"


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _unique(named: Iterator[tuple[str, T]], remove_duplicate: bool) -> Iterator[tuple[str, T]]:
    """Yield each value once (known by identity), under its first name."""
    seen: set[int] = set()
    for name, value in named:
        if id(value) not in seen or not remove_duplicate:
            seen.add(id(value))
            yield name, value


def _fitting(value: Any, own: Tensor) -> Tensor:
    """Return a value from a state dict as a Tensor, if it can be copied into `own`."""
    tensor = value if isinstance(value, Tensor) else Tensor(value if hasattr(value, "dtype") else np.asarray(value))
    if tensor.shape != own.shape:
        raise ValueError(f"has shape {tensor.shape}, but the module's has {own.shape}")
    if not np.can_cast(tensor.dtype, own.dtype, "same_kind"):
        raise TypeError(f"is {tensor.dtype}, which cannot become the module's {own.dtype}")
    return tensor.detach()


def forget_gradient(parameter: Tensor, set_to_none: bool) -> None:
    """Drop the gradient of a parameter, or if it has one set that to zero."""
    if set_to_none:
        parameter.grad = None
    elif parameter.grad is not None:
        parameter.grad = autograd.zeros_like(parameter)


def as_floating(x: Any, dtype: DTypeLike | None, who: str) -> Tensor:
    """Return floating input as a Tensor of a dtype, by default its own.

    Raises:
        TypeError: when it is not floating; names `who` was given it.

    >>> as_floating(np.array([1.0, 2.0]), np.float32, "Linear").dtype
    dtype('float32')
    """
    tensor = autograd.asarray(x)
    if tensor.dtype.kind != "f":
        raise TypeError(
            f"{who} takes floating input, not {tensor.dtype} of shape {tensor.shape}: convert it first, "
            "for example with x.astype(np.float32)"
        )
    return tensor if dtype is None or tensor.dtype == dtype else tensor.astype(dtype)


def check_size(value: Any, name: str, least: int = 1) -> int:
    """Return a size that a layer was given as an int.

    Raises:
        TypeError: when it is not an integer.
        ValueError: when it is below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return int(value)


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Tensor],
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Call a module with other Tensors in place of its parameters and buffers: a network as a pure function of these.

    Args:
        module: the module; it is as before afterwards.
        parameters_and_buffers: the Tensors to use, by dotted name; the module's own elsewhere.
        args: the arguments, a tuple or one Tensor.
        kwargs: the keyword arguments.

    Raises:
        AttributeError: when the module has no parameter or buffer of a name.

    >>> import nn
    >>> layer = nn.Linear(1, 1, bias=False)
    >>> functional_call(layer, {"weight": Tensor([[5.0]])}, Tensor([2.0]))
    Tensor([10.])
    """
    args = args if isinstance(args, tuple) else (args,)
    with contextlib.ExitStack() as stack:
        for name, tensor in parameters_and_buffers.items():
            path, _, attribute = name.rpartition(".")
            attributes = vars(module.get_submodule(path))
            if not isinstance(attributes.get(attribute), Tensor):
                raise AttributeError(f"{type(module).__name__} has no parameter or buffer {name!r}")
            stack.callback(attributes.__setitem__, attribute, attributes[attribute])
            attributes[attribute] = tensor
        return module(*args, **kwargs or {})
