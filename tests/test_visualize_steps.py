"""Stepping through a computation, and what a traced graph knows about its nodes."""

import gc
import math
import weakref

import numpy as np
import pytest

import autograd
from autograd import Tensor, op, source_lines, watch
from autograd.visualize import trace


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def node_of(graph, op):
    (found,) = [node for node in graph if node.op == op]
    return found


UNARY = [np.tanh, np.sin, np.negative, np.square, lambda x: x * 0.5, lambda x: 2 - x, lambda x: x**3]
BINARY = [np.add, np.subtract, np.multiply, lambda x, y: x / (y * y + 1), np.maximum]


def random_graph(seed, shape=()):
    """Return a result with many forks, and all Tensors on the way to it in the order in which they were made."""
    rng = np.random.default_rng(seed)
    made = [leaf(rng.normal(size=shape), f"x{i}") for i in range(3)]
    for _ in range(25):
        if rng.random() < 0.4:
            made.append(UNARY[rng.integers(len(UNARY))](made[rng.integers(len(made))]))
        else:
            i, j = rng.integers(len(made), size=2)
            made.append(BINARY[rng.integers(len(BINARY))](made[i], made[j]))
    total = made[0] * 1.0
    for tensor in made[1:]:
        total = total + np.tanh(tensor)
    return total if total.shape == () else total.sum(), made


# --- steps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (2, 2)])
@pytest.mark.parametrize("seed", range(20))
def test_contributions_add_up_to_the_engines_gradient(seed, shape):
    output, made = random_graph(seed, shape)
    engine = {}  # the gradients, in the order in which the engine works on them
    for i, tensor in enumerate(made):
        tensor.register_hook(lambda g, i=i: engine.__setitem__(i, g.numpy()))
        tensor.name = f"t{i}"
    output.backward()
    backward = [step for step in trace(output).steps() if step.phase == "backward"]
    named = [step for step in backward if step.node.name is not None]
    assert [step.node.name for step in named] == [f"t{i}" for i in engine]
    assert max(len(step.received) for step in named) > 2
    for step in named:
        expected = engine[int(step.node.name[1:])]
        np.testing.assert_allclose(step.gradient, expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(sum(c.value for c in step.received), expected, rtol=1e-12, atol=1e-12)
        assert all(c.receiver == step.node.id for c in step.received)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_sent_is_the_gradient_times_the_local_derivative(seed):
    output, _ = random_graph(seed, (2, 2))
    output.backward(retain_graph=True)
    steps = [step for step in trace(output).steps() if step.phase == "backward" and step.node.op]
    for step in steps:
        for contribution in step.sent:
            local = step.local[contribution.position]
            if step.node.elementwise:
                sent = step.gradient * local
            else:
                sent = np.tensordot(step.gradient, local, axes=np.ndim(step.gradient))
            np.testing.assert_allclose(contribution.value, sent, rtol=1e-12, atol=1e-12)


def test_the_steps_of_the_notes():
    x, y, z = leaf(-2.0, "x"), leaf(5.0, "y"), leaf(-4.0, "z")
    f = (x + y) * z
    f.backward()
    steps = trace(f).steps()
    assert [step.number for step in steps] == list(range(7))
    assert [(s.phase, s.node.op or s.node.name, s.value, s.gradient) for s in steps] == [
        ("forward", "add", 3, None), ("forward", "multiply", -12, None), ("backward", "multiply", -12, 1),
        ("backward", "z", -4, 3), ("backward", "add", 3, -4), ("backward", "y", 5, -4), ("backward", "x", -2, -4),
    ]  # fmt: skip
    product = steps[2]
    assert [node.id for node in product.inputs] == ["n2", "n3"]
    assert product.local == (-4, 3)
    assert [tuple(c) for c in product.received] == [(None, "n4", None, 1, None)]
    assert [tuple(c) for c in product.sent] == [("n4", "n2", 0, -4, None), ("n4", "n3", 1, 3, None)]
    assert steps[3].received == product.sent[1:]
    assert steps[0].received == steps[0].sent == ()
    assert steps[0].local == (1, 1)


def test_steps_before_backward_have_no_gradients():
    x = leaf(3.0)
    steps = trace(x * x).steps()
    assert [(s.phase, s.gradient, s.local) for s in steps] == [
        ("forward", None, (3, 3)), ("backward", None, (3, 3)), ("backward", None, ()),
    ]  # fmt: skip
    assert [c.value for c in steps[-1].received] == [None, None]
    assert trace(Tensor(3.0)).steps() == []


def test_numbers_and_left_out_inputs_in_steps():
    x = leaf(2.0)
    y = autograd.clip(x, None, 3)
    y.backward()
    forward, backward, _ = trace(y).steps()
    assert forward.inputs[1:] == (None, 3)
    assert [c.position for c in backward.sent] == [0]
    assert [len(backward.local), len(backward.node.sent)] == [3, 3]


def test_a_leaf_gets_what_this_backward_brought_though_its_grad_holds_more():
    x = leaf(3.0)
    (x * 5).backward()
    y = x * x
    y.backward()
    last = trace(y).steps()[-1]
    assert (last.gradient, last.node.gradient) == (6, 11)


def test_contributions_of_another_backward_are_not_taken_for_this_one():
    x = leaf(3.0)
    y, z = x * 2, x * 5
    z.backward()
    assert [step.gradient for step in trace(y).steps() if step.phase == "backward"] == [None, None]


def test_several_outputs_in_steps():
    @op(several=True, x=lambda g, x: g[0] * 2 * x + g[1] * 3)
    def twice(x):
        return np.square(x), x * 3

    a, b = twice(leaf(2.0, "x"))
    y = a * b
    y.backward()
    (step,) = [s for s in trace(y).steps() if s.node.op == "twice" and s.phase == "backward"]
    assert sorted((c.sender, float(c.value)) for c in step.received) == [("n2", 6), ("n3", 4)]
    assert [float(c.value) for c in step.sent] == [36]


def test_complex_gradients_are_shown_as_users_get_them():
    x = leaf(1.0 + 2j, "x")
    y = x * (3 + 1j)
    y.retain_grad()
    z = np.real(y * x)
    z.backward()
    steps = {s.node.name or s.node.op: s for s in trace(z).steps() if s.phase == "backward"}
    assert steps["x"].gradient == sum(c.value for c in steps["x"].received) == x.grad.item()
    assert x.grad.item().imag != 0
    assert steps["multiply"].gradient == y.grad.item()
    assert steps["real"].local == (None,)


def test_large_and_long_graphs():
    y = leaf(1.0)
    for _ in range(3000):
        y = y + 1
    y.backward()
    steps = trace(y).steps()
    assert len(steps) == 6001
    assert steps[3001].sent[0].value is None
    x = leaf(np.ones(17))
    z = (x * x).sum()
    z.backward()
    assert [s.gradient is None for s in trace(z).steps()[2:]] == [False, True, True]


# --- the order --------------------------------------------------------------------------------------------------------


def test_backward_order_is_that_of_the_engine():
    order = []
    x, y = leaf(1.0), leaf(2.0)
    a, b = x * 2, y * 3
    c = a * b
    d = c + a
    for tensor, name in zip((x, y, a, b, c, d), "xyabcd", strict=True):
        tensor.name = name
        tensor.register_hook(lambda _, name=name: order.append(name))
    d.backward()
    assert [node.name for node in trace(d).backward_order()] == order


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_bytes_of_values_and_of_what_is_saved():
    x = leaf(np.ones((10, 10)), "x")
    y = np.exp(x)  # saves its result
    z = (y * y[::2].sum()).sum()  # saves the same and a scalar
    graph = trace(z)
    assert [(n.op or n.name, n.value_bytes, n.saved_bytes) for n in graph] == [
        ("x", 800, 0), ("exp", 800, 800), ("getitem", 400, 0), ("sum", 8, 0), ("multiply", 800, 0), ("sum", 8, 0)
    ]  # fmt: skip
    assert graph.saved_bytes == 800
    saved = weakref.ref(y.data)
    del y
    z.backward()
    assert saved() is None
    assert [n.saved_bytes for n in trace(z)] == [0, None, None, None, None, None]


def test_what_leaves_hold_is_not_saved_for_backward():
    x, w = leaf(np.ones((4, 3))), leaf(np.ones((3, 2)))
    constant = np.ones((4, 2))
    assert [n.saved_bytes for n in trace(x @ w * constant) if n.op] == [0, constant.nbytes]


# --- local derivatives ------------------------------------------------------------------------------------------------


def test_local_derivatives_of_arrays():
    x, w = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([[1.0, 2.0]])
    graph = trace(x * w)
    np.testing.assert_array_equal(graph.nodes[-1].local[1], x.data)
    np.testing.assert_array_equal(np.broadcast_to(graph.nodes[-1].local[0], (2, 2)), [[1, 2], [1, 2]])
    a, b = leaf([[1.0, 2.0]]), leaf([[3.0], [4.0]])
    jacobians = trace(a @ b).nodes[-1].local
    assert [j.shape for j in jacobians] == [(1, 1, 1, 2), (1, 1, 2, 1)]
    np.testing.assert_array_equal(jacobians[0].ravel(), [3, 4])
    a, b = leaf([[1.0, 2.0], [5.0, 6.0]]), leaf([[3.0], [4.0]])
    jacobians = trace(a @ b).nodes[-1].local
    np.testing.assert_array_equal(jacobians[0], np.einsum("ik,jl->ilkj", np.eye(2), b.data))
    np.testing.assert_array_equal(jacobians[1], a.data.reshape(2, 1, 2, 1))
    assert trace(leaf(np.ones(9)) @ leaf(np.ones((9, 9)))).nodes[-1].local == (None, None)


def test_local_derivatives_of_a_released_graph():
    x = leaf([1.0, 2.0])
    y = (x * 3).mean()
    z = np.log(y) / 7
    z.backward()
    local = {n.op: n.local for n in trace(z) if n.op}
    assert local["log"] == (pytest.approx(1 / 4.5),)
    assert local["divide"][0] == pytest.approx(1 / 7)
    np.testing.assert_allclose(local["mean"][0], [0.5, 0.5])


def test_where_no_local_derivative_is_known():
    @op(x=lambda g, x: 1 / 0)
    def broken(x):
        return x

    assert trace(broken(leaf(1.0))).nodes[-1].local == (None,)
    assert trace(leaf(1.0 + 2j) * 2).nodes[-1].local == (None, None)
    x = leaf([1.0, 2.0]) * 1
    y = np.exp(x)
    y.data[0] = 5
    autograd.mark_dirty(y)
    assert trace(y).nodes[-1].local == (None,)


def test_tracing_runs_no_rule_in_large_graphs():
    calls = []

    @op(x=lambda g, x: calls.append(1) or g)
    def same(x):
        return x * 1

    y = same(leaf(1.0))
    trace(y)
    assert len(calls) == 1
    for _ in range(256):
        y = y + 1
    trace(y)
    assert len(calls) == 1


# --- notes taken while it runs ----------------------------------------------------------------------------------------


def test_source_lines_name_the_users_line():
    x = leaf([1.0, 2.0])
    with source_lines():
        y = np.exp(x * 2)
        z = autograd.sum(
            y,
        )
    late = z * 1
    lines = {n.op: n.source for n in trace(late) if n.op}
    assert lines["exp"] == lines["exp"]._replace(
        text="y = np.exp(x * 2)", function="test_source_lines_name_the_users_line"
    )
    assert lines["exp"].file == __file__
    assert (
        lines["exp"].line == lines["sum"].line - 1 == test_source_lines_name_the_users_line.__code__.co_firstlineno + 3
    )
    numbered = [n.source for n in trace(late)]
    assert numbered[0] is None
    assert numbered[-1] is None


def test_source_lines_of_layers_are_where_they_are_called():
    import nn

    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(0.5))
    with source_lines():
        y = model(Tensor([[1.0, 2.0]]))
    assert {n.source.text for n in trace(y) if n.op} == {"y = model(Tensor([[1.0, 2.0]]))"}


def test_source_lines_as_a_decorator_and_nested():
    @source_lines()
    def f(x):
        with source_lines():
            y = x * 2
        return y + 1

    assert [n.source.text for n in trace(f(leaf(1.0))) if n.op] == ["y = x * 2", "return y + 1"]
    assert trace(leaf(1.0) * 2).nodes[-1].source is None
    with pytest.raises(TypeError, match="source_lines cannot decorate the generator or coroutine 'g'"):

        @source_lines()
        def g():
            yield

    with pytest.raises(ZeroDivisionError), source_lines():
        raise ZeroDivisionError
    assert trace(leaf(1.0) * 2).nodes[-1].source is None


def test_other_threads_note_nothing():
    import threading

    found = []
    with source_lines():
        thread = threading.Thread(target=lambda: found.append(trace(leaf(1.0) * 2).nodes[-1].source))
        thread.start()
        thread.join()
    assert found == [None]


def test_outside_of_blocks_everything_is_as_it_was():
    from autograd.graph import Node

    multiply, pull = autograd.multiply.op.spaces[0]["_value"], autograd.multiply.op.pull
    with watch(), source_lines(), watch():
        assert "__init__" in vars(Node)
        assert autograd.multiply.op.spaces[0]["_value"] is not multiply
    assert "__init__" not in vars(Node)
    assert Node.__init__ is object.__init__
    assert autograd.multiply.op.spaces[0]["_value"] is multiply
    assert autograd.multiply.op.pull is pull
    assert type((leaf(1.0) * 2)._node) is Node


def test_watching_shows_large_graphs_and_arrays():
    x = leaf(np.linspace(-1, 1, 1000).reshape(10, 100), "x")
    with watch():
        y = np.tanh(x)
        z = (y * y).sum()
        z.backward()
    graph = trace(z)
    tanh, product = node_of(graph, "tanh"), node_of(graph, "multiply")
    assert tanh.value_summary.size == 1000
    assert tanh.value_summary.maximum == np.tanh(1)
    assert sum(tanh.value_summary.counts) == 1000
    assert product.gradient_summary[1:4] == (1, 1, 1)
    assert tanh.gradient_summary.maximum == pytest.approx(2 * np.tanh(1))
    assert tanh.forward_seconds > 0
    assert tanh.backward_seconds > 0
    assert tanh.saved_bytes == 8000  # though it has been released
    received = next(s.received for s in graph.steps() if s.node.op == "tanh" and s.phase == "backward")
    assert [c.summary.maximum for c in received] == [pytest.approx(np.tanh(1))] * 2
    assert [c.value for c in received] == [None, None]
    np.testing.assert_array_equal(x.grad, 2 * np.tanh(x.data) * (1 - np.tanh(x.data) ** 2))


def test_watching_changes_no_result_and_keeps_nothing_alive():
    gc.collect()
    gc.disable()
    try:
        with watch():
            x = leaf(np.linspace(0, 1, 100))
            y = np.exp(x)
            saved, node = weakref.ref(y.data), y._node
            z = y.sum()
            z.backward()
            del y
            assert saved() is None
            trace(z)
        gradient = x.grad.data.copy()
        np.testing.assert_array_equal(gradient, np.exp(np.linspace(0, 1, 100)))
        tensor = weakref.ref(x)
        del x, z, node
        assert tensor() is None
    finally:
        gc.enable()


def test_watching_several_outputs_functions_and_checkpoints():
    class Double(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf(np.arange(1.0, 101.0))
    with watch():
        a, b = np.split(x, 2)
        c = Double.apply(a * b)
        d = autograd.checkpoint(lambda v: np.exp(v / 1e5), c)
        d.sum().backward()
        graph = trace(d)
    parts = [n for n in graph if n.op == "_output" and n.inputs[0] == "n1"]
    assert [n.value_summary.minimum for n in parts] == [1, 51]
    assert node_of(graph, "Double").value_summary is None  # nothing computed it that was looked at
    assert node_of(graph, "Double").gradient_summary.size == 50
    assert node_of(graph, "multiply").value_summary.size == 50
    assert math.isfinite(x.grad.sum().item())


def test_unrecorded_operations_leave_no_notes_for_later_ones():
    class Norm(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return autograd.linalg.eigh(Tensor(np.diag(x.numpy())))

        @staticmethod
        def backward(ctx, *gs):
            return gs[0]

    with watch():
        values, _ = Norm.apply(leaf(np.ones(3)))
    assert [n.value_summary for n in trace(values) if n.op] == [None, None]


def test_times_are_those_of_the_node_itself():
    from autograd.transforms import backward_from

    unwatched = leaf(1.0) * 2
    with watch():
        y = leaf(1.0) * 3
        backward_from([(y * 5, np.float32(1))], [y], False)  # reaches y, and runs no rule of it
        unwatched.backward()
    node = trace(y).nodes[-1]
    assert node.gradient_summary.mean == 5
    assert node.backward_seconds is None


def test_create_graph_and_grad_while_watching():
    x = leaf(2.0)
    with watch():
        y = x**3
        y.backward(create_graph=True)
        second = autograd.grad(lambda v: np.sin(v * v))(2.0)
    x.grad.backward()
    assert second == pytest.approx(4 * np.cos(4))
    assert x.grad.item() == 12 + 12


@pytest.mark.parametrize("values", [[np.nan, np.inf], [], [3.0, 3.0], [-1e308, 1e308], [1 + 1j, 0], [True, False]])
def test_summaries(values):
    array = np.array(values)
    graph = trace(Tensor(array), summaries=True)
    summary = graph.nodes[0].value_summary
    finite = np.abs(array) if array.dtype.kind == "c" else array.astype(float)
    finite = finite[np.isfinite(finite)]
    assert summary.size == array.size
    assert summary.zeros == (array == 0).sum()
    assert summary.not_finite == array.size - finite.size
    assert sum(summary.counts) == finite.size
    if finite.size:
        assert (summary.minimum, summary.maximum) == (finite.min(), finite.max())
        assert summary.minimum <= summary.mean <= summary.maximum
    else:
        assert math.isnan(summary.mean)


def test_summaries_only_where_asked():
    x = leaf(np.ones(100))
    (x * 2).sum().backward()
    assert trace(x * 2).nodes[0].value_summary is None
    node = trace(x * 2, summaries=True).nodes[0]
    assert (node.value_summary.mean, node.gradient_summary.mean) == (1, 2)


def test_histogram_bars_are_equally_wide():
    counts = trace(Tensor(np.arange(0, 16) + 0.5), summaries=True).nodes[0].value_summary.counts
    assert counts == (1,) * 16
    assert trace(Tensor(np.array([0.0] * 5 + [1.0])), summaries=True).nodes[0].value_summary.counts[0] == 5
    wide = trace(Tensor(np.array([-1e308, 1e308])), summaries=True).nodes[0].value_summary.counts
    assert (wide[0], wide[-1]) == (1, 1)


@pytest.mark.parametrize("value", [0.0, -2.5, np.inf, np.nan, 3 + 4j, np.float16(2), np.True_, np.int8(0)])
def test_a_scalar_is_summarized_as_an_array_of_one_element(value):
    one, other = (trace(Tensor(x), summaries=True).nodes[0].value_summary for x in (value, np.array([value])))
    assert repr(one) == repr(other)
