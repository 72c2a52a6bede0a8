"""A recurrent network learns to continue a text, letter by letter."""

import numpy as np
import torch
from torch import nn, optim

TEXT = "the quick brown fox jumps over the lazy dog. " * 20
LETTERS = sorted(set(TEXT))


class CharLSTM(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        letters = len(LETTERS)
        self.embed = nn.Embedding(letters, 12)
        self.lstm = nn.LSTM(12, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, letters)

    def forward(self, letters, state=None):
        output, state = self.lstm(self.embed(letters), state)
        return self.head(output), state


def batches(length=30, size=4):
    codes = np.array([LETTERS.index(letter) for letter in TEXT])
    usable = (len(codes) - 1) // size * size
    inputs, targets = codes[:usable].reshape(size, -1), codes[1 : usable + 1].reshape(size, -1)
    for start in range(0, inputs.shape[1] - length, length):
        yield (torch.asarray(part[:, start : start + length].copy()) for part in (inputs, targets))


def train(model, steps=20):
    optimizer = optim.RMSprop(model.parameters(), lr=5e-3)
    criterion = nn.CrossEntropyLoss()
    losses = []
    while len(losses) < steps:
        state = None
        for inputs, targets in batches():
            logits, state = model(inputs, state)
            state = tuple(part.detach() for part in state)  # truncated backpropagation through time
            loss = criterion(logits.reshape(-1, len(LETTERS)), targets.reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            losses.append(loss.item())
    return losses[:steps], complete(model, "the quick ")


def complete(model, text, count=10):
    """Return the mean certainty of the letters that the model itself finds likeliest after a text."""
    letters, certainty = torch.asarray([[LETTERS.index(letter) for letter in text]]), 0.0
    with torch.no_grad():
        logits, state = model(letters)
        for _ in range(count):
            likely = torch.softmax(logits[:, -1:], -1)
            certainty += likely.max().item() / count
            logits, state = model(likely.argmax(-1), state)
    return certainty


if __name__ == "__main__":
    torch.manual_seed(0)
    print(train(CharLSTM()))
