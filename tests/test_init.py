"""Initial values: their moments and bounds, their structure, and PyTorch's where they are deterministic."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
import nn
from nn import init


def values(name, shape, *args, seed=0, **kwargs):
    rng = np.random.default_rng(seed)
    tensor = autograd.zeros(shape, np.float64)
    f = getattr(init, name)
    assert f(tensor, *args, generator=rng, **kwargs) is tensor
    return tensor.numpy()


WEIGHT = (60, 20, 5, 3)  # fan in 300, fan out 900
SPREADS = [
    ("xavier_uniform_", {"gain": 2.0}, 4 / 600, "uniform"),
    ("xavier_normal_", {"gain": 2.0}, 4 / 600, "normal"),
    ("kaiming_uniform_", {"a": 1.0}, 1 / 300, "uniform"),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}, 2 / 900, "normal"),
    ("lecun_uniform_", {}, 1 / 300, "uniform"),
    ("lecun_normal_", {}, 1 / 300, "normal"),
    ("fan_sum_uniform_", {"gain": 3.0}, 9 / 3 / 1200, "uniform"),
    ("fan_sum_uniform_", {}, 2 / 1200, "uniform"),
    ("variance_scaling_", {"scale": 3.0}, 3 / 300, "truncated"),
    ("variance_scaling_", {"mode": "fan_sum", "distribution": "normal"}, 1 / 1200, "normal"),
    ("normal_", {"std": 0.3}, 0.09, "normal"),
    ("uniform_", {"a": -2.0, "b": 2.0}, 16 / 12, "uniform"),
]
KURTOSIS = {"uniform": 1.8, "normal": 3.0, "truncated": 2.3655}  # E x^4 / (E x^2)^2


@pytest.mark.parametrize(("name", "options", "variance", "distribution"), SPREADS)
def test_moments(name, options, variance, distribution):
    x = values(name, WEIGHT, **options).ravel()
    n = x.size
    assert abs(x.mean()) < 4 * np.sqrt(variance / n)
    assert abs(x.var() / variance - 1) < 4 * np.sqrt((KURTOSIS[distribution] - 1) / n)
    assert abs((x**4).mean() / variance**2 / KURTOSIS[distribution] - 1) < 0.1
    if distribution == "uniform":
        bound = np.sqrt(3 * variance)
        assert 0.999 * bound < np.abs(x).max() <= bound


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0.0, 1.0, -2.0, 2.0), (1.0, 2.0, 0.0, 4.0), (0.0, 1.0, -0.2, 0.1), (0.0, 1.0, 4.0, 9.0), (0.0, 1.0, 1.0, 1.1),
        (0.0, 1.0, -9.0, -4.0), (5.0, 0.1, -1.0, 1.0), (0.0, 1.0, -0.5, 50.0), (0.0, 1.0, -50.0, 0.5),
    ],
)  # fmt: skip
def test_truncated_normal_numbers(mean, std, a, b):
    scipy_stats = pytest.importorskip("scipy.stats")
    x = values("trunc_normal_", (3000,), mean, std, a, b)
    assert a <= x.min()
    assert x.max() <= b
    exact = scipy_stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert scipy_stats.kstest(x, exact.cdf).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3), (2, 3, 2, 2), (0, 3)])
def test_orthogonal_matrices(shape):
    w = values("orthogonal_", shape, 3.0).reshape(shape[0], int(np.prod(shape[1:])))
    product = w @ w.T if shape[0] <= w.shape[1] else w.T @ w
    assert_allclose(product, 9 * np.eye(len(product)), atol=1e-12)


def test_orthogonal_matrices_are_drawn_uniformly():
    traces = [np.trace(values("orthogonal_", (4, 4), seed=seed)) for seed in range(2000)]
    assert abs(np.mean(traces)) < 0.1  # of the Haar measure, mean 0 and variance 1
    assert abs(np.var(traces) - 1) < 0.15


@pytest.mark.parametrize("window", [(3,), (3, 5), (2, 4), (3, 3, 3)])
def test_delta_orthogonal_filters_keep_the_norm(window):
    w = values("delta_orthogonal_", (5, 3, *window), 2.0)
    center = w[(slice(None), slice(None), *(n // 2 for n in window))]
    assert_allclose(center.T @ center, 4 * np.eye(3), atol=1e-12)
    assert np.count_nonzero(w) == center.size


def test_sparse_columns():
    w = values("sparse_", (100, 50), 0.305, std=2.0)
    assert (np.count_nonzero(w == 0, axis=0) == 31).all()
    assert abs(w[w != 0].std() - 2) < 0.1
    assert np.std(np.count_nonzero(w == 0, axis=1)) > 1  # not the same rows in each column


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_eye_is_pytorchs(shape):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    assert_allclose(init.eye_(autograd.ones(shape)), torch.nn.init.eye_(torch.ones(shape)))


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("shape", [(6, 2, 3), (6, 5, 4, 3), (6, 1, 2, 3, 5), (6, 8, 3)])
def test_dirac_is_pytorchs(shape, groups):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    expected = torch.nn.init.dirac_(torch.ones(shape), groups)
    assert_allclose(init.dirac_(autograd.ones(shape), groups), expected)


def network(rng):
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, dtype=np.float64, generator=rng), nn.ReLU(), nn.Flatten(),
        nn.Linear(6 * 36, 20, dtype=np.float64, generator=rng), nn.Dropout(), nn.Tanh(),
        nn.Linear(20, 5, bias=False, dtype=np.float64, generator=rng),
    )  # fmt: skip


def test_lsuv_makes_every_output_have_variance_1():
    rng = np.random.default_rng(0)
    net, x = network(rng), rng.normal(size=(40, 2, 8, 8)) * 5 + 1
    net[4].eval()
    assert init.lsuv_(net, x, tol=0.01, generator=rng) is net
    assert net.training
    assert not net[4].training
    net.eval()
    for layer in net:
        x = layer(x)
        if layer in (net[0], net[3], net[6]):
            assert abs(np.var(x.detach()) - 1) < 0.01
            assert not layer._forward_hooks
    w = net[3].weight.detach().numpy()
    assert_allclose(w @ w.T, (w[0] @ w[0]) * np.eye(20), atol=1e-12)  # orthogonal, but for the factor


def test_lsuv_can_start_from_the_weights_there_are():
    rng = np.random.default_rng(0)
    net, x = network(rng), rng.normal(size=(40, 2, 8, 8))
    before = net[0].weight.numpy() if not net[0].weight.requires_grad else net[0].weight.detach().numpy().copy()
    init.lsuv_(net, x, orthogonal=False)
    ratio = net[0].weight.detach().numpy() / before
    assert_allclose(ratio, ratio.flat[0])


def zeros(*shape):
    return autograd.zeros(shape)


ERRORS = [
    (lambda: init.eye_(zeros(3)), ValueError, r"matrices.*\(3,\)"),
    (lambda: init.dirac_(zeros(3, 3)), ValueError, r"\(3, 3\)"),
    (lambda: init.dirac_(zeros(3, 3, 3), 2), ValueError, "groups=2 must divide the 3"),
    (lambda: init.orthogonal_(zeros(3)), ValueError, r"\(3,\)"),
    (lambda: init.delta_orthogonal_(zeros(2, 3, 3)), ValueError, "fewer outputs, 2, than inputs, 3"),
    (lambda: init.sparse_(zeros(3, 3), 1.5), ValueError, "sparsity=1.5"),
    (lambda: init.sparse_(zeros(3), 0.5), ValueError, r"\(3,\)"),
    (lambda: init.trunc_normal_(zeros(3), a=1, b=1), ValueError, "a=1 and b=1"),
    (lambda: init.trunc_normal_(zeros(3), std=0), ValueError, "std=0"),
    (lambda: init.variance_scaling_(zeros(3, 3), -1), ValueError, "not -1"),
    (lambda: init.variance_scaling_(zeros(3, 3), distribution="cauchy"), ValueError, "'cauchy'"),
    (lambda: init.variance_scaling_(zeros(3, 3), mode="fan"), ValueError, "'fan_avg' or 'fan_sum', not 'fan'"),
    (lambda: init.lecun_normal_(zeros(3)), ValueError, r"\(3,\)"),
    (lambda: init.eye_(np.zeros((2, 2))), TypeError, "ndarray"),
    (lambda: init.uniform_(autograd.zeros(3, int)), TypeError, "float64 would be lost in a Tensor of int64"),
    (lambda: init.lsuv_(nn.Linear(2, 2, bias=False), np.zeros((3, 2))), ValueError, "variance 0.0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_errors_say_what_is_wrong(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
