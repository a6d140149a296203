"""A document parsed again from the stored bytes, with today's maps and tables.

Knows: how a document row locates its set in a message. Does not know: connections, what follows.
"""

from collections.abc import Collection
from dataclasses import replace

from d365edi.documents import Invoice, PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.edi.interchange import SetReport
from d365edi.flows import contents
from d365edi.flows import order_parts as flows_parts
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import MapReader, ReceiveFlow, TradingPartner
from d365edi.journal import Document, Tx
from d365edi.maps.d365 import plans as maps
from d365edi.maps.reader import Reading
from d365edi.maps.unmapped import OF_A_LINE
from d365edi.matching import order_parts, stores
from d365edi.odata import canonical


def reparse(tx: Tx, ctx: FlowContext, document: Document) -> tuple[Reading, str]:
    """Today's reading of the document and the digest of the map that read it. LookupError where its flow or set is gone.

    Of an order for one store it is what of the order is for that store, of one part of an invoice that part."""
    reading, digest = _reparse(tx, ctx, document)
    if document.store and isinstance(reading.document, PurchaseOrder):
        reading = replace(reading, document=stores.part(reading.document, document.store))
    send = ctx.partners[document.partner].send_flow(document.flow)
    if send is not None and flows_parts.is_part(send, document) and isinstance(reading.document, Invoice):
        reading = replace(reading, document=order_parts.again(reading.document, Invoice.from_json(document.body)))
    return reading, digest


def _reparse(tx: Tx, ctx: FlowContext, document: Document) -> tuple[Reading, str]:
    partner = ctx.partners[document.partner]
    payload = tx.payloads.get(tx.messages.get(document.message).digest)
    if (receive := partner.receive_flow(document.flow)) is not None:
        if receive.flat is not None:
            return receive.flat.read(payload).readings[int(document.set) - 1], receive.map_digest
        report = find_set(tx, partner, payload, document)
        return read_set(reader_of(receive, report), report), receive.map_digest
    if (send := partner.send_flow(document.flow)) is not None:
        return maps.read(send.read_table, canonical.loads(payload), ctx.zone), send.map_digest
    raise LookupError(f"no flow {document.flow} in the settings any more")


def reader_of(receive: ReceiveFlow, report: SetReport) -> MapReader:
    """The reader compiled for the guide that the set was checked against (the first reader where there was none)."""
    version = report.guide.version if report.guide is not None else ""
    return receive.readers.get(version) or next(iter(receive.readers.values()))


def read_set(reader: MapReader, report: SetReport) -> Reading:
    """A set's document, with what the set itself says was not read, or may have been read in a wrong place: of what came after
    its place only what can change what is delivered, when, where or for how much."""
    reading = reader.read(report)
    doubts = tuple(
        replace(finding, holds=True)
        for finding in report.findings
        if finding.holds or (_late(finding) and finding.where.segment in reader.changing)
    )
    return replace(reading, unmapped=(*reading.unmapped, *doubts)) if doubts else reading


def _late(finding: Finding) -> bool:
    """Whether a segment came after its place; a guide may say that this is worth less."""
    return (finding.level, finding.rule, finding.severity) == ("segment", "sequence", "error")


def find_set(tx: Tx, partner: TradingPartner, payload: bytes, document: Document) -> SetReport:
    """The transaction set that a document row was read from. Where a partner numbers several alike, rows and sets are in the
    same order."""
    numbers = (document.interchange, document.group, document.set)
    file = contents.read(partner, payload)
    found = [
        report
        for interchange in (file.interchanges if file is not None else ())
        for group in interchange.groups
        for report in group.sets
        if (interchange.control, group.control, report.control) == numbers
    ]
    place = 0
    if len(found) > 1:
        found = [report for report in found if report.verdict != "R"]
        rows = tx.documents.for_message(document.message)
        alike = [
            row.id for row in rows if (row.interchange, row.group, row.set, row.store) == (*numbers, document.store)
        ]
        place = alike.index(document.id)
    if place >= len(found):
        raise LookupError(
            f"set {document.set} of interchange {document.interchange} is not in message {document.message}"
        )
    return found[place]


def problems(reading: Reading, ignore: Collection[str] = ()) -> list[str]:
    """Why a document is held: errors of its reading, and what no row reads or was not read right, unless ignored."""
    found = [str(finding) for finding in reading.findings if finding.severity == "error"]
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for each in reading.unmapped:
        if each.holds and (each.where.segment not in ignore or each.rule == OF_A_LINE):
            kind = each.message if each.level == "document" else ""
            alike.setdefault((each.rule, each.where.segment, kind), []).append(each)
    return found + [_held(first, len(more)) for first, *more in alike.values()]


def _held(finding: Finding, more: int) -> str:
    """The sentence of what was not read. What a rule of the guide found has its place, and is released by that rule."""
    if finding.level == "document":
        return str(finding)
    value = f' ("{finding.value}")' if finding.value and finding.value not in finding.message else ""
    again = f", and {more} more like it" if more else ""
    release = f'or {finding.rule} = "note" under guide.severity of the flow, then release it'
    return f"segment {finding.where.ordinal}: {finding.message}{value}{again}; {finding.remedy}, {release}"


def held_by(ctx: FlowContext, document: Document, reading: Reading) -> list[str]:
    """Why a document of the journal is held, read so, with what its flow ignores."""
    receive = ctx.partners[document.partner].receive_flow(document.flow)
    return problems(reading, receive.settings.ignore if receive is not None else ())


def amend(tx: Tx, ctx: FlowContext, document: Document) -> str:
    """Parse a document again and store the new reading. Returns what still holds it, "" when nothing does."""
    reading, _ = reparse(tx, ctx, document)
    found = held_by(ctx, document, reading)
    if reading.document is not None:
        tx.documents.amend(document.id, answers=None, body=reading.document.to_json())
    return "; ".join(found)
