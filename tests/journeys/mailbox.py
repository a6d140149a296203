"""An endpoint of mailboxes in memory: messages have ids that are never given again, names that repeat, and counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch

import anyio.lowlevel

from d365edi.app import App
from d365edi.endpoints.base import (
    After,
    Check,
    Checkpoint,
    Delivered,
    DeliveryRequest,
    Fetched,
    Gone,
    Listing,
    NotDelivered,
    Outcome,
    PassedOver,
    PickedUp,
    Place,
    Receipt,
    Remote,
    Sent,
    Settlement,
    Waiting,
)
from d365edi.endpoints.breaker import Breaker
from d365edi.errors import EndpointError, Refused
from tests.journeys.world import World


@dataclass
class Stored:
    """A message: its mailbox, name, time, bytes, how often it may still be fetched (None: always), and its document's id."""

    path: str
    name: str
    at: float
    data: bytes
    count: int | None = 1
    document: str = ""


@dataclass
class Mailboxes:
    """The endpoint. `fetched` and `settled` are ids in the order of the calls, `asked` the paths of `picked_up`; `failing` are
    errors of fetches by id, and `slow` says how many rounds of the event loop one takes; `passed` is passed over besides;
    `before_listing` is called with the number of each listing."""

    name: str = "acme"
    ids: dict[str, str] = field(default_factory=dict)
    messages: dict[str, Stored] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    listings: list[str] = field(default_factory=list)
    failing: dict[str, EndpointError] = field(default_factory=dict)
    slow: dict[str, int] = field(default_factory=dict)
    marks: bool = True
    passed: list[PassedOver] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    before_listing: Callable[[int], object] = str
    last: int = 70

    def put(self, path: str, name: str, data: bytes, at: float = 1.0, count: int | None = 1) -> str:
        """Somebody puts a message there; its id."""
        self.last += 1
        self.messages[str(self.last)] = Stored(path, name, at, data, count, f"host1:node1:{self.last}")
        return str(self.last)

    def at(self, path: str) -> list[str]:
        """The names of what lies in a mailbox, by age."""
        return [each.name for each in self.messages.values() if each.path == path]

    async def ping(self) -> list[Check]:
        """What the test says."""
        return self.checks

    async def list(self, place: Place) -> Listing:
        """What may be fetched, by age; what may not is passed over, but for fetches that have begun."""
        self.before_listing(len(self.listings))
        self.listings.append(place.pattern)
        there = [
            (id, each)
            for id, each in self.messages.items()
            if each.path == place.path and fnmatch(each.name, place.pattern)
        ]
        there.sort(key=lambda row: (row[1].at, int(row[0])))
        remotes, passed = [], [*self.passed]
        for id, each in there:
            if each.count == 0 and id not in place.begun:
                passed.append(PassedOver(each.name, "it may not be fetched any more", id))
                continue
            of = (place.path, each.name, len(each.data), each.at, f"{id}:{each.document}", id)
            remotes.append(Remote(*of, extractable=each.count != 0))
        return Listing(tuple(remotes), tuple(passed), mailbox=self.ids.get(place.path, "1"))

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """By the message's id."""
        assert remote.size <= limit
        self.fetched.append(remote.key)
        for _ in range(self.slow.get(remote.key, 0)):
            await anyio.lowlevel.checkpoint()
        if error := self.failing.get(remote.key):
            raise error
        return self.messages[remote.key].data

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """Clear one message."""
        assert len(digest) == 64
        self.settled.append(remote.key)
        if after.action == "mark":
            if self.marks:
                self.messages[remote.key].count = 0
            return Settlement("settled", remote.name)
        return Settlement("settled" if self.messages.pop(remote.key, None) else "gone")

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """A message is made, once."""
        if request.progress.get("message"):
            return Receipt(request.progress["message"])
        await checkpoint("intent", {})
        id = self.put(request.path, request.name, request.payload, count=request.extract or None)
        await checkpoint("message", {"document": f"host1:node1:{id}", "message": id})
        return Receipt(id, {"document": f"host1:node1:{id}"})

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """By the message's id."""
        id = request.progress.get("message", "")
        return Delivered(Receipt(id)) if id in self.messages else NotDelivered()

    async def picked_up(self, path: str, sent: Mapping[int, Sent]) -> Mapping[int, PickedUp]:
        """By the count of each message."""
        self.asked.append(path)
        return {key: self._picked_up(self.messages.get(each.id), each.extract) for key, each in sent.items()}

    def _picked_up(self, found: Stored | None, count: int) -> PickedUp:
        if found is None:
            return Gone()
        return Fetched() if (found.count or 0) < count else Waiting()

    async def close(self) -> None:
        """Nothing is open."""


class NoTracking(Mailboxes):
    """Refuses to say what was picked up."""

    async def picked_up(self, path: str, sent: Mapping[int, Sent]) -> Mapping[int, PickedUp]:
        """Is not permitted."""
        raise Refused(f"{path} may not be listed, nor {len(sent)} messages be looked up", endpoint=self.name)


@asynccontextmanager
async def opened(here: World, mailboxes: Mailboxes) -> AsyncIterator[App]:
    """The app, with mailboxes in place of the partner's server."""
    async with here.app() as app:
        app.ctx.endpoints = {**app.ctx.endpoints, "acme": Breaker(mailboxes)}
        yield app
