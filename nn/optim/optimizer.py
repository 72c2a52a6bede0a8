"""What optimizers share: parameter groups, the step over them, and their state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import forget_gradient

Group = dict[str, Any]


class Optimizer:
    """The base of all optimizers. A subclass checks its options in `check` and has its formula in `update`.

    PyTorch's `foreach`, `fused`, `capturable` and `differentiable`, which choose among its implementations, are not
    there; a saved state that has them can be loaded.

    Args:
        params: parameters, or pairs (name, parameter), or dicts: parameter groups, with the parameters or pairs under
            "params" and options of their own.
        defaults: the options of groups that do not set them.

    Attributes:
        param_groups: the groups, dicts with "params" and all options, which may be changed between steps.
        state: for each parameter a dict of what its next step depends on.

    Raises:
        TypeError: when `params` is one Tensor, or something in it is no Tensor.
        ValueError: when there is no parameter, one twice, one that is not a leaf, or an option is out of its range.
    """

    param_groups: list[Group]
    state: dict[Tensor, dict[str, Any]]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor | np.ndarray):
            raise TypeError(f"params must be an iterable of parameters or groups, not one {type(params).__name__}")
        self.defaults = defaults
        self.param_groups = []
        self.state = {}
        groups = list(params)
        if not groups:
            raise ValueError("the optimizer got no parameters; if it was model.parameters(), the model has none")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option of a group is out of its range."""

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any], group: Group) -> None:
        """Change parameter `p`, whose gradient is `g`, in place; `group` has plain numbers."""
        raise NotImplementedError(f"{type(self).__name__} has no update(): define how it changes a parameter")

    def add_param_group(self, param_group: Group) -> None:
        """Add a group: a dict with the parameters under "params", and options that are not to be the defaults.

        Raises:
            TypeError: when something is not a parameter.
            ValueError: for a parameter that is there already, is not a leaf, or an option out of its range.
        """
        given = param_group["params"]
        members = [given] if isinstance(given, Tensor) else list(given)
        group = self.defaults | param_group
        if members and all(isinstance(member, tuple) for member in members):
            group["param_names"] = [name for name, _ in members]
            members = [parameter for _, parameter in members]
        self._check_members(members)
        self.check(group)
        group["params"] = members
        self.param_groups.append(group)

    def _check_members(self, members: list[Any]) -> None:
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for p in members:
            if not isinstance(p, Tensor):
                raise TypeError(f"an optimizer changes Tensors, not {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"an optimizer changes leaves, not a computed Tensor of shape {p.shape}; detach() it")
            if id(p) in known:
                raise ValueError(f"a parameter of shape {p.shape} is in the optimizer twice")
            known.add(id(p))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                forget_gradient(p, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient, in place.

        Args:
            closure: computes the gradients anew and returns the loss.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with autograd.enable_grad():
                loss = closure()
        with autograd.no_grad():
            for group in self.param_groups:
                # NumPy scalars would turn float32 state into float64; Python's numbers leave it as it is.
                plain = {name: _number(option) for name, option in group.items() if name != "params"}
                for p in group["params"]:
                    if p.grad is not None:
                        g = -p.grad if plain.get("maximize") else p.grad.detach()
                        self.update(p, g, self.state.setdefault(p, {}), plain)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state by parameter number, and of the groups with these numbers, in PyTorch's layout."""
        numbers = {p: i for i, p in enumerate(self._parameters())}
        groups = [group | {"params": [numbers[p] for p in group["params"]]} for group in self.param_groups]
        state = {numbers[p]: values for p, values in self.state.items() if values}
        return copy.deepcopy({"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of the state and options that `state_dict` returned. All of it, or nothing.

        Arrays take on the dtype of their parameter; the step count keeps its own.

        Raises:
            ValueError: when the groups or the shapes of the state do not fit this optimizer's parameters, or an option
                is out of its range.
        """
        saved = list(state_dict["param_groups"])
        sizes, own = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(f"the saved parameter groups have {sizes} parameters, those of this optimizer {own}")
        groups = []
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            options = {name: _copied(option) for name, option in theirs.items() if name != "params"}
            groups.append(self.defaults | options | {"params": mine["params"]})
            self.check(groups[-1])
        numbers = [number for group in saved for number in group["params"]]
        state = {}
        for number, p in zip(numbers, self._parameters(), strict=True):
            if number in state_dict["state"]:
                entries = state_dict["state"][number].items()
                state[p] = {name: _restored(name, value, p) for name, value in entries}
        self.param_groups, self.state = groups, state

    def _parameters(self) -> Iterator[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


def _number(option: Any) -> Any:
    """Return an option with Python's numbers in place of NumPy scalars and Tensors of one element."""
    if isinstance(option, tuple | list):
        return tuple(map(_number, option))
    return option.item() if hasattr(option, "item") else option


def _copied(option: Any) -> Any:
    return option.copy() if isinstance(option, list) else option


def _restored(name: str, value: Any, p: Tensor) -> Any:
    """Return a copy of a value of the state, arrays as Tensors that fit the parameter."""
    if value is None or not hasattr(value, "shape"):
        return copy.deepcopy(value)
    tensor = autograd.array(value if isinstance(value, Tensor) else np.asarray(value))
    if tensor.shape == () and name == "step":
        return tensor
    if tensor.shape != p.shape:
        raise ValueError(f"the saved {name!r} has shape {tensor.shape}, its parameter here {p.shape}")
    return tensor.astype(p.dtype)


def check_option(group: Group, name: str, low: float = 0.0, below: float = float("inf")) -> None:
    """Raise a ValueError unless an option of a group is in [low, below)."""
    value = group[name]
    if not low <= value < below:
        bounds = f"at least {low:g}" + (f" and below {below:g}" if below < float("inf") else " and finite")
        raise ValueError(f"{name} must be {bounds}, not {value!r}")
