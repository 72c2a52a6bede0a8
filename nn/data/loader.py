"""Batches of a data set, and the position in an epoch."""

from __future__ import annotations

import multiprocessing
import operator
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np

import autograd
from nn.data.collate import Fetching
from nn.data.datasets import Dataset
from nn.data.prefetching import Making, Source, ThreadSource
from nn.data.randomness import generator_state, set_generator_state
from nn.data.samplers import BatchSampler, RandomSampler, SequentialSampler
from nn.data.workers import WorkerPool, WorkerSource
from nn.module import check_size


@dataclass
class _Epoch:
    """The batches of an epoch by their indices, what their random numbers are seeded with, and which one is next."""

    batches: list[list[int]]
    seed: int
    next_batch: int = 0


class DataLoader:
    """The batches of a data set, in order or shuffled anew each time it is iterated over.

    A batch is made of Tensors, by `default_collate`. Data sets that take index arrays (`Dataset.takes_index_arrays`)
    are asked for whole batches.

    Batches are made ahead of time by a thread (`prefetch_factor` given, `num_workers=0`: for data sets that spend
    their time in NumPy or reading files) or by processes (`num_workers` given: for those that compute in Python). They
    come in the same order with the same values whoever makes them, if random numbers come from
    `nn.data.batch_generator()`, as those of `nn.data.transforms` do. In worker processes the generators of NumPy,
    Python and `autograd` are seeded anew for each batch, so those give the same numbers for any number of workers from
    1 on. Threads and processes end when the loop over the batches ends, is left, or raises, and with Ctrl-C; those of
    an iterator that you hold yourself, `batches = iter(loader)`, also with `batches.close()`.

    `state_dict()` and `load_state_dict()` save and restore the position: the loop after `load_state_dict()` gives the
    remaining batches of the epoch that was being loaded, with the same random numbers. The order of an epoch is drawn
    when it begins, unlike in PyTorch, and then a seed for the random numbers of its batches.

    Args:
        dataset: the examples; anything with `__getitem__` and `__len__`.
        batch_size: how many examples a batch has.
        shuffle: whether to shuffle.
        sampler: gives the indices of an epoch, instead of `shuffle`.
        batch_sampler: gives lists of indices, instead of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: how many processes make batches; 0 for none.
        collate_fn: makes a batch of a list of examples; `default_collate` by default.
        drop_last: leave out the last batch if it is not full.
        timeout: raise when a batch takes more than so many seconds; 0 for never.
        worker_init_fn: called in each worker process with its number, 0 and up.
        multiprocessing_context: how processes start, "fork", "spawn" or "forkserver"; Python's choice by default. Not
            forked ones get a copy of the data set, and the program needs an `if __name__ == "__main__":`.
        generator: the source of randomness; `autograd.default_generator()` by default.
        prefetch_factor: how many batches to have ready, by each worker; without workers, by a thread. 2 by default
            with workers, and none without.
        persistent_workers: keep the processes from one epoch to the next; they keep their copy of the data set, too.

    Raises:
        TypeError, ValueError: when a number is not an integer in its range, or arguments exclude each other.

    >>> from nn.data import TensorDataset
    >>> [batch[0].tolist() for batch in DataLoader(TensorDataset(np.arange(5)), batch_size=2)]
    [[0, 1], [2, 3], [4]]

    The position is saved and restored:

    >>> loader = DataLoader(TensorDataset(np.arange(6)), 2, shuffle=True, generator=np.random.default_rng(0))
    >>> batches = iter(loader)
    >>> first, state = next(batches), loader.state_dict()
    >>> rest = [batch[0].tolist() for batch in batches]
    >>> loader.load_state_dict(state)
    >>> rest == [batch[0].tolist() for batch in loader]
    True
    """

    def __init__(
        self, dataset: Any, batch_size: int = 1, shuffle: bool = False, sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None, num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None, *, drop_last: bool = False, timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None, multiprocessing_context: str | BaseContext | None = None,
        generator: np.random.Generator | None = None, prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:  # fmt: skip
        self.dataset = dataset
        self.shuffle = bool(shuffle)
        self.drop_last = drop_last
        self.num_workers = check_size(num_workers, "num_workers", least=0)
        self.collate_fn = collate_fn
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = None if prefetch_factor is None else check_size(prefetch_factor, "prefetch_factor")
        self.persistent_workers = persistent_workers
        if batch_sampler is not None:
            _exclude("batch_sampler", batch_size=batch_size != 1, shuffle=shuffle, sampler=sampler, drop_last=drop_last)
            self.batch_size, self.sampler, self.batch_sampler = None, None, batch_sampler
        else:
            self.batch_size = check_size(batch_size, "batch_size")
            self.sampler = self._choose_sampler(sampler)
            self.batch_sampler = BatchSampler(self.sampler, self.batch_size, drop_last)
        self._check()
        self._epoch: _Epoch | None = None  # the one that is being loaded
        self._resumed: _Epoch | None = None  # the one that the next loop goes on with
        self._pool: WorkerPool | None = None

    def _choose_sampler(self, sampler: Iterable[int] | None) -> Iterable[int]:
        if sampler is not None:
            _exclude("sampler", shuffle=self.shuffle)
            return sampler
        if self.shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def _check(self) -> None:
        if self.timeout < 0:
            raise ValueError(f"timeout must be at least 0 seconds, not {self.timeout}")
        if self.persistent_workers and not self.num_workers:
            raise ValueError("persistent_workers needs num_workers of at least 1")

    # --- iterating --------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        epoch, self._resumed = self._resumed or self._new_epoch(), None
        self._epoch = epoch
        return _Batches(self, epoch, self._source(epoch))

    def __len__(self) -> int:
        return len(self.batch_sampler)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        shown = {
            "batch_size": self.batch_size, "shuffle": self.shuffle or None, "drop_last": self.drop_last or None,
            "num_workers": self.num_workers or None, "prefetch_factor": self.prefetch_factor,
        }  # fmt: skip
        options = (f"{name}={value}" for name, value in shown.items() if value is not None)
        name = repr(self.dataset) if isinstance(self.dataset, Dataset) else type(self.dataset).__name__
        return f"DataLoader({', '.join([name, *options])})"

    def _new_epoch(self) -> _Epoch:
        batches = [[operator.index(index) for index in batch] for batch in self.batch_sampler]
        return _Epoch(batches, int((self.generator or autograd.default_generator()).integers(2**62)))

    def _source(self, epoch: _Epoch) -> Source:
        """Start what makes the batches of an epoch."""
        making = Making(Fetching(self.dataset, self.collate_fn), epoch.batches, epoch.seed)
        if self.num_workers:
            pool, ahead = self._the_pool(making.fetching), self.prefetch_factor or 2
            return WorkerSource(pool, making, epoch.next_batch, ahead, self.timeout, self.persistent_workers)
        if self.prefetch_factor:
            return ThreadSource(
                making.get, range(epoch.next_batch, len(epoch.batches)), self.prefetch_factor, self.timeout
            )
        return making

    def _the_pool(self, fetching: Fetching) -> WorkerPool:
        if self._pool is not None:
            return self._pool
        context = self.multiprocessing_context
        if not isinstance(context, BaseContext):
            context = multiprocessing.get_context(context)
        pool = WorkerPool(fetching, self.worker_init_fn, self.num_workers, context)
        if self.persistent_workers:
            self._pool = pool
            weakref.finalize(self, pool.close)
        return pool

    def _failed(self) -> None:
        """After an error, processes are in no known state: the next loop starts new ones."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    # --- the position -----------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the position as numbers, strings, lists and dicts, as JSON can hold them.

        In the body of the loop, the batch that the body has counts as done. The state has the indices of the epoch's
        batches that are left, the seed of their random numbers, and the states of the loader's and the sampler's own
        generators; not that of `autograd.default_generator()`, which has to be saved beside it.
        """
        epoch = self._resumed or self._epoch
        return {
            "examples": len(self.dataset),
            "epoch": None if epoch is None else {
                "next_batch": epoch.next_batch, "batches": epoch.batches[epoch.next_batch :], "seed": epoch.seed,
            },
            "generator": None if self.generator is None else generator_state(self.generator),
            "sampler": self.batch_sampler.state_dict() if hasattr(self.batch_sampler, "state_dict") else {},
        }  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a position that `state_dict` gave: the next loop gives the batches that were left of the epoch.

        Raises:
            ValueError: when it is the position in another data set, or of a loader with other generators, or not whole.
                Then everything is as before.
        """
        epoch = _checked_epoch(state_dict, len(self.dataset))
        if (self.generator is None) != (state_dict["generator"] is None):
            raise ValueError(
                "the state and this DataLoader must both have a generator of their own, or both use the default one; "
                f"here the state {'has none' if state_dict['generator'] is None else 'has one'}"
            )
        before = self.state_dict()
        try:
            self._load_generators(state_dict)
        except Exception:
            self._load_generators(before)
            raise
        self._epoch, self._resumed = None, epoch

    def _load_generators(self, state: Mapping[str, Any]) -> None:
        if self.generator is not None:
            set_generator_state(self.generator, state["generator"])
        if hasattr(self.batch_sampler, "load_state_dict"):
            self.batch_sampler.load_state_dict(state["sampler"])


def _checked_epoch(state: Mapping[str, Any], size: int) -> _Epoch | None:
    """Return the epoch of a loader's state, if it fits a data set of a size."""
    if not isinstance(state, Mapping) or not {"examples", "epoch", "generator", "sampler"} <= state.keys():
        raise ValueError(f"this is not the state of a DataLoader: {str(state)[:80]}")
    if state["examples"] != size:
        raise ValueError(f"the state is that of a loader of {state['examples']} examples, but these are {size}")
    if state["epoch"] is None:
        return None
    try:
        seed, done = operator.index(state["epoch"]["seed"]), operator.index(state["epoch"]["next_batch"])
        left = [[operator.index(index) for index in batch] for batch in state["epoch"]["batches"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the state's epoch is not whole: {error!r}") from error
    if done < 0 or seed < 0 or any(not -size <= index < size for batch in left for index in batch):
        raise ValueError(f"the state's epoch has a negative number, or indices that are not among {size} examples")
    return _Epoch([[]] * done + left, seed, done)


def _exclude(name: str, **others: Any) -> None:
    given = [other for other, value in others.items() if value]
    if given:
        raise ValueError(f"a DataLoader with a {name} decides {', '.join(given)} by that; leave out one of the two")


class _Batches:
    """The iterator over an epoch's batches; what makes them ends with it."""

    def __init__(self, loader: DataLoader, epoch: _Epoch, source: Source) -> None:
        self._loader, self._epoch, self._source = loader, epoch, source
        self._end = weakref.finalize(self, source.close)

    def __iter__(self) -> Iterator[Any]:
        return self

    def close(self) -> None:
        """End the threads and processes that make batches, unless they are kept; there are no more batches then.

        The position stays where it is: `loader.state_dict()` has the batches that are left. May be called again.
        """
        self._end()

    def __next__(self) -> Any:
        epoch = self._epoch
        if not self._end.alive:
            raise StopIteration
        if epoch.next_batch == len(epoch.batches):
            self._end()
            if self._loader._epoch is epoch:
                self._loader._epoch = None
            raise StopIteration
        try:
            batch = self._source.get(epoch.next_batch)
        except BaseException as error:
            self._end()
            self._loader._failed()
            if isinstance(error, StopIteration):
                raise RuntimeError("the data set raised StopIteration") from error
            raise
        epoch.next_batch += 1
        return batch
