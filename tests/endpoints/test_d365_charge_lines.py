"""What belongs to an order beside its lines is written once: with the lines, or once these have their lots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from d365edi.endpoints.base import Delivered, NotDelivered
from d365edi.errors import Disputed, Refused, Unavailable
from d365edi.odata.plan import FurtherRows, WritePlan
from tests.endpoints.d365_scene import Scene, order

HEADS, LINES, BATCH = "SalesOrderHeaderChargesV2", "SalesOrderLineChargesV2", "/data/$batch"
COMPARE = ("SalesChargeCode", "ChargeDescription", "FixedChargeAmount")


def row(number: int, code: str, amount: str) -> Mapping[str, Any]:
    return {"ChargeLineNumber": number, "SalesChargeCode": code, "FixedChargeAmount": Decimal(amount)}


def plan(*, lines: int = 2, of_lines: bool = True) -> WritePlan:
    """An order with freight, and with a promotion of each of its first two lines."""
    heads = FurtherRows(HEADS, "SalesOrderNumber", (row(1, "FREIGHT", "25"),), COMPARE)
    rows = (row(1, "PROMO", "-5"), row(2, "PROMO", "-5"))
    link = ("SalesOrderLineInventoryLotId", "InventoryLotId")
    own = FurtherRows(LINES, "SalesOrderNumber", rows, COMPARE, *link, (1, 2))
    return replace(order(lines=lines), further=(heads, own) if of_lines else (heads,))


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.sim.state.hidden.clear()
    return made


def charges(scene: Scene) -> dict[str, int]:
    """How many charge lines there are in each set."""
    return {name: len(scene.sim.state.rows(name)) for name in (HEADS, LINES)}


def test_a_plan_with_further_rows_comes_back_from_its_bytes_and_one_without_has_those_it_had() -> None:
    assert WritePlan.from_bytes(plan().to_bytes()).further == plan().further
    assert b"further" not in order().to_bytes()


async def test_charges_of_the_order_go_with_the_lines_and_those_of_lines_after_them(scene: Scene) -> None:
    await scene.deliver(plan())
    assert (charges(scene), scene.sim.count("POST", "$batch")) == ({HEADS: 1, LINES: 2}, 2)
    lots = [line["InventoryLotId"] for line in scene.sim.state.rows("SalesOrderLinesV3")]
    assert [each["SalesOrderLineInventoryLotId"] for each in scene.sim.state.rows(LINES)] == lots
    assert scene.steps == ["intent", "header", "lines"]
    await scene.deliver(plan())
    assert (charges(scene), scene.posts()) == ({HEADS: 1, LINES: 2}, 1)


@pytest.mark.parametrize("batch", [1, 2])
async def test_a_lost_answer_makes_no_second_ones(batch: int, scene: Scene) -> None:
    """The first batch has the lines and the order's charges, the second those of the lines."""
    for _ in range(batch - 1):
        scene.sim.faults.answer(429, method="POST", path=f"/data/{LINES}", inner=True)
        with pytest.raises(Unavailable):
            await scene.deliver(plan())
        scene.clock.now += 10
    scene.sim.faults.drop(method="POST", path=BATCH, after_work=True)
    with pytest.raises(Unavailable):
        await scene.deliver(plan())
    scene.clock.now += 121
    await scene.deliver(plan())
    assert (charges(scene), scene.orders[0][1], scene.posts()) == ({HEADS: 1, LINES: 2}, 2, 1)


async def test_while_charges_of_lines_may_still_be_written_nobody_acts(scene: Scene) -> None:
    scene.sim.faults.answer(429, method="POST", path=f"/data/{LINES}", inner=True)
    with pytest.raises(Unavailable):
        await scene.deliver(plan())
    scene.clock.now += 10
    scene.sim.faults.drop(method="POST", path=BATCH, after_work=False)
    with pytest.raises(Unavailable) as lost:
        await scene.deliver(plan())
    assert lost.value.unclear
    assert isinstance(await scene.endpoint.probe(scene.request(plan())), NotDelivered)
    scene.clock.now += 100
    with pytest.raises(Unavailable) as early:
        await scene.deliver(plan())
    assert early.value.retry_after == pytest.approx(20)
    scene.clock.now += 20
    await scene.deliver(plan())
    assert charges(scene) == {HEADS: 1, LINES: 2}
    assert isinstance(await scene.endpoint.probe(scene.request(plan())), Delivered)


async def test_charges_that_d365_adds_by_itself_are_not_ours(scene: Scene) -> None:
    """An automatic charge of the tenant is there from the start, with another amount."""
    scene.sim.faults.answer(429, method="POST", path=BATCH)
    with pytest.raises(Unavailable):
        await scene.deliver(plan())
    scene.clock.now += 10
    number = scene.orders[0][0]
    automatic = {"dataAreaId": "usmf", "SalesOrderNumber": number, "SalesChargeCode": "FREIGHT", "ChargeLineNumber": 9}
    scene.sim.state.add(HEADS, **automatic, FixedChargeAmount=3)
    await scene.deliver(plan(of_lines=False))
    assert charges(scene)[HEADS] == 2


async def test_a_refused_charge_of_the_order_leaves_nothing_behind(scene: Scene) -> None:
    scene.sim.faults.answer(400, method="POST", path=f"/data/{HEADS}", inner=True)
    with pytest.raises(Refused) as refused:
        await scene.deliver(plan())
    assert refused.value.message.startswith(f"PO 4500123: {HEADS}: ")
    assert (scene.orders, charges(scene)) == ([], {HEADS: 0, LINES: 0})


async def test_an_order_that_has_some_of_its_charges_is_a_question(scene: Scene) -> None:
    scene.sim.faults.answer(400, method="POST", path=f"/data/{LINES}", inner=True)
    with pytest.raises(Refused):
        await scene.deliver(plan())
    first = {"dataAreaId": "usmf", "SalesOrderNumber": scene.orders[0][0]}
    scene.sim.state.add(LINES, **first, **row(1, "PROMO", "-5"))
    with pytest.raises(Disputed) as question:
        await scene.deliver(plan())
    assert "has its lines and not all that belongs to them: SalesOrderLineChargesV2 (SalesChargeCode PROMO" in str(
        question.value
    )
