"""The data of the examples: MNIST where it is on this machine, else the small digits that come with the package."""

import argparse

import autograd
from nn.data import load_digits, load_mnist


def prepare(description, mnist_epochs, digits_epochs, flat=True):
    """Return the number of epochs, (x_train, y_train), (x_test, y_test).

    Images are rows (N, pixels), or if not flat (N, 1, H, W), from 0 to 1; labels are digits (N,). The option --epochs
    says how many; else it depends on the data, since MNIST has forty times as many images as the bundled digits.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--epochs", type=int, help=f"{mnist_epochs} for MNIST, {digits_epochs} for the bundled digits")
    epochs = parser.parse_args().epochs
    try:
        (train, test), usual, name = load_mnist(), mnist_epochs, "MNIST"
    except FileNotFoundError:
        (train, test), usual, name = load_digits(), digits_epochs, "the bundled digits"
        print("MNIST is not here: set FORKGRAD_DATA to the folder that has its files. Meanwhile")
    height, width = train[0].shape[2:]
    print(f"{name}: {len(train[0]):,} images of {height}x{width} to train with, {len(test[0]):,} to test")
    if flat:
        train, test = ((x.reshape(len(x), -1), y) for x, y in (train, test))
    return usual if epochs is None else epochs, train, test


def batches(x, y, size, rng):
    """Yield the shuffled mini-batches of an epoch, (size, ...) and (size,)."""
    order = rng.permutation(len(x))
    for start in range(0, len(x) - size + 1, size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]


def accuracy(model, weights, x, y, size=500):
    """Return the share of images x (N, ...) that are recognised as y (N,), computed on `size` of them at a time."""
    right = 0
    with autograd.no_grad():
        for start in range(0, len(x), size):
            scores = model(x[start : start + size], *weights)  # (size, 10)
            right += int((scores.argmax(axis=1) == y[start : start + size]).sum())
    return right / len(x)


def report(epoch, epochs, model, weights, x_test, y_test):
    """Print the accuracy on the test images after the first epoch, and ten times on the way to the last."""
    if epoch in (1, epochs) or epoch % max(1, epochs // 10) == 0:
        print(f"epoch {epoch:3}: test accuracy {accuracy(model, weights, x_test, y_test):.2%}", flush=True)
