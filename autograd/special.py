"""Special functions under SciPy's names: `autograd.special.erf` is to Tensors what `scipy.special.erf` is to arrays.

Most need SciPy, as the extra `special` installs it; it is imported when the first of them is called.
"""

from __future__ import annotations

import numpy as np

from autograd.ops.axes import Axis
from autograd.ops.bessel import i0, i0e, i1, i1e, iv, ive, j0, j1, jv, k0, k0e, k1, k1e, kv, kve, y0, y1, yv
from autograd.ops.common import Array
from autograd.ops.elementary import log_sigmoid as log_expit
from autograd.ops.elementary import sigmoid as expit
from autograd.ops.elementary import sinc
from autograd.ops.integrals import dawsn, exp1, expi, expn, fresnel, sici, spence
from autograd.ops.softmaxes import log_softmax as _log_softmax
from autograd.ops.softmaxes import logsumexp as _logsumexp
from autograd.ops.softmaxes import softmax as _softmax
from autograd.ops.special_functions import (
    beta,
    betainc,
    betaln,
    digamma,
    entr,
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfinv,
    factorial,
    gamma,
    gammainc,
    gammaincc,
    gammaln,
    kl_div,
    log_ndtr,
    loggamma,
    logit,
    multigammaln,
    ndtr,
    ndtri,
    poch,
    polygamma,
    psi,
    rel_entr,
    rgamma,
    xlog1py,
    xlogy,
    zeta,
)
from autograd.tensor import Tensor, value_of

__all__ = [
    "beta",
    "betainc",
    "betaln",
    "dawsn",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp1",
    "expi",
    "expit",
    "expn",
    "factorial",
    "fresnel",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "iv",
    "ive",
    "j0",
    "j1",
    "jn",
    "jv",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kl_div",
    "kv",
    "kve",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "loggamma",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "poch",
    "polygamma",
    "psi",
    "rel_entr",
    "rgamma",
    "sici",
    "sinc",
    "softmax",
    "spence",
    "xlog1py",
    "xlogy",
    "y0",
    "y1",
    "yv",
    "zeta",
]

jn = jv  # SciPy's other name of it


def softmax(x: Array, axis: Axis = None) -> Tensor:
    """Return exp(x) / sum(exp(x)) over the given axes, without overflow; as in SciPy by default over all.

    >>> softmax(Tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """
    return _softmax(x, axis)


def log_softmax(x: Array, axis: Axis = None) -> Tensor:
    """Return the logarithm of `softmax`.

    >>> log_softmax(Tensor([[0.0, 0.0]]))
    Tensor([[-0.6931472, -0.6931472]])
    """
    return _log_softmax(x, axis)


def logsumexp(a: Array, axis: Axis = None, b: Array = None, keepdims: bool = False) -> Tensor:
    """Return log(sum(b * exp(a))) over the given axes, without overflow; nan where the sum is negative.

    >>> logsumexp(Tensor([1000.0, 1000.0]), b=[1, 2]).item() - 1000
    1.09...
    """
    if b is None:
        return _logsumexp(a, axis, keepdims=keepdims)
    a, b = np.broadcast_arrays(a, b)
    top = np.max(value_of(a), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.log(np.sum(b * np.exp(a - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)  # type: ignore[no-any-return]
