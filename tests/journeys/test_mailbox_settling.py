"""A message that is stored and used up is settled in the end, though the reply of settling it was lost."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from d365edi.endpoints.base import Place
from d365edi.endpoints.sterling.listing import USED_UP, listing
from d365edi.journal import Message, Tx
from tests.journeys.mailbox_world import OUT, mailbox_world


def received(tx: Tx) -> list[Message]:
    return tx.messages.search("a.edi")


@pytest.mark.parametrize(("after", "method", "left"), [('"mark"', "PUT", 1), ('"delete"', "DELETE", 0)])
async def test_what_is_used_up_before_it_is_settled_is_settled_at_a_later_poll(
    tmp_path: Path, after: str, method: str, left: int
) -> None:
    async with mailbox_world(tmp_path) as here:
        here.after = after
        here.sterling.switches.set("getpayload_counts")
        put = here.sterling.state.put(OUT, "a.edi", here.order("1"), by="x")
        here.sterling.faults.drop(method=method, path=f"*/mailboxmessages/{put.id}", after_work=method == "PUT")
        async with here.app() as app:
            await app.once()
        assert [each.count for each in here.sterling.state.mailbox(OUT).messages.values()] == [0]
        async with here.app() as app:
            with anyio.fail_after(30):
                while not (await app.journal.read(received))[0].settled:
                    await app.once()
                    await anyio.sleep(0.05)
            (message,) = await app.journal.read(received)
        assert (len(here.sterling.state.mailbox(OUT).messages), message.settled_name != "") == (left, bool(left))
        assert list(here.sales_orders()) == ["1"]


def test_what_is_used_up_and_has_the_id_of_something_unsettled_is_still_passed_over() -> None:
    row = {"id": "7", "name": "a.edi", "extractableCount": 0, "documentId": "d2", "size": 5}
    offered = listing(Place("/from", unsettled=frozenset({"7:d2"})), "1", [row], 0.0)
    assert [each.key for each in offered.remotes] == ["7"]
    other = listing(Place("/from", unsettled=frozenset({"7:d1"})), "1", [row], 0.0)
    assert (other.remotes, [each.reason for each in other.passed_over]) == ((), [USED_UP])
