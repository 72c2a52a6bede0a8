"""Looking into a network while it is trained: histograms of activations and gradients, units that are dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor
from nn.activation import ReLU, ReLU6
from nn.hooks import RemovableHandle
from nn.module import Module, check_size
from nn.train.callbacks.base import Callback
from nn.train.plots import new_figure

if TYPE_CHECKING:
    from nn.train.trainer import Trainer

Array = np.ndarray[Any, Any]
RECTIFIERS: tuple[type[Module], ...] = (ReLU, ReLU6)
_KEYS = {"epoch", "kind", "name", "counts", "edges", "mean", "std"}


def leaves(model: Module) -> Iterator[tuple[str, Module]]:
    """Yield the modules that have no others inside, with their dotted names."""
    return ((name, module) for name, module in model.named_modules() if next(module.children(), None) is None)


class _Hooked(Callback):
    """What callbacks share that look at the outputs of modules."""

    def __init__(self) -> None:
        self._handles: list[RemovableHandle] = []

    def _look_at(self, name: str, module: Module) -> None:
        def hook(_: Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                self._see(name, output.detach().data)

        self._handles.append(module.register_forward_hook(hook))

    def _see(self, name: str, output: Array) -> None:
        """Take in the output of a module."""

    def _remove_hooks(self) -> None:
        while self._handles:
            self._handles.pop().remove()

    def begin_validation(self, trainer: Trainer) -> None:
        """Look away: only training counts."""
        self._remove_hooks()

    def close(self, trainer: Trainer) -> None:
        """Remove the hooks."""
        self._remove_hooks()


class Histograms(_Hooked):
    """Count, in the first step of an epoch, how activations and gradients are distributed.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), whose
    figures show them layer by layer.

    Args:
        bins: how many.
        epochs: look every so many epochs.

    Attributes:
        records: a dict for each: "epoch", "kind" ("activations" or "gradients"), "name" of the module or parameter,
            "counts" (bins,), "edges" (bins + 1,), "mean", "std".

    >>> import nn
    >>> histograms, model = Histograms(bins=4), nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    >>> optimizer = nn.optim.SGD(model.parameters())
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[histograms])
    >>> history = trainer.fit((np.ones((6, 1)), np.ones((6, 1), np.float32)))
    >>> [(record["kind"], record["name"], int(record["counts"].sum())) for record in histograms.records]
    [('activations', '0', 6), ('activations', '1', 6), ('gradients', '0.weight', 1), ('gradients', '0.bias', 1)]
    """

    records: list[dict[str, Any]]

    def __init__(self, bins: int = 40, epochs: int = 1) -> None:
        super().__init__()
        self.bins, self.epochs = check_size(bins, "bins"), check_size(epochs, "epochs")
        self.records = []
        self._epoch = 0

    def begin_epoch(self, trainer: Trainer) -> None:
        """Look at the modules."""
        self._epoch = trainer.epoch + 1
        if trainer.epoch % self.epochs == 0:
            for name, module in leaves(trainer.model):
                self._look_at(name, module)

    def after_backward(self, trainer: Trainer) -> None:
        """Look at the gradients, and no longer at the modules."""
        if self._handles:
            self._remove_hooks()
            for name, parameter in trainer.model.named_parameters():
                if parameter.grad is not None:
                    self._add("gradients", name, parameter.grad.data)

    def _see(self, name: str, output: Array) -> None:
        self._add("activations", name, output)

    def _add(self, kind: str, name: str, values: Array) -> None:
        if any((self._epoch, kind, name) == (r["epoch"], r["kind"], r["name"]) for r in self.records[::-1]):
            return  # a layer that is called again, or one more batch before the optimizer's step
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.real.astype(np.float64).reshape(-1)
        if finite.size:
            counts, edges = np.histogram(finite.astype(np.float64), self.bins)
            record = {"epoch": self._epoch, "kind": kind, "name": name, "counts": counts, "edges": edges}
            self.records.append(record | {"mean": float(finite.mean()), "std": float(finite.std())})

    def plot(self, kind: str = "activations", epoch: int | None = None) -> Any:
        """Return a matplotlib figure with a panel for each module or parameter.

        Args:
            kind: "activations" or "gradients".
            epoch: the last by default.

        Raises:
            ValueError: when there is nothing of that kind.
            ImportError: when matplotlib is not installed (extra `plot`).
        """
        known = [record for record in self.records if record["kind"] == kind]
        wanted = epoch or max((record["epoch"] for record in known), default=0)
        shown = [record for record in known if record["epoch"] == wanted]
        if not shown:
            raise ValueError(f"there are no {kind} of epoch {wanted}")
        figure = new_figure(3 * len(shown), 2.6)
        for axes, record in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            axes.stairs(record["counts"], record["edges"], fill=True)
            axes.set_title(f"{record['name']}\nmean {record['mean']:.2g}, std {record['std']:.2g}", fontsize="small")
        figure.suptitle(f"{kind}, epoch {wanted}")
        return figure

    def state_dict(self) -> dict[str, Any]:
        """Return the records."""
        return {"records": self.records}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over records."""
        records = state["records"]
        if not isinstance(records, list) or any(not isinstance(r, dict) or r.keys() != _KEYS for r in records):
            raise ValueError("Histograms.records must be a list of dicts, one for each histogram")
        self.records = records


class DeadUnits(_Hooked):
    """Find the fraction of dead units in each rectified layer: those that were 0 for every example of an epoch.

    It stands in the history as "dead_" and the layer's name. A unit is a feature of (N, F), or a channel of
    (N, C, ...). Functions such as `nn.functional.relu` cannot be seen; use layers.

    Source: CS231n course notes, Commonly used activation functions: as much as 40 % of a network can be dead with too
    high a learning rate.

    Args:
        kinds: the classes of the layers to look at.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(1, 4), nn.ReLU())
    >>> _ = nn.init.constant_(model[0].bias, -9.0)
    >>> optimizer = nn.optim.SGD(model.parameters())
    >>> trainer = nn.train.Trainer(model, nn.MSELoss(), optimizer, callbacks=[DeadUnits()])
    >>> trainer.fit((np.ones((2, 1)), np.ones((2, 4), np.float32)))["dead_1"]
    [1.0]
    """

    def __init__(self, kinds: tuple[type[Module], ...] = RECTIFIERS) -> None:
        super().__init__()
        self.kinds = kinds
        self._alive: dict[str, Array] = {}  # by layer, which units were above 0 in this epoch (units,)

    def begin_epoch(self, trainer: Trainer) -> None:
        """Begin anew."""
        self._alive = {}

    def begin_batch(self, trainer: Trainer) -> None:
        """Look at the layers, unless that is so already."""
        if not self._handles:
            for name, module in trainer.model.named_modules():
                if isinstance(module, self.kinds):
                    self._look_at(name, module)

    def _see(self, name: str, output: Array) -> None:
        others = tuple(axis for axis in range(output.ndim) if axis != 1)
        alive: Array = np.asarray((output > 0).any(axis=others if output.ndim > 1 else None))
        self._alive[name] = alive | self._alive[name] if name in self._alive else alive

    def end_epoch(self, trainer: Trainer) -> None:
        """Add the fractions to the row of the epoch."""
        for name, alive in self._alive.items():
            trainer.row[f"dead_{name}"] = 1.0 - float(np.mean(alive))

    def state_dict(self) -> dict[str, Any]:
        """Return which units were alive in this epoch."""
        return {"alive": self._alive}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over which units were alive."""
        alive = state["alive"]
        if not isinstance(alive, dict) or any(np.asarray(units).dtype != bool for units in alive.values()):
            raise ValueError("DeadUnits.alive must be a dict with a bool for each unit of a layer")
        self._alive = alive
