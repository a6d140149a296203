"""`explain`: an annotated listing on the terminal, as JSON, or as one HTML page; of any format."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from d365edi.cli.annotate import annotate
from d365edi.cli.html import html_page
from tests.cli.conftest import Call
from tests.cli.test_check import EDIFACT, FLAT, PARTNER

SAMPLES = Path(str(files("d365edi.sandbox") / "samples"))
ORDER = SAMPLES / "node-x12-850.x12"


VOID = {"meta", "wbr"}


class Text(HTMLParser):
    """The text of a page, its tags (balanced, or it is refused), links, ids, and the words that are never broken."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.links, self.open = "", list[str](), list[str](), list[str]()
        self.ids, self.whole = list[str](), list[str]()
        self.kept = False
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.kept = ("class", "id") in attrs

    @classmethod
    def text_of(cls, part: str) -> str:
        """The text of a part of a page, whose tags need not be balanced."""
        return re.sub(r"<style>.*</style>|<[^>]*>", "", part, flags=re.DOTALL)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.whole += [data] if self.kept else []
        self.kept = False


def page_of(call: Call, folder: Path, data: bytes, name: str = "file.edi") -> Text:
    """The page of a file, read by a parser that knows nothing of ours."""
    (folder / name).write_bytes(data)
    call("explain", str(folder / name), "--html", str(folder / "out.html"))
    return Text((folder / "out.html").read_text(encoding="utf-8"))


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
    does = "quarantine it for a person" if data else "pass it over, and report it once it stays empty"
    assert f"the daemon would {does}" in call("check", str(plain / "letter")).out


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
    assert [page.tags.count(tag) for tag in ("script", "link", "img", "iframe")] == [1, 0, 0, 0]
    assert [link for link in page.links if not link.startswith("#s")] == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert attack.decode() in page.text
    assert "<b>.edi: X12" in page.text
    assert "Beginning of purchase order" in page.text


SAMPLES_OF_ALL = Path(__file__).parents[1] / "samples"
SUMMARIES = {
    "x12_850_golden-4010.x12": [
        "Purchase order 4500012345", "Order date 2026-01-05", "Customer EXAMPLE RETAIL CO (1000)",
        "Ship to EXAMPLE RETAIL DC 7 (0007), 700 DISTRIBUTION WAY, 43200 ANYTOWN OH, US", "Lines 3", "Total 2,806.80 USD",
    ],
    "x12_855_golden-4010.x12": ["Order response 4500012345", "Order date 2026-01-05", "Lines 3", "accepted"],
    "x12_856_golden-SOTPI-4010.x12": [
        "Ship notice SHP0004711", "Orders 4500012345", "Shipped on 2026-01-12", "Ship to EXAMPLE RETAIL DC 7 (0007)", "Lines 3",
    ],
    "x12_810_golden-5010.x12": [
        "Invoice INV000987", "Invoice date 2026-01-13", "Order 4500012345", "Customer EXAMPLE RETAIL CO (1000)",
        "Ship to EXAMPLE RETAIL DC 7 (0007)", "Lines 3", "Total 2,769.02 USD",
    ],
    "x12_810_golden-creditmemo-5010.x12": ["Credit note "],
    "edifact_ORDERS_golden-D96A.edi": [
        "Purchase order 4500012345", "Ship to 5412345678908", "Lines 2", "Total 1,846.80 EUR (sum of the lines)",
    ],
    "edifact_REMADV_golden-D96A.edi": ["Remittance EFT0099887", "Paid on 2026-02-11", "Items 1", "Total 2,096.40 EUR"],
    "x12_997_golden-partial-4010.x12": [
        "Kind Functional acknowledgment", "It says answers group 77 (IN): partially accepted, 1 of 2",
    ],
    "quirk_850_truncated-mid-segment.x12": ["Kind Purchase order", "State rejected: it cannot be read as a document"],
}  # fmt: skip


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_page_begins_with_the_document_in_business_words(call: Call, plain: Path, name: str) -> None:
    page = page_of(call, plain, (SAMPLES_OF_ALL / name).read_bytes(), name)
    html = (plain / "out.html").read_text()
    head = re.sub(r"<(dt|dd|td|h2|div)[ >][^>]*", r" \g<0>", html.partition('id="all"')[0])
    said = re.sub(r"\s+", " ", Text.text_of(head))
    assert [words for words in SUMMARIES[name] if words not in said] == []
    assert page.tags.index("dl") < page.tags.index("button")


def test_a_flat_file_and_what_nothing_can_be_read_of_have_a_page(call: Call, plain: Path) -> None:
    csv = page_of(call, plain, FLAT, "order.csv")
    assert "Purchase order 4500123" in csv.text
    assert "425.97 (sum of the lines)" in csv.text
    noise = page_of(call, plain, b"Dear sirs,\n", "letter")
    assert NEITHER in noise.text
    assert "button" not in noise.tags


def test_all_opens_at_a_click_and_for_print_by_one_small_script(call: Call, plain: Path) -> None:
    page = page_of(call, plain, ORDER.read_bytes())
    html = (plain / "out.html").read_text()
    script = html.partition("<script>")[2].partition("</script>")[0]
    assert (page.tags.count("button"), len(script) < 1000) == (1, True)
    assert 'querySelectorAll("details")' in script
    assert "beforeprint" in script
    assert "@media print" in html
    assert "@media (max-width" in html


@pytest.mark.parametrize("name", ["x12_856_golden-SOTPI-4010.x12", "edifact_INVOIC_golden-D96A.edi"])
def test_no_id_on_the_page_is_broken(call: Call, plain: Path, name: str) -> None:
    """Each word with a digit or a sign in it stands in an element whose text is not wrapped."""
    data = (SAMPLES_OF_ALL / name).read_bytes()
    page = page_of(call, plain, data, "810_CIV-000001_000000009.edi")
    wanted = set(re.findall(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*", re.sub(r"[\r\n]", "", data.decode())))
    assert {word for word in wanted if len(word) > 3} <= {
        part for word in page.whole for part in re.findall(r"[A-Za-z0-9-]+", word)
    }
    assert ".id { white-space: nowrap; }" in (plain / "out.html").read_text()
    assert "810_CIV-000001_000000009.edi" in page.whole


@pytest.mark.parametrize("path", sorted(SAMPLES_OF_ALL.glob("*_*.*")), ids=lambda path: path.name)
def test_every_sample_has_a_page_that_is_sound(path: Path) -> None:
    page = Text(html_page(path.name, annotate(path.read_bytes())))
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_segments_with_findings_are_open_on_the_page(call: Call, plain: Path) -> None:
    (plain / "wrong.edi").write_bytes(ORDER.read_bytes().replace(b"BEG*00*", b"BEG*XX*"))
    call("explain", str(plain / "wrong.edi"), "--html", str(plain / "out.html"))
    segment = r'<details class="segment"[^>]* open [^>]*>\n<summary[^>]*><span class="number">\d+</span> <b>(\w+)</b>'
    opened = re.findall(segment, (plain / "out.html").read_text())
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
        '[endpoints.box]\nkind = "folder"\npath = "."\n'
        '[partners.solon.pickup.columns]\nfrom = { endpoint = "box", path = "in/*.csv" }\nevery = "1h"\n'
        'holds = "PurchaseOrder"\n'
    )
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text() + PARTNER + flow)
    (folder / "orders.csv").write_bytes(FLAT.replace(b"Item", b"Article"))
    text = re.sub(" +", " ", call("explain", str(folder / "orders.csv")).out)
    assert "orders.csv: flat file (PurchaseOrder of solon)" in text
    assert "Article ACME-1 lines.item.buyer" in text
    said = call("check", str(folder / "orders.csv"))
    assert (said.code, "buyer ACME-1" in said.out) == (0, True)
