"""Classifiers as convolutions: they slide, and give exactly what the model says of each crop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import nn
from nn import models

RNG = np.random.default_rng(3)


def crops(model, images, size, step):
    """Return what a model says of each crop (N, classes, P, Q), for images (N, C, H, W)."""
    rows = range(0, images.shape[2] - size + 1, step)
    columns = range(0, images.shape[3] - size + 1, step)
    return np.stack(
        [np.stack([model(images[:, :, i : i + size, j : j + size]).data for j in columns], -1) for i in rows], -2
    )


def stride_32():
    """Return a network for 224x224 pixels with a total stride of 32, which pads nothing."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 4, stride=4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 2, stride=2), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 7 * 7, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 5),
    )  # fmt: skip


def test_224_to_384_gives_6_by_6_scores():
    model = stride_32().double().eval()
    net = models.to_convolutional(model, (3, 224, 224))
    images = RNG.normal(size=(2, 3, 384, 384))
    scores = net(images)
    assert scores.shape == (2, 5, 6, 6)
    assert_allclose(scores.data, crops(model, images, 224, 32), rtol=1e-11, atol=1e-13)
    crop = images[:, :, :224, :224]
    assert_allclose(net(crop).data[:, :, 0, 0], model(crop).data, rtol=1e-11, atol=1e-13)


SMALL = {
    "overlapping windows": lambda: nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 3)
    ),
    "normalized": lambda: nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(75, 6), nn.BatchNorm1d(6), nn.PReLU(6),
        nn.Linear(6, 4, bias=False), nn.Softmax(dim=-1),
    ),
    "mean of each map": lambda: nn.Sequential(
        nn.Conv2d(2, 4, 4, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(4), nn.Linear(4, 3)
    ),
    "largest of each map": lambda: nn.Sequential(
        nn.Conv2d(2, 4, 4, stride=2), nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.Linear(4, 3), nn.LogSoftmax(1)
    ),
    "in parts": lambda: nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 3, 4, stride=2)), nn.AdaptiveAvgPool2d(4),
        nn.Sequential(nn.Sigmoid(), nn.Flatten(), nn.Sequential(nn.Dropout(), nn.Linear(48, 3))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_crops(name):
    model = SMALL[name]().double()
    model(RNG.normal(size=(8, 2, 11, 11))[:, :, :11, :11] * 3 + 1) if name in ("normalized", "mean of each map") else 0
    model.eval()
    size = 11 if name in ("overlapping windows", "normalized") else 10
    net = models.to_convolutional(model, (2, size, size))
    images = RNG.normal(size=(2, 2, 17, 16))
    assert_allclose(net(images).data, crops(model, images, size, 2), rtol=1e-11, atol=1e-13)


def test_a_layer_may_stand_in_two_places():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Conv2d(1, 4, 3), relu, nn.Flatten(), nn.Linear(36, 6), relu, nn.Linear(6, 2))
    net = models.to_convolutional(model, (1, 5, 5))
    images = RNG.normal(size=(2, 1, 6, 7)).astype(np.float32)
    assert_allclose(net(images).data, crops(model, images, 5, 1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", [models.alexnet, models.vgg16, models.resnet18])
def test_classic_networks_slide(make):
    size = 224 if make is not models.resnet18 else 64
    model = make(num_classes=4, width=1 / 32).eval()
    image = RNG.normal(size=(1, 3, size, size)).astype(np.float32)
    net = models.to_convolutional(model, image.shape[1:])
    assert_allclose(net(image).data[:, :, 0, 0], model(image).data, rtol=1e-4, atol=1e-6)
    larger = np.pad(image, ((0, 0), (0, 0), (0, 32), (0, 64)))
    assert net(larger).shape == (1, 4, 2, 3)


@pytest.mark.parametrize(
    ("make", "size"),
    [(models.LeNet5, 32), (lambda: models.chapter6("double_fc_dropout"), 28)],
    ids=["LeNet5", "chapter6"],
)
def test_networks_without_padding_slide_exactly(make, size):
    model = make().double().eval()
    for p in model.parameters():  # some start at 0
        p.data = RNG.normal(size=p.shape) / np.sqrt(p.data[0].size)
    images = RNG.normal(size=(2, 1, size + 9, size + 4))
    scores = models.to_convolutional(model, (1, size, size))(images)
    assert scores.shape == (2, 10, 3, 2)
    assert_allclose(scores.data, crops(model, images, size, 4), rtol=1e-10, atol=1e-12)


def test_padding_makes_a_difference_at_the_borders_of_crops():
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten(), nn.Linear(50, 3)).double()
    images = RNG.normal(size=(1, 1, 9, 9))
    net = models.to_convolutional(model, (1, 5, 5))
    assert abs(net(images).data - crops(model, images, 5, 1)).min() > 1e-6
    assert_allclose(net(images[..., :5, :5]).data[..., 0, 0], model(images[..., :5, :5]).data, rtol=1e-11)


def test_weights_are_shared_and_modes_kept():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(18, 3)).train()
    model[1].eval()
    model[3].weight.requires_grad_(False)
    net = models.to_convolutional(model, (1, 5, 5))
    assert net[0] is model[0]
    assert net.training
    assert not net[1].training
    assert np.shares_memory(net[2].weight.data, model[3].weight.data)
    assert not net[2].weight.requires_grad
    assert net[2].bias.requires_grad
    net[2].bias.data[...] = 7
    assert (model[3].bias.data == 7).all()


def test_converted_networks_learn():
    net = models.to_convolutional(stride_32().eval(), (3, 224, 224))
    net(RNG.normal(size=(1, 3, 256, 224)).astype(np.float32)).sum().backward()
    assert all(p.grad is not None and p.grad.data.any() for p in (net[0].weight, net[-1].weight))


REFUSED = {
    "no Sequential": (nn.Linear(3, 2), (3, 1, 1), TypeError, "takes a Sequential, not Linear"),
    "no image": (nn.Sequential(nn.Flatten()), (3,), ValueError, r"input_shape must be \(C, H, W\), not \(3,\)"),
    "no Flatten": (nn.Sequential(nn.Conv2d(1, 2, 3)), (1, 5, 5), ValueError, "no Flatten"),
    "other axes": (nn.Sequential(nn.Flatten(2)), (1, 5, 5), ValueError, "layer 0.*must merge all axes but the batch"),
    "features": (nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), (1, 5, 5), ValueError, "layer 1.*takes 7 features"),
    "adaptive": (
        nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4, 2)), (1, 5, 5), ValueError,
        r"pools \(5, 5\) to \(2, 2\)",
    ),
    "unknown": (
        nn.Sequential(nn.Flatten(), nn.Linear(25, 4), nn.LayerNorm(4)), (1, 5, 5), TypeError,
        "layer 2, LayerNorm.*cannot be converted after Flatten",
    ),
    "too early": (
        nn.Sequential(nn.Flatten(), nn.BatchNorm1d(25), nn.Linear(25, 4)), (1, 5, 5), TypeError,
        "between Flatten and the first Linear",
    ),
    "a slope for each place": (
        nn.Sequential(nn.Flatten(), nn.PReLU(25), nn.Linear(25, 4)), (1, 5, 5), TypeError,
        "between Flatten and the first Linear",
    ),
    "softmax over images": (
        nn.Sequential(nn.Flatten(), nn.Linear(25, 4), nn.Softmax(0)), (1, 5, 5), TypeError, "cannot be converted",
    ),
    "channels": (nn.Sequential(nn.Conv2d(2, 2, 3), nn.Flatten()), (1, 5, 5), ValueError, "layer 0.*2 channels"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_named(name):
    model, shape, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        models.to_convolutional(model, shape)
