"""Finds the service characters of an interchange in its first bytes: the ISA of X12, the UNA and UNB of EDIFACT.

The ISA is the only segment of fixed width: sixteen element separators at known offsets prove it, and the three bytes
behind them are the other service characters (X12.5). Files that mail, HTML or an editor went over have lost that width:
then the separators are counted, sixteen elements taken, and a finding says so. A UNA announces the service characters
of EDIFACT, else they are `: + . ? '` (ISO 9735, 7.2).

Knows: headers. Does not know: segments, chunks, what a header's values mean.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from d365edi.edi.findings import Finding, Position
from d365edi.edi.release import hide
from d365edi.edi.rules import finding
from d365edi.edi.syntax import Standard, Syntax

SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
"""Where the element separators of an ISA stand (0-based)."""

NOISE = b"\r\n \t\x00\x1a"
"""What may stand between segments and interchanges without meaning anything."""

ENOUGH = 640
"""Bytes that are looked at for a header: an ISA has 106, a recovered one may be longer, a UNB is at most 9 + 250."""

_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_BLANKS = b" \xc2\xa0\r\n\t"


@dataclass(slots=True)
class Header:
    """An interchange's beginning: its service characters and its elements, the id first, released characters hidden.
    `length` bytes of the data belong to it.

    `wrapped` is the length of the records that a file was cut into (0 where it was not), `padded` says that blanks
    stand before the terminators, `bare` that there is no header in the file and what it would say was agreed."""

    syntax: Syntax
    elements: list[str]
    length: int
    wrapped: int = 0
    padded: bool = False
    findings: list[Finding] = field(default_factory=list)
    bare: bool = False


def sound(data: bytes, at: int) -> bool:
    """Whether a whole ISA of fixed width stands at `at`: sixteen equal separators, dates and numbers where they belong.
    Or a UNA with its UNB."""
    head = data[at : at + 106]
    if head[:3] == b"UNA":
        signs = head[3:9]
        return head[9:].lstrip(NOISE)[:3] == b"UNB" and signs[5] not in b" \r\n" and not _LETTERS & set(signs)
    return (
        len(head) == 106
        and head[:3].upper() == b"ISA"
        and _positional(head)
        and head[70:76].isdigit()
        and head[84:89].isdigit()
        and head[90:99].isdigit()
    )


def starts(data: bytes, at: int) -> bool:
    """Whether an interchange may begin at `at`; `read` tells whether it does."""
    tag = data[at : at + 3].upper()
    if tag == b"ISA":
        return len(data) > at + 3 and data[at + 3] not in _LETTERS and data[at + 3] not in b" \r\n"
    return tag in (b"UNA", b"UNB") and data[at + 3 : at + 4] not in (b"", b" ") and data[at + 3] not in _LETTERS


_HEADLESS: tuple[tuple[Standard, re.Pattern[bytes]], ...] = (
    ("X12", re.compile(rb"ST([^A-Za-z0-9\s])\d{3}\1|GS([^A-Za-z0-9\s])[A-Z]{2}\2")),
    ("EDIFACT", re.compile(rb"(?:UNA[^A-Za-z0-9]{5,6}\s*)?UN[GH][^A-Za-z0-9\s]")),
)


def headless(data: bytes) -> Standard | None:
    """The standard whose segments begin here, without the header of an interchange before them; None for anything
    else."""
    return next((standard for standard, pattern in _HEADLESS if pattern.match(data)), None)


def without(data: bytes) -> str:
    """The rule that a file breaks in which there is no header, as `rules` calls it. `data` is its beginning, noise left
    out."""
    standard = headless(data)
    if standard is not None:
        return "file.headless.isa" if standard == "X12" else "file.headless.unb"
    return "file.header" if data else "file.empty.blank"


def read(data: bytes, at: int, offset: int) -> Header | None:
    """The header at `at`, None where there is none. `data` should hold `ENOUGH` bytes behind `at`, or all there are.

    `offset` is where `at` stands in the file, for the findings."""
    if not starts(data, at):
        return None
    window = data[at : at + 4096]
    return _isa(window, offset) if window[:3].upper() == b"ISA" else _una(window, offset)


# -- X12 --------------------------------------------------------------------------------------------------------------
def _positional(head: bytes) -> bool:
    return all(head[place] == head[3] for place in SEPARATORS)


def _isa(window: bytes, offset: int) -> Header | None:
    header = None
    if len(window) >= 106 and _positional(window):
        header = _fixed(window, offset)
    elif len(window) > 106:
        flat = window.translate(None, b"\r\n")
        record = min((at for at in (window.find(b"\r"), window.find(b"\n")) if at >= 0), default=0)
        if record >= 60 and len(flat) >= 106 and _positional(flat):
            header = _fixed(flat, offset)
            header.wrapped = record
    header = header or _recovered(window, offset)
    if header is not None and header.syntax.raw.terminator == header.syntax.raw.element:
        return None
    if header is not None:
        header.syntax = replace(header.syntax, suffix=_suffix(window, header.length).decode())
        _remark(header, window, offset)
    return header


def _suffix(window: bytes, length: int) -> bytes:
    """The line break that this interchange writes behind its terminators."""
    after = window[length : length + 2]
    return after if after == b"\r\n" else after[:1] if after[:1] in (b"\r", b"\n") else b""


def _fixed(head: bytes, offset: int) -> Header:
    elements = [head[:3], *(head[left + 1 : right] for left, right in pairwise(SEPARATORS))]
    length, padded = 106, False
    if head[105:106] == b" ":
        length = len(head) - len(head[105:].lstrip(b" ")) + 1
        padded = True
    terminator = head[length - 1 : length]
    header = Header(
        _syntax(head[3:4], elements, head[104:105], terminator),
        _texts([*elements, head[104:105]]),
        length,
        padded=padded,
    )
    if padded:
        header.findings.append(finding("interchange.padding", Position(offset, 0, "ISA"), "X12"))
    header.wrapped = _record_length(head, terminator)
    return header


def _recovered(window: bytes, offset: int) -> Header | None:
    """An ISA that lost its fixed width: sixteen elements by their separator; the byte behind the last one ends
    segments."""
    separator = window[3:4]
    parts = window[:ENOUGH].split(separator, 16)
    if len(parts) < 17 or any(len(part) > 40 for part in parts[:16]):
        return None
    elements = [part.translate(None, b"\r\n") for part in parts[:16]]
    tail = parts[16]
    if not tail or not re.fullmatch(rb"\d{5}", elements[12].strip(_BLANKS)):
        return None
    after = tail[1:].lstrip(b" ")
    if not after:
        return None
    terminator = after[:1]
    if terminator[0] in _LETTERS:
        return None
    used = sum(len(part) + 1 for part in parts[:16]) + len(tail) - len(after) + 1
    header = Header(
        _syntax(separator, elements, tail[:1], terminator),
        _texts([*elements, tail[:1]]),
        used,
        padded=tail[1:2] == b" ",
    )
    header.findings.append(finding("interchange.header.width", Position(offset, 0, "ISA"), "X12"))
    return header


def _texts(elements: list[bytes]) -> list[str]:
    return [element.decode("latin-1") for element in elements]


def _syntax(element: bytes, elements: list[bytes], component: bytes, terminator: bytes) -> Syntax:
    """ISA11 is the repetition separator from 00402 on, unless it is a letter or digit (many still write U)."""
    sign = elements[11][:1]
    repeats = (
        elements[12].strip(_BLANKS) >= b"00402" and sign not in (b"", b" ", b"-", b".") and sign[0] not in _LETTERS
    )
    signs = (element, component, terminator, sign if repeats else b"")
    return Syntax("X12", *(each.decode("latin-1") for each in signs))


def _record_length(head: bytes, terminator: bytes) -> int:
    """The constant length of the records a file was cut into, 0 where its line breaks follow terminators."""
    if terminator in b"\r\n" or b"\n" not in head:
        return 0
    lines = [line.removesuffix(b"\r") for line in head.split(b"\n")]
    whole, last = lines[:-1], lines[-1]
    lengths = {len(line) for line in whole}
    if len(lengths) != 1 or len(last) > min(lengths) or all(line.endswith(terminator) for line in whole):
        return 0
    length = lengths.pop()
    return length if length >= 60 and (len(whole) > 1 or length % 10 == 0 or length in (72, 128, 132, 256)) else 0


def _remark(header: Header, window: bytes, offset: int) -> None:
    syntax = header.syntax
    isa = Position(offset, 0, "ISA")
    if window[:3] != b"ISA":
        header.findings.append(finding("interchange.case", isa, "X12", window[:3].decode("latin-1")))
    if header.wrapped:
        header.findings.append(finding("interchange.wrapped.records", isa, "X12", size=header.wrapped))
    if syntax.component == syntax.element or syntax.component in (" ", "\r", "\n"):
        where = replace(isa, element=16)
        header.findings.append(finding("interchange.separator", where, "X12", syntax.component))


# -- EDIFACT ----------------------------------------------------------------------------------------------------------


ENCODINGS = {
    "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9",
    "UNOW": "utf-8", "UNOX": "iso2022_jp", "UNOY": "utf-8",
}  # fmt: skip
"""The character sets of data element 0001 beyond ASCII (ISO 9735) by Python's names."""


def _una(window: bytes, offset: int) -> Header | None:
    """A UNB with or without the UNA before it. Some write a UNA of five characters: the reserved one is left out."""
    component, element, decimal, release, repetition, terminator = b":", b"+", b".", b"?", b"", b"'"
    start, findings = 0, list[Finding]()
    if window[:3] == b"UNA":
        short = window[7:8] != b" " and window[8:].lstrip(b"\r\n")[:3] == b"UNB"
        signs = window[3:7] + b" " + window[7:8] if short else window[3:9]
        component, element, decimal, release, repetition, terminator = (signs[i : i + 1] for i in range(6))
        start = 8 if short else 9
        start += len(window[start:]) - len(window[start:].lstrip(NOISE))
        if short:
            findings.append(finding("interchange.header.una", Position(offset, 0, "UNA"), "EDIFACT"))
    if window[start : start + 3] != b"UNB" or not terminator:
        return None
    body = re.match(
        rb"UNB(?:%s.|[^%s])*" % (re.escape(release), re.escape(terminator)) if release.strip() else
        rb"UNB[^%s]*" % re.escape(terminator), window[start : start + ENOUGH], re.DOTALL,
    )  # fmt: skip
    if body is None or window[start + body.end() : start + body.end() + 1] != terminator:
        return None
    text = hide(body[0].decode("latin-1"), release.strip().decode("latin-1"))
    elements = text.split(element.decode("latin-1"))
    sent = component.decode("latin-1")
    charset, version = [*(elements[1].split(sent) if len(elements) > 1 else []), "", ""][:2]
    length = start + body.end() + 1
    repeats = (repetition.strip() if window[:3] == b"UNA" else b"*") if version == "4" else b""
    service = (element, component, terminator, repeats, release.strip(), decimal, _suffix(window, length))
    encoding = ENCODINGS.get(charset, "latin-1")
    syntax = replace(Syntax("EDIFACT", *(sign.decode("latin-1") for sign in service)), encoding=encoding)
    return Header(syntax, elements, length, findings=findings)
