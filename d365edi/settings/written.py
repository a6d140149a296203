"""The tree of settings as written, for what looks at several tables of it: values may be missing, or of the wrong type.

Knows: tables in tables, the names of sections. Does not know: how values are written, what is wrong with them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .envelope import BARE
from .files import Key

MAILBOXES = "sterling"
"""The kind of endpoint whose places are mailboxes."""


def table(tree: object, *key: str) -> Mapping[str, Any]:
    """The table at a key, an empty one where there is none, or something else."""
    for part in key:
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


def text(table: Mapping[str, Any], key: str) -> str:
    """The text at a key, "" where there is none, or something else."""
    value = table.get(key)
    return value if isinstance(value, str) else ""


def partners(written: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    """Each partner's key and its table."""
    for name in table(written, "partners"):
        yield ("partners", name), table(written, "partners", name)


def in_mailbox(written: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """Whether a `from` or `to` is at an endpoint of mailboxes."""
    return text(table(written, "endpoints", text(place, "endpoint")), "kind") == MAILBOXES


def bare(partner: Mapping[str, Any]) -> list[str]:
    """A partner's standards, as their tables are named, whose envelopes we do not write: "x12", "edifact"."""
    return [name for name in ("x12", "edifact") if text(table(partner, name), "envelope") == BARE]
