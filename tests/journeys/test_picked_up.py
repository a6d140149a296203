"""Whether what was delivered to mailboxes was picked up there: states, status, why, alerts and figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from d365edi.alerts.findings import OF_ROWS, of_rows
from d365edi.app import TRACK, App
from d365edi.cli.history import look_up
from d365edi.cli.status import picture
from d365edi.cli.why import lines as told
from d365edi.endpoints.base import Fetched, Gone, PickedUp, Waiting
from d365edi.endpoints.breaker import Breaker, MailboxBreaker
from d365edi.endpoints.filenames import NEVER_TAKEN
from d365edi.flows.picked_up import OURS, UNCOUNTED, Change, decide
from d365edi.journal import Delivery, Tx
from tests.journal.rows import delivery, message
from tests.journeys.mailbox import Mailboxes, NoTracking
from tests.journeys.world import World, world

TO = "/acme/to"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose server is not used."""
    async with world(tmp_path) as made:
        yield made


FACTS: dict[str, Any] = {
    **dict.fromkeys(Delivery.__dataclass_fields__, ""),
    "id": 1,
    "receipt": "78",
    "extract": 1,
    "picked_up": "awaited",
    "picked_up_due": 100.0,
}
AWAITED = Delivery(**FACTS)


@pytest.mark.parametrize(
    ("found", "ours", "now", "state", "change"),
    [
        (None, False, 200.0, "awaited", None),
        (Waiting(), False, 99.0, "awaited", None),
        (Waiting(), False, 100.0, "awaited", Change("overdue")),
        (Waiting(), False, 200.0, "overdue", None),
        (Fetched(), False, 200.0, "awaited", Change("fetched")),
        (Fetched(), True, 200.0, "overdue", Change("fetched")),
        (Gone(), False, 200.0, "overdue", Change("fetched", UNCOUNTED)),
        (Gone(), True, 50.0, "awaited", Change("gone", OURS)),
    ],
)
def test_an_answer_and_the_time_say_what_becomes_of_a_delivery(
    found: PickedUp | None, ours: bool, now: float, state: str, change: Change | None
) -> None:
    assert decide(replace(AWAITED, picked_up=state), found, ours=ours, now=now) == change  # type: ignore[arg-type]


def test_without_a_time_it_is_never_overdue() -> None:
    assert decide(replace(AWAITED, picked_up_due=None), Waiting(), ours=False, now=1e12) is None


class Scene:
    """An app with mailboxes in place of the partner's server, at a time of one's own."""

    def __init__(self, here: World, box: Mailboxes) -> None:
        self.box, self.now = box, 1_790_000_000.0
        here.waits = {"clock": lambda: self.now}

    async def sent(self, app: App, count: int = 1, **particulars: Any) -> list[Delivery]:
        """Deliver files to a mailbox."""

        def add(tx: Tx) -> list[Delivery]:
            usual: dict[str, Any] = {"path": TO, "extract": 1, "picked_up_within": 3600.0}
            return [
                delivery(tx, name=f"810_{number}.edi", payload=b"%d" % number, **{**usual, **particulars})
                for number in range(count)
            ]

        made = await app.journal.write(add)
        await app.tick("due")
        return await app.journal.read(lambda tx: [tx.deliveries.get(each.id) for each in made])

    async def states(self, app: App, made: list[Delivery]) -> list[str]:
        """Ask what was picked up, and give the states."""
        await app.tick(TRACK)
        return await app.journal.read(lambda tx: [tx.deliveries.get(each.id).picked_up for each in made])


async def test_what_is_fetched_in_time_late_or_gone_is_told_apart_with_one_question_for_each_mailbox(
    here: World, lines: list[str]
) -> None:
    scene = Scene(here, box := Mailboxes())
    async with here.app() as app:
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": MailboxBreaker(box)}
        made = await scene.sent(app, 4)
        ids = [each.receipt for each in made]
        assert [each.picked_up_due for each in made] == [scene.now + 3600.0] * 4
        assert [box.messages[id].count for id in ids] == [1] * 4
        box.messages[ids[0]].count = 0
        del box.messages[ids[1]]
        assert await scene.states(app, made) == ["fetched", "fetched", "awaited", "awaited"]
        del box.messages[ids[2]]
        await app.journal.write(lambda tx: message(tx, remote=ids[2]))  # a pickup of ours reads that mailbox as well
        scene.now += 3600.0
        assert await scene.states(app, made) == ["fetched", "fetched", "gone", "overdue"]
        assert box.asked == [TO, TO]
        for _ in range(2):
            await app.tick(TRACK)
        (row,) = (await app.journal.read(picture)).needs_a_person
        assert (row["state"], row["name"]) == ("not picked up", "810_3.edi")
        assert "check whether the routing rules there run" in row["why"]
        (finding,) = await app.journal.read(lambda tx: list(of_rows(tx, sorted(NEVER_TAKEN), 0.0)))
        assert finding.kind in OF_ROWS
        assert finding.what == f"810_3.edi for acme was not picked up from acme:{TO}"
        box.messages[ids[3]].count = 0
        assert await scene.states(app, made) == ["fetched", "fetched", "gone", "fetched"]
        picked = await app.journal.read(picture)
        assert picked.needs_a_person == []
        assert picked.counts[0]["picked_up"] == {"fetched": 3, "gone": 1}
        before = len(box.asked)
        await app.tick(TRACK)
        assert len(box.asked) == before  # nothing is awaited any more
        details = await app.journal.read(lambda tx: [tx.deliveries.get(each.id).picked_up_detail for each in made])
        assert await app.journal.read(lambda tx: tx.audit.verify()) is None
    assert details == ["", UNCOUNTED, OURS, ""]
    assert len([line for line in lines if "was not picked up in time" in line]) == 1


async def test_what_cannot_be_counted_or_asked_is_not_tracked_and_a_refusal_is_no_pick_up(here: World) -> None:
    scene = Scene(here, box := Mailboxes())
    async with here.app() as app:
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": MailboxBreaker(box)}
        made = await scene.sent(app, extract=0, picked_up_within=None)
        assert await scene.states(app, made) == ["none"]
        assert box.asked == []
        made = await scene.sent(app, order_key="2")
        scene.now += 7200.0
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": MailboxBreaker(refuses := NoTracking())}
        assert await scene.states(app, made) == ["awaited"]
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": Breaker(refuses)}
        assert await scene.states(app, made) == ["awaited"]
        app.ctx.endpoints = {name: each for name, each in app.ctx.endpoints.items() if name != "acme"}
        assert await scene.states(app, made) == ["awaited"]


async def test_what_is_sent_again_is_asked_of_the_new_delivery_alone(here: World) -> None:
    scene = Scene(here, box := Mailboxes())
    async with here.app() as app:
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": MailboxBreaker(box)}
        (made,) = await scene.sent(app)
        scene.now += 3600.0
        await app.tick(TRACK)
        assert (await app.journal.read(picture)).person  # so that run --once ends with 1
        assert await scene.states(app, [made]) == ["overdue"]
        await app.replay("810_0.edi", "deliver", go=True, acks=False, actor="ann")
        await app.tick("due")
        (again, first) = await app.journal.read(lambda tx: tx.deliveries.search("810_0.edi"))
        assert (first.picked_up, again.picked_up, again.extract) == ("none", "awaited", 1)
        assert again.picked_up_due == scene.now + 3600.0
        assert (await app.journal.read(picture)).needs_a_person == []


async def test_why_shows_whether_it_was_delivered_picked_up_and_acknowledged(here: World) -> None:
    scene = Scene(here, box := Mailboxes())
    async with here.app() as app:
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": MailboxBreaker(box)}
        source = await app.journal.write(lambda tx: message(tx, state="done"))
        (made,) = await scene.sent(app, message=source.id, ack="awaited", ack_due=scene.now + 86400.0)
        del box.messages[made.receipt]
        await app.tick(TRACK)
        for text in (f"acme:{made.receipt}", made.receipt, f"host1:node1:{made.receipt}", "810_0.edi"):
            found = await app.journal.read(lambda tx, text=text: look_up(tx, text))  # type: ignore[misc]
            (history,) = found.histories
            shown = [line.strip() for line in told(history)]
            assert any(line.startswith(f"→ acme:{TO} 810_0.edi: delivered as {made.receipt}") for line in shown)
            (pick_up,) = [line for line in shown if line.startswith("picked up: fetched at ")]
            assert pick_up.endswith(UNCOUNTED)
            assert any(line.startswith("acknowledgment: awaited, due ") for line in shown)
