"""Taking elements, and NumPy's functions that write to them: its values, and derivatives to second order."""

import numpy as np
import pytest
from indices import INDICES, RNG, SHAPE, leaf
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.kernels import indexing as kernel
from autograd.ops import indexing


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_getitem_is_numpys_and_its_gradient_counts(name, dtype):
    index, x = INDICES[name], leaf(RNG.normal(size=SHAPE), dtype)
    got, want = x[index], x.data[index]
    assert got.dtype == dtype
    assert_array_equal(got.data, want)
    seed = RNG.normal(size=want.shape).astype(dtype)
    got.backward(seed)
    expected = np.zeros(SHAPE, dtype)
    np.add.at(expected, index, seed)
    assert x.grad.dtype == dtype
    assert_allclose(x.grad.data, expected, rtol=1e-6 if dtype == np.float32 else 1e-13)


def test_indices_may_be_tensors():
    x = leaf(np.arange(6.0).reshape(2, 3))
    assert x[Tensor([1, 0]), Tensor(2)].tolist() == [5, 2]
    assert x[x > 3].tolist() == [4, 5]
    y = x * 1
    y[y > 3] = 0.0
    y[[Tensor(0), 1], 0] = 9.0
    assert y.tolist() == [[9, 1, 2], [9, 0, 0]]


# --- functions of positions and conditions ----------------------------------------------------------------------------

X = RNG.normal(size=(3, 4))
POSITIONS = RNG.integers(-3, 3, (2, 2))

TAKING = {
    "take": lambda x: np.take(x, POSITIONS, axis=0),
    "take all": lambda x: np.take(x, [5, -1, 5]),
    "take one": lambda x: np.take(x, 1, axis=1),
    "take wrap": lambda x: np.take(x, [-9, 3, 77], axis=1, mode="wrap"),
    "take clip": lambda x: np.take(x, [-9, 3, 77], axis=1, mode="clip"),
    "take nothing": lambda x: np.take(x, [], axis=0),
    "method take": lambda x: x.take([1, 1], axis=1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[0], [3], [0]]), axis=1),
    "take_along_axis, broadcast": lambda x: np.take_along_axis(x, np.array([[0, 3]]), axis=1),
    "take_along_axis, all": lambda x: np.take_along_axis(x, np.array([3, 3, 7]), axis=None),
    "compress": lambda x: np.compress([False, True, True], x, axis=0),
    "compress all": lambda x: np.compress([True, False, True], x),
    "method compress": lambda x: x.compress([True, False, True], axis=1),
    "extract": lambda x: np.extract(np.abs(X) > 0.5, x),
    "choose": lambda x: np.choose(np.array([2, 0, 1, 1]), x),
    "choose list": lambda x: np.choose(np.array([[0], [1], [1]]), [x, 2 * x]),
    "choose wrap": lambda x: np.choose(np.array([5, -1, 3, 1]), [x[0], x[1], 0.5], mode="wrap"),
    "choose clip": lambda x: np.choose(np.array([5, -1, 3, 1]), [x[0], x[1]], mode="clip"),
    "select": lambda x: np.select([X > 0.5, X > 0], [x * x, -x], 7.0),
    "select one": lambda x: np.select([X[0] > 0], [x], default=x[0]),
    "piecewise": lambda x: np.piecewise(x, [X < -0.5, X > 0.5], [lambda v, k: np.sin(v), lambda v, k: v * k, 2.0], 3),
    "piecewise, overlapping": lambda x: np.piecewise(x, [X < 0.5, X > -0.5], [np.exp, np.negative]),
    "piecewise, one condition": lambda x: np.piecewise(x[0], X[0] > 0, [np.square]),
    "piecewise 0-d": lambda x: np.piecewise(x[0, 0], [X[0, 0] > -9], [np.square, np.sin]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKING)
def test_taking_is_numpys(name):
    f = TAKING[name]
    for dtype in (np.float32, np.float64):
        plain = X.astype(dtype)
        want, got = f(plain), f(Tensor(plain))
        assert isinstance(got, Tensor)
        assert got.dtype == want.dtype
        assert_allclose(got.data, want, rtol=1e-6)
    assert ag.gradcheck(f, (X,))
    assert ag.gradgradcheck(f, (X,))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.take(x, 12), IndexError, "12"),
        (lambda x: np.take(x, 1.0), TypeError, "float64"),
        (lambda x: np.take(x, 1, mode="throw"), ValueError, "'wrap' or 'clip'"),
        (lambda x: np.take(x, 1, axis=2), np.exceptions.AxisError, "axis 2"),
        (lambda x: np.take_along_axis(x, np.array([0]), axis=1), ValueError, "as many axes"),
        (lambda x: np.compress(np.ones((1, 1), bool), x), ValueError, "one axis"),
        (lambda x: np.choose([3, 0, 0, 0], x), ValueError, "0 to 2"),
        (lambda x: np.choose([-1], x), ValueError, "0 to 2"),
        (lambda x: np.select([], [x]), ValueError, "for each condition"),
        (lambda x: np.select([np.ones(4)], [x]), TypeError, "float64"),
        (lambda x: np.piecewise(x, [x > 0], [1, 2, 3]), ValueError, "1 functions"),
    ],
)
def test_taking_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(Tensor(X, requires_grad=True))


def test_piecewise_of_tensors_is_a_tensor_also_where_no_function_is_called():
    for x in (np.zeros((0, 3)), np.array([-1.0, 2.0])):
        for functions in ([np.sin, np.cos], [1.0, 2.0]):
            result = np.piecewise(Tensor(x, requires_grad=True), [x > 5, x > 6], functions)
            assert isinstance(result, Tensor)
            assert_allclose(result.data, np.piecewise(x, [x > 5, x > 6], functions))


def test_choose_of_nothing_is_refused_here_too():
    with pytest.raises(ValueError, match="at least one"):
        indexing.choose([0], [])


# --- NumPy's functions that write -------------------------------------------------------------------------------------

WRITING = {
    "put": lambda x, v: np.put(x, [0, 5, -1], v[:3]),
    "put wrap": lambda x, v: np.put(x, [13, -14], v[:2], mode="wrap"),
    "put clip": lambda x, v: np.put(x, [-5, 99], v[:2], mode="clip"),
    "put few": lambda x, v: np.put(x, [1, 2, 3], v[:2]),
    "put twice": lambda x, v: np.put(x, [1, 2, 1], v[:3]),
    "put one": lambda x, v: x.put(3, v[0]),
    "put_along_axis": lambda x, v: np.put_along_axis(x, np.array([[1], [0], [3]]), v[:1], axis=1),
    "put_along_axis, all": lambda x, v: np.put_along_axis(x, np.array([1, 7, 1]), v[:3], axis=None),
    "putmask": lambda x, v: np.putmask(x, X > 0, v),
    "place": lambda x, v: np.place(x, X > 0, v[:2]),
    "place nothing": lambda x, v: np.place(x, X > 99, v),
    "fill_diagonal": lambda x, v: np.fill_diagonal(x, v[0]),
    "fill_diagonal, several": lambda x, v: np.fill_diagonal(x, v[:2]),
    "copyto": lambda x, v: np.copyto(x, v[:4]),
    "copyto where": lambda x, v: np.copyto(x, v[:4], where=X > 0),
    "fill": lambda x, v: x.fill(v[0].item()),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITING)
def test_writing_is_numpys(name):
    f = WRITING[name]
    values = np.arange(1.0, 6.0) * 10
    want = X.copy()
    assert f(want, values) is None
    a, v = leaf(X), leaf(values)
    got = a * 1
    assert f(got, v) is None
    assert_array_equal(got.data, want)
    # moving the values by numbers tells which of them each element came from
    moved = X.copy()
    step = RNG.normal(size=5)
    f(moved, values + step)
    seed = RNG.normal(size=X.shape)
    got.backward(seed)
    if name != "fill":
        assert_allclose(
            (np.zeros(5) if v.grad is None else v.grad.data) @ step, (seed * (moved - want)).sum(), atol=1e-9
        )
    assert_array_equal(a.grad.data, seed * (want == X))


def test_fill_diagonal_of_tall_and_deep_arrays():
    for shape, wrap in (((5, 2), False), ((5, 2), True), ((7, 2), True), ((2, 5), True), ((3, 3, 3), False)):
        want = np.zeros(shape)
        np.fill_diagonal(want, [1, 2, 3], wrap=wrap)
        got = Tensor(np.zeros(shape))
        np.fill_diagonal(got, leaf([1.0, 2.0, 3.0]), wrap=wrap)
        assert_array_equal(got.data, want)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.put(x, 12, 1.0), IndexError, "-12 to 11"),
        (lambda x: np.putmask(x, np.ones(3, bool), 1.0), ValueError, "mask"),
        (lambda x: np.place(x, np.ones(3, bool), 1.0), ValueError, "mask"),
        (lambda x: np.fill_diagonal(x[0], 1.0), ValueError, "two axes"),
        (lambda x: np.fill_diagonal(x.reshape(3, 2, 2), 1.0), ValueError, "one size"),
        (lambda x: np.copyto(x, 1j), TypeError, "complex128"),
        (lambda x: np.copyto(np.zeros((3, 4)), x), TypeError, "ndarray"),
        (lambda x: np.put(np.zeros(3), [0], x[0, 0]), TypeError, "ndarray"),
    ],
)
def test_writing_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(leaf(X) * 1)


def test_writing_values_without_a_gradient_to_arrays():
    array = np.zeros(3)
    np.copyto(array, Tensor([1.0, 2.0, 3.0]))
    np.put(array, [0], Tensor(9.0))
    assert array.tolist() == [9, 2, 3]


# --- kernels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", INDICES)
def test_kernels(name):
    index = INDICES[name]
    numbers = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    if np.asarray(numbers[index]).size:
        assert_array_equal(kernel.positions(index, SHAPE), numbers[index])
    if kernel.names_each_place_once(index):
        assert np.unique(numbers[index]).size == np.size(numbers[index])
    target = RNG.normal(size=SHAPE)
    expected, values = target.copy(), RNG.normal(size=numbers[index].shape)
    np.add.at(expected, index, values)
    kernel.add_at(target, index, values)
    assert_allclose(target, expected)


@pytest.mark.parametrize("shape", [(50, 300), (300, 50)])
def test_large_scatters(shape):
    many = RNG.integers(0, shape[0], 400)
    rising = np.arange(0, shape[0])
    for index in (many, (rising, rising % 50), (many[:, None], np.arange(40)), (many, many % 50), many - shape[0]):
        values = RNG.normal(size=np.zeros(shape)[index].shape)
        expected = np.zeros(shape)
        np.add.at(expected, index, values)
        assert_allclose(kernel.scatter(values, index, shape), expected)
        assert_allclose(kernel.scatter(np.asfortranarray(values), index, shape), expected)
    assert kernel.names_each_place_once((rising, rising % 50)) == (shape[0] > 100)
    for index in (
        np.r_[-1, 0 : shape[0]],
        (rising[:, None], np.array([0, 0])),
        (np.r_[rising, rising], 0),
        (rising, np.zeros((shape[0], 1), int)),
    ):
        if np.size(np.zeros(shape)[index]) != np.unique(np.arange(np.prod(shape)).reshape(shape)[index]).size:
            assert not kernel.names_each_place_once(index)
