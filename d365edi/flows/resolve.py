"""Opens a document's delivery: pure code asks (whose item, which customer, what unit), this answers from tables, cache and D365.

What is unknown holds that one document with a sentence that names line, value and remedy; `release` asks again. A question never
fails: D365 out of reach means that nobody knows yet, and the document stays ready.

Knows: that there are questions and where they are answered. Does not know: entity names, what an item is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from d365edi.documents import PurchaseOrder
from d365edi.edi.findings import Finding
from d365edi.flows.context import Context
from d365edi.maps import resolve as maps
from d365edi.odata.plan import Query

FRESH = 300.0
"""Seconds an answer of D365 is kept: items and customers change by the day, orders come by the second."""
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """Every answer, or the sentences that hold the document."""

    answers: maps.Answers
    problems: tuple[str, ...] = ()


async def resolve(ctx: Context, document: PurchaseOrder | maps.Outbound, profile: maps.Profile) -> Resolved:
    """Ask and answer. Raises Unavailable when D365 cannot be asked now."""
    asked = maps.questions(document, profile)
    answers, problems = asked.answers, []
    for question in asked.questions:
        rows: list[list[Mapping[str, Any]]] = []
        while (verdict := maps.settle(question, rows)) is None:
            rows.append(await _ask(ctx, question.queries[len(rows)]))
        if isinstance(verdict, Finding):
            problems.append(str(verdict))
        else:
            answers = answers.plus(verdict)
    return Resolved(answers, tuple(problems))


async def _ask(ctx: Context, query: Query) -> list[Mapping[str, Any]]:
    now = ctx.clock()
    kept = ctx.answers.get(query)
    if kept is not None and kept[0] > now:
        return kept[1]
    async with ctx.alone(f"ask:{query}"):
        kept = ctx.answers.get(query)
        if kept is not None and kept[0] > now:
            return kept[1]
        rows: list[Mapping[str, Any]] = [dict(row) for row in await ctx.d365.ask(query)]
        if rows:  # a miss is never kept: it is what someone is mending right now
            if len(ctx.answers) >= MOST:
                ctx.answers.clear()
            ctx.answers[query] = (now + FRESH, rows)
        return rows


def for_company(profile: maps.Profile, company: str, customers: Mapping[str, str]) -> maps.Profile:
    """The partner's profile as it is in one company."""
    return replace(profile, company=company, customer=customers.get(company))
