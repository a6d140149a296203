"""`d365edi replay`: the same message again from a chosen stage, after a preview of what that would change.

Knows: arguments and output. Does not know: what the stages do (that is `flows/replay`).
"""

from typing import Annotated

import typer

from d365edi.cli import client
from d365edi.cli.console import (
    DEFAULT_SETTINGS,
    AsJson,
    Id,
    Many,
    OfPartner,
    SettingsFile,
    What,
    as_json,
    say,
    selection,
)


def replay(
    what: What = "",
    *,
    stage: Annotated[str, typer.Option("--from", help="The first stage: read, render or deliver.")] = "read",
    go: Annotated[bool, typer.Option("--go", help="Do it; without this only a preview is shown.")] = False,
    acks: Annotated[bool, typer.Option("--acks", help="Send acknowledgments again as well.")] = False,
    partner: OfPartner = "",
    id: Id = "",
    many: Many = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
    json: AsJson = False,
) -> None:
    """Process the same bytes again from a stage. Shows what would change and whether the record exists; --go does it.

    The protection against duplicates stays on: no second record is created, and no acknowledgment is sent again without --acks.
    """
    named = selection(what, partner, id, many)
    sentences = client.perform(settings, "replay", **named, stage=stage, go=go, acks=acks, actor=client.actor())
    if json:
        as_json(sentences)
    else:
        say(sentences)
