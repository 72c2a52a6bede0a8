"""Threads and processes that make batches end, whatever happens to the loop."""

import contextlib
import gc
import signal
import time

import numpy as np
import pytest
from loading import (
    LONG,
    MODES,
    PATIENCE,
    Endless,
    Random,
    check_nothing_is_left,
    children,
    data_threads,
    rng,
    values,
    wait_until,
)

from nn.data import DataLoader, TensorDataset, workers


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    yield
    check_nothing_is_left()


@pytest.mark.parametrize("mode", ["thread", "three processes"])
@pytest.mark.parametrize("way", ["break", "exception", "forgotten", "done"])
def test_everything_ends(mode, way):
    def loop():
        for number, _ in enumerate(DataLoader(Random(), 4, **MODES[mode])):
            assert data_threads() or children() or way == "done"
            if number == 2 and way == "break":
                break
            if number == 2 and way == "exception":
                raise OSError("stop here")

    if way == "exception":
        with pytest.raises(OSError, match="stop here"):
            loop()
    elif way == "forgotten":
        loader = DataLoader(Random(), 4, **MODES[mode])
        batches = iter(loader)
        next(batches)
        del batches  # the loader is still there
    else:
        loop()
    gc.collect()
    wait_until(lambda: not data_threads() and not children())


def test_processes_stay_only_if_asked_to():
    kept = DataLoader(Random(), 4, **MODES["kept processes"])
    expected = DataLoader(Random(), 4, generator=rng())
    kept.generator = rng()
    first = values(kept)
    processes = {process.pid for process in children()}
    assert len(processes) == 2
    for _ in kept:
        break
    assert first == values(expected)
    values(expected)
    assert values(kept) == values(expected)
    assert {process.pid for process in children()} == processes
    del kept
    gc.collect()
    wait_until(lambda: not children())
    list(DataLoader(Random(), 4, num_workers=2))
    assert not children()


class Stubborn(Endless):
    """Ignores the polite signal, and does not come back."""

    def __getitem__(self, index):
        if index == self.stuck:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return super().__getitem__(index)


@pytest.mark.parametrize(("kind", "end"), [(Endless, signal.SIGTERM), (Stubborn, signal.SIGKILL)])
def test_processes_that_do_not_come_back_are_ended(kind, end):
    data = kind(stuck=3)
    batches = iter(DataLoader(data, 1, num_workers=2, prefetch_factor=20))
    next(batches)
    processes = sorted(children(), key=lambda process: process.name)
    assert data.reached.wait(PATIENCE)
    start = time.monotonic()
    del batches
    gc.collect()
    assert time.monotonic() - start < LONG / 2
    assert not children()
    assert processes[1].exitcode == -end  # it was asked first


class Large(Random):
    """Batches that do not fit into a pipe."""

    def __getitem__(self, index):
        return np.full(300_000, index, np.int32)


def test_large_batches_and_many_indices():
    loader = DataLoader(Large(), 2, num_workers=2, persistent_workers=True)
    for _ in range(2):
        for batch in loader:
            assert (batch.data[:, -1] == batch.data[:, 0]).all()
            break
        assert [int(b.data[0, 0]) for b in loader] == list(range(0, 23, 2))
    many = DataLoader(TensorDataset(np.arange(200_000)), 100_000, num_workers=2)
    assert [b[0].data[0] for b in many] == [0, 100_000]


def test_processes_whose_batches_nobody_takes_end_by_themselves(monkeypatch):
    monkeypatch.setattr(workers, "_GRACE", PATIENCE)  # after which they would be ended by a signal
    batches = iter(DataLoader(Large(), 2, num_workers=2, prefetch_factor=1))
    next(batches)
    processes = children()
    time.sleep(0.2)  # by then they wait until there is room in their pipes
    batches.close()
    assert [process.exitcode for process in processes] == [0, 0]


def test_at_most_so_many_batches_lie_ready():
    made = []

    class Noted(Random):
        def __getitem__(self, index):
            made.append(index)
            return index

    batches = iter(DataLoader(Noted(), 1, prefetch_factor=3))
    next(batches)
    wait_until(lambda: len(made) >= 4)
    time.sleep(0.05)  # for one too many
    assert made == [0, 1, 2, 3]


@pytest.mark.parametrize("mode", MODES)
def test_an_iterator_can_be_closed(mode):
    loader, expected = (DataLoader(Random(), 4, shuffle=True, generator=rng(), **MODES[mode]) for _ in range(2))
    with contextlib.closing(iter(loader)) as batches:
        next(batches)
        next(batches)
    batches.close()
    assert list(batches) == []
    wait_until(lambda: not data_threads())
    assert len(children()) == (2 if mode == "kept processes" else 0)
    resumed = DataLoader(Random(), 4, shuffle=True, generator=rng(9))
    resumed.load_state_dict(loader.state_dict())
    epoch = values(expected)
    assert values(resumed) == epoch[2:]
    assert values(loader) == values(expected)
