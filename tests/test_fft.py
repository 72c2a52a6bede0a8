"""Fourier transforms: values beside NumPy's, first and second derivatives beside PyTorch's."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
import autograd.fft
from autograd import Tensor

RNG = np.random.default_rng(5)
X = RNG.normal(size=(4, 5, 3))
Z = X + 1j * RNG.normal(size=X.shape)

ONE_AXIS = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
TWO_AXES = ["fft2", "ifft2", "rfft2", "irfft2"]
MORE_AXES = ["fftn", "ifftn", "rfftn", "irfftn"]

OPTIONS = [
    *(
        (name, {"n": n, "axis": axis, "norm": norm})
        for name in ONE_AXIS
        for n, axis, norm in itertools.product([None, 2, 5, 6], [-1, 1], [None, "backward", "ortho", "forward"])
    ),
    *((name, {"norm": norm}) for name, norm in itertools.product(TWO_AXES + MORE_AXES, ["ortho", "forward"])),
    *(
        (name, {"s": s, "axes": axes})
        for name in TWO_AXES + MORE_AXES
        for s, axes in [((3, 6), (0, 1)), ((6, 5), (-1, 0)), ((-1, 4), (1, 2)), ((2, 3), (2, 0))]
    ),
    *((name, {"axes": axes}) for name, axes in itertools.product(MORE_AXES, [(0,), (2, 0, 1), (1, 1)])),
]


def inputs(name):
    real, either = name in ("rfft", "rfft2", "rfftn", "ihfft"), name in ("fft", "ifft2", "fftn", "hfft")
    return [X] if real else [X, Z] if either else [Z]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=lambda v: str(v).replace(" ", ""))
def test_values_and_derivatives(name, options):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    numpys = getattr(np.fft, name)
    dims = {"axis": "dim", "axes": "dim"}
    theirs = {dims.get(k, k): v for k, v in options.items()}
    for values in inputs(name):
        expected = numpys(values, **options)
        got = numpys(Tensor(values), **options)
        assert isinstance(got, Tensor)
        assert_array_equal(got.data, expected)
        plain = getattr(autograd.fft, name)(values, **options)
        assert not isinstance(plain, Tensor)
        assert_array_equal(plain, expected)
        if (name.startswith("irfft") and options.get("s", (0,))[-1] == -1) or options.get("axes") == (1, 1):
            continue  # PyTorch has another default there, or refuses
        assert_agrees(lambda x: numpys(x, **options), lambda x: getattr(torch.fft, name)(x, **theirs), values)
        nonlinear = (
            lambda x: abs(numpys(x, **options)) ** 3,
            lambda x: abs(getattr(torch.fft, name)(x, **theirs)) ** 3,
        )
        assert_agrees(*nonlinear, values)


@pytest.mark.parametrize("name", ONE_AXIS + TWO_AXES + MORE_AXES)
def test_single_precision_stays_single(name):
    values = inputs(name)[0]
    single = values.astype(np.float32 if values.dtype.kind == "f" else np.complex64)
    x = Tensor(single, requires_grad=True)
    y = getattr(np.fft, name)(x)
    assert y.dtype == getattr(np.fft, name)(single).dtype
    assert y.dtype in (np.float32, np.complex64)
    abs(y).sum().backward()
    assert x.grad.dtype == single.dtype


@pytest.mark.parametrize("axes", [None, 0, (1, 2), -1])
@pytest.mark.parametrize("f", [np.fft.fftshift, np.fft.ifftshift])
def test_shifts(f, axes):
    assert_array_equal(f(Tensor(Z), axes).data, f(Z, axes))
    back = np.fft.ifftshift if f is np.fft.fftshift else np.fft.fftshift
    x = Tensor(X, requires_grad=True)
    f(x, axes).backward(X)
    assert_array_equal(x.grad.data, back(X, axes))
    assert ag.gradgradcheck(lambda x: f(x * x, axes), (X[:2, :3],))


def test_inverses():
    x = Tensor(X, requires_grad=True)
    np.fft.irfft(np.fft.rfft(x), X.shape[-1]).backward(X)
    assert_allclose(x.grad.data, X, atol=1e-14)
    x.grad = None
    np.fft.ifftn(np.fft.fftn(x)).real.backward(X)
    assert_allclose(x.grad.data, X, atol=1e-14)


def test_nothing_is_kept_alive():
    y = np.fft.fft(Tensor(X, requires_grad=True), axis=0)
    assert not any(isinstance(kept, np.ndarray) for kept in y._node.saved)


def test_errors():
    x = Tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match="s needs axes"):
        np.fft.fftn(x, s=(2, 2))
    with pytest.raises(ValueError, match="lengths 1 and 2"):
        np.fft.fft2(x, s=(2,))
    with pytest.raises(ValueError, match="norm"):
        np.fft.fft(x, norm="both")
    with pytest.raises(ValueError, match="data points"):
        np.fft.fft(x, 0)
    with pytest.raises(TypeError):
        np.fft.rfft(Tensor(Z, requires_grad=True))
