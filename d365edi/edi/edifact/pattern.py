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


def compile(segment: Segment, syntax: Syntax, *, released: bool = False, marks: bytes = b".,") -> re.Pattern[bytes]:
    """The pattern of a segment under an interchange's service characters; use `fullmatch` on a raw segment. `marks` are
    the decimal marks that are right.
    """
    return re.compile(_Builder(syntax, marks, released=released).whole(segment), re.DOTALL)


class _Builder:
    def __init__(self, syntax: Syntax, marks: bytes, *, released: bool) -> None:
        self.separator, self.colon = re.escape(syntax.element), re.escape(syntax.component)
        service = syntax.element + syntax.component + syntax.repetition + syntax.terminator + syntax.release
        beyond = range(0x80, 0x100) if syntax.encoding != "latin-1" else ()
        plain = b"[" + ranges([c for c in (*range(0x20, 0x7F), *beyond) if c not in service]) + b"]"
        self.text = b"(?:" + plain + b"|" + re.escape(syntax.release) + b".)" if released else plain
        self.mark = b"[" + inside(bytes(c for c in marks if c not in service)) + b"]"

    def whole(self, segment: Segment) -> bytes:
        tail = b"(?:" + self.separator + b".*|)" if segment.open else b""
        values = [(self._element(element), element.mandatory) for element in segment.elements]
        return re.escape(segment.id.encode()) + _row(values, self.separator, tail, first=True)

    def _element(self, element: Element) -> bytes:
        parts = element.components
        if not parts:
            return self._value(element) if element.mandatory else self._optional(element)
        if element.number == PERIOD:
            body = self._period(parts)
        else:
            values = [(self._value(p) if p.mandatory else self._optional(p), p.mandatory) for p in parts]
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

    def _period(self, parts: Sequence[Element]) -> bytes:
        """2005, then a date that looks as its format (2379) says; formats that are not known here go with any text."""
        known = [
            _DATE + self.colon + b"102", _DATE + _MINUTE + self.colon + b"203",
            _DATE + _MINUTE + b"[0-5][0-9]" + self.colon + b"204", _DATE + b"(?:-|)" + _DATE + self.colon + b"718",
        ]  # fmt: skip
        checked = b"(?!(?:10[12]|20[34]|718)(?![0-9A-Z]))"
        known.append(self._value(parts[1]) + b"(?:" + self.colon + checked + self._value(parts[2]) + b"|)")
        return self._value(parts[0]) + b"(?:" + self.colon + b"(?:" + b"|".join(known) + b")|)"

    def _value(self, element: Element) -> bytes:
        if element.codes:
            return alternatives(element.codes)
        least, most = element.min, element.max
        if element.type != "n":
            return self.text + b"{%d,%d}+" % (least, most)
        if most < 4 or least > 1:
            return b"[0-9]{%d,%d}+" % (least, most)
        after = 6 if most > 7 else most // 2
        return b"-?[0-9]{1,%d}+(?:%s[0-9]{1,%d}+|[0-9]{1,%d}+|)" % (most - after, self.mark, after, after)


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
