"""One file of checksummed segments, written all or nothing, and mapped into memory when it is read.

A header says where the manifest is and what it must hash to; the manifest says the same of every segment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import DataError, Problem

__all__ = ["FORMAT", "Reader", "Writer", "broken", "checksum", "replacing"]

FORMAT = 1
"""The version of the file's format; an older reader refuses a newer one."""

MAGIC = b"\x93CSMETR\n"
HEADER = struct.Struct("<8sIIQQQ32s24x")
SIZE = HEADER.size + hashlib.sha256().digest_size
ALIGNED = 64
BLOCK = 8192

SAVE_AGAIN = "make the portfolio again from its rows and save it"


def broken(path: object, code: str, expected: str) -> DataError:
    """What is wrong with a saved portfolio."""
    return DataError([Problem(table="portfolio", value=str(path), expected=expected, code=code)])


def _weights() -> Any:
    """Odd numbers that look like chance: a word changed in one place never leaves the sum as it was."""
    mixed = np.arange(1, BLOCK + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))) | np.uint64(1)


WEIGHTS = _weights()


def checksum(data: Any) -> str:
    """A number that any damage changes: weighted sums of the words of each block, hashed.

    It runs as fast as memory is read, which no cryptographic hash does; it is no seal against forgery.
    """
    flat = np.frombuffer(data, np.uint8)
    words = flat[: len(flat) // 8 * 8].view("<u8")
    whole = len(words) // BLOCK * BLOCK
    sums = np.einsum("ij,j->i", words[:whole].reshape(-1, BLOCK), WEIGHTS)
    rest = words[whole:]
    last = np.einsum("i,i->", rest, WEIGHTS[: len(rest)])
    told = sums.astype("<u8").tobytes() + int(last).to_bytes(8, "little") + flat[len(words) * 8 :].tobytes()
    return hashlib.sha256(told + len(flat).to_bytes(8, "little")).hexdigest()[:32]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once all of it is on disk.

    Until then, and after any error, what was there is there.
    """
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise broken(path, "unwritable_file", f"a place where a file can be written: {error}") from error
    try:
        with os.fdopen(number, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            Path(name).chmod(mode)
        Path(name).replace(path)
        _settle(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError):
            raise broken(path, "unwritable_file", f"a file that can be written: {error}") from error
        raise


def _settle(folder: Path) -> None:
    """Have the folder's new entry on disk too, where the system knows how."""
    if hasattr(os, "O_DIRECTORY"):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


class Writer:
    """Writes segments one after another, then the manifest, then the header that makes it all count."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.write(bytes(SIZE))
        self._at = SIZE
        self._segments: list[tuple[int, int, str]] = []
        self._arrays: dict[int, tuple[Any, dict[str, Any]]] = {}

    def add(self, data: Any) -> int:
        """Write a segment; its number."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self._align()
        self._segments.append((self._at, len(view), checksum(view)))
        self._write(view)
        return len(self._segments) - 1

    def array(self, values: Any) -> dict[str, Any]:
        """Write an array; what the manifest says of it. The same array is written once."""
        known = self._arrays.get(id(values))
        if known is None:
            plain = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
            segment = self.add(plain.reshape(-1).view(np.uint8))
            told = {"dtype": plain.dtype.str, "shape": plain.shape, "segment": segment}
            known = self._arrays[id(values)] = values, told  # held, so that no other array gets its id
        return known[1]

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and the header."""
        told = json.dumps(manifest | {"segments": self._segments}).encode()
        self._align()
        start = self._at
        self._write(told)
        header = HEADER.pack(MAGIC, FORMAT, 0, start, len(told), self._at, hashlib.sha256(told).digest())
        self._file.seek(0)
        self._file.write(header + hashlib.sha256(header).digest())

    def _align(self) -> None:
        self._write(bytes(-self._at % ALIGNED))

    def _write(self, data: Any) -> None:
        self._file.write(data)
        self._at += len(data)


class Reader:
    """A file mapped into memory. Header, manifest and sizes are checked at once, each segment when first read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                if self.size < SIZE:
                    begin = file.read(len(MAGIC))
                    raise self.cut_short() if begin and MAGIC.startswith(begin) else self.foreign()
                self._mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except OSError as error:
            raise broken(path, "unreadable_file", f"a file written by portfolio.save: {error}") from error
        self.manifest = self._manifest()
        self._segments: list[tuple[int, int, str]] = self.manifest["segments"]
        self._sound: set[int] = set()

    def foreign(self) -> DataError:
        return broken(self.path, "not_saved", "a file written by portfolio.save")

    def cut_short(self) -> DataError:
        return broken(self.path, "cut_short", f"the whole of a saved portfolio; {SAVE_AGAIN}")

    def damaged(self) -> DataError:
        return broken(self.path, "damaged", f"the bytes that were saved; they are others now: {SAVE_AGAIN}")

    def other_release(self, which: str) -> DataError:
        return broken(self.path, "other_release", f"a portfolio saved by this release; {which}: {SAVE_AGAIN}")

    def _manifest(self) -> Any:
        header = bytes(self._mapped[:SIZE])
        magic, version, _, start, length, size, digest = HEADER.unpack_from(header)
        if magic != MAGIC:
            raise self.foreign()
        if version != FORMAT:
            raise self.other_release(f"its format is {version}, this release reads {FORMAT}")
        if hashlib.sha256(header[: HEADER.size]).digest() != header[HEADER.size :]:
            raise self.damaged()
        if size != self.size:
            raise self.cut_short() if size > self.size else self.damaged()
        told = self._mapped[start : start + length]
        if hashlib.sha256(told).digest() != digest:
            raise self.damaged()
        return json.loads(bytes(told))

    def bytes_of(self, number: int) -> memoryview:
        """A segment, sound."""
        start, size, expected = self._segments[number]
        found = self._mapped[start : start + size]
        if number not in self._sound:
            if checksum(found) != expected:
                raise self.damaged()
            self._sound.add(number)
        return found

    def array(self, told: Any) -> Any:
        """An array as `Writer.array` wrote it; it lies in the file's own pages, and nobody can write there."""
        flat = np.frombuffer(self.bytes_of(told["segment"]), np.dtype(told["dtype"]))
        return flat.reshape(told["shape"])

    def verify(self) -> None:
        """Check every segment now."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            for _ in pool.map(self.bytes_of, range(len(self._segments))):
                pass
