"""Pytest plugin: a failed gradient check shows its report, and the traceback ends in the test.

It lies outside the packages because pytest imports it at every start, which must not import NumPy.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Generator
from typing import Any

import pytest

# Frames in here say nothing about the user's test.
_CHECKERS = ("autograd.checking", "autograd.testing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Cut the checker's own frames out of tracebacks; add the reports that a failed assertion was about."""
    excinfo = call.excinfo
    if excinfo is None or "autograd.checking" not in sys.modules:
        return (yield)
    shown = _without_checkers(excinfo.tb)
    if shown is not None and _is_about_gradients(excinfo.value):
        excinfo.traceback = type(excinfo.traceback)(shown)
    report = yield
    longrepr: Any = report.longrepr
    if isinstance(excinfo.value, AssertionError) and hasattr(longrepr, "addsection"):
        for text in _reports_in(excinfo.traceback[-1].frame.f_locals):
            if text not in str(excinfo.value):
                longrepr.addsection("gradient check", text)
    return report


def _is_about_gradients(error: BaseException) -> bool:
    """Return whether an exception is what `gradcheck` or `check_op` raise."""
    checking, testing = sys.modules["autograd.checking"], sys.modules.get("autograd.testing")
    kinds = (checking.GradcheckError, *([testing.PropertyError] if testing is not None else []))
    return isinstance(error, kinds)


def _without_checkers(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback without the frames of the checker."""
    if traceback is None:
        return None
    rest = _without_checkers(traceback.tb_next)
    name = str(traceback.tb_frame.f_globals.get("__name__"))
    if name.startswith(_CHECKERS):
        return rest
    return types.TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def _reports_in(names: dict[str, Any]) -> list[str]:
    """Return the failed reports among local names; those of a failed assert hold what was in the expression."""
    kind = sys.modules["autograd.checking"].GradcheckReport
    failed = {id(value): value for value in names.values() if isinstance(value, kind) and not value}
    return [str(value) for value in failed.values()]
