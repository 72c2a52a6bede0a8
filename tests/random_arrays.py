"""Entries of random programs: rearranging, joining, indexing, assigning and padding.

Most of these operations only move elements, and NumPy itself says where to.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from random_programs import Entry, Options, Rng, Shape, mold, one_of, pick

import autograd as ag


def arrays(t: Any) -> list[Entry]:
    """Return the entries, given PyTorch."""
    return [*_shapes(t), *_arranging(t), *_joining(t), *_indexing(t), *_padding(t)]


# --- options ----------------------------------------------------------------------------------------------------------


def axis_options(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    return {"axis": int(rng.integers(-len(shape), len(shape)))} if shape else None


def filled_axis(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    """Draw an axis that is not empty, of an array that PyTorch does not refuse because others are."""
    return axis_options(rng, shape) if 0 not in shape else None


def at_least(ndim: int) -> Options:
    return lambda rng, shape: {} if len(shape) >= ndim else None


def nonempty(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    return {} if 0 not in shape else None


def both(*options: Options) -> Options:
    """Return the options that several functions draw, together."""

    def drawn(rng: Rng, shape: Shape) -> dict[str, Any] | None:
        found = [o(rng, shape) for o in options]
        return None if any(o is None for o in found) else {k: v for o in found for k, v in (o or {}).items()}

    return drawn


# --- operations that only move elements -------------------------------------------------------------------------------


def moved(t: Any, f: Callable[..., Any]) -> Callable[..., Any]:
    """Return for PyTorch what f does in NumPy to any arrays: f moves the positions, and elements follow.

    Position 0 is that of a number 0 in front of all elements, so that zeros that f puts somewhere are zeros.
    """

    def function(*operands: Any, **options: Any) -> Any:
        pool = t.cat([operands[0].new_zeros(1), *(x.reshape(-1) for x in operands)])
        ends = np.cumsum([1] + [x.numel() for x in operands])
        places = [np.arange(a, b).reshape(tuple(x.shape)) for a, b, x in zip(ends[:-1], ends[1:], operands)]
        return pool[t.tensor(np.array(f(np, *places, **options), order="C"))]

    return function


def moves(t: Any, name: str, f: Callable[..., Any], options: Options = lambda rng, shape: {}, **how: Any) -> Entry:
    """Return the entry of an operation that moves elements: f of the module, `autograd` or NumPy, and the operands."""
    return Entry(name, partial(f, ag), moved(t, f), options=options, **how)


def named(name: str) -> Callable[..., Any]:
    return lambda m, *operands, **options: getattr(m, name)(*operands, **options)


def _reshaped(rng: Rng, shape: Shape) -> dict[str, Any]:
    size = int(np.prod(shape))
    choices = [
        (-1,),
        (1, -1),
        (size,),
        (size, 1, 1),
        (*shape, 1),
        *([(2, size // 2), (size // 2, -1)] * (size % 2 == 0)),
    ]
    return {"shape": pick(rng, choices if size else choices[2:4]), "order": pick(rng, "CF")}


def _permuted(rng: Rng, shape: Shape) -> dict[str, Any]:
    return {"axes": pick(rng, (None, tuple(int(a) for a in rng.permutation(len(shape)))))}


def _two_axes(first: str, second: str) -> Options:
    def options(rng: Rng, shape: Shape) -> dict[str, Any] | None:
        n = len(shape)
        return {first: int(rng.integers(-n, n)), second: int(rng.integers(-n, n))} if n else None

    return options


def _squeezed(rng: Rng, shape: Shape) -> dict[str, Any]:
    ones = [a for a, n in enumerate(shape) if n == 1]
    return {"axis": pick(rng, (None, *ones, tuple(ones)))}


def _shapes(t: Any) -> list[Entry]:
    return [
        moves(t, "reshape", named("reshape"), _reshaped),
        moves(t, "ravel", named("ravel"), one_of(order="CF")),
        moves(t, "transpose", named("transpose"), _permuted),
        moves(t, "matrix_transpose", lambda m, x: m.swapaxes(x, -1, -2) if m is np else m.matrix_transpose(x),
              at_least(2)),
        moves(t, "expand_dims", named("expand_dims"), one_of(axis=(0, -1, (0, -1), (0, 1)))),
        moves(t, "squeeze", named("squeeze"), _squeezed),
        moves(t, "broadcast_to", lambda m, x: m.broadcast_to(x, (2, *x.shape))),
        moves(t, "broadcast_to", named("broadcast_to"), one_of(shape=((2, 3), (2, 2, 3))),
              molds=(((3,),), ((2, 1),), ((),), ((1, 3),))),
        moves(t, "broadcast_arrays", lambda m, x, y, i: m.broadcast_arrays(x, y)[i], one_of(i=(0, 1)), arity=2),
        moves(t, "moveaxis", named("moveaxis"), _two_axes("source", "destination")),
        moves(t, "rollaxis", named("rollaxis"), _two_axes("axis", "start")),
        moves(t, "swapaxes", lambda m, x, i, j: m.swapaxes(x, i, j), _two_axes("i", "j")),
        *(moves(t, f"atleast_{n}d", named(f"atleast_{n}d")) for n in (1, 2, 3)),
        moves(t, "copy", named("copy")),
        moves(t, "alias", lambda m, x: m.alias(x) if m is ag else x),
        moves(t, "resize", named("resize"), one_of(new_shape=(5, (2, 3), (1,), (2, 2, 2))), fits=lambda s: 0 not in s),
    ]  # fmt: skip


def _rolled(rng: Rng, shape: Shape) -> dict[str, Any]:
    shift = int(rng.integers(-3, 4))
    choices = [{"shift": shift, "axis": None}, {"shift": shift, "axis": -1}, {"shift": (shift, 1), "axis": (0, -1)}]
    return pick(rng, choices if shape else choices[:1])


def _repeated(rng: Rng, shape: Shape) -> dict[str, Any]:
    axis = pick(rng, (None, *range(-len(shape), len(shape))))
    size = int(np.prod(shape)) if axis is None else shape[axis]
    return {"repeats": pick(rng, (2, 1, 0, rng.integers(0, 3, size))), "axis": axis}


def _arranging(t: Any) -> list[Entry]:
    cube = {"molds": (((2, 3, 2),), ((1, 2, 4),), ((4, 2, 2),), ((0, 2, 2),))}
    diagonals = both(at_least(2), one_of(k=(-1, 0, 0, 1)))
    return [
        moves(t, "flip", named("flip"), one_of(axis=(None, 0, -1, (0, -1))),
              fits=lambda s: len(s) > 1),
        moves(t, "flipud", named("flipud"), at_least(1)),
        moves(t, "fliplr", named("fliplr"), at_least(2)),
        moves(t, "rot90", named("rot90"),
              both(at_least(2), one_of(k=(-1, 0, 1, 2, 3), axes=((0, 1), (1, 0), (-1, 0))))),
        moves(t, "roll", named("roll"), _rolled),
        moves(t, "tile", named("tile"), one_of(reps=(2, (2, 1), (1, 2), (2, 1, 1), 1, (0,)))),
        moves(t, "repeat", named("repeat"), _repeated),
        moves(t, "tril", named("tril"), diagonals),
        moves(t, "triu", named("triu"), diagonals),
        moves(t, "diag", named("diag"), both(one_of(k=(-1, 0, 1))), fits=lambda s: len(s) in (1, 2)),
        moves(t, "diagflat", named("diagflat"), one_of(k=(-1, 0, 2)), fits=lambda s: np.prod(s) < 9),
        moves(t, "diagonal", named("diagonal"), one_of(offset=(-1, 0, 1), axis1=(0, -1), axis2=(1,)), **cube),
        Entry("trace", lambda x, **o: np.trace(x, **o),
              lambda x, offset, axis1, axis2: t.diagonal(x, offset, axis1, axis2).sum(-1),
              options=one_of(offset=(-1, 0, 1), axis1=(0, -1), axis2=(1,)), molds=cube["molds"]),
        *(moves(t, name, lambda m, x, name=name, **o: getattr(m.fft, name)(x, **o),
                one_of(axes=(None, 0, -1, (0, -1))), fits=lambda s: len(s) > 1)
          for name in ("fftshift", "ifftshift")),
        *(moves(t, name, lambda m, x, i, axis, name=name: getattr(m, name)(x, [1, 2], axis=axis)[i],
                both(axis_options, one_of(i=(0, 1, 2)))) for name in ("split", "array_split")),
        moves(t, "array_split", lambda m, x, i: m.array_split(x, 3)[i], both(at_least(1), one_of(i=(0, 1, 2)))),
        *(moves(t, name, lambda m, x, i, name=name: getattr(m, name)(x, 2)[i], one_of(i=(0, 1)), molds=molds)
          for name, molds in (("vsplit", (((2, 3),), ((4, 1),))), ("hsplit", (((4,),), ((1, 2),))),
                              ("dsplit", (((1, 2, 2),),)))),
        Entry("unstack", lambda x, axis: ag.unstack(x, axis=axis)[-1], lambda x, axis: t.unbind(x, axis)[-1],
              options=filled_axis),
    ]  # fmt: skip


def _stacked(rng: Rng, shape: Shape) -> dict[str, Any]:
    return {"axis": int(rng.integers(-len(shape) - 1, len(shape) + 1))}


def _joins_along(axis: int) -> Callable[[Shape, Shape], bool]:
    return lambda a, b: bool(a) and len(a) == len(b) and np.delete(a, axis).tolist() == np.delete(b, axis).tolist()


def _joining(t: Any) -> list[Entry]:
    def same(a: Shape, b: Shape) -> bool:
        return a == b

    entries = [
        moves(t, name, lambda m, x, y, name=name: getattr(m, name)([x, y]), arity=2, fits=same)
        for name in ("vstack", "hstack", "dstack")
    ]
    return [
        *entries,
        moves(t, "concatenate", lambda m, x, y: m.concatenate([x, y]), arity=2, fits=_joins_along(0)),
        moves(t, "concatenate", lambda m, x, y: m.concatenate([x, y, x], axis=-1), arity=2, fits=_joins_along(-1)),
        moves(t, "concatenate", lambda m, x, y: m.concatenate([x, y], axis=None), arity=2, fits=lambda a, b: True),
        moves(t, "stack", lambda m, x, y, axis: m.stack([x, y], axis), _stacked, arity=2, fits=same),
        moves(t, "column_stack", lambda m, x, y: m.column_stack([x, y]), arity=2, molds=(((3,), (3, 2)), ((2,), (2,)))),
        moves(t, "block", lambda m, x, y: m.block([[x, y], [y, x]]), arity=2, fits=lambda a, b: a == b and len(a) < 3),
        moves(t, "append", named("append"), one_of(axis=(None,)), arity=2, fits=lambda a, b: True),
        moves(t, "append", lambda m, x, y: m.append(x, y, -1), arity=2, fits=_joins_along(-1)),
        moves(t, "insert", lambda m, x, y, at: m.insert(x, at, y), one_of(at=(0, 1, -1, [0, 2, 0], slice(0, 3))),
              arity=2,
              molds=(((3,), ()), ((2, 2), (1,)), ((3,), (3,)))),
        moves(t, "insert", lambda m, x, y, at: m.insert(x, at, y, axis=1), one_of(at=(0, -1, [1, 1], [0, 1])), arity=2,
              molds=(((2, 2), ()), ((2, 3), (2, 1)), ((2, 2), (1,)))),
        moves(t, "delete", named("delete"), one_of(obj=(0, -1, [0, 2], slice(None, None, 2)), axis=(None,)),
              fits=lambda s: np.prod(s) > 2),
        moves(t, "delete", named("delete"), one_of(obj=(1, [0, -1], [False, True, False]), axis=(1, -1)),
              molds=(((2, 3),),)),
        *(moves(t, "meshgrid", lambda m, *v, i, **o: m.meshgrid(*v, **o)[i],
                one_of(i=(0, 1), indexing=("xy", "ij"), sparse=(False, True)), arity=n, molds=(((2,), (3,), ())[:n],))
          for n in (2, 3)),
        moves(t, "choose", lambda m, x, y: m.choose([[0, 1, 1], [1, 0, 0]], [x, y]), arity=2,
              molds=(((2, 3), (3,)), ((), (2, 1)))),
    ]  # fmt: skip


# --- indexing and assigning -------------------------------------------------------------------------------------------


def _piece(rng: Rng, n: int) -> Any:
    """Draw an index of an axis of n elements."""
    start, stop, step = (int(i) for i in rng.integers([-n - 1, -n - 1, 1], [n + 2, n + 2, 3]))
    slices = [slice(None), slice(start, stop, step), slice(None, None, -1), slice(start, None)]
    if not n:
        return pick(rng, [*slices, []])
    positions = rng.integers(-n, n, 2)
    return pick(
        rng, [*slices, int(positions[0]), positions, positions[:, None], positions.tolist(), rng.random(n) < 0.6]
    )


def index_options(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    """Draw an index of any kind that NumPy takes, or none where what was drawn does not fit together."""
    pieces = [_piece(rng, n) for n in shape[: rng.integers(len(shape) + 1)]]
    if rng.random() < 0.3:
        pieces.insert(int(rng.integers(len(pieces) + 1)), pick(rng, (None, ...)))
    index = pick(rng, (tuple(pieces), pieces[0])) if pieces else pick(rng, ((), ..., None, rng.random(shape) < 0.5))
    try:
        np.empty(shape)[index]
    except IndexError:
        return None
    return {"index": index}


def _assigned(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    """Draw an index and a shape that broadcasts to what it picks."""
    options = index_options(rng, shape)
    if options is None:
        return None
    x = np.empty(shape)
    picked = x[options["index"]].shape
    value = pick(rng, [picked, (), picked[1:], tuple(1 for _ in picked), (1, *picked)])
    try:
        x[options["index"]] = np.empty(value)
    except (TypeError, ValueError):  # NumPy takes no matrices for masks, and for one element only one number
        return None
    return options | {"shape": value}


def _assign(m: Any, x: Any, y: Any, index: Any, shape: Shape) -> Any:
    x = x.copy()
    x[index] = mold(y, shape)
    return x


def _scattered(rng: Rng, shape: Shape) -> dict[str, Any]:
    target = pick(rng, [(4,), (2, 3)])
    return {"index": tuple(rng.integers(-n, n, shape) for n in target), "shape": target}


def _taken(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    axis = pick(rng, (None, *range(-len(shape), len(shape))))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    if not n:
        return None
    mode, reach = pick(rng, [("raise", n), ("wrap", 3 * n), ("clip", 3 * n)])
    return {"indices": rng.integers(-reach, reach, pick(rng, [(), (2,), (2, 2), (0,)])), "axis": axis, "mode": mode}


def _along(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    options = filled_axis(rng, shape)
    if options is None:
        return None
    many = list(shape)
    many[options["axis"]] = int(rng.integers(1, 4))
    return options | {"indices": rng.integers(-shape[options["axis"]], shape[options["axis"]], many)}


def _indexing(t: Any) -> list[Entry]:
    return [
        *(moves(t, "getitem", lambda m, x, index: x[index], index_options) for _ in range(3)),
        Entry("getitem", lambda x: x[x > 0], lambda x: x[x > 0], domain="apart"),  # how many must not be in doubt
        *(moves(t, "assign", _assign, _assigned, arity=2, fits=lambda a, b: 0 not in b) for _ in range(3)),
        Entry("scatter", lambda x, index, shape: ag.scatter(x, index, shape),
              lambda x, index, shape: x.new_zeros(shape).index_put(tuple(map(t.tensor, index)), x, accumulate=True),
              options=_scattered),
        moves(t, "take", named("take"), _taken),
        moves(t, "take_along_axis", lambda m, x, **o: m.take_along_axis(x, **o), _along),
        moves(t, "compress", lambda m, x: m.compress([True, False, True], x), fits=lambda s: np.prod(s) > 2),
        moves(t, "compress", lambda m, x, condition, axis: m.compress(condition, x, axis),
              one_of(condition=([False, True], [True], [True, True]), axis=(0, -1)), molds=(((2, 3),), ((3, 2),))),
        Entry("extract", lambda x, y: ag.extract(x > 0, y), lambda x, y: y.reshape(-1)[(x > 0).reshape(-1)], 2,
              ("apart", "any"), fits=lambda a, b: a == b),
    ]  # fmt: skip


# --- padding ----------------------------------------------------------------------------------------------------------

MODES = ("constant", "edge", "wrap", "reflect", "symmetric")
WIDTHS: tuple[Any, ...] = (1, (2, 1), (0, 3), 0)
STATISTICS = ("mean", "maximum", "minimum", "median")


def _padding(t: Any) -> list[Entry]:
    def joined(x: Any, before: Any, after: Any, width: Any) -> Any:
        """Return the vector with numbers repeated before and after it."""
        low, high = np.broadcast_to(width, 2).tolist()
        return t.cat([before.expand(low), x, after.expand(high)])

    def statistic(x: Any, width: Any, mode: str) -> Any:
        f = {"mean": t.mean, "maximum": t.amax, "minimum": t.amin, "median": lambda v: t.quantile(v, 0.5)}[mode]
        return joined(x, f(x[:2]), f(x[-2:]), width)

    def ramp(x: Any, width: Any, end: float) -> Any:
        low, high = np.broadcast_to(width, 2).tolist()
        before = [end + (x[0] - end) * (i / low) for i in range(low)]
        after = [x[-1] + (end - x[-1]) * ((i + 1) / high) for i in range(high)]
        return t.stack([*before, *x, *after])

    def odd(x: Any, width: Any) -> Any:
        low, high = np.broadcast_to(width, 2).tolist()
        before = [2 * x[0] - x[i] for i in range(low, 0, -1)]
        return t.stack([*before, *x, *(2 * x[-1] - x[-2 - i] for i in range(high))])

    return [
        moves(t, "pad", named("pad"), one_of(pad_width=WIDTHS, mode=MODES),
              fits=lambda s: 0 not in s and np.prod(s) < 10),
        Entry("pad", lambda x, width: ag.pad(x, width, constant_values=(2, 3)),
              lambda x, width: joined(x, x.new_tensor(2), x.new_tensor(3), width), options=one_of(width=WIDTHS),
              molds=(((3,),), ((0,),))),
        Entry("pad", lambda x, width, mode: ag.pad(x, width, mode, stat_length=2), statistic, domain="apart",
              options=one_of(width=WIDTHS, mode=STATISTICS), molds=(((4,),), ((2,),))),
        Entry("pad", lambda x, width, end: ag.pad(x, width, "linear_ramp", end_values=end), ramp,
              options=one_of(width=WIDTHS, end=(0.0, 1.5)), molds=(((3,),), ((1,),))),
        Entry("pad", lambda x, width: ag.pad(x, width, "reflect", reflect_type="odd"), odd,
              options=one_of(width=WIDTHS),
              molds=(((4,),),)),
    ]  # fmt: skip
