"""Every line about a message or a document says its run and its order, from `received` to `created` and `delivered`; what a
person decides is a line with the actor."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from d365edi import log
from tests.journeys.world import World

ORDER = "4500123"


@pytest.fixture
def events() -> Iterator[io.StringIO]:
    """What is logged while the test runs, as JSON."""
    stream = io.StringIO()
    log.setup("INFO", "json", stream)
    yield stream
    logger.remove()


def since(stream: io.StringIO) -> list[dict[str, Any]]:
    """The events since the last call."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    stream.seek(0)
    stream.truncate()
    return found


async def test_an_order_and_its_invoice_are_followed_by_run_and_order(town: World, events: io.StringIO) -> None:
    town.partner.drop("PO-77.edi", town.order(ORDER))
    await town.once()
    came = since(events)
    assert [event["event"] for event in came if event["event"] != "started"] == [
        "received",
        "translated",
        "delivered",
        "created",
    ]
    runs = {event["run"] for event in came}
    assert (len(runs), next(iter(runs)).startswith("acme:PO-77.edi:")) == (1, True)
    assert {event["event"]: event.get("po") for event in came} == {
        "received": None,  # it is not read yet
        "translated": ORDER,
        "delivered": None,  # the 997 is about the file
        "created": ORDER,
    }
    (header,) = town.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=ORDER)
    number = town.simulator.post_invoice(str(header["SalesOrderNumber"]))
    await town.once()
    town.partner.answer_invoices()
    await town.once()
    went = [event for event in since(events) if event["event"] in ("collected", "delivered", "acknowledged")]
    assert [event["event"] for event in went] == ["collected", "delivered", "acknowledged"]
    assert number in went[0]["message"]
    assert {event["po"] for event in went} == {ORDER}
    assert all(event["run"] for event in went)


async def test_what_is_held_and_released_names_order_run_and_actor(town: World, events: io.StringIO) -> None:
    town.partner.drop("PO-77.edi", town.order(ORDER, [("1", "1", "1", "NO-SUCH")]))
    async with town.app() as app:
        await app.once()
        [held] = [event for event in since(events) if event["event"] == "held"]
        assert (held["po"], held["run"].startswith("acme:PO-77.edi:")) == (ORDER, True)
        await app.release(ORDER, "kim")
        await app.tick("due")  # it is held again
        await app.reject(ORDER, "a trial", "pat")
    decided = [event for event in since(events) if event["event"] in ("released", "rejected")]
    assert [(event["event"], event["actor"], event["po"], event["run"]) for event in decided] == [
        ("released", "kim", ORDER, held["run"]),
        ("rejected", "pat", ORDER, held["run"]),
    ]


async def test_of_several_documents_in_a_file_each_line_has_its_own_order(town: World, events: io.StringIO) -> None:
    town.partner.drop("PO-77.edi", town.order("PO", copies=7))
    await town.once()
    came = since(events)
    [translated] = [event for event in came if event["event"] == "translated"]
    assert translated["po"] == "PO-1, PO-2, PO-3, PO-4, PO-5 and 2 more"
    created = sorted(event["po"] for event in came if event["event"] == "created")
    assert created == [f"PO-{n}" for n in range(1, 8)]
