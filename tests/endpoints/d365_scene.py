"""A tenant with a customer, items and units, an endpoint for it, and a progress that is kept as the journal keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from d365edi.endpoints.base import DeliveryRequest, Receipt
from d365edi.endpoints.d365.endpoint import D365Config, D365Endpoint
from d365edi.odata.plan import WritePlan
from d365edi.sandbox.d365 import Simulator
from d365edi.sandbox.d365.simulator import CLIENT_ID, CLIENT_SECRET, TENANT

HOST = "https://contoso.sandbox.test"


class Clock:
    """A clock that stands until it is moved; epoch seconds."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """One simulator, one endpoint. `progress` is what was recorded, as a delivery row keeps it; `steps` its history."""

    clock: Clock = field(default_factory=Clock)
    progress: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim = Simulator(clock=self.clock)
        state = self.sim.state
        state.add("UnitsOfMeasure", UnitSymbol="ea")
        state.add(
            "CustomersV3", dataAreaId="usmf", CustomerAccount="US-003", OrganizationName="Acme", SalesCurrencyCode="USD"
        )
        for number in ("D0001", "D0002", "D0003"):
            state.add(
                "ReleasedProductsV2",
                dataAreaId="usmf",
                ItemNumber=number,
                SalesUnitSymbol="ea",
                SalesPrice=Decimal("9.99"),
            )
        self.endpoint = self.open()

    def open(self, transport: httpx.AsyncBaseTransport | None = None, **changes: Any) -> D365Endpoint:
        """An endpoint for this tenant; `changes` are settings that differ."""
        config = replace(
            D365Config(HOST, TENANT, CLIENT_ID, CLIENT_SECRET, authority=HOST, companies=("usmf",)),
            **{"client_secret": CLIENT_SECRET, **changes},
        )
        wire = transport or httpx.ASGITransport(app=self.sim.app)
        return D365Endpoint("d365", config, wire, clock=self.clock, monotonic=self.clock)

    async def checkpoint(self, step: str, facts: Mapping[str, str]) -> None:
        """Keep what was marked."""
        self.progress.update(facts, step=step)
        self.steps.append(step)

    async def deliver(self, plan: WritePlan) -> Receipt:
        """Deliver as the delivery flow does: with all that was marked before."""
        return await self.endpoint.deliver(self.request(plan), self.checkpoint)

    def request(self, plan: WritePlan) -> DeliveryRequest:
        """The request of a plan, with the progress so far."""
        return DeliveryRequest(7, "", plan.label, plan.to_bytes(), dict(self.progress))

    @property
    def orders(self) -> list[tuple[str, int]]:
        """The sales orders that stand in the tenant, each with its number of lines."""
        state = self.sim.state
        return [
            (row["SalesOrderNumber"], len(state.rows("SalesOrderLinesV3", SalesOrderNumber=row["SalesOrderNumber"])))
            for row in state.rows("SalesOrderHeadersV4")
        ]

    def posts(self) -> int:
        """How many headers were asked for."""
        return self.sim.count("POST", "SalesOrderHeadersV4")


def order(number: str = "4500123", *, lines: int = 2, item: str = "D0001", **header: Any) -> WritePlan:
    """The plan of one purchase order as the maps make it."""
    return WritePlan(
        what="SalesOrder",
        company="usmf",
        header_set="SalesOrderHeadersV4",
        lookup={"OrderingCustomerAccountNumber": "US-003", "CustomersOrderReference": number},
        header={
            "OrderingCustomerAccountNumber": "US-003",
            "InvoiceCustomerAccountNumber": "US-003",
            "CustomersOrderReference": number,
            "SalesOrderOriginCode": "EDI",
            "RequestedShippingDate": date(2026, 12, 1),
            **header,
        },
        number_field="SalesOrderNumber",
        line_set="SalesOrderLinesV3",
        link_field="SalesOrderNumber",
        lines=tuple(
            {
                "CustomersLineNumber": place,
                "ItemNumber": item,
                "OrderedSalesQuantity": Decimal(place),
                "SalesUnitSymbol": "ea",
                "SalesPrice": Decimal("12.50"),
                "RequestedShippingDate": date(2026, 12, 1),
            }
            for place in range(1, lines + 1)
        ),
        compare=(
            "CustomersLineNumber",
            "ItemNumber",
            "OrderedSalesQuantity",
            "SalesUnitSymbol",
            "RequestedShippingDate",
        ),
        label=f"PO {number}",
        extra={"open": {"SalesOrderStatus": ["None", "Backorder"]}},
    )
