"""How values, conditions and addresses are spelt in OData as Dynamics 365 F&O reads it.

What differs from other OData services: `in`, `has`, `contains` are not there; an enum in a filter needs its qualified
literal (a bare string is refused); a day is noon UTC; **a `*` inside the text of an `eq` is a wildcard and cannot be
escaped**, so rows found by `eq` are compared once more by `same_text` where they decide anything; text is compared
without regard to case.

Knows: the spelling. Does not know: any entity name, any host.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

from d365edi.odata.canonical import day, moment, plain
from d365edi.odata.plan import Query

NAMESPACE = "Microsoft.Dynamics.DataEntities"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)?\Z")
_CHOICE = re.compile(r"\([^()]*\)\Z")
_VERBATIM = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?\Z|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z"
)
_SAFE_IN_QUERY = "$'()*,:/@"
_SAFE_IN_KEY = "'"

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enum for a filter, e.g. `Member("SalesStatus", "Backorder")`; in JSON bodies the bare member name
    is used."""

    enum: str
    name: str


Value = str | int | Decimal | bool | datetime | date | UUID | Member | None


def literal(value: Value) -> str:
    """A value as it is written in `$filter`, not yet percent-encoded. Raises TypeError for a float, NaN or a naive
    datetime."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Member):
        return f"{NAMESPACE}.{_name(value.enum)}'{_name(value.name)}'"
    return _unquoted(value)


def _unquoted(value: int | Decimal | datetime | date | UUID) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int | UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no literal in OData")


def compare(field: str, operator: Operator, value: Value) -> str:
    """One `$filter` term, e.g. `InvoiceDate ge 2026-01-01T12:00:00Z`. Enums allow only eq and ne (TypeError otherwise)."""
    if isinstance(value, Member) and operator not in ("eq", "ne"):
        raise TypeError(f"an enum can only be compared by eq and ne, not by {operator}")
    return f"{_name(field)} {operator} {literal(value)}"


def eq(field: str, value: Value) -> str:
    """One `$filter` term: the field equals the value."""
    return compare(field, "eq", value)


def verbatim(field: str, text: str) -> str:
    """The field equals a value that is already spelt as OData does (a point in time, a GUID). Raises ValueError for
    anything else."""
    if not _VERBATIM.match(text):
        raise ValueError(f"{text!r} is neither a point in time nor a GUID")
    return f"{_name(field)} eq {text}"


def any_of(field: str, values: Sequence[Value]) -> str:
    """The field is one of the values, as an OR-chain in parentheses (there is no `in`). Raises ValueError when there is
    none."""
    if not values:
        raise ValueError(f"{field}: a choice among no values would find nothing")
    terms = [eq(field, value) for value in values]
    return terms[0] if len(terms) == 1 else "(" + " or ".join(terms) + ")"


def any_row(rows: Sequence[Mapping[str, Value]]) -> str:
    """One of some rows, each by the values of its fields: an OR-chain of AND-chains in parentheses. Raises ValueError when there
    is none."""
    if not rows:
        raise ValueError("a choice among no rows would find nothing")
    terms = [" and ".join(eq(field, value) for field, value in row.items()) for row in rows]
    return "(" + " or ".join(f"({term})" for term in terms) + ")"


def all_of(terms: Iterable[str]) -> str:
    """Terms joined by `and`; a term that is itself a choice is put in parentheses."""
    parts = [term for term in terms if term]
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if " or " in part and not _CHOICE.match(part) else part for part in parts)


def key(entity_set: str, parts: Mapping[str, Value]) -> str:
    """The address of one record below the service root, percent-encoded: `Set(dataAreaId='usmf',Number='A%2F1')`.

    All parts of the key are needed, in any order; Int64 parts are ints (unquoted); leading blanks count. Raises
    ValueError for no parts."""
    if not parts:
        raise ValueError(f"{entity_set}: a record is named by its key, and none was given")
    inside = ",".join(f"{_name(name)}={quote(literal(value), safe=_SAFE_IN_KEY)}" for name, value in parts.items())
    return f"{_name(entity_set)}({inside})"


def address(query: Query) -> str:
    """A read as path and query string below the service root, always cross-company (else D365 looks in one company
    only)."""
    choice = (any_of(*query.choice),) if query.choice else ()
    options = {
        "$filter": all_of((*query.filters, *choice)),
        "$select": ",".join(query.select),
        "$orderby": ",".join(query.orderby),
        "$skip": str(query.skip) if query.skip else "",
        "$top": "" if query.top is None else str(query.top),
    }
    tail = "".join(f"&{name}={quote(text, safe=_SAFE_IN_QUERY)}" for name, text in options.items() if text)
    return f"{_name(query.set)}?cross-company=true{tail}"


def same_text(left: object, right: object) -> bool:
    """Whether D365 would call two values of a field equal: text without regard to case and to trailing blanks, numbers
    by value."""
    return bool(comparable(left) == comparable(right))


def comparable(value: Any) -> Any:
    """A value in the form in which those that D365 would call equal are equal (see `same_text`)."""
    return value.rstrip(" ").casefold() if isinstance(value, str) else value


def _name(name: str) -> str:
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is no name that OData can have")
    return name
