"""A partner's rows lie over the shipped map and change reading and writing together; a wrong one is refused with its line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from d365edi.documents import KINDS, Invoice, PurchaseOrder, values
from d365edi.errors import SettingsError
from d365edi.maps.reader import Reader
from d365edi.maps.table import load, meant_section
from tests.maps.wire import guide, reader, report, writer, written

ORDER = (
    "BEG*00*SA*4500123**20260105", "REF*DP*042", "DTM*175*20260119", "PO1*1*12*CA*10.5**BP*ACME-4711", "CTT*1",
)  # fmt: skip
INVOICE = (
    "BIG*20260113*CIV-1*20260105*4500123", "REF*DP*042", "DTM*011*20260112", "IT1*1*12*CA*10.5**BP*ACME-4711",
    "TDS*12600", "CTT*1",
)  # fmt: skip
Override = Mapping[str, Any]


def order(override: Override | None = None, version: str = "004010") -> PurchaseOrder:
    """The order as a map with this override reads it."""
    read = reader("850", version, override).read(report("850", ORDER, version)).document
    assert isinstance(read, PurchaseOrder)
    return read


def invoice(override: Override | None = None) -> Invoice:
    """The invoice as a map with this override reads it."""
    read = reader("810", override=override).read(report("810", INVOICE)).document
    assert isinstance(read, Invoice)
    return read


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_moved_field_is_read_and_written_at_its_new_place(version: str) -> None:
    moved = {"fields": {"ship_by": "DTM[175]02"}}
    assert (order(version=version).ship_by, order(moved, version).ship_by) == (None, date(2026, 1, 19))
    assert "DTM*175*20260119" in written(writer("850", version, moved).write(order(moved, version)))
    assert "DTM*038*20260119" in written(writer("850", version).write(order(moved, version)))


def test_a_row_that_is_taken_away_is_neither_read_nor_written() -> None:
    without = {"fields": {"department": False}}
    assert (order().department, order(without).department) == ("042", None)
    assert "REF*DP*042" in written(writer("850").write(order()))
    assert "REF*DP*042" not in written(writer("850", override=without).write(order()))
    assert (invoice().department, invoice(without).department) == ("042", None)
    assert "REF*DP*042" not in written(writer("810", override=without).write(invoice()))


def test_a_constant_is_written_and_creates_its_segment() -> None:
    constant = {"constants": {"REF[VR]02": "778899"}}
    for set_id, document in (("850", order(constant)), ("810", invoice(constant))):
        assert "REF*VR*778899" not in written(writer(set_id).write(document))
        assert "REF*VR*778899" in written(writer(set_id, override=constant).write(document))


def test_a_code_table_reads_their_word_as_ours_and_writes_it_back() -> None:
    boxes = {"codes": {"unit": {"CA": "box"}}}
    assert (order().lines[0].unit, order(boxes).lines[0].unit) == ("cs", "box")
    assert (invoice().lines[0].unit, invoice(boxes).lines[0].unit) == ("cs", "box")
    bare = order(boxes).replace(lines=(order(boxes).lines[0].replace(kept=None),))
    assert (
        next(row for row in written(writer("850", override=boxes).write(bare)) if row.startswith("PO1")).split("*")[3]
        == "CA"
    )


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"fields": {"ship_by": "DTX[175]02"}}, 'settings.toml:9 fields.ship_by: [fields.ship_by] "DTX[175]02"'),
        ({"fields": {"ship_by": "DTM[175]09"}}, "settings.toml:9 fields.ship_by"),
        ({"fields": {"shipby": "DTM[175]02"}}, "settings.toml:9 fields.shipby"),
        ({"fields": {"department": "REF[ZZ]02", "vendor_number": "REF[ZZ]02"}}, "settings.toml:9 fields."),
        ({"fields": {"department": "BEG03"}}, "settings.toml:9 fields.department"),
        ({"fields": {"ship_by": "DTM175]02"}}, "settings.toml:9 fields.ship_by"),
        ({"constants": {"REFX02": "1"}}, "settings.toml:9 constants.REFX02"),
    ],
    ids=[
        "no such segment",
        "no such element",
        "no such field",
        "two fields on one place",
        "no place left for the number",
        "no path",
        "no such constant",
    ],
)
def test_a_wrong_row_is_refused_with_its_line(override: Override, words: str) -> None:
    table = load("x12", "850", override, locate=lambda key: f"settings.toml:9 {'.'.join(key)}")
    with pytest.raises(SettingsError) as error:
        Reader(table, guide("850"))
    assert str(error.value).startswith(words)


FLOW = "partners.acme.receive.850.map"
ROW = "is a table of rows in the map, not one row; write its rows under"
STRAY = [
    ({"ship_by": "DTM[175]02"}, f'ship_by] "ship_by" stands outside of a table; rows of fields stand under [{FLOW}.fields]'),
    ({"feilds": {"ship_by": "DTM[175]02"}}, 'feilds] "feilds" is no table of a map; did you mean "fields"?'),
    ({"x": {}}, 'x] "x" is no table of this map and no list with a loop'),
    ({"codes": {"unit": "EA"}}, f'codes.unit] "unit" {ROW} [{FLOW}.codes.unit]'),
    ({"fields": "BEG03"}, f'fields] "fields" {ROW} [{FLOW}.fields]'),
]  # fmt: skip


@pytest.mark.parametrize(("override", "words"), STRAY)
def test_what_is_no_row_is_named_by_its_whole_key(override: Override, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        Reader(
            load("x12", "850", override, locate=lambda _: "settings.toml:9", base=tuple(FLOW.split("."))), guide("850")
        )
    assert str(error.value).startswith(f"settings.toml:9: [{FLOW}.{words}")


def test_the_nearest_set_is_named_where_there_is_no_map() -> None:
    with pytest.raises(SettingsError, match=r'there is no x12 map "851"; did you mean "850"\? known are 810, 820'):
        load("x12", "851")


def test_nothing_of_a_document_is_taken_for_a_misspelt_table() -> None:
    known = set[str]()
    for kind in (*KINDS.values(), *(each for each in vars(values).values() if hasattr(each, "__struct_fields__"))):
        known |= set(kind.__struct_fields__)
    assert "contacts" in known
    assert {name: meant for name in known - {"code"} if (meant := meant_section(name))} == {}
    assert [meant_section(name) for name in ("feilds", "constant", "default", "code", "fields")] == [
        "fields", "constants", "defaults", "codes", "",
    ]  # fmt: skip
