"""The packing slip of a warehouse that runs on its own: what one shipment of an order holds, on which license plates.

It is a journal of versions: a shipment that is corrected gets the next version, and only the newest is active. Such a
warehouse knows the order's lines and the customer's numbers for them, and leaves the order itself alone.

Knows: how header, lines, dimensions and load belong together, by ShipmentPackingSlipVersionNumber, InventoryLotId and
LoadId. Does not know: packing slips of sales orders, HTTP.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from . import progress, values
from .tenant import Tenant

Row = dict[str, Any]


def post(
    tenant: Tenant,
    order_number: str,
    *,
    company: str = "usmf",
    plates: Mapping[str, str] | None = None,
    pallets: Mapping[str, str] = MappingProxyType({}),
    shipment: str = "",
    date: str | None = None,
    load: Mapping[str, str] | None = None,
    weights: Mapping[str, tuple[Decimal, str]] = MappingProxyType({}),
) -> str:
    """Post the whole of an order as a shipment and return its version number (`USMF-000001.1`).

    `plates`: lot to the license plate that it stands on; a lot that is not named stands on none. `pallets`: plate to the
    plate that it stands on. `shipment`: the id of
    one that was posted before and is now corrected, a new one when empty. `load`: fields of the load it travels with
    (`ProNumber`, `TrailerNumber` ...), no load when None. `weights`: lot to what it weighs in all, and the unit. `date`:
    `YYYY-MM-DD`, today when None. LookupError when there is no such order."""
    order = tenant.one("SalesOrderHeadersV4", dataAreaId=company, SalesOrderNumber=order_number)
    head = _head(tenant, order, shipment, load)
    sent = values.date_value(date) if date else tenant.today()
    receiver = progress.filled("ShipmentPackingSlipJournalHeaders", order=order)
    tenant.add("ShipmentPackingSlipJournalHeaders", **head, **receiver, DocumentDate=sent, DeliveryDate=sent)
    if load is not None:
        tenant.add("OutboundLoadHeaders", dataAreaId=company, LoadId=head["LoadId"], **load)
    for plate in dict.fromkeys((plates or {}).values()):
        tenant.add(
            "LicensePlates",
            dataAreaId=company,
            LicensePlateNumber=plate,
            ParentLicensePlateNumber=pallets.get(plate, ""),
        )
    for number, line in enumerate(progress.lines(tenant, order), 1):
        place = {"dataAreaId": company, "InventoryLotId": line["InventoryLotId"]}
        place["ShipmentPackingSlipVersionNumber"] = head["ShipmentPackingSlipVersionNumber"]
        quantity = {"HandlingUnitSymbol": line["SalesUnitSymbol"]}
        sold = progress.filled("ShipmentPackingSlipJournalLines", order=order, line=line)
        tenant.add("ShipmentPackingSlipJournalLines", **place, **quantity, **sold, ConsignerLineNumber=number)
        plate = (plates or {}).get(line["InventoryLotId"], "")
        quantity["HandlingQuantity"] = line["OrderedSalesQuantity"]
        weight, unit = weights.get(line["InventoryLotId"], (Decimal(0), ""))
        weighed = {"Weight": weight, "WeightUnitSymbol": unit, "LicensePlateNumber": plate}
        tenant.add("ShipmentPackingSlipTransactionDimensions", **place, **quantity, **weighed)
    return str(head["ShipmentPackingSlipVersionNumber"])


def _head(tenant: Tenant, order: Row, shipment: str, load: Mapping[str, str] | None) -> Row:
    company = order["dataAreaId"]
    shipment = shipment or f"SH-{tenant.number(company, 'shipment'):06}"
    earlier = tenant.rows("ShipmentPackingSlipJournalHeaders", dataAreaId=company, ShipmentId=shipment)
    for row in earlier:
        key = {name: row[name] for name in ("dataAreaId", "ShipmentPackingSlipVersionNumber")}
        tenant.add("ShipmentPackingSlipJournalHeaders", **key, IsActive="No")
    slip = shipment.replace("SH", company.upper())
    return {
        "dataAreaId": company,
        "ShipmentPackingSlipVersionNumber": f"{slip}.{len(earlier) + 1}",
        "ShipmentPackingSlipNumber": slip,
        "ShipmentId": shipment,
        "IsActive": "Yes",
        "LoadId": shipment.replace("SH", "LD") if load is not None else "",
    }
