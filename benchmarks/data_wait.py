"""How long a training loop waits for its data: LeNet on images of MNIST's shape, in every way to load them.

    python benchmarks/data_wait.py [--batch 64] [--batches 200]

For each way: milliseconds for a whole step, the share of that in which the loop waits for the next batch, and what
the first batch takes. The loop must wait less than 5 % of the time with a thread or with processes.
"""

import argparse
import time

import numpy as np
import workloads

import autograd
import nn
from nn.data import DataLoader, TensorDataset, TransformedDataset
from nn.data.transforms import Compose, GaussianNoise, RandomAffine, RandomShift

TARGET = 0.05
WAYS = {
    "none": {},
    "thread": {"prefetch_factor": 4},
    "2 processes": {"num_workers": 2, "prefetch_factor": 4},
}


class OneByOne(nn.data.Dataset):
    """A data set that gives its examples one by one, as most that people write do."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __getitem__(self, index):
        return self.images[index], self.labels[index]

    def __len__(self):
        return len(self.labels)


def datasets(count):
    generator = np.random.default_rng(0)
    images = generator.random((count, 1, 28, 28), np.float32)
    labels = generator.integers(0, 10, count)
    whole = TensorDataset(images, labels)
    return {
        "index arrays": whole,
        "one by one": OneByOne(images, labels),
        "shift and noise": TransformedDataset(whole, Compose([RandomShift(1), GaussianNoise(sigma=0.05)])),
        "affine": TransformedDataset(whole, RandomAffine(10, (0.1, 0.1), (0.9, 1.1))),
    }


def measure(dataset, batch, count, options):
    """Return the seconds of an epoch, and of the waits in it, after the first five batches."""
    step = training()
    step(*next(iter(DataLoader(dataset, batch))))
    batches = iter(DataLoader(dataset, batch, shuffle=True, drop_last=True, **options))
    waits, steps = [], []
    for _ in range(count):
        start = time.perf_counter()
        x, y = next(batches)
        loaded = time.perf_counter()
        step(x, y)
        waits.append(loaded - start)
        steps.append(time.perf_counter() - start)
    return sum(steps[5:]), sum(waits[5:]), waits[0], len(steps) - 5


def training():
    autograd.manual_seed(0)
    net = workloads.lenet(nn)
    optimizer = nn.optim.SGD(net.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--batches", type=int, default=200)
    options = parser.parse_args()
    print(f"{'data set':16} {'ahead by':12} {'ms a step':>10} {'waiting':>8} {'first, ms':>10}")
    for name, dataset in datasets(options.batch * options.batches).items():
        for way, arguments in WAYS.items():
            total, waiting, first, steps = measure(dataset, options.batch, options.batches, arguments)
            verdict = "" if way == "none" else "ok" if waiting / total < TARGET else "TOO LONG"
            row = f"{1e3 * total / steps:10.2f} {waiting / total:8.1%} {1e3 * first:10.1f}"
            print(f"{name:16} {way:12} {row}  {verdict}", flush=True)


if __name__ == "__main__":
    main()
