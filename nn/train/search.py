"""Choosing hyperparameters: random search, from coarse to fine, and cross-validation.

Source: Bergstra and Bengio, Random search for hyper-parameter optimization (2012); CS231n course notes, Neural networks
3, section "Hyperparameter optimization".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

import autograd
from nn.data import Dataset, k_fold
from nn.extras import require
from nn.module import check_size
from nn.optim.optimizer import check_positive
from nn.train.history import check_mode, shown
from nn.train.plots import new_figure

Values = dict[str, Any]
Objective = Callable[[Values], float]


class Range(Protocol):
    """From where the values of a hyperparameter come."""

    def draw(self, generator: np.random.Generator) -> Any:
        """Return a value."""

    def narrowed(self, values: Sequence[Any]) -> Range:
        """Return the part of this range around some good values, the best first."""

    def suggest(self, trial: Any, name: str) -> Any:
        """Return a value that a trial of Optuna suggests."""


@dataclass(frozen=True)
class Uniform:
    """Numbers from `low` to `high`, all as likely; for rates of dropout and such.

    Raises:
        ValueError: unless low < high.

    >>> Uniform(0.0, 6.0).narrowed([5.5])
    Uniform(low=3.0, high=6.0)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(f"a range goes from a low to a higher number, not from {self.low!r} to {self.high!r}")

    def draw(self, generator: np.random.Generator) -> float:
        """Return a number."""
        return float(generator.uniform(self.low, self.high))

    def narrowed(self, values: Sequence[float]) -> Uniform:
        """Return half of this range, around the best value."""
        return Uniform(*_around(values[0], self.low, self.high))

    def suggest(self, trial: Any, name: str) -> float:
        """Return a number that a trial of Optuna suggests."""
        return float(trial.suggest_float(name, self.low, self.high))


@dataclass(frozen=True)
class LogUniform:
    """Numbers from `low` to `high` whose logarithms are all as likely; for learning rates and strengths of penalties.

    Raises:
        ValueError: unless 0 < low < high.

    >>> LogUniform(1e-6, 1.0).narrowed([1e-3])
    LogUniform(low=3.16...e-05, high=0.0316...)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(f"a range of logarithms needs 0 < low < high, not {self.low!r} and {self.high!r}")

    def draw(self, generator: np.random.Generator) -> float:
        """Return a number."""
        return float(np.exp(generator.uniform(np.log(self.low), np.log(self.high))))

    def narrowed(self, values: Sequence[float]) -> LogUniform:
        """Return half of this range, around the best value."""
        low, high = _around(math.log(values[0]), math.log(self.low), math.log(self.high))
        return LogUniform(math.exp(low), math.exp(high))

    def suggest(self, trial: Any, name: str) -> float:
        """Return a number that a trial of Optuna suggests."""
        return float(trial.suggest_float(name, self.low, self.high, log=True))


@dataclass(frozen=True)
class Choice:
    """One of some values, all as likely.

    Raises:
        ValueError: when there are none.

    >>> Choice((32, 64, 128)).narrowed([64, 64, 32])
    Choice(options=(32, 64))
    """

    options: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        if not self.options:
            raise ValueError("a choice needs something to choose from")

    def draw(self, generator: np.random.Generator) -> Any:
        """Return one."""
        return self.options[int(generator.integers(len(self.options)))]

    def narrowed(self, values: Sequence[Any]) -> Choice:
        """Return the choice among some of the values."""
        return Choice(tuple(option for option in self.options if option in values))

    def suggest(self, trial: Any, name: str) -> Any:
        """Return one that a trial of Optuna suggests."""
        return self.options[trial.suggest_int(name, 0, len(self.options) - 1)]


Space = Mapping[str, Range]


def _around(value: float, low: float, high: float) -> tuple[float, float]:
    """Return the part of an interval, half as long, that has a value in its middle, if it can."""
    margin = (high - low) / 4
    middle = min(max(value, low + margin), high - margin)
    return middle - margin, middle + margin


@dataclass(frozen=True)
class Trial:
    """One run of an objective: the values of the hyperparameters, and the score, NaN if it failed."""

    values: Values
    score: float


@dataclass(frozen=True)
class SearchResult:
    """The runs of a search, in order; printed, a table of them, the best first.

    Attributes:
        trials: the runs.
        mode: "min" if smaller scores are better, or "max".
        space: from where the values came, at last.

    >>> trials = Trial({"lr": 0.1, "units": 8}, 0.5), Trial({"lr": 0.01, "units": 16}, 0.75)
    >>> print(SearchResult(trials, "max", {"lr": LogUniform(1e-4, 1.0), "units": Choice((8, 16))}))
    score  lr    units
    0.75   0.01  16
    0.5    0.1   8
    """

    trials: tuple[Trial, ...]
    mode: str
    space: Space

    @property
    def ranked(self) -> list[Trial]:
        """The runs that gave a score, the best first."""
        finished = [trial for trial in self.trials if not math.isnan(trial.score)]
        return sorted(finished, key=lambda trial: trial.score, reverse=self.mode == "max")

    @property
    def best(self) -> Trial:
        """The best run.

        Raises:
            ValueError: when none gave a score.
        """
        if not self.ranked:
            raise ValueError(f"none of the {len(self.trials)} runs gave a score")
        return self.ranked[0]

    def __str__(self) -> str:
        rows = [[f"{trial.score:.4g}", *(shown(value) for value in trial.values.values())] for trial in self.ranked]
        rows = [["score", *self.space], *rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        failed = len(self.trials) - len(self.ranked)
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, *([f"{failed} of {len(self.trials)} runs failed"] if failed else [])])

    def rows(self) -> list[dict[str, Any]]:
        """Return a dict for each run, for `pandas.DataFrame`."""
        return [trial.values | {"score": trial.score} for trial in self.trials]

    def plot(self) -> Any:
        """Return a matplotlib figure with the scores over each hyperparameter.

        Raises:
            ImportError: when matplotlib is not installed (extra `plot`).
        """
        figure = new_figure(3.6 * len(self.space), 3)
        panels = figure.subplots(1, len(self.space), squeeze=False, sharey=True)[0]
        for axes, (name, part) in zip(panels, self.space.items(), strict=True):
            values = [trial.values[name] for trial in self.trials]
            if isinstance(part, Choice):
                names = list(dict.fromkeys(map(str, [*part.options, *values])))  # narrowing leaves options out
                axes.set_xticks(range(len(names)), names)
                values = [names.index(str(value)) for value in values]
            axes.plot(values, [trial.score for trial in self.trials], "o")
            axes.set_xlabel(name)
            if isinstance(part, LogUniform):
                axes.set_xscale("log")
        panels[0].set_ylabel("score")
        return figure


def random_search(
    objective: Objective, space: Space, trials: int = 20, mode: str = "min",
    generator: np.random.Generator | None = None,
) -> SearchResult:  # fmt: skip
    """Run an objective with random values of its hyperparameters.

    Args:
        objective: takes a dict of values, trains, and returns a score. When it raises a FloatingPointError, as
            `StopOnNaN` does, or returns NaN, the run has failed and the search goes on.
        space: where the value of each name comes from: `LogUniform`, `Uniform` or `Choice`.
        trials: how many runs.
        mode: "min" if smaller scores are better, or "max".
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: for another mode, or fewer than one run.

    >>> result = random_search(lambda v: (np.log10(v["lr"]) + 2) ** 2, {"lr": LogUniform(1e-6, 1.0)}, trials=30,
    ...                        generator=np.random.default_rng(0))
    >>> 0.003 < result.best.values["lr"] < 0.03
    True
    """
    check_mode(mode)
    _check_space(space)
    numbers = generator or autograd.default_generator()
    runs = []
    for _ in range(check_size(trials, "trials")):
        values = {name: part.draw(numbers) for name, part in space.items()}
        runs.append(Trial(values, _score(objective, values)))
    return SearchResult(tuple(runs), mode, dict(space))


def _check_space(space: Space) -> None:
    for name, part in space.items():
        if not hasattr(part, "draw"):
            raise TypeError(
                f"the values of {name!r} come from LogUniform(low, high), Uniform(low, high) or Choice(options), not "
                f"from {part!r:.60}"
            )


def _score(objective: Objective, values: Values) -> float:
    try:
        return float(objective(dict(values)))
    except FloatingPointError:
        return math.nan


def coarse_to_fine(
    objective: Objective, space: Space, trials: Sequence[int] = (20, 20, 20), mode: str = "min", keep: float = 0.5,
    generator: np.random.Generator | None = None,
) -> SearchResult:  # fmt: skip
    """Search in stages, each in the part of the space around the best run so far: half of every range.

    Args:
        objective: as for `random_search`.
        space: of the first stage.
        trials: how many runs in each stage.
        mode: "min" or "max".
        keep: of a `Choice`, what the best of all runs so far had stays: so large a part of them.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: for another mode, fewer than one run, or when no run of the first stages gave a score.

    >>> result = coarse_to_fine(lambda v: (np.log10(v["lr"]) + 2) ** 2, {"lr": LogUniform(1e-6, 1.0)}, (10, 10, 10),
    ...                         generator=np.random.default_rng(0))
    >>> 0.008 < result.best.values["lr"] < 0.0125
    True
    """
    check_positive("keep", keep)
    found = SearchResult((), mode, dict(space))
    for count in trials:
        if found.trials:
            good = [found.best, *found.ranked[1 : max(2, round(keep * len(found.trials)))]]
            parts = {name: part.narrowed([t.values[name] for t in good]) for name, part in found.space.items()}
            found = SearchResult(found.trials, mode, parts)
        stage = random_search(objective, found.space, count, mode, generator)
        found = SearchResult(found.trials + stage.trials, mode, found.space)
    return found


def optuna_search(
    objective: Objective, space: Space, trials: int = 20, mode: str = "min", seed: int | None = None
) -> SearchResult:
    """Search with Optuna, which looks where earlier runs were good. Needs the extra `search`.

    Args:
        objective: as for `random_search`.
        space: likewise.
        trials: how many runs.
        mode: "min" or "max".
        seed: of Optuna's sampler.

    Raises:
        ImportError: without the extra `search`.
        ValueError: for another mode, or fewer than one run.
    """
    check_mode(mode)
    _check_space(space)
    library = require("optuna", "search")
    runs: list[Trial] = []

    def run(trial: Any) -> float:
        values = {name: part.suggest(trial, name) for name, part in space.items()}
        runs.append(Trial(values, _score(objective, values)))
        return runs[-1].score

    before = library.logging.get_verbosity()
    library.logging.set_verbosity(library.logging.ERROR)
    try:
        sampler = library.samplers.TPESampler(seed=seed)
        study = library.create_study(direction={"min": "minimize", "max": "maximize"}[mode], sampler=sampler)
        study.optimize(run, n_trials=check_size(trials, "trials"))
    finally:
        library.logging.set_verbosity(before)
    return SearchResult(tuple(runs), mode, dict(space))


@dataclass(frozen=True)
class CrossValidation:
    """The scores of all folds.

    Attributes:
        scores: one for each fold.
    """

    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the scores."""
        return float(np.mean(self.scores))

    @property
    def std(self) -> float:
        """The standard deviation of the scores, with the number of folds less 1 as its divisor."""
        return float(np.std(self.scores, ddof=1)) if len(self.scores) > 1 else 0.0

    def __str__(self) -> str:
        return f"{self.mean:.4g} +- {self.std:.2g} ({len(self.scores)} folds)"


def cross_validate(
    objective: Callable[[Any, Any], float], x: Any, y: Any = None, folds: int = 5,
    generator: np.random.Generator | None = None,
) -> CrossValidation:  # fmt: skip
    """Return the scores of trainings on all parts of the data but one, each time another, which is validated on.

    Args:
        objective: takes the data to train on and those to validate on, pairs (x, y) of arrays or, for a data set,
            `Subset`s of it; returns a score.
        x: examples (N, ...); or a `Dataset`, which has the targets, too.
        y: targets (N, ...).
        folds: how many parts; see `nn.data.k_fold`.
        generator: shuffles the examples; `autograd.default_generator()` by default.

    Raises:
        TypeError: for examples without targets that are no data set, or a data set with targets beside it.
        ValueError: for fewer than 2 folds, fewer examples than folds, or other numbers of targets than of examples.

    >>> x, y = np.arange(6.0), np.arange(6)
    >>> print(cross_validate(lambda train, validation: len(validation[0]), x, y, folds=3))
    2 +- 0 (3 folds)
    """
    check_size(folds, "folds", 2)
    if isinstance(x, Dataset) == (y is not None):
        raise TypeError(f"cross_validate takes arrays x and y, or a Dataset alone, not {type(x).__name__} and "
                        f"{type(y).__name__}")  # fmt: skip
    if not folds <= len(x) == len(x if y is None else y):
        raise ValueError(f"{folds} folds need as many examples or more, and a target each; got {len(x)}"
                         f"{'' if y is None else f' and {len(y)}'}")  # fmt: skip
    scores = []
    for parts in k_fold(x, folds, generator=generator):
        pairs = parts if y is None else [(x[part.indices], y[part.indices]) for part in parts]
        scores.append(float(objective(*pairs)))
    return CrossValidation(tuple(scores))
