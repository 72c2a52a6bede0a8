"""Where in a program the nodes of a graph come from: source lines, modules, names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from autograd.graph import Node
from autograd.visualize.owners import Membership, find_groups
from autograd.visualize.view import execution_order
from autograd.watching import source_line


class Places:
    """Knows where the nodes of one graph come from.

    Args:
        root: the objective's node.
    """

    def __init__(self, root: Node) -> None:
        self._root = root

    @cached_property
    def _calls(self) -> Membership:
        return find_groups(list(execution_order(self._root)))

    @cached_property
    def _names(self) -> dict[Any, str]:
        return self._calls.tensor_names()

    def __call__(self, node: Node) -> str | None:
        """Return the line and the modules that ran an operation, as far as they are known."""
        seen = node.extra.observation if node.extra is not None else None
        modules = " / ".join(self._calls.groups[i].label for i in self._calls.chain(self._calls.where.get(node)))
        if seen is None:
            return f"module {modules}" if modules else None
        where = source_line(*seen.line)
        line = f"{where.file}:{where.line}" + (f": {where.text}" if where.text else "")
        return line + (f"  (module {modules})" if modules else "")

    def name(self, item: Any) -> str | None:
        """Return what a leaf, or what its module calls it, is called; for an operation its name."""
        extra = getattr(item, "extra", None)
        if extra is not None and extra.name is not None:
            return str(extra.name)
        op = getattr(item, "op", None)
        return self._names.get(item) or (None if op is None else str(op.name))
