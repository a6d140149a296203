"""How a partner reads an invoice: strictly, against its own order, with everything it would charge back for named in
a sentence.

Checked: the envelope and its counts, the address, that the order is one it sent (number and date), that each line is a
line of that order with its line id, unit and product ids as sent and not more than was ordered, and the arithmetic: TDS01 is
the sum of the lines, each rounded to cents, plus charges and taxes less allowances; CTT counts. An invoice over several orders
names none in BIG04, and the order of each line in a REF*PO of that line.

Knows: the 810's places. Does not know: who wrote it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from . import x12
from .orders import SentLine, SentOrder

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class InvoiceVerdict:
    """One 810: its set control number, invoice and order number (of several with commas between), total in its currency, and what
    is wrong with it (empty: nothing)."""

    set: str
    number: str
    order: str
    total: Decimal
    complaints: tuple[str, ...]


def judge(segments: list[x12.Segment], orders: Mapping[str, SentOrder]) -> InvoiceVerdict:
    """Read one set (ST to SE) against the orders that this partner sent, by number."""
    big = _first(segments, "BIG") + [""] * 8
    each = _by_order(segments, big[4])
    complaints = list(_dated(big))
    for number, items in each.items():
        order = orders.get(number)
        if order is None:
            complaints.append(f"{'BIG04' if len(each) == 1 else 'REF02'} {number!r} is no order of ours")
            continue
        complaints += _heading(big, order) if number == big[4] else []
        complaints += _lines(items, order)
    try:
        complaints += _arithmetic(segments)
        total = Decimal(_first(segments, "TDS")[1]) / 100
    except (InvalidOperation, IndexError):
        complaints.append("an amount is missing or is no number")
        total = Decimal(0)
    return InvoiceVerdict(segments[0][2], big[2], ", ".join(each), total, tuple(complaints))


def _by_order(segments: list[x12.Segment], head: str) -> dict[str, list[x12.Segment]]:
    """The IT1 segments of each order: that of the head, or where it says none, of the REF*PO behind the line."""
    found: dict[str, list[x12.Segment]] = {} if not head and any(each[0] == "IT1" for each in segments) else {head: []}
    for at, segment in enumerate(segments):
        if segment[0] == "IT1":
            own = next((each for each in segments[at + 1 :] if each[0] == "IT1" or each[:2] == ["REF", "PO"]), ["IT1"])
            found.setdefault(head or (own[2] if own[0] == "REF" else ""), []).append(segment + [""] * 7)
    return found


def _first(segments: list[x12.Segment], id: str) -> x12.Segment:
    return list(next((segment for segment in segments if segment[0] == id), [id]))


def _dated(big: x12.Segment) -> Iterator[str]:
    if len(big[1]) != 8 or not big[1].isdigit():
        yield f"BIG01 {big[1]!r} is no date"
    if not 1 <= len(big[2]) <= 22:
        yield f"BIG02 {big[2]!r} is no invoice number"


def _heading(big: x12.Segment, order: SentOrder) -> Iterator[str]:
    if big[3] != order.date:
        yield f"BIG03 is {big[3]!r}, our order {order.number} is of {order.date}"
    if big[5] != order.release:
        yield f"BIG05 is {big[5]!r}, our order {order.number} has release {order.release!r}"


def _lines(items: list[x12.Segment], order: SentOrder) -> Iterator[str]:
    invoiced: dict[int, Decimal] = {}
    if not items:
        yield "there is no IT1"
    for item in items:
        ids = x12.pairs(item)
        at = _ordered(order, item[1], ids)
        if at is None:
            yield f"IT1 {item[1]!r} {ids} is no line of order {order.number}"
            continue
        line = order.lines[at]
        yield from _line(item, ids, line, order)
        invoiced[at] = invoiced.get(at, Decimal(0)) + _number(item[2])
    for at, quantity in invoiced.items():
        if quantity > order.lines[at].quantity:
            yield f"line {order.lines[at].id or at + 1}: {quantity} invoiced, {order.lines[at].quantity} ordered"


def _ordered(order: SentOrder, id: str, ids: dict[str, str]) -> int | None:
    for at, line in enumerate(order.lines):
        if line.id == id and any(line.ids.get(qualifier) == value for qualifier, value in ids.items()):
            return at
    return None


def _line(item: x12.Segment, ids: dict[str, str], line: SentLine, order: SentOrder) -> Iterator[str]:
    name = f"line {line.id or '(without id)'} of {order.number}"
    if item[3] != line.unit:
        yield f"{name}: unit {item[3]!r} where {line.unit!r} was ordered"
    if _number(item[4]) != line.price:
        yield f"{name}: price {item[4]} where {line.price} was ordered"
    for qualifier, value in ids.items():
        if line.ids.get(qualifier) != value:
            yield f"{name}: {qualifier} {value!r} where {line.ids.get(qualifier)!r} was ordered"


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _arithmetic(segments: list[x12.Segment]) -> Iterator[str]:
    items = [segment for segment in segments if segment[0] == "IT1"]
    total = sum(((Decimal(i[2]) * Decimal(i[4])).quantize(_CENT, ROUND_HALF_UP) for i in items), Decimal(0))
    for segment in segments:
        if segment[0] == "SAC" and segment[1] in ("A", "C"):
            amount = Decimal(segment[5]) / 100
            total += amount if segment[1] == "C" else -abs(amount)
        if segment[0] == "TXI" and len(segment) > 2:
            total += Decimal(segment[2] or 0)
    stated = Decimal(_first(segments, "TDS")[1]) / 100
    if stated != total:
        yield f"TDS01 says {stated}, the lines, charges and taxes make {total}"
    ctt = [*_first(segments, "CTT"), "", ""]
    if ctt[1] and int(ctt[1]) != len(items):
        yield f"CTT01 says {ctt[1]} lines, there are {len(items)}"
    if ctt[2] and Decimal(ctt[2]) != sum((Decimal(i[2]) for i in items), Decimal(0)):
        yield f"CTT02 {ctt[2]} is not the sum of the quantities"
