"""What lectures on convolutional networks compute by hand: sizes, numbers of parameters, and what a filter does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import nn
from autograd import Tensor
from nn import functional as F
from nn.classic import LENET5
from nn.shapes import layer_table, output_size

# --- sizes ------------------------------------------------------------------------------------------------------------

SIZES = [  # W, F, S, P and (W - F + 2P)/S + 1
    (7, 3, 1, 0, 5), (7, 3, 2, 0, 3), (7, 3, 1, 1, 7), (32, 5, 1, 2, 32), (32, 5, 1, 0, 28), (28, 5, 1, 0, 24),
    (227, 11, 4, 0, 55), (55, 3, 2, 0, 27), (27, 5, 1, 2, 27), (27, 3, 2, 0, 13), (13, 3, 1, 1, 13), (13, 3, 2, 0, 6),
    (56, 1, 1, 0, 56), (5, 3, 2, 1, 3), (224, 2, 2, 0, 112), (5, 3, 1, 1, 5), (10, 3, 1, 0, 8),
]  # fmt: skip


@pytest.mark.parametrize(("size", "window", "stride", "padding", "expected"), SIZES)
def test_sizes(size, window, stride, padding, expected):
    assert output_size(size, window, stride, padding, strict=True).value == expected
    image = Tensor(np.ones((1, 1, size, size), np.float32))
    assert nn.Conv2d(1, 2, window, stride, padding)(image).shape == (1, 2, expected, expected)


@pytest.mark.parametrize(("size", "window", "stride"), [(7, 3, 3), (10, 3, 2), (224, 11, 4)])
def test_sizes_that_do_not_fit(size, window, stride):
    with pytest.raises(ValueError, match="is not whole"):
        output_size(size, window, stride, strict=True)


# --- parameters -------------------------------------------------------------------------------------------------------

COUNTS = [
    (nn.Conv2d(3, 10, 5, padding=2), (3, 32, 32), (10, 32, 32), 760),
    (nn.Conv2d(3, 96, 11, stride=4), (3, 227, 227), (96, 55, 55), 34_944),
    (nn.Conv2d(3, 6, 5), (3, 32, 32), (6, 28, 28), 456),
    (nn.Conv2d(64, 32, 1), (64, 56, 56), (32, 56, 56), 2_080),
    (nn.Linear(3072, 10), (3072,), (10,), 30_730),
]


@pytest.mark.parametrize(("layer", "shape", "expected", "parameters"), COUNTS)
def test_parameters(layer, shape, expected, parameters):
    table = layer_table(layer, shape, strict=True)
    assert (table.rows[-1].shape, table.parameters) == (expected, parameters)


def test_three_small_windows_see_as_much_as_a_large_one():
    small = nn.Sequential(*(nn.Conv2d(8, 8, 3, bias=False) for _ in range(3)))
    large = nn.Conv2d(8, 8, 7, bias=False)
    tables = [layer_table(layers, (8, 20, 20)) for layers in (small, large)]
    assert tables[0].rows[-1].shape == tables[1].rows[-1].shape == (8, 14, 14)
    assert [table.parameters for table in tables] == [27 * 8 * 8, 49 * 8 * 8]


def test_networks_of_keras_examples():
    convnet = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(1600, 10),
    )  # fmt: skip
    table = layer_table(convnet, (1, 28, 28))
    assert [row.shape for row in table.rows if len(row.shape) == 3] == [
        (1, 28, 28), (32, 26, 26), (32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 11, 11), (64, 5, 5),
    ]  # fmt: skip
    assert [row.parameters.value for row in table.rows if row.parameters] == [320, 18_496, 16_010]
    assert table.parameters == 34_826
    mlp = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    assert layer_table(mlp, (784,)).parameters == 669_706
    # Keras has one bias for each gate, PyTorch two: 131,584 and 4 * 128 more.
    assert sum(p.size for p in nn.LSTM(128, 128).parameters()) == 131_584 + 512


def test_lenet5():
    """LeCun et al. (1998), section II.B: the trainable parameters of each layer, and the maps' sizes."""
    layers = {
        "C1": nn.Conv2d(1, 6, 5), "S2": nn.AverageSubsampling(6), "C3": nn.ConnectionTableConv2d(6, 16, 5, LENET5),
        "S4": nn.AverageSubsampling(16), "C5": nn.Conv2d(16, 120, 5), "flat": nn.Flatten(), "F6": nn.Linear(120, 84),
    }  # fmt: skip
    x, shapes, counts = Tensor(np.ones((1, 1, 32, 32), np.float32)), {}, {}
    for name, layer in layers.items():
        x = layer(x)
        shapes[name] = x.shape[1:]
        connections = getattr(layer, "connections", lambda m=layer: sum(p.size for p in m.parameters()))
        counts[name] = connections()
    assert shapes == {
        "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10), "S4": (16, 5, 5), "C5": (120, 1, 1), "flat": (120,),
        "F6": (84,),
    }  # fmt: skip
    assert counts == {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "flat": 0, "F6": 10_164}
    assert sum(counts.values()) == 60_000


# --- what a filter does -----------------------------------------------------------------------------------------------

IMAGE = np.random.default_rng(0).integers(0, 10, (6, 7)).astype(np.float64)


def filtered(window, padding=1):
    """Return the image under a filter (K, K), which like every layer's is not turned around."""
    kernel = np.array(window, np.float64)[None, None]
    return F.conv2d(IMAGE[None, None], kernel, padding=padding).numpy()[0, 0]


def at(row, column):
    window = np.zeros((3, 3))
    window[row, column] = 1
    return window


def test_one_in_the_middle_changes_nothing():
    assert_array_equal(filtered(at(1, 1)), IMAGE)


def test_one_beside_the_middle_shifts():
    assert_array_equal(filtered(at(1, 2))[:, :-1], IMAGE[:, 1:])  # right of the middle: to the left
    assert_array_equal(filtered(at(1, 2))[:, -1], np.zeros(6))
    assert_array_equal(filtered(at(1, 0))[:, 1:], IMAGE[:, :-1])
    assert_array_equal(filtered(at(0, 1))[1:], IMAGE[:-1])  # above: down
    assert_array_equal(filtered(at(2, 1))[:-1], IMAGE[1:])


def test_ninths_blur_and_their_difference_sharpens():
    box = np.full((3, 3), 1 / 9)
    means = np.lib.stride_tricks.sliding_window_view(IMAGE, (3, 3)).mean(axis=(2, 3))
    assert_allclose(filtered(box, 0), means)
    assert_allclose(filtered(2 * at(1, 1) - box, 0), 2 * IMAGE[1:-1, 1:-1] - means)
    flat = F.conv2d(np.full((1, 1, 5, 5), 4.0), (2 * at(1, 1) - box)[None, None]).numpy()
    assert_allclose(flat, np.full((1, 1, 3, 3), 4.0))  # what is even already stays


def test_differences_find_edges():
    edge = np.repeat([[0.0, 0.0, 0.0, 9.0, 9.0, 9.0]], 5, axis=0)[None, None]
    sobel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])
    assert_array_equal(F.conv2d(edge, sobel[None, None])[0, 0, 0], [0, 36, 36, 0])
    assert_array_equal(F.conv2d(edge, sobel.T[None, None])[0, 0, 0], [0, 0, 0, 0])


def test_two_filters_in_a_row_are_one():
    first, second = np.array([[1.0, 2.0, 1.0]]), np.array([[-1.0], [0.0], [1.0]])
    twice = F.conv2d(F.conv2d(IMAGE[None, None], first[None, None]), second[None, None])
    assert_allclose(twice.numpy()[0, 0], filtered(second @ first, 0))


# --- settings worked out by hand --------------------------------------------------------------------------------------


def test_constraints():
    layer = nn.Linear(2, 3, bias=False, dtype=np.float64)
    for constraint, expected in [
        (nn.regularization.MaxNorm(2.0), [[1.2, 1.6], [0.6, -0.8], [0, 0]]),
        (nn.regularization.NonNegative(), [[3, 4], [0.6, 0], [0, 0]]),
        (nn.regularization.UnitNorm(), [[0.6, 0.8], [0.6, -0.8], [0, 0]]),
    ]:
        layer.load_state_dict({"weight": np.array([[3.0, 4.0], [0.6, -0.8], [0.0, 0.0]])})
        nn.regularization.add_constraint(layer, "weight", constraint)
        nn.regularization.apply_constraints(layer)
        assert_allclose(layer.weight.detach(), expected, atol=1e-6)
        layer = nn.Linear(2, 3, bias=False, dtype=np.float64)


def test_dropout_that_is_the_same_in_each_step_of_a_sequence():
    out = nn.Dropout(0.5, noise_shape=(None, 1, None))(Tensor(np.ones((4, 5, 6)))).numpy()
    assert_array_equal(out, np.broadcast_to(out[:, :1], out.shape))
    assert set(out.ravel()) == {0.0, 2.0}


def test_penalties():
    layer = nn.Linear(2, 1, bias=False, dtype=np.float64)
    layer.load_state_dict({"weight": np.array([[3.0, -4.0]])})
    nn.regularization.add_penalty(layer, "weight", nn.regularization.ElasticNet(0.1, 0.01))
    assert_allclose(nn.regularization.penalty(layer).item(), 0.1 * 7 + 0.01 * 25)
