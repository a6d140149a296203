"""What is agreed about a vendor's invoices: keys of [partners.NAME.receive.SET] with `create = "VendorInvoice"`.

Knows: the settings of invoices. Does not know: how they are matched with orders.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from .section import SettingsSection
from .values import invalid

RECORD = "VendorInvoice"
"""The record that these keys are about."""


def _percent(value: object) -> Decimal:
    text = value.strip() if isinstance(value, str) else ""
    try:
        number = Decimal(text.removesuffix("%").rstrip(" ")) if text.endswith("%") else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise invalid("is no percentage", 'write it as "0.5%", or "0%" for the same price')
    return number


Percent = Annotated[Decimal, BeforeValidator(_percent)]
"""A percentage as text: "0.5%"."""


class Match(SettingsSection):
    """How far an invoice may differ from the order that it is for."""

    price: Percent = Decimal("0.5")
    """By how much a price may differ from the order's: "0.5%"."""
    quantity: Literal["hold", "warn"] = "hold"
    """More than was ordered: a person decides (hold), or it is written and logged (warn)."""


class OfInvoices(SettingsSection):
    """What counts where vendor invoices are created."""

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

    @model_validator(mode="before")
    @classmethod
    def _of_invoices(cls, values: Any) -> Any:
        """These keys stand beside `create = "VendorInvoice"` alone."""
        if isinstance(values, dict) and values.get("create") != RECORD:
            for name in OfInvoices.model_fields.keys() & values.keys():
                remedy = f'write create = "{RECORD}", or leave {name} out'
                raise invalid("is agreed about vendor invoices, and none are created", remedy, inside=(name,))
        return values
