"""Questions that differ only in the texts of a choice, asked in few requests: an order of 5,000 lines would ask 5,000 times else.

    merged([A, B, C])   A or B or C as one query, with the queries that it answers
    share(rows, A)      the rows of its answer that A alone would have got

Knows: queries and rows. Does not know: who asks, HTTP.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from d365edi.odata.plan import Query
from d365edi.odata.quoting import same_text

Row = TypeVar("Row", bound=Mapping[str, Any])

LIMIT = 20
"""Texts in one request: 20 are what other clients are known to send."""
CHARACTERS = 400
"""Of all these texts: an address must stay below 2,048 characters, where servers of Microsoft begin to refuse it."""


def merged(queries: Iterable[Query]) -> Iterator[tuple[Query, list[Query]]]:
    """The requests to make, each with the queries that it answers; a query that goes with no other stays as it is."""
    alike: dict[Query, list[Query]] = {}
    for query in dict.fromkeys(queries):
        key = replace(query, choice=(query.choice[0], ())) if query.choice and query.top is None else query
        alike.setdefault(key, []).append(query)
    for group in alike.values():
        yield from _parts(group)


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


def share(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that a query would have found by itself, as D365 compares text."""
    if query.choice is None:
        return list(rows)
    field, texts = query.choice
    return [row for row in rows if any(same_text(row.get(field), text) for text in texts)]
