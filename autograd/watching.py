"""Notes taken while a computation runs, for those who ask: source lines, values, times.

Operations cost nothing more while nobody asks. Inside `source_lines()` and `watch()` new nodes turn into `Observed`
ones, which keep what was noted; `watch()` also replaces what computes an operation's value and what calls its rules, as
`profile` does.
"""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import ContextDecorator
from types import CodeType
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from autograd import codegen
from autograd.backward import fit
from autograd.graph import Extras, Leaf, Node
from autograd.primitive import Op
from autograd.profiling import operations
from autograd.summaries import Summary, summarize
from autograd.tensor import value_of

F = TypeVar("F", bound=Callable[..., Any])

FEW = 64  # values and gradients of at most so many elements are kept themselves, besides what they are like
LIBRARY = frozenset(["autograd", "nn", "numpy"])  # packages whose lines are not the user's


class SourceLine(NamedTuple):
    """A line of the user's program.

    Attributes:
        file: the path of the file, as Python knows it.
        line: the number of the line, from 1.
        function: the function that it stands in, "<module>" outside of all.
        text: the line itself without its indentation, "" where the file cannot be read.
    """

    file: str
    line: int
    function: str
    text: str


def user_line() -> tuple[CodeType, int]:
    """Return the code and the line number of the innermost caller outside of this library."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_library(frame.f_globals, frame.f_code):
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


def _is_library(module: dict[str, Any], code: CodeType) -> bool:
    file = code.co_filename
    if file.startswith("<"):  # made from text: an operation's function, or the user's input
        return file.startswith("<op ")
    name = module.get("__name__")  # where operations are made there is none
    return file == codegen.__file__ if name is None else name.partition(".")[0] in LIBRARY


def source_line(code: CodeType, number: int) -> SourceLine:
    """Return a line of code with its text."""
    text = linecache.getline(code.co_filename, number).strip()
    return SourceLine(code.co_filename, number, code.co_name, text)


class Observation:
    """What was noted about one node.

    Attributes:
        line: the code and number of the user's line that recorded it.
        watcher: the `watch()` that it was recorded in, or None.
        value: a copy of the value, where it has few elements; None otherwise, as for all that follows.
        value_summary: what the value is like.
        forward_seconds: how long it took to compute.
        saved_bytes: the bytes of what the node keeps and neither a leaf nor a node before it did.
        gradient: a copy of the gradient that backward brought last, where it has few elements.
        gradient_summary: what that is like.
        backward_seconds: how long the rules took.
        sent_summaries: what the rules' results are like, one for each input; () while unknown.
    """

    __slots__ = (
        "backward_seconds", "forward_seconds", "gradient", "gradient_summary", "line", "saved_bytes", "sent_summaries",
        "value", "value_summary", "watcher",
    )  # fmt: skip

    def __init__(self, line: tuple[CodeType, int], watcher: watch | None) -> None:
        self.line = line
        self.watcher = watcher
        self.value: Any = None
        self.value_summary: Summary | None = None
        self.forward_seconds: float | None = None
        self.saved_bytes: int | None = None
        self.gradient: Any = None
        self.gradient_summary: Summary | None = None
        self.backward_seconds: float | None = None
        self.sent_summaries: tuple[Summary | None, ...] = ()

    def note_gradient(self, node: Node, gradient: Any) -> None:
        """Note the gradient that backward is about to run the rules of `node` on."""
        if self.watcher is None:
            return
        _thread.working = (self, node.op, id(node.saved))
        if not isinstance(gradient, dict):  # an op with several outputs has a node for each, which notes its own
            self.gradient, self.gradient_summary = few(gradient), summarize(gradient)

    def note_result(self, computed: _Computed) -> None:
        """Take over what was noted about the value."""
        self.value, self.value_summary, self.forward_seconds = computed.value, computed.summary, computed.seconds


def few(value: Any) -> Any:
    """Return a copy of an array or scalar of few elements, None of others."""
    return value.copy() if value.size <= FEW else None


class _Computed(NamedTuple):
    """A result that an operation, or if `made` is None one part of it, has just computed."""

    made: Any
    value: Any
    summary: Summary | None
    seconds: float | None


class _Thread(threading.local):
    """What one thread is about.

    Attributes:
        blocks: the blocks that it is in, from the outermost in.
        inside: whether it is in an operation.
        computed: the results of the last operation, until its nodes are written.
        working: about which node backward has last noted the gradient, its operation, and what it saved.
    """

    def __init__(self) -> None:
        self.blocks: list[source_lines] = []
        self.inside = False
        self.computed: list[_Computed] = []
        self.working: tuple[Observation, Any, int] | None = None


_thread = _Thread()

# The attributes of `Node` that `Observed` looks at when they are set.
_EXTRA, _OP, _SAVED = (vars(Node)[name] for name in ("extra", "op", "saved"))


class Observed(Node):
    """A node with an observation."""

    __slots__ = ()

    @property
    def extra(self) -> Extras | None:  # type: ignore[override]
        """What few nodes have; here always the observation."""
        return _EXTRA.__get__(self)  # type: ignore[no-any-return]

    @extra.setter
    def extra(self, extra: Extras | None) -> None:
        if extra is not None:  # what writes a node begins with none
            _EXTRA.__set__(self, extra)

    @property
    def op(self) -> Any:  # type: ignore[override]
        """The operation."""
        return _OP.__get__(self)

    @op.setter
    def op(self, op: Any) -> None:
        _OP.__set__(self, op)
        computed = _thread.computed
        if computed and (computed[0].made is op or (computed[0].made is None and op.name == "_output")):
            self.observation.note_result(computed.pop(0))

    @property
    def saved(self) -> tuple[Any, ...] | None:  # type: ignore[override]
        """What the rules need."""
        return _SAVED.__get__(self)  # type: ignore[no-any-return]

    @saved.setter
    def saved(self, saved: tuple[Any, ...] | None) -> None:
        _SAVED.__set__(self, saved)
        seen = self.observation
        if saved is not None and seen.watcher is not None and seen.saved_bytes is None:
            seen.saved_bytes = seen.watcher._kept.add(saved, self.inputs)

    @property
    def observation(self) -> Observation:
        """What was noted."""
        return self.extra.observation  # type: ignore[union-attr, no-any-return]


def _observe(node: Node) -> None:
    """Turn a new node into an observed one, in threads that are in a block."""
    blocks = _thread.blocks
    if not blocks or node.__class__ is not Node:
        return
    node.__class__ = Observed
    extra = Extras()
    extra.observation = Observation(user_line(), next((b for b in reversed(blocks) if isinstance(b, watch)), None))
    node.extra = extra


class Kept:
    """Counts the bytes of arrays, each piece of memory once."""

    def __init__(self) -> None:
        self._known: dict[int, weakref.ref[Any]] = {}

    def add(self, saved: tuple[Any, ...], inputs: tuple[Node | None, ...]) -> int:
        """Return the bytes of what a node saves, without what was counted before and what leaves hold.

        Views count as the whole array that they keep alive.
        """
        for parent in inputs:
            owner = parent.owner() if isinstance(parent, Leaf) else None
            if owner is not None:
                self._is_new(_root(owner._data))
        pieces = [piece for value in saved for piece in (value if isinstance(value, tuple | list) else (value,))]
        roots = [_root(piece) for piece in pieces if isinstance(piece, np.ndarray)]
        return sum(root.nbytes for root in roots if self._is_new(root))

    def _is_new(self, root: Any) -> bool:
        known = self._known.get(id(root))
        if not isinstance(root, np.ndarray) or (known is not None and known() is root):
            return False
        self._known[id(root)] = weakref.ref(root)
        return True


def _root(array: Any) -> Any:
    while isinstance(getattr(array, "base", None), np.ndarray):
        array = array.base
    return array


# --- the blocks -------------------------------------------------------------------------------------------------------

_lock = threading.Lock()
_open: list[source_lines] = []  # the blocks that any thread is in
_replaced: list[Callable[[], None]] = []  # what takes back the replacements that watching needs


class source_lines(ContextDecorator):
    """Note for each operation of this thread which line of the user's program ran it. Context manager and decorator.

    Drawings, `trace` and messages then say where an operation comes from. The line is the innermost one outside of this
    library. Nothing is noted, and nothing costs time, outside of such blocks.

    >>> from autograd import Tensor, trace
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with source_lines():
    ...     y = x * x
    >>> trace(y).nodes[-1].source.text
    'y = x * x'
    """

    def __enter__(self) -> Self:
        with _lock:
            if not _open:
                Node.__init__ = _observe  # type: ignore[method-assign, assignment]
            _open.append(self)
            self._begin()
        _thread.blocks.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _thread.blocks.pop()
        with _lock:
            _open.remove(self)
            self._end()
            if not _open:
                del Node.__init__
        _thread.working = None
        _thread.computed.clear()

    def __call__(self, function: F) -> F:
        """Return the function with its calls inside such a block."""
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            name = type(self).__name__
            raise TypeError(
                f"{name} cannot decorate the generator or coroutine {function.__name__!r}, whose body runs between "
                f"other code; use 'with {name}():' inside it"
            )
        return super().__call__(function)

    def _begin(self) -> None:
        """Prepare; the lock is held."""

    def _end(self) -> None:
        """Take that back, after the block has been taken out of `_open`; the lock is held."""


class watch(source_lines):
    """Note for each operation of this thread its source line, what its value and gradient are like, and its times.

    A context manager and decorator, for looking closely at one pass: `to_html`, `draw` and `trace` then know the values
    and gradients of large graphs and arrays, too, as range, mean and histogram, and how long every operation took.
    This takes several times as long as the computation itself; outside of such blocks nothing costs time.

    >>> from autograd import Tensor, trace
    >>> x = Tensor(np.arange(100.0), requires_grad=True)
    >>> with watch():
    ...     y = np.exp(-x).sum()
    ...     y.backward()
    >>> exp = trace(y).nodes[2]
    >>> exp.op, exp.value_summary.maximum, exp.gradient_summary.mean, exp.forward_seconds > 0
    ('exp', 1.0, 1.0, True)
    """

    def __init__(self) -> None:
        self._kept = Kept()

    def _begin(self) -> None:
        if _watching() == 1:
            for made in operations():
                _replace(made)

    def _end(self) -> None:
        if not _watching():
            while _replaced:
                _replaced.pop()()


def _watching() -> int:
    return sum(isinstance(block, watch) for block in _open)


def _replace(made: Op) -> None:
    """Let what an operation computes be noted."""
    for space in made.spaces:
        _replaced.append(functools.partial(space.__setitem__, "_value", space["_value"]))
        space["_value"] = _noted_value(made, space["_value"])
    _replaced.append(functools.partial(setattr, made, "pull", made.pull))
    made.pull = _noted_pull(made, made.pull)


def _is_watched() -> bool:
    return not _thread.inside and any(isinstance(block, watch) for block in _thread.blocks)


def _timed(function: Callable[..., Any], args: Any, options: Any) -> tuple[Any, float]:
    """Return a function's result and how long it took; operations that it calls are part of it."""
    _thread.inside = True
    start = time.perf_counter()
    try:
        result = function(*args, **options)
    finally:
        _thread.inside = False
    return result, time.perf_counter() - start


def _noted_value(made: Op, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def noted(*args: Any, **options: Any) -> Any:
        if not _is_watched():
            return function(*args, **options)
        result, seconds = _timed(function, args, options)
        if made.several:
            parts = [x for x in result if x.dtype.kind in "fc"]  # others have no node
            _thread.computed = [_Computed(made, None, None, seconds)]
            _thread.computed += [_Computed(None, few(x), summarize(x), None) for x in parts]
        elif hasattr(result, "size"):
            _thread.computed = [_Computed(made, few(result), summarize(result), seconds)]
        return result

    return noted


def _noted_pull(made: Op, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def noted(g: Any, inputs: Any, saved: Any) -> Any:
        working, _thread.working = _thread.working, None
        if not _is_watched() or working is None or working[1] is not made or working[2] != id(saved):
            return function(g, inputs, saved)
        seen = working[0]
        gradients, seen.backward_seconds = _timed(function, (g, inputs, saved), {})
        seen.sent_summaries = tuple(_sent(made, edge, h) for edge, h in zip(inputs, gradients))
        return gradients

    return noted


def _sent(made: Op, edge: Node | None, gradient: Any) -> Summary | None:
    """Return what a rule's result is like when it has the input's shape."""
    if edge is None or gradient is None or isinstance(gradient, dict):
        return None
    return summarize(fit(value_of(gradient), edge.like, made.name))
