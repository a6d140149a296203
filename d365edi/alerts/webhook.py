"""Alerts as HTTPS requests, signed as Standard Webhooks has it; for Slack and Teams in their shape.

    POST <url>
    webhook-id: <the same in every attempt>   webhook-timestamp: <epoch seconds>
    webhook-signature: v1,<base64 of HMAC-SHA256(key, "<id>.<timestamp>.<body>")>

The key is that of the secret: base64 behind `whsec_`, else its bytes in UTF-8. A receiver that remembers ids tells a
repetition after a lost reply.

Knows: HTTP, the signature, what Slack and Teams take. Does not know: incidents, when anything is sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from d365edi.alerts import trust
from d365edi.alerts.message import Message
from d365edi.endpoints.retry_after import retry_after
from d365edi.endpoints.transport import HttpAnswer, HttpTransport, Limits
from d365edi.errors import (
    CredentialsRejected,
    EndpointError,
    PlaceRefused,
    Refused,
    SettingsError,
    Throttled,
    Unreachable,
)

if TYPE_CHECKING:
    from d365edi.settings import Webhook as WebhookSettings

_PEER = "the webhook's server"
_LIMITS = Limits(connections=1, connect=10.0, read=15.0, write=10.0, overall=18.0, answer=64 << 10)
_PREFIX = "whsec_"
SLACK_MOST = 3000
"""Characters of a section of Slack."""


class Webhook:
    """A receiver of requests. No connection is kept."""

    def __init__(self, settings: WebhookSettings, url: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._shape = settings.shape
        self._stored_as = [each.secret for each in (settings.url, settings.key) if each is not None]
        self._url = url
        self._key = signing_key(key, settings)
        self._clock = clock
        self._tls = trust.context(settings.ca_file, "alerts.webhook")

    async def send(self, id: str, message: Message) -> None:
        """As `channels.Wire`."""
        body = shaped(self._shape, id, message)
        headers = {"Content-Type": "application/json", **signed(self._key, id, int(self._clock()), body)}
        transport = HttpTransport("alerts:webhook", _PEER, _LIMITS, verify=self._tls)
        try:
            answer = await transport.send("POST", self._url, headers=headers, content=body)
        except Refused as error:
            remedy = f"set the address anew: d365edi secrets set {self._stored_as[0]}, and systemctl reload d365edi"
            raise PlaceRefused(error.message, remedy=remedy) from None
        finally:
            await transport.close()
        if not 200 <= answer.status_code < 300:
            raise _verdict(answer, self._clock(), self._stored_as)


def signing_key(secret: str, settings: WebhookSettings) -> bytes:
    """The bytes of the key. SettingsError where what follows `whsec_` is no base64."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        name = settings.key.secret if settings.key else "NAME"
        message = f'the secret "{name}" begins with {_PREFIX} and is no base64 behind it'
        raise SettingsError(
            message, key="alerts.webhook.key", remedy=f"set it anew: d365edi secrets set {name}"
        ) from None


def signed(key: bytes, id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a signed request; without a key those that say which message it is."""
    headers = {"webhook-id": id, "webhook-timestamp": str(at)}
    if key:
        digest = hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def shaped(shape: str, id: str, message: Message) -> bytes:
    """The body in the shape that the receiver takes."""
    made = {"json": _own, "slack": _slack, "teams": _teams}[shape](id, message)
    return json.dumps(made, ensure_ascii=False).encode()


def _own(id: str, message: Message) -> dict[str, Any]:
    return {
        "id": id,
        "type": f"d365edi.{message.kind}",
        "timestamp": message.at,
        "host": message.host,
        "subject": message.subject,
        "text": message.text,
        "begun": list(message.begun),
        "ended": list(message.ended),
    }


def _slack(_: str, message: Message) -> dict[str, Any]:
    """Slack's own signs are three (&, <, >); whatever else a text has is shown as it is."""
    text = message.text if len(message.text) <= SLACK_MOST else f"{message.text[:SLACK_MOST]}..."
    block = {"type": "section", "text": {"type": "plain_text", "text": text}}
    subject = message.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": subject, "blocks": [block]}


def _teams(_: str, message: Message) -> dict[str, Any]:
    """An Adaptive Card, as the workflow "Post to a channel when a webhook request is received" takes it."""
    lines = [
        {"type": "TextBlock", "text": _plain(message.subject), "weight": "bolder", "wrap": True},
        *({"type": "TextBlock", "text": _plain(part), "wrap": True} for part in message.text.strip().split("\n\n")),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _plain(text: str) -> str:
    """A text in which nothing is Markdown to an Adaptive Card; its line breaks stay."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]()#~>" else sign for sign in text).replace("\n", "\n\n")


def _verdict(answer: HttpAnswer, now: float, stored_as: Sequence[str]) -> EndpointError:
    said = f"{_PEER} answered {answer.status_code}"
    if answer.status_code in (401, 403):
        store = ", ".join(f"d365edi secrets set {name}" for name in stored_as)
        remedy = f"set address and key anew: {store}; then: systemctl reload d365edi"
        return CredentialsRejected(said, remedy=remedy)
    if answer.status_code == 429:
        return Throttled(said, retry_after=retry_after(answer.headers, now))
    if answer.status_code >= 500 or answer.status_code == 408:
        return Unreachable(said)
    remedy = "check address and shape under [alerts.webhook]"
    return PlaceRefused(said, remedy=remedy)
