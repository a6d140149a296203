"""What a partner remembers of the orders it sent, to check an invoice against.

Knows: the places of an 850 that an invoice must echo. Does not know: what anyone else made of the order.
"""

from dataclasses import dataclass
from decimal import Decimal

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
class SentOrder:
    """One 850 as sent: number (BEG03), release (BEG04), date (BEG05, CCYYMMDD) and lines."""

    number: str
    release: str
    date: str
    lines: tuple[SentLine, ...]


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
    return SentOrder(beg[3], beg[4], beg[5], tuple(lines))


def _line(segment: x12.Segment, description: str) -> SentLine:
    price = Decimal(segment[4] or 0) if len(segment) > 4 else Decimal(0)
    return SentLine(segment[1], Decimal(segment[2]), segment[3], price, x12.pairs(segment), description)
