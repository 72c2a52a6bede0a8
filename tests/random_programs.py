"""Random programs over the operations, written so that they run here and on PyTorch.

A program is a list of steps. Each step names an entry of the table, its operands among the values so far, and its
options. Operands are first brought into the shape and the domain that the operation needs, by the same arithmetic on
both sides, and kept small, so that derivatives stay comparable. The table is in the modules `random_elementwise`,
`random_arrays` and `random_matrices`.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd as ag

Shape = tuple[int, ...]
Rng = np.random.Generator
Options = Callable[[Rng, Shape], dict[str, Any] | None]

SHAPES: list[Shape] = [(), (1,), (3,), (2, 3), (1, 3), (2, 1), (3, 3), (2, 1, 3), (0,), (0, 3)]

# --- entries ----------------------------------------------------------------------------------------------------------


def broadcasts(*shapes: Shape) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def no_options(rng: Rng, shape: Shape) -> dict[str, Any] | None:
    return {}


@dataclass
class Entry:
    """An operation: what it is called, and how it is computed here and in PyTorch.

    Attributes:
        name: the operation's name in the registry.
        ours, theirs: functions of the operands and the options.
        arity: how many operands.
        domain: a name in `DOMAINS` into which operands are squeezed, or one for each operand.
        options: draws the options for the first operand's shape, or returns None where the shape does not suit.
        fits: whether the operands' shapes suit each other.
        molds: shapes to give to the operands, a tuple of them to choose from; None leaves operands as they are.
    """

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    arity: int = 1
    domain: str | tuple[str, ...] = "any"
    options: Options = no_options
    fits: Callable[..., bool] = broadcasts
    molds: tuple[tuple[Shape, ...], ...] | None = None

    def domains(self) -> tuple[str, ...]:
        return self.domain if isinstance(self.domain, tuple) else (self.domain,) * self.arity


def pick(rng: Rng, choices: Any) -> Any:
    """Return one of some objects, as it is."""
    return choices[int(rng.integers(len(choices)))]


def one_of(**choices: Any) -> Options:
    """Return options drawn independently from a list for each name."""
    return lambda rng, shape: {name: pick(rng, values) for name, values in choices.items()}


# --- operands: shapes and domains -------------------------------------------------------------------------------------


def like(x: Any, values: Any) -> Any:
    """Return numbers as an array of the library and dtype of x."""
    values = np.asarray(values, np.float64)
    return values.astype(x.dtype) if isinstance(x, ag.Tensor) else x.new_tensor(values)


def mold(x: Any, shape: Shape) -> Any:
    """Return elements of x, again from the first where there are too few, in another shape."""
    size, given = math.prod(shape), math.prod(x.shape)
    return x.reshape(shape) if size == given else x.reshape(-1)[np.arange(size) % max(given, 1)].reshape(shape)


def _bounded(x: Any) -> Any:
    return x / (1 + x * x) * 2  # smooth, in -1..1


@functools.cache
def _places(size: int) -> np.ndarray:
    """Return numbers that are 0.5 apart and at least 0.25 from 0, in some order."""
    return (np.random.default_rng(size).permutation(size) - size // 2) * 0.5 + 0.25


def _apart(x: Any) -> Any:
    """Return x with all elements apart from each other and from 0, in an order that depends on their number only."""
    return _bounded(x) * 0.2 + like(x, _places(math.prod(x.shape)).reshape(tuple(x.shape)))


def _matrix(x: Any) -> Any:
    """Return x as matrices (..., m, n) without zeros, with singular values apart from each other and from 0."""
    rows, columns = np.indices(tuple(x.shape[-2:]))
    return _bounded(x) * 0.2 + like(x, (rows == columns) * (2 + 1.2 * columns) + 0.1 * np.cos(3.0 * rows + 2 * columns))


DOMAINS: dict[str, Callable[[Any], Any]] = {
    "any": lambda x: x,
    "small": _bounded,
    "positive": lambda x: _bounded(x) * _bounded(x) + 0.3,
    "unit": lambda x: _bounded(x) * 0.8,
    "share": lambda x: _bounded(x) * 0.4 + 0.5,  # in 0.1..0.9
    "shifted": lambda x: x + 0.1237,  # so that what should be a round number is not near a jump
    "above": lambda x: _bounded(x) * _bounded(x) + 1.5,
    "away": lambda x: _bounded(x) * _bounded(x) + 0.5,
    "apart": _apart,
    "matrix": _matrix,
}

# --- programs ---------------------------------------------------------------------------------------------------------


@dataclass
class Step:
    """An entry applied to the values at `operands`, molded into `shapes` where there are any."""

    entry: Entry
    operands: tuple[int, ...]
    options: dict[str, Any]
    shapes: tuple[Shape, ...] | None

    def run(self, values: list[Any], ours: bool, rounding: Callable[[Any], Any] = lambda x: x) -> Any:
        """Return the result of the step, of operands that are rounded when they have their shapes and domains."""
        operands = [values[i] for i in self.operands]
        if self.shapes is not None:
            operands = [mold(x, shape) for x, shape in zip(operands, self.shapes, strict=True)]
        operands = [rounding(DOMAINS[d](x)) for d, x in zip(self.entry.domains(), operands, strict=True)]
        return (self.entry.ours if ours else self.entry.theirs)(*operands, **self.options)


@dataclass
class Program:
    """A program and the values of its inputs, in float64."""

    inputs: list[np.ndarray]
    steps: list[Step]

    def run(self, inputs: list[Any], ours: bool, rounding: Callable[[Any], Any] = lambda x: x) -> Any:
        """Return one number computed from all results that nothing else used, each squeezed so that it stays small.

        Args:
            inputs: Tensors, ours or PyTorch's.
            ours: which.
            rounding: applied to the operands and the result of each step.
        """
        values = list(inputs)
        for step in self.steps:
            values.append(rounding(step.run(values, ours, rounding)))
        used = {i for step in self.steps for i in step.operands}
        total = 0
        for i, value in enumerate(values):
            if i not in used:
                total = total + (value / (1 + value * value)).sum() * (1 + i / 7)
        return total

    def __str__(self) -> str:
        lines = [f"v{i} = input of shape {x.shape}" for i, x in enumerate(self.inputs)]
        for i, step in enumerate(self.steps, len(lines)):
            operands = ", ".join(f"v{k}" for k in step.operands)
            molded = f" as {step.shapes}" if step.shapes is not None else ""
            lines.append(f"v{i} = {step.entry.name}({operands}{molded}, {step.options}) in {step.entry.domain!r}")
        return "\n".join(lines)


def _drawn_step(rng: Rng, entry: Entry, values: list[Any]) -> Step | None:
    """Return the entry applied to some recent values, or None where these do not suit it."""
    recent = len(values) - 1 - np.minimum(rng.geometric(0.3, entry.arity) - 1, len(values) - 1)
    operands = tuple(int(i) for i in recent)
    molds = pick(rng, entry.molds) if entry.molds is not None else None
    shapes = tuple(values[i].shape for i in operands) if molds is None else molds
    if molds is not None and any(np.prod(s) and not values[i].size for s, i in zip(molds, operands, strict=True)):
        return None
    if molds is None and not entry.fits(*shapes):
        return None
    options = entry.options(rng, shapes[0] if shapes else ())
    return None if options is None else Step(entry, operands, options, molds)


def _extended(values: list[Any], step: Step) -> bool:
    """Run a step and append its value, unless it is too large."""
    with np.errstate(all="ignore"):
        result = step.run(values, ours=True)
    if result.size > 200 or result.ndim > 4 or not (np.abs(result.data) < 100).all():
        return False
    values.append(result)
    return True


def begin(rng: Rng, first: Entry) -> tuple[Program, list[Any]]:
    """Draw a program of one step, of a given entry; return it with the values of its inputs and of the step."""
    while True:
        inputs = [rng.uniform(-2, 2, pick(rng, SHAPES)) for _ in range(rng.integers(2, 5))]
        values: list[Any] = [ag.Tensor(x) for x in inputs]
        step = _drawn_step(rng, first, values)
        if step is not None and _extended(values, step):
            return Program(inputs, [step]), values


def draw(rng: Rng, entries: list[Entry], first: Entry, brief: bool = False) -> Program:
    """Draw a program of 5 to 40 steps, the first one of a given entry; if `brief`, few of the programs are long."""
    program, values = begin(rng, first)
    steps = program.steps
    wanted = 4 + int(37 ** rng.random()) if brief else int(rng.integers(5, 41))
    for _ in range(20 * wanted):
        if len(steps) == wanted:
            break
        step = _drawn_step(rng, pick(rng, entries), values)
        if step is not None and _extended(values, step):
            steps.append(step)
    return program


# --- rounding ---------------------------------------------------------------------------------------------------------


class Rounding:
    """Rounding of PyTorch's float64 values to fewer bits, up or down at random, and of their gradients.

    What a program gives under several of these shows how far its results are determined in arithmetic of so few bits
    (Vignes, A stochastic arithmetic for reliable scientific computation, 1993). Where a value goes depends on itself
    alone, and a rounded one stays where it is: equal elements and copies remain equal, so that ties are not broken,
    but values that differ by less than a rounding may change places. The numbers rounded to lie at a random distance
    from round ones, so that these move, too.

    Args:
        bits: how many.
        seed: of the random directions.
        ties: whether equal values stay equal; rounding within an operation makes them differ, too.
    """

    def __init__(self, bits: int, seed: int, ties: bool = True) -> None:
        self.bits, self.ties, self.rng = bits, ties, np.random.default_rng(seed)
        self.salt = self.rng.integers(2**63, dtype=np.uint64)
        self.offset = int(self.rng.integers(1, 256)) / 256  # of 8 bits, so that sums with it are exact

    def _coin(self, x: np.ndarray) -> np.ndarray:
        """Return False or True at random for each value."""
        if not self.ties:
            return self.rng.random(x.shape) < 0.5
        mixed = (x.view(np.uint64) ^ self.salt) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        return (mixed >> np.uint64(63)).astype(bool)

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """Return each value rounded, and 0 as it is."""
        mantissa, exponent = np.frexp(x)
        scaled = np.ldexp(mantissa, self.bits) - self.offset
        near = np.where(self._coin(x), np.ceil(scaled), np.floor(scaled)) + self.offset
        return np.where(x == 0, 0, np.ldexp(near, exponent - self.bits))

    def __call__(self, x: Any) -> Any:
        scaled = x * x.new_tensor(1 + self.rng.uniform(-1, 1, tuple(x.shape)) * 2.0**-self.bits)  # for the gradient
        return scaled + (x.new_tensor(self.rounded(np.array(x.detach().numpy()))) - scaled).detach()
