"""The demo, run in this process with few epochs, and the pictures it draws."""

import importlib.util

import numpy as np
import pytest

import autograd
from autograd import Tensor
from nn import demo
from nn.extras import require
from nn.visualize import plot_curves, plot_filters

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run the demo once; return its training and the folder."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    return demo.main(["--epochs", "4", "--seed", "1", "--output", str(folder)]), folder


def test_learns(run):
    training, _ = run
    loss = training.curves["loss"][demo.TRAINING]
    assert len(loss) == 4
    assert loss[-1] < loss[0] / 2
    assert training.test_accuracy > 0.85


def test_writes_pictures(run):
    _, folder = run
    assert sorted(path.name for path in folder.iterdir()) == ["curves.png", "filters.png", "graph.png", "graph.svg"]
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(PNG)
        assert path.stat().st_size > 10_000
    svg = (folder / "graph.svg").read_text()
    for label in ("conv1: Conv2d", "linear: Linear", "CrossEntropyLoss", "(16, 1, 3, 3)"):
        assert label in svg


def test_prints_accuracy_gradient_report_and_paths(tmp_path, capsys):
    training = demo.main(["--epochs", "1", "--output", str(tmp_path)])
    out = capsys.readouterr().out
    assert f"Test accuracy: {training.test_accuracy:.2%}" in out
    assert "gradcheck of loss: ok" in out
    assert all(name in out for name, _ in training.model.named_parameters())
    assert str(tmp_path / "graph.svg") in out


def test_gradient_check_reports_a_wrong_rule(monkeypatch):
    monkeypatch.setattr(demo.nn.functional, "relu", lambda x: autograd.relu(x) * autograd.ones(1) + x.detach())
    with pytest.raises(autograd.GradcheckError, match=r"conv1\.weight"):
        demo.check_gradients(np.random.default_rng(0).random((2, 1, 8, 8)), np.array([1, 2]))


def test_seed_decides_everything(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "draw", lambda *_: [])
    monkeypatch.setattr(demo, "check_gradients", lambda *_: "")
    first, same, other = (
        demo.main(["--epochs", "1", "--seed", seed, "--output", str(tmp_path)]).curves for seed in ("5", "5", "6")
    )
    assert first == same
    assert first != other


@pytest.mark.parametrize("package", ["tqdm", "matplotlib"])
def test_missing_packages_are_named_before_training(tmp_path, monkeypatch, package):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find_spec(name))
    monkeypatch.setattr(demo.Training, "run", lambda *_: pytest.fail("training began"))
    extra = {"tqdm": "train", "matplotlib": "plot"}[package]
    with pytest.raises(SystemExit, match=rf'{package}: pip install "forkgrad\[{extra}\]"'):
        demo.main(["--output", str(tmp_path)])


def test_missing_graphviz_is_named_before_training(tmp_path, monkeypatch):
    def render(*_, **__):
        raise RuntimeError("install graphviz")

    monkeypatch.setattr(autograd, "render", render)
    monkeypatch.setattr(demo.Training, "run", lambda *_: pytest.fail("training began"))
    with pytest.raises(SystemExit, match="install graphviz"):
        demo.main(["--output", str(tmp_path)])


def test_missing_data_is_named_before_training(tmp_path, monkeypatch):
    monkeypatch.delenv("FORKGRAD_DATA", raising=False)
    with pytest.raises(SystemExit, match="FORKGRAD_DATA"):
        demo.main(["--data", "mnist", "--output", str(tmp_path)])


def test_help_explains_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        demo.main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--data", "--epochs", "--seed", "--output", "FORKGRAD_DATA", "demo_output"))


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--seed", "-1"], ["--data", "cifar"]])
def test_bad_options_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        demo.parse(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_require_names_the_extra():
    with pytest.raises(ImportError, match=r'no_such_package: pip install "forkgrad\[plot\]"'):
        require("no_such_package.part", "plot")


def test_pictures_of_other_shapes(tmp_path):
    plot_filters(Tensor(np.zeros((2, 3, 5, 5)), requires_grad=True), tmp_path / "a.svg", "zeros")
    plot_curves({"loss": {"one": [1.0], "two": [2.0]}}, tmp_path / "b.svg")
    assert all(path.read_text().startswith("<?xml") for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        plot_filters(np.ones((3, 3)), tmp_path / "c.png")
    with pytest.raises(ValueError, match="no curves"):
        plot_curves({}, tmp_path / "d.png")
