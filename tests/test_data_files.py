"""Files of data sets: found, downloaded from a server in this process, and refused where they are damaged."""

import gzip
import hashlib
import http.server
import io
import os
import re
import tarfile
import threading
import tracemalloc
import zlib
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import nn
from nn.data import CIFAR10, MNIST, DataLoader, FashionMNIST, cifar, downloads, idx, read_idx

RNG = np.random.default_rng(0)


def idx_bytes(array):
    return bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def sha(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


ARRAYS = [
    array
    for n in (20, 10)
    for array in (RNG.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n, dtype=np.uint8) % 10)
]


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A small MNIST with checksums of its own, its files in a folder; no other place is looked at."""
    folder, files = tmp_path / "files", []
    folder.mkdir()
    for file, array in zip(MNIST.source.files, ARRAYS, strict=True):
        content = idx_bytes(array)
        packed = gzip.compress(content)
        (folder / file.name).write_bytes(packed)
        files.append(downloads.DataFile(file.name, sha(packed), sha(content), len(content)))
    monkeypatch.delenv("FORKGRAD_DATA", raising=False)
    monkeypatch.setattr(downloads, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(MNIST, "source", replace(MNIST.source, files=tuple(files), mirrors=()))
    return folder


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_mnist_is_read_from_the_folder_of_the_variable(small_mnist, tmp_path, monkeypatch, subfolder):
    (tmp_path / "all").mkdir()
    small_mnist.rename(tmp_path / "all" / subfolder)
    monkeypatch.setenv("FORKGRAD_DATA", str(tmp_path / "all"))
    (x_train, y_train), (x_test, y_test) = nn.data.load_mnist()
    assert (x_train.shape, x_test.shape) == ((20, 1, 28, 28), (10, 1, 28, 28))
    assert (x_train.dtype, y_train.dtype) == (np.float32, np.int64)
    assert_array_equal(x_train[:, 0], ARRAYS[0].astype(np.float32) / 255)
    assert y_test.tolist() == list(range(10))


def test_mnist_as_a_data_set(small_mnist):
    train, test = (
        MNIST(small_mnist, transform=lambda x: x * 2),
        MNIST(small_mnist, False, target_transform=lambda y: -y),
    )
    assert (len(train), len(test)) == (20, 10)
    image, label = train[3]
    assert_array_equal(image[0], 2 * (ARRAYS[0][3] / np.float32(255)))
    assert (image.shape, label, test[3][1]) == ((1, 28, 28), 3, -3)
    images, labels = next(iter(DataLoader(test, 4)))
    assert (images.shape, images.dtype) == ((4, 1, 28, 28), np.float32)
    assert labels.tolist() == [0, -1, -2, -3]


def test_whoever_compressed_the_files_they_are_the_same(small_mnist):
    path = small_mnist / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
    assert len(MNIST(small_mnist)) == 20
    before = path.read_bytes()
    assert len(MNIST(small_mnist, download=True)) == 20  # there are no mirrors to ask
    assert path.read_bytes() == before


def test_what_is_missing_is_named(small_mnist, tmp_path, monkeypatch):
    (small_mnist / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"MNIST needs train-labels.*files.*download=True.*FORKGRAD_DATA"):
        MNIST(small_mnist)
    with pytest.raises(FileNotFoundError, match=r"train-images.*t10k.*cache.*download=True"):
        nn.data.load_mnist()
    monkeypatch.setenv("FORKGRAD_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"nowhere.*which FORKGRAD_DATA names.*'mnist'"):
        nn.data.load_mnist(download=True)


def test_real_mnist():
    if not os.environ.get("FORKGRAD_DATA"):
        pytest.skip("FORKGRAD_DATA names no folder with MNIST")
    (x_train, y_train), (x_test, y_test) = nn.data.load_mnist()
    assert (x_train.shape, x_test.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert_array_equal(np.bincount(y_train), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    np.testing.assert_allclose([x_train.mean(), x_train.std()], [0.1307, 0.3081], atol=1e-4)


def test_sources_are_complete():
    for data, count in ((MNIST, 4), (FashionMNIST, 4), (CIFAR10, 1)):
        assert len(data.source.files) == count
        assert len(data.source.mirrors) >= 2
        assert len(data.classes) == 10
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in data.source.mirrors)
        for file in data.source.files:
            for checksum in filter(None, (file.checksum, file.content)):
                assert re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", checksum)


# --- damage -----------------------------------------------------------------------------------------------------------

LABELS = "t10k-labels-idx1-ubyte.gz"
IMAGES = "train-images-idx3-ubyte.gz"


def damaged(content, kind, random):
    """Return the bytes of a file, damaged in a way that `kind` names."""
    inside = gzip.decompress(content)
    if kind == "cut":
        return content[: random.integers(len(content))]
    if kind == "bit":
        at = random.integers(10, len(content))  # the bytes before are about the compression, not about the content
        return content[:at] + bytes([content[at] ^ 1 << random.integers(8)]) + content[at + 1 :]
    if kind == "header":
        at = random.integers(0, 4 + 4 * inside[3])
        return gzip.compress(inside[:at] + bytes([inside[at] ^ 1 << random.integers(8)]) + inside[at + 1 :])
    if kind == "inside":
        at = random.integers(len(inside))
        return gzip.compress(inside[:at] + random.bytes(3) + inside[at + 3 :])
    if kind == "longer":
        return gzip.compress(inside + random.bytes(random.integers(1, 100)))
    if kind == "appended":
        return content + random.bytes(random.integers(1, 100))
    return random.bytes(random.integers(1, 3000))


KINDS = (
    ["cut"] * 25 + ["bit"] * 30 + ["header"] * 20 + ["inside"] * 10 + ["longer"] * 5 + ["appended"] * 5 + ["noise"] * 5
)


def test_a_hundred_damaged_files_are_refused(small_mnist):
    assert len(KINDS) == 100
    for number, kind in enumerate(KINDS):
        random = np.random.default_rng(number)
        path = small_mnist / (LABELS if number % 2 else IMAGES)
        whole = path.read_bytes()
        path.write_bytes(damaged(whole, kind, random))
        with pytest.raises(ValueError, match=rf"{path.name} is damaged.*sha256:[0-9a-f]{{64}}.*delete this one"):
            MNIST(small_mnist)
        path.write_bytes(whole)
    assert len(MNIST(small_mnist)) == 20


def test_both_checksums_are_named(small_mnist):
    path = small_mnist / LABELS
    content = idx_bytes(np.zeros(10, np.uint8))
    path.write_bytes(gzip.compress(content))
    file = MNIST.source.files[3]
    with pytest.raises(ValueError, match=f"{sha(content)} instead of {file.content}.*{file.checksum}"):
        MNIST(small_mnist)


def bomb(size):
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def test_decompression_bombs_are_not_unpacked(small_mnist, tmp_path):
    content = bomb(80 << 20)
    assert len(content) < 90_000  # not refused for its own length
    (small_mnist / LABELS).write_bytes(content)
    path = tmp_path / "bomb.gz"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"damaged.*more than 18 bytes"):
            MNIST(small_mnist)
        with pytest.raises(ValueError, match=r"bomb\.gz.*more than 1000000 bytes"):
            read_idx(path, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_files_that_are_far_too_long_are_not_read(small_mnist):
    with open(small_mnist / LABELS, "ab") as file:
        file.truncate(1 << 40)  # a hole on disk
    with pytest.raises(ValueError, match=r"damaged.*1099511627776 bytes"):
        MNIST(small_mnist)


def test_images_and_labels_that_do_not_belong_together(small_mnist, monkeypatch):
    contents = MNIST.source.read(small_mnist)
    for wrong in (np.arange(9, dtype=np.uint8), np.full(10, 10, np.uint8)):
        monkeypatch.setattr(downloads.Source, "read", lambda *_, wrong=wrong: [*contents[:3], idx_bytes(wrong)])
        with pytest.raises(ValueError, match="belong together"):
            MNIST(small_mnist)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain", "unsigned bytes"),
        (b"", "unsigned bytes"),
        (b"\0\0\x08\x02\0\0\0\1", "header is 12 bytes"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), r"\(5,\).*3 elements"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\0"), "unsigned bytes"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcde")[:-9], "gzip"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "elements"),
    ],
    ids=range(7),
)
def test_idx_files_that_are_none(tmp_path, content, text):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=text) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_idx_files(tmp_path):
    array = RNG.integers(0, 256, (2, 3, 4), np.uint8)
    for name, content in (("a", idx_bytes(array)), ("b", gzip.compress(idx_bytes(array)))):
        (tmp_path / name).write_bytes(content)
        assert_array_equal(read_idx(tmp_path / name), array)
    assert idx.parse_idx(idx_bytes(np.zeros((0, 5), np.uint8))).shape == (0, 5)


# --- CIFAR-10 ---------------------------------------------------------------------------------------------------------

RECORDS = {name: RNG.integers(0, 10, (4, 3073), np.uint8) for part in cifar._PARTS for name in part}


def archive(records):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in records.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def put_cifar(content, folder, monkeypatch):
    (file,) = CIFAR10.source.files
    (folder / file.name).write_bytes(content)
    md5 = "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()
    file = replace(file, checksum=md5, size=len(content))
    monkeypatch.setattr(CIFAR10, "source", replace(CIFAR10.source, files=(file,)))


def test_cifar(tmp_path, monkeypatch):
    put_cifar(archive({name: records.tobytes() for name, records in RECORDS.items()}), tmp_path, monkeypatch)
    (x_train, y_train), (x_test, y_test) = nn.data.load_cifar10(tmp_path)
    assert (x_train.shape, x_test.shape) == ((20, 3, 32, 32), (4, 3, 32, 32))
    second = RECORDS["cifar-10-batches-bin/data_batch_1.bin"][1]
    assert y_train[1] == second[0]
    assert_array_equal(x_train[1, 2, 0], second[1 + 2048 : 1 + 2048 + 32].astype(np.float32) / 255)
    assert_array_equal(y_test, RECORDS["cifar-10-batches-bin/test_batch.bin"][:, 0])
    assert CIFAR10(tmp_path, train=False)[0][0].shape == (3, 32, 32)


@pytest.mark.parametrize("kind", ["cut", "bit"])
def test_damaged_cifar(tmp_path, monkeypatch, kind):
    content = archive({name: records.tobytes() for name, records in RECORDS.items()})
    put_cifar(content, tmp_path, monkeypatch)
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(content[:-1] if kind == "cut" else content[:99] + bytes([content[99] ^ 4]) + content[100:])
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz is damaged.*md5:.*instead of md5:"):
        CIFAR10(tmp_path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"no archive", "not CIFAR-10's archive"),
        (archive({}), "data_batch_1"),
        (archive(dict.fromkeys(RECORDS, b"abc")), "3 bytes"),
        (archive(dict.fromkeys(RECORDS, b"")), "0 bytes"),
        (archive({name: bytes([200]) + bytes(3072) for name in RECORDS}), "up to 200"),
    ],
    ids=["none", "empty", "short", "nothing", "labels"],  # gzip notes the time, which would be in the names
)
def test_archives_that_are_not_cifar(tmp_path, monkeypatch, content, text):
    put_cifar(content, tmp_path, monkeypatch)
    with pytest.raises(ValueError, match=text):
        CIFAR10(tmp_path)


# --- downloading ------------------------------------------------------------------------------------------------------


class Server:
    """A web server in a thread: what it has by path, what it was asked for, and paths at which it hangs up half way."""

    def __init__(self):
        self.files, self.asked, self.broken = {}, [], set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                content = outer.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write((content or b"")[: 5 if self.path in outer.broken else None])

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def server(small_mnist, monkeypatch):
    """A server that has the small MNIST at its second mirror."""
    pytest.importorskip("pooch").get_logger().setLevel("ERROR")
    server = Server()
    server.files = {f"/second/{path.name}": path.read_bytes() for path in small_mnist.iterdir()}
    mirrors = tuple(f"{server.address}/{name}/" for name in ("first", "second"))
    monkeypatch.setattr(MNIST, "source", replace(MNIST.source, mirrors=mirrors))
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_download_from_the_second_mirror_into_the_cache(server, tmp_path):
    assert len(MNIST(download=True)) == 20
    assert server.asked[:2] == [f"/first/{IMAGES}", f"/second/{IMAGES}"]
    assert sorted(path.name for path in (tmp_path / "cache" / "mnist").iterdir()) == sorted(
        file.name for file in MNIST.source.files
    )
    server.asked.clear()
    assert len(MNIST()) == len(MNIST(download=True)) == 20
    assert server.asked == []


@pytest.mark.parametrize("problem", ["other", "half", "nothing"])
def test_bad_mirrors_are_passed_over(server, tmp_path, problem):
    path = f"/first/{LABELS}"
    if problem != "nothing":
        server.files[path] = server.files[f"/second/{LABELS}"] if problem == "half" else b"another file"
    if problem == "half":
        server.broken.add(path)
    assert len(MNIST(tmp_path / "new", download=True)) == 20
    assert len(list((tmp_path / "new").iterdir())) == 4


@pytest.mark.parametrize("problem", ["other", "half", "nothing"])
def test_no_good_mirror_leaves_no_file(server, tmp_path, problem):
    path = f"/second/{IMAGES}"
    if problem == "half":
        server.broken.add(path)
    elif problem == "other":
        server.files[path] = b"another file"
    else:
        del server.files[path]
    with pytest.raises(OSError, match=rf"(?s)cannot download {IMAGES} \(sha256:.*FORKGRAD_DATA.*/first/.*/second/"):
        MNIST(tmp_path / "new", download=True)
    assert list((tmp_path / "new").iterdir()) == []


def test_interrupted_download_leaves_no_file(server, tmp_path, monkeypatch):
    import requests

    def interrupted(self, *_, **__):
        yield b"half"
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Response, "iter_content", interrupted)
    server.files[f"/first/{IMAGES}"] = server.files[f"/second/{IMAGES}"]
    with pytest.raises(KeyboardInterrupt):
        MNIST(tmp_path / "new", download=True)
    assert list((tmp_path / "new").iterdir()) == []


def test_damaged_files_are_downloaded_anew(server, small_mnist):
    path = small_mnist / LABELS
    path.write_bytes(b"damaged")
    assert len(MNIST(small_mnist, download=True)) == 20
    assert [name for name in server.asked if name.startswith("/second")] == [f"/second/{LABELS}"]


def test_the_variable_means_offline(server, small_mnist, monkeypatch):
    monkeypatch.setenv("FORKGRAD_DATA", str(small_mnist))
    assert len(MNIST(download=True)) == 20
    (small_mnist / LABELS).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="damaged"):
        MNIST(download=True)
    assert server.asked == []


def test_without_pooch_the_extra_is_named(server, tmp_path, monkeypatch):
    find_spec = downloads.importlib.util.find_spec
    monkeypatch.setattr(
        downloads.importlib.util, "find_spec", lambda name: None if name == "pooch" else find_spec(name)
    )
    with pytest.raises(ImportError, match=r"forkgrad\[data\]"):
        MNIST(tmp_path, download=True)
    monkeypatch.undo()
    assert downloads.cache_folder().name
