"""Padding in every mode: values, errors and derivatives, with NumPy's own `pad` and PyTorch's as oracles."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.ops.padding import pad

RNG = np.random.default_rng(5)

WIDTHS = [0, 1, (2, 0), ((1, 2), (0, 3)), ((5, 7), (9, 4))]
OPTIONS = {
    "constant": [{}, {"constant_values": 2.5}, {"constant_values": (1, 2)}, {"constant_values": ((1, 2), (3, 4))}],
    "edge": [{}],
    "linear_ramp": [{}, {"end_values": -1.5}, {"end_values": ((1, 2), (3, 4))}],
    "reflect": [{}, {"reflect_type": "odd"}],
    "symmetric": [{}, {"reflect_type": "even"}, {"reflect_type": "odd"}],
    "wrap": [{}],
    "mean": [{}, {"stat_length": 2}, {"stat_length": ((1, 2), (3, 1))}],
    "maximum": [{}, {"stat_length": (1, 2)}],
    "minimum": [{}, {"stat_length": 2}],
    "median": [{}, {"stat_length": 3}],
}
CASES = [(mode, options) for mode, each in OPTIONS.items() for options in each]


@pytest.mark.parametrize(("mode", "options"), CASES)
@pytest.mark.parametrize("shape", [(3, 4), (1, 3), (2, 1)])
def test_values_are_numpys(mode, options, shape):
    for dtype, widths in itertools.product((np.float64, np.float32, np.complex128, np.int64), WIDTHS):
        if dtype == np.complex128 and mode in ("maximum", "minimum", "median"):
            continue
        x = (10 * RNG.normal(size=shape)).astype(dtype)
        want = np.pad(x, widths, mode, **options)
        got = np.pad(Tensor(x), widths, mode, **options)
        assert isinstance(got, Tensor)
        assert got.dtype == dtype
        assert_allclose(
            got.data, want, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-4 if dtype == np.float32 else 0
        )
        assert_array_equal(pad(x, widths, mode, **options), got.data)


@pytest.mark.parametrize(("mode", "options"), CASES)
def test_derivatives_follow_from_numpys_values(mode, options):
    # Near x, where the order of its elements stays, padding is linear: the oracle is NumPy's pad of x + v.
    for widths in WIDTHS:
        x = RNG.permutation(12).reshape(3, 4) + RNG.uniform(0, 0.2, (3, 4))
        v, g = RNG.uniform(0, 0.2, x.shape), RNG.normal(size=np.pad(x, widths).shape)
        change = np.pad(x + v, widths, mode, **options) - np.pad(x, widths, mode, **options)
        leaf, seed = Tensor(x, requires_grad=True), Tensor(g, requires_grad=True)
        (np.pad(leaf, widths, mode, **options) * seed).sum().backward(create_graph=True)
        gradient, seed.grad = leaf.grad, None
        assert_allclose((gradient.data * v).sum(), (g * change).sum(), rtol=1e-9, atol=1e-12)
        (gradient * v).sum().backward()
        assert_allclose(seed.grad.data, change, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("mode", "theirs"), [("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular"),
                                              ("constant", "constant")])  # fmt: skip
def test_beside_pytorch(mode, theirs):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    values = RNG.normal(size=(1, 2, 4, 5))
    a, x = torch.tensor(values, requires_grad=True), Tensor(values, requires_grad=True)
    expected = torch.nn.functional.pad(a, (2, 1, 3, 0), theirs)
    got = np.pad(x, ((0, 0), (0, 0), (3, 0), (2, 1)), mode)
    assert_array_equal(got.data, expected.detach().numpy())
    (first,) = torch.autograd.grad((expected**3).sum(), a, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), a)
    (got**3).sum().backward(create_graph=True)
    gradient, x.grad = x.grad, None
    (gradient**2).sum().backward()
    assert_allclose(gradient.data, first.detach().numpy(), rtol=1e-12)
    assert_allclose(x.grad.data, second.numpy(), rtol=1e-12)


def test_ties():
    for mode, expected in (("maximum", [2, 1, 2]), ("minimum", [1, 3, 1])):
        # each of two added elements gives its gradient to those that are equal, in equal shares
        x = Tensor([3.0, 1.0, 3.0], requires_grad=True)
        np.pad(x, 1, mode).sum().backward()
        assert x.grad.tolist() == expected


def test_empty_mode_leaves_values_open():
    x = Tensor(np.ones((2, 2)), requires_grad=True)
    padded = np.pad(x, 1, "empty")
    assert padded.shape == (4, 4)
    padded[1:-1, 1:-1].sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1]]


def test_widths_by_axis():
    x = Tensor(np.ones((2, 3)))
    assert np.pad(x, {1: (1, 2)}, mode="edge").shape == (2, 6)
    assert pad(x, {-2: 2}).shape == (6, 3)
    assert pad(Tensor(2.0), 3).shape == ()


def test_arrays_with_an_empty_axis():
    x = Tensor(np.ones((0, 3)))
    assert_array_equal(np.pad(x, 1, constant_values=2).data, np.pad(np.ones((0, 3)), 1, constant_values=2))
    assert np.pad(x, ((0, 0), (1, 1)), "edge").shape == (0, 5)
    with pytest.raises(ValueError, match="empty axis 0"):
        np.pad(x, 1, "edge")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mode": "mirror"}, ValueError, "reflect"),
        ({"mode": lambda *_: None}, ValueError, "modes constant"),
        ({"mode": "edge", "constant_values": 1}, ValueError, "takes no constant_values"),
        ({"mode": "constant", "end_values": 1}, ValueError, "takes no end_values"),
        ({"mode": "mean", "stat_length": 0}, ValueError, "at least 1"),
        ({"mode": "reflect", "reflect_type": "strange"}, ValueError, "'even' or 'odd'"),
        ({"constant_values": Tensor(1.0, requires_grad=True)}, TypeError, "concatenate"),
        ({"pad_width": -1}, ValueError, "negative"),
        ({"pad_width": 1.5}, TypeError, "float64"),
        ({"pad_width": (1, 2, 3)}, ValueError, "broadcast"),
        ({"what": 1}, TypeError, "what"),
    ],
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        np.pad(Tensor([1.0, 2.0]), **({"pad_width": 1} | options))


def test_gradient_goes_through_a_padded_convolution():
    x, w = RNG.normal(size=(1, 1, 4, 4)), RNG.normal(size=(1, 1, 3, 3))
    around = ((0, 0), (0, 0), (1, 1), (1, 1))
    assert ag.gradcheck(lambda x, w: ag.conv2d(pad(x, around, "reflect"), w), (x, w))
