"""What to ask of D365 and what to write there, as plain values: the language between maps (which know the entities)
and the client (which knows OData, and no entity).

Knows: shapes. Does not know: any entity name, HTTP, partners.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from d365edi.odata import canonical

Made = TypeVar("Made")

REFUSED = "_refused"
"""The key of a fetched message under which sets that it needs and may not be read are listed, each with the reason."""
NO_SET = "has no entity set"
"""What a reason says where a whole set is not there."""
WANTED = "_wanted"
"""The key under which such a message says what is to be fetched (`Remote.id`)."""


@dataclass(frozen=True, slots=True)
class Query:
    """One read: `filters` are ready `$filter` terms joined by `and`; always cross-company, so name dataAreaId in the
    filters. `choice` is one term more: a field that is one of some texts; queries that differ only in these texts can
    be asked together (`odata.together`). Of what is found `skip` rows are left out before the first, and `top` are given."""

    set: str
    filters: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    orderby: tuple[str, ...] = ()
    top: int | None = None
    choice: tuple[str, tuple[str, ...]] | None = None
    skip: int = 0

    def among(self, field: str, texts: tuple[str, ...]) -> Query:
        """The same of rows whose field is one of these texts."""
        return Query(self.set, self.filters, self.select, self.orderby, self.top, (field, texts), self.skip)


@dataclass(frozen=True, slots=True)
class Join:
    """A further set of a record: rows whose `on` fields (theirs -> header's) are equal, kept under `name`; `optional`
    sets may be refused. `among` (theirs -> a line's): only rows with the values that the lines have, or the rows of an earlier
    join; where such a field is empty, the header's one in `empty_is` counts. `own` is the field of the header with the value
    that is not asked for, because the header itself says what there is to know."""

    name: str
    set: str
    on: Mapping[str, str]
    select: tuple[str, ...] = ()
    orderby: tuple[str, ...] = ()
    optional: bool = False
    among: Mapping[str, str] = field(default_factory=dict)
    empty_is: Mapping[str, str] = field(default_factory=dict)
    own: str = ""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What is new as messages: rows of `header` since a date, each fetched whole with its joins as one JSON object.

    `name_fields` make the message's name, with the field `dated` and the company where others have that name. `earlier_key` are
    the fields of the key that earlier versions knew records by. The fetched bytes are canonical JSON:
    {"header": {...}, "<join name>": [{...}, ...]}, keys sorted, `@odata.*` left out, numbers as written by D365. What D365
    does not show of it is empty, and named under REFUSED."""

    what: str
    header: Query
    key: tuple[str, ...]
    name_fields: tuple[str, ...]
    joins: tuple[Join, ...] = ()
    dated: str = ""
    earlier_key: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[str, ...]:
        """The fields that a listing needs."""
        wanted = (*self.key, *self.name_fields, self.dated, *self.earlier_key)
        return tuple(dict.fromkeys(name for name in wanted if name))

    def key_of(self, header: Mapping[str, Any]) -> str:
        """The whole key of a record as text: canonical JSON of its parts, one text for one record. KeyError where the row
        lacks a part."""
        return canonical.dumps({part: header[part] for part in self.key}).decode()


ETAG = "@odata.etag"
"""Where a row of a list has its version: opaque, moved by every change of the row."""


@dataclass(frozen=True, slots=True)
class ListJoin:
    """A further set of the rows of a list: `query` finds its rows, each belongs to the rows whose `on` fields (theirs -> ours)
    are equal. Of several those count first that have the `prefer`red values. A row without one of a `required` set is not in the
    list; an `optional` set may be refused."""

    name: str
    query: Query
    on: Mapping[str, str]
    prefer: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list: all rows of `rows` in the order of `key`, each with the rows of its joins. `number` is the field that people know
    a row by; rows that say the same in the `whole` fields are one document. `outside` are the filters that any row of the company
    meets, whether it is in the list or not."""

    what: str
    rows: Query
    key: tuple[str, ...]
    number: str
    outside: tuple[str, ...]
    whole: tuple[str, ...] = ()
    joins: tuple[ListJoin, ...] = ()

    def key_of(self, row: Mapping[str, Any]) -> str:
        """The whole key of a row as text, as `ReadPlan.key_of` has it. KeyError where the row lacks a part."""
        return canonical.dumps({part: row[part] for part in self.key}).decode()


@dataclass(frozen=True, slots=True)
class FurtherRows:
    """Rows of a further set that belong to a header, as charge lines do. Others may add rows of their own beside them, so they
    are found by `compare` among all that have `link_field` = the header's number.

    Rows of single lines get `line_field` = the `line_key` that D365 gave the line; `lines` says which line each is of (1 is the
    first). These are written once the lines are there, all others with the lines."""

    set: str
    link_field: str
    rows: tuple[Mapping[str, Any], ...]
    compare: tuple[str, ...]
    line_field: str = ""
    line_key: str = ""
    lines: tuple[int, ...] = ()


def plain_words(what: str) -> str:
    """A kind of record in words: "sales order" for SalesOrder."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in what).strip(" ")


@dataclass(frozen=True, slots=True)
class WritePlan:
    """A header and its lines, and how to find them again. Stored as JSON in a delivery's payload
    (`to_bytes`/`from_bytes`).

    `lookup` is the natural key (field -> value) that finds the header; `number_field` is what the server assigns; lines
    get `link_field` = the header's number, and are compared by `compare` (field names) when a half-made order is
    resumed. `label` names the document in sentences ("PO 4500123"). Values of `header` and `lines` are what JSON bodies
    say (enum members by bare name, days at noon UTC); the order of their keys is kept."""

    what: str
    company: str
    header_set: str
    lookup: Mapping[str, Any]
    header: Mapping[str, Any]
    number_field: str
    line_set: str = ""
    link_field: str = ""
    lines: tuple[Mapping[str, Any], ...] = ()
    compare: tuple[str, ...] = ()
    label: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    further: tuple[FurtherRows, ...] = ()

    @property
    def own_number(self) -> str:
        """The number that we give the header, "" where the server assigns it."""
        return str(self.header.get(self.number_field, ""))

    @property
    def with_lines(self) -> tuple[FurtherRows, ...]:
        """What is written with the lines."""
        return tuple(each for each in self.further if not each.line_field)

    @property
    def after_lines(self) -> tuple[FurtherRows, ...]:
        """What is written once the lines are there."""
        return tuple(each for each in self.further if each.line_field)

    def to_bytes(self) -> bytes:
        """JSON that gives this plan back; the same plan always gives the same bytes. Raises TypeError for a float."""
        content = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "further"}
        further = {"further": [asdict(each) for each in self.further]} if self.further else {}
        return canonical.compact({**content, **further})

    @classmethod
    def from_bytes(cls, data: bytes) -> WritePlan:
        """The plan that `to_bytes` wrote; numbers with a point are Decimal. Raises ValueError when the bytes are no
        plan."""
        try:
            content = dict(canonical.loads(data))
            known = {each.name for each in fields(cls)}
            if unknown := content.keys() - known:
                raise ValueError(f"a plan has no {', '.join(sorted(unknown))}")
            content["further"] = tuple(_tuples(FurtherRows, each) for each in content.get("further", ()))
            return _tuples(cls, content)
        except (TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"these bytes are no plan of what to write: {error}") from error


def _tuples(kind: type[Made], content: Mapping[str, Any]) -> Made:
    """A value of a kind from JSON, whose lists are tuples."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in content.items()})
