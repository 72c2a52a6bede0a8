"""Hooks of modules, of their state and of optimizers: what they are given, and what they change, is as in PyTorch."""

import copy
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd as ag
import nn
from autograd import Tensor

RNG = np.random.default_rng(0)
X, W, G = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3)), RNG.normal(size=(4, 2))


class Ours:
    """The names of a library under which a test says what it does."""

    Module, Parameter, Linear, Sequential, optim = nn.Module, nn.Parameter, nn.Linear, nn.Sequential, nn.optim
    module_lib = nn

    @staticmethod
    def tensor(values, requires_grad=False):
        return Tensor(np.asarray(values), requires_grad=requires_grad)


def libraries():
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")

    class Theirs:
        Module, Parameter, Linear = torch.nn.Module, torch.nn.Parameter, torch.nn.Linear
        Sequential, optim, module_lib = torch.nn.Sequential, torch.optim, torch.nn

        @staticmethod
        def tensor(values, requires_grad=False):
            return torch.tensor(np.asarray(values), requires_grad=requires_grad)

    return Ours, Theirs


def plain(thing):
    """Return tensors, in tuples of any depth, as lists."""
    if isinstance(thing, tuple | list):
        return tuple(map(plain, thing))
    return thing if thing is None or isinstance(thing, int | str) else np.asarray(thing.detach()).round(10).tolist()


def linear(lib):
    layer = lib.Linear(3, 2, bias=False)
    layer.weight = lib.Parameter(lib.tensor(W))
    return layer


# --- forward ----------------------------------------------------------------------------------------------------------


def test_hooks_run_in_order_around_forward():
    calls = []
    layer = nn.Identity()
    layer.register_forward_hook(lambda m, a, out: calls.append(("after", out.item())))
    layer.register_forward_hook(lambda m, a, out: calls.append("first after"), prepend=True)
    layer.register_forward_pre_hook(lambda m, a: calls.append(("before", a[0].item())))
    layer.register_forward_pre_hook(lambda m, a: a[0] + 1, prepend=True)
    assert layer(Tensor(1.0)).item() == 2.0
    assert calls == [("before", 2.0), "first after", ("after", 2.0)]


class Scaled(nn.Module):
    def forward(self, x, *, factor=1.0):
        if factor == "text":
            raise TypeError(factor)
        return x * factor


def test_hooks_with_kwargs_see_and_replace_them():
    layer, seen = Scaled(), []
    layer.register_forward_pre_hook(lambda m, a, k: (a, {"factor": k["factor"] + 1}), with_kwargs=True)
    layer.register_forward_hook(lambda m, a, k, out: seen.append((a[0].item(), k, out.item())), with_kwargs=True)
    assert layer(Tensor(2.0), factor=3.0).item() == 8.0
    assert seen == [(2.0, {"factor": 4.0}, 8.0)]
    layer.register_forward_pre_hook(lambda m, a, k: a, with_kwargs=True)
    with pytest.raises(RuntimeError, match="pair"):
        layer(Tensor(2.0), factor=3.0)


def test_hooks_that_are_always_called_see_errors():
    layer, seen = Scaled(), []
    layer.register_forward_hook(lambda m, a, out: seen.append("only after success"))
    layer.register_forward_hook(lambda m, a, out: seen.append(out), always_call=True)
    with pytest.raises(TypeError):
        layer(Tensor(1.0), factor="text")
    assert seen == [None]
    layer.register_forward_hook(lambda m, a, out: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match="division"), pytest.raises(TypeError):
        layer(Tensor(1.0), factor="text")


def test_a_hook_that_raises_is_not_called_again():
    calls = []

    def broken(module, args, output):
        calls.append(output)
        raise KeyError("hook")

    layer = nn.Identity()
    layer.register_forward_hook(broken, always_call=True)
    with pytest.raises(KeyError):
        layer(Tensor(1.0))
    assert len(calls) == 1


def test_handles_remove_hooks():
    layer = nn.Identity()
    handles = [
        layer.register_forward_pre_hook(lambda m, a: a[0] + 1),
        layer.register_forward_hook(lambda m, a, out: out + 1),
        layer.register_full_backward_hook(lambda m, i, o: (o[0] * 5,)),
        layer.register_full_backward_pre_hook(lambda m, o: (o[0] * 5,)),
    ]
    for handle in handles:
        handle.remove()
        handle.remove()
    x = Tensor(1.0, requires_grad=True)
    layer(x).backward()
    assert x.grad.item() == 1.0
    with layer.register_forward_hook(lambda m, a, out: out + 1):
        assert layer(x).item() == 2.0
    assert layer(x).item() == 1.0


# --- backward ---------------------------------------------------------------------------------------------------------


class Pair(nn.Module):
    """Two inputs and something that is no Tensor; two outputs and something that is none."""

    def forward(self, x, y, number):
        return x * y, x + number, number


def torch_pair():
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    return type("Pair", (torch.nn.Module,), {"forward": Pair.forward})()


def backward_record(lib, layer, inputs, loss, edit=None):
    """Return what backward hooks are given, and the gradients of the inputs that require one."""
    seen = []

    def before(module, grad_output):
        seen.append(("before", plain(grad_output)))
        return edit and tuple(None if g is None else g * 2 for g in grad_output)

    def after(module, grad_input, grad_output):
        seen.append(("after", plain(grad_input), plain(grad_output)))
        return edit and tuple(None if g is None else g + 3 for g in grad_input)

    layer.register_full_backward_pre_hook(before)
    layer.register_full_backward_hook(after)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns where no input requires a gradient
        loss(layer(*inputs)).backward()
    leaves = [x for x in (*inputs, *layer.parameters()) if hasattr(x, "requires_grad") and x.requires_grad]
    return seen, [None if x.grad is None else plain(x.grad) for x in leaves]


def run_pair(lib, needs, loss, edit):
    layer = Pair() if lib is Ours else torch_pair()
    inputs = [lib.tensor(X[:2], needs[0]), lib.tensor(X[2:], needs[1]), 3]
    return backward_record(lib, layer, inputs, loss, edit)


LOSSES = {
    "both": lambda out: (out[0] * 2).sum() + (out[1] * out[0]).sum(),
    "first": lambda out: (out[0] * out[0]).sum(),
    "second": lambda out: out[1].sum(),
}


@pytest.mark.parametrize("edit", [None, True])
@pytest.mark.parametrize("needs", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("loss", LOSSES)
def test_backward_hooks_of_several_inputs_and_outputs(needs, loss, edit):
    if loss == "second" and not needs[0]:
        pytest.skip("the second output depends on the first input only")
    loss = LOSSES[loss]
    ours, theirs = (run_pair(lib, needs, loss, edit) for lib in libraries())
    assert ours == theirs


@pytest.mark.parametrize("needs", [True, False])
def test_backward_hooks_of_a_layer(needs):
    def run(lib):
        return backward_record(
            lib, linear(lib), [lib.tensor(X, needs)], lambda out: (out * lib.tensor(G)).sum(), needs or None
        )

    ours, theirs = (run(lib) for lib in libraries())
    assert ours == theirs
    assert len(ours[0]) == 2


def test_gradients_of_gradients_go_through_backward_hooks():
    """The hooks double the gradient of the output and add to that of the input: f' becomes 2f' + 1."""
    layer = nn.Identity()
    layer.register_full_backward_pre_hook(lambda m, o: (o[0] * 2,))
    layer.register_full_backward_hook(lambda m, i, o: (i[0] + 1,))
    x = Tensor(3.0, requires_grad=True)
    (layer(x) ** 3).backward(create_graph=True)
    first = x.grad
    assert first.item() == 2 * 27 + 1
    x.grad = None
    first.backward()
    assert x.grad.item() != 0


@pytest.mark.parametrize("forward", [lambda self, x: x**3, lambda self, x: x * x])
@pytest.mark.parametrize("loss", [lambda y: y**2, lambda y: 3 * y])
def test_second_derivative_through_hooks_is_pytorchs(forward, loss):
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")

    def run(lib, grad):
        layer, seen = type("Layer", (lib.Module,), {"forward": forward})(), []
        layer.register_full_backward_pre_hook(lambda m, o: (o[0] * 2,))
        layer.register_full_backward_hook(lambda m, i, o: seen.append(plain(i)))
        x = lib.tensor(X, True)
        first = grad(loss(layer(x)).sum(), x)
        second = grad((first * first).sum(), x)
        return plain(first), plain(second), len(seen)

    def ours(y, x):
        x.grad = None
        y.backward(create_graph=True)
        return x.grad

    _, theirs = libraries()
    assert run(Ours, ours) == run(theirs, lambda y, x: torch.autograd.grad(y, x, create_graph=True)[0])


def test_backward_hooks_leave_numbers_and_dtypes_alone():
    layer = nn.Linear(3, 2)
    x = Tensor(X.astype(np.float32), requires_grad=True)
    (layer(x) ** 2).sum().backward()
    plain_gradients = [x.grad, layer.weight.grad]
    x.grad = layer.weight.grad = None
    layer.register_full_backward_hook(lambda m, i, o: None)
    (layer(x) ** 2).sum().backward()
    for gradient, before in zip([x.grad, layer.weight.grad], plain_gradients, strict=True):
        assert gradient.dtype == np.float32
        assert_allclose(gradient.numpy(), before.numpy(), rtol=0)
    with ag.no_grad():
        assert not layer(x).requires_grad


def test_backward_hooks_must_return_as_many_gradients():
    x = Tensor(1.0, requires_grad=True)
    for register in ("register_full_backward_hook", "register_full_backward_pre_hook"):
        layer = nn.Identity()
        getattr(layer, register)(lambda *args: (None, None))
        with pytest.raises(RuntimeError, match="1 for grad"):
            layer(x).backward()
    layer = nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda m, i, o: (o[0],))
    with pytest.raises(RuntimeError, match="no input"):
        layer(Tensor([1.0])).backward()


def test_backward_hooks_and_outputs_that_are_no_tensors():
    class Named(nn.Module):
        def forward(self, x):
            return {"y": x}

    layer = Named()
    layer.register_full_backward_hook(lambda *args: None)
    with pytest.warns(UserWarning, match="dict"):
        assert set(layer(Tensor(1.0, requires_grad=True))) == {"y"}


# --- copies, state ----------------------------------------------------------------------------------------------------


def test_copies_have_hooks_of_their_own_and_optimizers_fit_the_originals():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    net.add_module("again", net[0])
    handle = net.register_forward_hook(lambda m, a, out: out + 1)
    optimizer = nn.optim.SGD(net.parameters(), lr=1.0)
    twin = copy.deepcopy(net)
    handle.remove()
    assert twin.again is twin[0]
    assert twin[0].weight is not net[0].weight
    x = Tensor([[1.0, 2.0]])
    assert_allclose(twin(x).detach().numpy(), net(x).detach().numpy() + 1)
    before = twin[0].weight.tolist()
    net(x).sum().backward()
    optimizer.step()
    assert twin[0].weight.tolist() == before


def test_state_hooks_run_for_every_module_with_its_prefix():
    calls = []
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    net[0].register_state_dict_pre_hook(lambda m, prefix, keep: calls.append(("pre", prefix, keep)))
    net[0].register_state_dict_post_hook(lambda m, state, prefix, _: calls.append((list(state), prefix)))
    net.register_state_dict_post_hook(lambda m, state, prefix, _: state.update({prefix + "extra": Tensor(1.0)}))
    state = net.state_dict(prefix="net.", keep_vars=True)
    assert calls == [("pre", "net.0.", True), (["net.0.weight", "net.0.bias"], "net.0.")]
    assert list(state) == ["net.0.weight", "net.0.bias", "net.extra"]
    assert state["net.0.weight"] is net[0].weight


def test_load_hooks_adapt_the_state_and_the_keys():
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())

    def rename(module, state, prefix, metadata, strict, missing, unexpected, errors):
        state[prefix + "weight"] = state.pop(prefix + "w")

    given = {"0.w": [[2.0]], "0.bias": [1.0], "old": 1}
    net[0].register_load_state_dict_pre_hook(rename)
    net.register_load_state_dict_post_hook(lambda m, keys: keys.unexpected_keys.clear())
    assert net.load_state_dict(given).unexpected_keys == []
    assert "0.w" in given
    assert net(Tensor([3.0])).item() == 7.0


def test_load_hooks_that_find_fault_undo_the_load():
    for assign in (False, True):
        net = nn.Linear(1, 1)
        weight, before = net.weight, net.weight.item()
        with net.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.append("ghost")):
            with pytest.raises(RuntimeError, match="missing: ghost"):
                net.load_state_dict({"weight": [[5.0]], "bias": [5.0]}, assign=assign)
            assert net.weight is weight
            assert net.weight.item() == before
        net.register_load_state_dict_pre_hook(lambda m, s, p, d, strict, a, b, errors: errors.append("too old"))
        with pytest.raises(RuntimeError, match="too old"):
            net.load_state_dict({"weight": [[5.0]], "bias": [5.0]}, assign=assign)
        assert net.weight.item() == before


def test_assigned_state_keeps_dtype_and_memory():
    net = nn.BatchNorm1d(2)
    net.weight.requires_grad_(False)
    state = {name: t.copy().astype(np.float64) if t.dtype.kind == "f" else t for name, t in net.state_dict().items()}
    net.load_state_dict(state, assign=True)
    assert net.weight.dtype == net.running_mean.dtype == np.float64
    assert np.shares_memory(net.weight.data, state["weight"].data)
    assert not net.weight.requires_grad
    assert net.bias.requires_grad
    assert isinstance(net.bias, nn.Parameter)
    assert [name for name, _ in net.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]


def test_state_is_a_dict():
    with pytest.raises(TypeError, match=r"nn\.weights\.load"):
        nn.ReLU().load_state_dict("weights.npz")


# --- what is in a module ----------------------------------------------------------------------------------------------


def test_buffers_modules_and_empty_places_can_be_registered_again():
    net = nn.Module()
    net.register_buffer("b", Tensor(1.0))
    net.register_buffer("b", Tensor(2.0), persistent=False)
    assert net.b.item() == 2.0
    assert not net.state_dict()
    net.b = Tensor(3.0)
    assert next(net.buffers()).item() == 3.0
    net.register_parameter("p", None)
    net.register_parameter("p", nn.Parameter([1.0]))
    net.add_module("m", nn.ReLU())
    net.add_module("m", nn.Tanh())
    assert isinstance(net.m, nn.Tanh)
    for register, value in ((net.register_buffer, Tensor(1.0)), (net.add_module, nn.ReLU())):
        with pytest.raises(KeyError, match="'p'"):
            register("p", value)
    net.b = nn.Parameter([4.0])
    assert [name for name, _ in net.named_buffers()] == []
    assert [name for name, _ in net.named_parameters()] == ["b", "p"]


def test_things_are_found_by_dotted_names():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 1)))
    assert net.get_parameter("1.0.weight") is net[1][0].weight
    assert net.get_buffer("0.running_mean") is net[0].running_mean
    net.set_submodule("1.0", nn.Identity())
    assert isinstance(net[1][0], nn.Identity)
    net.set_submodule("1.extra", nn.ReLU())
    assert len(net[1]) == 2
    for get, name in ((net.get_parameter, "1.0.weight"), (net.get_parameter, "0.running_mean"),
                      (net.get_buffer, "0.weight"), (net.get_buffer, "7.x")):  # fmt: skip
        with pytest.raises(AttributeError):
            get(name)
    for name, module, error in (("", nn.ReLU(), ValueError), ("0", 5, ValueError), ("9", nn.ReLU(), AttributeError),
                                ("0.weight", nn.ReLU(), AttributeError)):  # fmt: skip
        with pytest.raises(error):
            net.set_submodule(name, module, strict=True)


def test_to_takes_a_tensor():
    assert nn.Linear(1, 1).to(Tensor(np.ones(1))).weight.dtype == np.float64


# --- optimizers -------------------------------------------------------------------------------------------------------


def step_record(lib, make):
    seen = []
    p = lib.Parameter(lib.tensor(np.array([1.0, 2.0])))
    optimizer = make(lib.optim, [p])
    optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("pre", o is args[0], len(args), len(kwargs))))
    handle = optimizer.register_step_post_hook(
        lambda o, args, kwargs: seen.append(("post", p.detach().sum().item() > 2))
    )

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    handle.remove()
    optimizer.step(closure=closure)
    return seen


@pytest.mark.parametrize(
    "make", [lambda optim, p: optim.SGD(p, lr=0.1), lambda optim, p: optim.LBFGS(p)], ids=["SGD", "LBFGS"]
)
def test_step_hooks(make):
    ours, theirs = (step_record(lib, make) for lib in libraries())
    assert ours == theirs
    assert [kind for kind, *_ in ours] == ["pre", "post", "pre"]


def test_step_hooks_replace_the_arguments_and_run_once():
    class Twice(nn.optim.SGD):
        def step(self, closure=None):
            super().step()
            return super().step(closure)

    p = nn.Parameter([1.0])
    p.grad = Tensor([1.0])
    optimizer, calls = Twice([p], lr=0.5), []
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "replaced"), calls.append(kwargs) or {}))
    assert optimizer.step() == "replaced"
    assert p.item() == 0.0
    assert len(calls) == 1
    optimizer.register_step_pre_hook(lambda o, args, kwargs: [args, kwargs])
    with pytest.raises(RuntimeError, match="pair"):
        optimizer.step()
    assert copy.deepcopy(optimizer)._step_pre_hooks
