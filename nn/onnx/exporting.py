"""`export`: a model as an ONNX file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nn.extras import require
from nn.module import Module
from nn.onnx import checking, translations
from nn.onnx.comparing import ChangingError, Program, common, require_constants
from nn.onnx.files import model_proto, replace
from nn.onnx.recording import Recording
from nn.onnx.running import DynamicAxes, Runs, free_axes, resized
from nn.onnx.writing import TRANSLATIONS, Axis, Writer

OPSETS = range(18, 24)
_TABLE = translations  # imported because that fills TRANSLATIONS


def export(
    model: Module, args: Any, path: str | os.PathLike[str], input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None, dynamic_axes: DynamicAxes | None = None, opset_version: int = 20, *,
    kwargs: Mapping[str, Any] | None = None, check: bool = True, rtol: float = 1e-4, atol: float = 1e-5,
) -> None:  # fmt: skip
    """Write a model as an ONNX file, for onnxruntime and others to run without Python.

    The model runs in eval mode, define-by-run, while its operations are written down, with the arrays in `args` as
    the graph's inputs; each operation then becomes one or a few ONNX nodes (opset 18 to 23, https://onnx.ai). It runs
    again with other values and sizes in its inputs: what changes with them although no operation computed it, which
    as a constant would be wrong, raises. Parameters and buffers keep their dotted names. The same model gives the
    same bytes. Needs the extra `onnx`.

    Args:
        model: the model. Its modes, parameters, gradients and the default random generator are left as they are.
        args: its arguments, a tuple or one array: NumPy arrays and Tensors of any dtype, in tuples, lists and dicts of
            any depth, are inputs; everything else is fixed.
        path: where to write; an existing file is replaced once everything has been checked.
        input_names: the names of the inputs; "input", or "input_0", "input_1", ..., by default.
        output_names: the names of the outputs, likewise.
        dynamic_axes: the axes of inputs (and outputs) whose size is free: {"input": {0: "batch"}}, or
            {"input": [0]}, which names it. Axes of one name have one size.
        opset_version: the version of ONNX's operations.
        kwargs: keyword arguments of the model.
        check: run the file in onnxruntime, if it is installed, and compare with the model, on all inputs that were
            tried. onnxruntime lacks some operations in float64, among them convolution.
        rtol: how far the outputs may differ, relative to them; both tolerances are at least 0.005 in half precision.
        atol: and besides, relative to the largest of them if that is above 1.

    Raises:
        NotImplementedError: when operations have no translation, naming all of them, the modules they are in and the
            lines of the user's source; or when something cannot follow the sizes or values of the input.
        ValueError: when names or axes do not fit, or the opset is not supported.
        RuntimeError: when onnxruntime cannot run the file, or computes something else.
        ImportError: when onnx is not installed.

    >>> import nn, numpy
    >>> nn.onnx.export(nn.Linear(3, 2), numpy.zeros((1, 3), "f4"), "x.onnx", opset_version=7)
    Traceback (most recent call last):
    ValueError: opset_version must be one of 18 to 23, not 7
    """
    if opset_version not in OPSETS:
        raise ValueError(f"opset_version must be one of {OPSETS[0]} to {OPSETS[-1]}, not {opset_version!r}")
    require("onnx", "onnx")
    dynamic = dynamic_axes or {}
    runs = Runs(model, args if isinstance(args, tuple) else (args,), dict(kwargs or {}))
    inputs = _names(input_names, len(runs.arrays), "input")
    free = free_axes(inputs, runs.arrays, dynamic)
    tried = [(runs.arrays, runs.run(runs.arrays))]
    _require_translations(tried[0][1])
    tried += [(arrays, runs.run(arrays)) for arrays in resized(inputs, runs.arrays, dynamic, free)]
    program = _in_common([recording for _, recording in tried], "the sizes of the dynamic axes")
    other = runs.run_on_other_values()
    _require_same_constants(tried[0][1], other[1])
    outputs = _names(output_names, len(program.results), "output")
    _check_names(inputs, outputs, dynamic, model)
    proto = model_proto(_written(program, free, model, inputs), inputs, outputs, dynamic, opset_version)
    if check:
        checking.check(proto, inputs, outputs, [*tried, other], rtol, atol)
    replace(path, proto)


def _names(given: Sequence[str] | None, count: int, default: str) -> list[str]:
    """Return the names of the inputs or outputs."""
    if given is None:
        return [default] if count == 1 else [f"{default}_{i}" for i in range(count)]
    if len(given) != count or len(set(given)) != count:
        raise ValueError(f"{default}_names must be {count} different names, one for each array, not {list(given)}")
    return list(given)


def _check_names(inputs: list[str], outputs: list[str], dynamic: DynamicAxes, model: Module) -> None:
    own = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    taken = sorted(name for name in {*inputs} & {*outputs} | {*inputs, *outputs} & {*own})
    if taken:
        raise ValueError(f"these names are given twice, among inputs, outputs, parameters and buffers: {taken}")
    unknown = [name for name in dynamic if name not in inputs and name not in outputs]
    if unknown:
        raise ValueError(f"dynamic_axes names {unknown}, but there are only {inputs} and {outputs}")


def _require_translations(recording: Recording) -> None:
    """Raise a NotImplementedError that names every operation without a translation."""
    lacking = dict.fromkeys(
        f"{call.op!r} {call.where()}" for call in recording.calls if call.op not in TRANSLATIONS
    ) | dict.fromkeys(f"{name!r}, which is not one of autograd's" for name in recording.other_ops)
    if lacking:
        raise NotImplementedError("these operations have no translation to ONNX:\n  " + "\n  ".join(lacking))


def _require_same_constants(recording: Recording, other: Recording) -> None:
    """Raise where a run on other values of the same sizes differs in what would become a constant."""
    program = _in_common([recording, other], "the values of the input")
    try:
        require_constants(program)
    except ChangingError as error:
        raise _cannot_follow("the values of the input", error) from None


def _in_common(recordings: list[Recording], why: str) -> Program:
    try:
        return common(recordings)
    except ChangingError as error:
        raise _cannot_follow(why, error) from None


def _cannot_follow(why: str, error: Exception) -> NotImplementedError:
    return NotImplementedError(
        f"a graph cannot follow what Python or NumPy compute from {why}: {error}; compute it with functions of "
        "autograd, or in a Python that does not depend on it"
    )


def _written(program: Program, free: list[Axis], model: Module, inputs: list[str]) -> Writer:
    """Return a writer that has written all operations."""
    writer = Writer(program, free)
    state = [*model.named_parameters(), *model.named_buffers()]
    for index, name in enumerate([*inputs, *(name for name, _ in state)]):
        writer.names[index] = name
    writer.constants.update({name: tensor.data for name, tensor in state})
    for call in program.calls:
        writer.write(call, TRANSLATIONS[call.op])
    return writer
