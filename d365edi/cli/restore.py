"""`d365edi restore`: a copy of the journal takes its place again.

Knows: arguments and output. Does not know: how (that is `journal/restore`).
"""

from pathlib import Path
from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, SettingsFile, clock, say
from d365edi.journal.restore import restore as put_back

From = Annotated[Path, typer.Argument(help="A file that `d365edi backup` made, its .numbers beside it.")]
Force = Annotated[bool, typer.Option("--force", help="Also in place of a journal that is newer or cannot be read.")]


def restore(file: From, *, force: Force = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Put a copy in the place of the journal while the daemon is stopped; what stood there is kept beside it.

    Control numbers jump ahead, and nothing is sent to partners until a person has compared (`d365edi reconcile`) and says
    `d365edi release sending`.
    """
    journal = client.load(settings).daemon.journal
    restored = put_back(file, journal, force=force, actor=client.acting(client.actor()))
    say([f"{journal} is the copy {file}, as of {clock(restored.copy.newest) or 'its beginning'}"])
    if restored.before is not None:
        say([f"what stood there is {restored.before}"])
    if restored.jumped:
        say([f"control numbers jumped ahead: {', '.join(restored.jumped)}"])
    waiting = client.read(settings, lambda tx: len(tx.deliveries.due(float("inf"))))
    say(
        [
            f"nothing is sent to partners: {waiting} deliveries were open then and may have left since, and what D365 posted "
            "since is collected again; each may be sent twice. Start the daemon, and when each flow has run: d365edi reconcile",
        ]
    )
