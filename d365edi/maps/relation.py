"""The standard's notes on which elements of a segment belong together: P all or none, R at least one, E at most one,
C the first needs all the others, L the first needs one of the others.

Knows: notes and positions. Does not know: values, segments.
"""

from __future__ import annotations

from collections.abc import Set

from d365edi.edi.guide import Note

_SENTENCES = {
    "P": "either all or none must be there",
    "R": "at least one must be there",
    "E": "only one may be there",
    "C": "the first needs all the others",
    "L": "the first needs one of the others",
}


def broken(notes: tuple[Note, ...], present: Set[int]) -> tuple[tuple[int, ...], str] | None:
    """The first note that these positions break, with its sentence; None when all hold."""
    for note in notes:
        first, *others = note.elements
        there = [position for position in note.elements if position in present]
        rest = [position for position in others if position in present]
        holds = {
            "P": len(there) in (0, len(note.elements)),
            "R": bool(there),
            "E": len(there) < 2,
            "C": first not in present or len(rest) == len(others),
            "L": first not in present or bool(rest),
        }
        if not holds[note.kind]:
            return note.elements, _SENTENCES[note.kind]
    return None
