"""A received file parsed and sorted: documents, interchanges to acknowledge, acknowledgments, problems for a person.

The acknowledgment depends on the findings alone, not on any mapping. The unit is the transaction set: one bad set never
blocks the others in its file. The pickup's setting says which kind of flat file it brings.

Knows: interchanges, groups, sets, their partners, which map reads them. Does not know: the journal, connections, the clock.
"""

from dataclasses import dataclass, field, replace

from d365edi.edi.acknowledgment import Answer
from d365edi.edi.findings import unread
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport
from d365edi.flows import acknowledge, contents, routing
from d365edi.flows.context import FlowContext
from d365edi.flows.messages import first_errors
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.reparse import read_set, reader_of
from d365edi.journal import Message
from d365edi.maps.reader import Reading


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document read from a file: its reading, its flow, and its place in the file. A flat file has no interchange."""

    receive: ReceiveFlow
    reading: Reading
    interchange: InterchangeReport | None
    group: str
    set: str
    label: str

    @property
    def control(self) -> str:
        """The interchange's control number, "" in a flat file."""
        return self.interchange.control if self.interchange is not None else ""

    @property
    def usage(self) -> str:
        """The interchange's usage (P, T or I), "" in a flat file."""
        return self.interchange.usage if self.interchange is not None else ""


@dataclass(slots=True)
class ParsedFile:
    """The contents of a file, sorted by what happens next.

    `interchanges` are to be acknowledged, `ta1s` are TA1 segments in them, `problems` are sentences for a person, `warnings`
    are of envelopes with which everything could be read, and whether they are worth a line in the log."""

    documents: list[ParsedDocument] = field(default_factory=list)
    interchanges: list[InterchangeReport] = field(default_factory=list)
    acknowledgments: list[Answer] = field(default_factory=list)
    ta1s: list[list[str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[tuple[str, bool]] = field(default_factory=list)


def parse(ctx: FlowContext, partner: TradingPartner, message: Message, payload: bytes) -> ParsedFile:
    """Parse the bytes of a message that a pickup fetched, and sort the contents."""
    pickup = next((pickup for pickup in partner.pickups.values() if pickup.name == message.flow), None)
    if pickup is not None and pickup.settings.holds is not None:
        return _flat(partner.receives[pickup.settings.holds], payload)
    parsed = ParsedFile()
    report = contents.read(partner, payload)
    if report is None:
        parsed.problems.append(contents.unread(partner, message.name, payload))
        return parsed
    parsed.problems.extend(str(finding) for finding in report.findings if finding.severity == "error")
    _sort(ctx, partner, report, parsed)
    if not report.interchanges and not parsed.problems:
        parsed.problems.append("it contains no interchange; ask the partner what it should be")
    return parsed


def _flat(receive: ReceiveFlow, payload: bytes) -> ParsedFile:
    """A flat file has no ids and is not acknowledged. An error of the file as a whole holds each document in it."""
    assert receive.flat is not None
    read = receive.flat.read(payload)
    wrong = tuple(finding for finding in read.findings if finding.severity == "error")
    documents = [
        ParsedDocument(
            receive, replace(reading, findings=(*reading.findings, *wrong)), None, "", str(number), f"document {number}"
        )
        for number, reading in enumerate(read.readings, 1)
    ]
    return ParsedFile(documents, problems=[str(finding) for finding in wrong])


def _sort(ctx: FlowContext, partner: TradingPartner, report: FileReport, parsed: ParsedFile) -> None:
    for interchange in report.interchanges:
        owner = ctx.route(interchange.sender, interchange.receiver)
        if owner is not partner:
            parsed.problems.append(routing.misrouted(ctx.partners.values(), partner, interchange, owner))
            continue
        parsed.interchanges.append(interchange)
        parsed.ta1s.extend(interchange.acknowledgments)
        _envelope("the file" if interchange.bare else f"interchange {interchange.control}", interchange, parsed)
        if interchange.verdict == "R":
            continue
        for group in interchange.groups:
            _envelope(f"group {group.control}" if group.control else "a group without a header", group, parsed)
            if _is_ours(partner, interchange, group, parsed):
                for report_set in group.sets:
                    _sort_set(partner, interchange, group, report_set, parsed)


def _is_ours(partner: TradingPartner, interchange: InterchangeReport, group: GroupReport, parsed: ParsedFile) -> bool:
    """Whether the sets of a group are processed. One with other ids than were agreed on is reported, or for a person."""
    foreign = routing.foreign(partner, interchange, group)
    held = bool(foreign) and routing.holds_foreign(partner, interchange)
    if held:
        parsed.problems.append(foreign)
    elif foreign:
        parsed.warnings.append((foreign, True))
    return not held


def _envelope(name: str, part: InterchangeReport | GroupReport, parsed: ParsedFile) -> None:
    """Errors of headers and trailers: one that rejects and what may not have been read are for a person, the rest for the log;
    their warnings for the audit trail."""
    errors = [finding for finding in part.findings if finding.severity == "error"]
    lost = unread(part.findings)
    if errors and part.verdict == "R":
        parsed.problems.append(f"{name} is rejected: {first_errors(errors)}")
    elif lost:
        parsed.problems.append(f"{name}: {first_errors(lost)}")
    elif errors:
        parsed.warnings.append((f"{name}: {first_errors(errors)}", True))
    warnings = [finding for finding in part.findings if finding.severity == "warning" and not finding.holds]
    if warnings:
        parsed.warnings.append((f"{name}: {first_errors(warnings)}", False))


def _sort_set(
    partner: TradingPartner, interchange: InterchangeReport, group: GroupReport, report: SetReport, parsed: ParsedFile
) -> None:
    if report.id in acknowledge.SETS:
        _sort_acknowledgment(report, parsed)
        return
    if report.verdict == "R":
        if group.verdict != "R" or any(finding.severity == "error" for finding in report.findings):
            parsed.problems.append(f"{report.id} {report.control} is rejected: {first_errors(report.findings)}")
        return
    receive = partner.receives.get(report.id)
    if receive is None:
        parsed.problems.append(routing.unrouted(partner, report))
        return
    reading = read_set(reader_of(receive, report), report)
    label = f"{report.id} {report.control}"
    parsed.documents.append(ParsedDocument(receive, reading, interchange, group.control, report.control, label))


def _sort_acknowledgment(report: SetReport, parsed: ParsedFile) -> None:
    """An acknowledgment is used as far as it can be read. Where a part of it may be missing it is for a person as well."""
    found = acknowledge.read(report)
    parsed.acknowledgments += found
    errors = [finding for finding in report.findings if finding.severity == "error"]
    how = "is used as far as it can be read" if found else "cannot be read"
    sentence = f"their {report.id} {report.control} {how}: {first_errors(errors) or 'it answers nothing'}"
    if acknowledge.doubtful(report, found):
        parsed.problems.append(sentence)
    elif errors:
        parsed.warnings.append((sentence, True))
