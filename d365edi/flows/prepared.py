"""What preparing a document comes to: it is ready to be written, or held, or waits for others.

Knows: the outcomes as values. Does not know: how a document is prepared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from d365edi.flows import guard_check
from d365edi.flows.interchange import Segment
from d365edi.flows.partner import SendFlow
from d365edi.journal import Document
from d365edi.matching.resolution import Resolution
from d365edi.odata.plan import WritePlan


@dataclass(frozen=True, slots=True)
class Held:
    """The document waits for a decision: why, in sentences."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """The document is ready and waits for others: for which, as a sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A resolved document: its set (or the bytes of its flat file), and the input of the guard.

    `others` are documents that went into it, and are sent with it."""

    document: Document
    flow: SendFlow
    body: Sequence[Segment] | bytes
    resolution: Resolution
    leaving: guard_check.OutgoingDocument
    others: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A received document as it is written to D365, with what was resolved for it. Those with one `order_key` are written one
    after the other; `warnings` are logged with it, and hold nothing."""

    plan: WritePlan
    answers: Resolution
    order_key: str
    warnings: tuple[str, ...] = ()
