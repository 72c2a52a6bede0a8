"""`why`: the question and the order in which answers are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.graph import Node, leading_to
from autograd.modes import no_grad
from autograd.reasons.absence import of_unreachable, of_unrecorded
from autograd.reasons.causes import Finding, Local, of_bad, of_small, of_zero, saved_of
from autograd.reasons.explanation import Explanation, Reason
from autograd.reasons.forward import of_forward
from autograd.reasons.objectives import find_objective
from autograd.reasons.paths import SMALL, of_product, steps_of, strongest_path
from autograd.reasons.places import Places
from autograd.reasons.replay import Edge, Replay, Size, is_released, recall, replay, size_of
from autograd.tensor import Tensor

TINY, HUGE = 1e-6, 1e4  # norms of a gradient that are called so
MOST = 5  # reasons of a kind
CHOOSERS = frozenset(["where", "nan_to_num", "getitem", "masked", "clip", "maximum", "minimum", "multiply", "take"])
RELEASED = Reason(
    "released",
    "backward() has released the graph, and with it the values that would explain more",
    "compute the objective again and ask before backward(), or call backward(retain_graph=True)",
)


def why(tensor: Tensor, loss: Tensor | None = None) -> Explanation:
    """Say why the gradient of a Tensor is None, zero, NaN, infinite, huge or tiny.

    Ask before `backward()`, or after `backward(retain_graph=True)`: then a backward pass is made for the record, which
    stores nothing, calls no hooks and changes nothing. Afterwards only what small graphs remember can be told. The
    lines of the program are named where the forward pass ran inside `autograd.source_lines()`; inside
    `autograd.watch_breaks()` also those that cut a gradient off.

    A gradient is called tiny when its Euclidean norm is below 1e-6 and huge when it is above 1e4; for others the
    answer shows the path.

    Args:
        tensor: whose gradient.
        loss: the gradient of what; of several elements, their sum. By default the only living result that was computed
            from `tensor`, or else the only living result of one element.

    Returns:
        An `Explanation`, to print; its `reasons` have a `cause`, a `line` and advice.

    Raises:
        TypeError: when one of them is no Tensor.
        ValueError: without `loss`, when several living results may be meant.

    >>> x = Tensor([-1.0, -2.0], requires_grad=True, name="x")
    >>> from autograd import relu
    >>> print(why(x, relu(x * 3).sum()))
    the gradient of x (2,) is zero everywhere
    - relu lets nothing through: all 2 of its inputs are 0 or less
        what helps: a smaller learning rate, other initial weights or biases, or a slope below 0 (leaky_relu)
    the strongest path, from the objective back: sum (x 1.41) <- relu (x 0) <- multiply
    """
    for thing in (tensor, *(() if loss is None else (loss,))):
        if not isinstance(thing, Tensor):
            raise TypeError(f"why() explains the gradients of Tensors, not of {type(thing).__name__} {thing!r:.60}")
    if tensor._node is None:
        return _absent(_named(tensor), of_unrecorded(tensor))
    objective = find_objective(tensor._node) if loss is None else loss
    if objective is None:
        return _without_graph(tensor)
    if objective._node is None:
        return Explanation(
            "none", f"the gradient of {_named(tensor)} is None", (of_unrecorded(objective, "the objective"),)
        )
    return _Question(tensor, tensor._node, objective, objective._node).answer()


def _absent(name: str, *reasons: Reason) -> Explanation:
    return Explanation("none", f"the gradient of {name} is None", reasons)


def _known(gradient: Any, name: str) -> Explanation:
    """Return what can be said of a gradient without its graph."""
    return Explanation(_kind(size_of(gradient), gradient), _told(gradient, name), (RELEASED,))


def _without_graph(tensor: Tensor) -> Explanation:
    """Return what can be said of a Tensor when no graph is alive."""
    if tensor.grad is not None:
        return Explanation(
            _kind(size_of(tensor.grad._data), tensor.grad._data), _told(tensor, tensor.grad._data), (RELEASED,)
        )
    reason = Reason(
        "no graph", "nothing that is alive was computed from it with recording: the objective has been dropped, or was "
        "computed inside no_grad() or from detached values", "keep the objective and ask why(tensor, loss)",
    )  # fmt: skip
    return _absent(_named(tensor), reason)


class _Question:
    """Why one Tensor's gradient of one objective is as it is."""

    def __init__(self, tensor: Tensor, node: Node, objective: Tensor, root: Node) -> None:
        self.tensor, self.node, self.objective, self.root = tensor, node, objective, root
        self.places = Places(root)
        self.name = _named(tensor, self.places.name(node) if tensor.is_leaf else None)

    def answer(self) -> Explanation:
        """Return the explanation."""
        if self.root not in leading_to({self.node}, [self.root]):
            reasons = of_unreachable(self.tensor, self.root, self.places)
            return Explanation("none", f"the gradient of {self.name} is None: no path leads to it", tuple(reasons))
        released = is_released(self.root, self.node)
        with np.errstate(all="ignore"), no_grad():
            told = recall(self.root, self.node, self.look) if released else self.replayed()
        if told is None or (released and told.final is None):
            return self.forgotten()
        gradient = told.final
        if gradient is None:
            return Explanation(
                "none", f"the gradient of {self.name} is None", tuple(self.findings(told, "no gradient sent"))
            )
        size = size_of(gradient)
        kind = _kind(size, gradient)
        path = strongest_path(told, self.node)
        reasons = [*self.reasons(kind, told, path), *self.asides()]
        return Explanation(kind, _told(gradient, self.name), tuple(reasons), steps_of(path, self.places))

    def replayed(self) -> Replay:
        value = self.objective._data
        return replay(
            self.root, np.ones_like(value)[()] if not value.ndim else np.ones_like(value), self.node, self.look
        )

    def look(self, edge: Edge, g: Any, h: Any) -> Any:
        """Return a finding about an edge, or some words, where something happens to the gradient."""
        local = Local(edge.user, edge.position, g, h, saved_of(edge.user))
        if edge.sent.bad and not edge.arrived.bad:
            return of_bad(local)
        if edge.sent.vanished and not edge.arrived.vanished:
            return of_zero(local)
        if edge.sent.norm < SMALL * edge.arrived.norm:
            return of_small(local)
        return None

    def reasons(self, kind: str, told: Replay, path: list[Edge]) -> Iterator[Reason]:
        """Yield what explains a gradient of a kind."""
        if kind in ("nan", "inf"):
            yield from self.bad(told)
        elif kind == "zero":
            found = list(self.findings(told))
            yield from found or self.cancelled(told)
            if any(reason.cause == "underflow" for reason in found):
                product = of_product(path, self.places, shrinking=True)
                yield from [] if product is None else [product]
        elif kind in ("tiny", "huge"):
            product = of_product(path, self.places, shrinking=kind == "tiny")
            yield from self.cancelled(told) if product is None else [product]

    def findings(self, told: Replay, cause: str | None = None) -> Iterator[Reason]:
        """Yield what was found on the way, where most arrived first, each cause at a line once."""
        edges = [edge for edge in told.edges if isinstance(edge.finding, Finding)]
        seen: set[tuple[str, str, str | None]] = set()
        for edge in sorted(edges, key=lambda edge: -edge.arrived.norm):
            finding, line = edge.finding, self.places(edge.user)
            key = (finding.cause, finding.text, line)
            if key not in seen and len(seen) < MOST and cause in (None, finding.cause):
                seen.add(key)
                yield Reason(finding.cause, finding.text, finding.advice, _name(edge), line)

    def bad(self, told: Replay) -> Iterator[Reason]:
        """Yield where numbers that are not finite came from."""
        edges = [edge for edge in told.edges if isinstance(edge.finding, Finding) and edge.sent.bad]
        for edge in edges[:MOST]:
            if edge.finding.cause == "forward":
                yield of_forward(self.root, self.places) or self.of_edge(edge)
                return
            yield self.of_edge(edge, told)
        if not edges:
            origin = of_forward(self.root, self.places)
            text = "finite gradients of several uses add up to one that is not"
            yield origin or Reason("overflow", text, "smaller numbers, or float64")

    def of_edge(self, edge: Edge, told: Replay | None = None) -> Reason:
        """Return the finding about an edge, with the operation that masked it."""
        finding = edge.finding
        assert edge.user.op is not None
        text = finding.text
        if told is not None and finding.cause.startswith("masked"):
            users = [e.user for e in reversed(strongest_path(told, edge.user))]
            mask = next((node for node in users if node.op is not None and node.op.name in CHOOSERS), None)
            if mask is not None and mask.op is not None:
                line = self.places(mask)
                text += f"; they were not chosen by {mask.op.name}" + (f" at {line}" if line else "")
        return Reason(finding.cause, text, finding.advice, edge.user.op.name, self.places(edge.user))

    def cancelled(self, told: Replay) -> Iterator[Reason]:
        """Yield the forks where gradients of several uses add up to zero, or nearly."""
        uses: dict[Node, list[Edge]] = {}
        for edge in told.edges:
            uses.setdefault(edge.source, []).append(edge)
        for node, edges in uses.items():
            largest = max(edge.sent.norm for edge in edges)
            if len(edges) > 1 and largest and told.arrived[node].norm < 1e-3 * largest:
                name = self.name if node is self.node else self.places.name(node) or "a value"
                users = ", ".join(dict.fromkeys(edge.user.op.name for edge in edges if edge.user.op))
                sizes = f"norms of up to {largest:.3g} add up to {told.arrived[node].norm:.3g}"
                text = f"the gradients of the {len(edges)} uses of {name} cancel, as in x - x: {sizes} (uses: {users})"
                yield Reason("cancellation", text, "", None, self.places(node))

    def asides(self) -> Iterator[Reason]:
        """Yield why `grad` may be another thing than this gradient."""
        extra = self.node.extra
        if not self.tensor.is_leaf and not (extra is not None and extra.retain):
            text = "its grad is None: backward() keeps the gradients of computed Tensors only if asked"
            yield Reason("not retained", text, "call retain_grad() on it before backward()")
        if extra is not None and extra.hooks:
            yield Reason("hooks", "hooks may change it: they were not called for this answer")

    def forgotten(self) -> Explanation:
        """Return what can be said after the graph has been released."""
        grad = self.tensor.grad
        if grad is not None:
            return _known(grad._data, self.name)
        text = (
            "backward() reached it, so its gradient was removed since (zero_grad(), x.grad = None), or backward() was "
            "called for another purpose (autograd.grad)"
        )
        return _absent(self.name, *([*self.asides()] or [Reason("cleared", text)]), RELEASED)


def _kind(size: Size, gradient: Any) -> str:
    if size.bad:
        return "nan" if np.isnan(gradient).any() else "inf"
    if size.vanished:
        return "zero"
    return "tiny" if size.norm < TINY else "huge" if size.norm > HUGE else "ordinary"


def _named(tensor: Tensor, name: str | None = None) -> str:
    """Return what messages call a Tensor."""
    known = tensor.name or name or ("this Tensor" if tensor.is_leaf else f"the result of {tensor._node.op.name}")  # type: ignore[union-attr]
    return f"{known} {tensor.shape}"


def _told(gradient: Any, name: str) -> str:
    """Return what a gradient is, in a sentence."""
    size = size_of(gradient)
    kind = _kind(size, gradient)
    start = f"the gradient of {name}"
    norm = f"its norm is {size.norm:.3g}"
    zeros = f", {size.zeros / size.elements:.0%} of its elements are zero" if size.zeros else ""
    if kind == "zero":
        return f"{start} is zero" + (" everywhere" if size.elements > 1 else "")
    if kind in ("nan", "inf"):
        what = "nan" if kind == "nan" else "infinite"
        return f"{start} is {what}" + (f" at {size.bad} of {size.elements} elements" if size.elements > 1 else "")
    return f"{start} is {'neither tiny nor huge' if kind == 'ordinary' else kind}: {norm}{zeros}"


def _name(edge: Edge) -> str | None:
    return None if edge.user.op is None else edge.user.op.name
