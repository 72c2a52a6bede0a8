"""Special functions: values beside SciPy's, derivatives beside PyTorch's where it has them."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
import autograd.special as special
from autograd import Tensor

scipy_special = pytest.importorskip("scipy.special", reason="the special functions need the extra 'special'")

NAMES = [name for name in special.__all__ if name not in ("jn", "sinc", "softmax", "log_softmax", "logsumexp")]
RNG = np.random.default_rng(9)
POSITIVE = RNG.uniform(0.2, 4, size=(3, 4))
UNIT = RNG.uniform(0.05, 0.95, size=(3, 4))
ANY = RNG.normal(size=(3, 4)) * 2


@pytest.mark.parametrize("name", NAMES)
def test_scipys_ufunc_takes_tensors(name):
    theirs, ours = getattr(scipy_special, name), getattr(special, name)
    if not isinstance(theirs, np.ufunc):
        assert name in ("polygamma", "multigammaln")
        return
    values = {1: [UNIT], 2: [np.array([1, 2, 2, 3]), POSITIVE], 3: [np.array(2.0), np.array(1.5), UNIT]}[theirs.nin]
    expected = theirs(*values)
    tensors = [*values[:-1], Tensor(values[-1], requires_grad=True)]
    got = theirs(*tensors)
    assert got.requires_grad
    assert_allclose(got.detach().numpy(), expected, rtol=1e-14)
    assert_allclose(ours(*values), expected, rtol=1e-14)
    single = [v.astype(np.float32) for v in values]
    assert ours(*single).dtype == np.float32


def test_an_unknown_ufunc_is_refused():
    with pytest.raises(TypeError, match="not supported on Tensors"):
        scipy_special.airy(Tensor(1.0))
    mine = np.frompyfunc(lambda x: x, 1, 1)
    with pytest.raises(TypeError, match="not supported on Tensors"):
        mine(Tensor(1.0))


PYTORCHS = [
    ("erf", ANY), ("erfc", ANY), ("erfcx", ANY), ("erfinv", UNIT), ("ndtr", ANY), ("ndtri", UNIT), ("log_ndtr", ANY),
    ("log_ndtr", np.array([-50.0, 9.0, 0.0])), ("gammaln", POSITIVE), ("digamma", POSITIVE),
    ("digamma", np.array([-0.5, -3.3, -7.75])), ("gammaln", np.array([-0.5, -3.3])), ("expit", ANY),
    ("logit", UNIT), ("xlogy", ANY, POSITIVE),
    ("xlogy", np.zeros(3), np.array([-1.0, 2.0, 3.0])), ("xlog1py", ANY, POSITIVE - 0.9), ("entr", POSITIVE),
    ("i0", ANY), ("i1", ANY), ("i0e", ANY), ("i1e", ANY), ("i1", np.array([0.0, 1.0])), ("i1e", np.array([1.0, -30.0])),
]  # fmt: skip


@pytest.mark.parametrize("case", PYTORCHS, ids=lambda case: case[0])
def test_derivatives_are_pytorchs(case):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    name, *values = case
    assert_agrees(getattr(special, name), getattr(torch.special, name), *values, rtol=1e-8)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_polygamma(n):
    torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
    from oracle import assert_agrees

    assert_agrees(lambda x: special.polygamma(n, x), lambda x: torch.polygamma(n, x), POSITIVE, rtol=1e-8)
    assert_allclose(special.polygamma(n, POSITIVE), scipy_special.polygamma(n, POSITIVE), rtol=1e-13)
    assert_allclose(
        special.polygamma(n, np.array([-0.5, -2.25])),
        [[0.03648997397857652, 4.158583564657972], [8.934802200544679, 19.37941051186914],
         [-0.82879664423432, 123.89694977406016], [193.40909103400244, 1558.4550231887144]][n],
        rtol=1e-10,
    )  # fmt: skip


def test_polygamma_takes_whole_numbers_only():
    for n in (0.5, -1, np.array([1, 2])):
        with pytest.raises(ValueError, match="whole numbers"):
            special.polygamma(n, Tensor(1.0))


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "ive", "gammainc", "gammaincc"])
def test_gradients_to_parameters_are_refused(name):
    v, x = Tensor(1.5, requires_grad=True), Tensor(2.0, requires_grad=True)
    getattr(special, name)(v.detach(), x).backward()
    with pytest.raises(NotImplementedError, match=f"the derivative of {name} with respect to"):
        getattr(special, name)(v, x).backward()


@pytest.mark.parametrize("name", ["j0", "j1", "i0", "i1", "erf", "ndtr"])
def test_derivatives_at_zero(name):
    for check in (ag.gradcheck, ag.gradgradcheck):
        assert check(getattr(special, name), (np.array([0.0, 1e-3]),))


def test_kinks_and_poles():
    x = Tensor(np.array([0.0, 0.0, 0.0]), requires_grad=True)
    y = Tensor(np.array([0.0, -1.0, 2.0]), requires_grad=True)
    special.xlogy(x, y).sum().backward()
    assert_array_equal(x.grad.data, [0, 0, np.log(2.0)])
    assert_array_equal(y.grad.data, [0, 0, 0])
    x = Tensor(np.array([0.0, 1.0]), requires_grad=True)
    with np.errstate(divide="ignore"):
        special.entr(x).sum().backward()
    assert_array_equal(x.grad.data, [np.inf, -1])
    x = Tensor(0.0, requires_grad=True)
    special.i0e(x).backward()
    assert x.grad.item() == 0


def test_softmax_and_logsumexp_have_scipys_arguments():
    x = Tensor(ANY, requires_grad=True)
    for axis in (None, 0, (0, 1)):
        for name in ("softmax", "log_softmax", "logsumexp"):
            got = getattr(special, name)(x, axis)
            assert_allclose(got.detach().numpy(), getattr(scipy_special, name)(ANY, axis), rtol=1e-13)
    weights = np.array([1.0, -0.2, 3.0, 0.0])
    got = special.logsumexp(x, axis=1, b=weights, keepdims=True)
    assert_allclose(got.detach().numpy(), scipy_special.logsumexp(ANY, axis=1, b=weights, keepdims=True), rtol=1e-13)
    assert ag.gradgradcheck(lambda a: special.logsumexp(a, b=weights), (UNIT,))
    assert special.logsumexp(np.array([1000.0, 1000.0]), b=[1.0, 1.0]) == 1000 + np.log(2.0)


def test_numpys_i0():
    assert_allclose(np.i0(Tensor(ANY)).data, np.i0(ANY), rtol=1e-13)
    assert special.jn is special.jv


def test_scipy_is_not_imported_before_it_is_needed():
    code = "import sys, autograd.special as s; print('scipy' in sys.modules, s.erf(0.0), 'scipy' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.split() == ["False", "0.0", "True"]


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ImportError, match=r'pip install "forkgrad\[special\]"'):
        special.erf(Tensor(1.0))


def test_second_derivative_of_log_ndtr_far_away():
    x = np.array([-300.0, -1000.0])  # asymptotically -1 + 1 / x**2 - 6 / x**4
    second = ag.elementwise_grad(ag.elementwise_grad(special.log_ndtr))(x)
    assert_allclose(second, -1 + x**-2 - 6 * x**-4, rtol=1e-8)


def test_saturation_makes_no_nan():
    x = Tensor(np.array([-1e3, -40.0, 40.0, 1e3]), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for name in ("erf", "erfc", "ndtr", "log_ndtr", "expit", "log_expit"):
            x.grad = None
            getattr(special, name)(x).sum().backward()
            assert np.isfinite(x.grad.data).all(), name
