"""Master data: a vendor and an item as a list of them states each.

Knows: what is said of one record. Does not know: the list that it stands in, D365, any file.
"""

from d365edi.documents.base import Amount, Document, SpelledPart, Text


class PostalAddress(SpelledPart):
    """A postal address; `country` is the ISO code of two letters."""

    street: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country: Text | None = None


class Vendor(Document):
    """A vendor in one company. `number` is our account for it, `invoice_vendor` the account that invoices for it, `on_hold` what
    is blocked for it (in D365's words), `terms` the payment terms by name."""

    number: Text
    company: Text | None = None
    name: Text | None = None
    search_name: Text | None = None
    group: Text | None = None
    currency: Text | None = None
    language: Text | None = None
    terms: Text | None = None
    payment_method: Text | None = None
    invoice_vendor: Text | None = None
    on_hold: Text | None = None
    tax_number: Text | None = None
    duns: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    address: PostalAddress = PostalAddress()


class Item(Document):
    """An item in one company. `number` is ours, `theirs` the partner's own number for it, `gtin` its barcode; prices are for one
    of the unit beside them, or for as many as stands there."""

    number: Text
    company: Text | None = None
    name: Text | None = None
    search_name: Text | None = None
    theirs: Text | None = None
    their_name: Text | None = None
    gtin: Text | None = None
    gtin_unit: Text | None = None
    product: Text | None = None
    type: Text | None = None
    group: Text | None = None
    unit: Text | None = None
    sales_unit: Text | None = None
    sales_price: Amount | None = None
    sales_price_per: Amount | None = None
    purchase_unit: Text | None = None
    purchase_price: Amount | None = None
    purchase_price_per: Amount | None = None
    weight: Amount | None = None
    vendor: Text | None = None
    origin: Text | None = None
    state: Text | None = None
