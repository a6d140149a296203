"""[d365]: the Dynamics 365 Finance & Operations environment, and how to log in.

Knows: what a client of that environment needs. Does not know: OData, entities, tokens.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .dimensions import Dimensions
from .section import Secret, SettingsSection, exactly_one
from .values import Address, Company, Duration, Existing, Https, Text, Whole, invalid


class Certificate(SettingsSection):
    """A client certificate with its key: as a file or as a secret."""

    file: Existing | None = None
    """PEM or PFX file."""
    content: Secret | None = None
    """The PEM text as a secret."""
    password: Secret | None = None
    """Its password, where it has one."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one({"file": self.file, "content": self.content}, 'write file = "..." or content = { secret = "..." }')
        return self


def _event_path(value: str) -> str:
    if not value.startswith("/") or value.rstrip("/") in ("", "/healthz", "/metrics"):
        raise invalid("is not a path of its own", 'write one that is hard to guess, as "/events/2b1f9c"')
    return value


class Events(SettingsSection):
    """Business events: where D365 posts them, and the token that authenticates it."""

    path: Annotated[Text, AfterValidator(_event_path)]
    """The path of the HTTPS listener that receives them."""
    secret: Secret
    """The token in the URL's query, as entered in D365's endpoint."""


class D365Timeouts(SettingsSection):
    """How long D365 may take."""

    connect: Duration = timedelta(seconds=10)
    """To be connected."""
    read: Duration = timedelta(seconds=120)
    """To answer one request."""


class Throttling(SettingsSection):
    """What happens when D365 asks for a pause (429): nothing is sent to it meanwhile, by anybody."""

    patience: Annotated[tuple[Duration, ...], Field(min_length=1)] = tuple(
        timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 160)
    )
    """The pauses, one after the other, where it does not say for how long; the last one stays."""
    longest: Duration = timedelta(minutes=15)
    """The longest pause that is accepted; one that is longer is cut to this, with a warning."""
    bulk: Annotated[Whole, Field(ge=1, le=50)] = 2
    """Requests for lists at the same time, among those of `concurrency`."""


class ChargeSets(SettingsSection):
    """The tenant's sets of charge lines. The standard entities are not public, so no name is a default: `ping d365` shows
    whether they can be read with the fields that are written."""

    header: Text | None = None
    """For charges of an order as a whole, as "SalesOrderHeaderChargesV2"; left out: they hold."""
    line: Text | None = None
    """For charges of single lines, as "SalesOrderLineChargesV2"; left out: they hold."""


class D365(SettingsSection):
    """The environment, our application in it, and its companies."""

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
    """The issuer of tokens; sovereign clouds differ."""
    audience: Https | None = None
    """The audience of tokens; left out: https:// and the host."""
    ca_file: Existing | None = None
    """Further certificate authorities, PEM."""
    companies: Annotated[tuple[Company, ...], Field(min_length=1)]
    """The companies that partners may name."""
    concurrency: Annotated[Whole, Field(ge=1, le=50)] = 8
    """Requests at the same time."""
    unclear_for: Duration = timedelta(seconds=120)
    """A request without a response may still be executed for this long."""
    overlap: Duration = timedelta(days=30)
    """How far back each poll for posted records reaches, because an invoice can be back-dated."""
    charges: ChargeSets = ChargeSets()
    """Where charge lines of sales orders are written (`agreed = { D240 = "line:FREIGHT" }` of a flow)."""
    dimensions: Dimensions = Dimensions()
    """Formats and delimiter of financial dimensions and accounts, where D365 is not asked for them."""
    charts: Mapping[Company, Text] = Field(default_factory=dict)
    """Company = its chart of accounts, where D365 does not let us read `Ledgers`: { usmf = "Shared" }."""
    throttle: Throttling = Throttling()
    """How long it is not asked when it asks for a pause."""
    slash_keys: Literal["refuse", "encode"] = "refuse"
    """A header of ours whose lines are refused is deleted again; one whose number has a slash is left and named (refuse), or its
    deletion is tried with the slash encoded (encode), which is not known to work everywhere."""
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
