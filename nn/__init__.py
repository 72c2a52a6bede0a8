"""Neural networks on `autograd`, with PyTorch's names, defaults, parameter shapes and `state_dict` keys."""

from __future__ import annotations

from nn import data, functional, init, optim
from nn.activation import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.dropout import Dropout
from nn.linear import Flatten, Linear
from nn.loss import CrossEntropyLoss, MSELoss
from nn.module import Module, Parameter, functional_call
from nn.pool import AvgPool2d, MaxPool2d

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "data",
    "functional",
    "functional_call",
    "init",
    "optim",
]
