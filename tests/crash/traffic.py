"""What flows in the drill at random: two partners who count alike and so use the same names, their orders, the settings."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from d365edi.sandbox import x12
from d365edi.sandbox.d365 import CLIENT_ID, TENANT, Simulator
from d365edi.sandbox.partner import PartnerProfile, SimulatedPartner
from tests.journeys import world

PROFILES = (
    world.PROFILE,
    PartnerProfile(
        name="bravo",
        account="US-004",
        title="Other Stores",
        them=("08", "6111250009"),
        us=("01", "123456789"),
        group_them="6111250009",
        group_us="123456789",
    ),
)
ITEMS = [gtin for _, gtin in world.ITEMS.values()][:2]
DAY = datetime(2026, 11, 2, 12, tzinfo=UTC)


def seed(simulator: Simulator) -> None:
    """The tenant of the journeys, and the other customer's addresses."""
    world.seed(simulator)
    for row in simulator.state.rows("CustomerPostalAddresses"):
        simulator.state.add("CustomerPostalAddresses", **{**row, "CustomerAccountNumber": "US-004"})


@dataclass
class Trade:
    """A partner and what it has sent: order number to the file, file's group control number to its name."""

    partner: SimulatedPartner
    orders: dict[str, str] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)

    def send(self, chance: random.Random) -> None:
        """Leave a file of one order or two, under a name of its own or one that was used before."""
        control, profile = len(self.groups) + 1, self.partner.profile
        name = "ORDERS.edi" if chance.random() < 0.25 else f"PO-{control:06}.edi"
        if name in self.partner.waiting():
            name = f"PO-{control:06}.edi"
        numbers = [f"{profile.account[-1]}{control:06}{which}" for which in range(chance.choice((1, 1, 2)))]
        sets = [("850", order(number)) for number in numbers]
        data = x12.write(profile.address, "PO", sets, interchange=control, group=control, at=DAY)
        self.orders.update(dict.fromkeys(numbers, name))
        self.groups[control] = name
        self.partner.drop(name, data)

    def answers(self) -> Counter[int]:
        """How often each of its groups was answered."""
        return Counter(answer.group for answer in self.partner.acknowledgments())

    def billed(self) -> Counter[str]:
        """How often each invoice has arrived; the new ones are answered."""
        self.partner.answer_invoices()
        return Counter(verdict.number for verdict in self.partner.verdicts)


def order(number: str) -> list[x12.Segment]:
    """The body of an 850 with a line for each of `ITEMS`."""
    lines = [["PO1", str(at), "12", "EA", "10.5", "", "UP", gtin] for at, gtin in enumerate(ITEMS, 1)]
    head = [["BEG", "00", "SA", number, "", "20261102"], ["DTM", "010", "20261120"], ["N1", "ST", "DC 7", "92", "0007"]]
    return [*head, *lines, ["CTT", str(len(lines))]]


@dataclass(frozen=True)
class Addresses:
    """Where the two servers answer, and what the settings need to trust them."""

    d365: int
    sftp: int
    authority: Path
    host_key: str


def settings(folder: Path, at: Addresses) -> str:
    """A settings file for both partners, whose folders are on one server; what was taken is deleted there."""
    endpoint = _SFTP.format(at=at)
    return head(folder, at.d365, at.authority) + endpoint + partners("sftp", "outbound/*", "inbound", "inbound/acks")


def head(folder: Path, d365: int, authority: Path) -> str:
    """The sections that name no endpoint. `d365` is its port, `authority` the file that vouches for it."""
    return _HEAD.format(folder=folder, d365=d365, authority=authority, tenant=TENANT, client=CLIENT_ID)


def partners(endpoint: str, out: str, to: str, acks: str, more: str = "") -> str:
    """The sections of both partners, each below its name at this endpoint; `more` are further lines of the pickup."""
    places = {"endpoint": endpoint, "out": out, "to": to, "acks": acks, "more": more}
    return "".join(
        _PARTNER.format(name=each.name, account=each.account, us=":".join(each.us), them=":".join(each.them), **places)
        for each in PROFILES
    )


_HEAD = """
[daemon]
timezone = "America/Chicago"
journal  = "{folder}/var/journal.db"

[d365]
host          = "127.0.0.1:{d365}"
tenant        = "{tenant}"
client_id     = "{client}"
client_secret = {{ secret = "d365" }}
authority     = "https://127.0.0.1:{d365}"
ca_file       = "{authority}"
companies     = ["usmf"]
unclear_for   = "1s"
timeouts      = {{ read = "2s" }}
"""
_SFTP = """
[endpoints.sftp]
kind      = "sftp"
host      = "127.0.0.1"
port      = {at.sftp}
username  = "contoso"
key       = {{ secret = "ssh-key" }}
host_keys = ["{at.host_key}"]
complete  = {{ looks = 2, apart = "0.05s" }}
after     = "delete"
"""
_PARTNER = """
[partners.{name}]
customer   = {{ usmf = "{account}" }}
x12        = {{ us = "{us}", them = "{them}" }}
acks       = {{ send = "997", to = {{ endpoint = "{endpoint}", path = "/{name}/{acks}" }}, expect_within = "24h" }}
duplicates = {{ same_name_new_bytes = "take" }}

[partners.{name}.pickup.edi]
from  = {{ endpoint = "{endpoint}", path = "/{name}/{out}" }}
every = "1s"
{more}

[partners.{name}.receive.850]
create  = "SalesOrder"
company = "usmf"

[partners.{name}.send.810]
of    = "SalesInvoice"
to    = {{ endpoint = "{endpoint}", path = "/{name}/{to}", file = "810_{{control:09}}.edi" }}
since = 2026-01-01
every = "1s"

[partners.{name}.codes.unit]
EA = "ea"
"""
