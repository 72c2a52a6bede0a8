"""Complex numbers: their parts, conjugates and angles.

Rules get the gradient g = dL/dx - i dL/dy of a complex value x + iy, with L the real objective, so that the change of L
is the real part of g times the change of the value. Users see dL/dx + i dL/dy, as in PyTorch.
"""

from __future__ import annotations

import math

import numpy as np

from autograd.ops.common import ANY, Array, flat, is_complex
from autograd.ops.shaping import alias
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method, value_of


@op(val=lambda g: g, samples=ANY)
def real(val: Array) -> Tensor:
    """Return the real part, a view of the values; also the attribute `real` of Tensors.

    >>> np.real(Tensor([1 + 2j, 3]))
    Tensor([1., 3.])
    """
    return np.real(val)  # type: ignore[return-value]


@op(val=lambda g, val: -1j * g if is_complex(val) else flat(g), samples=ANY)
def imag(val: Array) -> Tensor:
    """Return the imaginary part, a view of the values; also the attribute `imag` of Tensors.

    >>> np.imag(Tensor([1 + 2j, 3]))
    Tensor([2., 0.])
    """
    return np.imag(val)  # type: ignore[return-value]


tensor_method("real")(property(real))  # type: ignore[type-var]
tensor_method("imag")(property(imag))  # type: ignore[type-var]


@op(np.conjugate, x=lambda g: np.conj(g), samples=ANY, numpy=np.conjugate)
def conjugate(x: Array, /) -> Tensor:
    """Return the complex conjugate.

    >>> conjugate(Tensor([1 + 2j]))
    Tensor([1.-2.j], dtype=complex64)
    """


conj = tensor_method("conj")(conjugate)


def _turning(g: Array, z: Array, deg: bool) -> Array:
    if not is_complex(z):
        return flat(g)
    zero = z == 0
    return np.where(zero, 0, g * (-180j / math.pi if deg else -1j)) / np.where(zero, 1, z)


@op(z=_turning, samples=[sample(Draw(kinks=(0.0,))), sample(Draw(kinks=(0.0,)), deg=True)])
def angle(z: Array, deg: bool = False) -> Tensor:
    """Return the angle of z from the real axis, in radians (-pi to pi) or degrees; at 0 the gradient is 0.

    >>> angle(Tensor([1j, -1j]), deg=True)
    Tensor([ 90., -90.])
    """
    return np.angle(z, deg)  # type: ignore[return-value]


@composite(samples=ANY)
def real_if_close(a: Array, tol: float = 100) -> Tensor:
    """Return the real part if all imaginary parts are within `tol` of 0, else a.

    Args:
        a: the values.
        tol: above 1 in units of the dtype's epsilon, else absolute.

    >>> real_if_close(Tensor([1 + 1e-9j, 2]))
    Tensor([1., 2.])
    """
    parts = np.imag(value_of(a))
    limit = tol * np.finfo(parts.dtype).eps if tol > 1 and is_complex(a) else tol
    return real(a) if np.all(np.abs(parts) < limit) else alias(a)


@op(x=None, samples=ANY)
def isreal(x: Array) -> Tensor:
    """Return whether each imaginary part is 0.

    >>> isreal(Tensor([1 + 2j, 3]))
    Tensor([False,  True])
    """
    return np.isreal(x)  # type: ignore[return-value]


@op(x=None, samples=ANY)
def iscomplex(x: Array) -> Tensor:
    """Return whether each imaginary part is other than 0.

    >>> iscomplex(Tensor([1 + 2j, 3]))
    Tensor([ True, False])
    """
    return np.iscomplex(x)  # type: ignore[return-value]


@op(p=lambda g: g, samples=[sample((4,)), sample(Draw((3, 2), domain=(0, 30)), axis=0, period=6.5), sample((2, 3))])
def unwrap(p: Array, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Tensor:
    """Return p plus whole periods along an axis, so that neighbours differ by less than half a period.

    Args:
        p: angles, or other values that repeat.
        discont: the smallest difference to correct; half a period by default and at least.
        axis: the axis along which neighbours are compared.
        period: the size of the range that wraps.

    >>> unwrap(Tensor([0.0, 3.0, 6.0, 9.0 - 2 * np.pi]))
    Tensor([0., 3., 6., 9.])
    """
    return np.unwrap(p, discont, axis, period=period)  # type: ignore[return-value]
