"""`d365edi backup`: a verified copy of the journal, while the daemon runs or not.

Knows: arguments and output. Does not know: how it is copied (that is `journal/backup`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, clock, say

if TYPE_CHECKING:
    from d365edi.journal.backup import Copy

To = Annotated[
    str,
    typer.Argument(
        help="A folder, where each copy gets a name with its time (it is made where its name ends with /), or a new file."
    ),
]
Keep = Annotated[int, typer.Option("--keep", min=0, help="Delete all but so many copies in the folder; 0: none.")]


def backup(to: To, *, keep: Keep = 0, settings: SettingsFile = DEFAULT_SETTINGS, json: AsJson = False) -> None:
    """Copy the journal to a file that `d365edi restore` puts back; the daemon goes on meanwhile.

    The copy is read through before it gets its name. Keep NAME.numbers with it: the control numbers that were taken.
    """
    from d365edi.journal import backup as copies  # only where settings were read

    journal = client.load(settings).daemon.journal
    place = Path(to)
    if to.endswith("/"):
        copies.make_folder(place)
    if keep and not place.is_dir():
        raise typer.BadParameter(f"--keep needs a folder; {to.rstrip('/')}/ makes it")
    if keep:
        copies.copies_in(place, journal)  # what cannot be cleared away is said before there is one copy more
    copy = copies.backup(journal, place)
    deleted = copies.kept(place, journal, keep) if keep else []
    if json:
        as_json({**asdict(copy), "newest": clock(copy.newest).replace(" ", "T") or None, "deleted": deleted})
        return
    say([*_described(copy, to), *(f"deleted {path}" for path in deleted)])


def _described(copy: Copy, to: str) -> Iterator[str]:
    rows = ", ".join(f"{count} {table}" for table, count in copy.rows.items() if table != "audit")
    newest = f", as of {clock(copy.newest)}" if copy.newest else ""
    yield f"{copy.path}: {copy.size} bytes, {rows}{newest}; verified"
    if copy.path == Path(to) and not copy.path.suffix:
        yield f"{to} is a file, as there was no folder of that name; {to}/ would have made one"
