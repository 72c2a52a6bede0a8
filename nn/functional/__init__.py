"""Layers and losses as functions, with PyTorch's names, arguments and defaults. Arrays or Tensors in, Tensors out."""

from __future__ import annotations

from nn.functional.activations import log_softmax, relu, sigmoid, softmax, tanh
from nn.functional.convolution import conv2d
from nn.functional.dropouts import dropout
from nn.functional.linear_maps import linear
from nn.functional.losses import cross_entropy, mse_loss, one_hot
from nn.functional.pooling import avg_pool2d, max_pool2d

__all__ = [
    "avg_pool2d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
