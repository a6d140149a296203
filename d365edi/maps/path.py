"""How a map names a place in a transaction set: the path language, parsed.

    BEG03              element 3 of segment BEG              SV101-2   component 2 of a composite
    REF[DP]02          element 2 of the REF whose qualifier is DP
    SAC[C,D240]05      several qualifiers, in the segment's own order
    DTM[037|010]02     alternatives: the first that is present
    N1[ST]/N301        element 1 of the N3 in the loop that N1*ST opens
    PO1[UP]            a qualifier/value pair: the value that follows UP, wherever the pair stands
    PO1[*], SDQ[*]     all pairs that no other row takes
    N3#2/01            the second N3, where the standard leaves no qualifier
    HL[P]/MAN[GM]02    hierarchical levels by HL03

Which element holds the qualifier, and where pairs begin, is a fact of the segment and is no part of a path.

Knows: the spelling of paths. Does not know: guides, documents, whether a place exists.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

EVERY = "*"
"""The qualifier of a path that takes all pairs of a segment."""

_STEP = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{1,2})(?:\[(?P<qualifiers>[^\[\]]*)\])?(?:#(?P<occurrence>[1-9]\d?))?"
    r"(?P<element>\d\d)?(?:-(?P<component>[1-9]\d?))?\Z"
)
_ELEMENT = re.compile(r"(?P<element>\d\d)(?:-(?P<component>[1-9]\d?))?\Z")
_CODE = re.compile(r"[A-Za-z0-9]+\Z|\*\Z")


@dataclass(frozen=True, slots=True)
class Step:
    """One segment on the way: its id, alternatives for each of its qualifiers, and which occurrence (0 = not said)."""

    segment: str
    qualifiers: tuple[tuple[str, ...], ...] = ()
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """A place: the steps to a segment, and the element and component in it (0 = not said)."""

    text: str
    steps: tuple[Step, ...]
    element: int = 0
    component: int = 0


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Read a path. Raises ValueError with a sentence that says what a path looks like."""
    parts = text.split("/")
    element = component = 0
    tail = _ELEMENT.match(parts[-1]) if len(parts) > 1 else None
    if tail:
        element, component = int(tail["element"]), int(tail["component"] or 0)
        parts.pop()
    steps = []
    for number, part in enumerate(parts, 1):
        match = _STEP.match(part)
        if match is None:
            raise ValueError(f'"{text}" is no path; a path looks like BEG03, REF[DP]02, N1[ST]/N301 or PO1[UP]')
        if match["element"]:
            if number < len(parts) or tail:
                raise ValueError(f'"{text}" names an element before its end; only the last step of a path has one')
            element, component = int(match["element"]), int(match["component"] or 0)
        elif match["component"]:
            raise ValueError(f'"{text}" names a component without an element; write it as SV101-2')
        steps.append(Step(match["segment"], _qualifiers(text, match["qualifiers"]), int(match["occurrence"] or 0)))
    if tail and steps[-1].occurrence == 0:
        message = f'"{text}" has a step without a segment; write the segment before its element, as in N1[ST]/N301'
        raise ValueError(message)
    return Path(text, tuple(steps), element, component)


def _qualifiers(text: str, inside: str | None) -> tuple[tuple[str, ...], ...]:
    if inside is None:
        return ()
    groups = tuple(tuple(group.split("|")) for group in inside.split(","))
    for group in groups:
        for code in group:
            if not _CODE.match(code):
                raise ValueError(f'"{text}" has an empty or odd qualifier; write them as [ST], [037|010] or [C,D240]')
        if len(set(group)) < len(group):
            raise ValueError(f'"{text}" names a qualifier twice')
    return groups
