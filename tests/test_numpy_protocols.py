"""NumPy's own functions and operators on Tensors."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.primitive import REGISTRY
from autograd.tensor import FUNCTIONS, UFUNCS


@pytest.mark.parametrize(
    "f",
    [
        np.tanh,
        np.abs,
        np.sum,
        np.ravel,
        np.transpose,
        np.max,
        np.amin,
        np.copy,
        lambda x: np.mean(x, axis=0, keepdims=True),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.concatenate([x, np.ones((1, 3))]),
        lambda x: np.stack([x, x], axis=1),
        lambda x: np.split(x, 3, axis=1)[1],
        lambda x: np.clip(x, -1, 1),
        lambda x: np.pad(x, 1),
        lambda x: np.expand_dims(x, (0, 2)),
        lambda x: np.moveaxis(x, 0, 1),
        lambda x: np.broadcast_to(x, (4, 2, 3)),
        lambda x: np.matmul(x, np.ones(3)),
        lambda x: np.ones((4, 2)) @ x,
        lambda x: np.float64(2) * x,
        lambda x: np.arange(3) - x,
        lambda x: np.ones((2, 3)) / (x * x + 1),
        lambda x: np.ones((2, 3)) ** x,
        lambda x: 2 // (x * x + 1),
        lambda x: 3 % (x * x + 1),
    ],
)
def test_numpy_on_a_tensor_gives_a_tensor_with_numpys_values(f):
    values = np.random.default_rng(0).normal(size=(2, 3))
    x = Tensor(values, requires_grad=True)
    y = f(x)
    assert type(y) is Tensor
    assert y.requires_grad
    assert_allclose(y.detach().numpy(), f(values))


def test_comparisons_and_masks():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    mask = (x >= 2) & ~(x == 3)
    assert mask.tolist() == [False, True, False]
    assert (np.array([1, 5, 3]) > x).tolist() == [False, True, False]
    assert not mask.requires_grad
    x[mask].sum().backward()
    assert x.grad.tolist() == [0, 1, 0]


def test_questions_about_values_and_shapes():
    x = Tensor([[3.0, 1.0], [2.0, 4.0]], requires_grad=True)
    assert np.shape(x) == (2, 2)
    assert np.ndim(x) == 2
    assert np.size(x) == 4
    assert np.result_type(x, np.float64) == np.float64
    assert np.allclose(x, x.detach())
    assert np.array_equal(x, [[3, 1], [2, 4]])
    assert np.argsort(x, axis=1).tolist() == [[1, 0], [0, 1]]
    assert x.argmax().item() == 3
    assert [i.tolist() for i in np.nonzero(x > 2)] == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("call", "arrays"),
    [
        (lambda x, y: np.lexsort((x, y)), True), (np.array_equiv, False), (np.union1d, True), (np.setdiff1d, True),
        (np.setxor1d, True), (lambda x, y: np.intersect1d(x, y, return_indices=True), True),
        (lambda x, y: np.histogram2d(x, y, bins=2), True), (lambda x, y: np.histogram_bin_edges(x), True),
    ],
)  # fmt: skip
def test_answers_about_values_carry_no_gradient(call, arrays):
    x, y = np.array([3.0, 1.0, 2.0, 2.0]), np.array([1.0, 0.5, 2.0, 1.0])
    got, expected = call(Tensor(x, requires_grad=True), Tensor(y)), call(x, y)
    pairs = zip(got, expected, strict=True) if isinstance(expected, tuple) else [(got, expected)]
    for answer, wanted in pairs:
        assert isinstance(answer, Tensor) == arrays
        assert_array_equal(np.asarray(answer), wanted)
    counts, edges = np.histogramdd((Tensor(x), Tensor(y)), bins=2)
    assert_array_equal(counts.data, np.histogramdd((x, y), bins=2)[0])
    assert len(edges) == 2


def test_like_functions():
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    for function in (np.zeros_like, np.ones_like, np.empty_like):
        y = function(x)
        assert type(y) is Tensor
        assert (y.shape, y.dtype, y.requires_grad) == ((2, 3), np.float32, False)
    assert np.full_like(x, 7).data[0, 0] == 7
    assert np.zeros_like(x, shape=4, dtype=int).dtype == int


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.packbits(x > 1), "np.packbits"),
        (lambda x: np.frompyfunc(abs, 1, 1)(x), "^abs "),
        (lambda x: np.add.at(x, 0, 1), "np.add.at"),
    ],
)
def test_unsupported_functions_are_named(call, name):
    with pytest.raises(TypeError, match=name.replace(".", r"\.") + ".*is not supported"):
        call(Tensor([[1.0, 2.0], [3.0, 5.0]]))


def test_results_are_never_written_into_arrays():
    x, a = Tensor([1.0, 2.0], requires_grad=True), np.zeros(2)
    with pytest.raises(TypeError, match="out="):
        np.add(x, 1, out=a)
    with pytest.raises(TypeError, match="gradient"):
        a += x
    assert a.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.sum(x, out=np.zeros(())), r"np\.sum cannot write .* into out="),
        (lambda x: np.sum(x, 0, None, np.zeros(2)), r"np\.sum cannot write .* into out="),
        (lambda x: np.round(x, 0, np.zeros(2)), r"np\.round cannot write .* into out="),
        (lambda x: np.exp(x, where=np.array([True, False])), r"use np\.where\(mask, np\.exp\(\.\.\.\), other\)"),
        (lambda x: np.exp(x, casting="unsafe"), "np.exp of Tensors takes no casting="),
        (lambda x: np.add(x, 1, order="C"), "np.add of Tensors takes no order="),
        (lambda x: np.add(x, 1, dtype=int), "np.add with dtype=int64 would lose part of its float64 input"),
        (lambda x: np.less(x, 1, dtype="f8"), "np.less does not compute in float64 throughout"),
        (lambda x: x.sum(bogus=1), "bogus"),
    ],
)
def test_options_that_cannot_be_met_say_what_to_write(call, message):
    with pytest.raises(TypeError, match=message):
        call(Tensor(np.array([1.0, 2.0])))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(x, out=None),
        lambda x: np.sum(x, 0, None, None, True),
        lambda x: np.sum(x, 0, None, None, True, 2.0, [[True, False, True]]),
        lambda x: np.max(x, 0, None, True),
        lambda x: np.mean(x, 0, None, None, True),
        lambda x: np.std(x, 1, None, None, 1, True),
        lambda x: np.median(x, 0, None, False, True),
        lambda x: np.clip(x, 0, 1, None),
        lambda x: np.cumsum(x, 0, None, None),
        lambda x: np.take(x, [0, 2], 1, None, "raise"),
        lambda x: np.dot(x, x.T, None),
        lambda x: np.argmax(x, 0, None),
        lambda x: np.round(x, 1, None),
        lambda x: np.fix(x, None),
        lambda x: np.concatenate([x, x], 1, None),
        lambda x: np.exp(x, where=True, casting="same_kind", order="K", dtype=None),
    ],
)
def test_options_that_change_nothing_are_left_out(call):
    values = np.random.default_rng(0).normal(size=(2, 3))
    got = call(Tensor(values, requires_grad=True))
    assert type(got) is Tensor
    assert_array_equal(got.data, call(values))


def test_ufuncs_compute_in_the_dtype_that_is_asked_for():
    values = np.array([1, 2, 3], np.float32)
    x = Tensor(values, requires_grad=True)
    for call in (
        lambda x: np.sqrt(x, dtype=np.float64),
        lambda x: np.multiply(x, [0.1, 0.2, 0.3], dtype="f8"),
        lambda x: np.divide(np.float32(1), x, dtype=complex),
    ):
        y, expected = call(x), call(values)
        assert (y.dtype, y.requires_grad) == (expected.dtype, True)
        assert_allclose(y.detach().numpy(), expected, rtol=1e-15)
    assert np.sqrt(x, dtype=np.float64).data[1] == np.sqrt(2.0)
    assert np.add(Tensor([1, 2]), 1, dtype=float).tolist() == [2.0, 3.0]


def test_no_object_arrays_come_of_tensors():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="detach"):
        np.array([x, x])
    with pytest.raises(RuntimeError, match="detach"):
        np.ones(2).dot(x)


def test_array_of_nested_tensors():
    x = Tensor(2.0, requires_grad=True)
    y = ag.array([[x, 1.0], [x * x, 0.0]])
    y.sum().backward()
    assert x.grad.item() == 5
    assert ag.asarray(x) is x
    assert ag.array(x) is not x


def test_creation_in_the_default_dtype():
    for y in (ag.zeros(2), ag.ones((2, 1)), ag.eye(3), ag.full(2, 1.5), ag.linspace(0, 1, 3), ag.arange(0.0, 1, 0.5)):
        assert y.dtype == np.float32
    assert ag.arange(3).dtype == np.int64
    assert ag.full(2, True).dtype == bool
    x = Tensor(3.0, requires_grad=True)
    ag.full((2, 2), x).sum().backward()
    assert x.grad.item() == 4


@pytest.mark.parametrize(
    "index",
    [0, -1, slice(None), (0, 1), (Ellipsis, 0), None, (slice(None), None), [0, 0, 1], np.array([[0, 1], [1, 1]]),
     (np.array([0, 1]), np.array([2, 2])), (slice(0, 1), [2, 2]), ([0, 1], slice(None, None, -2)),
     np.array([True, False]), (np.array([True, True]), 1), np.zeros((2, 3), bool), [], True],
)  # fmt: skip
def test_indexing_equals_numpys_and_repeated_elements_add_up(index):
    values = np.arange(6.0).reshape(2, 3)
    x = Tensor(values, requires_grad=True)
    y = x[index]
    assert_array_equal(y.detach().numpy(), values[index])
    (y * 2).sum().backward()
    expected = np.zeros((2, 3))
    np.add.at(expected, index, 2)
    assert_array_equal(x.grad.data, expected)


def test_index_by_tensors():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    assert x[Tensor([2, 0])].tolist() == [3, 1]
    assert x[x > 1].tolist() == [2, 3]
    assert Tensor(np.eye(3))[Tensor(1), Tensor(1)].item() == 1


def test_every_numpy_function_in_the_tables_is_ours_once():
    registered = {made.function for made in REGISTRY.values()}
    for theirs, ours in {**UFUNCS, **FUNCTIONS}.items():
        assert callable(ours)
        if ours in registered and not theirs.__module__.startswith("numpy."):
            assert getattr(np, theirs.__name__, theirs) is theirs


def test_lists_of_tensors_in_functions_of_autograd():
    x, y = Tensor(1.0, requires_grad=True), Tensor([2.0, 3.0], requires_grad=True)
    ag.mean([x, x * 5]).backward()
    assert x.grad.item() == 3
    (ag.matmul([[x, 1.0]], y)).sum().backward()
    assert y.grad.tolist() == [1, 1]
    assert ag.sum([[x, 2.0], [3.0, 4.0]], axis=0).tolist() == [4, 6]


def test_numpys_own_special_functions_need_no_import():
    code = "import numpy, autograd; print(numpy.i0(autograd.Tensor([0.0])).tolist())"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "[1.0]"
