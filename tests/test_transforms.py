"""Gradients of functions, products with Jacobians and Hessians, checkpoint, Function."""

import functools
import random
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd as ag
from autograd import Tensor, grad, hessian, hvp, jacobian, jvp, no_grad, value_and_grad, vjp

RNG = np.random.default_rng(3)


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


def f(x):
    return np.sum(np.sin(x) * x**2)


X = RNG.normal(size=4)
FIRST = np.cos(X) * X**2 + 2 * X * np.sin(X)
SECOND = -np.sin(X) * X**2 + 4 * X * np.cos(X) + 2 * np.sin(X)


def test_array_in_array_out_tensor_in_tensor_out():
    assert type(grad(f)(X)) is np.ndarray
    assert type(grad(f)(Tensor(X))) is Tensor
    assert isinstance(grad(f)(2.0), np.float32)
    assert_allclose(grad(f)(X), FIRST)


def test_argnums_and_containers():
    def g(w, x, scale=1.0):
        return np.sum(w["a"] * x[0] + w["b"][0] * x[1]) * scale

    w = {"a": np.array([1.0, 2.0]), "b": [np.array([3.0]), None]}
    x = (np.array([4.0, 5.0]), np.array([6.0]))
    assert_allclose(grad(g)(w, x)["a"], [4, 5])
    assert grad(g)(w, x)["b"][1] is None
    dx, dw = grad(g, argnums=(1, 0))(w, x, scale=10.0)
    assert type(dx) is tuple
    assert_allclose(dx[1], [60])
    assert_allclose(dw["b"][0], [120])

    class Point(NamedTuple):
        x: float
        y: float

    assert grad(lambda p: p.x * p.y)(Point(2.0, 3.0)) == Point(3.0, 2.0)


def test_an_argument_that_cannot_be_differentiated_to_is_refused():
    @dataclass
    class Weights:
        w: float

    def f(x, y):
        return y * 1.0

    for argument in (True, "a", Weights(1.0), [True, "a"]):
        for call in (lambda a: grad(f)(a, 2.0), lambda a: vjp(f, a, 2.0), lambda a: hvp(f, (a, 2.0), (a, 1.0))):
            with pytest.raises(TypeError, match=f"argument 0 is {type(argument).__name__}"):
                call(argument)
    for argument in (None, [], {}, {"a": (None, [])}):
        assert grad(f)(argument, 2.0) == argument


def test_no_argument_is_named_twice():
    for argnums in ((0, 0), (0, 1, -2)):
        for transform in (grad, value_and_grad, jacobian, hessian):
            with pytest.raises(ValueError, match="twice"):
                transform(lambda x, y: x * y, argnums)(2.0, 3.0)
    assert grad(lambda x, y: x * y, (-1, 0))(2.0, 3.0) == (2.0, 3.0)


def test_value_and_grad_with_aux():
    def with_note(x):
        return f(x), {"sin": np.sin(x), "note": "kept"}

    (value, aux), gradient = value_and_grad(with_note, has_aux=True)(X)
    assert_allclose(value, f(X))
    assert_allclose(gradient, FIRST)
    assert type(aux["sin"]) is np.ndarray
    assert_allclose(aux["sin"], np.sin(X))
    assert aux["note"] == "kept"
    gradient, aux = grad(with_note, has_aux=True)(Tensor(X))
    assert_allclose(gradient.data, FIRST)
    assert not aux["sin"].requires_grad
    outer = grad(lambda x: np.sum(grad(with_note, has_aux=True)(x)[1]["sin"] ** 2))(X)
    assert_allclose(outer, 2 * np.sin(X) * np.cos(X))
    with pytest.raises(TypeError, match=r"\(value, aux\)"):
        grad(f, has_aux=True)(X)


def test_value_and_grad():
    value, gradient = value_and_grad(f)(X)
    assert_allclose(value, f(X))
    assert_allclose(gradient, FIRST)


def test_transforms_nest():
    third = grad(grad(grad(np.sin)))
    assert_allclose(third(np.float64(0.3)), -np.cos(0.3))
    assert_allclose(hessian(f)(X), np.diag(SECOND))
    assert_allclose(grad(lambda x: np.sum(grad(f)(x) ** 2))(X), 2 * FIRST * SECOND)


def test_perturbations_are_not_confused():
    """d/dx (x * d/dy (x + y)) is 1, not 2: the inner derivative must not see the outer variable's tangent."""
    outer = grad(lambda x: x * grad(lambda y: x + y)(1.0))
    assert outer(1.0) == 1
    inner = jvp(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1], (3.0,), (1.0,))[1]
    assert inner == 6


def test_result_is_linked_to_what_the_function_closes_over():
    w = leaf(np.float64(3.0))
    penalty = grad(lambda x: w * w * x)(np.float64(1.0))
    penalty.backward()
    assert w.grad.item() == 6
    with no_grad():
        assert type(grad(lambda x: w * w * x)(np.float64(1.0))) is not Tensor
    x = leaf(np.float64(2.0))
    grad(lambda t: t**3)(x).backward()
    assert x.grad.item() == 12
    assert w.grad.item() == 6


def test_transforms_store_no_gradients():
    x, w = leaf(X), leaf(np.ones(4))
    grad(lambda x: np.sum(x * w))(x)
    jacobian(lambda x: x * w)(x)
    assert x.grad is None
    assert w.grad is None


def test_vjp_and_jvp_agree_with_the_jacobian():
    a = RNG.normal(size=(3, 4))

    def g(x, y):
        return np.tanh(a @ x) * y

    x, y, u, v, w = (RNG.normal(size=n) for n in (4, 3, 4, 3, 3))
    jx, jy = jacobian(g, argnums=(0, 1))(x, y)
    assert jx.shape == (3, 4)
    out, pull = vjp(g, x, y)
    assert_allclose(out, g(x, y))
    for _ in range(2):
        px, py = pull(w)
        assert_allclose(px, w @ jx)
        assert_allclose(py, w @ jy)
    out, moved = jvp(g, (x, y), (u, v))
    assert_allclose(out, g(x, y))
    assert_allclose(moved, jx @ u + jy @ v)


def test_jacobians_of_containers():
    """Outputs of inputs, as JAX's."""
    a, b = RNG.normal(size=2), RNG.normal(size=(2, 3))

    def g(p, scale):
        return {"m": p["a"] @ p["b"] * scale, "n": [np.sum(p["a"]), None]}

    jac = jacobian(g)({"a": a, "b": b}, 2.0)
    assert_allclose(jac["m"]["a"], 2 * b.T)
    assert_allclose(jac["m"]["b"], 2 * np.einsum("i,jk->jik", a, np.eye(3)))
    assert_allclose(jac["n"][0]["a"], np.ones(2))
    assert_allclose(jac["n"][0]["b"], np.zeros((2, 3)))
    assert jac["n"][1] is None
    first, second = jacobian(g, argnums=(1, 0))({"a": a, "b": b}, 2.0)["m"]
    assert_allclose(first, a @ b)
    assert_allclose(second["a"], 2 * b.T)
    tensors = jacobian(g)({"a": Tensor(a), "b": Tensor(b)}, 2.0)
    assert type(tensors["m"]["a"]) is Tensor
    with pytest.raises(TypeError, match="returned str"):
        jacobian(lambda x: "text")(X)


def test_hessians_of_containers():
    a, b = RNG.normal(size=2), RNG.normal(size=(2, 3))

    def g(p):
        return np.sum((p["a"] @ p["b"]) ** 2)

    full = hessian(lambda v: g({"a": v[:2], "b": v[2:].reshape(2, 3)}))(np.concatenate([a, b.ravel()]))
    parts = hessian(g)({"a": a, "b": b})
    assert_allclose(parts["a"]["a"], full[:2, :2])
    assert_allclose(parts["a"]["b"], full[:2, 2:].reshape(2, 2, 3))
    assert_allclose(parts["b"]["a"], full[2:, :2].reshape(2, 3, 2))
    assert_allclose(parts["b"]["b"], full[2:, 2:].reshape(2, 3, 2, 3))
    pairs = hessian(lambda a, b: g({"a": a, "b": b}), argnums=(0, 1))(a, b)
    for row, key in zip(pairs, "ab", strict=True):
        assert_allclose(row[0], parts[key]["a"])
        assert_allclose(row[1], parts[key]["b"])


def test_vectors_are_paired_by_key():
    def g(d):
        return d["x"] * d["y"]

    primals, tangents = {"x": 2.0, "y": 3.0}, {"y": 10.0, "x": 1.0}
    assert jvp(g, (primals,), (tangents,))[1] == 3 * 1 + 2 * 10
    assert hvp(g, primals, tangents) == {"x": 10.0, "y": 1.0}
    _, pull = vjp(lambda x: {"a": x, "b": 2 * x}, 1.0)
    assert pull({"b": 1.0, "a": 10.0}) == (12.0,)
    for call, message in (
        (lambda: jvp(g, (primals,), ({"x": 1.0, "z": 1.0},)), r"tangents\[0\] needs the keys \['x', 'y'\]"),
        (lambda: jvp(g, (primals,), ([1.0, 1.0],)), r"tangents\[0\] .* a list"),
        (lambda: hvp(g, primals, {"x": 1.0}), r"vectors\[0\] needs the keys \['x', 'y'\]"),
        (lambda: pull({"a": 1.0}), r"vectors needs the keys"),
        (lambda: pull({"a": 1.0, "b": [1.0]}), r"vectors\['b'\] is a list"),
        (lambda: hvp(f, X, np.ones(1)), r"vectors\[0\] has shape \(1,\).*\(4,\)"),
        (lambda: jvp(lambda x: Tensor(1.0), (X,), (np.ones(3),)), r"tangents\[0\] has shape \(3,\).*\(4,\)"),
        (lambda: vjp(lambda x: [x, x], X)[1]([np.ones(4)]), "vectors needs 2 items, but is 1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_functions_that_do_not_depend_on_their_argument():
    assert_allclose(grad(lambda x: Tensor(1.0))(X), np.zeros(4))
    assert_allclose(jvp(lambda x: Tensor([1.0, 2.0]), (X,), (X,))[1], [0, 0])
    assert_allclose(hessian(lambda x: np.sum(x))(X), np.zeros((4, 4)))
    assert jacobian(lambda x: x[:0])(X).shape == (0, 4)


def test_several_outputs():
    out, pull = vjp(lambda x: {"a": x * 2, "b": [x.sum()]}, X)
    assert_allclose(out["b"][0], X.sum())
    (g,) = pull({"a": np.ones(4), "b": [np.float64(10)]})
    assert_allclose(g, np.full(4, 12.0))
    _, moved = jvp(lambda x: (x * 2, x.sum()), (X,), (np.ones(4),))
    assert_allclose(moved[0], np.full(4, 2.0))
    assert_allclose(moved[1], 4)
    _, pull = vjp(lambda x: (x, x), X)
    assert_allclose(pull((np.ones(4), np.ones(4)))[0], np.full(4, 2.0))


def test_hvp_and_gauss_newton():
    v = RNG.normal(size=4)
    assert_allclose(hvp(f, (X,), (v,)), SECOND * v)
    assert_allclose(hvp(f, X, v), SECOND * v)
    hx, hy = hvp(lambda x, y: np.sum(x * x * y), (X, X + 1), (v, 2 * v))
    assert_allclose(hx, 2 * (X + 1) * v + 2 * X * 2 * v)
    assert_allclose(hy, 2 * X * v)
    j = jacobian(np.tanh)(X)
    assert_allclose(ag.ggnvp(np.tanh, lambda y: np.sum(y * y), (X,), (v,)), j.T @ (2 * (j @ v)))


def test_errors_of_transforms():
    with pytest.raises(ValueError, match=r"one number.*\(4,\)"):
        grad(np.sin)(X)
    with pytest.raises(TypeError, match=r"3\.0 instead of 3"):
        grad(f)(3)
    with pytest.raises(TypeError, match="argument 2"):
        grad(f, argnums=2)(X)
    with pytest.raises(ValueError, match=r"\(3,\).*\(4,\)"):
        vjp(np.sin, X)[1](np.ones(3))
    with pytest.raises(ValueError, match="tangent"):
        jvp(np.sin, (X,), ())
    with pytest.raises(ValueError, match="vectors"):
        vjp(lambda x: (x, x), X)[1](np.ones(4))


# --- checkpoint -------------------------------------------------------------------------------------------------------


def test_checkpoint_gives_the_same_gradients_to_any_order():
    w, x = leaf(RNG.normal(size=(4, 4))), leaf(X)

    def layer(h, scale=1.0):
        return np.tanh(w @ h) * scale

    def run(call):
        w.grad = x.grad = None
        h = x
        for _ in range(3):
            h = call(h)
        h.sum().backward(create_graph=True)
        first = [w.grad, x.grad]
        w.grad = x.grad = None
        sum((g * g).sum() for g in first).backward()
        return [t.data for t in (*first, w.grad, x.grad)]

    for plain, again in zip(run(layer), run(lambda h: ag.checkpoint(layer, h, scale=1.0)), strict=True):
        assert_allclose(again, plain)


def test_checkpoint_nests_and_takes_containers():
    def inner(d):
        return {"y": np.exp(d["x"])}

    def outer(x, n):
        return ag.checkpoint(inner, {"x": x * n})["y"], x

    x = leaf(X)
    y, same = ag.checkpoint(outer, x, 2)
    (y.sum() + same.sum()).backward()
    assert_allclose(x.grad.data, 2 * np.exp(2 * X) + 1)


def test_checkpoint_replays_random_numbers():
    x = leaf(np.ones(1000))

    def noisy(x):
        return x * ag.default_generator().normal(size=1000)

    ag.manual_seed(1)
    y = ag.checkpoint(noisy, x)
    after = ag.default_generator().normal()
    y.sum().backward()
    assert_allclose(x.grad.data, y.data)
    ag.manual_seed(1)
    ag.default_generator().normal(size=1000)
    assert ag.default_generator().normal() == after  # and leaves the generator where it was


class Noisy:
    """A layer with a generator of its own."""

    def __init__(self):
        self.parts = {"generator": np.random.default_rng(7)}

    def __call__(self, x):
        return x * self.parts["generator"].normal(size=1000)

    def apply(self, x):
        return self(x)


def closes_over():
    generator = np.random.default_rng(7)
    return lambda x: x * generator.normal(size=1000)


def global_numpy(x):
    return x * np.random.normal(size=1000)  # noqa: NPY002


def global_python(x):
    return x * np.array([random.random() for _ in range(1000)])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, g: x * g.normal(size=1000), (np.random.default_rng(7),)),
        (lambda x, gs: x * gs["g"][0].normal(size=1000), ({"g": [np.random.default_rng(7)]},)),
        (closes_over(), ()),
        (Noisy(), ()),
        (Noisy().apply, ()),
        (functools.partial(lambda g, x: x * g.normal(size=1000), np.random.default_rng(7)), ()),
        (lambda x, g: x * np.array([g.random() for _ in range(1000)]), (random.Random(7),)),
        (lambda x, g: x * g.normal(size=1000), (np.random.RandomState(7),)),
        (global_numpy, ()),
        (global_python, ()),
    ],
)
def test_checkpoint_replays_every_generator(f, args):
    x = leaf(np.ones(1000))
    y = ag.checkpoint(f, x, *args)
    again = ag.checkpoint(f, x, *args)
    assert not np.array_equal(y.data, again.data)
    y.sum().backward()
    assert_allclose(x.grad.data, y.data)
    third = ag.checkpoint(f, x, *args)  # goes on from where the second one stopped
    assert not np.isin(third.data, [y.data, again.data]).any()


def test_checkpoint_notices_other_values():
    counts = iter(range(9))
    calls = [
        lambda x: x * np.random.default_rng().normal(size=4),
        lambda x: x + next(counts),
        lambda x: (x, np.where(x > next(counts), 1, 0)),
    ]
    for call in calls:
        y = ag.checkpoint(call, leaf(X))
        with pytest.raises(RuntimeError, match="gave other values"):
            (y[0] if isinstance(y, tuple) else y).sum().backward()
    y = ag.checkpoint(lambda x: x.astype(np.float32 if next(counts) % 2 else np.float64), leaf(X))
    with pytest.raises(RuntimeError, match="other shapes or dtypes"):
        y.sum().backward()


def test_checkpoint_takes_rounding_nan_and_infinity_for_the_same():
    rounding = iter([0.0, 1e-12])
    x = leaf(np.array([1.0, 2.0, np.nan, np.inf]))
    y = ag.checkpoint(lambda x: x + next(rounding), x)
    y.sum().backward()
    assert_array_equal(x.grad.data, np.ones(4))


def test_checkpoint_of_arrays_gives_arrays():
    assert type(ag.checkpoint(np.sin, X)) is np.ndarray
    assert type(ag.checkpoint(np.sin, Tensor(X))) is Tensor
    y, n = ag.checkpoint(lambda x: (x * 2, 3), leaf(X))
    assert y.requires_grad
    assert n == 3
    assert type(n) is int


def test_checkpoint_keeps_nothing_inside_alive():
    import weakref

    made = []

    def f(x):
        y = x * 2
        made.append(weakref.ref(y._data))
        return (y * y).sum()

    x = leaf(X)
    z = ag.checkpoint(f, x)
    assert made[0]() is None
    z.backward()
    assert_allclose(x.grad.data, 8 * X)
    assert len(made) == 2


def test_checkpoint_notices_changed_values():
    w, x = leaf(np.ones(4)), leaf(X)
    y = ag.checkpoint(lambda x: (w * x).sum(), x)
    with no_grad():
        w += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_checkpoint_without_gradients():
    assert not ag.checkpoint(np.sin, Tensor(X)).requires_grad
    with no_grad():
        assert not ag.checkpoint(np.sin, leaf(X)).requires_grad


def test_checkpoint_of_a_function_that_changes_its_mind():
    sizes = iter([2, 3])
    y = ag.checkpoint(lambda x: x[: next(sizes)], leaf(X))
    with pytest.raises(RuntimeError, match="other shapes"):
        y.sum().backward()


# --- Function ---------------------------------------------------------------------------------------------------------


class Scale(ag.Function):
    """x * y with a factor, both gradients, a saved output and an option."""

    @staticmethod
    def forward(ctx, x, y, factor):
        out = x * y * factor
        ctx.save_for_backward(x, y, out)
        ctx.factor = factor
        return out

    @staticmethod
    def backward(ctx, g):
        x, y, out = ctx.saved_tensors
        assert out.shape == x.shape
        return g * y * ctx.factor if ctx.needs_input_grad[0] else None, g * x * ctx.factor, None


def test_function_first_and_second_order():
    x, y = leaf(X), leaf(X + 1)
    z = Scale.apply(x, y, 3.0)
    assert_allclose(z.data, X * (X + 1) * 3)
    z.sum().backward(create_graph=True)
    assert_allclose(x.grad.data, 3 * (X + 1))
    total, x.grad, y.grad = (x.grad * y.grad).sum(), None, None
    total.backward()
    assert_allclose(x.grad.data, 9 * (X + 1))
    assert ag.gradcheck(lambda x, y: Scale.apply(x, y, 2.0), (x, y))
    assert ag.gradgradcheck(lambda x, y: Scale.apply(x, y, 2.0), (x, y))


def test_function_with_several_outputs():
    class MaxAndWhere(ag.Function):
        @staticmethod
        def forward(ctx, x):
            where = np.argmax(x)
            best = x[where]
            ctx.mark_non_differentiable(where)
            ctx.save_for_backward(x, where, best)
            return best, where, x * best

        @staticmethod
        def backward(ctx, g_best, g_where, g_scaled):
            x, where, best = ctx.saved_tensors
            g = np.zeros_like(x)
            g[where] = g_best + np.sum(g_scaled * x)
            return g + g_scaled * best

    x = leaf(X)
    _, where, scaled = MaxAndWhere.apply(x)
    assert not where.requires_grad
    scaled.sum().backward()
    expected = np.full(4, X.max())
    expected[X.argmax()] += X.sum()
    assert_allclose(x.grad.data, expected)
    assert ag.gradgradcheck(lambda x: MaxAndWhere.apply(x)[2], x)


class Power(ag.Function):
    """x**n as PyTorch writes it today: forward without ctx, setup_context, an intermediate as a second output."""

    @staticmethod
    def forward(x, n=3):
        return x**n, n * x ** (n - 1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.n = inputs
        ctx.save_for_backward(x, output[1])

    @staticmethod
    def backward(ctx, g, g_slope):
        x, slope = ctx.saved_tensors
        return g * slope + g_slope * ctx.n * (ctx.n - 1) * x ** (ctx.n - 2), None


def test_function_with_setup_context():
    x = leaf(X + 4)
    for call in (lambda x: Power.apply(x)[0], lambda x: Power.apply(x, 2)[0], lambda x: Power.apply(x, n=4)[1]):
        assert ag.gradcheck(call, x)
        assert ag.gradgradcheck(call, x)
    assert_allclose(Power.apply(x)[0].data, (X + 4) ** 3)


class ExpInPlace(ag.Function):
    @staticmethod
    def forward(ctx, x):
        np.exp(x.numpy(), out=x.numpy())
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


def test_function_that_changes_its_argument_in_place():
    x = leaf(X)
    y = x * 2
    assert ExpInPlace.apply(y) is y
    y.sum().backward(create_graph=True)
    assert_allclose(x.grad.data, 2 * np.exp(2 * X))
    total, x.grad = x.grad.sum(), None
    total.backward()
    assert_allclose(x.grad.data, 4 * np.exp(2 * X))
    constant = Tensor(X.copy())
    assert ExpInPlace.apply(constant) is constant
    assert_allclose(constant.data, np.exp(X))


def test_function_never_changes_in_place_what_something_else_needs():
    x = leaf(X)
    with pytest.raises(RuntimeError, match="leaf"):
        ExpInPlace.apply(leaf(X.copy()))
    y = x * 2
    view = y[1:]
    with pytest.raises(RuntimeError, match="something else still holds"):
        ExpInPlace.apply(y)
    assert view.shape == (3,)
    y = Tensor(X.copy())
    saved = x * y
    ExpInPlace.apply(y)
    with pytest.raises(RuntimeError, match="changed in place"):
        saved.sum().backward()

    class Forgets(ExpInPlace):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(ValueError, match=r"Forgets\.forward must return"):
        Forgets.apply(x * 2)


class SquareByNumPy(ag.Function):
    """Returns more than Tensors, and more gradients than arguments, which PyTorch takes if they are None."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.save_for_forward(x)
        ctx.save_for_backward(x)
        return "square", Tensor(x.numpy() ** 2), n

    @staticmethod
    @ag.once_differentiable
    def backward(ctx, *gradients):
        assert gradients[0] is None
        assert gradients[2] is None
        return Tensor(gradients[1].numpy() * 2 * ctx.saved_tensors[0].numpy()), None, None


def test_function_that_is_differentiable_once():
    x = leaf(X)
    text, y, number = SquareByNumPy.apply(x, 2)
    assert (text, number) == ("square", 2)
    y.sum().backward()
    assert_allclose(x.grad.data, 2 * X)
    x.grad = None
    SquareByNumPy.apply(x, 2)[1].sum().backward(create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        x.grad.sum().backward()


def test_function_is_freed_without_the_garbage_collector():
    import gc
    import weakref

    gc.disable()
    try:
        x = leaf(X)
        z = Scale.apply(x, leaf(X), 1.0)
        data = weakref.ref(z._data)
        del z
        assert data() is None
    finally:
        gc.enable()


def test_function_without_gradient_and_its_errors():
    assert not Scale.apply(Tensor(X), Tensor(X), 1.0).requires_grad
    with no_grad():
        assert not Scale.apply(leaf(X), Tensor(X), 1.0).requires_grad

    class Wrong(ag.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(ValueError, match=r"1 gradients.*2 arguments"):
        Wrong.apply(leaf(X), 1).sum().backward()

    class NoTensor(ag.Function):
        @staticmethod
        def forward(ctx, x):
            return 3.0

    with pytest.raises(TypeError, match="must return Tensors, not float"):
        NoTensor.apply(leaf(X))
    with pytest.raises(NotImplementedError, match="forward"):
        ag.Function.apply(leaf(X))


def test_complex_gradients_are_pytorchs():
    out, pull = vjp(np.sin, 0.4 + 0.3j)
    for w in (1.3 - 0.2j, np.complex64(1.3 - 0.2j)):
        assert_allclose(pull(w)[0], np.conj(np.cos(0.4 + 0.3j)) * w, rtol=1e-6)
    assert_allclose(jvp(np.sin, (0.4 + 0.3j,), (1j,))[1], 1j * np.cos(0.4 + 0.3j), rtol=1e-6)
    z = leaf(np.array([1 + 2j, 3 - 1j]))
    np.sum(np.abs(z) ** 2).backward()
    assert_allclose(z.grad.data, 2 * z.data)
    assert_allclose(jacobian(lambda z: z**2)(z.data), np.diag(2 * z.data))
    with pytest.raises(RuntimeError, match="complex"):
        z[0].backward()
    assert out.dtype == np.complex64
