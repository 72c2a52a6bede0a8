"""gradcheck passes what is right, fails what is wrong, and says what it cannot check."""

import time

import numpy as np
import pytest

import autograd
from autograd import Tensor, op
from autograd.checking import GradcheckError, gradcheck, gradgradcheck
from autograd.tensor import value_of

X = np.array([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]])
Y = np.array([1.1, 0.4, -2.0])
SQUARE = np.array([[0.5, -1.2], [2.0, 0.9]])


# --- right ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (lambda x: np.tanh(x), X),
        (lambda x, y: x * y, (X, Y)),
        (lambda x, y: (x / y, np.sin(x)), (X, Y)),
        (lambda x: x * x * x * x * x, np.zeros(3)),
        (lambda x: 3 * x, X),
        (lambda x: x, X),
        (lambda x: (x, x, 2.0 * x), X),
        (lambda x: Tensor(np.ones(2)), X),
        (np.cos, np.array(0.0)),
        (np.exp, 0.5),
        (np.log, np.array([1e-3, 1.0, 1e3])),
        (lambda x: x**3, np.array([1e-12, 1e6])),
        (lambda x: (x + 1e8) - 1e8, X),
        (lambda x: np.sin(x.astype(np.float32)), Y),
        (np.sin, np.zeros((0, 3))),
        (np.sin, (X.astype(np.float16),)),
        (lambda x, flags, count: np.where(flags, x * count, 0), (X, X > 0, 3)),
    ],
)
def test_right_gradients_pass(check, f, inputs):
    report = check(f, inputs)
    assert report
    assert report.ok
    assert all(result.ok for result in report.results)


def test_only_tensors_that_require_a_gradient_are_checked():
    x, y = Tensor(X, requires_grad=True), Tensor(Y)
    assert [r.position for r in gradcheck(lambda a, b, c: a * b * c, (Y, x, y)).results] == [1]
    assert [r.position for r in gradcheck(lambda a, b, c: a * b * c, (Y, y, y)).results] == [0]


def test_f_gets_float64_copies_of_what_is_checked_and_the_rest_as_it_was_given():
    seen = []

    def f(*inputs):
        seen.extend((type(x), getattr(x, "dtype", None), getattr(x, "requires_grad", None)) for x in inputs)
        return inputs[0] * 1

    single = Y.astype(np.float32)
    gradcheck(f, (Tensor(single, requires_grad=True), Tensor(single), single, 3))
    assert seen[:4] == [
        (Tensor, np.float64, True),
        (Tensor, np.float32, False),
        (np.ndarray, np.float32, None),
        (int, None, None),
    ]


def test_inputs_and_their_gradients_are_left_alone():
    x = Tensor(Y.astype(np.float32), requires_grad=True, name="x")
    x.grad = np.ones(3, np.float32)
    kept, grad, array = x._data, x.grad, X.copy()
    gradgradcheck(lambda x, y: (x * x * y).sum(), (x, array))
    gradcheck(lambda y: y * x, array)
    assert x._data is kept
    assert x.grad is grad
    assert grad.tolist() == [1, 1, 1]
    assert x.name == "x"
    np.testing.assert_array_equal(kept, Y.astype(np.float32))
    np.testing.assert_array_equal(array, X)


def test_checks_work_inside_no_grad():
    def f(x):
        assert autograd.is_grad_enabled()
        return np.sin(x)

    with autograd.no_grad():
        assert gradcheck(f, X)
        assert gradgradcheck(f, X)
        assert not autograd.is_grad_enabled()


# --- wrong ------------------------------------------------------------------------------------------------------------


@op(x=lambda g: -3 * g)
def wrong_sign(x):
    return 3 * x


@op(x=lambda g, x: g * np.cos(x) * 1.00001)
def wrong_factor(x):
    return np.sin(x)


@op(x=lambda g: g)
def wrong_order(x):
    return x.T.copy()


@op(x=lambda g: g[0])
def wrong_broadcast(x):
    return np.stack([x, x])


@op(x=lambda g: g * 0)
def wrong_zero(x):
    return x + 1


@op(x=lambda g, x: g * np.where(x == 2.0, np.nan, 1))
def wrong_nan(x):
    return x + 0


@op(x1=lambda g, x1: g * x1, x2=lambda g, x2: g * x2)
def wrong_swapped(x1, x2):
    return x1 * x2


WRONG = [
    (wrong_sign, X, 6), (wrong_factor, X, 6), (wrong_order, SQUARE, 4), (wrong_broadcast, Y, 3), (wrong_zero, X, 6),
    (wrong_nan, X, 6), (wrong_swapped, (SQUARE, SQUARE + 1), 4),
    (lambda x: x * x.detach(), X, 6), (lambda x: x * Tensor(value_of(x)), X, 6),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "count"), WRONG)
def test_wrong_gradients_fail(f, inputs, count):
    with pytest.raises(GradcheckError) as caught:
        gradcheck(f, inputs)
    report = caught.value.report
    assert not report
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value) == str(report)
    assert [result.wrong for result in report.results] == [count] * len(report.results)
    assert not gradcheck(f, inputs, raise_exception=False)


def test_one_wrong_input_of_several_is_named_with_its_worst_entry():
    def f(first, second):
        return first * 2 + second.detach() ** 2 * np.array([0, 1, 0]) + second

    report = gradcheck(f, (X, Y), raise_exception=False)
    good, bad = report.results
    assert good.ok
    assert (bad.position, bad.name, bad.shape, bad.entries, bad.wrong) == (1, "second", (3,), 18, 2)
    assert bad.worst.index == (1,)
    assert bad.worst.output == 0
    assert bad.worst.output_index in [(0, 1), (1, 1)]
    assert bad.worst.analytic == pytest.approx(1)
    assert bad.worst.numeric == pytest.approx(1 + 2 * 0.4)
    assert bad.worst.absolute == pytest.approx(0.8)
    assert bad.worst.relative == pytest.approx(0.8 / 1.8)


def test_the_worst_entry_may_be_in_a_later_output():
    (result,) = gradcheck(lambda x: (x * 2, x.sum(), x * x.detach()), Y, raise_exception=False).results
    assert (result.worst.output, result.worst.index) == (2, result.worst.output_index)


def test_report_is_a_readable_table():
    report = gradcheck(lambda weight, x: weight.detach() * x, (X, Y), raise_exception=False)
    title, headings, first, second, remark = str(report).splitlines()
    assert title == "gradcheck of <lambda>: 1 of 2 inputs WRONG"
    columns = "input shape entries kinks worst at analytic numeric +- absolute relative verdict"
    assert " ".join(headings.split()) == columns
    assert first.startswith("0 weight  (2, 3)  36       0      d out0[0, 2] / d weight[0, 2]  0         -2  ")
    assert first.endswith("2.0e+00   1.0e+00   WRONG (6 of 36)")
    assert second.startswith("1 x       (3,)    18 ")
    assert second.endswith(" ok")
    assert remark.startswith("weight: the gradient is zero")
    assert max(map(len, str(report).splitlines())) <= 130


def test_an_error_within_the_given_tolerance_passes():
    assert gradcheck(wrong_factor, X, rtol=1e-4)
    assert gradcheck(wrong_factor, X, atol=1e-4)
    assert not gradcheck(np.sin, X, atol=0, rtol=0, raise_exception=False)


def test_eps_is_the_step():
    seen = []

    def f(x):
        seen.append(x.item())
        return x * x

    gradcheck(f, np.array(3.0), eps=0.25)
    assert sorted({value - 3 for value in seen}) == [-0.25, -0.125, 0, 0.125, 0.25]
    for eps in (0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"eps.*must be a positive number"):
            gradcheck(np.sin, X, eps=eps)


def test_numeric_values_are_exact_to_ten_digits():
    for f in (np.exp, np.tanh, np.arctan, lambda x: x**5):
        for result in gradcheck(f, X).results:
            assert result.worst.absolute < 1e-10


def test_the_error_bar_covers_what_differences_cannot_resolve():
    def noisy(x):
        return np.sin(x) + np.sin(x * 1e9) * 1e-9  # a derivative that no step shows

    (result,) = gradcheck(noisy, Y, raise_exception=False).results
    assert not result.ok
    (result,) = gradcheck(lambda x: np.sin(x.astype(np.float32)), Y).results
    assert 1e-9 < result.worst.absolute < result.worst.error_bar < 1e-2
    (result,) = gradcheck(lambda x: x.astype(np.float32), np.ones(1)).results  # exact, but one cannot know
    assert 1e-5 < result.worst.error_bar < 1e-2


def test_what_rounding_leaves_of_cancelled_terms_is_no_derivative():
    def f(x):
        return x, (x + 0.1) * 3 - 3 * x - 0.3  # zero but for rounding

    assert gradcheck(f, np.random.default_rng(0).uniform(0.2, 1, 40))


def test_where_there_is_a_doubt_the_error_bar_follows_from_the_largest_of_all_outputs():
    def f(x):
        return x * 0 + 1e6, x + x.detach()

    worst = gradcheck(f, np.ones(1), raise_exception=False).results[0].worst
    assert worst.output == 1
    assert 1e-9 < worst.error_bar < 1e-7


def test_a_gradient_of_rounding_errors_is_zero_where_everything_else_is():
    @op(x=lambda g: g * 1e-17)
    def nothing(x):
        return x * 0

    @op(x=lambda g: g * 1e-9)
    def next_to_nothing(x):
        return x * 0

    assert gradcheck(nothing, X)
    assert not gradcheck(next_to_nothing, X, raise_exception=False)


# --- second order -----------------------------------------------------------------------------------------------------


@op(x=lambda g, x: g * 3 * value_of(x) ** 2)
def hides_its_input(x):
    return x**3


@op(x=lambda g, x: Tensor(value_of(g)) * 2 * x if isinstance(g, Tensor) else g * 2 * x)
def hides_the_gradient(x):
    return x**2


@pytest.mark.parametrize(("f", "bad"), [(hides_its_input, "x"), (hides_the_gradient, "v0")])
def test_dependence_hidden_from_the_second_derivative_is_found(f, bad):
    assert gradcheck(f, Y)
    with pytest.raises(GradcheckError, match=r"gradgradcheck of hides") as caught:
        gradgradcheck(f, Y)
    assert [result.name for result in caught.value.report.results if not result.ok] == [bad]


def test_an_output_returned_twice_gets_both_gradients():
    def f(x):
        y = hides_the_gradient(x)
        return y, y

    report = gradgradcheck(f, Y, raise_exception=False)
    assert [result.name for result in report.results if not result.ok] == ["v0", "v1"]


def test_gradgradcheck_checks_inputs_and_incoming_gradients():
    report = gradgradcheck(lambda x, y: (x * y, np.sin(x)), (X, Y))
    assert [(r.name, r.shape) for r in report.results] == [("x", (2, 3)), ("y", (3,)), ("v0", (2, 3)), ("v1", (2, 3))]


# --- kinks and jumps --------------------------------------------------------------------------------------------------


def slope_at_kink(slope):
    @op(x=lambda g, x: g * np.where(x == 0, slope, np.sign(x)))
    def kinked(x):
        return np.abs(x)

    return kinked


@pytest.mark.parametrize("slope", [-1.0, -0.3, 0.0, 1.0])
def test_between_the_slopes_of_a_kink_every_gradient_is_right(slope):
    report = gradcheck(slope_at_kink(slope), np.array([0.0, 1.0]))
    (result,) = report.results
    assert result.kinks == 1
    assert "ok (1 at a kink)" in str(report)


@pytest.mark.parametrize("slope", [-1.01, 1.01, 7.0])
def test_outside_the_slopes_of_a_kink_a_gradient_is_wrong(slope):
    (result,) = gradcheck(slope_at_kink(slope), np.array([0.0, 1.0]), raise_exception=False).results
    assert (result.wrong, result.kinks) == (1, 0)


@pytest.mark.parametrize("slope", [-1.0, 1.0])
@pytest.mark.parametrize("curvature", [-5.0, 5.0])
def test_the_slopes_at_a_kink_are_those_at_the_point_itself(slope, curvature):
    f = slope_at_kink(slope)
    assert gradcheck(lambda x: f(x) + curvature * x * x, np.zeros(1)).results[0].kinks == 1


@pytest.mark.parametrize("distance", [0.1, 0.3, 0.45, 0.6, 0.9])
def test_near_a_kink_the_gradient_of_its_side_is_right(distance):
    x = np.array([1.0 + distance * 2.0**-10])
    assert gradcheck(lambda x: np.abs(x - 1) + x * x, x)
    assert not gradcheck(lambda x: np.abs(x - 1) + x * x + 3 * x.detach(), x, raise_exception=False)


def test_smooth_functions_have_no_kinks():
    assert gradcheck(np.cos, np.zeros(3)).results[0].worst.analytic == 0
    assert gradcheck(lambda x: x * x * x * x, np.zeros(1)).results[0].kinks == 0
    assert " -0 " not in str(gradcheck(np.cos, np.zeros(3)))
    for f in (np.cos, lambda x: x * x, lambda x: x * x * x * x, lambda x: x * x * x * x * 1e9, lambda x: x * x * 1e-9):
        assert gradcheck(f, np.array([0.0, 1e-9, 1.0])).results[0].kinks == 0


def test_at_a_jump_only_the_slope_of_the_flat_side_is_right():
    @op(x=lambda g: g)
    def straight_through(x):
        return np.floor(x)

    assert gradcheck(np.floor, np.array([2.0])).results[0].kinks == 1
    assert not gradcheck(straight_through, np.array([2.0]), raise_exception=False)


# --- what cannot be checked -------------------------------------------------------------------------------------------


def adds_in_place(x):
    with autograd.no_grad():
        x += 1
    return x * 2


def grows(x, calls=[]):  # noqa: B006
    calls.append(0)
    return autograd.stack([x] * len(calls))


def positive_only(x):
    if x.data.min() < 0:
        raise ArithmeticError("negative")
    return x * 1


@pytest.mark.parametrize(
    ("f", "inputs", "error", "words"),
    [
        (lambda x: x.detach().numpy(), X, TypeError, r"returned ndarray.*return the result itself"),
        (lambda x: (x, 2.0), X, TypeError, r"returned float as output 1"),
        (lambda x: None, X, TypeError, r"returned NoneType"),
        (lambda x: (), X, TypeError, r"returned nothing"),
        (lambda x: x > 0, X, TypeError, r"floating Tensor.*returned bool"),
        (np.sin, np.arange(3), TypeError, r"no input needs a gradient.*int64.*astype\(np\.float64\)"),
        (np.sin, 3, TypeError, r"no input needs a gradient.*\(3\)"),
        (np.sin, Tensor(X), TypeError, r"no input needs a gradient.*requires_grad=True"),
        (np.sin, [X, Y], TypeError, r"not a list: pass tuple\(inputs\)"),
        (np.log, np.array([1.0, -1.0]), ValueError, r"output 0 of f is nan at index \(1,\).*domain"),
        (lambda x: (x, 1 / x), np.array(0.0), ValueError, r"output 1 of f is inf, where"),
        (lambda x: x**2.5, np.array([1.0, 0.0]), ValueError, r"but not with x\[1\] moved.*edge.*eps"),
        (positive_only, np.array([[0.0]]), ValueError, r"but not with x\[0, 0\] moved by -.*edge of f's domain"),
        (adds_in_place, X, ValueError, r"changes its input 'x' in place.*copy"),
        (lambda x: x * time.perf_counter(), X, ValueError, r"different results in two runs.*output 0\[0, 0\]: "),
        (grows, X, ValueError, r"different results in two runs.*shapes"),
    ],
)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_what_cannot_be_checked_is_explained(check, f, inputs, error, words):
    with pytest.raises(error, match=words) as caught:
        check(f, inputs)
    assert not isinstance(caught.value, AssertionError)


def test_constants_that_f_changes_are_found_too():
    def f(x, counts):
        counts += 1
        return x * counts

    counts = np.array([1, 2, 3])
    with pytest.raises(ValueError, match="changes its input 'counts'"):
        gradcheck(f, (Y, counts))
    assert counts.tolist() == [1, 2, 3]


def test_errors_of_f_at_the_inputs_are_its_own():
    with pytest.raises(ZeroDivisionError):
        gradcheck(lambda x: x * (1 / 0), X)


def test_gradgradcheck_says_when_the_gradient_is_not_finite():
    with pytest.raises(ValueError, match="output 0 of the gradient of f is inf at index"):
        gradgradcheck(np.sqrt, np.array([1.0, 0.0]))


def test_outputs_whose_size_depends_on_the_values_are_refused():
    with pytest.raises(ValueError, match=r"2 elements at the inputs, but 1 with x\[0\] moved"):
        gradcheck(lambda x: x[: int(x.data.min() >= 0) + 1], np.array([0.0, 1.0]))


def test_a_domain_edge_keeps_the_cause():
    with pytest.raises(ValueError, match="edge") as caught:
        gradcheck(positive_only, np.array([0.0]))
    assert isinstance(caught.value.__cause__, ArithmeticError)


def test_a_smaller_step_stays_inside_the_domain():
    assert gradcheck(np.log, np.array([1e-4, 1e-3]))
    assert gradcheck(np.log, np.array([1e-4, 1.0]))
    assert gradcheck(np.log, np.array([1e-2, 1e6]))
    assert gradcheck(np.log, np.array([1e-12]))
    with pytest.raises(ValueError, match="eps"):
        gradcheck(np.log, np.array([1e-8]), eps=1e-7)
    assert gradcheck(np.log, np.array([1e-8]), eps=1e-11)


def test_what_rounding_does_to_the_gradient_itself_is_no_error():
    assert gradgradcheck(lambda x: autograd.cumprod(x, 0), np.array(-0.003870149191739447))
    pytest.importorskip("scipy", reason="needs the extra 'special'")
    assert gradcheck(autograd.special.y0, np.array(float.fromhex("0x1.420b12ed527e2p+30")))


def test_what_no_step_shows_is_inconclusive_and_says_so():
    def rough(x):
        return x + 0.01 * np.sin(1e17 * x.detach())

    report = gradcheck(rough, np.array(1.5), raise_exception=False)
    assert not report
    assert report.results[0].wrong == 0
    assert "1 of 1 inputs INCONCLUSIVE" in str(report)
    assert "x: inconclusive at d out0 / d x: no step shows it better than to within" in str(report)
    assert gradcheck(lambda x: (rough(x), x), np.array(1.5)).results[0].inconclusive == 1


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_check_names_the_function_or_its_type():
    class Doubling:
        def __call__(self, x):
            return x * 2

    assert str(gradcheck(np.tanh, X)).startswith("gradcheck of tanh: ok")
    assert str(gradgradcheck(Doubling(), X)).startswith("gradgradcheck of Doubling: ok")


def test_inputs_are_called_by_tensor_parameter_or_position():
    def f(first, *rest):
        return first * rest[0] * rest[1]

    inputs = (Tensor(Y, requires_grad=True), Tensor(Y, requires_grad=True, name="bias"), Tensor(Y, requires_grad=True))
    assert [r.name for r in gradcheck(f, inputs).results] == ["first", "bias", "x2"]
