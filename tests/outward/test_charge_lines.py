"""Allowances that D365 has as charge lines: it posts what they come to as charges below zero, of lines and of the whole, beside
charges of its own; an invoice says each once in the words of the order, and comes to what D365 posted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outward import edifact_truth, path, reader, records, x12_truth
from tests.outward.bills import Bill, Billed
from tests.outward.charged import Charge
from tests.outward.deals import POSTED, Allowance, Bought, Deal, Sold, Standard
from tests.outward.reader import groups, head, number, only, some

NOTHING = Decimal(0)
CODES: dict[Standard, tuple[str, str]] = {"X12": ("I170", "F910"), "EDIFACT": ("TD", "QD")}
UNITS: dict[Standard, tuple[str, str]] = {"X12": ("EA", "ea"), "EDIFACT": ("PCE", "pcs")}
CENTS = st.integers(1, 500).map(lambda cents: Decimal(cents) / 100)


def found(data: bytes, standard: Standard) -> tuple[list[Charge], list[Charge], Decimal]:
    """What an invoice of one line says of it and of the whole, and its total, read by nothing of the product."""
    if standard == "X12":
        body = reader.x12(data)
        (line,) = groups(body, "IT1", ["TDS"])
        summary = body[[each.id for each in body].index("TDS") :]
        of_line, of_all = ([x12_truth.charge(each) for each in some(part, "SAC")] for part in (line, summary))
        return of_line, of_all, number(only(body, "TDS")[1]) / 100
    body = reader.edifact(data)
    (line,) = groups(body, "LIN", ["UNS"])
    summary = body[[each.id for each in body].index("UNS") :]
    whole = edifact_truth.charges(head(body, "LIN"))
    return edifact_truth.charges(line), whole, edifact_truth.moa(summary, "77")


@pytest.mark.parametrize("standard", ["X12", "EDIFACT"])
@settings(max_examples=60)
@given(
    of_line=st.none() | CENTS, of_all=st.none() | CENTS, own=st.just(NOTHING) | CENTS, quantity=st.integers(1, 40),
    price=st.integers(2000, 9999).map(lambda cents: Decimal(cents) / 100), part=st.integers(1, 40),
)  # fmt: skip
def test_each_is_said_once_and_the_total_is_what_was_posted(
    standard: Standard,
    of_line: Decimal | None,
    of_all: Decimal | None,
    own: Decimal,
    quantity: int,
    price: Decimal,
    part: int,
) -> None:
    """The first invoice of an order has its amounts whole, however much of it is billed; `own` is a discount of D365's."""
    line_code, code = CODES[standard]
    unit, symbol = UNITS[standard]
    allowed = Allowance(line_code, "line:PROMO", amount=of_line) if of_line is not None else None
    whole = Allowance(code, "line:BONUS", amount=of_all) if of_all is not None else None
    many = Decimal(quantity)
    bought = Bought("1", 1, "D0001", "B-1", "4012345000016", unit, symbol, many, price, 1, "", None, allowed)
    sold = Sold(1, "L-1", "D0001", symbol, many, price, 1, None, None)
    deal = Deal("4500012345", "SO-12345", None, None, (bought,), (sold,), whole)
    billed = Billed(sold, Decimal(min(part, quantity)), own, -(of_line or NOTHING))
    bill = Bill("CIV-1", POSTED, (billed,), -(of_all or NOTHING), NOTHING, NOTHING)
    data = path.sent("SalesInvoice", records.invoice(deal, bill), [deal], standard)
    lines, heads, total = found(data, standard)
    assert total == bill.total == billed.gross - own - (of_line or NOTHING) - (of_all or NOTHING)
    for charges, name, amount in ((lines, line_code, of_line), (heads, code, of_all)):
        named = [(each.amount, each.told) for each in charges if each.code == name]
        assert named == ([(-amount, False)] if amount is not None else [])
    others = [each.counted for each in (*lines, *heads) if each.code not in (line_code, code)]
    assert sum(others, NOTHING) == -own
