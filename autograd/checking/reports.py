"""What a check found: one result for each input, as a table for terminals and for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from autograd.checking.problems import Floats, Index, subscript


@dataclass(frozen=True)
class Entry:
    """One number of a Jacobian: the derivative of one element of an output to one element of an input.

    Attributes:
        index: the element of the input.
        output: the position of the output.
        output_index: the element of the output.
        analytic: the derivative that backward computes.
        numeric: the derivative measured by differences.
        error_bar: how far the numeric value may be off.
        part, output_part: of complex inputs and outputs "real" or "imag".
    """

    index: Index
    output: int
    output_index: Index
    analytic: float
    numeric: float
    error_bar: float
    part: str = ""
    output_part: str = ""

    @property
    def absolute(self) -> float:
        """The distance between analytic and numeric value."""
        return abs(self.analytic - self.numeric)

    @property
    def relative(self) -> float:
        """That distance as a part of the larger of the two values."""
        size = max(abs(self.analytic), abs(self.numeric))
        return self.absolute / size if size else 0.0

    def place(self, name: str) -> str:
        """Return the entry as a derivative to an element of the input of that name."""
        top = f"out{self.output}{_dotted(self.output_part)}{subscript(self.output_index)}"
        return f"d {top} / d {name}{_dotted(self.part)}{subscript(self.index)}"


def _dotted(part: str) -> str:
    return f".{part}" if part else ""


@dataclass(frozen=True)
class InputResult:
    """What the check of one input found.

    Attributes:
        position: the position among the arguments; None for parameters of f itself.
        name: the input's name.
        shape: its shape.
        entries: how many entries of the Jacobian were checked; of inputs that are checked along directions, how many
            elements they have.
        wrong: how many of them are wrong; along directions, how many were located.
        kinks: how many were accepted because f has a kink there and the analytic value lies between the slopes.
        inconclusive: how many could not be measured well enough to tell.
        worst: the wrong entry with the largest error, or else the one nearest to its tolerance; None without entries.
        cause: what is probably wrong, in words; empty when nothing is, or nothing fits.
        note: how far the check can be trusted, where it did not look at every entry.
        errors: the largest relative error at each element of the input, in its shape.
    """

    position: int | None
    name: str
    shape: Index
    entries: int
    wrong: int
    kinks: int
    inconclusive: int
    worst: Entry | None
    cause: str = ""
    note: str = ""
    errors: Floats = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether no entry is wrong, and not all are inconclusive."""
        return not self.wrong and not (self.entries and self.inconclusive >= self.entries)

    @property
    def verdict(self) -> str:
        """The result in words."""
        if self.wrong:
            return f"WRONG ({self.wrong} of {self.entries})"
        remarks = [f"{self.kinks} at a kink"] * bool(self.kinks)
        remarks += [f"{self.inconclusive} inconclusive"] * bool(self.inconclusive)
        return ("ok" if self.ok else "INCONCLUSIVE") + (f" ({', '.join(remarks)})" if remarks else "")


@dataclass(frozen=True)
class GradcheckReport:
    """What `gradcheck` found: truthy when every gradient holds, a table when printed or shown in a notebook.

    Attributes:
        check: the name of the check.
        function: the name of the function.
        results: one `InputResult` for each input that was checked.
        findings: what else is wrong, a sentence each: gradients that share memory, rules that change what they get,
            a float32 gradient that differs from the float64 one.

    >>> from autograd import gradcheck
    >>> report = gradcheck(np.tanh, np.array([0.5, 1.0]))
    >>> report.ok
    True
    >>> report.results[0].entries
    4
    """

    check: str
    function: str
    results: tuple[InputResult, ...]
    findings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every gradient holds."""
        return not self.findings and all(result.ok for result in self.results)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def verdict(self) -> str:
        """The result in words."""
        wrong = sum(bool(result.wrong) for result in self.results)
        unclear = sum(not result.ok for result in self.results) - wrong
        said = [f"{wrong} of {len(self.results)} inputs WRONG"] * bool(wrong)
        said += [f"{unclear} of {len(self.results)} inputs INCONCLUSIVE"] * bool(unclear)
        said += [f"{len(self.findings)} other finding{'s' * (len(self.findings) > 1)}"] * bool(self.findings)
        return ", ".join(said) or "ok"

    @property
    def remarks(self) -> list[str]:
        """Causes, notes and findings, a line each."""
        causes = [f"{result.name}: {said}" for result in self.results for said in (result.cause, result.note) if said]
        return [*causes, *self.findings]

    def __str__(self) -> str:
        title = f"{self.check} of {self.function}: {self.verdict}"
        return "\n".join([title, _table([_HEADINGS, *map(_row, self.results)]), *self.remarks])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEADINGS)
        rows = "".join(
            f"<tr style='color:{'inherit' if result.ok else '#b3261e'}'>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in _row(result))
            + "</tr>"
            for result in self.results
        )
        title = f"<b>{escape(f'{self.check} of {self.function}: {self.verdict}')}</b>"
        remarks = "".join(f"<li>{escape(remark)}</li>" for remark in self.remarks)
        maps = "".join(_heat_map(result) for result in self.results if result.wrong and result.errors.size > 1)
        return f"{title}<table><tr>{head}</tr>{rows}</table><ul>{remarks}</ul>{maps}"


class GradcheckError(AssertionError):
    """A gradient is wrong; `report` is the `GradcheckReport` that says which, where and how far.

    >>> from autograd import gradcheck
    >>> try:
    ...     gradcheck(lambda x: x * x.detach(), np.array([3.0]))
    ... except GradcheckError as error:
    ...     worst = error.report.results[0].worst
    >>> print(f"{worst.analytic:.3f} instead of {worst.numeric:.3f}")
    3.000 instead of 6.000
    """

    def __init__(self, report: GradcheckReport) -> None:
        super().__init__(str(report))
        self.report = report


# --- as text ----------------------------------------------------------------------------------------------------------

_HEADINGS = [
    "input", "shape", "entries", "kinks", "worst at", "analytic", "numeric", "+-", "absolute", "relative", "verdict",
]  # fmt: skip


def _row(result: InputResult) -> list[str]:
    """Return the cells of one input."""
    called = result.name if result.position is None else f"{result.position} {result.name}"
    start = [called, str(result.shape), str(result.entries), str(result.kinks)]
    worst = result.worst
    if worst is None:
        return [*start, *["-"] * 6, result.verdict]
    values = [f"{value + 0.0:.7g}" for value in (worst.analytic, worst.numeric)]  # + 0.0 turns -0 into 0
    errors = [f"{error:.1e}" for error in (worst.error_bar, worst.absolute, worst.relative)]
    return [*start, worst.place(result.name), *values, *errors, result.verdict]


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as aligned lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


# --- as a picture -----------------------------------------------------------------------------------------------------

_MOST_CELLS, _CELL = 48, 16  # along each side; pixels


def _heat_map(result: InputResult) -> str:
    """Return a picture of where the error sits: white where there is none, dark blue where it is the whole value."""
    errors = np.nan_to_num(result.errors, nan=1.0, posinf=1.0)
    grid = _shrunk(errors.reshape(-1, errors.shape[-1]))
    rows, columns = grid.shape
    shades = (240 - 240 * np.clip(np.log10(np.maximum(grid, 1e-4)) / 4 + 1, 0, 1)).astype(int)
    cells = "".join(
        f'<rect x="{_CELL * j}" y="{_CELL * i}" width="{_CELL}" height="{_CELL}" '
        f'fill="rgb({shade},{shade},{180 + shade // 4})" stroke="#ccc">'
        f"<title>{grid[i, j]:.1e}</title></rect>"
        for (i, j), shade in np.ndenumerate(shades)
    )
    size = f'width="{_CELL * columns}" height="{_CELL * rows}"'
    title = f"relative error in {result.name}, {result.shape}: white 1e-4 and less, dark blue 1"
    return f"<figure><figcaption>{escape(title)}</figcaption><svg {size}>{cells}</svg></figure>"


def _shrunk(grid: Floats) -> Floats:
    """Return the largest values of blocks, so that there are few enough of them."""
    for axis in (0, 1):
        starts = np.unique(
            np.linspace(0, grid.shape[axis], min(grid.shape[axis], _MOST_CELLS), endpoint=False).astype(int)
        )
        grid = np.maximum.reduceat(grid, starts, axis=axis)
    return grid
