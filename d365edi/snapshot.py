"""A running app at one moment, for /metrics: one read of the journal, what endpoints and flows did, the files of the journal.

It never waits for the journal longer than PATIENCE; without it the figures of the process remain.

A part of `app`. Knows: where the figures are. Does not know: their names for Prometheus (that is `metrics`), who asks.
"""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio

from d365edi import condition
from d365edi.app import App
from d365edi.condition import Kind, Trouble
from d365edi.endpoints.figures import EndpointFigures
from d365edi.endpoints.filenames import NEVER_TAKEN
from d365edi.endpoints.health import Health
from d365edi.errors import JournalError
from d365edi.flows.latency import Latency
from d365edi.histogram import Distribution
from d365edi.journal import Oldest, PlaceStatus, Tx

PATIENCE = 5.0
"""Seconds for the journal and its disk; Prometheus gives up after ten."""
STUCK = 1000
"""So many files that cannot be taken are counted."""

Ran = Mapping[str, tuple[datetime, str]]
"""When each flow ended last, and what it said."""


@dataclass(frozen=True, slots=True)
class FromJournal:
    """What is read from the journal: `counts` as `Tx.counts` gives them, the `oldest` of what waits, the listed `places`,
    how many files of an endpoint cannot be taken, `incidents` by state, and how many `alerts` wait for each channel."""

    counts: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    oldest: Sequence[Oldest] = ()
    places: Sequence[PlaceStatus] = ()
    not_taken: Mapping[str, int] = field(default_factory=dict)
    incidents: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """A flow: whether it fails, and when it ran last (epoch seconds)."""

    name: str
    fails: bool = False
    ran_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known at one moment (`now`, epoch seconds). `journal` is None where it cannot be read; `places`: the pairs of
    endpoint and path that the settings list; `size` has the bytes of each file of the journal, `free` those left on its disk."""

    now: float
    live: bool = True
    troubles: Sequence[Kind] = ()
    partners: Sequence[str] = ()
    places: frozenset[tuple[str, str]] = frozenset()
    journal: FromJournal | None = None
    writable: bool = True
    commits: int = 0
    size: Mapping[str, int] = field(default_factory=dict)
    free: int | None = None
    health: Sequence[Health] = ()
    endpoints: Mapping[str, EndpointFigures] = field(default_factory=dict)
    latencies: Mapping[tuple[Latency, str], Distribution] = field(default_factory=dict)
    flows: Sequence[FlowFigures] = ()


async def take(
    app: App, troubles: Sequence[Trouble], ran: Ran, failing: Collection[str], patience: float = PATIENCE
) -> Snapshot:
    """What is known now. `failing` are the flows that fail whenever they run."""
    partners = app.ctx.partners
    pickups = [pickup for partner in partners.values() for pickup in partner.pickups.values()]
    flows = [FlowFigures(flow.name, flow.name in failing, _moment(ran, flow.name)) for flow in app.flows()]
    journal, size, free = await _journal(app, patience)
    return Snapshot(
        now=app.ctx.clock(),
        live=condition.live(troubles),
        troubles=[trouble.kind for trouble in troubles],
        partners=list(partners),
        places=frozenset((pickup.endpoint, pickup.view) for pickup in pickups),
        journal=journal,
        writable=not app.journal.trouble,
        commits=app.journal.commits,
        size=size,
        free=free,
        health=app.health(),
        endpoints={name: endpoint.figures() for name, endpoint in app.ctx.endpoints.items()},
        latencies=app.ctx.latencies.now(),
        flows=flows,
    )


def _moment(ran: Ran, name: str) -> float | None:
    return ran[name][0].timestamp() if name in ran else None


async def _journal(app: App, patience: float) -> tuple[FromJournal | None, dict[str, int], int | None]:
    journal: FromJournal | None = None
    files: tuple[dict[str, int], int | None] = {}, None
    with anyio.move_on_after(patience):
        files = await anyio.to_thread.run_sync(_files, app.journal.path, abandon_on_cancel=True)
        try:
            journal = await app.journal.read(_read)
        except JournalError:  # the flows that read it report it
            journal = None
    return journal, *files


def _read(tx: Tx) -> FromJournal:
    stuck = Counter(sighting.endpoint for sighting in tx.sightings.stuck(NEVER_TAKEN, STUCK))
    incidents = Counter[str](incident.state for incident in tx.alerts.incidents())
    alerts = Counter(alert.channel for alert in tx.alerts.waiting())
    return FromJournal(tx.counts(), list(tx.ages.oldest()), tx.sightings.places(), stuck, incidents, alerts)


def _files(journal: Path) -> tuple[dict[str, int], int | None]:
    """The bytes of the database and of its write-ahead log, and the room on their disk for who is not root (None: unknown)."""
    size: dict[str, int] = {}
    for name, path in (("database", journal), ("wal", journal.with_name(f"{journal.name}-wal"))):
        try:
            size[name] = path.stat().st_size
        except OSError:
            continue
    try:
        disk: Any = os.statvfs(journal.parent)
    except OSError:
        return size, None
    return size, disk.f_bavail * disk.f_frsize
