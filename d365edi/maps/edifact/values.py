"""Components of EDIFACT as plain values: three ways in which a value is more than what stands in one component.

    LIN03, PIA02 ...   an item number before its qualifier       a pair (see `address`)
    DTM01              a value with its format code (102, 203)    a day CCYYMMDD, and as component 4 what stands behind it:
                                                                  a time, or the last day of a period
    IMD03, ALC05 ...   a text in two components, as one is short  one text in the first of them

Knows: composites, format codes. Does not know: tables, documents, delimiters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from d365edi.edi.guide import Element, Segment
from d365edi.maps.address import ITEM, Address
from d365edi.maps.notation import Compose, Normalise

JOINED = frozenset({"7008", "7160", "4276"})
"""Data elements of texts that stand in two components because one is too short."""
PERIOD, POINT = "C507", "2380"
"""The composite of a point in time, and the data element of its value."""
DAY = "day"
"""The type of an element that is a day."""
REST = Element(4, "", "Time, or end of a period", "an", 1, 35)
"""What stands behind a day, as a component of it."""
BETWEEN = "\x1f"
"""What stands between components where the guide has a single element."""

_FORMATS = {0: "102", 4: "203", 6: "204", 7: "303", 8: "718", 9: "304", 16: "719"}
"""The format code for a day and so many characters behind it."""
_CENTURY = frozenset({"102", "203", "204", "205", "303", "304", "711", "718", "719", ""})
_YEAR = frozenset({"101", "201", "202"})


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """A value of a segment: its element, its first component, over how many components it goes, and what it is."""

    element: int
    component: int
    count: int
    described: Element

    @property
    def address(self) -> Address:
        """Where it is read."""
        return self.element, self.component


def values(segment: Segment) -> Iterator[ValuePlace]:
    """All values of a segment in order; what item numbers have beside number and qualifier comes behind them all."""
    behind = list[ValuePlace]()
    for whole in segment.elements:
        if whole.number == ITEM:
            number, qualifier, *others = (
                ValuePlace(whole.position, each.position, 1, each) for each in whole.components
            )
            yield from (qualifier, number)
            behind += others
            continue
        yield from behind
        behind = []
        yield from _components(whole) if whole.components else [ValuePlace(whole.position, 0, 1, whole)]
    yield from behind


def _components(whole: Element) -> Iterator[ValuePlace]:
    parts = list(whole.components)
    while parts:
        first, count = parts.pop(0), 1
        while first.number in JOINED and parts and parts[0].number == first.number:
            parts.pop(0)
            count += 1
        described = replace(first, type=DAY if first.number == POINT else first.type, max=first.max * count)
        yield ValuePlace(whole.position, first.position, count, described)
    if whole.number == PERIOD:
        yield ValuePlace(whole.position, REST.position, 1, REST)


def addresses(segment: Segment) -> Iterator[Address]:
    """The addresses of all values of a segment."""
    return (each.address for each in values(segment))


def normalise(element: Element) -> Normalise | None:
    """How the components of an element become plain values; None where they are."""
    if not element.components:
        return _whole
    if element.number == PERIOD:
        return period
    joined = [each for each in _components(element) if each.count > 1]
    return _joining(joined) if joined else None


def _whole(parts: list[str]) -> list[str]:
    return [BETWEEN.join(parts)]


def period(parts: list[str]) -> list[str]:
    """A value and its format code as a day and the rest; what is no day stays as it is."""
    kind, value, form = [*parts, "", ""][:3]
    if form in _YEAR and len(value) >= 6:
        value = ("20" if value < "5" else "19") + value
    elif form == "2" and len(value) == 6:
        value = f"{'20' if value[4:] < '50' else '19'}{value[4:]}{value[2:4]}{value[:2]}"
    elif form not in _CENTURY:
        return [kind, value, form]
    return [kind, value[:8], "", value[8:]] if len(value) > 8 else [kind, value]


def _joining(joined: list[ValuePlace]) -> Normalise:
    def join(parts: list[str]) -> list[str]:
        for each in joined:
            first, width = each.component - 1, each.described.max // each.count
            text = ""
            for part in parts[first : first + each.count]:
                if text and part:
                    text += part if len(text) == width else f" {part}"
                text = text or part
            parts[first : first + each.count] = [text, *[""] * (each.count - 1)][: max(len(parts) - first, 0)]
        return parts

    return join


# -- out --------------------------------------------------------------------------------------------------------------
def compose(element: Element) -> Compose | None:
    """How plain values are written as the components of an element; None where they are."""
    if element.number == PERIOD:
        return _dated
    joined = [each for each in _components(element) if each.count > 1] if element.components else []
    return _spreading(joined) if joined else None


def _dated(parts: list[str]) -> list[str]:
    """A day and what stands behind it as one value, with its format code."""
    kind, value, form, rest, *_ = [*parts, "", "", ""]
    return [kind, value + rest, (form or _FORMATS.get(len(rest), "102")) if value else form]


def day(kind: str, date: str) -> list[str | tuple[str, ...]]:
    """DTM with a day CCYYMMDD."""
    return ["DTM", (kind, date, _FORMATS[0])]


def _spreading(joined: list[ValuePlace]) -> Compose:
    """A text that is longer than its component goes on in the next."""

    def spread(parts: list[str]) -> list[str]:
        for each in joined:
            first, width = each.component - 1, each.described.max // each.count
            if first < len(parts) and len(text := parts[first]) > width:
                parts[first : first + each.count] = [
                    text[at : at + width] for at in range(0, each.described.max, width)
                ]
        return parts

    return spread
