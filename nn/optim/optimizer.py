"""What optimizers share: parameter groups, the step over them, and their state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import forget_gradient
from nn.optim.hooks import OptimizerHooks

Group = dict[str, Any]
Array = np.ndarray[Any, Any]
State = dict[str, Array]

# Of the state, what is one number for the whole parameter.
_NUMBERS = ("step", "eta", "mu", "mu_product")


class Optimizer(OptimizerHooks):
    """The base of all optimizers. A subclass checks its options in `check` and has its formula in `update`.

    PyTorch's `foreach`, `fused`, `capturable` and `differentiable`, which choose among its implementations, are not
    there; a saved state that has them can be loaded. The learning rate and the betas may be Tensors of one element.

    Args:
        params: parameters, or pairs (name, parameter), or dicts: parameter groups, with the parameters or pairs under
            "params" and options of their own.
        defaults: the options of groups that do not set them.

    Attributes:
        param_groups: the groups, dicts with "params" and all options, which may be changed between steps.
        state: for each parameter a dict of what its next step depends on.

    Raises:
        TypeError: when `params` is one Tensor, or something in it is no Tensor.
        ValueError: when there is no parameter, one twice, one that is not a leaf, some with a name and some without,
            or an option is out of its range.
    """

    param_groups: list[Group]
    state: dict[Tensor, dict[str, Any]]
    _tables: dict[int, Any]  # by the identity of a group, where its arrays were in memory in its last step

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor | np.ndarray):
            raise TypeError(f"params must be an iterable of parameters or groups, not one {type(params).__name__}")
        self.defaults = defaults
        self.param_groups = []
        self.state = {}
        self._tables = {}
        groups = list(params)
        if not groups:
            raise ValueError("the optimizer got no parameters; if it was model.parameters(), the model has none")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def check(self, group: Group) -> None:
        """Raise a ValueError when an option of a group is out of its range."""

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Take one step: the formula of the optimizer.

        Args:
            p: the values of a parameter, real, with at least one axis; changed in place.
            g: the gradient, or its negative if `maximize`; of the same shape, not to be written to.
            state: arrays, changed in place; what is put in stays. Numbers, as the step count, have one element.
            group: the options, as Python's numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(): define how it changes a parameter")

    # --- parameters -------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Add a group: a dict with the parameters under "params", and options that are not to be the defaults.

        Raises:
            TypeError: when something is not a parameter.
            ValueError: for a parameter that is there already, is not a leaf, or an option out of its range; when some
                parameters of the optimizer come with a name and others without.
        """
        given = param_group["params"]
        members = [given] if isinstance(given, Tensor) else list(given)
        group = self.defaults | param_group
        named = {isinstance(member, tuple) for member in members}
        named |= {"param_names" in other for other in self.param_groups if other["params"]}
        if len(named) == 2:
            raise ValueError("some parameters come with a name and others without; name all of them or none")
        if members and isinstance(members[0], tuple):
            group["param_names"] = [name for name, _ in members]
            members = [parameter for _, parameter in members]
        self._check_members(members)
        self.check(group)
        group["params"] = members
        self.param_groups.append(group)

    def _check_members(self, members: list[Any]) -> None:
        known = {id(p) for p in self._parameters()}
        for p in members:
            if not isinstance(p, Tensor):
                raise TypeError(f"an optimizer changes Tensors, not {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"an optimizer changes leaves, not a computed Tensor of shape {p.shape}; detach() it")
            if id(p) in known:
                raise ValueError(f"a parameter of shape {p.shape} is in the optimizer twice")
            known.add(id(p))

    def _parameters(self) -> Iterator[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for p in self._parameters():
            forget_gradient(p, set_to_none)

    # --- the step ---------------------------------------------------------------------------------------------------

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
                options = plain(group)
                members = [p for p in group["params"] if p.grad is not None]
                if not self._change_together(members, options, group):
                    for p in members:
                        self._change(p, options)
        return loss

    def update_together(self, arrays: Arrays, options: Group) -> bool:
        """Take a step for all parameters of a group at once, in one pass over them; return whether that was done.

        A subclass with a compiled formula defines it. It must agree with `update` but for rounding.

        Args:
            arrays: the parameters' arrays, with the table that `autograd.kernels.updating` makes of them.
            options: of the group, as Python's numbers.
        """
        return False

    def _change_together(self, members: list[Tensor], options: Group, group: Group) -> bool:
        if not members or type(self).update_together is Optimizer.update_together:
            return False
        arrays = Arrays(members, [self.state.get(p) for p in members], self._tables.get(id(group)))
        if not self.update_together(arrays, options):
            return False
        self._tables[id(group)] = arrays.table
        autograd.mark_dirty(*members)
        return True

    def _change(self, p: Tensor, options: Group) -> None:
        """Apply the formula to the memory of one parameter."""
        values, state = memory(p), self.state.setdefault(p, {})
        g = as_real(p.grad.detach().data)  # type: ignore[union-attr]
        arrays = {name: as_real(value.data) for name, value in state.items()}
        self.update(as_real(values), -g if options.get("maximize") else g, arrays, options)
        for name, array in arrays.items():
            if name not in state:
                state[name] = Tensor(_as_before(array, values))
        announce(p, values)

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state by parameter number, and of the groups with these numbers, in PyTorch's layout."""
        numbers = {p: i for i, p in enumerate(self._parameters())}
        groups = [group | {"params": [numbers[p] for p in group["params"]]} for group in self.param_groups]
        state = {numbers[p]: values for p, values in self.state.items() if values}
        return copy.deepcopy({"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of the state and options that `state_dict` returned. All of it, or nothing.

        Arrays take on the dtype of their parameter; numbers, such as the step count, keep their own.

        Raises:
            ValueError: when the groups or the shapes of the state do not fit this optimizer's parameters, or an option
                is out of its range.
        """
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise ValueError("an optimizer's state has 'state' and 'param_groups', as state_dict() returns them")
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
                state[p] = {name: self.restored(name, value, p) for name, value in entries if value is not None}
        self.param_groups, self.state = groups, state

    def restored(self, name: str, value: Any, p: Tensor) -> Any:
        """Return a copy of a value of the state as it belongs to parameter `p`.

        Raises:
            ValueError: when its shape does not fit.
        """
        tensor = as_tensor(value)
        if name in _NUMBERS and tensor.shape == ():
            return tensor
        if tensor.shape != self.shape_of(name, p):
            raise ValueError(f"the saved {name!r} has shape {tensor.shape}, its parameter here {p.shape}")
        if not np.can_cast(tensor.dtype, p.dtype, "same_kind"):
            raise ValueError(f"the saved {name!r} is {tensor.dtype}, which cannot become its parameter's {p.dtype}")
        return tensor.astype(p.dtype)

    def shape_of(self, name: str, p: Tensor) -> tuple[int, ...]:
        """Return the shape of an array of the state of parameter `p`."""
        return p.shape

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


class Arrays:
    """The arrays of the parameters of a group that have gradients, for a step over all of them.

    Args:
        members: the parameters.
        states: the state of each, or None before its first step.
        table: of the last step.
    """

    def __init__(self, members: list[Tensor], states: list[dict[str, Any] | None], table: Any) -> None:
        self.members, self.states, self.table = members, states, table

    def of_state(self, name: str) -> list[Array] | None:
        """Return an array of the state of each parameter, or None if not all have it."""
        found = []
        for state in self.states:
            if not state or name not in state:
                return None
            found.append(state[name].data)
        return found

    def count_step(self) -> float | None:
        """Add 1 to the step counts of the states, and return them where they are all the same; otherwise None."""
        counts = self.of_state("step")
        if counts is None or len({count.item() for count in counts}) > 1:
            return None
        for count in counts:
            count += 1
        return counts[0].item()  # type: ignore[no-any-return]

    def prepared(self, *columns: list[Array] | None) -> bool:
        """Make the table of the parameters' values, their gradients and arrays of their state; return if that works."""
        state = [column for column in columns if column is not None]
        if len(state) < len(columns):
            return False
        values = [p.data for p in self.members]
        gradients = [p.grad.data for p in self.members]  # type: ignore[union-attr]
        self.table = autograd.kernels.updating.table(self.table, [values, *state], gradients)
        return self.table is not None


# --- options ----------------------------------------------------------------------------------------------------------


def plain(group: Group) -> Group:
    """Return the options of a group as Python's numbers: NumPy scalars would turn float32 state into float64."""
    return {
        name: option if option.__class__ in _PYTHONS else number(option)
        for name, option in group.items()
        if name != "params"
    }


_PYTHONS = frozenset([bool, int, float, str, type(None)])


def number(option: Any) -> Any:
    """Return an option with Python's numbers in place of NumPy scalars and Tensors of one element.

    >>> number((np.float64(0.5), Tensor([1.0])))
    (0.5, 1.0)
    """
    if isinstance(option, tuple | list):
        return tuple(map(number, option))
    return option.item() if hasattr(option, "item") else option


def _copied(option: Any) -> Any:
    """Return a copy of a saved option, another library's numbers as Python's."""
    if isinstance(option, tuple):
        return tuple(map(_copied, option))
    if isinstance(option, list | Tensor):
        return option.copy()
    return option.item() if hasattr(option, "item") else option


def check_option(
    group: Group, name: str, low: float = 0.0, below: float = float("inf"), most: float | None = None
) -> None:
    """Raise a ValueError unless an option of a group is one number in [low, below), or in [low, most]."""
    check_number(name, group[name], low, below, most)


def check_number(
    name: str, value: Any, low: float = 0.0, below: float = float("inf"), most: float | None = None
) -> None:
    """Raise a ValueError unless a value is one number in [low, below), or in [low, most]; a TypeError if it is none.

    >>> check_number("lr", -1.0)
    Traceback (most recent call last):
    ValueError: lr must be at least 0 and finite, not -1.0
    """
    if getattr(value, "size", 1) != 1:
        raise ValueError(f"{name} must be one number, not a {type(value).__name__} of shape {value.shape}")
    if not isinstance(number(value), int | float):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if low <= number(value) < below and (most is None or number(value) <= most):
        return
    above = f"below {below:g}" if below < float("inf") else "finite" if most is None else f"at most {most:g}"
    raise ValueError(f"{name} must be at least {low:g} and {above}, not {value!r}")


def check_positive(name: str, value: Any, whole: bool = False) -> None:
    """Raise a ValueError unless a value is a number above 0, if `whole` an integer; a TypeError if it is none.

    >>> check_positive("step_size", 0, whole=True)
    Traceback (most recent call last):
    ValueError: step_size must be an integer above 0, not 0
    """
    if not isinstance(number(value), int | float):
        raise TypeError(f"{name} must be a number, not {value!r}")
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool) if whole else True
    if not fits or not 0 < value < float("inf"):
        raise ValueError(f"{name} must be {'an integer' if whole else 'finite and'} above 0, not {value!r}")


def check_betas(group: Group) -> None:
    """Raise a ValueError unless the option "betas" is two numbers in [0, 1), both Tensors or none."""
    betas = tuple(group["betas"])
    if len(betas) != 2:
        raise ValueError(f"betas must be two numbers, not {betas!r}")
    if isinstance(betas[0], Tensor) != isinstance(betas[1], Tensor):
        raise ValueError(f"betas must be both numbers or both Tensors, not {betas!r}")
    for i, beta in enumerate(betas):
        check_number(f"betas[{i}]", beta, below=1.0)


# --- memory -----------------------------------------------------------------------------------------------------------


def memory(p: Tensor) -> Array:
    """Return the array in which a parameter is to be changed; call `announce` afterwards."""
    # A 0-d Tensor holds a NumPy scalar, which never changes: `announce` gives it the new one.
    return p.data if p.ndim else p.detach().copy().data


def announce(p: Tensor, values: Array) -> None:
    """Let the engine know that a parameter's memory has changed, so that no rule uses its old values."""
    if p.ndim:
        autograd.mark_dirty(p)
    else:
        p[...] = values


def as_real(array: Array) -> Array:
    """Return a view with at least one axis; complex numbers as two real ones along a new last axis.

    >>> as_real(np.array([1 + 2j, 3 + 4j]))
    array([[1., 2.],
           [3., 4.]])
    """
    if array.dtype.kind == "c":
        return array[..., np.newaxis].view(array.real.dtype)
    return array if array.ndim else array[np.newaxis]


def _as_before(array: Array, values: Array) -> Array:
    """Undo `as_real` on an array that was made for a parameter of these values."""
    if array.ndim and values.dtype.kind == "c":
        return array.view(values.dtype)[..., 0]
    return array if values.ndim else array.reshape(())


def as_tensor(value: Any) -> Tensor:
    """Return a copy of numbers, an array, a Tensor or another library's tensor as a Tensor of the same dtype."""
    return autograd.array(value if isinstance(value, Tensor) else np.asarray(value))


# --- parts of formulas ------------------------------------------------------------------------------------------------


def scalar(value: float) -> Array:
    """Return a number of the state: float32, unless the default dtype is float64, as in PyTorch."""
    return np.array(value, np.float64 if autograd.get_default_dtype() == np.float64 else np.float32)


def count_step(state: State) -> float:
    """Add 1 to the step count of the state, made on first use, and return it."""
    step = state.setdefault("step", scalar(0))
    step += 1
    return step.item()  # type: ignore[no-any-return]


def zeros(state: State, name: str, p: Array) -> Array:
    """Return an array of the state, made of zeros like p on first use."""
    if name not in state:
        state[name] = np.zeros_like(p)
    return state[name]


def decayed(g: Array, p: Array, weight_decay: float) -> Array:
    """Return g + weight_decay * p; g itself where that is the same.

    >>> decayed(np.array([1.0]), np.array([2.0]), 0.5)
    array([2.])
    """
    if not weight_decay:
        return g
    total = np.multiply(p, weight_decay)
    total += g
    return total


def average(mean: Array, value: Array, beta: float, scratch: Array | None = None) -> Array:
    """Set mean to beta * mean + (1 - beta) * value, in place; return memory of its shape to use for something else.

    Args:
        mean: any shape.
        value: the same shape.
        beta: how much of the mean lasts.
        scratch: memory to compute in, by default new; may be `value`.

    >>> mean = np.array([1.0])
    >>> _ = average(mean, np.array([3.0]), 0.5)
    >>> mean
    array([2.])
    """
    scratch = np.multiply(value, 1 - beta, out=scratch)
    mean *= beta
    mean += scratch
    return scratch
