"""The acknowledgment that a file would get, as text: what the daemon plans, with example control numbers.

Knows: the partner's settings, and what stands for them where there is no partner. Does not know: which acknowledgment is due.
"""

from datetime import datetime

from d365edi.edi.interchange import InterchangeReport
from d365edi.errors import D365EdiError
from d365edi.flows.answer import plan
from d365edi.flows.interchange import example
from d365edi.flows.partner import TradingPartner
from d365edi.settings.envelope import ENCODINGS, X12, Edifact, Envelope, SyntaxId
from d365edi.settings.partners import Acks


def preview_ack(found: InterchangeReport, at: datetime, partner: TradingPartner | None = None) -> str:
    """The acknowledgment interchange at that time, "" where none is due; without a partner by the default settings."""
    acks, agreed = Acks(), _as_theirs(found)
    if partner is not None:
        acks, agreed = partner.settings.acks, partner.settings.envelopes[found.standard]
        if acks.to is None:
            return ""
    planned = plan(found, acks, agreed, lambda _id, _control: False)
    if planned is None:
        return ""
    try:
        data = example(
            agreed,
            planned.groups,
            at,
            version=planned.version,
            usage=planned.usage,
            receipts=planned.receipts,
        )
    except D365EdiError as error:
        return f"(it cannot be written: {error})"
    return data.decode(agreed.syntax.encoding)


def _as_theirs(found: InterchangeReport) -> Envelope:
    """An envelope that looks as theirs, turned round; nothing in it was agreed, so nothing is checked."""
    us, them, signs = found.receiver, found.sender, found.syntax
    if found.standard == "EDIFACT":
        sent = found.version.partition(":")[0]
        charset: SyntaxId = next((each for each in ENCODINGS if each == sent), "UNOC")
        return Edifact.model_construct(us=us, them=them, syntax_id=charset)
    head = found.groups[0] if found.groups else None
    return X12.model_construct(
        us=us,
        them=them,
        group_us=head.receiver if head else None,
        group_them=head.sender if head else None,
        version="005010" if found.version >= "00501" else "004010",
        delimiters=signs.element + signs.component + signs.terminator + signs.repetition,
        newline=bool(signs.suffix),
    )
