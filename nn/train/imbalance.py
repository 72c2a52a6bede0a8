"""Classes of which there are many or few examples: weights in the loss, and training in two phases.

Resampling is done by the loader: see the samplers in `nn.data`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import check_size
from nn.optim.optimizer import check_number
from nn.train.finetuning import freeze, matching, unfreeze
from nn.train.history import History
from nn.train.trainer import Trainer


def class_weights(targets: Any, classes: int | None = None, *, beta: float | None = None) -> Tensor:
    """Return a weight for each class, for `nn.CrossEntropyLoss(weight=...)`: rare classes count for more.

    The weight is N / (C n) for a class with n of all N examples, so that all classes together count the same. With
    `beta`, it is proportional to (1 - beta) / (1 - beta^n), with a mean of 1 over the classes: examples of large
    classes resemble each other. A class without examples gets 0.

    Source: King and Zeng, Logistic regression in rare events data (2001), section 4.2; for `beta`: Cui et al.,
    Class-balanced loss based on effective number of samples (2019), equation 2.

    Args:
        targets: classes (N,), integers.
        classes: C; by default one more than the largest.
        beta: in [0, 1), 0.999 for example.

    Returns:
        Weights (C,), in the default dtype.

    Raises:
        ValueError: when a number is no class, or `beta` is not in [0, 1).

    >>> class_weights([0, 0, 0, 1])
    Tensor([0.6666667, 2.       ])
    """
    labels = np.asarray(targets.detach() if isinstance(targets, Tensor) else targets).reshape(-1)
    count = int(labels.max(initial=0)) + 1 if classes is None else check_size(classes, "classes")
    if labels.size == 0 or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= count:
        raise ValueError(f"targets must be integers from 0 to {count - 1}, and one at least")
    counts = np.bincount(labels, minlength=count).astype(np.float64)
    there = counts > 0
    weights = np.zeros(count)
    if beta is None:
        weights[there] = labels.size / (count * counts[there])
    else:
        check_number("beta", beta, below=1.0)
        weights[there] = (1 - beta) / (1 - beta ** counts[there])
        weights *= there.sum() / weights.sum()
    return Tensor(weights.astype(autograd.get_default_dtype()))


def two_phase_fit(
    trainer: Trainer, balanced: Any, original: Any, last_layer: str, validation: Any = None,
    epochs: tuple[int, int] = (5, 2), **options: Any,
) -> History:  # fmt: skip
    """Train on balanced classes, then only the last layer on the classes as they are.

    The first phase learns features from all classes alike, the second how frequent the classes really are.

    Source: Havaei et al., Brain tumor segmentation with deep neural networks (2017), section 3.3 "two-phase training".

    Args:
        trainer: has the model.
        balanced: data with as many examples of each class, from a balancing sampler for example.
        original: data as they are.
        last_layer: the name of the layer that is trained in the second phase.
        validation: as for `Trainer.fit`.
        epochs: of each phase.
        **options: of `Trainer.fit`.

    Returns:
        The history of both phases. Afterwards what was trained before is trained again.

    Raises:
        ValueError: when there is no such layer.
    """
    kept = matching(trainer.model, last_layer)
    trainer.fit(balanced, validation, epochs[0], **options)
    frozen = [name for name, p in trainer.model.named_parameters() if p.requires_grad and name not in kept]
    freeze(trainer.model, *frozen)
    try:
        return trainer.fit(original, validation, epochs[1], **options)
    finally:
        unfreeze(trainer.model, *frozen)
