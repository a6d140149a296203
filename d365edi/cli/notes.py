"""What `why` says of a received document besides its state: what no row of the map reads, and what is odd in it.

Nothing of it is stored: it is read again from the stored bytes, with today's maps and tables.

Knows: how a document leads to its set. Does not know: output, what holds a document.
"""

from collections.abc import Mapping

from d365edi.cli.inspect_file import Remark, remarks
from d365edi.flows.partner import TradingPartner
from d365edi.flows.reparse import find_set, reader_of
from d365edi.journal import Document, Tx


def notes(tx: Tx, partners: Mapping[str, TradingPartner], document: Document) -> tuple[Remark, ...]:
    """The findings of its set and of its reading; none of a document of ours, or where its flow is gone."""
    partner = partners.get(document.partner)
    receive = partner.receive_flow(document.flow) if partner is not None else None
    if partner is None or receive is None:
        return ()
    payload = tx.payloads.get(tx.messages.get(document.message).digest)
    try:
        if receive.flat is not None:
            reading = receive.flat.read(payload).readings[int(document.set) - 1]
            return remarks([*reading.findings, *reading.unmapped])
        report = find_set(tx, partner, payload, document)
    except LookupError:
        return ()
    reading = reader_of(receive, report).read(report)
    return remarks([*report.findings, *reading.findings, *reading.unmapped])
