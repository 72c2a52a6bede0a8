"""Packages that only some functions need."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


def require(package: str, extra: str) -> Any:
    """Import and return a package that an extra of forkgrad installs.

    Raises:
        ImportError: when it is not installed; names the extra.

    >>> require("json", "plot").dumps([1])
    '[1]'
    """
    if importlib.util.find_spec(package.partition(".")[0]) is None:
        raise ImportError(f'this needs {package.partition(".")[0]}: pip install "forkgrad[{extra}]"', name=package)
    return importlib.import_module(package)
