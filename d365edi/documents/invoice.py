"""An invoice: what was shipped under an order, what it costs, and when it is to be paid.

Knows: the invoice as it was meant. Does not know: the message or record it comes from.
"""

from d365edi.documents.base import Amount, Day, Document, SpelledPart, Text
from d365edi.documents.values import (
    Alternative,
    Carrier,
    Charge,
    Contact,
    Distribution,
    Feature,
    Freight,
    ItemIds,
    Moment,
    Pack,
    Parties,
    PricePer,
    Reference,
    StoreQuantity,
    Tax,
    Terms,
    TextNote,
    Totals,
)


class InvoiceLine(SpelledPart):
    """One line. `quantity` is negative on a credit; `price` is for `price_per`, as an order line's is. `alternatives` are other
    items that are named beside its own. `main_account` is the account of the general ledger that a line without an item is for.

    `order_number` and `sales_order` are the order of the line, where the invoice is for several: the buyer's number of it and the
    seller's. `stores` is how much of it is for which store, where that is known. `order_line`, `lot` and `location` say which
    line of our sales order it invoices: its number there, the inventory lot, where it is delivered. They travel in no message;
    the order's own words are found by them. Neither does `tax`, the amount that was posted for the line without a rate; what it
    is, is said by `taxes`."""

    number: Text | None = None
    quantity: Amount | None = None
    unit: Text | None = None
    price: Amount | None = None
    price_basis: Text | None = None
    price_kind: Text | None = None
    price_per: PricePer = PricePer()
    item: ItemIds = ItemIds()
    description: Text | None = None
    description_kind: Text | None = None
    features: tuple[Feature, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    pack: Pack = Pack()
    ship_date: Day | None = None
    dates: tuple[Moment, ...] = ()
    references: tuple[Reference, ...] = ()
    charges: tuple[Charge, ...] = ()
    taxes: tuple[Tax, ...] = ()
    amount: Amount | None = None
    tax: Amount | None = None
    order_number: Text | None = None
    sales_order: Text | None = None
    stores: tuple[StoreQuantity, ...] = ()
    distribution: Distribution = Distribution()
    order_line: int | None = None
    lot: Text | None = None
    location: Text | None = None
    main_account: Text | None = None


class Invoice(Document):
    """An invoice, a credit or a debit note (`sense`). `total` is all of it: lines, charges less allowances, taxes.

    `sales_order` is the seller's own order number, `account` the seller's account of the customer; `seller_tax_id` and
    `buyer_tax_id` are the numbers of both for value added tax as they were posted. They travel as those of the parties."""

    number: Text
    date: Day | None = None
    sense: Text | None = None
    purpose: Text | None = None
    order_number: Text | None = None
    order_date: Day | None = None
    release: Text | None = None
    currency: Text | None = None
    department: Text | None = None
    vendor_number: Text | None = None
    customer_order: Text | None = None
    sales_order: Text | None = None
    bill_of_lading: Text | None = None
    tracking: Text | None = None
    packing_slip: Text | None = None
    original_invoice: Text | None = None
    account: Text | None = None
    seller_tax_id: Text | None = None
    buyer_tax_id: Text | None = None
    ship_date: Day | None = None
    deliver_date: Day | None = None
    dates: tuple[Moment, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    parties: Parties = Parties()
    terms: Terms = Terms()
    freight: Freight = Freight()
    carrier: Carrier = Carrier()
    remarks: tuple[Text, ...] = ()
    notes: tuple[TextNote, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()
    charges: tuple[Charge, ...] = ()
    taxes: tuple[Tax, ...] = ()
    total: Amount | None = None
    discountable: Amount | None = None
    discounted: Amount | None = None
    discount: Amount | None = None
    totals: tuple[Totals, ...] = ()
