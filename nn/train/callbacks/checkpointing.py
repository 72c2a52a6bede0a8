"""Saving a training while it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nn.module import check_size
from nn.train.callbacks.base import Callback, is_better, wanted_value
from nn.train.checkpoints import check_library, checkpoint_path, list_checkpoints, remove_leftovers, write_checkpoint
from nn.train.history import check_mode
from nn.train.trees import check_like

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


class Checkpointing(Callback):
    """Save the whole training in a folder, after every few epochs or steps: `fit(..., resume=True)` goes on from there.

    The weights go on bit for bit as if training had never been interrupted. A file is written under another name and
    renamed when it is on the disk: whatever happens, the newest checkpoint is whole.

    Args:
        folder: where to; made if it is not there.
        epochs: save after so many epochs.
        steps: also save after so many steps of the optimizer.
        keep: how many checkpoints to keep, besides the best.
        best: a column of the history; the checkpoint of its best epoch so far is "best.safetensors".
        mode: "min" if smaller is better, or "max".

    Raises:
        ImportError: without the extra `weights`.
        ValueError: for numbers below 1, or another mode.
        FileExistsError: when training begins, but is not resumed, and the folder has the checkpoints of another run.

    >>> import numpy as np
    >>> import nn, tempfile
    >>> def training(folder):
    ...     model = nn.Linear(1, 1)
    ...     optimizer = nn.optim.SGD(model.parameters())
    ...     return nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[Checkpointing(folder, keep=1)])
    >>> data = np.ones((6, 1), np.float32), np.ones((6, 1), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = training(folder).fit(data, epochs=1, batch_size=3)
    ...     print(*(path.name for path in list_checkpoints(folder)))
    ...     len(training(folder).fit(data, epochs=3, batch_size=3, resume=True))
    checkpoint-0000000002.safetensors
    3
    """

    order: ClassVar[int] = 2

    def __init__(
        self, folder: str | os.PathLike[str], epochs: int = 1, steps: int | None = None, keep: int = 3,
        best: str | None = None, mode: str = "min",
    ) -> None:  # fmt: skip
        check_library()
        check_mode(mode)
        self.folder = Path(folder)
        self.epochs, self.keep = check_size(epochs, "epochs"), check_size(keep, "keep")
        self.steps = None if steps is None else check_size(steps, "steps")
        self.best, self.mode = best, mode
        self.best_value: float | None = None
        self._ours = False

    @property
    def best_path(self) -> Path:
        """The checkpoint of the best epoch."""
        return self.folder / "best.safetensors"

    def begin_fit(self, trainer: Trainer) -> None:
        """Make the folder, and see that nobody else's checkpoints are in it."""
        if list_checkpoints(self.folder) and not (trainer.resuming or self._ours):
            raise FileExistsError(
                f"{self.folder} has checkpoints of another run, which this one would replace: resume that with "
                "fit(..., resume=True), or use another folder, or delete them"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.folder)
        self._ours = True

    def after_step(self, trainer: Trainer) -> None:
        """Save after so many steps."""
        if self.steps and trainer.step % self.steps == 0:
            self.save(trainer)

    def end_epoch(self, trainer: Trainer) -> None:
        """Save after so many epochs, and the best one."""
        if self.best is not None:
            value = wanted_value(trainer, self.best, "Checkpointing")
            if is_better(value, self.best_value, self.mode):
                self.best_value = value
                write_checkpoint(self.best_path, trainer.state_dict())
        if trainer.epoch % self.epochs == 0 or trainer.is_last_epoch:
            self.save(trainer)

    def save(self, trainer: Trainer) -> Path:
        """Write a checkpoint now, remove the oldest, and return its path."""
        path = checkpoint_path(self.folder, trainer.step)
        write_checkpoint(path, trainer.state_dict())
        for old in list_checkpoints(self.folder)[: -self.keep]:
            old.unlink(missing_ok=True)
        return path

    def state_dict(self) -> dict[str, Any]:
        """Return the best number so far."""
        return {"best_value": self.best_value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the best number so far."""
        check_like(0, state["best_value"], "Checkpointing.best_value")
        self.best_value = state["best_value"]
