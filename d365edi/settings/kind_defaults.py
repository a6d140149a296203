"""Defaults that depend on another table: on the kind of the endpoint that a pickup or a delivery names, or on the envelope.

They are put into the tree that was read from files, where that has no value, so that whoever uses the settings finds each where
it belongs and knows no second default.

Knows: which defaults there are. Does not know: how values are written.
"""

from collections.abc import Mapping
from typing import Any

from .written import bare, in_mailbox, partners, table

FILE_IN_MAILBOX = "{partner}_{set}_{control:09}.edi"
"""Default name of what we put into a mailbox, where names of several partners meet."""


def filled(tree: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A tree with the defaults where it has no value. What it has keeps its order: flows are served and shown in it."""
    found = dict(tree)
    for key, value in defaults.items():
        known = found.setdefault(key, value)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            found[key] = filled(known, value)
    return found


def by_kind(written: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults for the settings as written; tables that have none are left out."""
    found = {key[1]: defaults for key, body in partners(written) if (defaults := _of_partner(written, body))}
    return {"partners": found} if found else {}


def _of_partner(written: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for what in table(body, "pickup"):
        if in_mailbox(written, table(body, "pickup", what, "from")):
            found.setdefault("pickup", {})[what] = {"since": "now"}
    to = {"to": {"extract": 1, "file": FILE_IN_MAILBOX}}
    for what in table(body, "send"):
        if in_mailbox(written, table(body, "send", what, "to")):
            found.setdefault("send", {})[what] = to
    acks: dict[str, Any] = {"send": "none"} if bare(body) else {}
    acks |= to if in_mailbox(written, table(body, "acks", "to")) else {}
    return found | {"acks": acks} if acks else found
