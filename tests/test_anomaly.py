"""detect_anomaly: which operation made the first number that is not finite, where, and out of what."""

import re

import numpy as np
import pytest

import autograd
import nn
from autograd import AnomalyError, Function, Tensor, custom, detect_anomaly, watch_breaks
from autograd.graph import Node


def leaf(*values, dtype=np.float32):
    return Tensor(np.array(values, dtype), requires_grad=True)


def found(compute, **options):
    with detect_anomaly(stop=False, **options) as watch:
        compute()
    return watch.found


def test_forward_names_op_line_and_ranges():
    x = leaf(4.0, 0.0)
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        np.log(x)  # here
    anomaly = caught.value.anomaly
    assert (anomaly.op, anomaly.backward, anomaly.kind, anomaly.shape, anomaly.count) == ("log", False, "inf", (2,), 1)
    assert re.search(r"test_anomaly\.py:\d+: np\.log\(x\)  # here", anomaly.line)
    assert anomaly.inputs == ("input 0 of shape (2,) is from 0 to 4",)
    assert "made by log, forward: its result of shape (2,) has -inf" in str(caught.value)


def test_backward_names_op_forward_line_and_what_was_saved():
    def compute(x):
        y = np.sqrt(x)  # there
        y.sum().backward()

    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        compute(leaf(4.0, 0.0))
    anomaly = caught.value.anomaly
    assert (anomaly.op, anomaly.backward, anomaly.kind) == ("sqrt", True, "inf")
    assert "# there" in anomaly.line
    assert anomaly.inputs == ("gradient of shape (2,) is from 1 to 1", "out of shape (2,) is from 0 to 2")
    assert "the forward call is at " in str(caught.value)


def test_first_is_named_not_what_follows():
    x = leaf(-1.0)
    with pytest.raises(AnomalyError, match=r"the first nan was made by sqrt, forward"), detect_anomaly():
        np.exp(np.sqrt(x) * 2).sum().backward()


def test_masked_division_is_found_in_backward_where_infinity_is_meant():
    x = leaf(2.0, 0.0)
    with pytest.raises(AnomalyError, match=r"the first nan was made by divide, backward"), detect_anomaly(inf=False):
        np.where(x.data > 0, 1 / x, 0).sum().backward()


def test_what_was_not_finite_before_is_held_against_nobody():
    x = leaf(1.0, np.nan)
    mask = np.array([0.0, -np.inf], np.float32)

    def compute():
        (x * 2).sum().backward()
        autograd.softmax(leaf(1.0, 2.0) + mask).sum().backward()
        np.maximum(leaf(1.0), -np.inf).sum().backward()

    assert found(compute) == {}


def test_overflow_of_a_sum_at_a_fork():
    x = leaf(0.01, dtype=np.float16)

    def compute():
        y = x * np.float16(1)
        (y * np.float16(6e4) + y * np.float16(6e4)).sum().backward()

    anomaly = found(compute)["inf"]
    assert anomaly.op == "the sum of gradients for the uses of multiply"
    assert anomaly.backward


@pytest.mark.parametrize("arrays", [False, True])
def test_functions_own_backward(arrays):
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return Tensor(g.numpy() * np.nan) if arrays else np.log(g * 0)

    anomaly = found(lambda: Bad.apply(leaf(1.0)).sum().backward()).popitem()[1]
    assert anomaly.op == ("Bad" if arrays else "log")


def test_recorded_rules_are_watched_as_one_operation():
    x = leaf(0.0)
    with pytest.raises(AnomalyError, match="made by sqrt, backward"), detect_anomaly():
        np.sqrt(x).sum().backward(create_graph=True)


def test_place_of_the_caller_is_named():
    assert "log, forward, in the attic: its" in str(
        found(lambda: np.log(leaf(0.0)), where=lambda: "in the attic")["inf"]
    )


def test_decorator():
    @detect_anomaly(inf=False)
    def compute(x):
        return np.log(x)

    assert np.isneginf(compute(leaf(0.0)).data).all()
    with pytest.raises(AnomalyError, match="first nan"):
        compute(leaf(-1.0))
    with pytest.raises(TypeError, match="generator"):
        detect_anomaly()(lambda: (yield))


def engine():
    """Return all that is replaced while operations are watched."""
    parts = [Node.__init__, autograd.backward._sum, custom._FunctionOp.pull, Tensor.detach]
    for made in autograd.operations():
        parts += [made.pull, *(space[name] for space in made.spaces for name in ("_value", "_wrap", "_wrap_all"))]
    return parts


@pytest.mark.parametrize("block", [detect_anomaly, watch_breaks])
def test_costs_nothing_afterwards_as_everything_is_as_before(block):
    before = engine()
    with block(), block():
        assert any(one is not other for one, other in zip(before, engine(), strict=True))
    with pytest.raises(KeyError), block():
        raise KeyError
    after = engine()
    assert all(one is other for one, other in zip(before, after, strict=True))
    with np.errstate(all="ignore"):
        assert np.isnan(np.log(leaf(-1.0)).data).all()


def test_gradients_are_the_same_inside():
    def gradient():
        x = leaf(*np.linspace(-2, 2, 9))
        h = np.tanh(x * x + x)
        (h * x + h).sum().backward()
        return x.grad.data

    plain = gradient()
    with detect_anomaly():
        assert np.array_equal(gradient(), plain)


def test_every_kind_of_operation_can_be_watched():
    autograd.manual_seed(0)
    layers = [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3)]
    model = nn.Sequential(*layers)
    with detect_anomaly(stop=False) as watch:
        loss = nn.functional.cross_entropy(model(np.ones((4, 1, 8, 8))), np.array([0, 1, 2, 0]))
        loss.backward()
        q, r = np.linalg.qr(leaf(1.0, 2.0, 3.0, 5.0).reshape(2, 2))
        (q.sum() + r.sum()).backward()
    assert watch.found == {}
