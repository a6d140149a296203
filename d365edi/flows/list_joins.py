"""Changes in what the rows of a list are joined with: a barcode, a partner's number of an item.

The version of a row does not move with them. So each join has a snapshot of its own, of what it says of each row; a row is due
where that is new, or gone. The joined rows are read before the rows are: what changes in between is found by the next pass.

Knows: plans of lists, snapshots. Does not know: connections, what a row says.
"""

from collections.abc import Sequence
from dataclasses import replace

from d365edi.errors import PlaceRefused, Refused
from d365edi.flows.context import FlowContext
from d365edi.flows.list_pages import Row, each_page
from d365edi.flows.partner import SendFlow
from d365edi.journal import Tx
from d365edi.odata import canonical
from d365edi.odata.plan import ListJoin, ListPlan

SIZE = 10_000
"""Rows in one answer: as many as D365 gives."""


async def see(ctx: FlowContext, send: SendFlow, company: str, plan: ListPlan) -> dict[int, ListJoin]:
    """What the joins say now, seen for their snapshots: each join by the id of its snapshot. Without those that every row must
    have, and those that D365 refuses. Raises Unavailable."""
    found: dict[int, ListJoin] = {}
    for join in plan.joins:
        if join.required:
            continue
        name = f"{plan.rows.set}.{join.name}"
        id, _ = await ctx.journal.write(lambda tx, name=name: tx.snapshots.of(send.name, company, name))  # type: ignore[misc]
        await unsee(ctx, id)
        try:
            await _see(ctx, id, join)
        except (PlaceRefused, Refused):  # said where its columns stay empty
            continue
        found[id] = join
    return found


async def unsee(ctx: FlowContext, id: int) -> None:
    """Forget what was seen of a list in an earlier pass."""
    while await ctx.journal.write(lambda tx: tx.snapshots.unsee_some(id)):
        pass


def due(tx: Tx, id: int, joins: dict[int, ListJoin]) -> None:
    """The rows of the list `id` are due of which a join says something else than before."""
    for other, join in joins.items():
        tx.snapshots.follow(id, other, tuple(join.on.items()))


def move(tx: Tx, joins: dict[int, ListJoin]) -> None:
    """Move the snapshots of the joins to what was seen."""
    for id, join in joins.items():
        tx.snapshots.move(id, next(iter(join.on)), None, baseline=True)


async def _see(ctx: FlowContext, id: int, join: ListJoin) -> None:
    select = tuple(dict.fromkeys((*join.on, *join.query.select)))

    async def read(skip: int, top: int) -> Sequence[Row]:
        return await ctx.d365.ask(replace(join.query, select=select, orderby=select, skip=skip, top=top))

    async def note(rows: Sequence[Row]) -> None:
        said = [canonical.dumps({name: row.get(name) for name in select}).decode() for row in rows]
        await ctx.journal.write(lambda tx: tx.snapshots.see(id, dict.fromkeys(said, ""), compared=True))

    await each_page(read, SIZE, select, note)
