"""The drawing written down: boxes, frames and wires in the DOT language."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd.visualize.expressions import LONGEST as LONGEST_FORMULA
from autograd.visualize.labels import LONGEST_NAME, bold, coloured, italic, label, printed, small, symbol, text
from autograd.visualize.overlays import KINDS, Overlay
from autograd.visualize.overview import LEAVES, SMALL
from autograd.visualize.sketch import Box, Sketch, parameters_in

if TYPE_CHECKING:
    from autograd.visualize.language import Options

# Mid-tones after Okabe and Ito: told apart by colour-blind eyes, and readable on white as on dark pages.
GREEN, RED, GREY = "#008c62", "#d9480f", "#808080"
INK = "#1b1f24"
LOOKS = {  # kind: shape, further style, border, fill
    "parameter": ("box", "filled", "#0072b2", "#dcecf8"),
    "input": ('octagon margin="0,0"', "filled", "#b97700", "#fdf0d5"),
    "constant": ("note", "filled", "#767676", "#eeeeee"),
    "operation": ("box", "rounded,filled", "#57606a", "#ffffff"),
    "expression": ("box", "rounded,filled,dashed", "#57606a", "#f7f8fa"),
    "module": ("component", "filled", "#00795a", "#e0f3ec"),
    "output": ("box", "bold,filled", "#a5447f", "#fae8f2"),
}
MARKS = {  # of a difference: what stands before the title, style, border, fill
    "added": ("+", "bold,filled", "#0072b2", "#cfe6f7"),
    "removed": ("-", "dashed,bold,filled", "#d9480f", "#fde3d8"),
    "changed": ("~", "bold,filled", "#b97700", "#fdeec4"),
}
FONT = "Helvetica,Arial,sans-serif"
MOST_INSIDE = 3  # parameters that a box lists by name


class Circuit:
    """One drawing: what is drawn and how."""

    def __init__(self, sketch: Sketch, options: Options) -> None:
        self.sketch = sketch
        self.options = options
        self.small = len(sketch.boxes) <= SMALL
        self.full = len(sketch.graph) <= SMALL  # values are shown unasked
        self.across = options.direction == "LR"
        self.overlays = [KINDS[name](sketch) for name in options.overlays()]
        self.tags = {box.id: self.tag(box) for box in sketch.boxes} if len(sketch.graph) > 1 else {}

    def lines(self) -> Iterator[str]:
        """Yield what stands between the braces of the digraph."""
        yield f"\trankdir={'LR' if self.across else 'TB'} bgcolor=transparent nodesep=0.12 ranksep=0.2"
        yield " ordering=in\n" if self.small else "\n"  # operands from top to bottom; costs large graphs their layout
        yield f'\tnode [fontname="{FONT}" fontsize=13 fontcolor="{INK}" width=0.4 height=0.32 margin="0.1,0.05"]\n'
        yield f'\tedge [color="{GREY}" arrowsize=0.6]\n'
        yield f'\tgraph [fontname="{FONT}" fontsize=11 fontcolor="{GREY}" color="{GREY}" style=rounded labeljust=l]\n'
        yield from self.boxes()
        yield from self.wires()
        yield from self.legend()

    # --- boxes ------------------------------------------------------------------------------------------------------

    def boxes(self) -> Iterator[str]:
        """Yield the boxes inside their frames."""
        frames = self.sketch.frames
        inside: dict[int | None, list[Box]] = {}
        for box in self.sketch.boxes:
            inside.setdefault(box.frame, []).append(box)
        within: dict[int | None, list[int]] = {}
        for i in sorted(self.filled(inside), key=self.first_in(inside)):
            within.setdefault(frames[i].parent, []).append(i)
        for box in inside.get(None, ()):
            yield from self.box(box)
        stack: list[int | str] = [*within.get(None, [])[::-1]]  # frames to draw, and what closes them
        while stack:
            frame = stack.pop()
            if isinstance(frame, str):
                yield frame
                continue
            yield from self.opened(frame, inside, innermost=frame not in within)
            for box in inside.get(frame, ()):
                yield from self.box(box)
            stack.append("\t}\n")
            stack += reversed(within.get(frame, []))
        last = self.sketch.boxes[-1]
        if self.output() is not None:
            name = self.sketch.graph.nodes[-1].name
            yield _node(f"{last.id}_out", LOOKS["output"], bold(text(name)) if name else italic("output"))

    def filled(self, inside: Mapping[int | None, Sequence[Box]]) -> set[int]:
        """Return the frames that something stands in."""
        found: set[int] = set()
        for frame in inside:
            while frame is not None and frame not in found:
                found.add(frame)
                frame = self.sketch.frames[frame].parent
        return found

    def first_in(self, inside: Mapping[int | None, Sequence[Box]]) -> Any:
        """Return a function that tells where in the order of execution a frame begins."""
        first: dict[int, int] = {}
        for start, boxes in inside.items():
            frame = start
            while frame is not None:
                first[frame] = min(first.get(frame, boxes[0].lead), boxes[0].lead)
                frame = self.sketch.frames[frame].parent
        return lambda frame: (first[frame], frame)

    def opened(self, number: int, inside: Mapping[int | None, Sequence[Box]], innermost: bool) -> Iterator[str]:
        """Yield the beginning of a frame with its label."""
        frame = self.sketch.frames[number]
        title = _titled(frame.label) + _times(frame.count, frame.shared)
        style = ' style="rounded,dashed"' if frame.count > 1 else " style=rounded"
        yield f"\tsubgraph cluster_{number} {{\n"
        operations = [box for box in inside.get(number, ()) if self.sketch.node(box).op is not None]
        if self.across or not innermost or not operations:
            yield f"\tlabel={label(title.strip())}{style}\n"
            return
        # From top to bottom, wires come in where the label would stand, so it is a node, beside which they pass.
        yield f'\tlabel=""{style}\n'
        content = f'<FONT COLOR="{GREY}" POINT-SIZE="11">{title.strip()}</FONT>'
        yield f"\tframe{number}_tag [shape=plain margin=0 label={label(content)}]\n"
        yield f"\tframe{number}_tag -> {operations[0].id} [style=invis minlen=0 weight=0]\n"

    def box(self, box: Box) -> Iterator[str]:
        """Yield a box and the label on its wire."""
        node = self.sketch.node(box)
        shape, style, border, fill = LOOKS[box.kind]
        content = self.content(box)
        if box.kind == "operation" and node.shape == () and not box.inside and (not node.name or node.kind == "output"):
            lone = "<BR/>" not in content and box.count == 1 and node.mark is None
            shape = "circle fixedsize=true width=0.45" if lone and len(self.title(box)) <= 3 else "ellipse"
            style = "filled"
        if node.mark in MARKS:
            _, style, border, fill = MARKS[node.mark]
        for overlay in reversed(self.overlays):
            if not overlay.on_wires and (shade := overlay.shade(box)) is not None:
                fill = shade.colour
        yield _node(box.id, (shape, style, border, fill), content)
        if self.tags.get(box.id):
            yield f"\t{box.id}_tag [shape=plain margin=0 label={self.tags[box.id]}]\n"

    def title(self, box: Box) -> str:
        """Return the first line of a box as plain text."""
        node = self.sketch.node(box)
        if box.title is not None:
            return box.title
        return symbol(node) if node.op is not None else (self.short(box) if (node.name or "").strip() else box.kind)

    def content(self, box: Box) -> str:
        """Return the label of a box."""
        node = self.sketch.node(box)
        nameless = node.op is None and box.title is None and not (node.name or "").strip()
        title = _long(self.title(box)) if box.kind == "expression" else text(self.title(box))
        first = italic(title) if nameless else bold(title)
        if node.mark in MARKS:
            first = f"{MARKS[node.mark][0]} {first}"
        lines = [first + _times(box.count, box.shared)]
        if box.kind == "operation" and node.name and node.kind != "output":
            lines.append(italic(text(node.name)))
        if node.shape and self.same_shape(box):
            lines.append(small(text(f"{node.shape} {node.dtype}")))
        lines += [small(text(line)) for line in self.notes(box)]
        lines += [small(text(line)) for overlay in self.overlays if (line := self.measured(overlay, box))]
        if not self.tags:  # a single box, without a wire that could show them
            shown = [(self.shown(node.value, box, self.options.values), GREEN)]
            shown += [(self.shown(node.gradient, box, self.options.gradients), RED)]
            lines += [coloured("<BR/>".join(rows), colour) for rows, colour in shown if rows]
        return "<BR/>".join(lines)

    def same_shape(self, box: Box) -> bool:
        """Return whether all that a box stands for has the shape of its lead."""
        if box.kind in ("module", "expression"):
            return True
        nodes = self.sketch.graph.nodes
        return len({nodes[i].shape for i in box.nodes if nodes[i].op is not None or box.kind in LEAVES}) <= 1

    def notes(self, box: Box) -> list[str]:
        """Return what is inside of a box: its operations, parameters and constants."""
        nodes = self.sketch.graph.nodes
        if box.kind == "module":
            inside = parameters_in(self.sketch.graph, box.inside)
            return [f"{inside:,} parameters"] if inside else []
        operations = sum(nodes[i].op is not None for i in box.nodes)
        found = [f"{operations:,} operations"] if box.kind == "expression" else []
        for i in box.inside[:MOST_INSIDE]:
            name = (nodes[i].name or "").rpartition(".")[2] or nodes[i].kind
            found.append(f"{name} {nodes[i].shape}")
        if len(box.inside) > MOST_INSIDE:
            found.append(f"and {len(box.inside) - MOST_INSIDE} more")
        return found

    def measured(self, overlay: Overlay, box: Box) -> str:
        """Return what an overlay says about a box."""
        line = overlay.text(box)
        return f"{line} in all" if line and overlay.is_sum and not self.sketch.single(box) else line

    def short(self, box: Box) -> str:
        """Return a leaf's name without what the frames around it already say."""
        node, groups = self.sketch.node(box), self.sketch.graph.groups
        name = node.name or ""
        if node.group is None or box.frame is None:
            return name
        return name.removeprefix(groups[node.group].name + ".")

    # --- wires ------------------------------------------------------------------------------------------------------

    def wires(self) -> Iterator[str]:
        """Yield the edges: from each box to its label, and on to everything that uses its value."""
        entry, leaving = ("w", "e") if self.across else ("n", "s")
        start, look = {}, {}
        for box in self.sketch.boxes:
            start[box.id] = box.id
            look[box.id] = self.stroke(box)
            if self.tags.get(box.id):
                start[box.id] = f"{box.id}_tag:{leaving}"
                yield f"\t{box.id} -> {box.id}_tag:{entry} [dir=none weight=4{look[box.id]}]\n"
        boxes = self.sketch.boxes
        for wire in self.sketch.wires:
            source, target = boxes[wire.source].id, boxes[wire.target].id
            if wire.again and source != target:  # written the other way round, or else Graphviz would turn the ranks
                yield f"\t{target} -> {source} [dir=back arrowtail=vee style=dashed{look[source]}]\n"
            elif wire.again:
                yield f"\t{source} -> {source} [arrowhead=vee style=dashed{look[source]}]\n"
            else:
                yield f"\t{start[source]} -> {target} [arrowhead=vee{look[source]}]\n"
        last = self.output()
        if last is not None:
            yield f"\t{start[last.id]} -> {boxes[-1].id}_out [arrowhead=vee{look[last.id]}]\n"

    def output(self) -> Box | None:
        """Return the box whose value is the output, None where that is a leaf."""
        end = self.sketch.graph.nodes[-1]
        if end.op is None:
            return None
        position = self.sketch.fold.image[-1]
        return next(box for box in reversed(self.sketch.boxes) if position in (box.lead, *box.nodes))

    def colour(self, box: Box) -> str:
        """Return the colour of the wires that leave a box."""
        shades = [overlay.shade(box) for overlay in self.overlays if overlay.on_wires]
        return next((shade.colour for shade in shades if shade is not None), GREY)

    def stroke(self, box: Box) -> str:
        """Return how the wires that leave a box look."""
        for overlay in self.overlays:
            if overlay.on_wires and (shade := overlay.shade(box)) is not None:
                return f' color="{shade.colour}" penwidth={shade.width} arrowhead=normal arrowtail=normal'
        return ""

    def tag(self, box: Box) -> str:
        """Return the label on a box's wire, value and gradient on either side of it, or "" if nothing is shown."""
        node = self.sketch.node(box)
        value = self.shown(node.value, box, self.options.values)
        gradient = self.shown(node.gradient, box, self.options.gradients)
        if not value and not gradient:
            return ""
        height = max(len(value), len(gradient))  # equal on both sides, so that the wire meets the rule between them
        above = coloured("<BR/>".join((["&#160;"] * height + value)[-height:]), GREEN)
        below = coloured("<BR/>".join((gradient + ["&#160;"] * height)[:height]), RED)
        width = 8 * max(len(html.unescape(line)) for line in value + gradient)
        if self.across:
            rows = f'<TR><TD ALIGN="CENTER">{above}</TD></TR><HR/><TR><TD ALIGN="CENTER">{below}</TD></TR>'
        else:
            rows = (
                f'<TR><TD WIDTH="{width}" ALIGN="RIGHT">{above}</TD><VR/>'
                f'<TD WIDTH="{width}" ALIGN="LEFT">{below}</TD></TR>'
            )
        table = f'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" COLOR="{self.colour(box)}"'
        return label(f"<TABLE {table}>{rows}</TABLE>")

    def shown(self, value: Any, box: Box, wanted: bool | None) -> list[str]:
        """Return the lines that print a value or gradient, none if it is unknown or not to be shown."""
        if value is None or wanted is False or not self.sketch.single(box):
            return []
        limit = self.options.max_elements
        whole = value.shape == self.sketch.node(box).shape and value.size <= limit
        if wanted is None and not (self.full and whole):
            return []
        return printed(value, limit, whole)

    # --- legend -----------------------------------------------------------------------------------------------------

    def legend(self) -> Iterator[str]:
        """Yield a box that says what the colours of the overlays mean."""
        shown = [o for o in self.overlays if o.on_wires] + [o for o in self.overlays if not o.on_wires][:1]
        rows = "".join(_explained(overlay) for overlay in shown if overlay.scale())
        if rows:
            table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="2">{rows}</TABLE>'
            yield f'\tlegend_tag [shape=box style="rounded" color="{GREY}" label={label(table)}]\n'


def _explained(overlay: Overlay) -> str:
    grey = f'<FONT COLOR="{GREY}" POINT-SIZE="11">{{}}</FONT>'.format
    rows = [f'<TR><TD COLSPAN="2" ALIGN="LEFT">{grey(html.escape(overlay.title))}</TD></TR>']
    for shade in overlay.scale():
        bar = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0"><TR><TD BGCOLOR="{shade.colour}" WIDTH="26" '
        bar += f'HEIGHT="{2 + 3 * round(shade.width) if overlay.on_wires else 14}" FIXEDSIZE="TRUE"></TD></TR></TABLE>'
        rows.append(f'<TR><TD>{bar}</TD><TD ALIGN="LEFT">{grey(text(shade.caption))}</TD></TR>')
    return "".join(rows)


def _node(name: str, look: tuple[str, str, str, str], content: str) -> str:
    shape, style, border, fill = look
    return f'\t{name} [shape={shape} style="{style}" color="{border}" fillcolor="{fill}" label={label(content)}]\n'


def _times(count: int, shared: bool) -> str:
    """Return how often something is repeated, "" where it is not."""
    if count == 1:
        return ""
    return f" x{count:,} steps" if shared else f" x{count:,}"


def _titled(name: str) -> str:
    """Return the label of a module's call; of a long one, the attribute and the class are cut apart from each other."""
    attribute, _, kind = name.rpartition(": ")
    return text(name) if not attribute or len(name) <= LONGEST_NAME else f"{text(attribute)}: {text(kind)}"


def _long(formula: str) -> str:
    """Return a formula, which may be longer than names are."""
    parts = [formula[i : i + LONGEST_NAME] for i in range(0, LONGEST_FORMULA, LONGEST_NAME)]
    return "".join(map(text, parts))
