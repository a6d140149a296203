"""[alerts]: who is told by mail or webhook that something is the matter, after which delay, and what is near its end.

Knows: recipients, delays, days. Does not know: SMTP, HTTP, which troubles there are.
"""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .section import SECRET_NAME, SettingsSection
from .section import Secret as Reference
from .values import Duration, Existing, Host, Span, Text, Whole, invalid

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def _mail_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise invalid("is not a mail address", 'write it alone, as "edi@contoso.example"')
    return value


MailAddress = Annotated[str, AfterValidator(_mail_address)]
"""A mail address without a name."""


class Mail(SettingsSection):
    """Alerts by mail, over TLS only."""

    host: Host
    """The SMTP server."""
    port: Annotated[Whole, Field(ge=1, le=65535)] = 587
    """Its port."""
    tls: Literal["starttls", "implicit"] = "starttls"
    """How TLS begins: by STARTTLS (587, 25), or with the connection (465)."""
    username: Text | None = None
    """Our login; left out: none."""
    password: Reference | None = None
    """Its password."""
    sender: MailAddress = Field(alias="from")
    """The address that alerts come from."""
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    """Who is told."""
    ca_file: Existing | None = None
    """Further certificate authorities, PEM."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise invalid("has one of `username` and `password`", "write both, or none where the server needs no login")
        return self


class Webhook(SettingsSection):
    """Alerts as HTTPS requests."""

    url: Reference
    """The https address that they are posted to; a secret, because those of Teams and Slack let in whoever knows them."""
    key: Reference | None = None
    """The key of the HMAC signature (Standard Webhooks); `shape = "json"` needs one."""
    shape: Literal["json", "slack", "teams"] = "json"
    """What the receiver takes: our JSON, or a message for Slack or Teams."""
    ca_file: Existing | None = None
    """Further certificate authorities, PEM."""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.shape == "json" and self.key is None:
            raise invalid("has no `key` to sign with", 'write key = { secret = "alerts-webhook" }')
        return self


def _daily(value: object) -> object:
    if value == "off" or isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise invalid('is neither a time of day nor "off"', 'write it as "07:00"')


def _last_days(value: object) -> object:
    if not isinstance(value, Mapping):
        raise invalid("must be a table", "write secrets = { d365 = 2027-01-31 }")
    return {name: _last_day(name, day) for name, day in value.items()}


def _last_day(name: object, day: object) -> date:
    if not isinstance(name, str) or not SECRET_NAME.fullmatch(name):
        raise invalid("is not the name of a secret", "write it as under { secret = ... }", inside=(str(name),))
    try:
        if isinstance(day, str):
            return date.fromisoformat(day)
    except ValueError:
        pass
    if not isinstance(day, date) or hasattr(day, "hour"):
        raise invalid("is not a date", f"write {name} = 2027-01-31", inside=(name,))
    return day


class Alerts(SettingsSection):
    """Who is told that something is the matter: one message when it begins and one when it is over."""

    mail: Mail | None = None
    """By mail."""
    webhook: Webhook | None = None
    """By webhook."""
    delay: Span = timedelta(minutes=5)
    """For so long it must last before anybody is told."""
    unreachable: Span = timedelta(minutes=30)
    """The same for an endpoint that does not answer or asks for a pause: most are back by then."""
    settled: Span = timedelta(minutes=2)
    """For so long it must be gone before its end is told, and before its delay begins anew."""
    every: Span = timedelta(minutes=5)
    """At most one message in this time; what comes meanwhile goes into the next one."""
    digest: Annotated[time | Literal["off"], BeforeValidator(_daily)] = time(7)
    """When the daily digest is sent, in the daemon's time zone, or "off"."""
    expires: Duration = timedelta(days=30)
    """So long before its end a certificate or secret is reported."""
    secrets: Annotated[Mapping[str, date], BeforeValidator(_last_days)] = Field(default_factory=dict)
    """The last day of secrets that end, by their names."""

    @model_validator(mode="before")
    @classmethod
    def _somebody(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data.get("mail") and not data.get("webhook"):
            raise invalid("tells nobody", "add [alerts.mail] or [alerts.webhook], or leave [alerts] out")
        return data
