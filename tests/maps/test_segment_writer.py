"""Filling a segment: equal values each in the spelling that was kept with them, and a sentence for what does not fit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.errors import DocumentError
from tests.maps.wire import plain, writer, written
from tests.maps.wire_edifact import plain as edifact

LINE = {"number": "1", "quantity": Decimal(2), "unit": "ea", "price": Decimal("9.50"), "item": {"gtin": "614141000012"}}
HEAD = {"number": "A-1", "purpose": "00", "type": "SA", "date": date(2026, 11, 2)}


def order_with(**line: Any) -> PurchaseOrder:
    """An order of one line."""
    return PurchaseOrder.of({**HEAD, "lines": [{**LINE, **line}]})


@pytest.mark.parametrize(
    ("line", "segment"),
    [
        ({"pack": {"count": Decimal(6)}}, "PO4*6"),
        ({"pack": {"count": Decimal("6.0")}}, "PO4*6"),
        ({"pack": {"size": Decimal(1), "size_unit": "CA"}}, "PO4**1*CA"),
        ({"pack": {}}, "CTT*1*2"),
        ({"ship_from": date(2026, 11, 13)}, "DTM*010*20261113"),
        ({"ship_from": date(2026, 11, 13), "kept": {"ship_from": "037"}}, "DTM*037*20261113"),
        ({"price": Decimal("120")}, "PO1*1*2*EA*120**UP*614141000012"),
        ({"price": Decimal("1.2E+2")}, "PO1*1*2*EA*120**UP*614141000012"),
        ({"price": Decimal("-0.00")}, "PO1*1*2*EA*0**UP*614141000012"),
        ({"price": Decimal("9.50"), "kept": {"item.gtin": "UI"}}, "PO1*1*2*EA*9.5**UI*614141000012"),
    ],
)
def test_equal_values_are_written_as_each_was_said(line: dict[str, Any], segment: str) -> None:
    _, shared = plain("850", "004010")
    for _ in range(2):
        segments = written(shared.write(order_with(**line)))
        assert segment in segments
        assert len(segments) == 3 + ("CTT" not in segment and "PO1" not in segment)


def test_a_value_that_does_not_fit_is_named_each_time() -> None:
    shared = writer("850")
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"item.gtin \(PO1\[UP\|EN\|UK\|UA\|UI\]\): .* has 90 characters"):
            shared.write(order_with(item={"gtin": "9" * 90}))


PARTY = {"name": "STORE 7", "id_kind": "92", "id": "0007"}


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (
            {"parties": {"ship_to": {"name": "STORE 7", "id": "0007"}}},
            "of parties.ship_to.id_kind (N103), parties.ship_to.id (N104) either all or none must be there",
        ),
        (
            {"parties": {"ship_to": {"street": "1 MAIN ST"}}},
            "of parties.ship_to.name (N102), parties.ship_to.id_kind (N103) at least one must be there",
        ),
        (
            {"terms": {"discount_percent": Decimal(2), "discount_amount": Decimal(1)}},
            "terms.discount_percent (ITD03), terms.discount_due (ITD04), terms.discount_days (ITD05), "
            "terms.day_of_month (ITD13) the first needs one of the others",
        ),
        ({"lines": [{**LINE, "price": None, "price_basis": "each"}]}, "the first needs all the others"),
        ({"parties": {"ship_to": {**PARTY, "second_name": None, "third_name": "REAR"}}}, "second_name (N201) is empty"),
        (
            {"date": None},
            "date (BEG05) is empty, and BEG needs it; fill it, or give the map a constant or default for it",
        ),
        ({"lines": []}, "PO1 is mandatory, and number and quantity gives it no value"),
    ],
)
def test_what_the_standard_asks_for_is_named(head: dict[str, Any], sentence: str) -> None:
    order = PurchaseOrder.of({**HEAD, "lines": [LINE], **head})
    with pytest.raises(DocumentError) as raised:
        plain("850", "004010")[1].write(order)
    assert str(raised.value).startswith("PurchaseOrder A-1 for acme: ")
    assert sentence in str(raised.value)


def test_a_default_makes_no_half_of_a_pair() -> None:
    writes = writer("850", override={"defaults": {"N1[ST]03": "92"}})
    named = PurchaseOrder.of({**HEAD, "lines": [LINE], "parties": {"ship_to": {"name": "STORE 7"}}})
    numbered = PurchaseOrder.of({**HEAD, "lines": [LINE], "parties": {"ship_to": {"name": "STORE 7", "id": "0007"}}})
    assert "N1*ST*STORE 7" in written(writes.write(named))
    assert "N1*ST*STORE 7*92*0007" in written(writes.write(numbered))


def test_a_composite_needs_its_mandatory_components() -> None:
    values = {"number": "1", "date": date(2026, 11, 2), "parties": {"buyer": {"id_kind": "9"}}, "lines": [LINE]}
    with pytest.raises(DocumentError, match=r"parties.buyer.id \(NAD02-1\) is empty, and NAD needs it"):
        edifact("ORDERS", "D96A")[1].write(PurchaseOrder.of({**values, "purpose": "00"}))


def test_defaults_for_both_halves_of_a_pair_make_it() -> None:
    """At 1eebee2 [partners.NAME.send.810.map.defaults] with N103 and N104 had no effect."""
    half, both = {"N1[ST]03": "92"}, {"N1[ST]03": "92", "N1[ST]04": "778899"}
    named = {"number": "A-1", "parties": {"ship_to": {"name": "ACME"}}, "lines": [LINE]}
    for defaults, wanted in ((half, ["N1", "ST", "ACME"]), (both, ["N1", "ST", "ACME", "92", "778899"])):
        body = writer("850", override={"defaults": defaults}).write(PurchaseOrder.of(HEAD | named))
        assert [segment for segment in body if segment[0] == "N1"] == [wanted]
    body = writer("850", override={"defaults": both}).write(PurchaseOrder.of(HEAD | {"number": "A-1", "lines": [LINE]}))
    assert [segment for segment in body if segment[0] == "N1"] == []
