"""Cosine annealing, once and with restarts.

Source: Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts (2017), equation 5.
"""

from __future__ import annotations

import math

from nn.optim.lr_scheduler.base import LRScheduler
from nn.optim.optimizer import Optimizer, check_number, check_positive


class CosineAnnealingLR(LRScheduler):
    """Let the rate fall as half a period of a cosine; after `T_max` epochs it rises again.

    lr(t) = eta_min + (lr(0) - eta_min) * (1 + cos(pi * t / T_max)) / 2, computed from lr(t - 1), so that other
    schedules of the same optimizer are not undone.

    Args:
        optimizer: whose rates to set.
        T_max: after how many epochs the rate is smallest.
        eta_min: the smallest rate.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: for a `T_max` that is not above 0, or a negative `eta_min`.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.5
    """

    T_max: int
    eta_min: float

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803  PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        check_positive("T_max", T_max)
        check_number("eta_min", eta_min)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates of the epoch from those of the epoch before."""
        if self._is_initial:
            return self._rates()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # The epoch before had the smallest rate, from which no ratio leads up.
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [
                rate + (base - self.eta_min) * rise for rate, base in zip(self._rates(), self.base_lrs, strict=True)
            ]
        now, before = (1 + math.cos(math.pi * t / self.T_max) for t in (self.last_epoch, self.last_epoch - 1))
        return [now / before * (rate - self.eta_min) + self.eta_min for rate in self._rates()]

    def get_first_lr(self) -> list[float]:
        """Return the initial rates."""
        return list(self.base_lrs)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Let the rate fall as half a period of a cosine, again and again, over longer and longer runs.

    lr = eta_min + (lr(0) - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2, T_cur epochs into a run of T_i epochs; the
    first run has T_0 epochs, each further one `T_mult` times those of the run before.

    Args:
        optimizer: whose rates to set.
        T_0: the epochs of the first run.
        T_mult: by how much runs grow.
        eta_min: the smallest rate.
        last_epoch: where to resume.

    Raises:
        TypeError, KeyError: see `LRScheduler`.
        ValueError: when `T_0` or `T_mult` are not integers above 0, or for a negative `eta_min`.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for _ in range(2):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [1.0]
    """

    T_0: int
    T_i: int
    T_mult: int
    eta_min: float
    T_cur: float

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803  PyTorch's name
        T_mult: int = 1,  # noqa: N803  PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        check_positive("T_0", T_0, whole=True)
        check_positive("T_mult", T_mult, whole=True)
        if not isinstance(eta_min, int | float):
            raise ValueError(f"eta_min must be a number, not {eta_min!r}")
        check_number("eta_min", eta_min)
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates `T_cur` epochs into the run."""
        part = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * part for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to a given one, which may be a fraction: `epoch + batch / batches`.

        Raises:
            ValueError: for a negative epoch.
        """
        self._step_count += 1
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            check_number("epoch", epoch)
            self.T_cur, self.T_i = self._place(epoch)
            self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _place(self, epoch: float) -> tuple[float, int]:
        """Return how far into which run an epoch is."""
        if self.T_mult == 1:
            return (epoch % self.T_0 if epoch >= self.T_0 else epoch), self.T_0
        run = self.T_0
        while epoch >= run:
            epoch -= run
            run *= self.T_mult
        return epoch, run
