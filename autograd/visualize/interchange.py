"""Graphs as JSON: versioned, exact, and read with suspicion.

A document is an object {"format": "forkgrad graph", "version": 1, "groups": [...], "nodes": [...]}. Every node and
group has exactly the fields of `NodeView` and `Group`, `path` excepted, which follows from the groups. An array is an
object {"dtype", "shape", "data"} with the elements in C order, long doubles as doubles; a complex number is an object
{"real", "imag"}; floats that are not finite are the texts "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.summaries import BINS, Summary
from autograd.visualize.nodes import NodeView
from autograd.visualize.owners import Group
from autograd.visualize.view import Graph
from autograd.watching import SourceLine

FORMAT = "forkgrad graph"
VERSION = 1
KINDS = ("parameter", "input", "constant", "operation", "output")
MARKS = ("added", "removed", "changed")
MOST_AXES = 64  # NumPy's limit
MOST_CALLS = 1000  # of modules inside each other: what Python's stack may hold
LONGEST_NUMBER = 400  # digits; floats have up to 309


def to_json(graph: Graph) -> str:
    """Return a graph as JSON; see `Graph.to_json`."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "groups": [{"label": group.label, "name": group.name, "parent": group.parent} for group in graph.groups],
        "nodes": [{name: write(getattr(node, name)) for name, (write, _) in _FIELDS.items()} for node in graph],
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Graph:
    """Return the graph that `to_json` wrote; see `Graph.from_json`."""
    if not isinstance(text, str | bytes):
        raise TypeError(f"a graph is read from text or bytes, not from {type(text).__name__}")
    try:
        document = json.loads(text, parse_int=_whole, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("this is no graph: its JSON is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"this is no graph: its bytes are not UTF-8 ({error})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no graph: it is not JSON ({error})") from None
    _require(isinstance(document, dict) and document.get("format") == FORMAT, "the document", f"a {FORMAT!r}")
    if not _is_int(document.get("version")) or document["version"] != VERSION:
        raise ValueError(
            f"this graph is written in version {document.get('version')!r:.40}, and this library reads version "
            f"{VERSION}: write it again, or update the library"
        )
    _require_keys(document, ("format", "version", "groups", "nodes"), "the document")
    groups = _groups(document["groups"])
    return Graph(tuple(_nodes(document["nodes"], groups)), groups)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"this is no graph: JSON has no {name}")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"this is no graph: a number in it has {len(digits)} digits")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("this is no graph: an object in it has the same key twice")
    return found


# --- checks -----------------------------------------------------------------------------------------------------------


def _require(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ValueError(f"this is no graph that this library wrote: {where} is not {what}")


def _require_keys(found: Any, names: Sequence[str], where: str) -> None:
    _require(isinstance(found, dict), where, "an object")
    wrong = sorted({*found} ^ {*names})
    if wrong:
        shown = ", ".join(f"{name!r:.40}" for name in wrong[:4])
        raise ValueError(f"this is no graph that this library wrote: {where} lacks, or should not have, {shown}")


def _is_int(x: Any, low: int = 0) -> bool:
    return isinstance(x, int) and not isinstance(x, bool) and x >= low


def _plain(test: Callable[[Any], bool], what: str, optional: bool = False) -> tuple[Callable[..., Any], ...]:
    """Return how a field that JSON can hold as it is is written and read."""

    def read(x: Any, where: str) -> Any:
        _require((optional and x is None) or test(x), where, what + (" or null" if optional else ""))
        return x

    return lambda x: x, read


def _several(write: Callable[..., Any], read: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """Return how a tuple is written and read, given that for its items."""

    def read_all(xs: Any, where: str) -> Any:
        _require(isinstance(xs, list), where, "a list")
        return tuple([read(x, f"{where}[{i}]") for i, x in enumerate(xs)])

    return lambda xs: [write(x) for x in xs], read_all


def _maybe(write: Callable[..., Any], read: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """Return how something that may be missing is written and read, given that for what is there."""
    return lambda x: None if x is None else write(x), lambda x, where: None if x is None else read(x, where)


# --- numbers and arrays -----------------------------------------------------------------------------------------------


def _write_number(x: Any) -> Any:
    if isinstance(x, complex):
        return {"real": _write_number(x.real), "imag": _write_number(x.imag)}
    return x if isinstance(x, bool | int) or math.isfinite(x) else str(x)  # "nan", "inf", "-inf"


def _read_number(x: Any, where: str) -> Any:
    if isinstance(x, dict):
        _require_keys(x, ("real", "imag"), where)
        return complex(_read_float(x["real"], where), _read_float(x["imag"], where))
    return x if isinstance(x, bool | int) else _read_float(x, where)


def _read_float(x: Any, where: str) -> float:
    known = x in ("nan", "inf", "-inf") if isinstance(x, str) else isinstance(x, float)
    _require(known, where, 'a float, "nan", "inf" or "-inf"')
    return float(x)


def _write_array(x: Any) -> Any:
    array = np.asarray(x)
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, copy=False)
    data = (array if array.dtype.kind in "biu" else wide).ravel().tolist()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": [_write_number(x) for x in data]}


def _read_array(x: Any, where: str) -> Any:
    _require_keys(x, ("dtype", "shape", "data"), where)
    dtype, shape = _read_dtype(x["dtype"], f"{where}.dtype"), _read_shape(x["shape"], f"{where}.shape")
    _require(isinstance(x["data"], list), f"{where}.data", "a list")
    _require(len(x["data"]) == math.prod(shape), f"{where}.data", f"{shape}, the shape, long")
    data = [_read_number(item, f"{where}.data[{i}]") for i, item in enumerate(x["data"])]
    wanted = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[dtype.kind]
    for i, item in enumerate(data):
        _require(type(item) is wanted, f"{where}.data[{i}]", f"of {dtype}")
    try:
        with np.errstate(over="raise"):
            array = np.array(data, dtype).reshape(shape)
    except (ArithmeticError, ValueError):
        raise ValueError(f"this is no graph that this library wrote: {where} is too large for {dtype}") from None
    return array if shape else array[()]


def _read_shape(x: Any, where: str) -> tuple[int, ...]:
    sizes = isinstance(x, list) and len(x) <= MOST_AXES and all(_is_int(n) and n < 2**63 for n in x)
    _require(sizes, where, "a shape")
    return tuple(x)


def _read_dtype(x: Any, where: str) -> np.dtype[Any]:
    _require(isinstance(x, str) and x in _DTYPES, where, "the name of a numeric dtype")
    return _DTYPES[x]


_NATIVE = [np.dtype(code) for code in np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?"]
_DTYPES = {str(dtype): dtype for native in _NATIVE for dtype in (native.newbyteorder(), native)}


# --- notes ------------------------------------------------------------------------------------------------------------


def _read_line(x: Any, where: str) -> SourceLine:
    _require_keys(x, SourceLine._fields, where)
    texts = all(isinstance(x[name], str) for name in ("file", "function", "text"))
    _require(texts and _is_int(x["line"]), where, "a source line")
    return SourceLine(**x)


def _write_summary(x: Summary) -> dict[str, Any]:
    return {name: list(value) if name == "counts" else _write_number(value) for name, value in x._asdict().items()}


def _read_summary(x: Any, where: str) -> Summary:
    _require_keys(x, Summary._fields, where)
    counts = x["counts"]
    whole = isinstance(counts, list) and len(counts) == BINS and all(map(_is_int, counts))
    _require(whole and all(_is_int(x[name]) for name in ("size", "zeros", "not_finite")), where, "a summary")
    _require(sum(counts) + x["not_finite"] == x["size"] >= x["zeros"], where, "a summary whose counts add up")
    ends = {name: _read_float(x[name], f"{where}.{name}") for name in ("minimum", "mean", "maximum")}
    return Summary(x["size"], **ends, zeros=x["zeros"], not_finite=x["not_finite"], counts=tuple(counts))


def _write_input(x: Any) -> Any:
    return {"node": x} if isinstance(x, str) else None if x is None else {"number": _write_number(x)}


def _read_input(x: Any, where: str) -> Any:
    if x is None:
        return None
    _require(isinstance(x, dict) and len(x) == 1, where, 'null, {"node": ...} or {"number": ...}')
    if "number" in x:
        return _read_number(x["number"], where)
    _require_keys(x, ("node",), where)
    _require(isinstance(x["node"], str), where, "the id of a node")
    return x["node"]


_text = _plain(lambda x: isinstance(x, str), "text")
_optional_text = _plain(lambda x: isinstance(x, str), "text", optional=True)
_flag = _plain(lambda x: isinstance(x, bool), "true or false")
_count = _plain(_is_int, "a whole number", optional=True)
_seconds = _plain(lambda x: isinstance(x, float) and x >= 0, "a time", optional=True)
_array = _maybe(_write_array, _read_array)
_summary = _maybe(_write_summary, _read_summary)

# For each field of a node: how it is written, and how it is read, in the order of the fields.
_FIELDS: dict[str, tuple[Callable[..., Any], ...]] = {
    "id": _text,
    "kind": _plain(lambda x: isinstance(x, str) and x in KINDS, f"one of {KINDS}"),
    "op": _optional_text,
    "inputs": _several(_write_input, _read_input),
    "shape": _maybe(list, _read_shape),
    "dtype": _maybe(str, _read_dtype),
    "name": _optional_text,
    "value": _array,
    "gradient": _array,
    "requires_grad": _flag,
    "group": _count,
    "value_bytes": _count,
    "saved_bytes": _count,
    "source": _maybe(SourceLine._asdict, _read_line),
    "forward_seconds": _seconds,
    "backward_seconds": _seconds,
    "value_summary": _summary,
    "gradient_summary": _summary,
    "local": _several(*_array),
    "sent": _several(*_array),
    "sent_summaries": _several(*_summary),
    "elementwise": _flag,
    "mark": _plain(lambda x: isinstance(x, str) and x in MARKS, f"one of {MARKS}", optional=True),
}


# --- the document -----------------------------------------------------------------------------------------------------


def _groups(found: Any) -> tuple[Group, ...]:
    _require(isinstance(found, list), "groups", "a list")
    groups: list[Group] = []
    depths: dict[int | None, int] = {None: 0}
    for i, item in enumerate(found):
        where = f"groups[{i}]"
        _require_keys(item, ("label", "name", "parent"), where)
        _require(isinstance(item["label"], str) and isinstance(item["name"], str), where, "named by text")
        parent = item["parent"]
        _require(parent is None or (_is_int(parent) and parent < i), f"{where}.parent", "null or a group before it")
        depths[i] = depths[parent] + 1
        _require(depths[i] <= MOST_CALLS, where, f"inside of less than {MOST_CALLS} others")
        groups.append(Group(**item))
    return tuple(groups)


def _nodes(found: Any, groups: Sequence[Group]) -> list[NodeView]:
    _require(isinstance(found, list) and bool(found), "nodes", "a list of at least one node")
    paths: dict[int | None, tuple[str, ...]] = {None: ()}
    nodes: list[NodeView] = []
    ids: set[str] = set()
    for i, item in enumerate(found):
        where = f"nodes[{i}]"
        _require_keys(item, tuple(_FIELDS), where)
        fields = {name: read(item[name], f"{where}.{name}") for name, (_, read) in _FIELDS.items()}
        _require_node(fields, i, ids, len(groups), where)
        ids.add(fields["id"])
        group = fields["group"]
        if group not in paths:
            paths[group] = _path(group, groups)
        nodes.append(NodeView(**fields, path=paths[group]))
    return nodes


def _path(group: int | None, groups: Sequence[Group]) -> tuple[str, ...]:
    """Return the labels of a group and of those around it, outermost first."""
    labels = []
    while group is not None:
        labels.append(groups[group].label)
        group = groups[group].parent
    return tuple(reversed(labels))


def _require_node(fields: Mapping[str, Any], i: int, before: set[str], groups: int, where: str) -> None:
    """Check what the fields of a node have to do with each other, and with the nodes before it."""
    _require(fields["id"] == f"n{i}", f"{where}.id", f"n{i}")
    known = all(x in before for x in fields["inputs"] if isinstance(x, str))
    _require(known, f"{where}.inputs", "of nodes before it")
    _require((fields["op"] is not None) == (fields["kind"] in ("operation", "output")), f"{where}.kind", "of its op")
    _require(fields["op"] is not None or not fields["inputs"], f"{where}.inputs", "empty, as of a leaf")
    _require((fields["shape"] is None) == (fields["dtype"] is None), f"{where}.dtype", "there with a shape")
    _require(fields["group"] is None or fields["group"] < groups, f"{where}.group", "one of the groups")
    for name in ("local", "sent", "sent_summaries"):
        aligned = len(fields[name]) in (0, len(fields["inputs"]))
        _require(aligned, f"{where}.{name}", "as long as its inputs")
