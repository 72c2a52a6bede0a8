"""Right gradients pass at every scale, in float32 and float64: the operations of the library on their own samples."""

import dataclasses
import zlib

import numpy as np
import pytest

import autograd.fft
import autograd.linalg
import autograd.special  # noqa: F401 - registers its operations
from autograd import gradcheck
from autograd.checking import GradcheckError
from autograd.primitive import REGISTRY
from autograd.testing import draw_call
from autograd.testing.calling import function_of_leaves

SCALES = (1e-9, 1e-3, 1.0, 1e3, 1e9)
OPS = sorted(name for name, made in REGISTRY.items() if made.differentiable)

# What no difference of float64 numbers shows.
BEYOND = {
    ("fresnel", 1e9): "the phase z**2 has no fractional digits left, and SciPy's value is its limit there",
    ("_sinc_derivative", 1e9): "oscillates with a period of 2, at derivatives that are small beside its rounding",
    ("polyfit", 1e-9): "the fitted system is singular to working precision",
}


def outcome(name, scale, dtype, seed):
    """Return 'ok', 'refused' where the function has no finite value at this scale, or the report of a failure."""
    made = REGISTRY[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    call = draw_call(made, made.samples[rng.integers(len(made.samples))], int(rng.integers(2**31)))
    inputs = tuple((x * scale).astype(dtype) if x.dtype.kind == "f" else x for x in call.inputs)
    try:
        f, leaves = function_of_leaves(dataclasses.replace(call, inputs=inputs))
        if leaves:
            gradcheck(f, leaves)
    except GradcheckError as error:
        return f"{name} at scale {scale:g} in {np.dtype(dtype)}: {error}"
    except (ValueError, np.linalg.LinAlgError):
        return "refused"
    return "ok"


def check(cases):
    outcomes = [outcome(*case) for case in cases if case[:2] not in BEYOND]
    assert outcomes.count("ok") + outcomes.count("refused") == len(outcomes), [
        said for said in outcomes if said not in ("ok", "refused")
    ]
    assert outcomes.count("ok") > 0.9 * len(outcomes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(4))
def test_each_operation_passes_at_one_scale(part):
    check(
        (name, SCALES[zlib.crc32(name.encode()) % 5], (np.float32, np.float64)[i % 2], 0)
        for i, name in enumerate(OPS)
        if i % 4 == part
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_operations_pass_at_all_scales(dtype, scale, seed):
    check((name, scale, dtype, seed) for name in OPS)
