"""What a person names: what waits for a decision under a name, each with an id that nothing else has.

Names repeat: each partner counts its files from 1, and two companies number alike. So a name stands for what waits under it only
while that is one thing: a file, a document, or an order with its stores. Several are listed, and nothing is done, unless the
partner or an id says which one is meant, or all of them are.

    document-12 · message-7 · delivery-31

Knows: names, ids, what belongs together. Does not know: what is done with it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from d365edi import log
from d365edi.errors import AmbiguousError, D365EdiError
from d365edi.flows import stores
from d365edi.flows.messages import document_name, of_order
from d365edi.journal import Delivery, Document, Message, Tx

_ID = re.compile(r"(document|message|delivery)-([0-9]{1,15})")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,+=@%:/-]*")
"""Names that a shell and the command line take as they are."""
_THIS = re.compile(r"(?<!d365edi )\b(release|reject) (?:this (?:one|document|file)|the document|it)\b")
"""What sentences say that do not know the name of the row."""
RESERVED = frozenset({"sending", "retention"})
"""What `release` takes for all that is sent, or emptied: a file or a document of such a name is named by its id."""
REASON_SHOWN = 100
"""Characters of a reason in a list of candidates."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person names: a name, perhaps of one partner, or an id in its place; with `many` all that it stands for."""

    what: str = ""
    partner: str = ""
    id: str = ""
    many: bool = False

    @classmethod
    def of(cls, what: "str | Selection") -> "Selection":
        """A name, or a selection as it is."""
        return cls(what) if isinstance(what, str) else what

    @property
    def given(self) -> str:
        """The id, or the name with its partner."""
        return self.id or " of ".join(filter(None, (self.what, self.partner)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that a name may stand for: its row, and the documents that are decided about with it."""

    row: Document | Message | Delivery
    documents: tuple[Document, ...] = ()

    @property
    def id(self) -> str:
        """Its id for the command line."""
        return identify(self.row)

    def __str__(self) -> str:
        row = self.row
        name = (
            f"{document_name(row.kind, row.number)}{of_order(row)} of {row.company}"
            if isinstance(row, Document)
            else row.name
        )
        reason = self.documents[0].reason if self.documents else row.reason
        shown = reason if len(reason) <= REASON_SHOWN else f"{reason[:REASON_SHOWN]}…"
        return f"{self.id}  {row.partner}  {name}  {row.state}{f': {shown}' if shown else ''}"


def identify(row: Document | Message | Delivery) -> str:
    """The id of a row for the command line: `document-12`."""
    return f"{type(row).__name__.lower()}-{row.id}"


def row_of(tx: Tx, id: str) -> Document | Message | Delivery:
    """The row with this id. D365EdiError where it is no id; JournalError where there is no such row."""
    found = _ID.fullmatch(id)
    if found is None:
        remedy = (
            "write it as `d365edi status --json` or a list of candidates shows it: document-12, message-7, delivery-31"
        )
        raise D365EdiError(f"{id} is no id", remedy=remedy)
    kind, number = found[1], int(found[2])
    if kind == "document":
        return tx.documents.get(number)
    return tx.messages.get(number) if kind == "message" else tx.deliveries.get(number)


def one_of(candidates: Sequence[Candidate], selection: Selection, command: Callable[[str], str]) -> Sequence[Candidate]:
    """The candidates, where that is one or `many` are meant. Else AmbiguousError, which lists them; `command` writes the command
    line for a name or an option."""
    if len(candidates) <= 1 or selection.many:
        return candidates
    name = selection.what if _PLAIN.fullmatch(selection.what) else f"'{selection.what}'"
    every = " ".join(filter(None, (name, selection.partner and f"--partner {selection.partner}", "--all")))
    listed = "\n".join(f"  {candidate}" for candidate in candidates)
    raise AmbiguousError(
        f"{selection.given} stands for {len(candidates)} things, and nothing was done:\n{listed}\n"
        f"one of them: {command(f'--id {candidates[0].id}')}\nall of them: {command(every)}"
    )


# -- what waits for a decision -----------------------------------------------------------------------------------------
def waiting(tx: Tx, selection: Selection) -> list[Candidate]:
    """What waits for a decision under a name or an id: each held document (an order with its stores), quarantined or duplicate
    message and quarantined delivery, and each file that was withdrawn with the documents that it left behind."""
    if selection.id:
        row = row_of(tx, selection.id)
        documents = [row] if isinstance(row, Document) else []
        messages = [row] if isinstance(row, Message) else []
        deliveries = [row] if isinstance(row, Delivery) else []
    else:
        what = selection.what
        documents, messages, deliveries = (
            tx.documents.search(what),
            tx.messages.search(what),
            tx.deliveries.search(what),
        )
    found = [*_held(tx, documents), *_set_aside(messages), *_withdrawn(tx, deliveries)]
    covered = {document.id for candidate in found for document in candidate.documents}
    found += [
        Candidate(row)
        for row in deliveries
        if row.state == "quarantined"
        and not covered & {carried.document for carried in tx.delivery_documents.of(row.id)}
    ]
    return [each for each in found if not selection.partner or each.row.partner == selection.partner]


def _held(tx: Tx, documents: Iterable[Document]) -> Iterator[Candidate]:
    together: dict[tuple[object, ...], dict[int, Document]] = {}
    for document in documents:
        rows = [document, *(stores.of_stores(tx, document) if not document.store else ())]
        together.setdefault(belongs(document), {}).update((row.id, row) for row in rows)
    for rows_by_id in together.values():
        held = tuple(row for row in rows_by_id.values() if row.state == "held")
        if held:
            yield Candidate(held[0], held)


def belongs(document: Document) -> tuple[object, ...]:
    """What is equal for documents that are decided about together: the whole order and those for its stores, or the answers
    for its stores."""
    if document.set:
        return (document.message, document.interchange, document.group, document.set, document.kind, document.number)
    if document.store:
        return (document.partner, document.company, document.kind, document.number)
    return (document.id,)


def _set_aside(messages: Iterable[Message]) -> Iterator[Candidate]:
    return (Candidate(row) for row in messages if row.state in ("quarantined", "duplicate"))


def _withdrawn(tx: Tx, deliveries: Iterable[Delivery]) -> Iterator[Candidate]:
    """Files that are not sent any more: their documents are found by the file's name as well."""
    for delivery in deliveries:
        held = tuple(row for row in tx.documents.in_delivery(delivery.id) if row.state == "held")
        if delivery.state == "cancelled" and held:
            yield Candidate(delivery, held)


# -- commands in sentences ---------------------------------------------------------------------------------------------
def runnable(tx: Tx, sentence: str, row: Document | Message | Delivery, name: str, *, by_id: bool = False) -> str:
    """The sentence with commands that work as they are printed: by id where the name stands for something else that waits as
    well, or will (names repeat in a mailbox), or cannot be `typed`, or `by_id` is wanted; a rejection with its reason to be
    filled in. What is stored names a document by its number, as `check` does."""
    sentence = _THIS.sub(r"d365edi \1 this one", sentence)
    word = f"(?:{re.escape(name)}|this one)"
    if not re.search(rf"d365edi (?:release|reject) {word}(?!\w)", sentence):
        return sentence
    by_id = by_id or (isinstance(row, Message) and row.direction == "in" and bool(row.remote))
    others = [each for each in waiting(tx, Selection(name)) if not _has(each, row)] if not by_id else []
    target = name if typed(name) and not others and not by_id else f"--id {identify(row)}"
    sentence = re.sub(rf"(d365edi (?:release|reject)) {word}(?!\w)", lambda found: f"{found[1]} {target}", sentence)
    return re.sub(
        rf"(d365edi reject {re.escape(target)})(?! --why)(?!\w)", lambda found: f'{found[1]} --why "..."', sentence
    )


def typed(name: str) -> bool:
    """Whether a command can name something by this name: a shell takes it as it is, every line shows it whole, and it stands for
    nothing else."""
    return bool(_PLAIN.fullmatch(name)) and name not in RESERVED and not log.altered(name)


def _has(candidate: Candidate, row: Document | Message | Delivery) -> bool:
    """Whether a row is decided about with this candidate."""
    if isinstance(row, Document):
        return belongs(row) in {belongs(each) for each in candidate.documents}
    return identify(candidate.row) == identify(row)
