"""Classifiers of images turned into networks of convolutions alone, which slide over larger images in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from nn import activation
from nn.activation import LogSoftmax, Maxout, PReLU, Softmax, Softmin
from nn.containers import Sequential
from nn.conv import Conv2d
from nn.dropout import AlphaDropout, Dropout
from nn.linear import Flatten, Identity, Linear
from nn.module import Module, Parameter, check_size
from nn.norm import BatchNorm1d, BatchNorm2d
from nn.pool import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d
from nn.shapes import measure
from nn.utils.skipping import skip_init

Shape = tuple[int, ...]

_OVER_CLASSES = (Softmax, LogSoftmax, Softmin)
_MIXING = (*_OVER_CLASSES, Maxout, activation.GLU, activation.Softmax2d)
_ELEMENTWISE: tuple[type[Module], ...] = (
    Dropout, AlphaDropout, Identity,
    *(kind for name in activation.__all__ if (kind := getattr(activation, name)) not in _MIXING),
)  # fmt: skip


def to_convolutional(model: Sequential, input_shape: Sequence[int]) -> Sequential:
    """Return a network that computes the same with convolutions instead of linear layers, for images of any size.

    The first linear layer after `Flatten`, which sees a map (C, H, W), becomes a convolution with HxW filters, those
    after it become 1x1 convolutions. On images of `input_shape` the result has one place. On larger ones it has a place
    for each position of a window of that size, moved in steps of the network's total stride, and what stands there is
    what the model says of that crop: in one pass, since neighbouring crops share most of the work.
    (Where windows do not fill `input_shape`, the model does not look at its last rows or columns, and the sliding
    network may find room for one more position.)

    That is exact where the model pads nothing. Zeros that it adds around an image stand at the border of each crop,
    where the sliding network sees how the image goes on: then results differ as far as those zeros matter.

    Weights are shared, not copied: the new layers' parameters lie in the same memory, so that nothing large is
    allocated, and layers before `Flatten` are the same modules. What trains one network in place changes the other;
    `to_convolutional(copy.deepcopy(model), ...)` makes an independent one.

    Source: CS231n, "Convolutional Neural Networks", section "Converting FC layers to CONV layers"; Sermanet et al.,
    OverFeat (2014), section 3.5.

    Args:
        model: a `Sequential`, also of `Sequential`s, with a `Flatten` before its linear layers, as `AlexNet`, `VGG` and
            `ResNet` are. After `Flatten`: `Linear`, `BatchNorm1d`, softmaxes over classes, and what takes each number
            by itself (activations, dropout). Adaptive pooling before it must leave the size as it is for images of
            `input_shape`, which drops it, or pool to a single place.
        input_shape: (C, H, W), of the images that the model was made for.

    Returns:
        A `Sequential`, in the model's mode (training or not): (N, C, H', W') to (N, classes, P, Q). For shapes without
        adaptive pooling see `nn.shapes.layer_table`.

    Raises:
        TypeError: when the model is no `Sequential`, or has a layer that cannot be converted; names it.
        ValueError: when there is no `Flatten` that all axes but the batch go into, or the shape does not fit.

    >>> import nn, numpy as np
    >>> model = nn.Sequential(nn.Conv2d(3, 4, 2, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 5))
    >>> net = to_convolutional(model, (3, 6, 6))
    >>> net[-1]
    Conv2d(4, 5, kernel_size=(3, 3), stride=(1, 1))
    >>> image = np.random.default_rng(0).normal(size=(1, 3, 10, 12))
    >>> scores = net(image)
    >>> scores.shape
    (1, 5, 3, 4)
    >>> np.allclose(scores.data[:, :, 1, 2], model(image[:, :, 2:8, 4:10]).data, atol=1e-6)
    True
    """
    if not _is_chain(model):
        raise TypeError(f"to_convolutional takes a Sequential, not {type(model).__name__}: put its parts into one")
    shape = tuple(check_size(size, "input_shape") for size in input_shape)
    if len(shape) != 3:
        raise ValueError(f"input_shape must be (C, H, W), not {shape}")
    conversion = _Conversion(shape)
    for name, layer in _layers(model):
        try:
            conversion.add(layer)
        except (TypeError, ValueError) as error:
            raise type(error)(f"to_convolutional: layer {name}, {layer!r:.200}: {error}") from error
    if not conversion.flat:
        raise ValueError("to_convolutional: the model has no Flatten, and works on images of any size already")
    net = Sequential(*conversion.layers)
    net.training = model.training  # that of the layers stays: they are the model's
    return net


def _is_chain(model: Any) -> TypeGuard[Sequential]:
    """Tell whether a module is what its parts do one after the other."""
    return isinstance(model, Sequential) and type(model).forward is Sequential.forward


def _layers(model: Sequential, prefix: str = "") -> Iterator[tuple[str, Module]]:
    """Yield the layers with their dotted names, those of inner Sequentials one by one."""
    for name, layer in model._own(Module):
        if _is_chain(layer):
            yield from _layers(layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", layer


@dataclass
class _Conversion:
    """Converts layers one after the other; knows what shape comes in."""

    shape: Shape  # of the map (C, H, W) that goes into the next layer; after Flatten the map's before it
    flat: bool = False  # whether the model has flattened already
    read: bool = False  # whether a linear layer has seen the flattened map
    layers: list[Module] = field(default_factory=list)

    def add(self, layer: Module) -> None:
        if self.flat:
            self.layers.append(self._after_flatten(layer))
        elif isinstance(layer, Flatten):
            if (layer.start_dim, layer.end_dim % 4) != (1, 3):
                raise ValueError("must merge all axes but the batch: start_dim=1, end_dim=-1")
            self.flat = True
        else:
            self._before_flatten(layer)

    def _before_flatten(self, layer: Module) -> None:
        after = measure(layer, self.shape).shape
        if len(after) != 3:
            raise ValueError(f"must keep an image (C, H, W), but makes shape {after} of {self.shape}")
        if not isinstance(layer, AdaptiveAvgPool2d | AdaptiveMaxPool2d):
            self.layers.append(layer)
        elif after != self.shape:
            self.layers.append(_pooling(layer, self.shape, after))
        self.shape = after

    def _after_flatten(self, layer: Module) -> Module:
        """Return what stands for a layer of flat features (N, I) on maps (N, I, P, Q)."""
        if isinstance(layer, Linear):
            window = (1, 1) if self.read else self.shape[1:]
            channels = layer.in_features if self.read else self.shape[0]
            self.read = True
            return _convolution(layer, channels, window)
        if isinstance(layer, _ELEMENTWISE) and getattr(layer, "num_parameters", 1) == 1:
            return layer
        if not self.read and self.shape[1:] != (1, 1):
            raise TypeError("cannot be converted between Flatten and the first Linear")
        if isinstance(layer, PReLU):
            return layer
        if isinstance(layer, BatchNorm1d):
            return _norm(layer)
        if isinstance(layer, _OVER_CLASSES) and layer.dim in (1, -1):
            softmax: Module = type(layer)(1)
            return softmax
        raise TypeError(
            "cannot be converted after Flatten; Linear, BatchNorm1d, softmaxes, activations and dropout can"
        )


def _convolution(layer: Linear, channels: int, window: Shape) -> Conv2d:
    """Return the convolution that computes what a linear layer does, with its memory."""
    if layer.in_features != channels * window[0] * window[1]:
        raise ValueError(f"takes {layer.in_features} features, but the map before Flatten is ({channels}, *{window})")
    shape = (layer.out_features, channels, *window)
    # made without channels, so that there is nothing to allocate
    conv = skip_init(Conv2d, 0, layer.out_features, window, bias=False, dtype=layer.weight.dtype)
    conv.in_channels = channels
    conv.weight = Parameter(layer.weight.detach().reshape(shape), layer.weight.requires_grad)
    conv.bias = None if layer.bias is None else Parameter(layer.bias.detach(), layer.bias.requires_grad)
    return conv


def _norm(layer: BatchNorm1d) -> BatchNorm2d:
    """Return the normalization of maps that has another's parameters and statistics."""
    norm = BatchNorm2d(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    norm.load_state_dict(layer.state_dict(), assign=True)
    norm.training = layer.training
    return norm


def _pooling(layer: Module, before: Shape, after: Shape) -> Module:
    """Return the pooling by windows that does to a map what adaptive pooling does."""
    if after[1:] != (1, 1):
        raise ValueError(
            f"pools {before[1:]} to {after[1:]}, in windows that depend on the size of the image; only pooling to one "
            "place, or to the size that is there, can slide"
        )
    return (AvgPool2d if isinstance(layer, AdaptiveAvgPool2d) else MaxPool2d)(before[1:], 1)
