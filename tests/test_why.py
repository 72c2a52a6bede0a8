"""why: what explains a gradient that is None, zero, nan, infinite, tiny or huge."""

import gc
import time
import weakref

import numpy as np
import pytest

import autograd
import nn
from autograd import Function, Tensor, no_grad, watch_breaks, why
from autograd.primitive import REGISTRY
from autograd.reasons.replay import size_of
from autograd.watching import source_lines


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def alone():
    gc.collect()  # so that no other test's objective is alive


def leaf(values, name=None):
    return Tensor(np.asarray(values, np.float32), requires_grad=True, name=name)


def causes(*question):
    return [reason.cause for reason in why(*question).reasons]


def first(*question):
    return why(*question).reasons[0]


# --- none -------------------------------------------------------------------------------------------------------------


def test_data_has_no_gradient():
    explained = why(Tensor([1.0], name="x"))
    assert (explained.kind, explained.reasons[0].cause) == ("none", "not recorded")
    assert "the gradient of x (1,) is None" in str(explained)


def test_detached_names_the_line(alone):
    w, v = leaf([1.0, 2.0], "w"), leaf(3.0)
    with watch_breaks():
        h = (w * w).detach()  # cut
        loss = (h * 2 * v).sum()
    reason = first(w, loss)
    assert reason.cause == "detached"
    assert "test_why.py" in reason.line
    assert reason.line.endswith("# cut")
    assert causes(w) == ["detached"]  # the only living objective


def test_no_grad_names_the_line():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    with watch_breaks():
        with no_grad():
            h = w * w  # inside
        loss = ((h + 1) * v).sum()
    reason = first(w, loss)
    assert reason.cause == "no_grad"
    assert reason.line.endswith("# inside")


def test_operation_without_derivative():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    with watch_breaks():
        loss = ((w > 1.5) * v).sum()
    reason = first(w, loss)
    assert (reason.cause, reason.op) == ("not differentiable", "greater")


def test_detached_twice_names_the_first_line():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    with watch_breaks():
        h = w.detach()  # the first
        loss = (h.detach() * v).sum()
    assert first(w, loss).line.endswith("# the first")


def test_other_leaf_is_not_accused_of_the_detached_one():
    w, other, v = leaf([1.0, 2.0]), leaf([5.0, 6.0]), leaf(3.0)
    with watch_breaks():
        loss = ((w * 2).detach() * v).sum()
    assert causes(other, loss) == ["not used"]


def test_detached_computed_tensor_that_was_computed_from():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    with watch_breaks():
        h = w * 2
        loss = (h.detach() * v).sum()
    assert causes(h, loss) == ["detached"]


def test_memory_used_as_a_constant_is_found_without_watching():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    loss = (w.data * v).sum()
    reason = first(w, loss)
    assert (reason.cause, reason.op) == ("detached", "multiply")


def test_unused():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    explained = why(w, v * 2)
    assert [reason.cause for reason in explained.reasons] == ["not used"]
    assert "watch_breaks" in str(explained)


def test_objective_without_graph():
    w = leaf([1.0, 2.0])
    with watch_breaks():
        loss = (w * w).sum().detach()
    assert (why(w, loss).kind, causes(w, loss)) == ("none", ["detached"])


def test_computed_tensor_whose_gradient_is_not_kept():
    w = leaf([1.0, 2.0])
    h = w * 2
    assert causes(h, h.sum()) == ["not retained"]
    h.retain_grad()
    assert causes(h, h.sum()) == []


def test_function_that_returns_no_gradient():
    class Lazy(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return None

    w = leaf([1.0])
    explained = why(w, Lazy.apply(w).sum())
    assert (explained.kind, explained.reasons[0].cause, explained.reasons[0].op) == ("none", "no gradient sent", "Lazy")


def test_gradient_that_was_cleared():
    w = leaf(np.ones(300))
    loss = (w * w).sum()
    loss.backward()
    w.grad = None
    assert causes(w, loss) == ["cleared", "released"]


def test_nothing_alive(alone):
    w = leaf([1.0])
    assert causes(w) == ["no graph"]
    (w * 2).sum().backward()
    assert causes(w) == ["released"]


# --- zero -------------------------------------------------------------------------------------------------------------


def test_dead_relu():
    w = leaf([1.0, 2.0], "w")
    with source_lines():
        loss = autograd.relu(w - 5).sum()  # dead
    explained = why(w, loss)
    assert explained.kind == "zero"
    reason = explained.reasons[0]
    assert (reason.cause, reason.op) == ("dead relu", "relu")
    assert reason.line.endswith("# dead")
    assert "all 2 of its inputs are 0 or less" in str(explained)
    assert [step.op for step in explained.path] == ["sum", "relu", "subtract"]


def test_dead_relu_in_a_module_names_the_module():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    nn.init.constant_(model[0].bias, -100.0)
    reason = first(model[0].weight, model(np.ones((4, 2))).sum())
    assert reason.cause == "dead relu"
    assert reason.line == "module Sequential / 1: ReLU"
    assert "of 0.weight (3, 2)" in why(model[0].weight, model(np.ones((4, 2))).sum()).summary


def zero_cases():
    x = np.array([1.0, 2.0, 3.0], np.float32)
    return {
        "not chosen": lambda w: np.where(np.zeros(3, bool), w, 0),
        "clipped": lambda w: np.clip(w, 5, 6),
        "constant": lambda w: np.floor(w),
        "zero factor": lambda w: w * np.zeros(3, np.float32),
        "saturated": lambda w: autograd.sigmoid(w * 1000),
        "sums to one": lambda w: autograd.softmax(w),
        "cancellation": lambda w: w - w,
        "zero derivative": lambda w: nn.functional.threshold(w, 10, 0),
    }, x


@pytest.mark.parametrize("cause", zero_cases()[0])
def test_zero(cause):
    cases, x = zero_cases()
    w = leaf(x)
    explained = why(w, cases[cause](w).sum())
    assert explained.kind == "zero"
    if cause == "zero derivative":
        assert explained.reasons[0].cause in ("zero derivative", "not chosen")
    else:
        assert explained.reasons[0].cause == cause, explained


def test_extremes_that_others_win():
    w = leaf([1.0, 2.0])
    assert causes(w, np.maximum(w, 9).sum()) == ["not chosen"]
    assert causes(w, np.minimum(w, -9).sum()) == ["not chosen"]


def test_masked_by_a_product():
    w, mask = leaf([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.0, 1.0, 1.0], np.float32)
    loss = (w * mask)[:2].sum()
    assert causes(w, loss) == ["zero factor"]


def test_saturated_softmax_and_cross_entropy():
    scores = leaf([[1000.0, 0.0, -5.0], [0.0, 800.0, 1.0]])
    assert causes(scores, autograd.softmax(scores)[:, 0].sum()) == ["saturated"]
    loss = nn.functional.cross_entropy(scores, np.array([0, 1]))
    assert causes(scores, loss) == ["saturated"]
    assert "each right class has all the probability already, with a score at least 799" in str(why(scores, loss))


def test_underflow_is_told_from_a_zero_derivative():
    x = leaf(1.0)
    y = x
    for _ in range(90):
        y = autograd.sigmoid(y)
    explained = why(x, y)
    assert explained.kind == "zero"
    assert [reason.cause for reason in explained.reasons] == ["underflow", "product"]


# --- not finite -------------------------------------------------------------------------------------------------------


def test_masked_division():
    x = leaf([2.0, 0.0, 4.0], "x")
    with source_lines():
        ratio = 1 / x  # divided
        loss = np.where(x.data > 0, ratio, 0).sum()  # masked
    explained = why(x, loss)
    assert explained.kind == "nan"
    reason = explained.reasons[0]
    assert (reason.cause, reason.op) == ("masked division", "divide")
    assert reason.line.endswith("# divided")
    assert "1 of 3 elements" in reason.text
    assert "where x2 is 0" in reason.text
    assert reason.text.endswith("# masked")
    assert "nan at 1 of 3 elements" in explained.summary


def test_masked_root():
    x = leaf([-1.0, 4.0])
    assert first(x, np.where(x.data > 0, np.sqrt(x), 0).sum()).cause == "masked sqrt"


def test_infinite_derivative():
    x = leaf([0.0, 4.0])
    explained = why(x, np.sqrt(x).sum())
    assert (explained.kind, explained.reasons[0].cause) == ("inf", "infinite derivative")
    assert "at 1 of 2 elements, where its result is 0" in explained.reasons[0].text


def test_infinite_derivative_of_an_operation_on_whole_arrays():
    @autograd.op(x=lambda g, x: g * x / np.sqrt(np.sum(x * x)))
    def length(x):
        return np.sqrt(np.sum(x * x))

    x = leaf([0.0, 0.0])
    reason = first(x, length(x))
    assert reason.cause == "infinite derivative"
    assert "the derivative of length is nan here: x is 0 at 2 of 2 elements" in reason.text


def test_forward_pass_made_it():
    x = leaf([-1.0, 4.0], "x")
    with source_lines():
        root = np.sqrt(x)  # made
        loss = np.exp(root).sum()
    explained = why(x, loss)
    reason = explained.reasons[0]
    assert (explained.kind, reason.cause, reason.op) == ("nan", "forward", "sqrt")
    assert reason.line.endswith("# made")
    assert "from x from -1 to 4" in reason.text


def test_data_are_not_finite():
    w, data = leaf([1.0, 2.0]), np.array([np.nan, 1.0], np.float32)
    explained = why(w, (w * Tensor(data, name="data")).sum())
    assert (explained.kind, explained.reasons[0].cause) == ("nan", "bad input")
    assert "1 of 2 elements of data, shape (2,)" in explained.reasons[0].text


def test_overflow():
    x = leaf([1.0])
    y = x
    for _ in range(5):
        y = y * 1e10
    explained = why(x, (y * 0.5).sum())
    assert (explained.kind, explained.reasons[0].cause) == ("inf", "overflow")
    assert "the gradient overflows in multiply: up to 5e+29 arrives" in explained.reasons[0].text


# --- tiny and huge ----------------------------------------------------------------------------------------------------


def test_product_of_small_factors():
    x = leaf(0.3, "x")
    with source_lines():
        y = x
        for _ in range(40):
            y = autograd.sigmoid(y)  # repeated
    explained = why(x, y)
    assert explained.kind == "tiny"
    reason = explained.reasons[0]
    assert (reason.cause, reason.op) == ("product", "sigmoid")
    assert "a product of 40 factors" in reason.text
    assert "40 of them are below 0.25" in reason.text
    assert "40 times sigmoid" in reason.text
    assert reason.line.endswith("# repeated")
    assert len(explained.path) == 40
    assert all(step.factor < 0.25 for step in explained.path)
    assert "28 more" in str(explained)


def test_deep_network_of_sigmoids_vanishes():
    autograd.manual_seed(0)
    model = nn.Sequential(*[part for _ in range(20) for part in (nn.Linear(8, 8), nn.Sigmoid())])
    loss = model(np.ones((4, 8))).mean()
    explained = why(model[0].weight, loss)
    assert (explained.kind, explained.reasons[0].cause, explained.reasons[0].op) == ("tiny", "product", "sigmoid")
    assert "module Sequential / 39: Sigmoid" in explained.reasons[0].line
    assert "and 17 more places" in str(explained)


def test_exploding():
    x = leaf([1.0])
    y = x
    for _ in range(6):
        y = y * 10.0
    explained = why(x, y.sum())
    assert (explained.kind, explained.reasons[0].cause, explained.reasons[0].op) == ("huge", "product", "multiply")
    assert "6 of them are above 4" in explained.reasons[0].text


def test_one_large_factor():
    x = leaf([1.0])
    assert causes(x, (x * 1e6).sum()) == ["large factor"]
    assert causes(x, (x * 1e-9).sum()) == ["small factor"]


def test_bias_before_a_normalisation():
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    loss = nn.functional.softplus(model(np.random.default_rng(0).normal(size=(32, 4)))).sum()
    explained = why(model[0].bias, loss)
    assert (explained.kind, explained.reasons[0].cause, explained.reasons[0].op) == ("tiny", "small factor", "linear")
    assert "a normalisation after it takes out all shifts" in explained.reasons[0].text
    assert "times linear" not in explained.reasons[0].text  # not mixed with the harmless last layer


def test_the_strongest_of_several_paths_is_shown():
    x = leaf([1.0, 2.0])
    loss = (np.tanh(x) * 1e-3).sum() + (np.exp(x) * 10.0).sum()
    assert [step.op for step in why(x, loss).path] == ["add", "sum", "multiply", "exp"]


def test_ordinary():
    x = leaf([1.0, 0.0, 2.0])
    explained = why(x, (x * x).sum())
    assert (explained.kind, explained.reasons) == ("ordinary", ())
    assert "33% of its elements are zero" in explained.summary
    assert "sum (x 1.73) <- multiply" in str(explained)


# --- the replay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_replayed_gradient_is_the_engines(seed):
    rng = np.random.default_rng(seed)
    pool = [leaf(rng.normal(size=(2, 3))) for _ in range(3)]
    leaves = list(pool)
    for _ in range(12):
        a, b = (pool[i] for i in rng.integers(len(pool), size=2))
        pool.append([a + b, a * b, np.tanh(a) - b, np.maximum(a, b), a * b.sum(), np.exp(-a * a)][rng.integers(6)])
    loss = sum((h.sum() for h in pool[3:]), start=leaves[0].sum())
    explained = [why(x, loss) for x in leaves]
    loss.backward()
    assert any(x.grad is not None for x in leaves)
    for x, one in zip(leaves, explained, strict=True):
        if x.grad is None:
            assert one.kind == "none"
            continue
        size = size_of(x.grad.data)
        assert f"its norm is {size.norm:.3g}" in one.summary or one.kind == "zero"


def tensors(values):
    """Return drawn inputs with Tensors in place of floating arrays."""
    if isinstance(values, list):
        return [tensors(value) for value in values]
    return Tensor(values, requires_grad=True) if values.dtype.kind == "f" else values


def leaves(things):
    return [
        x for thing in things for x in (thing if isinstance(thing, list | tuple) else [thing]) if hasattr(x, "grad")
    ]


@pytest.mark.parametrize("scale", [1, 0])
def test_the_replayed_gradient_of_every_operation_is_the_engines(scale):
    rng, asked = np.random.default_rng(0), 0
    for name, made in REGISTRY.items():
        for sample in made.samples[:2]:
            drawn = [x if isinstance(x, list) or x.dtype.kind != "f" else x * scale for x in sample.draw(rng)]
            given = [tensors(x) for x in drawn]
            try:
                out = made.function(*given, **sample.options)
            except (np.linalg.LinAlgError, ValueError, TypeError):
                continue  # cannot be done with zeros, or takes an option first
            outputs = [x for x in leaves(out if isinstance(out, tuple) else [out]) if x.requires_grad]
            if not outputs:
                continue
            loss = sum((np.real(x) if x.dtype.kind == "c" else x).sum() * 1.5 for x in outputs)
            try:
                answers = [(x, why(x, loss)) for x in leaves(given)]
            except np.linalg.LinAlgError:
                with pytest.raises(np.linalg.LinAlgError):
                    loss.backward()
                continue
            loss.backward()
            for x, explained in answers:
                asked += 1
                size = None if x.grad is None else size_of(x.grad.data)
                kinds = {"none"} if size is None else {"nan", "inf"} if size.bad else {"zero"} if size.vanished else ()
                assert explained.kind in kinds or f"its norm is {size.norm:.3g}" in explained.summary, (name, explained)
                assert explained.reasons or explained.kind == "ordinary", (name, explained)
    assert asked > 300


def test_rules_that_raise_are_named():
    a = leaf(np.zeros((2, 2)))
    q, _ = np.linalg.qr(a)
    with pytest.raises(np.linalg.LinAlgError) as caught:
        why(a, q.sum())
    assert caught.value.__notes__ == ["in the derivative of '_tall_qr'"]


def test_asking_changes_nothing():
    called = []
    w = leaf([1.0, 2.0])
    w.register_hook(lambda g: called.append(g))
    h = w * w
    loss = (h * h).sum()
    assert causes(w, loss) == ["hooks"]
    assert w.grad is None
    assert not called
    loss.backward()
    assert w.grad.tolist() == [4.0, 32.0]
    assert len(called) == 1


def test_nothing_is_kept_alive():
    w = leaf([1.0, 2.0])
    loss = (w * w).sum()
    explained = why(w, loss)
    gone = weakref.ref(loss)
    del loss
    assert gone() is None
    assert explained.kind == "ordinary"


def test_small_graphs_are_remembered_after_backward():
    w = leaf([1.0, 2.0])
    loss = autograd.relu(w - 5).sum()
    loss.backward()
    explained = why(w, loss)
    assert (explained.kind, [step.op for step in explained.path]) == ("zero", ["sum", "relu", "subtract"])
    assert explained.reasons[0].op == "relu"


def test_large_graphs_are_not():
    w = leaf(np.ones(100))
    loss = (w * 0.0).sum()
    loss.backward()
    explained = why(w, loss)
    assert (explained.kind, [reason.cause for reason in explained.reasons]) == ("zero", ["released"])


def test_retained_graph_can_be_asked_about():
    w = leaf(-np.ones(100))
    loss = autograd.relu(w).sum()
    loss.backward(retain_graph=True)
    assert causes(w, loss) == ["dead relu"]


def test_several_objectives_have_to_be_named(alone):
    w = leaf([1.0])
    one, two = (w * 2).sum(), (w * 3).sum()
    with pytest.raises(ValueError, match=r"2 results are alive .* why\(tensor, loss\)"):
        why(w)
    assert why(w, one).kind == why(w, two).kind == "ordinary"


def test_only_tensors():
    with pytest.raises(TypeError, match="why\\(\\) explains the gradients of Tensors, not of list"):
        why([1.0])
    with pytest.raises(TypeError, match="float"):
        why(leaf([1.0]), 2.0)


def test_outputs_of_operations_with_several():
    a = leaf([[2.0, 1.0], [1.0, 3.0]])
    values, vectors = np.linalg.eigh(a)
    assert why(a, values.sum() + vectors[0, 0]).kind == "ordinary"


def test_a_long_chain():
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    start = time.perf_counter()
    explained = why(x, y)
    assert time.perf_counter() - start < 5
    assert len(explained.path) == 20_000


def test_sizes_neither_overflow_nor_vanish():
    assert size_of(np.array([3e200, 4e200])).norm == pytest.approx(5e200)
    assert size_of(np.array([3e-200, 4e-200])).norm == pytest.approx(5e-200)
    assert size_of({0: np.zeros(2), 1: np.array([np.nan])}).bad == 1


# --- breaks -----------------------------------------------------------------------------------------------------------


def test_breaks_keep_no_graph_alive_and_leave_nothing_behind():
    detach, wrap = Tensor.detach, autograd.add.op.spaces[0]["_wrap"]
    with watch_breaks():
        w = leaf(np.ones(1000))
        h = w * 2
        gone = weakref.ref(h)
        cut = h.detach()
        del h
        assert gone() is None
        with watch_breaks():
            pass
        assert Tensor.detach is not detach
    assert Tensor.detach is detach
    assert autograd.add.op.spaces[0]["_wrap"] is wrap
    assert not cut.requires_grad
    assert cut.requires_grad_().sum().backward() is None  # it is an ordinary leaf


def test_gradients_of_leaves_with_noted_breaks():
    w, v = leaf([1.0, 2.0]), leaf(3.0)
    with watch_breaks():
        h = (w * 2).detach()
        h.requires_grad_()
        (h * v).sum().backward()
    assert h.grad.tolist() == [3.0, 3.0]
    assert v.grad.item() == 6.0
