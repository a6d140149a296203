"""Explains one segment, element by element: what is wrong with each, with the standard's code, the value and what to do.

The slow look that is taken only at segments which their pattern did not match. What is right after all gets no finding.

Knows: data elements and relational notes (X12.6; ISO 9735). Does not know: sets, loops, what a breach is worth to a
partner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from d365edi.edi import release, values
from d365edi.edi.findings import Finding, Position, Severity
from d365edi.edi.guide import Element, Note, Segment
from d365edi.edi.pattern import PERIOD
from d365edi.edi.syntax import Syntax

_X12_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"-?[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NATIONAL = re.compile(r"[\x80-\xff]")
_X12_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9][0-9]{0,2})?")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)")
_FORMATS = {"101": 6, "102": 8, "203": 12, "204": 14, "718": 16}
"""Digits of the date formats (2379) that are looked into."""
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?")
_MOST = 20
"""Findings about one segment: a segment of a million elements has said enough by then."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the explanation needs besides the segment: service characters, where it stands, and whether N2 may have a point."""

    syntax: Syntax
    where: Position
    point_in_n2: bool = False


def explain(text: str, segment: Segment, context: Context) -> list[Finding]:
    """What is wrong with the text of a segment, in the order of its elements; empty when nothing is."""
    if context.syntax.standard == "EDIFACT":
        return list(islice(_Look(context.syntax, context.where).segment(text, segment), _MOST + 1))
    return _x12(text, segment, context)


# -- X12 --------------------------------------------------------------------------------------------------------------


def _x12(text: str, segment: Segment, context: Context) -> list[Finding]:
    values = text.split(context.syntax.element, len(segment.elements) + 1 + _MOST)
    found: list[Finding] = []
    if len(values) > 1 and not values[-1]:
        found.append(_say(context, 0, "warning", "", "trailing", f"{segment.id} ends with empty elements",
                          "X12 wants them left out", ""))  # fmt: skip
        while len(values) > 1 and not values[-1]:
            values.pop()
    if len(values) == 1 and segment.elements:
        found.append(_say(context, 0, "error", "", "empty-segment", f"{segment.id} holds no data",
                          "leave the segment out or fill it", ""))  # fmt: skip
    if len(values) - 1 > len(segment.elements) and not segment.open:
        extra = values[len(segment.elements) + 1]
        place = replace(context, where=replace(context.where, element=len(segment.elements) + 1))
        found.append(_say(place, None, "error", "3", "extra", f"{segment.id} has more than {len(segment.elements)} elements",
                          "the rest has no meaning; a separator inside of data would explain it", extra))  # fmt: skip
    for element in segment.elements:
        value = values[element.position] if element.position < len(values) else ""
        found += _element(element, value, segment, context)
        if len(found) > _MOST:
            return found
    for note in segment.notes:
        found += _note(note, segment, values, context)
    return found


def _element(element: Element, value: str, segment: Segment, context: Context) -> Iterator[Finding]:
    context = _at(context, element)
    name = f"{segment.id}{element.position:02d} ({element.name})"
    stripped = value.rstrip(" ")
    if not stripped:
        if element.mandatory:
            yield _say(
                context,
                element,
                "error",
                "1",
                "required",
                f"{name} is mandatory and empty",
                "the sender must fill it",
                value,
            )
        elif value:
            yield _say(context, element, "warning", "", "padding", f"{name} holds only blanks", "leave it empty", value)
        return
    repetition = context.syntax.repetition
    if not repetition or repetition not in value:
        yield from _one(element, value, name, context)
        return
    values = value.split(repetition, element.repeat)
    if len(values) > element.repeat:
        times = value.count(repetition) + 1
        yield _say(context, element, "error", "12", "repetition", f"{name} is repeated {times} times, {element.repeat} allowed",
                   f"{repetition} is this interchange's repetition separator and must not stand in data", value)  # fmt: skip
        return
    for turn, one in enumerate(values, 1):
        yield from _one(element, one, name, replace(context, where=replace(context.where, repetition=turn)))


def _one(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    """One element without repetitions."""
    if element.components:
        yield from _composite(element, value, name, context)
    elif context.syntax.component in value and context.syntax.component != context.syntax.element:
        yield _say(context, element, "error", "6", "component", f"{name} holds the component separator",
                   "it is no composite; the sender must not use that character in data", value)  # fmt: skip
    else:
        yield from _simple(element, value, name, context)


def _composite(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    parts = value.split(context.syntax.component, len(element.components) + 1)
    if len(parts) > len(element.components):
        yield _say(context, element, "error", "13" if context.syntax.repetition else "3", "component",
                   f"{name} has more than {len(element.components)} components", "the rest has no meaning", value)  # fmt: skip
    if not parts[-1]:
        yield _say(
            context,
            element,
            "warning",
            "",
            "trailing",
            f"{name} ends with empty components",
            "X12 wants them left out",
            value,
        )
    for part in element.components:
        text = parts[part.position - 1] if part.position <= len(parts) else ""
        inner = replace(context, where=replace(context.where, component=part.position))
        label = f"{name.split(' ', maxsplit=1)[0]}-{part.position} ({part.name})"
        if text.rstrip(" "):
            yield from _simple(part, text, label, inner)
        elif part.mandatory:
            yield _say(
                inner,
                part,
                "error",
                "1",
                "required",
                f"{label} is mandatory and empty",
                "the sender must fill it",
                text,
            )


def _simple(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    text = value.rstrip(" ")
    if text != value and len(value) > element.min:
        yield _say(
            context, element, "warning", "", "padding", f"{name} is padded with blanks", "they were taken away", value
        )
    if _CONTROL.search(value):
        yield _say(context, element, "error", "6", "character", f"{name} holds a control character",
                   "the sender must take it out", value)  # fmt: skip
    elif _NATIONAL.search(value):
        yield _say(context, element, "warning", "6", "national", f"{name} holds characters outside of ASCII",
                   "X12 allows them only where both sides have agreed on it", value)  # fmt: skip
    kind = element.type
    if kind == "DT":
        yield from _date(element, text, name, context)
    elif kind == "TM":
        if not _X12_TIME.fullmatch(text):
            yield _say(
                context,
                element,
                "error",
                "9",
                "time",
                f"{name} is no time",
                "write it as HHMM, HHMMSS or HHMMSSDD",
                value,
            )
    elif kind == "R" or kind.startswith("N"):
        yield from _number(element, text, name, context)
    else:
        yield from _length(element, len(text) if len(value) > element.max else len(value), name, context, value)
        yield from _code(element, text, name, context)


def _number(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    integral = element.type != "R"
    shape = _INTEGER if integral else _X12_NUMBER
    if not shape.fullmatch(value):
        if integral and _X12_NUMBER.fullmatch(value):
            if context.point_in_n2 and element.type != "N0":
                return
            remedy = (
                "N2 is written without a decimal point (12.34 as 1234)"
                if element.type == "N2"
                else "write a whole number"
            )
            yield _say(context, element, "error", "6", "decimal", f"{name} has a decimal point", remedy, value)
        else:
            yield _say(
                context,
                element,
                "error",
                "6",
                "type",
                f"{name} is no number",
                "write digits only, minus in front",
                value,
            )
        return
    if not integral and value.endswith("."):
        yield _say(
            context,
            element,
            "warning",
            "",
            "padding",
            f"{name} ends with a decimal point",
            "leave the point out",
            value,
        )
    yield from _length(element, len(value.replace("-", "").replace(".", "")), name, context, value)


def _date(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    shape = "CCYYMMDD" if element.min == 8 else "YYMMDD"
    if not (value.isascii() and value.isdigit()) or len(value) not in (6, 8):
        yield _say(context, element, "error", "8", "date", f"{name} is no date", f"write it as {shape}", value)
        return
    if len(value) != element.min:
        yield _say(
            context,
            element,
            "error",
            "8",
            "date-width",
            f"{name} has {len(value)} digits",
            f"write it as {shape}",
            value,
        )
    year = int(value[:4]) if len(value) == 8 else 2000 + int(value[:2])
    try:
        date(year, int(value[-4:-2]), int(value[-2:]))
    except ValueError:
        yield _say(
            context,
            element,
            "error",
            "8",
            "date",
            f"{name} is no day of the calendar",
            "the sender must correct it",
            value,
        )


def _length(element: Element, length: int, name: str, context: Context, value: str) -> Iterator[Finding]:
    if length > element.max:
        yield _say(context, element, "error", "5", "length", f"{name} is {length} long, at most {element.max} allowed",
                   "the sender must shorten it", value)  # fmt: skip
    elif length < element.min:
        yield _say(context, element, "error", "4", "length", f"{name} is {length} long, at least {element.min} wanted",
                   "the sender must fill it up", value)  # fmt: skip


def _code(element: Element, value: str, name: str, context: Context) -> Iterator[Finding]:
    text = value
    if element.codes and text not in element.codes:
        if element.closed:
            listed = ", ".join(list(element.codes)[:12])
            yield _say(
                context, element, "error", "7", "code", f'{name} has no code "{text}"', f"use one of {listed}", value
            )
        else:
            yield _say(context, element, "warning", "7", "unlisted", f'{name} uses code "{text}", which is not among the known ones',
                       "agree on its meaning with the partner and list it for him", value)  # fmt: skip
    elif not element.codes and element.type == "ID" and not (text.isalnum() and text == text.upper()):
        yield _say(context, element, "warning", "7", "unlisted", f'{name} has "{text}", no code in capital letters and digits',
                   "agree on its meaning with the partner", value)  # fmt: skip


def _note(note: Note, segment: Segment, values: list[str], context: Context) -> Iterator[Finding]:
    """X12.6, 3.7.3.2: P all or none, R at least one, E at most one, C if the first then all, L if the first then one."""
    there = [at for at in note.elements if at < len(values) and values[at].rstrip(" ")]
    first, rest = note.elements[0], note.elements[1:]
    names = {at: f"{segment.id}{at:02d}" for at in note.elements}
    others = " and ".join(names[at] for at in rest)
    missing = next((at for at in note.elements if at not in there), first)
    match note.kind:
        case "P" if there and len(there) < len(note.elements):
            message = f"{names[there[0]]} needs {names[missing]}: {' and '.join(names.values())} go together"
        case "R" if not there:
            message = f"{segment.id} needs at least one of {', '.join(names.values())}"
        case "C" if first in there and len(there) < len(note.elements):
            message = f"{names[first]} needs {others}"
        case "L" if first in there and len(there) < 2:
            message = f"{names[first]} needs one of {others.replace(' and ', ', ')}"
        case "E" if len(there) > 1:
            place = _at(context, segment.elements[there[1] - 1])
            message = f"{' and '.join(names[at] for at in there)} exclude each other"
            yield _say(
                place,
                segment.elements[there[1] - 1],
                "error",
                "10",
                "relational",
                message,
                "send only one",
                values[there[1]],
            )
            return
        case _:
            return
    element = segment.elements[missing - 1]
    yield _say(
        _at(context, element), element, "error", "2", "relational", message, "the sender must add what is missing", ""
    )


def _at(context: Context, element: Element) -> Context:
    number = int(element.number) if element.number.isdigit() else 0
    return replace(context, where=replace(context.where, element=element.position, reference=number))


def _say(
    context: Context, element: Element | int | None, severity: Severity, code: str, rule: str, message: str, remedy: str,
    value: str,
) -> Finding:  # fmt: skip
    where = context.where
    if isinstance(element, Element) and element.number.isdigit():
        where = replace(where, reference=int(element.number))
    level = "element" if where.element else "segment"
    return Finding(
        "element" if level == "element" else "segment", severity, code, message, where, value[:200], remedy, rule
    )


# -- EDIFACT ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at one place: the segment first, then its elements and components."""

    syntax: Syntax
    where: Position
    name: str = ""

    def segment(self, text: str, segment: Segment) -> Iterator[Finding]:
        row = text.split(self.syntax.element)
        if len(row) > 1 and not row[-1]:
            yield self.say("warning", "45", "trailing", f"{segment.id} ends with empty elements", "",
                           "EDIFACT wants them left out")  # fmt: skip
        while len(row) > 1 and not row[-1]:
            row.pop()
        if len(row) == 1 and segment.elements:
            yield self.say("error", "13", "empty-segment", f"{segment.id} holds no data", "",
                           "leave the segment out or fill it")  # fmt: skip
        most = len(segment.elements)
        if len(row) - 1 > most and not segment.open:
            yield self.at(most + 1, segment.id).say("error", "16", "extra", f"{segment.id} has more than {most} elements",
                row[most + 1], "the rest has no meaning; a separator without its release character would explain it")  # fmt: skip
        for element in segment.elements:
            value = row[element.position] if element.position < len(row) else ""
            place = self.at(element.position, f"{segment.id}{element.position:02d} ({element.name})")
            yield from place.element(element, value)

    def at(self, element: int, name: str) -> _Look:
        return replace(self, where=replace(self.where, element=element), name=name)

    def element(self, element: Element, value: str) -> Iterator[Finding]:
        if not value.rstrip(" "):
            yield from self._empty(element, value)
            return
        sign = self.syntax.repetition
        repeated = value.split(sign) if sign else [value]
        if len(repeated) > element.repeat:
            yield self.say("error", "16", "repetition", f"{self.name} is repeated {len(repeated)} times, {element.repeat} allowed",
                           value, "a repetition separator without its release character would explain it", element)  # fmt: skip
        for one in repeated[: element.repeat]:
            if element.components:
                yield from self._composite(element, one)
            elif self.syntax.component in one:
                yield self.say("error", "16", "component", f"{self.name} holds the component separator", one,
                               "it is no composite; the sender must write a release character before it", element)  # fmt: skip
            else:
                yield from self._simple(element, one)

    def _empty(self, element: Element, value: str) -> Iterator[Finding]:
        if element.mandatory:
            yield self.say("error", "13", "required", f"{self.name} is mandatory and empty", value,
                           "the sender must fill it", element)  # fmt: skip
        elif value:
            yield self.say("warning", "", "padding", f"{self.name} holds only blanks", value, "leave it empty", element)

    def _composite(self, element: Element, value: str) -> Iterator[Finding]:
        parts = value.split(self.syntax.component)
        most = len(element.components)
        if len(parts) > most:
            yield self.say("error", "16", "component", f"{self.name} has more than {most} components", value,
                           "the rest has no meaning; a separator without its release character would explain it")  # fmt: skip
        if not parts[-1]:
            yield self.say("warning", "45", "trailing", f"{self.name} ends with empty components", value,
                           "EDIFACT wants them left out")  # fmt: skip
        for part in element.components:
            text = parts[part.position - 1] if part.position <= len(parts) else ""
            name = f"{self.name.split(' ', maxsplit=1)[0]}-{part.position} ({part.name})"
            place = replace(self, where=replace(self.where, component=part.position), name=name)
            if text.rstrip(" "):
                yield from place._simple(part, text)
            else:
                yield from place._empty(part, text)
        if element.number == PERIOD and len(parts) > 2:
            yield from self._period(element, *map(release.data, parts[1:3]))

    def _simple(self, element: Element, value: str) -> Iterator[Finding]:
        data = release.data(value)
        if _CONTROL.search(data):
            yield self.say("error", "21", "character", f"{self.name} holds a control character", value,
                           "the sender must take it out", element)  # fmt: skip
        text = values.decoded(data, self.syntax.encoding)
        if text.rstrip(" ") != text:
            yield self.say(
                "warning", "", "padding", f"{self.name} is padded with blanks", value, "they were taken away", element
            )
            text = text.rstrip(" ")
        if element.type == "n":
            yield from self._number(element, text)
        else:
            yield from self._length(element, text, len(text))
            yield from self._code(element, text)

    def _number(self, element: Element, text: str) -> Iterator[Finding]:
        if not _NUMBER.fullmatch(text):
            yield self.say("error", "37", "type", f"{self.name} is no number", text,
                           "write digits, a decimal mark between them, minus in front", element)  # fmt: skip
            return
        bare = text.lstrip("-")
        if bare[0] in ".,":
            yield self.say("warning", "38", "decimal-mark", f"{self.name} begins with a decimal mark", text,
                           "write a zero before it", element)  # fmt: skip
        if bare[-1] in ".,":
            yield self.say("warning", "19", "decimal-mark", f"{self.name} ends with a decimal mark", text,
                           "leave the mark out", element)  # fmt: skip
        yield from self._length(element, text, len(bare.translate({0x2C: None, 0x2E: None})))

    def _length(self, element: Element, text: str, length: int) -> Iterator[Finding]:
        if length > element.max:
            yield self.say("error", "39", "length", f"{self.name} is {length} long, at most {element.max} allowed", text,
                           "the sender must shorten it", element)  # fmt: skip
        elif length < element.min:
            yield self.say("error", "40", "length", f"{self.name} is {length} long, at least {element.min} wanted", text,
                           "the sender must fill it up", element)  # fmt: skip

    def _code(self, element: Element, text: str) -> Iterator[Finding]:
        if not element.codes or text in element.codes:
            return
        if element.closed:
            listed = ", ".join(list(element.codes)[:12])
            yield self.say(
                "error", "12", "code", f'{self.name} has no code "{text}"', text, f"use one of {listed}", element
            )
        else:
            yield self.say("note", "12", "unlisted", f'{self.name} uses code "{text}", which is not among the known ones',
                           text, "agree on its meaning with the partner and list it for him", element)  # fmt: skip

    def _period(self, element: Element, text: str, form: str) -> Iterator[Finding]:
        """2380 as 2379 says. What has another width but begins with a day can be understood."""
        size = _FORMATS.get(form)
        if size is None or not text:
            return
        place = replace(
            self, where=replace(self.where, component=2), name=f"{self.name.split(' ', maxsplit=1)[0]}-2 (Date)"
        )
        digits = text.replace("-", "") if form == "718" else text
        right = len(digits) == size and digits.isascii() and digits.isdigit()
        if right and _day(digits[:6] if size == 6 else digits[:8]) and _rest(digits, form):
            return
        if not right and digits.isascii() and digits.isdigit() and _day(digits[:8]):
            yield place.say("error", "12", "date-width", f"{place.name} has {len(digits)} digits, format {form} has {size}",
                            text, "the sender must name the format that he writes", element.components[1])  # fmt: skip
        else:
            yield place.say("error", "12", "date", f"{place.name} is no date of format {form}", text,
                            "the sender must correct it", element.components[1])  # fmt: skip

    def say(
        self, severity: Severity, code: str, rule: str, message: str, value: str, remedy: str,
        element: Element | None = None,
    ) -> Finding:  # fmt: skip
        """A finding at this place."""
        where = self.where
        if element is not None and element.number.isdigit():
            where = replace(where, reference=int(element.number))
        text = release.sent(value, self.syntax.release)
        level = "element" if where.element else "segment"
        return Finding(
            "element" if level == "element" else "segment", severity, code, message, where, text[:200], remedy, rule
        )


def _day(digits: str) -> bool:
    if len(digits) not in (6, 8):
        return False
    try:
        date(int(digits[:-4]) if len(digits) == 8 else 2000 + int(digits[:2]), int(digits[-4:-2]), int(digits[-2:]))
    except ValueError:
        return False
    return True


def _rest(digits: str, form: str) -> bool:
    """What follows the day: a time, or another day."""
    rest = digits[8:]
    return not rest or form == "101" or (_day(rest) if form == "718" else _TIME.fullmatch(rest) is not None)
