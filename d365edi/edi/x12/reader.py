"""Reads X12: bytes to interchanges, groups and sets, each with its findings and its verdict. Never an exception,
whatever the bytes.

Two speeds. A correct set costs one look-up and one pattern for each segment (`table`). What does not fit is looked at
again, slowly, by the parts that explain: a segment by `elements`, a set's order by `structure`. One bad set never
blocks its siblings.

Knows: how envelopes nest, when a set is closed and by what. Does not know: transport, maps, how an answer is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from operator import length_hint
from typing import Any

from d365edi.edi import guides
from d365edi.edi.findings import Finding, Level, Position
from d365edi.edi.guide import Guide
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport, Verdict
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import Batch, Closing, Opening, tokenize
from d365edi.edi.x12 import envelope
from d365edi.edi.x12.rules import Rules, Strictness, reject
from d365edi.edi.x12.table import Table
from d365edi.edi.x12.transaction import END_OF_SET, OpenSet


@dataclass(frozen=True)
class ReadOptions:
    """How strictly to read, per partner.

    `overlays` are guide overlays by transaction set (see `guides`), `severities` say what a rule is worth (error,
    warning, off), keyed by rule (`length`) or level and rule (`interchange.control`); `decimal_point_in_n2` takes 12.34
    where N2 wants 1234.
    """

    strictness: Strictness = "lenient"
    overlays: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    decimal_point_in_n2: bool = False


DEFAULT = ReadOptions()

STRAYS = 20
"""Segments outside of any set that are shown one by one; more are only counted."""

Report = SetReport | GroupReport | InterchangeReport | Finding


def read(data: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> FileReport:
    """A whole file as a tree. All sets of a group or an interchange that is rejected are rejected with it."""
    report = FileReport()
    groups: list[GroupReport] = []
    sets: list[SetReport] = []
    for part in stream(data, options):
        if isinstance(part, SetReport):
            sets.append(part)
        elif isinstance(part, GroupReport):
            part.sets, sets = sets, []
            if part.verdict == "R":
                reject(part.sets)
            groups.append(part)
        elif isinstance(part, InterchangeReport):
            part.groups, groups = groups, []
            if part.verdict == "R":
                for group in part.groups:
                    group.verdict = "R"
                    reject(group.sets)
            report.interchanges.append(part)
        else:
            report.findings.append(part)
    return report


def stream(chunks: bytes | Iterable[bytes], options: ReadOptions = DEFAULT) -> Iterator[Report]:
    """The same in constant memory: each set when it closes, then its group and its interchange, without their parts.

    A set's verdict is its own: whether its group or interchange is rejected is known only when they close.
    """
    reading = _Reading(options)
    for event in tokenize(chunks):
        if isinstance(event, Batch):
            yield from reading.batch(event)
        elif isinstance(event, Opening):
            yield from reading.open(event)
        elif isinstance(event, Closing):
            yield from reading.close(event)
        else:
            yield event


@lru_cache(maxsize=48)
def _table(guide: Guide, syntax: Syntax) -> Table:
    return Table(guide, syntax, dict(guides.segments("X12", guide.version)))


class _Reading:
    """The state of a reading: which interchange, group and set are open, and what has been seen of them."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.rules = Rules(options.strictness, options.severities)
        self.interchange: InterchangeReport | None = None
        self.group: GroupReport | None = None
        self.set: OpenSet | None = None
        self.foreign = False
        self.seen: set[tuple[str, ...]] = set()
        self.strays = 0

    # -- interchanges

    def open(self, event: Opening) -> Iterator[Report]:
        """An ISA. EDIFACT is not read here: it is said so, and passed by."""
        self.foreign = event.syntax.standard != "X12"
        if self.foreign:
            yield Finding("file", "error", "", "The file holds an EDIFACT interchange where X12 was expected",
                          Position(event.offset), "", "route it to a flow that reads EDIFACT", "standard")  # fmt: skip
            return
        self.interchange = envelope.interchange(event.elements, event.syntax, event.offset, event.findings)
        report = self.interchange
        key = (str(report.sender), str(report.receiver), report.control, report.usage)
        if key in self.seen:
            report.findings.append(
                Finding("interchange", "warning", "025", f"Interchange {report.control} stands twice in this file",
                        Position(event.offset, 0, "ISA", 13), report.control, "the sender must number his interchanges", "duplicate-interchange")
            )  # fmt: skip
        self.seen.add(key)
        self.case = event.elements[0] != b"ISA"
        self.group_keys: set[tuple[str, str]] = set()
        self.groups = 0
        self.ended = False
        self.digest = sha256(event.syntax.element.join(event.elements) + b"\n")
        self.tables: dict[tuple[str, str], Table | None] = {}

    def close(self, event: Closing) -> Iterator[Report]:
        """The end of an interchange: what is still open in it lacks its trailer."""
        report = self.interchange
        if self.foreign or report is None:
            return
        yield from self._close_group(event.offset, "the interchange ends")
        report.length = event.offset - report.offset
        if not self.ended and not self.case:
            why = (
                "the file ends"
                if event.complete or not event.offset
                else "the file ends, or another interchange begins"
            )
            report.findings.append(envelope.missing_trailer("interchange", "023", "IEA", event.offset, why))
        self._strayed("interchange", report.findings)
        report.digest = self.digest.hexdigest()
        report.findings = self.rules.settle(report.findings)
        report.verdict = self.rules.verdict(report.findings)
        self.interchange = None
        yield report

    # -- segments

    def batch(self, batch: Batch) -> Iterator[Report]:
        """The segments of a batch: those of sets go the fast way, those of envelopes one by one."""
        report = self.interchange
        if self.foreign or report is None:
            return
        report.findings += batch.findings
        segments = batch.segments
        self.digest.update(b"\n".join(segments) + b"\n")
        if self.case:
            return
        rest = iter(segments)
        while True:
            if self.set is not None:
                stopper = self.set.take(rest, batch)
                if stopper is END_OF_SET:
                    yield from self._close_set(trailer=True)
                    continue
            else:
                stopper = next(rest, None)
            if stopper is None:
                return
            index = len(segments) - length_hint(rest) - 1
            yield from self._envelope(stopper, batch, index)

    def _envelope(self, raw: bytes, batch: Batch, index: int) -> Iterator[Report]:
        assert self.interchange is not None
        offset = batch.place(index)
        parts = raw.split(self.interchange.syntax.element)
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

    def _astray(self, raw: bytes, id: bytes, offset: int) -> None:
        """A segment that stands where only envelopes may stand. The first ones are shown, the others counted."""
        assert self.interchange is not None
        self.strays += 1
        if self.strays > STRAYS:
            return
        name = id[:12].decode("latin-1")
        where, value = Position(offset, 0, name), raw[:200].decode("latin-1")
        remedy = "it was not read; ask the sender what it belongs to"
        if self.group is not None:
            message = f"{name} stands in the group outside of any set"
            self.group.findings.append(Finding("group", "error", "", message, where, value, remedy, "astray"))
        else:
            message = f"{name} stands in the interchange outside of any group"
            self.interchange.findings.append(
                Finding("interchange", "error", "024", message, where, value, remedy, "astray")
            )

    def _strayed(self, level: Level, findings: list[Finding]) -> None:
        """Says how many segments stood outside besides those that were shown."""
        if self.strays > STRAYS:
            message = f"{self.strays - STRAYS} more segments stand outside of any set"
            findings.append(
                Finding(
                    level,
                    "error",
                    "",
                    message,
                    remedy="they were not read; ask the sender what they belong to",
                    rule="astray",
                )
            )
        self.strays = 0

    # -- groups

    def _open_group(self, parts: list[bytes], offset: int) -> None:
        self.group = envelope.group(parts, offset)
        self.groups += 1
        self.counts: dict[Verdict, int] = {}
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

    def _judged(self) -> GroupReport:
        assert self.group is not None
        group, self.group = self.group, None
        self._strayed("group", group.findings)
        group.received = sum(self.counts.values())
        group.accepted = group.received - self.counts.get("R", 0)
        group.findings = self.rules.settle(group.findings)
        group.verdict = self.rules.group_verdict(group, self.counts)
        return group

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
            self.tables[key] = _table(guide, self.interchange.syntax) if guide is not None else None
        return self.tables[key]

    def _close_set(self, offset: int = 0, why: str = "", *, trailer: bool = False) -> Iterator[Report]:
        if self.set is None:
            return
        part, self.set = self.set, None
        if not trailer:
            part.findings.append(envelope.missing_trailer("set", "2", "SE", offset, why))
        report = part.finish(trailer=trailer)
        report.findings = self.rules.settle(part.findings, report.guide.severity if report.guide else None)
        report.verdict = self.rules.verdict(report.findings)
        self.counts[report.verdict] = self.counts.get(report.verdict, 0) + 1
        yield report
