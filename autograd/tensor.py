"""The Tensor: values, and the node of the graph that computed them.

This file holds what a Tensor *is*: its state, conversions, names, gradients and in-place changes. What it can compute
comes from the ops, which put their functions here as operators and methods when they are registered; the traversal
adds `backward`.
"""

from __future__ import annotations

import importlib
import itertools
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from autograd.graph import Leaf, Node, like_of
from autograd.modes import clock, get_default_dtype, get_ident, is_grad_enabled, unrecorded
from autograd.signatures import place_of_out
from autograd.values import refuse_read_only, require_differentiable, to_value

F = TypeVar("F", bound=Callable[..., Any])

# Filled by the ops as they are registered: NumPy's function -> ours.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


class Tensor:
    """An array, or a scalar, that remembers how it was computed.

    Args:
        data: numbers, (nested) lists of numbers, an array or a Tensor. Python floats and lists of them become
            `get_default_dtype()`; integers and bools stay what they are; arrays keep their dtype and share their
            memory, as with `np.asarray` (`autograd.array` copies).
        requires_grad: whether `backward()` shall compute a gradient for it. Floating and complex Tensors only.
        dtype: the dtype to convert to.
        name: shown in drawings and messages.

    Attributes:
        data: the values as an ndarray; writing to it goes unnoticed by the engine.
        grad: the gradient, a Tensor of the same shape and dtype, or None.

    Raises:
        TypeError: for data that is not numbers, or a gradient asked of integers.
        ValueError: for ragged lists.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> loss = (w * w).sum()
    >>> loss.backward()
    >>> w.grad
    Tensor([2., 4.])
    """

    # A 0-d value is kept as a NumPy scalar, whose arithmetic is ten times cheaper than that of a 0-d array.
    __slots__ = ("__weakref__", "_data", "_leaf", "_node")

    _data: Any  # ndarray or NumPy scalar
    _node: Node | None  # None when no gradient is needed
    _leaf: Leaf | None  # the identity of a Tensor made by the user; None for results

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        self._data = to_value(value_of(data), dtype)
        self._node = None
        self._leaf = None
        if requires_grad:
            self.requires_grad = True
        if name is not None:
            self.name = name

    # --- values -----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The values as an ndarray; writing to it goes unnoticed by the engine."""
        value = self._data
        if isinstance(value, np.generic):  # from now on the 0-d array is the storage, so that writing to it counts
            value = self._data = np.asarray(value)
        return value  # type: ignore[no-any-return]

    @data.setter
    def data(self, value: Any) -> None:
        new = to_value(value_of(value), None)
        if self._node is not None and self._node is not self._leaf:
            raise RuntimeError("the values of a computed Tensor cannot be replaced; detach() it first")
        if self._node is not None:
            require_differentiable(new.dtype)
        self._set(new)

    def _set(self, value: Any) -> None:
        self._data = value
        if self._leaf is not None:
            self._leaf.like = like_of(value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return self._data.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        return self._data.dtype  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._data.dtype.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self._data.nbytes  # type: ignore[no-any-return]

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            ValueError: when there is not exactly one element.

        >>> Tensor([[2.5]]).item()
        2.5
        """
        if self._data.size != 1:
            raise ValueError(f"item() needs a Tensor of one element; this one has shape {self.shape}: use tolist()")
        return self._data.item()

    def tolist(self) -> Any:
        """Return the values as (nested) lists of Python numbers.

        >>> Tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self._data.tolist()

    def numpy(self) -> np.ndarray:
        """Return the values as an ndarray that shares this Tensor's memory.

        Raises:
            RuntimeError: when a gradient would be lost silently.

        >>> Tensor([1.0, 2.0]).numpy()
        array([1., 2.], dtype=float32)
        """
        if self._node is not None and is_grad_enabled():
            raise RuntimeError(
                "this Tensor needs a gradient, which an ndarray cannot carry on: use x.detach().numpy() (or x.data) "
                "for the values, np.f(x) or autograd.f(x) to keep computing with gradients"
            )
        return self.data

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def detach(self) -> Tensor:
        """Return a Tensor that shares these values and needs no gradient.

        >>> Tensor(1.0, requires_grad=True).detach().requires_grad
        False
        """
        return wrap(self._data)

    def __repr__(self) -> str:
        kind = type(self).__name__
        text = np.array2string(np.asarray(self._data), separator=", ", prefix=kind + "(")
        if self.dtype not in (get_default_dtype(), np.int64, np.bool_):
            text += f", dtype={self.dtype}"
        if self._node is not None:
            op = self._node.op
            text += ", requires_grad=True" if op is None else f", op={op.name}"
        if self.name is not None:
            text += f", name={self.name!r}"
        return f"{kind}({text})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self.size != 1:
            raise TypeError(f"only a Tensor of one element takes the format {spec!r}; this one has shape {self.shape}")
        return format(self.item(), spec)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a 0-d Tensor has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("a 0-d Tensor cannot be iterated over")
        return (self[i] for i in range(self.shape[0]))

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.ndim or self.dtype.kind not in "iu":
            raise TypeError(
                f"only a Tensor of one integer, without axes, is an index or a count, not {self.dtype} {self.shape}"
            )
        return self._data.__index__()  # type: ignore[no-any-return]

    __hash__ = object.__hash__

    def __contains__(self, value: Any) -> bool:
        return value in self.data if not isinstance(value, Tensor) else value.data in self.data

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("only leaves can be copied, a computed Tensor belongs to its graph: detach() it first")
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        copied._data, copied._node, copied._leaf = self._data.copy(), None, None
        copied.requires_grad, copied.name = self.requires_grad, self.name
        if self.grad is not None:
            copied.grad = self.grad.__deepcopy__({}) if self.grad.is_leaf else wrap(self.grad._data.copy())
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("Tensors are not pickled: save their values, for example np.save(file, x.numpy())")

    # --- gradients --------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this Tensor. Can be set on leaves."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if bool(value) == self.requires_grad:
            return
        if not value:
            if not self.is_leaf:
                raise RuntimeError("only leaves can stop requiring a gradient; use detach() on a computed Tensor")
            self._node = None
        else:
            require_differentiable(self.dtype)
            self._node = self._identity()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` and return self."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this Tensor."""
        return self._node is None or self._node is self._leaf

    def _identity(self) -> Leaf:
        """Return the leaf that stands for this Tensor in graphs, made on first use."""
        if self._leaf is None:
            leaf = self._leaf = Leaf()
            leaf.op, leaf.inputs, leaf.saved, leaf.stamp = None, (), (), 0
            leaf.like = like_of(self._data)
            leaf.extra = None
            leaf.owner = weakref.ref(self)
        return self._leaf

    @property
    def name(self) -> str | None:
        """What drawings and messages call this Tensor."""
        node = self._node or self._leaf
        return node.extra.name if node is not None and node.extra is not None else None

    @name.setter
    def name(self, name: str | None) -> None:
        (self._node or self._identity()).extras().name = name

    @property
    def grad(self) -> Tensor | None:
        """The gradient, a Tensor of the same shape and dtype, or None."""
        node = self._node or self._leaf
        return None if node is None else getattr(node, "grad", None)

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            value = value if isinstance(value, Tensor) else Tensor(value)
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    f"a gradient has its Tensor's shape and dtype: expected {self.shape} {self.dtype}, "
                    f"got {value.shape} {value.dtype}"
                )
        elif self._node is None and self._leaf is None:
            return
        (self._node or self._identity()).grad = value

    def retain_grad(self) -> None:
        """Ask `backward()` to keep this computed Tensor's gradient in `grad`; leaves keep theirs anyway.

        Raises:
            RuntimeError: when the Tensor needs no gradient.
        """
        self._recorded("retain_grad()").extras().retain = True

    def register_hook(self, hook: Callable[[Tensor], Any]) -> HookHandle:
        """Call `hook(gradient)` when backward has summed this Tensor's gradient; what it returns replaces it.

        Args:
            hook: takes the gradient, a Tensor; returns None, or the gradient to use instead (array or Tensor).

        Returns:
            A handle whose `remove()` takes the hook away.

        Raises:
            RuntimeError: when the Tensor needs no gradient.

        >>> x = Tensor(2.0, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> (x * 3).backward()
        >>> x.grad
        Tensor(30.)
        """
        return HookHandle(self._recorded("register_hook()").extras().hooks, hook)

    def _recorded(self, what: str) -> Node:
        if self._node is None:
            raise RuntimeError(f"{what} needs a Tensor that requires a gradient; this one does not")
        return self._node

    # --- in-place changes -------------------------------------------------------------------------------------------

    def _would_record(self, value: Any) -> bool:
        """Return whether an in-place operation on this Tensor, with `value`, is to be recorded."""
        needed = self._node is not None or (isinstance(value, Tensor) and value._node is not None)
        return needed and get_ident() not in unrecorded

    def _write(self, value: Any, index: Any = ...) -> None:
        """Overwrite values without recording, telling nodes that saved them."""
        if isinstance(self._data, np.generic):  # a scalar never changes: whoever saved the old one still has it
            box = np.array(self._data)
            box[index] = value
            self._set(box[()])
        else:
            self._data[index] = value
            clock.mark(self._data)

    def _become(self, result: Tensor, what: str, alone: bool) -> Tensor:
        """Take over the values, and if recorded the history, of `result`: the end of every in-place operation.

        Args:
            result: the new values.
            what: the operation, for messages.
            alone: what `held_once(self)` said before `result` was computed.

        Raises:
            RuntimeError: on a leaf that requires a gradient, or where something else holds the old values.
            ValueError, TypeError: when shape or dtype would change.
        """
        refuse_read_only(self, what)
        if result.shape != self.shape:
            raise ValueError(f"{what} cannot change the shape in place from {self.shape} to {result.shape}")
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(f"{what} cannot change the dtype in place from {self.dtype} to {result.dtype}")
        if not self._would_record(result):
            self._write(result._data)
            return self
        if self._node is not None and self.is_leaf:
            raise RuntimeError(
                f"{what} would overwrite a leaf that requires a gradient; write x = x ..., or do it inside no_grad()"
            )
        if not alone:
            raise RuntimeError(
                f"{what} would change values in place that something else still holds: a rule that needs them for its "
                "derivative, a view, or an array taken from .data; write x = x ... instead, which makes a new Tensor"
            )
        if result.dtype != self.dtype:
            result = result.astype(self.dtype)
        self._data, self._node, self._leaf = result._data, result._node, None
        return self

    # --- other libraries ---------------------------------------------------------------------------------------------

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.data.__dlpack_device__()

    @property
    def device(self) -> str:
        """Where the memory is: "cpu"."""
        return getattr(self._data, "device", "cpu")

    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """Return self; there is only the CPU."""
        if device != self.device:
            raise ValueError(f"Tensors live on {self.device!r}, not {device!r}")
        return self

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from autograd import array_api  # on top of all operations, which are on top of this file

        if api_version not in (None, "2021.12", "2022.12", "2023.12", array_api.__array_api_version__):
            raise ValueError(f"array API version {api_version!r} is not supported")
        return array_api

    # --- NumPy's protocols ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        function = UFUNCS.get(ufunc) if method == "__call__" else None
        if function is None or options:
            from autograd.ops.dispatch import call_ufunc

            return call_ufunc(function, ufunc, method, inputs, options)
        return function(*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        ours = FUNCTIONS.get(function)
        if ours is None:
            ours = _found(function)
        if "out" in options or len(args) > place_of_out(function):
            from autograd.ops.dispatch import without_out

            args, options = without_out(function, args, options)
        return ours(*args, **options)

    if TYPE_CHECKING:  # registered by the ops; declared for type checkers
        T: Tensor
        real: Tensor

        backward: Callable[..., None]

        def __getattr__(self, name: str) -> Callable[..., Tensor]: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __iadd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __isub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __imul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __itruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...


# Where the operations of NumPy's namespaces are; imported when first needed.
_NAMESPACES = {
    "numpy": "autograd.special",
    "numpy.linalg": "autograd.linalg",
    "numpy.linalg._linalg": "autograd.linalg",
    "numpy.fft": "autograd.fft",
    "numpy.fft._pocketfft": "autograd.fft",
    "numpy.fft._helper": "autograd.fft",
}


def _found(function: Any) -> Callable[..., Any]:
    """Return ours for a NumPy function whose namespace may not have been imported."""
    from autograd.ops.dispatch import function_name, refuse

    if function.__module__ in _NAMESPACES:
        importlib.import_module(_NAMESPACES[function.__module__])
    return FUNCTIONS.get(function) or refuse(function_name(function))  # type: ignore[no-any-return]


class HookHandle:
    """Removes the hook that `register_hook` registered."""

    def __init__(self, hooks: dict[int, Any], hook: Callable[[Tensor], Any]) -> None:
        self._hooks = hooks
        self._key = next(_HOOK_NUMBERS)
        hooks[self._key] = hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._hooks.pop(self._key, None)


_HOOK_NUMBERS = itertools.count()


def tensor_method(name: str) -> Callable[[F], F]:
    """Make the decorated function the Tensor method or operator `name`."""

    def attach(function: F) -> F:
        setattr(Tensor, name, function)
        return function

    return attach


def wrap(value: Any) -> Tensor:
    """Return a Tensor of `value` (an ndarray or NumPy scalar) without a graph and without any checks."""
    tensor = object.__new__(Tensor)
    tensor._data = value
    tensor._node = None
    tensor._leaf = None
    return tensor


def value_of(x: Any) -> Any:
    """Return the array, or NumPy scalar, in a Tensor; anything else as it is."""
    return x._data if isinstance(x, Tensor) else x
