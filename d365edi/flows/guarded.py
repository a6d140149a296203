"""The guard at its place in the walk: facts from the journal, the verdict for the flow, warnings to audit and log.

It is asked in the transaction that renders: of two invoices for one order, the second sees the first. What a person has
read and released stands in the reason of a document that is ready, and is not held against it again; the same check
with other figures is.

Knows: where facts are kept. Does not know: how a case is judged, what follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from d365edi import guard
from d365edi.documents import KINDS, Invoice, OrderResponse, PurchaseOrder, PurchaseOrderLine, ShipNotice
from d365edi.flows.context import Context
from d365edi.flows.partner import Send
from d365edi.flows.wording import name_of
from d365edi.journal import Document, Tx
from d365edi.maps import turnaround
from d365edi.maps.resolve import Answers, Outbound, each_line


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document as it is about to leave, with the order it answers and, for each of its lines, the order's."""

    row: Document
    document: Outbound
    order: PurchaseOrder | None
    lines: tuple[PurchaseOrderLine | None, ...]
    body: Sequence[guard.Segment]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`holds`: why a person must decide, as one sentence, "" when it may go; `warnings` are told all the same."""

    holds: str
    warnings: tuple[str, ...]


def judge(tx: Tx, ctx: Context, send: Send, outgoing: Outgoing) -> Verdict:
    """Examine what is about to leave, and write what was found to the audit."""
    case = guard.Case(
        outgoing.document,
        outgoing.order,
        outgoing.lines,
        outgoing.body,
        _facts(tx, ctx, send, outgoing),
        send.guard.demands,
    )
    row, found = outgoing.row, guard.examine(case, send.guard)
    released = [objection for objection in found if objection.name in row.reason]
    holds = [objection for objection in found if objection.level == "hold" and objection not in released]
    warnings = tuple(f"{name_of(row.kind, row.number)}: {one}" for one in found if one not in holds)
    for objection in found:
        if objection not in holds:
            outcome = "released" if objection in released else "warned"
            _note(tx, row, objection, outcome)
    return Verdict(_sentence(row, holds), warnings)


def remember(tx: Tx, outgoing: Outgoing) -> None:
    """Keep what it names, for what leaves after it."""
    tx.documents.mention(outgoing.row.id, guard.mentions(outgoing.document))


def _sentence(row: Document, holds: list[guard.Objection]) -> str:
    if not holds:
        return ""
    said = "; ".join(str(objection) for objection in holds)
    name = name_of(row.kind, row.number)
    return f"{name}: {said}; mend it and d365edi reject this one, or let it go: d365edi release {row.number}"


def _note(tx: Tx, row: Document, objection: guard.Objection, outcome: str) -> None:
    tx.audit.append(
        "guarded",
        document=row.id,
        message=row.message,
        partner=row.partner,
        outcome=outcome,
        check=objection.check,
        reason=objection.sentence,
    )


def _facts(tx: Tx, ctx: Context, send: Send, outgoing: Outgoing) -> guard.Facts:
    row = outgoing.row
    out = [d for d in tx.documents.search(row.number) if d.id != row.id and _same_kind(row, d)]
    sent = [d for d in out if d.state in ("delivering", "delivered")]
    mentions = guard.mentions(outgoing.document)
    named = dict(sorted(mentions))
    ordered = _mentioning(tx, row, "order", named.get("order"), row.kind)
    goods = _mentioning(tx, row, "goods", named.get("goods"), row.kind)
    notices = _mentioning(tx, row, "order", named.get("order"), "ShipNotice")
    return guard.Facts(
        same_number=tuple(ctx.local(d.state_at).date() for d in sent),
        same_goods=goods[0].number if goods else "",
        earlier=tuple(_earlier(outgoing.order, d) for d in ordered) if outgoing.order is not None else (),
        notice_sent=bool(notices),
        sscc_used=_used(tx, row, {value for what, value in mentions if what == "sscc"}),
        today=ctx.local(tx.now).date(),
        usage=send.identity.usage,
        order_usage=_order_usage(tx, row.partner, named.get("order")),
    )


def _same_kind(row: Document, other: Document) -> bool:
    return (other.partner, other.kind) == (row.partner, row.kind)


def _mentioning(tx: Tx, row: Document, what: str, value: str | None, kind: str) -> list[Document]:
    found = tx.documents.mentioning(what, value, kind, but=row.id) if value is not None else []
    return [document for document in found if document.partner == row.partner]


def _used(tx: Tx, row: Document, numbers: set[str]) -> dict[str, str]:
    """Which of these carton numbers an earlier document had, whoever it went to: a carton is one in the whole world."""
    found = {number: tx.documents.mentioning("sscc", number, row.kind, but=row.id) for number in sorted(numbers)}
    return {number: documents[0].number for number, documents in found.items() if documents}


def _earlier(order: PurchaseOrder, row: Document) -> guard.Earlier:
    """An earlier document's quantities, each with the order's line that it was found to answer."""
    document = KINDS[row.kind].from_json(row.body)
    assert isinstance(document, Invoice | OrderResponse | ShipNotice)
    match = matched(document, {order.number: order}, Answers.from_json(row.answers) if row.answers else None)
    places = {id(line): index for index, line in enumerate(order.lines)}
    return guard.Earlier(
        row.number,
        tuple(
            (places[id(ordered)], line.quantity, line.unit)
            for line, ordered in zip(each_line(document), match.lines, strict=True)
            if ordered is not None and line.quantity is not None
        ),
    )


def matched(document: Outbound, orders: Mapping[str, PurchaseOrder], answers: Answers | None) -> turnaround.Match:
    """Which line of which order each line of the document answers."""
    if isinstance(document, ShipNotice):
        return turnaround.match_shipment(document, orders, answers)
    return turnaround.match(document, next(iter(orders.values()), None), answers)


def _order_usage(tx: Tx, partner: str, number: str | None) -> str:
    """P or T of the interchange that the order came in, "" where it is not known."""
    row = tx.documents.order(partner, number) if number is not None else None
    if row is None:
        return ""
    return next((i.usage for i in tx.interchanges.for_message(row.message) if i.control == row.interchange), "")
