"""[partners.NAME.tax]: rates of value added tax and registration numbers, for invoices that state them.

Knows: the table. Does not know: invoices.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator

from d365edi.edi import guides
from d365edi.matching.taxes import Taxation

from .section import SettingsSection
from .values import Text, invalid


def _rates(value: Mapping[str, str]) -> Mapping[str, str]:
    known = guides.codes("5305", "EDIFACT")
    seen = set[Decimal]()
    for rate, category in value.items():
        number = _percent(rate)
        if number is None or number in seen:
            raise invalid("is not a rate in percent, or is there twice", 'write rates = { "19" = "S" }', inside=(rate,))
        seen.add(number)
        if category not in known:
            raise invalid("is no category of a tax (5305)", f"known are {', '.join(known)}", inside=(rate,))
    if not value:
        raise invalid("has no rate", 'write rates = { "19" = "S", "0" = "Z" }')
    return value


def _percent(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) else None
    except InvalidOperation:
        return None
    return number if number is not None and number <= 100 else None


class TaxAgreement(SettingsSection):
    """Value added tax on invoices to the partner. D365 posts the amount of each line's tax; its rate is the one of these that the
    amounts fit to the cent. What fits none holds the invoice."""

    rates: Annotated[Mapping[Text, Text], AfterValidator(_rates)]
    """Rate in percent = its category (5305: S standard, Z zero, E exempt ...)."""
    seller: Text | None = None
    """Our registration number, which an INVOIC says; left out: CompanyTaxRegNumber of the invoice in D365."""
    buyer: Text | None = None
    """The partner's number, which an INVOIC says; left out: the VAT number of the invoice in D365."""

    def agreed(self, place: str) -> Taxation:
        """The same for the room that breaks the taxes down."""
        return Taxation({Decimal(rate): code for rate, code in self.rates.items()}, self.seller, self.buyer, place)
