"""Prepares an order of ours, or an invoice as it was posted, for the vendor: its items get the vendor's numbers, and a later
version of an order says that it replaces.

Knows: where earlier versions are stored, and of what an order was made. Does not know: how an order is stated
(`matching/bought`), connections.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from d365edi.documents import KINDS, Invoice, PurchaseOrder
from d365edi.flows import guard_check, resolve
from d365edi.flows.context import FlowContext
from d365edi.flows.earlier import refused
from d365edi.flows.orders import own_prices
from d365edi.flows.partner import SendFlow, TradingPartner
from d365edi.flows.policy import RELEASED
from d365edi.flows.prepared import Held, Prepared
from d365edi.journal import Document, Tx
from d365edi.matching.bought import to_vendor
from d365edi.matching.their_numbers import vendor_numbers


async def prepare(ctx: FlowContext, partner: TradingPartner, flow: SendFlow, document: Document) -> Prepared | Held:
    """Resolve and map one document. Nothing is stored yet. Raises Unavailable where D365 cannot be asked now."""
    whole = KINDS[document.kind].from_json(document.body)
    assert isinstance(whole, PurchaseOrder | Invoice)
    earlier, released = await ctx.journal.read(lambda tx: (_sent(tx, document), _released(tx, document)))
    if earlier is not None and flow.settings.changed == "hold" and not released:
        return Held((_confirmed_again(document, earlier),))
    profile = replace(partner.profile, company=document.company, vendor=partner.settings.vendor.get(document.company))
    resolved = await resolve.answer(ctx, vendor_numbers(whole, profile))
    writer = flow.writer
    again, orders = earlier is not None, writer.line_orders
    made = to_vendor(whole, resolved.resolution, writer.places, writer.credits, again=again, orders=orders)
    if isinstance(made, tuple) or resolved.problems:
        return Held((*resolved.problems, *(made if isinstance(made, tuple) else ())))
    body = writer.write(made)
    segments = () if isinstance(body, bytes) else body
    prices = await ctx.journal.read(lambda tx: tuple(_held_prices(tx, ctx.partners.values(), document)))
    leaving = guard_check.OutgoingDocument(document, made, None, (), segments, prices=prices)
    return Prepared(document, flow, body, resolved.resolution, leaving)


def _sent(tx: Tx, document: Document) -> Document | None:
    """The latest version of the order that the vendor got, None where this is the first. An invoice has no versions: its
    number is the vendor's own, and each record is one."""
    if document.kind != PurchaseOrder.__name__:
        return None
    found = tx.documents.search(document.number)
    ours = [each for each in found if (each.flow, each.company) == (document.flow, document.company)]
    went = [each for each in ours if each.id != document.id and each.state in ("delivering", "delivered")]
    return next((each for each in went if not refused(tx, each)), None)


def _held_prices(tx: Tx, partners: Iterable[TradingPartner], document: Document) -> Iterator[str]:
    """The prices that D365 put on an order of ours of its own accord, where it was made of a partner's order and that one's flow
    holds what follows."""
    for partner in partners if document.kind == PurchaseOrder.__name__ else ():
        made = tx.documents.made_as(partner.name, document.company, document.number)
        receive = partner.receive_flow(made.flow) if made is not None else None
        if made is not None and receive is not None and receive.settings.buys and receive.settings.price == "hold":
            yield from own_prices(tx, made)


def _released(tx: Tx, document: Document) -> bool:
    return document.reason.startswith(RELEASED) or tx.messages.get(document.message).reason == RELEASED


def _confirmed_again(document: Document, earlier: Document) -> str:
    return (
        f"it was confirmed again after version {earlier.release or earlier.number} was sent; send it as a replacement: "
        f"d365edi release {document.number}, or close it: d365edi reject {document.number}; "
        f'changed = "send" under [partners.{document.flow}] sends such versions by themselves'
    )
