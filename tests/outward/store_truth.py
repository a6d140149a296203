"""What is said of an order for several stores, recomputed from the bytes of either standard: its lines as they were ordered, and
where the partner wants it what each store gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.outward import reader, x12_truth
from tests.outward.bills import Bill
from tests.outward.deals import Box, Deal, Sold, Standard, cents
from tests.outward.reader import PER, Segment, amount, groups, head, number, only, some

Counted = dict[tuple[str, str], Decimal]
"""How much of a line, by its number in the order, a store gets; the store is "" for all of the line."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a standard says it: what opens a line and ends the last one, where its number is and its quantity (by set)."""

    opens: dict[str, tuple[str, int]]
    ends: tuple[str, ...]
    quantity: dict[str, tuple[str, int]]


X12 = Said(
    {"855": ("PO1", 1), "856": ("LIN", 1), "810": ("IT1", 1)},
    ("HL", "CTT", "TDS"),
    {"856": ("SN1", 2), "810": ("IT1", 2)},
)


def lines(data: bytes, standard: Standard, set: str) -> list[tuple[str, list[Segment]]]:
    """The lines of a set with the order's numbers."""
    if standard == "X12":
        opens, at = X12.opens[set]
        return [(found[0][at], found) for found in groups(reader.x12(data), opens, X12.ends)]
    return [(found[0][1], found) for found in groups(reader.edifact(data), "LIN", ["UNS", "CPS", "CNT"])]


def quantity(found: Sequence[Segment], standard: Standard, set: str) -> Decimal:
    """What is shipped, billed or, in all of its answers, confirmed of a line."""
    if standard == "X12" and set == "855":
        return sum((number(each[2]) for each in some(found, "ACK")), Decimal(0))
    if standard == "X12":
        id, at = X12.quantity[set]
        return number(only(found, id)[at])
    kind = {"855": "113", "856": "12", "810": "47"}[set]
    return sum((number(each[1, 2]) for each in some(head(found, "SCC"), "QTY", kind)), Decimal(0))


def stores(found: Sequence[Segment], standard: Standard) -> Counted:
    """What each store gets of a line."""
    told: Counted = {}
    if standard == "X12":
        unit = (some(found, "SN1") or found)[0][3]
        assert {(each[1], each[2]) for each in some(found, "SDQ")} <= {(unit, "92")}
        pairs = [pair for each in some(found, "SDQ") for pair in each.pairs(3).items()]
    else:
        of_places = list(groups(found, "LOC", ["ALC", "TAX", "UNS"]))
        assert {place[0][2, 3] for place in of_places} <= {"92"}
        pairs = [(place[0][2], only(place, "QTY", "11")[1, 2]) for place in of_places]
    for store, many in pairs:
        assert ("", store) not in told
        told["", store] = number(many)
    return told


def counted(data: bytes, standard: Standard, set: str) -> Counted:
    """What a document says of each line, and of each of its stores."""
    told = Counter[tuple[str, str]]()
    for name, found in lines(data, standard, set):
        told[name, ""] += quantity(found, standard, set)  # type: ignore[assignment]
        for (_, store), many in stores(found, standard).items():
            told[name, store] += many  # type: ignore[assignment]
    return {key: Decimal(many) for key, many in told.items() if many}


def wanted(deal: Deal, parts: Iterable[tuple[Sold, Decimal]]) -> Counted:
    """The same as D365 has it."""
    told = Counter[tuple[str, str]]()
    for each, many in parts:
        name = deal.lines[each.line - 1].number
        told[name, ""] += many  # type: ignore[assignment]
        if deal.apart:
            told[name, each.store] += many  # type: ignore[assignment]
    return {key: Decimal(many) for key, many in told.items()}


def response(data: bytes, standard: Standard, deal: Deal) -> None:
    """An answer: each line once, what comes of it on each day, and for each store."""
    kept = [(each, each.quantity) for each in deal.sold if not each.cancelled]
    assert counted(data, standard, "855") == wanted(deal, kept)
    told = lines(data, standard, "855")
    assert [name for name, _ in told] == [line.number for line in deal.lines]
    for place, (line, (_, found)) in enumerate(zip(deal.lines, told, strict=True), 1):
        ours = deal.ours(place)
        alike = {(each.ships, each.arrives) for each in ours}
        outcomes = Counter(x12_truth.outcome(deal, line, next(e for e in ours if (e.ships, e.arrives) == days), ours)
                           for days in alike)  # fmt: skip
        if standard == "X12":
            codes = Counter(x12_truth.CONFIRMED[what] for what in outcomes.elements()) or Counter(["IR"])
            assert Counter(each[1] for each in some(found, "ACK")) == codes
        else:
            assert found[0][2] == ("7" if not ours else "5" if set(outcomes) == {"accepted"} else "3")
            parts = list(groups(found, "SCC", ["UNS"]))
            assert len(parts or some(found, "QTY", "113")) == len(alike)


def notice(data: bytes, standard: Standard, deal: Deal, boxes: Sequence[Box]) -> None:
    """A ship notice."""
    assert counted(data, standard, "856") == wanted(deal, ((box.sold, box.quantity) for box in boxes))


def invoice(data: bytes, standard: Standard, deal: Deal, bill: Bill) -> None:
    """An invoice: quantities of lines and stores, and lines that come to its total."""
    assert counted(data, standard, "810") == wanted(deal, ((line.sold, line.quantity) for line in bill.lines))
    body, goods, charges = (reader.x12 if standard == "X12" else reader.edifact)(data), Decimal(0), Decimal(0)
    for _, found in lines(data, standard, "810"):
        if standard == "X12":
            goods += cents(amount(found[0][2], found[0][4], PER[found[0][5]]))
            charges += sum(number(each[5]) for each in some(found, "SAC"))
        else:
            pri = only(found, "PRI", "AAA")
            goods += cents(amount(only(found, "QTY", "47")[1, 2], pri[1, 2], int(pri[1, 5] or 1)))
            charges += sum(number(each[1, 2]) for each in some(found, "MOA", "8"))
    total = number(only(body, "TDS")[1]) / 100 if standard == "X12" else number(only(body, "MOA", "77")[1, 2])
    assert goods == bill.goods
    assert charges / (100 if standard == "X12" else 1) == bill.charges - bill.charge
    assert total == bill.total
