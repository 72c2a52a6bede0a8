"""Activations: PyTorch's samples, corners and large numbers; those that PyTorch has not, by their formulas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
import nn
import nn.functional as F
from autograd import Tensor
from autograd.testing import check_op
from nn.functional import activations, rectifiers

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

from oracle import assert_agrees  # noqa: E402
from oracle_modules import FUNCTIONS, check_function, check_function_errors, check_module  # noqa: E402

MODULES = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax",
    "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d", "Softmin", "Softplus",
    "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip
ALL = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid",
    "mish", "prelu", "relu", "relu6", "rrelu", "selu", "silu", "softmin", "softplus", "softshrink", "softsign",
    "tanhshrink", "threshold",
]  # fmt: skip
SKIPS = {
    "rrelu": {"training=True": "the slopes are drawn at random"},
    "hardsigmoid": {"(20,) float64": "PyTorch's derivative, 1/6, has only the digits of float32"},
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_on_pytorchs_samples(name):
    check_module(name)


@pytest.mark.parametrize("name", ALL)
def test_functions_on_pytorchs_samples(name):
    check_function(name, skip=SKIPS.get(name), limit=40)


@pytest.mark.parametrize("name", [n for n in ALL if FUNCTIONS[n, ""].error_inputs_func])
def test_functions_refuse_what_pytorch_refuses(name):
    check_function_errors(name)


REPRS = [
    ("CELU", (2.0,)), ("ELU", (1.0, True)), ("GELU", ("tanh",)), ("GLU", ()), ("Hardshrink", (0.3,)),
    ("Hardsigmoid", (True,)), ("Hardswish", ()), ("Hardtanh", (-2.0, 3.0, True)), ("LeakyReLU", ()),
    ("LeakyReLU", (0.2, True)), ("LogSigmoid", ()), ("LogSoftmax", (1,)), ("Mish", (True,)), ("PReLU", (3,)),
    ("RReLU", ()), ("RReLU", (0.1, 0.2, True)), ("ReLU", (True,)), ("ReLU6", ()), ("ReLU6", (True,)), ("SELU", (True,)),
    ("SiLU", ()), ("SiLU", (True,)), ("Softmax2d", ()), ("Softmin", (1,)), ("Softplus", (2.0, 3.0)),
    ("Softshrink", (0.2,)), ("Softsign", ()), ("Tanhshrink", ()), ("Threshold", (1.0, 2.0)),
    ("Threshold", (1.0, 2.0, True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), REPRS)
def test_printouts_are_pytorchs(name, args):
    assert repr(getattr(nn, name)(*args)) == repr(getattr(torch.nn, name)(*args))


# --- corners and large numbers ----------------------------------------------------------------------------------------

CORNERS = np.array([-6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0, 20.0])
LARGE = np.array([-1e4, -100.0, -37.0, -19.0, -8.0, 8.0, 19.0, 37.0, 100.0, 1e4])
ELEMENTWISE = [
    ("celu", {"alpha": 2.0}), ("elu", {"alpha": 0.7}), ("gelu", {}), ("gelu", {"approximate": "tanh"}),
    ("hardshrink", {}), ("hardswish", {}), ("hardtanh", {}), ("leaky_relu", {}), ("logsigmoid", {}), ("mish", {}),
    ("relu6", {}), ("rrelu", {}), ("selu", {}), ("silu", {}), ("softplus", {"beta": 2.0, "threshold": 11.0}),
    ("softshrink", {}), ("softsign", {}), ("tanhshrink", {}), ("threshold", {"threshold": 0.5, "value": 7.0}),
]  # fmt: skip


# Where PyTorch's second derivatives are neither side's, not the same side's as the first, or nan.
ELSEWHERE = {"hardswish": [-3, 3], "celu": [0], "elu": [0], "selu": [0], "mish": [1e4]}


@pytest.mark.parametrize(("name", "options"), ELEMENTWISE)
@pytest.mark.parametrize("points", [CORNERS, LARGE], ids=["corners", "large"])
def test_values_first_and_second_derivatives(name, options, points):
    ours, theirs = getattr(F, name), getattr(torch.nn.functional, name)
    points = points[~np.isin(points, ELSEWHERE.get(name, ()))]
    assert_agrees(lambda x: ours(x, **options), lambda x: theirs(x, **options), points)


@pytest.mark.parametrize(("name", "scale"), [("celu", 1.0), ("elu", 1.0), ("selu", rectifiers.SELU_SCALE)])
def test_all_derivatives_of_exponential_units_at_0_are_those_from_below(name, scale):
    x = Tensor(np.array([0.0, -0.0]), requires_grad=True)
    alpha = rectifiers.SELU_ALPHA if name == "selu" else 1.0
    y = getattr(F, name)(x)
    for _ in range(2):
        x.grad = None
        y.sum().backward(create_graph=True)
        assert_allclose(x.grad.detach(), [scale * alpha] * 2)
        y = x.grad


def test_hardsigmoid_with_all_digits():
    x = Tensor(CORNERS, requires_grad=True)
    y = F.hardsigmoid(x)
    y.sum().backward()
    assert_allclose(y.detach(), np.clip(CORNERS / 6 + 0.5, 0, 1), rtol=1e-15)
    assert_allclose(x.grad, np.where(np.abs(CORNERS) < 3, 1 / 6, 0), rtol=1e-15)


@pytest.mark.parametrize(("name", "options"), [*ELEMENTWISE, ("hardsigmoid", {}), ("scaled_tanh", {}), ("swish", {})])
def test_single_precision_is_as_good_as_it_can_be(name, options):
    f = getattr(F, name)
    found, exact = (np.asarray(f(x, **options)) for x in (LARGE.astype(np.float32), LARGE))
    assert found.dtype == np.float32
    assert_allclose(found, exact, rtol=1e-5, atol=1e-30 if name != "tanhshrink" else 1e-6)


def test_derivative_of_softsign_keeps_its_digits():
    x = Tensor(np.array([-1e4, 1e7], np.float32), requires_grad=True)
    F.softsign(x).sum().backward()
    assert_allclose(x.grad, 1 / (1 + np.abs(np.array([1e4, 1e7]))) ** 2, rtol=1e-6)


@pytest.mark.parametrize("op", [rectifiers._bent, rectifiers._exponential, activations._softsign])
def test_own_ops_keep_every_promise(op):
    check_op(op)


# --- what is drawn at random ------------------------------------------------------------------------------------------


def test_rrelu_draws_slopes_and_uses_their_mean():
    x = -np.ones(20_000)
    layer = nn.RReLU(0.2, 0.6, generator=np.random.default_rng(0))
    slopes = -np.asarray(layer(x))
    assert 0.2 <= slopes.min() < 0.201
    assert 0.599 < slopes.max() <= 0.6
    assert abs(slopes.mean() - 0.4) < 0.003
    t = Tensor(np.array([-2.0, 3.0]), requires_grad=True)
    y = layer(t)
    y.sum().backward()
    assert_allclose(t.grad, y.detach().numpy() / t.detach().numpy())
    assert_allclose(layer.eval()(t).detach(), [-0.8, 3.0])


def test_gumbel_softmax_draws_classes_by_their_probabilities():
    probabilities = np.array([0.1, 0.6, 0.3])
    logits = np.broadcast_to(np.log(probabilities), (20_000, 3))
    drawn = np.asarray(F.gumbel_softmax(logits, hard=True, generator=np.random.default_rng(0)))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert (drawn.sum(axis=1) == 1).all()
    assert_allclose(drawn.mean(axis=0), probabilities, atol=0.012)


@pytest.mark.parametrize("dim", [0, -1])
def test_hard_gumbel_softmax_has_the_gradient_of_the_soft_one(dim):
    x = np.random.default_rng(1).normal(size=(3, 4))
    weights = np.arange(12.0).reshape(3, 4)
    gradients = []
    for hard in (False, True):
        t = Tensor(x, requires_grad=True)
        y = F.gumbel_softmax(t, 0.7, hard, dim=dim, generator=np.random.default_rng(2))
        assert_allclose(y.detach().numpy().sum(axis=dim), 1)
        (y * weights).sum().backward()
        gradients.append(t.grad)
    assert_allclose(*gradients, rtol=1e-14)
    assert np.abs(gradients[0]).max() > 0.01


# --- what PyTorch has not ---------------------------------------------------------------------------------------------


def test_scaled_tanh_keeps_one():
    assert_allclose(nn.ScaledTanh()(np.array([-1.0, 1.0])), [-1, 1], atol=1e-5)
    x = np.linspace(-3, 3, 7)
    assert_allclose(nn.ScaledTanh(2.0, 0.5)(x), 2 * np.tanh(x / 2))
    assert repr(nn.ScaledTanh(2.0, 0.5)) == "ScaledTanh(a=2.0, b=0.5)"


def test_abs_tanh():
    x = Tensor(np.array([-2.0, 0.0, 0.5]), requires_grad=True)
    y = nn.AbsTanh()(x)
    y.sum().backward()
    assert_allclose(y.detach(), np.abs(np.tanh(x.detach())))
    assert_allclose(x.grad, np.sign(x.detach()) * (1 - np.tanh(x.detach()) ** 2))


@pytest.mark.parametrize(("channels", "shape"), [(1, (2, 3, 4)), (3, (2, 3, 4)), (1, ()), (3, (5, 3))])
def test_swish_trains_beta(channels, shape):
    layer = nn.Swish(channels, init=1.7, dtype=np.float64)
    x = np.random.default_rng(0).normal(size=shape)
    assert_allclose(layer(x).detach(), x / (1 + np.exp(-1.7 * x)))
    assert layer.beta.shape == (channels,)
    axis = tuple(i for i in range(x.ndim) if i != 1) if channels > 1 else None
    layer(x).sum().backward()
    s = 1 / (1 + np.exp(-1.7 * x))
    assert_allclose(layer.beta.grad, np.reshape((x * x * s * (1 - s)).sum(axis=axis), channels))
    assert autograd.gradcheck(lambda t, b: F.swish(t, b), (x, np.array(1.7)))


def test_maxout_takes_the_largest_of_its_pieces():
    x = np.random.default_rng(0).normal(size=(2, 6, 5))
    assert_allclose(nn.Maxout(3)(x), x.reshape(2, 2, 3, 5).max(axis=2))
    assert_allclose(nn.Maxout(5, dim=-1)(x), x.max(axis=-1, keepdims=True))
    assert repr(nn.Maxout(3)) == "Maxout(pieces=3, dim=1)"
    t = Tensor([[1.0, 3.0, 2.0, 0.0]], requires_grad=True)
    nn.Maxout(2)(t).sum().backward()
    assert_allclose(t.grad, [[0, 1, 1, 0]])


def test_prelu_starts_where_it_is_told_and_resets():
    layer = nn.PReLU(2, 0.1, dtype=np.float64)
    assert layer.weight.tolist() == [0.1, 0.1]
    with autograd.no_grad():
        layer.weight[...] = 3.0
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.1, 0.1]
    assert layer(np.float32([[-1, -1]])).dtype == np.float64


ERRORS = [
    (lambda: F.gelu([1.0], "fast"), ValueError, "'fast'"),
    (lambda: nn.GELU("fast"), ValueError, "'fast'"),
    (lambda: F.silu([1, 2]), TypeError, "silu takes floating"),
    (lambda: nn.Maxout(2)(np.ones((2, 3))), ValueError, r"multiple of pieces=2.*\(2, 3\)"),
    (lambda: nn.Maxout(0), ValueError, "pieces must be at least 1"),
    (lambda: F.maxout(np.ones(3), 3), IndexError, r"dim=1.*\(3,\)"),
    (lambda: nn.GLU()(np.ones((2, 3))), ValueError, r"even.*\(2, 3\)"),
    (lambda: F.glu(np.ones((2, 4)), 2), IndexError, "dim=2"),
    (lambda: nn.Softmax(2)(np.ones((2, 4))), IndexError, "dim=2"),
    (lambda: F.log_softmax(np.ones(2), -2), IndexError, "dim=-2"),
    (lambda: nn.Softmax2d()(np.ones((2, 4))), ValueError, r"\(2, 4\)"),
    (lambda: nn.PReLU(3)(np.ones((2, 4))), ValueError, r"prelu: 3 values.*\(2, 4\)"),
    (lambda: nn.Swish(3)(np.ones(3)), ValueError, "Swish: 3 values"),
    (lambda: nn.PReLU(0), ValueError, "num_parameters"),
    (lambda: nn.RReLU(0.5, 0.1), ValueError, "lower=0.5"),
    (lambda: nn.Hardtanh(1.0, -1.0), ValueError, "min_val=1.0"),
    (lambda: nn.Softshrink(-1.0), ValueError, "lambd >= 0, not -1.0"),
    (lambda: nn.CELU(0), ValueError, "alpha must not be 0"),
    (lambda: F.gumbel_softmax(np.ones(3), tau=0), ValueError, "tau must be above 0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_errors_say_what_is_wrong(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
