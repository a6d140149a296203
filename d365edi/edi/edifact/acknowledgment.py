"""CONTRL: the answer to an interchange, and theirs read into the shape that a 997 is read into.

    UNH UCI {UCM {UCS {UCD}}} UNT          or, where the interchange has groups, UCI {UCF {UCM ...}}

UCI repeats who sent the interchange to whom, as it was and not turned round. Action 4 rejects a level and all below it, 7
accepts a level and what below it is not reported otherwise, 8 says only that the interchange has come: with 8 each message
that is accepted has its own UCM, which is how an interchange is answered of which something may not have been read, or with
a message or a group that may be misnamed. One CONTRL answers one interchange; CONTRL is never answered.

Knows: findings and their codes (0085). Does not know: references of ours, when an answer is sent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from d365edi.edi import guides, values
from d365edi.edi.acknowledgment import Answer, Loop, SetAnswer
from d365edi.edi.dates import digits
from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import GroupReport, InterchangeReport, Party, SetReport, Verdict
from d365edi.edi.outgoing import Element, OutgoingSegment

VERSION = "D:3:UN"
"""The version of the CONTRL that is written (UNH, S009)."""
MOST_SEGMENTS, MOST_ELEMENTS = 999, 99
ACCEPTED, REJECTED, RECEIVED = "7", "4", "8"
_VERDICTS: dict[str, Verdict] = {ACCEPTED: "A", RECEIVED: "A", "1": "A", "2": "E", **dict.fromkeys("3456", "R")}


def due(report: InterchangeReport) -> bool:
    """Whether an interchange may be answered: all are but those that hold CONTRL. It is asked of a tree, not of a stream."""
    return not any(one.id == "CONTRL" for group in report.groups for one in group.sets)


def asked(report: InterchangeReport) -> bool:
    """Whether the interchange asks for a CONTRL (0031), or must be answered because it is rejected."""
    return due(report) and (report.answer_requested or report.verdict == "R")


def interchange(
    report: InterchangeReport,
    *,
    loop: Loop = "errors",
    receipt: bool = False,
    duplicate: bool = False,
    charset: str = "UNOC",
) -> list[OutgoingSegment]:
    """The body of one CONTRL (UCI to UCD). `loop`: which messages are reported one by one; `receipt`: only that it has come.

    `charset` is what the answer is written in: in UNOA their small letters are echoed as capitals."""
    echo = _Echo(upper=charset == "UNOA")
    rejected = report.verdict == "R" or duplicate
    doubtful = bool(report.unread) or any(group.misnamed for group in report.groups)
    action = REJECTED if rejected else RECEIVED if receipt or doubtful else ACCEPTED
    errors = [f for f in report.findings if f.level == "interchange" and f.severity == "error" and f.code]
    where: list[Element] = ["26"] if duplicate else echo.place(errors)
    body: list[OutgoingSegment] = [
        [
            "UCI", echo.key(report.control, 14) or "0", echo.party(report.sender, report.routing[0]),
            echo.party(report.receiver, report.routing[1]), action, *(where if rejected else []),
        ]
    ]  # fmt: skip
    if not (rejected or receipt) and (doubtful or loop != "none"):
        for group in report.groups:
            body += echo.group(group, all=doubtful or loop == "all")
    return body


@dataclass(frozen=True, slots=True)
class _Echo:
    """Says of theirs what is wrong with it: what is echoed keeps only characters that every character set has."""

    upper: bool

    def group(self, group: GroupReport, *, all: bool) -> list[OutgoingSegment]:
        """UCF with the messages below it; the messages alone where they stand in no group."""
        reported = [segment for one in group.sets if all or one.verdict == "R" for segment in self.message(one)]
        if not (group.functional_id or group.control):
            return reported
        rejected = group.verdict == "R"
        if not (reported or rejected or all):
            return []
        errors = [f for f in group.findings if f.severity == "error" and f.code]
        ucf: OutgoingSegment = [
            "UCF", self.key(group.control, 14) or "0", (self.key(group.sender, 35) or "0",),
            (self.key(group.receiver, 35) or "0",), REJECTED if rejected else ACCEPTED, *(self.place(errors) if rejected else []),
        ]  # fmt: skip
        return [ucf, *reported]

    def message(self, report: SetReport) -> list[OutgoingSegment]:
        """UCM, and for a rejected message what is wrong with its segments."""
        version = [
            self.key(part, most) or "0" for part, most in zip(report.version.split(":"), (3, 3, 3, 6), strict=False)
        ]
        version += ["0"] * (3 - len(version))
        name = (self.key(report.id, 6) or "0", *version)
        ucm: OutgoingSegment = ["UCM", self.key(report.control, 14) or "0", name]
        if report.verdict != "R":
            return [[*ucm, ACCEPTED]]
        errors = [f for f in report.findings if f.severity == "error" and f.code]
        whole = self.place([f for f in errors if f.level == "set"])
        inside = [f for f in errors if f.level in ("segment", "element")]
        body: list[OutgoingSegment] = [[*ucm, REJECTED, *(whole or ([] if inside else ["18"]))]]
        for ordinal in sorted({_ordinal(finding) for finding in inside})[:MOST_SEGMENTS]:
            body += _segment(ordinal, [f for f in inside if _ordinal(f) == ordinal])
        return body

    def place(self, findings: Iterable[Finding]) -> list[Element]:
        """Code, segment and element of the first error of an envelope."""
        first = next(iter(findings), None)
        if first is None:
            return []
        where = first.where
        place: list[Element] = [first.code, self.key(where.segment, 3)]
        return [*place, _position(where)] if where.element else place

    def party(self, party: Party, routing: str) -> Element:
        """S002 and S003 as they stood."""
        return _trimmed(self.key(party.id, 35) or "0", self.key(party.qualifier, 4), self.key(routing, 14))

    def key(self, text: str, most: int) -> str:
        """A value of theirs."""
        kept = "".join(c if c.isascii() and (c.isalnum() or c in " .,-()/=") else " " for c in text)
        kept = kept.strip(" ")[:most].rstrip(" ")
        return kept.upper() if self.upper else kept


def _ordinal(finding: Finding) -> int:
    """0096: a missing segment is reported at the last one that was read before it."""
    ordinal = max(finding.where.ordinal, 1)
    return max(ordinal - 1, 1) if finding.level == "segment" and finding.rule == "mandatory" else min(ordinal, 999_999)


def _segment(ordinal: int, findings: list[Finding]) -> list[OutgoingSegment]:
    own = list(dict.fromkeys(f.code for f in findings if f.level == "segment"))
    elements = [f for f in findings if f.level == "element"][:MOST_ELEMENTS]
    body: list[OutgoingSegment] = [["UCS", str(ordinal), code] for code in own[:-1]]
    body.append(["UCS", str(ordinal), *own[-1:]])
    return body + [["UCD", finding.code, _position(finding.where)] for finding in elements]


def _position(where: Position) -> Element:
    """S011: the segment's id counts as the first element (0098), components count from one (0104)."""
    return _trimmed(str(where.element + 1), str(where.component) if where.component else "")


def _trimmed(*parts: str) -> tuple[str, ...]:
    kept = list(parts)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return tuple(kept)


# -- theirs -----------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Open:
    """A message's answer while its UCS and UCD are read."""

    id: str
    control: str
    verdict: Verdict | None
    codes: tuple[str, ...]
    errors: list[Finding] = field(default_factory=list)
    ordinal: int = 0

    def done(self) -> SetAnswer:
        errors = self.errors or [
            Finding("set", "error", code, f"{self.id} {self.control}: {_words(code)}") for code in self.codes
        ]
        return SetAnswer(self.id, self.control, self.verdict, self.codes, tuple(errors))


@dataclass(slots=True)
class _Theirs:
    """What they say of an interchange while its UCMs are read."""

    control: str
    action: str
    codes: tuple[str, ...]
    messages: list[_Open] = field(default_factory=list)
    groups: list[tuple[str, str, str]] = field(default_factory=list)
    """Reference, action and error code of each UCF."""

    def take(self, id: str, parts: list[list[str]]) -> None:
        """One of its segments."""
        if id == "UCF":
            self.groups.append((_at(parts, 1), _at(parts, 4), _at(parts, 5)))
        elif id == "UCM":
            self.messages.append(_Open(_at(parts, 2), _at(parts, 1), _verdict(_at(parts, 3)), _codes(parts, 4)))
        elif id == "UCS" and self.messages:
            self.messages[-1].ordinal = int(_at(parts, 1)) if digits(_at(parts, 1)) else 0
            _error(self.messages[-1], _at(parts, 2), 0, 0)
        elif id == "UCD" and self.messages:
            place = [int(text) if digits(text) else 0 for text in (_at(parts, 2), _at(parts, 2, 2))]
            _error(self.messages[-1], _at(parts, 1), max(place[0] - 1, 0), place[1])

    def done(self) -> Answer:
        sets = tuple(message.done() for message in self.messages)
        groups = sum(_verdict(action) == "R" for _, action, _ in self.groups)
        rejected = sum(one.verdict == "R" for one in sets) + groups
        receipt = self.action == RECEIVED and not (sets or groups)
        verdict = _verdict(self.action) if receipt or self.action != RECEIVED else None
        accepted = max(len(sets) - rejected, 0) if verdict != "R" else 0
        verdict = "P" if (groups and verdict is None) or (rejected and verdict in ("A", "E")) else verdict
        errors = tuple(self._errors())
        counts = (len(sets), len(sets), accepted)
        return Answer("", self.control, "", verdict, *counts, self.codes, sets, errors, receipt=receipt)

    def _errors(self) -> Iterator[Finding]:
        """What is wrong with the interchange, and with each group that is rejected."""
        for code in self.codes:
            yield Finding("interchange", "error", code, f"interchange {self.control}: {_words(code)}")
        for reference, action, code in self.groups:
            if _verdict(action) == "R":
                why = f": {_words(code)}" if code else ""
                yield Finding("group", "error", code, f"group {reference} (UCF) is rejected{why}")


def answers(report: SetReport) -> tuple[Answer, ...]:
    """Read their CONTRL: one answer for each UCI, of which the standard has one, as far as it can be read. `control` is our
    interchange's reference; the verdict P says that some messages are rejected.

    Action 8 says only that the interchange has come: the answer's `receipt` is True, and the verdict A is worth no more
    than the partner and we have agreed on. With UCMs beside it there is no verdict but on the messages they name, and P where
    a group is rejected."""
    found: list[_Theirs] = []
    for row in report.rows:
        parts = [values.components(element, report.syntax) for element in row]
        id = parts[0][0]
        if id == "UCI":
            found.append(_Theirs(_at(parts, 1), _at(parts, 4), _codes(parts, 5)))
        elif found:
            found[-1].take(id, parts)
    return tuple(each.done() for each in found)


def _at(parts: list[list[str]], element: int, component: int = 1) -> str:
    if element >= len(parts) or component > len(parts[element]):
        return ""
    return parts[element][component - 1]


def _codes(parts: list[list[str]], element: int) -> tuple[str, ...]:
    code = _at(parts, element)
    return (code,) if code else ()


def _verdict(action: str) -> Verdict | None:
    """0083. The old actions 1 and 2 accepted, 3 to 6 did not altogether. None: no code of the list, which decides nothing."""
    return _VERDICTS.get(action)


def _words(code: str) -> str:
    known = guides.codes("0085", "EDIFACT")
    return known[code].lower() if code in known else f"error {code}"


def _error(message: _Open, code: str, element: int, component: int) -> None:
    if not code:
        return
    place = f"segment {message.ordinal}" + (f", element {element:02d}" if element else "")
    place += f"-{component}" if component else ""
    where = Position(ordinal=message.ordinal, element=element, component=component)
    message.errors.append(
        Finding("element" if element else "segment", "error", code, f"{place}: {_words(code)}", where)
    )
