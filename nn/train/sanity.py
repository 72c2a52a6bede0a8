"""Checks before a long training: what goes wrong here would go wrong there, only later.

Source: CS231n course notes, Learning, section "Before learning: sanity checks tips/tricks".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size
from nn.optim import Adam
from nn.optim.optimizer import check_positive
from nn.train.metrics import accuracy

Loss = Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Finding:
    """What a check has found; true when all is well.

    Attributes:
        name: of the check.
        passed: whether all is well.
        measured: the number that was measured.
        expected: what it should be.
        advice: what to do if it is not.
    """

    name: str
    passed: bool
    measured: float
    expected: str
    advice: str

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "ok" if self.passed else f"WRONG: {self.advice}"
        return f"{self.name}: {self.measured:.4g}, expected {self.expected}: {verdict}"


@dataclass(frozen=True)
class SanityReport:
    """The findings of all checks; true when all is well, and printed a line each."""

    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return all(self.findings)

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings))


def check_initial_loss(model: Module, loss: Loss, x: Any, y: Any, classes: int, *, tolerance: float = 0.25) -> Finding:
    """Check that a network that has learned nothing gives all classes the same probability: the loss is log(classes).

    Args:
        model: with its initial weights; gives scores or log-probabilities.
        loss: the cross-entropy, or the negative log-likelihood, without regularisation.
        x: examples (N, ...), as many as fit one batch.
        y: their classes (N,).
        classes: C.
        tolerance: how far from log(C) the loss may be, as a part of it.

    >>> import nn, numpy as np
    >>> model = nn.Linear(4, 10)
    >>> _ = nn.init.normal_(model.weight, std=0.01, generator=np.random.default_rng(0)), nn.init.zeros_(model.bias)
    >>> print(check_initial_loss(model, nn.CrossEntropyLoss(), np.ones((5, 4)), np.arange(5), 10))
    initial loss: 2.3..., expected log(10) = 2.303: ok
    """
    wanted = math.log(check_size(classes, "classes", 2))
    with autograd.no_grad():
        measured = copy.deepcopy(model)(x)
        value = loss(measured, y).item()
    return Finding(
        "initial loss", bool(abs(value - wanted) <= tolerance * wanted), value, f"log({classes}) = {wanted:.4g}",
        "the scores differ before anything was learned: smaller initial weights, above all in the last layer, "
        "normalised input, or biases of 0",
    )  # fmt: skip


def check_regularization(model: Module, loss: Loss, penalty: Callable[[Module], Tensor], x: Any, y: Any) -> Finding:
    """Check that the loss rises when a penalty on the weights is added.

    Args:
        model: the network.
        loss: without the penalty.
        penalty: takes the model; `nn.regularization.L2(1e-2)` for example.
        x: examples (N, ...).
        y: their targets.

    >>> import nn, numpy as np
    >>> model, x, y = nn.Linear(4, 10), np.ones((5, 4)), np.arange(5)
    >>> bool(check_regularization(model, nn.CrossEntropyLoss(), nn.regularization.L2(0.1), x, y))
    True
    """
    with autograd.no_grad():
        plain = loss(copy.deepcopy(model).eval()(x), y).item()
        total = plain + penalty(model).item()
    return Finding(
        "loss with regularisation", bool(total > plain), total, f"more than {plain:.4g} without",
        "the penalty is 0 or negative: does it get the weights, and is its strength above 0?",
    )  # fmt: skip


def check_overfits(
    model: Module, loss: Loss, x: Any, y: Any, *, count: int = 20, steps: int = 300, lr: float = 1e-2,
    target: float = 0.05,
) -> Finding:  # fmt: skip
    """Check that a network can learn a few examples by heart: its loss gets close to 0.

    A copy is trained with Adam, without dropout and regularisation; the model stays as it is.

    Args:
        model: the network.
        loss: takes output and target; its least value is 0.
        x: examples (N, ...), of which the first `count` are used.
        y: their targets (N, ...).
        count: how many.
        steps: how many at most.
        lr: Adam's rate.
        target: what the loss has to fall to.

    Raises:
        ValueError: for numbers that are not above 0.

    >>> import nn, numpy as np
    >>> _ = autograd.manual_seed(0)
    >>> (x, y), _ = nn.data.load_digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> bool(check_overfits(model, nn.CrossEntropyLoss(), x, y))
    True
    """
    check_positive("lr", lr)
    pupil = copy.deepcopy(model).train()
    for module in pupil.modules():
        if hasattr(module, "p") and hasattr(module, "generator"):  # dropout and its kin
            module.training = False
    few, targets = x[: check_size(count, "count")], y[:count]
    optimizer = Adam(pupil.parameters(), lr=lr)
    value, needed = math.inf, check_size(steps, "steps")
    for step in range(needed):
        optimizer.zero_grad()
        error = loss(pupil(few), targets)
        error.backward()
        optimizer.step()
        value = error.item()
        if value <= target:
            needed = step + 1
            break
    return Finding(
        f"loss on {len(few)} examples after {needed} steps", bool(value <= target), value, f"at most {target:g}",
        "the network cannot learn a few examples by heart: look for targets that do not belong to their examples, "
        "gradients that do not arrive, a rate that does not fit, or a network that is too small",
    )  # fmt: skip


def check_sanity(
    model: Module, loss: Loss, x: Any, y: Any, classes: int, penalty: Callable[[Module], Tensor] | None = None
) -> SanityReport:
    """Do all checks for a classifier: `check_initial_loss`, `check_regularization` and `check_overfits`.

    Args:
        model: with its initial weights.
        loss: the cross-entropy.
        x: examples (N, ...), a few hundred.
        y: their classes (N,).
        classes: C.
        penalty: takes the model; without one, that check is left out.
    """
    findings = [check_initial_loss(model, loss, x, y, classes)]
    if penalty is not None:
        findings.append(check_regularization(model, loss, penalty, x, y))
    return SanityReport((*findings, check_overfits(model, loss, x, y)))


def chance_accuracy(targets: Any) -> float:
    """Return the accuracy of always guessing the most frequent class: what any classifier has to beat.

    Args:
        targets: classes (N,), integers.

    >>> chance_accuracy([0, 1, 1, 2])
    0.5
    """
    classes = np.asarray(targets)
    counts = np.bincount(classes.reshape(-1))
    return accuracy(np.tile(counts, (classes.size, 1)), classes.reshape(-1))
