"""What an 855, 856 and 810 must say of a deal, recomputed from their bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.outward import reader
from tests.outward.bills import Bill, Billed
from tests.outward.charged import Charge, Told, by_rate, told, whole
from tests.outward.deals import ORDERED, POSTED, Bought, Box, Deal, Sold, cents, is_unit
from tests.outward.reader import PER, Segment, amount, day, groups, number, only, some

CONFIRMED = {
    "accepted": "IA",
    "quantity": "IQ",
    "price": "IP",
    "day": "DR",
    "several": "IC",
    "item": "IS",
    "nothing": "IR",
}


def ids(segment: Segment, first: int, line: Bought, item: str = "") -> None:
    """The item is named as it was ordered, another one by our number."""
    wanted = {kind: id for kind, id in (("EN", line.gtin), ("BP", line.buyer)) if id}
    assert segment.pairs(first) == (wanted if item in ("", line.item) else {"VN": item})


def asked(deal: Deal, line: Bought) -> tuple[date | None, date | None]:
    """Until when a line is to be shipped and to be delivered."""
    return deal.ship, line.deliver or deal.deliver


def is_late(deal: Deal, line: Bought, sold: Sold) -> bool:
    """Whether what is confirmed comes after what was asked for."""
    ship, deliver = asked(deal, line)
    late = [(sold.ships, ship), (sold.ships, deliver), (sold.arrives, deliver)]
    return any(ours is not None and wanted is not None and ours > wanted for ours, wanted in late)


def outcome(deal: Deal, line: Bought, sold: Sold, ours: Sequence[Sold]) -> str:
    """What becomes of a line, or of a part of it, as D365 has it."""
    if sold.item != line.item:
        return "item"
    if sold.symbol != line.symbol:
        return "several"
    short = sum(each.quantity for each in ours) != line.quantity
    dear = sold.price * line.per != line.price * sold.per
    found = [
        what for what, there in (("quantity", short), ("price", dear), ("day", is_late(deal, line, sold))) if there
    ]
    return "several" if len(found) > 1 else found[0] if found else "accepted"


def response(data: bytes, deal: Deal) -> None:
    """An 855."""
    body = reader.x12(data)
    bak = only(body, "BAK")
    assert (bak[3], day(bak[4])) == (deal.number, ORDERED)
    assert only(body, "REF", "IA")[2] == "0078123"
    lines = list(groups(body, "PO1", ["CTT"]))
    assert [each[0][1] for each in lines] == [line.number for line in deal.lines]
    outcomes = set()
    for place, (line, found) in enumerate(zip(deal.lines, lines, strict=True), 1):
        outcomes |= answered(deal, line, deal.ours(place), found)
    all_taken, none_taken = {"IA"} >= outcomes, {"IR"} >= outcomes
    assert bak[2] in (("AD", "AT", "AK") if all_taken else ("RD", "RJ") if none_taken else ("AC",))
    assert number(only(body, "CTT")[1]) == len(deal.lines)


def answered(deal: Deal, line: Bought, ours: Sequence[Sold], found: Sequence[Segment]) -> set[str]:
    """One line of an 855; its outcomes."""
    po1, acks = found[0], some(found, "ACK")
    assert (number(po1[2]), po1[3]) == (line.quantity, line.unit)
    ids(po1, 6, line)
    wanted = [outcome(deal, line, each, ours) for each in ours] or ["nothing"]
    assert [each[1] for each in acks] == [CONFIRMED[what] for what in wanted]
    assert sum(number(each[2]) for each in acks) == sum(each.quantity for each in ours)
    for ack, sold in zip(acks, ours, strict=False):
        assert (number(ack[2]), is_unit(ack[3], sold, line)) == (sold.quantity, True)
        days = {"068": sold.ships, "067": sold.arrives}
        assert (ack[5] == "") == (sold.ships is None and sold.arrives is None)
        assert ack[5] == "" or days[ack[4]] == day(ack[5])
        if sold.item != line.item:
            assert sold.item in ack.pairs(7).values()
    each = amount("1", po1[4], PER[po1[5]])
    assert {each} == (priced(line, ours) or {line.each})
    return {ack[1] for ack in acks}


def priced(line: Bought, ours: Sequence[Sold]) -> set[Fraction]:
    """What D365 asks for one of the ordered unit."""
    whole = [(each, Fraction(each.quantity) / Fraction(line.quantity)) for each in ours]
    return {Fraction(each.price) / each.per * (1 if each.symbol == line.symbol else count) for each, count in whole}


def notice(data: bytes, deals: Sequence[Deal], boxes: Sequence[Box]) -> None:
    """An 856: what is shipped of which line of which order, in which package."""
    body = reader.x12(data)
    levels = list(groups(body, "HL", ["CTT"]))
    assert [each[0][1] for each in levels] == [str(place) for place in range(1, len(levels) + 1)]
    above = {each[0][1]: each for each in levels}
    shipped, packages = Counter[tuple[str, str, str, str]](), set()
    for each in (each for each in levels if each[0][3] == "I"):
        order, package, level = "", "", each
        while level[0][2]:
            level = above[level[0][2]]
            order = only(level, "PRF")[1] if level[0][3] == "O" else order
            package = only(level, "MAN")[2].removeprefix("00") if level[0][3] == "P" else package
        assert level[0][3] == "S"
        sn1 = only(each, "SN1")
        packages |= {package} - {""}
        shipped[order, only(each, "LIN")[1], sn1[3], package] += number(sn1[2])  # type: ignore[assignment]
        deal = next(deal for deal in deals if deal.number == order)
        line = next(line for line in deal.lines if line.number == only(each, "LIN")[1])
        ids(only(each, "LIN"), 2, line, deal.ours(deal.lines.index(line) + 1)[0].item)
        assert (number(sn1[5]), sn1[6]) == (line.quantity, line.unit)
    assert dict(shipped) == packed(deals, boxes)
    assert {only(each, "MAN")[2].removeprefix("00") for each in levels if each[0][3] == "P"} == packages
    assert {day(only(each, "PRF")[4]) for each in levels if each[0][3] == "O"} == {ORDERED}
    assert day(only(levels[0], "DTM", "011")[2]) == POSTED
    for count in some(levels[0], "TD1"):
        assert number(count[2]) == len(packages) or not packages
    assert number(only(body, "CTT")[1]) == len(levels)
    assert number(only(body, "CTT")[2]) in (0, sum(box.quantity for box in boxes))


def packed(deals: Sequence[Deal], boxes: Sequence[Box]) -> dict[tuple[str, str, str, str], Decimal]:
    """How much of each line, in which unit, is in each package."""
    found: dict[tuple[str, str, str, str], Decimal] = {}
    for box in boxes:
        deal = next(deal for deal in deals if any(each is box.sold for each in deal.sold))
        line = deal.lines[box.sold.line - 1]
        unit = line.unit if box.sold.symbol == line.symbol else "EA"
        key = (deal.number, line.number, unit, box.sscc)
        found[key] = found.get(key, Decimal(0)) + box.quantity
    return found


def invoice(data: bytes, deal: Deal, bill: Bill, *, positive: bool = False) -> None:
    """An 810: lines, charges and taxes come to the total, which is D365's. Of a credit note in its signs or `positive`."""
    body, sign = reader.x12(data), -1 if bill.credits and not positive else 1
    big = only(body, "BIG")
    assert (day(big[1]), big[2], day(big[3]), big[4]) == (POSTED, bill.number, ORDERED, deal.number)
    assert (big[7] == "CR", [each[2] for each in some(body, "REF", "OI")]) == (
        bool(bill.credits),
        [bill.credits] if bill.credits else [],
    )
    lines, summary = list(groups(body, "IT1", ["TDS"])), body[[each.id for each in body].index("TDS") :]
    assert len(lines) == len(bill.lines)
    told = [billed(deal, bill, line, found, sign) for line, found in zip(bill.lines, lines, strict=True)]
    heads, taxes = [charge(each) for each in some(summary, "SAC")], some(summary, "TXI")
    whole(deal, bill, heads, told, sign)
    assert sum(number(each[2]) for each in taxes) == sign * bill.tax
    by_rate(bill, [(each[3], number(each[8]), number(each[2])) for each in taxes if bill.agreed], sign)
    total = number(only(summary, "TDS")[1]) / 100
    assert total == sign * bill.total
    nets = sum(line.net for line in told)
    assert nets + sum(each.counted for each in heads) + sum(number(each[2]) for each in taxes) == total
    assert number(only(summary, "CTT")[1]) == len(bill.lines)
    for itd in some(body, "ITD"):
        assert itd[6] == "" or day(itd[6]) == bill.due
        assert itd[7] == "" or int(itd[7]) == (bill.due - POSTED).days


def billed(deal: Deal, bill: Bill, line: Billed, found: Sequence[Segment], sign: int) -> Told:
    """One line of an 810: what it comes to, with its own allowances and charges."""
    it1, ordered = found[0], deal.lines[line.sold.line - 1]
    assert (it1[1], number(it1[2])) == (ordered.number, sign * line.quantity)
    assert is_unit(it1[3], line.sold, ordered)
    ids(it1, 6, ordered, line.sold.item)
    gross = cents(amount(it1[2], it1[4], PER[it1[5]]))
    assert gross == sign * line.gross
    assert some(found, "TXI") == []
    return told(deal, bill, line, gross, [charge(each) for each in some(found, "SAC")], sign)


def charge(sac: Segment) -> Charge:
    """An allowance or charge; SAC05 is in cents, and what is information (SAC12 15, SAC01 N) adds nothing."""
    value = number(sac[5]) / 100
    return Charge(sac[2], {"A": -value, "C": value, "N": Decimal(0)}[sac[1]], sac[7], told=sac[12] == "15")
