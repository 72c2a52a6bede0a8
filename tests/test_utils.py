"""Clipping of gradients, parameters as vectors, and parametrizations, against PyTorch's."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

import autograd  # noqa: E402
import nn  # noqa: E402
from autograd import Tensor  # noqa: E402
from nn.utils import parametrizations, parametrize  # noqa: E402

theirs_parametrizations = torch.nn.utils.parametrizations

RNG = np.random.default_rng(5)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


# --- clipping ---------------------------------------------------------------------------------------------------------


def with_gradients(scale):
    """Return parameters of ours and PyTorch's with the same gradients; one has none."""
    gradients = [RNG.normal(size=shape) * scale for shape in ((3, 4), (5,), ())]
    ours = [nn.Parameter(np.zeros(g.shape)) for g in gradients] + [nn.Parameter(np.zeros(2))]
    theirs = [torch.nn.Parameter(torch.zeros(p.shape, dtype=torch.float64)) for p in ours]
    for p, q, g in zip(ours, theirs, gradients, strict=False):
        p.grad, q.grad = Tensor(g.copy()), torch.tensor(g)
    return ours, theirs


@pytest.mark.parametrize("scale", [0.01, 10.0])
@pytest.mark.parametrize("order", [2.0, 1, 3.0, float("inf"), 0.5])
def test_clip_grad_norm(scale, order):
    ours, theirs = with_gradients(scale)
    memory = ours[0].grad.data
    total = nn.utils.clip_grad_norm_(iter(ours), 1.5, norm_type=order)
    assert_allclose(total.item(), torch.nn.utils.clip_grad_norm_(theirs, 1.5, norm_type=order), **CLOSE)
    for p, q in zip(ours[:-1], theirs, strict=False):
        assert_allclose(p.grad, q.grad, **CLOSE)
    assert ours[0].grad.data is memory
    assert ours[-1].grad is None


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
@pytest.mark.parametrize("limit", [-1.0, np.nan])
def test_limits_that_are_none(clip, limit):
    p = nn.Parameter(np.ones(2))
    p.grad = np.ones(2)
    with pytest.raises(ValueError, match="must be at least 0"):
        clip(p, limit)
    assert p.grad.tolist() == [1, 1]


def test_clip_grad_value():
    ours, theirs = with_gradients(3.0)
    nn.utils.clip_grad_value_(ours, 0.7)
    torch.nn.utils.clip_grad_value_(theirs, 0.7)
    for p, q in zip(ours[:-1], theirs, strict=False):
        assert_array_equal(p.grad, q.grad)


def test_clipping_one_tensor_or_none():
    p = nn.Parameter([3.0, 4.0])
    p.grad = Tensor([3.0, 4.0])
    assert nn.utils.clip_grad_norm_(p, 5.0).item() == 5
    nn.utils.clip_grad_value_(p, 1.0)
    assert p.grad.tolist() == [1, 1]
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0
    assert nn.utils.get_total_norm([]).item() == 0
    assert nn.utils.clip_grad_norm_(p, 1.0).dtype == np.float32


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_norms_that_are_not_finite(bad):
    p = nn.Parameter([1.0, 2.0])
    p.grad = Tensor([bad, 1.0])
    with pytest.raises(RuntimeError, match="error_if_nonfinite"):
        nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.data[1] == 1
    q = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    q.grad = torch.tensor([bad, 1.0])
    nn.utils.clip_grad_norm_(p, 1.0)
    torch.nn.utils.clip_grad_norm_(q, 1.0)
    assert_array_equal(p.grad, q.grad)


# --- vectors ----------------------------------------------------------------------------------------------------------


def test_parameters_go_to_a_vector_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    (vector * np.arange(11, dtype=np.float32)).sum().backward()
    assert net[1].bias.grad.tolist() == [10]
    twin = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    nn.utils.vector_to_parameters(vector.detach(), twin.parameters())
    for p, q in zip(net.parameters(), twin.parameters(), strict=True):
        assert_array_equal(p.detach(), q.detach())
    assert isinstance(twin[0].weight, nn.Parameter)
    with pytest.raises(ValueError, match=r"11 elements.*not \(12,\)"):
        nn.utils.vector_to_parameters(Tensor(np.zeros(12)), twin.parameters())
    with pytest.raises(TypeError, match="list"):
        nn.utils.vector_to_parameters([1.0], twin.parameters())


# --- parametrizations against PyTorch's -------------------------------------------------------------------------------


def compare(ours, theirs, x, calls=2):
    """Hold outputs, gradients and state of two modules against each other, over several calls."""
    for _ in range(calls):
        mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        out, expected = ours(mine), theirs(other)
        assert_allclose(out.detach(), expected.detach(), **CLOSE)
        g = np.random.default_rng(0).normal(size=out.shape)
        out.backward(g)
        expected.backward(torch.tensor(g))
        assert_allclose(mine.grad, other.grad, **CLOSE)
    state, others = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(others)
    for name, value in others.items():
        assert_allclose(state[name], value.numpy(), **CLOSE)
    gradients = {name: p.grad for name, p in theirs.named_parameters()}
    assert [name for name, _ in ours.named_parameters()] == list(gradients)
    for name, p in ours.named_parameters():
        assert_allclose(p.grad, gradients[name], **CLOSE)


def both(make, parametrized):
    """Return a parametrized module of ours and PyTorch's, with the same state in float64."""
    ours, theirs = make(nn).double(), make(torch.nn).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    ours = parametrized(parametrizations, ours)
    theirs = parametrized(theirs_parametrizations, theirs)
    return ours, theirs


MADE = [
    (lambda f: f.Linear(4, 3), (5, 4)),
    (lambda f: f.Conv2d(2, 3, 2), (2, 2, 4, 3)),
]


@pytest.mark.parametrize(("make", "shape"), MADE)
@pytest.mark.parametrize("dim", [0, 1, None, -1])
def test_weight_norm(make, shape, dim):
    ours, theirs = both(make, lambda package, layer: package.weight_norm(layer, dim=dim))
    compare(ours, theirs, RNG.normal(size=shape))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(("make", "shape"), MADE)
@pytest.mark.parametrize("dim", [None, 1])
@pytest.mark.parametrize("training", [True, False])
def test_spectral_norm(make, shape, dim, training):
    ours, theirs = both(make, lambda package, layer: package.spectral_norm(layer, n_power_iterations=2, dim=dim))
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    compare(ours.train(training), theirs.train(training), RNG.normal(size=shape))
    assert repr(ours) == repr(theirs)


def test_spectral_norm_of_a_vector():
    ours, theirs = both(lambda f: f.Linear(4, 3), lambda package, layer: package.spectral_norm(layer, "bias"))
    compare(ours, theirs, RNG.normal(size=(2, 4)))


@pytest.mark.parametrize("mapping", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (3, 5)])
@pytest.mark.parametrize("trivialized", [True, False])
def test_orthogonal(mapping, sizes, trivialized):
    def parametrized(package, layer):
        return package.orthogonal(layer, orthogonal_map=mapping, use_trivialization=trivialized)

    ours, theirs = both(lambda f: f.Linear(*sizes), parametrized)
    weight = ours.weight.detach().numpy()
    small = weight @ weight.T if weight.shape[0] < weight.shape[1] else weight.T @ weight
    assert_allclose(small, np.eye(len(small)), atol=1e-12)
    with torch.no_grad():
        theirs.parametrizations.weight.original.add_(torch.tensor(RNG.normal(size=sizes[::-1]) * 0.1))
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    compare(ours, theirs, RNG.normal(size=(2, sizes[0])))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_orthogonal_keeps_what_is_orthogonal(shape):
    for options in ({}, {"orthogonal_map": "householder", "use_trivialization": False}):
        layer = nn.Linear(*shape[::-1]).double()
        q = np.linalg.qr(RNG.normal(size=(max(shape), min(shape))))[0]
        q = q if shape[0] >= shape[1] else q.T
        with autograd.no_grad():
            layer.weight[...] = q
        parametrizations.orthogonal(layer, **options)
        assert_allclose(layer.weight.detach(), q, atol=1e-12)


# --- the mechanism ----------------------------------------------------------------------------------------------------


class Symmetric(nn.Module):
    def forward(self, x):
        return np.triu(x) + np.swapaxes(np.triu(x, 1), -1, -2)

    def right_inverse(self, x):
        return np.triu(x)


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2

    def right_inverse(self, x):
        return x / 2


class Opaque(nn.Module):
    def forward(self, x):
        return x * 3


def test_the_parameter_stays_the_one_that_the_optimizer_has():
    layer = nn.Linear(3, 3)
    weight, value = layer.weight, layer.weight.data.copy()
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert layer.parametrizations.weight.original is weight
    assert_array_equal(layer.weight.detach(), value)
    layer(np.ones((1, 3))).sum().backward()
    assert weight.grad is not None
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight is weight
    assert_array_equal(layer.weight.detach(), value)
    assert type(layer) is nn.Linear
    assert repr(layer) == "Linear(in_features=3, out_features=3, bias=True)"
    assert not hasattr(layer, "parametrizations")


def test_parametrizations_follow_each_other_and_can_be_written_through():
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert len(layer.parametrizations.weight) == 2
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    wanted = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]], np.float32)
    layer.weight = Tensor(wanted)
    assert_array_equal(layer.weight.detach(), wanted)
    assert_array_equal(layer.parametrizations.weight.original.detach(), np.triu(wanted) / 2)
    parametrize.register_parametrization(layer, "weight", Opaque())
    with pytest.raises(RuntimeError, match="Opaque does not implement right_inverse"):
        layer.weight = Tensor(wanted)
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert_array_equal(layer.weight.detach(), np.triu(wanted) / 2)


def test_two_tensors_and_a_buffer():
    layer = nn.BatchNorm1d(3)
    for name in ("weight", "bias", "running_var"):
        parametrize.register_parametrization(layer, name, Doubled())
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "running_var")
    assert not parametrize.is_parametrized(layer, "running_mean")
    assert "parametrizations.running_var.original" in layer.state_dict()
    assert [name for name, _ in layer.named_buffers()][-1] == "parametrizations.running_var.original"
    assert parametrize.type_before_parametrizations(layer) is nn.BatchNorm1d
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer).__name__ == "ParametrizedBatchNorm1d"
    assert isinstance(layer.weight, nn.Parameter)
    parametrize.remove_parametrizations(layer, "bias")
    parametrize.remove_parametrizations(layer, "running_var")
    assert type(layer) is nn.BatchNorm1d
    assert "running_var" in dict(layer.named_buffers())
    assert sorted(layer.state_dict()) == sorted(nn.BatchNorm1d(3).state_dict())


def test_a_copy_has_parametrizations_of_its_own():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    twin = copy.deepcopy(layer)
    parametrize.remove_parametrizations(twin, "weight")
    with autograd.no_grad():
        layer.parametrizations.weight.original0 *= 2
    assert_allclose(layer.weight.detach(), 2 * twin.weight.detach(), rtol=1e-6)
    with pytest.raises(ValueError, match="leave_parametrized must be True"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    restored = copy.deepcopy(layer)
    restored.load_state_dict(layer.state_dict())
    assert_array_equal(restored.weight.detach(), layer.weight.detach())


def test_cached_computes_once():
    calls = []

    class Counted(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x + 0

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counted(), unsafe=True)
    with parametrize.cached():
        layer.weight  # noqa: B018
        layer(np.ones((1, 2)))
        with parametrize.cached():
            layer(np.ones((1, 2)))
        layer(np.ones((1, 2)))
    assert len(calls) == 1
    layer(np.ones((1, 2)))
    assert len(calls) > 1


def test_training_mode_and_dtype_reach_parametrizations():
    layer = parametrizations.spectral_norm(nn.Linear(3, 2).eval())
    assert not layer.parametrizations.weight[0].training
    before = layer.parametrizations.weight[0]._u.data.copy()
    layer(np.ones((1, 3)))
    assert_array_equal(layer.parametrizations.weight[0]._u.data, before)
    layer.train().double()
    assert layer(np.ones((1, 3))).dtype == layer.weight.dtype == np.float64


def test_spectral_norm_of_transposed_convolutions_and_generators():
    class ConvTranspose2d(nn.Conv2d):
        pass

    layer = parametrizations.spectral_norm(ConvTranspose2d(2, 3, 2))
    assert layer.parametrizations.weight[0]._u.shape == (2,)
    one, other = (
        parametrizations.spectral_norm(nn.Linear(3, 2, generator=g), generator=g).weight.tolist()
        for g in (np.random.default_rng(1), np.random.default_rng(1))
    )
    assert one == other


def test_first_parametrization_may_change_the_shape_of_the_original():
    class Expanded(nn.Module):
        def forward(self, x):
            return np.broadcast_to(x, (2, 3))

        def right_inverse(self, x):
            return x[:1]

    layer = parametrize.register_parametrization(nn.Linear(3, 2), "weight", Expanded())
    assert layer.parametrizations.weight.original.shape == (1, 3)
    layer(np.ones((1, 3))).sum().backward()
    assert layer.parametrizations.weight.original.grad.tolist() == [[2, 2, 2]]


class Wrong(nn.Module):
    def __init__(self, function):
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: parametrize.register_parametrization(nn.ReLU(), "weight", Doubled()), ValueError, "no parameter"),
        (lambda: parametrize.remove_parametrizations(nn.Linear(1, 1), "weight"), ValueError, "no parametrization"),
        (lambda: parametrizations.weight_norm(nn.ReLU()), ValueError, "ReLU has no parameter or buffer 'weight'"),
        (lambda: parametrizations.orthogonal(nn.Linear(2, 2), "bias"), ValueError, r"matrix.*\(2,\)"),
        (lambda: parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="qr"), ValueError, "'qr'"),
        (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), ValueError, "not 0"),
        (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), dim=2), IndexError, "dim=2"),
        (lambda: parametrize.ParametrizationList([], nn.Parameter([1.0])), ValueError, "at least one"),
    ],
)
def test_refusals(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x[:1], r"shape \(2, 2\) to \(1, 2\)"),
        (lambda x: x.astype(np.float64), "dtype float32 to float64"),
        (lambda x: [x], "not list"),
    ],
)
def test_wrong_parametrizations_are_refused_and_leave_the_module_as_it_was(function, text, several):
    layer = nn.Linear(2, 2)
    if several:
        parametrize.register_parametrization(layer, "weight", Doubled())
    before = list(layer.state_dict())
    with pytest.raises(ValueError, match=text):
        parametrize.register_parametrization(layer, "weight", Wrong(function))
    assert list(layer.state_dict()) == before
    layer(np.ones((1, 2)))
