"""The classic networks: published numbers of parameters, initial values, and that they learn."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn import models
from nn.classic import LENET5
from nn.models import lenet

RNG = np.random.default_rng(0)


def count(net):
    return sum(p.size for p in net.parameters())


def falls(net, x, loss_of, rate=0.05, steps=15, factor=0.8):
    """Tell whether a loss falls to a part of its value in some steps of Adam."""
    optimizer = nn.optim.Adam(net.parameters(), lr=rate)
    values = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(net(x))
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values[-1] < factor * values[0]


# --- published numbers ------------------------------------------------------------------------------------------------

PUBLISHED = {
    "vgg16": (models.vgg16, 138_357_544),
    "vgg19": (models.vgg19, 143_667_240),
    "alexnet": (models.alexnet, 61_100_840),
    "AlexNet in two columns": (models.TwoColumnAlexNet, 60_965_224),
    "googlenet": (models.googlenet, 13_004_888),
    "googlenet, one classifier": (functools.partial(models.googlenet, aux_logits=False), 6_624_904),
    "GoogLeNet of the paper": (functools.partial(models.GoogLeNet, batch_norm=False), 13_378_280),
    "GoogLeNet of the paper, one classifier": (
        functools.partial(models.GoogLeNet, batch_norm=False, aux_logits=False),
        6_998_552,
    ),
    "resnet18": (models.resnet18, 11_689_512),
    "resnet34": (models.resnet34, 21_797_672),
    "resnet50": (models.resnet50, 25_557_032),
    "resnet101": (models.resnet101, 44_549_160),
    "resnet152": (models.resnet152, 60_192_808),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_of_parameters(name):
    make, expected = PUBLISHED[name]
    assert count(nn.utils.skip_init(make)) == expected


def test_two_columns_have_the_published_number_in_each_layer():
    net = nn.utils.skip_init(models.TwoColumnAlexNet)
    layers = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
    expected = (34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000)
    assert tuple(count(net.get_submodule(name)) for name in layers) == expected


def test_googlenet_leaves_out_as_published():
    drops = [models.GoogLeNet(2, batch_norm=batch_norm, width=1 / 32) for batch_norm in (True, False)]
    assert [(net.dropout.p, net.aux1.dropout.p) for net in drops] == [(0.2, 0.7), (0.4, 0.7)]


def test_lenet5_has_the_published_number_in_each_layer():
    net = models.LeNet5()
    expected = {"c1": 156, "s2": 12, "s4": 32, "c5": 48_120, "f6": 10_164, "output": 850}
    assert {name: count(net.get_submodule(name)) for name in expected} == expected
    assert net.c3.connections() == 1_516
    assert count(models.LeNet5(output="rbf").output) == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shallow", 79_510),
        ("basic_conv", 289_630),
        ("dbl_conv", 85_670),
        ("dbl_conv_relu", 85_670),
        ("expanded_data", 85_670),
        ("expanded_data_double_fc", 95_770),
        ("double_fc_dropout", 1_672_570),
    ],
)
def test_networks_of_the_chapter(name, expected):
    net = models.chapter6(name)
    assert count(net) == expected
    assert f"| {name} |" in models.chapter6.__doc__
    assert f"{expected:,} |" in models.chapter6.__doc__
    assert f"{models.CHAPTER6[name].published:.2f} % | {expected:,} |" in models.chapter6.__doc__
    assert net(np.zeros((2, 1, 28, 28))).shape == (2, 10)


def test_the_chapter_has_no_other_networks():
    with pytest.raises(ValueError, match="no network 'deep'; there are shallow, basic_conv"):
        models.chapter6("deep")


# --- building ---------------------------------------------------------------------------------------------------------


def test_skip_init_draws_nothing_and_leaves_dropout_a_generator():
    state = autograd.default_generator().bit_generator.state
    net = nn.utils.skip_init(models.alexnet, num_classes=10, width=1 / 32)
    assert autograd.default_generator().bit_generator.state == state
    assert not any(p.data.any() for p in net.parameters())
    drop = net.classifier[0]
    assert drop.generator is None
    assert 0 < (drop(np.ones(1000)).data == 0).sum() < 1000


def test_skip_init_takes_no_generator():
    with pytest.raises(TypeError, match="generator= has no use"):
        nn.utils.skip_init(models.vgg16, generator=RNG)


@pytest.mark.parametrize(
    "make",
    [
        lambda **making: models.SigmoidNeuron(3, **making),
        lambda **making: models.MLP([4, 3, 2], dropout=0.5, **making),
        lambda **making: models.LeNet5(**making),
        lambda **making: models.chapter6("double_fc_dropout", **making),
        lambda **making: models.alexnet(width=1 / 64, **making),
        lambda **making: models.TwoColumnAlexNet(width=1 / 48, **making),
        lambda **making: models.vgg16(width=1 / 64, **making),
        lambda **making: models.googlenet(width=1 / 32, **making),
        lambda **making: models.CharRNN(5, 4, embedding_size=3, **making),
        lambda **making: models.CharTransformer(5, 4, 1, 1, **making),
        lambda **making: models.GAN((1, 4, 4), 3, [5], **making),
        lambda **making: models.resnet18(width=1 / 32, **making),
        lambda **making: models.resnet50(width=1 / 32, **making),
    ],
)
def test_generator_and_dtype(make):
    nets = [make(generator=np.random.default_rng(seed), dtype=np.float64) for seed in (0, 0, 1)]
    states = [net.state_dict() for net in nets]
    assert all(p.dtype == np.float64 for p in nets[0].parameters())
    for name, value in states[0].items():
        assert_array_equal(value.data, states[1][name].data)
    assert any((value.data != states[2][name].data).any() for name, value in states[0].items())


@pytest.mark.parametrize("make", [models.alexnet, models.vgg16, models.resnet18, models.googlenet])
def test_networks_need_a_width_and_classes(make):
    with pytest.raises(ValueError, match="width must be above 0, not 0"):
        make(width=0)
    with pytest.raises(ValueError, match="num_classes must be at least 1"):
        make(num_classes=0, width=1 / 64)


def test_resnet_has_four_stages():
    with pytest.raises(ValueError, match=r"four stages, not \[2, 2\]"):
        models.ResNet(models.BasicBlock, [2, 2])


def test_mlp_needs_two_sizes():
    with pytest.raises(ValueError, match=r"at least two sizes.*not \[3\]"):
        models.MLP([3])


def test_slices_of_networks_are_sequentials():
    net = models.resnet18(width=1 / 32)
    stem = net[:4]
    assert type(stem) is nn.Sequential
    assert list(stem.state_dict())[:2] == ["conv1.weight", "bn1.weight"]
    assert stem(np.zeros((1, 3, 32, 32))).shape == (1, 2, 8, 8)


# --- initial values ---------------------------------------------------------------------------------------------------


def test_initial_values_of_lenet5():
    net = models.LeNet5()
    for layer, fan_in in ((net.c1, 25), (net.c5, 400), (net.f6, 120)):
        for p in (layer.weight, layer.bias):
            assert 0.5 < abs(p.data).max() / (2.4 / fan_in) <= 1 + 1e-6
    table = np.array(LENET5)
    for i, row in enumerate(table):
        bound = 2.4 / (25 * row.sum())
        assert 0.8 < abs(net.c3.weight.data[i]).max() / bound <= 1 + 1e-6
    assert not net.c3.weight.data[table == 0].any()
    assert (net.s2.weight.data == 1).all()


def test_initial_values_of_the_chapter():
    net = models.chapter6("double_fc_dropout")
    assert_allclose(net[1].conv.weight.data.std(), math.sqrt(1 / (40 * 25 / 4)), rtol=0.05)
    assert_allclose(net[3].linear.weight.data.std(), math.sqrt(1 / 1000), rtol=0.05)
    assert_allclose(net[3].linear.bias.data.std(), 1, rtol=0.1)
    assert not any(p.data.any() for p in net[-1].parameters())


def test_initial_values_of_two_columns():
    net = models.TwoColumnAlexNet(10, width=1 / 8)
    assert_allclose(net.conv3.weight.data.std(), 0.01, rtol=0.05)
    ones = {name for name, layer in net.named_children() if hasattr(layer, "bias") and (layer.bias.data == 1).all()}
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}


def test_initial_values_of_vgg_and_resnet():
    vgg, resnet = models.vgg16(width=1 / 8), models.resnet50(width=1 / 8)
    assert_allclose(vgg.features[10].weight.data.std(), math.sqrt(2 / (9 * 32)), rtol=0.05)  # 16 channels to 32
    assert_allclose(vgg.classifier[0].weight.data.std(), 0.01, rtol=0.05)
    assert not vgg.classifier[0].bias.data.any()
    assert_allclose(resnet.layer4[0].conv1.weight.data.std(), math.sqrt(2 / 64), rtol=0.05)  # 128 channels to 64


@pytest.mark.parametrize("make", [models.resnet18, models.resnet50])
def test_residual_blocks_can_start_as_the_identity(make):
    block = make(width=1 / 16, zero_init_residual=True).layer1[1]
    x = RNG.uniform(0, 1, (2, block.conv1.in_channels, 5, 5)).astype(np.float32)
    assert_array_equal(block(x).data, x)


# --- LeNet-5's output layer -------------------------------------------------------------------------------------------


def test_digit_images_differ_from_each_other():
    images = lenet.digit_images()
    assert images.shape == (10, 84)
    assert set(np.unique(images)) == {-1, 1}
    assert len({image.tobytes() for image in images}) == 10


def test_rbf_output_is_0_at_the_image_of_its_class():
    images = lenet.digit_images()
    y = models.RBFOutput(images)(images.astype(np.float32)).data
    assert_array_equal(np.diag(y), np.zeros(10))
    assert (y + np.eye(10) > 0).all()
    assert_allclose(y[1, 7], 4 * (images[1] != images[7]).sum())


def test_rbf_loss_is_the_formula():
    y, target, j = RNG.uniform(0, 3, (4, 5)), np.array([0, 3, 3, 1]), 0.7
    expected = np.mean(y[np.arange(4), target] + np.log(np.exp(-j) + np.exp(-y).sum(axis=1)))
    assert_allclose(models.rbf_loss(Tensor(y), target, j).item(), expected)
    assert autograd.gradcheck(lambda y: models.rbf_loss(y, target, j), (Tensor(y, requires_grad=True),))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output": "softmax"}, "'linear' or 'rbf', not 'softmax'"),
        ({"output": "rbf", "num_classes": 9}, "10 digits, not of 9"),
    ],
)
def test_lenet5_refuses_other_outputs(options, message):
    with pytest.raises(ValueError, match=message):
        models.LeNet5(**options)


def test_rbf_output_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"not shape \(3,\)"):
        models.RBFOutput(np.ones(3))
    with pytest.raises(ValueError, match=r"takes \(N, 3\), not shape \(2, 4\)"):
        models.RBFOutput(np.ones((2, 3)))(np.ones((2, 4)))


# --- learning ---------------------------------------------------------------------------------------------------------


def test_neuron_and_logistic_regression_learn():
    x = RNG.normal(size=(50, 2)).astype(np.float32)
    y = (x @ [1.0, -2.0] > 0).astype(np.float32)
    assert falls(models.SigmoidNeuron(2), x, lambda p: nn.functional.binary_cross_entropy(p, y), rate=0.3)
    model = models.LogisticRegression(2)
    assert falls(model, x, lambda z: nn.functional.binary_cross_entropy_with_logits(z, y), rate=0.3)
    assert ((model.probability(x).data > 0.5) == y).mean() > 0.9


def test_linear_regression_finds_the_line():
    x = RNG.normal(size=(50, 2))
    y = x @ [[2.0], [-1.0]] + 0.5
    model = models.LinearRegression(2, dtype=np.float64)
    assert not any(p.data.any() for p in model.parameters())
    assert falls(model, x, lambda out: nn.functional.mse_loss(out, y), rate=0.1, steps=200, factor=1e-3)
    assert_allclose(model.weight.data, [[2, -1]], atol=0.05)


def digits(size, count=32):
    (x, y), _ = nn.data.load_digits()
    x = x[:count].repeat(size // 8, axis=2).repeat(size // 8, axis=3)
    return x, y[:count]


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: models.SoftmaxRegression(64, 10), 8),
        (lambda: models.MLP([64, 32, 10]), 8),
        (lambda: models.LeNet5(), 32),
        (lambda: models.VGG([[64], [64]], 10, dropout=0.1, width=1 / 16), 32),
        (lambda: models.ResNet(models.BasicBlock, [1, 1, 1, 1], 10, width=1 / 8), 32),
        (lambda: models.ResNet(models.Bottleneck, [1, 1, 1, 1], 10, width=1 / 8), 32),
        (lambda: models.alexnet(num_classes=10, width=1 / 16, dropout=0.1), 64),
    ],
    ids=["softmax", "mlp", "lenet5", "vgg", "resnet", "bottlenecks", "alexnet"],
)
def test_images_are_learned(make, size):
    net, (x, y) = make(), digits(size)
    channels = next((p.shape[1] for p in net.parameters() if p.ndim == 4), 1)
    x = np.broadcast_to(x, (len(x), channels, size, size))
    assert falls(net, x, lambda scores: nn.functional.cross_entropy(scores, y), rate=0.01, steps=20, factor=0.9)


def test_two_columns_learn():
    net = models.TwoColumnAlexNet(2, width=1 / 16)
    x = np.stack([np.zeros((3, 227, 227)), np.ones((3, 227, 227))]).astype(np.float32)
    assert falls(net, x, lambda scores: nn.functional.cross_entropy(scores, [0, 1]), rate=0.003, factor=0.9)


def test_lenet5_learns_with_its_original_output():
    x, y = digits(32)
    assert falls(models.LeNet5(output="rbf"), x, lambda d: models.rbf_loss(d, y), rate=0.005)


@pytest.mark.parametrize("name", ["basic_conv", "double_fc_dropout"])
def test_networks_of_the_chapter_learn(name):
    x, y = digits(24)
    x = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
    net = models.chapter6(name)
    assert falls(net, x, lambda scores: nn.functional.cross_entropy(scores, y % 2), rate=0.001, factor=0.7)


def test_googlenet_learns_with_all_its_classifiers():
    net, (x, y) = models.googlenet(num_classes=10, width=1 / 16, dropout_aux=0.1), digits(32, 8)
    x = np.broadcast_to(x, (len(x), 3, 32, 32))

    def loss_of(outs):
        parts = [nn.functional.cross_entropy(scores, y) for scores in outs]
        return parts[0] + 0.3 * (parts[1] + parts[2])

    assert falls(net, x, loss_of, rate=0.01, factor=0.95)
    assert net.eval()(x).shape == (8, 10)
