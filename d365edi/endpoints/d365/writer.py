"""A header and its lines, made exactly once: look up, record the intent, act, look up again.

D365 has no idempotency key, a header's number is assigned by the server, and a request that got no answer may still be carried
out. So:

* Before the header is posted an intent with its time is durable (`at`); afterwards its number is, and with it the
time at which the lines are about to be posted (`lines_at`). While a request is outstanding nothing is sent again
until its outcome is final.
* What was looked up holds for some seconds (`FRESH`). A header may wait at the gate for minutes, and somebody else may enter the
same meanwhile: then it is looked up once more before it is posted.
* A request that certainly was not carried out (refused, turned away, never sent) clears its time
again, so the next try need not wait; one that ended without an answer takes the time of its end, since it may have
queued before it was sent.
* Lines go in one changeset, all or none. Where its answer shows each row as it was created, they are compared with that, else
they are looked up. A header with none of them is filled, one with exactly ours is done, anything else is for a person. Refused
lines are looked up before that counts as a refusal: their keys may be taken by the same lines, and the sentence that says so
is in the language of the user. A header whose lines D365 refuses is deleted again: it is ours, it is empty, and nothing half
stays behind. Where that is refused too, its number stays in the progress and the next try continues from it.

* Where a header's number is ours it goes in one changeset with its lines and all that belongs to them.

* What belongs to a header beside its lines (charge lines) goes in the changeset of the lines. What belongs to single lines
needs the key that D365 gives these, so it follows in a changeset of its own: all or none, looked up again by its values.

Progress: `at`, `lines_at`, `after_at` (epoch seconds of a request whose outcome is not known, "" where none is), the plan's
`number_field`, `beside` (numbers of records that are not ours though they look alike, see `state_lookup`), `theirs` (the number
of a record that was not made of this document, about which a person is asked), `same` (the one that a person says is the same),
`step`.

Knows: write plans. Does not know: entity names, EDI, partners, HTTP.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from d365edi.endpoints.base import Checkpoint, Receipt
from d365edi.endpoints.d365 import catalog, compare_lines
from d365edi.endpoints.d365.client import Client, Record
from d365edi.endpoints.d365.state_lookup import Complete, Conflict, LinesOnly, NotFound, StateLookup
from d365edi.errors import Disputed, EndpointError, Refused, Throttled, Unavailable
from d365edi.failpoints import reach
from d365edi.odata import batch

Made = TypeVar("Made")
FRESH = 5.0
"""Seconds for which it is believed that a record is not there."""


class _LookedUpLongAgo(Exception):
    """The request had to wait for so long that what was looked up before may not be so any more. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class DocumentWriter:
    """One plan being carried out at one endpoint."""

    lookup: StateLookup
    endpoint: str

    async def run(self, progress: Mapping[str, str], checkpoint: Checkpoint, token: str) -> Receipt:
        """Carry out the plan, or continue where it stopped. `token` (letters and digits) makes the batch's boundaries.

        Raises Disputed, Refused or Unavailable (with the seconds to wait while a request is outstanding)."""
        plan = self.lookup.plan
        if len(plan.lines) + sum(len(each.rows) for each in plan.further) > batch.LIMIT:
            raise self._refused(f"it has {len(plan.lines)} lines; D365 takes {batch.LIMIT} at once", "split it")
        deadline = self.lookup.client.gate.deadline()
        while True:
            try:
                return await self._run(progress, checkpoint, token)
            except _LookedUpLongAgo:
                if not self.lookup.client.gate.opens_by(deadline):
                    message = f"{self.lookup.label}: it had to wait too long to be written"
                    raise Unavailable(message, endpoint=self.endpoint, retry_after=FRESH) from None

    async def _run(self, progress: Mapping[str, str], checkpoint: Checkpoint, token: str) -> Receipt:
        """The same, while what is looked up first is fresh. Raises _LookedUpLongAgo where it is not."""
        lookup, plan = self.lookup, self.lookup.plan
        state = await lookup.look(progress)
        looked_at = lookup.client.gate.now()
        if isinstance(state, Conflict):
            raise await self._disputed(state, progress.get("step", "disputed"), checkpoint)
        if isinstance(state, Complete):
            return await lookup.priced(state.header)
        if state.wait > 0:
            message = f"{lookup.label}: whether D365 carried out the last request is not known yet"
            raise Unavailable(message, endpoint=self.endpoint, retry_after=state.wait, unclear=True)
        if isinstance(state, LinesOnly):
            await self._create_after(state.header, checkpoint, token)
            return await lookup.priced(state.header)
        if isinstance(state, NotFound) and plan.own_number:
            return await lookup.priced(await self._create_whole(state, looked_at, checkpoint, token))
        if isinstance(state, NotFound):
            header = await self._create_header(state, looked_at, checkpoint)
        else:
            header = state.header
        await self._record_number(header, checkpoint)
        made: Sequence[Record] = ()
        if plan.lines:
            made = await self._create_lines(header, checkpoint, token)
            await self._check_lines(header, made)
        if plan.after_lines:
            await self._create_after(header, checkpoint, token)
        return await lookup.priced(header, made)

    async def _create_header(self, state: NotFound, looked_at: float, checkpoint: Checkpoint) -> Record:
        """The intent, then the header as D365 made it. A refusal may mean that it is there, in words of any language: it is
        looked up once more before it counts, and one that is there now is a question."""
        lookup, plan = self.lookup, self.lookup.plan

        async def post(client: Client) -> Record:
            reach("d365.intent")
            return await client.create(plan.header_set, {"dataAreaId": plan.company, **plan.header})

        beside = {"beside": "\n".join(state.beside)}
        try:
            header = await self._outstanding("at", "intent", checkpoint, post, beside, looked_at=looked_at)
        except EndpointError as error:
            if isinstance(error, Refused) and isinstance(now := await lookup.look({}), Conflict):
                raise await self._disputed(now, "disputed", checkpoint) from None
            raise self._named(error) from None
        reach("d365.header")
        if not lookup.number(header):
            message = f"{lookup.label}: D365 made it and returned no number"
            raise Unavailable(message, endpoint=self.endpoint, unclear=True)
        return header

    async def _create_whole(self, state: NotFound, looked_at: float, checkpoint: Checkpoint, token: str) -> Record:
        """The intent, then header, lines and all that belongs to them in one changeset: the header's number is ours. A refusal
        may mean that it is taken, by this very record: so it is looked up once more."""
        lookup, plan = self.lookup, self.lookup.plan
        number = plan.own_number
        linked = [(plan.line_set, {**line, plan.link_field: number}) for line in plan.lines]
        linked += [(each.set, {**row, each.link_field: number}) for each in plan.with_lines for row in each.rows]
        bodies = [(name, {"dataAreaId": plan.company, **body}) for name, body in linked]
        header = {"dataAreaId": plan.company, **plan.header}
        keep = lookup.compared | {plan.number_field}

        async def post(client: Client) -> list[Record]:
            reach("d365.intent")
            return await client.create_together(plan.header_set, [header], token, bodies, keep=keep)

        already = list[Record]()

        async def taken(_: Refused) -> list[Record] | None:
            again = await lookup.look({})
            already.extend([again.header] if isinstance(again, Complete) else [])
            return already or None

        beside = {"beside": "\n".join(state.beside)}
        try:
            made = await self._outstanding("at", "intent", checkpoint, post, beside, taken, looked_at)
        except EndpointError as error:
            raise self._named(error) from None
        if already:
            return already[0]
        reach("d365.lines")
        if plan.lines:
            await self._check_lines(header, made[1:])
        return header

    async def _record_number(self, header: Record, checkpoint: Checkpoint) -> None:
        """Record the number, and that the lines come next."""
        plan = self.lookup.plan
        lines_at = self._now() if plan.lines else ""
        await checkpoint("header", {plan.number_field: self.lookup.number(header), "at": "", "lines_at": lines_at})
        reach("d365.header_recorded")

    async def _create_lines(self, header: Record, checkpoint: Checkpoint, token: str) -> list[Record]:
        """All lines in one changeset, with what belongs to the header beside them; as D365 created them, where it says so."""
        lookup, plan = self.lookup, self.lookup.plan
        number = lookup.number(header)
        further = [
            (each.set, {"dataAreaId": plan.company, **row, each.link_field: number})
            for each in plan.with_lines
            for row in each.rows
        ]

        async def post(client: Client) -> list[Record]:
            bodies = ({"dataAreaId": plan.company, **line, plan.link_field: number} for line in plan.lines)
            return await client.create_together(plan.line_set, bodies, token, further, keep=lookup.compared)

        try:
            made = await self._outstanding("lines_at", "", checkpoint, post)
        except EndpointError as error:
            if isinstance(error, Refused):
                if await lookup.rows(number):
                    return []  # their keys are taken: whether by lines of ours that came late is looked at next
                raise await self._withdraw(header, error, checkpoint) from None
            raise self._named(error) from None
        reach("d365.lines")
        return made

    async def _check_lines(self, header: Record, made: Sequence[Record] = ()) -> None:
        """Compare what was written: as it was `made`, and where that does not show all of it, as it is found."""
        lookup, number = self.lookup, self.lookup.number(header)
        if lookup.shown(number, made):
            return
        if difference := await lookup.difference(header):
            message = f"{lookup.noun} {number} was written for {lookup.label}, but D365 shows other lines: {difference}"
            raise Disputed(message, endpoint=self.endpoint, remedy=f"correct {number} in D365 and reject this document")

    async def _create_after(self, header: Record, checkpoint: Checkpoint, token: str) -> None:
        """What belongs to single lines, in one changeset; the lines are there."""
        lookup, plan, number = self.lookup, self.lookup.plan, self.lookup.number(header)
        lines = compare_lines.pairs(plan, await lookup.rows(number))
        bodies = [
            (
                each.set,
                {"dataAreaId": plan.company, **row, each.link_field: number, each.line_field: own[each.line_key]},
            )
            for each in plan.after_lines
            for row, line in zip(each.rows, each.lines, strict=True)
            for own in (lines[line],)
        ]
        await checkpoint("lines", {plan.number_field: number, "at": "", "lines_at": "", "after_at": self._now()})
        reach("d365.lines_recorded")
        try:
            await self._outstanding(
                "after_at", "", checkpoint, lambda client: client.create_together("", (), f"{token}a", bodies)
            )
        except EndpointError as error:
            if isinstance(error, Refused):
                words = f"{lookup.noun} {number} has its lines and not its charges: {error.message}"
                remedy = f"correct what was refused and release: {number} gets them; or enter them in D365 and reject"
                raise self._refused(words, remedy) from None
            raise self._named(error) from None
        reach("d365.after_lines")
        if lacks := await lookup.missing(plan.after_lines, number):
            message = f"{lookup.noun} {number} was written for {lookup.label}, and D365 does not show {lacks[0]}"
            raise Disputed(message, endpoint=self.endpoint, remedy=f"correct {number} in D365 and reject this document")

    async def _withdraw(self, header: Record, refusal: Refused, checkpoint: Checkpoint) -> Refused:
        """Delete our empty header; the refusal to raise. A lost answer here is Unavailable: the next try looks it up
        first."""
        lookup, plan = self.lookup, self.lookup.plan
        number = lookup.number(header)
        parts = catalog.keys(plan.header_set) or ("dataAreaId", plan.number_field)
        await checkpoint("withdrawing", {})
        try:
            if await lookup.rows(number):
                raise Refused("it has got lines meanwhile")
            await lookup.client.remove(plan.header_set, {part: header[part] for part in parts if part in header})
        except Refused as why:
            return self._refused(
                f"{refusal.message}; {lookup.noun} {number} exists without these lines and was not deleted: {why.message}",
                f"correct what was refused and release: the lines go to {number}; or delete {number} in D365 and reject",
            )
        await checkpoint("withdrawn", {plan.number_field: "", "at": "", "lines_at": ""})
        message = f"{refusal.message}; {lookup.noun} {number}, begun for it, has been deleted again"
        return self._refused(message, refusal.remedy or "correct what was refused, then release this document")

    async def _outstanding(
        self,
        field: str,
        step: str,
        checkpoint: Checkpoint,
        post: Callable[[Client], Awaitable[Made]],
        more: Mapping[str, str] | None = None,
        refused: Callable[[Refused], Awaitable[Made | None]] | None = None,
        looked_at: float | None = None,
    ) -> Made:
        """One request that writes, its time durable under `field` before it is sent (with `more`), and what came of it
        afterwards. Without a `step` the caller has recorded that time, which holds unless the request had to wait. What was
        `refused` may have been made all the same: that is asked while the request still counts as outstanding. Raises
        _LookedUpLongAgo where that it is not there was found (`looked_at`) too long before.

        The gate is passed first: the time that is recorded is that of the request. One that was turned away goes again when the
        gate opens, where that is soon enough."""
        client = self.lookup.client
        deadline = client.gate.deadline()
        while True:
            try:
                async with client.admitted(deadline) as (admitted, waited):
                    if looked_at is not None and client.gate.now() - looked_at > FRESH:
                        raise _LookedUpLongAgo
                    if step or waited:
                        await checkpoint(step or "again", {field: self._now(), **(more or {})})
                    step = step or "again"
                    return await post(admitted)
            except EndpointError as error:
                if refused and isinstance(error, Refused) and (found := await refused(error)) is not None:
                    return found
                await checkpoint(*self._outcome(error, field))
                turned_away = isinstance(error, Throttled) and not error.unclear
                if not turned_away or not client.gate.opens_by(deadline):
                    raise

    def _outcome(self, error: EndpointError, field: str) -> tuple[str, dict[str, str]]:
        """The step to record after a failed request: outstanding from now on, or certain not to have been carried out."""
        unclear = isinstance(error, Unavailable) and error.unclear
        return ("unclear", {field: self._now()}) if unclear else ("not_done", {field: ""})

    def _now(self) -> str:
        return f"{self.lookup.clock():.3f}"

    async def _disputed(self, state: Conflict, step: str, checkpoint: Checkpoint) -> Disputed:
        """The question to raise; which record it is about is durable before."""
        if state.theirs:
            await checkpoint(step, {"theirs": state.theirs})
        return Disputed(state.question, endpoint=self.endpoint, remedy=state.remedy)

    def _named(self, error: EndpointError) -> EndpointError:
        """The same error with the document's name before it."""
        if isinstance(error, Unavailable):
            return error.named(f"{self.lookup.label}: {error.message}")
        return self._refused(error.message, error.remedy)

    def _refused(self, words: str, remedy: str) -> Refused:
        return Refused(f"{self.lookup.label}: {words}", endpoint=self.endpoint, remedy=remedy)
