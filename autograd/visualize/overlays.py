"""Memory, time and gradients shown as colours, always together with the number that they stand for."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from autograd.visualize.labels import duration, number, size_of
from autograd.visualize.nodes import NodeView
from autograd.visualize.sketch import Box, Sketch


class Shade(NamedTuple):
    """How one range of an overlay looks: the fill of boxes or the colour of wires, their width, and its caption."""

    colour: str
    width: float
    caption: str


# From light to dark, so that the order is seen without colour vision as well; dark text is readable on all.
FILLS = ("#fffbe8", "#fee9a8", "#fdca66", "#f5a13a", "#e5832b")
SHARES = (0.01, 0.05, 0.2, 0.5)  # of the largest: where one fill ends and the next one begins
# Mid-tones, visible on white as on dark pages; what tells them apart without colour vision is the width.
STROKES = (("#7d8cc4", 0.6), ("#4f86c6", 1.2), ("#9a6fb8", 1.8), ("#c4568f", 2.6), ("#d9480f", 3.4))
ZERO, BROKEN = Shade("#808080", 0.6, "0"), Shade("#d9480f", 5.0, "nan or inf")


class Overlay(ABC):
    """A quantity that every box may have.

    Attributes:
        title: what the legend calls it.
        on_wires: whether wires are coloured instead of boxes.
        is_sum: whether a box that stands for many nodes has what all of them have together.
    """

    title: str
    on_wires = False
    is_sum = True

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.amounts = {box.id: self.amount(box) for box in sketch.boxes}
        known = [x for x in self.amounts.values() if x is not None]
        if not known:
            raise ValueError(self.missing())
        finite = [x for x in known if math.isfinite(x)]
        self.largest = max(finite, default=0.0)
        self.smallest = min((x for x in finite if x), default=0.0)

    @abstractmethod
    def amount(self, box: Box) -> float | None:
        """Return how much of it a box has, None if that is not known."""

    @abstractmethod
    def text(self, box: Box) -> str:
        """Return the line that a box shows, "" for none."""

    @abstractmethod
    def missing(self) -> str:
        """Return what to say where it is not known for any box."""

    def shade(self, box: Box) -> Shade | None:
        """Return how a box, or the wire that leaves it, looks, None as usual."""
        amount = self.amounts[box.id]
        if amount is None or not self.largest:
            return None
        if not amount:
            return None
        return self.scale()[sum(amount > share * self.largest for share in SHARES)]

    def scale(self) -> list[Shade]:
        """Return what the legend shows, from little to much."""
        ends = [self.written(share * self.largest) for share in SHARES]
        captions = [f"up to {ends[0]}", *(f"to {end}" for end in ends[1:]), f"to {self.written(self.largest)}"]
        return [Shade(fill, 1.0, caption) for fill, caption in zip(FILLS, captions, strict=True)]

    @abstractmethod
    def written(self, amount: float) -> str:
        """Return an amount as text."""

    def total(self, box: Box, field: str) -> Any:
        """Return the sum of what is known about the nodes of a box, None where nothing is."""
        nodes = self.sketch.graph.nodes
        known = [x for i in box.nodes if (x := getattr(nodes[i], field)) is not None and nodes[i].op is not None]
        return sum(known) if known else None


class Saved(Overlay):
    """The bytes that operations keep for their derivatives."""

    title = "kept for backward"

    def amount(self, box: Box) -> float | None:
        """Return the bytes."""
        return self.total(box, "saved_bytes")  # type: ignore[no-any-return]

    def text(self, box: Box) -> str:
        """Return the bytes as text."""
        return f"keeps {size_of(amount)}" if (amount := self.amounts[box.id]) else ""

    def written(self, amount: float) -> str:
        """Return bytes as text."""
        return size_of(amount)

    def missing(self) -> str:
        """Return what to say where the graph was released."""
        return (
            "what operations kept for backward() is released; draw before backward(), call "
            "backward(retain_graph=True), or compute inside autograd.watch()"
        )


class Time(Overlay):
    """The time that operations took, forward and backward."""

    title = "time"

    def amount(self, box: Box) -> float | None:
        """Return the seconds of both passes together."""
        passes = [self.total(box, "forward_seconds"), self.total(box, "backward_seconds")]
        known = [seconds for seconds in passes if seconds is not None]
        return sum(known) if known else None

    def text(self, box: Box) -> str:
        """Return the time of each pass."""
        forward, backward = (self.total(box, f"{way}_seconds") for way in ("forward", "backward"))
        if forward is None and backward is None:
            return ""
        return " + ".join("?" if seconds is None else duration(seconds) for seconds in (forward, backward))

    def written(self, amount: float) -> str:
        """Return seconds as text."""
        return duration(amount)

    def missing(self) -> str:
        """Return what to say where nothing was measured."""
        return "no operation of this graph was timed; compute, and call backward(), inside autograd.watch()"


class Gradient(Overlay):
    """The largest absolute value in the gradient of what comes out of a box, in five equal steps of its logarithm."""

    title = "largest |gradient|"
    on_wires = True
    is_sum = False

    def amount(self, box: Box) -> float | None:
        """Return the largest absolute value."""
        nodes = self.sketch.graph.nodes
        lead = box.lead
        found = [x for i in self.sketch.fold.like(lead) if (x := largest_gradient(nodes[i])) is not None]
        return max(found, key=lambda x: math.inf if math.isnan(x) else x) if found else None

    def text(self, box: Box) -> str:
        """Return the largest absolute value as text."""
        amount = self.amounts[box.id]
        return "" if amount is None else f"|g| ≤ {number(amount)}"

    def written(self, amount: float) -> str:
        """Return a gradient as text."""
        return number(amount)

    def missing(self) -> str:
        """Return what to say before backward."""
        return "there are no gradients in this graph yet; call backward() first"

    def shade(self, box: Box) -> Shade | None:
        """Return the colour and the width of the wire that leaves a box."""
        amount = self.amounts[box.id]
        if amount is None:
            return None
        if not math.isfinite(amount):
            return BROKEN
        if not amount:
            return ZERO
        low, high = math.log(self.smallest), math.log(self.largest)
        step = min(int((math.log(amount) - low) / (high - low) * 5), 4) if high > low else 4
        return self.steps()[step]

    def steps(self) -> list[Shade]:
        """Return the five looks of wires."""
        low, high = (math.log(x) if x else 0.0 for x in (self.smallest, self.largest))
        ends = [number(math.exp(low + (high - low) * k / 5)) for k in range(6)]
        return [Shade(*stroke, f"{ends[k]} … {ends[k + 1]}") for k, stroke in enumerate(STROKES)]

    def scale(self) -> list[Shade]:
        """Return what the legend shows: zeros and numbers that are none only where there are some."""
        known = [x for x in self.amounts.values() if x is not None]
        found = [ZERO] if any(x == 0 for x in known) else []
        if self.largest > self.smallest:
            found += self.steps()
        elif self.largest:
            found.append(self.steps()[4]._replace(caption=number(self.largest)))
        return found + ([BROKEN] if any(not math.isfinite(x) for x in known) else [])


def largest_gradient(node: NodeView) -> float | None:
    """Return the largest absolute value in a node's gradient as far as it is known, nan if there is one.

    Of a gradient of which only an excerpt was copied, and no summary was made, it is not known.
    """
    summary = node.gradient_summary
    if summary is not None:
        if summary.not_finite:
            return math.inf
        return max(abs(summary.minimum), abs(summary.maximum)) if summary.size else 0.0
    if node.gradient is None or node.gradient.shape != node.shape:
        return None
    return float(np.abs(node.gradient).max(initial=0))


KINDS: dict[str, type[Overlay]] = {"saved": Saved, "time": Time, "gradient": Gradient}
