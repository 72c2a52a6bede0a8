"""PyTorch's own databases of samples, run here and there: modules, functions, and calls that must raise.

`check_module("Conv2d")` builds each sample of `module_db` in both frameworks from the same arguments and the same
state, in training and evaluation, float32 and float64, and compares outputs, gradients of inputs and parameters, and
buffers. `check_function("conv2d")` does so for `nn.functional`, with the samples of `op_db`. Both raise an
AssertionError that lists what failed, and return a `Tally`. A sample that something does not support is named in
`skip`, by a piece of its description, with the reason; a skip that no sample needs is an error too.

`python tests/oracle_modules.py [part of a name]` prints the tallies of everything that both frameworks have.
"""

import contextlib
import itertools
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import nn
from autograd import Tensor

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")
pytest.importorskip("expecttest", reason="PyTorch's databases of samples need the extra 'oracle'")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

DTYPES = (torch.float64, torch.float32)
TOLERANCES = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 2e-5}
MODULES = {info.module_cls.__name__: info for info in module_db}
FUNCTIONS = {
    (op.name.removeprefix("nn.functional."), op.variant_test_name): op for op in op_db if "nn.functional." in op.name
}
ERRORS = (TypeError, ValueError, RuntimeError, IndexError)

Skips = dict[str, str]


@dataclass
class Tally:
    """How many samples passed, and what was said of the others."""

    name: str
    passed: int = 0
    skipped: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def run(self, description: str, check: Callable[[], None], skip: Skips) -> None:
        """Count one sample."""
        reasons = [key for key in skip if key in description]
        self.used.update(reasons)
        if reasons:
            self.skipped.append(f"{description}: {skip[reasons[0]]}")
            return
        try:
            check()
        except AssertionError as error:
            self.wrong.append(f"{description}: {error}")
        except Exception as error:
            self.raised.append(f"{description}: {type(error).__name__}: {error}")
        else:
            self.passed += 1

    @property
    def total(self) -> int:
        """The number of samples, skipped ones included."""
        return self.passed + len(self.skipped) + len(self.raised) + len(self.wrong)

    def finish(self, skip: Skips) -> "Tally":
        """Raise unless every sample passed or was skipped, and every skip was needed."""
        failed = self.wrong + self.raised
        assert self.total, f"{self.name}: there are no samples"
        assert not failed, f"{self}\n  " + "\n  ".join(failed[:10])
        assert self.used == set(skip), f"{self.name}: no sample needs the skips {sorted(set(skip) - self.used)}"
        return self

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.passed} of {self.total} passed, {len(self.skipped)} skipped, "
            f"{len(self.raised)} raised, {len(self.wrong)} wrong"
        )


# --- the checks -------------------------------------------------------------------------------------------------------


def check_module(
    name: str, skip: Skips | None = None, build: Callable[..., nn.Module] | None = None, strict: bool = True,
    thin: int = 1,
) -> Tally:  # fmt: skip
    """Hold a module of ours against PyTorch's on the samples of `module_db`.

    Args:
        name: the class.
        skip: pieces of descriptions of samples, and why they are left out.
        build: makes our module from the constructor's arguments, PyTorch's Tensors, dtypes and functions in them
            converted; by default `nn.<name>`.
        strict: raise for failures.
        thin: run one of so many samples of each dtype and mode, other ones in each: with 4, every sample runs once.
    """
    skip = skip or {}
    tally = Tally(name)
    for i, dtype in enumerate(DTYPES):
        for training in (True, False):
            for entry in module_samples(name, dtype, training)[(2 * i + training) % thin :: thin]:
                text = described(entry.desc, name, entry.constructor_input, entry.forward_input)
                text += f" {str(dtype)[6:]} {'train' if training else 'eval'}"
                tally.run(text, lambda e=entry, d=dtype, t=training: compare_module(name, e, d, t, build), skip)
    return tally.finish(skip) if strict else tally


def check_function(
    name: str, variant: str = "", skip: Skips | None = None, ours: Callable[..., Any] | None = None,
    limit: int | None = None, strict: bool = True, gradients: bool = True,
) -> Tally:  # fmt: skip
    """Hold a function of ours against PyTorch's on the samples of `op_db`.

    Args:
        name: as in `nn.functional`.
        variant: which of several entries of that name.
        skip: pieces of descriptions of samples, and why they are left out.
        ours: the function; by default `nn.functional.<name>`.
        limit: run about so many samples of each dtype, evenly chosen among the first ones.
        strict: raise for failures.
        gradients: compare these too; False where PyTorch's own are wrong.
    """
    skip = skip or {}
    op = FUNCTIONS[name, variant]
    tally = Tally(f"{name} {variant}".strip())
    for dtype in DTYPES:
        if dtype not in op.dtypes:
            continue
        torch.manual_seed(0)
        entries = op.sample_inputs("cpu", dtype, requires_grad=gradients)
        samples = list(itertools.islice(entries, limit and 7 * limit))  # some entries make a thousand, slowly
        for entry in samples[:: max(len(samples) // limit, 1) if limit else 1]:
            inputs = types.SimpleNamespace(args=(entry.input, *entry.args), kwargs=entry.kwargs)
            text = f"{described('', name, inputs)} {str(dtype)[6:]}"
            f = ours or getattr(nn.functional, name)
            tally.run(text, lambda i=inputs, f=f: compare_calls(f, op.op, i.args, i.kwargs), skip)
    return tally.finish(skip) if strict else tally


def check_module_errors(name: str, skip: Skips | None = None) -> Tally:
    """Check that a module raises where PyTorch's does, on the error samples of `module_db`."""
    info, skip = MODULES[name], skip or {}
    torch.manual_seed(0)
    tally = Tally(f"{name}, errors")
    entries = info.module_error_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=False, training=True)
    for entry in entries:
        made, given = entry.module_error_input.constructor_input, entry.module_error_input.forward_input
        args, kwargs = converted(made.args), converted(without_device(made.kwargs))
        at_construction = "CONSTRUCTION" in entry.error_on.name

        def check(args=args, kwargs=kwargs, given=given, at_construction=at_construction):
            if at_construction:
                refused(lambda: getattr(nn, name)(*args, **kwargs))
            else:
                module = getattr(nn, name)(*args, **kwargs).double()
                refused(lambda: module(*converted(given.args), **converted(given.kwargs)))

        tally.run(described("", name, made, given), check, skip)
    return tally.finish(skip)


def check_function_errors(
    name: str, variant: str = "", skip: Skips | None = None, ours: Callable[..., Any] | None = None
) -> Tally:
    """Check that a function raises where PyTorch's does, on the error samples of `op_db`."""
    op, skip = FUNCTIONS[name, variant], skip or {}
    f = ours or getattr(nn.functional, name)
    torch.manual_seed(0)
    tally = Tally(f"{name} {variant}, errors")
    for entry in op.error_inputs("cpu"):
        given = entry.sample_input
        args = (given.input, *given.args)
        text = described("", name, types.SimpleNamespace(args=args, kwargs=given.kwargs)) + f" ({entry.error_regex})"
        tally.run(
            text, lambda a=args, k=given.kwargs: refused(lambda: f(*converted(a), **converted(without_device(k)))), skip
        )
    return tally.finish(skip)


def refused(call: Callable[[], Any]) -> None:
    """Raise an AssertionError unless a call raises an error that is meant for the user."""
    try:
        call()
    except ERRORS:
        return
    raise AssertionError("PyTorch raises, and this did not")


def module_samples(name: str, dtype: Any, training: bool) -> list[Any]:
    """Return the samples of a module in `module_db`, the same ones every time."""
    torch.manual_seed(0)
    info = MODULES[name]
    return list(info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training))


def compare_module(name: str, entry: Any, dtype: Any, training: bool, build: Callable[..., nn.Module] | None) -> None:
    """Compare outputs, gradients and buffers on one sample."""
    args, kwargs = entry.constructor_input.args, without_device(entry.constructor_input.kwargs)
    torch.manual_seed(0)
    theirs = MODULES[name].module_cls(*args, **kwargs).to(dtype).train(training)
    ours = (build or getattr(nn, name))(*converted(args), **converted(kwargs))
    ours.to(numpy_dtype(dtype)).load_state_dict({key: array(value) for key, value in theirs.state_dict().items()})
    ours.train(training)
    compare_calls(ours, theirs, entry.forward_input.args, entry.forward_input.kwargs)
    others = dict(theirs.named_parameters())
    for key, parameter in ours.named_parameters():
        compare_gradients(parameter, others[key], f"gradient of {key}")
    buffers = dict(theirs.named_buffers())
    assert [key for key, _ in ours.named_buffers()] == list(buffers)
    for key, buffer in ours.named_buffers():
        compare_values(buffer, buffers[key], f"buffer {key}")


def compare_calls(ours: Callable[..., Any], theirs: Callable[..., Any], args: Any, kwargs: Any) -> None:
    """Compare what two functions return, and the gradients of their inputs."""
    mine, others = converted((args, kwargs)), fresh((args, kwargs))
    used = each(others, lambda x: x.clone() if isinstance(x, torch.Tensor) and x.requires_grad else x)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch warns about is not ours to judge
        expected = list(leaves(theirs(*used[0], **used[1])))
    with np.errstate(all="ignore"):  # samples may have nan in them
        results = list(leaves(ours(*mine[0], **mine[1])))
    assert len(results) == len(expected), f"{len(results)} results instead of {len(expected)}"
    for i, (result, value) in enumerate(zip(results, expected, strict=True)):
        compare_values(result, value, f"result {i}")
    with np.errstate(all="ignore"):
        backward(results, expected)
    for i, (x, y) in enumerate(zip(leaves(mine), leaves(others), strict=True)):
        if isinstance(x, Tensor) and x.requires_grad:
            compare_gradients(x, y, f"gradient of input {i}")


def backward(results: list[Any], expected: list[Any]) -> None:
    """Send the same gradients backward through both."""
    rng = np.random.default_rng(0)
    kept = [k for k, y in enumerate(expected) if isinstance(y, torch.Tensor) and y.requires_grad]
    assert kept == [k for k, x in enumerate(results) if isinstance(x, Tensor) and x.requires_grad], "who has gradients"
    weights = [rng.normal(size=results[k].shape).astype(results[k].dtype) for k in kept]
    if kept:
        sum((results[k] * w).sum() for k, w in zip(kept, weights, strict=True)).backward()
        sum((expected[k] * torch.tensor(w)).sum() for k, w in zip(kept, weights, strict=True)).backward()


def compare_gradients(x: Any, y: Any, what: str) -> None:
    """Compare two gradients; none at all is as good as zeros."""
    found = np.zeros(x.shape, x.dtype) if x.grad is None else x.grad
    compare_values(found, torch.zeros_like(y) if y.grad is None else y.grad, what)


def compare_values(found: Any, expected: Any, what: str) -> None:
    """Compare two leaves: their types, dtypes, shapes and values."""
    if not isinstance(expected, torch.Tensor):
        assert found == expected, f"{what}: {found!r} instead of {expected!r}"
        return
    value, right = array(found), array(expected)
    assert value.shape == right.shape, f"{what}: shape {value.shape} instead of {right.shape}"
    assert value.dtype == right.dtype, f"{what}: {value.dtype} instead of {right.dtype}"
    if right.dtype.kind not in "fc":
        assert_array_equal(value, right, err_msg=what)
        return
    finite = np.abs(right[np.isfinite(right)])
    size = max(finite.max(), 1) if finite.size else 1
    tolerance = TOLERANCES.get(right.dtype, 1e-2)
    assert_allclose(value, right, rtol=tolerance, atol=tolerance * size, err_msg=what)


# --- from one framework to the other ----------------------------------------------------------------------------------


def array(x: Any) -> np.ndarray:
    """Return the values of a Tensor of either framework."""
    if isinstance(x, torch.Tensor):
        return x.detach().resolve_conj().resolve_neg().numpy()
    return np.asarray(x.detach() if isinstance(x, Tensor) else x)


def numpy_dtype(dtype: Any) -> np.dtype:
    """Return NumPy's dtype for PyTorch's."""
    return torch.zeros(0, dtype=dtype).numpy().dtype


def without_device(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keyword arguments without `device`, which does not exist here."""
    return {key: value for key, value in kwargs.items() if key != "device"}


def converted(x: Any) -> Any:
    """Return arguments with PyTorch's Tensors, dtypes and functions replaced by ours; each Tensor is a new leaf."""
    return each(x, _converted)


def _converted(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return Tensor(array(x).copy(), requires_grad=x.requires_grad)
    if isinstance(x, torch.dtype):
        return numpy_dtype(x)
    if callable(x) and hasattr(nn.functional, getattr(x, "__name__", "")):
        return getattr(nn.functional, x.__name__)
    return x


def fresh(x: Any) -> Any:
    """Return arguments with each of PyTorch's Tensors replaced by a new leaf."""

    def leaf(x: Any) -> Any:
        return x.detach().clone().requires_grad_(x.requires_grad) if isinstance(x, torch.Tensor) else x

    return each(x, leaf)


def each(x: Any, change: Callable[[Any], Any]) -> Any:
    """Return nested lists, tuples and dicts with every leaf changed."""
    if isinstance(x, dict):
        return {key: each(value, change) for key, value in x.items()}
    if isinstance(x, list | tuple) and not hasattr(x, "_fields"):
        return type(x)([each(value, change) for value in x])
    return change(x)


def leaves(x: Any) -> Iterator[Any]:
    """Yield the leaves of nested lists, tuples and dicts."""
    if isinstance(x, dict | list | tuple):
        for value in x.values() if isinstance(x, dict) else x:
            yield from leaves(value)
    else:
        yield x


def described(desc: str, name: str, *calls: Any) -> str:
    """Return a line that tells a sample from the others."""
    text = name + "".join("(" + ", ".join(_arguments(call)) + ")" for call in calls if call is not None)
    return f"{desc} {text}".strip()


def _arguments(call: Any) -> Iterator[str]:
    yield from (_short(value) for value in call.args)
    yield from (f"{key}={_short(value)}" for key, value in call.kwargs.items())


def _short(x: Any) -> str:
    if isinstance(x, torch.Tensor):
        return f"{tuple(x.shape)} {str(x.dtype)[6:]}"
    if isinstance(x, tuple | list):
        return "[" + ", ".join(map(_short, x)) + "]"
    return type(x).__name__ if isinstance(x, torch.nn.Module) else getattr(x, "__name__", repr(x))


# --- everything at once -----------------------------------------------------------------------------------------------


def main(part: str = "") -> None:
    """Print the tallies of all entries that both frameworks have, and the first failures of each."""
    tallies = [lambda n=n: check_module(n, strict=False) for n in MODULES if part in n and hasattr(nn, n)]
    tallies += [
        lambda n=n, v=v: check_function(n, v, limit=100, strict=False)
        for n, v in FUNCTIONS
        if part in n and hasattr(nn.functional, n)
    ]
    for check in tallies:
        with contextlib.suppress(NotImplementedError):
            tally = check()
            print(tally)
            for line in (tally.wrong + tally.raised)[:3]:
                print("   ", " ".join(line.split())[:300])


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:])
