"""A written graph as an ONNX model, and that as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nn.extras import require
from nn.onnx.comparing import Value
from nn.onnx.recording import Ref
from nn.onnx.running import DynamicAxes, axis_names
from nn.onnx.writing import Writer
from nn.weights.files import written_aside

_MOST_BYTES = 2**31 - 1


def model_proto(
    writer: Writer, inputs: Sequence[str], outputs: Sequence[str], dynamic: DynamicAxes, opset_version: int
) -> Any:
    """Return the model that a writer has written.

    Raises:
        ValueError: when an axis of an output is named that does not change.
    """
    helper, numpy_helper = require("onnx.helper", "onnx"), require("onnx.numpy_helper", "onnx")
    given = [_described(writer, name, writer.program.values[i], dynamic) for i, name in enumerate(inputs)]
    returned = [_output(writer, name, result, dynamic) for name, result in zip(outputs, writer.program.results)]
    nodes = _needed(writer.nodes, outputs)
    read = {name for node in nodes for name in node.input}
    constants = [numpy_helper.from_array(a, name) for name, a in writer.constants.items() if name in read]
    graph = helper.make_graph(nodes, "model", given, returned, constants)
    opsets = [helper.make_opsetid("", opset_version)]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets), producer_name="forkgrad"
    )
    return model


def _described(writer: Writer, name: str, value: Value, dynamic: DynamicAxes) -> Any:
    """Return the name, dtype and shape of an input or output, with a name in place of each size that is free."""
    wanted = axis_names(name, dynamic.get(name, ()), len(value.shape))
    known = {axis.sizes: axis.name for axis in writer.free}
    dims: list[int | str] = []
    for axis, sizes in enumerate(zip(*value.shapes)):
        free = len(set(sizes)) > 1
        if axis in wanted and not free:
            raise ValueError(f"dynamic_axes: the size of axis {axis} of {name!r} does not change with the inputs")
        dims.append(wanted.get(axis, known.get(sizes, f"{name}_{axis}")) if free else sizes[0])
    kind = writer.helper.np_dtype_to_tensor_dtype(value.dtype)
    return writer.helper.make_tensor_value_info(name, kind, dims)


def _output(writer: Writer, name: str, result: Any, dynamic: DynamicAxes) -> Any:
    """Return the description of an output, which gets its name."""
    if not isinstance(result, Ref):
        array = np.asarray(result)
        writer.nodes.append(writer.helper.make_node("Identity", [writer.constant(array)], [name], name=name))
        return _described(writer, name, Value(array.dtype, (array.shape,)), dynamic)
    source = writer.names[result.index]
    writer.nodes.append(writer.helper.make_node("Identity", [source], [name], name=name))
    return _described(writer, name, writer.value(result), dynamic)


def _needed(nodes: Sequence[Any], outputs: Sequence[str]) -> list[Any]:
    """Return the nodes that the outputs are computed from."""
    wanted = {*outputs}
    kept = []
    for node in reversed(nodes):
        if wanted & {*node.output}:
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def replace(path: str | os.PathLike[str], model: Any) -> None:
    """Write a model beside its place, and put it there when it is complete.

    Raises:
        ValueError: when it is larger than a file of this format can be.
    """
    if model.ByteSize() > _MOST_BYTES:
        raise ValueError(f"an ONNX file holds at most 2 GiB; this model takes {model.ByteSize()} bytes")
    with written_aside(Path(os.path.realpath(path))) as file:
        file.write(model.SerializeToString(deterministic=True))
