"""JSON as this project keeps it: numbers are Decimal, never float; the same value always gives the same bytes.

Two writings: `dumps` sorts the keys of every object, so that a record fetched twice has one digest; `compact` keeps
the order of keys, for bodies whose order a map chose. Both are UTF-8 without blanks. A Decimal is written plainly
(`100`, `0.50`), with the digits it has and without an exponent; a date as noon UTC, which is how D365 spells a day.

Knows: JSON. Does not know: OData, any entity.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

MOST = 256 << 20
"""Bytes of memory that one text may take when it is read: 64 MB of `[[],[],...` would take 1.6 GB."""
_LIGHT = 1 << 20
"""A text of so many bytes is never too heavy."""
_WEIGHTS = {b",": 128, b"[": 96, b"{": 216, b'"': 40}
"""Bytes of memory that are taken at most for each of these: a number with its place in a list or object, a list, an object,
half a string."""
_WIDE, _WIDER = re.compile(rb"[\xc4-\xff]"), re.compile(rb"[\xf0-\xff]")

_TEXT = json.JSONEncoder(ensure_ascii=False)
"""One for all texts: `json.dumps` would make one for each."""


class TooHeavyError(ValueError):
    """A text that would take more memory than is allowed, with the two figures in MB."""


def dumps(value: Any) -> bytes:
    """Canonical JSON: keys sorted. Raises TypeError for a float, a naive datetime or anything that JSON cannot say."""
    return _text(value, sort=True).encode()


def compact(value: Any) -> bytes:
    """The same in the order of keys as given. Raises TypeError as `dumps` does."""
    return _text(value, sort=False).encode()


def weight(data: bytes | bytearray) -> int:
    """How many bytes of memory a text takes at most while it is read; about twice what rows of D365 do take."""
    width = 1 if data.isascii() or not _WIDE.search(data) else 4 if _WIDER.search(data) else 2
    return 2 * width * len(data) + sum(data.count(sign) * bytes_ for sign, bytes_ in _WEIGHTS.items())


def loads(data: bytes | bytearray | str) -> Any:
    """Read JSON with every broken number as Decimal. Raises ValueError when it is no JSON (also for NaN and Infinity)."""
    return json.loads(data, parse_float=Decimal, parse_constant=_no_constant)


def loads_bounded(data: bytes | bytearray) -> Any:
    """The same of what others sent. Raises TooHeavyError, too, where it would take more memory than `MOST`."""
    if len(data) > _LIGHT and (heavy := weight(data)) > MOST:
        raise TooHeavyError(f"would take up to {heavy >> 20} MB of memory, and {MOST >> 20} MB are allowed")
    return loads(data)


def moment(value: datetime) -> str:
    """A point in time as D365 spells it (`2026-01-01T09:30:00Z`). Raises TypeError for a naive datetime."""
    if value.tzinfo is None:
        raise TypeError(f"a point in time needs a time zone: {value.isoformat()}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(value: date) -> str:
    """A day as D365 spells it: noon UTC (`2026-01-01T12:00:00Z`)."""
    return f"{value.isoformat()}T12:00:00Z"


def plain(value: Decimal) -> str:
    """A number without an exponent and with the digits it has. Raises TypeError for NaN and Infinity."""
    if not value.is_finite():
        raise TypeError(f"{value} is no number that JSON or OData can say")
    return format(value, "f")


def _text(value: Any, *, sort: bool) -> str:
    if isinstance(value, Mapping):
        items = sorted(value.items()) if sort else value.items()
        return "{" + ",".join(f"{_string(key)}:{_text(item, sort=sort)}" for key, item in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item, sort=sort) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return f'"{moment(value)}"'
    if isinstance(value, date):
        return f'"{day(value)}"'
    raise TypeError(f"a {type(value).__name__} has no place in JSON here")


def _string(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a key of an object must be text, not {type(value).__name__}")
    return _TEXT.encode(value)


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")
