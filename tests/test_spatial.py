"""Layers over signals, images and volumes: convolution, pooling, padding, resampling, and the old networks' layers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

import oracle_modules as oracle  # noqa: E402

import autograd  # noqa: E402
import nn  # noqa: E402
from autograd import Tensor, gradcheck, gradgradcheck  # noqa: E402
from nn import classic, shapes  # noqa: E402
from nn import functional as F  # noqa: E402

RNG = np.random.default_rng(5)

# --- PyTorch's databases ----------------------------------------------------------------------------------------------

KINDS = (
    "AdaptiveAvgPool", "AdaptiveMaxPool", "AvgPool", "CircularPad", "ConstantPad", "Conv", "ConvTranspose", "LPPool",
    "MaxPool", "ReflectionPad", "ReplicationPad", "ZeroPad",
)  # fmt: skip
MODULES = [f"{kind}{axes}d" for kind in KINDS for axes in (1, 2, 3)]
STARTS = ("adaptive_", "avg_", "channel_shuffle", "conv", "interpolate", "max_", "pad", "pixel_", "unfold")
FUNCTIONS = [key for key in oracle.FUNCTIONS if key[0].startswith(STARTS)]
# Of several values for one place the last counts; PyTorch's gradient is that of as many places.
UNPOOL = [(f"max_unpool{axes}d", "") for axes in (1, 2, 3)]


# One of so many samples, in turns, so that each one runs in some dtype and mode.
@pytest.mark.parametrize("thin", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", MODULES)
def test_modules_agree_with_torch(name, thin):
    oracle.check_module(name, thin=thin)


@pytest.mark.parametrize("name", [name for name in MODULES if oracle.MODULES[name].module_error_inputs_func])
def test_modules_refuse_what_torch_refuses(name):
    oracle.check_module_errors(name)


@pytest.mark.parametrize(("name", "variant"), FUNCTIONS)
def test_functions_agree_with_torch(name, variant):
    oracle.check_function(name, variant, limit=4, gradients=(name, variant) not in UNPOOL)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant"), FUNCTIONS)
def test_functions_agree_with_torch_on_all_samples(name, variant):
    oracle.check_function(name, variant, gradients=(name, variant) not in UNPOOL)


@pytest.mark.parametrize(("name", "variant"), [key for key in FUNCTIONS if oracle.FUNCTIONS[key].error_inputs_func])
def test_functions_refuse_what_torch_refuses(name, variant):
    oracle.check_function_errors(name, variant)


# --- what the databases leave out -------------------------------------------------------------------------------------

LAYERS = [
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 2, "dilation": 2, "groups": 2}, (2, 4, 9)),
    ("Conv1d", (4, 6, 4), {"padding": "same", "padding_mode": "reflect"}, (2, 4, 9)),
    ("Conv1d", (4, 6, 4), {"padding": "same"}, (2, 4, 9)),
    ("Conv3d", (2, 4, (1, 2, 3)), {"stride": (1, 2, 1), "padding": (0, 1, 2), "dilation": (1, 1, 2)}, (2, 2, 3, 4, 6)),
    ("Conv3d", (2, 2, 3), {"padding": (1, 0, 2), "padding_mode": "circular", "bias": False}, (2, 2, 3, 4, 3)),
    ("Conv3d", (2, 2, 3), {"padding": 1, "padding_mode": "replicate"}, (2, 3, 4, 3)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 3, "padding": 1, "output_padding": 2, "groups": 2}, (2, 4, 5)),
    ("ConvTranspose1d", (1, 1, 2), {"stride": 2, "output_padding": 4, "dilation": 5, "padding": 3}, (2, 1, 5)),
    ("ConvTranspose2d", (3, 2, (3, 2)), {"stride": (2, 1), "dilation": (1, 3), "bias": False}, (3, 4, 5)),
    ("ConvTranspose3d", (2, 2, 2), {"stride": 2, "padding": 1, "output_padding": (1, 0, 1)}, (1, 2, 2, 3, 2)),
    ("MaxPool1d", (3, 2, 1), {"dilation": 2, "ceil_mode": True, "return_indices": True}, (2, 3, 10)),
    ("MaxPool3d", ((2, 3, 1), 2), {"ceil_mode": True, "return_indices": True}, (2, 2, 5, 5, 4)),
    ("AvgPool1d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, (2, 3, 8)),
    ("LPPool2d", (3, 2), {"ceil_mode": True}, (2, 3, 5, 4)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (2, 3, 7, 4)),
    ("AdaptiveMaxPool3d", ((3, 2, 5),), {"return_indices": True}, (2, 3, 7, 4, 5)),
    ("ReflectionPad2d", ((1, 2, 0, 3),), {}, (2, 3, 4, 5)),
    ("CircularPad3d", ((1, 2, 0, 3, 1, 1),), {}, (2, 3, 4, 5, 2)),
    ("ConstantPad2d", ((1, -1, 0, 2), 7.5), {}, (3, 4, 5)),
    ("Unfold", ((2, 3),), {"dilation": (2, 1), "padding": (0, 1), "stride": (1, 2)}, (2, 3, 5, 6)),
    ("Fold", ((5, 6), (2, 3)), {"dilation": (2, 1), "padding": (0, 1), "stride": (1, 2)}, (2, 12, 9)),
    ("Fold", (4, 2), {}, (4, 9)),
    ("Upsample", ((5, 3),), {}, (2, 3, 4, 4)),
    ("Upsample", (), {"scale_factor": (2, 1.5), "mode": "bilinear"}, (2, 3, 4, 4)),
    ("Upsample", (), {"scale_factor": 2, "mode": "trilinear", "align_corners": True}, (2, 3, 2, 3, 2)),
    ("UpsamplingNearest2d", (), {"scale_factor": 3}, (2, 3, 2, 3)),
    ("UpsamplingBilinear2d", ((5, 7),), {}, (2, 3, 4, 4)),
    ("PixelShuffle", (2,), {}, (2, 8, 3, 2)),
    ("PixelUnshuffle", (2,), {}, (2, 3, 4, 2)),
    ("ChannelShuffle", (2,), {}, (2, 6, 3, 2)),
]  # fmt: skip


def both(name, args, options):
    theirs = getattr(torch.nn, name)(*args, **options).double()
    ours = getattr(nn, name)(*args, **options).double()
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    return ours, theirs


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS)
def test_layers_agree_with_torch(name, args, options, shape):
    ours, theirs = both(name, args, options)
    oracle.compare_calls(ours, theirs, (torch.tensor(RNG.normal(size=shape), requires_grad=True),), {})
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        oracle.compare_gradients(p, q, "parameter")
    if name != "ChannelShuffle":
        assert repr(ours) == repr(theirs)


def test_transposed_convolution_takes_an_output_size():
    ours, theirs = both("ConvTranspose2d", (2, 3, 3), {"stride": 3})
    x = RNG.normal(size=(2, 2, 4, 5))
    for size in ((13, 16), (2, 3, 12, 17)):
        assert_allclose(ours(x, size).detach(), theirs(torch.tensor(x), list(size)).detach(), rtol=1e-10)
    with pytest.raises(ValueError, match=r"between \[12, 15\] and \[14, 17\]"):
        ours(x, (15, 17))


def test_unpooling_undoes_pooling_at_the_largest():
    x = RNG.permutation(2 * 3 * 6 * 8).reshape(2, 3, 6, 8).astype(float)
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    values, indices = pool(x)
    back = unpool(values, indices)
    assert_array_equal(pool(back)[0], values)
    assert (np.asarray(back) != 0).sum() <= values.size
    assert repr(unpool) == repr(torch.nn.MaxUnpool2d(2))
    assert_array_equal(nn.MaxUnpool1d(2)([[1.0]], [[1]], output_size=(3,)), [[0, 1, 0]])
    with pytest.raises(ValueError, match="index 9 is not in an image of size"):
        nn.MaxUnpool1d(2)([[1.0]], [[9]])


# --- derivatives of any order, and edges ------------------------------------------------------------------------------

SECOND = {
    "conv1d": (lambda x, w: F.conv1d(x, w, stride=2, padding=1), (1, 2, 5), (3, 2, 2)),
    "conv3d": (lambda x, w: F.conv3d(x, w, padding=1, dilation=2), (1, 1, 2, 3, 3), (1, 1, 2, 1, 2)),
    "conv_transpose1d": (lambda x, w: F.conv_transpose1d(x, w, stride=2, output_padding=1), (1, 2, 3), (2, 1, 2)),
    "conv_transpose, output padding beyond the stride": (
        lambda x, w: F.conv_transpose1d(x, w, output_padding=2, dilation=3, padding=1), (1, 1, 3), (1, 1, 2)),
    "avg_pool3d": (lambda x: F.avg_pool3d(x, 2, 1), (1, 1, 2, 3, 2)),
    "max_pool1d": (lambda x: F.max_pool1d(x * x, 3, 2, 1), (1, 2, 6)),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 2, 2), (1, 1, 4, 4)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x * x, (2, 3)), (1, 1, 5, 4)),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x * x, 2), (1, 2, 5)),
    "unfold": (lambda x: F.unfold(x * x, 2, padding=1, dilation=2), (1, 2, 3, 4)),
    "fold": (lambda x: F.fold(x * x, 3, 2), (1, 4, 4)),
    "bicubic": (lambda x: F.interpolate(x * x, (3, 5), mode="bicubic"), (1, 1, 3, 3)),
    "max_unpool1d": (lambda x: F.max_unpool1d(x * x, np.array([[[1, 2]]]), 2), (1, 1, 2)),
    "pad reflect": (lambda x: F.pad(x * x, (1, 2), "reflect"), (1, 2, 4)),
    "l2 pool": (lambda x: nn.L2Pool2d(2, weight=[[1.0, 2.0], [2.0, 1.0]])(x), (1, 2, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_first_and_second_derivatives(name):
    f, *sizes = SECOND[name]
    values = tuple(RNG.permutation(np.prod(s)).reshape(s) / np.prod(s) + 0.3 for s in sizes)
    assert gradcheck(f, values)
    assert gradgradcheck(f, values)


def test_padding_never_wins_the_maximum():
    lowest = np.full((1, 1, 5, 6), -np.inf)
    for options in ((2, 1, 1), (2, 1, (1, 0)), (3, 2, 1, 2), ((2, 3), 1, 1, (4, 3))):
        values, indices = F.max_pool2d(lowest, *options, return_indices=True)
        expected, places = torch.nn.functional.max_pool2d(torch.tensor(lowest), *options, return_indices=True)
        assert_array_equal(values, expected.numpy())
        assert_array_equal(indices, places.numpy())
    small = np.full((1, 1, 2), np.iinfo(np.int64).min)
    assert F.max_pool1d(small, 2, 1, 1, return_indices=True)[1].tolist() == [[[0, 0, 1]]]


def test_nan_and_infinity_stay_in_their_windows():
    x = np.zeros((1, 1, 9))
    x[..., 2], x[..., 7] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        assert_array_equal(F.adaptive_avg_pool1d(x, 4)[0, 0], [np.nan, np.nan, 0, np.inf])
        assert_array_equal(F.max_pool1d(x, 3)[0, 0], [np.nan, 0, np.inf])


def test_gradient_of_the_norm_of_nothing_is_zero():
    for pool in (nn.LPPool2d(2, 2), nn.L2Pool2d(2), nn.L2Pool2d(2, weight=np.ones((2, 2)))):
        x = Tensor(np.zeros((1, 2, 2, 2)), requires_grad=True)
        pool(x).sum().backward()
        assert_array_equal(x.grad, np.zeros((1, 2, 2, 2)))


def test_batches_of_nothing():
    for layer in (nn.Conv1d(2, 3, 2), nn.ConvTranspose1d(2, 3, 2), nn.MaxPool1d(2), nn.AvgPool1d(2)):
        out = layer(np.ones((0, 2, 6)))
        out.sum().backward() if out.requires_grad else None
        assert out.shape[0] == 0
        assert all((p.grad.numpy() == 0).all() for p in layer.parameters())


def test_dtypes_are_kept():
    x = RNG.normal(size=(1, 4, 6, 6)).astype(np.float32)
    for f in (lambda x: F.adaptive_avg_pool2d(x, 4), lambda x: F.lp_pool2d(x, 2, 2), lambda x: F.pad(x, (1, 1)),
              lambda x: F.interpolate(x, 4, mode="bicubic"), lambda x: F.unfold(x, 2), nn.AverageSubsampling(4),
              lambda x: F.conv_transpose2d(x, x[0, :, None, :2, :2], output_padding=1, dilation=2)):  # fmt: skip
        t = Tensor(x, requires_grad=True)
        out = f(t)
        out.sum().backward()
        assert out.dtype == t.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.Conv1d(3, 2, 2)(np.ones((1, 4, 5))), ValueError, r"signals.*C = 3 channels; got shape \(1, 4, 5\)"),
        (lambda: nn.Conv3d(1, 1, (2, 2)), ValueError, "kernel_size must be an integer or a triple"),
        (lambda: nn.Conv3d(1, 1, 4)(np.ones((1, 3, 5, 5))), ValueError, "no window fits the depth"),
        (lambda: F.conv1d(np.ones((1, 1, 4), int), np.ones((1, 1, 2), int)), TypeError, "floating input, not int64"),
        (lambda: F.conv1d(np.ones((1, 1, 4)), np.ones((1, 2, 2))), ValueError, "2 \\* 1 = 2"),
        (lambda: nn.ConvTranspose2d(1, 1, 2, padding_mode="reflect"), ValueError, "only padding_mode='zeros'"),
        (lambda: nn.ConvTranspose1d(1, 1, 2, output_padding=1)(np.ones((1, 3))), ValueError, "output_padding"),
        (lambda: nn.ConvTranspose1d(1, 1, 2, padding=9)(np.ones((1, 3))), ValueError, "leaves nothing"),
        (lambda: nn.ConvTranspose1d(2, 4, 2, groups=3), ValueError, "groups=3 must divide in_channels=2"),
        (lambda: F.conv_transpose1d(np.ones((1, 2, 3)), np.ones((3, 1, 2))), ValueError, "same number of channels"),
        (lambda: F.conv_transpose1d(np.ones((2, 3)), np.ones((2, 1, 2)), np.ones(3)), ValueError, r"shape \(1,\)"),
        (lambda: F.adaptive_avg_pool2d(np.ones((1, 2, 2)), (1, 2, 3)), ValueError, "takes 2 numbers"),
        (lambda: F.lp_pool1d(np.ones((1, 2)), 0, 2), ValueError, "norm_type"),
        (lambda: F.max_pool1d(np.ones((1, 2, 0)), 1), ValueError, "of which only N may be 0"),
        (lambda: F.max_unpool1d(np.ones((1, 2)), np.ones((1, 2)), 1), ValueError, "integer indices"),
        (lambda: F.pad(np.ones(3), (1,)), ValueError, "an even number"),
        (lambda: F.pad(np.ones(3), (1, 0.5)), TypeError, "integers"),
        (lambda: F.pad(np.ones(3), (1, 1), "mirror"), ValueError, "constant, reflect, replicate, circular"),
        (lambda: F.pad(np.ones((1, 3)), (1, 1), "reflect", 2.0), ValueError, "only in mode 'constant'"),
        (lambda: F.pad(np.ones(3), (-2, -2)), ValueError, "cannot cut"),
        (lambda: F.pad(np.ones((1, 3)), (4, 0), "circular"), ValueError, "by at most 3"),
        (lambda: F.pad(np.ones((1, 0)), (1, 0), "replicate"), ValueError, "empty axis"),
        (lambda: F.pad(np.ones(3), (1, 1), "reflect"), ValueError, "at most 3 axes"),
        (lambda: nn.ZeroPad2d((1, 2, 3)), ValueError, "ZeroPad2d takes an integer or 4 of them"),
        (lambda: nn.ReflectionPad1d(1)(np.ones((1, 2, 3, 4))), ValueError, r"not shape \(1, 2, 3, 4\)"),
        (lambda: F.interpolate(np.ones((1, 1, 3))), ValueError, "either size or scale_factor"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), 3, 2), ValueError, "either size or scale_factor"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), scale_factor=0.1), ValueError, "leaves nothing"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), scale_factor=-1), ValueError, "positive"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), 2, mode="bilinear"), ValueError, "2 image axes"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), 2, mode="lanczos"), ValueError, "lanczos"),
        (lambda: F.interpolate(np.ones((1, 1, 3)), 2, align_corners=True), ValueError, "align_corners"),
        (lambda: F.interpolate(np.ones((1, 1, 3), int), 2, mode="linear"), TypeError, "int64"),
        (lambda: F.fold(np.ones((4, 8)), 4, 2), ValueError, r"fit \(3, 3\) times"),
        (lambda: F.pixel_shuffle(np.ones((3, 2, 2)), 2), ValueError, r"C\*2\*2"),
        (lambda: F.pixel_unshuffle(np.ones((3, 3, 2)), 2), ValueError, r"H\*2"),
        (lambda: F.channel_shuffle(np.ones((1, 3, 2)), 2), ValueError, "groups=2"),
    ],
)
def test_bad_input_is_named(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- the old networks -------------------------------------------------------------------------------------------------


def test_average_subsampling_is_a_mean_times_a_coefficient_plus_a_bias():
    layer = nn.AverageSubsampling(2, 2, dtype=np.float64)
    x = RNG.normal(size=(3, 2, 4, 6))
    means = x.reshape(3, 2, 2, 2, 3, 2).mean(axis=(3, 5))
    assert_allclose(layer(x).detach(), means)
    layer.load_state_dict({"weight": [2.0, -1.0], "bias": [0.5, 3.0]})
    assert_allclose(layer(x).detach(), means * np.array([2, -1])[:, None, None] + np.array([0.5, 3])[:, None, None])
    assert gradcheck(
        lambda x, w, b: nn.functional_call(layer, {"weight": w, "bias": b}, x), (x, means[0, :, 0, 0], x[0, :, 0, 0])
    )
    with pytest.raises(ValueError, match="C = 2 channels"):
        layer(np.ones((1, 3, 4, 4)))


def test_lenet5_counts():
    """Table of LeCun et al. (1998), section II.B: 156, 12, 1516, 32 parameters, maps of 28, 14, 10 and 5."""
    layers = [nn.Conv2d(1, 6, 5), nn.AverageSubsampling(6), nn.ConnectionTableConv2d(6, 16, 5, classic.LENET5),
              nn.AverageSubsampling(16)]  # fmt: skip
    x, sizes, counts = autograd.ones((1, 1, 32, 32)), [], []
    for layer in layers:
        x = layer(x)
        sizes.append(x.shape[-1])
        counted = getattr(layer, "connections", lambda m=layer: sum(p.size for p in m.parameters()))
        counts.append(counted())
    assert sizes == [28, 14, 10, 5]
    assert counts == [156, 12, 1516, 32]


def test_connection_table_hides_input_maps():
    table = [[1, 0, 1], [0, 1, 0]]
    layer = nn.ConnectionTableConv2d(3, 2, 2, table, generator=np.random.default_rng(0)).double()
    x = RNG.normal(size=(2, 3, 4, 4))
    parts = [nn.Conv2d(2, 1, 2).double(), nn.Conv2d(1, 1, 2).double()]
    for i, (part, seen) in enumerate(zip(parts, ([0, 2], [1]), strict=True)):
        part.load_state_dict({"weight": layer.weight.data[i : i + 1, seen], "bias": layer.bias.data[i : i + 1]})
        assert_allclose(layer(x).detach()[:, i], part(x[:, seen]).detach()[:, 0])
    layer(x).sum().backward()
    hidden = np.asarray(table)[:, :, None, None] == 0
    assert not (layer.weight.grad.numpy() * hidden).any()
    assert not (layer.weight.data * hidden).any()
    assert list(layer.state_dict()) == ["weight", "bias", "table"]
    assert "connected=3 of 6" in repr(layer)


def test_random_connection_table_is_reproducible():
    one, same, other = (nn.ConnectionTableConv2d(8, 20, 3, 3, generator=np.random.default_rng(s)) for s in (0, 0, 1))
    assert (one.table.data.sum(axis=1) == 3).all()
    assert_array_equal(one.table, same.table)
    assert (one.table.data != other.table.data).any()
    bound = 1 / np.sqrt(3 * 9)  # of the fan-in that there really is
    for values in (one.weight.data, one.bias.data):
        assert 0.8 * bound < np.abs(values).max() <= bound


@pytest.mark.parametrize("table", [[[1, 1]], [[1, 0], [0, 0]], [[2, 0], [0, 1]], 0, 3])
def test_connection_table_refuses(table):
    with pytest.raises(ValueError, match="map"):
        nn.ConnectionTableConv2d(2, 2, 3, table)


def test_l2_pool_weighs_squares():
    x = RNG.normal(size=(2, 3, 4, 4))
    weight = np.array([[1.0, 2.0], [0.0, 3.0]])
    windows = x.reshape(2, 3, 2, 2, 2, 2).swapaxes(3, 4)
    assert_allclose(nn.L2Pool2d(2, weight=weight)(x), np.sqrt((windows**2 * weight).sum(axis=(4, 5))))
    assert_allclose(nn.L2Pool2d(2)(x), np.sqrt((windows**2).sum(axis=(4, 5))))
    for wrong in (np.ones(2), -weight):
        with pytest.raises(ValueError, match="weight"):
            nn.L2Pool2d(2, weight=wrong)


# --- the arithmetic of the courses ------------------------------------------------------------------------------------


def test_worked_sizes_and_counts():
    layer = nn.Conv2d(3, 10, 5, stride=1, padding=2)
    assert layer(np.ones((1, 3, 32, 32))).shape == (1, 10, 32, 32)
    assert sum(p.size for p in layer.parameters()) == shapes.convolution_parameters(3, 10, 5).value == 760
    assert shapes.output_size(32, 5, 1, 2, strict=True).value == 32
    layer = nn.Conv2d(3, 96, 11, stride=4)
    assert layer(np.ones((1, 3, 227, 227), np.float32)).shape == (1, 96, 55, 55)
    assert sum(p.size for p in layer.parameters()) == shapes.convolution_parameters(3, 96, 11).value == 34_944
    assert shapes.output_size(227, 11, 4, strict=True).value == 55
    assert str(shapes.convolution_parameters(3, 96, 11)) == "(F*F*C + 1)*O = (11*11*3 + 1)*96 = 34944"


def test_strict_sizes_must_be_whole():
    with pytest.raises(ValueError, match=r"\(10 - 3 \+ 2\*0\)/2 = 3.5 is not whole; W = 9 or 11 would do"):
        shapes.output_size(10, 3, stride=2, strict=True)
    assert str(shapes.output_size(10, 3, stride=2)) == "floor((W - F + 2P)/S) + 1 = floor((10 - 3 + 2*0)/2) + 1 = 4"
    for size in (9, 11):
        shapes.output_size(size, 3, stride=2, strict=True)
    with pytest.raises(ValueError, match="no window fits"):
        shapes.output_size(2, 3)
    with pytest.raises(ValueError, match="stride must be at least 1"):
        shapes.output_size(2, 3, stride=0)
    with pytest.raises(TypeError, match="window"):
        shapes.output_size(2, 3.0)


@pytest.mark.parametrize("options", [(7, 3, 1, 0, 1), (7, 3, 2, 1, 1), (9, 2, 3, 0, 4), (12, 5, 2, 2, 2)])
def test_calculators_agree_with_the_layers(options):
    size, window, stride, padding, dilation = options
    layer = nn.Conv1d(4, 6, window, stride, padding, dilation, groups=2)
    found = shapes.output_size(size, window, stride, padding, dilation)
    assert layer(np.ones((4, size))).shape == (6, found.value)
    assert int(shapes.convolution_parameters(4, 6, window, 2, axes=1)) == sum(p.size for p in layer.parameters())
    layer = nn.ConvTranspose1d(4, 6, window, stride, padding, min(1, stride - 1), dilation=dilation, bias=False)
    found = shapes.transposed_output_size(size, window, stride, padding, min(1, stride - 1), dilation)
    assert layer(np.ones((4, size))).shape == (6, found.value)
    count = shapes.convolution_parameters(4, 6, (window,), bias=False)
    assert count.value == eval(count.numbers) == layer.weight.size
    assert eval(found.numbers) == found.value


def test_counts_of_linear_layers_and_refusals():
    assert shapes.linear_parameters(120, 84).value == sum(p.size for p in nn.Linear(120, 84).parameters())
    assert str(shapes.linear_parameters(3, 4, bias=False)) == "I*O = 3*4 = 12"
    with pytest.raises(ValueError, match="groups=2 must divide"):
        shapes.convolution_parameters(3, 4, 5, groups=2)
    with pytest.raises(ValueError, match="nothing is left"):
        shapes.transposed_output_size(1, 1, padding=3)
