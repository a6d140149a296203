"""The mailboxes of an IBM Sterling B2B Integrator behind the endpoint interface.

Each verb is one use of the client: where somebody's login is refused meanwhile, what it has not sent is not sent any more.

Knows: which part does what. Does not know: the journal, settings.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from d365edi import log
from d365edi.endpoints import filenames
from d365edi.endpoints.base import (
    After,
    Check,
    Checkpoint,
    DeliveryRequest,
    Listing,
    Outcome,
    PickedUp,
    Place,
    Receipt,
    Remote,
    Sent,
    Settlement,
)
from d365edi.endpoints.sterling import checks, responses, tracking
from d365edi.endpoints.sterling import listing as listings
from d365edi.endpoints.sterling.calls import DESCRIPTION
from d365edi.endpoints.sterling.checks import Uses
from d365edi.endpoints.sterling.classify import NotFound
from d365edi.endpoints.sterling.client import Client
from d365edi.endpoints.sterling.connection import Connection, SterlingConfig
from d365edi.endpoints.sterling.delivery import MailboxDelivery, Rules
from d365edi.endpoints.sterling.mailboxes import Mailboxes
from d365edi.endpoints.sterling.measure import Measurement, measure
from d365edi.endpoints.sterling.message_store import SterlingMessageStore
from d365edi.endpoints.sterling.pickup import Pickup
from d365edi.endpoints.sterling.tracking import Where
from d365edi.errors import PlaceRefused, Refused, Unavailable
from d365edi.failpoints import reach

CROWDED = 5000
"""Messages in a mailbox from which on it is said that it should be cleared: each poll lists them all."""


class SterlingEndpoint:
    """One server. `uses` says which mailboxes the settings use, and how; `clock` tells epoch seconds. Opens nothing before
    the first verb."""

    def __init__(
        self,
        name: str,
        config: SterlingConfig,
        rules: Rules | None = None,
        *,
        uses: Uses | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._servers = config.servers or (config.url,)
        self._uses = uses or Uses()
        self._rules = rules or Rules()
        self._clock = clock
        self._connection = Connection(name, config, clock=clock)
        self._mailboxes = Mailboxes(name)
        self._crowded = set[str]()
        self._unknown = set[str]()

    @property
    def _client(self) -> Client:
        return self._connection.client.begin()

    async def ping(self) -> list[Check]:
        """Connection, login, mailboxes and what concerns them (see `checks`). Never raises."""
        return await checks.run(self._connection, self._mailboxes, self._uses, clock=self._clock)

    async def measure(self, path: str) -> Measurement:
        """What the server does where no document says it, by a message in this mailbox (see `measure`). Never raises."""
        return await measure(self._client, self._mailboxes, path, self._uses.move_to)

    async def description(self) -> bytes | None:
        """The server's own description of its calls; None where it serves none. Raises EndpointError."""
        answer = await self._client.peek("doc", place="doc", limit=DESCRIPTION)
        return bytes(answer.content) if answer.status_code == 200 else None

    async def list(self, place: Place) -> Listing:
        """All messages of a mailbox, the oldest first (see `listing`). PlaceRefused where the mailbox is not there.

        Where the server hides what may not be fetched any more, what was begun is looked up by its id."""
        client = self._client
        mailbox, rows = await self._mailboxes.contents(client, place.path)
        for key in place.begun.difference(map(responses.identity, rows)):
            with suppress(NotFound, PlaceRefused):  # gone, or moved into a mailbox that is closed to us
                row = await client.get(client.path("mailboxmessages", key), place=place.path)
                rows += [row] if responses.message(row).path in ("", mailbox.path) else []
        found = listings.listing(place, mailbox.id, rows, self._clock())
        self._report(place.path, len(rows))
        return found

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """The payload of one message (see `pickup`)."""
        return await Pickup(self._client, self._mailboxes, self.name).fetch(remote, limit)

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:  # noqa: ARG002
        """Delete, move, mark or leave one message (see `pickup`)."""
        return await Pickup(self._client, self._mailboxes, self.name).settle(remote, after)

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """Put the payload into a mailbox as one message (see `delivery`). PlaceRefused where the mailbox is not there."""
        filenames.check_name(request.name, self.name)
        return await (await self._delivery(request)).run(checkpoint)

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """Is its message there, or was it picked up? Reads only."""
        return await (await self._delivery(request)).probe()

    async def picked_up(self, path: str, sent: Mapping[int, Sent]) -> Mapping[int, PickedUp]:
        """What became of messages: by their counts in one listing; of one that is not in it by a lookup of its own (see
        `tracking`). One that was moved was fetched, also where it was moved into a mailbox that is closed to us."""
        client = self._client
        try:
            mailbox, rows = await self._mailboxes.contents(client, path)
        except Refused as error:  # of a listing that concerns the mailbox, and not one message
            raise PlaceRefused(error.message, endpoint=self.name, remedy=error.remedy) from error
        store, where = SterlingMessageStore(client, self._mailboxes, path), Where(self._servers, mailbox)
        listed = {each.id: each for each in map(responses.message, rows)}
        found = dict[int, PickedUp]()
        for key, each in sent.items():
            if lost := tracking.elsewhere(each, where):
                found[key] = lost
                continue
            try:
                message = listed.get(each.id) or await store.message(each.id)
            except Unavailable as error:
                if type(error) is not Unavailable:
                    raise
                continue
            except Refused as error:
                self._say_unknown(path, each.id, error)
                continue
            found[key] = tracking.became(message, each, where, self._clock())
        reach("sterling.picked_up")
        return found

    async def close(self) -> None:
        """Close all connections."""
        await self._connection.close()

    async def _delivery(self, request: DeliveryRequest) -> MailboxDelivery:
        """The request, to its mailbox as the server spells it."""
        client = self._client
        mailbox = await self._mailboxes.resolve(client, request.path)
        store = SterlingMessageStore(client, self._mailboxes, request.path)
        made = MailboxDelivery(store, replace(request, path=mailbox.path), self._rules, self.name, self._clock)
        return made.at(Where(self._servers, mailbox))

    def _say_unknown(self, path: str, id: str, error: Refused) -> None:
        """Say once that it cannot be found out what became of a message."""
        if id not in self._unknown:
            self._unknown.add(id)
            sentence = f"{path}: whether message {id} was picked up cannot be found out: {error}"
            log.say("WARNING", self.name, "not found out", sentence)

    def _report(self, path: str, messages: int) -> None:
        """Say once that a mailbox holds very many messages."""
        if messages < CROWDED:
            self._crowded.discard(path)
        elif path not in self._crowded:
            self._crowded.add(path)
            sentence = f"{path} holds {messages} messages, and each poll lists them all; let it be cleared"
            log.say("WARNING", self.name, "crowded", sentence)
