"""How a value of a document is said: in the partner's own word and behind the qualifier that they used, where one was kept.

Else it is the first word of the table that means the same, and the first qualifier of the row, or the one whose numbers have
this length.

Knows: rows, items. Does not know: segments, the order of the guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from d365edi.maps.mapping_tree import Pair, Rule
from d365edi.maps.table import ALSO

KNOWN = 256
"""Words that are remembered for each row of a map."""
GTIN_LENGTH = {"UP": 12, "UA": 12, "UI": 11, "EN": 13, "UK": 14}
"""How many digits a number of each kind of GTIN has (data element 235)."""


class Flaw(Exception):
    """What is wrong with one value or segment; a writer says of which document."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


_getter = lru_cache(maxsize=4096)(attrgetter)


def get(item: Any, name: str) -> Any:
    """The value of a dotted field."""
    return _getter(name)(item)


def kept(item: Any, name: str) -> str | None:
    """What the partner said for a field, None where nothing was kept."""
    told = getattr(item, "kept", None)
    return told.get(name) if told else None


def word(rule: Rule, ours: str, *told: str | None) -> str:
    """The partner's word for ours: the one they used here or in the order (`told`), else the first row of the table, else
    ours as it is."""
    assert rule.words is not None
    meant = ours.casefold()  # D365 writes Pcs where a table says pcs, and means the same
    for each in told:
        if each is not None and rule.words.get(each, "").casefold() == meant:
            return each
    return next((theirs for theirs, meaning in rule.words.items() if meaning.casefold() == meant), ours).partition(
        ALSO
    )[0]


def sayer(rule: Rule) -> Callable[[str, str | None, str | None], str]:
    """How a rule with words says ours, given what the partner said here and in the order. Words repeat, and are
    remembered. Raises ValueError where one does not fit."""

    @lru_cache(maxsize=KNOWN)
    def say(ours: str, told: str | None, earlier: str | None) -> str:
        return rule.format(word(rule, ours, told, earlier))

    return say


def spell(row: Rule | Pair, value: object) -> str:
    """A value as its element wants it. Raises Flaw where it does not fit."""
    try:
        return row.format(value)
    except ValueError as error:
        raise Flaw(
            f'{row.name} ({row.row.places[0]}): "{value}" {error}',
            "shorten it, or give the partner's word for it in codes",
        ) from None


def pairs(rows: Iterable[Pair], item: Any) -> list[tuple[str, str]]:
    """Qualifier and value of each row that has one, and of each item of a list that a row takes."""
    found = list[tuple[str, str]]()
    for pair in rows:
        value = get(item, pair.name)
        if pair.parts is not None:
            first, second = pair.parts
            found += [(getattr(each, first), spell(pair, getattr(each, second))) for each in value]
        elif value is not None:
            told = kept(item, pair.name)
            code = told if told is not None and told in pair.qualifiers else qualifier(pair, value)
            found.append((code, spell(pair, value)))
    return found


def qualifier(pair: Pair, value: object) -> str:
    """The qualifier whose numbers have this length; else the row's first."""
    text = str(value)
    if text.isdigit():
        for code in pair.qualifiers:
            if GTIN_LENGTH.get(code) == len(text):
                return code
    return pair.qualifiers[0]
