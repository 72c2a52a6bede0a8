"""Trainings that are killed go on bit for bit; what was damaged on the disk is refused, all of it."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import interrupted_training
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from timing import within

import autograd
import nn
from autograd import Tensor
from nn.train import Checkpointing, EarlyStopping, Trainer, list_checkpoints, read_checkpoint, write_checkpoint
from nn.train.checkpoints import checkpoint_path
from nn.train.generators import Generators
from nn.train.trees import check_like, pack, unpack
from nn.weights import safetensors
from nn.weights.files import written_aside

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("safetensors"), reason="needs the extra 'weights'")
PROGRAM = Path(interrupted_training.__file__)


# --- killed -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unstopped(tmp_path_factory):
    """Return what the training ends with that is never stopped."""
    return finished(tmp_path_factory.mktemp("unstopped"))


def started(folder, *arguments):
    command = [sys.executable, PROGRAM, str(folder), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def finished(folder):
    with started(folder) as process:
        ready, result = process.stdout.read().splitlines()
    assert ready == b"ready"
    assert process.returncode == 0
    return json.loads(result)


def kill_at_event(folder, rng):
    """Have the training kill itself: at a batch, or while something is being written, flushed or renamed."""
    with started(folder, rng.randint(1, 60)) as process:
        process.stdout.read()
    return process.returncode == -signal.SIGKILL


def kill_after_a_while(folder, rng):
    with started(folder) as process:
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    return process.returncode == -signal.SIGKILL


def check_readable(folder):
    found = list_checkpoints(folder)
    for path in found:
        read_checkpoint(path)
    return found


def run_and_kill(folder, rng, kills, ways):
    """Start the training again and again, and kill it; then let it end. Return how often it was killed."""
    count = 0
    for i in range(kills):
        count += ways[i % len(ways)](folder, rng)
        check_readable(folder)
    return count


def test_killed_three_times_it_ends_the_same(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    runs = [whole, 0, killed, 5, killed, 33, killed, 58, killed, 0]  # 5: before anything is saved
    env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # processes are forked in it
    found = subprocess.run(
        [sys.executable, PROGRAM, *map(str, runs)], capture_output=True, text=True, check=True, env=env
    )
    expected, result = map(json.loads, found.stdout.splitlines())
    assert result == expected
    assert expected[1] > 15
    assert "has not improved" in expected[2]
    names = {path.name for path in killed.iterdir()}
    assert names == {"best.safetensors", "log.csv", "log.jsonl", *(path.name for path in list_checkpoints(killed))}
    assert len(list_checkpoints(killed)) == 2


@pytest.mark.slow
def test_killed_fifty_times_it_ends_the_same(tmp_path, unstopped):
    rng, kills, number = random.Random(11), 0, 0
    while kills < 50:
        folder = tmp_path / str(number)
        folder.mkdir()
        number += 1
        kills += run_and_kill(folder, rng, rng.randint(1, 4), (kill_at_event, kill_after_a_while))
        assert finished(folder) == unstopped
    print(f"{kills} kills in {number} trainings")


@pytest.mark.slow
def test_interrupted_by_ctrl_c_it_ends_soon_and_the_checkpoint_is_whole(tmp_path, unstopped):
    def run():
        with started(tmp_path) as process:
            process.stdout.readline()
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            process.stdout.read()
            process.wait()
            taken = time.monotonic() - began
        assert process.returncode not in (0, -signal.SIGKILL)
        assert check_readable(tmp_path)
        return taken

    for _ in range(3):
        within(2, run)
    assert finished(tmp_path) == unstopped


# --- in this process --------------------------------------------------------------------------------------------------


class Interrupt(nn.train.Callback):
    """Raises KeyboardInterrupt after a step."""

    def __init__(self, step):
        self.step = step

    def after_step(self, trainer):
        if trainer.step == self.step:
            raise KeyboardInterrupt


def small(folder, *callbacks, steps=1, seed=0):
    autograd.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    saving = [Checkpointing(folder, steps=steps)] if folder else []
    return Trainer(model, nn.CrossEntropyLoss(), optimizer, callbacks=[*callbacks, *saving])


def batches(count=4):
    rng = np.random.default_rng(5)
    return [(rng.normal(size=(4, 3)).astype(np.float32), rng.integers(0, 2, 4)) for _ in range(count)]


def weights(trainer):
    return {name: value.data.copy() for name, value in trainer.model.state_dict().items()}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        assert_array_equal(found[name], expected[name])


class Shuffled:
    """A loader without `state_dict` that draws an order, and noise for every batch, from the default generator."""

    def __iter__(self):
        rng = autograd.default_generator()
        for i in rng.permutation(4):
            x, y = batches()[i]
            yield x + rng.normal(size=x.shape).astype(np.float32), y


def prefetched():
    x, y = (np.concatenate(parts) for parts in zip(*batches()))
    return nn.data.DataLoader(nn.data.TensorDataset(x, y), 4, shuffle=True, prefetch_factor=2)


@pytest.mark.parametrize("kind", [batches, Shuffled, prefetched])
def test_any_loader_goes_on_in_the_middle_of_an_epoch(tmp_path, kind):
    whole = small(None)
    whole.fit(kind(), epochs=3)
    first = small(tmp_path, Interrupt(6))
    with pytest.raises(KeyboardInterrupt):
        first.fit(kind(), epochs=3)
    assert [row["epoch"] for row in first.history] == [1]
    again = small(tmp_path, Interrupt(99), seed=77)
    again.fit(kind(), epochs=3, resume=True)
    assert_same(weights(again), weights(whole))
    assert again.history["loss"] == whole.history["loss"]
    assert again.step == 12


def test_resuming_from_paths_and_going_on_longer(tmp_path):
    whole = small(None)
    whole.fit(batches(), epochs=4)
    small(tmp_path).fit(batches(), epochs=2)
    path = checkpoint_path(tmp_path, 8)
    for source in (path, str(tmp_path), True):
        again = small(tmp_path, seed=5)
        assert len(again.fit(batches(), epochs=4, resume=source)) == 4
        assert_same(weights(again), weights(whole))
        for later in list_checkpoints(tmp_path):
            if later > path:
                later.unlink()
        (tmp_path / path.name).exists() or small(tmp_path).fit(batches(), epochs=2, resume=True)


def test_resuming_what_has_ended_changes_nothing(tmp_path):
    first = small(tmp_path, EarlyStopping("loss", patience=0, min_delta=100.0))
    first.fit(batches(), epochs=9)
    again = small(tmp_path, EarlyStopping("loss", patience=0, min_delta=100.0), seed=5)
    again.fit(batches(), epochs=9, resume=True)
    assert again.stopped == first.stopped is not None
    assert_same(weights(again), weights(first))
    assert again.history.rows == first.history.rows


def test_modules_stay_in_eval_mode_in_the_middle_of_an_epoch(tmp_path):
    class Frozen(nn.train.Callback):
        def begin_epoch(self, trainer):
            trainer.model[1].eval()

    first = small(tmp_path, Frozen(), Interrupt(2))
    with pytest.raises(KeyboardInterrupt):
        first.fit(batches())
    again, whole = small(tmp_path, Frozen(), Interrupt(99)), small(None, Frozen())
    again.fit(batches(), resume=True)
    whole.fit(batches())
    assert_same(weights(again), weights(whole))


def test_frozen_parameters_stay_frozen(tmp_path):
    first = small(tmp_path)
    nn.train.freeze(first.model, "0")
    first.fit(batches(), epochs=1)
    again = small(tmp_path)
    again.fit(batches(), epochs=2, resume=True)
    assert [p.requires_grad for p in again.model.parameters()] == [False, False, True, True]


def test_keeps_the_last_few_and_the_best(tmp_path):
    values = iter([3.0, 1.0, 2.0, 0.5, 4.0])
    trainer = small(None)
    saving = Checkpointing(tmp_path, epochs=2, keep=2, best="score", mode="max")
    trainer = Trainer(trainer.model, trainer.loss_function, trainer.optimizer, callbacks=[saving])
    saving.end_epoch = lambda t, end=saving.end_epoch: (t.row.update(score=next(values)), end(t))
    trainer._listeners["end_epoch"] = [saving.end_epoch]
    trainer.fit(batches(), epochs=5)
    assert [path.name for path in list_checkpoints(tmp_path)] == [f"checkpoint-{n:010d}.safetensors" for n in (16, 20)]
    assert read_checkpoint(saving.best_path)["epoch"] == 5


def test_another_run_is_not_overwritten(tmp_path):
    trainer = small(tmp_path)
    trainer.fit(batches())
    trainer.fit(batches())  # its own
    with pytest.raises(FileExistsError, match="checkpoints of another run"):
        small(tmp_path).fit(batches())


def test_wrong_places_are_named(tmp_path):
    with pytest.raises(ValueError, match="Checkpointing callback, of which there is none"):
        small(None).fit(batches(), resume=True)
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        small(None).fit(batches(), resume=tmp_path)
    assert small(tmp_path).fit(batches(), resume=True)["epoch"] == [1]  # nothing there yet: begin


# --- damaged ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    small(folder, EarlyStopping("loss")).fit(batches())
    return list_checkpoints(folder)[-1].read_bytes()


def truncated(content, rng):
    return content[: rng.randrange(len(content))]


def bit_flipped(content, rng):
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]


def overwritten(content, rng):
    at, length = rng.randrange(len(content)), rng.randrange(1, 40)
    return content[:at] + rng.randbytes(length) + content[at + length :]


def header_changed(content, rng):
    """A bit of the metadata, in which the state is, changed."""
    size = int.from_bytes(content[:8], "little")
    at = 8 + rng.randrange(size)
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(7)]) + content[at + 1 :]


@pytest.mark.parametrize("damage", [truncated, bit_flipped, overwritten, header_changed])
def test_damaged_files_are_refused_and_nothing_changes(tmp_path, saved, damage):
    rng = random.Random(damage.__name__)
    path = tmp_path / "checkpoint-0000000004.safetensors"
    trainer = small(tmp_path / "own", EarlyStopping("loss"), seed=3)
    trainer.fit(batches())
    before, states = weights(trainer), autograd.default_generator().bit_generator.state
    for _ in range(50):
        content = damage(saved, rng)
        if content == saved:
            continue
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"checkpoint-0000000004\.safetensors is no intact"):
            trainer.fit(batches(), resume=path)
        assert_same(weights(trainer), before)
        assert autograd.default_generator().bit_generator.state == states
        assert trainer.epoch == 1


def changed(key, value):
    def change(state):
        state[key] = value

    return change


def inside(*keys, value):
    def change(state):
        for key in keys[:-1]:
            state = state[key]
        state[keys[-1]] = value

    return change


HOSTILE = {
    "another model": inside("model", "0.weight", value=np.zeros((9, 9))),
    "no weight": lambda state: state["model"].pop("0.bias"),
    "one weight more": inside("model", "extra", value=np.zeros(3)),
    "text for weights": inside("model", "0.bias", value="zeros"),
    "nothing for the model": changed("model", None),
    "state of the optimizer": inside("optimizer", "state", 0, "exp_avg", value=np.zeros(2)),
    "no groups": inside("optimizer", "param_groups", value=[]),
    "groups of text": inside("optimizer", "param_groups", value="params"),
    "negative rate": inside("optimizer", "param_groups", 0, "lr", value=-1.0),
    "epoch is text": changed("epoch", "one"),
    "negative step": changed("step", -1),
    "batch is a bool": changed("batch", True),
    "batch is no integer": changed("batch", 1.5),
    "sums are text": changed("sums", {"loss": "1"}),
    "history of numbers": changed("history", [1, 2]),
    "frozen numbers": changed("frozen", [1]),
    "numbers of modules": changed("evaluating", [1]),
    "frozen is a tuple of text": changed("frozen", ("0.bias", 2)),
    "stopped is a number": changed("stopped", 1),
    "another callback": inside("callbacks", 0, 0, value="os.system"),
    "no callbacks": changed("callbacks", []),
    "early stopping of text": inside("callbacks", 0, 1, value="best"),
    "best weights of others": inside("callbacks", 0, 1, "weights", "0.bias", value=np.zeros(9)),
    "best number is text": inside("callbacks", 0, 1, "best", value="1"),
    "the best of Checkpointing is text": inside("callbacks", 1, 1, "best_value", value="1"),
    "another generator": inside("random", "default", "bit_generator", value="MT19937"),
    "state too large": inside("random", "default", "state", "state", value=2**200),
    "python's state": inside("random", "python", value=(3, np.zeros(3, np.uint32), None)),
    "no random states": changed("random", {}),
    "no feed": changed("feed", 1),
    "a key more": changed("__class__", "os.system"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_states_are_refused_and_nothing_changes(tmp_path, saved, name):
    path = tmp_path / "a.safetensors"
    path.write_bytes(saved)
    state = read_checkpoint(path)
    small(tmp_path / "fits", EarlyStopping("loss"), seed=3).fit(batches(), resume=path)
    HOSTILE[name](state)
    write_checkpoint(path, state)
    trainer = small(tmp_path / "own", EarlyStopping("loss"), seed=3)
    trainer.fit(batches())
    optimizer = trainer.optimizer.state_dict()["param_groups"]
    before, states, rows = weights(trainer), autograd.default_generator().bit_generator.state, list(trainer.history)
    with pytest.raises(ValueError, match=r"a\.safetensors does not fit this training, which stays as it was: "):
        trainer.fit(batches(), resume=path)
    assert_same(weights(trainer), before)
    assert autograd.default_generator().bit_generator.state == states
    assert trainer.optimizer.state_dict()["param_groups"] == optimizer
    assert (trainer.epoch, trainer.batch, trainer.step, list(trainer.history)) == (1, 0, 4, rows)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "NaN", "[" * 100_000, '{"kind": "os.system", "items": []}', '{"kind": "array"}', '{"kind": "tuple"}',
        '{"kind": "array", "name": "nowhere"}', '{"kind": "float", "value": "__import__"}', '{"a": -Infinity}',
        '{"kind": "dict", "items": [[1]]}', '{"kind": "dict", "items": [[[1], 2]]}', '{"kind": ["array"]}', "1" * 9999,
    ],
)  # fmt: skip
def test_hostile_json_is_refused(tmp_path, text):
    path = tmp_path / "a.safetensors"
    with written_aside(path) as file:
        safetensors.write(file, {}, {"forkgrad.checkpoint": "1", "state": text})
    with pytest.raises(ValueError, match=r"a\.safetensors is no intact checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("arrays", "notes"),
    [
        ({"left": np.zeros(3)}, {"forkgrad.checkpoint": "1", "state": "{}"}),
        ({}, {"forkgrad.checkpoint": "2", "state": "{}"}),
        ({}, {"state": "{}"}),
        ({}, {"forkgrad.checkpoint": "1", "state": "{}", "more": "1"}),
    ],
)
def test_other_safetensors_are_refused(tmp_path, arrays, notes):
    path = tmp_path / "a.safetensors"
    with written_aside(path) as file:
        safetensors.write(file, arrays, notes)
    with pytest.raises(ValueError, match=r"a\.safetensors is no intact checkpoint"):
        read_checkpoint(path)


def test_pickles_are_not_read(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / "checkpoint-0000000001.safetensors"
    path.write_bytes(__import__("pickle").dumps(Bomb()))
    with pytest.raises(ValueError, match="no intact safetensors file"):
        small(tmp_path).fit(batches(), resume=True)
    assert not (tmp_path / "ran").exists()


# --- the parts --------------------------------------------------------------------------------------------------------


def test_trees_come_back_as_they_were():
    tree = {
        "a": [1, 2.5, None, True, "text", float("inf"), 2**200], "b": (1, (2, [3])), 3: Counter({7: 2}), "kind": "x",
        "c": np.arange(6.0).reshape(2, 3), "d": np.float32(0.5), "e": np.array(1 + 2j), "f": np.zeros((0, 2), np.int8),
        "g": np.array([1 + 2j], np.complex64), "h": np.array(True), "a.b": np.ones(1), "i": {"b": np.zeros(1)},
        ("a", 1): {}, "j": np.arange(6).reshape(2, 3).T,
    }  # fmt: skip
    packed, arrays = pack(tree)
    again = unpack(json.loads(json.dumps(packed, allow_nan=False)), arrays)
    assert again.keys() == tree.keys()
    for key, value in tree.items():
        assert type(again[key]) is type(value)
        if isinstance(value, np.ndarray | np.generic):
            assert again[key].dtype == value.dtype
            assert_array_equal(again[key], value)
        elif key != "i":
            assert again[key] == value
    assert np.isnan(unpack(*pack(float("nan"))))
    tensor = unpack(*pack(Tensor([1.0, 2.0])))
    assert isinstance(tensor, Tensor)
    assert tensor.tolist() == [1.0, 2.0]


def test_keys_with_dots_do_not_collide():
    tree = {"a.b": np.zeros(1), "a": {"b": np.ones(1)}}
    again = unpack(*pack(tree))
    assert again["a.b"] == 0
    assert again["a"]["b"] == 1


def test_form_of_states():
    check_like({"a": None, "b": [1, 2], "c": 0}, {"a": "x", "b": [], "c": 2.5}, "s")
    for own, given, said in (
        ({"a": 1}, {"b": 1}, "s: a, b is on one side only"),
        ((1, 2), (1,), "s: must have 2 items, not 1"),
        ([1], "1", "s: must be a sequence, not a str"),
        (np.zeros(2), np.zeros(3), r"s: must have shape \(2,\), not \(3,\)"),
    ):
        with pytest.raises(ValueError, match=said):
            check_like(own, given, "s")


class Slotted:
    __slots__ = ("generator",)

    def __init__(self):
        self.generator = np.random.default_rng(4)


def test_generators_are_found_wherever_they_are():
    closed = np.random.default_rng(1)
    legacy, python = np.random.RandomState(3), random.Random(4)

    def transform(x, noise=np.random.default_rng(2)):  # noqa: B008
        return x + closed.random() + noise.random()

    things = {"transform": transform, "others": [legacy, {"deep": (python,)}], "slotted": Slotted(), "again": closed}
    generators = Generators(data=things)
    expected = {"default", "numpy", "python", "data.transform.closed", "data.transform.defaults.0", "data.others.0",
                "data.others.1.deep.0", "data.slotted.generator"}  # fmt: skip
    closed_name = {"data.again"}
    assert set(generators.state()) == expected - {"data.transform.closed"} | closed_name

    def draws():
        mine = [autograd.default_generator().random(), np.random.random(), random.random()]  # noqa: NPY002
        return [*mine, transform(0), legacy.random(), python.random(), things["slotted"].generator.random()]

    state = unpack(*pack(generators.state()))
    first = draws()
    assert draws() != first
    generators.set_state(state)
    assert draws() == first
    with pytest.raises(ValueError, match="default"):
        generators.set_state({name: value for name, value in state.items() if name != "default"})


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_every_kind_of_generator_is_saved(kind, tmp_path):
    generator = np.random.Generator(getattr(np.random, kind)(3))
    generator.random(5, np.float32)  # half of a 64-bit number is kept for the next
    generators = Generators(it=generator)
    write_checkpoint(tmp_path / "a.safetensors", generators.state())
    first = generator.random(7, np.float32)
    generators.set_state(read_checkpoint(tmp_path / "a.safetensors"))
    assert_array_equal(generator.random(7, np.float32), first)


def test_nothing_is_left_when_writing_fails(tmp_path):
    write_checkpoint(tmp_path / "a.safetensors", {"old": 1})
    with pytest.raises(TypeError, match=r"state\.new is a set"):
        write_checkpoint(tmp_path / "a.safetensors", {"new": {1}})
    assert read_checkpoint(tmp_path / "a.safetensors") == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
