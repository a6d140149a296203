"""Runs the guard over a document that is about to be sent: facts from the journal, the verdict, warnings to audit and log.

It runs in the transaction that writes the bytes, so that of two invoices for one order the second sees the first. What a
person has released is stored as the reason of the document and does not hold it again; the same check with other figures
does.

Knows: where the facts are stored. Does not know: how a case is checked, what follows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from d365edi import guard
from d365edi.documents import KINDS, Invoice, OrderResponse, PurchaseOrder, PurchaseOrderLine, ShipNotice
from d365edi.flows import subject
from d365edi.flows.earlier import is_credit, keys_of, mentioning, originals, refused
from d365edi.flows.messages import document_name
from d365edi.flows.orders import known_orders
from d365edi.flows.policy import RELEASED
from d365edi.journal import Document, Tx
from d365edi.matching.crediting import CREDIT
from d365edi.matching.folding import fold
from d365edi.matching.lines import OrderKey, match_lines, order_keys
from d365edi.matching.resolution import Resolution
from d365edi.matching.their_numbers import Outbound, complete, each_line

REUSE = 365 * 86_400.0
"""Seconds after which an SSCC may be used again: GS1 requires at least a year."""
FOLLOWS = "before_notice"
"""The check whose violation ends by itself: once the ship notice is sent, its invoice may be sent."""


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A document about to be sent, with the order it belongs to and the order line of each of its lines.

    `orders` are all orders of a shipment, None where one is not in the journal. `by_d365_numbers` is the document under the
    numbers that D365 has for its orders, None where these are the partner's. `prices`: orders on which D365 has prices of its
    own, where the flow that they came in by holds what answers them."""

    row: Document
    document: Outbound | PurchaseOrder
    order: PurchaseOrder | None
    lines: tuple[PurchaseOrderLine | None, ...]
    body: Sequence[guard.Segment]
    orders: tuple[PurchaseOrder | None, ...] = ()
    by_d365_numbers: Outbound | None = None
    prices: tuple[str, ...] = ()

    @property
    def every_order(self) -> tuple[PurchaseOrder, ...]:
        """The orders that it belongs to and that are known, each once; that of the document as a whole first."""
        found = (self.order, *self.orders)
        return tuple({id(order): order for order in found if order is not None}.values())

    @property
    def references(self) -> frozenset[tuple[str, str]]:
        """What it refers to, by the numbers that D365 has: goods for two stores are not the same goods."""
        return guard.mentions(self.document if self.by_d365_numbers is None else self.by_d365_numbers)


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """`holds`: why a person must decide, as one sentence, "" when it may be sent; `warnings` are reported in either case."""

    holds: str
    warnings: tuple[str, ...]


def check_guard(
    tx: Tx, outgoing: OutgoingDocument, policy: guard.Policy, usage: str, local: Callable[[float], datetime]
) -> GuardVerdict:
    """Check what is about to be sent in an interchange of that usage, and write the violations to the audit.

    `local` converts epoch seconds to the daemon's time zone."""
    case = guard.Case(
        outgoing.document,
        outgoing.order,
        outgoing.lines,
        outgoing.body,
        _facts(tx, outgoing, usage, local),
        policy.demands,
        outgoing.every_order[1:],
    )
    prices = (guard.Violation("price", "hold", f"{each}; cancel it in D365 to give it up") for each in outgoing.prices)
    row, found = outgoing.row, (*guard.examine(case, policy), *prices)
    released = [violation for violation in found if violation.name in row.reason]
    holds = [violation for violation in found if violation.level == "hold" and violation not in released]
    warnings = tuple(f"{document_name(row.kind, row.number)}: {one}" for one in found if one not in holds)
    for violation in found:
        if violation not in holds:
            outcome = "released" if violation in released else "warned"
            _note(tx, row, violation, outcome)
    return GuardVerdict(_sentence(row, holds), warnings)


def remember(tx: Tx, outgoing: OutgoingDocument) -> None:
    """Store what the document refers to, for checks of later documents; documents that waited for it are checked again."""
    orders = {(what, value) for what, value in guard.mentions(outgoing.document) if what == "order"}
    named = {(subject.NAMED, value) for _, value in orders} | subject.named(
        outgoing.by_d365_numbers or outgoing.document
    )
    tx.documents.mention(outgoing.row.id, outgoing.references | orders | named)
    if isinstance(outgoing.document, ShipNotice):
        _let_follow(tx, outgoing.row, {value for what, value in outgoing.references if what == "order"})


def _let_follow(tx: Tx, notice: Document, orders: set[str]) -> None:
    """Set invoices of the same company for these orders ready that were held for a missing ship notice; any other violation
    holds them again."""
    for row in tx.documents.in_state("held", notice.partner):
        own = row.company.lower() == notice.company.lower()
        follows = own and f"[{FOLLOWS}]" in row.reason
        if follows and not orders.isdisjoint(guard.order_numbers(Invoice.from_json(row.body))):
            tx.documents.set_state(row.id, "ready")
            tx.audit.append(
                "ready", document=row.id, message=row.message, partner=row.partner, reason=f"after {notice.number}"
            )


def _sentence(row: Document, holds: list[guard.Violation]) -> str:
    if not holds:
        return ""
    text = "; ".join(str(violation) for violation in holds)
    name = document_name(row.kind, row.number)
    close = 'correct it and d365edi reject this one --why "..."'
    return f"{name}: {text}; {close}, or send it as it is: d365edi release {row.number}"


def _note(tx: Tx, row: Document, violation: guard.Violation, outcome: str) -> None:
    detail: dict[str, Any] = {"outcome": outcome, "check": violation.check, "reason": violation.sentence}
    tx.audit.append("warned", document=row.id, message=row.message, partner=row.partner, **detail)


def _facts(tx: Tx, outgoing: OutgoingDocument, usage: str, local: Callable[[float], datetime]) -> guard.Facts:
    row = outgoing.row
    named: dict[str, list[str]] = {}
    for what, value in sorted(outgoing.references):
        named.setdefault(what, []).append(value)
    released = tx.messages.get(row.message).reason == RELEASED  # although its number was sent before
    same = [] if released else tx.documents.search(row.number)
    same = [d for d in same if d.message != row.message and d.state in ("delivering", "delivered")]
    mine = (row.partner, row.kind, row.company.lower())  # two companies number their invoices alike
    same = [d for d in same if (d.partner, d.kind, d.company.lower()) == mine and not refused(tx, d)]
    goods = mentioning(tx, row, "goods", named.get("goods", ()), row.kind)
    credit = isinstance(outgoing.document, Invoice) and outgoing.document.sense == CREDIT
    goods = [each for each in goods if is_credit(each) == credit and each.message != row.message]
    numbers, order = named.get("order", ()), outgoing.order
    return guard.Facts(
        same_number=tuple(local(d.state_at).date() for d in same),
        same_goods=goods[0].number if goods else "",
        earlier=tuple(_every_earlier(tx, outgoing)) if row.kind == "Invoice" else (),
        notice_sent=all(_announced(tx, row, number) for number in numbers) if numbers else False,
        sscc_used=_used(tx, row, named.get("sscc", ())),
        today=local(tx.now).date(),
        usage=usage,
        order_usage=_order_usage(tx, row, order) if order is not None else "",
        originals=originals(tx, row, Invoice.from_json(row.body)) if credit else (),
        section=f"[partners.{row.flow}]",
    )


def _announced(tx: Tx, row: Document, number: str) -> bool:
    """Whether a ship notice for an order went out."""
    return any(_same_sales_order(row, each) for each in mentioning(tx, row, "order", [number], "ShipNotice"))


def _every_earlier(tx: Tx, outgoing: OutgoingDocument) -> Iterator[guard.Earlier]:
    """The invoices that went out for each of its orders."""
    for place, order in enumerate(outgoing.every_order):
        for document in mentioning(tx, outgoing.row, "order", [order.number], "Invoice"):
            yield replace(_earlier(tx, order, document), order=place)


def _same_sales_order(row: Document, other: Document) -> bool:
    """Whether two documents under one order number may be about one sales order: the releases of an order share its number."""
    ours, theirs = _sales_orders(row), _sales_orders(other)
    return not ours or not theirs or not ours.isdisjoint(theirs)


def _sales_orders(row: Document) -> set[str]:
    document = KINDS[row.kind].from_json(row.body)
    assert isinstance(document, Invoice | OrderResponse | ShipNotice)
    return {key.sales_order for key in order_keys(document) if key.sales_order is not None}


def _used(tx: Tx, row: Document, numbers: Sequence[str]) -> dict[str, str]:
    """Which of these SSCCs an earlier document had, for any partner: an SSCC is unique worldwide."""
    found: dict[str, str] = {}
    for number in numbers:
        for earlier in tx.documents.mentioning("sscc", number, row.kind, but=row.id):
            if tx.retention.held() or earlier.state_at > tx.now - REUSE:  # by a clock that is doubted none is old
                found.setdefault(number, earlier.number)
    return found


def _earlier(tx: Tx, order: PurchaseOrder, row: Document) -> guard.Earlier:
    """An earlier document's quantities by order line, converted to the order's units (it is stored in D365's).

    `order` may be what of it is for one store: then what was billed for another one does not count."""
    document = KINDS[row.kind].from_json(row.body)
    assert isinstance(document, Invoice | OrderResponse | ShipNotice)
    resolution = Resolution.from_json(row.answers) if row.answers else Resolution()
    known = known_orders(tx, row.partner, row.company, keys_of(tx, row, document))
    if known.orders and all((each.number, each.release) != (order.number, order.release) for each in known.apart):
        return guard.Earlier(row.number)  # for another release
    orders = known.orders or {OrderKey(order.number): order}
    match = match_lines(document, orders, resolution)
    document, match, _ = fold(complete(document, resolution, known.units), match, known.pairs)
    store = next(iter(known.stores.values()), None)
    places = {line.place or place: index for index, (place, line) in enumerate(enumerate(order.lines, 1))
              if line.store in (None, store)}  # fmt: skip
    own = [each for each in orders.values() if (each.number, each.release) == (order.number, order.release)]
    whole = {id(line): place for each in own for place, line in enumerate(each.lines, 1)}
    billed = (
        (places.get(whole.get(id(ordered), 0)), line.quantity, line.unit)
        for line, ordered in zip(each_line(document), match.lines, strict=True)
        if ordered is not None and line.quantity is not None
    )
    return guard.Earlier(row.number, tuple((at, quantity, unit) for at, quantity, unit in billed if at is not None))


def _order_usage(tx: Tx, row: Document, order: PurchaseOrder) -> str:
    """Usage (P or T) of the interchange that the order came in, "" where it is unknown."""
    rows = tx.documents.orders(row.partner, order.number, row.company)
    came = next((each for each in rows if each.release == (order.release or "") and each.state != "rejected"), None)
    if came is None:
        return ""
    return next((i.usage for i in tx.interchanges.for_message(came.message) if i.control == came.interchange), "")
