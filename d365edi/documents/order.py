"""What every message about an order says of it: the order itself, a change of it, and the answers to both.

Knows: what an order holds. Does not know: what one message adds to it.
"""

from d365edi.documents.base import Amount, Day, Document, SpelledPart, Text
from d365edi.documents.values import (
    Alternative,
    Carrier,
    Charge,
    Component,
    Contact,
    DeliverySchedule,
    Distribution,
    Feature,
    Freight,
    ItemIds,
    Moment,
    Pack,
    Parties,
    Price,
    PricePer,
    Reference,
    StoreQuantity,
    Tax,
    Terms,
    TextNote,
    TradeParty,
)


class OrderLine(SpelledPart):
    """One line. `number` is the buyer's own id of the line, None where they sent none.

    `alternatives` are other items beside it. `deliver_from` is the first day on which it may arrive.

    `price` is as they stated it: for `price_per`, and `price_basis` and `price_kind` are words for what it is for and what
    kind of price it is (`matching/prices.toml`), with their own codes in `kept`.

    `stores` is how much of it goes to which store, counted as `distribution` says; `schedules` when how much of it is
    to come; `components` what it consists of. `ship_to` is the place of its own that a line may have. A line that is a part
    of another one names that one as `parent`, and by `parent_kind` in which way."""

    number: Text | None = None
    parent: Text | None = None
    parent_kind: Text | None = None
    quantity: Amount | None = None
    unit: Text | None = None
    price: Amount | None = None
    price_basis: Text | None = None
    price_kind: Text | None = None
    price_per: PricePer = PricePer()
    item: ItemIds = ItemIds()
    alternatives: tuple[Alternative, ...] = ()
    description: Text | None = None
    description_kind: Text | None = None
    features: tuple[Feature, ...] = ()
    pack: Pack = Pack()
    prices: tuple[Price, ...] = ()
    ship_from: Day | None = None
    ship_by: Day | None = None
    deliver_from: Day | None = None
    deliver_by: Day | None = None
    dates: tuple[Moment, ...] = ()
    references: tuple[Reference, ...] = ()
    charges: tuple[Charge, ...] = ()
    taxes: tuple[Tax, ...] = ()
    carrier: Carrier = Carrier()
    distribution: Distribution = Distribution()
    ship_to: TradeParty = TradeParty()
    stores: tuple[StoreQuantity, ...] = ()
    schedules: tuple[DeliverySchedule, ...] = ()
    components: tuple[Component, ...] = ()
    texts: tuple[Text, ...] = ()


class OrderContent(Document):
    """An order as any message describes it. `release` counts the releases of a blanket order; the ship window is from
    `ship_from` to `ship_by`, that for its arrival from `deliver_from` to `deliver_by`; `schedules` is what is said of the
    deliveries of the order as a whole; `cancel_after` is the day from which it is void."""

    number: Text
    purpose: Text | None = None
    type: Text | None = None
    release: Text | None = None
    date: Day | None = None
    contract: Text | None = None
    acknowledgment: Text | None = None
    currency: Text | None = None
    department: Text | None = None
    vendor_number: Text | None = None
    customer_order: Text | None = None
    sales_requirement: Text | None = None
    ship_from: Day | None = None
    ship_by: Day | None = None
    deliver_from: Day | None = None
    deliver_by: Day | None = None
    cancel_after: Day | None = None
    dates: tuple[Moment, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    schedules: tuple[DeliverySchedule, ...] = ()
    parties: Parties = Parties()
    terms: Terms = Terms()
    freight: Freight = Freight()
    carrier: Carrier = Carrier()
    charges: tuple[Charge, ...] = ()
    taxes: tuple[Tax, ...] = ()
    notes: tuple[TextNote, ...] = ()
    total: Amount | None = None
