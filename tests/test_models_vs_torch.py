"""The classic networks against PyTorch's layers, put together here once more: outputs and gradients, same weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

import nn  # noqa: E402
from autograd import Tensor  # noqa: E402
from nn import models  # noqa: E402

T, F = torch.nn, torch.nn.functional
RNG = np.random.default_rng(2)
CLOSE = {"rtol": 1e-8, "atol": 1e-10}


def compare(ours, theirs, shape, low=0.0):
    """Give both the same weights and input, and hold outputs and all gradients against each other."""
    ours.double()
    theirs.double()
    randomize(ours)
    names = list(theirs.state_dict())
    assert list(ours.state_dict()) == names
    theirs.load_state_dict({name: torch.tensor(value.data) for name, value in ours.state_dict().items()})
    x = RNG.uniform(low, 1, shape)
    mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    outs, expected = outputs(ours(mine)), outputs(theirs(other))
    assert len(outs) == len(expected)
    for out, value in zip(outs, expected, strict=True):
        assert_allclose(out.detach(), value.detach(), **CLOSE)
        assert np.ptp(out.data) > 0
    weights = [RNG.normal(size=out.shape) for out in outs]
    sum((out * w).sum() for out, w in zip(outs, weights, strict=True)).backward()
    sum((out * torch.tensor(w)).sum() for out, w in zip(expected, weights, strict=True)).backward()
    compare_gradients(ours, theirs)
    scale = abs(other.grad).max().item()
    assert scale > 0
    assert_allclose(mine.grad, other.grad, rtol=1e-7, atol=1e-10 * scale)


def compare_gradients(ours, theirs):
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        scale = abs(q.grad).max().item()
        assert_allclose(p.grad, q.grad, rtol=1e-7, atol=1e-9 * max(scale, 1e-3), err_msg=name)


def outputs(result):
    return list(result) if isinstance(result, tuple) else [result]


def randomize(net):
    """Draw biases and running statistics, too, so that none is without effect; weights by fan-in."""
    for p in net.parameters():
        scale = 1.5 / np.sqrt(max(p.data[0].size, 1)) if p.ndim > 1 else 0.3
        p.data = RNG.normal(size=p.shape) * scale + (p.ndim == 1) * 0.2
    for name, buffer in net.named_buffers():
        if name.endswith("running_var"):
            buffer.data = RNG.uniform(0.5, 2, buffer.shape)


# --- the first networks -----------------------------------------------------------------------------------------------


def test_neuron():
    theirs = T.Module()
    theirs.weight, theirs.bias = T.Parameter(torch.zeros(3)), T.Parameter(torch.zeros(()))
    theirs.forward = lambda x: torch.sigmoid(x @ theirs.weight + theirs.bias)
    compare(models.SigmoidNeuron(3), theirs, (5, 3))


def test_regressions():
    compare(models.LinearRegression(3, 2), T.Linear(3, 2), (5, 3))
    logistic = T.Linear(3, 1)
    ours = models.LogisticRegression(3)
    logistic.register_forward_hook(lambda module, args, out: out[..., 0])
    compare(ours, logistic, (5, 3))
    theirs = T.Sequential()
    theirs.add_module("flatten", T.Flatten())
    theirs.add_module("linear", T.Linear(12, 4))
    compare(models.SoftmaxRegression(12, 4), theirs, (5, 3, 4))


def test_mlp():
    theirs = T.Sequential(
        T.Flatten(), T.Linear(12, 5), T.Tanh(), T.Dropout(0.3), T.Linear(5, 4), T.Tanh(), T.Dropout(0.3), T.Linear(4, 2)
    )
    compare(models.MLP([12, 5, 4, 2], nn.Tanh, dropout=0.3).eval(), theirs.eval(), (5, 3, 4))


class Scaled(T.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(T.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = T.Parameter(torch.ones(channels)), T.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.avg_pool2d(x, 2) * self.weight[:, None, None] + self.bias[:, None, None]


class Masked(T.Conv2d):
    """C3, whose connection table is written out here once more, from table I of the paper: maps seen, by output map."""

    SEEN = (
        "012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245",
        "0235", "012345",
    )  # fmt: skip

    def __init__(self):
        super().__init__(6, 16, 5)
        table = [[float(str(c) in seen) for c in range(6)] for seen in self.SEEN]
        self.register_buffer("table", torch.tensor(table))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.table[:, :, None, None], self.bias)


class Distances(T.Module):
    def __init__(self, images):
        super().__init__()
        self.register_buffer("images", torch.tensor(images, dtype=torch.float64))

    def forward(self, x):
        return torch.cdist(x, self.images, compute_mode="donot_use_mm_for_euclid_dist") ** 2


@pytest.mark.parametrize("output", ["linear", "rbf"])
def test_lenet5(output):
    ours = models.LeNet5(output=output)
    theirs = T.Sequential()
    layers = {"c1": T.Conv2d(1, 6, 5), "s2": Subsampling(6), "c3": Masked(), "s4": Subsampling(16)}
    layers |= {"c5": T.Conv2d(16, 120, 5), "flat": T.Flatten(), "f6": T.Linear(120, 84)}
    for name, layer in layers.items():
        theirs.add_module(name, layer)
        if name != "flat":
            theirs.add_module(f"{name}tanh", Scaled())
    last = T.Linear(84, 10) if output == "linear" else Distances(ours.output.images.data)
    theirs.add_module("output", last)
    compare(ours, theirs, (2, 1, 32, 32), low=-0.1)


@pytest.mark.parametrize("name", ["shallow", "basic_conv", "dbl_conv", "expanded_data_double_fc"])
def test_networks_of_the_chapter(name):
    filters, units, sigmoid = {
        "shallow": ([], [100], True),
        "basic_conv": ([20], [100], True),
        "dbl_conv": ([20, 40], [100], True),
        "expanded_data_double_fc": ([20, 40], [100, 100], False),
    }[name]
    activation = T.Sigmoid if sigmoid else T.ReLU
    layers, channels, size = [], 1, 28
    for count in filters:
        parts = (("conv", T.Conv2d(channels, count, 5)), ("pool", T.MaxPool2d(2)), ("activation", activation()))
        layers.append(named(*parts))
        channels, size = count, (size - 4) // 2
    layers.append(T.Flatten())
    features = channels * size**2
    for count in units:
        layers.append(named(("linear", T.Linear(features, count)), ("activation", activation())))
        features = count
    theirs = T.Sequential(*layers, named(("linear", T.Linear(features, 10))))
    compare(models.chapter6(name), theirs, (2, 1, 28, 28))


def named(*parts):
    net = T.Sequential()
    for name, module in parts:
        net.add_module(name, module)
    return net


# --- AlexNet and VGG --------------------------------------------------------------------------------------------------


def test_alexnet():
    a, b, c, d, units = 4, 12, 24, 16, 256
    features = T.Sequential(
        T.Conv2d(3, a, 11, 4, 2), T.ReLU(), T.MaxPool2d(3, 2),
        T.Conv2d(a, b, 5, 1, 2), T.ReLU(), T.MaxPool2d(3, 2),
        T.Conv2d(b, c, 3, 1, 1), T.ReLU(), T.Conv2d(c, d, 3, 1, 1), T.ReLU(), T.Conv2d(d, d, 3, 1, 1), T.ReLU(),
        T.MaxPool2d(3, 2),
    )  # fmt: skip
    classifier = T.Sequential(
        T.Dropout(), T.Linear(d * 36, units), T.ReLU(), T.Dropout(), T.Linear(units, units), T.ReLU(),
        T.Linear(units, 10),
    )  # fmt: skip
    theirs = named(("features", features), ("pool", T.AdaptiveAvgPool2d(6)), ("flat", T.Flatten()))
    theirs.add_module("classifier", classifier)
    compare(models.alexnet(num_classes=10, width=1 / 16).eval(), theirs.eval(), (2, 3, 95, 80), low=-1)


class TwoColumns(T.Module):
    """AlexNet as the paper's figure 2 draws it, with normalization by its formula, in sums."""

    def __init__(self):
        super().__init__()
        self.conv1 = T.Conv2d(3, 12, 11, 4)
        self.conv2 = T.Conv2d(12, 32, 5, padding=2, groups=2)
        self.conv3 = T.Conv2d(32, 48, 3, padding=1)
        self.conv4 = T.Conv2d(48, 48, 3, padding=1, groups=2)
        self.conv5 = T.Conv2d(48, 32, 3, padding=1, groups=2)
        self.fc6, self.fc7, self.fc8 = T.Linear(32 * 36, 512), T.Linear(512, 512), T.Linear(512, 10)

    @staticmethod
    def normalized(x):
        squares = F.pad(x**2, (0, 0, 0, 0, 2, 2))
        sums = sum(squares[:, i : i + x.shape[1]] for i in range(5))
        return x / (2 + 1e-4 * sums) ** 0.75

    def forward(self, x):
        x = F.max_pool2d(self.normalized(F.relu(self.conv1(x))), 3, 2)
        x = F.max_pool2d(self.normalized(F.relu(self.conv2(x))), 3, 2)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2)
        return self.fc8(F.relu(self.fc7(F.relu(self.fc6(x.flatten(1))))))


def test_alexnet_in_two_columns():
    compare(models.TwoColumnAlexNet(10, width=1 / 8).eval(), TwoColumns().eval(), (1, 3, 227, 227), low=-20)


@pytest.mark.parametrize(("make", "counts"), [(models.vgg16, (2, 2, 3, 3, 3)), (models.vgg19, (2, 2, 4, 4, 4))])
def test_vgg(make, counts):
    layers, channels = [], 3
    for count, filters in zip(counts, (4, 8, 16, 32, 32), strict=True):
        for _ in range(count):
            layers += [T.Conv2d(channels, filters, 3, padding=1), T.ReLU()]
            channels = filters
        layers.append(T.MaxPool2d(2, 2))
    classifier = T.Sequential(
        T.Linear(32 * 49, 256), T.ReLU(), T.Dropout(), T.Linear(256, 256), T.ReLU(), T.Dropout(), T.Linear(256, 10)
    )
    theirs = named(("features", T.Sequential(*layers)), ("pool", T.AdaptiveAvgPool2d(7)), ("flat", T.Flatten()))
    theirs.add_module("classifier", classifier)
    compare(make(num_classes=10, width=1 / 16).eval(), theirs.eval(), (2, 3, 64, 32), low=-1)


# --- ResNet -----------------------------------------------------------------------------------------------------------


class Block(T.Module):
    """A residual block of convolutions with these kernel sizes and channels; the stride is in the first 3x3."""

    def __init__(self, inner, sizes, channels, stride):
        super().__init__()
        self.count = len(sizes)
        strides = [stride if size == 3 and 3 not in sizes[:i] else 1 for i, size in enumerate(sizes)]
        incoming = inner
        for i, (size, outer) in enumerate(zip(sizes, channels, strict=True), 1):
            setattr(self, f"conv{i}", T.Conv2d(incoming, outer, size, strides[i - 1], size // 2, bias=False))
            setattr(self, f"bn{i}", T.BatchNorm2d(outer))
            incoming = outer
        if stride != 1 or inner != incoming:
            self.downsample = T.Sequential(T.Conv2d(inner, incoming, 1, stride, bias=False), T.BatchNorm2d(incoming))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = F.relu(y) if i < self.count else y
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Residual(T.Module):
    def __init__(self, layers, bottleneck):
        super().__init__()
        self.conv1, self.bn1 = T.Conv2d(3, 4, 7, 2, 3, bias=False), T.BatchNorm2d(4)
        incoming = 4
        for i, count in enumerate(layers):
            n, blocks = 4 * 2**i, []
            for j in range(count):
                sizes, channels = ((1, 3, 1), (n, n, 4 * n)) if bottleneck else ((3, 3), (n, n))
                blocks.append(Block(incoming, sizes, channels, 2 if i and not j else 1))
                incoming = channels[-1]
            setattr(self, f"layer{i + 1}", T.Sequential(*blocks))
        self.fc = T.Linear(incoming, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("make", "layers", "bottleneck"),
    [
        (models.resnet18, (2, 2, 2, 2), False),
        (models.resnet34, (3, 4, 6, 3), False),
        (models.resnet50, (3, 4, 6, 3), True),
    ],
)
def test_resnet(make, layers, bottleneck, training):
    ours, theirs = make(num_classes=10, width=1 / 16), Residual(layers, bottleneck)
    compare(ours.train(training), theirs.train(training), (3, 3, 64, 60), low=-1)


# --- GoogLeNet --------------------------------------------------------------------------------------------------------


def conv(inner, outer, size, stride=1, paper=False):
    parts = [("conv", T.Conv2d(inner, outer, size, stride, size // 2, bias=paper))]
    parts += [] if paper else [("bn", T.BatchNorm2d(outer, eps=0.001))]
    return named(*parts, ("relu", T.ReLU()))


class Parallel(T.Module):
    def __init__(self, inner, sizes, paper):
        super().__init__()
        a, b, c, d, e, f = sizes
        self.branch1 = conv(inner, a, 1, paper=paper)
        self.branch2 = T.Sequential(conv(inner, b, 1, paper=paper), conv(b, c, 3, paper=paper))
        self.branch3 = T.Sequential(conv(inner, d, 1, paper=paper), conv(d, e, 5 if paper else 3, paper=paper))
        self.branch4 = T.Sequential(T.MaxPool2d(3, 1, 1), conv(inner, f, 1, paper=paper))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Google(T.Module):
    """GoogLeNet with a sixteenth of its channels, from table 1 of the paper."""

    TABLE = (
        ("3a", 64, 96, 128, 16, 32, 32), ("3b", 128, 128, 192, 32, 96, 64), ("4a", 192, 96, 208, 16, 48, 64),
        ("4b", 160, 112, 224, 24, 64, 64), ("4c", 128, 128, 256, 24, 64, 64), ("4d", 112, 144, 288, 32, 64, 64),
        ("4e", 256, 160, 320, 32, 128, 128), ("5a", 256, 160, 320, 32, 128, 128), ("5b", 384, 192, 384, 48, 128, 128),
    )  # fmt: skip

    def __init__(self, paper):
        super().__init__()
        self.paper = paper
        self.conv1, self.conv2 = conv(3, 4, 7, 2, paper=paper), conv(4, 4, 1, paper=paper)
        self.conv3 = conv(4, 12, 3, paper=paper)
        inner, ends = 12, {}
        for name, *sizes in self.TABLE:
            small = [round(size / 16) for size in sizes]
            setattr(self, f"inception{name}", Parallel(inner, small, paper))
            ends[name] = inner = small[0] + small[2] + small[4] + small[5]
        for i, name in ((1, "4a"), (2, "4d")):
            pool = T.AvgPool2d(5, 3) if paper else T.AdaptiveAvgPool2d(4)
            head = [("pool", pool), ("conv", conv(ends[name], 8, 1, paper=paper)), ("flat", T.Flatten())]
            head += [("fc1", T.Linear(128, 64)), ("relu", T.ReLU()), ("fc2", T.Linear(64, 10))]
            setattr(self, f"aux{i}", named(*head))
        self.fc = T.Linear(inner, 10)

    def forward(self, x):
        def pool(x, size=3):
            return F.max_pool2d(x, size, 2, ceil_mode=True)

        def norm(x):
            return F.local_response_norm(x, 5) if self.paper else x

        x = norm(pool(self.conv1(x)))
        x = pool(norm(self.conv3(self.conv2(x))))
        x = pool(self.inception3b(self.inception3a(x)))
        first = self.inception4a(x)
        second = self.inception4d(self.inception4c(self.inception4b(first)))
        x = pool(self.inception4e(second), 3 if self.paper else 2)
        x = self.fc(self.inception5b(self.inception5a(x)).mean((2, 3)))
        return (x, self.aux2(second), self.aux1(first)) if self.training else x


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("paper", [True, False])
def test_googlenet(paper, training):
    ours = models.GoogLeNet(10, dropout=0.0, dropout_aux=0.0, batch_norm=not paper, width=1 / 16).train(training)
    theirs = Google(paper).train(training)
    if not training:
        ours.aux1 = ours.aux2 = theirs.aux1 = theirs.aux2 = None
    compare(ours, theirs, (2, 3, 224, 224), low=-1)


# --- text and noise ---------------------------------------------------------------------------------------------------


class Characters(T.Module):
    def __init__(self, kind, layers, embedding):
        super().__init__()
        self.embedding = T.Embedding(7, embedding) if embedding else None
        self.rnn = kind(embedding or 7, 5, layers, batch_first=True)
        self.linear = T.Linear(5, 7)

    def forward(self, x):
        x = self.embedding(x) if self.embedding else F.one_hot(x, 7).to(self.linear.weight)
        return self.linear(self.rnn(x)[0])


class Attending(T.Module):
    def __init__(self):
        super().__init__()
        self.embedding = T.Embedding(7, 8)
        layer = T.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = T.TransformerEncoder(layer, 2, T.LayerNorm(8), enable_nested_tensor=False)
        self.linear = T.Linear(8, 7)

    def forward(self, x):
        places = torch.arange(x.shape[1], dtype=torch.float64)[:, None] / 10000 ** (torch.arange(0, 8, 2) / 8)
        code = torch.stack([places.sin(), places.cos()], -1).flatten(1)
        mask = T.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=torch.float64)
        return self.linear(self.encoder(self.embedding(x) + code, mask, is_causal=True))


def compare_text(ours, theirs):
    ours.double()
    theirs.double()
    randomize(ours)
    theirs.load_state_dict({name: torch.tensor(value.data) for name, value in ours.state_dict().items()})
    x = RNG.integers(0, 7, (3, 6))
    out, expected = ours(x), theirs(torch.tensor(x))
    out = out[0] if isinstance(out, tuple) else out
    assert_allclose(out.data, expected.detach(), **CLOSE)
    g = RNG.normal(size=out.shape)
    out.backward(g)
    expected.backward(torch.tensor(g))
    compare_gradients(ours, theirs)


@pytest.mark.parametrize(
    ("cell", "layers", "embedding"), [("rnn", 1, None), ("lstm", 2, None), ("gru", 1, 4), ("lstm", 1, 3)]
)
def test_recurrent_language_models(cell, layers, embedding):
    ours = models.CharRNN(7, 5, layers, cell, embedding)
    compare_text(ours, Characters(getattr(T, cell.upper()), layers, embedding))


def test_transformer_language_model():
    # positions are a buffer that float32 rounds: made in float64 they are PyTorch's, too
    ours = models.CharTransformer(7, 8, 2, 2, context=9, dropout=0.0, dtype=np.float64)
    compare_text(ours, Attending())


def test_gan():
    generator = T.Sequential(T.Linear(3, 5), T.LeakyReLU(0.2), T.Linear(5, 8), T.Tanh(), T.Unflatten(1, (2, 4)))
    discriminator = T.Sequential(T.Flatten(), T.Linear(8, 5), T.LeakyReLU(0.2), T.Linear(5, 1))
    ours = models.GAN((2, 4), 3, [5])
    compare(ours.generator, generator, (4, 3))
    compare(ours.discriminator, discriminator, (4, 2, 4))
    z, real = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2, 4))
    fake = discriminator(generator(torch.tensor(z)))
    expected = F.softplus(-discriminator(torch.tensor(real))).mean() + F.softplus(fake).mean()
    assert_allclose(ours.discriminator_loss(real, z).item(), expected.item(), rtol=1e-10)
    assert_allclose(ours.generator_loss(z).item(), F.softplus(-fake).mean().item(), rtol=1e-10)
