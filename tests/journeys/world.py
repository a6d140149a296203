"""A small world for journeys: the D365 simulator on a TLS port, one partner behind a real SFTP server, and settings.

The simulator and the partner live in the test's own event loop; the daemon's app runs beside them, or as a process.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from d365edi import log, secrets
from d365edi.app import App
from d365edi.errors import EndpointError
from d365edi.flows.context import Counters
from d365edi.sandbox import serve, tls
from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT, Simulator
from d365edi.sandbox.partner import PartnerProfile, SimulatedPartner
from d365edi.settings import Settings, load
from tests.servers.asyncssh_server import AsyncsshServer, asyncssh_server
from tests.servers.openssh import OpenSsh, openssh

ServerKind = Literal["openssh", "asyncssh"]

PROFILE = PartnerProfile(
    name="acme",
    account="US-003",
    title="Acme Stores",
    them=("08", "6111250008"),
    us=("01", "123456789"),
    group_them="6111250008",
    group_us="123456789",
)
ITEMS = {
    "D0001": ("ACME-4711", "614141000012"),
    "D0002": ("ACME-4712", "614141000029"),
    "D0003": ("ACME-4713", "614141000036"),
}
"""Our item: their number for it, its GTIN-12."""
ADDRESSES = {
    "ACME-DC7": ("0007", "700 DISTRIBUTION WAY", "AUSTIN", "TX", "78701"),
    "ACME-DC8": ("4098765000027", "800 DISTRIBUTION WAY", "AUSTIN", "TX", "78702"),
}
"""Locations of the customer's addresses: their code for the place, street, city, state and zip."""


@dataclass
class World:
    """Everything a journey touches. `key`: our private key, where it is not the one that the server knows;
    `waits`: how long the app waits after failures, where that is not as usual."""

    folder: Path
    simulator: Simulator
    d365_host: str
    ca_file: Path
    partner: SimulatedPartner
    server: OpenSsh | AsyncsshServer
    prefix: str
    control: int = 0
    extra: str = ""
    partner_extra: str = ""
    knobs: dict[str, str] = field(default_factory=dict)
    key: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    waits: dict[str, Any] = field(default_factory=dict)

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def environ(self) -> Mapping[str, str]:
        config = self.server.config()
        ours = {"D365EDI_SECRET_D365": CLIENT_SECRET, "D365EDI_SECRET_ACME_SSH_KEY": self.key or config.key}
        return ours | self.secrets

    def write_settings(self) -> Path:
        """Settings for this world; `extra` is appended, `partner_extra` stands inside [partners.acme]."""
        config = self.server.config()
        text = _SETTINGS.format(
            folder=self.folder,
            host=self.d365_host,
            tenant=TENANT,
            client=CLIENT_ID,
            ca=self.ca_file,
            port=config.port,
            user=config.username,
            host_key=config.host_keys[0].strip("\n"),
            root=self.prefix,
            partner_extra=self.partner_extra,
            **{**_KNOBS, "after": f'{{ move_to = "{self.prefix}/outbound/processed" }}', **self.knobs},
        )
        self.settings_file.write_text(text + self.extra)
        return self.settings_file

    def settings(self) -> Settings:
        return load(self.write_settings(), environ=self.environ, keyring=secrets.keyring(log.hide))

    @contextlib.asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The app with all its parts, as the daemon opens it."""
        async with App.open(self.settings(), **self.waits) as app:
            yield app

    async def once(self) -> Counters:
        """Open the app, walk every flow a single time, close it: what `run --once` does."""
        async with self.app() as app:
            return await app.once()

    def order(
        self,
        number: str,
        lines: list[tuple[str, str, str, str]] | None = None,
        *,
        purpose: str = "00",
        control: int | None = None,
        copies: int = 1,
        group_control: int | None = None,
    ) -> bytes:
        """An 850 of theirs. A line is (PO101, quantity, price, buyer's item). `copies` sets number themselves -1, -2 ..."""
        self.control = control if control is not None else self.control + 1
        wanted = lines if lines is not None else [("1", "12", "10.5", "ACME-4711"), ("2", "3", "99.99", "ACME-4712")]
        sets = []
        for copy in range(1, copies + 1):
            po = number if copies == 1 else f"{number}-{copy}"
            body = [
                f"ST*850*{copy:04d}",
                f"BEG*{purpose}*SA*{po}**20261102",
                "REF*DP*042",
                "REF*IA*778899",
                "DTM*010*20261120",
                "N1*ST*ACME DC 7*92*0007",
                "N3*700 DISTRIBUTION WAY",
                "N4*AUSTIN*TX*78701*US",
            ]
            for id, quantity, price, item in wanted:
                gtin = next((g for theirs, g in ITEMS.values() if theirs == item), "614141000999")
                body += [f"PO1*{id}*{quantity}*EA*{price}*PE*BP*{item}*UP*{gtin}", "PID*F****GOODS"]
            body.append(f"CTT*{len(wanted)}*{sum(Decimal(q) for _, q, _, _ in wanted)}")
            body.append(f"SE*{len(body) + 1}*{copy:04d}")
            sets += body
        control_number, group = self.control, group_control if group_control is not None else self.control
        head = (
            f"ISA*00*          *00*          *{PROFILE.them[0]}*{PROFILE.them[1]:<15}*{PROFILE.us[0]}*{PROFILE.us[1]:<15}"
            f"*261102*1200*U*00401*{control_number:09d}*0*P*>"
        )
        gs = f"GS*PO*{PROFILE.group_them}*{PROFILE.group_us}*20261102*1200*{group}*X*004010"
        return "~".join([head, gs, *sets, f"GE*{copies}*{group}", f"IEA*1*{control_number:09d}", ""]).encode()

    def sales_orders(self) -> dict[str, list[dict[str, object]]]:
        """Sales orders in D365: the customer's reference to its lines; a reference twice is distinguished by a mark."""
        found: dict[str, list[dict[str, object]]] = {}
        for header in self.simulator.state.rows("SalesOrderHeadersV4"):
            key = str(header["CustomersOrderReference"])
            while key in found:
                key += " (again)"
            found[key] = self.simulator.state.rows("SalesOrderLinesV3", SalesOrderNumber=header["SalesOrderNumber"])
        return found

    def today(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%d")


def seed(simulator: Simulator) -> None:
    """One company, two customers, addresses of the first, three items with the partner's numbers, barcodes and units."""
    state = simulator.state
    state.add("LegalEntities", LegalEntityId="usmf", Name="Contoso")
    for account, name in (("US-003", "Acme Stores"), ("US-004", "Other Stores")):
        state.add(
            "CustomersV3",
            dataAreaId="usmf",
            CustomerAccount=account,
            OrganizationName=name,
            CustomerGroupId="10",
            SalesCurrencyCode="USD",
        )
    for location, (code, street, city, region, zip_code) in ADDRESSES.items():
        state.add(
            "CustomerPostalAddresses",
            dataAreaId="usmf",
            CustomerAccountNumber="US-003",
            CustomerLegalEntityId="usmf",
            AddressLocationId=location,
            AddressDescription=code,
            AddressStreet=street,
            AddressCity=city,
            AddressState=region,
            AddressZipCode=zip_code,
            AddressCountryRegionId="USA",
            AddressCountryRegionISOCode="US",
            IsRoleDelivery="Yes",
        )
    for unit in ("ea", "cs"):
        state.add("UnitsOfMeasure", UnitSymbol=unit)
    for item, (theirs, gtin) in ITEMS.items():
        state.add("ReleasedProductsV2", dataAreaId="usmf", ItemNumber=item, ProductNumber=item, SalesUnitSymbol="ea")
        state.add(
            "CustomerProductDescriptionsV2",
            dataAreaId="usmf",
            ItemNumber=item,
            CustomerAccountNumber="US-003",
            CustomerProductNumber=theirs,
        )
        state.add(
            "ProductBarcodesV3",
            dataAreaId="usmf",
            ItemNumber=item,
            ProductQuantityUnitSymbol="ea",
            BarcodeSetupId="UPC",
            Barcode=gtin,
        )


async def rest(app: App, name: str, error: EndpointError) -> None:
    """Let an endpoint rest, as if it had failed like this; a ping that succeeds ends it."""

    async def ask() -> None:
        raise error

    with contextlib.suppress(type(error)):
        await app.ctx.endpoints[name]._run("probe", "", ask)


@contextlib.asynccontextmanager
async def world(folder: Path, kind: ServerKind = "asyncssh") -> AsyncIterator[World]:
    """Open a world below `folder` with one kind of SFTP server."""
    simulator = Simulator(companies=("usmf",), default_company="usmf")
    seed(simulator)
    identity = tls.create(folder / "tls")
    partner = SimulatedPartner(PROFILE, folder / "home")
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve.serve(simulator.app, identity))
        server: OpenSsh | AsyncsshServer
        if kind == "openssh":
            ssh = folder / "ssh"
            ssh.mkdir()
            server, prefix = stack.enter_context(openssh(ssh)), str(partner.home)
        else:
            server, prefix = await stack.enter_async_context(asyncssh_server(partner.home)), ""
        (folder / "var").mkdir()
        yield World(folder, simulator, f"127.0.0.1:{port}", identity.authority, partner, server, prefix)


_KNOBS = {
    "apart": "0.05s",
    "create": "SalesOrder",
    "unclear_for": "1s",
    "read": "2s",
    "since": "2026-01-01",
    "on_event": "",
    "listen": "",
    "retain": "",
    "dress": "",
    "us": ":".join(PROFILE.us),
    "them": ":".join(PROFILE.them),
    "edifact": "",
    "acks": 'send = "997"',
    "receive": "",
    "pickup": "",
    "invoice": "810",
    "file": "{number}_{control:09}",
    "events": "",
}
_SETTINGS = """
[daemon]
timezone = "America/Chicago"
journal  = "{folder}/var/journal.db"
stop_within = "20s"
{retain}
{listen}

[d365]
host          = "{host}"
tenant        = "{tenant}"
client_id     = "{client}"
client_secret = {{ secret = "d365" }}
authority     = "https://{host}"
ca_file       = "{ca}"
companies     = ["usmf"]
unclear_for   = "{unclear_for}"
timeouts      = {{ read = "{read}" }}
throttle      = {{ patience = ["1s"] }}
{events}

[endpoints.acme]
kind      = "sftp"
host      = "127.0.0.1"
port      = {port}
username  = "{user}"
key       = {{ secret = "acme-ssh-key" }}
host_keys = ["{host_key}"]
complete  = {{ looks = 2, apart = "{apart}" }}
after     = {after}

[partners.acme]
customer = {{ usmf = "US-003" }}
x12      = {{ us = "{us}", them = "{them}"{dress} }}
{edifact}
acks     = {{ {acks}, to = {{ endpoint = "acme", path = "{root}/inbound/acks" }}, expect_within = "24h" }}
{partner_extra}

[partners.acme.pickup.edi]
from  = {{ endpoint = "acme", path = "{root}/outbound/*" }}
every = "1s"
{pickup}

[partners.acme.receive.850]
create  = "{create}"
company = "usmf"
{receive}

[partners.acme.send.{invoice}]
of    = "SalesInvoice"
to    = {{ endpoint = "acme", path = "{root}/inbound", file = "{invoice}_{file}.edi" }}
since = {since}
every = "1s"
{on_event}

[partners.acme.codes.unit]
EA = "ea"
CA = "cs"

"""
