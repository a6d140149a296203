"""A wall clock that is set: nothing is emptied by it alone, no flow stops, and no trigger counts what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from d365edi import clock, schedule
from d365edi.app import App
from d365edi.build import FlowInfo
from d365edi.clock import ClockWatch
from d365edi.condition import of_journal
from d365edi.daemon import ServicePeriod
from d365edi.errors import D365EdiError
from d365edi.journal import Journal
from d365edi.listener.sockets import BoundSockets
from d365edi.settings import load
from tests.running import Running, StandIn, every, until

DAY = 86_400.0
START = 1_750_000_000.0


class Time:
    """Both clocks: the wall clock can be set, what passes passes on both."""

    def __init__(self) -> None:
        self.wall, self.passed = START, 50.0

    def __call__(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.passed

    def goes(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


@pytest.mark.parametrize(
    ("set_by", "found"), [([59.0], [0.0]), ([61.0], [61.0]), ([-3600.0], [-3600.0]), ([40.0, 40.0], [0.0, 80.0])]
)
def test_a_step_is_found_once_and_small_ones_add_up(set_by: list[float], found: list[float]) -> None:
    time = Time()
    watch = ClockWatch(time, time.monotonic)
    seen = []
    for by in set_by:
        time.goes(5.0)
        time.wall += by
        seen.append(watch.step())
    assert (seen, watch.step()) == (found, 0.0)


def test_retention_follows_the_earlier_of_the_clock_and_the_newest_entry() -> None:
    assert clock.retire_before(START, START - DAY, 2 * DAY) == START - 3 * DAY
    assert clock.retire_before(START, START + DAY, 2 * DAY) == START - 2 * DAY
    assert clock.retire_before(START, None, DAY) is None
    assert [clock.ahead(START, START - days * DAY) for days in (1.9, 2.1)] == [False, True]


@pytest.mark.parametrize("cron", [None, "* * * * *"])
def test_400_days_forward_are_one_missed_firing(cron: str | None) -> None:
    made = schedule.trigger(FlowInfo("a", cron=cron, every=None if cron else timedelta(seconds=2)), cast("Any", UTC))
    before = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
    now = before + timedelta(days=400, seconds=1)
    following = made.get_next_fire_time(before, now)
    assert now < following <= now + timedelta(minutes=1)
    assert made.get_next_fire_time(now, now + timedelta(milliseconds=3)) == (
        following if cron else now + timedelta(seconds=2)
    )


async def test_an_hour_back_stops_no_flow(tmp_path: Path) -> None:
    app, time = StandIn([every("a", 0.05), FlowInfo("b", cron="* * * * *")]), Time()
    here = Running(tmp_path, app)
    here.write()
    async with ServicePeriod(cast(App, app), here.load(), BoundSockets(), here.load, time).open() as period:
        await until(lambda: app.ended.count("a") >= 2)
        for job in period.scheduler.get_jobs():  # as far away as they are after the clock was set back
            job.modify(next_run_time=datetime.now(period.zone) + timedelta(hours=1))
        at = app.ended.count("a")
        time.wall -= 3600
        await until(lambda: app.ended.count("a") >= at + 3)
        following = period.scheduler.get_job("b").next_run_time
        assert following <= datetime.now(period.zone) + timedelta(minutes=1)


async def one_old_payload(app: App, time: Time) -> str:
    digest: str = await app.journal.write(lambda tx: tx.payloads.put(b"once"))
    await app.journal.write(lambda tx: tx.audit.append("drill"))
    time.goes(1.0)
    return digest


async def kept(app: App, digest: str) -> bool:
    return await app.journal.read(lambda tx: tx.payloads.kept(digest))


def opened(folder: Path, time: Time, watch: ClockWatch | None = None) -> Any:
    here = Running(folder, StandIn())
    here.write()
    settings = load(here.file, {}, keyring=lambda *_: lambda name: f"drill of {name}")
    return App.open(settings, clock=time, monotonic=time.monotonic, watch=watch)


async def test_one_start_401_days_ahead_empties_nothing_and_neither_do_the_next(tmp_path: Path) -> None:
    time = Time()
    async with opened(tmp_path, time) as app:
        digest = await one_old_payload(app, time)
    time.wall += 401 * DAY
    for _ in range(3):  # each writes entries that are dated by the wrong clock
        async with opened(tmp_path, time) as app:
            await app.tick("due")
            await app.journal.write(lambda tx: tx.audit.append("drill"))
            time.goes(60.0)
            await app.tick("due")
            assert await kept(app, digest)
            [trouble] = of_journal(app.journal)
            assert (trouble.kind, trouble.name) == ("clock", "retention")
            assert "the newest entry of the journal 2025-06-15" in trouble.why
            assert trouble.remedy == "if the clock is right: d365edi release retention"


async def test_a_day_without_a_step_or_a_person_ends_the_wait(tmp_path: Path) -> None:
    time = Time()
    async with opened(tmp_path, time) as app:
        digest = await one_old_payload(app, time)
    time.wall += 401 * DAY
    async with opened(tmp_path, time) as app:
        time.goes(23 * 3600.0)
        await app.tick("due")
        assert await kept(app, digest)
        assert await app.journal.write(lambda tx: tx.audit.append("drill"))
        time.goes(3600.0)
        await app.tick("due")
        assert (await kept(app, digest), list(app.troubles())) == (False, [])
        with pytest.raises(D365EdiError, match="retention is not held"):
            await app.release("retention", "mira")


async def test_a_reload_does_not_begin_the_wait_anew(tmp_path: Path) -> None:
    time = Time()
    async with opened(tmp_path, time) as app:
        digest = await one_old_payload(app, time)
    time.wall += 401 * DAY
    watch = ClockWatch(time, time.monotonic)
    for hours in (0.0, 12.0):
        time.goes(hours * 3600.0)
        async with opened(tmp_path, time, watch) as app:
            await app.tick("due")
            assert await kept(app, digest)
    time.goes(12 * 3600.0)
    async with opened(tmp_path, time, watch) as app:
        await app.tick("due")
        assert (await kept(app, digest), list(app.troubles())) == (False, [])


async def test_a_step_before_a_reload_is_shown_after_it(tmp_path: Path) -> None:
    time = Time()
    watch = ClockWatch(time, time.monotonic)
    async with opened(tmp_path, time, watch) as app:
        await app.tick("due")
        time.wall -= 3600.0
        await app.tick("due")
    time.goes(60.0)
    async with opened(tmp_path, time, watch) as app:
        await app.tick("due")
        [trouble] = app.troubles()
        assert (trouble.kind, "back by 60 min" in trouble.why, trouble.since) == ("clock", True, time.wall - 60.0)


async def test_a_step_forward_while_it_runs_holds_retention_until_it_is_released(tmp_path: Path) -> None:
    time = Time()
    async with opened(tmp_path, time) as app:
        digest = await one_old_payload(app, time)
        await app.tick("due")
        time.wall += 401 * DAY
        await app.tick("due")
        time.goes(2.0)
        assert {trouble.name for trouble in app.troubles()} == {"clock", "retention"}
        async with await Journal.open_readonly(app.journal.path, clock=time) as reading:
            assert reading.retention_held == "the clock was set forward by 401.0 days"
        assert "401.0 days" in (await app.release("retention", "mira"))[0]
        time.goes(DAY)
        await app.tick("due")
        assert (await kept(app, digest), app.journal.retention_held) == (False, "")
        lines = [(line.action, line.actor) for line in await app.journal.read(lambda tx: tx.audit.tail())]
        assert [line for line in lines if line[0] in ("clock set", "retention released")] == [
            ("clock set", "d365edi"),
            ("retention released", "mira"),
        ]


async def test_what_waits_does_not_wait_an_hour_longer_when_the_clock_is_set_back(tmp_path: Path) -> None:
    time = Time()
    async with opened(tmp_path, time) as app:
        delivery = await app.journal.write(waiting)
        await app.tick("due")
        time.wall -= 3600
        await app.tick("due")
        row = await app.journal.read(lambda tx: tx.deliveries.get(delivery))
        assert (row.until - time.wall, row.first_failed_at) == (900.0, None)


def waiting(tx: Any) -> int:
    id: int = tx.deliveries.add(
        partner="acme",
        flow="acme.send.810",
        endpoint="acme",
        path="/in",
        name="1.edi",
        kind="810",
        payload=b"x",
        order_key="",
    ).id
    tx.deliveries.waiting(id, tx.now + 30, "a drill")
    return id
