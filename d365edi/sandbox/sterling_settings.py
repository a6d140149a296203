"""The sections of a settings file that reach a simulated Sterling and the partners there.

Knows: the keys of the settings file. Does not know: what reads them.
"""

import json
from collections.abc import Iterable

from .settings_file import Places, of_partner
from .sterling_side import SterlingSide

ENDPOINT = "sbi"
"""The name of the endpoint."""


def settings(side: SterlingSide, *, every: str, companies: Iterable[str], page: int = 1000, within: str = "4h") -> str:
    """The text; secrets are named as in `SterlingSide.secrets`. Waits are short, for rehearsals. `within`: when a ship notice
    should have been picked up."""
    simulator = side.simulator
    if simulator.switches.bearer:
        login = f"""oauth       = {{ token_url = {_text(simulator.token_url)}, client_id = {_text(simulator.CLIENT_ID)}, \
client_secret = {{ secret = "sbi-oauth" }} }}"""
        form = ', client_auth = "form" }' if simulator.switches.client_auth == "form" else " }"
        login = f"{login.removesuffix(' }')}{form}"
    else:
        login = f'username    = {_text(simulator.USERNAME)}\npassword    = {{ secret = "sbi" }}'
    head = f"""[endpoints.{ENDPOINT}]
kind        = "sterling"
url         = {_text(simulator.url)}
{login}
ca_file     = {_text(simulator.ca_file)}
timeouts    = {{ connect = "10s", read = "10s" }}
page        = {page}
unclear_for = "5s"
{_dialect(side)}"""
    parts = [head]
    for partner in side.partners.values():
        places = Places(ENDPOINT, f"{partner.leaves}/*", partner.fetches, partner.fetches, since="all")
        parts.append(of_partner(partner.profile, places, every, companies))
    return "\n".join(parts).replace("{within}", within)


def _dialect(side: SterlingSide) -> str:
    """The keys that differ from their defaults, as `partner probe` would print them."""
    switches = side.simulator.switches
    usual = {"payload": "body", "colon": "raw", "delete": "bare"}
    said = {key: getattr(switches, key) for key, value in usual.items() if getattr(switches, key) not in ("any", value)}
    lines = [f"{key:7} = {_text(value)}\n" for key, value in said.items()]
    return "".join([f"[endpoints.{ENDPOINT}.dialect]\n", *lines]) if lines else ""


def _text(value: object) -> str:
    return json.dumps(str(value))
