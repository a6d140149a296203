"""What a partner remembers of the orders it sent, to check an invoice against.

Knows: the places of an 850 that an invoice must echo. Does not know: what anyone else made of the order.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from . import x12


@dataclass(frozen=True, slots=True)
class SentLine:
    """One PO1: PO101 to PO104 as sent, product ids by qualifier, and the first description."""

    id: str
    quantity: Decimal
    unit: str
    price: Decimal
    ids: dict[str, str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class ShipTo:
    """Where the goods are to go, as sent: N102, N104, N3 and N4; empty where an order does not say."""

    name: str = ""
    code: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class SentOrder:
    """One 850 as sent: number (BEG03), release (BEG04), date (BEG05, CCYYMMDD), lines, type (BEG02) and ship-to."""

    number: str
    release: str
    date: str
    lines: tuple[SentLine, ...]
    type: str = ""
    ship_to: ShipTo = ShipTo()


def read(data: bytes) -> list[SentOrder]:
    """Every 850 in a file. Unreadable when the file is no sound X12."""
    found = []
    for interchange in x12.split(data):
        for group in x12.groups(interchange):
            found += [_order(transaction) for transaction in group.sets if transaction[0][1] == "850"]
    return found


def _order(segments: list[x12.Segment]) -> SentOrder:
    beg = next(segment for segment in segments if segment[0] == "BEG") + [""] * 6
    lines: list[SentLine] = []
    for at, segment in enumerate(segments):
        if segment[0] == "PO1":
            lines.append(
                _line(segment, next((s[5] for s in segments[at + 1 : at + 2] if s[0] == "PID" and len(s) > 5), ""))
            )
    return SentOrder(beg[3], beg[4], beg[5], tuple(lines), beg[2], _ship_to(segments))


def _ship_to(segments: list[x12.Segment]) -> ShipTo:
    """The first N1*ST with the N3 and N4 behind it."""
    at = next((at for at, segment in enumerate(segments) if segment[:2] == ["N1", "ST"]), None)
    if at is None:
        return ShipTo()
    party = [*segments[at], "", "", ""]
    loop = takewhile(lambda segment: segment[0] in ("N2", "N3", "N4"), segments[at + 1 :])
    parts = {segment[0]: [*segment, "", "", "", ""] for segment in loop}
    street, place = parts.get("N3", [""] * 3), parts.get("N4", [""] * 5)
    return ShipTo(party[2], party[4], street[1], *place[1:5])


def _line(segment: x12.Segment, description: str) -> SentLine:
    price = Decimal(segment[4] or 0) if len(segment) > 4 else Decimal(0)
    return SentLine(segment[1], Decimal(segment[2]), segment[3], price, x12.pairs(segment), description)
