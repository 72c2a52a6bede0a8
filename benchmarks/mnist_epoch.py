"""How long an epoch of `python -m nn.demo --data mnist` takes beside the same loop in PyTorch.

    pip install -e ".[data,fast,train]" torch==2.13.0
    python benchmarks/mnist_epoch.py                # MNIST's files in the folder that FORKGRAD_DATA names
    python benchmarks/mnist_epoch.py --images 6000  # a tenth of the training images, for a quick look

An epoch is what the demo does in one: 938 steps on shuffled batches of 64, with the mean loss and accuracy of the
training images, then those of the 10,000 test images. The loop in PyTorch has the same network, optimizer, schedule and
sums, and takes its batches out of one array by index, which is faster than its DataLoader; with --loader it has that.

The libraries take turns, an epoch each, in processes of their own; the ratio is the median over the turns.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

TARGET = 1.0  # times PyTorch's time


def forkgrad(options):
    """Return a function that trains for an epoch and returns its row of the history."""
    import autograd
    import nn
    from nn import demo

    autograd.manual_seed(0)
    autograd.set_num_threads(options.threads)
    (x, y), test = nn.data.load_mnist()
    training = demo.Training(demo.TASKS["mnist"], (x[: options.images], y[: options.images]), test)
    trainer, batches = training.prepare(options.turns + 1)

    def run():
        row = trainer.fit(batches, nn.data.TensorDataset(*test), batch_size=500).rows[-1]
        return row["loss"], row["validation_accuracy"]

    return run


def torch(options):
    """Return a function that trains for an epoch and returns the mean loss and the accuracy on the test images."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from nn.data import load_mnist

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 40, 5)
            self.hidden, self.dropout, self.linear = nn.Linear(640, 100), nn.Dropout(0.3), nn.Linear(100, 10)

        def forward(self, images):
            x = F.relu(F.max_pool2d(self.conv1(images), 2))
            x = F.relu(F.max_pool2d(self.conv2(x), 2))
            return self.linear(self.dropout(F.relu(self.hidden(x.flatten(1)))))

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    (x, y), test = load_mnist()
    x, y, x_test, y_test = (torch.from_numpy(part) for part in (x[: options.images], y[: options.images], *test))
    model = LeNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, fused=options.fused)
    steps = (options.turns + 1) * -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 64, shuffle=True)

    def batches():
        return loader if options.loader else ((x[part], y[part]) for part in torch.randperm(len(x)).split(64))

    def run():
        model.train()
        total = right = 0.0
        for images, labels in batches():
            optimizer.zero_grad()
            output = model(images)
            loss = F.cross_entropy(output, labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(labels)
            right += (output.detach().argmax(1) == labels).float().mean().item() * len(labels)
        model.eval()
        with torch.inference_mode():
            outputs = [model(part) for part in x_test.split(500)]
            recognised = sum((o.argmax(1) == t).sum().item() for o, t in zip(outputs, y_test.split(500)))
            sum(F.cross_entropy(o, t).item() for o, t in zip(outputs, y_test.split(500)))
        return total / len(y), recognised / len(y_test)

    return run


def serve(options):
    """Train for an epoch for each line on standard input; answer with its seconds, loss and test accuracy."""
    epoch = {"forkgrad": forkgrad, "torch": torch}[options.serve](options)
    for _ in sys.stdin:
        began = time.perf_counter()
        loss, accuracy = epoch()
        print(json.dumps([time.perf_counter() - began, loss, accuracy]), flush=True)


class Server:
    """A process that trains with one of the libraries."""

    def __init__(self, library):
        command = [sys.executable, __file__, *sys.argv[1:], "--serve", library]
        self.library = library
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def epoch(self):
        """Return the seconds of an epoch."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the process of {self.library} has ended")
        seconds, loss, accuracy = json.loads(answer)
        print(f"{self.library:9} {seconds:6.2f} s  loss {loss:.4f}  test accuracy {accuracy:.2%}", flush=True)
        return seconds

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5, help="how many epochs are timed, after one that is not")
    parser.add_argument("--images", type=int, default=60_000, help="how many training images")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--loader", action="store_true", help="PyTorch with its DataLoader")
    parser.add_argument("--fused", action="store_true", help="PyTorch with its fused Adam")
    parser.add_argument("--serve", choices=("forkgrad", "torch"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options)
        return
    servers = [Server("forkgrad"), Server("torch")]
    times = [[server.epoch() for server in servers] for _ in range(options.turns + 1)][1:]
    for server in servers:
        server.close()
    ours, theirs = (statistics.median(each) for each in zip(*times, strict=True))
    ratio = statistics.median(mine / other for mine, other in times)
    print(f"an epoch: {ours:.2f} s, PyTorch {theirs:.2f} s, ratio {ratio:.2f} (at most {TARGET:g})")


if __name__ == "__main__":
    main()
