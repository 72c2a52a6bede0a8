"""Products of matrices and sums of products."""

from __future__ import annotations

import string
from typing import Any

from nn.onnx.writing import Writer, translates

_LETTERS = string.ascii_lowercase


def einsum(w: Writer, equation: str, *operands: Any) -> str:
    """Write a sum of products with the axes named by letters."""
    sizes: dict[str, set[int]] = {}
    for term, x in zip(equation.partition("->")[0].split(","), operands):
        for letter, size in zip(term, w.shape(x)):
            sizes.setdefault(letter, set()).add(size)
    if any(len(found) > 1 for found in sizes.values()):
        raise w.refuse(f"in {equation!r} an axis of size 1 is stretched, which ONNX's Einsum does not do")
    return w.node("Einsum", *[w.operand(x, w.out.dtype) for x in operands], equation=equation)


@translates("matmul")
def _matmul(w: Writer, x1: Any, x2: Any) -> str:
    return w.node("MatMul", w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype))


@translates("linear")
def _linear(w: Writer, x: Any, weight: Any, bias: Any = None) -> str:
    inputs = [w.operand(thing, w.out.dtype) for thing in (x, weight, bias) if thing is not None]
    if w.ndim(x) == 2:
        return w.node("Gemm", *inputs, transB=1)
    product = w.node("MatMul", inputs[0], w.node("Transpose", inputs[1], perm=[1, 0]))
    return product if bias is None else w.node("Add", product, inputs[2])


@translates("_einsum")
def _of_several(w: Writer, operands: Any, subscripts: str, optimize: Any = False) -> str:
    return einsum(w, subscripts, *operands)


@translates("_einsum_of_one")
def _of_one(w: Writer, operand: Any, subscripts: str) -> str:
    return einsum(w, subscripts, operand)


@translates("_vecdot")
def _vecdot(w: Writer, x1: Any, x2: Any) -> str:
    product = w.node("Mul", w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype))
    return w.node("ReduceSum", product, w.ints([-1]), keepdims=0)


@translates("outer")
def _outer(w: Writer, a: Any, b: Any) -> str:
    column = w.node("Reshape", w.operand(a, w.out.dtype), w.ints([-1, 1]))
    return w.node("Mul", column, w.node("Reshape", w.operand(b, w.out.dtype), w.ints([1, -1])))


@translates("dot")
def _dot(w: Writer, a: Any, b: Any) -> str:
    m, n = w.ndim(a), w.ndim(b)
    if not m or not n:
        return w.node("Mul", w.operand(a, w.out.dtype), w.operand(b, w.out.dtype))
    left, right = _LETTERS[:m], _LETTERS[m : m + n]
    summed = right[-2] if n > 1 else right[-1]
    left = left[:-1] + summed
    return einsum(w, f"{left},{right}->{(left + right).replace(summed, '')}", a, b)


@translates("tensordot")
def _tensordot(w: Writer, a: Any, b: Any, axes: Any = 2) -> str:
    m, n = w.ndim(a), w.ndim(b)
    if isinstance(axes, int):
        of_a, of_b = list(range(m - axes, m)), list(range(axes))
    else:
        of_a, of_b = ([int(i) for i in (x if isinstance(x, tuple | list) else (x,))] for x in axes)
    left, right = list(_LETTERS[:m]), list(_LETTERS[m : m + n])
    for i, j in zip(of_a, of_b, strict=True):
        left[i] = right[j]
    free = [letter for letter in left + right if (letter in left) != (letter in right)]
    return einsum(w, f"{''.join(left)},{''.join(right)}->{''.join(free)}", a, b)
