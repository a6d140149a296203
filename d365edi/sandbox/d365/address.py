"""Request paths: `Set`, `Set/$count`, `Set(key='value',...)`.

Knows: how a key is spelled in a URL. Does not know: what the set holds.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from . import filter as filters
from .catalog import Catalog, SetDefinition
from .query import CompanyScope
from .refusals import Refusal, invalid, no_such_path, no_such_record
from .store import Record, RowStore, fold

_SEGMENT = re.compile(r"(?P<set>[A-Za-z_]\w*)(?:\((?P<key>.*)\))?(?P<count>/\$count)?", re.DOTALL)
_PART = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*)?(?P<value>[\w.]*'(?:[^']|'')*'|[^',()]+)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class ResourcePath:
    """What a path names: a set, one row of it (`key`: field to literal text), or the number of its rows."""

    set: SetDefinition
    key: dict[str, str] | None = None
    count: bool = False


def parse(path: str, catalog: Catalog, *, slash_keys: bool = False) -> ResourcePath:
    """The address of a still percent-encoded path below the service root. Refusal 404 or 400.

    An encoded slash is refused as IIS refuses it, so a key that holds one can only be asked for by `$filter`,
    unless `slash_keys`."""
    if not slash_keys and "%2f" in path.lower():
        raise no_such_path(path)
    match = _SEGMENT.fullmatch(unquote(path))
    if match is None or match["set"] not in catalog.sets or (match["count"] and match["key"] is not None):
        raise no_such_path(path)
    entity_set = catalog.sets[match["set"]]
    return ResourcePath(
        entity_set, None if match["key"] is None else _key(entity_set, match["key"]), bool(match["count"])
    )


def _key(entity_set: SetDefinition, text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise invalid(f"Bad key predicate '({text})'.")
        name = match["name"] or (entity_set.keys[0] if len(entity_set.keys) == 1 else "")
        parts[name] = match["value"]
        at = match.end()
    if parts.keys() != set(entity_set.keys):
        raise invalid(f"The key predicate '({text})' does not name every key of '{entity_set.edm_type}'.")
    return parts


def find(store: RowStore, address: ResourcePath, scope: CompanyScope) -> Record:
    """The row of a key; 404 when it is not there or out of the caller's sight."""
    assert address.key is not None
    table = store.tables[address.set.name]
    key = tuple([_literal(address.set, name, address.key[name]) for name in address.set.keys])
    record = table.by_key.get(key)
    if record is None or not scope.sees(record):
        raise no_such_record(address.set.name)
    return record


def _literal(entity_set: SetDefinition, name: str, text: str) -> str:
    type = entity_set.fields[name]
    if type == "Edm.String":
        if not text.startswith("'"):
            raise invalid(f"The key '{name}' must be a quoted string.")
        return fold(text[1:-1].replace("''", "'"))
    try:
        filters.compile(f"{name} eq {text}", entity_set)
    except Refusal:
        raise invalid(f"The value {text} is no literal of the key '{name}'.") from None
    return fold(text.rpartition(".")[2].split("'")[1] if "'" in text else text)
