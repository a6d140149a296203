"""Bytes to lines of text, in constant memory: byte order marks, UTF-16, UTF-8 and cp1252, every kind of line end.

A line is UTF-8 where it can be, else cp1252 (what Western spreadsheets save as "CSV"), decided line by line, since files
put together from two exports are both. UTF-16 is recognised by its byte order mark or by its zero bytes.

Knows: encodings and line ends. Does not know: delimiters, quotes.
"""

import codecs
from collections.abc import Iterable, Iterator

CHUNK = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def chunks(data: bytes) -> Iterator[bytes]:
    """A whole file as pieces."""
    view = memoryview(data)
    for at in range(0, len(data), CHUNK):
        yield bytes(view[at : at + CHUNK])


def lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines of a file with their ends. Never raises for what is in it."""
    kept = b""
    for piece in _utf8(pieces):
        found = (kept + piece).splitlines(keepends=True)
        whole = found[-1].endswith(b"\n") if found else True  # a CR at the end may be half of CR LF
        kept = b"" if whole else found.pop()
        for line in found:
            yield _text(line)
    if kept:
        yield _text(kept)


def _utf8(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes without a byte order mark, and UTF-16 as UTF-8."""
    waiting = iter(pieces)
    first = b""
    for piece in waiting:
        first += piece
        if len(first) >= len(codecs.BOM_UTF8):
            break
    mark, encoding = next(((m, e) for m, e in _MARKS if first.startswith(m)), (b"", _wide(first)))
    if encoding == "utf-8":
        yield first.removeprefix(mark).replace(b"\x00", b"")
        for piece in waiting:
            yield piece.replace(b"\x00", b"")
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first.removeprefix(mark)).encode("utf-8", "replace")
    for piece in waiting:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode()


def _wide(first: bytes) -> str:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    head = first[:1024]
    if head[1::2].count(0) * 3 > len(head):
        return "utf-16-le"
    return "utf-16-be" if head[0::2].count(0) * 3 > len(head) else "utf-8"


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
