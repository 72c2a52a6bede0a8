"""The check of every entry of the Jacobian, one line for each real number among the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograd.checking.differences import Slopes, measure, smallest
from autograd.checking.judging import Judge, Verdict, units
from autograd.checking.problems import (
    Array,
    Floats,
    Index,
    Problem,
    Run,
    Variable,
    flat,
    parts,
    pull,
    reals,
    seeds_of_each,
    subscript,
)
from autograd.checking.reports import Entry, InputResult
from autograd.tensor import Tensor

# An entry's scale is its size, but at least this part of the largest entry's or of 1; arrays without any size count
# as being of size 1.
_SMALL = 1e-3
_TINIEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Block:
    """The Jacobian to one variable: one row for each of its real numbers, one column for each of the outputs'.

    Attributes:
        variable: the variable.
        analytic: the derivatives that backward computes.
        slopes: those that were measured.
        verdict: what holds.
    """

    variable: Variable
    analytic: Floats
    slopes: Slopes
    verdict: Verdict


def blocks(problem: Problem, run: Run, judge: Judge, eps: float | None) -> list[Block]:
    """Compute and measure the whole Jacobian.

    Raises:
        ValueError: when f cannot be computed next to the inputs.
    """
    return [
        _block(problem, run, judge, eps, k, analytic) for k, analytic in enumerate(analytic_jacobians(problem, run))
    ]


def _block(problem: Problem, run: Run, judge: Judge, eps: float | None, k: int, analytic: Floats) -> Block:
    """Compute and measure the Jacobian to variable k."""
    line, variable, base = Line(problem, k), problem.variables[k], flat(run.outputs)
    scales, resolution = scales_of(variable)
    unit = units(base, scales)
    slopes = measure(
        lambda at, distance: problem.evaluate(line.moved(at, distance), base.size),
        base, scales, resolution, judge.rounding,
        lambda slopes, rows: judge.verdict(analytic[rows], slopes, unit[rows]).settled, eps,
    )  # fmt: skip
    unknown = np.isinf(slopes.spread).any(axis=1)
    if unknown.any():
        at = int(np.argmax(unknown))
        raise line.edge(at, smallest(scales, resolution)[at] if eps is None else eps, base.size)
    return Block(variable, analytic, slopes, judge.verdict(analytic, slopes, unit))


@dataclass
class Line:
    """The lines along the axes of variable k."""

    problem: Problem
    k: int

    def __post_init__(self) -> None:
        values = self.problem.values
        values[self.k] = values[self.k].copy()
        self.values, self.numbers = values, values[self.k].reshape(-1).view(np.float64)
        self.original = self.numbers.copy()

    def moved(self, at: int, distance: float) -> list[Array]:
        """Return the values with one real number of the variable moved, until the next call."""
        self.numbers[:] = self.original
        self.numbers[at] += distance
        return self.values

    def edge(self, at: int, step: float, size: int) -> ValueError:
        """Return the error that says that f cannot be computed a step to one of the sides."""
        for distance in (-step, step):
            values = self.moved(at, distance)
            if not np.isfinite(self.problem.evaluate(values, size)).all():
                break
        index, part = element(self.problem.variables[self.k].value, at)
        name = f"{self.problem.variables[self.k].name}{f'.{part}' if part else ''}{subscript(index)}"
        place = f"with {name} moved by {distance:.2g} to {values[self.k][index]:.6g}"
        return self.problem.explain(values, size, place)


def scales_of(variable: Variable) -> tuple[Floats, Floats]:
    """Return for each real number of a variable its scale, and the smallest step that is larger than its rounding."""
    sizes = np.abs(reals(variable.value))
    scales = np.maximum(sizes, _SMALL * min(sizes.max(initial=0.0), 1.0))
    scales = np.where(scales == 0, 1.0, scales)
    return scales, 8 * np.spacing(np.maximum(sizes, _TINIEST))


def element(array: Array | Tensor, at: int) -> tuple[Index, str]:
    """Return where one of the real numbers of an array is, and which part of a complex number it is."""
    count = parts(array.dtype)
    index = tuple(map(int, np.unravel_index(at // count, array.shape)))
    return index, "" if count == 1 else ("real", "imag")[at % count]


def analytic_jacobians(problem: Problem, run: Run) -> list[Floats]:
    """Return the Jacobian to each variable, by one traversal for each real number among the outputs."""
    size = flat(run.outputs).size
    jacobians = [np.zeros((variable.size, size)) for variable in problem.variables]
    for column, seeds in enumerate(seeds_of_each(run.outputs)):
        for jacobian, gradient in zip(jacobians, pull(run, seeds), strict=True):
            if gradient is not None:
                jacobian[:, column] = gradient
    return jacobians


# --- results ----------------------------------------------------------------------------------------------------------


def result_of(block: Block, outputs: Sequence[Tensor], cause: str) -> InputResult:
    """Return what the check of one variable found."""
    variable, verdict = block.variable, block.verdict
    error, wrong = verdict.error, verdict.wrong
    size = np.abs(block.analytic)
    badness = error / np.maximum(verdict.allowed, _TINIEST) + 1e-6 * size / max(size.max(initial=0.0), _TINIEST)
    badness = np.where(verdict.kinks, 0, badness)  # of equals, the entry with the largest value says most
    if wrong.any():
        badness = np.where(wrong, np.nan_to_num(error, nan=np.inf), -1)
    return InputResult(
        position=variable.position,
        name=variable.name,
        shape=variable.value.shape,
        entries=error.size,
        wrong=int(wrong.sum()),
        kinks=int(verdict.kinks.sum()),
        inconclusive=int(verdict.inconclusive.sum()),
        worst=_worst(int(np.argmax(badness)), block, outputs) if error.size else None,
        cause=cause,
        note=_why_inconclusive(block, outputs),
        errors=_by_element(block),
    )


def _why_inconclusive(block: Block, outputs: Sequence[Tensor]) -> str:
    """Return what is known of the entry that is the least clear, if there is one."""
    unclear = block.verdict.inconclusive
    if not unclear.any():
        return ""
    at = int(np.argmax(np.where(unclear, block.verdict.allowed, 0)))
    return (
        f"inconclusive at {_worst(at, block, outputs).place(block.variable.name)}: no step shows it better than to "
        f"within {block.verdict.allowed.flat[at]:.1e}, as f's rounding or what it does nearby hides it; move or scale "
        "the inputs, or pass eps"
    )


def _worst(at: int, block: Block, outputs: Sequence[Tensor]) -> Entry:
    """Return the entry at a position, counted through the flattened Jacobian."""
    row, column = divmod(at, block.analytic.shape[1])
    values = (float(x[row, column]) for x in (block.analytic, block.slopes.numeric, block.slopes.bar))
    return entry_at(block.variable, outputs, row, column, *values)


def entry_at(
    variable: Variable, outputs: Sequence[Tensor], row: int, column: int, analytic: float, numeric: float, bar: float
) -> Entry:
    """Return the entry of the Jacobian at a real number of a variable, and one of the outputs."""
    which = 0
    while column >= (size := outputs[which].size * parts(outputs[which].dtype)):
        column -= size
        which += 1
    index, part = element(variable.value, row)
    output_index, output_part = element(outputs[which], column)
    return Entry(index, which, output_index, analytic, numeric, bar, part, output_part)


def _by_element(block: Block) -> Floats:
    """Return the largest relative error of the wrong entries at each element of the variable."""
    size = np.fmax(np.abs(block.analytic), np.abs(block.slopes.numeric))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(block.verdict.wrong, np.nan_to_num(block.verdict.error / size, nan=1.0), 0.0)
    shape = block.variable.value.shape
    return np.asarray(relative.max(axis=1, initial=0.0).reshape(*shape, parts(block.variable.value.dtype)).max(axis=-1))
