"""The simulator as one object: one tenant, its directory, faults to plan and a log to count requests by.

Knows: what a fresh tenant is seeded with. Does not know: the client it is tested with, whose code it does not share.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..faults import Faults
from . import packing, posting, shipment
from .entra import Entra
from .http_app import HttpApp
from .requests import ROOT
from .row_log import RowLog
from .tenant import Tenant
from .throttle import Throttle

CLIENT_ID = "6f2c0c0e-0000-4000-8000-00000000d365"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 (the simulator's own, on loopback)
TENANT = "contoso.onmicrosoft.com"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that came in. `set`: the first segment below /data/ without its key (`$batch` for a batch),
    `token` for Entra. `inside`: an operation of a batch, not a request of its own. `status` is what it was answered,
    0 for none."""

    method: str
    path: str
    set: str
    status: int
    inside: bool = False


class Simulator:
    """One tenant of D365 F&O with its Entra ID. `app` is the ASGI application, `state` the tenant's rows and switches,
    `entra` the directory, `faults` what goes wrong, `throttle` how many requests are answered, `log` what came in.

    `audience`: the resource that tokens must be for; None takes the host that a request names. `clock` gives epoch
    seconds."""

    def __init__(
        self,
        *,
        tenant: str = TENANT,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        audience: str | None = None,
        companies: tuple[str, ...] = ("usmf", "demf", "dat"),
        default_company: str = "dat",
        page: int = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.state = Tenant(companies=list(companies), default_company=default_company, page=page, clock=clock)
        self.entra = Entra(tenant, clock, clients={client_id: client_secret})
        self.faults = Faults()
        self.throttle: Throttle | None = None
        self.log: list[LoggedRequest] = []
        self.audience = audience
        self.app = HttpApp(self)
        self._rows: RowLog | None = None
        self._seed(client_id)

    def keep(self, path: Path) -> bool:
        """Keep rows and numbers in this file from now on, and begin with those that it holds: whether there was one."""
        self._rows = RowLog(path, self.state)
        return self._rows.found

    def flush(self) -> None:
        """Write into the file of `keep` what changed. Each request is written down before it is answered."""
        if self._rows is not None:
            self._rows.flush()

    def close(self) -> None:
        """Let go of that file."""
        if self._rows is not None:
            self._rows.close()

    def count(self, method: str, set: str) -> int:
        """How many requests of this method for this set came in, alone or inside a batch."""
        return sum(1 for seen in self.log if seen.method == method and seen.set == set)

    def note(self, method: str, path: str, status: int, *, inside: bool = False) -> None:
        """Write a request into the log."""
        below = path.removeprefix(ROOT).partition("(")[0].partition("/")[0]
        self.log.append(
            LoggedRequest(method, path, below if path.startswith(ROOT) else path.rpartition("/")[2], status, inside)
        )

    def post_invoice(self, order_number: str, **particulars: Any) -> str:
        """Post the sales invoice of an order and return its number; see `posting.post` for the particulars."""
        return posting.post(self.state, [order_number], **particulars)

    def post_summary_invoice(self, order_numbers: Sequence[str], **particulars: Any) -> str:
        """Post one invoice for several orders and return its number; see `posting.post` for the particulars."""
        return posting.post(self.state, order_numbers, **particulars)

    def post_credit(self, order_number: str, quantities: Mapping[str, Any], **particulars: Any) -> str:
        """Post a credit note for invoiced lines of an order and return its number; see `posting.post_credit`."""
        return posting.post_credit(self.state, order_number, quantities, **particulars)

    def post_packing_slip(self, order_number: str, **particulars: Any) -> str:
        """Post a packing slip of an order and return its number; see `packing.post` for the particulars."""
        return packing.post(self.state, order_number, **particulars)

    def post_summary_slip(self, order_numbers: Sequence[str], **particulars: Any) -> str:
        """Post one packing slip for several orders and return its number; see `packing.post_summary` for the particulars."""
        return packing.post_summary(self.state, order_numbers, **particulars)

    def post_shipment(self, order_number: str, **particulars: Any) -> str:
        """Post an order's shipment from a warehouse that runs on its own; see `shipment.post` for the particulars."""
        return shipment.post(self.state, order_number, **particulars)

    def _seed(self, client_id: str) -> None:
        for company in self.state.companies:
            address = {
                "Street": "1 Harbor Way",
                "City": "Portland",
                "State": "OR",
                "ZipCode": "97201",
                "CountryRegionISOCode": "US",
            }
            fields = {f"Address{part}": text for part, text in address.items()}
            self.state.add("LegalEntities", LegalEntityId=company, Name=f"Northbay Goods {company.upper()}", **fields)
            self.state.add("Companies", DataArea=company, Name=f"Company {company.upper()}")
        self.state.add("SysAADClients", AADClientId=client_id, Name="d365edi", UserId="d365edi")
        self.state.add("DimensionParameters", Key=0, DimensionSegmentDelimiter="Hyphen")
        for type, text in (
            ("Default", "BusinessUnit-CostCenter-Department"),
            ("Ledger", "MainAccount-BusinessUnit-CostCenter"),
        ):
            self.state.add(
                "DimensionIntegrationFormats",
                DimensionFormatName=f"{type} format",
                DimensionFormatType=f"DataEntity{type}DimensionFormat",
                FinancialDimensionFormat=text,
                IsActive="Yes",
            )
