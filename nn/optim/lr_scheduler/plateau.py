"""Schedules that look at a validation metric: they lower the rate when it no longer improves."""

from __future__ import annotations

import math
from typing import Any

from nn.module import check_size
from nn.optim.lr_scheduler.base import LRScheduler, checked_optimizer, for_each_group
from nn.optim.optimizer import Optimizer, check_number


def _check_factor(factor: float) -> None:
    if not 0 < factor < 1:
        raise ValueError(f"factor must be above 0 and below 1, not {factor!r}")


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by `factor` when a metric has not improved for more than `patience` epochs.

    Args:
        optimizer: whose rates to set.
        mode: "min" if the metric is to fall, "max" if it is to rise.
        factor: the factor.
        patience: how many epochs without improvement to allow.
        threshold: how much better than the best a metric must be to count.
        threshold_mode: "rel": as a part of the best; "abs": as a difference.
        cooldown: how many epochs not to count after the rate was lowered.
        min_lr: the least rate, or a list of one for each group.
        eps: the least change of a rate that is made.

    Raises:
        TypeError: when `optimizer` is none.
        ValueError: for an unknown mode, a factor that is not in (0, 1), negative numbers, or a list that does not fit
            the groups.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    >>> for validation_loss in (3.0, 2.0, 2.5):
    ...     schedule.step(validation_loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    factor: float
    default_min_lr: float | None
    min_lrs: list[float]
    patience: int
    cooldown: int
    eps: float
    mode: str
    threshold: float
    threshold_mode: str
    mode_worse: float
    best: float
    cooldown_counter: int
    num_bad_epochs: int

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10, threshold: float = 1e-4,
        threshold_mode: str = "rel", cooldown: int = 0, min_lr: float | list[float] = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        _check_factor(factor)
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode must be 'rel' or 'abs', not {threshold_mode!r}")
        self.optimizer = checked_optimizer(optimizer)
        self.factor, self.mode, self.threshold_mode = factor, mode, threshold_mode
        self.patience, self.cooldown = check_size(patience, "patience", 0), check_size(cooldown, "cooldown", 0)
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.min_lrs = for_each_group("min_lr", min_lr, optimizer)
        for name, value in [("threshold", threshold), ("eps", eps), *(("min_lr", rate) for rate in self.min_lrs)]:
            check_number(name, value)
        self.threshold, self.eps = threshold, eps
        self.last_epoch, self._last_lr = 0, self._rates()
        self.best = self.mode_worse = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs are not counted yet."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Note the metric of an epoch, and lower the rates when it is time."""
        current = float(metrics)
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._rates()

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * current < sign * self.best - self.threshold
        return sign * current < sign * self.best * (1 - sign * self.threshold)

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise ValueError(
                    f"min_lr was given for {len(self.min_lrs)} parameter groups, now there are {len(groups)}"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, old, least in zip(groups, self._rates(), self.min_lrs, strict=True):
            new = max(old * self.factor, least)
            if old - new > self.eps:
                group["lr"] = new


class NewBob(LRScheduler):
    """Halve the rate after every epoch whose validation metric is worse than that of the epoch before.

    The rule of the speech-recognition literature. The metric of an epoch counts as worse when it improves on that of
    the epoch before by less than `threshold`, as a part of it. With `ramp`, once the rate has been halved it is halved
    after every further epoch; `finished` then says that the metric no longer improves, and training should end.

    Sources: Morgan and Bourlard, Continuous speech recognition (1995); Renals et al., Connectionist probability
    estimators in HMM speech recognition (1994), for the ramp.

    Args:
        optimizer: whose rates to set.
        mode: "min" if the metric is to fall, "max" if it is to rise.
        factor: by what to multiply instead of one half.
        threshold: the least relative improvement that does not count as worse.
        ramp: whether to go on halving.
        min_lr: the least rate.

    Raises:
        TypeError: when `optimizer` is none.
        ValueError: for an unknown mode, a factor that is not in (0, 1), or negative numbers.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = NewBob(optimizer)
    >>> for error_rate in (0.5, 0.25, 0.5, 0.25):
    ...     schedule.step(error_rate)
    >>> schedule.get_last_lr()
    [0.5]
    """

    mode: str
    factor: float
    threshold: float
    ramp: bool
    min_lr: float
    previous: float | None
    halving: bool
    finished: bool

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.5, threshold: float = 0.0, ramp: bool = False,
        min_lr: float = 0.0,
    ) -> None:  # fmt: skip
        _check_factor(factor)
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
        check_number("threshold", threshold)
        check_number("min_lr", min_lr)
        self.optimizer = checked_optimizer(optimizer)
        self.mode, self.factor, self.threshold, self.ramp, self.min_lr = mode, factor, threshold, ramp, min_lr
        self.last_epoch, self._last_lr = 0, self._rates()
        self.previous, self.halving, self.finished = None, False, False

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Note the metric of an epoch, and halve the rates when it is worse than the one before."""
        current = float(metrics)
        self.last_epoch += 1
        worse = self._is_worse(current)
        self.previous = current
        self.finished = self.finished or (self.ramp and self.halving and worse)
        self.halving = worse or (self.ramp and self.halving)
        if self.halving:
            self._set([min(rate, max(rate * self.factor, self.min_lr)) for rate in self._rates()])
        self._last_lr = self._rates()

    def _is_worse(self, current: float) -> bool:
        if self.previous is None:
            return False
        improvement = self.previous - current if self.mode == "min" else current - self.previous
        return not improvement >= self.threshold * abs(self.previous)  # a NaN is worse than anything
