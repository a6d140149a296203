"""[partners.NAME.send.SET]: what is read from D365 and sent as a transaction set.

Knows: the settings of a sent set. Does not know: what the rows of maps and guides mean.
"""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from d365edi.edi.syntax import standard_of
from d365edi.guard import Policy as GuardPolicy
from d365edi.maps.table import of_vendor

from .guard import Guard
from .receive import MapRows
from .section import Destination, Schedule
from .values import Company, FreeTable, Text, Whole, invalid


def _since(value: object) -> object:
    if value == "now" or (isinstance(value, date) and not hasattr(value, "hour")):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> object:
    raise invalid('is neither "now" nor a date', "write since = 2025-01-31")


Record = Literal[
    "SalesInvoice", "SalesOrderResponse", "SalesOrderConfirmation", "PackingSlip", "ShipmentPackingSlip",
    "PurchaseOrderConfirmation", "PurchaseOrder", "VendorInvoice", "PendingVendorInvoice",
    "Vendor", "Item", "JournalEntry",
]  # fmt: skip
LISTS: frozenset[Record] = frozenset({"Vendor", "Item", "JournalEntry"})
"""Records that belong to nobody: they go out as lists of all in a company."""
DATED: frozenset[Record] = frozenset({"JournalEntry"})
"""Lists of records that have a date."""


class Send(Schedule):
    """What we send as one transaction set."""

    of: Record
    """What is read from D365. To a customer: posted invoices, sales orders once they are confirmed, posted packing slips. To a
    vendor: purchase orders as they were confirmed (PurchaseOrderConfirmation) or as they stand once they are (PurchaseOrder);
    invoices of theirs, posted (VendorInvoice) or not yet (PendingVendorInvoice). As a list of one company, a flat file with a row
    for each: vendors (Vendor), items (Item), lines of posted general journals (JournalEntry)."""
    what: Literal["changed", "all"] = "changed"
    """Of a list: the records that are new or were changed since the last file (an item also by its barcode or the partner's
    number of it, a journal as a whole), or all of them at each run."""
    to: Destination
    """Where it is uploaded."""
    since: Annotated[date | Literal["now"], BeforeValidator(_since)] = "now"
    """Send nothing posted before the first start ("now"), or nothing dated before this day. The first file of a list has all,
    unless this is written: "now" begins with what changes from then on."""
    on_event: Text | None = None
    """The business event that starts the flow at once."""
    batch: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """The maximum number of documents, ready at one time, in one interchange; 1: each alone.

    Flows with the same `batch` and the same `to`, whose file name has no {set}, share their interchanges, a group each.
    """
    company: Company | None = None
    """Only of this company; left out: of every company that the partner is a customer (or vendor) of. A list names it."""
    ship_from: Literal["code", "address"] = "code"
    """Of a ship notice: the warehouse by our code of it (N1 SF, NAD+SF), or with the name and address that D365 has for it."""
    pallets: bool = False
    """Of a ship notice of ShipmentPackingSlip: whether a license plate that others stand on is a pallet (HL T, CPS 3)."""
    changed: Literal["hold", "send"] = "hold"
    """A purchase order that is confirmed again after it was sent: a person decides, or it replaces the first (BEG01 05)."""
    split: Literal["order"] | None = None
    """Of a customer invoice over several orders: one for each of them. Left out: one with the order of each line."""
    split_number: Literal["counted", "same"] = "counted"
    """How these are numbered: CIV-1-1, CIV-1-2, or all as the invoice in D365."""
    map: MapRows = Field(default_factory=dict)
    """Rows that override the set's map."""
    d365: FreeTable = Field(default_factory=dict)
    """Rows that override the D365 map: another set of the tenant, as header.set = "SalesInvoiceHeadersV2"."""
    original: Literal["hold", "omit"] = "hold"
    """A credit note whose original invoice is not known: a person decides, or it goes out without naming one."""
    original_field: Text | None = None
    """D365's field with the original invoice of a credit note: "SET.FIELD", or a field of SalesInvoiceHeadersV4. Left out, or
    where it is empty: the only invoice sent to them with the order and the lines."""
    guard: Guard = Guard()
    """Checks before it is sent, for errors that the partner charges for."""

    @property
    def lists(self) -> bool:
        """Whether it goes out as a list."""
        return self.of in LISTS

    @property
    def from_now(self) -> bool:
        """Of a list: whether the first start sends nothing."""
        return self.since == "now" and "since" in self.model_fields_set

    @property
    def to_vendor(self) -> bool:
        """Whether the partner gets it as a vendor of ours."""
        return of_vendor("d365/read", self.of)

    @property
    def first_day(self) -> date | None:
        """The first day whose records are sent, None for "now"."""
        return self.since if isinstance(self.since, date) else None

    @property
    def checks(self) -> GuardPolicy:
        """What the guard checks, with `original`."""
        policy = self.guard.policy
        return replace(
            policy, levels={**policy.levels, "original_missing": "hold" if self.original == "hold" else "off"}
        )


def check_split(set_id: str, out: Send) -> None:
    """Settings of invoices over several orders."""
    inside = ("send", set_id)
    if out.split is not None and out.of != "SalesInvoice":
        message = f"is for customer invoices, and it sends each {out.of}"
        raise invalid(message, "leave it out", inside=(*inside, "split"))
    if out.split is None and "split_number" in out.model_fields_set:
        message = "is for invoices that are sent order by order"
        raise invalid(message, 'write split = "order" beside it, or leave it out', inside=(*inside, "split_number"))


def check_listed(set_id: str, out: Send) -> None:
    """Settings that only a list has, or none may have."""
    inside = ("send", set_id)
    if not out.lists:
        if "what" in out.model_fields_set:
            message = f"is for lists, and each {out.of} is sent alone"
            raise invalid(message, "leave it out", inside=(*inside, "what"))
        return
    if standard_of(set_id) != "FLAT":
        message = "is a list, which goes out as a flat file"
        raise invalid(message, f"write [partners.NAME.send.{out.of}]", inside=(*inside, "of"))
    if out.company is None:
        raise invalid(f"sends a list of each {out.of} and names no company", 'write company = "usmf"', inside=inside)
    if "number" in out.to.words:
        message = "names the file by {number}, and a list has none"
        raise invalid(message, 'write "{control:09}" in its place', inside=(*inside, "to", "file"))
    if isinstance(out.since, date) and out.of not in DATED:
        message = f"is a day, and a {out.of} has no date"
        raise invalid(message, 'leave it out, or write since = "now"', inside=(*inside, "since"))


def check_batched(set_id: str, out: Send) -> None:
    """Settings that do not fit several documents in one file."""
    if out.batch == 1:
        return
    if standard_of(set_id) == "FLAT":
        message = "is for interchanges, and a flat file holds one document"
        raise invalid(message, "leave it out", inside=("send", set_id, "batch"))
    if "number" in out.to.words:
        raise invalid(
            f"names the file by {{number}}, and up to {out.batch} documents are in it",
            'write "{control:09}" in its place, or leave batch out',
            inside=("send", set_id, "to", "file"),
        )
