"""Normalization, dropout, noise, bilinear maps and distances: against PyTorch's databases of samples, and by hand."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracle_modules import (
    FUNCTIONS,
    MODULES,
    check_function,
    check_function_errors,
    check_module,
    check_module_errors,
    torch,
)

import autograd
import nn
from autograd import Tensor, gradcheck, gradgradcheck

F = nn.functional
RNG = np.random.default_rng(7)

# --- PyTorch's samples ------------------------------------------------------------------------------------------------

LAYERS = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Bilinear", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
    "InstanceNorm3d", "LayerNorm", "Linear", "LocalResponseNorm", "RMSNorm",
]  # fmt: skip
SAMPLED = [
    "batch_norm", "bilinear", "cosine_similarity", "group_norm", "instance_norm", "layer_norm", "linear",
    "local_response_norm", "normalize", "pairwise_distance", "pdist", "rms_norm",
]  # fmt: skip
RANDOM = ["alpha_dropout", "dropout", "dropout2d", "dropout3d", "feature_alpha_dropout"]


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    check_module(name)


@pytest.mark.parametrize("name", [n for n in LAYERS if MODULES[n].module_error_inputs_func])
def test_layers_refuse_what_pytorch_refuses(name):
    check_module_errors(name)


@pytest.mark.parametrize("name", SAMPLED)
def test_functions(name):
    check_function(name)


@pytest.mark.parametrize("name", ["group_norm", "rms_norm"])
def test_functions_refuse_what_pytorch_refuses(name):
    check_function_errors(name)


def torch_mask(p, shape, generator):
    """Decide as PyTorch's dropout does after the seed that its samples are called with."""
    torch.manual_seed(42)
    return torch.empty(tuple(shape), dtype=torch.bool).bernoulli_(1 - p).numpy()


@pytest.mark.parametrize(("name", "variant"), [key for key in FUNCTIONS if key[0] in RANDOM])
def test_random_functions(name, variant, monkeypatch):
    monkeypatch.setattr(autograd, "random_mask", torch_mask)
    check_function(name, variant, ours=getattr(F, name))


REPRS = [
    ("BatchNorm1d", (3,), {}), ("BatchNorm2d", (3, 1e-3, None), {"bias": False}),
    ("BatchNorm3d", (3,), {"affine": False}),
    ("InstanceNorm1d", (3,), {}), ("InstanceNorm2d", (3,), {"affine": True, "track_running_stats": True}),
    ("InstanceNorm3d", (3,), {}), ("LayerNorm", (3,), {}), ("LayerNorm", ((2, 3), 0.1), {"bias": False}),
    ("GroupNorm", (2, 4), {}), ("RMSNorm", (4,), {}), ("LocalResponseNorm", (3,), {}),
    ("Dropout", (0.1,), {}), ("Dropout1d", (), {}), ("Dropout2d", (0.2, True), {}), ("Dropout3d", (), {}),
    ("AlphaDropout", (), {}), ("FeatureAlphaDropout", (), {}), ("Identity", (3,), {"a": 1}),
    ("Bilinear", (2, 3, 4), {"bias": False}), ("Unflatten", (1, (2, -1)), {}), ("CosineSimilarity", (), {}),
    ("PairwiseDistance", (), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), REPRS)
def test_printout_and_state_are_pytorchs(name, args, options):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for key, value in ours.state_dict().items():
        assert value.shape == state[key].shape
        assert str(value.dtype) == str(state[key].dtype).removeprefix("torch.")
        if "weight" not in key or name != "Bilinear":
            assert_array_equal(value, state[key])


# --- running statistics -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.1, 1.0, None])
@pytest.mark.parametrize("name", ["BatchNorm2d", "InstanceNorm2d"])
def test_running_statistics_over_several_batches(name, momentum):
    ours = getattr(nn, name)(3, momentum=momentum, track_running_stats=True).double()
    theirs = getattr(torch.nn, name)(3, momentum=momentum, track_running_stats=True).double()
    memory = ours.running_mean.data
    for _ in range(3):
        x = RNG.normal(size=(4, 3, 5, 2)) * [[[2.0]], [[3.0]], [[0.1]]] + 5
        assert_allclose(ours(x).detach(), theirs(torch.tensor(x)).detach(), rtol=1e-9, atol=1e-9)
    for (key, value), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert_allclose(value, other, rtol=1e-12, err_msg=key)
    assert ours.running_mean.data is memory
    x = RNG.normal(size=(2, 3, 5, 2))
    assert_allclose(ours.eval()(x).detach(), theirs.eval()(torch.tensor(x)).detach(), rtol=1e-9, atol=1e-9)
    ours.reset_parameters()
    assert ours.running_var.tolist() == [1, 1, 1]
    assert ours.running_mean.tolist() == [0, 0, 0]
    assert ours.num_batches_tracked.item() == 0


def test_statistics_that_are_given_are_updated_in_place_and_not_in_use():
    mean, variance = autograd.zeros(2), autograd.ones(2)
    x = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    F.batch_norm(x, mean, variance, training=True, momentum=0.5)
    assert_allclose(mean.data, [1, 2])
    assert_allclose(variance.data, [1.5, 4.5])
    F.batch_norm(x, mean, variance)
    F.instance_norm(x[None].transpose(0, 2, 1), mean, variance, use_input_stats=False)
    assert_allclose(mean.data, [1, 2])
    with pytest.raises(TypeError, match="written to, not ndarray"):
        F.batch_norm(x, np.zeros(2), variance, training=True)


def test_training_after_evaluation_does_not_disturb_its_graph():
    layer = nn.BatchNorm1d(2)
    x = Tensor(RNG.normal(size=(4, 2)), requires_grad=True)
    loss = (layer.eval()(x) ** 2).sum()
    layer.train()(x)
    loss.backward()
    assert layer.weight.grad is not None


def test_means_far_from_zero_lose_no_digits():
    x = (RNG.normal(size=(64, 3)) + 1e4).astype(np.float32)
    y = F.batch_norm(x, None, None, training=True).numpy()
    assert_allclose(y, (x - x.mean(0, np.float64)) / np.sqrt(x.var(0, dtype=np.float64) + 1e-5), atol=2e-3)
    z = F.layer_norm(x.T.copy(), (64,)).numpy()
    assert_allclose(z, y.T, atol=2e-3)


def test_half_precision_does_not_overflow():
    x = (RNG.normal(size=(4, 8)) * 1000).astype(np.float16)
    y = F.layer_norm(x, (8,))
    assert y.dtype == np.float16
    assert_allclose(y.numpy(), F.layer_norm(x.astype(np.float64), (8,)).numpy(), atol=5e-3)
    assert F.rms_norm(x, (8,)).dtype == np.float16


def test_batch_norm_of_nothing_leaves_the_statistics():
    layer = nn.BatchNorm1d(3)
    out = layer(np.zeros((0, 3)))
    out.sum().backward()
    assert out.shape == (0, 3)
    assert layer.running_var.tolist() == [1, 1, 1]
    assert layer.weight.grad.tolist() == [0, 0, 0]


# --- derivatives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), (4, 3)),
        (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), (2, 3, 4)),
        (lambda x, w, b: F.batch_norm(x, Tensor(np.ones(3)), Tensor(np.full(3, 2.0)), w, b), (2, 3, 2)),
        (lambda x, w, b: F.layer_norm(x, (3,), w, b), (4, 3)),
        (lambda x, w, b: F.rms_norm(x, (3,), w) + b, (4, 3)),
        (lambda x, w, b: F.group_norm(x, 1, w, b), (2, 3, 2)),
        (lambda x, w, b: F.instance_norm(x, None, None, w, b), (2, 3, 4)),
        (lambda x, w, b: F.local_response_norm(x, 2, 0.5) * (w + b)[:, None], (2, 3, 2)),
        (lambda x, w, b: F.normalize(x) * w + b, (2, 3)),
    ],
)
def test_first_and_second_derivatives(f, shape):
    inputs = (RNG.normal(size=shape), RNG.uniform(0.5, 2, 3), RNG.normal(size=3))
    assert gradcheck(f, inputs)
    assert gradgradcheck(f, inputs)


def test_standardize_has_gradients_through_mean_and_variance():
    x = RNG.normal(size=(3, 4))
    y, mean, variance = autograd.standardize(Tensor(x), (1,), 0.1)
    assert_allclose(mean.data[:, 0], x.mean(1))
    assert_allclose(variance.data[:, 0], x.var(1))
    assert_allclose(y.data, (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 0.1))
    for i in (1, 2):
        assert gradcheck(lambda x, i=i: autograd.standardize(x, (0, 1), 0.1)[i], (x,))
        assert gradcheck(lambda x, i=i: autograd.standardize(x, (0,), 0.1, False)[i], (x,))


def test_standardize_refuses_complex_numbers():
    with pytest.raises(TypeError, match=r"real numbers, not complex64; standardize x\.real and x\.imag"):
        autograd.standardize(Tensor(np.ones((2, 3), np.complex64)), (1,))


# --- dropout and noise ------------------------------------------------------------------------------------------------


def test_noise_shape():
    x = autograd.ones((50, 20, 3))
    rows = F.dropout(x, noise_shape=(None, 1, 1)).numpy()
    assert (rows == rows[:, :1, :1]).all()
    assert set(rows[:, 0, 0]) == {0, 2}
    columns = nn.Dropout(0.5, noise_shape=(1, 20, None))(x).numpy()
    assert (columns == columns[:1]).all()
    assert columns[0].std() > 0
    assert repr(nn.Dropout(0.5, noise_shape=(1, None))) == "Dropout(p=0.5, inplace=False, noise_shape=(1, None))"
    with pytest.raises(ValueError, match=r"noise_shape=\(50, 1\).*\(50, 20, 3\)"):
        F.dropout(x, noise_shape=(50, 1))


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (nn.Dropout1d(0.5), (40, 9, 7), (2,)), (nn.Dropout1d(0.5), (40, 7), (1,)),
        (nn.Dropout2d(0.5), (40, 9, 3, 2), (2, 3)), (nn.Dropout2d(0.5), (40, 9, 3), (2,)),
        (nn.Dropout3d(0.5), (40, 9, 3, 2, 2), (2, 3, 4)), (nn.Dropout3d(0.5), (40, 3, 2, 2), (1, 2, 3)),
    ],
)  # fmt: skip
def test_whole_channels_are_left_out(layer, shape, axes):
    out = layer(np.ones(shape)).numpy()
    assert (out.max(axes) == out.min(axes)).all()
    assert set(out.ravel()) == {0, 2}
    assert 0.2 < out.max(axes).mean() / 2 < 0.8
    assert_array_equal(layer.eval()(np.ones(shape)), np.ones(shape))
    layer.train()


@pytest.mark.parametrize("layer", [nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3)])
def test_alpha_dropout_keeps_mean_and_variance(layer):
    x = Tensor(RNG.normal(size=(300, 300)), requires_grad=True)
    out = layer(x)
    assert abs(out.detach().numpy().mean()) < 0.02
    assert abs(out.detach().numpy().var() - 1) < 0.03
    out.sum().backward()
    assert (x.grad.data == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert layer.eval()(x) is x
    layer.train()


def test_stochastic_depth_and_noise():
    x = np.ones((200, 3, 2))
    rows = nn.StochasticDepth(0.25, "row")(x).numpy()
    assert (rows == rows[:, :1, :1]).all()
    assert set(rows.ravel()) == {0, 1 / 0.75}
    whole = [F.stochastic_depth(x, 0.5, "batch").numpy() for _ in range(20)]
    assert all(out.min() == out.max() for out in whole)
    assert {out.max() for out in whole} == {0, 2}
    assert repr(nn.StochasticDepth(0.2, "row")) == "StochasticDepth(p=0.2, mode=row)"
    layer = nn.GaussianNoise(0.5)
    noise = layer(np.zeros((200, 100), np.float32))
    assert noise.dtype == np.float32
    assert abs(noise.numpy().std() - 0.5) < 0.01
    assert layer.eval()(np.zeros(2)).tolist() == [0, 0]
    assert repr(layer) == "GaussianNoise(std=0.5)"


@pytest.mark.parametrize(
    "make",
    [
        nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.GaussianNoise,
        lambda **options: nn.StochasticDepth(0.5, "row", **options),
    ],
)  # fmt: skip
def test_generators_decide(make):
    x = RNG.normal(size=(9, 5, 2))
    one, same, other = (make(generator=np.random.default_rng(s))(x).numpy() for s in (1, 1, 2))
    assert_array_equal(one, same)
    assert (one != other).any()
    first, second = (lambda layer: (layer(x).numpy(), layer(x).numpy()))(make())
    assert (first != second).any()


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_unflatten():
    x = RNG.normal(size=(2, 12, 3))
    for dim, sizes in ((1, (3, 4)), (-2, [2, -1]), (1, (12, 1)), (0, (2,))):
        theirs = torch.nn.Unflatten(dim, sizes)(torch.tensor(x))
        assert_array_equal(nn.Unflatten(dim, sizes)(x), theirs)
    assert nn.Unflatten(1, (0, 3))(np.ones((2, 0))).shape == (2, 0, 3)


def test_identity_passes_everything_on():
    x = Tensor([1, 2])
    assert nn.Identity()(x) is x
    assert isinstance(nn.Identity()(np.ones(2)), Tensor)


@pytest.mark.parametrize("name", ["CosineSimilarity", "PairwiseDistance"])
def test_distances(name):
    x, y = RNG.normal(size=(2, 5, 3))
    ours, theirs = getattr(nn, name)()(x, y), getattr(torch.nn, name)()(torch.tensor(x), torch.tensor(y))
    assert_allclose(ours, theirs, rtol=1e-12)


def test_bilinear_starts_as_pytorchs():
    layer = nn.Bilinear(400, 30, 20, generator=np.random.default_rng(0))
    assert np.abs(layer.weight.data).max() == pytest.approx(1 / 20, rel=1e-3)
    assert layer.weight.data.std() == pytest.approx(1 / 20 / np.sqrt(3), rel=1e-2)
    assert np.abs(layer.bias.data).max() <= 1 / 20
    assert copy.deepcopy(layer)(np.ones((2, 3, 400)), np.ones((2, 3, 30))).shape == (2, 3, 20)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.BatchNorm1d(3.0), TypeError, "num_features"),
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 4))), ValueError, r"3 channels in axis 1.*\(2, 4\)"),
        (lambda: nn.BatchNorm2d(3)(np.ones((2, 3))), ValueError, "inputs of 4 axes"),
        (lambda: nn.BatchNorm1d(3)(np.ones((1, 3))), ValueError, "more than one value"),
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 3), int)), TypeError, "BatchNorm1d takes floating input, not int64"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None), ValueError, "needs running_mean"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None, np.ones(2), training=True), ValueError, r"weight.*\(3,\)"),
        (lambda: F.batch_norm(np.float64(1), None, None, training=True), ValueError, "single number"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((2, 3, 1))), ValueError, "more than one value"),
        (lambda: nn.InstanceNorm2d(3)(np.ones((2, 3, 4, 4, 4))), ValueError, "inputs of 3 or 4 axes"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((4, 9))), ValueError, r"3 channels in axis 0.*\(4, 9\)"),
        (lambda: F.instance_norm(np.ones((2, 3))), ValueError, r"\(N, C, \.\.\.\)"),
        (lambda: F.instance_norm(np.ones((2, 3, 2)), use_input_stats=False), ValueError, "running_mean"),
        (lambda: F.instance_norm(np.ones((2, 3, 2)), eps=0), ValueError, "eps must be positive"),
        (lambda: nn.LayerNorm((3, 2))(np.ones((2, 3))), ValueError, r"normalized_shape=\(3, 2\).*\(2, 3\)"),
        (lambda: nn.LayerNorm(3, -1.0), ValueError, "eps must be at least 0"),
        (lambda: nn.LayerNorm(-3), ValueError, "normalized_shape must be at least 0, not -3"),
        (lambda: nn.RMSNorm(3)(np.ones((2, 4))), ValueError, r"normalized_shape=\(3,\)"),
        (lambda: F.layer_norm(np.ones((2, 3)), (3,), None, np.ones(2)), ValueError, "bias must have"),
        (lambda: nn.GroupNorm(3, 4), ValueError, "num_groups=3 must divide num_channels=4"),
        (lambda: nn.GroupNorm(2, 4)(np.ones((2, 6))), ValueError, r"C = 4 channels, not shape \(2, 6\)"),
        (lambda: nn.LocalResponseNorm(0), ValueError, "size must be at least 1"),
        (lambda: F.local_response_norm(np.ones((1, 2, 3)), 0), ValueError, "size must be at least 1"),
        (lambda: F.local_response_norm(np.ones((2, 3)), 1), ValueError, r"\(2, 3\)"),
        (lambda: nn.Dropout2d(-0.1), ValueError, "between 0 and 1, not -0.1"),
        (lambda: F.dropout1d(np.ones(3)), ValueError, "inputs of 2 or 3 axes"),
        (lambda: F.alpha_dropout(np.ones(3), 2.0), ValueError, "between 0 and 1"),
        (lambda: F.feature_alpha_dropout(np.ones(3), training=True), ValueError, r"\(N, C, \.\.\.\)"),
        (lambda: nn.GaussianNoise(-1.0), ValueError, "at least 0, not -1.0"),
        (lambda: nn.StochasticDepth(0.5, "column"), ValueError, "'batch' or 'row', not 'column'"),
        (lambda: nn.StochasticDepth(1.5, "row"), ValueError, "between 0 and 1"),
        (lambda: nn.Unflatten(1, (5, 5))(np.ones((2, 12))), ValueError, r"\(2, 12\) into \(5, 5\)"),
        (lambda: nn.Unflatten(1, (-1, -1))(np.ones((2, 12))), ValueError, "into"),
        (lambda: nn.Unflatten(2, (3, 4))(np.ones((2, 12))), IndexError, "axis 2"),
        (lambda: nn.Unflatten("C", (3, 4)), TypeError, "dim takes integers"),
        (lambda: nn.Unflatten(1, 12), TypeError, "tuple of integers, not 12"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be at least 1"),
        (lambda: nn.Bilinear(2, 3, 1)(np.ones((4, 2)), np.ones((4, 2))), ValueError, r"\(1, 2, 3\)"),
        (lambda: nn.Bilinear(2, 3, 1)(np.ones((4, 2)), np.ones((5, 3))), ValueError, "same first axes"),
        (lambda: F.pdist(np.ones(3)), ValueError, r"\(N, D\)"),
        (lambda: F.pdist(np.ones((3, 2)), -1), ValueError, "at least 0"),
    ],
)
def test_refusals(make, error, text):
    with pytest.raises(error, match=text):
        make()
