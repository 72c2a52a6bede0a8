"""Networks from layer patterns, and the table of their sizes and parameters."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn.patterns import PatternError, conv_pattern, from_pattern
from nn.shapes import layer_table


def kinds(network):
    return [type(layer).__name__.removesuffix("2d") for layer in network]


# --- the notation -----------------------------------------------------------------------------------------------------

NOTES = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
BLOCK = ["Conv", "ReLU"]


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("INPUT -> FC", {}, ["Flatten", "Linear"]),
        ("INPUT -> CONV -> RELU -> FC", {}, [*BLOCK, "Flatten", "Linear"]),
        (
            "INPUT->[CONV->RELU->POOL]*2->FC->RELU->FC",
            {},
            [*BLOCK, "MaxPool"] * 2 + ["Flatten", "Linear", "ReLU", "Linear"],
        ),
        (
            "INPUT -> [CONV -> RELU -> CONV -> RELU -> POOL]*3 -> [FC -> RELU]*2 -> FC",
            {},
            [*BLOCK, *BLOCK, "MaxPool"] * 3 + ["Flatten"] + ["Linear", "ReLU"] * 2 + ["Linear"],
        ),
        (NOTES, {"N": 2, "M": 1, "K": 0}, [*BLOCK, *BLOCK, "MaxPool", "Flatten", "Linear"]),
        (NOTES, {"N": 1, "M": 2, "K": 1, "optional": False}, BLOCK * 2 + ["Flatten", "Linear", "ReLU", "Linear"]),
        ("INPUT -> [CONV]*0 -> BN -> TANH*2", {}, ["BatchNorm", "Tanh", "Tanh"]),
        (
            "INPUT -> [CONV -> DROPOUT]? -> POOL(kind=avg) -> FC -> DROPOUT0.3 -> SIGMOID -> SOFTMAX",
            {"optional": False},
            ["AvgPool", "Flatten", "Linear", "Dropout", "Sigmoid", "Softmax"],
        ),
        ("INPUT", {}, []),
        (" INPUT\n -> [ FC ]\n * 2 ", {}, ["Flatten", "Linear", "Linear"]),
    ],
)
def test_notation(text, options, expected):
    network = from_pattern(text, (3, 32, 32), **options)
    assert kinds(network) == expected
    assert network(np.ones((2, 3, 32, 32), np.float32)).shape[0] == 2


def test_options_of_layers():
    network = from_pattern(
        "INPUT -> CONV(kernel=11, filters=96, stride=4, pad=0) -> POOL3(stride=2) -> CONV5-16 -> CONV-8 -> CONV1 "
        "-> CONV(filters=4,dilation=2,groups=2) -> FC100 -> DROPOUT(p=0.25) -> FC(units=7) -> FC",
        (3, 227, 227),
        filters=6,
        classes=5,
    )
    shown = [repr(layer) for layer in network]
    assert shown[0] == "Conv2d(3, 96, kernel_size=(11, 11), stride=(4, 4))"
    assert "kernel_size=3, stride=2" in shown[1]
    assert shown[2] == "Conv2d(96, 16, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))"
    assert shown[3] == "Conv2d(16, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))"
    assert shown[4] == "Conv2d(8, 6, kernel_size=(1, 1), stride=(1, 1))"
    assert shown[5].endswith("padding=(2, 2), dilation=(2, 2), groups=2)")
    assert [layer.out_features for layer in network if isinstance(layer, nn.Linear)] == [100, 7, 5]
    assert network[8].p == 0.25


def test_units_classes_and_other_numbers_of_axes():
    network = from_pattern("INPUT -> CONV-4 -> BN -> POOL -> FC -> FC", (2, 10), units=9, classes=3, dtype=np.float64)
    assert [type(layer) for layer in network[:3]] == [nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d]
    assert (network[4].out_features, network[5].out_features) == (9, 3)
    assert {p.dtype for p in network.parameters()} == {np.dtype(np.float64)}
    assert from_pattern("INPUT -> CONV-4 -> POOL(kind=avg) -> FC", (1, 4, 4, 4))(
        np.ones((1, 1, 4, 4, 4), "f4")
    ).shape == (1, 10)
    assert from_pattern("INPUT -> [FC -> BN -> RELU]*2 -> FC", (5,))(np.ones((4, 5), np.float32)).shape == (4, 10)


def test_generator_decides_the_initial_values():
    one, two = (from_pattern("INPUT -> CONV -> FC", (1, 4, 4), generator=np.random.default_rng(3)) for _ in range(2))
    assert one[0].weight.tolist() == two[0].weight.tolist()
    assert from_pattern("INPUT -> [FC]*2", (5,))[0].weight.shape == (128, 5)


@pytest.mark.parametrize(
    ("n", "m", "k", "pool", "filters"),
    [(1, 1, 1, True, 16), (2, 3, 2, True, [4, 8, 16]), (3, 1, 0, False, 4), (0, 1, 1, True, 3)],
)
def test_arguments_build_what_the_text_does(n, m, k, pool, filters):
    built = conv_pattern((3, 16, 16), n, m, k, filters=filters, pool=pool, units=20, classes=7)
    if isinstance(filters, int):
        text = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
        options = {"filters": filters, "units": 20, "classes": 7, "optional": pool}
        assert repr(from_pattern(text, (3, 16, 16), N=n, M=m, K=k, **options)) == repr(built)
    else:
        assert [layer.out_channels for layer in built if isinstance(layer, nn.Conv2d)] == [4, 4, 8, 8, 16, 16]
    assert built(np.ones((1, 3, 16, 16), np.float32)).shape == (1, 7)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 0, "begins with INPUT, not with the end"),
        ("CONV -> FC", 0, "begins with INPUT"),
        ("INPUT3 -> FC", 0, "begins with INPUT"),
        ("INPUT -> INPUT", 9, "beginning"),
        ("INPUT -> CNV", 9, "no layer 'CNV'; there are BN, CONV"),
        ("INPUT FC", 6, "expected '->' or the end"),
        ("INPUT -> FC ->", 14, "expected a layer"),
        ("INPUT -> -> FC", 9, "expected a layer"),
        ("INPUT -> [FC", 9, "not the end"),
        ("INPUT -> [FC FC]", 13, "expected '->' or '\\]'"),
        ("INPUT -> FC]", 11, "expected '->' or the end"),
        ("INPUT -> []", 10, "expected a layer"),
        ("INPUT -> FC & FC", 12, "'&' means nothing"),
        ("INPUT -> [FC]*", 14, "how often"),
        ("INPUT -> [FC]*-1", 14, "nothing|how often"),
        ("INPUT -> [FC]*Q", 14, "pass Q=2"),
        ("INPUT -> [FC]*99999", 14, "more than 1000"),
        ("INPUT -> [[FC]*100]*11", 20, "more than 1000"),
        ("INPUT -> " + "[" * 60 + "FC" + "]" * 60, 59, "more than 50 brackets"),
        ("INPUT -> RELU3", 13, "no number"),
        ("INPUT -> FC3-4", 11, "1 number"),
        ("INPUT -> CONV(size=3)", 14, "takes kernel=..., filters=...*not 'size=3'"),
        ("INPUT -> CONV(stride=2, 3)", 24, "not '3'"),
        ("INPUT -> RELU(x=1)", 14, "no options"),
        ("INPUT -> CONV(stride=0)", 9, "stride must be at least 1"),
        ("INPUT -> CONV(pad=-1)", 9, "pad must be a whole number"),
        ("INPUT -> CONV2.5", 9, "kernel must be a whole number"),
        ("INPUT -> CONV(groups=5)", 9, "groups"),
        ("INPUT -> POOL(kind=min)", 9, "max or avg"),
        ("INPUT -> DROPOUT1.5", 9, "p|probability"),
        ("INPUT -> DROPOUT0.5.5", 9, "probability"),
        ("INPUT -> POOL*6", 9, "no window fits"),
        ("INPUT -> FC -> CONV", 15, "before any FC"),
    ],
)
def test_errors_point_at_the_character(text, place, message):
    with pytest.raises(PatternError, match=message) as caught:
        from_pattern(text, (3, 32, 32))
    assert caught.value.place == place
    assert str(caught.value).endswith(f"\n  {text}\n  {' ' * place}^")


def test_strict_patterns():
    text = "INPUT -> CONV3-8(stride=2, pad=0) -> FC"
    assert from_pattern(text, (3, 10, 10))[0].stride == (2, 2)
    with pytest.raises(PatternError, match=r"\(10 - 3 \+ 2\*0\)/2 = 3\.5 is not whole"):
        from_pattern(text, (3, 10, 10), strict=True)
    with pytest.raises(PatternError, match="is not whole"):
        conv_pattern((3, 9, 9), strict=True)
    with pytest.raises(ValueError, match=r"0: MaxPool2d, for input of shape \(3, 9, 9\).*not whole"):
        layer_table(nn.Sequential(nn.MaxPool2d(2)), (3, 9, 9), strict=True)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: from_pattern(5, (3,)), TypeError, "string"),
        (lambda: from_pattern("INPUT", (3, 0)), ValueError, "input_shape"),
        (lambda: from_pattern("INPUT", ()), ValueError, "input_shape"),
        (lambda: from_pattern("INPUT", (3,), classes=0), ValueError, "classes"),
        (lambda: from_pattern("INPUT -> [FC]*N", (3,), N=-1), ValueError, "N must"),
        (lambda: from_pattern("INPUT -> [FC]*N", (3,), N=1, Q=2), ValueError, "no letter Q"),
        (lambda: conv_pattern((3, 8, 8), -1), ValueError, "conv_per_block"),
        (lambda: conv_pattern((3, 8, 8), blocks=2, filters=[4]), ValueError, "2 blocks"),
        (lambda: conv_pattern((3, 8, 8), filters=0), ValueError, "filters"),
    ],
)
def test_numbers_are_checked(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_courses_arithmetic():
    table = layer_table(nn.Conv2d(3, 10, 5, padding=2), (3, 32, 32))
    assert table.rows[1].shape == (10, 32, 32)
    assert table.parameters == 760
    table = layer_table(nn.Sequential(nn.Conv2d(3, 96, 11, stride=4)), (3, 227, 227), strict=True)
    assert table.rows[1].shape == (96, 55, 55)
    assert table.parameters == 34944
    assert "(227 - 11 + 2*0)/4 + 1 = 55" in str(table)
    assert "(F*F*C + 1)*O = (11*11*3 + 1)*96 = 34944" in str(table)


NETWORKS = {
    "VGG's pattern": (conv_pattern((3, 32, 32), 2, 3, 2, filters=[4, 8, 8], units=20), (3, 32, 32)),
    "everything": (
        nn.Sequential(
            nn.Conv2d(3, 4, (3, 5), stride=(1, 2), padding=1, dilation=(2, 1), groups=1, bias=False),
            nn.BatchNorm2d(4), nn.PReLU(), nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d((2, 1))),
            nn.Conv2d(4, 4, 3, padding="same"),
            nn.ConvTranspose2d(4, 2, 4, 2, 1, output_padding=1), nn.MaxPool2d(2, ceil_mode=True), nn.Dropout(),
            nn.Flatten(), nn.LayerNorm(36), nn.Linear(36, 5, bias=False),
        ),
        (3, 12, 21),
    ),
    "signals": (nn.Sequential(nn.Conv1d(2, 4, 3), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(16, 2)), (2, 10)),
    "volumes": (nn.Sequential(nn.Conv3d(1, 2, 3), nn.MaxPool3d(2), nn.Flatten()), (1, 6, 6, 6)),
    "lists": (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), (4,)),
}  # fmt: skip


@pytest.mark.parametrize(("network", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_the_table_is_what_the_network_does(network, shape):
    table = layer_table(network, shape)
    network.eval()
    assert table.rows[-1].shape == network(Tensor(np.ones((1, *shape), np.float32))).shape[1:]
    assert table.parameters == sum(p.size for p in network.parameters())
    layers = [layer for layer in network.modules() if not isinstance(layer, nn.Sequential)]
    x = Tensor(np.ones((1, *shape), np.float32))
    for row, layer in zip(table.rows[1:], layers, strict=True):
        x = layer(x)
        assert row.shape == x.shape[1:], row
        assert (row.parameters.value if row.parameters else 0) == sum(p.size for p in layer.parameters())
        for size in (*row.sizes, *([row.parameters] if row.parameters else [])):
            numbers = size.numbers.replace("floor(", "np.floor(")
            assert eval(numbers, {"np": np}) == size.value


def test_the_table_leaves_the_network_as_it_is():
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout().eval())
    layer_table(network, (3,))
    assert (network[0].training, network[1].training) == (True, False)
    assert network[0].num_batches_tracked.item() == 0


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(3, 2), (4,)),
        (nn.Conv2d(3, 2, 1), (4, 5, 5)),
        (nn.Conv2d(3, 2, 1), (3, 5)),
        (nn.MaxPool2d(2), (3, 5)),
        (nn.MaxPool2d(4), (3, 2, 2)),
    ],
)
def test_the_table_names_the_layer_that_does_not_fit(layer, shape):
    with pytest.raises(ValueError, match=rf"1: {type(layer).__name__}, for input of shape"):
        layer_table(nn.Sequential(nn.ReLU(), layer), shape)
