"""First and second derivatives of recurrent layers against the same layers made of operations of single steps."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd as ag
from autograd import Tensor
from autograd.ops.recurrence import gru_sequence, lstm_sequence, rnn_sequence

SIZES = (3, 2, 2)  # of three sequences, one ends after the first step
N, H = 3, 2


# --- the layers, step by step -----------------------------------------------------------------------------------------


def through(step, x, states, reverse):
    """Return what the steps return, (S, ...); a step takes its rows of x and the states, and begins with new states."""
    ends = np.cumsum(SIZES)
    results = [None] * len(SIZES)
    for t in range(len(SIZES))[:: -1 if reverse else 1]:
        n = SIZES[t]
        results[t] = step(x[ends[t] - n : ends[t]], *(s[:n] for s in states))
        states = [np.concatenate([new, s[n:]]) for new, s in zip(results[t], states, strict=False)]
    return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))


def entering(h, mask):
    return h if mask is None else h * mask[: len(h)]


def plain_rnn(x, h0, weight_hh, mask, reverse, relu):
    def step(x, h):
        value = x + entering(h, mask) @ weight_hh.T
        return (ag.relu(value) if relu else np.tanh(value),)

    return through(step, x, [h0], reverse)


def plain_lstm(x, h0, c0, weight_hh, weight_hr, mask, reverse):
    def step(x, h, c):
        i, f, g, o = np.split(x + entering(h, mask) @ weight_hh.T, 4, axis=1)
        i, f, g, o = ag.sigmoid(i), ag.sigmoid(f), np.tanh(g), ag.sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        return h if weight_hr is None else h @ weight_hr.T, c, np.concatenate([i, f, g, o], axis=1)

    return through(step, x, [h0, c0], reverse)


def plain_gru(x, h0, weight_hh, bias_hh, mask, reverse):
    def step(x, h):
        y = entering(h, mask) @ weight_hh.T
        (x_r, x_z, x_n), (y_r, y_z, y_n) = np.split(x, 3, axis=1), np.split(y if bias_hh is None else y + bias_hh, 3, 1)
        r, z = ag.sigmoid(x_r + y_r), ag.sigmoid(x_z + y_z)
        n = np.tanh(x_n + r * y_n)
        return (1 - z) * n + z * h, np.concatenate([r, z, n, y_n], axis=1)

    return through(step, x, [h0], reverse)


# --- layers, one op and step by step ----------------------------------------------------------------------------------


def values(*shapes):
    rng = np.random.default_rng(3)
    return [rng.normal(size=shape) for shape in shapes]


def rnn(mask, reverse, relu=False):
    def whole(*inputs):
        return (rnn_sequence(*inputs, batch_sizes=SIZES, mask=mask, reverse=reverse, relu=relu),)

    inputs = values((sum(SIZES), H), (N, H), (H, H))
    return whole, lambda *inputs: plain_rnn(*inputs, mask, reverse, relu), inputs


def lstm(mask, reverse, projected=False):
    def whole(*inputs):
        return lstm_sequence(*inputs, batch_sizes=SIZES, mask=mask, reverse=reverse)

    size = 3 if projected else H  # the states have size 2 either way, as the mask
    inputs = values((sum(SIZES), 4 * size), (N, H), (N, size), (4 * size, H), *[(H, size)] * projected)
    return whole, lambda *inputs: plain_lstm(*inputs, *[None] * (not projected), mask, reverse), inputs


def gru(mask, reverse, biased=True):
    def whole(*inputs):
        return gru_sequence(*inputs, batch_sizes=SIZES, mask=mask, reverse=reverse)

    inputs = values((sum(SIZES), 3 * H), (N, H), (3 * H, H), *[(3 * H,)] * biased)
    return whole, lambda *inputs: plain_gru(*inputs, *[None] * (not biased), mask, reverse), inputs


LAYERS = [
    (rnn, {}), (rnn, {"relu": True}), (lstm, {}), (lstm, {"projected": True}), (gru, {}), (gru, {"biased": False}),
]  # fmt: skip
MASK = np.array([[0.0, 2.0], [2.0, 0.5], [1.5, 1.0]])
USED = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]  # which results the objective depends on


def derivatives(layer, inputs, used):
    """Return the gradients of a sum of products of some results, and those of a sum of products of these gradients."""
    leaves = [Tensor(x, requires_grad=True) for x in inputs]
    first = gradients([y for i, y in enumerate(layer(*leaves)) if i in used], leaves, create_graph=True)
    return [g.detach() for g in first], gradients(first, leaves)


def gradients(results, leaves, create_graph=False):
    rng = np.random.default_rng(4)
    objective = sum((y * rng.normal(size=y.shape)).sum() for y in results)
    objective.backward(create_graph=create_graph)
    found = [leaf.grad if leaf.grad is not None else Tensor(np.zeros(leaf.shape)) for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    return found


@pytest.mark.parametrize(("make", "options"), LAYERS)
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("reverse", [False, True])
def test_derivatives_are_those_of_the_steps(make, options, mask, reverse):
    whole, step_by_step, inputs = make(mask, reverse, **options)
    count = len(step_by_step(*inputs))
    for used in [chosen for chosen in USED if max(chosen) < count]:
        ours, expected = derivatives(whole, inputs, used), derivatives(step_by_step, inputs, used)
        for x, y in itertools.chain(*map(zip, ours, expected)):
            assert_allclose(x.data, y.data, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("make", "options"), LAYERS)
def test_masks_of_another_dtype_change_no_dtype(make, options):
    """A mask is float64 by default; rules compute in the dtype of the layer, recorded and not."""
    whole, _, inputs = make(MASK, False, **options)
    out = whole(*[Tensor(x, requires_grad=True, dtype=np.float32) for x in inputs])
    node = out[0]._node if make is rnn else out[0]._node.inputs[0]
    given = [np.ones_like(y.data) for y in out]
    for saved, kind in ((node.saved, np.asarray), (node.op.relink(node), lambda g: Tensor(g, requires_grad=True))):
        g = kind(given[0]) if make is rnn else {i: kind(g) for i, g in enumerate(given)}
        found = [h for h in node.op.pull(g, node.inputs, saved) if h is not None]
        assert {h.dtype for h in found} == {np.dtype(np.float32)}


@pytest.mark.parametrize("make", [rnn, lstm, gru])
def test_masks_have_the_digits_of_the_results(make):
    whole, _, inputs = make(MASK / 3, False)
    inputs[1] = inputs[1].astype(np.float32)
    exact = [x.astype(np.float64) for x in inputs]
    given, expected = (derivatives(whole, each, [0])[0] for each in (inputs, exact))
    for x, y in zip(given, expected, strict=True):
        assert_allclose(x.data, y.data, rtol=1e-6 if x.dtype == np.float32 else 1e-12)
