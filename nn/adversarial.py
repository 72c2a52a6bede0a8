"""Adversarial losses, as modules; formulas and sources are in `nn.functional.adversarial_losses`."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.functional.adversarial_losses import adversarial_kind
from nn.loss.base import Loss


class _AdversarialLoss(Loss):
    """What both players' losses share."""

    kind: str

    def __init__(self, kind: str = "non-saturating", *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        adversarial_kind(kind)  # raises if there is none
        self.kind = kind

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return repr(self.kind)


class DiscriminatorLoss(_AdversarialLoss):
    """The loss of a discriminator, which is to score real examples high and generated ones low.

    Args:
        kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
        reduction: "mean" or "sum" of each of both parts, or "none".

    Shapes:
        real and fake, scores without sigmoid, any shapes, floating; output (), or with "none" their common shape.

    Raises:
        ValueError: for another kind or reduction.

    >>> DiscriminatorLoss("hinge")(Tensor([2.0]), Tensor([-0.5]))
    Tensor(0.5)
    """

    def forward(self, real: Any, fake: Any) -> Tensor:
        """Return the loss."""
        return F.discriminator_loss(real, fake, self.kind, reduction=self.reduction)


class GeneratorLoss(_AdversarialLoss):
    """The loss of a generator, whose examples the discriminator is to score high.

    Args:
        kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
        reduction: "mean", "sum", or "none".

    Shapes:
        fake, scores without sigmoid, any shape, floating; output (), or with "none" that shape.

    Raises:
        ValueError: for another kind or reduction.

    >>> GeneratorLoss("least-squares")(Tensor([3.0]))
    Tensor(2.)
    """

    def forward(self, fake: Any) -> Tensor:
        """Return the loss."""
        return F.generator_loss(fake, self.kind, reduction=self.reduction)
