"""The service over a real journal and real wires: what is stored before it is sent, and what a restart, a channel that is away,
a journal that cannot store and a clock that is set make of it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from d365edi import log, secrets
from d365edi.alerts import channels, dead
from d365edi.alerts.channels import Channel
from d365edi.alerts.service import UNPROVEN_FOR, AlertService
from d365edi.condition import Observation, Trouble
from d365edi.endpoints.health import Health
from d365edi.errors import JournalGoneError
from d365edi.journal import Alert, Incident, Journal, Tx
from d365edi.sandbox.tls import TlsFiles
from d365edi.settings import Settings, load
from tests.clock import Clock
from tests.servers.channels import channel_settings
from tests.servers.smtp import MailServer
from tests.servers.webhooks import Receiver, receiver
from tests.settings.conftest import RIGHT

NOON = 1_790_000_000.0
AWAY = Trouble("unreachable", "acme", "the connection was refused", since=NOON - 5)
REFUSED = Trouble("credentials", "acme", "the login was refused", "correct the password")
REACHED = Health("acme", reached_at=NOON)


@dataclass
class Scene:
    """Settings with a mail server and a receiver, a journal, and what the daemon is to observe."""

    settings: Settings
    mails: MailServer
    got: Receiver
    wall: Clock
    monotonic: Clock = field(default_factory=lambda: Clock(0.0))
    seen: Observation = field(default_factory=Observation)

    @property
    def path(self) -> Path:
        return self.settings.daemon.journal

    @contextlib.asynccontextmanager
    async def service(
        self, use: Callable[[Channel], bool] = lambda _: True
    ) -> AsyncIterator[tuple[AlertService, Journal]]:
        """A process of its own, as far as the service can tell."""
        alerts = self.settings.alerts
        assert alerts is not None
        by = [channel for channel in channels.of(alerts, self.settings.secret) if use(channel)]
        for channel in by:
            channel.clock = self.monotonic
        async with await Journal.open(self.path, clock=self.wall) as journal:
            service = AlertService(
                self.settings, alerts, journal, by, lambda: self.seen, wall=self.wall, monotonic=self.monotonic
            )
            yield service, journal

    def later(self, seconds: float) -> None:
        self.wall.now += seconds
        self.monotonic.now += seconds

    async def turns(self, service: AlertService, *seconds: float) -> None:
        """A turn after each of these times."""
        for each in seconds:
            self.later(each)
            await service.turn()


def written(
    folder: Path, identity: TlsFiles, mails: MailServer, got: Receiver, more: str = "", digest: str = "off"
) -> Settings:
    text = f"""
[alerts]
delay = "60s"
unreachable = "600s"
settled = "30s"
every = "100s"
digest = "{digest}"
{more}
{channel_settings(mails.port, identity.authority)}"""
    file = folder / "settings.toml"
    file.write_text(RIGHT + text)
    environ = {
        "D365EDI_SECRET_MAIL": "mail-word", "D365EDI_SECRET_URL": got.url, "D365EDI_SECRET_KEY": "webhook-word",
        "D365EDI_SECRET_D365": "d365-word", "D365EDI_SECRET_ACME_SSH_KEY": "ssh-word",
    }  # fmt: skip
    return load(file, environ, keyring=secrets.keyring(log.hide))


@pytest.fixture
async def here(tmp_path: Path, identity: TlsFiles, mails: MailServer) -> AsyncIterator[Scene]:
    async with receiver(identity) as got:
        yield Scene(written(tmp_path, identity, mails, got), mails, got, Clock(NOON))


async def stored(journal: Journal) -> tuple[list[Incident], list[Alert]]:
    return await journal.read(lambda tx: (tx.alerts.incidents(), tx.alerts.waiting()))


async def test_begin_and_end_of_an_incident_are_told_once_on_every_channel(here: Scene) -> None:
    async with here.service() as (service, journal):
        here.seen = Observation([AWAY], [Health("acme", failing_since=NOON)])
        await here.turns(service, 0, *[60] * 12)
        [began] = here.mails.subjects
        assert began.endswith("acme does not answer: the connection was refused")
        assert here.got.arrived[0][1]["begun"][0] == {
            "kind": "unreachable", "name": "acme", "what": "acme does not answer: the connection was refused",
            "remedy": "nothing is lost, and it goes on by itself; to try it now: d365edi ping acme",
            "since": "2026-09-21T09:13:15-05:00", "seconds": 600,
        }  # fmt: skip
        here.seen = Observation([], [REACHED])
        await here.turns(service, 20, 20, 60, 60)
        assert here.mails.subjects == here.got.subjects
        assert here.mails.subjects[1:] == [began.replace("] acme", "] over: acme")]
        assert await stored(journal) == ([], [])
        assert here.got.signed


async def test_what_heals_itself_within_the_delay_is_not_told(here: Scene) -> None:
    async with here.service() as (service, journal):
        here.seen = Observation([AWAY])
        await here.turns(service, 0, 60, 60, 60)
        here.seen = Observation([], [REACHED])
        await here.turns(service, 60, 60, 600, 600)
        assert (here.mails.arrived, await stored(journal)) == ([], ([], []))


async def test_a_restart_goes_on_with_the_delay_and_tells_an_end_only_of_what_was_tried(here: Scene) -> None:
    here.seen = Observation([AWAY])
    async with here.service() as (service, _):
        await here.turns(service, 0, *[60] * 6)
    here.later(5.0)
    async with here.service() as (service, _):
        await here.turns(service, 0, *[60] * 5)
        assert len(here.mails.arrived) == 1
    async with here.service() as (service, _):
        here.seen = Observation([], [Health("acme")])  # nothing was asked of it since the start
        await here.turns(service, 0, 100, 100, 100)
        assert len(here.mails.arrived) == 1
        here.seen = Observation([], [REACHED])
        await here.turns(service, 0, 100, 100)
        assert [len(here.mails.arrived), len(here.got.arrived)] == [2, 2]


async def test_an_endpoint_that_is_in_no_settings_any_more_or_was_not_tried_for_a_day_is_over(here: Scene) -> None:
    here.seen = Observation([AWAY, Trouble("credentials", "globex", "no"), Trouble("flow", "acme.send.810", "no")])
    async with here.service() as (service, _):
        await here.turns(service, 0, 600)
        here.seen = Observation([], [Health("acme")])
        await here.turns(service, 100, 100)
        ended = [each["name"] for _, body in here.got.arrived for each in body["ended"]]
        assert ended == ["globex"]
        await here.turns(service, UNPROVEN_FOR, 100)
        ended = [each["name"] for _, body in here.got.arrived for each in body["ended"]]
        assert sorted(ended) == ["acme", "acme.send.810", "globex"]


async def test_what_a_channel_does_not_take_waits_in_the_journal_and_goes_once_it_does(here: Scene) -> None:
    here.seen = Observation([REFUSED])
    here.mails.refuse = {"DATA": "451 try later"}
    async with here.service() as (service, journal):
        await here.turns(service, 0, 60)
        assert [(each.channel, each.attempts) for each in (await stored(journal))[1]] == [("mail", 1)]
        assert [(each.kind, each.name) for each in service.troubles()] == [("unreachable", "alerts:mail")]
        assert (len(here.got.arrived), here.mails.arrived) == (1, [])
    here.mails.refuse = {}
    async with here.service() as (service, journal):
        await here.turns(service, 10)
        assert (len(here.got.arrived), len(here.mails.arrived)) == (1, 1)
        assert (await stored(journal))[1] == []
        assert here.got.arrived[0][0] in here.mails.arrived[0][1]["Message-ID"]


async def test_a_channel_that_fails_is_told_on_the_other_one_and_never_on_itself(here: Scene) -> None:
    here.mails.refuse = {"DATA": "554 no"}
    here.seen = Observation([REFUSED])
    async with here.service() as (service, _):
        await here.turns(service, 0, 60)
        here.seen = Observation([REFUSED, *service.troubles()])
        await here.turns(service, 60, 60)
        assert [each["name"] for _, body in here.got.arrived for each in body["begun"]] == ["acme", "alerts:mail"]
        assert "then: d365edi alert test" in here.got.arrived[1][1]["text"]
    here.mails.refuse = {}
    async with here.service(lambda channel: channel.name == "mail") as (service, _):
        here.seen = Observation([Trouble("place", "alerts:mail", "no"), REFUSED])
        await here.turns(service, 0, 300, 300)
        assert not any("alerts:mail begin" in subject for subject in here.mails.subjects)


async def test_a_channel_that_was_taken_out_of_the_settings_keeps_nothing_waiting(here: Scene) -> None:
    here.mails.refuse = {"DATA": "554 no"}
    here.seen = Observation([REFUSED])
    async with here.service() as (service, _):
        await here.turns(service, 0, 60)
    async with here.service(lambda channel: channel.name == "webhook") as (service, journal):
        await here.turns(service, 10)
        assert (await stored(journal))[1] == []


async def test_of_many_messages_that_wait_the_oldest_are_dropped_and_that_is_logged(here: Scene) -> None:
    here.mails.refuse = {"DATA": "451 no"}
    async with here.service() as (service, journal):
        for number in range(60):
            here.seen = Observation([Trouble("flow", f"acme.send.{number}", "no")], ran=frozenset())
            await here.turns(service, 0, 100)
        waiting = (await stored(journal))[1]
        assert ({each.channel for each in waiting}, len(waiting)) == ({"mail"}, 50)
        assert len(here.got.arrived) == 60


async def test_while_the_journal_cannot_store_it_is_told_from_memory_and_stored_afterwards(here: Scene) -> None:
    async with here.service() as (service, journal):
        await here.turns(service, 0)
        await journal.write(lambda tx: pages(tx, None))
        here.seen = Observation([Trouble("journal", "journal", "the disk is full")])
        await here.turns(service, 10, *[60] * 3)
        big = "x" * 100_000
        here.seen = Observation([Trouble("journal", "journal", "the disk is full"), Trouble("flow", "f", big)])
        await here.turns(service, *[60] * 4)
        assert any("nothing can be stored" in subject for subject in here.mails.subjects)
        assert len(here.mails.arrived) == len(here.got.arrived) == 2
        await journal.write(lambda tx: pages(tx, 1 << 30))
        here.seen = Observation(ran=frozenset({"f"}))
        await here.turns(service, 10, 60, 60)
        assert await stored(journal) == ([], [])
        [(sent,)] = await journal.read(
            lambda tx: tx.unit.connection.execute("SELECT count(*) FROM alerts WHERE state = 'sent'").fetchall()
        )
        assert sent == 2 * len(here.mails.arrived) == 6


def pages(tx: Tx, most: int | None) -> None:
    (count,) = tx.unit.connection.execute("PRAGMA page_count").fetchone()
    tx.unit.connection.execute(f"PRAGMA max_page_count = {most or count}")


async def test_a_clock_that_is_set_begins_and_ends_nothing(here: Scene) -> None:
    async with here.service() as (service, _):
        here.seen = Observation([AWAY])
        await here.turns(service, 0, 60)
        here.wall.now += 401 * 86_400
        await here.turns(service, 60, 60)
        here.wall.now -= 402 * 86_400
        await here.turns(service, 60)
        assert here.mails.arrived == []
        await here.turns(service, *[60] * 6)
        assert len(here.mails.arrived) == 1


async def test_a_digest_goes_once_a_day_at_its_time(tmp_path: Path, identity: TlsFiles, mails: MailServer) -> None:
    async with receiver(identity) as got:
        settings = written(tmp_path, identity, mails, got, digest="10:00")
        here = Scene(settings, mails, got, Clock(NOON))  # 09:13 in Chicago
        async with here.service() as (service, _):
            await here.turns(service, 0, *[600] * 5)
            [subject] = mails.subjects
            assert subject.endswith("daily digest: all is well")
            here.seen = Observation([REFUSED])
            await here.turns(service, *[3600] * 23)
        async with here.service() as (service, _):
            await here.turns(service, 3600, 600)
            assert [each.partition("] ")[2] for each in mails.subjects[1:]] == [
                "acme lets d365edi in no more: the login was refused",
                "daily digest: one thing is the matter",
            ]
            assert "* acme lets d365edi in no more" in str(mails.arrived[-1][1].get_content())
            here.wall.now -= 3600
            await here.turns(service, 60, 600)
            assert len(mails.arrived) == 3


@pytest.mark.parametrize("kind", ["clock", "flow"])
async def test_the_end_of_a_secret_is_told_but_not_by_a_clock_in_doubt(
    tmp_path: Path, identity: TlsFiles, mails: MailServer, kind: str
) -> None:
    async with receiver(identity) as got:
        day = (datetime.fromtimestamp(NOON, UTC) + timedelta(days=20)).date().isoformat()
        settings = written(tmp_path, identity, mails, got, f"secrets = {{ d365 = {day} }}")
        here = Scene(settings, mails, got, Clock(NOON))
        here.seen = Observation([Trouble("clock" if kind == "clock" else "flow", "x", "y")])
        async with here.service() as (service, _):
            await here.turns(service, 0)
            [ending] = service.ends()
        assert (ending["name"], ending["why"].startswith(f'the secret "d365" ends on {day}; ')) == ("secret d365", True)
        told = [each["what"] for _, body in got.arrived for each in body["begun"]]
        assert told == ([] if kind == "clock" else [f'the secret "d365" ends on {day}'])


async def test_that_the_daemon_was_dead_is_told_as_over_once_it_runs(here: Scene) -> None:
    by = channels.of(here.settings.alerts, here.settings.secret) if here.settings.alerts else []
    told = await dead.tell(by, {}, here.path, here.wall(), here.settings.daemon.timezone)
    assert told == {"mail": None, "webhook": None}
    here.later(600.0)
    for _ in range(2):
        async with here.service() as (service, _):
            await here.turns(service, 0, 30, 30, 100)
    assert [each.partition("] ")[2] for each in here.mails.subjects] == [
        "d365edi has stopped",
        "over: d365edi had stopped",
    ]
    assert not dead.marker(here.path).exists()


async def test_a_message_is_queued_in_the_log_until_the_channel_took_it(here: Scene, logged: io.StringIO) -> None:
    async with here.service(lambda channel: channel.name == "webhook") as (service, _):
        here.seen = Observation([REFUSED])
        here.got.answers = [(500, {}), (500, {})]
        await here.turns(service, 0, 60, 1, 10, 1)
        text = logged.getvalue()
        assert text.count(" queued ") == text.count("what is the matter, to be sent by webhook") == 1
        assert text.count("alerts:webhook     waits ") == 1
        assert " delivered " not in text
        await here.turns(service, 60, 60)
        assert logged.getvalue().count("alerts:webhook     delivered  what is the matter ") == 1


async def test_a_failure_of_the_service_is_logged_once_and_stops_nothing(here: Scene, logged: io.StringIO) -> None:
    async with here.service() as (service, _):
        here.seen = Observation(health=[None])  # type: ignore[list-item]
        await here.turns(service, 0)
        here.seen = Observation([None])  # type: ignore[list-item]
        await here.turns(service, 0, 60, 60)
        here.seen = Observation([REFUSED])
        await here.turns(service, 60, 60)
        assert len(here.mails.arrived) == 1
    assert logged.getvalue().count("what is the matter cannot be told") == 1
    assert "it can be told again" in logged.getvalue()


async def test_a_daemon_that_ends_again_and_again_is_told_and_one_that_is_stopped_is_not(here: Scene) -> None:
    async def process(*, killed: bool) -> None:
        async with here.service() as (service, _), anyio.create_task_group() as group:
            if killed:
                await here.turns(service, 0)
            else:
                group.start_soon(service.run)
                await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()

    for _ in range(5):
        here.later(200.0)
        await process(killed=False)
    for _ in range(3):
        here.later(200.0)
        await process(killed=True)
    assert here.mails.arrived == []
    here.later(200.0)
    async with here.service() as (service, _):
        await here.turns(service, 0)
        assert [each.partition("] ")[2] for each in here.mails.subjects] == [
            "d365edi ended 3 times within an hour although nobody stopped it, and was started again"
        ]
        await here.turns(service, 3600, 60, 60)
        assert "over: d365edi ended 3 times" in here.mails.subjects[1]


async def test_a_journal_that_is_gone_ends_it_as_it_ends_every_flow(here: Scene, logged: io.StringIO) -> None:
    async with here.service() as (service, _):
        await here.turns(service, 0)
        here.path.rename(here.path.with_name("away.db"))
        with pytest.raises(JournalGoneError):
            await service.run()
    assert "journal" not in logged.getvalue()  # who ends for it says it
