"""The DataLoader: the same batches whoever makes them, positions saved and restored, errors."""

import json
import os
import threading
import time

import numpy as np
import pytest
from loading import LONG, MODES, Endless, Random, check_nothing_is_left, children, rng, values
from numpy.testing import assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.data import (
    BatchSampler,
    ClassBalancedSampler,
    DataLoader,
    Dataset,
    SequentialSampler,
    TensorDataset,
    TransformedDataset,
    batch_generator,
    get_worker_info,
)
from nn.data.transforms import RandomHorizontalFlip

AHEAD = [mode for mode in MODES if mode != "here"]


class Careless(Random):
    """Examples with random numbers of every generator there is."""

    def __getitem__(self, index):
        import random

        return np.random.rand(), random.random(), autograd.default_generator().random()  # noqa: NPY002


class Failing(Random):
    """Examples of which one cannot be made."""

    error: type[BaseException] = KeyError

    def __getitem__(self, index):
        if index == 13:
            raise self.error("no thirteen")
        return index


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    yield
    check_nothing_is_left()


# --- the same batches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", AHEAD)
def test_batches_are_the_same_whoever_makes_them(mode):
    expected, loader = (DataLoader(Random(), 4, shuffle=True, generator=rng(), **MODES[m]) for m in ("here", mode))
    epochs = [values(expected), values(expected)]
    assert epochs == [values(loader), values(loader)]
    assert epochs[0] != epochs[1]
    assert sorted(np.concatenate([batch[0] for batch in epochs[0]])) == list(range(23))
    assert len({number for epoch in epochs for batch in epoch for number in batch[2]}) == 46


def test_careless_data_sets_get_the_same_numbers_from_any_number_of_workers():
    one, three = (DataLoader(Careless(), 4, generator=rng(), **MODES[m]) for m in ("one process", "three processes"))
    first = values(one)
    assert first == values(three)
    flat = np.concatenate([part for batch in first for part in batch])
    assert len(set(flat)) == len(flat)


def test_spawned_processes_give_the_same_batches():
    data = TransformedDataset(TensorDataset(rng().random((9, 1, 2, 4)), np.arange(9)), RandomHorizontalFlip())
    here, spawned = (
        DataLoader(data, 2, shuffle=True, generator=rng(), **mode)
        for mode in ({}, {"num_workers": 1, "multiprocessing_context": "spawn"})
    )
    assert values(here) == values(spawned)


def test_batches_from_processes_are_tensors_as_they_are_here():
    here, (x, y) = (
        next(iter(DataLoader(TensorDataset(np.ones((4, 2), np.float16), np.arange(4)), 4, **MODES[m])))
        for m in ("here", "one process")
    )
    assert type(x) is Tensor
    assert [x.dtype, y.dtype] == [part.dtype for part in here]
    assert not x.requires_grad


def test_index_arrays_are_asked_for_once_a_batch():
    class Counting(TensorDataset):
        asked = 0

        def __getitem__(self, index):
            self.asked += 1
            return super().__getitem__(index)

    data = Counting(np.arange(10))
    assert [b[0].tolist() for b in DataLoader(data, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert data.asked == 3
    assert [b[1] for b in DataLoader(data, 4, collate_fn=lambda examples: (0, len(examples)))] == [4, 4, 2]
    assert data.asked == 13


def test_getitems_is_used_where_there_is_one():
    class Several(Random):
        def __getitems__(self, indices):
            return [i * 10 for i in indices]

    assert [b.tolist() for b in DataLoader(Several(), 12)][1] == list(range(120, 230, 10))


def test_samplers():
    data = TensorDataset(np.arange(6))
    assert [b[0].tolist() for b in DataLoader(data, 2, sampler=[5, 0, 3])] == [[5, 0], [3]]
    batches = DataLoader(data, batch_sampler=[[0], [1, 2, 3], [np.int64(5)]])
    assert [b[0].tolist() for b in batches] == [[0], [1, 2, 3], [5]]
    assert len(batches) == 3
    assert len(DataLoader(data, 2, sampler=ClassBalancedSampler([0, 0, 0, 0, 0, 1]), drop_last=True)) == 3
    labels = np.array([0, 0, 0, 0, 0, 1])
    balanced = DataLoader(TensorDataset(labels), 6, sampler=ClassBalancedSampler(labels, generator=rng()))
    assert sorted(next(iter(balanced))[0].tolist()) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"num_workers": -1}, ValueError, "num_workers"),
        ({"prefetch_factor": 0}, ValueError, "prefetch_factor"),
        ({"timeout": -1}, ValueError, "timeout"),
        ({"persistent_workers": True}, ValueError, "num_workers"),
        ({"sampler": [0], "shuffle": True}, ValueError, "sampler .*shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "batch_size"),
        ({"batch_sampler": [[0]], "drop_last": True}, ValueError, "drop_last"),
        ({"batch_sampler": [[0]], "sampler": [0]}, ValueError, "sampler"),
    ],
)
def test_bad_arguments_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        DataLoader(Random(), **options)


def test_indices_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match="integer"):
        iter(DataLoader(Random(), sampler=[0.5]))


def test_outside_a_loader_random_numbers_are_the_default_generators():
    assert batch_generator() is autograd.default_generator()
    for _ in DataLoader(Random(), 4):
        assert batch_generator() is autograd.default_generator()


def test_empty_data_set():
    for mode in MODES.values():
        assert list(DataLoader(TensorDataset(np.zeros((0, 2))), 2, **mode)) == []


def test_several_loops_at_once():
    loader = DataLoader(TensorDataset(np.arange(4)), 2, prefetch_factor=2)
    assert [(a[0].data[0], b[0].data[0]) for a in loader for b in loader] == [(0, 0), (0, 2), (2, 0), (2, 2)]
    kept = DataLoader(Random(), 4, **MODES["kept processes"])
    first = iter(kept)
    next(first)
    second = iter(kept)
    assert next(second)[0].tolist() == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="another loop"):
        next(first)


# --- the position -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("done", [0, 1, 4, 6])
def test_position_is_restored(mode, done):
    def loader(seed):
        return DataLoader(Random(), 4, shuffle=True, generator=rng(seed), **MODES[mode])

    original = loader(0)
    list(original)
    batches = iter(original)
    for _ in range(done):
        next(batches)
    state = json.loads(json.dumps(original.state_dict()))
    rest, later = values(batches), values(original)
    resumed = loader(99)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert len(resumed) == 6
    assert values(resumed) == rest
    assert len(rest) == 6 - done
    assert values(resumed) == later


def test_position_between_epochs_and_before_the_first():
    loader = DataLoader(Random(), 4, shuffle=True, generator=rng())
    for _ in range(2):
        state = loader.state_dict()
        assert state["epoch"] is None
        epoch = values(loader)
        other = DataLoader(Random(), 4, shuffle=True, generator=rng(7))
        other.load_state_dict(state)
        assert values(other) == epoch


def test_position_with_the_default_generator():
    loader = DataLoader(Random(), 4, shuffle=True)
    autograd.manual_seed(3)
    batches = iter(loader)
    next(batches)
    state, generator = loader.state_dict(), autograd.default_generator().bit_generator.state
    rest, later = values(batches), values(loader)
    autograd.default_generator().bit_generator.state = generator
    resumed = DataLoader(Random(), 4, shuffle=True)
    resumed.load_state_dict(state)
    assert [values(resumed), values(resumed)] == [rest, later]


def test_position_of_a_sampler_of_ones_own():
    def loader():
        return DataLoader(
            Random(), 5, sampler=ClassBalancedSampler(np.arange(23) % 3, generator=rng()), generator=rng(1)
        )

    original, resumed = loader(), loader()
    batches = iter(original)
    next(batches)
    resumed.load_state_dict(original.state_dict())
    assert values(resumed) == values(batches)
    assert values(resumed) == values(original)


def test_position_after_a_break_is_that_of_the_broken_epoch():
    loader = DataLoader(Random(), 4, shuffle=True, generator=rng())
    for number, _ in enumerate(loader):
        if number == 2:
            break
    assert loader.state_dict()["epoch"]["next_batch"] == 3
    assert len(values(loader)) == 6


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s: s.update(examples=22), "22 examples.*23"),
        (lambda s: s.pop("epoch"), "not the state"),
        (lambda s: s.update(generator=None), "generator"),
        (lambda s: s["generator"].update(bit_generator="MT19937"), "PCG64"),
        (lambda s: s["generator"].pop("state"), "not whole"),
        (lambda s: s["epoch"].update(next_batch=-1), "negative"),
        (lambda s: s["epoch"].update(batches=[[23]]), "indices"),
        (lambda s: s["epoch"].update(batches=[["0"]]), "not whole"),
        (lambda s: s["epoch"].pop("seed"), "not whole"),
        (lambda s: s.update(sampler={}), "generator of its own"),
    ],
)
def test_bad_positions_are_refused_and_change_nothing(change, text):
    loader, twin = (DataLoader(Random(), 4, shuffle=True, generator=rng()) for _ in range(2))
    other = DataLoader(Random(), 4, shuffle=True, generator=rng(5))
    next(iter(other))
    state = json.loads(json.dumps(other.state_dict()))
    change(state)
    with pytest.raises(ValueError, match=text):
        loader.load_state_dict(state)
    assert values(loader) == values(twin)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_exceptions_come_through_at_their_batch(mode):
    batches, got = iter(DataLoader(Failing(), 4, **MODES[mode])), []
    with pytest.raises(KeyError, match="no thirteen") as caught:
        got.extend(batch.tolist() for batch in batches)
    assert got == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert list(batches) == []
    if "process" in mode:
        assert "worker process" in str(caught.value.__cause__)
        assert "in __getitem__" in str(caught.value.__cause__)
        assert 'raise self.error("no thirteen")' in str(caught.value.__cause__)


class AwkwardError(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


class Awkward(Random):
    def __getitem__(self, index):
        raise AwkwardError(1, 2)


def test_exceptions_that_cannot_travel_are_described():
    with pytest.raises(RuntimeError, match=r"worker process 0.*AwkwardError: 1 and 2"):
        list(DataLoader(Awkward(), num_workers=1))


class Stopping(Random):
    def __getitem__(self, index):
        raise StopIteration


@pytest.mark.parametrize("mode", MODES)
def test_stop_iteration_in_a_data_set_does_not_end_the_loop_quietly(mode):
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Stopping(), **MODES[mode]))


class Recording(Random):
    def __getitem__(self, index):
        return Tensor([1.0], requires_grad=True)


def test_gradients_do_not_cross_processes():
    with pytest.raises(TypeError, match=r"detach\(\)"):
        list(DataLoader(Recording(), num_workers=1))


class Dying(Random):
    def __getitem__(self, index):
        os._exit(3)


def test_a_process_that_ends_is_noticed():
    with pytest.raises(RuntimeError, match="exit code 3"):
        list(DataLoader(Dying(), num_workers=2))


def test_a_process_that_is_killed_is_noticed():
    loader = DataLoader(Endless(), 13, num_workers=1)
    batches = iter(loader)
    next(batches)
    children()[0].kill()
    with pytest.raises(RuntimeError, match="exit code -9"):
        next(batches)


class Held(Random):
    """Examples that are there only when they are released."""

    def __init__(self):
        self.released = threading.Event()

    def __getitem__(self, index):
        self.released.wait(LONG)
        return index


@pytest.mark.parametrize("mode", ["thread", "one process"])
def test_timeout(mode):
    held = Held()
    data = held if mode == "thread" else Endless(stuck=0)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.1 s"):
        next(iter(DataLoader(data, 13, timeout=0.1, **MODES[mode])))
    assert time.monotonic() - start < LONG / 2
    held.released.set()


def fail_in_the_beginning(number):
    raise ValueError(f"worker {number} cannot begin")


def note_number(number):
    info = get_worker_info()
    info.dataset.number = (number, info.id, info.num_workers)


class Numbered(Random):
    number = None

    def __getitem__(self, index):
        return self.number


def test_worker_init_fn():
    loader = DataLoader(Numbered(), 1, num_workers=2, worker_init_fn=note_number)
    assert [tuple(int(part.data[0]) for part in batch) for batch in loader][:3] == [(0, 0, 2), (1, 1, 2), (0, 0, 2)]
    with pytest.raises(ValueError, match="worker 0 cannot begin"):
        list(DataLoader(Random(), num_workers=1, worker_init_fn=fail_in_the_beginning))
    assert get_worker_info() is None


def test_what_cannot_be_sent_is_named_before_processes_start():
    with pytest.raises(TypeError, match="lambda"):
        iter(DataLoader(Random(), num_workers=2, collate_fn=lambda x: x, multiprocessing_context="spawn"))


def test_loaders_and_data_sets_say_what_they_are():
    data = TensorDataset(np.zeros((1000, 2)), np.arange(1000))
    assert repr(data) == "TensorDataset(1,000 examples, float64 (2,), int64 ())"
    parts = nn.data.random_split(data, [600, 400])
    assert repr(parts[1]) == f"Subset(400 examples, of {data!r})"
    assert repr(parts[0] + parts[1]).startswith(f"ConcatDataset(1,000 examples, {parts[0]!r}, Subset")
    assert repr(nn.data.transforms.ShiftedDataset(data)) == f"ShiftedDataset(5,000 examples, 5 times {data!r})"
    assert repr(TransformedDataset(data, np.abs)) == f"TransformedDataset(1,000 examples, of {data!r})"
    assert repr(Dataset()) == "Dataset()"
    loader = DataLoader(Random(), 4, shuffle=True, num_workers=2, drop_last=True)
    assert repr(loader) == "DataLoader(Random(23 examples), batch_size=4, shuffle=True, drop_last=True, num_workers=2)"
    assert repr(DataLoader([1, 2], batch_sampler=[[0]])) == "DataLoader(list)"


def test_batch_sampler_without_state():
    loader = DataLoader(Random(), batch_sampler=BatchSampler(SequentialSampler(range(4)), 2))
    loader.load_state_dict(loader.state_dict())
    plain = DataLoader(Random(), batch_sampler=[[0], [1]])
    batches = iter(plain)
    next(batches)
    plain.load_state_dict(plain.state_dict())
    assert_array_equal([b[0].data for b in plain], [[1]])
