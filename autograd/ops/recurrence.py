"""Recurrent layers over whole sequences: simple, long short-term memory, gated units. One op for each, all steps in it.

Sequences are packed, as `autograd.kernels.recurrence` explains; one layer's steps through `batch_sizes=(N,) * T` are
an ordinary batch of N sequences of length T. The gradients of all inputs come from one pass back through time. For
arrays it is the kernel's; for Tensors, so that it can be differentiated again, it is written here once more, in
functions of one step.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.kernels import products
from autograd.kernels import recurrence as kernel
from autograd.kernels.recurrence import Sizes
from autograd.ops.common import Array
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

Step = Callable[..., tuple[list[Array], list[Array]]]

# --- what the layers share --------------------------------------------------------------------------------------------


def _recorded(*values: Any) -> bool:
    return any(isinstance(value, Tensor) for value in values)


def _before(start: Array, states: Array, batch_sizes: Sizes, reverse: bool) -> Array:
    """Return the state before each step, (S, H)."""
    return np.concatenate([start, states])[kernel.rows_before(batch_sizes, reverse)]


def _of_weight(of_products: Array, before: Array, mask: Array | None, batch_sizes: Sizes) -> Array:
    """Return the gradient of W_hh from that of what it gives in all steps, in one product."""
    entered = before if mask is None else before * mask[kernel.positions(batch_sizes)]
    return products.matmul(of_products.T, entered)


def _through_time(
    step: Step, states: list[Array], rows_of: Sequence[Array | None], batch_sizes: Sizes, reverse: bool
) -> tuple[list[Array], list[Array]]:
    """Go back through time in operations that Tensors record.

    Args:
        step: takes the gradients of the states after a step, and the rows of that step of each of `rows_of`; returns
            what is wanted of the step, and the gradients of the states before it.
        states: where these gradients start, (N, ...).
        rows_of: arrays (S, ...).
        batch_sizes: the rows of each step.
        reverse: whether the layer goes from the end to the beginning.

    Returns:
        What the steps returned, (S, ...), and the gradients of the initial states.
    """
    results = []
    for rows in reversed(kernel.steps(batch_sizes, reverse)):
        n = rows.stop - rows.start
        parts = [None if x is None else x[rows] for x in rows_of]
        result, first = step([x[:n] for x in states], *parts)
        states = [np.concatenate([new, x[n:]]) for new, x in zip(first, states, strict=True)]
        results.append(result)
    in_order = results if reverse else results[::-1]
    return [np.concatenate(parts) for parts in zip(*in_order, strict=True)], states


def _plus(x: Array, y: Array | None) -> Array:
    return x if y is None else x + y


def _masked(x: Array, mask: Array | None) -> Array:
    return x if mask is None else x * mask[: x.shape[0]]


def _blocks(x: Array, count: int) -> list[Array]:
    """Return the equal pieces of the last axis."""
    size = x.shape[-1] // count
    return [x[:, k * size : (k + 1) * size] for k in range(count)]


def _mask_like(mask: Array | None, x: Array) -> Array | None:
    return None if mask is None else mask.astype(x.dtype)


def _check(name: str, x: Array, gates: int, h0: Array, batch_sizes: Sizes, **shapes: Any) -> None:
    """Raise a ValueError unless the shapes fit. `shapes` has pairs of an array and its shape as it must be."""
    n = batch_sizes[0] if batch_sizes else 0
    if not batch_sizes or min(batch_sizes) < 0 or any(a < b for a, b in itertools.pairwise(batch_sizes)):
        raise ValueError(f"{name}: batch_sizes must have a number for each step, none above the one before")
    expected = {"x": (x, (sum(batch_sizes), gates)), "h0": (h0, (n, *h0.shape[1:2])), **shapes}
    for what, (array, shape) in expected.items():
        if array is not None and array.shape != shape:
            raise ValueError(f"{name}: {what} has shape {array.shape}, which for these batch_sizes must be {shape}")


# --- simple recurrent networks ----------------------------------------------------------------------------------------


def _of_rnn(
    g: Array, out: Array, h0: Array, weight_hh: Array, relu: bool, mask: Array | None, batch_sizes: Sizes, reverse: bool
) -> Sequence[Any]:
    """Return the gradients of the inputs of `rnn_sequence`."""
    mask = _mask_like(mask, out)
    if _recorded(g, out, h0, weight_hh):
        of_x, of_h0 = _rnn_recorded(g, out, weight_hh, relu, mask, batch_sizes, reverse)
    else:
        of_x, of_h0 = kernel.rnn_backward(g, out, weight_hh, mask, relu, batch_sizes, reverse)

    def of_weight() -> Array:
        return _of_weight(of_x, _before(h0, out, batch_sizes, reverse), mask, batch_sizes)

    return of_x, of_h0, of_weight


def _rnn_recorded(
    g: Array, out: Array, weight_hh: Array, relu: bool, mask: Array | None, batch_sizes: Sizes, reverse: bool
) -> Sequence[Array]:
    slope = out > 0 if relu else 1 - out * out

    def step(states: list[Array], of_h: Array, slope: Array) -> tuple[list[Array], list[Array]]:
        of_x = (states[0] + of_h) * slope
        return [of_x], [_masked(of_x @ weight_hh, mask)]

    start = np.zeros_like(out[: batch_sizes[0]])
    (of_x,), (of_h0,) = _through_time(step, [start], [g, slope], batch_sizes, reverse)
    return of_x, of_h0


MASK = np.array([[0.0, 2.0], [2.0, 0.5]])  # for two sequences of hidden size 2


@op(
    together=(_of_rnn, "x", "h0", "weight_hh"),
    samples=[
        sample((4, 2), (2, 2), (2, 2), batch_sizes=(2, 1, 1), mask=MASK),
        sample((4, 2), (2, 2), (2, 2), batch_sizes=(2, 1, 1), reverse=True, mask=MASK),
        sample(Draw((3, 2), (0.2, 2)), Draw((2, 2), (0.2, 2)), Draw((2, 2), (0.2, 1)), batch_sizes=(2, 1), relu=True),
        sample((0, 2), (0, 2), (2, 2), batch_sizes=(0, 0)),
    ],
)
def rnn_sequence(
    x: Array, h0: Array, weight_hh: Array, *, batch_sizes: Sizes, relu: bool = False, mask: Array | None = None,
    reverse: bool = False,
) -> Tensor:  # fmt: skip
    """Return the states of a simple recurrent layer: h[t] = tanh(x[t] + h[t-1] @ weight_hh.T).

    One op, because a step is too little work to be recorded by itself. Source: Elman, Finding structure in time (1990).

    Args:
        x: what enters the H units from outside in all steps, (S, H); S is the sum of `batch_sizes`.
        h0: the states before the first step, (N, H).
        weight_hh: (H, H).
        batch_sizes: how many sequences have a first element, a second one, and so on; N first, and never rising.
        relu: max(0, .) instead of tanh.
        mask: what the states are multiplied by before they meet `weight_hh` in each step, (N, H).
        reverse: go from the last step to the first.

    Returns:
        The states (S, H) after each step.

    Raises:
        ValueError: when shapes do not fit.

    >>> rnn_sequence(Tensor([[1.0], [2.0]]), Tensor([[0.0]]), Tensor([[3.0]]), batch_sizes=(1, 1), relu=True).tolist()
    [[1.0], [5.0]]
    """
    size = h0.shape[-1]
    _check(
        "rnn_sequence", x, size, h0, batch_sizes,
        weight_hh=(weight_hh, (size, size)), mask=(mask, h0.shape),
    )  # fmt: skip
    return kernel.rnn_forward(x, h0, weight_hh, _mask_like(mask, x), relu, batch_sizes, reverse)


# --- long short-term memory -------------------------------------------------------------------------------------------


def _of_lstm(
    g: Sequence[Any], out: Sequence[Array], h0: Array, c0: Array, weight_hh: Array, weight_hr: Array | None,
    mask: Array | None, batch_sizes: Sizes, reverse: bool,
) -> Sequence[Any]:  # fmt: skip
    """Return the gradients of the inputs of `lstm_sequence`."""
    h, c, gates = out
    mask = _mask_like(mask, c)
    c_before = _before(c0, c, batch_sizes, reverse)
    back = _lstm_recorded if _recorded(*g, *out, h0, c0, weight_hh, weight_hr) else kernel.lstm_backward
    of_x, of_h0, of_c0, of_h = back(
        g[0], g[1], g[2], c, c_before, gates, weight_hh, weight_hr, mask, batch_sizes, reverse
    )

    def of_weight() -> Array:
        return _of_weight(of_x, _before(h0, h, batch_sizes, reverse), mask, batch_sizes)

    return of_x, of_h0, of_c0, of_weight, lambda: products.matmul(of_h.T, _blocks(gates, 4)[3] * np.tanh(c))


def _lstm_recorded(
    of_h: Array | None, of_c: Array | None, of_gates: Array | None, c: Array, c_before: Array, gates: Array,
    weight_hh: Array, weight_hr: Array | None, mask: Array | None, batch_sizes: Sizes, reverse: bool,
) -> Sequence[Array]:  # fmt: skip
    """Do what the kernel does, in operations that Tensors record."""

    def step(
        states: list[Array], of_h: Array | None, of_c: Array | None, of_gates: Array | None, c: Array, c_before: Array,
        gates: Array,
    ) -> tuple[list[Array], list[Array]]:  # fmt: skip
        i, f, g, o = _blocks(gates, 4)
        whole = _plus(states[0], of_h)
        dh = whole if weight_hr is None else whole @ weight_hr
        tanh_c = np.tanh(c)
        dc = _plus(states[1], of_c) + dh * o * (1 - tanh_c * tanh_c)
        of_values = _plus(np.concatenate([dc * g, dc * c_before, dc * i, dh * tanh_c], axis=1), of_gates)
        slopes = np.concatenate([i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)], axis=1)
        of_x = of_values * slopes
        return [of_x, whole], [_masked(of_x @ weight_hh, mask), dc * f]

    first = c[: batch_sizes[0]]
    of_state = np.zeros_like(first @ weight_hh[: c.shape[1]])
    rows_of = [of_h, of_c, of_gates, c, c_before, gates]
    (of_x, of_h), states = _through_time(step, [of_state, np.zeros_like(first)], rows_of, batch_sizes, reverse)
    return of_x, *states, of_h


@op(
    together=(_of_lstm, "x", "h0", "c0", "weight_hh", "weight_hr"),
    several=True,
    samples=[
        sample((3, 8), (2, 2), (2, 2), (8, 2), batch_sizes=(2, 1), reverse=True, mask=MASK),
        sample((3, 4), (2, 1), (2, 1), (4, 1), batch_sizes=(2, 1), mask=MASK[:, 1:]),
        sample((2, 8), (1, 2), (1, 2), (8, 2), (2, 2), batch_sizes=(1, 1)),
        sample((0, 8), (0, 2), (0, 2), (8, 2), batch_sizes=(0,)),
    ],
)
def lstm_sequence(
    x: Array, h0: Array, c0: Array, weight_hh: Array, weight_hr: Array | None = None, *, batch_sizes: Sizes,
    mask: Array | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return the states, cells and gates of a layer with long short-term memory.

    With [i, f, g, o] = x[t] + h[t-1] @ weight_hh.T, sigmoid of i, f and o, and tanh of g, a step is
    c[t] = f * c[t-1] + i * g and h[t] = o * tanh(c[t]), or (o * tanh(c[t])) @ weight_hr.T.

    One op, because a step is too little work to be recorded by itself. Source: Hochreiter and Schmidhuber, Long
    short-term memory (1997); the forget gate f is of Gers et al., Learning to forget (2000), the projection of Sak et
    al., Long short-term memory based recurrent neural network architectures (2014).

    Args:
        x: what enters the gates from outside in all steps, (S, 4H); S is the sum of `batch_sizes`.
        h0: the states before the first step, (N, P); P is H without `weight_hr`.
        c0: the cells before the first step, (N, H).
        weight_hh: (4H, P).
        weight_hr: a projection of the states, (P, H), or None.
        batch_sizes: how many sequences have a first element, a second one, and so on; N first, and never rising.
        mask: what the states are multiplied by before they meet `weight_hh` in each step, (N, P).
        reverse: go from the last step to the first.

    Returns:
        After each step the states (S, P), the cells (S, H), and the gates (S, 4H), which its gradient needs.

    Raises:
        ValueError: when shapes do not fit.

    >>> x, h0, c0, weight_hh = np.zeros((2, 4)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((4, 1))
    >>> h, c, gates = lstm_sequence(x, h0, c0, weight_hh, batch_sizes=(1, 1))
    >>> c.tolist(), gates.tolist()[0]
    ([[0.5], [0.25]], [0.5, 0.5, 0.0, 0.5])
    """
    size, state = c0.shape[-1], h0.shape[-1]
    _check(
        "lstm_sequence", x, 4 * size, h0, batch_sizes,
        c0=(c0, (len(h0), size)), weight_hh=(weight_hh, (4 * size, state)), weight_hr=(weight_hr, (state, size)),
        mask=(mask, h0.shape),
    )  # fmt: skip
    if weight_hr is None and state != size:
        raise ValueError(f"lstm_sequence: h0 {h0.shape} and c0 {c0.shape} must be of one size, or weight_hr be given")
    return kernel.lstm_forward(x, h0, c0, weight_hh, weight_hr, _mask_like(mask, x), batch_sizes, reverse)


# --- gated recurrent units --------------------------------------------------------------------------------------------


def _of_gru(
    g: Sequence[Any], out: Sequence[Array], h0: Array, weight_hh: Array, mask: Array | None, batch_sizes: Sizes,
    reverse: bool,
) -> Sequence[Any]:  # fmt: skip
    """Return the gradients of the inputs of `gru_sequence`."""
    h, gates = out
    mask = _mask_like(mask, h)
    before = _before(h0, h, batch_sizes, reverse)
    back = _gru_recorded if _recorded(*g, *out, h0, weight_hh) else kernel.gru_backward
    of_x, of_hidden, of_h0 = back(g[0], g[1], before, gates, weight_hh, mask, batch_sizes, reverse)
    return (
        of_x, of_h0, lambda: _of_weight(of_hidden, before, mask, batch_sizes), lambda: np.sum(of_hidden, axis=0),
    )  # fmt: skip


def _gru_recorded(
    of_h: Array | None, of_gates: Array | None, h_before: Array, gates: Array, weight_hh: Array, mask: Array | None,
    batch_sizes: Sizes, reverse: bool,
) -> Sequence[Array]:  # fmt: skip
    """Do what the kernel does, in operations that Tensors record."""

    def step(
        states: list[Array], of_h: Array | None, of_gates: Array | None, before: Array, gates: Array
    ) -> tuple[list[Array], list[Array]]:
        r, z, n, q = _blocks(gates, 4)
        of_r, of_z, of_n, of_q = [None] * 4 if of_gates is None else _blocks(of_gates, 4)
        dh = _plus(states[0], of_h)
        dn = _plus(dh * (1 - z), of_n) * (1 - n * n)
        dr = _plus(dn * q, of_r) * (r * (1 - r))
        dz = _plus(dh * (before - n), of_z) * (z * (1 - z))
        of_hidden = np.concatenate([dr, dz, _plus(dn * r, of_q)], axis=1)
        return [np.concatenate([dr, dz, dn], axis=1), of_hidden], [dh * z + _masked(of_hidden @ weight_hh, mask)]

    start = np.zeros_like(h_before[: batch_sizes[0]])
    (of_x, of_hidden), (of_h0,) = _through_time(step, [start], [of_h, of_gates, h_before, gates], batch_sizes, reverse)
    return of_x, of_hidden, of_h0


@op(
    together=(_of_gru, "x", "h0", "weight_hh", "bias_hh"),
    several=True,
    samples=[
        sample((3, 6), (2, 2), (6, 2), (6,), batch_sizes=(2, 1), reverse=True, mask=MASK),
        sample((3, 3), (2, 1), (3, 1), batch_sizes=(2, 1), mask=MASK[:, 1:]),
        sample((0, 6), (0, 2), (6, 2), (6,), batch_sizes=(0,)),
    ],
)
def gru_sequence(
    x: Array, h0: Array, weight_hh: Array, bias_hh: Array | None = None, *, batch_sizes: Sizes,
    mask: Array | None = None, reverse: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the states and gates of a layer of gated recurrent units.

    With y = h[t-1] @ weight_hh.T + bias_hh, each of x[t] and y in three parts for r, z and n, a step is
    r = sigmoid(x_r + y_r), z = sigmoid(x_z + y_z), n = tanh(x_n + r * y_n), h[t] = (1 - z) * n + z * h[t-1].

    One op, because a step is too little work to be recorded by itself. Source: Cho et al., Learning phrase
    representations using RNN encoder-decoder (2014), with r applied after the product with the weights, as in PyTorch.

    Args:
        x: what enters the gates from outside in all steps, (S, 3H); S is the sum of `batch_sizes`.
        h0: the states before the first step, (N, H).
        weight_hh: (3H, H).
        bias_hh: (3H,), or None.
        batch_sizes: how many sequences have a first element, a second one, and so on; N first, and never rising.
        mask: what the states are multiplied by before they meet `weight_hh` in each step, (N, H).
        reverse: go from the last step to the first.

    Returns:
        After each step the states (S, H), and r, z, n and y_n (S, 4H), which its gradient needs.

    Raises:
        ValueError: when shapes do not fit.

    >>> h, gates = gru_sequence(np.zeros((2, 3)), np.ones((1, 1)), np.zeros((3, 1)), batch_sizes=(1, 1))
    >>> h.tolist(), gates.tolist()[0]
    ([[0.5], [0.25]], [0.5, 0.5, 0.0, 0.0])
    """
    size = h0.shape[-1]
    _check(
        "gru_sequence", x, 3 * size, h0, batch_sizes, weight_hh=(weight_hh, (3 * size, size)),
        bias_hh=(bias_hh, (3 * size,)), mask=(mask, h0.shape),
    )  # fmt: skip
    return kernel.gru_forward(x, h0, weight_hh, bias_hh, _mask_like(mask, x), batch_sizes, reverse)
