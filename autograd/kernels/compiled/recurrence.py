"""Recurrent layers, compiled: sequences do not depend on each other, so each thread takes some through all steps.

Of float32 only, as `exponentials` is. Names of axes are those of `autograd.kernels.recurrence`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit
from autograd.kernels.compiled.blas import product
from autograd.kernels.compiled.exponentials import sigmoid, tanh
from autograd.kernels.threads import share

Array = Any
Sizes = tuple[int, ...]

_WORTH = 2_000_000  # multiplications that are worth a thread
U = np.uintp


def _suits(*arrays: Array | None) -> bool:
    """Return whether all that are there are matrices of float32 as they lie in memory, and not empty."""
    return all(
        x is None
        or (x.__class__ is np.ndarray and x.dtype.char == "f" and x.ndim == 2 and x.size and x.flags.c_contiguous)
        for x in arrays
    )


def _steps(batch_sizes: Sizes, reverse: bool) -> Array:
    """Return the first row and the number of rows of each step, in order, (T, 2)."""
    sizes = np.array(batch_sizes, np.intp)
    steps = np.stack([np.cumsum(sizes) - sizes, sizes], axis=1)
    return np.ascontiguousarray(steps[::-1]) if reverse else steps


def _least(rows: int, weight: Array, sequences: int) -> int:
    """Return how many sequences are worth a thread; fewer than four at a time make small products."""
    return int(max(-(-_WORTH * sequences // max(rows * weight.size, 1)), 4))


def _plain(g: Array | None) -> Array | None:
    return None if g is None else np.ascontiguousarray(g)


def _or_nothing(x: Array | None) -> Array:
    return np.empty((0, 0), np.float32) if x is None else x


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_hh: Array, weight_hr: Array | None, mask: Array | None, batch_sizes: Sizes,
    reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the states (S, H), cells (S, H) and gates (S, 4H) for inputs (S, 4H)."""
    if weight_hr is not None or not _suits(x, h0, c0, weight_hh, mask):
        return NotImplemented  # type: ignore[no-any-return]
    (sequences, size), rows = c0.shape, len(x)
    out, cells, gates = (np.empty((rows, k), np.float32) for k in (size, size, 4 * size))
    steps, state, cell, masked = _steps(batch_sizes, reverse), h0.copy(), c0.copy(), _or_nothing(mask)
    share(
        lambda start, stop: _lstm_forward(x, state, cell, weight_hh, masked, steps, start, stop, out, cells, gates),
        sequences, _least(rows, weight_hh, sequences), blas=True,
    )  # fmt: skip
    return out, cells, gates


def lstm_backward(
    of_h: Array | None, of_c: Array | None, of_gates: Array | None, c: Array, c_before: Array, gates: Array,
    weight_hh: Array, weight_hr: Array | None, mask: Array | None, batch_sizes: Sizes, reverse: bool,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Return the gradients of the inputs (S, 4H), initial states (N, H) and cells (N, H), and an empty array."""
    of_h, of_c, of_gates = (_plain(g) for g in (of_h, of_c, of_gates))
    given = (of_h, of_c, of_gates, c, c_before, gates, weight_hh, mask)
    if weight_hr is not None or not _suits(*given):
        return NotImplemented  # type: ignore[no-any-return]
    sequences, size = batch_sizes[0], c.shape[1]
    of_state, of_cell = np.zeros((sequences, size), np.float32), np.zeros((sequences, size), np.float32)
    of_x = np.empty_like(gates)
    steps, extra = _steps(batch_sizes, not reverse), [_or_nothing(each) for each in (mask, of_h, of_c, of_gates)]
    share(
        lambda start, stop: _lstm_backward(
            *extra, c, c_before, gates, weight_hh, steps, start, stop, of_state, of_cell, of_x
        ),
        sequences, _least(len(c), weight_hh, sequences), blas=True,
    )  # fmt: skip
    return of_x, of_state, of_cell, np.empty((0, size), np.float32)


def gru_forward(
    x: Array, h0: Array, weight_hh: Array, bias_hh: Array | None, mask: Array | None, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Array]:
    """Return the states (S, H) and gates (S, 4H) for inputs (S, 3H)."""
    bias = None if bias_hh is None else bias_hh.reshape(1, -1)
    if not _suits(x, h0, weight_hh, bias, mask):
        return NotImplemented  # type: ignore[no-any-return]
    (sequences, size), rows = h0.shape, len(x)
    out, gates = (np.empty((rows, k), np.float32) for k in (size, 4 * size))
    steps, state, masked = _steps(batch_sizes, reverse), h0.copy(), _or_nothing(mask)
    start_of = np.zeros(3 * size, np.float32) if bias is None else bias.reshape(-1)
    share(
        lambda start, stop: _gru_forward(x, state, weight_hh, start_of, masked, steps, start, stop, out, gates),
        sequences, _least(rows, weight_hh, sequences), blas=True,
    )  # fmt: skip
    return out, gates


def gru_backward(
    of_h: Array | None, of_gates: Array | None, h_before: Array, gates: Array, weight_hh: Array, mask: Array | None,
    batch_sizes: Sizes, reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return the gradients of the inputs (S, 3H), of what W_hh gives (S, 3H), and of the initial state (N, H)."""
    of_h, of_gates = _plain(of_h), _plain(of_gates)
    if not _suits(of_h, of_gates, h_before, gates, weight_hh, mask):
        return NotImplemented  # type: ignore[no-any-return]
    sequences, size = batch_sizes[0], h_before.shape[1]
    of_state = np.zeros((sequences, size), np.float32)
    of_x, of_hidden = (np.empty((len(gates), 3 * size), np.float32) for _ in range(2))
    steps, extra = _steps(batch_sizes, not reverse), [_or_nothing(each) for each in (mask, of_h, of_gates)]
    share(
        lambda start, stop: _gru_backward(
            *extra, h_before, gates, weight_hh, steps, start, stop, of_state, of_x, of_hidden
        ),
        sequences, _least(len(gates), weight_hh, sequences), blas=True,
    )  # fmt: skip
    return of_x, of_hidden, of_state


# --- compiled ---------------------------------------------------------------------------------------------------------
# Sequences start to stop are taken through all steps. Places are counted in the flat arrays. A loop writes to one place
# only: with more, there are more comparisons of places to make than a compiler is willing to, and vectors are not used.


@jit
def _times(x, mask, start, stop, out):  # type: ignore[no-untyped-def]
    """Return rows start to stop of x, or if there is a mask of x * mask, written to `out`."""
    if mask.size == 0:
        return x[start:stop]
    for r in range(start, stop):
        for k in range(x.shape[1]):
            out[r - start, k] = x[r, k] * mask[r, k]
    return out[: stop - start]


@jit
def _lstm_forward(x, state, cell, weight, mask, steps, start, stop, out, cells, gates):  # type: ignore[no-untyped-def]
    size = cell.shape[1]
    h = U(size)
    scratch = np.empty((stop - start, size), x.dtype)
    all_gates, all_cells, all_out = gates.reshape(-1), cells.reshape(-1), out.reshape(-1)
    last_cells, states = cell.reshape(-1), state.reshape(-1)
    for t in range(len(steps)):
        end = min(stop, steps[t, 1])
        if end <= start:
            continue
        low, high = steps[t, 0] + start, steps[t, 0] + end
        gates[low:high] = x[low:high]
        product(_times(state, mask, start, end, scratch), False, weight, True, 1.0, gates[low:high])
        for r in range(end - start):
            i = U((low + r) * 4 * size)
            f, g, o = i + h, i + h + h, i + h + h + h
            to, kept = U((low + r) * size), U((start + r) * size)
            for k in range(h + h):
                all_gates[i + k] = sigmoid(all_gates[i + k])
            for k in range(h):
                all_gates[g + k] = tanh(all_gates[g + k])
            for k in range(h):
                all_gates[o + k] = sigmoid(all_gates[o + k])
            for k in range(h):
                last_cells[kept + k] = all_gates[f + k] * last_cells[kept + k] + all_gates[i + k] * all_gates[g + k]
            for k in range(h):
                all_cells[to + k] = last_cells[kept + k]
            for k in range(h):
                all_out[to + k] = all_gates[o + k] * tanh(last_cells[kept + k])
            for k in range(h):
                states[kept + k] = all_out[to + k]


@jit
def _lstm_backward(  # type: ignore[no-untyped-def]
    mask, of_h, of_c, of_gates, c, c_before, gates, weight, steps, start, stop, of_state, of_cell, of_x
):
    size = c.shape[1]
    h, one = U(size), c.dtype.type(1)
    all_gates, all_cells, before, of_all = gates.reshape(-1), c.reshape(-1), c_before.reshape(-1), of_x.reshape(-1)
    flat_h, flat_c, flat_gates = of_h.reshape(-1), of_c.reshape(-1), of_gates.reshape(-1)
    of_states, of_cells, outputs = of_state.reshape(-1), of_cell.reshape(-1), np.empty(size, c.dtype)
    for t in range(len(steps)):
        end = min(stop, steps[t, 1])
        if end <= start:
            continue
        low, high = steps[t, 0] + start, steps[t, 0] + end
        for r in range(end - start):
            i = U((low + r) * 4 * size)
            f, g, o = i + h, i + h + h, i + h + h + h
            at, kept = U((low + r) * size), U((start + r) * size)
            if of_h.size:
                for k in range(h):
                    of_states[kept + k] += flat_h[at + k]
            if of_c.size:
                for k in range(h):
                    of_cells[kept + k] += flat_c[at + k]
            for k in range(h):
                outputs[k] = tanh(all_cells[at + k])
            for k in range(h):
                z, y = all_gates[o + k], outputs[k]
                of_all[o + k] = of_states[kept + k] * y * (z - z * z)
            for k in range(h):
                y = outputs[k]
                of_cells[kept + k] += of_states[kept + k] * all_gates[o + k] * (one - y * y)
            for k in range(h):
                z = all_gates[f + k]
                of_all[f + k] = of_cells[kept + k] * before[at + k] * (z - z * z)
            for k in range(h):
                z = all_gates[i + k]
                of_all[i + k] = of_cells[kept + k] * all_gates[g + k] * (z - z * z)
            for k in range(h):
                y = all_gates[g + k]
                of_all[g + k] = of_cells[kept + k] * all_gates[i + k] * (one - y * y)
            for k in range(h):
                of_cells[kept + k] *= all_gates[f + k]
            if of_gates.size:
                for k in range(h):
                    y = all_gates[g + k]
                    of_all[g + k] += flat_gates[g + k] * (one - y * y)
                for k in range(h + h):
                    z = all_gates[i + k]
                    of_all[i + k] += flat_gates[i + k] * (z - z * z)
                for k in range(h):
                    z = all_gates[o + k]
                    of_all[o + k] += flat_gates[o + k] * (z - z * z)
        product(of_x[low:high], False, weight, False, 0.0, of_state[start:end])
        if mask.size:
            of_state[start:end] *= mask[start:end]


@jit
def _gru_forward(x, state, weight, bias, mask, steps, start, stop, out, gates):  # type: ignore[no-untyped-def]
    size = state.shape[1]
    h = U(size)
    scratch, hidden = np.empty((stop - start, size), x.dtype), np.empty((stop - start, 3 * size), x.dtype)
    all_x, all_gates, all_out, all_hidden = x.reshape(-1), gates.reshape(-1), out.reshape(-1), hidden.reshape(-1)
    states = state.reshape(-1)
    for t in range(len(steps)):
        end = min(stop, steps[t, 1])
        if end <= start:
            continue
        low = steps[t, 0] + start
        hidden[: end - start] = bias
        product(_times(state, mask, start, end, scratch), False, weight, True, 1.0, hidden[: end - start])
        for row in range(end - start):
            r, given, other = U((low + row) * 4 * size), U((low + row) * 3 * size), U(row * 3 * size)
            z, n, q = r + h, r + h + h, r + h + h + h
            to, kept = U((low + row) * size), U((start + row) * size)
            for k in range(h + h):
                all_gates[r + k] = sigmoid(all_x[given + k] + all_hidden[other + k])
            for k in range(h):
                all_gates[q + k] = all_hidden[other + h + h + k]
            for k in range(h):
                all_gates[n + k] = tanh(all_x[given + h + h + k] + all_gates[r + k] * all_gates[q + k])
            for k in range(h):
                all_out[to + k] = all_gates[n + k] + all_gates[z + k] * (states[kept + k] - all_gates[n + k])
            for k in range(h):
                states[kept + k] = all_out[to + k]


@jit
def _gru_backward(  # type: ignore[no-untyped-def]
    mask, of_h, of_gates, h_before, gates, weight, steps, start, stop, of_state, of_x, of_hidden
):
    size = h_before.shape[1]
    h, one = U(size), gates.dtype.type(1)
    all_gates, before = gates.reshape(-1), h_before.reshape(-1)
    flat_h, flat_gates = of_h.reshape(-1), of_gates.reshape(-1)
    of_all, of_other, of_states = of_x.reshape(-1), of_hidden.reshape(-1), of_state.reshape(-1)
    through = np.empty((stop - start, size), gates.dtype)
    for t in range(len(steps)):
        end = min(stop, steps[t, 1])
        if end <= start:
            continue
        low, high = steps[t, 0] + start, steps[t, 0] + end
        for row in range(end - start):
            r, to = U((low + row) * 4 * size), U((low + row) * 3 * size)
            z, n, q = r + h, r + h + h, r + h + h + h
            at, kept = U((low + row) * size), U((start + row) * size)
            if of_h.size:
                for k in range(h):
                    of_states[kept + k] += flat_h[at + k]
            for k in range(h):
                a = all_gates[z + k]
                of_all[to + h + k] = of_states[kept + k] * (before[at + k] - all_gates[n + k]) * (a - a * a)
            for k in range(h):
                y = all_gates[n + k]
                of_all[to + h + h + k] = of_states[kept + k] * (one - all_gates[z + k]) * (one - y * y)
            if of_gates.size:
                for k in range(h):
                    y = all_gates[n + k]
                    of_all[to + h + h + k] += flat_gates[n + k] * (one - y * y)
                for k in range(h):
                    a = all_gates[z + k]
                    of_all[to + h + k] += flat_gates[z + k] * (a - a * a)
            for k in range(h):
                b = all_gates[r + k]
                of_all[to + k] = of_all[to + h + h + k] * all_gates[q + k] * (b - b * b)
            for k in range(h):
                of_other[to + h + h + k] = of_all[to + h + h + k] * all_gates[r + k]
            if of_gates.size:
                for k in range(h):
                    b = all_gates[r + k]
                    of_all[to + k] += flat_gates[r + k] * (b - b * b)
                for k in range(h):
                    of_other[to + h + h + k] += flat_gates[q + k]
            for k in range(h + h):
                of_other[to + k] = of_all[to + k]
            for k in range(h):
                of_states[kept + k] *= all_gates[z + k]
        product(of_hidden[low:high], False, weight, False, 0.0, through[: end - start])
        for row in range(end - start):
            for k in range(size):
                if mask.size:
                    of_state[start + row, k] += through[row, k] * mask[start + row, k]
                else:
                    of_state[start + row, k] += through[row, k]
