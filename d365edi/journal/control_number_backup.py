"""The high-water file beside the database: how many control numbers were ever taken, in a place that a restore leaves
alone.

Written after each commit that took numbers and before it is reported, whole under a temporary name and then
renamed, so that it is never half a file. It may lag behind the database after a power failure, which is harmless; the
database lagging behind it means that an older copy was restored.

Knows: the file. Does not know: SQL, what to do about a lag.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

Counts = Mapping[str, Mapping[str, int]]


class UnreadableError(Exception):
    """The file is there and cannot be read."""


def path_of(journal: Path) -> Path:
    """The path of the file of a journal."""
    return journal.with_name(journal.name + ".numbers")


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
