"""gradcheck names the mistake: ops written by hand, each with one, and right ones that must get no cause."""

import re

import numpy as np
import pytest

import autograd
from autograd import Function, Tensor, gradcheck, op
from autograd.checking.diagnosis import Case, causes

RNG = np.random.default_rng(3)
X, Y, ROW, SQUARE = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)) + 3, RNG.normal(size=4), RNG.normal(size=(4, 4))


def rules(value, **rules):
    """Return an op with these rules."""
    return op(**rules)(value)


def report(f, *inputs, **options):
    return gradcheck(f, inputs, raise_exception=False, **options)


def cause(f, *inputs, which=0):
    found = report(f, *inputs)
    assert not found
    said = found.results[which].cause
    assert said in str(found)
    return said


def matmul(x, w):
    return x @ w


def product(x, y):
    return x * y


def added(x, b):
    return x + b


# --- the six basic ones -----------------------------------------------------------------------------------------------


SIGN = [
    (lambda x: np.sin(x), {"x": lambda g, x: -g * np.cos(x)}, (X,)),
    (lambda x: np.exp(x), {"x": lambda g, out: -g * out}, (ROW,)),
    (lambda x: np.sum(x * x), {"x": lambda g, x: -2 * g * x}, (X,)),
    (matmul, {"x": lambda g, w: -(g @ w.T), "w": lambda g, x: x.T @ g}, (X, SQUARE)),
    (lambda x: x * 3, {"x": lambda g: -3 * g}, (np.array(2.0),)),
    (lambda x, y: x - y, {"x": lambda g: g, "y": lambda g: g}, (Y, X)),
]
FACTOR = [
    (lambda x: x * x, {"x": lambda g, x: g * x}, (X,), "1/2"),
    (lambda x: np.sin(x), {"x": lambda g, x: 2 * g * np.cos(x)}, (X,), "2"),
    (lambda x: np.mean(x), {"x": lambda g, x: g * np.ones_like(x)}, (X,), "12"),
    (lambda x: x**3, {"x": lambda g, x: g * x**2}, (ROW,), "1/3"),
    (lambda x: np.log10(x), {"x": lambda g, x: g / x}, (Y,), "2.30259"),
    (matmul, {"x": lambda g, w: 3 * (g @ w.T), "w": lambda g, x: x.T @ g}, (X, SQUARE), "3"),
]
TRANSPOSE = [
    (matmul, {"x": lambda g, w: g @ w, "w": lambda g, x: x.T @ g}, (X, SQUARE), 0),
    (matmul, {"x": lambda g, w: g @ w.T, "w": lambda g, x: (x.T @ g).T}, (X, SQUARE), 1),
    (lambda x: x.T.copy(), {"x": lambda g: g}, (SQUARE,), 0),
    (lambda x, w: w @ x, {"x": lambda g, w: w @ g, "w": lambda g, x: np.outer(g, x)}, (ROW, SQUARE), 0),
    (lambda x: np.linalg.inv(x), {"x": lambda g, out: -(out @ g @ out)}, (SQUARE + 5 * np.eye(4),), 0),
]
BROADCAST = [
    (added, {"x": lambda g: g, "b": lambda g: g[0]}, (X, ROW), 0),
    (added, {"x": lambda g: g, "b": lambda g: g[-1]}, (X, ROW), 0),
    (added, {"x": lambda g: g, "b": lambda g: g[:, :1]}, (X, X[:, :1]), 1),
    (added, {"x": lambda g: g, "b": lambda g: g.mean(axis=0)}, (X, ROW), 0),
    (product, {"x": lambda g, y: g * y, "y": lambda g, x: (g * x)[:, :1]}, (X, X[:, :1] + 3), 1),
    (lambda x, b: np.stack([b, b]), {"x": lambda g: 0, "b": lambda g: g[0]}, (X, ROW), 0),
]
ZERO = [
    (lambda x: x + 1, {"x": lambda g: g * 0}, (X,)),
    (lambda x: np.sum(x), {"x": lambda g, x: np.zeros_like(x)}, (X,)),
    (matmul, {"x": lambda g, x: x * 0, "w": lambda g, x: x.T @ g}, (X, SQUARE)),
]
SWAP = [
    (product, {"x": lambda g, x: g * x, "y": lambda g, y: g * y}, (X, Y)),
    (lambda x, y: x / y, {"x": lambda g, x, y: -g * x / y**2, "y": lambda g, y: g / y}, (X, Y)),
    (lambda x, y: x @ y, {"x": lambda g, x, y: x.T @ g, "y": lambda g, x, y: g @ y.T}, (SQUARE, SQUARE + 1)),
    (lambda x, y: x**y, {"x": lambda g, x, out: g * out * np.log(x), "y": lambda g, x, y: g * y * x ** (y - 1)},
     (Y, Y[::-1].copy())),
]  # fmt: skip


@pytest.mark.parametrize(("value", "wrong", "inputs"), SIGN)
def test_sign(value, wrong, inputs):
    assert cause(rules(value, **wrong), *inputs, which=-1 if "y" in wrong else 0).startswith("the sign is flipped")


@pytest.mark.parametrize(("value", "wrong", "inputs", "factor"), FACTOR)
def test_factor(value, wrong, inputs, factor):
    assert cause(rules(value, **wrong), *inputs) == f"off by the factor {factor}"


@pytest.mark.parametrize(("value", "wrong", "inputs", "which"), TRANSPOSE)
def test_transpose(value, wrong, inputs, which):
    assert "transposed" in cause(rules(value, **wrong), *inputs, which=which)


@pytest.mark.parametrize(("value", "wrong", "inputs", "axis"), BROADCAST)
def test_broadcast_sum(value, wrong, inputs, axis):
    said = cause(rules(value, **wrong), *inputs, which=1)
    assert "sum" in said
    assert f"axis {axis} " in said
    assert "over which it was broadcast" in said


@pytest.mark.parametrize(("value", "wrong", "inputs"), ZERO)
def test_zero(value, wrong, inputs):
    assert cause(rules(value, **wrong), *inputs).startswith("the gradient is zero")


@pytest.mark.parametrize(("value", "wrong", "inputs"), SWAP)
def test_swap(value, wrong, inputs):
    f = rules(value, **wrong)
    assert cause(f, *inputs, which=0) == "swapped with that of y"
    assert cause(f, *inputs, which=1) == "swapped with that of x"


def test_a_value_that_left_the_graph_is_zero():
    assert "detach" in cause(lambda x: x.detach() * 2, X)


# --- others -----------------------------------------------------------------------------------------------------------


class Take(Function):
    """Forgets to add up what repeated indices send."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.shape, ctx.index = x.shape, index
        return Tensor(x.data[index])

    @staticmethod
    def backward(ctx, g):
        out = np.zeros(ctx.shape)
        out[ctx.index] = g.data
        return Tensor(out), None


@pytest.mark.parametrize(
    ("value", "wrong", "inputs", "words"),
    [
        (lambda x: x.transpose(1, 2, 0).copy(), {"x": lambda g: g.transpose(1, 2, 0)},
         (RNG.normal(size=(3, 3, 3)),), r"transposed: its axes are in the order \(\d, \d, \d\)"),
        (lambda x: np.cumsum(x), {"x": lambda g: np.roll(np.cumsum(g[::-1])[::-1], 1)}, (ROW,),
         "rolled by 1 along axis 0"),
        (lambda x: x[::-1].copy(), {"x": lambda g: g}, (ROW,), "reversed along axis 0|transposed"),
        (lambda x: np.where(x > 0, x, x * 0.1), {"x": lambda g, x: g * (x > 0)}, (X,), "negative: there it is zero"),
        (lambda x: np.abs(x), {"x": lambda g, x: g}, (X,), "only where the input is negative: there it is negated"),
        (lambda x: np.where(x > 0, x, 3 * x), {"x": lambda g, x: g * np.where(x > 0, 2, 3)}, (X,),
         "only where the input is positive: there it is off by the factor 2"),
        (lambda x, y: x * x + x * y, {"x": lambda g, x: 2 * g * x, "y": lambda g, x: g * x}, (X, Y),
         r"missing: 1 \* y"),
        (lambda x, y: x * x * y, {"x": lambda g, x: 2 * g * x, "y": lambda g, x: g * x * x}, (X, Y),
         "factor y is missing"),
        (lambda x: x * x + x, {"x": lambda g, x: 2 * g * x}, (X,), "a term is missing: 1$"),
        (lambda x: np.exp(x) * x, {"x": lambda g, out: g * out}, (Y,), ""),
        (lambda x: x * 1, {"x": lambda g, x: g * np.where(x == x.flat[5], np.nan, 1)}, (X,), r"nan at index \[1, 1\]"),
        (lambda x: x * 1, {"x": lambda g, x: g / (x - x)}, (X,), r"is (inf|nan) at index \[0, 0\]"),
    ],
)  # fmt: skip
def test_other_mistakes(value, wrong, inputs, words):
    said = cause(rules(value, **wrong), *inputs)
    assert re.search(words, said), said


def test_repeated_indices():
    assert "missing sum over repeated indices" in cause(lambda x: Take.apply(x, np.array([0, 1, 1, 3])), ROW)


def test_the_gradient_of_another_input():
    f = rules(product, x=lambda g, x: g * x, y=lambda g, x: g * x)
    assert cause(f, X, Y) == "it is the gradient of y"


def test_what_fits_nothing_gets_no_cause():
    (result,) = report(rules(lambda x: np.sin(x), x=lambda g, x: g * (np.cos(x) + x**4 - 0.3 * np.exp(x))), X).results
    assert not result.ok
    assert result.cause == ""


def test_an_error_that_is_small_beside_the_rest_is_no_factor():
    numeric, analytic = np.diag([1.0, 1e-12]), np.diag([1.0, 2e-12])
    assert causes([Case("x", np.ones(2), None, analytic, numeric, analytic != numeric)]) != ["off by the factor 1"]


def test_right_inputs_get_no_cause():
    found = report(rules(product, x=lambda g, y: -g * y, y=lambda g, x: g * x), X, Y)
    assert [bool(result.cause) for result in found.results] == [True, False]


# --- reports ----------------------------------------------------------------------------------------------------------


def test_notebooks_get_a_table_and_a_map_of_the_errors():
    f = rules(lambda w: w * 1, w=lambda g, w: g * np.where(w < 0, 2, 1))
    w = Tensor(SQUARE, requires_grad=True, name="<b>w</b>")
    html = gradcheck(f, w, raise_exception=False)._repr_html_()
    assert "&lt;b&gt;w&lt;/b&gt;" in html
    assert "<b>w" not in html
    assert html.count("<rect ") == 16
    assert "WRONG" in html
    assert "only where the input is negative" in html
    right = gradcheck(np.sin, X)._repr_html_()
    assert "<svg" not in right
    assert "ok" in right


def test_large_maps_are_shrunk():
    f = rules(lambda w: np.sum(w), w=lambda g, w: g * np.where(w == w[0, 0], 2, 1))
    html = gradcheck(f, RNG.normal(size=(5, 190)), raise_exception=False)._repr_html_()
    assert html.count("<rect ") == 5 * 48
    assert html.count("<title>5.0e-01") == 1


def test_errors_by_element():
    (result,) = report(rules(lambda x: x * 1, x=lambda g, x: g * np.where(x == x[1, 2], 3, 1)), X).results
    assert result.errors.shape == X.shape
    assert np.argwhere(result.errors).tolist() == [[1, 2]]
    assert result.errors[1, 2] == pytest.approx(2 / 3)


def test_ops_of_the_library_get_no_cause():
    for f, inputs in ((np.tanh, (X,)), (np.matmul, (X, SQUARE)), (autograd.logaddexp, (X, Y))):
        assert not any(result.cause for result in report(f, *inputs).results)
