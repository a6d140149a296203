"""The application that we are to Microsoft Entra ID.

Knows: the values. Does not know: how a token is asked for (`entra`) or kept (`tokens`).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The application's registration in Entra. One of `client_secret` and `certificate` (PEM with key and certificate, or PFX) is
    given."""

    tenant: str
    client_id: str
    authority: str
    audience: str
    client_secret: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    certificate_password: str = field(default="", repr=False)
    stored_as: str = "NAME"
    """Under which the client secret is stored, for remedies."""
