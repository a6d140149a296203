"""What is said of the whole: an invoice's ship date and early payment; a shipment's cartons, weight, time and carrier."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import Invoice, ShipNotice
from d365edi.matching.wholes import of_invoice, of_notice
from tests.maps import wire, wire_edifact

D = Decimal
DAY, NEXT = date(2026, 11, 12), date(2026, 11, 13)
NOW = datetime(2026, 11, 14, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "head"), [((DAY, DAY), DAY), ((DAY, NEXT), None), ((DAY, None), None), ((None,), None)]
)
def test_the_head_of_an_invoice_says_the_day_on_which_all_was_shipped(
    days: tuple[date | None, ...], head: date | None
) -> None:
    made = Invoice.of({"number": "1", "lines": [{"ship_date": day} for day in days]})
    assert of_invoice(made).ship_date == head


@pytest.mark.parametrize(
    ("discount", "percent", "base"),
    [("2.30", "2", "115"), ("2.00", "2", "100"), ("2.10", "2", "105"), ("1.98", "2", None), ("2.00", None, None)],
)
def test_the_discount_is_of_the_total_the_total_without_tax_or_the_goods(
    discount: str, percent: str | None, base: str | None
) -> None:
    """At b0a5549 TDS04 stood alone: TDS02 (what is discounted) and TDS03 (what is left to pay) were empty."""
    terms = {"discount_percent": D(percent)} if percent else {}
    head = {"number": "1", "total": D("115"), "discount": D(discount), "taxes": [{"amount": D(10)}], "terms": terms}
    found = of_invoice(Invoice.of({**head, "lines": [{"amount": D(100)}]}))
    assert (found.discountable, found.discounted) == (D(base) if base else None, D(115) - D(discount))


def notice(packed: int, *, loose: int = 0, weights: tuple[str, ...] = (), unit: str = "lb", **more: Any) -> ShipNotice:
    """A shipment of an order with so many lines in a pack each, and so many in none."""
    lines = [
        {
            "quantity": D(1),
            "unit": "ea",
            "item": {"buyer": "A-1"},
            **({"weight": D(weights[at]), "weight_unit": unit} if at < len(weights) else {}),
        }
        for at in range(packed + loose)
    ]
    packs = [{"sscc": str(at), "lines": [lines[at]]} for at in range(packed)]
    order = {"number": "4711", "packs": packs, "lines": lines[packed:]}
    return ShipNotice.of({"number": "S1", "date": DAY, "time": "1200", "orders": [order], **more})


def test_cartons_are_counted_where_all_is_in_one_and_weighed_where_all_is_weighed() -> None:
    found = of_notice(notice(2, weights=("1.5", "2")), NOW, ()).packages
    assert (found.count, found.packaging, found.weight, found.weight_unit, found.weight_kind) == (
        D(2), "carton", D("3.5"), "lb", "gross",
    )  # fmt: skip
    assert of_notice(notice(2, weights=("1.5",)), NOW, ()).packages.weight is None
    assert of_notice(notice(1, weights=("1",), unit="stone"), NOW, ()).packages.weight is None
    assert of_notice(notice(1, loose=1), NOW, ()).packages.count is None
    assert of_notice(notice(0, loose=1), NOW, ()) == notice(0, loose=1)


def test_what_d365_says_of_the_packages_counts_more() -> None:
    made = notice(2, packages={"count": D(9)})
    assert of_notice(made, NOW, ()) == made


def test_a_notice_without_a_moment_of_d365_is_of_the_moment_it_is_made() -> None:
    """At b0a5549 BSN04 was 1200, the noon that a day of D365 has."""
    found = of_notice(notice(1, time=None), NOW, ())
    assert (found.date, found.time) == (date(2026, 11, 14), "1705")
    assert of_notice(notice(1), NOW, ()).time == "1200"


def test_a_carrier_is_an_id_where_the_partner_s_code_is_known_and_text_elsewhere() -> None:
    made = notice(1, carrier={"id": "Northern"})
    known = of_notice(made, NOW, {"Northern"}).carrier
    assert (known.id, known.id_kind) == ("Northern", "scac")
    told = of_notice(made, NOW, ()).carrier
    assert (told.id, told.routing) == (None, "Northern")


def test_our_warehouse_is_a_code_of_ours() -> None:
    found = of_notice(notice(1, parties={"ship_from": {"id": "11"}}), NOW, ()).parties.ship_from
    assert (found.id_kind, found.id) == ("91", "11")


@pytest.mark.parametrize(
    ("set", "written"),
    [
        ("856", [["TD1", "CTN", "2", "", "", "", "G", "3.5", "LB"], ["TD5", "", "2", "NRTH"]]),
        (
            "DESADV",
            [
                ["MEA", "WT", "G", ("LBR", "3.5")],
                ["TDT", "20", "", "", "", ("NRTH", "", "182")],
                ["PAC", "2", "", "CT"],
            ],
        ),
    ],
)
def test_weight_cartons_and_carrier_are_written_in_both_standards(set: str, written: list[Any]) -> None:
    """At e9ad584 a DESADV said no weight, and a SCAC without whose code it is."""
    head: dict[str, Any] = {"carrier": {"id": "Northern"}, "ship_date": DAY, "purpose": "original", "structure": "0001"}
    made = of_notice(notice(2, weights=("1.5", "2"), **head), NOW, {"Northern"})
    codes = {"carrier.id": {"NRTH": "Northern"}}
    side: Any = wire.writer if set == "856" else lambda *each, **more: wire_edifact.sides(*each, **more)[1]
    body = side(set, codes=codes).write(made)
    assert [each for each in body if each[0] in ("TD1", "TD5", "MEA", "TDT", "PAC")][: len(written)] == written
