"""A price that D365 puts on a line of its own accord is said, with the one that was ordered, and once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from d365edi.endpoints.health import Rests
from d365edi.errors import SettingsError
from d365edi.sandbox.d365 import confirming, purchasing
from tests.journeys import test_purchase_orders_in as orders
from tests.journeys import test_purchasing
from tests.journeys.test_answers import RESPONSE
from tests.journeys.test_trouble import until_done
from tests.journeys.world import World

buying = orders.buying


def said(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("WARNING") and "prices of its own" in line]


async def test_a_price_of_a_trade_agreement_is_a_warning_with_both_prices(town: World, lines: list[str]) -> None:
    """Nobody was told: the invoice had another price than the order."""
    town.simulator.state.own_prices["D0001"] = Decimal("9.75")
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    await town.once()
    (line,) = said(lines)
    assert (
        "PO 4500123: D365 has prices of its own on sales order SO-000001: line 1 has the price 9.75 in place of 10.5"
        in line
    )
    async with town.app() as app:
        audit = await app.journal.read(lambda tx: tx.audit.query(action="delivered", partner="acme", limit=10))
    assert any("9.75 in place of 10.5" in row.detail for row in audit)


async def test_an_amount_that_differs_alone_is_said_too(town: World, lines: list[str]) -> None:
    town.simulator.state.own_discounts["D0001"] = Decimal(10)
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    (line,) = said(lines)
    assert "line 1 comes to 113.4 in place of 126.00" in line


@pytest.mark.parametrize("path", ["/data/SalesOrderHeadersV4", "/data/$batch"])
async def test_an_order_whose_answer_was_lost_says_it_too(town: World, lines: list[str], path: str) -> None:
    town.waits = {"first_wait": 0.2, "rests": Rests(first=0.2)}
    town.simulator.state.own_prices["D0001"] = Decimal("9.75")
    town.simulator.faults.drop(method="POST", path=path)
    town.partner.drop("PO-1.edi", town.order("4500123"))
    async with town.app() as app:
        await app.once()
        await until_done(app)
    assert len(said(lines)) == 1


async def test_prices_as_ordered_are_no_warning(town: World, lines: list[str]) -> None:
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    assert (len(town.sales_orders()), said(lines)) == (1, [])


async def test_a_locked_price_stays_as_it_was_ordered(town: World, lines: list[str]) -> None:
    town.simulator.state.own_prices["D0001"] = Decimal("9.75")
    town.knobs["receive"] = 'price = "lock"'
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    assert said(lines) == []
    assert town.sales_orders()["4500123"][0]["SalesPrice"] == Decimal("10.5")


async def test_purchase_orders_have_no_field_to_lock_a_price(town: World) -> None:
    town.knobs |= {"receive": 'price = "lock"', "create": "PurchaseOrder"}
    town.partner_extra = 'vendor = { usmf = "US-101" }'
    with pytest.raises(SettingsError, match="only lines of a SalesOrder have such a field"):
        town.settings()


@pytest.mark.parametrize("price", ["hold", "warn"])
async def test_what_answers_an_order_with_prices_of_d365_s_own_is_held_where_the_flow_says_so(
    town: World, price: str
) -> None:
    town.knobs["receive"] = f'price = "{price}"'
    town.extra = RESPONSE.format(root=town.prefix).replace("SalesOrderResponse", "SalesOrderConfirmation")
    town.simulator.state.own_prices["D0001"] = Decimal("9.75")
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    async with town.app() as app:
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        assert document.state == "delivered"
    confirming.confirm(town.simulator.state, "SO-000001")
    posts = town.simulator.count("POST", "$batch")
    async with town.app() as app:
        await app.once()
        held = await app.journal.read(lambda tx: tx.documents.in_state("held"))
        if price == "hold":
            (row,) = held
            assert "SO-000001 has prices of its own in D365: line 1 has the price 9.75 in place of 10.5" in row.reason
            assert "cancel it in D365 to give it up [price]" in row.reason
            assert town.partner.received() == {}
            await app.release(row.number, "pat")
            await app.once()
    assert len(town.partner.received()) == 1
    assert town.simulator.count("POST", "$batch") == posts


@pytest.mark.parametrize("price", ["hold", "warn"])
async def test_a_purchase_order_with_prices_of_d365_s_own_goes_to_the_vendor_when_it_is_released(
    buying: World, price: str
) -> None:
    buying.knobs["receive"] = f'price = "{price}"'
    test_purchasing.wants(buying, "PurchaseOrderConfirmation")
    buying.simulator.state.own_prices["D0001"] = Decimal("9.75")
    buying.partner.drop("po.edi", orders.order(buying))
    await buying.once()
    ((header, _),) = orders.made(buying)
    purchasing.confirm(buying.simulator.state, header["PurchaseOrderNumber"])
    async with buying.app() as app:
        await app.once()
        held = await orders.held(app)
        if price == "hold":
            (row,) = held
            said = f"{header['PurchaseOrderNumber']} has prices of its own in D365: line 1 has the price 9.75 in place of 10.5"
            assert said in row.reason
            assert test_purchasing.sent(buying) == {}
            await app.release(row.number, "pat")
            await app.once()
    assert len(test_purchasing.sent(buying)) == 1
