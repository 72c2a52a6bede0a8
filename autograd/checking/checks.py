"""Numerical gradients, and the check of derivative rules against them.

A derivative is measured by central differences with a step and its half. Their extrapolation is the numeric value;
how far they are apart, and how much rounding a step can amplify, is its error bar. The tolerances follow from that
bar, so a check is as strict as the measurement is exact, at every entry of the Jacobian.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.backward import traverse
from autograd.graph import Node
from autograd.modes import enable_grad
from autograd.tensor import Tensor, value_of

Floats: TypeAlias = NDArray[np.float64]
Index: TypeAlias = tuple[int, ...]

# The step in units of an entry's scale. It balances the h**4 that extrapolation leaves over with the rounding 1e-16/h.
_STEP = 2.0**-10
# An entry's scale is its size, but at least this part of the largest entry's or of 1; arrays smaller still count as 0.
_SMALL, _TINY = 1e-3, 1e-6
_RTOL = 1e-6
# However far apart the two differences are, an error of more than this part of the value is not excused by it. The
# absolute part is for values that are zero: there any difference is infinitely large.
_WIDEST_RELATIVE, _WIDEST_ABSOLUTE = 0.05, 1e-8


# --- reports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One number of a Jacobian: the derivative of one element of an output to one element of an input.

    Attributes:
        index: the element of the input.
        output: the position of the output.
        output_index: the element of the output.
        analytic: the derivative that backward computes.
        numeric: the derivative measured by differences.
        error_bar: how far the numeric value may be off.
    """

    index: Index
    output: int
    output_index: Index
    analytic: float
    numeric: float
    error_bar: float

    @property
    def absolute(self) -> float:
        """The distance between analytic and numeric value."""
        return abs(self.analytic - self.numeric)

    @property
    def relative(self) -> float:
        """That distance as a part of the larger of the two values."""
        size = max(abs(self.analytic), abs(self.numeric))
        return self.absolute / size if size else 0.0


@dataclass(frozen=True)
class InputResult:
    """What the check of one input found.

    Attributes:
        position: the position among the arguments.
        name: the input's name.
        shape: its shape.
        entries: how many entries of the Jacobian were checked.
        wrong: how many of them are wrong.
        kinks: how many were accepted because f has a kink there and the analytic value lies between the slopes.
        worst: the wrong entry with the largest error, or else the one nearest to its tolerance; None without entries.
    """

    position: int
    name: str
    shape: Index
    entries: int
    wrong: int
    kinks: int
    worst: Entry | None

    @property
    def ok(self) -> bool:
        """Whether no entry is wrong."""
        return not self.wrong

    @property
    def verdict(self) -> str:
        """The result in words."""
        if self.wrong:
            return f"WRONG ({self.wrong} of {self.entries})"
        return "ok" + (f" ({self.kinks} at a kink)" if self.kinks else "")


@dataclass(frozen=True)
class GradcheckReport:
    """What `gradcheck` found: truthy when every gradient holds, a table when printed.

    Attributes:
        check: the name of the check.
        function: the name of the function.
        results: one `InputResult` for each input that was checked.

    >>> report = gradcheck(np.tanh, np.array([0.5, 1.0]))
    >>> report.ok
    True
    >>> report.results[0].entries
    4
    """

    check: str
    function: str
    results: tuple[InputResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient holds."""
        return all(result.ok for result in self.results)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        wrong = sum(not result.ok for result in self.results)
        verdict = f"{wrong} of {len(self.results)} inputs WRONG" if wrong else "ok"
        rows = [_HEADINGS, *(_row(result) for result in self.results)]
        return f"{self.check} of {self.function}: {verdict}\n{_table(rows)}"


class GradcheckError(AssertionError):
    """A gradient is wrong; `report` is the `GradcheckReport` that says which, where and how far.

    >>> try:
    ...     gradcheck(lambda x: x * x.detach(), np.array([3.0]))
    ... except GradcheckError as error:
    ...     worst = error.report.results[0].worst
    >>> print(f"{worst.analytic:.3f} instead of {worst.numeric:.3f}")
    3.000 instead of 6.000
    """

    def __init__(self, report: GradcheckReport) -> None:
        super().__init__(str(report))
        self.report = report


_HEADINGS = [
    "input", "shape", "entries", "kinks", "worst at", "analytic", "numeric", "+-", "absolute", "relative", "verdict",
]  # fmt: skip


def _row(result: InputResult) -> list[str]:
    """Return the cells of one input."""
    start = [f"{result.position} {result.name}", str(result.shape), str(result.entries), str(result.kinks)]
    worst = result.worst
    if worst is None:
        return [*start, *["-"] * 6, result.verdict]
    place = f"d out{worst.output}{_subscript(worst.output_index)} / d {result.name}{_subscript(worst.index)}"
    values = [f"{value + 0.0:.7g}" for value in (worst.analytic, worst.numeric)]  # + 0.0 turns -0 into 0
    errors = [f"{error:.1e}" for error in (worst.error_bar, worst.absolute, worst.relative)]
    return [*start, place, *values, *errors, result.verdict]


def _subscript(index: Index) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as aligned lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


# --- the checks -------------------------------------------------------------------------------------------------------


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Compare the gradients of f with numerical ones, at every entry of the Jacobian.

    f runs on float64 copies of the inputs, which stay as they are. Where the slopes of f to both sides differ, as
    those of |x| do at 0, an analytic value between them is accepted and counted as a kink. An output that needs no
    gradient counts as one whose derivatives are zero.

    Args:
        f: takes as many Tensors as there are inputs, returns a Tensor or a tuple of Tensors; must be deterministic.
        inputs: a Tensor, an array, or a tuple of them. Checked are the Tensors that require a gradient; if there are
            none, the arrays and numbers of floating dtype. The others are handed to f unchanged.
        eps: the step of the differences; by default a thousandth of each entry's scale.
        atol: the absolute error to accept; by default the error bar of each numeric value.
        rtol: the error to accept as a part of the value; by default 1e-6.
        raise_exception: raise when a gradient is wrong; otherwise only the report says so.

    Returns:
        A report that is truthy when every gradient holds.

    Raises:
        GradcheckError: when a gradient is wrong.
        TypeError: when no input needs a gradient, or f does not return floating Tensors.
        ValueError: when f cannot be checked at these inputs: its value is not finite, here or a step away, it changes
            its inputs, or two runs differ.

    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> bool(gradcheck(lambda x: x * x, x))
    True
    >>> print(gradcheck(lambda x: x * x.detach(), x, raise_exception=False))
    gradcheck of <lambda>: 1 of 1 inputs WRONG
    input  shape  entries  kinks  worst at           analytic  numeric  +-  absolute  relative  verdict
    0 x    (2,)   4        0      d out0[...] / d x[...]  ...  5.0e-01   WRONG (2 of 4)
    """
    return _check("gradcheck", _Problem.of(f, inputs), eps, atol, rtol, raise_exception)


def gradgradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Compare second derivatives of f with numerical ones.

    What is checked, as by `gradcheck`, is the function that takes the inputs and the gradients of f's outputs to the
    gradients of the inputs, with respect to both.

    Args:
        f: as for `gradcheck`.
        inputs: as for `gradcheck`.
        eps: as for `gradcheck`.
        atol: as for `gradcheck`.
        rtol: as for `gradcheck`.
        raise_exception: as for `gradcheck`.

    Returns:
        A report that is truthy when every second derivative holds.

    Raises:
        GradcheckError: when a second derivative is wrong.
        TypeError, ValueError: as `gradcheck` does.

    >>> bool(gradgradcheck(np.exp, np.array([0.5, 1.0])))
    True
    """
    problem = _Problem.of(f, inputs)
    return _check("gradgradcheck", _derivative(problem), eps, atol, rtol, raise_exception)


def _check(
    check: str, problem: _Problem, eps: float | None, atol: float | None, rtol: float | None, raise_exception: bool
) -> GradcheckReport:
    """Compare the analytic with the numeric Jacobian of a problem."""
    if eps is not None and not 0 < eps < np.inf:
        raise ValueError(f"eps, the step of the differences, must be a positive number, not {eps}")
    with enable_grad(), np.errstate(all="ignore"):  # whatever is not finite is reported as such
        leaves, outputs = problem.first_run()
        base, rounding = _flat(outputs), max(problem.rounding, _rounding(outputs))
        results = []
        for which, analytic in enumerate(_analytic_jacobians(leaves, outputs)):
            slopes = _measure(problem, which, base, rounding, eps)
            results.append(_compare(problem, which, outputs, analytic, slopes, atol, rtol))
    report = GradcheckReport(check, _function_name(problem.f), tuple(results))
    if raise_exception and not report:
        raise GradcheckError(report)
    return report


def _derivative(problem: _Problem) -> _Problem:
    """Return the problem whose function takes inputs and gradients of outputs to gradients of inputs."""
    with enable_grad(), np.errstate(all="ignore"):
        _, outputs = problem.first_run()
    count = len(problem.values)
    generator = np.random.default_rng(0)
    seeds = [generator.uniform(0.5, 1.5, output.shape) for output in outputs]

    def pull(*arguments: Any) -> tuple[Tensor, ...]:
        leaves = [arguments[i] for i in problem.checked]
        objective: dict[Node, Any] = {}
        for output, seed in zip(_floating(problem.f(*arguments[:count])), arguments[count:], strict=True):
            if output._node is not None:
                seed = seed if output.dtype == seed.dtype else seed.astype(output.dtype)
                objective[output._node] = objective[output._node] + seed if output._node in objective else seed
        wanted = frozenset(leaf._node for leaf in leaves)
        found = traverse(objective, retain=True, create_graph=True, wanted=wanted)
        return tuple(_or_zeros(found.get(leaf._node), leaf) for leaf in leaves)

    pull.__name__ = _function_name(problem.f)
    return _Problem(
        pull,
        (*problem.values, *seeds),
        (*problem.checked, *range(count, count + len(seeds))),
        (*problem.names, *(f"v{i}" for i in range(len(seeds)))),
        subject="the gradient of f",
        rounding=_rounding(outputs),
    )


def _or_zeros(gradient: Tensor | None, leaf: Tensor) -> Tensor:
    return Tensor(np.zeros(leaf.shape, leaf.dtype)) if gradient is None else gradient


# --- the function and its inputs --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Problem:
    """A function, and the values at which it is checked.

    Attributes:
        f: the function.
        values: the arguments: float64 arrays where checked, what was given elsewhere.
        checked: the positions of the arguments that are checked.
        names: the name of each argument.
        subject: what messages call f.
        rounding: the relative error of what f computes, where its outputs do not show it.
    """

    f: Callable[..., Any]
    values: tuple[Any, ...]
    checked: tuple[int, ...]
    names: tuple[str, ...]
    subject: str = "f"
    rounding: float = 0.0

    @classmethod
    def of(cls, f: Callable[..., Any], inputs: Any) -> _Problem:
        """Return the problem for inputs as users give them."""
        if isinstance(inputs, list):
            raise TypeError("inputs is one Tensor or array, or a tuple of them, not a list: pass tuple(inputs)")
        given = inputs if isinstance(inputs, tuple) else (inputs,)
        checked = _which_need_gradients(given)
        values = tuple(np.array(value_of(x), np.float64) if i in checked else x for i, x in enumerate(given))
        return cls(f, values, checked, _names(f, given))

    def run(self, values: Sequence[Any]) -> tuple[list[Any], list[Tensor]]:
        """Call f on copies of the values; return the arguments it got and its floating outputs."""
        arguments = [_copied(value, i in self.checked) for i, value in enumerate(values)]
        return arguments, _floating(self.f(*arguments))

    def first_run(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return the inputs and outputs of a run that was found to be finite, repeatable and without side effects."""
        arguments, outputs = self.run(self.values)
        for i, (value, argument) in enumerate(zip(self.values, arguments, strict=True)):
            if not _same(value, argument):
                raise ValueError(
                    f"f changes its input {self.names[i]!r} in place, so its value is not a function of its inputs: "
                    "make f compute new Tensors instead, for example from x.copy()"
                )
        _require_finite(outputs, self.subject)
        _require_repeatable(outputs, self.run(self.values)[1])
        return [arguments[i] for i in self.checked], outputs

    def shifted(self, which: int, entry: int, step: float, size: int) -> Floats:
        """Return the outputs as one vector of `size`, with one entry of a checked input moved by a step."""
        position = self.checked[which]
        moved = self.values[position].copy()
        moved.flat[entry] += step
        values = list(self.values)
        values[position] = moved
        index = tuple(map(int, np.unravel_index(entry, moved.shape)))
        place = f"with {self.names[position]}{_subscript(index)} moved by {step:.2g} to {moved[index]:.6g}"
        try:
            result = _flat(self.run(values)[1])
        except Exception as error:
            raise ValueError(f"{self.subject} can be computed at the inputs, but not {place}: {_EDGE}") from error
        if result.size != size:
            raise ValueError(f"f's outputs have {size} elements at the inputs, but {result.size} {place}: {_EDGE}")
        if not np.isfinite(result).all():
            raise ValueError(f"{self.subject} is finite at the inputs, but not {place}: {_EDGE}")
        return result


_EDGE = "the inputs are at the edge of f's domain; move them inside, or pass a smaller eps"


def _which_need_gradients(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the positions of the inputs that are to be checked."""
    asked = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
    kinds = [_kind(x) for x in given]
    needed = asked or [i for i, x in enumerate(given) if not isinstance(x, Tensor) and kinds[i] in "fc"]
    if not needed:
        described = ", ".join(f"{type(x).__name__} of {x.dtype}" if hasattr(x, "dtype") else repr(x) for x in given)
        raise TypeError(
            f"no input needs a gradient, so there is nothing to check: got ({described}); pass floating arrays "
            "(integers with x.astype(np.float64)), or Tensors with requires_grad=True"
        )
    for i in needed:
        if kinds[i] == "c":
            raise TypeError(f"input {i} is complex; check a function of its real and its imaginary part instead")
    return tuple(needed)


def _kind(x: Any) -> str:
    """Return the NumPy kind of a Tensor, an array or a number."""
    if isinstance(x, bool | int | float | complex):
        return np.dtype(type(x)).kind
    if not hasattr(x, "dtype"):
        raise TypeError(
            f"inputs are Tensors, arrays and numbers, not {type(x).__name__}; give other arguments to f itself, "
            "for example gradcheck(lambda x: f(x, axis=0), x)"
        )
    return str(x.dtype.kind)


def _names(f: Callable[..., Any], given: tuple[Any, ...]) -> tuple[str, ...]:
    """Return what to call each input: the name of the Tensor, or else of f's parameter."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # NumPy's functions may have no signature
        parameters = []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in positional]
    names += [f"x{i}" for i in range(len(names), len(given))]
    return tuple((isinstance(x, Tensor) and x.name) or name for x, name in zip(given, names))


def _function_name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _copied(value: Any, needs_gradient: bool) -> Any:
    """Return an argument that shares no memory with the value it is made of."""
    if needs_gradient:
        return Tensor(value.copy(), requires_grad=True)
    if isinstance(value, Tensor):
        return Tensor(np.array(value_of(value)))
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(value: Any, argument: Any) -> bool:
    """Return whether an argument still has its value."""
    before, after = value_of(value), value_of(argument)
    return bool(np.shape(before) == np.shape(after) and np.array_equal(before, after, equal_nan=True))


def _floating(result: Any) -> list[Tensor]:
    """Return the outputs of f that can have derivatives."""
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    for i, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            what = type(output).__name__ if output is result else f"{type(output).__name__} as output {i}"
            raise TypeError(
                f"f must return a Tensor or a tuple of Tensors, but it returned {what}: compute with autograd's or "
                "NumPy's functions on the Tensors that f gets, and return the result itself"
            )
        if output.dtype.kind == "c":
            raise TypeError(f"output {i} of f is complex; return its real and its imaginary part as two outputs")
    floating = [output for output in outputs if output.dtype.kind == "f"]
    if not floating:
        dtypes = ", ".join(str(output.dtype) for output in outputs) or "nothing"
        raise TypeError(f"f must return at least one floating Tensor to have a derivative, but it returned {dtypes}")
    return floating


def _rounding(outputs: Sequence[Tensor]) -> float:
    """Return the relative rounding error of the outputs' coarsest dtype."""
    return max(float(np.finfo(output.dtype).eps) for output in outputs)


def _require_finite(outputs: list[Tensor], subject: str) -> None:
    """Raise where a function has no value."""
    for i, output in enumerate(outputs):
        bad = np.argwhere(~np.isfinite(value_of(output)))
        if len(bad):
            index = tuple(map(int, bad[0]))
            raise ValueError(
                f"output {i} of {subject} is {value_of(output)[index]}{f' at index {index}' if index else ''}, where "
                "no derivative can be checked: choose inputs inside f's domain"
            )


def _require_repeatable(first: list[Tensor], second: list[Tensor]) -> None:
    """Raise if two runs on the same inputs differ."""
    advice = "f gave different results in two runs on the same inputs: seed random numbers inside f, keep no state"
    if [x.shape for x in first] != [x.shape for x in second]:
        raise ValueError(f"{advice} (shapes {[x.shape for x in first]} and {[x.shape for x in second]})")
    for i, (one, other) in enumerate(zip(first, second, strict=True)):
        different = np.argwhere(value_of(one) != value_of(other))
        if len(different):
            index = tuple(map(int, different[0]))
            values = f"{value_of(one)[index]} and {value_of(other)[index]}"
            raise ValueError(f"{advice} (output {i}{_subscript(index)}: {values})")


# --- Jacobians: one row for each entry of an input, one column for each element of the outputs ------------------------


def _flat(outputs: Sequence[Tensor]) -> Floats:
    """Return all elements of the outputs in one vector."""
    return np.concatenate([np.ravel(value_of(output)) for output in outputs], dtype=np.float64)


def _analytic_jacobians(leaves: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Floats]:
    """Return the Jacobian for each input, by one traversal for each element of the outputs."""
    size = sum(output.size for output in outputs)
    jacobians = [np.zeros((leaf.size, size)) for leaf in leaves]
    wanted = frozenset(leaf._node for leaf in leaves if leaf._node is not None)
    column = 0
    for output in outputs:
        for index in np.ndindex(output.shape):
            if output._node is not None:
                seed = np.zeros(output.shape, output.dtype)
                seed[index] = 1
                found = traverse({output._node: seed[()]}, retain=True, wanted=wanted)
                for leaf, jacobian in zip(leaves, jacobians, strict=True):
                    gradient = found.get(leaf._node) if leaf._node is not None else None
                    if gradient is not None:
                        jacobian[:, column] = np.ravel(gradient)
            column += 1
    return jacobians


@dataclass(frozen=True)
class _Slopes:
    """What was measured for one input.

    Attributes:
        numeric: the derivatives.
        noise: what rounding may have added to them.
        spread: how far the measurements with the two steps contradict a smooth function.
        low, high: between these lie the slopes to both sides; where f jumps, those to its flatter side.
        bent: where those slopes differ as they cannot for a smooth function.
        kinked: where they do so right at the entry, not only near it.
    """

    numeric: Floats
    noise: Floats
    spread: Floats
    low: Floats
    high: Floats
    bent: NDArray[np.bool_]
    kinked: NDArray[np.bool_]


def _steps(values: Floats, eps: float | None) -> Floats:
    """Return a step for each entry: powers of two, which add to most entries without rounding."""
    if eps is not None:
        return np.full(values.size, float(eps))
    sizes = np.abs(values).ravel()
    scale = np.maximum(sizes, _SMALL * min(sizes.max(initial=0.0), 1.0))
    scale = np.where(scale < _TINY, 1.0, scale)
    return np.exp2(np.round(np.log2(scale * _STEP)))


def _measure(problem: _Problem, which: int, base: Floats, rounding: float, eps: float | None) -> _Slopes:
    """Measure the Jacobian for one input by differences to both sides, with a step and its half."""
    steps = _steps(problem.values[problem.checked[which]], eps)
    shape = (len(steps), base.size)
    up, down, near_up, near_down = (
        np.array([problem.shifted(which, i, part * h, base.size) for i, h in enumerate(steps)]).reshape(shape)
        for part in (1.0, -1.0, 0.5, -0.5)
    )
    h = steps[:, None]
    # The largest of all outputs stands for what f computes with on the way, of which an output may be what is left.
    largest = np.maximum(np.abs(up), np.abs(down)).max(axis=1, initial=0.0, keepdims=True)
    noise = np.broadcast_to(4 * rounding * np.where(largest == 0, 1.0, largest) / h, shape)
    return _slopes(noise, (up - base) / h, (base - down) / h, (near_up - base) * 2 / h, (base - near_down) * 2 / h)


def _slopes(noise: Floats, right: Floats, left: Floats, near_right: Floats, near_left: Floats) -> _Slopes:
    """Judge the slopes to the right and left that a step and its half gave."""
    far, near = (right + left) / 2, (near_right + near_left) / 2
    # For a smooth function the slopes to both sides differ by h f'', half of that with half the step: twice the one
    # minus the other is zero but for h**3. At a kink both differ by its whole angle, at a jump the nearer ones by more.
    bend, near_bend = right - left, near_right - near_left
    unsmooth = np.abs(2 * near_bend - bend)
    jump = np.abs(near_bend) > 1.5 * np.abs(bend)
    rights = np.stack([right, near_right, 2 * near_right - right])
    lefts = np.stack([left, near_left, 2 * near_left - left])
    flatter = np.where(np.abs(near_right) < np.abs(near_left), rights, lefts)
    sides = np.where(jump, np.concatenate([flatter, flatter]), np.concatenate([rights, lefts]))
    bent = unsmooth > 1e-3 * (np.abs(near_right) + np.abs(near_left)) + 8 * noise
    return _Slopes(
        numeric=(4 * near - far) / 3,
        noise=noise,
        spread=np.abs(near - far) + unsmooth,
        low=sides.min(axis=0),
        high=sides.max(axis=0),
        bent=bent,
        kinked=bent & (np.abs(near_bend) > 0.75 * np.abs(bend)),
    )


def _compare(
    problem: _Problem, which: int, outputs: Sequence[Tensor], analytic: Floats, slopes: _Slopes,
    atol: float | None, rtol: float | None,
) -> InputResult:  # fmt: skip
    """Compare the analytic Jacobian for one input with what was measured."""
    error = np.abs(analytic - slopes.numeric)
    allowed = _tolerance(analytic, slopes, atol, rtol)
    close = error <= allowed
    slack = slopes.noise + _RTOL * np.maximum(np.abs(slopes.low), np.abs(slopes.high))
    between = (analytic >= slopes.low - slack) & (analytic <= slopes.high + slack)
    kinks = slopes.bent & between & (~close | slopes.kinked)
    wrong = ~close & ~kinks
    badness = np.where(wrong, error, 0) if wrong.any() else np.where(kinks, 0, error / np.maximum(allowed, 1e-300))
    position = problem.checked[which]
    shape = problem.values[position].shape
    return InputResult(
        position=position,
        name=problem.names[position],
        shape=shape,
        entries=error.size,
        wrong=int(wrong.sum()),
        kinks=int(kinks.sum()),
        worst=_entry(int(np.argmax(badness)), shape, outputs, analytic, slopes) if error.size else None,
    )


def _tolerance(analytic: Floats, slopes: _Slopes, atol: float | None, rtol: float | None) -> Floats:
    """Return the error to accept at each entry."""
    size = np.maximum(np.abs(analytic), np.abs(slopes.numeric))
    absolute: Any = atol
    if atol is None:
        widest = np.maximum(_WIDEST_RELATIVE * size, _WIDEST_ABSOLUTE)
        absolute = slopes.noise + np.minimum(4 * slopes.spread, widest)
    return np.asarray(absolute + (_RTOL if rtol is None else rtol) * size)


def _entry(at: int, shape: Index, outputs: Sequence[Tensor], analytic: Floats, slopes: _Slopes) -> Entry:
    """Return the entry at a position, counted through the flattened Jacobian."""
    row, column = divmod(at, analytic.shape[1])
    which, inside = 0, column
    while inside >= outputs[which].size:
        inside -= outputs[which].size
        which += 1
    return Entry(
        index=tuple(map(int, np.unravel_index(row, shape))),
        output=which,
        output_index=tuple(map(int, np.unravel_index(inside, outputs[which].shape))),
        analytic=float(analytic[row, column]),
        numeric=float(slopes.numeric[row, column]),
        error_bar=float(slopes.noise[row, column] + slopes.spread[row, column]),
    )
