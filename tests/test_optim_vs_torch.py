"""Optimizers against PyTorch's, over the parameter choices and error inputs of PyTorch's own optimizer database."""

import sys
import types
import unittest
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

from torch.optim.lbfgs import _strong_wolfe as search_of_torch  # noqa: E402

import autograd  # noqa: E402
import nn  # noqa: E402
from autograd import Tensor  # noqa: E402
from nn.optim.line_search import Point, strong_wolfe  # noqa: E402


def database():
    """Return PyTorch's optimizer database, whose module wants a test tool for something that is not used here."""
    if "expecttest" not in sys.modules:
        try:
            import expecttest  # noqa: F401
        except ImportError:
            stub = types.ModuleType("expecttest")
            stub.TestCase = unittest.TestCase
            sys.modules["expecttest"] = stub
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_optimizers import optim_db
    return optim_db


SKIPPED = {"SparseAdam": "no sparse gradients here", "Muon": "computes in bfloat16, which NumPy has not"}
DATABASE = [info for info in database() if info.name not in SKIPPED]
CHOICES = [
    pytest.param(info.name, dict(sample.kwargs), id=f"{info.name}-{sample.desc}")
    for info in DATABASE
    for sample in info.optim_inputs_func(device="cpu", dtype=torch.float64)
]
# What the database leaves out.
CHOICES += [
    pytest.param(name, options, id=f"{name}-{options}")
    for name, options in [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}),
        ("Adam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("ASGD", {"t0": 5, "lambd": 0.1, "alpha": 0.5}),
        ("RMSprop", {"momentum": 0.9}),
        ("RAdam", {"betas": (0.8, 0.5)}),
        ("Rprop", {"lr": 0.1, "step_sizes": (0.05, 0.2)}),
        ("Adagrad", {"lr": 0.3}),
        ("LBFGS", {"history_size": 3, "max_iter": 4}),
        ("LBFGS", {"history_size": 2, "max_iter": 7, "max_eval": 8, "line_search_fn": "strong_wolfe"}),
        ("LBFGS", {"lr": 30.0, "max_iter": 3, "line_search_fn": "strong_wolfe"}),
    ]
]
RNG = np.random.default_rng(5)
START = [RNG.normal(size=(4, 3)), RNG.normal(size=5), np.array(0.7), RNG.normal(size=(2, 2, 3))]
MATRIX, TARGET = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))


def bounded(x):
    """Return the sum of the squares of x, bent so that going up does not overflow."""
    return (x * x / (1 + x * x)).sum()


def loss_of(p, q, r, s, matrix, target):
    """Return a smooth loss of four parameters, the same for both libraries."""
    return bounded(matrix @ p - target) + bounded(q * q - r) + bounded(s - 0.5)


def convex_loss_of(p, q, r, s, matrix, target):
    """Return a well-conditioned loss: on others the steps of quasi-Newton methods amplify rounding errors."""
    return ((p - target[:4]) ** 2).sum() + 0.7 * ((q - r) ** 2).sum() + r**4 / 9 + r * r + 0.9 * ((s - 1) ** 2).sum()


def in_numpy(options):
    """Return options with Tensors of ours in place of PyTorch's."""
    if isinstance(options, dict):
        return {name: in_numpy(option) for name, option in options.items()}
    if isinstance(options, tuple):
        return tuple(map(in_numpy, options))
    return Tensor(options.numpy()) if isinstance(options, torch.Tensor) else options


def pair(name, options):
    """Return an optimizer of ours and PyTorch's, with their parameters."""
    ours = [nn.Parameter(v.copy()) for v in START]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in START]
    return (
        ours,
        theirs,
        getattr(nn.optim, name)(ours, **in_numpy(options)),
        getattr(torch.optim, name)(theirs, **options),
    )


def run(optimizer, parameters, steps, first=0):
    """Take steps; in every third the second parameter has no gradient, except where a closure computes it."""
    kind = torch.tensor if isinstance(parameters[0], torch.Tensor) else np.asarray
    matrix, target = kind(MATRIX), kind(TARGET)

    closed = type(optimizer).__name__ == "LBFGS"

    def closure():
        optimizer.zero_grad()
        loss = (convex_loss_of if closed else loss_of)(*parameters, matrix, target)
        loss.backward()
        return loss

    for step in range(first, first + steps):
        if closed:
            optimizer.step(closure)
            continue
        closure()
        if step % 3 == 2:
            parameters[1].grad = None
        optimizer.step()


def assert_equal(ours, theirs):
    for p, q in zip(ours, theirs, strict=True):
        assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-10, atol=1e-10)


def test_only_what_is_explained_is_left_out():
    assert {info.name for info in database()} - set(nn.optim.__all__) <= set(SKIPPED)


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_25_steps(name, options):
    ours, theirs, optimizer, reference = pair(name, options)
    run(optimizer, ours, 25)
    run(reference, theirs, 25)
    assert_equal(ours, theirs)
    assert any(np.abs(p.data - v).max() > 1e-6 for p, v in zip(ours, START, strict=True))


# --- state ------------------------------------------------------------------------------------------------------------


def same_values(ours, theirs):
    """Hold PyTorch's parameters equal to ours."""
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.tensor(p.data))


def as_torch(state):
    """Return a state of ours with PyTorch's tensors."""
    if isinstance(state, dict):
        return {key: as_torch(value) for key, value in state.items()}
    if isinstance(state, list):
        return [as_torch(value) for value in state]
    return torch.tensor(state.data) if isinstance(state, Tensor) else state


@pytest.mark.parametrize(("name", "options"), CHOICES)
def test_states_have_the_same_layout_and_go_both_ways(name, options):
    ours, theirs, optimizer, reference = pair(name, options)
    run(reference, theirs, 4)
    with autograd.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            p[...] = q.detach().numpy()
    optimizer.load_state_dict(reference.state_dict())  # PyTorch's tensors as they are
    run(optimizer, ours, 4, 4)
    run(reference, theirs, 4, 4)
    assert_equal(ours, theirs)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["state"].keys() == other["state"].keys()
    for number, values in mine["state"].items():
        assert values.keys() == other["state"][number].keys() - {"al"}  # LBFGS's memory to compute in
        for key, value in values.items():
            if isinstance(value, Tensor) and name != "LBFGS":
                assert_allclose(value.numpy(), other["state"][number][key].numpy(), rtol=1e-9, atol=1e-10)
                assert str(value.dtype) == str(other["state"][number][key].dtype).removeprefix("torch.")
    assert set(mine["param_groups"][0]) == set(other["param_groups"][0])
    _, theirs, _, reference = pair(name, options)
    same_values(ours, theirs)
    reference.load_state_dict(as_torch(mine))
    run(optimizer, ours, 4, 8)
    run(reference, theirs, 4, 8)
    assert_equal(ours, theirs)


COMPLEX = [info.name for info in DATABASE if info.supports_complex]


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_parameters_are_pairs_of_real_ones(name):
    values = [RNG.normal(size=(3, 2)) + 1j * RNG.normal(size=(3, 2)), np.array(0.3 - 0.2j)]
    ours = [nn.Parameter(v.copy()) for v in values]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in values]
    for optimizer, (p, q) in ((getattr(nn.optim, name)(ours), ours), (getattr(torch.optim, name)(theirs), theirs)):

        def closure(optimizer=optimizer, p=p, q=q):
            optimizer.zero_grad()
            residual = p * (1 + 0.1j) - q
            loss = (residual * residual.conj()).real.sum() + (p * p.conj()).real.sum()
            loss.backward()
            return loss

        for _ in range(8):
            optimizer.step(closure)
    assert_equal(ours, theirs)


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS = [
    pytest.param(info.name, error, id=f"{info.name}-{error.optimizer_error_input.desc}")
    for info in DATABASE
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float64)
]


def parameters_of(params):
    """Return PyTorch's parameters, pairs and groups with ours in their place, the same for the same."""
    known = {}

    def converted(x):
        if isinstance(x, list | tuple):
            return type(x)(map(converted, x))
        if isinstance(x, dict):
            return {key: converted(value) for key, value in x.items()}
        if not isinstance(x, torch.Tensor):
            return x
        if id(x) not in known:
            known[id(x)] = ours = nn.Parameter(x.detach().numpy())
            ours.grad = None if x.grad is None else x.grad.numpy()
        return known[id(x)]

    return converted(params)


@pytest.mark.parametrize(("name", "error"), ERRORS)
def test_error_inputs_raise_here_too(name, error):
    params, options = error.optimizer_error_input.params, in_numpy(error.optimizer_error_input.kwargs)
    params = [nn.Parameter(np.ones((1, 1)))] if params is None else parameters_of(params)
    # PyTorch only warns of a parameter given twice; what chooses among its implementations is unknown here.
    expected = TypeError if "foreach" in options else error.error_type
    expected = {UserWarning: ValueError, RuntimeError: TypeError}.get(expected, expected)
    with pytest.raises(expected):
        getattr(nn.optim, name)(params, **options).step()


# --- the line search --------------------------------------------------------------------------------------------------


def wavy(t, a, b, c, w):
    """Return a function of one variable and its derivative; it falls at 0, then has many minima."""
    value = a * (t - b) ** 2 + c * np.sin(w * t) - c * w * t
    return value, 2 * a * (t - b) + c * w * np.cos(w * t) - c * w


@pytest.mark.parametrize("most", [1, 2, 3, 5, 25])
def test_the_line_search_takes_the_same_way(most):
    rng, tried = np.random.default_rng(3), []
    for _ in range(200):
        shape = rng.uniform([0.1, 0.1, 0.0, 1.0], [2.0, 3.0, 3.0, 8.0])
        first, start = 10 ** rng.uniform(-2, 1.5), wavy(0.0, *shape)
        seen = {"ours": [], "theirs": []}

        def ours(t, shape=shape, seen=seen):
            seen["ours"].append(t)
            value, slope = wavy(t, *shape)
            return Point(t, value, np.array([slope]), slope)

        def theirs(x, t, d, shape=shape, seen=seen):
            seen["theirs"].append(float(t))
            value, slope = wavy(float(t), *shape)
            return value, torch.tensor([slope], dtype=torch.float64)

        found, evaluations = strong_wolfe(
            ours, Point(0.0, start[0], np.array([start[1]]), start[1]), first, 1.0, 1e-9, most
        )
        slope = torch.tensor([start[1]], dtype=torch.float64)
        one = torch.ones(1, dtype=torch.float64)
        loss, _, t, count = search_of_torch(theirs, None, first, one, start[0], slope, slope[0], max_ls=most)
        assert evaluations == count == len(seen["ours"])
        assert_allclose(seen["ours"], seen["theirs"], rtol=1e-8)
        assert_allclose([found.t, found.loss], [float(t), loss], rtol=1e-8)
        tried.append(evaluations)
    assert max(tried) > min(most, 5)  # some get into the second phase


# --- averages of weights ----------------------------------------------------------------------------------------------


@pytest.fixture
def double_precision():
    """Let PyTorch compute 1 / (number of models + 1) in float64: it divides Tensors of the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", [None, "get_ema_multi_avg_fn", "get_swa_multi_avg_fn", "get_ema_avg_fn"])
def test_averaged_models(name, double_precision):
    found = []
    for framework in (nn, torch.nn):
        utils = nn.optim.swa_utils if framework is nn else torch.optim.swa_utils
        model = framework.Linear(2, 3).double()
        function = {} if name is None else {("multi_" if "multi" in name else "") + "avg_fn": getattr(utils, name)()}
        average = utils.AveragedModel(model, **function)
        for i in range(4):
            values = {"weight": np.arange(6.0).reshape(3, 2) ** i, "bias": np.full(3, 1.0 * i)}
            if framework is not nn:
                values = {key: torch.tensor(value) for key, value in values.items()}
            model.load_state_dict(values)
            average.update_parameters(model)
        found.append(average.state_dict())
    assert list(found[0]) == list(found[1])
    for ours, theirs in zip(found[0].values(), found[1].values(), strict=True):
        assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
