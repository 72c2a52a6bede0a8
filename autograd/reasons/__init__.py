"""Why a gradient is None, zero, NaN, infinite, huge or tiny: the path that explains it."""

from __future__ import annotations

from autograd.reasons.asking import why
from autograd.reasons.explanation import Explanation, Reason, Step

__all__ = ["Explanation", "Reason", "Step", "why"]
