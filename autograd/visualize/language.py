"""The graph as a circuit in Graphviz's DOT language, in the style of hand-drawn course notes.

Values stand above the wires and gradients below them. A node's wire forks only after its label, for the gradient
shown is the sum over all uses.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tensor import Tensor
from autograd.visualize.owners import Group
from autograd.visualize.view import PART, Graph, NodeView, trace

if TYPE_CHECKING:
    import graphviz

SMALL = 100  # graphs of at most so many nodes show values and gradients unasked
LONGEST_NAME = 40

# Mid-tones after Okabe and Ito: told apart by colour-blind eyes, and readable on white as on dark pages.
GREEN, RED, GREY = "#008c62", "#d9480f", "#808080"
INK = "#1b1f24"
LOOKS = {  # kind: shape, further style, border, fill
    "parameter": ("box", "filled", "#0072b2", "#dcecf8"),
    "input": ('octagon margin="0,0"', "filled", "#b97700", "#fdf0d5"),
    "constant": ("note", "filled", "#767676", "#eeeeee"),
    "operation": ("box", "rounded,filled", "#57606a", "#ffffff"),
    "output": ("box", "bold,filled", "#a5447f", "#fae8f2"),
}
FONT = "Helvetica,Arial,sans-serif"

# How an operation is written: between two Tensors, with a number on the right, with a number on the left.
BINARY = {
    "add": ("+", "+{}", "+{}"), "subtract": ("-", "-{}", "{}-x"), "multiply": ("*", "*{}", "*{}"),
    "divide": ("/", "/{}", "{}/x"), "power": ("^", "^{}", "{}^x"), "matmul": ("@", "@{}", "{}@"),
    "remainder": ("%", "%{}", "{}%x"), "floor_divide": ("//", "//{}", "{}//x"),
    "maximum": ("max", "max {}", "max {}"), "minimum": ("min", "min {}", "min {}"),
}  # fmt: skip
UNARY = {"negative": "*-1", "positive": "+x", "reciprocal": "1/x", "square": "^2", "absolute": "|x|"}


def to_dot(
    output: Tensor | Graph, *, values: bool | None = None, gradients: bool | None = None, direction: str = "LR",
    max_elements: int = 6,
) -> str:  # fmt: skip
    """Return the graph that computed `output` in Graphviz's DOT language.

    The same computation gives the same text, byte for byte, in every run.

    Args:
        output: a Tensor, or what `trace` made of one.
        values: show values; by default in small graphs, and only those of at most `max_elements` elements.
        gradients: show gradients; by default likewise. There are some after `backward()`.
        direction: "LR" from left to right, or "TB" from top to bottom.
        max_elements: how many elements of a value or gradient are printed.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph.
        ValueError: for another direction, or a negative `max_elements`.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(to_dot(x * x, values=False))
    digraph autograd {
    ...
        n0 -> n1 [arrowhead=vee]
        n0 -> n1 [arrowhead=vee]
        n1 -> n1_out [arrowhead=vee]
    }
    """
    lines = body(output, values=values, gradients=gradients, direction=direction, max_elements=max_elements)
    return "digraph autograd {\n" + "".join(lines) + "}\n"


def draw(
    output: Tensor | Graph, *, values: bool | None = None, gradients: bool | None = None, direction: str = "LR",
    max_elements: int = 6,
) -> graphviz.Digraph:  # fmt: skip
    """Return the graph that computed `output` as a `graphviz.Digraph`, which notebooks show as a picture.

    Where Graphviz's program `dot` is not on the PATH, the Digraph is laid out by pygraphviz, in this process.

    Args:
        output: a Tensor, or what `trace` made of one.
        values: show values; by default in small graphs, and only those of at most `max_elements` elements.
        gradients: show gradients; by default likewise. There are some after `backward()`.
        direction: "LR" from left to right, or "TB" from top to bottom.
        max_elements: how many elements of a value or gradient are printed.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph.
        ValueError: for another direction, or a negative `max_elements`.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> draw(x * x).source == to_dot(x * x)
    True
    """
    from autograd.visualize.drawing import Drawing

    lines = body(output, values=values, gradients=gradients, direction=direction, max_elements=max_elements)
    return Drawing("autograd", body=lines)


def body(
    output: Tensor | Graph, *, values: bool | None, gradients: bool | None, direction: str, max_elements: int
) -> list[str]:
    """Return the lines of the digraph; the arguments are those of `to_dot`."""
    if direction not in ("LR", "TB"):
        raise ValueError(f"direction must be 'LR' (left to right) or 'TB' (top to bottom), not {direction!r}")
    if max_elements < 0:
        raise ValueError(f"max_elements must be 0 or more, not {max_elements}")
    graph = output if isinstance(output, Graph) else trace(output, max_elements=max_elements)
    return list(_Picture(graph, values, gradients, direction, max_elements).lines())


class _Picture:
    """One drawing: the graph and what of it shall be shown."""

    def __init__(
        self, graph: Graph, values: bool | None, gradients: bool | None, direction: str, max_elements: int
    ) -> None:
        self.graph = graph
        self.small = len(graph) <= SMALL
        self.values = values
        self.gradients = gradients
        self.across = direction == "LR"
        self.max_elements = max_elements
        self.tags = {node.id: self.tag(node) for node in graph} if len(graph) > 1 else {}

    def lines(self) -> Iterator[str]:
        yield f"\trankdir={'LR' if self.across else 'TB'} bgcolor=transparent nodesep=0.12 ranksep=0.2"
        yield " ordering=in\n" if self.small else "\n"  # operands from top to bottom; costs large graphs their layout
        yield f'\tnode [fontname="{FONT}" fontsize=13 fontcolor="{INK}" width=0.4 height=0.32 margin="0.1,0.05"]\n'
        yield f'\tedge [color="{GREY}" arrowsize=0.6]\n'
        yield f'\tgraph [fontname="{FONT}" fontsize=11 fontcolor="{GREY}" color="{GREY}" style=rounded labeljust=l]\n'
        yield from self.boxes()
        yield from self.wires()

    # --- boxes ------------------------------------------------------------------------------------------------------

    def boxes(self) -> Iterator[str]:
        """Yield the nodes, framed by the module calls that they belong to."""
        inside: dict[int | None, list[NodeView]] = {}
        for node in self.graph:
            inside.setdefault(node.group, []).append(node)
        frames: dict[int | None, list[int | str]] = {}
        for i, group in enumerate(self.graph.groups):
            frames.setdefault(group.parent, []).extend((i, "\t}\n"))
        for node in inside.get(None, ()):
            yield from self.box(node)
        stack = frames.get(None, [])[::-1]  # frames to draw, and what closes them
        while stack:
            frame = stack.pop()
            if isinstance(frame, str):
                yield frame
                continue
            yield f"\tsubgraph cluster_{frame} {{\n\tlabel={label(text(self.graph.groups[frame].label))}\n"
            for node in inside.get(frame, ()):
                yield from self.box(node)
            stack += reversed(frames.get(frame, []))
        last = self.graph.nodes[-1]
        if last.op is not None:
            yield _node(f"{last.id}_out", "output", bold(text(last.name)) if last.name else italic("output"))

    def box(self, node: NodeView) -> Iterator[str]:
        """Yield a node and the label on its wire."""
        if node.op is None:
            yield _node(node.id, node.kind, self.leaf_label(node))
        elif node.shape == () and (not node.name or node.kind == "output"):
            sign = symbol(node)
            shape = "circle fixedsize=true width=0.45" if len(sign) <= 3 else "ellipse"
            yield _node(node.id, "operation", bold(text(sign)), shape, "filled")
        else:
            yield _node(node.id, "operation", self.operation_label(node))
        if self.tags.get(node.id):
            yield f"\t{node.id}_tag [shape=plain margin=0 label={self.tags[node.id]}]\n"

    def leaf_label(self, node: NodeView) -> str:
        lines = [bold(text(_short(node, self.graph.groups))) if (node.name or "").strip() else italic(node.kind)]
        if node.shape:
            lines.append(_shape(node))
        if not self.tags:  # a single box, without a wire that could show them
            shown = [(self.shown(node.value, node, self.values), GREEN)]
            shown += [(self.shown(node.gradient, node, self.gradients), RED)]
            lines += [coloured("<BR/>".join(rows), colour) for rows, colour in shown if rows]
        return "<BR/>".join(lines)

    def operation_label(self, node: NodeView) -> str:
        lines = [bold(text(symbol(node)))]
        if node.name and node.kind != "output":
            lines.append(italic(text(node.name)))
        if node.shape:
            lines.append(_shape(node))
        return "<BR/>".join(lines)

    # --- wires ------------------------------------------------------------------------------------------------------

    def wires(self) -> Iterator[str]:
        """Yield the edges: from each node to its label, and on to everything that uses it."""
        entry, leaving = ("w", "e") if self.across else ("n", "s")
        start = {}
        for node in self.graph:
            start[node.id] = node.id
            if self.tags.get(node.id):
                start[node.id] = f"{node.id}_tag:{leaving}"
                yield f"\t{node.id} -> {node.id}_tag:{entry} [dir=none weight=4]\n"
        for edge in self.graph.edges:
            yield f"\t{start[edge.source]} -> {edge.target} [arrowhead=vee]\n"
        last = self.graph.nodes[-1]
        if last.op is not None:
            yield f"\t{start[last.id]} -> {last.id}_out [arrowhead=vee]\n"

    def tag(self, node: NodeView) -> str:
        """Return the label on a node's wire, value and gradient on either side of it, or "" if nothing is shown."""
        value = self.shown(node.value, node, self.values)
        gradient = self.shown(node.gradient, node, self.gradients)
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
        return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" COLOR="{GREY}">{rows}</TABLE>>'

    def shown(self, value: Any, node: NodeView, wanted: bool | None) -> list[str]:
        """Return the lines that print a value or gradient, none if it is unknown or not to be shown."""
        if value is None or wanted is False:
            return []
        whole = value.shape == node.shape and value.size <= self.max_elements
        if wanted is None and not (self.small and whole):
            return []
        return printed(value, self.max_elements, whole)


def _node(name: str, kind: str, content: str, shape: str = "", style: str = "") -> str:
    usual_shape, usual_style, border, fill = LOOKS[kind]
    look = f'shape={shape or usual_shape} style="{style or usual_style}" color="{border}" fillcolor="{fill}"'
    return f"\t{name} [{look} label={label(content)}]\n"


def _shape(node: NodeView) -> str:
    return f'<FONT POINT-SIZE="10">{text(f"{node.shape} {node.dtype}")}</FONT>'


def _short(node: NodeView, groups: tuple[Group, ...]) -> str:
    """Return a node's name without what the frames around it already say."""
    name = node.name or ""
    return name.removeprefix(groups[node.group].name + ".") if node.group is not None else name


def symbol(node: NodeView) -> str:
    """Return how an operation is written in its circle, with the numbers that it was given.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> [symbol(trace(y).nodes[-1]) for y in (x + x, x * -1, 1 / x, -x, np.exp(x))]
    ['+', '*-1', '1/x', '*-1', 'exp']
    """
    name = node.op or ""
    if name == PART:
        return f"[{node.inputs[1]}]" if len(node.inputs) > 1 else "[.]"
    numbers = [x for x in node.inputs if not isinstance(x, str) and x is not None]
    if name in BINARY and len(node.inputs) == 2:
        both, right, left = BINARY[name]
        template = both if not numbers else right if numbers[0] is node.inputs[1] else left
        return template.format(*map(brief, numbers)).replace("+-", "-").replace("--", "+")
    return UNARY.get(name, name)


# --- text -------------------------------------------------------------------------------------------------------------


def text(anything: str) -> str:
    r"""Return any text, however hostile, so that Graphviz shows just it, cut where it is long.

    What cannot be printed is shown as Python's escape. What DOT's HTML-like labels would read as markup becomes an
    entity, and backslashes are doubled, for Graphviz's own escapes work even there.

    >>> print(text("<b>\\N"))
    &lt;b&gt;\\N
    """
    cut = anything if len(anything) <= LONGEST_NAME else anything[: LONGEST_NAME - 1] + "…"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
    return html.escape(plain).replace("\\", "\\\\")


def label(content: str) -> str:
    """Return an HTML-like label."""
    return f"<{content}>"


def bold(content: str) -> str:
    """Return `content` in bold."""
    return f"<B>{content}</B>"


def italic(content: str) -> str:
    """Return `content` in italics."""
    return f"<I>{content}</I>"


def coloured(content: str, colour: str) -> str:
    """Return `content` in a colour, in the size of labels on wires."""
    return f'<FONT COLOR="{colour}" POINT-SIZE="12">{content}</FONT>'


def number(x: Any) -> str:
    """Return a number in about three digits.

    >>> [number(x) for x in (2.0, -0.196, 0.0123, 0.0, 12345.678, 1e-9, True, 7, 1 + 2j, float("nan"))]
    ['2.00', '-0.20', '0.0123', '0.00', '12346', '1.00e-09', 'True', '7', '1.00+2.00j', 'nan']
    """
    if isinstance(x, bool | np.bool_ | int | np.integer):
        return str(x)
    if isinstance(x, complex | np.complexfloating):
        imaginary = number(x.imag)
        return f"{number(x.real)}{'' if imaginary[0] == '-' else '+'}{imaginary}j"
    x, size = float(x) + 0.0, abs(float(x))  # adding 0 makes -0 a plain 0
    if size == 0 or 0.1 <= size < 1000 or not np.isfinite(size):
        return f"{x:.2f}"
    if 1000 <= size < 1e6:
        return f"{x:.0f}"
    return f"{x:.3g}" if 1e-4 <= size < 0.1 else f"{x:.2e}"


def brief(x: Any) -> str:
    """Return a number as short as it can be written in a formula.

    >>> [brief(x) for x in (-1, 2.0, 0.5, 1 / 3)]
    ['-1', '2', '0.5', '0.333']
    """
    return str(x) if isinstance(x, int | complex) else f"{x:.3g}"


def printed(value: Any, limit: int, whole: bool) -> list[str]:
    """Return a value as lines of text: a number, or an array of which at most `limit` elements are shown.

    >>> printed(np.array([[1.0, 2.0], [3.0, 4.0]]), 6, True)
    ['[[1.00, 2.00],', '[3.00, 4.00]]']
    >>> printed(np.array([1.0, 2.0, 3.0]), 2, False)
    ['[1.00, 2.00, …]']
    """
    if not whole:
        return ["[" + "".join(number(x) + ", " for x in value.flat[:limit]) + "…]"]
    return _rows(value).split("\n")


def _rows(value: Any) -> str:
    if not value.ndim:
        return number(value[()])
    between = ", " if value.ndim == 1 else ",\n"
    return "[" + between.join(_rows(row) for row in value) + "]"
