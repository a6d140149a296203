"""What is looked up in D365 and by what it is known: values that references of every kind are made of.

Knows: queries as values, the tables of `lookups.toml`. Does not know: HTTP, caches, settings files, any entity name.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from d365edi.edi.findings import Finding
from d365edi.matching.resolution import ReferenceKind, Resolution, ResolvedReference, Variant
from d365edi.odata.plan import Query
from d365edi.odata.quoting import same_text

Row = Mapping[str, Any]
Rows = Sequence[Row]
ShipTo = Literal["match", "order", "default"]
"""Where goods go whose place no table of the partner has: to an address of the customer, to the address in the order, to the
customer's default address."""


UnitRule = Literal["hold", "warn", "take"]
"""What a barcode of another unit than the ordered one does."""


@dataclass(frozen=True, slots=True)
class PartnerLocation:
    """What a partner's code of a place is for us: a location of an address, our site and warehouse for it, the customer account
    that orders for it, in `company` ("": in each)."""

    location: str | None = None
    site: str | None = None
    warehouse: str | None = None
    account: str | None = None
    company: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about a partner in one company: our customer or vendor account, their items = ours, their places = ours.

    `variants` has those of their items that are a variant of ours. `buys`: orders become purchase orders of ours, at `vendor` or
    at one of `vendors` (theirs = ours).

    `codes` are their codes = ours, by what they are codes of; `charts` the chart of accounts of a company, where the settings say
    it.

    `flow` is the table in the settings of what is received, `ship_to_place` and `line_place` the elements that the code of a
    ship-to is in; sentences name them."""

    partner: str
    company: str = ""
    customer: str | None = None
    items: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[str, Variant] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, PartnerLocation] = field(default_factory=dict)
    ship_to: ShipTo = "match"
    flow: str = "partners.NAME.receive.SET"
    ship_to_place: str = ""
    line_place: str = ""
    vendor: str | None = None
    vendors: Mapping[str, str] = field(default_factory=dict)
    buys: bool = False
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    charts: Mapping[str, str] = field(default_factory=dict)
    gtin_unit: UnitRule = "take"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One query and how its rows are read: those whose field `theirs` is one of `values`, or that are the `same`, are hits;
    the field `ours` is the result.

    Of several hits, those with most of `preferred` (field and value) count. `name` is what is looked up, in sentences; `unit` the
    field with the unit that the number is of."""

    query: Query
    theirs: str
    values: tuple[str, ...]
    ours: str
    preferred: tuple[tuple[str, str], ...] = ()
    same: Callable[[Row], bool] | None = None
    name: str = ""
    unit: str = ""

    def hits(self, rows: Rows) -> list[Row]:
        """The rows that are meant: a query can find more, as D365 compares text."""
        if self.same is not None:
            return [row for row in rows if self.same(row)]
        return [row for row in rows if any(same_text(row.get(self.theirs), value) for value in self.values)]


@dataclass(frozen=True, slots=True)
class UnresolvedReference:
    """A reference to look up in D365, with its lookups in the order of trust; `lines` are the lines it is for (1 is the first,
    0 the order as a whole).

    When no lookup finds it, `miss` is the finding, or what it is then; None where it is left open. `several` begins the
    sentence when lookups find different results. `extra` names a second field to return. `refused` is the finding, or what it is,
    when D365 does not let us ask; None where that is an error, or `optional`: a reference that may as well be left open. `agree`:
    all lookups are asked, and what they find must be the same. `more`: further answers, each with the field that it is read from;
    `hold`: a field, and its values that hold the document; `filled`: a field, and the finding where it says anything.
    `unit`: what is ordered in; a barcode of another unit does what `gtin_unit` says."""

    kind: ReferenceKind
    subject: str
    lines: tuple[int, ...]
    lookups: tuple[Lookup, ...]
    miss: Finding | ResolvedReference | None = None
    several: str = ""
    extra: str = ""
    refused: Finding | ResolvedReference | None = None
    optional: bool = False
    agree: bool = False
    more: tuple[tuple[str, str], ...] = ()
    hold: tuple[str, tuple[str, ...]] = ("", ())
    filled: tuple[str, Finding] | None = None
    unit: str = ""
    gtin_unit: UnitRule = "take"
    gtin_unit_place: str = ""

    @property
    def queries(self) -> tuple[Query, ...]:
        """Its queries, to be asked one after the other until `resolve` decides, or all at once."""
        return tuple(lookup.query for lookup in self.lookups)

    def wanted(self, answered: int) -> tuple[Query, ...]:
        """What to ask next, when so many queries are answered."""
        return self.queries[answered:] if self.agree else self.queries[answered : answered + 1]


@dataclass(frozen=True, slots=True)
class References:
    """What the partner's tables resolve, and what is left to look up in D365."""

    resolution: Resolution
    unresolved: tuple[UnresolvedReference, ...]


def unmet(kind: str, subject: str, message: str, remedy: str) -> Finding:
    """The finding of a reference that cannot be resolved: it holds the document."""
    return Finding("document", "error", "", message, value=subject, remedy=remedy, rule=kind)


@cache
def tables() -> Any:
    """The tables of `lookups.toml`: which set of D365 answers a kind of reference, and by which fields."""
    return tomllib.loads((files("d365edi.matching") / "lookups.toml").read_text(encoding="utf-8"))
