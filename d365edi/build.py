"""How settings become parts: partners with their compiled maps, endpoints with their secrets, flows with their schedules.

The other half of `app`: the only place that constructs endpoints. Every mistake that only shows when maps and guides
meet is found here, before anything starts, and names file, line and key.

Knows: settings, constructors. Does not know: what any part does.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from d365edi.edi import guides
from d365edi.edi.interchange import Party
from d365edi.edi.x12.reader import ReadOptions
from d365edi.endpoints.base import After, Endpoint, Place
from d365edi.endpoints.d365.endpoint import D365, D365Config
from d365edi.endpoints.folder import Folder
from d365edi.endpoints.names import NameRules
from d365edi.endpoints.sftp import Sftp
from d365edi.endpoints.sftp_session import SftpConfig
from d365edi.errors import SettingsError
from d365edi.flows.partner import Answers, Duplicates, Identity, Partner, Pickup, Receive, Send
from d365edi.guard import Policy
from d365edi.maps import table
from d365edi.maps.reader import Reader
from d365edi.maps.resolve import Profile
from d365edi.maps.writer import Writer
from d365edi.settings import Settings
from d365edi.settings import endpoints as section
from d365edi.settings import partners as wanted
from d365edi.settings.section import Schedule

D365_NAME = "d365"
VERSIONS = ("003040", "004010", "004030", "005010")
"""The versions a received set may be in: a reader is compiled for each, because their guides differ."""
MAPS = {"SalesOrder": "SalesOrder", "SalesInvoice": "SalesInvoice"}


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


def partners(settings: Settings) -> dict[str, Partner]:
    """Every partner with its maps compiled. Raises SettingsError where a map does not fit its guide or its document."""
    return {name: _partner(settings, name, partner) for name, partner in settings.partners.items()}


def _partner(settings: Settings, name: str, partner: wanted.Partner) -> Partner:
    x12, acks = partner.x12, partner.acks
    return Partner(
        name=name,
        identity=Identity(
            us=Party(*x12.us),
            them=Party(*x12.them),
            group_us=x12.group_sender,
            group_them=x12.group_receiver,
            version=x12.version,
            usage=x12.usage,
            syntax=x12.syntax,
        ),
        answers=Answers(acks.send, acks.to, acks.ta1, acks.loop, acks.expect_within),
        duplicates=Duplicates(**partner.duplicates.model_dump()),
        options=ReadOptions(
            strictness=acks.strictness,
            overlays={set_id: receive.guide for set_id, receive in partner.receive.items() if receive.guide},
        ),
        budget=partner.retry.budget.total_seconds(),
        profile=Profile(name, "", None, dict(partner.items), dict(partner.codes.get("unit", {}))),
        pickups={what: _pickup(settings, name, what, pickup) for what, pickup in partner.pickup.items()},
        receives={set_id: _receive(settings, name, partner, set_id, flow) for set_id, flow in partner.receive.items()},
        sends={set_id: _send(settings, name, partner, set_id, flow) for set_id, flow in partner.send.items()},
        customer=dict(partner.customer),
    )


def _pickup(settings: Settings, partner: str, what: str, pickup: wanted.Pickup) -> Pickup:
    endpoint = settings.endpoints[pickup.from_.endpoint]
    return Pickup(
        name=f"{partner}.pickup.{what}",
        partner=partner,
        endpoint=pickup.from_.endpoint,
        place=Place(pickup.from_.folder, pickup.from_.pattern),
        after=After("move", endpoint.after.move_to)
        if isinstance(endpoint.after, section.Move)
        else After(endpoint.after),
        looks=1 if endpoint.complete.sentinel else endpoint.complete.looks,
        apart=endpoint.complete.apart.total_seconds(),
        limit=endpoint.max_message,
        in_flight=endpoint.in_flight,
    )


def _located(settings: Settings, *prefix: str) -> Callable[[tuple[str, ...]], str]:
    return lambda path: settings.where(*prefix, *path)


def _receive(settings: Settings, name: str, partner: wanted.Partner, set_id: str, flow: wanted.Receive) -> Receive:
    prefix = ("partners", name, "receive", set_id)
    read = table.load("x12", set_id, flow.map, locate=_located(settings, *prefix, "map"))
    readers = {}
    for version in VERSIONS:
        guide = guides.load("X12", set_id, version, flow.guide or None)
        if guide is None:
            raise SettingsError(
                f"there is no guide for {set_id}",
                where=settings.where(*prefix),
                key=".".join(prefix),
                remedy="receive another set",
            )
        readers[version] = Reader(read, guide, partner.codes)
    write = table.load("d365", MAPS[flow.create], flow.d365, locate=_located(settings, *prefix, "d365"))
    return Receive(
        flow=f"{name}.receive.{set_id}",
        set=set_id,
        company=flow.company,
        create=flow.create,
        purpose=dict(flow.purpose),
        ignore=frozenset(flow.ignore),
        readers=readers,
        order_table=write,
        map_digest=read.digest,
    )


def _send(settings: Settings, name: str, partner: wanted.Partner, set_id: str, flow: wanted.Send) -> Send:
    prefix = ("partners", name, "send", set_id)
    write = table.load("x12", set_id, flow.map, locate=_located(settings, *prefix, "map"))
    guide = guides.load("X12", set_id, partner.x12.version)
    if guide is None:
        raise SettingsError(
            f"there is no guide for {set_id}",
            where=settings.where(*prefix),
            key=".".join(prefix),
            remedy="send another set",
        )
    accounts = {flow.company: partner.customer[flow.company]} if flow.company else dict(partner.customer)
    return Send(
        flow=f"{name}.send.{set_id}",
        set=set_id,
        of=flow.of,
        accounts=accounts,
        since=flow.since if isinstance(flow.since, date) else None,
        overlap=settings.d365.overlap,
        target=flow.to,
        read_table=table.load("d365", MAPS[flow.of]),
        writer=Writer(write, guide, partner.codes, partner=name),
        functional_id=guide.group,
        map_digest=write.digest,
        on_event=flow.on_event or "",
        guard=Policy(flow.guard.levels, flow.guard.demands, dict(flow.guard.costs), flow.guard.say_costs),
    )


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Every endpoint with its secrets revealed; none has connected yet. Raises SecretError where a secret is missing."""
    found: dict[str, Endpoint] = {D365_NAME: _d365(settings)}
    for name, endpoint in settings.endpoints.items():
        if isinstance(endpoint, section.Sftp):
            found[name] = _sftp(settings, name, endpoint)
        else:
            found[name] = Folder(
                name, endpoint.path, rules=_rules(endpoint), deliver=endpoint.deliver, folders=_folders(settings, name)
            )
    return found


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


def _sftp(settings: Settings, name: str, endpoint: section.Sftp) -> Sftp:
    config = SftpConfig(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.username,
        key=settings.secret(endpoint.key) if endpoint.key else "",
        password=settings.secret(endpoint.password) if endpoint.password else "",
        host_keys=endpoint.host_keys,
        connect_timeout=endpoint.timeouts.connect.total_seconds(),
        login_timeout=endpoint.timeouts.connect.total_seconds(),
        deadline=endpoint.timeouts.read.total_seconds(),
    )
    return Sftp(name, config, rules=_rules(endpoint), deliver=endpoint.deliver, folders=_folders(settings, name))


def _d365(settings: Settings) -> D365:
    d365 = settings.d365
    certificate, password = _certificate(settings)
    config = D365Config(
        base_url=d365.base_url,
        tenant=d365.tenant,
        client_id=d365.client_id,
        client_secret=settings.secret(d365.client_secret) if d365.client_secret else "",
        certificate=certificate,
        certificate_password=password,
        authority=d365.authority,
        audience=d365.resource,
        companies=d365.companies,
        concurrency=d365.concurrency,
        unclear_for=d365.unclear_for.total_seconds(),
        connect_timeout=d365.timeouts.connect.total_seconds(),
        read_timeout=d365.timeouts.read.total_seconds(),
        verify=_trust(d365.ca_file),
    )
    return D365(D365_NAME, config)


def _certificate(settings: Settings) -> tuple[bytes, str]:
    """The client certificate's bytes and what opens it; empty where a client secret is used."""
    certificate = settings.d365.certificate
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
