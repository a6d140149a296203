"""A listing says what stands in a file, what it is called and means, and what is wrong where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from d365edi.edi import reader, release
from d365edi.edi.annotate import Cell, Chapter, Entry, annotate
from tests.edi import make, see


def chapters(data: bytes) -> list[Chapter]:
    return list(annotate(reader.read(data)))


def entries(data: bytes) -> list[Entry]:
    return [entry for chapter in chapters(data) for entry in chapter.entries]


def cells(data: bytes, place: str) -> list[tuple[str, str, str]]:
    """Name, value and meaning of every cell at a place."""
    return [(c.name, c.value, c.meaning) for entry in entries(data) for c in entry.cells if c.place == place]


def order(*changes: tuple[str, str], version: str = "004010") -> bytes:
    """The order that is right, with some of its segments written otherwise."""
    body = list(make.ORDER)
    for old, new in changes:
        assert old in body
        body[body.index(old)] = new
    return make.data(make.interchange([make.numbered(body)], version=version))


EDIFACT = (
    b"UNB+UNOC:3+5412345000013:14+4012345500004:14+260105:0915+101++++++1'"
    b"UNH+ME1+ORDERS:D:96A:UN:EAN008'BGM+220+4500012345+9'DTM+137:20260105:102'DTM+2:202601191430:203'"
    b"NAD+BY+5412345000013::9++JANE ?+ JOHN?'S'LIN+1++4000862141404:EN'QTY+21:120'UNS+S'UNT+9+ME1'UNZ+1+101'"
)


def test_the_chapters_are_those_of_the_file_from_the_outside_in() -> None:
    found = [(chapter.kind, chapter.title, chapter.verdict) for chapter in chapters(order())]
    assert found == [
        ("interchange", "000000101", "A"),
        ("group", "7 (PO)", "A"),
        ("set", "850 0001: Purchase order", "A"),
    ]


def test_an_interchange_says_who_when_and_how() -> None:
    facts = {cell.name: (cell.value, cell.meaning) for cell in chapters(order())[0].facts}
    assert facts == {
        "standard": ("X12 00401", ""),
        "sender": ("ZZ:SENDER", ""),
        "receiver": ("ZZ:RECEIVER", ""),
        "date": ("260105", "2026-01-05"),
        "time": ("0915", "09:15"),
        "usage": ("P", "production"),
    }


def test_every_segment_of_a_set_is_listed_with_its_name_and_its_depth() -> None:
    found = [(entry.number, entry.depth, entry.id, entry.name) for entry in entries(order())]
    assert [number for number, *_ in found] == list(range(1, len(make.ORDER) + 3))
    assert found[1] == (2, 0, "BEG", "Beginning of purchase order")
    assert [(depth, id) for _, depth, id, _ in found[10:18]] == [
        (0, "N1"),
        (0, "N1"),
        (1, "N3"),
        (1, "N4"),
        (0, "PO1"),
        (1, "PID"),
        (1, "PO4"),
        (0, "PO1"),
    ]
    assert [entry.path for entry in entries(order())][12:14] == ["N1/N3", "N1/N4"]


@pytest.mark.parametrize(
    ("place", "name", "value", "meaning"),
    [
        ("BEG01", "Transaction set purpose code", "00", "Original"),
        ("BEG03", "Purchase order number", "4500012345", ""),
        ("BEG05", "Date", "20260105", "2026-01-05"),
        ("FOB01", "Shipment method of payment", "CC", "Collect"),
        ("REF02", "Reference identification", "0078123", ""),
    ],
)
def test_an_element_has_its_name_and_a_code_or_a_day_its_meaning(
    place: str, name: str, value: str, meaning: str
) -> None:
    assert cells(order(), place) == [(name, value, meaning)]


def test_implied_decimals_and_times_are_written_out() -> None:
    invoice = make.data(make.interchange([make.numbered(make.INVOICE, "810")], functional="IN"))
    assert [(value, meaning) for _, value, meaning in cells(invoice, "TDS01")] == [("152000", "1520.00")]
    assert [(value, meaning) for _, value, meaning in cells(invoice, "SAC05")] == [("7500", "75.00"), ("7500", "75.00")]
    small = make.data(make.interchange([make.numbered((*make.INVOICE[:10], "TDS*-5"), "810")], functional="IN"))
    assert [meaning for _, _, meaning in cells(small, "TDS01")] == ["-0.05"]


def test_empty_elements_are_left_out_unless_something_is_missing_there() -> None:
    found = [cell.place for entry in entries(order()) for cell in entry.cells if entry.id == "BEG"]
    assert found == ["BEG01", "BEG02", "BEG03", "BEG05"]
    (missing,) = [
        cell
        for entry in entries(order((make.ORDER[0], "BEG*00*SA***20260105")))
        for cell in entry.cells
        if cell.findings
    ]
    assert (missing.place, missing.name, missing.value) == ("BEG03", "Purchase order number", "")


def test_a_finding_stands_at_its_element_and_nowhere_else() -> None:
    data = order(("DTM*010*20260112", "DTM*010*20261312"))
    (cell,) = [cell for entry in entries(data) for cell in entry.cells if cell.findings]
    assert (cell.place, cell.value, len(cell.findings)) == ("DTM02", "20261312", 1)
    assert [entry.findings for entry in entries(data) if entry.findings] == []
    assert [chapter.findings for chapter in chapters(data) if chapter.findings] == []


def test_a_segment_that_stands_where_none_may_is_named_and_told() -> None:
    data = order(("CUR*BY*USD", "BIG*20260105*INV1"))
    (entry,) = [entry for entry in entries(data) if entry.id == "BIG"]
    assert (entry.name, entry.path, len(entry.findings)) == ("Beginning of invoice", "", 1)
    assert Cell("BIG02", "Invoice number", "INV1") in entry.cells


def test_what_no_guide_knows_is_listed_all_the_same() -> None:
    data = make.data(make.interchange([make.numbered(["XYZ*1**A"], "999999")]))
    (told,) = [chapter for chapter in chapters(data) if chapter.kind == "set"]
    assert told.title == "999999 0001: unknown"
    assert [(c.place, c.name, c.value) for c in told.entries[1].cells] == [
        ("XYZ01", "not described", "1"),
        ("XYZ03", "not described", "A"),
    ]


def test_composites_and_repetitions_have_a_cell_each() -> None:
    data = order(("PO4*12*12*OZ", "PO4*12*12*OZ"), ("TD5*B*2*ABCD*M*ABC FREIGHT", "MEA*WT*G*5*LB>2"))
    assert [
        place for entry in entries(data) for place in [cell.place for cell in entry.cells] if entry.id == "MEA"
    ] == [
        "MEA01",
        "MEA02",
        "MEA03",
        "MEA04-1",
        "MEA04-2",
    ]


def test_an_edifact_message_is_listed_as_an_x12_set_is() -> None:
    found = chapters(EDIFACT)
    assert [(chapter.kind, chapter.title) for chapter in found] == [
        ("interchange", "101"),
        ("set", "ORDERS ME1: Purchase order"),
    ]
    assert cells(EDIFACT, "BGM01-1") == [("Document type", "220", "Order")]
    assert [meaning for _, _, meaning in cells(EDIFACT, "DTM01-2")] == ["2026-01-05", "2026-01-19 14:30"]
    assert [value for _, value, _ in cells(EDIFACT, "NAD04-1")] == ["JANE + JOHN'S"]
    (party,) = [entry for entry in entries(EDIFACT) if entry.id == "NAD"]
    assert party.raw == "NAD+BY+5412345000013::9++JANE ?+ JOHN?'S"


def test_a_receipt_is_listed_with_the_text_of_its_codes() -> None:
    data = make.data([make.isa(), "TA1*000000042*260105*0915*R*001", "IEA*0*000000101"])
    (entry,) = entries(data)
    assert (entry.id, entry.name) == ("TA1", "Interchange acknowledgment")
    assert [cell.value for cell in entry.cells] == ["000000042", "260105", "0915", "R", "001"]
    assert all(cell.meaning for cell in entry.cells if cell.place in ("TA104", "TA105"))


def test_nothing_of_any_file_is_lost(corpus: Path) -> None:
    """Every segment of every set is listed, every finding stands in one place, and nothing raises."""
    checked = 0
    for path in sorted(corpus.iterdir()):
        report = see.sample(path.name) if path.suffix in (".x12", ".edi") else None
        sets = [one for i in report.interchanges for g in i.groups for one in g.sets] if report else []
        listed = [chapter for chapter in annotate(report) if chapter.kind == "set"] if report else []
        assert len(listed) == len(sets)
        for one, chapter in zip(sets, listed, strict=True):
            assert [entry.raw for entry in chapter.entries if entry.raw.isascii()] == [
                sent for text in one.segments if (sent := release.sent(text, one.syntax.release)).isascii()
            ]
            told = [
                f for entry in chapter.entries for f in (*entry.findings, *(f for c in entry.cells for f in c.findings))
            ]
            assert sorted(map(str, (*told, *chapter.findings))) == sorted(map(str, one.findings)), path.name
            checked += 1
    assert checked > 150
