"""Whose item a line is: barcodes without their check digit, and numbers that are different items of ours."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.matching.barcodes import whole_gtins
from d365edi.matching.lookup import Profile
from d365edi.matching.references import find_references, resolve
from d365edi.matching.resolution import ResolvedReference

FORMS = [
    ("UI", "61414100001", ("614141000012",)),  # 1-5-5
    ("UA", "061414100001", ("0614141000012",)),  # 2-5-5
    ("UA", "614141000012", ("6141410000120",)),  # its last digit is no check digit, though it fits
    ("UP", "614141000012", ("614141000012",)),
    ("UP", "61414100001", ("614141000012",)),
    ("UP", "36000291452", ("36000291452", "360002914522")),  # without its zero in front, or its check digit
    ("UK", "1061414100001", ("10614141000019",)),
    ("EN", "614141000012", ("614141000012", "6141410000120")),  # a U.P.C. behind EN
    ("UP", "B07CYXX3PY", ("B07CYXX3PY",)),
    (None, "61414100001", ("61414100001",)),
]


@pytest.mark.parametrize(("qualifier", "number", "whole"), FORMS)
def test_the_check_digit_of_a_barcode_is_computed_and_never_padded(
    qualifier: str | None, number: str, whole: tuple[str, ...]
) -> None:
    assert whole_gtins(number, qualifier) == whole


LINE = {
    "number": "1", "item": {"buyer": "ACME-4711", "gtin": "614141000029"}, "kept": {"item.buyer": "BP", "item.gtin": "UP"},
}  # fmt: skip


def settled(
    known: Mapping[str, list[tuple[str, str]]], items: Mapping[str, str] | None = None
) -> ResolvedReference | Finding | None:
    """What the line's item is, when sets of D365 have these pairs of a number and our item."""
    order = PurchaseOrder.of({"number": "P1", "lines": [LINE]})
    profile = Profile("acme", "usmf", "US-003", items or {})
    found = find_references(order, profile)
    if found.resolution.items:
        return ResolvedReference("item", found.resolution.items[1], (1,))
    reference = next(each for each in found.unresolved if each.kind == "item")
    rows = [
        [{lookup.theirs: number, lookup.ours: item} for number, item in known.get(lookup.query.set, [])]
        for lookup in reference.lookups
    ]
    if len(rows) > 1:
        assert resolve(reference, rows[:1]) is None, "every number is asked for"
    return resolve(reference, rows)


BUYER, GTIN = "CustomerProductDescriptionsV2", "ProductBarcodesV3"


def test_numbers_that_are_two_items_of_ours_hold_and_are_both_named() -> None:
    """The buyer's number won, and nothing was said."""
    found = settled({BUYER: [("ACME-4711", "D0001")], GTIN: [("614141000029", "D0002")]})
    assert isinstance(found, Finding)
    assert "BP ACME-4711 is D0001, UP 614141000029 is D0002; ask which one is meant, and add it under" in str(found)
    assert "[partners.acme.items]" in str(found)


@pytest.mark.parametrize(
    "known",
    [
        {BUYER: [("ACME-4711", "D0001")], GTIN: [("614141000029", "D0001")]},
        {BUYER: [("ACME-4711", "D0001")]},
        {GTIN: [("614141000029", "D0001")]},
        {BUYER: [("ACME-4711", "D0001")], GTIN: [("614141000029", "D0002"), ("614141000029", "D0001")]},
    ],
)
def test_numbers_that_agree_or_are_not_known_are_one_item(known: Mapping[str, list[tuple[str, str]]]) -> None:
    found = settled(known)
    assert isinstance(found, ResolvedReference)
    assert found.value == "D0001"


def test_the_partner_s_own_table_counts_more_and_holds_where_it_says_two() -> None:
    known = {BUYER: [("ACME-4711", "D0001")], GTIN: [("614141000029", "D0002")]}
    found = settled(known, {"ACME-4711": "D0001"})
    assert isinstance(found, ResolvedReference)
    assert found.value == "D0001"
    torn = settled(known, {"ACME-4711": "D0001", "614141000029": "D0002"})
    assert "ACME-4711 is D0001, 614141000029 is D0002; correct [partners.acme.items]" in str(torn)


def test_a_number_of_several_items_holds() -> None:
    found = settled({GTIN: [("614141000029", "D0002"), ("614141000029", "D0003")]})
    assert "is several items of usmf: D0002, D0003" in str(found)


def test_a_second_number_of_one_kind_is_looked_up_like_the_first() -> None:
    """It was kept and never asked for."""
    line = {
        **LINE,
        "item": {
            "buyer": "ACME-4711",
            "others": [{"qualifier": "BP", "id": "ACME-4712"}, {"qualifier": "CB", "id": "7"}],
        },
    }
    found = find_references(PurchaseOrder.of({"number": "P1", "lines": [line]}), Profile("acme", "usmf", "US-003"))
    reference = next(each for each in found.unresolved if each.kind == "item")
    assert [lookup.values for lookup in reference.lookups] == [("ACME-4711",), ("ACME-4712",)]
    rows = [
        [{lookup.theirs: number, lookup.ours: item}]
        for lookup, number, item in zip(reference.lookups, ("ACME-4711", "ACME-4712"), ("D0001", "D0002"), strict=True)
    ]
    assert "BP ACME-4711 is D0001, BP ACME-4712 is D0002" in str(resolve(reference, rows))
