"""What every table of the journal shares: the running unit of work, how rows are read, and how a wrong
state transition is refused.

Knows: sqlite3's connection of the thread it runs in. Does not know: any table, any thread, any loop.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import fields

from d365edi.errors import JournalError

LIMIT = 1000
SEARCH_LIMIT = 50

Transitions = Mapping[str, frozenset[str]]
"""From each state the states that may follow. A state that may follow itself can get a new reason."""


class Unit:
    """A unit of work as its tables see it: connection, time, and what the journal has to do after the commit."""

    __slots__ = ("connection", "hold_changed", "now", "numbers_taken")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.now = 0.0
        self.numbers_taken = False
        self.hold_changed = False


class JournalTable:
    """A part of the journal, bound to the unit that runs."""

    __slots__ = ("_execute", "_unit")

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._execute = unit.connection.execute


def sha256(data: bytes) -> str:
    """The digest of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def select(row: type, table: str, tail: str) -> str:
    """`SELECT` of the columns that a row class names, in its order.

    Names are qualified because SQLite reads an unknown "name" alone as a string."""
    names = ", ".join(f'{table}."{field.name}"' for field in fields(row))
    return " ".join(("SELECT", names, "FROM", table, tail))


def insert(table: str, *names: str) -> str:
    """`INSERT` of the named columns."""
    columns = ", ".join(f'"{name}"' for name in names)
    return " ".join(("INSERT INTO", table, "(", columns, ") VALUES (", ", ".join("?" * len(names)), ")"))


def digest_range(text: str) -> tuple[str, str] | None:
    """The range of digests that begin with `text` (with or without "sha256:"); None where none can."""
    prefix = text.removeprefix("sha256:").rstrip("…").lower()
    if not 6 <= len(prefix) <= 64 or not set(prefix) <= set("0123456789abcdef"):
        return None
    return prefix, prefix + "g"


def step(transitions: Transitions, what: str, id: int, before: str | None, after: str) -> None:
    """Refuse a transition that is not allowed, an unknown state and a row that is not there, with JournalError."""
    if before is None:
        raise JournalError(f"there is no {what} {id}")
    if after not in transitions:
        raise JournalError(f"{what} {id} cannot become {after!r}", remedy=f"its states are {', '.join(transitions)}")
    if after not in transitions[before]:
        raise JournalError(f"{what} {id} is {before} and cannot become {after}")
