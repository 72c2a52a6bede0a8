"""What is timed: training steps and inference, written once for Forkgrad and PyTorch, which share their names.

`WORKLOADS[name](library)` makes a network, its data and its optimizer, and returns a function that does one step.
"""

from types import SimpleNamespace

import numpy as np


def forkgrad():
    """Return Forkgrad's names, as the workloads use them."""
    import autograd
    import nn
    from nn import functional as F
    from nn import optim

    return SimpleNamespace(nn=nn, F=F, optim=optim, tensor=autograd.Tensor, no_grad=autograd.no_grad)


def torch(threads=2):
    """Return PyTorch's names, as the workloads use them."""
    import torch
    from torch import nn, optim
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    return SimpleNamespace(nn=nn, F=F, optim=optim, tensor=torch.from_numpy, no_grad=torch.no_grad)


LIBRARIES = {"forkgrad": forkgrad, "torch": torch}


def images(library, *shape):
    return library.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))


def classes(library, count, *shape):
    return library.tensor(np.random.default_rng(1).integers(0, count, shape))


def training(library, net, x, y, optimizer=None, of_output=None):
    """Return a training step: zero_grad, forward, loss, backward, optimizer step."""
    optimizer = optimizer or library.optim.SGD(net.parameters(), lr=0.01)
    of_output = of_output or library.F.cross_entropy

    def step():
        optimizer.zero_grad()
        loss = of_output(net(x), y)
        loss.backward()
        optimizer.step()

    return step


# --- networks ---------------------------------------------------------------------------------------------------------


def mlp(nn):
    return nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def lenet(nn):
    """Return the convolutional network of Nielsen's chapter 6, with rectified linear units."""
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(20, 40, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(640, 100), nn.Linear(100, 10),
    )  # fmt: skip


def vgg_block(nn):
    def layer(c, o):
        return [nn.Conv2d(c, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()]

    parts = [*layer(3, 64), *layer(64, 64), nn.MaxPool2d(2), *layer(64, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts, nn.Linear(128, 10))


def resnet(library):
    """Return two basic blocks of 16 channels (He et al., 2016) between a convolution and a classifier."""
    nn, F = library.nn, library.F

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
            self.conv2, self.bn2 = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)

        def forward(self, x):
            return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))

    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Block(), Block(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


def char_lstm(library):
    nn = library.nn

    class CharLSTM(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.lstm, self.out = nn.Embedding(65, 64), nn.LSTM(64, 128), nn.Linear(128, 65)

        def forward(self, x):
            return self.out(self.lstm(self.embedding(x))[0])

    return CharLSTM()


# --- workloads --------------------------------------------------------------------------------------------------------


def mlp_training(batch, optimizer="SGD"):
    def build(library):
        net = mlp(library.nn)
        chosen = getattr(library.optim, optimizer)(net.parameters(), lr=0.01)
        return training(library, net, images(library, batch, 784), classes(library, 10, batch), chosen)

    return build


def lenet_training(batch):
    def build(library):
        net = lenet(library.nn)
        return training(library, net, images(library, batch, 1, 28, 28), classes(library, 10, batch))

    return build


def lenet_inference(library):
    net, x = lenet(library.nn).eval(), images(library, 256, 1, 28, 28)

    def step():
        with library.no_grad():
            net(x)

    return step


def vgg_training(batch):
    def build(library):
        net = vgg_block(library.nn)
        return training(library, net, images(library, batch, 3, 32, 32), classes(library, 10, batch))

    return build


def resnet_training(library):
    net = resnet(library)
    return training(library, net, images(library, 32, 3, 32, 32), classes(library, 10, 32))


def lstm_training(library):
    def loss(output, target):  # output (T, N, V), target (T, N)
        return library.F.cross_entropy(output.reshape(-1, 65), target.reshape(-1))

    return training(
        library, char_lstm(library), classes(library, 65, 64, 32), classes(library, 65, 64, 32), of_output=loss
    )


def transformer_training(library):
    net = library.nn.TransformerEncoderLayer(128, 4, 512, dropout=0.1, batch_first=True)
    return training(
        library, net, images(library, 16, 64, 128), images(library, 16, 64, 128), of_output=library.F.mse_loss
    )


def wide_mlp(library):
    nn = library.nn
    net = nn.Sequential(nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    return training(library, net, images(library, 512, 2048), classes(library, 10, 512))


WORKLOADS = {
    "MLP, SGD, batch 10": mlp_training(10),
    "MLP, SGD, batch 128": mlp_training(128),
    "MLP, Adam, batch 128": mlp_training(128, "Adam"),
    "LeNet, SGD, batch 10": lenet_training(10),
    "LeNet, SGD, batch 64": lenet_training(64),
    "VGG block, batch 32": vgg_training(32),
    "ResNet blocks, batch 32": resnet_training,
    "char LSTM, batch 32": lstm_training,
    "Transformer layer, batch 16": transformer_training,
    "LeNet inference, batch 256": lenet_inference,
}
# Not among the ratios: for the rate reached, and for the peak of memory.
OTHERS = {
    "wide MLP, batch 512": wide_mlp,
    "LeNet, SGD, batch 256": lenet_training(256),
    "VGG block, batch 64": vgg_training(64),
}

# The highest ratio to PyTorch's time that each may take, and what would be better still.
TARGETS = {
    "MLP, SGD, batch 10": (0.6, 0.35),
    "MLP, SGD, batch 128": (0.6, 0.35),
    "MLP, Adam, batch 128": (0.6, 0.35),
    "LeNet, SGD, batch 10": (0.6, 0.4),
    "LeNet, SGD, batch 64": (0.6, 0.4),
    "VGG block, batch 32": (1.1, 0.8),
    "ResNet blocks, batch 32": (1.2, 0.9),
    "char LSTM, batch 32": (1.2, 0.7),
    "Transformer layer, batch 16": (1.3, 1.0),
    "LeNet inference, batch 256": (1.0, 0.6),
    "geometric mean": (0.8, 0.6),
}
