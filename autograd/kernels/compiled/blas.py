"""Matrix products inside compiled kernels, on parts of arrays, added to what is there: SciPy's BLAS without copies."""

from __future__ import annotations

from typing import Any

import scipy.linalg.cython_blas  # noqa: F401  what numba_xxgemm calls
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.compiled import jit

_KINDS = {types.float32: "s", types.float64: "d"}


@intrinsic  # type: ignore[misc]
def _gemm(typing: Any, alike: Any, turned: Any, sizes: Any, a: Any, b: Any, beta: Any, c: Any) -> Any:
    """Call BLAS's gemm, in its terms, on matrices given by address and leading dimension: c = a @ b + beta * c.

    `alike` is any array of the dtype, `turned` whether a and b are transposed, `sizes` m, n and k.
    """
    matrix = types.UniTuple(types.intp, 2)
    signature = types.void(
        alike, types.UniTuple(types.boolean, 2), types.UniTuple(types.intp, 3), matrix, matrix, types.float64, matrix
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        dtype = signature.args[0].dtype
        word, char, pointer = context.get_value_type(types.intp), ir.IntType(8), ir.IntType(8).as_pointer()
        kinds = [char, char, char, word, word, word, pointer, pointer, word, pointer, word, pointer, pointer, word]
        gemm = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), kinds), "numba_xxgemm")
        _, turned, sizes, a, b, beta, c = arguments
        letters = [
            builder.select(builder.trunc(part, ir.IntType(1)) if part.type.width > 1 else part,
                           ir.Constant(char, ord("t")), ir.Constant(char, ord("n")))
            for part in cgutils.unpack_tuple(builder, turned, 2)
        ]  # fmt: skip
        m, n, k = cgutils.unpack_tuple(builder, sizes, 3)
        (of_a, step_a), (of_b, step_b), (of_c, step_c) = (cgutils.unpack_tuple(builder, each, 2) for each in (a, b, c))
        one = cgutils.alloca_once_value(builder, context.get_constant(dtype, 1.0))
        more = cgutils.alloca_once_value(builder, context.cast(builder, beta, types.float64, dtype))
        builder.call(
            gemm,
            [ir.Constant(char, ord(_KINDS[dtype])), *letters, m, n, k, builder.bitcast(one, pointer),
             builder.inttoptr(of_a, pointer), step_a, builder.inttoptr(of_b, pointer), step_b,
             builder.bitcast(more, pointer), builder.inttoptr(of_c, pointer), step_c],
        )  # fmt: skip
        return context.get_dummy_value()

    return signature, generate


@jit(inline="always")
def _start(x):  # type: ignore[no-untyped-def]
    return x.ctypes.data


@jit
def product(a, turn_a, b, turn_b, beta, c):  # type: ignore[no-untyped-def]
    """Set c to a @ b + beta * c, with a or b transposed first if asked.

    All are matrices of one dtype whose rows may lie apart, but not the elements of a row.
    """
    rows, columns = c.shape
    inner = a.shape[0] if turn_a else a.shape[1]
    if rows == 0 or columns == 0:
        return
    size = a.itemsize
    # BLAS takes columns where we have rows: it is asked for c.T = b.T @ a.T.
    _gemm(
        a, (turn_b, turn_a), (columns, rows, inner), (_start(b), max(b.strides[0] // size, b.shape[1])),
        (_start(a), max(a.strides[0] // size, a.shape[1])), beta, (_start(c), max(c.strides[0] // size, columns)),
    )  # fmt: skip
