"""Learning-rate schedules: PyTorch's rates over 60 steps, their states, their own rules, and what they refuse."""

import copy
import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

import nn
from nn.optim import SGD, Adam, RMSprop
from nn.optim import lr_scheduler as own

OPTIONS = {"SGD": {"lr": 0.5, "momentum": 0.9}, "Adam": {"lr": 0.5}, "RMSprop": {"lr": 0.5}}


class Halving:
    """A function with state, which is saved."""

    def __init__(self, base=0.5):
        self.base = base

    def __call__(self, epoch):
        return self.base ** (epoch % 7)


def twice(make_first, make_second, at=20):
    return lambda s, o: s.SequentialLR(o, [make_first(s, o), make_second(s, o)], [at])


SCHEDULES = {
    "StepLR": lambda s, o: s.StepLR(o, 7, 0.5),
    "StepLR default": lambda s, o: s.StepLR(o, step_size=30),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [5, 5, 9, 40], gamma=0.3),
    "MultiStepLR 0": lambda s, o: s.MultiStepLR(o, [0, 3]),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "ConstantLR 2": lambda s, o: s.ConstantLR(o, factor=0.7, total_iters=11),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "LinearLR down": lambda s, o: s.LinearLR(o, 0.9, 0.0, 33),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.93),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "PolynomialLR 2": lambda s, o: s.PolynomialLR(o, 40, 2.5),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 13, 0.01),
    "CosineAnnealingLR 60": lambda s, o: s.CosineAnnealingLR(o, 60),
    "WarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5),
    "WarmRestarts 3": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4, 3, 0.02),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "LambdaLR objects": lambda s, o: s.LambdaLR(o, [Halving(), lambda epoch: 1 / (1 + epoch)]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 1 - 1 / (epoch + 3)),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.3, 60),
    "OneCycleLR three": lambda s, o: s.OneCycleLR(
        o, [0.3, 0.7], epochs=9, steps_per_epoch=7, three_phase=True, anneal_strategy="linear", pct_start=0.2
    ),
    "OneCycleLR plain": lambda s, o: s.OneCycleLR(o, 0.3, 80, cycle_momentum=False, div_factor=3.0),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.4, 7),
    "CyclicLR 2": lambda s, o: s.CyclicLR(o, [0.01, 0.2], [0.4, 0.3], 5, 9, mode="triangular2", max_momentum=0.95),
    "CyclicLR exp": lambda s, o: s.CyclicLR(o, 0.01, 0.4, 6, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "CyclicLR own": lambda s, o: s.CyclicLR(o, 0.01, 0.4, 6, scale_fn=Halving(), scale_mode="iterations"),
    "Sequential": twice(lambda s, o: s.LinearLR(o, total_iters=20), lambda s, o: s.CosineAnnealingLR(o, 40)),
    "Sequential 2": twice(lambda s, o: s.ConstantLR(o, 0.1, 10), lambda s, o: s.ExponentialLR(o, 0.9)),
    "Sequential 3": twice(lambda s, o: s.StepLR(o, 4, 0.5), lambda s, o: s.MultiStepLR(o, [7, 9])),
    "Sequential 4": twice(lambda s, o: s.PolynomialLR(o, 20), lambda s, o: s.CosineAnnealingWarmRestarts(o, 5)),
    "Sequential 5": twice(lambda s, o: s.LambdaLR(o, Halving()), lambda s, o: s.MultiplicativeLR(o, lambda e: 0.9)),
    "Sequential of three": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o), s.LinearLR(o, 0.5, 0.1, 9), s.PolynomialLR(o, 30)], [10, 25]
    ),
    "Chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.97)]),
    "Chained 2": lambda s, o: s.ChainedScheduler(
        [s.CosineAnnealingLR(o, 25), s.MultiStepLR(o, [10, 30], 0.5), s.LinearLR(o)], optimizer=o
    ),
}
PLATEAUS = [
    {"patience": 2},
    {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 3},
    {"threshold_mode": "abs", "threshold": 0.05, "patience": 0, "min_lr": [0.01, 0.2]},
    {"mode": "max", "threshold_mode": "abs", "threshold": 0.1, "factor": 0.9, "patience": 0, "eps": 0.01},
    {"patience": 4, "min_lr": 0.01},
]
METRICS = np.abs(np.random.default_rng(0).normal(size=60)) + 10 / np.arange(1, 61)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")


def ours(name="SGD"):
    parameters = [nn.Parameter([1.0]), nn.Parameter([2.0])]
    groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.2}]
    return {"SGD": SGD, "Adam": Adam, "RMSprop": RMSprop}[name](groups, **OPTIONS[name])


def theirs(torch, name="SGD"):
    parameters = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.2}]
    return getattr(torch.optim, name)(groups, **OPTIONS[name])


def course(schedule, steps=60, metrics=None):
    """Return the rates, and the momenta where there are some, of all groups over the steps."""
    seen = []
    for step in range(steps):
        groups = schedule.optimizer.param_groups
        assert schedule.get_last_lr() == [group["lr"] for group in groups]
        seen.append([(group["lr"], group.get("momentum", 0), *group.get("betas", ())) for group in groups])
        if metrics is None:
            schedule.step()
        else:
            schedule.step(metrics[step])
    return np.array(seen)


@pytest.fixture
def quiet():
    """Let PyTorch's warnings pass: the optimizer takes no steps here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_60_steps_as_in_torch(name, kind, torch, quiet):
    mine = SCHEDULES[name](own, ours(kind))
    other = SCHEDULES[name](torch.optim.lr_scheduler, theirs(torch, kind))
    assert_allclose(course(mine), course(other), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("options", PLATEAUS)
def test_plateaus_as_in_torch(options, torch):
    mine = own.ReduceLROnPlateau(ours(), **options)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs(torch), **options)
    found, expected = course(mine, metrics=METRICS), course(other, metrics=METRICS)
    assert_allclose(found, expected, rtol=1e-12)
    assert (found[0] != found[-1]).any()


def test_fractions_of_epochs_as_in_torch(torch, quiet):
    mine = own.CosineAnnealingWarmRestarts(ours(), 3, 2)
    other = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs(torch), 3, 2)
    for epoch in (0.25, 2.75, 3, 3.5, 8.75, 9, 20.9, 21, 45, 44.5, 1):
        mine.step(epoch)
        other.step(epoch)
        assert_allclose(mine.get_last_lr(), other.get_last_lr(), rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_states_have_torchs_keys_and_load_from_torch(name, torch, quiet):
    mine = SCHEDULES[name](own, ours())
    other = SCHEDULES[name](torch.optim.lr_scheduler, theirs(torch))
    course(other, 23)
    saved = other.state_dict()
    ignored = {"_get_lr_called_within_step", "_scale_fn_ref", "_is_initial"}
    assert mine.state_dict().keys() - ignored == saved.keys() - ignored
    mine.load_state_dict(saved)
    for group, source in zip(mine.optimizer.param_groups, other.optimizer.param_groups, strict=True):
        group.update({key: value for key, value in source.items() if key != "params"})
    assert_allclose(course(mine, 30), course(other, 30), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("done", [0, 1, 19, 20, 33])
def test_a_loaded_state_continues_as_if_nothing_had_happened(name, done):
    schedule = SCHEDULES[name](own, ours())
    course(schedule, done)
    saved = copy.deepcopy((schedule.state_dict(), schedule.optimizer.state_dict()))
    optimizer = ours()
    other = SCHEDULES[name](own, optimizer)
    optimizer.load_state_dict(saved[1])
    other.load_state_dict(saved[0])
    assert (course(other, 25) == course(schedule, 25)).all()


@pytest.mark.parametrize("make", [lambda o: own.ReduceLROnPlateau(o, patience=1), lambda o: own.NewBob(o, ramp=True)])
def test_plateau_states_continue(make):
    schedule, optimizer = make(ours()), ours()
    course(schedule, 8, METRICS)
    other = make(optimizer)
    other.load_state_dict(schedule.state_dict())
    optimizer.load_state_dict(schedule.optimizer.state_dict())
    assert (course(other, 20, METRICS[8:]) == course(schedule, 20, METRICS[8:])).all()


def test_objects_keep_their_attributes_and_functions_are_left_out():
    schedule = own.LambdaLR(ours(), [Halving(0.25), math.exp])
    other = own.LambdaLR(ours(), [Halving(0.5), math.exp])
    other.load_state_dict(schedule.state_dict())
    assert schedule.state_dict()["lr_lambdas"] == [{"base": 0.25}, None]
    assert other.lr_lambdas[0].base == 0.25
    assert other.lr_lambdas[1] is math.exp


def test_training_resumes_at_last_epoch(torch, quiet):
    for make in (lambda s, o: s.StepLR(o, 5, last_epoch=14), lambda s, o: s.ExponentialLR(o, 0.9, last_epoch=3)):
        optimizers = ours(), theirs(torch)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["initial_lr"] = 0.7
        found = [course(make(s, o), 30) for s, o in zip((own, torch.optim.lr_scheduler), optimizers, strict=True)]
        assert_allclose(*found, rtol=1e-12)


def test_state_dicts_are_copies():
    schedule = own.MultiStepLR(ours(), [3])
    schedule.state_dict()["milestones"][5] = 1
    assert dict(schedule.milestones) == {3: 1}


def test_rates_may_be_tensors():
    optimizer = SGD([nn.Parameter([1.0])], lr=autograd_number(0.5))
    own.ExponentialLR(optimizer, 0.5).step()
    assert optimizer.param_groups[0]["lr"] == 0.25


def autograd_number(value):
    return nn.Parameter(np.float64(value)).detach()


# --- ours alone -------------------------------------------------------------------------------------------------------


def test_warmup():
    rates = course(own.WarmupLR(ours(), 4), 7)[:, 0, 0]
    assert_allclose(rates, 0.5 * np.array([0.25, 0.5, 0.75, 1, 1, 1, 1]))


def test_warmup_with_the_decay_of_transformers():
    rates = course(own.WarmupLR(ours(), 4, decay="inverse_sqrt"), 9)[:, 0, 0]
    steps = np.arange(1, 10)
    assert_allclose(rates, 0.5 * 4**0.5 * np.minimum(steps**-0.5, steps * 4**-1.5))


def new_bob(metrics, **options):
    schedule, rates = own.NewBob(ours(), **options), []
    for metric in metrics:
        schedule.step(metric)
        rates.append(schedule.get_last_lr()[0])
    return rates, schedule.finished


def test_new_bob_halves_when_validation_gets_worse():
    assert new_bob([5, 4, 4.5, 4.2, 4.2, 4.3]) == ([0.5, 0.5, 0.25, 0.25, 0.25, 0.125], False)
    assert new_bob([5, 6, 5.5], mode="max") == ([0.5, 0.5, 0.25], False)
    assert new_bob([1, math.nan, 3], factor=0.1)[0] == pytest.approx([0.5, 0.05, 0.005])


def test_new_bob_takes_small_improvements_for_none():
    assert new_bob([100, 90, 89.5, 80], threshold=0.01) == ([0.5, 0.5, 0.25, 0.25], False)


def test_new_bob_ramp_goes_on_halving_and_says_when_to_stop():
    assert new_bob([5, 4, 4.1, 3, 2], ramp=True) == ([0.5, 0.5, 0.25, 0.125, 0.0625], False)
    assert new_bob([5, 4, 4.1, 4.2], ramp=True, min_lr=0.2) == ([0.5, 0.5, 0.25, 0.2], True)


def test_range_test_finds_rates_that_work_and_leaves_no_trace():
    x = np.random.default_rng(1).normal(size=(64, 3)).astype(np.float32)
    loader = [(x[i : i + 16], x[i : i + 16] @ np.array([[1.0], [-2.0], [3.0]], np.float32)) for i in range(0, 64, 16)]
    model = nn.Linear(3, 1, generator=np.random.default_rng(0))
    before = model.weight.data.copy()
    optimizer = SGD(model.parameters(), lr=0.3, momentum=0.5)
    saved = str(optimizer.state_dict())
    found = own.lr_range_test(model, optimizer, nn.MSELoss(), loader, 1e-4, 100.0)
    assert (model.weight.data == before).all()
    assert str(optimizer.state_dict()) == saved
    assert model.weight.grad is None
    assert len(found.lrs) == len(found.losses) < 100  # ended when the loss had exploded
    assert found.lrs[0] == 1e-4
    assert_allclose(np.diff(np.log(found.lrs)), np.log(1e6) / 99)
    assert 1e-3 < found.suggestion < 1
    optimizer.param_groups[0]["lr"] = found.suggestion
    for inputs, target in loader * 20:
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(inputs), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01 * found.losses[0]


def test_no_suggestion_where_the_loss_never_falls():
    assert own.suggest_lr([0.1, 1.0, 10.0], [1.0, 2.0, 3.0]) is None
    assert own.suggest_lr([0.1, 1.0], [math.nan, 2.0]) is None


# --- refusals ---------------------------------------------------------------------------------------------------------

REFUSED = [
    (lambda o: own.StepLR(None, 3), TypeError, "not of NoneType"),
    (lambda o: own.StepLR(o, 0), ValueError, "step_size must be an integer above 0, not 0"),
    (lambda o: own.StepLR(o, 2.5), ValueError, "step_size"),
    (lambda o: own.StepLR(o, 3, gamma=-1), ValueError, "gamma"),
    (lambda o: own.StepLR(o, 3, last_epoch=5), KeyError, "initial_lr"),
    (lambda o: own.MultiStepLR(o, [-1]), ValueError, "milestone"),
    (lambda o: own.MultiStepLR(o, [1], gamma=0), ValueError, "gamma"),
    (lambda o: own.ConstantLR(o, 1.5), ValueError, "factor must be at least 0 and at most 1, not 1.5"),
    (lambda o: own.ConstantLR(o, total_iters=0), ValueError, "total_iters"),
    (lambda o: own.LinearLR(o, 0), ValueError, "start_factor"),
    (lambda o: own.LinearLR(o, 1.1), ValueError, "start_factor"),
    (lambda o: own.LinearLR(o, end_factor=-0.1), ValueError, "end_factor"),
    (lambda o: own.LinearLR(o, total_iters=-1), ValueError, "total_iters"),
    (lambda o: own.ExponentialLR(o, 0), ValueError, "gamma"),
    (lambda o: own.PolynomialLR(o, 0), ValueError, "total_iters"),
    (lambda o: own.PolynomialLR(o, power=-1), ValueError, "power"),
    (lambda o: own.WarmupLR(o, 0), ValueError, "warmup_iters"),
    (lambda o: own.WarmupLR(o, 5, decay="cubic"), ValueError, "cubic"),
    (lambda o: own.CosineAnnealingLR(o, 0), ValueError, "T_max"),
    (lambda o: own.CosineAnnealingLR(o, 5, -1.0), ValueError, "eta_min"),
    (lambda o: own.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0"),
    (lambda o: own.CosineAnnealingWarmRestarts(o, 2.0), ValueError, "T_0"),
    (lambda o: own.CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "T_mult"),
    (lambda o: own.CosineAnnealingWarmRestarts(o, 2, eta_min="0"), ValueError, "eta_min"),
    (lambda o: own.CosineAnnealingWarmRestarts(o, 2).step(-1), ValueError, "epoch"),
    (lambda o: own.LambdaLR(o, [math.exp]), ValueError, "1 values for 2 parameter groups"),
    (lambda o: own.LambdaLR(o, 0.5), TypeError, "function"),
    (lambda o: own.MultiplicativeLR(o, [0.5, 0.5]), TypeError, "function"),
    (lambda o: own.OneCycleLR(o, 0.1), ValueError, "total_steps"),
    (lambda o: own.OneCycleLR(o, 0.1, -5), ValueError, "total_steps"),
    (lambda o: own.OneCycleLR(o, 0.1, epochs=3), ValueError, "steps_per_epoch"),
    (lambda o: own.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=2), ValueError, "epochs"),
    (lambda o: own.OneCycleLR(o, 0.1, 5, pct_start=2.0), ValueError, "pct_start"),
    (lambda o: own.OneCycleLR(o, 0.1, 5, pct_start=1), ValueError, "pct_start"),
    (lambda o: own.OneCycleLR(o, 0.1, 5, anneal_strategy="cubic"), ValueError, "cubic"),
    (lambda o: own.OneCycleLR(o, [0.1], 5), ValueError, "max_lr"),
    (lambda o: own.OneCycleLR(o, 0.1, 5, div_factor=0), ValueError, "div_factor"),
    (lambda o: course(own.OneCycleLR(o, 0.1, 5), 7), ValueError, "step 6 .*total_steps=5"),
    (lambda o: own.CyclicLR(o, 0.1, 0.2, mode="circular"), ValueError, "circular"),
    (lambda o: own.CyclicLR(o, 0.1, 0.2, scale_mode="batch"), ValueError, "batch"),
    (lambda o: own.CyclicLR(o, 0.1, 0.2, 0), ValueError, "step_size_up"),
    (lambda o: own.CyclicLR(o, 0.1, 0.2, 2, -1), ValueError, "step_size_down"),
    (lambda o: own.CyclicLR(o, -0.1, 0.2), ValueError, "base_lr"),
    (lambda o: own.CyclicLR(o, 0.1, [0.2]), ValueError, "max_lr"),
    (lambda o: own.CyclicLR(o, 0.1, 0.2, max_momentum=1.5), ValueError, "max_momentum"),
    (lambda o: own.CyclicLR(nn.optim.Adagrad([nn.Parameter([1.0])]), 0.1, 0.2), ValueError, "Adagrad has neither"),
    (lambda o: own.ReduceLROnPlateau(o, "least"), ValueError, "least"),
    (lambda o: own.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor"),
    (lambda o: own.ReduceLROnPlateau(o, factor=0), ValueError, "factor"),
    (lambda o: own.ReduceLROnPlateau(o, patience=-1), ValueError, "patience"),
    (lambda o: own.ReduceLROnPlateau(o, threshold_mode="ratio"), ValueError, "ratio"),
    (lambda o: own.ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "min_lr"),
    (lambda o: own.NewBob(o, factor=2), ValueError, "factor"),
    (lambda o: own.NewBob(o, mode="best"), ValueError, "best"),
    (lambda o: own.NewBob(o, threshold=-1), ValueError, "threshold"),
    (lambda o: own.SequentialLR(o, [], []), ValueError, "at least one"),
    (lambda o: own.SequentialLR(o, [own.StepLR(o, 3)], [4]), ValueError, "0 milestones, not 1"),
    (lambda o: own.SequentialLR(o, [own.StepLR(o, 3)] * 3, [4, 2]), ValueError, "fall"),
    (lambda o: own.SequentialLR(o, [o], []), TypeError, "SGD"),
    (lambda o: own.SequentialLR(o, [own.StepLR(ours(), 3)], []), ValueError, "another optimizer"),
    (lambda o: own.SequentialLR(o, [own.ReduceLROnPlateau(o)], []), ValueError, "metric"),
    (lambda o: own.ChainedScheduler([]), ValueError, "at least one"),
    (lambda o: own.ChainedScheduler([own.StepLR(o, 3), own.StepLR(ours(), 3)]), ValueError, "number 1.*another"),
    (lambda o: own.lr_range_test(nn.Linear(1, 1), o, None, [], 1.0, 0.5), ValueError, "end_lr"),
    (lambda o: own.lr_range_test(nn.Linear(1, 1), o, None, [], 0.0), ValueError, "start_lr"),
    (lambda o: own.lr_range_test(nn.Linear(1, 1), o, None, []), ValueError, "no batches"),
    (lambda o: own.LRScheduler(o), NotImplementedError, "get_lr"),
]


@pytest.mark.parametrize(("make", "error", "text"), REFUSED)
def test_refuses(make, error, text):
    with pytest.raises(error, match=text):
        make(ours())


def test_states_of_other_schedules_are_refused_whole():
    schedule = own.SequentialLR(o := ours(), [own.StepLR(o, 3), own.ExponentialLR(o, 0.5)], [5])
    before = str(schedule.state_dict())
    wrong = own.SequentialLR(o := ours(), [own.StepLR(o, 3), own.StepLR(o, 4)], [5]).state_dict()
    with pytest.raises(ValueError, match=r"state of ExponentialLR:\n  unexpected: step_size"):
        schedule.load_state_dict(wrong)
    with pytest.raises(ValueError, match="missing: _milestones"):
        schedule.load_state_dict(own.StepLR(ours(), 3).state_dict())
    with pytest.raises(ValueError, match="has 1 schedules, not 2"):
        schedule.load_state_dict(schedule.state_dict() | {"_schedulers": [{}]})
    assert str(schedule.state_dict()) == before


def test_states_for_other_groups_are_refused():
    one = own.StepLR(SGD([nn.Parameter([1.0])]), 3)
    with pytest.raises(ValueError, match="base_lrs: is for 1 parameter groups, there are 2"):
        own.StepLR(ours(), 3).load_state_dict(one.state_dict())


def test_groups_that_come_later_are_named():
    schedule = own.LambdaLR(ours(), lambda epoch: 1.0)
    schedule.lr_lambdas = schedule.lr_lambdas[:2]
    schedule.optimizer.add_param_group({"params": [nn.Parameter([1.0])]})
    with pytest.raises(ValueError, match="made for 2 parameter groups, now there are 3"):
        schedule.step()
