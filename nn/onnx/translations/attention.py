"""What attention is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.onnx.comparing import Varying
from nn.onnx.writing import Writer, translates


def _additive(w: Writer, mask: Any, hides: bool) -> str:
    """Write a mask as what is added to scores; where a bool one is `hides`, that is -inf."""
    if w.dtype(mask) != np.bool:
        return w.operand(mask, w.out.dtype)
    hidden, seen = w.constant(-np.inf, w.out.dtype), w.constant(0, w.out.dtype)
    return w.node("Where", w.operand(mask), *((hidden, seen) if hides else (seen, hidden)))


@translates("_additive")
def _of_products(w: Writer, mask: Any, hides: bool, dtype: Any, name: str) -> str:
    return w.node("Identity", _additive(w, mask, hides))


@translates("_merged")
def _merged(w: Writer, attn_mask: Any, padding: Any, scores: Any, dtype: Any) -> str:
    masks = []
    if attn_mask is not None:
        pairs = _additive(w, attn_mask, True)
        matrix = w.ndim(attn_mask) == 2
        masks.append(w.node("Unsqueeze", pairs, w.ints([0, 1])) if matrix else w.node("Reshape", pairs, w.ints(scores)))
    if padding is not None:
        masks.append(w.node("Unsqueeze", _additive(w, padding, True), w.ints([1, 2])))
    return w.node("Add", *masks) if len(masks) > 1 else masks[0]


@translates("_weights")
def _weights(w: Writer, x: Any, mask: Any = None) -> str:
    scores = w.operand(x, w.out.dtype)
    if mask is None:
        return w.node("Softmax", scores, axis=-1)
    scores = w.node("Add", scores, w.operand(mask, w.out.dtype))
    if _always_sees(mask):
        return w.node("Softmax", scores, axis=-1)
    zero, last = w.constant(0, w.out.dtype), w.ints([-1])
    top = w.node("ReduceMax", scores, last, keepdims=1)
    top = w.node("Where", w.node("Equal", top, w.constant(-np.inf, w.out.dtype)), zero, top)
    shares = w.node("Exp", w.node("Sub", scores, top))
    total = w.node("ReduceSum", shares, last, keepdims=1)
    total = w.node("Where", w.node("Equal", total, zero), w.constant(1, w.out.dtype), total)
    return w.node("Div", shares, total)


def _always_sees(mask: Any) -> bool:
    """Return whether a mask is a constant that leaves each query a key; else the weights must be 0 without one."""
    arrays = mask.arrays if isinstance(mask, Varying) else (mask,) if isinstance(mask, np.ndarray) else ()
    return bool(arrays) and all((a > -np.inf).any(axis=-1).all() for a in arrays)
