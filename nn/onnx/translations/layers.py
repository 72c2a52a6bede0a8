"""What normalization and embedding layers are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.onnx.translations.elementwise import number
from nn.onnx.translations.reductions import axes_of, reduced
from nn.onnx.writing import Writer, translates


@translates("standardize")
def _standardize(w: Writer, x: Any, axis: Any, eps: float = 1e-5, centered: bool = True) -> list[str]:
    axes = axes_of(axis, w.ndim(x))
    if w.out.dtype == np.float16:
        raise w.refuse("half precision has no counterpart; export the model in float32")
    name = w.operand(x, w.out.dtype)
    mean = reduced(w, "ReduceMean", name, axes, True)
    mean = mean if centered else w.node("Mul", mean, number(w, 0))
    difference = w.node("Sub", name, mean) if centered else name
    variance = reduced(w, "ReduceMean", w.node("Mul", difference, difference), axes, True)
    scale = w.node("Sqrt", w.node("Add", variance, number(w, eps)))
    return [w.node("Div", difference, scale), mean, variance]


@translates("normalized")
def _normalized(w: Writer, x: Any, weight: Any, bias: Any, last: int, eps: float, centered: bool, known: Any) -> str:
    ndim = w.ndim(x)
    axes = tuple(range(ndim - last, ndim)) if last else (0, *range(2, ndim))
    name: str = _standardize(w, x, axes, eps, centered)[0]
    for operation, parameter in (("Mul", weight), ("Add", bias)):
        if parameter is not None:
            operand = w.operand(parameter, w.out.dtype)
            operand = operand if last else w.node("Reshape", operand, w.ints([-1, *[1] * (ndim - 2)]))
            name = w.node(operation, name, operand)
    return name


@translates("scale_shift")
def _scale_shift(w: Writer, x: Any, scale: Any, shift: Any) -> str:
    dtype = w.out.dtype
    return w.node("Add", w.node("Mul", w.operand(x, dtype), w.operand(scale, dtype)), w.operand(shift, dtype))


@translates("lookup")
def _lookup(w: Writer, weight: Any, indices: Any, padding_idx: Any = None, scale_grad_by_freq: bool = False) -> str:
    return w.node("Gather", w.operand(weight), w.operand(indices, np.int64), axis=0)
