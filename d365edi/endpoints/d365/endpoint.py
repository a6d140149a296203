"""D365 as an endpoint: what is new there as messages, and a document's write carried out.

A message is a record and its joined sets as canonical JSON. What is needed to fetch it travels in the remote's `id`,
so nothing has to be remembered between two verbs. There is nothing to settle: D365 keeps its records, and the journal
knows what was collected.

Knows: plans, the client. Does not know: which entities they name, EDI, partners. (`ping` knows three sets: see checks.py.)
"""

import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from d365edi.endpoints.base import (
    After,
    Check,
    Checkpoint,
    Delivered,
    DeliveryRequest,
    Listing,
    NotDelivered,
    Outcome,
    PassedOver,
    Place,
    Receipt,
    Remote,
    Settlement,
    Unclear,
)
from d365edi.endpoints.d365 import checks
from d365edi.endpoints.d365.auth import entra_tokens
from d365edi.endpoints.d365.client import Client, NoSuchSet, Record
from d365edi.endpoints.d365.gate import Gate
from d365edi.endpoints.d365.gate_state import GateRules, Turn
from d365edi.endpoints.d365.identity import ClientIdentity
from d365edi.endpoints.d365.records import EMPTY, TOGETHER, RecordReader
from d365edi.endpoints.d365.state_lookup import Conflict, HeaderOnly, LinesOnly, NotFound, StateLookup
from d365edi.endpoints.d365.writer import DocumentWriter
from d365edi.endpoints.transport import HttpTransport, Limits
from d365edi.errors import CredentialsRejected, EndpointError, PlaceRefused, Refused, Throttled, Unavailable
from d365edi.odata import canonical, metadata
from d365edi.odata.metadata import ServiceModel
from d365edi.odata.plan import Query, ReadPlan, WritePlan

METADATA = 512 << 20
"""Bytes that `$metadata` may have: a tenant has thousands of sets."""
OVERALL = 300.0
"""Seconds that a whole request may take."""


@dataclass(frozen=True, slots=True)
class D365Config:
    """How to reach one D365 environment; plain values, secrets revealed already (and never shown by repr).

    `base_url` is https:// and the host (a port may follow), no path. `audience` is empty where it is the same. One of
    `client_secret` and `certificate` (PEM with key and certificate, or PFX). `verify` None means the system's trust.
    `unclear_for`: seconds after which a request that got no answer cannot be carried out any more. `probes` are what `ping`
    tries to read.
    `stored_as`: the name of the client secret in the vault, for remedies.
    `slash_keys`: whether a record whose key has a slash is deleted ("encode") or left ("refuse").
    `throttle`: how the gate before it closes (with `concurrency` of this one); `gate_wait`: seconds for which a
    request waits at the closed gate."""

    base_url: str
    tenant: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    certificate_password: str = field(default="", repr=False)
    stored_as: str = "NAME"
    authority: str = "https://login.microsoftonline.com"
    audience: str = ""
    companies: tuple[str, ...] = ()
    probes: tuple[checks.Probe, ...] = ()
    concurrency: int = 8
    unclear_for: float = 120.0
    slash_keys: str = "refuse"
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    overall_timeout: float = OVERALL
    throttle: GateRules = field(default_factory=GateRules)
    gate_wait: float = 0.0
    verify: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("base_url", "authority"):
            if not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name} must begin with https://, since secrets travel there")


_LISTED = (
    "name the one that it has as header.set under [partners.NAME.send.SET.d365], or, if it has it, give the application's user "
    "a role that may read it"
)
_LOOKED_UP = "publish it in D365 and give the application's user a role that may read it"


class D365Endpoint:
    """One D365 environment as an endpoint. Opens nothing before the first verb.

    `together`: how many records to fetch at once: fewer after D365 gave no answer, until it does."""

    def __init__(
        self,
        name: str,
        config: D365Config,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.together = TOGETHER
        self._config = config
        self._clock = clock
        limits = Limits(
            connections=config.concurrency,
            connect=config.connect_timeout,
            read=config.read_timeout,
            overall=config.overall_timeout,
        )
        base = config.base_url.rstrip("/")
        self._http = HttpTransport(name, f"D365 at {base}", limits, verify=config.verify, transport=transport)
        large = replace(limits, connections=1, answer=METADATA)
        self._large = partial(HttpTransport, name, f"D365 at {base}", large, verify=config.verify, transport=transport)
        few = replace(limits, connections=2, read=30.0, overall=60.0, answer=1 << 20)
        self._entra = HttpTransport(
            name, f"Entra at {config.authority}", few, verify=config.verify, transport=transport
        )
        identity = ClientIdentity(
            tenant=config.tenant,
            client_id=config.client_id,
            authority=config.authority,
            audience=(config.audience or base).rstrip("/"),
            client_secret=config.client_secret,
            certificate=config.certificate,
            certificate_password=config.certificate_password,
            stored_as=config.stored_as,
        )
        self._tokens = entra_tokens(identity, self._entra, clock=clock)
        rules = replace(config.throttle, concurrency=config.concurrency)
        self.gate = Gate(name, rules, wait=config.gate_wait, clock=monotonic)
        client = Client(
            base, self._http, self._tokens, self.gate, checks.ANYTHING, clock=clock, slash_keys=config.slash_keys
        )
        self._lookups, self._reads, self._lists = client.at(Turn.LOOKUP), client.at(Turn.READ), client.at(Turn.LIST)
        self._writes = client.at(Turn.WRITE)

    async def ping(self) -> list[Check]:
        """Token, role, companies, what orders are looked up by. Never raises."""
        config, asking = self._config, self._lookups.at(Turn.LOOKUP, waits=False)
        return await checks.run(asking, self._tokens, config.client_id, config.companies, config.probes)

    async def act(self, entity_set: str, action: str, given: Mapping[str, Any]) -> object:
        """What an action of a set that changes nothing returns, for look-ups."""
        return await self._lookups.act(entity_set, action, given)

    async def metadata(self) -> ServiceModel:
        """The sets, fields and enums of the tenant. Raises EndpointError; Refused where the answer is no description."""
        http = self._large()
        try:
            client = Client(
                self._config.base_url.rstrip("/"), http, self._tokens, self.gate, checks.ANYTHING, clock=self._clock
            )
            data = await client.at(Turn.LIST).metadata()
        finally:
            await http.close()
        try:
            return metadata.read(data)
        except ValueError as error:
            raise Refused(f"$metadata of D365 cannot be read: {error}", endpoint=self.name) from None

    async def ask(self, query: Query) -> list[Record]:
        """All rows of a query, for look-ups; `@odata.*` taken out, numbers with a point as Decimal. A set that is not there is
        PlaceRefused: whatever is looked up in it fails alike."""
        try:
            return await self._lookups.rows(query)
        except NoSuchSet as error:
            raise PlaceRefused(error.message, endpoint=self.name, remedy=_LOOKED_UP) from None

    async def page(self, query: Query) -> list[Record]:
        """The rows of a part of a list (`skip`, `top`), or of some of its records, with their etags. PlaceRefused where D365 does
        not have the set."""
        try:
            return await self._lists.rows(query, tagged=True)
        except NoSuchSet as error:
            raise PlaceRefused(error.message, endpoint=self.name, remedy=_LISTED) from None

    async def list(self, place: Place) -> Listing:
        """The records that the place's ReadPlan finds, as remotes in the order of their names.

        `size` is that of what was listed, not of the whole message; `modified` is None: D365 does not report it. Passed over
        is what cannot be distinguished from another record: a part of its key is empty, or two rows have one key."""
        plan = place.query
        if not isinstance(plan, ReadPlan):
            raise Refused("D365 is listed by a plan of what to read", endpoint=self.name)
        query = plan.header
        try:
            rows = await self._reads.rows(replace(query, select=plan.listed, orderby=query.orderby or plan.key))
        except NoSuchSet as error:
            raise PlaceRefused(error.message, endpoint=self.name, remedy=_LISTED) from None
        remotes: list[Remote] = []
        passed: list[PassedOver] = []
        whole = dict.fromkeys(plan.key)
        counts = Counter(plan.key_of({**whole, **row}) for row in rows)
        for row in {plan.key_of({**whole, **row}): row for row in rows}.values():
            key = plan.key_of({**whole, **row})
            if reason := _unusable(plan, row, counts[key]):
                passed.append(PassedOver(_name(plan, row), reason, key))
            else:
                remotes.append(_remote(plan, row, key))
        return Listing(tuple(sorted(remotes, key=lambda remote: (remote.name, remote.key))), tuple(passed))

    async def fetch(self, remote: Remote, limit: int) -> bytes:
        """One record, as `fetch_many`. Raises what it says of that record."""
        [fetched] = await self.fetch_many([remote], limit)
        if isinstance(fetched, EndpointError):
            raise fetched
        return fetched

    async def fetch_many(self, remotes: Sequence[Remote], limit: int) -> Sequence[bytes | EndpointError]:
        """Records with their joins as canonical JSON, or why one cannot be had (see records.py): each set is asked once for all.
        Raises Unavailable for all."""
        try:
            fetched = await RecordReader(self._reads, self.name).fetch(remotes, limit)
        except (Throttled, CredentialsRejected):
            raise
        except Unavailable:
            self.together = max(1, self.together // 2)
            raise
        self.together = min(TOGETHER, self.together * 2)
        return fetched

    async def settle(self, remote: Remote, after: After, digest: str) -> Settlement:  # noqa: ARG002
        """Nothing is to be done at this source."""
        return Settlement("settled", remote.name)

    async def deliver(self, request: DeliveryRequest, checkpoint: Checkpoint) -> Receipt:
        """Carry out the WritePlan that the payload holds: once, whole, or not at all (see writer.py)."""
        token = f"{request.id}x{int(self._clock() * 1000)}"
        return await DocumentWriter(self._lookup(request), self.name).run(request.progress, checkpoint, token)

    async def probe(self, request: DeliveryRequest) -> Outcome:
        """Is the record there with its lines? Reads only."""
        lookup = self._lookup(request)
        state = await lookup.look(request.progress)
        if isinstance(state, Conflict):
            return Unclear(state.question)
        if isinstance(state, NotFound | HeaderOnly | LinesOnly):
            return NotDelivered(state.wait)
        return Delivered(lookup.receipt(state.header))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        await self._entra.close()

    def _lookup(self, request: DeliveryRequest) -> StateLookup:
        try:
            plan = WritePlan.from_bytes(request.payload)
        except ValueError as error:
            raise Refused(f"{request.name}: {error}", endpoint=self.name) from None
        return StateLookup(self._writes, plan, self._clock, self._config.unclear_for)


def _unusable(plan: ReadPlan, row: Record, count: int) -> str:
    """Why a row does not name one record; "" where it does."""
    empty = [part for part in plan.key if row.get(part) in EMPTY]
    if empty:
        parts = " and ".join(empty)
        return (
            f"{parts} of its key ({', '.join(plan.key)}) is 0 or empty; correct the record in D365, or send it by hand"
        )
    if count > 1:
        key = ", ".join(f"{part} {row[part]}" for part in plan.key)
        return f"{plan.header.set} has {count} rows with its key ({key}); it is collected once only one has it"
    return ""


_SELDOM = frozenset({"among", "empty_is", "own"})
"""What few joins have: a message of before them says what is to be fetched without it."""


def _remote(plan: ReadPlan, row: Record, key: str) -> Remote:
    wanted = {
        "set": plan.header.set,
        "key": {part: row[part] for part in plan.key},
        "select": plan.header.select,
        "joins": [
            {name: value for name, value in asdict(join).items() if name not in _SELDOM or value} for join in plan.joins
        ],
    }
    size = len(canonical.dumps(row))
    name, earlier = _name(plan, row), {part: row.get(part) for part in plan.earlier_key}
    whole = bool(earlier) and not any(value in EMPTY for value in earlier.values())
    known = canonical.dumps(earlier).decode() if whole else ""
    return Remote(plan.what, name, size, None, canonical.dumps(wanted).decode(), key, known, _full_name(plan, row))


def _name(plan: ReadPlan, row: Record) -> str:
    """The values of the name fields, days without their noon, joined by hyphens; what a file name cannot have is
    %-encoded."""
    return "-".join(_printed(row.get(part, "")) for part in plan.name_fields or plan.key)


def _full_name(plan: ReadPlan, row: Record) -> str:
    """The same with the company and the day, for people who would find two records of one name."""
    more = (row.get("dataAreaId", ""), str(row.get(plan.dated, ""))[:10])
    return "-".join((_name(plan, row), *(_printed(each) for each in more if each)))


def _printed(value: Any) -> str:
    return quote(str(value).removesuffix("T12:00:00Z"), safe=" #+,=@()&!'")
