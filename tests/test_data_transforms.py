"""Augmentation, against definitions written out and other libraries, and preprocessing that is fitted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.data import DataLoader, TensorDataset, TransformedDataset, transforms
from nn.data.transforms import (
    PCA,
    ChannelMean,
    ColorJitter,
    Compose,
    Cutout,
    GaussianNoise,
    MeanImage,
    MixUp,
    Normalize,
    PCAColor,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
    RandomVerticalFlip,
    ShiftedDataset,
    Whiten,
    affine_resample,
)


def rng(seed=0):
    return np.random.default_rng(seed)


IMAGES = rng(42).random((12, 3, 9, 7)).astype(np.float32)

ALL = {
    "RandomHorizontalFlip": RandomHorizontalFlip(),
    "RandomVerticalFlip": RandomVerticalFlip(),
    "RandomShift": RandomShift(2),
    "RandomCrop": RandomCrop((8, 6), padding=1),
    "RandomResizedCrop": RandomResizedCrop(5),
    "RandomRotation": RandomRotation(30),
    "RandomAffine": RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10),
    "ColorJitter": ColorJitter(0.4, 0.4, 0.4),
    "PCAColor": PCAColor(1.0).fit(IMAGES),
    "Cutout": Cutout(3),
    "GaussianNoise": GaussianNoise(),
    "Compose": Compose([RandomShift(1), GaussianNoise()]),
}


@pytest.mark.parametrize("name", ALL)
def test_every_augmentation(name):
    transform, before = ALL[name], IMAGES.copy()
    changed = transform(IMAGES, generator=rng())
    assert_array_equal(IMAGES, before)
    assert changed.dtype == np.float32
    assert changed.shape[:2] == (12, 3)
    assert_array_equal(changed, transform(IMAGES, generator=rng()))
    assert (changed != transform(IMAGES, generator=rng(1))).any()
    tensor = transform(Tensor(IMAGES, requires_grad=True), generator=rng())
    assert type(tensor) is Tensor
    assert not tensor.requires_grad
    assert_array_equal(tensor.data, changed)
    assert_allclose(transform(IMAGES[:1], generator=rng())[0], transform(IMAGES[0], generator=rng()))
    assert transform(IMAGES.astype(np.float64), generator=rng()).dtype == np.float64
    assert transform(IMAGES[:0]).shape[0] == 0
    same = transform(np.repeat(IMAGES[:1], 60, axis=0), generator=rng())
    assert len(np.unique(same, axis=0)) > 1
    autograd.manual_seed(1)
    default = transform(IMAGES)
    autograd.manual_seed(1)
    assert_array_equal(default, transform(IMAGES))


@pytest.mark.parametrize("name", sorted(set(ALL) - {"Compose"}))
def test_every_augmentation_refuses(name):
    with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
        ALL[name](np.ones((3, 3)))
    if ALL[name].floating:
        with pytest.raises(TypeError, match="uint8"):
            ALL[name](np.ones((3, 3, 4, 4), np.uint8))
    else:
        assert ALL[name](np.ones((3, 3, 9, 9), np.uint8)).dtype == np.uint8


BAD = [
    lambda: RandomHorizontalFlip(1.5), lambda: RandomShift(-1), lambda: RandomShift((1, 2, 3)),
    lambda: RandomShift(0.5), lambda: RandomCrop(3, padding_mode="none"), lambda: RandomRotation((3, 2)),
    lambda: RandomRotation(-3),
    lambda: RandomAffine(0, scale=(0, 1)), lambda: RandomAffine(0, translate=(2, 0)), lambda: RandomResizedCrop(0),
    lambda: RandomResizedCrop(3, scale=(0, 1)), lambda: ColorJitter(-1), lambda: ColorJitter((-1, 1)),
    lambda: PCAColor(-1), lambda: Cutout(0), lambda: GaussianNoise(sigma=-1), lambda: MixUp(0), lambda: Normalize([1]),
    lambda: Normalize([1], [0]), lambda: Normalize([1, 2], [1]), lambda: Whiten("none"), lambda: Whiten(eps=-1),
    lambda: PCA(0), lambda: RandomCrop(20)(IMAGES), lambda: PCAColor()(IMAGES), lambda: ColorJitter(1)(IMAGES[:, :2]),
    lambda: MixUp(num_classes=2)(IMAGES, np.arange(12)), lambda: MixUp()(IMAGES, np.arange(12)),
    lambda: MixUp(num_classes=12)(IMAGES[0], np.array(1)), lambda: PCA(99).fit(np.ones((3, 4))),
    lambda: MeanImage().fit(np.zeros((0, 3))), lambda: MeanImage().fit(np.array([[np.nan]])),
    lambda: MeanImage().fit(np.ones((2, 3)))(np.ones((2, 4))), lambda: Whiten(eps=0).fit(np.ones((5, 2))),
    lambda: ChannelMean().fit(IMAGES)(IMAGES[:, :2]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_arguments_are_refused(number):
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        BAD[number]()


def test_colours_that_were_not_fitted_or_to_other_channels_are_told_apart():
    with pytest.raises(ValueError, match="PCAColor was not fitted: call fit"):
        PCAColor()(IMAGES)
    with pytest.raises(ValueError, match="PCAColor was fitted to images of 3 channels, so it does not take"):
        PCAColor().fit(IMAGES)(IMAGES[:, :1])


# --- moving -----------------------------------------------------------------------------------------------------------


def test_flips_happen_as_often_as_they_should():
    images = np.broadcast_to(np.arange(4.0).reshape(1, 1, 2, 2), (2000, 1, 2, 2))
    for transform, flipped in ((RandomHorizontalFlip, [[1, 0], [3, 2]]), (RandomVerticalFlip, [[2, 3], [0, 1]])):
        changed = transform(0.25)(images, generator=rng())
        hits = (changed == flipped).all(axis=(1, 2, 3))
        assert abs(hits.mean() - 0.25) < 0.04
        assert_array_equal(changed[~hits], images[~hits])
        assert_array_equal(transform(0.0)(images), images)


def test_shifts_move_by_whole_pixels():
    images = np.zeros((400, 2, 5, 5))
    images[:, :, 2, 2] = 1
    moved = transforms.RandomShift((1, 2), fill=0)(images, generator=rng())
    places = [tuple(np.argwhere(image[0])[0]) for image in moved]
    assert set(places) == {(y, x) for y in (1, 2, 3) for x in range(5)}
    assert_array_equal(moved[:, 0], moved[:, 1])
    far = transforms.shift_images(IMAGES, np.full(12, 100), np.full(12, -3), fill=0.5)
    assert (far == 0.5).all()


def test_shifts_against_a_loop():
    down, right = rng(1).integers(-4, 5, (2, 12))
    moved = transforms.shift_images(IMAGES, down, right, fill=7)
    for image, result, dy, dx in zip(IMAGES, moved, down, right, strict=True):
        for y in range(9):
            for x in range(7):
                inside = 0 <= y - dy < 9 and 0 <= x - dx < 7
                assert_array_equal(result[:, y, x], image[:, y - dy, x - dx] if inside else 7)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_crops_are_windows(mode):
    crops = RandomCrop((4, 5), padding=(1, 2), padding_mode=mode)(IMAGES, generator=rng())
    more = {"constant_values": 0} if mode == "constant" else {}
    whole = np.pad(IMAGES, [(0, 0), (0, 0), (1, 1), (2, 2)], mode, **more)
    places = set()
    for image, crop in zip(whole, crops, strict=True):
        found = [
            (y, x) for y in range(8) for x in range(7) if (image[:, y : y + 4, x : x + 5] == crop).all()
        ]  # fmt: skip
        assert found
        places.add(found[0])
    assert len(places) > 4


def test_crops_come_from_everywhere():
    places = np.broadcast_to(np.arange(30).reshape(1, 1, 5, 6), (2000, 1, 5, 6))
    first = RandomCrop((3, 4))(places, generator=rng())[:, 0, 0, 0]
    assert set(first) == {y * 6 + x for y in range(3) for x in range(3)}


def test_shifted_dataset():
    data = ShiftedDataset(TensorDataset(IMAGES, np.arange(12)))
    assert len(data) == 60
    images, labels = data[np.arange(60)]
    assert_array_equal(labels.data, np.tile(np.arange(12), 5))
    assert_array_equal(images.data[:12], IMAGES)
    assert_array_equal(images.data[12:24, :, :-1], IMAGES[:, :, 1:])
    assert_array_equal(images.data[24:36, :, 1:], IMAGES[:, :, :-1])
    assert_array_equal(images.data[36:48, ..., :-1], IMAGES[..., 1:])
    assert_array_equal(images.data[48:60, ..., 1:], IMAGES[..., :-1])
    assert (images.data[12:24, :, -1] == 0).all()
    for i in (0, 17, 59, -1):
        assert_array_equal(data[i][0].data, images.data[i])
        assert data[i][1].item() == labels.data[i]
    for i in (60, -61):
        with pytest.raises(IndexError, match="60 examples"):
            data[i]
    shuffled = np.concatenate([x.data for x, _ in DataLoader(data, 7, shuffle=True)])
    assert_allclose(shuffled.sum(), images.data.sum(), rtol=1e-5)


# --- affine -----------------------------------------------------------------------------------------------------------


def test_resampling_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    n, height, width, out = 12, 9, 7, (6, 8)
    matrices = rng(1).normal(size=(n, 2, 3)) * [[0.5, 0.5, 2.0]] + [[0.7, 0, 0], [0, 0.7, 0]]
    # theirs goes from -1 to 1 over the pixels' areas
    theta = matrices * [[out[1] / 2, out[0] / 2, 1]] / np.array([[width / 2], [height / 2]])
    grid = functional.affine_grid(torch.from_numpy(theta), (n, 3, *out), align_corners=False)
    for edge, padding in ((False, "zeros"), (True, "border")):
        theirs = functional.grid_sample(
            torch.from_numpy(IMAGES.astype(np.float64)), grid, padding_mode=padding, align_corners=False
        )
        ours = affine_resample(IMAGES.astype(np.float64), matrices, out, edge=edge)
        assert_allclose(ours, theirs.numpy(), atol=1e-12)


def test_affine_transforms_that_are_known():
    plain = RandomAffine(0)(IMAGES)
    assert_array_equal(plain, IMAGES)
    square = IMAGES[..., :7, :]
    assert_allclose(RandomRotation((90, 90))(square), np.rot90(square, axes=(2, 3)), atol=1e-6)
    assert_allclose(RandomRotation((180, 180))(IMAGES), IMAGES[:, :, ::-1, ::-1], atol=1e-6)
    doubled = RandomAffine(0, scale=(3, 3))(IMAGES)
    assert_allclose(doubled[:, :, 4, 3], IMAGES[:, :, 4, 3], atol=1e-6)
    assert_allclose(doubled[:, :, 1, 0], IMAGES[:, :, 3, 2], atol=1e-6)
    sheared = RandomAffine(0, shear=(45, 45), fill=-1)(IMAGES)
    assert_allclose(sheared[:, :, 4], IMAGES[:, :, 4], atol=1e-6)
    assert_allclose(sheared[:, :, 5, 1:], IMAGES[:, :, 5, :-1], atol=1e-6)
    assert_allclose(sheared[:, :, 5, 0], -1, atol=1e-6)
    assert RandomAffine(10, fill=1.0)(np.ones((1, 1, 5, 5))).min() > 0.999


def test_affine_parameters_fill_their_ranges():
    spot = np.zeros((3000, 1, 21, 21))
    spot[:, :, 10, 10] = 1
    moved = RandomAffine(0, translate=(0.3, 0.1))(spot, generator=rng())[:, 0]
    y, x = (np.tensordot(moved, g, 2) / moved.sum(axis=(1, 2)) - 10 for g in np.mgrid[:21, :21].astype(float))
    assert_allclose([x.min(), x.max()], [-6.3, 6.3], atol=0.1)
    assert_allclose([y.min(), y.max()], [-2.1, 2.1], atol=0.1)


def test_resized_crops_of_linear_images_are_linear():
    y, x = np.mgrid[:20, :30].astype(np.float64)
    crops = RandomResizedCrop(8, scale=(0.2, 0.5))(np.stack([y, x])[None].repeat(300, axis=0), generator=rng())
    inner = crops[:, :, 1:-1, 1:-1]
    high, wide = np.diff(inner[:, 0], axis=1), np.diff(inner[:, 1], axis=2)
    assert_allclose(high, np.broadcast_to(high[:, :1, :1], high.shape), atol=1e-9)
    area, ratio = high[:, 0, 0] * wide[:, 0, 0] * 64 / 600, wide[:, 0, 0] / high[:, 0, 0]
    assert 0.2 - 1e-9 <= area.min() < 0.23 < 0.46 < area.max() <= 0.5 + 1e-9
    assert 0.75 - 1e-9 <= ratio.min() < 0.8 < 1.25 < ratio.max() <= 4 / 3 + 1e-9
    assert crops.min() >= 0
    assert crops[:, 1].max() <= 29
    large = RandomResizedCrop(8, scale=(0.7, 1))(np.stack([y, x])[None].repeat(300, axis=0), generator=rng())
    assert (np.diff(large, axis=2)[:, 0].max(), np.diff(large, axis=3)[:, 1].max()) <= (20 / 8, 30 / 8)
    whole = RandomResizedCrop((9, 7), scale=(1, 1), ratio=(7 / 9, 7 / 9))(IMAGES)
    assert_allclose(whole, IMAGES, atol=1e-5)
    wide_images = RandomResizedCrop(4, scale=(1, 1))(np.stack([y, x])[None, :, :, :].repeat(2, axis=0))
    assert_allclose(wide_images[:, 0, [0, -1], 0], [[2, 17]] * 2, atol=1e-9)


# --- colours, noise, mixing -------------------------------------------------------------------------------------------


def test_colour_jitter_by_its_formulas():
    grey = np.tensordot(IMAGES, [0.299, 0.587, 0.114], axes=(1, 0))[:, None]
    for options, expected in (
        ({"brightness": (0.5, 0.5)}, IMAGES * 0.5),
        ({"brightness": (3, 3)}, (IMAGES * 3).clip(0, 1)),
        ({"contrast": (0, 0)}, np.broadcast_to(grey.mean(axis=(1, 2, 3), keepdims=True), IMAGES.shape)),
        ({"saturation": (0, 0)}, np.broadcast_to(grey, IMAGES.shape)),
        ({"saturation": (2, 2)}, (2 * IMAGES - grey).clip(0, 1)),
        ({}, IMAGES),
    ):
        assert_allclose(ColorJitter(**options)(IMAGES), expected, atol=1e-6)
    one = IMAGES[:, :1]
    assert_allclose(ColorJitter(saturation=0.9)(one), one, atol=1e-6)


def test_pca_colour():
    noise = PCAColor(0.1).fit(IMAGES)
    values, vectors = np.linalg.eigh(np.cov(np.moveaxis(IMAGES, 1, 0).reshape(3, -1), bias=True))
    many = np.zeros((4000, 3, 1, 1))
    drawn = noise(many, generator=rng())[:, :, 0, 0] @ vectors
    assert_allclose(np.abs(drawn).std(axis=0), 0.1 * values * np.sqrt(1 - 2 / np.pi), rtol=0.1)
    other = PCAColor(0.1)
    other.load_state_dict(noise.state_dict())
    assert_array_equal(other(IMAGES, generator=rng()), noise(IMAGES, generator=rng()))
    with pytest.raises(ValueError, match="belong together"):
        other.load_state_dict({"eigenvalues": np.ones(2), "components": np.ones((3, 3))})


def test_cutout_covers_a_square():
    images = np.ones((500, 2, 9, 9))
    covered = Cutout(4)(images, generator=rng()) == 0
    assert_array_equal(covered[:, 0], covered[:, 1])
    sizes = set()
    for mask in covered[:, 0]:
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        assert_array_equal(mask, rows[:, None] & columns)
        sizes.add((rows.sum(), columns.sum()))
    assert {(4, 4), (2, 2)} <= sizes
    assert max(sizes) == (4, 4)
    lengths = covered[:, 0].any(axis=2).sum(axis=1)
    assert set(lengths[covered[:, 0, 0].any(axis=1)]) == {2, 3, 4}  # cut off at the top
    assert set(lengths[covered[:, 0, -1].any(axis=1)]) == {3, 4}  # and at the bottom
    assert covered.any(axis=(0, 1)).all()


def test_noise():
    drawn = GaussianNoise(0.5, 0.2, clip=False)(np.zeros((10, 1, 50, 50)), generator=rng())
    assert_allclose([drawn.mean(), drawn.std()], [0.5, 0.2], atol=0.01)
    clipped = GaussianNoise(sigma=5)(IMAGES)
    assert (clipped.min(), clipped.max()) == (0, 1)


def test_mixup():
    labels = np.arange(12) % 4
    mixed, chances = MixUp(alpha=0.4, num_classes=4)(IMAGES, labels, generator=rng())
    random = rng()
    part, order = random.beta(0.4, 0.4), random.permutation(12)
    assert_allclose(mixed, part * IMAGES + (1 - part) * IMAGES[order], atol=1e-6)
    assert_allclose(chances, part * np.eye(4)[labels] + (1 - part) * np.eye(4)[labels[order]], atol=1e-6)
    assert mixed.dtype == chances.dtype == np.float32
    again, _ = MixUp()(Tensor(IMAGES), Tensor(chances), generator=rng())
    assert type(again) is Tensor
    data = TransformedDataset(TensorDataset(IMAGES, labels), transforms=MixUp(num_classes=4))
    scores = nn.Linear(4, 4)(next(iter(DataLoader(data, 12)))[1])
    assert nn.functional.cross_entropy(scores, next(iter(DataLoader(data, 12)))[1]).item() > 0


# --- preprocessing ----------------------------------------------------------------------------------------------------

FITTED = {
    "MeanImage": MeanImage, "ChannelMean": ChannelMean, "Normalize": Normalize, "PCA": lambda: PCA(20),
    "Whiten zca": Whiten, "Whiten pca": lambda: Whiten("pca"),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTED)
def test_preprocessing_is_stored_with_the_model(name):
    first = FITTED[name]()
    with pytest.raises(RuntimeError, match=r"not fitted.*fit\(training_data\)"):
        first(IMAGES)
    model = nn.Sequential(first.fit(IMAGES), nn.Flatten())
    state = model.state_dict()
    assert state
    assert all(value.dtype == np.float32 for value in state.values())
    other = nn.Sequential(FITTED[name](), nn.Flatten())
    other.load_state_dict(state)
    out = other(Tensor(IMAGES))
    assert_array_equal(out.data, model(Tensor(IMAGES)).data)
    assert list(model.parameters()) == []
    unloaded = nn.Sequential(FITTED[name](), nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="missing"):
        unloaded.load_state_dict(state)
    assert not unloaded[0].is_fitted


@pytest.mark.parametrize("name", FITTED)
def test_preprocessing_takes_arrays_tensors_and_single_examples(name):
    module = FITTED[name]().fit(Tensor(IMAGES))
    array = module(IMAGES)
    assert type(array) is np.ndarray
    assert array.dtype == np.float32
    assert_allclose(module(Tensor(IMAGES)).data, array)
    assert_allclose(module(IMAGES[3]), array[3], atol=1e-4)
    x = Tensor(IMAGES, requires_grad=True)
    module(x).sum().backward()
    assert x.grad.shape == x.shape


def test_preprocessing_goes_to_worker_processes():
    data = TransformedDataset(TensorDataset(IMAGES, np.arange(12)), Normalize().fit(IMAGES))
    expected = Normalize().fit(IMAGES)(IMAGES[:6])
    for context in ("fork", "spawn"):
        loader = DataLoader(data, 6, num_workers=1, multiprocessing_context=context)
        assert_allclose(next(iter(loader))[0].data, expected, atol=1e-6)


def test_means_and_deviations():
    assert_allclose(MeanImage().fit(IMAGES).mean.data, IMAGES.mean(axis=0), atol=1e-6)
    assert_allclose(ChannelMean().fit(IMAGES).mean.data, IMAGES.mean(axis=(0, 2, 3)), atol=1e-6)
    normal = Normalize().fit(IMAGES * [[[1]], [[100]], [[0]]])
    out = normal(IMAGES.astype(np.float64) * [[[1]], [[100]], [[0]]])
    assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    assert_allclose(out.std(axis=(0, 2, 3)), [1, 1, 0], atol=1e-6)
    assert_allclose(Normalize([0.5, 0, 0], [2, 1, 1])(IMAGES)[:, 0], (IMAGES[:, 0] - 0.5) / 2)
    features = rng().normal(3, 5, (9000, 4))  # more than are in float64 at a time
    out = Normalize().fit(features)(features)
    assert_allclose([out.mean(axis=0), out.std(axis=0)], [[0] * 4, [1] * 4], atol=1e-6)


def test_only_training_data_is_looked_at():
    module = Normalize().fit(IMAGES)
    before = module(IMAGES[:2])
    module(IMAGES * 100)
    assert_array_equal(module(IMAGES[:2]), before)


def test_pca_is_that_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    data = rng().normal(size=(5000, 6)) @ rng(1).normal(size=(6, 6)) + 3
    ours, theirs = PCA(3).double().fit(data), decomposition.PCA(3).fit(data)
    assert_allclose(np.abs(ours(data)), np.abs(theirs.transform(data)), atol=1e-4)
    assert_allclose(ours.explained_variance.data, theirs.explained_variance_ * 4999 / 5000, rtol=1e-5)
    assert_allclose(ours.inverse(ours(data)), theirs.inverse_transform(theirs.transform(data)), atol=1e-4)
    largest = np.abs(ours.components.data).argmax(axis=1)
    assert (ours.components.data[np.arange(3), largest] > 0).all()
    images = PCA().fit(IMAGES)
    assert_allclose(images.inverse(images(IMAGES)), IMAGES, atol=1e-5)
    assert images.inverse(images(IMAGES[0])).shape == (3, 9, 7)


def test_whitening():
    data = rng().normal(size=(3000, 5)) @ rng(1).normal(size=(5, 5)) + 7
    for method in ("zca", "pca"):
        out = Whiten(method, eps=0.0).fit(data)(data)
        assert_allclose(np.cov(out.T, bias=True), np.eye(5), atol=1e-3)
    zca = Whiten("zca", eps=0.0).fit(data)
    assert_allclose(zca.matrix.data, zca.matrix.data.T, atol=1e-5)
    weak = Whiten("pca", eps=1.0).fit(data)(data).var(axis=0)
    variance = np.sort(np.linalg.eigvalsh(np.cov(data.T, bias=True)))[::-1]
    assert_allclose(weak, variance / (variance + 1), atol=1e-3)
    assert Whiten().fit(IMAGES)(IMAGES).shape == IMAGES.shape


def test_float64_preprocessing():
    autograd.set_default_dtype(np.float64)
    data = rng().normal(size=(50, 3))
    out = Whiten(eps=0.0).fit(data)(data)
    assert_allclose(np.cov(out.T, bias=True), np.eye(3), atol=1e-12)
