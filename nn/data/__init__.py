"""Data sets, and loaders that make batches of them."""

from __future__ import annotations

from nn.data import transforms
from nn.data.cifar import CIFAR10, load_cifar10
from nn.data.collate import default_collate, default_convert
from nn.data.datasets import ConcatDataset, Dataset, Subset, TensorDataset, TransformedDataset
from nn.data.digits import load_digits
from nn.data.generated import make_blobs, make_circles, make_moons, make_regression, make_spirals
from nn.data.idx import read_idx
from nn.data.loader import DataLoader
from nn.data.mnist import MNIST, FashionMNIST, load_fashion_mnist, load_mnist
from nn.data.randomness import batch_generator
from nn.data.samplers import (
    BatchSampler,
    ClassBalancedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from nn.data.splitting import k_fold, random_split
from nn.data.workers import WorkerInfo, get_worker_info

__all__ = [
    "CIFAR10",
    "MNIST",
    "BatchSampler",
    "ClassBalancedSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "FashionMNIST",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "TransformedDataset",
    "WeightedRandomSampler",
    "WorkerInfo",
    "batch_generator",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "k_fold",
    "load_cifar10",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_regression",
    "make_spirals",
    "random_split",
    "read_idx",
    "transforms",
]
