"""A journal entry: what was posted to the general ledger.

Knows: the entry as it was posted. Does not know: charts of accounts, how a display value is split, any file.
"""

from d365edi.documents.base import Amount, Day, Document, SpelledPart, Text


class JournalEntryLine(SpelledPart):
    """A line. `account_kind` says what `account` is a number of (in D365's words: Ledger, Vend, Cust, Bank ...); one of `debit`
    and `credit` has an amount, in `currency`; `dimensions` are by name, "Department=022; CostCenter=014"."""

    number: Text | None = None
    date: Day | None = None
    voucher: Text | None = None
    account_kind: Text | None = None
    account: Text | None = None
    dimensions: Text | None = None
    offset_kind: Text | None = None
    offset_account: Text | None = None
    offset_dimensions: Text | None = None
    debit: Amount | None = None
    credit: Amount | None = None
    currency: Text | None = None
    text: Text | None = None
    invoice: Text | None = None
    document: Text | None = None


class JournalEntry(Document):
    """A posted journal, or lines of one. `number` is the journal's, `journal` the name that it was made under, `text` what it
    says of itself."""

    number: Text
    company: Text | None = None
    journal: Text | None = None
    text: Text | None = None
    lines: tuple[JournalEntryLine, ...] = ()
