"""What helps to choose and to adapt: sanity checks, searches, ensembles, fine-tuning, imbalance, metrics."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from autograd import Tensor
from nn.train import (
    Choice,
    Ensemble,
    LogUniform,
    Trainer,
    Uniform,
    accuracy,
    binary_accuracy,
    chance_accuracy,
    check_initial_loss,
    check_overfits,
    check_regularization,
    check_sanity,
    class_weights,
    coarse_to_fine,
    confusion_matrix,
    cross_validate,
    freeze,
    layerwise_rates,
    mean_absolute_error,
    optuna_search,
    parameter_groups,
    random_search,
    top_k_accuracy,
    two_phase_fit,
    unfreeze,
)

LOSS = nn.CrossEntropyLoss()


def digits(count=200):
    (x, y), _ = nn.data.load_digits()
    return x[:count], y[:count]


def network(**options):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10, **options))


# --- sanity -----------------------------------------------------------------------------------------------------------


def test_initial_loss_is_the_logarithm_of_the_number_of_classes():
    x, y = digits()
    model = network()
    found = check_initial_loss(model, LOSS, x, y, 10)
    assert found
    assert found.measured == pytest.approx(math.log(10), rel=0.1)
    nn.init.normal_(model[4].weight, std=3.0)
    found = check_initial_loss(model, LOSS, x, y, 10)
    assert not found
    assert "initial loss" in str(found)
    assert "expected log(10) = 2.303: WRONG: the scores differ before anything was learned" in str(found)


def test_loss_rises_with_regularization():
    x, y = digits()
    assert check_regularization(network(), LOSS, nn.regularization.L2(1e-2), x, y)
    assert not check_regularization(network(), LOSS, nn.regularization.L2(0.0), x, y)


def test_a_network_overfits_twenty_examples_and_stays_as_it_is():
    x, y = digits()
    model = network()
    before = {name: value.copy() for name, value in model.state_dict().items()}
    found = check_overfits(model, LOSS, x, y)
    assert found
    assert found.measured <= 0.05
    assert "20 examples" in found.name
    for name, value in model.state_dict().items():
        assert_array_equal(value.data, before[name].data)


def test_dropout_does_not_keep_a_network_from_overfitting():
    x, y = digits()
    model = network()
    model[3].p = 0.95
    assert check_overfits(model, LOSS, x, y)
    assert model[3].training


def test_a_network_that_cannot_learn_is_found():
    x, y = digits()
    model = network()
    freeze(model, "1", "4.weight")
    assert not check_overfits(model, LOSS, x, y, steps=40)
    report = check_sanity(model, LOSS, x, y, 10, nn.regularization.L2(1e-2))
    assert [bool(finding) for finding in report.findings] == [True, True, False]
    assert not report
    assert len(str(report).splitlines()) == 3


def test_chance_is_the_most_frequent_class():
    assert chance_accuracy([2, 2, 1, 0, 2]) == 0.6


# --- search -----------------------------------------------------------------------------------------------------------

SPACE = {"lr": LogUniform(1e-5, 1e0), "dropout": Uniform(0.0, 0.8), "width": Choice((16, 32, 64))}


def bowl(values):
    """Least at lr = 1e-2, dropout = 0.2, width = 32."""
    return (math.log10(values["lr"]) + 2) ** 2 + (values["dropout"] - 0.2) ** 2 + (values["width"] != 32)


def test_random_search_covers_the_ranges_and_their_logarithms():
    result = random_search(bowl, SPACE, 400, generator=np.random.default_rng(0))
    rates = np.log10([trial.values["lr"] for trial in result.trials])
    counts, _ = np.histogram(rates, 5, (-5, 0))
    assert counts.sum() == 400
    assert counts.min() > 50
    assert {trial.values["width"] for trial in result.trials} == {16, 32, 64}
    assert all(0 <= trial.values["dropout"] <= 0.8 for trial in result.trials)
    assert result.best.score == min(trial.score for trial in result.trials)
    assert result.rows()[0] == result.trials[0].values | {"score": result.trials[0].score}
    again = random_search(bowl, SPACE, 400, generator=np.random.default_rng(0))
    assert again.trials == result.trials


def test_searches_for_large_scores_and_past_failures():
    def objective(values):
        if values["lr"] > 1e-2:
            raise FloatingPointError("the loss is nan")
        return math.nan if values["width"] == 16 else -bowl(values)

    result = random_search(objective, SPACE, 60, mode="max", generator=np.random.default_rng(0))
    assert result.best.score == max(trial.score for trial in result.ranked)
    assert 0 < len(result.ranked) < 60
    assert all(trial.values["width"] != 16 for trial in result.ranked)
    with pytest.raises(ValueError, match="none of the 3 runs gave a score"):
        _ = random_search(lambda values: math.nan, SPACE, 3).best
    with pytest.raises(ZeroDivisionError):
        random_search(lambda values: 1 / 0, SPACE, 3)


def test_coarse_to_fine_gets_closer_than_as_many_random_runs():
    def scores(search, count):
        return np.median([search(np.random.default_rng(seed)).best.score for seed in range(count)])

    fine = scores(lambda rng: coarse_to_fine(bowl, SPACE, (30, 30, 30), generator=rng), 15)
    coarse = scores(lambda rng: random_search(bowl, SPACE, 90, generator=rng), 15)
    assert fine < coarse / 3
    result = coarse_to_fine(bowl, SPACE, (10, 5), generator=np.random.default_rng(0))
    assert len(result.trials) == 15
    best = min(result.trials[:10], key=lambda trial: trial.score).values
    assert all(result.space["lr"].low <= trial.values["lr"] <= result.space["lr"].high for trial in result.trials[10:])
    assert result.space["lr"].low <= best["lr"] <= result.space["lr"].high


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Uniform(1.0, 1.0), "from a low to a higher"),
        (lambda: LogUniform(0.0, 1.0), "needs 0 < low < high"),
        (lambda: Choice(()), "something to choose from"),
        (lambda: random_search(bowl, SPACE, 0), "trials must be at least 1"),
        (lambda: random_search(bowl, SPACE, mode="least"), "mode must be"),
    ],
)
def test_bad_searches_are_named(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_searches_are_plotted():
    pytest.importorskip("matplotlib")
    figure = random_search(bowl, SPACE, 10).plot()
    assert [(axes.get_xlabel(), axes.get_xscale()) for axes in figure.axes] == [
        ("lr", "log"), ("dropout", "linear"), ("width", "linear")
    ]  # fmt: skip
    widths = [text.get_text() for text in figure.axes[2].get_xticklabels()]
    assert widths == [str(option) for option in SPACE["width"].options]
    coarse_to_fine(bowl, SPACE, (9, 9)).plot()  # the first runs had widths that the last stage has not


def test_searches_are_printed_with_the_best_first():
    def objective(values):
        if values["lr"] > 0.1:
            raise FloatingPointError("diverged")
        return values["lr"]

    result = random_search(objective, {"lr": LogUniform(1e-3, 1.0)}, 12, generator=np.random.default_rng(0))
    head, *rows, last = str(result).splitlines()
    assert head.split() == ["score", "lr"]
    assert [float(row.split()[0]) for row in rows] == pytest.approx([t.score for t in result.ranked], rel=1e-3)
    assert last == f"{12 - len(rows)} of 12 runs failed"


def test_ranges_of_other_kinds_are_named():
    for search in (random_search, coarse_to_fine, optuna_search):
        with pytest.raises(TypeError, match=r"the values of 'lr' come from LogUniform.*, not from \(0\.1, 1\)"):
            search(bowl, {"lr": (0.1, 1)})


def test_optuna_takes_the_same_objective():
    pytest.importorskip("optuna")
    result = optuna_search(bowl, SPACE, 40, seed=0)
    assert len(result.trials) == 40
    assert result.best.score < 1
    assert optuna_search(lambda values: -bowl(values), SPACE, 40, mode="max", seed=0).best.score > -1


def test_every_example_is_validated_on_once():
    x, y = np.arange(23), np.arange(23) * 2
    seen = []

    def objective(train, validation):
        assert_array_equal(train[0] * 2, train[1])
        assert not set(train[0]) & set(validation[0])
        assert len(train[0]) + len(validation[0]) == 23
        seen.extend(validation[0])
        return len(validation[0])

    result = cross_validate(objective, x, y, folds=4, generator=np.random.default_rng(0))
    assert sorted(seen) == list(range(23))
    assert seen != list(range(23))
    assert sorted(result.scores) == [5, 6, 6, 6]
    assert result.mean == 5.75
    assert result.std == pytest.approx(0.5)
    for folds, targets in ((1, y), (24, y), (3, y[1:])):
        with pytest.raises(ValueError, match="folds"):
            cross_validate(objective, x, targets, folds)


def test_folds_of_a_data_set_are_those_of_k_fold():
    dataset, seen = nn.data.TensorDataset(np.arange(10), np.arange(10)), []

    def objective(train, validation):
        seen.append((train.indices.tolist(), validation.indices.tolist()))
        return len(validation)

    assert cross_validate(objective, dataset, folds=5, generator=np.random.default_rng(0)).scores == (2.0,) * 5
    folds = nn.data.k_fold(dataset, 5, generator=np.random.default_rng(0))
    assert seen == [(train.indices.tolist(), validation.indices.tolist()) for train, validation in folds]
    for x, y in ((dataset, np.arange(10)), (np.arange(10), None)):
        with pytest.raises(TypeError, match="arrays x and y, or a Dataset alone"):
            cross_validate(objective, x, y)


# --- ensembles --------------------------------------------------------------------------------------------------------


class Fixed(nn.Module):
    def __init__(self, scores):
        self.scores = Tensor(np.array(scores, np.float32))

    def forward(self, x):
        return self.scores


def test_ensembles_average_probabilities_or_count_votes():
    models = [Fixed([[0, 9], [1, 0]]), Fixed([[1, 0], [1, 0]]), Fixed([[1, 0], [0, 1]])]
    x = np.ones((2, 1))
    votes = Ensemble(models, "vote")(x)
    assert_allclose(votes.data, [[2 / 3, 1 / 3], [2 / 3, 1 / 3]], rtol=1e-6)
    mean = Ensemble(models)(x)
    expected = np.mean([nn.functional.softmax(model(x), dim=1).data for model in models], axis=0)
    assert_allclose(mean.data, expected, rtol=1e-6)
    assert mean.data[0].argmax() != votes.data[0].argmax()
    for bad in ([], [Fixed([1.0])], [Fixed([[1.0]]), Fixed([[1.0, 2.0]])]):
        with pytest.raises(ValueError, match="ensemble"):
            Ensemble(bad)(x)
    with pytest.raises(ValueError, match="how must be"):
        Ensemble(models, "median")


# --- fine-tuning ------------------------------------------------------------------------------------------------------


def test_frozen_layers_are_not_trained():
    model = network()
    assert freeze(model, "1") == ["1.weight", "1.bias"]
    before = [p.data.copy() for p in model.parameters()]
    optimizer = nn.optim.AdamW(model.parameters(), lr=0.1)
    Trainer(model, LOSS, optimizer).fit(digits(32))
    same = [bool((p.data == old).all()) for p, old in zip(model.parameters(), before)]
    assert same == [True, True, False, False]
    assert unfreeze(model, "*.weight") == ["1.weight", "4.weight"]
    assert [p.requires_grad for p in model.parameters()] == [True, False, True, True]
    with pytest.raises(ValueError, match=r"'9' fits no parameter; there are 1\.weight"):
        freeze(model, "9")


def test_layers_have_rates_of_their_own():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 2, bias=False)))
    groups = layerwise_rates(model, 0.4, decay=0.5)
    assert [(group["lr"], len(group["params"])) for group in groups] == [(0.1, 2), (0.2, 2), (0.4, 1)]
    optimizer = nn.optim.SGD(parameter_groups(model, {"2": {"lr": 1.0}, "*.bias": {"weight_decay": 0.1}}), lr=0.5)
    found = [(group["lr"], group["weight_decay"], len(group["params"])) for group in optimizer.param_groups]
    assert found == [(1.0, 0, 1), (0.5, 0.1, 2), (0.5, 0, 2)]


# --- imbalance --------------------------------------------------------------------------------------------------------


def test_class_weights_make_classes_count_the_same():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    weights = class_weights(y)
    assert_allclose(weights.data * np.bincount(y), 100 / 3, rtol=1e-6)
    assert weights.dtype == np.float32
    scores = np.zeros((100, 3), np.float32)
    assert nn.CrossEntropyLoss(weight=weights)(scores, y).item() == pytest.approx(math.log(3), rel=1e-6)
    some = class_weights(y, 4, beta=0.99)
    effective = (1 - 0.99 ** np.array([60, 30, 10])) / 0.01
    assert_allclose(some.data[:3] * effective, some.data[0] * effective[0], rtol=1e-6)
    assert some.data[3] == 0
    assert some.data[:3].mean() == pytest.approx(1, rel=1e-6)
    assert_allclose(class_weights(y, beta=0.0).data, 1)
    for bad in ([], [-1], [0.5], [0, 5]):
        with pytest.raises(ValueError, match="targets must be integers"):
            class_weights(bad, 3)


def test_the_second_phase_trains_only_the_last_layer():
    model = network()
    trainer = Trainer(model, LOSS, nn.optim.Adam(model.parameters()))
    kept = []

    class Keep(nn.train.Callback):
        def end_epoch(self, trainer):
            kept.append([p.data.copy() for p in trainer.model.parameters()])

    trainer = Trainer(model, LOSS, trainer.optimizer, callbacks=[Keep()])
    assert len(two_phase_fit(trainer, digits(32), digits(64), "4", epochs=(1, 2))) == 3
    assert [bool((a == b).all()) for a, b in zip(kept[0], kept[2])] == [True, True, False, False]
    assert all(p.requires_grad for p in model.parameters())


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_at_every_place_and_of_tensors():
    scores = np.zeros((2, 3, 4))
    scores[0, 1] = scores[1, 2] = 1.0
    target = np.array([[1, 1, 0, 1], [2, 2, 2, 0]])
    assert accuracy(scores, target) == accuracy(Tensor(scores), Tensor(target)) == 6 / 8
    flat = np.random.default_rng(0).normal(size=(50, 10))
    classes = np.arange(50) % 10
    expected = np.mean([c in row.argsort()[-3:] for row, c in zip(flat, classes)])
    assert top_k_accuracy(flat, classes, 3) == pytest.approx(expected)
    assert binary_accuracy(np.array([[1.0], [-2.0], [3.0]]), np.array([[1.0], [0.0], [0.0]])) == pytest.approx(2 / 3)
    for call in (lambda: accuracy(flat, classes[1:]), lambda: binary_accuracy(flat, classes),
                 lambda: top_k_accuracy(flat, classes, 11), lambda: mean_absolute_error(flat, classes)):  # fmt: skip
        with pytest.raises(ValueError, match=r"classes|shape"):
            call()


def test_confusions_are_counted_by_class_and_guess():
    found = confusion_matrix([0, 1, 1, 2, 2, 2], [0, 0, 1, 2, 2, 1], 3)
    assert_array_equal(found, [[1, 1, 0], [0, 1, 1], [0, 0, 2]])
    with pytest.raises(ValueError, match="between 0 and 2"):
        confusion_matrix([3], [0], 3)


def test_learning_rate_range_test_takes_a_trainers_parts():
    model = network()
    optimizer = nn.optim.SGD(model.parameters())
    loader = nn.data.DataLoader(nn.data.TensorDataset(*digits()), 32, shuffle=True)
    found = nn.optim.lr_scheduler.lr_range_test(model, optimizer, LOSS, loader, 1e-3, 1e3, 60)
    assert 0.01 < found.suggestion < 10
    pytest.importorskip("matplotlib")
    (axes,) = nn.train.plot_range_test(found).axes
    assert axes.lines[0].get_xdata().tolist() == found.lrs
    assert axes.lines[0].get_ydata().tolist() == found.losses
    assert axes.lines[1].get_xdata()[0] == found.suggestion
    assert (axes.get_xscale(), axes.get_ylim()[1] < 2 * found.losses[0]) == ("log", True)
    assert autograd.is_grad_enabled()
