"""Training a network that has been trained before: freezing parts of it, and learning rates of their own for others.

Source: CS231n course notes, Transfer learning; layer-wise rates: Howard and Ruder, Universal language model fine-tuning
for text classification (2018), section 3.2.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from nn.module import Module, Parameter
from nn.optim.optimizer import check_positive


def freeze(model: Module, *patterns: str) -> list[str]:
    """Exclude parameters from training: they need no gradient, and optimizers pass over them. Return their names.

    Running statistics of normalisations are buffers, no parameters: they follow the data in training mode.

    Args:
        model: the network.
        *patterns: dotted names of parameters or modules; "*" stands for any letters.

    Raises:
        ValueError: when a pattern fits no parameter; names those that there are.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> freeze(net, "0")
    ['0.weight', '0.bias']
    >>> unfreeze(net, "*.bias")
    ['0.bias', '2.bias']
    """
    return _set(model, patterns, False)


def unfreeze(model: Module, *patterns: str) -> list[str]:
    """Include parameters in training again; arguments as for `freeze`. Return their names.

    Raises:
        ValueError: when a pattern fits no parameter.
    """
    return _set(model, patterns, True)


def _set(model: Module, patterns: tuple[str, ...], trained: bool) -> list[str]:
    names = list(dict.fromkeys(name for pattern in patterns for name in matching(model, pattern)))
    for name in names:
        model.get_parameter(name).requires_grad_(trained)
    return [name for name, _ in model.named_parameters() if name in names]


def matching(model: Module, pattern: str) -> list[str]:
    """Return the names of the parameters that a pattern fits, or that are in a module that it fits.

    Raises:
        ValueError: when there is none.
    """
    names = [name for name, _ in model.named_parameters()]
    found = [name for name in names if any(fnmatch.fnmatchcase(name, end) for end in (pattern, f"{pattern}.*"))]
    if not found:
        raise ValueError(f"{pattern!r} fits no parameter; there are {', '.join(names)[:300]}")
    return found


def parameter_groups(model: Module, options: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return parameter groups for an optimizer, with options of their own for some parts of a network.

    Args:
        model: the network.
        options: options by pattern, as for `freeze`; the first that fits a parameter counts. What none fits makes a
            last group, with the optimizer's defaults.

    Raises:
        ValueError: when a pattern fits no parameter.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> optimizer = nn.optim.SGD(parameter_groups(net, {"0": {"lr": 1e-4}, "*.bias": {"weight_decay": 0.0}}), lr=0.1)
    >>> [(group["lr"], len(group["params"])) for group in optimizer.param_groups]
    [(0.0001, 2), (0.1, 1), (0.1, 1)]
    """
    left: dict[str, Parameter] = dict(model.named_parameters())
    groups: list[dict[str, Any]] = []
    for pattern, chosen in options.items():
        members = [left.pop(name) for name in matching(model, pattern) if name in left]
        groups.append({"params": members, **chosen})
    groups.append({"params": list(left.values())})
    return [group for group in groups if group["params"]]


def layerwise_rates(model: Module, lr: float, decay: float = 1 / 2.6) -> list[dict[str, Any]]:
    """Return parameter groups with a learning rate for each layer that falls towards the input.

    The last module that has parameters of its own gets `lr`, the one before it `lr * decay`, and so on. "Discriminative
    fine-tuning": Howard and Ruder (2018), section 3.2, from where the default is.

    Args:
        model: the network, whose modules are in the order of their calls.
        lr: the rate of the last layer.
        decay: the factor from each layer to the one before.

    Raises:
        ValueError: when a number is not above 0.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> [group["lr"] for group in layerwise_rates(net, 0.1, decay=0.5)]
    [0.05, 0.1]
    """
    check_positive("lr", lr)
    check_positive("decay", decay)
    seen: set[int] = set()
    layers = []
    for module in model.modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        layers += [own] if own else []
    return [{"params": own, "lr": lr * decay ** (len(layers) - 1 - i)} for i, own in enumerate(layers)]
