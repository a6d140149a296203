"""An annotated listing of what was read: each segment with its name, each element with its meaning, findings at their place.

What is shown is what stands in the file; the guide and the code lists only say what it is called. Without a guide there
are still elements, only nameless.

Knows: reports and guides of every standard. Does not know: how a file was read, how a listing is shown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from d365edi.edi import guides, release, values
from d365edi.edi.findings import Finding
from d365edi.edi.guide import Element, Node, Segment
from d365edi.edi.interchange import FileReport, GroupReport, InterchangeReport, SetReport
from d365edi.edi.syntax import Syntax

USAGES = {"P": "production", "T": "test", "I": "information"}
_FORMATS = {
    "101": r"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)",
    "102": r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
    "203": r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<t>\d{4})",
    "204": r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<t>\d{6})",
}
"""How EDIFACT writes a moment, by the code in 2379."""
_X12_DATE = re.compile(r"(?P<y>\d{4}|\d\d)(?P<m>\d\d)(?P<d>\d\d)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One element or component: where (`BEG02`, `DTM01-2`), what it is called, its value and what that means ("" for
    nothing to say)."""

    place: str
    name: str
    value: str
    meaning: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment: its number in the set, how many loops deep it stands, its id, name and path, and what is in it."""

    number: int
    depth: int
    id: str
    name: str
    path: str
    raw: str
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """An interchange, a group, a set, a flat file or a document in one: `facts` of its envelope, its segments or rows,
    findings that have none. `verdict` is "" where nothing is accepted or rejected."""

    kind: str
    title: str
    verdict: str
    facts: tuple[Cell, ...] = ()
    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()


def annotate(report: FileReport) -> Iterator[Chapter]:
    """The listing of a file, from the outside in, in the file's order."""
    for interchange in report.interchanges:
        yield _interchange(interchange)
        for group in interchange.groups:
            if group.functional_id or group.findings:
                yield _group(group)
            for one in group.sets:
                yield _set(one)


# -- envelopes --------------------------------------------------------------------------------------------------------
def _interchange(report: InterchangeReport) -> Chapter:
    facts = {
        "standard": (f"{report.standard} {report.version}", ""),
        "sender": (str(report.sender), ""),
        "receiver": (str(report.receiver), ""),
        "date": (report.date, _day(report.date)),
        "time": (report.time, _time(report.time)),
        "usage": (report.usage, USAGES.get(report.usage, "")),
        "acknowledgment": ("asked for" if report.answer_requested else "", ""),
    }
    receipts = tuple(_receipt(report, number, each) for number, each in enumerate(report.acknowledgments, 1))
    findings = tuple(report.findings)
    return Chapter("interchange", report.control, report.verdict, _facts(facts), receipts, findings)


def _receipt(report: InterchangeReport, number: int, parts: list[str]) -> Entry:
    """An answer to an interchange (TA1), which stands in no set."""
    described = guides.segments(report.standard, "").get(parts[0])
    cells = tuple(_cells(report.syntax, parts[0], described, parts, ()))
    name = described.name if described is not None else "unknown segment"
    text = report.syntax.element.join(parts)
    return Entry(number, 0, parts[0], name, "", text, cells)


def _group(report: GroupReport) -> Chapter:
    facts = {
        "version": (report.version, ""),
        "sender": (report.sender, ""),
        "receiver": (report.receiver, ""),
        "date": (report.date, _day(report.date)),
        "time": (report.time, _time(report.time)),
    }
    title = f"{report.control} ({report.functional_id})"
    return Chapter("group", title, report.verdict, _facts(facts), findings=tuple(report.findings))


def _facts(facts: dict[str, tuple[str, str]]) -> tuple[Cell, ...]:
    return tuple(Cell("", name, value, meaning) for name, (value, meaning) in facts.items() if value)


# -- sets -------------------------------------------------------------------------------------------------------------
def _set(report: SetReport) -> Chapter:
    name = report.guide.name if report.guide is not None else "unknown"
    elsewhere = [finding for finding in report.findings if not 0 < finding.where.ordinal <= len(report.segments)]
    there: dict[int, list[Finding]] = {}
    for finding in report.findings:
        there.setdefault(finding.where.ordinal, []).append(finding)
    nodes = [*report.nodes, *[None] * (len(report.segments) - len(report.nodes))]
    entries = tuple(_entry(report, index, node, there.get(index + 1, ())) for index, node in enumerate(nodes))
    return Chapter(
        "set", f"{report.id} {report.control}: {name}", report.verdict, entries=entries, findings=tuple(elsewhere)
    )


def _entry(report: SetReport, index: int, node: Node | None, findings: Sequence[Finding]) -> Entry:
    row = report.rows[index]
    id = row[0].strip(" ")
    described = node.segment if node is not None else _dictionary(report).get(id)
    cells = tuple(_cells(report.syntax, id, described, row, findings))
    shown = [finding for cell in cells for finding in cell.findings]
    return Entry(
        index + 1,
        _depth(node),
        id,
        described.name if described is not None else "unknown segment",
        node.path if node is not None else "",
        values.decoded(release.sent(report.segments[index], report.syntax.release), report.syntax.encoding),
        cells,
        tuple(finding for finding in findings if finding not in shown),
    )


def _dictionary(report: SetReport) -> Mapping[str, Segment]:
    """Every segment of the standard in the set's version: what a segment is called that stands where none may."""
    version = report.guide.version if report.guide is not None else report.version
    return guides.segments(report.syntax.standard, version)


def _depth(node: Node | None) -> int:
    depth = 0
    while node is not None and node.parent is not None:
        node = node.parent
        depth += node.parent is not None
    return depth


def _cells(
    syntax: Syntax, id: str, described: Segment | None, row: list[str], findings: Sequence[Finding]
) -> Iterator[Cell]:
    """The elements that say something, and those that should."""
    about = [finding for finding in findings if finding.where.element and finding.where.segment == id]
    last = max([len(row) - 1, *(finding.where.element for finding in about)])
    for position in range(1, last + 1):
        text = row[position] if position < len(row) else ""
        here = [finding for finding in about if finding.where.element == position]
        if not text and not here:
            continue
        element = described.element(position) if described is not None else None
        repeated = text.split(syntax.repetition) if syntax.repetition else [text]
        for turn, value in enumerate(repeated, 1):
            place = f"{id}{position:02d}" + (f" ({turn})" if len(repeated) > 1 else "")
            mine = [f for f in here if (f.where.repetition or 1) == turn]
            yield from _parts(syntax, place, element, value, mine)


def _parts(
    syntax: Syntax, place: str, element: Element | None, text: str, findings: Sequence[Finding]
) -> Iterator[Cell]:
    """An element as one cell, a composite as one for each of its components that says something."""
    composite = (element is not None and element.components) or syntax.standard == "EDIFACT"
    parts = text.split(syntax.component) if composite else [text]
    if len(parts) == 1 and not (element is not None and element.components):
        yield _cell(syntax, place, element, text, tuple(findings))
        return
    shown = [_text(syntax, part) for part in parts]
    inner = element.components if element is not None else ()
    of = {component.number: value for component, value in zip(inner, shown, strict=False)}
    for at in range(max([len(parts), *(finding.where.component for finding in findings)])):
        here = tuple(f for f in findings if f.where.component == at + 1 or (f.where.component == 0 and at == 0))
        part = parts[at] if at < len(parts) else ""
        if part or here:
            component = inner[at] if at < len(inner) else None
            yield _cell(syntax, f"{place}-{at + 1}", component, part, here, of.get("2379", ""))


def _cell(
    syntax: Syntax, place: str, element: Element | None, text: str, findings: tuple[Finding, ...], written_as: str = ""
) -> Cell:
    value = _text(syntax, text)
    if element is None:
        return Cell(place, "not described", value, "", findings)
    return Cell(
        place, element.name or f"element {element.number}", value, _meaning(element, value, written_as), findings
    )


def _text(syntax: Syntax, value: str) -> str:
    return values.decoded(release.data(value), syntax.encoding)


# -- meanings ---------------------------------------------------------------------------------------------------------
def _meaning(element: Element, value: str, written_as: str) -> str:
    """What a value says in words: a code's text, a day, a time, a number with its implied decimals."""
    if element.codes is not None:
        return element.codes.get(value, "")
    if element.number == "2380":
        return _moment(value, written_as)
    if element.type == "DT":
        return _day(value)
    if element.type == "TM":
        return _time(value)
    if re.fullmatch(r"N[1-9]", element.type) and re.fullmatch(r"-?\d{1,18}", value):
        places = int(element.type[1])
        digits = value.lstrip("-").rjust(places + 1, "0")
        return f"{'-' if value.startswith('-') else ''}{digits[:-places]}.{digits[-places:]}"
    return ""


def _moment(value: str, written_as: str) -> str:
    match = re.fullmatch(_FORMATS.get(written_as, "(?!)"), value)
    if match is None:
        return ""
    parts = match.groupdict()
    return f"{_year(parts['y'])}-{parts['m']}-{parts['d']} {_time(parts.get('t') or '')}".rstrip(" ")


def _day(value: str) -> str:
    match = _X12_DATE.fullmatch(value)
    return f"{_year(match['y'])}-{match['m']}-{match['d']}" if match else ""


def _year(digits: str) -> str:
    """A year of two digits is of this century or, from 70 on, of the last."""
    return digits if len(digits) == 4 else f"{'19' if digits >= '70' else '20'}{digits}"


def _time(value: str) -> str:
    return ":".join(re.findall("..", value)[:3]) if re.fullmatch(r"\d{4}(?:\d\d){0,2}", value) else ""
