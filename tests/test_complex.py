"""Complex numbers: parts and conjugates, and every elementwise function that takes them, beside PyTorch."""

import operator

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.ops import complex_numbers, elementary, switching

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
from oracle import assert_agrees  # noqa: E402  needs PyTorch

RNG = np.random.default_rng(3)
Z = RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))
W = RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))
X = RNG.normal(size=(3, 4))
POSITIVE = np.abs(X) + 0.3

UNARY = [
    "abs", "angle", "conj", "cos", "cosh", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "negative",
    "positive", "reciprocal", "sigmoid", "sin", "sinh", "sqrt", "square", "tan", "tanh", "arccos", "arccosh", "arcsin",
    "arcsinh", "arctan", "arctanh",
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_complex_number(name, dtype):
    if name == "exp2" and dtype == np.complex64:
        pytest.skip("PyTorch has no exp2 of complex64")
    tolerance = {} if dtype == np.complex128 else {"rtol": 2e-4, "atol": 2e-5}
    ours = elementary.sigmoid if name == "sigmoid" else getattr(np, name)
    assert_agrees(ours, getattr(torch, name), Z.astype(dtype), **tolerance)


@pytest.mark.parametrize("numbers", [(Z, W), (Z, X), (X, Z), (Z, W[0]), (Z[:, :1], X), (POSITIVE, Z)])
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power"])
def test_functions_of_two_numbers_one_of_them_complex(name, numbers):
    theirs = torch.pow if name == "power" else getattr(torch, name)
    if name == "power" and numbers[0].dtype.kind == "f" and (numbers[0] < 0).any():
        numbers = (np.abs(numbers[0]), numbers[1])  # PyTorch takes the logarithm of a real number for the derivative
    assert_agrees(getattr(np, name), theirs, *numbers)


@pytest.mark.parametrize(
    "f",
    [
        lambda m, z: z.real * z.imag,
        lambda m, z: abs(z.conj() * z) ** 3,
        lambda m, z: (z * 2j).real ** 2,
        lambda m, z: z**2 + z**0.5 + z**-1,
        lambda m, z: 2j**z,
        lambda m, z: 2**z,
        lambda m, z: 1j / z,
        lambda m, z: m.where(z.real > 0, z, z.imag + 0j),
        lambda m, z: (m.real(z) + m.imag(z)) * m.angle(z),
        lambda m, z: m.abs(z),
        lambda m, z: m.exp(1j * m.abs(z)) / m.abs(z),
        lambda m, z: z.sum() * z.mean() if m is torch else np.sum(z) * np.mean(z),
        lambda m, z: m.matmul(z, z.T.conj()),
    ],
)
def test_complex_expressions(f):
    assert_agrees(lambda z: f(np, z), lambda z: f(torch, z), Z)


def test_sign_and_its_derivatives():
    assert_agrees(np.sign, torch.sgn, Z)
    assert_agrees(lambda z: abs(np.sign(z) + 0.5), lambda z: abs(torch.sgn(z) + 0.5), Z)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(np.abs, torch.abs), (np.angle, torch.angle), (np.sign, torch.sgn)],
    ids=["abs", "angle", "sign"],
)
def test_gradients_at_zero_are_zero(ours, theirs):
    assert_agrees(ours, theirs, np.array([0j, 1 + 2j]), second=False)


def test_parts_of_real_numbers():
    assert_agrees(np.angle, torch.angle, X)
    x = Tensor(X, requires_grad=True)
    (np.real(x) + np.imag(x) + x.real + x.imag + x.conj() + x.conjugate()).sum().backward()
    assert_array_equal(x.grad.data, np.full(X.shape, 4.0))


@pytest.mark.parametrize("f", [np.real, np.imag, np.conj, np.conjugate, np.angle, np.isreal, np.iscomplex])
@pytest.mark.parametrize("values", [Z, X, Z[0, 0], np.array([1, 2]), Z.astype(np.complex64), Z[:0]])
def test_values_are_numpys(f, values):
    expected, got = f(values), f(Tensor(values))
    assert isinstance(got, Tensor)
    assert got.dtype == expected.dtype
    assert_array_equal(got.data, expected)
    plain = getattr(complex_numbers, "conjugate" if f is np.conj else f.__name__)(values)
    assert not isinstance(plain, Tensor)
    assert_array_equal(plain, expected)


def test_parts_are_attributes():
    z = Tensor(Z)
    assert_array_equal(z.real.data, Z.real)
    assert_array_equal(z.imag.data, Z.imag)
    assert z.real.dtype == np.float64


def test_angle_in_degrees():
    z = Tensor(Z, requires_grad=True)
    assert_allclose(np.angle(z, deg=True).detach().numpy(), np.angle(Z, deg=True))
    assert ag.gradcheck(lambda x, y: np.angle(x + 1j * y, deg=True), (X, POSITIVE))


def test_real_if_close():
    z = Tensor(np.array([1 + 1e-15j, 2.0]), requires_grad=True)
    assert np.real_if_close(z).dtype == np.float64
    assert np.real_if_close(z, tol=1e-20).dtype == np.complex128
    np.real_if_close(z).sum().backward()
    assert_array_equal(z.grad.data, [1, 1])
    assert_array_equal(np.real_if_close(Tensor(Z)).data, Z)


@pytest.mark.parametrize("f", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
@pytest.mark.parametrize("number", [np.float64(2), np.float32(2), np.complex128(2)])
def test_python_complex_numbers_beside_0d_tensors(f, number):
    leaf, row = Tensor(number, requires_grad=True), Tensor(np.array([number]), requires_grad=True)
    for x in (leaf, leaf.detach()):
        y = f(1 + 2j, x)
        assert isinstance(y._data, np.complexfloating)
        assert y.dtype == f(1 + 2j, row).dtype
        assert_allclose(y.item(), f(1 + 2j, row).item(), rtol=1e-6)
    f(1 + 2j, leaf).imag.backward(create_graph=True)
    f(1 + 2j, row).imag.sum().backward()
    assert_allclose(leaf.grad.detach().numpy(), row.grad.data[0], rtol=1e-5)


def test_real_inputs_get_real_gradients():
    x, z = Tensor(X, requires_grad=True), Tensor(Z, requires_grad=True)
    abs(x * z + x).sum().backward()
    assert x.grad.dtype == np.float64
    assert z.grad.dtype == np.complex128


def test_powers_of_negative_numbers_with_complex_exponents():
    def f(x, y):
        z = x ** (1 + 1j * y)
        return z.real, z.imag

    assert ag.gradcheck(f, (-POSITIVE, X))
    assert ag.gradgradcheck(f, (-POSITIVE, X))
    y = Tensor(X, requires_grad=True)
    np.real((-2.0) ** (1j * y)).sum().backward()
    assert np.isfinite(y.grad.data).all()


def test_every_other_elementwise_function_refuses_complex_numbers_or_orders_them_as_numpy_does():
    z = Tensor(Z, requires_grad=True)
    for refuses in (
        np.floor, np.ceil, np.trunc, np.cbrt, np.fabs, np.deg2rad, np.modf, np.frexp, np.signbit, np.spacing,
        elementary.softplus, elementary.log_sigmoid,
        *(lambda z, f=f: f(z, z) for f in (np.arctan2, np.hypot, np.logaddexp, np.copysign, np.fmod, np.remainder)),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            refuses(z)
    assert_array_equal(np.maximum(z, W).detach().numpy(), np.maximum(Z, W))
    np.maximum(z, W).real.sum().backward()
    assert_array_equal(z.grad.data, np.where(Z > W, 1, 0))


def test_nan_to_num_works_on_each_part():
    values = np.array([complex(np.nan, 1), complex(1, np.inf), 2 + 3j])
    z = Tensor(values, requires_grad=True)
    out = np.nan_to_num(z, nan=5.0)
    assert_array_equal(out.detach().numpy(), np.nan_to_num(values, nan=5.0))
    out.backward(np.full(3, 1 + 2j))
    assert_array_equal(z.grad.data, [2j, 1, 1 + 2j])
    assert switching.nan_to_num.op.name == "nan_to_num"


def test_unwrap():
    x = Tensor(np.array([[0.0, 3.0, 6.5, 1.0], [5.0, 0.0, 0.5, 7.0]]), requires_grad=True)
    for options in ({}, {"axis": 0}, {"discont": 4.0}, {"period": 3.0}):
        assert_array_equal(np.unwrap(x, **options).detach().numpy(), np.unwrap(x.data, **options))
    np.unwrap(x).backward(np.arange(8.0).reshape(2, 4))
    assert_array_equal(x.grad.data, np.arange(8.0).reshape(2, 4))
