"""Kernels that Numba compiles: the same functions as in `autograd.kernels`, for the extra `fast`.

They are compiled once for each dtype and layout, and kept on disk. They let other threads run meanwhile, so that
`autograd.kernels.threads.share` can spread a kernel's work. Arithmetic may be reordered and contracted, but nan and
infinity stay what they are.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import numba
from numba.core import event

from autograd.kernels.memory import keep_freed_memory

jit: Any = functools.partial(
    numba.njit, cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp"}
)


class _Notice(event.Listener):  # type: ignore[misc]
    """Says once that kernels are being compiled, which takes a while."""

    def __init__(self) -> None:
        self.said = False

    def on_start(self, event: Any) -> None:
        if not self.said:
            self.said = True
            print("forkgrad: compiling kernels for this machine; they are kept for the next time", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _Notice())
keep_freed_memory()
