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
from nn.train.ensembles import Ensemble, load_model
from nn.train.finetuning import freeze, layerwise_rates, parameter_groups, unfreeze
from nn.train.history import History
from nn.train.imbalance import class_weights, two_phase_fit
from nn.train.metrics import accuracy, binary_accuracy, confusion_matrix, mean_absolute_error, top_k_accuracy
from nn.train.plots import plot_range_test
from nn.train.sanity import (
    Finding,
    SanityReport,
    chance_accuracy,
    check_initial_loss,
    check_overfits,
    check_regularization,
    check_sanity,
)
from nn.train.search import (
    Choice,
    CrossValidation,
    LogUniform,
    SearchResult,
    Uniform,
    coarse_to_fine,
    cross_validate,
    optuna_search,
    random_search,
)
from nn.train.trainer import Trainer

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpointing",
    "Choice",
    "CrossValidation",
    "DeadUnits",
    "EarlyStopping",
    "Ensemble",
    "ExponentialMovingAverage",
    "Finding",
    "GradientClipping",
    "Histograms",
    "History",
    "JSONLLog",
    "LogUniform",
    "SanityReport",
    "Schedule",
    "SearchResult",
    "StopOnNaN",
    "TensorBoardLog",
    "Trainer",
    "Unfreezing",
    "Uniform",
    "accuracy",
    "binary_accuracy",
    "chance_accuracy",
    "check_initial_loss",
    "check_overfits",
    "check_regularization",
    "check_sanity",
    "class_weights",
    "coarse_to_fine",
    "confusion_matrix",
    "cross_validate",
    "freeze",
    "layerwise_rates",
    "list_checkpoints",
    "load_model",
    "mean_absolute_error",
    "optuna_search",
    "parameter_groups",
    "plot_range_test",
    "random_search",
    "read_checkpoint",
    "top_k_accuracy",
    "two_phase_fit",
    "unfreeze",
    "write_checkpoint",
]
