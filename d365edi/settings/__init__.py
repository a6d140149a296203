"""Settings: TOML files and the environment, read into one frozen tree; every error names file, line, key and remedy.

    tree.py         the whole, and `load`
    daemon_table.py one table of it, for who needs no more
    daemon.py alerts.py d365.py endpoints.py partners.py    the sections
    endpoint_kinds.py sterling.py                 kinds of endpoint
    guard.py envelope.py section.py values.py cron.py    what sections are made of
    files.py toml_locations.py environment.py     where settings are read from
    errors.py cross_checks.py keys.py             what is wrong with them, as sentences (and mailbox_checks.py, record_checks.py)
    revealed.py                                   which secrets were revealed

Knows: what a user may set. Does not know: any protocol, any secret's value, the code that uses the settings.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alerts import Alerts, Mail, Webhook
    from .d365 import D365, Certificate, D365Timeouts, Events
    from .daemon import Daemon, Log, Retain, Secrets, Tls
    from .endpoint_kinds import Endpoint
    from .endpoints import Completeness, LocalFolder, Move, Sftp, Timeouts
    from .envelope import X12, Edifact
    from .guard import Guard
    from .partners import Acks, Duplicates, Partner, Pickup, Retry
    from .receive import Receive
    from .section import Destination, PickupSource, Schedule, SecretRef
    from .send import Send
    from .sterling import Sterling
    from .tree import Keyring, Named, Settings, load

__all__ = [
    "D365", "X12", "Acks", "Alerts", "Certificate", "Completeness", "D365Timeouts", "Daemon", "Destination", "Duplicates",
    "Edifact", "Endpoint", "Events", "Guard", "Keyring", "LocalFolder", "Log", "Mail", "Move", "Named", "Partner", "Pickup",
    "PickupSource", "Receive", "Retain", "Retry", "Schedule", "SecretRef", "Secrets", "Send", "Settings", "Sftp",
    "Sterling", "Timeouts", "Tls", "Webhook", "load",
]  # fmt: skip

_HOMES = {
    "alerts": (
        "Alerts",
        "Mail",
        "Webhook",
    ),
    "d365": (
        "D365",
        "Certificate",
        "D365Timeouts",
        "Events",
    ),
    "daemon": (
        "Daemon",
        "Log",
        "Retain",
        "Secrets",
        "Tls",
    ),
    "endpoint_kinds": ("Endpoint",),
    "endpoints": (
        "Completeness",
        "LocalFolder",
        "Move",
        "Sftp",
        "Timeouts",
    ),
    "envelope": (
        "X12",
        "Edifact",
    ),
    "guard": ("Guard",),
    "partners": (
        "Acks",
        "Duplicates",
        "Partner",
        "Pickup",
        "Retry",
    ),
    "receive": ("Receive",),
    "send": ("Send",),
    "sterling": ("Sterling",),
    "section": (
        "Destination",
        "PickupSource",
        "Schedule",
        "SecretRef",
    ),
    "tree": (
        "Keyring",
        "Named",
        "Settings",
        "load",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A name of a section, imported when it is first asked for: `status` needs one section of them all."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
