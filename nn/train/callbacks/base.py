"""The events of a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


class Callback:
    """The base of all callbacks: a method for each event of a training, which does nothing.

    In order: `attach` once; then in every `fit` `begin_fit`; for each epoch `begin_epoch`, for each batch
    `begin_batch`, `after_backward` and `after_step`, then `begin_validation` and `end_validation`, then `end_epoch`;
    `end_fit` unless an error or Ctrl-C ended it; and always `close`. After an interruption, resuming goes on in the
    middle of an epoch without a second `begin_epoch`.

    What the next events depend on goes into `state_dict`, so that a resumed training goes on as if never interrupted.

    Attributes:
        order: callbacks of a higher order are called later: 0; logs 1, since others add to the row of an epoch;
            checkpoints 2, since they hold the state of all others.

    >>> import numpy as np
    >>> import nn
    >>> class Count(Callback):
    ...     steps = 0
    ...     def after_step(self, trainer):
    ...         self.steps += 1
    >>> count, model = Count(), nn.Linear(1, 1)
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), nn.optim.SGD(model.parameters()), callbacks=[count])
    >>> history = trainer.fit((np.ones((6, 1)), np.ones((6, 1), np.float32)), epochs=2, batch_size=2)
    >>> count.steps
    6
    """

    order: ClassVar[int] = 0

    def attach(self, trainer: Trainer) -> None:
        """Called when the trainer is made."""

    def begin_fit(self, trainer: Trainer) -> None:
        """Called before the first epoch, after the state was restored if training is resumed."""

    def begin_epoch(self, trainer: Trainer) -> None:
        """Called before the first batch of an epoch, when all of the model is in training mode."""

    def begin_batch(self, trainer: Trainer) -> None:
        """Called before the forward pass; `trainer.current` is the batch."""

    def after_backward(self, trainer: Trainer) -> None:
        """Called when the gradients of an optimizer's step are known; `trainer.loss` is the loss of the batch."""

    def after_step(self, trainer: Trainer) -> None:
        """Called after the optimizer's step."""

    def begin_validation(self, trainer: Trainer) -> None:
        """Called before the validation data are looked at."""

    def end_validation(self, trainer: Trainer) -> None:
        """Called after the validation data were looked at."""

    def end_epoch(self, trainer: Trainer) -> None:
        """Called after an epoch; `trainer.row` is its row in the history, which may be added to."""

    def end_fit(self, trainer: Trainer) -> None:
        """Called after the last epoch."""

    def close(self, trainer: Trainer) -> None:
        """Called in the end, also after an error: to close files and remove hooks."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the next events depend on: dicts, lists, numbers, strings, arrays and Tensors."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a state of the form that `state_dict` returns.

        Raises:
            ValueError: when it does not fit; nothing has changed then.
        """


EVENTS = tuple(name for name in vars(Callback) if not name.startswith("_") and name not in ("order", "attach")
               and not name.endswith("state_dict"))  # fmt: skip


def wanted_value(trainer: Trainer, metric: str, who: str) -> float:
    """Return a number of the epoch that has just ended.

    Raises:
        KeyError: when there is none of that name; names those that there are.
    """
    if metric not in trainer.row:
        raise KeyError(f"{who} looks at {metric!r}, but the epoch has only {', '.join(trainer.row)}; give validation "
                       "data for what begins with 'validation_'")  # fmt: skip
    return float(trainer.row[metric])


def is_better(value: float, best: float | None, mode: str, min_delta: float = 0.0) -> bool:
    """Return whether a number is better than the best so far by more than `min_delta`; NaN never is.

    >>> is_better(1.0, None, "min"), is_better(1.0, 1.0, "min"), is_better(float("nan"), None, "max")
    (True, False, False)
    """
    if value != value:
        return False
    if best is None:
        return True
    return value < best - min_delta if mode == "min" else value > best + min_delta
