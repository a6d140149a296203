"""Mailboxes whose listing is refused in words that are like those of an empty one."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from d365edi.app import App
from d365edi.endpoints.health import Rests
from tests.journeys.mailbox_world import mailbox_world

LATE = "/late"
PICKUP = f"""
[partners.acme.pickup.late]
from  = {{ endpoint = "acme", path = "{LATE}/*" }}
every = "1s"
"""


async def noted(app: App) -> list[str]:
    """The names in baselines."""
    rows = await app.journal.read(lambda tx: tx.unit.connection.execute("SELECT name FROM baselines").fetchall())
    return [name for (name,) in rows]


@pytest.mark.parametrize("said", ["No permission available for this operation", "No valid session was found"])
async def test_a_listing_that_is_refused_is_no_first_poll(tmp_path: Path, lines: list[str], said: str) -> None:
    async with mailbox_world(tmp_path) as here:
        here.extra = PICKUP
        here.waits = {"rests": Rests(person=0.05, first=0.05, longest=0.05)}
        state, faults = here.sterling.state, here.sterling.faults
        state.put(LATE, "old.edi", here.order("1"))
        body = json.dumps({"errorCode": 400, "errorDescription": f"API000160: {said}"}).encode()
        faults.answer(400, path="*/mailboxcontents/", body=body)
        async with here.app() as app:
            await app.tick("acme.pickup.late")
            assert not await noted(app)
            assert [line for line in lines if said in line and LATE in line]
            with anyio.fail_after(30):
                while not await noted(app):  # the place rests for a moment
                    await anyio.sleep(0.01)
                    await app.tick("acme.pickup.late")
            state.put(LATE, "new.edi", here.order("2"))
            await app.tick("acme.pickup.late")
            assert list(here.sales_orders()) == ["2"]
