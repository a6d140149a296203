"""A set that D365 does not have is one warning with its remedy, which `status` shows; what needs it waits and then goes."""

from __future__ import annotations

import pytest

from d365edi.app import App
from d365edi.endpoints.health import Health
from tests.journeys.test_invoices import made_order
from tests.journeys.world import World

BUDGET = 'retry = { budget = "48h" }\n'


def warnings(lines: list[str], set: str) -> list[str]:
    return [line for line in lines if line.startswith("WARNING") and set in line]


def missing(app: App, place: str) -> Health:
    (health,) = [each for each in app.ctx.d365.health() if each.place == place]
    return health


async def test_a_listed_set_that_is_not_there_is_one_warning_and_no_endpoint_that_is_unreachable(
    town: World, lines: list[str]
) -> None:
    """It was counted as "unreachable" with each poll, and the remedy said nothing of the settings."""
    order = await made_order(town)
    town.simulator.post_invoice(order)
    town.simulator.state.hidden.add("SalesInvoiceHeadersV4")
    del lines[:]
    async with town.app() as app:
        for _ in range(3):
            counters = await app.once()
            assert counters.counts["refused"] == 1
            assert "unreachable" not in counters.counts
        (line,) = warnings(lines, "SalesInvoiceHeadersV4")
        assert (
            "has no entity set SalesInvoiceHeadersV4 that we may see (404); name the one that it has as header.set"
            in line
        )
        (trouble,) = app.troubles()
        assert (trouble.kind, trouble.name) == ("place", "d365:SalesInvoice")
        assert "[partners.NAME.send.SET.d365]" in trouble.remedy
        assert missing(app, "SalesInvoice").kind == "place"
    town.simulator.state.hidden.clear()
    await town.once()
    assert len(town.partner.received()) == 1


async def test_the_remedy_works_the_set_that_the_tenant_has_is_named(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    town.simulator.state.hidden.add("SalesInvoiceHeadersV4")
    town.extra = '[partners.acme.send.810.d365]\nheader.set = "SalesInvoiceHeadersV2"\n'
    await town.once()
    assert town.simulator.count("GET", "SalesInvoiceHeadersV2") == 1


async def test_a_set_that_lines_are_joined_from_holds_the_record_and_says_what_to_name(town: World) -> None:
    order = await made_order(town)
    town.simulator.state.hidden.add("SalesInvoiceV4Lines")
    town.simulator.post_invoice(order)
    await town.once()
    async with town.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert "D365 does not show its SalesInvoiceV4Lines" in held.reason
    assert "if it has another one, name it under [partners.NAME.send.SET.d365]" in held.reason


async def test_orders_wait_for_a_set_that_is_looked_up_and_go_by_themselves(town: World, lines: list[str]) -> None:
    town.partner_extra = BUDGET
    town.simulator.state.hidden.add("CustomersV3")
    for number in range(3):
        town.partner.drop(f"PO-{number}.edi", town.order(f"450012{number}"))
    async with town.app() as app:
        for _ in range(3):
            await app.once()
        assert len(warnings(lines, "CustomersV3")) == 1
        assert missing(app, "CustomersV3").kind == "place"
        assert {each.state for each in await app.journal.read(lambda tx: tx.documents.in_state("ready"))} == {"ready"}
    town.simulator.state.hidden.clear()
    await town.once()
    assert len(town.sales_orders()) == 3


async def test_a_set_of_barcodes_that_is_not_there_lets_the_other_numbers_decide(town: World) -> None:
    town.simulator.state.hidden.add("ProductBarcodesV3")
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    assert {number: len(lines) for number, lines in town.sales_orders().items()} == {"4500123": 2}


@pytest.mark.parametrize("set", ["SalesOrderHeadersV4", "SalesOrderLinesV3"])
async def test_a_set_that_is_written_and_not_there_holds_the_order_and_leaves_nothing_behind(
    town: World, set: str
) -> None:
    town.simulator.state.hidden.add(set)
    town.partner.drop("PO-1.edi", town.order("4500123"))
    await town.once()
    async with town.app() as app:
        (held,) = await app.journal.read(lambda tx: tx.documents.in_state("held"))
    assert set in held.reason
    town.simulator.state.hidden.clear()
    async with town.app() as app:
        await app.release("4500123", "pat")
        await app.once()
    assert {number: len(lines) for number, lines in town.sales_orders().items()} == {"4500123": 2}
