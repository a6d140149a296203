"""What a document says in business words: number, days, customer, ship-to, lines, total; for people who read no EDI.

Knows: documents. Does not know: standards, output.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from d365edi.documents import (
    ApplicationAdvice,
    Document,
    Invoice,
    Item,
    JournalEntry,
    OrderChange,
    OrderChangeResponse,
    OrderResponse,
    PurchaseOrder,
    Remittance,
    ShipNotice,
    Vendor,
)
from d365edi.documents.values import Charge, ItemIds, Tax, Terms, TradeParty
from d365edi.matching import prices

NAMES: dict[type[Document], str] = {
    PurchaseOrder: "Purchase order",
    OrderChange: "Change of purchase order",
    OrderResponse: "Order response",
    OrderChangeResponse: "Response to a change of order",
    ShipNotice: "Ship notice",
    Invoice: "Invoice",
    Remittance: "Remittance",
    ApplicationAdvice: "Application advice",
    Vendor: "Vendor",
    Item: "Item",
    JournalEntry: "Journal entry",
}
Fact = tuple[str, str]
"""What is said, and what it is; an empty one is left out."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A document: its name, what is said of the whole, and a table of its lines."""

    title: str
    facts: tuple[Fact, ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def summarise(document: Document) -> Summary:
    """The summary of any document."""
    name = NAMES.get(type(document), type(document).__name__)
    if isinstance(document, Invoice) and document.sense == "credit":
        name = "Credit note"
    facts, headings, rows = _PARTS[type(document)](document)
    found = tuple((label, value) for label, value in facts if value)
    kept = [at for at in range(len(headings)) if any(row[at] for row in rows)]
    table = tuple(tuple(row[at] for at in kept) for row in rows)
    return Summary(
        f"{name} {getattr(document, 'number', '')}".rstrip(), found, tuple(headings[at] for at in kept), table
    )


Parts = tuple[Sequence[Fact], tuple[str, ...], Sequence[tuple[str, ...]]]


def _order(order: Any) -> Parts:
    dates = [
        ("Order date", _day(order.date)),
        ("To ship", _window(order.ship_from, order.ship_by)),
        ("To arrive", _window(order.deliver_from, order.deliver_by)),
        ("Void after", _day(order.cancel_after)),
    ]
    facts = [
        ("Number", order.number),
        ("Release", order.release or ""),
        ("Purpose", _words(order.purpose)),
        ("Changed on", _day(getattr(order, "changed", None))),
        *dates,
        *_parties(order.parties),
        ("Their vendor number", order.vendor_number or ""),
        ("Department", order.department or ""),
        ("Terms", _terms(order.terms)),
        ("Lines", str(len(order.lines))),
        *_charges(order.charges),
        ("Total", _order_total(order)),
    ]
    return facts, ORDER_HEADINGS, [_order_line(line, order) for line in order.lines]


ORDER_HEADINGS = ("line", "item", "description", "quantity", "price", "amount", "wanted", "goes to")


def _order_line(line: Any, order: Any) -> tuple[str, ...]:
    stores = ", ".join(f"{each.store} ({_quantity(each.quantity, None)})" for each in line.stores)
    place = _party(line.ship_to) if line.ship_to != TradeParty() else stores
    wanted = _window(line.deliver_from, line.deliver_by) or _window(line.ship_from, line.ship_by)
    return (
        *_what(line),
        _quantity(line.quantity, line.unit),
        _price(line),
        _money(_extended(line), order.currency),
        wanted,
        place,
    )


def _response(response: Any) -> Parts:
    facts = [
        ("Order", response.number),
        ("Answer", _words(response.acknowledgment)),
        ("Answered on", _day(response.responded)),
        ("Our order", response.sales_order or ""),
        ("Order date", _day(response.date)),
        ("Ships on", _day(getattr(response, "ship_date", None))),
        ("Arrives on", _day(getattr(response, "deliver_date", None))),
        *_parties(response.parties),
        ("Lines", str(len(response.lines))),
    ]
    rows = [
        (*_what(line), _quantity(line.quantity, line.unit), _price(line), _answers(line)) for line in response.lines
    ]
    return facts, ("line", "item", "description", "quantity", "price", "answer"), rows


def _answers(line: Any) -> str:
    parts = ((_words(each.outcome), _quantity(each.quantity, each.unit), _day(each.date)) for each in line.answers)
    return "; ".join(" ".join(filter(None, each)) for each in parts)


def _notice(notice: Any) -> Parts:
    orders = dict.fromkeys(each.number for each in notice.every_order() if each.number)
    packages = notice.packages
    facts = [
        ("Number", notice.number),
        ("Orders", ", ".join(orders)),
        ("Notice date", _day(notice.date)),
        ("Shipped on", _day(notice.ship_date)),
        ("Arrives on", _day(notice.deliver_date)),
        *_parties(notice.parties),
        ("Carrier", " ".join(filter(None, (notice.carrier.id, notice.carrier.routing)))),
        ("Bill of lading", notice.bill_of_lading or ""),
        ("Tracking", notice.tracking or ""),
        ("Packages", _quantity(packages.count, None)),
        ("Weight", _quantity(packages.weight, packages.weight_unit)),
        ("Lines", str(len(notice.every_line()))),
    ]
    rows = [
        ((order.number if order is not None else "") or "", *_what(line), _quantity(line.quantity, line.unit),
         _quantity(line.ordered.quantity, line.ordered.unit))
        for order, line in notice.lines_of_orders()
    ]  # fmt: skip
    return facts, ("order", "line", "item", "description", "shipped", "ordered"), rows


def _invoice(invoice: Any) -> Parts:
    facts = [
        ("Number", invoice.number),
        ("Invoice date", _day(invoice.date)),
        ("Order", invoice.order_number or ""),
        ("Order date", _day(invoice.order_date)),
        ("Original invoice", invoice.original_invoice or ""),
        ("Shipped on", _day(invoice.ship_date)),
        *_parties(invoice.parties),
        ("Terms", _terms(invoice.terms)),
        ("Lines", str(len(invoice.lines))),
        *_charges(invoice.charges),
        *(("Tax", _tax(tax, invoice.currency)) for tax in invoice.taxes),
        ("Total", _money(invoice.total, invoice.currency)),
    ]
    rows = [
        (*_what(line), _quantity(line.quantity, line.unit), _price(line),
         _money(line.amount if line.amount is not None else prices.extended(line), invoice.currency))
        for line in invoice.lines
    ]  # fmt: skip
    return facts, ("line", "item", "description", "quantity", "price", "amount"), rows


def _tax(tax: Tax, currency: str | None) -> str:
    return " ".join(filter(None, (_percent(tax.percent), _money(tax.amount, currency))))


def _remittance(payment: Any) -> Parts:
    facts = [
        ("Number", payment.number),
        ("Paid on", _day(payment.date)),
        *_parties(payment.parties),
        ("Items", str(len(payment.lines))),
        ("Total", _money(payment.total, payment.currency)),
    ]
    rows = [
        (
            line.number or "",
            _day(line.date),
            _money(line.gross, None),
            _money(line.discount, None),
            _money(line.paid, None),
        )
        for line in payment.lines
    ]
    return facts, ("invoice", "date", "asked for", "discount", "paid"), rows


def _advice(advice: Any) -> Parts:
    facts = [("Number", advice.number), ("Date", _day(advice.date)), *_parties(advice.parties)]
    rows = [(each.reference or "", _words(each.verdict), _troubles(each)) for each in advice.advices]
    return facts, ("about", "verdict", "what is wrong"), rows


def _troubles(advice: Any) -> str:
    return "; ".join(filter(None, (each.text or each.code for each in advice.troubles)))


def _vendor(vendor: Any) -> Parts:
    place = vendor.address
    facts = [
        ("Number", vendor.number),
        ("Company", vendor.company or ""),
        ("Name", vendor.name or ""),
        ("Address", ", ".join(filter(None, (place.street, place.zip, place.city, place.state, place.country)))),
        ("Currency", vendor.currency or ""),
        ("Terms", vendor.terms or ""),
        ("On hold", vendor.on_hold or ""),
    ]
    return facts, (), ()


def _item(item: Any) -> Parts:
    facts = [
        ("Number", item.number),
        ("Company", item.company or ""),
        ("Name", item.name or ""),
        ("Their number", item.theirs or ""),
        ("Barcode", item.gtin or ""),
        ("Unit", item.unit or ""),
        ("Sales price", _money(item.sales_price, None)),
        ("Purchase price", _money(item.purchase_price, None)),
    ]
    return facts, (), ()


def _journal(entry: Any) -> Parts:
    facts = [
        ("Number", entry.number),
        ("Company", entry.company or ""),
        ("Name", entry.journal or ""),
        ("Text", entry.text or ""),
        ("Lines", str(len(entry.lines))),
    ]
    rows = [
        (line.number or "", _day(line.date), line.account or "", line.text or "",
         _money(line.debit, line.currency), _money(line.credit, line.currency))
        for line in entry.lines
    ]  # fmt: skip
    return facts, ("line", "date", "account", "text", "debit", "credit"), rows


_PARTS: dict[type[Document], Callable[[Any], Parts]] = {
    PurchaseOrder: _order,
    OrderChange: _order,
    OrderResponse: _response,
    OrderChangeResponse: _response,
    ShipNotice: _notice,
    Invoice: _invoice,
    Remittance: _remittance,
    ApplicationAdvice: _advice,
    Vendor: _vendor,
    Item: _item,
    JournalEntry: _journal,
}


# -- single values ----------------------------------------------------------------------------------------------------
def _parties(parties: Any) -> Iterator[Fact]:
    buyer = parties.buyer if parties.buyer != TradeParty() else parties.bill_to
    yield "Customer", _party(buyer)
    yield "Ship to", _address(parties.ship_to)
    if parties.bill_to != buyer:
        yield "Bill to", _party(parties.bill_to)
    yield "Supplier", _party(parties.vendor if parties.vendor != TradeParty() else parties.ship_from)


def _party(party: TradeParty) -> str:
    """Name, and the id by which the partner knows it."""
    return " ".join(filter(None, (party.name, f"({party.id})" if party.id and party.name else party.id)))


def _address(party: TradeParty) -> str:
    town = " ".join(filter(None, (party.zip, party.city, party.state)))
    return ", ".join(filter(None, (_party(party), party.street, party.second_street, town, party.country)))


def _what(line: Any) -> tuple[str, str, str]:
    """Number, item and description of a line."""
    ids: ItemIds = line.item
    found = [each for each in (ids.buyer, ids.vendor, ids.own, ids.gtin) if each]
    others = [each.id for each in ids.others if not found]
    features = " ".join(each.text for each in line.features if each.text)
    return line.number or "", ", ".join(dict.fromkeys(found or others)), line.description or features


def _order_total(order: Any) -> str:
    """What is stated, else what the lines come to where each has a price."""
    if order.total is not None:
        return _money(order.total, order.currency)
    amounts = [_extended(line) for line in order.lines]
    if not amounts or None in amounts:
        return ""
    return f"{_money(sum(filter(None, amounts), Decimal(0)), order.currency)} (sum of the lines)"


def _extended(line: Any) -> Decimal | None:
    """Quantity by price, to the cent; None where what the price is for is not known."""
    if line.quantity is None or line.price is None:
        return None
    units = prices.units_of(line)
    if isinstance(units, str) or not units:
        return None
    return prices.round_cents(Fraction(line.quantity) * Fraction(line.price) / units)


def _price(line: Any) -> str:
    if line.price is None:
        return ""
    per = line.price_per
    basis = " ".join(filter(None, (_plain(per.quantity) if per.quantity is not None else "", per.unit)))
    return f"{_plain(line.price)}{f' per {basis}' if basis else ''}"


def _charges(charges: Sequence[Charge]) -> Iterator[Fact]:
    for charge in charges:
        label = {"allowance": "Allowance", "charge": "Charge"}.get(charge.kind or "", "Allowance or charge")
        size = _percent(charge.percent) if charge.amount is None else _plain(charge.amount)
        yield label, " ".join(filter(None, (charge.description or _words(charge.code), size)))


def _terms(terms: Terms) -> str:
    if terms.description:
        return terms.description
    early = terms.discount_percent and terms.discount_days
    discount = f"{_percent(terms.discount_percent)} within {terms.discount_days} days" if early else ""
    net = f"net {terms.net_days} days" if terms.net_days else f"due {_day(terms.net_due)}" if terms.net_due else ""
    return ", ".join(filter(None, (discount, net)))


def _window(first: date | None, last: date | None) -> str:
    if first and last and first != last:
        return f"{_day(first)} to {_day(last)}"
    return f"from {_day(first)}" if first and not last else _day(last)


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _quantity(quantity: Decimal | None, unit: str | None) -> str:
    return " ".join(filter(None, (_plain(quantity), unit))) if quantity is not None else ""


def _percent(percent: Decimal | None) -> str:
    return f"{_plain(percent)} %" if percent is not None else ""


def _money(amount: Decimal | None, currency: str | None) -> str:
    return "" if amount is None else " ".join(filter(None, (f"{amount:,.2f}", currency or "")))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _words(word: str | None) -> str:
    return (word or "").replace("_", " ")
