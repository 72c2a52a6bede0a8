"""check_op accepts what is right, names every broken promise, and prints the simplest call that breaks it as code."""

import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Draw, Function, Tensor, op, sample
from autograd.tensor import value_of
from autograd.testing import (
    Call,
    PropertyError,
    arrays,
    broadcastable_shapes,
    calls,
    check_call,
    check_memory,
    check_op,
    check_purity,
    check_sample,
    edge_shapes,
    index_expressions,
    shapes,
    tensors,
)
from autograd.testing.shrinking import simpler
from autograd.testing.snippets import literal

# --- check_op notices every broken promise ----------------------------------------------------------------------------


def broken(shape=(2, 3), **rules):
    """Return a decorator for an op with a sample."""
    return op(samples=[sample(*[Draw(shape, domain=(0.5, 2.0))] * len(rules))], **rules)


@broken(x=lambda g, x: -g * np.cos(x))
def wrong_sign(x):
    return np.sin(x)


@broken(x=lambda g, x: g * np.cos(value_of(x)))
def hidden_dependence(x):
    return np.sin(x)


@broken(x=lambda g: g * (3 if isinstance(g, Tensor) else 2))
def differs_when_recorded(x):
    return x * 2


@broken(x=lambda g, x: g.astype(np.float64) * np.cos(x))
def slow_rule(x):
    return np.sin(x)


@broken(x=lambda g: g * 2)
def promotes(x):
    return x * np.float64(2)


@broken(x=lambda g: g * 2)
def imprecise_in_float32(x):
    return x.astype(np.float16).astype(x.dtype) * 2 if x.dtype == np.float32 else x * 2


@broken(x=lambda g: g.round(1) * 2 if value_of(g).dtype == np.float32 else g * 2)
def imprecise_gradient_in_float32(x):
    return x * 2


def doubled_in_place(g):
    if not isinstance(g, Tensor):
        g *= 2
        return g
    return g * 2


@broken(x=doubled_in_place)
def changes_the_incoming_gradient(x):
    return x * 2


@broken(x=lambda g: g * 2)
def writes_to_its_input(x):
    x[...] = x
    return x * 2


@broken(x=lambda g: g * 2)
def depends_on_the_layout(x):
    return np.asarray(x).ravel("K").reshape(x.shape) * 2


@broken(x=lambda g: g * 2, shape=(3,))
def depends_on_gaps(x):
    return x * (3 if x.strides[0] > x.itemsize else 2)


@broken(x=lambda g: g * 2, shape=(3,))
def depends_on_direction(x):
    return x * (3 if x.strides[0] < 0 else 2)


@broken(x1=lambda g, x1, x2: g * (x2 + (x1 is x2)), x2=lambda g, x1: g * x1)
def wrong_for_equal_arguments(x1, x2):
    return x1 * x2


@broken(x1=lambda g: g, x2=lambda g: g, shape=())
def wrong_for_numbers(x1, x2):
    return x1 + (x2 + 1 if type(x2) is float else x2)


@broken(x1=lambda g: g, x2=lambda g: g, shape=())
def numbers_are_not_weak(x1, x2):
    return x1 + x2


@broken(x1=lambda g, x2: g * (3 if type(x2) is float else x2), x2=lambda g, x1: g * x1, shape=())
def wrong_gradient_for_numbers(x1, x2):
    return x1 * x2


@broken(x=lambda g: g, shape=())
def fails_for_scalars(x):
    return x[:] + 0


@broken(x=lambda g: g, shape=())
def fails_for_empty_arrays(x):
    return x + 0 * np.max(x)


@broken(x1=lambda g: g, x2=lambda g: g, shape=())
def does_not_broadcast(x1, x2):
    assert np.shape(x1) == np.shape(x2) or not (np.ndim(x1) and np.ndim(x2))
    return x1 + x2


@broken(x=lambda g: g)
def arrays_give_tensors(x):
    return x * 1


@broken(x=None)
def records_without_a_rule(x):
    return x * 1


arrays_give_tensors.op.function = lambda x: autograd.positive(Tensor(x))
numbers_are_not_weak.op.function = lambda *xs: autograd.add(*[np.float64(x) if type(x) is float else x for x in xs])
records_without_a_rule.op.function = lambda x: autograd.positive(x)

BROKEN = {  # the property that fails, and what is said about it
    arrays_give_tensors: ("check_value", "arrays in gave a Tensor out"),
    fails_for_scalars: ("check_value", "Error: "),
    fails_for_empty_arrays: ("check_value", "ValueError: zero-size"),
    does_not_broadcast: ("check_value", "assert"),
    records_without_a_rule: ("check_recording", "requires_grad of the result is True, not False"),
    wrong_sign: ("check_first_order", "gradcheck of wrong_sign: 1 of 1 inputs WRONG"),
    hidden_dependence: ("check_second_order", "gradgradcheck of hidden_dependence: 1 of 2 inputs WRONG"),
    differs_when_recorded: ("check_second_order", "under create_graph=True and those without differ"),
    promotes: ("check_dtypes", "results for float32 are float64, not float32"),
    slow_rule: ("check_dtypes", "the rule for input 0 computes in float64"),
    imprecise_in_float32: ("check_dtypes", "the results in float32 and float64 differ"),
    imprecise_gradient_in_float32: ("check_dtypes", "the gradients in float32 and float64 differ"),
    writes_to_its_input: ("check_layouts", "read-only"),
    depends_on_the_layout: ("check_layouts", "the results for contiguous and column-major inputs differ"),
    depends_on_gaps: ("check_layouts", "the results for contiguous and strided inputs differ"),
    depends_on_direction: ("check_layouts", "the results for contiguous and reversed inputs differ"),
    changes_the_incoming_gradient: ("check_(first_order|purity)", "in place"),
    wrong_for_equal_arguments: ("check_repeated_argument", "the gradient of f(x, x) and the sum of both differ"),
    wrong_for_numbers: ("check_numbers", "the results for a number and an array as input 1 differ"),
    numbers_are_not_weak: ("check_numbers", "the result for a number as input 0 is float64, not float32"),
    wrong_gradient_for_numbers: ("check_numbers", "the gradients for a number and an array as input 1 differ"),
}


@pytest.mark.parametrize("function", BROKEN, ids=lambda f: f.op.name)
def test_check_op_names_the_broken_promise(function):
    name, (promise, words) = function.op.name, BROKEN[function]
    with pytest.raises(AssertionError) as caught:
        check_op(function)
    message = str(caught.value)
    assert re.match(rf"op '{name}' fails {promise}: [A-Z].*\nfor {name}\(", message), message
    assert words in message


def test_check_op_accepts_a_right_op_of_the_user():
    @op(x1=lambda g, x2: g * x2**2, x2=lambda g, x1, x2: 2 * g * x1 * x2)
    def product_with_square(x1, x2):
        return x1 * x2**2

    inputs = (np.array([[1.0, -2.0, 0.5]], np.float32), np.array([[0.3], [2.0]]))
    check_op(product_with_square, [inputs])
    check_op(product_with_square.op, [sample((2, 3), (3,))])


def test_check_op_takes_sequences_options_flags_and_several_outputs():
    @op(arrays=lambda g, i, arrays: g[i] * arrays[i] * 2, variadic=True)
    def squares(arrays):
        return np.stack([a * a for a in arrays])

    @op(x=lambda g, flags, power: (g[0] + g[1]) * flags * power, flags=None, several=True)
    def twice(x, flags, *, power=1):
        return x * flags * power, x * flags * power, flags.sum()

    check_op(squares, [([np.ones((2, 3)), np.full((2, 3), 2.0)],)])
    check_op(twice, [sample((3,), Draw((3,), kind="b"), power=3), sample((3,), Draw((3,), (0, 4), kind="i"))])


def test_check_op_finds_wrong_gradients_of_the_users_samples_only_where_they_are():
    @op(x=lambda g, x: np.where(x > 5, 3 * g, 2 * g))
    def wrong_above_five(x):
        return x * 2

    check_op(wrong_above_five, [(np.array([1.0, 2.0]),)])
    with pytest.raises(AssertionError, match=r"check_first_order.*\nfor wrong_above_five\(float64\[\] 9\.\)"):
        check_op(wrong_above_five, [(np.array([1.0, 2.0]),), (np.array([1.0, 9.0]),)])


def test_check_op_tries_every_edge_shape_and_float64_whatever_it_is_given():
    seen = {}

    @op(x1=lambda g: g, x2=lambda g: g, samples=[sample((), ())])
    def watched(x1, x2):
        seen.setdefault((np.shape(x1), np.shape(x2)), np.result_type(x1, x2))
        return x1 + x2

    check_sample(watched.op, watched.op.samples[0], examples=1)
    assert seen.keys() >= set(edge_shapes(2))
    check_op(watched, [(np.ones((7, 1), np.float32), np.ones(5, np.float32))])
    assert seen[(7, 1), (5,)] == np.float64


def test_a_call_leaves_out_what_the_sample_leaves_out():
    @op(a=lambda g: g, b=lambda g: g)
    def sparse(a, axis=None, b=None, *, c=0):
        return a if b is None else a + b

    one, other = np.ones(2), np.zeros(2)
    assert Call.of(sparse.op, (one,), {}).arguments((one,)) == ([one], {})
    assert Call.of(sparse.op, (one,), {"axis": 1, "c": 2}).arguments((one,)) == ([one, 1], {"c": 2})
    assert Call.of(sparse.op, (one, other), {}).arguments((one, other)) == ([one], {"b": other})


def double(x):
    return x + x


def test_check_op_says_what_it_needs():
    @op(x=lambda g: g)
    def unsampled(x):
        return x + 0

    with pytest.raises(TypeError, match=r"what autograd\.op made.*cannot be called"):
        check_op(3)
    with pytest.raises(ValueError, match=r"'double' has no samples.*check_op\(double, samples="):
        check_op(double)
    with pytest.raises(ValueError, match=r"names of properties.*'dtypes'.*check_dtypes"):
        check_op(np.sin, skip=["dtypes"])
    with pytest.raises(TypeError, match=r"dtype <U1.*lambda x: double"):
        check_op(double, [(np.array("x"),)])
    with pytest.raises(ValueError, match="'unsampled' has no samples"):
        check_op(unsampled)
    with pytest.raises(TypeError, match="a tuple of arrays"):
        check_op(unsampled, [np.ones(2)])
    with pytest.raises(TypeError, match="2 inputs"):
        check_op(unsampled, [(np.ones(2), np.ones(2))])
    with pytest.raises(TypeError, match=r"options \['axis'\]"):
        check_op(unsampled, [sample((2,), axis=0)])


def test_purity_includes_the_inputs():
    @op(x=lambda g: g)
    def overwrites(x):
        x[0] = 7
        return x + 0

    with pytest.raises(AssertionError, match="changed in place: input 0"):
        check_call(Call(overwrites.op, (np.ones(2),)), [check_purity])


def test_purity_includes_the_memory_of_gradients(monkeypatch):
    monkeypatch.setattr("autograd.backward.owned", lambda array: True)
    call = Call(autograd.add.op, (np.ones(2), np.ones(2)))
    with pytest.raises(AssertionError, match="gradient of input 0 shares memory with incoming gradient 0"):
        check_call(call, [check_purity])


# --- functions that are no registered ops -----------------------------------------------------------------------------


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x * x


X = np.array([[1.0, -2.0, 0.5], [1.7, 0.3, -0.7]])


@pytest.mark.parametrize(
    ("function", "samples"),
    [
        (Cube, [(X,)]),
        (Cube.apply, [sample((2, 3))]),
        (double, [(X,), (np.array(1.0),)]),
        (lambda x, y: np.tanh(x) * y.sum(), [sample((2, 3), (3,))]),
        (lambda x: (x[0], np.cumsum(x, axis=1)), [(X,)]),
        (lambda x, flags: np.where(flags, x, 2 * x), [(X, X > 0)]),
        (lambda arrays: arrays[0] * arrays[1], [([X, X + 1],), sample(((2, 3), (2, 3)))]),
        (lambda x, power: x**power, [sample((2, 3), power=3)]),
        (lambda x: np.fft.fft(x), [(X,)]),
        (lambda z: z * np.conj(z) + np.exp(z), [(X + 1j,)]),
        (lambda z, x: abs(z) * x, [(np.array([1 + 2j, 2 - 1j]), np.array([1.0, 2.0]))]),
        (np.tanh, None),
        (np.cumsum, [(X,)]),
        (np.linalg.det, None),
    ],
)
def test_check_op_accepts_right_functions_of_every_sort(function, samples):
    check_op(function, samples)


class Leaking(Cube):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        ctx.save_for_backward(x)
        return x * x * x


class Cycling(Cube):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        cycle = [x]
        cycle.append(cycle)
        return x * x * x


class WrongAlone(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return (g * y, g * x) if all(ctx.needs_input_grad) else (2 * g * y, 2 * g * x)


class WrongWhenBroadcast(Function):
    @staticmethod
    def forward(ctx, x, y):
        return x + y

    @staticmethod
    def backward(ctx, g):
        return g, g if g.ndim < 2 or g.shape[0] == g.shape[1] else g[:1] * 0.5 * g.shape[0]


def detached(x, y):
    return np.tanh(x) * y.detach()


def promoting(x):
    return x * np.float64(2)


def softening(x):
    return np.sqrt(x * x + 1e-8) - x.detach() + x


def wrong_conjugate(z):
    return z * z.detach()


def recording(x):
    with autograd.enable_grad():
        return x * 2


def no_tensor(x):
    return x.data * 2


WRONG = {
    Leaking: ("check_memory", "the value of 'x' lives on after backward", [(X,)]),
    Cycling: ("check_memory", "the value of 'x' lives on after backward", [(X,)]),
    WrongAlone: ("check_partial_gradients", "the gradient of input 0 alone", [(X, X)]),
    detached: ("check_first_order", "1 of 2 inputs WRONG", [(X, X[0])]),
    wrong_conjugate: ("check_first_order", "WRONG", [(X + 1j,)]),
    recording: ("check_recording", "records inside no_grad", [(X,)]),
    promoting: ("check_dtypes", "results for float32 are float64", [(X,)]),
    no_tensor: ("check_value", "Tensors in gave float64 out", [(X,)]),
}


@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_check_op_names_what_is_wrong_with_functions(function):
    promise, words, samples = WRONG[function]
    with pytest.raises(PropertyError, match=f"fails {promise}") as caught:
        check_op(function, samples)
    assert words in str(caught.value)
    assert_code_fails(caught.value)


def test_memory_that_the_rules_do_not_name_is_found():
    kept = []

    @op(x=lambda g: g * 2)
    def remembers(x):
        kept.append(x)
        return x * 2

    @op(x=lambda g, x: g * 2)
    def names(x):
        return x * 2

    for function, others in ((remembers, "'x'"),):
        with pytest.raises(AssertionError, match=rf"the value of {others} lives on until backward"):
            check_op(function, [(X,)])
    check_call(Call(names, (X,)), [check_memory])


def test_gradients_of_several_results_must_add_up():
    @op(x=lambda g: g[0] + g[1] + g[0] * g[1], several=True)
    def multiplies_gradients(x):
        return x + 0, x + 0

    with pytest.raises(AssertionError, match="from all results at once and one after the other differ"):
        check_call(Call(multiplies_gradients, (X,)), [autograd.testing.check_partial_gradients])


def test_scales_are_those_that_the_op_is_defined_for():
    seen = []

    @op(x=lambda g: g)
    def watched(x):
        seen.append(float(np.abs(x).max(initial=0)))
        return x + 0

    def largest(*samples):
        seen.clear()
        for each in samples:
            autograd.testing.check_scales(autograd.testing.draw_call(watched.op, each, 0))
        return [size for size in (1e-3, 1e3) if any(size / 3 < value < 3 * size for value in seen)]

    assert largest(sample((9,))) == [1e-3, 1e3]
    assert largest(sample(Draw((9,), domain=(-0.9, 0.9)))) == [1e-3]
    assert largest(sample(Draw((9,), kinks=(1.0,)))) == [1e-3]
    assert largest(sample(Draw((9,), domain=(0.3, 2)))) == []


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (lambda g, x: g * np.exp(-x) / (1 + np.exp(-x)) ** 2, "times 1000"),  # overflows, where the value does not
        (lambda g, x: g / (4 * np.cosh(x / 2) ** 2) * (1 + 1e-3 * (abs(x) < 0.01)), "times 0.001"),
    ],
)
def test_rules_that_fail_for_large_or_tiny_inputs_are_found(rule, where):
    @op(x=rule)
    def logistic(x):
        return 0.5 + 0.5 * np.tanh(x / 2)

    with pytest.raises(AssertionError, match=f"check_scales[^$]*{where}"):
        check_op(logistic, [(X,)])


def test_functions_are_checked_in_every_shape_if_they_are_elementwise():
    seen = set()

    def watched(x, y):
        seen.add((x.shape, y.shape))
        return x * y

    for options, reached in (({}, True), ({"elementwise": True}, True), ({"elementwise": False}, False)):
        seen.clear()
        check_op(watched, [(X, X + 1)], **options)
        assert (seen >= set(edge_shapes(2))) == reached
    seen.clear()
    check_op(lambda x, y: watched(x, y) + x.sum(), [(X, X + 1)])
    assert ((0,), (0,)) not in seen


def test_wrong_gradients_are_found_in_shapes_that_the_samples_do_not_have():
    @op(x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1 if x1.ndim == g.ndim else g * 2 * x1)
    def wrong_when_broadcast(x1, x2):
        return x1 * x2

    with pytest.raises(AssertionError, match="check_first_order"):
        check_op(wrong_when_broadcast, [(X, X + 1)])
    check_op(wrong_when_broadcast, [(X, X + 1)], elementwise=False)


def test_a_function_that_refuses_shapes_need_not_be_elementwise():
    def rows(x):
        if x.ndim != 2:
            raise ValueError("two axes")
        return x * x

    check_op(rows, [(X,)])
    with pytest.raises(AssertionError, match="ValueError: two axes"):
        check_op(rows, [(X,)], elementwise=True)


def test_properties_can_be_skipped():
    check_op(promoting, [(X,)], skip=["check_dtypes"])


# --- the simplest failing call, as code -------------------------------------------------------------------------------


def assert_code_fails(error):
    """Check that the code in an error fails as the error says."""
    assert str(error).endswith(f"To see it fail by itself:\n\n{error.code}")
    assert error.code.startswith("import numpy as np\n")
    with pytest.raises(type(error.reason)) as caught:
        exec(error.code, {})
    assert str(caught.value).partition("\n")[0] == str(error.reason).partition("\n")[0]


@pytest.mark.parametrize("function", BROKEN, ids=lambda f: f.op.name)
def test_the_code_fails_too(function):
    with pytest.raises(PropertyError) as caught:
        check_op(function)
    assert_code_fails(caught.value)


def test_the_code_is_self_contained():
    factor = np.array([0.1, 2.0])
    power = 3

    def scaled(x):
        return autograd.sum(x**power) * factor

    @op(x=lambda g, x, out_of=None: g * np.cos(x) * power, out_of=None)
    def tripled(x, out_of=None):
        return np.sin(x)

    class Wrong(Cube):
        @staticmethod
        def backward(ctx, g):
            return power * g

    for function in (tripled, Wrong, lambda x: scaled(x.detach())):
        with pytest.raises(PropertyError) as caught:
            check_op(function, [(X,)])
        code = caught.value.code
        assert "power = 3" in code
        assert "check_" in code or "gradcheck(" in code
        path = ":".join([*sys.path, "tests"])
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
        assert result.returncode == 1, code
        assert "GradcheckError" in result.stderr, result.stderr


def test_numbers_are_written_in_full_precision():
    values = [1 / 3, 1e-300, np.inf, -np.inf, np.nan, -0.0]
    for x in (
        np.array(values), np.array(values, np.float32), np.array(1 / 3), np.zeros((0, 3), np.float32), np.arange(3),
        np.array([[True, False]]), np.array([1 / 3 + 2j, complex(np.nan, 1)]), np.array([1], np.int8),
        (1, slice(None, 2), "a", None, {"b": [np.float32(0.1)]}), np.zeros((2, 0), bool),
    ):  # fmt: skip
        again = eval(literal(x), {"np": np})
        np.testing.assert_equal(again, x)
        if isinstance(x, np.ndarray):
            assert (again.dtype, again.shape) == (x.dtype, x.shape)
            assert again.tobytes() == x.tobytes()


def test_failures_shrink_to_few_elements_and_simple_numbers():
    @op(x1=lambda g, x2: g @ x2.T, x2=lambda g, x1: x1.T @ g * (1 + 0.1 * (x1.shape[1] > 1)))
    def product(x1, x2):
        return x1 @ x2

    @op(x=lambda g, x: g / x * np.where(x > 2.5, 2, 1))
    def logarithm(x):
        return np.log(x)

    with pytest.raises(PropertyError) as caught:
        check_op(product, [sample((4, 3), (3, 5))])
    assert [x.shape for x in caught.value.call.inputs] == [(1, 2), (2, 1)]
    assert all(np.array_equal(x, np.round(x)) or (np.abs(x) < 0.5).any() for x in caught.value.call.inputs)
    with pytest.raises(PropertyError) as caught:
        check_op(logarithm, [sample(Draw((3, 4), domain=(0.5, 3.0)))])
    assert caught.value.call.inputs[0].tolist() == 3.0
    with pytest.raises(PropertyError) as caught:
        check_op(logarithm, [sample(Draw((3, 4), domain=(0.5, 3.0)))], shrink=False)
    assert caught.value.call.inputs[0].shape == (3, 4)
    assert not caught.value.code


@pytest.mark.parametrize(
    ("values", "drawn", "forbidden"),
    [
        ([0.3, -0.4, 1.26], Draw((3,)), lambda x: (x == 0).any()),
        ([0.72, 0.88, 1.26], Draw((3,), domain=(0, 2), kinks=(1.0,)), lambda x: (np.abs(x - 1) < 0.1).any()),
        ([1.26, 1.4, 1.45], Draw((3,)), lambda x: len(np.unique(x)) < x.size),
        ([1.26, 1.74, 1.63], Draw((3,), domain=(1.1, 1.9)), lambda x: ((x < 1.1) | (x > 1.9)).any()),
    ],
)
def test_shrunk_numbers_are_such_as_the_op_may_be_given(values, drawn, forbidden):
    call = Call(autograd.abs, (np.array(values),), sample=sample(drawn))
    seen = [candidate.inputs[0] for candidate in simpler(call)]
    assert any(x.size == 3 for x in seen)
    assert not any(forbidden(x) for x in seen)


QUICK = settings(phases=[Phase.generate], max_examples=3000, database=None)


# --- strategies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [(), (0,), (1,), (2, 3), (0, 3, 1)])
def test_shapes_of_every_sort_are_drawn(wanted):
    assert find(shapes(), lambda shape: shape == wanted) == wanted


@given(broadcastable_shapes(3))
def test_broadcastable_shapes_broadcast(drawn):
    assert len(drawn) == 3
    np.broadcast_shapes(*drawn)


@given(arrays(shapes(max_dims=2), domain=(-1, 2), kinks=(0.0, 1.0), dtype=np.float32))
def test_arrays_keep_to_their_domain_and_away_from_kinks(x):
    assert x.dtype == np.float32
    assert ((x >= -1) & (x <= 2)).all()
    assert (np.minimum(np.abs(x), np.abs(x - 1)) > 0.0999).all()


@given(arrays((2, 3), distinct=True))
def test_distinct_arrays_have_no_ties(x):
    assert np.diff(np.sort(x, axis=None)).min() > 0.5


def test_arrays_are_floating():
    with pytest.raises(TypeError, match="int64"):
        arrays((2,), dtype=np.int64)


def test_elementwise_calls_come_in_every_sort_of_shape():
    add = autograd.add.op
    sorts = [
        lambda x1, x2: x1.shape == x2.shape == (),
        lambda x1, x2: x1.size == x2.size == 0,
        lambda x1, x2: x1.size > 1 and x1.ndim < x2.ndim,
    ]
    for sort in sorts:
        assert find(calls(add, add.samples[0]), lambda call, sort=sort: sort(*call.inputs), settings=QUICK).op is add


@pytest.mark.parametrize("count", [1, 2, 3])
def test_edge_shapes_are_scalar_empty_single_and_broadcast(count):
    edges = edge_shapes(count)
    assert {((),) * count, ((0,),) * count, ((1,),) * count} <= set(edges)
    assert all(len(each) == count for each in edges)
    assert count == 1 or any(np.broadcast_shapes(*each) not in each for each in edges)


@given(tensors((2,), domain=(1, 2), dtype=np.float32, requires_grad=False))
def test_tensors_are_like_arrays(x):
    assert isinstance(x, Tensor)
    assert (x.dtype, x.shape, x.requires_grad) == (np.float32, (2,), False)
    assert ((x.data >= 1) & (x.data <= 2)).all()


@settings(max_examples=150)
@given(st.data(), shapes(max_dims=4, max_side=2))
def test_every_index_drawn_is_valid_and_differentiable(data, shape):
    values = np.arange(float(np.prod(shape))).reshape(shape)
    index = data.draw(index_expressions(shape, max_new_axes=2))
    expected = values[index]
    x = Tensor(values, requires_grad=True)
    result = x[index]
    np.testing.assert_array_equal(result.detach().numpy(), expected)
    result.backward(np.ones(expected.shape))
    counts = np.zeros(shape)
    np.add.at(counts, index, 1.0)
    np.testing.assert_array_equal(x.grad.numpy(), counts)


def holds_in(*kinds):
    """Return whether an index has an item of each kind."""
    return lambda index: all(
        any(kind(item) for item in (index if isinstance(index, tuple) else (index,))) for kind in kinds
    )


def is_array(kind, ndim):
    return lambda item: isinstance(item, np.ndarray) and item.dtype.kind == kind and item.ndim == ndim


SORTS = {
    "integer": lambda item: type(item) is int and item >= 0,
    "negative": lambda item: type(item) is int and item < 0,
    "numpy integer": lambda item: isinstance(item, np.integer),
    "reversed": lambda item: isinstance(item, slice) and (item.step or 1) < -1,
    "new axis": lambda item: item is None,
    "ellipsis": lambda item: item is ...,
    "flag": lambda item: item is True,
    "list": lambda item: isinstance(item, list),
    "array": is_array("i", 1),
    "table": is_array("i", 2),
    "mask": is_array("b", 1),
    "wide mask": is_array("b", 2),
    "repeated": lambda item: isinstance(item, list) and item[0] in item[1:],
}


@pytest.mark.parametrize("sort", SORTS)
def test_indices_of_every_sort_are_drawn(sort):
    find(index_expressions((3, 4)), holds_in(SORTS[sort]), settings=QUICK)


@pytest.mark.parametrize(
    "sorts", [("array", "array"), ("mask", "list"), ("ellipsis", "array", "new axis"), ("integer", "table")]
)
def test_indices_mix_sorts(sorts):
    find(index_expressions((3, 4, 2)), holds_in(*(SORTS[sort] for sort in sorts)), settings=QUICK)


def test_indices_shrink():
    found = find(index_expressions((3, 4)), lambda index: np.zeros((3, 4))[index].size == 4, random=random.Random(0))
    assert found == 0
    found = find(index_expressions((3, 4)), holds_in(SORTS["repeated"]), random=random.Random(0))
    assert found in ([0, 0], ([0, 0],))


def test_indices_without_arrays_select_views():
    @given(st.data(), shapes(min_side=1))
    def check(data, shape):
        x = np.zeros(shape)
        index = data.draw(index_expressions(shape, advanced=False))
        items = index if isinstance(index, tuple) else (index,)
        assert np.ndim(x[index]) == 0 or np.shares_memory(x[index], x) or not x[index].size
        assert not any(isinstance(item, np.ndarray | list | bool) for item in items)

    check()
    with pytest.raises(ValueError, match="number of axes"):
        index_expressions((2,), max_new_axes=-1)
