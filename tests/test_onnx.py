"""Models as ONNX files: what onnxruntime computes from them, what they are called, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
runtime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")

from nn.onnx.writing import TRANSLATIONS  # noqa: E402  after the skip

RNG = np.random.default_rng(5)
BATCH = {"input": {0: "batch"}}


def normal(*shape, dtype=np.float32):
    return RNG.normal(size=shape).astype(dtype)


def session(file):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def run(file, *arrays):
    """Return what onnxruntime computes from a file, which is valid."""
    onnx.checker.check_model(str(file), full_check=True)
    open_file = session(file)
    return open_file.run(None, dict(zip([i.name for i in open_file.get_inputs()], arrays, strict=True)))


def tensors(thing):
    return [thing] if isinstance(thing, Tensor) else [t for part in thing for t in tensors(part)]


def compare(file, model, *arrays, rtol=1e-4):
    """Hold what onnxruntime computes against what the model computes."""
    results, expected = run(file, *arrays), tensors(model.eval()(*map(Tensor, arrays)))
    assert len(results) == len(expected)
    for a, b in zip(results, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b.detach(), rtol=rtol, atol=rtol * 0.1)


# --- models -----------------------------------------------------------------------------------------------------------


class Residual(nn.Module):
    """The basic block of a residual network."""

    def __init__(self, channels=4):
        self.conv1, self.bn1 = nn.Conv2d(3, channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(3, channels, 1, stride=2)
        self.relu = nn.ReLU()

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class Characters(nn.Module):
    """A recurrent network over characters, given as integers."""

    def __init__(self, kind="LSTM", **options):
        self.embedding = nn.Embedding(11, 6)
        self.rnn = getattr(nn, kind)(6, 5, batch_first=True, **options)
        self.head = nn.Linear(10 if options.get("bidirectional") else 5, 11)

    def forward(self, x, hx=None):
        y, last = self.rnn(self.embedding(x), hx)
        return self.head(y), last


class Causal(nn.Module):
    """A layer that sees what came before only, with positions learned up to a length."""

    def __init__(self):
        self.positions = nn.Parameter(normal(20, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.layer(x + self.positions[: x.shape[1]], src_mask=mask, is_causal=True)


def trained(model):
    """Give the running statistics of a model other values than 0 and 1."""
    for name, buffer in model.named_buffers():
        if buffer.dtype.kind == "f":
            buffer.data[...] = RNG.uniform(0.5, 1.5, buffer.shape) * (1 if "var" in name else 0.3)
    return model


def mlp():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 8, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(72, 10), nn.LogSoftmax(dim=-1),
    )  # fmt: skip


def vgg():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding="same"),
        nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(16, 5),
    )  # fmt: skip


def generator():
    return nn.Sequential(
        nn.Linear(6, 32), nn.Unflatten(1, (8, 2, 2)), nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.BatchNorm2d(4),
        nn.LeakyReLU(0.2), nn.ConvTranspose2d(4, 3, 3, 2, 1, output_padding=1), nn.Tanh(),
    )  # fmt: skip


def norms():
    return nn.Sequential(
        nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.LayerNorm(6), nn.GELU(), nn.RMSNorm(6), nn.PReLU(4),
        nn.LocalResponseNorm(3), nn.Upsample(scale_factor=2), nn.AdaptiveMaxPool2d(3), nn.PixelShuffle(2), nn.ELU(),
    )  # fmt: skip


def old_layers():
    return nn.Sequential(
        nn.AverageSubsampling(3), nn.ConnectionTableConv2d(3, 4, 3, 2), nn.AbsTanh(),
        nn.L2Pool2d(2, 1, [[1, 2], [3, 4]]), nn.Flatten(), nn.Linear(36, 8, bias=False), nn.Maxout(2),
    )  # fmt: skip


class Angle(nn.Module):
    """The cosine between the halves of a vector, of which one may be shorter than eps."""

    def __init__(self):
        self.head, self.cosine = nn.Linear(5, 3, bias=False), nn.CosineSimilarity(dim=-1, eps=0.5)

    def forward(self, x):
        return self.cosine(self.head(x[..., :5]), x[..., 5:])


N1, N2 = {"input": {0: "batch"}}, {"input": {0: "batch", 1: "time"}}
MODELS = {
    "MLP": (mlp, lambda n, t: [normal(n, 4)], N1),
    "old layers": (old_layers, lambda n, t: [normal(n, 3, 12, 12)], N1),
    "angle": (Angle, lambda n, t: [normal(n, t, 8)], N2),
    "LeNet": (lenet, lambda n, t: [normal(n, 1, 16 + 4, 20)], N1),
    "VGG block": (vgg, lambda n, t: [normal(n, 3, 8, 8)], N1),
    "residual block": (Residual, lambda n, t: [normal(n, 3, t + 5, 9)], {"input": {0: "n", 2: "h"}}),
    "norms": (norms, lambda n, t: [normal(n, 4, 6, 6)], N1),
    "GAN generator": (generator, lambda n, t: [normal(n, 6)], N1),
    "LSTM": (Characters, lambda n, t: [RNG.integers(0, 11, (n, t))], N2),
    "deep LSTM": (
        lambda: Characters(num_layers=2, bidirectional=True), lambda n, t: [RNG.integers(0, 11, (n, t))], N2
    ),
    "GRU": (lambda: Characters("GRU", bias=False), lambda n, t: [RNG.integers(0, 11, (n, t))], N2),
    "RNN": (lambda: Characters("RNN", nonlinearity="relu"), lambda n, t: [RNG.integers(0, 11, (n, t))], N2),
    "encoder layer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), lambda n, t: [normal(n, t, 8)], N2
    ),
    "causal layer": (Causal, lambda n, t: [normal(n, t, 8)], N2),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models(name, tmp_path):
    make, inputs, axes = MODELS[name]
    model, file = trained(make()), tmp_path / "model.onnx"
    nn.onnx.export(model, tuple(inputs(2, 5)), file)
    compare(file, model, *inputs(2, 5))
    with pytest.raises(Exception, match="Got invalid dimensions"):
        run(file, *inputs(3, 5))
    nn.onnx.export(model, tuple(inputs(2, 5)), file, dynamic_axes=axes)
    for n, t in ((1, 5), (2, 5), (7, 5), (4, 9 if len(axes["input"]) > 1 else 5)):
        compare(file, model, *inputs(n, t))


def in_float64(name):
    make, inputs, axes = MODELS[name]
    given = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in inputs(3, 4)]
    return make().double(), given, axes


@pytest.mark.parametrize("name", ["MLP", "encoder layer", "causal layer"])
def test_float64(name, tmp_path):
    model, given, axes = in_float64(name)
    nn.onnx.export(model, tuple(given), tmp_path / "model.onnx", dynamic_axes=axes)
    compare(tmp_path / "model.onnx", model, *given, rtol=1e-10)


@pytest.mark.parametrize("name", ["LeNet", "GRU", "LSTM", "RNN", "GAN generator"])
def test_what_onnxruntime_lacks_in_float64_is_refused_unless_unchecked(name, tmp_path):
    (model, given, axes), file = in_float64(name), tmp_path / "model.onnx"
    with pytest.raises(RuntimeError, match=r"(?s)cannot run the ONNX model.*float32 only.*check=False"):
        nn.onnx.export(model, tuple(given), file, dynamic_axes=axes)
    assert not file.exists()
    nn.onnx.export(model, tuple(given), file, dynamic_axes=axes, check=False)
    onnx.checker.check_model(str(file), full_check=True)


POOLS = {
    "dilated": nn.MaxPool2d(2, 1, dilation=2), "beyond the end": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "with positions": nn.MaxPool2d((2, 3), padding=(0, 1), return_indices=True), "adaptive": nn.AdaptiveMaxPool2d(3),
    "mean without padding": nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    "adaptive mean": nn.AdaptiveAvgPool2d((4, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_pooling(name, tmp_path):
    file = tmp_path / "model.onnx"
    nn.onnx.export(POOLS[name], normal(2, 3, 6, 9), file, dynamic_axes=BATCH)
    compare(file, POOLS[name], normal(3, 3, 6, 9))


def test_half_precision_and_derived_weights(tmp_path):
    file, x = tmp_path / "model.onnx", normal(2, 4)
    nn.onnx.export(nn.Linear(4, 3).half(), x.astype(np.float16), file)
    assert run(file, x.astype(np.float16))[0].dtype == np.float16
    model = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    nn.onnx.export(model, x, file)
    compare(file, model, x)
    assert "parametrizations.weight.original0" in {tensor.name for tensor in onnx.load(str(file)).graph.initializer}


def test_states_and_masks_as_inputs(tmp_path):
    file = tmp_path / "model.onnx"
    model, states = Characters(), (normal(1, 2, 5), normal(1, 2, 5))
    axes = {"x": {0: "n", 1: "t"}, "h": {1: "n"}, "c": {1: "n"}}
    nn.onnx.export(model, (RNG.integers(0, 11, (2, 3)), states), file, ["x", "h", "c"], ["y", "hn", "cn"], axes)
    x, h, c = RNG.integers(0, 11, (4, 6)), normal(1, 4, 5), normal(1, 4, 5)
    y, (hn, cn) = model(x, (Tensor(h), Tensor(c)))
    for result, expected in zip(run(file, x, h, c), (y, hn, cn), strict=True):
        np.testing.assert_allclose(result, expected.detach(), rtol=1e-4, atol=1e-5)

    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    mask = np.array([[False, False, True], [False, True, True]])
    axes = {"x": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}}
    nn.onnx.export(
        layer, normal(2, 3, 8), file, ["x", "mask"], dynamic_axes=axes, kwargs={"src_key_padding_mask": mask}
    )
    x, mask = normal(3, 5, 8), np.arange(5) >= np.array([[5], [2], [0]])  # the last one hides all
    np.testing.assert_allclose(run(file, x, mask)[0], layer(x, None, mask).detach(), rtol=1e-4, atol=1e-5)


# --- each operation ---------------------------------------------------------------------------------------------------

# Samples of operations that ONNX has no counterpart for, which must be refused.
REFUSED = {
    "round": [1], "einsum": [], "_einsum": [4], "tril": [2], "triu": [2], "split": [2, 4], "scatter": [2, 3, 4, 8],
    "_joined_windows": [1, 2],
}  # fmt: skip
HERE = {
    "_bent": nn.functional.rectifiers._bent, "_exponential": nn.functional.rectifiers._exponential,
    "_softsign": nn.functional.activations._softsign, "_weights": nn.functional.attention._weights,
}  # fmt: skip


def translated():
    """Yield name, function, inputs and options of each sample of the operations that have a translation."""
    _ = autograd.special
    for name in TRANSLATIONS:
        made = autograd.primitive.REGISTRY.get(name) or getattr(HERE.get(name), "op", None)
        for k, sample in enumerate(made.samples if made else ()):
            drawn = sample.draw(np.random.default_rng(k), np.float32)
            yield name, k, made, [np.asarray(x) for x in (drawn[0] if made.variadic else drawn)], sample.options


def refused(name, k, options):
    return k in REFUSED.get(name, ()) or options.get("where") is not None


class Calls(nn.Module):
    """Calls of operations, each with inputs of its own."""

    def __init__(self, calls):
        self.calls = list(calls)

    def forward(self, *groups):
        results = []
        for (_, _, made, _, options), inputs in zip(self.calls, groups, strict=True):
            results.append(made.function(inputs, **options) if made.variadic else made.function(*inputs, **options))
        return results


def test_every_operation(tmp_path):
    calls = [call for call in translated() if not refused(call[0], call[1], call[4])]
    assert len({call[0] for call in calls}) > 100
    inputs = tuple(tuple(call[3]) for call in calls)
    names = [
        f"{call[0]}:{call[1]}:{i}"
        for call in calls
        for i in range(len(tensors(Calls([call])([*map(Tensor, call[3])]))))
    ]
    nn.onnx.export(Calls(calls), inputs, tmp_path / "model.onnx", output_names=names)


def test_what_onnx_has_no_counterpart_for_is_refused(tmp_path):
    file = tmp_path / "model.onnx"
    calls = {call[0]: call for call in translated() if refused(call[0], call[1], call[4])}
    assert len(calls) > 12
    for call in calls.values():
        with pytest.raises(NotImplementedError, match=f"'{call[0]}' in the model itself"):
            nn.onnx.export(Calls([call]), (tuple(call[3]),), file)
    assert not file.exists()


def test_the_check_notices_a_wrong_translation(tmp_path, monkeypatch):
    monkeypatch.setitem(TRANSLATIONS, "tanh", TRANSLATIONS["sin"])
    file = tmp_path / "model.onnx"
    file.write_bytes(b"kept")
    with pytest.raises(RuntimeError, match="output 'output' differs from the model's by up to"):
        nn.onnx.export(nn.Tanh(), normal(3), file)
    assert file.read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


# --- the file ---------------------------------------------------------------------------------------------------------


def test_names_shapes_and_opset(tmp_path):
    file = tmp_path / "model.onnx"
    axes = {"image": {0: "batch"}, "scores": {0: "count"}}
    nn.onnx.export(vgg(), normal(2, 3, 8, 8), file, ["image"], ["scores"], axes, opset_version=21)
    model = onnx.load(str(file))
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 21)]
    shape = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert (model.graph.input[0].name, shape) == ("image", ["batch", 3, 8, 8])
    shape = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert (model.graph.output[0].name, shape) == ("scores", ["count", 5])
    names = {tensor.name for tensor in model.graph.initializer}
    assert {"0.weight", "0.bias", "1.running_mean", "4.weight", "9.weight", "9.bias"} <= names
    assert "1.num_batches_tracked" not in names
    assert {node.name.split("/")[0] for node in model.graph.node} >= {"0", "1", "2", "3", "9"}


@pytest.mark.parametrize("opset", [18, 21, 23])
def test_opsets(opset, tmp_path):
    file = tmp_path / "model.onnx"
    for name in ("VGG block", "LSTM", "causal layer"):
        make, inputs, axes = MODELS[name]
        model = make()
        nn.onnx.export(model, tuple(inputs(2, 4)), file, dynamic_axes=axes, opset_version=opset)
        compare(file, model, *inputs(3, 4))


def test_the_same_model_gives_the_same_bytes_in_any_process(tmp_path):
    code = (
        "import sys, numpy as np, nn, autograd; autograd.manual_seed(0);"
        "m = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.GELU(), nn.MaxPool2d(2), nn.Flatten());"
        # A function that nothing has used before, so that its operations are not loaded yet.
        "m.append(type('Norm', (nn.Module,), {'forward': lambda _, x: autograd.linalg.vector_norm(x, axis=1)})());"
        "nn.onnx.export(m, np.ones((2, 1, 6, 6), 'f4'), sys.argv[1], dynamic_axes={'input': {0: 'n'}}, check=False)"
    )
    theirs, ours = tmp_path / "theirs.onnx", tmp_path / "ours.onnx"
    subprocess.run([sys.executable, "-c", code, theirs], check=True)
    before = sys.argv
    sys.argv = ["", str(ours)]
    try:
        exec(code, {})
    finally:
        sys.argv = before
    assert theirs.read_bytes() == ours.read_bytes()


def drawing(x):
    autograd.default_generator().random()
    return x + 1


def test_the_model_is_as_before(tmp_path):
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(), nn.BatchNorm1d(3))
    model[1].eval()
    autograd.manual_seed(3)
    state = autograd.default_generator().bit_generator.state
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    x = Tensor(normal(2, 3))
    nn.onnx.export(nn.Sequential(model, Made(drawing)), x, tmp_path / "model.onnx")
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert autograd.default_generator().bit_generator.state == state
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert not x.requires_grad
    y = autograd.sin(Tensor(1.0))  # nothing listens any more
    assert y.item() == np.sin(np.float32(1))


# --- what is refused --------------------------------------------------------------------------------------------------


class Made(nn.Module):
    """A model of one function."""

    def __init__(self, function):
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def line_of(text):
    """Return where in this file a text stands."""
    lines = Path(__file__).read_text().splitlines()
    return f"test_onnx.py:{next(i for i, line in enumerate(lines, 1) if text in line)}"


def test_all_operations_without_translation_are_named(tmp_path):
    def spectrum(x):
        return autograd.linalg.inv(x) + autograd.special.gammaln(x)  # here

    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(Made(spectrum)))
    with pytest.raises(NotImplementedError, match="no translation") as caught:
        nn.onnx.export(model, np.eye(2, dtype=np.float32), tmp_path / "model.onnx")
    place = line_of("  # here")
    assert "'inv' in module '1.0', " in str(caught.value)
    assert "'gammaln' in module '1.0', " in str(caught.value)
    assert str(caught.value).count(place) == 2


def test_custom_operations_are_named(tmp_path):
    class Doubled(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    with pytest.raises(NotImplementedError, match="'Doubled', which is not one of autograd's"):
        nn.onnx.export(Made(lambda x: Doubled.apply(x).sum()), normal(3), tmp_path / "model.onnx")


FOLLOWING = {
    "a mask by numpy": lambda x: x * (x.detach().numpy() > 0),
    "a number": lambda x: x * float(x.detach().numpy().max()),
    "a choice": lambda x: np.sin(x) if x.detach().numpy().sum() > 0 else np.cos(x),
    "a number of steps": lambda x: x + 1 if x.detach().numpy()[0] > 1 else x + 1 + 1,
    "an output": lambda x: Tensor(x.detach().numpy() * 2),
}


@pytest.mark.parametrize("what", FOLLOWING)
def test_what_depends_on_values_outside_of_operations_is_refused(what, tmp_path):
    x = np.array([3.0, -1.0, -1.5], np.float32)
    with pytest.raises(NotImplementedError, match="cannot follow what Python or NumPy compute from the values"):
        nn.onnx.export(Made(FOLLOWING[what]), x, tmp_path / "model.onnx")


def test_comparisons_by_operations_follow_the_values(tmp_path):
    file = tmp_path / "model.onnx"
    model = Made(lambda x: np.where(x > 0, x, 0.1 * x)[np.argmax(x, axis=0)])
    nn.onnx.export(model, normal(5), file)
    compare(file, model, normal(5))


def test_single_bools_follow_the_values(tmp_path):
    def choose(x):
        some, every = np.any(x > 1), np.all(x < 9)
        return np.where(some, x, -x) + every

    file = tmp_path / "model.onnx"
    nn.onnx.export(Made(choose), np.array([2.0, 3.0], np.float32), file)
    for x in ([0.5, -3.0], [10.0, 0.0], [1.5, 0.0]):
        compare(file, Made(choose), np.array(x, np.float32))


def test_changes_in_place_are_refused(tmp_path):
    def change(x, i):
        i += 1  # in place
        return x * i

    with pytest.raises(NotImplementedError, match=rf"changed in place at .*{line_of('  # in place')}"):
        nn.onnx.export(Made(change), (normal(3), np.arange(3)), tmp_path / "model.onnx")


def test_what_cannot_follow_the_sizes_is_refused(tmp_path):
    file, table = tmp_path / "model.onnx", normal(20, 20)
    cases = {
        r"'multiply' in the model itself, .*a constant array": lambda x: x * table[: len(x), : len(x)],
        r"from the sizes of the dynamic axes: .*steps": lambda x: sum((x[i] for i in range(len(x))), Tensor(0.0)),
        r"'cumsum'.*|another operation|once \d+ operations": lambda x: np.sin(x) if len(x) > 3 else np.cos(x),
    }
    for message, function in cases.items():
        with pytest.raises(NotImplementedError, match=message.replace("steps", "")):
            nn.onnx.export(Made(function), normal(3, 3), file, dynamic_axes={"input": {0: "n", 1: "n"}})
    assert not file.exists()


def test_sizes_in_numbers_are_computed(tmp_path):
    file = tmp_path / "model.onnx"
    model = Made(lambda x: np.reshape(x, (x.shape[0] * x.shape[1], 2, -1)).sum(0) / x.shape[0] + x.shape[1] * 2 - 3)
    nn.onnx.export(model, normal(2, 3, 4), file, dynamic_axes={"input": [0, 1]})
    for shape in ((1, 1, 4), (5, 2, 4)):
        compare(file, model, normal(*shape))


def test_wrong_arguments(tmp_path):
    file, x = tmp_path / "model.onnx", normal(2, 3)

    def refuse(message, error=ValueError, **options):
        with pytest.raises(error, match=message):
            nn.onnx.export(nn.Linear(3, 3), x, file, **options)

    refuse("one of 18 to 23, not 17", opset_version=17)
    refuse("input_names must be 1 different names", input_names=["a", "b"])
    refuse("output_names must be 1 different names", output_names=[])
    refuse(r"given twice.*\['weight'\]", input_names=["weight"])
    refuse(r"given twice.*\['x'\]", input_names=["x"], output_names=["x"])
    refuse(r"dynamic_axes names \['inputs'\]", dynamic_axes={"inputs": {0: "n"}})
    refuse("'input' has 2 axes, so axis 2 does not exist", dynamic_axes={"input": {2: "n"}})
    refuse("axes of sizes 2 and 3", dynamic_axes={"input": {0: "n", 1: "n"}})
    refuse("axis 1 of 'output' does not change", dynamic_axes={"output": {1: "n"}})
    with pytest.raises(ValueError, match="size 0 in the example"):
        nn.onnx.export(nn.Linear(3, 3), x[:0], file, dynamic_axes=BATCH)
    assert not file.exists()


def test_without_the_library(monkeypatch, tmp_path):
    found = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "onnx" else found(name, *rest))
    with pytest.raises(ImportError, match=r"pip install \"forkgrad\[onnx\]\""):
        nn.onnx.export(nn.Linear(3, 3), normal(2, 3), tmp_path / "model.onnx")


def test_importing_nn_imports_no_onnx():
    code = "import nn, sys; print({'onnx', 'onnxruntime'} & {name.partition('.')[0] for name in sys.modules} == set())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"
