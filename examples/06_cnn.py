"""A convolutional network on handwritten digits: three convolutions with pooling, a hidden layer, dropout, RMSprop.

    python examples/06_cnn.py

prints the accuracy on the test images eleven times. On the bundled digits, which are too small for three poolings, it
ends near 95 %.
"""

import numpy as np
from digit_images import batches, prepare, report

import autograd
from autograd import Tensor, relu
from nn.functional import conv2d, cross_entropy, dropout, max_pool2d
from nn.optim import RMSprop


def init_weights(shape, rng):
    """Return small random weights that gradients are wanted of."""
    return Tensor(rng.normal(0, 0.01, shape).astype(np.float32), requires_grad=True)


def model(x, w, w2, w3, w4, w_o, p_drop_conv=0.0, p_drop_hidden=0.0):
    """Return scores (N, 10) of images (N, 1, H, W); without dropout where the network is used, not trained."""
    for w_conv in (w, w2, w3):  # (N, C, H, W) to (N, 32, H/2, W/2), (N, 64, H/4, W/4), (N, 128, H/8, W/8), rounded up
        x = max_pool2d(relu(conv2d(x, w_conv, padding=1)), 2, ceil_mode=True)
        x = dropout(x, p_drop_conv)
    h = dropout(relu(x.reshape(len(x), -1) @ w4), p_drop_hidden)  # (N, 625)
    return h @ w_o


def main():
    """Train and test."""
    epochs, (x_train, y_train), (x_test, y_test) = prepare(__doc__, mnist_epochs=10, digits_epochs=40, flat=False)
    rng = np.random.default_rng(0)
    autograd.manual_seed(0)  # of dropout
    side = -(-x_train.shape[-1] // 8)  # of the images after three poolings
    shapes = (32, 1, 3, 3), (64, 32, 3, 3), (128, 64, 3, 3), (128 * side * side, 625), (625, 10)
    weights = [init_weights(shape, rng) for shape in shapes]
    optimizer = RMSprop(weights, lr=0.001, alpha=0.9, eps=1e-6)
    for epoch in range(1, epochs + 1):
        for x, y in batches(x_train, y_train, 128, rng):
            cost = cross_entropy(model(x, *weights, p_drop_conv=0.2, p_drop_hidden=0.5), y)
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
        report(epoch, epochs, model, weights, x_test, y_test)


if __name__ == "__main__":
    main()
