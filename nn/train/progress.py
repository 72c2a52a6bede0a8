"""A bar for each epoch: rate, time left, loss and metrics. Through tqdm (extra `train`)."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nn.extras import require
from nn.train.history import shown

_PAUSE = 0.2  # seconds between two updates of the numbers beside the bar
_APART = ("epoch", "lr", "seconds")  # numbers that the line has no place for, or has already
_FORM = "{desc}: {percentage:3.0f}%|{bar:10}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_noinv_fmt}{postfix}]"
_END = "{desc}: {n_fmt} batches in {elapsed}{postfix}"  # room for the numbers of validation


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
        if not _is_widget(type(self._bar)):
            self._bar.bar_format = _END
        self._show({name: value for name, value in row.items() if name not in _APART}, refresh=True)

    def _show(self, numbers: Mapping[str, Any], refresh: bool) -> None:
        self._bar.set_postfix_str(described(numbers), refresh=refresh)


def described(numbers: Mapping[str, Any]) -> str:
    """Return the numbers of an epoch in few letters, for they stand on one line with the bar.

    >>> described({"loss": 0.34567, "accuracy": 0.9, "validation_loss": 0.41, "validation_accuracy": 0.88})
    'loss 0.346, accuracy 0.9; validation: loss 0.41, accuracy 0.88'
    """
    parts: dict[bool, list[str]] = {}
    for name, value in numbers.items():
        text = f"{value:.3g}" if isinstance(value, float) else shown(value)
        own = name.removeprefix("validation_")
        parts.setdefault(own != name, []).append(f"{own.replace('_', ' ')} {text}")
    sides = [", ".join(parts[False])] if False in parts else []
    return "; ".join(sides + (["validation: " + ", ".join(parts[True])] if True in parts else []))


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
    form = {} if _is_widget(kind) else {"bar_format": _FORM if batches else None, "dynamic_ncols": True}
    with kind(total=batches, initial=done, desc=title, unit=" batches", disable=False, **form) as bar:
        yield Bar(bar)


def _kind(wanted: bool | None) -> Any:
    """Return the class of the bar, or None for no bar."""
    if wanted is False or (wanted is None and importlib.util.find_spec("tqdm") is None):
        return None
    # A kernel of a notebook has IPython loaded; elsewhere tqdm.auto would only warn that widgets are missing.
    notebook = "ipykernel" in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without ipywidgets, a bar of letters does as well
        kind = require("tqdm.auto" if notebook else "tqdm", "train").tqdm
    return kind if wanted or notebook or sys.stderr.isatty() else None


def _is_widget(kind: Any) -> bool:
    return any(base.__module__ == "tqdm.notebook" for base in kind.__mro__)
