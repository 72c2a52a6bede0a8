"""Cost per recorded operation, forward and backward, beside PyTorch and micrograd.

    pip install -e . torch==2.13.0 micrograd
    python benchmarks/per_node.py

Every engine runs the same chain, x = x * 1.0001 + 0.1, in turn, in one process; the table shows medians and the median
of the ratios to ours within each turn.
"""

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time

import numpy as np

from autograd import Tensor


def ours(start, n):
    x = y = Tensor(start, requires_grad=True)
    for _ in range(n // 2):
        y = y * 1.0001 + 0.1
    y.backward(np.ones_like(start))
    return x.grad


def torchs(start, n):
    import torch

    x = y = torch.tensor(start, requires_grad=True)
    for _ in range(n // 2):
        y = y * 1.0001 + 0.1
    y.backward(torch.ones_like(y))
    return x.grad


def micrograds(start, n):
    from micrograd.engine import Value

    x = y = Value(float(start))
    for _ in range(n // 2):
        y = y * 1.0001 + 0.1
    y.backward()
    return x.grad


def measure(start, n, turns, peers):
    """Return the time per operation of each engine in each turn, in microseconds."""
    times = {engine.__name__: [] for engine in (ours, *peers)}
    for turn in range(turns + 1):
        for engine in (ours, *peers):
            began = time.perf_counter()
            engine(start, n)
            took = time.perf_counter() - began
            if turn:  # the first turn warms up
                times[engine.__name__].append(took / n * 1e6)
    return times


def import_time(statement):
    command = [
        sys.executable,
        "-c",
        f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)",
    ]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, default=2000, help="operations in the chain")
    parser.add_argument("--turns", type=int, default=31, help="how often each engine runs")
    arguments = parser.parse_args()
    sys.setrecursionlimit(20 * arguments.ops)  # micrograd's topological sort is recursive
    has = {name: importlib.util.find_spec(name) is not None for name in ("torch", "micrograd")}
    if has["torch"]:
        import torch

        torch.set_num_threads(2)
    cases = [
        ("0-d float32", np.float32(1), [torchs] * has["torch"] + [micrograds] * has["micrograd"]),
        ("0-d float64", np.float64(1), [torchs] * has["torch"] + [micrograds] * has["micrograd"]),
        ("16 x float32", np.ones(16, np.float32), [torchs] * has["torch"]),
    ]
    for label, start, peers in cases:
        times = measure(start, arguments.ops, arguments.turns, peers)
        line = [f"{label:14s} ours {statistics.median(times['ours']):6.2f} us/op"]
        for peer in peers:
            ratios = [a / b for a, b in zip(times["ours"], times[peer.__name__], strict=True)]
            line += [
                f"{peer.__name__} {statistics.median(times[peer.__name__]):6.2f}"
                f" (ratio {statistics.median(ratios):.2f})"
            ]
        print("  ".join(line))
    both = import_time("import autograd, nn")
    print(
        f"import autograd, nn: {both:.3f} s" + (f", torch: {import_time('import torch'):.3f} s" if has["torch"] else "")
    )


if __name__ == "__main__":
    main()
