"""After an older journal was restored: what is to be sent to partners against what lies in their folders.

A delivery counts as there where a file in its folder has its business content, whatever its name and control numbers: those
of an interchange that is made again differ. Such a delivery takes those of the file (see `sent_as`), which their acknowledgment
names. A file of a delivery that is recorded as sent stands for that one. What the partner has taken since lies there no more;
only a person can know of it.
Orders need no comparison: each is looked up in D365 by its natural key before it is created.

Knows: open deliveries, folders. Does not know: protocols, what a payload means.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from d365edi.edi.header import headless
from d365edi.endpoints.base import Place, Receipt
from d365edi.errors import D365EdiError, EndpointError
from d365edi.flows import named
from d365edi.flows.context import FlowContext
from d365edi.flows.deliver import record
from d365edi.flows.sent_as import sent_as
from d365edi.flows.taken_since import taken_since
from d365edi.journal import Delivery, DeliveryState, Tx

OPEN: tuple[DeliveryState, ...] = ("pending", "waiting", "attempting")
ENVELOPE_ROOM = 64
"""Bytes by which two files with one content may differ: control numbers and times of other widths."""
LIMIT = 1 << 26
_SERVICE = re.compile(rb"(?:ISA|GS|ST|SE|GE|IEA|UNA|UNB|UNG|UNH|UNT|UNE|UNZ)\b")


@dataclass(frozen=True, slots=True)
class Lying:
    """A file at the partner: its folder, its name and its bytes. `sent` by a delivery that is recorded as such."""

    folder: str
    name: str
    payload: bytes
    sent: bool = False

    def __str__(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.name}"


@dataclass(frozen=True, slots=True)
class Compared:
    """A delivery, the file at the partner that has its content (None where there is none), and why its folder could not be
    read ("" where it could)."""

    delivery: Delivery
    there: Lying | None = None
    unread: str = ""


def content(payload: bytes) -> bytes:
    """The segments of an interchange, or of bare sets, without service segments (X12.5, X12.6; ISO 9735), which have control
    numbers and times; any other file as it is."""
    if payload[:3] == b"ISA" and len(payload) > 106:
        terminator = payload[105:106]
    elif payload[:3] in (b"UNA", b"UNB"):
        terminator = payload[8:9] if payload[:3] == b"UNA" else b"'"
    elif headless(payload):
        terminator = payload.rstrip(b"\r\n")[-1:]
        terminator = b"\n" if terminator.isalnum() else terminator
    else:
        return payload
    segments = (segment.strip(b"\r\n") for segment in payload.split(terminator))
    return terminator.join(segment for segment in segments if segment and not _SERVICE.match(segment))


async def reconcile(
    ctx: FlowContext, *, go: bool, delivered: Sequence[str], actor: str, unread: Sequence[str] = ()
) -> list[str]:
    """Compare every open delivery to a partner with the partner's folder; sentences. With `go` what is there is recorded as
    delivered, and so are the ids in `delivered`, which a person knows to have arrived. `unread`: the flows of which D365 could
    not be asked what it posted since; sending is not to be released before that is compared, too.

    D365EdiError where sending is not held, or an id is no open delivery to a partner."""
    if not ctx.journal.held:
        raise D365EdiError("sending is not held", remedy="there is nothing to reconcile")
    waiting = await ctx.journal.read(lambda tx: _open(tx, ctx))
    known = _known(waiting, delivered)
    compared = await _compare(ctx, waiting)
    done = [each for each in compared if each.delivery.id in known or (go and each.there)]
    left = [each for each in compared if each not in done]
    closed = (each.delivery.endpoint for each in left if each.unread)
    blind = tuple(dict.fromkeys([*unread, *(endpoint for endpoint in closed if endpoint in ctx.endpoints)]))
    await ctx.journal.write(lambda tx: _record_all(tx, done, actor, whole=not blind))
    said = [*(_sentence(each, recorded=True) for each in done), *(_sentence(each) for each in left)]
    return [*said, *await taken_since(ctx), *_advice(left, blind)]


def _open(tx: Tx, ctx: FlowContext) -> list[tuple[Delivery, bytes]]:
    """Every open delivery to a partner with its bytes, oldest first."""
    every = (each for state in OPEN for each in tx.deliveries.in_state(state, limit=1 << 31))
    ours = sorted((each for each in every if each.endpoint != ctx.d365_name), key=lambda each: each.id)
    return [(each, tx.payloads.get(each.digest)) for each in ours]


def _known(waiting: Iterable[tuple[Delivery, bytes]], ids: Sequence[str]) -> set[int]:
    by_id = {named.identify(delivery): delivery.id for delivery, _ in waiting}
    if unknown := [id for id in ids if id not in by_id]:
        remedy = "`d365edi reconcile` lists those that are"
        raise D365EdiError(
            f"{', '.join(unknown)} is no open delivery to a partner, and nothing was done", remedy=remedy
        )
    return {by_id[id] for id in ids}


async def _compare(ctx: FlowContext, waiting: Sequence[tuple[Delivery, bytes]]) -> list[Compared]:
    folders: dict[tuple[str, str], list[tuple[Delivery, bytes]]] = {}
    for each in waiting:
        folders.setdefault((each[0].endpoint, each[0].path), []).append(each)
    found: list[Compared] = []
    for (endpoint, path), deliveries in folders.items():
        if endpoint not in ctx.endpoints:
            found += [
                Compared(delivery, unread=f"the settings have no endpoint {endpoint}") for delivery, _ in deliveries
            ]
            continue
        try:
            there = await _contents(ctx, endpoint, path, [len(payload) for _, payload in deliveries])
        except EndpointError as error:
            found += [Compared(delivery, unread=error.message) for delivery, _ in deliveries]
        else:
            found += _matched(deliveries, there)
    return sorted(found, key=lambda each: each.delivery.id)


def _matched(deliveries: Sequence[tuple[Delivery, bytes]], there: Sequence[Lying]) -> list[Compared]:
    """The very file of a delivery is there for each that would send it again. Any other stands for one delivery only: two alike
    that are to be sent are there when two alike lie there, and what was sent is not what is to be sent. The very bytes under
    another name go before those with other numbers."""
    by_name = {file.name: file for file in there}
    found = {
        delivery.id: file
        for delivery, payload in deliveries
        if (file := by_name.get(delivery.name)) is not None and file.payload == payload
    }
    used = {file.name for file in found.values()}
    left = [file for file in there if file.name not in used and not file.sent]
    for same in (bytes, content):
        by_key: dict[bytes, list[Lying]] = {}
        for file in left:
            by_key.setdefault(same(file.payload), []).append(file)
        for delivery, payload in deliveries:
            if delivery.id not in found and (files := by_key.get(same(payload))):
                found[delivery.id] = files.pop(0)
        left = [file for files in by_key.values() for file in files]
    return [Compared(delivery, found.get(delivery.id)) for delivery, _ in deliveries]


async def _contents(ctx: FlowContext, endpoint: str, path: str, sizes: Sequence[int]) -> list[Lying]:
    """The files in a folder that are about as long as one of those to be sent."""
    listing = await ctx.endpoints[endpoint].list(Place(path))
    if not listing.whole:
        raise D365EdiError(f"{path} on {endpoint} holds more files than one listing", remedy="let it be cleared first")
    near = [each for each in listing.remotes if any(abs(each.size - size) <= ENVELOPE_ROOM for size in sizes)]
    files = [Lying(each.path, each.name, await ctx.endpoints[endpoint].fetch(each, LIMIT)) for each in near]
    return await ctx.journal.read(lambda tx: [replace(each, sent=_sent(tx, each, endpoint, path)) for each in files])


def _sent(tx: Tx, file: Lying, endpoint: str, path: str) -> bool:
    """Whether a delivery that is recorded as sent there has these bytes under this name."""
    return any(
        (row.state, row.endpoint, row.path, row.name) == ("delivered", endpoint, path, file.name)
        for row in tx.deliveries.search(sha256(file.payload).hexdigest())
    )


def _record_all(tx: Tx, done: Sequence[Compared], actor: str, *, whole: bool) -> None:
    """Record what is there. Only once all of it was compared may a person release sending."""
    tx.audit.append("compared" if whole else "compared in part", actor=actor, recorded=len(done))
    for each in done:
        _record(tx, each, actor)


def _record(tx: Tx, compared: Compared, actor: str) -> None:
    delivery, there = tx.deliveries.get(compared.delivery.id), compared.there
    if delivery.state not in OPEN:
        return
    delivery = tx.deliveries.attempting(delivery.id)
    why = "it was there after a restore" if there else f"as {actor} says"
    if there:
        delivery = _as_there(tx, delivery, there)
    record(tx, delivery, Receipt(str(there or f"{delivery.path.rstrip('/')}/{delivery.name}"), {"outcome": why}))
    about: dict[str, Any] = {"delivery": delivery.id, "partner": delivery.partner, "actor": actor}
    if delivery.digest != compared.delivery.digest:
        about |= {"name": delivery.name, "instead": compared.delivery.name, "digest": delivery.digest}
    tx.audit.append("reconciled", **about, there=str(there or ""))


def _as_there(tx: Tx, delivery: Delivery, there: Lying) -> Delivery:
    """The delivery with the name, the bytes and the numbers of the file that is there."""
    documents = tx.delivery_documents.of(delivery.id)
    numbered = sent_as(tx.payloads.get(delivery.digest), there.payload, documents)
    tx.delivery_documents.sent_as(
        delivery.id,
        name=there.name,
        digest=tx.payloads.put(there.payload) if numbered else delivery.digest,
        interchange=numbered.control if numbered else delivery.interchange,
        functional_id=numbered.functional_id if numbered else delivery.functional_id,
        group=numbered.group if numbered else delivery.group,
        documents=numbered.documents if numbered else (),
    )
    return tx.deliveries.get(delivery.id)


def _sentence(compared: Compared, *, recorded: bool = False) -> str:
    delivery = compared.delivery
    what = f"{named.identify(delivery)}  {delivery.partner}  {delivery.name}: "
    if recorded:
        return f"{what}recorded as delivered{f', it is {compared.there}' if compared.there else ''}"
    if compared.there:
        return f"{what}is there already, as {compared.there}"
    if compared.unread:
        return f"{what}not compared: {compared.unread}"
    return f"{what}does not lie in {delivery.path}; the partner may have taken it"


def _advice(left: Sequence[Compared], blind: Sequence[str]) -> list[str]:
    said = []
    if any(each.there for each in left):
        said.append("d365edi reconcile --go records what is there as delivered")
    if others := [named.identify(each.delivery) for each in left if not each.there]:
        said.append(
            f"what a partner has all the same is not sent again after: d365edi reconcile --delivered {others[0]}"
        )
    if blind:
        return [
            *said,
            f"not compared: {', '.join(blind)}; what went there since the copy would be sent again; run d365edi reconcile again "
            "once they answer (d365edi release sending --all sends without it)",
        ]
    return [
        *said,
        f"d365edi release sending sends the {len(left)} that are left" if left else "d365edi release sending",
    ]
