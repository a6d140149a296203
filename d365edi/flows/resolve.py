"""Resolves the references of a document (items, customer, units): pure code asks, this answers from tables, cache and D365.

An unknown reference holds that one document with a sentence that names line, value and remedy; `release` asks again. While
D365 is unreachable nothing is decided and the document stays ready.

Knows: where references are looked up. Does not know: entity names, what an item is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from d365edi.documents import PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.flows.context import FlowContext
from d365edi.matching.references import Outbound, Profile, find_references
from d365edi.matching.references import resolve as resolve_reference
from d365edi.matching.resolution import Resolution, ResolvedReference
from d365edi.odata import together
from d365edi.odata.plan import Query

Rows = list[Mapping[str, Any]]

FRESH = 300.0
"""Seconds an answer of D365 is cached: items and customers change daily, orders arrive every second."""
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answers, and the sentences that hold the document."""

    resolution: Resolution
    problems: tuple[str, ...] = ()


async def resolve(ctx: FlowContext, document: PurchaseOrder | Outbound, profile: Profile) -> Resolved:
    """Resolve every reference. Raises Unavailable when D365 cannot be asked now.

    The first queries of all references are asked together, then the second queries of those that are still open."""
    found = find_references(document, profile)
    rows: list[list[Rows]] = [[] for _ in found.unresolved]
    verdicts = [resolve_reference(reference, []) for reference in found.unresolved]
    while waiting := [place for place, verdict in enumerate(verdicts) if verdict is None]:
        queries = {place: found.unresolved[place].queries[len(rows[place])] for place in waiting}
        answered = await _ask(ctx, queries.values())
        for place, query in queries.items():
            rows[place].append(answered[query])
            verdicts[place] = resolve_reference(found.unresolved[place], rows[place])
    resolution = found.resolution.plus(*(verdict for verdict in verdicts if isinstance(verdict, ResolvedReference)))
    return Resolved(resolution, tuple(str(verdict) for verdict in verdicts if isinstance(verdict, Finding)))


async def _ask(ctx: FlowContext, queries: Iterable[Query]) -> dict[Query, Rows]:
    """The rows of each query: from the cache, else from D365, several queries in one request."""
    found: dict[Query, Rows] = {}
    unknown = list[Query]()
    for query in queries:
        cached = _cached(ctx, query)
        if cached is None:
            unknown.append(query)
        else:
            found[query] = cached
    for request, parts in together.merged(unknown):
        async with ctx.alone(f"ask:{request}"):
            known = {query: cached for query in parts if (cached := _cached(ctx, query)) is not None}
            if len(known) < len(parts):
                rows: Rows = [dict(row) for row in await ctx.d365.ask(request)]
                known = {query: _cache(ctx, query, together.share(rows, query)) for query in parts}
            found |= known
    return found


def _cached(ctx: FlowContext, query: Query) -> Rows | None:
    until, rows = ctx.answers.get(query, (0.0, []))
    return rows if until > ctx.clock() else None


def _cache(ctx: FlowContext, query: Query, rows: Rows) -> Rows:
    if rows:  # a miss is never cached: someone may be adding the record right now
        if len(ctx.answers) >= MOST:
            ctx.answers.clear()
        ctx.answers[query] = (ctx.clock() + FRESH, rows)
    return rows


def for_company(profile: Profile, company: str, customers: Mapping[str, str]) -> Profile:
    """The partner's profile for one company."""
    return replace(profile, company=company, customer=customers.get(company))
