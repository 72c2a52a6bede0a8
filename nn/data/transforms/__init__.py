"""What is done to data before a network sees it: preprocessing that is fitted, and augmentation that is random."""

from __future__ import annotations

from nn.data.transforms.affine import RandomAffine, RandomResizedCrop, RandomRotation, affine_resample
from nn.data.transforms.base import Augmentation, Compose
from nn.data.transforms.colour import ColorJitter, PCAColor
from nn.data.transforms.mixing import Cutout, GaussianNoise, MixUp
from nn.data.transforms.moving import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomShift,
    RandomVerticalFlip,
    ShiftedDataset,
    shift_images,
)
from nn.data.transforms.preprocessing import PCA, ChannelMean, MeanImage, Normalize, Whiten

__all__ = [
    "PCA",
    "Augmentation",
    "ChannelMean",
    "ColorJitter",
    "Compose",
    "Cutout",
    "GaussianNoise",
    "MeanImage",
    "MixUp",
    "Normalize",
    "PCAColor",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShift",
    "RandomVerticalFlip",
    "ShiftedDataset",
    "Whiten",
    "affine_resample",
    "shift_images",
]
