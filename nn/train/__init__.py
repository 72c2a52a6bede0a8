"""Training: the loop, callbacks, checkpoints, and what helps to choose."""

from __future__ import annotations

from nn.train.callbacks import (
    Callback,
    Checkpointing,
    CSVLog,
    DeadUnits,
    EarlyStopping,
    ExponentialMovingAverage,
    GradientClipping,
    Histograms,
    JSONLLog,
    Schedule,
    StopOnNaN,
    TensorBoardLog,
    Unfreezing,
)
from nn.train.checkpoints import list_checkpoints, read_checkpoint, write_checkpoint
from nn.train.finetuning import freeze, layerwise_rates, parameter_groups, unfreeze
from nn.train.history import History
from nn.train.metrics import accuracy, binary_accuracy, confusion_matrix, mean_absolute_error, top_k_accuracy
from nn.train.trainer import Trainer

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpointing",
    "DeadUnits",
    "EarlyStopping",
    "ExponentialMovingAverage",
    "GradientClipping",
    "Histograms",
    "History",
    "JSONLLog",
    "Schedule",
    "StopOnNaN",
    "TensorBoardLog",
    "Trainer",
    "Unfreezing",
    "accuracy",
    "binary_accuracy",
    "confusion_matrix",
    "freeze",
    "layerwise_rates",
    "list_checkpoints",
    "mean_absolute_error",
    "parameter_groups",
    "read_checkpoint",
    "top_k_accuracy",
    "unfreeze",
    "write_checkpoint",
]
