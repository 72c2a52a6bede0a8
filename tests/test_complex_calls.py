"""Every op that takes complex numbers has the right gradients for them."""

import pytest
from complex_calls import check_complex, takes_complex

import autograd.fft
import autograd.linalg
import autograd.special  # noqa: F401  its ops are built in, too
from autograd.primitive import REGISTRY
from autograd.testing import draw_call


def complex_call(made):
    """Return a call in which an op takes complex numbers, or None."""
    for chosen in made.samples:
        call = draw_call(made, chosen, 0, [(2,)] * len(chosen.inputs) if made.elementwise else None)
        if takes_complex(call):
            return call
    return None


COMPLEX_CALLS = {name: call for name, made in REGISTRY.items() if (call := complex_call(made)) is not None}


@pytest.mark.parametrize("name", COMPLEX_CALLS)
def test_gradients_for_complex_numbers(name):
    check_complex(COMPLEX_CALLS[name])


def test_most_ops_take_complex_numbers():
    assert len(COMPLEX_CALLS) > 240
    assert COMPLEX_CALLS.keys() >= {"multiply", "prod", "inv", "fft", "conv2d", "ive", "erf"}
