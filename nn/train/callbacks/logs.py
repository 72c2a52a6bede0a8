"""The history in files, while training runs. Resuming leaves no row twice and none out."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from nn.extras import require
from nn.module import check_size
from nn.train.callbacks.base import Callback
from nn.train.callbacks.watching import Histograms
from nn.train.checkpoints import remove_leftovers
from nn.weights.files import written_aside

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


def _check_new(path: Path, trainer: Trainer, ours: bool) -> None:
    if path.exists() and not (trainer.resuming or ours):
        raise FileExistsError(
            f"{path} is there already, from another run perhaps, which this one would overwrite: resume that with "
            "fit(..., resume=True), or use another name, or delete it"
        )


class CSVLog(Callback):
    """Write the history as a table: a line of names, then a line for each epoch.

    After every epoch all of it is written anew, under another name and renamed: the file is always whole.

    Args:
        path: the file.

    Raises:
        FileExistsError: when training begins, but is not resumed, and the file is there already.

    >>> import numpy as np
    >>> import nn, tempfile
    >>> model = nn.Linear(1, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = CSVLog(folder + "/log.csv")
    ...     trainer = nn.train.Trainer(model, nn.MSELoss(), nn.optim.SGD(model.parameters()), callbacks=[log])
    ...     history = trainer.fit((np.ones((2, 1)), np.ones((2, 1), np.float32)), epochs=2)
    ...     print(log.path.read_text().splitlines()[0], len(log.path.read_text().splitlines()))
    epoch,loss,lr,seconds 3
    """

    order: ClassVar[int] = 1

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._ours = False

    def begin_fit(self, trainer: Trainer) -> None:
        """Write what the history has already."""
        _check_new(self.path, trainer, self._ours)
        self._ours = True
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path.parent, re.escape(self.path.name))
        self._write(trainer)

    def end_epoch(self, trainer: Trainer) -> None:
        """Write the history."""
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        text = io.StringIO()
        table = csv.DictWriter(text, trainer.history.columns, lineterminator="\n")
        table.writeheader()
        table.writerows(trainer.history.rows)
        with written_aside(self.path) as file:
            file.write(text.getvalue().encode())


class JSONLLog(Callback):
    """Append a line of JSON for each epoch to a file, and if wanted for each of some steps.

    The lines of epochs are the rows of the history; those of steps have "step", "epoch", "batch", "loss" and "lr". When
    training is resumed, lines that were written after the checkpoint are cut off, as these steps are taken again.

    Args:
        path: the file.
        steps: also write a line for every so many steps.

    Raises:
        FileExistsError: when training begins, but is not resumed, and the file is there already.
        ValueError: when training is resumed, and the file has less than at the time of the checkpoint.

    >>> JSONLLog("run/log.jsonl", steps=100).steps
    100
    """

    order: ClassVar[int] = 1

    def __init__(self, path: str | os.PathLike[str], steps: int | None = None) -> None:
        self.path = Path(path)
        self.steps = None if steps is None else check_size(steps, "steps")
        self._file: BinaryIO | None = None
        self._size = 0

    def begin_fit(self, trainer: Trainer) -> None:
        """Open the file, and cut off what is to come again."""
        _check_new(self.path, trainer, self._size > 0)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        there = self.path.stat().st_size if self.path.exists() else 0
        if there < self._size:
            raise ValueError(
                f"{self.path} has {there} bytes, but had {self._size} at the time of the checkpoint: put the old file "
                "back, or resume without this log"
            )
        self._file = self.path.open("ab")
        self._file.truncate(self._size)

    def after_step(self, trainer: Trainer) -> None:
        """Write a line after so many steps."""
        if self.steps and trainer.step % self.steps == 0:
            self._write({"step": trainer.step, "epoch": trainer.epoch + 1, "batch": trainer.batch,
                         "loss": trainer.loss, "lr": trainer.lr})  # fmt: skip

    def end_epoch(self, trainer: Trainer) -> None:
        """Write the row of the epoch."""
        self._write(trainer.row)

    def _write(self, row: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        self._file.write(json.dumps(row).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())  # a checkpoint that comes next counts on these lines
        self._size = self._file.tell()

    def close(self, trainer: Trainer) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def state_dict(self) -> dict[str, Any]:
        """Return how many bytes the file has."""
        return {"size": self._size}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over how many bytes the file had."""
        if not isinstance(state["size"], int) or state["size"] < 0:
            raise ValueError(f"JSONLLog.size must be an integer of at least 0, not {state['size']!r:.40}")
        self._size = state["size"]


class TensorBoardLog(Callback):
    """Write the history for TensorBoard, and what `Histograms` finds. Needs the extra `tensorboard` (tensorboardX).

    Args:
        folder: where to.
        steps: also write the loss of every so many steps.

    Raises:
        ImportError: without the extra `tensorboard`.
    """

    order: ClassVar[int] = 1

    def __init__(self, folder: str | os.PathLike[str], steps: int | None = None) -> None:
        self.folder = Path(folder)
        self.steps = None if steps is None else check_size(steps, "steps")
        self._library = require("tensorboardX", "tensorboard")
        self._writer: Any = None

    def begin_fit(self, trainer: Trainer) -> None:
        """Open a file of events; what earlier ones have of steps to come is no longer shown."""
        purged = trainer.step + 1 if trainer.resuming else None
        self._writer = self._library.SummaryWriter(str(self.folder), purge_step=purged)

    def after_step(self, trainer: Trainer) -> None:
        """Write the loss after so many steps."""
        if self.steps and trainer.step % self.steps == 0:
            self._writer.add_scalar("step/loss", trainer.loss, trainer.step)

    def end_epoch(self, trainer: Trainer) -> None:
        """Write the row of the epoch, at the number of its last step."""
        for name, value in trainer.row.items():
            if isinstance(value, int | float) and name != "epoch":
                self._writer.add_scalar(name, value, trainer.step)
        for callback in trainer.callbacks:
            for record in callback.records if isinstance(callback, Histograms) else ():
                if record["epoch"] == trainer.epoch:
                    self._add(record, trainer.step)
        self._writer.flush()

    def _add(self, record: Mapping[str, Any], step: int) -> None:
        counts, edges = record["counts"], record["edges"]
        centres = (edges[:-1] + edges[1:]) / 2
        self._writer.add_histogram_raw(
            f"{record['kind']}/{record['name']}", min=edges[0], max=edges[-1], num=int(counts.sum()),
            sum=float(counts @ centres), sum_squares=float(counts @ centres**2), bucket_limits=edges[1:].tolist(),
            bucket_counts=counts.tolist(), global_step=step,
        )  # fmt: skip

    def close(self, trainer: Trainer) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
