"""Journal to journal, the reading half for what comes from D365: a posted record becomes a document.

Knows: sends and their read tables. Does not know: entity names, wires.
"""

from __future__ import annotations

from datetime import tzinfo

from d365edi.flows import wording
from d365edi.flows.partner import Partner, Send
from d365edi.flows.reread import problems
from d365edi.flows.wording import LogLine
from d365edi.journal import Message, Tx
from d365edi.maps import d365 as maps
from d365edi.odata import canonical


def read_record(
    tx: Tx, partner: Partner, message: Message, payload: bytes, zone: tzinfo
) -> tuple[list[int], list[LogLine]]:
    """One transaction: the document row (ready, or held with its sentence), its business key, the audit line.

    `zone`: where points in time of the record are told.

    Returns ids of documents that are ready and log lines (level, verb, sentence).
    """
    send = _send(partner, message)
    if send is None:
        reason = f"flow {message.flow} is not in the settings any more; put it back, or: d365edi reject {message.name}"
        tx.messages.set_state(message.id, "quarantined", reason)
        return [], [("WARNING", "quarantined", f"{message.name}: {reason}")]
    reading = maps.read(send.read_table, canonical.loads(payload), zone)
    read = reading.document
    number = wording.number_of(read) or message.name
    name = wording.name_of(send.read_table.document, number)
    document = tx.documents.add(
        message=message.id,
        partner=partner.name,
        flow=send.flow,
        kind=send.read_table.document,
        number=number,
        company=message.path,
        body=read.to_json() if read is not None else "",
        map_digest=send.map_digest,
        interchange="",
        group="",
        set="",
    )
    found = problems(reading)
    holder = tx.documents.claim_key(document.id)
    if holder is not None:
        found.append(
            f"{name} was collected before (message {holder.message}, {holder.state}); a partner who gets it twice "
            f"charges for it: d365edi reject {number} unless the first one is rejected"
        )
    tx.messages.set_state(message.id, "done")
    tx.audit.append("read", message=message.id, document=document.id, partner=partner.name, number=number)
    if found:
        sentence = f"{name}: {'; '.join(found)}"
        tx.documents.set_state(document.id, "held", sentence)
        return [], [("WARNING", "held", sentence)]
    return [document.id], [("INFO", "collected", f"{name} ({message.name})")]


def _send(partner: Partner, message: Message) -> Send | None:
    return next((send for send in partner.sends.values() if send.flow == message.flow), None)
