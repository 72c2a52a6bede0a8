"""What is not a ratio of times: rate beside sgemm, peak of memory, growth with depth, and the first step of a process.

    pip install -e ".[fast]" torch==2.13.0
    python benchmarks/limits.py

Each figure is taken in a process of its own.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from workloads import LIBRARIES, OTHERS, WORKLOADS, classes, images, lenet_training, training, vgg_training

HERE = Path(__file__).resolve()
TINY = {"LeNet, SGD, batch 256": lenet_training(2), "VGG block, batch 64": vgg_training(2)}


def seconds_of(step, times=9):
    """Return the median time of a step."""
    step()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


# --- measured in a process of its own ---------------------------------------------------------------------------------


def rate(library):
    """Return GFLOP/s of the wide MLP's training step, and those of NumPy's product of large float32 matrices."""
    step = OTHERS["wide MLP, batch 512"](LIBRARIES[library]())
    weights, first, batch = 2048 * 2048 * 2 + 2048 * 10, 2048 * 2048, 512
    operations = 2 * batch * (3 * weights - first)  # forward, and to weights and inputs, but for the first inputs
    a, b = (np.random.default_rng(0).normal(size=(2048, 2048)).astype(np.float32) for _ in range(2))
    pairs = [(operations / seconds_of(step, 3), 2 * 2048**3 / seconds_of(lambda: a @ b, 3)) for _ in range(3)]
    reached, possible = (statistics.median(each) / 1e9 for each in zip(*pairs, strict=True))
    return {"reached": reached, "sgemm": possible}


def memory(library, workload):
    """Return by how many MB a few training steps raise the peak of memory, after those of a tiny batch."""
    names = LIBRARIES[library]()
    TINY[workload](names)()
    step = OTHERS[workload](names)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        step()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def depth(library):
    """Return the exponent with which the time of a step grows with the number of layers."""
    names = LIBRARIES[library]()
    sizes, times = (8, 16, 32, 64, 128), []
    for layers in sizes:
        parts = [part for _ in range(layers) for part in (names.nn.Linear(32, 32), names.nn.ReLU())]
        step = training(names, names.nn.Sequential(*parts), images(names, 16, 32), classes(names, 10, 16))
        times.append(seconds_of(step, 15))
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def first_step(library, workload):
    """Return how long the imports and the first training step take together."""
    began = time.perf_counter()
    (WORKLOADS | OTHERS)[workload](LIBRARIES[library]())()
    return time.perf_counter() - began


MEASURES = {"rate": rate, "memory": memory, "depth": depth, "first_step": first_step}


def measure(name, *arguments, **environment):
    """Return what a measure finds, in a new process."""
    command = [sys.executable, str(HERE), "--measure", name, *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


# --- the table --------------------------------------------------------------------------------------------------------


def rows():
    """Yield what was measured, what came out, and what it should be."""
    found = measure("rate", "forkgrad")
    share = found["reached"] / found["sgemm"]
    yield (
        "wide MLP, batch 512: rate beside sgemm",
        f"{share:.2f} ({found['reached']:.0f} of {found['sgemm']:.0f} GFLOP/s)",
        "at least 0.6",
    )
    for workload in ("LeNet, SGD, batch 256", "VGG block, batch 64"):
        ours, theirs = (measure("memory", library, workload) for library in ("forkgrad", "torch"))
        yield (
            f"{workload}: peak of memory beside PyTorch's",
            f"{ours / theirs:.2f} ({ours:.0f} of {theirs:.0f} MB)",
            "at most 1.1",
        )
    yield "exponent of a step's time in the depth", f"{measure('depth', 'forkgrad'):.2f}", "at most 1.1"
    with tempfile.TemporaryDirectory() as cache:
        for kind, most in (("cold", 30), ("warm", 2)):
            took = measure("first_step", "forkgrad", "LeNet, SGD, batch 64", NUMBA_CACHE_DIR=cache)
            yield f"imports and LeNet's first step, {kind} cache", f"{took:.1f} s", f"at most {most} s"
    with_extra = measure("time", "LeNet, SGD, batch 64")
    without = measure("time", "LeNet, SGD, batch 64", FORKGRAD_KERNELS="numpy")
    yield "LeNet, batch 64, without the extra `fast`", f"{without / with_extra:.1f} times as long", "at most 5"


def step_time(workload):
    """Return the time of a step of ours."""
    return seconds_of(WORKLOADS[workload](LIBRARIES["forkgrad"]()), 15)


MEASURES["time"] = step_time


def table():
    """Return the rows as a Markdown table."""
    lines = ["| what | measured | should be |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {came} | {should} |" for what, came, should in rows())])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        name, *arguments = chosen.measure
        print(json.dumps(MEASURES[name](*arguments)))
    else:
        print(table())


if __name__ == "__main__":
    main()
