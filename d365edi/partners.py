"""Partners of the settings with their maps and guides compiled: what the flows work with.

A part of `app`. Every error that only shows when maps and guides meet is found here, before anything starts, and names
file, line and key.

Knows: settings of partners, constructors of maps. Does not know: endpoints, secrets, what a flow does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from d365edi.edi import guides
from d365edi.edi.guide import Guide, Segment
from d365edi.edi.reader import ReadOptions
from d365edi.edi.syntax import Standard, standard_of
from d365edi.errors import SettingsError
from d365edi.flows import intake
from d365edi.flows.partner import MapReader, MapWriter, PickupFlow, ReceiveFlow, SendFlow, TradingPartner
from d365edi.guard.echo import PLACE
from d365edi.maps import meaning, table
from d365edi.maps.csv.reader import FlatReader
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.d365 import plans
from d365edi.maps.d365.schema import charges, prices_locked
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.reader import Reader
from d365edi.maps.writer import Writer
from d365edi.matching.dimensions import DimensionPolicy
from d365edi.matching.intake import IntakePolicy
from d365edi.matching.lookup import PartnerLocation, Profile
from d365edi.matching.parts import COMPONENTS, PartsPolicy
from d365edi.matching.resolution import Variant
from d365edi.settings import Settings
from d365edi.settings.envelope import Envelope
from d365edi.settings.partners import Partner, Pickup
from d365edi.settings.receive import Receive
from d365edi.settings.record_checks import LANGUAGES
from d365edi.settings.send import Send

WHOLE = ("document", "journal")
"""The joins of an invoice that are read for the whole of it."""


def compiled(settings: Settings) -> dict[str, TradingPartner]:
    """Every partner with its maps compiled. Raises SettingsError where a map does not fit its guide or its document."""
    return {name: _partner(settings, name, partner) for name, partner in settings.partners.items()}


def _partner(settings: Settings, name: str, partner: Partner) -> TradingPartner:
    overlays = {set_id: receive.guide for set_id, receive in partner.receive.items() if receive.guide}
    return TradingPartner(
        name=name,
        settings=partner,
        options=ReadOptions(strictness=partner.acks.strictness, severities=partner.acks.severity, overlays=overlays),
        profile=_profile(settings, name, partner),
        pickups={what: _pickup(settings, name, what, pickup) for what, pickup in partner.pickup.items()},
        receives={set_id: _receive(settings, name, partner, set_id, flow) for set_id, flow in partner.receive.items()},
        sends={set_id: _send(settings, name, partner, set_id, flow) for set_id, flow in partner.send.items()},
    )


def _profile(settings: Settings, name: str, partner: Partner) -> Profile:
    """What the partner's own tables say, for no company yet."""
    places = {
        code: PartnerLocation(row.location, row.site, row.warehouse, row.account, row.company or "")
        for code, row in partner.locations.items()
    }
    variants = {theirs: Variant(**found) for theirs, row in partner.items.items() if (found := row.dimensions)}
    units, charts = dict(partner.codes.get("unit", {})), settings.d365.charts
    profile = Profile(name, items=_items(partner), variants=variants, units=units, locations=places)
    return replace(profile, codes=partner.codes, charts=charts)


def _items(partner: Partner) -> dict[str, str]:
    """Their item = ours: sets that are an item of ours are items as others are."""
    own = {theirs: row.item for theirs, row in partner.items.items()}
    return {**own, **{theirs: ours for theirs, ours in partner.sets.items() if ours != COMPONENTS}}


def _pickup(settings: Settings, partner: str, what: str, pickup: Pickup) -> PickupFlow:
    return PickupFlow(f"{partner}.pickup.{what}", partner, pickup, settings.endpoints[pickup.from_.endpoint])


def _located(settings: Settings, *prefix: str) -> Callable[[tuple[str, ...]], str]:
    return lambda path: settings.where(*prefix, *path)


def _receive(settings: Settings, name: str, partner: Partner, set_id: str, flow: Receive) -> ReceiveFlow:
    prefix = ("partners", name, "receive", set_id)
    standard = standard_of(set_id)
    read = _map(settings, prefix, standard, flow.map)
    flat = FlatReader(read, partner.codes) if standard == "FLAT" else None
    known = _guides(settings, prefix, "receive", standard, flow.guide) if flat is None else []
    versions = guides.versions(standard, set_id) if known else ()
    order = _write_table(settings, prefix, flow)
    readers = _Readers({each: partial(_reader, standard, read, flow, partner, known, each) for each in versions})
    _check_ignored(settings, prefix, flow, known)
    if flow.map or flow.guide:
        readers.compile(guide.version for guide in known)
    elif partner.codes and known:
        readers[known[-1].version]  # an error in a code table shows in any version
    return ReceiveFlow(
        name=f"{name}.receive.{set_id}",
        set=set_id,
        settings=flow,
        table=read,
        readers=readers,
        write_table=order,
        policy=_policy(prefix, partner, flow, read, order),
        flat=flat,
        dimensions=_dimensions(settings, prefix, flow),
    )


def _dimensions(settings: Settings, prefix: tuple[str, ...], flow: Receive) -> DimensionPolicy:
    """What was agreed about the dimensions of what a flow creates, as plain values."""
    given = settings.d365.dimensions
    return DimensionPolicy(
        place=".".join(prefix),
        values=flow.dimensions,
        default=given.default or (),
        ledger=given.ledger or (),
        delimiter=given.delimiter or "",
        escape=given.escape,
        by_d365=given.built == "d365",
    )


def _map(settings: Settings, prefix: tuple[str, ...], standard: Standard, rows: Mapping[str, Any]) -> table.Table:
    """The shipped map of a set with the partner's rows over it."""
    try:
        return table.load(
            LANGUAGES[standard], prefix[-1], rows, locate=_located(settings, *prefix, "map"), base=(*prefix, "map")
        )
    except SettingsError as error:
        if error.where:
            raise
        raise SettingsError(
            error.message, where=settings.where(*prefix), key=".".join(prefix), remedy=error.remedy
        ) from None


def _write_table(settings: Settings, prefix: tuple[str, ...], flow: Receive) -> table.Table | None:
    """The map that writes to D365, None where nothing is created."""
    if flow.create is None:
        return None
    shipped = table.load("d365/write", flow.create)
    return table.load(
        "d365/write",
        flow.create,
        prices_locked(charge_sets(settings, flow), shipped) if flow.price == "lock" else charge_sets(settings, flow),
        locate=_located(settings, *prefix, "d365"),
        base=(*prefix, "d365"),
    )


def charge_sets(settings: Settings, flow: Receive) -> Mapping[str, Any]:
    """The flow's rows for D365, over the names of the tenant's sets of charge lines."""
    if flow.create != "SalesOrder":
        return flow.d365
    names = {"order": settings.d365.charges.header, "line": settings.d365.charges.line}
    own = flow.d365.get("charges", {})
    sets = {kind: {"set": name, **own.get(kind, {})} for kind, name in names.items() if name}
    return {**flow.d365, "charges": {**own, **sets}} if sets else flow.d365


def _reader(
    standard: Standard, read: table.Table, flow: Receive, partner: Partner, known: Sequence[Guide], version: str
) -> MapReader:
    """The map compiled for reading a set in a version."""
    guide = guides.load(standard, read.name, version, flow.guide or None)
    assert guide is not None
    compiled = EdifactReader if standard == "EDIFACT" else Reader
    return compiled(read, guide, partner.codes, known)


def _check_ignored(settings: Settings, prefix: tuple[str, ...], flow: Receive, known: list[Guide]) -> None:
    """What a flow ignores is a segment of its set, in one of the versions; a flat file has none."""
    segments = {id for guide in known for id in guide.segments}
    for name in flow.ignore if known else ():
        if name not in segments:
            raise SettingsError(
                f'"{name}" is no segment of the {prefix[-1]}, so it cannot be ignored',
                where=settings.where(*prefix, "ignore"),
                key=".".join((*prefix, "ignore")),
                remedy=table.nearest(name, segments),
            )


def _policy(
    prefix: tuple[str, ...], partner: Partner, flow: Receive, read: table.Table, order: table.Table | None
) -> IntakePolicy:
    """What was agreed about the flow's orders, as plain values."""
    place, ignore = ".".join(prefix), frozenset(flow.ignore)
    envelope = partner.envelopes.get(standard_of(prefix[-1]))
    return IntakePolicy(
        place=place,
        purpose=flow.purpose,
        ignore=ignore,
        said=meaning.segments(read),
        unlike=flow.unlike.actions,
        agreed=flow.agreements,
        short_paid=flow.short_paid,
        charge_sets=frozenset("line" if kind == "line" else "order" for kind in charges(order))
        if order
        else frozenset(),
        places=intake.places(read, envelope.usage if envelope is not None else ""),
        parts=PartsPolicy(
            place, ".".join((*prefix[:2], "sets")), ignore, flow.stores, flow.back, flow.schedules, partner.sets
        ),
    )


class _Readers(Mapping[str, MapReader]):
    """The readers of a set by version, each compiled when it is first asked for.

    A shipped map is known to compile for every version, so the daemon need not wait for it; one with a partner's rows
    is compiled at start for every form that the set has, to find their mistakes."""

    def __init__(self, ways: Mapping[str, Callable[[], MapReader]]) -> None:
        self._ways = ways
        self._made: dict[str, MapReader] = {}

    def __getitem__(self, version: str) -> MapReader:
        """The reader for a version; SettingsError where a row does not fit it."""
        if version not in self._made:
            self._made[version] = self._ways[version]()
        return self._made[version]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ways)

    def __len__(self) -> int:
        return len(self._ways)

    def compile(self, versions: Iterable[str]) -> None:
        """Make those of some versions now."""
        for version in versions:
            self[version]


def _guides(
    settings: Settings, prefix: tuple[str, ...], verb: str, standard: Standard, overlay: Mapping[str, Any] | None = None
) -> list[Guide]:
    """The set's guides in each of its forms; a row of a map must have its place in one of them."""
    try:
        found = [guides.load(standard, prefix[-1], version, overlay or None) for version in guides.FORMS[standard]]
    except SettingsError as error:
        raise _of_guide(settings, prefix, overlay or {}, error) from None
    available = [guide for guide in found if guide is not None]
    if not available:
        message = f"there is no guide for {prefix[-1]}"
        raise SettingsError(message, where=settings.where(*prefix), key=".".join(prefix), remedy=f"{verb} another set")
    return available


def _of_guide(
    settings: Settings, prefix: tuple[str, ...], overlay: Mapping[str, Any], error: SettingsError
) -> SettingsError:
    """An error in a partner's guide, with file and line."""
    inside = (name for name, rows in overlay.items() if isinstance(rows, Mapping | list) and error.key in rows)
    path = (*prefix, "guide", *((name, error.key) if (name := next(inside, "")) else (error.key,)))
    return SettingsError(error.message, where=settings.where(*path), key=".".join(path), remedy=error.remedy)


def _demanded(settings: Settings, prefix: tuple[str, ...], standard: Standard, flow: Send) -> None:
    """What a flow demands of a document is a place of its set, in one of the versions."""
    known = _guides(settings, prefix, "send", standard) if flow.guard.demands else []
    segments: dict[str, list[Segment]] = {}
    for id, segment in (each for guide in known for each in guide.segments.items()):
        segments.setdefault(id, []).append(segment)
    for place in flow.guard.demands:
        match = PLACE.fullmatch(place)
        assert match is not None
        id, _, position, component = match.groups()
        if not any(_has(segment, int(position or 0), int(component or 0)) for segment in segments.get(id, ())):
            raise SettingsError(
                f'"{place}" is no place in the {prefix[-1]}, so it would be missing from each',
                where=settings.where(*prefix, "guard", "demands"),
                key=".".join((*prefix, "guard", "demands")),
                remedy="correct it" if id in segments else table.nearest(id, segments),
            )


def _has(segment: Segment, position: int, component: int) -> bool:
    """Whether a segment has the element (0: any) and the component of it (0: any)."""
    if segment.open or not position:
        return True
    described = segment.element(position)
    return described is not None and component <= max(len(described.components), 1)


def _writer(
    settings: Settings, prefix: tuple[str, ...], partner: Partner, envelope: Envelope | None, write: table.Table
) -> MapWriter:
    """The map compiled for writing: sets of an interchange with this envelope, or without one a flat file."""
    _, name, _, set_id = prefix
    if envelope is None:
        return FlatWriter(write, partner.codes, partner=name)
    standard = envelope.syntax.standard
    known = _guides(settings, prefix, "send", standard)
    guide = guides.load(standard, set_id, envelope.version) or known[-1]
    writer = EdifactWriter if standard == "EDIFACT" else Writer
    return writer(write, guide, partner.codes, partner=name, versions=known)


def _original(settings: Settings, prefix: tuple[str, ...], flow: Send) -> dict[str, Any]:
    """The row of the D365 map that reads the original invoice of a credit note, as `original_field` names its field."""
    if flow.original_field is None:
        return {}
    where, key = settings.where(*prefix, "original_field"), ".".join((*prefix, "original_field"))
    tree = table.load("d365/read", flow.of).tree
    if flow.of != "SalesInvoice":
        message, remedy = f"names a field of an invoice, and {flow.of} is sent", "leave it out"
        raise SettingsError(message, where=where, key=key, remedy=remedy)
    head: dict[str, Any] = {tree["header"]["set"]: ("header",)}
    head |= {join["set"]: ("joins", name) for name, join in tree["joins"].items() if name in WHOLE}
    named, _, field = flow.original_field.rpartition(".")
    place = head.get(named or tree["header"]["set"])
    if place is None:
        message = f"names {named}, which is not read for the whole of an invoice"
        raise SettingsError(message, where=where, key=key, remedy=table.nearest(named, head))
    row: dict[str, Any] = {"fields": {field: "original_invoice"}}
    for name in reversed(place):
        row = {name: row}
    return row


def _asked(settings: Settings, prefix: tuple[str, ...], flow: Send) -> dict[str, Any]:
    """The rows of the D365 map that ask for what a flow wants besides."""
    wanted = {"ship_from": "warehouse"} if flow.ship_from == "address" else {}
    wanted |= {"pallets": "pallets"} if flow.pallets else {}
    known = table.load("d365/read", flow.of).tree.get("joins", {}) if wanted else {}
    for key, join in wanted.items():
        if join not in known:
            where, remedy = settings.where(*prefix, key), "leave it out, or send another record"
            raise SettingsError(
                f"{flow.of} does not say this", where=where, key=".".join((*prefix, key)), remedy=remedy
            )
    return {"joins": {join: {"off": False} for join in wanted.values()}} if wanted else {}


def _send(settings: Settings, name: str, partner: Partner, set_id: str, flow: Send) -> SendFlow:
    prefix = ("partners", name, "send", set_id)
    standard = standard_of(set_id)
    envelope = partner.envelopes.get(standard)
    write = _map(settings, prefix, standard, flow.map)
    if envelope is not None:
        _demanded(settings, prefix, standard, flow)
    rows = table.merged(flow.d365, {**_original(settings, prefix, flow), **_asked(settings, prefix, flow)})
    read = table.load("d365/read", flow.of, rows, locate=_located(settings, *prefix, "d365"))
    if flow.d365:
        plans.check(read)
    return SendFlow(
        name=f"{name}.send.{set_id}",
        set=set_id,
        settings=flow,
        envelope=envelope,
        accounts=partner.accounts(flow),
        overlap=settings.d365.overlap,
        read_table=read,
        writer=_writer(settings, prefix, partner, envelope, write),
        functional_id=guides.group_of(standard, set_id) if envelope is not None else "",
        map_digest=write.digest,
    )
