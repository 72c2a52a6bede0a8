"""The checks reject every derivative rule that has a mistake: how we know that they can fail.

A mutant is rejected when `check_op` fails for an op that has it, on the op's own samples; or, where the mistake only
shows at points without a derivative, when the tests fail that state what holds there.
"""

import collections
import contextlib
import functools
import importlib
import inspect
import itertools
import signal
import warnings
import zlib

import numpy as np
import pytest
from complex_calls import check_complex, takes_complex
from equivalent_mutants import EQUIVALENT, ZERO
from hypothesis import settings
from mutants import (
    Mutant,
    compiled_anew,
    functions,
    mutants_of_function,
    mutants_of_op,
    only_raises,
    place,
    planted,
    ruled,
    unchanged,
)

import autograd.fft
import autograd.linalg
import autograd.special  # noqa: F401  its ops are built in, too
from autograd.primitive import REGISTRY, Op
from autograd.testing import (
    check_call,
    check_first_order,
    check_numbers,
    check_op,
    check_second_order,
    draw_call,
    edge_shapes,
    gradients,
)

RULED = {name: made for name, made in REGISTRY.items() if isinstance(made, Op) and ruled(made)}
GROUPS = {name: functools.partial(mutants_of_op, made, ZERO) for name, made in RULED.items()} | {
    place(function): functools.partial(mutants_of_function, function, users)
    for function, users in functions(list(RULED.values())).items()
}

# What is said of ops where they have no derivative, or where they take complex numbers, stands in tests of their own.
STATED = {
    "arithmetic": ["test_conventions", "test_elementwise", "test_complex"],
    "arranging": ["test_shapes"],
    "assignment": ["test_assignment"],
    "bessel": ["test_special"],
    "common": ["test_conventions", "test_elementwise"],
    "complex_numbers": ["test_complex"],
    "contraction": ["test_products"],
    "cumulative": ["test_reductions"],
    "decompositions": ["test_linalg"],
    "elementary": ["test_conventions", "test_elementwise", "test_complex"],
    "fourier": ["test_fft"],
    "indexing": ["test_indexing"],
    "integrals": ["test_special"],
    "joining": ["test_shapes"],
    "linear_algebra": ["test_products"],
    "matrices": ["test_linalg"],
    "matrix_functions": ["test_matrix_functions"],
    "nan_aware": ["test_conventions", "test_reductions"],
    "normalizing": ["test_embedding", "test_known"],
    "norms": ["test_conventions", "test_linalg"],
    "products": ["test_products"],
    "recurrence": ["test_recurrence_rules"],
    "reduction": ["test_conventions", "test_reductions"],
    "softmaxes": ["test_conventions", "test_known", "test_reductions"],
    "sorting": ["test_conventions", "test_sorting"],
    "special_functions": ["test_conventions", "test_special"],
    "switching": ["test_conventions", "test_elementwise", "test_complex"],
    "systems": ["test_conventions", "test_linalg"],
}


@pytest.fixture(autouse=True)
def _same_draws_every_time():
    before = settings._current_profile
    settings.load_profile("ci")
    yield
    settings.load_profile(before)


# --- the suite --------------------------------------------------------------------------------------------------------


@functools.cache
def first_calls(made):
    """Return the calls that `check_op` begins with."""
    found = []
    for chosen in made.samples:
        shapes = reversed(edge_shapes(len(chosen.inputs))) if made.elementwise else [None]
        found += [draw_call(made, chosen, 0, each) for each in shapes]
    return found


@functools.cache
def complex_calls(made):
    return [call for call in first_calls(made) if takes_complex(call)]


def on_each(calls, check):
    return [functools.partial(check_call, call, [check]) for call in calls]


# What is checked of an op, in the order in which it rejects most mutants in the least time.
QUICK = {
    "first order": lambda made: on_each(first_calls(made), check_first_order),
    "numbers": lambda made: on_each(first_calls(made), check_numbers),
    "complex numbers": lambda made: on_each(complex_calls(made), check_complex),
    "second order": lambda made: on_each(first_calls(made), check_second_order),
}
REJECTED = collections.Counter()  # how many mutants each test that states something has rejected, to run it early
WHOLE = {"check_op": lambda made: [functools.partial(check_op, made, shrink=False)]}


def stated(mutant):
    """Yield the tests of the files that state what holds of the ops that have a mistake."""
    modules = {made.written.__module__.rpartition(".")[2] for made in mutant.users}
    for file in dict.fromkeys(file for module in sorted(modules) for file in STATED.get(module, [])):
        yield from statements(file)


def statements(file):
    """Yield the tests of a file, those of nothing but values, and of time, left out."""
    for name, test in list(vars(importlib.import_module(file)).items()):
        if name.startswith("test_") and ("values" not in name or "derivatives" in name) and "_in_time" not in name:
            yield from cases(test)


def cases(test):
    """Yield a test with each choice of its parameters; nothing if it takes fixtures."""
    marks = [mark.args for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    choices = []
    for names, values in marks:
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        choices.append([dict(zip(names, value if len(names) > 1 else (value,), strict=True)) for value in values])
    for chosen in itertools.product(*choices):
        arguments = {name: value for each in chosen for name, value in each.items()}
        if arguments.keys() == inspect.signature(test).parameters.keys():
            yield functools.partial(test, **arguments)


def fails(check):
    """Return whether a check fails; warnings do not count, a loop without end does."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), stopped_after(30):
        warnings.simplefilter("ignore")
        try:
            check()
        except pytest.skip.Exception:
            return False
        except (Exception, pytest.fail.Exception):
            return True
    return False


@contextlib.contextmanager
def stopped_after(seconds):
    """Raise TimeoutError when the block computes for longer, the time of other processes not counted."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def rejected_by(mutant):
    """Return the name of the check, or "statements", that notices a mutant in one of the ops that have it, or None."""
    return first_failure(mutant, QUICK) or statements_fail(mutant) or first_failure(mutant, WHOLE)


def first_failure(mutant, suite):
    for name, checks in suite.items():
        for made, build in mutant.users.items():
            with planted(made, build):
                if any(fails(check) for check in checks(made)):
                    return name
    return None


def statements_fail(mutant):
    with all_planted(mutant.users):
        for check in sorted(stated(mutant), key=lambda check: -REJECTED[check.func]):
            if fails(check):
                REJECTED[check.func] += 1
                return "statements"
    return None


@functools.cache
def failure_without_mistake(made):
    """Return what would reject all mutants of an op for the wrong reason: the check that fails without one, or None."""
    sound = Mutant(made.name, {made: functools.partial(compiled_anew, made, {})})
    return first_failure(sound, QUICK) or statements_fail(sound)


@contextlib.contextmanager
def all_planted(users):
    """Plant a mistake in all ops that have it."""
    with contextlib.ExitStack() as stack:
        for made, build in users.items():
            stack.enter_context(planted(made, build))
        yield


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_every_mutant_is_rejected(group):
    mutants = list(GROUPS[group]())
    users = dict.fromkeys(made for mutant in mutants for made in mutant.users)
    assert [(made, found) for made in users if (found := failure_without_mistake(made))] == []
    survivors = {mutant.name for mutant in mutants if rejected_by(mutant) is None}
    known = {name for name in EQUIVALENT if group_of(name) == group}
    assert not survivors - known, "accepted: " + "; ".join(sorted(survivors - known))
    assert not known - survivors, "rejected, or no more there: " + "; ".join(sorted(known - survivors))


def group_of(name):
    """Return the group of the mutant of a name: "op.parameter: change", "op: change" or "module.function: change"."""
    before = name.partition(":")[0]
    return before if before in GROUPS else before.partition(".")[0]


def test_equivalent_mutants_are_of_functions_that_exist():
    assert [name for name in EQUIVALENT if group_of(name) not in GROUPS] == []


def test_functions_are_not_taken_for_attributes_of_the_same_name():
    assert "normalizing._gradients" in GROUPS  # calls kernel.normalize
    assert "normalizing.normalize" not in GROUPS


def test_all_rules_have_mutants():
    """A closure would not be compiled anew from its source; what several ops share is a function with options."""
    rules = [(name, rule) for name, made in REGISTRY.items() if isinstance(made, Op) for rule in made.rules if rule]
    assert {name for name, rule in rules if rule.__closure__ and not only_raises(rule)} == set()


@pytest.mark.parametrize("name", RULED)
def test_one_mutant_of_each_op_is_rejected(name):
    mutants = [mutant for mutant in mutants_of_op(RULED[name], ZERO, sources=False) if mutant.name not in EQUIVALENT]
    mutant = mutants[zlib.crc32(name.encode()) % len(mutants)]
    assert rejected_by(mutant), f"accepted: {mutant.name}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RULED)
def test_ops_without_mistake_are_accepted(name):
    for checks in (QUICK | WHOLE).values():
        for check in checks(RULED[name]):
            check()


@pytest.mark.slow
def test_mutants_without_mistake_are_accepted():
    """A mutant that was put together wrongly would be rejected for the wrong reason."""
    suite = {"first order": QUICK["first order"]}
    assert [mutant.name for mutant in unchanged(list(RULED.values())) if first_failure(mutant, suite)] == []


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted({file for files in STATED.values() for file in files}))
def test_what_is_stated_holds_without_mistake(file):
    with all_planted({made: functools.partial(compiled_anew, made, {}) for made in RULED.values()}):
        assert [check for check in statements(file) if fails(check)] == []


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in ZERO}))
def test_gradients_that_are_said_to_be_zero_are(name):
    made = RULED[name]
    for call in first_calls(made):
        for parameter, gradient in zip(call.parameters, gradients(call)):
            if f"{name}.{parameter}" in ZERO and gradient is not None:
                assert not gradient.any()


def test_ops_are_sound_again_after_a_mutant():
    made = REGISTRY["multiply"]
    pull = made.pull
    for mutant in mutants_of_op(made, ZERO):
        with contextlib.suppress(ZeroDivisionError), planted(made, mutant.users[made]):
            assert made.pull is not pull
            raise ZeroDivisionError
        assert made.pull is pull


def test_mutants_have_names_that_say_what_is_changed():
    names = [mutant.name for mutant in mutants_of_op(REGISTRY["divide"], ZERO)]
    assert len(set(names)) == len(names)
    assert {"divide.x1: negated", "divide.x1: g / x2 -> g * x2", "divide: x1 and x2 swapped"} <= set(names)


def test_rules_for_all_inputs_together_have_mutants():
    names = {mutant.name for mutant in mutants_of_op(REGISTRY["gru_sequence"], ZERO)}
    assert {"gru_sequence.h0: negated", "gru_sequence.bias_hh: zero", "gru_sequence: h0 and weight_hh swapped"} <= names
    assert "gru_sequence: gradient of the last output dropped" in names
    assert "recurrence._of_gru" in GROUPS


def test_no_mutant_computes_with_the_source_as_it_stands():
    for group in GROUPS.values():
        for mutant in group():
            before, arrow, after = mutant.name.partition(": ")[2].partition(" -> ")
            assert not arrow or before != after
