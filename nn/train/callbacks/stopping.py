"""Reasons to end a training early."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor
from nn.module import State, check_size
from nn.optim.optimizer import check_number
from nn.train.anomalies import find_origin
from nn.train.callbacks.base import Callback, is_better, wanted_value
from nn.train.history import check_mode
from nn.train.trees import check_like

if TYPE_CHECKING:
    from nn.train.trainer import Trainer


class EarlyStopping(Callback):
    """End the training when a metric has not improved for some epochs; the model gets its best weights back.

    Source: Prechelt, Early stopping - but when? (1998).

    Args:
        metric: a column of the history.
        patience: how many epochs in a row without improvement to allow; the next one ends the training.
        mode: "min" if smaller is better, or "max".
        min_delta: how much better than the best a number must be to count.
        restore_best: whether the model gets the weights of its best epoch in the end.

    Attributes:
        best: the best number so far.
        best_epoch: its epoch.

    Raises:
        ValueError: for negative numbers, or another mode.
        KeyError: in training, when the history has no such column.

    >>> import nn, numpy as np
    >>> stopping, model = EarlyStopping("loss", patience=2), nn.Linear(1, 1)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[stopping])
    >>> len(trainer.fit((np.ones((2, 1)), np.ones((2, 1), np.float32)), epochs=10))
    4
    >>> trainer.stopped
    'loss has not improved for 3 epochs; the best was epoch 1'
    """

    best: float | None
    best_epoch: int

    def __init__(
        self, metric: str = "validation_loss", patience: int = 5, mode: str = "min", min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:  # fmt: skip
        check_mode(mode)
        check_number("min_delta", min_delta)
        self.metric, self.patience, self.mode = metric, check_size(patience, "patience", 0), mode
        self.min_delta, self.restore_best = min_delta, restore_best
        self._model: Any = None
        self._forget()

    def _forget(self) -> None:
        self.best, self.best_epoch, self._bad = None, 0, 0
        self._weights: State | None = None

    def attach(self, trainer: Trainer) -> None:
        """Remember whose weights they are."""
        self._model = trainer.model

    def begin_fit(self, trainer: Trainer) -> None:
        """Begin anew, unless training is resumed."""
        if not trainer.resumed:
            self._forget()

    def end_epoch(self, trainer: Trainer) -> None:
        """Look at the metric."""
        value = wanted_value(trainer, self.metric, "EarlyStopping")
        if is_better(value, self.best, self.mode, self.min_delta):
            self.best, self.best_epoch, self._bad = value, trainer.epoch, 0
            if self.restore_best:
                self._weights = {name: weight.copy() for name, weight in trainer.model.state_dict().items()}
            return
        self._bad += 1
        if self._bad > self.patience:
            best = f"the best was epoch {self.best_epoch}" if self.best_epoch else "no epoch had a number"
            trainer.stop(f"{self.metric} has not improved for {self._bad} epochs; {best}")

    def end_fit(self, trainer: Trainer) -> None:
        """Give the model its best weights."""
        if self._weights is not None:
            trainer.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best number, its epoch and weights, and how long it has been the best."""
        return {"best": self.best, "best_epoch": self.best_epoch, "bad": self._bad, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        for name in ("best", "best_epoch", "bad"):
            check_like(0, state[name], f"EarlyStopping.{name}")
        if self._model is not None:
            check_like(self._model.state_dict(), state["weights"], "EarlyStopping.weights")
        self.best, self.best_epoch, self._bad = state["best"], state["best_epoch"], state["bad"]
        self._weights = state["weights"]


class StopOnNaN(Callback):
    """Raise an error when the loss or a gradient is no longer finite, before the optimizer has spoilt the weights.

    The batch is computed once more to find the first operation whose result is not finite; the error names it, the
    module in which it ran, and the range of its inputs.

    Args:
        gradients: look at the gradients, too: this takes a pass over them.

    Raises:
        FloatingPointError: in training.

    >>> import autograd, nn
    >>> class Log(nn.Module):
    ...     def forward(self, x):
    ...         return autograd.log(x)
    >>> model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), Log())
    >>> _ = nn.init.zeros_(model[0].weight), nn.init.zeros_(model[0].bias)
    >>> optimizer = nn.optim.SGD(model.parameters())
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[StopOnNaN()])
    >>> with np.errstate(all="ignore"):
    ...     trainer.fit((np.ones((2, 2)), np.ones((2, 2), np.float32)))
    Traceback (most recent call last):
        ...
    FloatingPointError: epoch 1, batch 1: the loss is inf. It came from log, forward, in module '2' (Log): its result
    of shape (2, 2) has -inf; input 0 of shape (2, 2) is from 0 to 0; called at ... Then from relu, backward: ...
    """

    def __init__(self, gradients: bool = True) -> None:
        self.gradients = gradients
        self._before: Any = None

    def begin_batch(self, trainer: Trainer) -> None:
        """Note the random states, so that the batch can be computed once more."""
        self._before = trainer.generators.state()

    def after_backward(self, trainer: Trainer) -> None:
        """Look at the loss and the gradients."""
        if not math.isfinite(trainer.loss):
            self._stop(trainer, f"the loss is {trainer.loss}")
        elif self.gradients:
            for name, parameter in trainer.model.named_parameters():
                if parameter.grad is not None and not _is_finite(parameter.grad.data):
                    self._stop(trainer, f"the gradient of {name} is not finite")

    def _stop(self, trainer: Trainer, what: str) -> None:
        if spoilt := _not_finite(trainer.current):
            raise FloatingPointError(
                f"epoch {trainer.epoch + 1}, batch {trainer.batch + 1}: {what}. The batch itself has {spoilt}: look at "
                "the data"
            )
        trainer.generators.set_state(self._before)
        origin = find_origin(trainer.model, trainer.replay)
        raise FloatingPointError(f"epoch {trainer.epoch + 1}, batch {trainer.batch + 1}: {what}. {origin}")


def _not_finite(batch: Any, where: str = "") -> str:
    """Return what is not finite in a batch, and where; "" where there is nothing."""
    if isinstance(batch, tuple | list):
        found = (_not_finite(part, f"part {i}") for i, part in enumerate(batch))
        return next(filter(None, found), "")
    values = batch.detach().data if isinstance(batch, Tensor) else batch
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fc" or np.isfinite(values).all():
        return ""
    first = tuple(np.argwhere(~np.isfinite(values))[0].tolist())
    place = f"{where}, " if where else ""
    return f"{values[first]} in {place}of shape {values.shape}, first at {first}"


def _is_finite(array: np.ndarray[Any, Any]) -> bool:
    flat = array.reshape(-1)
    with np.errstate(all="ignore"):
        total = np.vdot(flat, flat)  # far faster than looking at each element; only overflow can mislead it
    return bool(np.isfinite(total)) or bool(np.isfinite(array).all())
