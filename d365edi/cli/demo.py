"""`d365edi demo`: a trading day in a sandbox on this machine, processed by the real daemon over real SFTP and HTTPS.

Partners upload orders, most of them in files from public projects; a simulated D365 answers; at the end the expected
results are compared with the actual ones.

Knows: the course of the day and its expected results. Does not know: how the sandbox or the daemon work.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
import typer

from d365edi.cli import FINE, PERSON, client, main
from d365edi.cli.console import Row, clean, say, table
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.cli.demo_stage import DemoStage
    from d365edi.journal import Delivery, Tx
    from d365edi.sandbox.day import Day

INVOICES = 3


def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep settings, journal and files in this folder.")
    ] = None,
) -> None:
    """Run a trading day: orders in, sales orders created, 997s out, invoices out, their 997s matched; a buying day: purchase
    orders, vendor invoices, payments and lists; and a day in the mailboxes of an IBM Sterling, where a reply is lost, the
    server is restarted and a message is picked up late.

    Nothing leaves this machine. Shows the daemon's log, then tables, then the output of `status` and `audit`. Exit code
    1 when an expected result is missing."""
    began = time.monotonic()
    with _folder(keep) as folder:
        checks = anyio.run(_play, folder)
    table(
        "Expected and actual results",
        [check.row() for check in checks],
        dict.fromkeys(("verdict", "expected", "actual")),
    )
    good = all(check.good for check in checks)
    say([f"\n{'All as expected' if good else 'NOT all as expected'}, in {time.monotonic() - began:.1f} s."])
    if keep is not None:
        say([f"Explore it: d365edi status --settings {keep / 'settings.toml'} (also why, audit, check)"])
    raise typer.Exit(FINE if good else PERSON)


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expected result, and the actual one."""

    expected: str
    actual: str
    good: bool

    def row(self) -> Row:
        """As a table row."""
        return {"expected": self.expected, "actual": self.actual, "verdict": "ok" if self.good else "FAILED"}


@dataclass(slots=True)
class Course:
    """What was observed during the day."""

    alone: bool = False
    held: str = ""
    again: str = ""
    events: int = 0
    verdicts: list[Any] = field(default_factory=list)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="d365edi-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists() and any(keep.iterdir()):
        raise SettingsError(f"{keep} is not empty", remedy="name a new folder: d365edi demo --keep DIR")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()


async def _play(folder: Path) -> list[Expectation]:
    from d365edi.cli import demo_mailboxes
    from d365edi.cli.demo_stage import open_stage
    from d365edi.sandbox.day import Day

    async with open_stage(folder, lambda line: print(clean(line), flush=True)) as here:
        day = Day(here.town)
        course = await _day(here, day)
        seen = await anyio.to_thread.run_sync(lambda: client.read(here.settings, _recorded))
        sent = [message.name for message in here.mailboxes.lying("")]
        known = await anyio.to_thread.run_sync(
            lambda: client.read(here.settings, lambda tx: demo_mailboxes.known(tx, sent))
        )
        checks = [*_expected(here, day, course, seen), *_at_sterling(here, known), *_afterwards(here, seen)]
        _tables(here)
        demo_mailboxes.show(here)
        await _verb(here, "status")
        await _verb(here, "audit", "--limit", "40")
        chain = await _verb(here, "audit", "verify")
        checks.append(Expectation("the audit trail is one unbroken chain", f"exit code {chain}", chain == FINE))
        code = await here.stop()
    checks.append(Expectation("the daemon stops on SIGTERM", f"exit code {code}", code == FINE))
    return checks


# ---------------------------------------------------------------------------------------------------------- the day
async def _day(here: DemoStage, day: Day) -> Course:
    """Step by step; each waits for its result, and continues in any case after a timeout."""
    from d365edi.cli import demo_buying, demo_mailboxes

    course = Course()
    acme = here.town.partners[day.late.partner]
    here.buying.morning()
    files = (
        f"{len(here.town.drops)} files of customers and {len(here.buying.drops)} of a supplier, a planner and a shop"
    )
    lying = f"{len(here.mailboxes.side.drops)} orders lie at Sterling"
    _headline(f"{files}: orders and invoices; {day.late.name} is still being written; {lying}, where a reply is lost")
    day.morning()
    await day.write_slowly(pieces=6, pause=0.25)
    course.alone = day.late.name in acme.waiting()
    await here.until(lambda: set(_created(here)) >= set(day.orders) - {day.held_order} and not _waiting(here))
    course.held = await anyio.to_thread.run_sync(
        lambda: client.read(here.settings, lambda tx: _why_held(tx, day.held_order))
    )
    course.again = day.send_again()
    _headline(f"acme sends an order again, under the name {course.again}")
    await here.until(lambda: course.again not in acme.waiting())
    _headline(f"a user enters the unknown item in D365; then: d365edi release {day.add_unknown_item()}")
    await _verb(here, "release", day.held_order)
    await here.until(lambda: day.held_order in _created(here))
    await demo_mailboxes.restart(here, _headline)
    _headline("D365 posts three invoices and sends business events")
    day.invoice()
    course.events = await day.announce()
    await here.until(lambda: sum(len(partner.received()) for partner in day.customers) >= INVOICES)
    _headline("the partners read their invoices and send 997s")
    course.verdicts = day.answer()
    await here.until(lambda: not _waiting(here))
    await _until_answered(here)
    await demo_buying.play(here, _headline)
    await demo_mailboxes.play(here, _headline)
    return course


async def _until_answered(here: DemoStage) -> None:
    """Wait until the journal has matched their 997s: the files are fetched a moment before."""
    answered = 0

    async def read() -> None:
        nonlocal answered
        answered = (await anyio.to_thread.run_sync(lambda: client.read(here.settings, _recorded)))["answered"]

    await here.until(lambda: answered >= INVOICES, ask=read)


def _headline(sentence: str) -> None:
    print(f"\n── {clean(sentence)}", flush=True)


async def _verb(here: DemoStage, *words: str) -> int:
    """Run a command as a user would beside the running daemon. Returns its exit code."""
    return await anyio.to_thread.run_sync(lambda: main([*words, "--settings", str(here.settings)]))


def _created(here: DemoStage) -> Counter[str]:
    """How many sales orders there are in D365 by the customer's order number."""
    return Counter(str(row["CustomersOrderReference"]) for row in here.town.d365.state.rows("SalesOrderHeadersV4"))


def _waiting(here: DemoStage) -> list[str]:
    return [name for partner in here.town.partners.values() for name in partner.waiting()]


def _why_held(tx: Tx, number: str) -> str:
    return next((document.reason for document in tx.documents.search(number) if document.state == "held"), "")


def _recorded(tx: Tx) -> dict[str, int]:
    """The journal's counts for the day; acknowledgments without those at Sterling, which have results of their own."""
    from d365edi.sandbox.profiles import MAILBOXES

    counts = tx.counts()

    def total(kind: str, state: str, *without: str) -> int:
        return sum(states.get(state, 0) for name, states in counts.get(kind, {}).items() if name not in without)

    return {
        "answered": total("acks", "accepted", *(profile.name for profile in MAILBOXES)),
        "duplicates": total("messages", "duplicate"),
        "open": total("documents", "held") + total("messages", "quarantined") + total("deliveries", "quarantined"),
    }


# ------------------------------------------------------------------------------------------------------ results
def _expected(here: DemoStage, day: Day, course: Course, seen: dict[str, int]) -> Iterator[Expectation]:
    from d365edi.cli import demo_buying
    from d365edi.sandbox import orders, x12

    created = _created(here)
    samples = [drop for drop in here.town.drops if drop.sample]
    once = [number for number in day.orders if created[number] == 1]
    beside = created.total() - sum(created[number] for number in day.orders)
    yield Expectation(
        f"{len(day.orders)} orders by 850 in folders, each once in D365",
        f"{len(once)} once; {created.total()} sales orders with the {beside} by CSV and at Sterling",
        once == day.orders,
    )
    wanted = {order.number: len(order.lines) for drop in here.town.drops for order in orders.read(drop.data)}
    lines = _lines(here)
    whole = [number for number in wanted if lines.get(number) == wanted[number]]
    claim = f"{sum(wanted.values())} lines of these orders"
    yield Expectation(
        claim,
        f"{sum(lines.get(number, 0) for number in wanted)}; {len(whole)} orders complete",
        len(whole) == len(wanted),
    )
    others = sum(len(orders.read(drop.data)) for drop in samples)
    yield Expectation("at least 8 orders from public projects", f"{others} in {len(samples)} files", others >= 8)
    answers = [answer for partner in here.town.partners.values() for answer in partner.acknowledgments()]
    fine = [answer for answer in answers if answer.verdict in ("A", "E")]
    sent = [*here.town.drops, *here.buying.drops]
    groups = sum(
        len(x12.groups(found)) for drop in sent if drop.name.endswith(".edi") for found in x12.split(drop.data)
    )
    claim = f"{groups} groups in folders acknowledged by a 997 (Sterling: below)"
    yield Expectation(claim, f"{len(answers)}, {len(fine)} accepted", len(fine) == len(answers) == groups)
    yield Expectation(
        "the half-written file was not fetched", "not fetched" if course.alone else "FETCHED", course.alone
    )
    again = any(course.again in line and "is sent again" in line for line in here.output)
    yield Expectation(
        "a repeated file makes no second order; its 997 is sent again",
        f"{seen['duplicates']} duplicate, its 997 {'sent again' if again else 'NOT SENT AGAIN'}",
        seen["duplicates"] == 1 and again,
    )
    yield Expectation("the unknown item held its order", course.held or "not held", "ACME-999" in course.held)
    good = [verdict for verdict in course.verdicts if verdict.number and not verdict.complaints]
    complaints = "; ".join(complaint for verdict in course.verdicts for complaint in verdict.complaints)
    result = f"{len(good)} without errors" + (f" ({complaints})" if complaints else "")
    claim = f"{INVOICES} invoices sent as 810s that echo their orders"
    yield Expectation(claim, result, len(good) == len(course.verdicts) == INVOICES)
    yield Expectation(f"{INVOICES} business events received", str(course.events), course.events == INVOICES)
    yield Expectation(f"{INVOICES} of their 997s matched", str(seen["answered"]), seen["answered"] == INVOICES)
    yield from (
        Expectation(result.claim, result.seen or "nothing", result.good) for result in demo_buying.results(here)
    )


def _at_sterling(here: DemoStage, known: dict[str, Delivery]) -> Iterator[Expectation]:
    from d365edi.cli import demo_mailboxes

    for result in demo_mailboxes.results(here, known):
        yield Expectation(result.claim, result.seen or "nothing", result.good)


def _afterwards(here: DemoStage, seen: dict[str, int]) -> Iterator[Expectation]:
    yield Expectation("no step waited in vain", str(here.vain), here.vain == 0)
    yield Expectation("nothing needs a person", str(seen["open"]), seen["open"] == 0)


def _lines(here: DemoStage) -> dict[str, int]:
    """Lines in D365 by the customer's order number."""
    tenant = here.town.d365.state
    lines = Counter(row["SalesOrderNumber"] for row in tenant.rows("SalesOrderLinesV3"))
    headers = tenant.rows("SalesOrderHeadersV4")
    return {str(row["CustomersOrderReference"]): lines[row["SalesOrderNumber"]] for row in headers}


def _tables(here: DemoStage) -> None:
    arrived = [
        {
            "file": drop.name,
            "from": drop.partner,
            "bytes": len(drop.data),
            "origin": "public project" if drop.sample else "sandbox",
        }
        for drop in [*here.town.drops, *here.buying.drops]
    ]
    table("Received files", arrived, dict.fromkeys(("file", "from", "bytes", "origin")))
    lines = _lines(here)
    made = [
        {"sales_order": row["SalesOrderNumber"], "customer": row["OrderingCustomerAccountNumber"],
         "their_order": row["CustomersOrderReference"], "lines": lines[str(row["CustomersOrderReference"])]}
        for row in here.town.d365.state.rows("SalesOrderHeadersV4")
    ]  # fmt: skip
    table("Sales orders created in D365", made, dict.fromkeys(("sales_order", "customer", "their_order", "lines")))
    out = [
        {"file": name, "to": partner.profile.name, "bytes": len(data)}
        for partner in here.town.partners.values()
        for name, data in partner.received().items()
    ]
    table("Sent files", out, dict.fromkeys(("file", "to", "bytes")))
    answers = [
        {"to": name, "group": f"{answer.functional} {answer.group}", "verdict": answer.verdict, "sets": answer.sets}
        for name, partner in here.town.partners.items()
        for answer in partner.acknowledgments()
    ]
    answers += [
        {
            "to": "us",
            "group": f"810 for {verdict.order}",
            "verdict": "R" if verdict.complaints else "A",
            "sets": verdict.number,
        }
        for partner in here.town.partners.values()
        for verdict in partner.verdicts
    ]
    table("Acknowledgments", answers, dict.fromkeys(("to", "group", "verdict", "sets")))
