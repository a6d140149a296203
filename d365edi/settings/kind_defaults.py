"""Defaults that depend on another table: on the kind of the endpoint that a pickup or a delivery names, or on the envelope.

They are a tree like those that are read from files, with the lowest precedence, so that whoever uses the settings finds each
value where it belongs and knows no second default.

Knows: the names of sections and keys. Does not know: how values are written; what has the wrong type is skipped here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

MAILBOX = "sterling"
"""The kind of endpoint whose places are mailboxes."""
FILE_IN_MAILBOX = "{partner}_{set}_{control:09}.edi"
"""Default name of what we put into a mailbox, where names of several partners meet."""


def by_kind(written: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults for the settings as written; tables that have none are left out."""
    found: dict[str, Any] = {}
    for name in table(written, "partners"):
        if partner := _of_partner(written, name):
            found[name] = partner
    return {"partners": found} if found else {}


def _of_partner(written: Mapping[str, Any], name: str) -> dict[str, Any]:
    body = table(written, "partners", name)
    found: dict[str, Any] = {}
    for what in table(body, "pickup"):
        if is_mailbox(written, table(body, "pickup", what, "from")):
            found.setdefault("pickup", {})[what] = {"since": "now"}
    to = {"to": {"extract": 1, "file": FILE_IN_MAILBOX}}
    for what in table(body, "send"):
        if is_mailbox(written, table(body, "send", what, "to")):
            found.setdefault("send", {})[what] = to
    acks: dict[str, Any] = {"send": "none"} if any(bare_standards(body)) else {}
    acks |= to if is_mailbox(written, table(body, "acks", "to")) else {}
    return found | {"acks": acks} if acks else found


def bare_standards(partner: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a partner's envelopes that Sterling writes and takes off: "x12", "edifact"."""
    return (standard for standard in ("x12", "edifact") if table(partner, standard).get("envelope") == MAILBOX)


def is_mailbox(written: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """Whether a `from` or `to` is at an endpoint of mailboxes."""
    name = place.get("endpoint")
    return isinstance(name, str) and table(written, "endpoints", name).get("kind") == MAILBOX


def table(tree: object, *key: str) -> Mapping[str, Any]:
    """The table at a key, an empty one where there is none, or something else."""
    for part in key:
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}
