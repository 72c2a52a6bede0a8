"""Optimizers: groups, state, and what they refuse; their numbers are compared with PyTorch's in test_nn_vs_torch."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.optim import SGD, Adam

OPTIMIZERS = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (Adam, {"lr": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True, "weight_decay": 0.01}),
]


def descend(optimizer, p, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((p - 3.0) ** 2).sum().backward()
        optimizer.step()


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_descends(kind, options):
    p = nn.Parameter([0.0, 10.0])
    descend(kind([p], **(options | {"weight_decay": 0})), p, 200)
    assert np.abs(p.data - 3).max() < 0.1


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_parameters_state_and_memory_stay_what_they_are(kind, options, dtype):
    p, scalar = nn.Parameter(np.ones(3, dtype)), nn.Parameter(dtype(2))
    memory = p.data
    options = options | ({"eps": 1e-3, "betas": (0.9, 0.99)} if kind is Adam else {})
    as_numpy = {float: np.float64, bool: bool, tuple: lambda pair: tuple(map(np.float64, pair))}
    options = {name: as_numpy[type(option)](option) for name, option in options.items()}
    optimizer = kind([p, scalar], **options)
    for _ in range(2):
        (p * p * scalar).sum().backward()
        optimizer.step()
    assert p.data is memory
    assert p.dtype == scalar.dtype == dtype
    assert (p.data != 1).all()
    assert scalar.item() != 2
    for name, value in optimizer.state_dict()["state"].get(0, {}).items():
        assert value.dtype == (np.float32 if name == "step" else dtype)


def test_step_marks_the_memory_as_changed():
    p = nn.Parameter([1.0, 2.0])
    loss = (p * p).sum()
    p.grad = Tensor([1.0, 1.0])
    SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_parameters_without_gradient_stay():
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    p.grad = Tensor([1.0])
    Adam([p, q], lr=0.1, weight_decay=1.0).step()
    assert q.item() == 1
    assert p.item() != 1


def test_gradients_are_not_changed():
    p = nn.Parameter([1.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9, weight_decay=0.1, maximize=True)
    gradient = p.grad = Tensor([1.0])
    optimizer.step()
    optimizer.step()
    assert gradient.item() == 1


def test_groups_have_their_own_options():
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.1)
    for parameter in (p, q):
        parameter.grad = Tensor([1.0])
    optimizer.step()
    assert (round(p.item(), 6), q.item()) == (0.9, 0.5)
    optimizer.param_groups[0]["lr"] = np.float64(0)
    optimizer.step()
    assert (round(p.item(), 6), q.item()) == (0.9, 0.0)
    assert p.dtype == np.float32


def test_named_parameters_give_their_names_to_the_group():
    optimizer = SGD(nn.Linear(2, 1).named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert [p.shape for p in optimizer.param_groups[0]["params"]] == [(1, 2), (1,)]


def test_zero_grad():
    p = nn.Parameter([1.0])
    optimizer = SGD([p])
    p.grad = Tensor([1.0])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0]
    optimizer.zero_grad()
    assert p.grad is None


def test_closure_runs_with_gradients_and_gives_the_loss():
    p = nn.Parameter([1.0])
    optimizer = SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * 2).sum()
        loss.backward()
        return loss

    with autograd.no_grad():
        assert optimizer.step(closure).item() == 2
    assert round(p.item(), 6) == 0.8


# --- state ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_a_loaded_state_continues_as_if_nothing_had_happened(kind, options):
    p = nn.Parameter([0.0, 10.0])
    optimizer = kind([p], **options)
    descend(optimizer, p, 3)
    saved = copy.deepcopy(optimizer.state_dict())
    q = copy.deepcopy(p)
    other = kind([q], lr=99.0)
    other.load_state_dict(saved)
    descend(optimizer, p, 3)
    descend(other, q, 3)
    assert_array_equal(p.detach(), q.detach())


def test_state_dict_is_a_copy_both_ways():
    p = nn.Parameter([0.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    descend(optimizer, p, 1)
    state = optimizer.state_dict()
    buffer = state["state"][0]["momentum_buffer"]
    other = SGD([nn.Parameter([0.0])], lr=0.1)
    other.load_state_dict(state)
    buffer[...] = 77
    state["param_groups"][0]["lr"] = 77
    for each in (optimizer, other):
        assert each.state_dict()["state"][0]["momentum_buffer"].item() == -6
        assert each.param_groups[0]["lr"] == 0.1


def test_loaded_state_takes_the_dtype_of_its_parameter_except_steps():
    p, q = nn.Parameter(np.zeros(2)), nn.Parameter(np.zeros(2, np.float16))
    optimizer, other = Adam([p]), Adam([q])
    descend(optimizer, p, 1)
    other.load_state_dict(optimizer.state_dict())
    state = other.state_dict()["state"][0]
    assert state["exp_avg"].dtype == np.float16
    assert (state["step"].dtype, state["step"].item()) == (np.float32, 1)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s["param_groups"].append(s["param_groups"][0]), r"\[1, 1\].*\[1\]"),
        (lambda s: s["param_groups"][0].update(params=[0, 1]), r"\[2\]"),
        (lambda s: s["param_groups"][0].update(lr=-1.0), "lr"),
        (lambda s: s["state"][0].update(exp_avg=np.zeros(5)), r"'exp_avg' has shape \(5,\).*\(2,\)"),
    ],
)
def test_states_that_do_not_fit_are_refused_whole(change, text):
    p = nn.Parameter([0.0, 1.0])
    optimizer = Adam([p], lr=0.5)
    descend(optimizer, p, 1)
    before = optimizer.state_dict()
    state = copy.deepcopy(before)
    state["param_groups"][0]["lr"] = 0.25
    change(state)
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(state)
    assert str(optimizer.state_dict()) == str(before)


# --- refusals ---------------------------------------------------------------------------------------------------------

P = nn.Parameter([1.0])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: SGD([]), ValueError, "no parameters"),
        (lambda: SGD(P), TypeError, "not one Parameter"),
        (lambda: SGD([P, P]), ValueError, "twice"),
        (lambda: SGD([{"params": [P]}, {"params": [P]}]), ValueError, "twice"),
        (lambda: SGD([np.ones(2)]), TypeError, "ndarray"),
        (lambda: SGD([P * 2]), ValueError, "leaves"),
        (lambda: SGD([P], lr=-1), ValueError, "lr must be at least 0 and finite, not -1"),
        (lambda: SGD([P], lr=float("nan")), ValueError, "lr"),
        (lambda: SGD([P], momentum=-0.1), ValueError, "momentum"),
        (lambda: SGD([P], weight_decay=-0.1), ValueError, "weight_decay"),
        (lambda: SGD([P], nesterov=True), ValueError, "nesterov"),
        (lambda: SGD([P], nesterov=True, momentum=0.9, dampening=0.1), ValueError, "dampening=0.1"),
        (lambda: SGD([{"params": [P], "lr": -2}]), ValueError, "lr"),
        (lambda: Adam([P], betas=(0.9, 1.0)), ValueError, r"betas\[1\] must be at least 0 and below 1, not 1.0"),
        (lambda: Adam([P], betas=(0.9,)), ValueError, "two numbers"),
        (lambda: Adam([P], eps=-1), ValueError, "eps"),
        (lambda: Adam([P], fused=True), TypeError, "fused"),
    ],
)
def test_refuses(make, error, text):
    with pytest.raises(error, match=text):
        make()
