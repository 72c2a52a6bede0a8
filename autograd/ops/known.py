"""What is known before an operation runs: a kernel computes its result together with what its rules need."""

from __future__ import annotations

from typing import Any


class Known:
    """The result of an operation and what else came with it, for an option `known` of the operation.

    It is equal to every other: it says nothing that the operation's other arguments do not say already.

    Attributes:
        kept: what the rules use.
    """

    def __init__(self, result: Any, *kept: Any) -> None:
        self.result = result
        self.kept = kept

    def take(self) -> Any:
        """Return the result once, so that it is not kept alive for the rules; afterwards None."""
        result, self.result = self.result, None
        return result

    def __eq__(self, other: object) -> bool:
        """Return whether the other one is of this kind, too."""
        return isinstance(other, Known)

    def __hash__(self) -> int:
        """Return the same number for all."""
        return hash(Known)


def taken_from(known: Known | None) -> Any:
    """Return the result, or None where it is not known."""
    return None if known is None else known.take()
