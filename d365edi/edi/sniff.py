"""What a file is, by its first bytes, and whether its end has arrived, by its last.

Knows: the look of X12 and EDIFACT from outside. Does not know: segments, guides.
"""

import re

from d365edi.edi import header
from d365edi.edi.findings import Finding, Position
from d365edi.edi.header import NOISE
from d365edi.edi.rules import finding
from d365edi.edi.syntax import Standard

_X12_END = re.compile(
    rb"IEA([^A-Za-z0-9\s])\s*\d*\s*\1\s*(?:\d{9} *[^A-Za-z0-9]?|[^\s]{1,15} *[^A-Za-z0-9\s])$", re.IGNORECASE
)
_MARK = b"\xef\xbb\xbf"
_SET_END = re.compile(
    rb"[^A-Za-z0-9](?:SE([^A-Za-z0-9\s])\d+\1[A-Za-z0-9]{1,9} *|UNT[^A-Za-z0-9\s]\d+[^A-Za-z0-9\s][^\r\n]{1,14})[^A-Za-z0-9]?$"
)
_EDIFACT_END = re.compile(rb"UNZ.\s*\d+.[^\r\n]{1,14}[^A-Za-z0-9\s]$", re.DOTALL)


def sniff(data: bytes) -> Standard | None:
    """X12 or EDIFACT when an interchange begins in the first kilobytes (junk before it allowed), else None."""
    head = _plain(data[:8192])
    at = len(head) - len(head.lstrip(NOISE))
    if header.starts(head, at):
        found = header.read(head, at, 0)
        if found is not None:
            return found.syntax.standard
    for tag in re.finditer(rb"ISA|UNA|UNB", head):
        if header.sound(head, tag.start()) or head[tag.start() - 1 : tag.start()] in (b"\r", b"\n"):
            found = header.read(head, tag.start(), 0)
            if found is not None:
                return found.syntax.standard
    return None


def missing(data: bytes) -> Finding:
    """What a file is in which `sniff` finds no interchange: empty (rule `empty`), segments without an envelope
    (`headless`), or anything else (`header`)."""
    head = _plain(data[:8192])
    key = header.without(head.lstrip(NOISE)) if len(data) > len(_MARK) or head else "file.empty"
    return finding(key, Position(0), "X12", head[:60].decode("latin-1"))


def complete(data: bytes, *, bare: bool = False) -> bool:
    """Whether the file ends with the trailer of an interchange (IEA, UNZ), or of a set where sets come bare (SE, UNT): a cheap look
    at its tail, no proof. A trailer that is cut into records counts as well."""
    tail = _plain(data[-1024:]).rstrip(NOISE)
    if bare and _SET_END.search(tail[-128:]):
        return True
    ends = (tail[-128:], tail.translate(None, b"\r\n")[-128:])
    return any(_X12_END.search(end) or _EDIFACT_END.search(end) for end in ends)


def _plain(data: bytes) -> bytes:
    """Without a byte order mark, and UTF-16 as single bytes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(b"\x00") * 3 > len(data):
        data = data.replace(b"\x00", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return data.removeprefix(_MARK)
