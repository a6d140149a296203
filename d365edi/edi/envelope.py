"""Checks what headers and trailers say of each other, alike in both standards: counts, control numbers, missing trailers.

Knows: which counts and control numbers must agree. Does not know: the elements of any one header.
"""

from collections.abc import Iterator

from d365edi.edi import guides
from d365edi.edi.dates import digits
from d365edi.edi.findings import Finding, Position
from d365edi.edi.interchange import GroupReport, InterchangeReport, SetReport
from d365edi.edi.rules import finding
from d365edi.edi.standard import Part, Row, Standard
from d365edi.edi.syntax import Syntax

LONGEST_COUNT = 9
"""Digits of a count; a longer one counts nothing."""


def trailer(
    standard: Standard, part: Part, row: Row, syntax: Syntax, counted: tuple[int, str], control: str, offset: int
) -> Iterator[Finding]:
    """What is wrong with a trailer: its count (`counted` is what there is, and of what), its control number."""
    ids = standard.envelopes[part]
    count, number = standard.trailer(row, syntax)
    size, what = counted
    if part != "set":
        yield from extra(standard, part, ids.trailer, row, standard.trailer_size, offset)
    ordinal = size if part == "set" else 0
    if not same_number(count, str(size)) or 0 < standard.count_digits < len(count):
        where = Position(offset, ordinal, ids.trailer, 1, reference=ids.references[0])
        more = ".more" if part != "set" and _more(count, size) else ""
        yield finding(
            f"{part}.count{more}", where, standard.name, count, said=count[:20] or "nothing", counted=f"{size} {what}"
        )
    numeric = standard.numeric_controls and part != "set"
    if number != control and not (numeric and same_number(number, control)):
        where = Position(offset, ordinal, ids.trailer, 2, reference=ids.references[1])
        yield finding(
            f"{part}.control", where, standard.name, number,
            said=number or "empty", header=f"{ids.header}{ids.control:02d}", wanted=control or "empty",
        )  # fmt: skip


def _more(count: str, size: int) -> bool:
    """Whether a count says more than there is, or nothing that can be read."""
    figure = count.lstrip("0")
    return not digits(count) or len(figure) > LONGEST_COUNT or int(figure or "0") > size


def empty(standard: Standard, part: Part, what: str, offset: int) -> Finding:
    """The finding for an interchange or a group with nothing in it."""
    where = Position(offset, 0, standard.envelopes[part].trailer)
    return finding(f"{part}.empty-envelope", where, standard.name, what=what)


def extra(standard: Standard, part: Part, id: str, row: Row, most: int, offset: int) -> Iterator[Finding]:
    """The finding for a segment of the envelope with too many elements."""
    if most and len(row) > most + 1:
        where = Position(offset, 0, id, most + 1)
        yield finding(f"{part}.extra", where, standard.name, row[most + 1][:200], most=most)


def missing(standard: Standard, part: Part, offset: int, why: str) -> Finding:
    """The finding for a trailer that never came."""
    return finding(f"{part}.trailer", Position(offset, 0, standard.envelopes[part].trailer), standard.name, why=why)


def repeated(standard: Standard, report: InterchangeReport | GroupReport) -> Finding:
    """The finding for an interchange that stands twice in a file, or a group whose number was used in its interchange."""
    part: Part = "group" if isinstance(report, GroupReport) else "interchange"
    ids = standard.envelopes[part]
    key = "group.duplicate" if part == "group" else "interchange.duplicate-interchange"
    return finding(key, Position(report.offset, 0, ids.header, ids.control), standard.name, report.control)


def set_header(standard: Standard, report: SetReport, group: GroupReport, *, used: bool) -> Iterator[Finding]:
    """What is wrong with the header of a set. `used`: its control number was used before, in its group or, where there are no
    groups, in its interchange (X12.5 ST02; ISO 9735 UNH 0062, which a CONTRL names below the UCF of its group)."""
    yield from standard.header_checks(report)
    ids, (element, component, reference) = standard.envelopes["set"], standard.type_place
    if used:
        where = Position(report.offset, 1, ids.header, ids.control, reference=ids.reference)
        around = "group" if standard.groups_required or group.functional_id or group.control else "interchange"
        yield finding("set.duplicate", where, standard.name, report.control, around=around)
    where = Position(report.offset, 1, ids.header, element, component, reference=reference)
    if report.guide is None:
        known = ", ".join(guides.sets(standard.name))
        yield finding(
            "set.unsupported", where, standard.name, report.id,
            set=report.id or "(none)", version=report.version or "(none)", known=known,
        )  # fmt: skip
    wanted = standard.wanted_group(report, group)
    if wanted:
        here = group.functional_id or "(none)"
        yield finding("set.group", where, standard.name, report.id, set=report.id, group=here, wanted=wanted)


def same_number(one: str, other: str) -> bool:
    """Whether two texts are the same number, zeros in front or not; the same text where they are none."""
    if digits(one) and digits(other):
        return one.lstrip("0") == other.lstrip("0")
    return one == other


def included(count: str) -> int:
    """A count as a number, -1 where it is none."""
    return int(count) if digits(count) and len(count) <= LONGEST_COUNT else -1
