"""Exponentials, triangular systems and logarithms of determinants: beside SciPy and PyTorch, and their edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from autograd import Tensor, elementwise_grad, gradcheck, linalg

RNG = np.random.default_rng(5)
SQUARE = RNG.normal(size=(2, 3, 3))
COMPLEX = SQUARE[0] + 1j * SQUARE[1]


@pytest.mark.parametrize("scale", [1e-9, 1e-2, 1.0, 4.0, 30.0])
def test_exponentials_are_scipys(scale):
    expm = pytest.importorskip("scipy.linalg", reason="needs the extra 'special'").expm
    for a in (scale * SQUARE, scale * COMPLEX[None]):
        expected = np.stack([expm(m) for m in a])
        assert_allclose(linalg.matrix_exp(a), expected, rtol=1e-11, atol=1e-13 * np.abs(expected).max())


def test_matrices_of_a_stack_are_scaled_each_by_itself():
    rotation = np.array([[0.0, 300.0], [-300.0, 0.0]])
    stack = np.stack([np.array([[0.3, 0.2], [0.1, 0.5]]), rotation])
    got = linalg.matrix_exp(stack)
    assert_array_equal(got[0], linalg.matrix_exp(stack[0]))
    cos, sin = np.cos(300.0), np.sin(300.0)
    assert_allclose(got[1], [[cos, sin], [-sin, cos]], rtol=1e-11)


@pytest.mark.parametrize("a", [SQUARE, COMPLEX, np.zeros((2, 2)), 5 * SQUARE[0], np.ones((1, 1))])
def test_exponentials_and_derivatives_are_pytorchs(a):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    assert_agrees(linalg.matrix_exp, torch.linalg.matrix_exp, a, rtol=1e-8, atol=1e-7)


def test_the_gradients_size_does_not_decide_the_precision():
    a = Tensor(SQUARE[0], requires_grad=True)
    found = []
    for size in (1.0, 1e12, -1e12):
        a.grad = None
        linalg.matrix_exp(a).backward(np.full((3, 3), size))
        found.append(a.grad.data / size)
    assert_allclose(found[1], found[0], rtol=1e-13)
    assert_allclose(found[2], found[0], rtol=1e-13)
    a.grad = None
    linalg.matrix_exp(a).backward(np.zeros((3, 3)))
    assert_array_equal(a.grad.data, np.zeros((3, 3)))


def test_gradients_of_a_stack_are_scaled_each_by_itself():
    a = Tensor(SQUARE, requires_grad=True)
    size = np.array([1e200, 1e-200])[:, None, None]
    linalg.matrix_exp(a).backward(np.broadcast_to(size, a.shape))
    assert_allclose(a.grad.data / size, elementwise_grad(linalg.matrix_exp)(SQUARE), rtol=1e-13)


def test_exponentials_of_nothing_and_of_integers():
    assert linalg.matrix_exp(Tensor(np.zeros((0, 3, 3)))).shape == (0, 3, 3)
    assert linalg.matrix_exp(np.zeros((2, 0, 0))).shape == (2, 0, 0)
    assert_allclose(linalg.matrix_exp(np.array([[1]])), [[np.e]])
    assert np.isnan(linalg.matrix_exp(np.array([[np.nan]]))).all()


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit_diagonal", [False, True])
@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
def test_triangular_systems_are_scipys(trans, lower, unit_diagonal):
    theirs = pytest.importorskip("scipy.linalg", reason="needs the extra 'special'").solve_triangular
    options = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}
    for a in (SQUARE[0], COMPLEX):
        for b in (np.arange(1.0, 4.0), np.arange(1.0, 7.0).reshape(3, 2)):
            assert_allclose(linalg.solve_triangular(a, b, **options), theirs(a, b, **options), rtol=1e-12)
    assert gradcheck(lambda a, b: linalg.solve_triangular(a, b, **options), (COMPLEX, np.arange(3.0)))


def test_what_a_triangular_system_does_not_read_has_no_gradient():
    a = Tensor(SQUARE[0], requires_grad=True)
    linalg.solve_triangular(a, np.ones(3), lower=True, unit_diagonal=True).sum().backward()
    assert_array_equal(np.triu(a.grad.data), np.zeros((3, 3)))
    a = SQUARE[0].copy()
    a[np.tril_indices(3, -1)] = np.nan
    assert np.isfinite(linalg.solve_triangular(a, np.ones(3))).all()


def test_logarithms_of_determinants_are_pytorchs():
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    positive = np.stack([SQUARE[0] @ SQUARE[0].T, np.eye(3)])
    assert_agrees(linalg.logdet, torch.logdet, positive, rtol=1e-8)
    assert_agrees(linalg.logdet, torch.logdet, COMPLEX, rtol=1e-8)
    edges = np.array([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, -1.0]]])
    assert_array_equal(linalg.logdet(Tensor(edges)).data, [-np.inf, np.nan])


def test_precision_is_kept():
    single = Tensor(SQUARE.astype(np.float32))
    for y in (linalg.matrix_exp(single), linalg.logdet(single), linalg.solve_triangular(single, single, lower=True)):
        assert y.dtype == np.float32
    assert elementwise_grad(linalg.matrix_exp)(single).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linalg.matrix_exp(Tensor(np.ones((2, 3)))), np.linalg.LinAlgError, r"square.*\(2, 3\)"),
        (lambda: linalg.solve_triangular(SQUARE[0], np.ones(3), trans="X"), ValueError, "'X'"),
        (lambda: linalg.solve_triangular(np.zeros((3, 3)), np.ones(3)), np.linalg.LinAlgError, "[Ss]ingular"),
        (lambda: linalg.logdet(Tensor(np.ones((2, 3)))), np.linalg.LinAlgError, "square"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
