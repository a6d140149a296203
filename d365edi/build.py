"""How settings become parts: endpoints with their secrets, flows with their schedules. The only place that constructs
endpoints.

A part of `app`. Knows: settings, constructors. Does not know: what any part does, partners (see partners.py).
"""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from d365edi import log
from d365edi.endpoints.breaker import Breaker, D365Breaker, MailboxBreaker
from d365edi.endpoints.d365.checks import Probe
from d365edi.endpoints.d365.endpoint import OVERALL, D365Config, D365Endpoint
from d365edi.endpoints.d365.gate_state import GateRules
from d365edi.endpoints.filenames import NameRules
from d365edi.endpoints.folder import FolderEndpoint
from d365edi.endpoints.health import RESTS, Rests
from d365edi.endpoints.sftp import SftpEndpoint
from d365edi.endpoints.sftp_session import SftpConfig
from d365edi.endpoints.sterling.auth import OAuthClient
from d365edi.endpoints.sterling.checks import Uses
from d365edi.endpoints.sterling.client import Dialect
from d365edi.endpoints.sterling.connection import SterlingConfig
from d365edi.endpoints.sterling.delivery import Rules
from d365edi.endpoints.sterling.endpoint import SterlingEndpoint
from d365edi.endpoints.tls import Trust
from d365edi.maps import table
from d365edi.maps.d365.plans import charge_queries
from d365edi.matching import code_lists, dimensions, locations, posted
from d365edi.odata.plan import Query
from d365edi.partners import charge_sets
from d365edi.settings import Settings
from d365edi.settings import endpoints as section
from d365edi.settings.d365 import Certificate
from d365edi.settings.section import Schedule
from d365edi.settings.sterling import OAuth, Sterling

D365_NAME = "d365"
PAYMENTS = ("VendorPayment", "CustomerPayment")
"""What is created with accounts as display values."""


@dataclass(frozen=True, slots=True)
class FlowInfo:
    """A flow that a clock or an event can fire: exactly one of `every` and `cron` is set."""

    name: str
    every: timedelta | None = None
    cron: str | None = None
    on_event: str | None = None
    jitter: timedelta | None = None


def flows(settings: Settings) -> list[FlowInfo]:
    """Every flow that can be fired, in the order of the settings."""
    found = []
    for name, partner in settings.partners.items():
        for what, pickup in partner.pickup.items():
            found.append(FlowInfo(f"{name}.pickup.{what}", pickup.every, _cron(pickup), None, pickup.jitter))
        for what, send in partner.send.items():
            found.append(FlowInfo(f"{name}.send.{what}", send.every, _cron(send), send.on_event, send.jitter))
    return found


def _cron(schedule: Schedule) -> str | None:
    return str(schedule.cron) if schedule.cron is not None else None


def endpoints(
    settings: Settings,
    d365: D365Endpoint | None = None,
    *,
    epoch: Callable[[], float] = time.time,
    rests: Rests = RESTS,
) -> tuple[D365Breaker, dict[str, Breaker]]:
    """D365, and every endpoint by name (D365 among them), each behind its circuit breaker, with its secrets revealed; none has
    connected yet.

    `d365` stands in for the one of the settings, `epoch` tells the time of day. SecretError where a secret is missing."""
    records = D365Breaker(d365 or d365_endpoint(settings), epoch=epoch, rests=rests)
    found: dict[str, Breaker] = {D365_NAME: records}
    for name, endpoint in settings.endpoints.items():
        if isinstance(endpoint, Sterling):
            found[name] = MailboxBreaker(sterling_endpoint(settings, name, endpoint), epoch=epoch, rests=rests)
            continue
        if isinstance(endpoint, section.Sftp):
            found[name] = Breaker(_sftp(settings, name, endpoint), epoch=epoch, rests=rests)
        else:
            folders = _folders(settings, name)
            rules, deliver = _rules(endpoint), endpoint.deliver
            local = FolderEndpoint(name, endpoint.path, rules=rules, deliver=deliver, folders=folders)
            found[name] = Breaker(local, epoch=epoch, rests=rests)
    return records, found


def _rules(endpoint: section.Sftp | section.LocalFolder) -> NameRules:
    return NameRules(
        temporary=(".*", *(f"*{suffix}" for suffix in endpoint.temp_suffixes)),
        sentinel=endpoint.complete.sentinel or "",
    )


def _folders(settings: Settings, name: str) -> tuple[str, ...]:
    """Every folder of an endpoint that some flow uses: what `ping` tries."""
    found: dict[str, None] = {}
    for partner in settings.partners.values():
        for pickup in partner.pickup.values():
            if pickup.from_.endpoint == name:
                found[pickup.from_.folder] = None
        targets = [partner.acks.to, *(send.to for send in partner.send.values())]
        for target in targets:
            if target is not None and target.endpoint == name:
                found[target.path] = None
    return tuple(found)


def _sftp(settings: Settings, name: str, endpoint: section.Sftp) -> SftpEndpoint:
    weak = (*endpoint.algorithms.ciphers, *endpoint.algorithms.kex, *endpoint.algorithms.host_keys)
    if weak:
        sentence = f"{', '.join(weak)} may be used, which are weak: ask the partner for a newer server"
        log.say("WARNING", name, "weak", sentence)
    config = SftpConfig(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.username,
        key=settings.secret(endpoint.key) if endpoint.key else "",
        passphrase=settings.secret(endpoint.passphrase) if endpoint.passphrase else "",
        password=settings.secret(endpoint.password) if endpoint.password else "",
        host_keys=endpoint.host_keys,
        connect_timeout=endpoint.timeouts.connect.total_seconds(),
        login_timeout=endpoint.timeouts.login.total_seconds(),
        ciphers=endpoint.algorithms.ciphers,
        kex=endpoint.algorithms.kex,
        host_key_types=endpoint.algorithms.host_keys,
        deadline=endpoint.timeouts.read.total_seconds(),
    )
    return SftpEndpoint(
        name, config, rules=_rules(endpoint), deliver=endpoint.deliver, folders=_folders(settings, name)
    )


def sterling_endpoint(settings: Settings, name: str, endpoint: Sterling) -> SterlingEndpoint:
    """A server of mailboxes with its secrets revealed, not connected yet. SecretError where one is missing."""
    certificate, opened_by = _certificate(settings, endpoint.client_certificate)
    config = SterlingConfig(
        url=endpoint.url,
        username=endpoint.username or "",
        password=settings.secret(endpoint.password) if endpoint.password else "",
        stored_as=endpoint.password.secret if endpoint.password else "NAME",
        oauth=_oauth(settings, endpoint.oauth) if endpoint.oauth else None,
        trust=Trust(endpoint.ca_file, endpoint.pins, certificate=certificate, password=opened_by),
        identity=Trust(endpoint.ca_file),
        headers={header: settings.secret(secret) for header, secret in endpoint.headers.items()},
        dialect=Dialect(endpoint.dialect.payload, endpoint.dialect.colon, endpoint.dialect.delete),
        page=endpoint.page,
        requests=endpoint.requests,
        connect_timeout=endpoint.timeouts.connect.total_seconds(),
        read_timeout=endpoint.timeouts.read.total_seconds(),
        servers=endpoint.servers,
    )
    rules = Rules(endpoint.unclear_for.total_seconds(), endpoint.absent, endpoint.batch_above or None)
    return SterlingEndpoint(name, config, rules, uses=_uses(settings, name, endpoint))


def _uses(settings: Settings, name: str, endpoint: Sterling) -> Uses:
    """Which mailboxes of this server some flow uses: what `ping` tries."""
    polled, delivered, partners = dict[str, list[str]](), dict[str, list[str]](), dict[str, None]()
    for key, partner in settings.partners.items():
        for what, pickup in partner.pickup.items():
            if pickup.from_.endpoint == name:
                polled.setdefault(pickup.from_.folder, []).append(f"{key}.pickup.{what}")
                partners[key] = None
        targets = {"acks": partner.acks.to} | {f"send.{set_id}": send.to for set_id, send in partner.send.items()}
        for what, target in targets.items():
            if target is not None and target.endpoint == name:
                delivered.setdefault(target.path, []).append(f"{key}.{what}")
                partners[key] = None
    return Uses(
        {path: tuple(flows) for path, flows in polled.items()},
        {path: tuple(flows) for path, flows in delivered.items()},
        endpoint.after.move_to if not isinstance(endpoint.after, str) else "",
        tuple(partners),
        endpoint.absent,
    )


def _oauth(settings: Settings, oauth: OAuth) -> OAuthClient:
    return OAuthClient(
        oauth.token_url,
        oauth.client_id,
        settings.secret(oauth.client_secret),
        scope=oauth.scope,
        client_auth=oauth.client_auth,
        stored_as=oauth.client_secret.secret,
    )


def d365_endpoint(settings: Settings) -> D365Endpoint:
    """D365 with its secrets revealed, not connected yet. SecretError where one is missing."""
    d365 = settings.d365
    certificate, password = _certificate(settings, d365.certificate)
    config = D365Config(
        base_url=d365.base_url,
        tenant=d365.tenant,
        client_id=d365.client_id,
        client_secret=settings.secret(d365.client_secret) if d365.client_secret else "",
        certificate=certificate,
        certificate_password=password,
        stored_as=d365.client_secret.secret if d365.client_secret else "NAME",
        authority=d365.authority,
        audience=d365.resource,
        companies=d365.companies,
        probes=tuple(_probes(settings)),
        concurrency=d365.concurrency,
        unclear_for=d365.unclear_for.total_seconds(),
        slash_keys=d365.slash_keys,
        connect_timeout=d365.timeouts.connect.total_seconds(),
        read_timeout=d365.timeouts.read.total_seconds(),
        throttle=GateRules(
            patience=tuple(each.total_seconds() for each in d365.throttle.patience),
            longest=d365.throttle.longest.total_seconds(),
            bulk=d365.throttle.bulk,
        ),
        gate_wait=OVERALL,
        verify=_trust(d365.ca_file),
    )
    return D365Endpoint(D365_NAME, config)


def _probes(settings: Settings) -> Iterator[Probe]:
    """What the orders of some flow are looked up by and another way could do without."""
    yield from _dimension_probes(settings)
    flows = [
        f"[partners.{name}.receive.{set_id}]"
        for name, partner in settings.partners.items()
        for set_id, receive in partner.receive.items()
        if receive.create == "SalesOrder" and receive.ship_to == "match"
    ]
    if flows:
        role = "in D365, give the application's user a role that may read it"
        remedy = f'{role}, or set ship_to = "order" or "default" under {", ".join(flows)}'
        yield Probe("addresses", locations.any_address(), remedy)
    yield from _charge_probes(settings)
    yield from _chart_probes(settings)
    yield from _posted_probes(settings)


def _chart_probes(settings: Settings) -> Iterator[Probe]:
    """The chart of accounts of each company in which vendor invoices are created, where the settings do not have it."""
    needed: dict[str, bool] = {}
    for partner in settings.partners.values():
        for receive in partner.receive.values():
            if receive.create == "VendorInvoice" and receive.company not in settings.d365.charts:
                needed[receive.company] = needed.get(receive.company, False) or code_lists.MAIN_ACCOUNT in partner.codes
    for company, must in needed.items():
        remedy = (
            f'in D365, give the application\'s user a role that may read it, or write charts = {{ {company} = "..." }}'
        )
        query = code_lists.chart_query(company)
        yield Probe(f"chart of {company}", query, f"{remedy} under [d365]", code_lists.say_chart, not must)


def _posted_probes(settings: Settings) -> Iterator[Probe]:
    """The posted invoices of each company in which vendor invoices are created."""
    flows: dict[str, list[str]] = {}
    for name, partner in settings.partners.items():
        for set_id, receive in partner.receive.items():
            if receive.create == "VendorInvoice":
                flows.setdefault(receive.company, []).append(f"[partners.{name}.receive.{set_id}]")
    for company, known in flows.items():
        role = "in D365, give the application's user a role that may read them"
        remedy = f"{role}; without it posted_check decides under {', '.join(known)}"
        yield Probe(f"posted vendor invoices of {company}", posted.any_posted(company), remedy)


def _dimension_probes(settings: Settings) -> Iterator[Probe]:
    """Formats and delimiter of display values, where the settings do not have them; only what flows need must be readable."""
    given = settings.d365.dimensions
    receives = [receive for partner in settings.partners.values() for receive in partner.receive.values()]
    role = "in D365, give the application's user a role that may read it, or write dimensions = { %s } under [d365]"
    if given.default is None or given.ledger is None:
        needed = given.default is None and any(receive.dimensions for receive in receives)
        remedy = role % 'default = ["Department", "CostCenter"]'
        yield Probe("dimensions", dimensions.formats_query(), remedy, dimensions.say_formats, not needed)
    if given.delimiter is None:
        needed = any(receive.dimensions or receive.create in PAYMENTS for receive in receives)
        yield Probe(
            "delimiter", dimensions.delimiter_query(), role % 'delimiter = "-"', dimensions.say_delimiter, not needed
        )


def _charge_probes(settings: Settings) -> Iterator[Probe]:
    """The sets of charge lines of each company, with every field that is written there: the standard ones are not public."""
    asked = set[Query]()
    for name, partner in settings.partners.items():
        for set_id, receive in partner.receive.items():
            if receive.create and any(each.account for each in receive.agreements.values()):
                written = table.load("d365/write", receive.create, charge_sets(settings, receive))
                for query in charge_queries(written, receive.company):
                    if query not in asked:
                        asked.add(query)
                        yield Probe("charge lines", query, _charge_remedy(f"partners.{name}.receive.{set_id}"))


def _charge_remedy(flow: str) -> str:
    return (
        f"publish the set in D365, or correct its name under [d365.charges] and its fields under [{flow}.d365.charges]; without "
        f'one, say something else than "line:" under agreed in [{flow}]'
    )


def _certificate(settings: Settings, certificate: Certificate | None) -> tuple[bytes, str]:
    """A client certificate's bytes and what opens it; empty where none is used."""
    if certificate is None:
        return b"", ""
    password = settings.secret(certificate.password) if certificate.password else ""
    if certificate.content is not None:
        return settings.secret(certificate.content).encode(), password
    assert certificate.file is not None
    return certificate.file.read_bytes(), password


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The system's trust and, where given, further authorities."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
