"""The entity sets that a tenant had when `check --live` read them: `tenant-sets.json` beside the journal.

A part of `app`. Knows: the file, how old it may be. Does not know: D365, tables.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAME = "tenant-sets.json"
OLD = timedelta(days=30)
"""After this time it is named as old: D365 is updated every few weeks."""
_AGAIN = "read them with: d365edi check --live"


@dataclass(frozen=True, slots=True)
class TenantSets:
    """Names of entity sets, of which host and when they were read."""

    host: str
    at: datetime
    sets: frozenset[str]


def store(journal: Path, host: str, sets: Iterable[str], at: datetime) -> Path:
    """Remember the sets of a host; the file's path. The file is replaced as a whole. OSError as the disk says."""
    path = journal.with_name(NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"host": host, "at": at.astimezone(UTC).isoformat(), "sets": sorted(sets)}, indent=1)
    other = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        other.write_text(text, encoding="utf-8")
        other.replace(path)
    finally:
        other.unlink(missing_ok=True)
    return path


def load(journal: Path) -> TenantSets | None:
    """What is remembered; None where nothing is, or the file cannot be read."""
    try:
        content = json.loads(journal.with_name(NAME).read_text(encoding="utf-8"))
        return TenantSets(str(content["host"]), datetime.fromisoformat(content["at"]), frozenset(content["sets"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sentences(known: TenantSets | None, host: str, named: Iterable[str], now: datetime) -> Iterator[str]:
    """What is known of the sets that the settings name, without asking D365: nothing, of whom it is and how old, what is not
    among them."""
    if known is None:
        return
    day = f"{known.at:%Y-%m-%d}"
    if known.host != host:
        yield f"{NAME} has the entity sets of {known.host}, not of {host}; {_AGAIN}"
        return
    if now - known.at > OLD:
        yield f"{NAME} is {(now - known.at).days} days old (read on {day}); {_AGAIN}"
    missing = sorted({name for name in named if name} - known.sets)
    if missing:
        yield f"on {day} {host} had no entity set {', '.join(missing)}, which the settings name; {_AGAIN}"
