"""What is wrong, where, with the standard's code and a sentence a person understands.

A finding's `code` is the code of the acknowledgment at its level: TA105 for an interchange, AK905 for a group, AK502
for a set, AK304 for a segment, AK403 for an element; 0085 in EDIFACT. An empty code is a finding that no acknowledgment
carries.

Knows: positions, codes, severities. Does not know: guides, partners, what is done about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["file", "interchange", "group", "set", "segment", "element", "document"]
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where: byte offset in the file, segment ordinal in its set (ST = 1), element, component and repetition (1-based,
    0 = not said). In a flat file `line` (1-based) instead of the ordinal, and `segment` is the column's name."""

    offset: int = -1
    ordinal: int = 0
    segment: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0
    loop: str = ""
    reference: int = 0
    """The data element number (AK402), 0 where there is none."""
    line: int = 0

    def __str__(self) -> str:
        if self.line:
            return f"line {self.line}" + (f', column "{self.segment}"' if self.segment else "")
        place = f"{self.segment}{self.element:02d}" if self.element else self.segment
        place += f"-{self.component}" if self.component else ""
        return f"{place} (segment {self.ordinal})" if self.ordinal else place or f"byte {self.offset}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth saying. `message` is a sentence; `remedy` says what to do; `value` is the
    offending text."""

    level: Level
    severity: Severity
    code: str
    message: str
    where: Position = Position()
    value: str = ""
    remedy: str = ""
    rule: str = ""
    """A stable word for the kind of finding (`count`, `mandatory`, `length`, `relational`, `unmapped` ...): what
    severities are set by."""
    holds: bool = False
    """Whether the document waits for a person because of it, even where its set is accepted: what was not read, what may
    have been read in a wrong place, figures that do not fit. Of an envelope it is the file that needs a person, and the
    sets that were read go on. One that is worth a note only never does."""

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


def unread(findings: Iterable[Finding]) -> list[Finding]:
    """Those of an envelope that hold: something around them may not have been read."""
    return [finding for finding in findings if finding.holds]
