"""Modules, layers, losses, initialisers and data: what they do, and what they refuse."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from autograd import Tensor, gradcheck
from nn import functional as F

RNG = np.random.default_rng(0)


def small_net():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))


class Nested(nn.Module):
    """Parameters, a buffer, modules, and a module that stands in two places."""

    def __init__(self):
        self.shared = nn.Linear(2, 2)
        self.scale = nn.Parameter([2.0])
        self.register_buffer("count", Tensor(0))
        self.register_buffer("scratch", Tensor([1.0]), persistent=False)
        self.inner = nn.Sequential(self.shared, nn.Tanh())

    def forward(self, x):
        return self.inner(x) * self.scale


# --- modules: what is in them -----------------------------------------------------------------------------------------


def test_names_of_parameters_buffers_and_modules():
    net = Nested()
    assert [name for name, _ in net.named_parameters()] == ["scale", "shared.weight", "shared.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 5
    assert [name for name, _ in net.named_parameters("net", recurse=False)] == ["net.scale"]
    assert [name for name, _ in net.named_buffers()] == ["count", "scratch"]
    assert [name for name, _ in net.named_modules()] == ["", "shared", "inner", "inner.1"]
    assert [type(module).__name__ for module in net.modules()] == ["Nested", "Linear", "Sequential", "Tanh"]
    assert [name for name, _ in net.named_children()] == ["shared", "inner"]
    assert net.get_submodule("inner.0") is net.shared
    assert list(net.state_dict()) == [
        "scale", "count", "shared.weight", "shared.bias", "inner.0.weight", "inner.0.bias",
    ]  # fmt: skip


def test_attributes_keep_their_kind():
    net = Nested()
    for name in ("scale", "shared", "count"):
        with pytest.raises(TypeError, match=name):
            setattr(net, name, [1.0])
    net.scale = nn.Parameter([3.0])
    net.count = Tensor(1)
    net.shared = None
    assert [name for name, _ in net.named_parameters()] == ["scale", "inner.0.weight", "inner.0.bias"]
    del net.count
    assert [name for name, _ in net.named_buffers()] == ["scratch"]


@pytest.mark.parametrize(("name", "error"), [("", KeyError), ("a.b", KeyError), ("scale", KeyError)])
def test_registration_refuses_bad_names(name, error):
    with pytest.raises(error):
        Nested().register_parameter(name, nn.Parameter([1.0]))


def test_registration_refuses_other_kinds():
    with pytest.raises(TypeError, match="Parameter"):
        Nested().register_parameter("x", Tensor([1.0]))
    with pytest.raises(TypeError, match="Tensor"):
        Nested().register_buffer("x", np.ones(2))
    with pytest.raises(TypeError, match="Module"):
        Nested().add_module("x", np.tanh)


def test_get_submodule_says_where_the_name_ends():
    with pytest.raises(AttributeError, match=r"'inner\.7'.*Sequential has no module '7'"):
        Nested().get_submodule("inner.7")


def test_parameter_forgets_history_and_refuses_integers():
    x = Tensor([1.0], requires_grad=True)
    p = nn.Parameter(x * 2)
    assert p.is_leaf
    assert p.requires_grad
    assert isinstance(copy.deepcopy(p), nn.Parameter)
    with pytest.raises(TypeError, match="floating"):
        nn.Parameter([1, 2])


def test_deepcopy_is_independent_and_keeps_sharing():
    net = Nested()
    twin = copy.deepcopy(net)
    assert twin.shared is twin.inner[0]
    with autograd.no_grad():
        twin.scale += 1
    assert net.scale.item() == 2.0


# --- modules: calling -------------------------------------------------------------------------------------------------


def test_forward_is_required():
    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        type("Empty", (nn.Module,), {})()(1)


def test_forward_hook_sees_and_replaces_the_output():
    layer = nn.Linear(2, 1)
    seen = []
    first = layer.register_forward_hook(lambda module, args, output: seen.append((module, args[0].shape, output.shape)))
    layer.register_forward_hook(lambda module, args, output: output * 0 + 7)
    assert layer(autograd.ones((3, 2))).tolist() == [[7], [7], [7]]
    assert seen == [(layer, (3, 2), (3, 1))]
    first.remove()
    first.remove()
    layer(autograd.ones((3, 2)))
    assert len(seen) == 1


def test_calls_are_noted_in_the_graph():
    net = small_net()
    graph = autograd.trace(net(np.ones((1, 3))))
    assert [group.label for group in graph.groups] == ["Sequential", "0: Linear", "1: ReLU", "2: Linear"]
    assert {node.name for node in graph if node.name} == {"0.weight", "0.bias", "2.weight"}


def test_train_and_eval_reach_everything_inside():
    net = nn.Sequential(nn.Sequential(nn.Dropout(0.5)))
    assert net.eval() is net
    assert not net[0][0].training
    net.train()
    assert net[0][0].training
    with pytest.raises(ValueError, match="True or False"):
        net.train("yes")


def test_zero_grad_requires_grad_and_apply():
    net = small_net()
    net(np.ones((1, 3))).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad.numpy() == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())
    visited = []
    net.apply(lambda module: visited.append(type(module).__name__))
    assert visited == ["Linear", "ReLU", "Linear", "Sequential"]


def test_to_converts_parameters_gradients_and_buffers_in_place():
    net = Nested()
    parameters = list(net.parameters())
    net(np.ones((1, 2))).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in parameters} == {p.grad.dtype for p in parameters} == {np.dtype(np.float64)}
    assert (net.scratch.dtype, net.count.dtype) == (np.float64, np.int64)
    assert net(np.ones((1, 2), np.float32)).dtype == np.float64
    assert net.half().scale.dtype == np.float16
    assert net.float().scale.dtype == np.float32
    with pytest.raises(TypeError, match="int64"):
        net.to(np.int64)


def test_functional_call_uses_other_parameters_and_restores_them():
    net = Nested()
    weight = Tensor(np.zeros((2, 2)), requires_grad=True)
    before = net.shared.weight
    out = nn.functional_call(net, {"shared.weight": weight, "scale": Tensor([1.0])}, np.ones((1, 2)))
    assert_allclose(out.detach(), np.tanh(net.shared.bias.data)[None], rtol=1e-6)
    assert net.shared.weight is before
    with pytest.raises(AttributeError, match=r"shared\.nothing"):
        nn.functional_call(net, {"shared.nothing": weight}, np.ones((1, 2)))
    with pytest.raises(ValueError, match="linear"):
        nn.functional_call(net, {"shared.weight": autograd.zeros((2, 5))}, np.ones((1, 2)))
    assert net.shared.weight is before


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_dict_is_detached_and_shares_memory():
    layer = nn.Linear(2, 1)
    state = layer.state_dict()
    assert not any(tensor.requires_grad for tensor in state.values())
    assert np.shares_memory(state["weight"].data, layer.weight.data)


@pytest.mark.parametrize("kind", [Tensor, np.asarray, np.ndarray.tolist])
def test_load_state_dict_copies_tensors_arrays_and_lists(kind):
    layer = nn.Linear(2, 1).double()
    weight = np.array([[1.0, 2.0]])
    state = {"weight": kind(weight), "bias": kind(np.array([1 / 3]))}
    assert layer.load_state_dict(state) == ([], [])
    assert layer.bias.item() == 1 / 3
    weight[:] = 0
    assert layer.weight.tolist() == [[1.0, 2.0]]


def test_load_state_dict_lists_every_problem_and_loads_nothing():
    net = small_net()
    before = copy.deepcopy(net.state_dict())
    state = {"2.weight": np.ones((4, 2)), "extra": np.ones(1), "0.bias": np.ones(4, complex)}
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    for piece in ("missing: 0.weight", "unexpected: extra", "(4, 2)", "(2, 4)", "0.bias: is complex128"):
        assert piece in str(caught.value)
    state = {"0.weight": np.ones((4, 3)), "0.bias": np.ones(4), "2.weight": np.ones((4, 2))}
    with pytest.raises(RuntimeError, match=r"2\.weight"):
        net.load_state_dict(state)
    for name, tensor in before.items():
        assert_array_equal(net.state_dict()[name], tensor)


def test_load_state_dict_not_strict_reports_names_but_refuses_shapes():
    layer = nn.Linear(2, 1)
    keys = layer.load_state_dict({"weight": [[5.0, 6.0]], "more": [1.0]}, strict=False)
    assert keys.missing_keys == ["bias"]
    assert keys.unexpected_keys == ["more"]
    assert layer.weight.tolist() == [[5.0, 6.0]]
    with pytest.raises(RuntimeError, match="weight"):
        layer.load_state_dict({"weight": [1.0]}, strict=False)


def test_loading_marks_the_memory_as_changed():
    layer = nn.Linear(2, 2)
    loss = (layer(np.ones((1, 2))) @ layer.weight).sum()
    layer.load_state_dict(copy.deepcopy(layer.state_dict()))
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


# --- Sequential -------------------------------------------------------------------------------------------------------


def test_sequential_is_a_list_of_modules():
    net = small_net()
    assert len(net) == 3
    assert net[-1] is list(net)[2]
    assert [name for name, _ in net[1:].named_children()] == ["1", "2"]
    assert net.append(nn.Tanh()) is net
    assert isinstance(net[3], nn.Tanh)
    named = nn.Sequential({"first": nn.Linear(1, 1), "second": nn.ReLU()})
    assert list(named.state_dict()) == ["first.weight", "first.bias"]
    with pytest.raises(TypeError, match="tanh"):
        nn.Sequential(np.tanh)
    with pytest.raises(IndexError):
        net[9]


# --- layers -----------------------------------------------------------------------------------------------------------

LAYERS = [
    (nn.Linear(3, 2), (4, 3)),
    (nn.Conv2d(2, 3, 2, padding=1), (2, 2, 4, 4)),
    (nn.MaxPool2d(2), (1, 2, 4, 4)),
    (nn.AvgPool2d(2, padding=1, count_include_pad=False), (1, 2, 4, 4)),
    (nn.ReLU(), (3, 2)),
    (nn.Tanh(), (3, 2)),
    (nn.Sigmoid(), (3, 2)),
    (nn.Softmax(dim=0), (3, 2)),
    (nn.LogSoftmax(dim=-1), (3, 2)),
    (nn.Flatten(), (2, 3, 2)),
    (nn.Dropout(0.5).eval(), (3, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: str(x))
def test_layers_take_arrays_and_tensors_of_every_floating_dtype(layer, shape):
    x = RNG.normal(size=shape)
    for dtype in (np.float16, np.float32, np.float64):
        expected = next((p.dtype for p in layer.parameters()), np.dtype(dtype))
        for given in (x.astype(dtype), Tensor(x.astype(dtype))):
            out = layer(given)
            assert isinstance(out, Tensor)
            assert out.dtype == expected


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: str(x))
def test_layers_have_right_gradients(layer, shape):
    x = (RNG.permutation(np.prod(shape)) - 7.5).reshape(shape) / 10  # distinct and not 0: no kinks
    model = copy.deepcopy(layer).double()
    names, parameters = zip(*model.named_parameters(), strict=True) if list(model.parameters()) else ((), ())

    def f(x, *values):
        return nn.functional_call(model, dict(zip(names, values, strict=True)), x)

    assert gradcheck(f, (x, *(p.data for p in parameters)))


def test_layers_take_dtype_and_generator():
    def make(seed):
        options = {"dtype": np.float64, "generator": np.random.default_rng(seed)}
        return nn.Linear(3, 2, **options), nn.Conv2d(1, 2, 3, **options)

    for one, same, other in zip(make(1), make(1), make(2), strict=True):
        assert one.weight.dtype == one.bias.dtype == np.float64
        assert_array_equal(one.weight.detach(), same.weight.detach())
        assert (one.weight.data != other.weight.data).all()
    autograd.set_default_dtype(np.float64)
    assert nn.Linear(1, 1).weight.dtype == np.float64


def test_manual_seed_decides_initial_values_and_dropout():
    def draw():
        autograd.manual_seed(3)
        return nn.Linear(3, 2).weight.tolist(), nn.Dropout()(np.ones(20)).tolist()

    assert draw() == draw()


def test_dropout_keeps_the_mean_and_scales_gradients():
    x = Tensor(np.ones(20_000), requires_grad=True)
    out = nn.Dropout(0.25)(x)
    out.sum().backward()
    assert set(out.tolist()) == {0.0, 1 / 0.75}
    assert abs(out.detach().numpy().mean() - 1) < 0.02
    assert_array_equal(x.grad, out.detach())
    assert F.dropout(x, 1.0).sum().item() == 0
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.5, training=False) is x


def test_inplace_is_taken_but_changes_nothing():
    x = autograd.ones(4) * -1
    nn.ReLU(inplace=True)(x)
    nn.Dropout(0.5, inplace=True)(x)
    assert x.tolist() == [-1, -1, -1, -1]


def test_padding_same_keeps_the_size_of_even_windows():
    assert nn.Conv2d(1, 1, (2, 4), padding="same", dilation=(1, 3))(np.ones((1, 1, 9, 12))).shape == (1, 1, 9, 12)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.Linear(2.0, 3), TypeError, "in_features"),
        (lambda: nn.Linear(2, -3), ValueError, "out_features must be at least 0, not -3"),
        (lambda: nn.Linear(2, 3, dtype=np.int64), TypeError, "int64"),
        (lambda: nn.Conv2d(4, 6, 3, groups=3), ValueError, "groups=3 must divide in_channels=4"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), ValueError, "kernel_size"),
        (lambda: nn.Conv2d(1, 1, 0), ValueError, "kernel_size must be at least 1"),
        (lambda: nn.Conv2d(1, 1, 3, padding="full"), ValueError, "'same' or 'valid'"),
        (lambda: nn.Conv2d(1, 1, 3, padding="same", stride=2), ValueError, r"stride=\(2, 2\)"),
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), ValueError, "zeros, reflect, replicate, circular"),
        (lambda: nn.Conv2d(1, 1, 3, padding=4, padding_mode="reflect")(np.ones((1, 1, 4, 4))), ValueError, "at most 3"),
        (lambda: nn.Dropout(1.5), ValueError, "between 0 and 1, not 1.5"),
        (lambda: nn.Linear(3, 2)(np.ones((4, 5))), ValueError, r"\(4, 5\).*\(2, 3\)"),
        (lambda: nn.Linear(3, 2)(np.ones((4, 3), int)), TypeError, "Linear takes floating input, not int64"),
        (lambda: F.linear(np.ones((4, 3)), np.ones((2, 3)), np.ones(3)), ValueError, r"bias must have shape \(2,\)"),
        (lambda: nn.Conv2d(3, 1, 2)(np.ones((1, 4, 5, 5))), ValueError, r"C = 3 channels; got shape \(1, 4, 5, 5\)"),
        (lambda: nn.Conv2d(1, 1, 2)(np.ones((8, 5, 5))), ValueError, r"x\[:, None\]"),
        (lambda: nn.Conv2d(1, 1, 6)(np.ones((1, 1, 5, 5))), ValueError, "no window fits the height"),
        (lambda: F.conv2d(np.ones((1, 1, 5, 5)), np.ones((3, 3))), ValueError, r"not weight of shape \(3, 3\)"),
        (lambda: nn.MaxPool2d(2, padding=2)(np.ones((1, 1, 5, 5))), ValueError, "at most half"),
        (lambda: nn.MaxPool2d(2)(np.ones((5, 5))), ValueError, r"not shape \(5, 5\)"),
        (lambda: nn.AvgPool2d(2, divisor_override=0)(np.ones((1, 1, 5, 5))), ValueError, "divisor_override"),
        (lambda: nn.Flatten(2)(np.ones((1, 2))), IndexError, "start_dim=2"),
        (lambda: nn.Flatten(1, 0)(np.ones((1, 2))), ValueError, "first axis comes after the last"),
        (lambda: F.softmax(np.ones((2, 2), int), dim=0), TypeError, "int64"),
    ],
)
def test_layers_refuse(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- losses -----------------------------------------------------------------------------------------------------------


def test_cross_entropy_is_minus_log_of_the_right_probability():
    scores = Tensor(RNG.normal(size=(5, 3)))
    target = np.array([0, 2, 1, 1, 0], np.uint8)
    expected = -np.log(F.softmax(scores, dim=1).data[np.arange(5), target])
    assert_allclose(F.cross_entropy(scores, target, reduction="none"), expected)
    assert_allclose(F.cross_entropy(scores, target), expected.mean())
    assert_allclose(F.cross_entropy(scores, F.one_hot(target).astype(np.float64)), expected.mean())


def test_losses_of_far_scores_are_finite():
    scores = Tensor([[1000.0, -1000.0]], requires_grad=True)
    loss = F.cross_entropy(scores, [1])
    loss.backward()
    assert loss.item() == 2000
    assert scores.grad.tolist() == [[1, -1]]


def test_the_mean_over_no_examples_is_nan():
    with np.errstate(invalid="ignore"):
        assert np.isnan(F.cross_entropy(np.ones((2, 3)), [7, 7], ignore_index=7).item())


def test_losses_keep_the_dtype_of_the_scores():
    scores = np.ones((2, 3), np.float32)
    assert F.cross_entropy(scores, np.ones((2, 3))).dtype == np.float32
    assert F.cross_entropy(scores, [0, 1], weight=np.ones(3)).dtype == np.float32
    assert F.cross_entropy(scores, [0, -100]).dtype == np.float32
    assert F.mse_loss(scores, np.ones((2, 3))).dtype == np.float32


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"weight": np.array([1.0, 2.0, 3.0])}])
def test_cross_entropy_gradients(options):
    scores = RNG.normal(size=(4, 3, 2))
    probabilities = RNG.uniform(size=(4, 3, 2))
    indices = np.array([[0, 1], [2, -100], [1, 1], [0, 2]])
    assert gradcheck(lambda x: F.cross_entropy(x, indices, **options), scores)
    assert gradcheck(lambda x, t: F.cross_entropy(x, t, **options), (scores, probabilities))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: F.cross_entropy(np.ones((4, 3)), [0, 1, 3, 0]), IndexError, r"target\[2\] is 3.*C = 3.*0 to 2"),
        (lambda: F.cross_entropy(np.ones((2, 3)), [0, -1]), IndexError, r"target\[1\] is -1"),
        (lambda: F.cross_entropy(np.ones((4, 3)), [0, 1]), ValueError, r"\(4, 3\).*\(4,\).*\(2,\)"),
        (lambda: F.cross_entropy(np.ones((4, 3)), np.ones((4, 3), int)), ValueError, r"\(4, 3\) and dtype int64"),
        (lambda: F.cross_entropy(np.ones((4, 3)), np.ones(4)), TypeError, r"target.astype\(np.int64\)"),
        (lambda: F.cross_entropy(np.ones((4, 3)), np.ones(4, bool)), TypeError, "bool"),
        (lambda: F.cross_entropy(np.ones((4, 3), int), np.ones(4, int)), TypeError, "int64"),
        (lambda: F.cross_entropy(np.ones((4, 3)), np.ones(4, int), weight=np.ones(4)), ValueError, "3 classes"),
        (lambda: F.cross_entropy(np.ones((1, 3)), [0], label_smoothing=2), ValueError, "label_smoothing"),
        (lambda: F.cross_entropy(np.float64(1), 0), ValueError, "single number"),
        (lambda: nn.CrossEntropyLoss(reduction="average"), ValueError, "'mean', 'sum' or 'none', not 'average'"),
        (lambda: nn.MSELoss(reduction="average"), ValueError, "average"),
        (lambda: F.mse_loss(np.ones((4, 1)), np.ones(4)), ValueError, r"\(4, 1\), not \(4,\)"),
        (lambda: F.mse_loss(np.ones(4, int), np.ones(4)), TypeError, "int64"),
        (lambda: F.one_hot([0.5]), TypeError, "float32"),
        (lambda: F.one_hot([3], num_classes=2), ValueError, "0 to 1, not 3 to 3"),
        (lambda: F.one_hot(np.zeros(0, int)), ValueError, "num_classes"),
    ],
)
def test_losses_refuse(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- initialisers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("init", "std", "bound"),
    [
        (lambda t: nn.init.uniform_(t, -1, 3), 4 / np.sqrt(12), 3),
        (lambda t: nn.init.normal_(t, 0, 0.5), 0.5, None),
        (nn.init.xavier_uniform_, np.sqrt(2 / 700), np.sqrt(6 / 700)),
        (lambda t: nn.init.xavier_normal_(t, gain=3), 3 * np.sqrt(2 / 700), None),
        (nn.init.kaiming_uniform_, np.sqrt(2 / 300), np.sqrt(6 / 300)),
        (lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), np.sqrt(2 / 400), None),
        (lambda t: nn.init.kaiming_normal_(t, a=2.0), np.sqrt(2 / 5 / 300), None),
    ],
)
def test_random_initialisers_have_the_right_spread(init, std, bound):
    weight = autograd.zeros((400, 300))
    assert init(weight) is weight
    values = weight.data.astype(np.float64)
    assert abs(values.std() / std - 1) < 0.01
    if bound is not None:
        assert 0.99 * bound < values.max() <= bound * (1 + 1e-6)


def test_initialisers_write_in_place_and_repeat_with_a_generator():
    p = nn.Parameter(np.zeros((2, 3)))
    memory = p.data
    for init in (nn.init.uniform_, nn.init.normal_, nn.init.xavier_normal_, nn.init.kaiming_uniform_):
        one = init(p, generator=np.random.default_rng(5)).tolist()
        assert init(p, generator=np.random.default_rng(5)).tolist() == one
    assert nn.init.constant_(p, 3).tolist() == [[3, 3, 3], [3, 3, 3]]
    assert nn.init.ones_(p).sum().item() == 6
    assert nn.init.zeros_(p).sum().item() == 0
    assert p.data is memory
    assert p.is_leaf


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.init.xavier_uniform_(autograd.zeros(3)), ValueError, r"\(3,\)"),
        (lambda: nn.init.kaiming_normal_(autograd.zeros((3, 3)), mode="fan"), ValueError, "'fan_in' or 'fan_out'"),
        (lambda: nn.init.calculate_gain("swish"), ValueError, "'swish'"),
        (lambda: nn.init.uniform_(autograd.zeros(3), 2, 1), ValueError, "a=2 and b=1"),
        (lambda: nn.init.normal_(autograd.zeros(3), 0, -1), ValueError, "std=-1"),
        (lambda: nn.init.zeros_(np.zeros(3)), TypeError, "ndarray"),
    ],
)
def test_initialisers_refuse(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_layers_without_elements_can_be_made():
    assert nn.Linear(0, 2)(np.ones((3, 0))).shape == (3, 2)
    assert nn.Linear(2, 0)(np.ones((3, 2))).shape == (3, 0)


# --- data -------------------------------------------------------------------------------------------------------------


def test_digits_are_split_by_the_rule_of_their_docstring():
    (x_train, y_train), (x_test, y_test) = nn.data.load_digits()
    assert x_train.shape == (1442, 1, 8, 8)
    assert x_test.shape == (355, 1, 8, 8)
    assert x_train.dtype == np.float32
    assert y_train.dtype == np.int64
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert_array_equal(np.bincount(y_train) + np.bincount(y_test), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    assert_array_equal(np.bincount(y_test), [35, 36, 35, 36, 36, 36, 36, 35, 34, 36])
    assert_array_equal(x_train[0, 0, 0] * 16, [0, 0, 5, 13, 9, 1, 0, 0])  # the first line of optdigits.tes
    assert y_train[:10].tolist() == list(range(10))


def test_loader_gives_every_example_once():
    data = nn.data.TensorDataset(np.arange(10), np.arange(10) * 2.0)
    batches = list(nn.data.DataLoader(data, 4))
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    assert all(isinstance(y, Tensor) and y.dtype == np.float64 for _, y in batches)
    loader = nn.data.DataLoader(data, 4, shuffle=True, generator=np.random.default_rng(0))
    assert len(loader) == 3
    first, second = (np.concatenate([x.data for x, _ in loader]) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(10))
    assert (first != second).any()
    assert (first != np.arange(10)).any()
    dropping = nn.data.DataLoader(data, 4, drop_last=True)
    assert len(dropping) == len(list(dropping)) == 2


def test_collate_stacks_every_kind():
    x, (y, z) = nn.data.default_collate([(1.0, (np.ones(2), np.float64(1))), (2.0, (np.zeros(2), np.float64(2)))])
    assert (x.dtype, y.shape, z.dtype) == (np.float32, (2, 2), np.float64)
    with pytest.raises(TypeError, match="str"):
        nn.data.default_collate(["a", "b"])
    with pytest.raises(ValueError, match="shape"):
        nn.data.default_collate([np.ones(2), np.ones(3)])


def test_data_refuses():
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        nn.data.TensorDataset(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="one or more"):
        nn.data.TensorDataset()
    with pytest.raises(ValueError, match="batch_size"):
        nn.data.DataLoader(nn.data.TensorDataset(np.ones(2)), 0)


def test_import_is_light():
    heavy = "{'matplotlib', 'tqdm', 'graphviz', 'pygraphviz', 'hypothesis', 'torch', 'sklearn', 'scipy'}"
    code = f"import sys, nn; print(sorted({heavy} & set(sys.modules)))"
    folder = os.path.dirname(os.path.dirname(nn.__file__))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stdout.strip() == "[]"
