"""The interactive page: what it says, in a real browser, and that no name can do it harm."""

import json
import math
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from browser import Browser, find_browser

import autograd
import nn
from autograd import Tensor, op, to_html, trace
from autograd.visualize.page.data import CROWD, page_data, plain, printable
from autograd.visualize.page.document import PROGRAM
from nn.demo import LeNet

FOLDER = Path(autograd.__file__).parent / "visualize" / "page"
MINUS = "\N{MINUS SIGN}"
HOSTILE = [
    "\"quotes\" and 'more' `still`",
    "two\nlines\r\n\tand \0 null",
    "<script>document.title='hacked'</script>",
    "</script><script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "<!-- <script>",
    "]]> ${1} $policy \\N \\G {a|b} &amp; &lt;",
    "ünïcödé 漢字 \u202egnidaer sdrawkcab\u2028 \ud800",
    "javascript:document.title='hacked'",
    "x" * 10_000,
    "",
    "   ",
    "__proto__",
    "constructor",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not find_browser():
        pytest.skip("needs Chromium or Chrome: no such program is on the PATH")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Show the page of a Tensor, and after the test see that nothing went wrong and nothing was fetched."""
    path = tmp_path / "page.html"

    def show(output, **options):
        to_html(output, path, **options)
        browser.size(1280, 800)
        browser.open(path)
        return browser

    yield show
    assert browser.errors == []
    assert browser.requests == [path.resolve().as_uri()]
    assert browser.js("document.title") != "hacked"


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def neuron():
    """Return CS231n's worked example after backward."""
    w0, x0, w1, x1, w2 = (leaf(value, name) for name, value in NEURON.items())
    f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
    f.backward()
    return f


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))

    def forward(self, x):
        return self.body(x)


NET = Net()  # modules name their parameters as long as they are alive


def net_loss():
    loss = (NET(Tensor(np.ones((5, 4)), name="data")) ** 2).sum()
    loss.backward()
    return loss


def random_scalars(seed):
    """Return the output of a random graph of scalars with many forks, after backward, and all its Tensors."""
    rng = np.random.default_rng(seed)
    made = [leaf(float(v), f"x{i}") for i, v in enumerate(rng.uniform(0.5, 1.5, 3))]
    binary = [np.add, np.subtract, np.multiply, np.divide, np.maximum]
    for _ in range(rng.integers(6, 16)):
        a, b = rng.choice(len(made), 2)
        y = np.tanh(made[a]) if rng.random() < 0.3 else binary[rng.integers(5)](made[a], made[b] * 1.1)
        y.retain_grad()
        made.append(y)
    out = made[-1]
    for y in made[1:-1:2]:
        out = out + y * float(rng.uniform(0.5, 2))
    out.backward()
    return out, made


def walk(browser, key, times, expression):
    """Return what an expression gives before each of many key presses, in one go: single ones take long."""
    press = f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"
    once = f"() => {{ const found = {expression}; {press}; return found; }}"
    return browser.js(f"Array.from({{length: {times}}}, {once})")


def state(browser, state):
    return browser.js(f"document.querySelectorAll('#picture .box[data-state={state}]').length")


# --- stepping ---------------------------------------------------------------------------------------------------------


def test_stepping_by_keyboard(shown):
    page = shown(neuron())
    assert page.text("#where") == "21 steps"
    page.press("ArrowRight")
    assert page.text(".chip") == "Forward 1 of 8"
    assert page.text("#live").startswith("Forward 1 of 8: multiply n2. Takes w0, 2; x0, -1. Gives -2.")
    assert (state(page, "now"), state(page, "todo")) == (1, 7)
    page.press("ArrowRight")
    assert page.text(".chip") == "Forward 2 of 8"
    page.press("ArrowLeft")
    assert page.text(".chip") == "Forward 1 of 8"
    page.press("End")
    assert page.text("#where") == "Backward 13 of 13"
    page.press("ArrowRight")
    assert page.text("#where") == "Backward 13 of 13"
    page.press("Home")
    assert page.text("#where") == "Forward 1 of 8"
    page.press("ArrowLeft")
    assert page.text(".chip") == "Overview"
    page.press("ArrowLeft")
    assert page.text("#where") == "Backward 13 of 13"
    page.press("Escape")
    assert page.text(".chip") == "Overview"
    assert page.js("document.querySelectorAll('[data-state]').length") == 0


def test_stepping_by_mouse(shown):
    page = shown(neuron())
    for expected in ("Forward 1 of 8", "Forward 2 of 8", "Forward 3 of 8"):
        page.click("#next")
        assert page.text("#where") == expected
    page.click("#previous")
    assert page.text("#where") == "Forward 2 of 8"
    page.click("#last")
    assert page.text("#where") == "Backward 13 of 13"
    assert page.js("document.getElementById('next').disabled")
    page.click("#first")
    assert page.text("#where") == "Forward 1 of 8"
    page.click("#slider")
    assert page.text("#where").startswith(("Forward 8", "Backward 1", "Backward 2", "Backward 3"))
    page.click("#overview")
    assert page.text(".chip") == "Overview"


def test_an_address_may_name_a_step(browser, tmp_path):
    path = to_html(neuron(), tmp_path / "page.html")
    titles = {"#9": "Backward 1 of 13", "#": "Overview", "#<b>": "Overview", "#999": "Backward 13 of 13"}
    for i, (fragment, title) in enumerate(titles.items()):
        page = path.with_name(f"page{i}.html")  # or else only the fragment changes, and nothing is loaded
        page.write_bytes(path.read_bytes())
        browser.open(page, fragment)
        assert browser.text(".chip") == title


def test_it_plays_by_itself(shown):
    page = shown(neuron())
    page.press(" ")
    assert page.js("document.getElementById('play').getAttribute('aria-label')") == "Pause"
    assert page.text("#where") == "Forward 1 of 8"
    page.wait("document.getElementById('where').textContent !== 'Forward 1 of 8'")
    page.click("#play")
    assert page.js("document.getElementById('play').getAttribute('aria-label')") == "Play"


def test_a_step_shows_what_is_known_by_then(shown):
    page = shown(neuron())

    def visible(what):
        seen = "(e) => e.textContent && getComputedStyle(e).visibility === 'visible'"
        return page.js(f"[...document.querySelectorAll('#picture .{what}')].filter({seen}).length")

    assert visible("value") == visible("gradient") == 13
    page.press("Home")
    assert visible("value") == 6  # five leaves and the first product
    assert visible("gradient") == 0
    for _ in range(8):
        page.press("ArrowRight")
    assert page.text(".chip") == "Backward 1 of 13"
    assert visible("value") == 13
    assert visible("gradient") == 1


def test_a_backward_step_tells_derivatives_and_what_is_sent(shown):
    page = shown(neuron())
    page.press("End")
    order = [node.op or node.name for node in trace(neuron()).backward_order()]
    steps = [step.node.op or step.node.name for step in trace(neuron()).steps() if step.phase == "backward"]
    assert sorted(order) == sorted(steps)
    for _ in range(len(steps) - 1 - steps.index("exp")):
        page.press("ArrowLeft")
    assert page.text("h2:has(+ *), .heading h2").startswith("exp")
    assert page.text(".part p.number.gradient").startswith("-0.5344")
    assert page.texts(".sends .term") == ["local derivative0.37", "sends-0.20"]
    assert "Sends -0.19661" in page.text("#live")


def test_before_backward_there_are_forward_steps_only(shown):
    page = shown(leaf(2.0, "x") * 3 + 1)
    assert page.text("#where") == "2 steps"
    page.press("End")
    assert page.text(".chip") == "Forward 2 of 2"
    assert "backward() has not run" not in page.text("#panel")
    page.press("Escape")
    assert "backward() has not run" in page.text("#panel")


@pytest.mark.parametrize("seed", range(20))
def test_contributions_at_forks_sum_to_the_gradient(shown, seed):
    """What the page shows at each fork, against each other and against what the engine kept in `grad`."""
    out, made = random_scalars(seed)
    page = shown(out)
    steps = [step for step in trace(out).steps() if step.phase == "backward"]
    page.press("End")
    numbers = "[...document.querySelectorAll('.terms .number')].map((e) => e.title || e.textContent)"
    total = "document.querySelector('.part p.number').textContent"
    pages = walk(page, "ArrowLeft", len(steps), f"[{numbers}, {total}]")
    forks, found = 0, {}
    for step, (exact, shown_total) in zip(reversed(steps), pages):
        *terms, last = [float(text.replace(MINUS, "-")) for text in [*exact, shown_total]]
        found[step.node.id] = last
        if len(step.received) > 1:
            forks += 1
            assert terms.pop() == last
            assert len(terms) == len(step.received)
            assert math.isclose(math.fsum(terms), last, rel_tol=1e-6, abs_tol=1e-6 * max(map(abs, terms)))
    assert forks >= 3
    assert len(found) == len(steps)
    engine = sorted(float(y.grad) for y in made if y.grad is not None)
    shown_totals = np.sort(list(found.values()))
    for gradient in engine:
        assert np.abs(shown_totals - gradient).min() <= 1e-6 * max(1, abs(gradient))
    for node in trace(out):
        if node.name:
            assert found[node.id] == pytest.approx(next(float(y.grad) for y in made if y.name == node.name), rel=1e-6)


def test_labels_at_forks_stand_on_their_wires(shown):
    x, y = leaf(3.0, "x"), leaf(5.0, "y")
    z = x * y + x
    z.backward()
    page = shown(z)
    assert sorted(page.texts(".contribution")) == ["1.00", "5.00"]
    page.press("Home")
    assert page.js(
        "[...document.querySelectorAll('.contribution')].every((e) => getComputedStyle(e).visibility === 'hidden')"
    )


# --- looking around ---------------------------------------------------------------------------------------------------


def test_modules_fold_and_open(shown):
    page = shown(net_loss())
    boxes = "document.querySelectorAll('#picture .box').length"
    every = page.js(boxes)
    assert page.texts(".title text") == ["▾ Net", "▾ body: Sequential", "▾ 0: Linear", "▾ 1: Tanh", "▾ 2: Linear"]
    page.click(".title")
    assert page.texts("#picture .folded .name") == ["▸ Net"]
    assert page.js(boxes) < every
    page.press("Enter")  # the focus is on what was folded
    assert page.texts(".title text") == ["▾ Net"]
    assert page.texts("#picture .folded .name") == ["▸ body: Sequential"]
    page.click("#open")
    assert page.js(boxes) == every
    page.click("#fold")
    assert page.texts("#picture .folded .name") == ["▸ Net"]
    page.press("Home")
    page.press("ArrowRight")
    assert page.text(".heading h2").startswith("tanh")
    assert page.js("document.querySelector('#picture .folded').dataset.state") == "now"
    assert re.fullmatch("Net . body: Sequential . 1: Tanh", page.text(".path"))


def test_search_finds_and_reveals(shown):
    page = shown(net_loss())
    page.click("#fold")
    page.press("/")
    page.type("weight 0: linear")
    assert page.text("#hits") == "1 found"
    page.press("Enter")
    assert page.text("#hits") == "1 of 1"
    assert page.text(".heading h2").startswith("body.0.weight")
    assert page.texts(".box.found .name") == ["weight"]
    page.press("Escape")
    assert page.text("#hits") == ""
    assert page.js("document.querySelectorAll('.found').length") == 0


def test_hovering_shows_shape_histogram_and_source(shown):
    x = leaf(np.linspace(-1, 2, 50).reshape(5, 10), "weights")
    with autograd.source_lines():
        y = (x * x).sum()
    y.backward()
    page = shown(y)
    page.move(*page.middle("#picture .parameter .name"))
    tip = page.text("#tip")
    assert "weights" in tip
    assert "(5, 10) float64" in tip
    assert "mean0.50" in tip
    assert page.js("document.querySelectorAll('#tip .histogram rect').length") == 32  # of the value and the gradient
    assert page.js("!document.getElementById('tip').hidden")
    page.move(*page.middle("#picture .output .name"))
    assert "y = (x * x).sum()" in page.text("#tip")
    assert "test_visualize_page.py" in page.text("#tip figcaption")
    page.move(5, 300)
    assert page.js("document.getElementById('tip').hidden")


def test_zoom_pan_and_turn(shown):
    page = shown(neuron())
    place = "(e) => {const b = e.getBoundingClientRect(); return [b.x, b.y]}"
    places = f"[...document.querySelectorAll('#picture .box')].map({place})"
    before = page.js(places)
    page.press("+")
    zoomed = page.js(places)
    assert np.ptp(np.array(zoomed)[:, 0]) > 1.2 * np.ptp(np.array(before)[:, 0])
    for kind, x in (("mousePressed", 300), ("mouseMoved", 360), ("mouseReleased", 360)):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=650, button="left", buttons=1, clickCount=1)
    np.testing.assert_allclose(np.array(page.js(places)) - zoomed, [[60, 0]] * 13, atol=0.01)
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=400, y=400, deltaX=0, deltaY=-100)
    page.press("f")
    np.testing.assert_allclose(page.js(places), before, atol=0.01)
    page.press("d")
    turned = np.array(page.js(places))
    assert np.ptp(turned[:, 1]) > np.ptp(turned[:, 0])
    assert np.ptp(np.array(before)[:, 1]) < np.ptp(np.array(before)[:, 0])


def test_focus_moves_by_keys_and_chooses(shown):
    page = shown(neuron())
    focused = "document.activeElement.getAttribute('aria-label')"
    page.press("ArrowDown")
    assert page.js(focused) == f"w0, parameter, value 2, gradient {MINUS}0.19661193"
    page.press("ArrowRight", shift=True)
    assert page.js(focused).startswith("multiply, operation")
    page.press("ArrowLeft", shift=True)
    assert page.js(focused).startswith("w0")
    page.press("Enter")
    assert page.text(".chip") == "Selected"
    assert page.text(".heading h2").startswith("w0")
    page.click(".card .link")  # its user
    assert page.text(".heading h2").startswith("multiply")


def test_screen_readers_find_names_roles_and_news(shown):
    page = shown(neuron())
    page.press("ArrowRight")
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    named = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if not n["ignored"]}
    roles = {role for role, _ in named}
    assert {"main", "button", "slider", "status", "group", "search", "complementary", "heading"} <= roles
    assert ("button", f"w1, parameter, value {MINUS}3, gradient {MINUS}0.39322385") in named
    assert ("button", "Next step") in named
    assert ("slider", "Step") in named
    assert not [pair for pair in named if pair[0] in ("button", "slider", "searchbox") and not pair[1]]


def test_all_nodes_are_listed_as_text(shown):
    page = shown(neuron())
    page.click(".list summary")
    page.wait("document.querySelectorAll('.list li').length")
    rows = page.texts(".list li")
    assert len(rows) == 13
    assert rows[0] == "w02.00-0.20"


@pytest.mark.parametrize("make", [neuron, net_loss, lambda: random_scalars(3)[0]])
@pytest.mark.parametrize("turned", [False, True])
def test_boxes_do_not_overlap_and_frames_hold_theirs(shown, make, turned):
    page = shown(make())
    if turned:
        page.press("d")
    box = "(e) => {const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]}"
    boxes = np.array(page.js(f"[...document.querySelectorAll('#picture .box')].map({box})"))
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert (a[2:] <= b[:2] + 0.5).any() or (b[2:] <= a[:2] + 0.5).any()
    frames = page.js(f"[...document.querySelectorAll('#picture .frame')].map({box})")
    for x0, y0, x1, y1 in frames:
        for a in boxes:
            apart = a[2] <= x0 + 0.5 or a[0] >= x1 - 0.5 or a[3] <= y0 + 0.5 or a[1] >= y1 - 0.5
            assert apart or (a[0] >= x0 and a[1] >= y0 and a[2] <= x1 and a[3] <= y1)


# --- names that mean harm ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
def test_hostile_names_are_shown_as_text(shown, name):
    class Owner:
        pass

    Owner.__name__ = printable(name) or "Owner"
    owner = Owner()
    x = leaf(2.0, name)
    y = np.exp(x * x) + x
    y.name = name
    autograd.visualize.annotate(owner, (x,), y)
    y.backward()
    page = shown(y, title=name)
    assert page.js("document.querySelectorAll('img, iframe, object, a').length") == 0
    assert page.js("document.querySelectorAll('script').length") == 2
    if name.strip():
        words = printable(name)
        drawn = words if len(words) <= 28 else words[:27] + "…"
        assert drawn in [text.strip() for text in page.texts("#picture .input .name")]
        assert page.text("#panel h2") in (words, words[:199] + "…")
    page.press("Home")
    page.press("End")
    page.press("Escape")
    page.click("#picture .input .name")
    assert page.text(".heading h2").startswith(printable(name)[:300] if name else "input")
    page.press("/")
    page.type("exp")
    page.press("Enter")
    assert page.text("#hits") == "1 of 1"


def test_hostile_operation_names_and_sources(shown):
    cube = op(x=lambda g, x: g * 3 * x * x)(lambda x: x**3)
    y = cube(leaf(2.0, "x"))
    y.backward()
    page = shown(y)
    page.press("ArrowRight")
    assert page.text(".heading h2").startswith("<lambda>")


def test_the_program_never_writes_markup():
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|https?:(?!//www\.w3\.org/2000/svg)"
    )
    for path in FOLDER.glob("*.js"):
        assert not re.findall(forbidden, path.read_text()), path


def test_the_policy_forbids_everything_else(browser, tmp_path):
    path = to_html(neuron(), tmp_path / "page.html")
    path.write_text(path.read_text().replace("</body>", "<script>document.title='hacked'</script></body>"))
    browser.open(path)
    assert browser.js("document.title") != "hacked"
    assert any("Content Security Policy" in error for error in browser.errors)


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_a_page_of_a_lenet_step_is_small(shown, tmp_path):
    autograd.manual_seed(0)
    rng, model = np.random.default_rng(0), LeNet()
    images = Tensor(rng.normal(size=(64, 1, 28, 28)).astype(np.float32), name="images")
    with autograd.watch():
        loss = nn.CrossEntropyLoss()(model(images), rng.integers(0, 10, 64))
        loss.backward()
    assert to_html(loss, tmp_path / "lenet.html").stat().st_size < 2e6
    page = shown(loss)
    operations = sum(node.op is not None for node in trace(loss))
    steps = len(list(trace(loss).steps()))
    page.press("ArrowRight")
    told = "document.querySelector('.chip').textContent, document.querySelector('#panel').textContent"
    drawn = "document.querySelectorAll('.card .histogram').length"
    found = walk(page, "ArrowRight", steps, f"[{told}, {drawn}]")
    expected = [f"Forward {i + 1} of {operations}" for i in range(operations)]
    expected += [f"Backward {i + 1} of {steps - operations}" for i in range(steps - operations)]
    assert [title for title, _, _ in found] == expected
    assert not [text for _, text, _ in found if "not kept" in text]
    assert [drawn for _, _, drawn in found].count(1) >= steps - 2  # the loss is a single number


def test_opening_all_stops_where_a_browser_would(shown):
    y = leaf(1.0, "x")
    for _ in range(3000):
        y = y * 1.0001
    page = shown(y)
    page.click("#open")
    assert 75 <= page.js("document.querySelectorAll('#picture .box').length") <= 1500
    assert page.text("#live") == "Opened as far as there is space."


def test_large_graphs_open_folded(shown):
    y = leaf(1.0, "x")
    for _ in range(3000):
        y = y * 1.0001
    y.backward()
    page = shown(y)
    assert page.js("document.querySelectorAll('#picture .box').length") <= 110
    assert page.text("#where") == "6001 steps"
    page.press("ArrowRight")
    assert page.js("document.querySelectorAll('#picture .folded[data-state=now]').length") == 1
    page.press("End")
    assert page.text(".heading h2").startswith("x")


def test_a_long_chain_is_written_quickly():
    y = leaf(1.0, "x")
    for _ in range(20_000):
        y = y * 1.0001
    y.backward()
    graph = trace(y)
    start = time.process_time()
    to_html(graph)
    assert time.process_time() - start < 5


def test_crowds_are_framed_evenly():
    y = leaf(1.0, "x")
    for _ in range(10_000):
        y = y + 1
    data = page_data(trace(y))
    inside = {}
    for i, node in enumerate(data["nodes"]):
        inside.setdefault(node["group"], []).append(i)
    for i, group in enumerate(data["groups"]):
        assert group["parent"] is None or group["parent"] < i  # outer ones first
        inside.setdefault(group["parent"], []).append(group)
    assert max(map(len, inside.values())) <= CROWD
    assert all(
        members == list(range(members[0], members[-1] + 1)) for members in inside.values() if type(members[0]) is int
    )


# --- the file ---------------------------------------------------------------------------------------------------------


def test_same_bytes_in_every_process(tmp_path):
    code = (
        "import numpy as np, nn, autograd; autograd.manual_seed(0)\n"
        "net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))\n"
        "y = (net(np.ones((2, 3), dtype=np.float32)) ** 2).sum(); y.backward()\n"
        "import sys; sys.stdout.buffer.write(autograd.to_html(y).html.encode())"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("0", "1", "2")
    ]
    pages = {run.communicate()[0] for run in runs}
    assert not any(run.returncode for run in runs)
    assert len(pages) == 1


def test_notebooks_show_the_page_in_a_frame_of_its_own():
    page = to_html(neuron(), title="</iframe>\"'")

    class Frame(HTMLParser):
        found = ()

        def handle_starttag(self, tag, attrs):
            self.found += ((tag, dict(attrs)),)

    parser = Frame()
    parser.feed(page._repr_html_())
    ((tag, attributes),) = parser.found
    assert tag == "iframe"
    assert attributes["srcdoc"] == page.html
    assert attributes["sandbox"] == "allow-scripts"


def test_the_page_works_inside_a_notebook(browser, tmp_path):
    frame = (
        to_html(neuron())._repr_html_().replace('sandbox="allow-scripts"', 'sandbox="allow-scripts allow-same-origin"')
    )
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><link rel=icon href=data:,>{frame}", encoding="utf-8")
    browser.open(path)
    assert browser.js("frames[0].document.querySelectorAll('#picture .box').length") == 13
    assert not [error for error in browser.errors if "sandboxing" not in error]  # which only this test weakens


def test_a_file_is_written_and_its_path_returned(tmp_path):
    path = to_html(neuron(), str(tmp_path / "page.html"), title="A <neuron>")
    assert path == tmp_path / "page.html"
    text = path.read_text(encoding="utf-8")
    assert "<title>A &lt;neuron&gt;</title>" in text
    assert to_html(neuron(), title="A <neuron>").html == text
    assert list(tmp_path.iterdir()) == [path]


def test_what_has_no_graph_is_refused(tmp_path):
    with pytest.raises(TypeError, match="Tensor"):
        to_html(3.0, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_all_parts_are_package_data():
    names = {path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css", ".html")}
    assert names == {*PROGRAM, "page.css", "page.html"}


def test_making_a_page_changes_no_gradient_and_keeps_nothing():
    import gc
    import weakref

    x = leaf(np.ones(3), "x")
    y = (x * x).sum()
    y.backward()
    before = x.grad.numpy().copy()
    page = to_html(y)
    np.testing.assert_array_equal(x.grad.numpy(), before)
    gone = weakref.ref(x)
    del x, y
    gc.collect()
    assert gone() is None
    assert "x" in page.html


# --- values -----------------------------------------------------------------------------------------------------------


UNUSUAL = [
    np.zeros((0, 3)), np.array([1 + 2j, 3.0]), np.array([np.nan, np.inf, -np.inf, 1.0]), np.full(1000, np.nan),
    np.array(1e300), np.float32(1e-40), np.arange(64.0).reshape((2,) * 6), np.full(200, 7.0),
]  # fmt: skip


@pytest.mark.parametrize("value", UNUSUAL, ids=lambda value: f"{value.dtype}-{value.shape}-{value.flat[:1]}")
def test_unusual_values(shown, value):
    x = leaf(value, "x")
    y = x * 2
    y.backward(np.ones(y.shape, y.dtype))
    page = shown(y)
    page.press("End")
    page.press("Escape")
    page.click("#picture .parameter .name")
    assert page.text(".heading h2").startswith("x")


def test_operations_with_several_outputs(shown):
    q, r = autograd.linalg.qr(leaf(np.array([[1.0, 2.0], [3.0, 4.0]]), "A"))
    y = q.sum() + r.sum()
    y.backward()
    page = shown(y)
    page.press("Home")
    page.press("End")
    assert {"_tall_qr", "[0]", "[1]"} <= set(page.texts("#picture .box .name"))


def test_numbers_are_json():
    assert plain(np.float32(0.1)) == 0.1
    assert plain(2**60) == str(2**60)
    x = leaf(np.array([np.nan, 1.0]), "x")
    data = page_data(trace(x * 2, summaries=True))
    assert json.loads(json.dumps(data, allow_nan=False))["nodes"][0]["value"]["few"] == ["nan", 1.0]


def test_a_difference_is_shown_in_colours(shown):
    x = leaf(2.0, "x")
    page = shown(autograd.visualize.diff(trace(np.exp(x) + 1), trace(np.tanh(x) + 1)).graph)
    assert page.texts("#picture .added .name") == ["tanh"]
    assert page.texts("#picture .removed .name") == ["exp"]
