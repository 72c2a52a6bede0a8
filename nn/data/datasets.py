"""Data sets: numbered examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor


class Dataset:
    """The base of data sets; a subclass defines `__getitem__`, which returns one example, and `__len__`.

    Attributes:
        takes_index_arrays: whether `dataset[array]`, for an int64 array (B,), gives the whole batch of these examples
            at once, every part with a first axis of length B. A `DataLoader` then asks once for each batch, instead
            of once for each example. False unless the subclass says otherwise.

    >>> class Squares(Dataset):
    ...     takes_index_arrays = True
    ...     def __getitem__(self, index):
    ...         return index, index**2
    ...     def __len__(self):
    ...         return 5
    >>> Squares()[3], Squares()[np.array([1, 2])]
    ((3, 9), (array([1, 2]), array([1, 4])))
    """

    takes_index_arrays: bool = False

    def __getitem__(self, index: Any) -> Any:
        """Return the example of a number."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__()")

    def __len__(self) -> int:
        """Return the number of examples."""
        raise NotImplementedError(f"{type(self).__name__} has no __len__()")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])

    def __repr__(self) -> str:
        try:
            size = f"{len(self):,} examples"
        except (NotImplementedError, AttributeError):  # a subclass without a length, or not built yet
            size = ""
        return f"{type(self).__name__}({', '.join(filter(None, [size, self.extra_repr()]))})"

    def extra_repr(self) -> str:
        """Return what to show of the data set besides its length."""
        return ""


class TensorDataset(Dataset):
    """Examples that are rows of Tensors or arrays. Takes index arrays.

    Args:
        *tensors: Tensors or arrays (N, ...), of the same N.

    Raises:
        ValueError: when there is none, one has no rows, or they have different numbers of them.

    >>> dataset = TensorDataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> len(dataset), dataset[1]
    (2, (Tensor([3., 4.]), Tensor(1)))
    """

    takes_index_arrays = True
    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(autograd.asarray(tensor) for tensor in tensors)
        lengths = {tensor.shape[:1] for tensor in self.tensors}
        if len(lengths) != 1 or () in lengths:
            raise ValueError(
                "TensorDataset needs one or more Tensors with equally many rows, not those of shapes "
                f"{[tensor.shape for tensor in self.tensors]}"
            )

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(_rows(tensor, index) for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def extra_repr(self) -> str:
        """Return shapes and dtypes of one example."""
        return ", ".join(f"{tensor.dtype} {tensor.shape[1:]}" for tensor in self.tensors)


def _rows(tensor: Tensor, index: Any) -> Tensor:
    """Return tensor[index], by np.take where that does the same in half the time."""
    if isinstance(index, np.ndarray) and index.dtype.kind == "i" and not tensor.requires_grad:
        return Tensor(np.take(tensor.data, index, axis=0))
    return tensor[index]


class Subset(Dataset):
    """Some examples of a data set. Takes index arrays if the data set does.

    Args:
        dataset: the data set.
        indices: integers (M,), which examples of it these are, in this order; one may occur several times.

    Raises:
        TypeError, IndexError: when `indices` are not integers from -N to N - 1.

    >>> Subset(TensorDataset(np.arange(10, 20)), [7, 1])[0]
    (Tensor(17),)
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray) -> None:
        self.dataset = dataset
        self.indices = check_indices(indices, len(dataset), "Subset")

    @property
    def takes_index_arrays(self) -> bool:  # type: ignore[override]
        """Whether the data set does."""
        return getattr(self.dataset, "takes_index_arrays", False)

    def __getitem__(self, index: Any) -> Any:
        chosen = self.indices[index]
        return self.dataset[chosen if isinstance(chosen, np.ndarray) else int(chosen)]

    def __len__(self) -> int:
        return len(self.indices)

    def extra_repr(self) -> str:
        """Return what they are of."""
        return f"of {self.dataset!r}"


def check_indices(indices: Any, size: int, name: str) -> np.ndarray:
    """Return indices as an int64 array (M,) from 0 to size - 1.

    Raises:
        TypeError: when they are not integers in one axis.
        IndexError: when one is not from -size to size - 1.
    """
    array = integers(indices, name)
    if array.size and not (-size <= array.min() and array.max() < size):
        raise IndexError(
            f"{name} takes indices from {-size} to {size - 1}, for {size} examples, not {array.min()} to {array.max()}"
        )
    return np.where(array < 0, array + size, array)


def integers(indices: Any, name: str) -> np.ndarray:
    """Return indices as an int64 array (M,).

    Raises:
        TypeError: when they are not integers in one axis.
    """
    array = np.asarray(indices)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} takes indices that are integers in one axis, not {array.dtype} of shape {array.shape}; "
            "np.flatnonzero(mask) gives those of a mask"
        )
    return array.astype(np.int64)


class ConcatDataset(Dataset):
    """Several data sets, one after the other; `a + b` of two data sets is one. Takes index arrays if all of them do.

    Args:
        datasets: one or more data sets, whose examples have the same shapes.

    Raises:
        ValueError: when there are none.

    >>> both = TensorDataset(np.arange(3)) + TensorDataset(np.arange(10, 12))
    >>> len(both), both[3], both[np.array([4, 0, 3])]
    (5, (Tensor(10),), (Tensor([11,  0, 10]),))
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs at least one data set")
        self._ends = np.cumsum([len(dataset) for dataset in self.datasets])

    @property
    def takes_index_arrays(self) -> bool:  # type: ignore[override]
        """Whether all the data sets do."""
        return all(getattr(dataset, "takes_index_arrays", False) for dataset in self.datasets)

    def __getitem__(self, index: Any) -> Any:
        wanted = check_indices(np.atleast_1d(index), len(self), "ConcatDataset")
        which = np.searchsorted(self._ends, wanted, side="right")
        within = wanted - np.append(0, self._ends)[which]
        if np.ndim(index) == 0:
            return self.datasets[which[0]][int(within[0])]
        order = np.argsort(which, kind="stable")
        parts = [self.datasets[i][within[which == i]] for i in np.unique(which)]
        return joined(parts, np.argsort(order, kind="stable"))

    def __len__(self) -> int:
        return int(self._ends[-1])

    def extra_repr(self) -> str:
        """Return the data sets."""
        return ", ".join(map(repr, self.datasets))


def joined(parts: Sequence[Any], order: np.ndarray) -> Any:
    """Return batches of the same structure as one: joined along the first axis, then put in an order."""
    first = parts[0]
    if isinstance(first, tuple | list):
        return tuple(joined(column, order) for column in zip(*parts, strict=True))
    if isinstance(first, Tensor):
        return autograd.concatenate(list(parts))[order]
    return np.concatenate(parts)[order]


class TransformedDataset(Dataset):
    """A data set whose examples go through functions when they are asked for. Takes index arrays if it does.

    Where whole batches are asked for, the functions get whole batches, as those of `nn.data.transforms` like them.

    Args:
        dataset: its examples are tuples (input, target), or with more parts, which stay as they are.
        transform: a function of the input.
        target_transform: a function of the target.
        transforms: a function of input and target, which returns both; applied after the others.

    >>> dataset = TransformedDataset(TensorDataset([1.0, 2.0], [0, 1]), lambda x: x * 10, lambda y: y == 1)
    >>> dataset[1]
    (Tensor(20.), Tensor(True))
    """

    def __init__(
        self, dataset: Any, transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        transforms: Callable[[Any, Any], tuple[Any, Any]] | None = None,
    ) -> None:  # fmt: skip
        self.dataset = dataset
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = transforms

    @property
    def takes_index_arrays(self) -> bool:  # type: ignore[override]
        """Whether the data set does."""
        return getattr(self.dataset, "takes_index_arrays", False)

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        example = self.dataset[index]
        x, *others = example if isinstance(example, tuple | list) else (example,)
        if self.transform is not None:
            x = self.transform(x)
        if self.target_transform is not None:
            others[0] = self.target_transform(others[0])
        if self.transforms is not None:
            x, others[0] = self.transforms(x, others[0])
        return (x, *others)

    def __len__(self) -> int:
        return len(self.dataset)

    def extra_repr(self) -> str:
        """Return what they are of."""
        return f"of {self.dataset!r}"
