"""What we say to an order besides the invoice: an answer once it is confirmed, a ship notice once its goods are posted."""

from __future__ import annotations

import pytest

from tests.journeys.test_invoices import made_order, segments
from tests.journeys.world import World

RESPONSE = """
[partners.acme.send.855]
of    = "SalesOrderResponse"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "855_{{number}}_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"
"""


def response(world: World) -> list[list[str]]:
    """The segments of the only 855 at the partner."""
    (name,) = [name for name in world.partner.received() if name.startswith("855_")]
    return segments(world, name)


@pytest.fixture
def answering(town: World) -> World:
    """The world's partner wants an 855 to each order."""
    town.extra = RESPONSE.format(root=town.prefix)
    return town


async def test_an_order_is_answered_once_it_is_confirmed_and_not_before(answering: World) -> None:
    number = await made_order(answering)
    await answering.once()
    assert answering.partner.received() == {}
    header = answering.simulator.state.store.one("SalesOrderHeadersV4", SalesOrderNumber=number)
    assert header is not None
    answering.simulator.state.store.update(header, {"SalesOrderProcessingStatus": "Confirmed"})
    for _ in range(2):
        await answering.once()
    found = response(answering)
    (bak,) = [segment for segment in found if segment[0] == "BAK"]
    assert (bak[3], bak[4]) == ("4500123", "20261102")
    assert [segment[1] for segment in found if segment[0] == "ACK"] == ["IA", "IA"]
    assert [segment[1:4] for segment in found if segment[0] == "PO1"] == [["1", "12", "EA"], ["2", "3", "EA"]]
