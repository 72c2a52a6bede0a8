"""The Python array API standard's namespace, `x.__array_namespace__()`, where NumPy's functions are not enough."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from autograd import Tensor, set_default_dtype

X = Tensor([[3.0, 1.0, 3.0], [2.0, 2.0, 1.0]], requires_grad=True)
XP = X.__array_namespace__()


def test_sorting_downwards():
    assert XP.sort(X, descending=True).tolist() == [[3, 3, 1], [2, 2, 1]]
    assert XP.argsort(X, descending=True).tolist() == [[0, 2, 1], [0, 1, 2]]
    assert XP.sort(X, axis=0, descending=True).tolist() == [[3, 2, 3], [2, 1, 1]]
    assert XP.argsort(X, axis=0, descending=True).tolist() == [[0, 1, 0], [1, 0, 1]]
    assert XP.argsort(X).tolist() == [[1, 0, 2], [2, 0, 1]]
    x = Tensor([1.0, 3.0, 2.0], requires_grad=True)
    (XP.sort(x, descending=True) * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100, 1, 10]
    assert type(XP.sort(np.ones(2))) is Tensor


def test_everything_is_on_the_cpu():
    made = [
        XP.zeros(2, device="cpu"), XP.asarray([0.0, 0.0], device=X.device), XP.full((2,), 0.0, device=None),
        XP.astype(Tensor([0, 0]), XP.float32, device="cpu"), XP.fft.fftfreq(2, device="cpu") * 0,
    ]  # fmt: skip
    for x in made:
        assert_array_equal(x.data, [0.0, 0.0])
    with pytest.raises(ValueError, match="'cpu', not 'gpu'"):
        XP.ones(2, device="gpu")


def test_asarray_copies_when_told():
    values = np.zeros(2)
    assert np.shares_memory(XP.asarray(values).data, values)
    assert np.shares_memory(XP.asarray(Tensor(values), copy=False).data, values)
    assert not np.shares_memory(XP.asarray(values, copy=True).data, values)
    assert XP.asarray(X, copy=True).requires_grad
    for data, options in ((values, {"dtype": XP.float32}), ([1.0], {})):
        with pytest.raises(ValueError, match="copy=False"):
            XP.asarray(data, copy=False, **options)


def test_info_and_names():
    info = XP.__array_namespace_info__()
    assert info.default_dtypes()["real floating"] == np.float32
    assert info.default_device() == "cpu"
    assert set(info.dtypes(kind="complex floating")) == {"complex64", "complex128"}
    assert info.capabilities()["boolean indexing"]
    set_default_dtype(np.float64)
    try:
        assert info.default_dtypes(device="cpu")["complex floating"] == np.complex128
    finally:
        set_default_dtype(np.float32)
    names = dir(XP)
    assert {"sin", "sum", "sort", "zeros", "pi", "float32", "linalg", "__array_namespace_info__"} <= set(names)
    for name in names:
        assert hasattr(XP, name)
