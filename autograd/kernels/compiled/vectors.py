"""Vectors of 32 bytes as values in compiled kernels, which keep blocks of sums in registers where loops would not.

They are LLVM's vectors: eight float32 or four float64 numbers, one register with AVX2, several where registers are
smaller. Places in arrays are of type uintp, and nothing checks that the vector lies within the array.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

BYTES = 32
_KINDS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


class Vector(types.Type):  # type: ignore[misc]
    """Numba's type of vectors of numbers of one type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


def _kind(dtype: Any) -> Any:
    return ir.VectorType(_KINDS[dtype], 8 * BYTES // dtype.bitwidth)


@register_model(Vector)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _kind(of.dtype))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), _kind(kind.dtype).as_pointer())


@intrinsic  # type: ignore[misc]
def load(typing: Any, array: Any, place: Any) -> Any:
    """Return the vector that begins at a place of an array with one axis."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = builder.load(_pointer(context, builder, signature.args[0], *arguments))
        loaded.align = array.dtype.bitwidth // 8
        return loaded

    return Vector(array.dtype)(array, types.uintp), generate


@intrinsic  # type: ignore[misc]
def store(typing: Any, array: Any, place: Any, vector: Any) -> Any:
    """Write a vector to a place of an array with one axis."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, start, value = arguments
        stored = builder.store(value, _pointer(context, builder, signature.args[0], given, start))
        stored.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, types.uintp, vector), generate


@intrinsic  # type: ignore[misc]
def splat(typing: Any, number: Any) -> Any:
    """Return a vector of one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, index = _kind(number), ir.IntType(32)
        nothing = ir.Constant(kind, ir.Undefined)
        one = builder.insert_element(nothing, arguments[0], ir.Constant(index, 0))
        return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(index, kind.count), None))

    return Vector(number)(number), generate


@intrinsic  # type: ignore[misc]
def muladd(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c for vectors, fused where the machine can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = _kind(a.dtype)
        name = f"llvm.fmuladd.v{kind.count}f{a.dtype.bitwidth}"
        return builder.call(
            cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name), arguments
        )

    return a(a, b, c), generate


@intrinsic  # type: ignore[misc]
def total(typing: Any, a: Any) -> Any:
    """Return the sum of a vector's numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = _kind(a.dtype)
        name = f"llvm.vector.reduce.fadd.v{kind.count}f{a.dtype.bitwidth}"
        sums = ir.FunctionType(kind.element, [kind.element, kind])
        return builder.call(
            cgutils.get_or_insert_function(builder.module, sums, name),
            [ir.Constant(kind.element, -0.0), arguments[0]], fastmath=("reassoc",),
        )  # fmt: skip

    return a.dtype(a), generate


@intrinsic  # type: ignore[misc]
def hidden(typing: Any, number: Any) -> Any:
    """Return a number of type uintp, about which the compiler then knows nothing.

    A loop that has it as its step is not unrolled: where all registers are in use, that would cost more than it saves.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = context.get_value_type(types.uintp)
        return builder.asm(ir.FunctionType(word, [word]), "", "=r,0", arguments, side_effect=True)

    return types.uintp(types.uintp), generate


def _in_fours(shuffle: Any) -> Any:
    """Return an intrinsic that makes four vectors of eight numbers of four by `shuffle(builder, vectors, pick)`."""

    @intrinsic  # type: ignore[misc]
    def made(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def pick(first: Any, second: Any, places: list[int]) -> Any:
                kind = ir.VectorType(ir.IntType(32), len(places))
                return builder.shuffle_vector(first, second, ir.Constant(kind, places))

            return context.make_tuple(builder, signature.return_type, shuffle(pick, *arguments))

        return types.UniTuple(a, 4)(a, b, c, d), generate

    return made


def _columns(pick: Any, a: Any, b: Any, c: Any, d: Any) -> list[Any]:
    return [
        pick(pick(a, b, [i, i + 4, i + 8, i + 12]), pick(c, d, [i, i + 4, i + 8, i + 12]), list(range(8)))
        for i in range(4)
    ]


def _rows(pick: Any, a: Any, b: Any, c: Any, d: Any) -> list[Any]:
    return [
        pick(pick(a, b, [i, i + 8, i + 1, i + 9]), pick(c, d, [i, i + 8, i + 1, i + 9]), [0, 1, 4, 5, 2, 3, 6, 7])
        for i in (0, 2, 4, 6)
    ]


columns = _in_fours(_columns)  # of the 8 by 4 matrix of float32 that four vectors are, one after the other
rows = _in_fours(_rows)  # the four vectors of which these are the columns
