"""The state of one tenant: its rows, companies, number sequences and the lists that are no entity set here.

Knows: what an administrator has set up. Does not know: HTTP, OData.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import values
from .catalog import load
from .store import Record, RowStore, fold

COUNTRIES = {"US": "USA", "CA": "CAN", "MX": "MEX", "DE": "DEU", "GB": "GBR", "FR": "FRA", "DK": "DNK"}
"""ISO code to F&O's own country/region id: the two live in different fields and only the latter is a key."""

CHART = "Shared"
"""The chart of accounts of the companies."""

# fmt: off
US_STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME",
    "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "PR",
    "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
})
# fmt: on


@dataclass
class Tenant:
    """Rows, and what the application checks writes against. Everything may be changed while the simulator runs.

    `manual_numbers`: whether the sequences of orders let a client choose the number. `own_references`: whether a client
    may choose the HeaderReference of a vendor invoice. `refuses_used_invoice_numbers`: whether a vendor's invoice number
    may be used once. `needs_site`: items whose storage dimensions make a site compulsory. `blocked`: items blocked for
    orders. `failed_changeset`: whether a failed changeset answers as one part in place of the changeset ("single", as the
    OData text says) or inside a changeset of one part ("nested"). `json_batches`: a batch is answered in JSON, whatever was
    accepted. `relative_links`: the link to the next page names no host. `hidden`: sets that the tenant does not publish;
    those of charge lines are not public in a standard one. `defaults`: set -> field -> what D365 fills in where a new row
    leaves the field out. `null_texts`: text that a new row leaves empty is stored as null and read as null. `language`: of
    the application's user; sentences of refusals are in it where the sandbox knows them ("de"). `own_prices`: item ->
    the price of a trade agreement, which a new order line gets whatever was sent, unless its price is locked;
    `own_discounts`: item -> the percentage that is taken off likewise. `sequences`:
    field -> format of the numbers that it is given (`{:06}` is the number). `slash_keys`: an encoded slash in a key is taken."""

    companies: list[str] = field(default_factory=lambda: ["usmf", "demf", "dat"])
    default_company: str = "dat"
    clock: Callable[[], float] = time.time
    page: int = 10_000
    manual_numbers: bool = False
    own_references: bool = False
    refuses_used_invoice_numbers: bool = True
    failed_changeset: str = "single"
    json_batches: bool = False
    relative_links: bool = False
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    null_texts: bool = False
    language: str = "en-us"
    own_prices: dict[str, Decimal] = field(default_factory=dict)
    own_discounts: dict[str, Decimal] = field(default_factory=dict)
    sequences: dict[str, str] = field(default_factory=dict)
    slash_keys: bool = False
    currencies: set[str] = field(default_factory=lambda: {"USD", "CAD", "EUR", "GBP", "DKK"})
    origins: set[str] = field(default_factory=lambda: {"EDI", "Phone"})
    delivery_modes: set[str] = field(default_factory=lambda: {"Ground", "Air"})
    delivery_terms: set[str] = field(default_factory=lambda: {"FOB", "CIF", "PPD", "COL"})
    payment_terms: dict[str, int] = field(
        default_factory=lambda: {"Net10": 10, "Net30": 30, "Net45": 45, "Net60": 60, "2%10Net30": 30}
    )
    """Name to the days until an invoice is due."""
    hidden: set[str] = field(default_factory=lambda: {"SalesOrderHeaderChargesV2", "SalesOrderLineChargesV2"})
    journal_names: set[str] = field(default_factory=lambda: {"VendPay", "CustPay", "GenJrn"})
    journal_invoices: set[tuple[str, str, str]] = field(default_factory=set)
    """Posted invoices that a journal made, so that no BI set shows them: company, account and number."""
    at_work: dict[str, str] = field(default_factory=dict)
    """The payment journals whose lines requests write at this moment: by company and name, the number."""
    needs_site: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    """Fields ("Set.Field") and members ("Enum.Member") that `$metadata` does not have."""
    inactive_dimensions: set[str] = field(default_factory=set)
    """Dimensions that are in a format and not activated for data entities."""
    dimension_values: dict[str, set[str]] = field(default_factory=dict)
    """The values of a dimension; one that is not here takes any."""
    invoiced_charges: set[tuple[str, ...]] = field(default_factory=set)
    """Amounts of charge lines that an invoice has taken already."""
    store: RowStore = field(default_factory=lambda: RowStore(load()))
    _numbers: Counter[tuple[str, str]] = field(default_factory=Counter)
    numbered: Callable[[str, str, int], None] | None = None
    """Called with each number that is given: see `row_log`."""

    def __post_init__(self) -> None:
        """The sets of the lists; every company has the chart of accounts `CHART`."""
        for code in sorted(self.currencies):
            self.add("Currencies", CurrencyCode=code)
        for company in self.companies:
            self.add("Ledgers", LegalEntityId=company, ChartOfAccounts=CHART)
            for code in sorted(self.delivery_modes):
                self.add("DeliveryModesV2", dataAreaId=company, ModeCode=code)
            for code in sorted(self.delivery_terms):
                self.add("DeliveryTerms", dataAreaId=company, TermsCode=code)
            for name, days in self.payment_terms.items():
                self.add("PaymentTerms", dataAreaId=company, Name=name, NumberOfDays=days)

    def add(self, set: str, **fields: Any) -> Record:
        """Put a row there as an administrator would, past every rule; a row of the same key gets these fields.

        Numbers may be int, dates `YYYY-MM-DD`. KeyError on an unknown field."""
        entity_set = load().sets[set]
        known = {name: values.from_json(entity_set, name, value) for name, value in fields.items()}
        row = {**self.store.tables[set].blank, **known}
        there = self.store.tables[set].by_key.get(tuple([fold(row[key]) for key in entity_set.keys]))
        if there is None:
            return self.store.insert(set, known)
        self.store.update(there, known)
        return there

    def rows(self, set: str, **equal: Any) -> list[dict[str, Any]]:
        """The rows of a set as dicts, those whose fields equal these (case-insensitively)."""
        return [record.values for record in self.store.rows(set, **equal)]

    def one(self, set: str, **equal: Any) -> dict[str, Any]:
        """The only such row; LookupError when there is none or several."""
        found = self.rows(set, **equal)
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows of {set} with {equal}")
        return found[0]

    def number(self, company: str, sequence: str) -> int:
        """The next number of a company's sequence, from 1."""
        key = (company.casefold(), sequence)
        self.numbers[key] += 1
        if self.numbered:
            self.numbered(*key, self.numbers[key])
        return self.numbers[key]

    @property
    def numbers(self) -> Counter[tuple[str, str]]:
        """Company and sequence to the last number that was given."""
        return self._numbers

    def now(self) -> str:
        """This second, as a point in time is stored."""
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def today(self) -> str:
        """This day, as a date column is stored."""
        return values.date_value(self.now())

    def permitted(self, field_name: str) -> tuple[str, str, Collection[str]] | None:
        """Label, related table and values of a field that is checked against a list, or None for other fields."""
        return {
            "CurrencyCode": ("Currency", "Currencies", self.currencies),
            "SalesCurrencyCode": ("Currency", "Currencies", self.currencies),
            "JournalName": ("Name", "Ledger journal names", self.journal_names),
            "SalesOrderOriginCode": ("Sales origin", "Sales origin codes", self.origins),
            "DeliveryModeCode": ("Mode of delivery", "Modes of delivery", self.delivery_modes),
            "DeliveryModeId": ("Mode of delivery", "Modes of delivery", self.delivery_modes),
            "DeliveryTermsCode": ("Delivery terms", "Terms of delivery", self.delivery_terms),
            "DeliveryTermsId": ("Delivery terms", "Terms of delivery", self.delivery_terms),
            "PaymentTermsName": ("Terms of payment", "Terms of payment", self.payment_terms),
            "TermsOfPayment": ("Terms of payment", "Terms of payment", self.payment_terms),
            "DeliveryAddressCountryRegionId": ("Country/region", "Countries/regions", set(COUNTRIES.values())),
            "AddressCountryRegionId": ("Country/region", "Countries/regions", set(COUNTRIES.values())),
            "DeliveryAddressCountryRegionISOCode": ("ISO code", "Countries/regions", set(COUNTRIES)),
        }.get(field_name)
