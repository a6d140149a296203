"""A vendor's invoice becomes the plan of a pending vendor invoice in D365, or is held.

It is matched with our orders as they are in D365 now, and D365 is asked whether it was posted before; whether it is pending
already is asked when it is written. That it was received before is known to the journal by its key.

Knows: in which order the questions are asked. Does not know: how an invoice is matched, entity names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from d365edi.documents import Document as AnyDocument
from d365edi.documents import Invoice
from d365edi.errors import DocumentError, PlaceRefused, Refused
from d365edi.flows import billed, display_values, resolve
from d365edi.flows.context import FlowContext
from d365edi.flows.messages import document_revision
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.prepared import Held, Planned
from d365edi.flows.resolve import Resolved
from d365edi.journal import Document
from d365edi.maps.d365 import plans as d365
from d365edi.maps.d365.schema import header
from d365edi.maps.table import Table
from d365edi.matching import code_lists, item_numbers, order_match, posted, references, vendor_invoices
from d365edi.matching.billed import ThisInvoice
from d365edi.matching.lines import line_numbers
from d365edi.matching.lookup import Profile, References
from d365edi.matching.order_match import Matched
from d365edi.matching.resolution import Resolution
from d365edi.matching.vendor_invoices import InvoicePolicy, Taken
from d365edi.odata.canonical import day
from d365edi.odata.plan import Query, WritePlan

Rows = list[Mapping[str, Any]]
_NO_SET = "name one as set under d365.charges.order and d365.charges.line of the flow, or handle it by hand"


def policy_of(partner: TradingPartner, receive: ReceiveFlow) -> InvoicePolicy:
    """What was agreed about a flow's invoices, as plain values."""
    settings = receive.settings
    return InvoicePolicy(
        place=f"partners.{receive.name}",
        codes=partner.settings.codes.get("charge", {}),
        same=settings.same,
        price=settings.match.price,
        quantity=settings.match.quantity,
        item=settings.match.item,
        stocked=settings.stocked,
        posted_check=settings.posted_check,
    )


def revision(read: AnyDocument | None, partner: TradingPartner, receive: ReceiveFlow) -> str:
    """What distinguishes received documents of one number: as for all, but of an invoice that we create the vendor that it names,
    and the year where its number counts within one."""
    if not isinstance(read, Invoice) or receive.write_table is None:
        return document_revision(read)
    named = read.parties.vendor.id or read.vendor_number
    several = named if partner.settings.vendors else None
    return " ".join(filter(None, (several, vendor_invoices.year_of(read, receive.settings.same))))


def check(invoice: Invoice, policy: InvoicePolicy, table: Table) -> tuple[Taken, tuple[str, ...]]:
    """The invoice as it is written, and what holds it before D365 is asked: for the daemon and for `check` alike."""
    taken = vendor_invoices.take(invoice, policy)
    return taken, (*taken.problems, *map(str, d365.lacking(table, taken.invoice)))


async def plan(
    ctx: FlowContext, partner: TradingPartner, receive: ReceiveFlow, table: Table, document: Document
) -> Planned | Held:
    """The plan of one invoice. Raises Unavailable where D365 cannot be asked now, Refused where it lets us see no order."""
    policy = policy_of(partner, receive)
    taken, wrong = check(Invoice.from_json(document.body), policy, table)
    profile = resolve.for_receive(partner, receive)
    resolved = await resolve.answer(ctx, references.of_invoice(taken.invoice, profile))
    if problems := (*wrong, *resolved.problems):
        return _held(document, problems)
    currency = resolved.resolution.more.get(code_lists.CURRENCY, taken.invoice.currency)
    taken = replace(taken, invoice=taken.invoice.replace(currency=currency))
    matched = await _matched(ctx, document, taken, resolved.resolution, policy, receive, table)
    again, said = await _posted(ctx, matched.invoice, resolved.resolution, policy, receive.settings.company)
    if isinstance(said, Held):
        return said
    resolved = await _without_order(ctx, matched.invoice, profile, resolved)
    if problems := (*matched.problems, *resolved.problems):
        return _held(document, problems)
    told = replace(resolved.resolution, sources={**resolved.resolution.sources, **matched.sources})
    answers = await display_values.add(ctx, receive, table, await _received(ctx, document, told))
    if isinstance(answers, Held):
        return answers
    made = _plan(table, matched.invoice, taken, answers, receive)
    made = replace(made, extra={**made.extra, **again})
    key = f"{document.partner}:invoice:{document.number}"
    return Planned(made, answers, key, (*resolved.notes, *taken.warnings, *matched.warnings, *said))


async def _matched(
    ctx: FlowContext,
    document: Document,
    taken: Taken,
    answers: Resolution,
    policy: InvoicePolicy,
    receive: ReceiveFlow,
    table: Table,
) -> Matched:
    """The invoice with the order lines that it is for, and what holds it of all that D365 knows but for what was posted."""
    company, sets = receive.settings.company, billed.sets_of(table)
    orders = await _orders(ctx, taken.invoice, company)
    known = await billed.known(ctx, document, receive, sets, (each.number for each in orders))
    found = order_match.match(taken.invoice, orders, answers, policy, known.all)
    if found.over and known.all:
        year = vendor_invoices.year_of(taken.invoice, policy.same)
        own = ThisInvoice(answers.more.get("invoice_vendor", ""), taken.invoice.number, year)
        others = await billed.told_apart(ctx, known, company, sets, own)
        found = order_match.match(taken.invoice, orders, answers, policy, others)
    problems, warnings = found.problems, found.warnings
    if known.unasked and policy.posted_check == "hold":
        problems += (known.unasked,)
    elif known.unasked:
        warnings += (known.unasked,)
    if policy.stocked == "hold" and (query := order_match.stocked_query(found.invoice, company)):
        problems += order_match.stocked(found.invoice, await _ask(ctx, query))
    if receive.settings.lines == "from_order":
        problems += order_match.unmakeable(found.invoice, taken.charges)
    return replace(found, problems=problems, warnings=warnings)


async def _without_order(ctx: FlowContext, invoice: Invoice, profile: Profile, resolved: Resolved) -> Resolved:
    """The answers with those about lines without an order: items of which no variant is known, and main accounts."""
    items = {place: own for place, line in order_match.without_order(invoice) if (own := line.item.own) is not None}
    asked = tuple(item_numbers.masters(profile, replace(resolved.resolution, items=items), invoice.number))
    more = await resolve.answer(ctx, References(resolved.resolution, asked))
    resolved = replace(resolved, problems=more.problems)
    return await _accounted(ctx, invoice, profile, resolved)


async def _accounted(ctx: FlowContext, invoice: Invoice, profile: Profile, resolved: Resolved) -> Resolved:
    """The answers with the main accounts of lines that are for no order and no item."""
    accounts = code_lists.accounted(invoice)
    if not accounts or resolved.problems:
        return resolved
    chart = profile.charts.get(profile.company, "")
    if not chart:
        resolved = await resolve.answer(
            ctx, References(resolved.resolution, (code_lists.chart(profile, invoice.number),))
        )
        chart = resolved.resolution.more.get("chart", "")
    if not chart:
        return resolved
    asked = tuple(code_lists.main_accounts(accounts, chart, profile, invoice.number))
    more = await resolve.answer(ctx, References(resolved.resolution, asked))
    return replace(more, notes=(*resolved.notes, *more.notes))


def _plan(table: Table, invoice: Invoice, taken: Taken, answers: Resolution, receive: ReceiveFlow) -> WritePlan:
    settings = receive.settings
    if settings.lines == "from_order":
        orders = ",".join(dict.fromkeys(filter(None, (line.sales_order for line in invoice.lines))))
        answers = replace(answers, more={**answers.more, "lines": "from_order", "orders": orders})
    numbers = line_numbers([line.number for line in invoice.lines])
    charges = [each.replace(line=numbers[each.line - 1] if each.line else None) for each in taken.charges]
    made = d365.write_plan(table, invoice, answers, company=settings.company, numbers=numbers, charges=charges)
    if sum(len(each.rows) for each in made.further) < len(charges):
        raise DocumentError(f"{made.label} has charges, and no set of D365 takes them", remedy=_NO_SET)
    if settings.lines == "from_order":
        made = replace(made, lines=(), further=(), extra={**made.extra, "several": True})
    if settings.header_reference == "ours":
        account = answers.more.get("invoice_vendor", "")
        own = vendor_invoices.own_reference(settings.company, account, invoice, settings.same)
        made = replace(made, header={**made.header, made.number_field: own})
    if year := vendor_invoices.year_of(invoice, settings.same):
        made = replace(made, extra={**made.extra, "year": {str(header(table).tree["dated"]): year}})
    return made


def _held(document: Document, problems: tuple[str, ...]) -> Held:
    return Held((*problems, remedy(document.number, problems)))


def remedy(number: str, problems: Iterable[str]) -> str:
    """What a person can do about these problems of an invoice, beyond what each says itself."""
    release, close = f"d365edi release {number}", f'or close it: d365edi reject {number} --why "..."'
    if all(release in problem for problem in problems):
        return close
    return f"correct the order or the settings, then: {release}; {close}"


async def _orders(ctx: FlowContext, invoice: Invoice, company: str) -> tuple[order_match.PlacedOrder, ...]:
    """The orders that the invoice names, as they are now."""
    queries = order_match.queries(invoice, company)
    return order_match.orders(await _ask(ctx, queries[0]), await _ask(ctx, queries[1])) if queries else ()


async def _ask(ctx: FlowContext, query: Query) -> Rows:
    """The rows of a query, not from the cache: an order changes with each thing that is done with it."""
    return [dict(row) for row in await ctx.d365.ask(query)]


async def _posted(
    ctx: FlowContext, invoice: Invoice, answers: Resolution, policy: InvoicePolicy, company: str
) -> tuple[dict[str, Any], Held | tuple[str, ...]]:
    """What is looked up again before anything is written, and that it was posted before, or what is to be said where that may
    not be asked."""
    account, year = answers.more.get("invoice_vendor", ""), vendor_invoices.year_of(invoice, policy.same)
    again = {"posted": posted.check(account, invoice.number)}
    try:
        rows = await _ask(ctx, posted.query(company, account, invoice.number))
    except (Refused, PlaceRefused) as error:
        why = f"whether it was posted before may not be asked ({error.message})"
        if policy.posted_check == "warn":
            return {}, (why,)
        remedy = (
            f'let the service user read posted vendor invoices, or write posted_check = "warn" under [{policy.place}]'
        )
        return {}, Held((why, f"{remedy}, then: d365edi release {invoice.number}"))
    if found := posted.found(rows, account, invoice.number, year):
        return {}, Held((found, f'd365edi reject {invoice.number} --why "..."'))
    return again, ()


async def _received(ctx: FlowContext, document: Document, answers: Resolution) -> Resolution:
    """The answers with the day on which the invoice was received."""
    message = await ctx.journal.read(lambda tx: tx.messages.get(document.message))
    at: date = ctx.local(message.received_at).date()
    return replace(answers, more={**answers.more, "received": day(at)})
