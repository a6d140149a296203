"""The settings that point d365edi at a town: every simulator, every partner, both directions.

Knows: the keys of the settings file. Does not know: what reads them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import d365
from .partner import PartnerProfile
from .profiles import COMPANY
from .seeding import UNITS

if TYPE_CHECKING:
    from .environment import Environment

EVENTS = "/events/sandbox"


def settings(town: Environment, folder: Path, *, every: str, apart: str) -> str:
    """The settings file's text; secrets are named as in `town.secrets`."""
    parts = [_head(town, folder)]
    for profile in town.profiles.values():
        parts += [_endpoint(town, profile, apart), _partner(profile, every)]
    return "\n".join(parts)


def _text(value: object) -> str:
    return json.dumps(str(value))


def _head(town: Environment, folder: Path) -> str:
    return f"""[daemon]
timezone = "America/Chicago"
journal  = {_text(folder / "journal.db")}
listen   = "127.0.0.1:{town.events_port}"

[secrets]
vault    = {_text(folder / "vault")}
key_file = {_text(folder / "vault.key")}

[d365]
host          = {_text(town.d365_host)}
tenant        = {_text(d365.TENANT)}
client_id     = {_text(d365.CLIENT_ID)}
client_secret = {{ secret = "d365" }}
authority     = {_text(f"https://{town.d365_host}")}
ca_file       = {_text(town.ca_file)}
companies     = [{_text(COMPANY)}]
events        = {{ path = {_text(EVENTS)}, secret = {{ secret = "events" }} }}
"""


def _endpoint(town: Environment, profile: PartnerProfile, apart: str) -> str:
    place = town.partners[profile.name]
    return f"""[endpoints.{profile.name}]
kind      = "sftp"
host      = "127.0.0.1"
port      = {place.port}
username  = {_text(profile.name)}
key       = {{ secret = "partners-ssh-key" }}
host_keys = [{_text(place.host_key)}]
complete  = {{ looks = 2, apart = {_text(apart)} }}
after     = {{ move_to = "/outbound/processed" }}
"""


def _partner(profile: PartnerProfile, every: str) -> str:
    name = profile.name
    ignore = f"ignore  = {json.dumps(profile.ignore)}\n" if profile.ignore else ""
    rows = "".join(f"{field} = {_text(place)}\n" for field, place in profile.rows)
    lines = f"\n[partners.{name}.receive.850.map.lines]\n{rows}" if rows else ""
    units = "\n".join(f"{theirs} = {_text(ours)}" for theirs, ours in UNITS.items())
    return f"""[partners.{name}]
customer = {{ {COMPANY} = {_text(profile.account)} }}
acks     = {{ send = "997", to = {{ endpoint = "{name}", path = "/inbound/acks" }}, expect_within = "24h" }}

[partners.{name}.x12]
us         = {_text(":".join(profile.us))}
them       = {_text(":".join(profile.them))}
group_us   = {_text(profile.group_us)}
group_them = {_text(profile.group_them)}
version    = {_text(profile.version)}
usage      = {_text(profile.usage)}

[partners.{name}.pickup.edi]
from  = {{ endpoint = "{name}", path = "/outbound/*" }}
every = {_text(every)}

[partners.{name}.receive.850]
create  = "SalesOrder"
company = {_text(COMPANY)}
{ignore}{lines}
[partners.{name}.send.810]
of       = "SalesInvoice"
to       = {{ endpoint = "{name}", path = "/inbound", file = "810_{{number}}_{{control:09}}.edi" }}
every    = {_text(every)}
on_event = "SalesInvoicePostedBusinessEvent"

[partners.{name}.codes.unit]
{units}
"""
