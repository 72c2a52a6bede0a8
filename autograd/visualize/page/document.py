"""The page as one HTML text, and where it is shown."""

from __future__ import annotations

import base64
import hashlib
import html
import os
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import overload

from autograd.tensor import Tensor
from autograd.visualize.files import write_whole
from autograd.visualize.page.data import dumps, page_data, printable
from autograd.visualize.view import Graph, trace

PROGRAM = ("values.js", "layout.js", "model.js", "shapes.js", "picture.js", "stepper.js", "panel.js", "main.js")
LONGEST_TITLE = 200
SHOWN = 16  # elements: arrays that have no more are shown in full
HEIGHT = 640  # of the page in a notebook, in pixels


class Page:
    """A graph as an interactive page. A notebook shows it below the cell whose last line it is.

    Attributes:
        html: the page, complete: it needs no other file and no network.
    """

    def __init__(self, text: str) -> None:
        self.html = text

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, which replaces an existing one only when it is complete, and return its path."""
        write_whole(path, self.html.encode())
        return Path(path)

    def __repr__(self) -> str:
        return f"<Page of {len(self.html.encode()) / 1e3:.0f} kB; save(path) writes it to a file>"

    def _repr_html_(self) -> str:
        """Return the page in a frame, from which nothing in it reaches the notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" title="Graph" '
            f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #8888; border-radius: 8px"></iframe>'
        )


@overload
def to_html(output: Tensor | Graph, path: str | os.PathLike[str], *, title: str | None = None) -> Path: ...
@overload
def to_html(output: Tensor | Graph, path: None = None, *, title: str | None = None) -> Page: ...
def to_html(
    output: Tensor | Graph, path: str | os.PathLike[str] | None = None, *, title: str | None = None
) -> Path | Page:
    """Make an interactive page of the graph that computed `output`: look around in it, and step through it.

    The page shows every operation with its value and gradient, and steps through the forward pass in execution order
    and through the backward pass in the order of the engine: what goes in, the local derivative, the gradient that
    comes in, and what is sent to each input, with the sum at forks. It is one file that needs no network and no other
    program. Before `backward()` it has the forward steps only. Gradients inside large graphs are known where the
    computation ran inside `autograd.watch()`, and source lines inside that or `autograd.source_lines()`. In a browser,
    `page.html#7` opens at the seventh step.

    Args:
        output: a Tensor, or what `trace` made of one; `trace(output, summaries=True)` gives histograms.
        path: the file, replaced only when the new one is complete; None for no file.
        title: what the page is called; the name of the output by default.

    Returns:
        The path of the file, or without one a `Page`, which notebooks show.

    Raises:
        TypeError: when `output` is neither a Tensor nor a Graph.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> y = x * x
    >>> y.backward()
    >>> to_html(y, title="square")
    <Page of ... kB; save(path) writes it to a file>
    """
    graph = output if isinstance(output, Graph) else trace(output, max_elements=SHOWN, summaries=True)
    page = Page(document(graph, _title(graph, title)))
    return page if path is None else page.save(path)


def _title(graph: Graph, title: str | None) -> str:
    last = graph.nodes[-1]
    text = printable(title if title is not None else last.name or f"Graph of {last.op or 'a Tensor'}")
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def document(graph: Graph, title: str) -> str:
    """Return the page. Its only program is the one whose hash its policy names, so that no name in it can be one."""
    style = _part("page.css")
    program = "(() => {\n" + "\n".join(_part(name) for name in PROGRAM) + "\n})();"
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(program)}'; base-uri 'none'"
    )
    data = dumps({"heading": title, **page_data(graph)})
    template = Template(_part("page.html"))
    return template.substitute(title=html.escape(title), policy=policy, style=style, data=data, program=program)


def _part(name: str) -> str:
    return files("autograd.visualize.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
