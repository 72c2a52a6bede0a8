"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.optim.line_search import Point, strong_wolfe
from nn.optim.optimizer import (
    Array,
    Group,
    Optimizer,
    announce,
    as_real,
    as_tensor,
    check_option,
    check_positive,
    memory,
    plain,
)


class LBFGS(Optimizer):
    """Limited-memory BFGS: Newton steps with the curvature that the last gradients have shown.

    One `step` makes up to `max_iter` iterations, on all parameters as one vector x with gradient g:

        s = x - x of the last iteration, y = g - g of the last; kept for `history_size` iterations if y @ s > 1e-10
        d = -H @ g, where H is the inverse Hessian by BFGS from these pairs, from (s @ y) / (y @ y) * identity
        x = x + t * d, where t = lr * min(1, 1 / sum(abs(g))) at first and lr later, or comes from the line search

    Source: Nocedal and Wright, Numerical optimization (2006), algorithms 7.4 and 7.5.

    Args:
        params: parameters, or pairs (name, parameter); one parameter group.
        lr: the step length, or the first that the line search tries.
        max_iter: the most iterations in a step.
        max_eval: the most evaluations of the closure in a step; by default 5/4 of `max_iter`.
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when no parameter, or when the loss, changes by more.
        history_size: how many pairs to keep.
        line_search_fn: None, or "strong_wolfe".

    Raises:
        TypeError, ValueError: for parameters that are none, several groups, or options out of their ranges.

    >>> import nn
    >>> p = nn.Parameter([3.0, -1.0])
    >>> optimizer = LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (p * p).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    10.0
    >>> bool((abs(p.data) < 1e-6).all())
    True
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_positive("max_iter", max_iter, whole=True)
        options = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, options)

    def add_param_group(self, param_group: Group) -> None:
        """Add the only group.

        Raises:
            ValueError: when there is one already.
        """
        if self.param_groups:
            raise ValueError("LBFGS treats all parameters as one vector: it takes one parameter group")
        super().add_param_group(param_group)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option is out of its range."""
        for name in ("lr", "tolerance_grad", "tolerance_change"):
            check_option(group, name)
        for name in ("max_iter", "max_eval", "history_size"):
            check_positive(name, group[name], whole=True)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"line_search_fn must be None or 'strong_wolfe', not {group['line_search_fn']!r}")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to `max_iter` iterations, changing all parameters in place; those without gradient stay.

        Args:
            closure: computes the gradients anew and returns the loss; it must set old gradients to zero first.

        Returns:
            What the closure returned the first time.

        Raises:
            TypeError: when there is no closure.
        """
        if closure is None:
            raise TypeError("LBFGS evaluates the loss several times in a step: pass a closure that does so")
        options = plain(self.param_groups[0])
        state = self.state.setdefault(self.param_groups[0]["params"][0], {})
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        evaluate = autograd.enable_grad()(closure)
        with autograd.no_grad():
            result = evaluate()
            self._iterate(evaluate, float(result), options, state)
        return result

    def _iterate(self, evaluate: Callable[[], Any], loss: float, options: Group, state: dict[str, Any]) -> None:
        g, left = self._gradient(), options["max_eval"] - 1
        state["func_evals"] += 1
        if _largest(g) <= options["tolerance_grad"]:
            return
        for iteration in range(1, options["max_iter"] + 1):
            state["n_iter"] += 1
            d, slope = _direction(state, g, options["history_size"])
            t = options["lr"] * (min(1.0, 1 / float(np.abs(g).sum())) if state["n_iter"] == 1 else 1)
            state.update(d=Tensor(d), t=t, prev_flat_grad=Tensor(g), prev_loss=loss)
            if slope > -options["tolerance_change"]:
                return
            before, evaluations = loss, 0
            if options["line_search_fn"]:
                start = Point(0.0, loss, g, slope)
                t, loss, g, evaluations = self._search(evaluate, start, t, d, options["tolerance_change"], left)
                state["t"] = t
            self._move(t, d)
            if not options["line_search_fn"] and iteration < options["max_iter"]:
                loss, evaluations = float(evaluate()), 1
                g = self._gradient()
            left -= evaluations
            state["func_evals"] += evaluations
            unchanged = abs(t) * _largest(d) <= options["tolerance_change"]
            if left <= 0 or _largest(g) <= options["tolerance_grad"] or unchanged:
                return
            if abs(loss - before) < options["tolerance_change"]:
                return

    def _search(
        self, evaluate: Callable[[], Any], start: Point, t: float, d: Array, tolerance: float, left: int
    ) -> tuple[float, float, Array, int]:
        """Return the step length along d, the loss and the gradient there, and the number of evaluations."""
        held = [memory(p).copy() for p in self._parameters()]

        def point(t: float) -> Point:
            self._move(t, d)
            loss, g = float(evaluate()), self._gradient()
            for p, values in zip(self._parameters(), held, strict=True):
                p[...] = values
            return Point(t, loss, g, float(g @ d))

        found, evaluations = strong_wolfe(point, start, t, _largest(d), tolerance, left)
        return found.t, found.loss, found.gradient, evaluations

    def _gradient(self) -> Array:
        """Return the gradients of all parameters as one vector, complex ones as real; 0 where there is none."""
        gradients = (np.zeros_like(memory(p)) if p.grad is None else p.grad.detach().data for p in self._parameters())
        return np.concatenate([as_real(g).ravel() for g in gradients])

    def _move(self, t: float, d: Array) -> None:
        """Add t * d to the parameters."""
        at = 0
        for p in self._parameters():
            values = memory(p)
            real = as_real(values)
            real += t * d[at : at + real.size].reshape(real.shape)
            at += real.size
            announce(p, values)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of the state and options that `state_dict` returned. All of it, or nothing.

        Raises:
            ValueError: when the state does not fit this optimizer's parameters, or an option is out of its range.
        """
        super().load_state_dict(state_dict)
        for values in self.state.values():
            values.pop("al", None)  # PyTorch's memory to compute in

    def restored(self, name: str, value: Any, p: Tensor) -> Any:
        """Return a copy of a value of the state, which is that of all parameters."""
        size = sum(as_real(memory(q)).size for q in self._parameters())
        if name in ("old_dirs", "old_stps"):
            return [_vector(name, each, size, p) for each in value]
        if name in ("d", "prev_flat_grad"):
            return _vector(name, value, size, p)
        if isinstance(value, list):
            return [float(each) for each in value if each is not None]
        return value if isinstance(value, int) else float(value)


def _vector(name: str, value: Any, size: int, p: Tensor) -> Tensor:
    vector = as_tensor(value)
    if vector.shape != (size,):
        raise ValueError(f"the saved {name!r} has shape {vector.shape}, the parameters here have {size} numbers")
    return vector.astype(as_real(memory(p)).dtype)


def _largest(x: Array) -> float:
    return float(np.abs(x).max(initial=0))


def _direction(state: dict[str, Any], g: Array, history_size: int) -> tuple[Array, float]:
    """Return the direction of the next step and the slope along it, having taken note of the last step."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
        return -g, -float(g @ g)
    y, s = g - state["prev_flat_grad"].data, state["d"].data * state["t"]
    curvature = float(y @ s)
    if curvature > 1e-10:
        for name, value in (("old_dirs", Tensor(y)), ("old_stps", Tensor(s)), ("ro", 1 / curvature)):
            state[name] = [*state[name], value][-history_size:]
        state["H_diag"] = curvature / float(y @ y)
    d = _inverse_hessian_times(-g, state)
    return d, float(g @ d)


def _inverse_hessian_times(q: Array, state: dict[str, Any]) -> Array:
    """Return H @ q by the two loops of Nocedal and Wright's algorithm 7.4, in the memory of q."""
    pairs = [(y.data, s.data, ro) for y, s, ro in zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True)]
    shares = []
    for y, s, ro in reversed(pairs):
        shares.append(float(s @ q) * ro)
        q -= shares[-1] * y
    q *= state["H_diag"]
    for (y, s, ro), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(y @ q) * ro) * s
    return q
