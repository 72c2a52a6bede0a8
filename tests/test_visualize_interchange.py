"""Graphs as JSON."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor
from autograd.visualize import Graph, trace
from autograd.visualize.nodes import NodeView


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def model_graph():
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with autograd.watch(), np.errstate(all="ignore"):
        out = model(Tensor(np.ones((2, 3)), name="data"))
        loss = (out * np.array([np.inf, -np.inf]) - 2 + 3 * out).sum() * 1e-3
        loss.backward()
    return trace(loss, summaries=True)


def same(a, b):
    """Return whether two things are equal, in type and dtype, too, where nan is equal to nan."""
    if isinstance(a, np.generic):  # NumPy has two classes for 64-bit integers, of one dtype
        return isinstance(b, np.generic) and same(np.asarray(a), np.asarray(b))
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (isinstance(a, float | complex) and repr(a) == repr(b))


def test_all_comes_back():
    graph = model_graph()
    assert len(graph.groups) == 4
    assert any(n.source for n in graph)
    back = Graph.from_json(graph.to_json())
    assert back.groups == graph.groups
    for one, other in zip(graph, back, strict=True):
        for field in NodeView.__slots__:
            assert same(getattr(one, field), getattr(other, field)), (one.id, field)
    assert back.to_json() == graph.to_json()
    assert back.to_dot() == graph.to_dot()
    assert [s.phase for s in back.steps()] == [s.phase for s in graph.steps()]
    assert Graph.from_json(graph.to_json().encode()).to_json() == graph.to_json()


@pytest.mark.parametrize("code", "?bBhHiIlLqQefdFD")
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0, 3)])
def test_dtypes_and_numbers(code, shape):
    dtype = np.dtype(code)
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2**63, shape) if dtype.kind in "biu" else rng.normal(size=shape)
    value = np.asarray(numbers).astype(dtype)
    graph = trace(Tensor(value))
    assert same(Graph.from_json(graph.to_json()).nodes[0].value, graph.nodes[0].value)
    if shape:  # scalars are native
        swapped = trace(Tensor(value.astype(dtype.newbyteorder())))
        assert Graph.from_json(swapped.to_json()).nodes[0].dtype == swapped.nodes[0].dtype == dtype.newbyteorder()


def test_numbers_that_are_not_finite_and_inputs_that_are_no_nodes():
    x = leaf([1.0, np.nan, np.inf])
    with np.errstate(all="ignore"):
        y = x * (1 + 2j) * np.nan * -np.inf
    z = autograd.clip(leaf(2.0), None, 3)
    for graph in (trace(y), trace(z)):
        back = Graph.from_json(graph.to_json())
        assert all(same(one.inputs, other.inputs) for one, other in zip(graph, back, strict=True))
        json.loads(graph.to_json(), parse_constant=lambda name: pytest.fail(name))


HOSTILE = [
    '"quoted"',
    "line\nbreak",
    "<script>alert(1)</script>",
    "\\N",
    "zero\0 \ud800 \u202e",
    "é 🙂",
    "x" * 10_000,
    " ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name):
    graph = trace(leaf(1.0, name) * 2)
    text = graph.to_json()
    assert text.isascii()
    assert Graph.from_json(text).nodes[0].name == name


def test_the_same_bytes_in_every_process():
    code = (
        "import autograd, nn, numpy as np; autograd.manual_seed(0); m = nn.Sequential(nn.Linear(3, 4), nn.Tanh());"
        "x = autograd.Tensor(np.ones((2, 3))); y = m(x).sum(); y.backward();"
        "print(autograd.trace(y, summaries=True).to_json())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1


# --- hostile documents ------------------------------------------------------------------------------------------------


def document():
    return json.loads(trace(leaf([1.0, 2.0], "x") * 3).to_json())


def refused(document, match):
    with pytest.raises(ValueError, match=match):
        Graph.from_json(document if isinstance(document, str | bytes) else json.dumps(document))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not JSON"), ("{", "not JSON"), ("[]", "not a 'forkgrad graph'"), ("3", "not a 'forkgrad graph'"),
        ('{"format": "forkgrad graph", "version": 2}', "version 2, and this library reads version 1"),
        ('{"format": "forkgrad graph", "version": 1}', "lacks, or should not have, 'groups', 'nodes'"),
        ('{"format": "forkgrad graph", "version": true}', "version True"),
        ("NaN", "no NaN"), ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\xff", "UTF-8|not JSON"), (b"\x80", "UTF-8"),
        ('{"a": 1, "a": 2}', "same key twice"), ("9" * 5000, "5000 digits"), ("-" + "9" * 401, "402 digits"),
    ],
)  # fmt: skip
def test_documents_that_are_no_graph(text, match):
    refused(text, match)


@pytest.mark.parametrize("wrong", [None, 3, {"format": "forkgrad graph"}])
def test_only_text_is_read(wrong):
    with pytest.raises(TypeError, match=f"not from {type(wrong).__name__}"):
        Graph.from_json(wrong)


@pytest.mark.parametrize(
    ("node", "field", "value", "match"),
    [
        (0, "id", "n1", r"nodes\[0\].id is not n0"), (1, "inputs", [{"node": "n7"}], "not of nodes before it"),
        (1, "inputs", [{"node": "n1"}], "not of nodes before it"), (1, "inputs", [{"number": "x"}], "not a float"),
        (1, "inputs", [{}], "not null"), (1, "inputs", "n0", "not a list"), (1, "inputs", [{"node": 0}], "not the id"),
        (0, "inputs", [None], "empty, as of a leaf"), (0, "kind", "evil", "not one of"),
        (0, "kind", ["input"], "not one of"),
        (0, "kind", "operation", "not of its op"), (1, "op", None, "not of its op"), (1, "op", 3, "not text or null"),
        (0, "shape", [-1], "not a shape"), (0, "shape", [True], "not a shape"), (0, "shape", [1.5], "not a shape"),
        (0, "shape", [2**70], "not a shape"), (0, "shape", [1] * 65, "not a shape"),
        (0, "shape", None, "with a shape"),
        (0, "dtype", "object", "numeric dtype"), (0, "dtype", ["f4"], "numeric dtype"),
        (0, "dtype", "O", "numeric dtype"),
        (0, "requires_grad", 1, "true or false"), (0, "group", 0, "one of the groups"),
        (0, "group", -1, "whole number"),
        (0, "group", True, "whole number"), (0, "value_bytes", 1.5, "whole number"),
        (0, "name", [], "text or null"),
        (0, "source", {"file": "a"}, "lacks"), (0, "forward_seconds", -1.0, "not a time"),
        (0, "mark", "x", "not one of"),
        (0, "source", {"file": "a", "line": -1, "function": "", "text": ""}, "not a source line"),
        (0, "forward_seconds", "1", "not a time"), (0, "value_summary", 3, "not an object"), (1, "local", [], None),
        (1, "local", [None], "as long as its inputs"), (1, "sent", {}, "not a list"), (0, "path", [], "'path'"),
        (0, "value", {"dtype": "float32", "shape": [2], "data": [1.0]}, "long"),
        (0, "value", {"dtype": "float32", "shape": [10**9, 10**9], "data": []}, "long"),
        (0, "value", {"dtype": "float32", "shape": [0, 2**62, 2**62], "data": []}, "too large"),
        (0, "value", {"dtype": "float32", "shape": [2], "data": [1.0, "y"]}, r"data\[1\] is not a float"),
        (0, "value", {"dtype": "float32", "shape": [2], "data": [1.0, 1]}, r"data\[1\] is not of float32"),
        (0, "value", {"dtype": "int8", "shape": [1], "data": [300]}, "too large for int8"),
        (0, "value", {"dtype": "float16", "shape": [1], "data": [1e300]}, "too large for float16"),
        (0, "value", {"dtype": "object", "shape": [1], "data": [1]}, "numeric dtype"),
        (0, "value", {"dtype": "complex64", "shape": [], "data": [{"real": 1.0}]}, "lacks"),
        (0, "value", 3, "not an object"),
    ],
)  # fmt: skip
def test_nodes_that_are_wrong(node, field, value, match):
    changed = document()
    changed["nodes"][node][field] = value
    if match is None:
        Graph.from_json(json.dumps(changed))
    else:
        refused(changed, match)


def test_summaries_that_do_not_add_up():
    changed = json.loads(trace(Tensor([1.0, 2.0]), summaries=True).to_json())
    summary = changed["nodes"][0]["value_summary"]
    for field, value in [("size", 3), ("zeros", 5), ("counts", [1]), ("counts", [2.0] * 16), ("mean", None)]:
        changed["nodes"][0]["value_summary"] = {**summary, field: value}
        refused(changed, r"nodes\[0\]\.value_summary")


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        ({}, "not a list"), ([{"label": "a", "name": "", "parent": 0}], "a group before it"), ([3], "not an object"),
        ([{"label": 3, "name": "", "parent": None}], "named by text"),
        ([{"label": "a", "name": ""}], "lacks.*'parent'"),
        ([{"label": "a", "name": "", "parent": i - 1 if i else None} for i in range(1001)], "less than 1000 others"),
    ],
)  # fmt: skip
def test_groups_that_are_wrong(groups, match):
    refused({**document(), "groups": groups}, match)


def test_nodes_are_missing_or_no_list():
    refused({**document(), "nodes": []}, "at least one node")
    refused({**document(), "nodes": {"n0": 1}}, "at least one node")
    refused({**document(), "more": 1}, "'more'")
    refused({**document(), "x" * 10_000: 1}, r"lacks, or should not have, 'x{39}$")


def mutated(thing, rng):
    """Return a document with something in it replaced."""
    junk = [None, True, -1, 0, 10**30, 1.5, "", "n0", "nan", [], {}, [[]], {"node": "n0"}, {"number": 1}]
    if rng.random() < 0.15 or not isinstance(thing, dict | list) or not thing:
        return junk[rng.integers(len(junk))]
    key = list(thing)[rng.integers(len(thing))] if isinstance(thing, dict) else int(rng.integers(len(thing)))
    if isinstance(thing, dict) and rng.random() < 0.05:
        return {k: v for k, v in thing.items() if k != key}
    changed = dict(thing) if isinstance(thing, dict) else list(thing)
    changed[key] = mutated(changed[key], rng)
    return changed


def test_whatever_is_wrong_is_refused_kindly_or_can_be_drawn():
    rng = np.random.default_rng(0)
    whole = json.loads(model_graph().to_json())
    start, refusals, messages = time.process_time(), 0, set()
    while time.process_time() - start < 1.5 or refusals < 200:
        try:
            graph = Graph.from_json(json.dumps(mutated(whole, rng)))
        except ValueError as error:
            refusals += 1
            messages.add(str(error)[:5])
        else:
            graph.to_json()
            graph.steps()
    assert messages == {"this "}


def test_large_graphs_in_seconds():
    y = leaf(1.0)
    for _ in range(5000):
        y = y + 1
    graph = trace(y)
    start = time.process_time()
    assert len(Graph.from_json(graph.to_json())) == 5001
    assert time.process_time() - start < 4
