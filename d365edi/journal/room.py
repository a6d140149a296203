"""Whether there is room on the journal's disk: on a full one a small commit still succeeds where a large one fails.

Knows: files. Does not know: SQL, who asks.
"""

import contextlib
import os
from pathlib import Path

ENOUGH = 1 << 20
"""Bytes that must be free before the disk counts as no longer full."""


def has_room(journal: Path) -> bool:
    """Whether `ENOUGH` can be allocated beside the journal, by the user's quota, too. What was allocated is given back."""
    probe = journal.with_name(journal.name + ".room")
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return False
    try:
        probe.unlink()
        os.posix_fallocate(descriptor, 0, ENOUGH)
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    return True
