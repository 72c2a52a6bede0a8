"""Lists and dicts of modules and parameters: PyTorch's methods, and its `repr` and names of parameters."""

import collections
import copy
import itertools

import numpy as np
import pytest

import nn
from autograd import Tensor


def assert_like_torch(build):
    """Check that what `build(nn, tensor)` gives has the same `repr` and state names as with torch.nn."""
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    ours = build(nn, lambda *shape: Tensor(np.ones(shape, np.float32)))
    theirs = build(torch.nn, lambda *shape: torch.ones(shape))
    shown = repr(theirs).replace("torch.FloatTensor", "float32").replace("torch.float32", "float32")
    assert repr(ours) == shown
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_modules()] == [name for name, _ in theirs.named_modules()]


def row(lib, *sizes):
    return [lib.Linear(a, b) for a, b in itertools.pairwise(sizes)]


def edited(container, lib):
    """Apply every method that changes a list of modules."""
    container.append(lib.ReLU()).extend(row(lib, 2, 3, 3))
    container.insert(1, lib.Tanh())
    container.insert(4, lib.Sigmoid())
    container[0] = lib.Flatten()
    container[-1] = lib.Identity()
    container.pop(1)
    del container[1:3]
    del container[-1]
    container += lib.Sequential(lib.ELU())
    return container


BUILDS = {
    "empty": lambda lib, t: lib.ModuleList(),
    "one": lambda lib, t: lib.ModuleList(row(lib, 2, 2)),
    "repeated": lambda lib, t: lib.ModuleList([*row(lib, 2, 2, 2, 2), lib.ReLU(), lib.ReLU(), lib.Tanh()]),
    "nested": lambda lib, t: lib.Sequential(lib.ModuleList(lib.Sequential(*row(lib, 2, 2)) for _ in range(2))),
    "list, edited": lambda lib, t: edited(lib.ModuleList(row(lib, 4, 3, 2)), lib),
    "list, sliced": lambda lib, t: lib.ModuleList(row(lib, 4, 3, 2, 1))[::-2],
    "list, joined": lambda lib, t: lib.ModuleList(row(lib, 4, 3)) + row(lib, 3, 2),
    "sequential, edited": lambda lib, t: edited(lib.Sequential(*row(lib, 4, 3, 2)), lib),
    "sequential, sliced": lambda lib, t: lib.Sequential(*row(lib, 4, 3, 2, 1))[1:],
    "sequential, joined": lambda lib, t: lib.Sequential(*row(lib, 4, 3)) + lib.Sequential(*row(lib, 3, 2)),
    "sequential, times": lambda lib, t: 2 * lib.Sequential(*row(lib, 3, 3)) * 2,
    "named, appended": lambda lib, t: lib.Sequential(collections.OrderedDict(a=lib.ReLU())).append(lib.Tanh()),
    "dict": lambda lib, t: lib.ModuleDict({"b": lib.Linear(2, 2), "a": lib.ReLU()}),
    "dict of pairs": lambda lib, t: lib.ModuleDict([("b", lib.Linear(2, 2)), ["a", lib.ReLU()]]),
    "empty dict": lambda lib, t: lib.ModuleDict(),
    "parameters": lambda lib, t: lib.ParameterList([t(2, 3), lib.Parameter(t(3)), t(), 5, "text"]),
    "one parameter": lambda lib, t: lib.ParameterList([t(2, 3)]),
    "no parameter": lambda lib, t: lib.ParameterList(),
    "parameters in a module": lambda lib, t: lib.ModuleDict({"p": lib.ParameterList([t(2), t(3)])}),
    "parameters by name": lambda lib, t: lib.ParameterDict({"b": t(2, 3), "a": t(1), "c": 3}),
    "ordered": lambda lib, t: lib.ParameterDict(collections.OrderedDict(b=t(2), a=t(1))),
    "parameter pairs": lambda lib, t: lib.ParameterDict([("b", t(2)), ("a", t(1))]) | lib.ParameterDict({"c": t(4)}),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_repr_and_names_are_pytorchs(build):
    assert_like_torch(build)


def test_inplace_multiplication_is_pytorchs():
    def build(lib, _):
        net = lib.Sequential(*row(lib, 3, 3))
        net *= 3
        return net

    assert_like_torch(build)


def test_lists_of_modules_are_lists():
    one, two, three = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
    modules = nn.ModuleList([one, two])
    assert len(modules) == 2
    assert modules[-1] is two
    assert modules[np.int64(0)] is one
    assert two in modules
    assert three not in modules
    assert list(reversed(modules)) == [two, one]
    assert isinstance(modules[:1], nn.ModuleList)
    assert modules.insert(0, three) is modules
    assert list(modules) == [three, one, two]
    assert modules.pop(0) is three
    assert list(modules) == [one, two]
    modules.insert(-1, three)
    assert list(modules) == [one, three, two]
    del modules[1]
    modules += modules
    assert list(modules) == [one, two, one, two]
    assert len(list(modules.parameters())) == 0
    assert "0" not in dir(modules)
    with pytest.raises(NotImplementedError, match="ModuleList"):
        modules(1)


def test_modules_in_containers_belong_to_the_module_outside():
    class Net(nn.Module):
        def __init__(self):
            self.layers = nn.ModuleList(row(nn, 2, 3, 1))
            self.paths = nn.ModuleDict({"a": nn.Linear(1, 1)})
            self.scales = nn.ParameterList([Tensor([1.0])])
            self.shifts = nn.ParameterDict({"s": Tensor([1.0])})

    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "paths.a.weight", "paths.a.bias",
        "scales.0", "shifts.s",
    ]  # fmt: skip
    net.eval().double()
    assert not net.layers[1].training
    assert net.scales[0].dtype == net.paths["a"].weight.dtype == np.float64
    twin = copy.deepcopy(net)
    assert twin.scales[0] is not net.scales[0]
    assert repr(twin) == repr(net)


def test_subclass_of_sequential_slices_to_its_kind():
    class Block(nn.Sequential):
        pass

    assert type(Block(nn.ReLU(), nn.Tanh())[1:]) is Block


def test_modules_by_name():
    relu, tanh = nn.ReLU(), nn.Tanh()
    modules = nn.ModuleDict({"relu": relu})
    modules["tanh"] = tanh
    modules.update([("relu", nn.ELU())])
    assert list(modules) == list(modules.keys()) == ["relu", "tanh"]
    assert isinstance(modules["relu"], nn.ELU)
    assert list(modules.values())[1] is dict(modules.items())["tanh"] is tanh
    assert "tanh" in modules
    assert "elu" not in modules
    assert "training" not in modules
    assert modules.pop("tanh") is tanh
    assert len(modules) == 1
    modules.clear()
    assert len(modules) == 0
    assert len(nn.ModuleDict(nn.ModuleDict({"a": relu}))) == 1
    for missing in (lambda: modules["x"], lambda: modules.pop("x"), lambda: modules.__delitem__("training")):
        with pytest.raises(KeyError):
            missing()


def test_lists_of_parameters():
    values = nn.ParameterList([Tensor([1.0]), 7])
    assert isinstance(values[0], nn.Parameter)
    assert values[0].requires_grad
    values += [Tensor([2.0])]
    values[-1] = Tensor([3.0])
    assert values[2].tolist() == [3.0]
    assert values[1] == 7
    assert type(values[1:]) is nn.ParameterList
    assert len(values[1:]) == 2
    assert len(list(values.parameters())) == 2
    with pytest.raises(RuntimeError, match="ParameterList"):
        values(1)


def test_parameters_by_name():
    values = nn.ParameterDict({"b": Tensor([1.0]), "a": Tensor([2.0])})
    assert list(values) == ["a", "b"]
    assert list(reversed(values)) == ["b", "a"]
    assert values.setdefault("c", Tensor([3.0])) is values["c"]
    assert values.setdefault("c", 5) is values["c"]
    assert values.get("d") is None
    assert values.get("d", 4) == 4
    twin = values.copy()
    assert twin["a"] is values["a"]
    assert values.popitem() == ("c", twin["c"])
    assert values.pop("a") is twin["a"]
    assert [name for name, _ in values.named_parameters()] == ["b"]
    assert (values | {"x": 1})["x"] == 1
    assert list({"x": 1} | values) == ["x", "b"]
    values |= {"y": 2}
    assert list(values.values())[1] == 2
    assert values.fromkeys(["k", "l"], 0).keys() == {"k", "l"}
    values.clear()
    assert not len(values)
    with pytest.raises(KeyError):
        values.popitem()
    with pytest.raises(RuntimeError, match="ParameterDict"):
        values(1)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.ModuleList([1]), TypeError, "not int 1"),
        (lambda: nn.ModuleList(nn.ReLU()), TypeError, "iterable"),
        (lambda: nn.ModuleList([nn.ReLU()]).__setitem__(0, None), TypeError, "NoneType"),
        (lambda: nn.ModuleList([nn.ReLU()])[1], IndexError, "index 1 .* 1 modules"),
        (lambda: nn.ModuleList().insert(1, nn.ReLU()), IndexError, "index 1"),
        (lambda: nn.ModuleList().pop(0), IndexError, "0 modules"),
        (lambda: nn.Sequential({"a": nn.ReLU()}).insert(0, nn.ReLU()), KeyError, "'a'"),
        (lambda: nn.Sequential() + nn.ModuleList(), ValueError, "ModuleList"),
        (lambda: nn.Sequential() * 1.5, TypeError, "float"),
        (lambda: nn.Sequential() * 0, ValueError, "0"),
        (lambda: nn.ModuleDict({"a": 1}), TypeError, "as 'a'"),
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "'keys'"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), KeyError, "dot"),
        (lambda: nn.ModuleDict({1: nn.ReLU()}), TypeError, "string"),
        (lambda: nn.ModuleDict(5), TypeError, "int"),
        (lambda: nn.ModuleDict([5]), TypeError, "element 0"),
        (lambda: nn.ModuleDict([("a", nn.ReLU(), 1)]), ValueError, "length 3"),
        (lambda: nn.ParameterList(Tensor([1.0])), TypeError, "Tensor"),
        (lambda: nn.ParameterList([Tensor([1])]), TypeError, "int"),
        (lambda: nn.ParameterList([1])[1], IndexError, "1 elements"),
        (lambda: nn.ParameterDict({"values": 1}), KeyError, "'values'"),
        (lambda: nn.ParameterDict({"a": 1})["keys"], KeyError, "keys"),
        (lambda: nn.ParameterDict([(1, 2)]), TypeError, "string"),
    ],
)
def test_containers_refuse(make, error, text):
    with pytest.raises(error, match=text):
        make()
