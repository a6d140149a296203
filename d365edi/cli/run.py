"""`d365edi run`: the daemon in the foreground, for systemd and for a terminal.

Knows: what to call. Does not know: when anything runs (that is `daemon`).
"""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from d365edi.cli import FINE, PERSON, UNREACHABLE, client
from d365edi.cli.console import DEFAULT_SETTINGS, SettingsFile

if TYPE_CHECKING:
    from d365edi.settings import Settings


def run(
    *,
    settings: SettingsFile = DEFAULT_SETTINGS,
    once: Annotated[bool, typer.Option("--once", help="Run every flow once and exit.")] = False,
) -> None:
    """Run the daemon until SIGTERM or Ctrl-C. SIGHUP reloads the settings; a second signal exits at once.

    With --once the exit code is 1 when something needs a person, now or since an earlier run (as of `status`), 3 when an endpoint
    did not answer, asked for a pause or refused our login: that one is not asked again for 15 minutes, unless the settings or the
    vault change or `d365edi ping` succeeds."""
    if once:
        raise typer.Exit(anyio.run(_once, client.load(settings)))
    gc.disable()  # modules are never freed: collecting during imports costs a tenth of the start
    from d365edi import daemon
    from d365edi.app import App
    from d365edi.cli.views import served

    gc.freeze()
    gc.enable()
    serve = partial(daemon.run, lambda: client.load(settings), open_app=partial(App.open, views=served()))
    raise typer.Exit(anyio.run(serve))


async def _once(settings: Settings) -> int:
    from d365edi import log
    from d365edi.app import App
    from d365edi.cli.status import picture
    from d365edi.condition import PASSING

    log.setup(settings.log.level, settings.log.format, zone=settings.daemon.timezone)
    async with App.open(settings) as app:
        counters = await app.once()
        kinds = {trouble.kind for trouble in app.troubles()}
        seen = await app.journal.read(picture)
    log.say("INFO", "daemon", "once", str(counters))
    if kinds - PASSING - {"credentials"} or seen.person:
        return PERSON
    return UNREACHABLE if kinds or counters.counts.get("unreachable") else FINE
