"""What happens around the optimizer's steps: clipping, schedules, unfreezing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn.module import check_size
from nn.optim.lr_scheduler import LRScheduler, NewBob, ReduceLROnPlateau
from nn.optim.optimizer import check_positive
from nn.train.callbacks.base import Callback, wanted_value
from nn.train.finetuning import unfreeze
from nn.train.trees import check_like
from nn.utils import clip_grad_norm_, clip_grad_value_

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


class GradientClipping(Callback):
    """Limit the gradients before every step of the optimizer.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013), section 3.2.

    Args:
        max_norm: what the norm of all gradients together shall be at most; they are scaled.
        max_value: what the absolute value of each element shall be at most.
        norm_type: the order of the norm.

    Attributes:
        norm: of all gradients before they were last scaled.

    Raises:
        ValueError: when not exactly one of `max_norm` and `max_value` is given, or it is not above 0.

    >>> GradientClipping(max_norm=1.0).max_norm
    1.0
    """

    norm: float | None = None

    def __init__(
        self, max_norm: float | None = None, *, max_value: float | None = None, norm_type: float = 2.0
    ) -> None:
        if (max_norm is None) == (max_value is None):
            raise ValueError("GradientClipping takes max_norm or max_value, one of the two")
        check_positive(*(("max_value", max_value) if max_norm is None else ("max_norm", max_norm)))
        self.max_norm, self.max_value, self.norm_type = max_norm, max_value, norm_type

    def after_backward(self, trainer: Trainer) -> None:
        """Clip."""
        parameters = trainer.parameters
        if self.max_norm is not None:
            self.norm = float(clip_grad_norm_(parameters, self.max_norm, self.norm_type))
        else:
            clip_grad_value_(parameters, self.max_value)  # type: ignore[arg-type]


class Schedule(Callback):
    """Step a learning-rate schedule after every epoch, or after every step of the optimizer.

    Args:
        scheduler: from `nn.optim.lr_scheduler`, made for the trainer's optimizer.
        each: "epoch" or "step".
        metric: for `ReduceLROnPlateau` and `NewBob`, the column of the history that they look at.

    Raises:
        TypeError: when `scheduler` is none.
        ValueError: for another `each`, or a plateau schedule stepped after every step.

    >>> import numpy as np
    >>> import nn
    >>> model = nn.Linear(1, 1)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    >>> schedule = Schedule(nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.5))
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[schedule])
    >>> trainer.fit((np.ones((2, 1)), np.ones((2, 1), np.float32)), epochs=3)["lr"]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, scheduler: LRScheduler, each: str = "epoch", metric: str = "validation_loss") -> None:
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(f"Schedule takes a schedule of nn.optim.lr_scheduler, not {type(scheduler).__name__}")
        self._looks = isinstance(scheduler, ReduceLROnPlateau | NewBob)
        if each not in ("epoch", "step") or (self._looks and each == "step"):
            raise ValueError(f"each must be 'epoch'{'' if self._looks else ' or ' + repr('step')}, not {each!r}")
        self.scheduler, self.each, self.metric = scheduler, each, metric

    def attach(self, trainer: Trainer) -> None:
        """See that the schedule is for the trainer's optimizer."""
        if self.scheduler.optimizer is not trainer.optimizer:
            raise ValueError("the schedule was made for another optimizer than the trainer's")

    def after_step(self, trainer: Trainer) -> None:
        """Step the schedule, if it goes by steps."""
        if self.each == "step":
            self.scheduler.step()

    def end_epoch(self, trainer: Trainer) -> None:
        """Step the schedule, if it goes by epochs."""
        if self._looks:
            self.scheduler.step(wanted_value(trainer, self.metric, "Schedule"))  # type: ignore[call-arg]
        elif self.each == "epoch":
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the schedule's state."""
        return {"scheduler": self.scheduler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the schedule's state."""
        check_like(self.scheduler.state_dict(), state["scheduler"], type(self.scheduler).__name__)
        self.scheduler.load_state_dict(state["scheduler"])


class Unfreezing(Callback):
    """Train parameters that were frozen from an epoch on.

    The optimizer has to have them from the start; it passes over what has no gradient. See `freeze`.

    Args:
        epoch: the number of epochs before.
        *patterns: names of parameters or modules, "*" for any letters, as for `freeze`; all parameters by default.

    Raises:
        TypeError, ValueError: when `epoch` is not an integer of at least 1.

    >>> Unfreezing(3, "features.*").patterns
    ('features.*',)
    """

    def __init__(self, epoch: int, *patterns: str) -> None:
        self.epoch = check_size(epoch, "epoch")
        self.patterns = patterns or ("*",)

    def begin_epoch(self, trainer: Trainer) -> None:
        """Unfreeze when it is time."""
        if trainer.epoch == self.epoch:
            unfreeze(trainer.model, *self.patterns)
