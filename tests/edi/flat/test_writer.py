"""Rows become bytes: quoted where they must be, filled at fixed columns, refused where they do not fit."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from d365edi.edi.flat import writer
from d365edi.edi.flat.layout import Column, Layout, Row
from d365edi.errors import DocumentError
from tests.edi.flat.shown import layout

ORDER = layout("PO", "Item")
FIXED = Layout(
    {"": (Column(("PO",), start=3, end=6), Column(("Qty",), start=7, end=11, right=True, fill="0"))},
    fixed=True,
    header=False,
)
RECORDS = Layout(
    {"H": (Column(("2",), 2), Column(("4",), 4))}, header=False, delimiter="|", type=Column(("type",), 1), opens="H"
)


def row(*values: str, record: str = "") -> Row:
    return Row(0, record, list(values))


def test_separated_rows_have_a_header_and_quotes_where_they_must() -> None:
    assert writer.write([row("1", 'a "b", c'), row("2", "")], ORDER) == b'PO,Item\r\n1,"a ""b"", c"\r\n2,\r\n'


def test_fixed_rows_are_filled() -> None:
    assert writer.write([row("AB", "-12"), row("C", "")], FIXED) == b"  AB  -0012\r\n  C        \r\n"


def test_records_stand_at_their_positions_without_empty_ends() -> None:
    written = writer.write([row("1", "x", record="H"), row("2", "", record="H")], RECORDS)
    assert written == b"H|1||x\r\nH|2\r\n"


@pytest.mark.parametrize(
    ("values", "pages", "told"),
    [
        (("ABCDE", "1"), FIXED, 'PO: "ABCDE" has 5 characters, and 4 fit'),
        (("1", "Ω"), layout("PO", "Item", encoding="cp1252"), '"Ω" cannot be written in cp1252'),
        (("1", "a,b"), layout("PO", "Item", quote=""), "holds a delimiter or a line break"),
    ],
)
def test_what_does_not_fit_is_refused(values: tuple[str, str], pages: Layout, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        writer.write([row(*values)], pages)


VALUES = {
    "=1+1": "'=1+1",
    '=HYPERLINK("http://x")': '\'=HYPERLINK("http://x")',
    "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0",
    "-1+1": "'-1+1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "\n=1": "'\n=1",
    "-": "'-",
    "-x": "'-x",
    "-5.00\n": "'-5.00\n",
    "-5.00": "-5.00",
    "+5": "+5",
    "-1.234,50": "-1.234,50",
    "1+1": "1+1",
    "'=1": "'=1",
    "a=1": "a=1",
    "": "",
}


@pytest.mark.parametrize("value", VALUES)
def test_what_a_spreadsheet_would_calculate_is_text_and_numbers_stay_numbers(value: str) -> None:
    def cells(escape: bool) -> list[list[str]]:
        written = writer.write([row("1", value)], dataclasses.replace(ORDER, escape=escape))
        return list(csv.reader(io.StringIO(written.decode(), newline="")))

    assert (cells(True)[1], cells(False)[1]) == (["1", VALUES[value]], ["1", value])
