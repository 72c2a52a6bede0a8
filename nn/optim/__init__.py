"""Optimizers, with PyTorch's names, arguments, defaults and `state_dict` layout."""

from __future__ import annotations

from nn.optim.adam import Adam
from nn.optim.optimizer import Optimizer
from nn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer"]
