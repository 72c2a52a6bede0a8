"""What is probably wrong with a gradient: the mistakes people make leave marks in the Jacobian."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from autograd.checking.differences import Flags
from autograd.checking.problems import Array, Floats, Index, subscript


@dataclass(frozen=True)
class Case:
    """The Jacobian to one input.

    Attributes:
        name: what the input is called.
        value: the input.
        output: the output, where there is just one.
        analytic, numeric: one row for each element of the input, one column for each of the outputs.
        wrong: the entries that are wrong.
    """

    name: str
    value: Array
    output: Array | None
    analytic: Floats
    numeric: Floats
    wrong: Flags


def causes(cases: Sequence[Case]) -> list[str]:
    """Return the likely cause for each input, empty where its gradient is right or nothing fits.

    >>> x = np.array([1.0, 2.0])
    >>> derivative = np.diag(2 * x)
    >>> causes([Case("x", x, x * x, -derivative, derivative, derivative != 0)])
    ['the sign is flipped']
    """
    return [_cause(case, [c for c in cases if c is not case]) if case.wrong.any() else "" for case in cases]


def _cause(case: Case, others: Sequence[Case]) -> str:
    """Return the likely cause for one input whose gradient is wrong."""
    if not np.isfinite(case.analytic).all():
        return _not_finite(case.value.shape, case.analytic)
    found = [
        said for said in (_whole(case.analytic, case.numeric, _broadcast_sizes(case)), _swapped(case, others)) if said
    ]
    if found:
        return ", or ".join(found)
    for rule in (_permuted, _broadcast, _repeated, _one_sided):
        said = rule(case)
        if said:
            return said
    return _missing(case, others)


def sampled_cause(values: Floats, analytic: Floats, numeric: Floats, wrong: Flags) -> str:
    """Return the likely cause, from some elements of an input and of the gradient of one number.

    >>> x = np.array([1.0, -1.0, 2.0, -2.0])
    >>> sampled_cause(x, np.maximum(x, 0), x, x < 0)
    'wrong only where the input is negative: there it is zero'
    """
    case = Case("", values, None, analytic[:, None], numeric[:, None], wrong[:, None])
    if not np.isfinite(analytic).all():
        return "the gradient is not finite everywhere"
    return _whole(case.analytic, case.numeric, {}) or _one_sided(case)


# --- the marks of single mistakes -------------------------------------------------------------------------------------


def _close(one: Floats, other: Floats) -> bool:
    """Return whether arrays are the same as far as measurements show."""
    size = np.abs(other).max(initial=0.0)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-6 * size))


def _not_finite(shape: Index, analytic: Floats) -> str:
    at = int(np.argmax(~np.isfinite(analytic).all(axis=1)))
    value = analytic[at][~np.isfinite(analytic[at])][0]
    index = tuple(map(int, np.unravel_index(min(at, max(int(np.prod(shape)) - 1, 0)), shape)))
    place = subscript(index) or "()"
    return f"the gradient is {value} at index {place}: 0/0 or inf - inf in a rule, or in the branch that where() drops"


def _whole(analytic: Floats, numeric: Floats, broadcast: dict[int, int]) -> str:
    """Zero, negated, or off by one factor throughout."""
    if not analytic.any():
        return "the gradient is zero: a rule returns zeros, or a value has left the graph (detach, .data, no_grad)"
    if _close(-analytic, numeric):
        return "the sign is flipped"
    factor = float((analytic * numeric).sum() / max((numeric * numeric).sum(), 1e-300))
    if not factor or abs(factor - 1) < 1e-9 or not _close(analytic / factor, numeric):
        return ""
    fraction = Fraction(factor).limit_denominator(100)
    nice = abs(float(fraction) - factor) < 1e-5 * abs(factor)
    if (numeric != 0).sum() < 2 and not nice:
        return ""
    for axis, size in broadcast.items():
        if nice and fraction == Fraction(1, size):
            return (
                f"off by the factor 1/{size}, the size of axis {axis} over which it was broadcast: "
                "a mean in place of the sum"
            )
    return f"off by the factor {fraction if nice else f'{factor:.6g}'}"


def _swapped(case: Case, others: Sequence[Case]) -> str:
    """The gradient of another input."""
    for other in others:
        if other.value.shape == case.value.shape and _close(case.analytic, other.numeric):
            both = _close(other.analytic, case.numeric)
            return f"swapped with that of {other.name}" if both else f"it is the gradient of {other.name}"
    return ""


def _permuted(case: Case) -> str:
    """Axes or elements in another order."""
    shape = case.value.shape
    cube = case.analytic.reshape(*shape, -1)
    for axes in itertools.permutations(range(len(shape))):
        if list(axes) != sorted(axes):
            turned = cube.transpose(*axes, len(shape))
            if turned.shape == cube.shape and _close(turned.reshape(case.numeric.shape), case.numeric):
                return "transposed" + (f": its axes are in the order {axes}" if len(shape) > 2 else "")
    if case.analytic.shape[0] == case.analytic.shape[1] and _close(case.analytic.T, case.numeric):
        return "the Jacobian is transposed, as in g @ w in place of g @ w.T"
    for axis, size in enumerate(shape):
        for shift in range(1, size):
            if _close(np.roll(cube, shift, axis).reshape(case.numeric.shape), case.numeric):
                return f"rolled by {size - shift if size - shift < shift else -shift} along axis {axis}"
        if _close(np.flip(cube, axis).reshape(case.numeric.shape), case.numeric):
            return f"reversed along axis {axis}"
    return ""


def _broadcast_sizes(case: Case) -> dict[int, int]:
    """Return the axes of the output along which the input was broadcast, with their sizes."""
    if case.output is None:
        return {}
    shape, inside = case.output.shape, case.value.shape
    extra = len(shape) - len(inside)
    if extra < 0 or any(n not in (1, m) for n, m in zip(inside, shape[extra:], strict=True)):
        return {}
    return {a: n for a, n in enumerate(shape) if n > 1 and (a < extra or inside[a - extra] == 1)}


def _broadcast(case: Case) -> str:
    """One slice in place of the sum over an axis along which the input was broadcast."""
    for axis, size in _broadcast_sizes(case).items():
        assert case.output is not None
        shape = (case.value.size, *case.output.shape)
        analytic, numeric = (np.moveaxis(x.reshape(shape), axis + 1, 0) for x in (case.analytic, case.numeric))
        for at in range(size):
            rest = np.delete(analytic, at, axis=0)
            if not rest.any() and _close(analytic[at], numeric[at]):
                return (
                    f"missing sum over axis {axis} of the output, over which it was broadcast: only index {at} counts"
                )
    return ""


def _repeated(case: Case) -> str:
    """Of several outputs that one element goes to, just one sends its gradient."""
    used = np.abs(case.numeric) > 1e-6 * np.abs(case.numeric).max(initial=0.0)
    arrived = (case.analytic != 0) & used
    matches = np.where(arrived, np.abs(case.analytic - case.numeric) <= 1e-4 * np.abs(case.numeric), case.analytic == 0)
    several = used.sum(axis=1) > 1
    if several.any() and matches.all() and (arrived.sum(axis=1) == np.minimum(used.sum(axis=1), 1)).all():
        return (
            "missing sum over repeated indices: of several outputs that take one element just one sends its gradient "
            "(np.add.at(x, i, g) adds them all, x[i] = g does not)"
        )
    return ""


_SIDES: tuple[tuple[str, Callable[[Array], Flags]], ...] = (
    ("negative", lambda x: x < 0),
    ("positive", lambda x: x > 0),
    ("zero", lambda x: x == 0),
    ("larger than 1 in size", lambda x: np.abs(x) > 1),
    ("smaller than 1 in size", lambda x: np.abs(x) < 1),
)


def _one_sided(case: Case) -> str:
    """Wrong for one kind of values only."""
    bad = np.asarray(case.wrong.any(axis=1))
    values = case.value.ravel()
    matters = (case.numeric != 0).any(axis=1) | (case.analytic != 0).any(axis=1)
    for name, kind in _SIDES:
        side = kind(values)
        if len(side) == len(bad) and (bad[matters] == side[matters]).all() and not bad[matters].all():
            said = _whole(case.analytic[bad], case.numeric[bad], {}).replace("the gradient is zero: ", "zero: ")
            return f"wrong only where the input is {name}" + (f": there it is {_there(said)}" if said else "")
    return ""


def _there(said: str) -> str:
    """Return a cause so that it can follow 'there it is'."""
    return "zero" if said.startswith("zero") else said.replace("the sign is flipped", "negated")


def _missing(case: Case, others: Sequence[Case]) -> str:
    """A term or a factor that is known: the input, the output, another input."""
    analytic, numeric = case.analytic.sum(axis=1), case.numeric.sum(axis=1)
    if len(numeric) < 2 or ((case.numeric != 0).sum(axis=1) > 1).any():
        return ""
    for name, quantity in _known(case, others):
        usable = np.abs(quantity) > 1e-9
        if usable.all() and len(set(np.round(quantity, 9).tolist())) > 1:
            for what, ratio in (
                (f"a factor {name} is missing", numeric / np.where(analytic == 0, np.nan, analytic) / quantity),
                (f"a factor {name} is too many", analytic / np.where(numeric == 0, np.nan, numeric) / quantity),
            ):
                if _close(ratio, np.ones_like(ratio)):
                    return what
        part = float(((numeric - analytic) * quantity).sum() / max((quantity * quantity).sum(), 1e-300))
        if part and _close(part * quantity, numeric - analytic):
            return f"a term is missing: {part:.6g} * {name}" if name != "1" else f"a term is missing: {part:.6g}"
    return ""


def _known(case: Case, others: Sequence[Case]) -> Iterator[tuple[str, Floats]]:
    """Yield quantities that a rule may have forgotten, one number for each element of the input."""
    x = case.value.ravel()
    yield "1", np.ones(x.size)
    yield case.name, x
    yield f"{case.name}**2", x**2
    if case.output is not None and case.output.shape == case.value.shape:
        yield "the output", case.output.ravel()
    for other in others:
        if other.value.shape == case.value.shape:
            yield other.name, other.value.ravel()
            yield f"{case.name} * {other.name}", x * other.value.ravel()
            yield f"{other.name}**2", other.value.ravel() ** 2
