"""Values and first and second derivatives of the ops beside PyTorch's, edges included."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd as ag
from autograd import Tensor

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

RNG = np.random.default_rng(7)
MATRIX = RNG.normal(size=(3, 4))
POSITIVE = np.abs(MATRIX) + 0.1

CASES = {
    "add": (lambda m, x, y: x + y, MATRIX, MATRIX[0]),
    "divide": (lambda m, x, y: x / y, MATRIX, POSITIVE),
    "power": (lambda m, x, y: x**y, POSITIVE, MATRIX),
    "square by **": (lambda m, x: x**2, MATRIX),
    "number ** x": (lambda m, x: 2**x, MATRIX),
    "sigmoid": (lambda m, x: m.sigmoid(x), MATRIX * 30),
    "tanh": (lambda m, x: m.tanh(x), MATRIX),
    "relu": (lambda m, x: m.relu(x), MATRIX),
    "softmax": (lambda m, x: m.softmax(x, -1), MATRIX * 10),
    "log_softmax": (lambda m, x: m.log_softmax(x, 1), MATRIX * 10),
    "logsumexp": (lambda m, x: m.logsumexp(x, 0), MATRIX * 10),
    "where": (lambda m, x, y: m.where(x > y, x * y, y), MATRIX, MATRIX[::-1].copy()),
    "maximum with ties": (lambda m, x, y: m.maximum(x, y), np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0])),
    "minimum with ties": (lambda m, x, y: m.minimum(x, y), np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0])),
    "clip on the limit": (lambda m, x: m.clip(x, -1.0, 1.0), np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    "abs at 0": (lambda m, x: abs(x), np.array([-1.0, 0.0, 2.0])),
    "relu at 0": (lambda m, x: m.relu(x), np.array([-1.0, 0.0, 2.0])),
    "x ** 0": (lambda m, x: x**0, np.array([0.0, 2.0])),
    "x ** y at 0": (lambda m, x, y: x**y, np.array([0.0, 0.0, 2.0]), np.array([0.0, 2.0, 0.0])),
    "max with ties": (lambda m, x: m.amax(x, (0,)) if m is torch else m.max(x, (0,)), np.array([1.0, 3.0, 3.0])),
    "matmul": (lambda m, x, y: x @ y, MATRIX, MATRIX.T.copy()),
    "matmul, broadcast": (lambda m, x, y: x @ y, RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=(5, 4, 2))),
    "matmul, vector": (lambda m, x, y: x @ y, RNG.normal(size=4), RNG.normal(size=(5, 4, 2))),
    "matmul, matrix": (lambda m, x, y: x @ y, RNG.normal(size=(2, 3, 4)), RNG.normal(size=(4, 2))),
    "index, repeated": (lambda m, x: x[[0, 2, 0]], MATRIX),
    "variance": (lambda m, x: m.var(x, axis=1), MATRIX),
    "std of constants": (lambda m, x: m.std(x, axis=1), np.array([[1.0, 1.0], [1.0, 2.0]])),
    "arctan2": (lambda m, x, y: m.arctan2(x, y), MATRIX, MATRIX[::-1].copy()),
    "hypot": (lambda m, x, y: m.hypot(x, y), MATRIX, POSITIVE),
    "logaddexp": (lambda m, x, y: m.logaddexp(x, y), MATRIX * 30, MATRIX[::-1] * 30),
    "softplus": (lambda m, x: torch.nn.functional.softplus(x, threshold=1e9) if m is torch else m.softplus(x), MATRIX),
    "worked example": (lambda m, x, y: 1 / (1 + m.exp(-(x * y).sum())),
                       np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2, 1])),
}  # fmt: skip


class Adapted:
    """PyTorch under the names that the cases use."""

    def __init__(self):
        self.var = lambda x, axis: torch.var(x, dim=axis, correction=0)
        self.std = lambda x, axis: torch.std(x, dim=axis, correction=0)

    def __getattr__(self, name):
        return getattr(torch, name)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_gradient_and_second_derivative(name, dtype):
    f, *values = CASES[name]
    values = [v.astype(dtype) for v in values]
    adapted = Adapted()
    theirs = [torch.tensor(v, requires_grad=True) for v in values]
    module = torch if "max with" in name or name == "softplus" else adapted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns about std with one degree of freedom
        expected = f(module, *theirs)
    mine = [Tensor(v, requires_grad=True) for v in values]
    got = f(ag, *mine)
    tolerance = {"rtol": 1e-10, "atol": 1e-12} if dtype == np.float64 else {"rtol": 2e-5, "atol": 1e-6}
    assert got.dtype == dtype
    assert_allclose(got.data, expected.detach().numpy(), **tolerance)
    seed = np.cos(np.arange(expected.numel(), dtype=dtype)).reshape(expected.shape).astype(dtype)
    first = torch.autograd.grad(expected, theirs, torch.tensor(seed), create_graph=True)
    got.backward(Tensor(seed, requires_grad=True), create_graph=True)
    gradients = [x.grad for x in mine]
    for g, e in zip(gradients, first, strict=True):
        assert_allclose(g.data, e.detach().numpy(), **tolerance)
    if "0" in name:  # second derivatives at kinks and poles differ by convention
        return
    weight = [np.sin(np.arange(v.size, dtype=dtype)).reshape(v.shape).astype(dtype) for v in values]
    total = sum((g * torch.tensor(w)).sum() for g, w in zip(first, weight, strict=True))
    second = torch.autograd.grad(total, theirs, allow_unused=True) if total.requires_grad else [None] * len(theirs)
    for x in mine:
        x.grad = None
    total = sum((g * w).sum() for g, w in zip(gradients, weight, strict=True))
    total.backward()
    for x, e in zip(mine, second, strict=True):
        e = np.zeros(x.shape) if e is None else e.numpy()
        assert_allclose(np.zeros(x.shape) if x.grad is None else x.grad.data, e, **tolerance)


@pytest.mark.parametrize("seed", range(12))
def test_convolution_and_pooling(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(1, 3))
    x = rng.normal(size=(2, 2 * groups, *rng.integers(5, 9, 2)))
    w = rng.normal(size=(3 * groups, 2, *rng.integers(1, 4, 2)))
    b = rng.normal(size=3 * groups)
    options = {k: tuple(int(n) for n in rng.integers(low, 3, 2)) for k, low in (("stride", 1), ("padding", 0))}
    dilation = (1, 2)
    pool = {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 1)}
    theirs = [torch.tensor(v, requires_grad=True) for v in (x, w, b)]
    mine = [Tensor(v, requires_grad=True) for v in (x, w, b)]
    functions = torch.nn.functional
    for name in ("max_pool2d", "avg_pool2d"):
        expected = functions.conv2d(*theirs, **options, dilation=dilation, groups=groups)
        expected = getattr(functions, name)(torch.tanh(expected), **pool)
        got = ag.conv2d(*mine, **options, dilation=dilation, groups=groups)
        got = getattr(ag, name)(ag.tanh(got), **pool)
        assert_allclose(got.data, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
        gradients = torch.autograd.grad((expected**2).sum(), theirs, create_graph=True)
        second = torch.autograd.grad(sum((g**2).sum() for g in gradients), theirs)
        for m in mine:
            m.grad = None
        (got**2).sum().backward(create_graph=True)
        found = [m.grad for m in mine]
        for g, e in zip(found, gradients, strict=True):
            assert_allclose(g.data, e.detach().numpy(), rtol=1e-9, atol=1e-10)
        for m in mine:
            m.grad = None
        sum((g**2).sum() for g in found).backward()
        for m, e in zip(mine, second, strict=True):
            assert_allclose(m.grad.data, e.numpy(), rtol=1e-8, atol=1e-8)


def test_sizes_that_do_not_fit_show_the_formula():
    x = Tensor(np.ones((1, 3, 4, 4)))
    with pytest.raises(ValueError, match=r"floor\(\(4 \+ 2\*0 - 1\*\(5 - 1\) - 1\) / 1\) \+ 1"):
        ag.conv2d(x, np.ones((2, 3, 5, 5)))
    with pytest.raises(ValueError, match=r"has 3 channels.*takes 2"):
        ag.conv2d(x, np.ones((2, 2, 3, 3)))
    with pytest.raises(ValueError, match="groups=2 must divide"):
        ag.conv2d(x, np.ones((2, 3, 3, 3)), groups=2)
    with pytest.raises(ValueError, match="bias"):
        ag.conv2d(x, np.ones((2, 3, 3, 3)), np.ones(3))
    with pytest.raises(ValueError, match=r"N, C, H, W"):
        ag.conv2d(Tensor(np.ones((3, 4, 4))), np.ones((2, 3, 3, 3)))
    for pool in (ag.max_pool2d, ag.avg_pool2d):
        with pytest.raises(ValueError, match=r"floor\("):
            pool(x, 5)
        with pytest.raises(ValueError, match="half"):
            pool(x, 2, padding=2)
        with pytest.raises(ValueError, match="stride must be at least 1"):
            pool(x, 2, stride=0)
        with pytest.raises(ValueError, match="pair"):
            pool(x, (2, 2, 2))
