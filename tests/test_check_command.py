"""python -m autograd.check prints the report, and says kindly what it cannot do."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograd.check import main

ROOT = Path(__file__).resolve().parents[1]
SOURCE = """
import numpy as np
from autograd import Function, op, sample
from helpers_of_mine import twice

def weighted(x, w, *, scale=1.0):
    return (x * w).sum(axis=0) * scale

@op(x=lambda g, x: -g * np.cos(x), samples=[sample(())])
def wrong(x):
    return np.sin(x)

@op(x=lambda g, x: g * np.cos(x.data if hasattr(x, "data") and not isinstance(x, np.ndarray) else x))
def wrong_twice(x):
    return np.sin(x)

class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x * x

class Plain:
    pass

def picky(x):
    assert x.shape == (2,), "two"
    return x * 2

number = 3
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Return a file with functions, and forget what it leaves in sys.path and sys.modules."""
    (tmp_path / "functions_of_mine.py").write_text(SOURCE)
    (tmp_path / "helpers_of_mine.py").write_text("def twice(x):\n    return x + x\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield str(tmp_path / "functions_of_mine.py")
    for name in ("functions_of_mine", "helpers_of_mine"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        ("numpy:tanh --shapes (3,)", 0, "gradcheck of tanh: ok"),
        ("numpy:tanh --shapes ()", 0, "gradcheck of tanh: ok"),
        ("numpy:arctan2 --shapes (3,1),(4,) --seed 3 --dtype float32", 0, "1 x2"),
        ("numpy.linalg:det --shapes (3,3)", 0, "gradcheck of det: ok"),
        ("numpy:log --shapes (2,) --domain 1,2", 0, "gradcheck of log: ok"),
        ("numpy:log --shapes (2,) --domain -2,-1", 2, "drawn with --domain -2,-1"),
        ("numpy:power --shapes (2,),(2,) --domain 1,2 --domain -3,3", 0, "ok"),
        ("numpy:sum --shapes (2,3) --kwargs axis=1 keepdims=true", 0, "12"),
        ("numpy:sum --shapes (2,3) --kwargs {\"axis\":0}", 0, "18"),
        ("numpy:tanh --shapes (2,) --order 2", 0, "gradgradcheck of tanh: ok"),
        ("FILE:weighted --shapes (3,4),(4,) --kwargs scale=0.5", 0, "gradcheck of weighted: ok"),
        ("FILE:twice --shapes (3,)", 0, "gradcheck of twice: ok"),
        ("FILE:Cube --shapes (3,)", 0, "ok"),
        ("FILE:Cube.apply --shapes (3,)", 0, "ok"),
        ("FILE:wrong --shapes (3,)", 1, "the sign is flipped"),
        ("FILE:wrong_twice --shapes (3,)", 0, "ok"),
        ("FILE:wrong_twice --shapes (3,) --order 2", 1, "gradgradcheck of wrong_twice: 1 of 2 inputs WRONG"),
        ("FILE:Cube --shapes (3,) --op", 0, "check_op of Cube: ok (12 properties)"),
        ("numpy:tanh --op", 0, "check_op of tanh: ok"),
        ("FILE:weighted --shapes (3,4),(4,) --kwargs scale=2 --op", 0, "check_op of weighted: ok"),
        ("FILE:wrong --op", 1, "gradcheck(wrong, (np.array("),
        ("FILE:weighted --op", 2, "'weighted' has no samples"),
        ("FILE:Cube --shapes (3,) --op --seed 1", 2, "leave out --dtype"),
        ("tanh --shapes (3,)", 2, "package.module:function or file.py:function, not 'tanh'"),
        ("nowhere.at_all:f --shapes (3,)", 2, "there is no module 'nowhere'"),
        ("nowhere/file.py:f --shapes (3,)", 2, "there is no file nowhere/file.py"),
        ("FILE:other --shapes (3,)", 2, "has no 'other'; it has Function, op, sample, twice, weighted"),
        ("FILE:number --shapes (3,)", 2, "no function, but of type int"),
        ("FILE:Plain --shapes (3,)", 2, "a class: name a method"),
        ("FILE:picky --shapes (3,)", 2, "cannot check picky: AssertionError: two"),
        ("numpy:tanh", 2, "tanh takes 1 input: say in what shapes"),
        ("numpy:tanh --shapes (3", 2, "cannot be read"),
        ("numpy:tanh --shapes (3)", 2, "write (3,) for a vector"),
        ("numpy:tanh --shapes (3,-1)", 2, "(3, -1), which is no shape"),
        ("numpy:tanh --shapes 'x'", 2, "which is no shape"),
        ("numpy:tanh --shapes (3,),(3,)", 2, "tanh takes 1 input, which does not fit the 2 inputs"),
        ("FILE:weighted --shapes (3,)", 2, "weighted(x, w, *, scale=1.0), which does not fit the 1 input given"),
        ("FILE:weighted --shapes (3,),(3,) --kwargs size=1", 2, "does not fit the 2 inputs and size"),
        ("numpy:tanh --shapes (3,) --kwargs axis", 2, "--kwargs is name=value"),
        ("numpy:tanh --shapes (3,) --kwargs {axis}", 2, "no JSON object"),
        ("numpy:tanh --shapes (3,) --dtype int32", 2, "not int32"),
        ("numpy:tanh --shapes (3,) --dtype float33", 2, "not 'float33'"),
        ("numpy:tanh --shapes (3,) --domain 3", 2, "LOW,HIGH"),
        ("numpy:tanh --shapes (3,) --domain 3,1", 2, "first less than the second"),
        ("numpy:add --shapes (3,),(3,),(3,) --domain 0,1 --domain 0,2", 2, "2 times, for 3 inputs"),
        ("numpy:tanh --shapes (3,) --order 0", 2, "--order is 1 for first"),
    ],
)  # fmt: skip
def test_status_and_words(argv, status, words, path, capsys):
    assert main(argv.replace("FILE", path).split(" ")) == status
    printed = capsys.readouterr()
    assert words in (printed.err if status == 2 else printed.out)
    assert bool(printed.err) == (status == 2)


def test_failing_imports_are_described(tmp_path, capsys):
    (tmp_path / "broken_file.py").write_text("1 / 0")
    assert main([f"{tmp_path / 'broken_file.py'}:f"]) == 2
    assert "broken_file.py fails with ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_the_same_seed_draws_the_same(capsys):
    printed = []
    for seed in ("0", "0", "1"):
        main(["numpy:tanh", "--shapes", "(3,)", "--seed", seed])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.parametrize(("function", "status"), [("tanh", 0), ("nothing", 2)])
def test_as_a_command(function, status):
    command = [sys.executable, "-m", "autograd.check", f"numpy:{function}", "--shapes", "(3,)"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == status
    assert "Traceback" not in result.stderr
    assert not result.stderr or status == 2
