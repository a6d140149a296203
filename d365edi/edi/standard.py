"""A standard as a value: which segments envelop what, how an envelope is checked, what a set is checked by.

X12 and EDIFACT are two values of `Standard` (`x12/envelope.py`, `edifact/envelope.py`); the one reader knows neither.

Knows: what a reader asks of a standard. Does not know: any one standard, how a file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport
from d365edi.edi.syntax import Standard as Name
from d365edi.edi.syntax import Syntax

Role = Literal["set", "group", "group end", "interchange end", "receipt"]
Row = Sequence[str]
Place = Callable[[int], Position]
"""Where segment `index` of a set stands."""


@dataclass(frozen=True, slots=True)
class SetHeader:
    """What the header of a set says: its id and control number, and the version that its group or it itself names."""

    id: str
    control: str
    version: str


@dataclass(frozen=True, eq=False)
class Standard:
    """Everything that differs between X12 and EDIFACT for one who reads. Compared by identity.

    `roles` are the segments of the envelope that stand outside of sets, `ends` all that end a set wherever they stand.
    `codes` are the codes of a broken sequence (AK304) in the standard's own list. `once`: a code that is in no list is
    reported once a set.
    """

    name: Name
    set_header: str
    set_trailer: str
    roles: Mapping[str, Role]
    ends: frozenset[str]
    codes: Mapping[str, str]
    astray: tuple[str, str]
    """The codes of a segment that stands outside of any set: in a group, in an interchange."""
    once: bool
    set_word: str
    """What a set is called in a sentence: `set` or `message`."""
    groups_required: bool
    """Whether a set must stand in a group (X12); else messages in none are in one without a name."""
    controls_by_group: bool
    """Whether control numbers of sets are unique in their group (X12) or in their interchange."""
    reads: Callable[[str], bool]
    """Whether an interchange whose header has this id is read at all."""
    interchange: Callable[[Row, Syntax, int, Sequence[Finding]], InterchangeReport]
    interchange_trailer: Callable[[InterchangeReport, Row, int, bool, int], list[Finding]]
    """The findings of an interchange's trailer: its report, row, what it should count, whether that is groups, offset."""
    repeated: Callable[[InterchangeReport], Finding]
    receipt: Callable[[str, Syntax, int], list[Finding]]
    group: Callable[[Row, Syntax, int], GroupReport]
    implicit_group: Callable[[InterchangeReport, int], GroupReport]
    """The group of sets that stand in none."""
    group_trailer: Callable[[GroupReport, Row, Syntax, int, int], list[Finding]]
    group_repeated: Callable[[GroupReport], Finding]
    mixed: Callable[[str, int], Finding | None]
    """The finding for messages both in groups and outside of any; None where that cannot be."""
    missing: Callable[[str, int, str], Finding]
    """The finding for a trailer that never came: of a `set`, `group` or `interchange`, where and why."""
    header: Callable[[Row, GroupReport, InterchangeReport], SetHeader]
    header_findings: Callable[[SetReport, GroupReport, bool, bool], list[Finding]]
    """What is wrong with a set's header: its report, group, whether its guide is known, whether its number was used."""
    guide_version: Callable[[SetReport, InterchangeReport], str]
    """The version that a set's guide is looked up by."""
    trailer_findings: Callable[[SetReport, int], list[Finding]]
    """What is wrong with the trailer of a set; its offset."""
    checks: tuple[Callable[[SetReport, InterchangeReport, Place], list[Finding]], ...]
    """What a whole set is checked by: its totals, its character set."""
