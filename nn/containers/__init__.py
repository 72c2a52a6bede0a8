"""Modules made of modules, and lists and dicts of parameters."""

from __future__ import annotations

from nn.containers.mappings import ModuleDict
from nn.containers.parameters import ParameterDict, ParameterList
from nn.containers.sequences import ModuleList, Sequential

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]
