"""Entra ID's token endpoint (v2, client credentials): issues the tokens the service accepts, and takes them back.

Knows: application registrations, secrets, certificates, AADSTS errors. Does not know: what a token is used for.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """What was issued: for whom, for which audience, until when (epoch seconds)."""

    client_id: str
    audience: str
    until: float


class Denied(Exception):
    """A token request that Entra turns down, with its AADSTS number."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.body: dict[str, Any] = {
            "error": error,
            "error_description": f"AADSTS{number}: {text}",
            "error_codes": [number],
            "trace_id": secrets.token_hex(16),
            "correlation_id": secrets.token_hex(16),
        }


@dataclass
class Entra:
    """One directory. `clients` are application ids with their secrets; `certificates` their PEM certificates;
    `audiences` the resources that exist (empty: any https host). `life` is how long a token lasts, in seconds."""

    tenant: str
    clock: Callable[[], float]
    clients: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, list[bytes]] = field(default_factory=dict)
    audiences: set[str] = field(default_factory=set)
    life: float = 3599
    issued: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)

    def issue(self, tenant: str, form: Mapping[str, str], endpoint: str) -> dict[str, Any]:
        """The answer to a token request at `endpoint` (its own URL, the audience of assertions); Denied otherwise."""
        if tenant.lower() != self.tenant.lower():
            raise Denied(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            raise Denied(400, "invalid_grant", 70003, "The app requested an unsupported grant type.")
        client_id = form.get("client_id", "")
        if client_id not in self.clients and client_id not in self.certificates:
            text = f"Application with identifier '{client_id}' was not found in the directory '{self.tenant}'."
            raise Denied(400, "unauthorized_client", 700016, text)
        self._authenticate(client_id, form, endpoint)
        audience = self._audience(form.get("scope", ""))
        token = f"sandbox.{secrets.token_urlsafe(48)}"
        self.tokens[token] = Token(client_id, audience, self.clock() + self.life)
        self.issued += 1
        return {
            "token_type": "Bearer",
            "expires_in": int(self.life),
            "ext_expires_in": int(self.life),
            "access_token": token,
        }

    def valid(self, token: str, audience: str) -> Token | None:
        """The token, when it was issued here for this audience and still lasts."""
        found = self.tokens.get(token)
        return found if found and found.until > self.clock() and found.audience == audience else None

    def revoke(self) -> None:
        """Take back every token issued so far."""
        self.tokens.clear()

    def _authenticate(self, client_id: str, form: Mapping[str, str], endpoint: str) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != _JWT_BEARER or not self._assertion_holds(client_id, form, endpoint):
                text = "The certificate used to sign the client assertion is not registered on the application."
                raise Denied(401, "invalid_client", 700027, text)
        elif "client_secret" not in form:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise Denied(401, "invalid_client", 7000218, text)
        elif not secrets.compare_digest(form["client_secret"], self.clients.get(client_id) or secrets.token_hex()):
            text = f"Invalid client secret provided. Ensure the secret being sent is the value, for app '{client_id}'."
            raise Denied(401, "invalid_client", 7000215, text)

    def _audience(self, scope: str) -> str:
        audience, dot, rest = scope.rpartition("/.default")
        if not dot or rest or " " in scope:
            text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
            raise Denied(400, "invalid_scope", 1002012, text)
        audience = audience.rstrip("/")
        if not audience.startswith("https://") or (self.audiences and audience not in self.audiences):
            raise Denied(400, "invalid_resource", 500011, f"The resource principal named {audience} was not found.")
        return audience

    def _assertion_holds(self, client_id: str, form: Mapping[str, str], endpoint: str) -> bool:
        try:
            head, body, signature = form["client_assertion"].split(".")
            header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
            signed, mark = f"{head}.{body}".encode(), _decoded(signature)
        except ValueError:
            return False
        now = self.clock()
        good = (
            claims.get("aud") == endpoint
            and claims.get("iss") == claims.get("sub") == client_id
            and claims.get("exp", 0) > now
        )
        return good and any(_signed_by(pem, header, signed, mark) for pem in self.certificates.get(client_id, []))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signed_by(pem: bytes, header: Mapping[str, str], signed: bytes, signature: bytes) -> bool:
    certificate = x509.load_pem_x509_certificate(pem)
    key = certificate.public_key()
    der = certificate.fingerprint(hashes.SHA256()), certificate.fingerprint(hashes.SHA1())  # noqa: S303 (Entra's x5t)
    if not isinstance(key, RSAPublicKey) or not {
        _decoded(header.get("x5t#S256", "")),
        _decoded(header.get("x5t", "")),
    } & set(der):
        return False
    try:
        if header.get("alg") == "PS256":
            key.verify(
                signature,
                signed,
                padding.PSS(padding.MGF1(hashes.SHA256()), hashlib.sha256().digest_size),
                hashes.SHA256(),
            )
        else:
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
