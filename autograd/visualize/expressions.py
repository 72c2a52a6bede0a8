"""Expressions: many small operations whose results are used nowhere else, written as one formula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from string import ascii_lowercase

from autograd.visualize.labels import brief
from autograd.visualize.sketch import Box, Sketch

LEAST = 3  # operations in an expression
LONGEST = 60  # characters of a formula
ATOM, CALL = 9, 8

# How tightly an operator binds, and how tightly its operands must.
INFIX = {
    "add": (" + ", 1, 1, 1), "subtract": (" - ", 1, 1, 2), "multiply": ("*", 2, 2, 2), "divide": ("/", 2, 2, 3),
    "remainder": (" % ", 2, 2, 3), "floor_divide": ("//", 2, 2, 3), "power": ("^", 4, 5, 4),
}  # fmt: skip
PREFIX = {"negative": "-", "positive": "+"}
POSTFIX = {"square": "^2"}


def with_expressions(sketch: Sketch) -> Sketch:
    """Return the sketch with every expression of at least `LEAST` operations in one box.

    An operation on single elements, or on scalars, belongs to the expression of its users, if they all belong to the
    same one and to the same frame, and its value goes nowhere else.
    """
    parts = [part for part in _expressions(sketch) if len(part) >= LEAST]
    return sketch.merged(parts, lambda boxes: _box(sketch, boxes))


def _expressions(sketch: Sketch) -> list[list[int]]:
    users: dict[int, list[int]] = defaultdict(list)
    leaving = set()  # what goes into the next repetition is wanted outside
    for wire in sketch.wires:
        users[wire.source].append(wire.target)
        if wire.again:
            leaving.add(wire.source)
    root = list(range(len(sketch.boxes)))
    simple = [_is_simple(sketch, box) for box in sketch.boxes]
    for i in reversed(range(len(root))):
        roots = {root[user] for user in users[i]}
        if len(roots) != 1 or i in leaving or not simple[i]:
            continue
        (end,) = roots
        if simple[end] and sketch.boxes[end].frame == sketch.boxes[i].frame and end > i:
            root[i] = end
    found: dict[int, list[int]] = defaultdict(list)
    for i, end in enumerate(root):
        found[end].append(i)
    return list(found.values())


def _is_simple(sketch: Sketch, box: Box) -> bool:
    node = sketch.node(box)
    if box.kind != "operation" or box.count > 1 or node.mark is not None:
        return False
    nodes = [sketch.graph.nodes[i] for i in sketch.fold.structure.sources[box.lead]]
    scalars = node.shape == () and all(operand.shape == () for operand in nodes)
    return node.elementwise or scalars


def _box(sketch: Sketch, boxes: Sequence[Box]) -> Box:
    last = boxes[-1]
    nodes = sorted(i for box in boxes for i in box.nodes)
    return Box(last.id, "expression", last.lead, nodes, last.frame, formula(sketch, [box.lead for box in boxes]))


def formula(sketch: Sketch, operations: Sequence[int]) -> str:
    """Return what operations compute, the last one's value, as a formula in which long parts are left out.

    Values from outside go by their names; those without are x, or a, b, c and so on if there are several.
    """
    written = _outside(sketch, operations)
    for i in operations:
        written[i] = _written(sketch, i, written)
    return written[operations[-1]][0]


def _outside(sketch: Sketch, operations: Sequence[int]) -> dict[int, tuple[str, int]]:
    structure, image = sketch.fold.structure, sketch.fold.image
    within = set(operations)
    operands = dict.fromkeys(image[x] for i in operations for x in structure.sources[i] if image[x] not in within)
    names = {i: (structure.nodes[i].name or "").rpartition(".")[2] for i in operands}
    nameless = [i for i in operands if not names[i].strip()]
    letters = "x" if len(nameless) == 1 else ascii_lowercase
    for at, i in enumerate(nameless):
        names[i] = letters[at] if at < len(letters) else "…"
    return {i: (name, ATOM) for i, name in names.items()}


def _written(sketch: Sketch, i: int, known: dict[int, tuple[str, int]]) -> tuple[str, int]:
    """Return an operation as text, and how tightly that binds."""
    structure, image = sketch.fold.structure, sketch.fold.image
    node = structure.nodes[i]
    parts = [
        known.get(image[source], ("…", ATOM)) if source is not None else _given(x)
        for source, x in zip(structure.operands[i], node.inputs)
        if source is not None or x is not None
    ]
    text, binding = _composed(node.op or "", parts)
    while len(text) > LONGEST and any(part != ("…", ATOM) for part in parts):
        longest = max(range(len(parts)), key=lambda k: len(parts[k][0]) if parts[k] != ("…", ATOM) else 0)
        parts[longest] = ("…", ATOM)
        text, binding = _composed(node.op or "", parts)
    return text, binding


def _given(x: object) -> tuple[str, int]:
    text = brief(x) if isinstance(x, int | float | complex) else "…"
    return text, 1 if text.startswith("-") or "j" in text else ATOM


def _composed(op: str, parts: Sequence[tuple[str, int]]) -> tuple[str, int]:
    if op in INFIX and len(parts) == 2:
        sign, binding, left, right = INFIX[op]
        return _bound(parts[0], left) + sign + _bound(parts[1], right), binding
    if op in PREFIX and len(parts) == 1:
        return PREFIX[op] + _bound(parts[0], 3), 3
    if op in POSTFIX and len(parts) == 1:
        return _bound(parts[0], 5) + POSTFIX[op], 4
    if op == "reciprocal" and len(parts) == 1:
        return "1/" + _bound(parts[0], 3), 2
    if op == "absolute" and len(parts) == 1:
        return f"|{parts[0][0]}|", CALL
    return f"{op}({', '.join(part for part, _ in parts)})", CALL


def _bound(part: tuple[str, int], least: int) -> str:
    text, binding = part
    return text if binding >= least else f"({text})"
