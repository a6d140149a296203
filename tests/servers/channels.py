"""Settings for the channels of alerts that lead to the mail server and the receiver beside this module."""

from __future__ import annotations

from pathlib import Path


def channel_settings(port: int, authority: Path) -> str:
    """[alerts.mail] and [alerts.webhook]: the mail server's port, and the certificate that signed both servers'."""
    return f"""
[alerts.mail]
host = "127.0.0.1"
port = {port}
username = "d365edi"
password = {{ secret = "mail" }}
from = "d365edi@contoso.example"
to = ["edi@contoso.example"]
ca_file = "{authority}"

[alerts.webhook]
url = {{ secret = "url" }}
key = {{ secret = "key" }}
ca_file = "{authority}"
"""
