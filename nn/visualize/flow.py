"""How gradients flow through a network: whether they vanish or explode from layer to layer, and how far steps go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.module import Module
from nn.train.plots import new_figure

Array = np.ndarray[Any, Any]
FAR = 1e3  # gradients that differ by more than this between layers vanish or explode
USUAL = 1e-3  # the update-to-weight ratio that CS231n's notes recommend, roughly


@dataclass(frozen=True)
class FlowRow:
    """What is known about the gradient of one parameter.

    Attributes:
        name: of the parameter.
        shape: its shape.
        norm: the Euclidean norm of the gradient, or None where there is no gradient.
        size: the root mean square of its elements, or None.
        zeros: the part of its elements that are zero, or None.
        bad: how many of its elements are not finite.
        weight_norm: the norm of the parameter, before the step if there was one.
        update: the norm of the step divided by `weight_norm`; None without a step, or where the parameter is zero.
    """

    name: str
    shape: tuple[int, ...]
    norm: float | None
    size: float | None
    zeros: float | None
    bad: int
    weight_norm: float
    update: float | None


@dataclass(frozen=True)
class GradientFlow:
    """The gradients of all parameters, in the order of the model; printed, it is a table.

    Attributes:
        rows: one for each parameter.
    """

    rows: tuple[FlowRow, ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """What is striking, in sentences: gradients that are missing, zero, not finite, vanishing or exploding.

        Sources: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010),
        for gradients that shrink from layer to layer; CS231n course notes, Learning, "Ratio of weights:updates".
        """
        found = [f"{row.name} has no gradient" for row in self.rows if row.norm is None]
        found += [f"the gradient of {row.name} is not finite at {row.bad} elements" for row in self.rows if row.bad]
        found += [f"the gradient of {row.name} is zero" for row in self.rows if row.zeros == 1.0]
        return (*found, *(self._trend() or self._updates()))

    def _trend(self) -> list[str]:
        """Compare the first and the last weights, in the order of the model."""
        sizes = [(row.name, row.size) for row in self.rows if len(row.shape) > 1 and row.size and not row.bad]
        if len(sizes) < 2:
            return []
        (first, near_input), (last, near_output) = sizes[0], sizes[-1]
        ratio = near_input / near_output
        if 1 / FAR < ratio < FAR:
            return []
        kind = "vanishes" if ratio < 1 else "explodes"
        return [f"the gradient {kind} on its way back: that of {first} is {ratio:.1e} times that of {last}"]

    def _updates(self) -> list[str]:
        """Compare the steps of weights with what is usual."""
        ratios = [row.update for row in self.rows if len(row.shape) > 1 and row.update]
        if not ratios:
            return []
        middle = float(np.median(ratios))
        if 0.1 * USUAL <= middle <= 10 * USUAL:
            return []
        way = "large: lower the learning rate" if middle > USUAL else "small: raise the learning rate"
        return [f"steps are {middle:.1e} of the weights, usual is {USUAL:g}; that is {way}"]

    def __str__(self) -> str:
        heads = ("parameter", "shape", "norm", "rms", "zeros", "weight norm", "update/weight")
        lines = [heads]
        for row in self.rows:
            numbers = [_shown(row.norm), _shown(row.size), "" if row.zeros is None else f"{row.zeros:.0%}"]
            numbers += [_shown(row.weight_norm), _shown(row.update)]
            lines.append((row.name, " x ".join(map(str, row.shape)), *numbers))  # type: ignore[arg-type]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(part.ljust(w) if i < 2 else part.rjust(w) for i, (part, w) in enumerate(zip(line, widths)))
            for line in lines
        ]
        return "\n".join(line.rstrip() for line in (*text, *self.findings))

    def plot(self) -> Any:
        """Return a matplotlib figure: for each weight the size of its gradient, its zeros, and its relative update.

        Parameters with one axis, biases for example, are left out.

        Raises:
            ValueError: when no weight has a gradient.
            ImportError: when matplotlib is not installed (extra `plot`).
        """
        rows = [row for row in self.rows if len(row.shape) > 1 and row.norm is not None]
        if not rows:
            raise ValueError("no weight has a gradient to plot: call backward() first")
        updates = [(i, row.update) for i, row in enumerate(rows) if row.update]
        figure = new_figure(4.2 * (3 if updates else 2), 1.4 + 0.26 * len(rows))
        panels = figure.subplots(1, 3 if updates else 2, sharey=True)
        places = range(len(rows))
        sizes = [(i, row.size) for i, row in enumerate(rows) if row.size and np.isfinite(row.size)]
        _dots(panels[0], sizes, "#0072b2")
        panels[0].set(xlabel="rms of the gradient", title="gradient")
        panels[1].barh(places, [row.zeros or 0 for row in rows], color="#767676")
        panels[1].set(xlabel="part of the elements", title="gradient elements that are zero", xlim=(0, 1))
        if updates:
            _dots(panels[2], updates, "#d55e00", (USUAL,))
            panels[2].axvline(USUAL, color="#767676", linestyle="--", linewidth=1, label=f"usual: {USUAL:g}")
            panels[2].legend(frameon=False, fontsize="small")
            panels[2].set(xlabel="norm of the step / norm of the weight", title="update")
        panels[0].set_yticks(places, [row.name for row in rows], fontsize="small")
        panels[0].invert_yaxis()  # the input above, as in the table
        for axes in panels:
            axes.grid(axis="x", alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        return figure


def _dots(axes: Any, numbers: list[tuple[int, Any]], colour: str, also: tuple[float, ...] = ()) -> None:
    """Draw numbers as dots on a line, on a logarithmic scale where `also` has a place as well."""
    if numbers:
        axes.plot([value for _, value in numbers], [i for i, _ in numbers], "o-", color=colour, lw=1, ms=5)
        low, high = (math.log10(end([*also, *(value for _, value in numbers)])) for end in (min, max))
        axes.set(xscale="log", xlim=(10 ** math.floor(low - 0.1), 10 ** math.ceil(high + 0.1)))
        axes.tick_params(axis="x", which="minor", labelbottom=False)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2e}"


def gradient_flow(model: Module, step: Callable[[], Any] | None = None) -> GradientFlow:
    """Measure the gradients that `backward()` has brought to the parameters of a network.

    Args:
        model: the network, after `backward()`.
        step: takes the optimizer's step, `optimizer.step` for example, or does all of a training step; with it, the
            report says how far each parameter moved.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.01)
    >>> model(np.ones((4, 2))).mean().backward()
    >>> flow = gradient_flow(model, optimizer.step)
    >>> print(str(flow).splitlines()[0])
    parameter  shape      norm       rms  zeros  weight norm  update/weight
    >>> [row.name for row in flow.rows]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    named = list(model.named_parameters())
    before = {name: p.data.copy() for name, p in named} if step is not None else {}
    gradients = _gradients(named)
    if step is not None:
        step()
        gradients |= {name: g for name, g in _gradients(named).items() if g is not None}
    return GradientFlow(tuple(_row(name, p.data, gradients[name], before.get(name)) for name, p in named))


def _gradients(named: list[tuple[str, Any]]) -> dict[str, Array | None]:
    return {name: None if p.grad is None else p.grad.data.copy() for name, p in named}


def _row(name: str, weight: Array, gradient: Array | None, before: Array | None) -> FlowRow:
    weight_norm = _norm(weight if before is None else before)
    update = None if before is None or not weight_norm else _norm(weight - before) / weight_norm
    if gradient is None:
        return FlowRow(name, weight.shape, None, None, None, 0, weight_norm, update)
    count = max(gradient.size, 1)
    bad, zeros = int(np.count_nonzero(~np.isfinite(gradient))), np.count_nonzero(gradient == 0) / count
    norm = _norm(gradient)
    return FlowRow(name, weight.shape, norm, norm / count**0.5, float(zeros), bad, weight_norm, update)


def _norm(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(values.astype(np.float64).reshape(-1)))
