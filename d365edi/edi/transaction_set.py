"""One transaction set while it is read: takes its segments at speed, and explains afterwards what did not fit.

A set whose end is in sight is taken at once, by its shape; one that is cut by the end of a batch, or has something to be
explained, segment by segment.

Knows: the fast walk (`table`, `shape`), the quick look at figures (`fits`), the parts that explain (`elements`,
`structure`, `totals`). Does not know: envelopes around the set, what a breach is worth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from d365edi.edi import sequence
from d365edi.edi.compiled_guide import ASTRAY, COUNTED, END, END_ASTRAY, NOWHERE, UNKNOWN, Step, Table
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Node
from d365edi.edi.interchange import SetReport
from d365edi.edi.shape import Shape
from d365edi.edi.sweep import Sweep
from d365edi.edi.tokenizer import Batch
from d365edi.edi.x12 import elements, envelope, fits, lines, totals

ENVELOPE = frozenset((b"ISA", b"GS", b"ST", b"SE", b"GE", b"IEA", b"TA1"))
"""Segments that end a set, wherever they stand."""


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
        self.shape: Shape | None = None
        self.here = self.nowhere
        self.syntax = report.syntax
        if table is not None:
            report.guide = table.guide
            self.nodes = [table.first.node]
            self.here = table.first

    def take(self, sweep: Sweep, at: int) -> tuple[int, bool]:
        """Takes the segments of a batch from `at` on while they belong to the set. The place behind the last one taken,
        and whether it was the set's trailer; else the batch is done, or an envelope's segment follows.
        """
        end = self._whole(sweep, at)
        if end:
            return end, True
        self.place.stand(sweep.batch, at)
        before = len(self.nodes)
        ended = self._walk(sweep, at)
        end = at + len(self.nodes) - before
        taken = sweep.segments[at:end]
        self.report.segments += taken
        if sweep.batch.blanks:
            self._padded(taken, before)
        return end, ended

    def _whole(self, sweep: Sweep, at: int) -> int:
        """Takes the whole set at once, if its end is in sight and its walk has nothing to explain: where it ends, else 0."""
        table, report = self.table, self.report
        if table is None or not at or sweep.segments[at - 1] is not report.segments[0]:
            return 0
        end = sweep.end(at, table.trailer)
        if not end:
            return 0
        heads = sweep.heads[at - 1 : end]
        shape = table.shape(heads, lambda: self._shape(heads))
        if shape is None:
            return 0
        self.place.stand(sweep.batch, at)
        self.shape, self.nodes = shape, shape.nodes
        report.segments = sweep.segments[at - 1 : end]
        self.misses = shape.wrong(report.segments, sweep.forms[at - 1 : end])
        if sweep.batch.blanks:
            self._padded(report.segments[1:], 1)
        return end

    def _shape(self, heads: list[bytes]) -> Shape | None:
        """Walks a whole set by the beginnings of its segments; None where that has to be explained."""
        table, first, here, mark = self.table, self.nodes, self.here, UNKNOWN
        assert table is not None
        self.nodes = nodes = list(first)
        for head in heads[1:]:
            here, _, node, mark = here[head]
            if mark and mark != END:
                self._mark(mark, node)
            nodes.append(node)
        begun = heads[0] == (table.HEADER + self.syntax.raw.element)[:3]
        sound = begun and mark == END and not self.doubtful and not self._too_many()
        self.nodes, self.counted, self.doubtful = first, [], False
        return Shape(heads, nodes, table.check_of) if sound else None

    def _walk(self, sweep: Sweep, at: int) -> bool:
        """Walks segment by segment until something else than the set's own comes; whether that was its trailer."""
        segments, heads, forms = sweep.segments, sweep.heads, sweep.forms
        here, nodes = self.here, self.nodes
        ended = False
        for place in range(at, len(segments)):
            here, check, node, mark = here[heads[place]]
            raw = segments[place]
            if mark:
                ended = mark in (END, END_ASTRAY)
                if mark == UNKNOWN and raw.split(self.syntax.raw.element, 1)[0].rstrip(b" ") in self.envelope:
                    break
                self._mark(mark, node)
            nodes.append(node)
            if (forms[place] if check.blind else raw) not in check.known and not check.right(raw, forms[place]):
                self.misses.append(len(nodes) - 1)
            if ended:
                break
        self.here = here
        return ended

    def _mark(self, mark: int, node: Node | None) -> None:
        """Notes what a mark asks for; of an end nothing, unless it passes something by."""
        if mark == COUNTED:
            assert node is not None
            self.counted.append(node)
        elif mark in (UNKNOWN, ASTRAY, END_ASTRAY) or (0 < mark <= len(self.nodes) and self.nodes[-mark] is node):
            self.doubtful = True

    def _padded(self, taken: list[bytes], before: int) -> None:
        blank = b" " + self.syntax.raw.element
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
        if self.shape is None:
            self.doubtful = self.doubtful or self._too_many()
            if table.match(table.first.node.id)(report.segments[0]) is None:
                self.misses.insert(0, 0)
        self.doubtful = self.doubtful or any(self._renamed(at) for at in self.misses)
        if self.doubtful:
            self._restructure(table, self.place)
        if self.misses:
            self._explain(table, self.place)
        self._totals()
        return report

    def _totals(self) -> None:
        report = self.report
        if not self.doubtful and fits.fit(report.id, self.syntax.raw.element, self._rows):
            return
        self.findings += totals.check(
            lines.Set(report.id, report.segments, report.nodes, self.syntax.raw.element, self.place)
        )

    def _rows(self, head: bytes) -> Sequence[bytes]:
        """The segments that begin with these three bytes."""
        segments = self.report.segments
        return self.shape.rows(head, segments) if self.shape else [raw for raw in segments if raw[:3] == head]

    def _trailer(self) -> None:
        report = self.report
        count = len(report.segments)
        if report.segments[-1] != b"SE%s%d%s%s" % (
            self.syntax.raw.element, count, self.syntax.raw.element, report.control.encode("latin-1")
        ):  # fmt: skip
            parts = report.segments[-1].split(self.syntax.raw.element)
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
        return node is not None and self.report.segments[at].split(self.syntax.raw.element, 1)[0] != node.id.encode()

    def _restructure(self, table: Table, place: Places) -> None:
        report = self.report
        separator = self.syntax.raw.element
        ids = [raw.split(separator, 1)[0] for raw in report.segments]
        report.nodes, breaches = sequence.explain(table.guide, ids, table.known)
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
        id = segments[index].split(self.report.syntax.raw.element, 1)[0][:3].decode("latin-1")
        return Position(offset, index + 1, id, loop=loop)

    def of(self, breach: sequence.Breach) -> Position:
        """The position of a breach: of the segment in its place, under the id that it is about."""
        at = self(breach.index)
        return Position(at.offset, at.ordinal, breach.id, loop=breach.loop)
