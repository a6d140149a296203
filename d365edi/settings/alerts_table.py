"""The tables [alerts] and [secrets] alone, whatever is wrong with the others: for the alert about a daemon that does not start.

Knows: these tables, and [daemon] where it is right. Does not know: the others; what is wrong with any is said by `load`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from d365edi.errors import SettingsError

from . import environment, files
from .alerts import Alerts
from .daemon import Daemon, Secrets
from .tree import Keyring
from .values import folder

Table = TypeVar("Table", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class AlertsTable:
    """The tables, and what reveals a secret by its name; `daemon` is None where that table is wrong."""

    alerts: Alerts
    daemon: Daemon | None
    reveal: Any


def load_alerts(path: Path, keyring: Keyring, environ: Mapping[str, str] = os.environ) -> AlertsTable | None:
    """The tables of the file at `path`, what it includes, and the environment over both, as `load` reads them; None where there
    is no [alerts]. SettingsError where there is no such file, it is no TOML, or [alerts] is wrong."""
    path = path.absolute()
    written, locations, _ = files.read(path)
    names = ("alerts", "secrets", "daemon")
    own = {
        name: value
        for name, value in environ.items()
        if name.upper().startswith(tuple(f"{environment.PREFIX}{table.upper()}" for table in names))
    }
    overrides, _ = environment.read(own, written, names, locations)
    tree = files.merged(written, overrides)
    at = folder.set(path.parent)
    try:
        if "alerts" not in tree:
            return None
        alerts = _table(Alerts, tree["alerts"])
        if alerts is None:
            raise SettingsError("the table is wrong", where=str(path), key="alerts", remedy="what is: d365edi check")
        secrets = _table(Secrets, tree.get("secrets", {})) or Secrets()
        return AlertsTable(alerts, _table(Daemon, tree.get("daemon")), keyring(secrets, environ))
    finally:
        folder.reset(at)


def _table(kind: type[Table], written: object) -> Table | None:
    try:
        return kind.model_validate(written)
    except ValidationError:
        return None
