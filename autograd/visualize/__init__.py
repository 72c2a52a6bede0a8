"""Pictures of the recorded graph: `trace` gives it as plain data, the others draw it."""

from __future__ import annotations

from autograd.visualize.dot import draw, to_dot
from autograd.visualize.files import render
from autograd.visualize.owners import Group, annotate
from autograd.visualize.view import Edge, Graph, NodeView, trace

__all__ = ["Edge", "Graph", "Group", "NodeView", "annotate", "draw", "render", "to_dot", "trace"]
