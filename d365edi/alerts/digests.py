"""When the daily digest is due, and what it counts.

It goes once for each day of the daemon's zone. A clock that is set by days may make one more or one less, and no other harm.

Knows: days, counts of the journal. Does not know: what the digest says, who gets it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from typing import Any, Literal

from d365edi.journal import Tx

CURSOR = "alerts.digest"
"""The cursor in the journal that says which digest was the last."""


@dataclass(frozen=True, slots=True)
class Digested:
    """The last digest: its day (ISO 8601, "" before the first), and the totals that it was counted up to."""

    day: str = ""
    totals: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Digested":
        """As it was stored."""
        tree: Mapping[str, Any] = json.loads(text)
        return cls(tree["day"], tree["totals"])


def first(local: datetime, at: time | Literal["off"], totals: Mapping[str, Mapping[str, int]]) -> Digested:
    """Before the first digest: the one of today is left out where its time is over."""
    passed = at != "off" and local.time() >= at
    return Digested(local.date().isoformat() if passed else "", totals)


def due(last: Digested, local: datetime, at: time | Literal["off"]) -> str | None:
    """The day whose digest is to be sent now; None where none is."""
    today = local.date().isoformat()
    return today if at != "off" and local.time() >= at and today != last.day else None


def totals(tx: Tx) -> dict[str, dict[str, int]]:
    """Of each partner how many messages were taken in and deliveries made, since the journal began."""
    counts = tx.counts()
    found: dict[str, dict[str, int]] = {}
    for partner in sorted({*counts["messages"], *counts["deliveries"]}):
        found[partner] = {
            "messages taken": sum(counts["messages"].get(partner, {}).values()),
            "deliveries made": counts["deliveries"].get(partner, {}).get("delivered", 0),
        }
    return found
