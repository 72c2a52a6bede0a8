"""Recurrent layers on plain arrays: one direction of one layer over whole sequences, and back through time.

Sequences of different lengths are packed: sorted by length, longest first, the rows of all that have a first element,
then of all that have a second one, and so on. `batch_sizes` says how many have each. So one step works on a slice of
rows, and on the first rows of the state, in which sequences that are over, or in the other direction have not begun,
stay as they are. Names of axes: S rows of all steps, N sequences, H hidden size, P projected size (H without one).

Each function loops over time only; a step is a few large operations that write into arrays made before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.choosing import kernel

Array = Any
Sizes = tuple[int, ...]


def steps(batch_sizes: Sizes, reverse: bool) -> list[slice]:
    """Return the rows of each step, in the order in which a layer goes through them.

    >>> steps((2, 1), reverse=True)
    [slice(2, 3, None), slice(0, 2, None)]
    """
    ends = np.cumsum(np.array(batch_sizes, int)).tolist()
    rows = [slice(end - n, end) for n, end in zip(batch_sizes, ends, strict=True)]
    return rows[::-1] if reverse else rows


def positions(batch_sizes: Sizes) -> np.ndarray:
    """Return for each row which sequence it belongs to, (S,).

    >>> positions((2, 1))
    array([0, 1, 0])
    """
    sizes = np.array(batch_sizes, int)
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # type: ignore[no-any-return]


def rows_before(batch_sizes: Sizes, reverse: bool) -> np.ndarray:
    """Return for each row where the state before it is, (S,), among N initial states followed by those after each row.

    >>> rows_before((2, 1), reverse=False)
    array([0, 1, 2])
    >>> rows_before((2, 1), reverse=True)
    array([4, 1, 0])
    """
    sizes = np.array(batch_sizes, int)
    starts = np.cumsum(sizes) - sizes
    sequence, count = positions(batch_sizes), len(sizes)
    other = np.repeat(np.arange(count), sizes) + (1 if reverse else -1)
    inside = (other >= 0) & (other < count)
    other = np.where(inside, other, 0)
    inside &= sequence < sizes[other]
    return np.where(inside, sizes[0] + starts[other] + sequence, sequence)


def _empty(like: Array, dtype: Any, *shape: int) -> Array:
    return np.empty_like(like, dtype, order="C", subok=False, shape=shape)


def _sigmoid(x: Array) -> None:
    """Replace x by 1 / (1 + exp(-x)); where the exponential overflows, that is 0."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    np.reciprocal(x, out=x)


def _blocks(x: Array, count: int) -> list[Array]:
    """Return views of the equal pieces of the last axis."""
    size = x.shape[-1] // count
    return [x[:, k * size : (k + 1) * size] for k in range(count)]


def _masked(h: Array, mask: Array | None) -> Array:
    return h if mask is None else h * mask[: len(h)]


def _add(total: Array, part: Array | None, rows: slice) -> None:
    """Add rows of a gradient, if there is one."""
    if part is not None:
        total += part[rows]


# --- simple recurrent networks ----------------------------------------------------------------------------------------


def rnn_forward(
    x: Array, h0: Array, weight_hh: Array, mask: Array | None, relu: bool, batch_sizes: Sizes, reverse: bool
) -> Array:
    """Return the states (S, H) for inputs (S, H) to the units; see `autograd.rnn_sequence`."""
    dtype = np.result_type(x, h0, weight_hh)
    state, out = h0.astype(dtype), _empty(x, dtype, *x.shape)
    weight = weight_hh.T
    for rows in steps(batch_sizes, reverse):
        n, h = rows.stop - rows.start, out[rows]
        np.matmul(_masked(state[:n], mask), weight, out=h)
        h += x[rows]
        if relu:
            np.maximum(h, 0, out=h)
        else:
            np.tanh(h, out=h)
        state[:n] = h
    return out


def rnn_backward(
    of_h: Array, h: Array, weight_hh: Array, mask: Array | None, relu: bool, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array]:
    """Return the gradients of the inputs (S, H) and of the initial state (N, H)."""
    of_state = _empty(h, h.dtype, batch_sizes[0], h.shape[1])
    of_state[...] = 0
    of_x = (h > 0).astype(h.dtype) if relu else 1 - h * h
    for rows in reversed(steps(batch_sizes, reverse)):
        n, part = rows.stop - rows.start, of_x[rows]
        of_state[:n] += of_h[rows]
        part *= of_state[:n]
        np.matmul(part, weight_hh, out=of_state[:n])
        if mask is not None:
            of_state[:n] *= mask[:n]
    return of_x, of_state


# --- long short-term memory -------------------------------------------------------------------------------------------


@kernel
def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_hh: Array, weight_hr: Array | None, mask: Array | None, batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the states (S, P), cells (S, H) and gates (S, 4H) for inputs (S, 4H); see `autograd.lstm_sequence`."""
    dtype, size = np.result_type(x, h0, c0, weight_hh), c0.shape[1]
    state, cell = h0.astype(dtype), c0.astype(dtype)
    out, cells, gates = (_empty(x, dtype, len(x), k) for k in (h0.shape[1], size, 4 * size))
    weight, scratch = weight_hh.T, np.empty_like(cell)
    with np.errstate(over="ignore"):
        for rows in steps(batch_sizes, reverse):
            n, a, c, s = rows.stop - rows.start, gates[rows], cells[rows], scratch[: rows.stop - rows.start]
            np.matmul(_masked(state[:n], mask), weight, out=a)
            a += x[rows]
            i, f, g, o = _blocks(a, 4)
            np.tanh(g, out=s)
            _sigmoid(a)  # g's too, for nothing: a whole block of memory takes less time than pieces of it
            g[...] = s
            np.multiply(f, cell[:n], out=c)
            s *= i
            c += s
            cell[:n] = c
            np.tanh(c, out=s)
            s *= o
            out[rows] = state[:n] = s if weight_hr is None else s @ weight_hr.T
    return out, cells, gates


@kernel
def lstm_backward(
    of_h: Array | None, of_c: Array | None, of_gates: Array | None, c: Array, c_before: Array, gates: Array,
    weight_hh: Array, weight_hr: Array | None, mask: Array | None, batch_sizes: Sizes, reverse: bool,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Return the gradients of the inputs (S, 4H), initial states (N, P) and cells (N, H), and of all states (S, P).

    The last is for the projection only, and not filled in without one. None stands for gradients of 0.
    """
    dtype, size, count = gates.dtype, c.shape[1], batch_sizes[0]
    of_state, of_cell = (_empty(c, dtype, count, k) for k in (weight_hh.shape[1], size))
    of_state[...], of_cell[...] = 0, 0
    of_x, of_states = np.empty_like(gates), _empty(c, dtype, 0 if weight_hr is None else len(c), weight_hh.shape[1])
    scratch, slopes = np.empty_like(of_cell), _empty(c, dtype, count, 4 * size)
    for rows in reversed(steps(batch_sizes, reverse)):
        n = rows.stop - rows.start
        dh, dc, s, slope, a, da = of_state[:n], of_cell[:n], scratch[:n], slopes[:n], gates[rows], of_x[rows]
        i, f, g, o = _blocks(a, 4)
        di, df, dg, do = _blocks(da, 4)
        _add(dh, of_h, rows)
        _add(dc, of_c, rows)
        if weight_hr is not None:
            of_states[rows] = dh
            dh = dh @ weight_hr
        np.tanh(c[rows], out=s)
        np.multiply(dh, s, out=do)
        s *= s
        np.subtract(1, s, out=s)
        s *= o
        s *= dh
        dc += s
        np.multiply(dc, g, out=di)
        np.multiply(dc, c_before[rows], out=df)
        np.multiply(dc, i, out=dg)
        _add(da, of_gates, rows)
        np.multiply(a, a, out=slope)  # slopes: s - s * s of sigmoids, 1 - g * g of the hyperbolic tangent
        np.subtract(1, slope[:, 2 * size : 3 * size], out=s)
        np.subtract(a, slope, out=slope)
        slope[:, 2 * size : 3 * size] = s
        da *= slope
        dc *= f
        np.matmul(da, weight_hh, out=of_state[:n])
        if mask is not None:
            of_state[:n] *= mask[:n]
    return of_x, of_state, of_cell, of_states


# --- gated recurrent units --------------------------------------------------------------------------------------------


@kernel
def gru_forward(
    x: Array, h0: Array, weight_hh: Array, bias_hh: Array | None, mask: Array | None, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array]:
    """Return the states (S, H) and gates (S, 4H) for inputs (S, 3H); see `autograd.gru_sequence`."""
    dtype, size = np.result_type(x, h0, weight_hh), h0.shape[1]
    state = h0.astype(dtype)
    out, gates = _empty(x, dtype, len(x), size), _empty(x, dtype, len(x), 4 * size)
    weight, hidden = weight_hh.T, _empty(x, dtype, len(h0), 3 * size)
    with np.errstate(over="ignore"):
        for rows in steps(batch_sizes, reverse):
            count = rows.stop - rows.start
            a, b, h, y = gates[rows], hidden[:count], state[:count], out[rows]
            rz, (r, z, n, q) = a[:, : 2 * size], _blocks(a, 4)
            np.matmul(_masked(h, mask), weight, out=b)
            if bias_hh is not None:
                b += bias_hh
            np.add(b[:, : 2 * size], x[rows, : 2 * size], out=rz)
            _sigmoid(rz)
            q[...] = b[:, 2 * size :]
            np.multiply(r, q, out=n)
            n += x[rows, 2 * size :]
            np.tanh(n, out=n)
            np.subtract(h, n, out=y)
            y *= z
            y += n
            h[...] = y
    return out, gates


@kernel
def gru_backward(
    of_h: Array | None, of_gates: Array | None, h_before: Array, gates: Array, weight_hh: Array, mask: Array | None,
    batch_sizes: Sizes, reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the gradients of the inputs (S, 3H), of what W_hh gives (S, 3H), and of the initial state (N, H).

    None stands for gradients of 0.
    """
    dtype, size, count = gates.dtype, h_before.shape[1], batch_sizes[0]
    of_state = _empty(gates, dtype, count, size)
    of_state[...] = 0
    of_x, of_hidden = (_empty(gates, dtype, len(gates), 3 * size) for _ in range(2))
    scratch, slopes = np.empty_like(of_state), _empty(gates, dtype, count, 2 * size)
    for rows in reversed(steps(batch_sizes, reverse)):
        m = rows.stop - rows.start
        dh, s, slope, a, da, db = of_state[:m], scratch[:m], slopes[:m], gates[rows], of_x[rows], of_hidden[rows]
        rz, (r, z, n, q) = a[:, : 2 * size], _blocks(a, 4)
        drz, (dr, dz, dn), dq = da[:, : 2 * size], _blocks(da, 3), db[:, 2 * size :]
        _add(dh, of_h, rows)
        np.subtract(h_before[rows], n, out=dz)
        dz *= dh
        np.subtract(1, z, out=dn)
        dn *= dh
        if of_gates is not None:
            dn += of_gates[rows, 2 * size : 3 * size]
        np.multiply(n, n, out=s)
        np.subtract(1, s, out=s)
        dn *= s
        np.multiply(dn, q, out=dr)
        np.multiply(dn, r, out=dq)
        if of_gates is not None:
            drz += of_gates[rows, : 2 * size]
            dq += of_gates[rows, 3 * size :]
        np.multiply(rz, rz, out=slope)
        np.subtract(rz, slope, out=slope)
        drz *= slope
        db[:, : 2 * size] = drz
        dh *= z
        np.matmul(db, weight_hh, out=s)
        dh += _masked(s, mask)
    return of_x, of_hidden, of_state
