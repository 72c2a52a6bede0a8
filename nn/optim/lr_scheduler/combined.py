"""Schedules made of others: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from nn.module import check_size
from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.lr_scheduler.plateau import NewBob, ReduceLROnPlateau
from nn.optim.optimizer import Optimizer


class _Combined(LRScheduler):
    """A schedule that calls others, whose states belong to its own."""

    _schedulers: list[LRScheduler]

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> Optimizer:
        """Note the schedules; return their optimizer."""
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name} needs at least one schedule")
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler):
                raise TypeError(f"{name} takes schedules; number {i} is a {type(schedule).__name__}")
            if isinstance(schedule, ReduceLROnPlateau | NewBob):
                raise ValueError(f"{name} cannot give number {i}, a {type(schedule).__name__}, the metric it needs")
            if schedule.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ValueError(f"{name}: number {i}, a {type(schedule).__name__}, is for another optimizer")
        self._schedulers = list(schedulers)
        return optimizer or schedulers[0].optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state, with the states of the schedules inside."""
        schedulers, self._schedulers = self._schedulers, []
        try:
            return super().state_dict() | {"_schedulers": [schedule.state_dict() for schedule in schedulers]}
        finally:
            self._schedulers = schedulers

    def _check_state(self, state_dict: Mapping[str, Any]) -> None:
        super()._check_state(state_dict)
        states = state_dict["_schedulers"]
        if len(states) != len(self._schedulers):
            raise ValueError(
                f"the saved {type(self).__name__} has {len(states)} schedules, not {len(self._schedulers)}"
            )
        for schedule, state in zip(self._schedulers, states, strict=True):
            schedule._check_state(state)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a state. All of it, or nothing.

        Raises:
            ValueError: when it is that of other schedules, or for another number of groups.
        """
        schedulers = self._schedulers
        super().load_state_dict(state_dict)
        self._schedulers = schedulers
        for schedule, state in zip(schedulers, state_dict["_schedulers"], strict=True):
            schedule.load_state_dict(state)


class SequentialLR(_Combined):
    """Schedules one after the other: each starts, at its own epoch 0, at a milestone.

    Args:
        optimizer: that of all of them.
        schedulers: the schedules.
        milestones: the epochs at which the second, third, ... starts.
        last_epoch: where to resume.

    Raises:
        TypeError: for what is not a schedule.
        ValueError: when there is no schedule, not one milestone less, or one that falls back; for schedules of another
            optimizer, or that need a metric.

    >>> import nn
    >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> warmup, decay = ConstantLR(optimizer, 0.5, 10), ExponentialLR(optimizer, 0.1)
    >>> schedule = SequentialLR(optimizer, [warmup, decay], [2])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.1]
    """

    _milestones: list[int]

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = self._take(schedulers, optimizer)
        self._milestones = [check_size(milestone, "a milestone", 0) for milestone in milestones]
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, not {len(milestones)}"
            )
        if self._milestones != sorted(self._milestones):
            raise ValueError(f"milestones must not fall, unlike {list(milestones)}")
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._undo_first_steps(self)  # each schedule took one when it was made
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def _undo_first_steps(self, schedule: LRScheduler) -> None:
        inner = getattr(schedule, "_schedulers", None)
        for each in inner or ():
            self._undo_first_steps(each)
        if inner is None:
            schedule.last_epoch -= 1

    def step(self) -> None:
        """Go to the next epoch, in the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        schedule = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            schedule.restart()
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()


class ChainedScheduler(_Combined):
    """Schedules all at once: the factors of all are multiplied.

    Args:
        schedulers: the schedules; those that compute a rate from the one before take part, others override.
        optimizer: that of all of them.

    Raises:
        TypeError: for what is not a schedule.
        ValueError: when there is none; for schedules of another optimizer, or that need a metric.

    >>> import nn
    >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = ChainedScheduler([ConstantLR(optimizer, 0.5, 10), ExponentialLR(optimizer, 0.5)])
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = self._take(schedulers, optimizer)
        self._last_lr = self._rates()

    def _begin(self) -> None:
        for schedule in self._schedulers:
            schedule._begin()
        self._last_lr = self._rates()

    def step(self) -> None:
        """Go to the next epoch, in all schedules."""
        for schedule in self._schedulers:
            schedule.step()
        self._last_lr = self._rates()

    def restart(self) -> None:
        """Go to epoch 0, in all schedules."""
        for schedule in self._schedulers:
            schedule.restart()
        self._last_lr = self._rates()
