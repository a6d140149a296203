"""What was in a file, as a tree of reports: interchanges, groups, transaction sets, each with its findings and its
verdict.

Knows: the shape of a received file. Does not know: how it was read, what is done with it.
"""

from dataclasses import dataclass, field
from typing import Literal

from d365edi.edi.findings import Finding, unread
from d365edi.edi.guide import Guide, Node
from d365edi.edi.rules import MISNAMING
from d365edi.edi.syntax import Standard, Syntax

Verdict = Literal["A", "E", "P", "R"]
"""A accepted, E accepted with errors, P partially accepted (groups only), R rejected."""


@dataclass(frozen=True, slots=True)
class Party:
    """An id with its qualifier: the pair is the identity. Trailing blanks trimmed, leading zeros and case kept."""

    qualifier: str
    id: str

    def __str__(self) -> str:
        return f"{self.qualifier}:{self.id}"


@dataclass(slots=True)
class SetReport:
    """One transaction set or message, with its findings.

    `segments` are its segments as text (header first, trailer last), released characters hidden (see `release`);
    `nodes` is where each stands in the guide. `plain`: all is ASCII, nothing is released and no value ends with a
    blank, so that rows are values as they are."""

    id: str
    control: str
    version: str
    syntax: Syntax
    offset: int
    segments: list[str]
    nodes: list[Node | None]
    guide: Guide | None
    plain: bool = True
    findings: list[Finding] = field(default_factory=list)
    verdict: Verdict = "A"
    _rows: list[list[str]] = field(default_factory=list, repr=False, compare=False)

    @property
    def misnamed(self) -> bool:
        """Whether its number need not be the one that its sender knows it by."""
        return any(one.level == "set" and one.rule in MISNAMING and one.severity == "error" for one in self.findings)

    @property
    def rows(self) -> list[list[str]]:
        """The segments split at the element separator, once: the id first, composites joined as they came."""
        if len(self._rows) != len(self.segments):
            element = self.syntax.element
            self._rows = [text.split(element) for text in self.segments]
        return self._rows

    def row(self, index: int) -> list[str]:
        """One segment split, where the others are not asked for."""
        return self.segments[index].split(self.syntax.element)


@dataclass(slots=True)
class GroupReport:
    """One functional group. `included` is the count its trailer claims (-1 without a trailer); `received` sets stood in
    it, of which `accepted` were not rejected by themselves: `sets` holds fewer of them where the file is read as a stream.

    Messages of EDIFACT that stand in no group are in one without an id."""

    functional_id: str
    sender: str
    receiver: str
    date: str
    time: str
    control: str
    version: str
    offset: int
    included: int = -1
    received: int = 0
    accepted: int = 0
    sets: list[SetReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    verdict: Verdict = "A"

    @property
    def misnamed(self) -> bool:
        """Whether another group of the interchange has its number, or one of its sets need not have its own."""
        twice = any(one.rule == "duplicate" and one.severity == "error" for one in self.findings)
        return twice or any(one.misnamed for one in self.sets)


@dataclass(slots=True)
class InterchangeReport:
    """One interchange. `version` is ISA12, `usage` P, T or I, `answer_requested` ISA14; `acknowledgments` are the TA1s
    in it (elements). In EDIFACT: `UNOC:3`, the test indicator, 0031; `routing` are the internal addresses of both sides.

    `bare`: the file has sets without an envelope, and what it would say was agreed (see `bare`)."""

    standard: Standard
    sender: Party
    receiver: Party
    date: str
    time: str
    control: str
    version: str
    usage: str
    answer_requested: bool
    syntax: Syntax
    offset: int
    length: int = 0
    digest: str = ""
    groups: list[GroupReport] = field(default_factory=list)
    acknowledgments: list[list[str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    verdict: Verdict = "A"
    routing: tuple[str, str] = ("", "")
    bare: bool = False

    @property
    def unread(self) -> list[Finding]:
        """What says that something in it may not have been read: its own findings, and those of groups not rejected."""
        parts = [self.findings, *(group.findings for group in self.groups if group.verdict != "R")]
        return [finding for findings in parts for finding in unread(findings)]


@dataclass(slots=True)
class FileReport:
    """A whole file: its interchanges, and what stood outside of any."""

    interchanges: list[InterchangeReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
