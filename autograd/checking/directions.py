"""The check of large Jacobians: along random directions for random sums of the outputs, halved where one fails.

Along a direction d, the derivative of a sum u of the outputs is the sum of the products of d with u's gradient. An
error in one entry shows there if it is larger than what differences resolve; where the entry is too small for that,
it gets a direction among its like. So it is known afterwards for which entries an error would have been found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.checking.diagnosis import sampled_cause
from autograd.checking.differences import Slopes, measure, smallest
from autograd.checking.jacobians import Line, entry_at, scales_of
from autograd.checking.judging import Judge, Verdict
from autograd.checking.problems import Array, Floats, Problem, Run, flat, parts, pull, reals
from autograd.checking.reports import Entry, InputResult

Places = NDArray[np.intp]

# The error in one entry that a check is to find, as a part of the entry's value.
_WANTED = 0.01
# How many random sums of the outputs are checked, how many measurements may be spent on halving directions that do not
# pass, after how many wrong entries to stop, and on how many a diagnosis is based.
_SUMS, _MOST_MEASUREMENTS, _ENOUGH_WRONG, _SAMPLED = 3, 400, 5, 48


@dataclass(frozen=True)
class _Test:
    """What one measurement found.

    Attributes:
        slopes, verdict: the derivative along the direction, and what holds of it.
        added: what each entry of the group adds to it.
        magnitude: the size of the outputs that changed.
    """

    slopes: Slopes
    verdict: Verdict
    added: Floats
    magnitude: float


@dataclass
class _Sum:
    """A random sum of the outputs, and its gradient.

    Attributes:
        problem, run, judge, eps: what is checked, and how.
        weights: the weights of the outputs.
        gradient: the gradient to all variables, one after the other.
        scales, resolution: as for `measure`, for each of their real numbers.
        signs: the direction, in units of the scales.
    """

    problem: Problem
    run: Run
    judge: Judge
    eps: float | None
    weights: Floats
    gradient: Floats
    scales: Floats
    resolution: Floats
    signs: Floats

    def __post_init__(self) -> None:
        self.base = flat(self.run.outputs)
        self.unit = float(np.abs(self.weights * self.base).max()) or 1.0
        self.left = _MOST_MEASUREMENTS

    def contributions(self, group: Places) -> Floats:
        """Return what each entry adds to the derivative along the direction."""
        return np.asarray(self.gradient[group] * self.scales[group] * self.signs[group])

    def change(self, group: Places, distance: float) -> Floats:
        """Return how the outputs change along the direction within a group of entries."""
        return self.problem.evaluate(self.moved(group, distance), self.base.size) - self.base

    def test(self, group: Places) -> _Test:
        """Measure along the direction within a group of entries."""
        added = self.contributions(group)
        analytic = np.array([[added.sum()]])
        resolution = float(np.max(self.resolution[group] / self.scales[group]))
        changed = self.change(group, max(2.0**-10, resolution)) != 0  # the others bring no rounding
        magnitude = float(np.linalg.norm((self.weights * self.base)[changed]))
        unit = np.array([[self.unit]])
        fine = _WANTED / 4 * float(np.median(np.abs(added[added != 0]))) if (added != 0).any() else np.inf

        def settled(slopes: Slopes, rows: Places) -> NDArray[np.bool_]:
            verdict = self.judge.verdict(analytic, slopes, unit)
            return verdict.settled & ((verdict.allowed <= fine).all(axis=1) | verdict.kinks.all(axis=1))

        slopes = measure(
            lambda _, distance: np.array([self.weights @ self.change(group, distance)]),
            np.zeros(1), np.ones(1), np.array([resolution]), self.judge.rounding, settled, self.eps, magnitude,
        )  # fmt: skip
        return _Test(slopes, self.judge.verdict(analytic, slopes, unit), added, magnitude)

    def moved(self, group: Places, distance: float) -> list[Array]:
        """Return the values moved along the direction within a group."""
        move = np.zeros(self.gradient.size)
        move[group] = distance * self.scales[group] * self.signs[group]
        values, start = [], 0
        for value, variable in zip(self.problem.values, self.problem.variables, strict=True):
            part = move[start : start + variable.size]
            start += variable.size
            values.append(value + part.view(value.dtype).reshape(value.shape) if part.any() else value)
        return values


@dataclass
class _Findings:
    """What is known of each entry.

    Attributes:
        seen: an error of the wanted size would have been found.
        wrong: entries that are wrong.
        kinks, unclear: entries that are at a kink, and such that could not be measured.
    """

    seen: NDArray[np.bool_]
    wrong: set[int] = field(default_factory=set)
    kinks: set[int] = field(default_factory=set)
    unclear: set[int] = field(default_factory=set)


def check_directions(
    problem: Problem, run: Run, judge: Judge, eps: float | None, generator: np.random.Generator
) -> list[InputResult]:
    """Check along directions; return what was found for each variable.

    Raises:
        ValueError: when f cannot be computed next to the inputs.
    """
    scaled = [scales_of(variable) for variable in problem.variables]
    scales, resolution = (np.concatenate([pair[i] for pair in scaled]) for i in (0, 1))
    findings = _Findings(np.zeros(scales.size, bool))
    for _ in range(_SUMS):
        weights = _signed(generator, flat(run.outputs).size)
        gradient = gradient_of(problem, run, weights)
        total = _Sum(problem, run, judge, eps, weights, gradient, scales, resolution, _signed(generator, scales.size))
        _check_sum(total, findings)
        if findings.wrong:
            break
    ends = np.cumsum([variable.size for variable in problem.variables])
    return [_result(findings, k, int(end), total) for k, end in enumerate(ends)]


def gradient_of(problem: Problem, run: Run, weights: Floats) -> Floats:
    """Return the gradient of a weighted sum of the outputs to all variables, one after the other."""
    pulled = pull(run, seeds_from(weights, run))
    return np.concatenate(
        [np.zeros(v.size) if g is None else g for g, v in zip(pulled, problem.variables, strict=True)]
    )


def seeds_from(weights: Floats, run: Run) -> list[Any]:
    """Return weights of the outputs, in one vector, in the shapes and dtypes of the outputs."""
    seeds, start = [], 0
    for output in run.outputs:
        size = output.size * parts(output.dtype)
        part = weights[start : start + size].astype(np.float64)
        start += size
        seed = (part.view(np.complex128) if output.dtype.kind == "c" else part).reshape(output.shape)
        seeds.append(seed.astype(output.dtype)[()])
    return seeds


def _signed(generator: np.random.Generator, size: int) -> Floats:
    """Return numbers between 1/2 and 3/2 with random signs; they have few digits, so that every dtype can hold them."""
    sizes = np.round(generator.uniform(0.5, 1.5, size) * 64) / 64
    return np.asarray(sizes * generator.choice([-1.0, 1.0], size))


# --- one sum ----------------------------------------------------------------------------------------------------------


def _check_sum(total: _Sum, findings: _Findings) -> None:
    """Test groups of entries of about the same size, those of the largest first, until each would show an error."""
    finite = np.isfinite(total.gradient)
    findings.wrong.update(np.flatnonzero(~finite)[:_ENOUGH_WRONG].tolist())
    todo: Places = np.flatnonzero(finite)
    while len(todo) and total.left > 0 and len(findings.wrong) < _ENOUGH_WRONG:
        sizes = np.abs(total.contributions(todo))
        alike = sizes >= sizes.max() * 1e-4
        group, todo = todo[alike], todo[~alike]
        before = findings.seen[group].sum()
        _resolve(total, group, findings)
        missed = group[~findings.seen[group]]
        known = np.array(sorted(findings.wrong | findings.kinks | findings.unclear), np.intp)
        if findings.seen[group].sum() > before and len(missed) < len(group):  # without the larger ones it may be seen
            todo = np.concatenate([todo, np.setdiff1d(missed, known)])


def _resolve(total: _Sum, group: Places, findings: _Findings) -> None:
    """Test a group of entries; halve it where it does not pass."""
    stack = [(group, np.inf)]
    while stack and total.left > 0 and len(findings.wrong) < _ENOUGH_WRONG:
        group, noise = stack.pop()
        total.left -= 1
        test = total.test(group)
        measured = np.isfinite(test.slopes.spread).all()
        if measured and not (test.verdict.wrong | test.verdict.kinks).any():
            none = np.abs(test.added) <= total.judge.rounding * total.unit  # as good as zero
            seen = (np.abs(test.added) * _WANTED > 2 * test.verdict.allowed[0, 0]) | none
            findings.seen[group[seen]] = True
            in_vain = (test.slopes.noise > test.slopes.spread).all() and test.magnitude > 0.9 * noise
            if seen.any() or in_vain or len(group) == 1:
                continue
        if len(group) == 1:
            _record(total, int(group[0]), bool(measured), test.verdict, findings)
        else:
            middle = len(group) // 2
            stack += [(group[middle:], test.magnitude), (group[:middle], test.magnitude)]
    findings.unclear.update(int(at) for rest, _ in stack for at in rest if not findings.seen[at])


def _record(total: _Sum, at: int, measured: bool, verdict: Verdict, findings: _Findings) -> None:
    """Note what is known of a single entry that does not pass."""
    if not measured:
        k, inside = _variable_at(total.problem, at)
        step = smallest(total.scales, total.resolution)[at] if total.eps is None else total.eps
        raise Line(total.problem, k).edge(inside, float(step), total.weights.size)
    (findings.kinks if verdict.kinks.any() else findings.wrong).add(at)


def _variable_at(problem: Problem, at: int) -> tuple[int, int]:
    """Return the variable that the real number at a position belongs to, and the position inside it."""
    for k, variable in enumerate(problem.variables):
        if at < variable.size:
            return k, at
        at -= variable.size
    raise IndexError(at)


# --- results ----------------------------------------------------------------------------------------------------------


def _result(findings: _Findings, k: int, end: int, total: _Sum) -> InputResult:
    """Return what was found for variable k, whose real numbers end there."""
    variable = total.problem.variables[k]
    start = end - variable.size
    inside = [sorted(at for at in found if start <= at < end) for found in (findings.wrong, findings.kinks)]
    wrong, kinks = inside
    unseen = set(np.flatnonzero(~findings.seen[start:end]) + start) - findings.wrong - findings.kinks
    entries = [_locate(total, k, at, at - start) for at in wrong]
    errors = np.zeros(variable.value.shape)
    for entry in entries:
        errors[entry.index] = entry.relative
    elements = variable.value.size
    unclear = len({at // parts(variable.value.dtype) for at in unseen}) if not wrong else 0
    note = (
        f"checked along random directions; an error of 1 % in any one of {elements - unclear:,} of its {elements:,} "
        "elements would have been found"
    )
    if wrong:
        note = f"checked along random directions; at least {len(wrong)} of its elements wrong, more may be"
    return InputResult(
        position=variable.position,
        name=variable.name,
        shape=variable.value.shape,
        entries=elements,
        wrong=len(wrong),
        kinks=len(kinks),
        inconclusive=unclear,
        worst=max(entries, key=lambda entry: np.nan_to_num(entry.absolute, nan=np.inf), default=None),
        cause=_cause(total, start, end, wrong) if wrong else "",
        note=note,
        errors=errors,
    )


def _locate(total: _Sum, k: int, at: int, inside: int) -> Entry:
    """Return the entry of the Jacobian that is wrong, where the gradient of the sum is wrong at a place."""
    problem, run = total.problem, total.run
    base, line = flat(run.outputs), Line(problem, k)
    slopes = measure(
        lambda _, distance: problem.evaluate(line.moved(inside, distance), base.size),
        base, total.scales[at : at + 1], total.resolution[at : at + 1], total.judge.rounding,
        lambda slopes, rows: (slopes.bar <= 1e-4 * np.abs(slopes.numeric).max()).all(axis=1), total.eps,
    )  # fmt: skip
    measured = slopes.numeric[0]

    def analytic(columns: Places, weights: Floats) -> float:
        chosen = np.zeros(base.size)
        chosen[columns] = weights
        return float(gradient_of(problem, run, chosen)[at])

    columns = np.arange(base.size)
    while len(columns) > 1:  # halve the outputs
        first, second = np.array_split(columns, 2)
        off = [abs(analytic(c, total.weights[c]) - measured[c] @ total.weights[c]) for c in (first, second)]
        columns = first if np.nan_to_num(off[0], nan=np.inf) >= np.nan_to_num(off[1], nan=np.inf) else second
    column = int(columns[0])
    return entry_at(problem.variables[k], run.outputs, inside, column, analytic(columns, np.ones(1)),
                    float(measured[column]), float(slopes.bar[0, column]))  # fmt: skip


def _cause(total: _Sum, start: int, end: int, wrong: Sequence[int]) -> str:
    """Return the likely cause, from the gradient of the sum at some elements."""
    generator = np.random.default_rng(0)
    picked = generator.choice(end - start, min(_SAMPLED, end - start), replace=False) + start
    chosen = np.union1d(picked, wrong)
    numeric, off = np.empty(len(chosen)), np.empty(len(chosen), bool)
    for i, at in enumerate(chosen):
        test = total.test(np.array([at]))
        numeric[i] = test.slopes.numeric[0, 0] / (total.scales[at] * total.signs[at])
        off[i] = test.verdict.wrong[0, 0]
    values = np.concatenate([reals(value) for value in total.problem.values])[chosen]
    return sampled_cause(values, total.gradient[chosen], numeric, off)
