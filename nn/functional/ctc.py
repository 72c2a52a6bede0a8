"""Connectionist temporal classification: the loss of a sequence of labels whose times are not known.

Source: Graves et al., Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural
networks (2006); its equation numbers are given below. All is computed in logarithms, a loop over time, in which each
step is a few operations on the whole batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, op
from nn.functional.reductions import check_reduction, reduced
from nn.module import as_floating

Array = Any  # an array or a Tensor


def ctc_loss(
    log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int = 0, *,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Return -log of the probability of label sequences, summed over all their alignments with the input.

    An alignment has a label or a blank at each time; taking out repetitions and then blanks gives the labels.

    The gradient is that of the formula: minus the probability of each class at each time, given the labels. PyTorch's
    also has exp(log_probs) added, which is no part of it, but vanishes behind log_softmax.

    Args:
        log_probs: log probabilities (T, N, C), or (T, C) of one sequence, as from `log_softmax`.
        targets: labels (N, S), or one sequence after the other, (sum(target_lengths),); integers without `blank`.
        input_lengths: how many times each input has, (N,) or (); at most T.
        target_lengths: how many labels, (N,) or (); at most S.
        blank: the class that stands for no label.
        reduction: "mean" over the sequences, each divided by its number of labels; "sum"; or "none".
        zero_infinity: make losses 0 that are infinite, because the input is too short; their gradients always are 0.

    Raises:
        ValueError: when shapes or lengths do not fit, or for another reduction.
        TypeError: when the log probabilities are not floating, or labels or lengths not integers.
        IndexError: when a label or `blank` is not one of the C classes.

    >>> halves = np.log(np.full((2, 1, 2), 0.5))
    >>> autograd.exp(-ctc_loss(halves, [[1]], [2], [1]))  # three of four: 1 and 1, 1 and blank, blank and 1
    Tensor(0.75, dtype=float64)
    """
    check_reduction(reduction)
    logs = as_floating(log_probs, None, "ctc_loss")
    if logs.ndim not in (2, 3):
        raise ValueError(f"ctc_loss takes log probabilities (T, N, C) or (T, C), not shape {logs.shape}")
    x = logs if logs.ndim == 3 else logs[:, None]
    times, count, classes = x.shape
    if not 0 <= blank < classes:
        raise IndexError(f"ctc_loss: blank={blank} is not one of the C = {classes} classes")
    lengths = _lengths(input_lengths, count, times, "input_lengths")
    sizes = _lengths(target_lengths, count, None, "target_lengths")
    labels = _labels(np.asarray(autograd.asarray(targets)), sizes, blank, classes)
    losses = _ctc(x, labels=labels, lengths=lengths, sizes=sizes)
    if zero_infinity:
        losses = autograd.where(losses == np.inf, 0, losses)
    if reduction == "mean":
        losses = losses / np.maximum(sizes, 1).astype(x.dtype)
    return reduced(losses if logs.ndim == 3 else losses[0], reduction)


def _integers(x: Array, name: str) -> np.ndarray:
    values = np.asarray(autograd.asarray(x))
    if values.dtype.kind not in "iu" and values.size:
        raise TypeError(f"ctc_loss: {name} are integers, not {values.dtype}")
    return values.astype(np.int64)


def _lengths(given: Array, count: int, most: int | None, name: str) -> np.ndarray:
    """Return the lengths of `count` sequences, checked."""
    lengths = _integers(given, name)
    if lengths.size != count or lengths.ndim > 1:
        raise ValueError(f"ctc_loss: {name} are one number for each of {count} sequences, not shape {lengths.shape}")
    if count and (lengths.min() < 0 or (most is not None and lengths.max() > most)):
        limit = "" if most is None else f" and at most {most}, the times in log_probs"
        raise ValueError(f"ctc_loss: {name} are at least 0{limit}, not {lengths.min()} to {lengths.max()}")
    return lengths.reshape(-1)


def _labels(targets: np.ndarray, sizes: np.ndarray, blank: int, classes: int) -> np.ndarray:
    """Return the labels with blanks between, before and after them, (N, 2*S + 1); blanks fill what is left over."""
    targets = _integers(targets, "targets")
    longest = int(sizes.max(initial=0))
    inside = np.arange(longest) < sizes[:, None]  # (N, S)
    padded = np.full(inside.shape, blank)
    if targets.ndim == 1 and targets.size == sizes.sum():
        padded[inside] = targets
    elif targets.ndim == 2 and len(targets) == len(sizes) and targets.shape[1] >= longest:
        padded[inside] = targets[:, :longest][inside]
    else:
        raise ValueError(
            f"ctc_loss: targets are (N, S) = ({len(sizes)}, {longest} or more), or one after the other, "
            f"({sizes.sum()},), for these target_lengths; not shape {targets.shape}"
        )
    wrong = padded[inside & ((padded < 0) | (padded >= classes))]
    if wrong.size:
        raise IndexError(f"ctc_loss: the label {wrong[0]} is not one of the C = {classes} classes")
    labels = np.full((len(sizes), 2 * longest + 1), blank)
    labels[:, 1::2] = padded
    return labels


def _later(x: Array, by: int) -> Array:
    """Return x (N, L) moved up along its last axis, -inf in front."""
    by = min(by, x.shape[1])
    return np.concatenate([np.full((x.shape[0], by), -np.inf, x.dtype), x[:, : x.shape[1] - by]], axis=1)


def _earlier(x: Array, by: int) -> Array:
    """Return x (N, L) moved down along its last axis, -inf behind."""
    by = min(by, x.shape[1])
    return np.concatenate([x[:, by:], np.full((x.shape[0], by), -np.inf, x.dtype)], axis=1)


def _jumps(labels: np.ndarray) -> np.ndarray:
    """Return where an alignment may come from two places before, (N, L): at labels other than the one before."""
    before = np.concatenate([labels[:, :2], labels[:, :-2]], axis=1)[:, : labels.shape[1]]
    return labels != before  # type: ignore[no-any-return]


def _ends(labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return where an alignment may end, (N, L): at the last label, and at the blank after it."""
    places = np.arange(labels.shape[1])
    return (places == 2 * sizes[:, None]) | (places == 2 * sizes[:, None] - 1)  # type: ignore[no-any-return]


def _emissions(x: Array, labels: np.ndarray) -> Array:
    """Return the log probabilities (T, N, L) of the places of the labels (N, L)."""
    return x[:, np.arange(x.shape[1])[:, None], labels]


def _forward(emitted: Array, labels: np.ndarray) -> list[Array]:
    """Return log(alpha) of each time, (N, L): of all beginnings that end there (equations 6 and 7)."""
    jumps = _jumps(labels)
    alpha = np.where(np.arange(labels.shape[1]) < 2, emitted[0], -np.inf)
    alphas = [alpha]
    for t in range(1, emitted.shape[0]):
        stay = np.logaddexp(alpha, _later(alpha, 1))
        alpha = emitted[t] + np.logaddexp(stay, np.where(jumps, _later(alpha, 2), -np.inf))
        alphas.append(alpha)
    return alphas


def _backward(emitted: Array, labels: np.ndarray, lengths: np.ndarray, ends: np.ndarray) -> list[Array]:
    """Return log(beta) of each time without its own emission, (N, L): of all endings from there (equations 9, 10)."""
    jumps = _jumps(labels)
    start = np.where(ends, 0.0, -np.inf).astype(emitted.dtype)
    beta = np.full(start.shape, -np.inf, emitted.dtype)
    betas = []
    for t in range(emitted.shape[0] - 1, -1, -1):
        if t + 1 < emitted.shape[0]:
            ahead = beta + emitted[t + 1]
            beta = np.logaddexp(ahead, _earlier(ahead, 1))
            beta = np.logaddexp(beta, _earlier(np.where(jumps, ahead, -np.inf), 2))
        beta = np.where((lengths == t + 1)[:, None], start, beta)
        betas.append(beta)
    return betas[::-1]


def _total(alphas: Array, lengths: np.ndarray, ends: np.ndarray) -> Array:
    """Return the log probability of the labels, (N,) (equation 8)."""
    last = alphas[np.maximum(lengths, 1) - 1, np.arange(len(lengths))]
    ending = np.logaddexp.reduce(np.where(ends, last, -np.inf), axis=1)
    # Without any time there is one alignment of no labels, and none of some.
    return np.where(lengths > 0, ending, np.where(ends[:, 0], 0.0, -np.inf)).astype(alphas.dtype)


def _posterior(g: Array, x: Array, labels: np.ndarray, lengths: np.ndarray, sizes: np.ndarray) -> Array:
    """Return -g times the probability of each class at each time given the labels, (T, N, C) (equation 15)."""
    emitted, ends = _emissions(x, labels), _ends(labels, sizes)
    alphas = np.stack(_forward(emitted, labels))
    betas = np.stack(_backward(emitted, labels, lengths, ends))
    total = _total(alphas, lengths, ends)
    possible = total > -np.inf
    places = np.exp(alphas + betas - np.where(possible, total, 0)[:, None])  # (T, N, L)
    places = places * (-np.where(possible, g, 0))[:, None]
    one_hot = (labels[:, :, None] == np.arange(x.shape[2])).astype(x.dtype)  # (N, L, C)
    return np.swapaxes(np.matmul(np.swapaxes(places, 0, 1), one_hot), 0, 1)


# An op of its own, because its derivative is known: a graph of all steps would hold and repeat far more.
@op(x=_posterior)
def _ctc(x: Array, labels: np.ndarray, lengths: np.ndarray, sizes: np.ndarray) -> Tensor:
    """Return -log of the probability of labels (N, L) for log probabilities (T, N, C), (N,)."""
    alphas = np.stack(_forward(_emissions(x, labels), labels))
    return -_total(alphas, lengths, _ends(labels, sizes))  # type: ignore[no-any-return]
