"""Attention in several heads, and what tells it the order of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.dropout import Dropout
from nn.functional.attention import each_once
from nn.functional.dropouts import check_probability
from nn.linear import Linear
from nn.module import Module, Parameter, as_floating, check_size

Generator = np.random.Generator


class MultiheadAttention(Module):
    """Attention in several heads: each projects queries, keys and values, and attends; all are projected again.

    Source: Vaswani et al., Attention is all you need (2017), section 3.2.2. The projections start by
    `init.xavier_uniform_`, added keys and values by `init.xavier_normal_`, biases at 0, and the weight of `out_proj` as
    in `Linear`, all as in PyTorch.

    Args:
        embed_dim: E, the size of queries and of the result.
        num_heads: H, which divides E.
        dropout: the probability of leaving out each weight in training.
        bias: whether the projections have biases.
        add_bias_kv: add a trained key and value to each sequence.
        add_zero_attn: add a key and a value of zeros to each sequence.
        kdim: K, the size of keys, by default E.
        vdim: V, the size of values, by default E.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        query (L, N, E), key (S, N, K), value (S, N, V), floating; output (L, N, E), and weights (N, L, S), or
        (N, H, L, S) if not averaged; all without N for single sequences. With K = V = E there is `in_proj_weight`
        (3*E, E), else `q_proj_weight` (E, E), `k_proj_weight` (E, K), `v_proj_weight` (E, V); `in_proj_bias` (3*E,);
        `bias_k` and `bias_v` (1, 1, E); `out_proj.weight` (E, E), `out_proj.bias` (E,).

    Raises:
        TypeError: for sizes that are not integers, input that is not floating, or masks of integers.
        ValueError: when heads do not divide E, dropout is not in [0, 1], or shapes do not fit.

    >>> attention = MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
    >>> x = np.ones((5, 3, 8))
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    ((5, 3, 8), (5, 3, 3))
    """

    embed_dim: int
    num_heads: int
    dropout: float
    add_zero_attn: bool
    kdim: int
    vdim: int
    batch_first: bool
    generator: Generator | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None
    out_proj: Linear

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False, *,
        dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        self.embed_dim = size = check_size(embed_dim, "embed_dim")
        self.num_heads = check_size(num_heads, "num_heads")
        if size % num_heads:
            raise ValueError(f"num_heads={num_heads} must divide embed_dim={embed_dim}")
        check_probability(dropout)
        self.dropout = dropout
        self.add_zero_attn = add_zero_attn
        self.kdim = size if kdim is None else check_size(kdim, "kdim")
        self.vdim = size if vdim is None else check_size(vdim, "vdim")
        self.batch_first = batch_first
        self.generator = generator

        def parameter(*shape: int, wanted: bool = True) -> Parameter | None:
            return Parameter(autograd.zeros(shape, dtype)) if wanted else None

        together = self.kdim == size and self.vdim == size
        self.q_proj_weight = parameter(size, size, wanted=not together)
        self.k_proj_weight = parameter(size, self.kdim, wanted=not together)
        self.v_proj_weight = parameter(size, self.vdim, wanted=not together)
        self.in_proj_weight = parameter(3 * size, size, wanted=together)
        self.in_proj_bias = parameter(3 * size, wanted=bias)
        self.out_proj = Linear(size, size, bias, dtype=dtype, generator=generator)
        self.bias_k = parameter(1, 1, size, wanted=add_bias_kv)
        self.bias_v = parameter(1, 1, size, wanted=add_bias_kv)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial values, but for the weight of `out_proj`, as in PyTorch."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight, generator=generator)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added, generator=generator)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None, need_weights: bool = True,
        attn_mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Return the result and, if need_weights, the weights; see `nn.functional.multi_head_attention_forward`.

        Args:
            query: (L, N, E), or (N, L, E) if batch_first, or (L, E).
            key: (S, N, K), likewise.
            value: (S, N, V), likewise.
            key_padding_mask: (N, S), or (S,): bool, True where nobody shall see a key; or floating, added to the
                scores. A query that sees no key gets zeros from each head, also where PyTorch has nan.
            need_weights: return the weights too.
            attn_mask: (L, S), or (N*H, L, S): bool, True where a query shall not see a key; or floating.
            average_attn_weights: return the mean of the heads' weights.
            is_causal: says that `attn_mask`, which must be there, is a causal one; what counts is the mask.
        """
        dtype = self.out_proj.weight.dtype
        q, k, v = each_once((query, key, value), lambda x: as_floating(x, dtype, "MultiheadAttention"))
        if k.shape[-1:] != (self.kdim,) or v.shape[-1:] != (self.vdim,):
            raise ValueError(
                f"MultiheadAttention takes keys of size kdim={self.kdim} and values of size vdim={self.vdim} in the "
                f"last axis, not {k.shape} and {v.shape}"
            )
        return F.multi_head_attention_forward(
            q, k, v, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights, attn_mask, self.in_proj_weight is None, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, average_attn_weights=average_attn_weights, is_causal=is_causal,
            batch_first=self.batch_first, generator=self.generator,
        )  # fmt: skip


class PositionalEncoding(Module):
    """Adds to each element of a sequence sines and cosines that tell its place, then leaves out at random.

    At place p, feature 2*i gets sin(p / 10000**(2*i/E)), and feature 2*i + 1 the cosine of the same. Source: Vaswani et
    al., Attention is all you need (2017), section 3.5. Not in PyTorch.

    Args:
        d_model: E, the size of the last axis.
        dropout: the probability of leaving out each feature of the sum in training.
        max_len: the length of the longest sequence.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        dtype: of the encoding; the default dtype by default. Input is converted to it.
        generator: the source of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (L, N, E) or (L, E), floating; output the same; the buffer `pe` (max_len, E) is no part of the state.

    Raises:
        TypeError: for sizes that are not integers, or input that is not floating.
        ValueError: for sizes below 1, dropout not in [0, 1], or input that is too long or has other features.

    >>> PositionalEncoding(4, dropout=0.0)(np.zeros((2, 4)))
    Tensor([[0.        , 1.        , 0.        , 1.        ],
            [0.84147096, 0.5403023 , 0.00999983, 0.99995   ]])
    """

    d_model: int
    batch_first: bool
    dropout: Dropout
    pe: Tensor

    def __init__(
        self, d_model: int, dropout: float = 0.1, max_len: int = 5000, batch_first: bool = False, *,
        dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        self.d_model = check_size(d_model, "d_model")
        self.batch_first = batch_first
        self.dropout = Dropout(dropout, generator=generator)
        places = np.arange(check_size(max_len, "max_len"))[:, None]
        angles = places / 10000 ** (np.arange(0, d_model, 2) / d_model)  # (max_len, half the features, rounded up)
        encoding = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(len(places), -1)[:, :d_model]
        kind = np.dtype(dtype or autograd.get_default_dtype())
        self.register_buffer("pe", Tensor(encoding.astype(kind)), persistent=False)

    def forward(self, input: Any) -> Tensor:
        """Return the sum of the input (L, N, E), (N, L, E) if batch_first, or (L, E), and the encoding."""
        x = as_floating(input, self.pe.dtype, "PositionalEncoding")
        axis = 1 if self.batch_first and x.ndim == 3 else 0
        if x.ndim not in (2, 3) or x.shape[-1] != self.d_model or x.shape[axis] > len(self.pe):
            takes = "(N, L, E)" if self.batch_first else "(L, N, E)"
            raise ValueError(
                f"PositionalEncoding takes {takes} or (L, E) with L up to {len(self.pe)} and E = {self.d_model}, not "
                f"{x.shape}"
            )
        encoding = self.pe[: x.shape[axis]]
        added = x + (encoding if axis == x.ndim - 2 else encoding[:, None])
        return self.dropout(added)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return f"d_model={self.d_model}, max_len={len(self.pe)}, batch_first={self.batch_first}"
