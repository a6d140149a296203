"""The endpoint's fault is not the document's: what waits for an endpoint or a place is not charged with it and goes by itself."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from d365edi.app import App
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.cli.why import lines as why
from d365edi.endpoints.health import Health
from d365edi.errors import CredentialsRejected
from d365edi.flows.context import Counters
from d365edi.journal import Delivery
from tests.endpoints.d365_scene import Clock
from tests.journeys.test_invoices import made_order
from tests.journeys.world import World, rest, world
from tests.servers.asyncssh_server import AsyncsshServer
from tests.servers.openssh import OpenSsh

BUDGET = 'retry = { budget = "1s" }\n'
"""So little that whatever is charged with a wait is given up."""
ACKS = "inbound/acks"


async def outgoing(app: App) -> list[Delivery]:
    """Every delivery to the partner, finished or not."""
    found = await app.journal.read(
        lambda tx: [
            *tx.deliveries.due(2e10),
            *(each for state in ("quarantined", "delivered") for each in tx.deliveries.in_state(state)),
        ]
    )
    return [each for each in found if each.endpoint == "acme"]


async def waits_uncharged(app: App) -> bool:
    """Whether all four wait, and none was charged with an attempt."""
    found = [
        (each.state in ("pending", "waiting"), each.attempts, each.first_failed_at) for each in await outgoing(app)
    ]
    return found == [(True, 0, None)] * 4


def known(app: App, endpoint: str, place: str = "") -> Health:
    """What is known of an endpoint, or of a place there."""
    return next(each for each in app.health() if (each.endpoint, each.place) == (endpoint, place))


async def four_wait(world: World) -> None:
    """Four orders came in; their acknowledgments wait, because the folder for them is missing."""
    away = (world.partner.home / ACKS).rename(world.partner.home / "away")
    for number in range(4):
        world.partner.drop(f"PO-{number}.edi", world.order(f"450012{number}"))
    await world.once()
    away.rename(world.partner.home / ACKS)


async def test_a_wrong_key_gives_up_no_acknowledgment_and_all_go_once_it_is_right(
    both: World, lines: list[str]
) -> None:
    both.partner_extra = BUDGET
    await four_wait(both)
    ours = asyncssh.generate_private_key("ssh-ed25519")
    both.key = ours.export_private_key().decode()
    del lines[:]
    async with both.app() as app:
        for _ in range(3):
            await app.once()
        assert await waits_uncharged(app)
        assert known(app, "acme").kind == "credentials"
        waits = (await app.journal.read(picture)).waits
        assert {row["until"] for row in waits} == {None}
        told = await app.journal.read(lambda tx: look_up(tx, str(waits[0]["name"])))
        assert "again as soon as acme can be used" in "".join(line for each in told.histories for line in why(each))
        assert len([line for line in lines if "the login was refused" in line]) == 1
        if isinstance(both.server, OpenSsh):  # the partner installs our key; nobody does anything here but look
            installed = both.server.folder / "authorized_keys"
            installed.write_bytes(installed.read_bytes() + ours.export_public_key())
            assert all(check.ok for check in (await app.ping("acme"))["acme"])
            await app.tick("due")
            assert known(app, "acme").failing_since is None
    both.key = ""
    async with both.app() as app:  # what a reload does
        await app.tick("due")
        assert [each.state for each in await outgoing(app)] == ["delivered"] * 4
    assert [answer.verdict for answer in both.partner.acknowledgments()] == ["A"] * 4


@pytest.mark.parametrize("rested", [True, False])
async def test_a_rest_is_not_charged_to_what_had_failed_before(rested: bool, tmp_path: Path) -> None:
    async with world(tmp_path, "asyncssh") as town:
        town.partner_extra = 'retry = { budget = "1h" }\n'
        assert isinstance(town.server, AsyncsshServer)
        town.server.faults.refuse["rename"] = asyncssh.SFTPFailure(
            "not now"
        )  # of a write it would be the folder's fault
        town.partner.drop("PO-77.edi", town.order("4500123"))
        clock = Clock()
        async with App.open(town.settings(), clock=clock, monotonic=clock) as app:
            await app.tick("acme.pickup.edi")
            clock.now += 10 * 3600
            if rested:
                await rest(app, "acme", CredentialsRejected("not let in", endpoint="acme"))
                await app.ping("acme")
                await app.tick("acme.pickup.edi")
            await app.tick("due")
            assert [each.state for each in await outgoing(app)] == ["waiting" if rested else "quarantined"]


async def test_a_missing_folder_rests_alone_and_in_one_pass_the_others_go_on(both: World, lines: list[str]) -> None:
    both.partner_extra = f"""{BUDGET}
[partners.acme.pickup.a]
from  = {{ endpoint = "acme", path = "{both.prefix}/nowhere/*" }}
every = "1s"
"""
    both.partner.drop("PO-77.edi", both.order("4500123"))
    counters = await both.once()
    assert (counters.counts["unreachable"], counters.counts["created"]) == (1, 1)
    assert len([line for line in lines if "nowhere" in line]) == 1


async def test_what_is_for_a_missing_folder_waits_and_goes_when_it_is_there(both: World, lines: list[str]) -> None:
    both.partner_extra = BUDGET
    await four_wait(both)
    assert len([line for line in lines if "acks" in line and line.startswith("WARNING")]) == 1
    async with both.app() as app:
        assert await waits_uncharged(app)
        await app.tick("due")
        assert known(app, "acme", f"{both.prefix}/{ACKS}").kind == ""
    assert [answer.verdict for answer in both.partner.acknowledgments()] == ["A"] * 4


async def test_what_rests_takes_no_turn_from_what_is_for_others(town: World) -> None:
    await four_wait(town)
    (town.partner.home / ACKS).rename(town.partner.home / "away")
    town.partner.drop("PO-9.edi", town.order("4500129"))
    async with town.app() as app:
        app.batch = 2
        town.simulator.faults.answer(500, method="POST", path="/data/SalesOrderHeadersV4*")
        await app.tick("acme.pickup.edi")
        for _ in range(2):
            await app.tick("due")
        assert len(app.ctx.resting()) == 1
        found = await app.journal.read(lambda tx: tx.deliveries.due(2e10, 2, resting=app.ctx.resting()))
        assert [each.endpoint for each in found] == ["d365"]


async def test_a_record_that_d365_does_not_show_is_held_and_fetched_again_by_a_release(
    town: World, lines: list[str]
) -> None:
    entity_set = "SalesInvoiceV4Lines"
    number = town.simulator.post_invoice(await made_order(town))
    async with town.app() as app:
        town.simulator.faults.answer(403, path=f"/data/{entity_set}", times=2)
        for _ in range(3):
            await app.once()
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert document.state == "held"
        assert f"D365 does not show its {entity_set}" in document.reason
        assert len([line for line in lines if entity_set in line]) == 1
        (said,) = await app.release(number, "pat")
        assert said.startswith(f"{number} stays held: D365 does not show its {entity_set}")
        assert await app.release(number, "pat") == [f"{number} continues"]
        await app.tick("due")
        (document,) = await app.journal.read(lambda tx: tx.documents.search(number))
        assert (document.state, await app.once()) == ("delivered", Counters())
    assert len(town.partner.received()) == 1


async def test_a_pause_that_d365_asks_for_is_kept_by_sixty_orders_and_by_the_reads(town: World) -> None:
    town.partner_extra = BUDGET
    town.partner.drop("PO-60.edi", town.order("PO", copies=60))
    async with town.app() as app:
        town.simulator.faults.answer(429, path="/data/*", times=10_000, retry_after=60)
        for _ in range(5):
            await app.once()
        asked = [seen for seen in town.simulator.log if seen.status == 429]
        assert 0 < len(asked) <= app.ctx.concurrency
        health = known(app, "d365")
        assert (health.kind, health.asked_for) == ("throttled", 60)
        assert 50 < health.rests_until - app.ctx.clock() <= 60
        [check] = (await app.ping("d365"))["d365"]
        assert "it is not asked for" in check.sentence
        assert len([seen for seen in town.simulator.log if seen.status == 429]) == len(asked)
    town.simulator.faults.waiting.clear()
    async with town.app() as app:
        for _ in range(3):
            await app.tick("due")
        assert await app.journal.read(lambda tx: tx.documents.in_state("held")) == []
    assert {len(lines) for lines in town.sales_orders().values()} == {2}
    assert len(town.sales_orders()) == 60
