"""The table [daemon] alone: where journal and socket are and in which zone, in a third of the time that all settings take.

Knows: that one table. Does not know: the others; what is wrong with any is said by `load`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from . import environment, files
from .daemon import Daemon
from .values import folder


@dataclass(frozen=True, slots=True)
class DaemonTable:
    """The table, and the digest of all files that were read (as `Settings.digest`)."""

    daemon: Daemon
    digest: str


def load_daemon(path: Path, environ: Mapping[str, str] = os.environ) -> DaemonTable | None:
    """The table of the file at `path`, what it includes, and the environment over both, as `load` reads it. None where it is
    wrong; SettingsError where there is no such file or it is no TOML."""
    path = path.absolute()
    written, locations, errors = files.read(path)
    own = {name: value for name, value in environ.items() if name.upper().startswith(f"{environment.PREFIX}DAEMON")}
    overrides, more = environment.read(own, written, ("daemon",), locations)
    table = files.merged(written, overrides).get("daemon")
    if errors or more:
        return None
    at = folder.set(path.parent)
    try:
        return DaemonTable(Daemon.model_validate(table), locations.digest)
    except ValidationError:
        return None
    finally:
        folder.reset(at)
