"""Data sets, their parts, the order of their examples, batches of them, and those made in code."""

import itertools
from collections import namedtuple

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.data import (
    BatchSampler,
    ClassBalancedSampler,
    ConcatDataset,
    Dataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    TransformedDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    k_fold,
    random_split,
)


def rng(seed=0):
    return np.random.default_rng(seed)


class Numbers(Dataset):
    """Examples one by one: i and i squared."""

    def __init__(self, size, start=0):
        self.size, self.start = size, start

    def __getitem__(self, index):
        assert isinstance(index, int)
        return self.start + index, float(self.start + index) ** 2

    def __len__(self):
        return self.size


# --- data sets --------------------------------------------------------------------------------------------------------


def test_tensor_dataset_gives_whole_batches():
    data = TensorDataset(np.arange(12.0).reshape(6, 2), np.arange(6))
    x, y = data[np.array([5, 0, -1])]
    assert_array_equal(x.data, [[10, 11], [0, 1], [10, 11]])
    assert_array_equal(y.data, [5, 0, 5])
    assert x.dtype == np.float64
    with pytest.raises(IndexError):
        data[np.array([6])]


def test_tensor_dataset_keeps_gradients():
    weights = Tensor(np.ones((3, 2)), requires_grad=True)
    TensorDataset(weights)[np.array([1, 1])][0].sum().backward()
    assert_array_equal(weights.grad.data, [[0, 0], [2, 2], [0, 0]])


def test_subset():
    data = TensorDataset(np.arange(10, 20))
    part = Subset(data, [7, -1, 7])
    assert [part[i][0].item() for i in range(3)] == [17, 19, 17]
    assert_array_equal(part[np.array([2, 1])][0].data, [17, 19])
    assert part.takes_index_arrays
    assert not Subset(Numbers(3), [0]).takes_index_arrays
    assert Subset(Numbers(3), [2])[0] == (2, 4.0)
    assert len(Subset(data, [])) == 0


@pytest.mark.parametrize(
    ("indices", "error", "text"),
    [
        ([10], IndexError, "-10 to 9"),
        ([-11], IndexError, "-11"),
        ([0.5], TypeError, "float64"),
        ([[1]], TypeError, r"\(1, 1\)"),
        ([True, False], TypeError, "flatnonzero"),
    ],
)
def test_subset_refuses(indices, error, text):
    with pytest.raises(error, match=text):
        Subset(TensorDataset(np.arange(10)), indices)


def test_concat_dataset():
    both = TensorDataset(np.arange(3)) + TensorDataset(np.arange(10, 12)) + TensorDataset(np.arange(20, 24))
    assert len(both) == 9
    assert [both[i][0].item() for i in (0, 3, 5, -1)] == [0, 10, 20, 23]
    wanted = [8, 0, 3, 3, 1, -5]
    assert_array_equal(both[np.array(wanted)][0].data, [both[i][0].item() for i in wanted])
    mixed = ConcatDataset([Numbers(2), Numbers(2, start=50)])
    assert not mixed.takes_index_arrays
    assert mixed[3] == (51, 2601.0)
    with pytest.raises(IndexError, match="9"):
        both[9]
    with pytest.raises(ValueError, match="at least one"):
        ConcatDataset([])


def test_concat_dataset_of_arrays():
    class Arrays(Numbers):
        takes_index_arrays = True

        def __getitem__(self, index):
            return {}[index] if isinstance(index, int) else (np.asarray(index), np.asarray(index) ** 2)

    x, y = (Arrays(2) + Arrays(3))[np.array([4, 1])]
    assert_array_equal([x, y], [[2, 1], [4, 1]])


def test_transformed_dataset():
    data = TransformedDataset(
        TensorDataset([1.0, 2.0], [0, 1], [8, 9]), lambda x: x + 1, lambda y: y * 10, lambda x, y: (y, x)
    )
    assert [v.item() for v in data[1]] == [10, 3, 9]
    assert data.takes_index_arrays
    assert_array_equal(data[np.array([1, 0])][1].data, [3, 2])
    assert len(data) == 2
    assert TransformedDataset(["ab"], str.upper)[0] == ("AB",)


def test_base_class_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="__len__"):
        len(Dataset())
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Dataset()[0]


# --- parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([7, 3], [7, 3]),
        ([0.5, 0.25, 0.25], [6, 2, 2]),
        ([1.0], [10]),
        ([0.26, 0.37, 0.37], [3, 4, 3]),
        ([10, 0], [10, 0]),
        ([0.3, 0.7], [3, 7]),
    ],
)
def test_random_split(lengths, sizes):
    parts = random_split(TensorDataset(np.arange(10)), lengths, rng())
    assert [len(part) for part in parts] == sizes
    assert sorted(np.concatenate([part.indices for part in parts])) == list(range(10))
    again = random_split(TensorDataset(np.arange(10)), lengths, rng())
    assert all((a.indices == b.indices).all() for a, b in zip(parts, again, strict=True))
    other = random_split(TensorDataset(np.arange(10)), lengths, rng(1))
    assert any((a.indices != b.indices).any() for a, b in zip(parts, other, strict=True))


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.4], [11, -1], [5.5, 4.5]])
def test_random_split_refuses(lengths):
    with pytest.raises(ValueError, match="lengths"):
        random_split(TensorDataset(np.arange(10)), lengths)


def test_k_fold():
    folds = list(k_fold(TensorDataset(np.arange(11)), 4, generator=rng()))
    assert [len(validation) for _, validation in folds] == [3, 3, 3, 2]
    assert sorted(np.concatenate([validation.indices for _, validation in folds])) == list(range(11))
    for training, validation in folds:
        assert sorted([*training.indices, *validation.indices]) == list(range(11))
    assert (folds[0][1].indices != np.arange(3)).any()
    with pytest.raises(ValueError, match=r"11 examples .* 12 folds"):
        k_fold(TensorDataset(np.arange(11)), 12)
    with pytest.raises(ValueError, match="at least 2"):
        k_fold(TensorDataset(np.arange(11)), 1)


# --- samplers ---------------------------------------------------------------------------------------------------------


def test_random_sampler():
    sampler = RandomSampler(range(6), generator=rng())
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(6))
    assert first != second
    assert first == list(RandomSampler(range(6), generator=rng()))
    more = list(RandomSampler(range(4), num_samples=10, generator=rng()))
    assert len(more) == 10
    assert sorted(more[:4]) == sorted(more[4:8]) == list(range(4))
    drawn = list(RandomSampler(range(4), replacement=True, num_samples=400, generator=rng()))
    assert len(drawn) == len(RandomSampler(range(4), True, 400)) == 400
    assert len({tuple(sorted(drawn[i : i + 4])) for i in range(0, 400, 4)}) > 10
    assert list(RandomSampler([])) == []


def test_subset_random_sampler():
    assert sorted(SubsetRandomSampler([3, 8, -5], rng())) == [-5, 3, 8]
    with pytest.raises(TypeError, match=r"SubsetRandomSampler.*float64"):
        SubsetRandomSampler([0.5])
    assert len({tuple(SubsetRandomSampler(range(5), rng(seed))) for seed in range(5)}) > 1


def test_weighted_random_sampler():
    drawn = list(WeightedRandomSampler([1, 0, 3], 4000, generator=rng()))
    counts = np.bincount(drawn, minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] / counts[0] - 3) < 0.4
    assert sorted(WeightedRandomSampler([1, 0, 3], 2, replacement=False, generator=rng())) == [0, 2]


@pytest.mark.parametrize(
    ("weights", "count", "replacement"),
    [([1, -1], 2, True), ([[1]], 1, True), ([np.nan], 1, True), ([0, 0], 1, True), ([1, 0, 1], 3, False)],
)
def test_weighted_random_sampler_refuses(weights, count, replacement):
    with pytest.raises(ValueError, match="weights"):
        WeightedRandomSampler(weights, count, replacement)


def test_class_balanced_sampler():
    labels = np.array(["a"] * 90 + ["b"] * 9 + ["c"])
    drawn = list(ClassBalancedSampler(labels, generator=rng()))
    classes, counts = np.unique(labels[drawn], return_counts=True)
    assert len(drawn) == 100
    assert set(counts) == {33, 34}
    assert set(classes) == {"a", "b", "c"}
    a, b = ([i for i in drawn if labels[i] == name] for name in "ab")
    assert len(set(a)) == len(a)
    assert set(np.unique(b, return_counts=True)[1]) <= {3, 4}
    assert (labels[drawn][:40] != labels[drawn][0]).any()
    extra = {
        tuple(np.bincount(np.array([0, 1, 1])[list(ClassBalancedSampler([0, 1, 1], generator=rng(s)))]))
        for s in range(20)
    }
    assert extra == {(1, 2), (2, 1)}
    with pytest.raises(ValueError, match=r"\(0,\)"):
        ClassBalancedSampler([])


def test_batch_sampler():
    assert list(BatchSampler(SequentialSampler(range(5)), 2, drop_last=True)) == [[0, 1], [2, 3]]
    for size, count, drop in itertools.product(range(7), range(1, 4), (False, True)):
        sampler = BatchSampler(SequentialSampler(range(size)), count, drop)
        assert len(sampler) == len(list(sampler))


def test_sampler_state():
    sampler = BatchSampler(RandomSampler(range(9), generator=rng()), 2)
    state = sampler.state_dict()
    orders = [list(sampler), list(sampler)]
    sampler.load_state_dict(state)
    assert orders == [list(sampler), list(sampler)]
    assert BatchSampler(iter([1, 2]), 2).state_dict() == {}
    with pytest.raises(ValueError, match="generator of its own"):
        RandomSampler(range(9)).load_state_dict(state)
    with pytest.raises(ValueError, match="generator of its own"):
        sampler.load_state_dict({})


@pytest.mark.parametrize("kind", ["PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_every_generator_has_a_state_for_json(kind):
    import json

    from nn.data.randomness import generator_state, set_generator_state

    generators = [np.random.Generator(getattr(np.random, kind)(seed)) for seed in (0, 1)]
    generators[0].integers(10, dtype=np.int32)
    set_generator_state(generators[1], json.loads(json.dumps(generator_state(generators[0]))))
    assert_array_equal(*[g.normal(size=5) for g in generators])


HALF = {"bit_generator": "PCG64", "state": {"state": 5, "inc": 3}}


@pytest.mark.parametrize(
    "state", [None, {}, {"bit_generator": "MT19937"}, {"bit_generator": "PCG64", "state": 3}, HALF]
)
def test_bad_generator_states_change_nothing(state):
    from nn.data.randomness import set_generator_state

    generator = rng()
    with pytest.raises(ValueError, match="PCG64"):
        set_generator_state(generator, state)
    assert generator.random() == rng().random()


# --- batches ----------------------------------------------------------------------------------------------------------

Point = namedtuple("Point", "x y")


def test_collate():
    batch = default_collate([{"p": Point(1, [2.0, True]), "t": Tensor([i])} for i in range(3)])
    assert type(batch["p"]) is Point
    assert_array_equal(batch["p"].x.data, [1, 1, 1])
    assert batch["p"].y[1].dtype == bool
    assert batch["t"].shape == (3, 1)
    assert default_collate([np.uint8(3), np.uint8(4)]).dtype == np.uint8


@pytest.mark.parametrize(
    ("batch", "error", "text"),
    [
        ([], ValueError, "at least one"),
        ([None], TypeError, "collate_fn"),
        ([{"a": 1}, {"b": 1}], ValueError, "keys"),
        ([(1, 2), (1,)], ValueError, r"equally many parts, not \[1, 2\]"),
        ([np.zeros(2), np.zeros((3, 1))], ValueError, r"same shape, not \(2,\), \(3, 1\): .*collate_fn"),
        ([Tensor([1.0]), Tensor(1.0)], ValueError, r"same shape, not \(1,\), \(\)"),
    ],
)
def test_collate_refuses(batch, error, text):
    with pytest.raises(error, match=text):
        default_collate(batch)


def test_convert():
    tensor = Tensor([1.0])
    batch = default_convert({"a": [np.zeros(2, np.float16), tensor], "p": Point(1, "text")})
    assert batch["a"][0].dtype == np.float16
    assert batch["a"][1] is tensor
    assert type(batch["p"]) is Point
    assert batch["p"].y == "text"


# --- made in code -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", ["make_moons", "make_circles", "make_blobs", "make_spirals", "make_regression"])
def test_generated_data(make):
    function = getattr(nn.data, make)
    x, y = function(101, generator=rng())
    assert len(x) == len(y) == 101
    assert x.dtype == np.float32
    assert y.dtype == (np.float32 if make == "make_regression" else np.int64)
    assert_array_equal(x, function(101, generator=rng())[0])
    assert (x != function(101, generator=rng(1))[0]).any()
    autograd.manual_seed(5)
    first = function(20)[0]
    autograd.manual_seed(5)
    assert_array_equal(first, function(20)[0])
    if make != "make_regression":
        counts = np.bincount(y)
        assert counts.max() - counts.min() <= 1
        assert (np.diff(y) < 0).any()
        assert (np.diff(function(101, shuffle=False)[1]) >= 0).all()
    with pytest.raises(ValueError, match="at least"):
        function(0)


@pytest.mark.parametrize(("make", "options"), [("make_moons", {}), ("make_circles", {"factor": 0.3})])
def test_shapes_are_those_of_scikit_learn(make, options):
    theirs = getattr(pytest.importorskip("sklearn.datasets"), make)(41, shuffle=False, **options)
    ours = getattr(nn.data, make)(41, shuffle=False, **options)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
    assert_array_equal(ours[1], theirs[1])


def test_generated_noise_and_places():
    x, y = nn.data.make_blobs(3000, centers=[[0.0, 5.0], [9.0, 1.0]], cluster_std=0.5, generator=rng())
    np.testing.assert_allclose(x[y == 1].mean(axis=0), [9, 1], atol=0.1)
    np.testing.assert_allclose(x[y == 0].std(axis=0), 0.5, atol=0.05)
    x, y = nn.data.make_spirals(300, noise=None, shuffle=False)
    angle = np.arctan2(x[:, 1], x[:, 0]).reshape(3, 100)
    np.testing.assert_allclose(angle[0, -1], 4 - 2 * np.pi, atol=1e-6)
    turned = (angle - angle[:1])[:, 1:] % (2 * np.pi)
    np.testing.assert_allclose(turned[1:], np.broadcast_to([[4], [8 - 2 * np.pi]], (2, 99)), atol=1e-4)
    x, y = nn.data.make_regression(5000, 2, noise=0.1, bias=3.0, coef=[1.0, -2.0], generator=rng())
    np.testing.assert_allclose((y - x @ [1, -2]).mean(), 3, atol=0.01)
    np.testing.assert_allclose((y - x @ [1, -2]).std(), 0.1, atol=0.01)
    for bad in (lambda: nn.data.make_moons(noise=-1), lambda: nn.data.make_circles(factor=1)):
        with pytest.raises(ValueError, match=r"must be|standard deviation"):
            bad()
