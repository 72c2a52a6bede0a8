"""`np.linalg` on Tensors beside NumPy and PyTorch: values, first and second derivatives, and the edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from autograd import Tensor, grad, gradcheck, gradgradcheck, hessian, hvp, linalg, sample
from autograd.ops.matrices import Separated
from autograd.primitive import Composite
from autograd.testing import check_op

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
from oracle import assert_agrees  # noqa: E402

RNG = np.random.default_rng(3)
INF = np.inf


def draw(*shape, kind=complex):
    """Return random numbers, with an imaginary part that real tests drop."""
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


def apart(*shape):
    """Return matrices whose eigenvalues and singular values are distinct."""
    return 0.3 * draw(*shape) + np.eye(*shape[-2:]) * (1 + np.arange(shape[-1]))


class Ours:
    """NumPy's functions, called on Tensors."""

    linalg = np.linalg

    @staticmethod
    def H(x):  # noqa: N802
        return np.conj(np.swapaxes(x, -1, -2))

    @staticmethod
    def array(x):
        return x

    norm = np.linalg.norm
    cond = np.linalg.cond

    @staticmethod
    def lstsq(a, b):
        return np.linalg.lstsq(a, b)[0]


class Theirs:
    """PyTorch's under the same names."""

    linalg = torch.linalg
    array = torch.tensor

    @staticmethod
    def H(x):  # noqa: N802
        return x.mH

    @staticmethod
    def norm(x, ord=None, axis=None, keepdims=False):
        return torch.linalg.norm(x, ord, axis, keepdims)

    @staticmethod
    def cond(x, p):  # PyTorch's own has no second derivative
        return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p)

    @staticmethod
    def lstsq(a, b):
        return torch.linalg.lstsq(a, b, driver="gelsd").solution


def hermitian(m, x):
    return x + m.H(x)


def positive(m, x):
    return x @ m.H(x)


def weighted(m, vectors, others):
    """Return what depends on vectors, but not on their phases."""
    k = np.arange(1.0, 1 + vectors.shape[-1]) ** 2
    return (vectors * m.array(k)) @ others


def by_eigh(m, x):
    w, v = m.linalg.eigh(hermitian(m, x))
    return w, weighted(m, v, m.H(v))


def by_eig(m, x):
    w, v = m.linalg.eig(x)
    return w, weighted(m, v, m.H(v))


def by_svd(m, x):
    u, s, vh = m.linalg.svd(x, full_matrices=False)
    return weighted(m, u, vh), s


def vectors(m, x):
    """Return singular vectors and eigenvectors, those in the first row positive: LAPACK's signs depend on addresses."""
    u, s, vh = m.linalg.svd(x.real, full_matrices=False)
    values, v = m.linalg.eigh(hermitian(m, x).real)
    of_u, of_v = (2 * (each[0] > 0) - 1 for each in (u, v))
    return u * of_u, s, vh * of_u[:, None], values, v * of_v


CASES = {
    "inv": (lambda m, a: m.linalg.inv(a), apart(2, 3, 3)),
    "pinv, tall": (lambda m, a: m.linalg.pinv(a), apart(4, 3)),
    "pinv, wide": (lambda m, a: m.linalg.pinv(a), apart(2, 3, 4)),
    "det": (lambda m, a: m.linalg.det(a), apart(2, 3, 3)),
    "slogdet": (lambda m, a: tuple(m.linalg.slogdet(a)), apart(2, 3, 3)),
    "solve": (lambda m, a, b: m.linalg.solve(a, b), apart(2, 3, 3), draw(2, 3, 2)),
    "solve, vector": (lambda m, a, b: m.linalg.solve(a, b), apart(3, 3), draw(3)),
    "solve, broadcast": (lambda m, a, b: m.linalg.solve(a, b), apart(3, 3), draw(2, 3, 2)),
    "lstsq": (lambda m, a, b: m.lstsq(a, b), apart(4, 3), draw(4, 2)),
    "lstsq, wide": (lambda m, a, b: m.lstsq(a, b), apart(3, 4), draw(3, 2)),
    "matrix_power": (lambda m, a: m.linalg.matrix_power(a, 5), apart(2, 3, 3)),
    "matrix_power, negative": (lambda m, a: m.linalg.matrix_power(a, -3), apart(3, 3)),
    "multi_dot": (lambda m, a, b, c: m.linalg.multi_dot([a, b, c]), draw(2, 5), draw(5, 3), draw(3, 4)),
    "tensorinv": (lambda m, a: m.linalg.tensorinv(a, 1), draw(4, 2, 2)),
    "tensorsolve": (lambda m, a, b: m.linalg.tensorsolve(a, b), draw(2, 3, 6), draw(2, 3)),
    "cholesky": (lambda m, a: m.linalg.cholesky(positive(m, a)), apart(2, 3, 3)),
    "cholesky, upper": (lambda m, a: m.linalg.cholesky(positive(m, a), upper=True), apart(3, 3)),
    "qr, square": (lambda m, a: tuple(m.linalg.qr(a)), apart(2, 3, 3)),
    "qr, tall": (lambda m, a: tuple(m.linalg.qr(a)), apart(4, 3)),
    "qr, wide": (lambda m, a: tuple(m.linalg.qr(a)), apart(3, 5)),
    "eigh": (by_eigh, apart(2, 3, 3)),
    "eigvalsh": (lambda m, a: m.linalg.eigvalsh(hermitian(m, a)), apart(2, 3, 3)),
    "eig": (by_eig, draw(3, 3)),
    "eigvals": (lambda m, a: m.linalg.eigvals(a), apart(2, 3, 3)),
    "svd": (by_svd, apart(2, 1, 3, 3)),
    "svd, tall": (by_svd, apart(4, 2)),
    "svd, wide": (by_svd, apart(2, 4)),
    "svd, values alone": (lambda m, a: m.linalg.svd(a)[1], apart(2, 4, 3)),
    "eigh, values alone": (lambda m, a: m.linalg.eigh(hermitian(m, a))[0], apart(2, 3, 3)),
    "svdvals": (lambda m, a: m.linalg.svdvals(a), apart(2, 4, 3)),
    "cond": (lambda m, a: m.linalg.cond(a), apart(2, 3, 3)),
    "cond, -2": (lambda m, a: m.linalg.cond(a, -2), apart(3, 3)),
    "cond, 1": (lambda m, a: m.cond(a, 1), apart(2, 3, 3)),
    "norm of all": (lambda m, a: m.norm(a), draw(2, 3, 2)),
    "norm, keepdims": (lambda m, a: m.norm(a, None, 1, True), draw(2, 3)),
}
for ord in (None, 2, 1, 3, 2.5, 0.5, -1, -2.5, INF, -INF):
    CASES[f"norm of vectors, {ord}"] = (lambda m, a, ord=ord: m.norm(a, ord, -1), draw(2, 3))
for ord in ("fro", "nuc", 2, -2, 1, -1, INF, -INF):
    CASES[f"norm of matrices, {ord}"] = (lambda m, a, ord=ord: m.norm(a, ord, (0, -1)), draw(3, 2, 4))


PIECEWISE_LINEAR = {f"norm of vectors, {ord}" for ord in (1, INF, -INF)} | {
    f"norm of matrices, {ord}" for ord in (1, -1, INF, -INF)
}


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("name", CASES)
def test_as_pytorch(name, kind):
    f, *values = CASES[name]
    values = [v if kind == "complex" else v.real.copy() for v in values]
    second = kind == "complex" or name not in PIECEWISE_LINEAR  # these have none
    assert_agrees(lambda *x: f(Ours, *x), lambda *x: f(Theirs, *x), *values, rtol=1e-7, atol=1e-7, second=second)


def test_vectors_are_as_pytorchs_but_for_signs():
    x = apart(3, 3).real
    assert_agrees(lambda a: vectors(Ours, a), lambda a: vectors(Theirs, a), x, rtol=1e-7, atol=1e-7)


# --- every promise, of functions of symmetric matrices ----------------------------------------------------------------


def cholesky_of_product(x, upper):
    return linalg.cholesky(x @ np.swapaxes(x, -1, -2), upper=upper)


def eigenvalues_of_sum(x, UPLO):  # noqa: N803
    return linalg.eigvalsh(x + np.swapaxes(x, -1, -2), UPLO)


def eigenvectors_of_sum(x, UPLO):  # noqa: N803
    return linalg.eigh(x + np.swapaxes(x, -1, -2), UPLO).eigenvectors


def pseudo_inverse_of_sum(x):
    return linalg.pinv(x + np.swapaxes(x, -1, -2), hermitian=True)


def factors_of_sum(x):
    u, s, vh = linalg.svd(x + np.swapaxes(x, -1, -2), hermitian=True)
    return (u * s**2) @ vh


SYMMETRIC = [
    (cholesky_of_product, {"upper": False}), (cholesky_of_product, {"upper": True}),
    (eigenvalues_of_sum, {"UPLO": "U"}),
    (eigenvectors_of_sum, {"UPLO": "L"}), (eigenvectors_of_sum, {"UPLO": "U"}), (pseudo_inverse_of_sum, {}),
    (factors_of_sum, {}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "options"), SYMMETRIC)
def test_functions_of_symmetric_matrices_keep_every_promise(function, options):
    samples = [sample(Separated(shape), **options) for shape in ((3, 3), (2, 2, 2))]
    check_op(Composite(function, samples, several=False))


# --- values beside NumPy ----------------------------------------------------------------------------------------------

MATRIX, STACK, CUBE = RNG.normal(size=(3, 3)), RNG.normal(size=(2, 3, 3)), RNG.normal(size=(2, 3, 4))
SPD = STACK @ np.swapaxes(STACK, -1, -2) + np.eye(3)
CALLS = [
    *[("norm", (x,), {"ord": o, "axis": a, "keepdims": k})
      for o in (None, 2, 1, 0, 3, -2, INF, -INF) for k in (False, True) for x, a in ((CUBE, 1), (CUBE[0, 0], None))],
    *[("norm", (CUBE,), {"ord": o, "axis": a, "keepdims": k})
      for o in (None, "fro", "f", "nuc", 1, -1, 2, -2, INF, -INF) for k in (False, True) for a in ((0, 1), (-1, 0))],
    *[("norm", (x,), {"keepdims": k}) for x in (CUBE, MATRIX, np.float64(3), MATRIX[0]) for k in (False, True)],
    *[("norm", (np.zeros((0, 3)),), {"ord": o, "axis": 0}) for o in (None, 1, 0, INF, 3)],
    *[("norm", (np.zeros((0, 3)),), {"ord": o}) for o in ("nuc", 2, 1, INF, None)],
    ("norm", ([[1, 2], [3, 4]],), {}), ("norm", (np.array([1, 2]),), {"ord": 1}),
    ("norm", ([[0.0, 1.0]],), {"axis": 1}),
    *[("vector_norm", (CUBE,), {"ord": o, "axis": a, "keepdims": k})
      for o in (2, 1, 0, 3, INF) for a in (None, 1, (0, 2)) for k in (False, True)],
    *[("matrix_norm", (CUBE,), {"ord": o, "keepdims": k}) for o in ("fro", "nuc", 2, -1, INF) for k in (False, True)],
    *[(name, (x,), {}) for name in ("inv", "det", "slogdet", "cholesky", "eigvalsh", "eigh", "svdvals", "qr", "pinv")
      for x in (SPD, SPD[0], SPD[:0], SPD.astype(np.float32))],
    ("cholesky", (SPD,), {"upper": True}), ("eigh", (STACK, "U"), {}), ("eigvalsh", (STACK,), {"UPLO": "U"}),
    ("eig", (SPD,), {}), ("eigvals", (SPD,), {}), ("eig", (STACK,), {}), ("eigvals", (MATRIX,), {}),
    *[("qr", (x, mode), {}) for x in (CUBE, np.swapaxes(CUBE, 1, 2)) for mode in ("reduced", "r")],
    ("qr", (CUBE, "complete"), {}), ("svd", (CUBE,), {}), ("svd", (CUBE, False), {}), ("svd", (CUBE, True, False), {}),
    ("svd", (SPD,), {"hermitian": True}), ("svd", (SPD,), {"hermitian": True, "compute_uv": False}),
    ("pinv", (CUBE, 0.4), {}), ("pinv", (CUBE,), {"rtol": 0.4}), ("pinv", (SPD,), {"hermitian": True, "rtol": None}),
    ("solve", (MATRIX, MATRIX[0]), {}), ("solve", (STACK, MATRIX[0]), {}), ("solve", (STACK, CUBE), {}),
    ("solve", (MATRIX, CUBE), {}), ("lstsq", (CUBE[0].T, MATRIX[0].repeat(2)[:4]), {}),
    ("lstsq", (CUBE[0], MATRIX), {}),
    ("lstsq", (CUBE[0].T, np.ones((4, 2))), {"rcond": 0.5}), ("lstsq", (CUBE[0].T, np.ones((4, 2))), {}),
    *[("matrix_power", (STACK, n), {}) for n in (0, 1, 2, 7, -1, -4)],
    *[("cond", (x, p), {}) for x in (STACK, MATRIX, np.ones((2, 2)), np.zeros((2, 3, 3)))
      for p in (None, 2, -2, 1, -1, INF, "fro")],
    ("cond", (STACK, "nuc"), {}),
    ("cond", (CUBE,), {}), ("matrix_rank", (CUBE,), {}), ("matrix_rank", (np.ones((3, 3)),), {}),
    ("matrix_rank", (CUBE, 2.0), {}), ("matrix_rank", (SPD,), {"hermitian": True, "rtol": 0.1}),
    ("tensorinv", (RNG.normal(size=(4, 6, 8, 3)),), {}), ("tensorinv", (RNG.normal(size=(6, 2, 3)),), {"ind": 1}),
    ("tensorsolve", (RNG.normal(size=(2, 3, 6)), CUBE[0, :2, :3]), {}),
    ("tensorsolve", (RNG.normal(size=(2, 6, 3)), CUBE[0, :2, :3]), {"axes": (1,)}),
    ("multi_dot", ([MATRIX[0], MATRIX, CUBE[0], CUBE[0, 0]],), {}), ("multi_dot", ([MATRIX, CUBE[0]],), {}),
    ("cross", (STACK, MATRIX[0]), {}), ("cross", (STACK, STACK), {"axis": 1}), ("outer", (MATRIX[0], CUBE[0, 0]), {}),
    ("trace", (CUBE,), {"offset": 1}), ("trace", (STACK.astype(np.float32),), {"dtype": np.float64}),
    ("diagonal", (CUBE,), {"offset": -1}), ("matmul", (STACK, CUBE), {}), ("matrix_transpose", (CUBE,), {}),
    ("tensordot", (STACK, CUBE), {"axes": (2, 1)}), ("vecdot", (STACK, MATRIX), {"axis": -2}),
]  # fmt: skip


def as_tensor(x):
    if isinstance(x, list) and isinstance(x[0], np.ndarray):
        return [as_tensor(y) for y in x]
    return Tensor(x) if isinstance(x, np.ndarray | np.generic) else x


@pytest.mark.parametrize("number", range(len(CALLS)), ids=lambda n: CALLS[n][0])
def test_values_as_numpy(number):
    name, args, kwargs = CALLS[number]
    with np.errstate(all="ignore"):
        expected = getattr(np.linalg, name)(*args, **kwargs)
        plain = getattr(linalg, name)(*args, **kwargs)
        tensor = getattr(np.linalg, name)(*map(as_tensor, args), **kwargs)
    several = isinstance(expected, tuple)
    for want, array, ours in zip(*(x if several else [x] for x in (expected, plain, tensor)), strict=True):
        assert not isinstance(array, Tensor)
        assert isinstance(ours, Tensor) or isinstance(array, int) or isinstance(args[0], list)
        for got in (array, ours):
            assert np.shape(got) == np.shape(want)
            assert isinstance(got, int) or np.result_type(got) == np.result_type(want)
            rtol = 1e-5 if np.result_type(want) == np.float32 else 1e-9
            assert_allclose(got.data if isinstance(got, Tensor) else got, want, rtol=rtol, atol=1e-9)
    if hasattr(expected, "_fields"):
        assert expected._fields == plain._fields == tensor._fields
        assert type(expected).__name__ == type(tensor).__name__


# --- edges: norms -----------------------------------------------------------------------------------------------------


def derivatives(f, x):
    """Return the gradient of f at x, and that of its sum."""
    x = Tensor(x, requires_grad=True)
    f(x).backward(create_graph=True)
    first, x.grad = x.grad, None
    if first.requires_grad:
        first.sum().backward()
    return first.data, np.zeros(x.shape) if x.grad is None else x.grad.data


@pytest.mark.parametrize("ord", [None, 2, 1, 0, 3, 1.5, 0.5, -1, -2, INF, -INF])
def test_norms_of_zero_vectors_have_zero_derivatives(ord):
    for got in derivatives(lambda x: np.linalg.norm(x, ord), np.zeros(3)):
        assert_allclose(got, 0)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 2, -2, 1, -1, INF, -INF])
def test_norms_of_zero_matrices_have_zero_gradients(ord):
    assert_allclose(derivatives(lambda x: np.linalg.norm(x, ord), np.zeros((3, 2)))[0], 0)


@pytest.mark.parametrize("ord", [2, 3, 1.5, 0.5])
def test_single_zeros_have_zero_gradients(ord):
    first, second = derivatives(lambda x: np.linalg.norm(x, ord), np.array([0.0, 1.0, -2.0]))
    assert first[0] == 0
    assert np.isfinite(second).all()
    oracle = torch.tensor([0.0, 1.0, -2.0], dtype=torch.float64, requires_grad=True)
    expected = torch.autograd.grad(torch.linalg.norm(oracle, ord), oracle)[0]
    assert_allclose(first, expected.numpy())


@pytest.mark.parametrize(
    ("ord", "x"), [(INF, [1.0, -3.0, 3.0]), (-INF, [1.0, 3.0, -1.0]), (2, np.eye(3)), (-2, np.eye(3)), (1, np.eye(2))]
)
def test_ties_share_the_gradient_as_in_pytorch(ord, x):
    x = np.array(x)
    theirs = torch.tensor(x, requires_grad=True)
    expected = torch.autograd.grad(torch.linalg.norm(theirs, ord), theirs)[0]
    assert_allclose(derivatives(lambda x: np.linalg.norm(x, ord), x)[0], expected.numpy(), atol=1e-12)


def test_condition_number_of_singular_matrices_is_infinite_and_harms_no_other():
    stack = np.array([np.ones((2, 2)), [[2.0, 1.0], [0.0, 1.0]]])
    for p in (1, "fro", INF):
        x = Tensor(stack, requires_grad=True)
        numbers = np.linalg.cond(x, p)
        assert numbers[0].item() == INF
        numbers[1].backward()
        assert_allclose(x.grad.data[1], derivatives(lambda a, p=p: np.linalg.cond(a, p), stack[1])[0])
        assert_allclose(x.grad.data[0], 0)


# --- edges: determinants ----------------------------------------------------------------------------------------------

SINGULAR = {
    "rank 2 of 3": np.arange(9.0).reshape(3, 3),
    "rank 2 of 3, exactly": np.diag([1.0, 2.0, 0.0]),
    "rank 1 of 3": np.outer([1.0, 2.0, 4.0], [1.0, -1.0, 0.5]),
    "rank 1 of 2": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "rank 0 of 2": np.zeros((2, 2)),
    "rank 0 of 3": np.zeros((3, 3)),
    "rank 0 of 1": np.zeros((1, 1)),
    "one of two": np.array([np.eye(2), np.ones((2, 2))]),
}


def minors(x):
    """Return the signed determinants of what is left without one row and one column."""
    n = len(x)
    return np.array([
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ])  # fmt: skip


@pytest.mark.parametrize("name", SINGULAR)
def test_determinant_of_singular_matrices(name):
    x = Tensor(SINGULAR[name], requires_grad=True)
    np.linalg.det(x).sum().backward()
    stack = np.reshape(x.data, (-1, *x.shape[-2:]))
    assert_allclose(x.grad.data, np.reshape([minors(a) for a in stack], x.shape), atol=1e-12)
    if np.linalg.det(x.data).min() == 0:
        gradgradcheck(np.linalg.det, (Tensor(x.data, requires_grad=True),))


def test_determinant_of_complex_singular_matrices():
    x = np.array([[1.0 + 1j, 2.0], [2j, 2 + 2j]]) @ np.array([[1.0, 1j], [0.0, 0.0]])
    leaf = Tensor(x, requires_grad=True)
    np.linalg.det(leaf).backward(np.array(1.0 + 0j))
    assert_allclose(leaf.grad.data, minors(x).conj(), atol=1e-12)


@pytest.mark.parametrize("distance", [1e-17, 1e-12, 1e-8, 1e-4])
def test_second_derivative_of_the_determinant_of_nearly_singular_matrices(distance):
    row = np.array([0.3, 1.7])
    x = Tensor(np.outer(row, row) / 3 + distance * np.array([[0.3, 0.1], [0.2, 0.7]]), requires_grad=True)
    np.linalg.det(x).backward(create_graph=True)
    gradient, x.grad = x.grad, None
    (gradient * gradient).sum().backward()  # the cofactors are the elements, so this is the sum of their squares
    assert_allclose(x.grad.data, 2 * x.data, rtol=1e-7)


def test_log_determinant_of_a_singular_matrix_has_an_infinite_gradient_and_harms_no_other():
    x = Tensor(np.array([[[1.0, 1.0], [1.0, 1.0]], [[2.0, 0.0], [1.0, 4.0]]]), requires_grad=True)
    sign, log = np.linalg.slogdet(x)
    assert (sign.data[0], log.data[0]) == (0, -INF)
    log.sum().backward()
    assert np.isinf(x.grad.data[0]).all()
    assert_allclose(x.grad.data[1], np.linalg.inv(x.data[1]).T)


# --- edges: repeated values, phases, what has no derivative -----------------------------------------------------------


def reconstructed(name):
    """Return the function that decomposes a matrix and multiplies it together again."""

    def function(x):
        if name == "svd":
            u, s, vh = np.linalg.svd(x, full_matrices=False)
            return (u * s) @ vh
        w, v = getattr(np.linalg, name)(x)
        return (v * w) @ (np.swapaxes(v, 0, 1) if name == "eigh" else np.linalg.inv(v))

    return function


@pytest.mark.parametrize("name", ["svd", "eigh", "eig"])
@pytest.mark.parametrize("diagonal", [(2.0, 2.0, 2.0), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)])
def test_repeated_values_never_give_a_wrong_gradient(name, diagonal):
    weights = RNG.normal(size=(3, 3))
    x = Tensor(np.diag(diagonal), requires_grad=True)
    np.sum(weights * reconstructed(name)(x)).backward()
    if name == "eigh":
        weights = (weights + weights.T) / 2
    assert (np.isclose(x.grad.data, weights) | np.isnan(x.grad.data)).all()


@pytest.mark.parametrize("name", ["svd", "eigh", "eig"])
def test_distinct_values_give_the_gradient_of_what_was_decomposed(name):
    weights = RNG.normal(size=(3, 3))
    x = Tensor(np.diag([1.0, 2.0, 4.0]), requires_grad=True)
    np.sum(weights * reconstructed(name)(x)).backward()
    assert_allclose(x.grad.data, (weights + weights.T) / 2 if name == "eigh" else weights, atol=1e-12)


@pytest.mark.parametrize("name", ["svdvals", "eigvalsh"])
def test_repeated_values_have_no_second_derivative(name):
    square = hessian(lambda x: np.sum(getattr(np.linalg, name)(x) ** 2))(np.eye(2) * 2)
    assert np.isnan(square).any()


def test_repeated_singular_values_harm_only_what_depends_on_the_vectors():
    x = Tensor(np.eye(3), requires_grad=True)
    u, s, vh = np.linalg.svd(x)
    s.sum().backward(retain_graph=True)
    assert_allclose(x.grad.data, np.eye(3))
    x.grad = None
    (u @ np.diag([1.0, 2.0, 3.0]) @ vh)[0, 1].backward()
    assert np.isnan(x.grad.data).any()


def test_nuclear_norm_is_smooth_where_singular_values_repeat():
    turned = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    for matrix in (np.eye(3), turned, np.eye(2, 3), np.stack([np.eye(3, 2), np.ones((3, 2)) + np.eye(3, 2)])):
        assert gradgradcheck(lambda x: np.linalg.norm(x, "nuc", axis=(-2, -1)), (Tensor(matrix, requires_grad=True),))


@pytest.mark.parametrize("shape", [(3, 1), (1, 3)])
def test_vectors_of_a_singular_value_of_0_have_no_derivative_and_harm_no_other_matrix(shape):
    def gradient(a):
        x = Tensor(a, requires_grad=True)
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        (u.sum() + vh.sum()).backward()
        return x.grad.data

    regular = RNG.normal(size=shape)
    of_zeros, of_regular = gradient(np.stack([np.zeros(shape), regular]))
    assert np.isnan(of_zeros).all()
    assert_allclose(of_regular, gradient(regular))


def test_second_derivative_of_the_nuclear_norm_at_matrices_of_lower_rank():
    def turn(matrix, d):
        return hvp(lambda x: np.linalg.norm(x, "nuc"), (matrix,), (d,))

    d = RNG.normal(size=(3, 3))
    (_, b, c), (e, _, f), (h, k, _) = d
    expected = [[0, (b - e) / 5, c / 3], [(e - b) / 5, 0, f / 2], [h / 3, k / 2, 0]]
    assert_allclose(turn(np.diag([3.0, 2.0, 0.0]), d), expected, rtol=1e-12, atol=1e-12)
    assert_allclose(turn(np.diag([3.0, 0.0, 0.0]), d), [[0, b / 3, c / 3], [e / 3, 0, 0], [h / 3, 0, 0]], atol=1e-12)


@pytest.mark.parametrize("name", ["eigh", "eig"])
def test_repeated_eigenvalues_harm_only_what_depends_on_the_vectors(name):
    x = Tensor(np.eye(3), requires_grad=True)
    w, v = getattr(np.linalg, name)(x)
    w.sum().backward(retain_graph=True)
    assert_allclose(x.grad.data, np.eye(3))
    x.grad = None
    v[0, 1].backward()
    assert np.isnan(x.grad.data).any()


@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_phases_of_complex_vectors_have_no_gradient(name):
    x = apart(3, 3)
    leaf = Tensor(x + x.conj().T if name == "eigh" else x, requires_grad=True)
    vectors = getattr(np.linalg, name)(leaf)[0 if name == "svd" else 1]
    with pytest.raises(ValueError, match="up to a complex phase"):
        vectors.sum().backward(np.array(1 + 1j), retain_graph=True)
    with pytest.raises(ValueError, match="up to a complex phase"):
        vectors.sum().backward(np.array(1 + 1j) * 1e-9)


@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_rounding_of_large_gradients_is_not_taken_for_a_phase(name):
    x = apart(3, 3).astype(np.complex64)
    leaf = Tensor(x + x.conj().T if name == "eigh" else x, requires_grad=True)
    vectors = getattr(np.linalg, name)(leaf)[0 if name == "svd" else 1]
    for factor in (1e8, -1e8):
        for vector in range(3):
            (np.abs(vectors[0, vector]) * factor).backward(retain_graph=True)
            assert np.isfinite(leaf.grad.data).all()


@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_no_matrices_have_a_gradient_of_nothing(name):
    x = Tensor(np.zeros((0, 3, 3), complex), requires_grad=True)
    np.abs(getattr(np.linalg, name)(x)[0 if name == "svd" else 1]).sum().backward()
    assert x.grad.shape == (0, 3, 3)


def test_vectors_of_no_singular_value_have_no_gradient():
    for shape in ((2, 4), (4, 2)):
        x = Tensor(RNG.normal(size=shape), requires_grad=True)
        u, _, vh = np.linalg.svd(x)
        with pytest.raises(ValueError, match="full_matrices"):
            (u.sum() + vh.sum()).backward()
        u, s, vh = np.linalg.svd(x)
        (u[:, 0] + s[0] * vh[0, :1]).sum().backward()
        full, x.grad = x.grad, None
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        (u[:, 0] + s[0] * vh[0, :1]).sum().backward()
        assert_allclose(full.data, x.grad.data)


def test_least_squares_residuals_and_singular_values_have_gradients():
    a, b = Tensor(RNG.normal(size=(4, 2)), requires_grad=True), Tensor(RNG.normal(size=(4, 2)), requires_grad=True)
    assert gradcheck(lambda a, b: np.linalg.lstsq(a, b)[1], (a, b))
    assert gradgradcheck(lambda a, b: np.linalg.lstsq(a, b)[1], (a, b))
    assert gradcheck(lambda a, b: np.linalg.lstsq(a, b)[3], (a, b))
    assert np.linalg.lstsq(a, b)[2] == 2
    low = Tensor(np.ones((4, 2)), requires_grad=True)
    assert np.linalg.lstsq(low, b)[1].shape == (0,)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("kind", [float, complex])
def test_pseudo_inverses_that_leave_a_part_out(shape, kind):
    a, b = (x if kind is complex else x.real for x in (apart(*shape), draw(shape[-2], 2)))
    a[..., -1] /= 4
    s = np.linalg.svdvals(a)
    cut = ((s[..., -1] + s[..., -2]) / 2 / s[..., 0]).item() if a.ndim == 2 else (s[..., 1:].min(-1) * 1.1 / s[..., 0])
    functions = [lambda x: np.linalg.pinv(x, cut), lambda x: np.linalg.pinv(x, rtol=cut)]
    if a.ndim == 2:
        functions += [lambda x: np.linalg.lstsq(x, b, cut)[0], lambda x: np.linalg.lstsq(x, b[:, 0], cut)[0]]
    for f in functions:
        parts = tuple(Tensor(part, requires_grad=True) for part in ((a.real, a.imag) if kind is complex else (a,)))
        of_parts = (lambda x, y, f=f: f(x + 1j * y)) if kind is complex else f
        assert gradcheck(of_parts, parts)
        assert gradgradcheck(of_parts, parts)


def test_pseudo_inverses_that_leave_nothing_out_have_second_derivatives_where_singular_values_repeat():
    for rtol in (None, 1e-8):
        x, y = (np.array([[2.0, a], [0.0, 2.0]]) for a in (0, 1e-5))
        of_inverse = hessian(lambda x, rtol=rtol: np.sum(np.linalg.pinv(x, rtol=rtol) ** 3))
        assert_allclose(of_inverse(x), of_inverse(y), atol=1e-4)


@pytest.mark.parametrize("size", [1e-20, 1e20])
def test_gradients_of_pseudo_inverses_that_leave_a_part_out_at_any_scale(size):
    a = draw(3, 3).real
    at = grad(lambda x: np.sum(np.linalg.pinv(x, 0.5)))
    assert_allclose(at(a * size) * size**2, at(a), rtol=1e-9)


# --- errors -----------------------------------------------------------------------------------------------------------

WRONG = [
    (lambda x: np.linalg.norm(x, "nuc", axis=0), ValueError, "for vectors"),
    (lambda x: np.linalg.norm(x, 3), ValueError, "for matrices"),
    (lambda x: np.linalg.norm(x[None], 2), ValueError, "one axis or two"),
    (lambda x: np.linalg.norm(x, axis=(0, 0)), ValueError, "Duplicate"),
    (lambda x: np.linalg.matrix_norm(x[0]), ValueError, "takes matrices"),
    (lambda x: np.linalg.qr(x, "raw"), ValueError, "mode 'raw'"),
    (lambda x: np.linalg.qr(x, "complete"), ValueError, "mode 'complete'"),
    (lambda x: np.linalg.qr(x[0]), np.linalg.LinAlgError, "takes matrices"),
    (lambda x: np.linalg.inv(x), np.linalg.LinAlgError, "square"),
    (lambda x: np.linalg.inv(x[:2] * 0), np.linalg.LinAlgError, "Singular"),
    (lambda x: np.linalg.matrix_power(x, 2), np.linalg.LinAlgError, "square"),
    (lambda x: np.linalg.matrix_power(x[:2], 0.5), TypeError, "integer"),
    (lambda x: np.linalg.cond(x[:0]), np.linalg.LinAlgError, "not empty"),
    (lambda x: np.linalg.tensorinv(x, 0), ValueError, "positive"),
    (lambda x: np.linalg.tensorsolve(x, x), np.linalg.LinAlgError, "tensorsolve"),
    (lambda x: np.linalg.multi_dot([x]), ValueError, "two arrays"),
    (lambda x: np.linalg.multi_dot([x, x[0], x]), np.linalg.LinAlgError, "array 1"),
    (lambda x: np.linalg.cross(x, x), ValueError, "3 components"),
    (lambda x: np.linalg.outer(x, x), ValueError, "takes vectors"),
    (lambda x: np.linalg.multi_dot([x, x], out=x), TypeError, "out"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_say_what_is_wrong(number):
    f, error, words = WRONG[number]
    with pytest.raises(error, match=words):
        f(Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True))
