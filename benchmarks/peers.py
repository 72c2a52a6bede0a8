"""A training step in Forkgrad and in other engines on NumPy: MyGrad, HIPS autograd, and NumPy by hand.

    pip install -e ".[fast]" mygrad
    python benchmarks/peers.py
    python benchmarks/peers.py --hips PYTHON     # a Python in whose environment HIPS autograd is installed

HIPS autograd has our import name, so it needs an environment of its own. Each engine trains the same network,
784-100-10 with rectifiers, float32, in a process of its own; they take turns, while the others wait. The table shows
the median time of a step and the median of the turns' ratios to ours. (A step of micrograd would take minutes: it has
no arrays; `per_node.py` compares it.)
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time

import numpy as np

SIZES = (784, 100, 10)


def start(batch):
    """Return parameters, images and classes."""
    rng = np.random.default_rng(0)
    pairs = [
        (rng.normal(size=(i, o)).astype(np.float32) / np.sqrt(i, dtype=np.float32), np.zeros(o, np.float32))
        for i, o in itertools.pairwise(SIZES)
    ]
    return pairs, rng.normal(size=(batch, 784)).astype(np.float32), rng.integers(0, 10, batch)


def forkgrad(batch):
    import nn
    from autograd import Tensor

    pairs, x, y = start(batch)
    net = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    net.load_state_dict(
        {f"{2 * i}.{n}": a for i, (w, b) in enumerate(pairs) for n, a in (("weight", w.T), ("bias", b))}
    )
    optimizer, x, y = nn.optim.SGD(net.parameters(), lr=0.01), Tensor(x), Tensor(y)

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def by_hand(batch):
    """Forward and backward written out, as in a course on NumPy."""
    ((w1, b1), (w2, b2)), x, y = start(batch)
    rows = np.arange(batch)

    def step():
        h = np.maximum(x @ w1 + b1, 0)
        scores = h @ w2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= batch
        of_h = (p @ w2.T) * (h > 0)
        for parameter, gradient in ((w2, h.T @ p), (b2, p.sum(axis=0)), (w1, x.T @ of_h), (b1, of_h.sum(axis=0))):
            parameter -= 0.01 * gradient
        return float(loss)

    return step


def mygrad(batch):
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    pairs, x, y = start(batch)
    (w1, b1), (w2, b2) = [[mg.tensor(a) for a in pair] for pair in pairs]

    def step():
        loss = softmax_crossentropy(relu(x @ w1 + b1) @ w2 + b2, y)
        loss.backward()
        for parameter in (w1, b1, w2, b2):
            parameter.data -= 0.01 * parameter.grad
            parameter.null_grad()
        return loss.item()

    return step


def hips(batch):
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp

    import autograd

    pairs, x, y = start(batch)
    chosen = (np.arange(batch), y)

    def loss(pairs):
        (w1, b1), (w2, b2) = pairs
        scores = anp.maximum(anp.dot(x, w1) + b1, 0)
        scores = anp.dot(scores, w2) + b2
        return anp.mean(logsumexp(scores, axis=1) - scores[chosen])

    both = autograd.value_and_grad(loss)

    def step():
        value, gradients = both(pairs)
        for pair, gradient in zip(pairs, gradients, strict=True):
            for parameter, part in zip(pair, gradient, strict=True):
                parameter -= 0.01 * part.astype(np.float32)
        return float(value)

    return step


ENGINES = {"forkgrad": forkgrad, "NumPy by hand": by_hand, "mygrad": mygrad, "HIPS autograd": hips}


def serve(engine):
    """Answer [batch, seconds] on standard input with the median time of a step and the loss after 20 steps."""
    steps = {}
    for line in sys.stdin:
        batch, seconds = json.loads(line)
        if batch not in steps:
            step = ENGINES[engine](batch)
            steps[batch] = step, [step() for _ in range(20)][-1]
        step, loss = steps[batch]
        times, end = [], time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            step()
            times.append(time.perf_counter() - began)
        print(json.dumps([statistics.median(times), loss]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hips", help="a Python that has HIPS autograd")
    parser.add_argument("--turns", type=int, default=7, help="how often the engines take turns")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a turn takes")
    parser.add_argument("--serve", choices=ENGINES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    pythons = dict.fromkeys(("forkgrad", "NumPy by hand", "mygrad"), sys.executable)
    if chosen.hips:
        pythons["HIPS autograd"] = chosen.hips
    servers = {
        name: subprocess.Popen([python, __file__, "--serve", name], stdin=-1, stdout=-1, text=True)
        for name, python in pythons.items()
    }

    def ask(name, batch):
        server = servers[name]
        server.stdin.write(json.dumps([batch, chosen.seconds]) + "\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    print("| batch | engine | step, ms | times ours | loss after 20 steps |\n|---|---|---|---|---|")
    for batch in (10, 128):
        turns = [{name: ask(name, batch) for name in servers} for _ in range(chosen.turns + 1)][1:]
        for name in servers:
            times = [turn[name][0] for turn in turns]
            ratio = statistics.median(turn[name][0] / turn["forkgrad"][0] for turn in turns)
            print(
                f"| {batch} | {name} | {statistics.median(times) * 1e3:.3g} | {ratio:.2f} | {turns[0][name][1]:.5f} |"
            )
    for server in servers.values():
        server.stdin.close()
        server.wait()


if __name__ == "__main__":
    main()
