"""In which words a value of a document is written: the partner's own word and the qualifier that they used, where they were
kept.

Else it is the first word of the table that means the same, and the first qualifier of the row, or the one whose numbers have
this length.

Knows: rows, items. Does not know: segments, the order of the guide.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from d365edi.maps.mapping_tree import Pair, Rule
from d365edi.maps.table import ALSO, OPEN

GTIN_LENGTH = {"UP": 12, "UA": 12, "UI": 11, "EN": 13, "UK": 14}
"""How many digits a number of each kind of GTIN has (data element 235)."""

Word = Callable[[str, Any, Any], str]
"""The partner's word for ours, given the item that it stands in and what of the order that answers."""
YOUR = "partners.NAME"
"""What a remedy calls the partner's settings; a writer puts the name."""


class MappingError(Exception):
    """What is wrong with one value or segment; a writer says of which document."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of dotted fields of an item, all read at once."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda item: (one(item),)
    return attrgetter(*names)


def kept(item: Any, name: str | None) -> str | None:
    """The partner's own word or qualifier for a field of an item, None where none was kept."""
    words = getattr(item, "kept", None)
    return words.get(name) if words else None


def chooser(row: Rule) -> Word | None:
    """How a code table (their word = ours) translates a word of ours: to the word that they used if that means the same, else
    to the first word of the table. Case makes no difference: D365 has Pcs where a table has pcs.

    What a table has no row for stays as it is where the order says it, and where the table is open: no code has small letters.
    In flat files it does. The word raises MappingError for any other: a unit of D365 is no code of theirs."""
    if row.words is None:
        return None
    meanings = {theirs: ours.casefold() for theirs, ours in row.words.items() if theirs != OPEN}
    open = OPEN in row.words
    first: dict[str, str] = {}
    for theirs, meaning in meanings.items():
        first.setdefault(meaning, theirs.partition(ALSO)[0])
    name, table = row.name, f'"{row.table}"' if "." in row.table else row.table

    def choose(ours: str, item: Any, answered: Any) -> str:
        meaning = ours.casefold()
        for each in (item, answered):
            if (words := getattr(each, "kept", None)) and (word := words.get(name)) and meanings.get(word) == meaning:
                return str(word)
        if (found := first.get(meaning)) is not None:
            return found
        raw = open or (row.closed and (row.echo or ours == _said(answered, name)))
        if ours != ours.upper() if raw else row.closed:
            message = f'{name} ({row.row.paths[0]}): there is no code for "{ours}"'
            raise MappingError(message, f'add theirs under [{YOUR}.codes.{table}], as in CODE = "{ours}"')
        return ours

    return choose


def _said(answered: Any, name: str) -> Any:
    """What an order says in a field, None where it has no such field."""
    for step in name.split("."):
        answered = getattr(answered, step, None)
    return answered


def spell(row: Rule | Pair, value: object) -> str:
    """A value as its element wants it. Raises MappingError where it does not fit."""
    try:
        return row.format(value)
    except ValueError as error:
        message = f'{row.name} ({row.row.paths[0]}): "{value}" {error}'
        raise MappingError(message, "shorten it, or give the partner's word for it in codes") from None


def qualifier(pair: Pair, value: object, used: str | None) -> str:
    """The qualifier that was used if it is one of the row's, else the one whose numbers have this length, else the first."""
    if used in pair.qualifiers:
        return used
    text = str(value)
    if text.isdigit():
        for code in pair.qualifiers:
            if GTIN_LENGTH.get(code) == len(text):
                return code
    return pair.qualifiers[0]
