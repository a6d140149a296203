"""The one tokenizer: bytes of any file to interchanges and their raw segments, in batches and in constant memory.

Each interchange has its own service characters. A segment ends at its terminator and nowhere else; line breaks, blanks
and NULs between segments are noise. "ISA" or "UNA" inside data never splits a file: an interchange begins at the start,
behind the trailer of another, or where a whole ISA of fixed width proves that the one before was cut. What belongs to
no interchange is reported, with its place and size; nothing is dropped in silence.

Knows: service characters, noise, record wrapping, byte order marks. Does not know: what a segment means, guides,
envelopes.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from d365edi.edi import header as headers
from d365edi.edi import release
from d365edi.edi.batch import BLANK, Batch
from d365edi.edi.findings import Finding, Position
from d365edi.edi.header import ENOUGH, NOISE, Header
from d365edi.edi.rules import finding
from d365edi.edi.source import CHUNK, Source
from d365edi.edi.syntax import Syntax

LONGEST = 1 << 23
"""Bytes after which a segment without a terminator is given up: nothing in EDI is that long."""


@dataclass(slots=True)
class Opening:
    """An interchange begins. `elements` are those of its header, the id first; `offset` is its place in the file; `bare`: it has
    no header, and what that would say was agreed."""

    syntax: Syntax
    elements: list[str]
    offset: int
    findings: list[Finding]
    bare: bool = False


@dataclass(slots=True)
class Closing:
    """An interchange ends, at its trailer or (`complete` is False) because the file or another interchange cut it off."""

    offset: int
    complete: bool


Event = Opening | Batch | Closing | Finding


def tokenize(
    chunks: bytes | Iterable[bytes], bare: Callable[[bytes], Header | None] = lambda _: None
) -> Iterator[Event]:
    """Openings, batches and closings of all interchanges in order; findings (level `file`) for what is outside of any.

    `bare` says of a file's beginning what stands for the header of its sets where they have none."""
    source = Source(chunks)
    yield from source.findings()
    if not source.data:
        yield finding("file.empty", Position(0), "X12")
        return
    source.need(ENOUGH)
    header = bare(source.data)
    found = False
    while True:
        if found or header is None:
            header = yield from _seek(source, first=not found)
        if header is None:
            return
        found = True
        offset = source.place(source.base)
        yield Opening(header.syntax, header.elements, offset, header.findings, header.bare)
        if header.wrapped:
            source.unwrap(header.wrapped)
        source.drop(header.length)
        yield from _segments(source, header)


# -- between interchanges ---------------------------------------------------------------------------------------------
def _seek(source: Source, *, first: bool) -> Generator[Finding, None, Header | None]:
    """Goes to the next header; what is skipped and is not noise is reported once, with its size."""
    junk, begin, holds = b"", -1, False
    size = 0
    while True:
        source.need(ENOUGH + 8192)
        data = source.data
        noise = len(data) - len(data.lstrip(NOISE))
        if noise and not size:
            source.drop(noise)
            if noise < len(data) or not source.ended:
                continue
            data = b""
        header, at = _next_header(source, strict=size > 0)
        passed = at if header is not None else len(data) if source.ended else max(0, len(data) - ENOUGH)
        if passed and not size:
            junk, begin = data[:60], source.place(source.base)
        holds = holds or bool(_SEGMENT.search(data, 0, passed))
        size += passed
        source.drop(passed)
        if header is not None or (source.ended and not source.data):
            break
    if size or (header is None and first):
        yield _outside(header, first, Position(max(begin, 0)), size, junk, holds=holds)
    return header


def _next_header(source: Source, *, strict: bool) -> tuple[Header | None, int]:
    """The first header in the bytes at hand. Behind junk only a sound one counts, or one at the start of a line."""
    data, at = source.data, 0
    if not strict:
        header = headers.read(data, 0, source.place(source.base))
        if header is not None:
            return header, 0
    upper = data.upper() if len(data) < 2 * CHUNK else data
    for tag in _TAG(upper, at + 1):
        at = tag.start()
        if not source.ended and len(data) - at < ENOUGH:
            break
        if headers.sound(data, at) or data[at - 1 : at] in b"\r\n'~":
            header = headers.read(data, at, source.place(source.base + at))
            if header is not None:
                return header, at
    return None, 0


_TAG = re.compile(rb"ISA|UN[AB]").finditer
"""What may begin an interchange. Looked for once from left to right: a search for each of them apart goes to the end of
the data every time where one of them does not occur."""
_SEGMENT = re.compile(rb"(?:^|[^A-Za-z0-9 ])[\r\n ]*(?:GS|ST|UNG|UNH)[^A-Za-z0-9 \r\n]")
"""What begins a group or a set, behind any terminator."""


def _outside(header: Header | None, first: bool, where: Position, size: int, junk: bytes, *, holds: bool) -> Finding:
    if first and header is None:
        key = headers.without(junk)
    elif first:
        key = "file.junk.segments" if holds else "file.junk.before"
    else:
        key = "file.junk.after"
    return finding(key, where, "X12", junk.decode("latin-1"), size=size)


# -- inside an interchange --------------------------------------------------------------------------------------------
def _segments(source: Source, header: Header) -> Iterator[Event]:
    syntax = header.syntax
    trailer = (b"IEA" if syntax.standard == "X12" else b"UNZ") if header.elements[0].isupper() else b"iea"
    while True:
        cut, last = _boundary(source, syntax, trailer)
        if cut:
            block = source.data[:cut]
            batch = _batch(source, syntax, block, header.padded)
            if last and not block.endswith(syntax.raw.terminator):
                _unended(batch, syntax)
            yield batch
            source.drop(cut)
        if last is not None:
            if not last:
                source.need(1)
            yield Closing(source.place(source.base), last)
            return
        if len(source.data) > LONGEST:
            yield from _endless(source, syntax)
            return
        if source.ended:
            yield from _rest(source, syntax, header.padded)
            return
        source.more()


_MARKS = {
    b"IEA": re.compile(b"I[SE]A").finditer,
    b"iea": re.compile(b"ISA|iea").finditer,
    b"UNZ": re.compile(b"UN[ABZ]").finditer,
}
"""What may end an interchange, by its trailer: the trailer, or the header of another interchange of the same standard
(one of the other standard is found behind the trailer). Looked for at once, because it is looked for in every byte."""


def _boundary(source: Source, syntax: Syntax, trailer: bytes) -> tuple[int, bool | None]:
    """How many of the bytes at hand are whole segments of this interchange, and whether it ends there (True: at its
    trailer)."""
    data, found, end, at = source.data, -1, -1, -1
    for mark in _MARKS[trailer](data):
        place = mark.start()
        if 0 <= end < place:
            break
        if data.startswith(trailer, place):
            if found < 0 and _is_trailer(data, place, syntax):
                found, end = place, _terminator(data, place, len(data), syntax)
        elif _intrudes(source, syntax, place):
            at = place
            break
    if end >= 0 and (at < 0 or end < at):
        return end + 1, True
    limit = at if at >= 0 else len(data)
    decided = at >= 0 and (source.ended or len(data) - at >= ENOUGH)
    if found >= 0:
        return (limit, True) if decided else (found, None)
    return (at, False) if decided else (_last_terminator(data, limit, syntax) + 1, None)


def _is_trailer(data: bytes, at: int, syntax: Syntax) -> bool:
    """Whether the three letters at `at` are the id of a segment."""
    behind = data[at + 3 : at + 4]
    return behind in (syntax.raw.element, syntax.raw.terminator) and _begins_segment(data, at, syntax)


def _intrudes(source: Source, syntax: Syntax, at: int) -> bool:
    """Whether another interchange begins at `at` although this one has not ended, or may begin there: that is not yet
    decidable where the bytes at hand are too few."""
    data = source.data
    if data.startswith((b"IEA", b"UNZ", b"iea"), at):
        return False
    if not source.ended and len(data) - at < ENOUGH:
        anywhere = not data.startswith(b"UNB", at)
        return headers.starts(data + b"*", at) and (anywhere or _begins_segment(data, at, syntax))
    return headers.sound(data, at) or (
        _begins_segment(data, at, syntax) and headers.read(data, at, source.place(source.base + at)) is not None
    )


def _begins_segment(data: bytes, at: int, syntax: Syntax) -> bool:
    """Only noise stands between the last terminator (or the start of what is at hand) and `at`."""
    before = data[max(0, at - 64) : at].rstrip(
        NOISE.replace(syntax.raw.terminator, b"") if syntax.raw.terminator in NOISE else NOISE
    )
    if not before:
        return at <= 64
    return before.endswith(syntax.raw.terminator) and not (_released(before, len(before) - 1, syntax))


def _terminator(data: bytes, start: int, limit: int, syntax: Syntax) -> int:
    end = data.find(syntax.raw.terminator, start, limit)
    while end >= 0 and _released(data, end, syntax):
        end = data.find(syntax.raw.terminator, end + 1, limit)
    return end


def _released(data: bytes, at: int, syntax: Syntax) -> bool:
    """Whether the terminator at `at` is protected: an odd number of release characters stands before it."""
    first, sign = at, syntax.raw.release
    while sign and first and data[first - 1 : first] == sign:
        first -= 1
    return (at - first) % 2 == 1


def _last_terminator(data: bytes, limit: int, syntax: Syntax) -> int:
    end = data.rfind(syntax.raw.terminator, 0, limit)
    while end >= 0 and _released(data, end, syntax):
        end = data.rfind(syntax.raw.terminator, 0, end)
    return end


def _batch(source: Source, syntax: Syntax, block: bytes, padded: bool) -> Batch:
    """Decodes and splits: the only place where bytes become segments."""
    terminator = syntax.terminator
    text = release.hide(block.decode("latin-1"), syntax.release)
    pieces = text.split(terminator)
    if not pieces[-1]:
        pieces.pop()
    segments = pieces
    noisy = (
        min(pieces, default="")[:1] <= " "
    )  # what is empty or begins with noise comes first in the order of characters
    if terminator == "\n" and "\r" in text:
        segments = [piece.rstrip("\r").lstrip(BLANK) for piece in pieces]
    elif noisy:
        segments = [piece.lstrip(BLANK) for piece in pieces]
    if padded:
        segments = [segment.rstrip(" ") for segment in segments]
    batch = Batch(segments, pieces, source, source.base)
    if len(text) < len(block):
        batch.size = release.size
    if syntax.standard == "EDIFACT" and _BREAK(text):
        _unbroken(batch, syntax)
    batch.blanks = f" {syntax.element}" in text or f" {terminator}" in text
    broken = batch.segments is not segments
    batch.plain = (
        text.isascii() and not (batch.blanks or broken) and f" {syntax.component}" not in text and text[-1:] != " "
    )
    if noisy and not all(segments):
        _without_empty(batch, syntax)
    return batch


def _unbroken(batch: Batch, syntax: Syntax) -> None:
    """No character set of EDIFACT has line breaks: those in a segment come from a sender who cuts lines."""
    broken = [at for at, segment in enumerate(batch.segments) if _BREAK(segment)]
    if not broken:
        return
    segments = batch.segments = list(batch.segments)
    shown = release.sent(segments[broken[0]], syntax.release)[:60]
    for at in broken:
        text = release.sent(segments[at], syntax.release).translate(_NO_BREAKS)
        segments[at] = release.hide(text, syntax.release)
    where = Position(batch.place(broken[0]))
    batch.findings.append(finding("interchange.wrapped.segments", where, "EDIFACT", shown, count=len(broken)))


_BREAK = re.compile("[" + "".join(sign + release.hidden(sign) for sign in "\r\n") + "]").search
"""A line break, released or not: a sender who cuts lines cuts them behind release characters too."""
_NO_BREAKS = {ord("\r"): None, ord("\n"): None}


def _without_empty(batch: Batch, syntax: Syntax) -> None:
    empty = sum(not segment for segment in batch.segments)
    batch.segments = [segment for segment in batch.segments if segment]
    if syntax.terminator in "\r\n":
        return
    pieces, offset = batch.pieces, batch.offset
    first = next(i for i, piece in enumerate(pieces) if not piece.lstrip(BLANK))
    at = offset + sum(batch.size(piece) + 1 for piece in pieces[:first])
    where = Position(batch.source.place(at))
    batch.findings.append(finding("interchange.empty", where, syntax.standard, count=empty))


def _endless(source: Source, syntax: Syntax) -> Iterator[Event]:
    size, value, offset = 0, source.data[:60], source.place(source.base)
    while source.data:
        size += len(source.data)
        source.drop(len(source.data))
        source.more()
    fields = {"limit": LONGEST >> 20, "terminator": syntax.terminator, "size": size}
    yield finding("file.endless", Position(offset), "X12", value.decode("latin-1"), **fields)
    yield Closing(source.place(source.base), False)


def _rest(source: Source, syntax: Syntax, padded: bool) -> Iterator[Event]:
    """The file ends without a terminator: what is left is a segment all the same."""
    rest = source.data.lstrip(NOISE)
    if rest:
        batch = _batch(source, syntax, source.data, padded)
        _unended(batch, syntax)
        yield batch
    source.drop(len(source.data))
    yield Closing(source.place(source.base), rest[:3] in (b"IEA", b"UNZ", b"iea"))


def _unended(batch: Batch, syntax: Syntax) -> None:
    """The last segment of a file or of an interchange lacks its terminator."""
    last = batch.segments[-1].rstrip(BLANK)
    batch.segments = [*batch.segments[:-1], last]
    where = Position(batch.place(len(batch.segments) - 1))
    shown = release.sent(last, syntax.release)[:60]
    batch.findings.append(finding("interchange.terminator", where, syntax.standard, shown))
