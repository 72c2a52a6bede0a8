"""Layers and losses as functions, with PyTorch's names, arguments and defaults. Arrays or Tensors in, Tensors out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor
Size = int | tuple[int, int]
Pair = tuple[int, int]

# PyTorch's name of a way to continue an image beyond its edge -> NumPy's.
PADDING_MODES: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pair(value: Any, name: str, least: int) -> Pair:
    """Return (n, n) for n, and a pair as it is.

    Raises:
        ValueError: for anything else, and for numbers below `least`.

    >>> pair(3, "stride", 1)
    (3, 3)
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in both):
        raise ValueError(f"{name} must be an integer or a pair of integers, not {value!r}")
    if min(both) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return int(both[0]), int(both[1])


def _over_images(function: Callable[[Tensor], Tensor], x: Tensor, name: str) -> Tensor:
    """Apply a function of images (N, C, H, W) to these, or to a single one (C, H, W)."""
    if x.ndim == 3:
        return function(x[None])[0]
    if x.ndim != 4:
        raise ValueError(f"{name} takes images (N, C, H, W), or one (C, H, W), not shape {x.shape}")
    return function(x)


# --- linear maps ------------------------------------------------------------------------------------------------------


def linear(input: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Return input @ weight.T + bias.

    Args:
        input: (..., I).
        weight: (O, I), or (I,).
        bias: (O,), or (), or None.

    Returns:
        (..., O), or (...).

    Raises:
        ValueError: when the sizes do not fit; says which.

    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([5.0]))
    Tensor([[16.]])
    """
    x, w = autograd.asarray(input), autograd.asarray(weight)
    if w.ndim not in (1, 2) or not x.ndim or x.shape[-1] != w.shape[-1]:
        raise ValueError(
            f"linear: the last axis of input {x.shape} must have the size of the last axis of weight {w.shape}, "
            f"(O, I) or (I,): {w.shape[-1] if w.ndim else 'none'}; reshape the input, or make the layer for this size"
        )
    if bias is not None and np.shape(bias) not in ((), w.shape[:-1]):
        raise ValueError(f"linear: bias must have shape {w.shape[:-1]} to fit weight {w.shape}, not {np.shape(bias)}")
    out = x @ (w.T if w.ndim == 2 else w)
    return out if bias is None else out + bias


# --- convolution ------------------------------------------------------------------------------------------------------


def conv2d(
    input: Array, weight: Array, bias: Array | None = None, stride: Size = 1, padding: str | Size = 0,
    dilation: Size = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolve images with filters (cross-correlation).

    out[n, o, p, q] = bias[o] + sum over c, k, l of weight[o, c, k, l] * input[n, c, p*stride + k*dilation, ...],
    over the padded input (Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016).

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        weight: filters (O, C/groups, K, L).
        bias: (O,), or None.
        stride: the step between windows, a number or one for each image axis.
        padding: zeros on each side, likewise; "valid" for none; "same" for as many as keep the size, for stride 1.
        dilation: the step between the elements of a window.
        groups: the channels are split into so many groups, each with its own filters.

    Returns:
        (N, O, P, Q) with P = floor((H + 2*padding - dilation*(K - 1) - 1) / stride) + 1, Q likewise.

    Raises:
        ValueError: when shapes or options do not fit each other; says which formula failed on which numbers.

    >>> conv2d(autograd.ones((1, 3, 8, 8)), autograd.ones((4, 3, 3, 3)), padding="same").shape
    (1, 4, 8, 8)
    """
    x, w = autograd.asarray(input), autograd.asarray(weight)
    if w.ndim != 4:
        raise ValueError(f"conv2d takes filters (O, C/groups, K, L), not weight of shape {w.shape}")
    (top, bottom), (left, right) = edges(padding, w.shape[2:], stride, dilation)
    if (top, left) != (bottom, right):  # "same" with windows of even size: one more at the end
        x = autograd.pad(x, [(0, 0)] * (x.ndim - 2) + [(0, bottom - top), (0, right - left)])
    return _over_images(lambda x: autograd.conv2d(x, w, bias, stride, (top, left), dilation, groups), x, "conv2d")


def edges(padding: str | Size, window: tuple[int, ...], stride: Size, dilation: Size) -> tuple[Pair, Pair]:
    """Return the padding before and after each image axis.

    Raises:
        ValueError: for another word than "same" and "valid", or "same" with another stride than 1.

    >>> edges("same", (3, 2), 1, 1)
    ((1, 1), (0, 1))
    """
    if not isinstance(padding, str):
        p, q = pair(padding, "padding", 0)
        return (p, p), (q, q)
    if padding not in ("same", "valid"):
        raise ValueError(f"padding must be a number, a pair of numbers, 'same' or 'valid', not {padding!r}")
    if padding == "valid":
        return (0, 0), (0, 0)
    if pair(stride, "stride", 1) != (1, 1):
        raise ValueError(f"padding='same' keeps the image's size, which only stride 1 can, not stride={stride}")
    spare = [d * (k - 1) for d, k in zip(pair(dilation, "dilation", 1), window, strict=True)]
    return (spare[0] // 2, spare[0] - spare[0] // 2), (spare[1] // 2, spare[1] - spare[1] // 2)


def pad_image(input: Array, padding: tuple[Pair, Pair], mode: str) -> Tensor:
    """Continue images beyond their edges: by "zeros", or "reflect", "replicate" or "circular" from inside.

    Args:
        input: images (..., H, W).
        padding: how far, before and after each image axis: ((top, bottom), (left, right)).
        mode: PyTorch's `padding_mode`.

    Raises:
        ValueError: when an edge is wider than what it is to be filled from.

    >>> pad_image(Tensor([[1.0, 2.0, 3.0]]), ((0, 0), (2, 0)), "reflect")
    Tensor([[3., 2., 1., 2., 3.]])
    """
    x = autograd.asarray(input)
    if mode == "zeros":
        return autograd.pad(x, [(0, 0)] * (x.ndim - 2) + list(padding))
    for n, widths in zip(x.shape[-2:], padding, strict=True):
        most = {"reflect": n - 1, "circular": n}.get(mode, max(widths))
        if max(widths) > most:
            raise ValueError(f"padding_mode={mode!r} can pad an image axis of size {n} by at most {most}, not {widths}")
    # Padding the positions says which element goes where.
    rows, columns = (np.pad(np.arange(n), p, PADDING_MODES[mode]) for n, p in zip(x.shape[-2:], padding, strict=True))
    return x[..., rows[:, None], columns]


# --- pooling ----------------------------------------------------------------------------------------------------------


def max_pool2d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Return the largest value in each window of the images; of equal ones the first gets the gradient.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: positions added on each side, at most half a window; they never win.
        dilation: the step between the elements of a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        return_indices: not supported.

    Returns:
        (N, C, P, Q), sized as for `conv2d`, with ceil in place of floor in `ceil_mode`.

    Raises:
        ValueError: when no window fits; shows the formula with the numbers.
        NotImplementedError: for `return_indices=True`.

    >>> max_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2, ceil_mode=True)
    Tensor([[[5., 6.]]])
    """
    if return_indices:
        raise NotImplementedError("max_pool2d does not return indices; compute them with argmax where you need them")
    options = _window_options("max_pool2d", kernel_size, stride, padding, dilation)

    def pool(x: Tensor) -> Tensor:
        if ceil_mode:
            extra = _missing(x.shape[2:], *options)
            x = autograd.pad(x, [(0, 0), (0, 0), (0, extra[0]), (0, extra[1])], constant_values=-np.inf)
        return autograd.max_pool2d(x, *options)

    return _over_images(pool, autograd.asarray(input), "max_pool2d")


def avg_pool2d(
    input: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Return the mean of each window of the images.

    Args:
        input: images (N, C, H, W), or one (C, H, W).
        kernel_size: the window's size, a number or one for each image axis.
        stride: the step between windows; by default the window's size.
        padding: zeros added on each side, at most half a window.
        ceil_mode: also take windows that reach over the end, if they begin inside.
        count_include_pad: the zeros of the padding count as elements.
        divisor_override: divide the sums by this instead of the number of elements.

    Returns:
        (N, C, P, Q), sized as for `conv2d`, with ceil in place of floor in `ceil_mode`.

    Raises:
        ValueError: when no window fits, showing the formula with the numbers; or for a divisor of 0.

    >>> avg_pool2d(Tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2)
    Tensor([[[3.]]])
    """
    if divisor_override == 0:
        raise ValueError("avg_pool2d: divisor_override must not be 0")
    size, step, edge, _ = options = _window_options("avg_pool2d", kernel_size, stride, padding, 1)

    def pool(x: Tensor) -> Tensor:
        extra = _missing(x.shape[2:], *options) if ceil_mode else (0, 0)
        if extra == (0, 0) and (count_include_pad or edge == (0, 0)) and divisor_override is None:
            return autograd.avg_pool2d(x, size, step, edge)
        widths = [(0, 0), (0, 0), *((p, p + e) for p, e in zip(edge, extra, strict=True))]
        means = autograd.avg_pool2d(autograd.pad(x, widths), size, step)
        if divisor_override is not None:
            return means * (size[0] * size[1] / divisor_override)
        counted = np.ones((1, 1, *x.shape[2:]), x.dtype)
        around = [(0, 0), (0, 0), *((p, p) for p in edge)]
        counted = np.pad(counted, around, constant_values=float(count_include_pad))
        counted = np.pad(counted, [(0, 0), (0, 0), *((0, e) for e in extra)])
        return means / autograd.avg_pool2d(counted, size, step)  # the share of each window that counts

    return _over_images(pool, autograd.asarray(input), "avg_pool2d")


def _window_options(
    name: str, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size
) -> tuple[Pair, Pair, Pair, Pair]:
    size = pair(kernel_size, "kernel_size", 1)
    step = size if stride is None else pair(stride, "stride", 1)
    edge = pair(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(edge, size, strict=True)):
        raise ValueError(f"{name}: padding {edge} may be at most half of the window {size}")
    return size, step, edge, pair(dilation, "dilation", 1)


def _missing(image: tuple[int, ...], size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Return how far the last window of `ceil_mode` reaches over the end of each padded axis."""
    extra = []
    for n, k, s, p, d in zip(image, size, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        last = -(-room // s) * s  # where the last window begins, rounding up
        if last >= n + p:  # it would begin beyond the image
            last -= s
        extra.append(max(last - room, 0))
    return extra[0], extra[1]


# --- activations ------------------------------------------------------------------------------------------------------


def relu(input: Array, inplace: bool = False) -> Tensor:
    """Return max(input, 0) of any shape. `inplace` is taken for PyTorch's sake; the result is always a new Tensor.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return autograd.relu(autograd.asarray(input))


def sigmoid(input: Array) -> Tensor:
    """Return 1 / (1 + exp(-input)) of any shape.

    >>> sigmoid(Tensor(0.0))
    Tensor(0.5)
    """
    return autograd.sigmoid(autograd.asarray(input))


def tanh(input: Array) -> Tensor:
    """Return the hyperbolic tangent of any shape.

    >>> tanh(Tensor(0.0))
    Tensor(0.)
    """
    return autograd.tanh(autograd.asarray(input))


def softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return exp(input) / sum(exp(input)) along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> softmax(Tensor([0.0, 0.0]), dim=0)
    Tensor([0.5, 0.5])
    """
    return autograd.softmax(as_floating(input, dtype, "softmax"), axis=dim)


def log_softmax(input: Array, dim: int, *, dtype: DTypeLike | None = None) -> Tensor:
    """Return the logarithm of `softmax` along an axis, without overflow.

    Args:
        input: any shape.
        dim: the axis; unlike in PyTorch it must be given.
        dtype: what to convert the input to first.

    >>> log_softmax(Tensor([0.0]), dim=0)
    Tensor([0.])
    """
    return autograd.log_softmax(as_floating(input, dtype, "log_softmax"), axis=dim)


# --- randomness -------------------------------------------------------------------------------------------------------


def dropout(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *,
    generator: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """In training, set each element to 0 with probability p and divide the others by 1 - p; else do nothing.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014), scaled in
    training instead of in use.

    Args:
        input: any shape, floating.
        p: the probability, in [0, 1].
        training: whether to do it.
        inplace: taken for PyTorch's sake; the result is never written over the input.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when p is not in [0, 1].
        TypeError: when the input is not floating.

    >>> dropout(autograd.ones(4), p=0.5, generator=np.random.default_rng(0))
    Tensor([2., 0., 0., 0.])
    """
    check_probability(p)
    x = as_floating(input, None, "dropout")
    if not training or p == 0:
        return x
    kept = (generator or autograd.default_generator()).random(x.shape) >= p
    return x * (kept / max(1 - p, 1e-300)).astype(x.dtype)  # at p = 1 nothing is kept


def check_probability(p: float) -> None:
    """Raise a ValueError unless p is in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"the probability p of dropout must be between 0 and 1, not {p!r}")


# --- losses -----------------------------------------------------------------------------------------------------------


def check_reduction(reduction: str) -> None:
    """Raise a ValueError unless `reduction` is a known one."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def mse_loss(input: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Tensor:
    """Return the squared error (input - target)**2, averaged over all elements.

    Args:
        input: any shape, floating.
        target: the same shape; taken to the input's dtype.
        reduction: "mean", "sum", or "none" for one error per element.
        weight: a factor for each element, of the same shape; "mean" then divides by the sum of the weights.

    Raises:
        ValueError: when the shapes differ (PyTorch warns, and broadcasts), or for another reduction.
        TypeError: when the input is not floating.

    >>> mse_loss(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    Tensor(2.)
    """
    check_reduction(reduction)
    x = as_floating(input, None, "mse_loss")
    y = autograd.asarray(target)
    for name, other in (("target", y.shape), ("weight", x.shape if weight is None else np.shape(weight))):
        if other != x.shape:
            raise ValueError(
                f"mse_loss: {name} must have the shape of input {x.shape}, not {other}: broadcasting would compare "
                "elements that do not belong together; reshape one of them"
            )
    errors = autograd.square(x - y.astype(x.dtype))
    if weight is None:
        return _reduced(errors, reduction)
    factors = autograd.asarray(weight).astype(x.dtype)
    return _reduced(errors * factors, reduction, factors.sum())


def _reduced(losses: Tensor, reduction: str, count: Any = None) -> Tensor:
    """Return the losses, their sum, or their mean: the sum over `count`, by default their number."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if count is None else losses.sum() / count


def cross_entropy(
    input: Array, target: Array, weight: Array | None = None, *, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Return the cross entropy between softmax(input) and the target: -log of the probability of the right class.

    For class indices y the loss of an example is -weight[y] * log_softmax(input)[y]; for class probabilities t it is
    -sum(weight * t * log_softmax(input)). Label smoothing mixes the target with the uniform distribution (Szegedy et
    al., Rethinking the Inception architecture for computer vision, 2016, section 7).

    Args:
        input: scores (N, C), (C,) or (N, C, ...), floating; no softmax applied.
        target: class indices (N,), () or (N, ...), integers; or class probabilities, floating, of the input's shape.
        weight: a factor for each class, (C,).
        ignore_index: examples with this class index do not count; where none does, the mean is nan.
        reduction: "mean" over the examples, weighted by the weights of their class indices; "sum"; or "none" for one
            loss per example.
        label_smoothing: in [0, 1], how much of the uniform distribution to mix in.

    Raises:
        ValueError: when shapes do not fit, or an option is not a valid one.
        TypeError: when the input is not floating, or class indices are not integers.
        IndexError: when a class index is not one of the C classes.

    >>> cross_entropy(Tensor([[0.0, 0.0]]), Tensor([1]))
    Tensor(0.6931472)
    """
    check_reduction(reduction)
    check_smoothing(label_smoothing)
    x, y = as_floating(input, None, "cross_entropy"), autograd.asarray(target)
    if not x.ndim:
        raise ValueError("cross_entropy takes scores (N, C), (C,) or (N, C, ...), not a single number")
    _check_target(x.shape, y)
    axis = min(x.ndim - 1, 1)
    w = None if weight is None else _class_weight(weight, x.shape[axis], x.dtype)
    scores = x if axis == x.ndim - 1 else autograd.moveaxis(x, axis, -1)  # (N, ..., C)
    logs = autograd.log_softmax(scores, axis=-1)
    if y.dtype.kind != "f":
        return _of_indices(logs, np.asarray(y).astype(np.int64), w, ignore_index, reduction, label_smoothing)
    probabilities = autograd.moveaxis(y, axis, -1).astype(x.dtype)
    return _of_probabilities(logs, probabilities, w, reduction, label_smoothing)


def check_smoothing(label_smoothing: float) -> None:
    """Raise a ValueError unless `label_smoothing` is in [0, 1]."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be between 0 and 1, not {label_smoothing!r}")


def _check_target(shape: tuple[int, ...], target: Tensor) -> None:
    """Raise unless the target is class indices or class probabilities for scores (N, C, ...)."""
    examples = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if target.dtype.kind == "f" and target.shape == shape:
        return
    if target.shape != examples:
        raise ValueError(
            f"cross_entropy: scores {shape} go with class indices {examples}, integers, or with class probabilities "
            f"{shape}, floating; got a target of shape {target.shape} and dtype {target.dtype}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: class indices are integers, not {target.dtype}: use target.astype(np.int64)")


def _class_weight(weight: Array, classes: int, dtype: Any) -> Tensor:
    w = as_floating(weight, dtype, "the weight of cross_entropy")
    if w.shape != (classes,):
        raise ValueError(f"cross_entropy: weight has one number for each of the {classes} classes, not shape {w.shape}")
    return w


def _of_indices(
    logs: Tensor, target: np.ndarray, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Return the loss for log probabilities (N, ..., C) and class indices (N, ...)."""
    classes = logs.shape[-1]
    counted = target != ignore_index
    wrong = np.argwhere(counted & ((target < 0) | (target >= classes)))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise IndexError(
            f"cross_entropy: target{list(place) or ''} is {target[place]}, but scores for C = {classes} classes take "
            f"class indices from 0 to {classes - 1}, or ignore_index={ignore_index}"
        )
    target = np.where(counted, target, 0)
    losses = -logs[(*np.indices(target.shape, sparse=True), target)]
    factors = None if weight is None else weight[target]
    if factors is not None:
        losses = losses * factors
    if smoothing:
        spread = -(logs if weight is None else logs * weight).sum(axis=-1)
        losses = (1 - smoothing) * losses + (smoothing / classes) * spread
    if not counted.all():
        ones = counted.astype(logs.dtype)
        losses = autograd.where(counted, losses, 0)
        factors = Tensor(ones) if factors is None else factors * ones
    return _reduced(losses, reduction, None if factors is None else factors.sum())


def _of_probabilities(logs: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    """Return the loss for log probabilities and class probabilities (N, ..., C)."""
    if smoothing:
        target = (1 - smoothing) * target + smoothing / logs.shape[-1]
    products = target * logs if weight is None else target * logs * weight
    return _reduced(-products.sum(axis=-1), reduction)


def one_hot(tensor: Array, num_classes: int = -1) -> Tensor:
    """Return class indices as vectors with a 1 in the place of the class.

    Args:
        tensor: class indices of any shape, integers.
        num_classes: how many classes; by default one more than the largest index.

    Returns:
        int64, the same shape with an axis of `num_classes` at the end.

    Raises:
        TypeError: when the indices are not integers.
        ValueError: when an index is not a class, or there is none to count the classes by.

    >>> one_hot(Tensor([0, 2]))
    Tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    indices = autograd.asarray(tensor).data
    if indices.dtype.kind not in "iu":
        raise TypeError(f"one_hot takes integers, not {indices.dtype}: use x.astype(np.int64)")
    if num_classes < 0 and not indices.size:
        raise ValueError("one_hot needs num_classes when there are no class indices to tell it by")
    classes = int(indices.max()) + 1 if num_classes < 0 else num_classes
    if indices.size and not 0 <= indices.min() <= indices.max() < classes:
        found = f"{indices.min()} to {indices.max()}"
        raise ValueError(f"one_hot: class indices must lie in 0 to {classes - 1}, not {found}")
    return Tensor((indices[..., None] == np.arange(classes)).astype(np.int64))
