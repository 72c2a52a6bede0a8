"""The table of a network's costs, against numbers computed by hand."""

import numpy as np
import pytest

import autograd
import nn

# CS231n course notes, Convolutional networks, section "VGGNet in detail": activations and weights of each layer.
VGG16 = [
    ("conv", 64, 224, 1_728, 3_211_264), ("conv", 64, 224, 36_864, 3_211_264), ("pool", 64, 112, 0, 802_816),
    ("conv", 128, 112, 73_728, 1_605_632), ("conv", 128, 112, 147_456, 1_605_632), ("pool", 128, 56, 0, 401_408),
    ("conv", 256, 56, 294_912, 802_816), ("conv", 256, 56, 589_824, 802_816), ("conv", 256, 56, 589_824, 802_816),
    ("pool", 256, 28, 0, 200_704),
    ("conv", 512, 28, 1_179_648, 401_408), ("conv", 512, 28, 2_359_296, 401_408), ("conv", 512, 28, 2_359_296, 401_408),
    ("pool", 512, 14, 0, 100_352),
    ("conv", 512, 14, 2_359_296, 100_352), ("conv", 512, 14, 2_359_296, 100_352), ("conv", 512, 14, 2_359_296, 100_352),
    ("pool", 512, 7, 0, 25_088),
    ("fc", 4096, 1, 102_760_448, 4096), ("fc", 4096, 1, 16_777_216, 4096), ("fc", 1000, 1, 4_096_000, 1000),
]  # fmt: skip


def vgg16():
    layers, channels = [], 3
    for kind, size, _, _, _ in VGG16:
        if kind == "conv":
            layers += [nn.Conv2d(channels, size, 3, padding=1), nn.ReLU()]
        elif kind == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Flatten()] if channels == 512 else [nn.ReLU()]
            layers.append(nn.Linear(512 * 49 if channels == 512 else channels, size))
        channels = size
    return nn.Sequential(*layers)


@pytest.fixture
def _no_initial_values(monkeypatch):
    """Memory that is never written to takes no time."""
    for kind in (nn.Linear, nn.Conv2d):
        monkeypatch.setattr(kind, "reset_parameters", lambda self, generator=None: None)


@pytest.mark.usefixtures("_no_initial_values")
def test_the_memory_table_of_vgg16_comes_out_right():
    found = nn.summary(vgg16(), (3, 224, 224))
    rows = [row for row in found.layers if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
    assert len(rows) == len(VGG16)
    for row, (_, size, side, weights, activations) in zip(rows, VGG16):
        assert row.shape == ((size, side, side) if side > 1 else (size,))
        assert row.parameters == weights + (size if weights else 0)
        assert row.activations == activations
        assert row.multiply_adds == weights * side**2
    assert found.layers[0].activations == 150_528
    assert found.activations == 15_237_608  # 15.2 M: the sum of the notes' table
    assert found.activation_bytes == 60_950_432
    assert sum(row[3] for row in VGG16) == 138_344_128  # the notes' 138 M, which leave out the biases
    assert found.parameters == found.trainable == 138_357_544
    assert found.multiply_adds == sum(row[3] * row[2] ** 2 for row in VGG16) == 15_470_264_320
    fields = [row.field for row in rows]
    # by hand: 3x3 adds twice the step, which pooling doubles (and itself adds the step once)
    hand = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert fields == [(side, side) for side in hand] + [None] * 3


def test_memory_goes_by_batch_and_dtype():
    model = nn.Sequential(nn.Linear(10, 5), nn.ReLU(), nn.Linear(5, 2))
    nn.train.freeze(model, "0")
    found = nn.summary(model, (10,), batch_size=7, dtype=np.float64)
    assert found.parameter_bytes == (55 + 12) * 8
    assert found.gradient_bytes == 12 * 8
    assert found.activation_bytes == (10 + 5 + 2) * 7 * 8
    assert nn.summary(model.double(), (10,)).dtype == np.float64


@pytest.mark.parametrize(
    ("layer", "shape", "output", "expected"),
    [
        (nn.Conv2d(6, 4, (3, 5), groups=2, stride=2), (6, 11, 13), (4, 5, 5), 5 * 5 * 4 * 3 * 3 * 5),
        (nn.Conv1d(2, 3, 4, dilation=2), (2, 20), (3, 14), 14 * 3 * 2 * 4),
        (nn.ConvTranspose2d(3, 5, 4, stride=2), (3, 7, 7), (5, 16, 16), 7 * 7 * 3 * 5 * 4 * 4),
        (nn.Linear(4, 3), (6, 4), (6, 3), 6 * 4 * 3),
        (nn.LSTM(3, 5, batch_first=True), (7, 3), (7, 5), 7 * 4 * 5 * (3 + 5)),
        (nn.BatchNorm2d(3), (3, 4, 4), (3, 4, 4), 0),
        (nn.Conv2d(1, 1, 3, padding="same"), (1, 5, 5), (1, 5, 5), 25 * 9),
    ],
)
def test_multiply_adds_by_hand(layer, shape, output, expected):
    row = nn.summary(layer, shape).layers[1]
    assert (row.shape, row.multiply_adds) == (output, expected)


def test_attention_by_hand():
    x = np.zeros((2, 6, 8), np.float32)
    found = nn.summary(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), [x])
    attention = 4 * 6 * 8 * 8 + 2 * 6 * 6 * 8
    assert found.multiply_adds == attention + 2 * 6 * 8 * 16
    assert found.parameters == sum(p.size for p in nn.TransformerEncoderLayer(8, 2, 16).parameters())


def test_a_shared_layer_counts_its_parameters_once():
    layer = nn.Linear(4, 4)
    found = nn.summary(nn.Sequential(layer, nn.Tanh(), layer), (4,))
    assert [row.parameters for row in found.layers] == [0, 20, 0, 0]
    assert found.parameters == 20
    assert found.multiply_adds == 32


def seen(model, shape, tries=40):
    """Return how far the elements of the input reach that have a gradient from the middle of the output."""
    rng, marked = np.random.default_rng(0), np.zeros(shape, bool)
    for _ in range(tries):  # a maximum sends its gradient to one place only
        x = autograd.Tensor(rng.normal(size=(1, *shape)), requires_grad=True)
        output = model(x)
        middle = tuple(size // 2 for size in output.shape[2:])
        output[(0, slice(None), *middle)].sum().backward()
        marked |= x.grad.data[0] != 0
    return tuple(int(np.ptp(places)) + 1 for places in np.nonzero(marked)[1:])


FIELDS = {
    "LeNet": (nn.Conv2d(1, 3, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(3, 2, 5), nn.MaxPool2d(2)),
    "blocks of 3x3": (
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1), nn.MaxPool2d(2),
        nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.GELU(), nn.Conv2d(3, 2, 3, padding=1),
    ),
    "strides and dilations": (
        nn.Conv2d(1, 2, (3, 1), stride=(2, 1)), nn.Conv2d(2, 2, 3, dilation=(2, 3)), nn.AvgPool2d(3, 2),
    ),
    "pools": (nn.LPPool2d(2.0, 3, 2), nn.AverageSubsampling(1, 2), nn.L2Pool2d(3)),
    "padding": (nn.ReflectionPad2d(2), nn.Dropout(0.5), nn.Conv2d(1, 1, 4, stride=3), nn.Softmax2d()),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields_are_where_gradients_go(name):
    model = nn.Sequential(*FIELDS[name]).double().eval()
    if isinstance(model[-1], nn.Softmax2d):
        model[-1] = nn.Identity()  # of one channel it is constant
    assert nn.summary(model, (1, 32, 32)).layers[-1].field == seen(model, (1, 32, 32))


def test_receptive_fields_of_sequences():
    model = nn.Sequential(nn.Conv1d(2, 2, 4, stride=2), nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(2, 1, 2)).double()
    assert nn.summary(model, (2, 60)).layers[-1].field == seen(model, (2, 60)) == (14,)


class Tripled(nn.Module):
    def forward(self, x):
        return x * 3 + x.mean(axis=(2, 3), keepdims=True)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Upsample(scale_factor=2), nn.PixelShuffle(2), nn.ConvTranspose2d(4, 4, 3), nn.AdaptiveAvgPool2d(1),
        nn.Softmax(-1), Tripled(), nn.Flatten(),
    ],
)  # fmt: skip
def test_where_nothing_is_known_there_is_no_receptive_field(layer):
    rows = nn.summary(nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.ReLU()), (1, 8, 8)).layers
    assert [row.field for row in rows] == [(1, 1), (3, 3), None, None]
    if not isinstance(layer, nn.Flatten):
        again = nn.summary(Functional(nn.Sequential(nn.Conv2d(1, 4, 3), layer)), (1, 8, 8))
        assert again.layers[-1].field is None


class Functional(nn.Module):
    """What a function lies between may look like the image before."""

    def __init__(self, first):
        self.first, self.last = first, nn.ReLU()

    def forward(self, x):
        return self.last(self.first(x) * 2.0)


@pytest.mark.parametrize("layer", [nn.LSTM(4, 5, batch_first=True), nn.MultiheadAttention(4, 2, batch_first=True)])
def test_layers_that_see_a_whole_sequence_have_no_receptive_field(layer):
    x = np.zeros((2, 7, 4), np.float32)
    assert nn.summary(layer, [x] if isinstance(layer, nn.LSTM) else [x, x, x]).layers[-1].field is None


def test_inputs_of_other_kinds():
    assert nn.summary(nn.Linear(4, 3), 4).layers[1].shape == (3,)
    for given, error, said in (
        ((28, 28), ValueError, r"takes examples with channels and 2 image axes, not \(28, 28\)"),
        ("image", TypeError, "input is the shape of one example, or a batch as an array, not str"),
        ((1, -8, 8), ValueError, "no shape of an example"),
    ):
        with pytest.raises(error, match=said):
            nn.summary(nn.Conv2d(1, 2, 3), given)
    with pytest.raises(ValueError, match="takes 1 channels") as caught:
        nn.summary(nn.Sequential(nn.Conv2d(1, 2, 3)), (3, 8, 8))
    assert caught.value.__notes__ == [
        "nn.summary called the network with (1, 3, 8, 8), the shape of a batch; a tuple of numbers is the shape of one "
        "example, without it"
    ]


@pytest.mark.parametrize(("features", "said"), [(1, "8 B"), (100, "404 B"), (1000, "3.9 KiB"), (300_000, "1.1 MiB")])
def test_memory_is_told_in_fitting_units(features, said):
    assert f"in float32: parameters {said}, their gradients {said}, " in str(
        nn.summary(nn.Linear(features, 1), features)
    )


class Residual(nn.Module):
    def __init__(self):
        self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return x + self.second(nn.functional.relu(self.first(x)))


class Odd(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter(np.zeros((3, 3), np.float32))

    def forward(self, x):
        return x @ self.weight


def test_branches_have_the_larger_field_and_unknown_layers_a_question_mark():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), Residual(), nn.Conv2d(4, 4, 3, padding=1))
    assert [row.field for row in nn.summary(model, (1, 8, 8)).layers][1:] == [(3, 3), (5, 5), (7, 7), (9, 9)]
    found = nn.summary(Odd(), (3,))
    assert found.layers[1].multiply_adds is None
    assert "?" in str(found)


def test_the_model_is_as_before_and_not_recorded():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model[2].eval()
    before = {name: value.copy() for name, value in model.state_dict().items()}
    nn.summary(model, (3,))
    assert [module.training for module in model.modules()] == [True, True, True, False]
    assert all((value.data == before[name].data).all() for name, value in model.state_dict().items())
    assert not any(module._forward_hooks or "forward" in vars(module) for module in model.modules())
    with pytest.raises(ValueError, match="takes 3 features"):
        nn.summary(model, (4,))
    assert not any(module._forward_hooks or "forward" in vars(module) for module in model.modules())
