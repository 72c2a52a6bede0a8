"""Attention and Transformers against PyTorch's."""

import copy
import warnings
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracle_modules import (
    FUNCTIONS,
    check_module,
    compare_calls,
    converted,
    each,
    leaves,
    module_samples,
    torch,
)

import autograd
import nn
from autograd import Tensor, gradcheck, gradgradcheck
from autograd.testing import check_op
from nn.functional.attention import _weights

F = nn.functional
RNG = np.random.default_rng(5)
CLOSE = {"rtol": 1e-9, "atol": 1e-10}
HIDDEN = np.array([[True] * 3, [False] * 3, [False, True, True]])  # (L, S); the first query sees nothing
SMALL = {"d_model": 4, "nhead": 2, "dim_feedforward": 8, "dropout": 0.0, "dtype": np.float64}


def drawn(*shape, requires_grad=False):
    return Tensor(RNG.normal(size=shape), requires_grad=requires_grad)


@pytest.fixture
def dropout_of_torch(monkeypatch):
    """Drop out what PyTorch does after `torch.manual_seed(42)`, which `op_db` calls before these functions."""

    def mask(p, shape, generator):
        torch.manual_seed(42)
        return torch.empty(tuple(shape), dtype=torch.bool).bernoulli_(1 - p).numpy()

    monkeypatch.setattr(autograd, "random_mask", mask)


# --- PyTorch's samples ------------------------------------------------------------------------------------------------


# One of so many samples; all of them pass, but take long.
thinned = pytest.mark.parametrize("thin", [7, pytest.param(1, marks=pytest.mark.slow)])


@thinned
@pytest.mark.parametrize("name", ["MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_pytorchs_module_samples(name, thin):
    check_module(name, thin=thin)


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, about nested tensors
@thinned
def test_pytorchs_samples_of_the_transformer(thin):
    check_module("Transformer", thin=thin)


def encoder_like(theirs):
    """Return an encoder of ours with the options and values of one of PyTorch's."""
    first = theirs.layers[0]
    layer = nn.TransformerEncoderLayer(
        4, 2, first.linear1.out_features, 0.0, F.gelu if first.activation is torch.nn.functional.gelu else F.relu,
        batch_first=first.self_attn.batch_first, norm_first=first.norm_first, bias=first.linear1.bias is not None,
        dtype=np.float64,
    )  # fmt: skip
    ours = nn.TransformerEncoder(layer, len(theirs.layers))
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("training", [True, False])
@thinned
def test_pytorchs_samples_of_the_encoder(training, thin):
    # Its constructor takes a module of PyTorch, so that `check_module` cannot make ours from the same arguments.
    samples = module_samples("TransformerEncoder", torch.float64, training)
    assert len(samples) > 30
    for entry in samples[training::thin]:
        theirs = torch.nn.TransformerEncoder(*entry.constructor_input.args).train(training)
        ours = encoder_like(theirs).train(training)
        compare_calls(ours, theirs, entry.forward_input.args, entry.forward_input.kwargs)
        for key, parameter in theirs.named_parameters():
            assert_allclose(dict(ours.named_parameters())[key].grad, parameter.grad, **CLOSE)


FUNCTION_NAMES = ["scaled_dot_product_attention", "multi_head_attention_forward"]


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_pytorchs_function_samples(name, gradients, dropout_of_torch):
    entry, ours = FUNCTIONS[name, ""], getattr(F, name)
    torch.manual_seed(0)
    samples = list(entry.sample_inputs("cpu", torch.float64, requires_grad=gradients))
    assert samples
    for given in samples:
        compare_calls(ours, entry.op, (given.input, *given.args), given.kwargs)


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_pytorchs_function_samples_in_single_precision(name, dropout_of_torch):
    # Scores of these samples go to thousands, whose rounding alone makes 1e-4: neither is nearer to the other than to
    # the result in double precision.
    entry, ours = FUNCTIONS[name, ""], getattr(F, name)
    torch.manual_seed(0)
    for given in entry.sample_inputs("cpu", torch.float32, requires_grad=False):
        args = (given.input, *given.args)
        double = each(args, lambda x: x.double() if isinstance(x, torch.Tensor) else x)
        options = each(given.kwargs, lambda x: x.double() if isinstance(x, torch.Tensor) else x)
        exact, theirs = next(leaves(entry.op(*double, **options))), next(leaves(entry.op(*args, **given.kwargs)))
        found = next(leaves(ours(*converted(args), **converted(given.kwargs))))
        assert found.dtype == np.float32
        rounding = max(abs(theirs - exact).max().item(), 1e-6 * exact.abs().max().item())
        assert np.abs(found.data - exact.numpy()).max() <= 4 * rounding


# --- the function -----------------------------------------------------------------------------------------------------


def test_the_op_keeps_every_promise():
    check_op(_weights)


MASKS = [
    None, np.tri(3, 4, dtype=bool), RNG.normal(size=(3, 4)),
    RNG.random((2, 1, 3, 4)) > 0.3, np.array([[True, False] * 2]),
    RNG.normal(size=(3, 1)), np.where(np.tri(3, 4), 0, -np.inf),
    ~np.eye(3, 4, dtype=bool) & (np.arange(3) > 0)[:, None],
]  # fmt: skip


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("scale", [None, 0.3, -1.0])
def test_masks_and_scales(mask, scale):
    arrays = [RNG.normal(size=(2, 2, n, 5)) for n in (3, 4, 4)]
    given = torch.tensor(mask) if mask is not None else None
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    compare_calls(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask, scale=scale),
        lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, given, scale=scale),
        tensors, {},
    )  # fmt: skip


def test_gradient_of_a_mask():
    tensors = [torch.tensor(RNG.normal(size=s), requires_grad=True) for s in ((2, 3, 5), (2, 4, 5), (2, 4, 6), (3, 4))]
    compare_calls(F.scaled_dot_product_attention, torch.nn.functional.scaled_dot_product_attention, tensors, {})


def test_groups_of_heads():
    tensors = [torch.tensor(RNG.normal(size=s), requires_grad=True) for s in ((2, 6, 3, 5), (2, 2, 4, 5), (2, 3, 4, 5))]
    options = {"enable_gqa": True, "is_causal": True}
    compare_calls(F.scaled_dot_product_attention, torch.nn.functional.scaled_dot_product_attention, tensors, options)


@pytest.mark.parametrize("sizes", [(0, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5), (2, 3, 4, 0)])
def test_empty_inputs(sizes):
    batch, length, keys, size = sizes
    q, k, v = drawn(batch, length, size), drawn(batch, keys, size), drawn(batch, keys, 2)
    expected = torch.nn.functional.scaled_dot_product_attention(*(torch.tensor(x.data) for x in (q, k, v)), scale=1.0)
    assert_array_equal(F.scaled_dot_product_attention(q, k, v, scale=1.0).data, expected)


def test_hidden_queries_get_zeros_and_no_gradient():
    for mask in (~HIDDEN, np.where(HIDDEN, -np.inf, 0)):
        q, k, v = (drawn(3, 2, requires_grad=True) for _ in range(3))
        out = F.scaled_dot_product_attention(q, k, v, mask)
        assert_array_equal(out.detach()[0], [0, 0])
        out.sum().backward()
        assert_array_equal(q.grad[0], [0, 0])
        assert all(np.isfinite(x.grad.data).all() for x in (q, k, v))


def test_large_scores_do_not_overflow():
    q, k, v = Tensor([[1e4]]), Tensor([[1e4], [-1e4]]), Tensor([[1.0], [2.0]])
    assert F.scaled_dot_product_attention(q, k, v).item() == 1


@pytest.mark.parametrize("mask", [None, np.tri(3, 4, dtype=bool), HIDDEN.astype(float) @ np.ones((3, 4))])
def test_derivatives(mask):
    inputs = tuple(drawn(2, n, 2, requires_grad=True) for n in (3, 4, 4))
    if mask is not None and mask.dtype == float:
        inputs += (Tensor(mask, requires_grad=True),)
        mask = None

    def f(q, k, v, m=mask):
        return F.scaled_dot_product_attention(q, k, v, m)

    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)


def test_second_derivative_where_a_query_sees_nothing():
    q, k, v = (drawn(3, 2, requires_grad=True) for _ in range(3))
    assert gradgradcheck(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, ~HIDDEN), (q, k, v))


def test_second_derivative_of_heads():
    layer = nn.MultiheadAttention(4, 2, add_bias_kv=True, dtype=np.float64, generator=np.random.default_rng(0))
    assert gradgradcheck(lambda x: layer(x, x, x, need_weights=False)[0], (drawn(3, 4, requires_grad=True),))


@pytest.mark.parametrize(
    ("shapes", "options", "error", "words"),
    [
        (((3,), (3,), (3,)), {}, ValueError, r"query \(..., L, E\)"),
        (((2, 3), (4, 2), (4, 3)), {}, ValueError, r"\(4, 2\)"),
        (((2, 3), (4, 3), (5, 3)), {}, ValueError, r"\(5, 3\)"),
        (((2, 3), (4, 3), (4, 3)), {"attn_mask": np.ones((4, 2), bool)}, ValueError, r"\(..., 2, 4\), not \(4, 2\)"),
        (((2, 3), (4, 3), (4, 3)), {"attn_mask": np.ones((2, 4), int)}, TypeError, "mask != 0"),
        (((2, 3), (4, 3), (4, 3)), {"attn_mask": np.ones((2, 4)), "is_causal": True}, ValueError, "not both"),
        (((2, 3), (4, 3), (4, 3)), {"dropout_p": 1.5}, ValueError, "between 0 and 1"),
        (((2, 3), (4, 3), (4, 3)), {"enable_gqa": True}, ValueError, "axis -3"),
        (((1, 4, 2, 3), (1, 3, 4, 3), (1, 3, 4, 3)), {"enable_gqa": True}, ValueError, "divides"),
        (((2, 2, 3), (3, 4, 3), (3, 4, 3)), {}, ValueError, "broadcast"),
    ],
)
def test_bad_input_of_the_function(shapes, options, error, words):
    with pytest.raises(error, match=words):
        F.scaled_dot_product_attention(*(np.ones(s) for s in shapes), **options)
    if "attn_mask" in options:
        options = {**options, "attn_mask": torch.tensor(options["attn_mask"])}
    with pytest.raises((RuntimeError, IndexError)):
        torch.nn.functional.scaled_dot_product_attention(*(torch.ones(s) for s in shapes), **options)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="floating"):
        F.scaled_dot_product_attention(*[np.ones((2, 3), int)] * 3)


# --- several heads ----------------------------------------------------------------------------------------------------


def pair(name, *args, dtype=np.float64, **options):
    """Return a module of ours and PyTorch's, in double precision, with PyTorch's values."""
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(torch.nn, name)(*args, **options).double()
    with torch.no_grad():
        for parameter in theirs.parameters():  # biases start at 0, which would hide where they go
            parameter += torch.randn_like(parameter) / 4
    ours = getattr(nn, name)(*args, **options, dtype=dtype)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


def compare(ours, theirs, inputs, **options):
    """Hold results and all gradients of two modules against each other."""
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    given = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about masks of two dtypes
        compare_calls(lambda *x, **_: ours(*x, **options), lambda *x, **_: theirs(*x, **given), tensors, {})
    for (key, parameter), (other, expected) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert key == other
        assert_allclose(parameter.grad, expected.grad, **CLOSE, err_msg=key)


PADDING = np.array([[False, False, False, True], [False, True, False, True]])
PAIRS = ~np.tri(3, 4, 1, dtype=bool)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("constructed", [{}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True, "add_zero_attn": True}])
@pytest.mark.parametrize(
    "called",
    [
        {}, {"need_weights": False}, {"average_attn_weights": False}, {"key_padding_mask": PADDING},
        {"attn_mask": PAIRS, "is_causal": False},
        {"attn_mask": np.stack([PAIRS] * 4) & (np.arange(4) > 1)[:, None, None]},
        {"attn_mask": RNG.normal(size=(4, 3, 4)), "key_padding_mask": RNG.normal(size=(2, 4))},
        {"attn_mask": PAIRS, "key_padding_mask": np.where(PADDING, -np.inf, 0), "need_weights": False},
    ],
)  # fmt: skip
def test_heads_of_several_sources(batch_first, constructed, called):
    ours, theirs = pair("MultiheadAttention", 4, 2, batch_first=batch_first, **constructed)
    sizes = ((3, 4), (4, theirs.kdim), (4, theirs.vdim))
    inputs = [RNG.normal(size=(2, n, size) if batch_first else (n, 2, size)) for n, size in sizes]
    compare(ours, theirs, inputs, **called)


@pytest.mark.parametrize(
    ("choose", "products"),
    [
        (lambda m, x: (m, m, m), 4), (lambda m, x: (x, m, m), 5), (lambda m, x: (m, m, m * 2), 5),
        (lambda m, x: (m, m * 2, m), 6), (lambda m, x: (x, m, m * 2), 6),
    ],
)  # fmt: skip
def test_what_is_one_object_is_projected_by_one_product(choose, products):
    ours, theirs = pair("MultiheadAttention", 4, 2)
    inputs = [torch.tensor(RNG.normal(size=(n, 2, 4)), requires_grad=True) for n in (5, 3)]
    compare_calls(lambda m, x: ours(*choose(m, x)), lambda m, x: theirs(*choose(m, x)), inputs, {})
    y, _ = ours(*choose(drawn(5, 2, 4), drawn(3, 2, 4)))
    assert sum(node.op in ("matmul", "linear") for node in autograd.trace(y).nodes) == products


@pytest.mark.parametrize("kind", [bool, float])
def test_heads_of_hidden_queries_give_zeros(kind):
    # PyTorch has nan if need_weights, and these same zeros if not.
    ours, theirs = pair("MultiheadAttention", 4, 2)
    x = RNG.normal(size=(3, 4))
    mask = HIDDEN if kind is bool else np.where(HIDDEN, -np.inf, 0)
    expected = theirs(*[torch.tensor(x)] * 3, attn_mask=torch.tensor(mask), need_weights=False)[0].detach()
    y, weights = ours(x, x, x, attn_mask=mask)
    assert_allclose(y.detach(), expected, **CLOSE)
    assert_allclose(y.detach()[0], ours.out_proj.bias.detach(), **CLOSE)
    assert_array_equal(weights.detach()[0], [0, 0, 0])
    compare(ours, theirs, [x] * 3, attn_mask=mask, need_weights=False)


def test_static_keys_and_values():
    arrays = [RNG.normal(size=s) for s in ((3, 2, 4), (5, 2, 4), (12, 4), (12,), (4, 6, 2), (4, 6, 2), (4, 4))]
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]

    def attend(function, x, memory, weight, bias, static_k, static_v, out):
        return function(
            x, memory, memory, 4, 2, weight, bias, None, None, True, 0.0, out, None, static_k=static_k,
            static_v=static_v, need_weights=False,
        )[0]  # fmt: skip

    theirs = torch.nn.functional.multi_head_attention_forward
    compare_calls(partial(attend, F.multi_head_attention_forward), partial(attend, theirs), tensors, {})


def test_float32_input_and_masks_of_other_dtypes():
    layer = nn.MultiheadAttention(4, 2, generator=np.random.default_rng(0))
    x = RNG.normal(size=(3, 4))
    y, weights = layer(x, x, x, attn_mask=np.where(np.tri(3), 0, -np.inf))
    assert y.dtype == weights.dtype == np.float32
    double, _ = layer.double()(x, x, x, attn_mask=~np.tri(3, dtype=bool))
    assert_allclose(y.detach(), double.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("shapes", "options", "error", "words"),
    [
        (((4,),) * 3, {}, ValueError, "query, key and value"),
        (((3, 2, 4), (3, 4), (3, 4)), {}, ValueError, "without N"),
        (((3, 2, 5),) * 3, {}, ValueError, "size kdim=4"),
        (((3, 2, 5), (3, 2, 4), (3, 2, 4)), {}, ValueError, "embed_dim E = 4"),
        (((3, 2, 4), (5, 1, 4), (5, 1, 4)), {}, ValueError, r"\(5, 1, 4\)"),
        (((3, 2, 4), (5, 2, 4), (6, 2, 4)), {}, ValueError, r"\(6, 2, 4\)"),
        (((3, 2, 4),) * 3, {"attn_mask": np.ones((2, 3), bool)}, ValueError, r"\(L, S\) = \(3, 3\) or .* \(4, 3, 3\)"),
        (((3, 2, 4),) * 3, {"attn_mask": np.ones((2, 3, 3), bool)}, ValueError, r"\(4, 3, 3\)"),
        (((3, 2, 4),) * 3, {"key_padding_mask": np.ones((3, 2), bool)}, ValueError, r"\(N, S\) = \(2, 3\)"),
        (((3, 2, 4),) * 3, {"key_padding_mask": np.ones((2, 3), int)}, TypeError, "key_padding_mask must be bool"),
        (((3, 2, 4),) * 3, {"is_causal": True}, ValueError, "only describes attn_mask"),
    ],
)
def test_bad_input_of_the_layer(shapes, options, error, words):
    arrays = [RNG.normal(size=s).astype(np.float32) for s in shapes]
    with pytest.raises(error, match=words):
        nn.MultiheadAttention(4, 2)(*arrays, **options)
    given = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    with pytest.raises((AssertionError, RuntimeError)):
        torch.nn.MultiheadAttention(4, 2)(*map(torch.tensor, arrays), **given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"in_proj_weight": None}, "in_proj_weight is missing"),
        ({"in_proj_weight": np.ones((4, 4))}, r"\(12, 4\), not \(4, 4\)"),
        ({"in_proj_bias": np.ones(4)}, r"\(12,\), not \(4,\)"),
        ({"use_separate_proj_weight": True}, "q_proj_weight"),
        ({"bias_k": np.ones(4)}, "come together"),
        ({"static_k": np.ones((4, 5, 2))}, "as many keys as values"),
        ({"static_k": np.ones((3, 5, 2))}, r"\(4, S, 2\)"),
        ({"static_k": np.ones((4, 5, 2)), "bias_k": np.ones(4), "bias_v": np.ones(4)}, "without bias_k"),
        ({"num_heads": 3}, "must divide"),
    ],
)
def test_bad_arguments_of_the_function(options, words):
    x = np.ones((3, 2, 4))
    given = {
        "num_heads": 2, "in_proj_weight": np.ones((12, 4)), "in_proj_bias": None, "bias_k": None, "bias_v": None,
        "add_zero_attn": False, "dropout_p": 0.0, "out_proj_weight": np.eye(4), "out_proj_bias": None,
    }  # fmt: skip
    with pytest.raises(ValueError, match=words):
        F.multi_head_attention_forward(x, x, x, 4, **given | options)


@pytest.mark.parametrize(
    ("args", "options", "error"),
    [
        ((4, 3), {}, ValueError), ((0, 1), {}, ValueError), ((4, 0), {}, ValueError), ((4.0, 2), {}, TypeError),
        ((4, 2, 1.5), {}, ValueError), ((4, 2), {"kdim": 0}, ValueError), ((4, 2), {"device": "cpu"}, TypeError),
    ],
)  # fmt: skip
def test_bad_arguments_of_the_layer(args, options, error):
    with pytest.raises(error):
        nn.MultiheadAttention(*args, **options)


def test_initial_values():
    layer = nn.MultiheadAttention(64, 4, add_bias_kv=True, kdim=32, generator=np.random.default_rng(0))
    together = nn.MultiheadAttention(64, 4, generator=np.random.default_rng(0))
    for weight in (layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight, together.in_proj_weight):
        bound = np.sqrt(6 / sum(weight.shape))
        assert 0.95 * bound < np.abs(weight.data).max() <= bound
    assert 0.95 / 8 < np.abs(layer.out_proj.weight.data).max() <= 1 / 8
    assert not layer.in_proj_bias.data.any()
    assert not layer.out_proj.bias.data.any()
    assert_allclose(layer.bias_k.data.std(), np.sqrt(2 / 128), rtol=0.4)
    again = nn.MultiheadAttention(64, 4, generator=np.random.default_rng(0))
    for key, value in together.state_dict().items():
        assert_array_equal(value.data, again.state_dict()[key].data)


# --- Transformers -----------------------------------------------------------------------------------------------------

STACKS = [
    ("MultiheadAttention", (4, 2), {}), ("MultiheadAttention", (4, 2), {"kdim": 3, "add_bias_kv": True}),
    ("TransformerEncoderLayer", (4, 2, 8), {}), ("TransformerDecoderLayer", (4, 2, 8), {"bias": False}),
    ("Transformer", (4, 2, 1, 2, 8), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), STACKS)
def test_weights_go_both_ways(name, args, options):
    ours, theirs = pair(name, *args, **options)
    state = ours.state_dict()
    assert list(state) == list(theirs.state_dict())
    other = copy.deepcopy(theirs)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    other.load_state_dict({key: torch.from_numpy(value.numpy()) for key, value in state.items()})
    for key, value in theirs.state_dict().items():
        assert_array_equal(other.state_dict()[key], value)
    assert repr(ours) == repr(theirs).replace("NonDynamicallyQuantizableLinear", "Linear")


@pytest.mark.parametrize("activation", ["relu", "gelu", np.tanh, nn.SiLU()])
def test_activations(activation):
    theirs = {np.tanh: torch.tanh}.get(activation, torch.nn.SiLU()) if callable(activation) else activation
    ours, other = (
        nn.TransformerEncoderLayer(**SMALL, activation=activation),
        torch.nn.TransformerEncoderLayer(4, 2, 8, 0.0, theirs, dtype=torch.float64),
    )
    ours.load_state_dict({key: value.numpy() for key, value in other.state_dict().items()})
    compare(ours, other, [RNG.normal(size=(3, 2, 4))])


def test_causal_decoding_sees_no_future():
    model = nn.Transformer(**{**SMALL, "num_encoder_layers": 1, "num_decoder_layers": 2}, batch_first=True)
    mask = model.generate_square_subsequent_mask(5)
    expected = torch.nn.Transformer.generate_square_subsequent_mask(5)
    assert mask.dtype == np.float32
    assert_array_equal(mask.data, expected)
    src, tgt = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4))
    y = model(src, tgt, tgt_mask=mask, tgt_is_causal=True).detach()
    tgt[:, 3:] += 1
    changed = model(src, tgt, tgt_mask=mask).detach()
    assert_array_equal(y[:, :3].data, changed[:, :3].data)
    assert (y[:, 3:].data != changed[:, 3:].data).any()


def test_a_custom_encoder_and_a_final_norm():
    ours, theirs = pair("TransformerEncoderLayer", 4, 2, 8, 0.0)
    stack = nn.TransformerEncoder(ours, 2, nn.LayerNorm(4, dtype=np.float64), enable_nested_tensor=False)
    other = torch.nn.TransformerEncoder(theirs, 2, torch.nn.LayerNorm(4).double(), enable_nested_tensor=False)
    compare(stack, other, [RNG.normal(size=(3, 2, 4))], mask=~np.tri(3, dtype=bool), is_causal=True)
    model = nn.Transformer(**SMALL, custom_encoder=stack, num_decoder_layers=1)
    assert model.encoder is stack


def test_copies_have_their_own_parameters_but_draw_from_one_generator():
    rng = np.random.default_rng(0)
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.5, generator=rng)
    first, second = nn.TransformerEncoder(layer, 2).layers
    assert first.linear1.weight is not second.linear1.weight
    assert_array_equal(first.linear1.weight.data, layer.linear1.weight.data)
    assert first.dropout.generator is second.dropout.generator is second.self_attn.generator is rng
    assert copy.deepcopy(layer).dropout.generator is not rng


@pytest.mark.parametrize("name", ["TransformerEncoderLayer", "TransformerDecoderLayer", "MultiheadAttention"])
def test_dropout_by_a_generator(name):
    x = RNG.normal(size=(6, 2, 8)).astype(np.float32)
    inputs = {"TransformerEncoderLayer": 1, "TransformerDecoderLayer": 2, "MultiheadAttention": 3}[name]

    def run(training):
        options = {"dropout": 0.5, "generator": np.random.default_rng(3)}
        y = getattr(nn, name)(8, 2, **options).train(training)(*[x] * inputs)
        return (y[0] if isinstance(y, tuple) else y).detach().data

    assert_array_equal(run(True), run(True))
    assert_array_equal(run(False), run(False))
    assert (run(True) != run(False)).any()


def test_dropout_leaves_out_weights():
    layer = nn.MultiheadAttention(8, 1, dropout=0.25, generator=np.random.default_rng(0))
    x = np.zeros((200, 8), np.float32)
    weights = layer(x, x, x)[1].detach().data * 200
    assert_allclose(np.unique(weights), [0, 4 / 3], rtol=1e-5)
    assert abs((weights == 0).mean() - 0.25) < 0.01


def test_bad_arguments_of_transformers():
    with pytest.raises(ValueError, match="'relu', 'gelu' or a function"):
        nn.TransformerEncoderLayer(4, 2, activation="tanh")
    with pytest.raises(TypeError, match="not int"):
        nn.TransformerDecoderLayer(4, 2, activation=3)
    with pytest.raises(TypeError, match="dim_feedforward"):
        nn.TransformerEncoderLayer(4, 2, 8.0)
    with pytest.raises(ValueError, match="num_layers"):
        nn.TransformerEncoder(nn.Identity(), -1)
    model, theirs = pair("Transformer", 4, 2, 1, 1, 8)
    for shapes in (((3, 2, 4), (3, 1, 4)), ((3, 2, 5), (3, 2, 4)), ((3, 2, 4), (3, 4)), ((4,), (4,))):
        with pytest.raises(ValueError, match="Transformer takes source and target"):
            model(*map(np.ones, shapes))
        with pytest.raises((RuntimeError, AssertionError, IndexError)):
            theirs(*(torch.ones(s, dtype=torch.float64) for s in shapes))
    with pytest.raises(TypeError, match="floating"):
        model.encoder.layers[0](np.ones((3, 2, 4), int))


# --- positions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 5, 6])
def test_positional_encoding(size):
    layer = nn.PositionalEncoding(size, dropout=0.0, max_len=50, dtype=np.float64)
    assert not layer.state_dict()
    place, i = np.meshgrid(np.arange(50), np.arange(size), indexing="ij")
    angles = place / 10000 ** (i // 2 * 2 / size)
    expected = np.where(i % 2 == 1, np.cos(angles), np.sin(angles))
    assert_allclose(layer.pe.data, expected, **CLOSE)
    x = RNG.normal(size=(7, 3, size))
    assert_allclose(layer(x).data, x + expected[:7, None], **CLOSE)
    assert_allclose(layer(x[:, 0]).data, x[:, 0] + expected[:7], **CLOSE)
    first = nn.PositionalEncoding(size, dropout=0.0, batch_first=True, dtype=np.float64)
    assert_allclose(first(x).data, x + expected[:3], **CLOSE)
    assert_allclose(first(x[0]).data, x[0] + expected[:3], **CLOSE)


def test_positional_encoding_drops_out_and_refuses():
    layer = nn.PositionalEncoding(8, dropout=0.5, max_len=4, generator=np.random.default_rng(0))
    assert (layer(np.zeros((4, 9, 8))).data[:, :, 1] == 0).any()
    assert (layer.eval()(np.zeros((4, 9, 8))).data[0, :, 1] == 1).all()
    for shape in ((5, 1, 8), (4, 1, 7), (8,), (1, 1, 1, 8)):
        with pytest.raises(ValueError, match="L up to 4"):
            layer(np.zeros(shape))
    with pytest.raises(ValueError, match="max_len"):
        nn.PositionalEncoding(8, max_len=0)
