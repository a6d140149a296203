"""What becomes of a record that a vendor of ours gets: an order of ours, in the vendor's item numbers.

It answers nothing of theirs: all that is said is in the record. What cannot be stated without saying something else holds it.

Knows: purchase orders of ours, the vendor's numbers. Does not know: the journal, D365, how a set is written.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from d365edi.documents import PurchaseOrder
from d365edi.documents.values import ItemIds
from d365edi.matching import prices, stating
from d365edi.matching.resolution import PartnerNumbers, Resolution

CENT, ZERO = Decimal("0.01"), Decimal(0)


def to_vendor(
    order: PurchaseOrder, resolution: Resolution, places: stating.PricePlaces, *, again: bool
) -> PurchaseOrder | tuple[str, ...]:
    """The order as the vendor gets it, or the sentences that hold it. `again`: another version of it was sent before."""
    if problems := tuple(_problems(order)):
        return problems
    lines = [
        line.replace(item=_numbered(line.item, resolution.theirs.get(number, PartnerNumbers())))
        for number, line in enumerate(order.lines, 1)
    ]
    order = order.replace(lines=tuple(lines), purpose="replace" if again else order.purpose)
    stated: PurchaseOrder = stating.stated(order, None, [None] * len(lines), places)[0]
    return stated


def _numbered(item: ItemIds, known: PartnerNumbers) -> ItemIds:
    """The numbers of an item with the vendor's, where the record has none."""
    found = {name: getattr(item, name) or getattr(known, name) for name in ("vendor", "gtin")}
    return item.replace(**found)


def _problems(order: PurchaseOrder) -> Iterator[str]:
    """Why an order says less than what was ordered: prices that do not come to its total are prices with a discount."""
    for number, line in enumerate(order.lines, 1):
        if line.quantity is not None and line.quantity <= 0:
            yield f"line {line.number or number} orders {line.quantity}: a return is no order; reject this one"
    if order.total is None:
        return
    amounts = [prices.extended(line) for line in order.lines]
    goods = sum((amount or ZERO for amount in amounts), ZERO)
    goods += sum(((charge.amount or ZERO) * (1 if charge.kind == "charge" else -1) for charge in order.charges), ZERO)
    goods += sum((tax.amount or ZERO for tax in order.taxes), ZERO)
    if goods.quantize(CENT, ROUND_HALF_UP) != order.total.quantize(CENT, ROUND_HALF_UP):
        yield (
            f"it comes to {order.total} in D365, and its lines and charges to {goods:f}: a discount or a charge of a line cannot "
            "be stated; send it by hand and reject this one, or put it into the prices in D365 and confirm the order again"
        )
