"""What the profiler notes, and that operations are as before afterwards."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import autograd
from autograd import Tensor, op, profile


def counts(measured):
    return {(row.name, row.backward): row.calls for row in measured.rows()}


def test_calls_are_counted_forward_and_backward():
    x = Tensor(np.ones((20, 30), np.float32), requires_grad=True)
    with profile() as measured:
        for _ in range(3):
            (np.tanh(x) * 2).sum().backward()
    names = ("tanh", "multiply", "sum")
    assert counts(measured) == {(name, way): 3 for name in names for way in (False, True)}
    (tanh,) = (row for row in measured.rows() if row.name == "tanh" and not row.backward)
    assert tanh.nbytes == 3 * 20 * 30 * 4
    assert 0 < sum(row.seconds for row in measured.rows()) <= measured.seconds


def test_operations_inside_others_count_as_part_of_these():
    x, w = Tensor(np.ones((1, 1, 5, 5)), requires_grad=True), Tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    with profile() as measured:
        autograd.conv2d(x, w).sum().backward()
    assert all(calls == 1 for calls in counts(measured).values())


def test_results_are_the_same():
    def gradient():
        x = Tensor([0.5, 1.5], requires_grad=True)
        np.sum(np.sin(x) @ x).backward()
        return x.grad.tolist()

    before = gradient()
    with profile():
        assert gradient() == before
    assert gradient() == before


def test_operations_are_as_before_afterwards():
    made = autograd.multiply.op
    pull, values = made.pull, [space["_value"] for space in made.spaces]

    def computes():
        with profile():
            assert made.pull is not pull
            raise KeyError

    with pytest.raises(KeyError):
        computes()
    assert made.pull is pull
    assert [space["_value"] for space in made.spaces] == values


def test_errors_come_through_and_later_calls_count():
    with profile() as measured:
        with pytest.raises(ValueError, match="do not broadcast"):
            Tensor([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0])
        Tensor(1.0) + 1
    assert counts(measured) == {("add", False): 1}


def test_users_own_operations_count():
    @op(x=lambda g, x: g * 3 * x**2)
    def cube(x):
        return x * x * x

    with profile() as measured:
        cube(Tensor(2.0, requires_grad=True)).backward()
    assert counts(measured) == {("cube", False): 1, ("cube", True): 1}


def test_each_thread_is_noted():
    with profile() as measured:
        workers = [threading.Thread(target=lambda: np.exp(Tensor(1.0))) for _ in range(3)]
        for worker in workers:
            worker.start()
            worker.join()
        np.exp(Tensor(1.0))
    assert counts(measured) == {("exp", False): 4}
    assert threading.get_ident() in {event.thread for event in measured.events}


def test_the_table_says_what_took_how_long():
    x = Tensor(np.ones((50, 50)), requires_grad=True)
    with profile() as measured:
        (x @ x).sum().backward()
    head, *lines = str(measured).splitlines()
    assert head.split() == ["operation", "pass", "calls", "ms", "us", "a", "call", "%", "MB"]
    assert {tuple(line.split()[:3]) for line in lines[:-1]} == {
        (name, way, "1") for name in ("matmul", "sum") for way in ("forward", "backward")
    }
    assert lines[-1].split()[0] == "between"
    assert len({len(line) for line in lines}) == 1


def test_the_trace_is_what_chrome_reads(tmp_path):
    with profile() as measured:
        np.exp(Tensor(np.ones((2, 3)), requires_grad=True)).sum().backward()
    path = tmp_path / "trace.json"
    measured.save_chrome_trace(path)
    events = json.loads(path.read_text())["traceEvents"]
    assert [event["name"] for event in events] == ["exp", "sum", "sum", "exp"]
    assert all(event["ph"] == "X" and event["ts"] >= 0 and event["dur"] >= 0 for event in events)
    assert events[0]["args"] == {"shapes": [[2, 3]], "bytes": 48}
    assert [path.name for path in tmp_path.iterdir()] == ["trace.json"]


def test_operations_that_are_first_used_inside_count():
    code = (
        "import numpy as np, autograd\nfrom autograd import Tensor, profile\n"
        "with profile() as measured: autograd.linalg.det(Tensor(np.eye(2), requires_grad=True))\n"
        "print([row.name for row in measured.rows()])"
    )
    assert "det" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
