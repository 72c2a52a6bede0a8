"""Pictures of the recorded graph: `trace` gives it as plain data, the others draw it."""

from __future__ import annotations

from autograd.annotation import annotate
from autograd.visualize.files import render
from autograd.visualize.language import draw, to_dot
from autograd.visualize.owners import Group
from autograd.visualize.view import Edge, Graph, NodeView, trace

__all__ = ["Edge", "Graph", "Group", "NodeView", "annotate", "draw", "render", "to_dot", "trace"]
