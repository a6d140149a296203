"""The truth table: what `status`, its exit code, /healthz, /metrics, the log and an alert say while something is disturbed and
after it ended.

Each row disturbs a daemon that works, lets an order and an invoice come meanwhile, looks at every face, ends the disturbance
and looks again: all is well, and everything has arrived once, by itself, or by the one command that the row names.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import asyncssh
import pytest

from d365edi.endpoints.health import Rests
from d365edi.journal import Tx
from d365edi.sandbox.d365 import CLIENT_ID
from tests.journeys.world import World, world
from tests.servers.asyncssh_server import key
from tests.truth import FIRST, SECOND, Faces, Scene, scene, serving

ALWAYS = 100_000
WELL = ((200, "ok"), (200, "ok"), (200, "ok"))
DEGRADED = ((200, "degraded"), (200, "ok"), (503, "degraded"))
STUCK = ((503, "stuck"), (503, "stuck"), (503, "stuck"))
ACKS = "inbound/acks"
ACME_UP = ('endpoint_up{endpoint="acme"}',)
D365_UP = ('endpoint_up{endpoint="d365"}',)

Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """A disturbance. While it lasts: the `kind` of trouble and its `name`, what its sentence has in it, the exit code of
    `status`, /healthz; what the log says once when it begins and once when it is over; samples of /metrics that are 0, beside the
    count of the kind. `command` is what a person has to do. One alert tells that it began, and one that it is over."""

    begin: Act
    end: Act
    kind: str
    name: str
    why: str
    code: int
    says: str
    over: str
    health: tuple[tuple[int, str], ...] = DEGRADED
    figures: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


async def nothing(_: Scene) -> None:
    """The row's command ends it."""


async def server_down(here: Scene) -> None:
    here.server.faults.down = True
    here.server.hang_up()


async def locked_out(here: Scene) -> None:
    here.server.faults.locked = True
    here.server.hang_up()


async def other_host_key(here: Scene) -> None:
    await here.server.restart(key(which=7))


async def own_host_key(here: Scene) -> None:
    await here.server.restart(key())


async def folder_away(here: Scene) -> None:
    (here.world.partner.home / ACKS).rename(here.world.partner.home / "away")


async def folder_back(here: Scene) -> None:
    (here.world.partner.home / "away").rename(here.world.partner.home / ACKS)


async def folder_full(here: Scene) -> None:
    here.server.faults.full = ACKS.rpartition("/")[2]


async def right_taken(here: Scene) -> None:
    here.server.faults.refuse["scandir"] = asyncssh.SFTPPermissionDenied("not allowed")


async def cleared(here: Scene) -> None:
    here.server.faults.clear()


async def d365_down(here: Scene) -> None:
    here.world.simulator.faults.answer(503, path="/data/*", times=ALWAYS)


async def refuses_tokens(here: Scene) -> None:
    here.world.simulator.faults.revoke(path="/data/*", times=ALWAYS)


async def throttles(here: Scene) -> None:
    here.world.simulator.faults.answer(429, path="/data/*", times=ALWAYS, retry_after=4)


async def entra_down(here: Scene) -> None:
    here.world.simulator.faults.answer(503, path="*/oauth2/*", times=ALWAYS)
    here.world.simulator.entra.revoke()


async def d365_well(here: Scene) -> None:
    here.world.simulator.faults.waiting.clear()


async def secret_replaced(here: Scene) -> None:
    here.kept = here.world.simulator.entra.clients[CLIENT_ID]
    here.world.simulator.entra.clients[CLIENT_ID] = "another one"
    here.world.simulator.entra.revoke()


async def secret_again(here: Scene) -> None:
    here.world.simulator.entra.clients[CLIENT_ID] = here.kept


async def disk_full(here: Scene) -> None:
    """The journal may not grow, and nothing can be allocated beside it (tests/disk fills a real one)."""
    _probe(here).mkdir()
    await here.app.journal.write(lambda tx: _pages(tx, None))


async def disk_emptied(here: Scene) -> None:
    _probe(here).rmdir()
    await here.app.journal.write(lambda tx: _pages(tx, 1 << 30))


def _probe(here: Scene) -> Path:
    """What `journal/room.py` allocates room in."""
    return here.world.folder / "var" / "journal.db.room"


def _pages(tx: Tx, most: int | None) -> None:
    (count,) = tx.unit.connection.execute("PRAGMA page_count").fetchone()
    tx.unit.connection.execute(f"PRAGMA max_page_count = {most or count}")


async def sending_held(here: Scene) -> None:
    await here.app.journal.write(lambda tx: tx.counters.hold("an older copy of the journal was restored"))


ROWS = {
    "SFTP down": Row(
        server_down,
        cleared,
        "unreachable",
        "acme",
        "the connection",
        3,
        "tried again in",
        "reachable again after",
        figures=ACME_UP,
    ),
    "login refused": Row(
        locked_out,
        cleared,
        "credentials",
        "acme",
        "the login was refused",
        1,
        "the login was refused",
        "reachable again",
        figures=ACME_UP,
    ),
    "host key changed": Row(
        other_host_key,
        own_host_key,
        "credentials",
        "acme",
        "host key",
        1,
        "host key",
        "reachable again after",
        figures=ACME_UP,
    ),
    "folder missing": Row(folder_away, folder_back, "place", f"acme:/{ACKS}", ACKS, 1, ACKS, "reachable again after"),
    "folder full": Row(
        folder_full, cleared, "unwritable", f"acme:/{ACKS}", "cannot store", 1, "cannot store", "reachable again after"
    ),
    "right taken": Row(
        right_taken, cleared, "place", "acme:/outbound", "/outbound", 1, "not allowed", "/outbound: reachable again"
    ),
    "D365 down": Row(
        d365_down, d365_well, "unreachable", "d365", "503", 3, "503", "reachable again after", figures=D365_UP
    ),
    "401": Row(
        refuses_tokens,
        d365_well,
        "credentials",
        "d365",
        "refuses the application's token",
        1,
        "refuses the application's token",
        "reachable again after",
        figures=D365_UP,
    ),
    "429": Row(
        throttles, d365_well, "throttled", "d365", "429", 3, "throttled", "reachable again after", figures=D365_UP
    ),
    "Entra down": Row(
        entra_down,
        d365_well,
        "unreachable",
        "d365",
        "gave no token",
        3,
        "gave no token",
        "reachable again",
        figures=D365_UP,
    ),
    "secret expired": Row(
        secret_replaced,
        secret_again,
        "credentials",
        "d365",
        "client secret",
        1,
        "client secret",
        "reachable again after",
        figures=D365_UP,
    ),
    "disk full": Row(
        disk_full,
        disk_emptied,
        "journal",
        "journal",
        "full",
        1,
        "could not commit",
        "the journal commits again after",
        figures=("journal_writable",),
    ),
    "sending held": Row(
        sending_held,
        nothing,
        "held",
        "sending",
        "an older copy",
        1,
        "sending is held",
        "sending continues",
        command=("release", "sending"),
    ),
}


SHORT = {"rests": Rests(person=2.0, first=0.5, longest=0.5), "first_wait": 0.5}
"""A quarter of an hour is two seconds."""


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world that commands find."""
    async with world(tmp_path) as made:
        made.waits = dict(SHORT)
        monkeypatch.setenv("D365EDI_SETTINGS", str(made.settings_file))
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


async def all_is_well(here: Scene) -> Faces:
    """Every face says so."""
    seen = await here.until_faces(
        lambda seen: not seen.kinds and seen.code == 0 and {*ACME_UP, *D365_UP} <= seen.figures.keys()
    )
    assert (seen.health, seen.status["daemon"]["condition"], seen.status["needs_a_person"]) == (WELL, "ok", [])
    assert [name for name, value in seen.figures.items() if name.startswith("troubles") and value] == []
    assert [seen.figures[name] for name in (*ACME_UP, *D365_UP, "live", "journal_readable", "journal_writable")] == [
        1
    ] * 5
    return seen


async def first_order(here: Scene) -> str:
    """An order comes in, and all is well. Returns its sales order."""
    here.world.partner.drop("PO-1.edi", here.world.order(FIRST))
    await here.until(lambda: here.orders() and here.answered())
    await all_is_well(here)
    (header,) = here.world.simulator.state.rows("SalesOrderHeadersV4", CustomersOrderReference=FIRST)
    return str(header["SalesOrderNumber"])


async def all_arrived_once(here: Scene) -> None:
    """Both orders are in D365, both have their 997, the invoice is at the partner: each once."""
    await here.until(lambda: len(here.orders()) == 2 and len(here.answered()) == 2 and here.invoices())
    await all_is_well(here)
    assert (here.orders(), here.answered(), here.invoices()) == ({FIRST: 2, SECOND: 2}, ["A", "A"], 1)


async def told_once(here: Scene, *told: str) -> None:
    """Begin and end of all these were told, each once, and nothing that was told goes on."""
    await here.until(lambda: set(told) <= set(here.begun()) and sorted(here.begun()) == sorted(here.over()))
    assert [here.begun().count(each) for each in told] == [1] * len(told)
    assert here.receiver.signed


@pytest.mark.parametrize("name", ROWS)
async def test_while_it_lasts_and_after_it_every_face_tells_the_truth(
    name: str, town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ROWS[name]
    async with scene(town, capsys) as here, serving(here):
        made = await first_order(here)
        before = len(here.log())
        await row.begin(here)
        town.partner.drop("PO-2.edi", town.order(SECOND))
        town.simulator.post_invoice(made)
        seen = await here.until_faces(
            lambda seen: (
                row.kind in seen.kinds
                and seen.figures.get(f'troubles{{kind="{row.kind}"}}')
                and row.says in here.log()[before:]
                and not any(seen.figures[name] for name in row.figures)
            )
        )
        [trouble] = [each for each in seen.status["daemon"]["troubles"] if each["kind"] == row.kind]
        assert (trouble["name"].startswith(row.name), row.why in trouble["why"]) == (True, True), trouble
        assert (seen.code, seen.health, row.kind in seen.screen) == (row.code, row.health, True)
        assert f": {row.health[0][1]}.\n" in seen.screen
        if row.name == "d365":
            await here.until_why(SECOND, lambda said: "waits for d365" in said and row.why in said)
        for word in row.command:
            assert word in trouble["remedy"]
        said = here.log()[before:]
        assert [said.count(row.says) <= 2, "defect" in said, "Traceback" in said] == [True, False, False], said
        told = f"{row.kind} {trouble['name']}"
        await here.until(lambda: told in here.begun())
        await row.end(here)
        if row.command:
            assert (await here.command(*row.command))[0] == 0
        await all_arrived_once(here)
        await told_once(here, told)
        assert row.over in here.log()[before:]
        paused = (await here.faces()).figures['endpoint_throttled_seconds_total{endpoint="d365"}']
        assert (paused > 0) is (row.kind == "throttled")


async def test_a_disk_that_fails_is_left_to_the_watchdog_and_all_goes_on_after_the_restart(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here:
        async with serving(here):
            made = await first_order(here)
            size = (town.folder / "var" / "journal.db-wal").stat().st_size
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
            try:
                town.partner.drop("PO-2.edi", town.order(SECOND))
                await here.until(lambda: here.app.journal.broken)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            seen = await here.faces()
            assert (seen.code, seen.health, seen.kinds) == (1, STUCK, {"broken"}), seen.status["daemon"]["troubles"]
            assert (seen.figures["live"], seen.figures["journal_writable"], seen.figures["journal_readable"]) == (
                0,
                0,
                1,
            )
            await here.until(lambda: "broken journal" in here.begun())  # which goes by itself where systemd restarts it
            assert here.log().count("writes nothing more") == 1
            assert "defect" not in here.said
        town.simulator.post_invoice(made)
        async with serving(here):
            await all_arrived_once(here)


async def test_a_record_that_d365_does_not_show_is_a_held_document_and_goes_when_it_is_released(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        made = await first_order(here)
        town.simulator.faults.answer(403, path="/data/SalesInvoiceV4Lines", times=ALWAYS)
        number = town.simulator.post_invoice(made)
        seen = await here.until_faces(lambda seen: seen.status["needs_a_person"])
        [row] = seen.status["needs_a_person"]
        assert (row["name"], row["state"], "SalesInvoiceV4Lines" in row["why"]) == (number, "held", True)
        assert (seen.code, seen.health, here.log().count("SalesInvoiceV4Lines")) == (1, WELL, 1)
        assert seen.figures['documents{partner="acme",state="held"}'] == 1
        await here.until(lambda: "held document acme" in here.begun())
        await d365_well(here)
        assert (await here.command("release", number))[0] == 0
        await here.until(here.invoices)
        await all_is_well(here)
        assert ("actor=" in here.log(), here.invoices()) == (True, 1)
        await told_once(here, "held document acme")


async def test_a_silent_partner_is_named_until_the_acknowledgment_comes(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys, expect_within="1s") as here, serving(here):
        town.simulator.post_invoice(await first_order(here))
        seen = await here.until_faces(lambda seen: seen.status["needs_a_person"])
        [row] = seen.status["needs_a_person"]
        assert (row["state"], seen.code, seen.health, seen.kinds) == ("997 overdue", 1, WELL, set())
        assert seen.figures['acknowledgments{partner="acme",state="overdue"}'] == 1
        assert here.log().count("has not acknowledged it in time") == 1
        await here.until(lambda: "overdue acknowledgment acme" in here.begun())
        town.partner.answer_invoices()
        await all_is_well(here)
        await told_once(here, "overdue acknowledgment acme")
        assert (here.invoices(), here.log().count("accepted by acme (late)")) == (1, 1)


async def test_a_name_that_cannot_be_taken_is_shown_until_it_is_gone(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        await first_order(here)
        odd = town.partner.outbound / "PO\n9.edi"
        odd.write_bytes(town.order("4500009"))
        seen = await here.until_faces(lambda seen: seen.status["not_taken"])
        assert ("9.edi" in seen.status["not_taken"][0]["name"], seen.code, seen.health) == (True, 1, WELL)
        assert seen.figures['not_taken_files{endpoint="acme"}'] == 1
        town.partner.drop("PO-2.edi", town.order(SECOND))
        await here.until(lambda: len(here.orders()) == 2)
        assert len([line for line in here.log().splitlines() if "9.edi" in line and "WARN" in line]) == 1
        await here.until(lambda: "not taken acme:/outbound/*" in here.begun())
        odd.unlink()
        await here.until_faces(lambda seen: not seen.status["not_taken"] and seen.code == 0)
        await told_once(here, "not taken acme:/outbound/*")
        assert here.orders() == {FIRST: 2, SECOND: 2}


async def test_a_second_daemon_is_refused_and_the_first_is_not_disturbed(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        await first_order(here)
        command = [sys.executable, "-m", "d365edi", "run"]
        second = await anyio.run_process(command, env={**os.environ, **town.environ}, check=False)
        said = second.stderr.decode()
        assert (second.returncode, said.count("is in use by process"), "Traceback" in said) == (2, 1, False)
        await all_is_well(here)
