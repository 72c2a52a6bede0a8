"""The strongest path of a gradient, and the factors that it was multiplied by on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from autograd.graph import Node
from autograd.reasons.explanation import Reason, Step
from autograd.reasons.replay import Edge, Replay
from autograd.visualize.nodes import PART

SMALL = 0.25  # the largest slope of a sigmoid: what is below this, often, makes gradients vanish
LARGE = 4.0
ALONE = 0.8  # an operation that did more than this part of it, in orders of magnitude, is named alone
LINES = 3  # so many source lines are named for a kind of operation


def strongest_path(replay: Replay, wanted: Node) -> list[Edge]:
    """Return the edges from the objective to a node, at each fork back the one that sent most."""
    by_source: dict[Node, list[Edge]] = {}
    for edge in replay.edges:
        by_source.setdefault(edge.source, []).append(edge)
    path: list[Edge] = []
    node = wanted
    while node in by_source:
        best = max(by_source[node], key=_strength)
        path.append(best)
        node = best.user
    return path[::-1]


def _strength(edge: Edge) -> float:
    return -1.0 if math.isnan(edge.sent.norm) else edge.sent.norm


def steps_of(path: Sequence[Edge], line_of: Callable[[Node], str | None]) -> tuple[Step, ...]:
    """Return a path as `why` shows it."""
    shown = [edge for edge in path if _op(edge) != PART]
    return tuple(Step(_op(edge), line_of(edge.user), edge.arrived.norm, edge.sent.norm) for edge in shown)


def of_product(path: Sequence[Edge], line_of: Callable[[Node], str | None], shrinking: bool) -> Reason | None:
    """Return how the factors along a path multiply to a small number, or a large one; None where they do not.

    Sources: Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen (1991); Bengio, Simard and Frasconi, Learning
    long-term dependencies with gradient descent is difficult (1994).
    """
    sign = -1 if shrinking else 1
    rates = [(edge, sign * _log(edge)) for edge in path if edge.arrived.norm and edge.sent.norm]
    guilty = [(edge, rate) for edge, rate in rates if rate > 0]
    total = sum(rate for _, rate in rates)
    if not guilty or total <= 0:
        return None
    limit = math.log10(LARGE)
    strong = sum(rate > limit for _, rate in guilty)
    what = f"below {SMALL}" if shrinking else f"above {LARGE:g}"
    text = f"a product of {len(rates)} factors along the path makes it {10 ** (sign * total):.2g} times what it was"
    if strong:
        text += f"; {strong} of them {'is' if strong == 1 else 'are'} {what}"
    groups, worst = _grouped(guilty), max(guilty, key=lambda pair: pair[1])
    alone = worst[1] > ALONE * sum(rate for _, rate in guilty)
    if alone:
        groups = [(_op(worst[0]), [worst])]
    text += ": " + ", ".join(_described(name, edges, shrinking) for name, edges in groups[:3])
    first = groups[0][1]
    lines = dict.fromkeys(line for edge, _ in first if (line := line_of(edge.user)) is not None)
    shown = [*list(lines)[:LINES], *([f"and {len(lines) - LINES} more places"] if len(lines) > LINES else [])]
    cause = "product" if len(first) > 1 and not alone else "small factor" if shrinking else "large factor"
    return Reason(cause, text, _advice(groups[0][0], shrinking), groups[0][0], "\n     ".join(shown) or None)


def _log(edge: Edge) -> float:
    return math.log10(edge.sent.norm) - math.log10(edge.arrived.norm) if math.isfinite(edge.sent.norm) else 0.0


def _grouped(guilty: Sequence[tuple[Edge, float]]) -> list[tuple[str, list[tuple[Edge, float]]]]:
    """Return the edges by operation, those that did most first."""
    groups: dict[str, list[tuple[Edge, float]]] = {}
    for edge, rate in guilty:
        groups.setdefault(_op(edge), []).append((edge, rate))
    return sorted(groups.items(), key=lambda item: -sum(rate for _, rate in item[1]))


def _described(name: str, edges: Sequence[tuple[Edge, float]], shrinking: bool) -> str:
    mean = sum(rate for _, rate in edges) / len(edges)
    each = f"{10 ** (-mean if shrinking else mean):.2g}"
    text = f"{name} {each}" if len(edges) == 1 else f"{len(edges)} times {name}, {each} each"
    notes = dict.fromkeys(edge.finding for edge, _ in edges if isinstance(edge.finding, str) and edge.finding)
    return text + (f" ({next(iter(notes))})" if notes else "")


def _advice(name: str, shrinking: bool) -> str:
    if not shrinking:
        return "gradient clipping, smaller weights or a better initialisation, normalisation"
    if name in ("sigmoid", "tanh"):
        return "rectifiers, normalised inputs, residual connections; for recurrent nets an LSTM or GRU"
    return "a better initialisation, normalisation, residual connections"


def _op(edge: Edge) -> str:
    assert edge.user.op is not None
    return edge.user.op.name
