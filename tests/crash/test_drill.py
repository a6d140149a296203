"""kill -9 between every two steps of every journey: start again, and every message ends as it would have."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from d365edi.failpoints import NAMES
from tests.crash import drill
from tests.journeys.world import world


def test_every_failpoint_is_drilled() -> None:
    assert drill.uncovered() == set()


def test_the_matrix_has_every_failpoint_and_every_journey_that_is_killed_there() -> None:
    rows = re.findall(
        r"(?m)^\| `([a-z0-9._]+)`[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$",
        Path(__file__).with_name("README.md").read_text(),
    )
    shown = {name: tuple("holds" in cell for cell in cells) for name, *cells in rows}
    journeys = [
        {name.partition(":")[0] for name in places}
        for places in (drill.INBOUND, drill.OUTBOUND, drill.TOGETHER, drill.ANSWERED, drill.BOOKED)
    ]
    beside = {*drill.BACKUP, *drill.RESTORE, *drill.ALERTED, *drill.LISTED, *drill.STERLING, drill.PARTED[0]}
    messages = NAMES - beside
    assert shown == {name: tuple(name in journey for journey in journeys) for name in messages}


@pytest.mark.parametrize("failpoint", drill.INBOUND)
async def test_an_order_survives_a_kill(failpoint: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        made.write_settings()
        made.partner.drop("PO-1.edi", made.order("4500123"))
        assert await drill.run(made, failpoint) == -9
        await drill.settle(made)
        assert await drill.invariants(made, {"4500123": 2}, 0) == []


@pytest.mark.parametrize("failpoint", ["receive.claimed", "receive.settling", "receive.compared"])
async def test_an_order_that_looks_like_the_one_before_survives_a_kill(failpoint: str, tmp_path: Path) -> None:
    """The partner overwrites a file that is stored and not cleared, with as many bytes and the same time."""
    async with world(tmp_path) as made:
        made.knobs["after"] = '"delete"'
        made.partner_extra = 'duplicates = { same_name_new_bytes = "take" }'
        made.write_settings()
        path = made.partner.outbound / "PO-1.edi"
        (made.partner.outbound / "processed").mkdir(exist_ok=True)
        first, second = made.order("4500123"), made.order("4500124")
        assert len(first) == len(second)
        for data, place in ((first, failpoint), (second, "")):
            made.partner.drop(path.name, data)
            os.utime(path, (1_790_000_000,) * 2)
            assert await drill.run(made, place) == (-9 if place else 0)
        await drill.settle(made)
        await drill.settle(made)
        assert await drill.invariants(made, {"4500123": 2, "4500124": 2}, 0) == []
        assert made.partner.waiting() == []


@pytest.mark.parametrize(
    "failpoint",
    [pytest.param(name, marks=() if name == "deliver.attempting" else pytest.mark.slow) for name in drill.INBOUND],
)
async def test_an_order_survives_a_kill_of_the_command_itself(failpoint: str, tmp_path: Path) -> None:
    """As above, by `python -m d365edi`: the other tests fork the runs, which saves importing everything each time."""
    async with world(tmp_path) as made:
        made.write_settings()
        made.partner.drop("PO-1.edi", made.order("4500123"))
        assert await drill.command(made, failpoint) == -9
        assert await drill.command(made) in (0, 1)
        await drill.settle(made)
        assert await drill.invariants(made, {"4500123": 2}, 0) == []


@pytest.mark.parametrize("failpoint", drill.OUTBOUND)
async def test_an_invoice_survives_a_kill(failpoint: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        made.write_settings()
        made.partner.drop("PO-1.edi", made.order("4500123"))
        await drill.settle(made)
        order = made.simulator.state.one("SalesOrderHeadersV4")
        made.simulator.post_invoice(str(order["SalesOrderNumber"]))
        assert await drill.run(made, failpoint) == -9
        await drill.settle(made)
        assert await drill.invariants(made, {"4500123": 2}, 1) == []


@pytest.mark.parametrize("failpoint", drill.TOGETHER)
async def test_invoices_that_leave_in_one_file_survive_a_kill(failpoint: str, tmp_path: Path) -> None:
    numbers = ("4500123", "4500124", "4500125")
    async with world(tmp_path) as made:
        made.knobs |= {"file": "{control:09}", "on_event": "batch = 5"}
        made.write_settings()
        for number in numbers:
            made.partner.drop(f"PO-{number}.edi", made.order(number))
        await drill.settle(made)
        orders = made.simulator.state.rows("SalesOrderHeadersV4")
        invoices = sorted(made.simulator.post_invoice(str(order["SalesOrderNumber"])) for order in orders)
        if failpoint == "acknowledge.matched":
            await drill.settle(made)
            made.partner.answer_invoices()
        assert await drill.run(made, failpoint) == -9
        await drill.settle(made)
        assert await drill.invariants(made, dict.fromkeys(numbers, 2), len(made.partner.received())) == []
        assert sorted(verdict.number for verdict in made.partner.verdicts) == invoices
        async with made.app() as app:
            await app.once()
            sent = await app.journal.read(
                lambda tx: [d for d in tx.deliveries.in_state("delivered") if d.kind == "810"]
            )
            acks = await app.journal.read(lambda tx: [one.ack for d in sent for one in tx.delivery_documents.of(d.id)])
        assert acks == ["accepted"] * 3


@pytest.mark.parametrize("failpoint", drill.ANSWERED)
async def test_an_acknowledgment_survives_a_kill(failpoint: str, tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        made.write_settings()
        made.partner.drop("PO-1.edi", made.order("4500123"))
        await drill.settle(made)
        order = made.simulator.state.one("SalesOrderHeadersV4")
        made.simulator.post_invoice(str(order["SalesOrderNumber"]))
        await drill.settle(made)
        made.partner.answer_invoices()
        assert await drill.run(made, failpoint) == -9
        await drill.settle(made)
        assert await drill.invariants(made, {"4500123": 2}, 1) == []
        async with made.app() as app:
            states = await app.journal.read(
                lambda tx: [d.ack for d in tx.deliveries.in_state("delivered") if d.kind == "810"]
            )
        assert states == ["accepted"]
