"""`Tx`: what a unit of work is given. All tables of the journal, bound to one connection and one moment.

Knows: which tables there are. Does not know: threads, commits, who asks.
"""

import sqlite3
from dataclasses import dataclass, field

from d365edi.journal.acknowledgments import Acknowledgment, Acknowledgments
from d365edi.journal.ages import Ages
from d365edi.journal.alerts import Alerts
from d365edi.journal.audit import Audit
from d365edi.journal.baselines import Baselines, Earlier
from d365edi.journal.counters import ControlNumbers
from d365edi.journal.cursors import Cursors
from d365edi.journal.deliveries import Deliveries
from d365edi.journal.delivery import Delivery
from d365edi.journal.delivery_documents import DeliveryDocuments
from d365edi.journal.documents import Document, Documents
from d365edi.journal.interchanges import Interchanges, ReceivedInterchange
from d365edi.journal.messages import Message, Messages
from d365edi.journal.payloads import Payloads
from d365edi.journal.picked_up import PickedUp
from d365edi.journal.records import Records
from d365edi.journal.retention import Retention
from d365edi.journal.sightings import Sighting, Sightings
from d365edi.journal.snapshots import Snapshots
from d365edi.journal.table import Unit

Counts = dict[str, dict[str, dict[str, int]]]
COUNTS = "SELECT what, partner, state, count FROM state_counts WHERE count > 0"
"""They are kept as states change (`schema/0006_state_counts.sql`), not counted."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What one text names: a file, an order or invoice, a control number, a D365 key, the beginning of a digest."""

    messages: list[Message]
    documents: list[Document]
    deliveries: list[Delivery]
    interchanges: list[ReceivedInterchange]
    acknowledgments: list[Acknowledgment]
    sightings: list[Sighting]
    earlier: list[Earlier] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(
            (
                *(self.messages, self.documents, self.deliveries, self.interchanges, self.acknowledgments),
                *(self.sightings, self.earlier),
            )
        )


class Tx:
    """The journal inside one transaction. Not to be kept: after the unit it belongs to the next one."""

    __slots__ = (
        "acknowledgments",
        "ages",
        "alerts",
        "audit",
        "baselines",
        "counters",
        "cursors",
        "deliveries",
        "delivery_documents",
        "documents",
        "interchanges",
        "messages",
        "payloads",
        "picked_up",
        "records",
        "retention",
        "sightings",
        "snapshots",
        "unit",
    )  # fmt: skip

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.unit = unit = Unit(connection)
        self.payloads = Payloads(unit)
        self.messages = Messages(unit, self.payloads)
        self.records = Records(unit)
        self.interchanges = Interchanges(unit)
        self.documents = Documents(unit)
        self.delivery_documents = DeliveryDocuments(unit)
        self.deliveries = Deliveries(unit, self.payloads, self.delivery_documents)
        self.picked_up = PickedUp(unit)
        self.acknowledgments = Acknowledgments(unit)
        self.cursors = Cursors(unit)
        self.sightings = Sightings(unit)
        self.baselines = Baselines(unit)
        self.snapshots = Snapshots(unit)
        self.ages = Ages(unit)
        self.alerts = Alerts(unit)
        self.audit = Audit(unit)
        self.counters = ControlNumbers(unit, self.audit)
        self.retention = Retention(unit, self.audit)

    @property
    def now(self) -> float:
        """The moment of this unit, in seconds since the epoch."""
        return self.unit.now

    def find(self, text: str) -> SearchResult:
        """Everything that goes by this name, newest first, fifty of each kind at most."""
        return SearchResult(
            self.messages.search(text),
            self.documents.search(text),
            self.deliveries.search(text),
            self.interchanges.search(text),
            self.acknowledgments.search(text),
            self.sightings.search(text),
            self.baselines.search(text),
        )

    def counts(self) -> Counts:
        """How many stand where: {"messages" | "documents" | "deliveries" | "acks" | "picked_up": {partner: {state: count}}}."""
        counts: Counts = {"messages": {}, "documents": {}, "deliveries": {}, "acks": {}, "picked_up": {}}
        for what, partner, state, count in self.unit.connection.execute(COUNTS):
            counts[what].setdefault(partner, {})[state] = count
        return counts
