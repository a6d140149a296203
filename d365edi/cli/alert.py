"""`d365edi alert`: tries the channels of alerts, and tells that the daemon does not run.

Neither needs the daemon or the journal.

Knows: which channels are tried and how that is shown. Does not know: what they speak.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
import typer

from d365edi.cli import FINE, UNREACHABLE, client
from d365edi.cli.console import DEFAULT_SETTINGS, SettingsFile, say
from d365edi.errors import D365EdiError, EndpointError, SettingsError

if TYPE_CHECKING:
    from d365edi.settings import Settings

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Alerts: test the channels; tell that the daemon does not run.",
)


@app.command("test")
def try_channels(*, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Send a test message on every channel under [alerts], with real credentials, whether the daemon runs or not.

    Exit code 0 when every channel took it, 3 when one did not; each failure has a remedy."""
    loaded = client.load(settings)
    if loaded.alerts is None:
        remedy = "add [alerts.mail] or [alerts.webhook]: settings.example.toml explains them"
        raise SettingsError("there is no [alerts] table, and nobody is told", remedy=remedy)
    _finish(anyio.run(_test, loaded), "a test message")


@app.command("dead")
def dead(*, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Tell once that the daemon does not run: what systemd calls by OnFailure=. Needs no journal, and of the settings only
    [alerts] and [secrets].

    Exit code 0 when every channel took it, 3 when one did not within two minutes."""
    from d365edi import log, secrets
    from d365edi.alerts import channels
    from d365edi.alerts.dead import tell
    from d365edi.settings.alerts_table import load_alerts

    table = load_alerts(settings, secrets.keyring(log.hide))
    if table is None:  # the unit has OnFailure= for everybody
        say(["nobody is told that the daemon does not run: there is no [alerts] table in the settings"])
        raise typer.Exit(FINE)
    journal, zone = (table.daemon.journal, table.daemon.timezone) if table.daemon else (None, None)
    found, unusable = channels.usable(table.alerts, lambda reference: table.reveal(reference.secret))
    told = anyio.run(tell, found, os.environ, journal, time.time(), zone)
    _finish({**told, **unusable}, "that the daemon does not run")


async def _test(settings: Settings) -> Mapping[str, EndpointError | None]:
    import socket
    from datetime import datetime

    from d365edi.alerts import channels, message

    assert settings.alerts is not None
    now = time.time()
    made = message.test(socket.gethostname(), now, lambda at: datetime.fromtimestamp(at, settings.daemon.timezone))
    left: dict[str, EndpointError | None] = {}
    for channel in channels.of(settings.alerts, settings.secret):
        try:
            await channels.send(channel.wire, f"test-{int(now)}", made)
        except EndpointError as error:
            left[channel.name] = error
        else:
            left[channel.name] = None
    return left


def _finish(left: Mapping[str, D365EdiError | None], what: str) -> None:
    """Print what became of each channel, and leave with the exit code."""
    say(f"{name}: {f'FAILED: {error}' if error else f'took {what}'}" for name, error in left.items())
    raise typer.Exit(UNREACHABLE if any(left.values()) else FINE)
