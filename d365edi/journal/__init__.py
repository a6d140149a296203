"""The journal: what must never be lost or duplicated. The only package with SQL.

    journal = await Journal.open(path)
    message = await journal.write(lambda tx: tx.messages.add(...))     # durable when it returns
    waiting = await journal.read(lambda tx: tx.documents.in_state("held"))

Knows: SQLite, through aiosqlite. Does not know: endpoints, EDI, settings.
"""

from d365edi.journal.acknowledgments import Acknowledgment, Match
from d365edi.journal.ages import Oldest
from d365edi.journal.alerts import Alert, Incident
from d365edi.journal.audit import AuditLine, Broken
from d365edi.journal.baselines import BaselinePlace, Earlier
from d365edi.journal.database import Journal
from d365edi.journal.delivery import Delivery
from d365edi.journal.delivery_documents import DeliveryDocument, NumberedDocument
from d365edi.journal.documents import Document
from d365edi.journal.interchanges import Answered, ReceivedInterchange
from d365edi.journal.messages import Direction, Message
from d365edi.journal.sightings import Listed, Part, Passed, PlaceStatus, Sighting
from d365edi.journal.states import AckState, DeliveryState, DocumentState, MessageState, PickedUpState
from d365edi.journal.tx import SearchResult, Tx

__all__ = [
    "AckState", "Acknowledgment", "Alert", "Answered", "AuditLine", "BaselinePlace", "Broken", "Delivery",
    "DeliveryDocument", "DeliveryState", "Direction", "Document", "DocumentState", "Earlier", "Incident", "Journal",
    "Listed", "Match", "Message", "MessageState", "NumberedDocument", "Oldest", "Part", "Passed", "PickedUpState",
    "PlaceStatus", "ReceivedInterchange", "SearchResult", "Sighting", "Tx",
]  # fmt: skip
