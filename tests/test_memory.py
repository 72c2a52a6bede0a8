"""Freed memory stays with the process, unless that is switched off."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="page faults are counted on Unix only")

FAULTS = """
import resource
import numpy as np
from autograd.kernels.memory import keep_freed_memory
print(keep_freed_memory())
def touch():
    arrays = [np.ones(1_000_000) for _ in range(4)]
touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    touch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(**environment):
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    kept, faults = done.stdout.split()
    return kept == "True", int(faults)


def test_arrays_of_the_same_size_take_no_new_pages():
    kept, faults = run()
    if not kept:
        pytest.skip("the C library has no mallopt")
    assert faults < 100


def test_it_can_be_switched_off():
    kept, faults = run(FORKGRAD_KEEP_MEMORY="0")
    assert not kept
    assert faults > 1000
