"""Optimizers, with PyTorch's names, arguments, defaults and `state_dict` layout."""

from __future__ import annotations

from nn.optim import lr_scheduler, swa_utils
from nn.optim.adafactor import Adafactor
from nn.optim.adagrad import Adadelta, Adagrad, RMSprop
from nn.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizer import Optimizer
from nn.optim.sgd import ASGD, SGD
from nn.optim.signs import Lion, Rprop

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]
