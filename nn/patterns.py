"""Networks from the notation of layer patterns: INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC.

Source of the notation: CS231n, "Convolutional Neural Networks", section "Layer Patterns".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from nn import activation, conv, dropout, linear, norm, pool
from nn.containers import Sequential
from nn.module import Module, check_size
from nn.shapes import measure

_MOST_LAYERS = 1000
_MOST_BRACKETS = 50


class PatternError(ValueError):
    """What is wrong with a pattern, and where.

    Args:
        message: what is wrong.
        text: the pattern.
        place: the number of the character where it is.
    """

    def __init__(self, message: str, text: str, place: int) -> None:
        line = re.sub(r"\s", " ", text)
        super().__init__(f"{message}:\n  {line}\n  {' ' * place}^")
        self.place = place


def from_pattern(
    text: str, input_shape: Sequence[int], *, filters: int = 16, units: int = 128, classes: int = 10,
    optional: bool = True, strict: bool = False, dtype: DTypeLike | None = None,
    generator: np.random.Generator | None = None, **counts: int,
) -> Sequential:  # fmt: skip
    """Return the network that a pattern describes.

    A pattern is INPUT and layers with arrows between them, `[...]*3` repeats what is in brackets, `?` marks what is
    there only if `optional`. The layers, with options behind their names or in parentheses:

    - `CONV`, `CONV5`, `CONV3-64`, `CONV(kernel=11, filters=96, stride=4, pad=0, dilation=1, groups=1)`: a convolution
      with 5x5, 3x3 with 64, ... filters; by default 3x3, stride 1, and (F - 1)/2 zeros around, rounded down.
    - `POOL`, `POOL3`, `POOL(kernel=3, stride=2, pad=0, kind=avg)`: pooling, by default of the maximum, 2x2, with the
      window's size as the stride.
    - `FC`, `FC100`: a fully connected layer; without a number the last one has `classes` features, others `units`.
    - `DROPOUT`, `DROPOUT0.3`, `BN`, `RELU`, `TANH`, `SIGMOID`, `SOFTMAX`.

    Args:
        text: the pattern.
        input_shape: of one example: (C, H, W), (C, L), (C, D, H, W) or (features,).
        filters: of a CONV without a number.
        units: features of an FC without a number.
        classes: features of the last FC, if it has no number.
        optional: whether what is marked with `?` is there.
        strict: refuse windows that do not fill the image: (W - F + 2P)/S must be whole.
        dtype: of the parameters.
        generator: draws the initial values.
        **counts: numbers in place of letters: N=2, M=3, K=1.

    Raises:
        PatternError: a ValueError that points at what is wrong: the notation, an option, a window that does not fit.
        TypeError, ValueError: for a shape or number that is none.

    >>> from_pattern("INPUT -> [CONV5-10 -> RELU -> POOL2]*N -> FC", (3, 32, 32), N=1)
    Sequential(
      (0): Conv2d(3, 10, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
      (1): ReLU()
      (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (3): Flatten(start_dim=1, end_dim=-1)
      (4): Linear(in_features=2560, out_features=10, bias=True)
    )
    >>> from_pattern("INPUT -> CONV -> RELO -> FC", (3, 32, 32))
    Traceback (most recent call last):
        ...
    nn.patterns.PatternError: no layer 'RELO'; there are BN, CONV, DROPOUT, FC, POOL, RELU, SIGMOID, SOFTMAX, TANH:
      INPUT -> CONV -> RELO -> FC
                       ^
    """
    shape = tuple(check_size(size, "input_shape") for size in input_shape)
    if not 1 <= len(shape) <= 4:
        raise ValueError(f"input_shape must be (C, H, W), (C, L), (C, D, H, W) or (features,), not {shape}")
    for name, size in {"filters": filters, "units": units, "classes": classes}.items():
        check_size(size, name)
    items = _Parser(text, {name: check_size(count, name, 0) for name, count in counts.items()}, optional).items()
    defaults = {"filters": filters, "units": units, "classes": classes}
    return _Builder(text, shape, defaults, strict, {"dtype": dtype, "generator": generator}).build(items)


def conv_pattern(
    input_shape: Sequence[int], conv_per_block: int = 1, blocks: int = 1, hidden: int = 1, *,
    filters: int | Sequence[int] = 16, kernel: int = 3, units: int = 128, pool: bool = True, classes: int = 10,
    strict: bool = False, dtype: DTypeLike | None = None, generator: np.random.Generator | None = None,
) -> Sequential:  # fmt: skip
    """Return the network INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC.

    Args:
        input_shape: of one example: (C, H, W), (C, L), (C, D, H, W) or (features,).
        conv_per_block: N, the number of convolutions in a block.
        blocks: M, the number of blocks.
        hidden: K, the number of hidden fully connected layers.
        filters: of the convolutions, one number or one for each block.
        kernel: the size of the filters.
        units: features of the hidden layers.
        pool: whether each block ends with 2x2 pooling.
        classes: features of the last layer.
        strict: refuse windows that do not fill the image.
        dtype: of the parameters.
        generator: draws the initial values.

    Raises:
        TypeError, ValueError: as `from_pattern`.

    >>> conv_pattern((3, 32, 32), conv_per_block=2, filters=8, hidden=0)
    Sequential(
      (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU()
      (2): Conv2d(8, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (3): ReLU()
      (4): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (5): Flatten(start_dim=1, end_dim=-1)
      (6): Linear(in_features=2048, out_features=10, bias=True)
    )
    """
    for name, count in {"conv_per_block": conv_per_block, "blocks": blocks, "hidden": hidden}.items():
        check_size(count, name, 0)
    each = [filters] * blocks if isinstance(filters, int) else list(filters)
    if len(each) != blocks:
        raise ValueError(f"filters must be one number or one for each of the {blocks} blocks, not {filters!r}")
    parts = ["INPUT"]
    for number in each:
        check_size(number, "filters")
        parts += [f"[CONV{check_size(kernel, 'kernel')}-{number} -> RELU]*{conv_per_block}", *["POOL2"] * bool(pool)]
    parts += [f"[FC{check_size(units, 'units')} -> RELU]*{hidden}", f"FC{check_size(classes, 'classes')}"]
    return from_pattern(" -> ".join(parts), input_shape, strict=strict, dtype=dtype, generator=generator)


# --- reading ----------------------------------------------------------------------------------------------------------


class _Item(NamedTuple):
    """A layer of a pattern: its name, the options behind it, and where it is."""

    name: str
    options: dict[str, str]
    place: int


# The options of each layer, of which the first are those that stand behind the name.
_OPTIONS: dict[str, tuple[str, ...]] = {
    "BN": (),
    "CONV": ("kernel", "filters", "stride", "pad", "dilation", "groups"),
    "DROPOUT": ("p",),
    "FC": ("units",),
    "POOL": ("kernel", "stride", "pad", "kind"),
    "RELU": (),
    "SIGMOID": (),
    "SOFTMAX": (),
    "TANH": (),
}
_TOKEN = re.compile(
    r"\s*(?:(?P<mark>->|[\[\]*?])|(?P<name>[A-Za-z]+)(?P<short>[\d.]*(?:-\d+)?)(?:\s*\((?P<long>[^()]*)\))?"
    r"|(?P<number>\d+)|(?P<end>$))"
)


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, text: str, counts: dict[str, int], optional: bool) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a pattern is a string, not {type(text).__name__}")
        self.text, self.counts, self.optional = text, counts, optional
        self.brackets = 0
        self.used: set[str] = set()
        self.next()

    def next(self, begin: int = 0) -> None:
        """Go on to the next token."""
        found = _TOKEN.match(self.text, begin)
        if found is None:
            place = begin + len(self.text[begin:]) - len(self.text[begin:].lstrip())
            raise PatternError(f"{self.text[place]!r} means nothing here", self.text, place)
        self.token = found
        self.place = found.start(found.lastgroup or "end") if found["name"] is None else found.start("name")

    def advance(self) -> None:
        self.next(self.token.end())

    def error(self, message: str, place: int | None = None) -> PatternError:
        return PatternError(message, self.text, self.place if place is None else place)

    @property
    def shown(self) -> str:
        return "the end" if self.token["end"] is not None else repr(self.token[0].strip())

    def items(self) -> list[_Item]:
        """Return the layers after INPUT, with everything repeated that is to be."""
        if self.token["name"] != "INPUT" or self.token["short"]:
            raise self.error(f"a pattern begins with INPUT, not with {self.shown}")
        self.advance()
        items: list[_Item] = []
        if self.token["mark"] == "->":
            self.advance()
            items = self.chain()
        if self.token["end"] is None:
            raise self.error(f"expected '->' or the end, not {self.shown}")
        unused = self.counts.keys() - self.used
        if unused:
            raise ValueError(f"the pattern has no letter {', '.join(sorted(unused))}: {self.text}")
        return items

    def chain(self) -> list[_Item]:
        """Read layers with arrows between them."""
        items = self.element()
        while self.token["mark"] == "->":
            self.advance()
            items += self.element()
            self.check_length(len(items), self.place)
        return items

    def element(self) -> list[_Item]:
        """Read a layer or brackets, and what is behind them: how often, and whether at all."""
        items = self.bracket() if self.token["mark"] == "[" else [self.item()]
        if self.token["mark"] == "*":
            self.advance()
            place, count = self.place, self.count()
            self.check_length(len(items) * count, place)
            items *= count
        if self.token["mark"] == "?":
            self.advance()
            items = items if self.optional else []
        return items

    def bracket(self) -> list[_Item]:
        place = self.place
        self.brackets += 1
        if self.brackets > _MOST_BRACKETS:
            raise self.error(f"more than {_MOST_BRACKETS} brackets in each other")
        self.advance()
        items = self.chain()
        if self.token["mark"] != "]":
            raise self.error(f"expected '->' or ']', not {self.shown}", None if self.token["end"] is None else place)
        self.brackets -= 1
        self.advance()
        return items

    def count(self) -> int:
        """Read how often something is there: a number, or a letter that stands for one."""
        letter, number = self.token["name"], self.token["number"]
        if number is None and (letter is None or self.token["short"] or self.token["long"] is not None):
            raise self.error(f"expected how often, a number or a letter, not {self.shown}")
        if number is None and letter not in self.counts:
            raise self.error(f"no number is given for {letter}: pass {letter}=2 for example")
        if number is None:
            self.used.add(letter)
        elif len(number) > 4:
            raise self.error(f"more than {_MOST_LAYERS} layers")
        count = self.counts[letter] if number is None else int(number)
        self.advance()
        return count

    def item(self) -> _Item:
        """Read a layer."""
        name, place = self.token["name"], self.place
        if name is None:
            raise self.error(f"expected a layer or '[', not {self.shown}")
        if name == "INPUT":
            raise self.error("INPUT can only be the beginning")
        if name not in _OPTIONS:
            raise self.error(f"no layer {name!r}; there are {', '.join(_OPTIONS)}")
        options = dict(self.short_options(name)) | dict(self.long_options(name))
        self.advance()
        return _Item(name, options, place)

    def short_options(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield what is meant by the numbers behind the name."""
        place = self.token.start("short")
        values = self.token["short"].split("-")
        allowed = _OPTIONS[name][: 2 if name == "CONV" else 1]
        if len(values) > max(len(allowed), 1) or (self.token["short"] and not allowed):
            raise self.error(f"{name} takes {len(allowed) or 'no'} number behind its name", place)
        yield from ((option, value) for option, value in zip(allowed, values) if value)

    def long_options(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the options in parentheses."""
        place = self.token.start("long")
        for part in (self.token["long"] or "").split(",") if (self.token["long"] or "").strip() else ():
            option, equals, value = (word.strip() for word in part.partition("="))
            where = place + len(part) - len(part.lstrip())
            if not equals or option not in _OPTIONS[name]:
                there = ", ".join(f"{known}=..." for known in _OPTIONS[name]) or "no options"
                raise self.error(f"{name} takes {there}, not {part.strip()!r}", where)
            yield option, value
            place += len(part) + 1

    def check_length(self, length: int, place: int) -> None:
        if length > _MOST_LAYERS:
            raise self.error(f"more than {_MOST_LAYERS} layers", place)


# --- building ---------------------------------------------------------------------------------------------------------


@dataclass
class _Builder:
    """Makes the layers one after the other, for the shape that the one before gives."""

    text: str
    shape: tuple[int, ...]
    defaults: dict[str, int]
    strict: bool
    making: dict[str, Any]
    layers: list[Module] = field(default_factory=list)

    def build(self, items: Sequence[_Item]) -> Sequential:
        """Return the network."""
        last = max((i for i, item in enumerate(items) if item.name == "FC"), default=None)
        for i, item in enumerate(items):
            units = self.defaults["classes" if i == last else "units"]
            make: Callable[..., Module] = getattr(self, f"make_{item.name.lower()}")
            try:
                if item.name == "FC" and len(self.shape) > 1:
                    self.add(linear.Flatten())
                self.add(make(item.options, units) if item.name == "FC" else make(item.options))
            except (TypeError, ValueError) as error:
                raise PatternError(f"{item.name}: {error}", self.text, item.place) from error
        return Sequential(*self.layers)

    def add(self, layer: Module) -> None:
        self.shape = measure(layer, self.shape, strict=self.strict).shape
        self.layers.append(layer)

    def by_axes(self, kinds: Sequence[type[Module]]) -> Any:
        """Return the kind of layer for the number of image axes."""
        if len(self.shape) < 2:
            raise ValueError(f"needs channels and image axes, but gets shape {self.shape}; put it before any FC")
        return kinds[len(self.shape) - 2]

    def make_conv(self, options: dict[str, str]) -> Module:
        kind = self.by_axes((conv.Conv1d, conv.Conv2d, conv.Conv3d))
        kernel, dilation = _whole(options, "kernel", 3), _whole(options, "dilation", 1)
        pad = _whole(options, "pad", dilation * (kernel - 1) // 2, 0)
        filters = _whole(options, "filters", self.defaults["filters"])
        stride, groups = _whole(options, "stride", 1), _whole(options, "groups", 1)
        return kind(self.shape[0], filters, kernel, stride, pad, dilation, groups, **self.making)  # type: ignore[no-any-return]

    def make_pool(self, options: dict[str, str]) -> Module:
        kind = options.get("kind", "max")
        if kind not in ("max", "avg"):
            raise ValueError(f"kind must be max or avg, not {kind!r}")
        largest, mean = (
            (pool.MaxPool1d, pool.MaxPool2d, pool.MaxPool3d),
            (pool.AvgPool1d, pool.AvgPool2d, pool.AvgPool3d),
        )
        kernel = _whole(options, "kernel", 2)
        make = self.by_axes(largest if kind == "max" else mean)
        return make(kernel, _whole(options, "stride", kernel), _whole(options, "pad", 0, 0))  # type: ignore[no-any-return]

    def make_fc(self, options: dict[str, str], units: int) -> Module:
        return linear.Linear(self.shape[0], _whole(options, "units", units), **self.making)

    def make_bn(self, options: dict[str, str]) -> Module:
        kinds = (norm.BatchNorm1d, norm.BatchNorm1d, norm.BatchNorm2d, norm.BatchNorm3d)
        return kinds[len(self.shape) - 1](self.shape[0], dtype=self.making["dtype"])

    def make_dropout(self, options: dict[str, str]) -> Module:
        try:
            return dropout.Dropout(float(options.get("p", "0.5")))
        except ValueError as error:
            raise ValueError(f"p must be a probability, not {options['p']!r}") from error

    def make_relu(self, options: dict[str, str]) -> Module:
        return activation.ReLU()

    def make_tanh(self, options: dict[str, str]) -> Module:
        return activation.Tanh()

    def make_sigmoid(self, options: dict[str, str]) -> Module:
        return activation.Sigmoid()

    def make_softmax(self, options: dict[str, str]) -> Module:
        return activation.Softmax(dim=1)


def _whole(options: dict[str, str], name: str, default: int, least: int = 1) -> int:
    """Return an option as a whole number."""
    if name not in options:
        return default
    if not re.fullmatch(r"\d{1,9}", options[name], re.ASCII):
        raise ValueError(f"{name} must be a whole number, not {options[name]!r}")
    return check_size(int(options[name]), name, least)
