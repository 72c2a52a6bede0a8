"""A small training with everything random in it, run as a program that tests kill: `interrupted_training.py FOLDER`.

With a second argument N it kills itself at the N-th of: a batch, a write to the disk, a renaming. What it ends with it
prints: a hash of all weights, and the history. With more arguments, FOLDER N FOLDER N ..., each is run in a process of
its own, one after the other, which are forked from one that has everything imported; N = 0 is never.
"""

import hashlib
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np

import autograd
import nn
from nn.data import DataLoader, TensorDataset
from nn.train import (
    Callback,
    Checkpointing,
    CSVLog,
    DeadUnits,
    EarlyStopping,
    ExponentialMovingAverage,
    GradientClipping,
    JSONLLog,
    Schedule,
    Trainer,
    list_checkpoints,
    read_checkpoint,
)

EPOCHS = 5


class Noise(Callback):
    """Draws from the global generators, as users' own code may."""

    def after_step(self, trainer):
        with autograd.no_grad():
            trainer.model[0].bias += float(np.random.random() + random.random() - 1) * 1e-3  # noqa: NPY002


def data():
    rng = np.random.default_rng(7)
    return rng.normal(size=(40, 6)).astype(np.float32), rng.integers(0, 3, 40)


def make(folder):
    """Return a trainer and its loader; checkpoints and logs go into the folder."""
    autograd.manual_seed(3)
    np.random.seed(4)  # noqa: NPY002
    random.seed(5)
    layers = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3, generator=np.random.default_rng(1))
    model = nn.Sequential(*layers, nn.Dropout(0.1), nn.Linear(8, 3))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    callbacks = [
        Noise(), DeadUnits(), ExponentialMovingAverage(0.9), GradientClipping(1.0),
        Schedule(nn.optim.lr_scheduler.MultiStepLR(optimizer, [7, 11]), each="step"),
        EarlyStopping("validation_loss", patience=2, mode="max"),
        CSVLog(folder + "/log.csv"), JSONLLog(folder + "/log.jsonl", steps=2),
        Checkpointing(folder, steps=2, keep=2, best="validation_loss"),
    ]  # fmt: skip
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=[nn.train.accuracy], callbacks=callbacks)
    return trainer, DataLoader(TensorDataset(*data()), 8, shuffle=True, generator=np.random.default_rng(2))


def run(folder):
    """Train, or go on; return what it ended with."""
    trainer, loader = make(folder)
    history = trainer.fit(loader, validation=data(), epochs=EPOCHS, resume=True)
    weights = b"".join(value.data.tobytes() for value in trainer.model.state_dict().values())
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in history]
    logged = [json.loads(line) for line in Path(folder, "log.jsonl").read_text().splitlines()]
    logged = [{name: value for name, value in row.items() if name != "seconds"} for row in logged]
    lines = Path(folder, "log.csv").read_text().count("\n")
    return [hashlib.sha256(weights).hexdigest(), trainer.step, trainer.stopped, rows, logged, lines]


def warm_up():
    """Have everything loaded that the first step would load: what is to be killed is the training."""
    with tempfile.TemporaryDirectory() as folder:
        make(folder)[0].fit(data(), validation=data(), epochs=1)


def kill_at(count):
    """Have the process kill itself at the count-th event."""
    left = [count]

    def before(function):
        def called(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return called

    os.fsync, os.replace = before(os.fsync), before(os.replace)
    Noise.after_step = before(Noise.after_step)


def run_forked(folder, event):
    """Run in a forked process, and look at all checkpoints that it leaves."""
    process = os.fork()
    if not process:
        if event:
            kill_at(event)
        print(json.dumps(run(folder)), flush=True)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status == (-signal.SIGKILL if event else 0), status
    for path in list_checkpoints(folder):
        read_checkpoint(path)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        autograd.set_num_threads(1)  # threads would not be there in a forked process
        warm_up()
        for place, number in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
            run_forked(place, int(number))
        sys.exit()
    warm_up()
    if len(sys.argv) > 2:
        kill_at(int(sys.argv[2]))
    print("ready", flush=True)
    print(json.dumps(run(sys.argv[1])))
