"""Sorting, medians, quantiles, averages, covariances: values beside NumPy's, derivatives beside PyTorch's."""

import itertools
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.checking import gradcheck, gradgradcheck
from autograd.ops import complex_numbers, nan_aware, sorting, statistics  # noqa: F401  complex_numbers: registered
from autograd.primitive import REGISTRY

RNG = np.random.default_rng(5)
NAN, INF = np.nan, np.inf
X = RNG.normal(size=(3, 4))
TIES = np.array([[2.0, 1.0, 2.0, 1.0], [3.0, 3.0, 3.0, 3.0], [0.0, -1.0, 5.0, 0.0]])
NANS = np.where(RNG.random((3, 4)) > 0.7, NAN, X)
ARRAYS = [
    X, X.astype(np.float32), RNG.integers(-3, 4, (3, 4)), TIES, NANS, RNG.normal(size=(2, 3, 4)), RNG.normal(size=5),
    np.array([1.5]), np.array(2.5), np.ones((0, 3)), np.array([[1.0, INF], [-INF, 2.0]]), np.array([NAN, NAN]),
]  # fmt: skip
AXES = [{}, *({"axis": a} for a in (None, 0, 1, -1, (0, 1), (-1, 0), (), 5))]
KEEP = [{}, {"keepdims": True}]
METHODS = [
    "linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
]  # fmt: skip


def outcome(f, *args, **options):
    """Return what a call gives: its result or the class of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*args, **options)
        except Exception as error:
            return type(error)


def assert_same(got, want, tensor, what):
    """Check values, shape and dtype; `want` is NumPy's."""
    if isinstance(want, type):
        assert isinstance(got, type), f"{what}: {got} instead of {want}"
        assert issubclass(got, (want, ValueError, TypeError, IndexError)), f"{what}: {got} instead of {want}"
        return
    assert not isinstance(got, type), f"{what}: {got} instead of {want}"
    assert isinstance(got, Tensor) is tensor, what
    values, want = got.detach().numpy() if tensor else np.asarray(got), np.asarray(want)
    assert values.shape == want.shape, f"{what}: shape {values.shape} instead of {want.shape}"
    assert values.dtype == want.dtype, f"{what}: {values.dtype} instead of {want.dtype}"
    tolerance = 1e-5 if "float32" in what else 1e-12
    assert_allclose(values, want, rtol=tolerance, atol=tolerance, err_msg=what)


def combined(*parts):
    """Return every combination of one dict of each part, merged."""
    return [dict(itertools.chain(*(d.items() for d in each))) for each in itertools.product(*parts)]


QS = [{"q": 0.3}, {"q": 1}, {"q": [0.0, 0.25, 1.0]}, {"q": np.array([[0.5], [0.9]])}, {"q": 1.5}]
CALLS = {
    "sort": combined([{}, *({"axis": a} for a in (None, 0, -1, 5))], [{}, {"kind": "stable"}, {"stable": True}]),
    "partition": combined([{"kth": 0}, {"kth": -1}, {"kth": 7}], [{}, {"axis": 0}, {"axis": None}]),
    "ptp": combined(AXES, KEEP),
    "median": combined(AXES, KEEP),
    "nanmedian": combined(AXES, KEEP),
    "quantile": combined(AXES, KEEP, QS),
    "nanquantile": combined(AXES[:5], KEEP, QS),
    "percentile": combined(AXES[:4], [{"q": 40}, {"q": [0, 50.0]}, {"q": 120}]),
    "nanpercentile": combined(AXES[:4], [{"q": 40}, {"q": [0, 50.0]}, {"q": 120}]),
    "average": combined(AXES, KEEP),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_values_dtypes_and_errors_are_numpys(name):
    theirs, ours = getattr(np, name), REGISTRY[name].function
    for x, options in itertools.product(ARRAYS, CALLS[name]):
        if not x.size and (name == "average" or "q" in options or options.get("axis") == ()):
            continue  # NumPy forgets the axes of q, or divides by the size, or reshapes to -1
        if "q" in options and np.isinf(x).any():
            continue  # NumPy: nan, if infinity is the nearer neighbour
        what = f"{name} of {x.dtype}{x.shape} {x.tolist()} with {options}"
        want = outcome(theirs, x, **options)
        leaf = Tensor(x, requires_grad=x.dtype.kind == "f")
        for f, arg in ((theirs, leaf), (ours, leaf), (ours, x)):
            got = outcome(f, arg, **options)
            assert_same(got, want, isinstance(arg, Tensor), what)
            if isinstance(got, Tensor) and got.size:
                assert got.requires_grad == (leaf.requires_grad and got.dtype.kind == "f"), what


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_quantiles(method):
    for n in (1, 2, 3, 5, 8):
        x = RNG.permutation(n) * 1.5 + RNG.random(n) / 2
        for q in (0, 0.1, 0.25, 0.5, 0.55, 0.9, 1, np.linspace(0, 1, 11)):
            for theirs in (np.quantile, np.nanquantile):
                got = theirs(Tensor(x, requires_grad=True), q, method=method)
                assert_allclose(got.detach().numpy(), theirs(x, q, method=method), err_msg=f"{n} {q}")
    leaf = Tensor(x, requires_grad=True)
    assert gradcheck(lambda x: np.quantile(x, [0.15, 0.5, 0.77], method=method), (leaf,))
    assert gradgradcheck(lambda x: np.quantile(x, [0.15, 0.5, 0.77], method=method) ** 2, (leaf,))


def test_what_is_not_supported_raises():
    x = Tensor(X, requires_grad=True)
    for call in (
        lambda: np.quantile(x, 0.5, weights=X), lambda: np.sort(x, order="f"),
        lambda: np.median(x, overwrite_input=True),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            call()
    with pytest.raises(RuntimeError, match="needs a gradient"):
        np.quantile(X, Tensor(0.5, requires_grad=True))
    with pytest.raises(ValueError, match="k=5 elements along an axis of 4"):
        sorting.topk(x, 5)


# --- derivatives ------------------------------------------------------------------------------------------------------

AGAINST_TORCH = {
    "sort": (lambda x: np.sort(x) ** 2, lambda t, x: t.sort(x, -1)[0] ** 2, X),
    "sort, ties": (lambda x: np.sort(x) ** 2, lambda t, x: t.sort(x, dim=-1, stable=True)[0] ** 2, TIES),
    "sort, first axis": (lambda x: np.sort(x, 0) ** 2, lambda t, x: t.sort(x, 0)[0] ** 2, X),
    "sort of all": (lambda x: np.sort(x, None) ** 2, lambda t, x: t.sort(x.ravel())[0] ** 2, X),
    "sort, nan": (lambda x: np.sort(x)[:, 0], lambda t, x: t.sort(x, -1)[0][:, 0], NANS),
    "topk": (lambda x: sorting.topk(x, 2)[0] ** 2, lambda t, x: t.topk(x, 2)[0] ** 2, X),
    "topk, smallest": (
        lambda x: sorting.topk(x, 2, 0, False)[0] ** 2, lambda t, x: t.topk(x, 2, 0, False)[0] ** 2, X),
    "median of an odd number": (lambda x: np.median(x, 0) ** 2, lambda t, x: t.median(x, 0)[0] ** 2, X),
    "median of an even number": (lambda x: np.median(x, 1) ** 2, lambda t, x: t.quantile(x, 0.5, 1) ** 2, X),
    "nanmedian": (lambda x: np.nanmedian(x, 1) ** 2, lambda t, x: t.nanquantile(x, 0.5, 1) ** 2, NANS),
    "nanquantile": (lambda x: np.nanquantile(x, [0.3, 0.8], 1) ** 2,
        lambda t, x: t.nanquantile(x, t.tensor([0.3, 0.8], dtype=x.dtype), 1) ** 2, NANS),
    "cov": (lambda x: np.cov(x), lambda t, x: t.cov(x), X),
    "cov with weights": (
        lambda x: np.cov(x, fweights=[1, 2, 1, 3], aweights=[0.5, 1, 2, 1]),
        lambda t, x: t.cov(x, fweights=t.tensor([1, 2, 1, 3]), aweights=t.tensor([0.5, 1, 2, 1], dtype=x.dtype)), X),
    "corrcoef": (lambda x: np.corrcoef(x), lambda t, x: t.corrcoef(x), X),
    **{
        f"quantile, {method}": (
            lambda x, m=method: np.quantile(x, [0.2, 0.5, 1], axis=1, method=m) ** 2,
            lambda t, x, m=method: t.quantile(x, t.tensor([0.2, 0.5, 1], dtype=x.dtype), 1, interpolation=m) ** 2, X)
        for method in ("linear", "lower", "higher", "nearest", "midpoint")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", AGAINST_TORCH)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_derivatives_are_pytorchs(name, dtype):
    torch = pytest.importorskip("torch")
    if dtype == np.float32 and "co" in name:
        pytest.skip("float64 in NumPy")
    mine, theirs, x = AGAINST_TORCH[name]
    x = x.astype(dtype)
    leaf, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, t = mine(leaf), theirs(torch, other)
    y = y.astype(dtype)  # float64, as in NumPy, where q is a list
    tolerance = {"rtol": 1e-9, "atol": 1e-9} if dtype == np.float64 else {"rtol": 1e-4, "atol": 1e-4}
    assert_allclose(y.detach().numpy(), t.detach().numpy(), **tolerance)
    seed = np.cos(np.arange(y.size)).reshape(y.shape).astype(dtype)
    (first,) = torch.autograd.grad(t, other, torch.tensor(seed), create_graph=True)
    y.backward(Tensor(seed, requires_grad=True), create_graph=True)
    gradient, leaf.grad = leaf.grad, None
    assert_allclose(gradient.data, first.detach().numpy(), **tolerance)
    if not first.requires_grad:
        return
    (second,) = torch.autograd.grad((first * torch.tensor(np.sin(1 + x * 0))).sum(), other)
    (gradient * np.sin(1 + x * 0)).sum().backward()
    assert_allclose(leaf.grad.data, second.numpy(), **tolerance)


def gradient(f, x, dtype=np.float64):
    leaf = Tensor(np.array(x, dtype), requires_grad=True)
    y = f(leaf)
    y.backward(np.ones_like(y.data))
    return leaf.grad.data


def test_median_with_ties_and_nans():
    torch = pytest.importorskip("torch")
    # One of equal elements gets the gradient, as in PyTorch; which one is a choice of each library.
    for x in ([3.0, 1.0, 3.0, 3.0, 3.0], [1.0, 1.0, 2.0, 2.0], [5.0, 5.0, 5.0, 5.0], [2.0, 1.0, 2.0, 3.0]):
        t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        torch.quantile(t, 0.5).backward()
        mine = gradient(np.median, x)
        for value in set(x):
            there = np.array(x) == value
            assert_allclose(mine[there].sum(), t.grad.numpy()[there].sum())
        assert set(mine) <= {0.0, 0.5, 1.0}
    # A nan makes the result, and gets the gradient.
    for f in (np.median, lambda x: np.quantile(x, 0.3), lambda x: np.percentile(x, 30, method="lower")):
        assert gradient(f, [3.0, NAN, 1.0]).tolist() == [0, 1, 0]
    assert gradient(lambda x: np.median(x, 1), [[3.0, NAN, 1.0], [1.0, 2.0, 3.0]]).tolist() == [[0, 1, 0], [0, 1, 0]]


def test_quantiles_that_leave_nans_out():
    x = [[3.0, NAN, 1.0, 2.0], [NAN, NAN, NAN, NAN], [NAN, 4.0, 2.0, NAN]]
    for f, second in (
        (lambda x: np.nanmedian(x, 1), 0.5), (lambda x: np.nanquantile(x, 0.5, 1), 0.5),
        (lambda x: np.nanpercentile(x, 50, 1), 0.5), (lambda x: np.nanquantile(x, 0.5, 1, method="higher"), 1),
    ):  # fmt: skip
        with pytest.warns(RuntimeWarning, match="All-NaN"):
            found = gradient(f, x)
        assert found.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [0, second, 1 - second, 0]]
    leaf = Tensor(np.array(x[::2]), requires_grad=True)
    y = np.nanquantile(leaf, [[0.1, 0.9]], axis=1, keepdims=True)
    assert_allclose(y.detach().numpy(), np.nanquantile(leaf.data, [[0.1, 0.9]], axis=1, keepdims=True))


def test_medians_and_quantiles_at_infinity():
    assert np.median(Tensor([INF, INF])).item() == INF
    for aware in (np.quantile, np.nanquantile):  # NumPy has nan for some of these
        assert aware(Tensor([-INF, 1.0, INF]), [0, 0.5, 1]).tolist() == [-INF, 1, INF]
        assert aware(Tensor([-INF, 1.0, INF]), [0, 0.1, 0.5, 0.6, 1]).tolist() == [-INF, -INF, 1, INF, INF]
        assert aware(Tensor([INF, INF]), 0.3).item() == INF
    for empty in (np.quantile, np.percentile):
        with pytest.raises(IndexError):
            empty(Tensor(np.ones((2, 0))), 0.5, axis=1)


def test_medians_of_nothing():
    for f in (np.median, np.nanmedian):
        with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="Mean of empty slice"):
            assert np.isnan(f(Tensor(np.ones((2, 0))), axis=1).data).all()


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_partitions_have_numpys_order_and_send_gradients_back_by_it(axis, dtype):
    x = RNG.permutation(60).reshape(3, 20).astype(dtype)
    kth = (0,) if axis == 0 else (4, 11)
    leaf = Tensor(x, requires_grad=True)
    y = np.partition(leaf, kth, axis)
    assert_array_equal(y.detach().numpy(), np.partition(x, kth, axis))
    y.backward(y.detach() * 2)
    assert_array_equal(leaf.grad.data, 2 * x)


def test_topk():
    torch = pytest.importorskip("torch")
    for k, axis, largest in itertools.product((0, 1, 2, 3), (0, -1), (True, False)):
        values, places = sorting.topk(X, k, axis, largest)
        expected = torch.topk(torch.tensor(X), k, axis, largest)
        assert_array_equal(values, expected[0].numpy())
        assert_array_equal(places, expected[1].numpy())
    values, places = sorting.topk(Tensor([1, 3, 2]), 2)
    assert values.tolist() == [3, 2]
    assert places.tolist() == [1, 2]
    assert sorting.topk(np.array([1.0, NAN, 2.0]), 2)[1].tolist() == [1, 2]  # nan is the largest, as in PyTorch
    assert gradient(lambda x: sorting.topk(x, 2)[0], [1.0, 1.0, 1.0]).sum() == 2


def test_sorting_in_place_is_the_method():
    x = Tensor([3.0, 1.0, 2.0])
    assert x.sort() is None
    assert x.tolist() == [1, 2, 3]
    leaf = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    y = leaf * 2
    y.sort()
    y.backward([1.0, 10.0, 100.0])
    assert leaf.grad.tolist() == [200, 2, 20]
    with pytest.raises(RuntimeError, match="leaf"):
        leaf.sort()
    y = leaf * 2
    y.partition(0)
    assert y[0].item() == 2


def test_plain_values():
    x = Tensor(X, requires_grad=True)
    assert_array_equal(sorting.argsort(x, 0).data, np.argsort(X, 0))
    assert_array_equal(sorting.argpartition(x, 1).data, np.argpartition(X, 1))
    row = np.sort(X[0])
    assert_array_equal(sorting.searchsorted(Tensor(row), x, "right").data, np.searchsorted(row, X, "right"))
    order = sorting.argsort(Tensor(X[0]))
    assert_array_equal(sorting.searchsorted(X[0], X[1], sorter=order).data, np.searchsorted(row, X[1]))
    assert_array_equal(np.digitize(x, row).data, np.digitize(X, row))
    assert REGISTRY["count_nonzero"].function(x > 0, 1).tolist() == np.count_nonzero(X > 0, 1).tolist()
    assert REGISTRY["count_nonzero"].function(x > 0).item() == np.count_nonzero(X > 0)
    weights = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    y = sorting.bincount(np.array([0, 2, 0]), weights, 4)
    assert y.tolist() == [4, 0, 2, 0]
    y.backward(np.array([1.0, 2.0, 3.0, 4.0]))
    assert weights.grad.tolist() == [1, 3, 1]


# --- averages and covariances -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_weighted_averages(dtype):
    x = RNG.integers(1, 9, (2, 3, 4)).astype(dtype)
    w = RNG.integers(1, 9, (2, 3, 4)).astype(dtype)
    for weights, axis, keepdims in (
        (w, None, False), (w, 1, True), (w, (0, 2), True), (w[0, 0], -1, False), (w[0, :, 0], 1, True),
        (w[:, :, 0].T, (1, 0), False), (w[:, 0, :], (0, -1), True), (None, 0, True),
    ):  # fmt: skip
        want = np.average(x, axis, weights, True, keepdims=keepdims)
        for arg in (x, Tensor(x)):
            got = np.average(arg, axis, weights, True, keepdims=keepdims) if arg is not x else statistics.average(
                x, axis, weights, True, keepdims=keepdims)  # fmt: skip
            for a, b in zip(got, want, strict=True):
                assert isinstance(a, Tensor) == isinstance(arg, Tensor) or weights is not None
                a = a.data if isinstance(a, Tensor) else a
                assert a.dtype == b.dtype
                assert_allclose(a, b, rtol=1e-6)
    alone = statistics.average(Tensor(x), 1, Tensor(w[0, :, 0]))
    assert_allclose(alone.data, np.average(x, 1, w[0, :, 0]), rtol=1e-6)


def test_averages_say_what_does_not_fit():
    x = Tensor(X)
    with pytest.raises(TypeError, match="say along which axis"):
        np.average(x, weights=np.ones(4))
    with pytest.raises(ValueError, match=r"shape \(3,\) fit neither"):
        np.average(x, 1, np.ones(3))
    with pytest.raises(ZeroDivisionError, match="add up to 0"):
        np.average(x, 1, np.array([1.0, -1.0, 0.0, 0.0]))


COVARIANCES = [
    {}, {"rowvar": False}, {"bias": True}, {"ddof": 2}, {"fweights": np.array([1, 2, 3, 1])},
    {"aweights": np.array([1.0, 0.5, 2, 1])}, {"fweights": [1, 2, 3, 1], "aweights": [1.0, 0.5, 2, 1], "ddof": 0},
    {"dtype": np.float32}, {"ddof": 0, "fweights": np.array([1, 2, 3, 1])},
]  # fmt: skip


@pytest.mark.parametrize("options", COVARIANCES, ids=lambda o: ",".join(o) or "plain")
def test_covariances(options):
    square, other = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4))
    for args in ((square,), (square, other), (square[0],), (square[0], other[1]), (square.astype(np.float32),)):
        want = np.cov(*args, **options)
        got = np.cov(*map(Tensor, args), **options)
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        assert_allclose(got.data, want, rtol=1e-4 if want.dtype == np.float32 else 1e-10, atol=1e-7)
        assert isinstance(statistics.cov(*args, **options), np.ndarray | np.generic)
    inputs = tuple(Tensor(v, requires_grad=True) for v in (square, other))
    if "dtype" not in options:
        assert gradcheck(lambda m, y: np.cov(m, y, **options), inputs)


def test_weights_of_covariances_have_gradients():
    w = Tensor(np.array([1.0, 0.5, 2, 1]), requires_grad=True)
    assert gradcheck(lambda w: np.cov(X, aweights=w, fweights=[1, 2, 1, 1]), (w,))
    assert gradgradcheck(lambda w: statistics.cov(X[:2], aweights=w), (w,))
    assert gradgradcheck(lambda a, w: statistics.average(a, 1, w), (Tensor(X, requires_grad=True), w))


def test_covariances_say_what_does_not_fit():
    x = Tensor(X)
    with pytest.raises(ValueError, match="m has more than 2 dimensions"):
        np.cov(Tensor(np.ones((2, 2, 2))))
    with pytest.raises(ValueError, match="ddof must be an integer"):
        np.cov(x, ddof=0.5)
    with pytest.raises(TypeError, match="fweights must be integers"):
        np.cov(x, fweights=[1.5, 1, 1, 1])
    with pytest.raises(ValueError, match="aweights cannot be negative"):
        np.cov(x, aweights=[-1.0, 1, 1, 1])
    with pytest.raises(ValueError, match=r"for 4 observations it must be \(4,\)"):
        np.cov(x, aweights=[1.0, 1])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        np.cov(Tensor([[1.0], [2.0]]))


def test_correlations_stay_within_one():
    x = RNG.normal(size=7)
    rows = np.stack([x, 3 * x + 1, -x / 7, RNG.normal(size=7)])
    got = np.corrcoef(Tensor(rows))
    assert_allclose(got.data, np.corrcoef(rows))
    assert (abs(got.data) <= 1).all()
    assert np.corrcoef(Tensor(x)).item() == 1
    assert_allclose(np.corrcoef(Tensor(rows.T), rowvar=False).data, np.corrcoef(rows), atol=1e-12)


def test_complex_covariances():
    z = RNG.normal(size=(2, 5)) + 1j * RNG.normal(size=(2, 5))
    assert_allclose(np.cov(Tensor(z)).data, np.cov(z))


def test_ptp_with_ties():
    assert gradient(np.ptp, [1.0, 3.0, 3.0]).tolist() == [-1, 0.5, 0.5]
    assert gradient(np.ptp, [2.0, 2.0]).tolist() == [0, 0]
    assert ag.grad(np.ptp)(np.array([1.0, 2.0])).tolist() == [-1, 1]


def test_the_modules_are_registered():
    for module in (sorting, statistics, nan_aware):
        assert any(getattr(made.function, "__module__", "") == module.__name__ for made in REGISTRY.values())
