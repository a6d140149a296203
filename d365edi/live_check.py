"""Whether D365 has what the settings name: every set, field and enum member of their tables, and the dimensions of each flow;
and whether each Sterling describes the calls that are made there.

A part of `app`. Reads only. Knows: what is compiled from settings, what is asked of D365. Does not know: who asks, entity names.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from d365edi import build, tenant_sets
from d365edi import partners as trading
from d365edi.endpoints.d365.endpoint import D365Endpoint
from d365edi.endpoints.sterling import calls
from d365edi.errors import PlaceRefused, Refused
from d365edi.flows.display_values import constants
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.maps.d365 import named
from d365edi.maps.d365.named import NamedField
from d365edi.matching import dimensions, lookup
from d365edi.matching.dimensions import DimensionFormats
from d365edi.odata.metadata import ServiceModel
from d365edi.settings import Settings
from d365edi.settings.dimensions import Dimensions
from d365edi.settings.sterling import Sterling


@dataclass(frozen=True, slots=True)
class LiveReport:
    """What was proved, what is missing (`problems`), and what is missing that nothing fails for (`notes`)."""

    proved: tuple[str, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def check(settings: Settings, endpoint: D365Endpoint | None = None) -> LiveReport:
    """Ask D365 for its description and its dimension formats, and compare. The names of its sets are remembered beside the
    journal. Raises SettingsError, SecretError, and EndpointError where D365 cannot be asked; OSError as the disk says."""
    partners = trading.compiled(settings)
    asked = endpoint or build.d365_endpoint(settings)
    try:
        model = await asked.metadata()
        found = [str(each) async for each in _dimensions(settings, partners, asked)]
    finally:
        await asked.close()
    path = tenant_sets.store(settings.daemon.journal, settings.d365.host, model.sets, datetime.now(UTC))
    wanted = list(of_settings(partners))
    lacks = named.lacking(wanted, model)
    return LiveReport(
        (_counted(wanted, model, settings.d365.host), f"The names of its sets are in {path}."),
        (*(each.sentence for each in lacks if not each.optional), *found),
        tuple(each.sentence for each in lacks if each.optional),
    )


async def check_mailboxes(settings: Settings) -> LiveReport:
    """Ask each Sterling for its own description, where it serves one, and compare the calls that are made. Raises SecretError,
    and EndpointError where one cannot be asked."""
    proved, problems, notes = list[str](), list[str](), list[str]()
    for name, section in settings.endpoints.items():
        if not isinstance(section, Sterling):
            continue
        endpoint = build.sterling_endpoint(settings, name, section)
        try:
            description = await endpoint.description()
        finally:
            await endpoint.close()
        if description is None:
            notes.append(f"{name} serves no description of its calls ({section.url}doc)")
            continue
        try:
            there = calls.described(description)
        except ValueError as error:
            notes.append(
                f"{name} describes its calls at {section.url}doc, and not as Swagger ({error}): nothing was compared"
            )
            continue
        lacks = calls.lacking(there)
        needed = [call for call in lacks if not call.optional or (section.batch_above and "batches" in call.path)]
        problems += [f"{name} describes no {call}" for call in needed]
        notes += [f"{name} describes no {call}" for call in lacks if call not in needed]
        proved.append(f"{name} describes {len(there)} calls; {len(calls.CALLS) - len(lacks)} of them are made here.")
    return LiveReport(tuple(proved), tuple(problems), tuple(notes))


def of_settings(partners: Mapping[str, TradingPartner]) -> Iterator[NamedField]:
    """What the tables of all flows and the lookups name; nothing where no flow is there."""
    for partner in partners.values():
        for receive in partner.receives.values():
            if receive.write_table is not None:
                yield from named.of_table(receive.write_table, f"partners.{receive.name}")
        for send in partner.sends.values():
            yield from named.of_table(send.read_table, f"partners.{send.name}")
    yield from named.of_lookups(lookup.tables())


def _counted(wanted: list[NamedField], model: ServiceModel, host: str) -> str:
    sets, fields = {each.set for each in wanted}, {(each.set, each.field) for each in wanted if each.field}
    return f"{host} has {len(model.sets)} entity sets; {len(sets)} of them and {len(fields)} fields are named here."


async def _dimensions(
    settings: Settings, partners: Mapping[str, TradingPartner], endpoint: D365Endpoint
) -> AsyncIterator[object]:
    """What D365 would refuse of the dimensions of each flow, and where the settings say other formats than it has."""
    flows = [flow for partner in partners.values() for flow in partner.receives.values() if _displays(flow)]
    given = settings.d365.dimensions
    if not flows and given == Dimensions():
        return
    try:
        read = await endpoint.ask(dimensions.delimiter_query())
        rows = await endpoint.ask(dimensions.formats_query())
    except (Refused, PlaceRefused) as error:
        if not (given.delimiter and given.default):
            yield dimensions.unread(error.message, "default")
        return
    sign = dimensions.delimiter_of(read)
    delimiter = given.delimiter or sign
    names = dimensions.formats_of(rows, sign or delimiter or "-")
    for key, ours, theirs in (
        ("default", given.default, names.get("default")),
        ("ledger", given.ledger, names.get("ledger")),
    ):
        if ours and ours != theirs:
            yield f"[d365] dimensions.{key} is {', '.join(ours)}, and D365 has {', '.join(theirs or ()) or 'none active'}"
    if given.delimiter and given.delimiter != sign:
        yield f'[d365] dimensions.delimiter is "{given.delimiter}", and D365 has "{sign}"'
    if not delimiter:
        yield dimensions.unread("D365 names none that is known", "delimiter")
        return
    formats = DimensionFormats(delimiter, names, given.escape)
    for flow in flows:
        assert flow.write_table is not None
        for finding in dimensions.problems(
            flow.dimensions, constants(flow.write_table, flow.dimensions.place), formats
        ):
            yield finding


def _displays(flow: ReceiveFlow) -> bool:
    table = flow.write_table
    return table is not None and bool(flow.dimensions.values or any(constants(table, flow.dimensions.place)))
