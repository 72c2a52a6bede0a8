"""Imports point one way, nothing heavy is imported, and what README promises of the ops is true."""

import ast
import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).resolve().parents[1]
COMPILED = ROOT / "autograd" / "kernels" / "compiled"

# Each layer may import from those before it, and from itself.
LAYERS = [
    "autograd.kernels",
    "autograd.summaries",
    "autograd.modes",
    "autograd.values",
    "autograd.graph",
    "autograd.signatures",
    "autograd.tensor",
    "autograd.annotation",
    "autograd.samples",
    "autograd.codegen",
    "autograd.primitive",
    "autograd.ops",
    "autograd.creation",
    "autograd.interchange",
    "autograd.backward",
    "autograd.containers",
    "autograd.custom",
    "autograd.profiling",
    "autograd.watching",
    "autograd.transforms",
    "autograd.randomness",
    "autograd.recomputation",
    "autograd.checking",
    "autograd.anomaly",
    "autograd.breaks",
    "autograd.visualize",
    "autograd.reasons",
    "autograd.testing",
    "autograd",
    "nn",
]


def layer(module: str) -> int | None:
    fits = [i for i, name in enumerate(LAYERS) if module == name or module.startswith(name + ".")]
    return min(fits) if fits else None


def imports(path: Path) -> list[str]:
    """Return the modules that a file imports when it is imported; TYPE_CHECKING blocks and functions do not count."""
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            known = [m for m in submodules if (ROOT / Path(*m.split("."))).with_suffix(".py").exists()]
            found += known or [node.module]
    return found


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("autograd", "nn")
    for path in (ROOT / package).rglob("*.py")
}


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module):
    for other in imports(MODULES[module]):
        if layer(other) is None:
            continue
        assert layer(other) <= layer(module), f"{module} must not import {other}"
        if module.split(".")[0] == "nn" and other.split(".")[0] == "autograd":
            assert other == "autograd", f"{module} uses only autograd's public names, not {other}"


@pytest.mark.parametrize("module", [m for m in MODULES if "." in m and not m.endswith("__main__")])
def test_no_module_shares_its_name_with_a_public_function(module):
    package, _, name = module.rpartition(".")
    importlib.import_module(module)
    assert isinstance(getattr(importlib.import_module(package), name), types.ModuleType)
    if module.startswith("autograd."):
        assert name not in autograd.__all__


@pytest.mark.parametrize("path", sorted(COMPILED.glob("*.py")), ids=lambda path: path.stem)
def test_compiled_kernels_have_no_generators(path):
    # Numba keeps a generator's code in the process that compiled it: one that comes from the cache on disk cannot
    # be used by a kernel that is compiled later.
    yields = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Yield | ast.YieldFrom)]
    assert not yields


def test_importing_loads_nothing_heavy():
    code = "import autograd, nn, sys; print(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"graphviz", "pygraphviz", "matplotlib", "tqdm", "hypothesis", "torch", "scipy", "numba", "pytest"}
    assert not heavy & set(loaded)


@pytest.fixture
def op_table(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("op_table")


def test_readme_lists_every_op(op_table):
    assert op_table.table() in (ROOT / "README.md").read_text(), "run: python scripts/op_table.py --write"


def test_readme_marks_what_has_no_public_name(op_table):
    namespaces = (autograd, autograd.linalg, autograd.fft, autograd.special)
    rows = [line for line in op_table.table().splitlines() if line.startswith("| `")]
    for row in rows:
        name = row.split("`")[1]
        public = any(name in namespace.__all__ and hasattr(namespace, name) for namespace in namespaces)
        assert public != row.endswith(", internal |"), row
    assert sum(row.endswith(", internal |") for row in rows) < 20
