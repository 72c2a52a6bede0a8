"""An ONNX model held against the model that it was made from."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.extras import require
from nn.onnx.recording import Recording

Runs = Sequence[tuple[Sequence[np.ndarray], Recording]]


def check(proto: Any, inputs: Sequence[str], outputs: Sequence[str], runs: Runs, rtol: float, atol: float) -> None:
    """Check that a model is valid, and computes what its original did in all runs.

    Raises:
        RuntimeError: when it is not, or does not.
    """
    checker = require("onnx.checker", "onnx")
    try:
        checker.check_model(proto, full_check=True)
    except Exception as error:
        raise RuntimeError(f"the ONNX model is not valid; this is a fault of the export: {error}") from error
    if importlib.util.find_spec("onnxruntime") is None:
        return
    for (_, recording), results in zip(runs, _results(proto, inputs, outputs, [arrays for arrays, _ in runs])):
        for name, result, expected in zip(outputs, results, recording.outputs):
            _compare(name, result, expected, rtol, atol)


def _results(
    proto: Any, inputs: Sequence[str], outputs: Sequence[str], arrays: Sequence[Sequence[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Return what onnxruntime computes from each list of inputs."""
    runtime = require("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        session = runtime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return [session.run(list(outputs), dict(zip(inputs, given))) for given in arrays]
    except Exception as error:
        raise RuntimeError(
            f"onnxruntime cannot run the ONNX model: {error}; it has some operations for float32 only: export "
            "model.float(), or with check=False"
        ) from error


def _compare(name: str, result: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> None:
    if result.shape != expected.shape or result.dtype != expected.dtype:
        raise RuntimeError(
            f"onnxruntime's output {name!r} is {result.shape} {result.dtype}, the model's {expected.shape} "
            f"{expected.dtype}; this is a fault of the export"
        )
    if expected.dtype == np.float16:  # whose steps are larger than the usual tolerances
        rtol, atol = max(rtol, 5e-3), max(atol, 5e-3)
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind == "f" else np.abs(expected)
    scale = max(1.0, float(finite.max(initial=0)))
    if not np.allclose(result, expected, rtol=rtol, atol=atol * scale, equal_nan=True):
        with np.errstate(invalid="ignore"):
            worst = np.nanmax(np.abs(result.astype(float) - expected))
        raise RuntimeError(
            f"onnxruntime's output {name!r} differs from the model's by up to {worst:g}, more than rtol={rtol} and "
            f"atol={atol} allow; this is a fault of the export, or of rounding in a long computation"
        )
