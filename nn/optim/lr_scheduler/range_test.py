"""The learning-rate range test: which rates make the loss fall."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from nn.module import Module
from nn.optim.optimizer import Optimizer, check_number, check_positive


class RangeTest(NamedTuple):
    """What a learning-rate range test has found: the rates, the losses with them, and a suggestion or None."""

    lrs: list[float]
    losses: list[float]
    suggestion: float | None


def lr_range_test(
    model: Module, optimizer: Optimizer, loss_fn: Callable[[Any, Any], Any], loader: Iterable[Any],
    start_lr: float = 1e-7, end_lr: float = 10.0, num_iter: int = 100, smoothing: float = 0.9,
    diverge: float = 5.0,
) -> RangeTest:  # fmt: skip
    """Return the losses of a training over which the learning rate grows exponentially, and a rate to train with.

    Afterwards model and optimizer are as before; the random generators have moved on. The loader is iterated over
    again when it ends.

    Source: Smith, Cyclical learning rates for training neural networks (2017), section 3.3; for the suggestion see
    `suggest_lr`.

    Args:
        model: the network.
        optimizer: of its parameters; all groups get the same rate.
        loss_fn: takes the model's output and the target, returns a scalar Tensor.
        loader: yields pairs (input, target).
        start_lr: the first rate.
        end_lr: the last.
        num_iter: how many batches to train on.
        smoothing: how much of the mean loss lasts until the next, for the end of the test and the suggestion.
        diverge: end the test when the smoothed loss is so many times the smallest so far, or not finite.

    Raises:
        ValueError: for rates that are not above 0 and growing, fewer than two iterations, a smoothing that is not in
            [0, 1), or an empty loader.

    >>> import nn
    >>> model = nn.Linear(1, 1)
    >>> optimizer = nn.optim.SGD(model.parameters())
    >>> x = np.linspace(0, 1, 8, dtype=np.float32).reshape(8, 1)
    >>> result = lr_range_test(model, optimizer, nn.MSELoss(), [(x, 5 + x * x)], start_lr=1e-3, end_lr=100.0)
    >>> bool(0.01 < result.suggestion < 1)
    True
    """
    check_positive("start_lr", start_lr)
    check_positive("num_iter - 1", num_iter - 1, whole=True)
    check_number("smoothing", smoothing, below=1.0)
    if not start_lr < end_lr < math.inf:
        raise ValueError(f"end_lr must be above start_lr={start_lr!r} and finite, not {end_lr!r}")
    weights = {name: value.copy() for name, value in model.state_dict().items()}
    state = optimizer.state_dict()
    rates = [start_lr * (end_lr / start_lr) ** (i / (num_iter - 1)) for i in range(num_iter)]
    losses: list[float] = []
    try:
        for rate, (inputs, target) in zip(rates, _endless(loader), strict=False):
            losses.append(_train(model, optimizer, loss_fn, inputs, target, rate))
            if _has_diverged(losses, smoothing, diverge):
                break
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)
        optimizer.zero_grad()
    rates = rates[: len(losses)]
    return RangeTest(rates, losses, suggest_lr(rates, losses, smoothing))


def _endless(loader: Iterable[Any]) -> Iterator[Any]:
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise ValueError(
                "the loader has no batches, or can be iterated over only once: give a list or a DataLoader"
            )


def _train(model: Module, optimizer: Optimizer, loss_fn: Any, inputs: Any, target: Any, rate: float) -> float:
    """Take one step with a rate; return the loss before it."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"), autograd.enable_grad():
        loss = loss_fn(model(inputs), target)
        loss.backward()
        optimizer.step()
    return float(loss)


def smoothed(losses: Sequence[float], smoothing: float) -> list[float]:
    """Return the exponential moving averages of a sequence, corrected for their start from 0.

    >>> smoothed([2.0, 2.0], 0.5)
    [2.0, 2.0]
    """
    averages, mean = [], 0.0
    for i, loss in enumerate(losses, 1):
        mean = smoothing * mean + (1 - smoothing) * loss
        averages.append(mean / (1 - smoothing**i))
    return averages


def _has_diverged(losses: list[float], smoothing: float, diverge: float) -> bool:
    if not math.isfinite(losses[-1]):
        return True
    averages = smoothed(losses, smoothing)
    least = min(averages)
    return averages[-1] - least > (diverge - 1) * abs(least)


def suggest_lr(lrs: Sequence[float], losses: Sequence[float], smoothing: float = 0.9) -> float | None:
    """Return a tenth of the rate at which the smoothed loss is smallest; None if it is smallest at the first.

    Source: Howard and Gugger, Deep learning for coders (2020), chapter 5.

    Args:
        lrs: growing rates.
        losses: as many losses; what comes after one that is not finite is left out.
        smoothing: how much of the mean loss lasts until the next.

    >>> suggest_lr([0.01, 0.1, 1.0, 10.0], [2.0, 1.9, 0.5, 9.0], smoothing=0.0)
    0.1
    """
    finite = list(itertools.takewhile(math.isfinite, losses))
    averages = smoothed(finite, smoothing)
    best = averages.index(min(averages)) if averages else 0
    return lrs[best] / 10 if best else None
