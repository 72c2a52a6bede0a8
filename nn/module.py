"""Parameters and modules: the named, nested, trainable state of a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn.hooks import ModuleHooks, RemovableHandle, call_with_hooks
from nn.parameter import Parameter
from nn.state import IncompatibleKeys, ModuleState, State

__all__ = [
    "IncompatibleKeys",
    "Module",
    "Parameter",
    "RemovableHandle",
    "State",
    "as_floating",
    "check_size",
    "forget_gradient",
    "functional_call",
]

T = TypeVar("T")


class Module(ModuleHooks, ModuleState):
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

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the module's own records, so that a subclass need not call `super().__init__()`."""
        module = super().__new__(cls)
        hooks: dict[str, Any] = {"_forward_pre_hooks": {}, "_forward_hooks": {}, "_backward_pre_hooks": {}}
        vars(module).update(training=True, _buffers={}, _backward_hooks={}, _state_hooks={}, **hooks)
        return module

    # --- calling ----------------------------------------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines this.

        Raises:
            NotImplementedError: when the subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define what calling it computes")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` and the hooks around it, and note the call in the graph."""
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
            args, kwargs, output = call_with_hooks(self, args, kwargs)
        else:
            output = self.forward(*args, **kwargs)
        autograd.annotate(self, (args, kwargs), output)
        return output

    # --- registration -----------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        held = vars(self).get(name)
        for kind in (Parameter, Module, Tensor if name in self._buffers else Parameter):
            if isinstance(held, kind) and not (value is None or isinstance(value, kind)):
                raise TypeError(
                    f"{type(self).__name__}.{name} is a {kind.__name__} and can only become another one or None, "
                    f"not {type(value).__name__}; to overwrite its values, write {name}[...] = values in no_grad()"
                )
        if isinstance(value, Parameter):
            self._buffers.pop(name, None)
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

        It takes the place of a buffer that has the name; a Tensor that is assigned to the attribute does so, too.

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
        held = vars(self).get(name) if isinstance(name, str) else None
        replaced = isinstance(held, kind) and (kind is Module or name in self._buffers)
        if not replaced and (held is not None or name not in vars(self)):
            self._check_name(name)
        setattr(self, name, value)

    def _check_name(self, name: Any) -> None:
        """Raise unless `name` may become an attribute."""
        if not isinstance(name, str):
            raise TypeError(f"the name of an attribute must be a string, not {type(name).__name__} {name!r:.60}")
        if not name or "." in name:
            raise KeyError(f"{name!r} is no name for an attribute: it must not be empty or have a dot")
        if hasattr(self, name):
            raise KeyError(f"{type(self).__name__} already has an attribute {name!r}")

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

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter of a dotted name.

        Raises:
            AttributeError: when there is none.

        >>> import nn
        >>> nn.Sequential(nn.Linear(3, 2)).get_parameter("0.weight").shape
        (2, 3)
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        parameter = vars(module).get(name)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"no parameter {target!r}: {type(module).__name__} has no parameter {name!r}")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer of a dotted name.

        Raises:
            AttributeError: when there is none.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        buffer = vars(module).get(name)
        if name not in module._buffers or buffer is None:
            raise AttributeError(f"no buffer {target!r}: {type(module).__name__} has no buffer {name!r}")
        return buffer  # type: ignore[no-any-return]

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module in the place of a dotted name, where there may be another one.

        Args:
            target: the dotted name.
            module: what is put there.
            strict: only in place of another one.

        Raises:
            ValueError: when `target` is empty, or `module` no Module.
            AttributeError: when the name leads nowhere, with `strict` also when there is no module, or to something
                that is no module.

        >>> import nn
        >>> net = nn.Sequential(nn.Sequential(nn.ReLU()))
        >>> net.set_submodule("0.0", nn.Tanh())
        >>> net.get_submodule("0.0")
        Tanh()
        """
        path, _, name = target.rpartition(".")
        if not name or not isinstance(module, Module):
            raise ValueError(
                f"set_submodule takes the name of a module and a Module, not {target!r} and {module!r:.60}"
            )
        outer = self.get_submodule(path)
        held = vars(outer).get(name)
        if not isinstance(held, Module) and (strict or held is not None):
            raise AttributeError(f"no module {target!r}: {type(outer).__name__} has no module {name!r}")
        setattr(outer, name, module)

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

    def to(self, dtype: DTypeLike | Tensor) -> Self:
        """Convert all floating parameters, their gradients, and floating buffers, in place; return self.

        Args:
            dtype: a floating dtype, or a Tensor that has it.

        Raises:
            TypeError: when `dtype` is not floating.

        >>> import nn
        >>> nn.Linear(3, 2).to(np.float64).weight.dtype
        dtype('float64')
        """
        new = dtype.dtype if isinstance(dtype, Tensor) else np.dtype(dtype)
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

    def _children_lines(self) -> list[str]:
        """Return what `repr` shows of the modules inside."""
        return [f"({name}): {module!r}" for name, module in self._own(Module)]

    def __repr__(self) -> str:
        lines, extra = self._children_lines(), self.extra_repr()
        if not lines and "\n" not in extra:
            return f"{type(self).__name__}({extra})"
        lines = [extra, *lines] if extra else lines
        return f"{type(self).__name__}(\n  " + "\n".join(lines).replace("\n", "\n  ") + "\n)"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name[:1].isdigit()]


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _unique(named: Iterator[tuple[str, T]], remove_duplicate: bool) -> Iterator[tuple[str, T]]:
    """Yield each value once (known by identity), under its first name."""
    seen: set[int] = set()
    for name, value in named:
        if id(value) not in seen or not remove_duplicate:
            seen.add(id(value))
            yield name, value


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
