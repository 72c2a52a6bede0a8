"""Recurrent layers, cells and packed sequences against PyTorch's."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracle_modules import check_module, check_module_errors, torch

import autograd
import nn
from autograd import Tensor, gradcheck, gradgradcheck
from nn.utils import rnn

RNG = np.random.default_rng(5)
CLOSE = {"rtol": 1e-10, "atol": 1e-11}
LAYERS = ["RNN", "LSTM", "GRU"]
CONVERTED = "input is taken to the parameters' dtype, as in all layers here"
AT_ONCE = "the nonlinearity in place of bias is refused at construction already"


@pytest.mark.parametrize("name", LAYERS)
def test_pytorchs_samples(name):
    check_module(name)
    check_module_errors(name, {"(2, 4, 3) float32": CONVERTED})


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_pytorchs_samples_of_cells(name):
    check_module(name)
    check_module_errors(name, {} if name == "LSTMCell" else {"'relu'": AT_ONCE, "'tanh'": AT_ONCE})


# --- layers against PyTorch's -----------------------------------------------------------------------------------------


def both(name, *args, **options):
    """Return a layer of ours and PyTorch's, in float64 with the same parameters."""
    theirs = getattr(torch.nn, name)(*args, **options).double()
    ours = getattr(nn, name)(*args, **options).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


def leaves(*shapes):
    """Return leaves of both frameworks with the same values."""
    values = [RNG.normal(size=shape) for shape in shapes]
    return [Tensor(v, requires_grad=True) for v in values], [torch.tensor(v, requires_grad=True) for v in values]


def flat(x):
    """Return the floating Tensors in nested results."""
    if isinstance(x, tuple):
        return [y for item in x for y in flat(item)]
    return [x] if x is not None and x.dtype in (np.float64, torch.float64) else []


def compare(ours, theirs, mine, others, results, expected):
    """Compare results, and the gradients of inputs and parameters of a sum that weighs all of them."""
    results, expected = flat(results), flat(expected)
    weights = [RNG.normal(size=r.shape) for r in results]
    for r, e in zip(results, expected, strict=True):
        assert_allclose(r.detach(), e.detach(), **CLOSE)
    sum((r * w).sum() for r, w in zip(results, weights, strict=True)).backward()
    sum((e * torch.tensor(w)).sum() for e, w in zip(expected, weights, strict=True)).backward()
    for x, y in zip(mine, others, strict=True):
        assert_allclose(x.grad, y.grad, **CLOSE)
    for (key, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert key == other
        assert_allclose(p.grad, q.grad, err_msg=key, **CLOSE)


def as_hx(name, states):
    return tuple(states) if name == "LSTM" else states[0]


DEEP = {"num_layers": 2, "bidirectional": True}
VARIANTS = [
    ("RNN", {}), ("RNN", {"nonlinearity": "relu", "batch_first": True, **DEEP}), ("LSTM", {}),
    ("LSTM", {"proj_size": 2, "batch_first": True, **DEEP}), ("LSTM", {"bias": False, **DEEP}), ("GRU", {}),
    ("GRU", {"bias": False}), ("GRU", {"batch_first": True, **DEEP}),
]  # fmt: skip


def states_of(name, options, n):
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    shapes = [(count, n, options.get("proj_size", 0) or 4)]
    return [*shapes, (count, n, 4)] if name == "LSTM" else shapes


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_batches(name, options):
    ours, theirs = both(name, 3, 4, **options)
    mine, others = leaves((5, 2, 3), *states_of(name, options, 5 if options.get("batch_first") else 2))
    results = ours(mine[0], as_hx(name, mine[1:]))
    compare(ours, theirs, mine, others, results, theirs(others[0], as_hx(name, others[1:])))
    assert repr(ours) == repr(theirs)


LENGTHS = [[5, 3, 1], [2, 5, 3], [4, 4, 4], [1, 1, 5]]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("with_states", [False, True])
def test_packed_sequences(name, options, lengths, with_states):
    ours, theirs = both(name, 3, 4, **options)
    first = options.get("batch_first", False)
    shapes = states_of(name, options, 3) if with_states else []
    mine, others = leaves((3, 5, 3) if first else (5, 3, 3), *shapes)
    packed = rnn.pack_padded_sequence(mine[0], lengths, first, enforce_sorted=False)
    expected = torch.nn.utils.rnn.pack_padded_sequence(others[0], torch.tensor(lengths), first, enforce_sorted=False)
    output, last = ours(packed, as_hx(name, mine[1:]) if shapes else None)
    wanted, wanted_last = theirs(expected, as_hx(name, others[1:]) if shapes else None)
    assert_array_equal(output.batch_sizes, wanted.batch_sizes)
    padded, sizes = rnn.pad_packed_sequence(output, first)
    wanted_padded, _ = torch.nn.utils.rnn.pad_packed_sequence(wanted, first)
    assert sizes.tolist() == lengths
    compare(ours, theirs, mine, others, (padded, last), (wanted_padded, wanted_last))


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_lengths_are_as_packing(name, options):
    layer = getattr(nn, name)(3, 4, **options).double()
    first = options.get("batch_first", False)
    x, lengths = RNG.normal(size=(3, 6, 3) if first else (6, 3, 3)), [2, 5, 3]
    hx = as_hx(name, [Tensor(RNG.normal(size=s)) for s in states_of(name, options, 3)])
    output, last = layer(x, hx, lengths=lengths)
    packed, expected = layer(rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False), hx)
    assert_array_equal(output.detach(), rnn.pad_packed_sequence(packed, first, total_length=6)[0].detach())
    for a, b in zip(flat(last), flat(expected), strict=True):
        assert_array_equal(a.detach(), b.detach())


@pytest.mark.parametrize("name", LAYERS)
def test_what_comes_after_the_end_does_not_matter(name):
    layer = getattr(nn, name)(3, 4, bidirectional=True).double()
    x = Tensor(RNG.normal(size=(6, 2, 3)), requires_grad=True)
    output, last = layer(x, lengths=[6, 2])
    (output.sum() + sum(s.sum() for s in flat(last))).backward()
    assert not x.grad.data[2:, 1].any()
    alone, last_alone = layer(x.data[:2, 1])
    assert_allclose(output.detach()[:2, 1], alone.detach(), **CLOSE)
    assert not output.data[2:, 1].any()
    for a, b in zip(flat(last), flat(last_alone), strict=True):
        assert_allclose(a.detach()[:, 1], b.detach(), **CLOSE)


@pytest.mark.parametrize("name", LAYERS)
def test_empty_batches_and_single_steps(name):
    layer = getattr(nn, name)(3, 4, **DEEP)
    output, _ = layer(np.zeros((5, 0, 3), np.float32))
    assert output.shape == (5, 0, 8)
    output.sum().backward()
    assert all(not p.grad.data.any() for p in layer.parameters() if p.grad is not None)
    x = RNG.normal(size=(1, 2, 3))
    cell = getattr(nn, name + "Cell")(3, 4)
    layer = getattr(nn, name)(3, 4)
    layer.load_state_dict({key + "_l0": value for key, value in cell.state_dict().items()})
    step = cell(x[0])
    for a, b in zip([step] if name != "LSTM" else step, flat32(layer(x)[1]), strict=True):
        assert_array_equal(a.detach(), b.detach()[0])


def flat32(x):
    return list(x) if isinstance(x, tuple) else [x]


def test_state_goes_to_torch_and_back():
    for name, options in VARIANTS:
        ours, theirs = getattr(nn, name)(3, 4, **options), getattr(torch.nn, name)(3, 4, **options)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        theirs.load_state_dict({key: torch.tensor(value.data) for key, value in ours.state_dict().items()})
        other = getattr(nn, name)(3, 4, **options)
        other.load_state_dict(theirs.state_dict())
        assert all((a.data == b.data).all() for a, b in zip(ours.parameters(), other.parameters(), strict=True))
        assert [[w.shape for w in ws] for ws in ours.all_weights] == [
            [tuple(w.shape) for w in ws] for ws in theirs.all_weights
        ]


@pytest.mark.parametrize("name", [*LAYERS, "RNNCell", "LSTMCell", "GRUCell"])
def test_initial_values(name):
    layer = getattr(nn, name)(8, 25, generator=np.random.default_rng(0))
    for p in layer.parameters():
        assert 0.19 < np.abs(p.data).max() <= 0.2
        assert abs(p.data.std() - 0.2 / np.sqrt(3)) < 0.02
    again = getattr(nn, name)(8, 25, generator=np.random.default_rng(0))
    assert all((a.data == b.data).all() for a, b in zip(layer.parameters(), again.parameters(), strict=True))


# --- the ops ----------------------------------------------------------------------------------------------------------


def by_hand(name, x, h, c, weight, mask, reverse, bias):
    """Return the states of one layer of autograd's own functions, for one length: (T*N, H)."""
    count, size = len(x) // len(h), h.shape[1]
    outputs = [None] * count
    for t in range(count)[:: -1 if reverse else 1]:
        a = x[t * len(h) : (t + 1) * len(h)]
        y = (h * mask) @ weight.T + (bias if name == "GRU" else 0)
        parts = [slice(k * size, (k + 1) * size) for k in range(4)]
        if name == "RNN":
            h = np.tanh(a + y)
        elif name == "GRU":
            r, z = (autograd.sigmoid(a[:, p] + y[:, p]) for p in parts[:2])
            h = (1 - z) * np.tanh(a[:, parts[2]] + r * y[:, parts[2]]) + z * h
        else:
            i, f, g, o = ((np.tanh if k == 2 else autograd.sigmoid)((a + y)[:, p]) for k, p in enumerate(parts))
            c = f * c + i * g
            h = o * np.tanh(c)
        outputs[t] = h
    return autograd.concatenate(outputs)


def by_op(name, x, h, c, weight, mask, reverse, bias):
    options = {"batch_sizes": (len(h.data),) * (len(x.data) // len(h.data)), "mask": mask, "reverse": reverse}
    if name == "RNN":
        return autograd.rnn_sequence(x, h, weight, **options)
    if name == "GRU":
        return autograd.gru_sequence(x, h, weight, bias, **options)[0]
    return autograd.lstm_sequence(x, h, c, weight, **options)[0]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("reverse", [False, True])
def test_ops_are_the_steps_one_by_one_to_any_order(name, reverse):
    rows = {"RNN": 3, "GRU": 9, "LSTM": 12}[name]
    shapes = [(8, rows), (2, 3), (2, 3), (rows, 3), (rows,)]
    values, mask = [RNG.normal(size=s) for s in shapes], np.array([[0, 2, 2], [2, 2, 0.5]])
    directions = [RNG.normal(size=s) for s in shapes]
    found = []
    for run in (by_hand, by_op):
        x, h, c, weight, bias = inputs = [Tensor(v, requires_grad=True) for v in values]
        loss = (run(name, x, h, c, weight, mask, reverse, bias) ** 3).sum()
        first = taken(loss, inputs)
        second = taken(sum((g**2 * d).sum() for g, d in zip(first, directions, strict=True) if g is not None), inputs)
        third = taken(sum((g * g).sum() for g in second if g is not None), inputs)
        found.append([loss, *first, *second, *third])
    for a, b in zip(*found, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert_allclose(a.detach(), b.detach(), rtol=1e-8, atol=1e-9)


def taken(loss, inputs):
    """Return the gradients of a loss, which can be differentiated again."""
    loss.backward(create_graph=True)
    gradients = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    return gradients


@pytest.mark.parametrize(("name", "options"), [("RNN", {}), ("LSTM", {"proj_size": 1}), ("GRU", {})])
def test_second_derivatives_of_layers(name, options):
    layer = getattr(nn, name)(2, 2, bidirectional=True, **options).double()

    def f(x, *parameters):
        given = dict(zip(dict(layer.named_parameters()), parameters, strict=False))
        output, last = nn.functional_call(layer, given, x, {"lengths": [1, 2]})
        return output, *flat(last)

    x = Tensor(RNG.normal(size=(2, 2, 2)), requires_grad=True)
    parameters = [Tensor(p.data.copy(), requires_grad=True) for p in list(layer.parameters())[:3]]
    assert gradcheck(f, (x, *parameters))
    assert gradgradcheck(f, (x, *parameters))


def test_frozen_weights_cost_nothing(monkeypatch):
    called = []
    real = autograd.ops.recurrence._of_weight
    monkeypatch.setattr(autograd.ops.recurrence, "_of_weight", lambda *a: called.append(1) or real(*a))
    for name in LAYERS:
        layer = getattr(nn, name)(2, 3).requires_grad_(False)
        layer.bias_ih_l0.requires_grad_(True)
        layer(np.ones((4, 1, 2)))[0].sum().backward()
        assert layer.bias_ih_l0.grad is not None
        assert not called


def test_large_inputs_do_not_overflow():
    for name in LAYERS:
        layer = getattr(nn, name)(1, 1)
        x = Tensor(np.array([[-1e4], [1e4], [3e4]], np.float32), requires_grad=True)
        output, _ = layer(x)
        output.sum().backward()
        assert np.isfinite(output.data).all()
        assert np.isfinite(x.grad.data).all()


def test_ops_refuse_shapes_that_do_not_fit():
    x, h = np.ones((4, 2)), np.ones((2, 2))
    with pytest.raises(ValueError, match=r"weight_hh has shape \(2, 3\).*\(2, 2\)"):
        autograd.rnn_sequence(x, h, np.ones((2, 3)), batch_sizes=(2, 2))
    with pytest.raises(ValueError, match=r"x has shape \(4, 2\).*\(3, 2\)"):
        autograd.rnn_sequence(x, h, np.ones((2, 2)), batch_sizes=(2, 1))
    with pytest.raises(ValueError, match="none above the one before"):
        autograd.rnn_sequence(x, h, np.ones((2, 2)), batch_sizes=(1, 3))
    with pytest.raises(ValueError, match="of one size, or weight_hr"):
        autograd.lstm_sequence(np.ones((4, 8)), np.ones((2, 1)), h, np.ones((8, 1)), batch_sizes=(2, 2))
    with pytest.raises(ValueError, match=r"mask has shape \(2,\)"):
        autograd.gru_sequence(np.ones((4, 6)), h, np.ones((6, 2)), batch_sizes=(2, 2), mask=np.ones(2))


# --- dropout ----------------------------------------------------------------------------------------------------------


def identity_rnn(size, **options):
    """Return a layer whose output is the input plus the state before: W_ih = W_hh = 1, no bias, of positive numbers."""
    layer = nn.RNN(size, size, nonlinearity="relu", bias=False, generator=np.random.default_rng(0), **options)
    with autograd.no_grad():
        for p in layer.parameters():
            p[...] = np.eye(size)
    return layer


def test_dropout_between_layers():
    layer = identity_rnn(500, num_layers=2, dropout=0.3)
    with autograd.no_grad():
        layer.weight_hh_l0[...] = 0
        layer.weight_hh_l1[...] = 0
    x = np.ones((4, 5, 500), np.float32)
    output = layer(x)[0].data
    assert_allclose(np.unique(output), [0, 1 / 0.7], rtol=1e-6)
    assert abs((output == 0).mean() - 0.3) < 0.02
    assert (output[0] != output[1]).any()  # another mask for each step
    assert_array_equal(layer.eval()(x)[0].data, x)
    with pytest.warns(UserWarning, match="between layers"):
        assert_array_equal(identity_rnn(3, dropout=0.5)(np.ones((1, 1, 3)))[0].data, np.ones((1, 1, 3)))


@pytest.mark.parametrize("lengths", [None, [4, 2, 3, 4, 1]])
def test_variational_dropout_has_one_mask_for_a_sequence(lengths):
    layer = identity_rnn(400, variational_dropout=0.25)
    with autograd.no_grad():
        layer.weight_hh_l0[...] = 0
    x = np.ones((4, 5, 400), np.float32)
    output = layer(x, lengths=lengths)[0].data
    for n, length in enumerate(lengths or [4] * 5):
        assert_allclose(np.unique(output[:length, n]), [0, 1 / 0.75], rtol=1e-6)
        assert (output[:length, n] == output[0, n]).all()
    assert abs((output[0] == 0).mean() - 0.25) < 0.05
    assert (output[0, 0] != output[0, 1]).any()
    assert_array_equal(layer.eval()(x)[0].data, x)


def test_recurrent_dropout_has_one_mask_for_a_sequence():
    layer = identity_rnn(400, recurrent_dropout=0.5)
    x = np.ones((4, 5, 400), np.float32)
    output = layer(x)[0].data
    kept = output[1] == 3  # 1 + 2 * 1
    assert abs(kept.mean() - 0.5) < 0.05
    for t, value in enumerate([1, 3, 7, 15]):
        assert_array_equal(output[t], np.where(kept, value, 1))
    assert_array_equal(layer.eval()(x)[0].data[3], np.full((5, 400), 4))


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_with_dropout(name):
    layer = getattr(nn, name)(2, 3, 2, dropout=0.4, variational_dropout=0.3, recurrent_dropout=0.3, bidirectional=True)
    layer.double()

    def f(x):
        layer.generator = np.random.default_rng(7)
        return layer(x)[0]

    assert gradcheck(f, (Tensor(RNG.normal(size=(3, 2, 2)), requires_grad=True),))
    assert "variational_dropout=0.3, recurrent_dropout=0.3" in repr(layer)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"hidden_size": 0}, ValueError), ({"hidden_size": 2.0}, TypeError), ({"num_layers": 0}, ValueError),
        ({"bias": 1}, TypeError), ({"batch_first": None}, TypeError), ({"dropout": 1.5}, ValueError),
        ({"dropout": True}, ValueError), ({"proj_size": 4}, ValueError), ({"proj_size": -1}, ValueError),
        ({"recurrent_dropout": -0.1}, ValueError), ({"variational_dropout": "0.1"}, ValueError),
        ({"device": "cpu"}, TypeError),
    ],
)  # fmt: skip
def test_bad_arguments(arguments, error):
    with pytest.raises(error):
        nn.LSTM(**{"input_size": 3, "hidden_size": 4, **arguments})
    for other in (nn.RNN, nn.GRU):
        with pytest.raises(TypeError):
            other(3, 4, proj_size=2)
    with pytest.raises(ValueError, match="tanh"):
        nn.RNN(3, 4, nonlinearity="sigmoid")


def test_bad_input():
    layer, x = nn.LSTM(3, 4), np.ones((5, 2, 3))
    h, c = np.ones((1, 2, 4)), np.ones((1, 2, 4))
    with pytest.raises(ValueError, match="input_size=3, not shape"):
        layer(np.ones((5, 2, 4)))
    with pytest.raises(ValueError, match="2 or 3 axes"):
        layer(np.ones(3))
    with pytest.raises(TypeError, match="floating"):
        layer(np.ones((5, 2, 3), int))
    with pytest.raises(ValueError, match="at least one step"):
        layer(np.ones((0, 2, 3)))
    with pytest.raises(TypeError, match="pair"):
        layer(x, h)
    with pytest.raises(ValueError, match=r"\(1, 2, 4\) for this input, not \(1, 3, 4\)"):
        layer(x, (np.ones((1, 3, 4)), c))
    with pytest.raises(ValueError, match=r"\(1, 4\) for this input, not \(1, 2, 4\)"):
        layer(x[:, 0], (h, c))
    with pytest.raises(ValueError, match="lengths are for a batch"):
        layer(x[:, 0], lengths=[5])
    with pytest.raises(ValueError, match=r"does not fit lengths \[6, 1\]"):
        layer(x, lengths=[6, 1])
    with pytest.raises(TypeError, match="leave out lengths"):
        layer(rnn.pack_padded_sequence(x, [5, 2]), lengths=[5, 2])
    with pytest.raises(TypeError, match="pair"):
        nn.LSTMCell(3, 4)(x[0], h[0])
    with pytest.raises(ValueError, match=r"\(2, 4\) for input \(2, 3\), not \(1, 2, 4\)"):
        nn.GRUCell(3, 4)(x[0], h)
    with pytest.raises(ValueError, match="takes input"):
        nn.RNNCell(3, 4)(x)


# --- packing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [*LENGTHS, [2, 3, 1]])
@pytest.mark.parametrize("first", [False, True])
def test_packing_and_padding(lengths, first):
    mine, others = leaves((3, 6, 2) if first else (6, 3, 2))
    theirs = torch.nn.utils.rnn
    packed = rnn.pack_padded_sequence(mine[0], lengths, first, enforce_sorted=False)
    expected = theirs.pack_padded_sequence(others[0], torch.tensor(lengths), first, enforce_sorted=False)
    assert_array_equal(packed.data.detach(), expected.data.detach())
    assert_array_equal(packed.batch_sizes, expected.batch_sizes)
    order, back = packed.sorted_indices.data, packed.unsorted_indices.data
    assert_array_equal(order[back], np.arange(3))
    assert_array_equal(np.array(lengths)[order], np.sort(lengths)[::-1])
    options = {"padding_value": -1.5, "total_length": 7, "batch_first": first}
    padded, sizes = rnn.pad_packed_sequence(packed, **options)
    wanted, _ = theirs.pad_packed_sequence(expected, **options)
    assert_array_equal(padded.detach(), wanted.detach())
    assert sizes.tolist() == lengths
    weights = RNG.normal(size=padded.shape)
    (padded * weights).sum().backward()
    (wanted * torch.tensor(weights)).sum().backward()
    assert_array_equal(mine[0].grad, others[0].grad)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("first", [False, True])
def test_sequences(side, first):
    mine, others = leaves((2, 3), (4, 3), (1, 3))
    padded = rnn.pad_sequence(mine, first, 0.5, side)
    expected = torch.nn.utils.rnn.pad_sequence(others, first, 0.5, side)
    assert_array_equal(padded.detach(), expected.detach())
    if side == "right":
        for a, b in zip(rnn.unpad_sequence(padded, [2, 4, 1], first), mine, strict=True):
            assert_array_equal(a.detach(), b.detach())
    for a, b in zip(rnn.unpack_sequence(rnn.pack_sequence(mine, enforce_sorted=False)), mine, strict=True):
        assert_array_equal(a.detach(), b.detach())


def test_packing_of_integers_and_copies():
    packed = rnn.pack_sequence([np.array([1, 2]), np.array([3])])
    assert packed.data.tolist() == [1, 3, 2]
    assert packed.sorted_indices is None
    assert packed.double().data.dtype == np.float64
    assert copy.deepcopy(packed).batch_sizes.tolist() == [2, 1]
    again = rnn.PackedSequence(packed.data, packed.batch_sizes, np.array([1, 0]))
    assert again.unsorted_indices.tolist() == [1, 0]


def test_packing_refuses():
    x = np.ones((4, 3, 2))
    for lengths, error, text in [
        ([3, 4, 1], ValueError, "rise"), ([4, 3, 0], ValueError, "at least 1"), ([4, 3], ValueError, "does not fit"),
        ([5, 3, 1], ValueError, "does not fit"), ([2.0, 1.0, 1.0], TypeError, "integers"),
        ([], TypeError, "integers"),
    ]:  # fmt: skip
        with pytest.raises(error, match=text):
            rnn.pack_padded_sequence(x, lengths)
    with pytest.raises(ValueError, match="total_length=3"):
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [4, 2, 2]), total_length=3)
    with pytest.raises(ValueError, match="'left' or 'right'"):
        rnn.pad_sequence([np.ones(2)], padding_side="both")
    for sequences in ([], [np.ones((2, 3)), np.ones((2, 4))], [np.float64(1)]):
        with pytest.raises(ValueError, match="differ in length only"):
            rnn.pad_sequence(sequences)
    with pytest.raises(ValueError, match="do not fit"):
        rnn.unpad_sequence(x, [5, 1, 1])
