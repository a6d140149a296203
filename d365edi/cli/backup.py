"""`d365edi backup`: a verified copy of the journal, while the daemon runs or not.

Knows: arguments and output. Does not know: how it is copied (that is `journal/backup`).
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, clock, say

To = Annotated[Path, typer.Argument(help="A folder, where each copy gets a name with its time, or a new file.")]
Keep = Annotated[int, typer.Option("--keep", min=0, help="Delete all but so many copies in the folder; 0: none.")]


def backup(to: To, *, keep: Keep = 0, settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Copy the journal to a file that `d365edi restore` puts back; the daemon goes on meanwhile.

    The copy is read through before it gets its name. Keep NAME.numbers with it: the control numbers that were taken.
    """
    from d365edi.journal import backup as copies  # only where settings were read

    journal = client.load(settings).daemon.journal
    if keep and not to.is_dir():
        raise typer.BadParameter("--keep needs a folder that exists")
    copy = copies.backup(journal, to)
    deleted = copies.kept(to, journal, keep) if keep else []
    if json:
        as_json({**asdict(copy), "newest": clock(copy.newest).replace(" ", "T") or None, "deleted": deleted})
        return
    rows = ", ".join(f"{count} {table}" for table, count in copy.rows.items() if table != "audit")
    newest = f", as of {clock(copy.newest)}" if copy.newest else ""
    say([f"{copy.path}: {copy.size} bytes, {rows}{newest}; verified", *(f"deleted {path}" for path in deleted)])
