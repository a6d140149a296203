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
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Guide, Node
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport, Verdict
from d365edi.edi.syntax import Syntax
from d365edi.edi.tokenizer import Batch, Closing, Opening, tokenize
from d365edi.edi.x12 import elements, envelope, structure, totals
from d365edi.edi.x12.rules import Rules, Strictness, reject
from d365edi.edi.x12.table import ASTRAY, COUNTED, END, END_ASTRAY, UNKNOWN, Step, Table

ENVELOPE = frozenset((b"ISA", b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1"))


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


@lru_cache(maxsize=128)
def _table(guide: Guide, syntax: Syntax) -> Table:
    return Table(guide, syntax, dict(guides.segments("X12", guide.version)))


class _Reading:
    """The state of a reading: which interchange, group and set are open, and what has been seen of them."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.rules = Rules(options.strictness, options.severities)
        self.interchange: InterchangeReport | None = None
        self.group: GroupReport | None = None
        self.set: _OpenSet | None = None
        self.foreign = False
        self.offset = 0

    # -- interchanges

    def open(self, event: Opening) -> Iterator[Report]:
        """An ISA. EDIFACT is not read here: it is said so, and passed by."""
        self.foreign = event.syntax.standard != "X12"
        self.offset = event.offset
        if self.foreign:
            yield Finding("file", "error", "", "The file holds an EDIFACT interchange where X12 was expected",
                          Position(event.offset), "", "route it to a flow that reads EDIFACT", "standard")  # fmt: skip
            return
        self.interchange = envelope.interchange(event.elements, event.syntax, event.offset, event.findings)
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
                stopper = self.set.take(rest, segments, blanks=batch.blanks)
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
            case _:
                self._astray(raw, parts[0], offset)

    def _astray(self, raw: bytes, id: bytes, offset: int) -> None:
        """A segment that stands where only envelopes may stand."""
        assert self.interchange is not None
        name = id[:12].decode("latin-1")
        place = "group" if self.group is not None else "interchange"
        finding = Finding(
            "interchange" if self.group is None else "group", "error", "024" if self.group is None else "",
            f"{name} stands in the {place} outside of any {'set' if self.group else 'group'}", Position(offset, 0, name),
            raw[:200].decode("latin-1"), "it was not read; ask the sender what it belongs to", "astray",
        )  # fmt: skip
        (self.group or self.interchange).findings.append(finding)

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
        self.set = _OpenSet(
            self, table, SetReport(id, control, group.version, self.interchange.syntax, offset, [raw], [], None)
        )
        self.set.findings += self._header(id, control, table, offset)

    def _header(self, id: str, control: str, table: Table | None, offset: int) -> list[Finding]:
        assert self.group is not None
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


END_OF_SET = b"SE"


class _OpenSet:
    """A set that is being read: takes its segments from the batches until something else comes."""

    def __init__(self, reading: _Reading, table: Table | None, report: SetReport) -> None:
        self.options, self.table, self.report = reading.options, table, report
        self.findings: list[Finding] = []
        self.nodes: list[Node | None] = [None]
        self.misses: list[int] = []
        self.counted: list[Node] = []
        self.doubtful = table is None
        self.here: Mapping[bytes, Step] = _Nowhere()
        self.syntax = report.syntax
        if table is not None:
            report.guide = table.guide
            self.nodes = [table.first.node]
            self.here = table.first
            if not table.match("ST")(report.segments[0]):
                self.misses.append(0)

    def take(self, rest: Iterator[bytes], segments: list[bytes], *, blanks: bool) -> bytes | None:
        """Takes segments while they belong to the set. Returns END_OF_SET, an envelope's segment, or None when the
        batch is done.
        """
        start = len(segments) - length_hint(rest)
        before, here, nodes, misses = len(self.nodes), self.here, self.nodes, self.misses
        add, stopper = nodes.append, None
        for raw in rest:
            here, match, node, mark = here[raw[:3]]
            if mark:
                if mark in (END, END_ASTRAY):
                    self.doubtful |= mark == END_ASTRAY
                    add(node)
                    if match(raw) is None:
                        misses.append(len(nodes) - 1)
                    stopper = END_OF_SET
                    break
                if mark == UNKNOWN and raw.split(self.syntax.element, 1)[0].rstrip(b" ") in ENVELOPE:
                    stopper = raw
                    break
                self._mark(mark, node)
            add(node)
            if match(raw) is None:
                misses.append(len(nodes) - 1)
        self.here = here
        taken = segments[start : start + len(nodes) - before]
        self.report.segments += taken
        if blanks:
            self._padded(taken, before)
        return stopper

    def _mark(self, mark: int, node: Node | None) -> None:
        if mark == COUNTED:
            assert node is not None
            self.counted.append(node)
        elif mark in (UNKNOWN, ASTRAY) or (len(self.nodes) >= mark and self.nodes[-mark] is node):
            self.doubtful = True

    def _padded(self, taken: list[bytes], before: int) -> None:
        blank = b" " + self.syntax.element
        found = [at for at, raw in enumerate(taken, before) if blank in raw or raw[-1:] == b" "]
        self.misses = sorted({*self.misses, *found})

    def finish(self, *, trailer: bool) -> SetReport:
        """Explains what did not fit, checks the trailer and the set's own figures."""
        report, table = self.report, self.table
        if trailer:
            self._trailer()
        if table is None:
            report.nodes = [None] * len(report.segments)
            return report
        report.nodes = self.nodes
        if not self.doubtful and self._too_many(table):
            self.doubtful = True
        place = _Places(report)
        if self.doubtful or any(self._renamed(at) for at in self.misses):
            self._restructure(table, place)
        if self.misses:
            self._explain(table, place)
        self.findings += totals.check(totals.Set(report.id, report.segments, report.nodes, self.syntax.element, place))
        return report

    def _trailer(self) -> None:
        report = self.report
        count = len(report.segments)
        if report.segments[-1] != b"SE%s%d%s%s" % (
            self.syntax.element, count, self.syntax.element, report.control.encode("latin-1")
        ):  # fmt: skip
            parts = report.segments[-1].split(self.syntax.element)
            offset = _Places(report)(count - 1).offset
            self.findings += envelope.set_trailer(parts, report.control, count, offset)

    def _too_many(self, table: Table) -> bool:
        """Whether a loop may have come too often; the slow walk will tell."""
        if self.counted and any(self.counted.count(node) > node.max_use for node in set(self.counted)):
            return True
        long = [node for node in table.loops if node.max_use < len(self.nodes)]
        return any(sum(1 for other in self.nodes if other is node) > node.max_use for node in long)

    def _renamed(self, at: int) -> bool:
        """Whether a segment only begins like the one it was taken for (PO1X)."""
        node = self.nodes[at]
        return node is not None and self.report.segments[at].split(self.syntax.element, 1)[0] != node.id.encode()

    def _restructure(self, table: Table, place: _Places) -> None:
        report = self.report
        separator = self.syntax.element
        ids = [raw.split(separator, 1)[0] for raw in report.segments]
        report.nodes, breaches = structure.explain(table.guide, ids, table.known)
        self.findings += [breach.finding(place.of(breach)) for breach in breaches]
        self.misses = [
            at
            for at, (raw, node) in enumerate(zip(report.segments, report.nodes, strict=True))
            if node is not None and (table.match(node.id)(raw) is None or b" " + separator in raw or raw[-1:] == b" ")
        ]

    def _explain(self, table: Table, place: _Places) -> None:
        for at in self.misses:
            node = self.report.nodes[at]
            if node is not None:
                context = elements.Context(self.syntax, place(at), self.options.decimal_point_in_n2)
                self.findings += elements.explain(self.report.segments[at], table.guide.segments[node.id], context)


class _Nowhere(dict[bytes, Step]):
    """The steps of a set without a guide: everything up to its trailer belongs to it."""

    def __missing__(self, key: bytes) -> Step:
        ends = key[:2] == b"SE" and not key[2:].isalnum()
        return Step(self, bool, None, END if ends else UNKNOWN)  # type: ignore[arg-type]


class _Places:
    """Where segments of a set stand in the file, worked out when asked for, in ascending order at little cost."""

    def __init__(self, report: SetReport) -> None:
        self.report = report
        self.gap = len(report.syntax.terminator) + len(report.syntax.suffix)
        self.index, self.offset = 0, report.offset

    def __call__(self, index: int) -> Position:
        """The position of segment `index`."""
        segments = self.report.segments
        if index < self.index:
            self.index, self.offset = 0, self.report.offset
        self.offset += sum(len(raw) + self.gap for raw in segments[self.index : index])
        self.index = index
        node = self.report.nodes[index] if index < len(self.report.nodes) else None
        loop = (
            node.parent.path if node is not None and node.parent is not None and node.parent.parent is not None else ""
        )
        id = segments[index].split(self.report.syntax.element, 1)[0][:3].decode("latin-1")
        return Position(self.offset, index + 1, id, loop=loop)

    def of(self, breach: structure.Breach) -> Position:
        """The position of a breach: of the segment in its place, under the id that it is about."""
        at = self(breach.index)
        return Position(at.offset, at.ordinal, breach.id, loop=breach.loop)
