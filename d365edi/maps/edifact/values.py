"""Components of EDIFACT as plain values: three ways in which a value is more than what stands in one component.

    LIN03, PIA02 ...   an item number before its qualifier       a pair (see `address`)
    DTM01              a value with its format code (102, 203)    a day CCYYMMDD, and as component 4 what stands behind it:
                                                                  a time, or the last day of a period; a month is
                                                                  component 5, a week 6, what else is no day 7
    IMD03, ALC05 ...   a text in two components, as one is short  one text in the first of them

Knows: composites, format codes. Does not know: tables, documents, delimiters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from d365edi.edi.dates import is_day
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
_YEAR = frozenset({"101", "201", "202", "301", "302"})
_TURNED = {"2": (4, 2, 0), "3": (4, 0, 2)}
"""Where year, month and day stand in a format that begins with another one."""
_BOTH = "717"
"""A period of two days without their century."""
_SOME = {**dict.fromkeys(("109", "609", "610", "613", "614"), 5), **dict.fromkeys(("108", "615", "616"), 6)}
"""The formats of a month and of a week, with the component that they are."""
NO_DAY = (
    Element(5, "", "Month", "an", 1, 35),
    Element(6, "", "Week", "an", 1, 35),
    Element(7, "", "Time that is no day", "an", 1, 35),
)
"""What is no day, as components of it."""


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
        yield from (ValuePlace(whole.position, each.position, 1, each) for each in (REST, *NO_DAY))


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
    """A value and its format code as a day and the rest; what is no day keeps its code and is a component of its own."""
    kind, value, form = [*parts, "", ""][:3]
    if form == "102" and len(value) == 8:
        return [kind, value]
    text = _with_century(value.replace("-", ""), form)
    if not text or not is_day(text[:8], 8):
        return [kind, "", form, *[""] * (_SOME.get(form, 7) - 4), value] if value else [kind, "", form]
    return [kind, text[:8], "", text[8:]] if len(text) > 8 else [kind, text]


def _with_century(value: str, form: str) -> str:
    """A value that begins with a day, as CCYYMMDD and the rest; "" for another format."""
    if form in _CENTURY:
        return value
    if form in _YEAR and len(value) >= 6:
        return _year(value)
    if form == _BOTH and len(value) == 12:
        return _year(value[:6]) + _year(value[6:])
    if form in _TURNED and len(value) == 6:
        return _year("".join(value[at : at + 2] for at in _TURNED[form]))
    return ""


def _year(text: str) -> str:
    """A text that begins with two digits of a year: 00 to 49 are this century."""
    return ("20" if text < "5" else "19") + text


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
    kind, value, form, rest, text, *_ = [*parts, "", "", "", ""]
    return [kind, value + rest or text, (form or _FORMATS.get(len(rest), "102")) if value else form]


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
