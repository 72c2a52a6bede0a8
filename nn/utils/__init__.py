"""Helpers for training, with PyTorch's names: clipping of gradients, parameters as one vector, parametrizations."""

from __future__ import annotations

from nn.utils import parametrizations, parametrize, rnn
from nn.utils.clipping import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from nn.utils.skipping import skip_init
from nn.utils.vectors import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "rnn",
    "skip_init",
    "vector_to_parameters",
]
