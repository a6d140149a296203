"""[partners.NAME.locations]: what a partner's codes of places are for us.

Knows: one row of the table. Does not know: addresses, orders.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from .section import SettingsSection
from .values import Company, Text, invalid


class Location(SettingsSection):
    """What a partner's code of a place (N104, NAD) is for us; at least one of the keys. Text alone is `location`."""

    location: Text | None = None
    """The location of an address in D365 (`AddressLocationId`, not its description): goods go there."""
    site: Text | None = None
    """Our site that the goods are shipped from."""
    warehouse: Text | None = None
    """Our warehouse that the goods are shipped from."""
    account: Text | None = None
    """The customer account that orders for this place and pays for it (ENT04), in place of `customer`; what is posted for it is
    sent, too."""
    company: Company | None = None
    """The company of `account`; left out where the partner is a customer of one company only."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str | Mapping | Location):
            raise invalid("is neither text nor a table", 'write it in quotes: "0007" = "ACME-DC7"')
        return {"location": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any((self.location, self.site, self.warehouse, self.account)):
            remedy = (
                'write a location, as "0007" = "ACME-DC7", or { site = ..., warehouse = ... }, or { account = ... }'
            )
            raise invalid("says nothing about the place", remedy)
        if self.company is not None and self.account is None:
            raise invalid("is the company of no account", "leave it out, or write account", inside=("company",))
        return self
