"""The graph as a circuit in Graphviz's DOT language, in the style of hand-drawn course notes.

Values stand above the wires and gradients below them. A node's wire forks only after its label, for the gradient
shown is the sum over all uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.tensor import Tensor
from autograd.visualize.circuit import Circuit
from autograd.visualize.names import with_names
from autograd.visualize.overlays import KINDS
from autograd.visualize.overview import DETAILS, reduced
from autograd.visualize.view import Graph, trace

if TYPE_CHECKING:
    import graphviz


def to_dot(
    output: Tensor | Graph, *, values: bool | None = None, gradients: bool | None = None, direction: str = "LR",
    max_elements: int = 6, detail: str | None = None, depth: int | None = None,
    overlay: str | Sequence[str] = (), names: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    r"""Return the graph that computed `output` in Graphviz's DOT language.

    The same computation gives the same text, byte for byte, in every run.

    Args:
        output: a Tensor, or what `trace` made of one.
        values: show values; by default in small graphs, and only those of at most `max_elements` elements.
        gradients: show gradients; by default likewise. There are some after `backward()`.
        direction: "LR" from left to right, or "TB" from top to bottom.
        max_elements: how many elements of a value or gradient are printed.
        detail: how much is drawn. "all": every node. "folded": one of each repeated block, framed with their number
            ("x12"), one step of a recurrence, with a dashed wire for what goes into the next step, and expressions of
            small operations, whose results are used nowhere else, as one box with a formula. "overview": also
            parameters inside of what uses them, deep modules as one box each, and beyond 60 boxes one box for all that
            look alike. By default all of graphs of up to 100 nodes, and of others as much as 100 boxes can show.
        depth: how many modules deep frames are drawn; calls of modules below become one box each. 0: a box for each
            outermost call. By default all modules are framed as far as `detail` allows.
        overlay: what is shown as colour, and in numbers, with a legend: "saved" (the bytes that operations keep for
            backward), "time" (forward + backward; computed inside `autograd.watch()`), "gradient" (its largest absolute
            value, on the wires), or several of these; "saved" and "time" colour the same boxes, the first named wins.
        names: Tensors and modules by name, such as `locals()`: names for what has none.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph, or is a Graph where `names` are given.
        ValueError: for another direction, detail or overlay, a negative `max_elements` or `depth`, or an overlay of
            which nothing is known.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(to_dot(x * x, values=False))
    digraph autograd {
    ...
        n0 -> n1 [arrowhead=vee]
        n0 -> n1 [arrowhead=vee]
        n1 -> n1_out [arrowhead=vee]
    }
    >>> y = x
    >>> for _ in range(1000):
    ...     y = y * 0.5 + 1
    >>> [line.strip() for line in to_dot(y).split("\n") if "x1,000" in line]
    ['label=<x1,000> style="rounded,dashed"']
    """
    options = Options(values, gradients, direction, max_elements, detail, depth, overlay, names)
    return "digraph autograd {\n" + "".join(body(output, options)) + "}\n"


def draw(
    output: Tensor | Graph, *, values: bool | None = None, gradients: bool | None = None, direction: str = "LR",
    max_elements: int = 6, detail: str | None = None, depth: int | None = None,
    overlay: str | Sequence[str] = (), names: Mapping[str, Any] | None = None,
) -> graphviz.Digraph:  # fmt: skip
    """Return the graph that computed `output` as a `graphviz.Digraph`, which notebooks show as a picture.

    Where Graphviz's program `dot` is not on the PATH, the Digraph is laid out by pygraphviz, in this process.

    Args:
        output: a Tensor, or what `trace` made of one.
        values: see `to_dot`, as for the other options.
        gradients: show gradients.
        direction: "LR" from left to right, or "TB" from top to bottom.
        max_elements: how many elements of a value or gradient are printed.
        detail: "all", "folded", "overview", or by default what fits.
        depth: how many modules deep frames are drawn.
        overlay: "saved", "time" and "gradient" as colours.
        names: names for Tensors that have none, such as `locals()`.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph, or is a Graph where `names` are given.
        ValueError: for options that are not among those of `to_dot`.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> draw(x * x).source == to_dot(x * x)
    True
    """
    from autograd.visualize.drawing import Drawing

    options = Options(values, gradients, direction, max_elements, detail, depth, overlay, names)
    return Drawing("autograd", body=body(output, options))


@dataclass(frozen=True)
class Options:
    """The options of `to_dot`, checked."""

    values: bool | None = None
    gradients: bool | None = None
    direction: str = "LR"
    max_elements: int = 6
    detail: str | None = None
    depth: int | None = None
    overlay: str | Sequence[str] = ()
    names: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.direction not in ("LR", "TB"):
            raise ValueError(f"direction must be 'LR' (left to right) or 'TB' (top to bottom), not {self.direction!r}")
        if self.max_elements < 0:
            raise ValueError(f"max_elements must be 0 or more, not {self.max_elements}")
        if self.detail not in DETAILS:
            raise ValueError(f"detail must be 'all', 'folded', 'overview' or None, not {self.detail!r}")
        if self.depth is not None and self.depth < 0:
            raise ValueError(f"depth must be 0 or more, or None, not {self.depth}")
        unknown = [name for name in self.overlays() if name not in KINDS]
        if unknown:
            raise ValueError(f"overlay must be among {', '.join(map(repr, KINDS))}, not {unknown[0]!r}")

    def overlays(self) -> tuple[str, ...]:
        """Return the names of the overlays."""
        return (self.overlay,) if isinstance(self.overlay, str) else tuple(self.overlay)


def body(output: Tensor | Graph, options: Options) -> list[str]:
    """Return the lines of the digraph."""
    if isinstance(output, Graph):
        graph = output
        if options.names is not None:
            raise TypeError("names are found by their Tensors: give the Tensor itself with names=, not a traced Graph")
    else:
        graph = trace(output, max_elements=options.max_elements, summaries="gradient" in options.overlays())
        if options.names is not None:
            graph = with_names(graph, output, options.names)
    return list(Circuit(reduced(graph, options.detail, options.depth), options).lines())
