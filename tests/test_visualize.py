"""The graph as data and as pictures."""

import copy
import os
import re
import subprocess
import sys
import time
import weakref
import xml.etree.ElementTree as ElementTree

import graphviz
import numpy as np
import pytest

import autograd
from autograd import Tensor, op
from autograd.visualize import annotate, draw, render, to_dot, trace


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def circuit():
    """Return CS231n's worked example, a neuron, and its leaves."""
    given = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
    leaves = {name: leaf(value, name) for name, value in given.items()}
    w0, x0, w1, x1, w2 = leaves.values()
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2))), leaves


def ids(graph, **wanted):
    return [n.id for n in graph if all(getattr(n, key) == value for key, value in wanted.items())]


def only(graph, **wanted):
    (found,) = [n for n in graph if all(getattr(n, key) == value for key, value in wanted.items())]
    return found


@pytest.fixture
def no_dot(monkeypatch):
    """A machine without Graphviz's program, with pygraphviz."""
    pytest.importorskip("pygraphviz")
    monkeypatch.setenv("PATH", "")


def svg_of(output, tmp_path, **options):
    path = render(output, tmp_path / "picture.svg", **options)
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))


def texts(svg):
    return [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]


# --- the graph as data ------------------------------------------------------------------------------------------------


def test_worked_example():
    f, _ = circuit()
    f.backward()
    graph = trace(f)
    shown = {node.name: (round(float(node.value), 2), round(float(node.gradient), 2)) for node in graph if node.name}
    assert shown == {
        "w0": (2.0, -0.2), "x0": (-1.0, 0.39), "w1": (-3.0, -0.39), "x1": (-2.0, -0.59), "w2": (-3.0, 0.2)
    }  # fmt: skip
    operations = [(n.op, f"{n.value:.2f}", f"{n.gradient:.2f}") for n in graph if n.op]
    assert operations == [
        ("multiply", "-2.00", "0.20"), ("multiply", "6.00", "0.20"), ("add", "4.00", "0.20"), ("add", "1.00", "0.20"),
        ("negative", "-1.00", "-0.20"), ("exp", "0.37", "-0.53"), ("add", "1.37", "-0.53"), ("divide", "0.73", "1.00"),
    ]  # fmt: skip
    assert graph.counts() == {"multiply": 2, "add": 3, "negative": 1, "exp": 1, "divide": 1}
    assert list(graph.counts()) == ["multiply", "add", "negative", "exp", "divide"]
    assert len(graph) == len(graph.nodes) == 13
    assert [n.kind for n in graph].count("parameter") == 5
    assert [n.kind for n in graph].count("operation") == 7
    assert graph.nodes[-1].kind == "output"
    assert repr(graph) == "<Graph of 13 nodes, 8 of them operations, and 12 edges>"


def test_before_backward_there_are_values_and_no_gradients():
    f, _ = circuit()
    assert all(node.value is not None and node.gradient is None for node in trace(f))


def test_order_is_an_execution_order_set_by_the_structure():
    a, b = leaf(1.0, "a"), leaf(2.0, "b")
    late = b * 3  # made first, used last
    y = (a * b + a) * late
    graph = trace(y)
    assert [n.id for n in graph] == [f"n{i}" for i in range(len(graph))]
    assert [n.op or n.name for n in graph] == ["a", "b", "multiply", "add", "multiply", "multiply"]
    place = {n.id: i for i, n in enumerate(graph)}
    assert all(place[e.source] < place[e.target] for e in graph.edges)
    assert [tuple(e) for e in graph.edges if e.target == "n3"] == [("n2", "n3", 0), ("n0", "n3", 1)]


def test_backward_order_is_each_node_after_its_users():
    x = leaf(2.0, "x")
    h = x * x
    graph = trace(h * x + Tensor(1.0, name="plain"))
    order = [node.id for node in graph.backward_order()]
    assert order[0] == graph.nodes[-1].id
    assert set(order) == {node.id for node in graph if node.name != "plain"}
    assert all(order.index(e.target) < order.index(e.source) for e in graph.edges if e.source in order)


def test_shared_subgraphs_are_one_node_each():
    x = leaf(1.0)
    y = x
    for _ in range(16):
        y = y + y
    graph = trace(y)
    assert graph.counts() == {"add": 16}
    assert len(graph) == 17
    assert len(graph.edges) == 32
    assert graph.nodes[-1].value == 2**16


def test_long_chains_need_no_recursion():
    y = leaf(1.0)
    for _ in range(100_000):
        y = y + 1
    graph = trace(y)
    assert len(graph) == 100_001
    assert graph.nodes[-1].id == "n100000"


def test_tracing_changes_nothing():
    x = leaf([1.0, 2.0])
    y = np.exp(x)
    expected = np.exp([1.0, 2.0], dtype=np.float32)
    trace(y)
    to_dot(y)
    y.backward([1.0, 1.0])
    gradient = x.grad
    trace(y)
    to_dot(y)
    assert x.grad is gradient
    np.testing.assert_array_equal(gradient.data, expected)
    z = x * 1
    trace(z)
    z += 1  # refused if anything else held the values
    scalar = leaf(1.0) * 1
    trace(scalar)
    scalar += 1


def test_the_view_keeps_nothing_alive_and_stays_as_it_was():
    x = leaf(np.array([1.0, 2.0]), "x")
    y = np.exp(x)
    saved, tensor = weakref.ref(y.data), weakref.ref(x)
    graph = trace(y)
    shown = only(graph, name="x").value
    x.data[0] = 7
    del y, x
    assert saved() is None
    assert tensor() is None
    np.testing.assert_array_equal(shown, [1, 2])
    with pytest.raises(AttributeError):
        graph.nodes = ()
    with pytest.raises(AttributeError):
        graph.nodes[0].name = "other"


def test_values_of_arrays_are_those_that_rules_keep():
    x = leaf([1.0, 2.0], "x")
    y = np.exp(x) * 3 + np.array([5.0, 6.0])
    graph = trace(y)
    np.testing.assert_allclose(only(graph, op="exp").value, np.exp([1, 2]), rtol=1e-6)  # exp's rule names its result
    assert only(graph, op="multiply").value is None
    z = x * np.array([5.0, 6.0])  # the product's rule names the other factor
    np.testing.assert_array_equal(only(trace(z), kind="constant").value, [5, 6])
    z.backward([1.0, 1.0])
    assert only(trace(z), kind="constant").value is None  # released
    np.testing.assert_array_equal(only(trace(z), name="x").gradient, [5, 6])
    np.testing.assert_array_equal(only(trace(z), op="multiply").gradient, [1, 1])


def test_values_of_inputs_in_a_sequence():
    @op(xs=lambda g, i, xs: g * xs[1 - i], variadic=True)
    def product(xs):
        return xs[0] * xs[1]

    h = leaf([1.0, 2.0]) + 1
    graph = trace(product([h, np.array([3.0, 4.0])]))
    np.testing.assert_array_equal(only(graph, op="add").value, [2, 3])
    np.testing.assert_array_equal(only(graph, kind="constant").value, [3, 4])


def test_a_leaf_that_is_gone_shows_the_value_that_a_rule_kept():
    y = leaf([1.0, 2.0]) * leaf([3.0, 4.0])
    np.testing.assert_array_equal([n.value for n in trace(y)][:2], [[1, 2], [3, 4]])


def test_long_values_are_copied_in_part():
    x = leaf(np.arange(6.0).reshape(2, 3), "x")
    y = x + 1
    y.backward(np.ones((2, 3)))
    node = only(trace(y, max_elements=4), name="x")
    np.testing.assert_array_equal(node.value, [0, 1, 2, 3])
    np.testing.assert_array_equal(node.gradient, [1, 1, 1, 1])
    assert node.shape == (2, 3)
    assert only(trace(y), name="x").value.shape == (2, 3)


def test_numbers_arrays_and_tensors_without_gradient():
    x = leaf([1.0, 2.0])
    c = Tensor([3.0, 4.0], name="c")
    graph = trace(((x * c - c) ** 2 - np.float64(3)) / np.array([1.0, 2.0]))
    assert only(graph, name="c").kind == "input"  # once, though used twice
    assert not only(graph, name="c").requires_grad
    assert len(ids(graph, kind="constant")) == 1
    assert only(graph, op="power").inputs[1:] == (2,)
    number = trace(x - np.float64(3)).nodes[-1].inputs[1]
    assert (type(number), number) == (float, 3.0)
    assert trace(2.5 - x).nodes[-1].inputs == (2.5, "n0")
    assert trace(autograd.clip(x, None, 3)).nodes[-1].inputs == ("n0", None, 3)
    assert only(graph, op="subtract", kind="operation", inputs=("n2", "n1")).dtype == np.float32


def test_an_operation_with_several_outputs():
    @op(several=True, x=lambda g, x: g[0] * 2 * x + g[1] * 3)
    def twice(x):
        return np.square(x), x * 3

    a, b = twice(leaf(2.0, "x"))
    y = a * b
    graph = trace(y)
    assert graph.counts() == {"twice": 1, "multiply": 1}
    assert only(graph, op="twice").shape is None
    assert [float(n.value) for n in graph if n.inputs and n.inputs[0] == "n1"] == [4, 6]
    assert re.findall(r"<B>(\[.\]|twice)</B>", to_dot(y)) == ["twice", "[0]", "[1]"]
    y.backward()
    assert [float(n.gradient) for n in trace(y) if n.inputs and n.inputs[0] == "n1"] == [6, 4]
    assert to_dot(y)


@pytest.mark.parametrize("wrong", [[leaf(1.0)], np.ones(2), None, "x", 3])
@pytest.mark.parametrize("function", [trace, to_dot, draw, lambda x: render(x, "picture.svg")])
def test_only_tensors_have_a_graph(wrong, function):
    with pytest.raises(TypeError, match=f"got {type(wrong).__name__}"):
        function(wrong)


def test_a_tensor_without_a_graph_is_one_box():
    graph = trace(Tensor([1.0, 2.0], name="x"))
    assert [(n.id, n.kind, n.name, n.requires_grad) for n in graph] == [("n0", "input", "x", False)]
    assert graph.edges == ()
    assert [n.kind for n in trace(leaf(1.0))] == ["parameter"]
    x = leaf([1.0, 2.0])
    (x * 2).backward([1.0, 3.0])
    dot = to_dot(x)
    assert "->" not in dot
    assert "[1.00, 2.00]" in dot
    assert "[2.00, 6.00]" in dot
    x.requires_grad = False
    np.testing.assert_array_equal(trace(x).nodes[0].gradient, [2, 6])


# --- modules ----------------------------------------------------------------------------------------------------------


class Module:
    """A stand-in for a neural network library's modules."""

    def __call__(self, *args, **kwargs):
        out = self.forward(*args, **kwargs)
        annotate(self, (args, kwargs), out)
        return out

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value.named_modules(f"{prefix}.{name}" if prefix else name)

    def _tensors(self, wanted):
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Tensor) and value.requires_grad == wanted:
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self):
        return self._tensors(True)

    def named_buffers(self):
        return self._tensors(False)


class Scale(Module):
    def __init__(self):
        self.weight = leaf([1.0, 2.0])
        self.shift = Tensor([3.0, 4.0])

    def forward(self, x, *, factor=None):
        y = x * self.weight + self.shift
        return y if factor is None else y * factor


class Net(Module):
    def __init__(self):
        self.first, self.second = Scale(), Scale()

    def forward(self, x):
        return self.second(np.tanh(self.first(x)))


class Call(Module):
    """A module whose forward is any function."""

    def __init__(self, function, **inner):
        self.forward = function
        vars(self).update(inner)


def test_module_calls_nest():
    net = Net()
    x = Tensor([1.0, 1.0], name="x")
    graph = trace(np.exp(net(x)))
    assert [(g.label, g.name, g.parent) for g in graph.groups] == [
        ("Net", "", None), ("first: Scale", "first", 0), ("second: Scale", "second", 0)
    ]  # fmt: skip
    assert {(n.op or n.name): n.path for n in graph if n.op not in ("multiply", "add")} == {
        "x": (), "first.weight": ("Net", "first: Scale"), "first.shift": ("Net", "first: Scale"), "tanh": ("Net",),
        "second.weight": ("Net", "second: Scale"), "second.shift": ("Net", "second: Scale"), "exp": (),
    }  # fmt: skip
    assert [n.group for n in graph if n.op == "multiply"] == [1, 2]
    dot = to_dot(graph)
    assert dot.count("subgraph") == dot.count("\t}\n") == 3
    # The frame of the inner call opens inside that of the outer one, and its parameter is named briefly.
    assert (
        re.search(r"cluster_0 .*cluster_1 .*<B>weight</B>.*\}\n.*cluster_2 .*\}\n\t\}\n.*<B>exp</B>", dot, re.S) is None
    )
    assert re.search(r"<B>exp</B>.*cluster_0 .*cluster_1 .*<B>weight</B>.*?\}\n.*cluster_2 .*\}\n\t\}\n", dot, re.S)


def test_a_tensors_own_name_comes_first():
    scale = Scale()
    scale.weight.name = "mine"
    assert "weight" not in [n.name for n in trace(scale(leaf([1.0, 1.0])))]


def test_two_calls_are_two_groups_and_shared_parameters_stand_outside():
    scale = Scale()
    graph = trace(scale(scale(leaf([1.0, 1.0]))))
    assert [g.label for g in graph.groups] == ["Scale", "Scale"]
    assert [n.group for n in graph if n.op] == [0, 0, 1, 1]
    assert only(graph, name="weight").group is None


def test_a_module_may_reach_its_earlier_results():
    class Cell(Module):
        state = leaf([0.0, 0.0])

        def forward(self, x):
            self.state = np.tanh(self.state + x)
            return self.state

    cell = Cell()
    x = leaf([1.0, 1.0])
    cell(x)
    graph = trace(cell(x))
    assert [(g.label, g.parent) for g in graph.groups] == [("Cell", None)] * 2
    assert [n.group for n in graph if n.op] == [0, 0, 1, 1]


def test_values_given_to_a_module_stand_outside():
    x, factor = leaf([1.0, 1.0], "x"), leaf([1.0, 1.0], "factor")
    graph = trace(Scale()(x, factor=factor))
    assert [(n.kind, n.group) for n in graph if n.name in ("x", "factor")] == [("input", None)] * 2
    graph = trace(Call(lambda pair: pair[0]["a"] * x + factor)([{"a": x}]))
    assert only(graph, name="x").group is None
    assert only(graph, name="factor").group == 0
    assert only(graph, name="factor").kind == "parameter"


def test_a_parameter_that_an_outer_module_hands_to_an_inner_one_stands_in_the_outer_one():
    inner = Call(lambda x, weight: x * weight)
    outer = Call(lambda x: inner(x, outer.weight) + 1, inner=inner, weight=leaf([1.0, 2.0]))
    graph = trace(outer(leaf([1.0, 1.0])))
    assert (only(graph, op="multiply").group, only(graph, name="weight").group) == (1, 0)


def test_outputs_in_containers_and_modules_that_compute_nothing():
    pair = Call(lambda x: ({"a": np.exp(x)}, [np.sin(x)], 3))
    same = Call(lambda x: x)
    x = leaf(1.0)
    first, (second,), _ = pair(same(x))
    graph = trace(same(first["a"]) + same(second))
    assert len(graph.groups) == 1
    assert [(n.op, n.group) for n in graph if n.op] == [("exp", 0), ("sin", 0), ("add", None)]
    assert x._node.extra is None  # or else notes would pile up on parameters
    annotate(pair, x, Tensor(1.0))


def test_groups_of_modules_that_are_gone():
    graph = trace(Net()(leaf([1.0, 1.0])))
    assert [g.label for g in graph.groups] == ["Net", "Scale", "Scale"]


def test_an_inner_module_without_a_name_and_the_same_output():
    inner = Scale()
    outer = Call(lambda x: inner(x))
    graph = trace(outer(leaf([1.0, 1.0])))
    assert [(g.label, g.parent) for g in graph.groups] == [("Call", None), ("Scale", 0)]
    assert trace(copy.copy(outer)(leaf([1.0, 1.0]))).groups[1].parent == 0


# --- DOT --------------------------------------------------------------------------------------------------------------


def test_the_circuit_in_dot():
    f, _ = circuit()
    f.name = "f"
    before = to_dot(f)
    assert re.findall(r"circle.*<B>(.*)</B>", before) == ["*", "*", "+", "+", "*-1", "exp", "+1", "1/x"]
    assert re.findall(r">(-?\d\.\d\d)<", before)[-3:] == ["0.37", "1.37", "0.73"]
    assert "n12_out [shape=box" in before
    assert "<B>f</B>" in before
    f.backward()
    after = to_dot(f)
    rows = re.findall(r">(-?\d\.\d\d)</FONT></TD></TR><HR/><TR><TD ALIGN=\"CENTER\"><FONT [^>]*>(-?\d\.\d\d)<", after)
    assert rows[0] == ("2.00", "-0.20")
    assert rows[-1] == ("0.73", "1.00")
    assert len(rows) == 13


@pytest.mark.parametrize(
    ("function", "sign"),
    [
        (lambda x: x + x, "+"), (lambda x: x - -2, "+2"), (lambda x: x + -2, "-2"), (lambda x: 3 - x, "3-x"),
        (lambda x: x / 4, "/4"), (lambda x: x**2, "^2"), (lambda x: 2**x, "2^x"), (lambda x: -x, "*-1"),
        (lambda x: np.reciprocal(x), "1/x"), (lambda x: np.maximum(x, 0.5), "max 0.5"), (np.sin, "sin"),
    ],
)  # fmt: skip
def test_signs(function, sign):
    assert f"<B>{sign}</B>" in to_dot(function(leaf(1.0)))


def test_kinds_differ_in_shape_and_colour():
    y = np.exp(leaf([1.0, 2.0], "p") * Tensor([1.0, 2.0], name="i") + np.ones(2))
    looks = re.findall(r'\[shape=(.*?) style="(.*?)" color="(.*?)" fillcolor="(.*?)"', to_dot(y, values=False))
    parameter, given, product, constant, total, last, output = looks
    assert product == total == last
    assert len({look[:2] for look in (parameter, given, product, constant, output)}) == 5
    for colour in (2, 3):
        assert len({look[colour] for look in (parameter, given, product, constant, output)}) == 5


def test_array_nodes_say_shape_and_dtype():
    dot = to_dot(leaf(np.ones((2, 3)), "w") * np.ones((4, 1, 3)))
    assert dot.count("(2, 3) float64") == 1
    assert dot.count("(4, 2, 3) float64") == 1
    assert dot.count("(4, 1, 3) float64") == 1


def test_values_show_where_asked_and_small():
    x = leaf(np.arange(8.0), "x")
    y = x + leaf(1.0, "b")
    assert "1.00</FONT>" in to_dot(y)
    assert "0.00, " not in to_dot(y)
    assert "0.00, 1.00, …]" in to_dot(y, values=True, max_elements=2)
    assert "6.00, 7.00]" in to_dot(y, max_elements=8)
    assert "FONT COLOR" not in to_dot(y, values=False)
    y.backward(np.ones(8))
    assert "8.00</FONT>" in to_dot(y, values=False)
    assert "FONT COLOR" not in to_dot(y, values=False, gradients=False)
    for _ in range(100):
        y = y + 1
    assert "FONT COLOR" not in to_dot(y)  # too large a graph
    assert "1.00</FONT>" in to_dot(y, values=True)


def test_a_traced_graph_can_be_drawn_later():
    f, _ = circuit()
    graph = trace(f)
    before = to_dot(f)
    f.backward()
    assert graph.to_dot() == to_dot(graph) == draw(graph).source == before != to_dot(f)
    assert graph.to_dot(direction="TB") != before


@pytest.mark.parametrize("options", [{"direction": "up"}, {"max_elements": -1}])
def test_bad_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        to_dot(leaf(1.0), **options)
    with pytest.raises(ValueError, match="max_elements"):
        trace(leaf(1.0), max_elements=-1)


SAME_GRAPH = """
import numpy as np
from autograd import Tensor
from autograd.visualize import annotate, to_dot
class Module:
    pass
modules = [Module() for _ in range(5)]
x = Tensor([1.0, 2.0], requires_grad=True, name="x")
c = Tensor([3.0, 4.0])
junk = [Tensor(1.0) for _ in range({junk})]
y = x
for module in modules:
    z = np.exp(y * c) + x * np.ones(2)
    annotate(module, y, z)
    y = z
(y * y).backward([1.0, 1.0])
print(to_dot(y * y))
"""


def test_dot_is_the_same_in_every_process():
    texts = set()
    for seed in ("0", "1", "2"):
        code = SAME_GRAPH.format(junk=seed)
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        texts.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout)
    (text,) = texts
    assert text.count(b"subgraph") == 5


def test_large_graphs_are_written_fast():
    y = leaf(1.0)
    for _ in range(20_000):
        y = y + 1
    start = time.perf_counter()
    dot = to_dot(y, detail="all")
    assert time.perf_counter() - start < 5
    assert dot.count("->") == 20_001


# --- pictures ---------------------------------------------------------------------------------------------------------

HOSTILE = [
    '</TD></TABLE>><script>alert("x")</script>',
    "]; evil [label=\"gotcha\"]; x [label=\"",
    r"\N \G \L \l \\ \"",
    "line\nbreak\ttab",
    "a & b &amp; c &#60;",
    "é ∂L/∂w 日本 🙂",
    "zero\0 bell\a half\ud800 turn\u202e",
    "'--><!-- */ //",
    "x" * 10_000,
    "%s {0} ${x}",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text_whatever_they_are(name, tmp_path, no_dot):
    class Owner:
        pass

    Owner.__name__ = name.replace("\0", "").replace("\ud800", "")
    owner = Owner()
    x = leaf(1.0, name)
    y = x * leaf([1.0, 2.0])
    annotate(owner, x, y)
    y.name = name
    for direction in ("LR", "TB"):
        svg = svg_of(np.exp(y), tmp_path, direction=direction)
        shown = texts(svg)
        cut = name if len(name) <= 40 else name[:39] + "…"
        printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
        name_texts = [t for t in shown if t == printable]
        assert len(name_texts) >= 2, shown  # on the leaf and on the product
        assert not any(element.tag.endswith("script") for element in svg.iter())
        nodes = [e for e in svg.iter("{http://www.w3.org/2000/svg}g") if e.get("class") == "node"]
        assert {n[0].text for n in nodes if "_tag" not in n[0].text} == {"n0", "n1", "n2", "n3", "n3_out"}
    assert len(to_dot(np.exp(y))) < 10_000


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_empty_names_do_not_break_the_picture(name, tmp_path, no_dot):
    assert texts(svg_of(np.exp(leaf(1.0, name)), tmp_path, values=False)) == ["parameter", "exp", "output"]


def test_the_picture_of_the_circuit(tmp_path, no_dot):
    f, _ = circuit()
    f.backward()
    shown = texts(svg_of(f, tmp_path))
    for text in ("w0", "x1", "1/x", "*-1", "0.73", "-0.20", "0.39", "-0.59"):
        assert text in shown, text


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")]
)
def test_formats(suffix, start, tmp_path, no_dot):
    f, _ = circuit()
    path = tmp_path / f"picture.{suffix}"
    path.write_text("old")
    assert render(f, str(path)) == path
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_suffixes(tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.png or \.pdf.*picture\.jpg"):
        render(leaf(1.0), tmp_path / "picture.jpg")


def test_a_failure_leaves_the_old_file(tmp_path, no_dot, monkeypatch):
    path = tmp_path / "picture.svg"
    path.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        render(leaf(1.0), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_any_graphviz(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(RuntimeError, match=r'pip install "forkgrad\[draw\]".*install Graphviz'):
        render(leaf(1.0), tmp_path / "picture.svg")
    with pytest.raises(RuntimeError, match=r"forkgrad\[draw\]"):
        draw(leaf(1.0)).pipe("svg")


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for dot is a shell script")
def test_dot_on_the_path_is_used(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n/bin/cat > /dev/null\necho "drawn by dot $1 $2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    path = render(leaf(1.0), tmp_path / "picture.svg")
    assert path.read_text() == "drawn by dot -Kdot -Tsvg\n"
    assert draw(leaf(1.0)).pipe("svg", encoding="utf-8") == "drawn by dot -Kdot -Tsvg\n"
    assert draw(leaf(1.0)).render("source", tmp_path, format="svg") == str(tmp_path / "source.svg")


def test_drawings_display_without_dot(tmp_path, no_dot):
    f, _ = circuit()
    drawing = draw(f)
    assert isinstance(drawing, graphviz.Digraph)
    assert drawing.source == to_dot(f)
    assert "1/x" in drawing._repr_mimebundle_()["image/svg+xml"]
    assert "1/x" in drawing._repr_image_svg_xml()
    assert drawing.pipe("png").startswith(b"\x89PNG")
    assert drawing.pipe().startswith(b"%PDF")  # graphviz's own default
    path = drawing.render(tmp_path / "circuit", format="svg", cleanup=True)
    assert [str(p) for p in tmp_path.iterdir()] == [path]
    drawing.render("circuit", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["circuit", "circuit.pdf", "circuit.svg"]
    with pytest.raises(TypeError, match="engine"):
        drawing.render(tmp_path / "circuit", engine="neato")


def test_importing_is_cheap():
    code = "import sys, autograd.visualize; print([m for m in ('graphviz', 'pygraphviz') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
