"""Journal to journal, the reading half: bytes become findings, the acknowledgment and documents, in one transaction.

The acknowledgment depends on the findings alone, not on any mapping, so it is sent even while D365 is down. The unit of
state is the transaction set: one bad set never blocks the others in its file. A record of ours, read from D365, becomes a
document in the same way.

Knows: interchanges, groups, sets, what each becomes. Does not know: connections, how documents are resolved.
"""

from dataclasses import dataclass, field
from datetime import tzinfo

import anyio.to_thread

from d365edi import documents, log
from d365edi.edi.interchange import InterchangeReport
from d365edi.failpoints import reach
from d365edi.flows import acknowledge, intake, messages, named, policy, series, subject, vendor_invoices
from d365edi.flows.answer import answer
from d365edi.flows.context import Counters, FlowContext
from d365edi.flows.messages import LogLine
from d365edi.flows.orders import one_row
from d365edi.flows.parse import ParsedDocument, ParsedFile, parse
from d365edi.flows.partner import ReceiveFlow, TradingPartner
from d365edi.flows.reparse import problems
from d365edi.journal import Document, Message, Tx
from d365edi.maps.d365 import plans as maps
from d365edi.matching.intake import Judgment
from d365edi.matching.lines import order_keys
from d365edi.odata import canonical

LARGE = 64 << 10
"""Bytes that are parsed in about ten milliseconds."""


@dataclass(slots=True)
class Outcome:
    """The result of one message: ids of documents that are ready, ids of deliveries, and lines for the log."""

    documents: list[int] = field(default_factory=list)
    deliveries: list[int] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)


async def translate(ctx: FlowContext, message_id: int, counters: Counters) -> Outcome:
    """Translate one received message. Called again after a crash it finds the message still `received` and starts over.

    Nothing happens while one of its series (see `series`) that came before it waits to be translated."""
    message, payload, waits = await ctx.journal.read(lambda tx: _load(tx, ctx, message_id))
    if message.state != "received" or waits:
        return Outcome()
    partner = ctx.partners[message.partner]
    if message.direction == "out":
        outcome = Outcome()
        outcome.documents, outcome.lines = await ctx.journal.write(
            lambda tx: _read_record(tx, partner, message, payload, ctx.zone)
        )
    else:
        parsed = await _parsed(ctx, partner, message, payload)
        outcome = await ctx.journal.write(lambda tx: _commit(tx, ctx, partner, message, parsed))
    reach("translate.read")
    for line in outcome.lines:
        counters.add(line.verb)
        log.say(line.level, message.flow, line.verb, line.sentence, **({"run": message.run} | line.fields))
    return outcome


async def _parsed(ctx: FlowContext, partner: TradingPartner, message: Message, payload: bytes) -> ParsedFile:
    """What is in a file. A large one is parsed in a thread, one at a time: who asks the daemon is answered meanwhile."""
    if len(payload) < LARGE:
        return parse(ctx, partner, message, payload)
    async with ctx.alone("parse"):
        return await anyio.to_thread.run_sync(parse, ctx, partner, message, payload)


def _load(tx: Tx, ctx: FlowContext, message_id: int) -> tuple[Message, bytes, bool]:
    message = tx.messages.get(message_id)
    return message, tx.payloads.get(message.digest), series.untranslated_before(tx, ctx, message)


def _commit(tx: Tx, ctx: FlowContext, partner: TradingPartner, message: Message, parsed: ParsedFile) -> Outcome:
    """The one transaction of the reading half."""
    outcome = Outcome()
    blocked: set[int] = set()
    now = ctx.local(tx.now)
    for interchange in parsed.interchanges:
        if interchange.bare:  # it has no control number, and nobody is answered
            continue
        repeated = _repeated(tx, partner, message, interchange)
        repeated = "" if partner.settings.duplicates.same_interchange == "take" else repeated
        if repeated and partner.settings.duplicates.same_interchange == "hold":
            blocked.add(id(interchange))
            parsed.problems.append(repeated)
            continue
        tx.interchanges.add(
            message=message.id,
            partner=partner.name,
            standard=interchange.standard,
            sender=str(interchange.sender),
            receiver=str(interchange.receiver),
            control=interchange.control,
            usage=interchange.usage,
            digest=interchange.digest,
        )
        if repeated:
            blocked.add(id(interchange))
            parsed.problems.append(repeated)
            interchange.verdict = "R"
        given = answer(tx, partner, message, interchange, now, duplicate=bool(repeated))
        if given is not None:
            outcome.deliveries.append(given.delivery)
            po = subject.orders(part.reading.document for part in parsed.documents if part.interchange is interchange)
            outcome.lines.append(LogLine("INFO", "translated", given.sentence, po))
    known = {(d.interchange, d.group, d.set) for d in tx.documents.for_message(message.id)}
    for part in parsed.documents:
        if id(part.interchange) not in blocked and (part.control, part.group, part.set) not in known:
            _document(tx, partner, message, part, outcome)
    for acknowledgment in parsed.acknowledgments:
        outcome.lines += acknowledge.apply(tx, partner.name, message, acknowledgment)
    for ta1 in parsed.ta1s:
        outcome.lines += acknowledge.apply_receipt(tx, partner.name, message, ta1)
    _close(tx, message, parsed, outcome)
    return outcome


def _repeated(tx: Tx, partner: TradingPartner, message: Message, interchange: InterchangeReport) -> str:
    """The fourth kind of duplicate: other bytes under a control number that this partner has used (or one twice in a file)."""
    seen = tx.interchanges.seen(
        partner.name, str(interchange.sender), str(interchange.receiver), interchange.control, interchange.usage
    )
    seen = [earlier for earlier in seen if earlier.message != message.id or earlier.digest != interchange.digest]
    settings = partner.settings.duplicates
    if (
        not seen
        or message.reason == policy.RELEASED
        or (policy.reusable(seen[-1].seen_at, tx.now, settings.reused_after) and not tx.retention.held())
    ):
        return ""
    return (
        f"interchange control number {interchange.control} was used before by {partner.name} (message {seen[-1].message}); "
        f"ask the partner to send it with a new one, or: d365edi release {message.name}; where their numbers start anew, "
        f"[partners.{partner.name}.duplicates] takes them: reused_after for those last used long ago, "
        'same_interchange = "take" for all'
    )


def _close(tx: Tx, message: Message, parsed: ParsedFile, outcome: Outcome) -> None:
    for warning, logged in dict.fromkeys(parsed.warnings):
        tx.audit.append("warned", message=message.id, partner=message.partner, name=message.name, reason=warning)
        if logged:
            outcome.lines.append(LogLine("WARNING", "warned", f"{message.name}: {warning}"))
    if parsed.problems:
        reason = "; ".join(dict.fromkeys(parsed.problems))
        tx.messages.set_state(message.id, "quarantined", reason)
        tx.audit.append("quarantined", message=message.id, partner=message.partner, name=message.name, reason=reason)
        said = named.runnable(tx, f"{message.name}: {reason}", message, message.name)
        outcome.lines.append(LogLine("WARNING", "quarantined", said))
    else:
        tx.messages.set_state(message.id, "done")


def _document(tx: Tx, partner: TradingPartner, message: Message, part: ParsedDocument, outcome: Outcome) -> None:
    """Store one document: ready, held with a sentence, recorded, or closed because its purpose is ignored."""
    receive, read = part.receive, part.reading.document
    number = messages.document_number(read) or part.label
    document = tx.documents.add(
        message=message.id,
        partner=partner.name,
        flow=receive.name,
        kind=receive.kind,
        number=number,
        company=receive.settings.company,
        release=vendor_invoices.revision(read, partner, receive),
        body=read.to_json() if read is not None else "",
        map_digest=receive.map_digest,
        interchange=part.control,
        group=part.group,
        set=part.set,
    )
    if names := subject.named(read):
        tx.documents.mention(document.id, names)
    tx.audit.append("read", message=message.id, document=document.id, partner=partner.name, number=number)
    name = messages.document_name(receive.kind, number)
    judged = intake.judge(read, receive.policy, part.usage) if receive.settings.create else Judgment()
    if judged.ignored:
        _ignore(tx, document, read, name, judged.ignored, outcome)
        return
    found = problems(part.reading, receive.settings.ignore)
    found += [str(finding) for finding in judged.findings]
    holder = tx.documents.claim_key(document.id) if judged.claims else None
    unchanged = holder is not None and _unchanged(read, holder)
    if holder is not None and not found and unchanged and partner.skips_repeats(receive):
        _ignore(tx, document, read, name, f"unchanged since message {holder.message}", outcome)
        return
    if holder is not None:
        found.append(_key_taken(document, holder, unchanged=unchanged))
    if not found and read is not None and not receive.settings.create:
        _not_created(tx, document, read, receive, outcome)
    elif found:
        sentence = "; ".join(found)
        sentence = sentence if number in sentence else f"{name}: {sentence}"
        tx.documents.set_state(document.id, "held", sentence)
        outcome.lines.append(LogLine("WARNING", "held", named.runnable(tx, sentence, document, number), _po(read)))
    else:
        outcome.documents.append(document.id)


def _ignore(
    tx: Tx, document: Document, read: documents.Document | None, name: str, reason: str, outcome: Outcome
) -> None:
    """Close a document with which nothing is to be done."""
    tx.documents.set_state(document.id, "rejected", reason)
    outcome.lines.append(LogLine("INFO", "ignored", f"{name}: {reason}", _po(read)))


def _unchanged(read: documents.Document | None, holder: Document) -> bool:
    """Whether a document says what an earlier one said."""
    return read is not None and bool(holder.body) and type(read).from_json(holder.body) == read


def _not_created(tx: Tx, document: Document, read: documents.Document, receive: ReceiveFlow, outcome: Outcome) -> None:
    """A document of which nothing is created: recorded and logged, or held for a person to handle."""
    sentence = messages.describe(read)
    if receive.settings.then == "keep":
        tx.documents.set_state(document.id, "delivered", sentence)
        tx.audit.append(
            "recorded", document=document.id, message=document.message, partner=document.partner, summary=sentence
        )
        outcome.lines.append(LogLine("INFO", "recorded", sentence, _po(read)))
        return
    sentence = messages.by_hand(read)
    tx.documents.set_state(document.id, "held", sentence)
    outcome.lines.append(LogLine("WARNING", "held", named.runnable(tx, sentence, document, document.number), _po(read)))


def _key_taken(document: Document, holder: Document, *, unchanged: bool) -> str:
    name = messages.document_name(document.kind, document.number)
    again = f"{name} was received before (message {holder.message}, {holder.state})"
    if unchanged:
        setting = f'same_document = "skip" under [partners.{document.partner}.duplicates]'
        return f'{again}; it says the same: d365edi reject {document.number} --why "..."; {setting} closes such repeats'
    change = "change the order in D365 by hand" if document.kind == "PurchaseOrder" else "handle it by hand"
    return (
        f'{again}; if it is a repeat: d365edi reject {document.number} --why "..."; if it replaces the first, {change}'
    )


# -- records of ours, read from D365 -----------------------------------------------------------------------------------
def _read_record(
    tx: Tx, partner: TradingPartner, message: Message, payload: bytes, zone: tzinfo
) -> tuple[list[int], list[LogLine]]:
    """One transaction: the document row (ready, or held with its sentence), its business key, the audit line.

    `zone` is the time zone of the record's points in time. Returns ids of documents that are ready, and log lines."""
    send = partner.send_flow(message.flow)
    if send is None:
        close = f'd365edi reject {message.name} --why "..."'
        reason = f"flow {message.flow} is not in the settings any more; put it back, or: {close}"
        tx.messages.set_state(message.id, "quarantined", reason)
        said = named.runnable(tx, f"{message.name}: {reason}", message, message.name)
        return [], [LogLine("WARNING", "quarantined", said)]
    reading = maps.read(send.read_table, canonical.loads(payload), zone)
    read = reading.document
    own = _own_order(tx, partner, message, read)
    answered = own if isinstance(read, documents.OrderResponse) else None
    number = answered.number if answered is not None else messages.document_number(read) or message.name
    name = messages.document_name(send.read_table.document, number)
    document = tx.documents.add(
        message=message.id,
        partner=partner.name,
        flow=send.name,
        store=own.store if own is not None else "",
        kind=send.read_table.document,
        number=number,
        company=message.path,
        release=_release(answered, message, number) if send.settings.to_vendor or answered is not None else "",
        body=read.to_json() if read is not None else "",
        map_digest=send.map_digest,
        interchange="",
        group="",
        set="",
    )
    found = problems(reading)
    holder = tx.documents.claim_key(document.id) or _answered_before(tx, document, read)
    if holder is not None and message.reason != policy.RELEASED:
        found.append(
            f"{name} was collected before (message {holder.message}, {holder.state}); a partner who receives it twice "
            f'charges for it: d365edi reject {number} --why "..."; '
            f"or send it all the same: d365edi release --id {named.identify(document)}"
        )
    tx.messages.set_state(message.id, "done", message.reason)  # a person's release counts for the document, too
    if names := subject.named(read):
        tx.documents.mention(document.id, names)
    tx.audit.append("read", message=message.id, document=document.id, partner=partner.name, number=number)
    if found:
        sentence = f"{name}: {'; '.join(found)}"
        tx.documents.set_state(document.id, "held", sentence)
        return [], [LogLine("WARNING", "held", named.runnable(tx, sentence, document, number), _po(read))]
    collected = name if message.name == number else f"{name} ({message.name})"
    return [document.id], [LogLine("INFO", "collected", collected, _po(read))]


def _release(answered: Document | None, message: Message, number: str) -> str:
    """What tells documents of one number apart: the release of the order that is answered, the version of an order of ours."""
    return answered.release if answered is not None else message.name if message.name != number else ""


def _po(read: documents.Document | None) -> str:
    return subject.orders([read])


def _own_order(tx: Tx, partner: TradingPartner, message: Message, read: documents.Document | None) -> Document | None:
    """The order that a record of ours is about, or the order for one store; None where it is about several, or none of ours."""
    if not isinstance(read, documents.Invoice | documents.OrderResponse | documents.ShipNotice):
        return None
    return one_row(tx, partner.name, message.path, order_keys(read))


def _answered_before(tx: Tx, document: Document, read: documents.Document | None) -> Document | None:
    """The answer to the same release that an earlier version stored without the release."""
    older = (
        tx.documents.holder(document, "") if document.release and isinstance(read, documents.OrderResponse) else None
    )
    if older is None or not isinstance(read, documents.OrderResponse) or not older.body:
        return None
    return older if documents.OrderResponse.from_json(older.body).sales_order == read.sales_order else None
