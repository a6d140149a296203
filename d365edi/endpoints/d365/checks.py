"""The checks of `ping` at D365: a token, its user, the companies it sees, and what is looked up for orders. Reads only; every
failure carries its remedy.

Knows: the three entity sets that answer the first of them. Does not know: documents, partners.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from d365edi.endpoints.base import Check
from d365edi.endpoints.d365.client import Client, Record
from d365edi.endpoints.tokens import Tokens
from d365edi.errors import EndpointError, Refused
from d365edi.odata import quoting
from d365edi.odata.plan import Query

_ENGLISH = re.compile(r"\b(?:could not|not|the|is|with)\b", re.IGNORECASE)
ANYTHING = Query("LegalEntities", select=("LegalEntityId",), top=1)
"""What everybody may read whom D365 lets in."""
_ROLES = "in D365, give the application's user a role that may read it"


@dataclass(frozen=True, slots=True)
class Probe:
    """Something that must be readable before the first order: its name, a query for it, and what to do where D365 says no.

    `says` makes a sentence of the rows; `optional`: nothing needs it, and that it cannot be read is no failure."""

    what: str
    query: Query
    remedy: str
    says: Callable[[Sequence[Record]], str] | None = None
    optional: bool = False


async def run(
    client: Client, tokens: Tokens, client_id: str, companies: Sequence[str], probes: Sequence[Probe] = ()
) -> list[Check]:
    """Token, role, companies, in that order; the first that fails is the last, since the rest would fail for the same
    reason. Then each of the probes."""

    async def token() -> str:
        await tokens.anew()  # a current one would hide that Entra refuses the next
        return f"a token for application {client_id}, valid for {tokens.left / 60:.0f} min"

    async def role() -> str:
        return await _role(client, client_id)

    async def visible() -> str:
        return await _companies(client, companies)

    checks: list[Check] = []
    for what, ask in (("token", token), ("role", role), ("companies", visible)):
        checks.append(await _timed(what, ask))
        if not checks[-1].ok:
            return checks
    checks.append(await _timed("language", partial(_language, client)))
    return checks + [await _timed(probe.what, partial(_readable, client, probe)) for probe in probes]


async def _language(client: Client) -> str:
    """The language of the application's user in D365, by the words of a read that is refused. Another one than English is no
    failure: refusals are shown as they are, and those that mean that a record exists are looked up."""
    try:
        await client.rows(Query("LegalEntities", select=("NoSuchField",), top=1))
    except Refused as error:
        if _ENGLISH.search(error.message):
            return "D365 answers in English"
    return "warning: D365 does not answer in English; set the language of the application's user to en-us"


async def _readable(client: Client, probe: Probe) -> str:
    try:
        rows = await client.rows(probe.query)
    except Refused as error:
        if probe.optional:
            return f"{probe.query.set} cannot be read, and no flow needs it"
        raise Refused(f"{probe.query.set} cannot be read: {error.message}", remedy=probe.remedy) from None
    return probe.says(rows) if probe.says is not None else f"{probe.query.set} can be read"


async def _timed(what: str, ask: Callable[[], Awaitable[str]]) -> Check:
    start = time.perf_counter()
    try:
        ok, sentence, remedy = True, await ask(), ""
    except EndpointError as error:
        ok, sentence, remedy = False, error.message, error.remedy
    return Check(what, ok, (time.perf_counter() - start) * 1000, sentence, remedy)


async def _role(client: Client, client_id: str) -> str:
    """Who the application is in D365; where that table may not be read, that anything may be read."""
    query = Query("SysAADClients", (quoting.eq("AADClientId", client_id),), ("AADClientId", "UserId"), top=1)
    try:
        rows = await client.rows(query)
    except Refused:
        await client.rows(ANYTHING)
        return "D365 lets the application in (as whom, it may not see)"
    if not rows:
        return "D365 lets the application in (its registration is not visible)"
    return f"D365 knows the application as user {rows[0].get('UserId')}"


async def _companies(client: Client, companies: Sequence[str]) -> str:
    rows = await client.rows(Query("LegalEntities", select=("LegalEntityId",)))
    seen = {str(row.get("LegalEntityId", "")).casefold() for row in rows}
    missing = [company for company in companies if company.casefold() not in seen]
    if missing:
        raise Refused(f"of the companies in the settings, {', '.join(missing)} cannot be seen", remedy=_ROLES)
    among = f", among them {', '.join(companies)}" if companies else ""
    return f"{len(seen)} companies visible{among}"
