"""Optimizers: groups, state, and what they refuse; their numbers are compared with PyTorch's in test_optim_vs_torch."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.optim import (
    ASGD,
    LBFGS,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
    swa_utils,
)

OPTIMIZERS = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "exponential_average": True}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "exponential_average": True, "nesterov": True}),
    (ASGD, {"lr": 0.1, "t0": 2.0}),
    (Adagrad, {"lr": 1.0}),
    (Adadelta, {"lr": 50.0}),
    (RMSprop, {"lr": 0.1}),
    (RMSprop, {"lr": 0.03, "momentum": 0.5, "centered": True, "alpha": 0.9}),
    (Adam, {"lr": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True, "weight_decay": 0.01}),
    (AdamW, {"lr": 0.1}),
    (Adamax, {"lr": 0.2}),
    (NAdam, {"lr": 0.1}),
    (RAdam, {"lr": 0.1}),
    (Adafactor, {"lr": 0.1}),
    (Rprop, {"lr": 0.1}),
    (Lion, {"lr": 0.05, "betas": (0.5, 0.7)}),
]


def descend(optimizer, p, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((p - 3.0) ** 2).sum().backward()
        optimizer.step()


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_descends(kind, options):
    p = nn.Parameter([0.0, 10.0])
    descend(kind([p], **(options | ({"weight_decay": 0} if "weight_decay" in options else {}))), p, 200)
    assert np.abs(p.data - 3).max() < 0.1


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_parameters_state_and_memory_stay_what_they_are(kind, options, dtype):
    p, scalar = nn.Parameter(np.ones(3, dtype)), nn.Parameter(dtype(2))
    memory = p.data
    if dtype is np.float16 and kind in (Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop):
        options = options | {"eps": 1e-3} | ({"betas": (0.9, 0.99)} if kind not in (Adadelta, Adagrad, RMSprop) else {})
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
        assert value.dtype == (np.float32 if name in ("step", "eta", "mu", "mu_product") else dtype)


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
    other = kind([q], lr=99.0, **{name: option for name, option in options.items() if name == "exponential_average"})
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
        (lambda s: s["state"][0].update(exp_avg=np.zeros(())), r"'exp_avg' has shape \(\).*\(2,\)"),
        (lambda s: s["state"][0].update(exp_avg=np.zeros(2, complex)), "complex128, which cannot become.*float32"),
        (lambda s: s["state"][0].update(step=np.zeros(7)), r"'step' has shape \(7,\)"),
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


# --- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nesterov", [False, True])
def test_exponential_average_is_that_of_the_gradients(nesterov):
    p = nn.Parameter(np.zeros(1))
    optimizer = SGD([p], lr=1.0, momentum=0.8, nesterov=nesterov, exponential_average=True)
    b, expected = 0.0, 0.0
    for g in (1.0, -2.0, 0.5):
        p.grad = Tensor(np.array([g]))
        optimizer.step()
        b = 0.8 * b + 0.2 * g
        expected -= 0.8 * b + 0.2 * g if nesterov else b
        assert p.item() == pytest.approx(expected, rel=1e-14)


def test_lion():
    p = nn.Parameter(np.array([1.0, -1.0, 2.0]))
    optimizer = Lion([p], lr=0.1, betas=(0.5, 0.8), weight_decay=0.3)
    m, expected = np.zeros(3), p.data.copy()
    for g in ([1.0, -2.0, 0.0], [-0.1, 0.3, 0.0], [-3.0, 1.0, 0.0]):
        p.grad = Tensor(np.array(g))
        optimizer.step()
        expected = expected - 0.1 * (np.sign(0.5 * m + 0.5 * np.array(g)) + 0.3 * expected)
        m = 0.8 * m + 0.2 * np.array(g)
        assert_allclose(p.data, expected, rtol=1e-14)
    assert_allclose(optimizer.state[p]["exp_avg"].data, m)


def test_asgd_keeps_the_mean_of_the_last_parameters():
    p, seen = nn.Parameter(np.ones(1)), []
    optimizer = ASGD([p], lr=0.1, t0=3)
    for _ in range(9):
        p.grad = Tensor(2 * p.data)
        optimizer.step()
        seen.append(p.item())
    assert optimizer.state[p]["ax"].item() == pytest.approx(np.mean(seen[4:]), rel=1e-6)


ELEMENTWISE = [each for each in OPTIMIZERS if each[0] is not Adafactor]


@pytest.mark.parametrize(("kind", "options"), ELEMENTWISE)
def test_formulas_apply_to_one_buffer_of_all_parameters(kind, options):
    rng = np.random.default_rng(0)
    parts = [nn.Parameter(rng.normal(size=(2, 3))), nn.Parameter(rng.normal(size=4))]
    whole = nn.Parameter(np.concatenate([p.data.ravel() for p in parts]))
    optimizers = kind(parts, **options), kind([whole], **options)
    for _ in range(3):
        gradients = [rng.normal(size=p.shape) for p in parts]
        for p, g in zip(parts, gradients, strict=True):
            p.grad = Tensor(g)
        whole.grad = Tensor(np.concatenate([g.ravel() for g in gradients]))
        for optimizer in optimizers:
            optimizer.step()
    assert_array_equal(np.concatenate([p.data.ravel() for p in parts]), whole.data)


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_memory_of_any_layout_is_changed_in_place(kind, options):
    values, g = np.random.default_rng(0).normal(size=(2, 3, 4))
    memory = np.zeros((4, 6))
    view = memory[:, ::2].T
    view[...] = values
    p, q = nn.Parameter(view), nn.Parameter(values.copy())
    p.grad, q.grad = Tensor(g.T.copy().T), Tensor(g)
    for parameter in (p, q):
        kind([parameter], **options).step()
    assert_allclose(memory[:, ::2].T, q.data, rtol=1e-14)
    assert (memory[:, 1::2] == 0).all()


def test_empty_parameters_stay():
    for kind, options in OPTIMIZERS:
        p = nn.Parameter(np.ones((0, 3)))
        p.grad = Tensor(np.ones((0, 3)))
        kind([p], **options).step()
        assert p.shape == (0, 3)


def test_read_only_parameters_are_named():
    p = nn.Parameter(np.broadcast_to(np.ones(1), (3,)))
    p.grad = Tensor(np.ones(3))
    with pytest.raises((RuntimeError, ValueError), match="read-only"):
        SGD([p], lr=0.1).step()


def test_an_optimizer_of_ones_own_needs_one_method():
    class Plain(Optimizer):
        def update(self, p, g, state, group):
            p -= group["lr"] * g

    p = nn.Parameter([1.0])
    p.grad = Tensor([2.0])
    Plain([p], {"lr": 0.5}).step()
    assert p.item() == 0
    with pytest.raises(NotImplementedError, match=r"no update\(\)"):
        Optimizer([p], {}).step()


# --- L-BFGS -----------------------------------------------------------------------------------------------------------


def rosenbrock(optimizer, p):
    def closure():
        optimizer.zero_grad()
        loss = 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2
        loss.backward()
        return loss

    return closure


def test_lbfgs_finds_the_end_of_a_curved_valley():
    p = nn.Parameter(np.array([-1.2, 1.0]))
    optimizer = LBFGS([p], line_search_fn="strong_wolfe", max_iter=100, tolerance_change=0.0)
    assert optimizer.step(rosenbrock(optimizer, p)).item() == pytest.approx(24.2)
    assert_allclose(p.data, 1, atol=1e-8)
    assert optimizer.state[p]["func_evals"] < 70


def test_lbfgs_leaves_parameters_without_gradient():
    p, q = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(()))
    optimizer = LBFGS([q, p], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert q.item() == 1
    assert_allclose(p.data, 0, atol=1e-7)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_continues_from_its_state_as_if_nothing_had_happened(line_search):
    options = {"lr": 0.01 if line_search is None else 1, "max_iter": 3, "history_size": 2}
    p = nn.Parameter(np.array([-1.2, 1.0]))
    optimizer = LBFGS([p], line_search_fn=line_search, **options)
    for _ in range(3):
        optimizer.step(rosenbrock(optimizer, p))
    q = copy.deepcopy(p)
    other = LBFGS([q])
    other.load_state_dict(optimizer.state_dict())
    for each, x in ((optimizer, p), (other, q)):
        for _ in range(3):
            each.step(rosenbrock(each, x))
    assert_array_equal(p.data, q.data)
    assert str(optimizer.state_dict()) == str(other.state_dict())


def test_lbfgs_refuses_the_state_of_other_parameters():
    p = nn.Parameter(np.array([-1.2, 1.0]))
    optimizer = LBFGS([p])
    optimizer.step(rosenbrock(optimizer, p))
    with pytest.raises(ValueError, match=r"'old_dirs' has shape \(2,\), the parameters here have 3 numbers"):
        LBFGS([nn.Parameter(np.zeros(3))]).load_state_dict(optimizer.state_dict())


# --- averages of weights ----------------------------------------------------------------------------------------------


def averaged(values, **options):
    """Return the average of a model over values of its weight, and the averaged model."""
    model = nn.Linear(1, 1, bias=False, dtype=np.float64)
    average = swa_utils.AveragedModel(model, **options)
    for value in values:
        nn.init.constant_(model.weight, value)
        average.update_parameters(model)
    return average.module.weight.item(), average


def test_averages():
    ema = 0.9 * (0.9 * 1 + 0.1 * 2) + 0.1 * 4
    assert averaged([1, 2, 4], multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.9))[0] == pytest.approx(ema)
    assert averaged([1, 2, 4], avg_fn=swa_utils.get_ema_avg_fn(0.9))[0] == pytest.approx(ema)
    for options in ({}, {"avg_fn": swa_utils.get_swa_avg_fn()}, {"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}):
        assert averaged([1, 2, 6], **options)[0] == pytest.approx(3)


def test_averaged_models_have_their_own_memory_and_a_state():
    value, average = averaged([1, 3])
    assert average(np.ones((1, 1))).item() == value == 2
    state = average.state_dict()
    assert list(state) == ["n_averaged", "module.weight"]
    assert state["n_averaged"].item() == 2
    other = averaged([9])[1]
    other.load_state_dict(state)
    model = nn.Linear(1, 1, bias=False, dtype=np.float64)
    nn.init.constant_(model.weight, 5)
    other.update_parameters(model)
    assert other.module.weight.item() == 3
    assert model.weight.item() == 5


def test_averaging_refuses_another_model():
    with pytest.raises(ValueError, match="other parameters"):
        averaged([1])[1].update_parameters(nn.Linear(2, 1))


def test_buffers_are_copied_or_averaged():
    model = nn.BatchNorm1d(1, dtype=np.float64)
    copies, means = (swa_utils.AveragedModel(model, use_buffers=use) for use in (False, True))
    for value in (1.0, 3.0):
        nn.init.constant_(model.running_mean, value)
        nn.init.constant_(model.num_batches_tracked, 2 * value)
        copies.update_parameters(model)
        means.update_parameters(model)
    assert (copies.module.running_mean.item(), means.module.running_mean.item()) == (3, 2)
    assert means.module.num_batches_tracked.item() == 4
    assert means.module.num_batches_tracked.dtype.kind == "i"


def test_update_bn_gives_the_statistics_of_all_batches():
    x = np.random.default_rng(0).normal(3, 2, size=(4, 50, 2))
    model = nn.Sequential(nn.BatchNorm1d(2, dtype=np.float64), nn.Dropout(0.5)).eval()
    swa_utils.update_bn([(batch, None) for batch in x], model)
    assert_allclose(model[0].running_mean.data, x.mean((0, 1)))
    assert_allclose(model[0].running_var.data, x.var(1, ddof=1).mean(0))
    assert model[0].momentum == 0.1
    assert not model.training


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
        (lambda: SGD([P], lr=Tensor([0.1, 0.2])), ValueError, r"lr must be one number, not a Tensor of shape \(2,\)"),
        (lambda: SGD([P], lr="fast"), TypeError, "lr must be a number, not 'fast'"),
        (lambda: SGD([("p", P), nn.Parameter([1.0])]), ValueError, "some parameters come with a name"),
        (lambda: SGD([{"params": [P]}, {"params": [("q", nn.Parameter(1.0))]}]), ValueError, "with a name"),
        (lambda: SGD([P], momentum=0.9, dampening=0.5, exponential_average=True), ValueError, "dampening=0.5"),
        (lambda: SGD([P], momentum=1.0, exponential_average=True), ValueError, "momentum below 1"),
        (lambda: SGD([P], momentum=0.9, dampening=float("nan")), ValueError, "dampening"),
        (lambda: ASGD([P], t0=-1), ValueError, "t0"),
        (lambda: Adagrad([P], initial_accumulator_value=-1), ValueError, "initial_accumulator_value"),
        (lambda: Adadelta([P], rho=1.1), ValueError, "rho must be at least 0 and at most 1, not 1.1"),
        (lambda: RMSprop([P], alpha=1.5), ValueError, "alpha"),
        (lambda: Adam([P], betas=(0.9, Tensor(0.9))), ValueError, "both numbers or both Tensors"),
        (lambda: NAdam([P], momentum_decay=-1), ValueError, "momentum_decay"),
        (lambda: Rprop([P], etas=(0.5, 1.0)), ValueError, "etas"),
        (lambda: Rprop([P], step_sizes=(2.0, 1.0)), ValueError, "step_sizes"),
        (lambda: Lion([P], betas=(0.9, -0.1)), ValueError, r"betas\[1\]"),
        (lambda: Adafactor([P], d=0.5), ValueError, "d must be at least 1"),
        (lambda: Adafactor([P], beta2_decay=0.5), ValueError, "beta2_decay"),
        (lambda: Adafactor([P], eps=(None, None)), TypeError, r"eps\[1\]"),
        (lambda: LBFGS([P], max_iter=0), ValueError, "max_iter must be an integer above 0, not 0"),
        (lambda: LBFGS([P], history_size=2.5), ValueError, "history_size"),
        (lambda: LBFGS([P], max_eval=0), ValueError, "max_eval"),
        (lambda: LBFGS([P], line_search_fn="armijo"), ValueError, "armijo"),
        (lambda: LBFGS([{"params": [P]}, {"params": [nn.Parameter(1.0)]}]), ValueError, "one parameter group"),
        (lambda: LBFGS([P]).step(), TypeError, "closure"),
        (lambda: swa_utils.get_ema_avg_fn(1.5), ValueError, "decay"),
        (lambda: swa_utils.get_ema_multi_avg_fn(-0.5), ValueError, "decay"),
        (lambda: swa_utils.AveragedModel(nn.ReLU(), avg_fn=max, multi_avg_fn=max), ValueError, "not both"),
    ],
)
def test_refuses(make, error, text):
    with pytest.raises(error, match=text):
        make()


@pytest.mark.parametrize("kind", [SGD, ASGD, Adagrad, Adadelta, RMSprop, Adam, Adamax, NAdam, RAdam, Lion, Adafactor])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
@pytest.mark.parametrize("value", [-0.1, float("inf"), float("nan")])
def test_refuses_rates_and_decays_out_of_range(kind, name, value):
    with pytest.raises(ValueError, match=f"{name} must be at least 0 and finite"):
        kind([P], **{name: value})


@pytest.mark.parametrize("state", [{"a": 1}, {"state": {}}, None, []])
def test_a_state_that_is_none_is_refused(state):
    with pytest.raises(ValueError, match="'state' and 'param_groups'"):
        nn.optim.SGD([nn.Parameter([1.0])]).load_state_dict(state)
