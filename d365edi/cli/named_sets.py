"""Entity sets that the settings name and nobody knows: neither the catalogs that ship, nor the tenant, where `check --live` has
read what it has (its own sets must be usable).

Knows: the keys that name a set. Does not know: D365, what a table does with a set.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from d365edi import tenant_sets
from d365edi.endpoints.d365 import catalog
from d365edi.errors import SettingsError
from d365edi.maps.table import nearest
from d365edi.sandbox.d365.catalog import load
from d365edi.settings import Settings

Key = tuple[str, ...]


def refuse_unknown(settings: Settings) -> None:
    """Raise SettingsError for the first set that nobody knows."""
    host, known = settings.d365.host, tenant_sets.load(settings.daemon.journal)
    theirs = known.sets if known is not None and known.host == host else frozenset()
    sets = {*catalog.names(), *load().sets, *theirs}
    for key, name in _named(settings):
        if name not in sets:
            close = nearest(name, sets)
            raise SettingsError(
                f'there is no entity set "{name}" that is known',
                where=settings.where(*key),
                key=".".join(key),
                remedy=f"{f'{close}; ' if close else ''}where it is the tenant's own, d365edi check --live reads its sets",
            )


def _named(settings: Settings) -> Iterator[tuple[Key, str]]:
    """Every set that the settings name, with its key."""
    for kind, name in (("header", settings.d365.charges.header), ("line", settings.d365.charges.line)):
        if name is not None:
            yield ("d365", "charges", kind), name
    for partner, section in settings.partners.items():
        for direction, flows in (("receive", section.receive), ("send", section.send)):
            for set_id, flow in flows.items():
                yield from _inside(flow.d365, ("partners", partner, direction, set_id, "d365"))


def _inside(tree: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, str]]:
    for name, value in tree.items():
        if name == "set" and isinstance(value, str) and value:
            yield (*key, name), value
        elif isinstance(value, Mapping):
            yield from _inside(value, (*key, name))
