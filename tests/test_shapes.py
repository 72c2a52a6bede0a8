"""Shapes, joining, splitting, arranging, diagonals and creation: like NumPy, with the derivatives that follow from it.

Nearly all of these functions are linear but for a constant: f(x + v) = f(x) + A v. So NumPy's own function is the
oracle for both: <g, A v> = <gradient for g, v>, and the gradient's own derivative to g, in direction v, is A v.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor
from autograd.ops import arranging, diagonals, joining, shaping
from autograd.ops.indexing import take

RNG = np.random.default_rng(3)


def listed(result):
    return list(result) if isinstance(result, list | tuple) else [result]


def dot(a, b):
    return sum((x * y).sum() for x, y in zip(a, b, strict=True))


def check_like_numpy(f, *shapes, dtype=np.float64):
    """Compare f on Tensors with f on arrays, values and first and second derivatives; f calls np's functions."""
    inputs = [RNG.normal(size=s).astype(dtype) for s in shapes]
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    before = [x.tobytes() for x in inputs]
    want, got = listed(f(*inputs)), listed(f(*leaves))
    assert len(want) == len(got)
    for w, g in zip(want, got, strict=True):
        assert isinstance(g, Tensor)
        assert (g.shape, g.dtype) == (np.shape(w), w.dtype)
        assert_allclose(g.data, w, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-6 if dtype == np.float32 else 0)
    assert [x.tobytes() for x in inputs] == before
    if dtype != np.float64:
        return
    # every leaf is asked for its gradient, though an empty result may not depend on it
    seeds = [Tensor(RNG.normal(size=np.shape(w)), requires_grad=True) for w in want]
    total = dot([g for g in got if g.requires_grad], [s for g, s in zip(got, seeds, strict=True) if g.requires_grad])
    total.backward(create_graph=True)
    gradients = [leaf.grad for leaf in leaves]
    moves = [RNG.normal(size=x.shape) for x in inputs]
    moved = listed(f(*[x + v for x, v in zip(inputs, moves, strict=True)]))
    change = [m - w for m, w in zip(moved, want, strict=True)]
    assert_allclose(
        dot([g.data for g in gradients], moves), dot([s.data for s in seeds], change), rtol=1e-9, atol=1e-12
    )
    for seed in seeds:
        seed.grad = None
    dot(gradients, moves).backward()
    for seed, c in zip(seeds, change, strict=True):
        assert_allclose(np.zeros(c.shape) if seed.grad is None else seed.grad.data, c, rtol=1e-9, atol=1e-12)


FLAGS = np.array([True, False, True])

CASES = {
    # reshaping
    "reshape": (lambda x: np.reshape(x, (3, -1)), (2, 6)),
    "reshape F": (lambda x: np.reshape(x, (3, 4), order="F"), (2, 6)),
    "reshape F, 3 axes": (lambda x: np.reshape(x, (2, -1, 2), "F"), (4, 1, 6)),
    "reshape A": (lambda x: np.reshape(x, (3, 4), order="A"), (2, 6)),
    "reshape A of columns": (lambda x: np.reshape(np.transpose(x), (3, 4), order="A"), (2, 6)),
    "method reshape": (lambda x: x.reshape(3, 2, 2), (2, 6)),
    "method reshape F": (lambda x: x.reshape((3, 4), order="F"), (2, 6)),
    "method reshape A of columns": (lambda x: x.T.reshape(4, 3, order="A"), (2, 6)),
    "reshape to 0-d": (lambda x: np.reshape(x, ()), (1, 1)),
    "ravel": (np.ravel, (2, 3)),
    "ravel F": (lambda x: np.ravel(x, order="F"), (2, 3, 2)),
    "ravel A of columns": (lambda x: np.ravel(np.transpose(x), order="A"), (2, 3, 2)),
    "ravel K of columns": (lambda x: np.ravel(np.transpose(x), order="K"), (2, 3, 2)),
    "ravel K of moved axes": (lambda x: np.ravel(np.moveaxis(x, 0, 1), order="K"), (2, 3, 2)),
    "ravel 0-d": (np.ravel, ()),
    "flatten": (lambda x: x.flatten(), (2, 3)),
    "flatten F": (lambda x: x.flatten("F"), (2, 3)),
    # order of axes
    "transpose": (np.transpose, (2, 3, 4)),
    "permute_dims": (lambda x: np.permute_dims(x, (1, 2, 0)), (2, 3, 4)),
    "T": (lambda x: x.T, (2, 3, 4)),
    "mT": (lambda x: x.mT, (2, 3, 4)),
    "swapaxes": (lambda x: np.swapaxes(x, 0, -1), (2, 3, 4)),
    "method swapaxes": (lambda x: x.swapaxes(-3, 1), (2, 3, 4)),
    "moveaxis": (lambda x: np.moveaxis(x, (0, -1), (-1, 0)), (2, 3, 4, 5)),
    "moveaxis, one": (lambda x: np.moveaxis(x, 1, -1), (2, 3, 4)),
    "rollaxis": (lambda x: np.rollaxis(x, 2), (2, 3, 4)),
    "rollaxis to the end": (lambda x: np.rollaxis(x, 0, 3), (2, 3, 4)),
    "rollaxis to the middle": (lambda x: np.rollaxis(x, -1, -2), (2, 3, 4)),
    # axes of size 1
    "squeeze": (np.squeeze, (1, 2, 1, 3)),
    "squeeze one": (lambda x: np.squeeze(x, -2), (1, 2, 1, 3)),
    "squeeze all": (lambda x: np.squeeze(x), (1, 1)),
    "squeeze two": (lambda x: x.squeeze((0, 2)), (1, 2, 1, 3)),
    "expand_dims": (lambda x: np.expand_dims(x, (0, -1)), (2, 3)),
    "broadcast_to": (lambda x: np.broadcast_to(x, (4, 2, 3)), (2, 1)),
    "broadcast_arrays": (np.broadcast_arrays, (2, 1), (3,), ()),
    "meshgrid": (np.meshgrid, (2,), (3,), (4,)),
    "meshgrid ij": (lambda *xs: np.meshgrid(*xs, indexing="ij"), (2,), (3,)),
    "meshgrid sparse": (lambda *xs: np.meshgrid(*xs, sparse=True), (2,), (3,), ()),
    "meshgrid views": (lambda *xs: np.meshgrid(*xs, copy=False), (2,), (3,)),
    "atleast_1d": (np.atleast_1d, (), (2,)),
    "atleast_2d": (np.atleast_2d, (), (2,), (2, 3)),
    "atleast_3d": (np.atleast_3d, (), (2,), (2, 3), (2, 3, 4)),
    "atleast_3d of one": (np.atleast_3d, (2, 3)),
    "copy": (lambda x: np.copy(x, order="F"), (2, 3)),
    # joining
    "concatenate": (lambda x, y: np.concatenate([x, y], axis=-1), (2, 3), (2, 1)),
    "concatenate all": (lambda x, y: np.concatenate([x, y], axis=None), (2, 3), (2,)),
    "concat": (lambda x, y: np.concat((x, y)), (2, 3), (1, 3)),
    "stack": (lambda x, y: np.stack([x, y], axis=1), (2, 3), (2, 3)),
    "vstack": (lambda *xs: np.vstack(xs), (3,), (2, 3)),
    "vstack of numbers": (lambda *xs: np.vstack(xs), (), ()),
    "hstack": (lambda *xs: np.hstack(xs), (2, 3), (2, 1)),
    "hstack of vectors": (lambda *xs: np.hstack(xs), (3,), (), (2,)),
    "dstack": (lambda *xs: np.dstack(xs), (2, 3), (2, 3, 2)),
    "column_stack": (lambda *xs: np.column_stack(xs), (3,), (3, 2), (3,)),
    "block": (lambda a, b, c: np.block([[a, b], [c]]), (2, 2), (2, 1), (1, 3)),
    "block of vectors": (lambda a, b: np.block([a, b, 1.0]), (2,), (3,)),
    "block of 3 axes": (lambda a, b: np.block([[a, b]]), (2, 2, 1), (2, 2, 2)),
    "block of one": (lambda a: np.block(a), (2, 2)),
    # splitting
    "split": (lambda x: np.split(x, 3, axis=-1), (2, 6)),
    "split at": (lambda x: np.split(x, [1, 4], axis=1), (2, 6)),
    "split from the end": (lambda x: np.split(x, [-2]), (6, 2)),
    "split beyond": (lambda x: np.split(x, [2, 9]), (6, 2)),
    "split overlapping": (lambda x: np.split(x, [4, 2, -1]), (6, 2)),
    "array_split": (lambda x: np.array_split(x, 4), (6, 2)),
    "array_split in too many": (lambda x: np.array_split(x, 3), (2,)),
    "array_split at": (lambda x: np.array_split(x, (1, 2), axis=1), (2, 6)),
    "hsplit": (lambda x: np.hsplit(x, 2), (3, 4)),
    "hsplit of a vector": (lambda x: np.hsplit(x, [1]), (4,)),
    "vsplit": (lambda x: np.vsplit(x, 2), (4, 3)),
    "dsplit": (lambda x: np.dsplit(x, [1]), (2, 2, 3)),
    "unstack": (lambda x: np.unstack(x, axis=1), (2, 3)),
    # arranging
    "flip": (np.flip, (2, 3)),
    "flip two": (lambda x: np.flip(x, (0, -1)), (2, 3, 4)),
    "fliplr": (np.fliplr, (2, 3)),
    "flipud": (np.flipud, (2, 3)),
    "roll": (lambda x: np.roll(x, 4), (2, 3)),
    "roll along": (lambda x: np.roll(x, -1, axis=1), (2, 3)),
    "roll two": (lambda x: np.roll(x, (1, 2), axis=(0, 1)), (3, 4)),
    "roll one axis twice": (lambda x: np.roll(x, (1, 2), axis=(0, 0)), (5, 2)),
    "roll by one both": (lambda x: np.roll(x, 1, axis=(0, 1)), (3, 4)),
    "tile": (lambda x: np.tile(x, (2, 1, 3)), (2, 2)),
    "tile matrix": (lambda x: np.tile(x, 2), (2, 2)),
    "tile 0-d": (lambda x: np.tile(x, 3), ()),
    "tile none": (lambda x: np.tile(x, 0), (2,)),
    "repeat": (lambda x: np.repeat(x, 2), (2, 3)),
    "repeat along": (lambda x: np.repeat(x, 3, axis=-1), (2, 3)),
    "repeat each": (lambda x: np.repeat(x, [2, 0, 1], axis=1), (2, 3)),
    "repeat one number": (lambda x: np.repeat(x, np.array([2]), axis=0), (2, 3)),
    "method repeat": (lambda x: x.repeat([1, 2], axis=0), (2, 3)),
    "resize up": (lambda x: np.resize(x, (3, 3)), (2, 2)),
    "resize down": (lambda x: np.resize(x, 3), (2, 2)),
    "append": (lambda x, y: np.append(x, y), (2, 2), (3,)),
    "append along": (lambda x, y: np.append(x, y, axis=1), (2, 2), (2, 1)),
    "insert": (lambda x, y: np.insert(x, [1, 3, 1], y), (4,), (3,)),
    "insert before one": (lambda x, y: np.insert(x, 1, y), (4,), (3,)),
    "insert a number": (lambda x, y: np.insert(x, 2, y, axis=1), (2, 3), ()),
    "insert a row": (lambda x, y: np.insert(x, -1, y, axis=0), (3, 2), (2,)),
    "insert columns": (lambda x, y: np.insert(x, [1], y, axis=1), (2, 3), (2, 2)),
    "insert at a slice": (lambda x, y: np.insert(x, slice(0, 3, 2), y, axis=0), (3, 2), (2,)),
    "insert at flags": (lambda x, y: np.insert(x, FLAGS, y), (3,), (2,)),
    "insert nothing": (lambda x: np.insert(x, [], []), (3,)),
    "delete": (lambda x: np.delete(x, [0, -1], axis=1), (2, 4)),
    "delete one": (lambda x: np.delete(x, 1), (2, 3)),
    "delete a slice": (lambda x: np.delete(x, slice(1, None, 2), axis=0), (5, 2)),
    "delete by flags": (lambda x: np.delete(x, FLAGS, axis=1), (2, 3)),
    # diagonals
    "diag of a vector": (lambda x: np.diag(x, -1), (3,)),
    "diag of a matrix": (lambda x: np.diag(x, 1), (3, 4)),
    "diagonal": (np.diagonal, (3, 4)),
    "diagonal, batch": (lambda x: np.diagonal(x, -1, 1, 2), (2, 4, 3)),
    "diagonal outside": (lambda x: np.diagonal(x, 7), (3, 4)),
    "diagonal, first last": (lambda x: x.diagonal(1, -1, 0), (2, 4, 3)),
    "diagflat": (lambda x: np.diagflat(x, 2), (2, 2)),
    "tril": (lambda x: np.tril(x, -1), (2, 3, 4)),
    "triu": (lambda x: np.triu(x, 1), (2, 3, 4)),
    "tril of a vector": (np.tril, (3,)),
    "triu of a vector": (lambda x: np.triu(x, 1), (3,)),
    # creation from Tensors
    "linspace": (lambda a, b: np.linspace(a, b, 5), (), ()),
    "linspace of arrays": (lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=1), (2, 1), (3,)),
}  # fmt: skip
for _k in range(-1, 6):
    CASES[f"rot90 {_k}"] = (lambda x, k=_k: np.rot90(x, k), (2, 3))
    CASES[f"rot90 {_k} of axes"] = (lambda x, k=_k: np.rot90(x, k, axes=(2, 0)), (2, 3, 4))


@pytest.mark.parametrize("name", [name for name in CASES if name != "unstack" or hasattr(np, "unstack")])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_like_numpy(name, dtype):
    f, *shapes = CASES[name]
    check_like_numpy(f, *shapes, dtype=dtype)


@pytest.mark.parametrize("name", ["flip", "tile", "roll", "stack", "hstack", "diag of a vector", "tril", "array_split"])
def test_complex_and_empty(name):
    f, *shapes = CASES[name]
    x = [RNG.normal(size=s) + 1j * RNG.normal(size=s) for s in shapes]
    leaves = [Tensor(v, requires_grad=True) for v in x]
    results = listed(f(*leaves))
    for got, want in zip(results, listed(f(*x)), strict=True):
        assert_array_equal(got.data, want)
    sum(got.sum() for got in results).backward(2 + 1j)
    for leaf, v in zip(leaves, x, strict=True):  # real and imaginary parts go the same ways
        counts = leaf.grad.data / (2 + 1j)
        assert_allclose(counts, counts.real.round(), atol=1e-12)
        assert (leaf.grad.dtype, leaf.shape) == (v.dtype, v.shape)
    if name != "hstack":
        assert [r.shape for r in listed(f(*[Tensor(np.zeros((0, *s[1:]))) for s in shapes]))] == [
            np.shape(r) for r in listed(f(*[np.zeros((0, *s[1:])) for s in shapes]))
        ]


def test_unstack_without_numpys():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    rows = joining.unstack(x)
    (rows[0] * rows[1]).sum().backward()
    assert x.grad.tolist() == [[3, 4], [1, 2]]
    assert [part.tolist() for part in joining.unstack(np.arange(4).reshape(2, 2), axis=-1)] == [[0, 2], [1, 3]]


def test_layouts_give_numpys_order():
    base = RNG.normal(size=(3, 4, 5))
    for view in (base, base.T, base[:, ::2], base[::-1], base.transpose(1, 0, 2), np.asfortranarray(base)[:, :, 1:]):
        for order in "CFAK":
            assert_array_equal(np.ravel(Tensor(view), order=order).data, np.ravel(view, order=order))
            if order != "K":
                expected = np.reshape(view, (-1, view.shape[1]), order=order)
                assert_array_equal(Tensor(view).reshape(-1, view.shape[1], order=order).data, expected)
                assert_array_equal(shaping.reshape(view, (-1, view.shape[1]), order), expected)


def test_reshape_says_when_it_would_copy():
    x = Tensor(np.ones((2, 3)))
    assert np.shares_memory(x.reshape(6, copy=False).data, x.data)
    assert not np.shares_memory(np.reshape(x, 6, copy=True).data, x.data)
    with pytest.raises(ValueError, match="copy"):
        x.T.reshape(6, copy=False)
    with pytest.raises(ValueError, match=r"reshape array of size 6"):
        x.reshape(4)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.swapaxes(x, 0, 2), np.exceptions.AxisError, "axis 2"),
        (lambda x: np.moveaxis(x, 0, 5), np.exceptions.AxisError, "destination"),
        (lambda x: np.moveaxis(x, (0, 1), (0,)), ValueError, "as many destinations"),
        (lambda x: np.rollaxis(x, 0, 4), np.exceptions.AxisError, "start"),
        (lambda x: np.squeeze(x, 1), ValueError, r"\(1, 3\)"),
        (lambda x: np.expand_dims(x, 4), np.exceptions.AxisError, "axis 4"),
        (lambda x: np.split(x, 2, axis=1), ValueError, "equal division"),
        (lambda x: np.array_split(x, 0), ValueError, "at least one section"),
        (lambda x: np.dsplit(x, 1), ValueError, "at least 3 axes"),
        (lambda x: np.vsplit(x[0], 1), ValueError, "at least 2 axes"),
        (lambda x: np.hsplit(x[0, 0], 1), ValueError, "at least 1 axes"),
        (lambda x: np.fliplr(x[0]), ValueError, "two axes"),
        (lambda x: np.flipud(x[0, 0]), ValueError, "one axis"),
        (lambda x: np.rot90(x, axes=(1, 1)), ValueError, "repeated axis"),
        (lambda x: np.rot90(x, axes=(0, 1, 2)), ValueError, "two axes"),
        (lambda x: np.repeat(x, -1), ValueError, "-1 times"),
        (lambda x: np.repeat(x, 1.5), TypeError, "float64"),
        (lambda x: np.resize(x, (-1, 2)), ValueError, "negative"),
        (lambda x: x.resize(3), TypeError, "np.resize"),
        (lambda x: np.delete(x, 9, axis=1), IndexError, "9"),
        (lambda x: np.insert(x, 9, 1.0), IndexError, "9"),
        (lambda x: np.block([[x], x]), ValueError, "one depth"),
        (lambda x: np.block([x, []]), ValueError, "empty list"),
        (lambda x: joining.block([(x, x)]), TypeError, "not tuples"),
        (lambda x: np.diag(np.expand_dims(x, 0)), ValueError, "vector or a matrix"),
        (lambda x: np.diagonal(x[0]), ValueError, "two axes"),
        (lambda x: np.diagonal(x, axis1=1, axis2=-1), ValueError, "two different axes"),
        (lambda x: np.meshgrid(x[0], indexing="yx"), ValueError, "'xy' or 'ij'"),
        (lambda x: np.concatenate([x, x], out=np.empty((2, 3))), TypeError, "out"),
        (lambda x: joining.unstack(x[0, 0]), ValueError, "0-d"),
    ],
)
def test_errors(call, error, words):
    x = Tensor(np.ones((1, 3)), requires_grad=True)
    with pytest.raises(error, match=words):
        call(x)


def test_arrays_and_numbers_go_in_and_arrays_come_out():
    x = np.arange(6.0).reshape(2, 3)
    for result in (
        arranging.tile(x, 2), arranging.insert(x, 1, 5.0), arranging.delete(x, 0, 1), joining.block([[x], [x]]),
        *joining.array_split(x, 2), diagonals.diag(x), *shaping.meshgrid(x[0], x[1]), shaping.atleast_3d(x), take(x, 1),
        shaping.atleast_2d(3.0), shaping.reshape(2.0, (1, 1)), shaping.copy(2.0),
    ):  # fmt: skip
        assert not isinstance(result, Tensor)
    assert_array_equal(shaping.atleast_2d(3.0), [[3.0]])
    pair = np.broadcast_arrays(Tensor(x), np.ones(3))
    assert isinstance(pair[0], Tensor)


def test_dtypes_are_converted_where_asked():
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    for joined in (
        np.concatenate([x, x], dtype=np.float64), np.stack([x, x], dtype=np.float64), np.vstack([x], dtype=np.float64),
        np.hstack([x], dtype=np.float64), x.astype(np.float64), x.astype(dtype=np.float64, copy=False),
    ):  # fmt: skip
        assert joined.dtype == np.float64
        x.grad = None
        joined.sum().backward()
        assert x.grad.dtype == np.float32
    with pytest.raises(TypeError, match="cast"):
        np.concatenate([x, x], dtype=np.int64)
    inserted = np.insert(x, 1, 2.5)
    assert inserted.dtype == np.float32


def test_diagonal_is_a_copy():
    x = Tensor(np.eye(3))
    d = np.diagonal(x)
    d += 1
    assert x.tolist() == np.eye(3).tolist()


# --- beside PyTorch ---------------------------------------------------------------------------------------------------

THEIRS = {
    "flip": (lambda t, x: t.flip(x, (0, 2)), lambda x: np.flip(x, (0, 2)), (2, 3, 4)),
    "roll": (lambda t, x: t.roll(x, (1, -2), (0, 1)), lambda x: np.roll(x, (1, -2), (0, 1)), (3, 4)),
    "rot90": (lambda t, x: t.rot90(x, 3), lambda x: np.rot90(x, 3), (3, 4)),
    "tile": (lambda t, x: t.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3)), (3, 4)),
    "repeat": (
        lambda t, x: t.repeat_interleave(x, t.tensor([1, 0, 2]), 0), lambda x: np.repeat(x, [1, 0, 2], 0), (3, 2)
    ),
    "diag": (lambda t, x: t.diag(x, 1), lambda x: np.diag(x, 1), (3,)),
    "diagonal": (lambda t, x: t.diagonal(x, 1, 0, 2), lambda x: np.diagonal(x, 1, 0, 2), (3, 2, 4)),
    "tril": (lambda t, x: t.tril(x, 1), lambda x: np.tril(x, 1), (2, 3, 4)),
    "meshgrid": (lambda t, x: t.meshgrid(x, x, indexing="xy")[0], lambda x: np.meshgrid(x, x)[0], (3,)),
    "split": (lambda t, x: t.tensor_split(x, 3)[1], lambda x: np.array_split(x, 3)[1], (5, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", THEIRS)
def test_beside_pytorch(name):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    theirs, mine, shape = THEIRS[name]
    values = RNG.normal(size=shape)
    a, x = torch.tensor(values, requires_grad=True), Tensor(values, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, got = theirs(torch, a), mine(x)
    assert_array_equal(got.data, expected.detach().numpy())
    (first,) = torch.autograd.grad((expected**3).sum(), a, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), a)
    (got**3).sum().backward(create_graph=True)
    gradient, x.grad = x.grad, None
    (gradient**2).sum().backward()
    assert_allclose(gradient.data, first.detach().numpy(), rtol=1e-12)
    assert_allclose(x.grad.data, second.numpy(), rtol=1e-12)


# --- creation ---------------------------------------------------------------------------------------------------------


def test_creation_is_numpys_in_the_default_dtype():
    for got, want in (
        (ag.creation.eye(2, 3, 1), np.eye(2, 3, 1)), (ag.creation.identity(3), np.identity(3)),
        (ag.creation.tri(3, 4, -1), np.tri(3, 4, -1)),
        (ag.creation.linspace(0, 1, 5, False), np.linspace(0, 1, 5, False)),
        (ag.creation.linspace([0, 1], 2, 3, axis=1), np.linspace([0, 1], 2, 3, axis=1)),
        (ag.creation.logspace(0, 3, 4), np.logspace(0, 3, 4)), (ag.creation.geomspace(1, 8, 4), np.geomspace(1, 8, 4)),
        (ag.creation.logspace(0, 3, 4, base=2.0), np.logspace(0, 3, 4, base=2.0)),
    ):  # fmt: skip
        assert got.dtype == np.float32
        assert_allclose(got.data, want, rtol=1e-6)
    assert ag.creation.eye(2, dtype=np.float64).dtype == np.float64
    assert_array_equal(ag.creation.indices((2, 3)).data, np.indices((2, 3)))
    for got, want in zip(ag.creation.indices((2, 3), sparse=True), np.indices((2, 3), sparse=True), strict=True):
        assert_array_equal(got.data, want)


def test_spaces_between_tensors():
    for dtype in (np.float32, np.float64):
        a, b = Tensor(dtype(1.0), requires_grad=True), Tensor(dtype(2.0), requires_grad=True)
        for f in (np.linspace, np.logspace, np.geomspace):
            got = f(a, b, 4)
            assert got.dtype == dtype
            assert_allclose(got.data, f(dtype(1), dtype(2), 4), rtol=1e-6)
    for f in (np.linspace, np.logspace, np.geomspace):
        assert ag.gradcheck(lambda a, b, f=f: f(a, b, 4), (np.array([1.0, 1.5]), np.array(2.0)))
        assert ag.gradgradcheck(lambda a, b, f=f: f(a, b, 4, endpoint=False), (np.array([1.0, 1.5]), np.array(2.0)))
    full = ag.full((2, 2), Tensor(3.0, requires_grad=True))
    assert full.requires_grad
    assert full.tolist() == [[3, 3], [3, 3]]
