"""Finds a number inside of received files that a person has to look at, or closed: what could not be read has no row of its own.

A set that is rejected, a header that is garbled or a file of nobody is stored as bytes only. The bytes are searched for the
number as a word, the newest files first, up to so many bytes in all.

Knows: messages and their bytes. Does not know: standards, output.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from d365edi.journal import Message, Tx

MOST = 256 << 20
"""So many bytes are searched at most."""
SHORTEST = 3
"""A shorter number stands in every file."""
CLOSED = 1000
"""So many closed ones are looked at, the last first."""
AROUND = 40
"""Characters that are shown on each side of it."""


@dataclass(slots=True)
class FoundInside:
    """The messages whose bytes have the number, by their id with the text around it; `beyond` files were not searched."""

    quotes: dict[int, str] = field(default_factory=dict)
    beyond: int = 0


def search(tx: Tx, what: str, partner: str = "", known: Container[int] = (), most: int = MOST) -> FoundInside:
    """The received files with this text in them, of this partner ("" for all), those that are `known` left out."""
    found, left = FoundInside(), most
    if len(what) < SHORTEST or not what.isascii():
        return found
    pattern = re.compile(rb"(?<![A-Za-z0-9])" + re.escape(what.encode()) + rb"(?![A-Za-z0-9])", re.IGNORECASE)
    for message in _waiting(tx, partner):
        if message.id in known or not tx.payloads.kept(message.digest):
            continue
        left -= message.size
        if left < 0:
            found.beyond += 1
        elif match := pattern.search(payload := tx.payloads.get(message.digest)):
            found.quotes[message.id] = _around(payload, match.start(), match.end())
    return found


def _waiting(tx: Tx, partner: str) -> list[Message]:
    """The received files that a person has to look at or closed, the newest first."""
    of = partner or None
    closed = tx.audit.query(partner=of, action="rejected", limit=CLOSED)
    rows = {row.id: row for row in tx.messages.in_state("quarantined", of)}
    rows |= {line.message: tx.messages.get(line.message) for line in closed if line.message and not line.document}
    return sorted((row for row in rows.values() if row.direction == "in"), key=lambda row: row.id, reverse=True)


def _around(payload: bytes, start: int, end: int) -> str:
    text = payload[max(0, start - AROUND) : end + AROUND].decode("latin-1")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
