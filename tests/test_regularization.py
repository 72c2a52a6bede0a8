"""Penalties on weights, and constraints after steps."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import nn
from autograd import Tensor, gradcheck, gradgradcheck
from nn.regularization import (
    L1,
    L2,
    Constraint,
    ElasticNet,
    MaxNorm,
    MinMaxNorm,
    NonNegative,
    UnitNorm,
    add_constraint,
    add_penalty,
    apply_constraints,
    penalty,
)

RNG = np.random.default_rng(2)


# --- penalties --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [L1(0.3), L2(0.2), ElasticNet(0.3, 0.2), ElasticNet(0.0, 0.0)])
def test_penalties_of_tensors_groups_and_modules(p):
    w, v = RNG.normal(size=(3, 2)), RNG.normal(size=4)
    expected = [p.l1 * np.abs(x).sum() + p.l2 * (x**2).sum() for x in (w, v)]
    assert_allclose(p(Tensor(w)).item(), expected[0], rtol=1e-12)
    assert_allclose(p([Tensor(w), Tensor(v)]).item(), sum(expected), rtol=1e-12)
    assert p([]).item() == 0
    assert p(Tensor(w)).dtype == np.float64
    layer = nn.Linear(3, 2, dtype=np.float64)
    assert_allclose(p(layer).item(), p(layer.parameters()).item(), rtol=1e-12)
    assert gradcheck(p, (w,))
    assert gradgradcheck(p, (w,))


def test_gradient_at_zero():
    w = Tensor([0.0, -2.0], requires_grad=True)
    ElasticNet(1.0, 1.0)(w).backward()
    assert w.grad.tolist() == [0, -5]


def test_l2_is_weight_decay():
    one, other = (nn.Linear(3, 2, generator=np.random.default_rng(0)) for _ in range(2))
    x = RNG.normal(size=(4, 3))
    decayed = nn.optim.SGD(one.parameters(), lr=0.1, weight_decay=0.3)
    plain = nn.optim.SGD(other.parameters(), lr=0.1)
    for _ in range(3):
        for layer, optimizer in ((one, decayed), (other, plain)):
            optimizer.zero_grad()
            loss = (layer(x) ** 2).sum() + (L2(0.15)(layer) if layer is other else 0)
            loss.backward()
            optimizer.step()
    assert_allclose(one.weight.detach(), other.weight.detach(), rtol=1e-5)


def test_penalties_by_layer():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    add_penalty(net[0], "weight", L1(0.5))
    add_penalty(net[0], "bias", L2(0.25))
    assert add_penalty(net[2], "weight", ElasticNet(0.1, 0.2)) is net[2]
    a, b, c = (t.data.astype(np.float64) for t in (net[0].weight, net[0].bias, net[2].weight))
    expected = 0.5 * np.abs(a).sum() + 0.25 * (b**2).sum() + 0.1 * np.abs(c).sum() + 0.2 * (c**2).sum()
    assert_allclose(penalty(net).item(), expected, rtol=1e-5)
    penalty(net).backward()
    assert net[2].bias.grad is None
    assert_allclose(net[0].weight.grad, 0.5 * np.sign(a), rtol=1e-6)
    assert penalty(nn.ReLU()).item() == 0
    twin = copy.deepcopy(net)
    add_penalty(twin[2], "weight", L1(1.0))
    assert penalty(twin).item() > penalty(net).item()
    assert list(net.state_dict()) == list(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)).state_dict())


def test_a_penalty_follows_a_parametrized_weight():
    layer = add_penalty(nn.Linear(3, 2), "weight", L2(1.0))
    nn.utils.parametrizations.weight_norm(layer)
    penalty(layer).backward()
    g = layer.parametrizations.weight.original0
    assert_allclose(g.grad, 2 * g.data, rtol=1e-4)


# --- constraints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [None, 0, (0, 1)])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2, 2)])
def test_norms_of_units(dim, shape):
    axes = tuple(range(1, len(shape))) if dim is None else dim
    w = RNG.normal(size=shape) * RNG.choice([0.1, 3.0], (4, 1, 1, 1)[: len(shape)])
    norms = np.sqrt((w**2).sum(axes, keepdims=True))
    for constraint, wanted in (
        (MaxNorm(1.5, dim), np.minimum(norms, 1.5)),
        (UnitNorm(dim), np.ones_like(norms)),
        (MinMaxNorm(0.5, 2.0, 1.0, dim), np.clip(norms, 0.5, 2)),
        (MinMaxNorm(0.5, 2.0, 0.25, dim), 0.25 * np.clip(norms, 0.5, 2) + 0.75 * norms),
    ):
        p = nn.Parameter(w.copy())
        assert constraint(p) is p
        assert_allclose(p.data, w * wanted / norms, rtol=1e-12)


def test_small_tensors_and_zeros():
    assert UnitNorm()(Tensor([3.0, 4.0])).tolist() == pytest.approx([0.6, 0.8])
    assert UnitNorm()(Tensor(np.zeros((2, 2)))).tolist() == [[0, 0], [0, 0]]
    assert MaxNorm(1.0)(Tensor(3.0)).item() == 1
    assert NonNegative()(Tensor(np.array([-1.0, 2.0], np.float32))).dtype == np.float32


def test_constraints_by_layer_after_steps():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    add_constraint(net[0], "weight", MaxNorm(0.5))
    add_constraint(net[1], "weight", NonNegative())
    optimizer = nn.optim.SGD(net.parameters(), lr=0.5)
    for _ in range(3):
        net(RNG.normal(size=(4, 3))).sum().backward()
        optimizer.step()
        apply_constraints(net)
        assert (np.linalg.norm(net[0].weight.data, axis=1) <= 0.5 + 1e-6).all()
        assert (net[1].weight.data >= 0).all()
    before = net[1].bias.data.copy()
    apply_constraints(net)
    assert_array_equal(net[1].bias.data, before)


def test_constraints_mark_what_they_change():
    p = nn.Parameter(np.array([-1.0, 2.0]))
    loss = (p * p).sum()
    NonNegative()(p)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


# --- both -------------------------------------------------------------------------------------------------------------


def test_printout():
    made = [L1(0.1), L2(0.2), ElasticNet(), NonNegative(), MaxNorm(3, dim=0), UnitNorm()]
    assert [repr(m) for m in made] == [
        "L1(0.1)",
        "L2(0.2)",
        "ElasticNet(l1=0.01, l2=0.01)",
        "NonNegative()",
        "MaxNorm(min_value=0.0, max_value=3, rate=1.0, dim=0)",
        "UnitNorm(min_value=1.0, max_value=1.0, rate=1.0, dim=None)",
    ]


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: L1(-0.1), ValueError, "factor must be at least 0 and finite, not -0.1"),
        (lambda: L2(float("nan")), ValueError, "factor"),
        (lambda: ElasticNet(0.1, -1), ValueError, "l2 must be at least 0"),
        (lambda: MaxNorm(-1.0), ValueError, "range"),
        (lambda: MinMaxNorm(2.0, 1.0), ValueError, "range"),
        (lambda: MinMaxNorm(rate=2.0), ValueError, "rate must be between 0 and 1"),
        (lambda: add_penalty(nn.ReLU(), "weight", L1()), AttributeError, "ReLU has no parameter 'weight'"),
        (lambda: add_constraint(nn.Linear(1, 1), "wait", NonNegative()), AttributeError, "'wait'"),
        (lambda: Constraint()(Tensor([1.0])), NotImplementedError, "project"),
    ],
)
def test_refusals(make, error, text):
    with pytest.raises(error, match=text):
        make()
