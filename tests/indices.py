"""Indices of every kind, for an array of one shape, and other things that the tests of indexing share."""

import numpy as np

from autograd import Tensor

RNG = np.random.default_rng(11)
SHAPE = (4, 3, 5)
MASK = RNG.random(SHAPE) > 0.5

INDICES = {
    "integer": 2, "negative": -1, "integers": (1, -2, 3), "slice": slice(1, 3), "step": slice(None, None, -2),
    "slices": (slice(1, None), slice(None), slice(4, 0, -2)), "ellipsis": (..., 1), "all": ..., "empty tuple": (),
    "new axis": (None, 1, slice(None), None), "empty slice": slice(2, 2), "numpy integer": np.int64(1),
    "list": [0, 2, 1], "array": np.array([[0, 1], [3, 2]]), "repeated": np.array([1, 0, 1, -3]),
    "repeated rows": (slice(None), [0, 0, 2]), "arrays": (np.array([0, 1, 0]), np.array([2, 1, 2])),
    "broadcast": (np.array([[0], [1]]), np.array([2, 2, 1])),
    "apart": (np.array([0, 1, 0]), slice(None), np.array([2, 2, 2])),
    "together": (slice(None), np.array([0, 1]), np.array([2, 2])), "array and integer": (np.array([1, 1]), 2),
    "mask": MASK, "row mask": np.array([True, False, True, True]),
    "mask and list": (np.array([True, False, True, False]), [0, 1]),
    "inner mask": (slice(None), np.array([True, False, True])), "no list": [], "true": True,
    "array and new axis": (np.array([3, 3]), None),
}  # fmt: skip


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)
