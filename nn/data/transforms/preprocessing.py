"""Preprocessing that is fitted to training data, and kept with the model: modules without parameters.

`fit(training_data)` sets their buffers, calling them applies these, to arrays or Tensors. In a `Sequential` before the
network they are saved with it; one that was never fitted takes the shapes of the state it loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

import autograd
from autograd import Tensor
from nn.module import Module, check_size

_ROWS = 4096  # how many examples are in float64 at a time


class Fitted(Module):
    """The base of preprocessing: `fit` sets the buffers that are named in `learned`."""

    learned: tuple[str, ...]

    def __init__(self) -> None:
        for name in self.learned:
            self.register_buffer(name, None)
        self.register_load_state_dict_pre_hook(_take_shapes)

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` was called, or a state loaded."""
        held = [getattr(self, name) for name in self.learned]
        return all(tensor is not None and not np.isnan(tensor.data).any() for tensor in held)

    def _learn(self, **values: np.ndarray) -> Self:
        if not all(np.isfinite(value).all() for value in values.values()):
            raise ValueError(f"{type(self).__name__} cannot be fitted to data that has nan or inf in it")
        for name, value in values.items():
            setattr(self, name, Tensor(value.astype(autograd.get_default_dtype())))
        return self

    def _held(self, *names: str) -> Iterator[np.ndarray]:
        """Return what was learned."""
        if not self.is_fitted:
            raise RuntimeError(f"{type(self).__name__} was not fitted: call fit(training_data), or load its state")
        return (getattr(self, name).data for name in names)


def _take_shapes(module: Fitted, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Before a state is loaded into what was not fitted: make room for it; nan says that it is not there yet."""
    if not module.is_fitted:
        for name in module.learned:
            if prefix + name in state:
                shape = np.shape(state[prefix + name])
                setattr(module, name, Tensor(np.full(shape, np.nan, autograd.get_default_dtype())))


def examples(x: Any, name: str) -> np.ndarray:
    """Return training data as an array (N, ...).

    Raises:
        ValueError: when there are none.
    """
    array = np.asarray(x.data if isinstance(x, Tensor) else x)
    if array.ndim < 2 or not len(array):
        raise ValueError(f"{name} is fitted to examples (N, ...), N at least 1, not to shape {array.shape}")
    return array


def moments(x: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of data (N, ...) over axes that include the first, in float64."""
    parts = range(0, len(x), _ROWS)
    count = x.size / np.prod([size for axis, size in enumerate(x.shape) if axis not in axes])
    mean = sum(x[i : i + _ROWS].sum(axis=axes, dtype=np.float64, keepdims=True) for i in parts) / count
    square = sum(np.square(x[i : i + _ROWS] - mean).sum(axis=axes) for i in parts) / count
    return np.asarray(mean).squeeze(axes), np.sqrt(square)


def covariance(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (D,) and covariance (D, D), divided by N, of data (N, D), in float64."""
    parts = range(0, len(x), _ROWS)
    mean = sum(x[i : i + _ROWS].sum(axis=0, dtype=np.float64) for i in parts) / len(x)
    centred = (x[i : i + _ROWS] - mean for i in parts)
    return np.asarray(mean), sum(part.T @ part for part in centred) / len(x)


class MeanImage(Fitted):
    """Subtract the mean of the training data, element by element.

    Attributes:
        mean: (C, H, W), or the shape of whatever the examples are.

    >>> MeanImage().fit(np.array([[1.0, 5.0], [3.0, 5.0]]))(np.array([[2.0, 6.0]]))
    array([[0., 1.]])
    """

    learned = ("mean",)

    def fit(self, x: Any) -> Self:
        """Find the mean of training data (N, ...); return self.

        Raises:
            ValueError: when there are no examples.
        """
        return self._learn(mean=moments(examples(x, "MeanImage"), (0,))[0])

    def forward(self, x: Any) -> Any:
        """Return data (N, ...), or one example, minus the mean."""
        (mean,) = self._held("mean")
        check_example(x, mean.shape, "MeanImage")
        return x - mean


def check_example(x: Any, shape: tuple[int, ...], name: str) -> None:
    """Raise where data is neither of a shape, nor has it after the first axis.

    Raises:
        ValueError: then.
    """
    if np.shape(x) != shape and np.shape(x)[1:] != shape:
        raise ValueError(f"{name} was fitted to examples of shape {shape}, so it does not take {np.shape(x)}")


class Normalize(Fitted):
    """Subtract the mean and divide by the standard deviation of each channel of images, or of each feature.

    Args:
        mean: (C,), where it is known; then `fit` is not needed.
        std: (C,), the standard deviations.

    Attributes:
        mean, std: (C,). Where all training data is equal, std is 1.

    Raises:
        ValueError: when only one of them is given, or a standard deviation is not above 0.

    >>> Normalize([0.5], [0.25])(np.ones((1, 2, 2)))
    array([[[2., 2.],
            [2., 2.]]])
    >>> Normalize().fit(np.array([[1.0, 7.0], [3.0, 7.0]]))(np.array([[3.0, 8.0]]))
    array([[1., 1.]])
    """

    learned = ("mean", "std")

    def __init__(self, mean: Any = None, std: Any = None) -> None:
        super().__init__()
        if (mean is None) != (std is None):
            raise ValueError("Normalize takes both mean and std, or neither, and then fit(training_data)")
        if mean is not None:
            held = np.atleast_1d(np.asarray(mean, np.float64)), np.atleast_1d(np.asarray(std, np.float64))
            if held[0].shape != held[1].shape or held[0].ndim != 1 or not (held[1] > 0).all():
                raise ValueError(f"mean and std are numbers (C,), std above 0, not {mean} and {std}")
            self._learn(mean=held[0], std=held[1])

    def fit(self, x: Any) -> Self:
        """Find mean and standard deviation of training images (N, C, H, W) or features (N, D); return self.

        Raises:
            ValueError: when there are no examples.
        """
        data = examples(x, type(self).__name__)
        mean, std = moments(data, (0, *range(2, data.ndim)))
        return self._learn(mean=mean, std=np.where(std > 0, std, 1.0))

    def forward(self, x: Any) -> Any:
        """Return images (N, C, H, W) or (C, H, W), or features (N, D) or (D,), normalised."""
        mean, std = (by_channel(value, x, type(self).__name__) for value in self._held("mean", "std"))
        return (x - mean) / std


class ChannelMean(Fitted):
    """Subtract the mean of each channel of images, or of each feature.

    Attributes:
        mean: (C,).

    >>> ChannelMean().fit(np.array([[[[1.0, 3.0]]]]))(np.array([[[[2.0, 4.0]]]]))
    array([[[[0., 2.]]]])
    """

    learned = ("mean",)

    def fit(self, x: Any) -> Self:
        """Find the means of training images (N, C, H, W) or features (N, D); return self.

        Raises:
            ValueError: when there are no examples.
        """
        data = examples(x, "ChannelMean")
        return self._learn(mean=moments(data, (0, *range(2, data.ndim)))[0])

    def forward(self, x: Any) -> Any:
        """Return images (N, C, H, W) or (C, H, W), or features (N, D) or (D,), minus the means."""
        (mean,) = self._held("mean")
        return x - by_channel(mean, x, "ChannelMean")


def by_channel(value: np.ndarray, x: Any, name: str) -> np.ndarray:
    """Return a value for each channel (C,) in a shape that broadcasts with images or features.

    Raises:
        ValueError: when they have other channels.
    """
    shape = np.shape(x)
    axis = -3 if len(shape) in (3, 4) else -1
    if not shape or len(shape) > 4 or shape[axis] != len(value):
        raise ValueError(
            f"{name} has {len(value)} channels, so it takes images (N, C, H, W) or (C, H, W) or features (N, C) with "
            f"C = {len(value)}, not shape {shape}"
        )
    return value[:, None, None] if axis == -3 else value


class PCA(Fitted):
    """Turn data towards its principal components, and keep the first of them.

    Source: K. Pearson, On lines and planes of closest fit to systems of points in space (1901); here by the
    eigenvectors of the covariance, as in the CS231n course notes.

    Args:
        n_components: how many to keep, K; all by default.

    Attributes:
        mean: the shape of an example, D elements.
        components: (K, D), orthonormal rows; the largest element of each is positive.
        explained_variance: (K,), the variance of the training data along each, descending.

    Raises:
        TypeError, ValueError: when `n_components` is not an integer of at least 1.

    >>> data = np.array([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]])
    >>> pca = PCA(1).fit(data)
    >>> bool(np.allclose(pca.inverse(pca(data)), data, atol=1e-5))
    True
    """

    learned = ("mean", "components", "explained_variance")

    def __init__(self, n_components: int | None = None) -> None:
        super().__init__()
        self.n_components = None if n_components is None else check_size(n_components, "n_components")

    def fit(self, x: Any) -> Self:
        """Find the components of training data (N, ...); return self.

        Raises:
            ValueError: when there are no examples, or fewer elements than components.
        """
        data = examples(x, "PCA")
        mean, variance, components = principal(data, self.n_components)
        return self._learn(mean=mean.reshape(data.shape[1:]), components=components, explained_variance=variance)

    def forward(self, x: Any) -> Any:
        """Return the coordinates (N, K) of data (N, ...), or (K,) of one example."""
        mean, components = self._held("mean", "components")
        return autograd.matmul(flat(x - mean, x, mean.shape, "PCA"), components.T)

    def inverse(self, z: Any) -> Any:
        """Return the data (N, ...) whose coordinates are (N, K); what other components had is lost."""
        mean, components = self._held("mean", "components")
        return autograd.matmul(z, components).reshape(*np.shape(z)[:-1], *mean.shape) + mean


def principal(x: np.ndarray, count: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean (D,), variances (K,), descending, and components (K, D) of data (N, ...)."""
    rows = x.reshape(len(x), -1)
    if count is not None and count > rows.shape[1]:
        raise ValueError(f"examples of {rows.shape[1]} elements do not have {count} principal components")
    mean, matrix = covariance(rows)
    variance, vectors = np.linalg.eigh(matrix)  # ascending; columns
    variance, components = variance[::-1][:count], vectors.T[::-1][:count]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    return mean, np.maximum(variance, 0), components * np.where(largest < 0, -1, 1)


def flat(values: Any, x: Any, shape: tuple[int, ...], name: str) -> Any:
    """Return values of data (N, *shape) as rows (N, D), or of one example as (D,)."""
    check_example(x, shape, name)
    return values.reshape(-1) if np.shape(x) == shape else values.reshape(len(values), -1)


class Whiten(Fitted):
    """Make the elements of data uncorrelated, with equal variances.

    The data is turned towards its principal components, each divided by sqrt(variance + eps); "zca" then turns it
    back, so that whitened images still look like images.

    Source: Bell and Sejnowski, The independent components of natural scenes are edge filters (1997), for ZCA; the
    CS231n course notes, for eps.

    Args:
        method: "zca", or "pca", which gives coordinates (N, D).
        eps: what to add to the variances: where they are small, noise is amplified less.

    Attributes:
        mean: the shape of an example, D elements.
        matrix: (D, D), what rows of centred data are multiplied by.

    Raises:
        ValueError: for another method, or a negative eps.

    >>> data = np.random.default_rng(0).normal(size=(500, 2)) @ np.array([[3.0, 1.0], [0.0, 0.5]])
    >>> np.cov(Whiten().fit(data)(data).T, bias=True).round(2) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """

    learned = ("mean", "matrix")

    def __init__(self, method: str = "zca", eps: float = 1e-5) -> None:
        super().__init__()
        if method not in ("pca", "zca") or eps < 0:
            raise ValueError(f"method is 'pca' or 'zca', and eps at least 0, not {method!r} and {eps}")
        self.method = method
        self.eps = eps

    def fit(self, x: Any) -> Self:
        """Find the directions and variances of training data (N, ...); return self.

        Raises:
            ValueError: when there are no examples, or eps is 0 and the data does not vary in some direction.
        """
        data = examples(x, "Whiten")
        mean, variance, components = principal(data)
        if not (variance + self.eps > 0).all():
            raise ValueError("the data does not vary in some direction, so whitening needs an eps above 0")
        matrix = components.T / np.sqrt(variance + self.eps)
        matrix = matrix @ components if self.method == "zca" else matrix
        return self._learn(mean=mean.reshape(data.shape[1:]), matrix=matrix)

    def forward(self, x: Any) -> Any:
        """Return whitened data (N, ...): of the shape that it has, or by "pca" (N, D)."""
        mean, matrix = self._held("mean", "matrix")
        rows = autograd.matmul(flat(x - mean, x, mean.shape, "Whiten"), matrix)  # one product for arrays and Tensors
        return rows.reshape(np.shape(x)) if self.method == "zca" else rows
