"""A partner as the flows use it: the sections of its settings and, beside them, what `app` compiles from them once.

Knows: settings sections, compiled maps and guides. Does not know: settings files, secrets, connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from d365edi.edi.interchange import Party
from d365edi.edi.reader import ReadOptions
from d365edi.endpoints.base import After, Place
from d365edi.maps.csv.reader import FlatReader
from d365edi.maps.csv.writer import FlatWriter
from d365edi.maps.edifact.reader import EdifactReader
from d365edi.maps.edifact.writer import EdifactWriter
from d365edi.maps.reader import Reader
from d365edi.maps.table import Table
from d365edi.maps.writer import Writer
from d365edi.matching.dimensions import DimensionPolicy
from d365edi.matching.intake import IntakePolicy
from d365edi.matching.lookup import Profile
from d365edi.settings.endpoint_kinds import Endpoint
from d365edi.settings.endpoints import Move
from d365edi.settings.envelope import Envelope
from d365edi.settings.partners import Partner, Pickup
from d365edi.settings.receive import Receive
from d365edi.settings.send import Send
from d365edi.settings.sterling import Sterling

MapReader = Reader | EdifactReader
MapWriter = Writer | EdifactWriter | FlatWriter


@dataclass(frozen=True, slots=True)
class PickupFlow:
    """[partners.NAME.pickup.WHAT], with the settings of the endpoint it reads from."""

    name: str
    partner: str
    settings: Pickup
    endpoint_settings: Endpoint

    @property
    def endpoint(self) -> str:
        """The endpoint's name."""
        return self.settings.from_.endpoint

    @property
    def server(self) -> str:
        """The address of the server whose mailboxes it reads, "" where it reads folders."""
        return self.endpoint_settings.server if isinstance(self.endpoint_settings, Sterling) else ""

    @property
    def place(self) -> Place:
        """The folder and the pattern of file names in it."""
        return Place(self.settings.from_.folder, self.settings.from_.pattern)

    @property
    def view(self) -> str:
        """Folder and pattern as one key: two patterns on one folder have separate sightings."""
        return f"{self.place.path.rstrip('/')}/{self.place.pattern}"

    @property
    def after(self) -> After:
        """What happens to a file at the source once it is stored here."""
        after = self.endpoint_settings.after
        return After("move", after.move_to) if isinstance(after, Move) else After(after)


@dataclass(frozen=True, slots=True)
class ReceiveFlow:
    """[partners.NAME.receive.SET], with its map compiled: `readers` by guide version, `flat` for a flat file's records.

    `table` is the map that reads the set, `write_table` the one that writes to D365, None where nothing is created;
    `policy` is what was agreed about the orders, `dimensions` what about accounts and dimensions."""

    name: str
    set: str
    settings: Receive
    table: Table
    readers: Mapping[str, MapReader]
    write_table: Table | None
    policy: IntakePolicy
    flat: FlatReader | None = None
    dimensions: DimensionPolicy = field(default_factory=DimensionPolicy)

    @property
    def kind(self) -> str:
        """The kind of document that a set becomes."""
        return self.table.document

    @property
    def map_digest(self) -> str:
        """Digest of the map, stored with each document that it read."""
        return self.table.digest


@dataclass(frozen=True, slots=True)
class SendFlow:
    """[partners.NAME.send.SET], with its maps compiled: written into `envelope`, or without one as a flat file.

    `accounts` maps each company to the partner's customer accounts there; `overlap` is how far back each poll asks again.
    """

    name: str
    set: str
    settings: Send
    envelope: Envelope | None
    accounts: Mapping[str, tuple[str, ...]]
    overlap: timedelta
    read_table: Table
    writer: MapWriter
    functional_id: str
    map_digest: str

    def shares_with(self, other: SendFlow) -> bool:
        """Whether both put their documents into the same interchanges: one batch, one file name without {set}."""
        if self.name == other.name:
            return True
        ours, theirs = self.settings, other.settings
        same = (self.envelope, ours.batch, ours.to) == (other.envelope, theirs.batch, theirs.to)
        return same and ours.batch > 1 and "set" not in ours.to.words


@dataclass(frozen=True, slots=True)
class TradingPartner:
    """[partners.NAME], with everything compiled that a flow needs of it."""

    name: str
    settings: Partner
    options: ReadOptions
    profile: Profile
    pickups: Mapping[str, PickupFlow]
    receives: Mapping[str, ReceiveFlow]
    sends: Mapping[str, SendFlow]

    def receive_flow(self, name: str) -> ReceiveFlow | None:
        """The receive flow of this name, None where the settings have it no more."""
        return next((flow for flow in self.receives.values() if flow.name == name), None)

    def send_flow(self, name: str) -> SendFlow | None:
        """The send flow of this name, None where the settings have it no more."""
        return next((flow for flow in self.sends.values() if flow.name == name), None)

    def skips_repeats(self, flow: ReceiveFlow) -> bool:
        """Whether a document that says what an earlier one of its number said is closed: flat files are often cumulative."""
        return flow.flat is not None or self.settings.duplicates.same_document == "skip"

    def envelope_of(self, sender: Party, receiver: Party) -> Envelope | None:
        """The agreed envelope of an interchange of theirs: both ids and both qualifiers must match."""
        for envelope in self.settings.envelopes.values():
            if (envelope.them, envelope.us) == (sender, receiver):
                return envelope
        return None
