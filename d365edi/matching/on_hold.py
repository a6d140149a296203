"""A customer or vendor that D365 has on hold (`OnHoldStatus`): for what is written it holds the document, for something else it
is a warning. Which members hold what is in `lookups.toml`.

Knows: a reference and the row that answers it. Does not know: entity names, which records are written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from d365edi.edi.findings import Finding
from d365edi.matching.lookup import UnresolvedReference, unmet


def held(reference: UnresolvedReference, row: Mapping[str, Any], name: str) -> Finding | None:
    """What holds a document about a record that D365 has on hold."""
    if reference.filled and row.get(reference.filled[0]):
        return reference.filled[1]
    field, members = reference.hold
    if not field or str(row.get(field) or "") not in members:
        return None
    what, state = reference.kind.partition("_")[0], "on hold"
    if reference.kind == "main_account":
        what, state = "main account", "suspended"
    remedy = "take the hold away in D365, then release the document; or reject it"
    return unmet(reference.kind, name, f"{what} {name} is {state} in D365 ({field} {row[field]})", remedy)


def elsewhere(reference: UnresolvedReference, row: Mapping[str, Any], name: str) -> Iterator[str]:
    """The warning about a record that D365 has on hold for something else than what is written."""
    field, _ = reference.hold
    member = str(row.get(field) or "No") if field else "No"
    if member not in ("No", "Never"):
        what = reference.kind.partition("_")[0]
        yield f"{what} {name} is on hold in D365 for {member} ({field}); what is written is not held by that"
