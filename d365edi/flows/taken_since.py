"""After an older journal was restored: files that were taken since the copy was made, and of which the journal knows nothing.

They lie in the folder where taken files are moved to, under whatever name they got there: what the journal has the bytes of is
not among them. Put back they are read again; an order of theirs that D365 has is found there by its number. Where taken files are
deleted nothing can be listed: the partner knows.

Knows: folders of processed files, names. Does not know: what is in the files.
"""

import json
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from d365edi.endpoints.base import Place, Remote
from d365edi.errors import EndpointError
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Message, Tx

LIMIT = 1 << 26
MARGIN = 86_400.0
"""Seconds by which a file may be older than the newest line of the copy: it lay there before it was taken."""


async def taken_since(ctx: FlowContext) -> list[str]:
    """A sentence for each file that was taken after the copy was made and that the journal does not know, and for each folder for
    which that cannot be said. Empty where no copy was restored."""
    newest = await ctx.journal.read(_newest)
    if newest is None:
        return []
    pickups = [pickup for partner in ctx.partners.values() for pickup in partner.pickups.values()]
    places = {(each.endpoint, each.place.path, each.after.to): each for each in pickups}
    sentences: list[str] = []
    for pickup in places.values():
        if pickup.after.action == "delete":
            where = f"{pickup.place.path} on {pickup.endpoint}"
            sentences.append(f"{where}: files that were taken since are deleted there; ask whether they can come again")
        elif pickup.after.action == "mark":
            where = f"{pickup.place.path} on {pickup.endpoint}"
            sentences.append(
                f"{where}: messages that were taken since are marked there; give them an extract count again, or ask for them"
            )
        elif pickup.after.action == "move":
            sentences += await _moved(ctx, pickup, newest - MARGIN)
    return sentences


def _newest(tx: Tx) -> float | None:
    """The time of the newest line of the copy that was restored last."""
    lines = tx.audit.query(action="restored", limit=1)
    return json.loads(lines[-1].detail)["newest"] if lines else None


async def _moved(ctx: FlowContext, pickup: PickupFlow, since: float) -> list[str]:
    folder = pickup.after.to
    try:
        listing = await ctx.endpoints[pickup.endpoint].list(Place(folder))
        remotes = [each for each in listing.remotes if each.modified is None or each.modified >= since]
        unknown = await _unknown(ctx, pickup, remotes, since)
    except EndpointError as error:
        return [f"{folder} on {pickup.endpoint}: not looked for files that were taken since: {error.message}"]
    found = [
        f"{folder}/{remote.name} was taken since and is not in the journal; put it back into {pickup.place.path}"
        for remote in unknown
    ]
    if not listing.whole:
        found.append(f"{folder} on {pickup.endpoint} holds more files than one listing; the newest are not looked at")
    return found


async def _unknown(ctx: FlowContext, pickup: PickupFlow, remotes: Sequence[Remote], since: float) -> list[Remote]:
    """Of these files those whose bytes the journal does not have. Read are those whose name it does not have, and
    whose length it does."""
    moved, sizes = await ctx.journal.read(
        lambda tx: (tx.messages.settled_since(pickup.endpoint, since), tx.messages.sizes(pickup.endpoint))
    )
    names = {name.rpartition("/")[2] for name in moved}
    found: list[Remote] = []
    for remote in remotes:
        if remote.name in names:
            continue
        if remote.size in sizes:
            digest = sha256(await ctx.endpoints[pickup.endpoint].fetch(remote, LIMIT)).hexdigest()
            if any(row.endpoint == pickup.endpoint for row in await ctx.journal.read(partial(_with, digest=digest))):
                continue
        found.append(remote)
    return found


def _with(tx: Tx, digest: str) -> list[Message]:
    return tx.messages.search(digest)
