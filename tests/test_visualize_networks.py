"""nn.visualize: what networks have learned, what they look at, how their gradients flow; and the figures of it."""

import io
import subprocess
import sys

import numpy as np
import pytest

import autograd
import nn
from nn import visualize

pytest.importorskip("matplotlib")


def network():
    autograd.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(64, 3),
    )  # fmt: skip


def images(count=2):
    return np.random.default_rng(1).normal(size=(count, 1, 8, 8)).astype(np.float32)


def numeric(f, x, eps=1e-2):
    """Return the central differences of f at each element of x, in float64."""
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[i] += eps
        down[i] -= eps
        result[i] = (f(up) - f(down)) / (2 * eps)
    return result


def drawn(figure):
    """Return the panels that show something, after drawing all in full."""
    figure.savefig(io.BytesIO(), format="png", dpi=30)
    return [axes for axes in figure.axes if axes.has_data()]


# --- looking changes nothing ------------------------------------------------------------------------------------------


def every_look(model, x):
    classes = np.zeros(len(x), int)
    visualize.saliency(model, x)
    visualize.grad_cam(model, x, "2")
    visualize.occlusion(model, x, window=4, stride=4)
    visualize.fast_gradient_sign(model, nn.CrossEntropyLoss(), x, classes, 0.1)
    visualize.maximize_activation(model, "0", 0, (1, 8, 8), steps=2)
    visualize.feature_maps(model, x)
    visualize.plot_attack(model, x, x)


def test_looking_changes_nothing():
    model = network()
    model[1].eval()
    model[6].bias.requires_grad_(False)
    before = {name: value.data.copy() for name, value in model.state_dict().items()}
    x = images()
    kept = x.copy()
    every_look(model, x)
    assert all(np.array_equal(value.data, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert [module.training for module in model] == [True, False, True, True, True, True, True]
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["6.bias"]
    assert not any(module._forward_hooks for module in model)
    assert np.array_equal(x, kept)


def test_models_are_put_back_after_errors():
    model = network()
    with pytest.raises(ValueError, match="no unit 4"):
        visualize.maximize_activation(model, "0", 4, (1, 8, 8))
    assert model.training
    assert model[0].weight.requires_grad
    assert not model[0]._forward_hooks


def test_the_same_answer_twice_despite_dropout_and_noise():
    model, x = network(), images()
    assert np.array_equal(visualize.saliency(model, x), visualize.saliency(model, x))
    a, b = (visualize.maximize_activation(model, "6", 1, (1, 8, 8), generator=np.random.default_rng(3)) for _ in "ab")
    assert np.array_equal(a, b)


# --- what decisions rest on -------------------------------------------------------------------------------------------


def test_saliency_is_the_size_of_the_derivative():
    model = network().double().eval()
    x = images(1).astype(np.float64)
    measured = numeric(lambda pixels: model(pixels).data[0, 2], x, eps=1e-6)
    np.testing.assert_allclose(visualize.saliency(model, x, targets=2), np.abs(measured).max(axis=1), atol=1e-6)


def test_saliency_takes_the_best_class_and_the_largest_channel():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    model[1].weight.data[:] = [[1, 2, -3, 4], [0, 0, 0, 0]]
    x = np.ones((1, 2, 1, 2), np.float32)
    assert visualize.saliency(model, x).tolist() == [[[3.0, 4.0]]]
    assert visualize.saliency(model, x, [1]).tolist() == [[[0.0, 0.0]]]


def test_grad_cam_by_hand():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten(), nn.Linear(8, 2, bias=False))
    model[0].weight.data[:] = np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
    model[2].weight.data[:] = [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]]
    x = np.array([[[[1.0, 2.0], [-1.0, 4.0]]]], np.float32)
    np.testing.assert_allclose(visualize.grad_cam(model, x, "0", 0), [[[0.25, 0.5], [0, 1]]])
    np.testing.assert_allclose(visualize.grad_cam(model, x, model[0], 1), [[[0, 0], [1, 0]]])


def test_grad_cam_gradients_are_those_of_the_maps():
    model = network().double().eval()
    x = images(1).astype(np.float64)
    maps = visualize.feature_maps(model, x, ["1"])["1"]
    rest = nn.Sequential(*[model[i] for i in range(2, 7)]).eval()
    weights = numeric(lambda m: rest(m).data[0, 1], maps, eps=1e-7).mean(axis=(2, 3), keepdims=True)
    expected = np.maximum((weights * maps).sum(axis=1), 0)
    np.testing.assert_allclose(visualize.grad_cam(model, x, "1", 1), expected / expected.max(), atol=1e-5)


def test_grad_cam_where_nothing_speaks_for_the_class_is_zero():
    model = network()
    nn.init.zeros_(model[6].weight)
    assert not visualize.grad_cam(model, images(), "0").any()


def test_grad_cam_needs_maps():
    with pytest.raises(ValueError, match=r"must give maps \(N, K, P, Q\), not \(1, 64\)"):
        visualize.grad_cam(network(), images(1), "4")
    with pytest.raises(ValueError, match="no layer 'conv9', only '0', '1'"):
        visualize.grad_cam(network(), images(1), "conv9")
    with pytest.raises(ValueError, match="no such layer as ReLU"):
        visualize.grad_cam(network(), images(1), nn.ReLU())


def test_occlusion_covers_everything_and_finds_the_pixel_that_counts():
    model = nn.Sequential(nn.Flatten(), nn.Linear(25, 2, bias=False))
    model[1].weight.data[:] = 0
    model[1].weight.data[0, 12] = 1
    falls = visualize.occlusion(model, np.ones((1, 5, 5), np.float32), 0, window=2, stride=2, fill=0.0)
    assert np.isfinite(falls).all()
    assert falls[0, 2, 2] == falls.max() == 1  # whichever window hides it
    assert falls[0, 0, 0] == 0
    falls = visualize.occlusion(model, np.ones((1, 5, 5), np.float32), 0, window=2, stride=1, fill=0.0)
    assert falls[0, 2, 2] == falls.max() == 1  # the mean of four
    with pytest.raises(ValueError, match="a window of 6 x 6 is larger than the images, 5 x 5"):
        visualize.occlusion(model, np.ones((1, 5, 5)), window=6)


def test_classifiers_give_scores():
    with pytest.raises(ValueError, match=r"gives scores \(N, C\), this model gives \(2, 4, 8, 8\)"):
        visualize.saliency(nn.Conv2d(1, 4, 3, padding=1), images())
    with pytest.raises(ValueError, match=r"images have shape .* got \(8, 8\)"):
        visualize.saliency(network(), np.ones((8, 8)))


# --- adversarial examples ---------------------------------------------------------------------------------------------


def test_fast_gradient_sign_raises_the_loss_within_its_limits():
    model, loss, x, y = network().eval(), nn.CrossEntropyLoss(), images(16), np.arange(16) % 3
    changed = visualize.fast_gradient_sign(model, loss, x, y, 0.05)
    assert changed.dtype == np.float32
    np.testing.assert_allclose(np.abs(changed - x).max(), 0.05, rtol=1e-5)
    assert loss(model(changed), y).item() > loss(model(x), y).item()
    limited = visualize.fast_gradient_sign(model, loss, x, y, 0.5, low=-1, high=1)
    assert (limited.min(), limited.max()) == (-1, 1)
    with pytest.raises(ValueError, match="epsilon must be 0 or more"):
        visualize.fast_gradient_sign(model, loss, x, y, float("nan"))


# --- activation maximisation ------------------------------------------------------------------------------------------


def test_maximized_images_excite_their_unit_more_than_noise():
    model = network().eval()
    for unit in range(3):
        found = visualize.maximize_activation(model, "6", unit, (1, 8, 8), steps=30, generator=np.random.default_rng(0))
        noise = np.random.default_rng(1).normal(size=(50, 1, 8, 8)) * found.std() + found.mean()
        assert model(found[None]).data[0, unit] > model(noise).data[:, unit].max()
    assert found.dtype == np.float32


# --- feature maps -----------------------------------------------------------------------------------------------------


def test_feature_maps_are_the_outputs_of_the_layers():
    model, x = network().eval(), images()
    found = visualize.feature_maps(model, x)
    assert list(found) == ["0", "1", "2", "3", "5"][:4]
    np.testing.assert_array_equal(found["0"], model[0](x).data)
    np.testing.assert_array_equal(visualize.feature_maps(model, x, ["6"])["6"], model(x).data)


# --- gradient flow ----------------------------------------------------------------------------------------------------


def test_gradient_flow_by_hand():
    model = nn.Linear(2, 2, bias=False)
    model.weight.data[:] = [[3, 0], [0, 4]]
    model.weight.grad = np.array([[0.0, 6.0], [8.0, 0.0]], np.float32)
    flow = visualize.gradient_flow(model, nn.optim.SGD(model.parameters(), lr=0.1).step)
    (row,) = flow.rows
    assert (row.norm, row.size, row.zeros, row.bad, row.weight_norm) == (10.0, 5.0, 0.5, 0, 5.0)
    assert row.update == pytest.approx(0.2)
    assert flow.findings == (
        "steps are 2.0e-01 of the weights, usual is 0.001; that is large: lower the learning rate",
    )
    assert "1.00e+01" in str(flow)


def test_gradient_flow_of_a_whole_training_step():
    model = nn.Linear(2, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        model(np.ones((4, 2))).mean().backward()
        optimizer.step()

    weight, bias = visualize.gradient_flow(model, step).rows
    assert (weight.norm, bias.norm) == (pytest.approx(2**0.5), 1.0)
    assert bias.update == pytest.approx(0.1 / bias.weight_norm)


def test_vanishing_gradients_are_told():
    autograd.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(8) for layer in (nn.Linear(16, 16), nn.Sigmoid())])
    model(np.ones((4, 16))).mean().backward()
    flow = visualize.gradient_flow(model, nn.optim.SGD(model.parameters(), lr=0.1).step)
    (finding,) = flow.findings  # no advice on the learning rate, which is not to blame
    assert "the gradient vanishes on its way back: that of 0.weight is" in finding
    assert len(drawn(flow.plot())) == 3


def test_exploding_gradients_are_told():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[0].weight.grad, model[1].weight.grad = np.full((2, 2), 5e4, np.float32), np.ones((2, 2), np.float32)
    (finding,) = visualize.gradient_flow(model).findings
    assert finding == "the gradient explodes on its way back: that of 0.weight is 5.0e+04 times that of 1.weight"


def test_missing_zero_and_bad_gradients_are_told():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"no weight has a gradient to plot: call backward\(\) first"):
        visualize.gradient_flow(model).plot()
    model[0].weight.grad = np.zeros((2, 2), np.float32)
    model[1].weight.grad = np.full((2, 2), np.nan, np.float32)
    assert visualize.gradient_flow(model).findings == (
        "0.bias has no gradient", "1.bias has no gradient", "the gradient of 1.weight is not finite at 4 elements",
        "the gradient of 0.weight is zero",
    )  # fmt: skip
    drawn(visualize.gradient_flow(model).plot())


# --- figures ----------------------------------------------------------------------------------------------------------


def test_confusion_matrix():
    figure = visualize.plot_confusion([[3, 1], [0, 0]], normalize=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["75%", "25%", "0%", "0%"]
    for wrong in ([[1, 2]], [[-1, 0], [0, 0]], np.zeros((0, 0))):
        with pytest.raises(ValueError, match="confusion matrix"):
            visualize.plot_confusion(wrong)
    with pytest.raises(ValueError, match="2 classes, but 1 names"):
        visualize.plot_confusion(np.eye(2), ["a"])


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_decision_boundary_of_networks(outputs):
    model = nn.Linear(2, outputs)
    nn.init.zeros_(model.bias)
    model.weight.data[:] = [[0, 0], [9, 0], [0, -100]][:outputs] if outputs > 1 else [[9, 0]]
    points = np.array([[-1.0, 0.0], [1.0, 0.5], [0.0, 1.0]], np.float32)
    figure = visualize.plot_decision_boundary(model, points, [0, 1, 1], resolution=50)
    (axes,) = drawn(figure)
    shown = np.asarray(axes.images[0].get_array())  # (50, 50, 4), from the bottom left
    blue, orange = (0, 0x72 / 255, 0xB2 / 255), (0xE6 / 255, 0x9F / 255, 0)
    assert np.allclose(shown[40, 2, :3], blue)
    assert np.allclose(shown[40, -2, :3], orange)
    assert shown[40, 25, 3] < shown[40, 2, 3]  # less sure at the boundary
    assert axes.images[0].origin == "lower"
    if outputs == 3:
        assert np.allclose(shown[0, 25, :3], (0, 0x9E / 255, 0x73 / 255))  # where y is below 0
    assert model.training


def test_decision_boundary_refuses():
    points = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"points have shape \(N, 2\).* got \(3, 2\) and \(2,\)"):
        visualize.plot_decision_boundary(nn.Linear(2, 2), points, [0, 1])
    with pytest.raises(ValueError, match=r"it gave \(7,\)"):
        visualize.plot_decision_boundary(lambda p: np.zeros(7), points, [0, 1, 1])


@pytest.mark.parametrize(("count", "channels"), [(1, 1), (5, 2), (3, 3)])
def test_pictures_of_images_of_all_kinds(count, channels):
    x = np.random.default_rng(0).normal(size=(count, channels, 5, 4))
    assert sum(bool(a.images) for a in drawn(visualize.plot_images(x, [str(i) for i in range(count)]))) == count
    assert sum(bool(a.images) for a in drawn(visualize.plot_heatmaps(x, x[:, 0], title="t"))) == 2 * count


def test_figures_are_complete():
    model, x = network(), images()
    assert len(drawn(visualize.plot_feature_maps(model, x[0], most=3))) == 12
    assert len(drawn(visualize.plot_responses(model, "6", (1, 8, 8), steps=2))) == 3
    assert len(drawn(visualize.plot_attack(model, x, x + 0.1))) == 6
    assert len(drawn(visualize.plot_histograms(model))) == 6
    assert len(drawn(visualize.plot_filters(model[0].weight))) == 5  # with the scale
    model(x).sum().backward()
    model[6].bias.grad.data[0] = np.nan
    figure = visualize.plot_histograms(model, "gradients")
    assert "1 not finite" in figure.axes[-1].get_title()


def test_figures_refuse():
    model = network()
    with pytest.raises(ValueError, match=r"no gradients to show: call backward\(\) first"):
        visualize.plot_histograms(model, "gradients")
    with pytest.raises(ValueError, match="'weights' or 'gradients'"):
        visualize.plot_histograms(model, "biases")
    with pytest.raises(ValueError, match="one image"):
        visualize.plot_feature_maps(model, images(2))
    with pytest.raises(ValueError, match="no layer of the model gives feature maps"):
        visualize.plot_feature_maps(nn.Flatten(), images(1))
    with pytest.raises(ValueError, match="2 images, but 1 titles"):
        visualize.plot_images(images(2), ["a"])
    with pytest.raises(ValueError, match=r"heat maps \(N, H, W\), not \(2, 3, 3\)"):
        visualize.plot_heatmaps(images(2), np.zeros((2, 3, 3)))
    with pytest.raises(ValueError, match="the changed ones"):
        visualize.plot_attack(model, images(2), images(1))


def test_hostile_names_are_text():
    name = 'a"<script>$x^2$\n\\'
    figure = visualize.plot_confusion(np.eye(2), [name, "b"])
    assert drawn(figure)
    model = nn.Sequential()
    model.add_module('$\\frac{"<x>', nn.Linear(2, 2))
    drawn(visualize.plot_histograms(model))
    model(np.ones((1, 2))).sum().backward()
    drawn(visualize.gradient_flow(model).plot())


def test_without_matplotlib_the_extra_is_named():
    code = (
        "import sys; sys.modules['matplotlib'] = None; import importlib.util as u\n"
        "u.find_spec = lambda name, p=None: None\n"
        "import nn, numpy as np\n"
        "print(nn.visualize.saliency(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), np.ones((1, 2, 2))).shape)\n"
        "try: nn.visualize.plot_confusion(np.eye(2))\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == '(1, 2, 2)\nthis needs matplotlib: pip install "forkgrad[plot]"\n'
