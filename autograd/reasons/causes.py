"""What an operation did to a gradient, told from what its rules had saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd.graph import Leaf, Node, dtype_of, shape_of
from autograd.primitive import Op
from autograd.tensor import value_of
from autograd.visualize.derivatives import operands

ALMOST = 0.99  # a probability above this, or a sigmoid's output this close to an end, is saturated
CONSTANT = frozenset(["floor", "ceil", "trunc", "rint", "round", "fix", "sign", "heaviside", "floor_divide"])


class Finding(NamedTuple):
    """A cause, a sentence about it, and advice: see `Reason`."""

    cause: str
    text: str
    advice: str = ""


@dataclass(eq=False)
class Local:
    """One operation at one of its inputs.

    Attributes:
        node: the operation.
        position: which input.
        g: the gradient of its output.
        h: the gradient that its rule sent to that input.
        saved: by name, what the rules use, as far as it is known.
    """

    node: Node
    position: int
    g: Any
    h: Any
    saved: dict[str, Any]

    @property
    def name(self) -> str:
        """The operation's name."""
        assert self.node.op is not None
        return self.node.op.name

    def floats(self) -> list[tuple[str, Any]]:
        """Return the floating arrays among what was saved, without the empty ones."""
        pairs = [(name, np.asarray(value)) for name, value in self.saved.items() if hasattr(value, "dtype")]
        return [(name, array) for name, array in pairs if array.dtype.kind in "fc" and array.size]


def saved_of(node: Node) -> dict[str, Any]:
    """Return by name what an operation's rules use; after a release, scalars and leaves only, which are still known."""
    op = node.op
    if not isinstance(op, Op):
        return {f"value {i}": value for i, value in enumerate(node.saved or ())}
    if node.saved is not None:
        return dict(zip(op.keeps, node.saved))
    known: dict[str, Any] = {}
    if not op.variadic and not op.several:
        sources = operands(node)
        known = {p: _still_known(source) for p, source in zip(op.parameters, sources)}
    known["out"] = _still_known(node)
    return {name: known[name] for name in op.keeps if known.get(name) is not None}


def _still_known(source: Any) -> Any:
    """Return the value of an operand, where it needs no graph to be known."""
    if not isinstance(source, Node):
        return np.asarray(source) if isinstance(source, int | float) else None
    owner = source.owner() if isinstance(source, Leaf) else None
    if owner is not None:
        return owner._data
    return source.like if isinstance(source.like, np.generic) else None


# --- zero -------------------------------------------------------------------------------------------------------------


def of_zero(local: Local) -> Finding:
    """Return why the rule made a gradient of zeros out of one that has others."""
    if local.h is None:
        return Finding(
            "no gradient sent", f"the backward of {local.name} returned no gradient for its input {local.position}"
        )
    if local.name in CONSTANT:
        return Finding(
            "constant", f"{local.name} is constant between its jumps, so its derivative is 0",
            "keep it out of the path, or let the gradient pass as if it were the identity (an autograd.op of your own)",
        )  # fmt: skip
    for find in (_ZERO.get(local.name), _zero_factor, _rounded_to_zero, _mask):
        finding = find(local) if find is not None else None
        if finding is not None:
            return finding
    return Finding(
        "zero derivative", f"the derivative of {local.name} is 0 here for all elements that a gradient arrives at"
    )


def _dead_relu(local: Local) -> Finding | None:
    out = local.saved.get("out")
    if out is None:
        return None
    closed, size = int(np.count_nonzero(np.asarray(out) <= 0)), np.size(out)
    where = f"all {size} of its inputs are 0 or less" if size > 1 else "its input is 0 or less"
    if closed < size:
        where = f"{closed} of its {size} inputs are 0 or less, all those that a gradient arrives at"
    advice = "a smaller learning rate, other initial weights or biases, or a slope below 0 (leaky_relu)"
    return Finding("dead relu", f"relu lets nothing through: {where}", advice)


def _not_chosen(local: Local) -> Finding | None:
    size, other = np.size(local.g), "second" if local.position == 1 else "first"
    text = f"where chooses its {other} branch for all {size} elements that a gradient arrives at"
    return Finding("not chosen", text.replace(f"all {size} elements", "the only element") if size == 1 else text)


def _beyond_limits(local: Local) -> Finding | None:
    a = local.saved.get("a")
    if a is None or local.position != 0:
        return None
    text = f"clip cuts off all its inputs, which lie from {np.min(a):.4g} to {np.max(a):.4g}"
    limits = [local.saved.get("a_min"), local.saved.get("a_max")]
    shown = [f"{np.min(x):.4g}" if x is not None else "none" for x in limits]
    return Finding("clipped", f"{text}, beyond the limits ({', '.join(shown)})")


def _outdone(local: Local) -> Finding | None:
    return Finding("not chosen", f"{local.name} takes the other operand for all elements that a gradient arrives at")


def _saturated_ends(local: Local) -> Finding | None:
    out = local.saved.get("out")
    if out is None or np.any((out * (1 - out) if local.name == "sigmoid" else 1 - out * out) * (local.g != 0)):
        return None
    ends = f"from {np.min(out):.6g} to {np.max(out):.6g}"
    text = f"{local.name} is saturated: its outputs lie {ends}, where its slope rounds to 0"
    return Finding(
        "saturated", text, "smaller inputs: smaller initial weights, normalised data, or a rectifier instead"
    )


def _saturated_softmax(local: Local) -> Finding | None:
    out = local.saved.get("out")
    if out is None:
        return None
    axis = local.saved.get("axis", -1)
    if _same_along(local.g, axis):
        return Finding(
            "sums to one", f"{local.name} makes outputs that always add up to 1, and the gradient is the same for all "
            "of them: no input can change their sum",
        )  # fmt: skip
    largest = np.max(np.exp(out) if local.name == "log_softmax" else out, axis=axis)
    text = f"{local.name} is saturated: one class has all the probability (at least {np.min(largest):.6g})"
    return Finding("saturated", text, "smaller scores (a temperature), or the cross-entropy of the scores themselves")


def _same_along(g: Any, axis: Any) -> bool:
    g = np.asarray(g)
    spread = np.max(g, axis=axis) - np.min(g, axis=axis) if g.ndim else np.zeros(1)
    return bool(np.all(spread <= 1e-6 * np.max(np.abs(g), initial=0)))


def _certain(local: Local) -> Finding | None:
    x, target = local.saved.get("x"), local.saved.get("target")
    if x is None or target is None:
        return None
    rows = np.asarray(x)  # (N, C)
    right = np.take_along_axis(rows, np.asarray(target)[:, None], 1)[:, 0]
    margin = right - np.max(np.where(np.arange(rows.shape[1]) == np.asarray(target)[:, None], -np.inf, rows), axis=1)
    text = (
        "the cross-entropy is 0: each right class has all the probability already, with a score at least "
        f"{np.min(margin):.3g} above the others"
    )
    return Finding("saturated", text) if np.min(margin) > 0 else None


def _zero_factor(local: Local) -> Finding | None:
    """Return that something the rule multiplies by is 0 throughout."""
    for name, array in local.floats():
        if not np.any(array):
            what = f"its {name} is 0" + (f" everywhere, all {array.size} elements" if array.size > 1 else "")
            return Finding("zero factor", f"{local.name} multiplies the gradient by something that is 0: {what}")
    return None


def _mask(local: Local) -> Finding | None:
    """Return that the other factor of a product is a mask."""
    if local.name != "multiply":
        return None
    return Finding("zero factor", "multiply has a factor of 0 wherever a gradient arrives: a mask, perhaps")


def _rounded_to_zero(local: Local) -> Finding | None:
    dtype = dtype_of(local.node.like) if not isinstance(local.node.like, list) else np.dtype(np.float64)
    if dtype.kind not in "fc" or _largest(local.g) > float(np.finfo(dtype).tiny) ** 0.5:
        return None
    text = f"the gradient had shrunk to {_largest(local.g):.2g} before {local.name} and rounds to 0 in {dtype}"
    return Finding("underflow", text, "see the factors on the path; float64, or a scaled loss, moves the limit")


_ZERO: dict[str, Callable[[Local], Finding | None]] = {
    "relu": _dead_relu, "where": _not_chosen, "clip": _beyond_limits, "maximum": _outdone, "minimum": _outdone,
    "fmax": _outdone, "fmin": _outdone, "sigmoid": _saturated_ends, "tanh": _saturated_ends,
    "softmax": _saturated_softmax, "log_softmax": _saturated_softmax, "class_entropy": _certain,
}  # fmt: skip


# --- not finite -------------------------------------------------------------------------------------------------------


def of_bad(local: Local) -> Finding:
    """Return why the rule made a gradient that is not finite out of one that is."""
    slope = _slope(local)
    singular = None if slope is None else ~np.isfinite(slope)
    masked = 0 if singular is None else int(np.count_nonzero(singular & (np.asarray(local.g) == 0)))
    if masked:
        return _masked(local, masked, singular)
    for name, array in local.floats():
        if not np.isfinite(array).all():
            bad = int(np.count_nonzero(~np.isfinite(array)))
            text = f"{local.name} uses its {name}, of which {bad} of {array.size} elements are not finite"
            return Finding("forward", text)
    away = "keep its input away from there, for example x + eps"
    if singular is not None and singular.any():
        count = f"{np.count_nonzero(singular)} of {singular.size} elements"
        text = f"the derivative of {local.name} is not finite at {count}{_where(local, singular)}"
        return Finding("infinite derivative", text, away)
    counts = [(name, int(np.count_nonzero(array == 0)), array.size) for name, array in local.floats()]
    zeros = [f"{name} is 0 at {count} of {size} elements" for name, count, size in counts if count]
    if zeros:
        kind = "nan" if _any(np.isnan, local.h) else "infinite"
        return Finding(
            "infinite derivative", f"the derivative of {local.name} is {kind} here: {', '.join(zeros)}", away
        )
    return Finding("overflow", f"the gradient overflows in {local.name}: up to {_largest(local.g):.3g} arrives")


def _masked(local: Local, count: int, singular: Any) -> Finding:
    """Return that a choice made later does not protect from what was computed before."""
    division = local.name in ("divide", "reciprocal", "true_divide")
    text = (
        f"{count} of {singular.size} elements of {local.name} are not used, so the gradient that comes back for them "
        f"is 0, but its derivative there is not finite{_where(local, singular)}: 0 times that is nan"
    )
    advice = "choose before computing, too, so that no element is out of range: where(ok, f(where(ok, x, 1)), 0)"
    return Finding("masked division" if division else f"masked {local.name}", text, advice)


def _slope(local: Local) -> Any:
    """Return the derivative of an operation on single elements, in the shape of its output, or None."""
    node = local.node
    op = node.op
    if not isinstance(op, Op) or not op.elementwise or op.several or node.saved is None or local.h is None:
        return None
    shape, dtype = shape_of(node.like), dtype_of(node.like)
    with np.errstate(all="ignore"):
        slope = op.pull(np.ones(shape, dtype)[()], node.inputs, node.saved)[local.position]
    return np.broadcast_to(value_of(slope), shape)


def _where(local: Local, singular: Any) -> str:
    """Return what the operation's values are like where its derivative is not finite."""
    for name, array in local.floats():
        try:
            there = np.broadcast_to(array, singular.shape)[singular]
        except ValueError:
            continue
        if name != "out" and (there == 0).all():
            return f", where {name} is 0"
        if name != "out" and (there < 0).all():
            return f", where {name} is negative"
        if name == "out" and (there == 0).all():
            return ", where its result is 0"
    return ""


def _cancelled(local: Local) -> bool:
    """Return whether a rule that only adds up, as of a bias, has found next to nothing."""
    added = np.sum(np.abs(np.asarray(local.g)))
    return bool(np.sum(np.abs(np.asarray(local.h))) < 1e-4 * added) and local.name in ("add", "subtract", "linear")


def _largest(gradient: Any) -> float:
    parts = gradient.values() if isinstance(gradient, dict) else [gradient]
    return max(float(np.max(np.abs(value_of(part)), initial=0)) for part in parts)


def _any(holds: Callable[[Any], Any], gradient: Any) -> bool:
    parts = gradient.values() if isinstance(gradient, dict) else [gradient]
    return any(bool(holds(value_of(part)).any()) for part in parts if part is not None)


# --- small ------------------------------------------------------------------------------------------------------------


def of_small(local: Local) -> str:
    """Return in some words why the rule made a gradient much smaller, or ""."""
    if not isinstance(local.g, dict) and np.size(local.h) < np.size(local.g) and _cancelled(local):
        return "it adds up elements that cancel: perhaps a normalisation after it takes out all shifts"
    out = local.saved.get("out")
    if local.name in ("sigmoid", "tanh") and out is not None:
        low = 0 if local.name == "sigmoid" else -1
        share = float(np.mean((out - low) / (1 - low) > ALMOST) + np.mean((out - low) / (1 - low) < 1 - ALMOST))
        return f"{share:.0%} of its outputs are within 1 % of their ends" if share > 0.1 else ""
    if local.name in ("softmax", "log_softmax") and out is not None:
        largest = np.max(np.exp(out) if local.name == "log_softmax" else out, axis=local.saved.get("axis", -1))
        share = float(np.mean(largest > ALMOST))
        return f"saturated: in {share:.0%} of the rows one class has more than {ALMOST:.0%}" if share > 0.1 else ""
    if local.name == "relu" and out is not None:
        share = float(np.mean(np.asarray(out) <= 0))
        return f"{share:.0%} of its inputs are 0 or less" if share > 0.5 else ""
    return ""
