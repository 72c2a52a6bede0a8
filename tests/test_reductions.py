"""Reductions, running sums and products, softmax: values beside NumPy's, derivatives beside PyTorch's."""

import itertools
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.checking import gradcheck, gradgradcheck
from autograd.ops import cumulative, nan_aware, reduction, softmaxes
from autograd.primitive import REGISTRY

RNG = np.random.default_rng(3)
NAN, INF = np.nan, np.inf
MASK = RNG.random((2, 3, 4)) > 0.4
WITH_NANS = np.where(RNG.random((2, 3, 4)) > 0.7, NAN, RNG.normal(size=(2, 3, 4)))
WITH_NANS[:, 0, 0] = NAN  # all that is taken together over axis 0
ARRAYS = [
    RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4)).astype(np.float32), RNG.integers(-3, 4, (2, 3, 4)),
    RNG.random((2, 3)) > 0.5, RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3)), RNG.normal(size=5),
    np.array(2.5), np.array([1.5]), np.ones((0, 3)), np.ones((2, 0)), np.array([[1.0, NAN, 3.0], [2.0, INF, -INF]]),
    WITH_NANS, np.zeros((2, 3)), np.array([1, 2], np.float16),
]  # fmt: skip
AXES = [{}, *({"axis": a} for a in (None, 0, 1, -1, (0, 1), (-1, 0), (), 5, (0, 0)))]
KEEP = [{}, {"keepdims": True}]


def combined(*parts):
    """Return every combination of one dict of each part, merged."""
    return [dict(itertools.chain(*(d.items() for d in each))) for each in itertools.product(*parts)]


REDUCTIONS = {
    "sum": combined(AXES, KEEP, [{}, {"initial": 2}, {"dtype": np.float64}, {"where": MASK}]),
    "prod": combined(AXES, KEEP, [{}, {"initial": 2}, {"dtype": np.float64}, {"where": MASK}]),
    "mean": combined(AXES, KEEP, [{}, {"dtype": np.float64}, {"where": MASK}]),
    "var": combined(AXES, KEEP, [{}, {"ddof": 1}, {"correction": 2}, {"where": MASK}, {"ddof": 1, "correction": 1}]),
    "std": combined(AXES, KEEP, [{}, {"ddof": 1}, {"dtype": np.float64}, {"where": MASK}]),
    "max": combined(AXES, KEEP, [{}, {"initial": 0.5}, {"initial": 0.5, "where": MASK}, {"where": MASK}]),
    "min": combined(AXES, KEEP, [{}, {"initial": 0.5}, {"initial": 0.5, "where": MASK}, {"where": MASK}]),
    "any": combined(AXES, KEEP, [{}, {"where": MASK}]),
    "all": combined(AXES, KEEP, [{}, {"where": MASK}]),
    "nansum": combined(AXES, KEEP, [{}, {"initial": 2}, {"dtype": np.float64}, {"where": MASK}]),
    "nanprod": combined(AXES, KEEP, [{}, {"initial": 2}, {"where": MASK}]),
    "nanmean": combined(AXES, KEEP, [{}, {"where": MASK}]),
    "nanvar": combined(AXES, KEEP, [{}, {"ddof": 1}, {"where": MASK}]),
    "nanstd": combined(AXES, KEEP, [{}, {"ddof": 1}, {"correction": 1}]),
    "nanmax": combined(AXES, KEEP, [{}, {"initial": 0.5, "where": MASK}]),
    "nanmin": combined(AXES, KEEP, [{}, {"initial": 0.5, "where": MASK}]),
    "cumsum": combined(AXES, [{}, {"dtype": np.float64}]),
    "cumprod": combined(AXES, [{}, {"dtype": np.float64}]),
    "nancumsum": AXES,
    "nancumprod": AXES,
    "argmax": combined(AXES, KEEP),
    "argmin": combined(AXES, KEEP),
    "nanargmax": combined(AXES, KEEP),
    "nanargmin": combined(AXES, KEEP),
}
if hasattr(np, "cumulative_sum"):
    REDUCTIONS["cumulative_sum"] = combined(AXES, [{}, {"include_initial": True}])
    REDUCTIONS["cumulative_prod"] = combined(AXES, [{}, {"include_initial": True}])


def outcome(f, *args, **options):
    """Return what a call gives: its result or the class of its error, and whether it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f(*args, **options)
        except Exception as error:
            return type(error), bool(caught)
    return result, bool(caught)


def assert_same(got, want, tensor, what):
    """Check values, shape and dtype; `want` is NumPy's."""
    if isinstance(want, type):
        # NumPy has an own class for an axis that is not there, and it does not tell why elsewhere.
        assert isinstance(got, type), f"{what}: {got} instead of {want}"
        assert issubclass(got, (want, ValueError, TypeError, IndexError)), f"{what}: {got} instead of {want}"
        return
    assert not isinstance(got, type), f"{what}: {got} instead of {want}"
    assert isinstance(got, Tensor) is tensor, what
    values = got.detach().numpy() if tensor else np.asarray(got)
    want = np.asarray(want)
    assert values.shape == want.shape, f"{what}: shape {values.shape} instead of {want.shape}"
    assert values.dtype == want.dtype, f"{what}: {values.dtype} instead of {want.dtype}"
    tolerance = {"f": {2: 1e-2, 4: 1e-5, 8: 1e-12}, "c": {16: 1e-12}}.get(want.dtype.kind, {}).get(want.itemsize, 0)
    assert_allclose(values, want, rtol=tolerance, atol=tolerance, err_msg=what)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_values_dtypes_errors_and_warnings_are_numpys(name):
    theirs, ours = getattr(np, name), REGISTRY[name].function
    for x, options in itertools.product(ARRAYS, REDUCTIONS[name]):
        if "where" in options and x.shape != MASK.shape:
            continue
        what = f"{name} of {x.dtype}{x.shape} {x.tolist()} with {options}"
        want, warned = outcome(theirs, x, **options)
        leaf = Tensor(x, requires_grad=x.dtype.kind in "fc")
        for f, arg in ((theirs, leaf), (ours, leaf), (ours, x)):
            got, also_warned = outcome(f, arg, **options)
            assert_same(got, want, isinstance(arg, Tensor), what)
            assert warned == also_warned, f"{what}: warned {also_warned}, NumPy {warned}"
            if isinstance(got, Tensor):
                assert got.requires_grad == (leaf.requires_grad and got.dtype.kind in "fc"), what


def test_methods_take_what_ndarrays_take():
    x = RNG.normal(size=(2, 3))
    for name in (
        "sum",
        "mean",
        "prod",
        "var",
        "std",
        "max",
        "min",
        "any",
        "all",
        "argmax",
        "argmin",
        "cumsum",
        "cumprod",
    ):
        got, want = getattr(Tensor(x), name)(1), getattr(x, name)(1)
        assert_allclose(got.data, want, err_msg=name)
    assert Tensor(x).sum(1, np.float32).dtype == np.float32


def test_masks_may_be_tensors_and_lists_arrays():
    x = Tensor(np.array([1.0, -2.0, 3.0]), requires_grad=True)
    np.sum(x, where=x > 0).backward()
    assert x.grad.tolist() == [1, 0, 1]
    assert np.max(x, initial=-9, where=x < 2).item() == 1
    assert ag.sum([[1.0, 2.0]], axis=1).tolist() == [3]
    assert nan_aware.nansum([1.0, NAN]).item() == 1


def test_a_mask_that_changes_before_backward_is_noticed():
    x, mask = Tensor([1.0, 2.0], requires_grad=True), Tensor([True, False])
    y = ag.sum(x, where=mask)
    mask[1] = True
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_what_is_not_supported_raises():
    x = Tensor([1.5, 2.5], requires_grad=True)
    for call in (
        lambda: np.sum(x, out=np.zeros(())), lambda: np.var(x, mean=2.0),
        lambda: np.sum(x, dtype=int), lambda: np.cumsum(x, dtype=int), lambda: x.mean(0, int), lambda: x.prod(0, int),
        lambda: x.max(0, None), lambda: np.nansum(x, dtype=np.int32),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError, match="lose the gradient of float32 values"):
        x.sum(dtype=int)
    for f in (np.sum, np.prod, np.max, np.min, np.nansum, np.nanmax):
        with pytest.raises(TypeError, match="initial takes a number"):
            f(x, initial=x[0])


def test_another_dtype_is_differentiable():
    x = Tensor(np.array([0.1, 0.2], np.float32), requires_grad=True)
    y = (
        ag.sum(x, dtype=np.float64) * ag.mean(x, 0, np.float64)
        + ag.var(x, dtype=np.float64)
        + reduction.prod(x, None, "f8")
    )
    assert y.dtype == np.float64
    y.backward()
    assert x.grad.dtype == np.float32
    a, b = x.data.astype(np.float64)
    assert_allclose(x.grad.data, [a + b + (a - b) / 2 + b, a + b + (b - a) / 2 + a], rtol=1e-6)


# --- derivatives ------------------------------------------------------------------------------------------------------


def first_and_second(f, x, weight=np.cos):
    """Return the value, gradient and a Hessian-vector product of f at x, as arrays."""
    leaf = Tensor(x, requires_grad=True)
    y = f(leaf)
    seed = weight(np.arange(y.size)).reshape(y.shape).astype(x.dtype)
    y.backward(Tensor(seed, requires_grad=True), create_graph=True)
    gradient, leaf.grad = leaf.grad, None
    inner = (gradient * np.sin(1 + np.arange(x.size)).reshape(x.shape)).sum()
    inner.backward()
    return y.detach().numpy(), gradient.detach().numpy(), np.zeros(x.shape) if leaf.grad is None else leaf.grad.data


def theirs_first_and_second(f, x, weight=np.cos):
    torch = pytest.importorskip("torch")
    leaf = torch.tensor(x, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = f(torch, leaf)
    seed = torch.tensor(weight(np.arange(y.numel())).reshape(y.shape).astype(x.dtype))
    (gradient,) = torch.autograd.grad(y, leaf, seed, create_graph=True)
    second = None
    if gradient.requires_grad:
        inner = (gradient * torch.tensor(np.sin(1 + np.arange(x.size)).reshape(x.shape))).sum()
        (second,) = torch.autograd.grad(inner, leaf, allow_unused=True)
    return y.detach().numpy(), gradient.detach().numpy(), np.zeros(x.shape) if second is None else second.numpy()


X = RNG.normal(size=(3, 4))
NANS = np.where(RNG.random((3, 4)) > 0.6, NAN, X)
ONE_ZERO = np.array([[2.0, 0.0, 3.0, 4.0], [1.0, 2.0, 3.0, 0.5]])
TWO_ZEROS = np.array([[2.0, 0.0, 3.0, 0.0], [0.0, 2.0, 3.0, 0.5], [0.0, 0.0, 0.0, 2.0]])
HALF = np.array([[True, False, True, True], [False, True, False, True], [True, True, False, False]])

AGAINST_TORCH = {
    "sum": (lambda x: np.sum(x, (0, 1)), lambda t, x: x.sum((0, 1)), X),
    "sum where": (lambda x: np.sum(x * x, 1, where=HALF), lambda t, x: t.where(t.tensor(HALF), x * x, 0).sum(1), X),
    "sum over no axes": (lambda x: np.sum(x * x, ()), lambda t, x: x * x, X),
    "mean": (lambda x: np.mean(x**2, 0, keepdims=True), lambda t, x: (x**2).mean(0, keepdim=True), X),
    "mean where": (
        lambda x: np.mean(x**2, 1, where=HALF),
        lambda t, x: (t.where(t.tensor(HALF), x**2, 0).sum(1) / t.tensor(HALF).sum(1)), X),
    "var": (lambda x: np.var(x, 1, ddof=1), lambda t, x: t.var(x, 1), X),
    "var, correction": (lambda x: np.var(x, correction=0.5), lambda t, x: t.var(x, correction=0.5, dim=(0, 1)), X),
    "var where": (
        lambda x: np.var(x, where=HALF), lambda t, x: t.var(x[t.tensor(HALF)], correction=0), X),
    "std": (lambda x: np.std(x, (0, 1)), lambda t, x: t.std(x, (0, 1), correction=0), X),
    "std where": (
        lambda x: np.std(x, where=HALF, ddof=1), lambda t, x: t.std(x[t.tensor(HALF)]), X),
    "max": (lambda x: np.max(x, 1) ** 2, lambda t, x: t.amax(x, 1) ** 2, X),
    "max, ties": (lambda x: np.max(x, 1) ** 2, lambda t, x: t.amax(x, 1) ** 2, TWO_ZEROS),
    "min, ties": (lambda x: np.min(x) ** 2 + x.sum(), lambda t, x: t.amin(x, (0, 1)) ** 2 + x.sum(), TWO_ZEROS),
    "prod": (lambda x: np.prod(x, 0), lambda t, x: x.prod(0), X),
    "prod of all": (lambda x: np.prod(x), lambda t, x: x.prod(), X),
    "prod, one zero": (lambda x: np.prod(x, 1), lambda t, x: x.prod(1), ONE_ZERO),
    "prod, two zeros": (lambda x: np.prod(x, 1), lambda t, x: x.prod(1), TWO_ZEROS),
    "prod, two axes": (
        lambda x: np.prod(np.reshape(x, (3, 2, 2)), (0, 2)),
        lambda t, x: x.reshape(3, 2, 2).prod(2).prod(0), TWO_ZEROS),
    "prod where": (
        lambda x: np.prod(x, 1, where=HALF, initial=3),
        lambda t, x: 3 * t.where(t.tensor(HALF), x, 1).prod(1), TWO_ZEROS),
    "cumsum": (lambda x: np.cumsum(x**2, 1), lambda t, x: t.cumsum(x**2, 1), X),
    "cumsum of all": (lambda x: np.cumsum(x**2), lambda t, x: t.cumsum((x**2).ravel(), 0), X),
    "cumprod": (lambda x: np.cumprod(x, 0), lambda t, x: t.cumprod(x, 0), X),
    "cumprod of all": (lambda x: np.cumprod(x), lambda t, x: t.cumprod(x.ravel(), 0), X),
    "cumprod, zeros": (lambda x: np.cumprod(x, -1), lambda t, x: t.cumprod(x, -1), TWO_ZEROS),
    "cumprod, zeros, first axis": (lambda x: np.cumprod(x, 0), lambda t, x: t.cumprod(x, 0), TWO_ZEROS),
    "logsumexp": (lambda x: ag.logsumexp(x, (0, 1)), lambda t, x: t.logsumexp(x, (0, 1)), 50 * X),
    "logsumexp, one -inf": (
        lambda x: ag.logsumexp(x, 1), lambda t, x: t.logsumexp(x, 1), np.array([[1.0, -INF, 2.0], [0.0, 1.0, 2.0]])),
    "softmax": (lambda x: ag.softmax(x, 0), lambda t, x: t.softmax(x, 0), 5 * X),
    "softmax over both axes": (
        lambda x: ag.softmax(x, (0, 1)), lambda t, x: t.softmax(x.ravel(), 0).reshape(x.shape), X),
    "log_softmax": (lambda x: ag.log_softmax(x), lambda t, x: t.log_softmax(x, -1), 50 * X),
    "log_softmax over all": (
        lambda x: ag.log_softmax(x, None), lambda t, x: t.log_softmax(x.ravel(), 0).reshape(x.shape), X),
    "logcumsumexp": (lambda x: softmaxes.logcumsumexp(x, 0), lambda t, x: t.logcumsumexp(x, 0), 9 * X),
    "nansum": (lambda x: np.nansum(x * x, 1), lambda t, x: t.nansum(x * x, 1), NANS),
    "nanmean": (lambda x: np.nanmean(x, 1) ** 2, lambda t, x: t.nanmean(x, 1) ** 2, NANS),
}  # fmt: skip


@pytest.mark.parametrize("name", AGAINST_TORCH)
def test_derivatives_are_pytorchs(name):
    mine, theirs, x = AGAINST_TORCH[name]
    # 0 times nan is nan in both: PyTorch's gradient of x * x below a mask, and ours.
    with np.errstate(invalid="ignore"):
        for got, want in zip(first_and_second(mine, x), theirs_first_and_second(theirs, x), strict=True):
            assert_allclose(got, want, rtol=1e-9, atol=1e-10)


def random_zeros(rng, shape):
    return np.where(rng.random(shape) < 0.4, 0.0, rng.normal(size=shape))


@pytest.mark.parametrize("seed", range(6))
def test_products_with_zeros_anywhere_to_second_order(seed):
    rng = np.random.default_rng(seed)
    x, mask = Tensor(random_zeros(rng, (2, 3, 2)), requires_grad=True), rng.random((2, 3, 2)) > 0.3
    for f in (
        lambda x: np.prod(x), lambda x: np.prod(x, (0, 2)), lambda x: np.prod(x, 1, where=mask),
        lambda x: np.cumprod(x, 1), lambda x: np.cumprod(x),
    ):  # fmt: skip
        assert gradcheck(f, (x,))
        assert gradgradcheck(f, (x,))


def test_third_derivative_of_a_product_with_two_zeros():
    x = Tensor(np.array([0.0, 2.0, 0.0, 3.0]), requires_grad=True)
    assert gradgradcheck(lambda x: ag.grad(lambda x: np.prod(x))(x), (x,))
    assert gradgradcheck(lambda x: ag.grad(lambda x: np.cumprod(x).sum())(x), (x,))


def test_products_that_underflow_or_overflow_keep_their_gradient():
    x = Tensor(np.array([1e-200, 1e-200, 2.0]), requires_grad=True)
    np.prod(x).backward()
    assert_allclose(x.grad.data, [2e-200, 2e-200, 0])
    x = Tensor(np.array([1e200, 1e200, 1e-100]), requires_grad=True)
    with np.errstate(over="ignore"):
        np.prod(x).backward()
    assert_allclose(x.grad.data, [1e100, 1e100, INF])


# --- edges ------------------------------------------------------------------------------------------------------------


def gradient(f, x, dtype=np.float64):
    leaf = Tensor(np.array(x, dtype), requires_grad=True)
    y = f(leaf)
    y.backward(np.ones_like(y.data))
    return leaf.grad.tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_spread_of_constants_and_of_single_elements(dtype):
    assert gradient(np.std, [3.0, 3.0], dtype) == gradient(np.var, [3.0, 3.0], dtype) == [0, 0]
    assert gradient(lambda x: np.std(x, 1), [[3.0, 3.0], [1.0, 3.0]], dtype) == [[0, 0], [-0.5, 0.5]]
    mask = np.array([[True, False], [True, True]])
    for f in (np.var, np.std):
        with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            assert np.isnan(gradient(lambda x, f=f: f(x, ddof=1), [3.0], dtype)).all()
        with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            found = gradient(lambda x, f=f: f(x, 1, ddof=1, where=mask), [[3.0, 1.0], [1.0, 2.0]], dtype)
        assert np.isnan(found[0][0])
        assert found[0][1] == 0
        assert np.isfinite(found[1]).all()
    with np.errstate(divide="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        assert gradient(lambda x: np.var(x, ddof=2), [3.0, 4.0], dtype) == [-INF, INF]


def test_extremes_with_ties_and_nans():
    assert gradient(np.max, [3.0, 1.0, 3.0]) == [0.5, 0, 0.5]
    assert gradient(lambda x: np.min(x, 1), [[1.0, 1.0, 1.0, 2.0], [4.0, 3.0, 3.0, 5.0]]) == [
        [1 / 3, 1 / 3, 1 / 3, 0], [0, 0.5, 0.5, 0],
    ]  # fmt: skip
    # nan is what the result is, so the nans share the gradient, as with PyTorch's max() without an axis.
    assert gradient(np.max, [1.0, NAN, NAN]) == [0, 0.5, 0.5]
    assert gradient(lambda x: np.max(x, 1), [[1.0, NAN], [1.0, 2.0]]) == [[0, 1], [0, 1]]
    assert gradient(lambda x: np.max(x, initial=5), [1.0, 2.0]) == [0, 0]
    assert gradient(lambda x: np.max(x, initial=2), [1.0, 2.0]) == [0, 1]
    assert gradient(lambda x: np.max(x, initial=0, where=np.array([True, False])), [2.0, 2.0]) == [1, 0]
    assert gradient(lambda x: np.max(x, ()), [2.0, 2.0]) == [1, 1]


def test_extremes_of_nothing():
    x = Tensor(np.ones((0, 3)), requires_grad=True)
    for f in (np.max, np.min, np.nanmax):
        with pytest.raises(ValueError, match="zero-size array"):
            f(x)
    np.max(x, 1).backward(np.ones(0))
    np.max(x, 0, initial=1.0).sum().backward()
    assert x.grad.shape == (0, 3)


def test_empty_means_have_empty_gradients():
    x = Tensor(np.ones((0, 3)), requires_grad=True)
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        y = np.mean(x, 0)
    y.backward(np.ones(3))
    assert x.grad.shape == (0, 3)
    assert np.isnan(y.data).all()


def test_logsumexp_at_infinity():
    def lse(x):
        return ag.logsumexp(x, -1)

    assert gradient(lse, [-INF, -INF]) == [0, 0]
    assert gradient(lse, [[-INF, -INF], [0.0, -INF]]) == [[0, 0], [1, 0]]
    assert lse(np.array([-INF, -INF])) == -INF
    assert lse(np.array([INF, 1000.0])) == INF
    assert_array_equal(gradient(lse, [INF, -INF, 1000.0]), [NAN, 0, 0])  # as PyTorch
    assert lse(np.ones((2, 0))).tolist() == [-INF, -INF]
    assert np.isnan(lse(np.array([NAN, 0.0])))
    assert lse(Tensor(np.ones((2, 0)), requires_grad=True)).requires_grad


def test_running_logsumexp_at_infinity():
    assert_allclose(
        gradient(softmaxes.logcumsumexp, [-INF, -INF, 1.0, 2.0]), [0, 0, 1 + 1 / (1 + np.e), np.e / (1 + np.e)]
    )
    assert_array_equal(gradient(softmaxes.logcumsumexp, [-INF, 0.0, INF, 2.0]), [0, 1, NAN, 0])


def test_softmax_of_nothing_and_of_integers():
    assert ag.softmax(np.ones((2, 0))).shape == ag.log_softmax(np.ones((2, 0))).shape == (2, 0)
    for dtype in (int, np.uint8, bool):  # 0 - 1 is 255 in bytes
        x = np.array([0, 1], dtype)
        exponentials = np.exp([0.0, 1.0])
        assert_allclose(ag.softmax(x), exponentials / exponentials.sum(), rtol=1e-15)
        assert_allclose(ag.log_softmax(x), np.log(exponentials / exponentials.sum()), rtol=1e-15)
        assert_allclose(ag.logsumexp(x), np.log(exponentials.sum()), rtol=1e-15)
    assert ag.softmax(np.array(3.0), None) == 1


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "cumprod"])
def test_nans_that_are_left_out_change_nothing(name):
    """Values and both derivatives are those for the numbers alone, and 0 at the nans."""
    x, direction = np.array([1.5, NAN, -2.0, 0.0, NAN, 0.5]), np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    there = ~np.isnan(x)
    aware, plain = getattr(np, "nan" + name), getattr(np, name)
    many = "cum" in name

    def with_nans(x):
        y = aware(x)
        return ((y[there] if many else y) ** 2).sum()

    def without(x):
        return (plain(x) ** 2).sum()

    assert_allclose(with_nans(x), without(x[there]))
    gradient = ag.grad(with_nans)(x)
    assert_allclose(gradient[there], ag.grad(without)(x[there]))
    second, expected = ag.hvp(with_nans, (x,), (direction,)), ag.hvp(without, (x[there],), (direction[there],))
    second, expected = (v[0] if isinstance(v, tuple) else v for v in (second, expected))
    assert_allclose(second[there], expected, atol=1e-12)
    assert (gradient[~there] == 0).all()
    assert (second[~there] == 0).all()


def test_nothing_but_nans():
    for f in (np.nanmean, np.nanmax, np.nanmin, np.nanvar):
        with pytest.warns(RuntimeWarning):
            assert gradient(lambda x, f=f: f(x, 1), [[NAN, NAN], [1.0, NAN]])[0] == [0, 0]
    assert gradient(np.nansum, [NAN, NAN]) == gradient(np.nanprod, [NAN, NAN]) == [0, 0]
    with pytest.raises(ValueError, match="All-NaN"):
        np.nanargmax(Tensor([NAN]))


def test_complex_reductions():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    torch = pytest.importorskip("torch")
    for mine, theirs in (
        (lambda z: np.sum(z, 0), lambda z: z.sum(0)), (lambda z: np.mean(z), lambda z: z.mean()),
        (lambda z: np.prod(z), lambda z: z.prod()), (lambda z: np.var(z, 1), lambda z: torch.var(z, 1, correction=0)),
        (lambda z: np.std(z), lambda z: torch.std(z, correction=0)), (lambda z: np.cumsum(z, 1), lambda z: z.cumsum(1)),
        (lambda z: np.cumprod(z, 1), lambda z: z.cumprod(1)),
    ):  # fmt: skip
        leaf, other = Tensor(z, requires_grad=True), torch.tensor(z, requires_grad=True)
        y, t = mine(leaf), theirs(other)
        seed = (np.arange(y.size) + (1j if y.dtype.kind == "c" else 0)).reshape(y.shape).astype(y.dtype)
        y.backward(seed)
        t.backward(torch.tensor(seed))
        assert_allclose(y.detach().numpy(), t.detach().numpy())
        assert_allclose(leaf.grad.data, other.grad.numpy(), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:Casting complex values:numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("f", [np.prod, np.cumprod, np.nanprod, np.sum, np.cumsum, np.mean, np.var, np.std])
def test_of_complex_numbers_in_a_real_dtype_the_real_parts_count(f):
    z = np.array([1 + 2j, 3 - 1j, 0.5j, 2 - 2j])

    def g(x, y):
        return f(x + 1j * y, dtype=np.float64)

    for values in (z, z[[0, 1, 3]]):
        parts = tuple(Tensor(part, requires_grad=True) for part in (values.real, values.imag))
        assert gradcheck(g, parts)
        assert gradgradcheck(g, parts)


def test_the_modules_are_registered():
    for module in (reduction, cumulative, softmaxes, nan_aware):
        names = [n for n, made in REGISTRY.items() if getattr(made.function, "__module__", "") == module.__name__]
        assert names, module.__name__


def test_std_of_elements_that_differ_by_rounding_only():
    x = Tensor(np.full(3, 0.1) * 1.1, requires_grad=True)
    y = x.std() if x.std().item() else (x + np.array([0, 1e-17, 0])).std()
    y.backward(create_graph=True)
    assert x.grad.tolist() == [0, 0, 0]
    small = Tensor([1e8, 1e8 + 1.0, 1e8 - 1.0], dtype=np.float64, requires_grad=True)
    small.std().backward()
    assert np.allclose(small.grad.data, [0, 0.408248, -0.408248])
