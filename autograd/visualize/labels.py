"""Text in drawings: names that may be hostile, numbers in few digits, operations as signs."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from autograd.visualize.view import PART, NodeView

LONGEST_NAME = 40

# How an operation is written: between two Tensors, with a number on the right, with a number on the left.
BINARY = {
    "add": ("+", "+{}", "+{}"), "subtract": ("-", "-{}", "{}-x"), "multiply": ("*", "*{}", "*{}"),
    "divide": ("/", "/{}", "{}/x"), "power": ("^", "^{}", "{}^x"), "matmul": ("@", "@{}", "{}@"),
    "remainder": ("%", "%{}", "{}%x"), "floor_divide": ("//", "//{}", "{}//x"),
    "maximum": ("max", "max {}", "max {}"), "minimum": ("min", "min {}", "min {}"),
}  # fmt: skip
UNARY = {"negative": "*-1", "positive": "+x", "reciprocal": "1/x", "square": "^2", "absolute": "|x|"}


def symbol(node: NodeView) -> str:
    """Return how an operation is written in its circle, with the numbers that it was given.

    >>> from autograd import Tensor, trace
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


def small(content: str) -> str:
    """Return `content` in the size of shapes."""
    return f'<FONT POINT-SIZE="10">{content}</FONT>'


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


def size_of(nbytes: float) -> str:
    """Return a number of bytes in the largest unit that fits.

    >>> [size_of(n) for n in (0, 999, 1500, 12_345_678, 5e12)]
    ['0 B', '999 B', '1.5 kB', '12.3 MB', '5000.0 GB']
    """
    for power, unit in ((9, "GB"), (6, "MB"), (3, "kB")):
        if nbytes >= 10**power:
            return f"{nbytes / 10**power:.1f} {unit}"
    return f"{nbytes:.0f} B"


def duration(seconds: float) -> str:
    """Return a time in the largest unit that fits.

    >>> [duration(s) for s in (2.5, 0.0123, 45e-6, 0.0)]
    ['2.5 s', '12.3 ms', '45.0 us', '0.0 us']
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"
