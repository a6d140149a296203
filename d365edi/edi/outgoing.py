"""What is to be written, in either standard: segments, sets, groups.

Knows: text in its places. Does not know: envelopes, delimiters, control numbers of an interchange.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Element = str | tuple[str, ...]
OutgoingSegment = list[Element]
"""The id first, then the elements; a tuple is a composite."""


@dataclass(frozen=True, slots=True)
class OutgoingSet:
    """One transaction set: its id, its control number (four characters at least), its body without ST and SE.

    `convention` is ST03, which 005010 has: the implementation that the set follows (005010X231A1 for a 999)."""

    id: str
    control: str
    segments: Sequence[OutgoingSegment]
    convention: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One functional group. `version` None means the envelope's."""

    functional_id: str
    control: int
    sets: tuple[OutgoingSet, ...]
    version: str | None = None
