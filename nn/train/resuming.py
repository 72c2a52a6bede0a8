"""Going on from a checkpoint: all of its state is taken over, or nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.train.callbacks.base import Callback
from nn.train.callbacks.checkpointing import Checkpointing
from nn.train.checkpoints import list_checkpoints, read_checkpoint
from nn.train.trees import check_like, pack, unpack

if TYPE_CHECKING:
    from nn.train.trainer import Trainer

_COUNTS = ("epoch", "batch", "step", "first", "count")


def find_checkpoint(resume: bool | str | os.PathLike[str], callbacks: Sequence[Callback]) -> Path | None:
    """Return the checkpoint to go on from, or None to begin anew.

    Raises:
        ValueError: when `resume` is True, but there is no `Checkpointing` that says where.
        FileNotFoundError: when `resume` is a path without a checkpoint.
    """
    if resume is False:
        return None
    if resume is True:
        folders = [callback.folder for callback in callbacks if isinstance(callback, Checkpointing)]
        if not folders:
            raise ValueError("resume=True goes on from the folder of a Checkpointing callback, of which there is none")
        found = list_checkpoints(folders[0])
        return found[-1] if found else None
    place = Path(resume)
    found = [place] if place.is_file() else list_checkpoints(place)
    if not found:
        raise FileNotFoundError(f"there is no checkpoint at {place}")
    return found[-1]


def restore(trainer: Trainer, path: Path) -> None:
    """Have a trainer go on from a checkpoint.

    Raises:
        ValueError: when the file is damaged, or its state does not fit; the trainer is as before.
    """
    state = read_checkpoint(path)
    before = unpack(*pack(trainer.state_dict()))
    try:
        _check(before, state)
        trainer.load_state_dict(state)
    except Exception as error:  # whatever a state from elsewhere makes models, optimizers or callbacks raise
        trainer.load_state_dict(before)
        raise ValueError(f"{path} does not fit this training, which stays as it was: {error}") from error


def _check(own: dict[str, Any], state: Any) -> None:
    """Raise a ValueError unless a state has the form of the trainer's own, as far as the trainer can tell."""
    if not isinstance(state, dict) or state.keys() != own.keys():
        raise ValueError("it is not the state of a training")
    for name in ("model", "frozen", "evaluating", "history", "seconds", "callbacks"):
        check_like(own[name], state[name], name)
    check_like(own["optimizer"]["param_groups"], state["optimizer"]["param_groups"], "optimizer")
    for name in _COUNTS:
        if not isinstance(state[name], int) or isinstance(state[name], bool) or state[name] < 0:
            raise ValueError(f"{name} must be an integer of at least 0, not {state[name]!r:.40}")
    if not (state["stopped"] is None or isinstance(state["stopped"], str)):
        raise ValueError(f"stopped must be a string, not {state['stopped']!r:.40}")
    if not isinstance(state["sums"], dict) or not all(isinstance(total, float) for total in state["sums"].values()):
        raise ValueError("sums must be a dict of numbers")
    if not all(isinstance(row, dict) for row in state["history"]):
        raise ValueError("the rows of the history must be dicts")
    if not all(isinstance(name, str) for name in state["frozen"] + state["evaluating"]):
        raise ValueError("the names of parameters and modules must be strings")
    names = [[name for name, _ in each] for each in (own["callbacks"], state["callbacks"])]
    if names[0] != names[1]:
        raise ValueError(f"the callbacks here are {names[0]}, those of the checkpoint {names[1]}")
    for (name, mine), (_, theirs) in zip(own["callbacks"], state["callbacks"], strict=True):
        _check_keys(name, mine, theirs)


def _check_keys(name: str, own: dict[str, Any], given: Any) -> None:
    if not isinstance(given, dict) or own.keys() != given.keys():
        raise ValueError(f"the state of {name} must have {sorted(own)}")
