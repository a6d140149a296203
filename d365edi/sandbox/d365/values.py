"""Values of EDM types: read from JSON bodies, defaulted, and written as F&O writes them.

A date column reads as noon UTC and is empty as 1900-01-01T12:00:00Z; a point in time is empty as
1900-01-01T00:00:00Z; text is empty as "", numbers as 0; an enum travels as its member's name; a decimal is a plain
JSON number. Nothing is null but a few enums.

Knows: types. Does not know: rows, HTTP.
"""

import json
import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from .catalog import SetDefinition, is_instant, load
from .refusals import invalid

NO_DATE = "1900-01-01T12:00:00Z"
NO_INSTANT = "1900-01-01T00:00:00Z"
_RANGES = {"Edm.Int32": 2**31, "Edm.Int64": 2**63}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


_EMPTY: dict[str, Any] = {
    "Edm.String": "",
    "Edm.Decimal": Decimal(0),
    "Edm.Int32": 0,
    "Edm.Int64": 0,
    "Edm.Guid": str(uuid.UUID(int=0)),
    "Edm.Boolean": False,
    "Edm.Binary": "",
    "Timezone": None,
}


def empty(name: str, type: str) -> Any:
    """What an unset field of this type reads as."""
    if type == "Edm.DateTimeOffset":
        return NO_INSTANT if is_instant(name) else NO_DATE
    return _EMPTY[type] if type in _EMPTY else load().enums[type][0]


def date_value(text: str) -> str:
    """`2026-07-23`, or a full ISO time, as a date column stores it."""
    return f"{instant_value(text)[:10]}T12:00:00Z"


def instant_value(text: str) -> str:
    """A date or full ISO time as a UTC instant to the second; ValueError when it is neither."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_json(entity_set: SetDefinition, name: str, value: Any) -> Any:
    """A body's value as the store keeps it; Refusal 400 when its JSON type does not fit the EDM type."""
    type = entity_set.fields[name]
    if value is None:
        return empty(name, type)
    if isinstance(value, bool) != (type == "Edm.Boolean"):
        raise _wrong(value, type)
    match type:
        case "Edm.Boolean" | "Edm.String" | "Edm.Binary" if isinstance(value, str | bool):
            return value
        case "Edm.Decimal" if isinstance(value, int | Decimal):
            return Decimal(value)
        case "Edm.Int32" | "Edm.Int64" if isinstance(value, int) and -_RANGES[type] <= value < _RANGES[type]:
            return value
        case "Edm.DateTimeOffset" | "Edm.Guid" if isinstance(value, str):
            return _parsed(name, type, value)
        case _ if isinstance(value, str) and value in load().enums.get(type, ()):
            return value
    raise _wrong(value, type)


def _parsed(name: str, type: str, value: str) -> str:
    try:
        if type == "Edm.Guid":
            return str(uuid.UUID(value))
        return instant_value(value) if is_instant(name) else date_value(value)
    except ValueError:
        raise _wrong(value, type) from None


def _wrong(value: Any, type: str) -> Exception:
    return invalid(f"Cannot convert the literal '{value}' to the expected type '{type}'.")


def loads(body: bytes) -> Any:
    """A JSON body with decimals kept exact; Refusal 400 when it is none."""
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise invalid(f"An unexpected token was found when reading from the JSON reader: {error}") from None


def dumps(value: Any) -> str:
    """JSON text of dicts, lists, strings, numbers (Decimal as a plain number), booleans and None."""
    match value:
        case str():
            return encode_basestring(value)
        case bool() | None:
            return json.dumps(value)
        case Decimal():
            return plain(value)
        case int():
            return str(value)
        case dict():
            return "{" + ",".join([f"{encode_basestring(key)}:{dumps(item)}" for key, item in value.items()]) + "}"
        case list() | tuple():
            return "[" + ",".join([dumps(item) for item in value]) + "]"
    raise TypeError(type(value))


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
