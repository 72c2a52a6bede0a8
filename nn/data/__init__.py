"""Data sets, and loaders that make batches of them."""

from __future__ import annotations

from nn.data.dataset import Dataset, TensorDataset
from nn.data.digits import load_digits
from nn.data.loader import DataLoader, default_collate
from nn.data.mnist import load_mnist

__all__ = ["DataLoader", "Dataset", "TensorDataset", "default_collate", "load_digits", "load_mnist"]
