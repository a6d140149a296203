"""`d365edi replay`: the same message again, from a stage of its ladder, after a look at what that would change.

Knows: how it is asked for. Does not know: the rungs' meaning (that is `flows/replay`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import DEFAULT_SETTINGS, AsJson, SettingsFile, as_json, say


def replay(
    what: Annotated[
        str, typer.Argument(help="A file name, an order, invoice or control number, or a digest's beginning.")
    ],
    *,
    stage: Annotated[str, typer.Option("--from", help="Where to begin: read, render or deliver.")] = "read",
    go: Annotated[bool, typer.Option("--go", help="Do it; without this only what would happen is told.")] = False,
    acks: Annotated[bool, typer.Option("--acks", help="Send acknowledgments again as well.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """The same bytes again from a stage. Says first what would change and whether the record exists; --go does it.

    The duplicate guard stays on: no second record is made, and no second acknowledgment unless --acks asks for one.
    """
    said = client.perform(settings, "replay", what=what, stage=stage, go=go, acks=acks, actor=client.actor())
    if json:
        as_json(said)
    else:
        say(said)
