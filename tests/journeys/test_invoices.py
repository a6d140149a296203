"""Posted invoices leave by themselves, once, echoing their order; what was posted before the first start stays where it is."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from d365edi.app import App
from d365edi.edi import reader
from d365edi.sandbox import x12
from tests.edi import independent, see
from tests.journeys.world import World


async def made_order(world: World, number: str = "4500123") -> str:
    """An order that came in and is in D365; its sales order number."""
    world.partner.drop(f"PO-{number}.edi", world.order(number))
    await world.once()
    (header,) = world.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=number)
    return str(header["SalesOrderNumber"])


def segments(world: World, name: str) -> list[list[str]]:
    """The segments of an invoice at the partner."""
    return [segment.split("*") for segment in world.partner.received()[name].decode().split("~")]


async def test_an_invoice_echoes_what_the_order_said_and_d365_does_not_keep(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    await town.once()
    (name,) = town.partner.received()
    found = segments(town, name)
    (big,) = [s for s in found if s[0] == "BIG"]
    assert (big[3], big[4]) == ("20261102", "4500123")
    lines = [s for s in found if s[0] == "IT1"]
    assert [(line[1], line[2], line[3]) for line in lines] == [("1", "12", "EA"), ("2", "3", "EA")]
    assert all("BP" in line and "UP" in line for line in lines)
    assert ["N1", "ST", "ACME DC 7", "92", "0007"] in found
    assert ["REF", "DP", "042"] in found


async def test_an_invoice_is_sent_once_however_often_it_is_looked_for(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    for _ in range(3):
        await town.once()
    assert len(town.partner.received()) == 1


async def test_a_back_dated_invoice_is_found_by_the_overlap(town: World) -> None:
    order = await made_order(town)
    await town.once()
    town.simulator.post_invoice(order, date="2026-11-01")
    await town.once()
    assert len(town.partner.received()) == 1


async def test_the_first_start_sends_no_history_unless_reported(town: World) -> None:
    town.knobs["since"] = '"now"'
    order = await made_order_without_sending(town)
    town.simulator.post_invoice(order)
    await town.once()
    await town.once()
    assert town.partner.received() == {}
    order = await made_order_without_sending(town, "4500124")
    town.simulator.post_invoice(order)
    await town.once()
    assert len(town.partner.received()) == 1


async def test_a_first_start_waits_while_the_clock_is_doubted(town: World) -> None:
    """By a day 401 days ahead nothing would be history, and all of it would be sent once the clock is right."""
    town.knobs["since"] = '"now"'
    order = await made_order_without_sending(town)
    town.simulator.post_invoice(order)
    async with App.open(town.settings(), clock=lambda: time.time() + 401 * 86_400) as app:
        counters = await app.once()
        assert "the first start in usmf waits while the clock is doubted" in counters.skipped
    async with town.app() as app:
        await app.release("retention", "pat")
        await app.once()
    await town.once()
    assert town.partner.received() == {}


async def made_order_without_sending(world: World, number: str = "4500123") -> str:
    """An order in D365 while the invoices' flow has not run yet."""
    world.partner.drop(f"PO-{number}.edi", world.order(number))
    async with world.app() as app:
        await app.tick("acme.pickup.edi")
    (header,) = world.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=number)
    return str(header["SalesOrderNumber"])


async def test_a_business_event_says_look(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    town.knobs |= {
        "on_event": 'on_event = "SalesInvoicePostedBusinessEvent"',
        "listen": 'listen = "127.0.0.1:0"',
        "events": 'events = { path = "/events/2b1f", secret = { secret = "events" } }',
    }
    async with town.app() as app:
        event = {
            "BusinessEventId": "SalesInvoicePostedBusinessEvent",
            "LegalEntity": "USMF",
            "ControlNumber": 5637144576,
        }
        names = await app.event(event)
        assert names == ["acme.send.810"]
        assert await app.event({**event, "LegalEntity": "demf"}) == []
        assert await app.event({**event, "BusinessEventLegalEntity": "demf"}) == []
        assert await app.event({**event, "LegalEntity": "demf", "BusinessEventLegalEntity": "usmf"}) == names
        assert await app.event({**event, "BusinessEventLegalEntity": "", "LegalEntity": None}) == names
        assert await app.event({**event, "BusinessEventId": "PurchaseOrderConfirmedBusinessEvent"}) == []
        await app.tick(names[0])
    assert len(town.partner.received()) == 1


async def test_a_rejected_invoice_is_reported_and_a_replay_takes_new_numbers(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    await town.once()
    (first,) = town.partner.received()
    town.partner.answering = "reject"
    town.partner.answer_invoices()
    async with town.app() as app:
        await app.once()
        (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search(first))
        assert delivery.ack == "rejected"
        preview = await app.replay(first, "render", go=False, acks=False, actor="pat")
        assert any("control number" in line for line in preview)
        assert len(town.partner.received()) == 1
        await app.replay(first, "render", go=True, acks=False, actor="pat")
        await app.tick("due")
    names = sorted(town.partner.received())
    assert len(names) == 2
    numbers = {next(s[13] for s in segments(town, name) if s[0] == "ISA") for name in names}
    assert len(numbers) == 2


async def test_a_replay_of_the_delivery_puts_the_same_bytes_under_the_same_name(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    await town.once()
    ((name, data),) = town.partner.received().items()
    (town.partner.inbound / name).unlink()
    async with town.app() as app:
        await _replayed(app, name)
    assert town.partner.received() == {name: data}


async def _replayed(app: App, name: str) -> None:
    await app.replay(name, "deliver", go=True, acks=False, actor="pat")
    await app.tick("due")


async def test_a_replay_of_an_order_makes_no_second_record(town: World) -> None:
    await made_order(town)
    async with town.app() as app:
        lines = await app.replay("4500123", "read", go=True, acks=False, actor="pat")
        assert any("the same map" in line for line in lines)
        await app.tick("due")
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
    assert document.state == "delivered"
    assert {number: len(lines) for number, lines in town.sales_orders().items()} == {"4500123": 2}
    assert len(town.partner.acknowledgments()) == 1


async def test_a_replay_finds_an_order_by_the_name_of_its_file(town: World) -> None:
    await made_order(town)
    async with town.app() as app:
        (document,) = await app.journal.read(lambda tx: tx.documents.search("4500123"))
        message = await app.journal.read(lambda tx: tx.messages.get(document.message))
        by_name = await app.replay(message.name, "read", go=False, acks=False, actor="pat")
        assert by_name == await app.replay("4500123", "read", go=False, acks=False, actor="pat")
    assert by_name[0] == "PurchaseOrder 4500123: parsed again with the same map"


async def test_silence_past_the_deadline_is_reported_and_a_late_answer_still_reconciles(town: World) -> None:
    town.simulator.post_invoice(await made_order(town))
    await town.once()
    (name,) = town.partner.received()
    later = 0.0
    async with App.open(town.settings(), clock=lambda: time.time() + later) as app:
        assert "overdue" not in (await app.tick("due")).counts
        later = 25 * 3600.0
        assert (await app.tick("due")).counts["overdue"] == 1
        town.partner.answer_invoices()
        await app.once()
        (delivery,) = await app.journal.read(lambda tx: tx.deliveries.search(name))
        (answer,) = await app.journal.read(lambda tx: tx.acknowledgments.for_delivery(delivery.id))
    assert (delivery.ack, answer.match) == ("accepted", "late")


@pytest.mark.parametrize(
    ("version", "delimiters", "newline"),
    [("004010", "|:\n", False), ("004010", "*>~", True), ("005010", "*:~^", True), ("004010VICS", "\x07}\x15", False)],
)
async def test_an_invoice_goes_out_in_the_dress_the_partner_wants(
    version: str, delimiters: str, newline: bool, town: World
) -> None:
    order = await made_order(town)
    dress = f"version = {json.dumps(version)}, delimiters = {json.dumps(delimiters)}, newline = {json.dumps(newline)}"
    town.knobs["dress"] = f", {dress}, uppercase = true"
    town.simulator.post_invoice(order)
    await town.once()
    (data,) = town.partner.received().values()
    assert data == data.upper()
    (interchange,) = x12.split(data)
    (group,) = x12.groups(interchange)
    assert (interchange.element, interchange.component, interchange.terminator) == tuple(delimiters[:3])
    assert (interchange.newline, group.gs[8]) == ("\n" if newline else "", version)
    assert [verdict.complaints for verdict in town.partner.answer_invoices()] == [()]
    await town.once()
    async with town.app() as app:
        (sent,) = await app.journal.read(lambda tx: tx.deliveries.search(next(iter(town.partner.received()))))
    assert sent.ack == "accepted"


async def test_an_invoice_says_its_ship_date_what_early_payment_leaves_and_where_to_pay(town: World) -> None:
    """At b0a5549 the ship date stood in lines only, TDS04 alone, and N1 RI without a code."""
    town.extra = '\n[partners.acme.send.810.map.constants]\n"N1[RI|RE]03" = "92"\n"N1[RI|RE]04" = "778899"\n'
    number = town.simulator.post_invoice(await made_order(town))
    state = town.simulator.state
    discounted: dict[str, tuple[str, dict[str, object]]] = {
        "SalesInvoiceHeadersV4": ("InvoiceNumber", {"CashDiscount": Decimal("8.52")})
    }
    discounted["CustInvoiceJourBiEntities"] = (
        "InvoiceId",
        {"CashDiscPercent": Decimal(2), "CashDiscDate": f"{town.today()}T12:00:00Z"},
    )
    for name, (key, fields) in discounted.items():
        record = state.store.one(name, **{key: number})
        assert record is not None
        state.store.update(record, fields)
    await town.once()
    ((name, data),) = town.partner.received().items()
    found = segments(town, name)
    head = found[: [segment[0] for segment in found].index("IT1")]
    assert ["DTM", "011", town.today().replace("-", "")] in head
    assert ["TDS", "42597", "42597", "41745", "852"] in found
    assert [segment[3:] for segment in found if segment[:2] == ["N1", "RI"]] == [["92", "778899"]]
    assert independent.judge({name: data}) == {name: ""}


async def test_an_810_states_its_tax_by_rate_where_rates_were_agreed(town: World) -> None:
    """126.00 at 19 % and 299.97 at 7 %, 25.00 of freight at 19 %: 28.69 on 151.00, 21.00 on 299.97.

    At fb8f581 TXI stood at each line, too: 425.97 + 25.00 + 2 * 49.69, and the total was 500.66."""
    town.extra = '\n[partners.acme.tax]\nrates = { "19" = "S", "7" = "S" }\n'
    order = await made_order(town)
    lots = [str(line["InventoryLotId"]) for line in town.simulator.state.rows("SalesOrderLinesV3")]
    town.simulator.post_invoice(order, taxes=dict(zip(lots, (19, 7), strict=True)), charges=25, charges_tax=19)
    await town.once()
    ((name, data),) = town.partner.received().items()
    found = segments(town, name)
    assert ["~".join(segment[:4]) for segment in found if segment[0] in ("IT1", "TDS", "TXI", "SAC")] == [
        "IT1~1~12~EA",
        "IT1~2~3~EA",
        "TDS~50066",
        "TXI~VA~28.69~19",
        "TXI~VA~21~7",
        "SAC~C~D240~",
    ]
    assert [segment[8] for segment in found if segment[0] == "TXI"] == ["151", "299.97"]
    assert [verdict.complaints for verdict in town.partner.answer_invoices()] == [()]
    report = reader.read(data, reader.ReadOptions(strictness="strict"))
    assert [str(finding) for finding in see.findings(report)] == []
    assert independent.judge({name: data}) == {name: ""}
