"""Whether two templates of file names can give the same name, without regard to case.

A template is a row of characters, each one of several; the two rows are walked together. What is counted by one counter and
stands at one place in both makes their names differ.

Knows: templates of file names. Does not know: endpoints, partners.
"""

import re
from dataclasses import dataclass
from string import Formatter

_DIGITS = frozenset("0123456789")
_NUMBER = _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyz._-")
_ANY = frozenset(map(chr, range(32, 127)))


@dataclass(frozen=True, slots=True)
class _Character:
    """One character of a name, one of these; `many`: any number of them, or none."""

    one_of: frozenset[str]
    many: bool = False


@dataclass(frozen=True, slots=True)
class FilePattern:
    """The names that a template gives. `counter` is what counts its {control}; `control` is where that begins, None where its
    place in a name is not the same in all, or its end cannot be told."""

    characters: tuple[_Character, ...]
    counter: object
    control: int | None

    @property
    def beginning(self) -> str:
        """What all names begin with, in small letters."""
        fixed: list[str] = []
        for each in self.characters:
            if each.many or len(each.one_of) > 1:
                break
            fixed += each.one_of
        return "".join(fixed)


def file_pattern(template: str, *, partner: str, set: str, counter: object) -> FilePattern | None:
    """The names that a template gives for one partner and one set; None where it is no template."""
    given = {"partner": partner, "set": set}
    characters: list[_Character] = []
    control = end = None
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return None
    for literal, field, spec, _ in parts:
        characters += _literal(literal)
        if field == "control" and control is None:
            control = None if any(each.many for each in characters) else len(characters)
            characters += _digits(spec or "")
            end = len(characters)
        elif field is not None:
            characters += _literal(given[field]) if field in given and not spec else _filled(field, spec or "")
    behind = characters[end] if end is not None and end < len(characters) else None
    if behind is not None and (behind.many or behind.one_of & _DIGITS):
        control = None
    return FilePattern(tuple(characters), counter, control)


def _literal(text: str) -> list[_Character]:
    return [_Character(frozenset(character)) for character in text.casefold()]


def _digits(spec: str) -> list[_Character]:
    """A control number as its template writes it, of at least so many digits."""
    padded = re.fullmatch(r"0?(\d*)d?", spec)
    if padded is None or (padded[1] and not spec.startswith("0")):
        return [_Character(_ANY, many=True)]
    return [*[_Character(_DIGITS)] * max(1, int(padded[1] or 1)), _Character(_DIGITS, many=True)]


def _filled(field: str, spec: str) -> list[_Character]:
    if field in ("date", "time") and not spec:
        return [_Character(_DIGITS)] * (8 if field == "date" else 6)
    if field == "number" and not spec:
        return [_Character(_NUMBER), _Character(_NUMBER, many=True)]
    return [_Character(_ANY, many=True)]


def can_meet(one: FilePattern, other: FilePattern) -> bool:
    """Whether some name of one may also be one of the other."""
    if one.counter == other.counter and one.control is not None and one.control == other.control:
        return False
    seen, ahead = set[tuple[int, int]](), [(0, 0)]
    while ahead:
        at = ahead.pop()
        if at == (len(one.characters), len(other.characters)):
            return True
        if at not in seen:
            seen.add(at)
            ahead += _next(one, other, *at)
    return False


def _next(one: FilePattern, other: FilePattern, i: int, j: int) -> list[tuple[int, int]]:
    """The places that both can be at after these: one character further, or past what may be left out."""
    a = one.characters[i] if i < len(one.characters) else None
    b = other.characters[j] if j < len(other.characters) else None
    found = []
    if a is not None and a.many:
        found.append((i + 1, j))
    if b is not None and b.many:
        found.append((i, j + 1))
    if a is not None and b is not None and a.one_of & b.one_of:
        found.append((i + (not a.many), j + (not b.many)))
    return found
