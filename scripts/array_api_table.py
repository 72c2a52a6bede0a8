"""Compare the array API namespace of Tensors with array-api-strict, function by function.

`--write` makes docs/array_api.md.

    pip install array-api-strict
    python scripts/array_api_table.py
"""

import argparse
from pathlib import Path

import array_api_strict as strict
import numpy as np

from autograd import Tensor
from autograd import array_api as ours

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "array_api.md"
NOT_FUNCTIONS = {"ArrayAPIStrictFlags", "Device", "ModuleType", "bool", "linalg", "fft"}

MATRIX = np.array([[2.0, 0.5, 0.1], [0.5, 3.0, 0.2], [0.1, 0.2, 1.0]])
UNIT, COUNTS, FLAGS = MATRIX / 4, np.array([[5, 3, 2], [1, 7, 4]]), MATRIX > 0.3

# How to call what is not a function of one or two floating arrays.
CALLS = {
    "arange": lambda xp, a: xp.arange(5),
    "asarray": lambda xp, a: xp.asarray([1, 2]),
    "astype": lambda xp, a: xp.astype(a(MATRIX), xp.int64),
    "argsort": lambda xp, a: xp.argsort(a(MATRIX)),
    "broadcast_arrays": lambda xp, a: xp.broadcast_arrays(a(MATRIX), a(MATRIX[0])),
    "broadcast_shapes": lambda xp, a: xp.broadcast_shapes((2, 1), (3,)),
    "broadcast_to": lambda xp, a: xp.broadcast_to(a(MATRIX[0]), (2, 3)),
    "can_cast": lambda xp, a: xp.can_cast(xp.float32, xp.float64),
    "clip": lambda xp, a: xp.clip(a(MATRIX), 0.3, 1.0),
    "concat": lambda xp, a: xp.concat([a(MATRIX), a(MATRIX)], axis=1),
    "cumulative_prod": lambda xp, a: xp.cumulative_prod(a(MATRIX), axis=0),
    "cumulative_sum": lambda xp, a: xp.cumulative_sum(a(MATRIX), axis=1),
    "empty": lambda xp, a: xp.empty((2, 3)).shape,
    "empty_like": lambda xp, a: xp.empty_like(a(MATRIX)).shape,
    "expand_dims": lambda xp, a: xp.expand_dims(a(MATRIX), axis=1),
    "eye": lambda xp, a: xp.eye(3, dtype=xp.float64),
    "finfo": lambda xp, a: xp.finfo(xp.float32).eps,
    "from_dlpack": lambda xp, a: xp.from_dlpack(MATRIX),
    "full": lambda xp, a: xp.full((2,), 3.0, dtype=xp.float64),
    "full_like": lambda xp, a: xp.full_like(a(MATRIX), 3.0),
    "iinfo": lambda xp, a: xp.iinfo(xp.int32).max,
    "isdtype": lambda xp, a: xp.isdtype(xp.float32, "real floating"),
    "isin": lambda xp, a: xp.isin(a(COUNTS), a(np.array([5, 4]))),
    "linspace": lambda xp, a: xp.linspace(0.0, 1.0, 5, dtype=xp.float64),
    "meshgrid": lambda xp, a: xp.meshgrid(a(MATRIX[0]), a(MATRIX[1])),
    "moveaxis": lambda xp, a: xp.moveaxis(a(MATRIX), 0, 1),
    "ones": lambda xp, a: xp.ones((2,), dtype=xp.float64),
    "permute_dims": lambda xp, a: xp.permute_dims(a(MATRIX), (1, 0)),
    "repeat": lambda xp, a: xp.repeat(a(MATRIX), 2, axis=0),
    "reshape": lambda xp, a: xp.reshape(a(MATRIX), (9,)),
    "result_type": lambda xp, a: xp.result_type(xp.float32, xp.float64),
    "roll": lambda xp, a: xp.roll(a(MATRIX), 1, axis=0),
    "searchsorted": lambda xp, a: xp.searchsorted(a(np.arange(4.0)), a(MATRIX[0])),
    "squeeze": lambda xp, a: xp.squeeze(a(MATRIX[None]), axis=0),
    "stack": lambda xp, a: xp.stack([a(MATRIX), a(MATRIX)], axis=-1),
    "take": lambda xp, a: xp.take(a(MATRIX), a(np.array([0, 2])), axis=1),
    "take_along_axis": lambda xp, a: xp.take_along_axis(a(MATRIX), a(np.array([[0], [1], [2]])), axis=1),
    "tensordot": lambda xp, a: xp.tensordot(a(MATRIX), a(MATRIX), axes=1),
    "tile": lambda xp, a: xp.tile(a(MATRIX), (2, 1)),
    "unique_all": lambda xp, a: tuple(xp.unique_all(a(COUNTS))),
    "unique_counts": lambda xp, a: tuple(xp.unique_counts(a(COUNTS))),
    "unique_inverse": lambda xp, a: tuple(xp.unique_inverse(a(COUNTS))),
    "unstack": lambda xp, a: xp.unstack(a(MATRIX)),
    "where": lambda xp, a: xp.where(a(FLAGS), a(MATRIX), a(UNIT)),
    "zeros": lambda xp, a: xp.zeros((2,), dtype=xp.float64),
    "linalg.cross": lambda xp, a: xp.linalg.cross(a(MATRIX), a(UNIT)),
    "linalg.matrix_power": lambda xp, a: xp.linalg.matrix_power(a(MATRIX), 3),
    "linalg.solve": lambda xp, a: xp.linalg.solve(a(MATRIX), a(UNIT)),
    "linalg.eigh": lambda xp, a: xp.linalg.eigh(a(MATRIX))[0],
    "linalg.qr": lambda xp, a: xp.linalg.qr(a(MATRIX))[1],
    "linalg.svd": lambda xp, a: xp.linalg.svd(a(MATRIX))[1],
    "linalg.outer": lambda xp, a: xp.linalg.outer(a(MATRIX[0]), a(MATRIX[1])),
    "linalg.tensordot": lambda xp, a: xp.linalg.tensordot(a(MATRIX), a(MATRIX), axes=1),
    "fft.fftfreq": lambda xp, a: xp.fft.fftfreq(5),
    "fft.rfftfreq": lambda xp, a: xp.fft.rfftfreq(5),
    "fft.hfft": lambda xp, a: xp.fft.hfft(a(MATRIX + 0j)),
    "fft.irfft": lambda xp, a: xp.fft.irfft(a(MATRIX + 0j)),
    "fft.irfftn": lambda xp, a: xp.fft.irfftn(a(MATRIX + 0j)),
}


def attempts(name):
    """Return the ways to call a function, the likeliest first."""
    if name in CALLS:
        return [CALLS[name]]

    def f(xp):
        for part in name.split("."):
            xp = getattr(xp, part)
        return xp

    unary = [lambda xp, a, v=v: f(xp)(a(v)) for v in (UNIT, MATRIX, COUNTS, FLAGS, MATRIX + 1.5j, MATRIX + 0j)]
    binary = [lambda xp, a, v=v, w=w: f(xp)(a(v), a(w)) for v, w in ((MATRIX, UNIT), (COUNTS, COUNTS), (FLAGS, FLAGS))]
    return [*unary[:2], *binary, *unary[2:]]


def plain(x):
    """Return a result of either library as plain arrays and numbers."""
    if isinstance(x, tuple | list):
        return [plain(v) for v in x]
    if isinstance(x, Tensor):
        return x.detach().numpy()
    return np.asarray(x) if hasattr(x, "__dlpack__") else x


def verdict(name):
    """Return how our function compares."""
    for call in attempts(name):
        try:
            expected = plain(call(strict, strict.asarray))
        except Exception:
            continue
        try:
            got = plain(call(ours, Tensor))
        except AttributeError as error:
            return f"missing ({error})" if "not available" in str(error) else f"raises {error}"
        except Exception as error:
            return f"raises {type(error).__name__}: {error}"
        pairs = zip(expected, got, strict=True) if isinstance(expected, list) else [(expected, got)]
        if name == "result_type":
            return "same" if str(got) in str(expected) else "differs"
        same = all(np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True) for a, b in pairs)
        return "same" if same else "differs"
    return "not compared"


def names():
    """Return the standard's functions, those of its extensions with their prefix."""
    found = [n for n in dir(strict) if not n.startswith("_") and "flags" not in n and n not in NOT_FUNCTIONS]
    found = [n for n in found if callable(getattr(strict, n)) and not hasattr(getattr(strict, n), "_np_dtype")]
    for extension in ("linalg", "fft"):
        with strict.ArrayAPIStrictFlags(enabled_extensions=("linalg", "fft")):
            module = getattr(strict, extension)
            public = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
            found += [f"{extension}.{n}" for n in public if callable(getattr(module, n))]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/array_api.md")
    arguments = parser.parse_args()
    with np.errstate(all="ignore"):
        rows = {name: verdict(name) for name in names()}
    same = sum(v == "same" for v in rows.values())
    text = (
        "# The array API standard\n\n"
        f"`x.__array_namespace__()` of a Tensor, beside array-api-strict {strict.__version__} "
        f"(standard {ours.__array_api_version__}): {same} of {len(rows)} functions give the same on a sample call. "
        "Made by `scripts/array_api_table.py`.\n\n| function | compared |\n|---|---|\n"
        + "".join(f"| `{name}` | {v} |\n" for name, v in rows.items())
    )
    if arguments.write:
        DOCUMENT.write_text(text)
    print(text if not arguments.write else f"{same} of {len(rows)}")


if __name__ == "__main__":
    main()
