"""Explains one segment, element by element: what is wrong with each, with the standard's code, the value and what to do.

The slow look that is taken only at segments which their pattern did not match. What is right after all gets no finding.
The two standards differ in little: X12 numbers repetitions, has relational notes, and counts the blanks that fill a value
up to its least length; EDIFACT has released characters, announces a character set, and gives dates a format (C507).

Knows: data elements and relational notes (X12.6; ISO 9735). Does not know: sets, loops, what a breach is worth to a
partner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from d365edi.edi import release, values
from d365edi.edi.dates import digits, is_day
from d365edi.edi.findings import Finding, Position
from d365edi.edi.guide import Element, Note, Segment
from d365edi.edi.pattern import PERIOD, USER
from d365edi.edi.rules import finding
from d365edi.edi.syntax import Syntax

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBERS = {
    "X12": re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
    "EDIFACT": re.compile(r"-?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_USER = re.compile(USER)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9][0-9]{0,2})?")
_FORMATS = {"101": 6, "102": 8, "203": 12, "204": 14, "718": 16}
"""Digits of the date formats (2379) that are looked into."""
_CODED = 3
"""Characters that a code of EDIFACT has at most; what may be longer is a text or a key."""
_MOST = 20
"""Findings about one segment: a segment of a million elements is wrong enough by then."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the explanation needs besides the segment: service characters, where it stands, and whether N2 may have a point."""

    syntax: Syntax
    where: Position
    point_in_n2: bool = False


def explain(text: str, segment: Segment, context: Context) -> list[Finding]:
    """What is wrong with the text of a segment, in the order of its elements; empty when nothing is."""
    place, found = _Place(context, context.where), list[Finding]()
    if place.edifact:
        return list(islice((one for part in place.segment(text, segment) for one in part), _MOST + 1))
    for part in place.segment(text, segment):
        found += part
        if len(found) > _MOST:
            break
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """One place that is looked at: the segment first, then its elements and components."""

    context: Context
    where: Position
    name: str = ""

    @property
    def edifact(self) -> bool:
        return self.context.syntax.standard == "EDIFACT"

    def say(self, key: str, value: str = "", **fields: object) -> Finding:
        """A finding at this place; the value is shown as it was sent."""
        syntax = self.context.syntax
        shown = release.sent(value, syntax.release)[:200]
        return finding(key, self.where, syntax.standard, shown, name=self.name, **fields)

    def segment(self, text: str, segment: Segment) -> Iterator[Iterable[Finding]]:
        """What is wrong with the segment as a whole, then with each element, then with elements together."""
        most = len(segment.elements)
        row = self._split(text, self.context.syntax.element, most + 1 + _MOST)
        yield list(self._whole(row, segment))
        for element in segment.elements:
            value = row[element.position] if element.position < len(row) else ""
            yield self._at(element, segment.id)._element(element, value)
        yield (found for note in segment.notes for found in self._note(note, segment, row))

    def _whole(self, row: list[str], segment: Segment) -> Iterator[Finding]:
        """Takes empty values at the end off the row."""
        most = len(segment.elements)
        if len(row) > 1 and not row[-1]:
            yield self.say("segment.trailing")
        while len(row) > 1 and not row[-1]:
            row.pop()
        if len(row) == 1 and segment.elements:
            yield self.say("segment.empty-segment")
        if len(row) - 1 > most and not segment.open:
            place = replace(self, where=replace(self.where, element=most + 1))
            yield place.say("element.extra", row[most + 1], most=most)

    def _split(self, text: str, separator: str, most: int) -> list[str]:
        """In X12 what stands behind `most` separators is one value."""
        return text.split(separator) if self.edifact else text.split(separator, most)

    def _at(self, element: Element, id: str) -> _Place:
        where = replace(self.where, element=element.position, reference=_reference(element))
        return replace(self, where=where, name=f"{id}{element.position:02d} ({element.name})")

    def _component(self, part: Element) -> _Place:
        where = replace(self.where, component=part.position, reference=_reference(part))
        return replace(self, where=where, name=f"{self.name.partition(' ')[0]}-{part.position} ({part.name})")

    def _element(self, element: Element, value: str) -> Iterator[Finding]:
        sign = self.context.syntax.repetition
        if not value.rstrip(" "):
            yield from self._empty(element, value)
        elif not sign or sign not in value:
            yield from self._one(element, value)
        else:
            yield from self._repeated(element, value, value.split(sign))

    def _empty(self, element: Element, value: str) -> Iterator[Finding]:
        if element.mandatory:
            yield self.say("element.required", value)
        elif value:
            yield self.say("element.padding.blank", value)

    def _repeated(self, element: Element, value: str, repeated: list[str]) -> Iterator[Finding]:
        if len(repeated) > element.repeat:
            yield self.say("element.repetition", value, times=len(repeated), most=element.repeat)
            if not self.edifact:
                return
        for turn, one in enumerate(repeated[: element.repeat], 1):
            where = self.where if self.edifact else replace(self.where, repetition=turn)
            yield from replace(self, where=where)._one(element, one)

    def _one(self, element: Element, value: str) -> Iterator[Finding]:
        """An element without repetitions."""
        if element.components:
            yield from self._composite(element, value)
        elif self.context.syntax.component in value:
            yield self.say("element.component.single" if self.edifact else "element.component.simple", value)
        else:
            yield from self._simple(element, value)

    def _composite(self, element: Element, value: str) -> Iterator[Finding]:
        most, syntax = len(element.components), self.context.syntax
        parts = self._split(value, syntax.component, most + 1)
        if len(parts) > most:
            known = self.edifact or syntax.repetition  # 723 has code 13 since repetitions came
            key = "element.component.extra" if known else "element.component.before-00402"
            yield self.say(key, value, most=most)
        if not parts[-1]:
            yield self.say("element.trailing", value)
        for part in element.components:
            text = parts[part.position - 1] if part.position <= len(parts) else ""
            place = self._component(part)
            if text.rstrip(" "):
                yield from place._simple(part, text)
            elif part.mandatory or self.edifact:
                yield from place._empty(part, text)
        if element.number == PERIOD and len(parts) > 2:
            yield from self._component(element.components[1])._period(*map(release.data, parts[1:3]))

    def _simple(self, element: Element, value: str) -> Iterator[Finding]:
        """A value that is not empty: its characters, then what its type says."""
        data = release.data(value)
        text = values.decoded(data, self.context.syntax.encoding) if self.edifact else data
        bare = text.rstrip(" ")
        padded = bare != text and (self.edifact or len(text) > element.min)
        if padded and not self.edifact:
            yield self.say("element.padding", value)
        if _CONTROL.search(value):  # what is released is data, also a separator that is a control character
            yield self.say("element.character", value)
        elif not (self.edifact or data.isascii()):
            yield self.say("element.national", value)
        if padded and self.edifact:
            yield self.say("element.padding", value)
        if element.type == "DT":
            yield from self._date(element, bare)
        elif element.type == "TM":
            if not _TIME.fullmatch(bare):
                yield self.say("element.time", value)
        elif element.type in ("R", "n") or element.type.startswith("N"):
            yield from self._number(element, bare)
        else:
            counted = bare if self.edifact or len(text) > element.max else text
            yield from self._length(element, len(counted), bare if self.edifact else text)
            yield from self._code(element, bare)

    def _number(self, element: Element, text: str) -> Iterator[Finding]:
        number = _NUMBERS[self.context.syntax.standard].fullmatch(text)
        if element.type.startswith("N") and not _INTEGER.fullmatch(text):
            if number is None:
                yield self.say("element.type", text)
            elif not self.context.point_in_n2 or element.type == "N0":
                yield self.say("element.decimal", text)
        elif number is None:
            yield self.say("element.type", text)
        else:
            yield from self._marks(text)
            yield from self._length(element, sum(map(str.isdigit, text)), text)

    def _marks(self, text: str) -> Iterator[Finding]:
        """A decimal mark has digits on both sides; X12 lets those before it out."""
        if self.edifact and text.lstrip("-")[0] in ".,":
            yield self.say("element.decimal-mark.first", text)
        if text[-1] in ".,":
            yield self.say("element.decimal-mark.last" if self.edifact else "element.padding.mark", text)

    def _length(self, element: Element, length: int, value: str) -> Iterator[Finding]:
        coded = ".code" if element.type == "ID" or (self.edifact and element.max <= _CODED) else ""
        if length > element.max:
            yield self.say(f"element.length.long{coded}", value, length=length, most=element.max)
        elif length < element.min:
            yield self.say(f"element.length.short{coded}", value, length=length, least=element.min)

    def _code(self, element: Element, text: str) -> Iterator[Finding]:
        if element.codes and text not in element.codes:
            if self.edifact and not element.closed and _USER.fullmatch(text):
                return
            if element.closed:
                yield self.say("element.code", text, codes=", ".join(list(element.codes)[:12]))
            else:
                yield self.say("element.unlisted.directory" if self.edifact else "element.unlisted", text)
        elif not element.codes and element.type == "ID" and not (text.isalnum() and text == text.upper()):
            yield self.say("element.unlisted.form", text)

    def _date(self, element: Element, text: str) -> Iterator[Finding]:
        form = "CCYYMMDD" if element.min == 8 else "YYMMDD"
        if not digits(text) or len(text) not in (6, 8):
            yield self.say("element.date", text, form=form)
            return
        if len(text) != element.min:
            yield self.say("element.date-width", text, length=len(text), form=form)
        if not is_day(text, 6, 8):
            yield self.say("element.date.calendar", text)

    def _period(self, text: str, code: str) -> Iterator[Finding]:
        """2380 as 2379 says. What has another width but begins with a day can be understood."""
        width = _FORMATS.get(code)
        if width is None or not text:
            return
        bare = text.replace("-", "") if code == "718" else text
        fits, form = digits(bare) and len(bare) == width, f"format {code}"
        if fits and is_day(bare[: min(width, 8)], 6, 8) and _rest(bare[8:], code):
            return
        if not fits and digits(bare) and is_day(bare[:8], 6, 8):
            yield self.say("element.date-width", text, length=len(bare), form=form)
        else:
            yield self.say("element.date", text, form=form)

    def _note(self, note: Note, segment: Segment, row: list[str]) -> Iterator[Finding]:
        """X12.6, 3.7.3.2: P all or none, R at least one, E at most one, C if the first then all, L if the first then one."""
        there = [at for at in note.elements if at < len(row) and row[at].rstrip(" ")]
        first, *rest = (f"{segment.id}{at:02d}" for at in note.elements)
        missing = next((at for at in note.elements if at not in there), note.elements[0])
        lead = note.elements[0] in there
        match note.kind:
            case "P" if there and len(there) < len(note.elements):
                needs = f"{segment.id}{there[0]:02d} needs {segment.id}{missing:02d}"
                message = f"{needs}: {' and '.join([first, *rest])} go together"
            case "R" if not there:
                message = f"{segment.id} needs at least one of {', '.join([first, *rest])}"
            case "C" if lead and len(there) < len(note.elements):
                message = f"{first} needs {' and '.join(rest)}"
            case "L" if lead and len(there) < 2:
                message = f"{first} needs one of {', '.join(rest)}"
            case "E" if len(there) > 1:
                message = f"{' and '.join(f'{segment.id}{at:02d}' for at in there)} exclude each other"
                place = self._at(segment.elements[there[1] - 1], segment.id)
                yield place.say("element.relational.exclusive", row[there[1]], message=message)
                return
            case _:
                return
        yield self._at(segment.elements[missing - 1], segment.id).say("element.relational.missing", message=message)


def _reference(element: Element) -> int:
    return int(element.number) if element.number.isdigit() else 0


def _rest(rest: str, code: str) -> bool:
    """What follows the day: a time, or another day."""
    return not rest or (is_day(rest, 6, 8) if code == "718" else _TIME.fullmatch(rest) is not None)
