"""What a training reports for each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nn.train.plots import new_figure

Row = dict[str, Any]
_APART = ("epoch", "seconds")  # columns that are no curves


class History:
    """The epochs of a training, a row each; `pandas.DataFrame(history.rows)` makes a table of them.

    Attributes:
        rows: a dict for each epoch: "epoch", "loss", the metrics, the same of the validation data with "validation_" in
            front, "lr", "seconds" and what callbacks add. A column may be missing in some rows.

    >>> history = History([{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}])
    >>> history["loss"]
    [2.0, 1.0]
    >>> history.best("loss")
    {'epoch': 2, 'loss': 1.0}
    """

    rows: list[Row]

    def __init__(self, rows: list[Row] | None = None) -> None:
        self.rows = [] if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, column: str) -> list[Any]:
        """Return a column, None where a row does not have it."""
        if column not in self.columns:
            raise KeyError(f"the history has no column {column!r}, only {', '.join(self.columns) or 'none at all'}")
        return [row.get(column) for row in self.rows]

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in the order in which they first came up."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def to_dict(self) -> dict[str, list[Any]]:
        """Return a list for each column.

        >>> History([{"epoch": 1, "loss": 2.0}]).to_dict()
        {'epoch': [1], 'loss': [2.0]}
        """
        return {column: self[column] for column in self.columns}

    def best(self, column: str, mode: str = "min") -> Row:
        """Return the row with the smallest, or with mode "max" the largest, number in a column.

        Raises:
            KeyError: when there is no such column.
            ValueError: for another mode.
        """
        check_mode(mode)
        rows = [row for row, value in zip(self.rows, self[column]) if value is not None and value == value]
        return (min if mode == "min" else max)(rows, key=lambda row: row[column])

    def plot(self, columns: list[str] | None = None) -> Any:
        """Return a matplotlib figure with a panel for each quantity; validation data have a curve of their own.

        Args:
            columns: which quantities, all by default.

        Raises:
            ValueError: when there are no epochs.
            KeyError: when there is no such column.
            ImportError: when matplotlib is not installed (extra `plot`).

        >>> figure = History([{"epoch": 1, "loss": 2.0, "validation_loss": 3.0}]).plot()
        >>> [len(axes.lines) for axes in figure.axes]
        [2]
        """
        wanted = self._quantities() if columns is None else columns
        if not self.rows or not wanted:
            raise ValueError("the history has nothing to plot: train for at least one epoch")
        figure = new_figure(4.6 * len(wanted), 3.4)
        for axes, quantity in zip(figure.subplots(1, len(wanted), squeeze=False)[0], wanted, strict=True):
            for name, label in ((quantity, "training"), (f"validation_{quantity}", "validation")):
                if name in self.columns:
                    pairs = [(row["epoch"], row[name]) for row in self.rows if row.get(name) is not None]
                    axes.plot(*zip(*pairs, strict=True), label=label, marker="o", markersize=3.5)
            axes.set(title=quantity, xlabel="epoch")
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            axes.grid(alpha=0.3)
            if len(axes.lines) > 1:
                axes.legend(frameon=False)
        return figure

    def _quantities(self) -> list[str]:
        names = [name.removeprefix("validation_") for name in self.columns if name not in _APART]
        numbers = (int, float)
        return [n for n in dict.fromkeys(names) if any(isinstance(row.get(n), numbers) for row in self.rows)]

    def _repr_html_(self) -> str:
        cells = "".join(f"<th>{column}</th>" for column in self.columns)
        lines = ("".join(f"<td>{shown(row.get(column))}</td>" for column in self.columns) for row in self.rows)
        return f"<table><tr>{cells}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    def __repr__(self) -> str:
        last = f", last {self.rows[-1]}" if self.rows else ""
        return f"History({len(self.rows)} epochs{last})"


def shown(value: Any) -> str:
    """Return a value as a table or a progress bar shows it.

    >>> shown(0.123456), shown(12), shown(None)
    ('0.1235', '12', '')
    """
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def check_mode(mode: str) -> None:
    """Raise a ValueError unless `mode` is "min" or "max"."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' (smaller is better) or 'max', not {mode!r}")
