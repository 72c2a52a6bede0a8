"""Large inputs are checked along directions: one wrong entry among thousands is found, and named."""

from functools import partial

import numpy as np
import pytest

import autograd
from autograd import Tensor, gradcheck, op

SIZE = 10_000


def weighted(weights, scale=1.0):
    """Return sin with a gradient that is multiplied by weights."""

    @op(x=lambda g, x: g * weights * scale * np.cos(scale * x))
    def sine(x):
        return np.sin(scale * x)

    return sine


def one_off(rng, by=1.01):
    """Return weights of 1 but at one place, and that place."""
    weights, at = np.ones(SIZE), int(rng.integers(SIZE))
    weights[at] = by
    return weights, at


def total(weights):
    """Return the sum of squares, with weights on its gradient."""

    @op(x=lambda g, x: 2 * g * weights * x)
    def squares(x):
        return np.sum(x * x)

    return squares


def weigh(weights, g):
    return g * weights


def checked(f, x):
    return gradcheck(f, x, raise_exception=False)


@pytest.mark.parametrize("make", [weighted, total])
@pytest.mark.parametrize("seed", range(5))
def test_one_entry_of_ten_thousand_off_by_a_percent_is_found_and_named(make, seed):
    rng = np.random.default_rng(seed)
    weights, at = one_off(rng)
    (result,) = checked(make(weights), rng.normal(size=SIZE)).results
    assert result.wrong == 1
    assert result.worst.index == (at,)
    assert result.worst.output_index == ((at,) if make is weighted else ())
    assert result.worst.analytic == pytest.approx(1.01 * result.worst.numeric, rel=1e-4)
    assert np.flatnonzero(result.errors).tolist() == [at]


@pytest.mark.slow
@pytest.mark.parametrize("make", [weighted, total])
@pytest.mark.parametrize("decades", [0, 4])
def test_the_power_that_reports_state(make, decades):
    """At least 99 of 100 such errors are found; those that are not are among the entries reported as inconclusive."""
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        weights, at = one_off(rng)
        x = rng.normal(size=SIZE) * 10.0 ** rng.uniform(-decades, decades, SIZE)
        (result,) = checked(make(weights), x).results
        found += bool(result.wrong) and result.worst.index == (at,)
        assert result.wrong or result.inconclusive
    assert found >= 99


@pytest.mark.parametrize("make", [weighted, total])
def test_right_gradients_pass_and_the_report_states_its_power(make):
    x = np.random.default_rng(0).normal(size=SIZE)
    report = gradcheck(make(np.ones(SIZE)), x)
    assert report.results[0].entries == SIZE
    assert "an error of 1 % in any one of 10,000 of its 10,000 elements would have been found" in str(report)


def test_small_entries_beside_large_ones_get_directions_of_their_own():
    rng = np.random.default_rng(1)
    sizes = 10.0 ** np.linspace(-3, 3, SIZE)
    (result,) = checked(lambda x: np.sum(x * sizes), rng.normal(size=SIZE)).results
    assert result.ok
    assert result.inconclusive == 0
    for at in (3, 2000, SIZE - 1):
        wrong = np.where(np.arange(SIZE) == at, 1.01, 1)

        f = op(x=partial(weigh, sizes * wrong))(lambda x: np.sum(x * sizes))
        (result,) = checked(f, rng.normal(size=SIZE)).results
        assert result.worst.index == (at,)


def test_an_entry_that_should_not_be_zero_is_found():
    weights = np.ones(SIZE)
    weights[77] = 0
    (result,) = checked(weighted(weights), np.random.default_rng(2).normal(size=SIZE)).results
    assert result.worst.index == (77,)
    assert result.worst.analytic == 0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda g, x: -g * np.cos(x), "the sign is flipped"),
        (lambda g, x: g * np.cos(x) / 2, "off by the factor 1/2"),
        (lambda g, x: g * np.cos(x) * (x > 0), "wrong only where the input is negative: there it is zero"),
        (lambda g, x: g * np.cos(x) * np.where(x == x[5], np.nan, 1), "not finite"),
    ],
)
def test_causes_are_named_here_too(rule, words):
    @op(x=rule)
    def sine(x):
        return np.sin(x)

    report = checked(sine, np.random.default_rng(3).normal(size=SIZE))
    assert not report
    assert words in str(report)


def test_kinks_are_no_errors():
    x = np.random.default_rng(4).normal(size=SIZE)
    x[[5, 99]] = 0
    (result,) = gradcheck(autograd.relu, x).results
    assert (result.kinks, result.inconclusive) == (2, 0)


def test_several_inputs_and_outputs_and_complex_ones():
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(60, 40)), rng.normal(size=(40, 3)) + 1j * rng.normal(size=(40, 3))
    report = gradcheck(lambda x, z: (x @ z, np.tanh(x)), (x, z))
    assert [r.entries for r in report.results] == [x.size, z.size]

    @op(x=lambda g: g * np.where(np.arange(2400).reshape(60, 40) == 1234, 1.01, 1))
    def nearly(x):
        return x * 1

    bad, good = gradcheck(lambda x, z: (np.sin(x), nearly(x) @ z), (x, z), raise_exception=False).results
    assert bad.worst.index == (1234 // 40, 1234 % 40)
    assert bad.worst.output == 1
    assert bad.worst.output_part in ("real", "imag")
    assert good.ok


def test_exhaustive_can_be_asked_for_and_refused():
    x = np.random.default_rng(6).normal(size=30)
    assert gradcheck(np.sin, x).results[0].entries == 900
    assert gradcheck(np.sin, x, exhaustive=False).results[0].entries == 30
    large = np.random.default_rng(6).normal(size=1200)
    assert gradcheck(lambda x: np.sum(np.sin(x)), large, exhaustive=True).results[0].entries == 1200


def test_the_edge_of_the_domain_is_named():
    x = np.random.default_rng(7).uniform(1, 2, size=2000)
    x[321] = 0
    with pytest.raises(ValueError, match=r"x\[321\] moved by -.*edge of f's domain"):
        gradcheck(lambda x: x**2.5, x)


def test_float32_functions_are_checked_as_well_as_they_can_be():
    x = np.random.default_rng(8).normal(size=1100).astype(np.float32)
    assert gradcheck(lambda x: np.tanh(x.astype(np.float32)), Tensor(x, requires_grad=True))
