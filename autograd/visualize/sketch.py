"""What a drawing shows, as plain data: boxes, the frames around them, and the wires between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

from autograd.visualize.folding import Fold, Item
from autograd.visualize.labels import symbol
from autograd.visualize.view import Graph, NodeView


@dataclass(slots=True, eq=False)
class Box:
    """What is drawn for one node, or for many.

    Attributes:
        id: its name in DOT.
        kind: that of the node, or "module" or "expression".
        lead: the position of the node whose value comes out.
        nodes: the positions of all nodes that it stands for, in execution order.
        frame: which frame it stands in, or None.
        title: what it is called; for parameters, inputs and constants None where the node's name is to be taken.
        count: how often it is repeated, where no frame says so.
        shared: whether these are steps of a recurrence.
        inside: the parameters and the like that are drawn as a part of it.
    """

    id: str
    kind: str
    lead: int
    nodes: list[int]
    frame: int | None
    title: str | None = None
    count: int = 1
    shared: bool = False
    inside: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame around boxes: a module's call, or what is repeated."""

    label: str
    parent: int | None
    count: int = 1
    shared: bool = False


class Wire(NamedTuple):
    """A value on its way from one box to another; with `again`, into the next repetition."""

    source: int
    target: int
    again: bool = False


@dataclass(eq=False)
class Sketch:
    """A drawing before it is written down.

    Attributes:
        graph: what is drawn.
        fold: what stands for what.
        boxes: in execution order of their leads.
        frames: each after the one around it.
        wires: those into a box in the order of its operands.
    """

    graph: Graph
    fold: Fold
    boxes: list[Box]
    frames: list[Frame]
    wires: list[Wire]

    def node(self, box: Box) -> NodeView:
        """Return the node whose value comes out of a box."""
        return self.graph.nodes[box.lead]

    def single(self, box: Box) -> bool:
        """Return whether only one value ever comes out of a box."""
        return len(self.fold.like(box.lead)) == 1

    def merged(self, parts: Sequence[Sequence[int]], made: Callable[[list[Box]], Box]) -> Sketch:
        """Return a sketch with one box in place of each of some sets of boxes; wires inside a set are left out."""
        if not parts:
            return self
        new = list(self.boxes)
        to = list(range(len(new)))
        for part in parts:
            new[part[0]] = made([self.boxes[i] for i in part])
            for i in part:
                to[i] = part[0]
        kept = sorted(set(to), key=lambda i: new[i].lead)
        number = dict(zip(kept, range(len(kept))))
        changed = {part[0] for part in parts}
        wires: dict[Wire | int, Wire] = {}
        for at, (start, end, again) in enumerate(self.wires):
            source, target = to[start], to[end]
            if source == target and not again:
                continue
            wire = Wire(number[source], number[target], again)
            wires[wire if source in changed or target in changed else at] = wire
        return Sketch(self.graph, self.fold, [new[i] for i in kept], self.frames, list(wires.values()))


def sketched(graph: Graph, fold: Fold, depth: int | None = None) -> Sketch:
    """Return what is to be drawn.

    Args:
        graph: the graph.
        fold: what stands for what.
        depth: how many modules deep frames are drawn; calls of modules below become one box each.
    """
    return _Builder(graph, fold, depth).sketch()


class _Builder:
    """Places the nodes in boxes and frames."""

    def __init__(self, graph: Graph, fold: Fold, depth: int | None) -> None:
        self.graph = graph
        self.fold = fold
        self.depth = depth
        self.boxes: dict[int, Box] = {}  # by the position of a node that stands for others
        self.frames: list[Frame] = []
        self.framed: dict[int, int] = {}  # groups that have a frame
        self.calls: list[tuple[Box, list[int]]] = []  # the boxes of modules, with the operations of one call
        self.closed: set[int | None] = set()  # groups that are drawn as a box, or lie in one

    def sketch(self) -> Sketch:
        self.place_operations()
        self.place_leaves()
        for i, image in enumerate(self.fold.image):
            box = self.boxes[image]
            box.nodes.append(i)
            self.boxes[i] = box
        self.count_parameters()
        boxes = list({id(box): box for _, box in sorted(self.boxes.items())}.values())
        boxes.sort(key=lambda box: box.lead)
        return Sketch(self.graph, self.fold, boxes, self.frames, list(self.wires(boxes)))

    # --- boxes and frames -------------------------------------------------------------------------------------------

    def place_operations(self) -> None:
        stack: list[tuple[Sequence[Item], int | None, int]] = [(self.fold.content[None], None, 0)]
        while stack:
            items, frame, level = stack.pop()
            for item in items:
                run = item
                if item.parts and len(item.parts) == 1 and not item.parts[0].parts:
                    item = item.parts[0]
                if item.parts:
                    stack.append((item.parts, self.framed_by("", frame, run), level))
                elif item.group is None:
                    self.place(item.nodes[0], frame, run)
                elif self.depth is not None and level >= self.depth:
                    self.close(item, frame, run)
                else:
                    label = self.graph.groups[item.group].label
                    self.framed[item.group] = self.framed_by(label, frame, run)
                    stack.append((self.fold.content[item.group], self.framed[item.group], level + 1))

    def framed_by(self, label: str, parent: int | None, run: Item) -> int:
        self.frames.append(Frame(_span(label, run), parent, run.count, run.shared))
        return len(self.frames) - 1

    def place(self, i: int, frame: int | None, run: Item | None = None) -> None:
        """Give a node its box."""
        node = self.graph.nodes[i]
        box = Box(f"n{i}", "operation" if node.op is not None else node.kind, i, [], frame)
        if run is not None:
            box.count, box.shared = run.count, run.shared
        self.boxes[i] = box

    def close(self, item: Item, frame: int | None, run: Item) -> None:
        """Draw a module's call as one box."""
        group = item.group
        assert group is not None
        title = _span(self.graph.groups[group].label, run)
        box = Box(f"m{group}", "module", item.nodes[-1], [], frame, title, run.count, run.shared)
        self.calls.append((box, item.nodes))
        for i in item.nodes:
            self.boxes[i] = box
        stack = [group]
        while stack:
            self.closed.add(stack[-1])
            stack += self.fold.structure.inside[stack.pop()]

    def place_leaves(self) -> None:
        structure, image = self.fold.structure, self.fold.image
        for i in range(len(image)):
            if image[i] != i or not structure.is_leaf(i):
                continue
            users = list({id(box): box for user in structure.users[i] for box in [self.boxes[image[user]]]}.values())
            group = self.graph.nodes[i].group
            if len(users) == 1 and users[0].kind == "module" and (group is not None or self.fold.like(i)[1:]):
                self.boxes[i] = users[0]
            elif len(self.fold.like(i)) > 1:
                self.place(i, self.common([box.frame for box in users]))
            else:
                while group is not None and group not in self.framed:
                    group = self.graph.groups[group].parent
                self.place(i, None if group is None else self.framed[group])

    def count_parameters(self) -> None:
        """Note in the boxes of modules the parameters that one call uses and that are drawn nowhere else."""
        structure = self.fold.structure
        for box, operations in self.calls:
            leaves = dict.fromkeys(source for i in operations for source in structure.sources[i])
            box.inside = [i for i in leaves if structure.is_leaf(i) and self.boxes[i] is box]

    def common(self, frames: Sequence[int | None]) -> int | None:
        """Return the innermost frame around all of some."""
        chains = [self.chain(frame) for frame in dict.fromkeys(frames)]
        innermost = None
        for level in zip(*chains):  # zip ends with the shortest chain
            if len(set(level)) > 1:
                break
            innermost = level[0]
        return innermost

    def chain(self, frame: int | None) -> list[int]:
        found = []
        while frame is not None:
            found.append(frame)
            frame = self.frames[frame].parent
        return found[::-1]

    # --- wires ------------------------------------------------------------------------------------------------------

    def wires(self, boxes: Sequence[Box]) -> Iterator[Wire]:
        """Yield one wire for each use of a value; between boxes of many nodes, one for all."""
        fold, number = self.fold, {id(box): at for at, box in enumerate(boxes)}
        seen: set[Wire] = set()
        for target, sources in enumerate(fold.structure.sources):
            for source in sources:
                here, there = self.boxes[source], self.boxes[target]
                if fold.told(source, target):
                    continue
                again = fold.again(source, target, self.closed)
                if here is there and not again:
                    continue
                wire = Wire(number[id(here)], number[id(there)], again)
                if wire not in seen or len(here.nodes) == len(there.nodes) == 1:
                    seen.add(wire)
                    yield wire


def _span(label: str, run: Item) -> str:
    """Return the label of a module's call, of several ones with the names of the first and the last.

    >>> _span("b", Item("", [], labels=("layers.0: Block", "layers.11: Block")))
    'layers.0 … layers.11: Block'
    """
    first, last = run.labels
    if first == last:
        return label
    name, _, kind = first.rpartition(": ")
    return f"{name} … {last}" if name and last.endswith(f": {kind}") else label


def parameters_in(graph: Graph, nodes: Sequence[int]) -> int:
    """Return how many numbers the parameters among some nodes have."""
    found = [graph.nodes[i] for i in nodes if graph.nodes[i].kind == "parameter"]
    return sum(prod(node.shape) for node in found if node.shape is not None)


def name_of(sketch: Sketch, box: Box) -> str:
    """Return what a box is called, by which boxes can be told apart."""
    node = sketch.node(box)
    if box.title is not None:
        return box.title
    return symbol(node) if node.op is not None else node.name or node.kind
