"""Explains one segment, element by element: what is wrong with each, with the code of 0085, the value and what to do.

The slow look that is taken only at segments which their pattern did not match. What is right after all gets no finding.

Knows: data elements (ISO 9735). Does not know: messages, groups of segments, what a breach is worth to a partner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from d365edi.edi.edifact import segment as split
from d365edi.edi.edifact.pattern import PERIOD
from d365edi.edi.findings import Finding, Position, Severity
from d365edi.edi.guide import Element, Segment
from d365edi.edi.syntax import Syntax

_NUMBER = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_MOST = 20
"""Findings about one segment: a segment of a million elements has said enough by then."""
_FORMATS = {"101": 6, "102": 8, "203": 12, "204": 14, "718": 16}
"""Digits of the date formats (2379) that are looked into."""
_NO_SYNTAX = Syntax("EDIFACT")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?")


def explain(raw: bytes, segment: Segment, syntax: Syntax, where: Position) -> list[Finding]:
    """What is wrong with a raw segment, in the order of its elements; empty when nothing is."""
    look = _Look(syntax, where)
    found: list[Finding] = []
    for finding in look.segment(raw, segment):
        found.append(finding)
        if len(found) > _MOST:
            break
    return found


def unlisted(
    segment: Segment,
    codes: Sequence[tuple[int, int, str]],
    told: Collection[tuple[int, str]],
    where: Callable[[], Position],
) -> list[Finding]:
    """Notes about codes that are not among the known ones, of a segment that is right otherwise; but for those already told."""
    found: list[Finding] = []
    for position, component, code in codes:
        element = segment.elements[position - 1]
        name = f"{segment.id}{position:02d}" + (f"-{component}" if component else "")
        part = element.components[component - 1] if component else element
        number = int(part.number) if part.number.isdigit() else 0
        if part.codes and code not in part.codes and (number, code) not in told:
            place = replace(where(), element=position, component=component)
            found += _Look(_NO_SYNTAX, place, f"{name} ({part.name})")._code(part, code)
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at one place: the segment first, then its elements and components."""

    syntax: Syntax
    where: Position
    name: str = ""

    def segment(self, raw: bytes, segment: Segment) -> Iterator[Finding]:
        values = split.elements(raw, self.syntax)
        if len(values) > 1 and not values[-1]:
            yield self.say("warning", "45", "trailing", f"{segment.id} ends with empty elements", b"",
                           "EDIFACT wants them left out")  # fmt: skip
        while len(values) > 1 and not values[-1]:
            values.pop()
        if len(values) == 1 and segment.elements:
            yield self.say("error", "13", "empty-segment", f"{segment.id} holds no data", b"",
                           "leave the segment out or fill it")  # fmt: skip
        most = len(segment.elements)
        if len(values) - 1 > most and not segment.open:
            yield self.at(most + 1, segment.id).say("error", "16", "extra", f"{segment.id} has more than {most} elements",
                values[most + 1], "the rest has no meaning; a separator without its release character would explain it")  # fmt: skip
        for element in segment.elements:
            value = values[element.position] if element.position < len(values) else b""
            place = self.at(element.position, f"{segment.id}{element.position:02d} ({element.name})")
            yield from place.element(element, value)

    def at(self, element: int, name: str) -> _Look:
        return replace(self, where=replace(self.where, element=element), name=name)

    def element(self, element: Element, value: bytes) -> Iterator[Finding]:
        if not value.rstrip(b" "):
            yield from self._empty(element, value)
            return
        repeated = split.repetitions(value, self.syntax)
        if len(repeated) > element.repeat:
            yield self.say("error", "16", "repetition", f"{self.name} is repeated {len(repeated)} times, {element.repeat} allowed",
                           value, "a repetition separator without its release character would explain it", element)  # fmt: skip
        for one in repeated[: element.repeat]:
            if element.components:
                yield from self._composite(element, one)
            elif len(split.components(one, self.syntax)) > 1:
                yield self.say("error", "16", "component", f"{self.name} holds the component separator", one,
                               "it is no composite; the sender must write a release character before it", element)  # fmt: skip
            else:
                yield from self._simple(element, one)

    def _empty(self, element: Element, value: bytes) -> Iterator[Finding]:
        if element.mandatory:
            yield self.say("error", "13", "required", f"{self.name} is mandatory and empty", value,
                           "the sender must fill it", element)  # fmt: skip
        elif value:
            yield self.say("warning", "", "padding", f"{self.name} holds only blanks", value, "leave it empty", element)

    def _composite(self, element: Element, value: bytes) -> Iterator[Finding]:
        parts = split.components(value, self.syntax)
        most = len(element.components)
        if len(parts) > most:
            yield self.say("error", "16", "component", f"{self.name} has more than {most} components", value,
                           "the rest has no meaning; a separator without its release character would explain it")  # fmt: skip
        if not parts[-1]:
            yield self.say("warning", "45", "trailing", f"{self.name} ends with empty components", value,
                           "EDIFACT wants them left out")  # fmt: skip
        for part in element.components:
            text = parts[part.position - 1] if part.position <= len(parts) else b""
            name = f"{self.name.split(' ', maxsplit=1)[0]}-{part.position} ({part.name})"
            place = replace(self, where=replace(self.where, component=part.position), name=name)
            if text.rstrip(b" "):
                yield from place._simple(part, text)
            else:
                yield from place._empty(part, text)
        if element.number == PERIOD and len(parts) > 2:
            yield from self._period(element, *(split.plain(part, self.syntax).decode("latin-1") for part in parts[1:3]))

    def _simple(self, element: Element, value: bytes) -> Iterator[Finding]:
        data = split.plain(value, self.syntax)
        if _CONTROL.search(data):
            yield self.say("error", "21", "character", f"{self.name} holds a control character", value,
                           "the sender must take it out", element)  # fmt: skip
        text = split.text(data, self.syntax.encoding)
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
                           "write a nought before it", element)  # fmt: skip
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
        self, severity: Severity, code: str, rule: str, message: str, value: bytes | str, remedy: str,
        element: Element | None = None,
    ) -> Finding:  # fmt: skip
        """A finding at this place."""
        where = self.where
        if element is not None and element.number.isdigit():
            where = replace(where, reference=int(element.number))
        text = value.decode("latin-1") if isinstance(value, bytes) else value
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
