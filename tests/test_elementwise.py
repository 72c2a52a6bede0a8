"""Elementwise functions: values beside NumPy's, derivatives beside PyTorch's, and the points where they are hard."""

import operator

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.ops import arithmetic, comparison, elementary, switching

RNG = np.random.default_rng(1)
X = RNG.normal(size=(3, 4))
Y = RNG.normal(size=(3, 4))
POSITIVE = np.abs(X) + 0.2
UNIT = np.tanh(X) * 0.9
COUNTS = RNG.integers(1, 9, size=(3, 4))
SPECIAL = np.array([0.0, -0.0, 1.0, -1.5, 2.5, 1e-30, -1e30, np.inf, -np.inf, np.nan])

ONE = [
    np.deg2rad, np.radians, np.rad2deg, np.degrees, np.fabs, np.sinc, np.nan_to_num, np.round, np.around, np.fix,
    np.frexp, np.modf, np.sign, np.signbit, np.spacing, np.isposinf, np.isneginf, np.rint, np.trunc, np.expm1,
    np.log1p,
]  # fmt: skip
TWO = [
    np.fmod, np.copysign, np.heaviside, np.logaddexp, np.logaddexp2, np.fmax, np.fmin, np.maximum, np.minimum,
    np.float_power, np.nextafter, np.divmod, np.logical_xor, np.hypot, np.remainder, np.floor_divide,
]  # fmt: skip
WHOLE = [np.gcd, np.lcm, np.left_shift, np.right_shift, np.bitwise_and, np.logical_xor, np.ldexp, np.bitwise_left_shift]


def same(got, expected):
    for g, e in zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]:
        assert isinstance(g, Tensor)
        assert g.dtype == e.dtype
        assert_array_equal(g.detach().numpy(), e)


@pytest.mark.parametrize("f", ONE, ids=lambda f: f.__name__)
def test_values_of_one_argument_are_numpys(f):
    with np.errstate(all="ignore"):
        for x in (X, X.astype(np.float32), SPECIAL, X[0, 0], X[:0], X.T, *([COUNTS] if f not in (np.frexp,) else [])):
            same(f(Tensor(x)), f(x))
            plain = f(Tensor(x, requires_grad=np.asarray(x).dtype.kind == "f"))
            same(plain, f(x))


@pytest.mark.parametrize("f", TWO, ids=lambda f: f.__name__)
def test_values_of_two_arguments_are_numpys(f):
    with np.errstate(all="ignore"):
        for x, y in [
            (X, Y),
            (X, Y[0]),
            (X.astype(np.float32), Y.astype(np.float32)),
            (X, 2.0),
            (SPECIAL[:, None], SPECIAL),
        ]:
            same(f(Tensor(x), y), f(x, y))
            same(f(Tensor(x, requires_grad=True), y), f(x, y))
            same(f(y, Tensor(x)), f(y, x))


@pytest.mark.parametrize("f", WHOLE, ids=lambda f: f.__name__)
def test_whole_numbers(f):
    same(f(Tensor(COUNTS), COUNTS[::-1].copy()), f(COUNTS, COUNTS[::-1]))
    same(np.bitwise_count(Tensor(COUNTS)), np.bitwise_count(COUNTS))


def test_operators():
    n, x = Tensor(COUNTS), Tensor(X, requires_grad=True)
    same(n << 2, COUNTS << 2)
    same(n >> 1, COUNTS >> 1)
    same(2 << n, 2 << COUNTS)
    same(999 >> n, 999 >> COUNTS)
    same(divmod(x, 0.3), divmod(X, 0.3))
    same(divmod(0.3, x), divmod(0.3, X))
    same(x.round(1), X.round(1))


def test_arrays_give_arrays():
    for function in (
        arithmetic.fmod,
        switching.fmax,
        elementary.logaddexp2,
        comparison.nextafter,
        arithmetic.float_power,
    ):
        assert not isinstance(function(POSITIVE, Y), Tensor)
    assert isinstance(arithmetic.modf(X), tuple)


@pytest.mark.parametrize("name", ["log_sigmoid", "softplus", "sigmoid", "sinc"])
def test_functions_without_overflow(name):
    x = Tensor(np.array([-1e4, -800.0, -1.0, 0.0, 1.0, 800.0, 1e4]), requires_grad=True)
    y = getattr(elementary, name)(x)
    y.sum().backward(create_graph=True)
    x.grad.sum().backward()
    assert np.isfinite(y.data).all()
    assert np.isfinite(x.grad.data).all()


def test_small_numbers_keep_their_digits():
    tiny = np.array([1e-12, -1e-12])
    assert_allclose(np.expm1(Tensor(tiny)).data, tiny, rtol=1e-11)
    assert_allclose(np.log1p(Tensor(tiny)).data, tiny, rtol=1e-11)
    assert_allclose(elementary.sigmoid(Tensor(np.array([-50.0]))).data, np.exp([-50.0]), rtol=1e-15)
    assert_allclose(elementary.log_sigmoid(Tensor(np.array([50.0]))).data, -np.exp([-50.0]), rtol=1e-15)


# --- beside PyTorch ---------------------------------------------------------------------------------------------------

PYTORCHS = {
    "fmod": (np.fmod, X * 5, Y),
    "copysign": (np.copysign, X, Y),
    "copysign at 0": (np.copysign, np.array([0.0, 0.0, -2.0]), np.array([1.0, -1.0, -1.0])),
    "logaddexp2": (np.logaddexp2, X * 30, Y * 30),
    "fmax": (np.fmax, X, Y),
    "fmin": (np.fmin, X, Y),
    "fmax of nan": (np.fmax, np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
    "fmin of nan": (np.fmin, np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
    "maximum of nan": (np.maximum, np.array([np.nan, 1.0, np.nan]), np.array([1.0, np.nan, np.nan])),
    "minimum of nan": (np.minimum, np.array([np.nan, 1.0]), np.array([1.0, np.nan])),
    "deg2rad": (np.deg2rad, X),
    "rad2deg": (np.rad2deg, X),
    "sinc": (np.sinc, X),
    "nan_to_num": (np.nan_to_num, SPECIAL),
    "round": (np.round, X * 5),
    "frexp": (np.frexp, X),
    "float_power": (np.float_power, POSITIVE, Y),
    "log_sigmoid": (elementary.log_sigmoid, X * 30),
    "hypot": (np.hypot, X, Y),
    "logaddexp with infinity": (np.logaddexp, np.array([np.inf, -np.inf, 3.0]), np.array([3.0, 3.0, np.inf])),
    "x ** y at 0": (np.power, np.array([0.0, 0.0, 2.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0, 1.0, 0.5])),
    "x ** y of negative": (np.power, np.array([-2.0, -0.5]), np.array([2.0, 3.0])),
    "0 ** y": (lambda y: 0.0**y, np.array([-1.0, 0.0, 0.5, 2.0])),
    "sqrt at 0": (np.sqrt, np.array([0.0, 4.0])),
    "ldexp": (lambda x: np.ldexp(x, COUNTS) if isinstance(x, Tensor) else x.ldexp(x.new_tensor(COUNTS)), X),
    "arcsin": (np.arcsin, UNIT),
    "x ** 3 ** 2": (lambda x: (x**3) ** 2, X),
}  # fmt: skip
FIRST_ONLY = ("at 0", "0 ** y", "infinity", "negative")  # PyTorch's second derivatives are nan there
RENAMED = {"log_sigmoid": "nn.functional.logsigmoid", "power": "pow"}


@pytest.mark.parametrize("name", PYTORCHS)
def test_values_and_derivatives_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    f, *values = PYTORCHS[name]
    theirs = f
    if f.__name__ != "<lambda>":
        theirs = operator.attrgetter(RENAMED.get(f.__name__, f.__name__))(torch)
    with np.errstate(all="ignore"):
        assert_agrees(f, theirs, *values, second=not any(words in name for words in FIRST_ONLY))


# --- hard points ------------------------------------------------------------------------------------------------------


def derivatives(f, *points, orders=2):
    """Return the first derivatives of f at a point, one input after the other, then the second ones."""
    leaves = [Tensor(np.float64(p), requires_grad=True) for p in points]
    wanted = [f(*leaves)]
    results = []
    for _ in range(orders):
        following = []
        for y in wanted:
            for leaf in leaves:
                leaf.grad = None
            if y.requires_grad:
                y.backward(create_graph=True, retain_graph=True)
            following += [Tensor(np.float64(0)) if leaf.grad is None else leaf.grad for leaf in leaves]
        wanted = following
        results += [w.item() for w in wanted]
    return results


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "points", "expected"),
    [
        (np.sinc, (0.0,), [0, -(np.pi**2) / 3]),
        (np.sinc, (1e-8,), [-(np.pi**2) / 3 * 1e-8, -(np.pi**2) / 3]),
        (np.hypot, (0.0, 0.0), [0] * 6),
        (np.hypot, (3.0, 4.0), [0.6, 0.8, 16 / 125, -12 / 125, -12 / 125, 9 / 125]),
        (np.arctan2, (0.0, 0.0), [0] * 6),
        (np.arctan2, (3.0, 4.0), [0.16, -0.12, -24 / 625, -7 / 625, -7 / 625, 24 / 625]),
        (np.logaddexp, (np.inf, np.inf), [0.5, 0.5, 0, 0, 0, 0]),
        (np.logaddexp, (-np.inf, -np.inf), [0.5, 0.5, 0, 0, 0, 0]),
        (np.logaddexp, (-np.inf, 0.0), [0, 1, 0, 0, 0, 0]),
        (np.logaddexp, (1.0, 1.0), [0.5, 0.5, 0.25, -0.25, -0.25, 0.25]),
        (np.logaddexp2, (np.inf, np.inf), [0.5, 0.5, 0, 0, 0, 0]),
        (np.heaviside, (0.0, 0.5), [0, 1, 0, 0, 0, 0]),
        (np.heaviside, (1.0, 0.5), [0, 0, 0, 0, 0, 0]),
        (np.fmax, (1.0, 1.0), [0.5, 0.5, 0, 0, 0, 0]),
        (np.fmin, (1.0, 1.0), [0.5, 0.5, 0, 0, 0, 0]),
        (np.copysign, (0.0, -1.0), [0, 0, 0, 0, 0, 0]),
        (np.power, (2.0, 0.0), [0, np.log(2), 0, 0.5, 0.5, np.log(2) ** 2]),
        (np.power, (0.0, 0.0), [0, 0, 0, 0, 0, 0]),
        (np.power, (0.0, 2.0), [0, 0, 2, 0, 0, 0]),
        (lambda x: x**0, (0.0,), [0, 0]),
        (lambda x: x**0.0, (0.0,), [0, 0]),
        (lambda x: x**1, (0.0,), [1, 0]),
        (lambda x: x**2, (0.0,), [0, 2]),
        (lambda x: 0.0**x, (2.0,), [0, 0]),
        (lambda x: 0.0**x, (-1.0,), [-np.inf, np.inf]),
        (lambda x: (-2.0) ** x, (2.0,), [np.nan, np.nan]),
        (np.sqrt, (0.0,), [np.inf, -np.inf]),
        (np.nan_to_num, (np.inf,), [0, 0]),
        (np.abs, (0.0,), [0, 0]),
        (np.fabs, (0.0,), [0, 0]),
        (elementary.softplus, (np.inf,), [1, 0]),
        (elementary.softplus, (-np.inf,), [0, 0]),
        (elementary.log_sigmoid, (-np.inf,), [1, 0]),
    ],
)
def test_derivatives_at_hard_points(f, points, expected):
    assert_allclose(derivatives(f, *points), expected, rtol=1e-12)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2", "softplus", "log_sigmoid"])
def test_second_derivatives_keep_their_digits_where_shares_are_near_1(name, sign):
    def second(dtype):
        x = sign * np.array([8.0, 10.0, 12.0, 14.0], dtype)
        f = getattr(ag, name)
        return ag.elementwise_grad(ag.elementwise_grad((lambda v: f(v, 0)) if "add" in name else f))(x)

    assert_allclose(second(np.float32), second(np.float64), rtol=2e-6)


def test_derivatives_of_sinc_are_exact_on_both_sides_of_every_switch():
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t, weights = (nodes + 1) / 2, weights / 2  # sinc(x) is the integral of cos(pi x t) over t from 0 to 1
    x = np.concatenate([[0, 1e-9, 1e-3], np.arange(0.05, 4, 0.049), [5.0, 8.0]])
    for order in range(6):
        turned = np.cos(np.pi * np.multiply.outer(x, t) + order * np.pi / 2)
        expected = ((np.pi * t) ** order * turned) @ weights
        got = elementary._sinc_derivative(x, order)
        assert_allclose(got, expected, atol=1e-12 * np.pi**order)
        assert elementary._sinc_derivative(x.astype(np.float32), order).dtype == np.float32


def test_gradients_of_constant_functions_are_zero_even_where_what_follows_has_none():
    x = Tensor(np.array([0.5, 2.5]), requires_grad=True)
    with np.errstate(divide="ignore"):
        np.sqrt(np.floor(x)).sum().backward()
    assert_array_equal(x.grad.data, [0, 0])


def test_where_hands_zero_to_what_is_not_chosen():
    x = Tensor(np.array([-1.0, 0.0, 4.0]), requires_grad=True)
    with np.errstate(all="ignore"):
        np.where(x > 0, np.sqrt(x), 0).sum().backward()  # 0 times infinity, as in PyTorch
    assert_array_equal(x.grad.data, [np.nan, np.nan, 0.25])
    x.grad = None
    np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0).sum().backward()  # the way that the docstring shows
    assert_array_equal(x.grad.data, [0, 0, 0.25])
    x.grad = None
    np.where(x > 0, x, Tensor(np.nan)).sum().backward()  # a nan that is not chosen does no harm by itself
    assert_array_equal(x.grad.data, [0, 0, 1])
    assert [i.tolist() for i in np.where(x > 0)] == [[2]]


def test_frexp_and_modf_split_numbers():
    x = Tensor(np.array([3.0, -10.25]), requires_grad=True)
    m, e = np.frexp(x)
    assert not e.requires_grad
    same(np.ldexp(m, e), x.detach().numpy())
    np.ldexp(m, e).sum().backward()
    assert_array_equal(x.grad.data, [1, 1])
    fraction, whole = np.modf(x)
    x.grad = None
    (fraction * 2 + whole * 5).sum().backward()
    assert_array_equal(x.grad.data, [2, 2])


def test_nan_to_num_makes_a_copy():
    with pytest.raises(ValueError, match="copy"):
        np.nan_to_num(Tensor(X), copy=False)
    same(
        np.nan_to_num(Tensor(SPECIAL), nan=1.0, posinf=2.0, neginf=3.0),
        np.nan_to_num(SPECIAL, nan=1, posinf=2, neginf=3),
    )


def test_float_power_is_in_double_precision():
    x = Tensor(np.array([1.5, 2.0], np.float32), requires_grad=True)
    for y in (np.float_power(x, 2), np.float_power(2, x), np.float_power(x, x)):
        assert y.dtype == np.float64
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert_allclose(np.float_power(Tensor(COUNTS), -1).data, 1 / COUNTS)
    assert np.float_power(Tensor(np.array([1j])), 2).dtype == np.complex128


# --- the methods of ufuncs --------------------------------------------------------------------------------------------

METHODS = [
    lambda x: np.add.reduce(x),
    lambda x: np.add.reduce(x, 1),
    lambda x: np.add.reduce(x, axis=None, keepdims=True),
    lambda x: np.add.reduce(x, axis=(0, 1)),
    lambda x: np.multiply.reduce(x, axis=-1),
    lambda x: np.maximum.reduce(x, 1, None, None, True),
    lambda x: np.hypot.reduce(x, 0, None, None, True),
    lambda x: np.maximum.accumulate(x, 1, None),
    lambda x: np.maximum.reduce(x, axis=1),
    lambda x: np.minimum.reduce(x),
    lambda x: np.logaddexp.reduce(x, axis=1),
    lambda x: np.hypot.reduce(x, axis=1),
    lambda x: np.subtract.reduce(x, axis=1, keepdims=True),
    lambda x: np.divide.reduce(x),
    lambda x: np.add.accumulate(x),
    lambda x: np.multiply.accumulate(x, axis=1),
    lambda x: np.maximum.accumulate(x, axis=-1),
    lambda x: np.add.reduceat(x, [0, 2, 1, 3], axis=1),
    lambda x: np.multiply.reduceat(x, [0, 2]),
    lambda x: np.add.outer(x, x[0]),
    lambda x: np.divide.outer(2.0, x),
    lambda x: np.arctan2.outer(x[0], [1, 2]),
    lambda x: np.multiply.outer(np.arange(3.0), x),
]


@pytest.mark.parametrize("f", METHODS)
def test_methods_of_ufuncs(f):
    expected, got = f(POSITIVE), f(Tensor(POSITIVE, requires_grad=True))
    assert isinstance(got, Tensor)
    assert got.requires_grad
    assert_allclose(got.detach().numpy(), expected, rtol=1e-13)
    assert ag.gradcheck(f, (POSITIVE,))
    assert ag.gradgradcheck(f, (POSITIVE,))


def test_methods_of_ufuncs_without_gradients():
    x = Tensor(X)
    same(np.logical_and.reduce(x > 0), np.logical_and.reduce(X > 0))
    same(np.less.outer(x, X[0]), np.less.outer(X, X[0]))
    same(np.logical_xor.reduce(x > 0, axis=1), np.logical_xor.reduce(X > 0, axis=1))


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda x: np.add.at(x, [0], 1), TypeError, "np.add.at is not supported"),
        (lambda x: np.divmod.outer(x, x), TypeError, "np.divmod.outer is not supported"),
        (lambda x: np.subtract.reduce(x, axis=None), ValueError, "one axis at a time"),
        (lambda x: np.subtract.reduce(x, initial=1), TypeError, "takes no initial"),
        (lambda x: np.hypot.reduce(x[:0]), ValueError, "at least one element"),
        (lambda x: np.add.reduce(x, out=np.zeros(4)), TypeError, "out="),
    ],
)
def test_methods_of_ufuncs_that_are_refused(f, error, words):
    with pytest.raises(error, match=words):
        f(Tensor(X, requires_grad=True))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_arctan2_has_a_gradient_where_squares_underflow_or_overflow(scale):
    x1, x2 = (Tensor(np.array([v * scale, 0.0], np.float32), requires_grad=True) for v in (3, 4))
    np.arctan2(x1, x2).sum().backward()
    assert_allclose(x1.grad.data * np.float32(scale), [0.16, 0.0], rtol=1e-6)
    assert_allclose(x2.grad.data * np.float32(scale), [-0.12, 0.0], rtol=1e-6)
    assert x1.grad.dtype == np.float32


def test_clip_takes_its_limits_under_both_names():
    x = Tensor([-1.0, 0.5, 2.0], requires_grad=True)
    xp = x.__array_namespace__()
    for y in (x.clip(min=0), np.clip(x, min=0), ag.clip(x, min=0), xp.clip(x, min=0), ag.clip(x, 0)):
        assert y.tolist() == [0, 0.5, 2]
        x.grad = None
        y.sum().backward()
        assert x.grad.tolist() == [0, 1, 1]
    assert x.clip(min=0, max=1).tolist() == [0, 0.5, 1]
    whole = np.clip(x, None, None)
    assert whole.tolist() == x.tolist()
    assert not np.shares_memory(whole.data, x.data)
    with pytest.raises(ValueError, match="either as a_min and a_max or as min and max"):
        x.clip(0, max=1)
