"""[d365]: the Dynamics 365 Finance & Operations environment, and how to be let in.

Knows: what a client of that environment needs. Does not know: OData, entities, tokens.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .section import Secret, Section, exactly_one
from .values import Address, Company, Duration, Existing, Https, Text, Whole, invalid


class Certificate(Section):
    """A client certificate with its key, in place of a client secret: as a file or as a secret."""

    file: Existing | None = None
    """PEM or PFX file."""
    content: Secret | None = None
    """The PEM text as a secret."""
    password: Secret | None = None
    """What opens it, where it is closed."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one({"file": self.file, "content": self.content}, 'write file = "..." or content = { secret = "..." }')
        return self


def _event_path(value: str) -> str:
    if not value.startswith("/") or value.rstrip("/") in ("", "/healthz", "/metrics"):
        raise invalid("is not a path of its own", 'write one that nobody guesses, as "/events/2b1f9c"')
    return value


class Events(Section):
    """Business events: where D365 posts them, and what proves that it is D365."""

    path: Annotated[Text, AfterValidator(_event_path)]
    """The path of the HTTPS door that takes them."""
    secret: Secret
    """The token in the URL's query, as entered in D365's endpoint."""


class D365Timeouts(Section):
    """How long D365 may take."""

    connect: Duration = timedelta(seconds=10)
    """To be connected."""
    read: Duration = timedelta(seconds=120)
    """To answer one request."""


class D365(Section):
    """The environment, the application that we are there, and the companies it serves."""

    host: Address
    """The tenant's own host, without scheme; a port may follow."""
    tenant: Text
    """Directory (tenant) id or domain in Entra ID."""
    client_id: Text
    """Application (client) id."""
    client_secret: Secret | None = None
    """The application's secret."""
    certificate: Certificate | None = None
    """The application's certificate, in place of a secret."""
    authority: Https = "https://login.microsoftonline.com"
    """Who gives tokens; sovereign clouds differ."""
    audience: Https | None = None
    """Whom tokens are for; left out: https:// and the host."""
    ca_file: Existing | None = None
    """Further certificate authorities, PEM."""
    companies: Annotated[tuple[Company, ...], Field(min_length=1)]
    """The companies that partners may name."""
    concurrency: Annotated[Whole, Field(ge=1, le=50)] = 8
    """Requests at the same time."""
    unclear_for: Duration = timedelta(seconds=120)
    """A request without an answer may still be carried out for this long."""
    overlap: Duration = timedelta(days=30)
    """How far back each look for posted invoices goes again, because an invoice's date may lie in the past."""
    timeouts: D365Timeouts = D365Timeouts()
    """How long it may take."""
    events: Events | None = None
    """Business events; left out: schedules alone."""

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        remedy = 'write client_secret = { secret = "d365" } or certificate = { file = "..." }'
        exactly_one({"client_secret": self.client_secret, "certificate": self.certificate}, remedy)
        return self

    @property
    def base_url(self) -> str:
        """https:// and the host."""
        return f"https://{self.host}"

    @property
    def resource(self) -> str:
        """The audience that tokens are asked for, without a slash at its end."""
        return self.audience or self.base_url
