"""Random programs of 5 to 40 operations give PyTorch's values, gradients and second derivatives."""

import numpy as np
import pytest

import autograd.fft
import autograd.linalg
import autograd.special  # noqa: F401  all register their ops
from autograd import Tensor
from autograd.graph import reachable
from autograd.primitive import REGISTRY, Composite

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
pytest.importorskip("scipy", reason="the special functions need the extra 'special'")

from random_arrays import arrays  # noqa: E402
from random_elementwise import elementwise  # noqa: E402
from random_matrices import matrices  # noqa: E402
from random_programs import Rounding, begin, draw  # noqa: E402
from random_reductions import reductions  # noqa: E402

ENTRIES = [*elementwise(torch), *arrays(torch), *reductions(torch), *matrices(torch)]
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, of empty sums and complex parts

# --- what is not in the table -----------------------------------------------------------------------------------------

NOT_IN_THE_TABLE = {
    "no gradient: truth values": (
        "all any equal greater greater_equal iscomplex isfinite isinf isnan isneginf isposinf isreal less less_equal "
        "logical_and logical_not logical_or logical_xor not_equal signbit"
    ),
    "no gradient: positions": "argmax argmin argpartition argsort digitize nanargmax nanargmin searchsorted",
    "no gradient: whole numbers": (
        "bitwise_and bitwise_count bitwise_or bitwise_xor count_nonzero gcd invert lcm left_shift matrix_rank "
        "right_shift"
    ),
    "no gradient: distances of floating numbers": "nextafter spacing",
    "parts of layers, which are held to PyTorch's on its own samples": (
        "class_entropy gelu gru_sequence linear lstm_sequence masked normalized rnn_sequence spread_positions taken"
    ),
}


def test_table_has_every_operation():
    """Every operation is in the table, is a part of others (with an underscore), or is not for a reason."""
    names = {entry.name for entry in ENTRIES}
    reasons = {name: reason for reason, listed in NOT_IN_THE_TABLE.items() for name in listed.split()}
    assert names <= set(REGISTRY)
    assert {name for name in REGISTRY if not name.startswith("_")} - names == set(reasons)
    for name, reason in reasons.items():
        assert REGISTRY[name].differentiable is not reason.startswith("no gradient")


def test_entries_run_the_operations_that_they_name():
    for entry in ENTRIES:
        program, _ = begin(np.random.default_rng(3), entry)
        values = [Tensor(x, requires_grad=True) for x in program.inputs]
        with np.errstate(all="ignore"):
            result = program.steps[0].run(values, ours=True)
        assert isinstance(REGISTRY[entry.name], Composite) or entry.name in {
            node.op.name for node in reachable([result._node]) if node.op is not None
        }


# --- comparison -------------------------------------------------------------------------------------------------------


def ours(program, dtype):
    """Return the program's result, its gradients, and the gradients of the sum of their squares."""
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
    found = [out, *(g if g is not None else Tensor(np.zeros_like(x.data)) for g, x in zip([*first, *second], xs * 2))]
    assert {x.dtype for x in found} == {np.dtype(dtype)}
    return [x.detach().numpy() for x in found]


def theirs(program, dtype, rounding=None, computed=np.float64):
    """Return the same of PyTorch, for inputs of a dtype, computed in another."""
    inputs = [x.astype(dtype).astype(computed) for x in program.inputs]
    xs = [torch.tensor(rounding.rounded(x) if rounding else x, requires_grad=True) for x in inputs]
    out = program.run(xs, ours=False, rounding=rounding or (lambda x: x))
    first = torch.autograd.grad(out, xs, create_graph=True, allow_unused=True)
    total = sum((g * g).sum() for g in first if g is not None)
    second = [None] * len(xs)
    if isinstance(total, torch.Tensor) and total.requires_grad:
        second = torch.autograd.grad(total, xs, allow_unused=True)
    found = [out, *(g if g is not None else torch.zeros_like(x) for g, x in zip([*first, *second], xs * 2))]
    return [x.detach().numpy(force=True) for x in found]  # some of its zeros have no memory


BITS = {np.float64: 44, np.float32: 24}
ROUNDINGS = 8


def largest_moves(program, dtype, exact):
    """Return how far each number moves when what each step gives is rounded to a few bits, up or down at random.

    In float32 it is at least how far PyTorch's float32 goes astray, because rules lose digits, too: the derivative
    1 - tanh(x)**2 where that is small. And half of the roundings take equal values apart, as those within operations
    do: the variance of equal numbers is not quite 0.
    """
    moves = [np.zeros_like(e) for e in exact]
    if dtype == np.float32:
        single = theirs(program, dtype, computed=dtype)
        moves = [np.full_like(e, np.max(np.nan_to_num(np.abs(s - e)), initial=0)) for s, e in zip(single, exact)]
    for seed in range(ROUNDINGS):
        rounded = theirs(program, dtype, Rounding(BITS[dtype], seed, dtype == np.float64 or seed % 2 == 0))
        for move, r, e in zip(moves, rounded, exact, strict=True):
            np.maximum(move, np.nan_to_num(np.abs(r - e), nan=np.inf), out=move)
    return moves


def disagreements(got, exact, rtol):
    """Return where numbers differ by more than a part of the largest of them; better is what PyTorch lacks."""
    wrong = []
    for a, e in zip(got, exact, strict=True):
        slack = rtol * np.max(np.abs(e), initial=1e-3, where=np.isfinite(e))
        better = np.isnan(e) & np.isfinite(a)  # such as hypot at (0, 0), where PyTorch's derivatives are nan
        wrong.append(~(better | (np.abs(a - e) <= slack) | np.isclose(a, e, rtol=rtol, atol=0, equal_nan=True)))
    return wrong


def wrong_numbers(program, dtype):
    """Return what differs from PyTorch's float64 by more than roundings explain, each with what was expected."""
    with np.errstate(all="ignore"):
        got, exact = ours(program, dtype), theirs(program, dtype)
        wrong = disagreements(got, exact, 1e-3 if dtype == np.float32 else 1e-7)
        if not any(w.any() for w in wrong):
            return []
        moves = largest_moves(program, dtype, exact)
        return [
            (a, e, move)
            for w, a, e, move in zip(wrong, got, exact, moves, strict=True)
            if (w & ~(np.abs(a - e) <= 10 * move)).any()
        ]


def check(seed, first, brief=False):
    """Compare one program, in float64 or float32."""
    rng = np.random.default_rng(seed)
    program = draw(rng, ENTRIES, first, brief)
    dtype = np.float32 if rng.integers(4) == 0 else np.float64
    wrong = wrong_numbers(program, dtype)
    assert not wrong, f"seed {seed}, {dtype.__name__}\n{program}\n{wrong}"


def agree(seeds, brief):
    """Check programs; each begins with another entry, so that all have their turn."""
    for seed in seeds:
        check(seed, ENTRIES[seed % len(ENTRIES)], brief)


@pytest.mark.parametrize("block", range(10))
def test_500_random_programs(block):
    agree(range(50 * block, 50 * (block + 1)), brief=True)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(40))
def test_20000_random_programs(block):
    agree(range(1000 + 500 * block, 1000 + 500 * (block + 1)), brief=False)
