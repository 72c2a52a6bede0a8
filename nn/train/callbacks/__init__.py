"""What can be added to a training: objects whose methods are called at its events."""

from __future__ import annotations

from nn.train.callbacks.averaging import ExponentialMovingAverage
from nn.train.callbacks.base import Callback
from nn.train.callbacks.checkpointing import Checkpointing
from nn.train.callbacks.logs import CSVLog, JSONLLog, TensorBoardLog
from nn.train.callbacks.stepping import GradientClipping, Schedule, Unfreezing
from nn.train.callbacks.stopping import EarlyStopping, StopOnNaN
from nn.train.callbacks.watching import DeadUnits, Histograms

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpointing",
    "DeadUnits",
    "EarlyStopping",
    "ExponentialMovingAverage",
    "GradientClipping",
    "Histograms",
    "JSONLLog",
    "Schedule",
    "StopOnNaN",
    "TensorBoardLog",
    "Unfreezing",
]
