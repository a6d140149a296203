"""Changes in a file, a line each, so that a simulator that was killed goes on with everything that it answered for.

A line is a JSON list of changes and is written at once, in one piece, before the answer. It is not waited for the disk: what
is killed is the process, not the machine. A line without its end was never answered for and is cut off.

Knows: lines. Does not know: what a change means.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Change = list[Any]


class ChangeLog:
    """The file of one simulator; None: changes are not kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = -1

    def read(self) -> Iterator[Change]:
        """The changes of earlier runs, oldest first. To be read once, to its end, before anything is written."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield from json.loads(line)
        os.ftruncate(self._file, whole)

    def write(self, *changes: Change) -> None:
        """Write changes that belong together."""
        if self._file >= 0:
            _write(self._file, json.dumps(changes).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Payloads:
    """The bytes of documents, one after the other in a file that only grows; None: a file without a name."""

    def __init__(self, path: Path | None) -> None:
        if path is None:
            with tempfile.TemporaryFile() as made:
                self._file = os.dup(made.fileno())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._end = os.fstat(self._file).st_size

    def add(self, data: bytes) -> int:
        """Keep these bytes; where they begin."""
        begin, self._end = self._end, self._end + len(data)
        os.lseek(self._file, begin, os.SEEK_SET)
        _write(self._file, data)
        return begin

    def get(self, begin: int, size: int) -> bytes:
        """So many bytes from there."""
        return os.pread(self._file, size, begin)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
