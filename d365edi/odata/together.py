"""Questions that differ only in the texts of a choice, asked in few requests: an order of 5,000 lines would ask 5,000 times else.

    merged([A, B, C])   A or B or C as one query, with the queries that it answers
    shares(rows, [A, B]) the rows of its answer that A alone would have got, and those of B

Knows: queries and rows. Does not know: who asks, HTTP.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from d365edi.odata.plan import Query
from d365edi.odata.quoting import comparable

Row = TypeVar("Row", bound=Mapping[str, Any])

LIMIT = 20
"""Texts in one request: 20 are what other clients are known to send."""
CHARACTERS = 400
"""Of all these texts: an address must stay below 2,048 characters, where servers of Microsoft begin to refuse it."""


def merged(queries: Iterable[Query]) -> Iterator[tuple[Query, list[Query]]]:
    """The requests to make, each with the queries that it answers; a query that goes with no other stays as it is."""
    alike: dict[Hashable, list[Query]] = {}
    for query in dict.fromkeys(queries):
        alike.setdefault(_kind(query), []).append(query)
    for group in alike.values():
        yield from _parts(group)


def _kind(query: Query) -> Hashable:
    """What queries have in common that go together: all but the texts of the choice."""
    if query.choice is None or query.top is not None:
        return query
    return query.set, query.filters, query.select, query.orderby, query.skip, query.choice[0]


def _parts(group: Sequence[Query]) -> Iterator[tuple[Query, list[Query]]]:
    part, texts = list[Query](), dict[str, None]()
    for query in group:
        more = dict.fromkeys(query.choice[1]) if query.choice else {}
        if part and (len(texts | more) > LIMIT or sum(map(len, texts | more)) > CHARACTERS):
            yield _one(part, texts), part
            part, texts = [], {}
        part.append(query)
        texts |= more
    yield _one(part, texts), part


def _one(part: Sequence[Query], texts: Iterable[str]) -> Query:
    first = part[0]
    if len(part) == 1 or first.choice is None:
        return first
    return replace(first, choice=(first.choice[0], tuple(texts)))


def shares(rows: Sequence[Row], queries: Iterable[Query]) -> dict[Query, list[Row]]:
    """The rows that each query would have found by itself, as D365 compares text; in the order of the answer. The queries were
    `merged` into the one that was asked."""
    indexes, found = dict[str, dict[Any, list[int]]](), dict[Query, list[Row]]()
    for query in queries:
        if query.choice is None:
            found[query] = list(rows)
            continue
        field, texts = query.choice
        if field not in indexes:
            indexes[field] = _index(rows, field)
        places = {place for text in texts for place in indexes[field].get(comparable(text), ())}
        found[query] = [rows[place] for place in sorted(places)]
    return found


def _index(rows: Sequence[Row], field: str) -> dict[Any, list[int]]:
    index: dict[Any, list[int]] = {}
    for place, row in enumerate(rows):
        index.setdefault(comparable(row.get(field)), []).append(place)
    return index
