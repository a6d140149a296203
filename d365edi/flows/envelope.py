"""Documents that are sent together become one delivery: guard check, control numbers, bytes, in one transaction.

Each document is checked alone and in order, so that of two invoices for one order the second sees the first; one that is
held stays behind and the others are sent. The name and key of a delivery of one document have its number, those of several
only the interchange's.

Knows: what a delivery consists of. Does not know: how a document was mapped, which documents are sent together, connections.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from d365edi.flows import guard_check, subject
from d365edi.flows.context import FlowContext
from d365edi.flows.interchange import Body, WrittenInterchange, write_flat_file, write_interchange
from d365edi.flows.partner import TradingPartner
from d365edi.flows.prepared import Held, Prepared
from d365edi.journal import Delivery, Document, NumberedDocument, Tx


@dataclass(slots=True)
class Assembled:
    """The delivery's id, None where all are held; the held documents with reasons; the guard's warnings by flow."""

    delivery: int | None = None
    held: list[tuple[Document, Held]] = field(default_factory=list)
    warnings: list[tuple[str, subject.Subject, str]] = field(default_factory=list)


def assemble(tx: Tx, ctx: FlowContext, partner: TradingPartner, prepared: Sequence[Prepared]) -> Assembled:
    """Put what may be sent into one interchange (or flat file) of the partner. DocumentError where it cannot be written.

    Documents that a person decided about since they were prepared are skipped."""
    assembled, going = Assembled(), list[Prepared]()
    for one in prepared:
        document, flow = one.document, one.flow
        if any(tx.documents.get(each.id).state != "ready" for each in (document, *one.others)):
            continue
        usage = flow.envelope.usage if flow.envelope is not None else ""
        verdict = guard_check.check_guard(tx, one.leaving, flow.settings.checks, usage, ctx.local)
        if verdict.warnings:
            about = subject.of_document(tx, document)
            assembled.warnings += [(document.flow, about, warning) for warning in verdict.warnings]
        if verdict.holds:
            assembled.held.append((document, Held((verdict.holds,))))
            continue
        guard_check.remember(tx, one.leaving)
        tx.documents.amend(document.id, answers=one.resolution.to_json(), body=None)
        for each in (document, *one.others):
            tx.documents.set_state(each.id, "delivering")
        going.append(one)
    if going:
        assembled.delivery = _deliver(tx, ctx, partner, going)
    return assembled


def _deliver(tx: Tx, ctx: FlowContext, partner: TradingPartner, going: Sequence[Prepared]) -> int:
    """Control numbers, bytes, file name and the delivery row, and an audit line for each document."""
    ordered, sent = _written(tx, ctx, partner, going)
    first, alone, now = ordered[0], len(ordered) == 1, ctx.local(tx.now)
    document, target = first.document, first.flow.settings.to
    flows, kind = {one.flow.name for one in ordered}, "+".join(dict.fromkeys(one.flow.set for one in ordered))
    number = document.number if alone else ""
    name = target.name(partner=partner.name, set=kind, control=sent.control, number=number, at=now)
    within = partner.settings.acks.expect_within if sent.sets else None
    delivery = tx.deliveries.add(
        documents=_numbered(ordered, sent),
        message=document.message if alone else None,
        partner=partner.name,
        flow=document.flow if len(flows) == 1 else f"{partner.name}.send",
        endpoint=target.endpoint,
        path=target.path,
        name=name,
        kind=kind,
        payload=sent.payload,
        order_key=f"{partner.name}:{kind}:{number}" if alone else f"{partner.name}:file:{name}",
        interchange=sent.control,
        functional_id=sent.functional_id,
        group=sent.group,
        ack="none" if within is None else "awaited",
        ack_due=None if within is None else tx.now + within.total_seconds(),
        extract=target.extract,
        picked_up_within=target.seconds_to_pick_up,
    )
    for one in ordered:
        for each in (one.document, *one.others):
            _note(tx, each, delivery, sent.control)
    return delivery.id


def _written(
    tx: Tx, ctx: FlowContext, partner: TradingPartner, going: Sequence[Prepared]
) -> tuple[list[Prepared], WrittenInterchange]:
    """The bytes with their numbers, and the documents in the order of the bytes: group by group."""
    first = going[0]
    if isinstance(first.body, bytes):
        return [first], write_flat_file(tx, partner.name, first.body)
    assert first.flow.envelope is not None
    groups: dict[str, list[Prepared]] = {}
    for one in going:
        groups.setdefault(one.flow.functional_id, []).append(one)
    bodies: dict[str, list[Body]] = {
        functional_id: [(one.flow.set, one.body) for one in group if not isinstance(one.body, bytes)]
        for functional_id, group in groups.items()
    }
    sent = write_interchange(tx, partner.name, first.flow.envelope, bodies, ctx.local(tx.now))
    return [one for group in groups.values() for one in group], sent


def _numbered(ordered: Sequence[Prepared], sent: WrittenInterchange) -> list[NumberedDocument]:
    if not sent.sets:
        return [NumberedDocument(each.id) for one in ordered for each in (one.document, *one.others)]
    return [
        NumberedDocument(each.id, number.functional_id, number.group, number.set)
        for one, number in zip(ordered, sent.sets, strict=True)
        for each in (one.document, *one.others)
    ]


def _note(tx: Tx, document: Document, delivery: Delivery, control: int) -> None:
    about: dict[str, Any] = {"message": document.message, "document": document.id, "delivery": delivery.id}
    about |= {"partner": delivery.partner, "name": delivery.name, "digest": delivery.digest}
    tx.audit.append("rendered", **about, control=f"{control:09d}")
