"""Keys that stand in the wrong table: where they belong, and tables of partners or endpoints without their name.

Knows: the tree of settings as names. Does not know: values, files.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from .keys import Path, inside, keys, models, walk

ROWS = ("fields", "constants", "defaults", "lines")
"""Tables of a map, which the settings have under `map` of a flow."""
_NAMES = {"partners": "NAME", "endpoints": "NAME", "pickup": "NAME", "receive": "850", "send": "810"}
"""What stands for a name that users choose, by the table it is in."""


def belongs(root: type[BaseModel], path: Path, written: object) -> str:
    """The remedy for an unknown key at `path` that is a key of another table, "" where it is none. Looked for are tables and what
    is at the top of the file: a single value may be anything."""
    table, name = path[:-1], path[-1]
    if not table and name in ROWS:
        return f"rows of a map are written under its flow: [partners.NAME.receive.850.map.{name}]"
    if table[2:3] in (("receive",), ("send",)) and len(table) == 4 and name in ROWS:
        return f"rows of a map are written under map: [{'.'.join(table)}.map.{name}]"
    if table and name in keys(root):
        return f"write it at the top of the file, before the first [table]: {name} = ..." if name == "include" else ""
    if table or not isinstance(written, Mapping):
        return ""
    places = sorted({way for way in walk(root) if way[-1] == name and len(way) > 1}, key=len)
    return f"write its whole path: [{'.'.join(_named(places[0]))}]" if places else ""


def _named(way: Path) -> Iterator[str]:
    for place, part in enumerate(way):
        yield _NAMES.get(way[place - 1], "NAME") if part == "*" else part


def nameless(root: type[BaseModel], written: Mapping[str, Any]) -> Iterator[tuple[Path, list[str]]]:
    """Tables whose keys stand where a name is to be (`[partners]` for `[partners.acme]`): the table, and those keys."""
    for table, held in keys(root).items():
        member = inside(held, "", None)
        known = {key for model in models(member) for key in keys(model)} if member is not None else set()
        given = written.get(table)
        if isinstance(given, Mapping) and (found := [key for key in given if key in known]):
            yield (table,), found
