"""Which operation of a forward pass made the first number that is not finite, told from the values still known."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.graph import Constant, Node
from autograd.reasons.explanation import Reason
from autograd.reasons.places import Places
from autograd.visualize.derivatives import operands
from autograd.visualize.view import execution_order, known_values


def of_forward(root: Node, places: Places) -> Reason | None:
    """Return what made the first number that is not finite on the way to `root`; None where no value shows that."""
    order = execution_order(root)
    values = known_values(order)
    bad = next((item for item in order if not _finite(values.get(item))), None)
    if bad is None:
        return None
    value = np.asarray(values[bad])
    count = f"{np.count_nonzero(~np.isfinite(value))} of {value.size} elements"
    if not isinstance(bad, Node) or bad.op is None:
        text = f"{count} of {places.name(bad) or 'an input'}, shape {value.shape}, are not finite themselves"
        return Reason("bad input", text, "look at the data, or at what was written to it")
    ranges = [(x, values[x]) for x in operands(bad) if isinstance(x, Node | Constant) and x in values]
    shown = ", ".join(
        f"{places.name(x) or 'its input'} from {np.min(v):.4g} to {np.max(v):.4g}" for x, v in ranges if np.size(v)
    )
    text = f"in the forward pass {bad.op.name} made {count} that are not finite" + (f", from {shown}" if shown else "")
    return Reason("forward", text, "keep its inputs away from there", bad.op.name, places(bad))


def _finite(value: Any) -> bool:
    return value is None or np.asarray(value).dtype.kind not in "fc" or bool(np.isfinite(value).all())
