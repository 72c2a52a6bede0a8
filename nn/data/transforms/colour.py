"""Colours of images changed at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.data.transforms.base import Augmentation, between
from nn.data.transforms.preprocessing import covariance

_GREY = np.array([0.299, 0.587, 0.114])  # of red, green and blue, by ITU-R BT.601


class ColorJitter(Augmentation):
    """Change brightness, contrast and saturation, in this order, of images with values from 0 to 1.

    Each factor is drawn for each image; 1 changes nothing. Brightness multiplies; contrast moves from or to the mean
    grey of the image, saturation from or to its grey version. Results are clipped to 0 to 1. Images of one channel
    have no saturation.

    Args:
        brightness: a number b for factors from max(0, 1 - b) to 1 + b, or (lowest, highest).
        contrast: as brightness.
        saturation: as brightness.

    Raises:
        ValueError: when a factor is negative, or, when called, there are not 1 or 3 channels.

    >>> ColorJitter(brightness=(2, 2))(np.full((1, 1, 2), 0.25))
    array([[[0.5, 0.5]]])
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0) -> None:
        self.brightness = _factors(brightness, "brightness")
        self.contrast = _factors(contrast, "contrast")
        self.saturation = _factors(saturation, "saturation")

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W) in other colours."""
        n, dtype = len(images), images.dtype
        bright, contrast, saturation = (
            between(*factors, n, generator, dtype) for factors in (self.brightness, self.contrast, self.saturation)
        )
        images = (images * bright).clip(0, 1)
        mean = _grey(images).mean(axis=(1, 2, 3), keepdims=True)
        images = (mean + (images - mean) * contrast).clip(0, 1)
        grey = _grey(images)
        return (grey + (images - grey) * saturation).clip(0, 1) if images.shape[1] == 3 else images


def _grey(images: np.ndarray) -> np.ndarray:
    """Return images (N, C, H, W) without colour, (N, 1, H, W)."""
    if images.shape[1] == 1:
        return images
    if images.shape[1] != 3:
        raise ValueError(f"ColorJitter takes images with 1 or 3 channels, not of shape {images.shape}")
    weights = _GREY.astype(images.dtype)
    return np.asarray(np.einsum("nchw,c->nhw", images, weights)[:, None])


def _factors(value: Any, name: str) -> tuple[float, float]:
    low, high = (max(0.0, 1 - value), 1 + value) if isinstance(value, int | float) else value
    if not 0 <= low <= high:
        raise ValueError(f"{name} is a number of at least 0, or factors (lowest, highest), not {value}")
    return low, high


class PCAColor(Augmentation):
    """Add random multiples of the principal components of the colours: the same to all pixels of an image.

    To each pixel sum_i alpha_i lambda_i p_i is added, with the components p_i and the eigenvalues lambda_i of the
    covariance of the pixels' colours in the training data, and alpha_i drawn for each image.

    Source: Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks (2012),
    section 4.1.

    Args:
        std: the standard deviation of alpha.

    Raises:
        ValueError: when `std` is negative, or, when called, it was not fitted, or to other channels.

    >>> images = np.random.default_rng(0).random((10, 3, 4, 4))
    >>> changed = PCAColor().fit(images)(images) - images
    >>> bool(np.allclose(changed, changed[:, :, :1, :1]))
    True
    """

    def __init__(self, std: float = 0.1) -> None:
        if std < 0:
            raise ValueError(f"std is a standard deviation, of at least 0, not {std}")
        self.std = std
        self.eigenvalues = np.zeros(0)
        self.components = np.zeros((0, 0))

    def fit(self, images: Any) -> PCAColor:
        """Find the components of training images (N, C, H, W); return self."""
        images = np.asarray(images)
        pixels = np.moveaxis(images, 1, -1).reshape(-1, images.shape[1])
        self.eigenvalues, self.components = np.linalg.eigh(covariance(pixels)[1])  # ascending; columns
        return self

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return images (N, C, H, W) in other colours."""
        if images.shape[1] != len(self.eigenvalues):
            if not len(self.eigenvalues):
                raise ValueError("PCAColor was not fitted: call fit(training_images) first")
            raise ValueError(
                f"PCAColor was fitted to images of {len(self.eigenvalues)} channels, so it does not take {images.shape}"
            )
        alpha = generator.normal(0, self.std, (len(images), len(self.eigenvalues)))
        colour = (alpha * self.eigenvalues) @ self.components.T  # (N, C)
        return np.asarray(images + colour[:, :, None, None].astype(images.dtype))

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return what was fitted, as arrays."""
        return {"eigenvalues": self.eigenvalues, "components": self.components}

    def load_state_dict(self, state_dict: Any) -> None:
        """Take what another one was fitted to.

        Raises:
            ValueError: when shapes do not fit together.
        """
        values, components = (np.asarray(state_dict[name], np.float64) for name in ("eigenvalues", "components"))
        if components.shape != (len(values), len(values)):
            raise ValueError(f"eigenvalues {values.shape} and components {components.shape} do not belong together")
        self.eigenvalues, self.components = values, components
