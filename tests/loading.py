"""What tests of loaders share: data sets that need time or random numbers; what is left of threads and processes."""

import gc
import multiprocessing
import threading
import time

import numpy as np

from autograd import Tensor
from nn.data import Dataset, batch_generator

PATIENCE = 20.0  # seconds: how long to wait for what must happen sooner or later; a busy machine may take some
LONG = 60.0  # seconds: what nobody waits for

MODES = {
    "here": {},
    "thread": {"prefetch_factor": 3},
    "one process": {"num_workers": 1},
    "three processes": {"num_workers": 3, "prefetch_factor": 1},
    "kept processes": {"num_workers": 2, "persistent_workers": True},
}


def rng(seed=0):
    return np.random.default_rng(seed)


class Random(Dataset):
    """Examples with random numbers of their batch."""

    def __getitem__(self, index):
        return index, np.full(3, index), Tensor(batch_generator().random())

    def __len__(self):
        return 23


class Endless(Random):
    """Examples of which one takes too long; `reached` says that it has begun."""

    def __init__(self, stuck=13):
        self.stuck, self.reached = stuck, multiprocessing.Event()

    def __getitem__(self, index):
        if index == self.stuck:
            self.reached.set()
            time.sleep(LONG)
        return index


def values(loader):
    return [[part.data.tolist() for part in batch] for batch in loader]


def children():
    return [process for process in multiprocessing.active_children() if process.name.startswith("forkgrad-data")]


def data_threads():
    return [thread for thread in threading.enumerate() if thread.name == "forkgrad-data"]


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def check_nothing_is_left():
    """Wait until all threads and processes of loaders have ended."""
    if children() or data_threads():
        gc.collect()
    wait_until(lambda: not children() and not data_threads())
