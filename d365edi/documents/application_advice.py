"""An application advice: what the partner's application made of a document of ours after it was read.

Knows: advice as it was meant. Does not know: our documents, how one is found by what the advice says of it.
"""

from d365edi.documents.base import Day, Document, SpelledPart, Text
from d365edi.documents.values import Moment, Parties, Reference


class Trouble(SpelledPart):
    """One thing that is wrong: a code or words for it, where it is, and the value there."""

    code: Text | None = None
    text: Text | None = None
    segment: Text | None = None
    position: int | None = None
    element: int | None = None
    element_number: int | None = None
    value: Text | None = None
    correct: Text | None = None
    notes: tuple[Text, ...] = ()


class Advice(SpelledPart):
    """What became of one document: `verdict` says accepted, accepted with errors or rejected.

    `kind` says what `reference` is (IV our invoice, SI our shipment, PO their order ...); `set` is our transaction set
    with its group's and its own control number."""

    verdict: Text | None = None
    kind: Text | None = None
    reference: Text | None = None
    sender: Text | None = None
    receiver: Text | None = None
    date: Day | None = None
    time: Text | None = None
    group: int | None = None
    control: Text | None = None
    set: Text | None = None
    version: Text | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Moment, ...] = ()
    troubles: tuple[Trouble, ...] = ()


class ApplicationAdvice(Document):
    """Advice about one or more documents; `number` is the partner's own id of it."""

    number: Text
    purpose: Text | None = None
    date: Day | None = None
    time: Text | None = None
    original: Text | None = None
    type: Text | None = None
    action: Text | None = None
    parties: Parties = Parties()
    advices: tuple[Advice, ...] = ()
