"""One transaction set while it is read: takes its segments along the compiled guide, and explains afterwards what did not
fit.

Knows: compiled guides, and the parts that explain (`sequence`, `element_check`, the standard's checks). Does not know:
envelopes around the set, what a breach is worth.
"""

from bisect import bisect_right

from d365edi.edi import element_check, guides, release, sequence
from d365edi.edi.batch import Batch
from d365edi.edi.compiled_guide import END, END_ASTRAY, UNKNOWN, CompiledGuide
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Node
from d365edi.edi.interchange import InterchangeReport, SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Standard


class TransactionSet:
    """A set that is being read: takes its segments from the batches until something else comes."""

    def __init__(
        self, standard: Standard, guide: CompiledGuide | None, report: SetReport, *, point_in_n2: bool
    ) -> None:
        self.standard, self.guide, self.report, self.point_in_n2 = standard, guide, report, point_in_n2
        self.findings: list[Finding] = []
        self.place = Places(report)
        self.misses: list[int] = []
        self.doubtful = False
        """Whether the order of the segments has to be explained."""
        if guide is not None:
            report.guide = guide.guide
            report.nodes = [guide.first.node]
            self.here = guide.first
        self.walked = 1

    def take(self, batch: Batch, at: int) -> tuple[int, bool]:
        """Takes the segments of a batch from `at` on while they belong to the set. The place behind the last one taken,
        and whether it was the set's trailer; else the batch is done, or an envelope's segment follows."""
        report, before = self.report, len(self.report.segments)
        self.place.stand(batch, at)
        end, header = batch.behind(self.standard.set_trailer, at), batch.before(self.standard.set_header, at)
        if header < end and self._ends(batch.segments[header]):
            end = header
        end, ended = self._walk(batch, at, end) if self.guide is not None else self._pass(batch, at, end)
        report.segments += batch.segments[at:end]
        report.plain = report.plain and batch.plain
        if batch.blanks:
            self._blanks(before)
        return end, ended

    def _walk(self, batch: Batch, at: int, end: int) -> tuple[int, bool]:
        """Walks along the guide; `end` is behind the next trailer, or the end of the batch."""
        here, nodes = self.here, self.report.nodes
        place, mark = nodes.append, UNKNOWN
        for id, text in zip(batch.ids[at:end], batch.segments[at:end], strict=True):
            here, match, node, mark = here[id]
            if mark:
                if mark == UNKNOWN and self._ends(text):
                    end = at + len(nodes) - self.walked
                    break
                self._note(mark, node)
            place(node)
            if match(text) is None:
                self.misses.append(len(nodes) - 1)
        self.here = here
        self.walked = len(nodes)
        return end, mark in (END, END_ASTRAY)

    def _note(self, mark: int, node: Node | None) -> None:
        """What a mark means; an end means nothing, unless it passes something by."""
        nodes = self.report.nodes
        if mark < END or (0 < mark <= len(nodes) and nodes[-mark] is node):
            self.doubtful = True

    def _pass(self, batch: Batch, at: int, end: int) -> tuple[int, bool]:
        """The segments of a set without a guide: everything up to its trailer belongs to it."""
        for index in range(at, end):
            if batch.ids[index].rstrip(" ") == self.standard.set_trailer:
                return index + 1, True
            if self._ends(batch.segments[index]):
                return index, False
        return end, False

    def _id(self, text: str) -> str:
        return text.partition(self.report.syntax.element)[0]

    def _ends(self, text: str) -> bool:
        """Whether a segment belongs to an envelope."""
        return self._id(text).rstrip(" ") in self.standard.ends

    def _renamed(self, at: int) -> bool:
        """Whether a segment only begins like the one that it was taken for (LINX)."""
        node = self.report.nodes[at]
        return node is not None and self._id(self.report.segments[at]) != node.id

    def _blanks(self, before: int) -> None:
        """Segments with a value that ends with a blank match their pattern, and are explained all the same."""
        blank, report = f" {self.report.syntax.element}", self.report
        found = [at for at, text in enumerate(report.segments[before:], before) if blank in text or text[-1:] == " "]
        self.misses = sorted({*self.misses, *found})

    def finish(self, interchange: InterchangeReport) -> SetReport:
        """Explains what did not fit, checks the set's own figures."""
        report, guide = self.report, self.guide
        if guide is None:
            report.nodes = [None] * len(report.segments)
            return report
        if guide.match(guide.first.node.id)(report.segments[0]) is None:
            self.misses.insert(0, 0)
        if self.doubtful or self._too_many() or any(map(self._renamed, self.misses)):
            self._explain_sequence(guide)
        self._explain_elements(guide)
        for check in self.standard.checks:
            self.findings += check(report, interchange, self.place)
        return report

    def _too_many(self) -> bool:
        """Whether a loop comes more often than it may inside of one turn of the loop around it."""
        nodes = self.report.nodes
        size = len(nodes)
        limited = self.guide.limited.intersection(nodes) if self.guide is not None else ()
        often = [node for node in limited if node.max_use < size and nodes.count(node) > node.max_use]
        return any(map(self._overrun, often))

    def _overrun(self, node: Node) -> bool:
        count, around = 0, node.parent
        for other in self.report.nodes:
            if other is node:
                count += 1
                if count > node.max_use:
                    return True
            elif other is around:
                count = 0
        return False

    def _explain_sequence(self, guide: CompiledGuide) -> None:
        report = self.report
        known = guides.segments(self.standard.name, guide.guide.version)
        ids = [self._id(release.sent(text, report.syntax.release)) for text in report.segments]
        report.nodes, breaches = sequence.explain(guide.guide, ids, known)
        for breach in breaches:
            self.findings.append(finding(breach.key, self.place.of(breach), self.standard.name, "", **breach.fields))
        blank = f" {report.syntax.element}"
        self.misses = [
            at
            for at, (text, node) in enumerate(zip(report.segments, report.nodes, strict=True))
            if node is not None and (guide.match(node.id)(text) is None or blank in text or text[-1:] == " ")
        ]

    def _explain_elements(self, guide: CompiledGuide) -> None:
        report, reported = self.report, set[tuple[int, str]]()
        for at in self.misses:
            node = report.nodes[at]
            if node is None:
                continue
            context = element_check.Context(report.syntax, self.place(at), self.point_in_n2)
            text, segment = report.segments[at], guide.guide.segments[node.id]
            for found in element_check.explain(text, segment, context):
                key = (found.where.reference, found.value)
                if not self.standard.unlisted_once or found.rule != "unlisted" or key not in reported:
                    self.findings.append(found)
                    reported.add(key)


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
        report = self.report
        run = bisect_right(self.firsts, index) - 1
        offset = report.offset
        if run >= 0:
            batch, start = self.runs[run]
            offset = batch.place(start + index - self.firsts[run])
        node = report.nodes[index] if index < len(report.nodes) else None
        loop = node.around if node is not None else ""
        syntax = report.syntax
        id = release.sent(report.segments[index], syntax.release).partition(syntax.element)[0][:3]
        return Position(offset, index + 1, id, loop=loop)

    def of(self, breach: sequence.Breach) -> Position:
        """The position of a breach: of the segment in its place, under the id that it is about."""
        at = self(breach.index)
        return Position(at.offset, at.ordinal, breach.id, loop=breach.loop)
