"""NumPy's `linalg` for Tensors and arrays: the functions of `np.linalg`, which can be called on Tensors as well.

Beside them `logdet` and `matrix_exp`, as PyTorch has them, and `solve_triangular`, as SciPy.

>>> from autograd import linalg
>>> linalg.inv(Tensor([[2.0, 0.0], [0.0, 4.0]]))
Tensor([[0.5 , 0.  ],
        [0.  , 0.25]])
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from autograd.ops import products
from autograd.ops.decompositions import (
    EighResult,
    EigResult,
    QRResult,
    SVDResult,
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from autograd.ops.linear_algebra import matmul
from autograd.ops.matrix_functions import logdet, matrix_exp, solve_triangular
from autograd.ops.norms import cond, matrix_norm, norm, vector_norm
from autograd.ops.products import matrix_transpose, multi_dot, tensordot, vecdot
from autograd.ops.systems import (
    SlogdetResult,
    det,
    inv,
    lstsq,
    matrix_power,
    matrix_rank,
    pinv,
    slogdet,
    solve,
    tensorinv,
    tensorsolve,
)
from autograd.tensor import FUNCTIONS

# --- those that differ from NumPy's functions of the same name --------------------------------------------------------


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Return the cross products of vectors of 3 components along an axis.

    Raises:
        ValueError: for other numbers of components.

    >>> cross(Tensor([1.0, 0.0, 0.0]), Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    sizes = [np.shape(x)[axis] for x in (x1, x2)]
    if sizes != [3, 3]:
        raise ValueError(f"linalg.cross takes vectors of 3 components, not of {sizes[0]} and {sizes[1]}")
    return products.cross(x1, x2, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    """Return the products of each element of x1 (m,) and each of x2 (n,): (m, n).

    Raises:
        ValueError: when one of them is not a vector.

    >>> outer(Tensor([1.0, 2.0]), Tensor([3.0]))
    Tensor([[3.],
            [6.]])
    """
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"linalg.outer takes vectors, not shapes {np.shape(x1)} and {np.shape(x2)}")
    return products.outer(x1, x2)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Return the sums along the diagonals of matrices (..., m, n): (...,).

    Args:
        x: the matrices.
        offset: which diagonal, positive above the main one.
        dtype: to add up in.

    >>> trace(Tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    Tensor([5.])
    """
    return products.trace(x, offset, -2, -1, dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """Return the diagonals of matrices (..., m, n), along the last axis.

    Args:
        x: the matrices.
        offset: which diagonal, positive above the main one.

    >>> diagonal(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return np.diagonal(x, offset, -2, -1)


for _function in (cross, outer, trace, diagonal, matmul, tensordot):
    FUNCTIONS[getattr(np.linalg, _function.__name__)] = _function

__all__ = [
    "EigResult",
    "EighResult",
    "LinAlgError",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "logdet",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
