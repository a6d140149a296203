"""The bytes of a file as they come, in slices: byte order marks, UTF-16 and record wrapping are undone here.

Knows: chunks, places in the file. Does not know: service characters, segments.
"""

import codecs
from collections.abc import Iterable, Iterator

from d365edi.edi.findings import Finding, Position
from d365edi.edi.rules import finding

CHUNK = 1 << 18
"""Bytes worked on at a time."""


class Source:
    """The bytes not yet worked on. `base` is the place of the first of them, counted after unwrapping and transcoding."""

    def __init__(self, chunks: bytes | Iterable[bytes]) -> None:
        self.data, self.base, self.ended = b"", 0, False
        self._chunks = _slices((chunks,) if isinstance(chunks, bytes) else chunks)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._record, self._break, self._start = 0, 0, 0
        self._mark = b""
        self._open()

    def _open(self) -> None:
        while len(self.data) < 4 and self.more():
            pass
        for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"I\x00S\x00", "utf-16-le")):
            if self.data.startswith(mark):
                self._mark = mark
                self._decoder = codecs.getincrementaldecoder(encoding)("replace")
                self.data = self._decode(self.data.removeprefix(mark) if mark[0] > 0x7F else self.data)
                return
        if self.data.startswith(codecs.BOM_UTF8):
            self._mark = codecs.BOM_UTF8
            self.drop(3)

    def findings(self) -> Iterator[Finding]:
        """What the byte order mark has to say."""
        if self._mark:
            key = "file.encoding.mark" if self._decoder is None else "file.encoding.utf16"
            yield finding(key, Position(0), "X12")

    def more(self) -> bool:
        """Takes the next chunk; False at the end."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self.ended = True
            return False
        if self._decoder is not None:
            chunk = self._decode(chunk)
        if self._record:
            chunk = chunk.translate(None, b"\r\n")
        self.data = self.data + chunk if self.data else chunk
        return True

    def _decode(self, data: bytes) -> bytes:
        assert self._decoder is not None
        return self._decoder.decode(data).encode("utf-8")

    def need(self, size: int) -> None:
        """Takes chunks until `size` bytes are there, or the file has ended."""
        while len(self.data) < size and self.more():
            pass

    def drop(self, size: int) -> None:
        """The first `size` bytes are done with."""
        self.data = self.data[size:]
        self.base += size

    def unwrap(self, record: int) -> None:
        """From here on line breaks only cut the file into records of `record` bytes."""
        if not self._record:
            self.need(record + 2)
            self._record, self._start = record, self.base
            self._break = 2 if b"\r\n" in self.data[: record + 2] else 1
            self.data = self.data.translate(None, b"\r\n")

    def place(self, at: int) -> int:
        """The offset in the file of a place counted after unwrapping."""
        if self._record and at > self._start:
            at += (at - self._start) // self._record * self._break
        return at


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) <= CHUNK:
            if chunk:
                yield bytes(chunk)
        else:
            for start in range(0, len(chunk), CHUNK):
                yield bytes(chunk[start : start + CHUNK])
