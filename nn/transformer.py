"""The Transformer: encoders and decoders of attention and feed-forward layers.

Sources: Vaswani et al., Attention is all you need (2017); for normalization before each part instead of after it,
Xiong et al., On layer normalization in the Transformer architecture (2020).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.attention import MultiheadAttention
from nn.containers import ModuleList
from nn.dropout import Dropout
from nn.linear import Linear
from nn.module import Module, as_floating, check_size
from nn.norm import LayerNorm

Generator = np.random.Generator
Activation = str | Callable[[Any], Tensor]

_ACTIVATIONS: dict[str, Callable[[Any], Tensor]] = {"relu": F.relu, "gelu": F.gelu}


class _TransformerLayer(Module):
    """What the layers of encoder and decoder share: attention, two linear maps, and a normalization for each part."""

    self_attn: MultiheadAttention
    linear1: Linear
    dropout: Dropout
    linear2: Linear
    norm_first: bool
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout
    activation: Callable[[Any], Tensor]
    attentions: tuple[str, ...] = ("self_attn",)

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        given: dict[str, Any] = {"dtype": dtype, "generator": generator}
        for name in self.attentions:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **given))
        self.linear1 = Linear(d_model, check_size(dim_feedforward, "dim_feedforward"), bias, **given)
        self.dropout = Dropout(dropout, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **given)
        self.norm_first = norm_first
        parts = range(1, len(self.attentions) + 2)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout, generator=generator))
        self.activation = _activation(activation)

    def _input(self, x: Any) -> Tensor:
        """Return a sequence in the parameters' dtype."""
        return as_floating(x, self.linear1.weight.dtype, type(self).__name__)

    def _residual(self, x: Tensor, part: Callable[[Tensor], Tensor], norm: LayerNorm, dropout: Dropout) -> Tensor:
        """Return x plus what a part makes of it, normalized before or after."""
        if self.norm_first:
            return x + dropout(part(norm(x)))  # type: ignore[no-any-return]
        return norm(x + dropout(part(x)))  # type: ignore[no-any-return]

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))  # type: ignore[no-any-return]


def _activation(activation: Activation) -> Callable[[Any], Tensor]:
    """Return the function of a name, or the function given."""
    if isinstance(activation, str) and activation not in _ACTIVATIONS:
        raise ValueError(f"activation must be 'relu', 'gelu' or a function, not {activation!r}")
    if not isinstance(activation, str) and not callable(activation):
        raise TypeError(f"activation must be 'relu', 'gelu' or a function, not {type(activation).__name__}")
    return _ACTIVATIONS[activation] if isinstance(activation, str) else activation


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention and a feed-forward network, each with a skip connection and layer normalization.

    y = norm1(x + attention(x)), result = norm2(y + linear2(activation(linear1(y)))), with dropout after each part and
    within the network; with norm_first, y = x + attention(norm1(x)) and so on. Source: Vaswani et al., Attention is all
    you need (2017), section 3.1. Initial values as in the layers used.

    Args:
        d_model: E, the size of each element of a sequence.
        nhead: the number of heads, which divides E.
        dim_feedforward: the size of the network's hidden layer.
        dropout: the probability of leaving out, in training.
        activation: of the hidden layer: "relu", "gelu", or a function.
        layer_norm_eps: added to variances.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        norm_first: normalize before each part instead of after it.
        bias: whether linear maps and normalizations have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (L, N, E), or (L, E), floating; output the same; parameters as those of the inner modules.

    Raises:
        TypeError: for sizes that are not integers, input that is not floating, or masks of integers.
        ValueError: when heads do not divide E, dropout is not in [0, 1], shapes do not fit, or the activation is
            unknown.

    >>> layer = TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """Return the output for a sequence; masks as `MultiheadAttention` takes them.

        Args:
            src: (L, N, E), or (N, L, E) if batch_first, or (L, E).
            src_mask: (L, L), or (N*nhead, L, L): which elements do not see which.
            src_key_padding_mask: (N, L), or (L,): which elements nobody sees.
            is_causal: says that `src_mask` is a causal one; what counts is the mask.
        """

        def attention(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]  # type: ignore[no-any-return]

        x = self._residual(self._input(src), attention, self.norm1, self.dropout1)
        return self._residual(x, self._feed_forward, self.norm2, self.dropout2)


class TransformerDecoderLayer(_TransformerLayer):
    """Self-attention, attention to what an encoder found, and a feed-forward network, each with skip and normalization.

    Formula as for `TransformerEncoderLayer`, with a part `multihead_attn` between the two. Source: Vaswani et al.,
    Attention is all you need (2017), section 3.1. Arguments and errors as for `TransformerEncoderLayer`.

    Args:
        d_model: E, the size of each element of a sequence.
        nhead: the number of heads, which divides E.
        dim_feedforward: the size of the network's hidden layer.
        dropout: the probability of leaving out, in training.
        activation: of the hidden layer: "relu", "gelu", or a function.
        layer_norm_eps: added to variances.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        norm_first: normalize before each part instead of after it.
        bias: whether linear maps and normalizations have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        target (L, N, E), memory (S, N, E), or both without N, floating; output as the target.

    >>> layer = TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(np.ones((5, 3, 8)), np.ones((5, 4, 8))).shape
    (5, 3, 8)
    """

    multihead_attn: MultiheadAttention
    norm3: LayerNorm
    dropout3: Dropout
    attentions = ("self_attn", "multihead_attn")

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Return the output for a sequence; masks as `MultiheadAttention` takes them.

        Args:
            tgt: (L, N, E), or (N, L, E) if batch_first, or (L, E).
            memory: (S, N, E), likewise: the encoder's output.
            tgt_mask: (L, L), or (N*nhead, L, L): which elements do not see which.
            memory_mask: (L, S), or (N*nhead, L, S): which elements do not see which of the memory.
            tgt_key_padding_mask: (N, L), or (L,): which elements nobody sees.
            memory_key_padding_mask: (N, S), or (S,): which of the memory nobody sees.
            tgt_is_causal: says that `tgt_mask` is a causal one; what counts is the mask.
            memory_is_causal: likewise of `memory_mask`.
        """
        seen = self._input(memory)

        def attention(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]  # type: ignore[no-any-return]

        def look_up(x: Tensor) -> Tensor:
            return self.multihead_attn(  # type: ignore[no-any-return]
                x, seen, seen, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )[0]

        x = self._residual(self._input(tgt), attention, self.norm1, self.dropout1)
        x = self._residual(x, look_up, self.norm2, self.dropout2)
        return self._residual(x, self._feed_forward, self.norm3, self.dropout3)


def _copies(layer: Module, count: int) -> ModuleList:
    """Return copies of a layer that have their own parameters but share its generators of random numbers.

    A copied generator would draw for each layer the same numbers.
    """
    generators = [getattr(module, "generator", None) for module in layer.modules()]
    shared = {id(generator): generator for generator in generators if generator is not None}
    return ModuleList([copy.deepcopy(layer, dict(shared)) for _ in range(check_size(count, "num_layers", 0))])


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Args:
        encoder_layer: the layer to copy, with its values.
        num_layers: how many copies.
        norm: a module for the end, or None.
        enable_nested_tensor: taken for PyTorch's sake; there are no nested tensors here, results are the same.
        mask_check: likewise.

    Shapes:
        input (L, N, E), (N, L, E) or (L, E), as the layer takes it; output the same.

    Raises:
        TypeError: when `encoder_layer` is not a module, or `num_layers` not an integer.
        ValueError: when `num_layers` is negative.

    >>> encoder = TransformerEncoder(TransformerEncoderLayer(d_model=8, nhead=2), num_layers=3)
    >>> encoder(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    layers: ModuleList
    num_layers: int
    norm: Module | None

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Tensor:
        """Return the output for a sequence; arguments as for `TransformerEncoderLayer`.

        Args:
            src: the sequence.
            mask: which elements do not see which.
            src_key_padding_mask: which elements nobody sees.
            is_causal: says that `mask` is a causal one; what counts is the mask.
        """
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return x if self.norm is None else self.norm(x)  # type: ignore[no-any-return]


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other; all see the same memory.

    Args:
        decoder_layer: the layer to copy, with its values.
        num_layers: how many copies.
        norm: a module for the end, or None.

    Shapes:
        target (L, N, E), (N, L, E) or (L, E), as the layer takes it, memory likewise; output as the target.

    Raises:
        TypeError: when `decoder_layer` is not a module, or `num_layers` not an integer.
        ValueError: when `num_layers` is negative.

    >>> decoder = TransformerDecoder(TransformerDecoderLayer(d_model=8, nhead=2), num_layers=3)
    >>> decoder(np.ones((5, 3, 8)), np.ones((4, 3, 8))).shape
    (5, 3, 8)
    """

    layers: ModuleList
    num_layers: int
    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Return the output for a sequence; arguments as for `TransformerDecoderLayer`."""
        x = tgt
        for layer in self.layers:
            x = layer(
                x, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, bool(tgt_is_causal),
                memory_is_causal,
            )  # fmt: skip
        return x if self.norm is None else self.norm(x)  # type: ignore[no-any-return]


class Transformer(Module):
    """An encoder for one sequence and a decoder that makes another of it.

    All matrices start by `init.xavier_uniform_`, as in PyTorch. Source: Vaswani et al., Attention is all you need
    (2017), section 3.

    Args:
        d_model: E, the size of each element of a sequence.
        nhead: the number of heads, which divides E.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many layers the decoder has.
        dim_feedforward: the size of the networks' hidden layers.
        dropout: the probability of leaving out, in training.
        activation: of the hidden layers: "relu", "gelu", or a function.
        custom_encoder: a module to use as encoder, or None.
        custom_decoder: a module to use as decoder, or None.
        layer_norm_eps: added to variances.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        norm_first: normalize before each part instead of after it.
        bias: whether linear maps and normalizations have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        source (S, N, E), target (L, N, E), or both without N, floating; output as the target.

    Raises:
        TypeError: for sizes that are not integers, input that is not floating, or masks of integers.
        ValueError: when heads do not divide E, dropout is not in [0, 1], shapes do not fit, or the activation is
            unknown.

    >>> model = Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1, batch_first=True)
    >>> mask = model.generate_square_subsequent_mask(3)
    >>> model(np.ones((5, 4, 8)), np.ones((5, 3, 8)), tgt_mask=mask).shape
    (5, 3, 8)
    """

    encoder: Module
    decoder: Module
    d_model: int
    nhead: int
    batch_first: bool

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        custom_encoder: Module | None = None, custom_decoder: Module | None = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        shared: dict[str, Any] = {"dtype": dtype, "generator": generator}
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*options, **shared), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*options, **shared), num_decoder_layers, norm()
        )
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial values for all matrices."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, generator=generator)

    def forward(
        self, src: Any, tgt: Any, src_mask: Any = None, tgt_mask: Any = None, memory_mask: Any = None,
        src_key_padding_mask: Any = None, tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """Return the decoder's output for a target, given a source; masks as `MultiheadAttention` takes them.

        Args:
            src: (S, N, E), or (N, S, E) if batch_first, or (S, E).
            tgt: (L, N, E), likewise.
            src_mask: (S, S), or (N*nhead, S, S): which elements of the source do not see which.
            tgt_mask: (L, L), or (N*nhead, L, L): which of the target do not see which.
            memory_mask: (L, S), or (N*nhead, L, S): which of the target do not see which of the encoder's output.
            src_key_padding_mask: (N, S), or (S,): which of the source nobody in it sees.
            tgt_key_padding_mask: (N, L), or (L,): which of the target nobody sees.
            memory_key_padding_mask: (N, S), or (S,): which of the encoder's output nobody sees.
            src_is_causal: says that `src_mask` is a causal one; what counts is the mask.
            tgt_is_causal: likewise of `tgt_mask`.
            memory_is_causal: likewise of `memory_mask`.
        """
        self._check(np.shape(src), np.shape(tgt))
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(  # type: ignore[no-any-return]
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    def _check(self, src: tuple[int, ...], tgt: tuple[int, ...]) -> None:
        """Raise a ValueError unless source and target are both one sequence or batches of one size, of size E."""
        axis = 0 if self.batch_first else 1
        batches = len(src) == len(tgt) == 3 and src[axis] == tgt[axis]
        if not (batches or len(src) == len(tgt) == 2) or {src[-1], tgt[-1]} != {self.d_model}:
            takes = "(N, S, E) and (N, L, E)" if self.batch_first else "(S, N, E) and (L, N, E)"
            raise ValueError(
                f"Transformer takes source and target {takes}, or without N, with E = {self.d_model}, not "
                f"{src} and {tgt}"
            )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, *, dtype: DTypeLike | None = None) -> Tensor:
        """Return a mask (sz, sz) that hides from each element those after it: 0, and -inf above the diagonal.

        Args:
            sz: the size.
            dtype: the default dtype by default.

        >>> Transformer.generate_square_subsequent_mask(2)
        Tensor([[  0., -inf],
                [  0.,   0.]])
        """
        hidden = ~np.tri(check_size(sz, "sz", 0), dtype=bool)
        return Tensor(np.where(hidden, -np.inf, 0).astype(dtype or autograd.get_default_dtype()))
