"""What `why` answers."""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST_PATH = 12  # of a longer path only the ends are printed


@dataclass(frozen=True)
class Reason:
    """One thing that explains a gradient.

    Attributes:
        cause: in a word or two, the same for the same cause: "detached", "no_grad", "not recorded", "dead relu",
            "masked division", "saturated", "product", "cancellation", "released" and others.
        text: what happened, in a sentence.
        advice: what to do about it, or "".
        op: the operation where it happened, or None.
        line: the line of the program that ran that operation, "file:line: source"; None where it was not recorded
            (see `autograd.source_lines`).
    """

    cause: str
    text: str
    advice: str = ""
    op: str | None = None
    line: str | None = None

    def __str__(self) -> str:
        lines = [self.text]
        if self.line is not None:
            lines.append(f"  at {self.line}")
        if self.advice:
            lines.append(f"  what helps: {self.advice}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Step:
    """One operation on the path that a gradient takes, from the objective back to the Tensor.

    Attributes:
        op: the operation.
        line: the line of the program that ran it, or None.
        norm: the Euclidean norm of the gradient that came in, the sum over all uses.
        sent: the norm of what went on along this path.
        factor: `sent` by `norm`.
    """

    op: str
    line: str | None
    norm: float
    sent: float

    @property
    def factor(self) -> float:
        """What this operation multiplied the norm of the gradient by."""
        return self.sent / self.norm if self.norm else float("nan")

    def __str__(self) -> str:
        return f"{self.op} (x {self.factor:.3g})" if self.norm else self.op


@dataclass(frozen=True)
class Explanation:
    """The answer of `why`; printed, it is a text.

    Attributes:
        kind: "none", "zero", "nan", "inf", "huge", "tiny" or "ordinary".
        summary: what the gradient is, in a sentence.
        reasons: what explains it, the most important first.
        path: the operations on the strongest path from the objective back to the Tensor; empty where there is none.
    """

    kind: str
    summary: str
    reasons: tuple[Reason, ...]
    path: tuple[Step, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        lines = [self.summary]
        for reason in self.reasons:
            first, *rest = str(reason).split("\n")
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        if self.path:
            lines.append(f"the strongest path, from the objective back: {_shown(self.path)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _shown(path: tuple[Step, ...]) -> str:
    if len(path) <= LONGEST_PATH:
        return " <- ".join(map(str, path))
    half = LONGEST_PATH // 2
    return " <- ".join([*map(str, path[:half]), f"... {len(path) - 2 * half} more ...", *map(str, path[-half:])])
