"""Pictures of the recorded graph: `trace` gives it as plain data, the others draw it."""

from __future__ import annotations

from autograd.annotation import annotate
from autograd.visualize.differences import Change, Difference, diff
from autograd.visualize.files import render
from autograd.visualize.language import draw, to_dot
from autograd.visualize.owners import Group
from autograd.visualize.page import to_html
from autograd.visualize.steps import Step
from autograd.visualize.view import Contribution, Edge, Graph, NodeView, SourceLine, Summary, trace

__all__ = [
    "Change",
    "Contribution",
    "Difference",
    "Edge",
    "Graph",
    "Group",
    "NodeView",
    "SourceLine",
    "Step",
    "Summary",
    "annotate",
    "diff",
    "draw",
    "render",
    "to_dot",
    "to_html",
    "trace",
]
