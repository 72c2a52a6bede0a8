"""Waiting for another thread without the interpreter's lock."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.compiled import jit


@intrinsic  # type: ignore[misc]
def _now(typing: Any, mail: Any, slot: Any) -> Any:
    """Return mail[slot] as it is in memory at this moment, which another thread may have changed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(builder.gep(array.data, [arguments[1]]), "acquire", 8)

    return types.int64(mail, slot), generate


@intrinsic  # type: ignore[misc]
def _nap(typing: Any, microseconds: Any) -> Any:
    """Sleep, where the system's C library has usleep; elsewhere do nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if sys.platform != "win32":
            word = ir.IntType(32)
            usleep = cgutils.get_or_insert_function(builder.module, ir.FunctionType(word, [word]), "usleep")
            builder.call(usleep, arguments)
        return context.get_dummy_value()

    return types.void(types.uint32), generate


@jit
def _linger(mail, slot, value, looks):  # type: ignore[no-untyped-def]
    seen = value
    for _ in range(looks):
        seen = max(seen, _now(mail, slot))
    return bool(seen >= value)  # always; without a use of what they see, the looks would be left out


@jit
def wait(mail, slot, value, looks, after, naps):  # type: ignore[no-untyped-def]
    """Return whether mail[slot] becomes `value`: within so many looks, or so many naps of 50 microseconds.

    It then waits for `after` looks more. They give the thread that wrote the value the time to let go of the
    interpreter's lock: who asks for that while it is held is put to sleep, and sleeps long.
    """
    for _ in range(looks):
        if _now(mail, slot) == value:
            return _linger(mail, slot, value, after)
    for _ in range(naps):
        _nap(np.uint32(50))
        if _now(mail, slot) == value:
            return _linger(mail, slot, value, after)
    return False
