"""The channels by which alerts go, as the settings name them, and what is known of each: reached, failing, resting.

Knows: settings, secrets, errors. Does not know: SMTP, HTTP, what a message says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import anyio

from d365edi import log
from d365edi.alerts.findings import CHANNEL
from d365edi.alerts.message import Message
from d365edi.endpoints import health
from d365edi.endpoints.health import RESTS, Health, Rests
from d365edi.errors import EndpointError, SettingsError, Unreachable

if TYPE_CHECKING:
    from d365edi.settings import Alerts, SecretRef

DEADLINE = 20.0
"""Seconds that one message may take on one channel."""

Reveal = Callable[["SecretRef"], str]


class Wire(Protocol):
    """One way to send a message."""

    async def send(self, id: str, message: Message) -> None:
        """Send it. An error of `errors.Unavailable` says who has to change what; `id` is the same in every attempt."""


@dataclass(slots=True)
class Channel:
    """A wire with its name ("mail", "webhook") and its health by the monotonic clock. One that fails rests as endpoints do."""

    name: str
    wire: Wire
    clock: Callable[[], float] = time.monotonic
    epoch: Callable[[], float] = time.time
    waits: Rests = RESTS
    _health: Health = field(init=False)

    def __post_init__(self) -> None:
        self._health = Health(f"{CHANNEL}{self.name}")

    def health(self) -> Health:
        """What is known of it; times are epoch seconds."""
        return self._health.shifted(self.epoch() - self.clock())

    def rests(self) -> bool:
        """Whether it must not be tried now."""
        return self._health.rests(self.clock())

    async def try_to_send(self, id: str, message: Message) -> EndpointError | None:
        """Send a message; the error where that failed. A change is logged once, as that of an endpoint."""
        began = self.clock()
        try:
            await send(self.wire, id, message)
        except EndpointError as error:
            kind = health.kind_of(error) or "place"
            self._keep(health.failed(self._health, error, kind, began, self.clock(), self.waits))
            return error
        self._keep(health.reached(self._health, began, self.clock()))
        return None

    def _keep(self, after: Health) -> None:
        if notice := health.notice(self._health, after, self.clock(), ping=False):
            log.say(notice.level, after.endpoint, notice.verb, notice.sentence)
            after = replace(after, said_at=self.clock())
        self._health = after


async def send(wire: Wire, id: str, message: Message) -> None:
    """Send a message within DEADLINE seconds, whoever is cancelled meanwhile: an attempt that began is finished and known.

    Unreachable where it takes longer, else as the wire's."""
    with anyio.CancelScope(shield=True):
        try:
            with anyio.fail_after(DEADLINE):
                await wire.send(id, message)
        except TimeoutError:
            raise Unreachable(f"it did not take a message within {DEADLINE:.0f} s") from None


def of(alerts: Alerts, reveal: Reveal) -> list[Channel]:
    """The channels of these settings, with their secrets. SettingsError where one cannot be used, or a secret is missing."""
    from d365edi.alerts import mail, webhook  # noqa: PLC0415 - nobody needs them without [alerts]

    found = []
    if (by := alerts.mail) is not None:
        password = reveal(by.password) if by.password else ""
        found.append(Channel("mail", mail.Mail(by, password)))
    if (to := alerts.webhook) is not None:
        url = reveal(to.url).strip()
        if not url.startswith("https://") or any(sign.isspace() for sign in url):
            remedy = f"set it anew: d365edi secrets set {to.url.secret}"
            raise SettingsError(
                f'the secret "{to.url.secret}" is not an https address', key="alerts.webhook.url", remedy=remedy
            )
        found.append(Channel("webhook", webhook.Webhook(to, url, reveal(to.key) if to.key else "")))
    return found


def usable(alerts: Alerts, reveal: Reveal) -> tuple[list[Channel], dict[str, SettingsError]]:
    """The channels that can be used, and why the others cannot: where one must do."""
    found: list[Channel] = []
    unusable = {}
    for name, others in (("mail", {"webhook": None}), ("webhook", {"mail": None})):
        try:
            found += of(alerts.model_copy(update=others), reveal)
        except SettingsError as error:
            unusable[name] = error
    return found, unusable
