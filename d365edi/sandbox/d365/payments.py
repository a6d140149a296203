"""Payment journals of vendors and customers, as the application takes them: journals, accounts as they are displayed, invoices
that are marked for settlement; and their posting.

An invoice is marked by one line of one journal until this is posted or deleted. Lines of two journals of one name that are
written at the same moment collide.

Knows: which accounts and invoices a line may name. Does not know: OData, HTTP.
"""

from dataclasses import dataclass
from typing import Any

from .dimensions import delimiter, parted
from .refusals import infolog, must_be_filled
from .store import Record, fold
from .tenant import Tenant

Values = dict[str, Any]
CONFLICT = (
    "Error: Cannot edit a record in Ledger journal table (LedgerJournalTable). An update conflict occurred due to another user "
    "process deleting the record or changing one or more fields in the record."
)


@dataclass(frozen=True, slots=True)
class PaymentJournal:
    """The sets of one kind of payment journal: `accounts` with the field of their number, `invoices` with those of theirs."""

    headers: str
    lines: str
    entity: str
    type: str
    accounts: str
    account: str
    invoices: str

    def insert_header(self, _: Tenant, row: Values, __: frozenset[str]) -> None:
        """A new journal: its name is one that is set up."""
        if not row["JournalName"]:
            raise must_be_filled(f"{self.entity}HeaderEntity", "JournalName")
        row["IsPosted"] = "No"

    def delete_header(self, tenant: Tenant, record: Record) -> None:
        """A deleted journal, with its lines and their marks: one that is not posted."""
        _refuse_posted(record.set.entity, record.values, verb="Delete")
        for line in tenant.store.rows(self.lines, **_key(record.values)):
            tenant.store.delete(line)

    def insert_line(self, tenant: Tenant, row: Values, given: frozenset[str]) -> None:
        """A line of a journal that is not posted: its account is not on hold, and nobody marks the invoice that it marks."""
        entity = f"{self.entity}LineEntity"
        for name in ("JournalBatchNumber", "AccountDisplayValue"):
            if not row[name]:
                raise must_be_filled(entity, name)
        header = tenant.one(self.headers, **_key(row))
        _refuse_posted(entity, header)
        name = fold(f"{row['dataAreaId']} {header['JournalName']}")
        if tenant.at_work.setdefault(name, row["JournalBatchNumber"]) != row["JournalBatchNumber"]:
            raise infolog(entity, CONFLICT)
        row["AccountType"] = row["AccountType"] if "AccountType" in given else self.type
        account = self._account(tenant, entity, row)
        if "CurrencyCode" not in given:
            row["CurrencyCode"] = account.get("CurrencyCode") or account.get("SalesCurrencyCode") or ""
        if "MarkedInvoiceCompany" not in given:
            row["MarkedInvoiceCompany"] = row["dataAreaId"]
        if row["MarkedInvoice"]:
            self._mark(tenant, entity, row, account[self.account])

    def _account(self, tenant: Tenant, entity: str, row: Values) -> Values:
        number = account_of(tenant, entity, row["AccountDisplayValue"])
        found = tenant.rows(self.accounts, dataAreaId=row["dataAreaId"], **{self.account: number})
        if len(found) != 1:
            raise infolog(entity, f"Error: Account number for transaction type {self.type} does not exist: {number}.")
        if found[0]["OnHoldStatus"] in ("All", "Payment"):
            raise infolog(entity, f"Error: Account {number} is on hold for {found[0]['OnHoldStatus']}.")
        return found[0]

    def _mark(self, tenant: Tenant, entity: str, row: Values, account: str) -> None:
        number, company = row["MarkedInvoice"], row["MarkedInvoiceCompany"]
        known = tenant.rows(self.invoices, dataAreaId=company, InvoiceId=number, InvoiceAccount=account)
        if not known and (company, account, number) not in tenant.journal_invoices:
            raise infolog(entity, f"Error: Invoice {number} of account {account} does not exist or is settled.")
        for line in tenant.rows(self.lines, MarkedInvoice=number, MarkedInvoiceCompany=company):
            if account_of(tenant, entity, line["AccountDisplayValue"]) != account:
                continue
            journal = tenant.one(self.headers, **_key(line))
            if journal["IsPosted"] == "Yes":
                raise infolog(entity, f"Error: Invoice {number} of account {account} does not exist or is settled.")
            words = f"{journal['JournalName']} {journal['JournalBatchNumber']} in company {journal['dataAreaId']}"
            raise infolog(entity, f"Error: This transaction has been marked for settlement by {words}.")

    def post(self, tenant: Tenant, number: str, *, company: str = "usmf") -> None:
        """Post a journal. LookupError when there is none."""
        record = tenant.store.one(self.headers, dataAreaId=company, JournalBatchNumber=number)
        if record is None:
            raise LookupError(f"no journal {number} in {company}")
        tenant.store.update(record, {"IsPosted": "Yes"})


VENDOR = PaymentJournal(
    headers="VendorPaymentJournalHeaders",
    lines="VendorPaymentJournalLines",
    entity="VendorPaymentJournal",
    type="Vend",
    accounts="VendorsV3",
    account="VendorAccountNumber",
    invoices="VendInvoiceJourBiEntities",
)
CUSTOMER = PaymentJournal(
    headers="CustomerPaymentJournalHeaders",
    lines="CustomerPaymentJournalLines",
    entity="CustomerPaymentJournal",
    type="Cust",
    accounts="CustomersV3",
    account="CustomerAccount",
    invoices="CustInvoiceJourBiEntities",
)


def account_of(tenant: Tenant, entity: str, display: str) -> str:
    """The account that a display value names: one segment, whose delimiters are escaped. Refused where it has more."""
    segments = parted(display, delimiter(tenant))
    if len(segments) > 1:
        raise infolog(entity, f"Error: The value {display} has {len(segments)} segments, and an account has 1.")
    return segments[0]


def _key(row: Values) -> dict[str, str]:
    return {name: row[name] for name in ("dataAreaId", "JournalBatchNumber")}


def _refuse_posted(entity: str, header: Values, verb: str = "Write") -> None:
    if header["IsPosted"] == "Yes":
        raise infolog(entity, f"Error: Journal {header['JournalBatchNumber']} is posted.", verb=verb)
