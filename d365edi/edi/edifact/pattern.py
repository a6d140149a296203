"""One pattern for one segment: everything that a correct segment may look like, as a regular expression over its raw bytes.

A segment that matches needs no further look. There are two patterns: the quick one knows no release characters, the other
one takes each for one character with what follows it. A segment that neither matches need not be wrong (29 February, a
code that is not listed, a letter of several bytes): `elements` looks at it and explains.

Knows: elements and service characters. Does not know: sets, findings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from d365edi.edi.guide import Element, Segment
from d365edi.edi.syntax import Syntax
from d365edi.edi.x12.pattern import DAY, alternatives, inside, ranges

_DATE = rb"(?:19|20)[0-9]{2}" + DAY
_MINUTE = rb"(?:[01][0-9]|2[0-3])[0-5][0-9]"
PERIOD = "C507"
"""The composite of a date: its qualifier, the date, the format that the date must have."""


def compile(
    segment: Segment, syntax: Syntax, *, released: bool = False, marks: bytes = b".,", free: bool = False
) -> re.Pattern[bytes]:
    """The pattern of a segment under an interchange's service characters; use `fullmatch` on a raw segment.

    `marks` are the decimal marks that are right. A `free` one takes any code where a list is not complete: the code is the
    group `e3_1` for the first component of the third element, `e3_0` for the whole of it.
    """
    return re.compile(_Builder(syntax, marks, released=released, free=free).whole(segment), re.DOTALL)


class _Builder:
    def __init__(self, syntax: Syntax, marks: bytes, *, released: bool, free: bool) -> None:
        self.free, self.place = free, (0, 0)
        self.separator, self.colon = re.escape(syntax.raw.element), re.escape(syntax.raw.component)
        service = (
            syntax.raw.element
            + syntax.raw.component
            + syntax.raw.repetition
            + syntax.raw.terminator
            + syntax.raw.release
        )
        beyond = range(0x80, 0x100) if syntax.encoding != "latin-1" else ()
        plain = b"[" + ranges([c for c in (*range(0x20, 0x7F), *beyond) if c not in service]) + b"]"
        self.text = b"(?:" + plain + b"|" + re.escape(syntax.raw.release) + b".)" if released else plain
        self.code = b"[" + ranges([c for c in range(0x21, 0x7F) if c not in service]) + b"]"
        self.checkpoint = b"[" + inside(bytes(c for c in marks if c not in service)) + b"]"

    def whole(self, segment: Segment) -> bytes:
        tail = b"(?:" + self.separator + b".*|)" if segment.open else b""
        values = [(self._element(element), element.mandatory) for element in segment.elements]
        filled = b"(?=" + self.separator + b")" if segment.elements else b""
        return re.escape(segment.id.encode()) + filled + _row(values, self.separator, tail, first=True)

    def _element(self, element: Element) -> bytes:
        parts = element.components
        self.place = (element.position, 0)
        if not parts:
            return self._value(element) if element.mandatory else self._optional(element)
        values = []
        for part in parts:
            self.place = (element.position, part.position)
            values.append((self._value(part) if part.mandatory else self._optional(part), part.mandatory))
        if element.number == PERIOD:
            body = self._period(values[0][0], parts[1], values[2][0])
        else:
            body = _row(values, self.colon, b"", first=False)
        if not element.mandatory:
            return b"(?:" + body + b"|)" if parts[0].mandatory else body
        return body if parts[0].mandatory else b"(?!" + self.separator + b"|$)" + body

    def _optional(self, element: Element) -> bytes:
        """A value that may be empty; for text that costs no group."""
        value = self._value(element)
        if element.codes or element.type == "n" or element.min != 1:
            return b"(?:" + value + b"|)"
        return self.text + b"{0,%d}+" % element.max

    def _period(self, qualifier: bytes, date: Element, form: bytes) -> bytes:
        """2005, then a date that looks as its format (2379) says; formats that are not known here go with any text."""
        known = [
            _DATE + self.colon + b"102", _DATE + _MINUTE + self.colon + b"203",
            _DATE + _MINUTE + b"[0-5][0-9]" + self.colon + b"204", _DATE + b"(?:-|)" + _DATE + self.colon + b"718",
        ]  # fmt: skip
        checked = b"(?!(?:10[12]|20[34]|718)(?![0-9A-Z]))"
        known.append(self._value(date) + b"(?:" + self.colon + checked + form + b"|)")
        return qualifier + b"(?:" + self.colon + b"(?:" + b"|".join(known) + b")|)(?<!" + self.colon + b")"

    def _value(self, element: Element) -> bytes:
        least, most = element.min, element.max
        if element.codes and self.free and not element.closed:
            return b"(?P<e%d_%d>%s{%d,%d}+)" % (*self.place, self.code, least, most)
        if element.codes:
            return alternatives(element.codes)
        if element.type != "n":
            return self.text + b"{%d,%d}+" % (least, most)
        if most < 4 or least > 1:
            return b"[0-9]{%d,%d}+" % (least, most)
        after = 6 if most > 7 else most // 2
        return b"-?[0-9]{1,%d}+(?:%s[0-9]{1,%d}+|[0-9]{1,%d}+|)" % (most - after, self.checkpoint, after, after)


def _row(values: Sequence[tuple[bytes, bool]], separator: bytes, tail: bytes, *, first: bool) -> bytes:
    """Values with separators between (and before the first): those behind the last mandatory one may be left out, and no
    separator may stand at the end.
    """
    reach = max((at for at, (_, mandatory) in enumerate(values) if mandatory), default=-1)
    end = b"(?<!" + separator + b")" if reach < len(values) - 1 else b""
    for at in range(len(values) - 1, -1, -1):
        leads = first or at > 0
        piece = (separator if leads else b"") + values[at][0] + tail
        tail = piece if at <= reach or not leads else b"(?:" + piece + b"|)"
    return tail + end
