"""The settings that point d365edi at a sandbox: every simulator, every partner, both directions.

Knows: the keys of the settings file. Does not know: what reads them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import d365
from .partner import PartnerProfile, SimulatedPartner
from .profiles import COMPANY
from .seeding import UNITS

EVENTS = "/events/sandbox"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where D365 answers ("127.0.0.1:port"), the authority that its certificate is of, the port for business events, and the
    companies that partners use."""

    d365_host: str
    ca_file: Path
    events_port: int
    companies: tuple[str, ...] = (COMPANY,)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a partner's files are: the endpoint, and there what it leaves (with a pattern), our documents, our
    acknowledgments. `since`: what lay there before the first poll that is picked up too, "" where that goes without saying."""

    endpoint: str
    orders: str
    documents: str
    acks: str
    since: str = ""


def settings(
    addresses: Addresses, partners: Iterable[SimulatedPartner], folder: Path, *, every: str, apart: str
) -> str:
    """The settings file's text for a daemon that keeps its files in `folder`; secrets are named as in `Environment.secrets`."""
    parts = [_head(addresses, folder)]
    for partner in partners:
        name = partner.profile.name
        places = Places(name, "/outbound/*", "/inbound", "/inbound/acks")
        parts += [_endpoint(partner, apart), of_partner(partner.profile, places, every, addresses.companies)]
    return "\n".join(parts)


def _text(value: object) -> str:
    return json.dumps(str(value))


def _head(addresses: Addresses, folder: Path) -> str:
    return f"""[daemon]
timezone = "America/Chicago"
journal  = {_text(folder / "journal.db")}
listen   = "127.0.0.1:{addresses.events_port}"

[secrets]
vault    = {_text(folder / "vault")}
key_file = {_text(folder / "vault.key")}

[d365]
host          = {_text(addresses.d365_host)}
tenant        = {_text(d365.TENANT)}
client_id     = {_text(d365.CLIENT_ID)}
client_secret = {{ secret = "d365" }}
authority     = {_text(f"https://{addresses.d365_host}")}
ca_file       = {_text(addresses.ca_file)}
companies     = {json.dumps(addresses.companies)}
events        = {{ path = {_text(EVENTS)}, secret = {{ secret = "events" }} }}
"""


def _endpoint(partner: SimulatedPartner, apart: str) -> str:
    name = partner.profile.name
    return f"""[endpoints.{name}]
kind      = "sftp"
host      = "127.0.0.1"
port      = {partner.port}
username  = {_text(name)}
key       = {{ secret = "partners-ssh-key" }}
host_keys = [{_text(partner.host_key)}]
complete  = {{ looks = 2, apart = {_text(apart)} }}
after     = {{ move_to = "/outbound/processed" }}
"""


def of_partner(profile: PartnerProfile, places: Places, every: str, companies: Iterable[str]) -> str:
    """The sections of one partner."""
    units = "\n".join(f"{theirs} = {_text(ours)}" for theirs, ours in UNITS.items())
    flows = (
        _columns(profile, every) + profile.flows.replace("{every}", every)
        if profile.flows
        else _selling(profile, places, every)
    )
    since = f"since = {_text(places.since)}\n" if places.since else ""
    return f"""[partners.{profile.name}]
{_accounts(profile, companies)}
acks     = {{ send = "997", to = {{ endpoint = "{places.endpoint}", path = {_text(places.acks)} }}, expect_within = "24h" }}

[partners.{profile.name}.x12]
us         = {_text(":".join(profile.us))}
them       = {_text(":".join(profile.them))}
group_us   = {_text(profile.group_us)}
group_them = {_text(profile.group_them)}
version    = {_text(profile.version)}
usage      = {_text(profile.usage)}

[partners.{profile.name}.pickup.edi]
from  = {{ endpoint = "{places.endpoint}", path = {_text(places.orders)} }}
every = {_text(every)}
{since}{flows}
[partners.{profile.name}.codes.unit]
{units}
"""


def _accounts(profile: PartnerProfile, companies: Iterable[str]) -> str:
    sides = {"customer": profile.account, "vendor  ": profile.vendor}
    return "\n".join(
        f"{side} = {{ {', '.join(f'{company} = {_text(account)}' for company in companies)} }}"
        for side, account in sides.items()
        if account
    )


def _columns(profile: PartnerProfile, every: str) -> str:
    """Where it leaves CSV files, if it does."""
    if not profile.columns:
        return ""
    return f"""
[partners.{profile.name}.pickup.columns]
from  = {{ endpoint = "{profile.name}", path = "/csv/*.csv" }}
every = {_text(every)}
holds = {_text(profile.columns)}
"""


def _selling(profile: PartnerProfile, places: Places, every: str) -> str:
    """The flows of a customer: its orders in, our invoices out."""
    name = profile.name
    ignore = f"ignore  = {json.dumps(profile.ignore)}\n" if profile.ignore else ""
    notes = ", ".join(f'{rule} = "note"' for rule in profile.notes)
    guide = f"guide   = {{ severity = {{ {notes} }} }}\n" if notes else ""
    rows = "".join(f"{field} = {_text(place) if place else 'false'}\n" for field, place in profile.rows)
    lines = f"\n[partners.{name}.receive.850.map.lines]\n{rows}" if rows else ""
    return f"""
[partners.{name}.receive.850]
create  = "SalesOrder"
company = {_text(COMPANY)}
{ignore}{guide}{lines}
[partners.{name}.send.810]
of       = "SalesInvoice"
to       = {{ endpoint = "{places.endpoint}", path = {_text(places.documents)}, file = "810_{{number}}_{{control:09}}.edi" }}
every    = {_text(every)}
on_event = "SalesInvoicePostedBusinessEvent"
"""
