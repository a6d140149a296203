"""The day at Sterling of `d365edi demo`, played beside the trading day: a retailer and a supplier with mailboxes there, a reply
that is lost, a restart, a message that is picked up late.

Knows: the course of that day, and where each result is seen: in mailboxes, in D365, in log and journal. Does not know: how the
sandbox or the daemon work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import anyio.to_thread

from d365edi.cli import client
from d365edi.cli.console import table
from d365edi.cli.demo_buying import CUSTOMER_JOURNAL, RecordResult, made, paid, values
from d365edi.sandbox.mailbox_day import PAYMENT
from d365edi.sandbox.mailbox_partner import BILLED_AS
from d365edi.sandbox.sterling_side import PURCHASE_ORDER

if TYPE_CHECKING:
    from d365edi.cli.demo_stage import DemoStage
    from d365edi.journal import Delivery, Tx

AWAY, BACK = (" sbi ", " waits "), (" sbi ", " reachable ")
LATE, TAKEN = (" 856_", "was not picked up in time"), (" 856_", "was picked up")
"""Words of a line of the log: Sterling cannot be reached, can be again; the ship notice lies there too long, was picked up."""
SENT = ("810_", "856_", "850_")


async def restart(here: DemoStage, headline: Callable[[str], None]) -> None:
    """Sterling stops while D365 posts what is to go there, and comes back; what waits for it goes while the day goes on."""
    day = here.mailboxes
    await here.until(
        lambda: _ordered(here).good and len(_lines(here, " delivered ", " grocer_997_")) == len(day.orders)
    )
    day.grocer.fetch()
    headline("grocer reads its 997s at Sterling, which is restarted while D365 posts what grocer and mill are to get")
    before = len(_lines(here, *AWAY))
    await day.close()
    day.post()
    await here.until(lambda: len(_lines(here, *AWAY)) > before)
    await day.open()


async def play(here: DemoStage, headline: Callable[[str], None]) -> None:
    """Step by step; each waits for its result, and continues in any case after a timeout."""
    day = here.mailboxes
    await here.until(lambda: all(_lines(here, " delivered ", f" {prefix}", "/to ") for prefix in SENT))
    headline("mill bills the purchase order from its mailbox; grocer leaves its ship notice there for too long")
    day.trade()
    await here.until(lambda: _billed(here).good)
    await here.until(lambda: all(day.age(each) > here.within for each in day.lying("856_")))
    await here.until(
        lambda: bool(_lines(here, *LATE)), ask=lambda: _ask(here)
    )  # late since it was delivered, not created
    headline("grocer fetches invoice and ship notice, answers both, and pays")
    day.fetch()
    day.pay()
    await here.until(lambda: bool(_lines(here, *TAKEN)), ask=lambda: _ask(here))
    await here.until(lambda: _paid(here).good and not waiting(here))


async def _ask(here: DemoStage) -> None:
    """Ask now what was picked up, as the daemon does every 5 minutes."""
    asked = {"flow": "picked up"}
    await anyio.to_thread.run_sync(lambda: client.perform(here.settings, "tick", **asked))


def waiting(here: DemoStage) -> list[str]:
    """Messages at Sterling that were not taken yet."""
    return [name for partner in here.mailboxes.side.partners.values() for name in partner.waiting()]


def known(tx: Tx, names: list[str]) -> dict[str, Delivery]:
    """What the journal knows of each message of ours, by its name."""
    return {name: found[0] for name in names if (found := tx.deliveries.search(name))}


def show(here: DemoStage) -> None:
    """Every message at Sterling, in the order in which they were created."""
    rows = [
        {"message": message.id, "name": message.name, "mailbox": message.path, "by": message.by, "bytes": message.size,
         "became": message.gone or ("fetched" if message.taken else "waits")}
        for message in here.mailboxes.side.simulator.ledger.messages()
    ]  # fmt: skip
    table("Messages at Sterling", rows, dict.fromkeys(("message", "name", "mailbox", "by", "bytes", "became")))


# ----------------------------------------------------------------------------------------------------------- results
def results(here: DemoStage, known: Mapping[str, Delivery]) -> Iterator[RecordResult]:
    """One result for each document in one direction, then those of what went wrong; `known` is what the journal knows."""
    yield _ordered(here)
    yield _acknowledged(here, known)
    yield _sent(here, "Sterling: customer invoice out as 810, accepted", "810_", known)
    yield _sent(here, "Sterling: ship notice out as 856, accepted", "856_", known)
    yield _paid(here)
    yield _sent(here, "Sterling: purchase order out as 850, accepted", "850_", known)
    yield _billed(here)
    lost, twice = _lines(here, *AWAY)[:1], here.mailboxes.side.simulator.ledger.doubled()
    seen = f"{len(lost)} lost, {len(twice)} twice"
    yield RecordResult("Sterling: a reply was lost, and no message is there twice", seen, bool(lost) and not twice)
    away, back = len(_lines(here, *AWAY)), len(_lines(here, *BACK))
    seen = f"{back} times back, after the lost reply too" if away > 1 else "never away"
    yield RecordResult("Sterling was restarted, and what waited went by itself", seen, away > 1 and back > 1)
    late = [each.name for each in here.mailboxes.lying("856_")]
    fetched = [known[name].picked_up for name in late if name in known] == ["fetched"]
    taken = "then fetched" if fetched else "NOT FETCHED"
    seen = f"overdue, {taken}" if _lines(here, *LATE) else "never overdue"
    yield RecordResult("Sterling: the ship notice was picked up late", seen, seen == "overdue, then fetched")


def _lines(here: DemoStage, *words: str) -> list[str]:
    """The lines of the log that have all of these words."""
    return [line for line in here.output if all(word in line for word in words)]


def _ordered(here: DemoStage) -> RecordResult:
    return created_in_order(here.mailboxes.orders, values(here, "SalesOrderHeadersV4", "CustomersOrderReference"))


def created_in_order(wanted: Sequence[str], created: Sequence[str]) -> RecordResult:
    """Whether all orders that are wanted were created, and the first two, which have one name, in their order; what is shown is
    the order in which they were created."""
    found = [number for number in created if number in wanted]
    of_one_name = [number for number in found if number in wanted[:2]]
    seen = f"{len(found)} orders, {' before '.join(of_one_name)}" if found else ""
    claim = "Sterling: 850 in as sales orders, of two order.edi the older first"
    return RecordResult(claim, seen, sorted(found) == sorted(wanted) and of_one_name == list(wanted[:2]))


def _acknowledged(here: DemoStage, known: Mapping[str, Delivery]) -> RecordResult:
    """A 997 for each message of the partners that is none: three orders, a payment, an invoice."""
    names = [each.name for path in ("grocer", "mill") for each in here.mailboxes.lying(f"{path}_997_")]
    seen = f"{len(names)} messages" if names else ""
    delivered = [known[name].state for name in names if name in known] == ["delivered"] * 5
    return RecordResult("Sterling: a 997 for each order, invoice and payment", seen, delivered)


def _sent(here: DemoStage, claim: str, prefix: str, known: Mapping[str, Delivery]) -> RecordResult:
    """One message of that name is there, and its partner accepted it."""
    names = [message.name for message in here.mailboxes.lying(prefix)]
    return RecordResult(claim, ", ".join(names), [known[name].ack for name in names if name in known] == ["accepted"])


def _paid(here: DemoStage) -> RecordResult:
    claim = "Sterling: 820 in as lines of a customer payment journal"
    return paid(here, CUSTOMER_JOURNAL, claim, PAYMENT, here.mailboxes.invoice)


def _billed(here: DemoStage) -> RecordResult:
    claim = "Sterling: 810 in as a vendor invoice with lines"
    number = f"{BILLED_AS}{PURCHASE_ORDER}"
    return made(here, "VendorInvoiceHeaders", "VendorInvoiceLines", claim, InvoiceNumber=number)
