"""Products, einsum and functions of signals beside NumPy and PyTorch: values, first and second derivatives, edges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from autograd import Tensor, gradcheck, gradgradcheck
from autograd.ops import contraction, products, signal
from autograd.testing import check_sample, draw_call

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
from oracle import assert_agrees  # noqa: E402  needs PyTorch

RNG = np.random.default_rng(5)


def draw(*shape):
    return RNG.normal(size=shape)


def compound(*shape):
    return draw(*shape) + 1j * draw(*shape)


# --- values beside NumPy ----------------------------------------------------------------------------------------------

V, M, S = draw(3), draw(3, 3), draw(2, 3, 4)
INTEGERS = np.array([3, 1, 2], np.uint8)
SAME = [(x, y) for x in (np.float64(2), V, M, S[:, :, :3]) for y in (np.float64(3), V, M, S[:, :, :3])]
CALLS = [
    *[("dot", pair, {}) for pair in SAME], *[("inner", pair, {}) for pair in SAME],
    *[("outer", pair, {}) for pair in SAME], *[("kron", pair, {}) for pair in SAME],
    *[("vdot", (x, y), {}) for x in (V, compound(3)) for y in (V, compound(3))], ("vdot", (M, M.T), {}),
    *[("tensordot", (S, S), {"axes": a}) for a in (0, 3, (0, 0), ([0, 2], [0, 2]), ([-1, 0], [2, -3]))],
    ("tensordot", (M, S), {"axes": (1, 1)}), ("tensordot", (V, V), {"axes": 1}),
    ("cross", (M, V), {}), ("cross", (S, S), {"axis": 1}),
    ("cross", (draw(3, 4), S), {"axisa": 0, "axisb": 1, "axisc": 0}),
    ("vecdot", (M, V), {}), ("vecdot", (S, S), {"axis": 0}), ("vecdot", (compound(3), compound(2, 3)), {}),
    ("matrix_transpose", (S,), {}),
    *[("trace", (x,), {"offset": k}) for x in (M, S, draw(4, 2, 2)) for k in (-1, 0, 2)],
    ("trace", (S,), {"axis1": -1, "axis2": 1}), ("trace", (M.astype(np.float32),), {"dtype": np.float64}),
    ("polyval", (V, M), {}), ("polyval", (V, 2.0), {}), ("polyval", ([1, 2], V), {}), ("polyval", (M, V), {}),
    *[(name, (draw(n), draw(m), mode), {}) for name in ("convolve", "correlate") for mode in ("full", "same", "valid")
      for n, m in ((5, 3), (2, 5), (3, 4), (4, 4))],
    ("correlate", (compound(4), compound(3), "full"), {}), ("convolve", (V, V), {}),
    *[("interp", (draw(2, 5) * 2, np.sort(V), draw(3)), kwargs)
      for kwargs in ({}, {"left": 7.0, "right": -7.0}, {"period": 2.5}, {"period": -1.0})],
    ("interp", (V, V[:1], V[1:2]), {}), ("interp", (np.arange(3.0), np.array([0, 1, 1, 2.0]), np.arange(4.0)), {}),
    ("interp", (draw(4), np.sort(V), compound(3)), {}), ("interp", (np.float64(0.3), np.arange(3.0), V), {}),
    *[("gradient", (S, *args), {"edge_order": e, "axis": a})
      for e in (1, 2) for args, a in (((), 1), ((0.5,), -1), ((np.sort(V),), 1), ((np.array([0, 1, 3, 4]),), 2))],
    ("gradient", (INTEGERS,), {}), ("gradient", (S,), {"axis": (1, 2)}), ("gradient", (M,), {}),
    ("gradient", (M, 2.0, np.arange(3.0)), {}), ("gradient", (M.astype(np.float32), 2.0), {"axis": 0}),
    *[("diff", (x,), {"n": n, "axis": a}) for x in (M, S, INTEGERS) for n in (0, 1, 2, 5) for a in (0, -1)],
    ("diff", (M,), {"prepend": 0.0, "append": M}), ("diff", (M, 2), {"axis": 0, "append": M[:1]}),
    ("diff", (np.array([True, False]),), {}),
    *[("ediff1d", (x,), kwargs) for x in (V, M, V[:0])
      for kwargs in ({}, {"to_end": 9.0}, {"to_begin": [1.0, 2.0], "to_end": V})],
    ("ediff1d", (INTEGERS,), {"to_end": INTEGERS}),
    *[("trapezoid", (S,), {"axis": a, **k}) for a in (0, 1, -1) for k in ({}, {"dx": 0.3}, {"x": np.sort(S)})],
    ("trapezoid", (S, np.sort(V)), {"axis": 1}), ("trapezoid", ([1.0, 2.0],), {"x": [0.0, 3.0]}),
]  # fmt: skip
if hasattr(np, "matvec"):
    CALLS += [("matvec", (S, draw(4)), {}), ("vecmat", (V, S), {}), ("vecmat", (compound(3), S), {})]
MODULES = (products, signal, contraction)


def ours(name):
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


@pytest.mark.parametrize("number", range(len(CALLS)), ids=lambda n: CALLS[n][0])
def test_values_as_numpy(number):
    name, args, kwargs = CALLS[number]
    expected = getattr(np, name)(*args, **kwargs)
    plain = ours(name)(*args, **kwargs)
    args = [Tensor(x) if isinstance(x, np.ndarray | np.generic) else x for x in args]
    tensors = getattr(np, name)(*args, **{k: Tensor(x) if isinstance(x, np.ndarray) else x for k, x in kwargs.items()})
    several = isinstance(expected, tuple)
    for want, array, tensor in zip(*(x if several else [x] for x in (expected, plain, tensors)), strict=True):
        assert isinstance(tensor, Tensor) or not any(isinstance(x, Tensor) for x in args)
        assert not isinstance(array, Tensor)
        for got in (array, tensor.data if isinstance(tensor, Tensor) else tensor):
            assert np.shape(got) == np.shape(want)
            assert np.result_type(got) == np.result_type(want)
            assert_allclose(got, want, rtol=1e-12, atol=1e-12)


EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("ij->", (2, 3)),
    ("ji", (2, 3)), ("ba", (2, 3)), ("...ij->...ji", (2, 3, 4)), ("...i,...i", (2, 3), (3,)), ("i...->...", (3, 2)),
    ("i...->i...", (3,)), ("ii,j,ijk->k", (2, 2), (3,), (2, 3, 4)), ("iji->j", (2, 3, 2)), ("i,i,i", (3,), (3,), (3,)),
    ("ij,k->j", (2, 3), (4,)), ("i,->i", (3,), ()), ("...,...", (2, 3), (3,)), ("iij,jj->", (2, 2, 3), (3, 3)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("i,i->", (1,), (3,)), ("ii,i->i", (1, 1), (3,)),
    ("a...b,b...->a...", (2, 3, 4), (4, 3)),
    ("Za,aZ", (2, 3), (3, 2)), (" i j , j -> i ", (2, 3), (3,)), ("iiii->i", (2, 2, 2, 2)), ("...ii->...", (2, 3, 3)),
    ("ij,ij->i", (0, 3), (0, 3)), ("b...,...c->...cb", (2, 4, 1), (3, 2)),
]  # fmt: skip


@pytest.mark.parametrize("optimize", [False, True, "greedy"])
@pytest.mark.parametrize("number", range(len(EINSUMS)), ids=lambda n: EINSUMS[n][0])
def test_einsum(number, optimize):
    subscripts, *shapes = EINSUMS[number]
    values = [draw(*shape) for shape in shapes]
    expected = np.einsum(subscripts, *values, optimize=optimize)
    leaves = tuple(Tensor(v, requires_grad=True) for v in values)
    got = np.einsum(subscripts, *leaves, optimize=optimize)
    assert_allclose(got.data, expected, rtol=1e-12, atol=1e-12)
    assert_allclose(contraction.einsum(subscripts, *values, optimize=optimize), expected, rtol=1e-12, atol=1e-12)
    if expected.size:
        assert gradcheck(lambda *x: np.einsum(subscripts, *x, optimize=optimize), leaves)
        if not optimize:
            assert gradgradcheck(lambda *x: np.einsum(subscripts, *x), leaves)


def test_einsum_by_numbers():
    values = draw(2, 3), draw(3, 40), draw(5, 40)
    calls = [
        lambda x, y, z: np.einsum(x, [0, 1], y, [1, 30], z, [Ellipsis, 30], [0, Ellipsis]),
        lambda x, y, z: np.einsum(x, [3, 1], y, [1, 2], z, [5, 2]),
        lambda x, y, z: np.einsum(x, [30, 1], y, [1, 2], z, [5, 2]),
    ]
    for call in calls:
        assert_allclose(call(*map(Tensor, values)).data, call(*values), rtol=1e-12)


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ii,ij->j", "...i,...j->...", "ijk->k", "iik->k"])
def test_einsum_of_complex_arrays_as_in_pytorch(subscripts):
    shapes = {"ij,jk->ik": [(2, 3), (3, 4)], "ii,ij->j": [(2, 2), (2, 3)], "...i,...j->...": [(2, 3), (2, 4)]}
    values = [compound(*shape) for shape in shapes.get(subscripts, [(2, 2, 3)])]
    assert_agrees(
        lambda *x: np.einsum(subscripts, *x), lambda *x: torch.einsum(subscripts.replace("...", "z"), *x), *values
    )


def test_einsum_keeps_to_an_order_of_contraction_only_forwards():
    values = draw(2, 3), draw(3, 4), draw(4, 5)
    path = ["einsum_path", (1, 2), (0, 1)]
    leaves = tuple(Tensor(v, requires_grad=True) for v in values)
    assert gradcheck(lambda *x: np.einsum("ij,jk,kl->il", *x, optimize=path), leaves)


def test_single_operands_are_not_kept():
    x = Tensor(draw(3, 3), requires_grad=True)
    assert not any(isinstance(s, np.ndarray) for s in np.einsum("ij->j", x)._node.saved)


# --- derivatives beside PyTorch ---------------------------------------------------------------------------------------

PAIRS = {
    "dot": (np.dot, torch.dot, draw(3), draw(3)),
    "vdot": (np.vdot, torch.vdot, compound(3), compound(3)),
    "inner": (np.inner, torch.inner, compound(2, 3), compound(4, 3)),
    "outer": (np.outer, torch.outer, compound(2), compound(3)),
    "kron": (np.kron, torch.kron, compound(2, 3), compound(2, 1, 2)),
    "tensordot": (lambda a, b: np.tensordot(a, b, axes=([0, 2], [1, 0])),
                  lambda a, b: torch.tensordot(a, b, dims=([0, 2], [1, 0])), compound(2, 3, 4), compound(4, 2)),
    "cross": (np.cross, torch.linalg.cross, compound(2, 3), compound(2, 3)),
    "vecdot": (np.vecdot, torch.linalg.vecdot, compound(2, 3), compound(2, 3)),
    "vecdot, broadcast": (np.vecdot, torch.linalg.vecdot, compound(3), compound(2, 3)),
    "trace": (np.trace, torch.trace, compound(3, 3)),
    "diff": (lambda a: np.diff(a, 2, prepend=a), lambda a: torch.diff(a, 2, prepend=a), compound(2, 4)),
    "trapezoid": (np.trapezoid, torch.trapezoid, draw(2, 4), draw(4)),
    "gradient": (lambda f, x: tuple(np.gradient(f, x, 0.5, edge_order=2)),
                 lambda f, x: tuple(torch.gradient(f, spacing=(x, torch.tensor([0.0, 0.5, 1.0])), edge_order=2)),
                 draw(4, 3), np.sort(draw(4))),
    "matmul": (np.matmul, torch.matmul, compound(2, 1, 2, 3), compound(2, 3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_derivatives_as_pytorch(name):
    f, theirs, *values = PAIRS[name]
    if name == "gradient":  # PyTorch has no gradient to coordinates
        x = values.pop()
        assert_agrees(lambda f: PAIRS[name][0](f, x), lambda f: theirs(f, torch.tensor(x)), *values)
        return
    assert_agrees(f, theirs, *values)


@pytest.mark.parametrize("length", [3, 4])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolution_and_correlation_of_complex_signals(mode, length):
    a, v = compound(5), compound(length)
    middle = (length - 1) // 2

    def full(x, y):  # as a matrix of shifted copies
        rows = [torch.nn.functional.pad(x, (k, y.shape[0] - 1 - k)) for k in range(y.shape[0])]
        return (torch.stack(rows) * y[:, None]).sum(0)

    part = {"full": slice(None), "same": slice(middle, middle + 5), "valid": slice(length - 1, 5)}[mode]
    assert_agrees(lambda x, y: np.convolve(x, y, mode), lambda x, y: full(x, y)[part], a, v)
    assert_agrees(lambda x, y: np.correlate(x, y, mode), lambda x, y: full(x, y.conj().flip(0))[part], a, v)


def leaves_of(*values):
    return tuple(Tensor(np.asarray(v), requires_grad=True) for v in values)


@pytest.mark.parametrize("options", [{}, {"period": 3.0}])
def test_interpolation_has_gradients_to_all_it_depends_on(options):
    leaves = leaves_of([-0.8, 0.25, 0.6, 1.2, 9.0, -9.0], [-1.0, 0.0, 0.5, 1.9], [0.3, -1.0, 2.0, 0.5])
    assert gradcheck(lambda x, xp, fp: np.interp(x, xp, fp, **options), leaves)
    assert gradgradcheck(lambda x, xp, fp: np.interp(x, xp, fp, **options), leaves)


def test_interpolation_has_gradients_to_what_is_outside():
    leaves = leaves_of([-2.0, 0.5, 3.0], 4.0, 5.0)
    assert gradcheck(lambda x, left, right: np.interp(x, [0.0, 1.0], [2.0, 3.0], left, right), leaves)


def test_interpolation_on_the_points():
    x = Tensor([0.0, 1.0, 2.0], requires_grad=True)
    np.interp(x, np.arange(3.0), np.array([0.0, 1.0, 5.0])).sum().backward()
    assert x.grad.tolist() == [1, 4, 4]


def test_slopes_have_gradients_to_coordinates_and_distances():
    f, x, h = leaves_of(draw(4, 3), np.sort(draw(4)), 0.7)
    for order in (1, 2):
        assert gradcheck(lambda f, x, h, e=order: tuple(np.gradient(f, x, h, edge_order=e)), (f, x, h))
    assert gradgradcheck(lambda f, x: np.gradient(f, x, axis=0, edge_order=2), (f, x))


def test_slopes_have_the_dtype_of_the_samples_as_numpys():
    samples, spots = np.ones(3, np.float32), np.array([0.0, 1.0, 3.0])
    assert np.gradient(Tensor(samples), spots).dtype == np.gradient(samples, spots).dtype == np.float32


def test_integrals_have_gradients_to_distances():
    y, dx = leaves_of(draw(3), 0.5)
    assert gradcheck(lambda y, dx: np.trapezoid(y, dx=dx), (y, dx))
    assert gradgradcheck(lambda y, dx: np.trapezoid(y, dx=dx), (y, dx))


def test_polynomials_have_gradients_to_coefficients():
    p, x = leaves_of(draw(4), draw(2, 3))
    assert gradgradcheck(np.polyval, (p, x))
    assert np.polyval([p[0], p[1] * 2, 1.0], x).shape == (2, 3)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize(("first", "second"), [(2, 3), (3, 2), (2, 2)])
def test_cross_products_in_the_plane(first, second):
    a, b = draw(4, first), draw(second)
    assert_allclose(np.cross(Tensor(a), Tensor(b)).data, np.cross(a, b))
    assert_allclose(products.cross(a.T, b, axisa=0), np.cross(a, b))
    assert gradcheck(np.cross, leaves_of(a, b))
    assert gradgradcheck(np.cross, leaves_of(a, b))


def test_cross_products_in_the_plane_warn_as_numpys():
    with pytest.warns(DeprecationWarning, match="2-dimensional vectors"):
        np.cross(Tensor([1.0, 2.0]), Tensor([1.0, 3.0]))


def test_multi_dot_multiplies_in_the_cheapest_order():
    assert products._chain([10, 100, 5, 50])[0][2] == 1  # (A B) C takes 7500 multiplications, A (B C) 75000
    assert products._chain([30, 35, 15, 5, 10, 20, 25])[0][5] == 2  # the example in Cormen et al.


def test_methods_and_properties():
    x, y = Tensor(M, requires_grad=True), Tensor(M)
    assert_allclose(x.dot(y).data, M @ M)
    assert_allclose(x.trace(1).data, M.trace(1))
    assert_allclose(Tensor(S).mT.data, S.mT)


@pytest.mark.parametrize("function", [*["dot", "inner", "outer", "vdot", "kron", "convolve", "correlate", "trapezoid"]])
def test_mixed_arrays_and_tensors(function):
    f = getattr(np, function)
    for first, second in ((V, Tensor(V)), (Tensor(V), V)):
        got = f(first, second)
        assert isinstance(got, Tensor)
        assert_allclose(got.data, f(V, V))


def test_every_shape_of_the_same_product_gives_float32_gradients():
    for function in (products.dot, products.outer, products.tensordot, products.vecdot, signal.convolve):
        for chosen in function.op.samples:
            call = draw_call(function.op, chosen, 1).astype(np.float32)
            leaves = call.leaves()
            call.run(leaves)[0].sum().backward()
            assert all(x.grad.dtype == np.float32 for x in leaves)


WRONG = [
    (lambda x: np.dot(x, x), ValueError, "not aligned"),
    (lambda x: np.tensordot(x, x, axes=1), ValueError, "mismatch"),
    (lambda x: np.einsum("ij,jk", x), ValueError, "2 operands, not 1"),
    (lambda x: np.einsum("i", x), ValueError, "number of axes"),
    (lambda x: np.einsum("ij,jk", x, x), ValueError, r"einsum 'ij,jk' does not fit ij \(\d, \d\), jk \(\d, \d\)"),
    (lambda x: np.einsum("ii", x), ValueError, r"einsum 'ii' does not fit ii \(\d, \d\)"),
    (lambda x: np.einsum("...->", x), ValueError, "does not have"),
    (lambda x: np.einsum("ij->k", x), ValueError, "k"),
    (lambda x: np.einsum("ij,ji->", x, x), ValueError, "broadcast"),
    (lambda x: np.einsum("ij->ij", x, out=np.ones((3, 2))), TypeError, "out"),
    (lambda x: np.cross(x[:, :1], x), ValueError, "2 or 3 components"),
    (lambda x: np.cross(x[0, 0], x), ValueError, "not numbers"),
    (lambda x: np.matrix_transpose(x[0]), ValueError, "takes matrices"),
    (lambda x: np.convolve(x[0], x[0], "middle"), ValueError, "mode is one of"),
    (lambda x: np.correlate(x[0], x[0, 0]), ValueError, "takes vectors"),
    (lambda x: np.diff(x, -1), ValueError, "non-negative"),
    (lambda x: np.ediff1d(np.array([1, 2]), to_end=x[0]), TypeError, "does not fit"),
    (lambda x: np.gradient(x, edge_order=3), ValueError, "edge_order"),
    (lambda x: np.gradient(x, 1.0, 2.0, 3.0), TypeError, "2 axes"),
    (lambda x: np.gradient(x[:, :1]), ValueError, "at least"),
    (lambda x: np.gradient(x, np.ones(2), axis=0), ValueError, "coordinates of 3"),
    (lambda x: np.interp(x, x, x), ValueError, "one length"),
    (lambda x: np.interp(x, x[0], x[0], period=0), ValueError, "period"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_say_what_is_wrong(number):
    f, error, words = WRONG[number]
    with pytest.raises(error, match=words):
        f(Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True))


def test_samples_of_sums_of_one_operand_hold():
    for chosen in contraction._einsum_of_one.op.samples:
        check_sample(contraction._einsum_of_one.op, chosen, examples=1)
