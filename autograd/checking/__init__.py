"""Numerical gradients, and the check of derivative rules against them."""

from autograd.checking.checks import gradcheck, gradgradcheck
from autograd.checking.reports import Entry, GradcheckError, GradcheckReport, InputResult

__all__ = ["Entry", "GradcheckError", "GradcheckReport", "InputResult", "gradcheck", "gradgradcheck"]
