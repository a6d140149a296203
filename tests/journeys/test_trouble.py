"""D365 in trouble: whatever it answers, or does not answer, the end state is right: one order, all its lines, one 997."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from d365edi.app import DUE, App
from d365edi.endpoints.health import Rests
from d365edi.errors import JournalGoneError
from d365edi.flows.context import Counters
from d365edi.sandbox.d365 import Simulator
from tests.journeys.world import World

Fault = Callable[[Simulator], None]

HEADERS = "/data/SalesOrderHeadersV4*"
BATCH = "/data/$batch"


async def until_done(app: App, patience: float = 60) -> Counters:
    """Tick what is due until nothing waits any more."""
    total, until = Counters(), anyio.current_time() + patience
    while anyio.current_time() < until:
        for word, count in (await app.tick("due")).counts.items():
            total.add(word, count)
        ready = await app.journal.read(lambda tx: tx.documents.in_state("ready"))
        if not ready and await app.next_due() is None:
            return total
        await anyio.sleep(0.15)
    raise AssertionError(f"still waiting after {patience} s: {total}")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda s: s.faults.revoke(method="POST", path=HEADERS), id="401 in the middle"),
        pytest.param(lambda s: s.entra.revoke(), id="expired token"),
        pytest.param(lambda s: s.faults.answer(429, path=HEADERS, retry_after=1), id="429 with seconds"),
        pytest.param(
            lambda s: s.faults.answer(
                429, method="POST", path=HEADERS, retry_after=datetime.now(UTC) + timedelta(seconds=1)
            ),
            id="429 with a date",
        ),
        pytest.param(lambda s: s.faults.answer(429, method="POST", path=BATCH), id="429 without Retry-After"),
        pytest.param(lambda s: s.faults.answer(429, method="POST", path=BATCH, inner=True), id="429 inside the batch"),
        pytest.param(lambda s: s.faults.answer(503, path=HEADERS), id="503"),
        pytest.param(lambda s: s.faults.answer(500, method="POST", path=HEADERS), id="500 on the header"),
        pytest.param(lambda s: s.faults.answer(500, method="POST", path=BATCH), id="500 on the lines"),
        pytest.param(lambda s: s.faults.answer(502, path=HEADERS, html=True), id="HTML error page"),
        pytest.param(
            lambda s: s.faults.silence(4, method="POST", path=HEADERS), id="timeout after the header was made"
        ),
        pytest.param(lambda s: s.faults.silence(4, method="POST", path=BATCH), id="timeout after the lines were made"),
        pytest.param(lambda s: s.faults.drop(method="POST", path=HEADERS), id="cut after the header was made"),
        pytest.param(lambda s: s.faults.drop(method="POST", path=BATCH), id="cut after the lines were made"),
        pytest.param(
            lambda s: s.faults.drop(method="POST", path=HEADERS, after_work=False), id="cut before the header was made"
        ),
        pytest.param(lambda s: s.faults.answer(503, path="*/oauth2/*"), id="no token for a while"),
    ],
)
async def test_an_order_is_made_once_and_whole(fault: Fault, town: World) -> None:
    town.waits = {"first_wait": 0.2, "rests": Rests(first=0.2)}
    town.partner.drop("PO-77.edi", town.order("4500123"))
    async with town.app() as app:
        fault(town.simulator)
        await app.tick("acme.pickup.edi")
        await until_done(app)
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        assert (document.state, document.reason) == ("delivered", "")
    assert {number: len(lines) for number, lines in town.sales_orders().items()} == {"4500123": 2}
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]


async def test_the_997_goes_although_d365_is_down(town: World) -> None:
    town.simulator.faults.answer(503, path="*", times=1000)
    town.partner.drop("PO-77.edi", town.order("4500123"))
    counters = await town.once()
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]
    assert "created" not in counters.counts


async def test_an_order_that_somebody_else_made_is_held_with_a_question(town: World) -> None:
    town.simulator.state.add(
        "SalesOrderHeadersV4",
        dataAreaId="usmf",
        SalesOrderNumber="SO-MANUAL",
        OrderingCustomerAccountNumber="US-003",
        InvoiceCustomerAccountNumber="US-003",
        CustomersOrderReference="4500123",
        CurrencyCode="USD",
    )
    town.partner.drop("PO-77.edi", town.order("4500123"))
    async with town.app() as app:
        counters = await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        assert counters.counts["held"] == 1
        assert document.state == "held"
        assert "SO-MANUAL" in document.reason
        assert len(town.simulator.state.rows("SalesOrderHeadersV4")) == 1
        assert town.simulator.state.rows("SalesOrderLinesV3") == []
        assert await app.reject("4500123", "typed in by hand already", "pat") == ["4500123 is closed"]
        assert (await app.once()).counts == {}


async def test_an_order_already_invoiced_that_lacks_lines_is_never_written(town: World) -> None:
    """I7: our header was made, its lines were lost, and somebody invoiced it meanwhile: a person decides."""
    town.simulator.faults.answer(503, method="POST", path=BATCH, times=1)
    town.partner.drop("PO-77.edi", town.order("4500123"))
    async with town.app() as app:
        await app.tick("acme.pickup.edi")
        header = town.simulator.state.store.one("SalesOrderHeadersV4", CustomersOrderReference="4500123")
        assert header is not None
        town.simulator.state.store.update(header, {"SalesOrderStatus": "Invoiced"})
        await until_done(app)
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        assert document.state == "held"
        assert str(header.values["SalesOrderNumber"]) in document.reason
    assert town.simulator.state.rows("SalesOrderLinesV3") == []


async def test_a_line_that_d365_refuses_leaves_no_half_made_order(town: World) -> None:
    town.simulator.state.blocked.add("D0002")
    town.partner.drop("PO-77.edi", town.order("4500123"))
    async with town.app() as app:
        await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        assert document.state == "held"
        assert "D0002" in document.reason
        assert town.simulator.state.rows("SalesOrderHeadersV4") == []
        town.simulator.state.blocked.clear()
        assert await app.release("4500123", "pat") == ["4500123 continues"]
        await until_done(app)
    assert {number: len(lines) for number, lines in town.sales_orders().items()} == {"4500123": 2}


async def test_an_order_is_not_acknowledged_out_of_a_journal_that_was_taken_away(town: World) -> None:
    """What no later start will find has not been taken: the file stays, and the order comes once after the journal is back."""
    town.partner.drop("PO-77.edi", town.order("4500123"))
    path = town.settings().daemon.journal
    away = path.with_name("away.db")
    async with town.app() as app:
        path.rename(away)
        for flow in ("acme.pickup.edi", DUE):
            with pytest.raises(JournalGoneError, match="moved or deleted"):
                await app.tick(flow)
    assert (town.partner.waiting(), town.sales_orders(), town.partner.acknowledgments()) == (["PO-77.edi"], {}, [])
    away.rename(path)
    await town.once()
    assert (town.partner.waiting(), list(town.sales_orders())) == ([], ["4500123"])
    assert [answer.verdict for answer in town.partner.acknowledgments()] == ["A"]
