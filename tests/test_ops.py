"""Every op in the registry keeps every promise."""

import re

import numpy as np
import pytest

from autograd import Tensor
from autograd.primitive import REGISTRY
from autograd.tensor import FUNCTIONS, UFUNCS
from autograd.testing import check_op, draw_call

NAMES = sorted(REGISTRY)


@pytest.mark.parametrize("name", NAMES)
def test_op_keeps_every_promise(name):
    check_op(REGISTRY[name].function)


@pytest.mark.parametrize("name", NAMES)
def test_op_is_documented_and_sampled(name):
    made = REGISTRY[name]
    assert made.samples, "no samples: nothing would be checked"
    assert made.name == name == made.function.__name__
    assert made.function.op is made
    assert re.match(r"[A-Z]", made.doc), "the docstring starts with a sentence"
    assert name.startswith("_") or ">>> " in made.doc, "the docstring has a doctest"


@pytest.mark.parametrize("name", [n for n in NAMES if getattr(np, n, None) in {**UFUNCS, **FUNCTIONS}])
def test_numpys_function_gives_the_same_for_tensors_as_for_arrays(name):
    theirs, made = getattr(np, name), REGISTRY[name]
    for number, chosen in enumerate(made.samples):
        call = draw_call(made, chosen, number)
        args, kwargs = call.arguments(call.inputs)
        tensors, _ = call.arguments([Tensor(x) for x in call.inputs])
        want, got = theirs(*args, **kwargs), theirs(*tensors, **kwargs)
        several = made.several
        for a, b in zip(want if several else [want], got if several else [got], strict=True):
            assert isinstance(b, Tensor)
            assert b.dtype == a.dtype
            np.testing.assert_allclose(b.data, a, rtol=1e-14)
