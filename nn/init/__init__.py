"""Initial values of parameters, written in place; names, arguments and defaults are PyTorch's where it has them."""

from __future__ import annotations

from nn.init.drawing import constant_, normal_, ones_, trunc_normal_, uniform_, zeros_
from nn.init.scaled import (
    calculate_gain,
    fan_sum_uniform_,
    fans,
    kaiming_normal_,
    kaiming_uniform_,
    lecun_normal_,
    lecun_uniform_,
    variance_scaling_,
    xavier_normal_,
    xavier_uniform_,
)
from nn.init.sequential import lsuv_
from nn.init.structured import delta_orthogonal_, dirac_, eye_, orthogonal_, sparse_

__all__ = [
    "calculate_gain",
    "constant_",
    "delta_orthogonal_",
    "dirac_",
    "eye_",
    "fan_sum_uniform_",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "lsuv_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "variance_scaling_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
