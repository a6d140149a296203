"""The file of a list in the outbox, and what becomes of its rows where a person rejects it.

The snapshot has the versions in the file from the moment at which it is stored. Where it is rejected, the partner does not have
them: they are due again, and the next file has them.

Knows: rows of the journal. Does not know: how a list is read, what a row says.
"""

import io

from d365edi.flows.context import FlowContext
from d365edi.flows.partner import SendFlow
from d365edi.journal import Delivery, Tx
from d365edi.odata import canonical

INSTEAD = "what was in it goes with the next file of the list"
"""What becomes of the rows of a rejected file."""


def store(
    tx: Tx, ctx: FlowContext, send: SendFlow, partner: str, what: str, company: str, rows: int, spool: io.BufferedRandom
) -> Delivery:
    """The message and the delivery of a file of so many rows."""
    target, control = send.settings.to, tx.counters.take(partner, "file")
    name = target.name(partner=partner, set=send.set, control=control, at=ctx.local(tx.now))
    message = tx.messages.add(
        direction="out",
        partner=partner,
        flow=send.name,
        endpoint=ctx.d365_name,
        path=company,
        name=name,
        remote=f"list {control}",
        size=rows,
        modified=None,
        payload=canonical.dumps({"list": what, "company": company, "rows": rows}),
        state="done",
        reason="",
        settled=True,
    )
    return tx.deliveries.add(
        message=message.id,
        partner=partner,
        flow=send.name,
        endpoint=target.endpoint,
        path=target.path,
        name=name,
        kind=send.set,
        payload=spool,
        order_key=_order_key(partner, send.name),
        interchange=control,
        extract=target.extract,
        picked_up_within=target.seconds_to_pick_up,
    )


def is_list(delivery: Delivery) -> bool:
    """Whether a delivery is the file of a list."""
    return delivery.order_key == _order_key(delivery.partner, delivery.flow)


def rejected(tx: Tx, delivery: Delivery) -> str:
    """What was in the file of a list is due again; what is said of that, "" of another delivery."""
    if not is_list(delivery) or delivery.message is None:
        return ""
    tx.snapshots.not_sent(delivery.message)
    return f"; {INSTEAD}"


def _order_key(partner: str, flow: str) -> str:
    return f"{partner}:list:{flow}"
