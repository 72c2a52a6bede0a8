"""Memory shared with other libraries."""

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor


def test_dlpack_with_numpy():
    x = Tensor(np.arange(3.0))
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.data)
    assert ag.from_dlpack(np.arange(3)).tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="detach"):
        np.from_dlpack(Tensor([1.0], requires_grad=True))


def test_dlpack_with_torch_shares_memory():
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    x = Tensor(np.arange(3.0))
    theirs = torch.from_dlpack(x)
    theirs[0] = 7
    assert x.tolist() == [7, 1, 2]
    back = ag.from_dlpack(torch.ones(2))
    assert type(back) is Tensor
    assert back.dtype == np.float32
    copied = ag.from_dlpack(theirs, device="cpu", copy=True)
    theirs[0] = 8
    assert copied.tolist() == [7, 1, 2]
    with pytest.raises(BufferError, match="float32"):
        ag.from_dlpack(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(BufferError, match="gradient"):
        ag.from_dlpack(torch.ones(2, requires_grad=True))


def test_from_dlpack_of_something_else():
    with pytest.raises(TypeError, match="not list"):
        ag.from_dlpack([1.0])
