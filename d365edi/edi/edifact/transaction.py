"""One message while it is read: the fast walk of X12 with the segments, codes and service characters of EDIFACT.

Knows: what differs from X12. Does not know: envelopes around the message, what a breach is worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

from d365edi.edi import compiled_guide as table
from d365edi.edi import transaction_set as transaction
from d365edi.edi.compiled_guide import COUNTED, KNOWN, PLAIN, Nowhere
from d365edi.edi.edifact import elements, envelope, pattern, totals
from d365edi.edi.edifact import segment as split
from d365edi.edi.edifact.message import Message
from d365edi.edi.findings import Finding
from d365edi.edi.guide import Node, Segment
from d365edi.edi.interchange import SetReport
from d365edi.edi.shape import Check
from d365edi.edi.sweep import NOUGHTS
from d365edi.edi.syntax import Syntax
from d365edi.edi.transaction_set import Places

_CODES = {"1": "15", "2": "15", "3": "13", "4": "36", "5": "35", "6": "15", "7": "15"}
"""What the breaches of structure (AK304) are in 0085."""
_ASCII = bytes(range(0x20, 0x7F))
_ALLOWED = {"UNOA": _ASCII.translate(None, b"abcdefghijklmnopqrstuvwxyz#$@[\\]^_`{|}~"), "UNOB": _ASCII}
"""The characters of level A and B (ISO 9735)."""
_DATE = "2380"
"""The element of dates, in which digits make a difference."""


class Lines(Check):
    """Finds segments right that hardly ever repeat: those whose codes have no digits are known by their form, in which every
    digit is a nought, because no other digits make a difference.
    """

    __slots__ = ("coded", "syntax")

    def __init__(self, match: Callable[[bytes], object], segment: Segment, syntax: Syntax) -> None:
        super().__init__(match, KNOWN, blind=True)
        parts = [(whole.position, part) for whole in segment.elements for part in (whole.components or (whole,))]
        self.syntax = syntax
        self.coded = [
            (at, part.position if len(segment.elements[at - 1].components) else 1) for at, part in parts if part.codes
        ]

    def right(self, raw: bytes, form: bytes) -> bool:
        """Whether a segment is right whose form is not known."""
        if self.match(raw) is None:
            return False
        if self.room > 0:
            self.room -= 1  # also in vain: where codes have digits there is nothing to learn
            if not any(c.isdigit() for c in self._codes(raw)):
                self.known.add(form)
        return True

    def _codes(self, raw: bytes) -> str:
        """All codes of a segment."""
        values = split.apart(raw, self.syntax)
        return "".join(
            values[at][component - 1].decode("latin-1")
            for at, component in self.coded
            if at < len(values) and component <= len(values[at])
        )


@dataclass(slots=True)
class Table(table.Table):
    """The fast walk of one message type under one interchange's service characters."""

    HEADER = b"UNH"
    TRAILER = "UNT"
    UNIQUE: ClassVar[frozenset[str]] = frozenset(("LIN", "PIA", "MOA", "PRI", "GIN", "RFF"))

    _free: dict[tuple[str, bool], re.Pattern[bytes]] = field(init=False, default_factory=dict)

    def pattern(self, segment: Segment) -> re.Pattern[bytes]:
        """What a right segment without release characters looks like."""
        return pattern.compile(segment, self.syntax)

    def _check(self, segment: Segment) -> Check:
        match, syntax = self._matcher(segment), self.syntax
        service = syntax.raw.element + syntax.raw.component + syntax.raw.repetition + syntax.raw.release
        dated = any(part.number == _DATE for element in segment.elements for part in (element, *element.components))
        if segment.id in self.UNIQUE and not dated and not any(chr(sign).isdigit() for sign in service):
            return Lines(match, segment, syntax)
        return Check(match, KNOWN)

    def _matcher(self, segment: Segment) -> Callable[[bytes], object]:
        """Tells right segments; those that have release characters by a pattern of their own."""
        quick, release = self.pattern(segment).fullmatch, self.syntax.raw.release
        released: list[Callable[[bytes], object]] = []

        def match(raw: bytes) -> object:
            found: object = quick(raw)
            if found is None and release in raw:
                if not released:
                    released.append(pattern.compile(segment, self.syntax, released=True).fullmatch)
                found = released[0](raw)
            return found

        return match if release else quick

    def codes(self, raw: bytes, id: str) -> list[tuple[int, int, str]] | None:
        """The codes of a segment with their places (element, component), where nothing else is wrong with it that a pattern
        can tell; None where something is, or may be.
        """
        syntax = self.syntax
        if b" " + syntax.raw.element in raw:
            return None
        released = bool(syntax.raw.release) and syntax.raw.release in raw
        found = self._free.get((id, released))
        if found is None:
            found = pattern.compile(self.guide.segments[id], syntax, released=released, free=True)
            self._free[id, released] = found
        match = found.fullmatch(raw)
        if match is None:
            return None
        return [
            (*map(int, name[1:].split("_")), code.decode("latin-1"))  # type: ignore[misc]
            for name, code in match.groupdict().items()
            if code
        ]

    def _mark(self, at: Node, node: Node) -> int:
        """Groups of segments are counted when the message is read: there are many, and few have another limit than 99."""
        mark = table.Table._mark(self, at, node)
        return PLAIN if mark == COUNTED else mark


class OpenSet(transaction.OpenSet):
    """A message that is being read: takes its segments from the batches until something else comes."""

    envelope = frozenset((b"UNA", b"UNB", b"UNG", b"UNH", b"UNT", b"UNE", b"UNZ"))
    nowhere = Nowhere(b"UNT")

    def __init__(self, table: Table | None, report: SetReport, charset: str) -> None:
        super().__init__(table, report, point_in_n2=False)
        self.charset = charset

    def _trailer(self) -> None:
        raw, syntax, count = self.report.segments[-1], self.syntax, len(self.report.segments)
        wanted = [b"UNT", b"%d" % count, *split.elements(self.report.segments[0], syntax)[1:2]]
        if raw != syntax.raw.element.join(wanted):
            offset = self.place(count - 1).offset
            self.findings += envelope.set_trailer(
                split.elements(raw, syntax), syntax, self.report.control, count, offset
            )

    def _too_many(self) -> bool:
        """Whether a group of segments comes too often; the slow walk will tell."""
        size, count = len(self.nodes), self.nodes.count
        loops = [node for node in set(self.nodes) if node is not None and node.loop and 0 < node.max_use < size]
        return any(count(node) > node.max_use and self._overrun(node) for node in loops)

    def _restructure(self, table: table.Table, place: Places) -> None:
        before = len(self.findings)
        super()._restructure(table, place)
        self.findings[before:] = [replace(one, code=_CODES[one.code]) for one in self.findings[before:]]

    def _explain(self, table: table.Table, place: Places) -> None:
        assert isinstance(table, Table)
        told: set[tuple[int, str]] = set()
        for at in self.misses:
            node, raw = self.report.nodes[at], self.report.segments[at]
            if node is None:
                continue
            codes = table.codes(raw, node.id)
            if codes is None:
                found = elements.explain(raw, table.guide.segments[node.id], self.syntax, place(at))
            else:
                found = elements.unlisted(table.guide.segments[node.id], codes, told, partial(place, at))
            for finding in found:
                code = (finding.where.reference, finding.value)
                if finding.rule != "unlisted" or code not in told:
                    self.findings.append(finding)
                    told.add(code)

    def _totals(self) -> None:
        report = self.report
        lines = b"\n".join([b"", *report.segments])
        message = Message(report.id, report.segments, self.syntax, self.place, lines, self._rows, self._forms)
        self.findings += totals.check(message)
        self.findings += self._characters(lines)

    def _forms(self, head: bytes) -> Sequence[bytes]:
        """The segments that begin with these three bytes, with noughts for digits."""
        rows = self._rows(head)
        return b"\n".join(rows).translate(NOUGHTS).split(b"\n") if rows else ()

    def _characters(self, lines: bytes) -> list[Finding]:
        """Level A has no small letters, level A and B have ASCII only; said once for a message, it was read all the same."""
        allowed = _ALLOWED.get(self.charset)
        if allowed is None:
            return []
        syntax = self.syntax
        allowed += syntax.raw.element + syntax.raw.component + syntax.raw.release + syntax.raw.repetition
        if not lines.translate(None, allowed + b"\n"):
            return []
        at = next(at for at, raw in enumerate(self.report.segments) if raw.translate(None, allowed))
        raw = self.report.segments[at]
        signs = split.text(raw.translate(None, allowed), syntax.encoding)
        what = "small letters" if signs.isalpha() and signs.isascii() else f"characters as {signs[:1]!r}"
        return [Finding("segment", "warning", "21", f"{self.charset} has no {what}", self.place(at), raw[:80].decode("latin-1"),
                        "they were read; ask the sender to announce UNOC or to keep to his character set", "charset")]  # fmt: skip
