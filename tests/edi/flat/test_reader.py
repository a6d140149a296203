"""Flat files are read whatever their delimiter, encoding and line ends are, and what is wrong is told at its line and column."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d365edi.edi.findings import Finding
from d365edi.edi.flat import reader, text, writer
from d365edi.edi.flat.layout import Column, Layout, Row
from d365edi.edi.flat.reader import RowSet
from tests.edi.flat.shown import layout, told, told_in, values

ORDER = layout("PO Number/PO", "Item", "Qty")
PLAIN = "PO Number,Item,Qty\r\n1,Ä,5\r\n1,b,6\r\n2,c,7\r\n"
ROWS = [[["1", "Ä", "5"], ["1", "b", "6"]], [["2", "c", "7"]]]

SAME = {
    "utf-8": PLAIN.encode(),
    "a byte order mark": PLAIN.encode("utf-8-sig"),
    "utf-16 with a mark": PLAIN.encode("utf-16"),
    "utf-16 little-endian": PLAIN.encode("utf-16-le"),
    "utf-16 big-endian": PLAIN.encode("utf-16-be"),
    "cp1252": PLAIN.encode("cp1252"),
    "line feeds": PLAIN.replace("\r\n", "\n").encode(),
    "carriage returns": PLAIN.replace("\r\n", "\r").encode(),
    "no line end at the end": PLAIN.rstrip("\r\n").encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "pipes": PLAIN.replace(",", "|").encode(),
    "a line that tells the delimiter": b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
    "names spelled otherwise": PLAIN.replace("PO Number", " po_number").encode(),
    "another name": PLAIN.replace("PO Number", "PO").encode(),
    "columns in another order": b"Qty,Item,PO Number\n5,\xc3\x84,1\n6,b,1\n7,c,2\n",
    "quotes": b'"PO Number","Item","Qty"\n"1","\xc3\x84","5"\n"1","b","6"\n"2","c","7"\n',
    "blanks around": "PO Number , Item,Qty\n1, Ä ,5\n 1,b,6 \n2,c,7\n".encode(),
    "empty lines": PLAIN.replace("2,c", "\r\n,,\r\n2,c").encode(),
    "a control Z at the end": PLAIN.encode() + b"\x1a",
    "titles above": b"Orders of the week\n\n" + PLAIN.encode(),
}


@pytest.mark.parametrize("how", SAME)
def test_a_file_is_the_same_however_it_was_saved(how: str) -> None:
    report = reader.read(SAME[how], ORDER)
    assert (values(report), told(*report.findings)) == (ROWS, [])


def test_below_a_merged_cell_the_document_goes_on() -> None:
    report = reader.read(PLAIN.replace("1,b", ",b").encode(), ORDER)
    assert values(report) == [[["1", "Ä", "5"], ["", "b", "6"]], [["2", "c", "7"]]]
    assert report.sets[0].head[0] == "1"


def test_line_breaks_and_delimiters_inside_quotes_are_data() -> None:
    report = reader.read(b'PO,Item,Qty\n1,"a ""big"" box,\nblue",5\n1,b,6\n', ORDER)
    assert values(report) == [[["1", 'a "big" box,\nblue', "5"], ["1", "b", "6"]]]
    assert [row.line for row in report.sets[0].rows] == [2, 4]


SHAPE = {
    "an unquoted delimiter": (b"PO,Item,Qty\n1,a,b,5\n", [("error", "width", 2, "")], []),
    "too few values": (b"PO,Item,Qty\n1,a\n", [("warning", "width", 2, "")], []),
    "a quote inside a quoted value": (
        b'PO,Item,Qty\n1,"a"b",5\n',
        [("error", "quote", 2, "")],
        [("error", "quote", 2, "")],
    ),
    "a quote that is never closed": (
        b'PO,Item,Qty\n1,"a,5\n2,b,6\n',
        [("error", "quote", 2, "")],
        [("error", "quote", 2, "")],
    ),
    "one thing said twice and differently": (
        b"PO,Qty,Item\n1,5,a\n1,6,b\n",
        [("error", "differs", 3, "Item")],
        [],
    ),
}


@pytest.mark.parametrize("what", SHAPE)
def test_a_row_of_the_wrong_shape_is_told_and_kept(what: str) -> None:
    data, in_set, in_file = SHAPE[what]
    report = reader.read(data, layout("PO", "Item", "Qty", head=(0, 1)) if "twice" in what else ORDER)
    assert (told_in(report.sets[0]), told(*report.findings)) == (in_set, in_file)


FILES = {
    "nothing": (b"", [("error", "empty", 0, "")]),
    "no header row": (b"1,a,5\n2,b,6\n", [("error", "header", 1, "")]),
    "no column for what tells documents apart": (
        b"Item,Qty\na,5\n",
        [("error", "column", 1, "PO Number"), ("note", "column", 1, "")],
    ),
    "a column twice": (b"PO,Item,Qty,Qty\n1,a,5,6\n", [("error", "column", 1, "Qty")]),
    "a column that nobody reads": (b"PO,Item,Qty,Hue\n1,a,5,red\n", [("note", "unmapped", 1, "Hue")]),
    "a column that is not there": (b"PO,Item\n1,a\n", [("note", "column", 1, "")]),
    "the header row once more": (b"PO,Item,Qty\n1,a,5\nPO,Item,Qty\n2,b,6\n", [("note", "header", 3, "")]),
    "a row of no document": (b"PO,Item,Qty\n,a,5\n1,b,6\n", [("error", "group", 2, "")]),
}


@pytest.mark.parametrize("what", FILES)
def test_what_is_wrong_with_a_whole_file_is_told(what: str) -> None:
    data, findings = FILES[what]
    assert told(*reader.read(data, ORDER).findings) == findings


TOTALS = layout("PO", "Item", "Qty", "Price", totals=frozenset({"total"}))


@pytest.mark.parametrize(
    ("row", "findings"),
    [
        (b"Total,,11,7.50", []),
        (b",,11,", [("", "", 0, "")]),
        (b"TOTAL:,2,11.0,", []),
        (b"Total,,12,7.50", [("error", "totals", 4, "Qty")]),
        (b"Total,,11,7.49", [("error", "totals", 4, "Price")]),
    ],
)
def test_a_row_of_totals_is_no_line_and_must_be_right(row: bytes, findings: list[tuple[str, str, int, str]]) -> None:
    report = reader.read(b"PO,Item,Qty,Price\n1,a,5,5\n2,b,6,2.50\n" + row + b"\n", TOTALS)
    if row.startswith(b","):
        assert values(report)[1] == [["2", "b", "6", "2.50"], ["", "", "11", ""]]
    else:
        assert (told(*report.findings), len(report.sets)) == (findings, 2)


DAMAGE = [
    ("6.14141E+11", ("error", "spreadsheet"), "6.14141E+11"),
    ("6,14E+15", ("error", "spreadsheet"), "6,14E+15"),
    ('="00006141410000000029"', ("note", "wrapped"), "00006141410000000029"),
    ("04-Mar", ("warning", "spreadsheet"), "04-Mar"),
    ("Mar-04", ("warning", "spreadsheet"), "Mar-04"),
    ("#N/A", ("error", "spreadsheet"), "#N/A"),
    ("########", ("error", "spreadsheet"), "########"),
    ("#1 GRANOLA", None, "#1 GRANOLA"),
    ("B12E-5", None, "B12E-5"),
    ("12-Max", None, "12-Max"),
    ("Mar-Line", None, "Mar-Line"),
    ("0012", None, "0012"),
]


@pytest.mark.parametrize(("value", "expected", "kept"), DAMAGE)
def test_what_a_spreadsheet_did_is_told(value: str, expected: tuple[str, str] | None, kept: str) -> None:
    data = writer.write([Row(0, "", ["1", value, "5"])], ORDER)
    found = reader.read(data, ORDER).sets[0]
    assert (told_in(found), found.rows[0].values[1]) == ([(*expected, 2, "Item")] if expected else [], kept)


def test_a_number_of_too_few_digits_has_lost_its_zeros() -> None:
    zips = Layout({"": (Column(("PO",)), Column(("Zip",), digits=5))}, group=(0,))
    found = reader.read(b"PO,Zip\n1,2139\n2,02139\n3,K1A 0B1\n", zips)
    assert [told_in(each) for each in found.sets] == [[("error", "spreadsheet", 2, "Zip")], [], []]


def test_the_mangled_sample_is_told_cell_by_cell(corpus: Path) -> None:
    notice = Layout({"": (Column(("SSCC",)), Column(("UPC",)), Column(("QTY",)))})
    found = reader.read((corpus / "flat_asn_authored_excel-mangled.csv").read_bytes(), notice).sets[0]
    assert told_in(found) == [
        ("error", "spreadsheet", 2, "SSCC"),
        ("error", "spreadsheet", 2, "UPC"),
        ("note", "wrapped", 3, "SSCC"),
        ("note", "wrapped", 3, "UPC"),
    ]
    assert found.rows[1].values == ["00006141410000000029", "614141000029", "40"]


def test_each_finding_says_what_to_do_about_an_error() -> None:
    every = [*(data for data, *_ in SHAPE.values()), *(data for data, _ in FILES.values())]
    found = [finding for data in every for finding in _all(data) if finding.severity == "error"]
    assert [str(finding) for finding in found if not finding.remedy] == []


def _all(data: bytes) -> list[Finding]:
    report = reader.read(data, ORDER)
    return [*report.findings, *(finding for each in report.sets for finding in each.findings)]


# -- pieces -----------------------------------------------------------------------------------------------------------


def test_rows_that_stand_apart_are_put_together_in_a_whole_file_and_told_in_a_stream() -> None:
    data = b"PO,Item,Qty\n1,a,5\n2,b,6\n1,c,7\n"
    assert values(reader.read(data, ORDER)) == [[["1", "a", "5"], ["1", "c", "7"]], [["2", "b", "6"]]]
    streamed = [each for each in reader.stream([data], ORDER) if isinstance(each, RowSet)]
    assert [told_in(each) for each in streamed] == [[], [], [("error", "apart", 4, "")]]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_pieces_of_any_size_are_one_file(size: int, encoding: str) -> None:
    data = PLAIN.encode(encoding)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    streamed = [each for each in reader.stream(pieces, ORDER) if isinstance(each, RowSet)]
    assert [[row.values for row in each.rows] for each in streamed] == ROWS


def test_a_stream_keeps_one_document_at_a_time() -> None:
    def pieces() -> object:
        yield b"PO,Item,Qty\n"
        for number in range(100_000):
            taken.append(number)
            yield b"%d,a,5\n" % number

    taken: list[int] = []
    ahead = [len(taken) - index for index, _ in enumerate(reader.stream(pieces(), ORDER))]  # type: ignore[arg-type]
    assert max(ahead) < 50


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd_to_be_read(data: bytes) -> None:
    for pages in (ORDER, TOTALS, RECORDS, FIXED):
        assert isinstance(reader.read(data, pages).sets, list)
        assert isinstance(reader.read(b"PO,Item,Qty\n" + data, pages).sets, list)


# -- without a header row ---------------------------------------------------------------------------------------------

RECORDS = Layout(
    {
        "H": (Column(("2",), 2), Column(("3",), 3)),
        "D": (Column(("2",), 2),),
    },
    header=False,
    opens="H",
    type=Column(("type",), 1),
    short=True,
)
FIXED = Layout(
    {"": (Column(("PO",), start=1, end=6), Column(("Qty",), start=7, end=12, right=True, fill="0"))},
    fixed=True,
    header=False,
    group=(0,),
)


def test_records_from_one_that_opens_to_the_next_are_a_document() -> None:
    report = reader.read(b"H|1|x\nD|a\nD|b\nZ|?\nH|2\nD|c\n", RECORDS)
    assert [[(row.record, row.values) for row in each.rows] for each in report.sets] == [
        [("H", ["1", "x"]), ("D", ["a"]), ("D", ["b"])],
        [("H", ["2", ""]), ("D", ["c"])],
    ]
    assert told(*report.findings) == [("note", "unmapped", 4, "")]


PLACES = Layout(
    {"": (Column(("1",), 1), Column(("2",), 2), Column(("4",), 4))},
    header=False,
    group=(0,),
    totals=frozenset({"total"}),
)
COUNTED = {
    "as many": (b"1,a,x,5\n", []),
    "empty ones behind": (b"1,a,x,5,, \n", []),
    "one that no row reads": (b"1,a,,5\n", []),
    "a comma in a text": (b"1,a,b,x,5\n", [("error", "width", 1, "5")]),
    "too few": (b"1,a,x\n1,b,x,5\n", [("error", "width", 1, "4")]),
    "one": (b"1\n", [("error", "width", 1, "2")]),
    "a row of totals": (b"1,a,x,5\nTotal,5\n", []),
}


@pytest.mark.parametrize(("data", "wrong"), COUNTED.values(), ids=COUNTED)
def test_the_columns_of_a_row_without_a_header_are_counted(data: bytes, wrong: list[object]) -> None:
    """A comma in a text shifted the values behind it, and nothing was said."""
    (document,) = reader.read(data, PLACES).sets
    assert told_in(document) == wrong


def test_a_row_may_end_before_its_last_column_where_the_map_says_so() -> None:
    report = reader.read(b"1,a\n1,a,b,5,6\n", replace(PLACES, short=True))
    assert told_in(report.sets[0]) == [("error", "width", 2, "5")]
    assert values(report) == [[["1", "a", ""], ["1", "a", "5"]]]


def test_records_before_the_first_document_are_told() -> None:
    assert told(*reader.read(b"D|a\nH|1\n", RECORDS).findings) == [("error", "group", 1, "")]


def test_fixed_columns_are_cut_and_their_filling_taken_away() -> None:
    report = reader.read(b"A1    000120\r\nA1    -00003\r\nB2    000000\r\nB2          more\r\n", FIXED)
    assert values(report) == [[["A1", "120"], ["A1", "-3"]], [["B2", "0"], ["B2", ""]]]
    assert told_in(report.sets[1]) == [("note", "unmapped", 4, "")]


cells = st.text(
    st.characters(exclude_characters="\x00\x1a", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=9
)


@settings(deadline=None, max_examples=150)
@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5), delimiter=st.sampled_from(",;|\t"))
def test_what_is_written_is_read_back(rows: list[tuple[str, str, str]], delimiter: str) -> None:
    pages = Layout({"": tuple(Column((name,)) for name in ("One", "Two", "Three"))}, delimiter=delimiter)
    data = writer.write([Row(0, "", list(row)) for row in rows], pages)
    read = [row.values for each in reader.read(data, pages).sets for row in each.rows]
    wanted = [list(row) for row in rows if any(row)]
    assert read == [[_unwrapped(value) for value in row] for row in wanted]


def _unwrapped(value: str) -> str:
    return value[2:-1] if value[:2] == '="' and value[-1:] == '"' and len(value) > 2 else value


def test_lines_are_whole_whatever_their_ends() -> None:
    assert list(text.lines([b"a\r", b"\nb\rc", b"\n", b"d"])) == ["a\r\n", "b\r", "c\n", "d"]
