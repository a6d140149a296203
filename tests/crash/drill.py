"""The crash drill: the daemon in a process of its own, killed at a named place, started again, and what must hold after that."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

import anyio
import anyio.to_thread

from d365edi import failpoints
from d365edi.cli import main
from d365edi.failpoints import NAMES
from d365edi.journal import Delivery, DeliveryState, Journal, Tx
from tests.journeys.world import World

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["d365edi.app", "d365edi.cli.run", "tests.crash.drill"])
"""Runs are forked from a process of their own, which has imported everything and opened nothing."""

INBOUND = (
    "receive.fetched",
    "receive.claimed",
    "receive.settling",
    "receive.compared",
    "receive.settled",
    "translate.read",
    "translate.rendered",
    "deliver.attempting",
    "deliver.attempting:2",
    "deliver.delivered",
    "deliver.delivered:2",
    "deliver.recorded",
    "sftp.uploaded",
    "sftp.renamed",
    "d365.intent",
    "d365.header",
    "d365.header_recorded",
    "d365.lines",
)
"""Places that an order passes on its way in; the second delivery of a run may be the 997's or the sales order's."""
BOOKED = ("d365.header_recorded", "d365.lines", "d365.lines_recorded", "d365.after_lines", "deliver.delivered:2")
"""Places that an order passes whose allowances and charges become charge lines in D365."""
LEAVING = (
    "translate.rendered",
    "deliver.attempting",
    "deliver.delivered",
    "deliver.recorded",
    "sftp.uploaded",
    "sftp.renamed",
)
"""Places that every file passes on its way out."""
OUTBOUND = ("poll.sorted", "receive.fetched", "receive.claimed", "translate.read", *LEAVING)
"""Places that an invoice passes on its way out."""
TOGETHER = ("translate.read:2", *LEAVING, "acknowledge.matched")
"""Places that three invoices pass in one file, and their 997."""
ANSWERED = ("receive.claimed", "receive.settled", "acknowledge.matched", "translate.read")
"""Places that their 997 passes."""
STERLING = ("sterling.document", "sterling.message", "sterling.settled", "sterling.picked_up")
"""Places that only what is in a mailbox passes."""
MAILBOX = (
    "receive.fetched:2",
    "receive.claimed",
    "sterling.settled",
    "sterling.settled:2",
    "sterling.document",
    "sterling.message",
    "deliver.delivered",
    "sterling.picked_up",
)
"""Places that an order passes on its way out of a mailbox, and its acknowledgment on its way into one."""
BACKUP = ("backup.begun", "backup.copied", "backup.numbered", "backup.named")
RESTORE = ("restore.numbered", "restore.prepared", "restore.aside", "restore.replaced")
"""Places that a copy of the journal passes, and its way back."""

ALERTED = ("alert.stored", "alert.sent", "alert.recorded")
"""Places that an alert passes."""
PARTED = ("translate.split", "translate.rendered", "translate.rendered:2", "deliver.delivered", "deliver.recorded")
"""Places that an invoice passes that is sent as one for each of two orders."""
LISTED = ("list.read", "list.stored")
"""Places that a list passes before it leaves as other files do."""


def uncovered() -> set[str]:
    """Failpoints that no journey of the drill is killed at."""
    return set(NAMES) - {
        name.partition(":")[0]
        for name in (*INBOUND, *BOOKED, *OUTBOUND, *ANSWERED, *MAILBOX, *BACKUP, *RESTORE, *ALERTED, *PARTED, *LISTED)
    }


async def command(world: World, failpoint: str = "", *, environ: Mapping[str, str] | None = None) -> int:
    """`python -m d365edi run --once`; the return code (-9 when the failpoint was reached)."""
    env = {**os.environ, **world.environ, **(environ or {})}
    if failpoint:
        env["D365EDI_FAILPOINT"] = failpoint
    line = [sys.executable, "-m", "d365edi", "run", "--once", "--settings", str(world.settings_file)]
    done = await anyio.run_process(line, env=env, check=False)
    return _known(done.returncode, done.stderr.decode())


async def run(world: World, failpoint: str = "", words: Sequence[str] = ("run", "--once")) -> int:
    """The same in a process that is forked where everything is imported already: importing costs ten times what a run does.

    `words` may name another command. It is killed as any process is; nothing of the one that runs the tests is in it.
    """
    said = world.folder / "said.txt"
    given = ((*words, "--settings", str(world.settings_file)), dict(world.environ), failpoint, str(said))
    process = FORKED.Process(target=_forked, args=given)
    process.start()
    await anyio.to_thread.run_sync(process.join)
    return _known(process.exitcode, said.read_text())


def _forked(words: Sequence[str], environ: dict[str, str], failpoint: str, said: str) -> None:
    with open(said, "w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environ)
    failpoints.arm(failpoint)
    sys.exit(main(list(words)))


def _known(code: int | None, said: str) -> int:
    if code not in (0, 1, -9):
        raise AssertionError(f"run --once ended with {code}: {said[-2000:]}")
    return code


async def settle(world: World, most: int = 8) -> None:
    """Start again until nothing is open any more."""
    for _ in range(most):
        await run(world)
        journal = await Journal.open_readonly(world.folder / "var" / "journal.db")
        try:
            left = await journal.read(_open)
        finally:
            await journal.close()
        if not left:
            return
        await anyio.sleep(0.4)
    raise AssertionError(f"still open after {most} starts: {left}")


def _open(tx: Tx) -> list[str]:
    left = [f"message {m.name}" for m in tx.messages.in_state("received")]
    left += [f"document {d.number}" for state in ("ready", "delivering") for d in tx.documents.in_state(state)]
    return left + [f"delivery {d.name} {d.state}" for d in _deliveries(tx) if d.state not in ("delivered", "cancelled")]


def _deliveries(tx: Tx) -> list[Delivery]:
    return [delivery for state in get_args(DeliveryState) for delivery in tx.deliveries.in_state(state)]


async def invariants(world: World, orders: Mapping[str, int], invoices: int) -> list[str]:
    """Every invariant that does not hold, in words. `orders` is purchase order number to its number of lines."""
    broken: list[str] = []
    found = {number: len(lines) for number, lines in world.sales_orders().items()}
    if found != dict(orders):
        broken.append(f"I2: sales orders and lines are {found}, not {dict(orders)}")
    answers = Counter((answer.functional, answer.group) for answer in world.partner.acknowledgments())
    if len(answers) != len(orders) or set(answers.values()) - {1}:
        broken.append(f"I3: groups answered {answers}")
    if len(world.partner.received()) != invoices:
        broken.append(f"I2: invoices at the partner: {list(world.partner.received())}")
    stray = [
        p.name
        for p in world.partner.inbound.rglob("*")
        if p.is_file() and (p.name.startswith(".") or p.suffix == ".part")
    ]
    if stray:
        broken.append(f"I6: left half-written: {stray}")
    verdicts = world.partner.answer_invoices() + world.partner.verdicts
    broken += [f"I6: invoice {v.number} arrived unsound: {v.complaints}" for v in verdicts if v.complaints]
    journal = await Journal.open_readonly(world.folder / "var" / "journal.db")
    try:
        broken += await journal.read(lambda tx: _in_journal(tx, world))
    finally:
        await journal.close()
    return broken


def _in_journal(tx: Tx, world: World) -> list[str]:
    broken = []
    deliveries = _deliveries(tx)
    gone = [delivery for delivery in deliveries if delivery.parent is None and delivery.state != "cancelled"]
    borne = Counter(carried.document for delivery in gone for carried in tx.delivery_documents.of(delivery.id))
    if borne_twice := [document for document, times in borne.items() if times > 1]:
        broken.append(f"I2: documents in two deliveries: {borne_twice}")
    numbers = Counter((d.partner, d.interchange) for d in deliveries if d.interchange is not None and d.parent is None)
    if twice := [number for number, times in numbers.items() if times > 1]:
        broken.append(f"I4: control numbers used twice: {twice}")
    messages = [
        m
        for state in ("received", "translated", "done", "duplicate", "quarantined")
        for m in tx.messages.in_state(state)
    ]
    names = Counter((m.partner, m.name, m.digest) for m in messages)
    if twice_there := [key for key, times in names.items() if times > 1]:
        broken.append(f"I1: messages doubled: {twice_there}")
    held = {m.name for m in messages}
    processed = {p.name for p in (world.partner.outbound / "processed").iterdir()}
    if lost := processed - held:
        broken.append(f"I5: cleared at the source and not held: {lost}")
    if damage := tx.audit.verify():
        broken.append(f"I8: the audit chain breaks at line {damage.line}: {damage.reason}")
    return broken
