"""Ctrl-C, and other endings of whole programs: threads and processes end within two seconds, and none stays."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from timing import within

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")

PROGRAM = """
    import sys, time
    import numpy as np
    import nn

    class Numbers(nn.data.Dataset):
        def __init__(self, seconds):
            self.seconds = seconds
        def __getitem__(self, index):
            time.sleep(self.seconds if index > 7 else 0)
            return index
        def __len__(self):
            return 100_000

    def main(seconds, options):
        loader = nn.data.DataLoader(Numbers(seconds), 4, **options)
        for number, batch in enumerate(loader):
            if number == 1:
                import multiprocessing
                print(*[child.pid for child in multiprocessing.active_children()], "ready", flush=True)
            time.sleep(0.01)

    if __name__ == "__main__":
        main({seconds}, {options})
"""


def start(tmp_path, seconds, options):
    """Run the program as its own process group, as a terminal does; return it, and the ids of its workers."""
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(PROGRAM).format(seconds=seconds, options=options))
    program = subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    words = program.stdout.readline().split()
    assert words[-1:] == ["ready"], program.communicate()[1]
    time.sleep(0.1)
    return program, [int(word) for word in words[:-1]]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def check_ended(program, workers):
    """Wait for the end of a program and its workers; return what it wrote to stderr, and the seconds that took."""
    since = time.monotonic()
    _, err = program.communicate(timeout=20)
    while any(map(is_running, workers)) and time.monotonic() < since + 20:
        time.sleep(0.01)
    assert not any(map(is_running, workers))
    return err, time.monotonic() - since


MODES = [
    {"prefetch_factor": 2},
    {"num_workers": 2},
    {"num_workers": 2, "persistent_workers": True},
    {"num_workers": 1, "multiprocessing_context": "spawn"},
]


QUICK = [(0, 60, True), (1, 60, True), (2, 0.001, False)]  # the others take longer than the default run has time for
CASES = [
    pytest.param(MODES[i], seconds, to_all, marks=() if (i, seconds, to_all) in QUICK else pytest.mark.slow)
    for i, seconds, to_all in itertools.product(range(4), (0.001, 60), (True, False))
]


@pytest.mark.parametrize(("options", "seconds", "to_all"), CASES)
def test_ctrl_c_ends_everything_within_two_seconds(tmp_path, options, seconds, to_all):
    def run():
        program, workers = start(tmp_path, seconds, options)
        assert len(workers) >= options.get("num_workers", 0)
        (os.killpg if to_all else os.kill)(program.pid, signal.SIGINT)
        err, taken = check_ended(program, workers)
        assert program.returncode == -signal.SIGINT
        assert err.count("Traceback") == 1
        assert "KeyboardInterrupt" in err
        return taken

    within(2, run)


@pytest.mark.parametrize("options", [MODES[1], *(pytest.param(mode, marks=pytest.mark.slow) for mode in MODES[2:])])
def test_processes_end_when_the_main_process_is_killed(tmp_path, options):
    def run():
        program, workers = start(tmp_path, 0.001, options)
        program.kill()
        return check_ended(program, workers)[1]

    within(2, run)


def test_a_program_that_ends_with_batches_under_way_leaves_nothing(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        textwrap.dedent(PROGRAM).format(seconds=0, options={}).rpartition("if __name__")[0]
        + "if __name__ == '__main__':\n"
        "    loaders = [nn.data.DataLoader(Numbers(0), 4, **options) for options in\n"
        "               ({'prefetch_factor': 2}, {'num_workers': 2}, {'num_workers': 2, 'persistent_workers': True})]\n"
        "    batches = [iter(loader) for loader in loaders]\n"
        "    print([next(b).tolist() for b in batches])\n"
    )

    def run():
        program = subprocess.Popen(
            [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        first = program.stdout.readline()
        assert first.count("[0, 1, 2, 3]") == 3, program.communicate()[1]
        err, taken = check_ended(program, [])
        assert (program.returncode, err) == (0, "")
        return taken

    within(2, run)
