"""A small Transformer, trained as a language model, learns to count in steps of 1, 2 or 3."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler

VOCABULARY, LENGTH = 12, 10


class GPT(nn.Module):
    def __init__(self, width=32, heads=4, layers=2):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, width)
        self.positions = nn.Parameter(torch.zeros((LENGTH, width)))
        block = nn.TransformerEncoderLayer(
            width, heads, dim_feedforward=4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens):
        length = tokens.shape[1]
        x = self.tokens(tokens) * math.sqrt(self.head.in_features) + self.positions[:length]
        causal = nn.Transformer.generate_square_subsequent_mask(length)
        return self.head(self.blocks(x, mask=causal, is_causal=True))


def sequences(count, seed=0):
    """Return sequences (count, LENGTH) that count from a random number on, modulo VOCABULARY."""
    rng = np.random.default_rng(seed)
    start, step = rng.integers(0, VOCABULARY, (count, 1)), rng.integers(1, 4, (count, 1))
    return torch.asarray((start + step * np.arange(LENGTH)) % VOCABULARY)


def train(model, steps=20, size=16):
    data = sequences(size * steps)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
    warmup = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=5)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps - 5)
    scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[5])
    losses = []
    for i in range(steps):
        batch = data[size * i : size * (i + 1)]
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), batch[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    with torch.no_grad():
        perplexity = torch.exp(F.cross_entropy(model(data[:, :-1]).reshape(-1, VOCABULARY), data[:, 1:].reshape(-1)))
    return losses, perplexity.item()


if __name__ == "__main__":
    torch.manual_seed(0)
    print(train(GPT()))
