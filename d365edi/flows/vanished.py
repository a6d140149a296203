"""What was to be fetched from a mailbox and is not there any more: somebody else took it away, and that is reported once.

Knows: sightings, the audit trail. Does not know: how it is found out.
"""

from collections.abc import Set
from typing import Any

from d365edi.flows.messages import LogLine
from d365edi.flows.partner import PickupFlow
from d365edi.journal import Tx

VERB = "vanished"
_WHAT_NOW = (
    "before it could be fetched whole; it was moved, fetched or deleted there by somebody else: ask who, and ask the partner to "
    "send it again where it is wanted"
)


def unlisted(tx: Tx, pickup: PickupFlow, begun: Set[str], there: Set[str]) -> list[LogLine]:
    """Record which messages, whose fetch had begun, are in a whole listing no more (`there`: its keys). What to log."""
    missing = begun - there
    claimed = tx.messages.keyed(pickup.endpoint, dict.fromkeys(missing, ""))
    return [
        _record(tx, pickup, seen.remote, seen.name)
        for seen in tx.sightings.of(pickup.endpoint, pickup.view, missing - claimed.keys())
    ]


def unfetched(tx: Tx, pickup: PickupFlow, key: str, name: str, why: str) -> LogLine:
    """Record that a message which was just listed was not there to be fetched. What to log."""
    tx.sightings.vanished(pickup.endpoint, pickup.view, key, why)
    return _record(tx, pickup, key, name)


def _record(tx: Tx, pickup: PickupFlow, key: str, name: str) -> LogLine:
    about: dict[str, Any] = {"endpoint": pickup.endpoint, "path": pickup.place.path, "remote": key, "name": name}
    tx.audit.append(VERB, partner=pickup.partner, **about)
    return LogLine("WARNING", VERB, f"{name} (message {key}) is not in {pickup.place.path} any more {_WHAT_NOW}")
