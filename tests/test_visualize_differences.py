"""What differs between two graphs."""

import time
from collections import OrderedDict

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, manual_seed
from autograd.visualize import Graph, diff, trace


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def chain(*names, start=1.0):
    y = leaf(start, "x")
    for name in names:
        y = getattr(np, name)(y)
    return y


def summary(difference):
    return (
        [n.op or n.name for n in difference.removed], [n.op or n.name for n in difference.added],
        [(c.after.op or c.after.name, c.what) for c in difference.changed],
    )  # fmt: skip


def longest_common(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = table[i, j] + 1 if x == y else max(table[i, j + 1], table[i + 1, j])
    return table[-1, -1]


def test_equal_graphs_do_not_differ():
    found = diff(chain("exp", "sin"), trace(chain("exp", "sin", start=5.0)))
    assert not found
    assert str(found) == "no difference"
    assert [n.mark for n in found.graph] == [None] * 3
    assert found.pairs == {"n0": "n0", "n1": "n1", "n2": "n2"}


def test_added_and_removed():
    found = diff(chain("exp", "sin", "tanh"), chain("exp", "cos", "cbrt", "tanh"))
    assert found
    assert summary(found) == (["sin"], ["cos", "cbrt"], [("tanh", ("inputs",))])
    assert str(found) == "- sin ()\n+ cos ()\n+ cbrt ()\n~ tanh: other inputs"
    assert [(n.op, n.mark) for n in found.graph] == [
        (None, None), ("exp", None), ("cos", "added"), ("cbrt", "added"), ("sin", "removed"), ("tanh", "changed")
    ]  # fmt: skip
    assert found.graph.nodes[4].inputs == ("n1",)
    assert found.graph.nodes[5].inputs == ("n3",)


def test_changed_shapes_dtypes_names_and_numbers():
    def compute(n, dtype, factor, name):
        y = leaf(np.ones(n, dtype), "x") * factor
        y.name = name
        return y.sum()

    found = diff(compute(2, "f4", 3, None), compute(3, "f8", 4, "y"))
    assert summary(found)[2] == [
        ("x", ("shape", "dtype")), ("multiply", ("shape", "dtype", "name", "inputs")), ("sum", ("dtype",))
    ]  # fmt: skip
    assert "~ parameter 'x': shape (2,) -> (3,); dtype float32 -> float64\n" in str(found)
    assert not diff(leaf(1.0) * float("nan"), leaf(1.0) * float("nan"))
    assert diff(leaf(1.0) * 1, leaf(1.0) * 2)


def test_an_input_that_is_left_out_now():
    found = diff(autograd.clip(leaf(1.0, "x"), leaf(0.0, "low"), 3), autograd.clip(leaf(1.0, "x"), None, 3))
    assert summary(found) == (["low"], [], [("clip", ("inputs",))])


def test_models_are_compared_module_by_module():
    manual_seed(0)

    def model(*middle):
        layers = {"first": nn.Linear(4, 8), **{f"extra{i}": m for i, m in enumerate(middle)}, "last": nn.Linear(8, 2)}
        net = nn.Sequential(OrderedDict(layers))
        return trace(net(Tensor(np.ones((3, 4)))))

    found = diff(model(nn.ReLU()), model(nn.ReLU(), nn.Linear(8, 8), nn.ReLU()))
    assert not found.removed
    assert {n.path[-1] for n in found.added} == {"extra1: Linear", "extra2: ReLU"}
    assert [g.label for g in found.graph.groups if g.parent is None] == ["Sequential"]
    assert [c.what for c in found.changed] == [("inputs",)]
    back = diff(model(nn.ReLU(), nn.Linear(8, 8), nn.ReLU()), model(nn.ReLU()))
    assert {n.path[-1] for n in back.removed} == {"extra1: Linear", "extra2: ReLU"}
    marked = {n.path: n.mark for n in back.graph if n.op == "linear"}
    assert list(marked.values()).count("removed") == 1
    for node in back.graph:
        assert node.group is None or back.graph.groups[node.group].label == node.path[-1]


def test_an_output_that_was_used_further():
    found = diff(chain("exp", "sin"), chain("exp"))
    assert [(n.op, n.kind, n.mark) for n in found.graph][1:] == [
        ("exp", "output", None), ("sin", "operation", "removed")
    ]  # fmt: skip
    found = diff(chain("exp"), chain("exp", "sin"))
    assert [(n.op, n.mark) for n in found.graph][1:] == [("exp", None), ("sin", "added")]


def dag(rng):
    made = [leaf(rng.normal(), name) for name in "ab"]
    for _ in range(rng.integers(1, 12)):
        i, j = rng.integers(len(made), size=2)
        made.append([np.add, np.multiply, np.maximum][rng.integers(3)](made[i], made[j]))
    return sum(made[1:], start=made[0])


def require_graph(graph, found):
    """Check that a merged graph is one, and that it holds both graphs."""
    assert [n.id for n in graph] == [f"n{i}" for i in range(len(graph))]
    place = {n.id: i for i, n in enumerate(graph)}
    assert all(place[e.source] < place[e.target] for e in graph.edges)
    assert [n.op for n in graph if n.mark != "removed"] == [n.op for n in found.after]
    assert sorted(str(n.op) for n in graph if n.mark == "removed") == sorted(str(n.op) for n in found.removed)
    assert len(found.pairs) + len(found.removed) == len(found.before)
    for node in graph:
        if node.mark != "removed":
            assert all(graph[x].mark != "removed" for x in node.inputs if isinstance(x, str))


@pytest.mark.parametrize("edits", [0, 1000])
@pytest.mark.parametrize("seed", range(30))
def test_graphs_with_forks(seed, edits, monkeypatch):
    monkeypatch.setattr("autograd.visualize.differences.MOST_EDITS", edits)
    rng = np.random.default_rng(seed)
    found = diff(dag(rng), dag(rng))
    require_graph(found.graph, found)


def test_removed_nodes_stand_where_they_were():
    x, y = leaf(1.0, "x"), leaf(2.0, "y")
    found = diff(np.exp(x) * np.sin(y), np.exp(x) * 3)
    assert [(n.op or n.name, n.mark) for n in found.graph] == [
        ("x", None), ("exp", None), ("y", "removed"), ("sin", "removed"), ("multiply", "changed")
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_no_more_than_needed_is_added_and_removed(seed):
    rng = np.random.default_rng(seed)
    names = np.array(["sin", "cos", "tanh"])
    one, other = (list(names[rng.integers(3, size=rng.integers(0, 12))]) for _ in range(2))
    found = diff(chain(*one), chain(*other))
    kept = longest_common(one, other)
    assert len(found.removed) == len(one) - kept
    assert len(found.added) == len(other) - kept
    assert list(found.pairs) == sorted(found.pairs, key=lambda id: int(id[1:]))
    graph = found.graph
    require_graph(graph, found)
    assert [n.op for n in graph if n.mark == "removed"] == [n.op for n in found.removed]
    assert Graph.from_json(graph.to_json()).to_json() == graph.to_json()


def test_large_graphs_that_differ_little_and_much():
    def long(n, wrong=()):
        y = leaf(1.0)
        for i in range(n):
            y = np.sin(y) if i in wrong else y + 1
        return trace(y)

    start = time.process_time()
    few = diff(long(5000), long(5000, {5, 2500, 4990}))
    assert (len(few.removed), len(few.added)) == (3, 3)
    many = diff(long(2000), long(2000, range(0, 2000, 2)))
    assert (len(many.removed), len(many.added)) == (1000, 1000)
    assert time.process_time() - start < 8


def test_drawn_in_colours():
    found = diff(chain("exp", "sin", "tanh"), chain("exp", "cos", "tanh"))
    text = found.to_dot()
    assert found.draw().source == text
    assert "0.76" not in text
    assert "2.72" in found.to_dot(values=True)
    assert text.count("sin") == text.count("cos") == 1
    plain = trace(chain("exp", "sin", "tanh")).to_dot(values=False)
    looks = {
        name: next(line for line in text.splitlines() if f"<B>{name}</B>" in line) for name in ("exp", "sin", "cos")
    }
    colours = {name: line.split('color="')[1].split('"')[0] for name, line in looks.items()}
    assert len(set(colours.values())) == 3
    assert f'color="{colours["exp"]}"' in next(line for line in plain.splitlines() if "<B>exp</B>" in line)


@pytest.mark.parametrize("wrong", [None, 3, np.ones(3), "graph"])
def test_only_graphs_and_tensors_are_compared(wrong):
    with pytest.raises(TypeError, match=f"diff compares Graphs and Tensors, not {type(wrong).__name__}"):
        diff(leaf(1.0), wrong)
