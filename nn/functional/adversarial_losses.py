"""Losses of generative adversarial networks: a discriminator scores what is real high and what is fake low.

Sources: Goodfellow et al., Generative adversarial nets (2014), for "minimax" and "non-saturating"; Mao et al., Least
squares generative adversarial networks (2017); Lim and Ye, Geometric GAN (2017), for "hinge"; Arjovsky, Chintala and
Bottou, Wasserstein GAN (2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd
from autograd import Tensor
from nn.functional.reductions import check_reduction, reduced
from nn.module import as_floating

Array = Any  # an array or a Tensor
Loss = Callable[[Tensor], Tensor]


class AdversarialKind(NamedTuple):
    """The losses of scores: the discriminator's of real and fake examples, and the generator's of its fakes."""

    real: Loss
    fake: Loss
    generator: Loss


def _softplus_of_negative(s: Tensor) -> Tensor:
    return autograd.softplus(-s)  # -log(sigmoid(s))


def _negative(s: Tensor) -> Tensor:
    return -s


def _to_one(s: Tensor) -> Tensor:
    return autograd.square(s - 1) / 2


KINDS = {
    "minimax": AdversarialKind(_softplus_of_negative, autograd.softplus, lambda s: -autograd.softplus(s)),
    "non-saturating": AdversarialKind(_softplus_of_negative, autograd.softplus, _softplus_of_negative),
    "least-squares": AdversarialKind(_to_one, lambda s: autograd.square(s) / 2, _to_one),
    "hinge": AdversarialKind(lambda s: autograd.relu(1 - s), lambda s: autograd.relu(1 + s), _negative),
    "wasserstein": AdversarialKind(_negative, lambda s: +s, _negative),
}


def adversarial_kind(kind: str) -> AdversarialKind:
    """Return the losses of a kind.

    Raises:
        ValueError: when there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"the kind of adversarial loss must be one of {', '.join(map(repr, KINDS))}, not {kind!r}")
    return KINDS[kind]


def discriminator_loss(real: Array, fake: Array, kind: str = "non-saturating", *, reduction: str = "mean") -> Tensor:
    """Return the loss of a discriminator, that of the real examples plus that of the fake ones.

    With D = sigmoid(score) it is, for "minimax" and "non-saturating", -log(D(real)) - log(1 - D(fake)); for
    "least-squares" ((score(real) - 1)**2 + score(fake)**2) / 2; for "hinge" max(1 - score(real), 0) +
    max(1 + score(fake), 0); for "wasserstein" score(fake) - score(real).

    Args:
        real: scores of real examples, any shape, floating; no sigmoid applied.
        fake: scores of generated examples, any shape; give the discriminator detached examples.
        kind: which loss.
        reduction: "mean" or "sum" of each of both parts, or "none", for which both need the same shape.

    Raises:
        ValueError: for another kind or reduction.
        TypeError: when the scores are not floating.

    >>> discriminator_loss(Tensor([2.0]), Tensor([-0.5]), "hinge")
    Tensor(0.5)
    """
    losses, real_scores = adversarial_kind(kind), as_floating(real, None, "discriminator_loss")
    check_reduction(reduction)
    fake_scores = as_floating(fake, real_scores.dtype, "discriminator_loss")
    if reduction == "none" and real_scores.shape != fake_scores.shape:
        raise ValueError(
            f"discriminator_loss with reduction='none' needs as many real scores, {real_scores.shape}, as fake ones, "
            f"{fake_scores.shape}"
        )
    return reduced(losses.real(real_scores), reduction) + reduced(losses.fake(fake_scores), reduction)


def generator_loss(fake: Array, kind: str = "non-saturating", *, reduction: str = "mean") -> Tensor:
    """Return the loss of a generator, whose examples should be scored high.

    With D = sigmoid(score) it is, for "minimax", log(1 - D(fake)), whose gradient vanishes where the discriminator is
    sure; for "non-saturating" -log(D(fake)); for "least-squares" (score(fake) - 1)**2 / 2; for "hinge" and
    "wasserstein" -score(fake).

    Args:
        fake: scores of generated examples, any shape, floating; no sigmoid applied.
        kind: which loss.
        reduction: "mean", "sum", or "none" for one loss per score.

    Raises:
        ValueError: for another kind or reduction.
        TypeError: when the scores are not floating.

    >>> generator_loss(Tensor([3.0]), "least-squares")
    Tensor(2.)
    """
    losses = adversarial_kind(kind)
    check_reduction(reduction)
    return reduced(losses.generator(as_floating(fake, None, "generator_loss")), reduction)
