"""Discrete Fourier transforms.

A transform is a matrix that is its own transpose, so the gradient of the complex ones is the same transform of the
gradient. Those between real and complex values leave out half of a spectrum whose other half mirrors it: there the
entries that stand for two count twice. Transforms over several axes are made of those over one, as NumPy's are; no rule
keeps any values, so that costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograd.ops.common import Array
from autograd.ops.complex_numbers import conjugate
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor

Norm = str | None
Shape = Sequence[int] | None

SAMPLES = [
    sample((4,)),
    sample((2, 3), axis=0, norm="ortho"),
    sample((2, 5), n=3, norm="forward"),
    sample((3, 2), n=5, axis=-2),
]
SAMPLES_2D = [sample((2, 3)), sample((3, 2, 3), s=(4, 3), axes=(-1, 0), norm="ortho")]
SAMPLES_ND = [sample((2, 3, 2)), sample((3, 2, 3), s=(2, 5), axes=(2, 0), norm="forward"), sample((2, 3), axes=(0,))]

# The transform with the same scale in the other direction.
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(x: Array, size: int, axis: int) -> Array:
    """Return x cut, or filled up with zeros, to a size along an axis: the transpose of doing that with the input."""
    if x.shape[axis] >= size:
        return x if x.shape[axis] == size else x[_along(axis, x.ndim, slice(size))]
    return np.pad(x, [(0, size - n if i == axis % x.ndim else 0) for i, n in enumerate(x.shape)])


def _along(axis: int, ndim: int, index: slice) -> tuple[slice, ...]:
    """Return an index for one axis."""
    return tuple(index if i == axis % ndim else slice(None) for i in range(ndim))


# --- one axis ---------------------------------------------------------------------------------------------------------


def _fft_again(g: Array, a_shape: tuple[int, ...], axis: int, norm: Norm) -> Array:
    return _resized(np.fft.fft(g, axis=axis, norm=norm), a_shape[axis], axis)


@op(a=_fft_again, samples=SAMPLES, numpy=np.fft.fft)
def fft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the discrete Fourier transform along an axis.

    Args:
        a: real or complex values.
        n: the number of values to transform, of a cut or filled up with zeros; by default all.
        axis: the axis to transform.
        norm: which direction is scaled: "backward" (the default, the inverse by 1/n), "forward", or "ortho" (both by
            the root).

    >>> fft(Tensor([1.0, 0.0, 0.0])).real
    Tensor([1., 1., 1.])
    """
    return np.fft.fft(a, n, axis, norm)


def _ifft_again(g: Array, a_shape: tuple[int, ...], axis: int, norm: Norm) -> Array:
    return _resized(np.fft.ifft(g, axis=axis, norm=norm), a_shape[axis], axis)


@op(a=_ifft_again, samples=SAMPLES, numpy=np.fft.ifft)
def ifft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the inverse of `fft`, whose arguments it takes.

    >>> ifft(Tensor([3.0, 0.0, 0.0])).real
    Tensor([1., 1., 1.])
    """
    return np.fft.ifft(a, n, axis, norm)


def _mirrored(x: Array, n: int, axis: int, factor: float) -> Array:
    """Return a half spectrum of n values with those entries times `factor` that stand for two."""
    weights = np.full(n // 2 + 1, factor, x.real.dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return x * weights.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])


def _from_half(g: Array, a_shape: tuple[int, ...], n: int | None, axis: int, norm: Norm) -> Array:
    n = a_shape[axis] if n is None else n
    halves = conjugate(_mirrored(g, n, axis, 0.5))
    return _resized(np.fft.irfft(halves, n, axis, _SWAPPED[norm]), a_shape[axis], axis)


@op(a=_from_half, samples=SAMPLES, numpy=np.fft.rfft)
def rfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the first n // 2 + 1 values of `fft`, which takes the same arguments, of real a.

    >>> rfft(Tensor([1.0, 0.0, 0.0])).real
    Tensor([1., 1.])
    """
    return np.fft.rfft(a, n, axis, norm)


def _to_half(g: Array, a_shape: tuple[int, ...], axis: int, norm: Norm) -> Array:
    halves = conjugate(np.fft.rfft(g, axis=axis, norm=_SWAPPED[norm]))
    return _resized(_mirrored(halves, g.shape[axis], axis, 2.0), a_shape[axis], axis)


@op(a=_to_half, samples=[sample((4,)), *SAMPLES[2:]], numpy=np.fft.irfft)
def irfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the n real values of which a is the `rfft`.

    Args:
        a: the first n // 2 + 1 values of the spectrum; the imaginary part of the first, and for even n of the last,
            has no effect.
        n: the number of values to return; by default 2 * (m - 1) for m values of a.
        axis: the axis to transform.
        norm: as for `fft`.

    >>> irfft(Tensor([1.0, 1.0]), 3)
    Tensor([1., 0., 0.])
    """
    return np.fft.irfft(a, n, axis, norm)


@composite(samples=[sample((4,)), *SAMPLES[2:]], numpy=np.fft.hfft)
def hfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the n real values of the `fft` of a signal that mirrors itself, of which a is the first half.

    >>> hfft(Tensor([1.0, 1.0]), 3)
    Tensor([3., 0., 0.])
    """
    return irfft(conjugate(a), n, axis, _SWAPPED[norm])


@composite(samples=SAMPLES, numpy=np.fft.ihfft)
def ihfft(a: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Tensor:
    """Return the inverse of `hfft`: of real a the first n // 2 + 1 values.

    >>> ihfft(Tensor([3.0, 0.0, 0.0])).real
    Tensor([1., 1.])
    """
    return conjugate(rfft(a, n, axis, _SWAPPED[norm]))


# --- several axes -----------------------------------------------------------------------------------------------------


def _sides(a: Array, s: Shape, axes: Shape) -> tuple[list[int], list[int]]:
    """Return the number of values and the axis of each transform.

    Raises:
        ValueError: when s is given without axes, or their lengths differ.
    """
    if s is not None and axes is None:
        raise ValueError("s needs axes, which say what axes it is for: pass axes=range(-len(s), 0) for the last ones")
    axes = list(range(np.ndim(a)) if axes is None else axes)
    sizes = [-1] * len(axes) if s is None else list(s)
    if len(sizes) != len(axes):
        raise ValueError(f"s and axes are both for each transform, but have lengths {len(sizes)} and {len(axes)}")
    return [np.shape(a)[axis] if n == -1 else n for n, axis in zip(sizes, axes, strict=True)], axes


def _each(function: Callable[..., Array], a: Array, s: Shape, axes: Shape, norm: Norm) -> Array:
    """Transform along each axis, the last one first."""
    for n, axis in reversed(list(zip(*_sides(a, s, axes), strict=True))):
        a = function(a, n, axis, norm)
    return a


@composite(samples=SAMPLES_ND, numpy=np.fft.fftn)
def fftn(a: Array, s: Shape = None, axes: Shape = None, norm: Norm = None) -> Tensor:
    """Return the discrete Fourier transform over several axes.

    Args:
        a: real or complex values.
        s: for each of the axes how many values to transform, as `n` of `fft`; -1 for all.
        axes: the axes to transform, needed with s; by default all.
        norm: as for `fft`.

    Raises:
        ValueError: when s is given without axes (deprecated by NumPy), or their lengths differ.

    >>> fftn(Tensor([[1.0, 0.0], [0.0, 0.0]])).real
    Tensor([[1., 1.],
            [1., 1.]])
    """
    return _each(fft, a, s, axes, norm)


@composite(samples=SAMPLES_ND, numpy=np.fft.ifftn)
def ifftn(a: Array, s: Shape = None, axes: Shape = None, norm: Norm = None) -> Tensor:
    """Return the inverse of `fftn`, whose arguments it takes.

    >>> ifftn(Tensor([[4.0, 0.0], [0.0, 0.0]])).real
    Tensor([[1., 1.],
            [1., 1.]])
    """
    return _each(ifft, a, s, axes, norm)


@composite(samples=SAMPLES_ND, numpy=np.fft.rfftn)
def rfftn(a: Array, s: Shape = None, axes: Shape = None, norm: Norm = None) -> Tensor:
    """Return `fftn` of real values, of the last axis only the first half, as `rfft` gives it.

    >>> rfftn(Tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])).shape
    (2, 2)
    """
    sizes, axes = _sides(a, s, axes)
    return _each(fft, rfft(a, sizes[-1], axes[-1], norm), sizes[:-1], axes[:-1], norm)


@composite(samples=SAMPLES_ND, numpy=np.fft.irfftn)
def irfftn(a: Array, s: Shape = None, axes: Shape = None, norm: Norm = None) -> Tensor:
    """Return the inverse of `rfftn`; the last of s is the number of real values to return, as `n` of `irfft`.

    >>> irfftn(Tensor([[1.0, 1.0]]), s=(1, 3), axes=(0, 1))
    Tensor([[1., 0., 0.]])
    """
    sizes, axes = _sides(a, s, axes)
    for n, axis in zip(sizes[:-1], axes[:-1], strict=True):
        a = ifft(a, n, axis, norm)
    return irfft(a, None if s is None else sizes[-1], axes[-1], norm)


@composite(samples=SAMPLES_2D, numpy=np.fft.fft2)
def fft2(a: Array, s: Shape = None, axes: Shape = (-2, -1), norm: Norm = None) -> Tensor:
    """Return `fftn` over two axes, by default the last ones.

    >>> fft2(Tensor([[1.0, 0.0], [0.0, 0.0]])).real
    Tensor([[1., 1.],
            [1., 1.]])
    """
    return fftn(a, s, axes, norm)


@composite(samples=SAMPLES_2D, numpy=np.fft.ifft2)
def ifft2(a: Array, s: Shape = None, axes: Shape = (-2, -1), norm: Norm = None) -> Tensor:
    """Return the inverse of `fft2`, whose arguments it takes.

    >>> ifft2(Tensor([[4.0, 0.0], [0.0, 0.0]])).real
    Tensor([[1., 1.],
            [1., 1.]])
    """
    return ifftn(a, s, axes, norm)


@composite(samples=SAMPLES_2D, numpy=np.fft.rfft2)
def rfft2(a: Array, s: Shape = None, axes: Shape = (-2, -1), norm: Norm = None) -> Tensor:
    """Return `rfftn` over two axes, by default the last ones.

    >>> rfft2(Tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])).shape
    (2, 2)
    """
    return rfftn(a, s, axes, norm)


@composite(samples=SAMPLES_2D, numpy=np.fft.irfft2)
def irfft2(a: Array, s: Shape = None, axes: Shape = (-2, -1), norm: Norm = None) -> Tensor:
    """Return `irfftn` over two axes, by default the last ones.

    >>> irfft2(Tensor([[1.0, 1.0]]), s=(1, 3))
    Tensor([[1., 0., 0.]])
    """
    return irfftn(a, s, axes, norm)


# --- the zero frequency in the middle ---------------------------------------------------------------------------------

SHIFTS = [sample((3,)), sample((2, 5)), sample((2, 5), axes=1), sample((2, 3, 5), axes=(0, -1))]


@op(x=lambda g, axes: np.fft.ifftshift(g, axes), samples=SHIFTS, numpy=np.fft.fftshift)
def fftshift(x: Array, axes: int | Shape = None) -> Tensor:
    """Return a spectrum with the zero frequency moved to the middle of the axes, by default of all.

    >>> fftshift(Tensor([0.0, 1.0, 2.0, -2.0, -1.0]))
    Tensor([-2., -1.,  0.,  1.,  2.])
    """
    return np.fft.fftshift(x, axes)


@op(x=lambda g, axes: np.fft.fftshift(g, axes), samples=SHIFTS, numpy=np.fft.ifftshift)
def ifftshift(x: Array, axes: int | Shape = None) -> Tensor:
    """Return the inverse of `fftshift`.

    >>> ifftshift(Tensor([-2.0, -1.0, 0.0, 1.0, 2.0]))
    Tensor([ 0.,  1.,  2., -2., -1.])
    """
    return np.fft.ifftshift(x, axes)
