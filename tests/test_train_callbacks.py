"""What each callback does to a training, and what it finds in it."""

import csv
import importlib.util
import json
import re
import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from nn.train import (
    Callback,
    Checkpointing,
    CSVLog,
    DeadUnits,
    EarlyStopping,
    ExponentialMovingAverage,
    GradientClipping,
    Histograms,
    JSONLLog,
    Schedule,
    StopOnNaN,
    TensorBoardLog,
    Trainer,
    Unfreezing,
    freeze,
)

SAVES = pytest.mark.skipif(not importlib.util.find_spec("safetensors"), reason="needs the extra 'weights'")


def batches(count=3):
    rng = np.random.default_rng(5)
    return [(rng.normal(size=(4, 3)).astype(np.float32), rng.integers(0, 2, 4)) for _ in range(count)]


def make(*callbacks, lr=0.1, model=None, loss=None):
    model = model or nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = nn.optim.SGD(model.parameters(), lr=lr)
    return Trainer(model, loss or nn.CrossEntropyLoss(), optimizer, callbacks=callbacks)


class Scores(Callback):
    """Puts given numbers into the history."""

    def __init__(self, values):
        self.values = values

    def end_epoch(self, trainer):
        trainer.row["score"] = self.values[trainer.epoch - 1]


class Weights(Callback):
    """Keeps the weights after every epoch and step."""

    def __init__(self):
        self.epochs, self.steps = [], []

    def after_step(self, trainer):
        self.steps.append([p.data.copy() for p in trainer.model.parameters()])

    def end_epoch(self, trainer):
        self.epochs.append(self.steps[-1])


def assert_weights(model, expected, **options):
    for parameter, value in zip(model.parameters(), expected, strict=True):
        assert_allclose(parameter.data, value, **options)


# --- stopping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "mode", "epochs", "best"),
    [
        ([3, 2, 1, 1, 2, 0, 0], "min", 5, 3),  # equal is no improvement
        ([1, 2, 3, 2, 2, 9, 9], "max", 5, 3),
        ([3, float("nan"), 2, float("nan"), 4, 5, 0], "min", 5, 3),
        ([5, 4, 3, 2, 1, 0, -1], "min", 7, 7),
    ],
)
def test_early_stopping_gives_the_best_weights_back(values, mode, epochs, best):
    kept, stopping = Weights(), EarlyStopping("score", patience=1, mode=mode)
    trainer = make(Scores(values), kept, stopping)
    assert len(trainer.fit(batches(), epochs=7)) == epochs
    assert (stopping.best_epoch, stopping.best) == (best, values[best - 1])
    assert_weights(trainer.model, kept.epochs[best - 1], rtol=0)
    assert (trainer.stopped is not None) == (epochs < 7)


def test_early_stopping_counts_only_what_is_better_by_enough_and_can_leave_the_weights():
    kept, stopping = Weights(), EarlyStopping("score", patience=0, min_delta=0.5, restore_best=False)
    trainer = make(Scores([3, 2, 1.6]), kept, stopping)
    trainer.fit(batches(), epochs=3)
    assert (len(trainer.history), stopping.best_epoch) == (3, 2)
    assert_weights(trainer.model, kept.epochs[2], rtol=0)


def test_early_stopping_begins_anew_in_another_fit():
    trainer = make(Scores([1, 2, 2, 3, 4, 5]), EarlyStopping("score", patience=0))
    trainer.fit(batches(), epochs=3)
    assert len(trainer.fit(batches(), epochs=3)) == 4


def test_missing_columns_are_named():
    with pytest.raises(KeyError, match="EarlyStopping looks at 'validation_loss', but the epoch has only epoch, loss"):
        make(EarlyStopping()).fit(batches())


class Root(nn.Module):
    def forward(self, x):
        return autograd.sqrt(x)


class Same(autograd.Function):
    """The identity, whose gradient is NaN."""

    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return g * autograd.log(g * 0 - 1)


class BadGradient(nn.Module):
    def forward(self, x):
        return Same.apply(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Root(), r"epoch 1, batch 1: the loss is nan. It came from sqrt, forward, in module '1' \(Root\): its result "
                 r"of shape \(4, 4\) has nan; input 0 of shape \(4, 4\) is from -.* to "),
        (BadGradient(), r"the gradient of 0.weight is not finite. It came from log"),
    ],
)  # fmt: skip
def test_nan_is_traced_to_its_operation_before_the_weights_are_spoilt(layer, said):
    model = nn.Sequential(nn.Linear(3, 4), layer, nn.Linear(4, 2))
    kept = [p.data.copy() for p in model.parameters()]
    with pytest.raises(FloatingPointError, match=said):
        make(StopOnNaN(), model=model).fit(batches())
    assert_weights(model, kept, rtol=0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_that_random_numbers_made_is_found_with_the_same_numbers():
    class Unlucky(nn.Module):
        def __init__(self):
            self.dropout = nn.Dropout(0.35, generator=np.random.default_rng(1))

        def forward(self, x):
            return autograd.log(self.dropout(autograd.exp(x)).sum(axis=0, keepdims=True) * autograd.ones((4, 1)))

    model = nn.Sequential(nn.Linear(3, 1), Unlucky(), nn.Linear(1, 2))
    with pytest.raises(FloatingPointError, match=r"It came from log, forward, in module '1' \(Unlucky\)"):
        make(StopOnNaN(), model=model, lr=0.0).fit(batches(), epochs=60)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_in_the_data_is_nobodys_fault():
    x, y = batches(1)[0]
    x[1, 2] = np.nan
    said = f"batch 1: the loss is nan. The batch itself has nan in part 0, of shape {x.shape}, first at (1, 2): look at"
    with pytest.raises(FloatingPointError, match=re.escape(said)):
        make(StopOnNaN()).fit([(x, y)])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_that_are_nan_are_named():
    trainer = make(StopOnNaN())
    nn.init.constant_(trainer.model[2].bias, np.nan)
    with pytest.raises(FloatingPointError, match=r"2\.bias, a parameter or buffer of the model, is not finite itself"):
        trainer.fit(batches())


def test_large_gradients_are_no_nan():
    trainer = make(StopOnNaN(), lr=0.0, loss=lambda output, target: (output * 1e25).sum())
    trainer.fit(batches())
    assert trainer.step == 3


def test_operations_are_as_before_when_they_were_watched():
    test_weights_that_are_nan_are_named()
    x = autograd.Tensor([4.0], requires_grad=True)
    autograd.sqrt(x).backward()
    assert x.grad.tolist() == [0.25]
    assert "watched" not in repr(autograd.sqrt.op.pull)


# --- steps ------------------------------------------------------------------------------------------------------------


def test_gradients_are_clipped_before_the_step():
    for clipping, size in ((GradientClipping(0.01), "norm"), (GradientClipping(max_value=0.001), "value")):
        kept = Weights()
        trainer = make(clipping, kept, lr=1.0)
        kept.steps.append([p.data.copy() for p in trainer.model.parameters()])
        trainer.fit(batches())
        for before, after in zip(kept.steps, kept.steps[1:]):
            change = np.concatenate([(a - b).reshape(-1) for a, b in zip(after, before)])
            found = np.linalg.norm(change) if size == "norm" else np.abs(change).max()
            assert found == pytest.approx(0.01 if size == "norm" else 0.001, rel=1e-3)
    for options in ({}, {"max_norm": 1.0, "max_value": 1.0}, {"max_norm": 0.0}, {"max_value": -1.0}):
        with pytest.raises(ValueError, match="max_"):
            GradientClipping(**options)


def test_schedules_go_by_epochs_steps_and_metrics():
    rates = nn.optim.lr_scheduler

    class Rates(Callback):
        def __init__(self):
            self.seen = []

        def begin_batch(self, trainer):
            self.seen.append(trainer.lr)

    def run(kind, each, **options):
        trainer = make(lr=1.0)
        seen = Rates()
        schedule = Schedule(kind(trainer.optimizer, **options), each, metric="score")
        callbacks = [seen, Scores([1, 1, 1]), schedule]
        Trainer(trainer.model, trainer.loss_function, trainer.optimizer, callbacks=callbacks).fit(batches(2), epochs=3)
        return seen.seen

    assert run(rates.ExponentialLR, "epoch", gamma=0.5) == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert run(rates.ExponentialLR, "step", gamma=0.5) == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
    assert run(rates.ReduceLROnPlateau, "epoch", factor=0.5, patience=0) == [1, 1, 1, 1, 0.5, 0.5]


def test_bad_schedules_are_refused():
    trainer = make()
    plateau = nn.optim.lr_scheduler.ReduceLROnPlateau(trainer.optimizer)
    with pytest.raises(ValueError, match="each must be 'epoch', not 'step'"):
        Schedule(plateau, "step")
    with pytest.raises(TypeError, match="not SGD"):
        Schedule(trainer.optimizer)
    with pytest.raises(ValueError, match="another optimizer"):
        make(Schedule(plateau))


def test_unfreezing_at_an_epoch():
    kept = Weights()
    trainer = make(kept, Unfreezing(2, "0"))
    assert freeze(trainer.model, "0") == ["0.weight", "0.bias"]
    trainer.fit(batches(), epochs=3)
    first, second, third = (epoch[0] for epoch in kept.epochs)
    assert_array_equal(first, second)
    assert (third != second).any()
    assert (kept.epochs[0][2] != kept.epochs[1][2]).any()


def test_averages_are_those_of_the_formula_and_validated():
    kept, average, seen = Weights(), ExponentialMovingAverage(0.75), []

    class Spy(Callback):
        def end_epoch(self, trainer):
            seen.append(([p.data.copy() for p in average.model.parameters()], trainer.row["validation_loss"]))

    trainer = make(kept, average, Spy(), lr=1.0)
    trainer.fit(batches(), validation=batches(1), epochs=2)
    expected = kept.steps[0]
    for step in kept.steps[1:]:
        expected = [0.75 * mean + 0.25 * value for mean, value in zip(expected, step)]
    assert_weights(trainer.model, expected, rtol=1e-5)
    x, y = batches(1)[0]
    assert seen[-1][1] == pytest.approx(nn.functional.cross_entropy(average.model(x), y).item(), rel=1e-5)
    kept = Weights()
    trainer = make(kept, ExponentialMovingAverage(0.75, replace=False))
    trainer.fit(batches(), validation=batches(1))
    assert_weights(trainer.model, kept.steps[-1], rtol=0)


# --- logs -------------------------------------------------------------------------------------------------------------


def test_logs_have_the_history(tmp_path):
    logs = CSVLog(tmp_path / "new" / "log.csv"), JSONLLog(tmp_path / "log.jsonl", steps=2)
    trainer = make(*logs, Scores([0.5, 0.25]))
    history = trainer.fit(batches(), epochs=2)
    with logs[0].path.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [{name: float(value) for name, value in row.items()} for row in table] == history.rows
    lines = [json.loads(line) for line in logs[1].path.read_text().splitlines()]
    assert [line for line in lines if "step" not in line] == history.rows
    assert [(line["step"], line["epoch"], line["batch"]) for line in lines if "step" in line] == [
        (2, 1, 2), (4, 2, 1), (6, 2, 3)
    ]  # fmt: skip


def test_logs_go_on_in_a_second_fit_and_spare_those_of_others(tmp_path):
    def logs():
        return CSVLog(tmp_path / "log.csv"), JSONLLog(tmp_path / "log.jsonl")

    trainer = make(*logs())
    trainer.fit(batches(), epochs=1)
    trainer.fit(batches(), epochs=1)
    assert [len(path.read_text().splitlines()) for path in sorted(tmp_path.iterdir())] == [3, 2]
    for log in logs():
        with pytest.raises(FileExistsError, match="from another run perhaps"):
            make(log).fit(batches())


@SAVES
def test_a_log_that_has_lost_lines_is_noticed(tmp_path):
    def trainer():
        return make(JSONLLog(tmp_path / "log.jsonl"), Checkpointing(tmp_path))

    trainer().fit(batches(), epochs=1)
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"log\.jsonl has 0 bytes, but had"):
        trainer().fit(batches(), epochs=2, resume=True)


def test_tensorboard_gets_numbers_and_histograms(tmp_path, monkeypatch):
    calls = []

    class Writer:
        def __init__(self, folder, purge_step=None):
            calls.append(("open", folder, purge_step))

        def __getattr__(self, name):
            return lambda *args, **options: calls.append((name, *args, options))

    monkeypatch.setitem(sys.modules, "tensorboardX", types.SimpleNamespace(SummaryWriter=Writer, __spec__=True))
    make(TensorBoardLog(tmp_path, steps=3), Histograms(bins=4)).fit(batches(), epochs=2)
    assert calls[0] == ("open", str(tmp_path), None)
    scalars = [(call[1], call[3]) for call in calls if call[0] == "add_scalar"]
    names = ["step/loss", "loss", "lr", "seconds"]
    assert scalars == [(name, 3) for name in names] + [(name, 6) for name in names]
    histograms = {call[1]: call[2] for call in calls if call[0] == "add_histogram_raw"}
    assert {"activations/1", "gradients/2.bias"} <= histograms.keys()
    options = histograms["activations/0"]
    assert (options["num"], sum(options["bucket_counts"]), options["global_step"]) == (16, 16, 6)
    assert calls[-1][0] == "close"


def test_tensorboard_hides_what_is_trained_again(tmp_path, monkeypatch):
    purged = []
    writer = types.SimpleNamespace(SummaryWriter=lambda folder, purge_step: purged.append(purge_step), __spec__=True)
    monkeypatch.setitem(sys.modules, "tensorboardX", writer)
    trainer = make()
    trainer.resuming, trainer.step = True, 7
    TensorBoardLog(tmp_path).begin_fit(trainer)
    assert purged == [8]


def test_tensorboard_files_are_written(tmp_path):
    pytest.importorskip("tensorboardX")
    make(TensorBoardLog(tmp_path), Histograms()).fit(batches(), epochs=2)
    (path,) = tmp_path.iterdir()
    assert all(name in path.read_bytes() for name in (b"loss", b"seconds", b"activations/0", b"gradients/2.bias"))


def events(path):
    """Yield the events in a file of TensorBoard's: each is its length, a checksum, itself, and another checksum."""
    from tensorboardX.proto.event_pb2 import Event

    content, at = path.read_bytes(), 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 8], "little")
        yield Event.FromString(content[at + 12 : at + 12 + size])
        at += 16 + size


def test_what_tensorboard_reads_is_the_history_and_the_histograms(tmp_path):
    pytest.importorskip("tensorboardX")
    histograms = Histograms(bins=4)
    history = make(TensorBoardLog(tmp_path, steps=2), histograms).fit(batches(), epochs=2)
    (path,) = tmp_path.iterdir()
    values = [(event.step, value) for event in events(path) for value in event.summary.value]
    losses = [(step, value.simple_value) for step, value in values if value.tag == "loss"]
    assert [step for step, _ in losses] == [3, 6]
    assert_allclose([loss for _, loss in losses], history["loss"], rtol=1e-6)
    assert [step for step, value in values if value.tag == "step/loss"] == [2, 4, 6]
    (shown,) = [value.histo for step, value in values if (step, value.tag) == (6, "gradients/0.weight")]
    record = next(r for r in histograms.records if (r["epoch"], r["name"]) == (2, "0.weight"))
    assert list(shown.bucket) == record["counts"].tolist()
    assert_allclose(shown.bucket_limit, record["edges"][1:])
    assert (shown.num, shown.min, shown.max) == (record["counts"].sum(), record["edges"][0], record["edges"][-1])


# --- watching ---------------------------------------------------------------------------------------------------------


def test_histograms_are_those_of_the_first_step_of_an_epoch():
    histograms = Histograms(bins=5, epochs=2)
    trainer = make(histograms, lr=0.0)
    trainer.fit(batches(), validation=batches(), epochs=3)
    kinds = [(r["epoch"], r["kind"], r["name"]) for r in histograms.records]
    gradients = [("gradients", f"{i}.{kind}") for i in "02" for kind in ("weight", "bias")]
    one = [("activations", name) for name in "012"] + gradients
    assert kinds == [(epoch, *each) for epoch in (1, 3) for each in one]
    x, y = batches()[0]
    expected = np.histogram(trainer.model[0](x).data.astype(np.float64), 5)
    assert_array_equal(histograms.records[0]["counts"], expected[0])
    assert_allclose(histograms.records[0]["edges"], expected[1])
    trainer.model.zero_grad()
    nn.functional.cross_entropy(trainer.model(x), y).backward()
    gradient = trainer.model[2].bias.grad.data
    assert histograms.records[-1]["std"] == pytest.approx(float(gradient.std()), rel=1e-5)
    assert not any(module._forward_hooks for module in trainer.model.modules())


def test_histograms_are_plotted():
    pytest.importorskip("matplotlib")
    histograms = Histograms()
    make(histograms).fit(batches(), epochs=2)
    assert [axes.get_title().split("\n")[0] for axes in histograms.plot().axes] == ["0", "1", "2"]
    assert len(histograms.plot("gradients", epoch=1).axes) == 4
    with pytest.raises(ValueError, match="no gradients of epoch 9"):
        histograms.plot("gradients", 9)


def test_dead_units_are_those_that_no_example_of_the_epoch_woke():
    x = np.array([[1.0, 0, 0], [0, 1, 0]], np.float32)
    model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), nn.Linear(4, 2))
    with autograd.no_grad():
        # unit 0 answers to the first example, 1 to the second, 2 to what only validation has, 3 to nothing
        model[0].weight[...] = [[1, -1, 0], [-1, 1, 0], [-1, -1, 1], [-1, -1, -1]]
    y = np.array([0, 1])
    watching = DeadUnits()
    trainer = make(watching, lr=0.0, model=model)
    awake = np.array([[0.0, 0, 1]], np.float32)
    history = trainer.fit([(x[:1], y[:1]), (x[1:], y[1:])], validation=[(awake, y[:1])], epochs=2)
    assert history["dead_1"] == [0.5, 0.5]
    assert not model[1]._forward_hooks


def test_units_that_die_later_are_dead_then():
    class Kill(Callback):
        def begin_epoch(self, trainer):
            nn.init.constant_(trainer.model[0].bias, 9.0 if trainer.epoch != 1 else -9.0)

    assert make(Kill(), DeadUnits(), lr=0.0).fit(batches(), epochs=3)["dead_1"] == [0.0, 1.0, 0.0]


def test_units_that_were_awake_before_an_interruption_are_not_dead():
    first, second = DeadUnits(), DeadUnits()
    first._see("1", np.array([[1.0, 0.0]]))
    second.load_state_dict(first.state_dict())
    second._see("1", np.array([[0.0, 0.0]]))
    trainer = types.SimpleNamespace(row={})
    second.end_epoch(trainer)
    assert trainer.row == {"dead_1": 0.5}
    with pytest.raises(ValueError, match="a bool for each unit"):
        second.load_state_dict({"alive": {"1": np.zeros(2)}})


def test_dead_units_of_images_are_channels():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten())
    with autograd.no_grad():
        model[0].weight[...] = np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
        model[0].bias[...] = [0.0, -1.0]
    trainer = make(DeadUnits(), lr=0.0, model=model, loss=lambda output, target: output.sum())
    assert trainer.fit([(np.ones((3, 1, 2, 2), np.float32), np.zeros(3))])["dead_1"] == [0.5]
