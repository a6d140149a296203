"""How a value of a document is said: in the partner's own word and behind the qualifier that they used, where one was kept.

Else it is the first word of the table that means the same, and the first qualifier of the row, or the one whose numbers have
this length.

Knows: rows, items. Does not know: segments, the order of the guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from d365edi.maps.mapping_tree import Pair, Rule
from d365edi.maps.table import ALSO

GTIN_LENGTH = {"UP": 12, "UA": 12, "UI": 11, "EN": 13, "UK": 14}
"""How many digits a number of each kind of GTIN has (data element 235)."""

Word = Callable[[str, str | None, str | None], str]
"""The partner's word for ours, given the words that were kept with the item and with the order that it answers."""


class Flaw(Exception):
    """What is wrong with one value or segment; a writer says of which document."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def values_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of dotted fields of an item, all read at once."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda item: (one(item),)
    return attrgetter(*names)


def kept(item: Any) -> Mapping[str, str]:
    """What the partner said for the fields of an item, by field; empty where nothing was kept."""
    return getattr(item, "kept", None) or {}


def chooser(words: Mapping[str, str]) -> Word:
    """How a code table (their word = ours) says a word of ours: as they said it where that means the same, else by the first
    word of the table, else as it is. Case makes no difference: D365 writes Pcs where a table says pcs."""
    meanings = {theirs: ours.casefold() for theirs, ours in words.items()}
    first: dict[str, str] = {}
    for theirs, meaning in meanings.items():
        first.setdefault(meaning, theirs.partition(ALSO)[0])

    def choose(ours: str, said: str | None, earlier: str | None) -> str:
        meant = ours.casefold()
        for each in (said, earlier):
            if each is not None and meanings.get(each, "") == meant:
                return each
        return first.get(meant, ours)

    return choose


def misfit(row: Rule | Pair, value: object, error: ValueError) -> Flaw:
    """What is wrong with a value that its element cannot hold."""
    return Flaw(
        f'{row.name} ({row.row.places[0]}): "{value}" {error}',
        "shorten it, or give the partner's word for it in codes",
    )


def spell(row: Rule | Pair, value: object) -> str:
    """A value as its element wants it. Raises Flaw where it does not fit."""
    try:
        return row.format(value)
    except ValueError as error:
        raise misfit(row, value, error) from None


def qualifier(pair: Pair, value: object, said: str | None) -> str:
    """The qualifier that was kept if it is one of the row's, else the one whose numbers have this length, else the first."""
    if said in pair.qualifiers:
        return said
    text = str(value)
    if text.isdigit():
        for code in pair.qualifiers:
            if GTIN_LENGTH.get(code) == len(text):
                return code
    return pair.qualifiers[0]
