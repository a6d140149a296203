"""Settings: TOML files and the environment, read into one frozen tree; every mistake names file, line, key and remedy.

    tree.py         the whole, and `load`
    daemon.py d365.py endpoints.py partners.py    the sections
    guard.py relation.py section.py values.py cron.py    what sections are made of
    files.py positions.py environment.py          where settings stand
    mistakes.py cross.py shape.py                 what is wrong with them, in words

Knows: what a user may say. Does not know: any wire, any secret's value, who reads the settings.
"""

from .d365 import D365, Certificate, D365Timeouts, Events
from .daemon import Daemon, Log, Retain, Secrets, Tls
from .endpoints import Complete, Endpoint, LocalFolder, Move, Sftp, Timeouts
from .envelope import X12, Edifact
from .guard import Guard
from .partners import Acks, Duplicates, Partner, Pickup, Receive, Retry, Send
from .section import Destination, Schedule, SecretRef, Source
from .tree import Keyring, Named, Settings, load

__all__ = [
    "D365",
    "X12",
    "Acks",
    "Certificate",
    "Complete",
    "D365Timeouts",
    "Daemon",
    "Destination",
    "Duplicates",
    "Edifact",
    "Endpoint",
    "Events",
    "Guard",
    "Keyring",
    "LocalFolder",
    "Log",
    "Move",
    "Named",
    "Partner",
    "Pickup",
    "Receive",
    "Retain",
    "Retry",
    "Schedule",
    "SecretRef",
    "Secrets",
    "Send",
    "Settings",
    "Sftp",
    "Source",
    "Timeouts",
    "Tls",
    "load",
]
