"""Drawings of large graphs: less and less detail until what is left can be taken in at a glance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

from autograd.visualize.expressions import with_expressions
from autograd.visualize.folding import Fold
from autograd.visualize.sketch import Box, Sketch, Wire, name_of, sketched
from autograd.visualize.view import Graph

SMALL = 100  # graphs of at most so many nodes are drawn in full, and drawings of larger ones have so many boxes
GLANCE = 60  # boxes in an overview
MANY = 4  # leaves that look alike
ROUNDS = 4  # how far the surroundings of a box are looked at to tell it from others
LEAVES = ("parameter", "input", "constant")
DETAILS = (None, "all", "folded", "overview")


def reduced(graph: Graph, detail: str | None, depth: int | None) -> Sketch:
    """Return what is to be drawn of a graph.

    Args:
        graph: the graph.
        detail: see `to_dot`.
        depth: see `to_dot`.
    """
    if detail == "all" or (detail is None and len(graph) <= SMALL):
        return sketched(graph, Fold(graph, repeats=False), depth)
    fold = Fold(graph)
    sketch = sketched(graph, fold, depth)
    if detail is None and len(sketch.boxes) <= SMALL:
        return sketch
    sketch = bundled(with_expressions(sketch))
    if detail == "folded" or (detail is None and len(sketch.boxes) <= SMALL):
        return sketch
    limit = SMALL if detail is None else GLANCE
    sketch = tucked(sketch)
    if len(sketch.boxes) > limit and graph.groups:
        shallow = depth_for(fold, limit)
        depth = shallow if depth is None else min(depth, shallow)
        sketch = tucked(with_expressions(sketched(graph, fold, depth)))
    return sketch if len(sketch.boxes) <= limit else by_role(sketch, limit)


def depth_for(fold: Fold, limit: int) -> int:
    """Return how many modules deep frames can be drawn so that there are about `limit` boxes at most."""
    boxes: Counter[int] = Counter()  # by how many frames they stand in
    calls: Counter[int] = Counter()
    level: dict[int | None, int] = {None: 0}
    for group, items in fold.content.items():  # frames come before those inside
        stack = list(items)
        while stack:
            item = stack.pop()
            stack += item.parts
            if item.group is not None:
                level[item.group] = level[group] + 1
                calls[level[group]] += 1
            elif not item.parts:
                boxes[level[group]] += 1
    depth, open_boxes = 0, boxes[0]
    while calls[depth + 1] and open_boxes + boxes[depth + 1] + calls[depth + 1] <= limit:
        depth += 1
        open_boxes += boxes[depth]
    return depth + (not calls[depth + 1] and open_boxes + boxes[depth + 1] <= limit)


def bundled(sketch: Sketch, nameless: bool = True) -> Sketch:
    """Return the sketch with one box for leaves that look alike and go to the same places, where there are many.

    Args:
        sketch: the sketch.
        nameless: only those without a name.
    """
    users = _users(sketch)
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for i, box in enumerate(sketch.boxes):
        node = sketch.node(box)
        if box.kind in LEAVES and not (nameless and node.name) and node.mark is None:
            alike[box.kind, box.frame, node.shape, node.dtype, frozenset(users[i])].append(i)
    return sketch.merged([leaves for leaves in alike.values() if len(leaves) >= MANY], _united)


def tucked(sketch: Sketch) -> Sketch:
    """Return the sketch with parameters and constants inside of what alone uses them, and like leaves in one box."""
    users = _users(sketch)
    into: dict[int, list[int]] = defaultdict(list)
    for i, box in enumerate(sketch.boxes):
        if box.kind in ("parameter", "constant") and len(users[i]) == 1:
            into[min(users[i])].append(i)
    return bundled(sketch.merged([[*leaves, user] for user, leaves in into.items()], _united), nameless=False)


def _users(sketch: Sketch) -> dict[int, set[int]]:
    users: dict[int, set[int]] = defaultdict(set)
    for wire in sketch.wires:
        users[wire.source].add(wire.target)
    return users


def _united(boxes: Sequence[Box]) -> Box:
    last = boxes[-1]
    nodes = sorted(i for box in boxes for i in box.nodes)
    if last.kind in LEAVES:
        first = boxes[0]
        return Box(first.id, first.kind, first.lead, nodes, first.frame, f"{len(boxes):,} {first.kind}s")
    inside = last.inside + [box.lead for box in boxes[:-1]]
    return Box(last.id, last.kind, last.lead, nodes, last.frame, last.title, last.count, last.shared, inside)


def by_role(sketch: Sketch, limit: int) -> Sketch:
    """Return a sketch of at most about `limit` boxes, each of which stands for all that look the same.

    They are told apart by more and more of what they are and of what goes into them, as long as there are not too many.
    """

    def kind(box: Box) -> Hashable:
        return box.kind

    def operation(box: Box) -> Hashable:
        if box.kind == "module":
            return box.kind, (box.title or "").rpartition(": ")[2]
        return box.kind, sketch.node(box).op if box.kind == "operation" else None

    def shape(box: Box) -> Hashable:
        return operation(box), sketch.node(box).shape, _module_frame(sketch, box.frame)

    def name(box: Box) -> Hashable:
        return shape(box), name_of(sketch, box)

    roles = _numbered([() for _ in sketch.boxes])
    for key in (kind, operation, shape, name):
        finer = _numbered([key(box) for box in sketch.boxes])
        if max(finer) >= limit:
            break
        roles = finer
    else:
        roles = _by_surroundings(sketch, roles, limit)
    return _merged_by(sketch, roles)


def _module_frame(sketch: Sketch, frame: int | None) -> int | None:
    """Return the innermost frame of a module's call around what stands in a frame."""
    while frame is not None and not sketch.frames[frame].label:
        frame = sketch.frames[frame].parent
    return frame


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _by_surroundings(sketch: Sketch, roles: list[int], limit: int) -> list[int]:
    for _ in range(ROUNDS):
        sources: list[set[int]] = [set() for _ in roles]
        for wire in sketch.wires:
            sources[wire.target].add(roles[wire.source])
        finer = _numbered([(role, frozenset(around)) for role, around in zip(roles, sources)])
        if max(finer) >= limit or max(finer) == max(roles):
            break
        roles = finer
    return roles


def _merged_by(sketch: Sketch, roles: Sequence[int]) -> Sketch:
    parts: dict[int, list[int]] = defaultdict(list)
    for i, role in enumerate(roles):
        parts[role].append(i)
    loops = {
        Wire(parts[roles[wire.source]][0], parts[roles[wire.source]][0], True)
        for wire in sketch.wires if roles[wire.source] == roles[wire.target]
    }  # fmt: skip
    ordered = sorted(loops, key=lambda wire: wire.source)
    looped = Sketch(sketch.graph, sketch.fold, sketch.boxes, sketch.frames, sketch.wires + ordered)
    return looped.merged([part for part in parts.values() if len(part) > 1], lambda boxes: _all_of(sketch, boxes))


def _all_of(sketch: Sketch, boxes: Sequence[Box]) -> Box:
    first = boxes[0]
    nodes = sorted(i for box in boxes for i in box.nodes)
    inside = [i for box in boxes for i in box.inside]
    frames = {_module_frame(sketch, box.frame) for box in boxes}
    frame = frames.pop() if len(frames) == 1 else None
    names = dict.fromkeys(name_of(sketch, box) for box in boxes)
    ops = dict.fromkeys(sketch.node(box).op for box in boxes)
    count = sum(box.count for box in boxes)
    if len(names) == 1:
        return Box(first.id, first.kind, first.lead, nodes, frame, next(iter(names)), count, inside=inside)
    if first.kind == "operation" and len(ops) == 1:
        return Box(first.id, first.kind, first.lead, nodes, frame, next(iter(ops)), count, inside=inside)
    return Box(first.id, first.kind, first.lead, nodes, frame, f"{count:,} {first.kind}s", inside=inside)
