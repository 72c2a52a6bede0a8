"""Fit the line y = w x through noisy points of y = 2 x, by stochastic gradient descent, a point at a time.

    python examples/02_linear_regression.py

prints a weight that goes from 0 to where least squares has it, near 2; it stays a little off, since each step follows
the noise of one point:

    epoch   1: w = 1.028
    epoch  20: w = 2.061
    epoch  40: w = 2.061
    epoch  60: w = 2.061
    epoch  80: w = 2.061
    epoch 100: w = 2.061
    least squares: w = 2.055; without noise it would be 2
"""

import argparse

import numpy as np

import autograd
from autograd import Tensor


def model(x, w):
    """Return the line's height at x."""
    return x * w


def main():
    """Make the points, fit the line, and compare with the exact solution."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100, help="passes over the points (100)")
    epochs = parser.parse_args().epochs

    rng = np.random.default_rng(0)
    x_train = np.linspace(-1, 1, 101, dtype=np.float32)
    y_train = 2 * x_train + 0.33 * rng.standard_normal(101, dtype=np.float32)

    w = Tensor(0.0, requires_grad=True)
    for epoch in range(1, epochs + 1):
        for x, y in zip(x_train, y_train, strict=True):
            cost = (y - model(x, w)) ** 2
            w.grad = None
            cost.backward()
            with autograd.no_grad():
                w -= 0.01 * w.grad
        if epoch == 1 or epoch % 20 == 0 or epoch == epochs:
            print(f"epoch {epoch:3}: w = {w:.3f}")
    print(f"least squares: w = {(x_train @ y_train) / (x_train @ x_train):.3f}; without noise it would be 2")


if __name__ == "__main__":
    main()
