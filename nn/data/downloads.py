"""Files of data sets: where they lie, how they get there, and whether they are what they should be."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nn.extras import require

VARIABLE = "FORKGRAD_DATA"

Root = str | os.PathLike[str] | None


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Attributes:
        name: its name, here and at the mirrors.
        checksum: of the file as the mirrors have it, "sha256:..." or "md5:...".
        content: checksum of what is in a gzipped file; where it is right, it does not matter who compressed it.
        size: of what is in a gzipped file, or else of the file, in bytes.
    """

    name: str
    checksum: str
    content: str | None
    size: int


@dataclass(frozen=True)
class Source:
    """The files of a data set, and the addresses of the folders that have them.

    Attributes:
        name: what to call the data set.
        folder: the subfolder of the cache, or of the folder that FORKGRAD_DATA names.
        files: all of them.
        mirrors: addresses that end in "/", the first that answers is taken.
    """

    name: str
    folder: str
    files: tuple[DataFile, ...]
    mirrors: tuple[str, ...]

    def read(self, root: Root = None, download: bool = False) -> list[bytes]:
        """Return the contents of the files, decompressed where they are gzipped, all of them checked.

        Args:
            root: the folder that has the files; by default the one that the environment variable FORKGRAD_DATA names,
                or its subfolder, else a cache folder of the user.
            download: get files that are missing or damaged from the mirrors, except where FORKGRAD_DATA is followed.

        Raises:
            FileNotFoundError: when a file is missing, and is not to be downloaded.
            ValueError: when a file is damaged.
            OSError: when no mirror has it.
        """
        folder, offline = self._folder(root)
        if download and not offline:
            for file in self.files:
                if not _is_intact(folder / file.name, file):
                    fetch(file, self.mirrors, folder)
        missing = [file.name for file in self.files if not (folder / file.name).is_file()]
        if missing:
            raise FileNotFoundError(self._advice(folder, missing, offline))
        return [read_checked(folder / file.name, file) for file in self.files]

    def _folder(self, root: Root) -> tuple[Path, bool]:
        """Return where the files are or should be, and whether that is FORKGRAD_DATA's choice."""
        given = os.environ.get(VARIABLE)
        if root is not None:
            return Path(root), False
        if given:
            folders = [Path(given) / self.folder, Path(given)]
            return next((f for f in folders if self._has_some(f)), folders[-1]), True
        return cache_folder() / self.folder, False

    def _has_some(self, folder: Path) -> bool:
        return any((folder / file.name).is_file() for file in self.files)

    def _advice(self, folder: Path, missing: Sequence[str], offline: bool) -> str:
        missing_files = f"{self.name} needs {', '.join(missing)}"
        if offline:
            return (
                f"{missing_files}, but neither {str(folder)!r}, which {VARIABLE} names, nor its {self.folder!r} has "
                f"all of them; put them there, or unset {VARIABLE} and download with download=True"
            )
        return (
            f"{missing_files}, not in {str(folder)!r}: get them with download=True, or set the environment variable "
            f"{VARIABLE} to a folder that has them"
        )


def cache_folder() -> Path:
    """Return the folder of this user that downloaded files go to."""
    if importlib.util.find_spec("pooch") is None:  # then nothing was downloaded, and nothing will be
        return Path.home() / ".cache" / "forkgrad"
    return Path(require("pooch", "data").os_cache("forkgrad"))


def fetch(file: DataFile, mirrors: Sequence[str], folder: Path) -> None:
    """Download a file; under its name there is only ever the whole of it, with the right checksum.

    Raises:
        ImportError: when pooch is not installed.
        OSError: when no mirror has the file; says what was wrong with each.
    """
    pooch = require("pooch", "data")
    bar = sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None
    problems = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=30)
        try:
            pooch.retrieve(mirror + file.name, file.checksum, file.name, folder, downloader=downloader)
            return
        except (OSError, ValueError) as error:  # no connection, or another checksum
            problems.append(f"\n  {mirror}: {error}")
    raise OSError(
        f"cannot download {file.name} ({file.checksum}); get it in another way and put it into {str(folder)!r}, or set "
        f"the environment variable {VARIABLE} to the folder that has it. What the mirrors said:{''.join(problems)}"
    )


def read_checked(path: Path, file: DataFile) -> bytes:
    """Return the content of a file, decompressed if it is gzipped.

    Raises:
        ValueError: when it is not what it should be; names both checksums.
    """
    expected = file.content or file.checksum
    if path.stat().st_size > file.size + 100_000:  # what does not compress grows, but little
        raise ValueError(_damaged(path, file, f"it has {path.stat().st_size} bytes", ""))
    content = path.read_bytes()
    if file.content is not None:
        try:
            content = gunzip(content, file.size)
        except ValueError as error:
            raise ValueError(_damaged(path, file, str(error), "")) from error
    found = checksum(content, expected.partition(":")[0])
    if found != expected:
        raise ValueError(_damaged(path, file, f"what is in it has the checksum {found}", f" instead of {expected}"))
    return content


def _damaged(path: Path, file: DataFile, problem: str, expected: str) -> str:
    return (
        f"{path} is damaged, or is another file: {problem}{expected}. The file at the mirrors has the checksum "
        f"{file.checksum}; delete this one, and copy it anew or load the data set with download=True"
    )


def _is_intact(path: Path, file: DataFile) -> bool:
    try:
        read_checked(path, file)
    except (OSError, ValueError):
        return False
    return True


def checksum(content: bytes, algorithm: str) -> str:
    """Return a checksum with the name of its algorithm before it.

    >>> checksum(b"", "md5")
    'md5:d41d8cd98f00b204e9800998ecf8427e'
    """
    return f"{algorithm}:{hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()}"


def gunzip(content: bytes, limit: int) -> bytes:
    """Return what is in a gzip file, of which no more than `limit` bytes are ever decompressed.

    Raises:
        ValueError: when it is not a whole gzip file, or has more in it.

    >>> gunzip(gzip.compress(b"abc"), 3)
    b'abc'
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            result = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it is not a whole gzip file ({error})") from error
    if len(result) > limit:
        raise ValueError(f"there are more than {limit} bytes in it")
    return result
