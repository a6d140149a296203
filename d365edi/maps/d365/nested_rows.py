"""The flat lines of a record put into the levels of a document: orders, packs on them, lines in these.

`levels` names the lists from the outside in. Lines with the same values in the fields that identify an item of a
level are in one item of its list; a line with none of them stays in the level above: that level is left out for it.

Knows: values before a document is built of them. Does not know: any list or field by name, where the values come from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Values = dict[str, Any]
Known = dict[tuple[int, str, str], list[Values]]
"""The items of a list (by its identity) that have a value in a field."""


def nest(
    document: Values,
    items: Sequence[Values],
    rows: Sequence[Mapping[str, Any]],
    levels: Mapping[str, Mapping[str, Any]],
) -> None:
    """Put each item where its row says. A level is a table `fields`: the field of the row, and what it is in the level."""
    if not levels or not items:
        document["lines"] = list(items)
    known: Known = {}
    for item, row in zip(items, rows, strict=True) if levels else ():
        around = document
        for name, level in levels.items():
            identity = {ours: str(row.get(theirs) or "").strip(" ") for theirs, ours in level["fields"].items()}
            identity = {ours: value for ours, value in identity.items() if value}
            if identity:
                around = _level(around.setdefault(name, []), identity, known)
        around.setdefault("lines", []).append(item)


def _level(items: list[Values], identity: Values, known: Known) -> Values:
    """The item of a level that has these values, made where it is not there yet."""
    first = next(iter(identity.items()))
    for each in known.get((id(items), *first), ()):
        if all(each.get(name) == value for name, value in identity.items()):
            return each
    made = dict(identity)
    items.append(made)
    for pair in identity.items():
        known.setdefault((id(items), *pair), []).append(made)
    return made
