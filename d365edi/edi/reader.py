"""Reads X12 and EDIFACT: bytes to interchanges, groups and sets, each with its findings and its verdict. Never an
exception, whatever the bytes.

A file is tokenized once (`tokenizer`), its segments are split once, and each set goes along its compiled guide. What does
not fit is looked at again by the parts that explain. What stands outside of any set is shown, never dropped; one bad set
never blocks its siblings. What differs between the standards is asked of a `Standard`.

Knows: interchanges hold groups, groups hold sets, what closes which. Does not know: any one envelope, transport, maps, how
an answer is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from d365edi.edi import bare, compiled_guide, envelope, guides, release
from d365edi.edi.bare import AgreedEnvelope
from d365edi.edi.batch import Batch
from d365edi.edi.compiled_guide import CompiledGuide
from d365edi.edi.edifact.envelope import EDIFACT
from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport, Verdict
from d365edi.edi.rules import finding
from d365edi.edi.standard import Part, Standard
from d365edi.edi.tokenizer import Closing, Opening, tokenize
from d365edi.edi.transaction_set import TransactionSet
from d365edi.edi.verdicts import Severities, Strictness, reject
from d365edi.edi.x12.envelope import X12


@dataclass(frozen=True)
class ReadOptions:
    """How strictly to read, per partner.

    `overlays` are guide overlays by transaction set (see `guides`), `severities` say what a rule is worth (error,
    warning, off), keyed by rule (`length`) or level and rule (`interchange.control`); `decimal_point_in_n2` takes 12.34
    where N2 wants 1234; `own` is a folder (a `Path`) with guides of sets that do not ship (see `guides`); `agreed` stands for the
    envelope of a file that begins with bare sets of its standard (see `bare`)."""

    strictness: Strictness = "lenient"
    overlays: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    decimal_point_in_n2: bool = False
    own: guides.Folder | None = None
    agreed: AgreedEnvelope | None = None


DEFAULT = ReadOptions()

MOST_ASTRAY = 20
"""Segments outside of any set that are shown one by one; more are only counted."""

Report = SetReport | GroupReport | InterchangeReport | Finding

STANDARDS = (X12, EDIFACT)


def read(
    data: bytes | Iterable[bytes], options: ReadOptions = DEFAULT, standards: Iterable[Standard] = STANDARDS
) -> FileReport:
    """A whole file as a tree. All sets of a group or an interchange that is rejected are rejected with it."""
    report = FileReport()
    groups: list[GroupReport] = []
    sets: list[SetReport] = []
    for part in stream(data, options, standards):
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


def stream(
    chunks: bytes | Iterable[bytes], options: ReadOptions = DEFAULT, standards: Iterable[Standard] = STANDARDS
) -> Iterator[Report]:
    """The same in constant memory: each set when it closes, then its group and its interchange, without their parts.

    A set's verdict is its own: whether its group or interchange is rejected is known only when they close. X12 and
    EDIFACT may follow each other in one file; an interchange of none of `standards` is reported and skipped."""
    readers = {(standard.name, False): Reader(standard, options) for standard in standards}
    if (agreed := options.agreed) is not None:
        readers[agreed.syntax.standard, True] = Reader(bare.STANDARDS[agreed.syntax.standard], options)
    reader: Reader | None = None
    for event in tokenize(chunks, bare.opening(agreed)):
        if isinstance(event, Batch):
            if reader is not None:
                yield from reader.batch(event)
        elif isinstance(event, Opening):
            reader = readers.get((event.syntax.standard, event.bare))
            if reader is None:
                yield _foreign(event, next(iter(readers))[0])
            else:
                reader.open(event)
        elif isinstance(event, Closing):
            if reader is not None:
                yield from reader.close(event)
        else:
            yield event


def headers(data: bytes) -> Iterator[InterchangeReport]:
    """The interchanges of a file by their headers alone, as far as it can be known who sent them to whom: what is in them is not
    read, and they have no verdict."""
    standards = {standard.name: standard for standard in STANDARDS}
    for event in tokenize(data):
        if isinstance(event, Opening):
            standard = standards[event.syntax.standard]
            yield standard.interchange(event.elements, event.syntax, event.offset, event.findings)


def _foreign(event: Opening, wanted: str) -> Finding:
    standard = event.syntax.standard
    return finding("file.standard", Position(event.offset), standard, found=standard, wanted=wanted)


class Reader:
    """The state of a reading in one standard: which interchange, group and set are open, and what was seen of them."""

    def __init__(self, standard: Standard, options: ReadOptions) -> None:
        self.standard, self.options = standard, options
        self.severities = Severities(options.strictness, options.severities)
        self.interchange: InterchangeReport | None = None
        self.group: GroupReport | None = None
        self.set: TransactionSet | None = None
        self.seen: set[tuple[str, ...]] = set()
        self.astray = 0
        self.mute = self.named = False
        self.counts: dict[Verdict, int] = {}

    # -- interchanges
    def open(self, event: Opening) -> None:
        """An interchange begins."""
        standard = self.standard
        report = standard.interchange(event.elements, event.syntax, event.offset, event.findings)
        key = (str(report.sender), str(report.receiver), report.control, report.usage)
        if key in self.seen:
            report.findings.append(envelope.repeated(standard, report))
        self.seen.add(key)
        self.interchange = report
        self.group_keys: set[tuple[str, str]] = set()
        self.controls: set[str] = set()
        self.groups = self.sets = self.taken = 0
        self.ended = False
        self.guides: dict[tuple[str, str], CompiledGuide | None] = {}
        self.mute = not standard.reads(event.elements[0])
        header = event.syntax.element.join(event.elements)
        self.digest = sha256(_sent(header + "\n", event.syntax.release))

    def close(self, event: Closing) -> Iterator[Report]:
        """An interchange ends: what is still open in it lacks its trailer."""
        report = self.interchange
        if report is None:
            return
        yield from self._close_group(event.offset, "the interchange ends")
        if self.standard.enveloped and not self.ended and not self.mute:
            alone = event.complete or not event.offset
            why = "the file ends" if alone else "the file ends, or another interchange begins"
            report.findings.append(envelope.missing(self.standard, "interchange", event.offset, why))
        report.length = event.offset - report.offset
        self._uncounted("interchange", report.findings)
        report.digest = self.digest.hexdigest()
        report.findings = self.severities.settle(report.findings)
        taken = self.taken + len(report.acknowledgments)
        report.verdict = self.severities.interchange_verdict(report.findings, sets=taken)
        self.interchange = None
        yield report

    # -- segments
    def batch(self, batch: Batch) -> Iterator[Report]:
        """The segments of a batch, split once: those of sets in one go, those of envelopes one by one."""
        report = self.interchange
        if report is None:
            return
        report.findings += batch.findings
        self.digest.update(_sent("\n".join(batch.segments) + "\n", report.syntax.release))
        if self.mute:
            return
        element = report.syntax.element
        batch.identify(element, self.standard.id_size)
        at, size = 0, len(batch.ids)
        while at < size:
            if self.set is not None:
                at, ended = self.set.take(batch, at)
                if ended:
                    yield from self._close_set(trailer=True)
                    continue
            if at < size:
                yield from self._envelope(batch, batch.segments[at].split(element), at)
                at += 1

    def _envelope(self, batch: Batch, row: list[str], index: int) -> Iterator[Report]:
        """A segment that stands outside of any set."""
        whole, offset, text = self.interchange, batch.place(index), batch.segments[index]
        assert whole is not None
        role = self.standard.roles.get(row[0].rstrip(" "))
        if role == "set":
            yield from self._open_set(text, row, offset)
        elif role == "group":
            yield from self._close_group(offset, "another group begins")
            self._open_group(row, offset)
        elif role == "group end":
            yield from self._close_set(offset, "the group ends")
            yield from self._end_group(text, row, offset)
        elif role == "interchange end":
            yield from self._close_group(offset, "the interchange ends")
            self.ended = True
            whole.findings += self._interchange_trailer(whole, row, offset)
        elif role == "receipt" and self.group is None:
            whole.acknowledgments.append(row)
            whole.findings += self.standard.receipt(text, whole.syntax, offset)
        else:
            self._astray(text, row[0], offset)

    def _astray(self, text: str, id: str, offset: int, way: str = "") -> None:
        """A segment that stands where only envelopes may stand. The first ones are shown, the others counted."""
        assert self.interchange is not None
        self.astray += 1
        if self.astray > MOST_ASTRAY:
            return
        sign = self.interchange.syntax.release
        name = release.sent(id, sign)[:12]
        where, value = Position(offset, 0, name), release.sent(text, sign)[:200]
        group = self.group if self._named() else None
        level, owner = ("group", group) if group is not None else ("interchange", self.interchange)
        owner.findings.append(finding(f"{level}.astray{way}", where, self.standard.name, value))

    def _uncounted(self, level: Part, findings: list[Finding]) -> None:
        """Says how many segments stood outside besides those that were shown."""
        if self.astray > MOST_ASTRAY:
            count = self.astray - MOST_ASTRAY
            findings.append(finding(f"{level}.astray.more", Position(), self.standard.name, count=count))
        self.astray = 0

    # -- groups
    def _begin_group(self, group: GroupReport, *, named: bool) -> None:
        self.group = group
        self.named = named
        self.counts = {}
        self.controls = set()

    def _open_group(self, row: list[str], offset: int) -> None:
        assert self.interchange is not None
        group = self.standard.group(row, self.interchange.syntax, offset)
        says = group.control or group.functional_id or group.version
        self._begin_group(group, named=self.standard.groups_required or bool(says))
        key = (group.functional_id, group.control)
        if key in self.group_keys:
            group.findings.append(envelope.repeated(self.standard, group))
        self.group_keys.add(key)
        if self.sets and not self.groups:
            self._mixed(row[0], offset)
        self.groups += 1

    def _open_implicit_group(self, text: str, row: list[str], offset: int) -> None:
        """A set begins outside of any group: an error in X12, usual in EDIFACT. Bare sets are in a group each."""
        assert self.interchange is not None
        if self.standard.groups_required:
            self._astray(text, row[0], offset, ".set")
        elif self.groups:
            self._mixed(row[0], offset)
        group = self.standard.implicit_group(self.interchange, offset)
        if not self.standard.enveloped:
            group.control = str(self.sets + 1)
        self._begin_group(group, named=self.standard.groups_required)
        if self.standard.groups_required:
            self.group_keys.add((group.functional_id, group.control))
            self.groups += 1

    def _mixed(self, id: str, offset: int) -> None:
        """Messages of EDIFACT stand all in groups or all outside of any (ISO 9735); bare sets may come from several interchanges."""
        if self.interchange is not None and self.standard.enveloped and not self.standard.groups_required:
            where = Position(offset, 0, id)
            self.interchange.findings.append(finding("interchange.mixed", where, self.standard.name))

    def _interchange_trailer(self, whole: InterchangeReport, row: list[str], offset: int) -> Iterator[Finding]:
        """A count of groups where there are groups or must be, else of messages. Only one of TA1s alone may be empty."""
        standard = self.standard
        grouped = standard.groups_required or self.groups > 0
        counted = (self.groups, "groups") if grouped else (self.sets, "messages")
        yield from envelope.trailer(standard, "interchange", row, whole.syntax, counted, whole.control, offset)
        if not (counted[0] or whole.acknowledgments):
            what = "group" if standard.groups_required else "message"
            yield envelope.empty(standard, "interchange", what, offset)

    def _named(self) -> bool:
        """Whether a segment opened the group, and not the first set in it."""
        return self.group is not None and self.named

    def _end_group(self, text: str, row: list[str], offset: int) -> Iterator[Report]:
        assert self.interchange is not None
        if self.group is None or not self._named():
            self._astray("" if self.standard.groups_required else text, row[0], offset)
            return
        group, standard, syntax = self.group, self.standard, self.interchange.syntax
        group.included = envelope.included(standard.trailer(row, syntax)[0])
        counted = (sum(self.counts.values()), f"{standard.set_word}s")
        group.findings += envelope.trailer(standard, "group", row, syntax, counted, group.control, offset)
        if not counted[0]:
            group.findings.append(envelope.empty(standard, "group", standard.set_word, offset))
        yield self._settled_group()

    def _close_group(self, offset: int, why: str) -> Iterator[Report]:
        """Closes a group that has no trailer."""
        yield from self._close_set(offset, why)
        if self.group is not None:
            if self._named():
                self.group.findings.append(envelope.missing(self.standard, "group", offset, why))
            yield self._settled_group()

    def _settled_group(self) -> GroupReport:
        assert self.group is not None
        if self._named():
            self._uncounted("group", self.group.findings)
        group, self.group = self.group, None
        group.received = sum(self.counts.values())
        if group.functional_id or group.control or not self.standard.groups_required:
            self.taken += group.received
        group.accepted = group.received - self.counts.get("R", 0)
        group.findings = self.severities.settle(group.findings)
        group.verdict = self.severities.group_verdict(group, self.counts, partly=self.standard.partial_groups)
        return group

    # -- sets
    def _open_set(self, text: str, row: list[str], offset: int) -> Iterator[Report]:
        whole, standard = self.interchange, self.standard
        assert whole is not None
        yield from self._close_set(offset, f"another {standard.set_word} begins")
        if not self.standard.enveloped and not self._named():
            yield from self._close_group(offset, "")
        if self.group is None:
            self._open_implicit_group(text, row, offset)
        group = self.group
        assert group is not None
        said = standard.header(row, group, whole)
        report = SetReport(said.id, said.control, said.version, whole.syntax, offset, [text], [], None)
        guide = self._guide(report)
        self.sets += 1
        self.set = TransactionSet(standard, guide, report, point_in_n2=self.options.decimal_point_in_n2)
        report.guide = guide.guide if guide is not None else None
        used = report.control in self.controls
        self.controls.add(report.control)
        self.set.findings += envelope.set_header(standard, report, group, used=used)

    def _guide(self, report: SetReport) -> CompiledGuide | None:
        assert self.interchange is not None
        key = (report.id, report.version)
        if key not in self.guides:
            version = self.standard.guide_version(report, self.interchange)
            guide = guides.load(
                self.standard.name, report.id, version, self.options.overlays.get(report.id), self.options.own
            )
            syntax = self.interchange.syntax
            self.guides[key] = compiled_guide.compile(self.standard, guide, syntax) if guide is not None else None
        return self.guides[key]

    def _set_trailer(self, part: TransactionSet) -> Iterator[Finding]:
        report, standard = part.report, self.standard
        last = len(report.segments) - 1
        row, counted = report.row(last), (last + 1, "segments")
        control = standard.envelopes["set"].control
        if row == [standard.set_trailer, str(last + 1), *report.row(0)[control : control + 1]]:
            return
        if standard.trailer(row, report.syntax) != (str(last + 1), report.control):
            offset = part.place(last).offset
            yield from envelope.trailer(standard, "set", row, report.syntax, counted, report.control, offset)

    def _close_set(self, offset: int = 0, why: str = "", *, trailer: bool = False) -> Iterator[Report]:
        if self.set is None:
            return
        part, self.set = self.set, None
        assert self.interchange is not None
        if trailer:
            part.findings += self._set_trailer(part)
        else:
            part.findings.append(envelope.missing(self.standard, "set", offset, why))
        report = part.finish(self.interchange)
        report.findings = self.severities.settle(part.findings, report.guide.severity if report.guide else None)
        report.verdict = self.severities.verdict(report.findings)
        self.counts[report.verdict] = self.counts.get(report.verdict, 0) + 1
        yield report


def _sent(text: str, sign: str) -> bytes:
    """Text as the bytes that it was."""
    return release.sent(text, sign).encode("latin-1")
