"""Memory that is freed and soon needed again stays with the process.

A training step makes and frees the same arrays as the step before. The C library gives large ones back to the system
each time, which then has to clear every page anew: in a network with batch norms that was a third of the time.
"""

from __future__ import annotations

import ctypes
import os
import sys

# glibc's numbers for its options, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 2**20  # glibc takes no larger one: arrays beyond that come from the system each time
_KEPT = 2**30  # how much free memory at the end of the heap stays


def keep_freed_memory() -> bool:
    """Let the C library keep up to 1 GiB of freed memory, in arrays of up to 32 MiB each; return whether it will.

    It does so for the whole process, where that is glibc's. With FORKGRAD_KEEP_MEMORY=0 in the environment nothing is
    changed.
    """
    if os.environ.get("FORKGRAD_KEEP_MEMORY") == "0" or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGEST) and mallopt(_TRIM_THRESHOLD, _KEPT))
