"""The scripts in scripts/ run on PyTorch as they stand, and here with other imports: the losses are the same."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
import nn

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

# All that is changed in a script: lines that import.
IMPORTS = {
    "import torch": "import autograd as torch",
    "import torch.nn.functional as F": "import nn.functional as F",
    "from torch import nn, optim": "import nn; from nn import optim",
    "from torch.optim import lr_scheduler": "from nn.optim import lr_scheduler",
    "from torch.optim.lr_scheduler import StepLR": "from nn.optim.lr_scheduler import StepLR",
    "from torch.utils.data import DataLoader, TensorDataset": "from nn.data import DataLoader, TensorDataset",
}
MODELS = {"mlp": "MLP", "cnn": "CNN", "lstm": "CharLSTM", "transformer": "GPT"}


def run(name, source):
    """Return the names that a script defines."""
    script = {"__name__": name}
    exec(compile(source, name, "exec"), script)
    return script


def both(name):
    """Return a script as it stands, and with our imports."""
    source = (Path(__file__).parent / "scripts" / f"{name}.py").read_text()
    changed = re.sub(r"^(import|from) .*torch.*$", lambda line: IMPORTS[line[0]], source, flags=re.MULTILINE)
    return run(name, source), run(name, changed)


@pytest.mark.parametrize("name", MODELS)
def test_scripts_have_the_same_losses(name):
    theirs, ours = both(name)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, copy = theirs[MODELS[name]](), ours[MODELS[name]]()
    assert isinstance(copy, nn.Module)
    assert repr(copy) == repr(model).replace("NonDynamicallyQuantizableLinear", "Linear")
    copy.load_state_dict(nn.weights.from_torch(model.state_dict(), copy=True))
    expected, score = theirs["train"](model)
    losses, found = ours["train"](copy)
    assert len(losses) == 20
    assert_allclose(losses, expected, atol=1e-4, rtol=0)
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])  # it learns
    assert_allclose(found, score, rtol=2e-2)
    for key, value in model.state_dict().items():
        assert_allclose(copy.state_dict()[key], value, atol=1e-3, err_msg=key)


@pytest.mark.parametrize("name", MODELS)
def test_scripts_start_from_values_of_the_same_distribution(name):
    theirs, ours = both(name)
    torch.manual_seed(0)
    model, copy = theirs[MODELS[name]](), ours[MODELS[name]]()
    state = copy.state_dict()
    assert list(state) == list(model.state_dict())
    for key, value in model.state_dict().items():
        assert state[key].shape == tuple(value.shape)
        if value.numel() > 100:
            assert_allclose(state[key].data.std(), value.std(), rtol=0.3, atol=1e-6, err_msg=key)


# The spellings that docs/pytorch.md recommends for both.
SPELLINGS = [
    "torch.asarray(a)", "torch.concatenate([x, x], axis=1)", "x.argmax(axis=1)", "x.sum(axis=1, keepdims=True)",
    "torch.zeros((2, 3))", "x.reshape(2, -1)", "x.shape[0]", "(x == y).sum().item() / len(x)", "x[:, None]",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_that_both_have(spelling):
    a = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    found, expected = (
        eval(spelling, {"torch": framework, "a": a, "x": framework.asarray(a), "y": framework.asarray(abs(a))})
        for framework in (autograd, torch)
    )
    assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6)
