"""How a partner that speaks EDIFACT remembers its orders and reads invoices: as `orders` and `invoices` do it for X12.

An invoice is checked against the partner's own order: number, lines by their place, item numbers, quantity, unit and price, and
the sum of the lines.

Knows: the places of ORDERS and INVOIC that must agree. Does not know: X12, who wrote it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from .edifact import Message, Segment, split, value
from .invoices import InvoiceVerdict
from .orders import SentLine, SentOrder


def orders(data: bytes) -> list[SentOrder]:
    """Every ORDERS of a file. Unreadable when the file is no sound EDIFACT."""
    messages = [each for interchange in split(data) for each in interchange.messages if each.type == "ORDERS"]
    return [_order(each) for each in messages]


def _order(message: Message) -> SentOrder:
    return SentOrder(_number(message), "", _first(message, "DTM", "137"), tuple(map(_line, _lines(message))))


def judge(message: Message, sent: Mapping[str, SentOrder]) -> InvoiceVerdict:
    """Read one INVOIC against the orders that this partner sent, by number."""
    number = _first(message, "RFF", "ON")
    order, total = sent.get(number), Decimal(0)
    complaints: list[str] = []
    try:
        lines = [_line(loop) for loop in _lines(message)]
        complaints += [f"RFF+ON {number!r} is no order of ours"] if order is None else _compared(lines, order)
        total = sum((line.quantity * line.price for line in lines), Decimal(0)).quantize(Decimal("0.01"))
        stated = Decimal(_first(message, "MOA", "79"))
        if not lines or stated != total:
            complaints.append(f"MOA+79 says {stated}, the {len(lines)} lines make {total}")
    except InvalidOperation:
        complaints.append("an amount or a quantity is missing or is no number")
    return InvoiceVerdict(message.reference, _number(message), number, total, tuple(complaints))


def _compared(lines: list[SentLine], order: SentOrder) -> Iterator[str]:
    ordered = {line.id: line for line in order.lines}
    for line in lines:
        theirs = ordered.get(line.id)
        if theirs is None:
            yield f"LIN {line.id!r} is no line of order {order.number}"
            continue
        for what in ("unit", "price"):
            if getattr(line, what) != getattr(theirs, what):
                yield f"line {line.id}: {what} {getattr(line, what)} where {getattr(theirs, what)} was ordered"
        if line.quantity > theirs.quantity:
            yield f"line {line.id}: {line.quantity} invoiced, {theirs.quantity} ordered"
        for kind, id in line.ids.items():
            if theirs.ids.get(kind, id) != id:
                yield f"line {line.id}: {kind} {id!r} where {theirs.ids[kind]!r} was ordered"


def _number(message: Message) -> str:
    return next((value(segment, 2) for segment in message.all("BGM")), "")


def _first(message: Message, tag: str, qualifier: str) -> str:
    return next((value(segment, 1, 1) for segment in message.all(tag, qualifier)), "")


def _lines(message: Message) -> list[list[Segment]]:
    """The segments of each LIN, up to the summary."""
    loops: list[list[Segment]] = []
    for segment in message.segments:
        if segment[0][0] in ("UNS", "UNT"):
            break
        if segment[0][0] == "LIN":
            loops.append([])
        if loops:
            loops[-1].append(segment)
    return loops


def _line(loop: list[Segment]) -> SentLine:
    lin = loop[0]
    quantity = next((each for each in loop if each[0][0] == "QTY" and value(each, 1) in ("21", "47")), lin)
    price = next((value(each, 1, 1) for each in loop if each[0][0] == "PRI"), "0")
    ids = {value(lin, 3, 1): value(lin, 3)}
    for segment in loop:
        if segment[0][0] == "PIA":
            ids |= {pair[1]: pair[0] for pair in segment[2:] if len(pair) > 1}
    unit = value(quantity, 1, 2) or "EA"
    return SentLine(value(lin, 1), Decimal(value(quantity, 1, 1)), unit, Decimal(price), ids)
