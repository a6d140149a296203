"""A small settings file that is right, to be made wrong in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from d365edi.errors import SettingsError
from d365edi.settings import Settings, load

RIGHT = """\
[daemon]
timezone = "America/Chicago"
journal = "journal.db"

[d365]
host = "contoso.operations.dynamics.com"
tenant = "contoso.onmicrosoft.com"
client_id = "6f2c0c0e"
client_secret = { secret = "d365" }
companies = ["usmf", "demf"]

[endpoints.acme]
kind = "sftp"
host = "sftp.acme.example"
username = "contoso"
key = { secret = "acme-ssh-key" }

[partners.acme]
customer = { usmf = "US-003" }
x12 = { us = "01:123456789", them = "08:6111250008" }
acks = { to = { endpoint = "acme", path = "/inbound/acks" } }

[partners.acme.pickup.edi]
from = { endpoint = "acme", path = "/outbound/*" }
every = "5m"

[partners.acme.receive.850]
create = "SalesOrder"
company = "usmf"
map.fields.ship_by = "DTM[175]02"

[partners.acme.send.810]
of = "SalesInvoice"
to = { endpoint = "acme", path = "/inbound" }
every = "15m"
"""

Reading = Callable[..., Settings]


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline(value: Any) -> str:
    """A value as TOML writes it, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {inline(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(inline, value)) + "\n]"
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Loads the right settings with each `old` replaced by its `new`, as the file settings.toml."""

    def read(*changes: tuple[str, str], environ: Mapping[str, str] | None = None) -> Settings:
        text = RIGHT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "settings.toml"
        path.write_text(text)
        return load(path, environ or {})

    return read


@pytest.fixture
def reported(reading: Reading, tmp_path: Path) -> Callable[..., list[str]]:
    """The lines of the error that the changed settings give, without the folder's name."""

    def report(*changes: tuple[str, str], environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            reading(*changes, environ=environ)
        return str(caught.value).replace(f"{tmp_path}/", "").split("\n")

    return report
