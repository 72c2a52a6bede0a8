"""The sequence of networks of Nielsen's chapter on deep learning, trained on MNIST as published there.

    pip install -e ".[all]"                                # FORKGRAD_DATA names the folder with MNIST's files
    python benchmarks/mnist_table.py --row conv1 --seed 0  # one row: fc conv1 conv2 relu expanded fc2 dropout ensemble
    python benchmarks/mnist_table.py --all                 # all of them, with three seeds for the cheap ones
    python benchmarks/mnist_table.py --row relu --epochs 2 --examples 5000 --output build/trial  # a trial

Run the same command again after it was interrupted: it goes on where it was, and ends as if it had never been. What is
done already is not done again. Each run appends a line to mnist_table.jsonl; MNIST.md, a table beside the published
figures, and mnist_table.png, the curves, are made of that. A run computes on one thread; on more cores start commands
for several rows at once.

Source: M. Nielsen, Neural networks and deep learning (2015), chapter 6, and network3.py of its code repository.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn
from nn.data import DataLoader, Dataset, TensorDataset, load_digits, load_mnist
from nn.data.transforms import ShiftedDataset
from nn.train import Checkpointing, Ensemble, Trainer, accuracy, load_model

BATCH_SIZE = 10
CHECKPOINT_STEPS = 5_000
MEMBERS = 5  # of the ensemble
Arrays = tuple[np.ndarray, np.ndarray]
Parts = tuple[Arrays, Arrays, Arrays]  # for training, validation and test
Record = dict[str, Any]


# --- the chapter's networks -----------------------------------------------------------------------------------------


class WeightedDropout(nn.Dropout):
    """Dropout that multiplies by 1 - p in use instead of dividing by it in training, as the chapter's code does.

    For the same learning rate and initial weights that is another training: dividing doubles what the next layer gets
    at p = 0.5, and with it the gradients of its weights.
    """

    def forward(self, input: Any) -> autograd.Tensor:
        return super().forward(input) * (1 - self.p)


def convolution_pooling(inputs: int, filters: int, activation: type[nn.Module]) -> list[nn.Module]:
    """Return a convolution by 5x5 filters, max-pooling of 2x2, then the activation."""
    return [nn.Conv2d(inputs, filters, kernel_size=5), nn.MaxPool2d(2), activation()]


def fully_connected(inputs: int, units: int, activation: type[nn.Module], dropout: float = 0) -> list[nn.Module]:
    """Return a hidden layer, with dropout of what comes in."""
    return [*([WeightedDropout(dropout)] if dropout else []), nn.Linear(inputs, units), activation()]


def softmax(inputs: int, dropout: float = 0) -> list[nn.Module]:
    """Return the last layer; the loss takes the softmax."""
    return [*([WeightedDropout(dropout)] if dropout else []), nn.Linear(inputs, 10)]


def shallow() -> nn.Sequential:
    """Return the network of one fully connected layer."""
    return nn.Sequential(nn.Flatten(), *fully_connected(784, 100, nn.Sigmoid), *softmax(100))


def one_convolution() -> nn.Sequential:
    """Return the network of one convolution-pooling layer and a fully connected one."""
    return nn.Sequential(
        *convolution_pooling(1, 20, nn.Sigmoid),  # (N, 20, 12, 12)
        nn.Flatten(), *fully_connected(20 * 12 * 12, 100, nn.Sigmoid), *softmax(100),
    )  # fmt: skip


def two_convolutions(activation: type[nn.Module], units: Sequence[int] = (100,), dropout: float = 0) -> nn.Sequential:
    """Return the network of two convolution-pooling layers and so many units in fully connected ones."""
    sizes = [40 * 4 * 4, *units]
    hidden = [layer for k, n in enumerate(units) for layer in fully_connected(sizes[k], n, activation, dropout)]
    return nn.Sequential(
        *convolution_pooling(1, 20, activation),  # (N, 20, 12, 12)
        *convolution_pooling(20, 40, activation),  # (N, 40, 4, 4)
        nn.Flatten(), *hidden, *softmax(sizes[-1], dropout),
    )  # fmt: skip


def initialize(model: nn.Sequential) -> nn.Sequential:
    """Give a network the chapter's initial values: weights normal with variance 1 / outputs, biases standard normal.

    The outputs of a filter count as its size over that of the pooling, and the softmax layer starts at zero.
    """
    *layers, last = (layer for layer in model if isinstance(layer, nn.Conv2d | nn.Linear))
    for layer in layers:
        weight, bias = layer.parameters()
        outputs = weight.shape[0] * (25 / 4 if isinstance(layer, nn.Conv2d) else 1)
        nn.init.normal_(weight, std=outputs**-0.5)
        nn.init.normal_(bias)
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
    return model


class Row(NamedTuple):
    """A row of the table: a network, how it is trained, and the published test accuracy in per cent."""

    title: str
    published: float
    network: Callable[[], nn.Sequential]
    rate: float  # eta
    epochs: int = 60
    penalty: float = 0  # lambda, of half the squared weights, divided by the number of batches
    expanded: bool = False
    seeds: tuple[int, ...] = (0,)


def _relu(*units: int, dropout: float = 0) -> Callable[[], nn.Sequential]:
    return lambda: two_convolutions(nn.ReLU, units, dropout)


CHEAP = (0, 1, 2)
ROWS = {
    "fc": Row("a fully connected layer", 97.80, shallow, 0.1, seeds=CHEAP),
    "conv1": Row("one convolution-pooling layer", 98.78, one_convolution, 0.1, seeds=CHEAP),
    "conv2": Row("two of them", 99.06, lambda: two_convolutions(nn.Sigmoid), 0.1, seeds=CHEAP),
    "relu": Row("rectified linear units", 99.23, _relu(100), 0.03, penalty=0.1, seeds=CHEAP),
    "expanded": Row("expanded data", 99.37, _relu(100), 0.03, penalty=0.1, expanded=True),
    "fc2": Row("a second fully connected layer", 99.43, _relu(100, 100), 0.03, penalty=0.1, expanded=True),
    "dropout": Row(
        "dropout and 1,000 units", 99.60, _relu(1000, 1000, dropout=0.5), 0.03, 40, expanded=True,
        seeds=tuple(range(MEMBERS)),
    ),
}  # fmt: skip
ENSEMBLE, ENSEMBLE_TITLE, ENSEMBLE_PUBLISHED = "ensemble", "an ensemble of five, by vote", 99.67


# --- data -----------------------------------------------------------------------------------------------------------


def enlarged_digits() -> tuple[Arrays, Arrays]:
    """Return the bundled digits as images of 28x28: each pixel three times in both directions, and a border of 2."""
    border = [(0, 0), (0, 0), (2, 2), (2, 2)]
    train, test = ((np.pad(x.repeat(3, axis=2).repeat(3, axis=3), border), y) for x, y in load_digits())
    return train, test


def load_parts(options: argparse.Namespace) -> Parts:
    """Return training, validation and test images (N, 1, 28, 28) with their digits (N,).

    The last sixth of the training images is for validation, as there: of MNIST 10,000. Fewer examples are the first of
    each part, and a fifth as many for validation and test.
    """
    (x, y), test = load_mnist(download=options.download) if options.data == "mnist" else enlarged_digits()
    cut = len(x) - len(x) // 6
    train, validation = (x[:cut], y[:cut]), (x[cut:], y[cut:])
    if options.examples:
        few = max(1, options.examples // 5)
        train = train[0][: options.examples], train[1][: options.examples]
        validation, test = ((x[:few], y[:few]) for x, y in (validation, test))
    return train, validation, test


# --- runs -----------------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """A network to train: which, from which seed, for how long, on what."""

    row: str
    seed: int
    epochs: int
    examples: int | None
    data: str

    @property
    def is_trial(self) -> bool:
        """Whether it is less than what was published."""
        return self.data != "mnist" or bool(self.examples) or self.epochs != row_epochs(self.row)

    @property
    def folder(self) -> str:
        """The name of the folder of its checkpoints."""
        return f"{self.row}-{self.seed}" + f"-{self.epochs}-{self.examples}-{self.data}" * self.is_trial


def row_epochs(row: str) -> int:
    """Return for how many epochs a row's networks were trained."""
    return ROWS["dropout" if row == ENSEMBLE else row].epochs


def make_trainer(row: Row, batches: DataLoader, checkpoints: Checkpointing) -> Trainer:
    """Return the trainer of a new network."""
    model = initialize(row.network())
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    groups = [{"params": weights, "weight_decay": row.penalty / len(batches)}, {"params": biases}]
    optimizer = nn.optim.SGD(groups, lr=row.rate)
    return Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=[accuracy], callbacks=[checkpoints])


def prepare(run: Run, train: Arrays, checkpoints: Path) -> tuple[Trainer, DataLoader, Checkpointing]:
    """Return all that a run is made of, at its beginning."""
    row = ROWS[run.row]
    autograd.manual_seed(run.seed)  # initial values, the order of the images, dropout
    dataset: Dataset = TensorDataset(*train)
    dataset = ShiftedDataset(dataset) if row.expanded else dataset
    batches = DataLoader(dataset, BATCH_SIZE, shuffle=True, drop_last=True)
    saving = Checkpointing(
        checkpoints / run.folder, steps=CHECKPOINT_STEPS, keep=2, best="validation_accuracy", mode="max"
    )
    return make_trainer(row, batches, saving), batches, saving


def train(run: Run, parts: Parts, checkpoints: Path) -> Record:
    """Train a network, or the rest of it; return the record of the run.

    The test images are looked at once, by the network of the epoch with the best validation accuracy.
    """
    trainer, batches, saving = prepare(run, parts[0], checkpoints)
    history = trainer.fit(batches, DataLoader(TensorDataset(*parts[1]), 500), run.epochs, resume=True)
    load_model(trainer.model, saving.best_path)
    best = history.best("validation_accuracy", "max")
    return run._asdict() | {
        "trial": run.is_trial,
        "best_epoch": best["epoch"],
        "validation_accuracy": best["validation_accuracy"],
        "test_accuracy": share_right(trainer.model.eval(), parts[2]),
        "seconds": sum(history["seconds"]),
        **circumstances(),
        "curves": {name: history[name] for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")},
    }


def vote(run: Run, parts: Parts, table: "Table", checkpoints: Path) -> Record:
    """Train the networks of an ensemble, as far as they are not there; return the record of what they decide."""
    models, records = [], []
    for k in range(MEMBERS):
        member = run._replace(row="dropout", seed=MEMBERS * run.seed + k)
        best = checkpoints / member.folder / "best.safetensors"
        records.append(run_once(member, parts, table, checkpoints, again=not best.is_file()))
        models.append(load_model(ROWS["dropout"].network(), best))
    return run._asdict() | {
        "trial": run.is_trial,
        "members": [record["test_accuracy"] for record in records],
        "test_accuracy": share_right(Ensemble(models, how="vote").eval(), parts[2]),
        "seconds": sum(record["seconds"] for record in records),
        **circumstances(),
    }


def share_right(model: nn.Module, data: Arrays, size: int = 500) -> float:
    """Return the accuracy of a model in use, computed on so many images at a time."""
    with autograd.no_grad():
        answers = [model(data[0][i : i + size]).argmax(axis=1).data for i in range(0, len(data[0]), size)]
    return float(np.mean(np.concatenate(answers) == data[1]))


def circumstances() -> Record:
    """Return what else a reader of a record may want to know."""
    return {
        "threads": autograd.get_num_threads(), "numpy": np.__version__, "finished": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def run_once(run: Run, parts: Parts, table: "Table", checkpoints: Path, again: bool = False) -> Record:
    """Return the record of a run, which is done if it is not in the table, or has to be done again."""
    record = table.get(run)
    if record is None or again:
        print(f"{run.row}, seed {run.seed}, {run.epochs} epochs{', a trial' * run.is_trial}", flush=True)
        record = vote(run, parts, table, checkpoints) if run.row == ENSEMBLE else train(run, parts, checkpoints)
        table.append(record)
    print(f"{run.row}, seed {run.seed}: test accuracy {record['test_accuracy']:.2%}, {hours(record['seconds'])}")
    return record


# --- results --------------------------------------------------------------------------------------------------------


class Table:
    """The records of all runs, in a file with a line of JSON for each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / "mnist_table.jsonl"

    def records(self) -> dict[Run, Record]:
        """Return the newest record of each run; lines that a crash cut off are passed over."""
        found = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            found[Run(*(record[name] for name in Run._fields))] = record
        return found

    def get(self, run: Run) -> Record | None:
        """Return the record of a run, or None."""
        return self.records().get(run)

    def append(self, record: Record) -> None:
        """Add a record; one write, after a newline if the last one was cut off."""
        cut = self.path.exists() and not self.path.read_text().endswith("\n") and self.path.stat().st_size
        with self.path.open("a") as file:
            file.write("\n" * bool(cut) + json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def write(self) -> Path:
        """Write the table and the curves; return the path of the table."""
        records = list(self.records().values())
        if any("curves" in record for record in records):
            draw(records).savefig(self.folder / "mnist_table.png", dpi=100)
        path = self.folder / "MNIST.md"
        path.write_text(markdown(records))
        return path


def hours(seconds: float) -> str:
    """Return a time as a reader wants it."""
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.1f} h"
    )


def draw(records: list[Record]) -> Any:
    """Return a figure of the validation errors over the epochs, a colour for each row, full runs before trials."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    shown = [record for record in records if "curves" in record]
    shown = [record for record in shown if not record["trial"]] or shown
    for k, row in enumerate(ROWS):
        for number, record in enumerate(r for r in shown if r["row"] == row):
            errors = 100 * (1 - np.array(record["curves"]["validation_accuracy"]))
            label = (f"trial: {row}" if record["trial"] else row) if number == 0 else None
            axes.plot(range(1, len(errors) + 1), errors, color=f"C{k}", label=label, linewidth=1.2, alpha=0.8)
    axes.set(xlabel="epoch", ylabel="validation images not recognised, %", yscale="log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(frameon=False)
    return figure


HEAD = """# MNIST, as in Nielsen's chapter 6

`python benchmarks/mnist_table.py --all` makes this table; `--row ROW --seed N` one run of it.

50,000 training images, 10,000 for validation, 10,000 for tests; mini-batches of 10, plain gradient descent, the
chapter's learning rates, penalties, epochs and initial values. Test accuracy is that of the epoch with the best
validation accuracy (of equal ones the first), and of several seeds that of the run with the best validation accuracy,
as published. Otherwise than there, batches are drawn anew for every epoch.

"""
COLUMNS = """| row | network | published | here | difference | each seed | time of a run |
|---|---|---|---|---|---|---|
"""
TRIALS = """
## Trials

Shorter runs, or on other data: they say nothing about the rows above.

| row | seed | epochs | training images | test accuracy | time |
|---|---|---|---|---|---|
"""


def markdown(records: list[Record]) -> str:
    """Return the table, and one of the trials."""
    text = HEAD + COLUMNS + "".join(_line(row, records) for row in [*ROWS, ENSEMBLE])
    if any("curves" in record for record in records):
        text += "\n![The curves](mnist_table.png)\n"
    trials = [record for record in records if record["trial"]]
    return text + (TRIALS + "".join(map(_trial, trials)) if trials else "")


def _line(row: str, records: list[Record]) -> str:
    title, published = (ENSEMBLE_TITLE, ENSEMBLE_PUBLISHED) if row == ENSEMBLE else ROWS[row][:2]
    full = sorted((r for r in records if r["row"] == row and not r["trial"]), key=lambda record: record["seed"])
    if not full:
        return f"| {row} | {title} | {published:.2f} | not run | | | |\n"
    chosen = 100 * max(full, key=lambda record: record.get("validation_accuracy", 0))["test_accuracy"]
    seeds = ", ".join(f"{record['seed']}: {record['test_accuracy']:.2%}" for record in full)
    times = hours(float(np.median([record["seconds"] for record in full])))
    return f"| {row} | {title} | {published:.2f} | {chosen:.2f} | {chosen - published:+.2f} | {seeds} | {times} |\n"


def _trial(record: Record) -> str:
    images = f"{record['examples'] or 'all'} of {record['data']}"
    numbers = f"{record['test_accuracy']:.2%} | {hours(record['seconds'])}"
    return f"| trial: {record['row']} | {record['seed']} | {record['epochs']} | {images} | {numbers} |\n"


# --- the command ----------------------------------------------------------------------------------------------------


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--row", choices=[*ROWS, ENSEMBLE])
    which.add_argument("--all", action="store_true", help="all rows with all their seeds")
    which.add_argument("--report", action="store_true", help="only write the table anew")
    parser.add_argument("--seed", type=int, default=0, help="of the row (default: 0)")
    parser.add_argument("--epochs", type=int, help="another number than published: a trial")
    parser.add_argument("--examples", type=int, help="only so many training images: a trial")
    parser.add_argument(
        "--data", choices=("mnist", "digits"), default="mnist", help="digits: the bundled ones: a trial"
    )
    parser.add_argument("--download", action="store_true", help="get MNIST's files if they are not there")
    parser.add_argument(
        "--threads", type=int, default=1, help="how many: for batches of 10 more do not help (default: 1)"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder of the results")
    parser.add_argument("--checkpoints", type=Path, help="their folder (default: mnist_table in the folder build)")
    options = parser.parse_args(arguments)
    options.checkpoints = options.checkpoints or Path(__file__).parents[1] / "build" / "mnist_table"
    for name, least in (("epochs", 1), ("examples", BATCH_SIZE), ("threads", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            parser.error(f"--{name} must be at least {least}, not {value}")
    return options


def wanted(options: argparse.Namespace) -> list[Run]:
    """Return the runs that a command line asks for."""
    rows = [(name, seed) for name, row in ROWS.items() for seed in row.seeds] + [(ENSEMBLE, 0)]
    rows = rows if options.all else [(options.row, options.seed)]
    return [Run(row, seed, options.epochs or row_epochs(row), options.examples, options.data) for row, seed in rows]


def main(arguments: Sequence[str] | None = None) -> list[Record]:
    """Do what a command line says; return the records of its runs."""
    options = parse(arguments)
    autograd.set_num_threads(options.threads)
    table, records = Table(options.output), []
    if options.report:
        print(table.write())
        return []
    try:
        parts = load_parts(options)
    except (OSError, ImportError, ValueError) as error:
        raise SystemExit(f"mnist_table.py: {error}") from error
    for run in wanted(options):
        records.append(run_once(run, parts, table, options.checkpoints))
        print(table.write(), flush=True)
    return records


if __name__ == "__main__":
    main()
