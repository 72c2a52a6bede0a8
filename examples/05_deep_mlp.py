"""A deep multilayer perceptron on handwritten digits: two hidden layers of 625 rectifiers, dropout and RMSprop.

    python examples/05_deep_mlp.py

prints the accuracy on the test images eleven times: many more right than with one layer, and much sooner. On the
bundled digits it ends near 97 %.
"""

import numpy as np
from digit_images import batches, prepare, report

import autograd
from autograd import Tensor, relu
from nn.functional import cross_entropy, dropout
from nn.optim import RMSprop


def init_weights(shape, rng):
    """Return small random weights that gradients are wanted of."""
    return Tensor(rng.normal(0, 0.01, shape).astype(np.float32), requires_grad=True)


def model(x, w_h, w_h2, w_o, p_drop_input=0.0, p_drop_hidden=0.0):
    """Return scores (N, 10) of images (N, pixels); without dropout where the network is used, not trained."""
    x = dropout(Tensor(x), p_drop_input)
    h = dropout(relu(x @ w_h), p_drop_hidden)  # (N, 625)
    h2 = dropout(relu(h @ w_h2), p_drop_hidden)  # (N, 625)
    return h2 @ w_o


def main():
    """Train and test."""
    epochs, (x_train, y_train), (x_test, y_test) = prepare(__doc__, mnist_epochs=20, digits_epochs=40)
    rng = np.random.default_rng(0)
    autograd.manual_seed(0)  # of dropout
    weights = [init_weights(shape, rng) for shape in ((x_train.shape[1], 625), (625, 625), (625, 10))]
    optimizer = RMSprop(weights, lr=0.001, alpha=0.9, eps=1e-6)
    for epoch in range(1, epochs + 1):
        for x, y in batches(x_train, y_train, 128, rng):
            cost = cross_entropy(model(x, *weights, p_drop_input=0.2, p_drop_hidden=0.5), y)
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
        report(epoch, epochs, model, weights, x_test, y_test)


if __name__ == "__main__":
    main()
