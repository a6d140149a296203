"""Resolves the references of a document (items, customer, units): pure code asks, this answers from tables, cache and D365.

An unknown reference holds that one document with a sentence that names line, value and remedy; `release` asks again. While
D365 is unreachable nothing is decided and the document stays ready.

Knows: where references are looked up. Does not know: entity names, what an item is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from d365edi.documents import PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.errors import PlaceRefused, Refused
from d365edi.flows import intake
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.matching import item_numbers
from d365edi.matching.lookup import Profile, References, UnresolvedReference
from d365edi.matching.references import find_references
from d365edi.matching.references import resolve as resolve_reference
from d365edi.matching.resolution import Resolution, ResolvedReference
from d365edi.matching.their_numbers import Outbound
from d365edi.odata import together
from d365edi.odata.plan import Query

Rows = list[Mapping[str, Any]]
NotAsked = Refused | PlaceRefused
"""Why a query has no answer: it is refused, or the set is not there."""

FRESH = 300.0
"""Seconds an answer of D365 is cached: items and customers change daily, orders arrive every second."""
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """The answers, the sentences that hold the document, and those that only warn."""

    resolution: Resolution
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def resolve(ctx: FlowContext, document: PurchaseOrder | Outbound, profile: Profile) -> Resolved:
    """Resolve every reference of a document. Raises as `answer`."""
    found = await answer(ctx, find_references(document, profile))
    if not isinstance(document, PurchaseOrder):
        return found
    masters = tuple(item_numbers.masters(profile, found.resolution, document.number))
    more = await answer(ctx, References(found.resolution, masters))
    return Resolved(more.resolution, (*found.problems, *more.problems), (*found.notes, *more.notes))


async def answer(ctx: FlowContext, found: References) -> Resolved:
    """Resolve references. Raises Unavailable when D365 cannot be asked now or has no such set, Refused where it does not let
    us ask for something that every document needs.

    The first queries of all references are asked together, then the second queries of those that are still open; all numbers
    of an item at once."""
    rows: list[list[Rows]] = [[] for _ in found.unresolved]
    verdicts = [resolve_reference(reference, []) for reference in found.unresolved]
    while waiting := [place for place, verdict in enumerate(verdicts) if verdict is None]:
        queries = {place: found.unresolved[place].wanted(len(rows[place])) for place in waiting}
        answered = await _ask(ctx, dict.fromkeys(query for each in queries.values() for query in each))
        for place, wanted in queries.items():
            verdicts[place] = _verdict(ctx, found.unresolved[place], rows[place], [answered[query] for query in wanted])
    decided = [verdict for verdict in verdicts if isinstance(verdict, ResolvedReference)]
    problems = tuple(str(verdict) for verdict in verdicts if isinstance(verdict, Finding))
    notes = tuple(note for verdict in decided for note in verdict.notes)
    return Resolved(found.resolution.plus(*decided), problems, notes)


def _verdict(
    ctx: FlowContext, reference: UnresolvedReference, rows: list[Rows], answers: Sequence[Rows | NotAsked]
) -> Finding | ResolvedReference | None:
    """What a reference is after further answers, which are added to `rows`. Of several at once one may be refused."""
    refused = [answer for answer in answers if isinstance(answer, NotAsked)]
    if refused and len(refused) == len(answers):
        return _refused(reference, refused[0])
    rows += [[] if isinstance(answer, NotAsked) else answer for answer in answers]
    verdict = resolve_reference(reference, rows)
    if isinstance(verdict, Finding):
        _forget(ctx, reference)
    elif verdict is not None and (reference.agree or reference.kind == "location"):
        _keep_misses(ctx, reference, rows)
    return verdict


def _keep_misses(ctx: FlowContext, reference: UnresolvedReference, rows: Sequence[Rows]) -> None:
    """Numbers of an item that D365 does not know beside one that it does are not asked for again with each order, nor the ways
    in which a place was looked for before it was found."""
    for query, found in zip(reference.queries, rows, strict=False):
        if not found:
            ctx.answers[query] = (ctx.clock() + FRESH, found)


def _refused(reference: UnresolvedReference, error: NotAsked) -> Finding | ResolvedReference:
    """What a reference is that D365 does not let us look up. Raises the error where that is no reason to hold one document."""
    if reference.optional:
        known = reference.miss if isinstance(reference.miss, ResolvedReference) else None
        return known or ResolvedReference(reference.kind, "", reference.lines, reference.subject)
    if reference.refused is None:
        raise error
    if isinstance(reference.refused, ResolvedReference):
        return reference.refused
    return replace(reference.refused, message=f"{reference.refused.message} ({error.message})")


async def _ask(ctx: FlowContext, queries: Iterable[Query]) -> dict[Query, Rows | NotAsked]:
    """The rows of each query: from the cache, else from D365, several queries in one request; or why it may not be asked."""
    found: dict[Query, Rows | NotAsked] = {}
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
                try:
                    rows: Rows = [*await ctx.d365.ask(request)]
                except (Refused, PlaceRefused) as error:
                    found |= dict.fromkeys(parts, error)
                    continue
                known = {query: _cache(ctx, query, share) for query, share in together.shares(rows, parts).items()}
            found |= known
    return found


def _forget(ctx: FlowContext, reference: UnresolvedReference) -> None:
    """Ask again the next time: rows among which nothing was found are a miss, too."""
    for query in reference.queries:
        ctx.answers.pop(query, None)


def _cached(ctx: FlowContext, query: Query) -> Rows | None:
    until, rows = ctx.answers.get(query, (0.0, []))
    return rows if until > ctx.clock() else None


def _cache(ctx: FlowContext, query: Query, rows: Rows) -> Rows:
    if rows:  # a miss is never cached: someone may be adding the record right now
        if len(ctx.answers) >= MOST:
            ctx.answers.clear()
        ctx.answers[query] = (ctx.clock() + FRESH, rows)
    return rows


def for_receive(partner: TradingPartner, receive: ReceiveFlow) -> Profile:
    """The partner's profile for the orders of one flow."""
    profile = for_company(partner.profile, receive.settings.company, partner.settings.customer)
    if receive.settings.buys:
        vendor = partner.settings.vendor.get(receive.settings.company)
        profile = replace(profile, buys=True, vendor=vendor, vendors=partner.settings.vendors)
    tree, parts = receive.table.tree, ("ship_to", "id")
    head = intake.place(receive.table, _inside(tree, "fields", "parties", *parts))
    line = intake.place(receive.table, _inside(tree, "lines", *parts))
    flow = receive.policy.place
    profile = replace(profile, gtin_unit=receive.settings.gtin_unit)
    return replace(profile, ship_to=receive.settings.ship_to, flow=flow, ship_to_place=head, line_place=line)


def _inside(tree: Any, *keys: str) -> object:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def for_company(profile: Profile, company: str, customers: Mapping[str, str]) -> Profile:
    """The partner's profile for one company."""
    return replace(profile, company=company, customer=customers.get(company))
