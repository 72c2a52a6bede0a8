"""Where the time of a program goes, by operation, forward and backward.

While nobody measures, operations cost nothing more: inside the block what computes an operation's value, and what calls
its rules, are replaced by functions that note when they begin and end.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

from autograd.primitive import Op, all_ops
from autograd.tensor import Tensor, value_of


def operations() -> list[Op]:
    """Return all operations that there are, built-in ones and users'.

    >>> "tanh" in {made.name for made in operations()}
    True
    """
    for name in ("", ".fft", ".linalg", ".special"):  # those that nobody has used yet are not there before
        importlib.import_module("autograd" + name)
    return all_ops()


class Event(NamedTuple):
    """One call.

    Attributes:
        name: of the operation.
        backward: whether it was its derivative.
        start: in seconds, on the clock of `time.perf_counter`.
        duration: in seconds.
        nbytes: the size of the results.
        shapes: of the results.
        thread: which thread computed.
    """

    name: str
    backward: bool
    start: float
    duration: float
    nbytes: int
    shapes: tuple[tuple[int, ...], ...]
    thread: int


class Row(NamedTuple):
    """All calls of an operation, forward or backward.

    Attributes:
        name: of the operation.
        backward: whether these are its derivatives.
        calls: how many.
        seconds: how long all took.
        nbytes: the size of all results.
    """

    name: str
    backward: bool
    calls: int
    seconds: float
    nbytes: int


class profile:
    """Measure what each operation takes inside the block, forward and backward; printed, it is a table.

    An operation that another one calls counts as part of that. What is not in the table is what Python takes between
    the operations; custom functions made with `Function` count where they call operations.

    Attributes:
        events: every call, in the order in which they ended.
        seconds: how long the block took.

    >>> import numpy as np
    >>> x = Tensor(np.ones((100, 100)), requires_grad=True)
    >>> with profile() as measured:
    ...     (x @ x).sum().backward()
    >>> [(row.name, row.backward, row.calls) for row in sorted(measured.rows())]
    [('matmul', False, 1), ('matmul', True, 1), ('sum', False, 1), ('sum', True, 1)]
    >>> print(str(measured).splitlines()[0])
    operation  pass      calls     ms  us a call     %    MB
    """

    events: list[Event]
    seconds: float

    def __init__(self) -> None:
        self.events = []
        self.seconds = 0.0
        self._inside = threading.local()
        self._before: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        for made in operations():
            self._replace(made)
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._began
        while self._before:
            self._before.pop()()

    def _replace(self, made: Op) -> None:
        """Let an operation's calls be noted."""
        for space in made.spaces:
            self._before.append(functools.partial(space.__setitem__, "_value", space["_value"]))
            space["_value"] = self._noted(made.name, False, space["_value"])
        self._before.append(functools.partial(setattr, made, "pull", made.pull))
        made.pull = self._noted(made.name, True, made.pull)

    def _noted(self, name: str, backward: bool, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, which notes its calls, but not those that are parts of another."""
        inside, events = self._inside, self.events

        @functools.wraps(function)
        def noted(*args: Any, **options: Any) -> Any:
            if getattr(inside, "one", False):
                return function(*args, **options)
            inside.one = True
            start = time.perf_counter()
            try:
                result = function(*args, **options)
            finally:
                inside.one = False
            duration = time.perf_counter() - start
            arrays = _arrays(result)
            shapes = tuple(x.shape for x in arrays)
            nbytes = sum(x.nbytes for x in arrays)
            events.append(Event(name, backward, start, duration, nbytes, shapes, threading.get_ident()))
            return result

        return noted

    def rows(self) -> list[Row]:
        """Return the calls of each operation together, those that took longest first."""
        found: dict[tuple[str, bool], list[Event]] = {}
        for event in self.events:
            found.setdefault((event.name, event.backward), []).append(event)
        rows = [
            Row(*key, len(each), sum(e.duration for e in each), sum(e.nbytes for e in each))
            for key, each in found.items()
        ]
        return sorted(rows, key=lambda row: -row.seconds)

    def __str__(self) -> str:
        heads = ("operation", "pass", "calls", "ms", "us a call", "%", "MB")
        whole = max(self.seconds, 1e-12)
        lines = [heads]
        for row in self.rows():
            way, each = "backward" if row.backward else "forward", row.seconds / row.calls * 1e6
            percent = f"{100 * row.seconds / whole:.1f}"
            lines.append(
                (row.name, way, str(row.calls), f"{row.seconds * 1e3:.3f}", f"{each:.1f}", percent,
                 f"{row.nbytes / 1e6:.2f}")
            )  # fmt: skip
        rest = self.seconds - sum(event.duration for event in self.events)
        lines.append(("between", "", "", f"{rest * 1e3:.3f}", "", f"{100 * rest / whole:.1f}", ""))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths)))
            for line in lines
        )

    def save_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the calls as a file for chrome://tracing or https://ui.perfetto.dev.

        The file is written under another name and then renamed.

        Args:
            path: where to; usually ends in ".json".
        """
        events = [
            {
                "name": event.name, "cat": "backward" if event.backward else "forward", "ph": "X",
                "ts": (event.start - self._began) * 1e6, "dur": event.duration * 1e6, "pid": os.getpid(),
                "tid": event.thread, "args": {"shapes": event.shapes, "bytes": event.nbytes},
            }
            for event in self.events
        ]  # fmt: skip
        target = Path(path)
        aside = target.with_name(target.name + ".part")
        aside.write_text(json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}))
        os.replace(aside, target)


def _arrays(result: Any) -> list[Any]:
    """Return the arrays in what an operation or its rules returned."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return [array for part in result for array in _arrays(part)]
    value = value_of(result) if isinstance(result, Tensor) else result
    return [value] if hasattr(value, "nbytes") else []
