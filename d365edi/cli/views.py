"""What is shown of the journal: read from its file, or by the running daemon for people who may not read that (`client.outside`).

    picture   what `status` shows besides the daemon itself
    history   what `why` finds
    audit     lines of the audit trail; `verify` checks its chain
    payload   the bytes of a message or delivery, for `explain`

Both ways are here beside each other: what the daemon makes as JSON (`served`), and what a command makes of it again.

Knows: how a result goes through JSON. Does not know: how it is found (that is in the commands), who may ask.
"""

from __future__ import annotations

import base64
import contextvars
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from d365edi.cli import client
from d365edi.cli.console import zone
from d365edi.errors import D365EdiError, SettingsError

if TYPE_CHECKING:
    from d365edi.cli.history import FoundByName, History
    from d365edi.flows.partner import TradingPartner
    from d365edi.journal import AuditLine, Broken, Delivery, Message, Tx
    from d365edi.settings import Settings
    from d365edi.settings.daemon_table import DaemonTable
    from d365edi.views import Known, View

MOST_LINES = 10_000
"""Audit lines in one answer of the daemon."""
MOST_BYTES = 16 << 20
"""Bytes of one payload in an answer of the daemon."""


def served() -> dict[str, View]:
    """What the daemon shows, by name."""
    views: dict[str, View] = {
        "picture": _picture, "history": _history, "audit": _audit, "verify": _verify, "payload": _payload
    }  # fmt: skip
    return {name: _zoned(view) for name, view in views.items()}


def _zoned(view: View) -> View:
    """The same with moments in the daemon's zone, in whatever thread it is made."""

    def shown(tx: Tx, known: Known, asked: Mapping[str, Any]) -> Any:
        here = contextvars.copy_context()
        here.run(zone.set, known.zone)
        return here.run(view, tx, known, asked)

    return shown


# -- status ------------------------------------------------------------------------------------------------------------
def _picture(tx: Tx, _: Known, __: Mapping[str, Any]) -> Any:
    from d365edi.cli.status import picture

    return asdict(picture(tx))


# -- why ---------------------------------------------------------------------------------------------------------------
def history(settings: Path, what: str, partner: str, id: str) -> FoundByName:
    """Everything of this name or id."""
    from d365edi.cli.history import look_up

    loaded = client.load_daemon(settings)
    if not client.outside(loaded.daemon):
        partners = _partners(settings)
        return client.read(loaded, lambda tx: look_up(tx, what, partners, partner=partner, id=id))
    return _found(client.ask_view(loaded, "history", what=what, partner=partner, id=id))


def _partners(path: Path) -> dict[str, TradingPartner]:
    """The partners of the settings; none where their maps are wrong, as the journal can be read all the same."""
    from d365edi.cli import dry_run

    try:
        return {partner.name: partner for partner in dry_run.partners(path)}
    except SettingsError:
        return {}


def _history(tx: Tx, known: Known, asked: Mapping[str, Any]) -> Any:
    from d365edi.cli.history import look_up

    what, partner, id = (str(asked.get(name, "")) for name in ("what", "partner", "id"))
    return asdict(look_up(tx, what, known.partners(), partner=partner, id=id))


def _found(said: dict[str, Any]) -> FoundByName:
    from d365edi.cli.history import FoundByName, PassedEarlier
    from d365edi.journal import Earlier, PlaceStatus, Sighting

    return FoundByName(
        [_one(each) for each in said["histories"]],
        [Sighting(**each) for each in said["sightings"]],
        [PlaceStatus(**each) for each in said["places"]],
        [PassedEarlier(Earlier(**each["row"]), each["pickups"]) for each in said["earlier"]],
        said["beyond"],
    )


def _one(said: dict[str, Any]) -> History:
    from d365edi import journal
    from d365edi.cli.history import History
    from d365edi.cli.inspect_file import Remark

    return History(
        journal.Message(**said["message"]),
        [journal.ReceivedInterchange(**each) for each in said["interchanges"]],
        [journal.Document(**each) for each in said["documents"]],
        [journal.Delivery(**each) for each in said["deliveries"]],
        [journal.DeliveryDocument(**each) for each in said["carried"]],
        [journal.Acknowledgment(**each) for each in said["answers"]],
        [journal.AuditLine(**each) for each in said["lines"]],
        {int(id): tuple(Remark(**each) for each in remarks) for id, remarks in said["notes"].items()},
        said["quote"],
    )


# -- audit -------------------------------------------------------------------------------------------------------------
def audit(settings: Settings | DaemonTable, of: str | None, filters: dict[str, Any], limit: int) -> list[AuditLine]:
    """The lines that match every filter, the newest `limit` of them."""
    if not client.outside(settings.daemon):
        return client.read(settings, lambda tx: lines_of(tx, of, filters, limit))
    said = client.ask_view(settings, "audit", of=of, filters=filters, limit=limit)
    from d365edi.journal import AuditLine

    return [AuditLine(**each) for each in said]


def _audit(tx: Tx, _: Known, asked: Mapping[str, Any]) -> Any:
    filters = {name: asked.get("filters", {}).get(name) for name in ("partner", "action", "actor", "since", "until")}
    limit = int(asked.get("limit", 100))
    if not 0 < limit <= MOST_LINES:
        raise D365EdiError(f"that are more than {MOST_LINES} lines at a time", remedy="ask for parts: --since, --until")
    return [asdict(line) for line in lines_of(tx, asked.get("of"), filters, limit)]


def lines_of(tx: Tx, of: str | None, asked: dict[str, Any], limit: int) -> list[AuditLine]:
    """The lines that match every filter; `of` selects those about everything with that name."""
    if of is None:
        return tx.audit.query(**asked, limit=limit)
    found = tx.find(of)
    lines: dict[int, AuditLine] = {}
    for kind in ("message", "document", "delivery"):
        for thing in getattr(found, {"message": "messages", "document": "documents", "delivery": "deliveries"}[kind]):
            lines.update((line.id, line) for line in tx.audit.query(**asked, **{kind: thing.id}, limit=limit))
    return [lines[id] for id in sorted(lines)][-limit:]


def verified(settings: Settings | DaemonTable) -> tuple[Broken | None, int, str]:
    """Where the chain is broken, if it is; the number of its lines and the last digest."""
    if not client.outside(settings.daemon):
        broken, (number, digest) = client.read(settings, lambda tx: (tx.audit.verify(), tx.audit.head()))
        return broken, number, digest
    said = client.ask_view(settings, "verify")
    from d365edi.journal import Broken

    return said["broken"] and Broken(**said["broken"]), said["lines"], said["digest"]


def _verify(tx: Tx, _: Known, __: Mapping[str, Any]) -> Any:
    broken, (number, digest) = tx.audit.verify(), tx.audit.head()
    return {"broken": broken and asdict(broken), "lines": number, "digest": digest}


# -- explain -----------------------------------------------------------------------------------------------------------
def payload(settings: Settings | DaemonTable, what: str, partner: str, id: str) -> tuple[str, bytes, str]:
    """The name and the bytes of a message or delivery, and its partner. AmbiguousError where several are named so; D365EdiError
    where none is."""
    if not client.outside(settings.daemon):
        return client.read(settings, lambda tx: _named_bytes(tx, what, partner, id))
    said = client.ask_view(settings, "payload", what=what, partner=partner, id=id)
    return said["name"], base64.b64decode(said["bytes"]), said["partner"]


def _payload(tx: Tx, _: Known, asked: Mapping[str, Any]) -> Any:
    name, found, whose = _named_bytes(tx, *(str(asked.get(key, "")) for key in ("what", "partner", "id")))
    if len(found) > MOST_BYTES:
        raise D365EdiError(f"{name} has more than {MOST_BYTES >> 20} MB", remedy="an administrator can explain it")
    return {"name": name, "bytes": base64.b64encode(found).decode(), "partner": whose}


def _messages_and_deliveries(tx: Tx, what: str) -> Iterator[Message | Delivery]:
    yield from tx.messages.search(what)
    yield from tx.deliveries.search(what)


def _named_bytes(tx: Tx, what: str, partner: str, id: str) -> tuple[str, bytes, str]:
    from d365edi.flows.named import Candidate, Selection, one_of, row_of
    from d365edi.journal import Document

    rows = [row_of(tx, id)] if id else [*_messages_and_deliveries(tx, what)]
    files = {row.digest: row for row in rows if not isinstance(row, Document) and partner in ("", row.partner)}
    if not files:
        message = f"there is no file {id or what}, and no message or delivery of that name"
        raise D365EdiError(message, remedy=f"see `d365edi why {f'--id {id}' if id else what}`")
    found = [Candidate(row) for row in files.values()]
    (one,) = one_of(found, Selection(what, partner, id), lambda target: f"d365edi explain {target}")
    row = one.row
    assert not isinstance(row, Document)
    return row.name, tx.payloads.get(row.digest), row.partner
