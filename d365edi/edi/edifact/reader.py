"""Reads EDIFACT: bytes to interchanges, groups and messages, each with its findings and its verdict. Never an exception,
whatever the bytes.

A message is a set as X12's are, and goes the same way: one look-up and one pattern for each segment, and an explanation
where that does not fit. Messages that stand in no group (UNG) are in one without an id.

Knows: how envelopes nest, when a message is closed and by what. Does not know: transport, maps, how CONTRL is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from d365edi.edi import guides, reading_base
from d365edi.edi.edifact import envelope
from d365edi.edi.edifact import segment as split
from d365edi.edi.edifact.transaction import OpenSet, Table
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Guide
from d365edi.edi.interchange import FileReport, GroupReport, SetReport
from d365edi.edi.reading_base import DEFAULT, ReadOptions, Report
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import Batch, Closing, Opening

__all__ = ["DEFAULT", "ReadOptions", "Reading", "Report", "read", "stream"]


def read(data: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> FileReport:
    """A whole file as a tree. All messages of a group or an interchange that is rejected are rejected with it."""
    return reading_base.tree(stream(data, options))


def stream(chunks: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> Iterator[Report]:
    """The same in constant memory: each message when it closes, then its group and its interchange, without their parts.

    A message's verdict is its own: whether its group or interchange is rejected is known only when they close.
    """
    return reading_base.stream(chunks, {"EDIFACT": Reading(options)})


@lru_cache(maxsize=48)
def _table(guide: Guide, syntax: Syntax) -> Table:
    return Table(guide, syntax, dict(guides.segments("EDIFACT", guide.version)))


class Reading(reading_base.Reading):
    """The state of a reading of EDIFACT."""

    ASTRAY = ("33", "33")

    # -- interchanges

    def open(self, event: Opening) -> None:
        """A UNB."""
        report = envelope.interchange(event.elements, event.syntax, event.offset, event.findings)
        if self._repeated(report):
            report.findings.append(
                Finding("interchange", "warning", "26", f"Interchange {report.control} stands twice in this file",
                        Position(event.offset, 0, "UNB", 5), report.control, "the sender must number his interchanges", "duplicate-interchange")
            )  # fmt: skip
        self._begin(report, event)
        self.messages = 0
        self.references: set[str] = set()
        self.tables: dict[tuple[str, str], Table | None] = {}

    def close(self, event: Closing) -> Iterator[Report]:
        """The end of an interchange: what is still open in it lacks its trailer."""
        report = self.interchange
        if report is None:
            return
        yield from self._close_group(event.offset, "the interchange ends")
        if not self.ended:
            why = "the file ends" if event.complete else "the file ends, or another interchange begins"
            report.findings.append(envelope.missing_trailer("interchange", "UNZ", event.offset, why))
        yield self._settled(report, event)

    # -- segments

    def _envelope(self, raw: bytes, batch: Batch, index: int) -> Iterator[Report]:
        assert self.interchange is not None
        syntax, offset = self.interchange.syntax, batch.place(index)
        parts = split.elements(raw, syntax)
        match parts[0].rstrip(b" "):
            case b"UNH":
                yield from self._open_set(raw, parts, offset)
            case b"UNG":
                yield from self._close_group(offset, "another group begins")
                self._open_group(parts, offset)
            case b"UNE":
                yield from self._close_set(offset, "the group ends")
                yield from self._end_group(raw, parts, offset)
            case b"UNZ":
                yield from self._close_group(offset, "the interchange ends")
                self.ended = True
                included = self.groups or self.messages
                self.interchange.findings += envelope.trailer(
                    self.interchange, parts, included, self.groups > 0, offset
                )
            case _:
                self._astray(raw, parts[0], offset)

    # -- groups

    def _open_group(self, parts: list[bytes], offset: int) -> None:
        assert self.interchange is not None
        self.group = envelope.group(parts, self.interchange.syntax, offset)
        self.counts = {}
        key = (self.group.functional_id, self.group.control)
        if key in self.group_keys:
            self.group.findings.append(
                Finding("group", "error", "26", f"Group reference {key[1]} was used before in this interchange",
                        Position(offset, 0, "UNG", 5), key[1], "the sender must number his groups", "duplicate")
            )  # fmt: skip
        self.group_keys.add(key)
        if self.messages and not self.groups:
            self._mixed(offset, "UNG")
        self.groups += 1

    def _open_nameless(self, offset: int) -> None:
        """The group that stands for none: the messages directly in the interchange."""
        whole = self.interchange
        assert whole is not None
        self.group = GroupReport("", whole.sender.id, whole.receiver.id, whole.date, whole.time, "", "", offset)
        self.counts = {}
        if self.groups:
            self._mixed(offset, "UNH")

    def _mixed(self, offset: int, id: str) -> None:
        assert self.interchange is not None
        self.interchange.findings.append(
            Finding("interchange", "error", "30", "The interchange has messages in groups and messages outside of groups",
                    Position(offset, 0, id), "", "the sender must keep to one of them", "mixed")
        )  # fmt: skip

    def _end_group(self, raw: bytes, parts: list[bytes], offset: int) -> Iterator[Report]:
        assert self.interchange is not None
        if self.group is None or not self._named():
            self._astray(raw, parts[0], offset)
            return
        sets = sum(self.counts.values())
        self.group.findings += envelope.group_trailer(self.group, parts, self.interchange.syntax, sets, offset)
        yield self._judged()

    def _close_group(self, offset: int, why: str) -> Iterator[Report]:
        """Closes a group: only one that a UNG opened lacks its trailer."""
        yield from self._close_set(offset, why)
        if self.group is not None:
            if self._named():
                self.group.findings.append(envelope.missing_trailer("group", "UNE", offset, why))
            yield self._judged()

    def _named(self) -> bool:
        return self.group is not None and bool(self.group.control or self.group.functional_id or self.group.version)

    # -- messages

    def _open_set(self, raw: bytes, parts: list[bytes], offset: int) -> Iterator[Report]:
        whole = self.interchange
        assert whole is not None
        yield from self._close_set(offset, "another message begins")
        if self.group is None:
            self._open_nameless(offset)
        control = split.text(split.plain(b"".join(parts[1:2]), whole.syntax), whole.syntax.encoding).strip(" ")
        id, version = envelope.message(b"".join(parts[2:3]), whole.syntax)
        report = SetReport(id, control, version, whole.syntax, offset, [raw], [], None)
        self.messages += 1
        self.set = OpenSet(self._table(id, version), report, whole.version.partition(":")[0])
        self.set.findings += self._header(report)

    def _header(self, report: SetReport) -> list[Finding]:
        assert self.group is not None
        assert self.set is not None
        found = []
        if report.control in self.references:
            found.append(Finding("set", "error", "26", f"Message reference {report.control} was used before in this interchange",
                                 Position(report.offset, 1, "UNH", 1, reference=62), report.control, "the sender must number his messages", "duplicate"))  # fmt: skip
        self.references.add(report.control)
        if self.set.table is None:
            where = Position(report.offset, 1, "UNH", 2, 1, reference=65)
            known = ", ".join(guides.sets("EDIFACT"))
            found.append(Finding("set", "error", "14", f"Message {report.id or '(none)'} {report.version} is not supported", where,
                                 report.id, f"read are {known}", "unsupported"))  # fmt: skip
        if self.group.functional_id not in ("", report.id):
            message = f"A {report.id} does not belong in a group of {self.group.functional_id}"
            found.append(Finding("set", "error", "31", message, Position(report.offset, 1, "UNH", 2, 1, reference=65), report.id,
                                 "the sender must make a group for each message type", "group"))  # fmt: skip
        return found

    def _table(self, id: str, version: str) -> Table | None:
        assert self.interchange is not None
        key = (id, version)
        if key not in self.tables:
            guide = guides.load("EDIFACT", id, version, self.options.overlays.get(id))
            self.tables[key] = _table(guide, self.interchange.syntax) if guide is not None else None
        return self.tables[key]

    def _unclosed(self, offset: int, why: str) -> Finding:
        return envelope.missing_trailer("set", "UNT", offset, why)
