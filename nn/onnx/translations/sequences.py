"""Recurrent layers, one direction of one layer at a time.

ONNX has the cells of the last step only, and so have the cells here in every place of (S, H): the layers take no
others from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.onnx.translations.shaping import reshaped
from nn.onnx.writing import Writer, translates


def _gates(w: Writer, weight: Any, order: list[int]) -> str:
    """Write a weight (K*H, ...) with its gates in another order, as one direction: (1, K*H, ...)."""
    name, size = w.operand(weight), w.shape(weight)[0] // len(order)
    if len(order) > 1:
        rows = np.concatenate([np.arange(k * size, (k + 1) * size) for k in order])
        name = w.node("Gather", name, w.constant(rows, np.int64), axis=0)
    return w.node("Unsqueeze", name, w.ints([0]))


def _layer(
    w: Writer, kind: str, x: Any, start: Any, weights: Any, path: Any, order: list[int], **options: Any
) -> list[str]:
    """Write one direction of one layer: its states after each step (S, H), and for LSTM the last cells likewise."""
    weight_ih, weight_hh, bias_ih, bias_hh, weight_hr = weights
    steps, batch, equal, reverse, mask = path
    if not equal:
        raise w.refuse("packed sequences of several lengths; export the model for padded ones")
    if weight_hr is not None or mask is not None:
        raise w.refuse("neither projected states (proj_size) nor recurrent dropout have a counterpart in ONNX")
    size = w.shape(weight_hh)[1]
    sequence = reshaped(w, w.operand(x), [steps, batch, w.shape(weight_ih)[1]])
    biases = [w.node("Concat", _gates(w, bias_ih, order), _gates(w, bias_hh, order), axis=1)] if bias_ih else [""]
    first = [w.node("Unsqueeze", w.operand(s), w.ints([0])) for s in start]
    inputs = [sequence, _gates(w, weight_ih, order), _gates(w, weight_hh, order), *biases, "", *first]
    direction = "reverse" if reverse else "forward"
    results = w.nodes_out(len(start) + 1, kind, *inputs, hidden_size=size, direction=direction, **options)
    states = w.node("Reshape", results[0], w.ints([-1, size]))  # (T, 1, N, H) -> (S, H)
    if len(start) == 1:
        return [states]
    cells = w.node("Expand", results[2], w.ints([steps, 1, 1]))
    return [states, w.node("Reshape", cells, w.ints([-1, size]))]


@translates("run_lstm")
def _run_lstm(w: Writer, x: Any, start: Any, weights: Any, path: Any) -> list[str]:
    return _layer(w, "LSTM", x, start, weights, path, [0, 3, 1, 2])  # i, f, g, o become i, o, f, c


@translates("run_gru")
def _run_gru(w: Writer, x: Any, start: Any, weights: Any, path: Any) -> list[str]:
    return _layer(w, "GRU", x, start, weights, path, [1, 0, 2], linear_before_reset=1)  # r, z, n become z, r, h


@translates("run_rnn")
def _run_rnn(w: Writer, x: Any, start: Any, weights: Any, path: Any, relu: bool) -> list[str]:
    return _layer(w, "RNN", x, start, weights, path, [0], activations=["Relu" if relu else "Tanh"])
