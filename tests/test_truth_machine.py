"""The truth table, where the machine is disturbed: its clock, the journal's file, a file that may not be read."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import asyncssh
import httpx
import pytest

from tests.journeys.world import World, world
from tests.test_truth import DEGRADED, SHORT, WELL, all_arrived_once, first_order, told_once
from tests.truth import SECOND, Scene, scene, serving

HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world that commands find."""
    async with world(tmp_path) as made:
        made.waits = dict(SHORT)
        monkeypatch.setenv("D365EDI_SETTINGS", str(made.settings_file))
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


async def polled(here: Scene) -> None:
    """D365 was asked for what was posted, twice by the clock as it is now."""
    await here.until_faces(lambda seen: "clock" in seen.kinds)
    asked = 'endpoint_operation_seconds_count{endpoint="d365",operation="list"}'
    before = (await here.faces()).figures[asked]
    await here.until_faces(lambda seen: seen.figures[asked] >= before + 2)


def steps(here: Scene) -> list[str]:
    """The lines that report a step of the clock; what retention waits for names it too."""
    return [line for line in here.log().splitlines() if "schedules are computed anew" in line]


@pytest.mark.parametrize(
    ("by", "words", "names"),
    [
        pytest.param(-HOUR, "back by 60 min", {"clock"}, id="an hour back"),
        pytest.param(HOUR, "forward by 60 min", {"clock"}, id="an hour ahead"),
        pytest.param(401 * DAY, "forward by 401.0 days", {"clock", "retention"}, id="401 days ahead"),
    ],
)
async def test_a_clock_that_is_set_is_reported_and_everything_goes_on(
    by: float, words: str, names: set[str], town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        made = await first_order(here)
        here.set_by += by
        town.partner.drop("PO-2.edi", town.order(SECOND))
        await polled(here)
        town.simulator.post_invoice(made)
        seen = await here.until_faces(lambda seen: "clock" in seen.kinds and here.invoices())
        troubles = {trouble["name"]: trouble["why"] for trouble in seen.status["daemon"]["troubles"]}
        assert (set(troubles), words in troubles["clock"], seen.code, seen.health) == (names, True, 3, DEGRADED)
        assert seen.figures['troubles{kind="clock"}'] == len(names)
        assert [words in line for line in steps(here)] == [True]
        await here.until(lambda: {f"clock {name}" for name in names} <= set(here.begun()))
        here.set_by -= by  # somebody corrects it, and an hour goes by
        await here.until(lambda: len(steps(here)) == 2)
        here.passed += HOUR
        if "retention" in names:
            assert (await here.command("release", "retention"))[0] == 0
        await all_arrived_once(here)
        await told_once(here, *(f"clock {name}" for name in names))


async def test_a_file_that_may_not_be_read_is_shown_until_it_can_be(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene(town, capsys) as here, serving(here):
        made = await first_order(here)
        here.server.faults.refuse["read"] = asyncssh.SFTPPermissionDenied("not yours")
        town.partner.drop("PO-2.edi", town.order(SECOND))
        town.simulator.post_invoice(made)
        seen = await here.until_faces(lambda seen: seen.status["not_taken"] and here.invoices())
        [row] = seen.status["not_taken"]
        assert (row["name"], "not yours" in row["why"], seen.code, seen.health) == ("PO-2.edi", True, 1, WELL)
        assert seen.figures['not_taken_files{endpoint="acme"}'] == 1
        assert len([line for line in here.log().splitlines() if "PO-2.edi" in line]) == 1
        told = "not taken acme:/outbound/*"
        await here.until(lambda: told in here.begun())
        here.server.faults.clear()
        await all_arrived_once(here)
        await told_once(here, told)
        assert (await here.faces()).status["not_taken"] == []


async def test_a_journal_that_is_moved_ends_the_daemon_and_all_goes_on_when_it_is_back(
    town: World, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = town.folder / "var" / "journal.db"
    away = journal.with_name("away.db")
    async with scene(town, capsys) as here:
        command = [sys.executable, "-m", "d365edi", "run"]
        async with await anyio.open_process(command, env={**os.environ, **town.environ}, stdout=None) as process:
            await here.until(journal.with_suffix(".sock").exists)
            made = await first_order(here)
            journal.rename(away)
            town.partner.drop("PO-2.edi", town.order(SECOND))
            assert process.stderr is not None
            said = b"".join([chunk async for chunk in process.stderr]).decode()
            assert await process.wait() == 2
        assert said.count("the journal was moved or deleted while it was in use") == 1
        assert ("put back what was taken away" in said, "Traceback" in said, "defect" in said) == (True, False, False)
        code, shown = await here.command("status")
        assert (code, "the journal is gone" in shown + here.log()) == (2, True)
        async with httpx.AsyncClient(base_url=f"http://{here.place}") as client:
            for place in ("/healthz", "/metrics"):
                with pytest.raises(httpx.ConnectError):
                    await client.get(place)
        # The process itself tells nothing: systemd calls this, by OnFailure=.
        dead = [sys.executable, "-m", "d365edi", "alert", "dead"]
        await anyio.run_process(dead, env={**os.environ, **town.environ})
        assert here.begun() == ["dead d365edi"]
        away.rename(journal)
        town.simulator.post_invoice(made)
        async with serving(here):
            await all_arrived_once(here)
            await told_once(here, "dead d365edi")
