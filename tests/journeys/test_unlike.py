"""Orders unlike a normal one, through the daemon: held in every standard, and what a setting and a person make of them."""

from __future__ import annotations

import pytest

from tests.journeys.test_columns import COLUMNS, FILE, drop
from tests.journeys.test_edifact import RECEIVE, answers, orders
from tests.journeys.world import World

ODD_850 = [
    (b"*0*P*>", b"*0*T*>", "ISA15 says test"),
    (b"BEG*00*SA*", b"BEG*00*IN*", "BEG02 is IN"),
    (b"BEG*00*SA*", b"BEG*00*BK*", "BEG02 is BK"),
    (b"BEG*00*SA*", b"BEG*00*CN*", "BEG02 is CN"),
    (b"PO1*2*3*", b"PO1*2*0*", "line 2 (ACME-4712): PO102 is 0"),
    (b"PO1*2*3*", b"PO1*2*-3*", "line 2 (ACME-4712): PO102 is -3"),
    (
        b"PO1*2*3*EA*99.99*PE*BP*ACME-4712*UP*614141000029",
        b"PO1*1*12*EA*10.5*PE*BP*ACME-4711*UP*614141000012",
        "is line 1 again",
    ),
]
ODD_ORDERS = [
    (b"1200+77'", b"1200+77++++++1'", "UNB11 says test"),
    (b"BGM+220", b"BGM+221", "BGM01-1 is 221"),
    (b"BGM+220", b"BGM+227", "BGM01-1 is 227"),
    (b"+9'DTM", b"+31'DTM", "purpose duplicate (they wrote 31)"),
    (b"QTY+21:3:", b"QTY+21:-3:", "line 2 (ACME-4712): QTY01-2 is -3"),
    (b"QTY+21:3:", b"QTY+21:0:", "line 2 (ACME-4712): QTY01-2 is 0"),
]


@pytest.mark.parametrize(("usual", "odd", "says"), ODD_850)
async def test_an_850_unlike_a_normal_order_is_held_and_a_person_may_release_it(
    usual: bytes, odd: bytes, says: str, town: World
) -> None:
    """Each of these became a sales order like any other."""
    data = town.order("4500123")
    assert data.count(usual) == 1
    town.partner.drop("PO-1.edi", data.replace(usual, odd).replace(b"CTT*2*15", b"CTT*2"))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert says in held.reason
        assert "[partners.acme.receive.850.unlike]" in held.reason
        assert town.sales_orders() == {}
        assert await app.release("4500123", "pat") == ["4500123 continues"]
        await app.once()
    assert list(town.sales_orders()) == ["4500123"]
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


@pytest.mark.parametrize(("usual", "odd", "says"), ODD_ORDERS)
async def test_an_edifact_order_unlike_a_normal_one_is_held(usual: bytes, odd: bytes, says: str, town: World) -> None:
    """Each of these became a sales order like any other, but for the copy."""
    town.knobs["edifact"] = 'edifact = { us = "14:4012345000009", them = "14:4098765000010", association = "EAN008" }'
    town.extra = RECEIVE
    data = orders("4500123")
    assert data.count(usual) == 1
    town.partner.drop("ORDERS-77.edi", data.replace(usual, odd))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert says in held.reason
    assert town.sales_orders() == {}
    assert len(answers(town)) == 1


async def test_a_csv_row_twice_and_a_negative_quantity_are_held(town: World) -> None:
    """The first of these ordered 24, the second made a line of -12."""
    (town.partner.outbound / "columns").mkdir()
    town.extra = COLUMNS.format(root=town.prefix)
    head, first, *_ = FILE.splitlines(keepends=True)
    drop(town, head + first + first, "twice.csv")
    drop(town, head + first.replace(",12,", ",-12,").replace("4500123", "4500124"), "negative.csv")
    async with town.app() as app:
        await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    reasons = {row.number: row.reason for row in held}
    assert "line 2 (their 1, ACME-4711) is line 1 again" in reasons["4500123"]
    assert "line 1 (ACME-4711): quantity is -12" in reasons["4500124"]
    assert town.sales_orders() == {}


async def test_a_test_order_is_created_by_setting_and_answered_as_a_test(town: World) -> None:
    town.extra = '[partners.acme.receive.850.unlike]\ntest = "create"\n'
    town.partner.drop("PO-1.edi", town.order("4500123").replace(b"*0*P*>", b"*0*T*>"))
    await town.once()
    assert list(town.sales_orders()) == ["4500123"]
    [answer] = (town.partner.inbound / "acks").iterdir()
    assert b"*0*T*" in answer.read_bytes()[:106]


async def test_an_information_copy_is_closed_by_setting_and_leaves_its_number_to_the_order(town: World) -> None:
    town.extra = '[partners.acme.receive.850.unlike]\ninformation_copy = "ignore"\n'
    town.partner.drop("PO-1.edi", town.order("4500123").replace(b"BEG*00*SA*", b"BEG*00*IN*"))
    town.partner.drop("PO-2.edi", town.order("4500123"))
    async with town.app() as app:
        counters = await app.once()
        rows = await app.journal.read(lambda tx: tx.documents.search("4500123"))
    assert counters.counts["ignored"] == 1
    assert {row.state for row in rows} == {"rejected", "delivered"}
    assert list(town.sales_orders()) == ["4500123"]


async def test_a_held_test_leaves_its_number_to_the_real_order(town: World) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123").replace(b"*0*P*>", b"*0*T*>"))
    await town.once()
    town.partner.drop("PO-2.edi", town.order("4500123"))
    await town.once()
    assert list(town.sales_orders()) == ["4500123"]
    async with town.app() as app:
        (sentence,) = await app.release("4500123", "pat")
    assert "stays held: it was received before" in sentence
