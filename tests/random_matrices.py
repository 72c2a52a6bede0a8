"""Entries of random programs: products, linear algebra, Fourier transforms, convolution and pooling of images."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from random_arrays import axis_options, both, filled_axis
from random_elementwise import parts
from random_programs import Entry, Rng, Shape, mold, one_of, pick
from random_reductions import linear

import autograd as ag
from autograd import fft, linalg
from autograd.ops import pooling, window


def matrices(t: Any) -> list[Entry]:
    """Return the entries, given PyTorch."""
    return [*_products(t), *_contractions(t), *_systems(t), *_norms(t), *_decompositions(t), *_complex(t),
            *_transforms(t), *_images(t)]  # fmt: skip


# --- products ---------------------------------------------------------------------------------------------------------

SIDES: tuple[tuple[Shape, ...], ...] = (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3, 1)), ((2, 3), (2, 3, 2)),
    ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((2, 1, 1, 3), (3, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 1), (1,)),
)  # fmt: skip


def _products(t: Any) -> list[Entry]:
    def dot(a: Any, b: Any) -> Any:
        if not a.ndim or not b.ndim:
            return a * b
        return t.tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]))

    def multiplies(a: Shape, b: Shape) -> bool:
        try:
            np.matmul(np.empty(a), np.empty(b))
        except ValueError:
            return False
        return True

    def same(a: Shape, b: Shape) -> bool:
        return bool(a) and a == b

    vectors = (((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (3, 3)), ((0,), (0,)), ((0, 3), (3,)))
    return [
        Entry("matmul", lambda x, y: x @ y, lambda x, y: x @ y, 2, fits=multiplies),
        Entry("matmul", ag.matmul, t.matmul, 2, molds=SIDES),
        Entry("dot", ag.dot, dot, 2, molds=(*SIDES[:6], ((), (2,)), ((2, 2), ()))),
        Entry("matvec", ag.matvec, lambda a, x: (a @ x[..., None])[..., 0], 2,
              molds=(((2, 3), (3,)), ((2, 2, 3), (3,)), ((3, 2), (3, 2)))),
        Entry("vecmat", ag.vecmat, lambda x, a: (x[..., None, :] @ a)[..., 0, :], 2,
              molds=(((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 1), (2, 1, 3)))),
        Entry("vecdot", ag.vecdot, lambda x, y: (x * y).sum(-1), 2, molds=vectors),
        Entry("vecdot", lambda x, y, axis: ag.vecdot(x, y, axis=axis), lambda x, y, axis: (x * y).sum(axis), 2,
              options=axis_options, fits=same),
        Entry("vdot", ag.vdot, lambda x, y: (x * y).sum(), 2, fits=lambda a, b: a == b),
        Entry("inner", ag.inner, lambda x, y: t.tensordot(x, y, ([-1], [-1])) if x.ndim and y.ndim else x * y, 2,
              molds=(((3,), (3,)), ((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 2, 3), (2, 3)), ((), (2,)))),
        Entry("outer", ag.outer, lambda x, y: x.reshape(-1)[:, None] * y.reshape(-1), 2,
              fits=lambda a, b: np.prod(a) * np.prod(b) < 100),
        Entry("kron", ag.kron, _kron, 2, fits=lambda a, b: np.prod(a) * np.prod(b) < 100),
        Entry("cross", ag.cross, lambda x, y: t.linalg.cross(*t.broadcast_tensors(x, y)), 2,
              molds=(((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3)))),
        Entry("cross", lambda x, y: ag.cross(x, y, axisa=0, axisb=-1, axisc=0),
              lambda x, y: t.linalg.cross(x.mT, y).mT, 2, molds=(((3, 2), (2, 3)),)),
        Entry("multi_dot", lambda *m: ag.multi_dot(m), lambda *m: t.linalg.multi_dot(m), 3,
              molds=(((2, 3), (3, 2), (2, 4)), ((3,), (3, 1), (1, 2)), ((2, 1), (1, 3), (3,)), ((3,), (3, 2), (2,)))),
    ]  # fmt: skip


def _kron(x: Any, y: Any) -> Any:
    """The products of all pairs, each axis of x before that of y and then one with it."""
    ndim = max(x.ndim, y.ndim)
    x, y = (v.reshape((1,) * (ndim - v.ndim) + tuple(v.shape)) for v in (x, y))
    wide = x.reshape([n for size in x.shape for n in (size, 1)]) * y.reshape([n for size in y.shape for n in (1, size)])
    return wide.reshape([a * b for a, b in zip(x.shape, y.shape, strict=True)])


# --- contractions -----------------------------------------------------------------------------------------------------


def _subscripts(rng: Rng, shape: Shape) -> dict[str, Any]:
    """Draw subscripts of one to three operands, and their shapes: letters may repeat, and axes be left to '...'."""
    sizes = dict(zip("ijkl", rng.integers(1, 4, 4).tolist(), strict=True))
    words = ["".join(pick(rng, "ijkl") for _ in range(rng.integers(0, 4))) for _ in range(3)]
    used = sorted(set("".join(words)))
    result = "".join(rng.permutation(used)[: rng.integers(min(len(used), 3) + 1)])
    shapes = [tuple(sizes[c] for c in word) for word in words]
    if rng.random() < 0.3:
        words, result = ["..." + word for word in words], "..." + result
        shapes = [((), (2,), (1,))[rng.integers(3)] + s for s in shapes]
    count = int(rng.integers(1, 4))
    if count < 3 and any(c not in "".join(words[:count]) for c in result.replace(".", "")):
        result = result[:3] if result.startswith("...") else ""
    implicit = "" if rng.random() < 0.2 else "->" + result
    return {"subscripts": ",".join(words[:count]) + implicit, "shapes": shapes[:count]}


def _einsum(m: Any) -> Callable[..., Any]:
    return lambda *x, subscripts, shapes: m.einsum(subscripts, *map(mold, x, shapes))


def _contractions(t: Any) -> list[Entry]:
    axes = one_of(axes=(1, 0, ([1], [0]), ([-1], [0])))
    return [
        Entry("einsum", _einsum(ag), _einsum(t), 3, options=_subscripts, fits=lambda *s: all(0 not in x for x in s)),
        Entry("einsum", _einsum(ag), _einsum(t), 3, options=_subscripts, fits=lambda *s: all(0 not in x for x in s)),
        Entry("einsum", lambda x, y: ag.einsum("...i,...i->...", x, y), lambda x, y: (x * y).sum(-1), 2,
              fits=lambda a, b: bool(a) and a == b),
        Entry("tensordot", ag.tensordot, lambda x, y, axes: t.tensordot(x, y, axes), 2, options=axes,
              molds=(((2, 3), (3, 2)), ((1, 3), (3,)))),
        Entry("tensordot", lambda x, y: ag.tensordot(x, y, ([2, 0], [0, 1])),
              lambda x, y: t.tensordot(x, y, ([2, 0], [0, 1])), 2, molds=(((2, 1, 3), (3, 2, 2)),)),
        Entry("tensordot", ag.tensordot, lambda x, y: t.tensordot(x, y, 2), 2, molds=(((2, 2, 3), (2, 3)),)),
        Entry("outer", linalg.outer, t.outer, 2, molds=(((3,), (2,)), ((0,), (2,)))),
        Entry("trace", linalg.trace, lambda x: x.diagonal(0, -2, -1).sum(-1), molds=(((2, 3, 2),), ((3, 3),))),
        Entry("diagonal", lambda x, offset: linalg.diagonal(x, offset=offset),
              lambda x, offset: x.diagonal(offset, -2, -1),
              options=one_of(offset=(-1, 0, 1)), molds=(((2, 3, 2),), ((3, 3),))),
    ]  # fmt: skip


# --- linear systems ---------------------------------------------------------------------------------------------------

SQUARE = (((3, 3),), ((2, 2, 2),), ((1, 1),), ((2, 1, 2, 2),))
TALL = (((3, 2),), ((2, 3, 2),), ((2, 1),))
WIDE = (((2, 3),), ((2, 1, 3),))
SOLVED = (
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2, 2), (2,)), ((2, 2, 2), (2, 2, 1)), ((2, 2), (3, 2, 1)), ((1, 1), (1,)),
)  # fmt: skip


def _symmetric(x: Any) -> Any:
    """Return symmetric matrices with the eigenvalues well apart, made of well-conditioned ones."""
    return x + x.swapaxes(-1, -2)


def _determinant(x: Any) -> Any:
    """Return the sum over permutations; PyTorch's det has no second derivative where matrices are singular."""
    n = x.shape[-1]
    total = 0
    for order in itertools.permutations(range(n)):
        sign = round(float(np.linalg.det(np.eye(n)[list(order)])))
        term = sign
        for row, column in enumerate(order):
            term = term * x[..., row, column]
        total = total + term
    return total


def _systems(t: Any) -> list[Entry]:
    def solve(a: Any, b: Any) -> Any:
        return t.linalg.solve(a, b[..., None])[..., 0] if b.ndim == 1 else t.linalg.solve(a, b)

    def triangular(a: Any, b: Any, lower: bool, trans: int, unit_diagonal: bool) -> Any:
        a = t.tril(a) if lower else t.triu(a)
        if unit_diagonal:
            a = a - t.diag_embed(t.diagonal(a, 0, -2, -1) - 1)
        return t.linalg.solve(a.mT if trans else a, b)

    def entry(name: str, ours: Any, theirs: Any, molds: Any, **how: Any) -> Entry:
        return Entry(name, ours, theirs, domain=how.pop("domain", "matrix"), molds=molds, **how)

    return [
        *(entry("det", linalg.det, _determinant, SQUARE, domain=domain) for domain in ("matrix", "any")),
        entry("inv", linalg.inv, t.linalg.inv, SQUARE),
        entry("logdet", linalg.logdet, t.logdet, SQUARE),
        entry("matrix_exp", linalg.matrix_exp, t.linalg.matrix_exp, SQUARE, domain="small"),
        entry("solve_triangular", lambda a, b, **o: linalg.solve_triangular(a, b, **o), triangular,
              (((3, 3), (3, 2)), ((2, 2, 2), (2, 2, 1))), arity=2, domain=("matrix", "any"),
              options=one_of(lower=(False, True), trans=(0, 1), unit_diagonal=(False, True))),
        entry("slogdet", lambda x: linalg.slogdet(x)[1], lambda x: t.linalg.slogdet(x)[1], SQUARE),
        entry("slogdet", lambda x: linalg.slogdet(-x)[0] * x, lambda x: t.sign(t.linalg.det(-x))[..., None, None] * x,
              SQUARE[1:3]),
        *(entry("pinv", linalg.pinv, t.linalg.pinv, molds) for molds in (SQUARE, TALL, WIDE)),
        entry("solve", linalg.solve, solve, SOLVED, arity=2, domain=("matrix", "any")),
        entry("_least_squares", lambda a, b: linalg.lstsq(a, b, None)[0], lambda a, b: t.linalg.pinv(a) @ b,
              (((3, 2), (3,)), ((3, 2), (3, 2)), ((2, 3), (2,)), ((2, 2), (2, 1))), arity=2, domain=("matrix", "any")),
        entry("_least_squares", lambda a, b: linalg.lstsq(a, b)[1],
              lambda a, b: ((a @ (t.linalg.pinv(a) @ b) - b) ** 2).sum(0), (((3, 2), (3, 2)),), arity=2,
              domain=("matrix", "any")),
        entry("tensorsolve", lambda a, b: linalg.tensorsolve(a.reshape(2, 2, 2, 2), b.reshape(2, 2)),
              lambda a, b: solve(a, b).reshape(2, 2), (((4, 4), (4,)),), arity=2, domain=("matrix", "any")),
        entry("tensorinv", lambda x: linalg.tensorinv(x.reshape(2, 2, 4), ind=2),
              lambda x: t.linalg.inv(x).reshape(4, 2, 2), (((4, 4),),)),
        entry("matrix_power", linalg.matrix_power, t.linalg.matrix_power, SQUARE,
              options=one_of(n=(3, 2, 1, -1, -2, 5))),
        entry("cholesky", lambda x, upper: linalg.cholesky(_symmetric(x), upper=upper),
              lambda x, upper: t.linalg.cholesky(_symmetric(x), upper=upper), SQUARE,
              options=one_of(upper=(False, True))),
    ]  # fmt: skip


# --- norms ------------------------------------------------------------------------------------------------------------

VECTOR_ORDERS = (None, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf)
MATRIX_ORDERS = (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


def _norms(t: Any) -> list[Entry]:
    vector = both(axis_options, one_of(ord=VECTOR_ORDERS, keepdims=(False, True)))
    matrix = one_of(ord=MATRIX_ORDERS, keepdims=(False, True))
    sizes = (*SQUARE, *TALL, *WIDE)

    def of_vectors(x: Any, axis: int, ord: Any, keepdims: bool) -> Any:
        size = t.abs(x)
        if ord in (np.inf, -np.inf):
            return (t.amax if ord > 0 else t.amin)(size, axis, keepdim=keepdims)
        return (size ** (ord or 2)).sum(axis, keepdim=keepdims) ** (1 / (ord or 2))

    def length(x: Any) -> Any:
        """With derivatives of 0 at 0, where PyTorch's second one is nan."""
        squares = (x * x).sum()
        return t.where(squares == 0, 0.0, t.sqrt(t.where(squares == 0, 1.0, squares)))

    def of_matrices(x: Any, ord: Any, keepdims: bool) -> Any:
        return t.linalg.matrix_norm(x, ord or "fro", keepdim=keepdims)

    return [
        Entry("norm", linalg.norm, of_vectors, domain="apart", options=vector, fits=lambda s: 0 not in s),
        Entry("vector_norm",
              lambda x, axis, ord, keepdims: linalg.vector_norm(x, axis=axis, ord=ord or 2, keepdims=keepdims),
              of_vectors, domain="apart", options=vector, fits=lambda s: 0 not in s),
        Entry("vector_norm", lambda x, ord: linalg.vector_norm(x, ord=ord),
              lambda x, ord: of_vectors(x.reshape(-1), 0, ord, False), domain="apart",
              options=one_of(ord=VECTOR_ORDERS[1:]), fits=lambda s: 0 not in s),
        Entry("norm", linalg.norm, lambda x: t.sqrt((x * x).sum()), domain="apart", fits=lambda s: 0 not in s),
        Entry("norm", linalg.norm, length),
        Entry("norm", lambda x, axis, **o: linalg.norm(x, axis=axis, **o),
              lambda x, axis, ord, keepdims: _restored(of_matrices(x.movedim(axis, (-2, -1)), ord, False), axis,
              keepdims),
              domain="apart", options=both(matrix, one_of(axis=((0, 1), (2, 0), (-1, 1)))), molds=(((2, 2, 3),),)),
        Entry("matrix_norm", linalg.matrix_norm, lambda x, ord, keepdims: of_matrices(x, ord, keepdims),
              domain="matrix",
              options=one_of(ord=MATRIX_ORDERS[1:], keepdims=(False, True)), molds=sizes),
        Entry("cond", linalg.cond, lambda x, p: of_matrices(x, 2, False) / of_matrices(x, -2, False) if p in (None, 2)
              else of_matrices(x, -2, False) / of_matrices(x, 2, False) if p == -2
              else of_matrices(x, p, False) * of_matrices(t.linalg.inv(x), p, False),
              domain="matrix", options=one_of(p=(None, 2, -2, 1, "fro", "nuc", np.inf)), molds=SQUARE),
    ]  # fmt: skip


def _restored(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Return x with the axes that a reduction of three axes to one took away, where they are to stay."""
    for axis in sorted(a % 3 for a in axes) if keepdims else ():
        x = x.unsqueeze(axis)
    return x


# --- decompositions ---------------------------------------------------------------------------------------------------


def _decompositions(t: Any) -> list[Entry]:
    """Return entries of functions of the factors that do not depend on the vectors' signs."""

    def spectrum(values: Any, vectors: Any) -> Any:
        return values[..., None, :] + vectors * vectors

    def factors(u: Any, s: Any, vh: Any) -> Any:
        return (u * u)[..., : s.shape[-1]] @ (vh * vh)[..., : s.shape[-1], :] + s.sum(-1)[..., None, None]

    def cycled(x: Any) -> Any:
        """The columns moved by one, so that eigenvalues are near roots of one number, which are complex."""
        return x[..., np.roll(np.arange(x.shape[-1]), 1)]

    def entry(name: str, f: Callable[[Any, Any], Any], molds: Any, **how: Any) -> Entry:
        return Entry(name, lambda x, **o: f(linalg, x, **o), lambda x, **o: f(t.linalg, x, **o), domain="matrix",
                     molds=molds, **how)  # fmt: skip

    def upper(m: Any, x: Any, UPLO: str) -> Any:  # noqa: N803
        return spectrum(*m.eigh(_symmetric(x), UPLO))

    return [
        entry("eigh", upper, SQUARE, options=one_of(UPLO=("L", "U"))),
        entry("eigh", lambda m, x: m.eigh(_symmetric(x))[0], SQUARE),
        entry("eigvalsh", lambda m, x: m.eigvalsh(_symmetric(x)), SQUARE),
        entry("eig", lambda m, x: (parts(m.eig(x)[0]) + 0 * x[..., 0]).sum(-1), SQUARE),
        entry("eig", lambda m, x: (abs(m.eig(x)[1]) ** 2 * abs(m.eig(x)[0])[..., None, :]).sum(-1), SQUARE),
        entry("eigvals", lambda m, x: (abs(m.eigvals(x)) ** 3).sum(-1), SQUARE),
        entry("eigvals", lambda m, x: abs(m.eigvals(cycled(x)) + 1).sum(-1), SQUARE),
        entry("eig", lambda m, x: (abs(m.eig(cycled(x))[1]) ** 2).sum(-1), SQUARE),
        *(entry("svd", lambda m, x: factors(*m.svd(x, full_matrices=False)), molds) for molds in (SQUARE, TALL, WIDE)),
        entry("svd", lambda m, x: m.svd(x, full_matrices=False)[1], TALL),
        *(entry("svdvals", lambda m, x: m.svdvals(x), molds) for molds in (SQUARE, TALL, WIDE)),
        *(entry("qr", lambda m, x, i: m.qr(x)[i] ** 2, molds, options=one_of(i=(0, 1))) for molds in (SQUARE, TALL,
              WIDE)),
        entry("qr", lambda m, x: m.qr(x, mode="complete")[0] ** 2, SQUARE),
        *(Entry("qr", lambda x: linalg.qr(x, mode="r") ** 2, lambda x: t.linalg.qr(x)[1] ** 2, domain="matrix",
              molds=molds)
          for molds in (SQUARE, TALL)),
    ]  # fmt: skip


# --- complex matrices and products ------------------------------------------------------------------------------------


def _complex(t: Any) -> list[Entry]:
    def of(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y, **o: parts(f(x + 1j * y, **o))

    def along(f: Callable[..., Any]) -> Callable[..., Any]:
        return of(lambda z: f(z, -1))

    def hermitian(z: Any) -> Any:
        return z + z.swapaxes(-1, -2).conj()

    square = {"arity": 2, "domain": ("matrix", "small"), "molds": tuple((m, m) for (m,) in SQUARE)}
    tall = {"arity": 2, "domain": ("matrix", "small"), "molds": tuple((m, m) for (m,) in (*TALL, *WIDE))}
    rows = {"arity": 2, "molds": (((3,), (3,)), ((2, 3), (2, 3)))}
    same = ["sum", "prod", "mean", "square"]
    return [
        *(Entry(name, of(getattr(linalg, name)), of(getattr(t.linalg, name)), **square) for name in ("det", "inv")),
        Entry("slogdet", lambda x, y: sum(map(parts, linalg.slogdet(x + 1j * y))),
              lambda x, y: sum(map(parts, t.linalg.slogdet(x + 1j * y))), **square),
        Entry("solve", of(lambda z: linalg.solve(z, z[..., :1])), of(lambda z: t.linalg.solve(z, z[..., :1])),
              **square),
        Entry("pinv", of(linalg.pinv), of(t.linalg.pinv), **tall),
        Entry("eigvalsh", of(lambda z: linalg.eigvalsh(hermitian(z))), of(lambda z: t.linalg.eigvalsh(hermitian(z))),
              **square),
        Entry("eigh", of(lambda z: abs(linalg.eigh(hermitian(z))[1])),
              of(lambda z: abs(t.linalg.eigh(hermitian(z))[1])),
              **square),
        Entry("cholesky", of(lambda z: linalg.cholesky(z @ z.swapaxes(-1, -2).conj())),
              of(lambda z: t.linalg.cholesky(z @ z.swapaxes(-1, -2).conj())), **square),
        Entry("svdvals", of(linalg.svdvals), of(t.linalg.svdvals), **tall),
        Entry("norm", of(linalg.norm), of(t.linalg.norm), **tall),
        Entry("matmul", of(lambda z: z @ (z + 1)), of(lambda z: z @ (z + 1)), **square),
        Entry("einsum", of(lambda z: ag.einsum("...ij,...kj->...ik", z, z.conj())),
              of(lambda z: t.einsum("...ij,...kj->...ik", z, z.conj())), **tall),
        Entry("vdot", of(lambda z: ag.vdot(z, z * (1 + 2j))), of(lambda z: (z.conj() * z * (1 + 2j)).sum()), **rows),
        Entry("vecdot", of(lambda z: ag.vecdot(z, z * 1j)), of(lambda z: (z.conj() * z * 1j).sum(-1)), **rows),
        *(Entry(name, of(getattr(ag, name)), of(getattr(t, name)), **rows) for name in same),
        *(Entry(name, along(getattr(ag, name)), along(getattr(t, name)), **rows) for name in ("cumsum", "cumprod")),
        Entry("var", of(lambda z: ag.var(z, -1)), of(lambda z: (abs(z - z.mean(-1, keepdim=True)) ** 2).mean(-1)),
              **rows, domain="small"),
        Entry("convolve", lambda x, y: parts(ag.convolve(x + 1j * y, 1j * x)), lambda x, y: _convolved(t, x, y), 2,
              molds=(((3,), (3,)),)),
    ]  # fmt: skip


def _convolved(t: Any, x: Any, y: Any) -> Any:
    products = (x + 1j * y)[:, None] * (1j * x)
    return parts(t.stack([sum(products[i, k - i] for i in range(3) if 0 <= k - i < 3) for k in range(5)]))


# --- Fourier transforms -----------------------------------------------------------------------------------------------

NORMS = (None, "ortho", "forward")


def _transforms(t: Any) -> list[Entry]:
    one = both(filled_axis, one_of(n=(None, 2, 5), norm=NORMS))
    two = one_of(s=(None, (3, 4), (2, 2)), norm=NORMS)
    boxes = (((2, 3),), ((2, 2, 3),), ((4, 2),))

    def one_axis(name: str) -> Entry:
        f = getattr(t.fft, name)
        return Entry(name, lambda x, **o: parts(getattr(fft, name)(x, **o)),
                     lambda x, n, axis, norm: parts(f(x, n, axis, norm)), options=one)  # fmt: skip

    def several(name: str) -> Entry:
        f = getattr(t.fft, name)
        return Entry(name, lambda x, s, norm: parts(getattr(fft, name)(x, s, (-2, -1), norm)),
                     lambda x, s, norm: parts(f(x, s, (-2, -1), norm)), options=two, molds=boxes)  # fmt: skip

    def back(name: str) -> Entry:
        """From a complex spectrum."""
        f = getattr(t.fft, name)
        return Entry(name, lambda x, y, axis, n, norm: parts(getattr(fft, name)(x + 1j * y, n, axis, norm)),
                     lambda x, y, axis, n, norm: parts(f(x + 1j * y, n, axis, norm)), 2,
                     options=both(one_of(axis=(0, -1), n=(None, 4, 5), norm=NORMS)),
                     molds=(((3,), (3,)), ((2, 3), (2, 3))))  # fmt: skip

    def inverse(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, y, s, norm: f(x + 1j * y, s, (-2, -1), norm)

    names = ("fft", "ifft", "rfft", "ihfft")
    return [
        *map(one_axis, names),
        *(several(name) for name in ("fft2", "ifft2", "rfft2", "fftn", "ifftn", "rfftn")),
        *map(back, ("fft", "ifft", "irfft", "hfft")),
        *(Entry(name, inverse(getattr(fft, name)), inverse(getattr(t.fft, name)), 2,
                options=one_of(s=((2, 4), (2, 3)), norm=NORMS), molds=(((2, 3), (2, 3)),))
          for name in ("irfft2", "irfftn")),
        Entry("fft", lambda x: ag.absolute(fft.fft(x) + 2), linear_sizes(t), molds=(((4,),), ((2, 3),))),
    ]  # fmt: skip


def linear_sizes(t: Any) -> Callable[[Any], Any]:
    """The size of a transform that is real and imaginary sums of the elements."""
    real, imaginary = (linear(t, lambda x, part=part: part(np.fft.fft(x))) for part in (np.real, np.imag))
    return lambda x: t.sqrt((real(x) + 2) ** 2 + imaginary(x) ** 2)


# --- images -----------------------------------------------------------------------------------------------------------


def _geometry(rng: Rng, shape: Shape) -> dict[str, Any]:
    """Draw strides, padding and dilation."""
    return {
        "stride": pick(rng, ((1, 1), (2, 1))), "padding": pick(rng, ((0, 0), (1, 0))),
        "dilation": pick(rng, ((1, 1), (1, 2))),
    }  # fmt: skip


def _images(t: Any) -> list[Entry]:
    f = t.nn.functional

    def pooled(name: str) -> Entry:
        options = one_of(kernel=(2, (2, 3)), stride=(None, 1, (2, 1)), padding=(0, 1))
        return Entry(name, lambda x, kernel, stride, padding: getattr(ag, name)(x, kernel, stride, padding),
                     lambda x, kernel, stride, padding: getattr(f, name)(x, kernel, stride, padding), domain="apart",
                     options=options, molds=(((1, 2, 4, 3),), ((2, 1, 3, 5),)))  # fmt: skip

    def windows(x: Any, size: Any, stride: Any, padding: Any) -> Any:
        return f.avg_pool2d(x, size, stride, padding, divisor_override=1)

    def spread(x: Any, size: Any, stride: Any) -> Any:
        """Each number of the only channel, all over its window."""
        return f.conv_transpose2d(x, x.new_ones((1, 1, *size)), stride=stride)

    pair = (((1, 2, 4, 4), (2, 1, 2, 2)),)
    grouped = both(_geometry, one_of(groups=(2,)))
    sizes = one_of(size=((2, 2), (1, 3)), stride=((1, 1), (2, 1)), padding=((0, 0), (0, 1)))
    return [
        pooled("max_pool2d"), pooled("avg_pool2d"),
        Entry("conv2d", ag.conv2d, lambda x, w, b, **o: f.conv2d(x, w, b, **o), 3, options=_geometry,
              molds=(((1, 2, 4, 4), (3, 2, 2, 2), (3,)), ((2, 1, 3, 5), (2, 1, 2, 1), (2,)))),
        Entry("conv2d", lambda x, w: ag.conv2d(x, w, padding=1), lambda x, w: f.conv2d(x, w, padding=1), 2,
              molds=(((1, 2, 3, 3), (1, 2, 3, 3)), ((0, 1, 3, 3), (2, 1, 2, 2)))),
        Entry("correlate2d", window.correlate2d, lambda x, w, **o: f.conv2d(x, w, None, **o), 2, options=grouped,
              molds=pair),
        Entry("correlate_input",
              lambda x, w, **o: window.correlate_input(window.correlate2d(x, w, **o), w, x.shape[2:], **o),
              lambda x, w, **o: t.nn.grad.conv2d_input(x.shape, w, f.conv2d(x, w, **o), **o), 2, options=grouped,
              molds=pair),
        Entry("correlate_weight",
              lambda x, w, **o: window.correlate_weight(x, window.correlate2d(x, w, **o), w.shape[2:], **o),
              lambda x, w, **o: t.nn.grad.conv2d_weight(x, w.shape, f.conv2d(x, w, **o), **o), 2, options=grouped,
              molds=pair),
        Entry("sum_of_windows", lambda x, size, stride, padding: pooling.sum_of_windows(x, size, stride, padding),
              windows,
              options=sizes, molds=(((1, 2, 4, 3),), ((2, 1, 2, 4),))),
        Entry("spread_windows", lambda x, size, stride: pooling.spread_windows(
                  x, tuple((n - 1) * step + k for n, step, k in zip(x.shape[2:], stride, size)), size, stride, (0, 0)),
              spread, options=one_of(size=((2, 2), (1, 3)), stride=((1, 1), (2, 1))), molds=(((2, 1, 2, 3),),)),
    ]  # fmt: skip
