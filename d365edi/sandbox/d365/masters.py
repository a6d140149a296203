"""Product masters: an item with a product dimension group is ordered in one of its variants.

Which dimensions a group has is not in its name; a variant that is released, or has a number, names at least one of them.

Knows: the fields of a variant and how the application refuses a line without one. Does not know: lookups, HTTP.
"""

from typing import Any

from .refusals import infolog
from .tenant import Tenant

Row = dict[str, Any]
DIMENSIONS = ("ProductColorId", "ProductConfigurationId", "ProductSizeId", "ProductStyleId", "ProductVersionId")


def refuse_master(tenant: Tenant, entity: str, row: Row, item: Row) -> None:
    """Refuse a line that names a product master and no variant of it, or one that no number of the item has."""
    if not item["ProductDimensionGroupName"]:
        return
    named = {field: row[field] for field in DIMENSIONS if row[field]}
    if not named:
        message = "Error: Inventory dimension Color is mandatory and must consequently be specified."
        raise infolog(entity, message, "Error: Update has been canceled.")
    known = tenant.rows("ProductBarcodesV3", dataAreaId=row["dataAreaId"], ItemNumber=row["ItemNumber"])
    if known and not any(all(each[field] == value for field, value in named.items()) for each in known):
        message = f"Error: The product variant of item {row['ItemNumber']} does not exist."
        raise infolog(entity, message, "Error: Update has been canceled.")
