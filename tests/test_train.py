"""The Trainer does what a loop written by hand does; what goes in, what comes out, and what is refused."""

import io
import json
import subprocess
import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from nn.data import DataLoader, TensorDataset
from nn.train import Callback, History, Trainer, accuracy
from nn.train.callbacks.base import EVENTS
from nn.train.feeding import as_batches


def data(count=50, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype(np.float32)
    return x, (x.sum(axis=1) > 0).astype(np.int64)


def network():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def make(model=None, **options):
    model = model or network()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return Trainer(model, nn.CrossEntropyLoss(), optimizer, **options)


def loader(count=50):
    return DataLoader(TensorDataset(*data(count)), 8, shuffle=True)


def weights(model):
    return np.concatenate([p.data.reshape(-1) for p in model.parameters()])


def test_weights_are_those_of_the_loop_by_hand():
    autograd.manual_seed(1)
    trainer = make()
    history = trainer.fit(loader(), epochs=3)
    autograd.manual_seed(1)
    model = network()
    optimizer, loss = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), nn.CrossEntropyLoss()
    batches, means = loader(), []
    for _ in range(3):
        losses = []
        for x, y in batches:
            optimizer.zero_grad()
            error = loss(model(x), y)
            error.backward()
            optimizer.step()
            losses += [error.item()] * len(y)
        means.append(np.mean(losses))
    assert_array_equal(weights(trainer.model), weights(model))
    assert_allclose(history["loss"], means, rtol=1e-12)
    assert (trainer.epoch, trainer.batch, trainer.step) == (3, 0, 21)


def test_validation_is_in_eval_mode_unrecorded_and_leaves_the_modes():
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append((self.training, autograd.is_grad_enabled()))
            return x

    model = nn.Sequential(nn.Linear(4, 2), Spy(), nn.Dropout(0.5))
    model[2].eval()
    trainer = make(model)
    trainer.fit(data(8), validation=data(8), epochs=1, batch_size=8)
    assert seen == [(True, True), (False, False)]
    assert model[1].training


def test_metrics_are_means_over_examples_not_batches():
    x, y = data(10)
    trainer = make(metrics={"right": accuracy, "size": lambda output, target: float(len(target))})
    row = trainer.fit((x, y), validation=(x, y), batch_size=8).rows[0]
    assert list(row) == ["epoch", "loss", "right", "size", "validation_loss", "validation_right", "validation_size",
                         "lr", "seconds"]  # fmt: skip
    assert row["size"] == pytest.approx((8 * 8 + 2 * 2) / 10)
    found = trainer.evaluate((x, y), batch_size=3)
    assert found["right"] == pytest.approx(np.mean(trainer.predict(x).argmax(axis=1) == y))
    assert found["loss"] == pytest.approx(nn.functional.cross_entropy(trainer.model.eval()(x), y).item(), rel=1e-5)


def test_predict_puts_batches_together_in_order():
    x, y = data(23)
    trainer = make()
    expected = trainer.model.eval()(x).data
    for given in (x, (x, y), DataLoader(TensorDataset(x, y), 5), [x[:20], x[20:]], TensorDataset(x, y)):
        assert_allclose(trainer.predict(given, batch_size=4), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [24, 22])  # 22: the last batch is smaller, and so is the last step
def test_accumulated_gradients_are_those_of_one_large_batch(count):
    x, y = data(count)
    models = [network()[:2] for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    small, large = (make(nn.Sequential(*model, nn.Linear(8, 2)), accumulate=n) for model, n in zip(models, (3, 1)))
    large.model[2].load_state_dict(small.model[2].state_dict())
    for trainer, size in ((small, 4), (large, 12)):
        trainer.fit([(x[i : i + size], y[i : i + size]) for i in range(0, count, size)], epochs=2)
    assert small.step == large.step == 4
    assert_allclose(weights(small.model), weights(large.model), rtol=2e-5)


def test_accumulation_with_an_iterable_of_unknown_length():
    class Batches:
        def __iter__(self):
            return iter([data(4), data(4), data(4)])

    trainer = make(accumulate=2)
    trainer.fit(Batches(), epochs=2)
    assert (trainer.step, trainer.epoch, trainer.batch) == (4, 2, 0)


class Spy(Callback):
    """Notes every event."""

    def __init__(self):
        self.seen = []


for event in EVENTS:
    setattr(Spy, event, lambda self, trainer, event=event: self.seen.append(event))


def test_events_come_in_order():
    spy = Spy()
    make(callbacks=[spy]).fit(data(16), validation=data(4), epochs=1, batch_size=8)
    step = ["begin_batch", "after_backward", "after_step"]
    assert spy.seen == ["begin_fit", "begin_epoch", *step, *step, "begin_validation", "end_validation", "end_epoch",
                        "end_fit", "close"]  # fmt: skip


def test_callbacks_are_called_by_order_and_then_as_given():
    called = []

    def spy(name, position):
        kind = type(name, (Callback,), {"order": position, "end_epoch": lambda self, trainer: called.append(name)})
        return kind()

    make(callbacks=[spy("c", 2), spy("a", 0), spy("b", 1), spy("d", 2)]).fit(data(8))
    assert called == ["a", "b", "c", "d"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_errors_and_interruptions_keep_the_history_and_close(error):
    class Failing(Spy):
        def after_step(self, trainer):
            if trainer.epoch == 2:
                raise error

    spy = Failing()
    trainer = make(callbacks=[spy])
    with pytest.raises(error):
        trainer.fit(data(8), epochs=5)
    assert [row["epoch"] for row in trainer.history] == [1, 2]
    assert spy.seen[-1] == "close"
    assert "end_fit" not in spy.seen


def test_training_is_in_training_mode_but_for_what_a_callback_excludes():
    seen = []

    class Frozen(Callback):
        def begin_epoch(self, trainer):
            trainer.model[2].eval()

        def after_step(self, trainer):
            seen.append([module.training for module in trainer.model])

    trainer = make(callbacks=[Frozen()])
    trainer.model.eval()
    trainer.fit(data(8), validation=data(4), epochs=2)
    assert seen == [[True, True, False, True]] * 2


def test_a_second_fit_goes_on():
    trainer = make()
    trainer.fit(data(8), epochs=2)
    assert [row["epoch"] for row in trainer.fit(data(8), epochs=1)] == [1, 2, 3]


def test_other_batches_by_a_subclass():
    class Reconstruction(Trainer):
        def compute(self, batch):
            output = self.model(batch)
            return self.loss_function(output, batch), output, batch, len(batch)

    model = nn.Linear(4, 4)
    trainer = Reconstruction(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1))
    loss = trainer.fit([data(8)[0]] * 3, epochs=20)["loss"]
    assert loss[-1] < loss[0] / 2


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"model": 1}, TypeError, "model must be of nn.Module, not int"),
        ({"loss": 1}, TypeError, "loss must be a function"),
        ({"optimizer": None}, TypeError, "optimizer must be of nn.Optimizer, not NoneType"),
        ({"metrics": [3]}, TypeError, "a metric is a function"),
        ({"metrics": [accuracy, accuracy]}, ValueError, "two metrics have one name"),
        ({"metrics": {"loss": accuracy}}, ValueError, "a name of its own, not 'loss'"),
        ({"callbacks": [print]}, TypeError, "callbacks are objects of nn.train.Callback"),
        ({"callbacks": Callback()}, TypeError, "callbacks are a list, not one Callback"),
        ({"metrics": accuracy}, TypeError, "metrics are a list of functions"),
        ({"metrics": "accuracy"}, TypeError, "metrics are a list of functions, .* not 'accuracy' alone"),
        ({"model": nn.Linear}, TypeError, r"model is the class Linear, and must be an object of it: Linear\(...\)"),
        ({"loss": nn.MSELoss}, TypeError, "loss is the class MSELoss"),
        ({"optimizer": nn.optim.SGD}, TypeError, "optimizer is the class SGD"),
        ({"optimizer": nn.optim.SGD(network().parameters())}, ValueError, "has none of the model's parameters"),
        ({"accumulate": 0}, ValueError, "accumulate must be at least 1"),
    ],
)
def test_bad_arguments_are_named(options, error, said):
    model = network()
    given = {"model": model, "loss": nn.CrossEntropyLoss(), "optimizer": nn.optim.SGD(model.parameters())} | options
    with pytest.raises(error, match=said):
        Trainer(**given)


def test_bad_data_are_named():
    with pytest.raises(TypeError, match="not generator"):
        make().fit(x for x in [data(4)])
    with pytest.raises(TypeError, match="not int"):
        as_batches(3, 4, True)
    with pytest.raises(ValueError, match="no batches to train on"):
        make().fit([])
    with pytest.raises(ValueError, match="no batches to evaluate"):
        make().evaluate([])
    with pytest.raises(ValueError, match="no batches to predict"):
        make().predict([])
    with pytest.raises(ValueError, match="epochs must be at least 1"):
        make().fit(data(4), epochs=0)
    for alone in (data(4)[0], [data(4)[0]], TensorDataset(data(4)[0])):
        for use in (make().fit, make().evaluate):
            with pytest.raises(TypeError, match="the inputs and, last, the target; this one has no target"):
                use(alone)
    with pytest.raises(TypeError, match=r"a tuple of data has arrays \(N, \.\.\.\), not list, list"):
        make().fit(tuple(part.tolist() for part in data(4)))


def test_a_trainer_says_what_it_is():
    trainer = make()
    trainer.fit(data(20), epochs=2, batch_size=10)
    assert repr(trainer) == "Trainer(Sequential, CrossEntropyLoss, SGD; 2 epochs, 4 steps)"


# --- history and progress ---------------------------------------------------------------------------------------------


def test_history_gives_columns_rows_dicts_and_the_best():
    history = History(
        [{"epoch": 1, "loss": 2.0, "accuracy": 0.5}, {"epoch": 2, "loss": 1.0}, {"epoch": 3, "loss": 3.0}]
    )
    assert history["accuracy"] == [0.5, None, None]
    assert history.to_dict() == {"epoch": [1, 2, 3], "loss": [2.0, 1.0, 3.0], "accuracy": [0.5, None, None]}
    assert history.best("loss")["epoch"] == 2
    assert history.best("loss", "max")["epoch"] == 3
    assert history.best("accuracy", "max")["epoch"] == 1
    assert len(history) == 3
    assert "<th>epoch</th>" in history._repr_html_()
    with pytest.raises(KeyError, match="no column 'los', only epoch, loss, accuracy"):
        history["los"]
    with pytest.raises(ValueError, match="mode must be"):
        history.best("loss", "least")


def test_history_is_plotted_with_validation_beside_training():
    pytest.importorskip("matplotlib")
    rows = [{"epoch": i, "loss": 1 / i, "validation_loss": 2 / i, "lr": 0.1, "seconds": 1.0} for i in (1, 2, 3)]
    figure = History(rows).plot()
    assert [axes.get_title() for axes in figure.axes] == ["loss", "lr"]
    assert [line.get_ydata().tolist() for line in figure.axes[0].lines] == [[1, 1 / 2, 1 / 3], [2, 1, 2 / 3]]
    assert len(History(rows).plot(["lr"]).axes) == 1
    assert [axes.get_legend() is None for axes in figure.axes] == [False, True]
    assert figure._repr_png_().startswith(b"\x89PNG")  # what notebooks show without pyplot
    with pytest.raises(ValueError, match="nothing to plot"):
        History().plot()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_on_a_terminal_only(monkeypatch):
    pytest.importorskip("tqdm")
    shown = {}
    for kind in (io.StringIO, Terminal):
        monkeypatch.setattr(sys, "stderr", shown.setdefault(kind, kind()))
        make(metrics=[accuracy]).fit(data(16), validation=data(4), epochs=2)
    assert not shown[io.StringIO].getvalue()
    *frames, last = shown[Terminal].getvalue().replace("\n", "").split("\r")
    for text in ("epoch 2/2:   0%", "0/1", "batches/s", "<"):
        assert any(text in frame for frame in frames)
    for text in ("epoch 2/2: 1 batches in 00:0", ", loss 0.", ", accuracy 0.", "; validation: loss 0."):
        assert text in last
    assert last.count("accuracy") == 2
    assert len(last) < 120
    monkeypatch.setattr(sys, "stderr", Terminal())
    make().fit(data(16), progress=False)
    assert not sys.stderr.getvalue()


def test_bar_if_wanted_where_there_is_no_terminal(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    make().fit(data(16), progress=True)
    assert "epoch 1/1: 1 batches" in sys.stderr.getvalue()


class Widget:
    """Stands for tqdm's bar in a notebook."""

    def __init__(self, **options):
        assert "bar_format" not in options
        self.shown = options["desc"]
        made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self):
        pass

    def set_postfix_str(self, text, refresh):
        self.shown = text


made = []


def test_bar_of_widgets_in_a_notebook(monkeypatch):
    auto = types.ModuleType("tqdm.auto")
    auto.tqdm = type("tqdm", (type("tqdm_notebook", (Widget,), {"__module__": "tqdm.notebook"}),), {})
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    make().fit(data(16), validation=data(4), epochs=2)
    assert len(made) == 2
    assert made[1].shown.startswith("loss 0.")
    assert "; validation: loss 0." in made[1].shown
    assert not sys.stderr.getvalue()
    make().fit(data(16), progress=False)
    assert len(made) == 2


def test_importing_loads_no_library_of_an_extra():
    code = "import nn, sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
    assert not loaded & {"tqdm", "matplotlib", "tensorboardX", "optuna", "safetensors"}
