"""Drawings: what is folded, how much detail is shown, overlays, names."""

import itertools
import os
import re
import subprocess
import sys
import time
import weakref
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor
from autograd.visualize import render, to_dot, trace
from autograd.visualize.circuit import GREEN, GREY, INK, LOOKS, MARKS, RED
from autograd.visualize.overlays import FILLS, STROKES


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def boxes(dot):
    """Return the titles of all boxes."""
    return [re.sub(r"</?[BI]>", "", line) for line in re.findall(r"label=<(<[BI]>.*?</[BI]>[^<>]*)[<>]", dot)]


def frames(dot):
    return re.findall(r"label=<([^<>]+)> style", dot)


def wires(dot):
    return [line for line in dot.split("\n") if " -> " in line and "invis" not in line]


KEPT = []  # modules, whose names are known as long as they are alive


def encoder(layers):
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), layers)
    KEPT.append(model)
    return model(Tensor(np.ones((3, 2, 8), np.float32))).sum()


def recurrent(steps, outputs=True):
    w, u = leaf(np.ones((4, 4)), "w"), leaf(np.ones((4, 4)), "u")
    h, total = Tensor(np.zeros((2, 4))), Tensor(0.0)
    for _ in range(steps):
        h = np.tanh(h @ w + np.ones((2, 4)) @ u)
        total = total + (h * h).mean()
    return total if outputs else h.sum()


# --- repeats ----------------------------------------------------------------------------------------------------------


def test_repeated_blocks_are_one_frame_with_their_number():
    dot = to_dot(encoder(12))
    assert frames(dot).count("layers.0 … layers.11: TransformerEncoderLayer x12") == 1
    assert boxes(dot).count("relu") == 1
    assert boxes(dot).count("in_proj_weight") == 1
    assert 'style="rounded,dashed"' in dot
    again = [line for line in wires(dot) if "dashed" in line]
    assert len(again) == 2  # into the attention and around it
    assert all("dir=back" in line for line in again)


def test_blocks_that_differ_stay():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(n, n + 1), nn.ReLU()) for n in range(2, 7)])
    dot = to_dot(model(np.ones((1, 2), np.float32)), detail="folded")
    assert boxes(dot).count("relu") == 5
    assert " x" not in "".join(frames(dot))


def test_two_blocks_of_a_kind_are_folded():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.ReLU()) for _ in range(2)], nn.Linear(3, 1))
    dot = to_dot(model(np.ones((1, 3), np.float32)), detail="folded")
    assert "0 … 1: Sequential x2" in frames(dot)
    assert boxes(dot).count("linear") == 2


def test_layers_in_turn_are_a_block_without_a_module():
    model = nn.Sequential(*[layer for _ in range(6) for layer in (nn.Linear(3, 3), nn.Tanh())])
    dot = to_dot(model(np.ones((1, 3), np.float32)), detail="folded")
    assert "x6" in frames(dot)
    assert boxes(dot).count("linear") == boxes(dot).count("tanh") == boxes(dot).count("weight") == 1


def test_steps_of_a_recurrence_are_rolled_up():
    dot = to_dot(recurrent(9), detail="folded")
    assert "x9 steps" in frames(dot)
    assert boxes(dot).count("w") == boxes(dot).count("u") == 1
    assert boxes(dot).count("tanh") == 1
    back = [line for line in wires(dot) if "dir=back" in line]
    assert len(back) == 1  # the state
    source = re.search(r"-> (n\d+)", back[0]).group(1)
    assert re.search(rf"{source} \[[^\n]*tanh", dot)


@pytest.mark.parametrize("state_first", [True, False])
def test_steps_are_found_whatever_the_order_of_operands(state_first):
    w, u, bias = (leaf(np.ones(shape), name) for shape, name in (((4, 4), "w"), ((4, 4), "u"), (4, "b")))
    h = Tensor(np.zeros((2, 4)))
    for _ in range(9):
        own = np.sin(np.ones((2, 4)) @ u + bias)
        h = np.tanh(h @ w + own if state_first else own + h @ w)
    dot = to_dot(h.sum(), detail="folded")
    (frame,) = [frame for frame in frames(dot) if "steps" in frame]
    assert frame in ("x9 steps", "x8 steps")
    assert boxes(dot).count("sin") <= 2


def test_a_loop_after_other_beginnings():
    y = leaf([1.0, 2.0])
    for k in range(12):
        y = np.tanh(np.cumsum(y)) if k else np.tanh(np.sin(y))
    dot = to_dot(y, detail="folded")
    assert frames(dot) == ["x11"]
    first, last = (
        re.search(rf"(n\d+) \[[^\n]*<B>{name}</B>", dot.split("cluster")[1]).group(1) for name in ("cumsum", "tanh")
    )
    assert f"{first} -> {last} [dir=back" in dot  # a repetition begins where the loop's body does


def test_a_cell_called_again_and_again():
    cell = nn.RNNCell(3, 4)
    h = Tensor(np.zeros((2, 4), np.float32))
    for _ in range(7):
        h = cell(Tensor(np.ones((2, 3), np.float32)), h)
    dot = to_dot(h.sum(), detail="folded")
    assert frames(dot) == ["RNNCell x7 steps"]
    assert boxes(dot).count("weight_hh") == 1


def test_repeats_within_repeats():
    y = leaf(1.0)
    for _ in range(20):
        for _ in range(5):
            y = np.tanh(y) * 0.5
        y = np.sin(y)
    dot = to_dot(y)
    assert frames(dot) == ["x20", "x5"]
    assert sorted(boxes(dot)) == ["*0.5", "output", "parameter", "sin", "tanh"]
    assert len([line for line in wires(dot) if "dashed" in line]) == 2


def test_the_same_operations_wired_otherwise_are_no_repeats():
    x = leaf([1.0, 2.0])
    values = [x]
    for _ in range(8):
        values.append(np.cumsum(values[-1]) * values[len(values) // 2])
    dot = to_dot(values[-1], detail="folded")
    assert boxes(dot).count("cumsum") > 1


def test_nothing_is_folded_unasked_in_small_graphs_and_with_all():
    y = leaf(1.0)
    for _ in range(16):
        y = y + y
    assert boxes(to_dot(y)).count("+") == 16
    for _ in range(200):
        y = np.tanh(y)
    assert boxes(to_dot(y, detail="all")).count("tanh") == 200
    assert boxes(to_dot(y)).count("tanh") == 0
    assert "tanh x200" in boxes(to_dot(y))


def test_values_of_what_is_folded_are_not_shown():
    y = leaf(1.0)
    for _ in range(50):
        y = y * 1.5
    assert to_dot(y, detail="folded").count(f'COLOR="{GREEN}"') == 1  # the leaf's
    assert to_dot(y, detail="all").count(f'COLOR="{GREEN}"') == 51


# --- depth ------------------------------------------------------------------------------------------------------------


def test_depth_makes_boxes_of_modules():
    y = encoder(2)
    assert boxes(to_dot(y, depth=0))[:1] == ["input"]
    outer = to_dot(y, depth=0, detail="folded")
    assert "TransformerEncoder" in boxes(outer)
    assert f"{sum(node.value_bytes // 4 for node in trace(y) if node.kind == 'parameter'):,} parameters" in outer
    assert frames(outer) == []
    inner = to_dot(y, depth=2)
    assert frames(inner) == [
        "TransformerEncoder",
        "layers.0: TransformerEncoderLayer",
        "layers.1: TransformerEncoderLayer",
    ]
    assert boxes(inner).count("norm1: LayerNorm") == 2
    assert "normalized" not in boxes(inner)


def test_parameters_of_a_folded_box_are_those_of_one():
    dot = to_dot(encoder(12), depth=2)
    assert boxes(dot).count("norm1: LayerNorm") == 1
    assert "16 parameters" in dot


# --- expressions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (lambda x: 0.5 * x * (1 + np.tanh(0.798 * (x + 0.0447 * x**3))), "0.5*x*(1 + tanh(0.798*(x + 0.0447*x^3)))"),
        (lambda x: (x - (1 - x)) / (x * 2), "(x - (1 - x))/(x*2)"),
        (lambda x: -((-x) ** 2) + np.square(x + 1), "-(-x)^2 + (x + 1)^2"),
        (lambda x: np.sin(np.abs(x) * -2) ** -1, "sin(|x|*(-2))^(-1)"),
        (lambda x: 1 / (1 + np.exp(-x)), "1/(1 + exp(-x))"),
        (lambda x: 2 ** (3 ** (x + 1)), "2^3^(x + 1)"),
    ],
)
def test_expressions_are_formulas(function, formula):
    dot = to_dot(np.cumsum(function(leaf([1.0, 2.0], "x"))), detail="folded")
    assert formula in boxes(dot)
    assert len([line for line in wires(dot) if "dir=none" not in line]) == 3


def test_a_value_used_elsewhere_ends_an_expression():
    x = leaf([1.0, 2.0])
    inner = np.exp(x) * 2 + 1
    dot = to_dot(np.cumsum(np.tanh(inner) * 3 - 1) + np.sort(inner), detail="folded")
    assert {"exp(x)*2 + 1", "tanh(x)*3 - 1"} <= set(boxes(dot))


def test_long_expressions_are_cut():
    rng = np.random.default_rng(0)
    y = leaf(1.0)
    for k in rng.integers(1, 1000, 300):
        y = np.sin(y + k) if k % 3 else y * k
    (title,) = [box for box in boxes(to_dot(y, detail="folded")) if "…" in box]
    assert len(title) <= 60
    assert re.search(r"\d\d\d operations", to_dot(y, detail="folded"))


# --- large graphs -----------------------------------------------------------------------------------------------------


def random_graph(size, elements=3):
    rng = np.random.default_rng(0)
    values = [leaf(np.ones(elements)) for _ in range(40)]
    for _ in range(size):
        a, b = (values[i] for i in rng.integers(0, len(values), 2))
        function, operands = [(np.add, (a, b)), (np.multiply, (a, b)), (np.sort, (a,)), (np.cumsum, (b,))][
            rng.integers(4)
        ]
        with np.errstate(all="ignore"):
            values.append(function(*operands))
        values = values[-300:]
    with np.errstate(all="ignore"):
        return sum(value.sum() for value in values)


def test_an_overview_has_few_boxes():
    dot = to_dot(random_graph(5000))
    assert 5 <= len(boxes(dot)) <= 100
    assert len(wires(dot)) < 200
    shown = [re.search(r"^sort x([\d,]+)", box) for box in boxes(dot)]
    assert any(match and int(match.group(1).replace(",", "")) > 300 for match in shown)
    assert len(boxes(to_dot(encoder(12), detail="overview"))) <= 60


@pytest.mark.parametrize("size", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_large_graphs_take_seconds(size):
    y, z = random_graph(size), leaf(1.0)
    for _ in range(size // 2):
        z = z + 1
    graph = trace(y + z)
    assert len(graph) > size
    start = time.process_time()
    dot = to_dot(graph)
    assert time.process_time() - start < 15
    assert len(dot) < 20_000


def test_a_chain_needs_no_recursion():
    y = leaf(1.0)
    for _ in range(20_000):
        y = y + 1
    start = time.process_time()
    assert "+1 x20,000" in boxes(to_dot(y))
    assert time.process_time() - start < 5


def test_modules_in_modules_without_recursion():
    model = nn.Linear(2, 2)
    for _ in range(150):
        model = nn.Sequential(model, nn.ReLU())
    dot = to_dot(model(np.ones((1, 2), np.float32)))
    assert len(boxes(dot)) <= 100


# --- overlays ---------------------------------------------------------------------------------------------------------


def test_saved_bytes():
    x = leaf(np.ones((10, 10)), "x")
    y = np.cumsum(np.exp(x) * 2)
    dot = to_dot(y, overlay="saved")
    assert dot.count("keeps 800 B") == 1
    assert re.search(rf'fillcolor="{FILLS[-1]}"[^\n]*exp', dot)
    assert "kept for backward" in dot
    y.sum().backward()
    with pytest.raises(ValueError, match="released"):
        to_dot(y, overlay="saved")


def test_time():
    x = leaf(np.ones((50, 50)), "x")
    with autograd.watch():
        y = np.sort(x @ x).sum()
        y.backward()
    dot = to_dot(y, overlay=["time"])
    assert len(re.findall(r"\d+\.\d [mu]s \+ \d+\.\d [mu]s", dot)) == 3
    with pytest.raises(ValueError, match=r"autograd\.watch"):
        to_dot(x * 2, overlay="time")


def test_gradients_as_colours():
    x = leaf([1.0, 2.0], "x")
    y = (x * np.array([1e-6, 0.0])).sum() * 1e6 + (x * 0).sum()
    with pytest.raises(ValueError, match="backward"):
        to_dot(y, overlay="gradient")
    y.backward()
    dot = to_dot(y, overlay="gradient")
    assert "largest |gradient|" in dot
    assert re.search(rf'n\d+ -> n\d+[^\n]*color="{STROKES[-1][0]}" penwidth={STROKES[-1][1]}', dot)
    large = leaf(np.arange(100.0))
    (large * large).sum().backward()
    assert "|g| ≤ 198" in to_dot(large, overlay="gradient")  # all of it counts, not only what is printed
    with pytest.raises(ValueError, match="gradients"):
        to_dot(trace(large), overlay="gradient")  # of which only an excerpt is known
    odd = leaf([0.0, 1.0])
    with np.errstate(divide="ignore"):
        np.log(odd).sum().backward()
    assert "|g| ≤ inf" in to_dot(odd, overlay="gradient")
    z = leaf(0.0)
    with np.errstate(divide="ignore"):
        np.log(z).backward()
    assert "nan or inf" in to_dot(z, overlay="gradient")


def test_several_overlays():
    x = leaf(np.ones(10), "x")
    y = np.exp(x).sum()
    y.backward(retain_graph=True)
    dot = to_dot(y, overlay=("gradient", "saved"))
    assert "|g| ≤" in dot
    assert "keeps" in dot
    assert dot.count("legend_tag") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detail": "most"}, "'most'"), ({"depth": -1}, "depth"), ({"overlay": "speed"}, "'saved', 'time', 'gradient'"),
        ({"overlay": ["saved", "x"]}, "'x'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("function", [to_dot, autograd.draw, lambda x, **o: render(x, "picture.svg", **o)])
def test_bad_options(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(leaf(1.0) * 2, **options)


# --- names ------------------------------------------------------------------------------------------------------------


def test_names_from_assignment():
    a, weights = leaf(1.0), [leaf(2.0), leaf(3.0)]
    named, table, _hidden = leaf(4.0, "mine"), {"k": leaf(5.0)}, leaf(6.0)
    plain = Tensor([1.0, 2.0])
    total = a * weights[0] + weights[1] * named * table["k"] * _hidden
    y = total * plain
    shown = boxes(to_dot(y, names=locals()))
    assert {"a", "weights[0]", "weights[1]", "mine", "table['k']".replace("'", "&#x27;"), "plain"} <= set(shown)
    assert "parameter" in shown  # the hidden one
    assert "<I>total</I>" in to_dot(y, names=locals())
    with pytest.raises(TypeError, match="Tensor itself"):
        to_dot(trace(y), names=locals())
    assert boxes(to_dot(a, names=locals())) == ["a"]


def test_names_of_parameters():
    net = nn.Linear(2, 1)
    y = net(np.ones((1, 2), np.float32)).sum() + (net.weight * net.weight).sum()
    assert {"weight", "bias"} <= set(boxes(to_dot(y)))  # from named_parameters
    plain = (net.weight * 2).sum()
    assert "net.weight" in boxes(to_dot(plain, names={"net": net}))


# --- the same everywhere, for everybody -------------------------------------------------------------------------------

LARGE = """
import numpy as np, nn, autograd
from autograd import Tensor, to_dot
autograd.manual_seed(0)
model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), 6)
y = model(Tensor(np.ones((3, 2, 8), np.float32))).sum()
values = [Tensor(float(k), requires_grad=True) for k in range(9)]
for k in range(500):
    values.append(np.sin(values[k * k % len(values)]) * values[-1] + values[k % 7])
y = y + values[-1]
y.backward(retain_graph=True)
for options in ({}, {"detail": "folded"}, {"detail": "overview"}, {"depth": 1, "direction": "TB"}, {"overlay": "saved"},
                {"overlay": "gradient", "names": {"model": model, "values": values}}):
    print(to_dot(y, **options))
"""


def test_the_same_bytes_in_every_process():
    texts = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        made = subprocess.run([sys.executable, "-c", LARGE], env=environment, capture_output=True, check=True)
        texts.add(made.stdout)
    assert len(texts) == 1


@pytest.mark.parametrize(
    "name", ['"];x[label="', "<script>alert(1)</script>", "a\nb\\N", "é日🙂", "y" * 10_000, "", ": "]
)
def test_hostile_names_wherever_they_stand(name, tmp_path):
    pytest.importorskip("pygraphviz")
    inner = type(name.replace("\0", ""), (nn.Module,), {"forward": lambda self, x: np.tanh(x * self.w) * 2 + 1})
    layers = []
    for _ in range(3):
        layer = inner()
        layer.w = nn.Parameter(np.ones(3))
        layers.append(layer)
    x = leaf(np.ones(3), name)
    y = nn.Sequential(*layers)(x).sum()
    y.name = name
    y.backward(retain_graph=True)
    for options in ({"detail": "folded"}, {"depth": 1}, {"detail": "overview"}, {"overlay": ("gradient", "saved")}):
        for direction in ("LR", "TB"):
            path = render(y, tmp_path / "picture.svg", direction=direction, names={name: x}, **options)
            svg = ElementTree.fromstring(path.read_text(encoding="utf-8"))
            assert not any(element.tag.endswith("script") for element in svg.iter())
            assert path.stat().st_size < 100_000


def test_drawing_keeps_nothing_alive():
    x = leaf([1.0, 2.0], "x")
    y = np.exp(x) * 2
    kept = weakref.ref(y), weakref.ref(y.data)
    to_dot(y, detail="folded", overlay="saved", names={"x": x, "y": y})
    del y
    assert [reference() for reference in kept] == [None, None]


# --- colours ----------------------------------------------------------------------------------------------------------


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def linear(colour):
    c = rgb(colour)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    """Return the relative luminance of WCAG 2.1."""
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


# What people without one kind of cone see: Machado, Oliveira and Fernandes 2009, table 1, severity 1.
SEEN = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def test_texts_are_readable_on_light_and_dark_pages():
    for colour in (GREEN, RED, GREY, *[stroke for stroke, _ in STROKES]):
        assert min(contrast(colour, "#ffffff"), contrast(colour, "#0d1117")) > 3
    fills = [look[3] for look in (*LOOKS.values(), *MARKS.values())]
    assert min(contrast(INK, fill) for fill in [*fills, *FILLS]) > 5


@pytest.mark.parametrize("eyes", SEEN)
def test_the_colour_blind_tell_values_from_gradients_and_the_order_of_fills(eyes):
    def seen(colour):
        return np.array(SEEN[eyes]) @ linear(colour)

    assert np.abs(seen(GREEN) - seen(RED)).max() > 0.1
    light = [seen(fill) @ [0.2126, 0.7152, 0.0722] for fill in FILLS]
    assert all(a > b + 0.03 for a, b in itertools.pairwise(light))
    widths = [width for _, width in STROKES]
    assert widths == sorted(set(widths))


def test_no_two_kinds_differ_by_colour_alone():
    looks = [(shape, style) for shape, style, _, _ in LOOKS.values()]
    assert len(set(looks)) == len(looks)
    assert len({sign for sign, *_ in MARKS.values()}) == len(MARKS)


# --- labels of frames -------------------------------------------------------------------------------------------------


def test_wires_do_not_cross_the_labels_of_innermost_frames_from_top_to_bottom(tmp_path):
    pytest.importorskip("pygraphviz")
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Tanh())
    loss = nn.CrossEntropyLoss()(model(np.ones((5, 4), np.float32)), np.zeros(5, int))
    svg = ElementTree.fromstring(render(loss, tmp_path / "picture.svg", direction="TB").read_text(encoding="utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    labels = {}
    for element in svg.iter(f"{space}text"):
        if element.text in ("0: Linear", "1: ReLU", "2: Linear", "3: Tanh", "CrossEntropyLoss"):
            x, y = float(element.get("x")), float(element.get("y"))
            width = 5.5 * len(element.text)
            left = x - width / 2 if element.get("text-anchor") == "middle" else x
            labels[element.text] = (left, y - 9, left + width, y + 2)
    assert len(labels) == 5
    for wire in (g for g in svg.iter(f"{space}g") if g.get("class") == "edge"):
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", wire.find(f"{space}path").get("d"))]
        points = np.array(numbers).reshape(-1, 2)
        t = np.linspace(0, 1, 30)[:, None]
        for a, b, c, d in zip(points[0::3], points[1::3], points[2::3], points[3::3]):
            curve = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            for name, (left, top, right, bottom) in labels.items():
                inside = (curve[:, 0] > left) & (curve[:, 0] < right) & (curve[:, 1] > top) & (curve[:, 1] < bottom)
                assert not inside.any(), name
