"""Small wordings that several flows share: the first errors of many, sizes, ids that are nearly right.

Knows: words. Does not know: anything else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

from d365edi.edi.findings import Finding
from d365edi.edi.interchange import Party

LogLine = tuple[Literal["INFO", "WARNING"], str, str]
"""Level, verb and sentence of a line for the log, made in a transaction and said after it."""


def first_errors(findings: Iterable[Finding], most: int = 3) -> str:
    """The first errors (else warnings) as one sentence, and how many more there are."""
    found = list(findings)
    worst = [f for f in found if f.severity == "error"] or found
    text = "; ".join(str(finding) for finding in worst[:most])
    return f"{text} (+{len(worst) - most} more)" if len(worst) > most else text


def kilobytes(size: int) -> str:
    """A size as a person reads it: 812 B, 4.1 kB, 2.3 MB."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def named_ids(wanted: Party, known: Mapping[str, Party]) -> str:
    """A hint at the partner whose id is nearly this one: another qualifier, or a few characters off. Empty when none is near."""
    for name, party in known.items():
        if party.id == wanted.id:
            return f"; {name} has {party}, another qualifier"
    near = difflib.get_close_matches(wanted.id, [party.id for party in known.values()], 1, 0.8)
    names = [name for name, party in known.items() if near and party.id == near[0]]
    return f"; did they mean {names[0]} ({known[names[0]]})?" if names else ""
