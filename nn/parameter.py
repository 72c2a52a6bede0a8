"""Parameters: the Tensors that modules train."""

from __future__ import annotations

from typing import Any

from autograd import Tensor


class Parameter(Tensor):
    """A Tensor that a module trains: assigned to an attribute of a `Module`, it is one of its parameters.

    Args:
        data: numbers, an array or a Tensor, whose memory it shares and whose history it forgets.
        requires_grad: whether `backward()` shall compute a gradient for it.

    Raises:
        TypeError: when a gradient is asked of integers or bools.

    >>> Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad=requires_grad)
