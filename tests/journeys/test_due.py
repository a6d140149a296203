"""What waits and is due is taken in portions: what stays in one does not keep the others from their turn."""

from __future__ import annotations

from d365edi.app import DUE
from d365edi.journal import Tx
from tests.journal.rows import document, message
from tests.journeys.world import World


def left_behind(tx: Tx, order: bytes) -> None:
    """Files of a partner who is not in the settings any more, and then one of acme, which a crash left unread."""
    for number in range(3):
        message(tx, partner="gone", flow="gone.pickup.edi", name=f"{number}.edi", payload=b"ISA*%d" % number)
    message(tx, name="PO-1.edi", payload=order, size=len(order))


async def test_messages_that_fail_by_a_defect_do_not_keep_others_from_being_read(town: World) -> None:
    async with town.app() as app:
        await app.journal.write(lambda tx: left_behind(tx, town.order("4500001")))
        app.batch = 2
        for _ in range(3):
            await app.tick(DUE)
    assert list(town.sales_orders()) == ["4500001"]


async def test_documents_that_wait_for_others_come_after_all_others(town: World) -> None:
    def made(tx: Tx) -> list[int]:
        of = message(tx, state="done")
        ids = [document(tx, of, number=str(number)).id for number in range(4)]
        for id in ids[:2]:
            tx.documents.explain(id, "it waits for the answer for store 12")
        return ids

    async with town.app() as app:
        first, second, third, fourth = await app.journal.write(made)
        assert await app.journal.read(lambda tx: tx.documents.ready(3)) == [third, fourth, first]
        assert await app.journal.read(lambda tx: tx.documents.ready()) == [third, fourth, first, second]
