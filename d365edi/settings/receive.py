"""[partners.NAME.receive.SET]: what happens to a received transaction set.

Knows: the settings of a received set. Does not know: what the rows of maps and guides mean.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from d365edi.maps.table import of_vendor
from d365edi.matching.agreements import Agreement, agreement
from d365edi.matching.lookup import ShipTo
from d365edi.matching.unlike import Kind

from .dimensions import without_blank
from .section import SettingsSection
from .values import Company, FreeTable, Text, invalid
from .vendor_invoice import Match, of_invoices


def _rows(value: object) -> object:
    if not isinstance(value, Mapping):
        raise invalid("must be a table")
    _check_rows(value, ())
    return value


def _check_rows(table: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for key, row in table.items():
        if isinstance(row, Mapping):
            _check_rows(row, (*path, key))
        elif not (isinstance(row, str) and row) and row is not False:
            raise invalid("is not a row", 'write a path, as ship_by = "DTM[175]02", or false', inside=(*path, key))


MapRows = Annotated[Mapping[str, Any], BeforeValidator(_rows)]
"""Rows that override a shipped map: text (a path, a constant, a code) or false, in tables."""


def _agreed(value: str) -> str:
    if agreement(value) is None:
        raise invalid(
            "is not what can be agreed",
            'write "3%" or "12.50" for an allowance, "+3%" or "+12.50" for a charge, "discount" or "line:CHARGE CODE"',
        )
    return value


Agreed = Annotated[Text, AfterValidator(_agreed)]
"""What was agreed about a code of an allowance or a charge."""
Policy = Literal["hold", "create", "ignore"]
Created = Literal["SalesOrder", "PurchaseOrder", "VendorInvoice", "VendorPayment", "CustomerPayment"]
"""What is made in D365 of a document."""


class Unlike(SettingsSection):
    """Orders that are unlike a normal one. hold: a person decides; create: as any order; ignore: closed."""

    test: Policy = "hold"
    """A test where production is agreed (`usage` of the envelope), or the other way round, which is never closed unseen."""
    information_copy: Policy = "hold"
    """A copy for information (BEG02 IN). A copy by its purpose (BEG01 07, BGM03 31) is decided by `purpose`."""
    blanket: Policy = "hold"
    """A blanket or standing order, or an agreement, of which parts are ordered or delivered later (BEG02 BK, BGM 221)."""
    consignment: Policy = "hold"
    """Goods that stay ours until they are sold (BEG02 CN, BGM 227)."""
    no_order: Policy = "hold"
    """Bids, quotes, changes, closings and other types that order no goods (BEG02 CP, BGM 230)."""
    zero_quantity: Policy = "hold"
    """An order with a line of quantity 0."""
    negative_quantity: Policy = "hold"
    """An order with a quantity below 0, which in D365 would be a return."""
    equal_lines: Policy = "hold"
    """An order with a line twice, equal in its id and in all else."""

    @property
    def actions(self) -> dict[Kind, Policy]:
        """What is done by kind."""
        return {
            "test": self.test,
            "information_copy": self.information_copy,
            "blanket": self.blanket,
            "consignment": self.consignment,
            "no_order": self.no_order,
            "zero_quantity": self.zero_quantity,
            "negative_quantity": self.negative_quantity,
            "equal_lines": self.equal_lines,
        }


class Receive(SettingsSection):
    """What happens to one received transaction set."""

    create: Created | None = None
    """What is created in D365 from it: of an order a sales order, or a purchase order at a vendor; of an invoice a pending vendor
    invoice; of a remittance a payment journal of a vendor or a customer; left out: nothing, and `then` decides about the
    document."""
    then: Literal["hold", "keep"] = "hold"
    """A document of which nothing is created waits for a person (hold), or is recorded and logged (keep)."""
    company: Company
    """In which company."""
    purpose: Mapping[str, Literal["create", "ignore", "hold"]] = Field(default={"00": "create"})
    """Purpose (BEG01 or BGM 1225, as a code or the word that a held order names) = action; others are held."""
    unlike: Unlike = Unlike()
    """What happens to orders that are unlike a normal one."""
    ship_to: ShipTo = "match"
    """Where goods go whose place is not under `locations`: to an address of the customer, found by code or by street and zip
    (match); to the address in the order; to the customer's default address."""
    gtin_unit: Literal["hold", "warn", "take"] = "hold"
    """A line whose barcode is another unit's in D365 than the ordered one (the barcode of a piece under 12 CA): a person decides,
    it is ordered with a warning, or as it is said."""
    price: Literal["warn", "hold", "lock"] = "warn"
    """An order on whose lines D365 has prices of its own (trade agreements): it is said (warn), what answers the order is held
    too, and what goes to the vendor of a purchase order (hold), or prices are locked as they were ordered (lock, sales orders
    alone)."""
    agreed: Mapping[Text, Agreed] = Field(default_factory=dict)
    """Codes of allowances and charges (SAC02, SAC04; ALC 7161, 5189) that do not hold an order: allowances of "3%" and
    "12.50", and charges of "+3%" and "+12.50", are expected, and others hold; "discount" becomes the discount of the line,
    "line:FREIGHT" a charge line of D365's charge code FREIGHT (`[d365.charges]`)."""
    ignore: tuple[Text, ...] = ()
    """Segments of the set that do not hold the document although nobody reads them: "SDQ", of an ORDERS "ALC"."""
    stores: Literal["hold", "lines", "orders"] = "hold"
    """Lines for several stores (SDQ, LOC+7): a person decides, each store becomes a sales line, or a sales order of its own."""
    back: Literal["order", "store"] = "order"
    """What answers an order for several stores tells it as it was ordered (order), or each store apart (store)."""
    schedules: Literal["hold", "lines"] = "hold"
    """Lines that are to come at several dates (SCH, SCC): a person decides, or each date becomes a sales line."""
    unknown_invoice: Literal["hold", "try"] = "hold"
    """A payment for an invoice that is not among those that D365 shows as posted: a person decides, or D365 does (try)."""
    short_paid: Literal["hold", "try"] = "hold"
    """An invoice that is paid with another amount than it asks for, or less a discount: a person decides, or what is paid is
    written and logged, and D365 takes a cash discount or leaves the rest open (try)."""
    dimensions: Mapping[Text, Text] = Field(default_factory=dict)
    """Financial dimensions of what is created, by name; lines of a purchase order's invoice take theirs from it."""
    map: MapRows = Field(default_factory=dict)
    """Rows that override the set's map."""
    d365: FreeTable = Field(default_factory=dict)
    """Rows that override the D365 map."""
    guide: FreeTable = Field(default_factory=dict)
    """Where this partner's guide differs from the standard."""
    same: Literal["number", "number_and_year"] = "number"
    """Invoices of a vendor are the same by their number, or by number and year of their date: a vendor may begin anew."""
    header_reference: Literal["server", "ours"] = "server"
    """Who makes D365's reference of an invoice: D365, or we do, of company, vendor and number; header, lines and charges are then
    written together."""
    posted_check: Literal["warn", "hold"] = "warn"
    """Where our role may not read posted invoices: it is written and logged (warn), or a person decides (hold)."""
    match: Match = Match()
    """How far an invoice may differ from the order that it is for."""
    stocked: Literal["hold", "try"] = "hold"
    """A stocked item without an order line: a person decides, or it is left to D365 (try)."""
    lines: Literal["document", "from_order"] = "document"
    """Whose lines a vendor invoice gets: those of the document, or those that D365 makes of its orders (from_order)."""

    @model_validator(mode="before")
    @classmethod
    def _of_invoices(cls, values: object) -> object:
        return of_invoices(values)

    @model_validator(mode="after")
    def _dimensions_are_written(self) -> "Receive":
        if self.dimensions and self.create is None:
            remedy = 'leave them out, or say with create = "..." what is created'
            raise invalid("are written to D365, and nothing is created", remedy, inside=("dimensions",))
        for name in self.dimensions:
            without_blank(name, inside=("dimensions", name))
        return self

    @model_validator(mode="after")
    def _prices_can_be_locked(self) -> "Receive":
        if self.price == "lock" and self.create != "SalesOrder":
            remedy = 'write price = "warn" or "hold"'
            raise invalid("locks prices, and only lines of a SalesOrder have such a field", remedy, inside=("price",))
        return self

    @property
    def buys(self) -> bool:
        """Whether it becomes a record of a vendor of ours."""
        return self.create is not None and of_vendor("d365/write", self.create)

    @property
    def agreements(self) -> dict[str, Agreement]:
        """What was agreed by code."""
        found = ((code, agreement(text)) for code, text in self.agreed.items())
        return {code: agreed for code, agreed in found if agreed is not None}
