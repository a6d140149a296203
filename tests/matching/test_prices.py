"""What the price of an ordered line is for: every code of the standards' lists, cases beside pieces, another unit."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from d365edi.documents import PurchaseOrder
from d365edi.documents.upgrade import WORDS
from d365edi.edi.guides import load as guide
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.table import load
from d365edi.matching import prices
from tests.maps import wire, wire_edifact

PLACE = "partners.acme.receive.850"
HELD = "held"

PER = {
    "UM": 1, "CA": 1, "CP": 1, "CT": 1, "DI": 1, "DR": 1, "FX": 1, "NT": 1, "PQ": 1, "PR": 1, "QT": 1, "ST": 1, "VQ": 1,
    "WH": 1, "BR": 1, "PE": 1, "WE": 1, "TE": 1, "LE": 1, "QE": 1, "PN": 10, "PD": 12, "LD": 12, "TD": 12, "WD": 12,
    "HP": 100, "LC": 100, "QH": 100, "TC": 100, "WC": 100, "TP": 1000, "LM": 1000, "QS": 1000, "TM": 1000, "WM": 1000,
    "TT": 10_000, "HT": 100_000,
}  # fmt: skip
"""Codes of data element 639 that give a price of pieces or of what is ordered, and for how many eaches that is."""
MEASURES = {
    "PG": ("GR", 1), "PK": ("KG", 1), "PO": ("OZ", 1), "PA": ("TO", 1), "PP": ("LB", 1), "PT": ("TN", 1),
    "ML": ("ML", 1), "PL": ("LT", 1), "PF": ("FT", 1), "HF": ("FT", 100), "TF": ("FT", 1000), "PY": ("YD", 1),
    "PS": ("SF", 1000),
}  # fmt: skip
"""Codes that give a price of a measure: the unit that has to be ordered, and for how many of it the price is."""
NO_PRICE = """AA AB AP AW BD BW CR DP DS EC EH ES FB FO KA KP KR LR ME NC NE NQ NS PB PM PU PV QR RC RD RE RM RS RT SA SC
SM SR SW TB WI"""


def x12(*lines: str) -> PurchaseOrder:
    body = ["BEG*00*SA*P1**20261102", *lines, "CTT*1"]
    reading = wire.reader("850").read(wire.report("850", body))
    assert [str(finding) for finding in reading.findings if finding.severity == "error"] == []
    order: PurchaseOrder = reading.document
    return order


def edifact(price: str, unit: str = "PCE", *behind: str) -> PurchaseOrder:
    body = [
        "BGM+220+E1+9", "DTM+137:20261102:102", "LIN+1++614141000012:EN",
        f"QTY+21:2400{f':{unit}' if unit else ''}", *behind, f"PRI+{price}", "UNS+S", "CNT+2:1",
    ]  # fmt: skip
    report = wire_edifact.report("ORDERS", body)
    assert report.guide is not None
    reading = EdifactReader(load("edifact", "ORDERS"), report.guide).read(report)
    assert [str(finding) for finding in reading.findings if finding.severity == "error"] == []
    order: PurchaseOrder = reading.document
    return order


def settled(order: PurchaseOrder) -> tuple[str, str]:
    """The first line's price as D365 takes it, for how many; or "held" and why."""
    made, findings = prices.settle(order, PLACE)
    if findings:
        return HELD, " ".join(str(each) for each in findings)
    line = made.lines[0]
    return str(line.price), str(line.price_per.quantity or 1)


# -- X12 --------------------------------------------------------------------------------------------------------------
def test_every_code_of_list_639_is_in_the_map_and_in_the_guide() -> None:
    every = {*PER, *MEASURES, *NO_PRICE.split()}
    assert len(every) == 91
    guide_codes = tomllib.loads((files("d365edi.edi.x12") / "guides/codes.toml").read_text(encoding="utf-8"))["639"]
    for codes in (load("x12", "850").codes(), load("x12", "855").codes(), load("x12", "810").codes()):
        assert set(codes["price_basis"]) == every == set(guide_codes)
        assert set(codes["price_basis"].values()) <= set(prices.bases())


@pytest.mark.parametrize(("code", "per"), PER.items())
def test_a_price_of_pieces_is_for_so_many_of_an_ordered_each(code: str, per: int) -> None:
    """PN, PD, LM and others were taken for the price of one."""
    assert settled(x12(f"PO1*1*2400*EA*36*{code}*BP*A")) == ("36", str(per))


@pytest.mark.parametrize(("code", "measure"), MEASURES.items())
def test_a_price_of_a_measure_holds_unless_that_is_ordered(code: str, measure: tuple[str, int]) -> None:
    unit, per = measure
    assert settled(x12(f"PO1*1*2400*{unit}*36*{code}*BP*A")) == ("36", str(per))
    what, why = settled(x12(f"PO1*1*5*EA*8.4*{code}*BP*A"))
    assert what == HELD
    assert "line 1: the price 8.4 is per " in why
    assert "and 5 ea are ordered" in why
    assert f'add {code} = "unit" under [partners.acme.codes.price_basis], then: d365edi release P1' in why


@pytest.mark.parametrize("code", [code for code in NO_PRICE.split() if code != "NC"])
def test_what_is_no_price_to_go_by_holds_and_names_the_code(code: str) -> None:
    what, why = settled(x12(f"PO1*1*5*EA*8.4*{code}*BP*A"))
    assert what == HELD
    assert f"({code})" in why
    assert f'add {code} = "unit" under [partners.acme.codes.price_basis]' in why


def test_the_remedy_of_a_held_price_releases_it() -> None:
    report = wire.report("850", ["BEG*00*SA*P1**20261102", "PO1*1*5*EA*8.4*PK*BP*A", "CTT*1"])
    reader = wire.reader("850", codes={"price_basis": {"PK": "unit"}})
    assert settled(reader.read(report).document) == ("8.4", "1")


def test_a_word_that_nobody_knows_holds_and_lists_the_known_ones() -> None:
    report = wire.report("850", ["BEG*00*SA*P1**20261102", "PO1*1*5*EA*8.4*PK*BP*A", "CTT*1"])
    reader = wire.reader("850", codes={"price_basis": {"PK": "per kilo"}})
    what, why = settled(reader.read(report).document)
    assert (what, '"per kilo", which is none of the known words: unit, each, ten' in why) == (HELD, True)


def test_nothing_is_charged_for_what_is_free() -> None:
    assert settled(x12("PO1*1*5*EA**NC*BP*A")) == ("0", "1")
    assert settled(x12("PO1*1*5*EA*0*NC*BP*A")) == ("0", "1")
    what, why = settled(x12("PO1*1*5*EA*8.4*NC*BP*A"))
    assert (what, "the price 8.4 is stated, and nothing is to be charged" in why) == (HELD, True)


CASES = [
    (("PO1*1*5*CA*0.5*PE*BP*A", "PO4*12*1*EA"), ("6.0", "1")),
    (("PO1*1*5*CA*50*HP*BP*A", "PO4*12*1*EA"), ("150", "25")),
    (("PO1*1*5*CA*0.5*PE*BP*A",), HELD),
    (("PO1*1*5*CA*0.5*PE*BP*A", "PO4*12*************3"), HELD),
    (("PO1*1*5*CA*6*UM*BP*A", "PO4*12*1*EA"), ("6", "1")),
    (("PO1*1*5*CA*6**BP*A", "PO4*12*1*EA"), ("6", "1")),
    (("PO1*1*5*EA*6*PE*BP*A", "PO4*12*1*EA"), ("6", "1")),
    (("PO1*1*5*DZ*0.5*PE*BP*A",), ("6.0", "1")),
    (("PO1*1*5*DZ*6*PD*BP*A",), ("6", "1")),
    (("PO1*1*5*DZ*600*HP*BP*A",), ("1800", "25")),
    (("PO1*1*5*LB*6*PE*BP*A",), ("6", "1")),
    (("PO1*1*5*9Z*6*PE*BP*A", "PO4*12*1*EA"), HELD),
    (("PO1*1*5*9Z*6*PE*BP*A",), ("6", "1")),
]
"""Lines of an 850, and the price of what is ordered."""


@pytest.mark.parametrize(("lines", "expected"), CASES)
def test_a_price_of_pieces_beside_a_case_needs_to_know_how_many_there_are(
    lines: tuple[str, ...], expected: Any
) -> None:
    found = settled(x12(*lines))
    assert (found[0] if expected == HELD else found) == expected


def test_the_order_s_own_total_says_whether_each_is_a_case_or_a_piece() -> None:
    """Many partners write WE or PE for the price of the case."""
    lines = ("PO1*1*10*CA*96*WE*BP*A", "PO4*12*1*EA", "PO1*2*2*EA*5*WE*BP*B")
    case, piece, neither = (x12(*lines, "CTT*2", f"AMT*TT*{total}") for total in ("970", "11530", "1000"))
    assert settled(case.replace(total=Decimal(970))) == ("96", "1")
    assert settled(piece.replace(total=Decimal(11530))) == ("1152", "1")
    assert settled(neither.replace(total=Decimal(1000))) == ("1152", "1")


def test_a_line_without_a_price_takes_the_one_of_its_ctp_that_is_a_purchase_price() -> None:
    """CTP was read and not used: D365 took its own price."""
    assert settled(x12("PO1*1*5*EA***BP*A", "CTP**UCP*10.25*1*EA")) == ("10.25", "1")
    assert settled(x12("PO1*1*5*EA***BP*A", "CTP**UCP*1025******HP")) == ("1025", "100")
    assert settled(x12("PO1*1*5*EA***BP*A", "CTP**RES*19.99*1*EA")) == ("None", "1")
    what, why = settled(x12("PO1*1*5*EA***BP*A", "CTP**UCP*10.25*1*EA", "CTP**NET*9.75*1*EA"))
    assert (what, "beside it 10.25, 9.75" in why) == (HELD, True)
    assert settled(x12("PO1*1*5*EA*7*PE*BP*A", "CTP**UCP*10.25*1*EA")) == ("7", "1")


# -- EDIFACT ----------------------------------------------------------------------------------------------------------
NO_TYPE = "PK PL PT NW PW SW TW SR AP ES NE NQ PV TB AI EC"
TYPES = {
    "BR": 1, "CA": 1, "CP": 1, "CT": 1, "DI": 1, "DR": 1, "PU": 1, "QT": 1, "TU": 1, "WH": 1, "CU": 1, "PE": 1,
    **dict.fromkeys(NO_TYPE.split(), HELD),
}  # fmt: skip
KIND = """NTP INV CON CUP CAT DIS DPR PRP PRO QTE GRP AAA AAE AAF AAG AAH AAI AAJ AAK AAO AAP AAQ ABA ABB ABC ABD ABG MAX MIN
MNR MXR PAQ PBQ TRF WH BR CP DR"""
NO_KIND = """RTP SRP MSR RES AAC ABE ABF ABH AAM AAN ABI ABJ ABK AP ES EUP NE NQT PPR TB AAB AAD AAL AAR AAS AAT AAU AAV AAW AAX
AAY AAZ ALT CDV CUS DAP DSC EC FCR LBL OCR OFR PPD SHD"""
KINDS: dict[str, object] = {**dict.fromkeys(KIND.split(), 1), **dict.fromkeys(NO_KIND.split(), HELD)}


def test_the_maps_have_these_codes_of_lists_5375_and_5387() -> None:
    for name in ("ORDERS", "ORDRSP", "INVOIC"):
        codes = load("edifact", name).codes()
        assert (set(codes["price_basis"]), set(codes["price_kind"])) == (set(TYPES), set(KINDS))
        assert {*codes["price_basis"].values(), *codes["price_kind"].values()} <= set(prices.bases())


@pytest.mark.parametrize(("code", "expected"), TYPES.items())
def test_every_type_of_an_edifact_price(code: str, expected: object) -> None:
    found, why = settled(edifact(f"AAA:36:{code}"))
    assert found == (HELD if expected == HELD else "36")
    assert expected != HELD or f'{code} = "unit" under [partners.acme.codes.price_basis]' in why


@pytest.mark.parametrize(("code", "expected"), KINDS.items())
def test_every_kind_of_an_edifact_price(code: str, expected: object) -> None:
    """5387 was read by no row: a retail price became the price of the goods."""
    found, why = settled(edifact(f"AAA:36::{code}"))
    assert found == (HELD if expected == HELD else "36")
    assert expected != HELD or f'{code} = "unit" under [partners.acme.codes.price_kind]' in why


PRICES = [
    (("AAA:125:CT:NTP:100:PCE",), ("125", "100")),
    (("AAA:125:::100",), ("125", "100")),
    (("AAA:125:::1:C62",), ("125", "1")),
    (("AAA:125::::PCE", "CT", "QTY+59:12:PCE"), ("1500", "1")),
    (("AAA:125:CU", "CT", "QTY+59:12:PCE"), ("1500", "1")),
    (("AAA:125:TU", "CT", "QTY+59:12:PCE"), ("125", "1")),
    (("AAA:125::::CT", "PCE", "QTY+59:12:PCE"), ("125", "12")),
    (("AAA:125::::CT", "PCE"), HELD),
    (("AAA:8.40:CT:NTP:1:KGM",), HELD),
    (("AAA:8.40:CT:NTP:1:KGM", "KGM"), ("8.40", "1")),
    (("AAA:8.40:PK", "KGM"), ("8.40", "1")),
    (("AAA:8.40::::LBR", "KGM"), HELD),
    (("AAA:8.40:::0",), HELD),
]


@pytest.mark.parametrize(("said", "expected"), PRICES)
def test_the_basis_of_an_edifact_price(said: tuple[str, ...], expected: Any) -> None:
    found = settled(edifact(*said))
    assert (found[0] if expected == HELD else found) == expected


def test_the_remedy_for_another_unit_releases_it() -> None:
    what, why = settled(edifact("AAA:8.40:CT:NTP:1:KGM"))
    assert (what, "add price_per.unit = false under [partners.acme.receive.850.map.lines]" in why) == (HELD, True)
    table = load("edifact", "ORDERS", {"lines": {"price_per": {"unit": False}}})
    body = ["BGM+220+E1+9", "DTM+137:20261102:102", "LIN+1++614141000012:EN", "QTY+21:5:EA", "PRI+AAA:8.40:CT:NTP:1:KGM",
            "UNS+S", "CNT+2:1"]  # fmt: skip
    found = guide("EDIFACT", "ORDERS", "D:96A:UN")
    assert found is not None
    assert settled(EdifactReader(table, found).read(wire_edifact.report("ORDERS", body)).document) == ("8.40", "1")


# -- bodies of older versions -----------------------------------------------------------------------------------------
def test_a_stored_order_of_an_older_version_means_what_it_meant() -> None:
    old = '{"number":"P1","lines":[{"quantity":"500","unit":"ea","price":"125","price_basis":"HP"}]}'
    line = PurchaseOrder.from_json(old).lines[0]
    assert (line.price_basis, line.spelling("price_basis")) == ("hundred", "HP")
    assert settled(PurchaseOrder.from_json(old)) == ("125", "100")


def test_codes_of_older_bodies_have_the_words_that_maps_read_them_as() -> None:
    """PU is a price for a quarter in X12 and of a specified unit in EDIFACT, PT of a ton or a tonne: older bodies do not say."""
    words = {**load("edifact", "ORDERS").codes()["price_basis"], **load("x12", "850").codes()["price_basis"]}
    assert {code for code in words if WORDS["price_basis"].get(code) != words[code]} <= {"PU", "PT", "SW", "CR"}
