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

OTHERS = ("jn", "sinc", "softmax", "log_softmax", "logsumexp", "sici", "fresnel", "zeta", "factorial")  # below
NAMES = [name for name in special.__all__ if name not in OTHERS]
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
    with pytest.raises(TypeError, match=r"scipy\.special\.airy is not supported on Tensors"):
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


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "ive", "kv", "kve", "gammainc", "gammaincc"])
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
    for derivative in (ag.elementwise_grad(special.i0e), ag.elementwise_grad(ag.elementwise_grad(special.i0e))):
        assert derivative(np.array(0.0)) == 0


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
        special.gamma(Tensor(1.0))


def test_second_derivative_of_log_ndtr_far_away():
    x = np.array([-300.0, -1000.0])  # asymptotically -1 + 1 / x**2 - 6 / x**4
    second = ag.elementwise_grad(ag.elementwise_grad(special.log_ndtr))(x)
    assert_allclose(second, -1 + x**-2 - 6 * x**-4, rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_second_derivative_of_log_ndtr_is_0_where_the_first_is(dtype):
    x = np.array([20.0, 40.0, 100.0], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert_allclose(ag.elementwise_grad(ag.elementwise_grad(special.log_ndtr))(x), 0, atol=1e-80)


DERIVATIVES = {  # x, and the first three derivatives there, computed with 120 digits
    "erfcx": [
        (-3.0, -97237.06150316462, 615834.3467269868, -4083954.3263745797),
        (3.0, -0.05437226000717287, 0.03176874231974267, -0.02687658611023545),
        (5.0, -0.02133278976482631, 0.008081377817874151, -0.004517380880563733),
        (1000.0, -5.641887372654967e-07, 1.1283757819707055e-09, -3.3851205756878907e-12),
        (1e9, -5.641895835477563e-19, 1.1283791670955126e-27, -3.385137501286538e-36),
        (np.inf, 0, 0, 0),
    ],
    "i0e": [
        (-3.0, 0.046173640864524544, 0.026738377296615472, 0.025128698593116713),
        (5.0, -0.019568545664785997, 0.006342637940663521, -0.0034812036587208526),
        (1000.0, -6.310198962627116e-06, 9.467668325601487e-09, -2.367509997283033e-11),
        (1e9, -6.307831307415837e-15, 9.461746963489192e-24, -2.3654367414636573e-32),
        (np.inf, 0, 0, 0),
    ],
    "i1e": [
        (-3.0, -0.01943526356790907, -0.0016096787034987584, 0.00569343502520764),
        (5.0, -0.013225907724122476, 0.0028614342819426684, -0.0007727120867101569),
        (1000.0, -6.300731294301514e-06, 9.443993225628657e-09, -2.3592216355258614e-11),
        (1e9, -6.3078312979540896e-15, 9.461746939834825e-24, -2.3654367331846286e-32),
        (np.inf, 0, 0, 0),
    ],
    "log_ndtr": [
        (-1e9, 1e9, -1.0, 2e-27),
        (-1000.0, 1000.000999998, -0.999999000006, 1.999976000299996e-09),
        (-8.0, 8.121368112236112, -0.9856751165566591, 0.0032918765663441357),
        (-3.0, 3.2830986549304364, -0.9294408132147319, 0.03147067283084249),
        (2.0, 0.055247862678989956, -0.11354805168857644, 0.1843948150324776),
        (np.inf, 0, 0, 0),
    ],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_far_away_do_not_cancel(name, dtype):
    x, *expected = np.array(DERIVATIVES[name]).T
    derivative = getattr(special, name)
    for wanted in expected:
        derivative = ag.elementwise_grad(derivative)
        found = derivative(x.astype(dtype))
        assert found.dtype == dtype
        assert_allclose(found, wanted, rtol=1e-11 if dtype == np.float64 else 3e-6, atol=1e-300)


def test_derivatives_of_digamma_at_its_poles():
    with np.errstate(all="ignore"):
        assert_array_equal(ag.elementwise_grad(special.digamma)(np.array([0.0, -1.0, -30.0])), np.inf)
    x, periodic = np.array([-30.5, -1.25]), np.array([np.pi**2, 2 * np.pi**2])  # pi**2 / sin(pi * x)**2
    assert_allclose(ag.elementwise_grad(special.digamma)(x), periodic - scipy_special.zeta(2, 1 - x), rtol=1e-13)


def test_the_sine_integral_alone_is_smooth_at_0():
    x = np.array([-1e-3, 0.0])
    sine = ag.elementwise_grad(lambda v: special.sici(v)[0])
    assert_allclose(sine(x), 1 - x * x / 6)
    assert_allclose(ag.elementwise_grad(sine)(x), -x / 3, rtol=1e-6)
    with np.errstate(divide="ignore"):
        assert_array_equal(ag.elementwise_grad(lambda v: special.sici(v)[1])(np.zeros(1)), [np.inf])


def test_saturation_makes_no_nan():
    x = Tensor(np.array([-1e3, -40.0, 40.0, 1e3]), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for name in ("erf", "erfc", "ndtr", "log_ndtr", "expit", "log_expit"):
            x.grad = None
            getattr(special, name)(x).sum().backward()
            assert np.isfinite(x.grad.data).all(), name


def test_functions_that_are_no_ufunc_of_one_result():
    for name in ("sici", "fresnel"):
        theirs = getattr(scipy_special, name)
        for got, expected in zip(theirs(Tensor(POSITIVE)), theirs(POSITIVE), strict=True):
            assert_allclose(got.data, expected, rtol=1e-14)
    n = np.array([0, 1, 2.5, 6, -1, -0.5])
    assert_allclose(special.factorial(Tensor(n)).data, scipy_special.factorial(n), rtol=1e-14)
    assert special.factorial(3) == 6
    for q in (1, POSITIVE):
        assert_allclose(special.zeta(3, q), scipy_special.zeta(3, q), rtol=1e-14)
    assert_allclose(special.zeta(2), np.pi**2 / 6)
    with pytest.raises(NotImplementedError, match="the derivative of zeta with respect to x"):
        special.zeta(Tensor(2.0, requires_grad=True), 1.0).backward()


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_derivatives_of_exponential_integrals_of_an_order(n):
    x = np.array([0.2, 1.0, 5.0])
    for check in (ag.gradcheck, ag.gradgradcheck):
        assert check(lambda x: special.expn(n, x), x)
    assert special.expn(n, x.astype(np.float32)).dtype == np.float32
    first = ag.elementwise_grad(lambda x: special.expn(n, x))(np.array([0.0, 1.0])) if n > 2 else [-0.5]
    assert_allclose(first[0], -1 / (n - 2) if n > 2 else -0.5)


@pytest.mark.parametrize(("n", "expected"), [(1, np.inf), (2, np.inf), (3, np.inf), (4, 1), (5, 0.5)])
def test_second_derivatives_of_exponential_integrals_at_0(n, expected):
    first = ag.elementwise_grad(lambda x: special.expn(n, x))
    with np.errstate(divide="ignore"):
        assert_allclose(ag.elementwise_grad(first)(np.zeros(1)), [expected])


def test_functions_of_complex_numbers():
    x, y = np.array([0.3, -1.2, 2.0]), np.array([0.5, 0.7, -1.1])

    def parts(f):
        return lambda x, y: (f(x + 1j * y).real, f(x + 1j * y).imag)

    for f in (lambda z: special.ive(2, z), lambda z: special.kve(1, z), special.rgamma, special.fresnel):
        of_parts = parts(f) if f is not special.fresnel else lambda x, y: parts(lambda z: special.fresnel(z)[1])(x, y)
        assert ag.gradcheck(of_parts, (x, y))
        assert f is special.rgamma or ag.gradgradcheck(of_parts, (x, y))


def test_derivatives_that_are_for_real_numbers_only():
    z = Tensor(np.array([1 + 2j]), requires_grad=True)
    for n in (0, 1):
        with pytest.raises(TypeError, match=r"polygamma, .* is for real numbers, not complex128"):
            special.polygamma(n, z)
    for name in ("digamma", "erfcx", "dawsn", "spence"):
        with pytest.raises(TypeError, match=f"the derivative of {name},? is for real numbers, not complex128"):
            getattr(special, name)(z).sum().backward(np.array(1j))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_away_gradients_are_0(dtype):
    x = np.array([1e9, 1e30], dtype)
    for f in (special.rgamma, lambda x: special.fresnel(x)[0], lambda x: special.fresnel(-x)[1]):
        first = ag.elementwise_grad(f)
        assert_array_equal(first(x), 0)
        assert_array_equal(ag.elementwise_grad(first)(x), 0)


SECOND = {  # x, and the first two derivatives there, computed with 40 digits
    "k0": [(0.3, -3.055992033457325, 11.559100172068716), (2.0, -0.13986588181652243, 0.18382681365779466)],
    "k1": [(0.3, -11.559100172068716, 75.54179297876777), (2.0, -0.18382681365779466, 0.26674575909955034)],
    "k0e": [
        (0.3, -2.2725304614724555, 9.205464951203322), (14.5, -0.011073300602965177, 0.0011275528443760172),
        (15.5, -0.010034422894261628, 0.0009567485229595373), (1e4, -6.266335712204455e-07, 9.399268615958125e-11),
    ],
    "k1e": [
        (0.3, -11.477995412675778, 74.88960600487671), (14.5, -0.012200853447341193, 0.001318999396841056),
        (15.5, -0.010991171417221165, 0.0011088492659891052), (1e4, -6.267275639066051e-07, 9.401618374378432e-11),
    ],
    "exp1": [(0.3, -2.4693940689390597, 10.700707632069259), (2.0, -0.06766764161830635, 0.10150146242745951)],
    "expi": [(0.3, 4.499529358586677, -10.498901836702247), (2.0, 3.694528049465325, 1.8472640247326626)],
    "dawsn": [
        (0.0, 1.0, 0.0), (-0.5, 0.5755636164979777, 1.4244363835020224),
        (5.0, -0.021340744242768356, 0.009139293579129872), (1e4, -5.000000075000002e-09, 1.000000030000001e-12),
    ],
    "spence": [
        (0.2, -2.0117973905426254, 3.735253261821718), (0.9, -1.053605156578263, 0.5750595453284809),
        (1.0, -1.0, 0.5), (2.5, -0.6108604879161034, 0.1405736586107356),
        (1e16, -3.684136148790473e-15, 3.584136148790474e-31),
    ],
    "rgamma": [
        (-2.0, 2.0, -3.6911373403938684), (0.0, 1.0, 1.1544313298030657),
        (-1.3, -0.8660576986073988, -1.8711499178351623), (-20.5, 1.0740690459712119e+19, 1.9483925790487941e+18),
        (0.75, 0.88611561895805709, -1.1120999042035508), (1.0, 0.5772156649015329, -1.3117561430405078),
        (-29.75, -6.814182625835037e30, -4.993191538894647e32),
    ],
    "factorial": [(0.3, -0.15184386483996465, 1.0436498185554466), (2.0, 1.8455686701969343, 2.492929991902693)],
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SECOND)
def test_first_and_second_derivatives(name, dtype):
    x, *expected = np.array(SECOND[name]).T
    derivative = getattr(special, name)
    for wanted in expected:
        derivative = ag.elementwise_grad(derivative)
        assert_allclose(derivative(x.astype(dtype)), wanted, rtol=1e-10 if dtype == np.float64 else 2e-5, atol=1e-300)


@pytest.mark.parametrize("name", SECOND)
def test_derivatives_are_proportional_to_the_gradient_of_the_result(name):
    x, expected, _ = np.array(SECOND[name]).T
    for factor in (-3, 3):
        found = ag.elementwise_grad(lambda v, factor=factor: factor * getattr(special, name)(v))(x)
        assert_allclose(found, factor * expected, rtol=1e-10)
