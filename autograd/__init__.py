"""Define-by-run automatic differentiation on NumPy: gradients you can see and trust."""

from __future__ import annotations

import autograd.backward
from autograd.modes import (
    default_generator,
    enable_grad,
    get_default_dtype,
    is_grad_enabled,
    manual_seed,
    no_grad,
    set_default_dtype,
)
from autograd.ops.elementwise import *
from autograd.primitive import Draw, op, sample
from autograd.tensor import Tensor
