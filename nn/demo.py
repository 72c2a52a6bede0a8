"""A tour in one command, `python -m nn.demo`: train a convolutional network, check its gradients, draw its graph."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
LEARNING_RATE = 4e-3

TRAINING, TEST = "training, with dropout", "test"  # the names of the curves


class Task(NamedTuple):
    """A data set to learn, for how many epochs, and how many filters that takes."""

    load: Callable[[], tuple[Arrays, Arrays]]
    epochs: int
    channels: tuple[int, int]


TASKS = {"digits": Task(load_digits, 20, (16, 64)), "mnist": Task(load_mnist, 2, (8, 16))}
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


@dataclass
class Training:
    """A network, what it learns from, and how it went."""

    model: ConvNet
    train: Arrays
    test: Arrays
    curves: Curves = field(
        default_factory=lambda: {"loss": {TRAINING: [], TEST: []}, "accuracy": {TRAINING: [], TEST: []}}
    )

    def __post_init__(self) -> None:
        self.loss_function = nn.CrossEntropyLoss()
        self.optimizer = nn.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)

    def run(self, epochs: int) -> None:
        """Train, with a progress bar."""
        loader = DataLoader(TensorDataset(*self.train), BATCH_SIZE, shuffle=True)
        with require("tqdm", "train").tqdm(total=epochs * len(loader), unit="batch") as bar:
            for epoch in range(1, epochs + 1):
                bar.set_description(f"epoch {epoch}/{epochs}")
                batches = []
                for images, labels in loader:
                    batches.append(self.step(images, labels))
                    bar.update()
                self.note(TRAINING, *np.average(batches, axis=0, weights=[size for _, _, size in batches])[:2])
                self.note(TEST, *evaluate(self.model, *self.test))
                bar.set_postfix_str(
                    f"loss {self.curves['loss'][TRAINING][-1]:.3f}, test accuracy {self.test_accuracy:.1%}"
                )

    def step(self, images: Tensor, labels: Tensor) -> tuple[float, float, int]:
        """Take one step down the gradient of a batch; return its loss, accuracy and size."""
        self.model.train()
        scores = self.model(images)
        loss = self.loss_function(scores, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), accuracy(scores, labels), len(labels)

    def note(self, which: str, loss: float, accuracy: float) -> None:
        """Append to the curves."""
        self.curves["loss"][which].append(float(loss))
        self.curves["accuracy"][which].append(float(accuracy))

    @property
    def test_accuracy(self) -> float:
        """The share of test images that were recognised after the last epoch."""
        return self.curves["accuracy"][TEST][-1]


def accuracy(scores: Tensor, labels: Any) -> float:
    """Return the share of rows whose largest score (N, C) is that of their label (N,)."""
    return float(np.mean(scores.detach().numpy().argmax(axis=1) == np.asarray(labels)))


@autograd.no_grad()
def evaluate(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return loss and accuracy on images (N, 1, H, W) with labels (N,)."""
    model.eval()
    scores = autograd.concatenate([model(images[i : i + 500]) for i in range(0, len(images), 500)])
    return nn.functional.cross_entropy(scores, labels).item(), accuracy(scores, labels)


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
    plot_filters(training.model.conv1.weight, paths[3], "the filters of the first layer")
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
    training = Training(ConvNet(train[0].shape[-1], task.channels), train, test)
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
