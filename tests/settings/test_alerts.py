"""[alerts]: what it takes, and which mistakes are refused before anything starts."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest

from d365edi.errors import SettingsError
from d365edi.settings import SecretRef
from tests.settings.conftest import Reading

MAIL = """
[alerts.mail]
host = "smtp.contoso.example"
from = "d365edi@contoso.example"
to = ["edi@contoso.example"]
"""
WEBHOOK = """
[alerts.webhook]
url = { secret = "alerts-url" }
key = { secret = "alerts-webhook" }
"""


def added(text: str) -> tuple[str, str]:
    """The change that adds a text at the end of the settings."""
    last = 'to = { endpoint = "acme", path = "/inbound" }\nevery = "15m"\n'
    return last, f"{last}\n{text}"


def test_without_the_table_nobody_is_told(reading: Reading) -> None:
    assert reading().alerts is None


def test_what_is_left_out_is_as_the_example_says(reading: Reading) -> None:
    alerts = reading(added(MAIL)).alerts
    assert alerts is not None
    assert alerts.mail is not None
    assert (alerts.delay, alerts.unreachable, alerts.settled, alerts.every) == (
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(minutes=2),
        timedelta(minutes=5),
    )
    assert (alerts.digest, alerts.expires, alerts.secrets) == (time(7), timedelta(days=30), {})
    assert (alerts.mail.port, alerts.mail.tls, alerts.mail.sender) == (587, "starttls", "d365edi@contoso.example")


def test_an_address_that_lets_in_whoever_knows_it_is_a_secret(reading: Reading) -> None:
    text = '\n[alerts.webhook]\nurl = { secret = "teams" }\nshape = "teams"\n'
    settings = reading(added(text))
    assert settings.alerts is not None
    assert settings.alerts.webhook is not None
    assert settings.alerts.webhook.url == SecretRef(secret="teams")
    assert "teams" in [named.name for named in settings.references()]


def test_secrets_have_a_last_day_by_their_names(reading: Reading) -> None:
    alerts = reading(added("\n[alerts]\nsecrets = { d365 = 2027-01-31 }\n" + MAIL)).alerts
    assert alerts is not None
    assert alerts.secrets == {"d365": date(2027, 1, 31)}


@pytest.mark.parametrize(
    ("text", "key", "sentence"),
    [
        ('[alerts]\ndelay = "1m"\n', "alerts", "tells nobody; add [alerts.mail] or [alerts.webhook]"),
        (MAIL.replace('["edi@contoso.example"]', "[]"), "alerts.mail.to", "must not be empty"),
        (MAIL.replace("edi@contoso.example", "edi"), "alerts.mail.from", "is not a mail address"),
        (MAIL + 'username = "us"\n', "alerts.mail", "has one of `username` and `password`"),
        (MAIL + 'password = "hunter22"\n', "alerts.mail.password", "contains a secret itself"),
        (MAIL + 'tls = "none"\n', "alerts.mail.tls", 'must be "starttls" or "implicit"'),
        ('[alerts.webhook]\nurl = "https://hunter22"\n', "alerts.webhook.url", "contains a secret itself"),
        (re.sub("key = .*", "", WEBHOOK), "alerts.webhook", "has no `key` to sign with"),
        (f'[alerts]\ndigest = "7"\n{MAIL}', "alerts.digest", 'is neither a time of day nor "off"'),
        (
            f"[alerts]\nsecrets = {{ d365 = 7 }}\n{MAIL}",
            "alerts.secrets.d365",
            "is not a date; write d365 = 2027-01-31",
        ),
        (f"[alerts]\nsecrets = {{ d364 = 2027-01-31 }}\n{MAIL}", "alerts.secrets.d364", 'did you mean "d365"?'),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_remedy(reading: Reading, text: str, key: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        reading(added(text))
    said = str(caught.value)
    assert (f"[{key}]" in said, sentence in said) == (True, True), said
    assert "hunter22" not in said
