"""The levels of a ship notice: found by their parents, numbered by the writer, each of them free to be missing."""

from __future__ import annotations

import json
import sys
from types import FrameType
from typing import Any

import pytest

from d365edi.documents import ShipNotice
from d365edi.documents.ship_notice import ShippedLine
from d365edi.maps.reader import Reading
from tests.maps.wire import plain, reader, report, writer, written

HEAD = ["BSN*00*SHP1*20260112*1405"]


def read(*body: str) -> Reading:
    return plain("856", "004010")[0].read(report("856", [*HEAD, *body]))


def order(number: int, parent: object, name: str) -> list[str]:
    return [f"HL*{number}*{parent}*O", f"PRF*{name}"]


def pack(number: int, parent: object, name: str, level: str = "P") -> list[str]:
    return [f"HL*{number}*{parent}*{level}", f"MAN*GM*{name}"]


def item(number: int, parent: object, name: str) -> list[str]:
    return [f"HL*{number}*{parent}*I", f"LIN*{name}*UP*614141000012", "SN1**1*EA"]


S = "HL*1**S"


def orders(notice: ShipNotice) -> list[Any]:
    """Orders with their lines and packs, packs with their lines."""
    found = []
    for each in notice.orders:
        packs = [[inner.sscc, *(line.number for line in inner.lines)] for inner in each.packs]
        found.append([each.number, *(line.number for line in each.lines), *packs])
    return found


def test_a_level_hangs_under_the_parent_that_it_names_wherever_it_stands() -> None:
    body = [S, *order(2, 1, "PO1"), *order(3, 1, "PO2"), *pack(4, 2, "A"), *item(5, 4, "1"), *pack(6, 3, "B"),
            *item(7, 6, "2"), *item(8, 4, "3")]  # fmt: skip
    reading = read(*body)
    assert orders(reading.document) == [["PO1", ["A", "1", "3"]], ["PO2", ["B", "2"]]]
    assert (reading.findings, reading.unmapped) == ((), ())


@pytest.mark.parametrize("parent", ["", "77"])
def test_a_level_whose_parent_is_missing_or_unknown_hangs_beside_the_last_one_of_its_kind(parent: str) -> None:
    body = [S, *order(2, parent, "PO1"), *pack(3, parent, "A"), *item(4, parent, "1"), *pack(5, parent, "B"),
            *item(6, parent, "2"), *order(7, parent, "PO2"), *item(8, parent, "3")]  # fmt: skip
    assert orders(read(*body).document) == [["PO1", ["A", "1"], ["B", "2"]], ["PO2", "3"]]


def test_a_level_that_no_row_asks_for_is_passed_by_and_what_hangs_on_it_belongs_above() -> None:
    body = [S, *order(2, 1, "PO1"), "HL*3*2*K", "PID*F****KIT", *pack(4, 3, "A"), *item(5, 4, "1")]
    reading = read(*body)
    assert orders(reading.document) == [["PO1", ["A", "1"]]]
    assert [str(finding) for finding in reading.unmapped] == [
        "HL is read by no row of the map",
        "HL/PID is read by no row of the map",
    ]


def test_a_second_shipment_in_one_notice_is_told_and_does_not_mix_with_the_first() -> None:
    reading = read(S, "REF*BM*ONE", *order(2, 1, "PO1"), *item(3, 2, "1"), "HL*4**S", "REF*BM*TWO")
    assert reading.document.bill_of_lading == "ONE"
    assert [finding.message for finding in reading.unmapped] == [
        "HL is read by no row of the map",
        "HL/REF is read by no row of the map",
    ]


STRUCTURES = {
    "shipment, order, item": [S, *order(2, 1, "PO1"), *item(3, 2, "1"), *item(4, 2, "2")],
    "shipment, order, pack, item": [
        S, *order(2, 1, "PO1"), *pack(3, 2, "A"), *item(4, 3, "1"), *pack(5, 2, "B"), *item(6, 5, "2"),
    ],
    "shipment, order, pallet, pack, item": [
        S, *order(2, 1, "PO1"), *pack(3, 2, "T", "T"), *pack(4, 3, "A"), *item(5, 4, "1"), *order(6, 1, "PO2"), *item(7, 6, "2"),
    ],
    "shipment, order, pallet, item": [S, *order(2, 1, "PO1"), *pack(3, 2, "T", "T"), *item(4, 3, "1")],
    "shipment, order, item, pack": [S, *order(2, 1, "PO1"), *item(3, 2, "1"), *pack(4, 3, "A"), *pack(5, 3, "B")],
    "shipment, pack, order, item": [S, *pack(2, 1, "A"), *order(3, 2, "PO1"), *item(4, 3, "1")],
    "shipment, pallet, order, pack, item": [S, *pack(2, 1, "T", "T"), *order(3, 2, "PO1"), *pack(4, 3, "A"), *item(5, 4, "1")],
    "shipment, item": [S, *item(2, 1, "1")],
}  # fmt: skip


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_is_written_as_it_was_read(structure: str) -> None:
    body = STRUCTURES[structure]
    levels = sum(1 for each in body if each.startswith("HL*"))
    items = sum(1 for each in body if each.startswith("SN1*"))
    again = written(plain("856", "004010")[1].write(read(*body).document))
    assert again == [*HEAD, *body, f"CTT*{levels}*{items}"]


def test_every_line_and_order_is_counted_as_it_is_written() -> None:
    body = [S, *item(2, 1, "1"), *pack(3, 1, "A"), *item(4, 3, "2"), *order(5, 3, "PO1"), *item(6, 5, "3"), *order(7, 1, "PO2"),
            *item(8, 7, "4"), *pack(9, 7, "B"), *item(10, 9, "5")]  # fmt: skip
    notice = read(*body).document
    told = [(under.number if under else None, line.number) for under, line in notice.lines_of_orders()]
    again = written(plain("856", "004010")[1].write(notice))
    assert told == [(None, "1"), (None, "2"), ("PO1", "3"), ("PO2", "4"), ("PO2", "5")]
    assert [each.split("*")[1] for each in again if each.startswith("LIN*")] == [
        line.number for line in notice.every_line()
    ]
    assert [each.split("*")[1] for each in again if each.startswith("PRF*")] == [
        each.number for each in notice.every_order()
    ]


def test_lines_are_replaced_in_their_places() -> None:
    notice = read(S, *order(2, 1, "PO1"), *item(3, 2, "1"), *pack(4, 2, "A"), *item(5, 4, "2")).document
    changed = notice.with_lines(line.replace(number=f"N{line.number}") for line in notice.every_line())
    assert orders(changed) == [["PO1", "N1", ["A", "N2"]]]
    assert notice.with_lines(notice.every_line()) == notice
    assert all(isinstance(line, ShippedLine) for line in changed.every_line())


def test_a_partner_who_wants_the_flag_of_levels_below_gets_it_by_constants() -> None:
    flags = {
        "constants": {"HL[S]04": "1"},
        "orders": {"constants": {"HL04": "1"}, "lines": {"constants": {"HL04": "0"}}},
    }
    notice = read(S, *order(2, 1, "PO1"), *item(3, 2, "1")).document
    again = written(writer("856", override=flags).write(notice))
    assert [each for each in again if each.startswith("HL*")] == ["HL*1**S*1", "HL*2*1*O*1", "HL*3*2*I*0"]


def test_a_partner_s_row_for_items_holds_on_every_level_and_one_for_packed_items_only_there() -> None:
    body = [S, *order(2, 1, "PO1"), *item(3, 2, "1"), "REF*SE*X1", *pack(4, 2, "A"), *item(5, 4, "2"), "REF*SE*X2"]
    everywhere = reader("856", override={"orders": {"lines": {"batch": "REF[SE]02"}}}).read(
        report("856", [*HEAD, *body])
    )
    packed = reader("856", override={"orders": {"packs": {"lines": {"batch": "REF[SE]02"}}}}).read(
        report("856", [*HEAD, *body])
    )
    assert [line.batch for line in everywhere.document.every_line()] == ["X1", "X2"]
    assert [line.batch for line in packed.document.every_line()] == [None, "X2"]


def test_single_values_of_a_level_below_are_found_from_above() -> None:
    mapped = reader("856", override={"orders": {"customer_order": "HL[Q]/MAN[GM]02"}})
    reading = mapped.read(
        report(
            "856", [*HEAD, S, *order(2, 1, "PO1"), *pack(3, 2, "A", "Q"), *order(4, 1, "PO2"), *pack(5, 4, "B", "Q")]
        )
    )
    assert [each.customer_order for each in reading.document.orders] == ["A", "B"]


LABELS = [
    ("MAN[GM|AA]02", "006141410000000018", "MAN*GM*00006141410000000018"),
    ("MAN[GM|AA]02", "00006141410000000018", "MAN*GM*00006141410000000018"),
    ("MAN[AA|GM]02", "00006141410000000018", "MAN*AA*006141410000000018"),
    ("MAN[AA|GM]02", "006141410000000018", "MAN*AA*006141410000000018"),
    ("MAN[CP]02", "006141410000000018", "MAN*CP*006141410000000018"),
    ("MAN[GM|AA]02", "LP-0001", "MAN*GM*LP-0001"),
]


@pytest.mark.parametrize(("row", "plate", "mark"), LABELS)
def test_a_carton_s_number_has_the_identifier_that_its_qualifier_says(row: str, plate: str, mark: str) -> None:
    override = {"orders": {"lines": {"packs": {"sscc": row, "tracking": "MAN[SM]02"}}}}
    values = {
        "number": "1",
        "packs": [{"sscc": plate, "lines": [{"item": {"gtin": "614141000012"}, "quantity": "1", "unit": "ea"}]}],
    }
    notice = ShipNotice.from_json(
        json.dumps({"orders": [values], "number": "SHP1", "purpose": "00", "date": "2026-01-12", "time": "1405"})
    )
    assert mark in written(writer("856", override=override).write(notice))


def test_a_carton_s_number_is_said_again_as_the_partner_said_it() -> None:
    body = [S, *order(2, 1, "PO1"), *pack(3, 2, "006141410000000018"), *item(4, 3, "1")]
    assert "MAN*GM*006141410000000018" in written(plain("856", "004010")[1].write(read(*body).document))


def steps(deep: int) -> int:
    """How many lines of the hierarchy's code run for levels that no row asks for, each inside the one before it."""
    body = [S, *(f"HL*{at}*{at - 1}*ZZ" for at in range(2, deep))]
    done = 0

    def count(frame: FrameType, event: str, _: object) -> Any:
        nonlocal done
        done += event == "line"
        return count if frame.f_code.co_filename.endswith("hierarchy.py") else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        read(*body)
    finally:
        sys.settrace(before)
    return done


def test_levels_that_nobody_asks_for_cost_as_much_as_there_are_of_them() -> None:
    read(S)
    once, twice = steps(200), steps(400)
    assert once < twice < 2.3 * once
