"""Migrations: `schema/NNNN_what.sql`, each run once, in order, in one transaction with its record in `migrations`.

Knows: files and the record. Does not know: what a migration does.
"""

import sqlite3
from dataclasses import dataclass
from importlib.resources import files

from d365edi.errors import JournalError

_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, migrated_at REAL NOT NULL) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of the schema."""

    number: int
    name: str
    sql: str


def shipped() -> list[Migration]:
    """The migrations that this version knows, in order."""
    found = [file for file in (files(__package__) / "schema").iterdir() if file.name.endswith(".sql")]
    return [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in sorted(found, key=lambda file: file.name)
    ]


def version(connection: sqlite3.Connection) -> int:
    """The number of the last migration of a database; 0 where it is empty. JournalError where it is no journal."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return 0
    if "migrations" not in tables:
        raise JournalError("the file is a database of something else", remedy="name another file as journal")
    (number,) = connection.execute("SELECT max(number) FROM migrations").fetchone()
    return number or 0


def migrate(connection: sqlite3.Connection, migrations: list[Migration], now: float) -> list[str]:
    """Run what is missing; the names of what ran. JournalError where the journal is of a newer version."""
    stands, knows = version(connection), migrations[-1].number
    if stands > knows:
        message = f"the journal is of version {stands} and this d365edi knows up to {knows}"
        raise JournalError(message, remedy="run the newer d365edi, or restore the copy made before the upgrade")
    missing = [migration for migration in migrations if migration.number > stands]
    for migration in missing:
        _run(connection, migration, now)
    return [migration.name for migration in missing]


def check(connection: sqlite3.Connection) -> None:
    """JournalError where the journal is not of exactly this version: a reader can neither migrate nor guess."""
    stands, knows = version(connection), shipped()[-1].number
    if stands != knows:
        message = f"the journal is of version {stands}, this d365edi reads {knows}"
        raise JournalError(message, remedy="use the version of d365edi that runs the daemon")


def _run(connection: sqlite3.Connection, migration: Migration, now: float) -> None:
    # Statement by statement: executescript() would commit before it begins.
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        for statement in _statements(migration.sql):
            connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (migration.number, migration.name, now))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        message = f"migration {migration.name} failed: {error}"
        raise JournalError(message, remedy="the journal is as it was before") from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(sql: str) -> list[str]:
    statements, current = [], ""
    for line in sql.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
