"""Averages of the weights over training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn.module import Module, State
from nn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from nn.train.callbacks.base import Callback
from nn.train.trees import check_like

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


class ExponentialMovingAverage(Callback):
    """Keep an exponential moving average of the weights: average = decay * average + (1 - decay) * weights.

    Validation looks at the averages, and when training has ended the model gets them. Running statistics of
    normalisations are the model's own.

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992).

    Args:
        decay: how much of the average lasts from step to step.
        replace: whether the model gets the averages in the end.

    Raises:
        ValueError: when `decay` is not in [0, 1].

    >>> import numpy as np
    >>> import nn
    >>> average, model = ExponentialMovingAverage(0.5), nn.Linear(1, 1)
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), nn.optim.SGD(model.parameters()), callbacks=[average])
    >>> history = trainer.fit((np.ones((2, 1)), np.ones((2, 1), np.float32)))
    >>> bool((model.weight == average.model.weight).all())
    True
    """

    _averaged: AveragedModel

    def __init__(self, decay: float = 0.999, *, replace: bool = True) -> None:
        self.decay, self.replace = decay, replace
        self._function = get_ema_multi_avg_fn(decay)
        self._weights: State | None = None  # the model's own, while it has the averages

    @property
    def model(self) -> Module:
        """A copy of the model with the averages."""
        return self._averaged.module

    def attach(self, trainer: Trainer) -> None:
        """Copy the model."""
        self._averaged = AveragedModel(trainer.model, multi_avg_fn=self._function)

    def after_step(self, trainer: Trainer) -> None:
        """Take the new weights into the average."""
        self._averaged.update_parameters(trainer.model)

    def begin_validation(self, trainer: Trainer) -> None:
        """Give the model the averages for a while."""
        self._weights = {name: value.copy() for name, value in trainer.model.state_dict().items()}
        trainer.model.load_state_dict(self.model.state_dict())

    def end_validation(self, trainer: Trainer) -> None:
        """Give the model its own weights back."""
        if self._weights is not None:
            trainer.model.load_state_dict(self._weights)
            self._weights = None

    def end_fit(self, trainer: Trainer) -> None:
        """Give the model the averages."""
        if self.replace and self._averaged.n_averaged.item():
            trainer.model.load_state_dict(self.model.state_dict())

    def close(self, trainer: Trainer) -> None:
        """Give the model its own weights back, if validation was interrupted."""
        self.end_validation(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Return the averages."""
        return {"averaged": self._averaged.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over averages."""
        check_like(self._averaged.state_dict(), state["averaged"], "averaged")
        self._averaged.load_state_dict(state["averaged"])
