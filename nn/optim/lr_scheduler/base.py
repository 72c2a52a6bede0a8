"""What schedules share: the count of steps, the rates of the groups, and the state."""

from __future__ import annotations

import copy
import types
from collections.abc import Mapping
from typing import Any

from nn.optim.optimizer import Optimizer, number

# What PyTorch's state has and ours does without.
_PYTORCH_ONLY = {"_get_lr_called_within_step", "verbose", "_scale_fn_ref"}


class LRScheduler:
    """The base of all schedules: sets the learning rate of every parameter group, at first when it is made.

    A subclass defines `get_lr`. Call `step()` after every epoch (or batch), after the optimizer's.

    Args:
        optimizer: whose "lr" to set. Its groups get an "initial_lr", the rate before any schedule.
        last_epoch: how often `step` was called already, when training is resumed; -1 to start.

    Attributes:
        last_epoch: how often `step` has been called.
        base_lrs: the initial rate of each group.

    Raises:
        TypeError: when `optimizer` is none.
        KeyError: when training is resumed, but the groups have no "initial_lr".
    """

    optimizer: Optimizer
    last_epoch: int
    base_lrs: list[float]
    _last_lr: list[float]
    _step_count: int
    _is_initial: bool

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", number(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"parameter group {i} has no 'initial_lr', from which to resume at last_epoch={last_epoch}: load "
                    "the optimizer's state first, or start with last_epoch=-1"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        """Set the first rates."""
        self._step_count, self._is_initial = 0, True
        self.step()
        self._is_initial = False

    def step(self) -> None:
        """Go to the next epoch and set its learning rates."""
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def restart(self) -> None:
        """Go to epoch 0, where another schedule has been before: `SequentialLR` does so."""
        self.last_epoch = 0
        self._set(self.get_first_lr())

    def get_lr(self) -> list[float]:
        """Return the rate of each group in `last_epoch`; computed from the groups' rates before it, or anew."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr(): define the rates of an epoch")

    def get_first_lr(self) -> list[float]:
        """Return the rate of each group in epoch 0."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group as last set."""
        return self._last_lr

    def _rates(self) -> list[float]:
        return [number(group["lr"]) for group in self.optimizer.param_groups]

    def _set(self, rates: list[float]) -> None:
        groups = self.optimizer.param_groups
        if len(rates) != len(groups):
            raise ValueError(
                f"{type(self).__name__} was made for {len(rates)} parameter groups, now there are {len(groups)}: make "
                "it when all groups are there"
            )
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._rates()

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of all that the next step depends on, except for the optimizer; functions are left out."""
        return copy.deepcopy({name: value for name, value in vars(self).items() if name != "optimizer"})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of a state. The rates are in the optimizer's state, which is loaded for itself.

        Raises:
            ValueError: when it is the state of another schedule, or for another number of groups.
        """
        self._check_state(state_dict)
        vars(self).update(copy.deepcopy({k: v for k, v in state_dict.items() if k not in _PYTORCH_ONLY}))

    def _check_state(self, state_dict: Mapping[str, Any]) -> None:
        own = self.state_dict()
        problems = [f"missing: {key}" for key in own if key not in state_dict]
        problems += [f"unexpected: {key}" for key in state_dict if key not in own and key not in _PYTORCH_ONLY]
        for key in ("base_lrs", "_last_lr"):
            if not problems and key in own and len(state_dict[key]) != len(own[key]):
                problems.append(f"{key}: is for {len(state_dict[key])} parameter groups, there are {len(own[key])}")
        if problems:
            raise ValueError(f"cannot load the state of {type(self).__name__}:\n  " + "\n  ".join(problems))


def checked_optimizer(optimizer: Any) -> Optimizer:
    """Return an optimizer.

    Raises:
        TypeError: when it is none.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a schedule sets the rates of an Optimizer, not of {type(optimizer).__name__}")
    return optimizer


def for_each_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return a list with one value for each parameter group, from such a list or from one value for all.

    Raises:
        ValueError: when there are more or fewer values than groups.

    >>> import nn
    >>> for_each_group("max_lr", 0.1, nn.optim.SGD([nn.Parameter([1.0])]))
    [0.1]
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} has {len(value)} values for {count} parameter groups")
    return list(value)


def state_of_function(function: Any) -> dict[str, Any] | None:
    """Return a copy of the attributes of a callable object, None for a plain function: that cannot be saved."""
    if function is None or isinstance(function, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        return None
    return copy.deepcopy(getattr(function, "__dict__", None))
