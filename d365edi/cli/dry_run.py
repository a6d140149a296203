"""The input of commands without a journal: a file's bytes, and the partners of the settings where there are some.

Knows: when settings are needed. Does not know: how either is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS
from d365edi.errors import SettingsError

if TYPE_CHECKING:
    from d365edi.flows.partner import TradingPartner


def contents(file: Path) -> bytes:
    """The bytes of a file. SettingsError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}", remedy="name an EDI file") from error


def partners(path: Path) -> list[TradingPartner]:
    """The partners of the settings; none where no settings file is given and the default one does not exist."""
    from d365edi import partners as trading

    if not path.exists() and path == DEFAULT_SETTINGS:
        return []
    return list(trading.compiled(client.load(path)).values())
