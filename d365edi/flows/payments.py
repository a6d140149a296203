"""A received remittance becomes the plan of a payment journal, of a vendor or of a customer.

Knows: in which order a payment is checked and asked about. Does not know: what is wrong with a payment (`matching.payments`),
entity names, connections.
"""

from collections.abc import Iterator

from d365edi.documents import Remittance
from d365edi.edi.findings import Finding
from d365edi.errors import PlaceRefused, Refused
from d365edi.flows import begun, display_values, resolve
from d365edi.flows.context import FlowContext
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.prepared import Held, Planned, Waits
from d365edi.journal import Document
from d365edi.maps.d365 import plans
from d365edi.maps.payment import balance
from d365edi.maps.table import Table
from d365edi.matching import payments
from d365edi.matching.intake import IntakePolicy
from d365edi.matching.references import find_references
from d365edi.odata import together


def check(payment: Remittance, policy: IntakePolicy, table: Table) -> Iterator[Finding]:
    """What holds a payment before D365 is asked: for the daemon and for `check` alike."""
    found = [*payments.findings(payment), *balance(payment)]
    if policy.short_paid == "hold":
        found += payments.short(payment)
    yield from found
    for finding in plans.unwritten(table, payment, policy.said):
        if finding.where.segment not in policy.ignore:
            yield finding
    if not found:
        yield from plans.lacking(table, payment)


async def plan(
    ctx: FlowContext, partner: TradingPartner, receive: ReceiveFlow, table: Table, document: Document
) -> Planned | Held | Waits:
    """The journal of one payment, or why it is held. Raises as `resolve.answer`. Journals of one name are written one after the
    other: D365 lets lines that are written side by side collide."""
    payment = Remittance.from_json(document.body)
    if found := tuple(map(str, check(payment, receive.policy, table))):
        return Held(found)
    resolved = await resolve.answer(ctx, find_references(payment, resolve.for_receive(partner, receive)))
    if resolved.problems:
        return Held(resolved.problems)
    answers = await display_values.add(ctx, receive, table, resolved.resolution)
    if isinstance(answers, Held):
        return answers
    company = receive.settings.company
    made = plans.write_plan(table, payment, answers, company=company)
    key = f"{company}:journal:{made.lookup['JournalName']}".casefold()
    if other := await ctx.journal.read(lambda tx: begun.elsewhere(tx, document, key, made.label)):
        return Waits(other)
    account = answers.of("invoice_vendor", 0, None) or answers.invoice_customer or ""
    unknown, warnings = await _unknown(ctx, partner, receive, payment, account)
    if unknown and receive.settings.unknown_invoice == "hold":
        return Held(unknown)
    short = tuple(each.message for each in payments.short(payment))
    return Planned(made, answers, key, (*resolved.notes, *short, *unknown, *warnings))


async def _unknown(
    ctx: FlowContext, partner: TradingPartner, receive: ReceiveFlow, payment: Remittance, account: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The invoices that D365 does not show as posted; a warning where it shows none of them to us."""
    creates, profile = receive.settings.create or "", resolve.for_receive(partner, receive)
    rows: resolve.Rows = []
    for query, _ in together.merged(payments.posted(payment, creates, profile)):
        try:
            rows += await ctx.d365.ask(query)
        except (Refused, PlaceRefused) as error:
            return (), (f"whether its invoices are posted is left to D365, which does not show them: {error.message}",)
    tried = receive.settings.unknown_invoice == "try"
    return tuple(map(str, payments.unknown(payment, creates, profile.company, account, rows, tried=tried))), ()
