"""A multilayer perceptron on handwritten digits: one hidden layer of 625 sigmoid units.

    python examples/04_mlp.py

prints the accuracy on the test images eleven times. At first it hardly moves: with small weights the hidden units are
all near 1/2, whatever the image. On the bundled digits it ends near 90 %.
"""

import numpy as np
from digit_images import batches, prepare, report

import autograd
from autograd import Tensor, sigmoid
from nn.functional import cross_entropy


def init_weights(shape, rng):
    """Return small random weights that gradients are wanted of."""
    return Tensor(rng.normal(0, 0.01, shape).astype(np.float32), requires_grad=True)


def model(x, w_h, w_o):
    """Return scores (N, 10) of images (N, pixels)."""
    h = sigmoid(x @ w_h)  # (N, 625)
    return h @ w_o


def main():
    """Train and test."""
    epochs, (x_train, y_train), (x_test, y_test) = prepare(__doc__, mnist_epochs=100, digits_epochs=200)
    rng = np.random.default_rng(0)
    w_h = init_weights((x_train.shape[1], 625), rng)
    w_o = init_weights((625, 10), rng)
    for epoch in range(1, epochs + 1):
        for x, y in batches(x_train, y_train, 128, rng):
            cost = cross_entropy(model(x, w_h, w_o), y)
            w_h.grad = w_o.grad = None
            cost.backward()
            with autograd.no_grad():
                for w in (w_h, w_o):
                    w -= 0.05 * w.grad
        report(epoch, epochs, model, [w_h, w_o], x_test, y_test)


if __name__ == "__main__":
    main()
