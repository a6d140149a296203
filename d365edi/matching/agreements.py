"""What was agreed with a partner about codes of allowances and charges.

A flow's table `agreed` names codes (SAC02 or SAC04; ALC C214 7161 or C552 5189). "3%" and "12.50" are allowances that are
known and expected, "+3%" and "+12.50" charges: nothing is done in D365, and an order that says otherwise is held. "discount" is
taken as the order says it, and so is "line:FREIGHT": it becomes a charge line of D365's charge code FREIGHT.

Knows: codes and figures. Does not know: lines, prices, what a discount comes to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from d365edi.documents.values import Charge
from d365edi.matching.numbers import plain

OFF_THE_BILL = frozenset({"bill back", "information", "check to customer", "credit customer"})
"""Ways of handling an allowance that take nothing off an invoice: it is settled otherwise."""
AGREED = re.compile(r"(?P<charge>\+?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")
DISCOUNT, LINE = "discount", "line:"
CHANGING = ("allowance", "charge")
"""Kinds that change what is to be paid; the third is information."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed about a code: a percentage or an amount that is expected, or neither: what the order says becomes
    the discount, or a charge line of the D365 charge code `account`. `kind` is allowance or charge."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    kind: str = "allowance"
    account: str = ""

    @property
    def discounts(self) -> bool:
        """Whether D365 is given the discount."""
        return self.percent is None and self.amount is None and not self.account

    @property
    def written(self) -> bool:
        """Whether it is written to D365, as the order says it."""
        return self.discounts or bool(self.account)

    def __str__(self) -> str:
        if self.account:
            return f"{LINE}{self.account}"
        sign = "+" if self.kind == "charge" else ""
        said = f"{plain(self.percent)}%" if self.percent is not None else f"{self.amount}"
        return DISCOUNT if self.discounts else f"{sign}{said}"


def agreement(text: str) -> Agreement | None:
    """What "3%", "12.50", "+3%", "+12.50", "discount" or "line:FREIGHT" in the settings means, None for anything else."""
    if text == DISCOUNT:
        return Agreement()
    if text.startswith(LINE):
        account = text.removeprefix(LINE).strip(" ")
        return Agreement(account=account) if account else None
    found = AGREED.fullmatch(text)
    if found is None:
        return None
    number = Decimal(found["number"])
    kind = "charge" if found["charge"] else "allowance"
    return Agreement(percent=number, kind=kind) if found["percent"] else Agreement(amount=number, kind=kind)


Agreements = Mapping[str, Agreement]
"""By code, as the partner writes it."""


def agreed_about(charge: Charge, agreed: Agreements) -> Agreement | None:
    """What was agreed about an allowance or a charge; None where nothing is, or where it is information alone."""
    if charge.kind not in CHANGING:
        return None
    return next((agreed[code] for code in codes_of(charge) if code in agreed), None)


def codes_of(charge: Charge) -> tuple[str, ...]:
    """The codes of a charge, as the partner wrote them first."""
    found = (charge.spelling("code"), charge.code, charge.spelling("agency_code"), charge.agency_code)
    return tuple(dict.fromkeys(code for code in found if code is not None))


def settled_otherwise(charge: Charge) -> bool:
    """Whether it takes nothing off an invoice and adds nothing."""
    return charge.handling in OFF_THE_BILL
