"""Worker processes that make batches.

Each process has a pipe. It is told the indices of all its batches when an epoch begins, makes one after the other, and
after the first two waits before each until another one was taken from it. Batch i comes from process i modulo their
number, so batches arrive in order. A thread of the main process takes them, since large ones do not fit into a pipe.
Nobody writes more into a pipe than fits without being read, except results, for which that thread waits; so no two
processes can wait for each other.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

import numpy as np

import autograd
from nn.data.collate import Fetching
from nn.data.packing import Failure, pack, unpack
from nn.data.prefetching import PATIENCE, Making, ThreadSource

_GRACE = 0.5  # seconds that processes have to end by themselves, and then again when they are told by a signal

_AHEAD = 2  # batches that a process makes before one is taken
_MORE, _STOP, _EXIT, _STOPPED = b"more", b"stop", b"exit", b"stopped"  # pickled messages begin with other bytes


class WorkerInfo(NamedTuple):
    """What a worker process knows of itself."""

    id: int
    num_workers: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return the number of this worker process, how many there are, and its data set; None in the main process.

    >>> get_worker_info() is None
    True
    """
    return _info


# --- in the worker process --------------------------------------------------------------------------------------------


class _Job(NamedTuple):
    """What a worker needs to know once."""

    fetching: Fetching
    worker_init_fn: Callable[[int], Any] | None
    number: int
    workers: int


def _work(connection: Connection, job: _Job | bytes, inherited: list[Connection]) -> None:
    """Serve until told to end, or nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one ends the others
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in inherited:
        other.close()  # or the workers at their other ends would not notice that the main process has gone
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        _serve(connection, unpack(job) if isinstance(job, bytes) else job)


def _serve(connection: Connection, job: _Job) -> None:
    global _info
    _info = WorkerInfo(job.number, job.workers, job.fetching.dataset)
    failure = None
    try:
        if job.worker_init_fn is not None:
            job.worker_init_fn(job.number)
    except Exception as error:
        failure = Failure(error)
    while (message := connection.recv_bytes()) != _EXIT:
        if message == _STOP:
            connection.send_bytes(_STOPPED)
        elif message != _MORE:  # that is for an epoch that is over
            seed, tasks = unpack(message)
            if not _run_epoch(connection, job, seed, tasks, failure):
                return


def _run_epoch(
    connection: Connection, job: _Job, seed: int, tasks: list[tuple[int, list[int]]], failure: Failure | None
) -> bool:
    """Make the batches of an epoch; return whether to wait for another one."""
    allowed = _AHEAD
    for number, indices in tasks:
        while not allowed or connection.poll():
            message = connection.recv_bytes()
            if message != _MORE:
                if message == _STOP:
                    connection.send_bytes(_STOPPED)
                return message == _STOP
            allowed += 1
        allowed -= 1
        connection.send_bytes(_result(job.fetching, seed, number, indices, failure))
    return True


def _result(fetching: Fetching, seed: int, number: int, indices: list[int], failure: Failure | None) -> bytes:
    """Return a batch, or what was raised, as bytes."""
    if failure is not None:
        return pack(failure)
    try:
        _seed(seed, number)
        making = Making(fetching, {number: indices}, seed)  # type: ignore[arg-type]
        return pack(making.get(number))
    except Exception as error:
        return pack(Failure(error))


def _seed(seed: int, number: int) -> None:
    """Seed every generator that a data set may use without asking, each batch anew."""
    first, second, third = np.random.SeedSequence([seed, number, 1]).generate_state(3).tolist()
    random.seed(first)
    np.random.seed(second)  # noqa: NPY002 - for data sets that still use it
    autograd.manual_seed(third)


# --- in the main process ----------------------------------------------------------------------------------------------


class WorkerPool:
    """The worker processes of a `DataLoader`.

    Args:
        fetching: how examples become a batch.
        worker_init_fn: called in each process with its number, or None.
        count: how many processes.
        context: starts the processes.
    """

    def __init__(
        self, fetching: Fetching, worker_init_fn: Callable[[int], Any] | None, count: int, context: BaseContext
    ) -> None:
        self._owner = os.getpid()
        self.source: WorkerSource | None = None  # of the epoch that is being loaded
        self._stopping: set[int] = set()  # processes that were told to break off their epoch, and have not yet
        self._connections: list[Connection] = []
        self._processes: list[Any] = []
        try:
            for number in range(count):
                self._start_process(_Job(fetching, worker_init_fn, number, count), context)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._processes)

    def _start_process(self, job: _Job, context: BaseContext) -> None:
        ours, theirs = context.Pipe()
        self._connections.append(ours)
        if context.get_start_method() == "fork":
            arguments: tuple[Any, ...] = (theirs, job, list(self._connections))
        else:
            arguments = (theirs, _as_bytes(job), [])
        process: Any = context.Process(  # type: ignore[attr-defined]
            target=_work, args=arguments, daemon=True, name=f"forkgrad-data-{job.number}"
        )
        process.start()
        self._processes.append(process)
        theirs.close()

    def begin(self, source: WorkerSource, making: Making, first: int) -> None:
        """Have the batches of an epoch made, from the first on; one that is under way is broken off."""
        if self.source is not None:
            self.source.stop()
            self.source.thread.join(None)
        for worker in sorted(self._stopping):
            while self._receive(worker) != _STOPPED:
                pass  # a batch of the epoch that was broken off
        self.source = source
        count = len(self._connections)
        for worker, connection in enumerate(self._connections):
            tasks = [
                (number, making.batches[number]) for number in range(first, len(making.batches))
                if number % count == worker
            ]  # fmt: skip
            _send(connection, pack((making.seed, tasks)))

    def get(self, number: int) -> Any:
        """Return the next batch, or raise what was raised while it was made."""
        worker = number % len(self._connections)
        content = self._receive(worker)
        if content == _STOPPED:
            raise RuntimeError("the epoch was broken off")
        _send(self._connections[worker], _MORE)
        result = unpack(content)
        if isinstance(result, Failure):
            raise result.raised(f"worker process {worker} of the DataLoader")
        return result

    def _receive(self, worker: int) -> bytes:
        connection, process = self._connections[worker], self._processes[worker]
        try:
            while not connection.poll(PATIENCE):
                if not process.is_alive() and not connection.poll():
                    raise EOFError
            content = connection.recv_bytes()
        except (EOFError, OSError):
            process.join(_GRACE)
            raise RuntimeError(
                f"worker process {worker} of the DataLoader (pid {process.pid}) has ended with exit code "
                f"{process.exitcode} while it made a batch; a negative code is that of a signal, and -9 often means "
                "that memory ran out"
            ) from None
        if content == _STOPPED:
            self._stopping.discard(worker)
        return content

    def stop(self) -> None:
        """Break off the epoch, without waiting for the processes."""
        if os.getpid() == self._owner:
            self._stopping = set(range(len(self._connections)))
            for connection in self._connections:
                _send(connection, _STOP)

    def _close_connections(self) -> None:
        for connection in self._connections:
            connection.close()

    def close(self) -> None:
        """End the processes: those that do not end by themselves by a signal. May be called again."""
        if os.getpid() != self._owner:  # in a copy of the program, which has no worker processes
            return
        thread = self.source.thread if self.source is not None else None
        if thread is not None:
            thread.stop()
        for connection in self._connections:
            _send(connection, _EXIT)
        deadline = time.monotonic() + _GRACE
        if thread is None or thread.join():
            self._close_connections()  # who waits until a large batch is taken notices, and ends
        _end(self._processes, deadline)
        if thread is not None:
            thread.join()  # it notices that the processes have ended
        self._close_connections()
        self._processes, self._connections, self.source = [], [], None


class WorkerSource:
    """An epoch of worker processes, and the thread that takes the batches from them.

    Args:
        pool: the processes.
        making: the batches of the epoch.
        first: the number of the first one to make.
        ahead: how many batches of each process may lie ready.
        timeout: for how many seconds to wait for one, or 0.
        keep: whether the processes stay when the epoch ends.
    """

    def __init__(self, pool: WorkerPool, making: Making, first: int, ahead: int, timeout: float, keep: bool) -> None:
        self._pool = pool
        self._keep = keep
        self._stopped = False
        pool.begin(self, making, first)
        numbers = range(first, len(making.batches))
        self.thread = ThreadSource(pool.get, numbers, ahead * len(pool), timeout, "worker processes")

    def get(self, number: int) -> Any:
        """Return the next batch, or raise what was raised while it was made."""
        if self._pool.source is not self:
            raise RuntimeError("another loop over this DataLoader has begun, with the same worker processes")
        return self.thread.get(number)

    def stop(self) -> None:
        """Break off the epoch, without waiting."""
        if not self._stopped:
            self._stopped = True
            self.thread.stop()
            self._pool.stop()

    def close(self) -> None:
        """End the processes, or have them wait for the next epoch."""
        if not self._keep:
            self._pool.close()
        elif self._pool.source is self:
            self.stop()
            self.thread.join()


def _send(connection: Connection, message: bytes) -> None:
    with contextlib.suppress(OSError):  # whoever waits for an answer notices that the process has ended
        connection.send_bytes(message)


def _end(processes: list[Any], deadline: float) -> None:
    """Wait until processes have ended, and help where that takes longer than until the deadline."""
    for way in (None, "terminate", "kill"):
        for process in processes:
            if way and process.is_alive():
                getattr(process, way)()
        if way:
            deadline = time.monotonic() + _GRACE
        for process in processes:
            process.join(max(deadline - time.monotonic(), 0))


def _as_bytes(job: _Job) -> bytes:
    try:
        return pack(job)
    except Exception as error:
        raise TypeError(
            "the data set, collate_fn and worker_init_fn are sent to the worker processes, which this does not "
            f"survive: {error}; use functions defined at the top of a module instead of lambdas, "
            'or multiprocessing_context="fork" where the system has it'
        ) from error
