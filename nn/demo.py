"""A tour in one command, `python -m nn.demo`: train a convolutional network, check its gradients, draw its graph."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
from autograd import Tensor
from nn.data import DataLoader, TensorDataset, load_digits, load_mnist
from nn.data.digits import Arrays
from nn.extras import require
from nn.visualize import plot_curves, plot_filters

BATCH_SIZE = 64

TRAINING, TEST = "training, with dropout", "test"  # the names of the curves
Curves = dict[str, dict[str, list[float]]]


class ConvNet(nn.Module):
    """Two convolutions, each with a rectifier and pooling, then a linear layer.

    Args:
        image_size: H = W of the images, a multiple of 4.
        channels: how many filters the convolutions have.

    Shapes:
        images (N, 1, H, W), floating; scores (N, 10).

    >>> ConvNet(8, (16, 64))(np.zeros((5, 1, 8, 8))).shape
    (5, 10)
    """

    def __init__(self, image_size: int, channels: tuple[int, int]) -> None:
        self.conv1 = nn.Conv2d(1, channels[0], kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.4)
        self.linear = nn.Linear(channels[1] * (image_size // 4) ** 2, 10)

    def forward(self, images: Any) -> Tensor:
        """Return a score for each digit (N, 10), for images (N, 1, H, W)."""
        x = self.pool(nn.functional.relu(self.conv1(images)))  # (N, channels[0], H/2, W/2)
        x = self.pool(nn.functional.relu(self.conv2(x)))  # (N, channels[1], H/4, W/4)
        x = self.dropout(self.flatten(x))  # (N, channels[1] * H/4 * W/4)
        return self.linear(x)  # type: ignore[no-any-return]


class LeNet(nn.Module):
    """Two convolutions, each with a rectifier and pooling, then a hidden layer of 100 units and one of 10.

    Source: Nielsen, Neural networks and deep learning (2015), chapter 6, of the LeNet family; with its rectifiers and
    dropout.

    Shapes:
        images (N, 1, 28, 28), floating; scores (N, 10).

    >>> LeNet()(np.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """

    def __init__(self) -> None:
        self.conv1 = nn.Conv2d(1, 20, kernel_size=5)
        self.conv2 = nn.Conv2d(20, 40, kernel_size=5)
        self.pool = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(640, 100)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(100, 10)

    def forward(self, images: Any) -> Tensor:
        """Return a score for each digit (N, 10), for images (N, 1, 28, 28)."""
        x = nn.functional.relu(self.pool(self.conv1(images)))  # (N, 20, 12, 12); the same as pooling after it, but less
        x = nn.functional.relu(self.pool(self.conv2(x)))  # (N, 40, 4, 4)
        x = nn.functional.relu(self.hidden(self.flatten(x)))  # (N, 100)
        return self.linear(self.dropout(x))  # type: ignore[no-any-return]


class Task(NamedTuple):
    """A data set to learn, for how many epochs, by which network, at which highest learning rate."""

    load: Callable[[], tuple[Arrays, Arrays]]
    epochs: int
    model: Callable[[], nn.Module]
    rate: float


TASKS = {
    "digits": Task(load_digits, 20, lambda: ConvNet(8, (16, 64)), 8e-3),
    "mnist": Task(load_mnist, 3, LeNet, 5e-3),
}


class Training:
    """A network, what it learns from, and how it went."""

    def __init__(self, task: Task, train: Arrays, test: Arrays) -> None:
        self.model, self.rate = task.model(), task.rate
        self.train, self.test = train, test
        self.loss_function = nn.CrossEntropyLoss()
        self.history = nn.train.History()

    def prepare(self, epochs: int) -> tuple[nn.train.Trainer, DataLoader]:
        """Return the trainer and the batches for so many epochs."""
        optimizer = nn.optim.Adam(self.model.parameters(), lr=self.rate)
        batches = DataLoader(TensorDataset(*self.train), BATCH_SIZE, shuffle=True)
        rates = nn.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, total_steps=epochs * len(batches))
        trainer = nn.train.Trainer(
            self.model, self.loss_function, optimizer, metrics=[nn.train.accuracy],
            callbacks=[nn.train.Schedule(rates, each="step")],
        )  # fmt: skip
        return trainer, batches

    def run(self, epochs: int) -> None:
        """Train, with a progress bar where there is a terminal."""
        trainer, batches = self.prepare(epochs)
        self.history = trainer.fit(batches, TensorDataset(*self.test), epochs, batch_size=500)

    @property
    def curves(self) -> Curves:
        """Loss and accuracy over the epochs, for training and test images."""
        columns = {name: (self.history[name], self.history[f"validation_{name}"]) for name in ("loss", "accuracy")}
        return {name: {TRAINING: train, TEST: test} for name, (train, test) in columns.items()}

    @property
    def test_accuracy(self) -> float:
        """The share of test images that were recognised after the last epoch."""
        return self.curves["accuracy"][TEST][-1]


def check_gradients(images: np.ndarray, labels: np.ndarray) -> Any:
    """Return gradcheck's report on the loss of a small ConvNet in float64, with respect to all its parameters."""
    model = ConvNet(images.shape[-1], channels=(2, 3)).double().eval()
    names, parameters = zip(*model.named_parameters(), strict=True)

    def loss(*values: Tensor) -> Tensor:
        scores = nn.functional_call(model, dict(zip(names, values, strict=True)), images)
        return nn.functional.cross_entropy(scores, labels)

    inputs = [Tensor(p.data, requires_grad=True, name=name) for name, p in zip(names, parameters, strict=True)]
    return autograd.gradcheck(loss, tuple(inputs))


def draw(training: Training, folder: Path) -> list[Path]:
    """Write the pictures; return their paths."""
    paths = [folder / name for name in ("graph.svg", "graph.png", "curves.png", "filters.png")]
    images, labels = (part[:BATCH_SIZE] for part in training.train)
    training.model.train()
    loss = training.loss_function(training.model(images), labels)
    autograd.render(loss, paths[0], direction="TB")
    autograd.render(loss, paths[1], direction="TB")
    plot_curves(training.curves, paths[2])
    plot_filters(training.model.get_parameter("conv1.weight"), paths[3], "the filters of the first layer")
    return paths


def check_requirements(folder: Path) -> None:
    """Raise, before any work is done, when something that the demo will need is missing."""
    require("tqdm", "train")
    require("matplotlib", "plot")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as trial:
        autograd.render(Tensor(1.0, requires_grad=True) + 1.0, Path(trial) / "trial.svg")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m nn.demo", description=__doc__)
    parser.add_argument(
        "--data", choices=TASKS, default="digits",
        help="digits: 1,797 images of 8x8 that come with the package (default); mnist: 70,000 images of 28x28, read "
        "from the folder that the environment variable FORKGRAD_DATA names",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=int, metavar="N",
        help="how often to go through the training images (default: "
        + ", ".join(f"{task.epochs} for {name}" for name, task in TASKS.items()) + ")",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, metavar="N", default=0, help="seed of all random numbers (default: 0)")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", default=Path("demo_output"),
        help="folder to write the pictures into, made if it is not there (default: demo_output)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    options.epochs = TASKS[options.data].epochs if options.epochs is None else options.epochs
    if options.epochs < 1 or options.seed < 0:
        parser.error("--epochs must be at least 1, and --seed at least 0")
    return options


def main(arguments: Sequence[str] | None = None) -> Training:
    """Run the demo; return the trained network with its history."""
    options = parse(arguments)
    task = TASKS[options.data]
    start = time.perf_counter()
    try:
        check_requirements(options.output)
        train, test = task.load()
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        raise SystemExit(f"python -m nn.demo: {error}") from error
    autograd.manual_seed(options.seed)
    training = Training(task, train, test)
    size = sum(p.size for p in training.model.parameters())
    print(f"Training on {len(train[0]):,} images of '{options.data}', testing on {len(test[0]):,}.")
    print(f"{training.model!r}\n{size:,} parameters")
    training.run(options.epochs)
    right = round(training.test_accuracy * len(test[0]))
    print(f"\nTest accuracy: {training.test_accuracy:.2%} ({right:,} of {len(test[0]):,})")
    print("\nGradient check of the loss, for the same network with 2 and 3 channels, two images, in float64:")
    print(check_gradients(train[0][:2], train[1][:2]))
    print("\nPictures:", *(f"  {path}" for path in draw(training, options.output)), sep="\n")
    print(f"\nDone in {time.perf_counter() - start:.0f} s.")
    return training


if __name__ == "__main__":
    main()
