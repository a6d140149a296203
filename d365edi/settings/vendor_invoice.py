"""What is agreed about a vendor's invoices: keys of [partners.NAME.receive.SET] with `create = "VendorInvoice"`.

Knows: the settings of invoices. Does not know: how they are matched with orders.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BeforeValidator

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
    """More than was ordered, with what other invoices have of it: a person decides (hold), or it is written and logged (warn)."""
    item: Literal["hold", "warn"] = "hold"
    """A line that fits by its number alone, and whose item's number nobody knows: a person decides (hold), or it is written as
    the order's item and logged (warn)."""


KEYS = ("same", "header_reference", "posted_check", "match", "stocked", "lines")
"""The keys that stand beside `create = "VendorInvoice"` alone."""


def of_invoices(values: object) -> object:
    """The keys of a receive flow as they are written. Raises for one about vendor invoices where none are created."""
    if isinstance(values, dict) and values.get("create") != RECORD:
        for name in KEYS:
            if name in values:
                remedy = f'write create = "{RECORD}", or leave {name} out'
                raise invalid("is agreed about vendor invoices, and none are created", remedy, inside=(name,))
    return values
