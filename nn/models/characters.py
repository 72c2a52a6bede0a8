"""Language models of characters: recurrent networks and a Transformer, and sampling of text from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn.attention import PositionalEncoding
from nn.embedding import Embedding
from nn.linear import Linear
from nn.models.building import Generator
from nn.module import Module, check_size
from nn.norm import LayerNorm
from nn.recurrent import GRU, LSTM, RNN
from nn.transformer import Transformer, TransformerEncoder, TransformerEncoderLayer


class Vocabulary:
    """The different characters of a text, numbered in their order.

    Args:
        text: the text.

    Raises:
        ValueError: when it is empty.

    >>> vocabulary = Vocabulary("hello")
    >>> vocabulary.encode("hole")
    array([1, 3, 2, 0])
    >>> vocabulary.decode([1, 0, 2, 2, 3]), len(vocabulary)
    ('hello', 4)
    """

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError("a vocabulary is made from a text that has characters; this one is empty")
        self.characters = sorted(set(text))
        self._numbers = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """Return the numbers of a text's characters, integers (T,).

        Raises:
            KeyError: when one is not in the vocabulary; names it.
        """
        unknown = sorted(set(text) - set(self._numbers))
        if unknown:
            raise KeyError(f"not in the vocabulary of {len(self)} characters: {unknown}")
        return np.array([self._numbers[character] for character in text], dtype=np.int64)

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of numbers."""
        return "".join(self.characters[number] for number in numbers)


class CharRNN(Module):
    """A recurrent network that scores which character comes next.

    Each character is looked up in a table of vectors (or is a vector with a single 1), goes through recurrent layers,
    and a linear layer scores the characters. Layers start as by themselves. Source: Karpathy, The unreasonable
    effectiveness of recurrent neural networks (2015); Sutskever, Martens and Hinton, Generating text with recurrent
    neural networks (2011).

    Args:
        vocabulary_size: V, how many different characters there are.
        hidden_size: H, of the recurrent layers.
        num_layers: how many of these.
        cell: "rnn", "lstm" or "gru".
        embedding_size: of the vectors that are looked up; None for vectors with a single 1, as there.
        dropout: the probability of leaving out between recurrent layers.
        dtype: of the parameters; the default dtype by default.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input integers (N, T), and the states of the recurrent layers, as they return them, zeros by default; output
        scores (N, T, V), and the last states.

    Raises:
        TypeError, ValueError: for arguments that are none of the above.

    >>> net = CharRNN(65, hidden_size=16, cell="lstm")
    >>> scores, state = net(np.zeros((2, 7), int))
    >>> scores.shape, state[0].shape
    ((2, 7, 65), (1, 2, 16))
    """

    kinds: ClassVar[dict[str, Any]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}

    def __init__(
        self, vocabulary_size: int, hidden_size: int = 128, num_layers: int = 1, cell: str = "lstm",
        embedding_size: int | None = None, dropout: float = 0.0, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if cell not in self.kinds:
            raise ValueError(f"cell must be one of {', '.join(self.kinds)}, not {cell!r}")
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        self.vocabulary_size = check_size(vocabulary_size, "vocabulary_size")
        self.embedding = None if embedding_size is None else Embedding(vocabulary_size, embedding_size, **making)
        size = vocabulary_size if embedding_size is None else embedding_size
        self.rnn = self.kinds[cell](size, hidden_size, num_layers, batch_first=True, dropout=dropout, **making)
        self.linear = Linear(hidden_size, vocabulary_size, **making)

    def forward(self, input: Any, state: Any = None) -> tuple[Tensor, Any]:
        """Return scores of each next character (N, T, V), and the states after the last, for integers (N, T)."""
        if self.embedding is None:
            x = F.one_hot(input, self.vocabulary_size).astype(self.linear.weight.dtype)
        else:
            x = self.embedding(input)
        output, state = self.rnn(x, state)
        return self.linear(output), state

    def sample(
        self, prefix: Any, length: int, temperature: float = 1.0, *, generator: Generator | None = None
    ) -> np.ndarray:
        """Return a text that begins with `prefix` and goes on for `length` characters, as integers (T + length,).

        Args:
            prefix: integers (T,), at least one.
            length: how many characters to add.
            temperature: what scores are divided by; near 0, the most probable character is taken, as it is at 0.
            generator: the source of randomness; `autograd.default_generator()` by default.

        Raises:
            ValueError: for an empty prefix, or a negative temperature or length.

        >>> CharRNN(5, hidden_size=4).eval().sample([1, 2], 10).shape
        (12,)
        """
        text, state, unread = _start(prefix, length), None, len(prefix)
        with _Generating(self):
            for _ in range(length):
                scores, state = self(np.array([text[-unread:]]), state)
                text.append(draw(scores.data[0, -1], temperature, generator))
                unread = 1
        return np.array(text)


class CharTransformer(Module):
    """A Transformer that scores which character comes next; each sees only those before it.

    Characters are looked up in a table of vectors, to which sines and cosines of their place are added; then come
    layers of causal self-attention and feed-forward networks, with normalization before each part, a last normalization
    and a linear layer that scores the characters. Source: Vaswani et al., Attention is all you need (2017); the decoder
    alone, Radford et al., Improving language understanding by generative pre-training (2018); normalization first,
    Radford et al., Language models are unsupervised multitask learners (2019).

    Args:
        vocabulary_size: V, how many different characters there are.
        d_model: E, the size of the vectors.
        nhead: the number of heads, which divides E.
        num_layers: how many layers.
        dim_feedforward: the size of the feed-forward networks' hidden layer; by default 4 * E.
        context: how many characters it sees at most.
        dropout: the probability of leaving out.
        dtype: of the parameters; the default dtype by default.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input integers (N, T), T at most `context`; output scores (N, T, V).

    Raises:
        TypeError, ValueError: for arguments that are none of the above, or longer input.

    >>> net = CharTransformer(65, d_model=16, nhead=2, num_layers=1)
    >>> net(np.zeros((2, 7), int)).shape
    (2, 7, 65)
    """

    def __init__(
        self, vocabulary_size: int, d_model: int = 64, nhead: int = 4, num_layers: int = 2,
        dim_feedforward: int | None = None, context: int = 128, dropout: float = 0.1, *,
        dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        making: dict[str, Any] = {"dtype": dtype, "generator": generator}
        self.context = check_size(context, "context")
        self.embedding = Embedding(check_size(vocabulary_size, "vocabulary_size"), d_model, **making)
        self.position = PositionalEncoding(d_model, dropout, context, batch_first=True, **making)
        layers = [self._layer(d_model, nhead, dim_feedforward, dropout, making) for _ in range(num_layers)]
        self.encoder = TransformerEncoder(layers[0], num_layers, LayerNorm(d_model, dtype=dtype))
        for i, layer in enumerate(layers):  # the encoder's are copies, which would start equal
            self.encoder.layers[i] = layer
        self.linear = Linear(d_model, vocabulary_size, **making)

    def _layer(
        self, d_model: int, nhead: int, dim_feedforward: int | None, dropout: float, making: dict[str, Any]
    ) -> TransformerEncoderLayer:
        size = 4 * d_model if dim_feedforward is None else dim_feedforward
        return TransformerEncoderLayer(
            d_model, nhead, size, dropout, activation="gelu", batch_first=True, norm_first=True, **making
        )

    def forward(self, input: Any) -> Tensor:
        """Return scores of each next character (N, T, V), for integers (N, T)."""
        x = self.embedding(input)
        if x.ndim != 3 or x.shape[1] > self.context:
            raise ValueError(f"CharTransformer takes integers (N, T) with T at most {self.context}, not {x.shape[:-1]}")
        mask = Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return self.linear(self.encoder(self.position(x), mask, is_causal=True))  # type: ignore[no-any-return]

    def sample(
        self, prefix: Any, length: int, temperature: float = 1.0, *, generator: Generator | None = None
    ) -> np.ndarray:
        """Return a text that begins with `prefix` and goes on; arguments, result and errors as for `CharRNN.sample`.

        Each character is drawn from what the network says of the last `context` ones.

        >>> CharTransformer(5, d_model=4, nhead=1, num_layers=1, context=8).sample([1, 2], 10).shape
        (12,)
        """
        text = _start(prefix, length)
        with _Generating(self):
            for _ in range(length):
                scores = self(np.array([text[-self.context :]]))
                text.append(draw(scores.data[0, -1], temperature, generator))
        return np.array(text)


def draw(scores: np.ndarray, temperature: float = 1.0, generator: Generator | None = None) -> int:
    """Return a number i drawn with probability softmax(scores / temperature)[i]; the largest score's at temperature 0.

    Args:
        scores: (V,).
        temperature: at least 0.
        generator: the source of randomness; `autograd.default_generator()` by default.

    Raises:
        ValueError: when the temperature is negative.

    >>> draw(np.array([0.0, 3.0, 1.0]), temperature=0)
    1
    """
    if not temperature >= 0:
        raise ValueError(f"temperature must be at least 0, not {temperature!r}")
    if temperature == 0:
        return int(scores.argmax())
    shifted = (scores.astype(np.float64) - scores.max()) / temperature
    weights = np.exp(shifted)
    return int((generator or autograd.default_generator()).choice(len(scores), p=weights / weights.sum()))


def _start(prefix: Any, length: int) -> list[int]:
    """Return the characters that a text begins with."""
    text = [int(number) for number in prefix]
    check_size(length, "length", 0)
    if not text:
        raise ValueError("a text is drawn character by character after a prefix, which must have at least one")
    return text


class _Generating:
    """Within it, a network is in use, not in training, and nothing is recorded."""

    def __init__(self, net: Module) -> None:
        self._modes = {module: module.training for module in net.modules()}
        self._unrecorded = autograd.no_grad()

    def __enter__(self) -> None:
        self._unrecorded.__enter__()
        for module in self._modes:
            module.training = False

    def __exit__(self, *exception: Any) -> None:
        for module, training in self._modes.items():
            module.training = training
        self._unrecorded.__exit__(*exception)
