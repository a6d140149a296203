"""D365 to outbox: a list of a company, all of it or what changed, as one file with a row for each record.

A list takes a snapshot: which version (etag) of each record the partner has. It moves in the transaction that stores the
delivery, and what is seen before that is thrown away with the file where a crash or D365 ends the pass: no record is lost, and
none is sent twice. Pages shift while others write, so what was not seen is looked up by its key before it counts as gone.

The file grows on the disk page by page, the snapshot is compared in the journal: no more than a page is ever in memory.

Knows: pages, snapshots, the file. Does not know: entity names, OData, what a row says.
"""

import io
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread

from d365edi import log
from d365edi.endpoints.health import kind_of_place
from d365edi.errors import PlaceRefused, Refused, Unavailable
from d365edi.failpoints import reach
from d365edi.flows import list_file, list_joins, list_rows
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.list_pages import each_page
from d365edi.flows.list_rows import Row
from d365edi.flows.partner import SendFlow
from d365edi.journal import Delivery, Passed, Tx
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans
from d365edi.maps.d365.display_value import DisplayFormat
from d365edi.odata import canonical, quoting
from d365edi.odata.plan import ListJoin, ListPlan, Query

PAGE = 2_000
"""Whole rows in one answer: of 10,000 the parsed page would take 30 MB."""
KEYS = 10_000
"""Keys in one answer: as many as D365 gives."""
TOGETHER = 20
"""Records that are asked for by their keys in one question: an address has room for so many."""
LOOKED_UP = 1_000
"""Records that were not seen and are looked up in one pass; the others are looked up by the next."""
NAMED = 100
"""Rows that are reported one by one; of the others it is said how many."""


async def poll_list(ctx: FlowContext, send: SendFlow, partner: str, counters: Counters) -> list[int]:
    """Read the list of a flow and store its file. Returns the delivery's id, none where there is nothing to send."""
    (company,) = send.accounts
    ours = ctx.partners[partner].settings
    accounts = {"customer": ours.customer.get(company), "vendor": ours.vendor.get(company)}
    plan = plans.list_plan(send.read_table, company=company, accounts=accounts, since=send.settings.first_day)
    writer = send.writer
    assert isinstance(writer, FlatWriter)
    async with ctx.alone(f"list:{send.name}"):
        with tempfile.TemporaryFile(dir=ctx.journal.path.parent) as spool:
            file = io.TextIOWrapper(spool, writer.encoding, newline="")
            file.write(writer.head())
            id, known = await ctx.journal.write(lambda tx: tx.snapshots.of(send.name, company, plan.rows.set))
            await list_joins.unsee(ctx, id)
            one = _Pass(ctx, send, partner, company, plan, file, id, known)
            try:
                await one.read()
            except (Unavailable, Refused) as error:  # reported by the endpoint's breaker
                counters.add("refused" if kind_of_place(error, "pickup") == "place" else "unreachable")
                return []
            file.flush()
            reach("list.read")
            delivery = await ctx.journal.write(lambda tx: one.store(tx, spool))
            reach("list.stored")
            for each in (id, *one.joins):
                await list_joins.unsee(ctx, each)
            file.detach()
    one.report(delivery, counters)
    return [delivery.id] if delivery is not None else []


@dataclass(slots=True)
class _Pass:
    """One pass over a list. `known` says whether the list has a snapshot; `count` rows are in the file; `passed` were passed
    over, by their keys, and `more` beside those that are named; `gone` are the keys of records that are no more; `kept` are
    rows of a document that may have more, `shown` is how accounts are displayed, `joins` are those whose changes are followed."""

    ctx: FlowContext
    send: SendFlow
    partner: str
    company: str
    plan: ListPlan
    file: io.TextIOWrapper
    id: int
    known: bool
    count: int = 0
    kept: dict[str, Row] = field(default_factory=dict)
    shown: DisplayFormat | Literal["unknown"] | None = "unknown"
    passed: dict[str, Passed] = field(default_factory=dict)
    more: int = 0
    gone: list[str] = field(default_factory=list)
    newly_passed: list[str] = field(default_factory=list)
    joins: dict[int, ListJoin] = field(default_factory=dict)

    @property
    def all(self) -> bool:
        """Whether every record is written, as in each file of `what = "all"` and in the first one."""
        return self.send.settings.what == "all" or not (self.known or self.send.settings.from_now)

    @property
    def begins(self) -> bool:
        """Whether this is a first start that sends nothing."""
        return not self.all and not self.known

    @property
    def partial(self) -> bool:
        """Whether only rows with a further one are in the list, so that keys do not tell."""
        return any(join.required for join in self.plan.joins)

    async def read(self) -> None:
        """Read the list, and write what is due. Raises Unavailable and Refused as D365 does."""
        if self.send.settings.what != "all":
            self.joins = await list_joins.see(self.ctx, self.send, self.company, self.plan)
        if self.all:
            await self._whole()
            if self.known:
                await self._missing(self._take)
        else:
            await self._changed(await self._keys())
        await self._write({}, last=True)

    async def _changed(self, rows: int) -> None:
        """Write what is due of so many rows. Of a document all rows are, once one of them is."""
        if self.known and self.plan.whole:
            await self._missing(self._note)
        if self.known:
            await self.ctx.journal.write(self._more_due)
        if not self.begins or self.partial:
            await self._due(rows)
        if self.known and not self.plan.whole:
            await self._missing(self._take)

    def _more_due(self, tx: Tx) -> None:
        list_joins.due(tx, self.id, self.joins)
        if self.plan.whole:
            tx.snapshots.complete(self.id, self.plan.whole)

    async def _whole(self) -> None:
        """Read whole rows, page by page, and write those that are due."""
        await self._each_page(self.plan.rows, PAGE, self._take)

    async def _keys(self) -> int:
        """Read keys and versions alone. The number of rows."""
        count = 0

        async def note(rows: Sequence[Row]) -> None:
            nonlocal count
            await self._note(rows)
            count += len(rows)

        await self._each_page(replace(self.plan.rows, select=self.plan.key), KEYS, note)
        return count

    async def _note(self, rows: Iterable[Row]) -> None:
        """See rows of one answer."""
        found = list_rows.keyed(self.plan, rows)
        self._pass(found.passed)
        await self._see(found.versions)

    async def _due(self, rows: int) -> None:
        """Write what is due: asked for by the keys, or where that is more questions, from all rows."""
        due = await self.ctx.journal.read(lambda tx: tx.snapshots.count(self.id, "due"))
        if due * PAGE > rows * TOGETHER:
            await self._whole()
            return
        last = ""
        while keys := await self._due_after(last):
            there = await self._ask(keys)
            await self._take(there.values())
            await self._not_there([key for key in keys if key not in there])
            last = keys[-1]

    async def _missing(self, found: Callable[[Iterable[Row]], Awaitable[None]]) -> None:
        """Look up what the snapshot has and this pass did not see; what is `found` of it."""
        last, most = "", LOOKED_UP
        while most > 0 and (keys := await self._not_seen(last)):
            there = await self._ask(keys)
            await found(there.values())
            left = [key for key in keys if key not in there]
            narrowed = self.plan.rows.filters != self.plan.outside
            outside = await self._ask(left, self.plan.outside) if left and narrowed else {}
            await self._forget(left, [key for key in left if key not in outside])
            last, most = keys[-1], most - len(keys)

    async def _due_after(self, key: str) -> Sequence[str]:
        return await self.ctx.journal.read(lambda tx: tx.snapshots.due(self.id, key, TOGETHER))

    async def _not_there(self, keys: Sequence[str]) -> None:
        if keys:
            await self.ctx.journal.write(lambda tx: tx.snapshots.unsee(self.id, keys))

    async def _forget(self, keys: Sequence[str], gone: Sequence[str]) -> None:
        """These are in the list no more; those that are `gone` are nowhere."""
        self.gone += gone
        await self.ctx.journal.write(lambda tx: tx.snapshots.mark(self.id, dict.fromkeys(keys, ""), "gone"))

    async def _not_seen(self, after: str) -> Sequence[str]:
        return await self.ctx.journal.read(lambda tx: tx.snapshots.missing(self.id, after, TOGETHER))

    async def _each_page(self, query: Query, size: int, work: Callable[[Sequence[Row]], Awaitable[None]]) -> None:
        """Work on all rows of a query in the order of the key, page by page."""
        if not await each_page(partial(self._page, query), size, self.plan.key, work):
            moved = "its records moved while it was read, and one may be missing from the file; the next one has it"
            self._pass([Passed(query.set, moved)])

    async def _page(self, query: Query, start: int, size: int) -> Sequence[Row]:
        return await self.ctx.d365.page(self.plan.what, replace(query, skip=start, top=size))

    async def _ask(self, keys: Sequence[str], filters: tuple[str, ...] | None = None) -> dict[str, Row]:
        """The rows that these keys name, where they are still in the list (or meet other `filters`)."""
        filters = self.plan.rows.filters if filters is None else filters
        named = [{part: value for part, value in canonical.loads(key).items() if part != "dataAreaId"} for key in keys]
        query = replace(self.plan.rows, filters=(*filters, quoting.any_row(named)))
        found = list_rows.keyed(self.plan, await self.ctx.d365.page(self.plan.what, query))
        return {key: row for key, row in found.rows.items() if key in keys}

    async def _take(self, rows: Iterable[Row]) -> None:
        """See rows of one answer, and write those of them that are due."""
        found = list_rows.keyed(self.plan, rows)
        self._pass(found.passed)
        due = await self._see(found.versions)
        await self._write({key: row for key, row in found.rows.items() if key in due})

    async def _write(self, rows: Mapping[str, Row], *, last: bool = False) -> None:
        """Write these rows; those of the last document are kept until the next ones come, as it may go on there."""
        wanted, self.kept = {**self.kept, **rows}, {}
        if self.plan.whole and not last and wanted:
            ends = list_rows.document_of(self.plan, *list(wanted.items())[-1])
            self.kept = {key: row for key, row in wanted.items() if list_rows.document_of(self.plan, key, row) == ends}
            wanted = {key: row for key, row in wanted.items() if key not in self.kept}
        if not wanted:
            return
        joined = {join.name: await self._joined(join, wanted.values()) for join in self.plan.joins}
        if self.shown == "unknown":
            self.shown = await self._format()
        made = await anyio.to_thread.run_sync(
            list_rows.write, self.send, self.plan, wanted, joined, self.shown, self.ctx.zone
        )
        if not self.begins:
            self.file.write(made.text)
            self.count += len(made.versions)
        self._pass(made.passed)

        def mark(tx: Tx) -> None:
            tx.snapshots.mark(self.id, made.versions, "written")
            tx.snapshots.mark(self.id, dict.fromkeys(made.aside, ""), "aside")
            tx.snapshots.unsee(self.id, made.outside)

        await self.ctx.journal.write(mark)

    async def _format(self) -> DisplayFormat | None:
        """How D365 displays the accounts of the list; None where it has none, or does not say it."""
        queries = plans.format_queries(self.send.read_table)
        if queries is None:
            return None
        why = "D365 has no active format for ledger accounts"
        try:
            formats, parameters = [await self.ctx.d365.ask(query) for query in queries]
            if shown := plans.display_format(self.send.read_table, formats, parameters):
                return shown
        except (PlaceRefused, Refused) as error:
            why = error.message
        self._pass([Passed(queries[0].set, f"accounts are sent as D365 displays them, with their dimensions: {why}")])
        return None

    async def _joined(self, join: ListJoin, rows: Iterable[Row]) -> Sequence[Row]:
        """The rows of a join for these rows; none where D365 does not show an optional set."""
        named = list(dict.fromkeys(tuple((theirs, row.get(ours)) for theirs, ours in join.on.items()) for row in rows))
        found: list[Row] = []
        for start in range(0, len(named), TOGETHER):
            some = [dict(each) for each in named[start : start + TOGETHER]]
            query = replace(join.query, filters=(*join.query.filters, quoting.any_row(some)))
            try:
                found += await (
                    self.ctx.d365.ask(query) if join.optional else self.ctx.d365.page(self.plan.what, query)
                )
            except (PlaceRefused, Refused) as error:
                if not join.optional:
                    raise
                self._pass([Passed(join.query.set, f"its columns stay empty: {error.message}")])
                return []
        return found

    async def _see(self, versions: Mapping[str, str]) -> set[str]:
        """Note what is there; the keys of what is due. Where all are written, and at once, that they are is note enough."""

        def see(tx: Tx) -> set[str]:
            if self.all and not self.plan.whole:
                return tx.snapshots.unseen(self.id, tuple(versions))
            tx.snapshots.see(self.id, versions, compared=not self.all)
            return tx.snapshots.due_among(self.id, tuple(versions))

        return await self.ctx.journal.write(see)

    def _pass(self, passed: Iterable[Passed]) -> None:
        for each in passed:
            if len(self.passed) < NAMED or each.key in self.passed:
                self.passed[each.key or each.name] = each
            else:
                self.more += 1

    def store(self, tx: Tx, spool: io.BufferedRandom) -> Delivery | None:
        """The one transaction: the file and its delivery, the snapshot, what was passed over and what is gone."""
        seen = list(self.passed.values())
        found = tx.sightings.record_passed(self.ctx.d365_name, f"{self.send.name}/{self.company}", seen)
        self.newly_passed = [each.verdict for each in found]
        about: dict[str, Any] = {"partner": self.partner, "flow": self.send.name, "company": self.company}
        if self.begins:
            tx.audit.append(
                "baseline", **about, known=tx.snapshots.count(self.id, "written" if self.partial else "due")
            )
        if self.gone:
            tx.audit.append("gone", **about, keys=self.gone)
        made = partial(list_file.store, tx, self.ctx, self.send, self.partner)
        delivery = made(self.plan.what, self.company, self.count, spool) if self.count else None
        if delivery is not None:
            about |= {
                "message": delivery.message,
                "delivery": delivery.id,
                "name": delivery.name,
                "digest": delivery.digest,
            }
            tx.audit.append("rendered", **about, rows=self.count, passed=len(seen) + self.more)
        message = delivery.message if delivery is not None else None
        tx.snapshots.move(self.id, self.plan.number, message, baseline=self.begins and not self.partial)
        list_joins.move(tx, self.joins)
        return delivery

    def report(self, delivery: Delivery | None, counters: Counters) -> None:
        """Log what the pass found, once it is stored."""
        what = f"{self.plan.what} of {self.company}"
        for sentence in self.newly_passed:
            counters.add("passed over")
            log.say("WARNING", self.send.name, "passed over", f"{what}: {sentence}")
        if self.more:
            log.say("WARNING", self.send.name, "passed over", f"{what}: {self.more} more rows could not be written")
        if self.gone:
            counters.add("gone", len(self.gone))
            log.say("WARNING", self.send.name, "gone", f"{what}: {self._named_gone()}")
        if delivery is not None:
            counters.add("listed", self.count)
            rows = "1 row" if self.count == 1 else f"{self.count} rows"
            log.say("INFO", self.send.name, "listed", f"{what}: {rows} in {delivery.name}", delivery=delivery.id)
        elif self.begins:
            log.say("INFO", self.send.name, "started", f"first start in {self.company}: what is there is not sent")

    def _named_gone(self) -> str:
        numbers = list(dict.fromkeys(str(canonical.loads(key)[self.plan.number]) for key in self.gone))
        more = f" and {len(numbers) - 20} more" if len(numbers) > 20 else ""
        there = "is not there any more" if len(numbers) == 1 else "are not there any more"
        return f"{', '.join(numbers[:20])}{more} {there}; tell {self.partner}, since a list names only what there is"
