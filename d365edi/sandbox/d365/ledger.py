"""General journals: lines of debit and credit, and their posting.

Knows: which rows a journal has, what posting changes. Does not know: payment journals (`payments`), HTTP.
"""

from decimal import Decimal
from typing import Any

from .tenant import Tenant


def journal(
    tenant: Tenant,
    *lines: dict[str, Any],
    company: str = "usmf",
    name: str = "GenJrn",
    text: str = "",
    date: str | None = None,
) -> str:
    """A journal with these lines as an administrator would enter them: fields of LedgerJournalLines, the rest as is usual. Its
    number."""
    number = f"{tenant.number(company, 'JournalBatchNumber'):05}"
    key = {"dataAreaId": company, "JournalBatchNumber": number}
    debit = sum((Decimal(line.get("DebitAmount", 0)) for line in lines), Decimal(0))
    credit = sum((Decimal(line.get("CreditAmount", 0)) for line in lines), Decimal(0))
    totals = {"JournalTotalDebit": debit, "JournalTotalCredit": credit}
    tenant.add("LedgerJournalHeaders", **key, JournalName=name, Description=text, IsPosted="No", **totals)
    usual = {"TransDate": date or tenant.today()[:10], "CurrencyCode": "USD", "AccountType": "Ledger"}
    for place, line in enumerate(lines, 1):
        tenant.add("LedgerJournalLines", **{**key, "LineNumber": place, **usual, "Voucher": f"GNJL{number}", **line})
    return number


def post(tenant: Tenant, number: str, *, company: str = "usmf") -> None:
    """Post a journal. LookupError where there is none, ValueError where its debit is not its credit."""
    header = tenant.one("LedgerJournalHeaders", dataAreaId=company, JournalBatchNumber=number)
    if header["JournalTotalDebit"] != header["JournalTotalCredit"]:
        raise ValueError(f"journal {number} does not balance")
    (record,) = tenant.store.rows("LedgerJournalHeaders", dataAreaId=company, JournalBatchNumber=number)
    tenant.store.update(record, {"IsPosted": "Yes"})
