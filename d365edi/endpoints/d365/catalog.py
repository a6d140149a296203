"""What F&O's own metadata says about the entity sets that EDI meets: keys, types, enums, mandatory fields
(`entities.json`).

Facts only, of a real system's `$metadata` (spring 2025; additive since). A tenant has further sets and fields:
a set that is not here is None. `entities.json` holds `sets` ({set: {type, keys, table?,
required?, fields: {type: "names ..."}}}; a type that is no Edm type is an enum), `enums` ({enum: {member: int}}) and
the enums whose type name is to be checked against the tenant before it is used in a filter. Text keys and numbers are
never null, other text and enums may be.

Knows: names and types. Does not know: what they mean, HTTP.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from d365edi.errors import Refused
from d365edi.odata import quoting

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\Z")


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One entity set. `keys` are all parts of the key, `fields` maps a field to its type ("String", "Decimal", an enum
    ...)."""

    name: str
    entity_type: str
    keys: tuple[str, ...]
    required: frozenset[str]
    fields: dict[str, str]


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("entities.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def entity_set(name: str) -> EntitySet | None:
    """The set of that name (case counts, as it does in D365), None when the catalog does not have it."""
    found = _data()["sets"].get(name)
    if found is None:
        return None
    types = {field: kind for kind, names in found["fields"].items() for field in names.split(" ")}
    required = frozenset(found.get("required", "").split())
    return EntitySet(name, found["type"], tuple(found["keys"]), required, types)


def names() -> tuple[str, ...]:
    """Every entity set of the catalog, sorted."""
    return tuple(sorted(_data()["sets"]))


def members(enum: str) -> dict[str, int] | None:
    """The members of an enum with their numbers, None when the catalog does not have it."""
    found: dict[str, int] | None = _data()["enums"].get(enum)
    return found


def keys(name: str) -> tuple[str, ...]:
    """All parts of a set's key; empty when the catalog does not have the set."""
    found = entity_set(name)
    return found.keys if found else ()


def where(name: str, wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """`$filter` terms that find the rows of a set with exactly these values. Raises Refused for what OData cannot
    say."""
    try:
        return tuple(condition(name, field, value) for field, value in wanted.items())
    except (ValueError, TypeError) as error:
        raise Refused(f"{name} cannot be searched: {error}", remedy="check the map's field names and values") from None


def condition(name: str, field: str, value: Any) -> str:
    """The `$filter` term `field eq value` for a value as JSON carries it: points in time, enums and GUIDs get their own
    literals.

    A field that the catalog does not have is treated as the type that its value looks like; no text is "", as D365
    keeps it. Raises TypeError or ValueError as `odata.quoting` does."""
    found = entity_set(name)
    kind = found.fields.get(field, "") if found else ""
    if value is None and kind in ("", "String"):
        return quoting.eq(field, "")
    if isinstance(value, str):
        if kind == "DateTimeOffset" or (not kind and _MOMENT.match(value)):
            return quoting.verbatim(field, value if "T" in value else f"{value}T12:00:00Z")
        if kind == "Guid":
            return quoting.verbatim(field, value)
        if members(kind) is not None:
            return quoting.eq(field, quoting.Member(kind, value))
    return quoting.eq(field, value)
