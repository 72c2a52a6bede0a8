"""Random programs over the operations, written so that they run here and on PyTorch.

A program is a list of steps. Each step names an operation of the table below, its operands among the values so far, and
its options. Operands are first brought into the operation's domain, by the same arithmetic on both sides, and kept
small, so that derivatives stay comparable.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd as ag

SHAPES = [(), (1,), (3,), (2, 3), (1, 3), (2, 1), (3, 3), (2, 1, 3), (0,), (0, 3)]


@dataclass
class Entry:
    """An operation: what it is called, here and in PyTorch, and where it is defined.

    Attributes:
        name: the operation's name in the registry.
        ours, theirs: functions of the operands and the options.
        arity: how many operands.
        domain: what operands are squeezed into: 'any', 'positive', 'unit' (inside -1..1), 'above' (1.5 or more),
            'away' (from zero).
        options: draws the options for a shape, or returns None where the shape does not suit.
        fits: whether shapes of several operands suit each other.
    """

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    arity: int = 1
    domain: str = "any"
    options: Callable[[np.random.Generator, tuple[int, ...]], dict[str, Any] | None] = lambda rng, shape: {}
    fits: Callable[..., bool] = field(default=lambda *shapes: broadcasts(*shapes))


def broadcasts(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def squeeze(x: Any, domain: str) -> Any:
    """Bring x into a domain with operators that both libraries have."""
    bounded = x / (1 + x * x) * 2  # smooth, in -1..1
    return {
        "any": lambda: x,
        "positive": lambda: bounded * bounded + 0.3,
        "unit": lambda: bounded * 0.8,
        "above": lambda: bounded * bounded + 1.5,
        "away": lambda: bounded * bounded + 0.5,
    }[domain]()


def axis_options(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any] | None:
    if not shape:
        return None
    return {"axis": int(rng.integers(-len(shape), len(shape))), "keepdims": bool(rng.integers(2))}


def nonempty_axis(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any] | None:
    options = axis_options(rng, shape)
    return options if options and shape[options["axis"]] else None


def one_axis(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any] | None:
    options = nonempty_axis(rng, shape)
    return options and {"axis": options["axis"]}


def solid_axis(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any] | None:
    return one_axis(rng, shape) if 0 not in shape else None  # PyTorch refuses some empty inputs


def at_least(ndim: int) -> Callable[..., dict[str, Any] | None]:
    return lambda rng, shape: {} if len(shape) >= ndim else None


def reduction(name: str, theirs: Callable[..., Any], options: Any = axis_options) -> Entry:
    return Entry(name, getattr(ag, name), lambda x, axis, keepdims: theirs(x, axis, keepdims), options=options)


def table(torch: Any) -> list[Entry]:
    """Return the operations, given PyTorch."""
    t = torch
    same = {
        "any": ["exp", "expm1", "sin", "cos", "arctan", "arcsinh", "sinh", "cosh", "tanh", "square", "sigmoid",
                "negative",
                "positive", "absolute", "relu", "exp2", "deg2rad", "rad2deg", "sinc"],
        "positive": ["log", "log2", "log10", "log1p", "sqrt", "reciprocal"],
        "unit": ["tan", "arcsin", "arccos", "arctanh"],
        "above": ["arccosh"],
    }  # fmt: skip
    entries = [
        Entry(name, getattr(ag, name), getattr(t, name), domain=domain)
        for domain, names in same.items()
        for name in names
        if hasattr(ag, name)
    ]
    pairs = {"add": "any", "subtract": "any", "multiply": "any", "maximum": "any", "minimum": "any", "logaddexp": "any",
             "arctan2": "away", "hypot": "away", "divide": "away", "power": "positive", "fmod": "away",
             "copysign": "away", "fmax": "any", "fmin": "any", "float_power": "positive",
             "logaddexp2": "any"}  # fmt: skip
    for name, domain in pairs.items():
        if hasattr(ag, name):
            theirs = getattr(t, {"power": "pow", "arctan2": "atan2"}.get(name, name))
            if name == "float_power":  # PyTorch's goes to float64
                theirs = t.pow
            entries.append(Entry(name, getattr(ag, name if name != "float_power" else "power"), theirs, 2, domain))
    entries += [
        Entry("softplus", ag.softplus, t.nn.functional.softplus),
        Entry("cbrt", ag.cbrt, lambda x: x ** (1 / 3), domain="positive"),
        Entry("where", lambda x, y: ag.where(x > y, x, y * 2), lambda x, y: t.where(x > y, x, y * 2), 2),
        Entry("clip", lambda x: ag.clip(x, -0.5, 0.7), lambda x: t.clip(x, -0.5, 0.7)),
        reduction("sum", t.sum),
        reduction("mean", t.mean, nonempty_axis),
        reduction("var", lambda x, a, k: t.var(x, a, correction=0, keepdim=k), nonempty_axis),
        reduction("max", t.amax, nonempty_axis),
        reduction("min", t.amin, nonempty_axis),
        reduction("logsumexp", t.logsumexp, nonempty_axis),
        Entry("softmax", ag.softmax, t.softmax, options=one_axis),
        Entry("log_softmax", ag.log_softmax, t.log_softmax, options=one_axis),
        Entry("reshape", lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
        Entry("transpose", lambda x: x.T, lambda x: x.permute(tuple(reversed(range(x.ndim))))),
        Entry("expand_dims", lambda x: ag.expand_dims(x, 0), lambda x: x[None]),
        Entry("broadcast_to", lambda x: ag.broadcast_to(x, (2, *x.shape)), lambda x: x.expand(2, *x.shape)),
        Entry("getitem", lambda x: x[..., ::2], lambda x: x[..., ::2], options=at_least(1)),
        Entry("getitem", lambda x: x[[0, -1, 0]], lambda x: x[[0, -1, 0]],
              options=lambda rng, s: {} if s and s[0] else None),
        Entry("getitem", lambda x: x[x > 0], lambda x: x[x > 0]),
        Entry("concatenate", lambda x, y: ag.concatenate([x, y]), lambda x, y: t.cat([x, y]), 2,
              fits=lambda a, b: a and b and a[1:] == b[1:]),
        Entry("stack", lambda x, y: ag.stack([x, y], -1), lambda x, y: t.stack([x, y], -1), 2,
              fits=lambda a, b: a == b),
        Entry("split", lambda x: ag.split(x, [1])[1], lambda x: x[1:], options=at_least(1)),
        Entry("matmul", lambda x, y: x @ y, lambda x, y: x @ y, 2, fits=lambda a, b: _multiplies(a, b)),
        Entry("pad", lambda x: ag.pad(x, 1), lambda x: t.nn.functional.pad(x, (1, 1) * x.ndim), options=at_least(1)),
    ]  # fmt: skip
    return entries + more(t)


def _multiplies(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    try:
        np.matmul(np.empty(a), np.empty(b))
    except ValueError:
        return False
    return True


def more(t: Any) -> list[Entry]:
    """Return entries of operations with options of their own."""

    def packed(x):  # PyTorch's kron refuses some layouts
        return x.clone(memory_format=t.contiguous_format)

    entries = [
        Entry("prod", lambda x, axis, keepdims: ag.prod(x, axis, keepdims=keepdims),
              lambda x, axis, keepdims: t.prod(x, axis, keepdims), options=axis_options),
        Entry("cumsum", lambda x, axis: ag.cumsum(x, axis), lambda x, axis: t.cumsum(x, axis), options=one_axis),
        Entry("cumprod", lambda x, axis: ag.cumprod(x, axis), lambda x, axis: t.cumprod(x, axis), options=one_axis),
        Entry("sort", lambda x, axis: ag.sort(x, axis), lambda x, axis: t.sort(x, axis)[0], options=one_axis),
        Entry("flip", lambda x, axis: ag.flip(x, axis), lambda x, axis: t.flip(x, (axis,)), options=one_axis),
        Entry("roll", lambda x, axis: ag.roll(x, 1, axis), lambda x, axis: t.roll(x, 1, axis), options=one_axis),
        Entry("tile", lambda x: ag.tile(x, 2), lambda x: t.tile(x, (2,))),
        Entry("repeat", lambda x, axis: ag.repeat(x, 2, axis),
              lambda x, axis: t.repeat_interleave(x, 2, axis), options=one_axis),
        Entry("diff", lambda x, axis: ag.diff(x, axis=axis), lambda x, axis: t.diff(x, dim=axis), options=one_axis),
        Entry("tril", lambda x: ag.tril(x), lambda x: t.tril(x), options=at_least(2)),
        Entry("triu", lambda x: ag.triu(x, 1), lambda x: t.triu(x, 1), options=at_least(2)),
        Entry("diagonal", lambda x: ag.diagonal(x), lambda x: t.diagonal(x), options=at_least(2)),
        Entry("outer", lambda x, y: ag.outer(x, y), lambda x, y: t.outer(x, y), 2,
              fits=lambda a, b: len(a) == len(b) == 1),
        Entry("tensordot", lambda x, y: ag.tensordot(x, y, 1), lambda x, y: t.tensordot(x, y, 1), 2,
              fits=lambda a, b: bool(a and b) and a[-1] == b[0] and a[-1] > 0),
        Entry("einsum", lambda x, y: ag.einsum("...i,...i->...", x, y),
              lambda x, y: t.einsum("...i,...i->...", x, y), 2, fits=lambda a, b: bool(a) and a == b),
        Entry("kron", lambda x, y: ag.kron(x, y), lambda x, y: t.kron(packed(x), packed(y)), 2,
              fits=lambda a, b: len(a) == len(b) > 0 and max(a + b) < 4),
        Entry("nansum", lambda x: ag.nansum(x), lambda x: t.nansum(x)),
        Entry("ptp", lambda x, axis: ag.ptp(x, axis), lambda x, axis: t.amax(x, axis) - t.amin(x, axis),
              options=one_axis),
        Entry("sign", lambda x: ag.sign(x) * x, lambda x: t.sign(x) * x),
        Entry("floor", lambda x: x + 0 * ag.floor(x), lambda x: x + 0 * t.floor(x)),  # without its jumps
        Entry("log_sigmoid", lambda x: ag.log_sigmoid(x), lambda x: t.nn.functional.logsigmoid(x)),
        Entry("nan_to_num", lambda x: ag.nan_to_num(x), lambda x: t.nan_to_num(x)),
    ]  # fmt: skip
    return entries + shapes_and_statistics(t) + matrices_and_transforms(t)


def shapes_and_statistics(t: Any) -> list[Entry]:
    """Return entries that rearrange elements or summarise them."""

    def apart(x):  # not constant: there the second derivatives of std are made of rounding
        return (
            x / (1 + x * x) + 3 * np.arange(2 + x.shape[-1], dtype=x.dtype)[2:]
            if isinstance(x, ag.Tensor)
            else (x / (1 + x * x) + 3 * t.arange(2, 2 + x.shape[-1], dtype=x.dtype))
        )

    return [
        Entry("swapaxes", lambda x: ag.swapaxes(x, 0, -1), lambda x: t.swapaxes(x, 0, -1), options=at_least(1)),
        Entry("moveaxis", lambda x: ag.moveaxis(x, 0, -1), lambda x: t.moveaxis(x, 0, -1), options=at_least(1)),
        Entry("squeeze", lambda x: ag.squeeze(x), lambda x: t.squeeze(x)),
        Entry("ravel", lambda x: ag.ravel(x), lambda x: t.ravel(x)),
        Entry("atleast_2d", lambda x: ag.atleast_2d(x), lambda x: t.atleast_2d(x)),
        Entry("vstack", lambda x, y: ag.vstack([x, y]), lambda x, y: t.vstack([x, y]), 2, fits=lambda a, b: a == b),
        Entry("hstack", lambda x, y: ag.hstack([x, y]), lambda x, y: t.hstack([x, y]), 2, fits=lambda a, b: a == b),
        Entry("unstack", lambda x: ag.unstack(x)[-1], lambda x: t.unbind(x)[-1],
              options=lambda rng, s: {} if s and s[0] else None),
        Entry("fliplr", lambda x: ag.fliplr(x), lambda x: t.fliplr(x), options=at_least(2)),
        Entry("rot90", lambda x: ag.rot90(x), lambda x: t.rot90(x), options=at_least(2)),
        Entry("take", lambda x: ag.take(x, [0, -1]), lambda x: x.reshape(-1)[[0, -1]],
              options=lambda rng, s: {} if np.prod(s) else None),
        Entry("take_along_axis", lambda x, axis: ag.take_along_axis(x, ag.argsort(x, axis), axis),
              lambda x, axis: t.take_along_dim(x, t.argsort(x, dim=axis, stable=True), axis), options=solid_axis),
        Entry("topk", lambda x, axis: ag.topk(x, 1, axis)[0], lambda x, axis: t.topk(x, 1, axis)[0],
              options=solid_axis),
        Entry("diag", lambda x: ag.diag(x), lambda x: t.diag(x),
              options=lambda rng, s: {} if len(s) in (1, 2) else None),
        Entry("meshgrid", lambda x, y: ag.meshgrid(x, y)[0] * 1, lambda x, y: t.meshgrid(x, y, indexing="xy")[0] * 1,
              2, fits=lambda a, b: len(a) == len(b) == 1),
        Entry("std", lambda x: ag.std(apart(x), -1), lambda x: t.std(apart(x), -1, correction=0),
              options=lambda rng, s: {} if s and s[-1] > 1 else None),
        Entry("median", lambda x, axis: ag.median(x, axis), lambda x, axis: t.quantile(x, 0.5, axis),
              options=solid_axis),
        Entry("quantile", lambda x, axis: ag.quantile(x, 0.3, axis),
              lambda x, axis: t.quantile(x, 0.3, axis), options=solid_axis),
        Entry("average", lambda x, y: ag.average(x, weights=y), lambda x, y: (x * y).sum() / y.sum(), 2, "positive",
              fits=lambda a, b: a == b and 0 not in a),
        Entry("nanmean", lambda x: ag.nanmean(x), lambda x: t.nanmean(x),
              options=lambda rng, s: {} if np.prod(s) else None),
        Entry("logcumsumexp", lambda x, axis: ag.logcumsumexp(x, axis),
              # PyTorch's own has wrong second derivatives where the incoming gradient changes sign
              lambda x, axis: t.stack(
                  [t.logsumexp(x.narrow(axis, 0, i + 1), axis) for i in range(x.shape[axis])], axis),
              options=solid_axis),
        Entry("trapezoid", lambda x: ag.trapezoid(x), lambda x: t.trapezoid(x), options=at_least(1)),
    ]  # fmt: skip


def matrices_and_transforms(t: Any) -> list[Entry]:
    """Return entries of linear algebra and Fourier transforms."""

    def square(rng, shape):
        return {} if len(shape) >= 2 and shape[-1] == shape[-2] and 0 not in shape else None

    def safe(x, eye):  # well away from singular
        return x / (1 + (x * x).sum()) + 2 * eye

    def ours(f):
        return lambda x: f(safe(x, np.eye(x.shape[-1], dtype=x.dtype)))

    def theirs(f):
        return lambda x: f(safe(x, t.eye(x.shape[-1], dtype=x.dtype)))

    last = solid_axis
    return [
        Entry("det", ours(ag.linalg.det), theirs(t.linalg.det), options=square),
        Entry("inv", ours(ag.linalg.inv), theirs(t.linalg.inv), options=square),
        Entry("slogdet", ours(lambda x: ag.linalg.slogdet(x)[1]), theirs(lambda x: t.linalg.slogdet(x)[1]),
              options=square),
        Entry("cholesky", ours(lambda x: ag.linalg.cholesky(x @ x.swapaxes(-1, -2))),
              theirs(lambda x: t.linalg.cholesky(x @ x.swapaxes(-1, -2))), options=square),
        Entry("matrix_power", ours(lambda x: ag.linalg.matrix_power(x, 3)),
              theirs(lambda x: t.linalg.matrix_power(x, 3)), options=square),
        Entry("solve", lambda x: ag.linalg.solve(safe(x, np.eye(x.shape[-1], dtype=x.dtype)), x),
              lambda x: t.linalg.solve(safe(x, t.eye(x.shape[-1], dtype=x.dtype)), x), options=square),
        Entry("trace", lambda x: np.trace(x), lambda x: t.trace(x),
              options=lambda rng, s: {} if len(s) == 2 else None),
        Entry("norm", lambda x, axis: ag.linalg.norm(x + 3, axis=axis),
              lambda x, axis: t.linalg.norm(x + 3, dim=axis), options=last),
        Entry("vecdot", lambda x, y: ag.vecdot(x, y), lambda x, y: t.linalg.vecdot(x, y), 2,
              fits=lambda a, b: bool(a) and a == b),
        Entry("inner", lambda x, y: ag.inner(x, y), lambda x, y: t.inner(x, y), 2,
              fits=lambda a, b: bool(a and b) and a[-1] == b[-1] > 0),
        Entry("fft", lambda x, axis: ag.real(ag.fft.fft(x, axis=axis)) + ag.imag(ag.fft.fft(x, axis=axis)),
              lambda x, axis: t.real(t.fft.fft(x, dim=axis)) + t.imag(t.fft.fft(x, dim=axis)), options=last),
        Entry("rfft", lambda x, axis: ag.absolute(ag.fft.rfft(x, axis=axis) + 2),
              lambda x, axis: t.abs(t.fft.rfft(x, dim=axis) + 2), options=last),
    ]  # fmt: skip


@dataclass
class Step:
    entry: Entry
    operands: tuple[int, ...]
    options: dict[str, Any]


@dataclass
class Program:
    """A program and the values of its inputs, in float64."""

    inputs: list[np.ndarray]
    steps: list[Step]

    def run(self, inputs: list[Any], ours: bool) -> Any:
        """Return one number computed from all results that nothing else used, each squeezed so that it stays small."""
        values = list(inputs)
        for step in self.steps:
            operands = [squeeze(values[i], step.entry.domain) for i in step.operands]
            values.append((step.entry.ours if ours else step.entry.theirs)(*operands, **step.options))
        used = {i for step in self.steps for i in step.operands}
        total = 0
        for i, value in enumerate(values):
            if i not in used:
                total = total + (value / (1 + value * value)).sum() * (1 + i / 7)
        return total


def draw(rng: np.random.Generator, entries: list[Entry]) -> Program:
    """Draw a program of 5 to 40 steps."""
    inputs = [rng.uniform(-2, 2, SHAPES[rng.integers(len(SHAPES))]) for _ in range(rng.integers(2, 5))]
    values: list[Any] = [ag.Tensor(x) for x in inputs]
    steps: list[Step] = []
    wanted = int(rng.integers(5, 41))
    for _ in range(20 * wanted):
        if len(steps) == wanted:
            break
        entry = entries[rng.integers(len(entries))]
        recent = len(values) - 1 - np.minimum(rng.geometric(0.3, entry.arity) - 1, len(values) - 1)
        operands = tuple(int(i) for i in recent)
        shapes = [values[i].shape for i in operands]
        options = entry.options(rng, shapes[0])
        if options is None or not entry.fits(*shapes):
            continue
        with np.errstate(all="ignore"):
            result = entry.ours(*(squeeze(values[i], entry.domain) for i in operands), **options)
        if result.size > 200 or result.ndim > 4 or not (np.abs(result.data) < 100).all():
            continue
        values.append(result)
        steps.append(Step(entry, operands, options))
    return Program(inputs, steps)
