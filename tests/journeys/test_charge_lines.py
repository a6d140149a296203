"""Allowances and charges as charge lines of D365: the 850, the sales order with its charges, the invoice, the 810.

Line 1 is 12 at 10.50 (126.00), line 2 is 3 at 99.99 (299.97), 425.97 together."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.journeys.booked import SETS, booked, charged, publish
from tests.journeys.retail import drop, receive
from tests.journeys.test_invoices import segments
from tests.journeys.test_ship_to import document
from tests.journeys.world import World

HEADS, LINES = "SalesOrderHeaderChargesV2", "SalesOrderLineChargesV2"


def sent(town: World) -> list[list[str]]:
    """The segments of the only 810 at the partner."""
    [name] = town.partner.received()
    return segments(town, name)


async def test_charges_become_charge_lines_and_come_back_in_the_orders_words(town: World) -> None:
    publish(town, C310="line:PROMO", D240="line:FREIGHT")
    town.partner.drop("PO-1.edi", charged(town))
    await town.once()
    [lines] = town.sales_orders().values()
    assert booked(town) == [(HEADS, "FREIGHT", Decimal(25), Decimal(0)), (LINES, "PROMO", Decimal(-5), Decimal(0))]
    state = town.simulator.state
    assert state.one(LINES)["SalesOrderLineInventoryLotId"] == lines[0]["InventoryLotId"]
    assert [state.one(each)["ChargeDescription"] for each in (HEADS, LINES)] == ["D240 FREIGHT", "C310 PROMOTION"]
    town.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]))
    await town.once()
    found = sent(town)
    assert [segment[:6] for segment in found if segment[0] == "SAC"] == [
        ["SAC", "A", "C310", "", "", "500"],
        ["SAC", "C", "D240", "", "", "2500"],
    ]
    assert [segment[1] for segment in found if segment[0] == "TDS"] == ["44597"]


async def test_an_allowance_and_a_charge_that_d365_posts_as_one_amount_are_told_apart(town: World) -> None:
    """25.00 less 10.00 is a total charge of 15.00."""
    publish(town, C310="line:PROMO", D240="line:FREIGHT")
    town.partner.drop("PO-1.edi", charged(town, line=b"", head=b"SAC*C*D240***2500~SAC*A*C310***1000"))
    await town.once()
    [lines] = town.sales_orders().values()
    town.simulator.post_invoice(str(lines[0]["SalesOrderNumber"]))
    await town.once()
    found = sent(town)
    assert [segment[:6] for segment in found if segment[0] == "SAC"] == [
        ["SAC", "C", "D240", "", "", "2500"],
        ["SAC", "A", "C310", "", "", "1000"],
    ]
    assert [segment[1] for segment in found if segment[0] == "TDS"] == ["44097"]


async def test_an_amount_is_billed_once_and_a_percentage_of_each_invoice(town: World) -> None:
    """6 of 12 at 10.50 are 63.00, of which 2 % is 1.26; the second invoice has 362.97 left, and 7.26 of it."""
    publish(town, C310="line:PROMO", D240="line:FREIGHT")
    town.partner.drop("PO-1.edi", charged(town, line=b"", head=b"SAC*C*D240***2500~SAC*A*C310****6*2"))
    await town.once()
    assert booked(town) == [(HEADS, "FREIGHT", Decimal(25), Decimal(0)), (HEADS, "PROMO", Decimal(0), Decimal(-2))]
    [lines] = town.sales_orders().values()
    order, lots = str(lines[0]["SalesOrderNumber"]), [str(line["InventoryLotId"]) for line in lines]
    town.simulator.post_invoice(order, quantities={lots[0]: 6})
    await town.once()
    found = sent(town)
    assert [segment[1] for segment in found if segment[0] == "TDS"] == ["8674"]
    assert [segment[1:6] for segment in found if segment[0] == "SAC"] == [
        ["C", "D240", "", "", "2500"],
        ["A", "C310", "", "", "126"],
    ]
    town.simulator.post_invoice(order, quantities={lots[1]: 3})
    await town.once()
    [second] = [
        name for name in town.partner.received() if segments(town, name)[0] and "29397" in str(segments(town, name))
    ]
    assert [segment[1:6] for segment in segments(town, second) if segment[0] == "SAC"] == [["A", "C310", "", "", "600"]]


@pytest.mark.parametrize(
    ("sets", "says", "remedy"),
    [
        (
            "",
            "a charge line of the order as a whole is agreed, and no set of D365 takes it",
            "write header under [d365.charges]",
        ),
        (SETS.replace("line  ", "# line"), "a charge line of a line is agreed", "write line under [d365.charges]"),
    ],
)
async def test_without_a_set_the_order_is_held(sets: str, says: str, remedy: str, town: World) -> None:
    publish(town, C310="line:PROMO", D240="line:FREIGHT")
    town.extra = town.extra.replace(SETS, sets)
    town.partner.drop("PO-1.edi", charged(town))
    await town.once()
    held = await document(town, "4500123")
    assert (held.state, town.sales_orders()) == ("held", {})
    assert says in held.reason
    assert remedy in held.reason


async def test_an_unlisted_code_still_holds(town: World) -> None:
    publish(town, C310="line:PROMO")
    town.partner.drop("PO-1.edi", charged(town))
    await town.once()
    held = await document(town, "4500123")
    assert "charge D240 (SAC) is 25, about which nothing is agreed" in held.reason
    assert town.sales_orders() == {}


async def test_ping_says_before_the_first_order_whether_the_sets_are_there_with_their_fields(town: World) -> None:
    publish(town, C310="line:PROMO")
    town.simulator.state.hidden.add(LINES)
    async with town.app() as app:
        heads, lines = (await app.ping("d365"))["d365"][-2:]
    assert (heads.what, heads.ok, heads.sentence) == ("charge lines", True, f"{HEADS} can be read")
    assert (lines.ok, lines.sentence.startswith(f"{LINES} cannot be read: ")) == (False, True)
    assert "correct its name under [d365.charges]" in lines.remedy
    town.simulator.state.hidden.clear()
    town.extra += '[partners.acme.receive.850.d365.charges.order.fields]\nOurOwnField = "code"\n'
    async with town.app() as app:
        heads, lines = (await app.ping("d365"))["d365"][-2:]
    assert (heads.ok, lines.ok) == (False, True)
    assert "OurOwnField" in heads.sentence


async def test_charge_lines_that_d365_refuses_leave_the_order_and_are_written_after_a_release(town: World) -> None:
    publish(town, C310="line:PROMO")
    town.simulator.faults.answer(400, method="POST", path=f"/data/{LINES}", inner=True)
    town.partner.drop("PO-1.edi", charged(town, head=b""))
    async with town.app() as app:
        await app.once()
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        assert "has its lines and not its charges" in held.reason
        assert booked(town) == []
        await app.release("4500123", "pat")
        await app.once()
    assert booked(town) == [(LINES, "PROMO", Decimal(-5), Decimal(0))]
    assert [len(lines) for lines in town.sales_orders().values()] == [2]


async def test_an_amount_cannot_be_shared_by_the_orders_of_several_stores(town: World) -> None:
    publish(town, D240="line:FREIGHT")
    receive(town, 'stores = "orders"')
    drop(town, "4500123", "PO1*1*12*EA*10.5*PE*BP*ACME-4711", "SDQ*EA*92*0001*5*0002*7", head=("SAC*C*D240***2500",))
    await town.once()
    assert "several sales orders cannot share it" in (await document(town, "4500123")).reason
