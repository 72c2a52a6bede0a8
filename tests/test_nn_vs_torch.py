"""Layers, losses, initialisers and optimizers against PyTorch's."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

import autograd  # noqa: E402
import nn  # noqa: E402
from autograd import Tensor  # noqa: E402

RNG = np.random.default_rng(1)
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def both(name, *args, **options):
    """Return a layer of ours and PyTorch's, in float64 with the same parameters."""
    theirs = getattr(torch.nn, name)(*args, **options).double()
    ours = getattr(nn, name)(*args, **options).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


def compare(ours, theirs, x):
    """Hold outputs and the gradients of input and parameters against each other."""
    mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out, expected = ours(mine), theirs(other)
    assert_allclose(out.detach(), expected.detach(), **CLOSE)
    g = RNG.normal(size=out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    assert_allclose(mine.grad, other.grad, **CLOSE)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_allclose(p.grad, q.grad, **CLOSE)


LAYERS = [
    ("Linear", (3, 4), {}, (5, 3)),
    ("Linear", (3, 4), {"bias": False}, (2, 5, 3)),
    ("Linear", (3, 4), {}, (3,)),
    ("Conv2d", (2, 3, 3), {}, (2, 2, 6, 5)),
    ("Conv2d", (2, 4, (2, 3)), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"bias": False}, (2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": "valid"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, (3, 2)), {"padding": "same"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, (2, 4)), {"padding": "same", "dilation": (1, 3)}, (2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "reflect"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "replicate"}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, 3), {"padding": (2, 1), "padding_mode": "circular", "stride": 2}, (2, 6, 5)),
    ("Conv2d", (2, 3, (2, 3)), {"padding": "same", "padding_mode": "circular"}, (2, 2, 6, 5)),
    ("MaxPool2d", (2,), {}, (2, 3, 6, 5)),
    ("MaxPool2d", ((3, 2), (1, 2), 1), {"dilation": (1, 2)}, (2, 3, 7, 6)),
    ("MaxPool2d", (2,), {"ceil_mode": True}, (2, 3, 7, 5)),
    ("MaxPool2d", (3, 2, 1), {"ceil_mode": True}, (3, 6, 8)),
    ("MaxPool2d", (2, 3, 1), {"ceil_mode": True}, (2, 3, 5, 6)),
    ("AvgPool2d", (2,), {}, (2, 3, 6, 5)),
    ("AvgPool2d", ((3, 2), (1, 2), 1), {}, (3, 6, 5)),
    ("AvgPool2d", (3, 2, 1), {"count_include_pad": False}, (2, 3, 6, 5)),
    ("AvgPool2d", (3, 2, 1), {"ceil_mode": True}, (2, 3, 6, 8)),
    ("AvgPool2d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, (2, 3, 6, 8)),
    ("AvgPool2d", (2, 3, 1), {"ceil_mode": True}, (2, 3, 5, 6)),
    ("AvgPool2d", (2, 1, 1), {"divisor_override": 3}, (2, 3, 5, 6)),
    ("ReLU", (), {}, (3, 4)),
    ("Tanh", (), {}, (3, 4)),
    ("Sigmoid", (), {}, (3, 4)),
    ("Softmax", (1,), {}, (3, 4)),
    ("LogSoftmax", (-2,), {}, (3, 4)),
    ("Flatten", (), {}, (2, 3, 4)),
    ("Flatten", (0, 1), {}, (2, 3, 4)),
    ("Flatten", (0,), {}, ()),
    ("Dropout", (0.0,), {}, (3, 4)),
]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS)
def test_layers(name, args, options, shape):
    ours, theirs = both(name, *args, **options)
    compare(ours, theirs, RNG.normal(size=shape))
    assert repr(ours) == repr(theirs)


def networks():
    return [
        framework.Sequential(
            framework.Conv2d(1, 3, 3, padding=1), framework.ReLU(), framework.MaxPool2d(2), framework.Flatten(),
            framework.Sequential(framework.Dropout(0.3), framework.Linear(12, 4, bias=False)),
        )
        for framework in (nn, torch.nn)
    ]  # fmt: skip


def test_networks_have_the_same_names_printout_and_gradients():
    ours, theirs = networks()
    assert repr(ours) == repr(theirs)
    state = {name: value.numpy() for name, value in theirs.double().state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.double().eval().load_state_dict(state)
    compare(ours, theirs.eval(), RNG.normal(size=(2, 1, 4, 4)))


def test_state_goes_to_torch_and_back():
    ours, theirs = networks()
    theirs.load_state_dict({name: torch.tensor(value.data) for name, value in ours.state_dict().items()})
    copied = networks()[0]
    copied.load_state_dict(theirs.state_dict())  # PyTorch's tensors as they are
    for p, q in zip(ours.parameters(), copied.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=0)


# --- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("target", ["indices", "ignored", "probabilities"])
@pytest.mark.parametrize("shape", [(5, 4), (4,), (3, 4, 2, 3)])
def test_cross_entropy(reduction, weighted, smoothing, target, shape):
    examples = shape[:1] + shape[2:] if len(shape) > 1 else ()
    y = RNG.integers(0, 4, examples) if target != "probabilities" else RNG.dirichlet(np.ones(4), examples)
    if target == "probabilities" and len(shape) > 1:
        y = np.moveaxis(y, -1, 1)
    if target == "ignored":
        y = np.where(RNG.random(examples) < 0.5, 1, y) if examples else y
        y.flat[0] = 0  # of no example at all there is no mean
    weight = RNG.uniform(0.5, 2, 4) if weighted else None
    options = {"reduction": reduction, "label_smoothing": smoothing}
    if target == "ignored" and examples:
        options["ignore_index"] = 1
    ours = nn.CrossEntropyLoss(weight, **options)
    theirs = torch.nn.CrossEntropyLoss(None if weight is None else torch.tensor(weight), **options)
    compare(
        lambda_module(lambda x: ours(x, y)), lambda_module(lambda x: theirs(x, torch.tensor(y))), RNG.normal(size=shape)
    )
    assert list(ours.state_dict()) == list(theirs.state_dict())


class lambda_module:
    """A function that looks like a module without parameters."""

    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)

    def parameters(self):
        return []


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_mse_loss(reduction, weighted):
    y, weight = RNG.normal(size=(3, 4)), RNG.uniform(0.5, 2, (3, 4)) if weighted else None
    theirs_weight = None if weight is None else torch.tensor(weight)
    compare(
        lambda_module(lambda x: nn.functional.mse_loss(x, y, reduction=reduction, weight=weight)),
        lambda_module(
            lambda x: torch.nn.functional.mse_loss(x, torch.tensor(y), reduction=reduction, weight=theirs_weight)
        ),
        RNG.normal(size=(3, 4)),
    )


def test_one_hot():
    indices = RNG.integers(0, 5, (2, 3))
    expected = torch.nn.functional.one_hot(torch.tensor(indices), 6)
    assert nn.functional.one_hot(indices, 6).tolist() == expected.tolist()


# --- initial values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "args"), [("Linear", (50, 400)), ("Conv2d", (8, 200, (3, 5), 1, 0, 1, 2))])
def test_layers_start_with_the_same_distribution(name, args):
    torch.manual_seed(0)
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        mine, other = p.data.astype(np.float64), q.detach().numpy()
        assert mine.dtype == np.float64
        assert abs(mine.std() / other.std() - 1) < (0.02 if key == "weight" else 0.1)
        assert abs(np.abs(mine).max() / np.abs(other).max() - 1) < 0.02


@pytest.mark.parametrize("nonlinearity", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(nonlinearity):
    assert nn.init.calculate_gain(nonlinearity) == torch.nn.init.calculate_gain(nonlinearity)


@pytest.mark.parametrize("name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"])
def test_initialisers_have_the_same_spread(name):
    torch.manual_seed(0)
    ours, theirs = autograd.zeros((60, 20, 5, 3)), torch.zeros(60, 20, 5, 3)
    options = {"mode": "fan_out", "nonlinearity": "tanh"} if name.startswith("kaiming") else {"gain": 2.0}
    getattr(nn.init, name)(ours, **options)
    getattr(torch.nn.init, name)(theirs, **options)
    assert abs(ours.data.std() / float(theirs.std()) - 1) < 0.03
    assert abs(ours.data.mean()) < 0.03 * float(theirs.std())


# --- optimizers -------------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True, "amsgrad": True, "weight_decay": 0.1}),
]
MATRIX = RNG.normal(size=(4, 3))


def loss_of(p, q, matrix):
    return ((matrix @ p - 1) ** 2).sum() + (q * q * q * 0.1 - q).sum()


def steps(optimizer, parameters, matrix, count):
    """Take steps down a smooth loss; every third time the second parameter has no gradient."""
    for step in range(count):
        optimizer.zero_grad()
        loss_of(*parameters, matrix).backward()
        if step % 3 == 2:
            parameters[1].grad = None
        optimizer.step()


def start(name, options):
    values = [np.array([0.3, -0.2, 0.5]), np.array(0.7)]
    ours = [nn.Parameter(v.copy()) for v in values]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in values]
    return ours, theirs, getattr(nn.optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizers_take_the_same_25_steps(name, options):
    ours, theirs, optimizer, reference = start(name, options)
    steps(optimizer, ours, MATRIX, 25)
    steps(reference, theirs, torch.tensor(MATRIX), 25)
    for p, q in zip(ours, theirs, strict=True):
        assert_allclose(p.detach(), q.detach(), **CLOSE)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizer_states_have_the_same_layout_and_values(name, options):
    ours, theirs, optimizer, reference = start(name, options)
    steps(optimizer, ours, MATRIX, 5)
    steps(reference, theirs, torch.tensor(MATRIX), 5)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["state"].keys() == other["state"].keys()
    for number, values in mine["state"].items():
        assert list(values) == list(other["state"][number])
        for key, value in values.items():
            assert_allclose(value, other["state"][number][key], **CLOSE)
            assert str(value.dtype) == str(other["state"][number][key].dtype).removeprefix("torch.")
    for group, other_group in zip(mine["param_groups"], other["param_groups"], strict=True):
        assert group == {key: other_group[key] for key in group}


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizer_states_go_from_torch_to_ours(name, options):
    ours, theirs, _, reference = start(name, options)
    steps(reference, theirs, torch.tensor(MATRIX), 5)
    with autograd.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            p[...] = q.detach().numpy()
    optimizer = getattr(nn.optim, name)(ours)
    optimizer.load_state_dict(copy.deepcopy(reference.state_dict()))
    steps(optimizer, ours, MATRIX, 20)
    steps(reference, theirs, torch.tensor(MATRIX), 20)
    for p, q in zip(ours, theirs, strict=True):
        assert_allclose(p.detach(), q.detach(), **CLOSE)


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizer_states_go_from_ours_to_torch(name, options):
    ours, theirs, optimizer, _ = start(name, options)
    steps(optimizer, ours, MATRIX, 5)
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.tensor(p.data))
    state = optimizer.state_dict()
    state["state"] = {
        number: {key: torch.tensor(value.data) for key, value in values.items()}
        for number, values in state["state"].items()
    }
    reference = getattr(torch.optim, name)(theirs)
    reference.load_state_dict(state)
    steps(optimizer, ours, MATRIX, 20)
    steps(reference, theirs, torch.tensor(MATRIX), 20)
    for p, q in zip(ours, theirs, strict=True):
        assert_allclose(p.detach(), q.detach(), **CLOSE)


def test_optimizers_have_the_same_defaults():
    for name in ("SGD", "Adam"):
        _, _, optimizer, reference = start(name, {})
        group, other = optimizer.param_groups[0], reference.param_groups[0]
        assert {k: v for k, v in group.items() if k != "params"} == {k: other[k] for k in group if k != "params"}
