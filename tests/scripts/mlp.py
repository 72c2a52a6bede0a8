"""A multilayer perceptron tells three arms of a spiral apart."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class MLP(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 3)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.out(x)


def spiral(count=60):
    rng = np.random.default_rng(0)
    radius = np.tile(np.linspace(0.1, 1, count), 3)
    label = np.repeat(np.arange(3), count)
    angle = 4 * radius + 2 * np.pi / 3 * label + rng.normal(scale=0.1, size=3 * count)
    points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1).astype(np.float32)
    order = rng.permutation(3 * count)
    return torch.asarray(points[order]), torch.asarray(label[order])


def train(model, steps=20):
    x, y = spiral()
    loader = DataLoader(TensorDataset(x, y), batch_size=45)
    optimizer = optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    losses = []
    while len(losses) < steps:
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():
        accuracy = (model(x).argmax(axis=1) == y).sum().item() / len(y)
    return losses[:steps], accuracy


if __name__ == "__main__":
    torch.manual_seed(0)
    print(train(MLP()))
