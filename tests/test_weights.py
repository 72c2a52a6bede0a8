"""Weights in files and from PyTorch: the same numbers come back, and damaged or hostile files are refused."""

import importlib.util
import io
import json
import os
import struct
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import nn
from autograd import Tensor
from nn import weights

RNG = np.random.default_rng(5)
NEEDS_LIBRARY = pytest.mark.skipif(
    not importlib.util.find_spec("safetensors"), reason="needs the extra 'weights' (safetensors)"
)
SUFFIXES = [pytest.param(".safetensors", marks=NEEDS_LIBRARY), ".npz"]
DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8"]


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def every_dtype():
    rng = np.random.default_rng(1)
    state = {dtype: rng.integers(0, 2, (3, 5)).astype(dtype) for dtype in DTYPES}
    state |= {"scalar": np.array(2.5), "empty": np.ones((0, 3)), "transposed": rng.normal(size=(3, 4)).T}
    state |= {"big-endian": np.arange(3, dtype=">i4"), "sliced": np.arange(10.0)[::-3], "größe/a.b c": np.ones(2)}
    return state


def assert_same(found, expected):
    assert list(found) == list(expected) or sorted(found) == sorted(expected)
    for name, value in expected.items():
        assert type(found[name]) is Tensor
        assert found[name].dtype == value.dtype.newbyteorder("=")
        assert found[name].shape == value.shape
        assert_array_equal(found[name].numpy(), np.asarray(value))


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_state_comes_back(tmp_path, suffix):
    net, other, path = network(), network(), tmp_path / f"net{suffix}"
    weights.save(net, path, metadata={"epoch": "3", "größe": "ü"})
    assert other.load_state_dict(weights.load(path)) == ([], [])
    assert_same(other.state_dict(), net.state_dict())
    assert weights.load_metadata(path) == {"epoch": "3", "größe": "ü"}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    loaded = weights.load(str(path))
    loaded["0.weight"][...] = 0  # what is loaded can be changed


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_dtype_shape_and_layout_comes_back(tmp_path, suffix):
    state = every_dtype()
    weights.save(state, tmp_path / f"x{suffix}")
    assert_same(weights.load(tmp_path / f"x{suffix}"), state)
    assert weights.load_metadata(tmp_path / f"x{suffix}") == {}
    weights.save({}, tmp_path / f"x{suffix}")
    assert weights.load(tmp_path / f"x{suffix}") == {}


@NEEDS_LIBRARY
def test_safetensors_are_what_its_library_reads_and_writes(tmp_path):
    library = importlib.import_module("safetensors.numpy")
    ours, theirs = tmp_path / "ours.safetensors", tmp_path / "theirs.safetensors"
    state = every_dtype()
    weights.save(state, ours, metadata={"a": "b"})
    found = library.load_file(ours)
    assert_same({name: Tensor(array) for name, array in found.items()}, state)
    native = {name: np.ascontiguousarray(a, a.dtype.newbyteorder("=")).reshape(a.shape) for name, a in state.items()}
    library.save_file(native, theirs, metadata={"c": "d"})
    assert_same(weights.load(theirs), state)
    assert weights.load_metadata(theirs) == {"c": "d"}


def test_npz_are_what_numpy_reads_and_writes(tmp_path):
    ours, theirs = tmp_path / "ours.npz", tmp_path / "theirs.npz"
    weights.save(every_dtype(), ours)
    with np.load(ours, allow_pickle=False) as found:
        native = {name: found[name].astype(found[name].dtype.newbyteorder("=")) for name in found}
        assert_same({name: Tensor(array) for name, array in native.items()}, every_dtype())
    state = {"f": np.asfortranarray(RNG.normal(size=(2, 3, 4))), "g": np.arange(6).reshape(2, 3)}
    for save in (np.savez, np.savez_compressed):
        save(theirs, **state)
        assert_same(weights.load(theirs), state)


@NEEDS_LIBRARY
def test_bfloat16_becomes_float32(tmp_path):
    halves = np.array([0x3F80, 0xC020, 0x7F80, 0x0001], "<u2")
    path = tmp_path / "x.safetensors"
    path.write_bytes(
        safetensors_bytes({"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, halves.tobytes())
    )
    found = weights.load(path)["w"]
    assert found.dtype == np.float32
    assert found.tolist() == [1.0, -2.5, np.inf, 2.0**-133]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failed_save_leaves_the_old_file(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"x{suffix}"
    weights.save({"w": np.ones(2)}, path)

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        weights.save({"w": np.zeros(2)}, path)
    assert weights.load(path)["w"].tolist() == [1.0, 1.0]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_weights_of_another_architecture_change_nothing(tmp_path):
    net, path = network(), tmp_path / "x.npz"
    weights.save(nn.Linear(8, 4), path)
    before = {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
    with pytest.raises(RuntimeError, match=r"missing: 0\.weight(.|\n)*unexpected: weight"):
        net.load_state_dict(weights.load(path))
    assert_same(net.state_dict(), before)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("state", "error", "text"),
    [
        ({"a": np.array(["text"])}, TypeError, "'a'"),
        ({"a": np.array([None])}, TypeError, "object"),
        ({"": np.ones(1)}, ValueError, "no name"),
        ({"../a": np.ones(1)}, ValueError, "no name"),
        ({"/etc/passwd": np.ones(1)}, ValueError, "no name"),
        ({"C:\\a": np.ones(1)}, ValueError, "no name"),
        ({"a\0": np.ones(1)}, ValueError, "no name"),
        ({"__metadata__": np.ones(1)}, ValueError, "no name"),
        ({1: np.ones(1)}, TypeError, "strings"),
        ([np.ones(1)], TypeError, "list"),
    ],
)
def test_what_cannot_be_saved(tmp_path, suffix, state, error, text):
    with pytest.raises(error, match=text):
        weights.save(state, tmp_path / f"x{suffix}")
    assert not list(tmp_path.iterdir())


@NEEDS_LIBRARY
def test_the_missing_library_is_named(tmp_path, monkeypatch):
    weights.save({"a": np.ones(1)}, tmp_path / "x.safetensors")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "safetensors" else find(name))
    with pytest.raises(ImportError, match=r"forkgrad\[weights\]"):
        weights.load(tmp_path / "x.safetensors")
    with pytest.raises(ImportError, match=r"forkgrad\[weights\]"):
        weights.load_metadata(tmp_path / "x.safetensors")
    with pytest.raises(ImportError, match=r"forkgrad\[weights\]"):
        weights.save({"a": np.zeros(1)}, tmp_path / "x.safetensors")
    monkeypatch.undo()
    assert weights.load(tmp_path / "x.safetensors")["a"].tolist() == [1.0]


def test_suffixes_and_metadata(tmp_path):
    with pytest.raises(ValueError, match=r"x\.txt.*\.safetensors, \.npz"):
        weights.save({}, tmp_path / "x.txt")
    with pytest.raises(ValueError, match=r"pickles(.|\n)*safetensors\.torch\.save_file"):
        weights.load(tmp_path / "x.pt")
    with pytest.raises(TypeError, match="strings"):
        weights.save({}, tmp_path / "x.npz", metadata={"a": 1})
    with pytest.raises(FileNotFoundError):
        weights.load(tmp_path / "x.npz")
    with pytest.raises(FileNotFoundError, match=r"no folder .*absent"):
        weights.save({}, tmp_path / "absent" / "x.npz")


def safetensors_bytes(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def said(dtype="F32", shape=(1,), offsets=(0, 4), **more):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets} | more


FOUR = b"\0" * 4
SAFETENSORS = {
    "nothing": (b"", "header too small"),
    "few bytes": (b"1234", "header too small"),
    "long header": (safetensors_bytes({}, length=2**63), "header too large"),
    "header beyond the end": (safetensors_bytes({}, length=3), "header length"),
    "no JSON": (safetensors_bytes(b"{nonsense"), "JSON"),
    "a list": (safetensors_bytes(b"[1]"), "sequence"),
    "no UTF-8": (safetensors_bytes(b"{\xff}"), "utf-8"),
    "deep": (safetensors_bytes(b'{"a":' + b"[" * 100_000), "recursion"),
    "many digits": (safetensors_bytes(b'{"a":' + b"9" * 10_000 + b"}"), "out of range"),
    "huge offset": (safetensors_bytes({"a": said(shape=[2**60], offsets=[0, 2**62])}), "overflow"),
    "size beyond the end": (safetensors_bytes({"a": said(shape=[1000], offsets=[0, 4000])}, FOUR), "not fully covered"),
    "offsets past int64": (safetensors_bytes({"a": said(offsets=[2**70, 2**70 + 4])}, FOUR), "expected usize"),
    "negative offset": (safetensors_bytes({"a": said(offsets=[-4, 0])}, FOUR), "-4"),
    "float offset": (safetensors_bytes({"a": said(offsets=[0, 4.0])}, FOUR), "4.0"),
    "overlap": (safetensors_bytes({"a": said(), "b": said()}, FOUR), "invalid offset"),
    "hole": (safetensors_bytes({"a": said(), "b": said(offsets=[8, 12])}, FOUR * 3), "invalid offset"),
    "rest": (safetensors_bytes({"a": said()}, FOUR * 2), "not fully covered"),
    "size and shape": (safetensors_bytes({"a": said(shape=[2])}, FOUR), "invalid shape"),
    "dtype": (safetensors_bytes({"a": said("F8_E4M3", offsets=[0, 1])}, b"1"), "F8_E4M3"),
    "dtype is a list": (safetensors_bytes({"a": said(["F32"])}, FOUR), "sequence"),
    "negative size": (safetensors_bytes({"a": said(shape=[-1])}, FOUR), "-1"),
    "bool size": (safetensors_bytes({"a": said(shape=[True])}, FOUR), "boolean"),
    "many axes": (safetensors_bytes({"a": said(shape=[1] * 65)}, FOUR), "no array"),
    "huge empty": (safetensors_bytes({"a": said(shape=[0, 2**62, 2**62], offsets=[0, 0])}), "no array"),
    "shape": (safetensors_bytes({"a": said(shape="1")}, FOUR), "sequence"),
    "entry": (safetensors_bytes({"a": 5}), "integer"),
    "path": (safetensors_bytes({"../a": said()}, FOUR), "no name"),
    "metadata": (safetensors_bytes({"__metadata__": {"a": 1}}), "string"),
    "bools": (safetensors_bytes({"a": said("BOOL", [4])}, b"\0\1\2\3"), "neither 0 nor 1"),
}


@NEEDS_LIBRARY
@pytest.mark.parametrize(("content", "text"), SAFETENSORS.values(), ids=SAFETENSORS)
def test_hostile_safetensors_are_refused(tmp_path, content, text):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"x\.safetensors.*{text}"):
        weights.load(path)


def npy(header=None, data=b"", array=None):
    """Return the content of an npy file: an array's, or any header with any data."""
    file = io.BytesIO()
    if array is not None:
        np.save(file, array, allow_pickle=True)
    else:
        text = header if isinstance(header, bytes) else repr(header).encode()
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)
    return file.getvalue()


def archive(*members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return file.getvalue()


def described(shape, descr="<f4", fortran=False):
    return {"descr": descr, "fortran_order": fortran, "shape": shape}


ONE = archive(("a.npy", npy(array=np.ones(1))))
NPZ = {
    "another number of members": (ONE[:-12] + b"\2\0" + ONE[-10:], "list of members"),
    "something behind": (ONE[:-2] + b"\1\0x", "list of members"),
    "nothing": (b"", "zip"),
    "no zip": (b"PK\3\4 nonsense", "zip"),
    "pickle": (archive(("a.npy", npy(array=np.array([{}])))), "pickle"),
    "PyTorch's": (archive(("archive/data.pkl", b"x")), "convert it"),
    "no npy": (archive(("a.txt", b"x")), "no npy file"),
    "empty npy": (archive(("a.npy", b"")), "EOF|magic|expected"),
    "magic": (archive(("a.npy", b"nonsense!")), "magic"),
    "version": (archive(("a.npy", b"\x93NUMPY\x09\x00\x00\x00")), "version|npy"),
    "header": (archive(("a.npy", npy(b"__import__('os')"))), "malformed"),
    "keys": (archive(("a.npy", npy({"shape": (1,)}))), "keys"),
    "huge": (archive(("a.npy", npy(described((2**40,))))), "bytes, but 0 are there"),
    "larger than memory": (archive(("a.npy", npy(described((2**50, 2**50))))), "no array"),
    "negative": (archive(("a.npy", npy(described((-1,)), FOUR))), "no array"),
    "too short": (archive(("a.npy", npy(described((2,)), FOUR))), "8 bytes, but 4"),
    "too long": (archive(("a.npy", npy(described((1,)), FOUR * 2))), "4 bytes, but 8"),
    "text": (archive(("a.npy", npy(array=np.array(["text"])))), "not numbers"),
    "records": (archive(("a.npy", npy(array=np.zeros(2, "f4,i4")))), "not numbers"),
    "long double": (archive(("a.npy", npy(described((1,), "<f16"), FOUR * 4))), "not numbers"),
    "bools": (archive(("a.npy", npy(described((4,), "|b1"), b"\0\1\2\3"))), "neither 0 nor 1"),
    "path": (archive(("../a.npy", npy(array=np.ones(1)))), "no name"),
    "absolute path": (archive(("/a.npy", npy(array=np.ones(1)))), "no name"),
    "bzip2": (archive(("a.npy", npy(array=np.ones(1))), compression=zipfile.ZIP_BZIP2), "compressed"),
    "metadata": (archive(("__metadata__.npy", npy(array=np.ones(1)))), "metadata"),
    "metadata of numbers": (archive(("__metadata__.npy", npy(array=np.frombuffer(b'{"a":1}', "u1")))), "metadata"),
}


@pytest.mark.parametrize(("content", "text"), NPZ.values(), ids=NPZ)
def test_hostile_npz_are_refused(tmp_path, content, text):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"x\.npz(.|\n)*({text})"):
        weights.load(path)


def test_npz_with_a_name_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = archive(*[("a.npy", npy(array=np.ones(1)))] * 2)
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match="'a' is there twice"):
        weights.load(tmp_path / "x.npz")


def test_bombs_are_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(2_000_000))
    assert path.stat().st_size < 40_000
    assert weights.load(path)["a"].shape == (2_000_000,)
    monkeypatch.setattr(weights.npz, "_FREE", 10**6)
    for read in (weights.load, weights.load_metadata):
        with pytest.raises(ValueError, match=r"would unpack to 16000\d\d\d.*max_bytes"):
            read(path)
    assert weights.load(path, max_bytes=10**8)["a"].shape == (2_000_000,)


@NEEDS_LIBRARY
def test_sizes_and_dtypes_of_safetensors(tmp_path):
    weights.save({"a": np.zeros(100)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"bytes.*100"):
        weights.load(tmp_path / "x.safetensors", max_bytes=100)
    with pytest.raises(TypeError, match="complex128"):
        weights.save({"a": np.ones(1, complex)}, tmp_path / "x.safetensors")


def variants(content, count):
    """Yield broken copies of a file: cut off, with flipped bits, bytes put in, taken out or overwritten."""
    head = min(len(content), 400)
    for i in range(count):
        place = int(RNG.integers(0, head if i % 2 else len(content)))
        broken = bytearray(content)
        if i % 5 == 0:
            broken = broken[:place]
        elif i % 5 == 1:
            del broken[place : place + int(RNG.integers(1, 9))]
        elif i % 5 == 2:
            broken[place:place] = RNG.bytes(int(RNG.integers(1, 9)))
        else:
            broken[place] ^= 1 << int(RNG.integers(0, 8))
        yield bytes(broken)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_broken_files_are_refused_or_have_the_same_numbers(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    state = {"layer.weight": RNG.normal(size=(3, 4)).astype("f4"), "layer.bias": np.arange(3.0), "n": np.array(7)}
    weights.save(state, path, metadata={"epoch": "3"})
    content, refused = path.read_bytes(), []
    for broken in variants(content, 200):
        path.write_bytes(broken)
        try:
            found = weights.load(path)
        except ValueError as error:
            refused.append(str(error))
        else:
            assert_same(found, state)
    assert len(refused) > 100
    assert all(f"x{suffix}" in message for message in refused)


# --- PyTorch ----------------------------------------------------------------------------------------------------------


def pytorchs(torch):
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten(), torch.nn.Linear(8, 3)
    )


def test_pytorchs_state_loads_and_ours_there(tmp_path):
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    ours, theirs = network().eval(), pytorchs(torch).eval()
    x = RNG.normal(size=(2, 1, 4, 4)).astype(np.float32)
    for state in (weights.from_torch(theirs.state_dict()), theirs.state_dict(), dict(theirs.named_parameters())):
        ours = network().eval()
        ours.load_state_dict(state, strict=len(state) > 6)
        np.testing.assert_allclose(ours(x).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), atol=1e-6)
    ours = network().eval()
    theirs.load_state_dict(weights.to_torch(ours.state_dict()))
    np.testing.assert_allclose(ours(x).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), atol=1e-6)
    weights.save(theirs.state_dict(), tmp_path / "x.npz")
    assert_same(weights.load(tmp_path / "x.npz"), ours.state_dict())


def test_memory_is_shared_with_pytorch_unless_copied():
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    theirs = {"w": torch.ones(2, 3).T}
    ours = weights.from_torch(theirs)
    copied = weights.from_torch(theirs, copy=True)
    theirs["w"][0, 0] = 5
    assert ours["w"].tolist()[0][0] == 5
    assert copied["w"].tolist()[0][0] == 1
    there, copied = weights.to_torch(ours), weights.to_torch(ours, copy=True)
    ours["w"][0, 0] = 6
    assert there["w"][0, 0] == 6
    assert copied["w"][0, 0] == 5
    reversed_ = weights.to_torch({"r": np.arange(3.0)[::-1], "b": np.arange(2, dtype=">f4"), "s": Tensor(2.0)})
    assert [t.tolist() for t in reversed_.values()] == [[2.0, 1.0, 0.0], [0.0, 1.0], 2.0]


def test_dtypes_of_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra 'oracle'")
    values = torch.tensor([1.0, -2.5, float("inf"), 3e-39])
    for dtype in (torch.float16, torch.float64, torch.int8, torch.int64, torch.bool, torch.complex64):
        found = weights.from_torch({"w": values.nan_to_num(posinf=1).to(dtype)})["w"]
        assert str(found.dtype) == str(dtype).removeprefix("torch.")
    found = weights.from_torch(
        {"w": values.bfloat16(), "s": torch.tensor(2.0).bfloat16(), "e": torch.ones(0).bfloat16()}
    )
    assert found["w"].dtype == np.float32
    assert found["w"].tolist() == values.bfloat16().float().tolist()
    assert found["s"].shape == ()
    assert found["e"].shape == (0,)
    layer = nn.Linear(2, 1, bias=False)
    layer.load_state_dict({"weight": torch.ones(1, 2, dtype=torch.bfloat16)})
    assert layer.weight.tolist() == [[1.0, 1.0]]
    assert weights.from_torch({"c": torch.tensor([1j]).conj()})["c"].tolist() == [-1j]
    with pytest.raises(TypeError, match=r"'q'.*float8"):
        weights.from_torch({"q": torch.ones(2).to(torch.float8_e4m3fn)})
    with pytest.raises(TypeError, match=r"'s'.*sparse"):
        weights.from_torch({"s": torch.eye(2).to_sparse()})
    with pytest.raises(TypeError, match=r"'m'.*meta"):
        weights.from_torch({"m": torch.ones(2, device="meta")})
    with pytest.raises(TypeError, match=r"'a'.*ndarray"):
        weights.from_torch({"a": np.ones(2)})
    with pytest.raises(TypeError, match="Linear"):
        weights.from_torch(torch.nn.Linear(1, 1))
    with pytest.raises(TypeError, match=r"'x'.*float128"):
        weights.to_torch({"x": np.ones(1, np.longdouble)})
