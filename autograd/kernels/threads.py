"""One pool of threads for everything that computes on several cores: compiled kernels, and large matrix products.

There is no other: inside, BLAS runs on one thread, since threads of two pools on the same cores stop each other for
milliseconds at every change. Work is split in the same way each time, so that results are the same bits each time.
Workers look for more work for a fraction of a millisecond, then nap, and sleep only later, because waking one takes
longer than many kernels, and falling asleep needs the interpreter's lock. Programs may fork, and call from several
threads: whoever finds the pool busy computes alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.kernels.choosing import compiled, compiling

Work = Callable[[int, int], None]

_LOOKS = 1_600_000  # how often a thread looks before it naps, about 0.4 ms
_NAPS = 1_000  # how often it naps for 50 microseconds before it sleeps, or gives Python a turn
_AFTER = 20_000  # how many looks later it begins, about 5 microseconds
_LINE = 8  # int64 numbers in a cache line: each worker's mailbox has two lines of its own


def _usable() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(asked)) if asked.isdigit() and int(asked) > 0 else cores


_count = _usable()


def get_num_threads() -> int:
    """Return on how many threads kernels and large matrix products run.

    >>> get_num_threads() >= 1
    True
    """
    return _count


def set_num_threads(count: int) -> None:
    """Set on how many threads compiled kernels and large matrix products run.

    At first that is the number of cores this process may use, or OMP_NUM_THREADS where that is less. Results can differ
    in the last bits from those with another number. Without the extra `fast` there are no compiled kernels, and NumPy's
    BLAS has threads of its own.

    Raises:
        ValueError: when it is not a positive integer.

    >>> set_num_threads(get_num_threads())
    """
    global _count, _pool
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
        raise ValueError(f"the number of threads must be a positive integer, not {count!r}")
    with _pool_made:
        if count != _count:
            _count, _pool = int(count), None


def share(work: Work, count: int, least: int = 1, blas: bool = False) -> None:
    """Call work(start, stop) for parts of 0 to count that together are all of it, at once.

    Args:
        work: what to do; most of it must be done without the interpreter's lock.
        count: how many items there are.
        least: the fewest items that are worth a thread of their own: some 50 microseconds of work.
        blas: whether the work calls BLAS.

    Raises:
        Exception: what the work raises, once all parts have ended.
    """
    if not compiling():
        work(0, count)
        return
    parts = min(_count, count // max(least, 1))
    with _blas_on_one_thread() if blas else _NOTHING:
        if parts <= 1:
            work(0, count)
        else:
            _share(work, [count * i // parts for i in range(parts + 1)])


def _share(work: Work, bounds: list[int]) -> None:
    pool = _the_pool()
    if not pool.free.acquire(blocking=False):  # another thread, or what we are called from, has it
        for start, stop in itertools.pairwise(bounds):
            work(start, stop)
        return
    try:
        pool.run(work, bounds)
    finally:
        pool.free.release()


class _Pool:
    """Worker threads, each with a mailbox: how many jobs were posted to it, and how many it has done."""

    def __init__(self, workers: int) -> None:
        self.free = threading.Lock()
        wait: Any = compiled("waiting", "wait")
        self.wait = wait
        self.mail = np.zeros((2 * workers + 1) * _LINE, np.int64)
        self.wait(self.mail, 0, 0, 1, 1, 1)  # compiled before the first worker needs it
        self.work: Work = _nothing
        self.bounds: list[int] = []
        self.errors: list[BaseException] = []
        self.asleep = [threading.Semaphore(0) for _ in range(workers)]
        self.sleeping = [False] * workers
        for number in range(workers):
            threading.Thread(target=self._serve, args=(number,), daemon=True, name=f"forkgrad-{number}").start()

    def run(self, work: Work, bounds: list[int]) -> None:
        """Do the first part here and the others on the workers."""
        self.work, self.bounds = work, bounds
        workers = range(len(bounds) - 2)
        for number in workers:
            self.mail[(2 * number + 1) * _LINE] += 1
            if self.sleeping[number]:
                self.asleep[number].release()
        try:
            work(bounds[0], bounds[1])
        except BaseException as raised:
            self.errors.append(raised)
        for number in workers:
            posted = int(self.mail[(2 * number + 1) * _LINE])
            while not self.wait(self.mail, (2 * number + 2) * _LINE, posted, _LOOKS, _AFTER, _NAPS):
                pass  # the interpreter looks for signals in between
        self.work = _nothing
        if self.errors:
            error, self.errors = self.errors[0], []
            raise error

    def _serve(self, number: int) -> None:
        """Do part `number + 1` of every job."""
        post, done = (2 * number + 1) * _LINE, (2 * number + 2) * _LINE
        jobs = 0
        while True:
            if not self.wait(self.mail, post, jobs + 1, _LOOKS, _AFTER, _NAPS):
                self.sleeping[number] = True
                if self.mail[post] == jobs:
                    self.asleep[number].acquire()
                self.sleeping[number] = False
                if self.mail[post] == jobs:  # woken for a job that was seen without sleep
                    continue
            jobs += 1
            try:
                self.work(self.bounds[number + 1], self.bounds[number + 2])
            except BaseException as error:
                self.errors.append(error)
            self.mail[done] = jobs


def _nothing(start: int, stop: int) -> None:
    pass


_NOTHING = contextlib.nullcontext()

_pool: _Pool | None = None
_pool_made = threading.Lock()


def _the_pool() -> _Pool:
    global _pool
    if _pool is None:
        with _pool_made:
            _pool = _pool or _Pool(_count - 1)
    return _pool


def _forget() -> None:
    """Make a new pool in a forked process, which has none of the threads."""
    global _pool, _pool_made
    _pool, _pool_made = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


# --- BLAS -------------------------------------------------------------------------------------------------------------


@functools.cache
def _blas() -> list[tuple[Callable[[], int], Callable[[int], Any]]]:
    """Return what tells and what sets the number of threads of each BLAS in this process: NumPy's and SciPy's."""
    import scipy.linalg.cython_blas  # noqa: F401  its BLAS, which compiled kernels use, is in the process from now on
    from threadpoolctl import ThreadpoolController

    libraries = [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]
    return [_openblas(library.filepath) or (library.get_num_threads, library.set_num_threads) for library in libraries]


def _openblas(path: str) -> tuple[Callable[[], int], Callable[[int], Any]] | None:
    """Return the functions of OpenBLAS themselves, which are called around every product, or None for another BLAS."""
    library = ctypes.CDLL(path)
    for before, after in itertools.product(("scipy_", ""), ("64_", "_64", "")):
        names = [f"{before}openblas_{what}_num_threads{after}" for what in ("get", "set")]
        if all(hasattr(library, name) for name in names):
            return getattr(library, names[0]), getattr(library, names[1])
    return None


class _blas_on_one_thread:
    """BLAS computes on one thread inside the block, and as before after it."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = [(set_threads, count) for get, set_threads in _blas() if (count := get()) != 1]
        for set_threads, _ in self.before:
            set_threads(1)

    def __exit__(self, *_: object) -> None:
        for set_threads, count in self.before:
            set_threads(count)
