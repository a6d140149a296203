"""[partners.NAME.items]: what a partner's numbers of items are for us.

Knows: one row of the table. Does not know: lookups, orders.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from .section import SettingsSection
from .values import Text, invalid


class Item(SettingsSection):
    """Our item for a number of the partner's, and which variant of it where it is a product master. Text alone is `item`."""

    item: Text
    """Our item number."""
    color: Text | None = None
    """The colour of the variant (`ProductColorId`)."""
    configuration: Text | None = None
    """The configuration of the variant (`ProductConfigurationId`)."""
    size: Text | None = None
    """The size of the variant (`ProductSizeId`)."""
    style: Text | None = None
    """The style of the variant (`ProductStyleId`)."""
    version: Text | None = None
    """The version of the variant (`ProductVersionId`)."""

    @property
    def dimensions(self) -> dict[str, str]:
        """The dimensions of the variant that are named."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name != "item"}
        return {name: value for name, value in named.items() if value is not None}

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str | Mapping | Item):
            raise invalid("is neither text nor a table", 'write it in quotes: "ACME-4711" = "D0001"')
        return {"item": value} if isinstance(value, str) else value
