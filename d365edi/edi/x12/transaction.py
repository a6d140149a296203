"""One transaction set while it is read: takes its segments at speed, and explains afterwards what did not fit.

Knows: the fast walk (`table`) and the parts that explain (`elements`, `structure`, `totals`). Does not know: envelopes around the set,
what a breach is worth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import length_hint

from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.tokenizer import Batch
from d365edi.edi.x12 import elements, envelope, lines, structure, totals
from d365edi.edi.x12.table import ASTRAY, COUNTED, END, END_ASTRAY, KNOWN, NEVER, NOWHERE, UNKNOWN, Step, Table

ENVELOPE = frozenset((b"ISA", b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1"))
"""Segments that end a set, wherever they stand."""

END_OF_SET = b"SE"


class OpenSet:
    """A set that is being read: takes its segments from the batches until something else comes."""

    envelope = ENVELOPE
    nowhere: Mapping[bytes, Step] = NOWHERE

    def __init__(self, table: Table | None, report: SetReport, *, point_in_n2: bool) -> None:
        self.table, self.report, self.point_in_n2 = table, report, point_in_n2
        self.findings: list[Finding] = []
        self.place = Places(report)
        self.nodes: list[Node | None] = [None]
        self.misses: list[int] = []
        self.counted: list[Node] = []
        self.doubtful = table is None
        self.here = self.nowhere
        self.syntax = report.syntax
        if table is not None:
            report.guide = table.guide
            self.nodes = [table.first.node]
            self.here = table.first
            if not table.match(table.first.node.id)(report.segments[0]):
                self.misses.append(0)

    def take(self, rest: Iterator[bytes], batch: Batch) -> bytes | None:
        """Takes segments of a batch while they belong to the set; `rest` are those not yet taken. Returns END_OF_SET, an
        envelope's segment, or None when the batch is done.
        """
        segments = batch.segments
        start = len(segments) - length_hint(rest)
        self.place.stand(batch, start)
        before, here, nodes, misses = len(self.nodes), self.here, self.nodes, self.misses
        add, stopper = nodes.append, None
        for raw in rest:
            here, match, node, mark, known = here[raw[:3]]
            if mark:
                if mark in (END, END_ASTRAY):
                    self.doubtful |= mark == END_ASTRAY
                    add(node)
                    if match(raw) is None:
                        misses.append(len(nodes) - 1)
                    stopper = END_OF_SET
                    break
                if mark == UNKNOWN and raw.split(self.syntax.element, 1)[0].rstrip(b" ") in self.envelope:
                    stopper = raw
                    break
                self._mark(mark, node)
            add(node)
            if known is NEVER or raw not in known:
                if match(raw) is None:
                    misses.append(len(nodes) - 1)
                elif len(known) < KNOWN:
                    known.add(raw)
        self.here = here
        taken = segments[start : start + len(nodes) - before]
        self.report.segments += taken
        if batch.blanks:
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
        if not self.doubtful and self._too_many():
            self.doubtful = True
        if self.doubtful or any(self._renamed(at) for at in self.misses):
            self._restructure(table, self.place)
        if self.misses:
            self._explain(table, self.place)
        self._totals()
        return report

    def _totals(self) -> None:
        report = self.report
        self.findings += totals.check(
            lines.Set(report.id, report.segments, report.nodes, self.syntax.element, self.place)
        )

    def _trailer(self) -> None:
        report = self.report
        count = len(report.segments)
        if report.segments[-1] != b"SE%s%d%s%s" % (
            self.syntax.element, count, self.syntax.element, report.control.encode("latin-1")
        ):  # fmt: skip
            parts = report.segments[-1].split(self.syntax.element)
            offset = self.place(count - 1).offset
            self.findings += envelope.set_trailer(parts, report.control, count, offset)

    def _too_many(self) -> bool:
        """Whether a loop may have come too often; the slow walk will tell."""
        assert self.table is not None
        table = self.table
        often = [node for node in set(self.counted) if self.counted.count(node) > node.max_use]
        if len(self.nodes) > table.least:
            often += [node for node in table.loops if node.max_use < len(self.nodes)]
        return any(self._overrun(node) for node in often)

    def _overrun(self, node: Node) -> bool:
        """Whether a loop comes too often inside of one turn of the loop around it."""
        count, around = 0, node.parent
        for other in self.nodes:
            if other is node:
                count += 1
                if count > node.max_use:
                    return True
            elif other is around:
                count = 0
        return False

    def _renamed(self, at: int) -> bool:
        """Whether a segment only begins like the one it was taken for (PO1X)."""
        node = self.nodes[at]
        return node is not None and self.report.segments[at].split(self.syntax.element, 1)[0] != node.id.encode()

    def _restructure(self, table: Table, place: Places) -> None:
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

    def _explain(self, table: Table, place: Places) -> None:
        for at in self.misses:
            node = self.report.nodes[at]
            if node is not None:
                context = elements.Context(self.syntax, place(at), self.point_in_n2)
                self.findings += elements.explain(self.report.segments[at], table.guide.segments[node.id], context)


class Places:
    """Where segments of a set stand in the file, worked out when asked for, in ascending order at little cost."""

    def __init__(self, report: SetReport) -> None:
        self.report = report
        self.firsts: list[int] = []
        self.runs: list[tuple[Batch, int]] = []

    def stand(self, batch: Batch, start: int) -> None:
        """The segments that the report takes from here on are those of a batch, from `start` on."""
        self.firsts.append(len(self.report.segments))
        self.runs.append((batch, start))

    def __call__(self, index: int) -> Position:
        """The position of segment `index`."""
        segments = self.report.segments
        run = bisect_right(self.firsts, index) - 1
        offset = self.report.offset
        if run >= 0:
            batch, start = self.runs[run]
            offset = batch.place(start + index - self.firsts[run])
        node = self.report.nodes[index] if index < len(self.report.nodes) else None
        loop = (
            node.parent.path if node is not None and node.parent is not None and node.parent.parent is not None else ""
        )
        id = segments[index].split(self.report.syntax.element, 1)[0][:3].decode("latin-1")
        return Position(offset, index + 1, id, loop=loop)

    def of(self, breach: structure.Breach) -> Position:
        """The position of a breach: of the segment in its place, under the id that it is about."""
        at = self(breach.index)
        return Position(at.offset, at.ordinal, breach.id, loop=breach.loop)
