"""What a column means is never guessed: totals, decimal points, days and columns that could be read in two ways hold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.flows.reparse import problems
from d365edi.maps.csv.reader import FlatReader, FlatReading
from d365edi.maps.table import load

HEAD = "PO Number,PO Date,Line,Quantity,Unit,Price,Buyer Item"
ROWS = ["1,2026-11-02,1,12,EA,10.5,A", "1,2026-11-02,2,3,EA,99.99,B"]


def read(text: str, override: Mapping[str, Any] | None = None) -> FlatReading:
    return FlatReader(load("csv", "PurchaseOrder", override)).read(text.encode())


def held(found: FlatReading) -> dict[str, list[str]]:
    """Documents with the sentences that hold each."""
    result = {}
    for reading in found.readings:
        assert isinstance(reading.document, PurchaseOrder)
        result[reading.document.number] = [str(each) for each in reading.findings if each.severity == "error"]
    return result


@pytest.mark.parametrize(
    ("total", "sound"),
    [
        ("TOTAL,,,15,,,", True),
        ("TOTAL,,,15,,425.97,", True),  # 12 x 10.5 + 3 x 99.99 below the prices
        ("Grand Total:,,2,,,,", True),
        ("TOTAL,,,15,,110.49,", True),  # the sum of the prices
        ("TOTAL,,,15,,425.98,", False),
        ("TOTAL,,,16,,425.97,", False),
    ],
)
def test_a_row_of_totals_may_say_the_amount_below_the_prices(total: str, *, sound: bool) -> None:
    found = read("\n".join([HEAD, *ROWS, total]))
    assert [each.rule for each in found.findings if each.severity == "error"] == ([] if sound else ["totals"])


def test_blanks_between_a_comma_and_a_quote_are_no_part_of_the_value() -> None:
    quoted = "\n".join(", ".join(f'"{cell}"' for cell in row.split(",")) for row in [HEAD, *ROWS])
    assert read(quoted).readings == read("\n".join([HEAD, *ROWS])).readings


POINTS = [("1.200", False), ("12.500", False), ("1.20", True), ("0.125", True), ("1200.000", True), ("1.2005", True)]


@pytest.mark.parametrize(("quantity", "sound"), POINTS)
def test_a_point_that_may_separate_thousands_holds_in_a_file_with_semicolons(quantity: str, *, sound: bool) -> None:
    text = f"{HEAD}\n1,2026-11-02,1,{quantity},EA,10,A".replace(",", ";")
    (sentences,) = held(read(text)).values()
    if sound:
        assert sentences == []
    else:
        whole = quantity.replace(".", "")
        assert [each.split("; ")[0] for each in sentences] == [
            f'Quantity: "{quantity}" in line 2 could be {whole} or {quantity}, as the file separates its values'
        ]


def test_a_point_is_taken_where_commas_separate_or_the_partner_agreed_it() -> None:
    text = f"{HEAD}\n1,2026-11-02,1,1.200,EA,10,A"
    agreed = read(text.replace(",", ";"), {"file": {"decimal": "."}})
    for found in (read(text), agreed):
        assert held(found) == {"1": []}
        document = found.readings[0].document
        assert isinstance(document, PurchaseOrder)
        assert document.lines[0].quantity == Decimal("1.200")
    described = read(text.replace(",", ";"), {"columns": {"Quantity": "decimal ."}})
    assert held(described) == {"1": []}


def test_days_are_judged_by_their_column() -> None:
    rows = ["1,12/11/2026,1,1,EA,1,A", "2,13/11/2026,1,1,EA,1,A", "3,11/11/2026,1,1,EA,1,A", "4,2026-11-12,1,1,EA,1,A"]
    found = held(read("\n".join([HEAD, *rows])))
    assert found["1"] == [
        'PO Date: "12/11/2026" in line 2 could be another day: line 3 says "13/11/2026", which is one only with day '
        "and month the other way round; give the flow's map a [file] whose dates say the order that they use"
    ]
    assert len(found["2"]) == 1  # no day as the map spells it
    assert (found["3"], found["4"]) == ([], [])  # the same either way; another spelling


def test_days_of_one_order_are_taken_where_each_fits() -> None:
    rows = ["1,12/11/2026,1,1,EA,1,A", "2,12/13/2026,1,1,EA,1,A"]
    assert held(read("\n".join([HEAD, *rows]))) == {"1": [], "2": []}
    turned = [row.replace("12/13", "13/12") for row in rows]
    agreed = {"file": {"dates": "DD/MM/YYYY"}}
    assert held(read("\n".join([HEAD, *turned]), agreed)) == {"1": [], "2": []}


def test_two_columns_of_one_meaning_must_say_the_same() -> None:
    rows = ["1,2026-11-02,1,12,EA,10,A,12", "2,2026-11-02,1,12,EA,10,A,99", "3,2026-11-02,1,12,EA,10,A,"]
    found = held(read("\n".join([HEAD + ",Qty Ordered", *rows])))
    assert (found["1"], found["3"]) == ([], [])
    assert found["2"] == [
        'Quantity is "12" in line 3, and column 8, another name of it, says "99"; give the flow\'s map a row that names '
        "the column that counts"
    ]
    chosen = read("\n".join([HEAD + ",Qty Ordered", *rows[:2]]), {"lines": {"quantity": "Qty Ordered"}})
    assert held(chosen) == {"1": [], "2": []}


TOTALS: dict[str, tuple[str, list[str]]] = {
    "what the lines come to": ("425.97,", []),
    "rounded": ("425.98,", []),
    "nothing": (",", []),
    "something else": ("999.00,", ['the column "Order Total" says 999.00, and the lines come to 425.97']),
    "for an unknown unit": ("999.00,KG", []),
    "zero": ("0,", ['the column "Order Total" says 0, and the lines come to 425.97']),
}


@pytest.mark.parametrize(("cells", "expected"), TOTALS.values(), ids=TOTALS)
def test_a_total_that_the_lines_do_not_come_to_holds_the_order(cells: str, expected: list[str]) -> None:
    """It was created, where AMT*TT of an 850 holds."""
    (reading,) = read("\n".join([f"{HEAD},PO Total,Price Unit", *(f"{row},{cells}" for row in ROWS)])).readings
    holding = [each for each in reading.unmapped if each.holds]
    assert [each.message for each in holding] == expected
    assert all('add ignore = ["Order Total"]' in each.remedy for each in holding)
    assert bool(problems(reading)) == bool(expected)
    assert problems(reading, ["Order Total"]) == []


def test_the_price_is_for_so_many_where_a_total_is_compared() -> None:
    (reading,) = read(f"{HEAD},PO Total,Price Per\n1,2026-11-02,1,1000,EA,50,A,500.00,100").readings
    assert [each for each in reading.unmapped if each.holds] == []


COLUMNS: list[tuple[str, str, str]] = [
    ("Discount %", "10", 'the column "Discount" says a discount ("10"), and no row of the map reads it'),
    (
        "Allowance",
        "5.00",
        'the column "Allowance" says an allowance or charge ("5.00"), and no row of the map reads it',
    ),
    (
        "LINE_STATUS",
        "CANCELLED",
        'the column "Line Status" says a status ("CANCELLED"), and no row of the map reads it',
    ),
    ("Line Status", "Open", ""),
    ("Discount", "0.00", ""),
    ("Allowance", "", ""),
    ("Colour", "red", ""),
]


@pytest.mark.parametrize(("column", "value", "expected"), COLUMNS)
def test_a_column_that_changes_the_meaning_and_that_nobody_reads_holds(column: str, value: str, expected: str) -> None:
    """It was a note, and the order was created without the discount, or with the line that was cancelled."""
    found = read("\n".join([f"{HEAD},{column}", f"{ROWS[0]},", f"{ROWS[1]},{value}"]))
    (reading,) = found.readings
    assert [(each.message, each.where.line) for each in reading.unmapped if each.holds] == (
        [(expected, 3)] if expected else []
    )
    assert problems(reading, [each.where.segment for each in reading.unmapped]) == []


def test_columns_that_change_the_meaning_are_not_missed_and_can_be_read_or_taken_out() -> None:
    (missing,) = [each.message for each in read("\n".join([HEAD, *ROWS])).findings if each.rule == "column"]
    assert "Allowance" not in missing
    text = "\n".join([f"{HEAD},Status,Action", f"{ROWS[0]},HELD,DELETE"])
    (reading,) = read(text, {"meaning": {"Status": False}, "fields": {"department": "Action"}}).readings
    assert [each for each in reading.unmapped if each.holds] == []
    assert reading.document.department == "DELETE"


BILL = "Invoice Number,Invoice Date,Line,Quantity,Unit,Price,Vendor Item"
PAID = "Payment Number,Payment Date,Payment Amount,Invoice Number,Amount Paid"


@pytest.mark.parametrize(
    ("document", "head", "row", "column", "value", "said"),
    [
        ("Invoice", BILL, "I-1,2026-11-02,1,12,EA,10.5,V-1", "Freight", "6", "an allowance or charge"),
        ("Invoice", BILL, "I-1,2026-11-02,1,12,EA,10.5,V-1", "Tax Amount", "9", "a tax"),
        ("Invoice", BILL, "I-1,2026-11-02,1,12,EA,10.5,V-1", "VAT", "19", "a tax"),
        ("Invoice", BILL, "I-1,2026-11-02,1,12,EA,10.5,V-1", "Line Discount", "1", "a discount"),
        ("Invoice", BILL, "I-1,2026-11-02,1,12,EA,10.5,V-1", "Tax Amount", "0.00", ""),
        ("Remittance", PAID, "P-1,2026-11-02,98,I-1,98", "Void", "Yes", "a cancellation"),
        ("Remittance", PAID, "P-1,2026-11-02,98,I-1,98", "Tax Withheld", "2", "a tax"),
        ("Remittance", PAID, "P-1,2026-11-02,98,I-1,98", "Status", "Paid", ""),
    ],
)
def test_a_column_that_changes_what_is_owed_holds_it_where_no_row_reads_it(
    document: str, head: str, row: str, column: str, value: str, said: str
) -> None:
    found = FlatReader(load("csv", document)).read(f"{head},{column}\n{row},{value}\n".encode())
    [reading] = found.readings
    held = [each.message for each in reading.unmapped if each.holds]
    sentence = f'the column "{column}" says {said} ("{value}"), and no row of the map reads it'
    assert held == ([sentence] if said else [])
