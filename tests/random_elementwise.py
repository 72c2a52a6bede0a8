"""Entries of random programs: elementwise operations, real and complex, and special functions."""

import math
from typing import Any

import numpy as np
from random_programs import Entry, like, one_of

import autograd as ag
from autograd import special


def elementwise(t: Any) -> list[Entry]:
    """Return the entries, given PyTorch."""
    return [
        *_same_names(t),
        *_switching(t),
        *_jumping(t),
        *_pairs(t),
        *_complex(t),
        *_special(t),
        *_gammas(t),
        *_integrals(t),
        *_bessel(t),
    ]


# --- smooth functions -------------------------------------------------------------------------------------------------

NAMES = {
    "any": [
        "exp", "expm1", "exp2", "sin", "cos", "arctan", "arcsinh", "sinh", "cosh", "tanh", "square", "sigmoid",
        "negative", "positive", "absolute", "relu", "deg2rad", "rad2deg",
    ],
    "positive": ["log", "log2", "log10", "log1p", "sqrt", "reciprocal"],
    "unit": ["tan", "arcsin", "arccos", "arctanh"],
    "above": ["arccosh"],
}  # fmt: skip


def _same_names(t: Any) -> list[Entry]:
    entries = [
        Entry(name, getattr(ag, name), getattr(t, name), domain=domain)
        for domain, names in NAMES.items()
        for name in names
    ]
    return [
        *entries,
        Entry("softplus", ag.softplus, lambda x: t.nn.functional.softplus(x, threshold=1e9)),
        Entry("log_sigmoid", ag.log_sigmoid, t.nn.functional.logsigmoid),
        Entry("sinc", ag.sinc, lambda x: t.where(abs(x) < 0.5, _sinc_series(x), t.sinc(t.where(abs(x) < 0.5, 1.0, x)))),
        Entry("cbrt", ag.cbrt, lambda x: x ** (1 / 3), domain="positive"),
        Entry("cbrt", lambda x: ag.cbrt(-x), lambda x: -(x ** (1 / 3)), domain="positive"),
        Entry("polyval", lambda x: ag.polyval([2.0, -1.0, 0.5], x), lambda x: 2 * x * x - x + 0.5),
        Entry("polyval", ag.polyval, lambda p, x: (p[0] * x + p[1]) * x + p[2], 2,
              molds=(((3,), (2, 2)), ((3,), ()), ((3,), (0,)))),
    ]  # fmt: skip


def _sinc_series(x: Any) -> Any:
    """Return the series of sin(pi x) / (pi x) about 0, where PyTorch's second derivative of sinc is nan."""
    total = 1 + 0 * x
    for k in range(9, 0, -1):
        total = 1 - (math.pi * x) ** 2 / (2 * k * (2 * k + 1)) * total
    return total


# --- kinks and jumps --------------------------------------------------------------------------------------------------


def _switching(t: Any) -> list[Entry]:
    def nan_where_large(x: Any, m: Any) -> Any:
        return m.where(x > 0.5, like(x, np.nan), x)

    return [
        Entry("fabs", ag.fabs, t.abs),
        Entry("sign", lambda x: ag.sign(x) * x, lambda x: t.sign(x) * x),
        Entry("where", lambda x, y: ag.where(x > y, x, y * 2), lambda x, y: t.where(x > y, x, y * 2), 2,
              ("shifted", "any")),
        Entry("where", lambda x, y, z: ag.where(x > 0, y, z), lambda x, y, z: t.where(x > 0, y, z), 3,
              ("shifted", "any", "any")),
        Entry("select", lambda x, y: ag.select([x > y, x > 0], [x * y, y], x * 3),
              lambda x, y: t.where(x > y, x * y, t.where(x > 0, y, x * 3)), 2, ("shifted", "any")),
        Entry("piecewise", lambda x: ag.piecewise(x, [x < 0, x > 1], [lambda y: y * y, ag.sin, lambda y: 2 * y]),
              lambda x: t.where(x < 0, x * x, t.where(x > 1, t.sin(x), 2 * x)), domain="shifted"),
        Entry("clip", lambda x: ag.clip(x, -0.5, 0.7), lambda x: t.clip(x, -0.5, 0.7)),
        Entry("clip", lambda x: ag.clip(x, None, 0.7), lambda x: t.clip(x, None, 0.7)),
        Entry("clip", lambda x, y: ag.clip(x, y, y + 1), lambda x, y: t.clip(x, y, y + 1), 2),
        Entry("nan_to_num", lambda x: ag.nan_to_num(nan_where_large(x, ag), nan=0.25),
              lambda x: t.nan_to_num(nan_where_large(x, t), nan=0.25), domain="shifted"),
        Entry("unwrap", lambda x, axis: ag.unwrap(x * 3, axis=axis), _unwrap(t), options=one_of(axis=(0, -1)),
              molds=(((4,),), ((3, 2),), ((1, 2),))),
        Entry("copysign", ag.copysign, t.copysign, 2, "away"),
        Entry("copysign", lambda x, y: ag.copysign(x, y), lambda x, y: t.abs(x) * t.sign(y), 2, ("any", "apart")),
    ]  # fmt: skip


def _unwrap(t: Any) -> Any:
    """Return the definition: whole turns are added so that no step is larger than half a turn."""

    def unwrap(x: Any, axis: int) -> Any:
        x = x * 3
        steps = t.diff(x.detach(), dim=axis)
        turns = -t.ceil(steps / (2 * t.pi) - 0.5)
        before = t.zeros_like(x.detach().narrow(axis, 0, 1))
        return x + 2 * t.pi * t.cat([before, t.cumsum(turns, axis)], axis)

    return unwrap


def _jumping(t: Any) -> list[Entry]:
    """Return entries with jumps, whose derivative is that of the factor x."""
    pairs = {"floor": t.floor, "ceil": t.ceil, "trunc": t.trunc, "fix": t.fix, "rint": t.round, "round": t.round}
    entries = [
        Entry(name, lambda x, name=name: x * getattr(ag, name)(x * 2), lambda x, f=f: x * f(x * 2), domain="shifted")
        for name, f in pairs.items()
    ]
    return [
        *entries,
        Entry("round", lambda x: x * ag.round(x, 1), lambda x: x * t.round(x, decimals=1), domain="shifted"),
        Entry("modf", lambda x: ag.modf(x)[0] * (2 + ag.modf(x)[1]), lambda x: t.frac(x) * (2 + t.trunc(x)),
              domain="shifted"),
        Entry("frexp", lambda x: ag.frexp(x)[0], lambda x: x * 2.0 ** -t.frexp(x.detach())[1], domain="positive"),
        Entry("ldexp", lambda x: ag.ldexp(x, 2), lambda x: x * 4),
        Entry("ldexp", lambda x: ag.ldexp(x, np.array([-1, 1, 0])), lambda x: x * x.new_tensor([0.5, 2, 1]),
              fits=lambda s: not s or s[-1] in (1, 3)),
        Entry("heaviside", lambda x, y: ag.heaviside(ag.sign(x) * (x > 0.5), y),
              lambda x, y: t.where(x > 0.5, x.new_tensor(1), y), 2, ("shifted", "any")),
        Entry("floor_divide", lambda x, y: x * (x // y), lambda x, y: x * t.floor(x / y).detach(), 2,
              ("shifted", "away")),
        Entry("divmod", lambda x, y: ag.divmod(x, y)[1] * (1 + ag.divmod(x, y)[0]),
              lambda x, y: t.remainder(x, y) * (1 + t.floor(x / y).detach()), 2, ("shifted", "away")),
        Entry("remainder", ag.remainder, t.remainder, 2, ("shifted", "away")),
        Entry("remainder", lambda x, y: x % -y, lambda x, y: t.remainder(x, -y), 2, ("shifted", "away")),
        Entry("fmod", ag.fmod, t.fmod, 2, ("shifted", "away")),
    ]  # fmt: skip


# --- two operands -----------------------------------------------------------------------------------------------------


def _pairs(t: Any) -> list[Entry]:
    same = {
        "any": ["add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2"],
        "away": ["arctan2", "hypot", "divide"],
    }
    entries = [Entry(name, getattr(ag, name), getattr(t, name), 2, d) for d, names in same.items() for name in names]
    return [
        *entries,
        Entry("divide", ag.divide, t.divide, 2, ("any", "away")),
        Entry("arctan2", ag.arctan2, t.arctan2, 2, ("any", "away")),
        Entry("hypot", ag.hypot, t.hypot, 2, ("any", "away")),
        Entry("power", ag.power, t.pow, 2, ("positive", "small")),
        Entry("power", lambda x, exponent: x**exponent, lambda x, exponent: x**exponent,
              options=one_of(exponent=(0, 1, 2, 3, 4))),
        Entry("power", lambda x, exponent: x**exponent, lambda x, exponent: x**exponent, domain="positive",
              options=one_of(exponent=(-2, -1, 0.5, 1.5, -0.5))),
        Entry("float_power", lambda x, y: ag.float_power(x, y).astype(x.dtype), t.pow, 2, ("positive", "small")),
        Entry("fmax", lambda x, y: ag.fmax(_with_nan(x), y), lambda x, y: t.fmax(_with_nan(x), y), 2),
        Entry("fmin", lambda x, y: ag.fmin(_with_nan(x), y), lambda x, y: t.fmin(_with_nan(x), y), 2),
    ]  # fmt: skip


def _with_nan(x: Any) -> Any:
    """Return x with nan for its first element, which has no influence."""
    places = np.zeros(tuple(x.shape))
    places.reshape(-1)[:1] = np.nan
    return x + like(x, places)


# --- complex numbers --------------------------------------------------------------------------------------------------

COMPLEX = {  # functions of z = x + iy that PyTorch has under NumPy's name, by what x and y are brought into
    ("small", "small"): ["exp", "expm1", "sin", "cos", "sinh", "cosh", "square", "negative", "positive", "absolute"],
    ("positive", "small"): ["log", "log10", "log2", "log1p", "sqrt", "reciprocal", "tanh", "tan", "sigmoid"],
    ("unit", "positive"): ["arcsin", "arccos", "arctanh", "arccosh", "angle"],
    ("share", "positive"): ["arcsinh", "arctan"],  # right of the branch cuts on the imaginary axis
}


def parts(z: Any) -> Any:
    """Return a real number in which both parts of z count, ours or PyTorch's."""
    return z.real + 2 * z.imag if np.dtype(str(z.dtype).removeprefix("torch.")).kind == "c" else z


def _complex(t: Any) -> list[Entry]:
    def of(f: Any) -> Any:
        return lambda x, y: parts(f(x + 1j * y))

    def of_two(f: Any) -> Any:
        return lambda x, y: parts(f(x + 1j * y, 2 * y - 1j * x))

    pairs = {"multiply": t.multiply, "divide": t.divide, "add": t.add, "subtract": t.subtract, "power": t.pow}
    return [
        *(Entry(name, of(getattr(ag, name)), of(getattr(t, name)), 2, domain)
          for domain, names in COMPLEX.items() for name in names),
        *(Entry(name, of_two(getattr(ag, name)), of_two(f), 2, ("positive", "positive")) for name, f in pairs.items()),
        Entry("conjugate", lambda x, y: parts(ag.conjugate(x + 1j * y) * y), lambda x, y: parts((x - 1j * y) * y), 2),
        Entry("real", lambda x, y: ag.real((x + 1j * y) * (1 + 2j)), lambda x, y: x - 2 * y, 2),
        Entry("imag", lambda x, y: ag.imag((x + 1j * y) * (1 + 2j)), lambda x, y: 2 * x + y, 2),
        Entry("real", ag.real, lambda x: x * 1),
        Entry("imag", lambda x: ag.imag(x) + x, lambda x: x * 1),
        Entry("real_if_close", lambda x: ag.real_if_close(x * (1 + 0j)), lambda x: x * 1),
        Entry("angle", lambda x: ag.angle(x) * x, lambda x: t.angle(x) * x, domain="shifted"),
        Entry("angle", lambda x, y: ag.angle(x + 1j * y, deg=True) / 90, lambda x, y: t.arctan2(y, x) * (2 / t.pi), 2,
              ("any", "away")),
        Entry("sign", lambda x, y: parts(ag.sign(x + 1j * y)), lambda x, y: parts(t.sgn(x + 1j * y)), 2, "away"),
        Entry("copy", lambda x, y: parts(ag.copy(x + 1j * y)), lambda x, y: x + 2 * y, 2),
        Entry("astype", lambda x: (ag.astype(x, np.complex128) * (1 + 2j)).imag.astype(x.dtype), lambda x: 2 * x),
        Entry("astype", lambda x: ag.astype(x, np.float64).astype(x.dtype), lambda x: x * 1),
    ]  # fmt: skip


# --- special functions ------------------------------------------------------------------------------------------------


def _special(t: Any) -> list[Entry]:
    s = t.special
    same = {
        "any": ["erf", "erfc", "ndtr", "log_ndtr", "i0", "i0e", "i1", "i1e"],
        "small": ["erfcx"],
        "unit": ["erfinv"],
        "positive": ["entr"],
        "share": ["logit", "ndtri"],
    }
    entries = [
        Entry(name, getattr(special, name), getattr(s, name), domain=domain)
        for domain, names in same.items()
        for name in names
    ]
    return [
        *entries,
        Entry("erfcinv", special.erfcinv, lambda y: s.erfinv(1 - y), domain="share"),
        Entry("gammainc", lambda x: special.gammainc(like(x, 3), x), lambda x: 1 - t.exp(-x) * (1 + x + x * x / 2),
              domain="positive"),
        Entry("gammaincc", lambda x: special.gammaincc(like(x, 2), x), lambda x: t.exp(-x) * (1 + x),
              domain="positive"),
        Entry("betainc", lambda x: special.betainc(2, 3, x),  # DLMF 8.17.5
              lambda x: 6 * x**2 * (1 - x) ** 2 + 4 * x**3 * (1 - x) + x**4, domain="share"),
        Entry("xlogy", special.xlogy, s.xlogy, 2, ("any", "positive")),
        Entry("xlog1py", special.xlog1py, s.xlog1py, 2, ("any", "positive")),
        Entry("rel_entr", special.rel_entr, lambda x, y: x * t.log(x / y), 2, "positive"),
        Entry("kl_div", special.kl_div, lambda x, y: x * t.log(x / y) - x + y, 2, "positive"),
    ]  # fmt: skip


STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def _gammas(t: Any) -> list[Entry]:
    """Return entries of the gamma function and its kin, beside Stirling's series (DLMF 5.5.1, 5.11.1).

    PyTorch's own second derivative of lgamma has an error of 1e-9.
    """

    def following(x: Any) -> Any:
        return x[..., None] + like(x, np.arange(10))

    def log_gamma(x: Any) -> Any:
        y = x + 10
        tail = series([*STIRLING], 1 / (y * y)) / y
        return (y - 0.5) * t.log(y) - y + math.log(2 * math.pi) / 2 + tail - t.log(following(x)).sum(-1)

    def digamma(x: Any) -> Any:
        y = x + 10
        tail = series([(2 * k + 1) * c for k, c in enumerate(STIRLING)], 1 / (y * y)) / (y * y)
        return t.log(y) - 1 / (2 * y) - tail - (1 / following(x)).sum(-1)

    def trigamma(x: Any) -> Any:
        y = x + 10
        tail = series([(2 * k + 1) * (2 * k + 2) * c for k, c in enumerate(STIRLING)], 1 / (y * y)) / y**3
        return 1 / y + 1 / (2 * y * y) + tail + (1 / following(x) ** 2).sum(-1)

    def log_beta(a: Any, b: Any) -> Any:
        return log_gamma(a) + log_gamma(b) - log_gamma(a + b)

    def of_dimension(x: Any, d: int) -> Any:  # DLMF 35.3.4
        return sum(log_gamma(x - j / 2) for j in range(d)) + d * (d - 1) / 4 * math.log(math.pi)

    return [
        Entry("gammaln", special.gammaln, log_gamma, domain="positive"),
        Entry("loggamma", special.loggamma, log_gamma, domain="positive"),
        Entry("gamma", special.gamma, lambda x: t.exp(log_gamma(x)), domain="positive"),
        Entry("gamma", lambda x: special.gamma(-x), lambda x: -t.pi / (t.sin(t.pi * x) * t.exp(log_gamma(1 + x))),
              domain="share"),
        Entry("rgamma", special.rgamma, lambda x: t.exp(-log_gamma(x)), domain="positive"),
        Entry("factorial", special.factorial, lambda x: t.exp(log_gamma(x + 1)), domain="positive"),
        Entry("poch", special.poch, lambda z, m: t.exp(log_gamma(z + m) - log_gamma(z)), 2, "positive"),
        Entry("digamma", special.digamma, digamma, domain="positive"),
        Entry("digamma", lambda x: special.digamma(-x), lambda x: digamma(1 + x) + t.pi / t.tan(t.pi * x),
              domain="share"),
        Entry("polygamma", lambda x: special.polygamma(1, x), trigamma, domain="above"),
        Entry("polygamma", lambda x, n: special.polygamma(n, x), lambda x, n: t.polygamma(n, x), domain="above",
              options=one_of(n=(2, 3))),
        Entry("zeta", lambda q, s: special.zeta(like(q, s), q),
              lambda q, s: t.polygamma(s - 1, q) * (-1) ** s / math.factorial(s - 1), domain="positive",
              options=one_of(s=(3, 4))),
        Entry("multigammaln", lambda x, d: special.multigammaln(x, d), of_dimension, domain="above",
              options=one_of(d=(1, 2, 3))),
        Entry("beta", special.beta, lambda a, b: t.exp(log_beta(a, b)), 2, "positive"),
        Entry("betaln", special.betaln, log_beta, 2, "positive"),
    ]  # fmt: skip


def series(coefficients: list[float], x: Any) -> Any:
    """Return the sum of c[k] * x**k."""
    total = 0
    for c in reversed(coefficients):
        total = c + x * total
    return total


def psi(k: int) -> float:
    """Return the digamma function of a whole number."""
    return sum(1 / i for i in range(1, k)) - float(np.euler_gamma)


def _integrals(t: Any) -> list[Entry]:
    """Return entries of integrals, beside their power series (DLMF 6.6, 7.6, 8.19.12, 25.12.1)."""
    factorial = math.factorial
    whole = [0, *(1 / (k * factorial(k)) for k in range(1, 20))]
    odd = [(-1) ** k / ((2 * k + 1) * factorial(2 * k + 1)) for k in range(12)]
    even = [0, *((-1) ** k / (2 * k * factorial(2 * k)) for k in range(1, 12))]
    s = [(-1) ** k * (math.pi / 2) ** (2 * k + 1) / (factorial(2 * k + 1) * (4 * k + 3)) for k in range(12)]
    c = [(-1) ** k * (math.pi / 2) ** (2 * k) / (factorial(2 * k) * (4 * k + 1)) for k in range(12)]
    dawson = [(-2) ** k / math.prod(range(1, 2 * k + 2, 2)) for k in range(25)]

    def exp1(x: Any) -> Any:
        return psi(1) - t.log(x) - series(whole, -x)

    def expn(x: Any, n: int) -> Any:
        return exp1(x) if n == 1 else (t.exp(-x) - x * expn(x, n - 1)) / (n - 1)

    return [
        Entry("exp1", special.exp1, exp1, domain="positive"),
        Entry("expi", special.expi, lambda x: -psi(1) + t.log(x) + series(whole, x), domain="positive"),
        Entry("expn", lambda x, n: special.expn(n, x), expn, domain="positive", options=one_of(n=(1, 2, 3))),
        Entry("sici", lambda x: special.sici(x)[0], lambda x: x * series(odd, x * x), domain="small"),
        Entry("sici", lambda x: special.sici(x)[1], lambda x: -psi(1) + t.log(x) + series(even, x * x),
              domain="positive"),
        Entry("fresnel", lambda x: special.fresnel(x)[0], lambda x: x**3 * series(s, x**4), domain="small"),
        Entry("fresnel", lambda x: special.fresnel(x)[1], lambda x: x * series(c, x**4), domain="small"),
        Entry("dawsn", special.dawsn, lambda x: x * series(dawson, x * x), domain="small"),
        Entry("spence", lambda x: special.spence(1 + x / 4),
              lambda x: series([0, *(1 / k**2 for k in range(1, 26))], -x / 4),
              domain="unit"),
    ]  # fmt: skip


def _bessel(t: Any) -> list[Entry]:
    """Return entries of Bessel functions, beside their power series (DLMF 10.2.2, 10.8.1, 10.25.2, 10.31.1)."""

    def first(v: float, x: Any, sign: int = -1) -> Any:
        coefficients = [sign**k / (math.factorial(k) * math.gamma(v + k + 1)) for k in range(12)]
        return (x / 2) ** v * series(coefficients, x * x / 4)

    def second(n: int, x: Any) -> Any:
        coefficients = [
            (-1) ** k * (psi(k + 1) + psi(n + k + 1)) / (math.factorial(k) * math.factorial(n + k)) for k in range(12)
        ]
        poles = -2 / x if n == 1 else 0
        return (poles + 2 * t.log(x / 2) * first(n, x) - (x / 2) ** n * series(coefficients, x * x / 4)) / t.pi

    def third(n: int, x: Any) -> Any:  # DLMF 10.31.1
        coefficients = [(psi(k + 1) + psi(n + k + 1)) / (math.factorial(k) * math.factorial(n + k)) for k in range(12)]
        logarithm = t.log(x / 2) * first(n, x, 1) - (x / 2) ** n * series(coefficients, x * x / 4) / 2
        return (1 / x if n == 1 else 0) + (-1) ** (n + 1) * logarithm

    def between(v: float, x: Any) -> Any:  # DLMF 10.2.3
        return (first(v, x) * math.cos(v * math.pi) - first(-v, x)) / math.sin(v * math.pi)

    orders = one_of(v=(0, 1, 2.5, 0.5))
    return [
        Entry("j0", special.j0, lambda x: first(0, x), domain="small"),
        Entry("j1", special.j1, lambda x: first(1, x), domain="small"),
        Entry("jv", lambda x, v: special.jv(v, x), lambda x, v: first(v, x), domain="away", options=orders),
        Entry("iv", lambda x, v: special.iv(v, x), lambda x, v: first(v, x, 1), domain="away", options=orders),
        Entry("ive", lambda x, v: special.ive(v, x), lambda x, v: t.exp(-x) * first(v, x, 1), domain="away",
              options=orders),
        Entry("y0", special.y0, lambda x: second(0, x), domain="away"),
        Entry("y1", special.y1, lambda x: second(1, x), domain="away"),
        Entry("k0", special.k0, lambda x: third(0, x), domain="away"),
        Entry("k1", special.k1, lambda x: third(1, x), domain="away"),
        Entry("k0e", special.k0e, lambda x: t.exp(x) * third(0, x), domain="away"),
        Entry("k1e", special.k1e, lambda x: t.exp(x) * third(1, x), domain="away"),
        Entry("kv", lambda x, v: special.kv(v, x), lambda x, v: third(v, x), domain="away", options=one_of(v=(0, 1))),
        Entry("kve", lambda x: special.kve(0.5, x), lambda x: t.sqrt(t.pi / 2 / x), domain="away"),  # DLMF 10.39.2
        Entry("yv", lambda x, v: special.yv(v, x), lambda x, v: second(v, x) if v in (0, 1) else between(v, x),
              domain="away", options=one_of(v=(0, 1, 0.5, 1.25))),
    ]  # fmt: skip
