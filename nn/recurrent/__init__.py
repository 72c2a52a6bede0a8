"""Recurrent layers over whole sequences, and cells for single steps."""

from __future__ import annotations

from nn.recurrent.cells import GRUCell, LSTMCell, RNNCell
from nn.recurrent.layers import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]
