"""Averages of weights over training: exponential moving averages, and stochastic weight averaging.

Sources: Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992); Izmailov et al., Averaging
weights leads to wider optima and better generalization (2018), algorithm 1.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import autograd
from autograd import Tensor
from nn.module import Module
from nn.norm import BatchNorm
from nn.optim.optimizer import check_number

Average = Callable[[Tensor, Tensor, int], Any]
MultiAverage = Callable[[list[Tensor], list[Tensor], int], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return a function for `AveragedModel(avg_fn=)`: the average becomes decay * average + (1 - decay) * parameter.

    Raises:
        ValueError: when `decay` is not in [0, 1].

    >>> get_ema_avg_fn(0.75)(Tensor(4.0), Tensor(8.0), 1)
    Tensor(5.)
    """
    check_number("decay", decay, most=1.0)
    return lambda averaged, current, num_averaged: decay * averaged + (1 - decay) * current


def get_swa_avg_fn() -> Average:
    """Return a function for `AveragedModel(avg_fn=)`: the average becomes the mean of all models so far.

    >>> get_swa_avg_fn()(Tensor(4.0), Tensor(8.0), 3)
    Tensor(5.)
    """
    return lambda averaged, current, num_averaged: averaged + (current - averaged) / (num_averaged + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Return a function for `AveragedModel(multi_avg_fn=)`: an exponential moving average of all parameters, in place.

    Raises:
        ValueError: when `decay` is not in [0, 1].

    >>> averaged = [Tensor([4.0])]
    >>> get_ema_multi_avg_fn(0.75)(averaged, [Tensor([8.0])], 1)
    >>> averaged
    [Tensor([5.])]
    """
    check_number("decay", decay, most=1.0)
    return lambda averaged, current, num_averaged: _approach(averaged, current, 1 - decay)


def get_swa_multi_avg_fn() -> MultiAverage:
    """Return a function for `AveragedModel(multi_avg_fn=)`: the mean of all models so far, in place.

    >>> averaged = [Tensor([4.0])]
    >>> get_swa_multi_avg_fn()(averaged, [Tensor([8.0])], 3)
    >>> averaged
    [Tensor([5.])]
    """
    return lambda averaged, current, num_averaged: _approach(averaged, current, 1 / (num_averaged + 1))


def _approach(averaged: list[Tensor], current: list[Tensor], weight: float) -> None:
    """Move every average by a part of its distance, in place; integers are cut off."""
    with autograd.no_grad():
        for mean, value in zip(averaged, current, strict=True):
            if mean.dtype.kind in "fc":
                mean += weight * (value - mean)
            else:
                mean[...] = (mean + weight * (value - mean)).astype(mean.dtype)


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over training; call it as the model.

    Without a function given, the average is the mean of all models that `update_parameters` has seen.

    Args:
        model: the model, which is copied.
        avg_fn: takes an average, the parameter and the number of models so far; returns the new average. See
            `get_ema_avg_fn`.
        multi_avg_fn: takes lists of averages and of parameters and the number of models; changes the averages in
            place. See `get_ema_multi_avg_fn`.
        use_buffers: average the buffers too, instead of copying them.

    Attributes:
        module: the copy with the averages.
        n_averaged: how many models have been averaged, a buffer.

    Raises:
        ValueError: when both functions are given.

    >>> import nn
    >>> model = nn.Linear(1, 1, bias=False)
    >>> ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.75))
    >>> for weight in (4.0, 8.0):
    ...     _ = nn.init.constant_(model.weight, weight)
    ...     ema.update_parameters(model)
    >>> ema.module.weight
    Parameter([[5.]], requires_grad=True)
    """

    module: Module
    n_averaged: Tensor
    avg_fn: Average | None
    multi_avg_fn: MultiAverage | None
    use_buffers: bool

    def __init__(
        self, model: Module, *, avg_fn: Average | None = None, multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:  # fmt: skip
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel takes avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", Tensor(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the model with the averaged parameters returns."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the present parameters of the model into the averages; the first ones are copied.

        Raises:
            ValueError: when the model has other parameters or buffers than the copy.
        """
        averaged, current = self._averaged(self.module), self._averaged(model)
        if [t.shape for t in averaged] != [t.shape for t in current]:
            raise ValueError("the model to be averaged has other parameters than the one that was copied")
        count = int(self.n_averaged.item())
        with autograd.no_grad():
            if count == 0:
                _copy(averaged, current)
            elif self.avg_fn is None:
                (self.multi_avg_fn or get_swa_multi_avg_fn())(averaged, current, count)
            else:
                _copy(
                    averaged, [self.avg_fn(mean, value, count) for mean, value in zip(averaged, current, strict=True)]
                )
            if not self.use_buffers:
                _copy(list(self.module.buffers()), list(model.buffers()))
            self.n_averaged[...] = count + 1

    def _averaged(self, model: Module) -> list[Tensor]:
        buffers = model.buffers() if self.use_buffers else ()
        return list(itertools.chain(model.parameters(), buffers))


def _copy(into: list[Tensor], values: list[Any]) -> None:
    for tensor, value in zip(into, values, strict=True):
        tensor[...] = value


def update_bn(loader: Iterable[Any], model: Module) -> None:
    """Compute the running statistics of batch normalisations anew, from all batches; averaged weights have others.

    Args:
        loader: yields inputs, or tuples or lists that begin with one.
        model: the model; afterwards in train or eval mode as before. One without batch normalisation stays as it is.

    >>> import nn
    >>> update_bn([autograd.ones((2, 3))], nn.Linear(3, 3))
    """
    layers = [module for module in model.modules() if isinstance(module, BatchNorm)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    training = model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
    try:
        with autograd.no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, list | tuple) else batch)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(training)
