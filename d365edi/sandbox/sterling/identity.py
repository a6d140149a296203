"""The identity server of release 6.2.2: bearer tokens for clients, by RFC 6749, 4.4.

    POST /oauth2/token      grant_type=client_credentials, the client by Basic or in the form

Knows: clients and tokens, which say nothing by themselves. Does not know: mailboxes.
"""

import secrets
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from .switches import Switches

TOKEN = "/oauth2/token"  # noqa: S105 (a path)
LIFE = 300
"""Seconds for which a token is good."""


class Denied(Exception):
    """No token: status and body by RFC 6749, 5.2."""

    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.body = {"error": error, "error_description": text}


@dataclass
class Identity:
    """Clients with their secrets, the user that each is here, and the tokens that are good: client and end (epoch seconds).

    `life`: seconds of a token. `refused`: the time of each client that was not let in. `noted` is told of each token."""

    switches: Switches
    clock: Callable[[], float]
    clients: dict[str, str] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    scope: str = ""
    life: int = LIFE
    refused: list[float] = field(default_factory=list)
    noted: Callable[[str, str, float], None] | None = None

    def issue(self, form: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """A token for what a form and the header Authorization say. Denied says why there is none."""
        if form.get("grant_type") != "client_credentials":
            raise Denied(400, "unsupported_grant_type", f"grant_type {form.get('grant_type', '')}")
        if "client_secret" in form and authorization:
            raise Denied(400, "invalid_request", "more than one client authentication")
        client, secret = _basic(authorization) if authorization else _form(form)
        way = "basic" if authorization else "form"
        wanted = self.switches.client_auth
        if wanted not in ("any", way) or not client or self.clients.get(client) != secret:
            self.refused.append(self.clock())
            raise Denied(401, "invalid_client", "client authentication failed")
        if form.get("scope", "") != self.scope:
            raise Denied(400, "invalid_scope", f"scope {form.get('scope', '')}")
        return self._fresh(client)

    def _fresh(self, client: str) -> dict[str, Any]:
        now = self.clock()
        self.tokens = {token: held for token, held in self.tokens.items() if held[1] > now}
        token, end = secrets.token_urlsafe(32), now + self.life
        self.tokens[token] = (client, end)
        self._note(token, client, end)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.life}

    def user_of(self, token: str) -> str | None:
        """The name of the user that a token stands for, while it is good."""
        client, end = self.tokens.get(token, ("", 0.0))
        return self.mapped.get(client) if end > self.clock() else None

    def revoke(self) -> None:
        """Take back every token."""
        self.tokens.clear()
        self._note("", "", 0)

    def _note(self, token: str, client: str, end: float) -> None:
        if self.noted is not None:
            self.noted(token, client, end)


def _basic(authorization: str) -> tuple[str, str]:
    """RFC 6749, 2.3.1: both are form-encoded before they are put together."""
    scheme, _, text = authorization.partition(" ")
    try:
        client, _, secret = b64decode(text, validate=True).decode().partition(":")
    except (Error, ValueError):
        return "", ""
    return (unquote_plus(client), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


def _form(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")
