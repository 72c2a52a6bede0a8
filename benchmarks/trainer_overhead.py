"""What a step of the Trainer costs over the same loop written by hand: a perceptron of 784-100-10 on batches of 128.

    python benchmarks/trainer_overhead.py
    python benchmarks/trainer_overhead.py --metrics --clip
    python benchmarks/trainer_overhead.py --threads 1      # by the processor's time, on a machine that is not idle

Both loops take an epoch of 200 steps in turn, so that what else the machine does falls on both. The ratio is that of
the medians; those of the pairs are shown by their quartiles, which say how much the machine had to do besides.
"""

import argparse
import statistics
import sys
import time

import numpy as np

import autograd
import nn

CHUNK = 200  # steps of an epoch, between two readings of the clock


class Quiet:
    """A terminal that shows nothing, so that the bar is computed."""

    def isatty(self):
        return True

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def parts(size):
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    rng = np.random.default_rng(0)
    batch = autograd.Tensor(rng.random((size, 784), np.float32)), autograd.Tensor(rng.integers(0, 10, size))
    return model, nn.CrossEntropyLoss(), nn.optim.SGD(model.parameters(), lr=0.01), [batch] * CHUNK


def by_hand(size, metrics, clip):
    """Return a function that takes the steps of an epoch, and sums up what the Trainer sums up."""
    model, loss, optimizer, batches = parts(size)

    def run():
        model.train()
        total = right = count = 0
        for x, y in batches:
            output = model(x)
            error = loss(output, y)
            optimizer.zero_grad()
            error.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += error.item() * len(y)
            count += len(y)
            if metrics:
                right += nn.train.accuracy(output.detach(), y) * len(y)
        return total / count, right / count

    return run


def by_trainer(size, metrics, clip, bar):
    model, loss, optimizer, batches = parts(size)
    callbacks = [nn.train.GradientClipping(1.0)] if clip else []
    chosen = [nn.train.accuracy] if metrics else []
    trainer = nn.train.Trainer(model, loss, optimizer, metrics=chosen, callbacks=callbacks)
    return lambda: trainer.fit(batches, progress=bar)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--metrics", action="store_true", help="with the accuracy, in both loops")
    parser.add_argument("--clip", action="store_true", help="with clipped gradients, in both loops")
    parser.add_argument("--bar", action="store_true", help="with a progress bar that nobody sees")
    parser.add_argument("--threads", type=int, default=2, help="with 1, the processor's time is measured")
    options = parser.parse_args()
    autograd.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    loops = {
        "by hand": by_hand(options.batch_size, options.metrics, options.clip),
        "Trainer": by_trainer(options.batch_size, options.metrics, options.clip, options.bar),
    }
    stderr, sys.stderr = sys.stderr, Quiet()
    taken = {name: [] for name in loops}
    for i in range(options.rounds + 3):
        for name in list(loops) if i % 2 else list(loops)[::-1]:
            began = clock()
            loops[name]()
            taken[name].append((clock() - began) / CHUNK)
    sys.stderr = stderr
    for name, seconds in taken.items():
        middle, least = statistics.median(seconds[3:]), min(seconds[3:])
        print(f"{name}: {middle * 1e6:.1f} us a step (median), {least * 1e6:.1f} (least)")
    ratios = [mine / bare for mine, bare in zip(taken["Trainer"][3:], taken["by hand"][3:], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    ratio = statistics.median(taken["Trainer"][3:]) / statistics.median(taken["by hand"][3:])
    print(f"the Trainer takes {ratio - 1:+.1%} (at most +5 %); pairs: {low - 1:+.1%} to {high - 1:+.1%}")


if __name__ == "__main__":
    main()
