"""Where values leave the graph: `detach()`, `no_grad()` and operations without a derivative, noted for those who ask.

A value without a node says nothing of its past. Inside `watch_breaks()` the leaf that stands for such a value gets to
know from which leaves it was computed, and which line of the program cut it off; `why` finds that in the graph that
uses the value.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

from autograd import watching
from autograd.graph import Leaf, Node, reachable
from autograd.modes import is_grad_enabled
from autograd.profiling import operations
from autograd.tensor import Tensor
from autograd.watching import Observation, source_lines, user_line


class Break(Observation):
    """How a value left the graph: what is observed about the leaf that stands for it.

    Attributes:
        what: "detach()", "no_grad()", or the name of an operation without a derivative.
        sources: the leaves that it had been computed from, known weakly.
    """

    __slots__ = ("sources", "what")

    def __init__(self, what: str, line: tuple[CodeType, int], sources: Iterable[weakref.ref[Tensor]]) -> None:
        super().__init__(line, None)
        self.what = what
        self.sources = tuple(sources)


def break_of(leaf: Node | None) -> Break | None:
    """Return how the value of a leaf left the graph, where that was noted."""
    seen = None if leaf is None or leaf.extra is None else leaf.extra.observation
    return seen if isinstance(seen, Break) else None


_replaced: list[Callable[[], None]] = []  # what takes back the replacements


class watch_breaks(source_lines):
    """Note source lines, as `source_lines` does, and where values leave the graph. A context manager and decorator.

    `why` then says which line cut a gradient off: a `detach()`, a computation inside `no_grad()`, or an operation
    without a derivative, such as a comparison. What goes through NumPy arrays or Python numbers (`x.data`, `x.item()`)
    is not followed. Costs nothing outside of such blocks.

    >>> from autograd import why
    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> scale = Tensor(3.0, requires_grad=True)
    >>> with watch_breaks():
    ...     loss = ((w * 2).detach() * scale).sum()
    >>> why(w, loss).reasons[0].cause
    'detached'
    """

    def _begin(self) -> None:
        if _count() == 1:
            detach = Tensor.detach
            _replaced.append(functools.partial(setattr, Tensor, "detach", detach))
            Tensor.detach = _noted_detach(detach)  # type: ignore[assignment, method-assign]
            for made in operations():
                for space in made.spaces:
                    for name in ("_wrap", "_wrap_all"):
                        _replaced.append(functools.partial(space.__setitem__, name, space[name]))
                        space[name] = _noted_wrap(made.name, made.differentiable, space[name])

    def _end(self) -> None:
        if not _count():
            while _replaced:
                _replaced.pop()()


def _count() -> int:
    return sum(isinstance(block, watch_breaks) for block in watching._open)


def _wanted() -> bool:
    """Return whether this thread is in a block."""
    return any(isinstance(block, watch_breaks) for block in watching._thread.blocks)


def _noted_detach(detach: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    @functools.wraps(detach)
    def noted(tensor: Tensor) -> Tensor:
        result = detach(tensor)
        if _wanted():
            _note(result, "detach()", [tensor])
        return result

    return noted


def _noted_wrap(op: str, differentiable: bool, wrap: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes the results of an operation that is not recorded; its inputs stand in the caller's frame."""

    @functools.wraps(wrap)
    def noted(out: Any) -> Any:
        result = wrap(out)
        if _wanted():
            what = op if is_grad_enabled() or not differentiable else "no_grad()"
            given = list(_tensors(sys._getframe(1).f_locals.values()))
            for tensor in result if isinstance(result, tuple) else (result,):
                _note(tensor, what, given)
        return result

    return noted


def _note(result: Tensor, what: str, given: list[Tensor]) -> None:
    """Note on a result's leaf where it comes from, if it comes from leaves that require a gradient."""
    nodes = [tensor._node for tensor in given if tensor._node is not None]
    earlier = [known for tensor in given if (known := break_of(tensor._leaf)) is not None]
    owners = [leaf.owner for leaf in reachable(nodes) if isinstance(leaf, Leaf)]
    owners += [owner for known in earlier for owner in known.sources]
    if owners:
        first = earlier[0] if earlier and not nodes else Break(what, user_line(), ())
        once = {id(owner): owner for owner in owners}  # not by themselves: they compare as their Tensors do
        result._identity().extras().observation = Break(first.what, first.line, once.values())


def _tensors(things: Iterable[Any]) -> Iterator[Tensor]:
    """Yield the Tensors among things, and in tuples of them."""
    for thing in things:
        if isinstance(thing, Tensor):
            yield thing
        elif isinstance(thing, tuple | list):
            yield from (x for x in thing if isinstance(x, Tensor))
