"""Schedules that multiply the rate by a factor in each epoch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nn.module import check_size
from nn.optim.lr_scheduler.base import LRScheduler, for_each_group, state_of_function
from nn.optim.optimizer import Optimizer, check_number, check_positive


class _Factors(LRScheduler):
    """The rate of an epoch is that of the epoch before times a factor, whatever else has changed it between."""

    def ratio(self) -> float:
        """Return the factor from the epoch before to `last_epoch`; when the schedule is made, to the first."""
        raise NotImplementedError

    def first_ratio(self) -> float:
        """Return the factor from the initial rate to epoch 0."""
        return 1.0

    def get_lr(self) -> list[float]:
        """Return the groups' rates times the factor."""
        ratio = self.ratio()
        return [rate * ratio for rate in self._rates()]

    def get_first_lr(self) -> list[float]:
        """Return the initial rates times the first factor."""
        return [rate * self.first_ratio() for rate in self.base_lrs]


class StepLR(_Factors):
    """Multiply the rate by `gamma` every `step_size` epochs.

    lr(t) = lr(0) * gamma**(t // step_size)

    Args:
        optimizer: whose rates to set.
        step_size: how many epochs a rate lasts.
        gamma: the factor.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for a `step_size` or `gamma` that is not above 0.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.25
    """

    step_size: int
    gamma: float

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_positive("step_size", step_size, whole=True)
        check_positive("gamma", gamma)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def ratio(self) -> float:
        """Return gamma in every `step_size`-th epoch."""
        return self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else 1.0


class MultiStepLR(_Factors):
    """Multiply the rate by `gamma` at given epochs.

    lr(t) = lr(0) * gamma**(number of milestones up to t)

    Args:
        optimizer: whose rates to set.
        milestones: the epochs; one that is given twice counts twice.
        gamma: the factor.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for negative milestones, or a `gamma` that is not above 0.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = MultiStepLR(optimizer, [1, 3], gamma=0.5)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """

    milestones: Counter[int]
    gamma: float

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(check_size(milestone, "a milestone", 0) for milestone in milestones)
        check_positive("gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def ratio(self) -> float:
        """Return gamma at milestones."""
        return self.gamma ** self.milestones[self.last_epoch]

    def first_ratio(self) -> float:
        """Return gamma if there is a milestone at 0."""
        return self.gamma ** self.milestones[0]


class ConstantLR(LRScheduler):
    """Multiply the rate by `factor` in the first `total_iters` epochs.

    lr(t) = lr(0) * (factor if t < total_iters else 1)

    Args:
        optimizer: whose rates to set.
        factor: the factor, in [0, 1].
        total_iters: how many epochs it lasts.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for a factor outside [0, 1], or no epochs.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> ConstantLR(optimizer, factor=0.5, total_iters=4).get_last_lr()
    [0.5]
    """

    factor: float
    total_iters: int

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        check_number("factor", factor, most=1.0)
        check_positive("total_iters", total_iters, whole=True)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates, raised again in epoch `total_iters`."""
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._rates()]
        if self.last_epoch != self.total_iters:
            return self._rates()
        return [rate * (1.0 / self.factor) for rate in self._rates()] if self.factor else list(self.base_lrs)

    def get_first_lr(self) -> list[float]:
        """Return the initial rates times the factor."""
        return [rate * self.factor for rate in self.base_lrs]


class LinearLR(_Factors):
    """Change the factor of the rate linearly from `start_factor` to `end_factor`: a warm-up with the defaults.

    lr(t) = lr(0) * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)

    Args:
        optimizer: whose rates to set.
        start_factor: the first factor, in (0, 1].
        end_factor: the last factor, in [0, 1].
        total_iters: how many epochs lie between.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for factors out of their ranges, or no epochs.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    start_factor: float
    end_factor: float
    total_iters: int

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        check_positive("start_factor", start_factor)
        check_number("start_factor", start_factor, most=1.0)
        check_number("end_factor", end_factor, most=1.0)
        check_positive("total_iters", total_iters, whole=True)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def ratio(self) -> float:
        """Return the ratio of two factors that follow each other."""
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        ratio = 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return max(ratio, 0.0)  # which rounding may miss

    def first_ratio(self) -> float:
        """Return `start_factor`."""
        return self.start_factor


class ExponentialLR(_Factors):
    """Multiply the rate by `gamma` in every epoch.

    lr(t) = lr(0) * gamma**t

    Args:
        optimizer: whose rates to set.
        gamma: the factor.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for a `gamma` that is not above 0.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    gamma: float

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_positive("gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def ratio(self) -> float:
        """Return gamma."""
        return 1.0 if self._is_initial else self.gamma


class PolynomialLR(_Factors):
    """Let the rate fall to 0 in `total_iters` epochs, as a power of the rest.

    lr(t) = lr(0) * (1 - min(t, total_iters) / total_iters)**power

    Args:
        optimizer: whose rates to set.
        total_iters: how many epochs.
        power: the power.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for no epochs, or a negative power.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = PolynomialLR(optimizer, total_iters=4, power=2)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5625]
    """

    total_iters: int
    power: float

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        check_positive("total_iters", total_iters, whole=True)
        check_number("power", power)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def ratio(self) -> float:
        """Return the ratio of two factors that follow each other."""
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        left, before = (1.0 - t / self.total_iters for t in (self.last_epoch, self.last_epoch - 1))
        return (left / before) ** self.power  # type: ignore[no-any-return]


class WarmupLR(LRScheduler):
    """Let the rate grow linearly over the first epochs, then stay or fall. PyTorch has it not under a name.

    lr(t) = lr(0) * (t + 1) / warmup_iters until that is lr(0); then lr(0), or if `decay` is "inverse_sqrt"
    lr(0) * sqrt(warmup_iters / (t + 1)).

    Sources: Goyal et al., Accurate, large minibatch SGD (2017), section 2.2; Vaswani et al., Attention is all you need
    (2017), equation 3, for the inverse square root. For other decays follow it by another schedule in `SequentialLR`.

    Args:
        optimizer: whose rates to set.
        warmup_iters: the number of the epoch, from 1, in which the full rate is reached.
        decay: "constant" or "inverse_sqrt".
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for no epochs, or an unknown decay.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = WarmupLR(optimizer, warmup_iters=4)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    warmup_iters: int
    decay: str

    def __init__(self, optimizer: Optimizer, warmup_iters: int, decay: str = "constant", last_epoch: int = -1) -> None:
        check_positive("warmup_iters", warmup_iters, whole=True)
        if decay not in ("constant", "inverse_sqrt"):
            raise ValueError(f"decay must be 'constant' or 'inverse_sqrt', not {decay!r}")
        self.warmup_iters, self.decay = warmup_iters, decay
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the initial rates times the factor of the epoch."""
        rise = (self.last_epoch + 1) / self.warmup_iters
        factor = min(rise, 1 / math.sqrt(rise) if self.decay == "inverse_sqrt" else 1.0)
        return [rate * factor for rate in self.base_lrs]


class _Lambdas(LRScheduler):
    """A schedule by functions of the epoch, one for each group."""

    lr_lambdas: list[Callable[[int], float]]

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.lr_lambdas = for_each_group("lr_lambda", lr_lambda, optimizer)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda must be a function of the epoch, not {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state; of the functions the attributes of those that are objects, None of others."""
        functions = self.lr_lambdas
        self.lr_lambdas = []
        try:
            return super().state_dict() | {"lr_lambdas": [state_of_function(function) for function in functions]}
        finally:
            self.lr_lambdas = functions

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a state.

        Raises:
            ValueError: when it is the state of another schedule, or for another number of groups.
        """
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        saved: list[Any] = self.lr_lambdas
        self.lr_lambdas = functions
        for function, attributes in zip(functions, saved, strict=True):
            if attributes is not None:
                vars(function).update(attributes)


class LambdaLR(_Lambdas):
    """Multiply the initial rate by a function of the epoch: lr(t) = lr(0) * lr_lambda(t).

    Args:
        optimizer: whose rates to set.
        lr_lambda: the function, or a list of one for each group.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`; for what is not a function.
        ValueError: when there is not one function for each group.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> LambdaLR(optimizer, lambda epoch: 1 / (epoch + 2)).get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        """Return the initial rates times the functions' values."""
        return [rate * function(self.last_epoch) for rate, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_Lambdas):
    """Multiply the rate in every epoch by a function of the epoch: lr(t) = lr(t - 1) * lr_lambda(t).

    Args:
        optimizer: whose rates to set.
        lr_lambda: the function, or a list of one for each group.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`; for what is not a function.
        ValueError: when there is not one function for each group.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        """Return the groups' rates times the functions' values, at first as they are."""
        if self._is_initial:
            return self._rates()
        return [rate * function(self.last_epoch) for rate, function in zip(self._rates(), self.lr_lambdas, strict=True)]
