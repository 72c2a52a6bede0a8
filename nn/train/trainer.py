"""The loop of training."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size
from nn.optim.optimizer import Optimizer, number
from nn.train.callbacks.base import EVENTS, Callback
from nn.train.feeding import Feed, as_batches, batch_length, count_batches, split_batch
from nn.train.generators import Generators
from nn.train.history import History, Row
from nn.train.metrics import Metric, Totals, named_metrics
from nn.train.progress import Bar, progress_bar
from nn.train.resuming import find_checkpoint, restore

Array = np.ndarray[Any, Any]


class Trainer:
    """Trains a model: the loop over epochs and batches, with metrics, validation, a progress bar and callbacks.

    A batch is a tuple whose last item is the target; what comes before are the model's inputs. A subclass may define
    `compute` for batches of another form.

    Args:
        model: the network.
        loss: takes the model's output and the target; returns a scalar Tensor, the mean over the batch.
        optimizer: of the model's parameters.
        metrics: functions of output and target that return the mean over the batch, as a list or by name; see
            `nn.train.accuracy`.
        callbacks: see `nn.train.Callback`.
        accumulate: take a step of the optimizer only for every so many batches, with the gradients of the mean over
            all their examples, as if they were one large batch. The last step of an epoch may have fewer.

    Attributes:
        history: a row for each finished epoch.
        epoch: the number of finished epochs.
        batch: the number of finished batches of the epoch that is under way.
        step: the number of steps that the optimizer has taken.
        loss: of the last batch.
        row: of the last epoch, in the history.
        stopped: why training ended before its last epoch, or None.

    Raises:
        TypeError: when something is not what it should be.
        ValueError: when the optimizer has none of the model's parameters.

    >>> import nn
    >>> _ = autograd.manual_seed(0)
    >>> (x, y), (x_test, y_test) = nn.data.load_digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    >>> trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=[nn.train.accuracy])
    >>> history = trainer.fit((x, y), validation=(x_test, y_test), epochs=3, batch_size=64)
    >>> history.rows[-1]["validation_accuracy"] > 0.9
    True
    >>> trainer.predict(x_test).shape
    (355, 10)
    """

    history: History
    epoch: int
    batch: int
    step: int
    loss: float
    row: Row
    stopped: str | None
    current: Any  # the batch that is being computed
    resumed: bool  # whether this training goes on from a checkpoint
    resuming: bool  # whether it would have, if there were one
    generators: Generators

    def __init__(
        self, model: Module, loss: Callable[[Any, Any], Tensor], optimizer: Optimizer, *,
        metrics: Mapping[str, Metric] | Sequence[Metric] = (), callbacks: Sequence[Callback] = (), accumulate: int = 1,
    ) -> None:  # fmt: skip
        _check_parts(model, loss, optimizer)
        self.model, self.loss_function, self.optimizer = model, loss, optimizer
        self.metrics, self.accumulate = named_metrics(metrics), check_size(accumulate, "accumulate")
        self.history, self.row, self.stopped = History(), {}, None
        self.epoch = self.batch = self.step = 0
        self.loss, self.resumed, self.resuming = float("nan"), False, False
        self._first = self._last = 0  # the finished epochs before the present call of fit, and after it
        self._totals, self._seconds = Totals(), 0.0  # of the epoch that is under way
        self._waiting: list[Any] = []  # how many examples the batches had that wait for a step
        self.generators = self._all_generators(None, None)
        self._feed = Feed([], self.generators)
        self.callbacks = self._attached(callbacks)

    def _attached(self, callbacks: Sequence[Callback]) -> list[Callback]:
        """Return the callbacks in the order in which they are called; note who listens to what."""
        if isinstance(callbacks, Callback):
            raise TypeError(f"callbacks are a list, not one {type(callbacks).__name__}: write [...] around it")
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"callbacks are objects of nn.train.Callback, not {callback!r:.60}")
        ordered = sorted(callbacks, key=lambda callback: callback.order)
        for callback in ordered:
            callback.attach(self)
        self._listeners: dict[str, list[Callable[[Trainer], None]]] = {
            event: [getattr(c, event) for c in ordered if getattr(type(c), event) is not getattr(Callback, event)]
            for event in EVENTS
        }
        return ordered

    def _emit(self, event: str) -> None:
        for listener in self._listeners[event]:
            listener(self)

    def __repr__(self) -> str:
        parts = (self.model, self.loss_function, self.optimizer)
        names = ", ".join(getattr(part, "__name__", type(part).__name__) for part in parts)
        return f"Trainer({names}; {self.epoch} epochs, {self.step} steps)"

    # --- for callbacks ----------------------------------------------------------------------------------------------

    @property
    def parameters(self) -> list[Tensor]:
        """All parameters that the optimizer has."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    @property
    def lr(self) -> float:
        """The learning rate of the optimizer's first group."""
        return float(number(self.optimizer.param_groups[0].get("lr", float("nan"))))

    @property
    def is_last_epoch(self) -> bool:
        """Whether training ends with the epoch that has just been finished."""
        return self.epoch >= self._last or self.stopped is not None

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.stopped = reason

    def compute(self, batch: Any) -> tuple[Tensor, Any, Any, int]:
        """Return the loss of a batch, the model's output, the target and the number of examples."""
        inputs, target = split_batch(batch)
        if target is None:
            raise TypeError(
                "a batch is a tuple of the inputs and, last, the target; this one has no target: give fit and evaluate "
                "(x, y), or a loader of such pairs; for batches of another form define compute()"
            )
        output = self.model(*inputs)
        return self.loss_function(output, target), output, target, batch_length(inputs)

    def replay(self) -> None:
        """Compute loss and gradients of the present batch again."""
        self.optimizer.zero_grad()
        self.compute(self.current)[0].backward()

    # --- training ---------------------------------------------------------------------------------------------------

    def fit(
        self, train: Any, validation: Any = None, epochs: int = 1, *, batch_size: int = 32,
        resume: bool | str | os.PathLike[str] = False, progress: bool | None = None,
    ) -> History:  # fmt: skip
        """Train for some epochs; return the history.

        After an error or Ctrl-C the history has all finished epochs, and the last checkpoint is whole.

        Args:
            train: what to learn from: a loader or a list of batches, a `Dataset`, or a tuple of arrays, of which the
                last is the target.
            validation: what to look at after every epoch, likewise; nothing is learned from it.
            epochs: how many epochs to train; a second call trains as many more. A resumed call is the one that was
                interrupted: it counts the epochs that were done.
            batch_size: for data sets and arrays, of which batches are made; those to learn from are shuffled.
            resume: True to go on from the newest checkpoint of `Checkpointing`, if there is one: run the same program
                again, and it ends as if it had never been interrupted. Or the path of a checkpoint or their folder.
            progress: True or False; by default a bar on terminals and in notebooks, where tqdm is installed.

        Raises:
            TypeError: for data of another kind.
            ValueError: when a checkpoint is damaged, or does not fit; nothing has changed then.
            FileNotFoundError: when `resume` is a path without a checkpoint.
        """
        count = check_size(epochs, "epochs")
        loader = as_batches(train, batch_size, shuffle=True)
        tests = None if validation is None else as_batches(validation, batch_size, shuffle=False)
        self.generators = self._all_generators(loader, tests)
        self._feed = Feed(loader, self.generators)
        self._first, self.stopped = self.epoch, None
        self._begin_epoch()
        source = find_checkpoint(resume, self.callbacks)
        self.resuming, self.resumed = resume is not False, source is not None
        if source is not None:
            restore(self, source)
        self._last = self._first + count
        try:
            self._emit("begin_fit")
            while not self.is_last_epoch:
                self._run_epoch(loader, tests, progress)
            self._emit("end_fit")
        finally:
            self._emit("close")
        return self.history

    def _all_generators(self, train: Any, validation: Any) -> Generators:
        return Generators(
            model=self.model, loss=self.loss_function, optimizer=self.optimizer, metrics=self.metrics, train=train,
            validation=validation, callbacks=[vars(c) for c in getattr(self, "callbacks", ())],
        )  # fmt: skip

    def _begin_epoch(self) -> None:
        self.batch, self._totals, self._seconds = 0, Totals(), 0.0
        self._waiting = []

    def _run_epoch(self, loader: Iterable[Any], validation: Any, progress: bool | None) -> None:
        """Train for an epoch, or the rest of one."""
        began = time.perf_counter() - self._seconds
        title = f"epoch {self.epoch + 1}/{self._last}"
        with progress_bar(progress, title, count_batches(loader), self.batch) as bar:
            if not self.batch:
                self.model.train()
                self._emit("begin_epoch")
            self._train(began, bar)
            if not self._totals.count:
                raise ValueError("there are no batches to train on; an iterable must yield them anew for each epoch")
            self.row = {"epoch": self.epoch + 1, **self._totals.means()}
            if validation is not None:
                self.row |= {f"validation_{name}": value for name, value in self._validated(validation).items()}
            self.row |= {"lr": self.lr, "seconds": time.perf_counter() - began}
            self.epoch += 1
            self._begin_epoch()
            self.history.rows.append(self.row)
            self._emit("end_epoch")
            if bar is not None:
                bar.finish(self.row)

    def _train(self, began: float, bar: Bar | None) -> None:
        batches = count_batches(self._feed.loader)
        for batch in self._feed.epoch(self.batch):
            self.current = batch
            self._emit("begin_batch")
            self._compute_gradients(batch)
            self._seconds = time.perf_counter() - began
            if self.accumulate == 1 or len(self._waiting) == self.accumulate or self.batch + 1 == batches:
                self._take_step()
            else:
                self.batch += 1
            if bar is not None:
                bar.step(self._totals.means)
        if self._waiting:  # of an iterable that did not say how long it is
            self.batch -= 1
            self._take_step()

    def _compute_gradients(self, batch: Any) -> None:
        """Compute loss, metrics and gradients of a batch."""
        loss, output, target, count = self.compute(batch)
        if self.accumulate == 1:
            self.optimizer.zero_grad()
            loss.backward()
        else:
            if not self._waiting:
                self.optimizer.zero_grad()
            (loss * count).backward()
            self._waiting.append(count)
        self.loss = loss.item()
        self._totals.add(count, {"loss": self.loss} | self._measured(output, target))

    def _measured(self, output: Any, target: Any) -> dict[str, float]:
        if not self.metrics:
            return {}
        values = output.detach() if isinstance(output, Tensor) else output
        return {name: float(metric(values, target)) for name, metric in self.metrics.items()}

    def _take_step(self) -> None:
        if self._waiting:
            total = sum(self._waiting)
            with autograd.no_grad():
                for p in self.parameters:
                    if p.grad is not None:
                        p.grad *= 1 / total
            self._waiting = []
        self._emit("after_backward")
        self.optimizer.step()
        self.batch += 1
        self.step += 1
        self._emit("after_step")

    # --- use --------------------------------------------------------------------------------------------------------

    def _validated(self, validation: Any) -> dict[str, float]:
        self._emit("begin_validation")
        means = self.evaluate(validation)
        self._emit("end_validation")
        return means

    def evaluate(self, data: Any, *, batch_size: int = 256) -> dict[str, float]:
        """Return loss and metrics on data, means over all examples; the model is in eval mode meanwhile.

        Args:
            data: as for `fit`.
            batch_size: for data sets and arrays.

        Raises:
            ValueError: when there are no batches.
        """
        totals = Totals()
        with evaluating(self.model):
            for batch in as_batches(data, batch_size, shuffle=False):
                loss, output, target, count = self.compute(batch)
                totals.add(count, {"loss": loss.item()} | self._measured(output, target))
        if not totals.count:
            raise ValueError("there are no batches to evaluate on")
        return totals.means()

    def predict(self, data: Any, *, batch_size: int = 256) -> Array:
        """Return the model's outputs for data, one after another (N, ...); the model is in eval mode meanwhile.

        Args:
            data: inputs (N, ...); or as for `fit`, with targets, which are passed over.
            batch_size: for data sets and arrays.

        Raises:
            ValueError: when there are no batches.
        """
        outputs = []
        with evaluating(self.model):
            for batch in as_batches(data, batch_size, shuffle=False):
                outputs.append(self.model(*split_batch(batch)[0]).data)
        if not outputs:
            raise ValueError("there are no batches to predict on")
        return np.concatenate(outputs)

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state of the training, as a checkpoint has it; arrays share the model's memory."""
        return {
            "model": self.model.state_dict(),
            "frozen": [name for name, p in self.model.named_parameters() if not p.requires_grad],
            "evaluating": [name for name, module in self.model.named_modules() if not module.training],
            "optimizer": self.optimizer.state_dict(),
            "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in self.callbacks],
            "feed": self._feed.state_dict(),
            "random": self.generators.state(),
            "history": self.history.rows,
            "epoch": self.epoch, "batch": self.batch, "step": self.step, "first": self._first, "stopped": self.stopped,
            "seconds": self._seconds, "count": self._totals.count, "sums": self._totals.sums,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a state; `nn.train.resuming.restore` does so safely."""
        self.model.load_state_dict(state["model"])
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name not in state["frozen"])
        for name, module in self.model.named_modules():
            module.training = name not in state["evaluating"]
        self.optimizer.load_state_dict(state["optimizer"])
        for callback, (_, inner) in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(inner)
        self.generators.set_state(state["random"])
        self._feed.load_state_dict(state["feed"])
        self.history.rows = list(state["history"])
        self.row = self.history.rows[-1] if self.history.rows else {}
        self.epoch, self.batch, self.step = state["epoch"], state["batch"], state["step"]
        self._first, self.stopped, self._seconds = state["first"], state["stopped"], state["seconds"]
        self._totals.count, self._totals.sums = state["count"], dict(state["sums"])


def _check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    for name, value in (("model", model), ("loss", loss), ("optimizer", optimizer)):
        if isinstance(value, type):
            raise TypeError(f"{name} is the class {value.__name__}, and must be an object of it: {value.__name__}(...)")
    for name, value, kind in (("model", model, Module), ("optimizer", optimizer, Optimizer)):
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be of nn.{kind.__name__}, not {type(value).__name__}")
    if not callable(loss):
        raise TypeError(f"loss must be a function of output and target, not {type(loss).__name__}")
    own, held = list(model.parameters()), {id(p) for group in optimizer.param_groups for p in group["params"]}
    if own and not any(id(p) in held for p in own):
        raise ValueError(
            "the optimizer has none of the model's parameters, so the model would learn nothing: make the optimizer "
            "with model.parameters() of this model"
        )


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Have a model in eval mode, and nothing recorded; afterwards its modules are in the modes that they were in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with autograd.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
