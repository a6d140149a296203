"""`alert test` and `alert dead` as a person and systemd call them, over a real mail server and a real receiver."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from d365edi.alerts import dead
from d365edi.alerts.channels import Channel
from d365edi.alerts.message import Message
from d365edi.errors import Unreachable
from d365edi.journal import Journal
from d365edi.sandbox import tls
from tests.cli.conftest import SETTINGS, Call
from tests.servers.channels import channel_settings
from tests.servers.smtp import MailServer, mail_server
from tests.servers.webhooks import Receiver, receiver


@dataclass(frozen=True)
class Servers:
    """A mail server and a receiver that run in a thread of their own, and a folder whose settings name them."""

    portal: BlockingPortal
    mails: MailServer
    got: Receiver
    file: Path

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new, 1))


@pytest.fixture
def servers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    identity = tls.create(folder / "tls")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(mail_server(identity)) as mails,
        portal.wrap_async_context_manager(receiver(identity)) as got,
    ):
        secrets = {"D365": "d365-word", "MAIL": "mail-word", "URL": got.url, "KEY": "webhook-word"}
        for name, value in secrets.items():
            monkeypatch.setenv(f"D365EDI_SECRET_{name}", value)
        file = folder / "settings.toml"
        file.write_text(SETTINGS + channel_settings(mails.port, identity.authority))
        yield Servers(portal, mails, got, file)


def test_a_test_goes_to_every_channel(servers: Servers, call: Call) -> None:
    said = call("alert", "test")
    assert (said.code, said.out) == (0, "mail: took a test message\nwebhook: took a test message\n")
    assert [each.partition("] ")[2] for each in servers.mails.subjects] == ["test of the alerts"]
    assert (servers.got.subjects, servers.got.signed) == (servers.mails.subjects, True)


def test_a_channel_that_does_not_take_the_test_says_what_to_change_and_the_other_takes_it(
    servers: Servers, call: Call
) -> None:
    servers.mails.refuse = {"RCPT": "550 no such user"}
    said = call("alert", "test")
    assert said.code == 3
    assert "mail: FAILED: 127.0.0.1" in said.out
    assert "correct `to` under [alerts.mail]" in said.out
    assert "webhook: took a test message" in said.out


def test_without_a_table_there_is_nobody_to_tell(folder: Path, call: Call) -> None:
    said = call("alert", "test")
    assert (said.code, "there is no [alerts] table, and nobody is told" in said.err) == (2, True)
    said = call("alert", "dead")
    assert (said.code, "nobody is told" in said.out) == (0, True)


def test_a_table_that_is_wrong_is_said_to_be(servers: Servers, call: Call) -> None:
    servers.change("[alerts.webhook]", "[alerts.webhoook]")
    said = call("alert", "dead")
    assert (said.code, "[alerts] the table is wrong; what is: d365edi check" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("secret", "value", "sentence"),
    [
        ("URL", "http://alerts.example/x?sig=letmein", 'the secret "url" is not an https address'),
        ("MAIL", "", 'there is no secret "mail"'),
        ("KEY", "whsec_*", 'the secret "key" begins with whsec_'),
    ],
)
def test_a_secret_that_is_missing_or_wrong_is_refused_by_check(
    servers: Servers, call: Call, monkeypatch: pytest.MonkeyPatch, secret: str, value: str, sentence: str
) -> None:
    assert call("check").code == 0
    monkeypatch.setenv(f"D365EDI_SECRET_{secret}", value)
    said = call("check")
    assert (said.code, sentence in said.err, "letmein" in said.err) == (2, True, False), said


def test_a_daemon_that_does_not_run_is_told_once_with_what_systemd_says(
    servers: Servers, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_UNIT", "d365edi.service")
    monkeypatch.setenv("MONITOR_SERVICE_RESULT", "exit-code")
    monkeypatch.setenv("MONITOR_EXIT_STATUS", "2")
    monkeypatch.setenv("MONITOR_INVOCATION_ID", "0123456789abcdef")
    said = call("alert", "dead")
    assert (said.code, said.out.splitlines()[0]) == (0, "mail: took that the daemon does not run")
    [(id, body)] = servers.got.arrived
    assert (id, body["type"], body["begun"][0]["name"]) == ("dead-0123456789abcdef", "d365edi.dead", "d365edi")
    assert "(exit-code, 2)" in body["text"]
    assert json.loads(dead.marker(servers.file.with_name("journal.db")).read_text())["since"] > 0


def test_it_is_told_when_the_journal_is_locked_or_gone_and_when_the_settings_are_wrong(
    servers: Servers, call: Call
) -> None:
    journal = servers.portal.call(Journal.open, servers.file.with_name("journal.db"))
    assert call("alert", "dead").code == 0
    servers.portal.call(journal.close)
    servers.change('journal = "journal.db"', 'journal = "away/journal.db"')
    assert call("alert", "dead").code == 0
    servers.change('host = "contoso.example"', 'hots = "contoso.example"')
    assert (call("check").code, call("alert", "dead").code) == (2, 0)
    assert len(servers.mails.arrived) == len(servers.got.arrived) == 3


def test_a_channel_whose_secret_is_gone_keeps_the_other_from_nothing(
    servers: Servers, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("D365EDI_SECRET_MAIL")
    said = call("alert", "dead")
    assert (said.code, len(servers.got.arrived)) == (3, 1)
    assert 'there is no secret "mail"' in said.out


def test_another_unit_that_failed_is_named_and_leaves_no_mark(
    servers: Servers, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_UNIT", "d365edi-backup.service")
    assert call("alert", "dead").code == 0
    assert re.search("d365edi-backup has failed", servers.got.arrived[0][1]["text"])
    assert not dead.marker(servers.file.with_name("journal.db")).exists()


async def test_a_channel_that_is_away_is_tried_again_and_its_failure_is_the_answer() -> None:
    class Away:
        tried = 0

        async def send(self, id: str, message: Message) -> None:
            self.tried += 1
            if self.tried < 3:
                raise Unreachable("away")

    late, never = Channel("mail", Away()), Channel("webhook", Away())
    left = await dead.tell([late], {}, None, 0.0, attempts=3, pause=0.0)
    assert left == {"mail": None}
    left = await dead.tell([never], {}, None, 0.0, attempts=2, pause=0.0)
    assert str(left["webhook"]) == "away"
