"""Products of matrices with few rows or columns are NumPy's, to rounding."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
from autograd.kernels import products

pytest.importorskip("numba", reason="compiled kernels need the extra 'fast'")


@pytest.fixture(params=[1, 3], ids=["one thread", "three threads"])
def threads(request, monkeypatch):
    monkeypatch.setattr("autograd.kernels.compiled.thin._WORTH", 1)
    before = autograd.get_num_threads()
    autograd.set_num_threads(request.param)
    yield
    autograd.set_num_threads(before)


def check(a, b):
    got = products.compiled("thin", "thin_product")(a, b)
    assert got is not NotImplemented
    assert got.dtype == a.dtype
    single = a.dtype == np.float32
    assert_allclose(got, a.astype("d") @ b.astype("d"), rtol=1e-12, atol=2e-5 if single else 1e-12)


def numbers(*shape, dtype):
    return np.random.default_rng(shape).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("columns", [3, 4, 11, 30])
@pytest.mark.parametrize("inner", [8, 15, 100])
@pytest.mark.parametrize("rows", [4, 5, 10, 16])
def test_few_rows_times_the_transpose_of_rows(rows, inner, columns, dtype, threads):
    check(numbers(rows, inner, dtype=dtype), numbers(columns, inner, dtype=dtype).T)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("columns", [24, 37, 100])
@pytest.mark.parametrize(("rows", "inner"), [(4, 1), (5, 40), (16, 7), (31, 16), (50, 1)])
def test_combinations_of_rows(rows, inner, columns, dtype, turned, threads):
    a = numbers(inner, rows, dtype=dtype).T if turned else numbers(rows, inner, dtype=dtype)
    check(a, numbers(inner, columns, dtype=dtype))


@pytest.mark.parametrize(("rows", "inner", "columns"), [(3, 40, 40), (10, 7, 2), (17, 40, 40), (10, 4, 23)])
def test_others_are_left_to_blas(rows, inner, columns):
    thin = products.compiled("thin", "thin_product")
    a = numbers(rows, inner, dtype="f")
    assert thin(a, numbers(inner, columns, dtype="f")) is NotImplemented
    assert thin(a, numbers(columns, inner, dtype="f").T) is NotImplemented


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.ones((10, 784), "f"), np.ones((100, 784), "f").T),
        (np.ones((10, 100), "f").T, np.ones((10, 784), "f")),
        (np.ones((10, 100)), np.ones((100, 300))),
    ],
)
def test_a_small_batch_goes_that_way(a, b, monkeypatch):
    monkeypatch.setattr(np, "matmul", None)
    assert_allclose(products.matmul(a, b), np.full((len(a), b.shape[1]), float(a.shape[1])))


def test_what_is_not_finite_stays_so():
    a, b = np.ones((10, 800), "f"), np.ones((30, 800), "f")
    a[3, 799], b[4, 799], b[5, 0] = np.inf, 0, np.nan
    got = products.compiled("thin", "thin_product")(a, b.T)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, np.dot(a, b.T))


@pytest.mark.parametrize("views", [lambda x: x[:, ::2], lambda x: x[::2], lambda x: x[:, ::-1]])
def test_other_layouts(views):
    a, b = views(np.random.default_rng(0).normal(size=(20, 80))), np.random.default_rng(1).normal(size=(80, 90))
    assert_allclose(products.matmul(a, b[: a.shape[1]]), np.dot(a, b[: a.shape[1]]), rtol=1e-12)
