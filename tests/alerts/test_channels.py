"""The channels over real wires: SMTP with TLS, HTTPS with signatures, and what each failure says."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from d365edi.alerts import channels, message
from d365edi.alerts.channels import Channel
from d365edi.alerts.message import Message
from d365edi.alerts.webhook import shaped
from d365edi.errors import CredentialsRejected, PlaceRefused, SettingsError, Throttled, Unavailable, Unreachable
from d365edi.sandbox.tls import TlsFiles
from d365edi.settings import Alerts, SecretRef
from tests.clock import Clock
from tests.servers.openssh import free_port
from tests.servers.smtp import MailServer, mail_server
from tests.servers.webhooks import Receiver, receiver

AT = datetime(2026, 11, 29, 10, tzinfo=UTC)
MESSAGE = message.test("edi1", AT.timestamp(), lambda at: datetime.fromtimestamp(at, UTC))
SECRETS = {"mail": "mail-word", "key": "webhook-word"}


def text(got: EmailMessage) -> str:
    """The text of a mail with the line ends of this machine (RFC 5322 has others)."""
    return str(got.get_content()).replace("\r\n", "\n")


def mail(to: int, authority: Path | None, **changes: Any) -> Channel:
    table = {
        "host": "127.0.0.1", "port": to, "username": "d365edi", "password": {"secret": "mail"},
        "from": "d365edi@contoso.example", "to": ["edi@contoso.example", "it@contoso.example"],
        "ca_file": authority, **changes,
    }  # fmt: skip
    [channel] = channels.of(Alerts.model_validate({"mail": table}), lambda reference: SECRETS[reference.secret])
    return channel


def webhook(to: Receiver | str, authority: Path | None, **changes: Any) -> Channel:
    url = to if isinstance(to, str) else to.url
    table = {"url": {"secret": "url"}, "key": {"secret": "key"}, "ca_file": authority, **changes}

    def reveal(reference: SecretRef) -> str:
        return {**SECRETS, "url": url}[reference.secret]

    [channel] = channels.of(Alerts.model_validate({"webhook": table}), reveal)
    return channel


async def failure(channel: Channel) -> Unavailable:
    error = await channel.try_to_send("one", MESSAGE)
    assert isinstance(error, Unavailable)
    return error


# -- mail -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("implicit", "how"), [(False, "starttls"), (True, "implicit")])
async def test_a_mail_arrives_over_tls_with_a_login(identity: TlsFiles, implicit: bool, how: str) -> None:
    async with mail_server(identity, implicit=implicit) as server:
        channel = mail(server.port, identity.authority, tls=how)
        assert await channel.try_to_send("one", MESSAGE) is None
        [(recipients, got)] = server.arrived
    assert recipients == ["edi@contoso.example", "it@contoso.example"]
    assert (got["From"], got["To"]) == ("d365edi@contoso.example", "edi@contoso.example, it@contoso.example")
    assert (got["Subject"], got["Message-ID"]) == ("[d365edi edi1] test of the alerts", "<one@contoso.example>")
    assert (got["Date"].datetime, got["Auto-Submitted"]) == (AT, "auto-generated")
    assert text(got) == MESSAGE.text


async def test_a_mail_is_text_in_utf8_and_no_header_is_added_by_what_it_says(
    mails: MailServer, identity: TlsFiles
) -> None:
    odd = Message("incidents", "edi1", AT.isoformat(), "Bürk\u00e9 \u2026 Bcc: x@y.example", "größer\n.\n..\nend\n")
    assert await mail(mails.port, identity.authority).try_to_send("two", odd) is None
    [(recipients, got)] = mails.arrived
    assert (got["Subject"], text(got), len(recipients)) == (odd.subject, odd.text, 2)
    assert "Bcc" not in got


@pytest.mark.parametrize(
    ("refuse", "kind", "sentence"),
    [
        (
            {"RCPT": "550 no such user"},
            PlaceRefused,
            "refuses every recipient (edi@contoso.example, it@contoso.example)",
        ),
        ({"RCPT": "450 greylisted"}, Unreachable, "takes no mail for edi@contoso.example"),
        ({"MAIL": "550 sender not allowed"}, PlaceRefused, "550 sender not allowed"),
        ({"DATA": "451 try later"}, Unreachable, "451 try later"),
        ({"DATA": "554 spam"}, PlaceRefused, "554 spam"),
    ],
)
async def test_what_the_mail_server_refuses(
    mails: MailServer, identity: TlsFiles, refuse: dict[str, str], kind: type[Unavailable], sentence: str
) -> None:
    mails.refuse = refuse
    error = await failure(mail(mails.port, identity.authority))
    assert (type(error), sentence in str(error), mails.arrived) == (kind, True, []), str(error)


async def test_one_recipient_that_is_refused_takes_it_from_no_other(
    mails: MailServer, identity: TlsFiles, logged: io.StringIO
) -> None:
    mails.refuse = {"RCPT it@contoso.example": "550 no such user"}
    assert await mail(mails.port, identity.authority).try_to_send("one", MESSAGE) is None
    assert [recipients for recipients, _ in mails.arrived] == [["edi@contoso.example"]]
    assert "it@contoso.example was refused" in logged.getvalue()


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"password": {"secret": "key"}}, CredentialsRejected, "refuses the login: 535"),
        ({"ca_file": None}, CredentialsRejected, "has a certificate that is not trusted"),
        ({"tls": "implicit"}, Unreachable, "does not take mail"),
        ({"port": free_port()}, Unreachable, "does not take mail"),
    ],
)
async def test_a_mail_server_that_lets_nobody_in(
    mails: MailServer, identity: TlsFiles, changes: dict[str, Any], kind: type[Unavailable], sentence: str
) -> None:
    error = await failure(mail(mails.port, identity.authority, **changes))
    assert (type(error), sentence in str(error), mails.arrived) == (kind, True, []), str(error)
    assert "webhook-word" not in str(error)


async def test_nothing_is_said_to_a_server_that_offers_no_tls(identity: TlsFiles) -> None:
    async with mail_server(identity, plain=True) as server:
        error = await failure(mail(server.port, identity.authority))
    assert (type(error), "STARTTLS" in str(error), server.arrived, server.logins) == (PlaceRefused, True, [], 0)


async def test_a_mail_whose_reply_is_lost_comes_again_under_the_same_id(mails: MailServer, identity: TlsFiles) -> None:
    channel = mail(mails.port, identity.authority)
    mails.lose = 1
    assert isinstance(await channel.try_to_send("one", MESSAGE), Unreachable)
    assert await channel.try_to_send("one", MESSAGE) is None
    assert [got["Message-ID"] for _, got in mails.arrived] == ["<one@contoso.example>"] * 2


# -- webhook ----------------------------------------------------------------------------------------------------------
async def test_a_request_is_signed_and_says_all_that_the_mail_says(identity: TlsFiles) -> None:
    async with receiver(identity) as got:
        assert await webhook(got, identity.authority).try_to_send("one", MESSAGE) is None
        [(id, body)] = got.arrived
        assert (id, got.signed) == ("one", True)
    assert body == {
        "id": "one", "type": "d365edi.test", "timestamp": MESSAGE.at, "host": "edi1", "subject": MESSAGE.subject,
        "text": MESSAGE.text, "begun": [], "ended": [],
    }  # fmt: skip


async def test_another_key_gives_another_signature_and_a_key_of_standard_webhooks_is_decoded(
    identity: TlsFiles,
) -> None:
    async with receiver(identity, key=b"\x00\xff" * 20) as got:
        await webhook(got, identity.authority).try_to_send("one", MESSAGE)
        assert got.signed is False
        secret = "whsec_" + base64.b64encode(b"\x00\xff" * 20).decode()
        table = {"url": {"secret": "url"}, "key": {"secret": "key"}, "ca_file": identity.authority}
        reveal = {"url": got.url, "key": secret}
        [channel] = channels.of(Alerts.model_validate({"webhook": table}), lambda reference: reveal[reference.secret])
        await channel.try_to_send("one", MESSAGE)
        assert got.signed is True


async def test_a_webhook_of_teams_needs_no_key_and_is_not_signed(identity: TlsFiles) -> None:
    async with receiver(identity) as got:
        assert await webhook(got, identity.authority, key=None, shape="teams").try_to_send("one", MESSAGE) is None
        assert (got.signed, got.arrived[0][1]["type"]) == (None, "message")


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        ((401, {}), CredentialsRejected, "answered 401"),
        ((404, {}), PlaceRefused, "answered 404; check address and shape"),
        ((302, {"location": "https://127.0.0.1:1/elsewhere"}), PlaceRefused, "answered 302"),
        ((429, {"retry-after": "77"}), Throttled, "answered 429"),
        ((503, {}), Unreachable, "answered 503"),
    ],
)
async def test_what_the_receiver_answers(
    identity: TlsFiles, answer: tuple[int, dict[str, str]], kind: type[Unavailable], sentence: str
) -> None:
    async with receiver(identity) as got:
        got.answers = [answer]
        channel = webhook(got, identity.authority)
        error = await failure(channel)
    assert (type(error), sentence in str(error), got.arrived) == (kind, True, []), str(error)
    if kind is Throttled:
        assert error.retry_after == 77.0


async def test_a_receiver_that_is_away_or_not_trusted_and_no_word_about_its_address(identity: TlsFiles) -> None:
    async with receiver(identity) as got:
        untrusted = await failure(webhook(got, None))
    away = await failure(webhook(got, identity.authority))
    assert (type(untrusted), type(away)) == (Unreachable, Unreachable)
    assert "CERTIFICATE_VERIFY_FAILED" in str(untrusted)
    assert "letmein" not in f"{untrusted} {away}"


@pytest.mark.parametrize("url", ["http://alerts.contoso.example/", "alerts.contoso.example", "https://a b"])
def test_an_address_without_tls_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(
        SettingsError, match='the secret "url" is not an https address; set it anew: d365edi secrets'
    ) as caught:
        webhook(url, None)
    assert "contoso" not in str(caught.value)


def test_authorities_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(SettingsError, match=r"^\[alerts.webhook.ca_file\] the certificates in"):
        webhook("https://127.0.0.1/", file)
    with pytest.raises(SettingsError, match=r"^\[alerts.mail.ca_file\] the certificates in"):
        mail(1, file)


def test_slack_gets_text_that_is_no_markup() -> None:
    odd = Message("incidents", "edi1", AT.isoformat(), "<!channel> & <http://x|y>", "<!channel> & *all*")
    made = json.loads(shaped("slack", "one", odd))
    assert made["text"] == "&lt;!channel&gt; &amp; &lt;http://x|y&gt;"
    assert made["blocks"][0]["text"] == {"type": "plain_text", "text": "<!channel> & *all*"}


def test_teams_gets_an_adaptive_card_whose_text_is_no_markup() -> None:
    odd = Message("incidents", "edi1", AT.isoformat(), "[a](http://x)", "one_two\n* three\n\nfour")
    [attachment] = json.loads(shaped("teams", "one", odd))["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [line["text"] for line in attachment["content"]["body"]] == [
        "\\[a\\]\\(http://x\\)", "one\\_two\n\n\\* three", "four",
    ]  # fmt: skip


# -- health -----------------------------------------------------------------------------------------------------------
async def test_a_channel_that_fails_rests_and_is_logged_when_it_begins_and_ends(
    mails: MailServer, identity: TlsFiles, logged: io.StringIO
) -> None:
    channel, clock = mail(mails.port, identity.authority), Clock(1000.0)
    channel.clock = clock
    mails.refuse = {"DATA": "451 try later"}
    for _ in range(3):
        await channel.try_to_send("one", MESSAGE)
        assert channel.rests()
        clock.now += 100.0
        assert not channel.rests()
    mails.refuse = {}
    await channel.try_to_send("one", MESSAGE)
    assert (channel.rests(), channel.health().reached_at is not None) == (False, True)
    assert [" ".join(line.split()[3:5]) for line in logged.getvalue().splitlines()] == [
        "alerts:mail waits",
        "alerts:mail reachable",
    ]


async def test_a_login_that_is_refused_rests_until_a_reload(
    mails: MailServer, identity: TlsFiles, logged: io.StringIO
) -> None:
    channel = mail(mails.port, identity.authority, password={"secret": "key"})
    await channel.try_to_send("one", MESSAGE)
    [line] = logged.getvalue().splitlines()
    assert "it is tried again in 15 min, at once after a reload; what waits for it then goes by itself" in line
    assert "ping" not in line
