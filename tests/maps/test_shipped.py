"""The shipped X12 maps: each compiles for every version, and what one shares with another is written once."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from d365edi.documents import KINDS
from d365edi.edi import guides
from d365edi.errors import SettingsError
from d365edi.maps.computed import formula
from d365edi.maps.reader import Reader
from d365edi.maps.table import load
from d365edi.maps.writer import Writer
from tests.maps.wire import guide, plain, reader, report, written

SETS = sorted(
    each.name.removesuffix(".toml") for each in (files("d365edi.maps") / "x12").iterdir() if each.name.endswith(".toml")
)


@pytest.mark.parametrize("set", SETS)
def test_every_map_can_be_read_and_written_in_every_version(set: str) -> None:
    versions = [found for version in guides.VERSIONS["X12"] if (found := guides.load("X12", set, version)) is not None]
    table = load("x12", set)
    for each in versions:
        Reader(table, each, versions=versions)
        Writer(table, each, versions=versions)
    assert (len(versions) > 1, table.document in KINDS) == (True, True)


def test_a_map_that_is_like_another_has_its_rows_but_for_its_own() -> None:
    order, change = load("x12", "850").tree, load("x12", "860").tree
    assert change["fields"]["department"] == order["fields"]["department"]
    assert (order["fields"]["number"], change["fields"]["number"]) == ("BEG03", "BCH03")
    assert (order["lines"]["loop"], change["lines"]["loop"]) == ("PO1", "POC")
    assert "texts" not in load("x12", "855").tree["lines"]


def test_a_list_that_is_like_itself_or_no_list_is_a_mistake_of_the_map() -> None:
    for name in ("orders", "orders.lines.nothing", "fields.number"):
        table = load(
            "x12", "856", {"orders": {"packs": {"like": name}}}, locate=lambda key: f"settings.toml:7 {'.'.join(key)}"
        )
        with pytest.raises(SettingsError) as error:
            Reader(table, guide("856"))
        assert str(error.value).startswith(
            f'settings.toml:7 orders.packs.like: [orders.packs.like] "{name}" is no other list'
        )


def test_a_wrong_row_in_a_list_that_others_are_like_is_told_where_it_was_written() -> None:
    override = {"orders": {"lines": {"batch": "REF[LT]99"}}}
    table = load("x12", "856", override, locate=lambda key: f"settings.toml:9 {'.'.join(key)}")
    with pytest.raises(SettingsError) as error:
        Reader(table, guide("856"))
    assert "settings.toml:9 orders.lines.batch" in str(error.value)


def stores(count: int) -> str:
    return "*".join(f"{number:04d}*1" for number in range(1, count + 1))


LINE = "PO1*1*12*EA*1**UP*614141000012"


def test_quantities_for_stores_are_read_from_as_many_segments_as_there_are_and_spread_over_ten_each() -> None:
    body = ["BEG*00*SA*1**20260105", LINE, f"SDQ*EA*92*{stores(10)}", "SDQ*EA*92*0011*1*0012*1"]
    reading = plain("850", "004010")[0].read(report("850", body))
    [line] = reading.document.lines
    assert [store.store for store in line.stores] == [f"{number:04d}" for number in range(1, 13)]
    assert (line.distribution.unit, line.distribution.id_kind, line.stores[0].quantity) == ("ea", "92", Decimal(1))
    assert written(plain("850", "004010")[1].write(reading.document))[:4] == body
    assert reading.unmapped == ()


def test_quantities_for_stores_in_two_units_hold_the_order_and_those_of_the_next_line_are_its_own() -> None:
    two = ["BEG*00*SA*1**20260105", LINE, "SDQ*EA*92*0001*1", "SDQ*CA*92*0002*1", LINE, "SDQ*CA*92*0003*1"]
    reading = plain("850", "004010")[0].read(report("850", two))
    [finding] = reading.findings
    assert (finding.severity, finding.value, finding.where.ordinal) == ("error", "CA", 5)
    assert [line.distribution.unit for line in reading.document.lines][1] == "cs"


def test_what_follows_the_pairs_of_a_segment_is_no_pair() -> None:
    body = ["BAK*00*AC*1*20260105", LINE, "ACK*IA*12*EA************************BI*ACK*AC"]
    reading = plain("855", "004010")[0].read(report("855", body))
    [answer] = reading.document.lines[0].answers
    assert (answer.reason_agency, answer.reason_list, answer.reason, answer.item.others) == ("BI", "ACK", "AC", ())
    assert written(plain("855", "004010")[1].write(reading.document))[2] == body[2]


FORMULAS = [
    ("count(HL)", Decimal(2)),
    ("count(LIN)", Decimal(1)),
    ("sum(SN102)", Decimal("7.5")),
    ("sum(SN109)", Decimal(0)),
]


@pytest.mark.parametrize(("text", "value"), FORMULAS)
def test_a_formula_counts_and_adds_up_what_was_written(text: str, value: Decimal) -> None:
    body: list[list[Any]] = [["HL", "1", "", "S"], ["HL", "2", "1", "I"], ["LIN", "1"], ["SN1", "", "7.5", "EA"]]
    document = KINDS["ShipNotice"].of({"number": "1"})
    assert formula(text, KINDS["ShipNotice"], guide("856"))(document, body) == value


@pytest.mark.parametrize("text", ["count(XYZ)", "sum(SN1)", "sum(lines)", "count(parties)", "max(HL)"])
def test_what_is_no_formula_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r'^"'):
        formula(text, KINDS["ShipNotice"], guide("856"))


def test_a_partner_counts_items_instead_of_levels() -> None:
    notice = reader("856").read(
        report(
            "856", ["BSN*00*SHP1*20260112*1405", "HL*1**S", "HL*2*1*O", "PRF*1", "HL*3*2*I", "LIN**UP*1", "SN1**4*EA"]
        )
    )
    table = load("x12", "856", {"computed": {"CTT01": "count(LIN)"}})
    assert written(Writer(table, guide("856")).write(notice.document))[-1] == "CTT*1*4"
