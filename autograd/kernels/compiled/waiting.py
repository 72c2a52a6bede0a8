"""Waiting for another thread without the interpreter's lock."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from autograd.kernels.compiled import jit


@intrinsic  # type: ignore[misc]
def _now(typing: Any, mail: Any, slot: Any) -> Any:
    """Return mail[slot] as it is in memory at this moment, which another thread may have changed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(builder.gep(array.data, [arguments[1]]), "acquire", 8)

    return types.int64(mail, slot), generate


@jit
def wait(mail, slot, value, looks, after):  # type: ignore[no-untyped-def]
    """Return whether mail[slot] becomes `value` within so many looks; if so, `after` looks later.

    The later looks give the thread that wrote the value the time to let go of the interpreter's lock: who asks for that
    while it is held is put to sleep, and sleeps long.
    """
    for _ in range(looks):
        if _now(mail, slot) == value:
            seen = value
            for _ in range(after):
                seen = max(seen, _now(mail, slot))
            return bool(seen >= value)  # always; without a use of what they see, the looks would be left out
    return False
