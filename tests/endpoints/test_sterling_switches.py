"""One day in mailboxes against every way in which a server may behave: each message once, in order, delivered ones too."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from d365edi.endpoints.base import After, DeliveryRequest, Fetched, Gone, Place, Receipt, Sent, Waiting
from d365edi.endpoints.sterling.client import Dialect
from d365edi.endpoints.sterling.delivery import Rules
from d365edi.endpoints.sterling.endpoint import SterlingEndpoint
from d365edi.errors import EndpointError
from d365edi.sandbox.sterling.switches import CHOICES, Switches
from tests.endpoints.conftest import Checkpoints, MailboxGround, mailboxes

EVERY = [
    *(f"{name}={value}" for name, values in CHOICES.items() for value in values[1:]),
    *("skew=-3600", "skew=3600", "page_cap=2", "getpayload_counts", "documents_once"),
]
"""Each switch in each position but its first; those of the login are tried in test_promise."""
SAID = {
    "payload=query": Dialect(payload="query"),
    "colon=encoded": Dialect(colon="encoded"),
    "delete=empty": Dialect(delete="empty"),
}
"""What the settings say where a switch asks for it."""
DAY = 1_700_000_000.0


async def test_every_switch_ends_with_the_same_messages() -> None:
    async with mailboxes() as ground:
        for number, switch in enumerate(switch for switch in EVERY if not switch.startswith("client_auth")):
            usual = Switches()
            ground.sterling.switches.set(switch)
            await a_day(ground, switch, f"/box{number}")
            name = switch.partition("=")[0]
            setattr(ground.sterling.switches, name, getattr(usual, name))


async def a_day(ground: MailboxGround, switch: str, top: str) -> None:
    dialect = SAID.get(switch, Dialect())
    endpoint = ground.open(dialect=dialect, rules=Rules(unclear_for=0.0, absent="ask"))
    await picked_up_in_order(ground, endpoint, switch, top)
    receipt = await delivered_once(ground, endpoint, switch, top)
    state, message = ground.sterling.state, ground.sterling.state.messages[int(receipt.id)]
    assert await endpoint.picked_up(f"{top}/to", {1: Sent(receipt.id, 1)}) == {1: Waiting()}, switch
    state.take(message)
    assert await endpoint.picked_up(f"{top}/to", {1: Sent(receipt.id, 1)}) == {1: Fetched()}, switch
    state.remove(message)
    assert await endpoint.picked_up(f"{top}/to", {1: Sent(receipt.id, 1)}) == {1: Gone()}, switch
    assert (await endpoint.list(Place(f"{top}/to"))).remotes == (), switch


async def picked_up_in_order(ground: MailboxGround, endpoint: SterlingEndpoint, switch: str, top: str) -> None:
    """Three messages, all in one second, two of one name unless the server keeps one of each; each is cleared in its own way."""
    state, place = ground.sterling.state, Place(f"{top}/from")
    again = "order.edi" if switch != "mailbox=global" else "another.edi"
    made = [state.put(place.path, name, name.encode(), created=DAY) for name in ("order.edi", again, "c.edi")]
    state.put(place.path, "used up.edi", b"0", count=0)
    state.mailbox(f"{top}/done")
    listing = await endpoint.list(place)
    assert [remote.key for remote in listing.remotes] == [str(each.id) for each in made], switch
    assert [remote.modified for remote in listing.remotes] == [DAY] * 3, switch
    for remote, after in zip(
        listing.remotes, (After("delete"), After("move", f"{top}/done"), After("mark")), strict=True
    ):
        payload = await endpoint.fetch(remote, 100)
        assert payload == remote.name.encode(), switch
        begun = await endpoint.list(replace(place, begun=frozenset({remote.key})))
        assert remote.key in {each.key for each in begun.remotes}, switch
        for _ in range(2):
            settlement = await endpoint.settle(remote, after, hashlib.sha256(payload).hexdigest())
            assert settlement.outcome in ("settled", "gone"), switch
    left = [remote.name for remote in (await endpoint.list(place)).remotes]
    assert left == (["c.edi"] if switch == "marked=ignored" else []), switch
    assert [each.name for each in ground.sterling.state.mailbox(f"{top}/done").messages.values()] == [again], switch


async def delivered_once(ground: MailboxGround, endpoint: SterlingEndpoint, switch: str, top: str) -> Receipt:
    """One delivery whose replies about document and message are lost."""
    ground.sterling.state.mailbox(f"{top}/to")
    for collection in ("documents", "mailboxmessages"):
        ground.sterling.faults.drop(method="POST", path=f"*/{collection}/")
    checkpoints = Checkpoints()
    for _ in range(3):
        request = DeliveryRequest(7, f"{top}/to", "810_7.edi", b"ISA*810~", checkpoints.progress, extract=1)
        try:
            receipt = await endpoint.deliver(request, checkpoints)
        except EndpointError:
            continue
        break
    (message,) = ground.sterling.state.mailbox(f"{top}/to").messages.values()
    assert (str(message.id), message.count, receipt.picked_up) == (receipt.id, 1, False), switch
    assert ground.sterling.faults.waiting == [], switch
    return receipt
