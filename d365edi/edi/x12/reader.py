"""Reads X12: bytes to interchanges, groups and sets, each with its findings and its verdict. Never an exception,
whatever the bytes.

Two speeds. A correct set goes through its guide at once (`shape`), or costs one look-up and one pattern for each segment
(`table`); its figures are seen for all lines together (`fits`). What does not fit is looked at again, slowly, by the
parts that explain: a segment by `elements`, a set's order by `structure`, its figures by `totals`. One bad set never
blocks its siblings.

Knows: how envelopes nest, when a set is closed and by what. Does not know: transport, maps, how an answer is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from d365edi.edi import guides, reading_base
from d365edi.edi.compiled_guide import Table
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Guide
from d365edi.edi.interchange import FileReport, SetReport
from d365edi.edi.reading_base import DEFAULT, ReadOptions, Report
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import Batch, Closing, Opening
from d365edi.edi.transaction_set import OpenSet
from d365edi.edi.x12 import envelope

__all__ = ["DEFAULT", "ReadOptions", "Reading", "Report", "read", "stream"]


def read(data: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> FileReport:
    """A whole file as a tree. All sets of a group or an interchange that is rejected are rejected with it."""
    return reading_base.tree(stream(data, options))


def stream(chunks: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> Iterator[Report]:
    """The same in constant memory: each set when it closes, then its group and its interchange, without their parts.

    A set's verdict is its own: whether its group or interchange is rejected is known only when they close.
    """
    return reading_base.stream(chunks, {"X12": Reading(options)})


@lru_cache(maxsize=48)
def _table(guide: Guide, syntax: Syntax) -> Table:
    return Table(guide, syntax, dict(guides.segments("X12", guide.version)))


class Reading(reading_base.Reading):
    """The state of a reading of X12."""

    ASTRAY = ("", "024")

    # -- interchanges

    def open(self, event: Opening) -> None:
        """An ISA."""
        report = envelope.interchange(event.elements, event.syntax, event.offset, event.findings)
        if self._repeated(report):
            report.findings.append(
                Finding("interchange", "warning", "025", f"Interchange {report.control} stands twice in this file",
                        Position(event.offset, 0, "ISA", 13), report.control, "the sender must number his interchanges", "duplicate-interchange")
            )  # fmt: skip
        self._begin(report, event)
        self.mute = event.elements[0] != b"ISA"
        self.tables: dict[tuple[str, str], Table | None] = {}

    def close(self, event: Closing) -> Iterator[Report]:
        """The end of an interchange: what is still open in it lacks its trailer."""
        report = self.interchange
        if report is None:
            return
        yield from self._close_group(event.offset, "the interchange ends")
        if not self.ended and not self.mute:
            why = (
                "the file ends"
                if event.complete or not event.offset
                else "the file ends, or another interchange begins"
            )
            report.findings.append(envelope.missing_trailer("interchange", "023", "IEA", event.offset, why))
        yield self._settled(report, event)

    # -- segments

    def _envelope(self, raw: bytes, batch: Batch, index: int) -> Iterator[Report]:
        assert self.interchange is not None
        offset = batch.place(index)
        parts = raw.split(self.interchange.syntax.raw.element)
        match parts[0].rstrip(b" "):
            case b"ST":
                yield from self._open_set(raw, parts, offset)
            case b"GS":
                yield from self._close_group(offset, "another group begins")
                self._open_group(parts, offset)
            case b"GE":
                yield from self._close_set(offset, "the group ends")
                yield from self._end_group(parts, offset)
            case b"IEA":
                yield from self._close_group(offset, "the interchange ends")
                self.ended = True
                self.interchange.findings += envelope.trailer(self.interchange, parts, self.groups, offset)
            case b"TA1" if self.group is None:
                self.interchange.acknowledgments.append([part.decode("latin-1") for part in parts])
                self.interchange.findings += envelope.receipt(raw, self.interchange.syntax, offset)
            case _:
                self._astray(raw, parts[0], offset)

    # -- groups

    def _open_group(self, parts: list[bytes], offset: int) -> None:
        self.group = envelope.group(parts, offset)
        self.groups += 1
        self.counts = {}
        self.controls: set[str] = set()
        key = (self.group.functional_id, self.group.control)
        if key in self.group_keys:
            self.group.findings.append(
                Finding("group", "error", "19", f"Group control number {key[1]} was used before in this interchange",
                        Position(offset, 0, "GS", 6), key[1], "the sender must number his groups", "duplicate")
            )  # fmt: skip
        self.group_keys.add(key)

    def _end_group(self, parts: list[bytes], offset: int) -> Iterator[Report]:
        if self.group is None:
            self._astray(b"", parts[0], offset)
            return
        self.group.findings += envelope.group_trailer(self.group, parts, sum(self.counts.values()), offset)
        yield self._judged()

    def _close_group(self, offset: int, why: str) -> Iterator[Report]:
        """Closes a group that has no trailer."""
        yield from self._close_set(offset, why)
        if self.group is not None:
            self.group.findings.append(envelope.missing_trailer("group", "3", "GE", offset, why))
            yield self._judged()

    # -- sets

    def _open_set(self, raw: bytes, parts: list[bytes], offset: int) -> Iterator[Report]:
        assert self.interchange is not None
        yield from self._close_set(offset, "another set begins")
        if self.group is None:
            self._astray(raw, parts[0], offset)
            self._open_group([], offset)
            assert self.group is not None
            self.group.findings = [
                envelope.missing_trailer("group", "3", "GS", offset, "a set begins outside of any group")
            ]
        id, control = (part.decode("latin-1").strip(" ") for part in (*parts[1:3], *[b""] * (3 - len(parts))))
        group = self.group
        table = self._table(id, group.version or self.interchange.version)
        report = SetReport(id, control, group.version, self.interchange.syntax, offset, [raw], [], None)
        self.set = OpenSet(table, report, point_in_n2=self.options.decimal_point_in_n2)
        self.set.findings += self._header(id, control, table, offset)

    def _header(self, id: str, control: str, table: Table | None, offset: int) -> list[Finding]:
        assert self.group is not None
        fits = table is not None and table.guide.group == self.group.functional_id
        if fits and control not in self.controls and 4 <= len(control) <= 9:
            self.controls.add(control)
            return []
        found = envelope.set_header(id, control, offset)
        if control in self.controls:
            found.append(Finding("set", "error", "23", f"Control number {control} was used before in this group",
                                 Position(offset, 1, "ST", 2, reference=329), control, "the sender must number his sets", "duplicate"))  # fmt: skip
        self.controls.add(control)
        if table is None:
            known = ", ".join(guides.sets("X12"))
            found.append(Finding("set", "error", "1", f"Transaction set {id or '(none)'} of {self.group.version} is not supported",
                                 Position(offset, 1, "ST", 1, reference=143), id, f"read are {known}", "unsupported"))  # fmt: skip
        elif table.guide.group != self.group.functional_id:
            message = f"A {id} belongs in a group {table.guide.group}, not {self.group.functional_id or '(none)'}"
            found.append(Finding("set", "error", "18", message, Position(offset, 1, "ST", 1, reference=143), id,
                                 "the sender must correct GS01", "group"))  # fmt: skip
        return found

    def _table(self, id: str, version: str) -> Table | None:
        assert self.interchange is not None
        key = (id, version)
        if key not in self.tables:
            version = (
                version
                if guides.tables("X12", version)
                else self.interchange.version.lstrip("0").ljust(5, "0").rjust(6, "0")
            )
            guide = guides.load("X12", id, version, self.options.overlays.get(id))
            self.tables[key] = _table(guide, replace(self.interchange.syntax, suffix="")) if guide is not None else None
        return self.tables[key]

    def _unclosed(self, offset: int, why: str) -> Finding:
        return envelope.missing_trailer("set", "2", "SE", offset, why)
