"""Schedules that raise and lower the rate, and the momentum the other way: cyclic rates and the one cycle."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

from nn.optim.lr_scheduler.base import LRScheduler, checked_optimizer, for_each_group, state_of_function
from nn.optim.optimizer import Optimizer, check_number, check_positive, number


class _WithMomentum(LRScheduler):
    """A schedule that may set the momentum too: the option "momentum", or the first of "betas"."""

    cycle_momentum: bool
    use_beta1: bool

    def _prepare_momentum(self, base: Any, highest: Any, last_epoch: int) -> tuple[list[float], list[float]]:
        """Return the lowest and the highest momentum of each group, having noted them and set the highest."""
        if "momentum" not in self.optimizer.defaults and "betas" not in self.optimizer.defaults:
            raise ValueError(
                f"{type(self.optimizer).__name__} has neither momentum nor betas to cycle: use cycle_momentum=False"
            )
        self.use_beta1 = "betas" in self.optimizer.defaults
        bases = for_each_group("base_momentum", base, self.optimizer)
        tops = for_each_group("max_momentum", highest, self.optimizer)
        for low, high in zip(bases, tops, strict=True):
            check_number("base_momentum", low, below=1.0)
            check_number("max_momentum", high, below=1.0)
        if last_epoch == -1:
            self._set_momenta(tops)
            for group, low, high in zip(self.optimizer.param_groups, bases, tops, strict=True):
                group["max_momentum"], group["base_momentum"] = high, low
        return bases, tops

    def _set_momenta(self, momenta: list[float]) -> None:
        for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """Let the rate go up and down between two bounds, linearly; call `step()` after every batch.

    In cycle c = 1, 2, ... of step_size_up + step_size_down steps, where h goes from 0 up to 1 and back to 0:

        lr = base_lr + (max_lr - base_lr) * h * scale
        momentum = max_momentum - (max_momentum - base_momentum) * h * scale

    with scale = 1 ("triangular"), 1 / 2**(c - 1) ("triangular2"), gamma**t in step t ("exp_range"), or `scale_fn`.

    Source: Smith, Cyclical learning rates for training neural networks (2017), section 3.2.

    Args:
        optimizer: whose rates to set.
        base_lr: the lower bound, or a list of one for each group.
        max_lr: the upper bound, or a list of one for each group.
        step_size_up: the steps of the rising half.
        step_size_down: those of the falling half, by default as many.
        mode: "triangular", "triangular2" or "exp_range"; of no effect if there is a `scale_fn`.
        gamma: the base of "exp_range".
        scale_fn: a function of c, or of t.
        scale_mode: "cycle" or "iterations": which of both `scale_fn` is given.
        cycle_momentum: whether to change the momentum, or the first of the betas, the other way.
        base_momentum: its lower bound, or a list.
        max_momentum: its upper bound, or a list.
        last_epoch: where to resume: the number of steps.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for steps that are not above 0, negative rates, unknown modes, lists that do not fit the groups, or
            when the optimizer has no momentum.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0, momentum=0.9)
    >>> schedule = CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=4)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    max_lrs: list[float]
    total_size: float
    step_ratio: float
    mode: str
    gamma: float
    scale_mode: str
    base_momentums: list[float]
    max_momentums: list[float]
    _scale_fn_custom: Callable[[float], float] | None

    def __init__(
        self, optimizer: Optimizer, base_lr: float | list[float], max_lr: float | list[float], step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle", cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8, max_momentum: float | list[float] = 0.9, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = checked_optimizer(optimizer)
        base_lrs = for_each_group("base_lr", base_lr, optimizer)
        self.max_lrs = for_each_group("max_lr", max_lr, optimizer)
        for rate in (*base_lrs, *self.max_lrs):
            check_number("base_lr and max_lr", rate)
        self._set_shape(step_size_up, step_size_up if step_size_down is None else step_size_down)
        self._set_scale(mode, gamma, scale_fn, scale_mode)
        self.cycle_momentum = cycle_momentum
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = rate
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _set_shape(self, up: float, down: float) -> None:
        check_positive("step_size_up", up)
        check_positive("step_size_down", down)
        self.total_size = float(up) + float(down)
        self.step_ratio = float(up) / self.total_size

    def _set_scale(self, mode: str, gamma: float, scale_fn: Callable[[float], float] | None, scale_mode: str) -> None:
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"mode must be 'triangular', 'triangular2' or 'exp_range', not {mode!r}")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"scale_mode must be 'cycle' or 'iterations', not {scale_mode!r}")
        check_positive("gamma", gamma)
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn else "iterations" if mode == "exp_range" else "cycle"

    def scale_fn(self, x: float) -> float:
        """Return the scale in a cycle, or in a step if `scale_mode` is "iterations"."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else float(self.gamma**x)

    def get_lr(self) -> list[float]:
        """Return the rates of the step; sets the momenta."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle  # in [0, 1) through the cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums, strict=True)
            self._set_momenta([high - (high - low) * height * scale for low, high in bounds])
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state; of a `scale_fn` that is an object its attributes, None of another."""
        function = self._scale_fn_custom
        self._scale_fn_custom = None
        try:
            return super().state_dict() | {"_scale_fn_custom": state_of_function(function)}
        finally:
            self._scale_fn_custom = function

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a state.

        Raises:
            ValueError: when it is the state of another schedule, or for another number of groups.
        """
        function = self._scale_fn_custom
        super().load_state_dict(state_dict)
        self._scale_fn_custom = function
        if function is not None:
            vars(function).update(copy.deepcopy(state_dict["_scale_fn_custom"]) or {})


class OneCycleLR(_WithMomentum):
    """One rise and one longer fall of the rate over the whole training; call `step()` after every batch.

    The rate goes from max_lr / div_factor to max_lr in the first `pct_start` of the steps, then to the initial rate /
    final_div_factor; with `three_phase` it goes back to the initial one first, as fast as it came. The momentum goes
    from max_momentum to base_momentum and back.

    Source: Smith and Topin, Super-convergence: very fast training of neural networks using large learning rates
    (2018); the two phases are fastai's.

    Args:
        optimizer: whose rates to set.
        max_lr: the largest rate, or a list of one for each group.
        total_steps: the steps of the training; or these two:
        epochs: how often the data are seen.
        steps_per_epoch: the batches of the data.
        pct_start: the part of the steps in which the rate rises.
        anneal_strategy: "cos" or "linear": the shape of rise and fall.
        cycle_momentum: whether to change the momentum, or the first of the betas, the other way.
        base_momentum: its lower bound, or a list.
        max_momentum: its upper bound, or a list.
        div_factor: the initial rate is max_lr / div_factor.
        final_div_factor: the last is the initial / final_div_factor.
        three_phase: whether to have three phases.
        last_epoch: where to resume: the number of steps.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for numbers of steps that are not above 0, a `pct_start` that is not a float in [0, 1], an unknown
            strategy, lists that do not fit the groups, when the optimizer has no momentum, or after the last step.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0, momentum=0.9)
    >>> OneCycleLR(optimizer, max_lr=1.0, total_steps=10, div_factor=4.0).get_last_lr()
    [0.25]
    """

    total_steps: int
    _schedule_phases: list[dict[str, Any]]
    _anneal_func_type: str

    def __init__(
        self, optimizer: Optimizer, max_lr: float | list[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = checked_optimizer(optimizer)
        self.total_steps = _number_of_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start must be a float in [0, 1], not {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', not {anneal_strategy!r}")
        check_positive("div_factor", div_factor)
        check_positive("final_div_factor", final_div_factor)
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        rates = for_each_group("max_lr", max_lr, optimizer)
        for rate in rates:
            check_number("max_lr", rate)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, map(number, rates), strict=True):
                group["initial_lr"], group["max_lr"] = rate / div_factor, rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates of the step; sets the momenta."""
        if self.last_epoch > self.total_steps:
            raise ValueError(f"step {self.last_epoch} of a OneCycleLR of total_steps={self.total_steps}")
        begin = 0.0
        for phase in self._schedule_phases:
            if self.last_epoch <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            begin = phase["end_step"]
        part = (self.last_epoch - begin) / (phase["end_step"] - begin)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            start, end = phase["start_momentum"], phase["end_momentum"]
            self._set_momenta([self._between(group[start], group[end], part) for group in groups])
        return [self._between(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in groups]

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _number_of_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        check_positive("total_steps", total_steps, whole=True)
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError("OneCycleLR needs total_steps, or both epochs and steps_per_epoch")
    check_positive("epochs", epochs, whole=True)
    check_positive("steps_per_epoch", steps_per_epoch, whole=True)
    return epochs * steps_per_epoch


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Return the last step of each phase and the names of what rate and momentum start and end at."""
    rise = float(pct_start * total_steps)
    last = ("max_lr", "min_lr", "base_momentum", "max_momentum")
    rows = [(rise - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"), (total_steps - 1, *last)]
    if three_phase:
        back = (2 * rise - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
        rows[1:] = [back, (total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(names, row, strict=True)) for row in rows]
