"""Drawings as files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograd.tensor import Tensor
from autograd.visualize.language import to_dot
from autograd.visualize.view import Graph

FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
PNG_DPI = 144  # twice the usual: pictures of text are read on dense screens


def render(
    output: Tensor | Graph, path: str | os.PathLike[str], *, values: bool | None = None, gradients: bool | None = None,
    direction: str = "LR", max_elements: int = 6, detail: str | None = None, depth: int | None = None,
    overlay: str | Sequence[str] = (), names: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Draw the graph that computed `output` into an SVG, PNG or PDF file.

    Graphviz's program `dot` does the layout where it is on the PATH, and otherwise pygraphviz, in this process. An
    existing file is replaced only when the new one is complete.

    Args:
        output: a Tensor, or what `trace` made of one.
        path: the file, ending in .svg, .png or .pdf.
        values: see `to_dot`, as for the other options.
        gradients: show gradients.
        direction: "LR" from left to right, or "TB" from top to bottom.
        max_elements: how many elements of a value or gradient are printed.
        detail: "all", "folded", "overview", or by default what fits.
        depth: how many modules deep frames are drawn.
        overlay: "saved", "time" and "gradient" as colours.
        names: names for Tensors that have none, such as `locals()`.

    Returns:
        The path of the file.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph, or is a Graph where `names` are given.
        ValueError: for another suffix, or options that are not among those of `to_dot`.
        RuntimeError: when neither Graphviz nor pygraphviz is installed.

    >>> import tempfile
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     render(x * x, directory + "/square.svg").name
    'square.svg'
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"drawings are written as .svg, .png or .pdf files, not as {path.name!r}")
    source = to_dot(
        output, values=values, gradients=gradients, direction=direction, max_elements=max_elements, detail=detail,
        depth=depth, overlay=overlay, names=names,
    )  # fmt: skip
    if path.suffix.lower() == ".png":
        source = source.replace("{\n", f"{{\n\tdpi={PNG_DPI}\n", 1)
    write_whole(path, image(source, FORMATS[path.suffix.lower()]))
    return path


def find_dot() -> str | None:
    """Return the path of Graphviz's program `dot`, or None where it is not on the PATH."""
    return shutil.which("dot")


def image(source: str, format: str) -> bytes:
    """Return the picture that DOT text describes.

    Raises:
        RuntimeError: when neither Graphviz nor pygraphviz is installed.
    """
    if find_dot():
        import graphviz

        return graphviz.pipe("dot", format, source.encode())  # type: ignore[no-any-return]
    try:
        import pygraphviz
    except ImportError as error:
        raise RuntimeError(
            "drawing needs Graphviz: pip install \"forkgrad[draw]\", or install Graphviz so that its program 'dot' is "
            "on the PATH"
        ) from error
    return pygraphviz.AGraph(string=source).draw(prog="dot", format=format)  # type: ignore[no-any-return]


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file aside and move it into place, so that nobody ever sees half of it."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
