"""A remittance: what a customer pays, for which invoices, less what.

Knows: the payment as it was meant. Does not know: the message it comes from, whether it adds up, how it is posted.
"""

from d365edi.documents.base import Amount, Day, Document, SpelledPart, Text
from d365edi.documents.values import Contact, Moment, Parties, Reference


class Adjustment(SpelledPart):
    """What is paid more (positive) or less (negative: a deduction) than was asked for, and why."""

    amount: Amount | None = None
    reason: Text | None = None
    reference_kind: Text | None = None
    reference: Text | None = None
    remarks: tuple[Text, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()


class RemittanceLine(SpelledPart):
    """One open item: `kind` says what `number` is (IV an invoice, CM a credit memo ...).

    `paid` is what is paid for it, `gross` what it asked for, `discount` what was taken for paying early."""

    kind: Text | None = None
    number: Text | None = None
    action: Text | None = None
    paid: Amount | None = None
    gross: Amount | None = None
    discount: Amount | None = None
    reason: Text | None = None
    adjusted: Amount | None = None
    order_number: Text | None = None
    bill_of_lading: Text | None = None
    date: Day | None = None
    remarks: tuple[Text, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


class Payee(SpelledPart):
    """Whom, or which of their places, some of the items are about."""

    number: int | None = None
    entity: Text | None = None
    id_kind: Text | None = None
    id: Text | None = None
    reference_kind: Text | None = None
    reference: Text | None = None
    adjustments: tuple[Adjustment, ...] = ()
    lines: tuple[RemittanceLine, ...] = ()


class Bank(SpelledPart):
    """An account at a bank."""

    bank_kind: Text | None = None
    bank: Text | None = None
    account_kind: Text | None = None
    account: Text | None = None


class Remittance(Document):
    """A payment. `number` is the check's or transfer's; `total` is what is paid in all, `sense` C to us, D from us; `purpose`
    "original" is a new one, as is one that says none.

    The items are in `entities`, one for each place of the payer's that they are about; mostly there is one."""

    number: Text
    purpose: Text | None = None
    handling: Text | None = None
    total: Amount | None = None
    sense: Text | None = None
    method: Text | None = None
    format: Text | None = None
    date: Day | None = None
    created: Day | None = None
    currency: Text | None = None
    trace_kind: Text | None = None
    originator: Text | None = None
    supplement: Text | None = None
    payer_bank: Bank = Bank()
    payee_bank: Bank = Bank()
    company: Text | None = None
    company_code: Text | None = None
    remarks: tuple[Text, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    contacts: tuple[Contact, ...] = ()
    parties: Parties = Parties()
    entities: tuple[Payee, ...] = ()

    @property
    def lines(self) -> tuple[RemittanceLine, ...]:
        """All open items."""
        return tuple(line for entity in self.entities for line in entity.lines)

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """The adjustments that belong to no open item."""
        return tuple(adjustment for entity in self.entities for adjustment in entity.adjustments)
