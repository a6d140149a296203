"""Records of D365 fetched whole, many at once: each set is asked once for all of them, and the rows are matched here.

    headers      one OR-chain over the field of the key that differs most
    each join    the same over the field that it is joined by; where all have one value, over the values of the lines

What D365 refuses is asked for record by record, so that it is missing of those alone of which it is refused. An optional set
that is refused for two records in a row is taken for refused for the others, too: where a tenant does not show it, it
shows it of none.

Knows: the client, remotes. Does not know: entities, partners, what a record means.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from d365edi.endpoints.base import Remote
from d365edi.endpoints.d365 import catalog, compare_lines
from d365edi.endpoints.d365.client import Client, NoSuchSet, Record
from d365edi.errors import EndpointError, Refused
from d365edi.odata import canonical, quoting
from d365edi.odata.plan import REFUSED, WANTED, Join, Query

MISSING = "_missing"
"""The key of a fetched message under which optional joins that were refused are listed, each with the reason."""
TOGETHER = 20
"""Records that are fetched at once: an address has room for so many values."""
ADDRESS = 2000
"""Characters of an address: servers of Microsoft begin to refuse it at 2,048."""
SHARED = 64 << 20
"""Bytes of rows that are fetched for several records at once; more are fetched for each by itself."""
EMPTY = (None, "", 0, "1900-01-01T12:00:00Z", "1900-01-01T00:00:00Z")
"""What D365 keeps where a field is empty."""
ENOUGH = 2
"""Records in a row of which an optional set is refused before it is not asked for any more."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows of a set with exactly these values, and with one of those values where there are some."""

    set: str
    values: Mapping[str, Any]
    among: tuple[str, tuple[str, ...]] | None
    select: tuple[str, ...]
    orderby: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """A record on its way: what is to be fetched, and what is there of it. `error`: why it is not fetched."""

    remote: Remote
    set: str = ""
    key: Mapping[str, Any] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()
    message: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    error: EndpointError | None = None

    @property
    def header(self) -> Mapping[str, Any] | None:
        """The header; None where it is not shown, so that nothing can be joined to it."""
        return None if self.error or self.set in self.refused else self.message["header"]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Fetches what remotes name. `name` is the endpoint's."""

    client: Client
    name: str

    async def fetch(self, remotes: Sequence[Remote], limit: int) -> list[bytes | EndpointError]:
        """Each record and its joins as canonical JSON (see `odata.plan.ReadPlan`), or why it cannot be had: it is gone, it has
        more than `limit` bytes. Raises Unavailable for all.

        A set that D365 does not let us read is empty; an optional join says why under MISSING, what the message needs
        under REFUSED."""
        drafts = [self._draft(remote) for remote in remotes]
        alike: dict[tuple[Any, ...], list[_Draft]] = {}
        for draft in drafts:
            if draft.error is None:
                alike.setdefault((draft.set, draft.select, str(draft.joins)), []).append(draft)
        for group in alike.values():
            await self._headers(group)
            for join in group[0].joins:
                await self._join(join, [draft for draft in group if draft.header is not None])
        return [draft.error or self._finished(draft, limit) for draft in drafts]

    def _draft(self, remote: Remote) -> _Draft:
        try:
            wanted = canonical.loads(remote.id)
            joins = tuple(_as_join(each) for each in wanted["joins"])
            return _Draft(remote, wanted["set"], wanted["key"], tuple(wanted["select"]), joins)
        except (ValueError, TypeError, KeyError):
            error = Refused(f"{remote.name} does not say what to fetch: list anew", endpoint=self.name)
            return _Draft(remote, error=error)

    async def _headers(self, drafts: Sequence[_Draft]) -> None:
        first = drafts[0]
        more = [*first.key, *(ours for join in first.joins for ours in join.on.values())] if first.select else []
        select = tuple(dict.fromkeys((*first.select, *more)))
        wanted = [_Wanted(each.set, each.key, None, select, ()) for each in drafts]
        for draft, rows in zip(drafts, await self._rows(wanted, optional=False), strict=True):
            name = draft.remote.name
            if isinstance(rows, Refused):
                draft.message["header"], draft.refused[draft.set] = {}, rows.message
            elif not rows:
                draft.error = Refused(f"{name} is not there any more in {draft.set}", endpoint=self.name)
            elif len(rows) > 1:
                draft.message["header"] = {}
                draft.refused[draft.set] = f"{name} is there {len(rows)} times in {draft.set}"
            else:
                draft.message["header"] = rows[0]

    async def _join(self, join: Join, drafts: Sequence[_Draft]) -> None:
        """The rows of one join of each record; none, without asking, where a value to join by is empty (it would find every
        other row)."""
        asked = list[tuple[_Draft, _Wanted]]()
        for draft in drafts:
            draft.message[join.name] = []
            wanted = _of_join(join, draft.message)
            if wanted is not None:
                asked.append((draft, wanted))
        found = await self._rows([wanted for _, wanted in asked], optional=join.optional)
        for (draft, _), rows in zip(asked, found, strict=True):
            if not isinstance(rows, Refused):
                draft.message[join.name] = rows
            elif join.optional:
                draft.missing[join.name] = rows.message
            else:
                draft.refused[join.set] = rows.message

    def _finished(self, draft: _Draft, limit: int) -> bytes | EndpointError:
        message = draft.message
        if draft.missing:
            message[MISSING] = draft.missing
        if draft.refused:
            message |= {REFUSED: draft.refused, WANTED: draft.remote.id}
        data = canonical.dumps(message)
        if len(data) <= limit:
            return data
        return Refused(f"{draft.remote.name} has {len(data)} bytes; {limit} are allowed", endpoint=self.name)

    async def _rows(self, wanted: Sequence[_Wanted], *, optional: bool) -> list[list[Record] | Refused]:
        """The rows of each that is wanted, of one set and by the same fields, or why D365 refuses them."""
        if not wanted:
            return []
        try:
            return list(await self._together(wanted))
        except Refused as error:
            if len(wanted) == 1 or isinstance(error, NoSuchSet):
                return [error] * len(wanted)
        found = list[list[Record] | Refused]()
        for each in wanted:
            last = found[-ENOUGH:]
            given_up = optional and len(last) == ENOUGH and all(isinstance(rows, Refused) for rows in last)
            found += [last[-1]] if given_up else await self._rows([each], optional=optional)
        return found

    async def _together(self, wanted: Sequence[_Wanted]) -> list[list[Record]]:
        first = wanted[0]
        client = self.client.within(SHARED) if len(wanted) > 1 else self.client
        rows = [row for query in _queries(wanted) for row in await client.rows(query)]
        index = compare_lines.index(tuple(first.values), rows)
        return [_share(each, index) for each in wanted]


def _share(wanted: _Wanted, index: Mapping[tuple[Any, ...], Sequence[Record]]) -> list[Record]:
    rows = index.get(compare_lines.values_of(tuple(wanted.values), wanted.values), [])
    if wanted.among is None:
        return list(rows)
    theirs, values = wanted.among
    known = {compare_lines.values_of((theirs,), {theirs: value}) for value in values}
    return [row for row in rows if compare_lines.values_of((theirs,), {theirs: str(row.get(theirs))}) in known]


def _of_join(join: Join, message: Mapping[str, Any]) -> _Wanted | None:
    """What one join asks for; None where nothing can be found."""
    values = {theirs: message["header"].get(ours) for theirs, ours in join.on.items()}
    if not values or any(value in (None, "") for value in values.values()):
        return None
    among = None
    for theirs, ours in join.among.items():
        among = theirs, _among(join, ours, message)
        if not among[1]:
            return None
    fields = (*join.select, *values, *((among[0],) if among else ()))
    return _Wanted(join.set, values, among, tuple(dict.fromkeys(fields)) if join.select else (), join.orderby)


def _among(join: Join, ours: str, message: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of a field in the lines and in the rows of the joins before, without what the header says itself."""
    header: Mapping[str, Any] = message["header"]
    rows = (row for rows in message.values() if isinstance(rows, list) for row in rows if ours in row)
    instead = header.get(join.empty_is.get(ours, ""))
    values = (instead if row[ours] in EMPTY else row[ours] for row in rows)
    own = str(header.get(join.own, "")).rstrip(" ").casefold()
    found = {str(value) for value in values if value not in EMPTY}
    return tuple(sorted(value for value in found if not own or value.rstrip(" ").casefold() != own))


def _queries(wanted: Sequence[_Wanted]) -> Iterator[Query]:
    """The queries that find all that is wanted, and perhaps more: by what is the same for all, and by the field that differs
    most. Raises Refused for what OData cannot say."""
    first = wanted[0]
    kinds = {name: {compare_lines.values_of((name,), each.values) for each in wanted} for name in first.values}
    same = {name: first.values[name] for name, values in kinds.items() if len(values) == 1}
    base = Query(first.set, catalog.where(first.set, same), first.select, first.orderby)
    if len(same) < len(kinds):
        name = max(kinds, key=lambda each: len(kinds[each]))
        terms = [catalog.where(first.set, {name: each.values[name]})[0] for each in wanted]
    elif first.among is not None:
        terms = [quoting.eq(first.among[0], value) for each in wanted if each.among for value in each.among[1]]
    else:
        yield base
        return
    yield from _chains(base, list(dict.fromkeys(terms)))


def _chains(base: Query, terms: Sequence[str]) -> Iterator[Query]:
    """A query for each part of the terms that an address has room for."""
    part = list[str]()
    for term in terms:
        if part and (len(part) == 2 * TOGETHER or len(quoting.address(_chain(base, [*part, term]))) > ADDRESS):
            yield _chain(base, part)
            part = []
        part.append(term)
    yield _chain(base, part)


def _chain(base: Query, terms: Sequence[str]) -> Query:
    choice = terms[0] if len(terms) == 1 else "(" + " or ".join(terms) + ")"
    return replace(base, filters=(*base.filters, choice))


def _as_join(written: Mapping[str, Any]) -> Join:
    return Join(**{**written, "select": tuple(written["select"]), "orderby": tuple(written["orderby"])})
