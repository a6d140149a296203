"""Public samples of every set, as documents: what the index calls valid is read without an error, and says what the file says."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from d365edi.documents import OrderChange, OrderResponse, Remittance, ShipNotice
from d365edi.maps.reader import Reading
from tests.maps.wire import GROUPS, plain, sets

ODD_UNIT = "is in no code table"
"""A partner's own word for a unit is asked of D365: no error of the reading."""


def readings(data: bytes) -> list[Reading]:
    """Every set of a file read by the shipped map of its version."""
    return [
        plain(report.id, report.guide.version)[0].read(report)
        for report in sets(data)
        if report.id in GROUPS and report.guide is not None
    ]


def one(corpus: Path, name: str) -> Reading:
    [reading] = readings((corpus / name).read_bytes())
    return reading


def test_every_valid_sample_of_a_mapped_set_becomes_a_document_without_an_error(corpus: Path) -> None:
    with (corpus / "INDEX.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["standard"] == "X12" and row["valid"] == "yes"]
    wrong, count = [], 0
    for name in names:
        for reading in readings((corpus / name).read_bytes()):
            count += 1
            errors = [str(finding) for finding in reading.findings if ODD_UNIT not in finding.message]
            if reading.document is None or errors:
                wrong.append((name, errors))
    assert (wrong, count > 60) == ([], True)


def test_an_855_says_what_becomes_of_each_line(corpus: Path) -> None:
    response = one(corpus, "x12_855_golden-4010.x12").document
    assert isinstance(response, OrderResponse)
    assert (response.number, response.acknowledgment, response.sales_order) == ("4500012345", "changed", "SO-000321")
    assert [
        (line.number, line.quantity, [(a.outcome, a.quantity) for a in line.answers]) for line in response.lines
    ] == [
        ("1", Decimal(120), [("accepted", Decimal(120))]),
        ("2", Decimal(48), [("quantity changed", Decimal(40))]),
        ("3", Decimal(10), [("accepted", Decimal(10))]),
    ]


def test_an_855_may_answer_one_line_several_times(corpus: Path) -> None:
    response = one(corpus, "x12_855_stupidedi-po-ack-minor-changes.x12").document
    answers = [(a.outcome, a.quantity, a.item.others and a.item.others[0].id) for a in response.lines[0].answers]
    assert answers == [
        ("price changed", None, ()),
        ("rescheduled", None, ()),
        ("quantity changed", Decimal(20), ()),
        ("substituted", None, "XX-1234-A"),
    ]


STRUCTURES = [
    ("x12_856_golden-SOPI-5010.x12", ["order", "pack", "line", "pack", "line", "pack", "line"]),
    ("x12_856_golden-SOTPI-4010.x12", ["order", "pallet", "pack", "line", "pack", "line", "pack", "line"]),
    ("x12_856_node-x12-856.x12", ["order", "line", "line"]),
]


@pytest.mark.parametrize(("name", "levels"), STRUCTURES)
def test_the_levels_of_an_856_hang_where_the_file_hangs_them(corpus: Path, name: str, levels: list[str]) -> None:
    notice = one(corpus, name).document
    assert isinstance(notice, ShipNotice)
    found: list[str] = []
    for order in notice.orders:
        found.append("order")
        found += ["line"] * len(order.lines)
        packs = list(order.packs)
        for pallet in order.pallets:
            found.append("pallet")
            packs += pallet.packs
        for pack in packs:
            found += ["pack", *["line"] * len(pack.lines)]
    assert found == levels


def test_an_856_says_which_carton_holds_what(corpus: Path) -> None:
    notice = one(corpus, "x12_856_golden-SOTPI-4010.x12").document
    assert (notice.number, notice.bill_of_lading, notice.tracking) == ("SHP0004711", "06141410000012345", "PRO778899")
    assert (notice.orders[0].number, notice.orders[0].invoice) == ("4500012345", "INV000987")
    [pallet] = notice.orders[0].pallets
    assert pallet.sscc == "00006141410000001019"
    assert [(pack.sscc, pack.lines[0].number, pack.lines[0].quantity) for pack in pallet.packs] == [
        ("00006141410000000012", "1", 120),
        ("00006141410000000029", "2", 40),
        ("00006141410000000036", "3", 10),
    ]


def test_a_supplier_s_856_without_orders_hangs_items_and_packs_in_the_shipment(corpus: Path) -> None:
    first = readings((corpus / "x12_856_stupidedi-1.x12").read_bytes())[0].document
    assert (first.orders, first.lines, len(first.pallets)) == ((), (), 3)
    assert [[(line.quantity, len(line.packs)) for line in pallet.lines] for pallet in first.pallets] == [
        [(1000, 0)],
        [(176, 2)],
        [(100, 0), (156, 2)],
    ]


def test_an_860_changes_one_line_or_cancels_the_order(corpus: Path) -> None:
    change = one(corpus, "x12_860_golden-4010.x12").document
    assert isinstance(change, OrderChange)
    assert (change.number, change.purpose, change.sequence) == ("4500012345", "change", "1")
    assert [(line.number, line.change, line.quantity, line.left, line.unit) for line in change.lines] == [
        ("2", "quantity decreased", Decimal(40), Decimal(40), "ea")
    ]
    cancel = one(corpus, "x12_860_golden-cancel-5010.x12").document
    assert (cancel.number, cancel.purpose, cancel.lines) == ("4500012399", "cancellation", ())


@pytest.mark.parametrize("version", ["4010", "5010"])
def test_an_820_pays_an_invoice_less_a_deduction(corpus: Path, version: str) -> None:
    remittance = one(corpus, f"x12_820_golden-{version}.x12").document
    assert isinstance(remittance, Remittance)
    assert (remittance.number, remittance.total, remittance.currency) == ("EFT0099887", Decimal("2690.14"), "USD")
    [line] = remittance.lines
    assert (line.kind, line.number, line.order_number) == ("IV", "INV000987", "4500012345")
    assert (line.paid, line.gross, line.discount) == (Decimal("2690.14"), Decimal("2769.02"), Decimal("53.88"))
    assert [(each.amount, each.reason, each.reference) for each in line.adjustments] == [
        (Decimal(-25), "ZZ", "CB-ASN-LATE")
    ]
