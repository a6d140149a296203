"""A header and its lines, made once: look, say what is about to happen, do it, look again.

D365 has no idempotency key, a header's number is the server's, and a request that got no answer may still be carried
out. So:

* Before the header is posted an intent with its time is durable (`at`); afterwards its number is, and with it the
time at which the lines are about to be posted (`lines_at`). An outstanding act keeps everybody from acting again
until its outcome is final. * An act that certainly did not happen (refused, turned away, never sent) clears its time
again, so the next try need not wait; one that ended without an answer takes the time of its end, since it may have
queued before it was sent. * Lines go in one changeset, all or none. A header with none of them is filled, one with
exactly ours is done, anything else is for a person. A header whose lines D365 refuses is deleted again: it is ours,
it is empty, and nothing half stays behind. Where that is refused too, its number stays in the progress and the next
try goes on from it.

Progress: `at`, `lines_at` (epoch seconds of an act whose outcome is not known, "" where none is), the plan's
`number_field`, `step`.

Knows: write plans. Does not know: entity names, EDI, partners, HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from d365edi.endpoints.base import Checkpoint, Receipt
from d365edi.endpoints.d365 import catalog
from d365edi.endpoints.d365.auth import Unauthorized
from d365edi.endpoints.d365.client import Record
from d365edi.endpoints.d365.state_lookup import Absent, Complete, Conflict, StateLookup
from d365edi.errors import Disputed, EndpointError, Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.odata import batch

Note = Callable[[str, Mapping[str, str]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DocumentWriter:
    """One plan being carried out at one endpoint."""

    lookup: StateLookup
    endpoint: str

    async def run(self, progress: Mapping[str, str], checkpoint: Checkpoint, token: str) -> Receipt:
        """Carry the plan out, or go on where it stopped. `token` (letters and digits) makes the batch's boundaries.

        Raises Disputed, Refused or Unavailable (with the seconds to wait while an act is outstanding).
        """
        see, plan = self.lookup, self.lookup.plan
        if len(plan.lines) > batch.LIMIT:
            raise self._refused(f"it has {len(plan.lines)} lines; D365 takes {batch.LIMIT} at once", "split the order")
        sight = await see.look(progress)
        if isinstance(sight, Conflict):
            raise Disputed(sight.question, endpoint=self.endpoint, remedy=sight.remedy)
        if isinstance(sight, Complete):
            return see.receipt(sight.header)
        if sight.wait > 0:
            raise Unavailable(
                f"{see.label}: whether D365 carried out the last request is not known yet",
                endpoint=self.endpoint,
                retry_after=sight.wait,
                unclear=True,
            )
        header = await self._begun(checkpoint) if isinstance(sight, Absent) else sight.header
        await self._record(header, checkpoint)
        if plan.lines:
            await self._fill(header, checkpoint, token)
            await self._check(header)
        return see.receipt(header)

    async def _begun(self, checkpoint: Checkpoint) -> Record:
        """The intent, then the header as D365 made it."""
        see, plan = self.lookup, self.lookup.plan
        await checkpoint("intent", {"at": self._now()})
        reach("d365.intent")
        try:
            header = await see.client.create(plan.header_set, {"dataAreaId": plan.company, **plan.header})
        except EndpointError as error:
            await checkpoint(*self._outcome(error, "at"))
            raise self._named(error) from None
        reach("d365.header")
        if not see.number(header):
            raise Unavailable(f"{see.label}: D365 made it and named no number", endpoint=self.endpoint, unclear=True)
        return header

    async def _record(self, header: Record, checkpoint: Checkpoint) -> None:
        """The number is durable, and that the lines come next."""
        plan = self.lookup.plan
        lines_at = self._now() if plan.lines else ""
        await checkpoint("header", {plan.number_field: self.lookup.number(header), "at": "", "lines_at": lines_at})
        reach("d365.header_recorded")

    async def _fill(self, header: Record, checkpoint: Checkpoint, token: str) -> None:
        """All lines in one changeset."""
        see, plan = self.lookup, self.lookup.plan
        number = see.number(header)
        bodies = [{"dataAreaId": plan.company, **line, plan.link_field: number} for line in plan.lines]
        try:
            await see.client.create_together(plan.line_set, bodies, token)
        except EndpointError as error:
            await checkpoint(*self._outcome(error, "lines_at"))
            if isinstance(error, Refused) and not isinstance(error, Unauthorized):
                raise await self._withdrawn(header, error, checkpoint) from None
            raise self._named(error) from None
        reach("d365.lines")

    async def _check(self, header: Record) -> None:
        see, number = self.lookup, self.lookup.number(header)
        if difference := await see.difference(header):
            raise Disputed(
                f"{see.noun} {number} was written for {see.label}, but D365 shows other lines: {difference}",
                endpoint=self.endpoint,
                remedy=f"mend {number} in D365 and reject this document",
            )

    async def _withdrawn(self, header: Record, refusal: Refused, checkpoint: Checkpoint) -> Refused:
        """Delete our empty header; what to tell about it. A lost answer here is Unavailable: the next try begins
        with a look."""
        see, plan = self.lookup, self.lookup.plan
        number = see.number(header)
        parts = catalog.keys(plan.header_set) or ("dataAreaId", plan.number_field)
        await checkpoint("withdrawing", {})
        try:
            if await see.rows(number):
                raise Refused("somebody has given it lines by now")
            await see.client.remove(plan.header_set, {part: header[part] for part in parts if part in header})
        except Refused as why:
            return self._refused(
                f"{refusal.message}; {see.noun} {number} exists without these lines and was not deleted: {why.message}",
                f"mend what was refused and release: the lines go to {number}; or delete {number} in D365 and reject",
            )
        await checkpoint("withdrawn", {plan.number_field: "", "at": "", "lines_at": ""})
        return self._refused(
            f"{refusal.message}; {see.noun} {number}, begun for it, has been deleted again",
            refusal.remedy or "mend what was refused, then release",
        )

    def _outcome(self, error: EndpointError, act: str) -> tuple[str, dict[str, str]]:
        """The step to mark after a failed act: outstanding from now on, or certain not to have happened."""
        unclear = isinstance(error, Unavailable) and error.unclear
        return ("unclear", {act: self._now()}) if unclear else ("not_done", {act: ""})

    def _now(self) -> str:
        return f"{self.lookup.clock():.3f}"

    def _named(self, error: EndpointError) -> EndpointError:
        """The same error with the document's name before it."""
        words = f"{self.lookup.label}: {error.message}"
        if isinstance(error, Unavailable):
            return Unavailable(
                words,
                endpoint=self.endpoint,
                remedy=error.remedy,
                retry_after=error.retry_after,
                unclear=error.unclear,
            )
        return self._refused(error.message, error.remedy)

    def _refused(self, words: str, remedy: str) -> Refused:
        return Refused(f"{self.lookup.label}: {words}", endpoint=self.endpoint, remedy=remedy)
