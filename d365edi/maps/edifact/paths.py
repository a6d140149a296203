"""How maps name places of EDIFACT messages, and how values are spelled there.

`BGM02` and `BGM02-1` are the same place, whichever of the two a directory has. A path that begins with `UNS/` stands in the
summary section: `UNS/TAX[7]02-1`, where the head has a TAX of its own. An item number is a pair: `PIA[SA]`, `LIN[EN|SRV]`.

Knows: guides, paths. Does not know: how messages are read, envelopes.
"""

from datetime import date

from d365edi.edi import guides
from d365edi.edi.guide import Element, Guide, Node, Segment
from d365edi.maps import check
from d365edi.maps.address import Address
from d365edi.maps.check import Absent, Target
from d365edi.maps.edifact.values import DAY, addresses, compose, normalise, values
from d365edi.maps.fields import Kind
from d365edi.maps.notation import Notation
from d365edi.maps.path import Path
from d365edi.maps.spelling import Format, Parse, decimal, plain, whole, words
from d365edi.maps.table import MapRow, Table

SUMMARY = "UNS/"
"""What a path begins with that stands behind the section control."""


def resolve(table: Table, guide: Guide, base: Node, row: MapRow, text: str, *, loop: bool = False) -> Target:
    """Where a row of an EDIFACT map leads. Raises as `check.resolve` does."""
    path, after = check.read(table, row, text.removeprefix(SUMMARY)), -1
    if text.startswith(SUMMARY) and base.parent is None:
        after = base.children["UNS"][0].order if "UNS" in base.children else 1 << 20
    path = Path(text, path.steps, path.element, path.component)
    return check.follow(table, guide, base, row, path, loop=loop, find=_find, after=after)


def _find(path: Path, segment: Segment) -> tuple[Address, Element]:
    """The value that a path ends in. Element 4 is also its component 1."""
    wanted = path.component or 1
    for each in values(segment):
        first = each.component or 1
        if each.element == path.element and first <= wanted < first + each.count:
            return each.address, each.described
    raise Absent(f'"{path.text}": {segment.id} has no such place')


def spelling(element: Element, kind: Kind) -> tuple[Parse | None, Format] | None:
    """How to read (None: as it stands) and to write, as in an X12 element. A number may have either decimal mark."""
    day = element.type == DAY
    if kind == "text" and not day:
        return None, words(element, free=element.number in guides.free_text("EDIFACT"))
    if kind == "amount" and element.type in ("n", "an") and not day:
        return _decimal, plain(element)
    if kind == "whole" and element.type in ("n", "an") and not day:
        return whole, plain(element)
    if kind == "day" and day:
        return _day, _day_text
    return None


def _decimal(text: str) -> object:
    return decimal(text.replace(",", "."))


def _day(text: str) -> date:
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        raise ValueError("is no date (the format code is not one of a day)")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date") from None


def _day_text(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat().replace("-", "")


EDIFACT = Notation(resolve, spelling, addresses, normalise, compose, composite=True)
