"""A D365 and a Sterling with three partners in mailboxes: a store that orders and pays, a supplier, and a forwarder that is told
what vendors bill and pays them. They trade in X12 or in EDIFACT, each in mailboxes of its own, in bare sets that Sterling puts
into envelopes and takes out of them, or all three through one mailbox."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import anyio

from d365edi import daemon
from d365edi.app import App
from d365edi.clock import ClockWatch
from d365edi.endpoints.health import Rests
from d365edi.sandbox import edifact
from d365edi.sandbox.mailbox_partner import MailboxPartner
from d365edi.sandbox.partner import PartnerProfile
from d365edi.sandbox.sterling.routing import run
from d365edi.sandbox.sterling.server import Rule
from d365edi.sandbox.sterling.simulator import SterlingSimulator
from d365edi.sandbox.sterling.switches import Switches
from d365edi.sandbox.x12 import X12Address
from d365edi.settings import Settings
from tests.journeys import test_edifact, test_payments
from tests.journeys.world import World, world
from tests.running import until

Layout = Literal["own", "bare", "shared"]
"""Mailboxes of their own; the same, where Sterling has the envelope; one mailbox for all three, each way."""
STORE, SUPPLIER, FREIGHT = "store", "supplier", "freight"
VENDORS = {SUPPLIER: "US-101", FREIGHT: "US-102"}
X12_IDS = {STORE: "6111250008", SUPPLIER: "7222250009", FREIGHT: "8333250001"}
GLNS = {STORE: "4098765000010", SUPPLIER: "4098765000034", FREIGHT: "4098765000041"}
US = {"x12": ("01", "123456789"), "edifact": ("14", "4012345000009")}
SETS = {
    "x12": {"order": "850", "invoice": "810", "notice": "856", "payment": "820", "answer": "997"},
    "edifact": {"order": "ORDERS", "invoice": "INVOIC", "notice": "DESADV", "payment": "REMADV", "answer": "CONTRL"},
}
"""What each document is called."""

ENDPOINT = """
[endpoints.sbi]
kind     = "sterling"
url      = "{url}"
ca_file  = "{ca}"
{login}
unclear_for = "0.3s"
{more}
"""
PARTNER = """
[partners.{name}]
{accounts}
{standard} = {{ us = "{us}", them = "{them}"{envelope} }}
acks = {{ to = {{ endpoint = "sbi", path = "{to}", picked_up_within = "4h" }}{expect} }}
"""
PICKUP = """
[partners.{name}.pickup.edi]
from  = {{ endpoint = "sbi", path = "{where}/*" }}
every = "{every}"
since = "{since}"
{shared}
"""
RECEIVE = """
[partners.{name}.receive.{set}]
create  = "{create}"
company = "usmf"
"""
JOURNAL = """
[partners.{name}.receive.{set}.d365.header.constants]
JournalName = "{journal}"
"""
SEND = """
[partners.{name}.send.{set}]
of    = "{of}"
to    = {{ endpoint = "sbi", path = "{to}", picked_up_within = "4h" }}
since = 2026-01-01
every = "{every}"
"""


@dataclass
class Trade(World):
    """The world. `standard` is "x12" or "edifact", `partners` are the three by name; `every` is how often a flow runs, `since`
    from when on messages are picked up, `endpoint` further lines of the endpoint's table."""

    sterling: SterlingSimulator = field(kw_only=True)
    standard: str = "x12"
    layout: Layout = "own"
    every: str = "1m"
    since: str = "all"
    endpoint: str = ""
    partners: dict[str, MailboxPartner] = field(default_factory=dict)

    @property
    def environ(self) -> Mapping[str, str]:
        sim = self.sterling
        ours = {"D365EDI_SECRET_SBI": sim.PASSWORD, "D365EDI_SECRET_SBI_OAUTH": sim.CLIENT_SECRET}
        return {**ours, **super().environ}

    def set(self, what: str) -> str:
        """What a document is called."""
        return SETS[self.standard][what]

    def path(self, name: str, way: str) -> str:
        """A mailbox of a partner: `from` and `to` are ours, `leaves` and `fetches` the partner's."""
        if self.layout == "shared":
            return f"/all/{'from' if way in ('from', 'leaves') else 'to'}"
        own = {"leaves": "from", "fetches": "to"}
        return f"/{name}/{way if self.layout == 'bare' else own.get(way, way)}"

    def them(self, name: str) -> tuple[str, str]:
        """The partner's qualifier and id."""
        return ("08", X12_IDS[name]) if self.standard == "x12" else ("14", GLNS[name])

    # ------------------------------------------------------------------------------------------------------- settings
    def write_settings(self) -> Path:
        head = super().write_settings().read_text().partition("[endpoints.acme]")[0]
        sim = self.sterling
        login = f'username = "{sim.USERNAME}"\npassword = {{ secret = "sbi" }}'
        if sim.switches.bearer:
            client = f'client_id = "{sim.CLIENT_ID}", client_secret = {{ secret = "sbi-oauth" }}'
            login = f'oauth = {{ token_url = "{sim.token_url}", {client} }}'
        parts = [head, ENDPOINT.format(url=sim.url, ca=sim.ca_file, login=login, more=self.endpoint)]
        parts += [part for name in X12_IDS for part in self._of_partner(name)]
        self.settings_file.write_text("".join(parts) + self.extra)
        return self.settings_file

    def _of_partner(self, name: str) -> Iterator[str]:
        bare, accounts = self.layout == "bare", f'vendor = {{ usmf = "{VENDORS.get(name)}" }}'
        yield PARTNER.format(
            name=name,
            accounts='customer = { usmf = "US-003" }' if name == STORE else accounts,
            standard=self.standard,
            us=":".join(US[self.standard]),
            them=":".join(self.them(name)),
            envelope=', envelope = "sterling"' if bare else "",
            to=self.path(name, "to"),
            expect="" if bare else ', expect_within = "24h"',
        )
        if self.layout != "shared" or name == STORE:
            shared = "shared = true" if self.layout == "shared" else ""
            where = self.path(name, "from")
            yield PICKUP.format(name=name, where=where, shared=shared, every=self.every, since=self.since)
        yield from self._flows(name)

    def _flows(self, name: str) -> Iterator[str]:
        order, payment = self.set("order"), self.set("payment")
        flows = {
            STORE: {"notice": "PackingSlip", "invoice": "SalesInvoice"},
            SUPPLIER: {"order": "PurchaseOrderConfirmation"},
            FREIGHT: {"invoice": "VendorInvoice"},
        }
        for what, record in flows[name].items():
            to = self.path(name, "to")
            yield SEND.format(name=name, set=self.set(what), of=record, to=to, every=self.every)
        if name == STORE:
            yield RECEIVE.format(name=name, set=order, create="SalesOrder")
            yield RECEIVE.format(name=name, set=payment, create="CustomerPayment")
            yield JOURNAL.format(name=name, set=payment, journal="CustPay")
            yield '[partners.store.codes.unit]\nEA = "ea"\n'
        if name == FREIGHT:
            yield RECEIVE.format(name=name, set=payment, create="VendorPayment")
            yield JOURNAL.format(name=name, set=payment, journal="VendPay")

    # ------------------------------------------------------------------------------------------- what the partners do
    def ordered(self, number: str) -> bytes:
        """An order of the store."""
        if self.standard == "x12":
            return self.order(number)
        self.control += 1
        return test_edifact.orders(number, str(self.control))

    def paid(self, name: str, number: str, invoices: Mapping[str, str]) -> bytes:
        """A partner's remittance for invoices, each with its amount."""
        items = tuple(invoices.items())
        if self.standard == "x12":
            return test_payments.x12(self, number, items).replace(X12_IDS[STORE].encode(), X12_IDS[name].encode())
        return test_payments.edifact(self, number, items).replace(GLNS[STORE].encode(), GLNS[name].encode())

    def answered(self, name: str) -> list[str]:
        """What our acknowledgments said that a partner fetched: AK901, or the action of UCI."""
        partner = self.partners[name]
        if self.standard == "x12":
            return [each.verdict for each in partner.acknowledgments()]
        files = [edifact.split(path.read_bytes()) for path in (partner.inbound / "acks").iterdir()]
        messages = [message for (interchange,) in files for message in interchange.messages]
        return [edifact.value(uci, 4) for message in messages for uci in message.all("UCI")]

    def route(self) -> None:
        """Sterling's rules run."""
        run(self.sterling.server)

    def answer(self) -> None:
        """Sterling routes what lies there, each partner fetches and answers it, and Sterling routes what they left."""
        self.route()
        for partner in self.partners.values():
            partner.fetch()
            partner.answer_invoices()
        self.route()


def _rules(here: Trade, name: str) -> Iterator[Rule]:
    """Sterling takes the partner's envelopes off and keeps its answers, and writes envelopes around what we deliver."""
    us, them = US[here.standard], here.them(name)
    leaves = here.path(name, "leaves")
    yield Rule(f"{name} answers", leaves, "delete", pattern=f"{here.set('answer')}_*")
    yield Rule(f"{name} off", leaves, "deenvelope", to=here.path(name, "from"))
    address = X12Address(us, them, us[1], them[1])
    yield Rule(f"{name} on", here.path(name, "to"), "envelope", to=here.path(name, "fetches"), address=address)


SHORT = Rests(person=900.0, first=0.1, longest=0.3)
"""A refused login rests as long as it always does, an endpoint that does not answer hardly."""


@contextlib.asynccontextmanager
async def serving(here: Trade, *, every: str) -> AsyncIterator[list[App]]:
    """The daemon runs inside, each flow every so often; its apps, one more with each reload. On leaving it is stopped by
    SIGTERM."""
    here.every = every
    apps: list[App] = []

    @contextlib.asynccontextmanager
    async def opened(loaded: Settings, watch: ClockWatch) -> AsyncIterator[App]:
        async with App.open(loaded, watch, **here.waits) as app:
            apps.append(app)
            yield app

    async def serve() -> None:
        assert await daemon.run(here.settings, open_app=opened) == 0

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await until(lambda: apps, 30.0)
        yield apps
        os.kill(os.getpid(), signal.SIGTERM)


async def reload(apps: list[App]) -> None:
    """What systemctl reload does."""
    before = len(apps)
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: len(apps) > before, 30.0)


@contextlib.asynccontextmanager
async def trade(
    folder: Path,
    standard: str = "x12",
    layout: Layout = "own",
    switches: Switches | None = None,
    endpoint: str = "",
) -> AsyncIterator[Trade]:
    """Open the world below `folder`."""
    async with world(folder) as made, SterlingSimulator(switches=switches) as sterling:
        names = ("folder", "simulator", "d365_host", "ca_file", "partner", "server", "prefix")
        given = {name: getattr(made, name) for name in names}
        here = Trade(**given, sterling=sterling, standard=standard, layout=layout, endpoint=endpoint)
        here.waits = {"rests": SHORT, "first_wait": 0.05}
        us = US[standard]
        for name in X12_IDS:
            them = here.them(name)
            profile = PartnerProfile(name, name, them, us, them[1], us[1], vendor=VENDORS.get(name, ""))
            here.partners[name] = MailboxPartner(
                profile,
                folder / "partners" / name,
                sterling.state,
                leaves=here.path(name, "leaves"),
                fetches=here.path(name, "fetches"),
                shared=layout == "shared",
            )
            for way in ("from", "to"):
                sterling.state.mailbox(here.path(name, way))
            sterling.server.rules += _rules(here, name) if layout == "bare" else ()
        for vendor in VENDORS.values():
            made.simulator.state.add(
                "VendorsV3", dataAreaId="usmf", VendorAccountNumber=vendor, CurrencyCode="USD", LanguageId="en-US"
            )
        yield here
