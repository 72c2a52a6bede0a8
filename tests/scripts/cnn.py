"""A convolutional network tells crosses, squares and discs apart."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR


class CNN(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
        )
        self.fc = nn.Linear(16 * 3 * 3, classes)

    def forward(self, x):
        x = self.features(x)
        x = x.reshape(x.shape[0], -1)
        return F.log_softmax(self.fc(x), dim=1)


def shapes(count, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:12j, -1:1:12j]
    masks = np.stack([np.minimum(abs(x), abs(y)) < 0.2, np.maximum(abs(x), abs(y)) < 0.7, x**2 + y**2 < 0.6])
    labels = rng.integers(0, 3, count)
    images = masks[labels] + rng.normal(scale=0.5, size=(count, 12, 12))
    return torch.asarray(images[:, None].astype(np.float32)), torch.asarray(labels)


def evaluate(model):
    images, labels = shapes(64, seed=1)
    model.eval()
    with torch.no_grad():
        predicted = model(images).argmax(axis=1)
    model.train()
    return (predicted == labels).sum().item() / len(labels)


def train(model, steps=20):
    images, labels = shapes(32 * steps, seed=0)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    scheduler = StepLR(optimizer, step_size=8, gamma=0.5)
    losses = []
    for i in range(steps):
        batch = slice(32 * i, 32 * (i + 1))
        optimizer.zero_grad()
        loss = F.nll_loss(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses, evaluate(model)


if __name__ == "__main__":
    torch.manual_seed(0)
    print(train(CNN()))
