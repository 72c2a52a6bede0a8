"""Embeddings, one by one and in bags, against PyTorch's."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracle_modules import check_function, check_function_errors, check_module, check_module_errors, torch

import autograd
import nn
from autograd import Tensor, gradcheck, gradgradcheck

F = nn.functional
RNG = np.random.default_rng(3)
CLOSE = {"rtol": 1e-11, "atol": 1e-12}


def embedding(weight, indices, **options):
    return F.embedding(indices, weight, **options)


def embedding_bag(weight, indices, **options):
    return F.embedding_bag(indices, weight, **options)


def test_pytorchs_samples():
    check_module("Embedding")
    check_module_errors("Embedding")
    check_function("embedding", ours=embedding)
    check_function_errors("embedding", ours=embedding)
    check_function("embedding_bag", ours=embedding_bag)


def compare(name, indices, rows=6, weights=None, **options):
    """Hold result, gradients and the table after the call against PyTorch's."""
    table = RNG.normal(size=(rows, 3)) * 2
    mine, other = Tensor(table.copy(), requires_grad=True), torch.tensor(table.copy(), requires_grad=True)
    factors = {}, {}
    if weights is not None:
        factors = (
            {"per_sample_weights": Tensor(weights, requires_grad=True)},
            {"per_sample_weights": torch.tensor(weights, requires_grad=True)},
        )
    given = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    out = getattr(F, name)(indices, mine, **options, **factors[0])
    expected = getattr(torch.nn.functional, name)(torch.tensor(indices), other, **given, **factors[1])
    assert_allclose(out.detach(), expected.detach(), **CLOSE)
    assert_allclose(mine.data, other.detach(), **CLOSE)
    g = RNG.normal(size=out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    assert_allclose(mine.grad, other.grad, **CLOSE)
    if weights is not None:
        assert_allclose(factors[0]["per_sample_weights"].grad, factors[1]["per_sample_weights"].grad, **CLOSE)


@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (2, 0), (2, 3, 2)])
@pytest.mark.parametrize(
    "options",
    [
        {}, {"padding_idx": 2}, {"padding_idx": -1}, {"scale_grad_by_freq": True}, {"max_norm": 1.0},
        {"max_norm": 2.5, "norm_type": 1.0, "padding_idx": 0, "scale_grad_by_freq": True},
    ],
)  # fmt: skip
def test_embedding(shape, options):
    compare("embedding", RNG.integers(0, 6, shape), **options)


OFFSETS = [
    {"offsets": np.array([0, 2, 2, 5])}, {"offsets": np.array([0])}, {"offsets": np.array([0, 0, 7])},
    {"offsets": np.array([0, 3, 7]), "include_last_offset": True},
]  # fmt: skip


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("bags", [None, *OFFSETS])
@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}, {"padding_idx": -2}, {"max_norm": 1.0, "norm_type": 1.0}])
def test_embedding_bag(mode, bags, options):
    indices = RNG.integers(0, 6, (4, 5) if bags is None else 7)
    compare("embedding_bag", indices, mode=mode, **(bags or {}), **options)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_embedding_bag_by_frequency(mode):
    # PyTorch's embedding_bag divides by how often some other row is named, unlike its own embedding.
    indices = RNG.integers(0, 3, (4, 5))
    plain, scaled = (Tensor(np.ones((6, 3)), requires_grad=True) for _ in range(2))
    for table, options in ((plain, {}), (scaled, {"scale_grad_by_freq": True})):
        F.embedding_bag(indices, table, mode=mode, **options).backward(np.arange(12.0).reshape(4, 3))
    counts = np.maximum(np.bincount(indices.ravel(), minlength=6), 1)
    assert_allclose(scaled.grad, plain.grad.data / counts[:, None], **CLOSE)


@pytest.mark.parametrize("bags", [None, *OFFSETS])
@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}])
def test_factors_of_samples(bags, options):
    indices = RNG.integers(0, 6, (4, 5) if bags is None else 7)
    compare("embedding_bag", indices, weights=RNG.normal(size=indices.shape), mode="sum", **(bags or {}), **options)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_nothing(mode):
    table = Tensor(RNG.normal(size=(3, 2)), requires_grad=True)
    for out in (
        F.embedding_bag(np.zeros(0, int), table, np.array([0, 0]), mode=mode),
        F.embedding_bag(np.zeros((2, 0), int), table, mode=mode),
        F.embedding_bag(np.array([1, 1]), table, np.array([0, 2]), mode=mode, padding_idx=1),
    ):
        assert_array_equal(out.detach(), np.zeros((2, 2)))
        out.sum().backward()
    assert_array_equal(table.grad, np.zeros((3, 2)))


def test_nan_is_the_largest():
    table = np.array([[1.0, 5.0], [np.nan, 7.0], [3.0, 2.0]])
    assert_array_equal(F.embedding_bag(np.array([[0, 1, 2]]), table, mode="max").data, [[np.nan, 7]])


def test_derivatives():
    table, factors = RNG.normal(size=(4, 3)), RNG.normal(size=5)
    indices, offsets = np.array([0, 3, 3, 1, 0]), np.array([0, 2])
    for f in (
        lambda w: F.embedding(indices, w) ** 2,
        lambda w: F.embedding_bag(indices, w, offsets, mode="mean") ** 2,
        lambda w: F.embedding_bag(indices, w, offsets, mode="max") ** 2,
    ):
        assert gradcheck(f, (table,))
        assert gradgradcheck(f, (table,))

    def weighted(w, p):
        return F.embedding_bag(indices, w, offsets, mode="sum", per_sample_weights=p)

    assert gradcheck(weighted, (table, factors))
    assert gradgradcheck(weighted, (table, factors))


@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("Embedding", (5, 3), {}), ("Embedding", (5, 3, 1, 2.0, 1.0, True), {}), ("Embedding", (5, 3, -1), {}),
        ("EmbeddingBag", (5, 3), {}), ("EmbeddingBag", (5, 3, 2.0, 1.0, False, "sum"), {"padding_idx": -2}),
        ("EmbeddingBag", (5, 3), {"mode": "max", "include_last_offset": True}),
    ],
)  # fmt: skip
def test_layers_look_and_compute_like_pytorchs(name, args, options):
    ours, theirs = getattr(nn, name)(*args, **options).double(), getattr(torch.nn, name)(*args, **options).double()
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weight"]
    if ours.padding_idx is not None:
        assert ours.weight.data[ours.padding_idx].tolist() == [0, 0, 0]
    ours.load_state_dict({"weight": theirs.weight.detach().numpy().copy()})
    indices = RNG.integers(0, 5, (4, 6))
    if options.get("include_last_offset"):
        offsets = np.array([0, 3, 24])
        out, expected = ours(indices.ravel(), offsets), theirs(torch.tensor(indices).ravel(), torch.tensor(offsets))
    else:
        out, expected = ours(indices), theirs(torch.tensor(indices))
    assert_allclose(out.detach(), expected.detach(), **CLOSE)
    out.sum().backward()
    expected.sum().backward()
    assert_allclose(ours.weight.grad, theirs.weight.grad, **CLOSE)


def test_initial_values_and_generators():
    layer = nn.Embedding(200, 100, generator=np.random.default_rng(0))
    assert abs(layer.weight.data.mean()) < 0.02
    assert abs(layer.weight.data.std() - 1) < 0.02
    same = nn.Embedding(200, 100, generator=np.random.default_rng(0))
    assert_array_equal(layer.weight.data, same.weight.data)
    assert nn.EmbeddingBag(3, 2, dtype=np.float64).weight.dtype == np.float64


def test_from_pretrained_shares_memory_and_draws_nothing():
    table = RNG.normal(size=(4, 3)).astype(np.float32)
    state = copy.deepcopy(autograd.default_generator().bit_generator.state)
    frozen = nn.Embedding.from_pretrained(table, padding_idx=1)
    assert autograd.default_generator().bit_generator.state == state
    assert np.shares_memory(frozen.weight.data, table)
    assert not frozen.weight.requires_grad
    assert_array_equal(frozen([1, 3]), table[[1, 3]])
    bag = nn.EmbeddingBag.from_pretrained(Tensor(table), freeze=False, mode="sum")
    assert bag.weight.requires_grad
    assert_allclose(bag([[0, 1]]).detach(), table[:2].sum(0)[None])


def test_integers_of_any_kind():
    layer = nn.Embedding(5, 2)
    for given in ([1, 2], np.array([1, 2], np.uint8), Tensor(np.array([1, 2], np.int32))):
        assert_array_equal(layer(given).detach(), layer.weight.data[[1, 2]])


TABLE = np.ones((4, 2))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: F.embedding([4], TABLE), IndexError, "0 to 3, not 4 to 4"),
        (lambda: F.embedding([-1], TABLE), IndexError, "not -1 to -1"),
        (lambda: F.embedding([1.0], TABLE), TypeError, "takes integers, not float"),
        (lambda: F.embedding([1], TABLE.astype(int)), TypeError, "weight of embedding takes floating"),
        (lambda: F.embedding([1], TABLE, padding_idx=4), ValueError, "one of 4 rows, not 4"),
        (lambda: F.embedding([1], TABLE, sparse=True), TypeError, "sparse"),
        (lambda: nn.Embedding(3, 2, padding_idx=-4), ValueError, "padding_idx"),
        (lambda: nn.Embedding(3, -2), ValueError, "embedding_dim must be at least 0"),
        (lambda: nn.Embedding.from_pretrained(np.ones(3)), ValueError, r"\(V, D\), not shape \(3,\)"),
        (lambda: nn.EmbeddingBag(3, 2, mode="min"), ValueError, "'min'"),
        (lambda: nn.EmbeddingBag(3, 2, scale_grad_by_freq=True, mode="max"), ValueError, "scale_grad_by_freq"),
        (lambda: F.embedding_bag([1, 2], TABLE), ValueError, r"\(n,\) with offsets"),
        (lambda: F.embedding_bag([[1, 2]], TABLE, [0]), ValueError, "has its bags already"),
        (lambda: F.embedding_bag([1, 2], TABLE, [1]), ValueError, "begin with 0"),
        (lambda: F.embedding_bag([1, 2], TABLE, [0, 3]), ValueError, "beyond the 2 numbers"),
        (lambda: F.embedding_bag([1, 2, 3], TABLE, [0, 2, 1]), ValueError, "must not fall"),
        (lambda: F.embedding_bag([1, 2], TABLE, [0.0]), TypeError, "offsets are integers"),
        (lambda: F.embedding_bag([[1, 2]], TABLE, per_sample_weights=[[1.0, 2.0]]), ValueError, "mode='mean'"),
        (
            lambda: F.embedding_bag([[1, 2]], TABLE, mode="sum", per_sample_weights=[1.0, 2.0]),
            ValueError,
            r"\(1, 2\), not \(2,\)",
        ),
    ],
)
def test_refusals(make, error, text):
    with pytest.raises(error, match=text):
        make()
