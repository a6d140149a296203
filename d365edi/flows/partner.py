"""A partner as the flows see one: ids, envelope, compiled maps and policies, built once from the settings by `app`.

Knows: values and compiled tables. Does not know: settings files, secrets, connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from d365edi.edi import interchange as edi
from d365edi.edi.acknowledgment import Loop
from d365edi.edi.reader import ReadOptions
from d365edi.edi.syntax import Standard, Syntax
from d365edi.endpoints.base import After, Place
from d365edi.guard import Policy
from d365edi.maps.csv.reader import FlatReader
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.reader import Reader
from d365edi.maps.resolve import Profile
from d365edi.maps.table import Table
from d365edi.maps.writer import Writer
from d365edi.settings.section import Destination

MapReader = Reader | EdifactReader
MapWriter = Writer | EdifactWriter | FlatWriter


@dataclass(frozen=True, slots=True)
class Identity:
    """Both sides' ids in one standard and how our interchanges to them look. Group codes are X12's; `association` (UNH,
    0057), `syntax_id` (UNB, 0001) and `una` are EDIFACT's.
    """

    us: edi.Party
    them: edi.Party
    version: str
    usage: str
    syntax: Syntax
    group_us: str = ""
    group_them: str = ""
    uppercase: bool = False
    association: str = ""
    syntax_id: str = ""
    una: bool = False

    @property
    def standard(self) -> Standard:
        """X12 or EDIFACT."""
        return self.syntax.standard


@dataclass(frozen=True, slots=True)
class Answers:
    """How received groups are answered: `send` 997 or none; TA1 `asked` (ISA14, or rejected), `always` or `never`.

    `expect_within` is how soon they answer our groups, None where they answer none.
    """

    send: str
    target: Destination | None
    ta1: str = "asked"
    loop: Loop = "errors"
    expect_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The partner's answers to the four questions about duplicates."""

    same_name_same_bytes: str = "skip"
    same_name_new_bytes: str = "hold"
    new_name_same_bytes: str = "warn"
    same_interchange: str = "hold"


@dataclass(frozen=True, slots=True)
class Pickup:
    """A place where a partner leaves files, with when a file there is complete and what becomes of it.

    `holds` names the receive flow of its flat files; empty where files are EDI, routed by the ids inside them.
    """

    name: str
    partner: str
    endpoint: str
    place: Place
    after: After
    looks: int = 2
    apart: float = 3.0
    limit: int = 64 << 20
    in_flight: int = 16
    holds: str = ""

    @property
    def view(self) -> str:
        """The folder with its pattern: looks through two patterns at one folder are kept apart."""
        return f"{self.place.path.rstrip('/')}/{self.place.pattern}"


@dataclass(frozen=True, slots=True)
class Receive:
    """What one of their transaction sets becomes here: a document of this `kind`, of which D365 `create`s something, or
    else it is held or kept, as `then` says. `flat` reads the documents of flat files, `readers` sets, by version.
    """

    flow: str
    set: str
    kind: str
    company: str
    create: str
    then: str
    purpose: Mapping[str, str]
    ignore: frozenset[str]
    readers: Mapping[str, MapReader]
    order_table: Table | None
    map_digest: str
    flat: FlatReader | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """What one of our documents becomes there: an interchange under this identity, or without one a flat file.

    `accounts` are company = which customer of it the partner is; `batch` is how many of them go in one interchange at most.
    """

    flow: str
    set: str
    identity: Identity | None
    of: str
    accounts: Mapping[str, str]
    since: date | None
    overlap: timedelta
    target: Destination
    read_table: Table
    writer: MapWriter
    functional_id: str
    map_digest: str
    on_event: str = ""
    guard: Policy = field(default_factory=Policy)
    batch: int = 1

    def shares_with(self, other: Send) -> bool:
        """Whether both put their documents into the same interchanges: one batch, one file that does not say {set}."""
        if self.flow == other.flow:
            return True
        same = (self.identity, self.batch, self.target) == (other.identity, other.batch, other.target)
        return same and self.batch > 1 and "set" not in self.target.words


@dataclass(frozen=True, slots=True)
class Partner:
    """Everything about one trading partner that a flow needs."""

    name: str
    identities: Mapping[Standard, Identity]
    answers: Answers
    duplicates: Duplicates
    options: ReadOptions
    budget: float
    profile: Profile
    pickups: Mapping[str, Pickup] = field(default_factory=dict)
    receives: Mapping[str, Receive] = field(default_factory=dict)
    sends: Mapping[str, Send] = field(default_factory=dict)
    customer: Mapping[str, str] = field(default_factory=dict)

    def identity_of(self, sender: edi.Party, receiver: edi.Party) -> Identity | None:
        """The identity that an interchange of theirs bears: both ids with their qualifiers must be the agreed ones."""
        for identity in self.identities.values():
            if (identity.them, identity.us) == (sender, receiver):
                return identity
        return None
