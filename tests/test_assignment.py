"""x[i] = v: NumPy's values, derivatives to second order, memory, and who sees a change."""

import sys
import time

import numpy as np
import pytest
from indices import INDICES, RNG, SHAPE, leaf
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor, no_grad
from autograd.ops.assignment import assign


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_assignment_is_numpys_and_gradients_go_to_what_stays(name, dtype):
    index = INDICES[name]
    before = RNG.normal(size=SHAPE).astype(dtype)
    a, v = leaf(before, dtype), leaf(RNG.normal(size=before[index].shape), dtype)
    x = a * 1
    x[index] = v
    expected = before.copy()
    expected[index] = v.data
    assert_array_equal(x.data, expected)
    assert_array_equal(a.data, before)
    # the same assignment, of numbers, says where each element came from
    origin = np.arange(before.size).reshape(SHAPE)
    origin[index] = before.size + np.arange(v.size).reshape(v.shape)
    seed = RNG.normal(size=SHAPE).astype(dtype)
    x.backward(seed)
    came = np.zeros(before.size + v.size, dtype)
    came[origin.ravel()] = seed.ravel()
    assert_array_equal(a.grad.data.ravel(), came[: before.size])
    assert_array_equal(np.zeros(v.shape) if v.grad is None else v.grad.data, came[before.size :].reshape(v.shape))


@pytest.mark.parametrize("name", ["integers", "slices", "ellipsis", "repeated", "broadcast", "apart", "mask", "true"])
def test_assignment_to_second_order(name):
    index = INDICES[name]

    def f(a, v):
        x = a * a
        x[index] = v * v
        return x

    a = RNG.normal(size=SHAPE)
    assert ag.gradcheck(f, (a, a[index]))
    assert ag.gradgradcheck(f, (a, a[index]))


@pytest.mark.parametrize("name", ["integer", "slices", "array", "arrays", "mask", "apart"])
def test_beside_pytorch(name):
    # Of one value assigned twice to one place, PyTorch counts the gradient twice; row 0, where that happens here, is
    # overwritten afterwards.
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    index = INDICES[name] if name != "slices" else (slice(1, None), slice(None), slice(0, 4, 2))
    values = RNG.normal(size=SHAPE)
    mine, theirs = leaf(values), torch.tensor(values, requires_grad=True)
    pieces = index if isinstance(index, tuple) else (index,)
    to_torch = tuple(torch.tensor(piece) if isinstance(piece, np.ndarray) else piece for piece in pieces)

    def run(x, index, sin, read):
        y = x * x
        y[index] = sin(read(y[index]) * 3) if name not in ("arrays", "apart") else sin(x.mean())
        y[0] = read(y[1]) * read(y[2])
        return (y**3).sum()

    expected = run(theirs, to_torch, torch.sin, torch.clone)  # PyTorch's backward refuses to do without clone
    got = run(mine, index, np.sin, lambda part: part)
    assert_allclose(got.item(), expected.item(), rtol=1e-12)
    (first,) = torch.autograd.grad(expected, theirs, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), theirs)
    got.backward(create_graph=True)
    gradient, mine.grad = mine.grad, None
    (gradient**2).sum().backward()
    assert_allclose(gradient.data, first.detach().numpy(), rtol=1e-10, atol=1e-12)
    assert_allclose(mine.grad.data, second.numpy(), rtol=1e-10, atol=1e-12)


def test_values_broadcast_and_are_cast():
    a = leaf(np.zeros((2, 3)), np.float32)
    for value, index in (
        (leaf(1.0), 0), (leaf([[1.0], [2.0]]), ...), (leaf(np.ones((1, 1, 3))), 0), (leaf([1, 2, 3.0]), slice(0, 2)),
    ):  # fmt: skip
        x = a * 1
        x[index] = value
        assert x.dtype == np.float32
        x.sum().backward()
        assert value.grad.dtype == np.float64
        per_element = np.broadcast_to(np.zeros((2, 3))[index], np.zeros((2, 3))[index].shape).size / value.size
        assert_array_equal(value.grad.data, np.full(value.shape, per_element))


def test_assigned_constants_cut_the_gradient():
    a = leaf([1.0, 2.0, 3.0])
    x = a * a
    x[1] = 5
    x[-1] = np.float32(2.5)
    x.sum().backward()
    assert x.tolist() == [1, 5, 2.5]
    assert a.grad.tolist() == [2, 0, 0]


def test_a_constant_becomes_recorded():
    w = leaf([1.0, 2.0])
    for x in (ag.zeros((2, 2)), ag.full((2, 2), 3.0), Tensor([[1.0, 1.0], [1.0, 1.0]]), Tensor(np.ones((2, 2)))):
        assert not x.requires_grad
        x[0] = w
        assert x.requires_grad
        w.grad = None
        (x * x).sum().backward()
        assert w.grad.tolist() == [2, 4]


def test_0d():
    w = leaf(3.0)
    x = w * 2
    x[()] = w * w
    x[...] = +x * w
    x.backward()
    assert (x.item(), w.grad.item()) == (27, 27)


def test_complex():
    w = leaf([1 + 2j, 3j], np.complex128)
    x = Tensor(np.zeros(3, np.complex128))
    x[1:] = w * w
    x.sum().backward(1 + 0j)
    assert_allclose(w.grad.data, np.conj(2 * w.data))
    y = Tensor(np.zeros(3))
    with pytest.raises(TypeError, match=r"float64 cannot take complex128"):
        y[0] = w[0]
    v = leaf(2.0)
    x = Tensor(np.zeros(2, np.complex128))
    x[0] = v
    x.sum().backward(1 + 1j)
    assert (v.grad.item(), v.grad.dtype) == (1, np.float64)


def test_one_value_for_places_that_are_named_twice_counts_once_each():
    v = leaf(2.0)
    x = Tensor(np.zeros(3))
    x[[0, 0, 2]] = v
    x.backward(np.array([10.0, 20.0, 30.0]))
    assert v.grad.item() == 40
    assert ag.gradcheck(lambda v: assign(np.zeros((2, 3)), v, INDICES["broadcast"]), (np.array(1.5),))


# --- loops ------------------------------------------------------------------------------------------------------------


def recurrence(x, w):
    """Fill x row by row, each from the one before."""
    for i in range(1, len(x)):
        x[i] = np.tanh(x[i - 1] * w) + x[i - 1] / 2
    return x


@pytest.mark.parametrize("first", ["constant", "recorded"])
def test_recurrences(first):
    def f(start, w):
        x = ag.zeros((6, 2), dtype=np.float64)
        x[0] = start if first == "recorded" else 1.0
        return recurrence(x, w)

    def stacked(start, w):
        rows = [start if first == "recorded" else start * 0 + 1]
        for _ in range(5):
            rows.append(np.tanh(rows[-1] * w) + rows[-1] / 2)
        return np.stack(rows)

    inputs = (np.array([0.3, -0.7]), np.array([1.2, 0.4]))
    mine = [leaf(v) for v in inputs]
    theirs = [leaf(v) for v in inputs]
    for function, leaves in ((f, mine), (stacked, theirs)):
        (function(*leaves) ** 2).sum().backward()
    assert_allclose(mine[1].grad.data, theirs[1].grad.data, rtol=1e-12)
    assert ag.gradcheck(f, inputs)
    assert ag.gradgradcheck(f, inputs)


def test_every_row_from_all_before():
    w = leaf(np.eye(3))
    x = Tensor(np.zeros((5, 3)))
    x[0] = 1.0
    for i in range(1, 5):
        x[i] = x[:i].sum(axis=0) @ w + x[i // 2] * x[i - 1]
    rows = [np.ones(3)]
    v = leaf(np.eye(3))
    for i in range(1, 5):
        rows.append(sum(rows[:i]) @ v + rows[i // 2] * rows[i - 1])
    x.sum().backward()
    sum(row.sum() for row in rows).backward()
    assert_allclose(w.grad.data, v.grad.data)


def test_rows_that_are_changed_many_times():
    w = leaf([1.5, 0.5])
    x = Tensor(np.ones((3, 2)))
    for _ in range(3):
        for i in range(3):
            x[i] = x[i] * w + x[i - 1]
    v = leaf([1.5, 0.5])
    rows = [np.ones(2)] * 3
    for _ in range(3):
        for i in range(3):
            rows[i] = rows[i] * v + rows[i - 1]
    assert_allclose(x.data, [row.data for row in rows])
    (x**2).sum().backward()
    sum((row**2).sum() for row in rows).backward()
    assert_allclose(w.grad.data, v.grad.data)


def test_backward_again_and_recorded():
    w = leaf([1.0, 2.0])
    x = Tensor(np.zeros((3, 2)))
    for i in range(3):
        x[i] = w * w
    x.sum().backward(retain_graph=True)
    x.sum().backward(create_graph=True)
    gradient, w.grad = w.grad, None
    gradient.sum().backward()
    assert (gradient.tolist(), w.grad.tolist()) == ([12, 24], [6, 6])


def test_incoming_gradients_are_not_changed():
    w = leaf(np.ones(2))
    x = Tensor(np.zeros((3, 2)))
    for i in range(3):
        x[i] = w
    seed = np.ones((3, 2))
    x.backward(seed)
    assert seed.tolist() == np.ones((3, 2)).tolist()
    y = Tensor(np.zeros((40, 2)))  # two users of one gradient
    y[0] = w
    z = y + y * 1
    w.grad = None
    z.backward(np.ones((40, 2)))
    assert w.grad.tolist() == [2, 2]


def filling(rows, columns=2000):
    w, x = Tensor(np.ones(columns), requires_grad=True), Tensor(np.zeros((rows, columns)))
    times = [time.perf_counter()]
    for i in range(rows):
        x[i] = w
    times.append(time.perf_counter())
    x.sum().backward()
    times.append(time.perf_counter())
    assert w.grad.data[0] == rows
    return np.diff(times)


@pytest.mark.slow
def test_filling_is_linear_in_time():
    filling(100)
    few, many = min(filling(200).sum() for _ in range(3)), min(filling(1600).sum() for _ in range(3))
    assert many < 8 * few * 3


def test_filling_stays_in_one_memory():
    w, x = leaf(np.ones(5)), Tensor(np.zeros((100, 5)))
    memory = x.data.ctypes.data
    for i in range(100):
        x[i] = x[i - 1] * 2 + w
        assert x.data.ctypes.data == memory


def test_the_gradient_of_assignment_stays_in_memory_that_nothing_else_holds():
    index, rows = slice(0, 2), (object(), object())
    g = RNG.normal(size=(3, 5))
    before = g.copy()
    to_x, to_value = assign.op.pull(g, rows, (index, (2, 5)))
    assert to_x is g
    assert_array_equal(g, np.concatenate([np.zeros((2, 5)), before[2:]]))
    assert_array_equal(to_value, before[:2])
    for g in (before, before[::-1], np.broadcast_to(1.0, (3, 5))):
        held, kept = g, g.copy()
        to_x, to_value = assign.op.pull(g, rows, (index, (2, 5)))
        assert_array_equal(held, kept)
        assert_array_equal(to_x, np.concatenate([np.zeros((2, 5)), kept[2:]]))
        assert_array_equal(to_value, kept[:2])


# --- who sees a change ------------------------------------------------------------------------------------------------


class Holder:
    """Has a Tensor as an attribute."""


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="x[i] += v cannot be told from y += v there")
def test_in_place_operations_on_elements():
    w = leaf([1.0, 2.0])
    x = ag.zeros((3, 2), dtype=np.float64)
    x[0] += w
    x[0] *= w
    x[1:] += w
    x[1, 0] += w[1]
    x[[0, 2]] *= w
    x[..., 1:] -= 1.0
    held = Holder()
    held.x = x
    held.x[2] /= w
    assert x.tolist() == [[1, 7], [3, 1], [1, 1.5]]
    x.sum().backward()
    assert_allclose(w.grad.data, [3 + 1 + 1, 12 + 1 + 1 + 1 + 0.25])


def test_in_place_operations_on_views_raise():
    w = leaf([1.0, 2.0])
    x = ag.zeros((2, 2))
    row = x[1]
    with pytest.raises(RuntimeError, match="in place"):
        row += w
    with pytest.raises(RuntimeError, match="in place"):
        x[1].__iadd__(w)
    rows = [w * 1, w * 2]
    square = rows[0] * rows[0]
    with pytest.raises(RuntimeError, match="in place"):
        rows[0] += w
    assert (x[1].tolist(), square.tolist()) == ([0, 0], [1, 4])


def test_reading_and_assigning_the_same_elements():
    w = leaf([1.0, 2.0, 3.0])
    x = w * w
    x[0] = x[1]
    row = x[:2]
    x[:2] = row / row.sum()
    x[:-1] = x[1:]
    assert_allclose(x.data, [0.5, 9, 9])
    x.sum().backward()
    assert w.grad.tolist() == [0, 0, 12]


def test_what_others_see_is_not_changed():
    w = leaf([1.0, 2.0])
    array = np.zeros(2)
    shared = Tensor(array)
    shared[0] = w[0]  # a constant that becomes recorded moves to memory of its own
    assert array.tolist() == [0, 0]
    x = w * 1
    for alias in (x.data, x.T, x[:1], x.detach(), x.reshape(2, 1)):
        with pytest.raises(RuntimeError, match=r"still holds.*x = x\.copy\(\)"):
            x[0] = w[1]
        assert alias is not None
    del alias
    product = x * x  # a rule outside the graphs of x and of the value
    with pytest.raises(RuntimeError, match="a rule that needs them"):
        x[0] = w[1]
    y = x.copy()
    y[0] = w[1]
    product.sum().backward()
    assert (w.grad.tolist(), y.tolist(), x.tolist()) == ([2, 4], [2, 2], [1, 2])


def test_views_of_constants_are_not_written_to_when_that_would_be_recorded():
    w = leaf([1.0, 2.0])
    x = ag.zeros((2, 2), dtype=np.float64)
    with pytest.raises(RuntimeError, match="view"):
        x[0][1] = w[0]
    x[0][1] = 3.0
    assert x.tolist() == [[0, 3], [0, 0]]


def test_a_view_as_the_value():
    x = leaf([1.0, 2.0, 3.0]) * 1
    part, other = x[1:], x[:1]
    with pytest.raises(RuntimeError, match="view"):
        x[:-1] = part  # the other view would have to change, too
    del part, other
    x[0] = x[2]
    part = x[1:]
    x[:-1] = part  # a copy: what is read from x after an assignment keeps its values
    assert (x.tolist(), part.tolist()) == ([2, 3, 3], [2, 3])
    y = leaf([1.0, 2.0, 3.0, 4.0]) * 1
    y[:2] = y[2:]
    assert y.tolist() == [3, 4, 3, 4]


def test_leaves_integers_and_wrong_indices_raise():
    w = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"leaf.*x = x\.copy\(\)"):
        w[0] = 5.0
    with no_grad():
        w[0] = 5.0
    assert w.tolist() == [5, 2]
    counts = Tensor([1, 2, 3])
    with pytest.raises(TypeError, match=r"int64 cannot take float64.*astype\(np\.float64\)"):
        counts[0] = w[0]
    x = w * 1
    for index, value, error in ((7, 1.0, IndexError), (slice(0, 1), np.ones(3), ValueError), ("a", 1.0, IndexError)):
        with pytest.raises(error):
            x[index] = value
    with pytest.raises(TypeError, match="None"):
        x[0] = [None]
    assert x.tolist() == [5, 2]
    x.sum().backward()
    assert w.grad.tolist() == [1, 1]


def test_writes_that_would_be_lost_raise():
    w = leaf([1.0, 2.0])
    x = Tensor(np.zeros((3, 2)))
    x[0] = w
    with pytest.raises(RuntimeError, match=r"x\[i, j\] = v"):
        x[0][1] = 5.0
    row = x[0]
    with pytest.raises(RuntimeError, match="would not change"):
        row += w
    x[0] = x[0] + w
    assert (x[0].tolist(), row.tolist()) == ([2, 4], [1, 2])
    spread = np.broadcast_to(leaf(2.0), (3,))
    with pytest.raises(RuntimeError, match="read-only"):
        spread[0] = 1.0
    other = Tensor(np.ones((2, 2)))
    view = other[0]
    x[1] = view * w
    view += 1
    assert other.tolist() == [[2, 2], [1, 1]]


def test_lists_of_tensors():
    w = leaf([1.0, 2.0])
    x = Tensor(np.zeros((2, 2)))
    x[0] = [w[0] * 2, 3.0]
    x[:, 1] = (w[1], w[0])
    x[1] = [5, 6]
    x.sum().backward()
    assert (x.tolist(), w.grad.tolist()) == ([[2, 2], [5, 6]], [2, 1])


def test_whole_tensors():
    w = leaf([1.0, 2.0])
    x = w * 1
    x[...] = x[::-1] * 2
    with pytest.raises(RuntimeError, match="a rule that needs them"):
        x[:] = x * x
    x[:] = x[:] * x[:]
    x.sum().backward()
    assert (x.tolist(), w.grad.tolist()) == ([16, 4], [8, 16])


def test_assign_leaves_its_input_alone():
    x = np.arange(3.0)
    assert assign(x, 7, 1).tolist() == [0, 7, 2]
    assert x.tolist() == [0, 1, 2]
