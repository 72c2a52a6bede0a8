"""Tables of trained vectors, looked up by number."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.functional.embeddings import check_mode, check_padding
from nn.module import Module, Parameter, as_floating, check_size


class Table(Module):
    """What the layers share that look up rows of a table."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    weight: Parameter

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, max_norm: float | None,
        norm_type: float, scale_grad_by_freq: bool, dtype: DTypeLike | None, generator: np.random.Generator | None,
    ) -> None:  # fmt: skip
        self.num_embeddings = check_size(num_embeddings, "num_embeddings", 0)
        self.embedding_dim = check_size(embedding_dim, "embedding_dim", 0)
        self.padding_idx = check_padding(type(self).__name__, padding_idx, self.num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.weight = Parameter(autograd.zeros((self.num_embeddings, self.embedding_dim), dtype))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw new initial values; the padding row is 0."""
        init.normal_(self.weight, generator=generator)
        if self.padding_idx is not None:
            with autograd.no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Self:
        """Return a layer with a given table.

        Args:
            embeddings: the table (V, D), floating; the layer shares its memory.
            freeze: keep it as it is in training.
            **options: the constructor's, after the sizes.

        Raises:
            ValueError: when the table has other than two axes.

        >>> Embedding.from_pretrained(Tensor([[1.0, 2.0], [3.0, 4.0]]))([1])
        Tensor([[3., 4.]])
        """
        table = as_floating(embeddings, None, cls.__name__)
        if table.ndim != 2:
            raise ValueError(f"{cls.__name__}.from_pretrained takes a table (V, D), not shape {table.shape}")
        options.setdefault("generator", np.random.default_rng(0))  # leave the default one as it is
        layer = cls(table.shape[0], table.shape[1], **options)
        layer.weight = Parameter(table, requires_grad=not freeze)
        return layer

    def _options(self) -> str:
        """Return those of the constructor's arguments that differ from their defaults."""
        text = f", max_norm={self.max_norm}" if self.max_norm is not None else ""
        text += f", norm_type={self.norm_type}" if self.norm_type != 2 else ""
        return text + (f", scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else "")


class Embedding(Table):
    """A table of trained vectors, looked up by number. They start normal, of mean 0 and standard deviation 1.

    PyTorch's `sparse`, which asks for sparse gradients, is not there. Source: Bengio et al., A neural probabilistic
    language model (2003), section 2.

    Args:
        num_embeddings: V, how many vectors.
        embedding_dim: D, their size.
        padding_idx: the number of a vector that starts as 0 and gets no gradient.
        max_norm: rescale the vectors that are looked up and longer than this to this length, in place.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each vector's gradient by how often it is looked up in a batch.
        dtype: of the table; the default dtype by default.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input of any shape (...), integers; output (..., D); `weight` (V, D).

    Raises:
        TypeError: for sizes or input that are not integers.
        ValueError: for negative sizes, or a `padding_idx` without a vector.
        IndexError: when called, for a number without a vector.

    >>> Embedding(10, 3)([[1, 2], [3, 4]]).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, *, dtype: DTypeLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, dtype, generator
        )

    def forward(self, input: Any) -> Tensor:
        """Return the vectors (..., D) of numbers (...)."""
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)

    def extra_repr(self) -> str:
        """Return the constructor's arguments, those that differ from their defaults."""
        padding = f", padding_idx={self.padding_idx}" if self.padding_idx is not None else ""
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}{self._options()}"


class EmbeddingBag(Table):
    """Sums, means or largest elements of trained vectors, bag by bag; see `nn.functional.embedding_bag`.

    PyTorch's `sparse`, which asks for sparse gradients, is not there. Source: Joulin et al., Bag of tricks for
    efficient text classification (2017).

    Args:
        num_embeddings: V, how many vectors.
        embedding_dim: D, their size.
        max_norm: rescale the vectors that are looked up and longer than this to this length, in place.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each vector's gradient by how often it is looked up in a batch; not for "max".
        mode: "sum", "mean" or "max".
        include_last_offset: the offsets have one more, where the last bag ends.
        padding_idx: the number of a vector that starts as 0 and is left out of the bags.
        dtype: of the table; the default dtype by default.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (B, L), or (n,) with offsets (B,), integers; output (B, D); `weight` (V, D).

    Raises:
        TypeError: for sizes or input that are not integers.
        ValueError: for negative sizes, a `padding_idx` without a vector, an unknown mode, or offsets that do not fit.
        IndexError: when called, for a number without a vector.

    >>> EmbeddingBag(10, 3)([1, 2, 3, 4], [0, 1]).shape
    (2, 3)
    """

    mode: str
    include_last_offset: bool

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", *, include_last_offset: bool = False,
        padding_idx: int | None = None, dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        check_mode(mode, scale_grad_by_freq)
        self.mode = mode
        self.include_last_offset = include_last_offset
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, dtype, generator
        )

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """Return what the bags make (B, D)."""
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            per_sample_weights=per_sample_weights, include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Return the constructor's arguments, those that differ from their defaults."""
        padding = f", padding_idx={self.padding_idx}" if self.padding_idx is not None else ""
        return f"{self.num_embeddings}, {self.embedding_dim}{self._options()}, mode={self.mode!r}{padding}"
