"""Penalties on weights, added to the loss, and constraints, applied after the optimizer's steps.

Each can be called on Tensors, or be registered for a tensor of a module: `add_penalty` and `penalty`, `add_constraint`
and `apply_constraints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module

Dim = int | tuple[int, ...] | None


def _check_factor(value: float, name: str) -> float:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be at least 0 and finite, not {value!r}")
    return value


# --- penalties --------------------------------------------------------------------------------------------------------


class ElasticNet:
    """The penalty l1 * sum(|w|) + l2 * sum(w**2). Source: Zou and Hastie, Regularization via the elastic net (2005).

    Args:
        l1: the factor of the absolute values.
        l2: the factor of the squares; their gradient is 2 * l2 * w, so l2 = weight_decay / 2 does what SGD's does.

    Raises:
        ValueError: when a factor is negative or not finite.

    >>> ElasticNet(l1=1.0, l2=0.5)(Tensor([1.0, -2.0]))
    Tensor(5.5)
    """

    l1: float
    l2: float

    def __init__(self, l1: float = 0.01, l2: float = 0.01) -> None:
        self.l1 = _check_factor(l1, "l1")
        self.l2 = _check_factor(l2, "l2")

    def __call__(self, tensors: Module | Tensor | Iterable[Tensor]) -> Tensor:
        """Return the penalty of a Tensor, of a group of them, or of all parameters of a module."""
        members = tensors.parameters() if isinstance(tensors, Module) else tensors
        group = [members] if isinstance(members, Tensor) else list(members)
        return _total([self._of(w) for w in group])

    def _of(self, w: Tensor) -> Tensor:
        terms = [self.l1 * abs(w).sum()] if self.l1 else []
        terms += [self.l2 * autograd.vdot(w, w)] if self.l2 else []
        return _total(terms, w.dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(l1={self.l1}, l2={self.l2})"


def _total(terms: list[Tensor], dtype: Any = None) -> Tensor:
    """Return the sum of some numbers, 0 if there are none."""
    return sum(terms[1:], start=terms[0]) if terms else autograd.zeros((), dtype)


class L1(ElasticNet):
    """The penalty factor * sum(|w|), which makes weights 0. Source: Tibshirani, The lasso (1996).

    Its gradient at 0 is 0.

    Args:
        factor: how much.

    Raises:
        ValueError: when the factor is negative or not finite.

    >>> L1(0.5)(Tensor([1.0, -2.0]))
    Tensor(1.5)
    """

    def __init__(self, factor: float = 0.01) -> None:
        super().__init__(_check_factor(factor, "factor"), 0.0)

    def __repr__(self) -> str:
        return f"L1({self.l1})"


class L2(ElasticNet):
    """The penalty factor * sum(w**2), which keeps weights small. Source: Hoerl and Kennard, Ridge regression (1970).

    Args:
        factor: how much; half of a `weight_decay`.

    Raises:
        ValueError: when the factor is negative or not finite.

    >>> L2(0.5)(Tensor([1.0, -2.0]))
    Tensor(2.5)
    """

    def __init__(self, factor: float = 0.01) -> None:
        super().__init__(0.0, _check_factor(factor, "factor"))

    def __repr__(self) -> str:
        return f"L2({self.l2})"


# --- constraints ------------------------------------------------------------------------------------------------------


class Constraint:
    """The base of all constraints: a subclass has the values that are allowed, nearest to those given, in `project`."""

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return the nearest values that are allowed."""
        raise NotImplementedError(f"{type(self).__name__} has no project(): define what values it allows")

    def __call__(self, tensor: Tensor) -> Tensor:
        """Change a Tensor in place so that it keeps the constraint, and return it."""
        with autograd.no_grad():
            tensor[...] = self.project(tensor.data)
        return tensor


class NonNegative(Constraint):
    """Makes negative weights 0.

    >>> NonNegative()(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return max(w, 0)."""
        return np.maximum(w, w.dtype.type(0))  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return "NonNegative()"


class MinMaxNorm(Constraint):
    """Rescales the weights of each unit so that their norm lies in a range.

    Args:
        min_value: the smallest norm; units of norm 0 stay.
        max_value: the largest norm.
        rate: how far to go each time, 1 for all the way.
        dim: the axes that the norm is over. By default all but the first: for weights (out, in, ...) the weights of
            each output unit. Keras, whose weights are (in, out), has 0.

    Raises:
        ValueError: for a range that is none, or a rate outside of [0, 1].

    >>> MinMaxNorm(1.0, 2.0)(Tensor([[3.0, 4.0], [0.0, 0.5]]))
    Tensor([[1.2, 1.6],
            [0. , 1. ]])
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, dim: Dim = None) -> None:
        if not 0 <= min_value <= max_value:
            raise ValueError(f"min_value={min_value} and max_value={max_value} must be a range from at least 0 up")
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must be between 0 and 1, not {rate!r}")
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.dim = dim

    def project(self, w: np.ndarray) -> np.ndarray:
        """Return the weights with norms in the range."""
        axes = tuple(range(1 if w.ndim > 1 else 0, w.ndim)) if self.dim is None else self.dim
        norms = np.sqrt(np.sum(np.square(w), axis=axes, keepdims=True))
        wanted = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        scaled: np.ndarray = w * (wanted / np.where(norms == 0, 1, norms)).astype(w.dtype)
        return scaled

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


class MaxNorm(MinMaxNorm):
    """Rescales the weights of each unit whose norm is larger than a limit to that norm.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014), section 5.1.

    Args:
        max_value: the limit.
        dim: as for `MinMaxNorm`.

    Raises:
        ValueError: when the limit is negative.

    >>> MaxNorm(2.5)(Tensor([[3.0, 4.0], [0.0, 1.0]]))
    Tensor([[1.5, 2. ],
            [0. , 1. ]])
    """

    def __init__(self, max_value: float = 2.0, dim: Dim = None) -> None:
        super().__init__(0.0, max_value, 1.0, dim)


class UnitNorm(MinMaxNorm):
    """Rescales the weights of each unit to norm 1; those of norm 0 stay.

    Args:
        dim: as for `MinMaxNorm`.

    >>> UnitNorm()(Tensor([[3.0, 4.0], [0.0, 0.0]]))
    Tensor([[0.6, 0.8],
            [0. , 0. ]])
    """

    def __init__(self, dim: Dim = None) -> None:
        super().__init__(1.0, 1.0, 1.0, dim)


# --- registered with a module -----------------------------------------------------------------------------------------


def add_penalty(module: Module, name: str, penalty: ElasticNet) -> Module:
    """Give a parameter of a module a penalty, which `penalty(model)` adds up; return the module.

    Args:
        module: the module that has the parameter itself.
        name: the parameter.
        penalty: called on it.

    Raises:
        AttributeError: when the module has no such parameter.

    >>> import nn
    >>> layer = add_penalty(nn.Linear(2, 1), "weight", L2(0.5))
    """
    _records(module, name, "_penalties").append((name, penalty))
    return module


def add_constraint(module: Module, name: str, constraint: Constraint) -> Module:
    """Give a parameter of a module a constraint, which `apply_constraints(model)` applies; return the module.

    Args:
        module: the module that has the parameter itself.
        name: the parameter.
        constraint: called on it.

    Raises:
        AttributeError: when the module has no such parameter.

    >>> import nn
    >>> layer = add_constraint(nn.Linear(2, 1), "weight", NonNegative())
    """
    _records(module, name, "_constraints").append((name, constraint))
    return module


def _records(module: Module, name: str, kind: str) -> list[Any]:
    """Return the list of what is registered with a module, if that has a Tensor of a name."""
    if not isinstance(getattr(module, name, None), Tensor):
        raise AttributeError(f"{type(module).__name__} has no parameter {name!r}")
    return vars(module).setdefault(kind, [])  # type: ignore[no-any-return]


def _registered(module: Module, kind: str) -> Iterator[tuple[Any, Tensor]]:
    """Yield what is registered in a module and all inside it, each with its Tensor."""
    for part in module.modules():
        for name, what in vars(part).get(kind, ()):
            yield what, getattr(part, name)


def penalty(module: Module) -> Tensor:
    """Return the sum of all penalties in a module and those inside it, to be added to the loss.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(2, 1), nn.ReLU())
    >>> _ = nn.init.ones_(add_penalty(net[0], "weight", L2(0.5)).weight)
    >>> penalty(net).item()
    1.0
    """
    return _total([what(tensor) for what, tensor in _registered(module, "_penalties")])


def apply_constraints(module: Module) -> None:
    """Apply all constraints in a module and those inside it, in place; to be called after each step of the optimizer.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(2, 1))
    >>> _ = nn.init.constant_(add_constraint(net[0], "weight", UnitNorm()).weight, 3.0)
    >>> apply_constraints(net)
    >>> net[0].weight.tolist()
    [[0.7071..., 0.7071...]]
    """
    for constraint, tensor in _registered(module, "_constraints"):
        constraint(tensor)
