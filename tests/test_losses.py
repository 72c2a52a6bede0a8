"""Losses: PyTorch's samples, extreme numbers; those that PyTorch has not, by their formulas."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd
import nn
import nn.functional as F
from autograd import Tensor
from autograd.testing import check_op
from nn.functional.classification_losses import _binary_entropy

torch = pytest.importorskip("torch", reason="the PyTorch oracle needs the extra 'oracle'")

from oracle import assert_agrees  # noqa: E402
from oracle_modules import (  # noqa: E402
    FUNCTIONS,
    MODULES,
    check_function,
    check_function_errors,
    check_module,
    check_module_errors,
    compare_calls,
    module_samples,
)

T = torch.nn.functional
LOSSES = [name for name in MODULES if name.endswith("Loss") and name not in ("CTCLoss", "LinearCrossEntropyLoss")]
ALL = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity",
    "cross_entropy", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss",
    "margin_ranking_loss", "mse_loss", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "nll_loss", "pairwise_distance", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
]  # fmt: skip
ERROR_SKIPS = {
    "NLLLoss": {"float16": "a weight of another dtype is converted to the input's"},
    "CrossEntropyLoss": {"label_smoothing=1.5": "the constructor raises already"},
}


@pytest.mark.parametrize("name", LOSSES)
def test_modules_on_pytorchs_samples(name):
    check_module(name)


@pytest.mark.parametrize("name", [n for n in LOSSES if MODULES[n].module_error_inputs_func])
def test_modules_refuse_what_pytorch_refuses(name):
    check_module_errors(name, ERROR_SKIPS.get(name))


@pytest.mark.parametrize("name", ALL)
def test_functions_on_pytorchs_samples(name):
    check_function(name, limit=12)


@pytest.mark.parametrize("name", [n for n in ALL if FUNCTIONS[n, ""].error_inputs_func])
def test_functions_refuse_what_pytorch_refuses(name):
    check_function_errors(name)


def with_our_distance(*args, distance_function=None, **kwargs):
    distance = None if distance_function is None else nn.PairwiseDistance()
    return F.triplet_margin_with_distance_loss(*args, distance_function=distance, **kwargs)


def test_triplets_with_a_distance_on_pytorchs_samples():
    check_function("triplet_margin_with_distance_loss", ours=with_our_distance)
    check_function_errors("triplet_margin_with_distance_loss", ours=with_our_distance)


@pytest.mark.parametrize("name", ["PairwiseDistance", "CosineSimilarity"])
def test_distances_as_modules(name):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 3))
    assert_agrees(getattr(nn, name)(), getattr(torch.nn, name)(), a, b)


def test_cosines_of_vectors_shorter_than_eps():
    a, b = np.random.default_rng(0).normal(size=(2, 4, 3))
    a[1] *= 1e-3
    assert_agrees(nn.CosineSimilarity(eps=0.5), torch.nn.CosineSimilarity(eps=0.5), a, b)


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_as_modules(swap):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 6, 3))
    ours, theirs = nn.TripletMarginLoss(2.0, 3, swap=swap), torch.nn.TripletMarginLoss(2.0, 3, swap=swap)
    assert_agrees(ours, theirs, *values)
    ours, theirs = nn.TripletMarginWithDistanceLoss(swap=swap), torch.nn.TripletMarginWithDistanceLoss(swap=swap)
    assert_agrees(ours, theirs, *values)


# --- extreme numbers, second derivatives ------------------------------------------------------------------------------

SCORES = np.array([-1e4, -100.0, -40.0, -1.0, 0.0, 1.0, 40.0, 100.0, 1e4])


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy_of_large_scores(target):
    y = np.full_like(SCORES, target)
    assert_agrees(
        lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none", pos_weight=[3.0]),
        lambda x, y: T.binary_cross_entropy_with_logits(x, y, reduction="none", pos_weight=torch.tensor([3.0])),
        SCORES, y,
    )  # fmt: skip


def test_binary_cross_entropy_keeps_the_digits_of_small_losses():
    losses = F.binary_cross_entropy_with_logits(np.array([-50.0, 50.0]), [0.0, 1.0], reduction="none")
    assert_allclose(losses, np.exp(-50.0), rtol=1e-12)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy_of_certainties(target):
    x = np.array([0.0, 1e-300, 1e-5, 0.5, 1 - 1e-5, 1.0])
    y = np.full_like(x, target)
    # PyTorch's 1e-12 has but the digits of float32.
    assert_agrees(
        lambda x: F.binary_cross_entropy(x, y, reduction="none"),
        lambda x: T.binary_cross_entropy(x, torch.tensor(y), reduction="none"), x, second=False, rtol=1e-8,
    )  # fmt: skip
    inside = slice(2, 5)
    assert_agrees(F.binary_cross_entropy, T.binary_cross_entropy, x[inside], y[inside], rtol=1e-6)


def test_own_ops_keep_every_promise():
    check_op(_binary_entropy)


@pytest.mark.parametrize("target", [-1.0, 1.0])
def test_soft_margin_loss_of_large_scores(target):
    y = np.full_like(SCORES, target)
    losses = F.soft_margin_loss(SCORES, y, reduction="none")
    assert_allclose(losses, np.logaddexp(0, -y * SCORES))  # PyTorch's overflows
    small = SCORES[np.abs(SCORES) < 50]
    y = y[: len(small)]
    assert_agrees(lambda x: F.soft_margin_loss(x, y), lambda x: T.soft_margin_loss(x, torch.tensor(y)), small)


DIFFERENCES = np.array([-1e4, -3.0, -0.5, 0.0, 0.2, 3.0, 1e4])


@pytest.mark.parametrize(
    ("name", "options"),
    [("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": 0.7}), ("smooth_l1_loss", {"beta": 0.7})],
)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_second_derivatives_of_errors(name, options, reduction):
    zeros = np.zeros_like(DIFFERENCES)
    ours, theirs = getattr(F, name), getattr(T, name)
    options = {**options, "reduction": reduction}
    assert_agrees(lambda x, y: ours(x, y, **options), lambda x, y: theirs(x, y, **options), DIFFERENCES, zeros,
                  second=name != "l1_loss")  # fmt: skip


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weighted_errors(name, reduction):
    x, y, w = np.random.default_rng(0).normal(size=(3, 2, 3)) ** 2
    assert_agrees(
        lambda x, y, w: getattr(F, name)(x, y, weight=w, reduction=reduction),
        lambda x, y, w: getattr(T, name)(x, y, weight=w, reduction=reduction), x, y, w,
    )  # fmt: skip


def test_log_probabilities_of_minus_infinity_cost_nothing_where_the_target_is_0():
    x = Tensor(np.array([-np.inf, 0.0]), requires_grad=True)
    loss = F.kl_div(x, [0.0, 1.0], reduction="sum")
    loss.backward()
    assert loss.item() == 0
    assert_allclose(x.grad, [0, -1])


def test_variances_below_eps_have_pytorchs_gradient():
    x, y, v = np.array([1.0, 2.0]), np.array([1.5, 0.0]), np.array([1e-9, 0.5])
    assert_agrees(F.gaussian_nll_loss, T.gaussian_nll_loss, x, y, v)


@pytest.mark.parametrize("shape", [(6, 4), (6,), ()])
def test_margins_of_multiple_classes_with_ties(shape):
    x = np.random.default_rng(0).integers(0, 3, shape).astype(float)  # differences of exactly the margin
    y = np.zeros(shape[:-1], int) if len(shape) == 2 else np.zeros((), int)
    assert_agrees(
        lambda x: F.multi_margin_loss(x, y, reduction="none"),
        lambda x: T.multi_margin_loss(x, torch.tensor(y), reduction="none"), x, second=False,
    )  # fmt: skip


# --- CTC --------------------------------------------------------------------------------------------------------------


def ours_behind_log_softmax(loss):
    """PyTorch's gradient has exp(log_probs) added, which vanishes behind log_softmax."""
    return lambda x, *args, **kwargs: loss(F.log_softmax(x, -1), *args, **kwargs)


def theirs_behind_log_softmax(loss):
    return lambda x, *args, **kwargs: loss(x.log_softmax(-1), *args, **kwargs)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_ctc_on_pytorchs_samples(dtype):
    samples = module_samples("CTCLoss", dtype, training=True)[::3]
    assert len(samples) > 10
    for entry in samples:
        kwargs = entry.constructor_input.kwargs
        ours, theirs = nn.CTCLoss(**kwargs), torch.nn.CTCLoss(**kwargs)
        args = entry.forward_input.args
        compare_calls(ours_behind_log_softmax(ours), theirs_behind_log_softmax(theirs), args, {})


LENGTHS = [([7, 7, 7], [3, 2, 1]), ([7, 4, 1], [3, 2, 1]), ([7, 2, 1], [0, 3, 0]), ([3, 5, 6], [3, 3, 3])]


@pytest.mark.parametrize(("lengths", "sizes"), LENGTHS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc_of_all_lengths(lengths, sizes, reduction):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 3, 4)) * 3
    targets = np.array([[1, 1, 2], [2, 3, 3], [3, 0, 0]])
    if sizes[2] == 3:
        targets[2] = [3, 1, 3]
    options = {"reduction": reduction, "zero_infinity": True}
    assert_agrees(
        lambda x: F.ctc_loss(F.log_softmax(x, -1), targets, lengths, sizes, **options),
        lambda x: T.ctc_loss(x.log_softmax(-1), torch.tensor(targets), torch.tensor(lengths), torch.tensor(sizes),
                             **options), x, second=False,
    )  # fmt: skip


def every_alignment(probabilities, labels, blank):
    """Return the probability of labels as the sum over all paths (T, C)."""
    total = 0.0
    times, classes = probabilities.shape
    for path in itertools.product(range(classes), repeat=times):
        kept = [k for k, _ in itertools.groupby(path)]
        if [k for k in kept if k != blank] == labels:
            total += np.prod(probabilities[np.arange(times), list(path)])
    return total


@pytest.mark.parametrize("labels", [[], [1], [1, 1], [2, 1], [1, 0, 1]])
@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_sums_over_all_alignments(labels, blank):
    labels = [(label + 1) % 3 if label == blank else label for label in labels]
    p = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    loss = F.ctc_loss(np.log(p), np.array(labels, int), 5, len(labels), blank, reduction="none")
    assert loss.shape == ()
    assert_allclose(np.exp(-loss.item()), every_alignment(p, labels, blank))


def test_ctc_has_the_derivatives_of_its_formula():
    x = np.random.default_rng(0).normal(size=(5, 2, 3))

    def loss(x):
        return F.ctc_loss(x, [[1, 1], [2, 1]], [5, 4], [2, 2], reduction="sum")

    assert autograd.gradcheck(loss, (x,))
    assert autograd.gradgradcheck(loss, (x,))


def test_ctc_without_an_alignment_is_infinite_with_gradient_0():
    x = Tensor(np.log(np.full((2, 1, 3), 1 / 3)), requires_grad=True)
    loss = F.ctc_loss(x, [[1, 1]], [2], [2], reduction="sum")
    assert loss.item() == np.inf
    loss.backward()
    assert_allclose(x.grad, np.zeros((2, 1, 3)))
    assert F.ctc_loss(x, [[1, 1]], [2], [2], zero_infinity=True).item() == 0


# --- what PyTorch has not ---------------------------------------------------------------------------------------------


def test_half_sum_of_squares():
    x, y = np.random.default_rng(0).normal(size=(2, 4, 3))
    t = Tensor(x, requires_grad=True)
    loss = nn.HalfSumOfSquaresLoss()(t, y)
    loss.backward()
    assert_allclose(loss.item(), ((x - y) ** 2).sum() / 2)
    assert_allclose(t.grad, x - y)
    each = nn.HalfSumOfSquaresLoss(reduction="none")(x, y)
    assert_allclose(each, ((x - y) ** 2).sum(axis=1) / 2)
    assert_allclose(nn.HalfSumOfSquaresLoss(reduction="mean")(x, y), np.mean(each))


def test_earth_mover_loss_grows_with_the_distance_of_the_class():
    scores = np.zeros((4, 5))
    scores[:, 1] = 1e3
    losses = nn.SquaredEarthMoverLoss(reduction="none")(scores, [0, 1, 2, 4])
    assert_allclose(losses, [1, 0, 1, 3])
    p, q = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3))
    expected = ((p.cumsum(axis=1) - q.cumsum(axis=1)) ** 2).sum(axis=1)
    assert_allclose(F.squared_earth_mover_loss(np.log(p), q, reduction="none"), expected)
    assert autograd.gradcheck(lambda x: F.squared_earth_mover_loss(x, q), (np.log(p),))


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


GAN = {
    "minimax": (lambda r, f: -log_sigmoid(r) - log_sigmoid(-f), lambda f: log_sigmoid(-f)),
    "non-saturating": (lambda r, f: -log_sigmoid(r) - log_sigmoid(-f), lambda f: -log_sigmoid(f)),
    "least-squares": (lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda f: (f - 1) ** 2 / 2),
    "hinge": (lambda r, f: np.maximum(1 - r, 0) + np.maximum(1 + f, 0), lambda f: -f),
    "wasserstein": (lambda r, f: f - r, lambda f: -f),
}


@pytest.mark.parametrize("kind", GAN)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_adversarial_losses(kind, reduction):
    real, fake = np.random.default_rng(0).normal(size=(2, 6)) * 50
    reduce = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction]
    discriminator, generator = GAN[kind]
    loss = nn.DiscriminatorLoss(kind, reduction=reduction)
    assert_allclose(loss(real, fake), reduce(discriminator(real, fake)))
    assert_allclose(nn.GeneratorLoss(kind, reduction=reduction)(fake), reduce(generator(fake)))
    assert autograd.gradcheck(lambda r, f: F.discriminator_loss(r, f, kind), (real / 50, fake / 50))
    assert autograd.gradcheck(lambda f: F.generator_loss(f, kind), (fake / 50,))
    assert repr(loss) == f"DiscriminatorLoss({kind!r})"


def test_batches_of_real_and_fake_examples_may_differ_in_size():
    assert F.discriminator_loss(np.zeros(3), np.zeros(5)).shape == ()
    with pytest.raises(ValueError, match=r"\(3,\).*\(5,\)"):
        F.discriminator_loss(np.zeros(3), np.zeros(5), reduction="none")


def test_perceptual_loss_compares_features():
    network = nn.Sequential(nn.Linear(3, 4, dtype=np.float64), nn.Tanh(), nn.Linear(4, 2, dtype=np.float64))
    x, y = np.random.default_rng(0).normal(size=(2, 5, 3))
    loss = nn.PerceptualLoss(network, ["1", ""], weights=[2.0, 0.5], criterion=F.l1_loss)
    t, target = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    found = loss(t, target)
    middle = np.abs(np.asarray(network[1](network[0](x))) - np.asarray(network[1](network[0](y)))).mean()
    end = np.abs(np.asarray(network(x)) - np.asarray(network(y))).mean()
    assert_allclose(found.item(), 2 * middle + 0.5 * end)
    found.backward()
    assert np.abs(t.grad).max() > 0
    assert target.grad is None
    assert all(p.grad is None and not p.requires_grad for p in loss.parameters())
    assert not loss.train().network.training
    assert loss(x, x).item() == 0
    assert not network[1]._forward_hooks


# --- errors -----------------------------------------------------------------------------------------------------------

ONES = np.ones((2, 3))
ERRORS = [
    (lambda: nn.L1Loss(reduction="max"), ValueError, "'mean', 'sum' or 'none', not 'max'"),
    (lambda: nn.KLDivLoss(reduction="max"), ValueError, "'batchmean'"),
    (lambda: F.l1_loss(ONES, ONES[0]), ValueError, r"target must have the shape of input \(2, 3\), not \(3,\)"),
    (lambda: F.l1_loss([1, 2], [1, 2]), TypeError, "l1_loss takes floating"),
    (lambda: F.mse_loss(ONES, ONES, weight=[1.0]), ValueError, "mse_loss: weight must have the shape"),
    (lambda: nn.HuberLoss(delta=0), ValueError, "delta of HuberLoss must be above 0"),
    (lambda: nn.SmoothL1Loss(beta=-1), ValueError, "beta of SmoothL1Loss must be at least 0"),
    (lambda: nn.GaussianNLLLoss(eps=0), ValueError, "eps of GaussianNLLLoss"),
    (lambda: F.gaussian_nll_loss(ONES, ONES, -ONES), ValueError, "at least 0, not -1.0"),
    (lambda: F.gaussian_nll_loss(ONES, ONES, ONES[:, :2]), ValueError, r"\(2, 3\).*\(2, 2\)"),
    (lambda: F.binary_cross_entropy(ONES * 2, ONES), ValueError, "probabilities in .0, 1., not 2.0 to 2.0"),
    (lambda: F.binary_cross_entropy(ONES, ONES, ONES[0, :2]), ValueError, r"weight \(2,\) must broadcast"),
    (lambda: F.nll_loss(ONES, [0, 3]), IndexError, r"target\[1\] is 3"),
    (lambda: F.nll_loss(ONES, [0.0, 1.0]), TypeError, "integers"),
    (lambda: F.nll_loss(ONES, [0, 1, 2]), ValueError, r"\(2, 3\) with \(2,\).*\(3,\)"),
    (lambda: F.cross_entropy(ONES, ONES, ignore_index=1), ValueError, "not for probabilities"),
    (lambda: F.squared_earth_mover_loss(ONES, [0, 3]), IndexError, r"target\[1\] is 3"),
    (lambda: nn.MultiMarginLoss(p=3), ValueError, "p must be 1 or 2, not 3"),
    (lambda: F.multi_margin_loss(ONES, [0, 5]), IndexError, r"target\[1\] is 5"),
    (lambda: F.multilabel_margin_loss(ONES, [[0, -1, -1], [3, -1, -1]]), IndexError, r"target\[1, 0\] is 3"),
    (lambda: nn.TripletMarginLoss(margin=0), ValueError, "margin of TripletMarginLoss must be above 0"),
    (lambda: nn.TripletMarginWithDistanceLoss(margin=-1), ValueError, "above 0"),
    (lambda: F.cosine_similarity(ONES, ONES, dim=2), IndexError, "dim=2"),
    (lambda: F.generator_loss(ONES, "loud"), ValueError, "'minimax'.*not 'loud'"),
    (lambda: nn.GeneratorLoss("loud"), ValueError, "'loud'"),
    (lambda: nn.PerceptualLoss(nn.Sequential(nn.ReLU()), []), ValueError, "needs layers"),
    (lambda: nn.PerceptualLoss(nn.Sequential(nn.ReLU()), ["1"]), AttributeError, "'1'"),
    (lambda: F.ctc_loss(ONES, [[1]], [3], [1]), ValueError, "at most 2, the times"),
    (lambda: F.ctc_loss(ONES, [[3]], [2], [1]), IndexError, "label 3 is not one of the C = 3"),
    (lambda: F.ctc_loss(ONES, [[1]], [2], [2]), ValueError, r"targets are \(N, S\) = \(1, 2 or more\)"),
    (lambda: F.ctc_loss(ONES, [[1]], [2], [1], blank=3), IndexError, "blank=3"),
    (lambda: F.ctc_loss(ONES, [[1.5]], [2], [1]), TypeError, "targets are integers"),
    (lambda: F.ctc_loss(ONES, [[1]], [2, 2], [1]), ValueError, "input_lengths are one number for each of 1"),
    (lambda: F.ctc_loss(ONES[0], [[1]], [2], [1]), ValueError, r"\(T, N, C\) or \(T, C\), not shape \(3,\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS)
def test_errors_say_what_is_wrong(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
