"""The pool of threads: every part of the work is done once, errors come through, and nobody waits for ever."""

import os
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
from autograd.kernels import products, threads
from autograd.kernels.choosing import compiling

fast = pytest.mark.skipif(not compiling(), reason="needs the extra 'fast'")


@pytest.fixture(params=[1, 2, 3, 5])
def count(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield request.param
    threads.set_num_threads(before)


def parts_of(count, least=1):
    parts = []
    threads.share(lambda start, stop: parts.append((start, stop)), count, least)
    return sorted(parts)


def test_parts_are_the_whole(count):
    for items in (0, 1, 2, 3, 17):
        for _ in range(20):  # with other numbers of workers in between
            parts = parts_of(items)
            assert [i for start, stop in parts for i in range(start, stop)] == list(range(items))


@fast
def test_there_are_as_many_parts_as_threads(count):
    assert len(parts_of(100)) == count
    assert len(parts_of(100, least=50)) == min(count, 2)
    assert parts_of(100, least=60) == [(0, 100)]


@pytest.mark.parametrize("where", [0, 1])
def test_errors_come_through(where, count):
    def work(start, stop):
        if stop > where:
            raise KeyError(stop)

    with pytest.raises(KeyError):
        threads.share(work, 1 + where)
    assert parts_of(1) == [(0, 1)]


def test_work_inside_work_is_done(count):
    done = []
    threads.share(lambda start, stop: threads.share(lambda i, j: done.append(start), 4), 2)
    assert set(done) <= {0, 1}
    assert 0 in done


def test_several_threads_may_share_at_once(count):
    totals = []

    def caller():
        for _ in range(50):
            parts = parts_of(11)
            totals.append(sum(stop - start for start, stop in parts))

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for each in callers:
        each.start()
    for each in callers:
        each.join(20)
    assert totals == [11] * 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_programs_go_on():
    parts_of(8)
    child = os.fork()
    if not child:
        os._exit(0 if len(parts_of(8)) == len(parts_of(8)) else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_other_numbers_of_threads_raise(count):
    with pytest.raises(ValueError, match="positive integer"):
        autograd.set_num_threads(count)


def test_the_number_of_threads_is_what_was_set():
    before = autograd.get_num_threads()
    autograd.set_num_threads(3)
    assert autograd.get_num_threads() == 3
    autograd.set_num_threads(before)


@fast
def test_blas_has_its_threads_back_afterwards():
    from threadpoolctl import threadpool_info

    before = [each["num_threads"] for each in threadpool_info()]
    seen = []
    threads.share(lambda *_: seen.append([x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"]), 2,
                  blas=True)  # fmt: skip
    assert [n for numbers in seen for n in numbers] == [1] * sum(len(numbers) for numbers in seen)
    assert [each["num_threads"] for each in threadpool_info()][: len(before)] == before


SHAPES = [((300, 200), (200, 100)), ((100, 200), (200, 300)), ((5, 300, 200), (5, 200, 100)), ((2, 3), (3, 4))]


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_are_those_of_numpy(a, b, dtype, count):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=shape).astype(dtype) for shape in (a, b))
    out = products.matmul(x, y)
    assert out.dtype == dtype
    assert_allclose(out, x @ y, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-4)
    assert np.array_equal(out, products.matmul(x, y))


@pytest.mark.parametrize(("a", "b"), [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 2, 3), (4, 3, 1)), ((0, 3), (3, 2))])
def test_other_products_too(a, b):
    x, y = np.ones(a), np.ones(b)
    assert np.array_equal(products.matmul(x, y), x @ y)
