"""Run HIPS autograd's own published tests against this library, with NumPy in place of its wrapped namespace.

    pip download autograd==1.9.1 --no-binary :all: --no-deps
    python scripts/hips_suite.py autograd-1.9.1.tar.gz

The source archive is unpacked into a temporary folder and its tests run in a process of their own, in which the module
names that the tests import lead to NumPy and to this library. Nothing of the archive is kept. Tests of that library's
internals (its tracer, vector spaces and containers' classes, its SciPy wrappers) have nothing here to run against; they
are listed as such and not counted.
"""

import argparse
import itertools
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import types
from collections import Counter
from pathlib import Path

INTERNAL = {
    "test_core.py": "tests make_vjp on functions of Python scalars without the NumPy wrapper",
    "test_vspaces.py": "its class of vector spaces",
    "test_tests.py": "its own checker",
    "test_scipy.py": "its wrapped SciPy",
    "test_direct.py": "its registered rules by name",
    "test_performance.py": "timings",
    "_test_complexity.py": "timings",
    "test_logic.py": "its rules by name",
}
# Tests of names and classes of its own, which have no counterpart here.
NOT_HERE = (
    "test_isinstance", "test_const_graph", "test_const_graph_args", "test_deprecated", "test_make_diagonal",
    "test_wrapped_name_and_docs", "test_r_", "test_c_", "test_rfftn_odd_not_implemented",
    "test_assignment_raises_error", "test_custom_where",
)  # fmt: skip


# --- the child process: modules that the tests import -----------------------------------------------------------------


def install() -> None:
    """Put the modules that the tests import into sys.modules."""
    import builtins

    import numpy as np

    import autograd

    autograd.set_default_dtype(np.float64)  # HIPS autograd has Python floats as float64
    names = types.SimpleNamespace(**{k: getattr(builtins, k) for k in ("isinstance", "tuple", "list", "dict")})
    for name in ("isinstance", "tuple", "list", "dict"):
        setattr(autograd, name, getattr(builtins, name))
    sys.modules["autograd.builtins"] = names
    wrapped = namespace()
    for name, module in (("", wrapped), (".random", np.random), (".linalg", np.linalg), (".fft", np.fft)):
        sys.modules["autograd.numpy" + name] = module
    autograd.numpy = wrapped
    util = types.ModuleType("autograd.test_util")
    util.check_grads, util.combo_check = check_grads, combo_check
    util.check_equivalent, util.scalar_close = check_equivalent, scalar_close
    sys.modules["autograd.test_util"] = util
    for name, function in differential_operators().items():
        setattr(autograd, name, function)
    misc = types.ModuleType("autograd.misc")
    misc.flatten, misc.const_graph = flatten, None
    sys.modules["autograd.misc"] = misc
    for name, module in internals(autograd).items():
        sys.modules[f"autograd.{name}"] = module


def namespace():
    """Return NumPy's namespace, with ours for what NumPy does not hand to an array in a list: `np.array([x, y])`."""
    import numpy as np

    import autograd
    from autograd.values import holds_tensor

    def for_lists(name):
        theirs, ours = getattr(np, name), getattr(autograd, name)

        def function(*args, **kwargs):
            listed = any(isinstance(a, list | tuple) and holds_tensor(a) for a in args)
            tensor = name == "array" and args and isinstance(args[0], autograd.Tensor)
            return (ours if listed or tensor else theirs)(*args, **kwargs)

        return function

    module = types.ModuleType("autograd.numpy")
    module.__getattr__ = lambda name: getattr(np, name)
    for name in ("array", "mean", "std", "var", "append", "max", "min", "sum"):
        setattr(module, name, for_lists(name))
    return module


def internals(autograd):
    """Return stand-ins for the few internal modules that tests of public behaviour import."""
    tracer = types.ModuleType("autograd.tracer")
    tracer.isbox = lambda x: isinstance(x, autograd.Tensor)
    tracer.primitive = lambda f: f
    core = types.ModuleType("autograd.core")
    core.primitive = lambda f: f
    core.primitive_vjps = {}
    core.make_vjp = lambda f, x: autograd.vjp(f, x)[::-1]
    return {"tracer": tracer, "core": core}


def differential_operators():
    """Return the functions of HIPS autograd that have another name or shape here."""
    import numpy as np

    import autograd

    def make_vjp(f, argnum=0):
        def run(*args):
            out, pull = autograd.vjp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])
            return lambda v: pull(v)[0], out

        return run

    def make_jvp(f, argnum=0):
        def run(*args):
            g = lambda x: f(*args[:argnum], x, *args[argnum + 1 :])
            return lambda v: autograd.jvp(g, (args[argnum],), (v,))

        return run

    def make_hvp(f, argnum=0):
        def run(*args):
            g = lambda x: f(*args[:argnum], x, *args[argnum + 1 :])
            return lambda v: autograd.hvp(g, (args[argnum],), (v,)), None

        return run

    def make_ggnvp(f, g=lambda x: 0.5 * np.sum(x**2, axis=-1), f_argnum=0):
        def run(*args):
            h = lambda x: f(*args[:f_argnum], x, *args[f_argnum + 1 :])
            return lambda v: autograd.ggnvp(h, g, (args[f_argnum],), (v,))

        return run

    def hessian_tensor_product(f, argnum=0):
        def product(*args):
            *args, v = args
            g = lambda x: f(*args[:argnum], x, *args[argnum + 1 :])
            gradient = autograd.grad(g)
            return autograd.grad(lambda x: np.tensordot(gradient(x), v, np.ndim(v)))(args[argnum])

        return product

    def tensor_jacobian_product(f, argnum=0):
        def product(*args):
            *args, v = args
            g = lambda x: f(*args[:argnum], x, *args[argnum + 1 :])
            return autograd.jacobian(lambda x: np.tensordot(v, g(x), np.ndim(v)))(args[argnum])

        return product

    def grad_and_aux(f, argnum=0):
        def both(*args):
            aux = []

            def only(*inner):
                out, extra = f(*inner)
                aux.append(extra)
                return out

            gradient = autograd.grad(only, argnum)(*args)
            return gradient, autograd.tree_map(values_only, aux[-1]) if hasattr(autograd, "tree_map") else aux[-1]

        return both

    def values_only(x):
        return x.detach().numpy() if isinstance(x, autograd.Tensor) else x

    def multigrad_dict(f):
        import inspect

        def gradient(*args, **kwargs):
            bound = inspect.signature(f).bind(*args, **kwargs)
            bound.apply_defaults()
            return autograd.grad(lambda d: f(**d))(dict(bound.arguments))

        return gradient

    def grad_named(f, name):
        import inspect

        return autograd.grad(f, list(inspect.signature(f).parameters).index(name))

    def holomorphic_grad(f, argnum=0):
        def gradient(*args):
            out, pull = autograd.vjp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])
            return np.conj(pull(np.ones_like(out))[0])

        return gradient

    def deriv(f, argnum=0):
        g = make_jvp(f, argnum)
        return lambda *args: g(*args)(np.ones_like(args[argnum]) * 1.0)[1]

    checkpointed = autograd.checkpoint
    gradient_of, both_of = autograd.grad, autograd.value_and_grad
    return {
        "grad": lambda f, argnum=0: gradient_of(f, argnum),
        "value_and_grad": lambda f, argnum=0: both_of(f, argnum),
        "make_vjp": make_vjp, "make_jvp": make_jvp, "make_hvp": make_hvp, "make_ggnvp": make_ggnvp,
        "hessian_tensor_product": hessian_tensor_product, "hessian_vector_product": hessian_tensor_product,
        "tensor_jacobian_product": tensor_jacobian_product, "vector_jacobian_product": tensor_jacobian_product,
        "grad_and_aux": grad_and_aux, "multigrad_dict": multigrad_dict, "grad_named": grad_named,
        "holomorphic_grad": holomorphic_grad, "deriv": deriv, "elementwise_grad": autograd.elementwise_grad,
        "checkpoint": lambda f: lambda *a, **k: checkpointed(f, *a, **k),
    }  # fmt: skip


def flatten(tree):
    """Return all numbers in nested containers as one vector, and the function that undoes it."""
    import numpy as np

    from autograd.transforms import flatten as leaves_of

    leaves, rebuild = leaves_of(tree)
    sizes, shapes = [np.size(x) for x in leaves], [np.shape(x) for x in leaves]

    def unflatten(vector):
        ends = list(itertools.accumulate(sizes))
        return rebuild([np.reshape(vector[e - n : e], s) for e, n, s in zip(ends, sizes, shapes)])

    return (np.concatenate([np.ravel(x) for x in leaves]) if leaves else np.zeros(0)), unflatten


# --- the child process: the checker -----------------------------------------------------------------------------------


def scalar_close(a, b):
    return abs(a - b) < 1e-6 or abs(a - b) / abs(a + b) < 1e-6


def leaves(tree):
    import numpy as np

    import autograd
    from autograd.transforms import flatten as leaves_of

    plain = [x.detach() if isinstance(x, autograd.Tensor) else x for x in leaves_of(tree)[0]]
    return [np.array(x.data if isinstance(x, autograd.Tensor) else x) for x in plain]


def random_like(tree):
    import numpy as np

    from autograd.transforms import flatten as leaves_of

    found, rebuild = leaves_of(tree)
    made = []
    for x in found:
        v = np.random.randn(*np.shape(x))
        made.append(v + 1j * np.random.randn(*np.shape(x)) if np.iscomplexobj(x) else v)
    return rebuild(made)


def inner(a, b):
    """The real inner product of two trees."""
    import numpy as np

    return sum(np.real(np.vdot(x, y)) for x, y in zip(leaves(a), leaves(b), strict=True))


def moved(xs, vs, step):
    from autograd.transforms import flatten as leaves_of

    found, rebuild = leaves_of(xs)
    return rebuild([x + step * v for x, v in zip(found, leaves_of(vs)[0], strict=True)])


def check_equivalent(a, b):
    import numpy as np

    for x, y in zip(leaves(a), leaves(b), strict=True):
        assert x.shape == y.shape, (x.shape, y.shape)
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


def check_grads(f, argnum=0, modes=("fwd", "rev"), order=2):
    """Compare jvp and vjp of f with differences along random directions, then those of jvp and vjp themselves."""

    def check(*args, **kwargs):
        numbers = (argnum,) if isinstance(argnum, int) else tuple(argnum)

        def g(*chosen):
            full = list(args)
            for n, x in zip(numbers, chosen, strict=True):
                full[n] = x
            return f(*full, **kwargs)

        check_directions(g, tuple(args[n] for n in numbers), modes, order)

    return check


def check_directions(g, xs, modes, order):
    import autograd

    vs = random_like(xs)
    step = 1e-6
    ahead, behind = leaves(g(*moved(xs, vs, step / 2))), leaves(g(*moved(xs, vs, -step / 2)))
    numeric = [(a - b) / step for a, b in zip(ahead, behind, strict=True)]
    ws = random_like(g(*xs))
    if "fwd" in modes:
        analytic = autograd.jvp(g, xs, vs)[1]
        assert scalar_close(inner(ws, analytic), inner(ws, numeric)), ("jvp", inner(ws, analytic), inner(ws, numeric))
    if "rev" in modes:
        pulled = autograd.vjp(g, *xs)[1](ws)
        assert scalar_close(inner(pulled, vs), inner(ws, numeric)), ("vjp", inner(pulled, vs), inner(ws, numeric))
    if order > 1 and "fwd" in modes:
        check_directions(lambda x, v: autograd.jvp(g, x, v)[1], (xs, vs), modes, order - 1)
    if order > 1 and "rev" in modes:
        check_directions(lambda x, w: autograd.vjp(g, *x)[1](w), (xs, ws), modes, order - 1)


def combo_check(f, *check_args, **check_kwargs):
    """Check all combinations of arguments and options."""

    def check(*args, **kwargs):
        options = [[(key, value) for value in values] for key, values in kwargs.items()]
        for chosen in itertools.product(*args):
            for option in itertools.product(*options):
                check_grads(f, *check_args, **check_kwargs)(*chosen, **dict(option))

    return check


# --- the parent process -----------------------------------------------------------------------------------------------


def run(archive: Path, verbose: bool) -> Counter:
    """Run the tests of an archive; return how many passed and failed by file."""
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        tests = next(Path(folder).glob("*/tests"))
        for name in INTERNAL:
            (tests / name).unlink(missing_ok=True)
        (tests / "conftest.py").open("a").write("\nimport hips_suite\nhips_suite.install()\n")
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(tests),
            "-q",
            "-rA",
            "--continue-on-collection-errors",
            "--tb=short",
            "-p",
            "no:cacheprovider",
        ]
        command += ["-k", " and ".join(f"not {name}" for name in NOT_HERE)]
        command += ["-c", os.devnull, "--rootdir", str(tests), "-W", "ignore"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tests)
        if verbose:
            print(done.stdout[-200_000:])
        for line in done.stdout.splitlines():
            found = re.match(r"(PASSED|FAILED|ERROR|SKIPPED) (?:\S*/)?(test_\w+\.py)", line)
            if found:
                counts[found[2], found[1]] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="HIPS autograd's source archive")
    parser.add_argument("--verbose", action="store_true", help="print the whole output of the tests")
    arguments = parser.parse_args()
    counts = run(arguments.archive, arguments.verbose)
    groups: dict[str, Counter] = {"real": Counter(), "complex and FFT": Counter()}
    for file in sorted({file for file, _ in counts}):
        passed = counts[file, "PASSED"]
        failed = counts[file, "FAILED"] + counts[file, "ERROR"]
        print(f"{file:28s} {passed:4d} passed {failed:4d} failed")
        group = groups["complex and FFT" if file in ("test_complex.py", "test_fft.py") else "real"]
        group.update(passed=passed, failed=failed)
    for name, group in groups.items():
        total = group["passed"] + group["failed"]
        print(f"{name}: {group['passed']} of {total} ({100 * group['passed'] / max(total, 1):.1f} %)")
    for file, why in INTERNAL.items():
        print(f"not counted: {file}: {why}")
    print("not counted: " + ", ".join(NOT_HERE) + ": names and classes of its own, np.r_ and np.c_")


if __name__ == "__main__":
    main()
