"""A transaction set that does not ship, by data alone: its guide and its map stand in this folder and are read by the loaders
that read the shipped ones. Made by what `.github/CONTRIBUTING.md` says, and by nothing else.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.edi import guides
from d365edi.edi.interchange import SetReport
from d365edi.edi.reader import ReadOptions, read
from d365edi.errors import SettingsError
from d365edi.maps import table
from d365edi.maps.reader import Reader
from d365edi.maps.writer import Writer
from tests.edi import see

HERE = Path(__file__).parent
SAMPLE = (HERE / "order.x12").read_bytes()
OPTIONS = ReadOptions(own=HERE / "guides")


def shelf_order() -> tuple[SetReport, table.Table]:
    """The sample as it was read, and the map."""
    [report] = see.sets(read(SAMPLE, OPTIONS))
    return report, table.load("x12", "899", own=HERE / "maps")


def test_it_is_less_than_60_lines_of_data_and_six_segments() -> None:
    data = [line for path in HERE.rglob("*.toml") for line in path.read_text().splitlines() if line.strip()]
    assert len(data) < 60
    assert [path.name for path in HERE.rglob("*.py")] == ["test_newcomer.py"]


def test_its_sample_is_accepted_and_without_its_guide_it_is_not() -> None:
    assert see.verdicts(read(SAMPLE, OPTIONS)) == "IA GA 899A"
    assert [str(finding) for finding in see.findings(read(SAMPLE, OPTIONS))] == []
    assert see.verdicts(read(SAMPLE)) == "IA GR 899R"


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [(b"ZOH*S-4711", b"ZOH*", "1"), (b"*12*EA", b"*a*EA", "6"), (b"*A12", b"*A123456", "5"), (b"ZOL*", b"ZOX*", "1")],
)
def test_what_its_guide_does_not_allow_is_found(right: bytes, wrong: bytes, code: str) -> None:
    found = see.findings(read(SAMPLE.replace(right, wrong), OPTIONS))
    assert [finding.code for finding in found if finding.severity == "error"][:1] == [code]


def test_it_becomes_a_document_and_the_document_becomes_it() -> None:
    report, shelf = shelf_order()
    assert report.guide is not None
    reading = Reader(shelf, report.guide).read(report)
    order = reading.document
    assert [str(finding) for finding in reading.findings if finding.severity == "error"] == []
    assert isinstance(order, PurchaseOrder)
    assert (order.number, order.department, order.parties.ship_to.street) == ("S-4711", "A12", "7 HIGH STREET")
    assert [(line.number, line.quantity, line.unit, line.price) for line in order.lines] == [
        ("1", Decimal(12), "ea", Decimal("2.5")),
        ("2", Decimal(3), "cs", None),
    ]
    written = Writer(shelf, report.guide, partner="example").write(order)
    assert ["*".join(map(str, segment)).rstrip("*") for segment in written][:3] == [
        "ZOH*S-4711*20260105*A12",
        "N1*ST*EXAMPLE RETAIL SHOP 7*92*0007",
        "N3*7 HIGH STREET",
    ]


def test_a_code_that_its_list_lacks_is_worth_a_warning() -> None:
    [found] = see.findings(read(SAMPLE.replace(b"*A12", b"*C99"), OPTIONS))
    assert (found.severity, found.rule, found.where.segment, found.value) == ("warning", "unlisted", "ZOH", "C99")


def test_a_row_of_its_map_that_is_wrong_is_reported_with_its_file(tmp_path: Path) -> None:
    report, _ = shelf_order()
    (tmp_path / "899.toml").write_text('document = "PurchaseOrder"\n[fields]\nnumber = "ZOH01"\ndate = "ZOH09"\n')
    assert report.guide is not None
    with pytest.raises(SettingsError) as caught:
        Reader(table.load("x12", "899", own=tmp_path), report.guide)
    assert (caught.value.where, caught.value.key) == (str(tmp_path / "899.toml"), "fields.date")


def test_a_mistake_in_its_tables_is_reported_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "sets.toml").write_text('[899]\nname = "Shelf order"\ngroup = "ZS"\ntree = "ST! ZOH! SE!"\n')
    with pytest.raises(SettingsError, match="'ZOH' is in no table") as caught:
        guides.load("X12", "899", "004010", own=tmp_path)
    assert str(tmp_path) in str(caught.value)
