"""A read: query options to rows, with company scope, order, paging and the shape of the answer.

Knows: the options F&O takes and those it refuses; 10,000 rows a page and a `$skip` in the next link. Does not know:
writes, tokens.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from . import filter as filters
from .catalog import SetDefinition
from .refusals import bad_query
from .store import Record, RowStore, fold

OPTIONS = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$format"})
NEXT = "@odata.nextLink"
"""Where an answer has the address of its next page."""


@dataclass(frozen=True, slots=True)
class CompanyScope:
    """Whose rows a caller sees: all of `companies` when it asked `cross-company`, else the default one only. Folded
    names."""

    companies: frozenset[str]
    default: str
    cross_company: bool

    def sees(self, record: Record) -> bool:
        """Whether this row is visible; rows of no company always are."""
        if not record.set.of_company:
            return True
        company = fold(record.values["dataAreaId"])
        return company in self.companies and (self.cross_company or company == fold(self.default))


def options(query_string: str) -> dict[str, str]:
    """The options of a request's query string; Refusal 400 for what is not understood or given twice."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        if name.startswith("$") and name not in OPTIONS:
            raise bad_query(f"The query parameter '{name}' is not supported.")
        if name in found:
            raise bad_query(f"Query option '{name}' was specified more than once.")
        found[name] = value
    return found


def is_cross_company(found: dict[str, str]) -> bool:
    """Whether the request asked for all companies."""
    return found.get("cross-company", "").lower() == "true"


def read(
    store: RowStore, entity_set: SetDefinition, found: dict[str, str], scope: CompanyScope, *, base: str, page: int
) -> dict[str, Any]:
    """The answer to `GET Set?options`: context, count where asked, rows, next link. `base` is the service root with
    a slash."""
    rows = _ordered(store, entity_set, found, scope)
    skip, top = _whole(found, "$skip") or 0, _whole(found, "$top")
    wanted = len(rows) - skip if top is None else min(top, len(rows) - skip)
    columns = _columns(entity_set, found)
    shown = f"({','.join(columns)})" if "$select" in found else ""
    answer: dict[str, Any] = {"@odata.context": f"{base}$metadata#{entity_set.name}{shown}"}
    if found.get("$count") == "true":
        answer["@odata.count"] = len(rows)
    answer["value"] = [shape(record, columns) for record in rows[skip : skip + min(max(wanted, 0), page)]]
    if wanted > page:
        answer[NEXT] = _next(base, entity_set, found, skip + page, None if top is None else top - page)
    return answer


def _ordered(store: RowStore, entity_set: SetDefinition, found: dict[str, str], scope: CompanyScope) -> list[Record]:
    """The rows in their order. Those of the last question are kept while nothing changes: a long list is asked for in pages."""
    table = store.tables[entity_set.name]
    asked = (found.get("$filter"), found.get("$orderby"), scope)
    if table.last is not None and table.last[0] == asked:
        return table.last[1]
    rows = select(store, entity_set, found, scope)
    if "$orderby" in found:
        _order(rows, entity_set, found["$orderby"])
    table.last = (asked, rows)
    return rows


def select(store: RowStore, entity_set: SetDefinition, found: dict[str, str], scope: CompanyScope) -> list[Record]:
    """The visible rows that the `$filter` lets through, in the order of record ids."""
    if "$filter" not in found:
        return [record for record in store.rows(entity_set.name) if scope.sees(record)]
    compiled = filters.compile(found["$filter"], entity_set)
    candidates = store.rows(entity_set.name, **compiled.equalities)
    return [record for record in candidates if scope.sees(record) and compiled.matches(record.values)]


def shape(record: Record, columns: tuple[str, ...]) -> dict[str, Any]:
    """One row as it is written: etag, then the columns."""
    return {"@odata.etag": record.etag, **{name: record.values[name] for name in columns}}


def single(record: Record, found: dict[str, str], base: str) -> dict[str, Any]:
    """The answer to a read by key, and to an insert."""
    return {
        "@odata.context": f"{base}$metadata#{record.set.name}/$entity",
        **shape(record, _columns(record.set, found)),
    }


def _columns(entity_set: SetDefinition, found: dict[str, str]) -> tuple[str, ...]:
    if "$select" not in found:
        return tuple(entity_set.fields)
    names = [name.strip(" ") for name in found["$select"].split(",")]
    for name in names:
        _known(entity_set, name)
    return tuple(dict.fromkeys(names))


def _order(rows: list[Record], entity_set: SetDefinition, text: str) -> None:
    for term in reversed(text.split(",")):
        name, _, direction = term.strip(" ").partition(" ")
        _known(entity_set, name)
        if direction not in ("", "asc", "desc"):
            raise bad_query(f"Syntax error in '{text}'.")
        is_text = entity_set.fields[name] == "Edm.String"
        rows.sort(
            key=lambda record, name=name, is_text=is_text: (
                fold(record.values[name]) if is_text else record.values[name]
            ),  # type: ignore[misc]
            reverse=direction == "desc",
        )


def _known(entity_set: SetDefinition, name: str) -> None:
    if name not in entity_set.fields:
        raise bad_query(f"Could not find a property named '{name}' on type '{entity_set.edm_type}'.")


def _whole(found: dict[str, str], name: str) -> int | None:
    if name not in found:
        return None
    if not found[name].isascii() or not found[name].isdigit():
        raise bad_query(f"Invalid value '{found[name]}' for {name} query option found.")
    return int(found[name])


def _next(base: str, entity_set: SetDefinition, found: dict[str, str], skip: int, top: int | None) -> str:
    kept = {name: value for name, value in found.items() if name not in ("$skip", "$top")}
    kept["$skip"] = str(skip)
    if top is not None:
        kept["$top"] = str(top)
    return f"{base}{entity_set.name}?{urlencode(kept, safe='$', quote_via=quote)}"
