"""What a set says about itself is added up again: counts, hash totals, money, hierarchy, numbers of GS1."""

from __future__ import annotations

import pytest

from d365edi.edi import reader
from tests.edi import make, see

BODIES = {
    "850": ("PO", make.ORDER), "855": ("PR", make.ACKNOWLEDGED), "856": ("SH", make.SHIPMENT), "810": ("IN", make.INVOICE),
    "820": ("RA", make.PAYMENT), "860": ("PC", make.CHANGE),
}  # fmt: skip
AMOUNT = "AMT*TT*2806.74"
"""What the order comes to."""


def told(set: str, *changes: tuple[str, str]) -> list[str]:
    """Place and rule of what is found in a set after changes to its segments; "" takes one out."""
    functional, whole = BODIES[set]
    body = list(whole)
    for old, new in changes:
        assert old in body, old
        body = [new if segment == old else segment for segment in body]
    data = make.data(make.interchange([make.numbered([segment for one in body for segment in one.split("~") if segment], set)],
                                      functional=functional))  # fmt: skip
    found = [one for one in see.findings(reader.read(data)) if one.rule != "unlisted"]
    return [f"{one.where.segment}{one.where.element or '':>02}:{one.rule}".replace("00:", ":") for one in found]


@pytest.mark.parametrize("set", BODIES)
def test_a_set_that_adds_up_has_nothing_to_say(set: str) -> None:
    assert told(set) == []


COUNTS = [
    ("850", "CTT*2*178", "CTT*3*178", ["CTT01:total"]),
    ("850", "CTT*2*178", "CTT*2*179", ["CTT02:total"]),
    ("850", "CTT*2*178", "CTT*2", []),
    ("850", "CTT*2*178", "CTT*2*178.00", []),
    ("850", "CTT*2*178", "", []),
    ("850", "CTT*2*178", "CTT*x*y", ["CTT01:type", "CTT02:type"]),
    ("855", "CTT*2*178", "CTT*1*178", ["CTT01:total"]),
    ("860", "CTT*1", "CTT*2", ["CTT01:total"]),
    ("856", "CTT*6*178", "CTT*2*178", []),  # the items
    ("856", "CTT*6*178", "CTT*5*178", ["CTT01:total"]),
    ("856", "CTT*6*178", "CTT*6*177", ["CTT02:total"]),
    ("810", "CTT*1*120", "CTT*2*120", ["CTT01:total"]),
]


@pytest.mark.parametrize(("set", "old", "new", "found"), COUNTS)
def test_counts_and_hash_totals_are_added_up(set: str, old: str, new: str, found: list[str]) -> None:
    assert told(set, (old, new)) == found


@pytest.mark.parametrize(
    ("quantity", "hash", "found"),
    [("120.5", "178.5", []), ("120.5", "1785", []), ("120.5", "178", ["CTT02:total"])],
)
def test_a_hash_total_may_leave_the_point_out(quantity: str, hash: str, found: list[str]) -> None:
    line = "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100"
    changes = (line, line.replace("*120*", f"*{quantity}*")), ("CTT*2*178", f"CTT*2*{hash}"), (AMOUNT, "")
    assert told("850", *changes) == found


def test_a_hash_total_is_cut_from_the_left_beyond_ten_digits() -> None:
    line = "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100"
    long = line.replace("*120*", "*99999999999*")
    assert told("850", (line, long), ("CTT*2*178", "CTT*2*57"), (AMOUNT, "")) == []


TDS = "TDS*152000"
LINE = "IT1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100"
PID = "PID*F*08***GRANOLA 12OZ"
OFF, FREIGHT = "SAC*A*C310***7500*******02", "SAC*C*D240***7500*******06***FREIGHT"
MONEY = [
    ("a dollar more", [(TDS, "TDS*152100")], ["TDS01:total"]),
    ("a cent more is rounding", [(TDS, "TDS*152001")], []),
    ("a factor of a hundred", [(TDS, "TDS*1520")], ["TDS01:total"]),
    ("a price per hundred", [(LINE, LINE.replace("12.5*WE", "1250*HP"))], []),
    ("a price per dozen", [(LINE, LINE.replace("12.5*WE", "150*PD"))], []),
    ("a price per thousand that is taken for one", [(LINE, LINE.replace("*WE", "*TP"))], ["TDS01:total"]),
    ("a price by weight of what is counted", [(LINE, LINE.replace("12.5*WE", "8.4*PK"))], []),
    ("a price by weight of what is weighed", [(LINE, LINE.replace("EA*12.5*WE", "KG*8.4*PK"))], ["TDS01:total"]),
    ("without its tax, which may stand in it already", [(TDS, "TDS*150000")], []),
    ("no allowance", [(OFF, ""), (TDS, "TDS*159500")], []),
    ("an allowance that was forgotten", [(TDS, "TDS*159500")], ["TDS01:total"]),
    ("a charge that was forgotten", [(TDS, "TDS*144500")], ["TDS01:total"]),
    ("an allowance written negative", [(OFF, OFF.replace("*7500*", "*-7500*"))], []),
    ("information adds nothing", [(FREIGHT, FREIGHT.replace("SAC*C", "SAC*N")), (TDS, "TDS*144500")], []),
    ("a bill back adds nothing", [(OFF, OFF.replace("*02", "*01")), (TDS, "TDS*159500")], []),
    ("a charge of a line", [(PID, f"{PID}~SAC*C*D240***100"), (TDS, "TDS*152100")], []),
    ("an amount that is none", [(OFF, OFF.replace("*7500*", "*75X*"))], ["SAC05:type", "TDS01:total"]),
    ("no price", [(LINE, "IT1*1*120*EA**WE*UP*614141000012")], ["IT104:relational"]),
    ("a credit", [(LINE, LINE.replace("*120*", "*-120*")), (TDS, "TDS*-148000"), ("CTT*1*120", "CTT*1*-120")], []),
    ("nothing in TDS", [(TDS, "TDS")], ["TDS:empty-segment", "TDS01:required"]),
    ("NaN", [(TDS, "TDS*NaN")], ["TDS01:type"]),
    ("Infinity", [(LINE, LINE.replace("*12.5*", "*Infinity*"))], ["IT104:type"]),
    ("an exponent", [(LINE, LINE.replace("*12.5*", "*1E99*"))], ["IT104:type"]),
]


@pytest.mark.parametrize(("changes", "found"), [row[1:] for row in MONEY], ids=[str(row[0]) for row in MONEY])
def test_an_invoice_is_added_up(changes: list[tuple[str, str]], found: list[str]) -> None:
    assert told("810", *changes) == found


def test_the_sentence_says_what_adds_up_to_what() -> None:
    text = make.data(make.interchange([make.numbered(make.INVOICE, "810")], functional="IN")).replace(
        b"TDS*152000", b"TDS*162000"
    )
    (finding,) = see.findings(reader.read(text))
    assert finding.message == (
        "TDS01 says 1620.00, but lines 1500.00, allowances and charges 0.00, taxes 20.00 add up to 1520.00"
    )


PAID = "BPR*I*1490*C*ACH*CTX*01*021000021*DA*123456*1234567890**01*021000021*DA*654321*20260212"
ITEM, ADJUSTMENT = "RMR*IV*INV000987**1515*1520*5", "ADX*-25*01"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([(PAID, PAID.replace("1490", "1491"))], ["BPR02:total"]),
        ([(PAID, PAID.replace("1490", "1515"))], []),  # the adjustment is in the item already
        ([(ADJUSTMENT, "")], ["BPR02:total"]),
        ([(ADJUSTMENT, "ENT*2~ADX*-25*01")], []),
        ([(ITEM, ""), (ADJUSTMENT, ""), ("DTM*003*20260113", "")], []),
        ([(PAID, PAID.replace("1490", "1,490"))], ["BPR02:type"]),
    ],
)
def test_a_payment_is_added_up(changes: list[tuple[str, str]], found: list[str]) -> None:
    assert told("820", *changes) == found


HIERARCHY = [
    ("HL*3*2*P", "HL*2*2*P", ["HL02:hierarchy", "HL01:hierarchy"]),
    ("HL*4*3*I", "HL*4*9*I", ["HL02:hierarchy"]),
    ("HL*1**S", "HL*1*1*S", ["HL02:hierarchy"]),
    ("HL*5*2*P", "HL*5*6*P", ["HL02:hierarchy"]),
    ("HL*1**S", "HL", ["HL:empty-segment", "HL01:required", "HL03:required", "HL02:hierarchy"]),
    ("HL*5*2*P", "HL*5**P", ["HL02:hierarchy"]),  # below nothing
    ("HL*6*5*I", "HL*6**I", ["HL02:hierarchy"]),
    ("HL*5*2*P", "HL*5**S", []),  # a second shipment
    ("HL*5*2*P", "HL*5*2*T", []),
    ("HL*5*2*P", "HL*5*4*P", ["HL03:hierarchy"]),  # a pack in an item
    ("HL*5*2*P", "HL*5*4*O", ["HL03:hierarchy"]),
    ("HL*5*2*P", "HL*5*3*Q", []),
    ("HL*6*5*I", "HL*6*5*K", []),  # no structure has kits
]
STRUCTURES = [
    ("0001", ["error", "warning"]), ("0002", ["error"]), ("0003", ["error", "warning"]), ("0004", ["error"]), ("", ["error"]),
    ("0010", []), ("ZZZZ", []),
]  # fmt: skip
"""How bad it is, by structure, that an item has an order and a pack below it."""


@pytest.mark.parametrize(("old", "new", "found"), HIERARCHY)
def test_a_level_names_one_before_it_and_has_a_number_of_its_own(old: str, new: str, found: list[str]) -> None:
    assert sorted(told("856", (old, new))) == sorted(found)


@pytest.mark.parametrize(("structure", "found"), STRUCTURES)
def test_levels_stand_in_the_order_that_the_structure_names(structure: str, found: list[str]) -> None:
    body = [
        f"BSN*00*SH1*20260112*1015*{structure}".rstrip("*"), "HL*1**S", "HL*2*1*I", "LIN**VN*NB-100", "SN1**4*EA", "HL*3*2*O",
        "PRF*PO1", "HL*4*2*P", "CTT*4*4",
    ]  # fmt: skip
    text = make.data(make.interchange([make.numbered(body, "856")], functional="SH"))
    assert [one.severity for one in see.findings(reader.read(text)) if one.rule == "hierarchy"] == found


CARTON = "MAN*GM*00006141410000000012"
CARTONS = [
    (CARTON, "MAN*GM*00006141410000000013", ["MAN02:check-digit"]),
    (CARTON, "MAN*GM*006141410000000012", []),
    (CARTON, "MAN*GM*00006141410000000029", ["MAN02:duplicate-sscc"]),
    (CARTON, "MAN*GM*1234", ["MAN02:check-digit"]),
    (CARTON, "MAN*CP*1234", []),
    (CARTON, "MAN*GM", ["MAN02:required"]),
]


@pytest.mark.parametrize(("old", "new", "found"), CARTONS)
def test_a_carton_has_a_number_of_its_own_with_a_right_check_digit(old: str, new: str, found: list[str]) -> None:
    assert told("856", (old, new)) == found


ARTICLES = [
    (
        "850",
        "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100",
        "UP*614141000012",
        "UP*614141000013",
        ["PO107:check-digit"],
    ),
    ("850", "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "UP*614141000012", "EN*0614141000012", []),
    (
        "850",
        "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100",
        "UP*614141000012",
        "UK*614141000012",
        ["PO107:check-digit"],
    ),
    ("850", "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "VN*NB-100", "EO*96385075", ["PO109:check-digit"]),
    ("850", "PO1*1*120*EA*12.5*WE*UP*614141000012*VN*NB-100", "VN*NB-100", "IN*614141000013", []),
    ("810", LINE, "UP*614141000012", "UP*61414100001", ["IT107:check-digit"]),
    ("856", "LIN*1*UP*614141000012*VN*NB-100", "614141000012", "X14141000012", ["LIN03:check-digit"]),
]


@pytest.mark.parametrize(("set", "line", "old", "new", "found"), ARTICLES)
def test_an_article_number_has_its_length_and_its_check_digit(
    set: str, line: str, old: str, new: str, found: list[str]
) -> None:
    assert told(set, (line, line.replace(old, new))) == found


def test_a_segment_that_only_begins_like_a_line_is_none() -> None:
    line = "PO1*2*58*EA*22.53*WE*UP*614141000029*VN*NB-200"
    found = told("850", (line, line.replace("PO1", "PO1X")))
    assert found == ["PO1:unknown", "PID:sequence", "CTT01:total", "CTT02:total", "AMT02:total"]


CHANGES = [
    # a change of two lines: 40 at 7.225 (289.00), of which 30 are left, and one that is taken out
    ("04", "289", []),
    ("04", "216.75", []),  # what is left
    ("04", "2806.74", []),  # the whole order
    ("04", "200", ["AMT02:total"]),
    ("05", "289", []),
    ("05", "2806.74", ["AMT02:total"]),
]


@pytest.mark.parametrize(("purpose", "said", "found"), CHANGES)
def test_the_total_of_a_change_is_that_of_its_lines_or_of_the_whole_order(
    purpose: str, said: str, found: list[str]
) -> None:
    body = [
        f"BCH*{purpose}*SA*4500012345**1*20260105", "POC*2*QD*40*30*EA*7.225**IN*900002", "POC*3*DI*0*0*EA*99**IN*900003",
        "CTT*2", f"AMT*TT*{said}",
    ]  # fmt: skip
    data = make.data(make.interchange([make.numbered(body, "860")], functional="PC"))
    seen = [one for one in see.findings(reader.read(data)) if one.rule != "unlisted"]
    assert [f"{one.where.segment}{one.where.element:02}:{one.rule}" for one in seen] == found
