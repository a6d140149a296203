"""Which entity sets the simulator has: their fields, types, keys and enums, from `catalog.json` beside this file.

Knows: names and types of the public F&O data entities that an order-to-invoice tenant needs. Does not know: rows,
HTTP, rules.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

NAMESPACE = "Microsoft.Dynamics.DataEntities"
_INSTANTS = frozenset({"CreatedOn", "AddressValidFrom", "AddressValidTo", "Effective", "Expiration"})


@dataclass(frozen=True, slots=True)
class SetDefinition:
    """One set of the service: `fields` are name to EDM type (`Edm.String`) or enum name (`NoYes`); `required` are
    demanded on insert."""

    name: str
    type: str
    entity: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    read_only: bool
    fields: dict[str, str]
    dates: frozenset[str] = field(default=frozenset())

    @property
    def of_company(self) -> bool:
        """Whether a row belongs to one company (`dataAreaId` is part of the key)."""
        return "dataAreaId" in self.keys

    @property
    def edm_type(self) -> str:
        """The qualified EDM type, as `@odata` messages name it."""
        return f"{NAMESPACE}.{self.type}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All sets and the members of all enums, in the order of their numbers."""

    sets: dict[str, SetDefinition]
    enums: dict[str, tuple[str, ...]]


def is_instant(name: str) -> bool:
    """Whether a DateTimeOffset column is a point in time; all others are dates and read as noon UTC."""
    return name in _INSTANTS or name.endswith("DateTime")


@cache
def load() -> Catalog:
    """The catalog shipped with the simulator."""
    raw = json.loads(files(__package__).joinpath("catalog.json").read_text(encoding="utf-8"))
    sets = {
        name: SetDefinition(
            name=name,
            type=entry["type"],
            entity=entry["entity"],
            keys=tuple(entry["keys"]),
            required=tuple(entry["required"]),
            read_only=entry["read_only"],
            fields=entry["fields"],
            dates=frozenset(f for f, t in entry["fields"].items() if t == "Edm.DateTimeOffset" and not is_instant(f)),
        )
        for name, entry in raw["sets"].items()
    }
    return Catalog(sets, {name: tuple(members) for name, members in raw["enums"].items()})
