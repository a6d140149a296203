"""What the readers of X12 and EDIFACT share: options, the stream of reports, and how segments are dealt out to sets.

A reading goes through the events of a file. The segments of a set go to it in one sweep, those of envelopes one by one;
what stands outside of any set is shown, never dropped.

Knows: interchanges hold groups, groups hold sets. Does not know: any one envelope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from d365edi.edi.findings import Finding, Level, Position
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport, Verdict
from d365edi.edi.sweep import Sweep
from d365edi.edi.syntax import Standard
from d365edi.edi.tokenizer import Batch, Closing, Opening, tokenize
from d365edi.edi.transaction_set import OpenSet
from d365edi.edi.verdicts import Severities, Strictness, reject


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


def tree(parts: Iterable[Report]) -> FileReport:
    """What a stream yields, as a tree. All sets of a group or an interchange that is rejected are rejected with it."""
    report = FileReport()
    groups: list[GroupReport] = []
    sets: list[SetReport] = []
    for part in parts:
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


def stream(chunks: bytes | Iterable[bytes], readings: Mapping[Standard, Reading]) -> Iterator[Report]:
    """The reports of a file as they close. An interchange of a standard that has no reading here is told and passed by."""
    reading: Reading | None = None
    for event in tokenize(chunks):
        if isinstance(event, Batch):
            if reading is not None:
                yield from reading.batch(event)
        elif isinstance(event, Opening):
            reading = readings.get(event.syntax.standard)
            if reading is None:
                yield _foreign(event, next(iter(readings)))
            else:
                reading.open(event)
        elif isinstance(event, Closing):
            if reading is not None:
                yield from reading.close(event)
        else:
            yield event


def _foreign(event: Opening, wanted: Standard) -> Finding:
    standard = event.syntax.standard
    return Finding("file", "error", "", f"The file holds an {standard} interchange where {wanted} was expected",
                   Position(event.offset), "", f"route it to a flow that reads {standard}", "standard")  # fmt: skip


class Reading(ABC):
    """The state of a reading: which interchange, group and set are open, and what has been seen of them."""

    ASTRAY = ("", "")
    """The codes of a segment that stands outside of any set: in a group, in an interchange."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.severities = Severities(options.strictness, options.severities)
        self.interchange: InterchangeReport | None = None
        self.group: GroupReport | None = None
        self.set: OpenSet | None = None
        self.seen: set[tuple[str, ...]] = set()
        self.strays = 0
        self.mute = False
        self.counts: dict[Verdict, int] = {}

    @abstractmethod
    def open(self, event: Opening) -> None:
        """An interchange begins."""

    @abstractmethod
    def close(self, event: Closing) -> Iterator[Report]:
        """An interchange ends: what is still open in it lacks its trailer."""

    @abstractmethod
    def _envelope(self, raw: bytes, batch: Batch, index: int) -> Iterator[Report]:
        """A segment that stands outside of any set."""

    @abstractmethod
    def _unclosed(self, offset: int, why: str) -> Finding:
        """A set's trailer is missing."""

    def _begin(self, report: InterchangeReport, event: Opening) -> None:
        self.interchange = report
        self.group_keys: set[tuple[str, str]] = set()
        self.groups = 0
        self.ended = False
        self.digest = sha256(event.syntax.raw.element.join(event.elements) + b"\n")

    def _repeated(self, report: InterchangeReport) -> bool:
        """Whether the same interchange stood in this file before."""
        key = (str(report.sender), str(report.receiver), report.control, report.usage)
        repeated = key in self.seen
        self.seen.add(key)
        return repeated

    def _settled(self, report: InterchangeReport, event: Closing) -> InterchangeReport:
        """The interchange with its verdict."""
        report.length = event.offset - report.offset
        self._strayed("interchange", report.findings)
        report.digest = self.digest.hexdigest()
        report.findings = self.severities.settle(report.findings)
        report.verdict = self.severities.verdict(report.findings)
        self.interchange = None
        return report

    def batch(self, batch: Batch) -> Iterator[Report]:
        """The segments of a batch: those of sets go the fast way, those of envelopes one by one."""
        report = self.interchange
        if report is None:
            return
        report.findings += batch.findings
        sweep = Sweep(batch)
        self.digest.update(sweep.text + b"\n")
        if self.mute:
            return
        at, size = 0, len(batch.segments)
        while at < size:
            if self.set is not None:
                at, ended = self.set.take(sweep, at)
                if ended:
                    yield from self._close_set(trailer=True)
                    continue
            if at < size:
                yield from self._envelope(batch.segments[at], batch, at)
                at += 1

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
            self.group.findings.append(
                Finding("group", "error", self.ASTRAY[0], message, where, value, remedy, "astray")
            )
        else:
            message = f"{name} stands in the interchange outside of any group"
            self.interchange.findings.append(
                Finding("interchange", "error", self.ASTRAY[1], message, where, value, remedy, "astray")
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

    def _judged(self) -> GroupReport:
        assert self.group is not None
        group, self.group = self.group, None
        self._strayed("group", group.findings)
        group.received = sum(self.counts.values())
        group.accepted = group.received - self.counts.get("R", 0)
        group.findings = self.severities.settle(group.findings)
        group.verdict = self.severities.group_verdict(group, self.counts)
        return group

    def _close_set(self, offset: int = 0, why: str = "", *, trailer: bool = False) -> Iterator[Report]:
        if self.set is None:
            return
        part, self.set = self.set, None
        if not trailer:
            part.findings.append(self._unclosed(offset, why))
        report = part.finish(trailer=trailer)
        report.findings = self.severities.settle(part.findings, report.guide.severity if report.guide else None)
        report.verdict = self.severities.verdict(report.findings)
        self.counts[report.verdict] = self.counts.get(report.verdict, 0) + 1
        yield report
