"""Property tests for operations: strategies that draw their inputs, and `check_op`, which checks everything at once.

Values are drawn at random, not by hypothesis: what hypothesis likes to draw, zeros and ties, is where derivatives do
not exist. Hypothesis draws what surrounds them (shapes and seeds); what fails is shrunk to the simplest call that
fails the same way, and printed as code.
"""

from autograd.testing.calling import Call, calls, draw_call, edge_shapes, gradients, seed_of
from autograd.testing.memory import check_memory, check_purity
from autograd.testing.properties import (
    LAYOUTS,
    SCALES,
    check_dtypes,
    check_first_order,
    check_layouts,
    check_numbers,
    check_partial_gradients,
    check_recording,
    check_repeated_argument,
    check_scales,
    check_second_order,
    check_value,
)
from autograd.testing.strategies import Shape, arrays, broadcastable_shapes, index_expressions, shapes, tensors
from autograd.testing.suite import PROPERTIES, PropertyError, check_call, check_op, check_sample

__all__ = [
    "LAYOUTS",
    "PROPERTIES",
    "SCALES",
    "Call",
    "PropertyError",
    "Shape",
    "arrays",
    "broadcastable_shapes",
    "calls",
    "check_call",
    "check_dtypes",
    "check_first_order",
    "check_layouts",
    "check_memory",
    "check_numbers",
    "check_op",
    "check_partial_gradients",
    "check_purity",
    "check_recording",
    "check_repeated_argument",
    "check_sample",
    "check_scales",
    "check_second_order",
    "check_value",
    "draw_call",
    "edge_shapes",
    "gradients",
    "index_expressions",
    "seed_of",
    "shapes",
    "tensors",
]
