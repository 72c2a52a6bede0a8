"""Random programs of 5 to 40 operations give PyTorch's values, gradients and second derivatives."""

import numpy as np
import pytest
from random_programs import draw, table

from autograd import Tensor

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
ENTRIES = table(torch)
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom")  # PyTorch's, of empty sums


def ours(program, dtype):
    xs = [Tensor(x.astype(dtype), requires_grad=True) for x in program.inputs]
    out = program.run(xs, ours=True)
    out.backward(create_graph=True)
    first = [x.grad for x in xs]
    for x in xs:
        x.grad = None
    total = sum((g * g).sum() for g in first if g is not None)
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward()
    second = [x.grad for x in xs]
    values = [
        [np.zeros(x.shape) if g is None else g.data for g, x in zip(gs, xs, strict=True)] for gs in (first, second)
    ]
    return [out.data, *values[0], *values[1]]


def theirs(program, dtype):
    xs = [torch.tensor(x.astype(dtype), requires_grad=True) for x in program.inputs]
    out = program.run(xs, ours=False)
    first = torch.autograd.grad(out, xs, create_graph=True, allow_unused=True)
    total = sum((g * g).sum() for g in first if g is not None)
    second = [None] * len(xs)
    if isinstance(total, torch.Tensor) and total.requires_grad:
        second = torch.autograd.grad(total, xs, allow_unused=True)
    values = [
        [np.zeros(x.shape) if g is None else g.detach().numpy() for g, x in zip(gs, xs, strict=True)]
        for gs in (first, second)
    ]
    return [out.detach().numpy(), *values[0], *values[1]]


def check(seed):
    """Compare one program, in float64 or, as exactly as PyTorch's own float32 allows, in float32."""
    rng = np.random.default_rng(seed)
    program = draw(rng, ENTRIES)
    dtype = np.float32 if rng.integers(4) == 0 else np.float64
    with np.errstate(all="ignore"):
        got, expected = ours(program, dtype), theirs(program, dtype)
        exact = theirs(program, np.float64) if dtype == np.float32 else expected
    for a, e, x in zip(got, expected, exact, strict=True):
        size = np.max(np.abs(x), initial=1e-3, where=np.isfinite(x))
        slack = 30 * np.nan_to_num(np.abs(e - x)) + size * (1e-3 if dtype == np.float32 else 1e-7)
        better = np.isnan(e) & np.isfinite(a)  # such as hypot at (0, 0), where PyTorch's derivatives are nan
        wrong = ~(
            better
            | np.isclose(a, e, rtol=1e-6, atol=0, equal_nan=True)
            | (np.abs(a - e) <= slack)
            | (np.abs(a - x) <= slack)
        )
        assert not wrong.any(), (seed, [s.entry.name for s in program.steps], a, e)


@pytest.mark.parametrize("block", range(10))
def test_500_random_programs(block):
    for seed in range(50 * block, 50 * (block + 1)):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(40))
def test_20000_random_programs(block):
    for seed in range(500 * block, 500 * (block + 1)):
        check(1000 + seed)
