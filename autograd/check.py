"""The command that checks the gradients of a function: python -m autograd.check package.module:function --shapes ...

It prints the report, and exits with 0 when every gradient holds, 1 when one is wrong, and 2 when nothing was checked.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from autograd.checking import gradcheck, gradgradcheck
from autograd.custom import Function
from autograd.samples import Draw, Sample

Shape: TypeAlias = tuple[int, ...]

_EXAMPLES = """\
examples:
  python -m autograd.check numpy:tanh --shapes "(3,)"
  python -m autograd.check package.module:function --shapes "(3,4),(4,)" --domain 0.5,2 --order 2
  python -m autograd.check path/to/file.py:function --shapes "(2,3)" --kwargs axis=1 keepdims=true
  python -m autograd.check package.module:function --shapes "(3,)" --op
"""


class SpecificationError(Exception):
    """What was asked for cannot be checked; the message says what to ask for instead."""


def main(argv: Sequence[str] | None = None) -> int:
    """Check the function that the arguments name; print the report.

    Args:
        argv: the arguments of the command; by default those that Python was started with.

    Returns:
        0 when every gradient holds, 1 when one is wrong, 2 when nothing was checked.

    >>> main(["numpy:tanh", "--shapes", "(3,)"])
    gradcheck of tanh: ok
    ...
    0
    """
    options = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    try:
        function = load(options.function)
        keywords = parse_keywords(options.kwargs or [])
        draws = [] if options.shapes is None else _draws(parse_shapes(options.shapes), options.domain or [])
        if options.op:
            return _check_op(function, draws, keywords, options)
        return _check(function, draws, keywords, options)
    except SpecificationError as error:
        print(f"python -m autograd.check: error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m autograd.check",
        description="Compare the gradients of a function with numerical ones.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("function", help="package.module:function, or path/to/file.py:function")
    parser.add_argument("--shapes", help='the shape of each input, such as "(3,4),(4,)"; () for a number')
    parser.add_argument(
        "--domain", metavar="LOW,HIGH", action="append",
        help="between what the inputs are drawn (default -2,2); given several times, one for each input",
    )  # fmt: skip
    parser.add_argument("--dtype", help="the dtype of the inputs (default float64)")
    parser.add_argument("--seed", type=int, help="the seed that the inputs are drawn with (default 0)")
    parser.add_argument("--order", type=int, help="check derivatives up to this order (default 1)")
    parser.add_argument(
        "--kwargs", nargs="+", metavar="NAME=VALUE", action="extend", help="keyword arguments, also as one JSON object"
    )
    parser.add_argument("--op", action="store_true", help="check everything an operation promises (check_op)")
    return parser


def _joined(argv: Sequence[str]) -> list[str]:
    """Return arguments in which a domain that starts with a minus sign does not look like an option."""
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "--domain":
            joined[-1] = f"--domain={argument}"
        else:
            joined.append(argument)
    return joined


# --- what is asked for ------------------------------------------------------------------------------------------------


def load(name: str) -> Callable[..., Any]:
    """Return the function that "package.module:function" or "path/to/file.py:function" names.

    Raises:
        SpecificationError: when there is none.

    >>> load("numpy.linalg:det").__name__
    'det'
    """
    place, _, path = name.rpartition(":")
    if not place or not path:
        raise SpecificationError(f"name the function as package.module:function or file.py:function, not {name!r}")
    found: Any = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            names = ", ".join(key for key, value in vars(found).items() if callable(value) and key[0] != "_")
            raise SpecificationError(f"{place} has no {path!r}; it has {names or 'no functions'}"[:500])
        found = getattr(found, attribute)
    if isinstance(found, type) and issubclass(found, Function):
        return found.apply
    if not callable(found) or isinstance(found, type):
        kind = f"of type {type(found).__name__}" if not callable(found) else "a class: name a method or an instance"
        raise SpecificationError(f"{name} is no function, but {kind}")
    return found  # type: ignore[no-any-return]


def _import_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}.")
        advice = "start in its folder, install it, or name a file: path/to/file.py:function"
        raise SpecificationError(
            f"there is no module {error.name!r}: {advice}" if missing else _import_failed(name, error)  # type: ignore[attr-defined]
        ) from error


def _import_file(path: Path) -> Any:
    if not path.is_file():
        raise SpecificationError(f"there is no file {path}")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.path.insert(0, str(path.parent.resolve()))  # as Python does for a file that it runs
    sys.modules[path.stem] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise SpecificationError(_import_failed(str(path), error)) from error
    return module


def _import_failed(name: str, error: Exception) -> str:
    return f"importing {name} fails with {type(error).__name__}: {error}"


def parse_shapes(text: str) -> list[Shape]:
    """Return the shapes that a text lists.

    Raises:
        SpecificationError: when it is not a list of shapes.

    >>> parse_shapes("(3,4),(4,)")
    [(3, 4), (4,)]
    >>> parse_shapes("()")
    [()]
    """
    wrong = f'--shapes is a shape for each input, as in --shapes "(3,4),(4,)", but {text!r}'
    try:
        shapes = ast.literal_eval(f"[{text}]")
    except (SyntaxError, ValueError) as error:
        raise SpecificationError(f"{wrong} cannot be read") from error
    for shape in shapes:
        if isinstance(shape, int):
            raise SpecificationError(f"{wrong} has {shape}: write ({shape},) for a vector, () for a number")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise SpecificationError(f"{wrong} has {shape!r}, which is no shape")
    if not shapes:
        raise SpecificationError(f"{wrong} has none")
    return shapes  # type: ignore[no-any-return]


def parse_keywords(items: Sequence[str]) -> dict[str, Any]:
    """Return keyword arguments given as name=value, values as in JSON or Python, or as a JSON object.

    Raises:
        SpecificationError: for what is neither.

    >>> parse_keywords(["axis=1", "keepdims=true", '{"ddof": 1}', "mode=full"])
    {'axis': 1, 'keepdims': True, 'ddof': 1, 'mode': 'full'}
    """
    keywords: dict[str, Any] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if item.lstrip().startswith("{"):
            try:
                keywords |= json.loads(item)
            except ValueError as error:
                raise SpecificationError(f"--kwargs {item} is no JSON object: {error}") from error
        elif equals and name.isidentifier():
            keywords[name] = _value(value)
        else:
            raise SpecificationError(f"--kwargs is name=value or a JSON object, not {item!r}")
    return keywords


def _value(text: str) -> Any:
    """Return what a text means in JSON or in Python, or else the text."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _draws(shapes: Sequence[Shape], domains: Sequence[str]) -> list[Draw]:
    """Return how to draw each input."""
    if len(domains) not in (0, 1, len(shapes)):
        raise SpecificationError(f"--domain is given {len(domains)} times, for {len(shapes)} inputs: once, or for each")
    bounds = [_domain(text) for text in domains] or [(-2.0, 2.0)]
    return [Draw(shape, bounds[i % len(bounds)]) for i, shape in enumerate(shapes)]


def _domain(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError as error:
        raise SpecificationError(f"--domain is LOW,HIGH, as in --domain 0.5,2, not {text!r}") from error
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise SpecificationError(f"--domain is LOW,HIGH, finite and the first less than the second, not {text!r}")
    return low, high


# --- the checks -------------------------------------------------------------------------------------------------------


def _check(function: Callable[..., Any], draws: list[Draw], keywords: dict[str, Any], options: Any) -> int:
    """Print what gradcheck finds, for each order up to the one asked for."""
    if not draws:
        raise SpecificationError(f'{_signature(function)}: say in what shapes, as in --shapes "(3,4),(4,)"')
    _require_fitting(function, len(draws), keywords)
    order = 1 if options.order is None else options.order
    if order < 1:
        raise SpecificationError(f"--order is 1 for first derivatives, 2 for second ones and so on, not {order}")
    inputs = _drawn(draws, options.dtype or "float64", options.seed or 0)
    failed = False
    for n in range(1, order + 1):
        try:
            if n == 1:
                report = gradcheck(function, inputs, kwargs=keywords, raise_exception=False)
            else:
                report = gradgradcheck(function, inputs, kwargs=keywords, order=n, raise_exception=False)
        except Exception as error:
            raise _cannot_check(function, error, draws) from error
        print(report)
        failed |= not report
    return int(failed)


def _drawn(draws: Sequence[Draw], dtype: str, seed: int) -> tuple[np.ndarray, ...]:
    """Return the inputs, of complex dtypes with both parts in the domain."""
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise SpecificationError(f"--dtype is the name of a NumPy dtype, such as float32, not {dtype!r}") from error
    if kind.kind not in "fc":
        raise SpecificationError(f"--dtype is a floating or complex dtype, for only these have derivatives, not {kind}")
    generator = np.random.default_rng(seed)
    parts = [draw.array(generator) + (1j * draw.array(generator) if kind.kind == "c" else 0.0) for draw in draws]
    return tuple(np.asarray(x, kind) for x in parts)


def _check_op(function: Callable[..., Any], draws: list[Draw], keywords: dict[str, Any], options: Any) -> int:
    """Print what check_op finds."""
    if not (options.dtype is options.seed is options.order is None):
        raise SpecificationError("--op checks all dtypes, orders and many seeds: leave out --dtype, --seed, --order")
    try:
        from autograd.testing import PROPERTIES, PropertyError, check_op
    except ModuleNotFoundError as error:
        raise SpecificationError(f"--op needs {error.name}: pip install forkgrad[test]") from error
    if draws:
        _require_fitting(function, len(draws), keywords)
    try:
        check_op(function, [Sample(tuple(draws), keywords)] if draws else None)
    except PropertyError as error:
        print(error)
        return 1
    except Exception as error:
        raise _cannot_check(function, error, draws) from error
    print(f"check_op of {_name(function)}: ok ({len(PROPERTIES)} properties)")
    return 0


def _require_fitting(function: Callable[..., Any], count: int, keywords: dict[str, Any]) -> None:
    """Raise unless a function takes so many inputs, and these keyword arguments."""
    fits = True
    if isinstance(function, np.ufunc):
        fits = count == function.nin
    else:
        try:
            inspect.signature(function).bind(*range(count), **keywords)
        except TypeError:
            fits = False
        except ValueError:  # it has no signature; calling it will tell
            pass
    if not fits:
        given = f"{count} input{'s' * (count != 1)}" + (f" and {', '.join(keywords)}" if keywords else "")
        raise SpecificationError(f"{_signature(function)}, which does not fit the {given} given")


def _signature(function: Callable[..., Any]) -> str:
    """Return what a function takes, in words."""
    if isinstance(function, np.ufunc):
        return f"{function.__name__} takes {function.nin} input{'s' * (function.nin != 1)}"
    try:
        return f"{_name(function)} is called as {_name(function)}{inspect.signature(function)}"
    except (TypeError, ValueError):
        return f"{_name(function)} does not say what it takes"


def _name(function: Callable[..., Any]) -> str:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, Function):
        return owner.__name__
    return str(getattr(function, "__name__", type(function).__name__))


def _cannot_check(function: Callable[..., Any], error: Exception, draws: Sequence[Draw]) -> SpecificationError:
    """Return what to say when a check raises."""
    reason = str(error) if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {error}"
    domains = " and ".join(dict.fromkeys("{:g},{:g}".format(*draw.domain) for draw in draws))
    drawn = f"; the inputs were drawn with --domain {domains}" if draws else ""
    return SpecificationError(f"cannot check {_name(function)}: {reason}{drawn}")


if __name__ == "__main__":
    sys.exit(main())
