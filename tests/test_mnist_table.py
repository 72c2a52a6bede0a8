"""The benchmark of the chapter's networks: as published, resumable, and no trial is taken for a full run."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn

PATH = Path(__file__).parents[1] / "benchmarks" / "mnist_table.py"


@pytest.fixture(scope="module")
def table():
    """Return the benchmark as a module."""
    spec = importlib.util.spec_from_file_location("mnist_table", PATH)
    module = sys.modules["mnist_table"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mnist_table"]


@pytest.fixture
def command(table, tmp_path):
    """Return a function that runs a command line on the bundled digits, and returns its records."""

    def run(line, name="a"):
        folders = ["--output", str(tmp_path / name), "--checkpoints", str(tmp_path / name / "checkpoints")]
        return table.main([*line.split(), "--data", "digits", *folders])

    threads = autograd.get_num_threads()
    yield run
    autograd.set_num_threads(threads)


# --- as published ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "parameters"),
    [
        ("fc", 784 * 100 + 100 + 1010),
        ("conv1", 520 + 2880 * 100 + 100 + 1010),
        ("conv2", 520 + 20_040 + 64_100 + 1010),
        ("relu", 520 + 20_040 + 64_100 + 1010),
        ("expanded", 520 + 20_040 + 64_100 + 1010),
        ("fc2", 520 + 20_040 + 64_100 + 10_100 + 1010),
        ("dropout", 520 + 20_040 + 641_000 + 1_001_000 + 10_010),
    ],
)
def test_networks(table, row, parameters):
    model = table.initialize(table.ROWS[row].network())
    assert sum(p.size for p in model.parameters()) == parameters
    assert model(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)
    kinds = {type(layer) for layer in model}
    assert (nn.Sigmoid in kinds) == (row in ("fc", "conv1", "conv2"))
    assert (nn.ReLU in kinds) == (row not in ("fc", "conv1", "conv2"))
    assert sum(isinstance(layer, table.WeightedDropout) for layer in model) == (3 if row == "dropout" else 0)


def test_initial_values(table):
    first, second, hidden, _, last = (
        layer for layer in table.initialize(table.ROWS["dropout"].network()) if hasattr(layer, "weight")
    )
    assert first.weight.data.std() == pytest.approx((20 * 25 / 4) ** -0.5, rel=0.1)
    assert second.weight.data.std() == pytest.approx((40 * 25 / 4) ** -0.5, rel=0.02)
    assert hidden.weight.data.std() == pytest.approx(1000**-0.5, rel=0.01)
    assert hidden.bias.data.std() == pytest.approx(1, rel=0.1)
    assert not last.weight.data.any()
    assert not last.bias.data.any()


def test_dropout_weighs_in_use_and_not_in_training(table):
    layer, x = table.WeightedDropout(0.25), np.full((50, 50), 2.0, np.float32)
    assert set(np.unique(layer(x).numpy())) == {0, 2}
    assert set(np.unique(layer.eval()(x).numpy())) == {1.5}


def test_hyperparameters(table):
    rows = table.ROWS
    assert [row.published for row in rows.values()] == [97.80, 98.78, 99.06, 99.23, 99.37, 99.43, 99.60]
    assert [row.rate for row in rows.values()] == [0.1] * 3 + [0.03] * 4
    assert [row.penalty for row in rows.values()] == [0] * 3 + [0.1] * 3 + [0]
    assert [row.epochs for row in rows.values()] == [60] * 6 + [40]
    assert [row.expanded for row in rows.values()] == [False] * 4 + [True] * 3


def test_a_step_is_that_of_the_published_cost(table, tmp_path):
    """The cost there: the mean over the mini-batch, plus lambda / 2 times the squared weights over the batches."""
    rng = np.random.default_rng(0)
    x, y = rng.random((30, 1, 28, 28), np.float32), rng.integers(0, 10, 30)
    run = table.Run("relu", 0, 60, None, "mnist")
    trainer, batches, _ = table.prepare(run, (x, y), tmp_path)
    assert len(batches) == 3
    before = {name: p.data.astype(np.float64) for name, p in trainer.model.named_parameters()}
    nn.functional.cross_entropy(trainer.model(x[:10]), y[:10]).backward()
    trainer.optimizer.step()
    for name, p in trainer.model.named_parameters():
        penalty = 0.1 / 3 * before[name] if name.endswith("weight") else 0
        np.testing.assert_allclose(p.data, before[name] - 0.03 * (p.grad.data + penalty), rtol=1e-5, atol=1e-7)


def test_expanded_data_are_five_times_as_many(table, tmp_path):
    x, y = np.ones((20, 1, 28, 28), np.float32), np.arange(20) % 10
    for row, count in (("relu", 2), ("expanded", 10)):
        _, batches, _ = table.prepare(table.Run(row, 0, 60, None, "mnist"), (x, y), tmp_path)
        assert len(batches) == count
    assert {int(images.sum()) for images, _ in batches} <= set(range(10 * 27 * 28, 10 * 28 * 28 + 1, 28))


def test_the_seed_decides_everything(table, tmp_path):
    rng = np.random.default_rng(0)
    data = rng.random((40, 1, 28, 28), np.float32), np.arange(40)

    def beginnings(seed):
        """Return initial values, the order of the first epoch, and what dropout leaves."""
        trainer, batches, _ = table.prepare(table.Run("dropout", seed, 40, None, "mnist"), data, tmp_path)
        order = np.concatenate([labels.data for _, labels in batches])
        return trainer.model[0].weight.data, order, table.WeightedDropout(0.5)(np.ones(50, np.float32)).data

    for first, same, other in zip(beginnings(1), beginnings(1), beginnings(2), strict=True):
        np.testing.assert_array_equal(first, same)
        assert (first != other).any()


def test_parts_of_mnist(table, monkeypatch):
    x, y = np.arange(60_000, dtype=np.float32).reshape(-1, 1, 1, 1), np.arange(60_000)
    monkeypatch.setattr(table, "load_mnist", lambda download: ((x, y), (x[:10_000], y[:10_000])))
    train, validation, test = table.load_parts(table.parse(["--all"]))
    assert [len(part[0]) for part in (train, validation, test)] == [50_000, 10_000, 10_000]
    assert (train[1][-1], validation[1][0], validation[1][-1]) == (49_999, 50_000, 59_999)
    parts = table.load_parts(table.parse(["--all", "--examples", "1000"]))
    assert [len(part[1]) for part in parts] == [1000, 200, 200]


# --- runs -----------------------------------------------------------------------------------------------------------


def test_a_trial_learns_and_is_marked_as_one(table, command, tmp_path):
    (record,) = command("--row relu --epochs 2 --examples 400")
    assert record["trial"]
    assert record["test_accuracy"] > 0.5
    assert record["validation_accuracy"] == max(record["curves"]["validation_accuracy"])
    assert [json.loads(line) for line in (tmp_path / "a" / "mnist_table.jsonl").read_text().splitlines()] == [record]
    text = (tmp_path / "a" / "MNIST.md").read_text()
    assert "| relu | rectified linear units | 99.23 | not run | | | |" in text
    assert f"| trial: relu | 0 | 2 | 400 of digits | {record['test_accuracy']:.2%} |" in text
    assert (tmp_path / "a" / "mnist_table.png").read_bytes().startswith(b"\x89PNG")


def test_the_network_of_the_best_epoch_is_tested(table, command, tmp_path, monkeypatch):
    monkeypatch.setattr(table.Table, "write", lambda self: self.path)
    monkeypatch.setattr(
        table.Trainer, "_validated", lambda self, data: {"loss": 1.0, "accuracy": [0.5, 0.9, 0.7][self.epoch]}
    )
    (record,) = command("--row fc --epochs 3 --examples 200")
    assert (record["best_epoch"], record["validation_accuracy"]) == (2, 0.9)
    folder = tmp_path / "a" / "checkpoints" / "fc-0-3-200-digits"
    _, _, test = table.load_parts(table.parse(["--all", "--examples", "200", "--data", "digits"]))
    best, last = (
        table.share_right(nn.train.load_model(table.shallow(), path).eval(), test)
        for path in (folder / "best.safetensors", nn.train.list_checkpoints(folder)[-1])
    )
    assert record["test_accuracy"] == best != last


def test_what_is_done_is_not_done_again(table, command, monkeypatch):
    monkeypatch.setattr(table.Table, "write", lambda self: self.path)
    first = command("--row fc --epochs 1 --examples 20")
    monkeypatch.setattr(table.Trainer, "fit", lambda *_, **__: pytest.fail("it was trained again"))
    assert command("--row fc --epochs 1 --examples 20") == first


@pytest.mark.parametrize("row", ["fc", "dropout"])
def test_an_interrupted_run_ends_as_if_it_had_not_been(table, command, monkeypatch, row):
    monkeypatch.setattr(table, "CHECKPOINT_STEPS", 2)
    monkeypatch.setattr(table.Table, "write", lambda self: self.path)
    few_units = table.ROWS["dropout"]._replace(network=lambda: table.two_convolutions(nn.ReLU, (20, 20), 0.5))
    monkeypatch.setitem(table.ROWS, "dropout", few_units)
    line = f"--row {row} --epochs 2 --examples {40 if row == 'fc' else 10}"
    (whole,) = command(line)
    step, steps = table.Trainer._take_step, []

    def interrupted(self):
        steps.append(self.step)
        if len(steps) == 4:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(table.Trainer, "_take_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command(line, "b")
    (resumed,) = command(line, "b")
    assert steps[4] == 2  # it went on from the checkpoint in the middle of the first epoch
    for name in ("test_accuracy", "best_epoch", "curves"):
        assert resumed[name] == whole[name]


def test_the_ensemble_votes(table, command, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MEMBERS", 3)
    monkeypatch.setitem(table.ROWS, "dropout", table.ROWS["fc"]._replace(epochs=40))
    (record,) = command("--row ensemble --seed 1 --epochs 2 --examples 200")
    _, _, (x, y) = table.load_parts(table.parse(["--all", "--examples", "200", "--data", "digits"]))
    votes = np.zeros((len(y), 10))
    for seed in (3, 4, 5):
        model = table.ROWS["dropout"].network().eval()
        folder = tmp_path / "a" / "checkpoints" / f"dropout-{seed}-2-200-digits"
        nn.train.load_model(model, folder / "best.safetensors")
        with autograd.no_grad():
            votes[np.arange(len(y)), model(x).numpy().argmax(axis=1)] += 1
    assert record["test_accuracy"] == np.mean(votes.argmax(axis=1) == y)
    assert len(record["members"]) == 3
    assert len(set(record["members"])) > 1  # else the test could not tell a vote from any member


# --- results --------------------------------------------------------------------------------------------------------


def full(seed, validation, test, **more):
    """Return the record of a full run of the second row."""
    record = {"row": "conv1", "seed": seed, "epochs": 60, "examples": None, "data": "mnist", "trial": False}
    curves = {"validation_accuracy": [validation]}
    return record | {"validation_accuracy": validation, "test_accuracy": test, "seconds": 600, "curves": curves} | more


def test_of_several_seeds_the_validation_images_choose(table):
    records = [full(1, 0.9880, 0.9899), full(0, 0.9890, 0.9870), full(2, 0.9, 0.9), full(3, 1.0, 1.0, trial=True)]
    line = next(line for line in table.markdown(records).splitlines() if line.startswith("| conv1 "))
    assert line == (
        "| conv1 | one convolution-pooling layer | 98.78 | 98.70 | -0.08 | 0: 98.70%, 1: 98.99%, 2: 90.00% | 10 min |"
    )


def test_the_ensemble_has_its_line(table):
    record = {"row": "ensemble", "seed": 0, "trial": False, "test_accuracy": 0.9966, "seconds": 7200}
    line = "| ensemble | an ensemble of five, by vote | 99.67 | 99.66 | -0.01 | 0: 99.66% | 2.0 h |"
    assert line in table.markdown([record]).splitlines()


def test_a_line_that_was_cut_off_is_passed_over(table, tmp_path):
    results = table.Table(tmp_path)
    results.append(full(0, 0.98, 0.97))
    with results.path.open("a") as file:
        file.write('{"row": "conv1", "se')
    results.append(full(1, 0.99, 0.98))
    assert [record["seed"] for record in results.records().values()] == [0, 1]


def test_full_runs_only_are_no_trials(table):
    full_run = table.Run("conv1", 0, 60, None, "mnist")
    assert not full_run.is_trial
    for change in ({"epochs": 59}, {"examples": 100}, {"data": "digits"}, {"row": "dropout"}):
        assert full_run._replace(**change).is_trial
    assert len({full_run._replace(**change).folder for change in ({}, {"epochs": 59}, {"seed": 1})}) == 3


def test_all_is_every_row_with_its_seeds(table):
    runs = table.wanted(table.parse(["--all"]))
    assert [run.row for run in runs] == [
        *["fc"] * 3, *["conv1"] * 3, *["conv2"] * 3, *["relu"] * 3, "expanded", "fc2", *["dropout"] * 5, "ensemble",
    ]  # fmt: skip
    assert not any(run.is_trial for run in runs)


@pytest.mark.parametrize(
    "line", ["", "--row lenet", "--row fc --epochs 0", "--row fc --examples 9", "--all --seed -1", "--all --threads 0"]
)
def test_bad_commands_are_refused(table, line, capsys):
    with pytest.raises(SystemExit):
        table.parse(line.split())
    assert "error: " in capsys.readouterr().err


def test_missing_mnist_says_what_to_do(table, tmp_path, monkeypatch):
    monkeypatch.setenv("FORKGRAD_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match="FORKGRAD_DATA"):
        table.main(["--row", "fc", "--output", str(tmp_path)])
