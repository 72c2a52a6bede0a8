"""`gradcheck` and `gradgradcheck`: are gradients those that differences measure, and what is wrong where not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd.checking.diagnosis import Case, causes
from autograd.checking.directions import check_directions
from autograd.checking.inputs import problem_of
from autograd.checking.jacobians import blocks, result_of
from autograd.checking.judging import Judge
from autograd.checking.problems import Problem, Run, derivative_of, flat, reals, rounding_of
from autograd.checking.purity import impurities, narrow_differences
from autograd.checking.reports import GradcheckError, GradcheckReport, InputResult
from autograd.modes import enable_grad
from autograd.tensor import value_of

# Up to so many inputs and entries of the Jacobian all are checked, beyond that random directions.
_FEW_INPUTS, _FEW_ENTRIES = 1_000, 40_000


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    exhaustive: bool | None = None,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Compare the gradients of f with numerical ones.

    f runs on float64 copies of the inputs, which stay as they are; for inputs of smaller dtypes the gradient in these
    is then compared with that. Derivatives are measured with steps that follow from each entry's scale, at smaller and
    larger ones where the first leaves a doubt, and tolerances from how well that went. Where the slopes of f to both
    sides differ, as those of |x| do at 0, an analytic value between them is accepted and counted as a kink. An output
    that needs no gradient counts as one whose derivatives are zero.

    Random generators that f gets, closes over or names globally, and the default ones, are set back before each run,
    and in the end. It is also checked that f changes none of its inputs, that rules change no gradient they get, are
    linear in it, and that gradients have shape, dtype and memory of their own.

    Args:
        f: takes the inputs, returns a Tensor or Tensors in tuples, lists or dicts. Of an `nn.Module` the parameters are
            checked too, on copies, by name.
        inputs: a Tensor, an array, or a tuple of arguments; these may be containers of arrays, and modules. Checked are
            the Tensors that require a gradient; if there are none, the arrays and numbers of floating or complex
            dtype. The others are handed to f unchanged.
        kwargs: keyword arguments; of those without Tensors that require a gradient, the floating arrays are checked.
        eps: the step of the differences; by default a thousandth of each entry's scale, then others.
        atol: the absolute error to accept; by default the error bar of each numeric value.
        rtol: the error to accept as a part of the value; by default 1e-6.
        exhaustive: whether to check every entry of the Jacobian, or along random directions that would show an error of
            1 % in any one element; by default every entry up to 40,000 of them and 1,000 elements of the inputs.
        raise_exception: raise when a gradient is wrong; otherwise only the report says so.

    Returns:
        A report that is truthy when every gradient holds.

    Raises:
        GradcheckError: when a gradient is wrong, or cannot be measured at all.
        TypeError: when no input needs a gradient, or f does not return floating Tensors.
        ValueError: when f cannot be checked at these inputs: its value is not finite, here or a step away, it changes
            its inputs, or two runs differ.

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> bool(gradcheck(lambda x: x * x, x))
    True
    >>> print(gradcheck(lambda x: x * x.detach(), x, raise_exception=False))
    gradcheck of <lambda>: 1 of 1 inputs WRONG
    input  shape  entries  kinks  worst at           analytic  numeric  +-  absolute  relative  verdict
    0 x    (2,)   4        0      d out0[...] / d x[...]  ...  5.0e-01   WRONG (2 of 4)
    x: off by the factor 1/2
    """
    return _check("gradcheck", 1, (f, inputs, kwargs), Judge(0.0, atol, rtol), eps, exhaustive, raise_exception)


def gradgradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    order: int = 2,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    exhaustive: bool | None = None,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Compare second derivatives of f, or those of a higher order, with numerical ones.

    What is checked, as by `gradcheck`, is the function that takes the inputs and the gradients of f's outputs to the
    gradients of the inputs, with respect to both; for a higher order, that function's gradient, and so on.

    Args:
        f: as for `gradcheck`.
        inputs: as for `gradcheck`.
        kwargs: as for `gradcheck`.
        order: the order of the derivatives, 2 or more.
        eps: as for `gradcheck`.
        atol: as for `gradcheck`.
        rtol: as for `gradcheck`.
        exhaustive: as for `gradcheck`.
        raise_exception: as for `gradcheck`.

    Returns:
        A report that is truthy when every derivative holds.

    Raises:
        GradcheckError: when a derivative is wrong.
        TypeError, ValueError: as `gradcheck` does, and when `order` is less than 2.

    >>> bool(gradgradcheck(np.exp, np.array([0.5, 1.0])))
    True
    >>> bool(gradgradcheck(np.sin, np.array([0.5, 1.0]), order=4))
    True
    """
    if order < 2:
        raise ValueError(
            f"gradgradcheck checks derivatives of order 2 and more, not {order}; use gradcheck for order 1"
        )
    name = "gradgradcheck" if order == 2 else f"gradgradcheck(order={order})"
    return _check(name, order, (f, inputs, kwargs), Judge(0.0, atol, rtol), eps, exhaustive, raise_exception)


def _check(
    check: str, order: int, given: tuple[Any, Any, Any], judge: Judge, eps: float | None, exhaustive: bool | None,
    raise_exception: bool,
) -> GradcheckReport:  # fmt: skip
    """Check the derivatives of an order."""
    if eps is not None and not 0 < eps < np.inf:
        raise ValueError(f"eps, the step of the differences, must be a positive number, not {eps}")
    with enable_grad(), np.errstate(all="ignore"):  # whatever is not finite is reported as such
        problem = problem_of(*given)
        with problem.randomness.kept():
            for _ in range(order - 1):
                problem = derivative_of(problem, np.random.default_rng(0))
            run = problem.first_run()
            judge = Judge(max(problem.rounding, rounding_of(run.outputs)), judge.atol, judge.rtol)
            results = _results(problem, run, judge, eps, exhaustive)
            findings = tuple(_findings(problem, run, given)) if order == 1 and all(r.ok for r in results) else ()
    report = GradcheckReport(check, problem.name, tuple(results), findings)
    if raise_exception and not report:
        raise GradcheckError(report)
    return report


def _results(problem: Problem, run: Run, judge: Judge, eps: float | None, exhaustive: bool | None) -> list[InputResult]:
    """Compare the derivatives, at every entry of the Jacobian or along directions."""
    size = sum(variable.size for variable in problem.variables)
    few = size <= _FEW_INPUTS and size * flat(run.outputs).size <= _FEW_ENTRIES
    if not (few if exhaustive is None else exhaustive):
        return check_directions(problem, run, judge, eps, np.random.default_rng(0))
    found = blocks(problem, run, judge, eps)
    output = _real(value_of(run.outputs[0])) if len(run.outputs) == 1 else None
    cases = [
        Case(b.variable.name, _real(b.variable.value), output, b.analytic, b.slopes.numeric, b.verdict.wrong)
        for b in found
    ]
    said = causes(cases)
    return [result_of(block, run.outputs, cause) for block, cause in zip(found, said, strict=True)]


def _real(array: Any) -> Any:
    """Return an array, a complex one with its two parts along another axis."""
    return reals(array).reshape(*array.shape, 2) if array.dtype.kind == "c" else np.asarray(array)


def _findings(problem: Problem, run: Run, given: tuple[Any, Any, Any]) -> list[str]:
    """Return what is wrong beside the numbers in float64."""
    found = list(impurities(problem, run))
    narrower = any(variable.dtype.itemsize < variable.value.dtype.itemsize for variable in problem.variables)
    if narrower and not problem.randomness.drawn:  # from the same state, generators give other numbers in float32
        narrow = problem_of(*given, widened=False)
        values = [value_of(y) for y in narrow.run(narrow.values).outputs]
        if all(np.isfinite(value).all() for value in values):
            found += narrow_differences(problem, narrow)
    return found
