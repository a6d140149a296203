"""The high-water file beside the database: how many control numbers were ever taken, in a place that a restore leaves
alone.

Written after each commit that took numbers and before it is reported, whole under a temporary name and then
renamed, so that it is never half a file. It may lag behind the database after a power failure, which is harmless; the
database lagging behind it means that an older copy was restored.

Whoever moves the journal away moves this file with it. So a hidden file stays there, the trace: that a journal was here, and how
many numbers had been taken when that was last noted, which is at most `STEP` ago.

Knows: the file. Does not know: SQL, what to do about a lag.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

Counts = Mapping[str, Mapping[str, int]]
AHEAD = 1000
"""How far control numbers jump where nothing says how many were taken since. They are nine digits."""
STEP = 100
"""After how many numbers the trace is written again."""


class UnreadableError(Exception):
    """The file is there and cannot be read."""


def path_of(journal: Path) -> Path:
    """The path of the file of a journal."""
    return journal.with_name(journal.name + ".numbers")


def trace_of(journal: Path) -> Path:
    """The path of the trace of a journal."""
    return journal.with_name(f".{journal.name}.trace")


def was_there(journal: Path) -> bool:
    """Whether a journal was here before, wherever it is now."""
    return trace_of(journal).exists() or path_of(journal).exists()


def outdated(traced: Counts | None, counts: Counts) -> bool:
    """Whether the trace is to be written again: a counter is new, or went far on."""
    return traced is None or any(
        taken - traced.get(partner, {}).get(level, -STEP) >= STEP
        for partner, levels in counts.items()
        for level, taken in levels.items()
    )


def further(counts: Counts) -> Counts:
    """Counts that were not reached since these were noted."""
    return {partner: {level: count + AHEAD for level, count in levels.items()} for partner, levels in counts.items()}


def read(path: Path) -> Counts | None:
    """Partner -> level -> count; None where there is no file. UnreadableError where it is damaged."""
    try:
        counts = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(counts, dict) or not all(_is_count(levels) for levels in counts.values()):
        raise UnreadableError("it does not hold counts")
    return counts


def write(path: Path, counts: Counts) -> None:
    """Replace the file, never leaving half of one; OSError where it cannot be written."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps(counts, indent=1, sort_keys=True).encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _is_count(levels: object) -> bool:
    return isinstance(levels, dict) and all(
        isinstance(taken, int) and 0 <= taken < 1 << 62 for taken in levels.values()
    )
