"""`explain`: an annotated listing on the terminal, as JSON, or as one HTML page; of any format."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from d365edi.cli.annotate import annotate
from tests.cli.conftest import Call
from tests.cli.test_check import EDIFACT, FLAT, PARTNER

SAMPLES = Path(str(files("d365edi.sandbox") / "samples"))
ORDER = SAMPLES / "node-x12-850.x12"


class Text(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", set[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def plain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and no settings at all."""
    monkeypatch.delenv("D365EDI_SETTINGS", raising=False)
    return folder


def test_each_segment_and_element_is_a_line_with_its_name_and_meaning(call: Call, plain: Path) -> None:
    said = call("explain", str(ORDER))
    lines = [re.sub(" +", " ", line).strip(" ") for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert lines[0] == f"{ORDER}: X12"
    for line in (
        "interchange 000003438",
        "group 1421 (PO)",
        "sender 12:4405197800",
        "usage P production",
        "2 BEG Beginning of purchase order",
        "BEG01 00 Transaction set purpose code: Original",
        "BEG05 20101127 Date: 2010-11-27",
    ):
        assert line in lines


def test_what_is_wrong_stands_below_its_place(call: Call, plain: Path) -> None:
    (plain / "wrong.edi").write_bytes(ORDER.read_bytes().replace(b"BEG*00*", b"BEG*XX*"))
    lines = call("explain", str(plain / "wrong.edi")).out.splitlines()
    at = next(index for index, line in enumerate(lines) if "BEG01" in line)
    assert re.match(r" +(?:error|warning): BEG01 .*XX", lines[at + 1])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            EDIFACT,
            ["file.x: EDIFACT", "BGM01-1 220 Document type: Order", "DTM01-2 20260105", "ORDERS ME1: Purchase order"],
        ),
        (FLAT, ["file.x: flat file (PurchaseOrder)", "document 4500123", "PO Number 4500123 number"]),
    ],
)
def test_every_format_is_listed(call: Call, plain: Path, data: bytes, says: list[str]) -> None:
    file = plain / "file.x"
    file.write_bytes(data)
    said = call("explain", str(file))
    text = re.sub(" +", " ", said.out)
    assert said.code == 0
    assert [words for words in says if words not in text] == []


NEITHER = "This is neither X12 nor EDIFACT nor a flat file with a known map"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The file is empty"),
        (b"\x00" * 300, "The file holds only blanks"),
        (b"ST*850*0001~", "This is X12 without an envelope (no ISA)"),
        (b"Dear sirs,\n", NEITHER),
        (b"a,b\n1,2\n", NEITHER),
    ],
)
def test_what_nothing_can_be_read_of_is_said_so(call: Call, plain: Path, data: bytes, says: str) -> None:
    """`check` says the same."""
    (plain / "letter").write_bytes(data)
    for command in ("explain", "check"):
        said = call(command, str(plain / "letter"))
        assert (said.code, f"error: {says}" in said.out) == (1, True)


def test_a_file_cannot_move_the_cursor(call: Call, plain: Path) -> None:
    (plain / "evil.edi").write_bytes(ORDER.read_bytes().replace(b"08292233294", b"\x1b[2J\x07294"))
    assert "\x1b" not in call("explain", str(plain / "evil.edi")).out


def test_the_page_is_one_file_with_everything_escaped(call: Call, plain: Path) -> None:
    attack = b"<script>x</script>&\"'"
    (plain / "<b>.edi").write_bytes(ORDER.read_bytes().replace(b"08292233294", attack))
    out = plain / "out.html"
    said = call("explain", str(plain / "<b>.edi"), "--html", str(out))
    page = Text(out.read_text(encoding="utf-8"))
    assert (said.code, said.out) == (0, "")
    assert page.tags & {"script", "link", "img", "iframe", "b"} <= {"b"}
    assert page.links == []
    assert attack.decode() in page.text
    assert "<b>.edi: X12" in page.text
    assert "Beginning of purchase order" in page.text


def test_segments_with_findings_are_open_on_the_page(call: Call, plain: Path) -> None:
    (plain / "wrong.edi").write_bytes(ORDER.read_bytes().replace(b"BEG*00*", b"BEG*XX*"))
    call("explain", str(plain / "wrong.edi"), "--html", str(plain / "out.html"))
    opened = re.findall(r"<details open[^>]*>\n<summary[^>]*>\d+ <b>(\w+)</b>", (plain / "out.html").read_text())
    assert opened[:1] == ["BEG"]
    assert "ST" not in opened


def test_a_page_that_cannot_be_written_is_said(call: Call, plain: Path) -> None:
    said = call("explain", str(ORDER), "--html", str(plain / "no" / "out.html"))
    assert (said.code, said.err) == (
        2,
        f"d365edi: {plain}/no/out.html cannot be written: No such file or directory; name another file\n",
    )


def test_the_whole_listing_is_there_in_json(call: Call, plain: Path) -> None:
    found = json.loads(call("explain", str(ORDER), "--json").out)
    (order,) = [chapter for chapter in found["chapters"] if chapter["kind"] == "set"]
    (begin,) = [entry for entry in order["entries"] if entry["id"] == "BEG"]
    assert (found["what"], begin["number"], begin["cells"][2]["value"]) == ("X12", 2, "08292233294")


def test_a_partner_s_own_guide_names_his_codes(call: Call, folder: Path) -> None:
    guide = '[partners.solon.receive.850.guide.codes]\nBEG02 = { SA = "Their standing order" }\n'
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text() + PARTNER + guide)
    assert "Purchase order type code: Their standing order" in call("explain", str(ORDER)).out


def test_a_missing_file_is_said(call: Call, plain: Path) -> None:
    said = call("explain", str(plain / "missing.edi"))
    assert (said.code, said.err) == (
        2,
        f"d365edi: {plain}/missing.edi cannot be read: No such file or directory; name an EDI file\n",
    )


def test_every_file_of_the_corpus_is_listed(corpus: Path) -> None:
    listed = {path.name: annotate(path.read_bytes()) for path in sorted(corpus.glob("*_*"))}
    nothing = [name for name, found in listed.items() if all(chapter.kind == "file" for chapter in found.chapters)]
    assert len(listed) > 150
    # A letter of rows that no map knows, blanks, and messages that stand in no interchange.
    assert nothing == [
        "edifact_INVOIC_edifact-rs-d01b-invoic-malformed.edi",
        "edifact_ORDERS_edifact-rs-d01b-orders-conforming.edi",
        "flat_asn_authored_excel-mangled.csv",
        "quirk_whitespace-only.x12",
    ]


def test_a_partner_s_own_columns_come_before_the_shipped_ones(call: Call, folder: Path) -> None:
    flow = (
        '[partners.solon.receive.PurchaseOrder]\ncreate = "SalesOrder"\ncompany = "usmf"\n'
        '[partners.solon.receive.PurchaseOrder.map.lines]\nitem.buyer = "Article"\n'
    )
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text() + PARTNER + flow)
    (folder / "orders.csv").write_bytes(FLAT.replace(b"Item", b"Article"))
    text = re.sub(" +", " ", call("explain", str(folder / "orders.csv")).out)
    assert "orders.csv: flat file (PurchaseOrder of solon)" in text
    assert "Article ACME-1 lines.item.buyer" in text
    said = call("check", str(folder / "orders.csv"))
    assert (said.code, "buyer ACME-1" in said.out) == (0, True)
