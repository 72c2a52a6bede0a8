"""The first networks of every course: a neuron, linear, logistic and softmax regression, multilayer perceptrons."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.activation import ReLU
from nn.dropout import Dropout
from nn.linear import Flatten, Linear
from nn.models.building import Chain, Generator, check_classes
from nn.module import Module, Parameter, as_floating, check_size


class SigmoidNeuron(Module):
    """One neuron: sigmoid(weight . x + bias).

    It is the worked example of CS231n, "Backpropagation, Intuitions", section "Modularity: Sigmoid example", below
    with the numbers that stand there. Weight and bias start normal, of mean 0 and standard deviation 1, as in Nielsen,
    Neural networks and deep learning (2015), chapter 1.

    Args:
        in_features: I.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values; `autograd.default_generator()` by default.

    Shapes:
        input (..., I), floating; output (...), between 0 and 1; `weight` (I,), `bias` ().

    Raises:
        TypeError, ValueError: for a size that is none, or input that is not floating or has other features.

    >>> neuron = SigmoidNeuron(2)
    >>> _ = neuron.load_state_dict({"weight": [2.0, -3.0], "bias": -3.0})
    >>> y = neuron(Tensor([-1.0, -2.0]))
    >>> y.backward()
    >>> round(y.item(), 2), neuron.weight.grad.data.round(2), round(neuron.bias.grad.item(), 2)
    (0.73, array([-0.2 , -0.39], dtype=float32), 0.2)
    """

    in_features: int
    weight: Parameter
    bias: Parameter

    def __init__(self, in_features: int, *, dtype: DTypeLike | None = None, generator: Generator | None = None) -> None:
        self.in_features = check_size(in_features, "in_features")
        self.weight = Parameter(autograd.zeros(self.in_features, dtype))
        self.bias = Parameter(autograd.zeros((), dtype))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw new initial values."""
        init.normal_(self.weight, generator=generator)
        init.normal_(self.bias, generator=generator)

    def forward(self, input: Any) -> Tensor:
        """Return the neuron's activation (...), for input (..., I)."""
        x = as_floating(input, self.weight.dtype, "SigmoidNeuron")
        if x.shape[-1:] != (self.in_features,):
            raise ValueError(f"{self!r} takes {self.in_features} features in the last axis, not shape {x.shape}")
        return autograd.sigmoid(x @ self.weight + self.bias)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Return the constructor's argument."""
        return f"in_features={self.in_features}"


class LinearRegression(Linear):
    """Linear regression: y = x @ weight.T + bias, to be trained with `MSELoss`.

    Weight and bias start at 0: the loss is convex, and there is nothing to break the symmetry of. Source: Legendre
    (1805) and Gauss (1809); Bishop, Pattern recognition and machine learning (2006), section 3.1.

    Args:
        in_features: I, how many numbers describe an example.
        out_features: O, how many are predicted.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: taken as by other networks; nothing is drawn.

    Shapes:
        input (..., I), floating; output (..., O); `weight` (O, I), `bias` (O,) or None.

    Raises:
        TypeError, ValueError: as `Linear`.

    >>> import numpy as np
    >>> LinearRegression(3)(np.ones((5, 3))).shape
    (5, 1)
    """

    def __init__(
        self, in_features: int, out_features: int = 1, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(in_features, out_features, bias, dtype=dtype, generator=generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Set all parameters to 0."""
        for parameter in self.parameters():
            init.zeros_(parameter)


class LogisticRegression(LinearRegression):
    """Logistic regression: the logarithm of the odds of class 1 is weight . x + bias.

    It returns that logarithm, for `BCEWithLogitsLoss`, which is exact where sigmoid and logarithm one after the other
    are not; `probability` returns the sigmoid of it. Starts at 0. Source: Cox, The regression analysis of binary
    sequences (1958).

    Args:
        in_features: I, how many numbers describe an example.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: taken as by other networks; nothing is drawn.

    Shapes:
        input (..., I), floating; output (...); `weight` (1, I), `bias` (1,) or None.

    Raises:
        TypeError, ValueError: as `Linear`.

    >>> import numpy as np
    >>> model = LogisticRegression(3)
    >>> model(np.ones((2, 3))), model.probability(np.ones((2, 3)))
    (Tensor([0., 0.], op=...), Tensor([0.5, 0.5], op=sigmoid))
    """

    def __init__(
        self, in_features: int, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(in_features, 1, bias, dtype=dtype, generator=generator)

    def forward(self, input: Any) -> Tensor:
        """Return the logarithm of the odds (...), for input (..., I)."""
        return super().forward(input)[..., 0]  # type: ignore[no-any-return]

    def probability(self, input: Any) -> Tensor:
        """Return the probability of class 1 (...), for input (..., I)."""
        return autograd.sigmoid(self(input))  # type: ignore[no-any-return]


class SoftmaxRegression(Chain):
    """Softmax regression: a linear score for each class, of examples of any shape.

    It returns scores, for `CrossEntropyLoss`; `probability` returns their softmax. Starts at 0. Source: CS231n,
    "Linear classification", section "Softmax classifier".

    Args:
        in_features: I, how many numbers describe an example.
        num_classes: how many classes there are.
        bias: whether to add one.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: taken as by other networks; nothing is drawn.

    Shapes:
        input (N, ...) with I numbers for each example, floating; output (N, num_classes).

    Raises:
        TypeError, ValueError: as `Linear`.

    >>> import numpy as np
    >>> model = SoftmaxRegression(28 * 28, 10)
    >>> model(np.ones((5, 1, 28, 28))).shape, sum(p.size for p in model.parameters())
    ((5, 10), 7850)
    """

    def __init__(
        self, in_features: int, num_classes: int, bias: bool = True, *, dtype: DTypeLike | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        linear = LinearRegression(in_features, check_classes(num_classes), bias, dtype=dtype, generator=generator)
        super().__init__({"flatten": Flatten(), "linear": linear})

    def probability(self, input: Any) -> Tensor:
        """Return the probability of each class (N, num_classes), for input (N, ...)."""
        return F.softmax(self(input), 1)


class MLP(Chain):
    """A multilayer perceptron: linear layers with an activation between each and the next.

    Layers start as `Linear` does. Source: Rumelhart, Hinton and Williams, Learning representations by back-propagating
    errors (1986).

    Args:
        sizes: how many features there are, from the input's to the output's.
        activation: makes the layer that follows each linear one but the last.
        dropout: the probability of leaving out each hidden feature in training; 0 for no such layers.
        bias: whether linear layers have biases.
        dtype: of the parameters; the default dtype by default. Input is converted to it.
        generator: the source of the initial values and of dropout; `autograd.default_generator()` by default.

    Shapes:
        input (N, ...) with sizes[0] numbers for each example, floating; output (N, sizes[-1]).

    Raises:
        TypeError, ValueError: for fewer than two sizes, sizes that are none, or dropout not in [0, 1].

    >>> net = MLP([784, 100, 10])
    >>> net
    MLP(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=784, out_features=100, bias=True)
      (2): ReLU()
      (3): Linear(in_features=100, out_features=10, bias=True)
    )
    >>> sum(p.size for p in net.parameters())
    79510
    """

    def __init__(
        self, sizes: Sequence[int], activation: Callable[[], Module] = ReLU, dropout: float = 0.0, bias: bool = True,
        *, dtype: DTypeLike | None = None, generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if len(sizes) < 2:
            raise ValueError(f"MLP needs at least two sizes, the input's and the output's, not {list(sizes)}")
        layers: list[Module] = [Flatten()]
        for i, (inner, outer) in enumerate(itertools.pairwise(sizes)):
            if i:
                layers += [activation(), *([Dropout(dropout, generator=generator)] if dropout else [])]
            layers.append(Linear(inner, outer, bias, dtype=dtype, generator=generator))
        super().__init__(*layers)
