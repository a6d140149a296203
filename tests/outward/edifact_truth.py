"""What an ORDRSP, DESADV and INVOIC must say of a deal, recomputed from their bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.outward import reader
from tests.outward.bills import Bill, Billed
from tests.outward.charged import Charge, Told, by_rate, rated, told, whole
from tests.outward.deals import ORDERED, POSTED, Bought, Box, Deal, Sold, cents, is_unit
from tests.outward.reader import Segment, amount, day, groups, head, number, only, some
from tests.outward.records import OURS, THEIRS
from tests.outward.x12_truth import outcome, packed, priced

PLACES = ["UNS", "CPS", "CNT"]
"""What ends the last line of a level."""


def valued(body: Sequence[Segment], id: str, qualifier: str) -> list[str]:
    """The values of the segments with a qualifier."""
    return [each[1, 2] for each in some(body, id, qualifier)]


def value(body: Sequence[Segment], id: str, qualifier: str) -> str:
    """The one value there is."""
    return only(body, id, qualifier)[1, 2]


def ids(found: Sequence[Segment], line: Bought, item: str = "") -> None:
    """The item is named as it was ordered, another one by our number."""
    other = item not in ("", line.item)
    gtin, number = ("", (item, "SA")) if other else (line.gtin, (line.buyer, "IN"))
    assert (found[0][3, 1], found[0][3, 2]) == ((gtin, "EN") if gtin else ("", ""))
    assert [(each[2, 1], each[2, 2]) for each in some(found, "PIA", "1")] == ([number] if number[0] else [])


def price(found: Sequence[Segment]) -> Fraction:
    """What one of the unit costs."""
    pri = only(found, "PRI", "AAA")
    return amount("1", pri[1, 2], int(pri[1, 5] or 1))


def opened(body: Sequence[Segment], deal: Deal) -> None:
    """The order is named with its day."""
    of_order = next(groups(body, "RFF", ["NAD", "CUX", "LIN"]))
    assert (value(of_order, "RFF", "ON"), day(value(of_order, "DTM", "171"))) == (deal.number, ORDERED)
    assert day(value(head(body, "RFF"), "DTM", "137")) == POSTED


def response(data: bytes, deal: Deal) -> None:
    """An ORDRSP."""
    body = reader.edifact(data)
    opened(head(body, "LIN"), deal)
    lines = list(groups(body, "LIN", ["UNS"]))
    assert [each[0][1] for each in lines] == [line.number for line in deal.lines]
    outcomes = {
        answered(deal, line, deal.ours(place), found)
        for place, (line, found) in enumerate(zip(deal.lines, lines, strict=True), 1)
    }
    assert only(body, "BGM")[3] == {frozenset("5"): "29", frozenset("7"): "27"}.get(frozenset(outcomes), "4")
    assert number(value(body, "CNT", "2")) == len(deal.lines)


def answered(deal: Deal, line: Bought, ours: Sequence[Sold], found: Sequence[Segment]) -> str:
    """One line of an ORDRSP; its outcome."""
    ordered = only(found, "QTY", "21")
    assert (number(ordered[1, 2]), ordered[1, 3]) == (line.quantity, line.unit)
    ids(found, line)
    wanted = {outcome(deal, line, each, ours) for each in ours}
    assert found[0][2] == ("7" if not wanted else "5" if wanted == {"accepted"} else "3")
    parts = list(groups(found, "SCC", ["UNS"]))
    given = [only(part, "QTY", "113") for part in parts] or some(found, "QTY", "113")
    assert [number(each[1, 2]) for each in given] == [each.quantity for each in ours]
    assert all(is_unit(each[1, 3], sold, line) for each, sold in zip(given, ours, strict=True))
    said = [confirmed(part) for part in parts] or [confirmed(found)] * len(ours)
    for days, each in zip(said, ours, strict=True):
        real = {("11", each.ships), ("69", each.arrives)} - {("11", None), ("69", None)}
        assert days <= real
        assert len(days) == min(1, len(real))
    if parts:
        assert len(set(map(frozenset, said))) > 1
        totals = some(head(found, "SCC"), "QTY", "113")
        for unit in {each.symbol for each in ours}:
            of_unit = [each for each in ours if each.symbol == unit]
            whole = [number(each[1, 2]) for each in totals if is_unit(each[1, 3], of_unit[0], line)]
            assert whole == [sum(each.quantity for each in of_unit)]
    instead = [each[2, 1] for each in some(found, "PIA", "3")]
    assert instead == [each.item for each in ours if each.item != line.item]
    assert {price(found)} == (priced(line, ours) or {line.each})
    return found[0][2]


def confirmed(found: Sequence[Segment]) -> set[tuple[str, date]]:
    """The days on which a part of a line, or all of it, leaves or arrives."""
    return {(each[1], day(each[1, 2])) for each in some(found, "DTM") if each[1] in ("11", "69", "67", "17")}


def notice(data: bytes, deals: Sequence[Deal], boxes: Sequence[Box]) -> None:
    """A DESADV: what is shipped of which line of which order, in which package."""
    body = reader.edifact(data)
    assert day(value(body[:4], "DTM", "11")) == POSTED
    levels = list(groups(body, "CPS", ["CNT"]))
    assert [each[0][1] for each in levels] == [str(place) for place in range(1, len(levels) + 1)]
    of_all = valued(head(body, "CPS"), "RFF", "ON")
    shipped, packages = Counter[tuple[str, str, str, str]](), list[str]()
    for level in levels:
        marks = [each[2] for each in some(level, "GIN", "BJ")]
        assert len(marks) <= 1
        packages += marks
        for found in groups(level, "LIN", ["CNT"]):
            (order,) = valued(found, "RFF", "ON") or of_all
            deal = next(deal for deal in deals if deal.number == order)
            line = next(line for line in deal.lines if line.number == found[0][1])
            ids(found, line, deal.ours(deal.lines.index(line) + 1)[0].item)
            sent, ordered = only(found, "QTY", "12"), only(found, "QTY", "21")
            assert (number(ordered[1, 2]), ordered[1, 3]) == (line.quantity, line.unit)
            shipped[order, line.number, sent[1, 3], "".join(marks)] += number(sent[1, 2])  # type: ignore[assignment]
    assert dict(shipped) == packed(deals, boxes)
    assert Counter(packages) == Counter({box.sscc for box in boxes if box.sscc})
    assert number(value(body, "CNT", "2")) == len(some(body, "LIN"))


def invoice(data: bytes, deal: Deal, bill: Bill, *, positive: bool = True) -> None:
    """An INVOIC: lines, charges and taxes come to the total, which is D365's. A credit note says so, `positive` or in D365's
    signs."""
    body, sign = reader.edifact(data), 1 if positive or not bill.credits else -1
    bgm, summary = only(body, "BGM"), body[[each.id for each in body].index("UNS") :]
    assert (bgm[1], bgm[2]) == ("381" if bill.credits else "380", bill.number)
    top = head(body, "LIN")
    opened(top, deal)
    assert valued(top, "RFF", "IV") == ([bill.credits] if bill.credits else [])
    lines = list(groups(body, "LIN", ["UNS"]))
    made = [billed(deal, bill, line, found, sign) for line, found in zip(bill.lines, lines, strict=True)]
    whole(deal, bill, charges(top), made, sign)
    sums = {each[1, 1]: number(each[1, 2]) for each in reversed(some(summary, "MOA"))}
    off = sum(line.off for line in made)
    assert sums["77"] == sign * bill.total
    assert sums["79"] == sum(line.net - line.charged for line in made) == sign * bill.goods + off
    assert sums.get("124", 0) == sign * bill.tax
    assert sums.get("131", 0) == sign * (bill.charges - bill.discount) - off
    assert sums["79"] + sums.get("124", 0) + sums.get("131", 0) == sums["77"]
    taxes = [(each[0][5, 4], each) for each in groups(summary, "TAX", ["ALC"])]
    assert all(each[0][6] == (bill.rates[rate] if bill.agreed else "") for rate, each in taxes)
    by_rate(bill, [(rate, moa(each, "125"), moa(each, "124")) for rate, each in taxes], sign)
    registered(top)
    for each in groups(top, "ALC", ["LIN"]):
        bases = [number(base) for base in valued(each, "MOA", "125")]
        assert bases == [] or sum(bases) == sum(number(amount) for amount in valued(each, "MOA", "8"))
    assert number(value(summary, "CNT", "2")) == len(bill.lines)
    for due in valued(body, "DTM", "13"):
        assert day(due) == bill.due


def registered(top: Sequence[Segment]) -> None:
    """The seller has our number, who buys and who is billed have theirs."""
    of_roles = {each[0][1]: valued(each, "RFF", "VA") for each in groups(top, "NAD", ["CUX"])}
    numbers = {role: found for role, found in of_roles.items() if found}
    assert numbers == {"SU": [OURS], "BY": [THEIRS], "IV": [THEIRS]}


def billed(deal: Deal, bill: Bill, line: Billed, found: Sequence[Segment], sign: int) -> Told:
    """One line of an INVOIC: its amount, which its price, its quantity and its allowances come to."""
    ordered, quantity = deal.lines[line.sold.line - 1], only(found, "QTY", "47")
    assert (found[0][1], number(quantity[1, 2])) == (ordered.number, sign * line.quantity)
    assert is_unit(quantity[1, 3], line.sold, ordered)
    ids(found, ordered, line.sold.item)
    gross = cents(Fraction(quantity[1, 2]) * price(found))
    made = told(deal, bill, line, gross, charges(found), sign)
    assert moa(found, "203") == made.net - made.charged
    rated(bill, line, [each[5, 4] for each in some(head(found, "ALC"), "TAX")])
    return made


def moa(found: Sequence[Segment], kind: str) -> Decimal:
    """The one amount of a kind."""
    return number(value(found, "MOA", kind))


def charges(found: Sequence[Segment]) -> list[Charge]:
    """Allowances and charges; what is settled otherwise (ALC03 1) adds nothing."""
    made = []
    for each in groups(found, "ALC", ["TAX", "UNS", "LIN", "PRI"]):
        amount = number("".join(valued(each, "MOA", "8")))
        signed = {"A": -amount, "C": amount}[each[0][1]]
        made.append(Charge(each[0][5], signed, "".join(valued(each, "PCD", "3")), told=each[0][3] == "1"))
    return made
