"""Padding layers: images continued beyond their edges."""

from __future__ import annotations

from typing import Any, ClassVar

import autograd
from autograd import Tensor
from nn import functional as F
from nn.functional.sizes import LAYOUTS
from nn.module import Module

Widths = int | tuple[int, ...] | list[int]


class Padding(Module):
    """What padding layers share: how far they pad. Use `ZeroPad1d` to `CircularPad3d`."""

    axes: ClassVar[int]  # the number of image axes
    mode: ClassVar[str]

    padding: tuple[int, ...]

    def __init__(self, padding: Widths) -> None:
        self.padding = self._widths(padding)

    def _widths(self, padding: Widths) -> tuple[int, ...]:
        """Return how far to pad, before and after each axis, the last axis first."""
        widths = (padding,) * 2 * self.axes if isinstance(padding, int) else tuple(padding)
        if len(widths) != 2 * self.axes or not all(isinstance(w, int) for w in widths):
            raise ValueError(
                f"{type(self).__name__} takes an integer or {2 * self.axes} of them, before and after each image axis "
                f"from the last on, not {padding!r}"
            )
        return widths

    def forward(self, input: Any) -> Tensor:
        """Return the images (N, C, *S), or one (C, *S), with more around them."""
        x = autograd.asarray(input)
        if x.ndim - self.axes not in (1, 2):
            raise ValueError(f"{self!r} takes {LAYOUTS[self.axes]}, not shape {x.shape}")
        return F.pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return how far it pads."""
        return f"{self.padding}"


class _ConstantPad(Padding):
    """Images with a number around them, for any number of image axes."""

    value: float

    def __init__(self, padding: Widths, value: float) -> None:
        self.padding = self._widths(padding)
        self.value = value

    def forward(self, input: Any) -> Tensor:
        """Return the input, of any shape with these axes last, with the number around it."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    """Images with zeros around them, for any number of image axes."""

    def __init__(self, padding: Widths) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return how far it pads."""
        return f"{self.padding}"


class CircularPad1d(Padding):
    """Continues signals from their other end, as if they were periodic.

    Args:
        padding: how far, (left, right), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, L) or (C, L) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is shorter than its padding.

    >>> CircularPad1d(1)(Tensor([[1.0, 2.0, 3.0]]))
    Tensor([[3., 1., 2., 3., 1.]])
    """

    axes = 1
    mode = "circular"


class CircularPad2d(Padding):
    """Continues images from their other end, as if they were periodic.

    Args:
        padding: how far, (left, right, top, bottom), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, H, W) or (C, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is shorter than its padding.

    >>> import numpy as np
    >>> CircularPad2d(1)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2
    mode = "circular"


class CircularPad3d(Padding):
    """Continues volumes from their other end, as if they were periodic.

    Args:
        padding: how far, (left, right, top, bottom, front, back), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is shorter than its padding.

    >>> import numpy as np
    >>> CircularPad3d(1)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 6, 6, 6)
    """

    axes = 3
    mode = "circular"


class ConstantPad1d(_ConstantPad):
    """Puts a number around signals.

    Args:
        padding: how far, (left, right), or one number for all. Negative numbers cut off.
        value: the number.

    Shapes:
        input (N, C, L), (C, L) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> ConstantPad1d(1, 7.0)(Tensor([[1.0, 2.0, 3.0]]))
    Tensor([[7., 1., 2., 3., 7.]])
    """

    axes = 1


class ConstantPad2d(_ConstantPad):
    """Puts a number around images.

    Args:
        padding: how far, (left, right, top, bottom), or one number for all. Negative numbers cut off.
        value: the number.

    Shapes:
        input (N, C, H, W), (C, H, W) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> import numpy as np
    >>> ConstantPad2d(1, 7.0)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """Puts a number around volumes.

    Args:
        padding: how far, (left, right, top, bottom, front, back), or one number for all. Negative numbers cut off.
        value: the number.

    Shapes:
        input (N, C, D, H, W), (C, D, H, W) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> import numpy as np
    >>> ConstantPad3d(1, 7.0)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 6, 6, 6)
    """

    axes = 3


class ReflectionPad1d(Padding):
    """Continues signals by their mirror image, without repeating the edge.

    Args:
        padding: how far, (left, right), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, L) or (C, L) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is not longer than its padding.

    >>> ReflectionPad1d(1)(Tensor([[1.0, 2.0, 3.0]]))
    Tensor([[2., 1., 2., 3., 2.]])
    """

    axes = 1
    mode = "reflect"


class ReflectionPad2d(Padding):
    """Continues images by their mirror image, without repeating the edge.

    Args:
        padding: how far, (left, right, top, bottom), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, H, W) or (C, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is not longer than its padding.

    >>> import numpy as np
    >>> ReflectionPad2d(1)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2
    mode = "reflect"


class ReflectionPad3d(Padding):
    """Continues volumes by their mirror image, without repeating the edge.

    Args:
        padding: how far, (left, right, top, bottom, front, back), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is not longer than its padding.

    >>> import numpy as np
    >>> ReflectionPad3d(1)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 6, 6, 6)
    """

    axes = 3
    mode = "reflect"


class ReplicationPad1d(Padding):
    """Continues signals by repeating their edges.

    Args:
        padding: how far, (left, right), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, L) or (C, L) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is empty.

    >>> ReplicationPad1d(1)(Tensor([[1.0, 2.0, 3.0]]))
    Tensor([[1., 1., 2., 3., 3.]])
    """

    axes = 1
    mode = "replicate"


class ReplicationPad2d(Padding):
    """Continues images by repeating their edges.

    Args:
        padding: how far, (left, right, top, bottom), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, H, W) or (C, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is empty.

    >>> import numpy as np
    >>> ReplicationPad2d(1)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2
    mode = "replicate"


class ReplicationPad3d(Padding):
    """Continues volumes by repeating their edges.

    Args:
        padding: how far, (left, right, top, bottom, front, back), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W) of any dtype; output the same, longer by the padding.

    Raises:
        ValueError: for another number of widths or axes, or when an axis is empty.

    >>> import numpy as np
    >>> ReplicationPad3d(1)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 6, 6, 6)
    """

    axes = 3
    mode = "replicate"


class ZeroPad1d(_ZeroPad):
    """Puts zeros around signals.

    Args:
        padding: how far, (left, right), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, L), (C, L) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> ZeroPad1d(1)(Tensor([[1.0, 2.0, 3.0]]))
    Tensor([[0., 1., 2., 3., 0.]])
    """

    axes = 1


class ZeroPad2d(_ZeroPad):
    """Puts zeros around images.

    Args:
        padding: how far, (left, right, top, bottom), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, H, W), (C, H, W) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> import numpy as np
    >>> ZeroPad2d(1)(np.ones((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2


class ZeroPad3d(_ZeroPad):
    """Puts zeros around volumes.

    Args:
        padding: how far, (left, right, top, bottom, front, back), or one number for all. Negative numbers cut off.

    Shapes:
        input (N, C, D, H, W), (C, D, H, W) or any other with these axes last, of any dtype; output the same, longer by
        the padding.

    Raises:
        ValueError: for another number of widths, or when more is cut off than there is.

    >>> import numpy as np
    >>> ZeroPad3d(1)(np.ones((5, 3, 4, 4, 4))).shape
    (5, 3, 6, 6, 6)
    """

    axes = 3
