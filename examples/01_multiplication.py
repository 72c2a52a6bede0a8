"""Multiply two numbers: no placeholder, no compiled function, no session, just Python; and the derivatives as well.

    python examples/01_multiplication.py

prints

    1 * 2 = 2
    3 * 3 = 9
    at a = 3, b = 4: a * b = 12, its derivative to a is 4, and to b 3
"""

from autograd import Tensor


def multiply(a, b):
    """Return the product, of numbers or of Tensors."""
    return a * b


def main():
    """Multiply, and look at how the product changes with each factor."""
    print(f"1 * 2 = {multiply(Tensor(1.0), Tensor(2.0)):g}")
    print(f"3 * 3 = {multiply(Tensor(3.0), Tensor(3.0)):g}")

    a, b = Tensor(3.0, requires_grad=True), Tensor(4.0, requires_grad=True)
    y = multiply(a, b)
    y.backward()  # d(a b)/da = b, d(a b)/db = a
    print(f"at a = {a:g}, b = {b:g}: a * b = {y:g}, its derivative to a is {a.grad:g}, and to b {b.grad:g}")


if __name__ == "__main__":
    main()
