"""What gradcheck takes (containers, modules, complex and random numbers), and what it finds beside wrong numbers."""

import random
from types import SimpleNamespace

import numpy as np
import pytest

import autograd
import nn
from autograd import Function, Tensor, gradcheck, gradgradcheck, op
from autograd.tensor import value_of

RNG = np.random.default_rng(11)
X, W, B = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=2)
Z = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))


def checked(f, *inputs, **options):
    return gradcheck(f, inputs, raise_exception=False, **options)


def names(report):
    return [result.name for result in report.results]


# --- containers and keyword arguments ---------------------------------------------------------------------------------


def test_containers_are_taken_apart_and_their_arrays_named():
    def model(parameters, x, activation):
        out = activation(x @ parameters["layers"][0]["w"] + parameters["layers"][0]["b"])
        return {"out": out, "parts": [out.sum(), (out * 2,)]}

    report = gradcheck(model, ({"layers": [{"w": W, "b": B}], "name": "mlp"}, X, np.tanh))
    assert names(report) == ["parameters['layers'][0]['w']", "parameters['layers'][0]['b']", "x"]
    assert [result.position for result in report.results] == [0, 0, 1]
    assert report.results[0].entries == W.size * (6 + 1 + 6)
    assert gradgradcheck(model, ({"layers": [{"w": W, "b": B}]}, X, np.tanh))


def test_wrong_ones_inside_containers_are_named():
    report = checked(lambda p: p["good"] * p["bad"].detach(), {"good": X, "bad": X + 1})
    assert [result.name for result in report.results if not result.ok] == ["p['bad']"]


def test_keyword_arguments():
    def f(x, *, axis, weight, eps=1e-3):
        return (x * weight).sum(axis) + eps

    report = gradcheck(f, X, kwargs={"axis": 1, "weight": RNG.normal(size=4), "eps": 0.5})
    assert names(report) == ["x", "weight"]
    assert not checked(lambda x, w: x * w.detach(), X, kwargs={"w": X}).results[1].ok
    asked = Tensor(X, requires_grad=True)
    assert names(gradcheck(f, asked, kwargs={"axis": 0, "weight": RNG.normal(size=4)})) == ["x"]


# --- modules ----------------------------------------------------------------------------------------------------------


class Wrong(nn.Module):
    """A layer with a parameter whose gradient is lost."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2)
        self.gain = nn.Parameter(np.ones(2, np.float32))

    def forward(self, x):
        return self.inner(x) * self.gain.detach()


def test_parameters_of_modules_are_checked_by_name():
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    before = {name: value_of(parameter).copy() for name, parameter in model.named_parameters()}
    report = gradcheck(model, X.astype(np.float32))
    assert names(report) == ["0.weight", "0.bias", "2.weight", "2.bias", "input"]
    assert [result.position for result in report.results] == [None] * 4 + [0]
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(value_of(parameter), before[name])
        assert parameter.grad is None
        assert parameter.dtype == np.float32
    report = checked(Wrong(), X.astype(np.float32))
    assert [result.name for result in report.results if not result.ok] == ["gain"]


def test_modules_may_be_arguments_and_frozen_parameters_are_left_out():
    model = nn.Linear(4, 2)
    model.bias.requires_grad_(False)
    report = gradcheck(lambda model, x, target: nn.functional.mse_loss(model(x), target), (model, X, X @ W))
    assert names(report) == ["model.weight", "x", "target"]
    assert gradgradcheck(model, X)


def test_the_state_of_modules_does_not_matter():
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2))
    generator = autograd.manual_seed(5)
    state = generator.bit_generator.state
    assert gradcheck(model, X)
    assert generator.bit_generator.state == state


class Counting(nn.Module):
    """A module whose result depends on how often it was called."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.ones(4, np.float32))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.weight * self.calls


def test_modules_are_checked_on_copies():
    model = Counting()
    assert gradcheck(model, X)
    assert model.calls == 0


# --- random numbers ---------------------------------------------------------------------------------------------------

GLOBAL = np.random.default_rng(1)


def test_random_functions_are_replayed():
    local = np.random.default_rng(2)
    before = local.bit_generator.state, GLOBAL.bit_generator.state
    assert gradcheck(lambda x: x * local.normal(size=x.shape), X)
    assert gradcheck(lambda x: x * GLOBAL.normal(size=x.shape), X)
    assert gradcheck(lambda x, rng: x * rng.normal(size=x.shape), (X, local))
    assert gradcheck(lambda x: nn.functional.dropout(x, 0.5), X)
    assert gradcheck(lambda x: x * np.random.rand() * random.random(), X)  # noqa: NPY002
    assert (local.bit_generator.state, GLOBAL.bit_generator.state) == before


def test_what_cannot_be_replayed_is_reported():
    hidden = SimpleNamespace(generator=np.random.default_rng(3))
    with pytest.raises(ValueError, match=r"different results in two runs.*set back"):
        gradcheck(lambda x: x * hidden.generator.normal(), X)


# --- complex numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(
    "f",
    [
        lambda z: z * z, np.conj, lambda z: z * np.conj(z), np.exp, abs, lambda z: z.real * 2, lambda z: (z.imag, z),
        lambda z: np.fft.fft(z), lambda z: (abs(z) ** 2).sum(), np.angle,
    ],
)  # fmt: skip
def test_complex_inputs_and_outputs(check, f):
    assert check(f, Z)


def test_real_inputs_of_complex_functions():
    assert gradcheck(lambda x, z: x * z * 1j, (X[0, :3], Z))
    assert gradcheck(np.fft.rfft, X)


def test_a_wrong_complex_gradient_names_the_part():
    @op(z=lambda g, z: g * np.conj(z) * 2)
    def square(z):
        return z * z

    (result,) = checked(square, Z).results
    assert result.entries == (2 * Z.size) ** 2
    assert result.worst.part in ("real", "imag")
    assert f"z.{result.worst.part}[" in result.worst.place("z")

    @op(z=lambda g: np.conj(g))
    def same(z):
        return z * 1

    assert not checked(same, Z)
    assert not checked(same, X + 0j)


# --- beside the numbers -----------------------------------------------------------------------------------------------


def test_a_rule_that_changes_what_comes_in_is_found():
    def doubled(g):
        g *= 2
        return g

    f = op(x=doubled)(lambda x: x * 2)
    (finding,) = checked(f, X).findings
    assert "changes the gradient that comes in from output 0 in place" in finding
    assert finding in str(checked(f, X))
    assert not checked(f, X)


def test_a_rule_that_changes_its_input_is_found():
    def spoiling(g, x):
        x *= 1.5
        return g * 2

    with_error = op(x=spoiling)(lambda x: x * 2)
    assert any("changes the input 'x' in place" in finding for finding in checked(with_error, X).findings)


def test_a_rule_that_is_not_linear_is_found():
    f = op(x=lambda g: np.where(g == 0, 1.0, g) * 2)(lambda x: x * 2)
    report = checked(f, np.array(1.5))
    assert report.results[0].ok
    assert report.findings == ("for an incoming gradient of zero that of 'x' is not zero: a rule must be linear in it",)


def test_outputs_that_disturb_each_other_are_found():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, one, other):
            if one is not None and other is not None:
                return one * 2 + other * 3.5
            return one * 2 if one is not None else other * 3

    report = checked(Two.apply, X)
    assert all(result.ok for result in report.results)
    assert "from the single outputs do not add up" in report.findings[0]


def test_the_gradient_in_float32_is_compared_with_that_in_float64():
    f = op(x=lambda g, x: g * (x + 1e6 - 1e6))(lambda x: x * x / 2)
    assert checked(f, X)
    narrow = checked(f, X.astype(np.float32))
    assert not narrow
    assert "in float32 the gradient of 'x' is" in narrow.findings[0]
    assert gradcheck(lambda x: x * x / 2, X.astype(np.float32))
    assert gradcheck(lambda x: x**4, (X * 1e9).astype(np.float32))
    assert gradcheck(lambda x: x**4, (X * 1e-9).astype(np.float32))


def test_leaves_that_f_closes_over_keep_their_gradients():
    other = Tensor(X, requires_grad=True)
    assert gradcheck(lambda x: x * other, X)
    assert other.grad is None


# --- orders -----------------------------------------------------------------------------------------------------------


def test_any_order():
    assert gradgradcheck(np.sin, X[0], order=3)
    report = gradgradcheck(lambda x: x**3, X[0, :2], order=4)
    assert str(report).startswith("gradgradcheck(order=4) of <lambda>: ok")

    @op(x=lambda g, x: g * 3 * x * value_of(x) if isinstance(g, Tensor) else g * 3 * x**2)
    def cube(x):
        return x**3

    assert gradcheck(cube, X[0])
    assert not gradgradcheck(cube, X[0], raise_exception=False)
    with pytest.raises(ValueError, match="order 2 and more, not 1; use gradcheck"):
        gradgradcheck(np.sin, X, order=1)
