"""Run all benchmarks and write what they found to RESULTS.md, with the date and the machine.

pip install -e ".[fast]" torch==2.13.0 mygrad micrograd
python benchmarks/report.py
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent


def machine():
    """Return what computed: processor, cores, and the versions of what matters."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = []
    for name in ("numpy", "scipy", "numba", "torch", "mygrad", "micrograd"):
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"without {name}")
    system = f"{platform.system()} on {platform.machine()}"
    return f"{processor}, {cores} cores, {system}, Python {platform.python_version()}, " + ", ".join(versions)


def output(script, *arguments):
    """Return what one of the benchmarks prints."""
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hips", help="a Python that has HIPS autograd, in an environment of its own")
    parser.add_argument("--turns", default="9", help="how often the libraries take turns")
    chosen = parser.parse_args()
    peers = ["--turns", chosen.turns, *(["--hips", chosen.hips] if chosen.hips else [])]
    text = f"""# Results

{datetime.date.today().isoformat()}, {machine()}. Made by `python benchmarks/report.py`.

## Training steps beside PyTorch

A step is zero_grad, forward, loss, backward and the optimizer's step, in float32, on all cores. The libraries take
turns, in processes of their own; times are medians, the ratio is the median over the turns, with its quartiles.

{output("speed.py", "--turns", chosen.turns, "--json", str(HERE / "ratios.json"))}

## Limits

{output("limits.py")}

## Other engines on NumPy

The fully connected network of the first rows, one step.

{output("peers.py", *peers)}

## One recorded operation

{output("per_node.py")}
"""
    (HERE / "RESULTS.md").write_text(text)


if __name__ == "__main__":
    main()
