"""A standard as a value: which segments envelop what, how their headers are read, what a set is checked by.

X12 and EDIFACT are two values of `Standard` (`x12/envelope.py`, `edifact/envelope.py`); the one reader knows neither.

Knows: what a reader asks of a standard. Does not know: any one standard, how a file is read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport
from d365edi.edi.syntax import Standard as Name
from d365edi.edi.syntax import Syntax

Part = Literal["interchange", "group", "set"]
Role = Literal["set", "group", "group end", "interchange end", "receipt"]
Row = Sequence[str]
Place = Callable[[int], Position]
"""Where segment `index` of a set stands."""


class Envelope(NamedTuple):
    """The two segments around a part of a file: their ids, the element of the header that has the control number with its
    data element number (0: not reported), and the data element numbers of the trailer's count and control number."""

    header: str
    trailer: str
    control: int
    reference: int = 0
    references: tuple[int, int] = (0, 0)


class SetHeader(NamedTuple):
    """What the header of a set says: its id and control number, and the version that its group or it itself names."""

    id: str
    control: str
    version: str


@dataclass(frozen=True, eq=False)
class Standard:
    """Everything that differs between X12 and EDIFACT for one who reads. Compared by identity.

    `roles` are the segments of the envelope that stand outside of sets, `ends` all that end a set wherever they stand.
    """

    name: Name
    envelopes: Mapping[Part, Envelope]
    roles: Mapping[str, Role]
    ends: frozenset[str]
    id_size: int
    """How many characters tell a segment in a set; 0: all of its id. A longer id is explained, and ends a set as the trailer
    that it begins like."""
    set_word: str
    """What a set is called in a sentence: `set` or `message`."""
    type_place: tuple[int, int, int]
    """Where a set's header names its type: element, component, data element number."""
    groups_required: bool
    """Whether a set must stand in a group (X12); else sets in none are in one without a name."""
    partial_groups: bool
    """Whether an acknowledgment can accept a part of a group (X12: AK901 P)."""
    numeric_controls: bool
    """Whether control numbers of groups and interchanges are compared as numbers (X12: GS06 is not padded by rule)."""
    unlisted_once: bool
    """Whether a code that is in no list is reported once a set."""
    reads: Callable[[str], bool]
    """Whether an interchange whose header has this id is read at all."""
    interchange: Callable[[Row, Syntax, int, Sequence[Finding]], InterchangeReport]
    group: Callable[[Row, Syntax, int], GroupReport]
    implicit_group: Callable[[InterchangeReport, int], GroupReport]
    """The group of sets that stand in none."""
    header: Callable[[Row, GroupReport, InterchangeReport], SetHeader]
    header_checks: Callable[[SetReport], Iterable[Finding]]
    """What is wrong with a set's header by itself."""
    wanted_group: Callable[[SetReport, GroupReport], str]
    """The group that a set belongs in, "" where it stands in it."""
    guide_version: Callable[[SetReport, InterchangeReport], str]
    """The version that a set's guide is looked up by."""
    trailer: Callable[[Row, Syntax], tuple[str, str]]
    """The count and the control number of a trailer."""
    count_digits: int
    """How many digits a trailer's count may have; 0: any number."""
    trailer_size: int
    """How many elements the trailer of a group or an interchange may have; 0: not looked at."""
    receipt: Callable[[str, Syntax, int], list[Finding]]
    checks: tuple[Callable[[SetReport, InterchangeReport, Place], list[Finding]], ...]
    """What a whole set is checked by: its totals, its character set."""
    enveloped: bool = True
    """Whether interchanges have a header and a trailer; else sets in no group are in one each (see `bare`)."""

    @property
    def set_header(self) -> str:
        """The id of a set's header."""
        return self.envelopes["set"].header

    @property
    def set_trailer(self) -> str:
        """The id of a set's trailer."""
        return self.envelopes["set"].trailer
