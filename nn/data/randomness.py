"""Random numbers while data is loaded, and random states that can be saved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

import autograd

# What the batch that is being made here is called: (the epoch's seed, the batch's number), or its generator once made.
_batch: ContextVar[list[Any] | None] = ContextVar("batch", default=None)


def batch_generator() -> np.random.Generator:
    """Return the source of randomness for making examples, as the transforms use it.

    While a `DataLoader` makes a batch this is a generator that belongs to the batch: it is seeded by what the loader
    drew from its own generator when the epoch began, and by the batch's number. So the numbers are the same whether
    batches are made in this process, in a thread, or in any number of worker processes, and when training goes on
    from a saved position. Elsewhere it is `autograd.default_generator()`.

    >>> batch_generator() is autograd.default_generator()
    True
    """
    batch = _batch.get()
    if batch is None:
        return autograd.default_generator()
    if not isinstance(batch[0], np.random.Generator):
        batch[:] = [np.random.default_rng(batch)]
    return batch[0]  # type: ignore[no-any-return]


@contextlib.contextmanager
def making_batch(seed: int, number: int) -> Iterator[None]:
    """Let `batch_generator` be that of one batch, in this thread."""
    token = _batch.set([seed, number])
    try:
        yield
    finally:
        _batch.reset(token)


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a generator as numbers, strings, lists and dicts, as JSON can hold them.

    >>> import json
    >>> state = json.loads(json.dumps(generator_state(np.random.default_rng(0))))
    >>> generator = np.random.default_rng(1)
    >>> set_generator_state(generator, state)
    >>> generator.random() == np.random.default_rng(0).random()
    True
    """
    state: dict[str, Any] = _plain(generator.bit_generator.state)
    return state


def set_generator_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Put a generator into a state that `generator_state` gave.

    Raises:
        ValueError: when the state is that of another kind of generator, or is not whole.
    """
    kind = type(generator.bit_generator).__name__
    if not isinstance(state, dict) or state.get("bit_generator") != kind:
        raise ValueError(f"this is not the state of a {kind} generator: {str(state)[:80]}")
    before = generator.bit_generator.state
    try:
        generator.bit_generator.state = _arrays(state)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        generator.bit_generator.state = before
        raise ValueError(f"the state of the {kind} generator is not whole: {error!r}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _arrays(part) for key, part in value.items()}
    return np.array(value, np.uint64) if isinstance(value, list) else value
