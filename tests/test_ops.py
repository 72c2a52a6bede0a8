"""Every op in the registry keeps every promise, and `check_op` notices when one does not."""

import re

import numpy as np
import pytest
from hypothesis import find, given

import autograd.fft
import autograd.linalg
import autograd.special
from autograd import Draw, Tensor, op, sample
from autograd.primitive import REGISTRY
from autograd.tensor import FUNCTIONS, UFUNCS, value_of
from autograd.testing import (
    Call,
    arrays,
    broadcastable_shapes,
    calls,
    check_call,
    check_op,
    check_purity,
    check_sample,
    draw_call,
    edge_shapes,
    shapes,
)

NAMES = sorted(REGISTRY)


@pytest.mark.parametrize("name", NAMES)
def test_op_keeps_every_promise(name):
    check_op(REGISTRY[name].function)


@pytest.mark.parametrize("name", NAMES)
def test_op_is_documented_and_sampled(name):
    made = REGISTRY[name]
    assert made.samples, "no samples: nothing would be checked"
    assert made.name == name == made.function.__name__
    assert made.function.op is made
    assert re.match(r"[A-Z]", made.doc), "the docstring starts with a sentence"
    assert name.startswith("_") or ">>> " in made.doc, "the docstring has a doctest"


@pytest.mark.parametrize("name", [n for n in NAMES if getattr(np, n, None) in {**UFUNCS, **FUNCTIONS}])
def test_numpys_function_gives_the_same_for_tensors_as_for_arrays(name):
    theirs, made = getattr(np, name), REGISTRY[name]
    for number, chosen in enumerate(made.samples):
        call = draw_call(made, chosen, number)
        args, kwargs = call.arguments(call.inputs)
        tensors, _ = call.arguments([Tensor(x) for x in call.inputs])
        want, got = theirs(*args, **kwargs), theirs(*tensors, **kwargs)
        several = made.several
        for a, b in zip(want if several else [want], got if several else [got], strict=True):
            assert isinstance(b, Tensor)
            assert b.dtype == a.dtype
            np.testing.assert_allclose(b.data, a, rtol=1e-14)


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
    changes_the_incoming_gradient: ("check_purity", "changed in place: incoming gradient 0"),
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
    with pytest.raises(AssertionError, match=r"check_first_order.*\n.*\[1\. 9\.\]"):
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


def test_check_op_says_what_it_needs():
    @op(x=lambda g: g)
    def unsampled(x):
        return x + 0

    with pytest.raises(TypeError, match=r"what autograd\.op made"):
        check_op(np.sin)
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
        assert find(calls(add, add.samples[0]), lambda call, sort=sort: sort(*call.inputs)).op is add


@pytest.mark.parametrize("count", [1, 2, 3])
def test_edge_shapes_are_scalar_empty_single_and_broadcast(count):
    edges = edge_shapes(count)
    assert {((),) * count, ((0,),) * count, ((1,),) * count} <= set(edges)
    assert all(len(each) == count for each in edges)
    assert count == 1 or any(np.broadcast_shapes(*each) not in each for each in edges)
