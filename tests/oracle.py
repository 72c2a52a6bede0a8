"""Comparison of values, gradients and second derivatives with PyTorch's, real and complex."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from autograd import Tensor

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")


def assert_agrees(ours, theirs, *values, second=True, rtol=1e-9, atol=1e-11):
    """Check that f has the same values and derivatives here and there.

    Args:
        ours: a function of Tensors that returns one, or a tuple of them.
        theirs: the same for PyTorch's.
        values: arrays to check at.
        second: whether to compare second derivatives too.
        rtol, atol: as for `assert_allclose`; nan equals nan.
    """
    mine = [Tensor(v, requires_grad=True) for v in values]
    others = [torch.tensor(v, requires_grad=True) for v in values]
    results, expected = listed(ours(*mine)), listed(theirs(*others))
    for r, e in zip(results, expected, strict=True):
        assert r.dtype == array(e).dtype
        assert_allclose(r.detach().numpy(), array(e), rtol=rtol, atol=atol)
    found = gradients(weighted(results), mine)
    wanted = torch.autograd.grad(weighted(expected), others, create_graph=True, allow_unused=True)
    assert_all_close(found, wanted, rtol, atol)
    if second:
        found = [g for g in found if g is not None and g.requires_grad]
        wanted = [w for w in wanted if w is not None and w.requires_grad]
        if wanted:
            again = torch.autograd.grad(weighted(wanted), others, allow_unused=True)
            assert_all_close(gradients(weighted(found), mine), again, rtol, atol)


def assert_all_close(found, wanted, rtol, atol):
    for f, w in zip(found, wanted, strict=True):
        zero = np.zeros(())
        f = zero if f is None else f.detach().numpy()
        w = zero if w is None else array(w)
        assert f.dtype == w.dtype or f is zero or w is zero
        assert_allclose(*np.broadcast_arrays(f, w), rtol=rtol, atol=atol)


def array(x):
    """Return the values of a PyTorch tensor."""
    return x.detach().resolve_conj().resolve_neg().numpy()


def listed(results):
    return list(results) if isinstance(results, tuple) else [results]


def weights(shape, dtype):
    """Return numbers that all differ, complex ones for a complex dtype."""
    size = int(np.prod(shape))
    w = np.cos(1.0 + np.arange(size)).reshape(shape)
    return (w + 1j * np.sin(2.0 + np.arange(size)).reshape(shape) if dtype.kind == "c" else w).astype(dtype)


def weighted(results):
    """Return a real number in which every part of every floating result counts."""
    total = 0
    for r in results:
        kind = array(r).dtype if isinstance(r, torch.Tensor) else r.dtype
        if kind.kind in "fc":
            w = weights(tuple(r.shape), kind)
            product = r * (torch.tensor(w) if isinstance(r, torch.Tensor) else w)
            total = total + (product.real if kind.kind == "c" else product).sum()
    return total


def gradients(total, leaves):
    for leaf in leaves:
        leaf.grad = None
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward(create_graph=True)
    return [leaf.grad for leaf in leaves]
