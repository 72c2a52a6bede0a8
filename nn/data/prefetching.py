"""Batches made when they are asked for, or ahead of time by a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from nn.data.collate import Fetching
from nn.data.randomness import making_batch

PATIENCE = 1.0  # seconds: a wait is never longer, so that Ctrl-C is noticed on every system
_GRACE = 0.5  # seconds that a thread has to end by itself


class Source(Protocol):
    """Where the batches of an epoch come from: in order, each once."""

    def get(self, number: int) -> Any:
        """Return the batch of a number."""

    def close(self) -> None:
        """End what makes batches; may be called again."""


class Making(NamedTuple):
    """How the batches of one epoch are made: from which indices, with which seed."""

    fetching: Fetching
    batches: list[list[int]]
    seed: int

    def get(self, number: int) -> Any:
        """Make a batch, here and now."""
        with making_batch(self.seed, number):
            return self.fetching(self.batches[number])

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class Timer:
    """Slices of the time that one may wait for a batch."""

    def __init__(self, timeout: float, who: str) -> None:
        self.timeout, self.who, self.waited = timeout, who, 0.0

    def slice(self) -> float:
        """Return for how many seconds to wait next.

        Raises:
            TimeoutError: when all the time is used up.
        """
        left = self.timeout - self.waited if self.timeout else PATIENCE
        if left <= 0:
            raise TimeoutError(
                f"the DataLoader waited {self.timeout} s for a batch from its {self.who}; give it a longer timeout, "
                "or 0 to wait as long as it takes"
            )
        step = min(left, PATIENCE)
        self.waited += step
        return step


class ThreadSource:
    """A thread that makes batches ahead of time, or receives them from where they are made.

    Args:
        make: gives the batch of a number.
        numbers: the numbers of the batches, in order.
        ahead: how many batches may lie ready.
        timeout: for how many seconds to wait for one, or 0.
        who: what is waited for then.
    """

    def __init__(
        self, make: Callable[[int], Any], numbers: Iterable[int], ahead: int, timeout: float, who: str = "thread"
    ) -> None:
        self._results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._slots = threading.Semaphore(ahead)
        self._stopped = threading.Event()
        self._timeout = timeout
        self._who = who
        self._thread = threading.Thread(
            target=_produce, args=(make, numbers, self._results, self._slots, self._stopped), daemon=True,
            name="forkgrad-data",
        )  # fmt: skip
        self._thread.start()

    def get(self, number: int) -> Any:
        """Return the next batch, or raise what was raised while it was made."""
        timer = Timer(self._timeout, self._who)
        while True:
            try:
                batch, error = self._results.get(timeout=timer.slice())
                break
            except queue.Empty:
                continue
        self._slots.release()
        if error is not None:
            raise error
        return batch

    def stop(self) -> None:
        """Have the thread end after the batch it is at."""
        self._stopped.set()
        self._slots.release()

    def join(self, seconds: float | None = _GRACE) -> bool:
        """Wait until the thread has ended, but not long; return whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Have the thread end after the batch it is at; wait for that, but not long."""
        self.stop()
        self.join()


def _produce(
    make: Callable[[int], Any], numbers: Iterable[int], results: queue.SimpleQueue[tuple[Any, BaseException | None]],
    slots: threading.Semaphore, stopped: threading.Event,
) -> None:  # fmt: skip
    for number in numbers:
        slots.acquire()
        if stopped.is_set():
            return
        try:
            results.put((make(number), None))
        except BaseException as error:  # whatever it is, who waits for the batch has to know
            results.put((None, error))
            return
