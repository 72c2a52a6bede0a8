"""Several networks that decide together.

Source: CS231n course notes, Neural networks 3, section "Model ensembles"; for voting: Breiman, Bagging predictors
(1996), section 4.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from nn import functional as F
from nn.containers import ModuleList
from nn.module import Module
from nn.train.checkpoints import read_checkpoint


class Ensemble(Module):
    """Classifiers whose answers are averaged, or counted as votes.

    Args:
        models: the classifiers; each gives scores (N, C).
        how: "average" for the mean of the probabilities, "vote" for each class's share of the models that like it best.

    Shapes:
        input as the models'; output (N, C), rows that sum to 1. Votes have no gradient.

    Raises:
        ValueError: for no models, another `how`, or models that give other shapes.

    >>> import nn, numpy as np
    >>> ensemble = Ensemble([nn.Linear(4, 3) for _ in range(5)], how="vote")
    >>> np.round(ensemble(np.ones((2, 4))).sum(axis=1).numpy(), 6)
    array([1., 1.], dtype=float32)
    """

    models: ModuleList

    def __init__(self, models: Sequence[Module], how: str = "average") -> None:
        if not models:
            raise ValueError("an ensemble needs models")
        if how not in ("average", "vote"):
            raise ValueError(f"how must be 'average' or 'vote', not {how!r}")
        self.models = ModuleList(models)
        self.how = how

    def forward(self, *inputs: Any) -> Tensor:
        """Return the probabilities, or shares of votes (N, C)."""
        outputs = [model(*inputs) for model in self.models]
        if len({output.shape for output in outputs}) > 1 or outputs[0].ndim != 2:
            raise ValueError(f"the models of an ensemble give scores of one shape (N, C), not "
                             f"{sorted({output.shape for output in outputs})}")  # fmt: skip
        if self.how == "average":
            parts = [F.softmax(output, dim=1) for output in outputs]
        else:
            classes = outputs[0].shape[1]
            parts = [F.one_hot(output.argmax(axis=1), classes).astype(output.dtype) for output in outputs]
        return autograd.stack(parts).mean(axis=0)

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"how={self.how!r}"


def load_model(model: Module, checkpoint: str | os.PathLike[str]) -> Module:
    """Give a model the weights of a checkpoint, and return it: for ensembles of moments of one training.

    Raises:
        ValueError: when the file is no intact checkpoint.
        RuntimeError: when its weights do not fit the model.

    >>> import nn, tempfile
    >>> from nn.train import write_checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_checkpoint(folder + "/a.safetensors", {"model": {"weight": Tensor([[2.0]]), "bias": Tensor([1.0])}})
    ...     load_model(nn.Linear(1, 1), folder + "/a.safetensors").weight.item()
    2.0
    """
    state = read_checkpoint(checkpoint)
    if not isinstance(state, dict) or "model" not in state:
        raise ValueError(f"{checkpoint} has no weights of a model")
    model.load_state_dict(state["model"])
    return model
