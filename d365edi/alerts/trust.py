"""Whom the channels trust: the system's authorities, and further ones that the settings name.

Knows: TLS contexts. Does not know: SMTP, HTTP.
"""

import ssl
from pathlib import Path

from d365edi.errors import SettingsError


def context(ca_file: Path | None, table: str) -> ssl.SSLContext:
    """A client's context. SettingsError where `ca_file` of that table of the settings holds no certificates."""
    made = ssl.create_default_context()
    if ca_file is not None:
        try:
            made.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            message = f"the certificates in {ca_file} cannot be used: {error}"
            remedy = "give certificate authorities in PEM"
            raise SettingsError(message, key=f"{table}.ca_file", remedy=remedy) from error
    return made
