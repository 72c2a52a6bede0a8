"""What all tests share: hypothesis profiles, names in doctests, and a fresh default dtype and seed for each test."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import autograd

collect_ignore = ["scripts"]  # they import PyTorch; test_same_source.py runs them

# How long drawing takes says how busy the machine is.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def _fresh_defaults():
    before = autograd.get_default_dtype()
    autograd.set_default_dtype(np.float32)
    autograd.manual_seed(0)
    yield
    autograd.set_default_dtype(before)


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace):
    doctest_namespace.update(np=np, autograd=autograd, Tensor=autograd.Tensor)
