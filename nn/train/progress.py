"""A bar for each epoch: rate, time left, loss and metrics. Through tqdm (extra `train`)."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nn.extras import require
from nn.train.history import shown

_PAUSE = 0.2  # seconds between two updates of the numbers beside the bar


class Bar:
    """The bar of an epoch.

    Args:
        bar: tqdm's.
    """

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._next = 0.0

    def step(self, numbers: Callable[[], Mapping[str, float]]) -> None:
        """Note a finished batch; `numbers`, of the epoch so far, are asked for now and then."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PAUSE
            self._show(numbers(), refresh=False)
        self._bar.update()

    def finish(self, row: Mapping[str, Any]) -> None:
        """Show the numbers of the whole epoch."""
        self._show({name: value for name, value in row.items() if name not in ("epoch", "seconds")}, refresh=True)

    def _show(self, numbers: Mapping[str, Any], refresh: bool) -> None:
        text = ", ".join(f"{name.replace('_', ' ')} {shown(value)}" for name, value in numbers.items())
        self._bar.set_postfix_str(text, refresh=refresh)


@contextlib.contextmanager
def progress_bar(wanted: bool | None, title: str, batches: int | None, done: int) -> Iterator[Bar | None]:
    """Give a bar, or None when none is wanted.

    Args:
        wanted: True or False, or None: where tqdm is installed, in a notebook and on a terminal.
        title: stands before the bar.
        batches: how many there are, None if unknown.
        done: how many are done already.

    Raises:
        ImportError: when a bar is wanted, and tqdm not installed.
    """
    kind = _kind(wanted)
    if kind is None:
        yield None
        return
    with kind(total=batches, initial=done, desc=title, unit="batch", disable=False) as bar:
        yield Bar(bar)


def _kind(wanted: bool | None) -> Any:
    """Return the class of the bar, or None for no bar."""
    if wanted is False or (wanted is None and importlib.util.find_spec("tqdm") is None):
        return None
    # A kernel of a notebook has IPython loaded; elsewhere tqdm.auto would only warn that widgets are missing.
    module = "tqdm.auto" if "ipykernel" in sys.modules else "tqdm"
    kind = require(module, "train").tqdm
    notebook = "notebook" in kind.__module__
    return kind if wanted or notebook or sys.stderr.isatty() else None
