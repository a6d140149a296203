"""The application: opens every part, closes them in reverse. `tick(flow)` is called by clock, events, command line and
tests alike.

Knows: which parts there are and which step follows which. Does not know: when anything runs (that is `daemon`), protocols
or formats.
"""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio

from d365edi import build, endpoint_checks, log
from d365edi import partners as trading
from d365edi.build import FlowInfo
from d365edi.clock import AHEAD, STEADY, ClockWatch, in_words, retire_before
from d365edi.condition import Trouble, of_endpoints, of_journal
from d365edi.endpoints.base import Check
from d365edi.endpoints.d365.endpoint import D365Endpoint
from d365edi.endpoints.health import RESTS, Health, Rests
from d365edi.flows import acknowledge, batch, decide, logins, picked_up, policy, reconcile, replay, subject
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.deliver import deliver
from d365edi.flows.lists import poll_list
from d365edi.flows.named import RESERVED, Selection
from d365edi.flows.partner import TradingPartner
from d365edi.flows.poll_d365 import poll_d365
from d365edi.flows.receive import receive
from d365edi.flows.render import render
from d365edi.flows.series import Member, each_in_turn, in_turn, ready, untranslated
from d365edi.flows.translate import translate
from d365edi.holds import HoldReports
from d365edi.journal import Journal, Tx
from d365edi.settings import Settings
from d365edi.verify import open_to_others
from d365edi.views import Known, View, Views

DUE = "due"
"""The name of the tick that processes what waits and is due, whatever flow it belongs to."""
TRACK = "picked up"
"""The name of the tick that asks mailboxes whether what was delivered there was picked up."""
BATCH = 500
"""How many messages and deliveries are taken at a time."""
STEP_SHOWN = 3600.0
"""Seconds for which `status` shows that the clock was set."""
RETIRE_EVERY = 86_400.0
"""Seconds between two searches for payloads whose retention is over."""


class App:
    """All parts, open. Made by `App.open` only."""

    def __init__(
        self,
        settings: Settings,
        ctx: FlowContext,
        flows: Sequence[FlowInfo],
        watch: ClockWatch,
        views: Mapping[str, View],
    ) -> None:
        self.settings = settings
        self.ctx = ctx
        self._flows = tuple(flows)
        self._watch = watch
        self._holds = HoldReports(watch.monotonic)
        known = Known(lambda: ctx.partners, ctx.zone)
        self.views = Views(settings.daemon.journal, known, views)
        self._retired_at: float | None = None
        self.batch = BATCH

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        watch: ClockWatch | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        rests: Rests = RESTS,
        first_wait: float = policy.FIRST_WAIT,
        d365: D365Endpoint | None = None,
        views: Mapping[str, View] | None = None,
    ) -> AsyncIterator[App]:
        """Build every part and close them in reverse. Opens the journal (and takes its lock); no endpoint connects yet.

        `watch` is what is known of the clocks from before a reload; `rests` and `first_wait` (seconds) say how long is
        waited after a failure; `views` are what the daemon shows of its journal.
        Raises SettingsError where maps or partners do not fit together, JournalError where the journal is in use."""
        partners = trading.compiled(settings)
        for sentence in open_to_others(settings):
            log.say("WARNING", "settings", "open", sentence)
        records, endpoints = build.endpoints(settings, d365, epoch=clock, rests=rests)
        journal = await Journal.open(settings.daemon.journal, clock=clock)
        try:
            ctx = FlowContext(
                journal=journal,
                endpoints=endpoints,
                d365=records,
                partners=partners,
                clock=clock,
                sleep=anyio.sleep,
                jitter=random.random,
                zone=settings.daemon.timezone,
                concurrency=settings.d365.concurrency,
                first_wait=first_wait,
            )
            yield cls(settings, ctx, build.flows(settings), watch or ClockWatch(clock, monotonic), views or {})
        finally:
            with anyio.CancelScope(shield=True):
                for endpoint in reversed(endpoints.values()):
                    await endpoint.close()
                await journal.close()

    @property
    def journal(self) -> Journal:
        """The journal."""
        return self.ctx.journal

    @property
    def busy(self) -> int:
        """How many pieces of work are under way."""
        return len(self.ctx.busy)

    def flows(self) -> list[FlowInfo]:
        """Every flow that can be fired, in the order of the settings."""
        return list(self._flows)

    async def tick(self, name: str) -> Counters:
        """Run one flow once, and all that follows from it: documents, deliveries. The name `due` processes what waits,
        `picked up` asks what was picked up.

        JournalGoneError where the journal was moved, replaced or deleted."""
        self.journal.check_presence()
        self._holds.report(self.journal)
        await self._look_at_clock()
        counters = Counters()
        if name == DUE:
            await self._due(counters)
            await self._retire()
            return counters
        if name == TRACK:
            await picked_up.track(self.ctx, counters)
            return counters
        partner, kind, what = name.split(".", 2)
        if kind == "pickup":
            pickup = self.ctx.partners[partner].pickups[what]
            async with in_turn(self.ctx, "message", self._message(counters), counters) as start:
                await receive(self.ctx, pickup, counters, start)
        else:
            await self._send(self.ctx.partners[partner], what, counters)
        return counters

    async def once(self) -> Counters:
        """Every flow a single time, then what is due, and what was picked up. Nothing waits for a pause that D365 asks for."""
        self.ctx.d365.never_wait()
        await logins.take_up(self.ctx, self.settings)
        total = Counters()
        for name in (*(flow.name for flow in self._flows), DUE, TRACK):
            total.include(await self.tick(name))
            await logins.note(self.ctx, self.settings)
        return total

    async def _send(self, partner: TradingPartner, what: str, counters: Counters) -> None:
        """Collect what is new in a flow. Flows that share its interchanges are collected with it, to be sent together."""
        send = partner.sends[what]
        if send.settings.lists:
            await self._deliveries(await poll_list(self.ctx, send, partner.name, counters), counters)
            return
        if send.settings.batch == 1:
            await self._messages(await poll_d365(self.ctx, send, partner.name, counters), counters)
            return
        together = batch.batch_of(partner, send)
        async with self.ctx.alone(together.key):
            for flow in together.flows.values():
                await self._messages(await poll_d365(self.ctx, flow, partner.name, counters), counters)
            deliveries = await batch.render_ready(self.ctx, together, counters)
        await self._deliveries(deliveries, counters)

    def _message(self, counters: Counters) -> Callable[[int], Awaitable[None]]:
        async def one(id: int) -> None:
            outcome = await translate(self.ctx, id, counters)
            await self._deliveries(outcome.deliveries, counters)
            await self.ctx.each("document", outcome.documents, self._document(counters), counters)

        return one

    async def _messages(self, ids: Sequence[int], counters: Counters) -> None:
        await self.ctx.each("message", ids, self._message(counters), counters)

    def _document(self, counters: Counters) -> Callable[[int], Awaitable[None]]:
        async def one(id: int) -> None:
            delivery = await render(self.ctx, id, counters)
            if delivery is not None:
                await self._deliveries([delivery], counters)

        return one

    async def _deliveries(self, ids: Sequence[int], counters: Counters) -> None:
        await self.ctx.each("delivery", ids, lambda id: deliver(self.ctx, id, counters), counters)

    async def _batches(self, counters: Counters) -> None:
        """Send batches that are ready, except where a collection is under way: it sends what is ready when it is done."""
        found = {each.key: each for each in batch.batches(self.ctx.partners.values())}

        async def one(key: str) -> None:
            if not self.ctx.under_way(key):
                async with self.ctx.alone(key):
                    deliveries = await batch.render_ready(self.ctx, found[key], counters)
                await self._deliveries(deliveries, counters)

        await self.ctx.each("batch", found, one, counters)

    async def _due(self, counters: Counters) -> None:
        """What a crash or a failure left behind: messages to read, documents to render, deliveries whose time has come."""
        await self.journal.note_numbers()
        resting = self.ctx.resting()
        messages, documents, deliveries, late = await self.journal.read(
            lambda tx: _waiting(tx, resting, self.batch, len(self.ctx.defects))
        )
        if resting or self.journal.sending_held:
            for why in await self.journal.read(lambda tx: list(self._skipped(tx, resting, documents))):
                counters.skip(why)
        for line in await self.journal.write(acknowledge.overdue) if late else ():
            counters.add(line.verb)
            log.say(line.level, "acknowledge", line.verb, line.sentence, **line.fields)
        await self._deliveries(deliveries, counters)  # what was begun comes before what is created after it
        await each_in_turn(self.ctx, "message", messages, self._message(counters), counters)
        await each_in_turn(self.ctx, "document", documents, self._document(counters), counters)
        await self._batches(counters)

    def _skipped(self, tx: Tx, resting: Sequence[tuple[str, str | None]], ready: Sequence[object]) -> Iterator[str]:
        """Why what is due is not tried."""
        rest = {endpoint for endpoint, _ in resting}
        waits = {delivery.endpoint for delivery in tx.deliveries.due(tx.now, self.batch)}
        if ready and self.ctx.rests(self.ctx.d365_name):
            waits.add(self.ctx.d365_name)
        yield from (f"{endpoint} rests" for endpoint in sorted(rest & waits))
        if self.journal.sending_held and waits - {self.ctx.d365_name}:
            yield "sending is held"

    async def _retire(self) -> None:
        """Empty the payloads whose retention is over: once a day, and in pieces so that other writers are not blocked.

        Not while retention is held; a clock that was steady for a day ends that."""
        if self.journal.retention_held and self._watch.steady_for() >= STEADY:
            await self.journal.write(lambda tx: tx.retention.go("d365edi"))
            log.say("INFO", "journal", "steady", "the clock was not set for a day and is believed")
        now = self._watch.monotonic()
        if self.journal.retention_held or (self._retired_at is not None and now < self._retired_at + RETIRE_EVERY):
            return
        self._retired_at = now
        retain = self.settings.daemon.retain.payloads.total_seconds()
        before = await self.journal.read(lambda tx: retire_before(tx.now, tx.retention.newest(), retain))
        while before is not None and (emptied := await self.journal.write(partial(_emptied, before=before))) > 0:
            log.say("INFO", "journal", "retired", f"{emptied} payloads past their retention; their digests stay")

    async def _look_at_clock(self) -> None:
        """Report that the wall clock was set. What was to wait by the old time waits no longer than a failure does, and
        retention is held after a great step forward."""
        async with self.ctx.alone("clock"):  # no flow goes on before it is stored
            if by := self._watch.step():
                self.ctx.answers.clear()
                log.say(
                    "WARNING", "daemon", "clock set", f"the clock was set {in_words(by)}; schedules are computed anew"
                )
            if self._watch.unstored:
                await self.journal.write(partial(_clock_set, by=self._watch.unstored))
                self._watch.unstored = 0.0

    async def next_due(self) -> float | None:
        """When the next delivery is due (epoch seconds), None when nothing waits."""
        return await self.journal.read(lambda tx: tx.deliveries.next_due(tx.now))

    def troubles(self) -> list[Trouble]:
        """What is the matter: with the journal, with sending, with endpoints and places, with single messages and documents."""
        found = [*of_journal(self.journal), *of_endpoints(self.health())]
        if self._watch.last and (ago := self._watch.steady_for()) < STEP_SHOWN:
            why = f"it was set {in_words(self._watch.last)}; schedules were computed anew"
            found.append(Trouble("clock", "clock", why, "check what sets it", self.ctx.clock() - ago))
        if (disk := self.ctx.disk).failures:
            remedy = "make room on the disk, or check it"
            found.append(Trouble("journal", "disk", disk.cause, remedy, disk.since_epoch(), None, disk.failures))
        for key, state in self.ctx.defects.items():
            remedy = "report it with the traceback in the log"
            found.append(Trouble("defect", key, state.cause, remedy, state.since_epoch(), None, state.failures))
        return found

    def health(self) -> list[Health]:
        """What is known of every endpoint, and of each place there that was used since the start. Times are epoch seconds."""
        return self.ctx.health()

    async def release(self, what: str | Selection, actor: str) -> list[str]:
        """Release a held document, a quarantined message or delivery, by its name or as the selection says. Returns a sentence
        for each thing decided; AmbiguousError where the name stands for several and not all of them are meant."""
        selection = Selection.of(what)
        about = (
            {} if selection.what in RESERVED else await self.journal.read(lambda tx: subject.of_waiting(tx, selection))
        )
        return _decided("released", actor, await decide.release(self.ctx, selection, actor), **about)

    async def reject(self, what: str | Selection, why: str, actor: str) -> list[str]:
        """Close a held document, a quarantined message or delivery for good. As `release`."""
        selection = Selection.of(what)
        about = await self.journal.read(lambda tx: subject.of_waiting(tx, selection))
        return _decided("rejected", actor, await decide.reject(self.ctx, selection, why, actor), why=why, **about)

    async def replay(self, what: str | Selection, stage: str, *, go: bool, acks: bool, actor: str) -> list[str]:
        """The same message again from a stage; without `go` only what would happen. Named as for `release`. Returns sentences."""
        said = await replay.replay(self.ctx, Selection.of(what), stage, go=go, acks=acks, actor=actor)
        return _decided("replayed", actor, said, stage=stage) if go else said

    async def reconcile(self, actor: str, *, go: bool, delivered: Sequence[str]) -> list[str]:
        """What waits to be sent, and what D365 posted since, against the partners' folders, while sending is held. With `go`
        what is there counts as delivered, and so do the ids in `delivered`. Returns sentences."""
        unread = await self._collected() if self.journal.held else []
        return await reconcile.reconcile(self.ctx, go=go, delivered=delivered, actor=actor, unread=unread)

    async def _collected(self) -> list[str]:
        """Collect what D365 has for every send flow: it may have been sent after the copy was made. The flows that could not."""
        unread = []
        for partner in self.ctx.partners.values():
            for send in partner.sends.values():
                made = await self.tick(send.name)
                waits = await self.journal.read(partial(_unsent, flow=send.name))
                if "unreachable" in made.counts or waits:
                    unread.append(send.name)
        return unread

    async def event(self, payload: dict[str, Any]) -> list[str]:
        """A business event: names of the flows to run. It says that something is new, never what."""
        id = str(payload.get("BusinessEventId", ""))
        company = str(payload.get("BusinessEventLegalEntity") or payload.get("LegalEntity") or "").lower()
        return [
            send.name
            for partner in self.ctx.partners.values()
            for send in partner.sends.values()
            if send.settings.on_event == id and (not company or company in {known.lower() for known in send.accounts})
        ]

    async def ping(self, name: str | None = None) -> dict[str, list[Check]]:
        """Check every endpoint (or one): what was tried and the remedy for what failed."""
        return await endpoint_checks.ping(self.ctx, self.settings, name)


def _decided(verb: str, actor: str, sentences: list[str], **more: str) -> list[str]:
    """Log what a person decided, a line for each sentence of the answer."""
    for sentence in sentences:
        log.say("INFO", "person", verb, sentence, actor=actor, **more)
    return sentences


def _clock_set(tx: Tx, by: float) -> None:
    if by > AHEAD:
        tx.retention.hold(f"the clock was set {in_words(by)}")
    tx.deliveries.wait_no_longer(tx.now + policy.LONGEST_WAIT)
    tx.audit.append("clock set", seconds=round(by))


def _unsent(tx: Tx, flow: str) -> bool:
    """Whether something of a send flow was read and is no delivery yet."""
    messages = (each.flow for each in tx.messages.in_state("received"))
    return flow in {*messages, *(each.flow for each in tx.documents.in_state("ready"))}


def _emptied(tx: Tx, before: float) -> int:
    emptied = tx.payloads.prune(before)
    if emptied:
        tx.audit.append("retired", payloads=emptied)
    return emptied


def _waiting(
    tx: Tx, resting: Sequence[tuple[str, str | None]], most: int, defects: int
) -> tuple[list[Member], list[Member], list[int], bool]:
    """What is due: `most` of each kind, beside those that fail by a defect, or nothing younger would have its turn."""
    return (
        untranslated(tx, most + defects),
        ready(tx, 2 * most + defects),
        [delivery.id for delivery in tx.deliveries.due(tx.now, most, resting=resting)],
        bool(tx.deliveries.overdue(tx.now)),
    )
