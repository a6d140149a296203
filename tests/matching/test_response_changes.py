"""What D365 changed of an order is what its answer says: prices, days, cancelled lines, other items. In both standards, strictly
valid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from d365edi.documents import OrderResponse, PurchaseOrder
from d365edi.edi import reader
from d365edi.matching import asked, stating
from d365edi.matching.lines import OrderKey, match_lines
from d365edi.matching.resolution import Part, Resolution
from d365edi.matching.response import ordered_items, respond
from tests.maps import wire, wire_edifact

ITEM = {"gtin": "614141000012", "buyer": "A-1"}
TWELVE = Decimal("12.5")
ANSWERS = Resolution(items={1: "D1", 2: "D2"})


def order(*lines: dict[str, Any], **more: Any) -> PurchaseOrder:
    whole = [{"number": str(at), "quantity": Decimal(120), "unit": "ea", "price": TWELVE, "item": ITEM, **line}
             for at, line in enumerate(lines or ({},), 1)]  # fmt: skip
    head = {"number": "4711", "date": date(2026, 1, 5), "parties": {"buyer": {"id_kind": "92", "id": "0007"}}}
    return PurchaseOrder.of({**head, "lines": whole, **more})


def ours(line: int = 1, **more: Any) -> dict[str, Any]:
    """A line of ours as D365 has it."""
    values = {"order_line": line, "item": {"own": f"D{line}"}, "quantity": Decimal(120), "unit": "ea", "price": TWELVE}
    return {**values, **more}


def response(*lines: dict[str, Any], **more: Any) -> OrderResponse:
    head = {"number": "4711", "sales_order": "SO-1", "purpose": "original", "responded": date(2026, 1, 6)}
    return OrderResponse.of({**head, "lines": lines, **more})


def answer(asked_for: PurchaseOrder, *lines: dict[str, Any], **more: Any) -> tuple[OrderResponse, Any]:
    made = response(*lines, **more)
    return respond(made, match_lines(made, {OrderKey("4711"): asked_for}), items=ordered_items(asked_for, [ANSWERS]))


def outcomes(made: OrderResponse) -> list[list[str | None]]:
    return [[each.outcome for each in line.answers] for line in made.lines]


def said(set: str, version: str, asked_for: PurchaseOrder, *lines: dict[str, Any], **more: Any) -> list[str]:
    """The segments of an answer that say what becomes of its lines, after a strict reading of the whole file."""
    writer = (wire.plain(set, version) if set.isdigit() else wire_edifact.plain(set, version))[1]
    whole, match = answer(asked_for, *lines, **more)
    assert [str(each) for each in match.findings] == []
    whole, repeated = stating.stated(whole, match.order, match.lines, writer.places)
    body = writer.write(whole, order=match.order, line_orders=repeated)
    if set.isdigit():
        data = wire.interchange(set, map(wire.text, body), version)
    else:
        data = wire_edifact.interchange(set, body, version)
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    [one] = [each for interchange in report.interchanges for group in interchange.groups for each in group.sets]
    assert [str(each) for each in (*report.findings, *one.findings)] == []
    segments = data.decode().replace("'", "~").split("~")
    return [each for each in segments if each[:3] in ("BAK", "PO1", "ACK", "BGM", "LIN", "PIA", "QTY", "PRI", "DTM")
            and not each.startswith(("DTM+137", "DTM+171", "DTM+4:"))]  # fmt: skip


# -- prices -----------------------------------------------------------------------------------------------------------
EACH: dict[str, Any] = {"price_basis": "each", "kept": {"price_basis": "PE"}}
HUNDRED: dict[str, Any] = {"price": Decimal(1250), "price_basis": "hundred", "kept": {"price_basis": "HP"}}
PER_HUNDRED = {"price": Decimal(1275), "price_per": {"quantity": Decimal(100)}}
PRICES: Sequence[tuple[str, dict[str, Any], dict[str, Any], str, str, bool]] = [
    ("the same", EACH, {}, "12.5*PE", "12.5:PE", False),
    ("another one", EACH, {"price": Decimal("12.75")}, "12.75*PE", "12.75:PE", True),
    ("a lower one", EACH, {"price": Decimal("12.25")}, "12.25*PE", "12.25:PE", True),
    ("rounded by D365", {"price": Decimal("12.4967")}, {}, "12.4967", "12.4967", False),
    ("off by half a cent", {"price": Decimal("12.495")}, {}, "12.5", "12.5", True),
    ("off by little, and much of it", {"price": Decimal("0.012")}, {"price": Decimal("0.015")}, "0.015", "0.015", True),
    ("for a hundred, the same", HUNDRED, {}, "1250*HP", "1250:::100", False),
    ("for a hundred", HUNDRED, {"price": Decimal("12.75")}, "1275*HP", "1275:::100", True),
    ("for a hundred in D365", EACH, PER_HUNDRED, "12.75*PE", "12.75:PE", True),
    ("asked for without one", {"price": None}, {}, "", "", False),
]


@pytest.mark.parametrize("row", PRICES, ids=[row[0] for row in PRICES])
def test_a_line_says_the_price_that_it_is_confirmed_at(
    row: tuple[str, dict[str, Any], dict[str, Any], str, str, bool],
) -> None:
    """At b0a5549 an 855 and an ORDRSP said the order's price, whatever D365's was."""
    _, asked_for, confirmed, x12, edifact, changed = row
    for version in wire.VERSIONS:
        assert said("855", version, order(asked_for), ours(**confirmed)) == [
            f"BAK*00*{'AC' if changed else 'AD'}*4711*20260105****SO-1*20260106",
            f"PO1*1*120*EA*{x12}{'*' * (1 - x12.count('*'))}*UP*614141000012*IN*A-1",
            f"ACK*{'IP' if changed else 'IA'}*120*EA",
        ]
    for directory in wire_edifact.DIRECTORIES:
        found = said("ORDRSP", directory, order(asked_for), ours(**confirmed))
        assert found[:2] == [
            f"BGM+231+SO-1+{'4' if changed else '29'}",
            f"LIN+1+{'3' if changed else '5'}+614141000012:UP",
        ]
        assert [each for each in found if each[:3] == "PRI"] == ([f"PRI+AAA:{edifact}"] if edifact else [])


def test_the_partner_s_own_kind_of_price_is_the_one_that_is_changed() -> None:
    asked_for = order({"kept": {"price": "AAB"}})
    found = said("ORDRSP", "D96A", asked_for, ours(price=Decimal("12.75")))
    assert [each for each in found if each[:3] == "PRI"] == ["PRI+AAB:12.75"]


def test_a_partner_may_have_the_ordered_price_in_po1_and_ours_beside_it() -> None:
    writer = wire.writer("855", override={"lines": {"order.price": "PO104", "price": "CTP[CHG]03"}})
    whole, match = answer(order(), ours(price=Decimal("12.75")))
    whole, repeated = stating.stated(whole, match.order, match.lines, writer.places)
    found = wire.written(writer.write(whole, order=match.order, line_orders=repeated))
    assert found[2:5] == ["PO1*1*120*EA*12.5**UP*614141000012*IN*A-1", "CTP**CHG*12.75", "ACK*IP*120*EA"]


HOLDS = [
    (
        [ours(quantity=Decimal(60)), ours(quantity=Decimal(60), price=Decimal(13))],
        "has several prices in D365 (12.5, 13)",
    ),
    (
        [ours(unit="cs", quantity=Decimal(10), price=Decimal(149))],
        "is cs in D365 and ea in the order, at another price",
    ),
]


@pytest.mark.parametrize(("lines", "sentence"), HOLDS)
def test_a_price_that_an_answer_cannot_say_holds_it(lines: list[dict[str, Any]], sentence: str) -> None:
    _, match = answer(order(), *lines)
    assert [(each.severity, sentence in str(each)) for each in match.findings] == [("error", True)]


def test_the_same_amount_in_another_unit_is_no_other_price() -> None:
    made, match = answer(order(), ours(unit="cs", quantity=Decimal(10), price=Decimal(150)))
    assert (match.findings, made.lines[0].price, outcomes(made)) == ((), TWELVE, [["changed"]])


# -- days -------------------------------------------------------------------------------------------------------------
def day(number: int) -> date:
    return date(2026, 1, number)


BOTH = {"ship_date": day(8), "deliver_date": day(11)}
DAYS: Sequence[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str, str]] = [
    # what the order says as a whole, what its line says, what D365 confirms, 855, ORDRSP
    ("requested ship", {"ship_from": day(10)}, {}, {"ship_date": day(12)}, "DR 068 12", "3 11 12"),
    ("requested ship kept", {"ship_from": day(10)}, {}, {"ship_date": day(10)}, "IA 068 10", "5 11 10"),
    ("ship no later", {"ship_by": day(10)}, {}, {"ship_date": day(11)}, "DR 068 11", "3 11 11"),
    ("within the window", {"ship_from": day(8), "ship_by": day(12)}, {}, {"ship_date": day(11)}, "IA 068 11", "5 11 11"),
    ("before the window", {"ship_from": day(8), "ship_by": day(12)}, {}, {"ship_date": day(7)}, "DR 068 07", "3 11 07"),
    ("early, no window", {"ship_from": day(8)}, {}, {"ship_date": day(7)}, "IA 068 07", "5 11 07"),
    ("delivery", {"deliver_by": day(10)}, {}, {"deliver_date": day(11)}, "DR 067 11", "3 69 11"),
    ("earliest delivery", {"deliver_from": day(10)}, {}, {"deliver_date": day(11)}, "DR 067 11", "3 69 11"),
    ("delivery, both confirmed", {"deliver_by": day(10)}, {}, BOTH, "DR 067 11", "3 69 11"),
    ("delivery kept", {"deliver_by": day(10)}, {}, {"ship_date": day(8), "deliver_date": day(10)}, "IA 067 10", "5 69 10"),
    ("leaves after it should be there", {"deliver_by": day(10)}, {}, {"ship_date": day(11)}, "DR 068 11", "3 11 11"),
    ("both, arrives late", {"ship_by": day(8), "deliver_by": day(10)}, {}, BOTH, "DR 067 11", "3 69 11"),
    ("both, leaves late", {"ship_by": day(7), "deliver_by": day(12)}, {}, BOTH, "DR 068 08", "3 11 08"),
    ("a line of its own, later", {"deliver_by": day(10)}, {"deliver_by": day(12)}, BOTH, "IA 067 11", "5 69 11"),
    ("a line of its own, earlier", {"ship_from": day(10)}, {"ship_from": day(8)}, {"ship_date": day(9)}, "DR 068 09", "3 11 09"),
    ("a line's earliest", {}, {"dates": [{"qualifier": "064", "date": day(10)}]}, BOTH, "DR 067 11", "3 69 11"),
    ("nothing asked", {}, {}, {"ship_date": day(11), "deliver_date": day(12)}, "IA 068 11", "5 11 11"),
]  # fmt: skip


@pytest.mark.parametrize("row", DAYS, ids=[row[0] for row in DAYS])
def test_a_later_day_than_asked_is_a_change_and_is_said(
    row: tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str, str],
) -> None:
    """At b0a5549 only the last days to ship and to deliver were looked at, not DTM 010, 064 or the earliest day of a line."""
    _, head, line, confirmed, x12, edifact = row
    status, kind, at = x12.split(" ")
    [_, _, acknowledged] = said("855", "004010", order(line, **head), ours(**confirmed))
    assert acknowledged == f"ACK*{status}*120*EA*{kind}*202601{at}"
    action, kind, at = edifact.split(" ")
    found = said("ORDRSP", "D96A", order(line, **head), ours(**confirmed))
    assert found[1].startswith(f"LIN+1+{action}+")
    assert [each for each in found if each[:3] == "DTM"] == [f"DTM+{kind}:202601{at}:102"]
    assert (found[0][-2:] == "29") == (action == "5")


def test_the_day_of_the_order_as_a_whole_counts_where_a_line_has_none() -> None:
    made, _ = answer(order(ship_from=day(10)), ours(), ship_date=day(12))
    assert outcomes(made) == [["rescheduled"]]


def test_a_line_at_several_dates_is_compared_by_the_kind_of_day_that_it_names() -> None:
    entries = [{"quantity": Decimal(60), "date_kind": "002", "date": day(at)} for at in (10, 17)]
    parts = [ours(quantity=Decimal(60), asked_to_ship=day(1), asked_to_deliver=day(at), ship_date=day(8), deliver_date=day(11))
             for at in (10, 17)]  # fmt: skip
    made, _ = answer(order({"schedules": entries}), *parts)
    assert outcomes(made) == [["rescheduled", "accepted"]]


def test_the_qualifiers_of_a_substitute_are_the_partner_s() -> None:
    asked_for = order({"kept": {"item.buyer": "BP"}})
    _, ordered, acknowledged = said("855", "004010", asked_for, ours(item=OTHER))
    assert ordered.endswith("*UP*614141000012*BP*A-1")
    assert acknowledged == "ACK*IS*120*EA****UP*614141000036*BP*A-9*VN*D9"


# -- cancelled --------------------------------------------------------------------------------------------------------
CANCELED: dict[str, Any] = {"state": "Canceled"}
HALF = Decimal(60)
GONE: Sequence[tuple[str, list[dict[str, Any]], list[str], list[str]]] = [
    ("cancelled", [ours(**CANCELED, ship_date=day(9))], ["AC", "IR"], ["4", "7"]),
    ("nothing of it", [ours(quantity=Decimal(0))], ["AC", "IR"], ["4", "7"]),
    ("not there", [], ["AC", "IR"], ["4", "7"]),
    ("half cancelled", [ours(quantity=HALF), ours(quantity=HALF, **CANCELED)], ["AC", "IQ*60*EA"], ["4", "3", "60"]),
    ("cancelled and entered again", [ours(**CANCELED), ours()], ["AD", "IA*120*EA"], ["29", "5", "120"]),
]  # fmt: skip


@pytest.mark.parametrize("row", GONE, ids=[row[0] for row in GONE])
def test_what_is_cancelled_promises_no_quantity(row: tuple[str, list[dict[str, Any]], list[str], list[str]]) -> None:
    """At b0a5549 a cancelled line said its whole quantity: ACK*IR*120, QTY+113:120."""
    _, lines, x12, edifact = row
    asked_for = order({}, {"item": {"gtin": "614141000029"}})
    bak, _, acknowledged, _, kept = said("855", "004010", asked_for, *lines, ours(2))
    assert (bak.split("*")[2], acknowledged, kept) == (x12[0], f"ACK*{x12[1]}", "ACK*IA*120*EA")
    found = said("ORDRSP", "D96A", asked_for, *lines, ours(2))
    second = next(at for at, each in enumerate(found) if each.startswith("LIN+2"))
    promised = [each for each in found[:second] if each.startswith(("QTY+113", "QTY+12", "QTY+83"))]
    assert (found[0][-2:].strip("+"), found[1].split("+")[2]) == (edifact[0], edifact[1])
    assert promised == [f"QTY+113:{each}:EA" for each in edifact[2:]]
    assert [each for each in found[:second] if each[:3] == "DTM"] == []


@pytest.mark.parametrize("more", [{"state": "Canceled"}, {}])
def test_an_order_without_a_line_left_is_rejected(more: dict[str, Any]) -> None:
    lines = [ours(state=None if more else "Canceled")]
    more = {**more, "ship_date": day(9), "deliver_date": day(11)}
    assert said("855", "004010", order(), *lines, **more)[0].startswith("BAK*00*RD*4711*")
    found = said("ORDRSP", "D96A", order(), *lines, **more)
    assert (found[0], [each for each in found if each[:3] == "DTM"]) == ("BGM+231+SO-1+27", [])


def test_a_line_of_which_a_part_is_late_is_changed_and_not_accepted() -> None:
    """At b0a5549 the action of an ORDRSP's line was that of its first part: LIN+1+5 beside BGM 4."""
    parts = [ours(quantity=Decimal(60), ship_date=day(9)), ours(quantity=Decimal(60), ship_date=day(12))]
    found = said("ORDRSP", "D96A", order(ship_by=day(10)), *parts)
    assert (found[0], found[1][:7]) == ("BGM+231+SO-1+4", "LIN+1+3")


# -- other items ------------------------------------------------------------------------------------------------------
OTHER = {"own": "D9", "gtin": "614141000036", "buyer": "A-9"}
STALE = {"own": "D9", "buyer": "A-1"}
"""D365 leaves the customer's number of the ordered item with the line."""
SUBSTITUTES: Sequence[tuple[str, dict[str, Any], str, list[str]]] = [
    (
        "with all numbers",
        {"item": OTHER},
        "IS*120*EA****UP*614141000036*IN*A-9*VN*D9",
        ["614141000036:UP+A-9:IN+D9:SA"],
    ),
    ("the ordered number left", {"item": STALE}, "IS*120*EA****VN*D9", ["D9:SA"]),
    ("and less of it", {"item": STALE, "quantity": Decimal(100)}, "IS*100*EA****VN*D9", ["D9:SA"]),
    ("the ordered one", {"item": {"own": "d1", "buyer": "A-1"}}, "IA*120*EA", []),
]


@pytest.mark.parametrize("row", SUBSTITUTES, ids=[row[0] for row in SUBSTITUTES])
def test_a_substitute_is_named_beside_what_was_ordered(row: tuple[str, dict[str, Any], str, list[str]]) -> None:
    """At b0a5549 the ordered item was accepted, whatever D365's line had."""
    _, confirmed, x12, edifact = row
    for version in wire.VERSIONS:
        _, ordered, acknowledged = said("855", version, order(), ours(**confirmed))
        assert ordered == "PO1*1*120*EA*12.5**UP*614141000012*IN*A-1"
        assert acknowledged == f"ACK*{x12}"
    for directory in wire_edifact.DIRECTORIES:
        found = said("ORDRSP", directory, order(), ours(**confirmed))
        assert found[1:3] == [f"LIN+1+{'3' if edifact else '5'}+614141000012:UP", "PIA+1+A-1:IN"]
        assert [each for each in found if each.startswith("PIA+3")] == [f"PIA+3+{each}" for each in edifact]
        body = wire_edifact.report(
            "ORDRSP", ["BGM+231+SO-1+4", "DTM+137:20260106:102", "RFF+ON:4711", *found[1:], "UNS+S"]
        )
        reading = wire_edifact.plain("ORDRSP", "D96A")[0].read(body)
        [line] = reading.document.lines
        assert (line.item.buyer, line.answers[0].item.vendor) == ("A-1", "D9" if edifact else None)


def test_what_was_ordered_is_known_of_lines_that_became_several() -> None:
    resolved = Resolution(items={1: "D1", 2: "D1", 3: "D2"}, parts=(Part(1, store="A"), Part(1, store="B"), Part(2)))
    assert ordered_items(order({}, {}), [resolved]) == (frozenset({"d1"}), frozenset({"d2"}))
    assert ordered_items(order({}, {}), [Resolution(items={1: "D1"})]) == (frozenset({"d1"}), frozenset())


def test_a_window_that_is_open_misses_nothing() -> None:
    assert not asked.Window().missed(day(1))
    assert asked.Confirmed(None, day(3)).stated_day(asked.Asked()) == ("arrives", day(3))
    assert asked.Confirmed().stated_day(asked.Asked(asked.Window(day(1)))) == (None, None)


def test_what_a_store_gets_is_compared_with_the_day_that_was_asked_for_it() -> None:
    stores = [{"store": f"000{at}", "quantity": Decimal(60), "deliver_by": day(at)} for at in (10, 17)]
    parts = [
        ours(quantity=Decimal(60), asked_to_deliver=day(at), ship_date=day(8), deliver_date=day(11)) for at in (10, 17)
    ]
    made, _ = answer(order({"stores": stores}), *parts)
    assert outcomes(made) == [["rescheduled", "accepted"]]
