"""An order that becomes one sales order for each of its stores: all of them are resolved before the first is written.

The whole order's row stays as it was read and holds the business key of its number; each store has a row with a key of its
own, and a delivery. They are written one after the other. If D365 refuses one, those made stay, the rest are held with it,
and `release` writes what is missing. The whole order is done when each of them is made or rejected; until then it is not
answered.

Knows: rows of an order and of its stores. Does not know: connections, how an order is written to D365.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.documents import OrderResponse
from d365edi.errors import DocumentError
from d365edi.flows.orders import one_row
from d365edi.journal import Delivery, Document, Tx
from d365edi.matching import stores
from d365edi.matching.lines import order_keys
from d365edi.matching.resolution import Resolution
from d365edi.matching.response import CANCELED

FINAL = ("delivered", "rejected")
REFERENCE = "reference"
"""What a row's mention of the customer's reference in D365 is called."""


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """What is written for one store: what of the order is its own, as JSON, the answers, and the plan. Without a store for an
    order as a whole, whose body stays."""

    store: str
    body: str
    answers: Resolution
    payload: bytes


def add(tx: Tx, whole: Document, own: StoreOrder) -> Document | None:
    """The row of an order for one store, which holds its key and its reference in D365; None where it is there already."""
    known = [each for each in of_stores(tx, whole) if each.store == own.store and each.state != "rejected"]
    if known:
        return None
    row = tx.documents.add(
        message=whole.message,
        partner=whole.partner,
        flow=whole.flow,
        kind=whole.kind,
        number=whole.number,
        company=whole.company,
        release=whole.release,
        store=own.store,
        body=own.body,
        map_digest=whole.map_digest,
        interchange=whole.interchange,
        group=whole.group,
        set=whole.set,
    )
    reference = stores.reference(whole.number, own.store)
    taken = tx.documents.claim_key(row.id) or _taken(tx, whole, reference)
    if taken is not None:
        raise DocumentError(
            f"store {own.store} would be {reference} in D365, as PO {taken.number} (message {taken.message}) is",
            remedy=f'enter the order for this store by hand and d365edi reject {whole.number} --why "..."',
        )
    tx.documents.mention(row.id, [(REFERENCE, reference)])
    return row


def _taken(tx: Tx, whole: Document, reference: str) -> Document | None:
    """Another order that has this reference and release in D365."""
    own = tx.documents.referenced(whole.partner, whole.company, reference)
    rows = (*own, *tx.documents.orders(whole.partner, reference, whole.company))
    key = (whole.company, whole.release)
    return next((row for row in rows if (row.company, row.release) == key and row.state != "rejected"), None)


def of_stores(tx: Tx, document: Document) -> list[Document]:
    """The rows for the stores of an order."""
    return [each for each in tx.documents.of_set(document) if each.store]


def settle(tx: Tx, document: Document) -> None:
    """Close the whole order once each store's is made or rejected. To be called when one of them is."""
    if not document.store:
        return
    whole = next((each for each in tx.documents.of_set(document) if not each.store), None)
    states = {each.state for each in of_stores(tx, document)}
    if whole is None or whole.state != "delivering" or not states <= set(FINAL):
        return
    made = "delivered" in states
    tx.documents.set_state(whole.id, "delivered" if made else "rejected", "" if made else document.reason)


def set_aside(tx: Tx, delivery: Delivery, documents: Sequence[Document], sentence: str) -> str:
    """Hold the orders for the other stores that are not written yet with the one that D365 refused. The sentence that names
    what is made and what is not; `sentence` as it stands for an order that has no stores."""
    own = next((each for each in documents if each.store), None)
    if own is None:
        return sentence
    rows = of_stores(tx, own)
    waiting = [each for each in rows if each.state in ("ready", "delivering") and each.id != own.id]
    numbers = {each.store: _made(tx, each) for each in rows if each.state == "delivered"}
    made = ", ".join(f"{store} ({number})" for store, number in numbers.items()) or "none"
    rest = ", ".join(each.store for each in waiting)
    beside = f"; held with it: {rest}" if rest else ""
    held = f"store {own.store}: {sentence}; made: {made}{beside}; release {own.number} writes what is missing"
    for row in waiting:
        for open in tx.deliveries.for_document(row.id):
            if open.state in ("pending", "waiting") and open.id != delivery.id:
                tx.deliveries.quarantined(open.id, held)
        tx.documents.set_state(row.id, "held", held)
        tx.audit.append("held", document=row.id, message=row.message, partner=row.partner, reason=held)
    return held


def _made(tx: Tx, row: Document) -> str:
    receipts = [delivery.receipt for delivery in tx.deliveries.for_document(row.id) if delivery.state == "delivered"]
    return receipts[-1] if receipts else ""


# -- what comes back --------------------------------------------------------------------------------------------------
def gathered(tx: Tx, row: Document, whole: Document, *, apart: bool) -> list[Document] | str:
    """The answers to the orders of all stores that go out as one, those to be sent with `row` among them; with `apart` it alone.

    Instead a sentence while an order is neither made nor rejected, or made and not answered, or while another answer is the
    one to go out with the others."""
    rows = of_stores(tx, whole)
    if open := [each.store for each in rows if each.state not in FINAL]:
        return f"it waits until the order for store {', '.join(open)} is made or rejected"
    if apart or not rows:
        return [row]
    found = [each for each in tx.documents.for_stores(row.partner, row.kind, row.number) if _answers(tx, each, rows)]
    made = {each.store for each in rows if each.state == "delivered"}
    if missing := sorted(made - {each.store for each in found if each.state != "held"}):
        return f"it waits for the answer for store {', '.join(missing)}"
    ready = [each for each in found if each.state == "ready"]
    if ready and ready[0].id != row.id:
        return f"it goes out with the answer for store {ready[0].store}"
    return [each for each in found if each.state != "rejected"]


def _answers(tx: Tx, row: Document, orders: Sequence[Document]) -> bool:
    """Whether an answer is to one of these orders: those for other releases have the same number and stores."""
    own = one_row(tx, row.partner, row.company, order_keys(OrderResponse.from_json(row.body)))
    return own is not None and own.id in {each.id for each in orders}


def one_answer(documents: Sequence[OrderResponse]) -> OrderResponse:
    """The answers for several stores as one: what is said of an order as a whole is said of each of its lines."""
    lines = [
        line.replace(
            state=CANCELED if answer.state == CANCELED else line.state,
            ship_date=line.ship_date or answer.ship_date,
            deliver_date=line.deliver_date or answer.deliver_date,
        )
        for answer in documents
        for line in answer.lines
    ]
    first = documents[0]
    if len(documents) == 1:
        return first
    return first.replace(lines=tuple(lines), sales_order=None, state=None, ship_date=None, deliver_date=None)
