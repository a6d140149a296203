"""What documents are made of: parties, item numbers, charges, taxes, terms, freight, notes.

Codes for which the standards' tables have words (`maps/codes`: purposes, charges and how they are handled, taxes, what days
count from) are words, with the partner's own code in `kept`. Other codes (a party's role, a qualifier) are as the partner sent
them: they are echoed within their standard.

Knows: business values. Does not know: which segment or entity they come from.
"""

from d365edi.documents.base import Amount, Day, SpelledPart, Text, Value


class Reference(SpelledPart):
    """A reference number; `qualifier` says whose and of what."""

    qualifier: Text | None = None
    value: Text | None = None
    description: Text | None = None


class Moment(SpelledPart):
    """A day (and a time as sent, HHMM or longer) with the meaning its qualifier gives it. Of a period it is the first day, and
    `time` the last. `text` is what is no day (a month, a week) as it was sent, `form` the code that says how it is written."""

    qualifier: Text | None = None
    date: Day | None = None
    time: Text | None = None
    text: Text | None = None
    form: Text | None = None


class Contact(SpelledPart):
    """A person or desk; numbers with their kind (TE telephone, FX fax, EM mail)."""

    function: Text | None = None
    name: Text | None = None
    number_kind: Text | None = None
    number: Text | None = None
    second_kind: Text | None = None
    second: Text | None = None
    third_kind: Text | None = None
    third: Text | None = None


class TradeParty(SpelledPart):
    """A party: a name, the id the partner knows them by with what kind of id it is, an address, and the number under which it
    pays value added tax."""

    role: Text | None = None
    name: Text | None = None
    id_kind: Text | None = None
    id: Text | None = None
    second_name: Text | None = None
    third_name: Text | None = None
    street: Text | None = None
    second_street: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country: Text | None = None
    location_kind: Text | None = None
    location: Text | None = None
    tax_id: Text | None = None
    contact: Contact = Contact()


class Parties(Value):
    """The parties of the trade, each by its role; a party with another role is in `others`."""

    buyer: TradeParty = TradeParty()
    ship_to: TradeParty = TradeParty()
    bill_to: TradeParty = TradeParty()
    vendor: TradeParty = TradeParty()
    ship_from: TradeParty = TradeParty()
    remit_to: TradeParty = TradeParty()
    mark_for: TradeParty = TradeParty()
    others: tuple[TradeParty, ...] = ()


class ItemId(Value):
    """An item number of a kind that has no field of its own."""

    qualifier: Text
    id: Text


class VariantIds(Value):
    """Which variant of a product master an item of ours is, in D365's product dimensions."""

    color: Text | None = None
    configuration: Text | None = None
    size: Text | None = None
    style: Text | None = None
    version: Text | None = None


class ItemIds(Value):
    """What a line is about: the GTIN (as sent: 8, 12, 13 or 14 digits), the buyer's, the vendor's and our own number,
    and others; which variant of ours it is."""

    gtin: Text | None = None
    buyer: Text | None = None
    vendor: Text | None = None
    own: Text | None = None
    others: tuple[ItemId, ...] = ()
    variant: VariantIds = VariantIds()


class Pack(Value):
    """How a unit is packed: `count` inner units in one ordered unit, each of `size` `size_unit`."""

    count: Amount | None = None
    size: Amount | None = None
    size_unit: Text | None = None
    packaging: Text | None = None
    weight_kind: Text | None = None
    weight: Amount | None = None
    weight_unit: Text | None = None
    inner: Amount | None = None


class Feature(SpelledPart):
    """One described characteristic: colour, size, style ... or further text of a description."""

    type: Text | None = None
    characteristic: Text | None = None
    agency: Text | None = None
    code: Text | None = None
    text: Text | None = None


class PricePer(Value):
    """What a price is for: so many of a unit. Where both are None, one of the unit that is ordered or billed."""

    quantity: Amount | None = None
    unit: Text | None = None


class Price(SpelledPart):
    """A price that is not the price of the line: retail, suggested, catalogue."""

    trade: Text | None = None
    identifier: Text | None = None
    amount: Amount | None = None
    quantity: Amount | None = None
    unit: Text | None = None
    price_basis: Text | None = None
    price_kind: Text | None = None
    per: Amount | None = None


class Tax(SpelledPart):
    """A tax: its type, amount and rate in percent, on which amount (`base`), where and under which registration. `category` says
    of which kind a rate is (UN/EDIFACT's data element 5305: S standard, Z zero, E exempt ...); `exempt` is X12's 441."""

    type: Text | None = None
    amount: Amount | None = None
    percent: Amount | None = None
    category: Text | None = None
    jurisdiction_kind: Text | None = None
    jurisdiction: Text | None = None
    exempt: Text | None = None
    relation: Text | None = None
    base: Amount | None = None
    id: Text | None = None


class Charge(SpelledPart):
    """An allowance (reduces), a charge (adds) or information. `amount` is without a sign: `kind` says the direction.
    `rate` is for `rate_per` of `rate_unit`, one where that is not said; `quantity` is how many it is for, of `quantity_unit`.
    `taxes` says what of it is taxed at which rate."""

    kind: Text | None = None
    code: Text | None = None
    agency: Text | None = None
    agency_code: Text | None = None
    amount: Amount | None = None
    percent_of: Text | None = None
    percent: Amount | None = None
    rate: Amount | None = None
    rate_per: Amount | None = None
    rate_unit: Text | None = None
    quantity: Amount | None = None
    quantity_unit: Text | None = None
    second_quantity: Amount | None = None
    handling: Text | None = None
    reference: Text | None = None
    option: Text | None = None
    description: Text | None = None
    taxes: tuple[Tax, ...] = ()


class ChargeLine(Value):
    """An allowance or charge as it is written to D365 apart from lines: under our charge `code`, of the line of the order as
    it was written (1 is the first; None: of the whole). `kind` is amount or percent; the field of that name is below zero where
    it reduces."""

    code: Text
    kind: Text = "amount"
    line: int | None = None
    amount: Amount | None = None
    percent: Amount | None = None
    description: Text | None = None


class Terms(Value):
    """When to pay, and the discount for paying early. Days are counted from what `basis` names; percentages: 2 is 2 %."""

    type: Text | None = None
    basis: Text | None = None
    discount_percent: Amount | None = None
    discount_due: Day | None = None
    discount_days: int | None = None
    net_due: Day | None = None
    net_days: int | None = None
    discount_amount: Amount | None = None
    deferred_due: Day | None = None
    deferred_amount: Amount | None = None
    payable_percent: Amount | None = None
    description: Text | None = None
    day_of_month: int | None = None
    method: Text | None = None


class Freight(Value):
    """Who pays the freight, and where title and risk pass."""

    payment: Text | None = None
    location_kind: Text | None = None
    location: Text | None = None
    terms_kind: Text | None = None
    terms: Text | None = None
    title_kind: Text | None = None
    title: Text | None = None


class Carrier(Value):
    """Who carries it, by which mode and service; `routing` is text for people."""

    sequence: Text | None = None
    id_kind: Text | None = None
    id: Text | None = None
    mode: Text | None = None
    routing: Text | None = None
    status: Text | None = None
    location_kind: Text | None = None
    location: Text | None = None
    service: Text | None = None
    equipment: Text | None = None
    equipment_number: Text | None = None
    reference_kind: Text | None = None
    reference: Text | None = None


class TextNote(SpelledPart):
    """Text for people, under a qualifier and sometimes a reference."""

    qualifier: Text | None = None
    reference: Text | None = None
    title: Text | None = None
    texts: tuple[Text, ...] = ()


class StoreQuantity(SpelledPart):
    """How much of a line goes to one store (None: they did not say); the kind of its id, the unit and the days where the store
    has its own, else they are the line's."""

    store: Text
    quantity: Amount | None = None
    id_kind: Text | None = None
    unit: Text | None = None
    ship_from: Day | None = None
    ship_by: Day | None = None
    deliver_by: Day | None = None


class Distribution(Value):
    """How a line's quantities for stores are counted: in which unit, and which kind of id a store has."""

    unit: Text | None = None
    id_kind: Text | None = None


class ScheduledQuantity(SpelledPart):
    """How much is to come when; a second day where there is a window. `quantity_kind` says what is counted where a message
    has several kinds."""

    quantity: Amount | None = None
    quantity_kind: Text | None = None
    unit: Text | None = None
    date_kind: Text | None = None
    date: Day | None = None
    time: Text | None = None
    second_kind: Text | None = None
    second: Day | None = None
    second_time: Text | None = None


class DeliverySchedule(ScheduledQuantity):
    """How much of a line is to come when. `place_kind` and `place`: to or from whom; `status` whether it is firm; `quantities`
    where one schedule has several."""

    place_kind: Text | None = None
    place: Text | None = None
    request: Text | None = None
    number: Text | None = None
    status: Text | None = None
    frequency: Text | None = None
    quantities: tuple[ScheduledQuantity, ...] = ()


class Component(SpelledPart):
    """A part of a line that is a set or a kit; `relation` says how it belongs to it (I included, A in addition ...)."""

    number: Text | None = None
    parent: Text | None = None
    relation: Text | None = None
    quantity: Amount | None = None
    unit: Text | None = None
    price: Amount | None = None
    price_basis: Text | None = None
    item: ItemIds = ItemIds()
    description: Text | None = None


class Alternative(SpelledPart):
    """Another item than the one of a line; `relation` says how it is meant: "possible" may be sent instead, "ordered" takes
    its place in the order, "replaced" is the one whose place the line's item takes; "successor", "predecessor" and "withdrawn"
    numbers change nothing."""

    relation: Text | None = None
    item: ItemIds = ItemIds()


class Packages(Value):
    """How many packages of which kind, and what they weigh and measure together."""

    packaging: Text | None = None
    count: Amount | None = None
    weight_kind: Text | None = None
    weight: Amount | None = None
    weight_unit: Text | None = None
    volume: Amount | None = None
    volume_unit: Text | None = None


class Equipment(Value):
    """The trailer or container, and its seal."""

    code: Text | None = None
    initial: Text | None = None
    number: Text | None = None
    seal: Text | None = None


class Mark(SpelledPart):
    """A number on a package that has no field of its own; a second one where a range is marked."""

    qualifier: Text | None = None
    id: Text | None = None
    last: Text | None = None


class Totals(SpelledPart):
    """What was shipped under an invoice, in all: units and weight."""

    units: Amount | None = None
    unit: Text | None = None
    weight: Amount | None = None
    weight_unit: Text | None = None
