"""Print README's table of operations, made from the registry; `--write` puts it into README.md."""

import argparse
from pathlib import Path

import numpy as np

import autograd.fft
import autograd.linalg
import autograd.special
from autograd.primitive import BINARY_OPERATORS, COMPARISONS, REGISTRY, UNARY_OPERATORS, Composite, Op
from autograd.tensor import Tensor

README = Path(__file__).resolve().parents[1] / "README.md"
START, END = "<!-- operations: made by scripts/op_table.py -->", "<!-- end of operations -->"
PUBLIC = {n for m in (autograd, autograd.fft, autograd.linalg, autograd.special) for n in m.__all__}
SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and": "&", "or": "|", "xor": "^", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "neg": "-x", "pos": "+x", "abs": "abs(x)", "invert": "~x",
}  # fmt: skip


def spelled(made: Op | Composite) -> str:
    """Return how else the operation is called: NumPy's function, operator, method."""
    name = made.name
    spaces = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
    ways = [f"`{space}.{name}`" for space, module in spaces.items() if callable(getattr(module, name, None))][:1]
    if name in UNARY_OPERATORS:
        ways.append(f"`{SYMBOLS[UNARY_OPERATORS[name]]}`")
    elif name in BINARY_OPERATORS or name in COMPARISONS:
        ways.append(f"`x1 {SYMBOLS[(BINARY_OPERATORS | COMPARISONS)[name]]} x2`".replace("|", "\\|"))
    elif name == "getitem":
        ways.append("`x[index]`")
    elif name == "assign":
        ways.append("`x[index] = value`")
    elif name in vars(Tensor) and hasattr(np.ndarray, name):
        ways.append(f"`x.{name}`")
    return ", ".join(ways)


def row(made: Op | Composite) -> str:
    """Return the table row of one operation."""
    if isinstance(made, Composite):
        gradient, keeps, kind = "", "", "composed"
    else:
        ruled = [p for p, rule in zip(made.parameters, made.rules, strict=True) if rule]
        gradient, keeps, kind = ", ".join(ruled) or "none", ", ".join(made.keeps), "primitive"
    kind += "" if made.name in PUBLIC else ", internal"
    summary = made.doc.split("\n")[0].rstrip(".").removeprefix("Return ").replace("|", "\\|")
    return f"| `{made.name}` | {spelled(made)} | {summary} | {gradient} | {keeps} | {kind} |"


def table() -> str:
    """Return the whole table."""
    note = "Those marked internal have no public function: they are steps of others, or what an operator does.\n\n"
    head = note + "| operation | also | gives | gradient to | keeps | kind |\n|---|---|---|---|---|---|"
    public = [made for name, made in sorted(REGISTRY.items()) if not name.startswith("_")]
    return "\n".join([head, *map(row, public)])


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the table in README.md")
    if parser.parse_args().write:
        text = README.read_text()
        before, rest = text.split(START)
        after = rest.split(END)[1]
        README.write_text(f"{before}{START}\n{table()}\n{END}{after}")
    else:
        print(table())


if __name__ == "__main__":
    main()
