"""The graph as an interactive page: `to_html`. What the page does stands in the JavaScript files of this folder."""

from __future__ import annotations

from autograd.visualize.page.document import Page, to_html

__all__ = ["Page", "to_html"]
