"""[partners.NAME]: identities, pickups, what is received and created, what is sent.

Knows: the settings of a partner. Does not know: what the rows of maps and guides mean.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from d365edi.edi.overlay import OF_A_SET, named
from d365edi.edi.syntax import Standard, standard_of
from d365edi.guard import Policy as GuardPolicy
from d365edi.matching.agreements import Agreement, agreement
from d365edi.matching.lookup import ShipTo
from d365edi.matching.unlike import Kind

from .envelope import X12, Edifact, Envelope
from .guard import Guard
from .locations import Location
from .section import Destination, PickupSource, Schedule, SettingsSection
from .taxation import TaxAgreement
from .values import Company, Duration, FreeTable, Name, SetId, Text, Whole, invalid, nearest


def _of_envelopes(value: Mapping[str, str]) -> Mapping[str, str]:
    known = named(("interchange", "group"))
    for name in value:
        if name not in known:
            full = sorted(each for each in known if each.partition(".")[2] == name)
            remedy = (
                "write " + " or ".join(f'"{each}"' for each in full)
                if full
                else nearest(name, known) or "README, Rules, lists them"
            )
            if name in named(OF_A_SET):
                remedy = "write it under guide.severity of the flow, without acks"
            raise invalid("belongs to no rule of an interchange or a group", remedy, inside=(name,))
    return value


class Acks(SettingsSection):
    """Acknowledgments: those we send for received files, and those we expect for sent ones."""

    send: Literal["997", "999", "none"] = "997"
    """What answers each of their X12 groups; an EDIFACT interchange is answered by a CONTRL unless this is "none"."""
    to: Destination | None = None
    """Where it is uploaded."""
    ta1: Literal["asked", "always", "never"] = "asked"
    """When an interchange is answered by a TA1: where ISA14 asks or it is rejected; each; none."""
    strictness: Literal["lenient", "strict"] = "lenient"
    """Lenient: what can be understood is accepted with its errors reported; strict: any error rejects its set."""
    severity: Annotated[Mapping[Text, Literal["error", "warning", "note", "off"]], AfterValidator(_of_envelopes)] = (
        Field(default_factory=dict)
    )
    """What a violated rule of an interchange or a group is worth, by level and name: `"interchange.empty-envelope" = "note"` lets
    interchanges without a group pass that only say that their line is alive."""
    loop: Literal["errors", "all", "none"] = "errors"
    """Which sets the 997 reports one by one (AK2 to AK5)."""
    expect_within: Duration | None = None
    """Our groups are answered within this time, or are overdue; left out: they send no acknowledgments."""


class Duplicates(SettingsSection):
    """What was received before. skip: ignored; warn: ignored with a warning; hold: a person decides; take: processed as new."""

    same_name_same_bytes: Literal["skip", "warn"] = "skip"
    """The very file again."""
    same_name_new_bytes: Literal["hold", "take"] = "hold"
    """A known name with other bytes: a new version."""
    new_name_same_bytes: Literal["warn", "skip", "hold", "take"] = "warn"
    """Known bytes under another name."""
    same_interchange: Literal["hold", "reject", "take"] = "hold"
    """Other bytes with a control number (ISA13, UNB 0020) that they used before; reject: answered by TA1 025 or UCI 26."""
    same_document: Literal["hold", "skip"] = "hold"
    """A document of theirs under a number that was received before, with nothing changed; skip: closed, as it always is in a flat
    file."""
    reused_after: Duration | None = None
    """A control number last used longer ago than this is taken as a new one; left out: never."""


class Retry(SettingsSection):
    """How long a delivery is retried."""

    budget: Duration = timedelta(hours=6)
    """After this much time without success a person decides. Time in which the endpoint lets nobody in, or has no such folder,
    does not count."""


class Pickup(Schedule):
    """A place where their files are fetched. Contents are routed by the interchange's ids and the set's type."""

    from_: Annotated[PickupSource, Field(alias="from")]
    """The endpoint, folder and pattern of file names."""
    holds: SetId | None = None
    """Flat files (CSV, fixed columns) of this receive flow: "PurchaseOrder"; left out: EDI."""


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

    create: Literal["SalesOrder"] | None = None
    """What is created in D365 from it; left out: nothing, and `then` decides about the document."""
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
    map: MapRows = Field(default_factory=dict)
    """Rows that override the set's map."""
    d365: FreeTable = Field(default_factory=dict)
    """Rows that override the D365 map."""
    guide: FreeTable = Field(default_factory=dict)
    """Where this partner's guide differs from the standard."""

    @property
    def agreements(self) -> dict[str, Agreement]:
        """What was agreed by code."""
        found = ((code, agreement(text)) for code, text in self.agreed.items())
        return {code: agreed for code, agreed in found if agreed is not None}


def _since(value: object) -> object:
    if value == "now" or (isinstance(value, date) and not hasattr(value, "hour")):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> object:
    raise invalid('is neither "now" nor a date', "write since = 2025-01-31")


class Send(Schedule):
    """What we send as one transaction set."""

    of: Literal["SalesInvoice", "SalesOrderResponse", "SalesOrderConfirmation", "PackingSlip", "ShipmentPackingSlip"]
    """What is read from D365: posted invoices, sales orders once they are confirmed, posted packing slips."""
    to: Destination
    """Where it is uploaded."""
    since: Annotated[date | Literal["now"], BeforeValidator(_since)] = "now"
    """Send nothing posted before the first start ("now"), or nothing dated before this day."""
    on_event: Text | None = None
    """The business event that starts the flow at once."""
    batch: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """The maximum number of documents, ready at one time, in one interchange; 1: each alone.

    Flows with the same `batch` and the same `to`, whose file name has no {set}, share their interchanges, a group each.
    """
    company: Company | None = None
    """Only of this company; left out: of every company that the partner is a customer of."""
    map: MapRows = Field(default_factory=dict)
    """Rows that override the set's map."""
    original: Literal["hold", "omit"] = "hold"
    """A credit note whose original invoice is not known: a person decides, or it goes out without naming one."""
    original_field: Text | None = None
    """D365's field with the original invoice of a credit note: "SET.FIELD", or a field of SalesInvoiceHeadersV4. Left out, or
    where it is empty: the only invoice sent to them with the order and the lines."""
    guard: Guard = Guard()
    """Checks before it is sent, for errors that the partner charges for."""

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


class Partner(SettingsSection):
    """A trading partner."""

    customer: Mapping[Company, Text] = Field(default_factory=dict)
    """Company = the partner's customer account in it."""
    shares_account: bool = False
    """Another partner, which says so too, has one of the accounts: both are sent what is posted for it."""
    x12: X12 | None = None
    """The agreed X12 envelope."""
    edifact: Edifact | None = None
    """The agreed EDIFACT envelope; a partner has one of the two, or both."""
    acks: Acks = Acks()
    """Acknowledgments, both ways."""
    duplicates: Duplicates = Duplicates()
    """What was received before."""
    retry: Retry = Retry()
    """How long a delivery is retried."""
    pickup: Mapping[Name, Pickup] = Field(default_factory=dict)
    """Places where their files are fetched."""
    receive: Mapping[SetId, Receive] = Field(default_factory=dict)
    """What happens to each received set."""
    send: Mapping[SetId, Send] = Field(default_factory=dict)
    """What we send."""
    items: Mapping[Text, Text] = Field(default_factory=dict)
    """Their item = ours; others are looked up in D365."""
    locations: Mapping[Text, Location] = Field(default_factory=dict)
    """Their code of a place = a location of an address, our site and warehouse, or the account that orders for it."""
    sets: Mapping[Text, Text] = Field(default_factory=dict)
    """Their kit, prepack or assortment = our item for it, or "components": each component a sales line; others hold."""
    tax: TaxAgreement | None = None
    """Rates of value added tax that our invoices to the partner state; left out: only its amount."""
    codes: Mapping[Text, Mapping[Text, Text]] = Field(default_factory=dict)
    """Field = table of their code = ours."""

    @property
    def envelopes(self) -> dict[Standard, Envelope]:
        """The agreed envelope of each standard that is traded."""
        found: dict[Standard, Envelope | None] = {"X12": self.x12, "EDIFACT": self.edifact}
        return {standard: envelope for standard, envelope in found.items() if envelope is not None}

    def accounts(self, send: Send) -> Mapping[str, tuple[str, ...]]:
        """Which customers the partner is in each company that a send flow serves, its own account first."""
        companies = (send.company,) if send.company else tuple(self.customer)
        return {
            company: tuple(dict.fromkeys((self.customer[company], *self._further(company)))) for company in companies
        }

    def _further(self, company: str) -> Iterator[str]:
        for row in self.locations.values():
            if row.account is not None and row.company in (None, company):
                yield row.account

    @model_validator(mode="after")
    def _routes(self) -> Self:
        edi = [set_id for set_id in (*self.receive, *self.send) if standard_of(set_id) != "FLAT"]
        for set_id in edi:
            name = standard_of(set_id).lower()
            if getattr(self, name) is None:
                raise invalid(f"exchanges {set_id} and has no `{name}`", f"write {name} = {{ us = ..., them = ... }}")
        for name, pickup in self.pickup.items():
            if pickup.holds is not None and (standard_of(pickup.holds) != "FLAT" or pickup.holds not in self.receive):
                remedy = f"write [partners.NAME.receive.{pickup.holds}], or leave `holds` out for EDI"
                raise invalid(f"picks up {pickup.holds} as {name} and receives no such flat file", remedy)
        sent: dict[str, str] = {}
        for set_id, out in self.send.items():
            if first := sent.get(out.of):
                raise invalid(f"sends each {out.of} twice, as {first} and as {set_id}", "keep one of the two")
            sent[out.of] = set_id
            if standard_of(set_id) == "FLAT" and out.guard.demands:
                raise invalid(f"demands places of {set_id}, which has no segments", "leave guard.demands out")
            _batched(set_id, out)
        answered = any(standard_of(set_id) != "FLAT" for set_id in self.receive)
        if answered and self.acks.send != "none" and self.acks.to is None:
            message = "does not configure where acknowledgments are sent"
            raise invalid(message, "write acks.to = { endpoint = ..., path = ... }")
        for flow in self.receive.values():
            self._customer_of(flow.company, "receives orders for")
        for out in self.send.values():
            if out.company:
                self._customer_of(out.company, "sends what is posted in")
            elif not self.customer:
                message = "sends posted records and is not a customer of any company"
                raise invalid(message, 'write customer = { usmf = "US-003" }')
        return self

    @model_validator(mode="after")
    def _further_accounts(self) -> Self:
        for code, row in self.locations.items():
            if row.account is None:
                continue
            inside = ("locations", code, "account")
            if row.company is None and len(self.customer) != 1:
                remedy = 'write company = "usmf" beside it'
                raise invalid("is an account, and not said of which company", remedy, inside=inside)
            if row.company is not None and row.company not in self.customer:
                remedy = f'write customer = {{ {row.company} = "US-003" }}'
                raise invalid(
                    f"is an account of {row.company}, where the partner is no customer", remedy, inside=inside
                )
        return self

    def _customer_of(self, company: str, does: str) -> None:
        if company not in self.customer:
            message = f"{does} {company} and is not a customer there"
            raise invalid(message, f'write customer = {{ {company} = "US-003" }}')


def _batched(set_id: str, out: Send) -> None:
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
