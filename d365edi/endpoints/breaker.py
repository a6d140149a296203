"""A circuit breaker around an endpoint: what rests is not asked, and one attempt at a time tries whether it is back.

As long as it is not known that an endpoint answers, one verb at a time goes through and the others wait for its outcome:
forty deliveries with a wrong password log in once. All of it is memory of this process; a new one begins with an attempt.

Knows: the verbs, and when one may go through. Does not know: what a failure means (that is `health`), any protocol.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import anyio

from d365edi import log
from d365edi.endpoints import health
from d365edi.endpoints.base import (
    After,
    Check,
    Checkpoint,
    DeliversPieces,
    DeliveryRequest,
    Endpoint,
    Listing,
    Outcome,
    PickedUp,
    Place,
    Receipt,
    Remote,
    Sent,
    Settlement,
    TracksPickup,
)
from d365edi.endpoints.d365.client import Record
from d365edi.endpoints.d365.endpoint import D365Endpoint
from d365edi.endpoints.figures import EndpointFigures, Figures
from d365edi.endpoints.health import RESTS, Health, Rests, Use
from d365edi.errors import EndpointError, NotWritable, Throttled, Unavailable, Unreachable
from d365edi.odata.plan import Query
from d365edi.recurring import span

T = TypeVar("T")
_USES: dict[str, Use] = {"list": "pickup", "deliver": "delivery", "ask": "lookup", "picked_up": "lookup"}
"""The verbs that concern a place."""


class MailboxEndpoint(Endpoint, TracksPickup, Protocol):
    """An endpoint that tracks what was picked up."""


class Breaker:
    """An endpoint whose verbs raise at once, as the last failure did, while it or the place rests.

    `clock` is the monotonic one that `rests` are measured by, in seconds; `epoch` tells the time of day for reports. `in_pieces`:
    whether large payloads are sent piece by piece."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time,
        rests: Rests = RESTS,
    ) -> None:
        self.name = endpoint.name
        self.in_pieces = isinstance(endpoint, DeliversPieces)
        self._endpoint = endpoint
        self._clock = clock
        self._epoch = epoch
        self._rests = rests
        self._own = Health(endpoint.name)
        self._places: dict[tuple[Use, str], Health] = {}
        self._unwritten: dict[str, set[int]] = {}
        self._odd: set[int] = set()
        self._gate = anyio.Lock()
        self._figures = Figures()

    # -- what is known ------------------------------------------------------------------------------------------------
    def health(self) -> tuple[Health, ...]:
        """The endpoint's state and that of each place that was used since the start; times are epoch seconds."""
        ahead = self._epoch() - self._clock()
        return tuple(each.shifted(ahead) for each in (self._own, *self._places.values()))

    def figures(self) -> EndpointFigures:
        """What it did since the start, in figures."""
        return self._figures.now(self._own, self._clock())

    def rests(self, use: Use = "", path: str = "") -> bool:
        """Whether the endpoint, or this place there, must not be asked now."""
        now = self._clock()
        return self._own.rests(now) or self._place(use, path).rests(now)

    def resting(self) -> list[tuple[str, str | None]]:
        """Where nothing can be delivered now: this endpoint with None for all of it, or with each path that rests."""
        now = self._clock()
        if self._own.rests(now):
            return [(self.name, None)]
        return [
            (self.name, path) for (use, path), each in self._places.items() if use == "delivery" and each.rests(now)
        ]

    def rested_until(self, path: str) -> float | None:
        """When the last rest ended that no delivery to this path is charged with (epoch seconds)."""
        ends = [
            each.rested_until for each in (self._own, self._place("delivery", path)) if each.rested_until is not None
        ]
        return max(ends) + self._epoch() - self._clock() if ends else None

    def take_up(self, reason: str, remedy: str, at: float) -> None:
        """Go on with the rest that a refused login began at that time (epoch seconds), in another process. What is known by now
        comes first."""
        now, failed_at = self._clock(), min(at - self._epoch() + self._clock(), self._clock())
        if self._own.reached_at is not None or self._own.failing_since is not None:
            return
        rested = replace(
            self._own, kind="credentials", reason=reason, remedy=remedy, failing_since=failed_at, failed_at=failed_at,
            failures=1, rests_until=failed_at + self._rests.person,
        )  # fmt: skip
        if rested.rests(now):
            self._keep("", "", rested)

    # -- the verbs ----------------------------------------------------------------------------------------------------
    async def ping(self) -> list[Check]:
        """As the endpoint's. It is always tried; when every check succeeded all rests are over."""
        checks = await self._endpoint.ping()
        if checks and all(check.ok for check in checks):
            now = self._clock()
            self._figures.throttled(self._own, now)
            self._own = replace(self._own, rests_until=now)
            self._places = {key: replace(each, rests_until=now) for key, each in self._places.items()}
        return checks

    async def list(self, place: Place) -> Listing:
        """As the endpoint's; whatever fails concerns the place."""
        return await self._run("list", place.path, lambda: self._endpoint.list(place))

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """As the endpoint's."""
        return await self._run("fetch", "", lambda: self._endpoint.fetch(remote, limit))

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:
        """As the endpoint's."""
        return await self._run("settle", "", lambda: self._endpoint.settle(remote, after, digest))

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """As the endpoint's; the place is the request's path.

        What cannot be written although another was written there since is `Unavailable`: that concerns the document."""
        return await self._run("deliver", request.path, lambda: self._write(request, checkpoint))

    async def _write(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        try:
            receipt = await self._endpoint.deliver(request, checkpoint)
        except NotWritable as error:
            if request.id in self._odd:
                raise Unavailable(error.message, endpoint=self.name, remedy=error.remedy) from error
            self._unwritten.setdefault(request.path, set()).add(request.id)
            raise
        self._odd |= self._unwritten.pop(request.path, set())
        self._odd.discard(request.id)
        return receipt

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """As the endpoint's."""
        return await self._run("probe", "", lambda: self._endpoint.probe(request))

    async def close(self) -> None:
        """Close all connections."""
        await self._endpoint.close()

    # -- one attempt --------------------------------------------------------------------------------------------------
    async def _run(self, operation: str, path: str, verb: Callable[[], Awaitable[T]]) -> T:
        use = _USES.get(operation, "")
        self._refuse_at_rest(use, path)
        if not self._proven(use, path):
            async with self._gate:
                self._refuse_at_rest(use, path)
                if not self._proven(use, path):
                    return await self._attempt(operation, path, verb)
        return await self._attempt(operation, path, verb)

    def _refuse_at_rest(self, use: Use, path: str) -> None:
        now = self._clock()
        for each in (self._own, self._place(use, path)):
            if each.rests(now):
                raise health.resting(each, now)

    def _proven(self, use: Use, path: str) -> bool:
        """Whether the last attempt succeeded. Of a place it is enough that none failed."""
        own = self._own
        return own.reached_at is not None and own.failing_since is None and self._place(use, path).failing_since is None

    async def _attempt(self, operation: str, path: str, verb: Callable[[], Awaitable[T]]) -> T:
        use, began = _USES.get(operation, ""), self._clock()
        try:
            answer = await verb()
        except EndpointError as error:
            self._failed(use, path, error, began)
            raise
        finally:
            self._figures.took(operation, self._clock() - began)
        self._reached("", "", began)
        if use:
            self._reached(use, path, began)
        return answer

    def _failed(self, use: Use, path: str, error: EndpointError, began: float) -> None:
        now = self._clock()
        self._figures.failed(health.kind_of_place(error, use) or health.kind_of(error))
        if of_place := health.kind_of_place(error, use):
            if of_place in health.OF_PLACES:  # it was the server that said so
                self._reached("", "", began)
            self._keep(use, path, health.failed(self._place(use, path), error, of_place, began, now, self._rests))
        elif kind := health.kind_of(error):
            self._keep("", "", health.failed(self._own, error, kind, began, now, self._rests))

    def _reached(self, use: Use, path: str, began: float) -> None:
        self._keep(use, path, health.reached(self._place(use, path), began, self._clock()))

    def _place(self, use: Use, path: str) -> Health:
        return self._places.get((use, path)) or Health(self.name, path, use) if use else self._own

    def _keep(self, use: Use, path: str, after: Health) -> None:
        """Keep a state, and report it where that is due."""
        now = self._clock()
        if line := health.notice(self._place(use, path), after, now):
            after = replace(after, said_at=now)
            log.say(line.level, self.name, line.verb, line.sentence)
        if use:
            self._places[use, path] = after
        else:
            self._figures.throttled(self._own, now)
            self._own = after


class MailboxBreaker(Breaker):
    """The same around an endpoint that can say whether what was delivered there was picked up."""

    def __init__(
        self,
        endpoint: MailboxEndpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time,
        rests: Rests = RESTS,
    ) -> None:
        super().__init__(endpoint, clock=clock, epoch=epoch, rests=rests)
        self._mailboxes = endpoint

    async def picked_up(self, path: str, sent: Mapping[int, Sent]) -> Mapping[int, PickedUp]:
        """As the endpoint's; the place is the mailbox, which rests for this alone where it cannot be asked."""
        return await self._run("picked_up", path, lambda: self._mailboxes.picked_up(path, sent))


class D365Breaker(Breaker):
    """The same around D365, which answers look-ups, too. The pauses that it asks for are kept by its gate (`d365.gate`), which
    tells when it closes and opens: what is known here of them is what the gate says."""

    def __init__(
        self,
        endpoint: D365Endpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time,
        rests: Rests = RESTS,
    ) -> None:
        super().__init__(endpoint, clock=clock, epoch=epoch, rests=rests)
        self._d365 = endpoint
        endpoint.gate.on_closed = self._closed
        endpoint.gate.on_open = lambda: self._reached("", "", self._clock())

    @property
    def together(self) -> int:
        """How many records to fetch at once."""
        return self._d365.together

    def never_wait(self) -> None:
        """From now on nothing waits at the closed gate: it is refused at once."""
        self._d365.gate.wait = 0.0

    async def ping(self) -> list[Check]:
        """As the endpoint's. While its gate is closed nothing is sent, and that is what is said."""
        if left := self._d365.gate.left:
            sentence = f"{self._own.reason}; it is not asked for {span(left)}"
            return [Check("pause", False, 0.0, sentence, "wait: what is for it then goes by itself")]
        return await super().ping()

    async def fetch_many(self, remotes: Sequence[Remote], limit: int) -> Sequence[bytes | EndpointError]:
        """As the endpoint's."""
        return await self._run("fetch", "", lambda: self._d365.fetch_many(remotes, limit))

    async def page(self, what: str, query: Query) -> list[Record]:
        """As the endpoint's; the place is what is listed, as for `list`."""
        return await self._run("list", what, lambda: self._d365.page(query))

    async def ask(self, query: Query) -> list[Record]:
        """As the endpoint's; the place is the entity set."""
        return await self._run("ask", query.set, lambda: self._d365.ask(query))

    async def act(self, entity_set: str, action: str, given: Mapping[str, Any]) -> object:
        """As the endpoint's; the place is the entity set."""
        return await self._run("ask", entity_set, lambda: self._d365.act(entity_set, action, given))

    def _closed(self, error: Unavailable, seconds: float) -> None:
        kind: health.Kind = "throttled" if isinstance(error, Throttled) else "unreachable"
        self._keep("", "", health.closed(self._own, error, kind, seconds, self._clock()))

    def _failed(self, use: Use, path: str, error: EndpointError, began: float) -> None:
        """What closed the gate was told by it already."""
        gate = self._d365.gate
        if isinstance(error, Throttled) and not gate.left:
            gate.refuses(error, gate.now())
        if isinstance(error, Throttled) or (isinstance(error, Unreachable) and gate.left):
            self._figures.failed(health.kind_of(error))
        else:
            super()._failed(use, path, error, began)
