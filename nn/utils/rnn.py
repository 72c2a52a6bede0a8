"""Sequences of different lengths in one batch: padded to one length, or packed without padding.

Packed are the first elements of all sequences, longest first, then the second ones of those that have one, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor

Array = Any  # an array or a Tensor


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """A packed batch of sequences, which recurrent layers take; made by `pack_padded_sequence` and `pack_sequence`.

    Attributes:
        data: the elements (S, ...), S being the sum of the lengths.
        batch_sizes: how many sequences have a first element, a second one, and so on; integers (T,).
        sorted_indices: which sequence of the batch is the longest, and so on; integers (N,), or None for the order
            that they have.
        unsorted_indices: where each sequence of the batch is among the sorted ones; integers (N,), or None.

    >>> pack_sequence([Tensor([1.0, 2.0]), Tensor([3.0])]).data
    Tensor([1., 3., 2.])
    """

    __slots__ = ()

    def __new__(
        cls, data: Array, batch_sizes: Array, sorted_indices: Array | None = None,
        unsorted_indices: Array | None = None,
    ) -> Self:  # fmt: skip
        """Convert arrays to Tensors, and find the order back where it is not given."""
        order, back = (None if x is None else autograd.asarray(x) for x in (sorted_indices, unsorted_indices))
        back = invert_permutation(order) if back is None else back
        return super().__new__(cls, autograd.asarray(data), autograd.asarray(batch_sizes), order, back)

    def to(self, dtype: DTypeLike) -> Self:
        """Return the same sequences with data of another dtype."""
        return self._replace(data=self.data.astype(dtype))

    def float(self) -> Self:
        """Return the same sequences in float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Return the same sequences in float64."""
        return self.to(np.float64)


def invert_permutation(permutation: Array | None) -> Tensor | None:
    """Return the inverse of a permutation of 0, ..., N - 1; of None, None.

    >>> invert_permutation(np.array([2, 0, 1]))
    Tensor([1, 2, 0])
    """
    return None if permutation is None else Tensor(np.argsort(np.asarray(autograd.asarray(permutation))))


def _counts(lengths: Array, name: str) -> np.ndarray:
    """Return lengths as integers (N,).

    Raises:
        TypeError: when they are not integers.
        ValueError: when they are below 1, or not one number for each sequence.
    """
    counts = np.asarray(autograd.asarray(lengths))
    if counts.dtype.kind not in "iu":
        raise TypeError(f"{name}: lengths must be integers, not {counts.dtype}")
    if counts.ndim != 1 or not counts.size or counts.min() < 1:
        raise ValueError(f"{name}: lengths must be one number of at least 1 for each sequence, not {lengths!r:.60}")
    return counts.astype(np.int64)


def pack_padded_sequence(
    input: Array, lengths: Array, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Return padded sequences without their padding.

    Args:
        input: (T, N, ...), of any dtype; (N, T, ...) if `batch_first`.
        lengths: how many elements each sequence has, integers (N,) from 1 to T.
        batch_first: whether the first axis is that of the batch.
        enforce_sorted: insist that the lengths never rise; else the sequences are sorted, and sorted back later.

    Raises:
        TypeError: when the lengths are not integers.
        ValueError: when they do not fit the input, or are not sorted and should be.

    >>> padded = np.array([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> packed = pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes, packed.sorted_indices
    (Tensor([4, 1, 3, 5, 2, 6]), Tensor([3, 2, 1]), Tensor([2, 0, 1]))
    """
    x, counts = autograd.asarray(input), _counts(lengths, "pack_padded_sequence")
    if x.ndim < 2 or x.shape[1 - batch_first] != counts.size or counts.max() > x.shape[batch_first]:
        axes = "(N, T, ...)" if batch_first else "(T, N, ...)"
        raise ValueError(f"pack_padded_sequence: input {axes}, {x.shape}, does not fit lengths {counts.tolist()}")
    order = None
    if not enforce_sorted:
        order = np.argsort(-counts, kind="stable")
        counts = counts[order]
    elif (np.diff(counts) > 0).any():
        raise ValueError(
            f"pack_padded_sequence: lengths {counts.tolist()} rise; sort the sequences, or pass enforce_sorted=False"
        )
    inside = np.arange(counts[0])[:, None] < counts
    time, sequence = np.nonzero(inside)
    sequence = sequence if order is None else order[sequence]
    data = x[sequence, time] if batch_first else x[time, sequence]
    return PackedSequence(data, inside.sum(axis=1), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return packed sequences with padding, in the order that they had.

    Args:
        sequence: the packed sequences.
        batch_first: give (N, T, ...) instead of (T, N, ...).
        padding_value: what fills the rest.
        total_length: T; that of the longest sequence by default.

    Returns:
        The padded sequences, and their lengths, integers (N,).

    Raises:
        ValueError: when a sequence is longer than `total_length`.

    >>> padded, lengths = pad_packed_sequence(pack_sequence([Tensor([1.0, 2.0]), Tensor([3.0])]), batch_first=True)
    >>> padded.tolist(), lengths.tolist()
    ([[1.0, 2.0], [3.0, 0.0]], [2, 1])
    """
    sizes = np.asarray(sequence.batch_sizes)
    counts = (sizes[:, None] > np.arange(sizes[0])).sum(axis=0)
    if total_length is not None and total_length < sizes.size:
        raise ValueError(f"pad_packed_sequence: total_length={total_length}, but a sequence has length {sizes.size}")
    inside = np.arange(sizes.size if total_length is None else total_length)[:, None] < counts
    order = slice(None) if sequence.unsorted_indices is None else np.asarray(sequence.unsorted_indices)
    rows = _numbered(inside)[:, order]
    padded = _padded(sequence.data, rows.T if batch_first else rows, padding_value)
    return padded, Tensor(counts[order])


def _numbered(inside: np.ndarray) -> np.ndarray:
    """Return for each True which one it is, and for each False how many there are."""
    return np.where(inside, np.cumsum(inside).reshape(inside.shape) - 1, inside.sum())


def _padded(data: Tensor, rows: np.ndarray, padding_value: float) -> Tensor:
    """Return rows of data (S, ...); row S is padding."""
    padding = np.full((1, *data.shape[1:]), padding_value, data.dtype)
    return autograd.concatenate([data, padding])[rows]


def pad_sequence(
    sequences: Iterable[Array], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Return sequences as one Tensor, padded to the length of the longest.

    Args:
        sequences: for each of N sequences (L, ...).
        batch_first: give (N, T, ...) instead of (T, N, ...).
        padding_value: what fills the rest.
        padding_side: "right", after the sequences, or "left", before them.

    Raises:
        ValueError: when there are no sequences, their elements have different shapes, or for another side.

    >>> pad_sequence([Tensor([1.0, 2.0]), Tensor([3.0])], batch_first=True, padding_side="left")
    Tensor([[1., 2.],
            [0., 3.]])
    """
    items = [autograd.asarray(x) for x in sequences]
    if not items or any(not x.ndim or x.shape[1:] != items[0].shape[1:] for x in items):
        raise ValueError(
            "pad_sequence takes one or more sequences (L, ...) that differ in length only, not shapes "
            f"{[x.shape for x in items]}"
        )
    if padding_side not in ("left", "right"):
        raise ValueError(f"padding_side must be 'left' or 'right', not {padding_side!r}")
    counts = np.array([len(x) for x in items])
    inside = np.arange(counts.max()) < counts[:, None]
    rows = _numbered(inside if padding_side == "right" else inside[:, ::-1])
    return _padded(autograd.concatenate(items), rows if batch_first else rows.T, padding_value)


def unpad_sequence(padded_sequences: Array, lengths: Array, batch_first: bool = False) -> list[Tensor]:
    """Return the sequences that were padded on the right, each without its padding.

    Args:
        padded_sequences: (T, N, ...); (N, T, ...) if `batch_first`.
        lengths: how many elements each sequence has, integers (N,).
        batch_first: whether the first axis is that of the batch.

    Raises:
        TypeError, ValueError: when the lengths do not fit.

    >>> unpad_sequence(np.array([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    [Tensor([1, 2]), Tensor([3])]
    """
    x, counts = autograd.asarray(padded_sequences), _counts(lengths, "unpad_sequence")
    if x.ndim < 2 or x.shape[1 - batch_first] != counts.size or counts.max() > x.shape[batch_first]:
        raise ValueError(f"unpad_sequence: sequences of shape {x.shape} do not fit lengths {counts.tolist()}")
    return [x[k, :n] if batch_first else x[:n, k] for k, n in enumerate(counts.tolist())]


def pack_sequence(sequences: Iterable[Array], enforce_sorted: bool = True) -> PackedSequence:
    """Return sequences (L, ...) as a packed batch; the arguments are as for `pack_padded_sequence`.

    >>> pack_sequence([Tensor([1.0]), Tensor([2.0, 3.0])], enforce_sorted=False).data
    Tensor([2., 1., 3.])
    """
    items = [autograd.asarray(x) for x in sequences]
    return pack_padded_sequence(pad_sequence(items), [len(x) for x in items], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return the sequences of a packed batch, each by itself.

    >>> unpack_sequence(pack_sequence([Tensor([1.0, 2.0]), Tensor([3.0])]))[1]
    Tensor([3.])
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences))
