"""A segment that comes again, byte for byte, says the same again: values, what is wrong, and what no row asks for."""

from __future__ import annotations

from decimal import Decimal

from tests.maps.wire import reader, report

HEAD = ["BEG*00*SA*4500**20260105"]
LINE = "PO1*1*2*EA*3.5**IN*9001"


def lines(*body: str) -> list[str]:
    """Two lines of an order, each with the same segments in it."""
    return [*HEAD, LINE, *body, LINE.replace("*1*", "*2*", 1), *body, "CTT*2"]


def test_every_line_has_what_its_segments_say() -> None:
    read = reader("850").read
    for _ in range(2):
        document = read(report("850", lines("PID*F****LAMP", "PO4*12*8*EA"))).document
        assert [(each.description, each.pack.count, each.pack.size_unit) for each in document.lines] == [
            ("LAMP", Decimal(12), "EA"),
            ("LAMP", Decimal(12), "EA"),
        ]


def test_what_one_order_adds_to_a_party_is_not_in_the_next() -> None:
    read = reader("850").read
    party = ["N1*ST*STORE*92*7"]
    first = read(report("850", [*HEAD, *party, "N3*1 MAIN ST", LINE])).document
    second = read(report("850", [*HEAD, *party, LINE])).document
    assert (first.parties.ship_to.street, second.parties.ship_to.street) == ("1 MAIN ST", None)
    assert second.parties.ship_to.name == "STORE"


def test_a_wrong_value_is_told_each_time() -> None:
    read = reader("850").read
    for _ in range(2):
        reading = read(report("850", lines("PO4*12*8X*EA")))
        assert [(each.where.ordinal, each.value) for each in reading.findings] == [(4, "8X"), (6, "8X")]
        assert [each.pack.count for each in reading.document.lines] == [Decimal(12), Decimal(12)]


def test_what_no_row_asks_for_is_counted_each_time() -> None:
    read = reader("850").read
    for _ in range(2):
        reading = read(report("850", lines("PID*F*08*VI**LAMP")))
        assert [str(each) for each in reading.unmapped] == ["PO1/PID03 (2 times) is read by no row of the map"]
