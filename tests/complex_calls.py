"""Calls of ops with complex numbers in the place of real ones, and a check of their gradients."""

import warnings

import numpy as np

from autograd import Tensor, gradcheck

# The check does not fit these.
NOT_COMPLEX = {
    "eig": "its vectors are determined up to a phase, on which no objective may depend",
    "eigh": "as eig",
    "_svd": "as eig",
    "svd": "as eig",
    "digamma": "its derivative is for real numbers",
    "erfcx": "as digamma",
    "_hazard": "as digamma",
    "dawsn": "as digamma",
    "spence": "as digamma",
}


def takes_complex(call):
    """Return whether an op computes with complex numbers in the place of those of a call; a dtype makes them real."""
    if (
        call.op.name in NOT_COMPLEX
        or "dtype" in call.options
        or not any(map(call.differentiable, range(len(call.inputs))))
    ):
        return False
    inputs = [x + 0.5j if call.differentiable(i) else x for i, x in enumerate(call.inputs)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            outputs = call.run([Tensor(x) for x in inputs])
        except Exception:
            return False
    return all(np.isfinite(y.data).all() for y in outputs)


def check_complex(call):
    """The gradients for complex inputs are those that differences measure."""
    places = [i for i in range(len(call.inputs)) if call.differentiable(i)]
    rng = np.random.default_rng(0)
    real = [call.inputs[i] for i in places]
    imaginary = [rng.uniform(0.2, 1.0, x.shape) for x in real]

    def f(*parts):
        inputs = list(call.inputs)
        for i, x, y in zip(places, parts[: len(places)], parts[len(places) :], strict=True):
            inputs[i] = x + y * 1j
        outputs = call.run(inputs)
        return tuple(part for y in outputs for part in ((y.real, y.imag) if y.dtype.kind == "c" else (y,)))

    gradcheck(f, tuple(Tensor(x, requires_grad=True) for x in (*real, *imaginary)))
