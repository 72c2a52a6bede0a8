"""All parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable

import autograd
from autograd import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return the elements of all parameters, one after the other; gradients flow back to them.

    Raises:
        ValueError: when there is no parameter.

    >>> parameters_to_vector([Tensor([[1.0, 2.0]]), Tensor(3.0)])
    Tensor([1., 2., 3.])
    """
    return autograd.concatenate([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of a vector into parameters, in the order of `parameters_to_vector`.

    Unlike in PyTorch the parameters do not share the vector's memory.

    Args:
        vec: as many elements as the parameters have together.
        parameters: what to write to.

    Raises:
        TypeError: when `vec` is no Tensor.
        ValueError: when it has another number of elements; nothing is written then.

    >>> p, q = autograd.zeros((1, 2)), autograd.zeros(())
    >>> vector_to_parameters(Tensor([1.0, 2.0, 3.0]), [p, q])
    >>> p.tolist(), q.tolist()
    ([[1.0, 2.0]], 3.0)
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vec must be a Tensor, not {type(vec).__name__}")
    members = list(parameters)
    count = sum(p.size for p in members)
    if vec.shape != (count,):
        raise ValueError(
            f"the parameters have {count} elements together, which takes vec of shape ({count},), not {vec.shape}"
        )
    start = 0
    with autograd.no_grad():
        for p in members:
            p[...] = vec[start : start + p.size].reshape(p.shape)
            start += p.size
