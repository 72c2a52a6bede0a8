"""Worker processes that make batches.

Each process has a pipe. It is told the indices of all its batches when an epoch begins, makes one after the other, and
after the first few waits before each until another one was taken from it. Batch i comes from process i modulo their
number, so batches arrive in order. Nobody writes more into a pipe than fits without being read, except results, for
which somebody waits; so no two processes can wait for each other.
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
from nn.data.prefetching import Making, Timer

_GRACE = 0.5  # seconds that processes have to end by themselves, and then again when they are told by a signal

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
    ahead: int


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
    allowed = job.ahead
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
        ahead: how many batches each may have ready.
        timeout: for how many seconds to wait for a batch, or 0.
        context: starts the processes.
    """

    def __init__(
        self, fetching: Fetching, worker_init_fn: Callable[[int], Any] | None, count: int, ahead: int, timeout: float,
        context: BaseContext,
    ) -> None:  # fmt: skip
        self._owner = os.getpid()
        self._timeout = timeout
        self._stopping = False
        self.epoch: Making | None = None  # the one that is being made
        self._connections: list[Connection] = []
        self._processes: list[Any] = []
        try:
            for number in range(count):
                self._start_process(_Job(fetching, worker_init_fn, number, count, ahead), context)
        except BaseException:
            self.close()
            raise

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

    def begin(self, making: Making, first: int) -> None:
        """Have the batches of an epoch made, from the first on."""
        self._await_stop()
        self.epoch = making
        count = len(self._connections)
        for worker, connection in enumerate(self._connections):
            tasks = [
                (number, making.batches[number]) for number in range(first, len(making.batches))
                if number % count == worker
            ]  # fmt: skip
            self._send(connection, pack((making.seed, tasks)))

    def get(self, number: int) -> Any:
        """Return the next batch, or raise what was raised while it was made."""
        worker = number % len(self._connections)
        content = self._receive(worker)
        self._send(self._connections[worker], _MORE)
        result = unpack(content)
        if isinstance(result, Failure):
            raise result.raised(f"worker process {worker} of the DataLoader")
        if self.epoch is not None and number + 1 == len(self.epoch.batches):
            self.epoch = None
        return result

    def _receive(self, worker: int) -> bytes:
        connection, process = self._connections[worker], self._processes[worker]
        timer = Timer(self._timeout, f"worker process {worker}")
        try:
            while not connection.poll(timer.slice()):
                if not process.is_alive() and not connection.poll():
                    raise EOFError
            return connection.recv_bytes()
        except (EOFError, ConnectionError):
            process.join(_GRACE)
            raise RuntimeError(
                f"worker process {worker} of the DataLoader (pid {process.pid}) has ended with exit code "
                f"{process.exitcode} while it made a batch; a negative code is that of a signal, and -9 often means "
                "that memory ran out"
            ) from None

    @staticmethod
    def _send(connection: Connection, message: bytes) -> None:
        with contextlib.suppress(OSError):  # whoever waits for an answer notices that the process has ended
            connection.send_bytes(message)

    def stop(self) -> None:
        """Break off the epoch, without waiting for the processes."""
        if self.epoch is not None and os.getpid() == self._owner:
            self.epoch, self._stopping = None, True
            for connection in self._connections:
                self._send(connection, _STOP)

    def _await_stop(self) -> None:
        """Throw away the batches of an epoch that was broken off."""
        self.stop()
        if self._stopping:
            for worker in range(len(self._connections)):
                while self._receive(worker) != _STOPPED:
                    pass
            self._stopping = False

    def close(self) -> None:
        """End the processes: those that do not end by themselves by a signal. May be called again."""
        if os.getpid() != self._owner:  # in a copy of the program, which has no worker processes
            return
        for connection in self._connections:
            self._send(connection, _EXIT)
            connection.close()
        processes, self._processes, self._connections = self._processes, [], []
        for end in (None, "terminate", "kill"):
            for process in processes:
                if end and process.is_alive():
                    getattr(process, end)()
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
