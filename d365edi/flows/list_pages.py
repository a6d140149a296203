"""All rows of a list that others write to while it is read, page by page in the order of its key.

A row that is deleted moves those behind it forward, past the end of the page that was just read. So a page begins with the last
row of the one before: where it begins with a row that was not there, rows were moved past it, and the page before is asked for
again. Rows that come a second time are the caller's to know.

Knows: pages, keys. Does not know: connections, what a row says.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from d365edi.flows.meanwhile import meanwhile

Row = Mapping[str, Any]
AGAIN = 10
"""Pages that are asked for again in one list."""


async def each_page(
    read: Callable[[int, int], Awaitable[Sequence[Row]]],
    size: int,
    key: Sequence[str],
    work: Callable[[Sequence[Row]], Awaitable[None]],
) -> bool:
    """Work on all rows, page by page, while the next page is asked for: `read(skip, top)`. False where rows moved all the time,
    so that some may have been left out. Raises what `read` and `work` raise."""
    start, again, before = 0, 0, frozenset[tuple[Any, ...]]()
    rows = await read(0, size)
    while True:
        keys = [tuple(row.get(part) for part in key) for row in rows]
        moved = start > 0 and (not keys or keys[0] not in before)
        if moved and again < AGAIN:
            start, again = max(0, start - size + 1), again + 1
            rows = await read(start, size)
            continue
        if len(rows) < size:
            await work(rows)
            return again < AGAIN
        start, before = start + size - 1, frozenset(keys)
        rows = await meanwhile(partial(work, rows), partial(read, start, size))
