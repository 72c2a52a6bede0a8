"""Entries of random programs: reductions, running sums, sorting, statistics, signals, polynomials."""

from collections.abc import Callable
from typing import Any

import numpy as np
from random_arrays import axis_options, both, filled_axis
from random_programs import Entry, Options, Rng, Shape, like, one_of, pick

import autograd as ag
from autograd.ops.normalizing import lookup, scale_shift, standardize


def reductions(t: Any) -> list[Entry]:
    """Return the entries, given PyTorch."""
    return [
        *_plain(t), *_masked(t), *_of_nans(t), *_cumulative(t), *_sorting(t), *_quantiles(t), *_statistics(t),
        *_normalizing(t), *_differences(t), *_convolutions(t), *_polynomials(t),
    ]  # fmt: skip


# --- plain reductions -------------------------------------------------------------------------------------------------


def axes_options(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    """Draw what reductions take: no axis, one or several, and whether the axes stay."""
    count = int(rng.integers(len(shape) + 1))
    axes = tuple(int(a) - len(shape) * int(rng.integers(2)) for a in rng.permutation(len(shape))[:count])
    return {"axis": pick(rng, (None, axes[0] if count == 1 else axes or None)), "keepdims": bool(rng.integers(2))}


def filled_axes(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    return axes_options(rng, shape) if 0 not in shape else None


def dims(x: Any, axis: Any) -> tuple[int, ...]:
    """Return the axes of a reduction in PyTorch's way."""
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def _over(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f of elements, over the last axis, for any axes: these become the last one."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
        axes = {a % x.ndim for a in dims(x, axis)} if x.ndim else set()
        kept = [a for a in range(x.ndim) if a not in axes]
        shape = [x.shape[a] for a in kept]
        result = f(
            x.permute((*kept, *sorted(axes))).reshape(*shape, int(np.prod([x.shape[a] for a in axes]))), **options
        )
        return result.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else result

    return reduced


def _plain(t: Any) -> list[Entry]:
    def variance(x: Any, ddof: int) -> Any:
        return ((x - x.mean(-1, keepdim=True)) ** 2).sum(-1) / (x.shape[-1] - ddof)

    def spread(rng: Rng, shape: Shape) -> dict[str, Any] | None:
        options = filled_axes(rng, shape)
        taken = np.prod([shape[a] for a in dims(np.empty(shape), options["axis"])]) if options else 0
        return options | {"ddof": int(rng.integers(2))} if options and taken > 1 else None

    anything = {"sum": lambda x: x.sum(-1), "prod": lambda x: x.prod(-1)}
    filled = {
        "mean": lambda x: x.mean(-1), "max": lambda x: x.amax(-1), "min": lambda x: x.amin(-1),
        "logsumexp": lambda x: x.logsumexp(-1), "ptp": lambda x: x.amax(-1) - x.amin(-1),
    }  # fmt: skip
    return [
        *(Entry(name, getattr(ag, name), _over(f), options=axes_options) for name, f in anything.items()),
        *(Entry(name, getattr(ag, name), _over(f), options=filled_axes) for name, f in filled.items()),
        Entry("var", ag.var, _over(variance), options=spread),
        Entry("std", ag.std, _over(lambda x, ddof: t.sqrt(variance(x, ddof))), domain="apart", options=spread),
        Entry("var", lambda x, axis, keepdims, ddof: ag.var(x, axis, correction=ddof, keepdims=keepdims),
              lambda x, axis, keepdims, ddof: t.var(x, axis, correction=ddof, keepdim=keepdims), options=spread),
        Entry("sum", lambda x: ag.sum(x, initial=2.0), lambda x: x.sum() + 2),
        Entry("prod", lambda x: ag.prod(x, initial=2.0), lambda x: x.prod() * 2),
        Entry("max", lambda x: ag.max(x, initial=0.5), lambda x: t.amax(t.cat([x.reshape(-1), x.new_tensor([0.5])])),
              domain="apart"),
        Entry("min", lambda x: ag.min(x, initial=-0.5), lambda x: t.amin(t.cat([x.reshape(-1), x.new_tensor([-0.5])])),
              domain="apart"),
        Entry("apply_along_axis", lambda x, axis: np.apply_along_axis(lambda v: v * v.sum(), axis, x),
              lambda x, axis: x * x.sum(axis, keepdim=True), options=filled_axis),
        Entry("apply_over_axes", lambda x: np.apply_over_axes(np.mean, x, (0, -1)),
              lambda x: x.mean((0, -1), keepdim=True), fits=lambda s: len(s) > 1 and 0 not in s),
        Entry("softmax", ag.softmax, lambda x, axis: t.softmax(x, axis), options=filled_axis),
        Entry("log_softmax", ag.log_softmax, lambda x, axis: t.log_softmax(x, axis), options=filled_axis),
        Entry("softmax", lambda x: ag.softmax(x, (0, -1)), lambda x: t.softmax(x.reshape(-1), 0).reshape(x.shape),
              fits=lambda s: len(s) == 2 and 0 not in s),
    ]  # fmt: skip


# --- reductions of some elements --------------------------------------------------------------------------------------

MASKS = {  # some of each row, at least two
    (2, 3): np.array([[True, False, True], [True, True, True]]),
    (3, 4): np.array([[True, True, False, True], [False, True, True, False], [True, True, True, True]]),
}


def _of_rows(t: Any) -> dict[str, Callable[[Any], Any]]:
    """Return what the reductions give of one vector."""

    def variance(row: Any) -> Any:
        return ((row - row.mean()) ** 2).mean()

    return {
        "sum": t.sum, "prod": t.prod, "mean": t.mean, "max": t.amax, "min": t.amin, "var": variance,
        "std": lambda row: t.sqrt(variance(row)), "median": lambda row: t.quantile(row, 0.5),
        "quantile": lambda row: t.quantile(row, 0.3), "percentile": lambda row: t.quantile(row, 0.6),
    }  # fmt: skip


def _rows(t: Any, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return f of what the masks leave of each row."""
    return lambda x: t.stack([f(row[t.tensor(mask)]) for row, mask in zip(x, MASKS[tuple(x.shape)], strict=True)])


def _masked(t: Any) -> list[Entry]:
    molds = tuple((shape,) for shape in MASKS)
    initial = {"max": {"initial": -99.0}, "min": {"initial": 99.0}}

    def ours(name: str) -> Callable[[Any], Any]:
        return lambda x: getattr(ag, name)(x, axis=1, where=MASKS[x.shape], **initial.get(name, {}))

    names = ("sum", "prod", "mean", "max", "min", "var", "std")
    return [Entry(n, ours(n), _rows(t, _of_rows(t)[n]), domain="apart", molds=molds) for n in names]


def _of_nans(t: Any) -> list[Entry]:
    """Return entries of reductions that leave nans out: these stand where the masks are false."""
    molds = tuple((shape,) for shape in MASKS)
    more: dict[str, dict[str, Any]] = {"quantile": {"q": 0.3}, "percentile": {"q": 60}}

    def holed(x: Any) -> Any:
        return x + like(x, np.where(MASKS[x.shape], 0, np.nan))

    def ours(name: str) -> Callable[[Any], Any]:
        return lambda x: getattr(ag, f"nan{name}")(holed(x), axis=1, **more.get(name, {}))

    def filled(x: Any, number: float) -> Any:
        return t.where(t.tensor(MASKS[tuple(x.shape)]), x, number)

    return [
        *(Entry(f"nan{n}", ours(n), _rows(t, f), domain="apart", molds=molds) for n, f in _of_rows(t).items()),
        *(Entry(f"nan{n}", lambda x, n=n: getattr(ag, f"nan{n}")(holed(x)),
                lambda x, f=f: f(x[t.tensor(MASKS[tuple(x.shape)])]), domain="apart", molds=molds)
          for n, f in _of_rows(t).items() if n not in more),
        Entry("nancumsum", lambda x: ag.nancumsum(holed(x), axis=1), lambda x: t.cumsum(filled(x, 0.0), 1),
              molds=molds),
        Entry("nancumprod", lambda x: ag.nancumprod(holed(x), axis=0), lambda x: t.cumprod(filled(x, 1.0), 0),
              molds=molds),
    ]  # fmt: skip


# --- running sums and products ----------------------------------------------------------------------------------------


def _cumulative(t: Any) -> list[Entry]:
    def prefixes(f: Callable[..., Any]) -> Callable[..., Any]:
        # PyTorch's own logcumsumexp has wrong second derivatives where the incoming gradient changes sign
        return lambda x, axis: t.stack([f(x.narrow(axis, 0, i + 1), axis) for i in range(x.shape[axis])], axis)

    def started(f: Callable[..., Any], start: float) -> Callable[..., Any]:
        def function(x: Any, axis: int) -> Any:
            before = t.full_like(x.sum(axis, keepdim=True).detach(), start)
            return t.cat([before, f(x, axis)], axis)

        return function

    def initial(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, axis: f(x, axis=axis, include_initial=True)

    return [
        Entry("cumsum", ag.cumsum, lambda x, axis: t.cumsum(x, axis), options=axis_options),
        Entry("cumsum", ag.cumsum, lambda x: t.cumsum(x.reshape(-1), 0)),
        Entry("cumprod", ag.cumprod, lambda x, axis: t.cumprod(x, axis), options=filled_axis),
        Entry("cumprod", ag.cumprod, lambda x: t.cumprod(x.reshape(-1), 0)),
        Entry("cumulative_sum", ag.cumulative_sum, lambda x, axis: t.cumsum(x, axis), options=axis_options),
        Entry("cumulative_sum", initial(ag.cumulative_sum), started(t.cumsum, 0), options=axis_options),
        Entry("cumulative_prod", ag.cumulative_prod, lambda x, axis: t.cumprod(x, axis), options=filled_axis),
        Entry("cumulative_prod", initial(ag.cumulative_prod), started(t.cumprod, 1), options=filled_axis),
        Entry("logcumsumexp", ag.logcumsumexp, prefixes(t.logsumexp), options=filled_axis),
    ]  # fmt: skip


# --- sorting ----------------------------------------------------------------------------------------------------------


def _kth(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    options = filled_axis(rng, shape)
    return options and options | {"k": int(rng.integers(shape[options["axis"]]))}


def _sorting(t: Any) -> list[Entry]:
    def ordered(x: Any, axis: int) -> Any:
        return t.sort(x, dim=axis, stable=True)[0]

    def partitioned(x: Any, axis: int, k: int) -> Any:
        """The kth element, and the others, which have no order, as a sum on each side."""
        parts = ag.split(ag.partition(x, k, axis), [k, k + 1], axis)
        return ag.stack([part.sum(axis) for part in parts])

    def parts(x: Any, axis: int, k: int) -> Any:
        n = x.shape[axis]
        pieces = t.split(ordered(x, axis), [k, 1, n - k - 1], axis)
        return t.stack([piece.sum(axis) for piece in pieces])

    def best(m: Any) -> Callable[..., Any]:
        return lambda x, axis, k, largest: m.topk(x, k + 1, axis, largest)[0]

    return [
        Entry("sort", ag.sort, ordered, options=filled_axis),
        Entry("sort", lambda x: ag.sort(x, None), lambda x: ordered(x.reshape(-1), 0), domain="apart"),
        Entry("take_along_axis", lambda x, axis: ag.take_along_axis(x, ag.argsort(x, axis, stable=True), axis), ordered,
              options=filled_axis),
        Entry("partition", partitioned, parts, domain="apart", options=_kth),
        Entry("topk", best(ag), best(t), domain="apart", options=both(_kth, one_of(largest=(True, False)))),
    ]  # fmt: skip


# --- order statistics -------------------------------------------------------------------------------------------------

METHODS = (
    "linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf",
    "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
)  # fmt: skip


def _quantiles(t: Any) -> list[Entry]:
    def quantile(x: Any, q: Any, method: str) -> Any:
        """Interpolate between sorted elements where NumPy's quantile of the positions says."""
        ordered = t.sort(x, dim=-1)[0]
        positions = np.quantile(np.arange(float(x.shape[-1])), q, method=method)
        below = np.floor(positions + 1e-9).astype(int)
        above = np.minimum(below + 1, x.shape[-1] - 1)
        share = x.new_tensor(positions - below)
        picked = ordered[..., below] * (1 - share) + ordered[..., above] * share
        return picked if np.ndim(q) == 0 else picked.movedim(-1, 0)

    def theirs(x: Any, axis: Any, keepdims: bool, q: Any, method: str) -> Any:
        result = [_over(quantile)(x, axis, keepdims, q=single, method=method) for single in np.atleast_1d(q)]
        return t.stack(result) if np.ndim(q) else result[0]

    options = both(filled_axes, one_of(q=(0.3, 0.0, 1.0, 0.5, [0.2, 0.7]), method=METHODS))
    return [
        Entry("quantile", lambda x, **o: ag.quantile(x, **o).astype(x.dtype), theirs, domain="apart", options=options),
        Entry("percentile", lambda x, q, **o: ag.percentile(x, np.multiply(q, 100), **o).astype(x.dtype), theirs,
              domain="apart",
              options=options),
        Entry("median", ag.median, _over(lambda x: quantile(x, 0.5, "linear")), domain="apart", options=filled_axes),
        Entry("median", ag.median, lambda x, axis: t.quantile(x, 0.5, axis), options=filled_axis),
    ]  # fmt: skip


# --- statistics -------------------------------------------------------------------------------------------------------


def _statistics(t: Any) -> list[Entry]:
    def covariance(x: Any, ddof: int) -> Any:
        return t.cov(x, correction=ddof)

    weights = np.array([1.0, 2.0, 0.5])
    counts = np.array([1, 2, 3])
    return [
        Entry("average", ag.average, _over(lambda x: x.mean(-1)), options=filled_axes),
        Entry("average", lambda x, y: ag.average(x, weights=y), lambda x, y: (x * y).sum() / y.sum(), 2, "positive",
              fits=lambda a, b: a == b and 0 not in a),
        Entry("average", lambda x, y, i: ag.average(x, axis=1, weights=y, returned=True)[i],
              lambda x, y, i: ((x * y).sum(1) / y.sum(), y.sum().expand(x.shape[0]))[i], 2, ("any", "positive"),
              options=one_of(i=(0, 1)), molds=(((2, 3), (3,)),)),
        Entry("cov", lambda x, ddof: ag.cov(x, ddof=ddof, dtype=x.dtype), covariance, options=one_of(ddof=(0, 1)),
              molds=(((2, 3),), ((3, 4),), ((3,),))),
        Entry("cov", lambda x, y: ag.cov(x, y, bias=True, dtype=x.dtype),
              lambda x, y: t.cov(t.stack([x, y]), correction=0), 2, molds=(((3,), (3,)),)),
        Entry("cov", lambda x: ag.cov(x, rowvar=False, fweights=counts, aweights=weights).astype(x.dtype),
              lambda x: t.cov(x.mT, fweights=t.tensor(counts), aweights=x.new_tensor(weights)), molds=(((3, 2),),)),
        Entry("corrcoef", lambda x: ag.corrcoef(x, dtype=x.dtype), t.corrcoef, domain="apart",
              molds=(((2, 4),), ((3, 3),))),
        Entry("bincount", lambda x: ag.bincount([0, 2, 2, 1], x, 5).astype(x.dtype),
              lambda x: t.stack([x[0], x[3], x[1] + x[2], x[0] * 0, x[0] * 0]), molds=(((4,),),)),
    ]  # fmt: skip


def _normalizing(t: Any) -> list[Entry]:
    def standardized(x: Any, i: int, axis: tuple[int, ...], eps: float, centered: bool) -> Any:
        mean = x.mean(axis, keepdim=True) * centered
        variance = ((x - mean) ** 2).mean(axis, keepdim=True)
        return ((x - mean) / t.sqrt(variance + eps), mean, variance)[i]

    return [
        Entry("standardize", lambda x, i, **o: standardize(x, **o)[i], standardized, domain="apart",
              options=one_of(i=(0, 0, 1, 2), axis=((0,), (-1,), (0, 1)), eps=(1e-5, 0.1), centered=(True, False)),
              molds=(((2, 3),), ((3, 4, 2),))),
        Entry("scale_shift", scale_shift, lambda x, scale, shift: x * scale + shift, 3),
        Entry("lookup", lambda x, **o: lookup(x, np.array([[0, 3], [1, 1]]), **o),
              lambda x, **o: t.nn.functional.embedding(t.tensor([[0, 3], [1, 1]]), x, **o),
              options=one_of(padding_idx=(None, 1)), molds=(((4, 2),),)),
    ]  # fmt: skip


# --- differences and integrals ----------------------------------------------------------------------------------------


def linear(t: Any, f: Callable[..., Any]) -> Callable[..., Any]:
    """Return for PyTorch the linear function that f is in NumPy: of each unit array, times the elements."""

    def function(x: Any, **options: Any) -> Any:
        units = np.eye(x.numel()).reshape(-1, *x.shape)
        columns = np.stack([f(unit, **options) for unit in units])
        return t.tensordot(x.reshape(-1), x.new_tensor(columns), 1)

    return function


def _two_long(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    options = filled_axis(rng, shape)
    return options if options and shape[options["axis"]] > 1 else None


def _differences(t: Any) -> list[Entry]:
    spots = np.array([-0.13, 0.51, 1.87, 2.59])  # no numbers that others come out as
    lines = (((4,),), ((2, 4),))

    def slopes(name: str, f: Callable[..., Any], **how: Any) -> Entry:
        return Entry(name, lambda x, **o: f(ag, x, **o), linear(t, lambda x, **o: f(np, x, **o)), **how)

    return [
        Entry("diff", ag.diff, lambda x, axis: t.diff(x, dim=axis), options=axis_options),
        Entry("diff", lambda x, y, axis, n: ag.diff(x, n, axis, y, y), _diff_between(t), 2,
              options=one_of(axis=(0, -1), n=(0, 1, 2, 3)), molds=(((3, 2), (3, 2)), ((3,), (2,)))),
        Entry("ediff1d", ag.ediff1d, lambda x: t.diff(x.reshape(-1))),
        Entry("ediff1d", lambda x, y: ag.ediff1d(x, y, y * 2),
              lambda x, y: t.cat([y.reshape(-1) * 2, t.diff(x.reshape(-1)), y.reshape(-1)]), 2, fits=lambda a, b: True),
        slopes("gradient", lambda m, x, edge_order: m.gradient(x, 0.5, axis=-1, edge_order=edge_order),
               options=one_of(edge_order=(1, 2)), molds=lines),
        slopes("gradient", lambda m, x, edge_order: m.gradient(x, spots, axis=-1, edge_order=edge_order),
               options=one_of(edge_order=(1, 2)), molds=lines),
        slopes("gradient", lambda m, x, i: m.gradient(x)[i], options=one_of(i=(0, 1)), molds=(((2, 3),),)),
        Entry("trapezoid", lambda x, axis: ag.trapezoid(x, dx=0.5, axis=axis),
              lambda x, axis: t.trapezoid(x, dx=0.5, dim=axis),
              options=axis_options),
        Entry("trapezoid", lambda x, y: ag.trapezoid(x, y), lambda x, y: t.trapezoid(x, y), 2,
              fits=lambda a, b: bool(a) and a == b and 0 not in a),
        Entry("interp", lambda x, f: ag.interp(x, spots, f).astype(x.dtype), _interpolate(t, spots), 2,
              molds=(((3,), (4,)), ((), (4,)))),
        Entry("interp", lambda x, f: ag.interp(x, spots, f, left=1.5, right=-1.0).astype(x.dtype),
              _interpolate(t, spots, 1.5, -1.0), 2,
              molds=(((2, 2), (4,)),)),
        Entry("interp", lambda x, f, y: ag.interp(x, ag.cumsum(y), f).astype(x.dtype), _interpolate_at(t), 3,
              ("any", "any", "positive"),
              molds=(((3,), (4,), (4,)),)),
    ]  # fmt: skip


def _diff_between(t: Any) -> Callable[..., Any]:
    return lambda x, y, axis, n: t.diff(t.cat([y, x, y], axis), n, axis) if n else x * 1


def _interpolate_at(t: Any, left: float | None = None, right: float | None = None) -> Callable[..., Any]:
    """Return the definition: straight lines between the points (p, f), constants outside."""

    def function(x: Any, f: Any, y: Any) -> Any:
        p = t.cumsum(y, 0)
        i = t.clip(t.searchsorted(p.detach(), x.detach(), right=True) - 1, 0, len(p) - 2)
        line = f[i] + (f[i + 1] - f[i]) / (p[i + 1] - p[i]) * (x - p[i])
        low = f[0] if left is None else x.new_tensor(left)
        high = f[-1] if right is None else x.new_tensor(right)
        return t.where(x < p[0], low, t.where(x > p[-1], high, line))

    return function


def _interpolate(t: Any, spots: np.ndarray, *ends: float) -> Callable[..., Any]:
    steps = np.diff(spots, prepend=0)
    return lambda x, f: _interpolate_at(t, *ends)(x, f, x.new_tensor(steps))


# --- convolutions -----------------------------------------------------------------------------------------------------


def _full(t: Any, a: Any, v: Any) -> Any:
    """Return the sums of a[i] * v[k - i] for all k."""
    n, m = len(a), len(v)
    products = a[:, None] * v
    return t.stack([sum(products[i, k - i] for i in range(n) if 0 <= k - i < m) for k in range(n + m - 1)])


def _convolutions(t: Any) -> list[Entry]:
    def section(name: str, turned: bool) -> Callable[..., Any]:
        """The part that NumPy gives, found by what it does to numbers that say where they come from."""

        def function(a: Any, v: Any, mode: str) -> Any:
            rng = np.random.default_rng(5)
            x, y = rng.random(len(a)), rng.random(len(v))
            whole = np.convolve(x, y[::-1] if turned else y)
            part = getattr(np, name)(x, y, mode)
            if np.isclose(whole[:, None], part).sum() != len(part):
                raise AssertionError("these numbers do not tell")
            places = np.argmin(np.abs(whole[:, None] - part), axis=0)
            return _full(t, a, v.flip(0) if turned else v)[places]

        return function

    molds = (((4,), (3,)), ((2,), (4,)), ((3,), (3,)), ((1,), (2,)))
    modes: Options = one_of(mode=("full", "same", "valid"))
    return [
        Entry("convolve", ag.convolve, section("convolve", False), 2, options=modes, molds=molds),
        Entry("correlate", ag.correlate, section("correlate", True), 2, options=modes, molds=molds),
    ]  # fmt: skip


# --- polynomials ------------------------------------------------------------------------------------------------------


def _polynomials(t: Any) -> list[Entry]:
    def zeros(p: Any) -> Any:
        """The eigenvalues of the companion matrix."""
        first = -p[1:] / p[0]
        return t.linalg.eigvals(t.cat([first[None], t.eye(2, 3, dtype=p.dtype)]))

    def separate(p: Any) -> Any:
        """Coefficients near those of (x - 1) (x - 2.5) (x - 4)."""
        return p / (1 + p * p) * 0.2 + like(p, [1, -7.5, 16.5, -10])

    def fitted(x: Any, y: Any) -> Any:
        return t.linalg.pinv(t.stack([x * x, x, 0 * x + 1], -1)) @ y

    def longer(p: Any) -> Any:
        return t.cat([p.new_zeros(2), p])

    one, two = (((4,),), ((2,),)), (((4,), (2,)),)
    return [
        Entry("poly", np.poly,
              lambda x: _full(t, _full(t, t.stack([x[0] * 0 + 1, -x[0]]), t.stack([x[0] * 0 + 1, -x[1]])),
              t.stack([x[0] * 0 + 1, -x[2]])), molds=(((3,),),)),
        Entry("polyadd", np.polyadd, lambda p, q: p + longer(q), 2, molds=two),
        Entry("polysub", np.polysub, lambda p, q: p - longer(q), 2, molds=two),
        Entry("polymul", np.polymul, lambda p, q: _full(t, p, q), 2, "away", molds=two),
        Entry("polyder", np.polyder, lambda p, m: p[: len(p) - m] * _factors(p, m), options=one_of(m=(0, 1, 2)),
              molds=(((4,),),)),
        Entry("polyint", lambda p, k: np.polyint(p, 1, k), lambda p, k: t.cat([p / _descending(p), p.new_tensor([k])]),
              options=one_of(k=(0.0, 1.5)), molds=one),
        Entry("polyfit", lambda x, y: np.polyfit(x, y, 2), fitted, 2, ("apart", "any"),
              molds=(((4,), (4,)), ((5,), (5, 2)))),
        Entry("roots", lambda p: (abs(np.roots(separate(p))) ** 3).sum(),
              lambda p: (abs(zeros(separate(p))) ** 3).sum(),
              molds=(((4,),),)),
        Entry("vander", lambda x: np.vander(x, 4), lambda x: t.stack([x**3, x * x, x, 0 * x + 1], -1), molds=one),
        Entry("trim_zeros", lambda x: np.trim_zeros(np.pad(x, (2, 1))), lambda x: x * 1, domain="away", molds=one),
    ]  # fmt: skip


def _descending(p: Any) -> Any:
    """Return n, n - 1, ..., 1 for a vector of n elements."""
    return like(p, np.arange(len(p), 0, -1))


def _factors(p: Any, m: int) -> Any:
    """Return what a derivative of order m multiplies coefficients by."""
    powers = np.arange(len(p) - 1, m - 1, -1)
    return like(p, np.prod([powers - i for i in range(m)], axis=0) * np.ones(len(powers)))
