"""What numbers say of a variant is put together, and never more than they say."""

from __future__ import annotations

import pytest

from d365edi.documents import Invoice
from d365edi.matching.item_numbers import together
from d365edi.matching.lookup import Profile
from d365edi.matching.references import find_references, resolve
from d365edi.matching.resolution import Resolution, ResolvedReference, Variant

RED, BLUE, LARGE = Variant(color="RED"), Variant(color="BLUE"), Variant(size="L")
WHOLE = Variant(color="RED", size="L")


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ([], [Variant()]),
        ([{RED}], [RED]),
        ([{RED}, {Variant(color="red ".strip())}], [RED]),
        ([{RED}, set()], [RED]),
        ([{RED}, {LARGE}], [WHOLE]),
        ([{RED, BLUE}, {WHOLE}], [WHOLE]),
        ([{RED}, {BLUE}], []),
        ([{RED, BLUE}], [BLUE, RED]),
        ([{RED, BLUE}, {LARGE}], [Variant(color="BLUE", size="L"), WHOLE]),
    ],
)
def test_numbers_are_one_variant_where_none_contradicts(found: list[set[Variant]], meant: list[Variant]) -> None:
    assert together(found) == meant


def test_a_variant_is_stored_with_the_answers_and_only_where_there_is_one() -> None:
    known = Resolution().plus(
        ResolvedReference("item", "D1", (1,), more=WHOLE.said), ResolvedReference("item", "D2", (2,))
    )
    assert Resolution.from_json(known.to_json()) == known
    assert (known.of("color", 1, None), known.of("size", 1, None), known.of("color", 2, None)) == ("RED", "L", None)
    assert "variants" not in Resolution().plus(ResolvedReference("item", "D2", (2,))).to_json()


BARCODES = [
    {"ItemNumber": "D9", "Barcode": "614141000050", "ProductColorId": "RED", "ProductQuantityUnitSymbol": "ea"},
    {"ItemNumber": "D9", "Barcode": "614141000067", "ProductColorId": "BLUE", "ProductQuantityUnitSymbol": "ea"},
]
WHOLE_ITEM = {"ItemNumber": "D9", "Barcode": "614141000081", "ProductColorId": "", "ProductQuantityUnitSymbol": "cs"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (BARCODES, ["614141000050", "614141000067"]),
        ([*BARCODES, WHOLE_ITEM], ["614141000050", "614141000067"]),
        ([BARCODES[0], WHOLE_ITEM], ["614141000050", "614141000081"]),
        ([BARCODES[0]], ["614141000050", ""]),
    ],
)
def test_what_we_send_has_the_barcode_of_its_own_colour(rows: list[dict[str, str]], found: list[str]) -> None:
    lines = [{"item": {"own": "D9", "variant": {"color": color}}, "unit": "ea"} for color in ("RED", "BLUE")]
    invoice = Invoice.of({"number": "1", "lines": lines})
    profile = Profile("acme", items={"OWN": "D9", "OWN-BLUE": "D9"}, variants={"OWN-BLUE": BLUE})
    references = find_references(invoice, profile)
    assert [each.buyer for _, each in sorted(references.resolution.theirs.items())] == ["OWN", "OWN-BLUE"]
    answers = [resolve(each, [rows]) for each in references.unresolved]
    assert [each.value for each in answers if isinstance(each, ResolvedReference)] == found
