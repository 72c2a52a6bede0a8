"""How long training steps take beside PyTorch: one table of medians and ratios.

    pip install -e ".[fast]" torch==2.13.0
    python benchmarks/speed.py                  # everything
    python benchmarks/speed.py --only LeNet     # what has LeNet in its name
    python benchmarks/speed.py --check benchmarks/ratios.json    # fail if a ratio has become worse than that one

Each library runs in a process of its own, so that their threads do not meet; they take turns, while the other waits. A
turn times as many steps as fit some tenths of a second; the table shows the median time of a step, the median of the
turns' ratios, and the quartiles of those.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path

from workloads import LIBRARIES, OTHERS, TARGETS, WORKLOADS


def serve(name):
    """Answer lines on standard input: [workload, seconds] with the time of a step in seconds."""
    library, steps = LIBRARIES[name](), {}
    for line in sys.stdin:
        workload, seconds = json.loads(line)
        if workload not in steps:
            steps[workload] = (WORKLOADS | OTHERS)[workload](library)
            for _ in range(3):  # compiles, allocates
                steps[workload]()
        print(json.dumps(time_of_step(steps[workload], seconds)), flush=True)


def time_of_step(step, seconds):
    """Return the median time of a step, of as many as fit."""
    times = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end or len(times) < 3:
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


class Server:
    """A process that times a library's steps when asked."""

    def __init__(self, library):
        command = [sys.executable, __file__, "--serve", library]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def time(self, workload, seconds):
        self.process.stdin.write(json.dumps([workload, seconds]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the process that should time {workload!r} has ended")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(workload, servers, turns, seconds):
    """Return the times of our and their steps in each turn."""
    times = []
    for turn in range(turns + 1):
        pair = [server.time(workload, seconds) for server in servers]
        if turn:  # the first turn warms up
            times.append(pair)
    return times


def row(workload, times):
    """Return a row of the table as a dict, times in milliseconds."""
    ratios = sorted(ours / theirs for ours, theirs in times)
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    ours, theirs = (statistics.median(each) * 1e3 for each in zip(*times, strict=True))
    return {"workload": workload, "ours": ours, "torch": theirs, "ratio": middle, "low": low, "high": high}


def table(rows):
    """Return the rows as a Markdown table."""
    lines = [
        "| workload | ours, ms | PyTorch, ms | ratio | quartiles | at most | stretch |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        most, stretch = TARGETS.get(r["workload"], ("", ""))
        lines.append(
            f"| {r['workload']} | {r['ours']:.3g} | {r['torch']:.3g} | {r['ratio']:.2f} | "
            f"{r['low']:.2f} to {r['high']:.2f} | {most} | {stretch} |"
        )
    mean = math.exp(statistics.fmean(math.log(r["ratio"]) for r in rows))
    most, stretch = TARGETS["geometric mean"]
    return "\n".join([*lines, f"| geometric mean | | | {mean:.2f} | | {most} | {stretch} |"])


def worse(rows, file, tolerance):
    """Return what has become slower, beside PyTorch, than it was when a file was written, as lines."""
    before = {row["workload"]: row["ratio"] for row in json.loads(file.read_text())}
    return [
        f"{row['workload']}: {row['ratio']:.2f} times PyTorch's time, which was {before[row['workload']]:.2f}"
        for row in rows
        if row["low"] > tolerance * before.get(row["workload"], math.inf)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="workloads with this in their names")
    parser.add_argument("--turns", type=int, default=7, help="how often the libraries take turns")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a turn takes")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    parser.add_argument("--check", type=Path, help="compare with the rows that --json wrote")
    parser.add_argument("--tolerance", type=float, default=1.25, help="how many times as much --check allows")
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    servers = [Server("forkgrad"), Server("torch")]
    rows = []
    for workload in WORKLOADS:
        if chosen.only.lower() in workload.lower():
            rows.append(row(workload, compare(workload, servers, chosen.turns, chosen.seconds)))
            print(f"{rows[-1]['ratio']:5.2f}  {workload}", file=sys.stderr)
    for server in servers:
        server.close()
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n")
    slower = worse(rows, chosen.check, chosen.tolerance) if chosen.check else []
    if slower:
        raise SystemExit("slower than before:\n  " + "\n  ".join(slower))


if __name__ == "__main__":
    main()
