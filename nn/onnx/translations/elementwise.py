"""Functions of single elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.onnx.writing import TRANSLATIONS, Writer, translates

# --- one operation for one --------------------------------------------------------------------------------------------

_UNARY = {
    "negative": "Neg", "absolute": "Abs", "fabs": "Abs", "sign": "Sign", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh",
    "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "floor": "Floor",
    "ceil": "Ceil", "rint": "Round", "reciprocal": "Reciprocal", "relu": "Relu", "sigmoid": "Sigmoid", "erf": "Erf",
    "positive": "Identity", "real": "Identity", "conjugate": "Identity",
}  # fmt: skip

_BINARY = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow", "maximum": "Max",
    "minimum": "Min",
}  # fmt: skip

_COMPARISONS = {
    "equal": "Equal", "less": "Less", "less_equal": "LessOrEqual", "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
}  # fmt: skip

_LOGICAL = {
    "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "bitwise_and": "And", "bitwise_or": "Or",
    "bitwise_xor": "Xor",
}  # fmt: skip


def _unary(kind: str) -> Any:
    def write(w: Writer, x: Any = None, val: Any = None) -> str:
        return w.node(kind, w.operand(val if x is None else x, w.out.dtype))

    return write


def _binary(kind: str) -> Any:
    def write(w: Writer, x1: Any, x2: Any) -> str:
        return w.node(kind, w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype))

    return write


def _comparison(kind: str) -> Any:
    def write(w: Writer, x1: Any, x2: Any) -> str:
        dtype = w.dtype(x1, x2)
        return w.node(kind, w.operand(x1, dtype), w.operand(x2, dtype))

    return write


def _logical(kind: str) -> Any:
    def write(w: Writer, x1: Any, x2: Any) -> str:
        if w.out.dtype != np.bool:
            raise w.refuse("only bools can be combined so, not integers")
        return w.node(kind, w.operand(x1, np.bool), w.operand(x2, np.bool))

    return write


for _table, _make in ((_UNARY, _unary), (_BINARY, _binary), (_COMPARISONS, _comparison), (_LOGICAL, _logical)):
    TRANSLATIONS.update({name: _make(kind) for name, kind in _table.items()})


@translates("not_equal")
def _not_equal(w: Writer, x1: Any, x2: Any) -> str:
    return w.node("Not", TRANSLATIONS["equal"](w, x1, x2))


@translates("logical_not", "invert")
def _not(w: Writer, x: Any) -> str:
    if w.dtype(x) != np.bool and w.call.op == "invert":
        raise w.refuse("only bools can be inverted, not integers")
    return w.node("Not", w.operand(x, np.bool))


@translates("copy", "alias")
def _copy(w: Writer, a: Any, order: str = "K") -> str:
    return w.node("Identity", w.operand(a))


@translates("_to_float", "astype")
def _astype(w: Writer, x: Any, dtype: Any, copy: bool = True) -> str:
    return w.operand(x, w.out.dtype) if w.dtype(x) != w.out.dtype else w.node("Identity", w.operand(x))


# --- composed of several ----------------------------------------------------------------------------------------------


def number(w: Writer, value: float) -> str:
    """Return the name of a constant number of the result's dtype."""
    return w.constant(value, w.out.dtype)


@translates("square")
def _square(w: Writer, x: Any) -> str:
    name = w.operand(x, w.out.dtype)
    return w.node("Mul", name, name)


@translates("exp2")
def _exp2(w: Writer, x: Any) -> str:
    return w.node("Pow", number(w, 2), w.operand(x, w.out.dtype))


@translates("expm1")
def _expm1(w: Writer, x: Any) -> str:
    return w.node("Sub", w.node("Exp", w.operand(x, w.out.dtype)), number(w, 1))


@translates("log1p")
def _log1p(w: Writer, x: Any) -> str:
    return w.node("Log", w.node("Add", w.operand(x, w.out.dtype), number(w, 1)))


@translates("log2", "log10")
def _log_to_a_base(w: Writer, x: Any) -> str:
    scale = 1 / math.log(2 if w.call.op == "log2" else 10)
    return w.node("Mul", w.node("Log", w.operand(x, w.out.dtype)), number(w, scale))


@translates("deg2rad", "rad2deg")
def _angle(w: Writer, x: Any) -> str:
    scale = math.pi / 180 if w.call.op == "deg2rad" else 180 / math.pi
    return w.node("Mul", w.operand(x, w.out.dtype), number(w, scale))


@translates("cbrt")
def _cbrt(w: Writer, x: Any) -> str:
    name = w.operand(x, w.out.dtype)
    return w.node("Mul", w.node("Sign", name), w.node("Pow", w.node("Abs", name), number(w, 1 / 3)))


@translates("trunc", "fix")
def _trunc(w: Writer, x: Any) -> str:
    name = w.operand(x, w.out.dtype)
    return w.node("Mul", w.node("Sign", name), w.node("Floor", w.node("Abs", name)))


@translates("round")
def _round(w: Writer, a: Any, decimals: int = 0) -> str:
    if decimals:
        raise w.refuse(f"ONNX rounds to whole numbers only, not to decimals={decimals}")
    return w.node("Round", w.operand(a, w.out.dtype))


@translates("hypot")
def _hypot(w: Writer, x1: Any, x2: Any) -> str:
    a, b = w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype)
    return w.node("Sqrt", w.node("Add", w.node("Mul", a, a), w.node("Mul", b, b)))


def softplus(w: Writer, x: str) -> str:
    """Write log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); onnxruntime's own is for float32 only."""
    small = w.node("Exp", w.node("Neg", w.node("Abs", x)))
    return w.node("Add", w.node("Relu", x), w.node("Log", w.node("Add", small, number(w, 1))))


@translates("softplus")
def _softplus(w: Writer, x: Any) -> str:
    return softplus(w, w.operand(x, w.out.dtype))


@translates("log_sigmoid")
def _log_sigmoid(w: Writer, x: Any) -> str:
    return w.node("Neg", softplus(w, w.node("Neg", w.operand(x, w.out.dtype))))


@translates("logaddexp")
def _logaddexp(w: Writer, x1: Any, x2: Any) -> str:
    a, b = w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype)
    return w.node("Add", b, softplus(w, w.node("Sub", a, b)))


@translates("erfc")
def _erfc(w: Writer, x: Any) -> str:
    return w.node("Sub", number(w, 1), w.node("Erf", w.operand(x, w.out.dtype)))


@translates("ndtr")
def _ndtr(w: Writer, x: Any) -> str:
    erf = w.node("Erf", w.node("Mul", w.operand(x, w.out.dtype), number(w, math.sqrt(0.5))))
    return w.node("Mul", w.node("Add", erf, number(w, 1)), number(w, 0.5))


@translates("gelu")
def _gelu(w: Writer, x: Any) -> str:
    return w.node("Mul", w.operand(x, w.out.dtype), _ndtr(w, x))


@translates("remainder")
def _remainder(w: Writer, x1: Any, x2: Any) -> str:
    a, b = w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype)
    if w.out.dtype.kind != "f":
        return w.node("Mod", a, b)
    return w.node("Sub", a, w.node("Mul", w.node("Floor", w.node("Div", a, b)), b))


@translates("fmod")
def _fmod(w: Writer, x1: Any, x2: Any) -> str:
    return w.node("Mod", w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype), fmod=1)


@translates("floor_divide")
def _floor_divide(w: Writer, x1: Any, x2: Any) -> str:
    a, b = w.operand(x1, w.out.dtype), w.operand(x2, w.out.dtype)
    if w.out.dtype.kind == "f":
        return w.node("Floor", w.node("Div", a, b))
    return w.node("Div", w.node("Sub", a, w.node("Mod", a, b)), b)


# --- choosing ---------------------------------------------------------------------------------------------------------


@translates("where")
def _where(w: Writer, condition: Any, x: Any, y: Any) -> str:
    return w.node("Where", w.operand(condition, np.bool), w.operand(x, w.out.dtype), w.operand(y, w.out.dtype))


@translates("clip")
def _clip(w: Writer, a: Any, a_min: Any, a_max: Any) -> str:
    name = w.operand(a, w.out.dtype)
    if a_min is not None:
        name = w.node("Max", name, w.operand(a_min, w.out.dtype))
    return name if a_max is None else w.node("Min", name, w.operand(a_max, w.out.dtype))


@translates("isnan", "isinf")
def _is(w: Writer, x: Any) -> str:
    return w.node("IsNaN" if w.call.op == "isnan" else "IsInf", w.operand(x))


@translates("isfinite")
def _isfinite(w: Writer, x: Any) -> str:
    name = w.operand(x)
    return w.node("Not", w.node("Or", w.node("IsNaN", name), w.node("IsInf", name)))


@translates("heaviside")
def _heaviside(w: Writer, x1: Any, x2: Any) -> str:
    x, zero = w.operand(x1, w.out.dtype), number(w, 0)
    step = w.node("Where", w.node("Greater", x, zero), number(w, 1), zero)
    return w.node("Where", w.node("Equal", x, zero), w.operand(x2, w.out.dtype), step)


# --- activations of nn ------------------------------------------------------------------------------------------------


@translates("_bent")
def _bent(w: Writer, x: Any, slope: float) -> str:
    name = w.operand(x, w.out.dtype)
    return w.node("Where", w.node("Greater", name, number(w, 0)), name, w.node("Mul", name, number(w, slope)))


@translates("_exponential")
def _exponential(w: Writer, x: Any, alpha: float, scale: float, rate: float) -> str:
    name, zero = w.operand(x, w.out.dtype), number(w, 0)
    below = w.node("Exp", w.node("Mul", w.node("Min", name, zero), number(w, rate)))
    below = w.node("Mul", w.node("Sub", below, number(w, 1)), number(w, scale * alpha))
    return w.node("Where", w.node("Greater", name, zero), w.node("Mul", name, number(w, scale)), below)


@translates("_softsign")
def _softsign(w: Writer, x: Any) -> str:
    name = w.operand(x, w.out.dtype)
    return w.node("Div", name, w.node("Add", w.node("Abs", name), number(w, 1)))


def _limited(w: Writer, x: str, low: float, high: float) -> str:
    return w.node("Min", w.node("Max", x, number(w, low)), number(w, high))


@translates("hardtanh")
def _hardtanh(w: Writer, input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> str:
    return _limited(w, w.operand(input, w.out.dtype), min_val, max_val)


@translates("hardswish")
def _hardswish(w: Writer, input: Any, inplace: bool = False) -> str:
    x = w.operand(input, w.out.dtype)
    share = _limited(w, w.node("Add", x, number(w, 3)), 0, 6)
    return w.node("Mul", x, w.node("Div", share, number(w, 6)))


@translates("softshrink", "hardshrink")
def _shrink(w: Writer, input: Any, lambd: float = 0.5) -> str:
    x, zero = w.operand(input, w.out.dtype), number(w, 0)
    small = w.node("LessOrEqual", w.node("Abs", x), number(w, lambd))
    if w.call.op == "softshrink":
        x = w.node("Sub", x, w.node("Mul", w.node("Sign", x), number(w, lambd)))
    return w.node("Where", small, zero, x)
