"""The daemon in its own loop: when flows run, how it stops and reloads, what systemd is notified of.

`StandIn` (`tests/running.py`) takes the app's place. The real app is driven by the journeys.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import httpx
import pytest

from d365edi import daemon, schedule, systemd
from d365edi.build import FlowInfo
from d365edi.cli import client
from d365edi.condition import Trouble
from d365edi.errors import JournalError, JournalGoneError, SettingsError, Unavailable
from d365edi.flows.named import Selection
from d365edi.listener.peer import person
from tests.running import Running, StandIn, Systemd, every, no_descriptors, running, until


async def test_each_flow_looks_once_at_the_start_and_then_as_often_as_it_says(tmp_path: Path) -> None:
    app = StandIn([every("a", 0.1), every("b", 3600), FlowInfo("c", cron="0 0 1 1 *")])
    async with running(tmp_path, app) as here:
        await until(lambda: app.ended.count("a") >= 4)
    assert (here.code, app.ended.count("b"), app.ended.count("c"), app.closed) == (0, 1, 0, 1)


async def test_what_is_due_is_worked_off_from_the_start_without_any_flow(tmp_path: Path) -> None:
    app = StandIn()
    async with running(tmp_path, app):
        await until(lambda: len(set(app.ended)) == 2)
    assert set(app.ended) == {"due", "picked up"}


async def test_a_flow_never_runs_beside_itself(tmp_path: Path) -> None:
    app = StandIn([every("slow", 0.02)], takes={"slow": 0.15})
    async with running(tmp_path, app):
        await until(lambda: app.ended.count("slow") == 2)
        assert app.begun.count("slow") - app.ended.count("slow") <= 1


async def test_sigterm_lets_running_flows_finish_and_starts_no_more(tmp_path: Path) -> None:
    app = StandIn([every("slow", 0.01)], takes={"slow": 0.3})
    async with running(tmp_path, app) as here:
        await until(lambda: "slow" in app.begun)
    assert (here.code, app.begun.count("slow"), app.ended.count("slow"), here.socket.exists()) == (0, 1, 1, False)


async def test_what_does_not_finish_in_time_is_cut_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = StandIn([every("endless", 60)], takes={"endless": 3600})
    began = time.monotonic()
    async with running(tmp_path, app, stop_within="1s") as here:
        await until(lambda: "endless" in app.begun)
    assert (here.code, "endless" in app.ended, app.closed) == (0, False, 1)
    assert 0.9 < time.monotonic() - began < 3
    assert "endless did not finish within 1 s; the next start continues there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unavailable("acme is out of reach"), "acme is out of reach"),
        (ZeroDivisionError("no"), "the run: ZeroDivisionError: no"),
    ],
)
async def test_a_flow_that_fails_is_said_and_runs_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    app = StandIn([every("bad", 0.05), every("good", 0.05)], raises={"bad": error})
    async with running(tmp_path, app) as here:
        await until(lambda: app.begun.count("bad") >= 3 and app.ended.count("good") >= 3)
    assert here.code == 0
    assert said in capsys.readouterr().err


async def test_sighup_takes_new_settings_and_keeps_the_door_bound(tmp_path: Path) -> None:
    app = StandIn([every("a", 3600)])
    async with running(tmp_path, app, more='listen = "127.0.0.1:0"') as here:
        await until(lambda: "a" in app.ended)
        _, before = await here.ask("status")
        await until(lambda: datetime.now(UTC) - datetime.fromisoformat(before["since"]) > timedelta(seconds=1))
        here.write(stop_within="7s")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: app.ended.count("a") == 2)
        _, after = await here.ask("status")
    assert (after["since"], before["since"]) == (before["settings_since"], after["since"]), "the process is the same"
    assert after["settings_since"] > before["settings_since"]
    stops = [settings.daemon.stop_within for settings in app.opened]
    assert len(set(map(id, app.watches))) == 1, "what is known of the clocks outlives a reload"
    assert (stops, app.closed) == ([timedelta(seconds=5), timedelta(seconds=7)], 2)


@pytest.mark.parametrize("error", [SettingsError("wrong"), JournalError("locked by process 7")])
async def test_what_is_wrong_at_the_first_start_is_raised_as_it_is(tmp_path: Path, error: Exception) -> None:
    app = StandIn(refuses=lambda _: error)
    here = Running(tmp_path, app)
    here.write()
    with pytest.raises(type(error)) as caught:
        await daemon.run(here.load, open_app=app.open)
    assert caught.value is error


@pytest.mark.parametrize("flows", [1, 2])
async def test_a_journal_that_is_gone_ends_the_daemon_with_its_sentence_and_leaves_no_socket(
    tmp_path: Path, flows: int
) -> None:
    gone = JournalGoneError("the journal was moved")
    app = StandIn([every(str(n), 3600) for n in range(flows)], {"slow": 60}, {str(n): gone for n in range(flows)})
    app.infos.append(every("slow", 3600))
    here = Running(tmp_path, app)
    here.write()
    with anyio.fail_after(10), pytest.raises(JournalGoneError) as caught:
        await daemon.run(here.load, open_app=app.open)
    assert (caught.value, here.socket.exists()) == (gone, False)


def place() -> str:
    """An address that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as spare:
        return f"127.0.0.1:{spare.getsockname()[1]}"


KIM = person(os.getuid(), "kim")
"""Who says on the command line to be kim, as the audit names them."""
EVENTS = 'events = { path = "/events/2b1f", secret = { secret = "events" } }'


async def test_an_event_fires_its_flow_and_once_more_when_it_runs_already(tmp_path: Path) -> None:
    app = StandIn([every("acme.send.810", 3600, on_event="Posted"), every("other", 3600)], takes={"acme.send.810": 0.2})
    listen = place()
    async with running(tmp_path, app, more=f'listen = "{listen}"', events=EVENTS) as here:
        async with httpx.AsyncClient(base_url=f"http://{listen}") as client:
            url = "/events/2b1f?secret=s3cret-of-the-test"
            for _ in range(3):
                assert (await client.post(url, json={"BusinessEventId": "Posted"})).status_code == 200
            assert (await client.post(url, json={"BusinessEventId": "Other"})).status_code == 200
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            for _ in range(200):
                answer = await client.post(url, json={"BusinessEventId": "Posted", "BusinessEventLegalEntity": "usmf"})
                assert answer.status_code == 200
        await until(lambda: app.ended.count("acme.send.810") == 2)
        await anyio.sleep(0.1)
    assert (app.begun.count("acme.send.810"), app.begun.count("other"), here.code) == (2, 1, 0)


async def test_an_event_is_answered_while_the_flow_that_it_starts_still_works(tmp_path: Path) -> None:
    app = StandIn([every("acme.send.810", 3600, on_event="Posted")], takes={"acme.send.810": 3600})
    listen = place()
    async with running(tmp_path, app, stop_within="1s", more=f'listen = "{listen}"', events=EVENTS) as here:
        await until(lambda: "acme.send.810" in app.begun)
        async with httpx.AsyncClient(base_url=f"http://{listen}", timeout=5) as client:
            for _ in range(2):
                answer = await client.post("/events/2b1f?secret=s3cret-of-the-test", json={"BusinessEventId": "Posted"})
                assert (answer.status_code, "acme.send.810" in app.ended) == (200, False)
    assert here.code == 0


async def test_health_answers_while_a_reload_waits_for_a_flow(tmp_path: Path) -> None:
    listen = place()
    app = StandIn([every("slow", 3600)], takes={"slow": 1.0})
    async with running(tmp_path, app, stop_within="5s", more=f'listen = "{listen}"') as here:
        await until(lambda: "slow" in app.begun)
        os.kill(os.getpid(), signal.SIGHUP)
        async with httpx.AsyncClient(base_url=f"http://{listen}", timeout=5) as client:
            for _ in range(3):
                await anyio.sleep(0.1)
                assert (await client.get("/healthz/live")).status_code == 200
                assert len(app.opened) == 1
        await until(lambda: len(app.opened) == 2)
    assert (here.code, "slow" in app.ended) == (0, True)


async def test_callers_who_cannot_be_accepted_are_a_trouble_until_they_can_for_a_while(tmp_path: Path) -> None:
    health = place()
    async with running(tmp_path, StandIn(), more=f'health = "{health}"') as here:
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{health}/healthz/ready")).status_code == 200
        with contextlib.closing(socket.socket()) as caller, no_descriptors():
            caller.setblocking(False)
            host, _, port = health.partition(":")
            await asyncio.get_running_loop().sock_connect(caller, (host, int(port)))
            await anyio.sleep(0.1)
        _, status = await here.ask("status")
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://{health}/healthz/ready")
    (trouble,) = status["troubles"]
    assert (trouble["kind"], trouble["name"]) == ("listener", "connections")
    assert trouble["why"] == "no connection can be accepted: Too many open files"
    assert "raise LimitNOFILE" in trouble["remedy"]
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded", "because": ["listener"]})


async def test_health_has_a_listener_of_its_own_where_that_is_set(tmp_path: Path) -> None:
    listen, health, other = place(), place(), place()
    more = f'listen = "{listen}"\nhealth = "{health}"'
    async with running(tmp_path, StandIn(), more=more, events=EVENTS) as here, httpx.AsyncClient() as client:
        assert (await client.get(f"http://{health}/healthz")).json() == {"status": "ok"}
        assert (await client.get(f"http://{listen}/healthz")).status_code == 404
        event = "http://{}/events/2b1f?secret=s3cret-of-the-test"
        codes = [(await client.post(event.format(at), json={})).status_code for at in (listen, health)]
        here.write(more=f'health = "{other}"', events="")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(here.app.opened) == 2)
        assert (await client.get(f"http://{other}/healthz/live")).json() == {"status": "ok"}
        for closed in (listen, health):
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{closed}/healthz")
    assert (codes, here.code) == ([200, 404], 0)


async def test_the_socket_decides_looks_and_tells(tmp_path: Path) -> None:
    app = StandIn([every("a", 3600)])
    async with running(tmp_path, app) as here:
        await until(lambda: app.ended.count("a") == 1)
        due = app.ended.count("due")
        released = await here.ask("release", what="4500124", partner="acme", id="", many=False, actor="kim")
        await until(lambda: app.ended.count("due") > due)
        replayed = await here.ask("replay", what="4500124", stage="read", go=True, acks=False, actor="kim")
        compared = await here.ask("reconcile", go=True, delivered=["delivery-3"], actor="kim")
        ticked = await here.ask("tick", flow="a")
        await until(lambda: app.ended.count("a") == 2)
        pinged = await here.ask("ping", name=None)
        _, status = await here.ask("status")
        with pytest.raises(Unavailable, match="not now"):
            await here.ask("reject", what="x", why="y", actor="kim")
    assert (released, replayed, ticked) == ((True, ["4500124 continues"]), (True, []), (True, ["a"]))
    assert app.decided == [
        ("release", Selection("4500124", partner="acme"), KIM),
        ("replay", Selection("4500124"), "read", True, False, KIM),
        ("reconcile", KIM, True, "delivery-3"),
    ]
    assert compared == (True, ["d365edi release sending"])
    check = {"what": "token", "ok": True, "milliseconds": 12.5, "sentence": "granted", "remedy": ""}
    assert pinged == (True, {"d365": [check]})
    [flow] = status["flows"]
    assert (status["pid"], status["condition"], flow["result"], flow["running"]) == (
        os.getpid(),
        "ok",
        "1 received",
        False,
    )
    assert datetime.fromisoformat(flow["next"]) - datetime.fromisoformat(flow["last"]) > timedelta(minutes=59)


async def test_nobody_listens_where_no_daemon_runs(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    assert client.ask(tmp_path / "left.sock", "status", {}) == (False, None)
    assert client.ask(tmp_path / "missing.sock", "status", {}) == (False, None)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A systemd that listens."""
    listening = Systemd(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield listening
    listening.socket.close()


async def test_systemd_hears_ready_reloading_ready_and_stopping(tmp_path: Path, service: Systemd) -> None:
    app = StandIn([every("a", 3600)])
    async with running(tmp_path, app):
        await until(lambda: service.words() == ["READY"])
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: service.words() == ["READY", "RELOADING", "READY"])
    assert service.words() == ["READY", "RELOADING", "READY", "STOPPING"]
    assert service.heard[0] == "READY=1\nSTATUS=1 flow"
    moment = int(service.heard[1].partition("MONOTONIC_USEC=")[2])
    assert abs(moment / 1e6 - time.monotonic()) < 10


async def test_the_watchdog_is_answered_at_half_its_limit(
    tmp_path: Path, service: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    async with running(tmp_path, StandIn()):
        began = time.monotonic()
        await until(lambda: service.words().count("WATCHDOG") >= 6)
        took = time.monotonic() - began
    assert took > 0.2


async def test_the_watchdog_is_not_answered_while_a_flow_is_stuck(
    tmp_path: Path, service: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    app = StandIn([every("stuck", 60)], takes={"stuck": 3600})
    async with running(tmp_path, app, stop_within="1s", stuck_after=0.1) as here:
        await anyio.sleep(0.3)
        before = service.words().count("WATCHDOG")
        await anyio.sleep(0.2)
        _, status = await here.ask("status")
        assert (service.words().count("WATCHDOG"), status["condition"]) == (before, "stuck")


async def test_what_is_the_matter_is_said_by_status_healthz_and_systemctl_and_no_restart_is_asked_for(
    tmp_path: Path, service: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "40000")
    with socket.create_server(("127.0.0.1", 0)) as spare:
        place = f"127.0.0.1:{spare.getsockname()[1]}"
    app = StandIn([every("a", 3600)])
    app.in_trouble = [Trouble("credentials", "acme", "the login was refused", "set the key", 1_750_000_000.0)]
    async with running(tmp_path, app, more=f'listen = "{place}"') as here:
        await until(lambda: service.words().count("WATCHDOG") >= 2)
        async with httpx.AsyncClient(base_url=f"http://{place}") as client:
            answers = [await client.get(f"/healthz{what}") for what in ("", "/live", "/ready")]
        _, status = await here.ask("status")
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [
        (200, "degraded"),
        (200, "ok"),
        (503, "degraded"),
    ]
    [trouble] = status["troubles"]
    assert (trouble["kind"], trouble["name"], trouble["since"]) == ("credentials", "acme", "2025-06-15T10:06:40-05:00")
    assert (status["condition"], status["endpoints"][0]["reached_at"]) == ("degraded", "2025-06-15T10:06:40-05:00")
    assert any(message.endswith("running; credentials: acme") for message in service.heard)


async def test_a_journal_that_needs_a_restart_gets_one_from_the_watchdog_and_one_line(
    tmp_path: Path, service: Systemd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    app = StandIn(in_trouble=[Trouble("broken", "journal", "disk I/O error")])
    async with running(tmp_path, app):
        await until(lambda: app.ended.count("due") >= 1)
        await anyio.sleep(0.2)
    assert "WATCHDOG" not in service.words()
    assert capsys.readouterr().err.count("no progress: broken: journal") == 1


async def test_a_flow_that_fails_alike_again_and_again_is_two_lines_and_a_trouble(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = StandIn([every("bad", 0.02)], raises={"bad": JournalError("the journal refused")})
    async with running(tmp_path, app) as here:
        await until(lambda: app.begun.count("bad") >= 4)
        _, during = await here.ask("status")
        app.raises.clear()
        await until(lambda: app.ended.count("bad") >= 2)
        _, after = await here.ask("status")
    [trouble] = during["troubles"]
    assert (trouble["kind"], trouble["name"], trouble["why"]) == ("flow", "bad", "the journal refused")
    assert (trouble["failures"] >= 3, after["troubles"]) == (True, [])
    said = capsys.readouterr().err
    assert (said.count("the journal refused"), said.count("runs again after")) == (1, 1)


@pytest.mark.parametrize("place", ["", "vsock:2:1234", "/nowhere/at/all"])
def test_without_systemd_nothing_is_told_and_nothing_fails(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", place)
    assert systemd.notify("READY=1") is False


def test_a_systemd_that_does_not_read_never_stops_the_daemon(service: Systemd) -> None:
    began = time.monotonic()
    said = [systemd.notify("WATCHDOG=1") for _ in range(2000)]
    assert (said[0], said[-1]) == (True, False)
    assert time.monotonic() - began < 2


def test_an_abstract_socket_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    place = f"@d365edi-test-{os.getpid()}"
    listening = Systemd(place)
    monkeypatch.setenv("NOTIFY_SOCKET", place)
    assert systemd.notify("READY=1") is True
    assert listening.words() == ["READY"]
    listening.socket.close()


@pytest.mark.parametrize(
    ("limit", "owner", "interval"),
    [("60000000", "", 30.0), ("60000000", "me", 30.0), ("60000000", "1", None), ("", "", None), ("x", "", None)],
)
def test_the_watchdog_s_interval_is_half_its_limit_for_this_process_alone(
    monkeypatch: pytest.MonkeyPatch, limit: str, owner: str, interval: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if owner == "me" else owner)
    assert systemd.watchdog_interval() == interval


ZONE = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("cron", "after", "fires"),
    [
        ("*/10 6-20 * * mon-fri", "2025-01-31T20:55+01:00", "2025-02-03T06:00+01:00"),
        ("0 6 * * mon", "2025-01-29T12:00+01:00", "2025-02-03T06:00+01:00"),
        ("30 2 * * *", "2025-03-30T00:00+01:00", "2025-03-30T03:30+02:00"),
        ("15,45 * 1 jan *", "2025-02-01T00:00+01:00", "2026-01-01T00:15+01:00"),
    ],
)
def test_a_cron_line_fires_in_the_daemon_s_zone(cron: str, after: str, fires: str) -> None:
    made = schedule.trigger(FlowInfo("acme.pickup.edi", cron=cron), ZONE)
    moment = datetime.fromisoformat(after).astimezone(ZONE)
    assert made.get_next_fire_time(None, moment).astimezone(UTC) == datetime.fromisoformat(fires)


def test_an_interval_has_its_jitter_and_an_event_s_flow_looks_hourly() -> None:
    jittered = schedule.trigger(every("a", 60, jitter=timedelta(seconds=10)), ZONE)
    hourly = schedule.trigger(FlowInfo("b", on_event="Posted"), ZONE)
    assert (jittered.jitter, jittered.interval, hourly.interval) == (10, timedelta(seconds=60), timedelta(hours=1))


def test_a_cron_line_that_cannot_be_followed_names_its_flow() -> None:
    with pytest.raises(SettingsError) as caught:
        schedule.trigger(FlowInfo("acme.pickup.edi", cron="every day"), ZONE)
    assert str(caught.value).startswith('[partners.acme.pickup.edi] cron = "every day": ')


async def test_an_exception_that_nobody_awaited_is_said_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = StandIn([every("a", 0.05)])
    async with running(tmp_path, app) as here:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        before = len(app.ended)
        await until(lambda: len(app.ended) > before + 2)
    assert here.code == 0
    assert "ZeroDivisionError" in capsys.readouterr().err


async def test_the_loop_s_status_survives_json(tmp_path: Path) -> None:
    app = StandIn([every("a", 3600), FlowInfo("b", cron="0 0 1 1 *")])
    async with running(tmp_path, app) as here:
        _, status = await here.ask("status")
    assert json.loads(json.dumps(status)) == status
