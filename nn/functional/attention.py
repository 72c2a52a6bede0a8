"""Attention: means of values, weighted by how well keys fit queries.

Source: Vaswani et al., Attention is all you need (2017), sections 3.2.1 (scaled dot products) and 3.2.2 (heads).
A query from which masks hide every key gets zeros, with gradient 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, op, sample
from nn.functional.dropouts import dropout
from nn.functional.linear_maps import linear
from nn.module import as_floating

Array = Any  # an array or a Tensor
Generator = np.random.Generator


# --- the weights ------------------------------------------------------------------------------------------------------


def _of_scores(g: Array, out: Array) -> Array:
    """Return the gradient of the scores (..., L, S), from that of the weights."""
    if isinstance(g, Tensor) or isinstance(out, Tensor):
        return out * (g - np.sum(g * out, axis=-1, keepdims=True))
    grad = g - np.einsum("...i,...i->...", g, out)[..., None]  # without the products in memory
    grad *= out
    return grad


@op(
    x=_of_scores,
    mask=_of_scores,
    samples=[
        sample((2, 3)), sample((2, 3), (3,)), sample((2, 2, 3), (2, 1, 3)), sample((2, 3), (2, 2, 3)),
        sample((2, 0), (2, 0)), sample((0, 2)), sample((2, 1), (2, 1)),
    ],
)  # fmt: skip
def _weights(x: Array, mask: Array | None = None) -> Tensor:
    """Return softmax(x + mask) over the last axis: the shares of exponentials; zeros where all terms are -inf.

    One op, because it needs few passes over large arrays, and keeps nothing but its result.

    Args:
        x: (..., S).
        mask: broadcasts with x, or None.
    """
    scores = x if mask is None else x + mask
    top = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
    top[top == -np.inf] = 0
    out = np.subtract(scores, top, out=None if mask is None else scores)
    np.exp(out, out=out)
    total = np.sum(out, axis=-1, keepdims=True)
    total[total == 0] = 1
    out /= total
    return out  # type: ignore[no-any-return]


def _attended(
    q: Tensor, k: Tensor, v: Tensor, mask: Array | None, scale: float | None, dropout_p: float,
    generator: Generator | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the means (..., L, D) and the weights (..., L, S), for (..., L, E), (..., S, E), (..., S, D)."""
    factor = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    weights = _weights((q * factor) @ k.swapaxes(-1, -2), mask)  # queries are fewer numbers to scale than scores
    weights = dropout(weights, dropout_p, generator=generator)
    return weights @ v, weights


def _additive(mask: Array, hides: bool, dtype: Any, name: str) -> Array:
    """Return a mask as what to add to scores; where a bool mask is `hides`, that is -inf.

    Raises:
        TypeError: for a mask of integers.
    """
    given = autograd.asarray(mask)
    if given.dtype == bool:
        return np.where(given.numpy() == hides, -np.inf, 0).astype(dtype)
    if given.dtype.kind != "f":
        raise TypeError(
            f"{name} must be bool, or floating and then is added to the scores, not {given.dtype}; "
            "for zeros and ones, write mask != 0"
        )
    return given.astype(dtype) if given.dtype != dtype else given


def scaled_dot_product_attention(
    query: Array, key: Array, value: Array, attn_mask: Array | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False, *,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Return softmax(query @ key.T * scale + attn_mask) @ value: means of the values, weighted by likeness.

    Source: Vaswani et al., Attention is all you need (2017), equation 1; for groups of queries, Ainslie et al., GQA:
    training generalized multi-query Transformer models (2023).

    Args:
        query: (..., L, E), floating.
        key: (..., S, E), floating; first axes broadcast.
        value: (..., S, D), floating.
        attn_mask: broadcasts to (..., L, S): bool, False where a query shall not see a key; or floating, added to the
            scores, converted to their dtype. A query that sees no key gets zeros, with gradient 0.
        dropout_p: the probability of leaving out each weight; unlike a layer, the function cannot know when not to.
        is_causal: hide key j from query i where j > i; not together with `attn_mask`.
        scale: the factor of the products, 1/sqrt(E) by default.
        enable_gqa: let each head of key and value, in axis -3, serve several neighbouring heads of the query.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Returns:
        (..., L, D).

    Raises:
        ValueError: when shapes do not fit, heads cannot be shared equally, there are two masks, or dropout_p is not in
            [0, 1].
        TypeError: when an input is not floating, or the mask is of integers.

    >>> q, k, v = Tensor([[1.0, 0.0]]), Tensor([[9.0, 0.0], [0.0, 9.0]]), Tensor([[1.0], [2.0]])
    >>> scaled_dot_product_attention(q, k, v, scale=100.0)
    Tensor([[1.]])
    >>> scaled_dot_product_attention(q, k, v, attn_mask=np.array([[False, True]]))
    Tensor([[2.]])
    """
    q, k, v = (as_floating(x, None, "scaled_dot_product_attention") for x in (query, key, value))
    _check_products(q, k, v)
    if enable_gqa:
        k, v = _shared_heads(k, q), _shared_heads(v, q)
    sizes = q.shape[-2], k.shape[-2]
    if is_causal:
        if attn_mask is not None:
            raise ValueError("scaled_dot_product_attention takes attn_mask or is_causal=True, not both")
        attn_mask = np.tri(*sizes, dtype=bool)
    mask = None
    if attn_mask is not None:
        mask = _additive(attn_mask, False, np.result_type(q.dtype, k.dtype), "attn_mask")
        if not mask.ndim or any(n not in (1, m) for n, m in zip(mask.shape[-2:], sizes[-mask.ndim :], strict=True)):
            raise ValueError(
                f"attn_mask must broadcast to (..., L, S) = (..., {sizes[0]}, {sizes[1]}), not {mask.shape}"
            )
    return _attended(q, k, v, mask, scale, dropout_p, generator)[0]


def _check_products(q: Tensor, k: Tensor, v: Tensor) -> None:
    """Raise a ValueError unless there is a key for each value, and keys are as long as queries."""
    fits = min(q.ndim, k.ndim, v.ndim) >= 2 and q.shape[-1] == k.shape[-1] and k.shape[-2] == v.shape[-2]
    if not fits:
        raise ValueError(
            "scaled_dot_product_attention takes query (..., L, E), key (..., S, E) and value (..., S, D), not "
            f"{q.shape}, {k.shape} and {v.shape}"
        )


def _shared_heads(x: Tensor, query: Tensor) -> Tensor:
    """Return x (..., heads, S, E) with each head repeated, so that there is one for each of the query's."""
    if min(x.ndim, query.ndim) < 3 or not x.shape[-3] or query.shape[-3] % x.shape[-3]:
        raise ValueError(
            "enable_gqa=True needs heads in axis -3, for key and value a number that divides the query's: got "
            f"{x.shape} for a query {query.shape}"
        )
    times = query.shape[-3] // x.shape[-3]
    return x if times == 1 else autograd.repeat(x, times, axis=-3)


# --- several heads ----------------------------------------------------------------------------------------------------
# Sequences are (a, b, E): batches first (N, L, E), else (L, N, E). Heads are (N, H, L, D), views wherever possible.


def multi_head_attention_forward(
    query: Array, key: Array, value: Array, embed_dim_to_check: int, num_heads: int, in_proj_weight: Array | None,
    in_proj_bias: Array | None, bias_k: Array | None, bias_v: Array | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Array, out_proj_bias: Array | None, training: bool = True, key_padding_mask: Array | None = None,
    need_weights: bool = True, attn_mask: Array | None = None, use_separate_proj_weight: bool = False,
    q_proj_weight: Array | None = None, k_proj_weight: Array | None = None, v_proj_weight: Array | None = None,
    static_k: Array | None = None, static_v: Array | None = None, average_attn_weights: bool = True,
    is_causal: bool = False, *, batch_first: bool = False, generator: Generator | None = None,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Return attention in several heads of projected queries, keys and values, projected again; and the weights.

    Where query, key and value are one and the same object, they are projected by one product.

    Args:
        query: (L, N, E), or one (L, E), floating.
        key: (S, N, K), or (S, K).
        value: (S, N, V), or (S, V).
        embed_dim_to_check: E.
        num_heads: H, which divides E.
        in_proj_weight: (3*E, E), for query, key and value one below the other.
        in_proj_bias: (3*E,), or None.
        bias_k: a key (E,) or (1, 1, E) to add to each sequence, or None.
        bias_v: its value, or None.
        add_zero_attn: add a key and a value of zeros to each sequence.
        dropout_p: the probability of leaving out each weight.
        out_proj_weight: (E, E).
        out_proj_bias: (E,), or None.
        training: whether to leave out weights.
        key_padding_mask: (N, S), or (S,): bool, True where nobody shall see a key; or floating, added to the scores.
        need_weights: return the weights too.
        attn_mask: (L, S), or (N*H, L, S): bool, True where a query shall not see a key; or floating, added to the
            scores. A query that sees no key gets zeros from each head; PyTorch has nan instead if need_weights.
        use_separate_proj_weight: project by the following three instead of `in_proj_weight`.
        q_proj_weight: (E, E).
        k_proj_weight: (E, K).
        v_proj_weight: (E, V).
        static_k: (N*H, S, E/H), the projected keys, or None.
        static_v: (N*H, S, E/H), the projected values, or None.
        average_attn_weights: return the mean of the heads' weights.
        is_causal: says that `attn_mask`, which must be there, is a causal one; what counts is the mask.
        batch_first: take and return (N, L, E) instead; not in PyTorch.
        generator: the source of randomness; `autograd.default_generator()` by default; not in PyTorch.

    Returns:
        (L, N, E), or (L, E); and the weights after dropout, (N, L, S), or (N, H, L, S) if not averaged, without N for
        single sequences, S counting added keys; or None.

    Raises:
        ValueError: when shapes do not fit, or something is missing; says what.
        TypeError: when an input is not floating, or a mask is of integers.

    >>> x, eye = autograd.ones((4, 2)), np.eye(2, dtype=np.float32)
    >>> y, weights = multi_head_attention_forward(
    ...     x, x, x, 2, 1, np.tile(eye, (3, 1)), None, None, None, False, 0.0, eye, None
    ... )
    >>> y.shape, weights.shape, weights[0, 0].item()
    ((4, 2), (4, 4), 0.25)
    """
    q, k, v = each_once((query, key, value), lambda x: as_floating(x, None, "multi_head_attention_forward"))
    single, axis = q.ndim == 2, 0 if batch_first else 1
    to_heads, from_heads = ((0, 2, 1, 3), (0, 2, 1, 3)) if batch_first else ((1, 2, 0, 3), (2, 0, 1, 3))
    _check_sequences(q, k, v, embed_dim_to_check, num_heads, axis)
    if single:
        q, k, v = each_once((q, k, v), lambda x: autograd.expand_dims(x, axis))
        key_padding_mask = None if key_padding_mask is None else autograd.asarray(key_padding_mask)[None]
    if is_causal and attn_mask is None:
        raise ValueError("is_causal=True only describes attn_mask: give one, as generate_square_subsequent_mask does")
    scores = (q.shape[axis], num_heads, q.shape[1 - axis], k.shape[1 - axis])
    mask = _merged(attn_mask, key_padding_mask, scores, q.dtype)
    apart = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    projected = _projected((q, k, v), in_proj_weight, apart, in_proj_bias, num_heads)
    queries, keys, values = (x.transpose(to_heads) for x in projected)
    keys, values = _replaced(keys, static_k, bias_k), _replaced(values, static_v, bias_v)
    if (bias_k is None) != (bias_v is None) or keys.shape[2] != values.shape[2]:
        raise ValueError("bias_k and bias_v come together, and static_k and static_v with as many keys as values")
    more = (bias_k is not None) + add_zero_attn
    if mask is not None and more:
        mask = autograd.pad(mask, [(0, 0)] * 3 + [(0, more)])
    keys, values = _extended(keys, bias_k, add_zero_attn), _extended(values, bias_v, add_zero_attn)
    out, weights = _attended(queries, keys, values, mask, None, dropout_p if training else 0.0, generator)
    merged = out.transpose(from_heads).reshape(math.prod(q.shape[:2]), embed_dim_to_check)
    y = linear(merged, out_proj_weight, out_proj_bias)
    y = y.reshape(q.shape[0], q.shape[1], y.shape[-1])
    if single:
        y, weights = y.squeeze(axis), weights.squeeze(0) if need_weights else weights
    return y, (weights.mean(-3) if average_attn_weights else weights) if need_weights else None


def each_once(values: Sequence[Any], change: Callable[[Any], Tensor]) -> list[Tensor]:
    """Return what `change` makes of each value; what was one and the same object is so afterwards.

    >>> x = np.ones(2)
    >>> a, b = each_once((x, x), Tensor)
    >>> a is b
    True
    """
    changed = {id(x): x for x in values}
    changed = {number: change(x) for number, x in changed.items()}
    return [changed[id(x)] for x in values]


def _check_sequences(q: Tensor, k: Tensor, v: Tensor, embed_dim: int, num_heads: int, axis: int) -> None:
    """Raise a ValueError unless there is a value for each key, in as many sequences, and the heads divide E."""
    if num_heads < 1 or embed_dim % num_heads:
        raise ValueError(f"num_heads={num_heads} must divide embed_dim={embed_dim}")
    alike = q.ndim == k.ndim == v.ndim and q.ndim in (2, 3) and k.shape[:-1] == v.shape[:-1]
    if not alike or q.shape[-1] != embed_dim or (q.ndim == 3 and q.shape[axis] != k.shape[axis]):
        takes = "(N, L, E), (N, S, K) and (N, S, V)" if axis == 0 else "(L, N, E), (S, N, K) and (S, N, V)"
        raise ValueError(
            f"multi-head attention takes query, key and value {takes}, or without N, for embed_dim E = {embed_dim}, "
            f"not {q.shape}, {k.shape} and {v.shape}"
        )


def _projected(
    sequences: Sequence[Tensor], together: Array | None, apart: Sequence[Array | None] | None, bias: Array | None,
    heads: int,
) -> list[Tensor]:  # fmt: skip
    """Return query, key and value (a, b, H, D), projected by one weight for all three, or by three."""
    size = sequences[0].shape[-1]
    if any(w is None for w in (apart or [together])):
        raise ValueError("in_proj_weight is missing, or one of q_proj_weight, k_proj_weight and v_proj_weight")
    if bias is not None and np.shape(bias) != (3 * size,):
        raise ValueError(f"in_proj_bias must have shape {(3 * size,)}, not {np.shape(bias)}")
    runs = [1, 1, 1] if apart else [len(list(run)) for _, run in itertools.groupby(sequences, key=id)]
    cuts = [size * n for n in itertools.accumulate(runs)][:-1]  # equal neighbours are projected by one product
    weights = list(apart) if apart else _pieces(together, cuts)
    results: list[Tensor] = []
    for n, weight, b in zip(runs, weights, _pieces(bias, cuts), strict=True):
        x = sequences[len(results)]
        if np.shape(weight) != (n * size, x.shape[-1]):
            raise ValueError(
                f"the weight for input {x.shape} must have shape {(n * size, x.shape[-1])}, not {np.shape(weight)}"
            )
        y = linear(x.reshape(math.prod(x.shape[:2]), x.shape[-1]), weight, b)
        results += autograd.unstack(y.reshape(*x.shape[:2], n, heads, size // heads), axis=2)
    return results


def _pieces(x: Array | None, cuts: list[int]) -> Sequence[Any]:
    """Return the pieces of x between the given positions."""
    if x is None or not cuts:
        return [x] * (len(cuts) + 1)
    return autograd.split(autograd.asarray(x), cuts)


def _replaced(projected: Tensor, static: Array | None, bias: Array | None) -> Tensor:
    """Return keys or values (N, H, S, D): the static ones (N*H, S, D) if there are any."""
    if static is None:
        return projected
    x, (batch, heads, _, size) = autograd.asarray(static), projected.shape
    if bias is not None or x.ndim != 3 or x.shape[0] != batch * heads or x.shape[2] != size:
        raise ValueError(
            f"static_k and static_v must be (N*H, S, D) = ({batch * heads}, S, {size}), and without bias_k and bias_v; "
            f"got {x.shape}"
        )
    return x.reshape(batch, heads, x.shape[1], size)


def _extended(x: Tensor, bias: Array | None, zero: bool) -> Tensor:
    """Return keys or values (N, H, S, D) with a bias (H*D) and with zeros at the end of each sequence."""
    batch, heads, _, size = x.shape
    more = []
    if bias is not None:
        b = autograd.asarray(bias).reshape(1, heads, 1, size)
        more.append(autograd.broadcast_to(b, (batch, heads, 1, size)))
    if zero:
        more.append(autograd.zeros((batch, heads, 1, size), x.dtype))
    return autograd.concatenate([x, *more], axis=2) if more else x


def _merged(attn_mask: Array | None, padding: Array | None, scores: tuple[int, ...], dtype: Any) -> Any:
    """Return what to add to scores (N, H, L, S) for the masks of pairs and of keys, or None."""
    batch, heads, length, keys = scores
    masks = []
    if attn_mask is not None:
        mask = _additive(attn_mask, True, dtype, "attn_mask")
        if mask.shape not in ((length, keys), (batch * heads, length, keys)):
            raise ValueError(
                f"attn_mask must be (L, S) = {(length, keys)} or (N*H, L, S) = {(batch * heads, length, keys)}, "
                f"not {mask.shape}"
            )
        masks.append(mask.reshape((1, 1, length, keys) if mask.ndim == 2 else scores))
    if padding is not None:
        mask = _additive(padding, True, dtype, "key_padding_mask")
        if mask.shape != (batch, keys):
            raise ValueError(f"key_padding_mask must be (N, S) = {(batch, keys)}, or (S,), not {mask.shape}")
        masks.append(mask.reshape(batch, 1, 1, keys))
    return sum(masks[1:], start=masks[0]) if masks else None
